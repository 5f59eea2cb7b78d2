"""The older ratio method of the trial systems of 2005–2009: S_i = x/o or o/x, P = α·P1 + (1−α)·P2, two classes.

Every number that differs between systems is an argument: caps, α, thresholds. A value or baseline that is zero or
negative has no ratio and is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal


@dataclass(frozen=True)
class Quantity:
    """A quantitative indicator. better: `higher` (S = x/o) or `lower` (S = o/x). value None: missing, scores zero.

    assessed False takes it out: the weights of its category are scaled, K' = K·A1/A2.
    """

    id: str
    category: str
    weight: Fraction
    baseline: Fraction
    better: Literal["higher", "lower"]
    value: Fraction | None
    assessed: bool = True


@dataclass(frozen=True)
class Question:
    """A qualitative indicator: yes gives its full weight, no gives nothing; None is missing. A veto, answered no,
    leaves no class whatever the points."""

    id: str
    weight: Fraction
    answer: bool | None
    veto: bool = False
    assessed: bool = True


@dataclass(frozen=True)
class RatioScore:
    """p = α·p1 + (1−α)·p2, the class reached (None below the last), ratios after the cap, points by indicator."""

    p: Fraction
    p1: Fraction
    p2: Fraction
    level: str | None
    ratios: Mapping[str, Fraction]
    points: Mapping[str, Fraction]
    vetoes: tuple[str, ...]


def ratio_score(
    quantities: Sequence[Quantity],
    questions: Sequence[Question],
    thresholds: Mapping[str, Fraction],
    alpha: Fraction,
    cap: Fraction | Literal["k/m"] | None,
    worst: bool = True,
) -> RatioScore:
    """Points out of what the weights sum to (100 in most systems).

    thresholds: best class first, class → least P. cap: the most a ratio may be (1, 1.2, 2, …), None for no cap, or
    `k/m`: category weight over the number of its assessed indicators. worst: missing scores nothing (True) or the
    full weight. Raises `ValueError` (the indicator) for a value or baseline that is not positive.
    """
    whole: dict[str, Fraction] = {}
    used: dict[str, Fraction] = {}
    count: dict[str, int] = {}
    for q in quantities:
        whole[q.category] = whole.get(q.category, Fraction(0)) + q.weight
        if q.assessed:
            used[q.category] = used.get(q.category, Fraction(0)) + q.weight
            count[q.category] = count.get(q.category, 0) + 1
    ratios: dict[str, Fraction] = {}
    points: dict[str, Fraction] = {}
    p1 = Fraction(0)
    for q in quantities:
        if not q.assessed:
            continue
        if q.value is None:
            ratio = Fraction(0) if worst else Fraction(1)
        else:
            if q.value <= 0 or q.baseline <= 0:
                raise ValueError(q.id)
            ratio = q.value / q.baseline if q.better == "higher" else q.baseline / q.value
        limit = whole[q.category] / count[q.category] if cap == "k/m" else cap
        if limit is not None:
            ratio = min(ratio, limit)
        ratios[q.id] = ratio
        points[q.id] = ratio * q.weight * whole[q.category] / used[q.category]
        p1 += points[q.id]
    every = sum((f.weight for f in questions), Fraction(0))
    asked = sum((f.weight for f in questions if f.assessed), Fraction(0))
    p2 = Fraction(0)
    vetoes = []
    for f in questions:
        if not f.assessed:
            continue
        yes = (not worst) if f.answer is None else f.answer
        points[f.id] = f.weight * every / asked if yes and asked else Fraction(0)
        p2 += points[f.id]
        if f.veto and not yes:
            vetoes.append(f.id)
    p = alpha * p1 + (1 - alpha) * p2
    level = None if vetoes else next((k for k, least in thresholds.items() if p >= least), None)
    return RatioScore(p, p1, p2, level, ratios, points, tuple(vetoes))
