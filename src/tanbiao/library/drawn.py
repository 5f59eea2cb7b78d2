"""A library's own uncertainty in any category: what its rows declare is drawn, from the streams that a study's
background is drawn from. The whole inventory of a product, and which amounts its variance comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tanbiao.numerics import lca

from .impacts import Assessed
from .model import Library
from .sampling import DrawnSystem, declares

Floats = NDArray[np.float64]
LEVELS = (0.025, 0.5, 0.975)


@dataclass(frozen=True, eq=False)
class Drawn:
    """found: by what `Assessed.entries` carry (a total that varies in kgCO2e), scores by method; drawn: how many
    amounts upstream vary."""

    found: lca.InventoryDraws
    seed: int
    samples: int
    drawn: int

    def of_scores(self, levels: Sequence[float] = LEVELS) -> tuple[Floats, Floats, Floats]:
        """Mean, deviation and quantiles (levels, methods) over the samples that have a value."""
        score = self.found.score[:, np.isfinite(self.found.score).all(axis=0)]
        deviation = score.std(axis=1, ddof=1) if score.shape[1] > 1 else np.full(score.shape[0], np.nan)
        return score.mean(axis=1), deviation, np.quantile(score, levels, axis=1)


@dataclass(frozen=True, slots=True)
class Source:
    """An uncertain amount: of `provider` bought by `process`, or of `what` it emits (`process` empty: the total of a
    factor itself). variance: its share of the first-order variance; first, total: Sobol indices, None where not asked
    for."""

    process: str
    provider: str
    what: str
    variance: float
    first: float | None = None
    total: float | None = None


@dataclass(frozen=True, eq=False)
class Sources:
    """variance: first-order, of the result; rows: the largest sources, falling."""

    variance: float
    rows: tuple[Source, ...]


class Varied:
    """The system drawn, see `sampling`, with burdens for every entry of `a`."""

    def __init__(self, library: Library, a: Assessed) -> None:
        c, e = a.compiled, a.entries
        made = DrawnSystem(library, c, 0)
        self.a, self.n, self.factors = a, c.system.size, made.factors
        self.system, self.technosphere, self.marks = made.system()
        of_climate, names = made.burdens(c.values[self.n :])
        count = c.linked.terminal.row.size  # the table begins with the climate data's rows, in their order
        kept = np.flatnonzero(made.at[c.linked.terminal.row] < 0)
        whats = {x.substance.id: k for k, x in enumerate(e.carried) if x.kind != "flow"}
        of_factors = np.array([whats[c.linked.terminals[t]] for t in made.factors], np.intp)
        rest = np.arange(count, e.process.size)
        first = {int(w): k for k, w in reversed(list(enumerate(e.what[:count].tolist())))}
        totals = a.factor[[first[int(w)] for w in of_factors]]
        value = of_climate.amount[kept.size :]  # a total that varies is drawn in kgCO2e
        declared = of_climate.uncertainty or lca.fixed(of_climate.amount)
        of_nature = e.uncertainty or lca.fixed(e.amount[rest])
        fields = ("kind", "location", "scale", "shape", "minimum", "maximum")
        self.burdens = lca.Burdens(
            np.concatenate([of_climate.process, e.process[rest]]),
            np.concatenate([of_climate.amount, e.amount[rest]]),
            np.vstack([a.factor[kept], totals / value[:, None], a.factor[rest]]),
            lca.Uncertainty(*(np.concatenate([getattr(declared, n), getattr(of_nature, n)]) for n in fields)),
        )
        self.what = np.concatenate([e.what[kept], of_factors, e.what[rest]])
        self.names = np.concatenate([names, np.zeros(rest.size, np.uint64) if e.mark is None else e.mark])
        self.varying = made.varying(self.system, self.technosphere, self.burdens)

    def ensemble(self, product: int, seed: int, method: int | None = None) -> lca.Ensemble:
        """Drawn for one product, under all methods or one."""
        b = self.burdens
        if method is not None:
            b = lca.Burdens(b.process, b.amount, b.factor[:, method], b.uncertainty)
        made = lca.prepare(self.system, b, self.technosphere, products=[product], seed=seed)
        return lca.named(made, self.marks, self.names)

    def demand(self, product: int) -> Floats:
        out = np.zeros(self.system.size)
        out[product] = 1.0
        return out

    def source(self, entry: int, variance: float) -> Source:
        """What entry is: of the matrix first, then of the burdens."""
        matrix, ids = self.system.matrix, self.a.compiled.linked.processes
        terminals = self.a.compiled.linked.terminals
        if entry >= matrix.data.size:
            k = entry - matrix.data.size
            process = int(self.burdens.process[k])
            what = self.a.entries.carried[int(self.what[k])].substance.id
            return Source(ids[process] if process < self.n else "", "", what, variance)
        row = int(matrix.indices[entry])
        column = int(np.searchsorted(matrix.indptr, entry, side="right")) - 1
        if row >= self.n + self.factors.size:  # a purchase that stands beside another: its own process buys
            part = slice(int(matrix.indptr[row]), int(matrix.indptr[row + 1]))
            row = next(int(i) for i in matrix.indices[part] if i != row)
        provider = ids[row] if row < self.n else terminals[int(self.factors[row - self.n])]
        return Source(ids[column], provider, "", variance)


def varied(library: Library, a: Assessed, product: str) -> Varied | None:
    """None where the library declares no distribution upstream of the product.

    Purchases, gases, totals and elementary flows vary as their rows say.
    """
    if a.entries.uncertainty is None and not declares(library, a.compiled.linked):
        return None
    found = Varied(library, a)
    return found if found.varying[a.compiled.index[product]] else None


def drawn(
    library: Library, a: Assessed, product: str, samples: int, seed: int, threads: int = 1
) -> Drawn | None:
    """One unit of `product` in `samples` draws; None as for `varied`."""
    v = varied(library, a, product)
    if v is None:
        return None
    k = a.compiled.index[product]
    ensemble = v.ensemble(k, seed)
    found = lca.inventory_draws(
        ensemble, v.demand(k), v.what, len(a.entries.carried), samples, levels=LEVELS, threads=threads
    )
    rows = (ensemble.purchases, ensemble.pivots, ensemble.direct)
    return Drawn(found, seed, samples, int(sum(r.kind.size for r in rows)))


def sources(
    library: Library, a: Assessed, method: int, product: str, count: int = 20, samples: int = 0, seed: int = 0
) -> Sources | None:
    """The amounts that bring most of the first-order variance of one result (Heijungs 2010); None as for `varied`.

    samples: draws for the Sobol indices of these amounts (see `lca.sobol`), none where 0.
    """
    v = varied(library, a, product)
    if v is None:
        return None
    k = a.compiled.index[product]
    b = v.burdens
    one = lca.Burdens(b.process, b.amount, b.factor[:, method], b.uncertainty)
    parts = lca.spread(lca.gradient(v.system, one, v.demand(k)), one, v.technosphere)
    chosen = lca.largest(parts, count)
    shares = np.concatenate([parts.technosphere, parts.burdens])[chosen] / (parts.variance or 1.0)
    rows = [v.source(int(entry), float(share)) for entry, share in zip(chosen, shares, strict=True)]
    if samples and rows:
        found = lca.sobol(v.ensemble(k, seed, method), chosen, samples)
        rows = [
            Source(r.process, r.provider, r.what, r.variance, float(f), float(t))
            for r, f, t in zip(rows, found.first, found.total, strict=True)
        ]
    return Sources(parts.variance, tuple(rows))
