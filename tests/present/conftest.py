"""A small constructed study under two small constructed packs: what the faces are tried on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tanbiao.service import Places, Run, load

HERE = Path(__file__).parent


def run_of(folder: Path) -> Run:
    return load(folder, Places(packs=(HERE / "packs",))).run()


@pytest.fixture(scope="session")
def run() -> Run:
    return run_of(HERE / "study")


@pytest.fixture
def changed(tmp_path: Path) -> Any:
    """A run of the study with a text of study.yaml replaced."""

    def change(*pairs: tuple[str, str]) -> Run:
        folder = tmp_path / "study"
        if not folder.exists():
            shutil.copytree(HERE / "study", folder)
        file = folder / "study.yaml"
        text = file.read_text(encoding="utf-8")
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")
        return run_of(folder)

    return change
