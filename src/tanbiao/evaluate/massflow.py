"""From facts to the derived tables of mass flow: the only door from packs into the mass-flow numerics.

Two kinds of facts meet here. A product taken apart: parts, composition, treatments with transfer shares, routes with
yields. An operator's lot book: lots, movements with weigh tickets, assays. Both become the same tables (`inflow`,
`outflow`, `balance`, `removal`, `credit`; see standards/derived.csv), so that one pack judges a model and a year of
weigh tickets alike. Nothing is judged here: which mass counts, by what it is divided and where it is measured stand
in packs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from ..core.errors import Place, Problem
from ..core.numbers import decimal_text
from ..core.value import KNOWN, MISSING, Array, Value
from ..numerics.massflow import LoopError, Network, credit, flow, gaps, plan, shares, uniform
from ..standards.names import derived_columns
from .facts import Facts, FactTable

SAMPLER = "massflow-1"
DRAWS, SEED = 1000, 1
SUM_TOLERANCE = Fraction(1, 1_000_000)
"""Relative difference up to which declared sums count as equal: masses are written with six or more digits."""
REST = "product"
"""The fraction that is left of a product when the parts taken off whole are gone."""
UNKNOWN = "-"
"""The balance row of mass that no assay splits."""
Species = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Draws:
    """Sampled masses of the outflow rows, (rows, draws), and how they were made."""

    mass: Array
    entered: Array
    seed: int


@dataclass(frozen=True, eq=False)
class Flows:
    """The derived tables, what is wrong with the facts behind them, and what figures draw.

    links: (from, to, material, mass) of every arc of the network, for the Sankey diagram.
    """

    tables: Mapping[str, Mapping[str, Value]]
    problems: tuple[Problem, ...] = ()
    links: tuple[tuple[str, str, str, float], ...] = ()
    spread: Spread | None = None

    def draws(self, count: int = DRAWS, seed: int = SEED) -> Draws | None:
        """Draws of the outflow, None where nothing has a spread."""
        return self.spread.draws(count, seed) if self.spread is not None else None

    def drawn(self, draws: Draws, number: int) -> Flows:
        """The same tables with the outflow of one draw."""
        outflow = dict(self.tables["outflow"])
        for name, data in (("mass", draws.mass), ("entered", draws.entered)):
            outflow[name] = replace(outflow[name], data=data[:, number].astype(np.float64))
        tables = {**self.tables, "outflow": outflow}
        tables["balance"] = _balance(tables["inflow"], outflow, self.tables["balance"])
        return replace(self, tables=tables, spread=None)


@dataclass(frozen=True, eq=False)
class Spread:
    """What a draw needs: a network whose arcs name their coefficients, or weighed rows with bounds."""

    coefficients: tuple[Coefficient, ...]
    network: Network | None
    arcs: tuple[Arc, ...]
    entering: Array | None
    rows: tuple[tuple[int, int], ...]
    """For each outflow row its (arc, species); arc -1: a row that does not vary."""
    fixed: Array
    """Masses of the rows as they stand, (rows,)."""
    row_coefficient: tuple[tuple[int, float], ...] = ()
    """Weighed: (outflow row, its part of the movement) by coefficient."""

    def draws(self, count: int, seed: int) -> Draws:
        low, mode, high = (
            np.array([float(getattr(c, n)) for c in self.coefficients]) for n in ("low", "mode", "high")
        )
        streams = np.array([c.stream for c in self.coefficients], dtype=np.uint64)
        groups: dict[str, int] = {}
        group = np.array(
            [groups.setdefault(c.group, len(groups)) if c.group else -1 for c in self.coefficients],
            dtype=np.intp,
        )
        drawn = shares(low, mode, high, group, uniform(seed, streams, np.arange(count, dtype=np.uint64)))
        mass = np.repeat(self.fixed.astype(np.float64)[:, None], count, axis=1)
        entered = mass.copy()
        if self.network is None:
            for coefficient, (row, part) in enumerate(self.row_coefficient):
                mass[row] = drawn[coefficient] * part
            return Draws(mass, mass.copy(), seed)
        assert self.entering is not None
        species = self.entering.shape[1]
        share = np.zeros((len(self.arcs), species, count))
        for number, arc in enumerate(self.arcs):
            share[number, list(arc.species)] = arc.drawn(drawn, count)
        found = flow(
            replace(self.network, share=share),
            np.repeat(self.entering.astype(np.float64)[:, :, None], count, axis=2),
        )
        for row, (number, kind) in enumerate(self.rows):
            if number < 0:
                continue
            mass[row] = found.along[number, kind]
            arc = self.arcs[number]
            entered[row] = (
                found.through[self.network.source[number], kind] * float(arc.share)
                if not arc.residue
                else 0.0
            )
        return Draws(mass, entered, seed)


@dataclass(frozen=True)
class Coefficient:
    """A share or a yield with its bounds. group: rows whose shares sum to one."""

    id: str
    group: str
    low: Fraction
    mode: Fraction
    high: Fraction

    @property
    def stream(self) -> int:
        """A word made of the row's identity, so that row order changes no draw."""
        return int.from_bytes(hashlib.sha256(self.id.encode()).digest()[:8], "big")


