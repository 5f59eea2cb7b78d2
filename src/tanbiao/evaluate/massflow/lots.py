"""A lot book: weighed movements split by assays."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from ...core.errors import Problem
from .rows import Rows, number_text, split
from .spread import Coefficient, Spread

UNKNOWN = "-"
"""The balance row of mass that no assay splits."""


def weighed(
    read: Mapping[str, Rows], composition: Mapping[str, list[tuple[str, Fraction]]], problems: list[Problem]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, tuple[Fraction, Fraction]], Spread | None]:
    """Movements as they were weighed: inputs and their stock change go in, outputs and theirs come out."""
    movement, lots = read["movement"], read["lot"]
    lot_row = {i: n for n, i in enumerate(lots.ids)}
    inflow: list[dict[str, Any]] = []
    outflow: list[dict[str, Any]] = []
    stocks: dict[str, tuple[Fraction, Fraction]] = {}
    coefficients: list[Coefficient] = []
    parts: list[tuple[int, float]] = []
    for row in range(len(movement)):
        mass = movement.number(row, "mass")
        if mass is None:
            continue
        kind, lot, fraction = (movement.text(row, n) for n in ("kind", "lot", "fraction"))
        incoming = kind == "input" or (kind in ("opening", "closing") and not fraction)
        if mass < 0:
            problems.append(
                Problem("massflow-negative", movement.place(row, "mass"), {"part": movement.ids[row]})
            )
            continue
        if kind in ("output", "loss") and not fraction:
            problems.append(Problem("cell-missing", movement.place(row, "fraction"), {"column": "fraction"}))
            continue
        sign = -1 if kind == ("closing" if incoming else "opening") else 1
        material = movement.text(row, "material")
        model = lots.text(lot_row[lot], "model") if lot in lot_row else ""
        low, high = movement.number(row, "low"), movement.number(row, "high")
        low, high = mass if low is None else low, mass if high is None else high
        if not low <= mass <= high:
            problems.append(
                Problem(
                    "massflow-spread",
                    movement.place(row, "low"),
                    {"low": number_text(low), "mode": number_text(mass), "high": number_text(high)},
                )
            )
            continue
        for substance, share in split(composition, movement.ids[row], lot, fraction, model, material):
            amount = sign * mass * share
            if kind in ("opening", "closing"):
                before, after = stocks.get(substance or UNKNOWN, (Fraction(0), Fraction(0)))
                stocks[substance or UNKNOWN] = (
                    (before + mass * share, after) if kind == "opening" else (before, after + mass * share)
                )
            name = f"{movement.ids[row]}/{substance}" if substance else movement.ids[row]
            if incoming:
                inflow.append(
                    {
                        "id": name,
                        "source": lot,
                        "material": material,
                        "substance": substance,
                        "mass": amount,
                        "designed": amount,
                        "category": "",
                        "judged": "",
                        "judged_stage": "",
                        "recycled_pre": Fraction(0),
                        "recycled_post": Fraction(0),
                        "remainder": False,
                        "fraction": "",
                    }
                )
                continue
            route = (
                "loss"
                if kind == "loss"
                else movement.text(row, "route") or ("storage" if kind in ("opening", "closing") else "")
            )
            if not route:
                problems.append(
                    Problem("massflow-destination", movement.place(row, "route"), {"fraction": fraction})
                )
                break
            if low < high:
                coefficients.append(Coefficient(f"movement/{movement.ids[row]}", "", low, mass, high))
                parts.append((len(outflow), float(sign * share)))
            outflow.append(
                {
                    "id": name,
                    "fraction": fraction,
                    "material": material,
                    "substance": substance,
                    "treatment": movement.text(row, "treatment"),
                    "route": route,
                    "entered": amount,
                    "mass": amount,
                    "added": (movement.number(row, "added") or Fraction(0)) * share * sign,
                    "low": amount,
                    "high": amount,
                    "replaces_primary": movement.flag(row, "replaces_primary"),
                    "same_function": movement.flag(row, "same_function"),
                    "destination": movement.text(row, "destination"),
                    "measured": True,
                }
            )
    fixed = np.array([float(r["mass"]) for r in outflow])
    spread = Spread(tuple(coefficients), None, (), None, (), fixed, tuple(parts)) if coefficients else None
    return inflow, outflow, stocks, spread
