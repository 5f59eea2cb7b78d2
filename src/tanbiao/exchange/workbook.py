"""Studies as workbooks, written so that `study.read_study` gives the same study back.

Exchanges stand on the sheets that an engineer looks for (bill of materials, energy, transport, end of life). Every cell
is a text, also one that begins with `=`: nothing in it is run by the program that opens it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..core.text import Node
from ..study import Study, Table
from ..study.schema import FILES
from ..study.sheets import BY_TITLE, GOAL, OTHER, SHEETS, sheet_of
from .files import fresh_file
from .model import Loss, Losses

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
MAX_TEXT = 32_000
SHOWN = 60
"""Rows that decide how wide a column is."""
LINE = 15.0
"""Height of a line of text in a row, points."""


def put_text(sheet: Any, row: int, column: int, value: str, losses: Losses | None = None) -> Any:
    """Put a text into a cell as text, whatever it begins with."""
    clean = _ILLEGAL.sub("", value)
    if losses is not None and (clean != value or len(clean) > MAX_TEXT):
        losses.add("cell text: characters a workbook cannot hold, or more than 32,000", value[:40])
    cell = sheet.cell(row=row, column=column)
    cell.value = clean[:MAX_TEXT]
    cell.data_type = "s"
    if clean[:1] in ("=", "+", "-", "@"):
        cell.quotePrefix = True
    return cell


def text_width(text: str) -> int:
    """How wide a text is in a cell, in the unit of column widths: a Chinese character is two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def fit_rows(sheet: Any, rows: Iterable[int]) -> None:
    """Heights of rows that show wrapped texts whole; not every program works them out when it opens a file."""
    for row in rows:
        height = LINE
        for cell in sheet[row]:
            if cell.value is not None and cell.alignment.wrap_text:
                width = 0.92 * sheet.column_dimensions[cell.column_letter].width
                parts = str(cell.value).split("\n")
                lines = sum(max(1, math.ceil(text_width(p) / width)) for p in parts)
                height = max(height, lines * max(LINE, 1.4 * (cell.font.size or 11)))
        sheet.row_dimensions[row].height = height


def write_study(study: Study, target: Path) -> tuple[Loss, ...]:
    """One workbook: a sheet of paths and values, one sheet for each table, several for the exchanges. Returns what
    could not be carried."""
    import openpyxl

    losses = Losses()
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = GOAL.title
    put_text(sheet, 1, 1, "path")
    put_text(sheet, 1, 2, "value")
    for n, (where, value) in enumerate(_flat(study.head, "", losses), start=2):
        put_text(sheet, n, 1, where)
        put_text(sheet, n, 2, value, losses)
    _dress(sheet, "A2")
    written = {GOAL.title.casefold()}
    for title, columns, rows in _sheets(study):
        if len(title) > 31 or re.search(r"[\[\]:*?/\\]", title) or title.casefold() in written | {"study"}:
            losses.add("table: a sheet cannot have this name", title)
            continue
        written.add(title.casefold())
        sheet = book.create_sheet(title)
        for k, column in enumerate(columns, start=1):
            put_text(sheet, 1, k, column)
        for n, row in enumerate(rows, start=2):
            for k, column in enumerate(columns, start=1):
                if row[column]:
                    put_text(sheet, n, k, row[column], losses)
        _dress(sheet, "B2")
    with fresh_file(target) as path:
        book.save(path)
    return losses.report()


def _dress(sheet: Any, corner: str) -> None:
    """Column names that stay in sight, and columns about as wide as their first rows are long."""
    from openpyxl.styles import Font

    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for column in sheet.iter_cols(max_row=SHOWN):
        width = max((text_width(str(c.value)) for c in column if c.value is not None), default=0)
        sheet.column_dimensions[column[0].column_letter].width = min(max(width + 2, 8), 48)
    sheet.freeze_panes = corner


def _sheets(study: Study) -> Iterator[tuple[str, list[str], list[dict[str, str]]]]:
    """(title, columns, rows) of every sheet but the first, in the order of the forms, other tables behind."""
    tables = dict(study.tables)
    exchanges = list(tables.pop("exchange").rows()) if "exchange" in tables else None
    processes = study.tables["process"].ids if "process" in study.tables else ()
    on: dict[str, list[dict[str, str]]] = {}
    for row in exchanges or ():
        on.setdefault(sheet_of(row, processes).title, []).append(row)
    for view in SHEETS[1:]:
        if view.table == "exchange":
            if view.title in on or (view is OTHER and exchanges is not None):
                names = _columns(study.tables["exchange"])
                yield view.title, [c for c in names if c not in view.fixed], on.get(view.title, [])
        elif view.table in tables:
            table = tables.pop(view.table)
            yield view.title, _columns(table), list(table.rows())
    for name, table in tables.items():
        title = FILES.get(name, name)
        if title not in BY_TITLE:
            yield title, _columns(table), list(table.rows())


def _columns(table: Table) -> list[str]:
    return ["id", *(c for c in table.columns if c != "id")]


def _flat(node: Mapping[str, Any], prefix: str, losses: Losses) -> Iterable[tuple[str, str]]:
    for key, value in node.items():
        path = f"{prefix}{key}"
        if not re.fullmatch(r"[\w-]+", str(key)):
            losses.add("study.yaml: key that cannot be a path", path)
        elif isinstance(value, Node | dict):
            yield from _flat(value, path + ".", losses)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, str) and item.strip():
                    yield f"{path}[]", item
                else:
                    losses.add("study.yaml: list of mappings", path)
        elif value not in (None, ""):
            if str(value) != str(value).strip():
                losses.add("study.yaml: blanks around a text", path)
            yield path, str(value)
