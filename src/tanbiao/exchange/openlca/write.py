"""Writing openLCA JSON-LD."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..files import write_zip
from ..ids import uuid_of
from ..model import Exchange, Flow, Inventory, Loss, Losses, Process, first
from .schema import ALLOCATIONS, DISTRIBUTIONS, DOCS, FLOW_KINDS, NAME

_SPACE = uuid.UUID("6d1d7b0e-7f0a-5a4f-9d0e-3b5f6c1d2e3f")


def identity(text: str) -> str:
    """openLCA wants a UUID."""
    return uuid_of(text, _SPACE)


def write(inventory: Inventory, target: Path) -> tuple[Loss, ...]:
    """Write a zip (generation 2 unless the data came from generation 1). Returns the losses."""
    losses = Losses()
    inventory.gathered()
    made = sorted(entities(inventory, losses).items())
    write_zip(target, ((name, _json(data)) for name, data in made))
    return losses.report()


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def entities(inventory: Inventory, losses: Losses) -> dict[str, Any]:
    """Path in the zip → JSON of every data set."""
    inventory.gathered()
    own = inventory.format == NAME
    out: dict[str, Any] = dict(inventory.documents) if own else {}
    if not own:
        for path in inventory.documents:
            losses.add("documents." + path.split("/")[0], path)
        _basics(inventory, out)
        out["olca-schema.json"] = {"version": 2}
    for flow in inventory.flows.values():
        out[f"flows/{identity(flow.id)}.json"] = _flow_data(flow, losses, own)
    for p in inventory.parameters:
        out[f"parameters/{identity('parameter ' + p.name)}.json"] = p.foreign.get(NAME) or {
            "@type": "Parameter",
            "@id": identity("parameter " + p.name),
            "name": p.name,
            "value": p.value,
            "formula": p.formula,
            "isInputParameter": not p.formula,
            "parameterScope": "GLOBAL_SCOPE",
        }
    kept = {
        d["@id"] for d in out.values() if isinstance(d, dict) and d.get("@type") in ("Result", "Epd", "EPD")
    }
    for process in inventory:
        if process.id not in kept:
            out[f"processes/{identity(process.id)}.json"] = _process_data(process, inventory, losses, own)
    for r in inventory.results:
        if r.id not in kept:
            losses.add("results", first(r.name, "en"))
    return out


def _basics(inventory: Inventory, out: dict[str, Any]) -> None:
    """Unit groups and flow properties: one for each reference unit."""
    units = {f.unit for f in inventory.flows.values()} | {x.unit for p in inventory for x in p.exchanges}
    for text in sorted(units):
        reference, factor = inventory.units.get(text, (text, 1.0))
        group, prop = identity("group " + reference), identity("property " + reference)
        data = out.setdefault(
            f"unit_groups/{group}.json",
            {
                "@type": "UnitGroup",
                "@id": group,
                "name": f"Units of {reference}",
                "units": [
                    {
                        "@type": "Unit",
                        "@id": identity("unit " + reference),
                        "name": reference,
                        "isRefUnit": True,
                        "conversionFactor": 1.0,
                    }
                ],
            },
        )
        if text != reference:
            data["units"].append(
                {"@type": "Unit", "@id": identity("unit " + text), "name": text, "conversionFactor": factor}
            )
        out.setdefault(
            f"flow_properties/{prop}.json",
            {
                "@type": "FlowProperty",
                "@id": prop,
                "name": f"Quantity in {reference}",
                "flowPropertyType": "PHYSICAL_QUANTITY",
                "unitGroup": {"@type": "UnitGroup", "@id": group, "name": f"Units of {reference}"},
            },
        )
    for place in sorted({p.place for p in inventory if p.place}):
        out[f"locations/{identity('place ' + place)}.json"] = {
            "@type": "Location",
            "@id": identity("place " + place),
            "name": place,
            "code": place,
        }


def _spoken(words: Mapping[str, str], losses: Losses, field: str) -> str:
    """openLCA has one text: the English one first; the others are lost and said so."""
    text = first(words, "en")
    for lang, other in words.items():
        if other and other != text:
            losses.add(f"{field}[{lang or '?'}]", other)
    return text


def _flow_data(flow: Flow, losses: Losses, own: bool) -> dict[str, Any]:
    data = dict(flow.foreign.get(NAME, {}))
    said: dict[str, Any] = {
        "@type": "Flow",
        "@id": identity(flow.id),
        "name": _spoken(flow.name, losses, "flow.name"),
        "flowType": next(k for k, v in FLOW_KINDS.items() if v == flow.kind),
    }
    if flow.version:
        said["version"] = flow.version
    for key, value in (
        ("cas", flow.cas),
        ("formula", flow.formula),
        ("synonyms", _spoken(flow.synonyms, losses, "flow.synonyms")),
        ("description", _spoken(flow.comment, losses, "flow.comment")),
    ):
        if value:
            said[key] = value
    if not own:
        category = flow.compartment or flow.category
        if category:
            said["category"] = "/".join(category)
        reference = flow.unit
        data["flowProperties"] = [
            {
                "@type": "FlowPropertyFactor",
                "isRefFlowProperty": True,
                "conversionFactor": 1.0,
                "flowProperty": {"@type": "FlowProperty", "@id": identity("property " + reference)},
            }
        ]
        for m in flow.measures:
            losses.add("flow.measures", f"{m.factor} {m.unit}")
        if flow.place:
            data["location"] = {
                "@type": "Location",
                "@id": identity("place " + flow.place),
                "name": flow.place,
            }
        for other in flow.foreign:
            losses.add(f"flow.foreign.{other}", flow.id)
    return {**data, **said}


def _process_data(p: Process, inventory: Inventory, losses: Losses, own: bool) -> dict[str, Any]:
    data = dict(p.foreign.get(NAME, {}))
    old = own and (
        "infrastructureProcess" in data or any("input" in x.foreign.get(NAME, {}) for x in p.exchanges)
    )
    said: dict[str, Any] = {
        "@type": "Process",
        "@id": identity(p.id),
        "name": _spoken(p.name, losses, "process.name"),
    }
    if p.version:
        said["version"] = p.version
    description = p.docs.get("description")
    if description:
        said["description"] = _spoken(description, losses, "process.description")
    if p.quality:
        said["dqEntry"] = p.quality
    documentation = dict(data.get("processDocumentation") or {})
    for key, words in p.docs.items():
        if key in DOCS:
            documentation[DOCS[key]] = _spoken(words, losses, f"process.{key}")
        elif key != "description":
            losses.add(f"process.docs.{key}", first(words, "en"))
    if not own:
        said |= {"processType": "LCI_RESULT" if p.kind == "aggregated" else "UNIT_PROCESS"}
        if p.category:
            said["category"] = "/".join(p.category)
        if p.place:
            said["location"] = {"@type": "Location", "@id": identity("place " + p.place), "name": p.place}
        for key, value in (
            ("validFrom", p.start),
            ("validUntil", p.end),
            ("restrictionsDescription", p.licence),
        ):
            if value:
                documentation[key] = value
        if p.source:
            losses.add("process.source", p.source)
        if p.default_allocation:
            name = next((k for k, v in ALLOCATIONS.items() if v == p.default_allocation), None)
            if name:
                said["defaultAllocationMethod"] = name
            else:
                losses.add("process.default_allocation", p.default_allocation)
        if p.allocations:
            said["allocationFactors"] = [
                {
                    "@type": "AllocationFactor",
                    "allocationType": next(
                        (k for k, v in ALLOCATIONS.items() if v == a.method), "PHYSICAL_ALLOCATION"
                    ),
                    "product": {"@type": "Flow", "@id": identity(a.product)},
                    "value": a.value,
                    **({"exchange": {"internalId": int(a.exchange)}} if a.exchange.isdigit() else {}),
                }
                for a in p.allocations
            ]
        if p.parameters:
            said["parameters"] = [
                {
                    "@type": "Parameter",
                    "@id": identity(f"{p.id} {q.name}"),
                    "name": q.name,
                    "value": q.value,
                    "formula": q.formula,
                    "isInputParameter": not q.formula,
                    "parameterScope": "PROCESS_SCOPE",
                }
                for q in p.parameters
            ]
        for other in p.foreign:
            losses.add(f"process.foreign.{other}", p.id)
    if documentation:
        documentation.setdefault("@type", "ProcessDocumentation")
        said["processDocumentation"] = documentation
    said["exchanges"] = [
        _exchange_data(x, inventory, losses, own, old, k) for k, x in enumerate(p.exchanges, start=1)
    ]
    return {**data, **said}


def _exchange_data(
    x: Exchange, inventory: Inventory, losses: Losses, own: bool, old: bool, k: int
) -> dict[str, Any]:
    data = dict(x.foreign.get(NAME, {}))
    said: dict[str, Any] = {"@type": "Exchange", "amount": x.amount}
    if x.number or not own:
        said["internalId"] = int(x.number) if x.number.isdigit() else k
        if not x.number.isdigit() and x.number:
            losses.add("exchange.number", x.number)
    if not old:
        said |= {"isInput": x.direction == "input"}
        if x.reference:
            said["isQuantitativeReference"] = True
        if x.avoided or "isAvoidedProduct" in data:
            said["isAvoidedProduct"] = x.avoided
    if x.formula:
        said["amountFormula"] = x.formula
    if x.quality:
        said["dqEntry"] = x.quality
    comment = _spoken(x.comment, losses, "exchange.comment")
    if comment:
        said["description"] = comment
    if not own:
        flow = inventory.flows.get(x.flow)
        reference = inventory.units.get(x.unit, (x.unit, 1.0))[0]
        said["flow"] = {
            "@type": "Flow",
            "@id": identity(x.flow),
            "name": first(flow.name, "en") if flow else x.name,
        }
        said["unit"] = {"@type": "Unit", "@id": identity("unit " + x.unit), "name": x.unit}
        said["flowProperty"] = {"@type": "FlowProperty", "@id": identity("property " + reference)}
        if x.provider:
            said["defaultProvider"] = {"@type": "Process", "@id": identity(x.provider)}
        if x.place:
            said["location"] = {"@type": "Location", "@id": identity("place " + x.place), "name": x.place}
        if x.uncertainty is not None:
            u = x.uncertainty
            names = {
                "lognormal": ("geomMean", "geomSd"),
                "normal": ("mean", "sd"),
                "uniform": ("minimum", "maximum"),
                "triangular": ("minimum", "mode", "maximum"),
            }[u.kind]
            said["uncertainty"] = {
                "@type": "Uncertainty",
                "distributionType": DISTRIBUTIONS[u.kind],
                **dict(zip(names, (u.a, u.b, u.c), strict=False)),
            }
        if x.low is not None or x.high is not None:
            losses.add("exchange.low, exchange.high", f"{x.low} … {x.high}")
        for other in x.foreign:
            losses.add(f"exchange.foreign.{other}", x.number)
    return {**data, **said}
