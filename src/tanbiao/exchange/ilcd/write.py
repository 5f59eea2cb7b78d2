"""Writing ILCD XML and TIDAS JSON."""

from __future__ import annotations

import json
import re
import uuid
from math import isfinite
from pathlib import Path
from typing import Any

from ..files import write_zip
from ..ids import uuid_of
from ..model import Exchange, Flow, Inventory, Loss, Losses, Process, first
from ..numbers import shortest
from ..xml import Tree, spoken, write_xml
from .schema import DOCS, NAME

_SPACE = uuid.UUID("4c1b3a52-2f0e-5d6c-8b7a-90817263f4a5")


def identity(text: str) -> str:
    """ILCD wants a UUID."""
    return uuid_of(text, _SPACE)


def write(inventory: Inventory, target: Path, tidas: bool = False) -> tuple[Loss, ...]:
    """Write a zip of ILCD XML, or of TIDAS JSON. Returns the losses."""
    losses = Losses()
    trees = datasets(inventory, losses)
    suffix = ".json" if tidas else ".xml"
    write_zip(target, ((name + suffix, _bytes(tree, tidas)) for name, tree in sorted(trees.items())))
    return losses.report()


def _bytes(tree: Tree, tidas: bool) -> bytes:
    return json.dumps(tree, ensure_ascii=False, indent=1).encode() if tidas else write_xml(tree)


def datasets(inventory: Inventory, losses: Losses) -> dict[str, Tree]:
    """`processes/<uuid>` and the like → tree of every data set."""
    inventory.gathered()
    own = inventory.format == NAME
    out: dict[str, Tree] = dict(inventory.documents) if own else {}
    if not own:
        for path in inventory.documents:
            losses.add("documents." + path.split("/")[0], path)
        _basics(inventory, out)
    for flow in inventory.flows.values():
        if not flow.foreign.get("missing"):
            out[f"flows/{identity(flow.id)}"] = {"flowDataSet": _flow_tree(flow, losses, own)}
    for p in inventory:
        out[f"processes/{identity(p.id)}"] = {"processDataSet": _process_tree(p, inventory, losses, own)}
    for q in inventory.parameters:
        losses.add("parameters (global)", q.name)
    for r in inventory.results:
        if r.id not in {p.id for p in inventory}:
            losses.add("results", first(r.name, "en"))
    return out


