"""Grades: a table of baselines and the quantities it names → a level, with all that explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.errors import refuse
from ..core.numbers import decimal_text
from ..core.text import Text
from ..core.units import ONE, Unit, UnitError, unit
from ..core.value import KNOWN, MISSING, NOT_APPLICABLE, Value, not_applicable
from ..formula import Node, evaluate
from ..numerics.index import Indicator, Profile, Quantity, Question, profile, ratio_score, score
from ..standards.clause import Clause
from ..standards.pack import PackTable

if TYPE_CHECKING:
    from .run import ClauseScope, Evaluation


@dataclass(frozen=True)
class Limit:
    """A baseline at one level: as written, and, where it is a plain comparison, its number in the row's unit with the
    direction. lacks: how far the value is from it in that unit, positive while it is not met."""

    text: str
    number: Fraction | None = None
    better: str = ""
    lacks: Fraction | None = None
    met: bool = False

    def data(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "number": None if self.number is None else float(self.number),
            "met": self.met,
            "gap": None if self.lacks is None else max(0.0, float(self.lacks)),
        }


@dataclass(frozen=True)
class GradedRow:
    """One row of a grade: what was measured, in the unit of the table, and where it stands.

    state: `known`, `estimated`, `missing`, `not applicable` (reason: why). lost: points lost at each level.
    """

    id: str
    name: Text
    category: Text
    unit: str
    value: Fraction | str | bool | None
    state: str
    reason: str
    limits: Mapping[str, Limit]
    level: str | None
    weight: Fraction | None
    limiting: bool
    lost: Mapping[str, Fraction]
    source: str = ""
    review: str = ""

    def data(self) -> dict[str, Any]:
        shown = self.value
        return {
            "id": self.id,
            "name": self.name.data(),
            "category": self.category.data(),
            "unit": self.unit,
            "value": float(shown) if isinstance(shown, Fraction) else shown,
            "state": self.state,
            "reason": self.reason,
            "level": self.level,
            "weight": None if self.weight is None else float(self.weight),
            "limiting": self.limiting,
            "review": self.review,
            "limits": {k: v.data() for k, v in self.limits.items()},
            "lost": {k: float(v) for k, v in self.lost.items()},
        }


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
    details: tuple[GradedRow, ...] = ()
    style: str = ""
    thresholds: Mapping[str, Fraction] = field(default_factory=dict)
    bonus: Mapping[str, Fraction] = field(default_factory=dict)
    counts: Profile | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    """The options that the clause declares: policy, level rule, weight mode, order."""

    @property
    def partial(self) -> bool:
        """Whether the table cannot give a level at all: a profile."""
        return self.style == "profile"

    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "index": {k: [float(a), float(b)] for k, (a, b) in self.index.items()},
            "levels": dict(self.rows),
            "blockers": {k: list(v) for k, v in self.blockers.items()},
            "best": self.best,
            "worst": self.worst,
            "style": self.style,
            "options": dict(self.options),
        }
        if self.bonus:
            found["bonus"] = {k: float(v) for k, v in self.bonus.items()}
        if self.counts is not None:
            found["profile"] = {
                **self.counts.counts,
                "below": self.counts.below,
                "missing": self.counts.missing,
                "not_applicable": self.counts.not_applicable,
            }
        if self.details:
            found["rows"] = [r.data() for r in self.details]
        return found


def grade(clause: Clause, evaluation: Evaluation, scope: ClauseScope) -> tuple[Value, Graded]:
    """The level that a `grade` clause finds; missing while the best and the worst case differ."""
    table = evaluation.rulebook.tables[clause.table]
    clause = _for_new_plants(clause, evaluation)
    levels = [str(k) for k in clause.settings.get("levels", {})]
    if not levels:
        raise refuse("grade-levels", clause.place, id=clause.id)
    ids = [str(i) for i in table.values["id"].data]
    said = _states(clause, evaluation)
    if clause.style == "ratio":
        result = _ratio(clause, evaluation, table, ids, levels, said)
    else:
        met, states, why, found = _met(table, levels, evaluation, clause.style, said)
        if states and all(s == NOT_APPLICABLE for s in states):
            rows: dict[str, str | None] = dict.fromkeys(ids)
            details = _details(clause, table, levels, found, rows, {}, {})
            nothing = Graded(None, {}, rows, {}, {}, (), None, None, details, clause.style)
            return not_applicable(clause.address), nothing
        rows = {
            id_: next((k for k in levels if states[row] == KNOWN and met[k][row]), None)
            for row, id_ in enumerate(ids)
        }
        if clause.style == "membership":
            result = _membership(clause, evaluation, table, ids, levels, met, states, rows, why)
        elif clause.style in ("first_met", "every_met"):
            result = _limits(clause, ids, levels, met, states, rows, why)
        elif clause.style == "profile":
            result = _profile(clause, table, ids, levels, met, states, rows, why)
        else:
            raise refuse("grade-style", clause.place, style=clause.style)
        lost = {
            id_: {
                k: result.weights.get(id_, Fraction(0)) * 100
                for k in levels
                if states[row] != NOT_APPLICABLE and not met[k][row]
            }
            for row, id_ in enumerate(ids)
        }
        result = replace(result, details=_details(clause, table, levels, found, rows, result.weights, lost))
    thresholds = {k: Fraction(str(v)) for k, v in clause.settings["levels"].items()}
    shown = {k: str(v) for k, v in clause.settings.items() if k not in ("levels", "table", "style", "unit")}
    result = replace(result, style=clause.style, thresholds=thresholds, options=shown)
    if result.partial and result.counts is not None:
        counts = result.counts
        words = [f"{k}: {n}" for k, n in counts.counts.items()] + [
            f"<: {counts.below}",
            f"?: {counts.missing}",
        ]
        return Value(" · ".join(words)), result
    if result.missing and result.best != result.worst:
        return Value(None, MISSING, why=frozenset(result.missing)), result
    return Value(result.level or "none"), result


def _for_new_plants(clause: Clause, evaluation: Evaluation) -> Clause:
    """The clause without the levels that a new plant cannot have (`existing_only: III`, asked of `new_plant`)."""
    shut = str(clause.settings.get("existing_only") or "").split()
    if not shut or "new_plant" not in evaluation.rulebook.clauses:
        return clause
    new = evaluation.value("new_plant")
    if new.state != KNOWN or not new.data:
        return clause
    levels = {k: v for k, v in clause.settings["levels"].items() if str(k) not in shut}
    return replace(clause, settings={**clause.settings, "levels": levels})


@dataclass(frozen=True)
class _Row:
    """What was found of one row before it is judged."""

    value: Value
    state: int
    estimated: bool
    reason: str
    limits: Mapping[str, Limit]


def _states(clause: Clause, evaluation: Evaluation) -> dict[str, tuple[str, str]]:
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


def _met(
    table: PackTable,
    levels: list[str],
    evaluation: Evaluation,
    style: str,
    said: Mapping[str, tuple[str, str]],
) -> tuple[dict[str, list[bool]], list[int], frozenset[str], list[_Row]]:
    """For each row and level whether the baseline is met; the state of each row: missing where its quantity or
    a datum of one of its baselines is.

    A dash (empty cell) sets no limit at its level. Meeting a level is meeting every level below it, save
    under `every_met`, where a level counts only together with every level below it (limits out of order).
    """
    met: dict[str, list[bool]] = {k: [] for k in levels}
    states: list[int] = []
    why: set[str] = set()
    seen: list[_Row] = []
    for row in range(table.rows):
        id_, name = str(table.values["id"].data[row]), str(table.values["value"].data[row])
        word, reason = said.get(id_, ("", ""))
        value = (
            evaluation.value(name)
            if word not in ("missing", "not_applicable")
            else Value(None, NOT_APPLICABLE if word == "not_applicable" else MISSING, why=frozenset([name]))
        )
        state = int(value.state) if value.table is None else MISSING
        states.append(state)
        if state == MISSING:
            why |= value.why or {name}
        bare = _bare(table, row, name, value) if state == KNOWN else value
        limits: dict[str, Limit] = {}
        for level in levels:
            cell = table.cells[level][row]
            if cell is None or state != KNOWN:
                met[level].append(False)
                if cell is not None:
                    limits[level] = _limit(cell, _CellScope(evaluation, table, row, bare), bare, False)
                continue
            scope = _CellScope(evaluation, table, row, bare)
            found = evaluate(cell, scope)
            if found.state == MISSING:
                why |= found.why
                states[row] = MISSING
            met[level].append(bool(found.state == KNOWN and found.data))
            limits[level] = _limit(cell, scope, bare, met[level][row])
        seen.append(
            _Row(
                bare,
                states[row],
                word == "estimated" or "estimated" in value.provenance,
                reason or (" ".join(sorted(value.why)) if state == NOT_APPLICABLE else ""),
                limits,
            )
        )
        if style == "every_met":
            below = True
            for level in reversed(levels):
                below = below and (met[level][row] or table.cells[level][row] is None)
                met[level][row] = below and table.cells[level][row] is not None
        better = False
        for level in levels:
            better = better or met[level][row]
            met[level][row] = better
    return met, states, frozenset(why), seen


def _bare(table: PackTable, row: int, name: str, value: Value) -> Value:
    """A quantity as the bare number of its row's unit."""
    if isinstance(value.data, str | bool):
        return value
    measured = _unit(str(table.values["unit"].data[row])) if "unit" in table.columns else ONE
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


