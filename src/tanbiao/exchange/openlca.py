"""openLCA JSON-LD: one JSON for each entity in a folder or zip. Old (1.x) and new (2.x) generation.

Read from foreign-made files: US Forest Products Laboratory (1.x). The newer generation is read by its schema
(GreenDelta/olca-schema 2.4) and by the data sets that the package olca-schema writes.

Processes are decoded by msgspec straight into the fields that are needed, one file at a time, so that a database of
any size passes through a bounded memory. With `keep`, the rest of each data set is kept for writing it back.
"""

from __future__ import annotations

import gc
import json
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ..core.errors import Place, TanbiaoError
from .files import fresh_file
from .model import (
    Allocation,
    Exchange,
    Flow,
    FlowKind,
    Inventory,
    Loss,
    Losses,
    Measure,
    Parameter,
    Process,
    RuleName,
    Uncertainty,
    first,
)
from .source import Source
from .units import factor_between, ours

NAME = "openlca"
FLOW_KINDS: dict[str, FlowKind] = {
    "PRODUCT_FLOW": "product",
    "WASTE_FLOW": "waste",
    "ELEMENTARY_FLOW": "elementary",
}
ALLOCATIONS: dict[str, RuleName] = {
    "PHYSICAL_ALLOCATION": "physical",
    "ECONOMIC_ALLOCATION": "economic",
    "CAUSAL_ALLOCATION": "causal",
}
DOCS = {  # our key → key of processDocumentation
    "time": "timeDescription",
    "technology": "technologyDescription",
    "geography": "geographyDescription",
    "data_collection": "dataCollectionDescription",
    "completeness": "completenessDescription",
    "data_selection": "dataSelectionDescription",
    "data_treatment": "dataTreatmentDescription",
    "sampling": "samplingDescription",
    "method": "inventoryMethodDescription",
    "constants": "modelingConstantsDescription",
    "application": "intendedApplication",
    "project": "projectDescription",
    "review": "reviewDetails",
    "use_advice": "useAdvice",
}
OTHER_FOLDERS = (
    "actors",
    "sources",
    "dq_systems",
    "categories",
    "locations",
    "unit_groups",
    "flow_properties",
    "currencies",
    "social_indicators",
    "lcia_methods",
    "lcia_categories",
    "product_systems",
    "projects",
    "results",
    "epds",
)


class _Ref(msgspec.Struct):
    id: str = msgspec.field(name="@id", default="")
    name: str = ""
    location: str | None = None
    refUnit: str | None = None
    flowType: str = ""


class _Uncertainty(msgspec.Struct):
    distributionType: str = ""
    geomMean: float | None = None
    geomSd: float | None = None
    mean: float | None = None
    sd: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    mode: float | None = None


class _Exchange(msgspec.Struct, gc=False):
    flow: _Ref
    amount: float = 0.0
    unit: _Ref | None = None
    isInput: bool | None = None
    input: bool | None = None
    isQuantitativeReference: bool | None = None
    quantitativeReference: bool | None = None
    isAvoidedProduct: bool | None = None
    avoidedProduct: bool | None = None
    defaultProvider: _Ref | None = None
    location: _Ref | None = None
    internalId: int | None = None
    amountFormula: str | None = None
    flowProperty: _Ref | None = None
    uncertainty: _Uncertainty | None = None
    dqEntry: str | None = None
    description: str | None = None


class _Factor(msgspec.Struct):
    allocationType: str = ""
    product: _Ref | None = None
    value: float = 0.0
    exchange: Any = None
    formula: str | None = None


class _Process(msgspec.Struct):
    id: str = msgspec.field(name="@id", default="")
    name: str = ""
    exchanges: list[_Exchange] = []
    category: Any = None
    location: _Ref | None = None
    processType: str = ""
    processDocumentation: dict[str, Any] | None = None
    defaultAllocationMethod: str | None = None
    allocationFactors: list[_Factor] = []
    parameters: list[dict[str, Any]] = []
    version: str | None = None
    description: str | None = None
    dqEntry: str | None = None


