"""Reading the lines of a bill of materials out of a CSV or workbook as a supplier sends it.

Nothing is left out in silence: title rows, totals and blank rows are known by what they are; assemblies whose parts
follow are named and not counted twice; a total that the sheet prints is held against the sum of its lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from ...core.errors import Place, Problem, TanbiaoError
from ...core.numbers import decimal_text, number
from ..spreadsheet import Rows, plain_number, sheets_of
from ..units import factor_between, ours
from .headings import Heads, heads_of

PLACES = {
    "中国": "CN",
    "china": "CN",
    "prc": "CN",
    "德国": "DE",
    "germany": "DE",
    "日本": "JP",
    "japan": "JP",
    "韩国": "KR",
    "korea": "KR",
    "south korea": "KR",
    "美国": "US",
    "usa": "US",
    "united states": "US",
    "法国": "FR",
    "france": "FR",
    "英国": "GB",
    "uk": "GB",
    "意大利": "IT",
    "italy": "IT",
    "波兰": "PL",
    "poland": "PL",
    "捷克": "CZ",
    "czech republic": "CZ",
    "匈牙利": "HU",
    "hungary": "HU",
    "墨西哥": "MX",
    "mexico": "MX",
    "印度": "IN",
    "india": "IN",
    "印度尼西亚": "ID",
    "indonesia": "ID",
    "泰国": "TH",
    "thailand": "TH",
    "马来西亚": "MY",
    "malaysia": "MY",
    "越南": "VN",
    "vietnam": "VN",
    "欧洲": "RER",
    "europe": "RER",
    "全球": "GLO",
    "global": "GLO",
    "江苏": "CN-JS",
    "广东": "CN-GD",
    "浙江": "CN-ZJ",
    "山东": "CN-SD",
    "四川": "CN-SC",
    "云南": "CN-YN",
    "福建": "CN-FJ",
    "安徽": "CN-AH",
    "上海": "CN-SH",
}
TOTAL = re.compile(
    r"(?:grand ?|over-?all )?total(?: (?:mass|weight))?s?\W*|sum(?:me)?\W*|(?:合计|总计|总重量?|总质量|汇总|共计)\W*",
    re.IGNORECASE,
)
_SUBTOTAL = re.compile(r"sub[- ]?totals?\b.*|小计.*", re.IGNORECASE)
_AMOUNT = re.compile(r"([-+]?[\d.,]+(?:[eE][-+]?\d+)?)\s*([^\d\s].*)?")
NEAR = Fraction(1, 100)
"""Up to this relative difference a printed total is that of the lines: sheets round."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the sheet; amount as decimal text in `unit` (ours)."""

    row: int
    part: str
    material: str
    amount: str
    unit: str
    supplier: str
    place: str


def read_bom(path: Path) -> tuple[list[Line], list[Problem]]:
    """The lines of a CSV or workbook (the first sheet with the headings). Rows that cannot be read are problems.

    Refuses (`exchange-bom-columns`, `workbook-unreadable`, `exchange-encoding`).
    """
    problems: list[Problem] = []
    sheets = sheets_of(path, problems, lambda cells: heads_of([cells]) is not None)
    starts = [(label, rows, _start(rows)) for label, rows in sheets]
    found = [(label, rows, *at) for label, rows, at in starts if at is not None]
    if not found:
        if not any(p.code == "workbook-unreadable" for p in problems):
            seen = [c for _, rows in sheets for _, cells in rows[:1] for c in cells if c]
            columns = ", ".join(seen)[:200] or "-"
            problems.append(Problem("exchange-bom-columns", Place(path.name), {"columns": columns}))
        raise TanbiaoError(problems)
    label, rows, at, heads = found[0]
    if len(found) > 1:
        others = ", ".join(name for name, *_ in found[1:])
        problems.append(Problem("exchange-bom-sheet", Place(label), {"others": others}, level="warning"))
    sheet = _Sheet(label, heads, problems)
    return sheet.lines(rows[at + heads.rows :]), problems


def _start(rows: Rows) -> tuple[int, Heads] | None:
    for k in range(min(30, len(rows))):
        heads = heads_of([cells for _, cells in rows[k : k + 2]])
        if heads is not None:
            return k, heads
    return None


