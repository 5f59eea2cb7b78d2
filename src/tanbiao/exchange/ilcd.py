"""ILCD XML, ILCD+EPD and TIDAS JSON: one mapping, since TIDAS is ILCD in JSON.

XML is first turned into the tree that TIDAS writes (see `xml`), then read; writing goes the other way round. What the
model has no field for stays in the tree under `foreign["ilcd"]` and comes back when the same format is written.

Read from foreign-made files: TianGong LCA v0.2.0 (ILCD XML). TIDAS JSON is read by its published schema and the
conversion examples of its tools; ILCD+EPD by its documentation: both are experimental here.
"""

from __future__ import annotations

import json
import re
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..core.errors import TanbiaoError, refuse
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
    Result,
    Uncertainty,
    Words,
    first,
)
from .source import Source
from .xml import Tree, at, many, parse_xml, said, spoken, words, write_xml

NAME = "ilcd"
FOLDERS = ("processes", "flows", "flowproperties", "unitgroups", "contacts", "sources", "lciamethods")
ROOTS = {
    "processes": "processDataSet",
    "flows": "flowDataSet",
    "flowproperties": "flowPropertyDataSet",
    "unitgroups": "unitGroupDataSet",
    "contacts": "contactDataSet",
    "sources": "sourceDataSet",
    "lciamethods": "LCIAMethodDataSet",
}
SPACES = {
    "processes": "Process",
    "flows": "Flow",
    "flowproperties": "FlowProperty",
    "unitgroups": "UnitGroup",
}
FLOW_KINDS: dict[str, FlowKind] = {
    "product flow": "product",
    "waste flow": "waste",
    "elementary flow": "elementary",
    "other flow": "product",
}
DOCS = {  # our key → path in a process data set
    "description": ("processInformation", "dataSetInformation", "common:generalComment"),
    "time": ("processInformation", "time", "common:timeRepresentativenessDescription"),
    "geography": (
        "processInformation",
        "geography",
        "locationOfOperationSupplyOrProduction",
        "descriptionOfRestrictions",
    ),
    "technology": ("processInformation", "technology", "technologyDescriptionAndIncludedProcesses"),
    "application": ("processInformation", "technology", "technologicalApplicability"),
    "functional_unit": ("processInformation", "quantitativeReference", "functionalUnitOrOther"),
    "method": ("modellingAndValidation", "LCIMethodAndAllocation", "deviationsFromLCIMethodPrinciple"),
    "constants": ("modellingAndValidation", "LCIMethodAndAllocation", "modellingConstants"),
    "completeness": (
        "modellingAndValidation",
        "dataSourcesTreatmentAndRepresentativeness",
        "dataCutOffAndCompletenessPrinciples",
    ),
    "data_selection": (
        "modellingAndValidation",
        "dataSourcesTreatmentAndRepresentativeness",
        "dataSelectionAndCombinationPrinciples",
    ),
    "data_treatment": (
        "modellingAndValidation",
        "dataSourcesTreatmentAndRepresentativeness",
        "dataTreatmentAndExtrapolationsPrinciples",
    ),
    "sampling": ("modellingAndValidation", "dataSourcesTreatmentAndRepresentativeness", "samplingProcedure"),
    "use_advice": (
        "modellingAndValidation",
        "dataSourcesTreatmentAndRepresentativeness",
        "useAdviceForDataSet",
    ),
}
GWP_TOTAL = re.compile(
    r"global warming potential.{0,12}total|gwp-?total|\bgwp\b(?!.*(?:fossil|biogen|luluc|land))"
    r"|climate change(?!.*(?:fossil|biogen|land))|全球变暖",
    re.IGNORECASE,
)
_PARTS = (
    ("A", re.compile(r"fossil", re.IGNORECASE)),
    ("biogenic", re.compile(r"biogen", re.IGNORECASE)),
    ("E", re.compile(r"luluc|land use", re.IGNORECASE)),
)
MODULES = re.compile(r"^(A[1-5](?:-A?[1-5])?|B[1-7]|C[1-4]|D)$")
_SPACE = uuid.UUID("4c1b3a52-2f0e-5d6c-8b7a-90817263f4a5")


