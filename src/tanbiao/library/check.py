"""Guards: faults that real databases held and that no import and no link may pass on.

Each guard takes a library and returns problems; each was a fault seen in a published database (see the docs
page of its code). A fault listed in library.yaml under `known_faults` is reported as a warning with its
reason.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from tanbiao.core.errors import Problem
from tanbiao.numerics import lca

from .compile import SPLIT_TOLERANCE, compile_library
from .link import link
from .model import Exchange, Factor, Library, Process

ELEMENT_TOLERANCE = Fraction(1, 1000)
"""Element contents are printed with three or four digits: more out than in by less than this share is
rounding."""

_HYDRATE = re.compile(
    r"\b(?:mono|di|tri|tetra|penta|hexa|hepta|octa|nona|deca)?hydrates?\b|水合|单水|[一二三四五六七八九十]水(?!平)"
    r"|[·•.*]\s*\d*\s*H2O\b",
    re.IGNORECASE,
)
_ANHYDROUS = re.compile(r"\banhydrous\b|无水", re.IGNORECASE)
_SULFATE = re.compile(r"\bsul(?:f|ph)ates?\b|硫酸[镍钴锰锂铁亚铜锌镁钠铝]", re.IGNORECASE)
_CO2_ONLY = re.compile(r"CO2[- ]only|only CO2|CO2 alone|[仅只]含?\s*(?:CO2|二氧化碳)", re.IGNORECASE)
_NAMED_PLACE = re.compile(r",\s*([A-Z]{2}(?:-[A-Z]{2})?)\s*$")


def check_library(library: Library, gwp_set: str = "AR6") -> list[Problem]:
    """Every guard; where the links hold, the solved values too. Errors first, then warnings, each in the
    order of rows."""
    _, problems = link(library)
    blocked = any(p.level == "error" for p in problems)
    for guard in GUARDS:
        problems += guard(library)
    if not blocked:
        problems += solved_values(library, gwp_set)
    known = {(f.code, f.item) for f in library.known_faults}
    problems = [
        replace(p, level="warning") if (p.code, p.args.get("item", "")) in known else p for p in problems
    ]
    return sorted(problems, key=lambda p: (p.level, p.place.file or "", p.place.row or 0, p.code))


def check_use(library: Library, item: str, use: str) -> list[Problem]:
    """Whether a study may use `item` as `use`: material, Ev, Erec, ErecEoL, ED, energy, transport.

    `Ev` … `ED` are the terms of the EU Circular Footprint Formula. The answer never depends on the value.
    """
    found = library.items.get(item)
    if found is None:
        return [Problem("library-item-unknown", args={"item": item})]
    if not isinstance(found, Factor):
        return []
    place, args = found.place_in, {"item": item, "use": use}
    problems = []
    if "organisation_only" in found.allowed_uses:
        problems.append(Problem("library-organisation-only", place, {**args, "exchange": "-"}))
    if found.radiative_forcing == "yes":
        problems.append(Problem("library-radiative-forcing", place, {**args, "exchange": "-"}))
    if use == "Ev" and _is_market_mix(found):
        problems.append(Problem("library-market-mix-ev", place, {**args, "content": found.recycled_content}))
    if use in ("ErecEoL", "ED") and found.boundary == "transport_only":
        problems.append(Problem("library-transport-only", place, args))
    if not problems and use not in found.allowed_uses:
        problems.append(
            Problem("library-use-refused", place, {**args, "uses": ", ".join(found.allowed_uses)})
        )
    return problems


def hollow(library: Library) -> list[Problem]:
    """A process without inputs and emissions: its footprint of zero is not knowledge."""
    alive = {x.process for x in library.exchanges if x.kind in ("input", "emission")}
    return [
        Problem("library-hollow", p.place_in, {"item": i})
        for i, p in library.processes.items()
        if i not in alive
    ]


def merged(library: Library) -> list[Problem]:
    """Two activities under one name and place: whoever links by name gets one of them, or their sum."""
    of: dict[tuple[str, str], list[Process]] = defaultdict(list)
    for p in library.processes.values():
        of[(p.name_en.strip().casefold(), p.place)].append(p)
    return [
        Problem(
            "library-merged",
            p.place_in,
            {"item": p.id, "other": group[0].id, "name": p.name_en, "where": p.place},
        )
        for group in of.values()
        for p in group[1:]
    ]


def mass_basis(library: Library) -> list[Problem]:
    """Anhydrous against hydrate: nickel is 37.9 % of anhydrous NiSO4 and 22.3 % of the hexahydrate."""
    problems = []
    for x, provider in _inputs(library):
        basis = provider.mass_basis
        if basis not in ("anhydrous", "dry", "hydrate", "wet") or x.flow in (x.provider, ""):
            continue
        says = "hydrate" if _HYDRATE.search(x.flow) else "anhydrous" if _ANHYDROUS.search(x.flow) else ""
        args = {"item": x.process, "exchange": x.id, "flow": x.flow, "provider": x.provider, "basis": basis}
        if (says == "hydrate" and basis in ("anhydrous", "dry")) or (
            says == "anhydrous" and basis in ("hydrate", "wet")
        ):
            problems.append(Problem("library-mass-basis", x.place_in, {**args, "says": says}))
        elif not says and basis in ("anhydrous", "hydrate") and _SULFATE.search(x.flow):
            problems.append(Problem("library-mass-basis-unsaid", x.place_in, args, level="warning"))
    return problems


def country(library: Library) -> list[Problem]:
    """A Chinese step on the grid of another country (premise held 56 electricity rows in RS, Serbia), or a
    process whose name and place name different countries."""
    problems = []
    for p in library.processes.values():
        named = _NAMED_PLACE.search(p.name_en)
        if named and not _same_country(named.group(1), p.place):
            args = {"item": p.id, "name": p.name_en, "where": p.place}
            problems.append(Problem("library-place-name", p.place_in, args))
    for x, provider in _inputs(library):
        if not _is_electricity(provider):
            continue
        buyer = library.processes[x.process]
        chinese = _same_country("CN", buyer.place) or buyer.name_en.rstrip().endswith(", CN")
        if chinese and provider.place not in ("GLO", "") and not _same_country("CN", provider.place):
            args = {"item": x.process, "exchange": x.id, "provider": x.provider, "where": provider.place}
            problems.append(Problem("library-country", x.place_in, args))
    return problems


def radiative_forcing(library: Library) -> list[Problem]:
    """Air freight with radiative forcing belongs in a note beside the result, never in the headline."""
    problems = []
    for f in library.factors.values():
        if f.radiative_forcing == "yes" and f.allowed_uses != ("organisation_only",):
            problems.append(Problem("library-radiative-forcing", f.place_in, {"item": f.id, "exchange": "-"}))
    for x, provider in _inputs(library):
        if isinstance(provider, Factor) and provider.radiative_forcing == "yes":
            args = {"item": x.provider, "exchange": x.id}
            problems.append(Problem("library-radiative-forcing", x.place_in, args))
    return problems


def market_mix(library: Library) -> list[Problem]:
    """Ev of the Circular Footprint Formula is virgin material: a market mix counts recycled content twice."""
    return [
        Problem(
            "library-market-mix-ev", f.place_in, {"item": f.id, "use": "Ev", "content": f.recycled_content}
        )
        for f in library.factors.values()
        if "Ev" in f.allowed_uses and _is_market_mix(f)
    ]


def transport_only(library: Library) -> list[Problem]:
    """Haulage to a recycler or a landfill is neither the recycling (ErecEoL) nor the disposal (ED)."""
    return [
        Problem("library-transport-only", f.place_in, {"item": f.id, "use": use})
        for f in library.factors.values()
        for use in ("ErecEoL", "ED")
        if f.boundary == "transport_only" and use in f.allowed_uses
    ]


def co2_only(library: Library) -> list[Problem]:
    """A CO2-only row in a CO2e sum lacks methane and nitrous oxide; the exchange has to say so."""
    return [
        Problem("library-co2-only", x.place_in, {"item": x.process, "exchange": x.id, "provider": x.provider})
        for x, provider in _inputs(library)
        if isinstance(provider, Factor) and provider.gas_basis == "CO2" and not _CO2_ONLY.search(x.note)
    ]


def organisation_only(library: Library) -> list[Problem]:
    """A direct-CO2 grid factor, or another row for organisation accounts, inside a product system."""
    return [
        Problem(
            "library-organisation-only", x.place_in, {"item": x.provider, "exchange": x.id, "use": "input"}
        )
        for x, provider in _inputs(library)
        if isinstance(provider, Factor) and "organisation_only" in provider.allowed_uses
    ]


def origin(library: Library) -> list[Problem]:
    """Share level, licence and allowed use have to be stated before data may travel or be used."""
    problems = []
    items: list[Process | Factor] = [*library.processes.values(), *library.factors.values()]
    for item in items:
        if not item.share:
            problems.append(Problem("library-share-missing", item.place_in, {"item": item.id}))
        if not item.licence:
            problems.append(Problem("library-licence-missing", item.place_in, {"item": item.id}))
        if not item.source:
            problems.append(Problem("library-source-missing", item.place_in, {"item": item.id}))
        if isinstance(item, Factor) and not item.allowed_uses:
            problems.append(Problem("library-use-missing", item.place_in, {"item": item.id}))
    return problems


def split(library: Library) -> list[Problem]:
    """Parts of a factor that do not add up to its total; a published interval that does not hold the
    value."""
    problems = []
    for f in library.factors.values():
        parts = [v for v in (f.fossil, f.biogenic, f.land_use, f.aircraft) if v is not None]
        if parts and abs(sum(parts, Fraction(0)) - f.value) > SPLIT_TOLERANCE * abs(f.value):
            args = {"item": f.id, "sum": _text(sum(parts, Fraction(0))), "value": _text(f.value)}
            problems.append(Problem("library-split", f.place_in, args))
        low, high = f.low, f.high
        if (low is None) != (high is None) or (
            low is not None and high is not None and not low <= f.value <= high
        ):
            args = {"item": f.id, "low": _text(low), "high": _text(high), "value": _text(f.value)}
            problems.append(Problem("library-interval", f.place_in, args))
    return problems


def elements(library: Library) -> list[Problem]:
    """More of a chemical element out than in, by the contents of elements.csv.

    In: bought inputs (amount above zero) and, for a treatment process (category `end-of-life`), what is
    treated. Out: the product of any other process, and every exchange with an amount below zero (recovered or
    by-products, cut-offs included). A content is looked up under the exchange's id, then under its provider.
    A process is judged for an element only where at least one input states its content of it; amounts must be
    in kg.
    """
    content = {(c.item, c.element): c.kg_per_kg for c in library.contents}
    names = sorted({c.element for c in library.contents})
    problems = []
    for p in library.processes.values():
        exchanges = [x for x in library.exchanges_of(p.id) if x.kind != "emission" and x.unit == "kg"]
        treats = p.category.startswith("end-of-life")
        for element in names:
            into, out, stated = Fraction(0), Fraction(0), False
            for x in exchanges:
                share = content.get((x.id, element), content.get((x.provider or p.id, element)))
                if x.kind == "cutoff" and not x.provider:
                    share = content.get((x.id, element))
                if share is None:
                    continue
                mass = abs(x.amount) * share
                if (x.kind == "reference") == treats and x.amount > 0:
                    into, stated = into + mass, True
                elif x.kind == "reference" or x.amount < 0:
                    out += mass
                elif x.amount > 0:
                    into, stated = into + mass, True
            if stated and out > into * (1 + ELEMENT_TOLERANCE):
                args = {
                    "item": p.id,
                    "element": element,
                    "out": _text(out),
                    "in": _text(into),
                    "unit": p.unit,
                }
                problems.append(Problem("library-element", p.place_in, args))
    return problems


def credits(library: Library) -> list[Problem]:
    """An input below zero is a credit: allowed, but shown, since it lowers every product above it."""
    return [
        Problem(
            "library-credit",
            x.place_in,
            {"item": x.process, "exchange": x.id, "provider": x.provider, "flow": x.flow},
            level="warning",
        )
        for x, _ in _inputs(library)
        if x.amount < 0
    ]


def solved_values(library: Library, gwp_set: str = "AR6") -> list[Problem]:
    """A system that consumes more than it makes, and processes with a footprint below zero. The links must
    hold."""
    linked, _ = link(library)
    problems = [
        Problem("library-not-productive", library.processes[i].place_in, {"item": i})
        for i in (linked.processes[k] for k in lca.unproductive(linked.technosphere()))
    ]
    if problems:
        return problems
    compiled = compile_library(library, gwp_set)
    totals = compiled.values.sum(axis=1)
    return [
        Problem("library-negative", library.processes[i].place_in, {"item": i, "value": f"{totals[k]:.6g}"})
        for k, i in enumerate(linked.processes)
        if totals[k] < 0.0
    ]


GUARDS: tuple[Callable[[Library], list[Problem]], ...] = (
    hollow,
    merged,
    mass_basis,
    country,
    radiative_forcing,
    market_mix,
    transport_only,
    co2_only,
    organisation_only,
    origin,
    split,
    elements,
    credits,
)


def _inputs(library: Library) -> list[tuple[Exchange, Process | Factor]]:
    """Inputs of known processes with their provider, where it is a process or a factor."""
    out = []
    for x in library.exchanges:
        if x.kind == "input" and x.process in library.processes:
            provider = library.processes.get(x.provider) or library.factors.get(x.provider)
            if provider is not None:
                out.append((x, provider))
    return out


def _is_electricity(item: Process | Factor) -> bool:
    return item.unit in ("kWh", "MWh") or item.category.startswith("energy/electricity")


def _is_market_mix(factor: Factor) -> bool:
    """Whether a material row holds, or may hold, recycled content."""
    return factor.recycled_content not in ("", "n.a.", "0")


def _same_country(country: str, place: str) -> bool:
    return place == country or place.startswith(country + "-") or country.startswith(place + "-")


def _text(value: Fraction | None) -> str:
    return "-" if value is None else f"{float(value):.6g}"
