"""Impacts of library products under methods that the user points to: scores, inventory, what no factor covers,
normalised and weighted results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import Place, Problem, TanbiaoError, refuse
from ..exchange.elementary import gas_rows
from ..exchange.impact_methods import read_impact_methods
from ..library import Compiled, Library, compile_library
from ..library.drawn import Drawn, drawn
from ..library.elementary import Elementary, read_elementary, together
from ..library.impacts import (
    Assessed,
    Carried,
    Demand,
    Entries,
    all_products,
    assess,
    cut_off,
    entries,
    one_demand,
    verifications,
)
from ..library.methods import Method, Missing
from ..library.methods import Places as Stand
from ..library.model import POSITIONS
from ..library.sampling import why
from ..library.trace import Part, shares
from ..numerics.lca import by_label
from .method_tables import Named, files_digest, read_flow_mapping, read_named
from .places import Places


@dataclass(frozen=True)
class ImpactOptions:
    """What the user points to. categories: all where empty; places: which stand in where a place has no factor, in
    order, before the factor without place; normalise, weight: tables with a source on every row."""

    method: Path
    categories: tuple[str, ...] = ()
    mapping: Path | None = None
    normalise: Path | None = None
    weight: Path | None = None
    places: tuple[str, ...] = ()
    gwp_set: str = "AR6"


@dataclass(frozen=True, eq=False)
class Ready:
    """A library under a set of methods, solved once. method_digest: "" where it is the library's own climate data."""

    library: Library
    assessed: Assessed
    method_digest: str
    normalise: Mapping[str, Named] | None
    weight: Mapping[str, Named] | None

    @property
    def compiled(self) -> Compiled:
        return self.assessed.compiled

    @property
    def of_climate(self) -> bool:
        """Whether the library's own climate data are the method."""
        return not self.method_digest

    @property
    def methods(self) -> tuple[Method, ...]:
        return self.assessed.methods

    @cached_property
    def cutoffs(self) -> list[tuple[int, str, str, float]]:
        """(process, flow, unit, amount) of every exchange without a provider."""
        return cut_off(self.library, self.compiled)


def ready(names: Sequence[str], options: ImpactOptions, places: Places | None = None) -> Ready:
    """Read libraries and methods and characterise every exchange with nature. Refuses with every problem found."""
    places = places or Places()
    methods = read_impact_methods(options.method)
    names_of = chosen(methods, options)
    library, compiled, table = tabled(names, options.gwp_set, places)
    found = assess(
        compiled,
        table,
        [methods[m] for m in sorted(methods)],
        Stand(default=(*options.places, "")),
        read_flow_mapping(options.mapping) if options.mapping else None,
    ).only(names_of)
    known = set(methods)
    return Ready(
        library,
        found,
        files_digest(options.method),
        read_named(options.normalise, "reference", known) if options.normalise else None,
        read_named(options.weight, "weight", known) if options.weight else None,
    )


def tabled(
    names: Sequence[str], gwp_set: str, places: Places, elementary: bool = True
) -> tuple[Library, Compiled, Entries]:
    """A library solved under a GWP set, and every exchange with nature of its processes; elementary: or those of the
    climate data alone, where no other flow can count."""
    library = places.library(names)
    nature, problems = elementary_of(names if elementary else (), places)
    if problems:
        raise TanbiaoError(problems)
    compiled = compile_library(library, gwp_set, cache=places.cache)
    return library, compiled, entries(library, compiled, nature, gas_names())


def gas_names() -> dict[str, tuple[str, ...]]:
    """What lists of elementary flows call each gas."""
    said = {g: (r.ef31, r.cells["name_en"], *r.cells["synonyms"].split("|")) for g, r in gas_rows().items()}
    return {g: tuple(t for t in v if t) for g, v in said.items()}


def chosen(methods: Mapping[str, Method], options: ImpactOptions) -> list[str]:
    """The categories asked for, all where none is; every name that is not there is refused at once."""
    wrong = [c for c in options.categories if c not in methods]
    if wrong:
        raise TanbiaoError(
            [
                Problem(
                    "method-category-unknown",
                    Place(options.method.name),
                    {"category": c, "categories": "; ".join(sorted(methods))},
                )
                for c in wrong
            ]
        )
    return list(options.categories or sorted(methods))


def elementary_of(
    names: Sequence[str], places: Places, study: Path | None = None
) -> tuple[Elementary, list[Problem]]:
    """The elementary flows of libraries that lie over each other, and every problem found in their tables."""
    parts, problems = [], []
    for name in names:
        part, found = read_elementary(places.folder_of(name, study), places.library([name], study).processes)
        parts.append(part)
        problems += found
    return together(parts), problems


def finite(value: float | None) -> float | None:
    """None where there is no number."""
    return None if value is None or not np.isfinite(value) else float(value)


