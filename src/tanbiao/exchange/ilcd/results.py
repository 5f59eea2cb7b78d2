"""ILCD+EPD: declarations by module of EN 15804."""

from __future__ import annotations

from .. import epd
from ..model import Inventory, Process, Result, first
from ..numbers import finite, shortest
from ..xml import Tree, at, many, said, words


def declaration(root: Tree, process: Process, inventory: Inventory) -> Result | None:
    """The results of an ILCD+EPD data set: modules of EN 15804 as amounts in `common:other` of each LCIA result."""
    modules: dict[str, dict[str, str]] = {}
    for r in many(at(root, "LCIAResults", "LCIAResult")):
        if not isinstance(r, dict):
            continue
        link = r.get("referenceToLCIAMethodDataSet")
        name = first(words(link.get("common:shortDescription")), "en") if isinstance(link, dict) else ""
        key = epd.indicator(name)
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
                    finite(text)
                    modules.setdefault(module, {})[key] = text
        if said(r.get("meanAmount")) and not isinstance(amounts, dict):
            modules.setdefault("total", {})[key] = said(r.get("meanAmount"))
    ref = next((x for x in process.exchanges if x.reference), None)
    chosen = epd.gate(modules)
    if ref is None or not chosen:
        if modules:
            inventory.losses.add(
                "LCIAResults without a total for climate of A1 to A3", first(process.name, "en")
            )
        return None
    return Result(
        id=process.id,
        name=process.name,
        kind="epd",
        unit=ref.unit,
        amount=shortest(ref.amount),
        values=epd.declared(modules, chosen),
        modules=modules,
        place=process.place,
        start=process.start,
        valid_until=process.end,
        licence=process.licence,
        version=process.version,
        company="",
        where=process.where,
        comment={"en": "value: modules " + "+".join(chosen)},
    )