class _Sheet:
    """The body of one sheet under its headings."""

    def __init__(self, label: str, heads: Heads, problems: list[Problem]) -> None:
        self.label, self.heads, self.problems = label, heads, problems
        self.seen: dict[str, list[int]] = {}
        self.sum = Fraction(0)

    def lines(self, rows: Rows) -> list[Line]:
        body = [(n, cells) for n, cells in rows if self.kind(n, cells)]
        assemblies = self.assemblies(body)
        out = []
        for n, cells in body:
            if self.kind(n, cells) == "total":
                self.hold_total(n, cells)
            elif n not in assemblies and (line := self.line(n, cells)) is not None:
                out.append(line)
        for id_, where in self.seen.items():
            if len(where) > 1:
                values = {"id": id_, "rows": ", ".join(map(str, where))}
                self.report("exchange-bom-double", where[-1], values, "warning")
        return out

    def cell(self, role: str, cells: Sequence[str]) -> str:
        k = self.heads.columns.get(role)
        return cells[k].strip() if k is not None and k < len(cells) else ""

    def report(self, code: str, row: int, values: Mapping[str, str], level: str = "error") -> None:
        self.problems.append(
            Problem(code, Place(self.label, row), values, level="error" if level == "error" else "warning")
        )

    def kind(self, n: int, cells: Sequence[str]) -> str:
        """`line`, `total`, or nothing: blank rows, subtotals, remarks without an amount."""
        label = re.sub(
            r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])",
            "",
            next((c.strip() for c in cells if c.strip()), ""),
        )
        if not label or _SUBTOTAL.fullmatch(label):
            return ""
        if TOTAL.fullmatch(label):
            return "total"
        return "line" if self.cell("material", cells) or self.cell("part", cells) else ""

    def assemblies(self, body: Rows) -> set[int]:
        """Rows whose parts follow one level down: their mass is that of the parts."""
        if "level" not in self.heads.columns:
            return set()
        depths = [(n, _depth(self.cell("level", cells)), cells) for n, cells in body]
        found = set()
        for (n, depth, cells), (_, below, _) in pairwise(depths):
            if depth and below > depth:
                found.add(n)
                item = self.cell("part", cells) or self.cell("material", cells)
                count = self.cell("count", cells)
                several = bool(count) and self.heads.amount != "total" and count.partition(".")[0] != "1"
                values = {"item": item, "count": count}
                self.report(
                    "exchange-bom-nested" if several else "exchange-bom-assembly",
                    n,
                    values,
                    "error" if several else "warning",
                )
        return found

    def line(self, n: int, cells: Sequence[str]) -> Line | None:
        material, part = self.cell("material", cells), self.cell("part", cells)
        found = self.amount(n, cells, material or part)
        if found is None:
            return None
        amount, unit = found
        if amount < 0:
            self.report(
                "exchange-bom-negative", n, {"material": material or part, "amount": decimal_text(amount)}
            )
            return None
        if id_ := self.cell("id", cells):
            self.seen.setdefault(id_, []).append(n)
        if (grams := factor_between(unit, "g")) is not None:
            self.sum += amount * number(decimal_text(grams))
        return Line(
            n,
            part or material,
            material or part,
            decimal_text(amount),
            unit,
            self.cell("supplier", cells),
            self.place(n, self.cell("place", cells)),
        )

    def amount(self, n: int, cells: Sequence[str], item: str) -> tuple[Fraction, str] | None:
        """The amount of a line in a unit of ours; None where a problem was reported."""
        role = self.heads.amount
        found = self.read(n, cells, role, item)
        count = self.cell("count", cells)
        if found is None or role in ("total", "count") or not count:
            return found
        try:
            pieces = number(count)
        except ValueError:
            self.report("number-expected", n, {"text": count[:60]})
            return None
        if role == "each":
            return found[0] * pieces, found[1]
        if pieces != 1 and not _measures(self.cell("unit", cells)):
            values = {"item": item, "amount": f"{decimal_text(found[0])} {found[1]}", "count": count}
            self.report("exchange-bom-pieces", n, values)
            return None
        return found

    def read(self, n: int, cells: Sequence[str], role: str, item: str) -> tuple[Fraction, str] | None:
        said = self.cell(role, cells)
        if not said:
            self.report("cell-missing", n, {"column": "amount"})
            return None
        found = _AMOUNT.fullmatch(said)
        try:
            amount = number(plain_number(found.group(1)) if found else said)
        except ValueError:
            self.report("number-expected", n, {"text": said[:60]})
            return None
        column = self.cell("unit", cells)
        if role != "count" and "count" in self.heads.columns and not _measures(column):
            column = ""  # the unit of the count: pieces
        text = (
            (found.group(2) if found and found.group(2) else "") or self.heads.units.get(role, "") or column
        )
        if not text:
            self.report("exchange-bom-unit", n, {"material": item, "amount": said})
            return None
        unit = ours(text)
        if unit is None:
            self.report("unit-unknown", n, {"unit": text[:40]})
            return None
        return amount * number(decimal_text(unit[1])), unit[0]

    def place(self, n: int, text: str) -> str:
        if re.fullmatch(r"[A-Z]{2,3}(-[A-Z]{2,3})?", text):
            return text
        found = PLACES.get(text.casefold(), "")
        if text and not found:
            self.report("exchange-bom-place", n, {"place": text[:40]}, "warning")
        return found

    def hold_total(self, n: int, cells: Sequence[str]) -> None:
        """The sheet's own total against the masses of the lines above it."""
        silent = _Sheet(self.label, self.heads, [])
        found = silent.read(n, cells, self.heads.amount, "")
        grams = factor_between(found[1], "g") if found is not None else None
        if found is None or grams is None:
            return
        total = found[0] * number(decimal_text(grams))
        if abs(total - self.sum) > NEAR * abs(total):
            values = {"total": f"{float(total):.6g}", "sum": f"{float(self.sum):.6g}"}
            self.report("exchange-bom-total", n, values, "warning")


def _measures(unit: str) -> bool:
    """Whether a unit is one of mass."""
    found = ours(unit) if unit else None
    return found is not None and factor_between(found[0], "kg") is not None


def _depth(text: str) -> int:
    """`2`, `..2`, `+2` → 2; `1.2.1` → 3; 0 where it is no level."""
    plain = text.strip().lstrip(".+- ").removesuffix(".0")
    return plain.count(".") + 1 if "." in plain else int(plain) if plain.isdigit() else 0


__all__ = ["Line", "read_bom"]
