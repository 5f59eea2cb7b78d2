"""A library product's result taken apart, under the library's own climate data or a method that the user points to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

from ..core.errors import Lang, Place, Problem, raise_errors, refuse
from ..library import Library
from ..library.drawn import Source, Sources, sources
from ..library.impacts import reached
from ..library.methods import Method
from ..library.model import Standing
from ..library.trace import Branch, Part, Pull, Trace, climate, crossing, trace
from ..numerics.lca import Breakeven
from ..present.numbers import unit_text
from ..present.sankey import Link
from ..present.sankey import sankey as draw
from . import impacts
from .places import Places


@dataclass(frozen=True)
class TraceOptions:
    """method None: the library's climate data under `gwp_set`; category: one of the method's, its only one where
    empty; cutoff: share of the result below which branches stay closed; sobol: draws for global sensitivity, none where
    0."""

    method: Path | None = None
    category: str = ""
    gwp_set: str = "AR6"
    cutoff: float = 0.01
    sobol: int = 0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Traced:
    """A trace with what its ids are called."""

    behind: impacts.ProductImpacts
    trace: Trace
    sources: Sources | None
    """Where the variance comes from; None where no amount upstream declares a distribution."""

    @property
    def library(self) -> Library:
        return self.behind.ready.library

    @property
    def product(self) -> str:
        return self.behind.product

    @property
    def method(self) -> Method:
        return self.behind.ready.methods[0]

    def standing(self, item: str) -> Standing | None:
        """What the amounts of a process rest on, or a total (also as `id direction`); None for what holds no data."""
        of = next((i for i in (item, item.rpartition(" ")[0]) if i in self.library.items), "")
        return None if of in self.library.gases or not of else self.library.standing(of)

    def name(self, item: str, lang: Lang) -> str:
        """What a process, flow, gas or total is called; the id itself where it is a place or a class."""
        known = self.library.items.get(item)
        if known is not None:
            return known.name(lang)
        ident = item.rsplit(" ", 1)[0]
        for c in self.behind.ready.assessed.entries.carried:
            if c.substance.id in (item, ident):
                name = c.name_zh if lang == "zh" else c.name_en
                return f"{name} ({c.substance.compartment})" if c.kind == "flow" else name
        return item

    def data(self) -> dict[str, Any]:
        t = self.trace

        @cache
        def stands(item: str) -> dict[str, str]:
            found = self.standing(item)
            return {} if found is None else found.data()

        def parts(rows: Sequence[Part], of: str = "id") -> list[dict[str, Any]]:
            return [{of: r.id, "value": r.value, "share": r.share, **stands(r.id)} for r in rows]

        def flows(rows: Sequence[Part]) -> list[dict[str, Any]]:
            split = [(*r.id.rpartition(" ")[::2], r) for r in rows]
            return [
                {"id": f, "direction": d, "value": r.value, "share": r.share, **stands(f)}
                for f, d, r in split
            ]

        def branch(b: Branch) -> dict[str, Any]:
            return {
                "item": b.item,
                **stands(b.item),
                "amount": b.amount,
                "value": b.value,
                "share": b.share,
                "rest": b.rest,
                "children": [branch(c) for c in b.children],
            }

        return {
            "library": f"{self.library.id}@{self.library.version}",
            "product": self.product,
            **self.library.standing(self.product).data(),
            "category": self.method.name,
            "unit": self.method.unit,
            "value": t.total,
            "by_process": parts(t.by_process),
            "by_flow": flows(t.by_flow),
            "by_supplier": parts(t.by_supplier),
            "by_place": parts(t.by_place),
            "by_class": parts(t.by_class),
            "by_verification": parts(t.by_verification, "verification"),
            "tree": branch(t.tree),
            "links": [{"from": a, "to": b, "value": v} for a, b, v in t.links],
            "derivatives": [{**_pull(p), **stands(p.process)} for p in t.pulls],
            "variance": None
            if self.sources is None
            else {
                "first_order": self.sources.variance,
                "sources": [{**_source(r), **stands(r.process or r.what)} for r in self.sources.rows],
            },
            **self.behind.gaps(),
            "units_assumed": impacts.assumed(self.behind.ready),
            "caution": self.library.caution.data(),
        }


def _source(r: Source) -> dict[str, Any]:
    return {
        "process": r.process,
        "provider": r.provider,
        "flow": r.what,
        "share": r.variance,
        "sobol_first": impacts.finite(r.first),
        "sobol_total": impacts.finite(r.total),
    }


def _pull(p: Pull) -> dict[str, Any]:
    return {
        "process": p.process,
        "provider": p.provider,
        "flow": p.what,
        "amount": p.amount,
        "unit": p.unit,
        "derivative": p.derivative,
        "elasticity": p.elasticity,
    }


def traced(
    names: Sequence[str], product: str, options: TraceOptions | None = None, places: Places | None = None
) -> Traced:
    """Refuses (`library-product-unknown`, `method-category-one`, `trace-cutoff`, `trace-gas`, `trace-nothing`, and what
    reading refuses)."""
    options = options or TraceOptions()
    if not 0.0 < options.cutoff <= 1.0:
        raise refuse("trace-cutoff", Place(), cutoff=str(options.cutoff))
    ready = _ready(names, options, places or Places())
    _known(ready, (product,))
    _evaluable(ready, (product,))
    library, a = ready.library, ready.assessed
    found = trace(library, a, 0, product, options.cutoff)
    variance = sources(library, a, 0, product, samples=options.sobol, seed=options.seed)
    return Traced(impacts.product_impacts(ready, product), found, variance)


def _known(ready: impacts.Ready, items: Sequence[str]) -> None:
    library = ready.library
    raise_errors(
        [
            Problem("library-product-unknown", Place(library.id), {"item": i})
            for i in dict.fromkeys(items)
            if i not in library.processes
        ]
    )


def _evaluable(ready: impacts.Ready, products: Sequence[str]) -> None:
    """Refuses products without a result: nothing upstream counts, or something that should has no value."""
    a, c = ready.assessed, ready.compiled
    reach = reached(a)[:, 0]
    problems = []
    for p in products:
        if ready.of_climate and p in c.missing:
            args = {"item": p, "gwp_set": c.gwp_set, "gases": c.missing[p]}
            problems.append(Problem("trace-gas", Place(ready.library.id), args))
        elif not reach[c.index[p]]:
            args = {"item": p, "category": ready.methods[0].name}
            problems.append(Problem("trace-nothing", Place(ready.library.id), args))
    raise_errors(problems)


def _ready(names: Sequence[str], options: TraceOptions, places: Places) -> impacts.Ready:
    """A library under one category."""
    if options.method is None:
        if options.category:
            raise refuse("trace-category", Place(), category=options.category)
        library, compiled, table = impacts.tabled(names, options.gwp_set, places, elementary=False)
        return impacts.Ready(library, climate(compiled, table), "", None, None)
    asked = impacts.ImpactOptions(
        options.method, (options.category,) if options.category else (), gwp_set=options.gwp_set
    )
    ready = impacts.ready(names, asked, places)
    if len(ready.methods) != 1:
        said = "; ".join(m.name for m in ready.methods)
        raise refuse("method-category-one", Place(options.method.name), categories=said)
    return ready


@dataclass(frozen=True, eq=False)
class Equal:
    """Where two products (A, B) are equal under a category, and the amount of the purchase (buyer, provider) as it is
    now, in `unit`."""

    library: Library
    method: Method
    products: tuple[str, str]
    purchase: tuple[str, str]
    result: Breakeven
    now: float
    unit: str

    @property
    def better(self) -> str:
        """The product that is lower at the low end; "" where they are equal."""
        return dict(zip("AB", self.products, strict=True)).get(self.result.better_below, "")

    @property
    def items(self) -> dict[str, Standing]:
        """What the amounts of the processes concerned rest on."""
        return {i: self.library.standing(i) for i in (*self.products, *self.purchase)}

    def data(self) -> dict[str, Any]:
        return {
            "library": f"{self.library.id}@{self.library.version}",
            "category": self.method.name,
            "values": list(self.result.values),
            "equal_everywhere": self.result.always,
            "better_below": self.better,
            "amount_now": self.now,
            "unit": self.unit,
            "unsolved": self.result.skipped,
            "items": [{"id": i, **s.data()} for i, s in self.items.items()],
            "caution": self.library.caution.data(),
        }


def breakeven(
    names: Sequence[str],
    products: tuple[str, str],
    purchase: tuple[str, str],
    between: tuple[float, float],
    options: TraceOptions | None = None,
    places: Places | None = None,
) -> Equal:
    """At which amount of a purchase (buyer, provider) two products are equal.

    Refuses (`library-product-unknown`, `trace-purchase`, `trace-range`, `trace-gas`, `trace-nothing`).
    """
    low, high = between
    if not (low < high and isfinite(high - low)):
        raise refuse("trace-range", Place(), low=str(low), high=str(high))
    ready = _ready(names, options or TraceOptions(), places or Places())
    _known(ready, (*products, *purchase))
    _evaluable(ready, products)
    library, c = ready.library, ready.compiled
    bought = c.linked.purchase
    row = (bought.column == c.index[purchase[0]]) & (bought.row == c.index[purchase[1]])
    if not row.any() or purchase[0] == purchase[1]:
        raise refuse("trace-purchase", Place(library.id), buyer=purchase[0], provider=purchase[1])
    return Equal(
        library,
        ready.methods[0],
        products,
        purchase,
        crossing(ready.assessed, 0, products, purchase, low, high),
        float(bought.amount[row].sum()),
        library.processes[purchase[1]].unit,
    )


def sankey(found: Traced, lang: Lang, depth: int = 5) -> str:
    """The path tree as a Sankey in SVG, down to `depth`; credits (below zero) are left out."""
    links: list[Link] = []
    names: dict[str, str] = {}

    def walk(branch: Branch, key: str, level: int) -> None:
        names[key] = found.name(branch.item, lang)
        for n, child in enumerate(branch.children if level < depth else ()):
            links.append(Link(f"{key}.{n}", key, child.value))
            walk(child, f"{key}.{n}", level + 1)

    walk(found.trace.tree, "0", 0)
    method = found.method
    unit = unit_text(method.unit)
    what = method.name.replace(method.unit, "").strip()  # our own footprint is named after its unit
    title = f"{names['0']}: {found.trace.total:.4g} {unit}{f' ({what})' if what else ''}"
    return draw(links, names, lang, "t", title, unit)
