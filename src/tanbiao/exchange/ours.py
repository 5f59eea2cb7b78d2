"""Our own data as an inventory: a library, or the facts of a study with what they buy, for the writers."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any

from msgspec import structs

from ..core.errors import raise_errors, refuse
from ..core.numbers import number
from ..evaluate.facts import arithmetic
from ..library import Factor, Library
from ..library.elementary import NOTHING, Elementary
from ..study import SCHEMA, Study
from ..study.parameters import parameters, substituted
from .model import Exchange, Flow, Inventory, Process, Uncertainty, Words
from .uncertain import declared, uncertainties_of, uncertainty_of

CARRIED = frozenset(
    {"id", "process", "direction", "flow", "flow_zh", "amount", "unit", "provider", "note"}
    | {"distribution", "spread", "low", "high"}
)
"""Columns of a study's exchanges that the model has a place for; the others are losses."""
CO2E = "Carbon dioxide equivalent without its gases"


def _words(en: str, zh: str) -> Words:
    return {k: v for k, v in (("en", en), ("zh", zh)) if v}


def library_inventory(library: Library, nature: Elementary = NOTHING) -> Inventory:
    """Every process, and every factor as an aggregated process that puts out CO2e (its gases are not known). nature:
    the library's elementary flows beside its greenhouse gases."""
    inventory = Inventory("tanbiao", f"{library.id}@{library.version}")
    taken = _nature(nature, inventory)
    processes = []
    for ident in library.processes:
        p = _process(library, ident, inventory)
        more = tuple(
            structs.replace(x, number=str(n)) for n, x in enumerate(taken.get(ident, ()), len(p.exchanges))
        )
        processes.append(structs.replace(p, exchanges=(*p.exchanges, *more)) if more else p)
    processes += [_factor(f, inventory) for f in library.factors.values()]
    inventory.processes = tuple(processes)
    inventory.losses.add("gases' factors: a format of inventories holds no characterisation", library.id)
    return inventory


def _nature(nature: Elementary, inventory: Inventory) -> dict[str, list[Exchange]]:
    """Exchanges with nature by process; their flows go into the inventory under their own ids."""
    for f in nature.flows:
        inventory.flows[f.id] = Flow(
            id=f.id,
            name=_words(f.name_en, "" if f.name_zh == f.name_en else f.name_zh),
            kind="elementary",
            unit=f.unit,
            compartment=tuple(c for c in f.compartment.split("/") if c),
            cas=f.cas,
        )
    out: dict[str, list[Exchange]] = {}
    columns = (nature.process, nature.flow, nature.output, nature.amount, nature.place)
    spreads = uncertainties_of(nature, inventory.losses)
    for process, k, given, amount, place, spread in zip(*(c.tolist() for c in columns), spreads, strict=True):
        flow = nature.flows[k]
        out.setdefault(nature.processes[process], []).append(
            Exchange(
                number="",
                flow=flow.id,
                name=flow.name_en,
                direction="output" if given else "input",
                amount=amount,
                unit=flow.unit,
                place=nature.places[place],
                uncertainty=spread,
            )
        )
    return out


def _product(inventory: Inventory, ident: str, en: str, zh: str, unit: str, place: str) -> str:
    key = "flow " + ident
    inventory.flows.setdefault(key, Flow(id=key, name=_words(en, zh), kind="product", unit=unit, place=place))
    return key


def _gas(inventory: Inventory, library: Library, gas: str) -> str:
    key = "gas " + gas
    g = library.gases.get(gas)
    inventory.flows.setdefault(
        key,
        Flow(
            id=key,
            name=_words(g.name_en if g else gas, g.name_zh if g else ""),
            unit="kg",
            kind="elementary",
            compartment=("Emissions", "Emissions to air", "Emissions to air, unspecified"),
            formula=g.formula if g else "",
        ),
    )
    return key


