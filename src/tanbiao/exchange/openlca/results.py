"""Results, EPDs and product systems of openLCA.

A result that holds elementary flows is an aggregated inventory and becomes a process; one that holds impacts only is a
result without inventory, as an EPD is. Product systems are not needed for linking, since processes name their
providers; where a process names none, the links of its product systems do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ...core.errors import Place
from .. import epd
from ..model import Exchange, Flow, Inventory, Process, Result
from ..numbers import finite, shortest
from ..source import Source
from .entities import entity_bytes, read_entity
from .schema import NAME, SlimId

_GWP = (("AR6", r"AR6", "EF 3.1", "2021"), ("AR5", "AR5", "EF 3.0", "2013"), ("AR4", "AR4", "2007"))
Links = dict[str, dict[str, str]]
"""Process → number of the exchange → process that provides it."""


class _ExchangeId(msgspec.Struct, gc=False):
    internalId: int | None = None


class _Link(msgspec.Struct, gc=False):
    process: SlimId
    provider: SlimId
    exchange: _ExchangeId | None = None


class _System(msgspec.Struct):
    id: str = msgspec.field(name="@id", default="")
    name: str = ""
    referenceProcess: SlimId | None = None
    processLinks: list[_Link] = []


_SYSTEM = msgspec.json.Decoder(_System)


def read_links(source: Source, inventory: Inventory) -> Links:
    """What the product systems say of providers; where two of them differ, none is taken and it is reported."""
    systems = []
    for name in source.names(".json", "product_systems"):
        try:
            systems.append(_SYSTEM.decode(entity_bytes(source, name)))
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            inventory.report("exchange-json", source.place(name), detail=error)
    inside = {s.id: s.referenceProcess.id for s in systems if s.referenceProcess is not None}
    links: Links = {}
    torn: set[tuple[str, str]] = set()
    for system in systems:
        inventory.losses.add("product system: only its links are used", system.name)
        for link in system.processLinks:
            if link.exchange is None or link.exchange.internalId is None:
                continue
            number, provider = str(link.exchange.internalId), inside.get(link.provider.id, link.provider.id)
            known = links.setdefault(link.process.id, {}).setdefault(number, provider)
            if known != provider:
                torn.add((link.process.id, number))
    for process, number in torn:
        del links[process][number]
    if torn:
        inventory.report(
            "exchange-openlca-links", Place(source.name), "warning", count=len(torn), example=min(torn)[0]
        )
    return links


def linked(process: Process, links: Mapping[str, str]) -> Process:
    """The process with the providers that its product systems name, where it names none itself."""
    exchanges = tuple(
        msgspec.structs.replace(x, provider=links[x.number])
        if not x.provider and not x.reference and x.number in links
        else x
        for x in process.exchanges
    )
    return msgspec.structs.replace(process, exchanges=exchanges)


def read_results(source: Source, inventory: Inventory, codes: Mapping[str, str], keep: bool) -> list[Process]:
    """EPDs and results with impacts go to `inventory.results`; the processes made of results with an inventory are
    returned. Results of an EPD's modules are part of it."""
    names = source.names(".json", "results")
    found = {str(d["@id"]): (n, d) for n in names if (d := read_entity(source, n, inventory)) is not None}
    units = {}
    for name in source.names(".json", "lcia_categories") if found else ():
        data = read_entity(source, name, inventory, quiet=True)
        if data is not None:
            units[str(data["@id"])] = str(data.get("referenceUnit") or data.get("refUnit") or "")
    reader = _Reader(inventory, {i: d for i, (_, d) in found.items()}, units, codes, keep)
    used: set[str] = set()
    for name in source.names(".json", "epds"):
        data = read_entity(source, name, inventory)
        if data is not None:
            used |= reader.module_ids(data)
            reader.guarded(reader.epd, data, source.place(name))
    for ident, (name, data) in found.items():
        if ident not in used:
            reader.guarded(reader.result, data, source.place(name))
    return reader.processes


