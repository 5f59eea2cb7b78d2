"""The rows of a table of baselines: what each asks, what it found, and whether each level is met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from ...core.errors import refuse
from ...core.numbers import decimal_text
from ...core.text import Text
from ...core.units import ONE, Unit, UnitError, unit
from ...core.value import KNOWN, MISSING, NOT_APPLICABLE, Value
from ...formula import Node, evaluate
from ...standards.clause import Clause
from ...standards.pack import PackTable
from .graded import GradedRow, Limit
from .scopes import CellScope

if TYPE_CHECKING:
    from ..run import Evaluation


STATES = {KNOWN: "known", MISSING: "missing", NOT_APPLICABLE: "not applicable"}


@dataclass(frozen=True)
class Baselines:
    """The table that a clause judges by, its levels (best first), and what the study says of rows: id → (state word,
    reason), as `row_states` reads them."""

    clause: Clause
    evaluation: Evaluation
    table: PackTable
    levels: tuple[str, ...]
    said: Mapping[str, tuple[str, str]]

    @cached_property
    def ids(self) -> tuple[str, ...]:
        return tuple(str(i) for i in self.table.values["id"].data)

    @property
    def thresholds(self) -> dict[str, Fraction]:
        """The index that each level needs."""
        return {k: Fraction(str(v)) for k, v in self.clause.settings["levels"].items()}

    def text(self, column: str, row: int) -> str:
        return str(self.table.values[column].data[row] or "") if column in self.table.columns else ""

    def limiting(self, row: int) -> bool:
        return bool(self.table.values["limiting"].data[row]) if "limiting" in self.table.columns else False

    def value(self, row: int) -> Value:
        """What the row's quantity is; the study's word that it is missing or does not apply goes before."""
        name, (word, _) = self.text("value", row), self.said.get(self.ids[row], ("", ""))
        if word in ("missing", "not_applicable"):
            return Value(None, NOT_APPLICABLE if word == "not_applicable" else MISSING, why=frozenset([name]))
        return self.evaluation.value(name)


@dataclass(frozen=True)
class Row:
    """What was found of one row. met: for each level whether its baseline is met."""

    id: str
    value: Value
    state: int
    estimated: bool
    reason: str
    limits: Mapping[str, Limit]
    met: Mapping[str, bool]
    why: frozenset[str]

    @property
    def known(self) -> bool:
        return self.state == KNOWN

    @property
    def applies(self) -> bool:
        return self.state != NOT_APPLICABLE

    @property
    def level(self) -> str | None:
        """The best level that is met."""
        return next((k for k, yes in self.met.items() if yes), None) if self.known else None


def row_states(clause: Clause, evaluation: Evaluation) -> dict[str, tuple[str, str]]:
    """What the study says of rows: measured, estimated, not applicable (with a reason) or missing. A row said not to
    apply without a reason counts as missing."""
    name = str(clause.settings.get("states") or "")
    if not name:
        return {}
    ids, state = evaluation.fact_column(name, "id"), evaluation.fact_column(name, "state")
    reason = evaluation.fact_column(name, "reason")
    found = {}
    for row, id_ in enumerate(ids.data):
        word = str(state.data[row]) if state.state[row] == KNOWN else "missing"
        why = str(reason.data[row]) if reason.state[row] == KNOWN else ""
        found[str(id_)] = ("missing" if word == "not_applicable" and not why.strip() else word, why)
    return found


def judged_rows(baselines: Baselines) -> list[Row]:
    """Every row against the baseline of every level; missing where its quantity or a datum of a baseline is.

    A dash (empty cell) sets no limit at its level. Meeting a level is meeting every level below it, save under
    `every_met`, where a level counts only together with every level below it (limits out of order).
    """
    return [_judged(baselines, row) for row in range(baselines.table.rows)]


def _judged(baselines: Baselines, row: int) -> Row:
    table, levels = baselines.table, baselines.levels
    id_, name = baselines.ids[row], baselines.text("value", row)
    word, reason = baselines.said.get(id_, ("", ""))
    value = baselines.value(row)
    state = int(value.state) if value.table is None else MISSING
    why = (value.why or frozenset([name])) if state == MISSING else frozenset()
    measured = state == KNOWN
    bare = bare_value(table, row, name, value) if measured else value
    scope = CellScope(baselines.evaluation, table, row, bare)
    met = dict.fromkeys(levels, False)
    limits: dict[str, Limit] = {}
    for level in levels:
        cell = table.cells[level][row]
        if cell is None:
            continue
        if measured:
            found = evaluate(cell, scope)
            if found.state == MISSING:
                why, state = why | found.why, MISSING
            met[level] = bool(found.state == KNOWN and found.data)
        limits[level] = limit_of(cell, scope, bare, met[level])
    if baselines.clause.style == "every_met":
        below = True
        for level in reversed(levels):
            limited = table.cells[level][row] is not None
            below = below and (met[level] or not limited)
            met[level] = below and limited
    better = False
    for level in levels:
        better = met[level] = better or met[level]
    estimated = word == "estimated" or "estimated" in value.provenance
    reason = reason or (" ".join(sorted(value.why)) if state == NOT_APPLICABLE else "")
    return Row(id_, bare, state, estimated, reason, limits, met, why)


def bare_value(table: PackTable, row: int, name: str, value: Value) -> Value:
    """A quantity as the bare number of its row's unit."""
    if isinstance(value.data, str | bool):
        return value
    measured = unit_of(str(table.values["unit"].data[row])) if "unit" in table.columns else ONE
    if not value.unit.fits(measured):
        raise refuse(
            "unit-mismatch",
            unit=value.unit.text,
            provider=name,
            wanted=measured.text,
            left=value.unit.text,
            right=measured.text,
        )
    return Value(
        value.data / (measured.factor if isinstance(value.data, Fraction) else float(measured.factor))
    )


