"""Draws of shares and yields by counting: a draw is a function of seed, row and sample number alone.

So results depend neither on the order of rows nor on batches. Mixing: Steele, Lea and Flood 2014 (splitmix64).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def uniform(seed: int, streams: NDArray[np.uint64], samples: NDArray[np.uint64]) -> Floats:
    """Uniform draws in (0, 1), shape (streams, samples); streams: a word for each row, made of its identity."""
    with np.errstate(over="ignore"):
        base = _mix(streams ^ _mix(np.array([seed & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64)))
        words = _mix(base[:, None] + _mix(samples)[None, :] * _GOLDEN)
    return ((words >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def shares(low: Floats, mode: Floats, high: Floats, group: NDArray[np.intp], draws: Floats) -> Floats:
    """Triangular draws of shares, (rows, samples), brought back to a sum of one in each group of rows.

    low ≤ mode ≤ high, each (rows,), lie in 0 to 1; group (rows,): rows with the same number are the ways out of one
    node for one species; -1: a share that stands alone. In a group the rows without spread take up the difference
    when they can (a loss takes what a yield leaves), else all rows are scaled.
    """
    width = high - low
    safe = np.where(width > 0, width, 1.0)
    turn = (mode - low) / safe
    left = low[:, None] + np.sqrt(draws * (width * (mode - low))[:, None])
    right = high[:, None] - np.sqrt((1.0 - draws) * (width * (high - mode))[:, None])
    found = np.where(draws < turn[:, None], left, right)
    found = np.where((width > 0)[:, None], found, mode[:, None])
    for number in np.unique(group[group >= 0]):
        rows = np.flatnonzero(group == number)
        free = rows[width[rows] == 0]
        moved = rows[width[rows] > 0]
        if not len(moved):
            continue
        rest = 1.0 - found[moved].sum(axis=0)
        kept = mode[free].sum()
        if len(free) and kept > 0:
            found[free] = np.where(rest >= 0, mode[free][:, None] / kept * np.maximum(rest, 0.0), 0.0)
            found[moved] = np.where(rest >= 0, found[moved], found[moved] / found[moved].sum(axis=0))
        else:
            found[moved] = found[moved] / found[moved].sum(axis=0)
    return np.asarray(found, dtype=np.float64)


def quantiles(values: Floats, at: tuple[float, ...] = (0.05, 0.5, 0.95)) -> tuple[float, ...]:
    """Quantiles of draws, (samples,)."""
    return tuple(float(v) for v in np.quantile(values, at))


def _mix(z: Any) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        z = np.asarray(z, dtype=np.uint64) + _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)), dtype=np.uint64)
