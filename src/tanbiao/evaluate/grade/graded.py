"""A level with all that explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ...core.text import Text
from ...numerics.index import Profile


@dataclass(frozen=True)
class Limit:
    """A baseline at one level: as written, and, where it is a plain comparison, its number in the row's unit with the
    direction. lacks: how far the value is from it in that unit, positive while it is not met."""

    text: str
    number: Fraction | None = None
    better: str = ""
    lacks: Fraction | None = None
    met: bool = False

    def data(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "number": None if self.number is None else float(self.number),
            "met": self.met,
            "gap": None if self.lacks is None else max(0.0, float(self.lacks)),
        }


@dataclass(frozen=True)
class GradedRow:
    """One row of a grade: what was measured, in the unit of the table, and where it stands.

    state: `known`, `estimated`, `missing`, `not applicable` (reason: why). lost: points lost at each level.
    """

    id: str
    name: Text
    category: Text
    unit: str
    value: Fraction | str | bool | None
    state: str
    reason: str
    limits: Mapping[str, Limit]
    level: str | None
    weight: Fraction | None
    limiting: bool
    lost: Mapping[str, Fraction]
    source: str = ""
    review: str = ""

    def data(self) -> dict[str, Any]:
        shown = self.value
        return {
            "id": self.id,
            "name": self.name.data(),
            "category": self.category.data(),
            "unit": self.unit,
            "value": float(shown) if isinstance(shown, Fraction) else shown,
            "state": self.state,
            "reason": self.reason,
            "level": self.level,
            "weight": None if self.weight is None else float(self.weight),
            "limiting": self.limiting,
            "review": self.review,
            "limits": {k: v.data() for k, v in self.limits.items()},
            "lost": {k: float(v) for k, v in self.lost.items()},
        }


@dataclass(frozen=True)
class Graded:
    """What a grade found: the level (None below the last), the index by level with its best and worst, the level of
    each row, what blocks each level, what is missing."""

    level: str | None
    index: Mapping[str, tuple[Fraction, Fraction]]
    rows: Mapping[str, str | None]
    weights: Mapping[str, Fraction]
    blockers: Mapping[str, tuple[str, ...]]
    missing: tuple[str, ...]
    best: str | None
    worst: str | None
    details: tuple[GradedRow, ...] = ()
    style: str = ""
    thresholds: Mapping[str, Fraction] = field(default_factory=dict)
    bonus: Mapping[str, Fraction] = field(default_factory=dict)
    counts: Profile | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    """The options that the clause declares: policy, level rule, weight mode, order."""

    @property
    def partial(self) -> bool:
        """Whether the table cannot give a level at all: a profile."""
        return self.style == "profile"

    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "index": {k: [float(a), float(b)] for k, (a, b) in self.index.items()},
            "levels": dict(self.rows),
            "blockers": {k: list(v) for k, v in self.blockers.items()},
            "best": self.best,
            "worst": self.worst,
            "style": self.style,
            "options": dict(self.options),
        }
        if self.bonus:
            found["bonus"] = {k: float(v) for k, v in self.bonus.items()}
        if self.counts is not None:
            found["profile"] = {
                **self.counts.counts,
                "below": self.counts.below,
                "missing": self.counts.missing,
                "not_applicable": self.counts.not_applicable,
            }
        if self.details:
            found["rows"] = [r.data() for r in self.details]
        return found