def recognises(source: Source) -> bool:
    """Whether it holds ILCD or TIDAS data sets."""
    for name in [
        *source.names(".xml", "processes")[:1],
        *source.names(".json", "processes")[:1],
        *source.names(".xml", "flows")[:1],
        *([source.entries[0].name] if source.single else []),
    ]:
        head = source.head(name, 3000)
        if b"http://lca.jrc.it/ILCD" in head or (
            (
                name.endswith(".json")
                and b"DataSet" in head
                and b"@id" not in head[:200]
                and b'"processDataSet"' in head
            )
            or b'"flowDataSet"' in head
        ):
            return True
    return False


def read(source: Source, keep: bool = True) -> Inventory:
    """Flows, flow properties and unit groups at once; the processes as an iterator."""
    tidas = bool(source.names(".json", "processes") or source.names(".json", "flows")) or (
        source.single and source.entries[0].name.endswith(".json")
    )
    inventory = Inventory(NAME, source.name, experimental=tidas)
    suffix = ".json" if tidas else ".xml"
    units: dict[str, str] = {}
    for name in source.names(suffix, "unitgroups"):
        tree = _tree(source, name, inventory)
        if tree is not None:
            _guard(inventory, source, name, _unit_group, tree, units, inventory)
            if keep:
                inventory.documents[_path(name)] = tree
    properties: dict[str, tuple[str, str]] = {}
    for name in source.names(suffix, "flowproperties"):
        tree = _tree(source, name, inventory)
        if tree is not None:
            _guard(inventory, source, name, _flow_property, tree, units, properties)
            if keep:
                inventory.documents[_path(name)] = tree
    for name in source.names(suffix, "flows"):
        tree = _tree(source, name, inventory)
        if tree is not None:
            _guard(inventory, source, name, _flow, tree, properties, inventory, keep)
    if keep:
        for folder in ("contacts", "sources", "lciamethods"):
            for name in source.names(suffix, folder):
                tree = _tree(source, name, inventory)
                if tree is not None:
                    inventory.documents[_path(name)] = tree
    names = source.names(suffix, "processes") or ([source.entries[0].name] if source.single else [])
    inventory.expected = len(names)
    inventory.processes = _processes(source, names, inventory, keep)
    return inventory


def _path(name: str) -> str:
    folder, _, file = name.rpartition("/")
    return f"{folder.rsplit('/', 1)[-1]}/{file.rsplit('.', 1)[0]}"


def _guard(inventory: Inventory, source: Source, name: str, work: Any, *args: Any) -> None:
    try:
        work(*args)
    except (TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
        inventory.report("exchange-entity", source.place(name), detail=str(error))


def _tree(source: Source, name: str, inventory: Inventory) -> Tree | None:
    try:
        data = source.read(name)
        if name.endswith(".json"):
            from .source import decode

            tree = json.loads(decode(data, source.place(name)), parse_constant=_no_constant)
        else:
            tree = parse_xml(data, source.place(name))
    except TanbiaoError as error:
        inventory.problems.extend(error.problems)
        return None
    except (ValueError, RecursionError) as error:
        inventory.report("exchange-json", source.place(name), detail=error)
        return None
    if not isinstance(tree, dict) or len(tree) != 1 or not isinstance(next(iter(tree.values())), dict):
        inventory.report("exchange-entity", source.place(name), detail="no data set")
        return None
    root, value = next(iter(tree.items()))
    if root.rsplit(":", 1)[-1] not in ROOTS.values():
        inventory.report("exchange-entity", source.place(name), detail=f"root {root[:60]}")
        return None
    return {root.rsplit(":", 1)[-1]: _common(value, root)}


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _common(node: Any, root: str) -> Any:
    """Prefix `common:` for the common namespace and none for the data set's own, whatever the file calls them."""
    spaces = {k.removeprefix("@xmlns:"): v for k, v in node.items() if k.startswith("@xmlns:")}
    renamed = {
        p: "common" for p, v in spaces.items() if v == "http://lca.jrc.it/ILCD/Common" and p != "common"
    }
    own = root.rpartition(":")[0]
    if own:
        renamed[own] = ""
    if not renamed:
        return node

    def name(key: str) -> str:
        if key.startswith("@xmlns:"):
            new = renamed.get(key.removeprefix("@xmlns:"))
            return key if new is None else f"@xmlns:{new}" if new else "@xmlns"
        prefix, _, rest = key.rpartition(":")
        new = renamed.get(prefix) if prefix else None
        return key if new is None else f"{new}:{rest}" if new else rest

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(v) for v in value]
        return {name(k): walk(v) for k, v in value.items()} if isinstance(value, dict) else value

    return walk(node)