class _SlimRef(msgspec.Struct, gc=False):
    id: str = msgspec.field(name="@id", default="")
    name: str = ""


class _SlimId(msgspec.Struct, gc=False):
    id: str = msgspec.field(name="@id", default="")


class _SlimUnit(msgspec.Struct, gc=False):
    name: str = ""


class _SlimExchange(msgspec.Struct, gc=False):
    """What linking needs, and nothing else: the import of a large database decodes only this."""

    flow: _SlimId
    amount: float = 0.0
    unit: _SlimUnit | None = None
    isInput: bool = False
    input: bool = False
    isQuantitativeReference: bool = False
    quantitativeReference: bool = False
    isAvoidedProduct: bool = False
    avoidedProduct: bool = False
    defaultProvider: _SlimId | None = None
    location: _SlimRef | None = None
    internalId: int | None = None


class _SlimProcess(msgspec.Struct):
    id: str = msgspec.field(name="@id", default="")
    name: str = ""
    exchanges: list[_SlimExchange] = []
    category: Any = None
    location: _Ref | None = None
    processType: str = ""
    processDocumentation: dict[str, Any] | None = None
    defaultAllocationMethod: str | None = None
    allocationFactors: list[_Factor] = []
    version: str | None = None


class _SlimMeasure(msgspec.Struct, gc=False):
    isRefFlowProperty: bool = False
    referenceFlowProperty: bool = False
    conversionFactor: float = 1.0
    flowProperty: _Ref | None = None


class _SlimFlow(msgspec.Struct):
    id: str = msgspec.field(name="@id", default="")
    name: str = ""
    flowType: str = ""
    cas: str | None = None
    synonyms: str | None = None
    category: Any = None
    location: _Ref | None = None
    flowProperties: list[_SlimMeasure] = []


_PROCESS = msgspec.json.Decoder(_Process)
_SLIM_FLOW = msgspec.json.Decoder(_SlimFlow)
_SLIM = msgspec.json.Decoder(_SlimProcess)
_ENTITY = msgspec.json.Decoder()


def recognises(source: Source) -> bool:
    """Whether it holds openLCA JSON-LD: data sets in folders named as openLCA names them."""
    if any(
        n.rsplit("/", 1)[-1] in ("olca-schema.json", "openlca.json") for n in (e.name for e in source.entries)
    ):
        return True
    found = source.names(".json", "processes")[:1] or source.names(".json", "flows")[:1]
    if not found:
        return False
    return b'"@type"' in source.head(found[0], 4000)


def read(source: Source, keep: bool = True) -> Inventory:
    """Everything but the processes at once; the processes as an iterator."""
    resting = gc.isenabled()
    gc.disable()
    try:
        return _read(source, keep)
    finally:
        if resting:
            gc.enable()