def _process(library: Library, ident: str, inventory: Inventory) -> Process:
    p = library.processes[ident]
    own = _product(inventory, ident, p.name_en, p.name_zh, p.unit, p.place)
    exchanges = []
    for n, x in enumerate(library.exchanges_of(ident)):
        low, high = (None if v is None else float(v) for v in (x.low, x.high))
        more: dict[str, Any] = {
            "low": low,
            "high": high,
            "comment": {"": x.note} if x.note else {},
            "uncertainty": uncertainty_of(x, inventory.losses),
            "quality": x.pedigree,
        }
        if x.kind == "reference":
            exchanges.append(
                Exchange(
                    number=str(n),
                    flow=own,
                    name=p.name_en,
                    direction="output",
                    amount=float(x.amount),
                    unit=x.unit,
                    reference=True,
                )
            )
        elif x.provider in library.gases:
            exchanges.append(
                Exchange(
                    number=str(n),
                    flow=_gas(inventory, library, x.provider),
                    name=x.flow,
                    unit=x.unit,
                    direction="output",
                    amount=float(x.amount),
                    **more,
                )
            )
        else:
            provider = library.processes.get(x.provider) or library.factors.get(x.provider)
            if provider is None:
                flow = "cutoff " + x.flow
                inventory.flows.setdefault(
                    flow, Flow(id=flow, name={"en": x.flow}, kind="product", unit=x.unit)
                )
            else:
                flow = _product(
                    inventory, provider.id, provider.name_en, provider.name_zh, provider.unit, provider.place
                )
            exchanges.append(
                Exchange(
                    number=str(n),
                    flow=flow,
                    name=x.flow,
                    direction="input",
                    amount=float(x.amount),
                    unit=x.unit,
                    provider=x.provider if provider is not None else "",
                    **more,
                )
            )
    docs = {"description": {"": p.notes}} if p.notes else {}
    return Process(
        id=ident,
        name=_words(p.name_en, p.name_zh),
        exchanges=tuple(exchanges),
        place=p.place,
        end=p.year,
        start=p.year,
        licence=p.licence,
        source=p.source,
        docs=docs,
        category=tuple(c for c in p.category.split("/") if c),
    )


def _factor(f: Factor, inventory: Inventory) -> Process:
    own = _product(inventory, f.id, f.name_en, f.name_zh, f.unit, f.place)
    inventory.flows.setdefault(
        "gas co2e_unsplit",
        Flow(
            id="gas co2e_unsplit",
            name={"en": CO2E, "zh": "二氧化碳当量（气体未分）"},
            kind="elementary",
            unit="kg",
            compartment=("Emissions", "Emissions to air", "Emissions to air, unspecified"),
        ),
    )
    exchanges = (
        Exchange(
            number="0", flow=own, name=f.name_en, direction="output", amount=1.0, unit=f.unit, reference=True
        ),
        Exchange(
            number="1",
            flow="gas co2e_unsplit",
            name=CO2E,
            direction="output",
            amount=float(f.value),
            unit="kg",
            uncertainty=uncertainty_of(f, inventory.losses),
            quality=f.pedigree,
        ),
    )
    for name, value in (
        ("boundary", f.boundary),
        ("gwp_set", f.gwp_set),
        ("gas_basis", f.gas_basis),
        ("allowed_uses", " ".join(f.allowed_uses)),
        ("split by gas", "yes" if f.fossil is not None else ""),
    ):
        if value:
            inventory.losses.add(f"factor.{name}", f"{f.id}: {value}")
    return Process(
        id=f.id,
        name=_words(f.name_en, f.name_zh),
        exchanges=exchanges,
        place=f.place,
        kind="aggregated",
        start="" if f.period_start == "unknown" else f.period_start,
        end="" if f.period_end == "unknown" else f.period_end,
        licence=f.licence,
        source=f.source,
        category=tuple(c for c in f.category.split("/") if c),
    )


