"""Random product systems with what makes real ones hard: loops near gain 1, units far apart, waste, credits, zeros."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

seeds = st.integers(0, 2**32 - 1)
gains = st.sampled_from([0.3, 0.9, 0.999, 1 - 1e-6])


def system(
    n: int,
    seed: int,
    gain: float = 0.9,
    waste: float = 0.2,
    credit: float = 0.0,
    density: float = 3.0,
    scale: float = 1.5,
) -> np.ndarray:
    """A technosphere (n, n): every process hands on at most `gain` of its worth; `waste` of the processes are
    treatments with a negative reference; `credit` of the purchases are credits instead, smaller than the purchases."""
    rng = np.random.default_rng(seed)
    t = rng.random((n, n)) * (rng.random((n, n)) < density / max(n, 1))
    np.fill_diagonal(t, 0.0)
    t *= gain / np.maximum(t.sum(axis=1, keepdims=True), 1e-9)  # row j: what one unit of j buys
    t = np.where(rng.random((n, n)) < credit, -0.3 * t, t)
    unit = 10.0 ** rng.normal(0.0, scale, n)
    t = t * unit[:, None] / unit[None, :]
    output = 10.0 ** rng.normal(0.0, 1.0, n)
    sign = np.where(rng.random(n) < waste, -1.0, 1.0)
    return sign[:, None] * (np.eye(n) - t).T * output[None, :]


def exact(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve in extended precision: Gaussian elimination in long double, refined twice against bad scaling."""
    long = np.array(matrix, dtype=np.longdouble)
    x = _eliminate(long, right)
    for _ in range(2):
        x = x + _eliminate(long, right - long @ x)
    return x


def _eliminate(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    a = np.array(matrix, dtype=np.longdouble)
    b = np.array(right, dtype=np.longdouble).reshape(len(a), -1)
    scale = np.abs(a).max(axis=1)
    a, b = a / scale[:, None], b / scale[:, None]
    n = len(a)
    for k in range(n):
        pivot = k + int(np.argmax(np.abs(a[k:, k])))
        a[[k, pivot]], b[[k, pivot]] = a[[pivot, k]], b[[pivot, k]]
        factor = a[k + 1 :, k] / a[k, k]
        a[k + 1 :] -= factor[:, None] * a[k]
        b[k + 1 :] -= factor[:, None] * b[k]
    for k in range(n - 1, -1, -1):
        b[k] = (b[k] - a[k, k + 1 :] @ b[k + 1 :]) / a[k, k]
    return b.reshape(np.asarray(right).shape)