# -- one product -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """One category of one product. value: None where nothing in the inventory has a factor; flows: how many count;
    normalised, weighted: None where a table is not given or lacks the category."""

    category: str
    unit: str
    value: float | None
    flows: int
    normalised: float | None
    weighted: float | None

    def data(self) -> dict[str, Any]:
        return {
            "category": self.category,
            "unit": self.unit,
            "value": self.value,
            "flows": self.flows,
            "normalised": self.normalised,
            "weighted": self.weighted,
        }


@dataclass(frozen=True, eq=False)
class ProductImpacts:
    """One product taken through its whole inventory."""

    ready: Ready
    product: str
    demand: Demand

    @cached_property
    def scores(self) -> list[Score]:
        a = self.ready.assessed
        counted = np.zeros((len(a.entries.carried), len(a.methods)), np.bool_)
        used = (self.demand.runs[a.entries.process] * a.entries.amount) != 0
        np.logical_or.at(counted, a.entries.what, a.known & used[:, None])
        return scores(self.ready, self.demand.score, counted.sum(axis=0))

    @property
    def single(self) -> float | None:
        """The weighted sum; None where a category that has a weight has no weighted result: a part is no whole."""
        return single(self.ready, self.scores)

    @property
    def climate(self) -> dict[str, float | None]:
        """kgCO2e by position; None where a gas upstream has no GWP in the set."""
        return {p: finite(v) for p, v in zip(POSITIONS, self.demand.climate, strict=True)}

    @cached_property
    def inventory(self) -> list[tuple[Carried, float]]:
        """Everything taken from nature and given to it, the largest first within each unit."""
        found = [
            (c, float(v))
            for c, v in zip(self.ready.assessed.entries.carried, self.demand.amount, strict=True)
            if v != 0 and c.kind != "total"
        ]
        return sorted(found, key=lambda f: (f[0].substance.unit, -abs(f[1]), f[0].substance.id))

    @cached_property
    def totals(self) -> list[tuple[Carried, float, float]]:
        """Products upstream of which only a total is known, which does not count: amount, kgCO2e. No category
        but the library's own climate data can hold them."""
        c, a = self.ready.compiled, self.ready.assessed
        counts = np.zeros(len(a.entries.carried), np.bool_)
        np.logical_or.at(counts, a.entries.what, a.known.any(axis=1))
        found = [
            (x, float(v), float(v) * float(c.values[c.index[x.substance.id]].sum()))
            for x, v, counted in zip(a.entries.carried, self.demand.amount, counts, strict=True)
            if v != 0 and x.kind == "total" and not counted
        ]
        return sorted(found, key=lambda f: -abs(f[2]))

    @cached_property
    def missing(self) -> list[tuple[Missing, Carried, float]]:
        """Flows of the inventory that count nowhere, or not where they should, with their amounts."""
        at = {
            (c.substance.id, c.direction): (c, float(v))
            for c, v in zip(self.ready.assessed.entries.carried, self.demand.amount, strict=True)
            if c.kind != "total"
        }
        found = [
            (m, *at[m.flow, m.direction]) for m in self.ready.assessed.missing if (m.flow, m.direction) in at
        ]
        kept = [f for f in found if f[2] != 0]
        return sorted(kept, key=lambda f: (f[0].why, f[1].substance.unit, -abs(f[2]), f[0].method))

    @property
    def partial(self) -> bool:
        """Whether something upstream has no inventory or no provider, so that no category is whole."""
        return bool(self.totals or self.cutoffs)

    @cached_property
    def cutoffs(self) -> list[tuple[str, str, str, float]]:
        """(process, flow, unit, amount) of what was bought upstream without a provider."""
        runs, ids = self.demand.runs, self.ready.compiled.linked.processes
        found = [
            (ids[k], flow, unit, v * float(runs[k]))
            for k, flow, unit, v in self.ready.cutoffs
            if runs[k] != 0
        ]
        return sorted(found, key=lambda f: (f[2], -abs(f[3])))

    def largest(
        self, category: int, count: int = 5
    ) -> tuple[list[tuple[Carried, float]], list[tuple[str, float]]]:
        """Flows and processes that bring most of a category."""
        a = self.ready.assessed
        flows, processes = self.demand.by_flow(a)[:, category], self.demand.by_process(a)[:, category]

        def top(values: Any, names: Sequence[Any]) -> list[tuple[Any, float]]:
            order = np.argsort(-np.abs(values), kind="stable")[:count]
            return [(names[k], float(values[k])) for k in order if values[k] != 0]

        return top(flows, a.entries.carried), top(processes, self.ready.compiled.linked.processes)

    def verified(self, category: int) -> tuple[Part, ...]:
        """How much of a category rests on each state of verification, the largest first; sums to the score."""
        a = self.ready.assessed
        states, state = verifications(self.ready.library, self.ready.compiled.linked.processes, a.entries)
        value = by_label(self.demand.parts[:, category], state, len(states))
        return shares(states, value, float(value.sum()))

    def gaps(self) -> dict[str, Any]:
        """What the scores leave out: flows without factor, results without inventory, exchanges without provider."""
        library = self.ready.library
        return {
            "partial": self.partial,
            "missing": [{**_said(c, v), "why": m.why, "category": m.method} for m, c, v in self.missing],
            "without_inventory": [
                {**_said(c, v), "kgCO2e": kg, **library.standing(c.substance.id).data()}
                for c, v, kg in self.totals
            ],
            "cut_off": [{"process": p, "flow": f, "amount": v, "unit": u} for p, f, u, v in self.cutoffs],
        }

    def data(self) -> dict[str, Any]:
        library = self.ready.library
        contributions = {}
        for m, method in enumerate(self.ready.methods):
            flows, processes = self.largest(m, 10)
            contributions[method.name] = {
                "flows": [{"flow": c.substance.id, "direction": c.direction, "value": v} for c, v in flows],
                "processes": [{"process": p, "value": v, **library.standing(p).data()} for p, v in processes],
                "verification": [
                    {"verification": p.id, "value": p.value, "share": p.share} for p in self.verified(m)
                ],
            }
        return {
            "product": self.product,
            "unit": library.processes[self.product].unit,
            **library.standing(self.product).data(),
            "scores": [s.data() for s in self.scores],
            "single": self.single,
            "climate": {"gwp_set": self.ready.compiled.gwp_set, "positions": self.climate},
            "contributions": contributions,
            **self.gaps(),
            "inventory": [_said(c, v) for c, v in self.inventory],
        }


