"""From rows to a level: by profile, by ratio, by membership."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.errors import refuse
from ...core.numbers import decimal_text
from ...core.value import KNOWN, MISSING, NOT_APPLICABLE, Value
from ...formula import evaluate
from ...numerics.index import Indicator, Quantity, Question, profile, ratio_score, score
from ...standards.clause import Clause
from ...standards.pack import PackTable

if TYPE_CHECKING:
    from ..run import Evaluation
from .graded import Graded, Limit
from .rows import Row, bare_value, row_details
from .scopes import CellScope, GroupScope


def by_profile(
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


def by_ratio(
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
    found: list[Row] = []
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
        bare = bare_value(table, row, name, value) if state == KNOWN else value
        weight = table.values["weight"].data[row]
        limits: dict[str, Limit] = {}
        if cell is not None:
            better = str(table.values["better"].data[row])
            base = Fraction(evaluate(cell, CellScope(evaluation, table, row, bare)).data)
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
        found.append(Row(bare, state, word == "estimated", reason, limits))
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
    details = row_details(clause, table, levels, found, rows, weights, lost)
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


def by_membership(
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
    weights, lacking = weights_of(table, evaluation)
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


def limits_of(
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


def weights_of(table: PackTable, evaluation: Evaluation) -> tuple[list[Fraction | None], frozenset[str]]:
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
        value = evaluate(cell, GroupScope(evaluation, table, members))
        for position, row in enumerate(members):
            known = value.state if value.table is None else value.state[position]
            found[row] = (
                (value.data if value.table is None else value.data[position]) if known == KNOWN else None
            )
            if known == MISSING:
                lacking |= value.why
    return found, lacking
