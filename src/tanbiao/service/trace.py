"""A library product's result taken apart, under the library's own climate data or a method that the user points to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import Lang, Place, refuse
from ..library import Library
from ..library.drawn import Source, Sources, sources
from ..library.impacts import Assessed
from ..library.trace import Branch, Part, Pull, Trace, climate, crossing, trace
from ..numerics.lca import Breakeven
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

    library: Library
    assessed: Assessed
    category: str
    unit: str
    product: str
    trace: Trace
    sources: Sources | None
    """Where the variance comes from; None where no amount upstream declares a distribution."""

    def name(self, item: str, lang: Lang) -> str:
        """What a process, flow, gas or total is called; the id itself where it is a place or a class."""
        known = self.library.items.get(item)
        if known is not None:
            return known.name(lang)
        ident = item.rsplit(" ", 1)[0]
        for c in self.assessed.entries.carried:
            if c.substance.id in (item, ident):
                name = c.name_zh if lang == "zh" else c.name_en
                return f"{name} ({c.substance.compartment})" if c.kind == "flow" else name
        return item

    def data(self) -> dict[str, Any]:
        t = self.trace

        def parts(rows: Sequence[Part]) -> list[dict[str, Any]]:
            return [{"id": r.id, "value": r.value, "share": r.share} for r in rows]

        def branch(b: Branch) -> dict[str, Any]:
            return {
                "item": b.item,
                "amount": b.amount,
                "value": b.value,
                "share": b.share,
                "rest": b.rest,
                "children": [branch(c) for c in b.children],
            }

        return {
            "library": f"{self.library.id}@{self.library.version}",
            "product": self.product,
            "category": self.category,
            "unit": self.unit,
            "value": t.total,
            "by_process": parts(t.by_process),
            "by_flow": parts(t.by_flow),
            "by_supplier": parts(t.by_supplier),
            "by_place": parts(t.by_place),
            "by_class": parts(t.by_class),
            "tree": branch(t.tree),
            "links": [{"from": a, "to": b, "value": v} for a, b, v in t.links],
            "derivatives": [_pull(p) for p in t.pulls],
            "variance": None
            if self.sources is None
            else {"first_order": self.sources.variance, "sources": [_source(r) for r in self.sources.rows]},
        }


def _source(r: Source) -> dict[str, Any]:
    return {
        "process": r.process,
        "provider": r.provider,
        "flow": r.what,
        "share": r.variance,
        "sobol_first": r.first,
        "sobol_total": r.total,
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
    """Refuses (`library-product-unknown`, `method-category-one`, `trace-cutoff`, and what reading refuses)."""
    options = options or TraceOptions()
    if not 0.0 < options.cutoff <= 1.0:
        raise refuse("trace-cutoff", Place(), cutoff=str(options.cutoff))
    library, a = _assessed(names, options, places or Places())
    _known(library, product)
    found = trace(library, a, 0, product, options.cutoff)
    variance = sources(library, a, 0, product, samples=options.sobol, seed=options.seed)
    return Traced(library, a, a.methods[0].name, a.methods[0].unit, product, found, variance)


def _known(library: Library, product: str) -> None:
    if product not in library.processes:
        raise refuse("library-product-unknown", Place(library.id), item=product)


def _assessed(names: Sequence[str], options: TraceOptions, places: Places) -> tuple[Library, Assessed]:
    """Everything under one category."""
    if options.method is None:
        library, compiled, table = impacts.tabled(names, options.gwp_set, places)
        return library, climate(compiled, table)
    asked = impacts.ImpactOptions(
        options.method, (options.category,) if options.category else (), gwp_set=options.gwp_set
    )
    ready = impacts.ready(names, asked, places)
    if len(ready.methods) != 1:
        said = "; ".join(m.name for m in ready.methods)
        raise refuse("method-category-one", Place(options.method.name), categories=said)
    return ready.library, ready.assessed


@dataclass(frozen=True)
class Equal:
    """Where two products are equal, and the amount as it is now, in `unit`."""

    result: Breakeven
    now: float
    unit: str


def breakeven(
    names: Sequence[str],
    products: tuple[str, str],
    purchase: tuple[str, str],
    between: tuple[float, float],
    options: TraceOptions | None = None,
    places: Places | None = None,
) -> Equal:
    """At which amount of a purchase (buyer, provider) two products are equal.

    Refuses (`library-product-unknown`, `trace-purchase`, `trace-range`).
    """
    library, a = _assessed(names, options or TraceOptions(), places or Places())
    for item in (*products, *purchase):
        _known(library, item)
    low, high = between
    if not low < high:
        raise refuse("trace-range", Place(), low=str(low), high=str(high))
    c = a.compiled
    bought = c.linked.purchase
    here = (bought.column == c.index[purchase[0]]) & (bought.row == c.index[purchase[1]])
    if not here.any() or purchase[0] == purchase[1]:
        raise refuse("trace-purchase", Place(library.id), buyer=purchase[0], provider=purchase[1])
    return Equal(
        crossing(a, 0, products, purchase, low, high),
        float(bought.amount[here].sum()),
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
    title = f"{names['0']}: {found.trace.total:.4g} {found.unit} ({found.category})"
    return draw(links, names, lang, "t", title, found.unit)
