"""How numbers are written: never with more digits than their publication carries."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from ..core.numbers import Rounding

_THREE = Rounding("significant", 3)


def last_place(published: str, value: float, rounding: Rounding | None) -> int:
    """The power of ten that the last digit of a published text stands for: 1 in `7640` of three significant digits."""
    if rounding is not None and rounding.kind == "significant" and value:
        return Decimal(repr(value)).adjusted() - rounding.digits + 1
    return -len(published.partition(".")[2])


def to_place(value: float, place: int) -> str:
    """`value` rounded (half to even) to a power of ten, written without exponent."""
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(place), rounding=ROUND_HALF_EVEN)
    return format(abs(rounded) if rounded == 0 else rounded, "f")


def short(value: float) -> str:
    """Three significant digits, without exponents where that reads well."""
    if value == 0:
        return "0"
    if abs(value) < 1e-4 or abs(value) >= 1e9:
        return minus(f"{value:.2e}")
    return minus(_THREE.text(value))


def minus(text: str) -> str:
    """A number's text with a true minus sign, for the eye; data keep the hyphen."""
    return text.replace("-", "−")


def percent(share: float, digits: int = 1) -> str:
    """A share as per cent: `12.3 %`; tiny shares as `<0.1 %`."""
    if 0 < abs(share) * 100 < 0.5 * 10**-digits:
        return f"{'<' if share > 0 else '−<'}{10**-digits:.{digits}f} %"
    text = f"{share * 100:.{digits}f}"
    return f"{text.lstrip('-') if float(text) == 0 else minus(text)} %"


def unit_text(unit: str) -> str:
    """A unit as people print it: `kgCO2e/kWh` → `kg CO₂e/kWh`."""
    return (
        unit.replace("kgCO2e", "kg CO₂e")
        .replace("tCO2e", "t CO₂e")
        .replace("gCO2e", "g CO₂e")
        .replace("kg kg", "kg")
        if unit
        else ""
    )


__all__ = ["last_place", "minus", "percent", "short", "to_place", "unit_text"]
