"""Impact methods as they are handed around: ILCD data sets (`lciamethods/`), openLCA JSON-LD packages
(`lcia_categories/`), and tables of factors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ..core.errors import Problem, TanbiaoError
from ..library.methods import Method, Row, methods_of, read_methods
from .source import Source, decode, open_source
from .xml import many, parse_xml, said

_TABLES = (".csv", ".parquet")
_RESOURCE = re.compile(r"resource|raw material|资源", re.IGNORECASE)


def read_impact_methods(path: Path) -> dict[str, Method]:
    """Methods by category, out of a table, a folder of tables, or a folder or zip of ILCD or openLCA JSON-LD.

    Raises `TanbiaoError` with everything that cannot be read; see `library.methods.read_methods` for tables.
    """
    tables = path.is_dir() and any(p.suffix in _TABLES for p in path.iterdir())
    if path.suffix in _TABLES or tables:
        return read_methods(path)
    source = open_source(path)
    try:
        problems: list[Problem] = []
        ilcd = source.names(".xml", "lciamethods")
        rows = _ilcd(source, ilcd, problems) if ilcd else _openlca(source, problems)
        return methods_of(list(rows), path.name, problems)
    finally:
        source.close()


def _at(tree: Any, *path: str) -> Any:
    """The first child at a path of local names, whatever prefix a file gives its namespaces."""
    for name in path:
        tree = tree[0] if isinstance(tree, list) and tree else tree
        if not isinstance(tree, Mapping):
            return None
        tree = next((v for k, v in tree.items() if k.rpartition(":")[2] == name), None)
    return tree


def _ilcd(source: Source, names: list[str], problems: list[Problem]) -> Iterator[Row]:
    for name in names:
        try:
            tree = parse_xml(source.read(name), source.place(name))
        except TanbiaoError as error:
            problems.extend(error.problems)
            continue
        root = next(iter(tree.values()))
        about = _at(root, "LCIAMethodInformation")
        category = said(_at(about, "dataSetInformation", "name")) or name.rsplit("/", 1)[-1]
        quantity = _at(about, "quantitativeReference", "referenceQuantity")
        for n, factor in enumerate(many(_at(root, "characterisationFactors", "factor")), start=1):
            place, flow = source.place(name, f"factor {n}"), _at(factor, "referenceToFlowDataSet")
            if not isinstance(flow, Mapping):
                problems.append(Problem("exchange-entity", place, {"detail": "no flow"}))
                continue
            uuid = str(flow.get("@refObjectId") or "")
            yield (
                place,
                {
                    "method": category,
                    "flow": said(_at(flow, "shortDescription")) or uuid,
                    "flow_uuid": uuid,
                    "direction": said(_at(factor, "exchangeDirection")) or "Output",
                    "location": said(_at(factor, "location")),
                    "cf": said(_at(factor, "meanValue")),
                    "unit": said(_at(quantity, "shortDescription")),
                },
            )


def _openlca(source: Source, problems: list[Problem]) -> Iterator[Row]:
    def opened(folder: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for name in source.names(".json", folder):
            try:
                node = msgspec.json.decode(decode(source.read(name), source.place(name)))
            except TanbiaoError as error:
                problems.extend(error.problems)
                continue
            except (msgspec.DecodeError, RecursionError) as error:
                problems.append(Problem("exchange-json", source.place(name), {"detail": str(error)[:120]}))
                continue
            if isinstance(node, dict):
                yield name, node

    codes = {str(n.get("@id")): str(n.get("code") or n.get("name") or "") for _, n in opened("locations")}
    methods = [n for _, n in opened("lcia_methods")]
    of = {
        str(c.get("@id")): str(m.get("name"))
        for m in methods
        for c in _list(m.get("impactCategories"))
        if isinstance(c, dict)
    }
    for name, node in opened("lcia_categories"):
        category = str(node.get("name") or name)
        if len(methods) > 1 and str(node.get("@id")) in of:
            category = f"{of[str(node.get('@id'))]} | {category}"
        for n, factor in enumerate(_list(node.get("impactFactors")), start=1):
            place = source.place(name, f"impactFactors[{n}]")
            row = _openlca_row(factor, codes)
            if row is None:
                problems.append(Problem("exchange-entity", place, {"detail": "no flow"}))
                continue
            said_direction = str(node.get("direction") or "")
            yield (
                place,
                {
                    **row,
                    "method": category,
                    "unit": str(node.get("refUnit") or node.get("referenceUnitName") or ""),
                    "direction": said_direction.casefold() or row["direction"],
                },
            )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _openlca_row(factor: Any, codes: Mapping[str, str]) -> dict[str, str] | None:
    """One factor; its direction is that of the flow's compartment, where the category does not say one."""
    flow = factor.get("flow") if isinstance(factor, dict) else None
    if not isinstance(flow, dict) or not flow.get("@id"):
        return None
    home = flow.get("category")
    path = _list(flow.get("categoryPath")) or (
        _list(home.get("categoryPath")) if isinstance(home, dict) else [home]
    )
    where = "/".join(str(p) for p in path if p)
    unit = factor.get("unit")
    location = factor.get("location")
    place = ""
    if isinstance(location, dict):
        place = codes.get(str(location.get("@id"))) or str(location.get("name") or "")
    size = str(unit.get("name") or "") if isinstance(unit, dict) else str(flow.get("refUnit") or "")
    name = str(flow.get("name") or flow["@id"])
    return {
        "flow": f"{name} (Flow, {size}, {where})" if size and where else name,
        "flow_uuid": str(flow["@id"]),
        "flow_unit": size,
        "direction": "input" if _RESOURCE.search(where) else "output",
        "location": place,
        "cf": str(factor.get("value", "")),
    }


__all__ = ["read_impact_methods"]
