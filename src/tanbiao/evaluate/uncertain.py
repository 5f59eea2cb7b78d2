"""What a study declares uncertain, and its draws: amounts of exchange rows and parameters, alone or in groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import numpy as np

from ..core.errors import Place, Problem
from ..core.numbers import decimal_text, number
from ..core.text import Node as Yaml
from ..core.units import UnitError, unit
from ..core.value import KNOWN, Array
from ..numerics import lca
from ..standards.clause import Clause, read_quantity
from ..standards.resolve import Rulebook
from ..study import Study
from ..study.distribution import CODES, DISTRIBUTIONS, Distribution, uncertain
from ..study.parameters import NAME, PARAMETER_TABLES, parameters
from ..study.parameters import read_quantity as quantity_of
from .facts import Facts, FactTable


@dataclass(frozen=True)
class Source:
    """One uncertain fact: a parameter (by path) or the amount of an exchange row; numbers in its own unit."""

    name: str
    row: int
    """Exchange row; -1 for a parameter."""
    given: str
    static: float
    distribution: str
    spread: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    parameter: tuple[str, str] | None = None
    """Scope and name of a parameter that formulas of the study read."""
    unit: str = ""
    balance: str = ""
    """Rows with the same word: scaled together so that their sum stays as declared."""
    together: str = ""
    """Rows with the same word: drawn together."""

    def data(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            k: decimal_text(v) for k in ("static", "spread", "low", "high") if (v := getattr(self, k)) == v
        }
        said |= {k: v for k in ("balance", "together") if (v := getattr(self, k))}
        return {"fact": self.name, "distribution": self.distribution, **said}


def sources_of(study: Study, facts: Facts, rulebook: Rulebook) -> tuple[list[Source], list[Problem]]:
    """The uncertain facts of a study and everything that is wrong with their distributions."""
    problems: list[Problem] = []
    found = _formula_parameters(study, problems)
    seen = {s.name for s in found}
    found += [
        s
        for c in rulebook.of_kind("given")
        if c.value_kind == "number" and c.path not in seen
        if (s := _parameter(study, facts, c, problems)) is not None
    ]
    exchange = facts.tables["exchange"]
    for row in range(len(exchange)):
        if exchange.columns["distribution"].state[row] != KNOWN:
            lone = [k for k in ("spread", "low", "high") if exchange.columns[k].state[row] == KNOWN]
            if lone:
                problems.append(
                    Problem(
                        "uncertainty-no-distribution",
                        exchange.place(row, lone[0]),
                        {"fact": exchange.ids[row], "distributions": ", ".join(DISTRIBUTIONS)},
                    )
                )
            continue
        numbers = {k: _cell(exchange, k, row) for k in ("amount", "spread", "low", "high")}
        source = _source(
            f"exchange.{exchange.ids[row]}",
            row,
            "",
            str(exchange.columns["distribution"].data[row]),
            numbers,
            exchange.place(row, "distribution"),
            problems,
        )
        if source is not None:
            balance, together, measured = (_word(exchange, k, row) for k in ("balance", "together", "unit"))
            found.append(replace(source, balance=balance, together=together, unit=measured))
    _check_groups(found, exchange, problems)
    return found, problems


def _word(table: FactTable, column: str, row: int) -> str:
    value = table.columns[column]
    return str(value.data[row]) if value.state[row] == KNOWN else ""


def _check_groups(found: Sequence[Source], exchange: FactTable, problems: list[Problem]) -> None:
    """Groups have two rows or more; what is balanced can be added up, what is drawn together has one distribution."""

    def wrong(code: str, rows: Sequence[Source], of: str, word: str, **more: str) -> None:
        place = exchange.place(rows[0].row, of)
        facts = ", ".join(s.name for s in rows[:6])
        problems.append(Problem(code, place, {"group": word, "facts": facts, **more}))

    for word, rows in groups(found, "balance").items():
        units = [unit(s.unit) for s in rows]
        if len(rows) < 2:
            wrong("uncertainty-group-alone", rows, "balance", word, column="balance")
        elif any(u.dimension != units[0].dimension for u in units):
            wrong("uncertainty-balance-units", rows, "balance", word, units=", ".join(s.unit for s in rows))
        elif sum(s.static * float(u.factor) for s, u in zip(rows, units, strict=True)) == 0.0:
            wrong("uncertainty-balance-zero", rows, "balance", word)
    for word, rows in groups(found, "together").items():
        if len(rows) < 2:
            wrong("uncertainty-group-alone", rows, "together", word, column="together")
        elif len({s.distribution for s in rows}) > 1:
            said = ", ".join(s.distribution for s in rows)
            wrong("uncertainty-together", rows, "together", word, distributions=said)


def groups(sources: Sequence[Source], column: str) -> dict[str, list[Source]]:
    """The sources of every group that a column names."""
    found: dict[str, list[Source]] = {}
    for source in sources:
        if word := getattr(source, column):
            found.setdefault(word, []).append(source)
    return found


def _formula_parameters(study: Study, problems: list[Problem]) -> list[Source]:
    """Uncertain parameters that formulas of the study's cells read."""
    known = parameters(study)
    cells = [c for t in study.tables.values() for cs in t.columns.values() for c in cs if c[:1] == "="]
    used = set(NAME.findall(" ".join([*cells, *(p.text for p in known.values() if p.text.startswith("="))])))
    found = []
    for (scope, name), parameter in known.items():
        said = _said(study, scope, name)
        if name not in used or not said.get("distribution"):
            continue
        numbers: dict[str, float | None] = {"amount": None}
        measured = ""
        try:
            if not parameter.text.startswith("="):
                own = quantity_of(parameter.text)
                measured, numbers["amount"] = own.unit.text, float(own.value / own.unit.factor)
            for key in ("spread", "low", "high"):
                numbers[key] = _in_unit(said[key], measured) if said.get(key) else None
        except ValueError as error:
            problems.append(Problem("number-expected", parameter.place, {"text": str(error)[:60]}))
            continue
        label = f"parameters.{scope}/{name}" if scope else f"parameters.{name}"
        source = _source(label, -1, "", said["distribution"], numbers, parameter.place, problems)
        found += [replace(source, parameter=(scope, name), unit=measured)] if source is not None else []
    return found


