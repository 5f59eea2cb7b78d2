"""Distributions of a source → the columns of a library: distribution, spread, least, greatest, pedigree.

The amount of our row is the median of a lognormal, the mean of a normal, the mode of a triangular distribution. Where
the source puts another number there, the distribution is not carried and the loss report says so: an amount is never
changed for the sake of its spread.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from math import isfinite, isnan, log, nan

import numpy as np

from ..core.numbers import decimal_text
from ..library import Exchange, Factor
from ..library.elementary import Elementary
from ..numerics.lca import LARGEST_SIGMA
from ..numerics.lca.streams import BETA, FIXED, LOGNORMAL, NORMAL, TRIANGULAR, UNIFORM
from .model import Losses, Uncertainty

KINDS = ("", "lognormal", "normal", "uniform", "triangular")
_SAMPLED = {
    FIXED: "",
    LOGNORMAL: "lognormal",
    NORMAL: "normal",
    UNIFORM: "uniform",
    TRIANGULAR: "triangular",
    BETA: "pert",
}
"""Numbers of the sampler's distributions; a library's beta distributions come from PERT alone."""
NEAR = 1e-3
"""Relative difference up to which a median, mean or mode is that of the amount: sources round them apart."""
_LOST = "exchange.uncertainty: "


@dataclass(eq=False)
class Spreads:
    """One entry for each row of a draft; `text` numbers the draft's strings, -1 where the source says nothing."""

    kind: array[int] = field(default_factory=lambda: array("b"))
    numbers: array[float] = field(default_factory=lambda: array("d"))
    text: array[int] = field(default_factory=lambda: array("i"))
    losses: Losses = field(default_factory=Losses)

    @property
    def any(self) -> bool:
        return any(self.kind) or any(t >= 0 for t in self.text)

    def add(self, found: Uncertainty | None, stated: float, amount: float, text: int, name: str) -> None:
        """A row of `amount` that stands for `stated` in the source."""
        kind, numbers = 0, (nan, nan, nan)
        if found is not None:
            why = _misfit(found, stated, amount)
            if why:
                self.lost(why, name)
            else:
                kind, numbers = KINDS.index(found.kind), _numbers(found, amount / stated)
        self.kind.append(kind)
        self.numbers.extend(numbers)
        self.text.append(text)

    def lost(self, why: str, name: str) -> None:
        self.losses.add(_LOST + why, name)

    def cells(self, row: int, strings: list[str]) -> tuple[str, str, str, str, str]:
        spread, least, greatest = (
            "" if isnan(v) else decimal_text(v) for v in self.numbers[3 * row : 3 * row + 3]
        )
        text = self.text[row]
        return KINDS[self.kind[row]], spread, least, greatest, strings[text] if text >= 0 else ""


def _misfit(u: Uncertainty, stated: float, amount: float) -> str:
    """Why a distribution cannot be carried; empty where it can."""
    if stated == 0.0 or amount == 0.0:
        return "of an amount of zero"
    if not all(isfinite(v) for v in (u.a, u.b, u.c or 0.0)):
        return "with a parameter that is not finite"
    if u.kind == "lognormal":
        if not u.b >= 1.0 or log(u.b) > LARGEST_SIGMA:
            return "lognormal with a geometric standard deviation below 1 or beyond use"
        return "" if _near(abs(u.a), abs(stated)) else "lognormal with another median than the amount"
    if u.kind == "normal":
        if u.b < 0.0:
            return "normal with a standard deviation below zero"
        return "" if _near(u.a, stated) else "normal with another mean than the amount"
    low, high = u.a, u.b if u.kind == "uniform" else u.c
    if high is None or not low <= stated <= high:
        return f"{u.kind} whose ends do not hold the amount"
    if u.kind == "triangular" and not _near(u.b, stated):
        return "triangular with another mode than the amount"
    return ""


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= NEAR * abs(other)


def _numbers(u: Uncertainty, scale: float) -> tuple[float, float, float]:
    """spread, least, greatest in the unit of the row."""
    if u.kind == "lognormal":
        return u.b, nan, nan
    if u.kind == "normal":
        return u.b * abs(scale), nan, nan
    ends = u.a * scale, (u.b if u.kind == "uniform" else u.c or u.a) * scale
    return nan, min(ends), max(ends)


def uncertainty_of(row: Exchange | Factor, losses: Losses) -> Uncertainty | None:
    """The distribution of a library row in the model of the writers."""
    amount = float(row.amount if isinstance(row, Exchange) else row.value)
    spread, low, high = (nan if v is None else float(v) for v in (row.spread, row.least, row.greatest))
    return declared(row.distribution, amount, spread, low, high, row.id, losses)


def uncertainties_of(nature: Elementary, losses: Losses) -> list[Uncertainty | None]:
    """The distribution of every elementary flow of a library."""
    u = nature.uncertainty
    if u is None:
        return [None] * len(nature)
    spread = np.where(u.kind == LOGNORMAL, np.exp(u.scale).round(12), u.scale)
    columns = (u.kind, nature.amount, spread, u.minimum, u.maximum)
    return [
        declared(_SAMPLED[kind], amount, sigma, low, high, nature.flows[flow].id, losses)
        for kind, amount, sigma, low, high, flow in zip(
            *(c.tolist() for c in (*columns, nature.flow)), strict=True
        )
    ]


def declared(
    kind: str, amount: float, spread: float, low: float, high: float, name: str, losses: Losses
) -> Uncertainty | None:
    """A distribution of ours, as in the columns of a library or study, in the model of the writers, which knows no
    PERT; spread, low and high are nan where the kind has none."""
    match kind:
        case "":
            return None
        case "lognormal" | "normal" as known:
            return Uncertainty(kind=known, a=abs(amount) if known == "lognormal" else amount, b=spread)
        case "uniform":
            return Uncertainty(kind="uniform", a=low, b=high)
        case "triangular":
            return Uncertainty(kind="triangular", a=low, b=amount, c=high)
    losses.add(_LOST + kind, name)
    return None
