"""ecoSpold 1 and 2 (reading only).

Read from foreign-made files: the sample data sets of pyecospold, which come from ecoinvent 1.x and 3.x. Exchange
numbers of ecoSpold 1 are not unique (the USLCI export of 2021 gives negative footprints when linked by them): flows are
told apart by name, category, location and unit.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import Any

from ..core.errors import TanbiaoError
from .model import (
    Allocation,
    Direction,
    Exchange,
    Flow,
    FlowKind,
    Inventory,
    Measure,
    Parameter,
    Process,
    Uncertainty,
    first,
)
from .numbers import finite
from .source import Source
from .xml import Tree, at, many, parse_xml, said, words

ONE, TWO = "ecospold1", "ecospold2"
SPACES = {b"http://www.EcoInvent.org/EcoSpold01": ONE, b"http://www.EcoInvent.org/EcoSpold02": TWO}


def _names(source: Source) -> list[str]:
    return [*source.names(".spold"), *source.names(".xml")]


def recognises(source: Source) -> str:
    """`ecospold1`, `ecospold2`, or empty."""
    for name in _names(source)[:3]:
        head = source.head(name, 4000)
        for space, kind in SPACES.items():
            if space in head:
                return kind
    return ""


def read(source: Source, keep: bool = True) -> Inventory:
    """One process at a time; flows are met inside the data sets."""
    kind = recognises(source) or ONE
    inventory = Inventory(kind, source.name)
    names = _names(source)
    inventory.expected = len(names)
    inventory.processes = _processes(source, names, inventory, keep)
    return inventory


def _processes(source: Source, names: list[str], inventory: Inventory, keep: bool) -> Iterator[Process]:
    for name in names:
        place = source.place(name)
        try:
            tree = parse_xml(source.read(name), place)
        except TanbiaoError as error:
            inventory.problems.extend(error.problems)
            continue
        root = tree.get("ecoSpold")
        if not isinstance(root, dict):
            inventory.report("exchange-entity", place, detail="no ecoSpold document")
            continue
        sets = [(d, _one) for d in many(root.get("dataset"))]
        sets += [
            (d, _two) for tag in ("activityDataset", "childActivityDataset") for d in many(root.get(tag))
        ]
        for data, work in sets:
            try:
                if not isinstance(data, dict):
                    raise ValueError("an empty data set")
                yield work(data, inventory, keep, name)
            except (TypeError, ValueError, KeyError, AttributeError, IndexError, OverflowError) as error:
                inventory.report("exchange-entity", place, detail=str(error) or type(error).__name__)


def _mark(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(p.strip().casefold() for p in parts).encode()).hexdigest()[:16]


def _flow(
    inventory: Inventory, ident: str, name: dict[str, str], kind: FlowKind, unit: str, **more: Any
) -> Flow:
    flow = inventory.flows.get(ident)
    if flow is None:
        flow = inventory.flows[ident] = Flow(id=ident, name=name, kind=kind, unit=unit, **more)
    return flow


# -- 1 -------------------------------------------------------------------------------------------------------


def _one(data: Tree, inventory: Inventory, keep: bool, where: str) -> Process:
    info = at(data, "metaInformation", "processInformation")
    function = at(info, "referenceFunction")
    number = str(data.get("@number", ""))
    name, place, unit = (
        str(function["@name"]),
        str(at(info, "geography", "@location") or ""),
        str(function.get("@unit", "")),
    )
    period = at(info, "timePeriod")
    start = (
        said(at(period, "startYear")) or said(at(period, "startDate")) or said(at(period, "startYearMonth"))
    )
    end = said(at(period, "endYear")) or said(at(period, "endDate")) or said(at(period, "endYearMonth"))
    exchanges = []
    by_number: dict[str, str] = {}
    for x in many(at(data, "flowData", "exchange")):
        exchange = _one_exchange(x, inventory, keep)
        exchanges.append(exchange)
        by_number.setdefault(exchange.number, exchange.flow)
    allocations = []
    for a in many(at(data, "flowData", "allocation")):
        product = by_number.get(str(a.get("@referenceToCoProduct")), "")
        share = finite(a.get("@fraction"), "fraction") / 100
        for ref in many(a.get("referenceToInputOutput")):
            allocations.append(Allocation(method="causal", product=product, value=share, exchange=said(ref)))
    language = str(at(info, "dataSetInformation", "@languageCode") or "en")
    local = str(at(info, "dataSetInformation", "@localLanguageCode") or "")
    names = {
        language: name,
        **(
            {local: str(function["@localName"])}
            if function.get("@localName") and local and local != language
            else {}
        ),
    }
    docs = {}
    if keep:
        texts = {
            "description": function.get("@generalComment"),
            "technology": at(info, "technology", "@text"),
            "geography": at(info, "geography", "@text"),
            "time": at(period, "@text"),
            "included": function.get("@includedProcesses"),
        }
        docs = {k: {language: str(v)} for k, v in texts.items() if v}
        for tag in ("modellingAndValidation", "administrativeInformation"):
            if at(data, "metaInformation", tag) is not None:
                inventory.losses.add(f"metaInformation.{tag}: all but source and publication", number)
    sources = many(at(data, "metaInformation", "modellingAndValidation", "source"))
    cited = "; ".join(
        f"{s.get('@firstAuthor', '')} {s.get('@year', '')}: {s.get('@title', '')}"
        for s in sources[:3]
        if isinstance(s, dict)
    )
    return Process(
        id=f"{number or 'x'}-{_mark(name, place, unit)[:8]}",
        name=names,
        exchanges=tuple(exchanges),
        place=place,
        start=start[:10],
        end=end[:10],
        source=cited[:400],
        allocations=tuple(allocations),
        category=tuple(str(function[k]) for k in ("@category", "@subCategory") if function.get(k)),
        docs=docs,
        kind="aggregated" if str(at(info, "dataSetInformation", "@type")) == "2" else "unit",
        where=where,
    )


def _one_exchange(x: Tree, inventory: Inventory, keep: bool) -> Exchange:
    group_in, group_out = said(x.get("inputGroup")), said(x.get("outputGroup"))
    if not group_in and not group_out:
        raise ValueError(f"exchange {x.get('@number')}: neither inputGroup nor outputGroup")
    direction: Direction = "input" if group_in else "output"
    kind: FlowKind = (
        "elementary" if group_in == "4" or group_out == "4" else "waste" if group_out == "3" else "product"
    )
    name, unit = str(x["@name"]), str(x.get("@unit", ""))
    category = tuple(str(x[k]) for k in ("@category", "@subCategory") if x.get(k))
    place = str(x.get("@location") or "")
    elementary = kind == "elementary"
    ident = _mark(
        "elementary" if elementary else "product", name, unit, *(category if elementary else (place,))
    )
    _flow(
        inventory,
        ident,
        {"en": name, **({"local": str(x["@localName"])} if x.get("@localName") else {})},
        kind,
        unit,
        compartment=category if elementary else (),
        category=() if elementary else category,
        cas=str(x.get("@CASNumber") or "").lstrip("0"),
        formula=str(x.get("@formula") or "").replace("0", "", 1)
        if x.get("@formula") == "0"
        else str(x.get("@formula") or ""),
        place="" if elementary else place,
    )
    amount = finite(x.get("@meanValue"), f"exchange {x.get('@number')}")
    uncertainty = None
    spread = x.get("@standardDeviation95")
    if spread and str(x.get("@uncertaintyType")) == "1" and finite(spread, "standardDeviation95") > 0:
        uncertainty = Uncertainty(kind="lognormal", a=amount, b=finite(spread, "standardDeviation95") ** 0.5)
    elif spread and str(x.get("@uncertaintyType")) == "2":
        uncertainty = Uncertainty(kind="normal", a=amount, b=finite(spread, "standardDeviation95") / 2)
    low, high = x.get("@minValue"), x.get("@maxValue")
    return Exchange(
        number=str(x.get("@number", "")),
        flow=ident,
        name=name,
        direction=direction,
        amount=amount,
        unit=unit,
        reference=group_out == "0",
        avoided=group_out == "1",
        place=place,
        uncertainty=uncertainty,
        low=finite(low, "minValue") if low else None,
        high=finite(high, "maxValue") if high else None,
        comment={"": str(x["@generalComment"])} if keep and x.get("@generalComment") else {},
    )


# -- 2 -------------------------------------------------------------------------------------------------------


def _two(data: Tree, inventory: Inventory, keep: bool, where: str) -> Process:
    activity = at(data, "activityDescription", "activity")
    ident = str(activity["@id"])
    names = words(activity.get("activityName"))
    exchanges = []
    flow_data = at(data, "flowData") or {}
    for tag, kind in (("intermediateExchange", "product"), ("elementaryExchange", "elementary")):
        for x in many(flow_data.get(tag)):
            exchanges.append(_two_exchange(x, kind == "elementary", inventory, keep))
    parameters = []
    for p in many(flow_data.get("parameter")):
        parameters.append(
            Parameter(
                name=str(p.get("@variableName") or p.get("@parameterId") or ""),
                process=ident,
                value=finite(p["@amount"], "parameter") if p.get("@amount") else None,
                formula=str(p.get("@mathematicalRelation") or ""),
                unit=said(p.get("unitName")),
                comment=words(p.get("name")),
            )
        )
    parameters += _named_amounts(flow_data, ident)
    for _ in many(flow_data.get("impactIndicator")):
        inventory.losses.add("impactIndicator", ident)
    period = at(data, "activityDescription", "timePeriod")
    geography = at(data, "activityDescription", "geography")
    docs = {}
    if keep:
        for key, value in (
            ("description", at(activity, "generalComment", "text")),
            (
                "included",
                [
                    *many(activity.get("includedActivitiesStart")),
                    *many(activity.get("includedActivitiesEnd")),
                ],
            ),
            ("technology", at(data, "activityDescription", "technology", "comment", "text")),
            ("geography", at(geography, "comment", "text")),
            ("time", at(period, "comment", "text")),
        ):
            found = words(value)
            if found:
                docs[key] = found
        for tag in ("modellingAndValidation", "administrativeInformation"):
            if data.get(tag) is not None:
                inventory.losses.add(f"{tag}: all but sources", ident)
    classes = [
        said(c.get("classificationValue"))
        for c in many(at(data, "activityDescription", "classification"))
        if isinstance(c, dict)
    ]
    references = [x for x in exchanges if x.reference]
    return Process(
        id=f"{ident}_{references[0].flow}" if references else ident,
        name=names,
        exchanges=tuple(exchanges),
        place=first(words(at(geography, "shortname")), "en"),
        start=str(at(period, "@startDate") or "")[:10],
        end=str(at(period, "@endDate") or "")[:10],
        category=tuple(classes[:1]),
        parameters=tuple(parameters),
        docs=docs,
        kind="aggregated" if str(activity.get("@type")) == "2" and not exchanges else "unit",
        where=where,
    )


def _named_amounts(flow_data: Tree, process: str) -> Iterator[Parameter]:
    """Amounts of exchanges and of their properties that carry a variable's name: formulas speak of them."""
    for tag in ("intermediateExchange", "elementaryExchange"):
        for x in many(flow_data.get(tag)):
            for node in (x, *many(x.get("property"))):
                if isinstance(node, dict) and node.get("@variableName") and node.get("@amount"):
                    yield Parameter(
                        name=str(node["@variableName"]),
                        process=process,
                        value=finite(node["@amount"], "variable"),
                        formula=str(node.get("@mathematicalRelation") or ""),
                    )


