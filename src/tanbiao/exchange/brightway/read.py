"""Reading Brightway workbooks."""

from __future__ import annotations

import math
import re
from typing import Any

from ...core.errors import Place
from ..model import Exchange, Flow, Inventory, Parameter, Process
from ..source import Source
from ..spreadsheet import Unreadable, grid, open_book
from .layout import ACTIVITY_FIELDS, NAME, compartment_of, float_of, is_resource, uncertainty_of


def recognises(source: Source) -> bool:
    """Whether it is a workbook with `Activity` blocks."""
    if not source.single or not source.name.lower().endswith((".xlsx", ".xlsm")):
        return False
    try:
        book = open_book(source.path, True)
    except Unreadable:
        return False
    try:
        for sheet in book.worksheets:
            for row in sheet.iter_rows(max_row=400, max_col=1, values_only=True):
                if row and isinstance(row[0], str) and row[0].strip().lower() in ("activity", "database"):
                    return True
    except Exception:
        return False
    finally:
        book.close()
    return False


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def read(source: Source, keep: bool = True) -> Inventory:
    """The whole workbook; activities of all sheets."""
    inventory = Inventory(NAME, source.name, experimental=True)
    processes: list[Process] = []
    block: list[tuple[int, list[Any]]] = []
    sheet_now, database = "", source.path.stem

    def close() -> None:
        if block:
            process = _activity(block, database, f"{source.name}[{sheet_now}]", inventory, keep)
            if process is not None:
                processes.append(process)
            block.clear()

    parameters: list[list[Any]] | None = None
    for sheet, n, cells in grid(source.path, inventory):
        if sheet != sheet_now:
            close()
            sheet_now, parameters = sheet, None
        head = _text(cells[0]).lower() if cells else ""
        if head == "skip":
            continue
        if head == "activity":
            close()
            block.append((n, cells))
            parameters = None
        elif block:
            block.append((n, cells))
        elif head == "database" and len(cells) > 1:
            database = _text(cells[1]) or database
        elif head in ("database parameters", "project parameters"):
            parameters = []
        elif parameters is not None:
            if not any(_text(c) for c in cells):
                parameters = None
            elif not parameters:
                parameters.append([_text(c).lower() for c in cells])
            else:
                row = dict(zip(parameters[0], cells, strict=False))
                inventory.parameters.append(
                    Parameter(
                        name=_text(row.get("name")),
                        formula=_text(row.get("formula")),
                        value=float_of(row.get("amount")),
                        unit=_text(row.get("unit")),
                    )
                )
    close()
    inventory.processes = tuple(processes)
    inventory.expected = len(processes)
    return inventory


def _activity(
    block: list[tuple[int, list[Any]]], database: str, label: str, inventory: Inventory, keep: bool
) -> Process | None:
    row, cells = block[0]
    name = _text(cells[1]) if len(cells) > 1 else ""
    fields: dict[str, str] = {}
    parameters: list[Parameter] = []
    header: list[str] | None = None
    mode = ""
    exchanges: list[tuple[int, dict[str, Any], list[str]]] = []
    for n, values in block[1:]:
        key = _text(values[0]).lower() if values else ""
        if key in ("exchanges", "parameters") and not any(_text(v) for v in values[1:]):
            mode, header = key, None
        elif mode and header is None:
            header = [_text(v).lower() for v in values]
        elif mode == "exchanges" and header is not None:
            if any(_text(v) for v in values):
                exchanges.append((n, dict(zip(header, values, strict=False)), header))
        elif mode == "parameters" and header is not None:
            if not any(_text(v) for v in values):
                mode, header = "", None
            else:
                found = dict(zip(header, values, strict=False))
                parameters.append(
                    Parameter(
                        name=_text(found.get("name")),
                        formula=_text(found.get("formula")),
                        value=float_of(found.get("amount")),
                        process=name,
                    )
                )
        elif key and len(values) > 1:
            fields[key] = _text(values[1])
    if not name:
        inventory.report("exchange-entity", Place(label, row), detail="an activity without a name")
        return None
    product = fields.get("reference product") or name
    code = fields.get("code") or f"{name} | {product} | {fields.get('location', '')}"
    made = []
    for n, cell, columns in exchanges:
        x = _exchange(cell, columns, n, name, product, database, fields, label, inventory, keep)
        if x is not None:
            made.append(x)
    if not any(x.reference for x in made):
        amount = float_of(fields.get("production amount"))
        flow = _product(inventory, name, product, fields.get("unit", ""), {})
        made.insert(
            0,
            Exchange(
                number="0",
                flow=flow,
                name=product,
                direction="output",
                reference=True,
                amount=1.0 if amount is None else amount,
                unit=fields.get("unit", ""),
            ),
        )
    docs = {"description": {"": fields["comment"]}} if keep and fields.get("comment") else {}
    extra = {k: v for k, v in fields.items() if k not in ACTIVITY_FIELDS and v}
    if extra and not keep:
        inventory.losses.add("activity fields", ", ".join(extra))
    return Process(
        id=code,
        name={"en": name, **({"zh": fields["name zh"]} if fields.get("name zh") else {})},
        exchanges=tuple(made),
        place=fields.get("location", ""),
        source=fields.get("source", ""),
        start=fields.get("start", ""),
        end=fields.get("end", ""),
        licence=fields.get("licence", ""),
        version=fields.get("version", ""),
        category=tuple(c for c in re.split(r"::", fields.get("categories", "")) if c),
        parameters=tuple(parameters),
        docs=docs,
        where=f"{label}#row {row}",
        foreign={NAME: extra} if extra else {},
    )


