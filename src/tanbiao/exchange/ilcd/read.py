"""Reading ILCD XML and TIDAS JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import nan
from typing import Any

from ...core.errors import Place, TanbiaoError
from ..model import (
    Allocation,
    Exchange,
    Flow,
    FlowKind,
    Inventory,
    Measure,
    Parameter,
    Process,
    Uncertainty,
    Words,
    first,
)
from ..numbers import finite, shortest
from ..source import Source, decode
from ..xml import Tree, at, many, parse_xml, said, words
from .results import declaration
from .schema import DOCS, FLOW_KINDS, NAME, ROOTS


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
        factor = finite(said(u.get("meanValue")) or "1")
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
                Measure(property=name, unit=reference, factor=finite(said(fp.get("meanValue")) or "1"))
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
            result = declaration(root, process, inventory) if has_results else None
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
                allocations.append((str(product), finite(str(share)) / 100, exchanges[-1].number))
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
            Allocation(method="causal", product=by_number.get(p, p), value=v, exchange=n)
            for p, v, n in allocations
        ),
        parameters=tuple(_parameters(info, ident, keep)),
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
    mean, variable = said(x.get("meanAmount")), said(x.get("referenceToVariable"))
    text = said(x.get("resultingAmount")) or ("" if variable else mean)
    if not text and not variable:
        raise ValueError(f"{where}: no amount")
    amount = finite(text) if text else nan  # the variable gives it
    known = inventory.flows.get(flow_id)
    direction = said(x.get("exchangeDirection")).lower()
    if direction not in ("input", "output"):
        raise ValueError(f"{where}: direction {direction[:20]!r}")
    low, high = said(x.get("minimumAmount")), said(x.get("maximumAmount"))
    foreign = {}
    if keep:
        rest = {k: v for k, v in x.items() if k not in _EXCHANGE_TAKEN}
        if mean and mean != text:
            rest["meanAmount"] = mean
        foreign = {NAME: rest}
        if text and shortest(amount) != text:
            foreign["text"] = {"amount": text}
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
        amount=amount,
        formula=_formula(mean, variable),
        unit=known.unit if known is not None else "",
        reference=number in references,
        place=said(x.get("location")),
        low=finite(low) if low else None,
        high=finite(high) if high else None,
        uncertainty=_uncertainty(x, amount, low, high),
        comment=words(x.get("generalComment")) if keep else {},
        where=where,
        foreign=foreign,
    )


def _formula(mean: str, variable: str) -> str:
    """The resulting amount of an exchange that names a variable is its mean amount times the variable."""
    return variable if not variable or mean in ("", "1", "1.0") else f"{mean} * {variable}"


def _uncertainty(x: Tree, amount: float, low: str, high: str) -> Uncertainty | None:
    """The distribution of an exchange. The amount is the mode of a triangular one."""
    spread = said(x.get("relativeStandardDeviation95In"))
    match said(x.get("uncertaintyDistributionType")).lower():
        case "log-normal" if spread:
            return Uncertainty(kind="lognormal", a=amount, b=finite(spread) ** 0.5)
        case "normal" if spread:
            return Uncertainty(kind="normal", a=amount, b=abs(amount) * finite(spread) / 200)
        case "uniform" if low and high:
            return Uncertainty(kind="uniform", a=finite(low), b=finite(high))
        case "triangular" if low and high:
            return Uncertainty(kind="triangular", a=finite(low), b=amount, c=finite(high))
    return None


def _place(inventory: Inventory, where: str) -> Any:
    file, _, path = where.partition("#")
    return Place(f"{inventory.name}/{file}", path=path or None)


def _parameters(info: Tree, process: str, keep: bool) -> Iterator[Parameter]:
    relations = at(info, "mathematicalRelations")
    for v in many(relations.get("variableParameter")) if isinstance(relations, dict) else []:
        if isinstance(v, dict):
            mean = said(v.get("meanValue"))
            yield Parameter(
                name=str(v.get("@name", "")),
                process=process,
                formula=said(v.get("formula")),
                value=finite(mean) if mean else None,
                comment=words(v.get("comment")) if keep else {},
                foreign={NAME: v} if keep else {},
            )
