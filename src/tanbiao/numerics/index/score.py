"""Membership scoring of a clean-production index (form of the general rules for drafting index systems).

Y_k = Σ_i w_i Σ_j ω_ij · Y_k(x_ij), Y_k(x) = 100 where x meets baseline k, else 0; levels are cumulative. Limiting
indicators are a veto. All arithmetic is exact: three weights of 0.15 renormalised give exactly 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

Policy = Literal["renorm_first", "keep_first"]
LevelRule = Literal["standard", "others_at_second", "worst_of"]


@dataclass(frozen=True)
class Indicator:
    """One indicator: its category, its weight, and which levels it meets (`meets[k]`), None where it is missing.

    applicable False takes it out of the index; its weight goes to the others of its category.
    """

    id: str
    category: str
    weight: Fraction
    meets: Mapping[str, bool] | None
    limiting: bool = False
    applicable: bool = True


@dataclass(frozen=True)
class Score:
    """index[k] in 0..100, the level reached (None: below the last), the effective weights, what blocks each level.

    bonus[k]: the points that bonus categories added before the cap; they are part of index[k].
    """

    index: Mapping[str, Fraction]
    level: str | None
    weights: Mapping[str, Fraction]
    blockers: Mapping[str, tuple[str, ...]]
    bonus: Mapping[str, Fraction] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """A result without an index (HJ series of 2003–2010): how many indicators stand at each level."""

    counts: Mapping[str, int]
    below: int
    missing: int
    not_applicable: int


def score(
    indicators: Sequence[Indicator],
    categories: Mapping[str, Fraction],
    thresholds: Mapping[str, Fraction],
    policy: Policy = "renorm_first",
    mode: Literal["relative", "absolute"] = "relative",
    rule: LevelRule = "standard",
    worst: bool = True,
    bonus: Mapping[str, Fraction] | None = None,
    cap: Fraction = Fraction(100),
) -> Score:
    """Score indicators against levels, best level first in `thresholds` (level → least index).

    categories: first-level weights. policy: what becomes of a category without any applicable indicator: its weight
    goes to the others (`renorm_first`) or is lost (`keep_first`). mode: whether indicator weights sum to one in
    their category or to its weight. rule `others_at_second`: for the best level every indicator that is not
    limiting must meet the second level. rule `worst_of`: every indicator must meet the level (gate and worst-of);
    the index is information. worst: a missing indicator counts as unmet (True) or as met.
    bonus: categories that add points on top (their weights are outside the sum of one and are never redistributed;
    no bonus indicator vetoes or must be met); the index is cut at `cap`.
    Raises `ValueError` (the category) when its applicable weights sum to nothing, or when weights that all
    apply do not sum to what `mode` says.
    """
    extra = dict(bonus or {})
    plain = [i for i in indicators if i.category not in extra]
    weights = effective_weights(plain, categories, policy, mode)
    for i in indicators:
        if i.category in extra:
            whole = i.weight * extra[i.category] if mode == "relative" else i.weight
            weights[i.id] = whole if i.applicable else Fraction(0)

    def meets(one: Indicator, level: str) -> bool:
        return (not worst) if one.meets is None else one.meets[level]

    def points(group: Sequence[Indicator], level: str) -> Fraction:
        return sum((weights[i.id] * 100 for i in group if i.applicable and meets(i, level)), Fraction(0))

    levels = list(thresholds)
    added = {k: points([i for i in indicators if i.category in extra], k) for k in levels} if extra else {}
    index = {k: points(plain, k) for k in levels}
    if extra:
        index = {k: min(cap, v + added[k]) for k, v in index.items()}
    blockers: dict[str, tuple[str, ...]] = {}
    reached = None
    for position, level in enumerate(levels):
        blocking = [
            i.id for i in plain if i.applicable and not meets(i, level) and (i.limiting or rule == "worst_of")
        ]
        if rule == "others_at_second" and position == 0 and len(levels) > 1:
            blocking += [i.id for i in plain if i.applicable and not i.limiting and not meets(i, levels[1])]
        short = rule != "worst_of" and index[level] < thresholds[level]
        stopped = bool(blocking) or short
        if short:
            blocking += [i.id for i in plain if i.applicable and not meets(i, level) and i.id not in blocking]
        blockers[level] = tuple(blocking)
        if reached is None and not stopped:
            reached = level
    return Score(index, reached, weights, blockers, added)


def profile(indicators: Sequence[Indicator], levels: Sequence[str]) -> Profile:
    """How many indicators stand at each level, best first; no index and no level follow."""
    counts = dict.fromkeys(levels, 0)
    below = missing = outside = 0
    for i in indicators:
        if not i.applicable:
            outside += 1
        elif i.meets is None:
            missing += 1
        else:
            found = next((k for k in levels if i.meets[k]), None)
            if found is None:
                below += 1
            else:
                counts[found] += 1
    return Profile(counts, below, missing, outside)


def shared_weight(whole: Fraction, output: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """A group's weight split over products by output: ω_p = W · O_p / ΣO. Raises `ValueError` for no output."""
    total = sum(output.values(), Fraction(0))
    if total <= 0:
        raise ValueError("output")
    return {p: whole * o / total for p, o in output.items()}


def effective_weights(
    indicators: Sequence[Indicator], categories: Mapping[str, Fraction], policy: Policy, mode: str
) -> dict[str, Fraction]:
    """Weights after taking out what does not apply; with `renorm_first` they sum to exactly one."""
    by_category: dict[str, list[Indicator]] = {c: [] for c in categories}
    for indicator in indicators:
        by_category[indicator.category].append(indicator)
    inner: dict[str, Fraction] = {}
    alive = Fraction(0)
    for category, members in by_category.items():
        total = sum((i.weight for i in members if i.applicable), Fraction(0))
        if any(i.applicable for i in members):
            whole = Fraction(1) if mode == "relative" else categories[category]
            if total <= 0 or (all(i.applicable for i in members) and total != whole):
                raise ValueError(category)
            alive += categories[category]
        for i in members:
            inner[i.id] = categories[category] * i.weight / total if i.applicable else Fraction(0)
    if policy == "renorm_first" and alive:
        inner = {k: v / alive for k, v in inner.items()}
    return inner
