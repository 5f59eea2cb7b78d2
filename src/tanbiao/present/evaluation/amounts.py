"""Numbers and words of the evaluation as they are printed."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ...core.errors import Lang
from ...core.numbers import decimal_text
from ...core.text import Node as Yaml
from ..numbers import minus, short


def baseline_shown(text: str) -> str:
    """A baseline for the eye: `<= -30` → `≤−30`."""
    text = text.replace("<=", "≤").replace(">=", "≥").replace("== ", "").replace('"', "")
    return minus(text.replace("≤ ", "≤").replace("≥ ", "≥"))


def words_of(raw: Any, lang: Lang) -> str:
    if isinstance(raw, Yaml):
        return str(raw.get(lang) or raw.get("value") or "")
    return str(raw or "")


def points(value: Fraction | float | None) -> str:
    if value is None:
        return "—"
    return minus(
        f"{float(value):.4f}".rstrip("0").rstrip(".")
        if abs(float(value)) < 1
        else f"{float(value):.2f}".rstrip("0").rstrip(".")
    )


def points_range(pair: tuple[Fraction, Fraction]) -> str:
    low, high = pair
    return points(low) if low == high else f"{points(low)} – {points(high)}"


def measured(value: Fraction) -> str:
    """A measured value as it is: exact where short, else to five significant digits."""
    text = decimal_text(value)
    if len(text.lstrip("-").replace(".", "")) <= 8:
        whole, dot, rest = text.partition(".")
        return minus(f"{int(whole):,}{dot}{rest}" if abs(value) >= 10000 else text)
    number = float(value)
    return minus(f"{number:.5g}") if 1e-3 <= abs(number) < 1e6 else short(number)


def money(value: Fraction) -> str:
    return minus(f"{float(value) / 1e4:,.1f}".removesuffix(".0"))
