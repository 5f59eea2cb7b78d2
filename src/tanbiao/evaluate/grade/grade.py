"""Grades: a table of baselines and the quantities it names → a level, with all that explains it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from ...core.errors import refuse
from ...core.value import KNOWN, MISSING, NOT_APPLICABLE, Value, not_applicable
from ...standards.clause import Clause

if TYPE_CHECKING:
    from ..run import Evaluation
    from ..scopes import ClauseScope
from .graded import Graded
from .rows import met_levels, row_details, row_states
from .styles import by_membership, by_profile, by_ratio, limits_of


def grade(clause: Clause, evaluation: Evaluation, scope: ClauseScope) -> tuple[Value, Graded]:
    """The level that a `grade` clause finds; missing while the best and the worst case differ."""
    table = evaluation.rulebook.tables[clause.table]
    clause = _for_new_plants(clause, evaluation)
    levels = [str(k) for k in clause.settings.get("levels", {})]
    if not levels:
        raise refuse("grade-levels", clause.place, id=clause.id)
    ids = [str(i) for i in table.values["id"].data]
    said = row_states(clause, evaluation)
    if clause.style == "ratio":
        result = by_ratio(clause, evaluation, table, ids, levels, said)
    else:
        met, states, why, found = met_levels(table, levels, evaluation, clause.style, said)
        if states and all(s == NOT_APPLICABLE for s in states):
            rows: dict[str, str | None] = dict.fromkeys(ids)
            details = row_details(clause, table, levels, found, rows, {}, {})
            nothing = Graded(None, {}, rows, {}, {}, (), None, None, details, clause.style)
            return not_applicable(clause.address), nothing
        rows = {
            id_: next((k for k in levels if states[row] == KNOWN and met[k][row]), None)
            for row, id_ in enumerate(ids)
        }
        if clause.style == "membership":
            result = by_membership(clause, evaluation, table, ids, levels, met, states, rows, why)
        elif clause.style in ("first_met", "every_met"):
            result = limits_of(clause, ids, levels, met, states, rows, why)
        elif clause.style == "profile":
            result = by_profile(clause, table, ids, levels, met, states, rows, why)
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
        result = replace(
            result, details=row_details(clause, table, levels, found, rows, result.weights, lost)
        )
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
