# mypy: ignore-errors
"""The compiled loop of `rollup`."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np


@nb.njit(cache=True, nogil=True, error_model="numpy")
def roll(pointer: Any, item: Any, amount: Any, own: Any, values: Any, done: int) -> int:
    """Fill rows done.. of `values`; returns the first product that uses one not before it, or -1."""
    columns = values.shape[1]
    flat = values.reshape(values.size)
    for j in range(pointer.size - 1):
        last, q, end = done + j, pointer[j], pointer[j + 1]
        late = False
        for r in range(q, end):
            late |= item[r] >= last or item[r] < 0
        if late:
            return j
        if columns == 1:  # four sums at a time: reads of `flat` do not wait for each other
            a, b, c, d = own[j, 0], 0.0, 0.0, 0.0
            while q + 4 <= end:
                a += amount[q] * flat[np.uint64(item[q])]
                b += amount[q + 1] * flat[np.uint64(item[q + 1])]
                c += amount[q + 2] * flat[np.uint64(item[q + 2])]
                d += amount[q + 3] * flat[np.uint64(item[q + 3])]
                q += 4
            while q < end:
                a += amount[q] * flat[np.uint64(item[q])]
                q += 1
            flat[last] = (a + b) + (c + d)
            continue
        for k in range(columns):
            values[last, k] = own[j, k]
        for r in range(q, end):
            i, x = item[r], amount[r]
            for k in range(columns):
                values[last, k] += x * values[i, k]
    return -1