def _limit(cell: Node, scope: _CellScope, bare: Value, met: bool) -> Limit:
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


def _details(
    clause: Clause,
    table: PackTable,
    levels: list[str],
    found: list[_Row],
    rows: Mapping[str, str | None],
    weights: Mapping[str, Fraction],
    lost: Mapping[str, Mapping[str, Fraction]],
) -> tuple[GradedRow, ...]:
    def text(column: str, row: int) -> str:
        return str(table.values[column].data[row] or "") if column in table.columns else ""

    shown = []
    for row, one in enumerate(found):
        id_ = text("id", row)
        state = {
            KNOWN: "estimated" if one.estimated else "known",
            MISSING: "missing",
            NOT_APPLICABLE: "not applicable",
        }[one.state]
        value = one.value.data if one.value.state == KNOWN else None
        shown.append(
            GradedRow(
                id_,
                Text(text("zh", row) or id_, text("en", row) or id_),
                Text(text("category", row), text("category_en", row) or text("category", row)),
                text("unit", row),
                Fraction(value) if isinstance(value, float) else value,
                state,
                one.reason,
                one.limits,
                rows.get(id_),
                weights.get(id_),
                bool(table.values["limiting"].data[row]) if "limiting" in table.columns else False,
                lost.get(id_, {}),
                text("source", row),
                text("review", row) or clause.review,
            )
        )
    return tuple(shown)