def _number(text: str) -> float:
    value = float(text)
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is no finite number")
    return value


def _unit_group(tree: Tree, units: dict[str, str], inventory: Inventory) -> None:
    root = tree["unitGroupDataSet"]
    ident = said(at(root, "unitGroupInformation", "dataSetInformation", "common:UUID"))
    ref = said(at(root, "unitGroupInformation", "quantitativeReference", "referenceToReferenceUnit")) or "0"
    rows = [u for u in many(at(root, "units", "unit")) if isinstance(u, dict)]
    reference = next((u for u in rows if str(u.get("@dataSetInternalID")) == ref), rows[0] if rows else None)
    if reference is None:
        raise ValueError("a unit group without units")
    units[ident] = said(reference.get("name"))
    for u in rows:
        factor = _number(said(u.get("meanValue")) or "1")
        if factor:
            inventory.units.setdefault(said(u.get("name")), (units[ident], factor))


def _flow_property(tree: Tree, units: Mapping[str, str], properties: dict[str, tuple[str, str]]) -> None:
    info = at(tree, "flowPropertyDataSet", "flowPropertiesInformation")
    ident = said(at(info, "dataSetInformation", "common:UUID"))
    group = at(info, "quantitativeReference", "referenceToReferenceUnitGroup", "@refObjectId")
    name = first(words(at(info, "dataSetInformation").get("common:name")), "en")
    properties[ident] = (name, units.get(str(group), _unit_by_name(name)))


def _unit_by_name(name: str) -> str:
    """The reference units of ILCD's own unit groups, where a file points to them and does not hold them."""
    return {
        "Mass": "kg",
        "Volume": "m3",
        "Net calorific value": "MJ",
        "Gross calorific value": "MJ",
        "Area": "m2",
        "Number of items": "Item(s)",
        "Length": "m",
        "Area*time": "m2*a",
        "Radioactivity": "kBq",
        "Goods transport (mass*distance)": "t*km",
        "Person transport": "p*km",
        "Energy": "MJ",
    }.get(name, "")


def _flow(tree: Tree, properties: Mapping[str, tuple[str, str]], inventory: Inventory, keep: bool) -> None:
    root = tree["flowDataSet"]
    info = at(root, "flowInformation", "dataSetInformation")
    ident = said(at(info, "common:UUID"))
    if not ident:
        raise ValueError("no UUID")
    kind = FLOW_KINDS.get(
        said(at(root, "modellingAndValidation", "LCIMethod", "typeOfDataSet")).lower(), "product"
    )
    names = words(
        at(info, "name", "baseName")
        if not isinstance(at(info, "name"), dict)
        else info["name"].get("baseName")
    )
    cats = at(info, "classificationInformation", "common:elementaryFlowCategorization")
    compartment = tuple(said(c) for c in many(cats.get("common:category"))) if isinstance(cats, dict) else ()
    classes = at(info, "classificationInformation", "common:classification")
    category = tuple(said(c) for c in many(classes.get("common:class"))) if isinstance(classes, dict) else ()
    ref = (
        said(at(root, "flowInformation", "quantitativeReference", "referenceToReferenceFlowProperty")) or "0"
    )
    unit, prop, measures = "", "", []
    held = root.get("flowProperties")
    for fp in many(held.get("flowProperty")) if isinstance(held, dict) else []:
        link = fp.get("referenceToFlowPropertyDataSet") or {}
        name = first(words(link.get("common:shortDescription")), "en")
        name, reference = properties.get(str(link.get("@refObjectId")), (name, _unit_by_name(name)))
        if str(fp.get("@dataSetInternalID", "0")) == ref:
            unit, prop = reference, name
        else:
            measures.append(
                Measure(property=name, unit=reference, factor=_number(said(fp.get("meanValue")) or "1"))
            )
    place = at(root, "flowInformation", "geography", "locationOfSupply")
    foreign = {NAME: _without(root, _FLOW_TAKEN)} if keep else {}
    inventory.flows[ident] = Flow(
        id=ident,
        name=names,
        kind=kind,
        unit=unit,
        property=prop,
        measures=tuple(measures),
        compartment=compartment,
        category=category,
        cas=said(at(info, "CASNumber")),
        formula=said(at(info, "sumFormula")),
        place=said(place),
        synonyms=words(info.get("common:synonyms")),
        version=said(
            at(root, "administrativeInformation", "publicationAndOwnership", "common:dataSetVersion")
        ),
        comment=words(info.get("common:generalComment")),
        foreign=foreign,
    )