def _read(source: Source, keep: bool) -> Inventory:
    inventory = Inventory(NAME, source.name)
    losses, problems = inventory.losses, inventory
    codes: dict[str, str] = {}
    for name in source.names(".json", "locations"):
        data = _entity(source, name, inventory)
        if data is not None:
            codes[str(data.get("@id"))] = str(data.get("code") or data.get("name") or "")
    for name in source.names(".json", "unit_groups"):
        data = _entity(source, name, inventory)
        if data is not None:
            _units(data, inventory)
    properties: dict[str, tuple[str, str]] = {}
    groups = {}
    for name in source.names(".json", "unit_groups"):
        data = _entity(source, name, inventory, quiet=True)
        if data is not None:
            units = [u for u in data.get("units") or [] if isinstance(u, dict)]
            ref = next(
                (u for u in units if u.get("isRefUnit") or u.get("referenceUnit")), units[0] if units else {}
            )
            groups[str(data.get("@id"))] = str(ref.get("name") or "")
    for name in source.names(".json", "flow_properties"):
        data = _entity(source, name, inventory)
        if data is not None:
            group = data.get("unitGroup")
            unit = groups.get(str(group.get("@id")), "") if isinstance(group, dict) else ""
            properties[str(data.get("@id"))] = (str(data.get("name") or ""), unit)
    for name in source.names(".json", "flows"):
        if not keep:
            try:
                slim = _SLIM_FLOW.decode(_bytes(source, name))
            except (msgspec.MsgspecError, ValueError, RecursionError, TanbiaoError):
                slim = None
            if slim is not None and slim.id:
                inventory.flows[slim.id] = _slim_flow(slim, properties, codes)
                continue
        data = _entity(source, name, inventory)
        if data is not None:
            try:
                flow = _flow(data, properties, codes, keep)
                if keep and data.get("description") == "":
                    losses.add("empty text", f"{name}: description")
            except (TypeError, ValueError, AttributeError, KeyError) as error:
                problems.report("exchange-entity", source.place(name), detail=str(error))
                continue
            inventory.flows[flow.id] = flow
    for name in source.names(".json", "parameters"):
        data = _entity(source, name, inventory)
        if data is not None:
            inventory.parameters.append(_parameter(data, "", keep))
    if keep:
        for folder in OTHER_FOLDERS:
            for name in source.names(".json", folder):
                data = _entity(source, name, inventory, quiet=True)
                if data is not None:
                    inventory.documents[f"{folder}/{name.rsplit('/', 1)[-1]}"] = data
    for folder in ("epds",):
        for name in source.names(".json", folder):
            data = _entity(source, name, inventory, quiet=True)
            if data is not None:
                _epd(data, inventory, name)
    names = source.names(".json", "processes")
    inventory.expected = len(names)
    inventory.processes = _processes(source, names, inventory, codes, keep, losses)
    return inventory


def _entity(source: Source, name: str, inventory: Inventory, quiet: bool = False) -> dict[str, Any] | None:
    try:
        data = _ENTITY.decode(_bytes(source, name))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        if not quiet:
            inventory.report("exchange-json", source.place(name), detail=error)
        return None
    except TanbiaoError as error:
        if not quiet:
            inventory.problems.extend(error.problems)
        return None
    if not isinstance(data, dict) or not isinstance(data.get("@id"), str):
        if not quiet:
            inventory.report("exchange-entity", source.place(name), detail="no object with an @id")
        return None
    return data


def _bytes(source: Source, name: str) -> bytes:
    data = source.read(name)
    if data[:3] == b"\xef\xbb\xbf" or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        from .source import decode

        return decode(data, source.place(name)).encode()
    return data


def _units(data: Mapping[str, Any], inventory: Inventory) -> None:
    units = [u for u in data.get("units") or [] if isinstance(u, dict)]
    ref = next((u for u in units if u.get("isRefUnit") or u.get("referenceUnit")), None)
    for u in units:
        factor = u.get("conversionFactor", 1.0)
        if ref is None or not isinstance(factor, int | float) or not factor:
            continue
        name, reference = str(u.get("name")), str(ref.get("name"))
        inventory.units[name] = (reference, float(factor))
        mine, base = ours(name), ours(reference)
        exact = factor_between(mine[0], base[0]) if mine and base else None
        if mine and base and exact is not None:
            exact *= mine[1] / base[1]
            if abs(exact - factor) > 0.001 * abs(exact):
                inventory.report(
                    "exchange-unit-factor",
                    Place(inventory.name),
                    "warning",
                    unit=name,
                    reference=reference,
                    said=f"{factor:g}",
                    exact=f"{exact:.6g}",
                )


def _flow(
    data: Mapping[str, Any], properties: Mapping[str, tuple[str, str]], codes: Mapping[str, str], keep: bool
) -> Flow:
    category = _category(data.get("category"))
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