def limit_of(cell: Node, scope: CellScope, bare: Value, met: bool) -> Limit:
    """A baseline with its number, where it is a plain comparison of x with something that can be had."""
    text = cell.source.removeprefix("x ")
    plain = (
        cell.kind == "compare"
        and cell.op in ("<=", "<", ">=", ">")
        and len(cell.children) == 2
        and cell.children[0].kind == "name"
        and cell.children[0].op == "x"
    )
    if not plain:
        return Limit(text, met=met)
    found = evaluate(cell.children[1], scope)
    if found.state != KNOWN or isinstance(found.data, str | bool):
        return Limit(text, better="lower" if "<" in cell.op else "higher", met=met)
    number = Fraction(found.data)
    lacks = None
    if bare.state == KNOWN and not isinstance(bare.data, str | bool) and bare.data is not None:
        lacks = (Fraction(bare.data) - number) * (1 if "<" in cell.op else -1)
    shown = text if cell.children[1].kind == "literal" else f"{cell.op} {decimal_text(number)}"
    return Limit(shown, number, "lower" if "<" in cell.op else "higher", lacks, met)


def row_details(
    baselines: Baselines,
    rows: list[Row],
    weights: Mapping[str, Fraction],
    lost: Mapping[str, Mapping[str, Fraction]],
) -> tuple[GradedRow, ...]:
    """The rows as a reader sees them: names, units, limits, and the points lost at each level."""
    shown = []
    for row, one in enumerate(rows):
        category, value = baselines.text("category", row), one.value.data if one.known else None
        shown.append(
            GradedRow(
                id=one.id,
                name=Text(baselines.text("zh", row) or one.id, baselines.text("en", row) or one.id),
                category=Text(category, baselines.text("category_en", row) or category),
                unit=baselines.text("unit", row),
                value=Fraction(value) if isinstance(value, float) else value,
                state="estimated" if one.known and one.estimated else STATES[one.state],
                reason=one.reason,
                limits=one.limits,
                level=one.level,
                weight=weights.get(one.id),
                limiting=baselines.limiting(row),
                lost=lost.get(one.id, {}),
                source=baselines.text("source", row),
                review=baselines.text("review", row) or baselines.clause.review,
            )
        )
    return tuple(shown)


def unit_of(text: str) -> Unit:
    try:
        return unit(text)
    except UnitError:
        raise refuse("unit-unknown", unit=text) from None