_FLOW_TAKEN = (
    ("flowInformation", "dataSetInformation", "common:UUID"),
    ("flowInformation", "dataSetInformation", "name", "baseName"),
    ("flowInformation", "dataSetInformation", "common:generalComment"),
    ("flowInformation", "dataSetInformation", "common:synonyms"),
    ("flowInformation", "dataSetInformation", "CASNumber"),
    ("flowInformation", "dataSetInformation", "sumFormula"),
)
_PROCESS_TAKEN = (
    ("exchanges",),
    ("processInformation", "dataSetInformation", "common:UUID"),
    ("processInformation", "dataSetInformation", "name", "baseName"),
    ("processInformation", "mathematicalRelations"),
    *DOCS.values(),
)
_EXCHANGE_TAKEN = (
    "@dataSetInternalID",
    "exchangeDirection",
    "meanAmount",
    "resultingAmount",
    "generalComment",
    "minimumAmount",
    "maximumAmount",
    "location",
)


def _without(tree: Any, taken: tuple[tuple[str, ...], ...]) -> Any:
    """A copy without what the model holds; emptied branches stay, so that their place is known."""
    heads: dict[str, list[tuple[str, ...]]] = {}
    for path in taken:
        heads.setdefault(path[0], []).append(path[1:])
    out: Tree = {}
    for key, value in tree.items():
        rests = heads.get(key)
        if rests is None:
            out[key] = value
        elif any(not r for r in rests):
            continue
        elif isinstance(value, dict):
            out[key] = _without(value, tuple(rests))
        else:
            out[key] = value
    return out


