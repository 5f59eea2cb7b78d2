# mypy: ignore-errors
"""The compiled loop of `rollup`."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np


@nb.njit(cache=True, nogil=True, error_model="numpy")
def roll(pointer: Any, item: Any, amount: Any, own: Any, values: Any, done: int) -> int:
    """Fill rows done.. of `values` (fewer than 2^32); returns the first product that uses one not before it, or -1."""
    columns = values.shape[1]
    flat = values.reshape(values.size)
    one = np.uint64(1)
    for j in range(pointer.size - 1):
        last, q, end = done + j, np.uint64(pointer[j]), np.uint64(pointer[j + 1])
        if q < end:
            low, high = item[q], item[q]
            for r in range(q, end):
                low, high = min(low, item[r]), max(high, item[r])
            if low < 0 or high >= last:
                return j
        if columns == 1:  # four sums at a time: reads of `flat` do not wait for each other
            a, b, c, d = own[j, 0], 0.0, 0.0, 0.0
            while q + np.uint64(4) <= end:
                a += amount[q] * flat[np.uint32(item[q])]
                b += amount[q + one] * flat[np.uint32(item[q + one])]
                c += amount[q + np.uint64(2)] * flat[np.uint32(item[q + np.uint64(2)])]
                d += amount[q + np.uint64(3)] * flat[np.uint32(item[q + np.uint64(3)])]
                q += np.uint64(4)
            while q < end:
                a += amount[q] * flat[np.uint32(item[q])]
                q += one
            flat[last] = (a + b) + (c + d)
            continue
        for k in range(columns):
            values[last, k] = own[j, k]
        for r in range(q, end):
            i, x = np.uint32(item[r]), amount[r]
            for k in range(columns):
                values[last, k] += x * values[i, k]
    return -1