def _slim_flow(data: _SlimFlow, properties: Mapping[str, tuple[str, str]], codes: Mapping[str, str]) -> Flow:
    kind = FLOW_KINDS.get(data.flowType, "product")
    unit, measures = "", []
    for f in data.flowProperties:
        fp = f.flowProperty or _Ref()
        name, reference = properties.get(fp.id, (fp.name, fp.refUnit or ""))
        if f.isRefFlowProperty or f.referenceFlowProperty:
            unit = reference
        else:
            measures.append(Measure(property=name, unit=reference, factor=f.conversionFactor))
    category = _category(data.category)
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


def _category(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(p for p in value.split("/") if p)
    if isinstance(value, dict):
        path = [str(p) for p in value.get("categoryPath") or []]
        return (*path, str(value.get("name") or "")) if value.get("name") else tuple(path)
    return ()


def _processes(
    source: Source,
    names: list[str],
    inventory: Inventory,
    codes: Mapping[str, str],
    keep: bool,
    losses: Losses,
) -> Iterator[Process]:
    """One process at a time. The garbage collector rests meanwhile: it would walk every object read so far."""
    flows = inventory.flows
    resting = gc.isenabled()
    if resting:
        gc.disable()
    try:
        for done, name in enumerate(names):
            try:
                data = _bytes(source, name)
                if not keep:
                    slim = _SLIM.decode(data)
                    if slim.id and all(x.flow.id in flows and x.unit is not None for x in slim.exchanges):
                        yield _slim(slim, codes, name)
                        continue
                raw = _PROCESS.decode(data)
                if not raw.id:
                    inventory.report("exchange-entity", source.place(name), detail="no @id")
                    continue
                yield _process(raw, _ENTITY.decode(data), codes, name, losses)
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                inventory.report("exchange-json", source.place(name), detail=error)
            except TanbiaoError as error:
                inventory.problems.extend(error.problems)
            if done % 5000 == 4999:
                gc.collect()
    finally:
        if resting:
            gc.enable()


def _slim(raw: _SlimProcess, codes: Mapping[str, str], name: str) -> Process:
    exchanges = tuple(
        [
            Exchange(
                number=str(x.internalId) if x.internalId is not None else "",
                flow=x.flow.id,
                direction="input" if x.isInput or x.input else "output",
                amount=x.amount,
                unit=x.unit.name if x.unit is not None else "",
                reference=x.isQuantitativeReference or x.quantitativeReference,
                avoided=x.isAvoidedProduct or x.avoidedProduct,
                provider=x.defaultProvider.id if x.defaultProvider is not None else "",
                place=codes.get(x.location.id, x.location.name) if x.location is not None else "",
            )
            for x in raw.exchanges
        ]
    )
    documentation = raw.processDocumentation or {}
    location = raw.location
    return Process(
        id=raw.id,
        name={"": raw.name},
        exchanges=exchanges,
        place=codes.get(location.id, location.name) if location is not None else "",
        kind="aggregated" if raw.processType == "LCI_RESULT" else "unit",
        category=_category(raw.category),
        start=str(documentation.get("validFrom") or "")[:10],
        end=str(documentation.get("validUntil") or "")[:10],
        version=raw.version or "",
        licence=_licence(documentation),
        where=name,
        default_allocation=ALLOCATIONS.get(raw.defaultAllocationMethod or "", ""),
        allocations=_allocations(raw.allocationFactors),
    )


def _allocations(factors: list[_Factor]) -> tuple[Allocation, ...]:
    found = []
    for f in factors:
        method = ALLOCATIONS.get(f.allocationType)
        if method and f.product is not None:
            at = str(f.exchange.get("internalId", "")) if isinstance(f.exchange, dict) else ""
            found.append(
                Allocation(
                    method=method, product=f.product.id, value=f.value, exchange=at, formula=f.formula or ""
                )
            )
    return tuple(found)


def _process(
    raw: _Process, rest: dict[str, Any] | None, codes: Mapping[str, str], name: str, losses: Losses
) -> Process:
    exchanges = []
    kept = rest.get("exchanges") if rest else None
    for k, x in enumerate(raw.exchanges):
        said_input = x.isInput if x.isInput is not None else x.input
        foreign: dict[str, Any] = {}
        if isinstance(kept, list) and k < len(kept) and isinstance(kept[k], dict):
            foreign = {NAME: {a: b for a, b in kept[k].items() if a not in _KNOWN_EXCHANGE}}
        where = x.location
        exchanges.append(
            Exchange(
                number="" if x.internalId is None else str(x.internalId),
                flow=x.flow.id or x.flow.name,
                name=x.flow.name,
                direction="input" if said_input else "output",
                amount=x.amount,
                unit=x.unit.name if x.unit is not None else x.flow.refUnit or "",
                reference=bool(x.isQuantitativeReference or x.quantitativeReference),
                avoided=bool(x.isAvoidedProduct or x.avoidedProduct),
                provider=x.defaultProvider.id if x.defaultProvider is not None else "",
                place=codes.get(where.id, where.name) if where is not None else "",
                formula=x.amountFormula or "",
                property=x.flowProperty.id if x.flowProperty is not None and kept is not None else "",
                uncertainty=_uncertainty(x.uncertainty) if x.uncertainty is not None else None,
                quality=x.dqEntry or "",
                comment={"": x.description} if x.description and kept is not None else {},
                foreign=foreign,
            )
        )
    documentation = raw.processDocumentation or {}
    docs = {}
    if rest is not None:
        docs = {
            key: {"": str(documentation[theirs])} for key, theirs in DOCS.items() if documentation.get(theirs)
        }
        for theirs in DOCS.values():
            if documentation.get(theirs) == "":
                losses.add("empty text", f"{name}: {theirs}")
        if raw.description:
            docs["description"] = {"": raw.description}
    location = raw.location
    foreign = {}
    if rest is not None:
        foreign = {NAME: {k: v for k, v in rest.items() if k not in _KNOWN_PROCESS}}
        left = {k: v for k, v in documentation.items() if k not in DOCS.values()}
        if left:
            foreign[NAME]["processDocumentation"] = left
        if any(isinstance(f.exchange, dict) for f in raw.allocationFactors) or raw.allocationFactors:
            foreign[NAME]["allocationFactors"] = rest.get("allocationFactors")
        if raw.parameters:
            foreign[NAME]["parameters"] = rest.get("parameters")
    return Process(
        id=raw.id,
        name={"": raw.name},
        exchanges=tuple(exchanges),
        place=codes.get(location.id, location.name) if location is not None else "",
        kind="aggregated" if raw.processType == "LCI_RESULT" else "unit",
        category=_category(raw.category),
        start=str(documentation.get("validFrom") or "")[:10],
        end=str(documentation.get("validUntil") or "")[:10],
        version=raw.version or "",
        licence=_licence(documentation),
        quality=raw.dqEntry or "",
        default_allocation=ALLOCATIONS.get(raw.defaultAllocationMethod or "", ""),
        allocations=_allocations(raw.allocationFactors),
        parameters=tuple(_parameter(p, raw.id, rest is not None) for p in raw.parameters),
        docs=docs,
        where=name,
        foreign=foreign,
    )


_KNOWN_EXCHANGE = frozenset(
    (
        "amount",
        "amountFormula",
        "dqEntry",
        "description",
        "isInput",
        "isQuantitativeReference",
        "isAvoidedProduct",
        "internalId",
    )
)
_KNOWN_PROCESS = frozenset(("exchanges", "@id", "name", "version", "description", "dqEntry"))


def _licence(documentation: Mapping[str, Any]) -> str:
    said = str(documentation.get("restrictionsDescription") or "")
    if len(said) <= 80:
        return said
    for mark, licence in (
        ("CC0", "CC0 1.0"),
        ("Creative Commons Attribution-NonCommercial", "CC BY-NC"),
        ("Creative Commons Attribution", "CC BY"),
    ):
        if mark in said:
            return licence
    return " ".join(said.split())[:120]


def _parameter(data: Mapping[str, Any], process: str, keep: bool) -> Parameter:
    value = data.get("value")
    return Parameter(
        name=str(data.get("name") or ""),
        process=process,
        formula=str(data.get("formula") or ""),
        value=float(value) if isinstance(value, int | float) else None,
        comment={"": str(data["description"])} if data.get("description") else {},
        foreign={NAME: dict(data)} if keep else {},
    )


def _uncertainty(u: _Uncertainty) -> Uncertainty | None:
    kind = u.distributionType.removesuffix("_DISTRIBUTION").replace("_", "").lower()
    if kind == "lognormal" and u.geomMean is not None and u.geomSd is not None:
        return Uncertainty(kind="lognormal", a=u.geomMean, b=u.geomSd)
    if kind == "normal" and u.mean is not None and u.sd is not None:
        return Uncertainty(kind="normal", a=u.mean, b=u.sd)
    if kind == "uniform" and u.minimum is not None and u.maximum is not None:
        return Uncertainty(kind="uniform", a=u.minimum, b=u.maximum)
    if kind == "triangle" and u.minimum is not None and u.maximum is not None and u.mode is not None:
        return Uncertainty(kind="triangular", a=u.minimum, b=u.mode, c=u.maximum)
    return None


def _epd(data: Mapping[str, Any], inventory: Inventory, name: str) -> None:
    """openLCA keeps an EPD's values in result data sets; without them there is nothing to take over."""
    inventory.losses.add("epd.modules", str(data.get("name") or name))


# -- writing -------------------------------------------------------------------------------------------------

DIST = {
    "lognormal": "LOG_NORMAL_DISTRIBUTION",
    "normal": "NORMAL_DISTRIBUTION",
    "uniform": "UNIFORM_DISTRIBUTION",
    "triangular": "TRIANGLE_DISTRIBUTION",
}
_SPACE = uuid.UUID("6d1d7b0e-7f0a-5a4f-9d0e-3b5f6c1d2e3f")


def write(inventory: Inventory, target: Path) -> tuple[Loss, ...]:
    """Write a zip (generation 2 unless the data came from generation 1). Returns the losses."""
    losses = Losses()
    inventory.gathered()
    with fresh_file(target) as path, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(entities(inventory, losses).items()):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(
                info, json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            )
    return losses.report()


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
        out[f"flows/{_id(flow.id)}.json"] = _flow_data(flow, losses, own)
    for p in inventory.parameters:
        out[f"parameters/{_id('parameter ' + p.name)}.json"] = p.foreign.get(NAME) or {
            "@type": "Parameter",
            "@id": _id("parameter " + p.name),
            "name": p.name,
            "value": p.value,
            "formula": p.formula,
            "isInputParameter": not p.formula,
            "parameterScope": "GLOBAL_SCOPE",
        }
    for process in inventory:
        out[f"processes/{_id(process.id)}.json"] = _process_data(process, inventory, losses, own)
    for r in inventory.results:
        losses.add("results", first(r.name, "en"))
    return out


def _id(text: str) -> str:
    """openLCA wants a UUID: another id becomes one that is always the same."""
    try:
        return text if str(uuid.UUID(text)) == text.lower() else str(uuid.uuid5(_SPACE, text))
    except ValueError:
        return str(uuid.uuid5(_SPACE, text))


def _basics(inventory: Inventory, out: dict[str, Any]) -> None:
    """Unit groups and flow properties: one for each reference unit."""
    units = {f.unit for f in inventory.flows.values()} | {x.unit for p in inventory for x in p.exchanges}
    for text in sorted(units):
        reference, factor = inventory.units.get(text, (text, 1.0))
        group, prop = _id("group " + reference), _id("property " + reference)
        data = out.setdefault(
            f"unit_groups/{group}.json",
            {
                "@type": "UnitGroup",
                "@id": group,
                "name": f"Units of {reference}",
                "units": [
                    {
                        "@type": "Unit",
                        "@id": _id("unit " + reference),
                        "name": reference,
                        "isRefUnit": True,
                        "conversionFactor": 1.0,
                    }
                ],
            },
        )
        if text != reference:
            data["units"].append(
                {"@type": "Unit", "@id": _id("unit " + text), "name": text, "conversionFactor": factor}
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
        out[f"locations/{_id('place ' + place)}.json"] = {
            "@type": "Location",
            "@id": _id("place " + place),
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
        "@id": _id(flow.id),
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
                "flowProperty": {"@type": "FlowProperty", "@id": _id("property " + reference)},
            }
        ]
        for m in flow.measures:
            losses.add("flow.measures", f"{m.factor} {m.unit}")
        if flow.place:
            data["location"] = {"@type": "Location", "@id": _id("place " + flow.place), "name": flow.place}
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
        "@id": _id(p.id),
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
            said["location"] = {"@type": "Location", "@id": _id("place " + p.place), "name": p.place}
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
                    "product": {"@type": "Flow", "@id": _id(a.product)},
                    "value": a.value,
                    **({"exchange": {"internalId": int(a.exchange)}} if a.exchange.isdigit() else {}),
                }
                for a in p.allocations
            ]
        if p.parameters:
            said["parameters"] = [
                {
                    "@type": "Parameter",
                    "@id": _id(f"{p.id} {q.name}"),
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
            "@id": _id(x.flow),
            "name": first(flow.name, "en") if flow else x.name,
        }
        said["unit"] = {"@type": "Unit", "@id": _id("unit " + x.unit), "name": x.unit}
        said["flowProperty"] = {"@type": "FlowProperty", "@id": _id("property " + reference)}
        if x.provider:
            said["defaultProvider"] = {"@type": "Process", "@id": _id(x.provider)}
        if x.place:
            said["location"] = {"@type": "Location", "@id": _id("place " + x.place), "name": x.place}
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
                "distributionType": DIST[u.kind],
                **dict(zip(names, (u.a, u.b, u.c), strict=False)),
            }
        if x.low is not None or x.high is not None:
            losses.add("exchange.low, exchange.high", f"{x.low} … {x.high}")
        for other in x.foreign:
            losses.add(f"exchange.foreign.{other}", x.number)
    return {**data, **said}