def _two_exchange(x: Tree, elementary: bool, inventory: Inventory, keep: bool) -> Exchange:
    group_in, group_out = said(x.get("inputGroup")), said(x.get("outputGroup"))
    if not group_in and not group_out:
        raise ValueError(f"exchange {x.get('@id')}: neither inputGroup nor outputGroup")
    ident = str(x["@elementaryExchangeId" if elementary else "@intermediateExchangeId"])
    name, unit = words(x.get("name")), said(x.get("unitName"))
    kind: FlowKind = "elementary" if elementary else "waste" if group_out == "3" else "product"
    compartment = tuple(
        t
        for t in (said(at(x, "compartment", "compartment")), said(at(x, "compartment", "subcompartment")))
        if t
    )
    measures = []
    for p in many(x.get("property")):
        if isinstance(p, dict) and p.get("@amount") and said(p.get("unitName")) not in ("", "dimensionless"):
            measures.append(
                Measure(
                    property=first(words(p.get("name")), "en"),
                    unit=said(p.get("unitName")),
                    factor=finite(p["@amount"], "property"),
                )
            )
    _flow(
        inventory,
        ident,
        name,
        kind,
        unit,
        compartment=compartment,
        cas=str(x.get("@casNumber") or "").lstrip("0"),
        formula=str(x.get("@formula") or ""),
        measures=tuple(measures),
        synonyms={k: v.replace("\n", "; ") for k, v in words(x.get("synonym")).items()},
    )
    amount = finite(x.get("@amount"), f"exchange {x.get('@id')}")
    link = str(x.get("@activityLinkId") or "")
    return Exchange(
        number=str(x.get("@id", "")),
        flow=ident,
        name=first(name, "en"),
        direction="input" if group_in else "output",
        amount=amount,
        unit=unit,
        reference=group_out == "0",
        provider=f"{link}_{ident}" if link else "",
        formula=str(x.get("@mathematicalRelation") or ""),
        uncertainty=_two_uncertainty(x.get("uncertainty"), amount),
        quality=_pedigree(at(x, "uncertainty", "pedigreeMatrix")),
        comment=words(x.get("comment")) if keep else {},
    )


def _two_uncertainty(u: Any, amount: float) -> Uncertainty | None:
    if not isinstance(u, dict):
        return None
    log, normal = u.get("lognormal"), u.get("normal")
    if isinstance(log, dict):
        variance = log.get("@varianceWithPedigreeUncertainty") or log.get("@variance")
        if variance is not None and 0 <= finite(variance, "variance") < 400:
            return Uncertainty(
                kind="lognormal",
                a=finite(log.get("@meanValue", amount), "meanValue"),
                b=math.exp(finite(variance, "variance") ** 0.5),
            )
    if isinstance(normal, dict) and normal.get("@variance"):
        return Uncertainty(
            kind="normal",
            a=finite(normal.get("@meanValue", amount), "meanValue"),
            b=abs(finite(normal["@variance"], "variance")) ** 0.5,
        )
    return None


def _pedigree(p: Any) -> str:
    if not isinstance(p, dict):
        return ""
    keys = (
        "reliability",
        "completeness",
        "temporalCorrelation",
        "geographicalCorrelation",
        "furtherTechnologyCorrelation",
    )
    return "(" + ";".join(str(p.get("@" + k, "")) for k in keys) + ")"


__all__ = ["ONE", "TWO", "read", "recognises"]
