# mypy: disable-error-code="no-any-return, untyped-decorator, import-untyped"
"""The compiled loop of `rollup`."""

from __future__ import annotations

from typing import Any

import numba as nb


@nb.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def roll(pointer: Any, item: Any, amount: Any, own: Any, values: Any, done: int) -> int:
    """Fill rows done.. of `values`; returns the first product that uses one not before it, or -1."""
    columns = values.shape[1]
    flat = values.reshape(values.size)
    for j in range(pointer.size - 1):
        last = done + j
        late = 0
        for q in range(pointer[j], pointer[j + 1]):
            late += item[q] >= last
        if late:
            return j
        if columns == 1:
            total = own[j, 0]
            for q in range(pointer[j], pointer[j + 1]):
                total += amount[q] * flat[item[q]]
            flat[last] = total
            continue
        for k in range(columns):
            values[last, k] = own[j, k]
        for q in range(pointer[j], pointer[j + 1]):
            i, a = item[q], amount[q]
            for k in range(columns):
                values[last, k] += a * values[i, k]
    return -1
