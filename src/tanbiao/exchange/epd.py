"""What a declaration says of climate: indicators by name, modules of EN 15804, and the value from cradle to gate."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..core.numbers import decimal_text, number

Modules = Mapping[str, Mapping[str, str]]
"""Module (`A1-A3`, `C4`) → indicator (`GWP-total`) → decimal text."""
TOTAL = "GWP-total"
POSITIONS = (("total", TOTAL), ("A", "GWP-fossil"), ("biogenic", "GWP-biogenic"), ("E", "GWP-luluc"))
GATES = (("A1-A3",), ("A1A2A3",), ("A1", "A2", "A3"), ("total",))
_CLIMATE = re.compile(r"global warming|gwp|climate change|全球变暖|气候变化", re.IGNORECASE)
_PARTS = (
    ("GWP-fossil", re.compile(r"fossil", re.IGNORECASE)),
    ("GWP-biogenic", re.compile(r"biogen", re.IGNORECASE)),
    ("GWP-luluc", re.compile(r"luluc|land use", re.IGNORECASE)),
)
_OTHER_HORIZON = re.compile(r"(?<!\d)(?:20|500)\s*(?:a|y|years?|年)?(?![\d.])", re.IGNORECASE)
_CENTURY = re.compile(r"(?<!\d)100(?!\d)")


def indicator(name: str) -> str:
    """`GWP-total`, `GWP-fossil`, `GWP-biogenic`, `GWP-luluc`, or the name itself for what is no climate change over
    a hundred years."""
    if not _CLIMATE.search(name) or (_OTHER_HORIZON.search(name) and not _CENTURY.search(name)):
        return name[:60]
    return next((key for key, pattern in _PARTS if pattern.search(name)), TOTAL)


def gate(modules: Modules) -> tuple[str, ...]:
    """The modules from cradle to gate that hold a total; empty where there are none."""
    return next((g for g in GATES if all(TOTAL in modules.get(m, {}) for m in g)), ())


def declared(modules: Modules, chosen: tuple[str, ...]) -> dict[str, str]:
    """The sum over the chosen modules, by positions of ours; a part that one of them lacks is left out."""
    out = {}
    for position, key in POSITIONS:
        parts = [modules[m].get(key) for m in chosen]
        if parts and all(p is not None for p in parts):
            out[position] = decimal_text(sum(number(p) for p in parts if p is not None))
    return out


__all__ = ["TOTAL", "Modules", "declared", "gate", "indicator"]
