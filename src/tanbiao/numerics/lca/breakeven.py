"""Breakeven: at which value of a parameter two results are equal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .ensemble import Burdens
from .solve import adjoint
from .system import Floats, NotSolvable, System, with_values

NOISE = 1e-13
"""Two results that differ by less than this share of them are equal."""


@dataclass(frozen=True)
class Breakeven:
    """values: where A and B are equal, rising; better_below: "A" or "B", the lower one at the low end (or "" where
    they are equal); skipped: tried values without a solution; always: they are equal wherever they were tried, so that
    no value stands out."""

    values: tuple[float, ...]
    better_below: str
    skipped: int
    always: bool = False


def breakeven(difference: Callable[[float], float], low: float, high: float, *, steps: int = 64) -> Breakeven:
    """Roots of `difference` (result of A minus result of B) between low and high; it says nan, or raises `NotSolvable`,
    where there is no result.

    The range is walked in `steps`; each change of sign is closed in to 1e-12 (Brent 1973). Two roots within one
    step are missed. A sign change across values that have no solution is a pole, not a breakeven.
    """
    if not low < high:
        raise ValueError(f"the range must rise: {low} to {high}")
    from scipy.optimize import brentq  # here, since it takes longer to import than most systems to solve

    at = np.linspace(low, high, steps + 1)
    found: list[float] = []
    values = [_try(difference, float(x)) for x in at]
    solved = [v for v in values if v is not None]
    skipped = len(values) - len(solved)
    if solved and not any(solved):
        return Breakeven((), "", skipped, always=True)
    for a, b, fa, fb in zip(at[:-1], at[1:], values[:-1], values[1:], strict=True):
        if fa is None or fb is None:
            continue
        if fa == 0.0:
            found.append(float(a))
        elif fa * fb < 0.0:
            try:
                root = float(brentq(difference, a, b, xtol=1e-12 * max(abs(a), abs(b), 1e-300), rtol=1e-12))
                if abs(difference(root)) <= 1e-6 * max(abs(fa), abs(fb)):
                    found.append(root)
            except NotSolvable:  # a value between two that have solutions has none: a pole
                skipped += 1
    if values[-1] == 0.0:
        found.append(float(at[-1]))
    first = solved[0] if solved else 0.0
    return Breakeven(tuple(found), "A" if first < 0 else "B" if first > 0 else "", skipped)


def along(
    system: System, burdens: Burdens, change: Floats, a: Floats, b: Floats, method: int = 0
) -> Callable[[float], float]:
    """The difference of two demands (n,) as a function of x, with amounts `matrix.data + x * change`; zero where it is
    below `NOISE` of the two results."""
    direct = burdens.totals(system.size)[:, method]

    def difference(x: float) -> float:
        h = adjoint(with_values(system, system.matrix.data + x * change), direct)
        one, other = float(h @ a), float(h @ b)
        return 0.0 if abs(one - other) <= NOISE * (abs(one) + abs(other)) else one - other

    return difference


def _try(difference: Callable[[float], float], x: float) -> float | None:
    try:
        value = difference(x)
    except NotSolvable:
        return None
    return value if np.isfinite(value) else None