def _said(c: Carried, amount: float) -> dict[str, Any]:
    return {
        "flow": c.substance.id,
        "name": {"zh": c.name_zh, "en": c.name_en},
        "compartment": c.substance.compartment,
        "direction": c.direction,
        "amount": amount,
        "unit": c.substance.unit,
    }


def scores(ready_: Ready, values: Any, flows: Any) -> list[Score]:
    """Scores (methods,) with their normalised and weighted values."""
    out = []
    for m, method in enumerate(ready_.methods):
        value = finite(values[m])
        reference = (ready_.normalise or {}).get(method.name)
        weight = (ready_.weight or {}).get(method.name)
        normalised = None if value is None or reference is None else value / float(reference.value)
        base = normalised if ready_.normalise is not None else value
        weighted = None if base is None or weight is None else base * float(weight.value)
        out.append(Score(method.name, method.unit, value, int(flows[m]), normalised, weighted))
    return out


def single(ready_: Ready, found: Sequence[Score]) -> float | None:
    """The weighted sum over all categories that have a weight; None where one of them has no result."""
    if not ready_.weight:
        return None
    weighted = {s.category: s.weighted for s in found}
    parts = [weighted.get(c) for c in ready_.weight]
    return None if any(p is None for p in parts) else float(sum(p for p in parts if p is not None))


@dataclass(frozen=True)
class Spread:
    """What a number is in the draws: mean, deviation, and the central interval of 95 %."""

    mean: float
    deviation: float
    low: float
    median: float
    high: float

    def data(self) -> dict[str, float | None]:
        return {k: finite(v) for k, v in vars(self).items()}


NO_SPREAD = Spread(*(5 * [np.nan]))


@dataclass(frozen=True, eq=False)
class DrawnImpacts:
    """Scores and inventory of one product over draws of the library's amounts. unsolved: samples without a value, with
    the reason."""

    product: ProductImpacts
    drawn: Drawn

    @cached_property
    def unsolved(self) -> list[tuple[int, str]]:
        processes = self.product.ready.compiled.linked.processes
        return [(u.sample, why(u, processes)) for u in self.drawn.found.unsolved]

    @cached_property
    def scores(self) -> list[tuple[Score, Spread | None]]:
        """The static score of every category beside its draws; None where the category has no result."""
        mean, deviation, q = self.drawn.of_scores()
        return [
            (s, None if s.value is None else Spread(mean[k], deviation[k], *q[:, k]))
            for k, s in enumerate(self.product.scores)
        ]

    @cached_property
    def inventory(self) -> list[tuple[Carried, Spread]]:
        f = self.drawn.found
        carried = self.product.ready.assessed.entries.carried
        return [
            (c, Spread(f.mean[k], f.deviation[k], *f.quantiles[:, k]))
            for k, c in enumerate(carried)
            if f.mean[k] != 0 and c.kind != "total"
        ]

    def data(self) -> dict[str, Any]:
        return {
            "samples": self.drawn.samples,
            "seed": self.drawn.seed,
            "amounts_drawn": self.drawn.drawn,
            "scores": [
                {"category": s.category, "static": s.value, **(d or NO_SPREAD).data()} for s, d in self.scores
            ],
            "inventory": [
                {"flow": c.substance.id, "direction": c.direction, "unit": c.substance.unit, **s.data()}
                for c, s in self.inventory
            ],
            "unsolved": [{"sample": k, "why": w} for k, w in self.unsolved],
        }


