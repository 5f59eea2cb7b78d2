"""What blocks the next level, and the cheapest set of measures that reaches it.

A measure changes data of the study (tonnes, kilowatt hours), not indicators: what it does to every indicator follows by
evaluating the study again. The search works on what each measure does alone; the set it finds is evaluated together,
and a set that does not hold then is cut off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

from ..core.errors import Place, Problem, TanbiaoError, raise_errors
from ..numerics.index import Goal, Measure, Path, cheapest, front
from ..standards.clause import Clause
from ..study import Study
from .facts import resolve_facts
from .grade.graded import Graded, GradedRow, Limit
from .ledger import Ledger
from .measures import Action, actions_of, changed, share_at
from .results import Result
from .run import Evaluation

ENUMERATED = 12
"""The most measures that are tried set by set, where a method has no linear form (ratios)."""


@dataclass(frozen=True)
class Blocker:
    """A row that keeps a level away: a veto or lost points, and the gap in its own unit."""

    row: GradedRow
    points: Fraction
    veto: bool
    limit: Limit | None
    """The baseline to be met: that of the level, or the next better one where the table sets none there."""

    def data(self) -> dict[str, Any]:
        limit = self.limit
        return {
            "id": self.row.id,
            "name": self.row.name.data(),
            "veto": self.veto,
            "points": float(self.points),
            "unit": self.row.unit,
            "baseline": limit.text if limit else None,
            "gap": float(limit.lacks) if limit is not None and limit.lacks is not None else None,
        }


@dataclass(frozen=True)
class Choice:
    """A set of measures with its cost and what the whole plant then shows."""

    actions: tuple[Action, ...]
    cost: Fraction
    saving: Fraction
    level: str | None
    index: Fraction | None
    after: Graded

    def data(self) -> dict[str, Any]:
        return {
            "measures": [a.id for a in self.actions],
            "investment": float(self.cost),
            "saving": float(self.saving),
            "level": self.level,
            "index": None if self.index is None else float(self.index),
        }


@dataclass(frozen=True)
class Improvement:
    """From the level now to the next: blockers, the cheapest path (None: no set of the register's measures reaches
    it), the path that keeps headroom for uncertain measurement, the front of cost and index.

    margin: the headroom asked for, as a share of the measured value; None where the study declares none.
    """

    grade: str
    now: str | None
    target: str
    index: Fraction | None
    wanted: Fraction
    blockers: tuple[Blocker, ...]
    actions: tuple[Action, ...]
    path: Choice | None
    robust: Choice | None
    margin: Fraction | None
    front: tuple[Choice, ...]
    discount: float
    tax: float

    def data(self) -> dict[str, Any]:
        return {
            "grade": self.grade,
            "level": self.now,
            "target": self.target,
            "wanted_index": float(self.wanted),
            "index": None if self.index is None else float(self.index),
            "blockers": [b.data() for b in self.blockers],
            "measures": [a.data() for a in self.actions],
            "cheapest": self.path.data() if self.path else None,
            "robust": self.robust.data() if self.robust else None,
            "headroom": None if self.margin is None else float(self.margin),
            "front": [c.data() for c in self.front],
            "discount_rate": self.discount,
            "tax_rate": self.tax,
        }


def improvements(study: Study, result: Result) -> list[Improvement]:
    """One for each published grade that has a better level than the one reached."""
    found = []
    for one in result.published:
        if one.grade is not None and not one.grade.partial and one.grade.thresholds and one.grade.details:
            clause = result.rulebook.clauses[one.name]
            improvement = improve(study, result, clause, one.grade)
            if improvement is not None:
                found.append(improvement)
    return found


def improve(
    study: Study, result: Result, clause: Clause, graded: Graded, target: str | None = None
) -> Improvement | None:
    """The way to `target`, by default the next better level; None where the best is reached or nothing applies.

    Raises `TanbiaoError` (`measure-datum`, `measure-change`) for a measure that speaks of what the study lacks.
    """
    levels = list(graded.thresholds)
    if all(r.state == "not applicable" for r in graded.details):
        return None
    if target is None:
        place = levels.index(graded.worst) if graded.worst in levels else len(levels)
        if place == 0:
            return None
        target = levels[place - 1]
    actions = actions_of(study)
    there = _Plant(study, result, clause)
    alone = {a.id: there.after([a]) for a in actions}
    margin = share_at(study, "plant.measurement_uncertainty")
    blockers = _blockers(graded, target)
    index = graded.index[target][0] if target in graded.index else None
    path = robust = None
    ends: tuple[Choice, ...] = ()
    if actions:
        if graded.style == "ratio":
            path = _by_trial(there, actions, target, levels)
        else:
            path = _search(there, graded, alone, actions, target, levels, None)
            if margin is not None:
                robust = _search(there, graded, alone, actions, target, levels, margin)
            if graded.style == "membership":
                goals, measures, _ = _problem(
                    graded, alone, actions, target, levels, Fraction(0), index_only=True
                )
                ends = tuple(_choice(there, actions, p, target) for p in front(goals, measures, limit=25))
    discount, tax = (float(share_at(study, f"plant.{k}") or 0) for k in ("discount_rate", "tax_rate"))
    return Improvement(
        clause.address,
        graded.worst,
        target,
        index,
        graded.thresholds[target],
        blockers,
        tuple(actions),
        path,
        robust,
        margin,
        ends,
        discount,
        tax,
    )


class _Plant:
    """Evaluates one grade again after measures."""

    def __init__(self, study: Study, result: Result, clause: Clause) -> None:
        self.study, self.result, self.clause = study, result, clause
        self.seen: dict[frozenset[str], Graded] = {}

    def after(self, actions: Sequence[Action]) -> Graded:
        key = frozenset(a.id for a in actions)
        if key not in self.seen:
            rulebook = self.result.rulebook
            facts, problems = resolve_facts(changed(self.study, actions), rulebook, self.study.tables)
            raise_errors(p for p in problems if p.code != "table-unknown")
            evaluation = Evaluation(rulebook, facts, self.result.evaluation.background, Ledger())
            evaluation.value(self.clause.name)
            self.seen[key] = evaluation.grades[self.clause.name]
        return self.seen[key]


def _blockers(graded: Graded, target: str) -> tuple[Blocker, ...]:
    found = []
    rule = graded.options.get("level_rule", "standard")
    every = graded.style in ("first_met", "every_met") or rule == "worst_of"
    first = next(iter(graded.thresholds))
    second = list(graded.thresholds)[1] if len(graded.thresholds) > 1 else first
    for row in graded.details:
        level = first if graded.style == "ratio" else target
        better = list(graded.thresholds)[: list(graded.thresholds).index(level) + 1]
        limit = next((row.limits[k] for k in reversed(better) if k in row.limits), None)
        if (
            row.state == "not applicable"
            or (limit is None and row.state != "missing")
            or (limit is not None and limit.met)
            or _meets(row, level, list(graded.thresholds))
        ):
            continue
        veto = row.limiting or every
        if rule == "others_at_second" and target == first and not veto:
            limit2 = row.limits.get(second)
            veto = limit2 is None or not limit2.met
        found.append(Blocker(row, row.lost.get(level, Fraction(0)), veto, limit))
    return tuple(sorted(found, key=lambda b: (not b.veto, -b.points, b.row.id)))


def _problem(
    graded: Graded,
    alone: Mapping[str, Graded],
    actions: Sequence[Action],
    target: str,
    levels: Sequence[str],
    margin: Fraction,
    index_only: bool = False,
) -> tuple[list[Goal], list[Measure], Fraction]:
    """Goals and measures of the programme: what each measure alone does to the distance of every row."""
    rule = graded.options.get("level_rule", "standard")
    every = graded.style in ("first_met", "every_met") or rule == "worst_of"
    bonus = set((graded.options.get("bonus") or "").split())
    rows = [r for r in graded.details if r.state != "not applicable"]
    after = {a.id: {r.id: r for r in alone[a.id].details} for a in actions}
    gains: dict[str, dict[str, Fraction]] = {a.id: {} for a in actions}
    goals = []
    wanted = [
        (
            r,
            target,
            (graded.weights.get(r.id) or Fraction(0)),
            (r.limiting and r.category.zh not in bonus) or every,
        )
        for r in rows
    ]
    if rule == "others_at_second" and target == levels[0] and len(levels) > 1:
        wanted += [
            (r, levels[1], Fraction(0), True) for r in rows if not r.limiting and r.category.zh not in bonus
        ]
    for row, level, weight, required in wanted:
        if graded.style in ("first_met", "every_met") and level not in row.limits and row.state != "missing":
            better = [k for k in levels[: levels.index(level)] if k in row.limits]
            if not better:  # a dash with no better level above it can never be met
                goals.append(Goal(f"{row.id}@{level}", Fraction(1), weight, required, frozenset()))
                continue
            level = better[-1]
        name = f"{row.id}@{level}{'' if level == target else '!'}"
        base = row.limits.get(level)
        ends = {m: r[row.id] for m, r in after.items() if row.id in r}
        plain = (
            base is not None
            and base.lacks is not None
            and all(level in e.limits and e.limits[level].lacks is not None for e in ends.values())
        )
        required = required and not index_only
        if plain:
            assert base is not None and base.lacks is not None
            room = margin * abs(row.value) if isinstance(row.value, Fraction) else Fraction(0)
            goals.append(Goal(name, base.lacks + room, weight, required))
            for m, end in ends.items():
                lacks = end.limits[level].lacks
                assert lacks is not None
                if lacks != base.lacks:
                    gains[m][name] = base.lacks - lacks
            continue
        met = {m for m, e in ends.items() if _meets(e, level, levels)}
        now = _meets(row, level, levels)
        goals.append(
            Goal(
                name,
                Fraction(-1 if now else 1),
                weight,
                required,
                frozenset() if now else frozenset(met),
                frozenset(ends) - met if now else frozenset(),
            )
        )
    measures = [Measure(a.id, a.investment, gains[a.id], a.excludes) for a in actions]
    threshold = Fraction(0) if every else graded.thresholds[target] / 100
    return goals, measures, threshold


def _meets(row: GradedRow, level: str, levels: Sequence[str]) -> bool:
    return row.level is not None and levels.index(row.level) <= levels.index(level)


def _search(
    there: _Plant,
    graded: Graded,
    alone: Mapping[str, Graded],
    actions: Sequence[Action],
    target: str,
    levels: Sequence[str],
    margin: Fraction | None,
) -> Choice | None:
    goals, measures, aim = _problem(graded, alone, actions, target, levels, margin or Fraction(0))
    by_id = {a.id: a for a in actions}

    def holds(path: Path) -> bool:
        after = there.after([by_id[m] for m in path.measures])
        if after.worst not in levels or levels.index(after.worst) > levels.index(target):
            return False
        return margin is None or _with_headroom(after, target, levels, margin)

    found = cheapest(goals, measures, aim, holds)
    return None if found is None else _choice(there, actions, found, target)


def _with_headroom(graded: Graded, target: str, levels: Sequence[str], margin: Fraction) -> bool:
    """Whether the level would still stand if every measured value were worse by `margin`."""
    rule = graded.options.get("level_rule", "standard")
    every = graded.style in ("first_met", "every_met") or rule == "worst_of"
    points = Fraction(0)
    for row in graded.details:
        if row.state == "not applicable":
            continue
        limit = row.limits.get(target)
        safe = _meets(row, target, levels)
        if safe and limit is not None and limit.lacks is not None and isinstance(row.value, Fraction):
            safe = -limit.lacks >= margin * abs(row.value)
        if safe:
            points += (row.weight or Fraction(0)) * 100
        elif row.limiting or every:
            return False
    return every or points >= graded.thresholds[target]


def _choice(there: _Plant, actions: Sequence[Action], path: Path, target: str) -> Choice:
    chosen = tuple(a for a in actions if a.id in path.measures)
    after = there.after(chosen)
    index = after.index[target][0] if target in after.index else None
    return Choice(chosen, path.cost, sum((a.saving for a in chosen), Fraction(0)), after.worst, index, after)


def _by_trial(there: _Plant, actions: Sequence[Action], target: str, levels: Sequence[str]) -> Choice | None:
    """Sets of measures by rising cost until one holds: exact, for few measures. Refuses (`measure-many`)."""
    if len(actions) > ENUMERATED:
        raise TanbiaoError([Problem("measure-many", Place("measure.csv"), {"limit": str(ENUMERATED)})])
    sets = sorted(
        (sum((actions[p].investment for p in s), Fraction(0)), len(s), s)
        for n in range(len(actions) + 1)
        for s in combinations(range(len(actions)), n)
    )
    for cost, _, positions in sets:
        chosen = [actions[p] for p in positions]
        ids = {a.id for a in chosen}
        if any(a.excludes & (ids - {a.id}) for a in chosen):
            continue
        after = there.after(chosen)
        if after.worst in levels and levels.index(after.worst) <= levels.index(target):
            return _choice(
                there, actions, Path(tuple(a.id for a in chosen), cost, Fraction(0), frozenset()), target
            )
    return None
