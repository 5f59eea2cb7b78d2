"""Workbooks of strangers, cell by cell: values as they were computed, and formulas without a value named."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ..core.errors import Place
from .model import Inventory

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
