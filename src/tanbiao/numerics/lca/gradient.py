"""Derivatives of a result by every amount at the cost of one product, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .ensemble import Burdens
from .solve import adjoint, forward
from .system import Floats, System
from .uncertainty import Uncertainty, fixed, moments


@dataclass(frozen=True, eq=False)
class Gradient:
    """technosphere (entries of `system.matrix.data`,) and burdens (m,): change of the result for one more unit of that
    amount as written; result: burden of the demand; intensities and runs: (n,), the two solves behind it."""

    technosphere: Floats
    burdens: Floats
    result: float
    intensities: Floats
    runs: Floats


def gradient(system: System, burdens: Burdens, demand: Floats, method: int = 0) -> Gradient:
    """d result / d A[i, j] = -h_i s_j and d result / d (burden of j) = s_j, with A' h = b and A s = f
    (Heijungs and Suh 2002, ch. 6). demand: (n,) product units; method: column of the factors."""
    h = adjoint(system, burdens.totals(system.size)[:, method])
    s = forward(system, np.asarray(demand, dtype=np.float64))
    columns = np.repeat(np.arange(system.size), np.diff(system.matrix.indptr))
    factor = burdens.factors[:, method]
    return Gradient(
        -h[system.matrix.indices] * s[columns], factor * s[burdens.process], float(h @ demand), h, s
    )


@dataclass(frozen=True, eq=False)
class Spread:
    """First-order: variance of the result, and each amount's part of it (parts sum to the whole)."""

    variance: float
    technosphere: Floats
    burdens: Floats


def spread(g: Gradient, burdens: Burdens, technosphere: Uncertainty) -> Spread:
    """First-order variance (Heijungs 2010): sum of (derivative)^2 variance, amounts independent. A screening number:
    it misses the skew that loops and products of uncertain amounts add."""
    _, tech = moments(technosphere)
    _, bio = moments(burdens.uncertainty or fixed(burdens.amount))
    first, second = g.technosphere**2 * tech, g.burdens**2 * bio
    return Spread(float(first.sum() + second.sum()), first, second)


def largest(parts: Spread, count: int) -> NDArray[np.intp]:
    """The amounts with the largest parts: technosphere entries from 0, burdens after them."""
    both = np.concatenate([parts.technosphere, parts.burdens])
    order = np.argsort(-both, kind="stable")[:count]
    return np.asarray(order[both[order] > 0.0], dtype=np.intp)
