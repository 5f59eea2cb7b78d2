"""Tables of strangers, cell by cell, from workbooks and CSV: values as they were computed, formulas without a value
named, numbers with the marks of their country."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ..core.errors import Place, Problem, refuse
from .model import Inventory
from .source import decode, lines_of, separator_of

Rows = list[tuple[int, list[str]]]
"""Row number and cells, blank rows left out."""

MAX_CELLS = 60_000_000


class Unreadable(Exception):
    """Why a workbook cannot be opened."""


def open_book(path: Path, values: bool) -> Any:
    import openpyxl

    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(i.file_size for i in archive.infolist())
            if total > 400_000_000 or total > 400 * max(path.stat().st_size, 100_000):
                raise Unreadable("the workbook unpacks to far more than it holds")
        return openpyxl.load_workbook(path, data_only=values, read_only=True)
    except Unreadable:
        raise
    except Exception as error:  # openpyxl raises what its parser meets
        raise Unreadable(str(error)[:120] or type(error).__name__) from None


def grid(path: Path, inventory: Inventory) -> Iterator[tuple[str, int, list[Any]]]:
    """(sheet, row, cells) of a workbook; formulas without a cached value are reported with their cell."""
    from openpyxl.utils import get_column_letter

    try:
        values, formulas = open_book(path, True), open_book(path, False)
    except Unreadable as error:
        inventory.report("workbook-unreadable", Place(path.name), detail=error)
        return
    try:
        for sheet in values.sheetnames:
            label = f"{path.name}[{sheet}]"
            one, two = values[sheet], formulas[sheet]
            if not hasattr(one, "iter_rows"):
                continue
            seen = 0
            for n, (row, raw) in enumerate(
                zip_longest(one.iter_rows(values_only=True), two.iter_rows(values_only=True), fillvalue=()),
                start=1,
            ):
                seen += len(row)
                if seen > MAX_CELLS:
                    inventory.report("exchange-file-large", Place(label), limit=f"{MAX_CELLS} cells")
                    break
                cells = list(row)
                for k, (value, formula) in enumerate(zip_longest(row, raw)):
                    said = getattr(formula, "text", formula)
                    if value is None and isinstance(said, str) and said.startswith("="):
                        inventory.report(
                            "cell-formula", Place(label, n, f"{get_column_letter(k + 1)}{n}"), formula=said
                        )
                yield sheet, n, cells
    except Exception as error:
        inventory.report(
            "workbook-unreadable", Place(path.name), detail=str(error)[:120] or type(error).__name__
        )
    finally:
        values.close()
        formulas.close()


def sheets_of(
    path: Path, problems: list[Problem], is_head: Callable[[Sequence[str]], bool]
) -> list[tuple[str, Rows]]:
    """The sheets of a workbook, or the one table of a CSV, with their labels. is_head: what reads as headings; the
    first such line of a CSV shows its separator, since title rows above it hold none.

    Refuses (`exchange-encoding`, `library-csv`).
    """
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        inventory = Inventory("table", path.name)
        found: dict[str, Rows] = {}
        for sheet, n, cells in grid(path, inventory):
            texts = ["" if c is None else str(c) for c in cells]
            if any(t.strip() for t in texts):
                found.setdefault(sheet, []).append((n, texts))
        problems += inventory.problems
        return [(f"{path.name}[{s}]", rows) for s, rows in found.items()]
    text = decode(path.read_bytes(), Place(path.name))
    separator = next(
        (
            s
            for line in text.splitlines()[:30]
            if (s := separator_of(line)) in line and is_head(line.split(s))
        ),
        separator_of(text),
    )
    rows: Rows = []
    reader = csv.reader(lines_of(text), delimiter=separator)
    try:
        for cells in reader:
            if any(c.strip() for c in cells):
                rows.append((reader.line_num, [_pointed(c) if separator == ";" else c for c in cells]))
    except csv.Error as error:
        raise refuse("library-csv", Place(path.name, reader.line_num), detail=error) from None
    return [(path.name, rows)]


def plain_number(text: str) -> str:
    """A number with both marks in a plain form: `1.250,5` and `1,250.5` can be read in one way only. One mark alone
    stays: whether `1,250` is a thousand is not guessed."""
    for group, point in ((",", "."), (".", ",")):
        if re.fullmatch(rf"[-+]?\d{{1,3}}(?:\{group}\d{{3}})+\{point}\d+", text):
            return text.replace(group, "").replace(point, ".")
    return text


def _pointed(cell: str) -> str:
    """A cell of a semicolon file, whose decimal mark is the comma; `1,250` stays, it may be a thousand."""
    found = re.fullmatch(r"\s*([-+]?\d+),(\d{1,2}|\d{4,})(\s*[^\d\s].*)?", cell)
    return f"{found.group(1)}.{found.group(2)}{found.group(3) or ''}" if found else cell
