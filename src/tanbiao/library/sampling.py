"""The background under its own uncertainty: what one unit of an item carries in every draw.

Drawn is what the library's rows declare. The stream of an amount follows from the seed and the id of its exchange (or
factor), so that one seed gives one background: whatever a study takes from it is drawn together.

The system drawn is the library's, with two kinds of processes added: one for every uncertain factor, so that one draw
of it serves all that buy it; and one for every uncertain purchase that stands beside another from the same provider,
since entries of a matrix hold one amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tanbiao.numerics import lca
from tanbiao.numerics.lca.order import upstream
from tanbiao.study.distribution import CODES, Distribution, uncertain

from .compile import Compiled
from .link import Linked, Triplets
from .model import Library

Floats = NDArray[np.float64]
Lost = tuple[tuple[int, str], ...]
TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class Sampled:
    """Items whose value varies (k), ready to draw.

    total: of kgCO2e in all; by_position: by the columns of a vector that are drawn, `positions` (p); means: (k, p) with
    every amount at the mean of its distribution; drawn, amounts: how many of the amounts upstream of all items asked
    for are drawn.
    """

    items: tuple[str, ...]
    total: lca.Ensemble
    by_position: lca.Ensemble
    positions: tuple[int, ...]
    means: Floats
    drawn: int
    amounts: int
    processes: tuple[str, ...]
    """Of the library: the first of the system drawn."""

    def totals(self, pack: int) -> tuple[Floats, Lost]:
        """kgCO2e per unit in the samples of a pack, (k, LANES), and the samples without a value, with the reason."""
        values, lost = self._pack(self.total, pack)
        return values[:, 0], lost

    def vectors(self, pack: int) -> tuple[Floats, Lost]:
        """The same by position, (k, p, LANES)."""
        return self._pack(self.by_position, pack)

    def _pack(self, ensemble: lca.Ensemble, pack: int) -> tuple[Floats, Lost]:
        draws = lca.monte_carlo(ensemble, lca.LANES, first=pack * lca.LANES)
        return draws.value, tuple((u.sample, why(u, self.processes)) for u in draws.unsolved)


def sampled(library: Library, compiled: Compiled, items: Sequence[str], seed: int) -> Sampled | None:
    """Those of `items` whose value varies; None where none does."""
    if not declares(library, compiled.linked):
        return None
    return DrawnSystem(library, compiled, seed).sampled(items)


def why(unsolved: lca.Unsolved, processes: Sequence[str]) -> str:
    """Why a sample has no value, its loop by the ids of the library's processes, which come first in systems drawn."""
    if unsolved.loop is None:
        return unsolved.why
    return unsolved.loop.named(lambda k: processes[k] if k < len(processes) else "")


def declares(library: Library, linked: Linked) -> bool:
    """Whether any row of a library has a distribution."""
    return bool(linked.purchase.kind.size) or any(f.distribution for f in library.factors.values())


