"""Impacts of the products of a library under any set of methods: one adjoint solve for all products, or one forward
solve for one product with its whole inventory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tanbiao.numerics import lca

from .compile import Compiled
from .elementary import DIRECTIONS, Elementary
from .methods import Assumed, Characterised, Fallback, Method, Missing, Places, Substance, characterise
from .model import POSITIONS, Library

Floats = NDArray[np.float64]
Kind = Literal["flow", "gas", "total"]


@dataclass(frozen=True, slots=True)
class Carried:
    """What an entry carries: an elementary flow, a greenhouse gas of the climate data, or a product of which only a
    `total` in kgCO2e is known (a factor), which no method but climate can count. `direction` and `place` are its own;
    place "" means anywhere."""

    substance: Substance
    kind: Kind
    direction: str
    name_en: str
    name_zh: str


@dataclass(frozen=True, eq=False)
class Entries:
    """Exchanges with nature of all processes, (m,) each: process (into `Compiled.linked.processes`), what is carried
    (into `carried`), amount in its unit per process as written, place (into `places`). The climate data's rows stand
    first, in the order of `Linked.terminal`; uncertainty and mark are those of the rows after them, None where none of
    them declares a distribution."""

    carried: tuple[Carried, ...]
    places: tuple[str, ...]
    process: NDArray[np.intp]
    what: NDArray[np.intp]
    amount: Floats
    place: NDArray[np.intp]
    uncertainty: lca.Uncertainty | None = None
    mark: NDArray[np.uint64] | None = None


def entries(
    library: Library, compiled: Compiled, elementary: Elementary, names: Mapping[str, Sequence[str]]
) -> Entries:
    """The climate data's gases and totals, and the elementary flows, as one table. names: gas id → its names in lists
    of elementary flows, beside its own."""
    linked = compiled.linked
    carried: dict[tuple[str, str], int] = {}
    rows: list[Carried] = []

    def at(key: tuple[str, str], make: Carried) -> int:
        if key not in carried:
            carried[key] = len(rows)
            rows.append(make)
        return carried[key]

    t = linked.terminal
    used = np.unique(t.row)
    position = np.zeros(len(linked.terminals), np.intp)
    for k in used.tolist():
        ident = linked.terminals[k]
        position[k] = at(("", ident), terminal_carried(library, ident, names.get(ident, ())))
    if len(elementary):
        own = {p: k for k, p in enumerate(linked.processes)}
        process = np.array([own.get(p, -1) for p in elementary.processes], np.intp)[elementary.process]
        pair = elementary.flow * 2 + ~elementary.output
        where_at = np.zeros(2 * len(elementary.flows), np.intp)
        for code in np.unique(pair).tolist():
            flow, direction = elementary.flows[code // 2], DIRECTIONS[code % 2]
            names_of = tuple(dict.fromkeys((flow.name_en, flow.name_zh)))
            where_at[code] = at(
                (direction, flow.id),
                Carried(
                    Substance(flow.id, names_of, flow.compartment, flow.unit),
                    "flow",
                    direction,
                    flow.name_en,
                    flow.name_zh,
                ),
            )
        extra = (process, where_at[pair], elementary.amount)
        said_place = np.array(elementary.places, dtype=object)[elementary.place]
    else:
        extra, said_place = (
            (np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0)),
            np.zeros(0, dtype=object),
        )
    process = np.concatenate([t.column, extra[0]])
    home = np.array([library.processes[p].place for p in linked.processes], dtype=object)
    spoken = np.concatenate([np.full(t.column.size, "", dtype=object), said_place])
    texts, place = np.unique(np.where(spoken == "", home[process], spoken).astype(str), return_inverse=True)
    return Entries(
        tuple(rows),
        tuple(str(x) for x in texts),
        process,
        np.concatenate([position[t.row], extra[1]]),
        np.concatenate([t.amount, extra[2]]),
        place.astype(np.intp),
        elementary.uncertainty,
        elementary.mark,
    )


def terminal_carried(library: Library, ident: str, names: Sequence[str]) -> Carried:
    """A gas or a factor as something that is given to nature or taken from it. names: what lists of elementary flows
    call it, beside its own name."""
    item, gas = library.items[ident], library.gases.get(ident)
    taken = gas is not None and gas.position == "D"
    said = tuple(dict.fromkeys((*names, item.name_en))) if gas else ()
    where = ("resources from air" if taken else "emissions to air") if gas else ""
    return Carried(
        Substance(ident, said, where, item.unit),
        "gas" if gas else "total",
        DIRECTIONS[1] if taken else DIRECTIONS[0],
        item.name_en,
        item.name_zh,
    )


def cut_off(library: Library, compiled: Compiled) -> list[tuple[int, str, str, float]]:
    """(process, flow, unit, amount) of every exchange without a provider; processes as in `Compiled.linked`."""
    if not compiled.linked.cutoff.size:
        return []
    ids = library.exchanges.column("id")
    order = sorted(range(len(ids)), key=ids.__getitem__)
    found = [library.exchanges[order[k]] for k in compiled.linked.cutoff.tolist()]
    return [(compiled.index[x.process], x.flow, x.unit, float(x.amount)) for x in found]


@dataclass(frozen=True, eq=False)
class Assessed:
    """Entries under methods: factor and known (m, methods), see `Characterised`."""

    compiled: Compiled
    entries: Entries
    methods: tuple[Method, ...]
    factor: Floats
    known: NDArray[np.bool_]
    fallbacks: tuple[Fallback, ...]
    missing: tuple[Missing, ...]
    assumed: tuple[Assumed, ...] = ()

    @property
    def burdens(self) -> lca.Burdens:
        return lca.Burdens(self.entries.process, self.entries.amount, self.factor)

    def only(self, categories: Sequence[str]) -> Assessed:
        """The same under some of the methods; a flow that another of them knows is not unknown."""
        at = {m.name: k for k, m in enumerate(self.methods)}
        columns = [at[c] for c in categories]
        return replace(
            self,
            methods=tuple(self.methods[k] for k in columns),
            factor=self.factor[:, columns],
            known=self.known[:, columns],
            fallbacks=tuple(f for f in self.fallbacks if f.method in categories),
            missing=tuple(m for m in self.missing if m.method in ("", *categories)),
            assumed=tuple(x for x in self.assumed if x.method in categories),
        )


def assess(
    compiled: Compiled,
    found: Entries,
    methods: Sequence[Method],
    fallback: Places | None = None,
    mapping: Mapping[str, tuple[str, float]] | None = None,
) -> Assessed:
    """Every entry characterised once for each distinct (what, place)."""
    code = found.what * max(len(found.places), 1) + found.place
    distinct, back = np.unique(code, return_inverse=True)
    what, place = distinct // max(len(found.places), 1), distinct % max(len(found.places), 1)
    asked = [k for k in range(distinct.size) if found.carried[what[k]].kind != "total"]
    one: Characterised = characterise(
        methods,
        [found.carried[what[k]].substance for k in asked],
        [found.places[place[k]] for k in asked],
        [found.carried[what[k]].direction for k in asked],
        fallback,
        mapping,
    )
    factor = np.zeros((distinct.size, len(methods)))
    known = np.zeros(factor.shape, np.bool_)
    factor[asked], known[asked] = one.factor, one.known
    return Assessed(
        compiled, found, tuple(methods), factor[back], known[back], one.fallbacks, one.missing, one.assumed
    )


def reached(a: Assessed) -> NDArray[np.bool_]:
    """Which products (n,) have something upstream that counts in each category, (n, methods)."""
    n = a.compiled.system.size
    counts = np.zeros((n, len(a.methods)), np.bool_)
    np.logical_or.at(counts, a.entries.process, a.known & (a.entries.amount != 0)[:, None])
    return np.column_stack([lca.dependants(a.compiled.system, counts[:, m]) for m in range(counts.shape[1])])


def verifications(
    library: Library, processes: Sequence[str], found: Entries
) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """The states of verification, and which of them each entry (m,) rests on: that of its process, or of the factor
    where only a total is known. processes: in the order of `Compiled.linked`."""
    words: dict[str, int] = {}

    def at(item: str) -> int:
        return words.setdefault(library.standing(item).verification, len(words))

    own = np.array([at(p) for p in processes], np.intp)
    total = np.array([at(c.substance.id) if c.kind == "total" else -1 for c in found.carried], np.intp)
    of_total = total[found.what]
    return tuple(words), np.where(of_total >= 0, of_total, own[found.process])


@dataclass(frozen=True, eq=False)
class Scores:
    """All products at once: score (n, methods) per unit of each product, nan where nothing upstream has a factor;
    climate (n, 9) kgCO2e by position, from the same solve; order of `Compiled.linked.processes`."""

    score: Floats
    climate: Floats


def all_products(a: Assessed) -> Scores:
    """One adjoint solve, climate positions beside the methods."""
    c = a.compiled
    n = c.system.size
    terminal = np.nan_to_num(c.values[n:])
    climate = np.asarray(c.direct.T @ terminal)
    h = lca.adjoint(c.system, np.hstack([climate, a.burdens.totals(n)]))
    missing = np.isnan(c.values[:n])
    return Scores(
        np.where(reached(a), h[:, len(POSITIONS) :], np.nan),
        np.where(missing, np.nan, h[:, : len(POSITIONS)]),
    )


@dataclass(frozen=True, eq=False)
class Demand:
    """One demand with its whole inventory.

    runs (n,) of every process; amount (carried,) of everything taken and given, in its own unit; score (methods,), nan
    where nothing in the inventory has a factor; parts (entries, methods) contributions, which sum to the score;
    climate (9,) kgCO2e by position.
    """

    runs: Floats
    amount: Floats
    score: Floats
    parts: Floats
    climate: Floats

    def by_flow(self, a: Assessed) -> Floats:
        """(carried, methods); sums to the score."""
        return lca.by_label(self.parts, a.entries.what, len(a.entries.carried))

    def by_process(self, a: Assessed) -> Floats:
        """(n, methods); sums to the score."""
        return lca.by_label(self.parts, a.entries.process, a.compiled.system.size)


def one_demand(a: Assessed, demand: Floats) -> Demand:
    """One forward solve; demand (n,) in product units."""
    c, e = a.compiled, a.entries
    runs = lca.forward(c.system, demand)
    amount = lca.by_label(e.amount * runs[e.process], e.what, len(e.carried))
    parts = lca.by_entry(a.burdens, runs)
    reached = (a.known & ((e.amount * runs[e.process]) != 0)[:, None]).any(axis=0)
    n = c.system.size
    climate = np.asarray((c.direct @ runs) @ np.nan_to_num(c.values[n:]))
    upstream = runs != 0
    if np.isnan(c.values[:n][upstream]).any():
        climate = np.full(len(POSITIONS), np.nan)
    return Demand(runs, amount, np.where(reached, parts.sum(axis=0), np.nan), parts, climate)
