"""Membership scoring of a clean-production index (form of the general rules for drafting index systems).

Y_k = Σ_i w_i Σ_j ω_ij · Y_k(x_ij), Y_k(x) = 100 where x meets baseline k, else 0; levels are cumulative. Limiting
indicators are a veto. All arithmetic is exact: three weights of 0.15 renormalised give exactly 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Policy = Literal["renorm_first", "keep_first"]
LevelRule = Literal["standard", "others_at_second"]


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
    """index[k] in 0..100, the level reached (None: below the last), the effective weights, what blocks each level."""

    index: Mapping[str, Fraction]
    level: str | None
    weights: Mapping[str, Fraction]
    blockers: Mapping[str, tuple[str, ...]]


def score(indicators: Sequence[Indicator], categories: Mapping[str, Fraction], thresholds: Mapping[str, Fraction],
          policy: Policy = "renorm_first", mode: Literal["relative", "absolute"] = "relative",
          rule: LevelRule = "standard", worst: bool = True) -> Score:
    """Score indicators against levels, best level first in `thresholds` (level → least index).

    categories: first-level weights. policy: what becomes of a category without any applicable indicator: its weight
    goes to the others (`renorm_first`) or is lost (`keep_first`). mode: whether indicator weights sum to one in
    their category or to its weight. rule `others_at_second`: for the best level every indicator that is not
    limiting must meet the second level. worst: a missing indicator counts as unmet (True) or as met.
    Raises `ValueError` (the category) when its applicable weights sum to nothing, or when weights that all
    apply do not sum to what `mode` says.
    """
    weights = effective_weights(indicators, categories, policy, mode)

    def meets(one: Indicator, level: str) -> bool:
        return (not worst) if one.meets is None else one.meets[level]

    levels = list(thresholds)
    index = {k: sum((weights[i.id] * 100 for i in indicators if i.applicable and meets(i, k)), Fraction(0))
             for k in levels}
    blockers: dict[str, tuple[str, ...]] = {}
    reached = None
    for position, level in enumerate(levels):
        blocking = [i.id for i in indicators if i.applicable and i.limiting and not meets(i, level)]
        if rule == "others_at_second" and position == 0 and len(levels) > 1:
            blocking += [i.id for i in indicators
                         if i.applicable and not i.limiting and not meets(i, levels[1])]
        if index[level] < thresholds[level]:
            blocking += [i.id for i in indicators if i.applicable and not meets(i, level) and i.id not in blocking]
        blockers[level] = tuple(blocking)
        if reached is None and not blocking and index[level] >= thresholds[level]:
            reached = level
    return Score(index, reached, weights, blockers)


def effective_weights(indicators: Sequence[Indicator], categories: Mapping[str, Fraction], policy: Policy,
                      mode: str) -> dict[str, Fraction]:
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