def _profile(
    clause: Clause,
    table: PackTable,
    ids: list[str],
    levels: list[str],
    met: dict[str, list[bool]],
    states: list[int],
    rows: dict[str, str | None],
    why: frozenset[str],
) -> Graded:
    """A table without (all of its) weights: the level of each indicator, and no level of the whole."""
    indicators = [
        Indicator(
            ids[r],
            "",
            Fraction(0),
            {k: met[k][r] for k in levels} if states[r] == KNOWN else None,
            applicable=states[r] != NOT_APPLICABLE,
        )
        for r in range(table.rows)
    ]
    blockers = {
        k: tuple(
            ids[r]
            for r, s in enumerate(states)
            if s != NOT_APPLICABLE and not met[k][r] and table.cells[k][r] is not None
        )
        for k in levels
    }
    return Graded(
        None, {}, rows, {}, blockers, tuple(sorted(why)), None, None, counts=profile(indicators, levels)
    )


def _ratio(
    clause: Clause,
    evaluation: Evaluation,
    table: PackTable,
    ids: list[str],
    levels: list[str],
    said: Mapping[str, tuple[str, str]],
) -> Graded:
    """The older method: rows with a baseline are quantities, rows without are questions."""
    settings = clause.settings
    thresholds = {k: Fraction(str(v)) for k, v in settings["levels"].items()}
    quantities: list[Quantity] = []
    questions: list[Question] = []
    why: set[str] = set()
    found: list[_Row] = []
    for row, id_ in enumerate(ids):
        name, cell = str(table.values["value"].data[row]), table.cells["baseline"][row]
        word, reason = said.get(id_, ("", ""))
        value = (
            evaluation.value(name)
            if word not in ("missing", "not_applicable")
            else Value(None, NOT_APPLICABLE if word == "not_applicable" else MISSING, why=frozenset([name]))
        )
        state = int(value.state)
        why |= (value.why or {name}) if state == MISSING else set()
        bare = _bare(table, row, name, value) if state == KNOWN else value
        weight = table.values["weight"].data[row]
        limits: dict[str, Limit] = {}
        if cell is not None:
            better = str(table.values["better"].data[row])
            base = Fraction(evaluate(cell, _CellScope(evaluation, table, row, bare)).data)
            number = Fraction(bare.data) if state == KNOWN else None
            quantities.append(
                Quantity(
                    id_,
                    str(table.values["category"].data[row]),
                    weight,
                    base,
                    "higher" if better == "higher" else "lower",
                    number,
                    state != NOT_APPLICABLE,
                )
            )
            lacks = None if number is None else (base - number if better == "higher" else number - base)
            sign = ">=" if better == "higher" else "<="
            limits = {
                levels[0]: Limit(
                    f"{sign} {decimal_text(base)}", base, better, lacks, lacks is not None and lacks <= 0
                )
            }
        else:
            veto = bool(table.values["limiting"].data[row]) if "limiting" in table.columns else False
            questions.append(
                Question(
                    id_, weight, bool(value.data) if state == KNOWN else None, veto, state != NOT_APPLICABLE
                )
            )
            limits = {levels[0]: Limit("== true", met=state == KNOWN and bool(value.data))}
        found.append(_Row(bare, state, word == "estimated", reason, limits))
    alpha, cap = Fraction(str(settings.get("alpha", "0.7"))), str(settings.get("cap", "1"))
    limit: Any = cap if cap == "k/m" else None if cap == "none" else Fraction(cap)
    try:
        low = ratio_score(quantities, questions, thresholds, alpha, limit, worst=True)
        high = ratio_score(quantities, questions, thresholds, alpha, limit, worst=False)
    except ValueError as error:
        raise refuse("grade-ratio", clause.place, id=error) from None
    weights = {q.id: q.weight for q in quantities} | {q.id: q.weight for q in questions}
    share = {q.id: alpha for q in quantities} | {q.id: 1 - alpha for q in questions}
    lost = {i: {levels[0]: max(Fraction(0), (weights[i] - low.points[i]) * share[i])} for i in low.points}
    blockers = {
        k: tuple(low.vetoes) + tuple(i for i, v in lost.items() if v[levels[0]] > 0 and i not in low.vetoes)
        if low.vetoes or low.p < least
        else ()
        for k, least in thresholds.items()
    }
    rows: dict[str, str | None] = {
        id_: levels[0] if limits[levels[0]].met else None
        for id_, limits in zip(ids, (f.limits for f in found), strict=True)
    }
    details = _details(clause, table, levels, found, rows, weights, lost)
    return Graded(
        low.level,
        dict.fromkeys(levels, (low.p, high.p)),
        rows,
        weights,
        blockers,
        tuple(sorted(why)),
        high.level,
        low.level,
        details,
    )


