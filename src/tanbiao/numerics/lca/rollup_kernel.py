"""The compiled loop of `rollup`."""

from __future__ import annotations

from typing import Any

import numba as nb


@nb.njit(cache=True, nogil=True, error_model="numpy")
def roll(pointer: Any, item: Any, amount: Any, own: Any, values: Any, done: int) -> int:
    """Fill rows done.. of `values`; returns the first product that uses one not before it, or -1."""
    columns = values.shape[1]
    for j in range(pointer.size - 1):
        if columns == 1:
            total = own[j, 0]
            for q in range(pointer[j], pointer[j + 1]):
                i = item[q]
                if i >= done + j:
                    return j
                total += amount[q] * values[i, 0]
            values[done + j, 0] = total
            continue
        for k in range(columns):
            values[done + j, k] = own[j, k]
        for q in range(pointer[j], pointer[j + 1]):
            i = item[q]
            if i >= done + j:
                return j
            a = amount[q]
            for k in range(columns):
                values[done + j, k] += a * values[i, k]
    return -1
