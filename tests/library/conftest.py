"""Fixtures: a folder written from tables, and the library that ships."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_library import HEAD, Build, Tables, write

from tanbiao.core.errors import Problem
from tanbiao.library import Library, read_library

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Write tables as a folder and read them back."""

    def make(tables: Tables, head: str = HEAD, name: str = "tiny") -> tuple[Library, list[Problem]]:
        return read_library(write(tmp_path / name, tables, head))

    return make


@pytest.fixture(scope="session")
def open_2026() -> Library:
    """The library that ships."""
    library, problems = read_library(ROOT / "library" / "open-2026")
    assert problems == []
    return library