def drawn_impacts(product: ProductImpacts, samples: int, seed: int) -> DrawnImpacts | None:
    """None where no amount upstream of the product declares a distribution. Refuses (`uncertainty-unsolved`) where no
    draw has a value."""
    ready_ = product.ready
    found = drawn(ready_.library, ready_.assessed, product.product, samples, seed)
    if found is None:
        return None
    lost = found.found.unsolved
    if len(lost) == samples:
        first = why(lost[0], ready_.compiled.linked.processes)
        raise refuse("uncertainty-unsolved", unsolved=len(lost), samples=samples, why=first)
    return DrawnImpacts(product, found)


def product_impacts(ready_: Ready, product: str) -> ProductImpacts:
    """One unit of a product: a forward solve. Refuses (`library-product-unknown`)."""
    ids = ready_.compiled.linked.processes
    if product not in ready_.library.processes:
        raise refuse("library-product-unknown", Place(ready_.library.id), item=product)
    demand = np.zeros(len(ids))
    demand[ready_.compiled.index[product]] = 1.0
    return ProductImpacts(ready_, product, one_demand(ready_.assessed, demand))


# -- all products ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class AllImpacts:
    """Every product of a library: value (n, methods) per unit, nan where nothing upstream has a factor; climate (n, 9)
    kgCO2e by position."""

    ready: Ready
    products: tuple[str, ...]
    value: Any
    climate: Any

    @cached_property
    def missing(self) -> list[tuple[Missing, Carried, int]]:
        """Flows that count nowhere, or not where they should, and how many processes have them."""
        e = self.ready.assessed.entries
        at = {(c.substance.id, c.direction): k for k, c in enumerate(e.carried)}
        pairs = np.unique(np.column_stack([e.what, e.process]), axis=0)
        count = np.bincount(pairs[:, 0], minlength=len(e.carried)) if len(pairs) else np.zeros(len(e.carried))
        found = [
            (m, at[m.flow, m.direction]) for m in self.ready.assessed.missing if (m.flow, m.direction) in at
        ]
        return sorted(
            ((m, e.carried[k], int(count[k])) for m, k in found), key=lambda f: (f[0].why, -f[2], f[0].flow)
        )

    def data(self) -> dict[str, Any]:
        return {
            "products": [
                {
                    "product": p,
                    "unit": self.ready.library.processes[p].unit,
                    **self.ready.library.standing(p).data(),
                    "scores": {
                        m.name: finite(v) for m, v in zip(self.ready.methods, self.value[k], strict=True)
                    },
                    "climate": {q: finite(v) for q, v in zip(POSITIONS, self.climate[k], strict=True)},
                }
                for k, p in enumerate(self.products)
            ],
            "missing": [
                {"flow": m.flow, "direction": m.direction, "why": m.why, "category": m.method, "processes": n}
                for m, _, n in self.missing
            ],
        }


def all_impacts(ready_: Ready) -> AllImpacts:
    """All products by one adjoint solve."""
    found = all_products(ready_.assessed)
    return AllImpacts(ready_, ready_.compiled.linked.processes, found.score, found.climate)


def head(ready_: Ready) -> dict[str, Any]:
    """What a result was computed with."""
    table = ready_.assessed.entries
    return {
        "library": f"{ready_.library.id}@{ready_.library.version}",
        "library_digest": ready_.library.digest,
        "caution": ready_.library.caution.data(),
        "method_digest": ready_.method_digest,
        "categories": [{"category": m.name, "unit": m.unit} for m in ready_.methods],
        "elementary_flows": sum(c.kind == "flow" for c in table.carried),
        "gases": sum(c.kind == "gas" for c in table.carried),
        "fallbacks": [
            {"category": f.method, "flow": f.flow, "asked": f.asked, "used": f.used}
            for f in ready_.assessed.fallbacks
        ],
        "units_assumed": assumed(ready_),
        "normalisation": _cited(ready_.normalise),
        "weighting": _cited(ready_.weight),
    }


def assumed(ready_: Ready) -> list[dict[str, str]]:
    """Factors that state no unit, taken per unit of the flow."""
    return [{"category": x.method, "flow": x.flow, "unit": x.unit} for x in ready_.assessed.assumed]


def _cited(table: Mapping[str, Named] | None) -> list[dict[str, Any]] | None:
    if table is None:
        return None
    return [{"category": c, "value": float(n.value), "source": n.source} for c, n in table.items()]
