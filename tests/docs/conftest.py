"""Examples run in a folder and with a key of their own; a library is read and compiled once for all of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

import tanbiao.cli.console
import tanbiao.evaluate.background
import tanbiao.service.bundle
import tanbiao.service.places

WIDTH = 110


@pytest.fixture(scope="module", autouse=True)
def one_reading() -> Any:
    """`open-2026` takes longer to read than most commands take; the libraries that ship do not change under test."""
    read, compile_ = tanbiao.service.places.read_library, tanbiao.evaluate.background.compile_library
    kept = cache(read)
    compiled: dict[tuple[str, str, str], Any] = {}
    patch = pytest.MonkeyPatch()
    shipped = tanbiao.service.places.data_root() / "library"

    def once(folder: Path) -> Any:
        return kept(folder) if folder.is_relative_to(shipped) else read(folder)

    def compiled_once(library: Any, gwp: str, **how: Any) -> Any:
        key = (library.digest, gwp, repr(sorted(how.items())))
        if key not in compiled:
            compiled[key] = compile_(library, gwp, **how)
        return compiled[key]

    patch.setattr(tanbiao.service.places, "read_library", once)
    patch.setattr(tanbiao.service.bundle, "read_library", once)
    patch.setattr(tanbiao.evaluate.background, "compile_library", compiled_once)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As wide as the pages say; a console takes its width when it is made."""
    for console in (tanbiao.cli.console.console, tanbiao.cli.console.errors):
        monkeypatch.setattr(console, "_width", WIDTH)


@pytest.fixture(autouse=True)
def own_key(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANBIAO_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("TANBIAO_PATH", raising=False)