def _membership(
    clause: Clause,
    evaluation: Evaluation,
    table: PackTable,
    ids: list[str],
    levels: list[str],
    met: dict[str, list[bool]],
    states: list[int],
    rows: dict[str, str | None],
    why: frozenset[str],
) -> Graded:
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
    limiting = (
        table.values["limiting"].data if "limiting" in table.columns else np.zeros(table.rows, dtype=bool)
    )
    indicators = [
        Indicator(
            ids[r],
            str(table.values["category"].data[r]),
            weights[r] or Fraction(0),
            {k: met[k][r] for k in levels} if states[r] == KNOWN else None,
            bool(limiting[r]),
            states[r] != NOT_APPLICABLE and weights[r] is not None,
        )
        for r in range(table.rows)
    ]
    extra = str(settings.get("bonus") or "").split()
    choices: dict[str, Any] = {
        "policy": settings.get("policy", "renorm_first"),
        "mode": settings.get("weight_mode", "relative"),
        "rule": settings.get("level_rule", "standard"),
        "bonus": {c: categories.pop(c) for c in extra if c in categories},
        "cap": Fraction(str(settings.get("cap", "100"))),
    }
    try:
        low = score(indicators, categories, thresholds, worst=True, **choices)
        high = score(indicators, categories, thresholds, worst=False, **choices)
    except ValueError as error:
        raise refuse("grade-weights", clause.place, category=error) from None
    index = {k: (low.index[k], high.index[k]) for k in levels}
    return Graded(
        low.level,
        index,
        rows,
        low.weights,
        low.blockers,
        tuple(sorted(why)),
        high.level,
        low.level,
        bonus=low.bonus,
    )