def _set(tree: Tree, path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        child = tree.get(name)
        if not isinstance(child, dict):
            child = tree[name] = {} if child in (None, "") else {"#text": child}
        tree = child
    if value not in (None, "", [], {}):
        tree[path[-1]] = value[0] if isinstance(value, list) and len(value) == 1 else value


def _copy(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {k: _copy(v) for k, v in tree.items()}
    return [_copy(v) for v in tree] if isinstance(tree, list) else tree


def _head(space: str) -> Tree:
    return {
        "@xmlns": f"http://lca.jrc.it/ILCD/{space}",
        "@xmlns:common": "http://lca.jrc.it/ILCD/Common",
        "@version": "1.1",
    }


def _flow_tree(flow: Flow, losses: Losses, own: bool) -> Tree:
    root = _copy(flow.foreign.get(NAME)) or _head("Flow")
    info = ("flowInformation", "dataSetInformation")
    _set(root, (*info, "common:UUID"), identity(flow.id))
    _set(root, (*info, "name", "baseName"), spoken(flow.name))
    _set(root, (*info, "common:synonyms"), spoken(flow.synonyms))
    _set(root, (*info, "CASNumber"), flow.cas)
    _set(root, (*info, "sumFormula"), flow.formula)
    _set(root, (*info, "common:generalComment"), spoken(flow.comment))
    if not own:
        if flow.compartment:
            _set(
                root,
                (
                    *info,
                    "classificationInformation",
                    "common:elementaryFlowCategorization",
                    "common:category",
                ),
                [{"@level": str(k), "#text": c} for k, c in enumerate(flow.compartment)],
            )
        elif flow.category:
            _set(
                root,
                (*info, "classificationInformation", "common:classification", "common:class"),
                [{"@level": str(k), "#text": c} for k, c in enumerate(flow.category)],
            )
        _set(root, ("flowInformation", "quantitativeReference", "referenceToReferenceFlowProperty"), "0")
        _set(root, ("flowInformation", "geography", "locationOfSupply"), flow.place)
        _set(
            root,
            ("modellingAndValidation", "LCIMethod", "typeOfDataSet"),
            {"product": "Product flow", "waste": "Waste flow", "elementary": "Elementary flow"}[flow.kind],
        )
        _set(
            root,
            ("administrativeInformation", "publicationAndOwnership", "common:dataSetVersion"),
            _version(flow.version),
        )
        held = [(flow.unit, 1.0), *((m.unit, m.factor) for m in flow.measures)]
        _set(
            root,
            ("flowProperties", "flowProperty"),
            [
                {
                    "@dataSetInternalID": str(k),
                    "referenceToFlowPropertyDataSet": {
                        "@type": "flow property data set",
                        "@refObjectId": identity("property " + unit),
                        "@uri": f"../flowproperties/{identity('property ' + unit)}.xml",
                        "common:shortDescription": {"@xml:lang": "en", "#text": f"Quantity in {unit}"},
                    },
                    "meanValue": shortest(factor),
                }
                for k, (unit, factor) in enumerate(held)
            ],
        )
        for other in flow.foreign:
            losses.add(f"flow.foreign.{other}", flow.id)
    return dict(root)


def _version(text: str) -> str:
    return text if re.fullmatch(r"\d{2}\.\d{2}\.\d{3}", text) else "01.00.000"


def _basics(inventory: Inventory, out: dict[str, Tree]) -> None:
    units = {f.unit for f in inventory.flows.values()} | {
        m.unit for f in inventory.flows.values() for m in f.measures
    }
    for unit in sorted(units):
        group, prop = identity("group " + unit), identity("property " + unit)
        others = [(u, f) for u, (ref, f) in inventory.units.items() if ref == unit and u != unit]
        root = _head("UnitGroup")
        info = ("unitGroupInformation", "dataSetInformation")
        _set(root, (*info, "common:UUID"), group)
        _set(root, (*info, "common:name"), {"@xml:lang": "en", "#text": f"Units of {unit}"})
        _set(root, ("unitGroupInformation", "quantitativeReference", "referenceToReferenceUnit"), "0")
        _set(
            root,
            ("units", "unit"),
            [
                {"@dataSetInternalID": str(k), "name": u, "meanValue": shortest(f)}
                for k, (u, f) in enumerate([(unit, 1.0), *others])
            ],
        )
        out[f"unitgroups/{group}"] = {"unitGroupDataSet": root}
        root = _head("FlowProperty")
        info = ("flowPropertiesInformation", "dataSetInformation")
        _set(root, (*info, "common:UUID"), prop)
        _set(root, (*info, "common:name"), {"@xml:lang": "en", "#text": f"Quantity in {unit}"})
        _set(
            root,
            ("flowPropertiesInformation", "quantitativeReference", "referenceToReferenceUnitGroup"),
            {
                "@type": "unit group data set",
                "@refObjectId": group,
                "@uri": f"../unitgroups/{group}.xml",
                "common:shortDescription": {"@xml:lang": "en", "#text": f"Units of {unit}"},
            },
        )
        out[f"flowproperties/{prop}"] = {"flowPropertyDataSet": root}


def _process_tree(p: Process, inventory: Inventory, losses: Losses, own: bool) -> Tree:
    root = _copy(p.foreign.get(NAME)) or _head("Process")
    info = ("processInformation", "dataSetInformation")
    _set(root, (*info, "common:UUID"), identity(p.id))
    _set(root, (*info, "name", "baseName"), spoken(p.name))
    for key, texts in p.docs.items():
        if key in DOCS:
            _set(root, DOCS[key], spoken(texts))
        else:
            losses.add(f"process.docs.{key}", first(texts, "en"))
    if p.parameters:
        _set(
            root,
            ("processInformation", "mathematicalRelations", "variableParameter"),
            [
                q.foreign.get(NAME)
                or {
                    "@name": q.name,
                    **({"formula": q.formula} if q.formula else {}),
                    **({"meanValue": shortest(q.value)} if q.value is not None else {}),
                    **({"comment": spoken(q.comment)} if q.comment else {}),
                }
                for q in p.parameters
            ],
        )
    if not own:
        if p.category:
            _set(
                root,
                (*info, "classificationInformation", "common:classification", "common:class"),
                [{"@level": str(k), "#text": c} for k, c in enumerate(p.category)],
            )
        _set(root, ("processInformation", "quantitativeReference"), {"@type": "Reference flow(s)"})
        _set(
            root,
            ("processInformation", "quantitativeReference", "referenceToReferenceFlow"),
            [_internal(x.number, k) for k, x in enumerate(p.exchanges) if x.reference],
        )
        _set(root, ("processInformation", "time", "common:referenceYear"), p.start[:4])
        _set(root, ("processInformation", "time", "common:dataSetValidUntil"), p.end[:4])
        if p.start[4:] or p.end[4:]:
            losses.add("process.start, process.end: only the year", f"{p.start} {p.end}")
        if p.place:
            _set(
                root,
                ("processInformation", "geography", "locationOfOperationSupplyOrProduction", "@location"),
                p.place,
            )
        _set(
            root,
            ("modellingAndValidation", "LCIMethodAndAllocation", "typeOfDataSet"),
            "LCI result" if p.kind == "aggregated" else "Unit process, single operation",
        )
        _set(
            root,
            ("administrativeInformation", "publicationAndOwnership", "common:dataSetVersion"),
            _version(p.version),
        )
        _set(root, ("administrativeInformation", "publicationAndOwnership", "common:licenseType"), p.licence)
        for name, value in (
            ("source", p.source),
            ("quality", p.quality),
            ("default_allocation", p.default_allocation),
        ):
            if value:
                losses.add(f"process.{name}", str(value))
        for a in p.allocations:
            losses.add("process.allocations", f"{a.method} {a.product} {a.value}")
        for other in p.foreign:
            losses.add(f"process.foreign.{other}", p.id)
    variables = frozenset(q.name for q in p.parameters)
    _set(
        root,
        ("exchanges", "exchange"),
        [_exchange_tree(x, k, inventory, losses, own, variables) for k, x in enumerate(p.exchanges)],
    )
    return _ordered(root)


def _ordered(root: Tree) -> Tree:
    """Sections in the order of the schema."""
    order = (
        "processInformation",
        "modellingAndValidation",
        "administrativeInformation",
        "exchanges",
        "LCIAResults",
    )
    head = {k: v for k, v in root.items() if k not in order}
    return {**head, **{k: root[k] for k in order if k in root}}


_VARIABLE = re.compile(r"(?:([-+\d.eE]+) \* )?(\w+)")
"""What an exchange of ILCD can say of its amount: a number times a variable."""


def _internal(number: str, k: int) -> str:
    return number if number.isdigit() else str(k)


def _spread(x: Exchange, losses: Losses) -> Tree:
    """The distribution of an exchange; what ILCD has no place for is a loss."""
    u = x.uncertainty
    if u is None:
        return {}
    kind = {"lognormal": "log-normal"}.get(u.kind, u.kind)
    if u.kind == "lognormal":
        return {"uncertaintyDistributionType": kind, "relativeStandardDeviation95In": shortest(u.b**2)}
    if u.kind == "normal" and x.amount:
        percent = shortest(round(200 * u.b / abs(x.amount), 12))
        return {"uncertaintyDistributionType": kind, "relativeStandardDeviation95In": percent}
    ends = (u.a, u.b if u.kind == "uniform" else u.c)
    if ends[1] is None or u.kind == "normal" or (x.low, x.high) not in ((None, None), ends):
        losses.add(f"exchange.uncertainty.{u.kind}", x.number)
        return {}
    out = {"uncertaintyDistributionType": kind, "minimumAmount": shortest(ends[0])}
    return out | {"maximumAmount": shortest(ends[1])}


def _exchange_tree(
    x: Exchange, k: int, inventory: Inventory, losses: Losses, own: bool, variables: frozenset[str]
) -> Tree:
    rest = _copy(x.foreign.get(NAME)) or {}
    flow = inventory.flows.get(x.flow)
    held = isfinite(x.amount)
    amount = x.foreign.get("text", {}).get("amount") or (shortest(x.amount) if held else "")
    if not held:
        losses.add("exchange.amount: a formula without a value", x.formula)
    out: Tree = {"@dataSetInternalID": x.number if own else _internal(x.number, k)}
    if "referenceToFlowDataSet" in rest:
        out["referenceToFlowDataSet"] = rest.pop("referenceToFlowDataSet")
    else:
        out["referenceToFlowDataSet"] = {
            "@type": "flow data set",
            "@refObjectId": identity(x.flow),
            "@uri": f"../flows/{identity(x.flow)}.xml",
            "common:shortDescription": spoken(flow.name if flow is not None else {"en": x.name or x.flow}),
        }
    if x.place:
        out["location"] = x.place
    out["exchangeDirection"] = "Input" if x.direction == "input" else "Output"
    if not own and held and flow is not None and x.unit != flow.unit:
        from ..units import factor_between, ours

        mine, theirs = ours(x.unit, inventory.units), ours(flow.unit, inventory.units)
        factor = factor_between(mine[0], theirs[0]) if mine and theirs else None
        if factor is None or mine is None or theirs is None:
            losses.add("exchange.unit", f"{x.unit} ≠ {flow.unit}")
        else:
            amount = shortest(x.amount * mine[1] * factor / theirs[1])
            if x.unit != flow.unit:
                losses.add("exchange.unit: converted to the unit of the flow", f"{x.unit} → {flow.unit}")
    out["meanAmount"] = rest.pop("meanAmount", amount)
    if held:
        out["resultingAmount"] = amount
    if x.low is not None:
        out["minimumAmount"] = shortest(x.low)
    if x.high is not None:
        out["maximumAmount"] = shortest(x.high)
    if not own:
        out |= _spread(x, losses)
        variable = _VARIABLE.fullmatch(x.formula)
        if variable and variable.group(2) in variables:
            out |= {"referenceToVariable": variable.group(2), "meanAmount": variable.group(1) or "1"}
        elif x.formula:
            losses.add("exchange.formula", x.formula)
        for name, value in (
            ("provider", x.provider),
            ("quality", x.quality),
            ("avoided", x.avoided and "true"),
        ):
            if value:
                losses.add(f"exchange.{name}", str(value))
        for other in x.foreign:
            if other != "text":
                losses.add(f"exchange.foreign.{other}", x.number)
    out |= rest
    if x.comment:
        texts = spoken(x.comment)
        out["generalComment"] = texts[0] if len(texts) == 1 else texts
    return out