def _product(inventory: Inventory, activity: str, product: str, unit: str, more: dict[str, str]) -> str:
    ident = more.get("flow") or f"{activity} | {product}"
    if ident not in inventory.flows:
        inventory.flows[ident] = Flow(
            id=ident,
            name={"en": product, **({"zh": more["zh"]} if more.get("zh") else {})},
            kind="product",
            unit=unit,
            cas=more.get("cas", ""),
        )
    return ident


def _exchange(
    cell: dict[str, Any],
    columns: list[str],
    n: int,
    activity: str,
    product: str,
    database: str,
    fields: dict[str, str],
    label: str,
    inventory: Inventory,
    keep: bool,
) -> Exchange | None:
    from openpyxl.utils import get_column_letter

    def letter(column: str) -> str:
        return f"{get_column_letter(columns.index(column) + 1)}{n}" if column in columns else f"A{n}"

    text = {k: _text(v) for k, v in cell.items()}
    kind_text = text.get("type", "").lower()
    amount = float_of(cell.get("amount"))
    if amount is None and text.get("formula") and cell.get("amount") is None:
        amount = math.nan  # the formula gives it
    if amount is None:
        if cell.get("amount") is not None:
            inventory.report(
                "number-expected", Place(label, n, letter("amount")), text=text.get("amount", "")
            )
        elif not any(
            p.place.row == n and p.place.file == label for p in inventory.problems if p.code == "cell-formula"
        ):
            inventory.report("cell-missing", Place(label, n, letter("amount")), column="amount")
        return None
    if kind_text not in ("production", "technosphere", "biosphere", "substitution", "generic production"):
        inventory.report(
            "cell-option",
            Place(label, n, letter("type")),
            text=kind_text,
            options="production, technosphere, biosphere, substitution",
        )
        return None
    name, unit = text.get("name", ""), text.get("unit", "")
    more = {"flow": text.get("flow", ""), "zh": text.get("name zh", ""), "cas": text.get("cas", "")}
    provider, place = "", text.get("location", "")
    reference = kind_text in ("production", "generic production")
    if kind_text == "biosphere":
        compartment = compartment_of(text.get("categories", ""))
        ident = more["flow"] or f"{name} | {'/'.join(compartment)} | {unit}"
        if ident not in inventory.flows:
            inventory.flows[ident] = Flow(
                id=ident,
                name={"en": name, **({"zh": more["zh"]} if more["zh"] else {})},
                kind="elementary",
                unit=unit,
                compartment=compartment,
                cas=more["cas"],
            )
        direction = "input" if is_resource(compartment) else "output"
    else:
        own = text.get("reference product") or (product if reference else name)
        ident = _product(inventory, activity if reference else name, own, unit, more)
        direction = "output" if reference else "input"
        if text.get("input"):
            provider = text["input"]
    uncertainty = uncertainty_of(cell)
    return Exchange(
        number=str(n),
        flow=ident,
        name=name,
        direction="input" if direction == "input" else "output",
        amount=amount,
        unit=unit,
        reference=reference,
        avoided=kind_text == "substitution",
        provider=provider,
        place=place,
        formula=text.get("formula", ""),
        low=float_of(cell.get("minimum")),
        high=float_of(cell.get("maximum")),
        uncertainty=uncertainty,
        quality=text.get("quality", ""),
        comment={"": text["comment"]} if keep and text.get("comment") else {},
        where=f"{label}#{letter('amount')}",
        foreign={NAME: {"database": text["database"]}}
        if keep and text.get("database") and text["database"] != database
        else {},
    )
