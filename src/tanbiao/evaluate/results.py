"""Results: findings by clause and published quantities with their breakdown. Never edited, always recomputed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core.errors import Problem
from ..core.text import Text
from ..standards.resolve import Rulebook
from .grade.graded import Graded
from .run import Evaluation


@dataclass(frozen=True)
class Finding:
    """The verdict of one check: pass, fail, not_evaluable (naming what is missing), not_applicable (by a clause)."""

    clause: str
    number: str
    severity: str
    review: str
    verdict: str
    text: Text
    missing: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    remedy: Text | None = None
    source: str = ""

    def data(self) -> dict[str, Any]:
        return {
            "clause": self.clause,
            "number": self.number,
            "severity": self.severity,
            "review": self.review,
            "verdict": self.verdict,
            "missing": list(self.missing),
            "where": ", ".join(self.where),
            "rows": list(self.rows),
            "message": self.text.data(),
            "remedy": self.remedy.data() if self.remedy else None,
            "source": self.source,
        }


@dataclass(frozen=True, eq=False)
class Stage:
    """A stage of the pack's vocabulary with its share of a published quantity, in the published unit."""

    id: str
    name: Text
    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Contribution:
    """What one provider adds to the headline, in the published unit."""

    provider: str
    name: Text
    value: float
    low: float
    high: float
    coverage: str
    share: float


@dataclass(frozen=True, eq=False)
class Published:
    """One published quantity: its value, the rounded text that is signed, and how it is made up."""

    pack: str
    name: str
    clause: str
    review: str
    title: Text
    value: float | str | None
    published: str
    unit: str
    basis: Mapping[str, str]
    missing: tuple[str, ...] = ()
    headline: bool = False
    low: float | None = None
    high: float | None = None
    stages: tuple[Stage, ...] = ()
    positions: Mapping[str, float] = field(default_factory=dict)
    credits: float = 0.0
    outside: float = 0.0
    coverage: Mapping[str, float] = field(default_factory=dict)
    judged: float = 0.0
    unconverted: float = 0.0
    contributions: tuple[Contribution, ...] = ()
    verdict: str | None = None
    primary_data_share: float | None = None
    """As a fraction, whatever unit its clause is written in."""
    dqr: Mapping[str, float] = field(default_factory=dict)
    grade: Graded | None = None
    method_fingerprint: str = ""
    entry: str = ""

    @property
    def t1(self) -> float:
        """Sum of all positions (including uptake)."""
        return sum(self.positions.values())

    @property
    def t2(self) -> float:
        """Without biogenic uptake."""
        return self.t1 - self.positions.get("D", 0.0)

    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "pack": self.pack,
            "name": self.name,
            "clause": self.clause,
            "review": self.review,
            "title": self.title.data(),
            "value": self.value,
            "published": self.published,
            "unit": self.unit,
            "basis": dict(self.basis),
            "missing": list(self.missing),
            "headline": self.headline,
            "method_fingerprint": self.method_fingerprint,
        }
        if self.positions:
            found |= {"low": self.low, "high": self.high, "positions": dict(self.positions)}
            found |= {"T1": self.t1, "T2": self.t2}
        if self.stages:
            found |= {
                "stages": {s.id: s.value for s in self.stages},
                "credits": self.credits,
                "outside": self.outside,
                "coverage": dict(self.coverage),
                "judged_share": self.judged,
                "unconverted_share": self.unconverted,
                "verdict": self.verdict,
                "primary_data_share": self.primary_data_share,
                "dqr": dict(self.dqr),
                "contributions": [
                    {
                        "provider": c.provider,
                        "name": c.name.data(),
                        "value": c.value,
                        "share": c.share,
                        "coverage": c.coverage,
                    }
                    for c in self.contributions[:20]
                ],
            }
        if self.grade is not None:
            found |= self.grade.data()
        return found


@dataclass(frozen=True, eq=False)
class Result:
    """What follows when one rulebook meets the facts."""

    rulebook: Rulebook
    evaluation: Evaluation
    published: tuple[Published, ...]
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]

    @property
    def headline(self) -> Published | None:
        return next((p for p in self.published if p.headline), None)

    @property
    def refused(self) -> tuple[Finding, ...]:
        """Findings that forbid any result."""
        return tuple(f for f in self.findings if f.severity == "refuse" and f.verdict == "fail")

    @property
    def unverified_musts(self) -> int:
        """How many applicable must-clauses rest on an encoding that nobody verified."""
        return sum(
            1
            for f in self.findings
            if f.severity in ("must", "refuse") and f.verdict != "not_applicable" and f.review != "verified"
        )

    def conformity(self) -> Text:
        """The only words about conformity that any face may show."""
        failed = sum(1 for f in self.findings if f.severity in ("must", "refuse") and f.verdict == "fail")
        unknown = sum(
            1 for f in self.findings if f.severity in ("must", "refuse") and f.verdict == "not_evaluable"
        )
        if failed:
            return Text(
                f"不符合：{failed} 条要求未满足", f"does not conform: {_count(failed, 'is', 'are')} not met"
            )
        if unknown:
            return Text(
                f"无法判定：{unknown} 条要求缺数据",
                f"cannot be judged: {_count(unknown, 'lacks', 'lack')} data",
            )
        if self.unverified_musts:
            return Text(
                f"按未经核实的编码核对：{self.unverified_musts} 条要求的编码未经核实",
                "checked against an unverified encoding: "
                f"{_count(self.unverified_musts, 'is', 'are')} unverified",
            )
        return Text("符合", "conforms")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} requirement {one}" if number == 1 else f"{number} requirements {many}"
