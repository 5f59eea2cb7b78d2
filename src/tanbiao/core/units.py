"""Units: a factor to the coherent base and a dimension.

pint reads unit texts with our own definition file (`units.cfg`); what the rest of the house sees is the small
frozen `Unit`, whose factor is an exact rational. Energy, calendar years, CO2e, pieces and currencies are
dimensions of their own; so is what an impact category counts in (`mol H+ eq`, `kg CFC-11 eq`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from importlib import resources
from typing import Any

Dimension = tuple[tuple[str, Fraction], ...]


class UnitError(ValueError):
    """The text is not a unit that tanbiao knows."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure: `factor` coherent base units of dimension `dimension`, written `text`."""

    text: str
    factor: Fraction
    dimension: Dimension

    def __mul__(self, other: Unit) -> Unit:
        text = other.text if not self.text else self.text if not other.text else f"{self.text}·{other.text}"
        return Unit(text, self.factor * other.factor, _combine(self.dimension, other.dimension, 1))

    def __truediv__(self, other: Unit) -> Unit:
        right = f"({other.text})" if any(c in other.text for c in "·/") else other.text
        text = self.text if not other.text else f"{self.text or '1'}/{right}"
        return Unit(text, self.factor / other.factor, _combine(self.dimension, other.dimension, -1))

    def __pow__(self, n: int) -> Unit:
        result = ONE
        for _ in range(abs(n)):
            result = result * self
        return result if n >= 0 else ONE / result

    def fits(self, other: Unit) -> bool:
        """Whether both measure the same dimension."""
        return self.dimension == other.dimension

    def to(self, other: Unit) -> Fraction:
        """How many `other` one of this unit is; raises `UnitError` when dimensions differ."""
        if not self.fits(other):
            raise UnitError(f"{self.text} ≠ {other.text}")
        return self.factor / other.factor

    def __str__(self) -> str:
        return self.text


def _combine(left: Dimension, right: Dimension, sign: int) -> Dimension:
    powers = dict(left)
    for name, power in right:
        powers[name] = powers.get(name, Fraction(0)) + sign * power
    return tuple(sorted((n, p) for n, p in powers.items() if p))


_POWER = re.compile(r"(?:\*\*|\^)\s*-?\d(?:\.\d)?(?![\w.^]|\*\*)")
_NUMBER = re.compile(r"(?<!\w)[\d.]")
_EQUIVALENT = re.compile(
    r"(?P<measure>[A-Za-z]+3?) (?P<of>[A-Za-z0-9+][A-Za-z0-9+. -]{0,30}?)[ -][Ee]q\.?"
    r"(?P<tail> (?:of )?deprived(?: water)?)?(?:/(?P<per>.+))?"
)

ONE = Unit("", Fraction(1), ())
PERCENT = Unit("%", Fraction(1, 100), ())


@cache
def _registry() -> Any:
    import pint

    with resources.as_file(resources.files(__package__) / "units.cfg") as path:
        return pint.UnitRegistry(str(path), non_int_type=Fraction, cache_folder=None)


@lru_cache(maxsize=4096)
def unit(text: str) -> Unit:
    """Read a unit text such as `kWh/m2`, `t·km`, `kg/件`, `%`; the empty text is dimensionless one.

    Raises `UnitError` for a text that is no unit.
    """
    text = text.strip()
    if text in ("", "1"):
        return ONE
    if text == "%":
        return PERCENT
    equivalent = _EQUIVALENT.fullmatch(text)
    if equivalent is not None:
        return _equivalent(text, equivalent)
    bare = _POWER.sub("", text.removeprefix("1/"))
    if len(text) > 80 or "**" in bare or "^" in bare or _NUMBER.search(bare):
        raise UnitError(text[:80])  # `9**9**9` must never reach a parser that computes it
    try:
        plain = text.replace("·", "*").replace("Nm³", "Nm3")
        quantity = _registry().Quantity(Fraction(1), plain).to_base_units()
    except Exception as error:  # pint raises several unrelated classes
        raise UnitError(text) from error
    if not isinstance(quantity.magnitude, Fraction | int):
        raise UnitError(text)
    dimension = tuple(sorted((str(n).strip("[]"), Fraction(p)) for n, p in quantity.dimensionality.items()))
    return Unit(text, Fraction(quantity.magnitude), dimension)


def _equivalent(text: str, found: re.Match[str]) -> Unit:
    """`kg SO2 eq`, `mol H+-Eq`: an amount counted as so much of something, by mass, substance or activity. It converts
    to nothing but the same thing counted by the same measure; `kg CO2 eq` is kgCO2e."""
    measure, of = unit(found["measure"]), re.sub(r"[ -]", "", found["of"]).casefold()
    if of == "co2":
        counted = Unit("", measure.factor, unit("kgCO2e").dimension if measure.fits(unit("kg")) else ())
    else:
        counted = Unit("", measure.factor, ((f"{of} eq ({dimension_text(measure.dimension)})", Fraction(1)),))
    if not counted.dimension:
        raise UnitError(text)
    whole = counted / unit(found["per"]) if found["per"] else counted
    return Unit(text, whole.factor, whole.dimension)


def dimension_text(dimension: Dimension) -> str:
    """A readable form of a dimension, for messages: `energy/mass`."""
    if not dimension:
        return "1"
    up = "·".join(n + (f"^{p}" if p != 1 else "") for n, p in dimension if p > 0) or "1"
    down = "·".join(n + (f"^{-p}" if p != -1 else "") for n, p in dimension if p < 0)
    return f"{up}/{down}" if down else up
