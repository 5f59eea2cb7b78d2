"""Solved libraries are kept under their digest; what a verification recomputes never comes from there."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tanbiao.core.cache import Cache
from tanbiao.library import compile_library
from tanbiao.library.compile import Compiled
from tanbiao.service import Places
from tanbiao.service.bundle import BundlePlaces


@pytest.fixture(autouse=True)
def every_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["tanbiao.library.compile"], "CACHED", 1)


def same(a: Compiled, b: Compiled) -> bool:
    return (
        all(
            np.array_equal(getattr(a, n), getattr(b, n), equal_nan=True)
            for n in ("values", "low", "high", "judged_share", "unconverted_share")
        )
        and a.missing == b.missing
    )


def test_a_kept_solution_is_the_same_to_the_last_bit_and_is_read_and_not_solved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, cache = Places().library(["open-2026"]), Cache(tmp_path)
    fresh = compile_library(library, "AR6")
    first = compile_library(library, "AR6", cache=cache)
    assert len(list(tmp_path.iterdir())) == 1

    def solved(*_: object) -> None:
        raise AssertionError("solved again")

    with monkeypatch.context() as patch:
        patch.setattr(sys.modules["tanbiao.library.compile"], "_system", solved)
        patch.setattr(sys.modules["tanbiao.library.compile"], "link", solved)
        again = compile_library(library, "AR6", cache=cache)
        with pytest.raises(AssertionError):
            compile_library(library, "AR5", cache=cache)
        with pytest.raises(AssertionError):
            compile_library(library, "AR6", published_intervals=False, cache=cache)
    assert same(fresh, first) and same(fresh, again)
    for name in ("row", "column", "amount", "low", "high", "judged"):
        assert np.array_equal(getattr(again.linked.purchase, name), getattr(fresh.linked.purchase, name))
    assert (again.linked.processes, again.linked.terminals) == (
        fresh.linked.processes,
        fresh.linked.terminals,
    )
    assert again.system.size == fresh.system.size
    assert np.array_equal(again.system.purchases.amount, fresh.system.purchases.amount)


def test_a_bundle_is_recomputed_without_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANBIAO_HOME", str(tmp_path))
    monkeypatch.delenv("TANBIAO_CACHE", raising=False)
    assert Places().cache == Cache(tmp_path / "cache")
    assert BundlePlaces(folder=tmp_path).cache is None
