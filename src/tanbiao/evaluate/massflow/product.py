"""A product taken apart: its parts and their composition as leaves that enter treatments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ...core.errors import Problem
from .rows import SUM_TOLERANCE, Rows, number_text, split

REST = "product"
"""The fraction that is left of a product when the parts taken off whole are gone."""


@dataclass(frozen=True)
class Leaf:
    """A leaf of the tree of parts, by substance, with its mass in the product."""

    part: str
    material: str
    substance: str
    mass: Fraction
    entry: str
    """The fraction it enters: of the part taken off whole, or what is left of the product."""
    facts: Mapping[str, Any]

    def row(self, number: int) -> dict[str, Any]:
        return {
            "id": f"{self.part}/{self.substance}" if self.substance else self.part,
            "source": self.part,
            "material": self.material,
            "substance": self.substance,
            "mass": self.mass,
            "designed": self.mass,
            "fraction": "" if self.entry == REST else self.entry,
            **self.facts,
        }


def leaves_of(
    parts: Rows, composition: Mapping[str, list[tuple[str, Fraction]]], problems: list[Problem]
) -> list[Leaf]:
    index = {i: n for n, i in enumerate(parts.ids)}
    children: dict[int, list[int]] = {}
    above: dict[int, int] = {}
    for row in range(len(parts)):
        name = parts.text(row, "parent")
        if not name:
            continue
        if name not in index:
            problems.append(
                Problem("row-reference", parts.place(row, "parent"), {"id": name, "table": "part"})
            )
            continue
        above[row] = index[name]
        children.setdefault(index[name], []).append(row)
    for row in range(len(parts)):
        seen, at = {row}, row
        while at in above:
            at = above[at]
            if at in seen:
                problems.append(
                    Problem("massflow-tree", parts.place(row, "parent"), {"part": parts.ids[row]})
                )
                return []
            seen.add(at)
    masses: dict[int, Fraction] = {}
    for row in sorted(range(len(parts)), key=lambda r: -_depth(r, above)):
        mass_of(row, parts, children, masses, problems)
    found: list[Leaf] = []
    for row in range(len(parts)):
        if row in children or row not in masses:
            continue
        count, at, entry = Fraction(1), row, ""
        while True:
            count *= pieces(parts, at)
            if not entry and parts.text(at, "treatment"):
                entry = parts.text(at, "fraction") or parts.ids[at]
            if at not in above:
                break
            at = above[at]
        material = parts.text(row, "material")
        whole = masses[row] * count
        for substance, share in split(composition, parts.ids[row], material):
            mass = whole * share
            found.append(
                Leaf(
                    parts.ids[row],
                    material,
                    substance,
                    mass,
                    entry or REST,
                    {
                        "category": _inherited(parts, row, above, "category"),
                        "judged": _inherited(parts, row, above, "judged"),
                        "judged_stage": _inherited(parts, row, above, "judged_stage"),
                        "recycled_pre": mass * (parts.number(row, "recycled_pre") or 0),
                        "recycled_post": mass * (parts.number(row, "recycled_post") or 0),
                        "remainder": parts.flag(row, "remainder"),
                    },
                )
            )
    return found


def _depth(row: int, above: Mapping[int, int]) -> int:
    depth = 0
    while row in above:
        row, depth = above[row], depth + 1
    return depth


def pieces(parts: Rows, row: int) -> Fraction:
    quantity = parts.number(row, "quantity")
    return Fraction(1) if quantity is None else quantity


def _inherited(parts: Rows, row: int, above: Mapping[int, int], column: str) -> str:
    while not parts.text(row, column) and row in above:
        row = above[row]
    return parts.text(row, column)


def mass_of(
    row: int,
    parts: Rows,
    children: Mapping[int, list[int]],
    masses: dict[int, Fraction],
    problems: list[Problem],
) -> None:
    """The mass of one piece: declared, or the sum of what lies below; a remainder completes what was declared."""
    declared = parts.number(row, "mass")
    below = children.get(row)
    if below is None:
        if declared is None:
            if not parts.flag(row, "remainder"):
                problems.append(Problem("massflow-mass", parts.place(row, "mass"), {"part": parts.ids[row]}))
        elif declared < 0 or pieces(parts, row) < 0:
            problems.append(Problem("massflow-negative", parts.place(row, "mass"), {"part": parts.ids[row]}))
        else:
            masses[row] = declared
        return
    total = sum((masses[c] * pieces(parts, c) for c in below if c in masses), Fraction(0))
    open_rows = [c for c in below if c not in masses and parts.flag(c, "remainder")]
    if declared is None:
        if open_rows:
            problems.append(
                Problem(
                    "massflow-remainder", parts.place(open_rows[0], "remainder"), {"part": parts.ids[row]}
                )
            )
        masses[row] = total
        return
    masses[row] = declared
    if len(open_rows) == 1 and total <= declared:
        masses[open_rows[0]] = (declared - total) / (pieces(parts, open_rows[0]) or 1)
    elif abs(total - declared) > SUM_TOLERANCE * abs(declared):
        problems.append(
            Problem(
                "massflow-sum",
                parts.place(row, "mass"),
                {"part": parts.ids[row], "mass": number_text(declared), "total": number_text(total)},
            )
        )
