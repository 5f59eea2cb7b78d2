"""What one would write with the json module to read the same out of an openLCA database: the yardstick of speed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from tanbiao.exchange.model import Exchange, Flow, Process, Uncertainty

KINDS = {"PRODUCT_FLOW": "product", "WASTE_FLOW": "waste", "ELEMENTARY_FLOW": "elementary"}


def read(path: Path) -> tuple[dict[str, Flow], list[Process]]:
    """Flows by id and processes of a database as `made.database` makes it."""
    archive = zipfile.ZipFile(path)
    data = {name: json.loads(archive.read(name)) for name in archive.namelist()}
    units = {d["@id"]: d["units"][0]["name"] for n, d in data.items() if n.startswith("unit_groups/")}
    properties = {
        d["@id"]: units[d["unitGroup"]["@id"]] for n, d in data.items() if n.startswith("flow_prop")
    }
    flows = {d["@id"]: flow(d, properties) for n, d in data.items() if n.startswith("flows/")}
    return flows, [process(d, n) for n, d in data.items() if n.startswith("processes/")]


def category(data: dict[str, Any]) -> tuple[str, ...]:
    return tuple(p for p in data.get("category", "").split("/") if p)


def flow(data: dict[str, Any], properties: dict[str, str]) -> Flow:
    kind: Any = KINDS[data["flowType"]]
    unit = next(
        properties[f["flowProperty"]["@id"]] for f in data["flowProperties"] if f.get("isRefFlowProperty")
    )
    path = category(data)
    return Flow(
        id=data["@id"],
        name={"": data["name"]},
        kind=kind,
        unit=unit,
        cas=data.get("cas", ""),
        compartment=path if kind == "elementary" else (),
        category=() if kind == "elementary" else path,
    )


def process(data: dict[str, Any], where: str) -> Process:
    documentation = data.get("processDocumentation") or {}
    return Process(
        id=data["@id"],
        name={"": data["name"]},
        exchanges=tuple([exchange(x) for x in data["exchanges"]]),
        place=data["location"]["name"],
        category=category(data),
        start=documentation.get("validFrom", "")[:10],
        end=documentation.get("validUntil", "")[:10],
        version=data.get("version", ""),
        where=where,
    )


def exchange(x: dict[str, Any]) -> Exchange:
    u = x.get("uncertainty")
    return Exchange(
        number=str(x["internalId"]),
        flow=x["flow"]["@id"],
        direction="input" if x["isInput"] else "output",
        amount=x["amount"],
        unit=x["unit"]["name"],
        reference=x.get("isQuantitativeReference", False),
        avoided=x.get("isAvoidedProduct", False),
        provider=(x.get("defaultProvider") or {}).get("@id", ""),
        uncertainty=Uncertainty(kind="lognormal", a=u["geomMean"], b=u["geomSd"]) if u else None,
        quality=x.get("dqEntry", ""),
    )
