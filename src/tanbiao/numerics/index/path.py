"""The cheapest set of measures that reaches a level: an exact 0–1 programme, solved by HiGHS through SciPy.

    min Σ c_m x_m   with   every required indicator met,   Σ w_i z_i ≥ aim,   z_i = 1 only where
    Σ_m gain_mi x_m ≥ deficit_i,   measures that exclude one another not taken together.

A deficit is what an indicator lacks to its baseline in its own unit, turned so that closing it is positive; a negative
deficit is headroom, which a measure that harms the indicator may use up. HiGHS works in floats with tolerances that
only ever admit too much; each of its answers is checked in exact fractions, and one that does not hold is cut off.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.sparse import coo_array

CUTS = 200
"""Answers that may be cut off before the search is given up."""


@dataclass(frozen=True)
class Goal:
    """One indicator at one baseline: deficit (≤ 0: met now), the share of points it carries, whether it must be met.

    any_of: measures each of which alone meets it (qualitative indicators); then gains and deficit do not matter,
    and `deficit` says only whether it is met now. breaks: measures that undo it.
    """

    id: str
    deficit: Fraction
    weight: Fraction = Fraction(0)
    required: bool = False
    any_of: frozenset[str] | None = None
    breaks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Measure:
    """A measure: its cost (in one currency, or a present value), what it gains by goal, what it rules out."""

    id: str
    cost: Fraction
    gains: Mapping[str, Fraction] = field(default_factory=dict)
    excludes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Path:
    """Measures to take, in the order given, their cost, the share of points reached, the goals met."""

    measures: tuple[str, ...]
    cost: Fraction
    points: Fraction
    met: frozenset[str]


def outcome(goals: Sequence[Goal], measures: Sequence[Measure], taken: frozenset[str] | set[str]) -> Path:
    """What a set of measures does, in exact fractions."""
    chosen = [m for m in measures if m.id in taken]
    met = []
    for goal in goals:
        if goal.breaks & taken:
            continue
        if goal.any_of is not None:
            if goal.deficit <= 0 or goal.any_of & taken:
                met.append(goal)
        elif sum((m.gains.get(goal.id, Fraction(0)) for m in chosen), Fraction(0)) >= goal.deficit:
            met.append(goal)
    return Path(
        tuple(m.id for m in chosen),
        sum((m.cost for m in chosen), Fraction(0)),
        sum((g.weight for g in met), Fraction(0)),
        frozenset(g.id for g in met),
    )


def fits(goals: Sequence[Goal], measures: Sequence[Measure], path: Path, aim: Fraction) -> bool:
    """Whether a path reaches its aim, meets what must be met, and takes no two measures that exclude one another."""
    taken = set(path.measures)
    return (
        path.points >= aim
        and all(g.id in path.met for g in goals if g.required)
        and not any(m.excludes & (taken - {m.id}) for m in measures if m.id in taken)
    )


def cheapest(
    goals: Sequence[Goal],
    measures: Sequence[Measure],
    aim: Fraction,
    holds: Callable[[Path], bool] | None = None,
) -> Path | None:
    """The set of least cost with Σ weight ≥ aim and every required goal met; None where no set does.

    holds: a further test of an answer (an evaluation of all its measures together); one that fails it is cut off.
    Costs may be negative (a measure that pays). Raises `RuntimeError` when the search is given up.
    """
    return _search(goals, measures, [float(m.cost) for m in measures], aim, None, holds)


def best_within(
    goals: Sequence[Goal],
    measures: Sequence[Measure],
    budget: Fraction,
    holds: Callable[[Path], bool] | None = None,
) -> Path | None:
    """The most points for at most `budget`, among sets that meet every required goal."""
    found = _search(goals, measures, None, None, budget, holds)
    return found


def front(
    goals: Sequence[Goal],
    measures: Sequence[Measure],
    holds: Callable[[Path], bool] | None = None,
    limit: int = 60,
) -> list[Path]:
    """The Pareto front of cost and points, cheapest first: no other set has more points for the same or less cost.

    Required goals are not asked for here: the front shows the index alone.
    """
    free = [Goal(g.id, g.deficit, g.weight, False, g.any_of, g.breaks) for g in goals]
    step = Fraction(1, _denominator([g.weight for g in free]))
    found: list[Path] = []
    aim = Fraction(0)
    while len(found) < limit:
        least = cheapest(free, measures, aim, holds)
        if least is None:
            return found
        best = best_within(free, measures, least.cost, holds) or least
        found.append(best)
        aim = best.points + step
    return found


def _denominator(weights: Sequence[Fraction]) -> int:
    return math.lcm(*(w.denominator for w in weights)) if weights else 1


class _Rows:
    """Constraint rows, gathered sparse."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, int, float]] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def add(self, cells: Sequence[tuple[int, float]], low: float, high: float) -> None:
        self.entries += [(len(self.low), column, value) for column, value in cells if value]
        self.low.append(low)
        self.high.append(high)

    def constraint(self, width: int) -> list[tuple[Any, list[float], list[float]]]:
        if not self.low:
            return []
        rows, columns, values = zip(*self.entries, strict=True) if self.entries else ((), (), ())
        matrix = coo_array(
            (np.array(values, dtype=float), (np.array(rows, dtype=int), np.array(columns, dtype=int))),
            shape=(len(self.low), width),
        ).tocsr()
        return [(matrix, self.low, self.high)]