@dataclass
class Arc:
    """One way of mass: a transfer (share = coefficient), a route (share · yield) or its residue (share · (1 − yield));
    coefficient -1: the whole."""

    source: str
    target: str
    coefficient: int = -1
    share: Fraction = Fraction(1)
    residue: bool = False
    route: int = -1
    species: list[int] = field(default_factory=list)
    end: bool = False

    def exact(self, coefficients: list[Coefficient]) -> Fraction:
        if self.coefficient < 0:
            return self.share
        value = coefficients[self.coefficient].mode
        return self.share * (1 - value if self.residue else value)

    def drawn(self, drawn: Array, count: int) -> Array:
        if self.coefficient < 0:
            return np.full(count, float(self.share))
        value = drawn[self.coefficient]
        return np.asarray(float(self.share) * (1.0 - value if self.residue else value))


def mass_flow(
    facts: Facts, forced: Iterable[str] = (), given: Mapping[str, FactTable] | None = None
) -> Flows:
    """Derive every table. forced: items of forced-removal lists. given: tables given directly (worked cases)."""
    problems: list[Problem] = []
    read = {n: _Rows(t) for n, t in facts.tables.items()}
    if given:
        tables = {n: dict(given[n].columns) if n in given else _table(n, []) for n in derived_columns()}
        if "balance" not in given:
            tables["balance"] = _balance(tables["inflow"], tables["outflow"], {})
        return Flows(tables)
    composition = _compositions(read["composition"], problems)
    links: tuple[tuple[str, str, str, float], ...] = ()
    spread: Spread | None = None
    if len(read["movement"]):
        inflow, outflow, stocks, spread = _weighed(read, composition, problems)
    else:
        stocks = {}
        leaves = _leaves(read["part"], composition, problems)
        inflow = [leaf.row(n) for n, leaf in enumerate(leaves)]
        outflow, links, spread = _modelled(read, leaves, problems)
    tables = {"inflow": _table("inflow", inflow), "outflow": _table("outflow", outflow)}
    if spread is not None and len(spread.coefficients) and any(c.low < c.high for c in spread.coefficients):
        drawn = spread.draws(DRAWS, SEED)
        low, high = np.quantile(drawn.mass, (0.05, 0.95), axis=1)
        for name, data in (("low", low), ("high", high)):
            tables["outflow"][name] = replace(tables["outflow"][name], data=data.astype(np.float64))
    else:
        spread = None
    tables["balance"] = _balance(tables["inflow"], tables["outflow"], {}, stocks)
    if any(r["remainder"] for r in inflow):  # a completed sum is an estimate, and everything made of it too
        for name in ("mass", "designed"):
            tables["inflow"][name] = replace(tables["inflow"][name], provenance=frozenset({"estimated"}))
    tables["removal"] = _table("removal", _removals(read, facts, set(forced), problems))
    tables["credit"] = _table("credit", _credits(read["custody"]))
    return Flows(tables, tuple(problems), links, spread)


# -- rows of facts ---------------------------------------------------------------------------------------------------


class _Rows:
    """A fact table read row by row; a missing cell is None."""

    def __init__(self, table: FactTable) -> None:
        self.table = table

    def __len__(self) -> int:
        return len(self.table)

    def text(self, row: int, column: str) -> str:
        value = self.table.columns.get(column)
        return (
            str(value.data[row])
            if value is not None and value.state[row] == KNOWN and value.data[row] is not None
            else ""
        )

    def number(self, row: int, column: str) -> Fraction | None:
        value = self.table.columns.get(column)
        if value is None or value.state[row] != KNOWN:
            return None
        data = value.data[row]
        return data if isinstance(data, Fraction) else Fraction(float(data))

    def flag(self, row: int, column: str) -> bool:
        value = self.table.columns.get(column)
        return bool(value is not None and value.state[row] == KNOWN and value.data[row])

    def place(self, row: int, column: str | None = None) -> Place:
        return self.table.place(row, column)

    @property
    def ids(self) -> tuple[str, ...]:
        return self.table.ids


