"""A portfolio of products with bills of materials in levels, rolled up over a library's intensities.

Items of a bill are numbered: 0..m - 1 library items, m + k product k of the portfolio; a product may use products
before it only, so that one pass over the table in order settles everything. Tables are columns (memory maps or
arrays), part by part: only the footprints of the products so far have to be in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .order import ranges
from .solve import compiled

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Bills:
    """Bills of consecutive products: pointer (k + 1,), item (lines,), amount (lines,) in the item's unit per unit of
    the product, own (k,) or (k, columns): what the product brings besides its bill."""

    pointer: NDArray[np.integer[Any]]
    item: NDArray[np.integer[Any]]
    amount: Floats
    own: Floats


def rollup(library: Floats, parts: Iterable[Bills], products: int) -> Floats:
    """Footprints (products, columns) of all products, `library` (m, columns): columns are what is rolled up alike
    (totals, positions, primary-data shares times value, quality scores times value, draws of the library).

    Raises ValueError where a product uses itself or a later one: the table is not sorted by level.
    """
    m, columns = library.shape
    values = np.zeros((m + products, columns))
    values[:m] = library
    done = m
    for part in parts:
        count = part.pointer.size - 1
        own = np.asarray(part.own, dtype=np.float64).reshape(count, columns)
        if compiled():
            from .rollup_kernel import roll

            bad = roll(part.pointer, part.item, part.amount, own, values, done)
        else:
            bad = _roll(part, own, values, done)
        if bad >= 0:
            raise ValueError(f"product {done - m + bad} uses a product that is not before it")
        done += count
    if done != m + products:
        raise ValueError(f"{done - m} bills for {products} products")
    return values[m:]


def _roll(part: Bills, own: Floats, values: Floats, done: int) -> int:
    """By levels within the part: the products whose items are all settled, again and again."""
    count = part.pointer.size - 1
    pointer, item = np.asarray(part.pointer, dtype=np.intp), np.asarray(part.item, dtype=np.intp)
    rows = np.repeat(np.arange(count), np.diff(pointer))
    late = np.flatnonzero(item >= done + rows)
    if late.size:
        return int(rows[late[0]])
    left = np.ones(count, dtype=bool)
    while left.any():
        waits = np.zeros(count, dtype=bool)
        inner = item >= done
        open_lines = np.flatnonzero(inner)
        waits[rows[open_lines[left[item[open_lines] - done]]]] = True
        ready = np.flatnonzero(left & ~waits)
        lines = ranges(pointer[ready], pointer[ready + 1])
        values[done + ready] = own[ready]
        np.add.at(values, done + rows[lines], part.amount[lines, None] * values[item[lines]])
        left[ready] = False
    return -1
