"""Economics of a measure: net cash flow, payback, net present value, internal rate of return.

F = (P − D)(1 − t) + D with D = I/Y; N = I/F; NPV = Σ F/(1+i)^j − I; IRR where NPV = 0. Money in one currency,
rates as fractions per year, time in whole years.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Economics:
    """Flow and NPV in the currency of the investment, payback in years, IRR per year; None where there is none."""

    flow: float
    payback: float | None
    npv: float
    irr: float | None


def economics(
    investment: float, saving: float, years: int, discount: float = 0.0, tax: float = 0.0
) -> Economics:
    """An investment paid at once against a gross saving for each of `years`. Raises `ValueError` for years below 1,
    a rate of −100 % or less, or a negative investment."""
    if years < 1 or discount <= -1 or investment < 0:
        raise ValueError((investment, years, discount))
    depreciation = investment / years
    flow = (saving - depreciation) * (1 - tax) + depreciation
    return Economics(
        flow,
        investment / flow if flow > 0 else None,
        npv(investment, flow, years, discount),
        _irr(investment, flow, years),
    )


def npv(investment: float, flow: float, years: int, discount: float) -> float:
    return sum(flow / (1 + discount) ** j for j in range(1, years + 1)) - investment


def _irr(investment: float, flow: float, years: int) -> float | None:
    from scipy.optimize import brentq  # here, since it takes longer to import than most studies to run

    if investment <= 0 or flow <= 0:
        return None
    low, high = -0.999, 1.0
    while npv(investment, flow, years, high) > 0:
        high *= 2
        if high > 1e9:
            return None
    if npv(investment, flow, years, low) < 0:
        return None
    return float(brentq(lambda i: npv(investment, flow, years, i), low, high, xtol=1e-14, rtol=1e-13))
