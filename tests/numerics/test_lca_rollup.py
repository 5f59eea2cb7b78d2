"""Portfolios: a roll-up is what recursion gives, in parts or whole, and a changed supplier moves what uses it."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanbiao.numerics import lca
from tests.numerics.random_systems import seeds


def bills(products: int, library: int, seed: int, columns: int = 1) -> lca.Bills:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 6, products)
    pointer = np.concatenate([[0], np.cumsum(counts)])
    rows = np.repeat(np.arange(products), counts)
    item = (rng.random(rows.size) * (library + rows)).astype(np.int64)
    return lca.Bills(pointer, item, rng.random(rows.size), rng.random((products, columns)))


def recursion(b: lca.Bills, library: np.ndarray) -> np.ndarray:
    values = [*library]
    for k in range(b.pointer.size - 1):
        lines = range(b.pointer[k], b.pointer[k + 1])
        values.append(
            b.own[k] + sum((b.amount[q] * values[b.item[q]] for q in lines), np.zeros(library.shape[1]))
        )
    return np.array(values[len(library) :]).reshape(-1, library.shape[1])


def cut(b: lca.Bills, at: list[int]) -> list[lca.Bills]:
    ends = [0, *at, b.pointer.size - 1]
    return [
        lca.Bills(
            b.pointer[i : j + 1] - b.pointer[i],
            b.item[b.pointer[i] : b.pointer[j]],
            b.amount[b.pointer[i] : b.pointer[j]],
            b.own[i:j],
        )
        for i, j in itertools.pairwise(ends)
    ]


@settings(max_examples=15, deadline=None)
@given(seed=seeds, columns=st.sampled_from([1, 3]), use=st.booleans())
def test_a_roll_up_is_what_recursion_gives_whole_or_in_parts(seed: int, columns: int, use: bool) -> None:
    library = np.random.default_rng(seed).random((7, columns))
    b = bills(40, 7, seed, columns)
    with pytest.MonkeyPatch.context() as patch:
        if not use:
            patch.setattr(sys.modules["tanbiao.numerics.lca.rollup"], "compiled", lambda: False)
        assert lca.rollup(library, [b], 40) == pytest.approx(recursion(b, library), rel=1e-12)
        assert lca.rollup(library, cut(b, [11, 12, 30]), 40) == pytest.approx(
            recursion(b, library), rel=1e-12
        )


def test_bills_may_be_maps_of_files_and_an_unsorted_table_is_refused(tmp_path: Path) -> None:
    b = bills(40, 7, 1)
    for name in ("pointer", "item", "amount", "own"):
        np.save(tmp_path / f"{name}.npy", getattr(b, name))
    mapped = lca.Bills(
        *(np.load(tmp_path / f"{n}.npy", mmap_mode="r") for n in ("pointer", "item", "amount", "own"))
    )
    library = np.ones((7, 1))
    assert lca.rollup(library, [mapped], 40) == pytest.approx(recursion(b, library))
    late = lca.Bills(np.array([0, 1, 1]), np.array([8]), np.ones(1), np.zeros(2))
    with pytest.raises(ValueError, match="product 0"):
        lca.rollup(library, [late], 2)
