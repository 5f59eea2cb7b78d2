"""Rows of a table of facts, read as texts and exact numbers with their places."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from ...core.errors import Place, Problem
from ...core.numbers import decimal_text
from ...core.value import KNOWN
from ..facts import FactTable

SUM_TOLERANCE = Fraction(1, 1_000_000)
"""Relative difference up to which declared sums count as equal: masses are written with six or more digits."""


class Rows:
    """A fact table read row by row; a missing cell is None."""

    def __init__(self, table: FactTable) -> None:
        self.table = table

    def __len__(self) -> int:
        return len(self.table)

    def text(self, row: int, column: str) -> str:
        value = self.table.columns.get(column)
        return (
            str(value.data[row])
            if value is not None and value.state[row] == KNOWN and value.data[row] is not None
            else ""
        )

    def number(self, row: int, column: str) -> Fraction | None:
        value = self.table.columns.get(column)
        if value is None or value.state[row] != KNOWN:
            return None
        data = value.data[row]
        return data if isinstance(data, Fraction) else Fraction(float(data))

    def flag(self, row: int, column: str) -> bool:
        value = self.table.columns.get(column)
        return bool(value is not None and value.state[row] == KNOWN and value.data[row])

    def place(self, row: int, column: str | None = None) -> Place:
        return self.table.place(row, column)

    @property
    def ids(self) -> tuple[str, ...]:
        return self.table.ids


def number_text(value: Fraction | float) -> str:
    return decimal_text(value) if isinstance(value, Fraction) else f"{value:.9g}"


def compositions(rows: Rows, problems: list[Problem]) -> dict[str, list[tuple[str, Fraction]]]:
    """Substances of a material, part, lot or fraction; together at most the whole."""
    found: dict[str, list[tuple[str, Fraction]]] = {}
    last: dict[str, int] = {}
    for row in range(len(rows)):
        share = rows.number(row, "share")
        if share is None:
            continue
        if not 0 <= share <= 1:
            problems.append(
                Problem("massflow-share", rows.place(row, "share"), {"share": number_text(share)})
            )
            continue
        of = rows.text(row, "of")
        found.setdefault(of, []).append((rows.text(row, "substance"), share))
        last[of] = row
    for of, parts in found.items():
        total = sum((s for _, s in parts), Fraction(0))
        if total > 1 + SUM_TOLERANCE:
            problems.append(
                Problem(
                    "massflow-composition",
                    rows.place(last[of], "share"),
                    {"of": of, "total": number_text(total)},
                )
            )
    return found


def split(composition: Mapping[str, list[tuple[str, Fraction]]], *names: str) -> list[tuple[str, Fraction]]:
    """(substance, share) by the first name that has an assay, the rest as substance ``."""
    for name in names:
        if name and name in composition:
            parts = list(composition[name])
            rest = 1 - sum((s for _, s in parts), Fraction(0))
            return [*parts, ("", rest)] if rest > SUM_TOLERANCE else parts
    return [("", Fraction(1))]
