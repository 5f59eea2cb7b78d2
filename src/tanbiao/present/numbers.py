"""How numbers are written: never with more digits than their publication carries."""

from __future__ import annotations

from ..core.numbers import Rounding, decimal_text

_THREE = Rounding("significant", 3)


def decimals(published: str) -> int:
    """Decimals of a published text; below zero where it ends in zeros that rounding made (`5230` → 0)."""
    head, _, tail = published.partition(".")
    return len(tail)


def like(value: float, published: str) -> str:
    """`value` written with the decimals of a published text."""
    text = Rounding("decimals", decimals(published)).text(value)
    return text.lstrip("-") if float(text) == 0 else text


def short(value: float) -> str:
    """Three significant digits, without exponents where that reads well."""
    if value == 0:
        return "0"
    if abs(value) < 1e-4 or abs(value) >= 1e9:
        return f"{value:.2e}"
    return _THREE.text(value)


def percent(share: float, digits: int = 1) -> str:
    """A share as per cent: `12.3 %`; tiny shares as `<0.1 %`."""
    if 0 < abs(share) * 100 < 0.5 * 10**-digits:
        return f"<{10**-digits:.{digits}f} %"
    text = f"{share * 100:.{digits}f}"
    return f"{text.lstrip('-') if float(text) == 0 else text} %"


def unit_text(unit: str) -> str:
    """A unit as people print it: `kgCO2e/kWh` → `kg CO₂e/kWh`."""
    return unit.replace("kgCO2e", "kg CO₂e").replace("tCO2e", "t CO₂e").replace("gCO2e", "g CO₂e").replace(
        "kg kg", "kg") if unit else ""


__all__ = ["decimal_text", "decimals", "like", "percent", "short", "unit_text"]