def generate(folder: Path, processes: int, seed: int = 1, per: int = 36) -> None:
    """A made-up database in this format, for tests of scale: every tenth exchange names its provider."""
    import random

    chance = random.Random(seed)
    unit = {"@type": "Unit", "@id": _id("unit kg"), "name": "kg"}
    group = {
        "@type": "UnitGroup",
        "@id": _id("group kg"),
        "name": "Units of mass",
        "units": [
            {"@type": "Unit", "@id": unit["@id"], "name": "kg", "isRefUnit": True, "conversionFactor": 1.0}
        ],
    }
    prop = {"@type": "FlowProperty", "@id": _id("property kg"), "name": "Mass", "unitGroup": group}
    air = {
        "@type": "Flow",
        "@id": _id("flow co2"),
        "name": "Carbon dioxide, fossil",
        "flowType": "ELEMENTARY_FLOW",
        "category": "Elementary flows/Emission to air/unspecified",
        "flowProperties": [{"isRefFlowProperty": True, "conversionFactor": 1.0, "flowProperty": prop}],
    }
    words = ("钢", "铝", "铜", "电池", "玻璃", "水泥", "聚丙烯", "电力", "运输", "磷酸铁锂")
    english = (
        "steel",
        "aluminium",
        "copper",
        "battery",
        "glass",
        "cement",
        "polypropylene",
        "electricity",
        "transport",
        "lithium iron phosphate",
    )
    with zipfile.ZipFile(folder, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:

        def put(name: str, data: Any) -> None:
            archive.writestr(name, json.dumps(data, ensure_ascii=False))

        put("olca-schema.json", {"version": 2})
        put(f"unit_groups/{group['@id']}.json", group)
        put(f"flow_properties/{prop['@id']}.json", prop)
        put(f"flows/{air['@id']}.json", air)
        places = ("CN", "GLO", "RER", "US", "CN-JS")
        for k in range(processes):
            name = f"{english[k % 10]} production {k}, route {k % 97}"
            put(
                f"flows/{_id(f'flow {k}')}.json",
                {
                    "@type": "Flow",
                    "@id": _id(f"flow {k}"),
                    "name": f"{english[k % 10]} {words[k % 10]} {k}",
                    "flowType": "PRODUCT_FLOW",
                    "flowProperties": [
                        {"isRefFlowProperty": True, "conversionFactor": 1.0, "flowProperty": prop}
                    ],
                },
            )
            ref = {"@type": "FlowProperty", "@id": prop["@id"], "name": "Mass"}
            exchanges = [
                {
                    "@type": "Exchange",
                    "internalId": 1,
                    "amount": 1.0,
                    "isInput": False,
                    "isQuantitativeReference": True,
                    "flow": {
                        "@type": "Flow",
                        "@id": _id(f"flow {k}"),
                        "name": f"{english[k % 10]} {words[k % 10]} {k}",
                        "flowType": "PRODUCT_FLOW",
                        "refUnit": "kg",
                    },
                    "unit": unit,
                    "flowProperty": ref,
                }
            ]
            for n in range(2, per + 1):
                t = chance.randrange(processes)
                gas = n % 6 == 0
                x: dict[str, Any] = {
                    "@type": "Exchange",
                    "internalId": n,
                    "amount": chance.random() * 0.01,
                    "isInput": not gas,
                    "isAvoidedProduct": False,
                    "isQuantitativeReference": False,
                    "unit": unit,
                    "flowProperty": ref,
                    "dqEntry": "(1;2;3;2;1)",
                    "description": "generated for a test of scale, no real process",
                    "flow": {
                        "@type": "Flow",
                        "@id": air["@id"] if gas else _id(f"flow {t}"),
                        "name": air["name"] if gas else f"{english[t % 10]} {words[t % 10]} {t}",
                        "refUnit": "kg",
                        "flowType": "ELEMENTARY_FLOW" if gas else "PRODUCT_FLOW",
                    },
                    "uncertainty": {
                        "@type": "Uncertainty",
                        "distributionType": "LOG_NORMAL_DISTRIBUTION",
                        "geomMean": 0.005,
                        "geomSd": 1.2,
                    },
                }
                if n % 10 == 0 and not gas:
                    x["defaultProvider"] = {
                        "@type": "Process",
                        "@id": _id(f"process {t}"),
                        "name": "provider",
                    }
                exchanges.append(x)
            put(
                f"processes/{_id(f'process {k}')}.json",
                {
                    "@type": "Process",
                    "@id": _id(f"process {k}"),
                    "name": f"{name}（{words[k % 10]}）",
                    "version": "00.00.001",
                    "category": f"Group {k % 50}/Sub {k % 7}",
                    "processType": "UNIT_PROCESS",
                    "location": {
                        "@type": "Location",
                        "@id": _id("place " + places[k % 5]),
                        "name": places[k % 5],
                    },
                    "processDocumentation": {
                        "validFrom": "2023-01-01",
                        "validUntil": "2024-12-31",
                        "technologyDescription": "A made-up route. " * 12,
                    },
                    "exchanges": exchanges,
                },
            )
