"""Treatments and routes as a network: which row speaks for which species, and whether every node closes."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from ...core.errors import Place, Problem
from ...core.value import Array
from ...numerics.massflow import LoopError, Network, flow, gaps
from .product import Leaf
from .rows import Rows, number_text
from .spread import Arc, Coefficient, Spread

Species = tuple[str, str]


def modelled(
    read: Mapping[str, Rows], leaves: list[Leaf], problems: list[Problem]
) -> tuple[list[dict[str, Any]], tuple[tuple[str, str, str, float], ...], Spread | None]:
    """Build the network of treatments and routes, close it, and read the outflow off its ends."""
    treatment, transfer, route = read["treatment"], read["transfer"], read["route"]
    if not len(treatment) and not len(route):
        return [], (), None
    species: list[Species] = list(dict.fromkeys((leaf.material, leaf.substance) for leaf in leaves))
    place_of = {s: n for n, s in enumerate(species)}
    builder = _Builder(species, treatment, transfer, route, problems)
    arcs = builder.arcs()
    names = list(dict.fromkeys([*(leaf.entry for leaf in leaves), *builder.nodes]))
    node = {n: i for i, n in enumerate(names)}
    entering = np.empty((len(names), max(1, len(species))), dtype=object)
    entering[...] = Fraction(0)
    for leaf in leaves:
        entering[node[leaf.entry], place_of[(leaf.material, leaf.substance)]] += leaf.mass
    share = np.empty((len(arcs), max(1, len(species))), dtype=object)
    share[...] = Fraction(0)
    for number, arc in enumerate(arcs):
        share[number, arc.species] = arc.exact(builder.coefficients)
    network = Network(
        len(names),
        np.array([node[a.source] for a in arcs], dtype=np.intp),
        np.array([node[a.target] for a in arcs], dtype=np.intp),
        share,
    )
    try:
        found = flow(network, entering)
    except LoopError as error:
        problems.append(
            Problem(
                "massflow-loop",
                Place(treatment.table.source.file if treatment.table.source else "treatment"),
                {"nodes": ", ".join(names[n] for n in error.nodes)},
            )
        )
        return [], (), None
    builder.close(names, found.through, network)
    if problems:
        return [], (), None
    rows: list[dict[str, Any]] = []
    positions: list[tuple[int, int]] = []
    links: list[tuple[str, str, str, float]] = []
    made_by = builder.made_by(read["part"])
    for number, arc in enumerate(arcs):
        totals: dict[str, float] = {}
        for kind in arc.species:
            mass = found.along[number, kind]
            if mass == 0:
                continue
            material = species[kind][0]
            totals[material] = totals.get(material, 0.0) + float(mass)
            if not arc.end:
                continue
            entered = found.through[node[arc.source], kind] * arc.share
            rows.append(
                _route_row(
                    route,
                    arc.route,
                    len(rows),
                    arc.source,
                    species[kind],
                    mass,
                    entered,
                    made_by.get(arc.source, ""),
                )
            )
            positions.append((number, kind))
        links += [(arc.source, arc.target, material, mass) for material, mass in totals.items()]
    for row in range(len(read["reagent"])):
        reagent = read["reagent"]
        fraction = reagent.text(row, "fraction")
        first = next((r for r in range(len(route)) if route.text(r, "fraction") == fraction), None)
        if first is None:
            problems.append(
                Problem("massflow-destination", reagent.place(row, "fraction"), {"fraction": fraction})
            )
            continue
        made = _route_row(
            route,
            first,
            len(rows),
            fraction,
            (reagent.text(row, "material"), ""),
            Fraction(0),
            Fraction(0),
            reagent.text(row, "treatment"),
        )
        rows.append(made | {"added": reagent.number(row, "mass") or Fraction(0)})
        positions.append((-1, 0))
    fixed = np.array([float(r["mass"]) for r in rows])
    spread = Spread(tuple(builder.coefficients), network, tuple(arcs), entering, tuple(positions), fixed)
    return rows, tuple(links), spread


def _route_row(
    route: Rows,
    row: int,
    number: int,
    fraction: str,
    species: Species,
    mass: Fraction,
    entered: Fraction,
    treatment: str,
) -> dict[str, Any]:
    return {
        "id": f"{route.ids[row]}/{number + 1}",
        "fraction": fraction,
        "material": species[0],
        "substance": species[1],
        "treatment": treatment,
        "route": route.text(row, "kind"),
        "entered": entered,
        "mass": mass,
        "added": Fraction(0),
        "low": mass,
        "high": mass,
        "replaces_primary": route.flag(row, "replaces_primary"),
        "same_function": route.flag(row, "same_function"),
        "destination": route.text(row, "destination"),
        "measured": False,
    }


class _Builder:
    """Arcs from rows: which transfer and route rows speak for which species, and whether they close."""

    def __init__(
        self, species: list[Species], treatment: Rows, transfer: Rows, route: Rows, problems: list[Problem]
    ) -> None:
        self.species, self.problems = species, problems
        self.treatment, self.transfer, self.route = treatment, transfer, route
        self.coefficients: list[Coefficient] = []
        self.nodes: list[str] = []
        self.takers: dict[str, list[int]] = {}
        for row in range(len(treatment)):
            for fraction in treatment.text(row, "takes").split():
                self.takers.setdefault(fraction, []).append(row)

    def bounds(self, rows: Rows, row: int, column: str, group: str) -> int:
        """The coefficient of a share or yield; -1 for a plain whole."""
        mode = rows.number(row, column)
        low, high = rows.number(row, "low"), rows.number(row, "high")
        mode = Fraction(1) if mode is None else mode
        low, high = mode if low is None else low, mode if high is None else high
        if not 0 <= mode <= 1:
            self.problems.append(
                Problem("massflow-share", rows.place(row, column), {"share": number_text(mode)})
            )
        elif not 0 <= low <= mode <= high <= 1:
            self.problems.append(
                Problem(
                    "massflow-spread",
                    rows.place(row, "low"),
                    {"low": number_text(low), "mode": number_text(mode), "high": number_text(high)},
                )
            )
        self.coefficients.append(Coefficient(f"{rows.table.name}/{rows.ids[row]}", group, low, mode, high))
        return len(self.coefficients) - 1

    def arcs(self) -> list[Arc]:
        found: list[Arc] = []
        every = list(range(len(self.species)))
        for fraction, rows in self.takers.items():
            if len(rows) > 1:
                self.problems.append(
                    Problem("massflow-twice", self.treatment.place(rows[1], "takes"), {"fraction": fraction})
                )
            found.append(Arc(fraction, self._node(rows[0]), species=every))
        by: dict[int, list[int]] = {}
        owner = self.transfer.table.parents.get("treatment", np.full(len(self.transfer), -1))
        for row in range(len(self.transfer)):
            by.setdefault(int(owner[row]), []).append(row)
        for at, rows in by.items():
            if at < 0:
                continue
            for row in rows:
                key = f"{at}/{self.transfer.text(row, 'material')}/{self.transfer.text(row, 'substance')}"
                arc = Arc(
                    self._node(at),
                    self.transfer.text(row, "fraction"),
                    self.bounds(self.transfer, row, "share", key),
                    route=row,
                )
                arc.species = self.spoken_for(self.transfer, rows, row)
                found.append(arc)
        leaving: dict[str, list[int]] = {}
        for row in range(len(self.route)):
            leaving.setdefault(self.route.text(row, "fraction"), []).append(row)
        for fraction, rows in leaving.items():
            if fraction in self.takers:
                self.problems.append(
                    Problem("massflow-twice", self.route.place(rows[0], "fraction"), {"fraction": fraction})
                )
            for row in rows:
                found += self.route_arcs(fraction, rows, row)
        self.nodes = list(dict.fromkeys(n for a in found for n in (a.source, a.target)))
        return found

    def route_arcs(self, fraction: str, rows: list[int], row: int) -> list[Arc]:
        share = self.route.number(row, "share")
        share = Fraction(1) if share is None else share
        coefficient = self.bounds(self.route, row, "efficiency", "")
        species = self.spoken_for(self.route, rows, row)
        kind = self.route.text(row, "kind")
        made = [Arc(fraction, f"→{kind}", coefficient, share, route=row, species=species, end=True)]
        residue = self.route.text(row, "residue")
        if residue:
            made.append(Arc(fraction, residue, coefficient, share, True, row, species))
        elif self.coefficients[coefficient].low < 1:
            self.problems.append(
                Problem(
                    "massflow-residue",
                    self.route.place(row, "residue"),
                    {"fraction": fraction, "yield": number_text(self.coefficients[coefficient].mode)},
                )
            )
        return made

    def spoken_for(self, rows: Rows, among: list[int], row: int) -> list[int]:
        """The species for which this row is the most exact one: material and substance, substance, material, any."""
        found = []
        for number, (material, substance) in enumerate(self.species):
            best = max((_exactness(rows, r, material, substance) for r in among), default=-1)
            if best >= 0 and _exactness(rows, row, material, substance) == best:
                found.append(number)
        return found

    def _node(self, row: int) -> str:
        return f"[{self.treatment.ids[row]}]"

    def close(self, names: list[str], through: Array, network: Network) -> None:
        """Every node passes on exactly what it receives; what does not is named with its row."""
        present = through != 0
        for gap in gaps(network, present):
            material, substance = self.species[gap.species]
            words = {"material": f"{material} {substance}".strip(), "total": number_text(gap.total)}
            name = names[gap.node]
            if name.startswith("["):
                rows = [
                    r for r in range(len(self.transfer)) if f"[{self.transfer.text(r, 'treatment')}]" == name
                ]
                best = max((_exactness(self.transfer, r, material, substance) for r in rows), default=-1)
                rows = [r for r in rows if _exactness(self.transfer, r, material, substance) == best >= 0]
                place = (
                    self.transfer.place(rows[-1], "share")
                    if rows
                    else self.treatment.place(self.treatment.ids.index(name[1:-1]), "id")
                )
                self.problems.append(Problem("massflow-transfer", place, words | {"treatment": name[1:-1]}))
            else:
                rows = [r for r in range(len(self.route)) if self.route.text(r, "fraction") == name]
                place = self.route.place(rows[-1], "share") if rows else Place("routes.csv")
                self.problems.append(Problem("massflow-route", place, words | {"fraction": name}))
        sources = set(network.source.tolist())
        for number, name in enumerate(names):
            if number in sources or name.startswith("→") or not present[number].any():
                continue
            makers = [r for r in range(len(self.transfer)) if self.transfer.text(r, "fraction") == name]
            residues = [r for r in range(len(self.route)) if self.route.text(r, "residue") == name]
            if name.startswith("["):
                place = self.treatment.place(self.treatment.ids.index(name[1:-1]), "id")
                self.problems.append(
                    Problem(
                        "massflow-transfer", place, {"material": "*", "total": "0", "treatment": name[1:-1]}
                    )
                )
                continue
            place = (
                self.transfer.place(makers[0], "fraction")
                if makers
                else self.route.place(residues[0], "residue")
                if residues
                else Place("routes.csv", cell="fraction")
            )
            self.problems.append(Problem("massflow-destination", place, {"fraction": name}))

    def made_by(self, parts: Rows) -> dict[str, str]:
        """The treatment that a fraction comes from."""
        found: dict[str, str] = {}
        for row in range(len(parts)):
            if parts.text(row, "treatment"):
                found.setdefault(parts.text(row, "fraction") or parts.ids[row], parts.text(row, "treatment"))
        for row in range(len(self.transfer)):
            found.setdefault(self.transfer.text(row, "fraction"), self.transfer.text(row, "treatment"))
        for row in range(len(self.route)):
            if self.route.text(row, "residue"):
                found.setdefault(
                    self.route.text(row, "residue"), found.get(self.route.text(row, "fraction"), "")
                )
        return found


def _exactness(rows: Rows, row: int, material: str, substance: str) -> int:
    mine, inside = rows.text(row, "material"), rows.text(row, "substance")
    if (mine and mine != material) or (inside and inside != substance):
        return -1
    return 2 * bool(inside) + bool(mine)
