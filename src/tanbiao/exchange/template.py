"""A customer's own workbook, filled by a saved mapping (cell → published quantity)."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.errors import Place, Problem, TanbiaoError, refuse
from .files import fresh_file
from .source import decode, lines_of, separator_of

_CELL = re.compile(r"(?:'?([^'!]+)'?!)?\$?([A-Z]{1,3})\$?([1-9]\d{0,6})")


def read_template_mapping(path: Path) -> dict[str, str]:
    """CSV with `cell` (`Sheet1!B7`) and `quantity` (`headline`, `headline.unit`, a name, or `text:` and a text)."""
    text = decode(path.read_bytes(), Place(path.name))
    reader = csv.DictReader(lines_of(text), delimiter=separator_of(text))
    if not reader.fieldnames or not {"cell", "quantity"} <= set(reader.fieldnames):
        raise refuse("exchange-mapping-columns", Place(path.name, 1), columns="cell, quantity")
    rows = [(r["cell"] or "", r["quantity"] or "") for r in reader]
    problems = [
        Problem("exchange-template-cell", Place(path.name, n), {"cell": cell[:40]})
        for n, (cell, _) in enumerate(rows, start=2)
        if not _CELL.fullmatch(cell.strip())
    ]
    if problems:
        raise TanbiaoError(problems)
    return {cell.strip(): quantity.strip() for cell, quantity in rows}


def fill_template(
    template: Path, mapping: Mapping[str, str], quantities: Mapping[str, str], target: Path
) -> list[str]:
    """Write a copy of the customer's workbook with the mapped cells filled; everything else stays. Returns the cells.

    Refuses (`exchange-template-quantity`, `exchange-template-cell`, `workbook-unreadable`); a text that begins like a
    formula is written as text.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(template)
    except Exception as error:  # openpyxl raises what its parser meets
        raise refuse("workbook-unreadable", Place(template.name), detail=str(error)[:120]) from None
    problems = []
    done = []
    for address, name in mapping.items():
        found = _CELL.fullmatch(address)
        sheet = found.group(1) if found else None
        if found is None or (sheet is not None and sheet not in book.sheetnames):
            problems.append(Problem("exchange-template-cell", Place(template.name), {"cell": address}))
            continue
        if name.startswith("text:"):
            value = name.removeprefix("text:")
        elif name in quantities:
            value = quantities[name]
        else:
            problems.append(
                Problem(
                    "exchange-template-quantity",
                    Place(template.name, cell=address),
                    {"name": name, "names": ", ".join(sorted(quantities)[:20])},
                )
            )
            continue
        cell = _corner(book[sheet] if sheet else book.active, f"{found.group(2)}{found.group(3)}")
        try:
            cell.value = float(value)
        except ValueError:
            cell.value = value
            cell.data_type = "s"
        done.append(address)
    if problems:
        raise TanbiaoError(problems)
    with fresh_file(target) as path:
        book.save(path)
    return done


def _corner(sheet: Any, address: str) -> Any:
    """The cell at an address; of merged cells the one at their upper left, which alone holds a value."""
    for area in sheet.merged_cells.ranges:
        if address in area:
            return sheet.cell(row=area.min_row, column=area.min_col)
    return sheet[address]