def _text(value: Fraction | float) -> str:
    return decimal_text(value) if isinstance(value, Fraction) else f"{value:.9g}"


def _compositions(rows: _Rows, problems: list[Problem]) -> dict[str, list[tuple[str, Fraction]]]:
    """Substances of a material, part, lot or fraction; together at most the whole."""
    found: dict[str, list[tuple[str, Fraction]]] = {}
    last: dict[str, int] = {}
    for row in range(len(rows)):
        share = rows.number(row, "share")
        if share is None:
            continue
        if not 0 <= share <= 1:
            problems.append(Problem("massflow-share", rows.place(row, "share"), {"share": _text(share)}))
            continue
        of = rows.text(row, "of")
        found.setdefault(of, []).append((rows.text(row, "substance"), share))
        last[of] = row
    for of, parts in found.items():
        total = sum((s for _, s in parts), Fraction(0))
        if total > 1 + SUM_TOLERANCE:
            problems.append(
                Problem(
                    "massflow-composition", rows.place(last[of], "share"), {"of": of, "total": _text(total)}
                )
            )
    return found


def _split(composition: Mapping[str, list[tuple[str, Fraction]]], *names: str) -> list[tuple[str, Fraction]]:
    """(substance, share) by the first name that has an assay, the rest as substance ``."""
    for name in names:
        if name and name in composition:
            parts = list(composition[name])
            rest = 1 - sum((s for _, s in parts), Fraction(0))
            return [*parts, ("", rest)] if rest > SUM_TOLERANCE else parts
    return [("", Fraction(1))]


# -- a product taken apart -------------------------------------------------------------------------------------------


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


