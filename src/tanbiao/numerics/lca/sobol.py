"""Global sensitivity: how much of the variance each uncertain amount explains, alone and with all its interactions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .ensemble import BURDENS, TECHNOSPHERE, Ensemble, Varying
from .montecarlo import monte_carlo
from .streams import keys
from .system import Floats


@dataclass(frozen=True, eq=False)
class Indices:
    """amounts (k,): technosphere entries from 0, burdens after them; first (k,): share of the variance that knowing
    the amount would take away; total (k,): share that would remain knowing all others; variance; samples used."""

    amounts: NDArray[np.intp]
    first: Floats
    total: Floats
    variance: float
    samples: int


def sobol(ensemble: Ensemble, amounts: NDArray[np.intp], samples: int, *, threads: int = 1) -> Indices:
    """Indices of `amounts` for the first product and method of the ensemble; choose them with `gradient.largest`.

    Two ensembles with streams of their own; for each amount one in which its stream alone is the second's: samples *
    (amounts + 2) solves. First order: Saltelli et al. 2010, table 2 (b); total: Jansen 1999. Samples that have
    no value in any of them are left out.
    """
    other = replace(
        ensemble,
        purchases=_streams(ensemble, ensemble.purchases, TECHNOSPHERE),
        pivots=_streams(ensemble, ensemble.pivots, TECHNOSPHERE),
        direct=_streams(ensemble, ensemble.direct, BURDENS),
    )

    def values(e: Ensemble) -> Floats:
        return np.asarray(monte_carlo(e, samples, threads=threads).value[0, 0])

    a, b = values(ensemble), values(other)
    mixed = np.array([values(_swap(ensemble, other, int(k))) for k in amounts]).reshape(len(amounts), samples)
    good = np.isfinite(a) & np.isfinite(b) & np.isfinite(mixed).all(axis=0)
    a, b, mixed = a[good], b[good], mixed[:, good]
    centre = np.concatenate([a, b]).mean()
    variance = float(np.concatenate([a, b]).var())
    if variance == 0.0:
        return Indices(amounts, np.zeros(len(amounts)), np.zeros(len(amounts)), 0.0, int(good.sum()))
    first = ((b - centre) * (mixed - a)).mean(axis=1) / variance
    total = 0.5 * ((a - mixed) ** 2).mean(axis=1) / variance
    return Indices(amounts, first, total, variance, int(good.sum()))


def _streams(e: Ensemble, rows: Varying, stream: int) -> Varying:
    """The same rows with streams of their own: stream numbers from 2 on belong to second ensembles."""
    count = int(rows.entry.max(initial=-1)) + 1
    key, other = keys(e.seed, stream + 2, count)
    return replace(rows, key=key[rows.entry], other=other[rows.entry])


def _swap(e: Ensemble, other: Ensemble, amount: int) -> Ensemble:
    entries = e.system.matrix.data.size
    if amount >= entries:
        return replace(e, direct=_one(e.direct, other.direct, amount - entries))
    return replace(
        e, purchases=_one(e.purchases, other.purchases, amount), pivots=_one(e.pivots, other.pivots, amount)
    )


def _one(rows: Varying, other: Varying, entry: int) -> Varying:
    this = rows.entry == entry
    return replace(
        rows, key=np.where(this, other.key, rows.key), other=np.where(this, other.other, rows.other)
    )
