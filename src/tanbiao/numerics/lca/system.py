"""A product system compiled for solving: structure, order and blocks, ready for adjoint and forward solves.

`A[i, j]` is what process j gives (+) or takes (-) of product i, per process as written; product i belongs to process
i, so the diagonal holds the reference output, net of what the process itself consumes of it; a treatment process has a
negative one (it takes waste in). The unit of row i is the unit of product i; columns need no unit. With sigma the sign
and d the size of the diagonal, T[j, i] = -sigma_i A[i, j] / d_j is what one unit of product j buys of product i:

    adjoint   h = sigma h',  h' = b / d + T h'        burden of one unit of every product
    forward   s = y / d,     y = sigma f + T' y       runs of every process for a demand
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .order import order
from .productivity import Loop, loops

Floats = NDArray[np.float64]
Indices = NDArray[np.int32]


class NotSolvable(ValueError):
    """The system has no unique solution; `columns` are the processes that show it, as far as known."""

    def __init__(self, message: str, columns: NDArray[np.intp]) -> None:
        super().__init__(message)
        self.columns = columns


class NotProductive(NotSolvable):
    """A loop of processes needs more of itself than it gives: no footprint, a diagnosis. See `Loop`."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        way = " <- ".join(str(k) for k in loop.processes)
        super().__init__(
            f"the loop {way} needs {loop.gain:.6g} of itself for 1 "
            f"(spectral radius of its component {loop.radius:.6g})",
            np.array(loop.processes, dtype=np.intp),
        )


@dataclass(frozen=True, eq=False)
class Purchases:
    """T (or T', for the forward direction) by rows in solving order.

    pointer (n + 1,), index (m,): positions; amount (m,); source (m,): entry of `System.matrix.data`; block, group:
    first position of each strongly connected component and of each group of strong loops, and n.
    """

    pointer: Indices
    index: Indices
    amount: Floats
    source: Indices
    block: Indices
    group: Indices


@dataclass(frozen=True, eq=False)
class System:
    """matrix (n, n) in compressed columns; processes (n,) the process at each position of the solving order; position
    (n,) its inverse; sign and output (n,) of the diagonal by process; purchases: T by position; sound: whether every
    loop is already known to deliver, so that a solve need not judge again."""

    matrix: Any
    processes: Indices
    position: Indices
    sign: Floats
    output: Floats
    purchases: Purchases
    sound: bool = False

    @property
    def size(self) -> int:
        return int(self.matrix.shape[0])

    @cached_property
    def credits(self) -> bool:
        """Whether some process gives a by-product or takes a credit, so that footprints may have any sign."""
        return bool((self.purchases.amount < 0.0).any())

    @cached_property
    def loops(self) -> tuple[Loop, ...]:
        """Loops that cannot deliver, judged before credits."""
        return loops(self.purchases, self.processes)

    @cached_property
    def sales(self) -> Purchases:
        """T transposed, buyers before suppliers: position p of `purchases` is position n - 1 - p here."""
        p, n = self.purchases, self.size
        rows = np.repeat(np.arange(n), np.diff(p.pointer))
        turned = sparse.csr_array(
            (np.arange(1, rows.size + 1), (n - 1 - p.index, n - 1 - rows)), shape=(n, n)
        )
        turned.sort_indices()
        entry = turned.data - 1
        return Purchases(
            turned.indptr.astype(np.int32),
            turned.indices.astype(np.int32),
            p.amount[entry],
            p.source[entry],
            (n - p.block[::-1]).astype(np.int32),
            (n - p.group[::-1]).astype(np.int32),
        )


def compile_system(matrix: Any) -> System:
    """Compile a square technosphere matrix, dense or sparse, shape (n, n).

    Raises `NotSolvable` where the matrix is not square, holds a value that is not finite, or where a process has no
    reference output of its own; `columns` then names those processes.
    """
    a = sparse.csc_array(matrix, dtype=np.float64, copy=True)
    a.sum_duplicates()
    if a.shape[0] != a.shape[1]:
        raise NotSolvable(f"the technosphere must be square, not {a.shape}", np.zeros(0, dtype=np.intp))
    n = int(a.shape[0])
    columns = np.repeat(np.arange(n, dtype=np.int32), np.diff(a.indptr))
    bad = ~np.isfinite(a.data)
    if bad.any():
        raise NotSolvable(
            "the technosphere holds a value that is not finite", np.unique(columns[bad]).astype(np.intp)
        )
    diagonal = a.diagonal()
    empty = np.flatnonzero(diagonal == 0.0)
    if empty.size:
        raise NotSolvable("a process has no reference output: the technosphere is not paired", empty)
    sign, output = np.sign(diagonal), np.abs(diagonal)
    off = np.flatnonzero((a.indices != columns) & (a.data != 0.0))
    supplier, buyer = a.indices[off], columns[off]
    amount = -a.data[off] * sign[supplier] / output[buyer]
    found = order(buyer, supplier, amount, n)
    position = np.empty(n, dtype=np.int32)
    position[found.processes] = np.arange(n, dtype=np.int32)
    rows = sparse.csr_array((np.arange(1, off.size + 1), (position[buyer], position[supplier])), shape=(n, n))
    rows.sort_indices()
    entry = rows.data - 1
    purchases = Purchases(
        rows.indptr.astype(np.int32),
        rows.indices.astype(np.int32),
        amount[entry],
        off[entry].astype(np.int32),
        found.block,
        found.group,
    )
    return System(a, found.processes, position, sign, output, purchases)


def with_values(system: System, data: Floats) -> System:
    """The same structure with other amounts: `data` replaces `system.matrix.data`, the order is kept.

    Raises `NotSolvable` where a diagonal turns zero or changes its sign.
    """
    a = sparse.csc_array(
        (np.asarray(data, dtype=np.float64), system.matrix.indices, system.matrix.indptr),
        shape=system.matrix.shape,
    )
    diagonal = a.diagonal()
    bad = np.flatnonzero(~(diagonal * system.sign > 0.0))
    if bad.size:
        raise NotSolvable("a process has lost its reference output", bad)
    p = system.purchases
    output = np.abs(diagonal)
    buyers = system.processes[np.repeat(np.arange(system.size), np.diff(p.pointer))]
    amount = -a.data[p.source] * system.sign[system.processes[p.index]] / output[buyers]
    return System(
        a,
        system.processes,
        system.position,
        system.sign,
        output,
        Purchases(p.pointer, p.index, amount, p.source, p.block, p.group),
    )
