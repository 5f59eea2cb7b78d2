"""A result taken apart: by process, by group of processes or flows, by direct supplier, and as flows for a Sankey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ensemble import Burdens
from .system import Floats, System


@dataclass(frozen=True, eq=False)
class Flows:
    """Links of a supply network for one demand, largest first: supplier, buyer (k,), value carried; direct (n,) what
    each process emits itself. For each process: what it buys + direct = what it hands on, up to what was cut off."""

    supplier: NDArray[np.intp]
    buyer: NDArray[np.intp]
    value: Floats
    direct: Floats


def by_process(system: System, burdens: Floats, runs: Floats) -> Floats:
    """What each process emits itself for the demand behind `runs`: (n,) or (n, methods); sums to the result."""
    b = np.asarray(burdens, dtype=np.float64)
    return np.asarray(b * runs.reshape(-1, *([1] * (b.ndim - 1))))


def by_label(values: Floats, labels: NDArray[np.intp], count: int) -> Floats:
    """Values (n,) or (n, methods) summed over labels 0..count - 1: stages, places, flows, suppliers. Sums to the
    whole."""
    out = np.zeros((count, *values.shape[1:]))
    np.add.at(out, labels, values)
    return out


def by_entry(burdens: Burdens, runs: Floats) -> Floats:
    """What each entry of the burdens (a flow of a process) brings: (m, methods); sums to the result."""
    return np.asarray(burdens.factors * (burdens.amount * runs[burdens.process])[:, None])


def by_supplier(
    system: System, intensities: Floats, product: int, direct: float
) -> tuple[NDArray[np.intp], Floats]:
    """First tier of one unit of `product`: suppliers (and the process itself) with what they bring, everything
    upstream included; sums to the product's intensity. direct: the process's own burden as written."""
    a = system.matrix
    part = slice(int(a.indptr[product]), int(a.indptr[product + 1]))
    rows, data = np.asarray(a.indices[part]), np.asarray(a.data[part])
    own = float(data[rows == product][0])
    other = rows != product
    values = -data[other] / own * intensities[rows[other]]
    return np.append(rows[other], product).astype(np.intp), np.append(values, direct / own)


def flows(system: System, intensities: Floats, runs: Floats, burdens: Floats, cutoff: float = 0.01) -> Flows:
    """Purchases for a demand by what they carry; those below `cutoff` of the largest are left out."""
    a: Any = system.matrix
    columns = np.repeat(np.arange(system.size), np.diff(a.indptr))
    value = -a.data * runs[columns] * intensities[a.indices]
    value[a.indices == columns] = 0.0
    kept = np.flatnonzero(np.abs(value) > cutoff * np.abs(value).max(initial=0.0))
    kept = kept[np.argsort(-np.abs(value[kept]), kind="stable")]
    return Flows(a.indices[kept].astype(np.intp), columns[kept].astype(np.intp), value[kept], burdens * runs)
