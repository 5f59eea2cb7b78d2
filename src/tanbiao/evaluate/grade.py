"""Grades: a table of baselines and the quantities it names → a level, with all that explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.errors import refuse
from ..core.units import ONE, Unit, UnitError, unit
from ..core.value import KNOWN, MISSING, NOT_APPLICABLE, Value
from ..formula import Node, evaluate
from ..numerics.index import Indicator, score
from ..standards.clause import Clause
from ..standards.pack import PackTable

if TYPE_CHECKING:
    from .run import ClauseScope, Evaluation


@dataclass(frozen=True)
class Graded:
    """What a grade found: the level (None below the last), the index by level with its best and worst, the level of
    each row, what blocks each level, what is missing."""

    level: str | None
    index: Mapping[str, tuple[Fraction, Fraction]]
    rows: Mapping[str, str | None]
    weights: Mapping[str, Fraction]
    blockers: Mapping[str, tuple[str, ...]]
    missing: tuple[str, ...]
    best: str | None
    worst: str | None


def grade(clause: Clause, evaluation: Evaluation, scope: ClauseScope) -> tuple[Value, Graded]:
    """The level that a `grade` clause finds; missing while the best and the worst case differ."""
    table = evaluation.rulebook.tables[clause.table]
    levels = [str(k) for k in clause.settings.get("levels", {})]
    if not levels:
        raise refuse("grade-levels", clause.place, id=clause.id)
    met, states, why = _met(table, levels, evaluation, clause.style)
    rows = {}
    ids = [str(i) for i in table.values["id"].data]
    for row, id_ in enumerate(ids):
        rows[id_] = next((k for k in levels if states[row] == KNOWN and met[k][row]), None)
    if clause.style == "membership":
        result = _membership(clause, evaluation, table, ids, levels, met, states, rows, why)
    elif clause.style in ("first_met", "every_met"):
        result = _limits(clause, ids, levels, met, states, rows, why)
    else:
        raise refuse("grade-style", clause.place, style=clause.style)
    if result.missing and result.best != result.worst:
        return Value(None, MISSING, why=frozenset(result.missing)), result
    return Value(result.level or "none"), result


def _met(table: PackTable, levels: list[str], evaluation: Evaluation,
         style: str) -> tuple[dict[str, list[bool]], list[int], frozenset[str]]:
    """For each row and level whether the baseline is met; the state of each row: missing where its quantity or
    a datum of one of its baselines is.

    A dash (empty cell) sets no limit at its level. Meeting a level is meeting every level below it, save
    under `every_met`, where a level counts only together with every level below it (limits out of order).
    """
    met: dict[str, list[bool]] = {k: [] for k in levels}
    states: list[int] = []
    why: set[str] = set()
    for row in range(table.rows):
        name = str(table.values["value"].data[row])
        measured = _unit(str(table.values["unit"].data[row])) if "unit" in table.columns else ONE
        value = evaluation.value(name)
        state = int(value.state) if value.table is None else MISSING
        states.append(state)
        if state == MISSING:
            why |= value.why or {name}
        for level in levels:
            cell = table.cells[level][row]
            if cell is None or state != KNOWN:
                met[level].append(False)
                continue
            bare = value
            if not isinstance(value.data, str | bool):
                if not value.unit.fits(measured):
                    raise refuse("unit-mismatch", unit=value.unit.text, provider=name, wanted=measured.text,
                                 left=value.unit.text, right=measured.text)
                bare = Value(value.data / (measured.factor if isinstance(value.data, Fraction)
                                           else float(measured.factor)))
            found = evaluate(cell, _CellScope(evaluation, table, row, bare))
            if found.state == MISSING:
                why |= found.why
                states[row] = MISSING
            met[level].append(bool(found.state == KNOWN and found.data))
        if style == "every_met":
            below = True
            for level in reversed(levels):
                below = below and (met[level][row] or table.cells[level][row] is None)
                met[level][row] = below and table.cells[level][row] is not None
        better = False
        for level in levels:
            better = better or met[level][row]
            met[level][row] = better
    return met, states, frozenset(why)


def _membership(clause: Clause, evaluation: Evaluation, table: PackTable, ids: list[str], levels: list[str],
                met: dict[str, list[bool]], states: list[int], rows: dict[str, str | None],
                why: frozenset[str]) -> Graded:
    settings = clause.settings
    thresholds = {k: Fraction(str(v)) for k, v in settings["levels"].items()}
    weights, lacking = _weights(table, evaluation)
    if lacking:  # a weight that cannot be had is not a weight that does not apply
        return Graded(None, {}, rows, {}, {}, tuple(sorted(lacking)), levels[0], None)
    categories: dict[str, Fraction] = {}
    for row in range(table.rows):
        category = str(table.values["category"].data[row])
        if table.values["category_weight"].state[row] == KNOWN:
            categories[category] = table.values["category_weight"].data[row]
    limiting = table.values["limiting"].data if "limiting" in table.columns else np.zeros(table.rows, dtype=bool)
    indicators = [Indicator(ids[r], str(table.values["category"].data[r]), weights[r] or Fraction(0),
                            {k: met[k][r] for k in levels} if states[r] == KNOWN else None, bool(limiting[r]),
                            states[r] != NOT_APPLICABLE and weights[r] is not None)
                  for r in range(table.rows)]
    choices: dict[str, Any] = {"policy": settings.get("policy", "renorm_first"),
                               "mode": settings.get("weight_mode", "relative"),
                               "rule": settings.get("level_rule", "standard")}
    try:
        low = score(indicators, categories, thresholds, worst=True, **choices)
        high = score(indicators, categories, thresholds, worst=False, **choices)
    except ValueError as error:
        raise refuse("grade-weights", clause.place, category=error) from None
    index = {k: (low.index[k], high.index[k]) for k in levels}
    return Graded(low.level, index, rows, low.weights, low.blockers, tuple(sorted(why)), high.level, low.level)


def _limits(clause: Clause, ids: list[str], levels: list[str], met: dict[str, list[bool]], states: list[int],
            rows: dict[str, str | None], why: frozenset[str]) -> Graded:
    """The level is that of the worst row: every limit of a level must be met."""
    def overall(missing_met: bool) -> str | None:
        for level in levels:
            if all(s == NOT_APPLICABLE or (met[level][r] if s == KNOWN else missing_met)
                   for r, s in enumerate(states)):
                return level
        return None

    blockers = {k: tuple(ids[r] for r, s in enumerate(states) if s != NOT_APPLICABLE and not met[k][r])
                for k in levels}
    worst, best = overall(False), overall(True)
    return Graded(worst, {}, rows, {}, blockers, tuple(sorted(why)), best, worst)


def _weights(table: PackTable, evaluation: Evaluation) -> tuple[list[Fraction | None], frozenset[str]]:
    """Weight cells: numbers, or formulas such as `share(0.06, output)`, shared inside the row's `group`;
    None where the weight does not apply; and the data that a weight lacks."""
    cells = table.cells.get("weight")
    if cells is None:
        return [table.values["weight"].data[r] for r in range(table.rows)], frozenset()
    lacking: frozenset[str] = frozenset()
    groups: dict[tuple[str, str], list[int]] = {}
    for row, cell in enumerate(cells):
        group = str(table.values["group"].data[row]) if "group" in table.columns else ""
        groups.setdefault((cell.source if cell else "", group), []).append(row)
    found: list[Fraction | None] = [None] * table.rows
    for (_, _), members in groups.items():
        cell = cells[members[0]]
        if cell is None:
            continue
        value = evaluate(cell, _GroupScope(evaluation, table, members))
        for position, row in enumerate(members):
            known = value.state if value.table is None else value.state[position]
            found[row] = (value.data if value.table is None else value.data[position]) if known == KNOWN else None
            if known == MISSING:
                lacking |= value.why
    return found, lacking


def _unit(text: str) -> Unit:
    try:
        return unit(text)
    except UnitError:
        raise refuse("unit-unknown", unit=text) from None


class _CellScope:
    """A baseline cell reads `x` (the quantity), other columns of its row, and names as bare numbers of their unit."""

    def __init__(self, evaluation: Evaluation, table: PackTable, row: int, x: Value) -> None:
        self.evaluation, self.pack_table, self.row, self.x = evaluation, table, row, x
        self.table: str | None = None

    def value_of(self, name: str) -> Value:
        if name == "x":
            return self.x
        if name in self.pack_table.columns:
            column = self.pack_table.values[name]
            return Value(column.data[self.row], int(column.state[self.row]), why=column.why)
        value = self.evaluation.value(name)
        if value.state != KNOWN or isinstance(value.data, str | bool):
            return value
        return Value(value.number())

    def rows_of(self, table: str) -> int:
        return 1

    def parent_rows(self, child: str, parent: str) -> None:
        return None

    def under(self, options: Mapping[str, str], formula: Node) -> Value:
        raise refuse("formula-function", name="under", text=formula.source, column=1)

    def options_of(self, name: str) -> Mapping[str, str]:
        raise refuse("name-unknown", name=name, formula=name)

    def declared(self, provider: Value, word: str) -> Value:
        raise refuse("formula-function", name="declared", text=word, column=1)


class _GroupScope(_CellScope):
    """A weight cell reads, for each row of its group, the facts of the row's `product`."""

    def __init__(self, evaluation: Evaluation, table: PackTable, members: list[int]) -> None:
        super().__init__(evaluation, table, members[0], Value(None, MISSING))
        self.members = members
        self.table = table.id

    def value_of(self, name: str) -> Value:
        for facts in self.evaluation.facts.tables.values():
            if name in facts.columns and "product" in self.pack_table.columns and facts.name not in (
                    "exchange", "process", "product", "evidence"):
                column = facts.columns[name]
                place = {i: n for n, i in enumerate(facts.ids)}
                wanted = [place.get(str(self.pack_table.values["product"].data[r]), -1) for r in self.members]
                self.evaluation.fact_column(facts.name, name)
                data = np.array([column.data[w] if w >= 0 else Fraction(0) for w in wanted], dtype=object)
                state = np.array([column.state[w] if w >= 0 else NOT_APPLICABLE for w in wanted], dtype=np.int8)
                return Value(data, state, table=self.pack_table.id, why=column.why)
        return super().value_of(name)

    def rows_of(self, table: str) -> int:
        return len(self.members)
