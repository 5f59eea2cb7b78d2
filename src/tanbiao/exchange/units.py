"""Units of strangers → units of ours, with the factor that goes into the note of every converted row."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources

from ..core.units import UnitError, unit

Converted = tuple[str, float]
"""Our unit and how many of it one foreign unit is."""


@cache
def table() -> Mapping[str, Converted]:
    """Foreign unit text → our unit and factor, from units.csv."""
    with (resources.files(__package__) / "units.csv").open(encoding="utf-8") as file:
        return {r["foreign"]: (r["ours"], float(r["factor"])) for r in csv.DictReader(file)}


def ours(text: str, groups: Mapping[str, tuple[str, float]] | None = None) -> Converted | None:
    """What `text` is in our units; `groups` are the source's own unit groups. None for an unknown unit.

    A unit known under its own name comes first, then the table, then the source's unit group.
    """
    text = text.strip()
    known = _ours(text)
    if known is None and groups and text in groups:
        reference, factor = groups[text]
        base = _ours(reference.strip())
        return (base[0], base[1] * factor) if base is not None else None
    return known


@cache
def _ours(text: str) -> Converted | None:
    if not text:
        return None
    found = table().get(text) or table().get(text.casefold())
    if found is not None:
        return found
    try:
        unit(text)
    except UnitError:
        return None
    return text, 1.0


def factor_between(given: str, wanted: str) -> float | None:
    """How many `wanted` one `given` is, both ours; None where they measure different things."""
    if given == wanted:
        return 1.0
    try:
        return float(unit(given).to(unit(wanted)))
    except UnitError:
        return None
