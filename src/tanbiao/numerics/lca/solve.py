"""The technosphere of n processes: one sparse factorisation, many right-hand sides.

`A[i, j]` is what process j gives (+) or takes (-) of product i, per process as written; product i belongs to
process i, so the diagonal holds the reference output, net of what the process itself consumes of it. The unit
of row i is the unit of product i; columns need no unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

Floats = NDArray[np.float64]
TOLERANCE = 1e-9
"""A relative residual above this is not a solution."""


class NotSolvable(ValueError):
    """The system has no unique solution; `columns` are the processes that show it, as far as known."""

    def __init__(self, message: str, columns: NDArray[np.intp]) -> None:
        super().__init__(message)
        self.columns = columns


@dataclass(frozen=True, eq=False)
class System:
    """A factorised technosphere: `matrix` (n, n) in compressed columns, `lu` its SuperLU factors."""

    matrix: Any
    lu: Any

    @property
    def size(self) -> int:
        return int(self.matrix.shape[0])


def factorise(matrix: Any) -> System:
    """Factorise a square technosphere matrix, dense or sparse, shape (n, n).

    Raises `NotSolvable` where the matrix is not square, holds a value that is not finite, or is singular;
    `columns` then names the processes without reference output.
    """
    a = sparse.csc_array(matrix, dtype=np.float64)
    a.sum_duplicates()
    none = np.zeros(0, dtype=np.intp)
    if a.shape[0] != a.shape[1]:
        raise NotSolvable(f"the technosphere must be square, not {a.shape}", none)
    if not np.isfinite(a.data).all():
        raise NotSolvable("the technosphere holds a value that is not finite", none)
    if a.shape[0] == 0:
        return System(a, None)
    empty = np.flatnonzero(a.diagonal() == 0.0)
    try:
        lu = splu(a)
    except RuntimeError as error:
        raise NotSolvable("the technosphere is singular", empty) from error
    pivots = np.abs(lu.U.diagonal())
    if not np.isfinite(pivots).all() or pivots.min() == 0.0:
        raise NotSolvable("the technosphere is singular", empty)
    return System(a, lu)


def forward(system: System, demand: Floats) -> Floats:
    """Scaling of every process for a demand: solves `A s = f`.

    `demand`: (n,) or (n, k), product units. Returns the same shape: runs of each process as written.
    """
    return _solve(system, demand, "N")


def adjoint(system: System, burdens: Floats) -> Floats:
    """Burden of one unit of every product, all its supply chain included: solves `Aᵀ h = b`.

    `burdens`: (n,) or (n, k), direct burden of each process as written. Returns the same shape, per product
    unit.
    """
    return _solve(system, burdens, "T")


def _solve(system: System, right: Floats, side: str) -> Floats:
    b = np.ascontiguousarray(right, dtype=np.float64)
    if b.shape[0] != system.size:
        raise ValueError(f"{b.shape[0]} rows given, the system has {system.size}")
    if b.size == 0:
        return b.copy()
    matrix = system.matrix if side == "N" else system.matrix.T
    x = system.lu.solve(b, side)
    x = x + system.lu.solve(
        b - matrix @ x, side
    )  # one step of refinement: exact to rounding for background systems
    scale = np.abs(b).max()
    if not np.isfinite(x).all() or np.abs(matrix @ x - b).max() > TOLERANCE * max(scale, 1.0):
        raise NotSolvable("the technosphere is singular to working precision", np.zeros(0, dtype=np.intp))
    return np.asarray(x, dtype=np.float64)


def residual(system: System, intensities: Floats, burdens: Floats) -> float:
    """Largest absolute residual of `Aᵀ h = b`, in the unit of the burdens."""
    if burdens.size == 0:
        return 0.0
    return float(np.abs(system.matrix.T @ intensities - burdens).max())


def unproductive(matrix: Any) -> NDArray[np.intp]:
    """Processes that cannot deliver a net output, directly or through a loop; empty for a sound system.

    Only purchases count: negative entries on the diagonal stay, positive entries elsewhere (by-products,
    credits) are left out. For such a Z-matrix M, a positive `x` with `M x > 0` exists exactly when the system
    is productive (Hawkins and Simon 1949; Berman and Plemmons 1994, theorem 6.2.3), so `M x = 1` is solved
    and the sign of x tells.
    """
    a = sparse.csc_array(matrix, dtype=np.float64)
    n = int(a.shape[0])
    if n == 0:
        return np.zeros(0, dtype=np.intp)
    diagonal = a.diagonal()
    bad = np.flatnonzero(diagonal <= 0.0)
    if bad.size:
        return np.asarray(bad, dtype=np.intp)
    off = a - sparse.diags_array(diagonal)
    m = sparse.csc_array(sparse.diags_array(diagonal) + off.minimum(0.0))
    try:
        x = splu(m).solve(np.ones(n))
    except RuntimeError:
        return np.arange(n, dtype=np.intp)
    return np.asarray(np.flatnonzero(~(np.isfinite(x) & (x > 0.0))), dtype=np.intp)


def dependants(matrix: Any, start: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which processes use a marked process at any depth, the marked ones included. `start`: (n,) mask."""
    uses = sparse.csc_array(matrix != 0).astype(np.float64)
    reached = np.array(start, dtype=bool)
    while True:
        grown = reached | (uses.T @ reached.astype(np.float64) > 0.0)
        if (grown == reached).all():
            return np.asarray(reached, dtype=np.bool_)
        reached = grown
