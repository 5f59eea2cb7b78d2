"""Flows of openLCA."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..model import Flow, Measure
from .schema import FLOW_KINDS, NAME, Ref, SlimFlow


def read_flow(
    data: Mapping[str, Any], properties: Mapping[str, tuple[str, str]], codes: Mapping[str, str], keep: bool
) -> Flow:
    category = category_of(data.get("category"))
    kind = FLOW_KINDS.get(str(data.get("flowType")), "product")
    measures = []
    unit, prop = "", ""
    for f in data.get("flowProperties") or []:
        fp = f.get("flowProperty") or {}
        name, ref_unit = properties.get(
            str(fp.get("@id")), (str(fp.get("name") or ""), str(fp.get("refUnit") or ""))
        )
        if f.get("isRefFlowProperty") or f.get("referenceFlowProperty"):
            unit, prop = ref_unit, name
        else:
            measures.append(
                Measure(property=name, unit=ref_unit, factor=float(f.get("conversionFactor", 1.0)))
            )
    location = data.get("location")
    place = ""
    if isinstance(location, dict):
        place = codes.get(str(location.get("@id")), str(location.get("name") or ""))
    known = {"@id", "name", "flowType", "cas", "formula", "synonyms", "description", "version"}
    return Flow(
        id=data["@id"],
        name={"": str(data.get("name") or "")},
        kind=kind,
        unit=unit,
        property=prop,
        measures=tuple(measures),
        compartment=category if kind == "elementary" else (),
        category=category if kind != "elementary" else (),
        cas=str(data.get("cas") or ""),
        formula=str(data.get("formula") or ""),
        place=place,
        version=str(data.get("version") or ""),
        synonyms={"": str(data["synonyms"])} if data.get("synonyms") else {},
        comment={"": str(data["description"])} if data.get("description") else {},
        foreign={NAME: {k: v for k, v in data.items() if k not in known}} if keep else {},
    )


def slim_flow(data: SlimFlow, properties: Mapping[str, tuple[str, str]], codes: Mapping[str, str]) -> Flow:
    kind = FLOW_KINDS.get(data.flowType, "product")
    unit, measures = "", []
    for f in data.flowProperties:
        fp = f.flowProperty or Ref()
        name, reference = properties.get(fp.id, (fp.name, fp.refUnit or ""))
        if f.isRefFlowProperty or f.referenceFlowProperty:
            unit = reference
        else:
            measures.append(Measure(property=name, unit=reference, factor=f.conversionFactor))
    category = category_of(data.category)
    place = data.location
    return Flow(
        id=data.id,
        name={"": data.name},
        kind=kind,
        unit=unit,
        measures=tuple(measures),
        cas=data.cas or "",
        compartment=category if kind == "elementary" else (),
        category=category if kind != "elementary" else (),
        synonyms={"": data.synonyms} if data.synonyms else {},
        place=codes.get(place.id, place.name) if place is not None else "",
    )


def category_of(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(p for p in value.split("/") if p)
    if isinstance(value, dict):
        path = [str(p) for p in value.get("categoryPath") or []]
        return (*path, str(value.get("name") or "")) if value.get("name") else tuple(path)
    return ()