class _Reader:
    def __init__(
        self,
        inventory: Inventory,
        results: Mapping[str, dict[str, Any]],
        units: Mapping[str, str],
        codes: Mapping[str, str],
        keep: bool,
    ) -> None:
        self.inventory, self.results, self.units, self.codes = inventory, results, units, codes
        self.keep = keep
        self.processes: list[Process] = []

    def guarded(self, work: Any, data: dict[str, Any], place: Place) -> None:
        try:
            work(data, str(place))
        except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError) as error:
            field = "modules" if "modules" in data else "impactResults"
            detail = str(error)[:200] or type(error).__name__
            self.inventory.report("exchange-footprint", place, field=field, detail=detail)

    def module_ids(self, data: Mapping[str, Any]) -> set[str]:
        return {_ref(m.get("result")) for m in _rows(data.get("modules"))} - {""}

    def epd(self, data: dict[str, Any], where: str) -> None:
        modules: dict[str, dict[str, str]] = {}
        methods = []
        for m in _rows(data.get("modules")):
            result = self.results.get(_ref(m.get("result")))
            if result is None:
                raise ValueError(f"the result of module {m.get('name')} is not there")
            factor = finite(m.get("multiplier", 1.0))
            modules[str(m.get("name") or "").replace(" ", "")] = self.impacts(result, factor)
            methods.append(_name(result.get("impactMethod")))
        chosen = epd.gate(modules)
        if not chosen:
            raise ValueError("no total for climate of A1 to A3")
        product = data.get("product") or {}
        unit, amount = self.amount_of(product)
        method = next((m for m in methods if m), "")
        self.add(
            data,
            where,
            kind="epd",
            unit=unit,
            amount=amount,
            values=epd.declared(modules, chosen),
            modules=modules,
            company=_name(data.get("manufacturer")),
            verification=_name(data.get("verifier")),
            method=method,
            comment="value: modules " + "+".join(chosen),
        )

    def result(self, data: dict[str, Any], where: str) -> None:
        rows = _rows(data.get("flowResults"))
        reference = [r for r in rows if r.get("isRefFlow") or r.get("isReferenceFlow")]
        if len(reference) != 1:
            raise ValueError(f"{len(reference)} reference flows where one is needed")
        if any(self.flow(r).kind == "elementary" for r in rows):
            self.processes.append(self.process(data, rows, where))
            return
        modules = {"total": self.impacts(data, 1.0)}
        if epd.TOTAL not in modules["total"]:
            raise ValueError("no total for climate")
        unit, amount = self.amount_of(reference[0])
        self.add(
            data,
            where,
            kind="result",
            unit=unit,
            amount=amount,
            values=epd.declared(modules, ("total",)),
            modules=modules,
            method=_name(data.get("impactMethod")),
            comment=f"result of {_name(data.get('productSystem')) or 'a calculation'}",
        )

    def add(
        self,
        data: dict[str, Any],
        where: str,
        *,
        kind: Any,
        unit: str,
        amount: str,
        values: dict[str, str],
        modules: dict[str, dict[str, str]],
        method: str,
        comment: str,
        company: str = "",
        verification: str = "",
    ) -> None:
        ident = str(data["@id"])
        self.inventory.results.append(
            Result(
                id=ident,
                name={"": str(data.get("name") or ident)},
                kind=kind,
                unit=unit,
                amount=amount,
                values=values,
                modules=modules,
                place=self.place(data.get("location")),
                start=str(data.get("validFrom") or "")[:10],
                valid_until=str(data.get("validUntil") or "")[:10],
                company=company,
                gwp=next((g for g, *marks in _GWP if any(m in method for m in marks)), ""),
                rules=(method,) if method else (),
                verification=verification,
                version=str(data.get("version") or ""),
                comment={"": comment},
                where=where,
                foreign={NAME: data} if self.keep else {},
            )
        )

    def impacts(self, data: Mapping[str, Any], factor: float) -> dict[str, str]:
        """Indicator → decimal text. A unit that is no mass of CO2e is refused for climate."""
        out: dict[str, str] = {}
        for r in _rows(data.get("impactResults")):
            name = _name(r.get("indicator"))
            key = epd.indicator(name)
            if key.startswith("GWP-"):
                said = self.units.get(_ref(r.get("indicator"))) or str(
                    (r.get("indicator") or {}).get("refUnit") or ""
                )
                plain = said.replace(" ", "").replace("-", "").lower()
                if plain not in ("kgco2eq", "kgco2e", "kgco2equiv.", "kgco2eq.", "kgco₂eq", "kgco2äq."):
                    raise ValueError(f"{name}: the unit {said or 'is missing and'!r} is no kgCO2e")
                if key in out:
                    raise ValueError(f"several indicators may be {key}; one of them is {name}")
            out[key] = shortest(finite(r.get("amount", r.get("value"))) * factor)
        return out

    def process(self, data: Mapping[str, Any], rows: list[dict[str, Any]], where: str) -> Process:
        exchanges = []
        for n, r in enumerate(rows, start=1):
            flow = self.flow(r)
            said = r.get("isInput") if r.get("isInput") is not None else r.get("input")
            exchanges.append(
                Exchange(
                    number=str(n),
                    flow=flow.id,
                    name=flow.name.get("", ""),
                    direction="input" if said else "output",
                    amount=finite(r.get("amount", r.get("value"))),
                    unit=_name(r.get("unit")) or flow.unit,
                    reference=bool(r.get("isRefFlow") or r.get("isReferenceFlow")),
                    place=self.place(r.get("location")),
                )
            )
        return Process(
            id=str(data["@id"]),
            name={"": str(data.get("name") or data["@id"])},
            exchanges=tuple(exchanges),
            kind="aggregated",
            version=str(data.get("version") or ""),
            where=where,
        )

    def flow(self, row: Mapping[str, Any]) -> Flow:
        ident = _ref(row.get("flow"))
        if ident not in self.inventory.flows:
            raise ValueError(f"the flow {_name(row.get('flow')) or ident} is not there")
        return self.inventory.flows[ident]

    def amount_of(self, row: Mapping[str, Any]) -> tuple[str, str]:
        """Unit and amount of a declared product."""
        amount = finite(row.get("amount", row.get("value")))
        if amount <= 0:
            raise ValueError("the declared amount is not above zero")
        return _name(row.get("unit")) or self.flow(row).unit, shortest(amount)

    def place(self, ref: Any) -> str:
        return self.codes.get(_ref(ref), _name(ref))


def _rows(value: Any) -> list[dict[str, Any]]:
    return [r for r in value if isinstance(r, dict)] if isinstance(value, list) else []


def _ref(value: Any) -> str:
    return str(value.get("@id") or "") if isinstance(value, dict) else ""


def _name(value: Any) -> str:
    return str(value.get("name") or "") if isinstance(value, dict) else ""
