"""The author's form: sheets `pack` (key, value), `indicators`, and, where indicators are computed, `data` and `checks`,
in a workbook or as CSV files in a folder."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...core.errors import Place, Problem, TanbiaoError

PACK_KEYS = {
    "id",
    "edition",
    "revision",
    "title_zh",
    "title_en",
    "jurisdiction",
    "status",
    "effective",
    "document",
    "note",
    "licence",
    "review",
    "caution_zh",
    "caution_en",
    "builds_on",
    "style",
    "weight_mode",
    "policy",
    "level_rule",
    "levels",
    "existing_only",
    "bonus",
    "cap",
    "alpha",
    "entered_by",
    "entered_on",
    "checked_by",
    "checked_on",
}
INDICATORS = (
    "id",
    "category",
    "category_en",
    "category_weight",
    "indicator",
    "indicator_en",
    "unit",
    "basis",
    "weight",
    "group",
    "product",
    "limiting",
    "page",
    "formula",
    "when",
    "baseline",
    "better",
    "review",
    "reason",
    "note",
)
DATA = (
    "id",
    "zh",
    "en",
    "unit",
    "basis",
    "type",
    "default",
    "options",
    "formula",
    "when",
    "low",
    "high",
    "table",
)
CHECKS = ("id", "formula", "when", "severity", "zh", "en")


@dataclass(frozen=True, eq=False)
class Form:
    """What an author filled in: cells as texts, with the line each row stands on."""

    name: str
    pack: Mapping[str, str]
    indicators: Sequence[Mapping[str, str]]
    data: Sequence[Mapping[str, str]] = ()
    checks: Sequence[Mapping[str, str]] = ()
    lines: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def place(self, sheet: str, row: int, column: str | None = None) -> Place:
        known = self.lines.get(sheet, ())
        return Place(f"{self.name}[{sheet}]", known[row] if row < len(known) else None, column)

    @property
    def levels(self) -> dict[str, str]:
        """Level → least index, best first."""
        text = self.pack.get("levels") or "I=85 II=85 III=100"
        return {k.strip(): v.strip() for k, _, v in (p.partition("=") for p in text.split())}

    @property
    def style(self) -> str:
        """The style asked for; a membership table without all of its weights is a profile."""
        asked = self.pack.get("style") or "membership"
        if asked == "membership" and any(not r.get("weight") for r in self.indicators):
            return "profile"
        return asked


def read_form(source: Path) -> Form:
    """A workbook, or a folder with pack.csv, indicators.csv, data.csv, checks.csv. Raises `author-form`."""
    sheets: dict[str, list[list[str]]] = {}
    if source.is_dir():
        for name in ("pack", "indicators", "data", "checks"):
            if (source / f"{name}.csv").is_file():
                text = (source / f"{name}.csv").read_text(encoding="utf-8-sig")
                sheets[name] = [list(r) for r in csv.reader(io.StringIO(text))]
    elif source.is_file():
        sheets = _workbook(source)
    for needed in ("pack", "indicators"):
        if needed not in sheets:
            raise TanbiaoError([Problem("author-form", Place(source.name), {"sheet": needed})])
    pack = {
        r[0].strip(): r[1].strip() for r in sheets["pack"] if len(r) > 1 and r[0].strip() and r[0] != "key"
    }
    tables, lines = {}, {}
    for name in ("indicators", "data", "checks"):
        tables[name], lines[name] = _rows(sheets.get(name, []))
    return Form(source.name, pack, tables["indicators"], tables["data"], tables["checks"], lines)


def _workbook(source: Path) -> dict[str, list[list[str]]]:
    import zipfile

    import openpyxl

    try:
        book = openpyxl.load_workbook(source, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise TanbiaoError(
            [Problem("workbook-unreadable", Place(source.name), {"detail": str(error)})]
        ) from None
    return {
        s.title: [[_cell(c) for c in row] for row in s.iter_rows(values_only=True)] for s in book.worksheets
    }


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value.date().isoformat() if hasattr(value, "date") else value).strip()


def _rows(grid: list[list[str]]) -> tuple[list[dict[str, str]], list[int]]:
    start = next((n for n, r in enumerate(grid) if "id" in [c.strip() for c in r]), None)
    if start is None:
        return [], []
    names = [c.strip() for c in grid[start]]
    rows, lines = [], []
    for line, cells in enumerate(grid[start + 1 :], start + 2):
        row = {k: c.strip() for k, c in zip(names, cells, strict=False) if k}
        if row.get("id"):
            rows.append(row)
            lines.append(line)
    return rows, lines
