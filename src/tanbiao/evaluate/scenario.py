"""Scenarios and variants: a study with some of its data, choices or rulebook changed, everything else untouched.

A target names what changes: a parameter (`scrap`, `casting/scrap` within a process), a cell (`exchange.x05.amount`), a
line of study.yaml (`product.model`), a choice of the rulebook (`choice.allocation`), the value of a background factor
(`factor.met.cn.al`, in kgCO2e per its unit), or the rulebook (`pack`).
Scenario zero changes nothing: it is the study itself, so the base case equals it by construction.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..core.errors import Place, TanbiaoError, refuse
from ..core.text import Node, Text
from ..core.value import KNOWN
from ..standards.resolve import Rulebook
from ..study import Study, Table
from ..study.parameters import PARAMETER_TABLES, parameters
from .axes import gwp_of, headline_of
from .background import POSITIONS, Background, Provider
from .facts import Facts
from .ledger import Ledger
from .run import Evaluation

BASE = "0"
OWN_COLUMNS = ("id", "name_en", "name_zh", "model", "plant", "note")
CHOICE, FACTOR = "choice.", "factor."


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
    """What a scenario comes to: the headline in its unit, or what it lacks. A level is published without a value."""

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


@dataclass(frozen=True, eq=False)
class Case:
    """A study with what a scenario changes: options that it forces, factors in kgCO2e per unit of their provider, and
    the pack that it names ("" for the study's own)."""

    study: Study
    options: Mapping[str, str] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)
    pack: str = ""

    def moved(self, target: str, text: str) -> Case | None:
        """The case with one target changed; None where there is no such thing."""
        if target == "pack":
            return replace(self, pack=text)
        if target.startswith(CHOICE):
            name = target.removeprefix(CHOICE).replace("-", "_")
            return replace(self, options={**self.options, name: text})
        if target.startswith(FACTOR):
            try:
                value = float(text.partition(" ")[0])
            except ValueError:
                return None
            return replace(self, factors={**self.factors, target.removeprefix(FACTOR): value})
        study = _changed_study(self.study, target, text)
        return None if study is None else replace(self, study=study)


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


def changed(study: Study, scenario: Scenario) -> Case:
    """The study under a scenario. Refuses (`scenario-target`) what the study does not hold."""
    case = Case(study)
    for target, text in scenario.changes.items():
        found = case.moved(target, text)
        if found is None:
            raise refuse("scenario-target", scenario.place, scenario=scenario.id, target=target)
        case = found
    return case


def _changed_study(study: Study, target: str, text: str) -> Study | None:
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


def with_factors(background: Background, factors: Mapping[str, float]) -> Background:
    """The background with other values of some providers, kgCO2e per their unit; a value keeps its split into gases.

    Refuses (`scenario-target`) a provider that the background does not hold.
    """
    if not factors:
        return background
    own: dict[str, Provider] = {}
    for id_, value in factors.items():
        provider = background.providers.get(id_)
        if provider is None:
            raise refuse("scenario-target", scenario="—", target=f"{FACTOR}{id_}")
        total = float(provider.vector.sum())
        vector = (
            provider.vector * (value / total)
            if total
            else np.array([value if p == "unsplit" else 0.0 for p in POSITIONS])
        )
        own[id_] = replace(provider, vector=vector, low=value, high=value)
    return replace(background, providers=ChainMap(own, background.providers))  # type: ignore[arg-type]


class Bench:
    """One study under one rulebook, evaluated as often as needed: packs and background are read once."""

    def __init__(
        self,
        book: Rulebook,
        facts: Callable[[Study, Rulebook], Facts],
        background: Callable[[str], Background],
    ) -> None:
        self.book, self.facts, self.background = book, facts, background

    def evaluation(self, case: Case) -> Evaluation:
        background = with_factors(self.background(gwp_of(self.book)), case.factors)
        return Evaluation(self.book, self.facts(case.study, self.book), background, Ledger(), case.options)

    def tell(self, case: Case, scenario: Scenario) -> Told:
        """The headline of a scenario; data that lack or do not fit are told, not raised."""
        head = headline_of(self.book)
        version = self.book.pack.version
        try:
            value = self.evaluation(case).value(head.of)
        except TanbiaoError as error:
            return Told(
                scenario, version, None, head.unit.text, "—", tuple(p.text("en") for p in error.problems[:3])
            )
        if value.state != KNOWN:
            return Told(scenario, version, None, head.unit.text, "—", tuple(sorted(value.why)))
        if isinstance(value.data, bool | str):  # a level has no number
            return Told(scenario, version, None, head.unit.text, str(value.data))
        shown = value.with_unit(head.unit)
        text = (
            head.rounding.text(shown.number())
            if head.rounding is not None
            else f"{float(shown.number()):.4g}"
        )
        return Told(scenario, version, float(shown.number()), head.unit.text, text)

    def number(self, case: Case) -> float | None:
        return self.tell(case, Scenario(BASE, Text("", ""))).value


__all__ = ["BASE", "Bench", "Case", "Scenario", "Told", "changed", "scenarios_of", "with_factors"]
