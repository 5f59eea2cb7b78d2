"""A pack of samples whose amounts were made elsewhere: the same product system solved for all of them at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import plain
from .streams import LANES
from .system import Floats, Indices, System

LIMIT = 300


def adjoint_lanes(
    system: System, data: Floats, burdens: Floats, tolerance: float = 1e-9
) -> tuple[Floats, NDArray[np.bool_]]:
    """Burden of one unit of every product in every sample, (n, LANES), and which samples have none.

    data: (entries of `system.matrix.data`, LANES); burdens: (n, LANES) of processes as written. A sample is lost where
    a reference output changes its sign or vanishes, or where a loop does not deliver: solve it alone for the diagnosis.
    """
    p, n = system.purchases, system.size
    columns = np.repeat(np.arange(n), np.diff(system.matrix.indptr))
    own = np.flatnonzero(system.matrix.indices == columns)
    output = np.empty((n, LANES))
    output[columns[own]] = data[own]
    output = (output * system.sign[:, None])[system.processes]
    lost = np.asarray(~(output > 0.0).all(axis=0), dtype=np.bool_)
    amounts = -data[p.source] * system.sign[system.processes[p.index], None]
    right = np.asarray(burdens, dtype=np.float64)[system.processes]
    x = np.zeros((n, LANES))
    none = np.zeros(p.source.size)
    nothing: Indices = np.zeros(0, dtype=np.int32)
    plain.iterate_draws(
        p.pointer,
        p.index,
        none,
        none + 1.0,
        amounts,
        np.zeros(n + 1, dtype=np.int32),
        nothing,
        np.zeros(0),
        np.arange(n, dtype=np.int32),
        1.0 / np.where(output > 0.0, output, 1.0),
        p.block,
        p.group,
        right,
        x,
        np.zeros(n),
        tolerance,
        LIMIT,
        lost,
    )
    value = np.empty_like(x)
    value[system.processes] = x
    return value * system.sign[:, None], lost
