"""Scenarios and variants: a study with some of its data, choices or rulebook changed, everything else untouched.

A target names what changes: a parameter (`scrap`, `casting/scrap` within a process), a cell (`exchange.x05.amount`), a
line of study.yaml (`product.model`), a choice of the rulebook (`choice.allocation`), or the rulebook (`pack`).
Scenario zero changes nothing: it is the study itself, so the base case equals it by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..core.errors import Place, TanbiaoError, refuse
from ..core.text import Node, Text
from ..core.value import KNOWN
from ..standards.resolve import Rulebook
from ..study import Study, Table
from ..study.parameters import PARAMETER_TABLES, parameters
from .background import Background
from .compare import AXES, axis_of, gwp_of, headline_of
from .facts import Facts
from .ledger import Ledger
from .run import Evaluation

BASE = "0"
OWN_COLUMNS = ("id", "name_en", "name_zh", "model", "plant", "note")
SPAN = 0.1
"""Data without bounds of their own are moved by a tenth to either side."""


@dataclass(frozen=True)
class Scenario:
    """A row of the table of scenarios or variants: target → new text."""

    id: str
    name: Text
    changes: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    plant: str = ""
    place: Place = field(default_factory=Place)


@dataclass(frozen=True)
class Told:
    """What a scenario comes to: the headline in its unit, or what it lacks."""

    scenario: Scenario
    pack: str
    value: float | None
    unit: str
    published: str
    missing: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        return {
            "id": self.scenario.id,
            "name": self.scenario.name.data(),
            "model": self.scenario.model,
            "plant": self.scenario.plant,
            "changes": dict(self.scenario.changes),
            "pack": self.pack,
            "value": self.value,
            "unit": self.unit,
            "published": self.published,
            "missing": list(self.missing),
        }


@dataclass(frozen=True)
class Swing:
    """What the headline would be at the low and high end of one datum, or under the other options of one choice."""

    target: str
    name: Text
    kind: str
    """choice, parameter or datum"""
    low: float
    high: float
    low_at: str
    high_at: str

    @property
    def width(self) -> float:
        return abs(self.high - self.low)

    def data(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "name": self.name.data(),
            "kind": self.kind,
            "low": self.low,
            "high": self.high,
            "low_at": self.low_at,
            "high_at": self.high_at,
        }


def scenarios_of(study: Study, *names: str) -> list[Scenario]:
    """Scenario zero and the rows of the study's table (`scenarios`, `variants`). Refuses (`scenario-none`)."""
    table = next((study.tables[n] for n in names if n in study.tables), None)
    if table is None:
        raise refuse("scenario-none", Place(f"{names[0]}.csv"), tables=f"{names[0]}.csv")
    found = [Scenario(BASE, Text("基准", "base case"))]
    for number, row in enumerate(table.rows()):
        changes = {t: v for t, v in row.items() if t not in OWN_COLUMNS and v}
        name = Text(row.get("name_zh") or row["id"], row.get("name_en") or row["id"])
        found.append(
            Scenario(
                row["id"], name, changes, row.get("model", ""), row.get("plant", ""), table.place(number)
            )
        )
    return found


def changed(study: Study, scenario: Scenario) -> tuple[Study, dict[str, str], str]:
    """The study under a scenario, the options it forces, and the pack it names ("" for the study's own).

    Refuses (`scenario-target`) what the study does not hold.
    """
    options: dict[str, str] = {}
    pack = ""
    for target, text in scenario.changes.items():
        if target == "pack":
            pack = text
        elif target.startswith("choice."):
            options[target.removeprefix("choice.").replace("-", "_")] = text
        else:
            found = _set(study, target, text)
            if found is None:
                raise refuse("scenario-target", scenario.place, scenario=scenario.id, target=target)
            study = found
    return study, options, pack


def _set(study: Study, target: str, text: str) -> Study | None:
    """The study with one cell, parameter or line changed; None where there is no such thing."""
    known = parameters(study)
    scope, _, name = target.rpartition("/")
    name = name.removeprefix("parameters.")
    if (scope, name) in known:
        return _parameter(study, scope, name, text)
    table_name, _, rest = target.partition(".")
    table = study.tables.get(table_name)
    row, _, column = rest.rpartition(".")
    if table is not None and row in table.ids and column in table.columns:
        return _cell(study, table, table.ids.index(row), column, text)
    parts = target.split(".")
    if study.at(".".join(parts[:-1])) is not None or study.at(target) is not None:
        return Study(_in_head(study.head, parts, text), study.tables, study.path)
    return None