def _processes(source: Source, names: list[str], inventory: Inventory, keep: bool) -> Iterator[Process]:
    for name in names:
        tree = _tree(source, name, inventory)
        if tree is None:
            continue
        root = tree.get("processDataSet")
        if root is None:
            if source.single:
                inventory.report("exchange-entity", source.place(name), detail="no process data set")
            continue
        try:
            process = _process(root, inventory, keep, name)
            has_results = at(root, "LCIAResults", "LCIAResult") is not None
            result = _epd(root, process, inventory) if has_results else None
        except (TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
            inventory.report("exchange-entity", source.place(name), detail=str(error))
            continue
        if result is not None:
            inventory.results.append(result)
            if not any(not x.reference for x in process.exchanges):
                continue  # an EPD: the result is all there is
        yield process


def _process(root: Tree, inventory: Inventory, keep: bool, name: str) -> Process:
    info = at(root, "processInformation")
    data = at(info, "dataSetInformation")
    ident = said(at(data, "common:UUID"))
    if not ident:
        raise ValueError("no UUID")
    spoken_name = data.get("name") if isinstance(data.get("name"), dict) else {}
    names: Words = {}
    for part in (
        "baseName",
        "treatmentStandardsRoutes",
        "mixAndLocationTypes",
        "functionalUnitFlowProperties",
    ):
        if part != "baseName" and keep:
            break
        for lang, text in words(spoken_name.get(part)).items():
            names[lang] = f"{names[lang]}; {text}" if lang in names else text
    classes = at(data, "classificationInformation", "common:classification")
    category = tuple(said(c) for c in many(classes.get("common:class"))) if isinstance(classes, dict) else ()
    kind_text = said(at(root, "modellingAndValidation", "LCIMethodAndAllocation", "typeOfDataSet"))
    references = {said(r) for r in many(at(info, "quantitativeReference", "referenceToReferenceFlow"))}
    place = at(info, "geography", "locationOfOperationSupplyOrProduction", "@location")
    publication = at(root, "administrativeInformation", "publicationAndOwnership")
    sources = at(root, "modellingAndValidation", "dataSourcesTreatmentAndRepresentativeness")
    cited = [
        first(words(s.get("common:shortDescription")), "en")
        for s in (many(sources.get("referenceToDataSource")) if isinstance(sources, dict) else [])
        if isinstance(s, dict)
    ]
    exchanges, allocations = [], []
    held = root.get("exchanges")
    for k, x in enumerate(many(held.get("exchange")) if isinstance(held, dict) else []):
        exchanges.append(_exchange(x, references, inventory, keep, f"{name}#exchange {k}"))
        for a in many(at(x, "allocations", "allocation")):
            share, product = a.get("@allocatedFraction"), a.get("@internalReferenceToCoProduct")
            if share is not None and product is not None:
                allocations.append((str(product), _number(str(share)) / 100, exchanges[-1].number))
    by_number = {x.number: x.flow for x in exchanges}
    docs = {}
    if keep:
        for key, path in DOCS.items():
            parent = at(root, *path[:-1])
            value = parent.get(path[-1]) if isinstance(parent, dict) else None
            found = words(value)
            if found:
                docs[key] = found
    version = said(at(publication, "common:dataSetVersion"))
    valid = said(at(info, "time", "common:dataSetValidUntil"))
    foreign = {NAME: _without(root, _PROCESS_TAKEN)} if keep else {}
    return Process(
        id=ident,
        name=names,
        exchanges=tuple(exchanges),
        place=str(place or ""),
        category=category,
        kind="aggregated" if kind_text.lower().startswith("lci result") else "unit",
        start=said(at(info, "time", "common:referenceYear")),
        end=valid,
        version=version,
        licence=said(at(publication, "common:licenseType")),
        source="; ".join(c for c in cited if c)[:400],
        allocations=tuple(
            Allocation(method="physical", product=by_number.get(p, p), value=v, exchange=n)
            for p, v, n in allocations
        ),
        parameters=tuple(_parameters(info, ident)) if keep else (),
        docs=docs,
        where=name,
        foreign=foreign,
    )


def _exchange(x: Tree, references: set[str], inventory: Inventory, keep: bool, where: str) -> Exchange:
    link = x.get("referenceToFlowDataSet")
    link = link if isinstance(link, dict) else {}
    flow_id = str(link.get("@refObjectId") or "")
    spoken_name = words(link.get("common:shortDescription"))
    number = str(x.get("@dataSetInternalID", ""))
    text = said(x.get("resultingAmount")) or said(x.get("meanAmount"))
    if not text:
        raise ValueError(f"{where}: no amount")
    known = inventory.flows.get(flow_id)
    direction = said(x.get("exchangeDirection")).lower()
    if direction not in ("input", "output"):
        raise ValueError(f"{where}: direction {direction[:20]!r}")
    low, high = said(x.get("minimumAmount")), said(x.get("maximumAmount"))
    mean = said(x.get("meanAmount"))
    foreign = {}
    if keep:
        rest = {k: v for k, v in x.items() if k not in _EXCHANGE_TAKEN}
        if mean and mean != text:
            rest["meanAmount"] = mean
        foreign = {NAME: rest, "text": {"amount": text}} if _text(_number(text)) != text else {NAME: rest}
    spread = said(x.get("relativeStandardDeviation95In"))
    kind = said(x.get("uncertaintyDistributionType")).lower()
    uncertainty = None
    if spread and kind == "log-normal":
        uncertainty = Uncertainty(kind="lognormal", a=_number(text), b=_number(spread) ** 0.5)
    elif spread and kind == "normal":
        uncertainty = Uncertainty(
            kind="normal", a=_number(text), b=abs(_number(text)) * _number(spread) / 200
        )
    if known is None and flow_id and flow_id not in inventory.flows:
        kind_of: FlowKind = (
            "waste" if direction == "output" and number not in references else "product"
        )  # not known
        inventory.flows[flow_id] = Flow(
            id=flow_id, name=spoken_name or {"": flow_id}, kind=kind_of, unit="", foreign={"missing": True}
        )
        inventory.report(
            "exchange-flow-absent",
            _place(inventory, where),
            "warning",
            flow=flow_id,
            name=first(spoken_name, "en"),
        )
    return Exchange(
        number=number,
        flow=flow_id,
        name=first(spoken_name, "en"),
        direction="input" if direction == "input" else "output",
        amount=_number(text),
        unit=known.unit if known is not None else "",
        reference=number in references,
        place=said(x.get("location")),
        low=_number(low) if low else None,
        high=_number(high) if high else None,
        uncertainty=uncertainty,
        comment=words(x.get("generalComment")) if keep else {},
        where=where,
        foreign=foreign,
    )


def _place(inventory: Inventory, where: str) -> Any:
    from ..core.errors import Place

    file, _, path = where.partition("#")
    return Place(f"{inventory.name}/{file}", path=path or None)


def _parameters(info: Tree, process: str) -> Iterator[Parameter]:
    relations = at(info, "mathematicalRelations")
    for v in many(relations.get("variableParameter")) if isinstance(relations, dict) else []:
        if isinstance(v, dict):
            mean = said(v.get("meanValue"))
            yield Parameter(
                name=str(v.get("@name", "")),
                process=process,
                formula=said(v.get("formula")),
                value=_number(mean) if mean else None,
                comment=words(v.get("comment")),
                foreign={NAME: v},
            )


def _epd(root: Tree, process: Process, inventory: Inventory) -> Result | None:
    """The results of an ILCD+EPD data set: modules of EN 15804 as amounts in `common:other` of each LCIA result."""
    modules: dict[str, dict[str, str]] = {}
    for r in many(at(root, "LCIAResults", "LCIAResult")):
        if not isinstance(r, dict):
            continue
        link = r.get("referenceToLCIAMethodDataSet")
        name = first(words(link.get("common:shortDescription")), "en") if isinstance(link, dict) else ""
        part = next((p for p, pattern in _PARTS if pattern.search(name)), None)
        climate = re.search(r"global warming|gwp|climate change|全球变暖|气候变化", name, re.IGNORECASE)
        key = (
            "GWP-total"
            if climate and part is None
            else (
                f"GWP-{ {'A': 'fossil', 'biogenic': 'biogenic', 'E': 'luluc'}[part] }"
                if climate and part
                else name[:60]
            )
        )
        amounts = at(r, "common:other")
        for tag, values in amounts.items() if isinstance(amounts, dict) else ():
            if tag.rsplit(":", 1)[-1] != "amount":
                continue
            for v in many(values):
                module = (
                    next((str(w) for k, w in v.items() if k.rsplit(":", 1)[-1] == "module"), "")
                    if isinstance(v, dict)
                    else ""
                )
                text = said(v)
                if module and text:
                    _number(text)
                    modules.setdefault(module, {})[key] = text
        if said(r.get("meanAmount")) and not isinstance(amounts, dict):
            modules.setdefault("total", {})[key] = said(r.get("meanAmount"))
    ref = next((x for x in process.exchanges if x.reference), None)
    if ref is None or not any("GWP-total" in m for m in modules.values()):
        if modules:
            inventory.losses.add("LCIAResults without a total for climate", first(process.name, "en"))
        return None
    gate = _declared(modules)
    return Result(
        id=process.id,
        name=process.name,
        kind="epd",
        unit=ref.unit,
        amount=_text(ref.amount),
        values=gate,
        modules=modules,
        place=process.place,
        start=process.start,
        valid_until=process.end,
        licence=process.licence,
        version=process.version,
        company="",
        where=process.where,
        comment={"en": "value: modules " + "+".join(_gate_modules(modules))},
    )


def _gate_modules(modules: Mapping[str, Mapping[str, str]]) -> list[str]:
    for chosen in (("A1-A3",), ("A1", "A2", "A3"), ("A1A2A3",), ("total",)):
        if all(m in modules and "GWP-total" in modules[m] for m in chosen):
            return list(chosen)
    return [m for m in modules if "GWP-total" in modules[m]][:1]


def _declared(modules: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Cradle to gate (A1 to A3) as positions of ours."""
    from ..core.numbers import decimal_text, number

    chosen = _gate_modules(modules)
    out = {}
    for position, key in (
        ("total", "GWP-total"),
        ("A", "GWP-fossil"),
        ("biogenic", "GWP-biogenic"),
        ("E", "GWP-luluc"),
    ):
        parts = [modules[m].get(key) for m in chosen]
        if all(p is not None for p in parts):
            out[position] = decimal_text(sum(number(p) for p in parts if p is not None))
    return out


def _text(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


# -- writing -------------------------------------------------------------------------------------------------


def write(inventory: Inventory, target: Path, tidas: bool = False) -> tuple[Loss, ...]:
    """Write a zip of ILCD XML, or of TIDAS JSON. Returns the losses."""
    losses = Losses()
    trees = datasets(inventory, losses)
    with fresh_file(target) as path, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, tree in sorted(trees.items()):
            info = zipfile.ZipInfo(f"{name}{'.json' if tidas else '.xml'}", (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            data = json.dumps(tree, ensure_ascii=False, indent=1).encode() if tidas else write_xml(tree)
            archive.writestr(info, data)
    return losses.report()


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
            out[f"flows/{_id(flow.id)}"] = {"flowDataSet": _flow_tree(flow, losses, own)}
    for p in inventory:
        out[f"processes/{_id(p.id)}"] = {"processDataSet": _process_tree(p, inventory, losses, own)}
    for q in inventory.parameters:
        losses.add("parameters (global)", q.name)
    for r in inventory.results:
        if r.id not in {p.id for p in inventory}:
            losses.add("results", first(r.name, "en"))
    return out


def _id(text: str) -> str:
    try:
        return text if str(uuid.UUID(text)) == text.lower() else str(uuid.uuid5(_SPACE, text))
    except ValueError:
        return str(uuid.uuid5(_SPACE, text))


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
    _set(root, (*info, "common:UUID"), _id(flow.id))
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
                        "@refObjectId": _id("property " + unit),
                        "@uri": f"../flowproperties/{_id('property ' + unit)}.xml",
                        "common:shortDescription": {"@xml:lang": "en", "#text": f"Quantity in {unit}"},
                    },
                    "meanValue": _text(factor),
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
        group, prop = _id("group " + unit), _id("property " + unit)
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
                {"@dataSetInternalID": str(k), "name": u, "meanValue": _text(f)}
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
    _set(root, (*info, "common:UUID"), _id(p.id))
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
                    **({"meanValue": _text(q.value)} if q.value is not None else {}),
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
    _set(
        root,
        ("exchanges", "exchange"),
        [_exchange_tree(x, k, inventory, losses, own) for k, x in enumerate(p.exchanges)],
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


def _internal(number: str, k: int) -> str:
    return number if number.isdigit() else str(k)


def _exchange_tree(x: Exchange, k: int, inventory: Inventory, losses: Losses, own: bool) -> Tree:
    rest = _copy(x.foreign.get(NAME)) or {}
    flow = inventory.flows.get(x.flow)
    amount = x.foreign.get("text", {}).get("amount") or _text(x.amount)
    out: Tree = {"@dataSetInternalID": x.number if own else _internal(x.number, k)}
    if "referenceToFlowDataSet" in rest:
        out["referenceToFlowDataSet"] = rest.pop("referenceToFlowDataSet")
    else:
        out["referenceToFlowDataSet"] = {
            "@type": "flow data set",
            "@refObjectId": _id(x.flow),
            "@uri": f"../flows/{_id(x.flow)}.xml",
            "common:shortDescription": spoken(flow.name if flow is not None else {"en": x.name or x.flow}),
        }
    if x.place:
        out["location"] = x.place
    out["exchangeDirection"] = "Input" if x.direction == "input" else "Output"
    if not own and flow is not None and x.unit != flow.unit:
        from .units import factor_between, ours

        mine, theirs = ours(x.unit, inventory.units), ours(flow.unit, inventory.units)
        factor = factor_between(mine[0], theirs[0]) if mine and theirs else None
        if factor is None or mine is None or theirs is None:
            losses.add("exchange.unit", f"{x.unit} ≠ {flow.unit}")
        else:
            amount = _text(x.amount * mine[1] * factor / theirs[1])
            if x.unit != flow.unit:
                losses.add("exchange.unit: converted to the unit of the flow", f"{x.unit} → {flow.unit}")
    out["meanAmount"] = rest.pop("meanAmount", amount)
    out["resultingAmount"] = amount
    if x.low is not None:
        out["minimumAmount"] = _text(x.low)
    if x.high is not None:
        out["maximumAmount"] = _text(x.high)
    if not own:
        if x.uncertainty is not None and x.uncertainty.kind == "lognormal":
            out |= {
                "uncertaintyDistributionType": "log-normal",
                "relativeStandardDeviation95In": _text(x.uncertainty.b**2),
            }
        elif x.uncertainty is not None:
            losses.add(f"exchange.uncertainty.{x.uncertainty.kind}", x.number)
        for name, value in (
            ("formula", x.formula),
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


__all__ = ["NAME", "datasets", "read", "recognises", "refuse", "write"]