def _in_unit(text: str, measured: str) -> float:
    """A bare number in the parameter's unit, or a quantity that converts into it."""
    own = quantity_of(text)
    return float(own.value if " " not in text.strip() else own.value / unit(measured).factor)


def unread(study: Study, sources: Sequence[Source]) -> tuple[str, ...]:
    """Parameters that bear a distribution and are no source."""
    names = {s.name for s in sources}
    labels = {(c, n): f"parameters.{c}/{n}" if c else f"parameters.{n}" for c, n in parameters(study)}
    return tuple(v for k, v in labels.items() if v not in names and _said(study, *k).get("distribution"))


def _said(study: Study, scope: str, name: str) -> dict[str, str]:
    """What the study says of a parameter besides its value."""
    for table_name in PARAMETER_TABLES:
        table = study.tables.get(table_name)
        for row in table.rows() if table is not None else ():
            if (row.get("scope", ""), row.get("name") or row["id"]) == (scope, name):
                return row
    raw = study.at(f"parameters.{name}") if not scope else None
    return {k: str(v) for k, v in raw.items()} if isinstance(raw, Yaml) else {}


def with_parameters(study: Study, values: Mapping[tuple[str, str], tuple[str, str]]) -> Study:
    """The study with other parameters: number and unit by scope and name."""
    head, tables, left = study.head, dict(study.tables), dict(values)
    for name in PARAMETER_TABLES:
        table = study.tables.get(name)
        if table is None:
            continue
        cells = list(table.columns["value"])
        for k, row in enumerate(table.rows()):
            key = (row.get("scope", ""), row.get("name") or row["id"])
            if key in left:
                cells[k] = left.pop(key)[0]
        tables[name] = replace(table, columns={**table.columns, "value": tuple(cells)})
    block = head.get("parameters")
    if isinstance(block, Yaml) and left:
        items = dict(block.items())
        for (_, name), (amount, measured) in left.items():
            raw, text = items[name], f"{amount} {measured}".strip()
            items[name] = (
                Yaml(raw.file, raw.line, {**raw, "value": text}, {}) if isinstance(raw, Yaml) else text
            )
        head = Yaml(head.file, head.line, {**head, "parameters": Yaml(block.file, block.line, items, {})}, {})
    return Study(head, tables, study.path)