def _leaves(
    parts: _Rows, composition: Mapping[str, list[tuple[str, Fraction]]], problems: list[Problem]
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
        _mass(row, parts, children, masses, problems)
    found: list[Leaf] = []
    for row in range(len(parts)):
        if row in children or row not in masses:
            continue
        count, at, entry = Fraction(1), row, ""
        while True:
            count *= _pieces(parts, at)
            if not entry and parts.text(at, "treatment"):
                entry = parts.text(at, "fraction") or parts.ids[at]
            if at not in above:
                break
            at = above[at]
        material = parts.text(row, "material")
        whole = masses[row] * count
        for substance, share in _split(composition, parts.ids[row], material):
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


def _pieces(parts: _Rows, row: int) -> Fraction:
    pieces = parts.number(row, "quantity")
    return Fraction(1) if pieces is None else pieces


def _inherited(parts: _Rows, row: int, above: Mapping[int, int], column: str) -> str:
    while not parts.text(row, column) and row in above:
        row = above[row]
    return parts.text(row, column)


def _mass(
    row: int,
    parts: _Rows,
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
        elif declared < 0 or _pieces(parts, row) < 0:
            problems.append(Problem("massflow-negative", parts.place(row, "mass"), {"part": parts.ids[row]}))
        else:
            masses[row] = declared
        return
    total = sum((masses[c] * _pieces(parts, c) for c in below if c in masses), Fraction(0))
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
        masses[open_rows[0]] = (declared - total) / (_pieces(parts, open_rows[0]) or 1)
    elif abs(total - declared) > SUM_TOLERANCE * abs(declared):
        problems.append(
            Problem(
                "massflow-sum",
                parts.place(row, "mass"),
                {"part": parts.ids[row], "mass": _text(declared), "total": _text(total)},
            )
        )


def _modelled(
    read: Mapping[str, _Rows], leaves: list[Leaf], problems: list[Problem]
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
    route: _Rows,
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
        self, species: list[Species], treatment: _Rows, transfer: _Rows, route: _Rows, problems: list[Problem]
    ) -> None:
        self.species, self.problems = species, problems
        self.treatment, self.transfer, self.route = treatment, transfer, route
        self.coefficients: list[Coefficient] = []
        self.nodes: list[str] = []
        self.takers: dict[str, list[int]] = {}
        for row in range(len(treatment)):
            for fraction in treatment.text(row, "takes").split():
                self.takers.setdefault(fraction, []).append(row)

    def bounds(self, rows: _Rows, row: int, column: str, group: str) -> int:
        """The coefficient of a share or yield; -1 for a plain whole."""
        mode = rows.number(row, column)
        low, high = rows.number(row, "low"), rows.number(row, "high")
        mode = Fraction(1) if mode is None else mode
        low, high = mode if low is None else low, mode if high is None else high
        if not 0 <= mode <= 1:
            self.problems.append(Problem("massflow-share", rows.place(row, column), {"share": _text(mode)}))
        elif not 0 <= low <= mode <= high <= 1:
            self.problems.append(
                Problem(
                    "massflow-spread",
                    rows.place(row, "low"),
                    {"low": _text(low), "mode": _text(mode), "high": _text(high)},
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
                    {"fraction": fraction, "yield": _text(self.coefficients[coefficient].mode)},
                )
            )
        return made

    def spoken_for(self, rows: _Rows, among: list[int], row: int) -> list[int]:
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
            words = {"material": f"{material} {substance}".strip(), "total": _text(gap.total)}
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

    def made_by(self, parts: _Rows) -> dict[str, str]:
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


def _exactness(rows: _Rows, row: int, material: str, substance: str) -> int:
    mine, inside = rows.text(row, "material"), rows.text(row, "substance")
    if (mine and mine != material) or (inside and inside != substance):
        return -1
    return 2 * bool(inside) + bool(mine)


# -- a lot book ------------------------------------------------------------------------------------------------------


def _weighed(
    read: Mapping[str, _Rows], composition: Mapping[str, list[tuple[str, Fraction]]], problems: list[Problem]
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
                    {"low": _text(low), "mode": _text(mass), "high": _text(high)},
                )
            )
            continue
        for substance, share in _split(composition, movement.ids[row], lot, fraction, model, material):
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


# -- derived tables --------------------------------------------------------------------------------------------------


def _table(name: str, rows: list[dict[str, Any]]) -> dict[str, Value]:
    """Columns of a derived table; a None is missing."""
    columns: dict[str, Value] = {}
    for column, spec in derived_columns()[name].items():
        cells = [r.get(column) for r in rows]
        state = np.array([MISSING if c is None else KNOWN for c in cells], dtype=np.int8)
        blank: Any = {"number": Fraction(0), "bool": False}.get(spec.kind, "")
        data = np.empty(len(rows), dtype=bool if spec.kind == "bool" else object)
        for i, cell in enumerate(cells):
            data[i] = blank if cell is None else cell
        why = frozenset([f"{name}.{column}"]) if (state == MISSING).any() else frozenset()
        columns[column] = Value(data, state, spec.unit, spec.basis, name, why)
    return columns


def _balance(
    inflow: Mapping[str, Value],
    outflow: Mapping[str, Value],
    before: Mapping[str, Value],
    stocks: Mapping[str, tuple[Fraction, Fraction]] | None = None,
) -> dict[str, Value]:
    """One row for each substance that goes in or comes out, and one for what no assay splits."""
    ids = list(dict.fromkeys([*balance_ids(inflow), *balance_ids(outflow)]))
    sums = {}
    for name, table in (("mass_in", inflow), ("mass_out", outflow)):
        total: dict[str, Any] = dict.fromkeys(ids, Fraction(0))
        for key, mass in zip(balance_ids(table), table["mass"].data if "mass" in table else (), strict=True):
            total[key] = total[key] + mass
        sums[name] = total
    if before and stocks is None:
        stocks = {
            str(i): (a, b)
            for i, a, b in zip(before["id"].data, before["opening"].data, before["closing"].data, strict=True)
        }
    rows = [
        {
            "id": i,
            "mass_in": sums["mass_in"][i],
            "mass_out": sums["mass_out"][i],
            "opening": (stocks or {}).get(i, (Fraction(0), Fraction(0)))[0],
            "closing": (stocks or {}).get(i, (Fraction(0), Fraction(0)))[1],
        }
        for i in ids
    ]
    found = _table("balance", rows)
    if any(isinstance(r["mass_out"], float) for r in rows):
        found["mass_out"] = replace(found["mass_out"], data=found["mass_out"].data.astype(np.float64))
    return found


def balance_ids(table: Mapping[str, Value]) -> list[str]:
    """For each row of `inflow` or `outflow` the balance it belongs to."""
    if "mass" not in table:
        return []
    substances = table.get("substance")
    if substances is None:
        return [UNKNOWN] * len(table["mass"].data)
    return [str(s) or UNKNOWN for s in substances.data]


def _removals(
    read: Mapping[str, _Rows], facts: Facts, forced: set[str], problems: list[Problem]
) -> list[dict[str, Any]]:
    """The dismantling sequence: every part that is hazardous, is taken off whole, or has a time."""
    parts, joints, route, treatment = read["part"], read["joint"], read["route"], read["treatment"]
    seconds: dict[int, Fraction] = {}
    holder = joints.table.parents.get("part", np.full(len(joints), -1))
    for row in range(len(joints)):
        count, each = joints.number(row, "count"), joints.number(row, "seconds")
        if each is not None and holder[row] >= 0:
            seconds[int(holder[row])] = seconds.get(int(holder[row]), Fraction(0)) + each * (
                Fraction(1) if count is None else count
            )
    rows = [
        r
        for r in range(len(parts))
        if parts.text(r, "hazard")
        or parts.text(r, "treatment")
        or parts.number(r, "minutes") is not None
        or r in seconds
    ]
    if not rows:
        return []
    number = {parts.ids[r]: n for n, r in enumerate(rows)}
    before: list[list[int]] = []
    for row in rows:
        named = parts.text(row, "after").split()
        for other in named:
            if other not in number:
                problems.append(
                    Problem("row-reference", parts.place(row, "after"), {"id": other, "table": "part"})
                )
        before.append([number[o] for o in named if o in number])
    wage_value = facts.scalars.get("dismantling_wage")
    wage = Fraction(0)
    if wage_value is not None and wage_value.state == KNOWN:
        wage = Fraction(wage_value.data)
    time = [seconds.get(r, Fraction(0)) + _pieces(parts, r) * (parts.number(r, "minutes") or 0) for r in rows]
    gain = [
        _pieces(parts, r) * ((parts.number(r, "value") or 0) - (parts.number(r, "cost") or 0)) - wage * t
        for r, t in zip(rows, time, strict=True)
    ]
    try:
        found = plan(
            gain,
            time,
            before,
            [parts.text(r, "hazard") in forced and bool(parts.text(r, "hazard")) for r in rows],
        )
    except LoopError as error:
        problems.append(
            Problem(
                "massflow-after",
                parts.place(rows[error.nodes[0]], "after"),
                {"parts": ", ".join(parts.ids[rows[n]] for n in error.nodes)},
            )
        )
        return []
    ends: dict[str, str] = {}
    for r in range(len(route)):
        if route.text(r, "kind") not in ("storage", "loss"):
            name = route.text(r, "destination") or route.text(r, "kind")
            fraction = route.text(r, "fraction")
            ends[fraction] = f"{ends[fraction]}; {name}" if fraction in ends else name
    ends |= {
        f: treatment.ids[r]
        for r in range(len(treatment))
        for f in treatment.text(r, "takes").split()
        if f != REST
    }
    made = []
    for order, step in enumerate(found.steps, start=1):
        row = rows[step.part]
        fraction = (parts.text(row, "fraction") or parts.ids[row]) if parts.text(row, "treatment") else ""
        mass = parts.number(row, "mass")
        made.append(
            {
                "id": parts.ids[row],
                "hazard": parts.text(row, "hazard"),
                "treatment": parts.text(row, "treatment"),
                "fraction": fraction,
                "destination": ends.get(fraction, "") if fraction else "",
                "mass": None if mass is None else mass * _pieces(parts, row),
                "order": Fraction(order),
                "forced": step.forced,
                "seconds": step.time,
                "elapsed": step.elapsed,
                "gain": step.gain,
                "total": step.total,
                "best": step.best,
            }
        )
    return made


def _credits(custody: _Rows) -> list[dict[str, Any]]:
    """The running credit of each account, in order of date."""
    accounts: dict[str, list[int]] = {}
    dates = custody.table.columns["date"].data if len(custody) else []
    for row in sorted(range(len(custody)), key=lambda r: (str(dates[r]), custody.ids[r])):
        accounts.setdefault(custody.text(row, "account"), []).append(row)
    made = []
    for account, rows in accounts.items():
        amounts = []
        for row in rows:
            mass = (custody.number(row, "mass") or Fraction(0)) * _one(custody.number(row, "share"))
            amounts.append(
                mass * _one(custody.number(row, "efficiency")) if custody.text(row, "kind") == "in" else -mass
            )
        found = credit(amounts)
        for position, row in enumerate(rows):
            made.append(
                {
                    "id": custody.ids[row],
                    "account": account,
                    "model": custody.text(row, "model"),
                    "kind": custody.text(row, "kind"),
                    "amount": amounts[position],
                    "balance": found.balance[position],
                    "covered": position not in found.refused,
                }
            )
    return made


def _one(value: Fraction | None) -> Fraction:
    return Fraction(1) if value is None else value


__all__ = ["DRAWS", "SEED", "Draws", "Flows", "balance_ids", "mass_flow"]
