"""Coverage: what the numbers of a result rest on, flow by flow.

Status, source, bounds, judged share, independent values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.text import Text
from ..library import Library
from .results import Result


@dataclass(frozen=True)
class Covered:
    """One background flow of a study: what stands behind it and what share of the result it carries."""

    provider: str
    name: Text
    status: str
    licence: str
    year: str
    gwp_set: str
    gas_basis: str
    value: float
    low: float
    high: float
    share: float
    share_low: float
    share_high: float
    judged: float
    unconverted: float
    checks: tuple[tuple[float, float, str, str], ...] = ()
    """Independent values of the same thing: value per unit, ratio ours to theirs, source, verification."""

    def data(self) -> dict[str, Any]:
        return {
            k: (v.data() if isinstance(v, Text) else v)
            for k, v in ((k, getattr(self, k)) for k in self.__dataclass_fields__)
        }


@dataclass(frozen=True)
class Coverage:
    """Coverage of one result by flow, and in sum."""

    pack: str
    unit: str
    total: float | None
    verdict: str | None
    rows: tuple[Covered, ...]
    shares: dict[str, float]
    judged: float
    unconverted: float

    def data(self) -> dict[str, Any]:
        return {
            "pack": self.pack,
            "unit": self.unit,
            "total": self.total,
            "verdict": self.verdict,
            "shares": self.shares,
            "judged_share": self.judged,
            "unconverted_share": self.unconverted,
            "flows": [r.data() for r in self.rows],
        }


def coverage(result: Result, library: Library | None) -> Coverage | None:
    """What the headline of a result rests on, flow by flow; None where it has no solved lines."""
    headline = result.headline
    solved = result.evaluation.solved
    if headline is None or solved is None:
        return None
    inside = np.array([a in ("total", "credit") for a in solved.lines.account], dtype=bool)
    impact = solved.impact.sum(axis=1)
    whole = float(np.abs(impact[inside]).sum()) or 1.0
    scale = (
        (headline.value / float(impact[inside].sum()))
        if isinstance(headline.value, float) and impact[inside].sum()
        else 1.0
    )
    groups: dict[str, list[int]] = {}
    for row in np.flatnonzero(inside):
        groups.setdefault(solved.lines.provider[int(row)], []).append(int(row))
    checks: dict[str, list[Any]] = {}
    for check in library.checks if library is not None else ():
        checks.setdefault(check.item, []).append(check)
    rows = []
    background = result.evaluation.background
    for provider, lines in groups.items():
        known = background.providers.get(provider)
        facts = known.facts if known is not None else {}
        value, low, high = (
            float(impact[lines].sum()),
            float(solved.low[lines].sum()),
            float(solved.high[lines].sum()),
        )
        total_low, total_high = float(solved.low[inside].sum()), float(solved.high[inside].sum())
        per = float(known.vector.sum()) if known is not None else 0.0
        others = tuple(
            (float(c.value), per / float(c.value) if c.value else 0.0, c.source, c.verification)
            for c in checks.get(provider, ())
        )
        name = known.name if known is not None else Text("未链接", "not linked")
        status = known.coverage if known is not None else ("direct" if provider == "ghg" else "none")
        year = facts.get("year") or facts.get("period_end", "")[:4] or facts.get("period_start", "")[:4]
        rows.append(
            Covered(
                provider,
                name,
                status,
                facts.get("licence", ""),
                year,
                facts.get("gwp_set", ""),
                facts.get("gas_basis", ""),
                value * scale,
                low * scale,
                high * scale,
                abs(value) / whole,
                abs(low) / (total_high or 1.0),
                abs(high) / (total_low or 1.0),
                float(solved.judged[lines].sum()) / abs(value) if value else 0.0,
                float(solved.unconverted[lines].sum()) / abs(value) if value else 0.0,
                others,
            )
        )
    rows.sort(key=lambda r: (-abs(r.value), r.provider))
    return Coverage(
        result.rulebook.pack.version,
        headline.unit,
        headline.value if isinstance(headline.value, float) else None,
        headline.verdict,
        tuple(rows),
        dict(headline.coverage),
        headline.judged,
        headline.unconverted,
    )
