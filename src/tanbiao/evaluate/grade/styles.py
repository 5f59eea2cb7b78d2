"""From judged rows to a level: by membership, by limits, by profile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ...core.errors import refuse
from ...core.value import KNOWN, MISSING
from ...formula import evaluate
from ...numerics.index import Indicator, profile, score
from ...standards.pack import PackTable
from .graded import Graded
from .rows import Baselines, Row
from .scopes import GroupScope

if TYPE_CHECKING:
    from ..run import Evaluation


def by_membership(baselines: Baselines, rows: list[Row]) -> Graded:
    """An index of weighted rows, and limiting rows that veto a level."""
    weights, lacking = _weights(baselines.table, baselines.evaluation)
    if lacking:  # a weight that cannot be had is not a weight that does not apply
        return Graded(None, {}, _levels(rows), {}, {}, tuple(sorted(lacking)), baselines.levels[0], None)
    settings, values = baselines.clause.settings, baselines.table.values
    categories: dict[str, Fraction] = {
        baselines.text("category", n): values["category_weight"].data[n]
        for n in range(len(rows))
        if values["category_weight"].state[n] == KNOWN
    }
    indicators = [
        Indicator(
            row.id,
            baselines.text("category", n),
            weights[n] or Fraction(0),
            row.met if row.known else None,
            baselines.limiting(n),
            row.applies and weights[n] is not None,
        )
        for n, row in enumerate(rows)
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
        low = score(indicators, categories, baselines.thresholds, worst=True, **choices)
        high = score(indicators, categories, baselines.thresholds, worst=False, **choices)
    except ValueError as error:
        raise refuse("grade-weights", baselines.clause.place, category=error) from None
    return Graded(
        low.level,
        {k: (low.index[k], high.index[k]) for k in baselines.levels},
        _levels(rows),
        low.weights,
        low.blockers,
        _why(rows),
        high.level,
        low.level,
        bonus=low.bonus,
    )


def by_limits(baselines: Baselines, rows: list[Row]) -> Graded:
    """The level is that of the worst row: every limit of a level must be met."""

    def overall(missing_met: bool) -> str | None:
        for level in baselines.levels:
            if all(not r.applies or (r.met[level] if r.known else missing_met) for r in rows):
                return level
        return None

    blockers = {k: tuple(r.id for r in rows if r.applies and not r.met[k]) for k in baselines.levels}
    worst, best = overall(False), overall(True)
    return Graded(worst, {}, _levels(rows), {}, blockers, _why(rows), best, worst)


def by_profile(baselines: Baselines, rows: list[Row]) -> Graded:
    """A table without (all of its) weights: the level of each row, and no level of the whole."""
    indicators = [
        Indicator(row.id, "", Fraction(0), row.met if row.known else None, applicable=row.applies)
        for row in rows
    ]
    cells = baselines.table.cells
    blockers = {
        k: tuple(r.id for n, r in enumerate(rows) if r.applies and not r.met[k] and cells[k][n] is not None)
        for k in baselines.levels
    }
    counts = profile(indicators, baselines.levels)
    return Graded(None, {}, _levels(rows), {}, blockers, _why(rows), None, None, counts=counts)


STYLES: Mapping[str, Callable[[Baselines, list[Row]], Graded]] = {
    "membership": by_membership,
    "first_met": by_limits,
    "every_met": by_limits,
    "profile": by_profile,
}


def _levels(rows: list[Row]) -> dict[str, str | None]:
    return {row.id: row.level for row in rows}


def _why(rows: list[Row]) -> tuple[str, ...]:
    return tuple(sorted(frozenset[str]().union(*(row.why for row in rows))))


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
    for members in groups.values():
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
