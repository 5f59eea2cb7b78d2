"""Numbers: exact rationals from decimal texts, tolerant comparison of floats, rounding as a pack declares it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Literal

RELATIVE_TOLERANCE = 1e-12
"""A float that lies this near to a threshold counts as equal to it."""

Number = Fraction | float
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?\Z")


def number(text: str) -> Fraction:
    """The exact value of a decimal text (`12`, `-0.35`, `1.2e-6`). Raises `ValueError` for anything else."""
    text = text.strip()
    if len(text) > 60 or not _DECIMAL.match(text):
        raise ValueError(text[:60])
    return Fraction(Decimal(text))


def fast_number(text: str) -> float:
    """As `number`, as float64, for long columns. Raises `ValueError` for anything else (`nan` too)."""
    if len(text) > 60 or not _DECIMAL.match(text):
        raise ValueError(text[:60])
    return float(text)


def decimal_text(value: Number | int) -> str:
    """The normalised decimal text of a number: what digests and exchange files hold.

    Exact while the decimal expansion ends within 40 digits, else 17 significant digits.
    """
    if isinstance(value, float):
        return _plain(Decimal(repr(value)))
    value = Fraction(value)
    denominator = value.denominator
    twos = (denominator & -denominator).bit_length() - 1
    fives, rest = 0, denominator >> twos
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    power = max(twos, fives)
    if rest == 1 and power <= 40:
        return _plain(Decimal(value.numerator * 10**power // denominator).scaleb(-power))
    return _plain(Decimal(repr(float(value))))


def normal_text(text: str) -> str:
    """`decimal_text(number(text))`, at once where so short a text cannot need rounding."""
    value = Decimal(text)
    if len(text) <= 28 and value.adjusted() > -12:
        return _plain(value)
    return decimal_text(number(text))


def _plain(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"not a finite number: {value}")
    if value == 0:
        return "0"
    text = format(value.normalize(), "f") if abs(value.adjusted()) < 25 else format(value.normalize(), "E")
    return text


def compare(left: Number, right: Number) -> int:
    """-1, 0 or 1. Exact for rationals; a float within 1e-12 relative of the other side counts as equal."""
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return (left > right) - (left < right)
    a, b = float(left), float(right)
    if abs(a - b) <= RELATIVE_TOLERANCE * max(abs(a), abs(b)):
        return 0
    return (a > b) - (a < b)


@dataclass(frozen=True, slots=True)
class Rounding:
    """How a published number is rounded: to `digits` decimals or significant digits, half even or half up.

    Half even is the rule of GB/T 8170 (numerical rounding).
    """

    kind: Literal["decimals", "significant"]
    digits: int
    half: Literal["even", "up"] = "even"

    def text(self, value: Number) -> str:
        """The published text of `value`."""
        exact = (
            Decimal(value.numerator) / Decimal(value.denominator)
            if isinstance(value, Fraction)
            else Decimal(repr(value))
        )
        if exact == 0:
            return format(Decimal(0), f".{self.digits if self.kind == 'decimals' else 0}f")
        exponent = -self.digits if self.kind == "decimals" else exact.adjusted() - self.digits + 1
        mode = ROUND_HALF_EVEN if self.half == "even" else ROUND_HALF_UP
        rounded = exact.quantize(Decimal(1).scaleb(exponent), rounding=mode)
        if self.kind == "significant" and rounded.adjusted() - self.digits + 1 > exponent:  # 9.996 → 10.0
            rounded = rounded.quantize(Decimal(1).scaleb(exponent + 1), rounding=mode)
        return format(rounded, "f")