def _cell(table: FactTable, column: str, row: int) -> float | None:
    value = table.columns[column]
    return float(value.data[row]) if value.state[row] == KNOWN else None


def _parameter(study: Study, facts: Facts, clause: Clause, problems: list[Problem]) -> Source | None:
    raw = study.at(clause.path)
    value = facts.scalars.get(clause.name)
    if not isinstance(raw, Yaml) or not raw.get("distribution") or value is None or value.state != KNOWN:
        return None
    place = study.place_of(clause.path)
    numbers: dict[str, float | None] = {"amount": float(value.number())}
    for key in ("spread", "low", "high"):
        text = str(raw.get(key) or "")
        try:
            plain = key == "spread" and raw["distribution"] == "lognormal"
            numbers[key] = (
                None
                if not text
                else float(number(text))
                if plain
                else float(read_quantity(text, clause.unit).number())
            )
        except (ValueError, UnitError):
            problems.append(Problem("number-expected", place, {"text": text}, clause.address))
            return None
    return _source(clause.path, -1, clause.name, str(raw["distribution"]), numbers, place, problems)


def _source(
    name: str,
    row: int,
    given: str,
    distribution: str,
    numbers: Mapping[str, float | None],
    place: Place,
    problems: list[Problem],
) -> Source | None:
    amount, spread, low, high = (nan if (v := numbers[k]) is None else v for k in _NUMBERS)
    misfit = Distribution(distribution, amount, spread, low, high).misfit()
    if misfit is None and amount == 0.0 and row >= 0 and distribution != "lognormal":
        misfit = "uncertainty-zero", {}
    if misfit is not None:
        problems.append(Problem(misfit[0], place, {"fact": name, **misfit[1]}))
        return None
    return Source(name, row, given, amount, distribution, spread, low, high)


_NUMBERS = ("amount", "spread", "low", "high")


@dataclass(frozen=True, eq=False)
class StudyDraws:
    """The draws of the sources: streams by name, those of a group drawn together by the group's name; then groups are
    scaled so that their sums stay."""

    draws: lca.NamedDraws
    balances: tuple[tuple[Array, Array, float], ...]
    """Members, their weights in a common unit, and the sum that stays."""

    def pack(self, pack: int) -> Array:
        """Amounts (sources, LANES)."""
        return self.balanced(self.draws.pack(pack))

    def balanced(self, amounts: Array) -> Array:
        out = amounts.copy() if self.balances else amounts
        for members, weights, total in self.balances:
            with np.errstate(divide="ignore", invalid="ignore"):
                out[members] *= total / (weights @ out[members])
        return out

    @property
    def means(self) -> Array:
        """Every source at the mean of its distribution, balanced."""
        return self.balanced(lca.moments(self.draws.uncertainty)[0][:, None])[:, 0]


def study_draws(sources: Sequence[Source], seed: int) -> StudyDraws:
    at = {s.name: k for k, s in enumerate(sources)}
    balances = []
    for rows in groups(sources, "balance").values():
        members = np.array([at[s.name] for s in rows])
        weights = np.array([float(unit(s.unit).factor) for s in rows])
        balances.append((members, weights, float(weights @ [s.static for s in rows])))
    names = [f"together.{s.together}" if s.together else s.name for s in sources]
    return StudyDraws(lca.named_draws(distributions(sources), names, seed), tuple(balances))


def distributions(sources: Sequence[Source]) -> lca.Uncertainty:
    """The sources as columns for the sampler."""
    columns = [
        np.array([getattr(s, k) for s in sources], dtype=np.float64) for k in ("static", *_NUMBERS[1:])
    ]
    return uncertain(np.array([CODES[s.distribution] for s in sources], dtype=np.uint8), *columns)
