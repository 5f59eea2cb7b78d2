"""Writing Brightway workbooks."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from ..files import fresh_file
from ..model import Exchange, Inventory, Loss, Losses, Process, first
from .layout import COLUMNS, NAME, UNCERTAINTY, is_resource

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write(inventory: Inventory, target: Path) -> tuple[Loss, ...]:
    """Write a workbook in this layout; a reader of bw2io ignores the columns it does not know."""
    import openpyxl

    losses = Losses()
    inventory.gathered()
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("inventory")

    def row(*values: Any) -> None:
        sheet.append([_cell(sheet, v) if isinstance(v, str) else v for v in values])

    database = re.sub(r"\.\w+$", "", inventory.name)
    row("Database", database)
    row()
    if inventory.parameters:
        row("Database parameters")
        row("name", "amount", "formula", "unit")
        for p in inventory.parameters:
            row(p.name, p.value, p.formula, p.unit)
        row()
    for process in inventory:
        _write_process(process, inventory, database, row, losses)
    for r in inventory.results:
        losses.add("results", first(r.name, "en"))
    for name in inventory.documents:
        losses.add("documents." + name.split("/")[0], name)
    with fresh_file(target) as path:
        book.save(path)
    return losses.report()


def _cell(sheet: Any, text: str) -> Any:
    """A text stays a text, also one that begins with `=`: no program runs it."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, _ILLEGAL.sub("", text)[:32_000])
    cell.data_type = "s"
    return cell


def _two_languages(texts: dict[str, str], losses: Losses, what: str) -> tuple[str, str]:
    en, zh = first({k: v for k, v in texts.items() if k != "zh"} or texts, "en"), texts.get("zh", "")
    for lang, text in texts.items():
        if text not in (en, zh):
            losses.add(f"{what}[{lang}]", text)
    return en, zh


def _write_process(p: Process, inventory: Inventory, database: str, row: Any, losses: Losses) -> None:
    en, zh = _two_languages(p.name, losses, "process.name")
    row("Activity", en)
    references = [x for x in p.exchanges if x.reference]
    unit = references[0].unit if references else ""
    product = ""
    if references:
        flow = inventory.flows.get(references[0].flow)
        product = first(flow.name, "en") if flow is not None else references[0].name
    fields: dict[str, Any] = {
        "code": p.id,
        "name zh": zh,
        "location": p.place,
        "unit": unit,
        "reference product": product,
        "source": p.source,
        "start": p.start,
        "end": p.end,
        "licence": p.licence,
        "version": p.version,
        "categories": "::".join(p.category),
        "comment": first(p.docs.get("description", {}), "en"),
        "production amount": references[0].amount if references else "",
        **p.foreign.get(NAME, {}),
    }
    for key, value in fields.items():
        if value not in ("", None):
            row(key, value)
    for key, texts in p.docs.items():
        if key != "description":
            losses.add(f"process.docs.{key}", first(texts, "en"))
        elif len(texts) > 1:
            losses.add("process.docs.description: one language", first(texts, "zh"))
    for name, value in (
        ("kind", p.kind if p.kind != "unit" else ""),
        ("quality", p.quality),
        ("default_allocation", p.default_allocation),
    ):
        if value:
            losses.add(f"process.{name}", str(value))
    for a in p.allocations:
        losses.add("process.allocations", f"{a.method} {a.product} {a.value}")
    for other in p.foreign:
        if other != NAME:
            losses.add(f"process.foreign.{other}", p.id)
    if p.parameters:
        row("Parameters")
        row("name", "amount", "formula")
        for q in p.parameters:
            row(q.name, q.value, q.formula)
        row()
    row("Exchanges")
    row(*COLUMNS)
    for x in p.exchanges:
        _write_exchange(x, inventory, database, row, losses)
    row()


def _write_exchange(x: Exchange, inventory: Inventory, database: str, row: Any, losses: Losses) -> None:
    flow = inventory.flows.get(x.flow)
    en, zh = _two_languages(flow.name if flow is not None else {"": x.name}, losses, "flow.name")
    kind = flow.kind if flow is not None else "product"
    amount = x.amount
    if kind == "elementary":
        type_ = "biosphere"
        resource = flow is not None and is_resource(flow.compartment)
        if (x.direction == "input") != resource:
            losses.add("exchange.direction of an elementary flow outside `natural resource`", en)
    elif x.avoided:
        type_ = "substitution"
    elif x.reference:
        type_ = "production"
        if x.direction == "input":
            amount = -abs(amount)
            losses.add("exchange.direction: a treated input is written as negative production", en)
    else:
        type_ = "technosphere"
        if x.direction == "output":
            amount = -amount
            losses.add(
                "exchange.direction: an output for treatment or a co-product is written as negative input", en
            )
    u = x.uncertainty
    code = next((k for k, v in UNCERTAINTY.items() if u is not None and v == u.kind), None)
    loc: float | None = None
    scale: float | None = None
    low, high = x.low, x.high
    if u is not None:
        if u.kind == "lognormal" and u.a > 0 and u.b > 0:
            loc, scale = math.log(u.a), math.log(u.b)
        elif u.kind == "normal":
            loc, scale = u.a, u.b
        elif u.kind == "uniform":
            low, high = u.a, u.b
        elif u.kind == "triangular":
            low, loc, high = u.a, u.b, u.c
        else:
            code = None
            losses.add("exchange.uncertainty: a lognormal around a value that is not above zero", en)
    for name, value in (("property", x.property),):
        if value:
            losses.add(f"exchange.{name}", str(value))
    for other in x.foreign:
        if other != NAME:
            losses.add(f"exchange.foreign.{other}", x.number)
    if flow is not None:
        for name, value in (
            ("synonyms", first(flow.synonyms)),
            ("formula", flow.formula),
            ("place", flow.place),
            ("category", "/".join(flow.category)),
            ("comment", first(flow.comment)),
            ("kind: waste", "waste" if flow.kind == "waste" else ""),
            ("measures", "; ".join(m.property for m in flow.measures)),
            ("version", flow.version),
        ):
            if value:
                losses.add(f"flow.{name}", value)
    row(
        x.name if type_ == "technosphere" and x.name else en,
        amount,
        x.unit,
        x.foreign.get(NAME, {}).get("database", "") or ("" if type_ == "biosphere" else database),
        x.place,
        "::".join(flow.compartment) if flow is not None else "",
        type_,
        "" if type_ == "biosphere" else en,
        x.formula,
        code,
        loc,
        scale,
        low,
        high,
        x.provider,
        first(x.comment, "en"),
        x.quality,
        zh,
        x.flow,
        flow.cas if flow else "",
    )