def _limits(
    clause: Clause,
    ids: list[str],
    levels: list[str],
    met: dict[str, list[bool]],
    states: list[int],
    rows: dict[str, str | None],
    why: frozenset[str],
) -> Graded:
    """The level is that of the worst row: every limit of a level must be met."""

    def overall(missing_met: bool) -> str | None:
        for level in levels:
            if all(
                s == NOT_APPLICABLE or (met[level][r] if s == KNOWN else missing_met)
                for r, s in enumerate(states)
            ):
                return level
        return None

    blockers = {
        k: tuple(ids[r] for r, s in enumerate(states) if s != NOT_APPLICABLE and not met[k][r])
        for k in levels
    }
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
            found[row] = (
                (value.data if value.table is None else value.data[position]) if known == KNOWN else None
            )
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

    def chance(self, formula: Node) -> Value:
        raise refuse("formula-function", name="chance", text=formula.source, column=1)


class _GroupScope(_CellScope):
    """A weight cell reads, for each row of its group, the facts of the row's `product`."""

    def __init__(self, evaluation: Evaluation, table: PackTable, members: list[int]) -> None:
        super().__init__(evaluation, table, members[0], Value(None, MISSING))
        self.members = members
        self.table = table.id

    def value_of(self, name: str) -> Value:
        for facts in self.evaluation.facts.tables.values():
            if (
                name in facts.columns
                and "product" in self.pack_table.columns
                and facts.name not in ("exchange", "process", "product", "evidence")
            ):
                column = facts.columns[name]
                place = {i: n for n, i in enumerate(facts.ids)}
                wanted = [place.get(str(self.pack_table.values["product"].data[r]), -1) for r in self.members]
                self.evaluation.fact_column(facts.name, name)
                data = np.array([column.data[w] if w >= 0 else Fraction(0) for w in wanted], dtype=object)
                state = np.array(
                    [column.state[w] if w >= 0 else NOT_APPLICABLE for w in wanted], dtype=np.int8
                )
                return Value(data, state, table=self.pack_table.id, why=column.why)
        return super().value_of(name)

    def rows_of(self, table: str) -> int:
        return len(self.members)
