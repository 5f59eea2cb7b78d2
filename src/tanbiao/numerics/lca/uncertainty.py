"""Distributions of amounts, as columns, and how draws become amounts.

An amount is `offset + spread * draw`: the draw is in the distribution's own scale (a factor e^(sigma z) around a
median, a standard normal, a place between two ends). Degenerate cases (sigma 0, equal ends) and negative amounts are
legal. Conventions of `kind` and parameters: see `Uncertainty`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .streams import (
    BERNOULLI,
    BETA,
    DISCRETE,
    EXTREME,
    FIXED,
    GAMMA,
    LOGNORMAL,
    NORMAL,
    STUDENT,
    TRIANGULAR,
    UNIFORM,
    WEIBULL,
)

Floats = NDArray[np.float64]
LARGEST_SIGMA = 12.0
"""A log-standard deviation above this (GSD^2 of e^24) is refused: it is not an uncertainty."""


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """One distribution per amount, shape (m,) each. Unused parameters are nan.

    kind         location           scale            shape        minimum, maximum
    FIXED        the amount
    LOGNORMAL    median (signed)    log-s.d. sigma
    NORMAL       mean               s.d.
    UNIFORM                                                       ends
    TRIANGULAR   mode                                             ends
    BETA         alpha                               beta         ends (PERT: alpha + beta = 6)
    GAMMA        0 or shift         scale            shape
    WEIBULL      0 or shift         scale            shape
    STUDENT      median             scale            degrees of freedom
    BERNOULLI    probability                                      ends: the amount is one of them
    DISCRETE                                                      ends: whole numbers from minimum to below maximum
    EXTREME      location           scale            xi (generalised extreme value, xi > 0: heavy upper tail)
    """

    kind: NDArray[np.uint8]
    location: Floats
    scale: Floats
    shape: Floats
    minimum: Floats
    maximum: Floats

    def __len__(self) -> int:
        return int(self.kind.size)


def fixed(amounts: Any) -> Uncertainty:
    """Amounts without uncertainty."""
    location = np.asarray(amounts, dtype=np.float64)
    none = np.full(location.size, np.nan)
    return Uncertainty(
        np.zeros(location.size, dtype=np.uint8), location, none, none.copy(), none.copy(), none.copy()
    )


def lognormal(median: Any, sigma: Any) -> Uncertainty:
    """Lognormal around a signed median; where sigma or the median is 0 the amount is fixed."""
    plain = fixed(median)
    s = np.broadcast_to(np.asarray(sigma, dtype=np.float64), plain.location.shape).copy()
    kind = np.where((s > 0.0) & (plain.location != 0.0), LOGNORMAL, FIXED).astype(np.uint8)
    return Uncertainty(kind, plain.location, s, plain.shape, plain.minimum, plain.maximum)


def pedigree(scores: Any, factors: Sequence[Sequence[float]], basic: Any) -> Floats:
    """Log-s.d. from quality scores (m, indicators), 1 best: sigma = ln sqrt(GSD^2 of all) with
    exp(sqrt(ln(U_b)^2 + sum of ln(U_i)^2)) = GSD^2 (Frischknecht et al. 2005). `factors[i][s - 1]`: U of indicator i at
    score s; `basic` (m,) the basic factor U_b. Which factors hold is a matter of a pack's or a library's table."""
    given = np.asarray(scores, dtype=np.int64)
    total = np.log(np.asarray(basic, dtype=np.float64)) ** 2
    for i, table in enumerate(factors):
        if ((given[:, i] < 1) | (given[:, i] > len(table))).any():
            raise ValueError(f"scores of indicator {i} lie outside 1 to {len(table)}")
        total = total + np.log(np.asarray(table, dtype=np.float64)[given[:, i] - 1]) ** 2
    return np.asarray(0.5 * np.sqrt(total), dtype=np.float64)


def problems(u: Uncertainty) -> NDArray[np.intp]:
    """Rows whose parameters do not make a distribution."""
    bad = u.kind > EXTREME
    spread = u.maximum - u.minimum
    needs_scale = np.isin(u.kind, (LOGNORMAL, NORMAL, GAMMA, WEIBULL, STUDENT, EXTREME))
    bad |= needs_scale & ~((u.scale >= 0.0) & np.isfinite(u.scale))
    bad |= (u.kind == LOGNORMAL) & (u.scale > LARGEST_SIGMA)
    bad |= np.isin(u.kind, (UNIFORM, TRIANGULAR, BETA, BERNOULLI, DISCRETE)) & ~(
        (spread >= 0.0) & np.isfinite(spread)
    )
    bad |= (u.kind == TRIANGULAR) & ~((u.location >= u.minimum) & (u.location <= u.maximum))
    bad |= (u.kind == BETA) & ~((u.location > 0.0) & (u.shape > 0.0))
    bad |= np.isin(u.kind, (GAMMA, WEIBULL, STUDENT)) & ~(u.shape > 0.0)
    bad |= (u.kind == BERNOULLI) & ~((u.location >= 0.0) & (u.location <= 1.0))
    bad |= (u.kind == EXTREME) & ~np.isfinite(u.shape)
    bad |= np.isin(u.kind, (FIXED, LOGNORMAL, NORMAL, STUDENT, EXTREME)) & ~np.isfinite(u.location)
    return np.asarray(np.flatnonzero(bad), dtype=np.intp)


def affine(u: Uncertainty) -> tuple[Floats, Floats, NDArray[np.float32]]:
    """offset, spread (m,) and the single-precision shape that the sampler needs (sigma, or the mode's place)."""
    offset, spread = np.where(u.kind == FIXED, u.location, 0.0), np.zeros(len(u))
    shape = np.zeros(len(u), dtype=np.float32)
    k = u.kind == LOGNORMAL
    spread[k], shape[k] = u.location[k], u.scale[k]
    for kind in (NORMAL, STUDENT, EXTREME):
        k = u.kind == kind
        offset[k], spread[k] = u.location[k], u.scale[k]
    for kind in (GAMMA, WEIBULL):
        k = u.kind == kind
        offset[k], spread[k] = np.nan_to_num(u.location[k]), u.scale[k]
    k = np.isin(u.kind, (UNIFORM, TRIANGULAR, BETA, BERNOULLI, DISCRETE))
    offset[k], spread[k] = u.minimum[k], u.maximum[k] - u.minimum[k]
    k = (u.kind == TRIANGULAR) & (spread > 0.0)
    shape[k] = (u.location[k] - u.minimum[k]) / spread[k]
    return offset, spread, shape


def shaped(kind: int, location: Floats, shape: Floats, width: Floats, uniform: Floats) -> Floats:
    """Draws of the rarer kinds from uniforms (q, lanes); parameters (q,), width = maximum - minimum."""
    from scipy import special

    a, b, p = location[:, None], shape[:, None], uniform
    if kind == BETA:
        return np.asarray(special.betaincinv(a, b, p))
    if kind == GAMMA:
        return np.asarray(special.gammaincinv(b, p))
    if kind == WEIBULL:
        return np.asarray((-np.log1p(-p)) ** (1.0 / b))
    if kind == STUDENT:
        return np.asarray(special.stdtrit(b, p))
    if kind == BERNOULLI:
        return np.asarray((p >= 1.0 - a).astype(np.float64))
    if kind == DISCRETE:
        n = np.maximum(np.round(width[:, None]), 1.0)
        return np.asarray(np.floor(p * n) / n)
    with np.errstate(divide="ignore", invalid="ignore"):
        log = -np.log(p)
        return np.asarray(np.where(b == 0.0, -np.log(log), (log ** (-b) - 1.0) / np.where(b == 0.0, 1.0, b)))


def moments(u: Uncertainty) -> tuple[Floats, Floats]:
    """Mean and variance of every amount; nan where they do not exist."""
    from scipy import special

    offset, spread, _ = affine(u)
    mean, variance = np.zeros(len(u)), np.zeros(len(u))
    k = u.kind == LOGNORMAL
    s2 = u.scale[k] ** 2
    mean[k], variance[k] = np.exp(s2 / 2), np.expm1(s2) * np.exp(s2)
    variance[u.kind == NORMAL] = 1.0
    k = u.kind == UNIFORM
    mean[k], variance[k] = 0.5, 1.0 / 12.0
    k = u.kind == TRIANGULAR
    with np.errstate(divide="ignore", invalid="ignore"):
        c = np.where(spread[k] > 0.0, (u.location[k] - u.minimum[k]) / spread[k], 0.0)
    mean[k], variance[k] = (1.0 + c) / 3.0, (1.0 - c + c**2) / 18.0
    k = u.kind == BETA
    a, b = u.location[k], u.shape[k]
    mean[k], variance[k] = a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1.0))
    k = u.kind == GAMMA
    mean[k] = variance[k] = u.shape[k]
    k = u.kind == WEIBULL
    one, two = special.gamma(1.0 + 1.0 / u.shape[k]), special.gamma(1.0 + 2.0 / u.shape[k])
    mean[k], variance[k] = one, two - one**2
    k = u.kind == STUDENT
    with np.errstate(divide="ignore", invalid="ignore"):
        mean[k] = np.where(u.shape[k] > 1.0, 0.0, np.nan)
        variance[k] = np.where(u.shape[k] > 2.0, u.shape[k] / (u.shape[k] - 2.0), np.nan)
    k = u.kind == BERNOULLI
    mean[k], variance[k] = u.location[k], u.location[k] * (1.0 - u.location[k])
    k = u.kind == DISCRETE
    n = np.maximum(np.round(spread[k]), 1.0)
    mean[k], variance[k] = (n - 1.0) / (2.0 * n), (n**2 - 1.0) / (12.0 * n**2)
    k = u.kind == EXTREME
    mean[k], variance[k] = _extreme(u.shape[k])
    return offset + spread * mean, spread**2 * variance


def _extreme(xi: Floats) -> tuple[Floats, Floats]:
    from scipy import special

    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = special.gamma(1.0 - xi), special.gamma(1.0 - 2.0 * xi)
        mean = np.where(xi == 0.0, np.euler_gamma, np.where(xi < 1.0, (one - 1.0) / xi, np.nan))
        variance = np.where(xi == 0.0, np.pi**2 / 6.0, np.where(xi < 0.5, (two - one**2) / xi**2, np.nan))
    return mean, variance
