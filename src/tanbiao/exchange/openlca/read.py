"""Reading openLCA JSON-LD."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping

import msgspec

from ...core.errors import TanbiaoError
from ..model import Inventory, Process
from ..source import Source
from .entities import entity_bytes, read_entity, read_units
from .flows import read_flow, slim_flow
from .processes import read_parameter, read_processes
from .results import Links, linked, read_links, read_results
from .schema import NAME, OTHER_FOLDERS, SLIM_FLOW


def recognises(source: Source) -> bool:
    """Whether it holds openLCA JSON-LD: data sets in folders named as openLCA names them."""
    marks = ("olca-schema.json", "openlca.json")
    if any(e.name.rsplit("/", 1)[-1] in marks for e in source.entries):
        return True
    found = source.names(".json", "processes")[:1] or source.names(".json", "flows")[:1]
    return bool(found) and b'"@type"' in source.head(found[0], 4000)


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
    codes = _codes(source, inventory)
    _flows(source, inventory, _properties(source, inventory), codes, keep)
    for name in source.names(".json", "parameters"):
        data = read_entity(source, name, inventory)
        if data is not None:
            inventory.parameters.append(read_parameter(data, "", keep))
    for folder in OTHER_FOLDERS if keep else ():
        for name in source.names(".json", folder):
            data = read_entity(source, name, inventory, quiet=True)
            if data is not None:
                inventory.documents[f"{folder}/{name.rsplit('/', 1)[-1]}"] = data
    calculated = read_results(source, inventory, codes, keep)
    names = source.names(".json", "processes")
    inventory.expected = len(names) + len(calculated)
    read_one = read_processes(source, names, inventory, codes, keep, inventory.losses)
    inventory.processes = _with(read_one, read_links(source, inventory), calculated)
    return inventory


def _with(processes: Iterator[Process], links: Links, calculated: list[Process]) -> Iterator[Process]:
    if links:
        processes = (linked(p, links[p.id]) if p.id in links else p for p in processes)
    yield from processes
    yield from calculated


def _codes(source: Source, inventory: Inventory) -> dict[str, str]:
    """Location → its code, else its name."""
    codes = {}
    for name in source.names(".json", "locations"):
        data = read_entity(source, name, inventory)
        if data is not None:
            codes[str(data["@id"])] = str(data.get("code") or data.get("name") or "")
    return codes


def _properties(source: Source, inventory: Inventory) -> dict[str, tuple[str, str]]:
    """Flow property → its name and its reference unit; the units of the source's groups on the way."""
    references = {}
    for name in source.names(".json", "unit_groups"):
        data = read_entity(source, name, inventory)
        if data is not None:
            references[str(data["@id"])] = read_units(data, inventory)
    properties = {}
    for name in source.names(".json", "flow_properties"):
        data = read_entity(source, name, inventory)
        if data is not None:
            group = data.get("unitGroup")
            unit = references.get(str(group.get("@id")), "") if isinstance(group, dict) else ""
            properties[str(data["@id"])] = (str(data.get("name") or ""), unit)
    return properties


def _flows(
    source: Source,
    inventory: Inventory,
    properties: Mapping[str, tuple[str, str]],
    codes: Mapping[str, str],
    keep: bool,
) -> None:
    for name in source.names(".json", "flows"):
        if not keep:
            try:
                slim = SLIM_FLOW.decode(entity_bytes(source, name))
            except (msgspec.MsgspecError, ValueError, RecursionError, TanbiaoError):
                slim = None
            if slim is not None and slim.id:
                inventory.flows[slim.id] = slim_flow(slim, properties, codes)
                continue
        data = read_entity(source, name, inventory)
        if data is None:
            continue
        try:
            flow = read_flow(data, properties, codes, keep)
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            inventory.report("exchange-entity", source.place(name), detail=str(error))
            continue
        if keep and data.get("description") == "":
            inventory.losses.add("empty text", f"{name}: description")
        inventory.flows[flow.id] = flow
