"""Grades: a table of baselines and the quantities it names → a level, with all that explains it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from ...core.errors import refuse
from ...core.value import KNOWN, MISSING, Value, not_applicable
from ...standards.clause import Clause
from .graded import Graded
from .ratio import by_ratio
from .rows import Baselines, judged_rows, row_details, row_states
from .styles import STYLES

if TYPE_CHECKING:
    from ..run import Evaluation


def grade(clause: Clause, evaluation: Evaluation) -> tuple[Value, Graded]:
    """The level that a `grade` clause finds; missing while the best and the worst case differ."""
    clause = _for_new_plants(clause, evaluation)
    levels = tuple(str(k) for k in clause.settings.get("levels", {}))
    if not levels:
        raise refuse("grade-levels", clause.place, id=clause.id)
    table = evaluation.rulebook.tables[clause.table]
    baselines = Baselines(clause, evaluation, table, levels, row_states(clause, evaluation))
    result = by_ratio(baselines) if clause.style == "ratio" else _by_levels(baselines)
    shown = {k: str(v) for k, v in clause.settings.items() if k not in ("levels", "table", "style", "unit")}
    result = replace(result, style=clause.style, thresholds=baselines.thresholds, options=shown)
    if result.details and all(row.state == "not applicable" for row in result.details):
        return not_applicable(clause.address), result
    if result.counts is not None:
        counts = result.counts
        words = [f"{k}: {n}" for k, n in counts.counts.items()]
        return Value(" · ".join([*words, f"<: {counts.below}", f"?: {counts.missing}"])), result
    if result.missing and result.best != result.worst:
        return Value(None, MISSING, why=frozenset(result.missing)), result
    return Value(result.level or "none"), result


def _by_levels(baselines: Baselines) -> Graded:
    """By a style that judges every row at every level."""
    if baselines.clause.style not in STYLES:
        raise refuse("grade-style", baselines.clause.place, style=baselines.clause.style)
    rows = judged_rows(baselines)
    if rows and not any(row.applies for row in rows):
        nothing = Graded(None, {}, {row.id: None for row in rows}, {}, {}, (), None, None)
        return replace(nothing, details=row_details(baselines, rows, {}, {}))
    result = STYLES[baselines.clause.style](baselines, rows)
    lost = {
        row.id: {
            k: result.weights.get(row.id, Fraction(0)) * 100
            for k in baselines.levels
            if row.applies and not row.met[k]
        }
        for row in rows
    }
    return replace(result, details=row_details(baselines, rows, result.weights, lost))


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
