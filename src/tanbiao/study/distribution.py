"""Distributions of amounts, as a study and a library declare them: one reader for both."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, log, nan

import numpy as np
from numpy.typing import NDArray

from ..numerics import lca
from .schema import TABLES

DISTRIBUTIONS = TABLES["exchange"]["distribution"].options
"""lognormal (the amount is the median, `spread` the geometric standard deviation), normal (mean, standard deviation),
uniform, triangular, pert (the amount is the mode; `low` and `high` the ends)."""
CODES = {d: k for k, d in enumerate(DISTRIBUTIONS, start=1)}
"""Numbers of the distributions; 0 is none."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Distribution:
    """What is declared of one amount; numbers in one unit, nan where nothing is said."""

    kind: str
    amount: float
    spread: float = nan
    low: float = nan
    high: float = nan

    def misfit(self, ends: str = "low, high") -> tuple[str, dict[str, str]] | None:
        """Why this is no distribution: code and arguments of a problem; `ends` names the columns of the ends."""
        kind = self.kind
        given = not isnan(self.low) or not isnan(self.high)
        if kind not in CODES:
            return "uncertainty-distribution", {
                "distribution": kind,
                "distributions": ", ".join(DISTRIBUTIONS),
            }
        if isnan(self.amount):
            return "uncertainty-no-amount", {}
        if kind in ("lognormal", "normal"):
            least = 1.0 if kind == "lognormal" else 0.0
            if not self.spread >= least or (kind == "lognormal" and log(self.spread) > lca.LARGEST_SIGMA):
                said = "—" if isnan(self.spread) else f"{self.spread:g}"
                return "uncertainty-spread", {"distribution": kind, "least": f"{least:g}", "spread": said}
            return ("uncertainty-both", {"distribution": kind, "ends": ends}) if given else None
        if isnan(self.low) or isnan(self.high):
            return "uncertainty-ends", {"distribution": kind, "ends": ends}
        if not isnan(self.spread):
            return "uncertainty-both", {"distribution": kind, "ends": ends}
        if not self.low <= self.amount <= self.high:
            numbers = {"amount": self.amount, "low": self.low, "high": self.high}
            return "uncertainty-outside", {k: f"{v:g}" for k, v in numbers.items()}
        return None


def uncertain(
    kind: NDArray[np.uint8], amount: Floats, spread: Floats, low: Floats, high: Floats
) -> lca.Uncertainty:
    """Columns of distributions (k,) for the sampler; kind as in `CODES`, 0 for an amount that does not vary."""
    none = np.full(amount.size, nan)
    width = high - low
    lognormal, pert = kind == CODES["lognormal"], kind == CODES["pert"]
    median = lca.lognormal(amount, np.log(np.where(lognormal, spread, 1.0)))
    code = np.where(lognormal, median.kind, np.array([0, *_SAMPLERS], dtype=np.uint8)[kind])
    open_ = pert & (width > 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha = np.where(open_, 1.0 + 4.0 * (amount - low) / width, 1.0)
        beta = np.where(open_, 1.0 + 4.0 * (high - amount) / width, 1.0)
    return lca.Uncertainty(
        code.astype(np.uint8),
        np.where(pert, alpha, amount),
        np.where(lognormal, median.scale, np.where(kind == CODES["normal"], spread, none)),
        np.where(pert, beta, none),
        np.where(kind > CODES["normal"], low, none),
        np.where(kind > CODES["normal"], high, none),
    )


_SAMPLERS = tuple(
    {"lognormal": 1, "normal": 2, "uniform": 3, "triangular": 4, "pert": 5}[d] for d in DISTRIBUTIONS
)
"""The sampler's number of each distribution (`numerics.lca.Uncertainty`); PERT is a beta distribution."""