class DrawnSystem:
    """Processes of the system drawn: the library's, then uncertain factors, then second purchases."""

    def __init__(self, library: Library, compiled: Compiled, seed: int) -> None:
        self.library, self.compiled, self.seed = library, compiled, seed
        linked = compiled.linked
        self.n = len(linked.processes)
        factors = [
            k
            for k, t in enumerate(linked.terminals)
            if t in library.factors and library.factors[t].distribution
        ]
        self.factors = np.array(factors, dtype=np.intp)
        self.at = np.full(len(linked.terminals), -1, dtype=np.intp)
        self.at[self.factors] = self.n + np.arange(self.factors.size)

    def sampled(self, items: Sequence[str]) -> Sampled | None:
        c, n = self.compiled, self.n
        terminal = c.values[n:]
        positions = np.flatnonzero((np.nan_to_num(terminal) != 0.0).any(axis=0))
        system, technosphere, marks = self.system()
        burdens, burden_marks = self.burdens(terminal[:, positions])
        place = {i: k for k, i in enumerate(c.ids[:n])}
        place |= {c.ids[n + t]: int(self.at[t]) for t in self.factors}
        varying = self.varying(system, technosphere, burdens)
        chosen = [i for i in items if i in place and i not in c.missing and varying[place[i]]]
        if not chosen:
            return None

        def ensemble(of: lca.Burdens) -> lca.Ensemble:
            made = lca.prepare(
                system,
                of,
                technosphere,
                products=[place[i] for i in chosen],
                seed=self.seed,
                tolerance=TOLERANCE,
            )
            return lca.named(made, marks, burden_marks)

        whole = ensemble(replace(burdens, factor=burdens.factor.sum(axis=1)))
        by_position = ensemble(burdens)
        drawn, amounts = self.counts(items)
        return Sampled(
            tuple(chosen),
            whole,
            by_position,
            tuple(positions.tolist()),
            lca.at_means(by_position),
            drawn,
            amounts,
            self.compiled.linked.processes,
        )

    def counts(self, items: Sequence[str]) -> tuple[int, int]:
        """How many amounts upstream of some items are drawn, and how many there are: exchanges (reference outputs where
        they vary) and values of factors."""
        c, linked = self.compiled, self.compiled.linked
        at = np.array([c.index[i] for i in items if i in c.index], dtype=np.intp)
        p = c.system.purchases
        reached = upstream(p.pointer, p.index, c.system.position[at[at < self.n]])[c.system.position]
        factor = np.array([t in self.library.factors for t in linked.terminals], dtype=np.bool_)
        used = np.zeros(factor.size, dtype=np.bool_)
        used[linked.terminal.row[reached[linked.terminal.column]]] = True
        used[at[at >= self.n] - self.n] = True
        used &= factor
        drawn, amounts = int((used & (self.at >= 0)).sum()), int(used.sum())
        for part in (linked.reference, linked.purchase, linked.terminal):
            inside = reached[part.column]
            varies = int((part.kind[inside] > 0).sum()) if part.kind.size else 0
            amounts += varies if part is linked.reference else int(inside.sum())
            drawn += varies
        return drawn, amounts

    def system(self) -> tuple[lca.System, lca.Uncertainty, NDArray[np.uint64]]:
        """The system, the distribution and the mark of every entry of its matrix."""
        linked = self.compiled.linked
        own, bought, direct = linked.reference, linked.purchase, linked.terminal
        to_factor = self.at[direct.row] >= 0
        f = self.factors.size
        row = np.concatenate([own.row, bought.row, self.at[direct.row[to_factor]]])
        column = np.concatenate([own.column, bought.column, direct.column[to_factor]])
        sign = np.concatenate([np.ones(own.row.size), -np.ones(row.size - own.row.size)])
        parts = (_all(own), _all(bought), _some(direct, to_factor))
        amount, kind, spread, least, greatest, mark = (np.concatenate(p) for p in zip(*parts, strict=True))
        size = self.n + f
        key = column * size + row
        _, group, count = np.unique(key, return_inverse=True, return_counts=True)
        some = np.zeros(count.size, dtype=np.bool_)
        np.logical_or.at(some, group, kind > 0)
        aside = np.flatnonzero(some[group] & (count[group] > 1) & (np.arange(key.size) >= own.row.size))
        added = size + np.arange(aside.size)
        providers, row[aside] = row[aside].copy(), added
        total = size + aside.size
        ones = np.arange(self.n, total)
        rows = np.concatenate([row, ones, providers])
        columns = np.concatenate([column, ones, added])
        data = np.concatenate([amount * sign, np.ones(ones.size), -np.ones(aside.size)])
        matrix = sparse.csc_array((data, (rows, columns)), shape=(total, total))
        system = lca.compile_system(matrix)
        places = np.repeat(np.arange(total), np.diff(system.matrix.indptr)) * total + system.matrix.indices
        varies = np.flatnonzero(kind > 0)
        entry = np.searchsorted(places, column[varies] * total + row[varies])
        low = np.where(sign > 0.0, least, -greatest)[varies]
        high = np.where(sign > 0.0, greatest, -least)[varies]
        u = uncertain(kind[varies], (amount * sign)[varies], spread[varies], low, high)
        whole = lca.fixed(system.matrix.data)
        for name in ("kind", "location", "scale", "shape", "minimum", "maximum"):
            getattr(whole, name)[entry] = getattr(u, name)
        marks = np.zeros(system.matrix.data.size, dtype=np.uint64)
        marks[entry] = mark[varies]
        return system, whole, marks

    def burdens(self, terminal: Floats) -> tuple[lca.Burdens, NDArray[np.uint64]]:
        """Direct burdens of every process, and of one unit of every uncertain factor; terminal: (terminals, p)."""
        direct = self.compiled.linked.terminal
        keep = self.at[direct.row] < 0
        amount, kind, spread, least, greatest, mark = _some(direct, keep)
        names = [self.compiled.linked.terminals[t] for t in self.factors]
        found = [self.library.factors[i] for i in names]
        said = [
            Distribution(
                f.distribution,
                float(f.value),
                *(np.nan if v is None else float(v) for v in (f.spread, f.least, f.greatest)),
            )
            for f in found
        ]
        value = np.array([d.amount for d in said])
        u = uncertain(
            np.concatenate([kind, np.array([CODES[d.kind] for d in said], dtype=np.uint8)]),
            np.concatenate([amount, value]),
            np.concatenate([spread, [d.spread for d in said]]),
            np.concatenate([least, [d.low for d in said]]),
            np.concatenate([greatest, [d.high for d in said]]),
        )
        burdens = lca.Burdens(
            np.concatenate([direct.column[keep], self.at[self.factors]]),
            np.concatenate([amount, value]),
            np.nan_to_num(np.vstack([terminal[direct.row[keep]], terminal[self.factors] / value[:, None]])),
            u,
        )
        return burdens, np.concatenate([mark, lca.marks(names)])

    def varying(self, system: lca.System, tech: lca.Uncertainty, burdens: lca.Burdens) -> NDArray[np.bool_]:
        """Which processes have something upstream that varies."""
        assert burdens.uncertainty is not None
        start = np.zeros(system.size, dtype=np.bool_)
        columns = np.repeat(np.arange(system.size), np.diff(system.matrix.indptr))
        start[columns[tech.kind > 0]] = True
        start[burdens.process[burdens.uncertainty.kind > 0]] = True
        return lca.dependants(system, start)


def _all(of: Triplets) -> tuple[Any, ...]:
    return _some(of, np.ones(of.row.size, dtype=np.bool_))


def _some(of: Triplets, keep: NDArray[np.bool_]) -> tuple[Any, ...]:
    """amount, kind, spread, least, greatest, mark; nothing varies where the library declares nothing."""
    amount = of.amount[keep]
    if of.kind.size:
        return (amount, *(a[keep] for a in (of.kind, of.spread, of.least, of.greatest, of.mark)))
    none = np.full(amount.size, np.nan)
    nothing = np.zeros(amount.size, dtype=np.uint8)
    return amount, nothing, none, none, none, nothing.astype(np.uint64)