def _cell(study: Study, table: Table, row: int, column: str, text: str) -> Study:
    cells = list(table.columns[column])
    cells[row] = text
    tables = {**study.tables, table.name: replace(table, columns={**table.columns, column: tuple(cells)})}
    return Study(study.head, tables, study.path)


def _parameter(study: Study, scope: str, name: str, text: str) -> Study:
    for table_name in PARAMETER_TABLES:
        table = study.tables.get(table_name)
        for number, row in enumerate(table.rows() if table is not None else ()):
            if (row.get("scope", ""), row.get("name") or row["id"]) == (scope, name):
                assert table is not None
                amount, _, unit = text.partition(" ")
                changed_ = _cell(study, table, number, "value", amount if unit else text)
                return (
                    _cell(changed_, changed_.tables[table_name], number, "unit", unit)
                    if unit and "unit" in table.columns
                    else changed_
                )
    old = study.at(f"parameters.{name}")
    if isinstance(old, Node):
        amount, _, unit = str(old.get("value", "")).partition(" ")
        said = text if " " in text or text.startswith("=") or not unit else f"{text} {unit}"
        return Study(_in_head(study.head, ["parameters", name, "value"], said), study.tables, study.path)
    return Study(_in_head(study.head, ["parameters", name], text), study.tables, study.path)


def _in_head(node: Node, path: Sequence[str], text: str) -> Node:
    key, *rest = path
    items = dict(node.items())
    below = items.get(key)
    items[key] = (
        _in_head(below if isinstance(below, Node) else Node(node.file, node.line, {}, {}), rest, text)
        if rest
        else text
    )
    return Node(node.file, node.line, items, {k: node.place(k).row or node.line for k in items})


class Bench:
    """One study under one rulebook, evaluated as often as needed: packs and background are read once."""

    def __init__(
        self,
        book: Rulebook,
        facts: Callable[[Study, Rulebook], Facts],
        background: Callable[[str], Background],
    ) -> None:
        self.book, self.facts, self.background = book, facts, background

    def evaluation(self, study: Study, options: Mapping[str, str] | None = None) -> Evaluation:
        return Evaluation(
            self.book, self.facts(study, self.book), self.background(gwp_of(self.book)), Ledger(), options
        )

    def tell(self, study: Study, scenario: Scenario, options: Mapping[str, str]) -> Told:
        """The headline of a scenario; data that lack or do not fit are told, not raised."""
        head = headline_of(self.book)
        version = self.book.pack.version
        try:
            value = self.evaluation(study, options).value(head.of)
        except TanbiaoError as error:
            return Told(
                scenario, version, None, head.unit.text, "—", tuple(p.text("en") for p in error.problems[:3])
            )
        if value.state != KNOWN:
            return Told(scenario, version, None, head.unit.text, "—", tuple(sorted(value.why)))
        shown = value.with_unit(head.unit)
        text = (
            head.rounding.text(shown.number())
            if head.rounding is not None
            else f"{float(shown.number()):.4g}"
        )
        return Told(scenario, version, float(shown.number()), head.unit.text, text)

    def number(self, study: Study, options: Mapping[str, str] | None = None) -> float | None:
        return self.tell(study, Scenario(BASE, Text("", "")), options or {}).value


