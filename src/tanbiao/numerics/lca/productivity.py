"""Whether a system can deliver: no loop of processes may need more of itself than it gives.

Only purchases count (by-products and credits are left out): for T >= 0 a component is productive exactly when
(I - T) w = 1 has a positive solution (Hawkins and Simon 1949; Berman and Plemmons 1994, theorem 6.2.3), and
Gauss-Seidel from zero converges exactly then (same, theorem 7.5.24).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from . import plain
from .order import SMALL

if TYPE_CHECKING:
    from .system import Purchases


@dataclass(frozen=True, eq=False)
class Loop:
    """processes: each buys from the next, the last from the first; gain: what one unit of the first needs of itself
    going round once; radius: the spectral radius of the component, 1 or more: it decides, the loop is its heart."""

    processes: tuple[int, ...]
    gain: float
    radius: float

    def named(self, name: Callable[[int], str]) -> str:
        """`a ← b (1.2; ρ 1.1 ≥ 1)`: who buys from whom, gain and radius; processes without a name are left out."""
        way = " ← ".join(n for k in self.processes if (n := name(k)))
        return f"{way} ({self.gain:.6g}; ρ {self.radius:.6g} ≥ 1)"


def loops(p: Purchases, rows: NDArray[Any]) -> tuple[Loop, ...]:
    """A loop for every component that is not productive. rows: the process at each position."""
    sizes = np.diff(p.block)
    found = []
    for b in np.flatnonzero(sizes > 1):
        loop = loop_of(p, rows, int(b))
        if loop is not None:
            found.append(loop)
    return tuple(found)


def loop_of(p: Purchases, rows: NDArray[Any], b: int) -> Loop | None:
    """The loop that keeps component b from delivering, or None where it delivers."""
    start, end = int(p.block[b]), int(p.block[b + 1])
    _, _, part = plain.split(p.pointer, p.index, p.amount, start, end)
    part = sparse.csr_array(part.maximum(0.0))
    part.eliminate_zeros()
    n = end - start
    if n <= SMALL:
        try:
            w = np.linalg.solve(np.eye(n) - part.toarray(), np.ones(n))
        except np.linalg.LinAlgError:
            w = np.full(n, -1.0)
    else:
        w = _converged(part, p.group[(p.group >= start) & (p.group <= end)] - start)
    if np.isfinite(w).all() and (w > 0.0).all():
        return None
    return _heart(part, rows[start:end])


def _converged(part: Any, group: NDArray[np.int32]) -> NDArray[np.float64]:
    n = part.shape[0]
    w, sweeps = np.zeros((n, 1)), np.zeros(1, dtype=np.int64)
    block = np.array([0, n], dtype=np.int32)
    with np.errstate(all="ignore"):
        end = plain.iterate(
            part.indptr,
            part.indices,
            part.data,
            block,
            group.astype(np.int32),
            0,
            np.ones((n, 1)),
            w,
            1e-6,
            100,
            sweeps,
        )
    if end == 1:
        return np.asarray(w[:, 0])
    try:
        return np.asarray(splu(sparse.csc_array(sparse.eye_array(n) - part.T)).solve(np.ones(n), "T"))
    except RuntimeError:
        return np.full(n, -1.0)


def _heart(part: Any, processes: NDArray[Any]) -> Loop:
    """Follow the strongest purchase of each process, weighed by the dominant eigenvector, until a process returns."""
    n = part.shape[0]
    v = np.ones(n)
    radius = 1.0
    for _ in range(400):
        new = 0.5 * v + 0.5 * (part @ v)
        size = float(new.max())
        radius, v = 2.0 * size / float(v.max()) - 1.0, new / size
    weight = part.copy()
    weight.data = weight.data * v[weight.indices]
    best = np.array(
        [
            weight.indices[lo + int(np.argmax(weight.data[lo:hi]))] if hi > lo else -1
            for lo, hi in zip(weight.indptr[:-1], weight.indptr[1:], strict=True)
        ]
    )
    at = int(np.argmax(v))
    seen: dict[int, int] = {}
    while at >= 0 and at not in seen:
        seen[at] = len(seen)
        at = int(best[at])
    loop = [k for k, when in seen.items() if at >= 0 and when >= seen[at]]
    first = loop.index(min(loop))
    loop = loop[first:] + loop[:first]
    gain = float(np.prod([part[a, b] for a, b in zip(loop, loop[1:] + loop[:1], strict=True)]))
    return Loop(tuple(int(processes[k]) for k in loop), gain, radius)
