"""Limits in levels (energy quotas): a value against a limit for each level; a dash sets no limit at its level."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

Order = Literal["first_met", "every_met"]


def limit_level(
    value: Fraction,
    limits: Mapping[str, Fraction | None],
    better: Literal["lower", "higher"] = "lower",
    order: Order = "first_met",
) -> str | None:
    """The level that `value` reaches, best level first in `limits`; None below the last.

    first_met: the best level whose limit is met. every_met: a level counts only with every level below it that has a
    limit; the two differ where a standard's levels are not in order (303 / 285 / 312). A level without a limit is
    passed over and never inferred.
    """

    def met(limit: Fraction) -> bool:
        return value <= limit if better == "lower" else value >= limit

    names = list(limits)
    for position, level in enumerate(names):
        limit = limits[level]
        if limit is None or not met(limit):
            continue
        below = [limits[k] for k in names[position + 1 :]]
        if order == "first_met" or all(b is None or met(b) for b in below):
            return level
    return None


def unordered(
    limits: Mapping[str, Fraction | None], better: Literal["lower", "higher"] = "lower"
) -> list[str]:
    """The levels that are easier to meet than a level below them."""
    known = [(k, v) for k, v in limits.items() if v is not None]
    wrong = []
    for (level, limit), (_, next_) in itertools.pairwise(known):
        if (limit > next_) if better == "lower" else (limit < next_):
            wrong.append(level)
    return wrong
