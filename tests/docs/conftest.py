"""Examples run in a folder and with a key of their own; what ships is read and compiled once for all of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import pytest

import tanbiao.cli.console
import tanbiao.evaluate.background
import tanbiao.service.bundle
import tanbiao.service.places

WIDTH = 110
SHIPPED = tanbiao.service.places.data_root()
RESOLVE = import_module("tanbiao.standards.resolve")  # the package's own name `resolve` is the function


def once(read: Callable[..., Any]) -> Callable[..., Any]:
    """`read`, but a folder that ships is read once: it does not change under test."""
    kept = cache(read)
    return lambda folder, *how: kept(folder) if folder.is_relative_to(SHIPPED) else read(folder, *how)


READ_LIBRARY = once(tanbiao.service.places.read_library)
READ_PACK = once(RESOLVE.read_pack)
COMPILE = tanbiao.evaluate.background.compile_library
COMPILED: dict[tuple[str, str, str], Any] = {}


def compile_once(library: Any, gwp: str, **how: Any) -> Any:
    key = (library.digest, gwp, repr(sorted(how.items())))
    if key not in COMPILED:
        COMPILED[key] = COMPILE(library, gwp, **how)
    return COMPILED[key]


@pytest.fixture(autouse=True)
def one_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading `open-2026` and the packs takes longer than most commands take."""
    monkeypatch.setattr(tanbiao.service.places, "read_library", READ_LIBRARY)
    monkeypatch.setattr(tanbiao.service.bundle, "read_library", READ_LIBRARY)
    monkeypatch.setattr(tanbiao.evaluate.background, "compile_library", compile_once)
    monkeypatch.setattr(RESOLVE, "read_pack", READ_PACK)


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As wide as the pages say; a console takes its width when it is made."""
    for console in (tanbiao.cli.console.console, tanbiao.cli.console.errors):
        monkeypatch.setattr(console, "_width", WIDTH)


@pytest.fixture(autouse=True)
def own_key(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANBIAO_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("TANBIAO_PATH", raising=False)
