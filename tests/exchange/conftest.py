"""Fixtures: the data beside the checkout (skipped where it is absent), a store in a temporary folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanbiao.library import Library, read_library

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"


@pytest.fixture
def data() -> Path:
    """../shared/data: foreign-made samples that the project may not ship."""
    if not DATA.is_dir():
        pytest.skip("../shared/data is not here: foreign-made samples cannot be read")
    return DATA


@pytest.fixture(scope="session")
def open_2026() -> Library:
    return read_library(ROOT / "library/open-2026")[0]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty $TANBIAO_HOME."""
    monkeypatch.setenv("TANBIAO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"