def study_inventory(study: Study, library: Library) -> Inventory:
    """The processes of a study as declared (neutral: no decision of a pack is in it), with the library items they buy
    as aggregated processes that hold nothing but their product (the background is not copied)."""
    inventory = Inventory("tanbiao", study.id)
    for (_, named), parameter in parameters(study).items():
        inventory.losses.add("parameter: its value stands in the amounts", f"{named} = {parameter.text}")
    study, problems = substituted(study)
    raise_errors(problems)
    rows = list(study.tables["exchange"].rows()) if "exchange" in study.tables else []
    own = {r["id"]: r for r in (study.tables["process"].rows() if "process" in study.tables else ())}
    products = {r["process"]: r for r in rows if r.get("direction") == "product"}
    bought: set[str] = set()
    processes = []
    for ident, p in own.items():
        exchanges = []
        for n, r in enumerate(x for x in rows if x["process"] == ident):
            amount = _amount(study, r, "amount")
            provider = r.get("provider", "")
            direction = r.get("direction", "")
            more: dict[str, Any] = {
                "comment": {"": r["note"]} if r.get("note") else {},
                "uncertainty": _spread(study, r, amount, inventory),
            }
            if r["amount"].startswith("="):
                more["formula"] = r["amount"][1:]
            if direction == "product":
                flow = _product(
                    inventory, ident, r["flow"], r.get("flow_zh", ""), r["unit"], p.get("place", "")
                )
                exchanges.append(
                    Exchange(
                        number=str(n),
                        flow=flow,
                        name=r["flow"],
                        direction="output",
                        amount=amount,
                        unit=r["unit"],
                        reference=r is products.get(ident),
                        **more,
                    )
                )
            elif provider in library.gases:
                flow = _gas(inventory, library, provider)
                exchanges.append(
                    Exchange(
                        number=str(n),
                        flow=flow,
                        name=r["flow"],
                        direction="output",
                        amount=amount,
                        unit=r["unit"],
                        **more,
                    )
                )
            else:
                if provider in own:
                    q = products.get(provider, r)
                    flow = _product(
                        inventory,
                        provider,
                        q["flow"],
                        q.get("flow_zh", ""),
                        q["unit"],
                        own[provider].get("place", ""),
                    )
                elif provider in library.items:
                    item = library.items[provider]
                    flow = _product(
                        inventory,
                        provider,
                        item.name_en,
                        item.name_zh,
                        str(getattr(item, "unit", "kg")),
                        str(getattr(item, "place", "")),
                    )
                    bought.add(provider)
                else:
                    flow = f"flow {r['flow']}"
                    inventory.flows.setdefault(
                        flow,
                        Flow(
                            id=flow,
                            name=_words(r["flow"], r.get("flow_zh", "")),
                            kind=("elementary" if direction in ("emission", "resource") else "product"),
                            unit=r["unit"],
                        ),
                    )
                exchanges.append(
                    Exchange(
                        number=str(n),
                        flow=flow,
                        name=r["flow"],
                        amount=amount,
                        unit=r["unit"],
                        direction="output" if direction == "emission" else "input",
                        provider=provider if provider in own or provider in library.items else "",
                        **more,
                    )
                )
            for name in sorted(set(SCHEMA["exchange"]) - CARRIED):
                if r.get(name):
                    inventory.losses.add(f"exchange.{name}", r[name])
        processes.append(
            Process(
                id=ident,
                name=_words(p.get("name_en", "") or ident, p.get("name_zh", "")),
                exchanges=tuple(exchanges),
                place=p.get("place", ""),
                source=f"study {study.id}",
            )
        )
    for ident in sorted(bought):
        item = library.items[ident]
        flow = f"flow {ident}"
        processes.append(
            Process(
                id=ident,
                name=_words(item.name_en, item.name_zh),
                place=str(getattr(item, "place", "")),
                kind="aggregated",
                source=f"{library.id}@{library.version}",
                licence=str(getattr(item, "licence", "")),
                exchanges=(
                    Exchange(
                        number="0",
                        flow=flow,
                        name=item.name_en,
                        direction="output",
                        amount=1.0,
                        unit=str(getattr(item, "unit", "kg")),
                        reference=True,
                    ),
                ),
            )
        )
    for table in study.tables:
        if table not in ("exchange", "process"):
            inventory.losses.add(f"table {table}", str(len(study.tables[table])))
    inventory.losses.add("goal, scope and packs", study.id)
    inventory.processes = tuple(processes)
    return inventory


def _amount(study: Study, row: Mapping[str, str], column: str) -> float:
    """A number or a formula of numbers in a cell, nan where it is empty. Refuses (`number-expected`)."""
    text = row.get(column, "")
    if not text:
        return nan
    try:
        return float(arithmetic(text) if text.startswith("=") else number(text))
    except (ValueError, ZeroDivisionError):
        table = study.tables["exchange"]
        raise refuse(
            "number-expected", table.place(table.ids.index(row["id"]), column), text=text[:60]
        ) from None


def _spread(study: Study, row: Mapping[str, str], amount: float, inventory: Inventory) -> Uncertainty | None:
    kind = row.get("distribution", "")
    if not kind:
        return None
    spread, low, high = (_amount(study, row, column) for column in ("spread", "low", "high"))
    return declared(kind, amount, spread, low, high, row["id"], inventory.losses)