def _search(
    goals: Sequence[Goal],
    measures: Sequence[Measure],
    costs: Sequence[float] | None,
    aim: Fraction | None,
    budget: Fraction | None,
    holds: Callable[[Path], bool] | None,
) -> Path | None:
    from scipy.optimize import milp  # here, since it takes longer to import than most studies to run

    place = {m.id: n for n, m in enumerate(measures)}
    count, width = len(measures), len(measures) + len(goals)
    whole = _denominator([g.weight for g in goals] + ([aim] if aim is not None else []))
    points = [float(g.weight * whole) for g in goals]
    rows = _Rows()
    for number, goal in enumerate(goals):
        _goal_rows(rows, goal, count + number, measures, place)
    pairs = {
        tuple(sorted((place[m.id], place[o])))
        for m in measures
        for o in m.excludes
        if o in place and o != m.id
    }
    for a, b in sorted(pairs):
        rows.add([(a, 1.0), (b, 1.0)], -np.inf, 1.0)
    if aim is not None:
        rows.add([(count + n, p) for n, p in enumerate(points)], float(aim * whole) - 1e-7 * whole, np.inf)
    top = max([abs(float(m.cost)) for m in measures], default=1.0) or 1.0
    if budget is not None:
        rows.add(
            [(n, float(m.cost) / top) for n, m in enumerate(measures)], -np.inf, float(budget) / top + 1e-9
        )
    objective = np.zeros(width)
    if costs is not None:
        objective[:count] = np.array(costs) / top
    else:
        objective[count:] = -np.array(points)
    lower = np.array([0.0] * count + [1.0 if g.required else 0.0 for g in goals])
    for _ in range(CUTS):
        if width == 0:
            return outcome(goals, measures, set()) if aim is None or aim <= 0 else None
        found: Any = milp(
            objective,
            integrality=np.ones(width),
            bounds=(lower, np.ones(width)),
            constraints=rows.constraint(width),
            options={"mip_rel_gap": 0.0},
        )
        if found.status == 2:
            return None
        if found.x is None:
            raise RuntimeError(found.message)
        taken = {m.id for n, m in enumerate(measures) if found.x[n] > 0.5}
        path = outcome(goals, measures, taken)
        promised = sum((g.weight for n, g in enumerate(goals) if found.x[count + n] > 0.5), Fraction(0))
        good = fits(goals, measures, path, aim if aim is not None else promised)
        if good and (budget is None or path.cost <= budget) and (holds is None or holds(path)):
            return path
        rows.add(
            [(n, 1.0 if m.id in taken else -1.0) for n, m in enumerate(measures)], -np.inf, len(taken) - 1.0
        )
    raise RuntimeError(f"no answer held after {CUTS} cuts")


def _goal_rows(
    rows: _Rows, goal: Goal, column: int, measures: Sequence[Measure], place: Mapping[str, int]
) -> None:
    """z may be 1 only where the goal is met."""
    for other in goal.breaks:
        if other in place:
            rows.add([(column, 1.0), (place[other], 1.0)], -np.inf, 1.0)
    if goal.any_of is not None:
        if goal.deficit > 0:
            rows.add(
                [(column, 1.0), *((place[m], -1.0) for m in sorted(goal.any_of) if m in place)], -np.inf, 0.0
            )
        return
    gains = [(place[m.id], m.gains[goal.id]) for m in measures if m.gains.get(goal.id)]
    lost = sum((g for _, g in gains if g < 0), Fraction(0))
    if goal.deficit <= lost:
        return
    scale = max([abs(goal.deficit), *(abs(g) for _, g in gains)])
    room = (goal.deficit - lost) / scale
    rows.add(
        [*((n, float(g / scale)) for n, g in gains), (column, -float(room))],
        float(goal.deficit / scale - room),
        np.inf,
    )


__all__ = ["Goal", "Measure", "Path", "best_within", "cheapest", "fits", "front", "outcome"]
