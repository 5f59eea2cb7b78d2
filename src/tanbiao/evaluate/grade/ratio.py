"""The older method: rows with a baseline are quantities scored by their ratio to it, rows without are questions."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ...core.errors import refuse
from ...core.numbers import decimal_text
from ...core.value import KNOWN, MISSING
from ...formula import evaluate
from ...numerics.index import Quantity, Question, ratio_score
from .graded import Graded, Limit
from .rows import Baselines, Row, bare_value, row_details
from .scopes import CellScope


def by_ratio(baselines: Baselines) -> Graded:
    """The level, with the points that each row loses. Raises `grade-ratio` for what is not positive."""
    settings, level = baselines.clause.settings, baselines.levels[0]
    rows = [_row(baselines, n) for n in range(baselines.table.rows)]
    quantities = [_quantity(baselines, n, row) for n, row in enumerate(rows) if _has_baseline(baselines, n)]
    questions = [
        Question(
            row.id,
            baselines.table.values["weight"].data[n],
            row.met[level] if row.known else None,
            baselines.limiting(n),
            row.applies,
        )
        for n, row in enumerate(rows)
        if not _has_baseline(baselines, n)
    ]
    alpha, cap = Fraction(str(settings.get("alpha", "0.7"))), str(settings.get("cap", "1"))
    most: Any = cap if cap == "k/m" else None if cap == "none" else Fraction(cap)
    thresholds = baselines.thresholds
    try:
        low = ratio_score(quantities, questions, thresholds, alpha, most, worst=True)
        high = ratio_score(quantities, questions, thresholds, alpha, most, worst=False)
    except ValueError as error:
        raise refuse("grade-ratio", baselines.clause.place, id=error) from None
    weights = {q.id: q.weight for q in quantities} | {q.id: q.weight for q in questions}
    share = {q.id: alpha for q in quantities} | {q.id: 1 - alpha for q in questions}
    lost = {i: {level: max(Fraction(0), (weights[i] - low.points[i]) * share[i])} for i in low.points}
    short = tuple(low.vetoes) + tuple(i for i, v in lost.items() if v[level] > 0 and i not in low.vetoes)
    return Graded(
        low.level,
        dict.fromkeys(baselines.levels, (low.p, high.p)),
        {row.id: row.level for row in rows},
        weights,
        {k: short if low.vetoes or low.p < least else () for k, least in thresholds.items()},
        tuple(sorted(frozenset[str]().union(*(row.why for row in rows)))),
        high.level,
        low.level,
        row_details(baselines, rows, weights, lost),
    )


def _has_baseline(baselines: Baselines, n: int) -> bool:
    return baselines.table.cells["baseline"][n] is not None


def _row(baselines: Baselines, n: int) -> Row:
    """A row against its one baseline, or its question; what is met stands at the best level."""
    id_, name, level = baselines.ids[n], baselines.text("value", n), baselines.levels[0]
    word, reason = baselines.said.get(id_, ("", ""))
    value = baselines.value(n)
    state = int(value.state)
    bare = bare_value(baselines.table, n, name, value) if state == KNOWN else value
    cell = baselines.table.cells["baseline"][n]
    if cell is None:
        limit = Limit("== true", met=state == KNOWN and bool(value.data))
    else:
        better = baselines.text("better", n)
        base = Fraction(evaluate(cell, CellScope(baselines.evaluation, baselines.table, n, bare)).data)
        number = Fraction(bare.data) if state == KNOWN else None
        lacks = None if number is None else (base - number if better == "higher" else number - base)
        sign = ">=" if better == "higher" else "<="
        limit = Limit(f"{sign} {decimal_text(base)}", base, better, lacks, lacks is not None and lacks <= 0)
    why = (value.why or frozenset([name])) if state == MISSING else frozenset()
    met = {k: limit.met and k == level for k in baselines.levels}
    return Row(id_, bare, state, word == "estimated", reason, {level: limit}, met, why)


def _quantity(baselines: Baselines, n: int, row: Row) -> Quantity:
    limit, values = row.limits[baselines.levels[0]], baselines.table.values
    assert limit.number is not None  # a row with a baseline
    return Quantity(
        row.id,
        baselines.text("category", n),
        values["weight"].data[n],
        limit.number,
        "higher" if limit.better == "higher" else "lower",
        Fraction(row.value.data) if row.known else None,
        row.applies,
    )


__all__ = ["by_ratio"]
