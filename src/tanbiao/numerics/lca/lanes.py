"""A pack of samples whose amounts are at hand: the same product system solved for all of them at once, for the burdens
of all products or for the runs that one demand needs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import plain
from .streams import LANES, NO_STREAMS
from .system import Floats, Indices, Purchases, System

LIMIT = 300


def adjoint_lanes(
    system: System, data: Floats, burdens: Floats, tolerance: float = 1e-9
) -> tuple[Floats, NDArray[np.bool_]]:
    """Burden of one unit of every product in every sample, (n, LANES), and which samples have none.

    data: (entries of `system.matrix.data`, LANES); burdens: (n, LANES) of processes as written. A sample is lost where
    a reference output changes its sign or vanishes, or where a loop does not deliver: solve it alone for the diagnosis.
    """
    p, rows = system.purchases, system.processes
    output = _outputs(system, data)[rows]
    amounts = -data[p.source] * system.sign[rows[p.index], None]
    x, lost = _solve(p, amounts, output, np.asarray(burdens, dtype=np.float64)[rows], tolerance, plain)
    value = np.empty_like(x)
    value[rows] = x
    return value * system.sign[:, None], lost


def forward_lanes(
    system: System, data: Floats, demand: Floats, tolerance: float = 1e-11, loops: Any = plain
) -> tuple[Floats, NDArray[np.bool_]]:
    """Runs of every process as written in every sample, (n, LANES), and which samples have none.

    data: as for `adjoint_lanes`; demand: (n,) product units; loops: `plain` or `kernels`.
    """
    p, rows = system.sales, system.processes[::-1]
    output = _outputs(system, data)[rows]
    sellers = rows[np.repeat(np.arange(system.size), np.diff(p.pointer))]
    amounts = -data[p.source] * system.sign[sellers, None]
    right = np.repeat((np.asarray(demand, dtype=np.float64) * system.sign)[rows, None], LANES, axis=1)
    x, lost = _solve(p, amounts, output, right, tolerance, loops)
    runs = np.empty_like(x)
    runs[rows] = x
    return runs, lost


def _outputs(system: System, data: Floats) -> Floats:
    """Reference outputs, (n, LANES); above zero where they keep their sign."""
    columns = np.repeat(np.arange(system.size), np.diff(system.matrix.indptr))
    own = np.flatnonzero(system.matrix.indices == columns)
    output = np.empty((system.size, LANES))
    output[columns[own]] = data[own]
    return output * system.sign[:, None]


def _solve(
    p: Purchases, amounts: Floats, output: Floats, right: Floats, tolerance: float, loops: Any
) -> tuple[Floats, NDArray[np.bool_]]:
    """output x = right + amounts x for all lanes, rows in solving order."""
    n = p.pointer.size - 1
    lost = np.asarray(~(output > 0.0).all(axis=0), dtype=np.bool_)
    none, nothing = np.zeros(p.source.size), np.zeros(0, dtype=np.int32)
    start = np.zeros((n, LANES))
    pivot: Indices = np.arange(n, dtype=np.int32)
    scale = np.abs(right).max(initial=0.0)
    loops.iterate_draws(
        p.pointer,
        p.index,
        none,
        none + 1.0,
        np.ascontiguousarray(amounts),
        np.zeros(n + 1, dtype=np.int32),
        nothing,
        np.zeros(0),
        pivot,
        1.0 / np.where(output > 0.0, output, 1.0),
        p.block,
        p.group,
        np.ascontiguousarray(right),
        start,
        np.full(n, 1.0 / scale if scale else 0.0),
        tolerance,
        LIMIT,
        lost,
        NO_STREAMS,
    )
    lost |= ~np.isfinite(start).all(axis=0)
    return start, lost