def sensitivity(bench: Bench, study: Study, most: int = 15, span: float = SPAN) -> tuple[float, list[Swing]]:
    """The base value, and the swing of each choice, parameter and large datum, the widest first.

    Choices are tried under each of their options; parameters and amounts are moved by `span` (or to `low` and `high`
    of the table of parameters). Data are those behind the `most` largest contributions.
    """
    told = bench.tell(study, Scenario(BASE, Text("", "")), {})
    if told.value is None:
        raise refuse("scenario-value", scenario=BASE, missing=", ".join(told.missing))
    base, found = told.value, []
    evaluation = bench.evaluation(study)
    without = _unlinked(evaluation)
    for clause in bench.book.of_kind("choose"):
        evaluation.value(clause.name)
        decision = evaluation.decisions[clause.name]
        if len(clause.first) < 2 or not any(decision.option):
            continue
        values: dict[str, float] = {"/".join(sorted({o for o in decision.option if o})): base}
        for option in clause.first:
            value = bench.number(study, {clause.name: option.name})
            if (
                value is not None
                and _unlinked(bench.evaluation(study, {clause.name: option.name})) <= without
            ):
                values.setdefault(option.name, value)
        least, greatest = (pick(values, key=lambda k: values[k]) for pick in (min, max))
        if values[greatest] != values[least]:
            found.append(
                Swing(
                    f"choice.{clause.name}",
                    AXES.get(axis_of(clause), clause.text),
                    "choice",
                    values[least],
                    values[greatest],
                    least,
                    greatest,
                )
            )
    for (scope, name), parameter in parameters(study).items():
        if parameter.text.startswith("="):
            continue
        target = f"{scope}/{name}" if scope else name
        ends = _bounds(study, scope, name) or _moved(parameter.text, span)
        swing = (
            _swing(bench, study, target, Text(f"参数 {target}", f"parameter {target}"), "parameter", ends)
            if ends
            else None
        )
        if swing is not None:
            found.append(swing)
    exchange = study.tables.get("exchange")
    if exchange is not None:
        facts = evaluation.line_column("fact").data
        impact = evaluation.line_column("impact").data
        weight: dict[str, float] = {}
        for fact, value in zip(facts, impact, strict=True):
            weight[str(fact)] = weight.get(str(fact), 0.0) + abs(float(value))
        rows = [r for r in sorted(weight, key=lambda r: -weight[r]) if r in exchange.ids][:most]
        for row in rows:
            at = exchange.ids.index(row)
            cells = {c: exchange.columns[c][at] for c in exchange.columns}
            text = cells["amount"]
            ends = (f"=({text.lstrip('= ')})*{1 - span!r}", f"=({text.lstrip('= ')})*{1 + span!r}")
            words = Text(cells.get("flow_zh") or cells["flow"], cells["flow"])
            swing = _swing(bench, study, f"exchange.{row}.amount", words, "datum", ends)
            if swing is not None:
                found.append(swing)
    return base, sorted(found, key=lambda s: (-s.width, s.target))


def _unlinked(evaluation: Evaluation) -> int:
    """How many lines stand on no data: an option that takes a row's provider away is no option for these facts."""
    return int(sum(c == "none" for c in evaluation.line_column("coverage").data))


def _swing(
    bench: Bench, study: Study, target: str, name: Text, kind: str, ends: tuple[str, str]
) -> Swing | None:
    values = []
    for text in ends:
        moved = _set(study, target, text)
        value = bench.number(moved) if moved is not None else None
        if value is None:
            return None
        values.append(value)
    if values[0] == values[1]:
        return None
    (low, at_low), (high, at_high) = sorted(zip(values, ends, strict=True))
    return Swing(target, name, kind, low, high, at_low, at_high)


def _bounds(study: Study, scope: str, name: str) -> tuple[str, str] | None:
    for table_name in PARAMETER_TABLES:
        table = study.tables.get(table_name)
        for row in table.rows() if table is not None else ():
            if (
                (row.get("scope", ""), row.get("name") or row["id"]) == (scope, name)
                and row.get("low")
                and row.get("high")
            ):
                return row["low"], row["high"]
    return None


def _moved(text: str, span: float) -> tuple[str, str] | None:
    amount, _, rest = text.partition(" ")
    try:
        value = float(amount)
    except ValueError:
        return None
    return tuple(f"{value * (1 + s):.12g} {rest}".strip() for s in (-span, span))  # type: ignore[return-value]


def difference_along(
    bench: Bench, study: Study, target: str, unit: str, goal: Callable[[Study], float]
) -> Callable[[float], float]:
    """How far the headline stands above `goal` when a target takes a value."""

    def difference(x: float) -> float:
        moved = _set(study, target, f"{x!r} {unit}".strip())
        if moved is None:
            raise refuse("scenario-target", scenario="breakeven", target=target)
        value = bench.number(moved)
        if value is None:
            raise ValueError(f"no result at {x}")
        return value - goal(moved)

    return difference


__all__ = [
    "BASE",
    "Bench",
    "Scenario",
    "Swing",
    "Told",
    "changed",
    "difference_along",
    "scenarios_of",
    "sensitivity",
]
