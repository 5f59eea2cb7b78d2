"""Resolve: the study's texts become typed values under a rulebook, every misfit collected with its place."""

from __future__ import annotations

import ast
import datetime as dt
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from ..core.errors import Place, Problem
from ..core.numbers import fast_number, number
from ..core.text import Node as Yaml
from ..core.units import ONE, Unit, UnitError, dimension_text, unit
from ..core.value import KNOWN, MISSING, Array, Basis, Value, basis, basis_text, known, missing
from ..standards.clause import Clause, Column, read_quantity
from ..standards.resolve import Rulebook
from ..study import MASSFLOW, TABLES, Study, Table
from ..study.parameters import substituted
from ..study.working import WORKING_TABLES

EXACT_ROWS = 20_000
"""Tables up to this many rows are held as exact rationals; longer ones as float64."""


@dataclass(frozen=True, eq=False)
class FactTable:
    """A typed table. `parents[t]` gives for each row the row number of table `t` it belongs to (-1: none)."""

    name: str
    ids: tuple[str, ...]
    columns: Mapping[str, Value]
    parents: Mapping[str, Array] = field(default_factory=dict)
    source: Table | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def place(self, row: int, column: str | None = None) -> Place:
        return (
            self.source.place(row, column) if self.source is not None else Place(self.name, row + 1, column)
        )


@dataclass(frozen=True, eq=False)
class Facts:
    """The study resolved: scalars by given name, tables by name, evidence of scalars, and what did not fit."""

    scalars: Mapping[str, Value]
    tables: Mapping[str, FactTable]
    places: Mapping[str, Place]
    evidence: Mapping[str, str]
    as_of: dt.date
    salt: str
    reference: Mapping[str, str]


def resolve_facts(
    study: Study, rulebook: Rulebook, others: Iterable[str] = ()
) -> tuple[Facts, list[Problem]]:
    """Type what the study says by the givens of the rulebook and by the schema.

    others: tables that other packs of the study ask for, which are therefore not unknown here.
    """
    study, problems = substituted(study)
    scalars: dict[str, Value] = {}
    places: dict[str, Place] = {}
    evidence: dict[str, str] = {}
    for clause in rulebook.of_kind("given"):
        if clause.value_kind == "table":
            continue
        raw = study.at(clause.path)
        places[clause.name] = study.place_of(clause.path)
        if isinstance(raw, Yaml) and raw.get("evidence"):
            evidence[clause.name] = str(raw["evidence"])
        scalars[clause.name] = _scalar(clause, raw, places[clause.name], problems)
    tables = _tables(study, rulebook, set(others), problems)
    try:
        as_of = dt.date.fromisoformat(str(study.head.get("as_of")))
    except ValueError:
        problems.append(
            Problem("date-expected", study.place_of("as_of"), {"text": str(study.head.get("as_of"))})
        )
        as_of = dt.date(1970, 1, 1)
    reference = study.head.get("reference")
    words = {k: str(v) for k, v in reference.items()} if isinstance(reference, Yaml) else {}
    return Facts(scalars, tables, places, evidence, as_of, study.salt, words), problems


# -- scalars ---------------------------------------------------------------------------------------------------------


def _scalar(clause: Clause, raw: Any, place: Place, problems: list[Problem]) -> Value:
    provenance: frozenset[str] = frozenset()
    words: Basis | None = None
    if isinstance(raw, Yaml) and clause.value_kind != "text":
        if raw.get("kind") == "estimated":
            provenance = frozenset({"estimated"})
        if raw.get("basis"):
            words = basis({k: str(v) for k, v in raw["basis"].items()})
        raw = raw.get("value")
    elif isinstance(raw, Yaml):
        raw = raw.get("value") or " / ".join(str(v) for v in raw.values() if isinstance(v, str))
    if raw in (None, ""):
        if clause.default is not None:
            return replace(clause.default, basis=clause.basis, provenance=frozenset({"defaulted"}))
        return missing(clause.path, unit=clause.unit, words=clause.basis)
    text = str(raw).strip() if not isinstance(raw, list) else " ".join(str(r) for r in raw)
    if words is not None and clause.value_kind == "number" and words != clause.basis:
        problems.append(
            Problem(
                "given-basis",
                place,
                {"name": clause.path, "left": basis_text(words), "right": basis_text(clause.basis)},
                clause.address,
            )
        )
        return missing(clause.path, unit=clause.unit, words=clause.basis)
    value = _typed(
        clause.value_kind, text, clause.unit, clause.basis, place, problems, clause.address, clause.path
    )
    if clause.options and value.state == KNOWN and value.data not in clause.options:
        problems.append(
            Problem(
                "cell-option", place, {"text": text, "options": ", ".join(clause.options)}, clause.address
            )
        )
        return missing(clause.path)
    return replace(value, provenance=provenance)


def _typed(
    kind: str,
    text: str,
    measured: Unit,
    words: Basis,
    place: Place,
    problems: list[Problem],
    address: str | None,
    path: str,
) -> Value:
    if kind == "text":
        return Value(text)
    if kind == "bool":
        if text in ("true", "yes", "是", "1"):
            return Value(True)
        if text in ("false", "no", "否", "0"):
            return Value(False)
        problems.append(Problem("cell-option", place, {"text": text, "options": "true, false"}, address))
        return missing(path)
    if kind == "date":
        try:
            return Value(dt.date.fromisoformat(text))
        except ValueError:
            problems.append(Problem("date-expected", place, {"text": text}, address))
            return missing(path)
    try:
        value = read_quantity(text, measured)
        return Value(value.data, KNOWN, measured, words)
    except UnitError as error:
        found = str(error)
        try:
            code, args = (
                "given-unit",
                {
                    "text": text,
                    "left": dimension_text(unit(found).dimension),
                    "right": f"{measured.text or '1'} ({dimension_text(measured.dimension)})",
                },
            )
        except UnitError:
            code, args = "unit-unknown", {"unit": found}
        problems.append(Problem(code, place, args, address))
    except ValueError:
        problems.append(Problem("number-expected", place, {"text": text}, address))
    return missing(path, unit=measured, words=words)


# -- tables ----------------------------------------------------------------------------------------------------------


def _tables(
    study: Study, rulebook: Rulebook, others: set[str], problems: list[Problem]
) -> dict[str, FactTable]:
    givens = {c.name: c for c in rulebook.of_kind("given") if c.value_kind == "table"}
    asked = set(givens) | others
    tables: dict[str, FactTable] = {}
    for given_name, table in study.tables.items():
        name = singular(given_name, asked)
        if name in WORKING_TABLES and name not in asked:
            continue
        if name not in TABLES and name not in asked:
            problems.append(Problem("table-unknown", Place(table.file), {"table": name}))
            continue
        if name in TABLES:
            columns = {
                c: Column(c, "number" if s.kind == "amount" else s.kind, s.unit)
                for c, s in TABLES[name].items()
            }
            allowed = set(columns) | asked
        elif name in givens:
            columns = {"id": Column("id", "text"), **{c.name: c for c in givens[name].columns}}
            allowed = set(columns) | {"note", "evidence", "name_en", "name_zh"} | asked | set(TABLES)
        else:
            continue
        for column in table.columns:
            if column not in allowed:
                problems.append(
                    Problem(
                        "column-unknown",
                        Place(table.file, 1, column),
                        {"column": column, "known": ", ".join(sorted(allowed))},
                    )
                )
        tables[name] = _table(replace(table, name=name), columns, problems, givens.get(name))
    for name, clause in givens.items():
        if name not in tables:
            blank = {c.name: _empty(c, name) for c in (Column("id", "text"), *clause.columns)}
            tables[name] = FactTable(name, (), blank)
    for name in ("process", "exchange", *MASSFLOW):
        if name not in tables:
            blank = {
                c: _empty(Column(c, "text" if s.kind == "amount" else s.kind, s.unit), name)
                for c, s in TABLES[name].items()
            }
            tables[name] = FactTable(name, (), blank)
    if len(tables["exchange"]) and "process" not in {singular(n, asked) for n in study.tables}:
        problems.append(Problem("table-needed", Place("processes.csv"), {"table": "processes.csv"}))
        lost: list[Problem] = []
        _relate(tables, lost)
        problems += [p for p in lost if p.args.get("table") != "process"]
        return tables
    _relate(tables, problems)
    return tables


def singular(name: str, asked: set[str]) -> str:
    """The table a file speaks of: `materials.csv` holds the table `material`."""
    for candidate in (name, name.removesuffix("s"), name.removesuffix("es")):
        if candidate in asked or candidate in TABLES:
            return candidate
    return name


def _empty(column: Column, table: str) -> Value:
    dtype: Any = bool if column.kind == "bool" else object
    return Value(
        np.empty(0, dtype=dtype),
        np.zeros(0, dtype=np.int8),
        column.unit,
        column.basis,
        table,
        frozenset([f"{table}.{column.name}"]),
    )


def _table(
    table: Table, columns: Mapping[str, Column], problems: list[Problem], clause: Clause | None
) -> FactTable:
    typed: dict[str, Value] = {}
    for name, column in columns.items():
        texts = table.columns.get(name)
        if texts is None:
            if clause is not None and column.required:
                problems.append(
                    Problem("column-missing", Place(table.file, 1), {"column": name}, clause.address)
                )
            texts = ("",) * len(table)
        typed[name] = column_value(table, name, column, texts, problems, clause)
    for name, texts in table.columns.items():
        if name not in typed:
            data = np.array(texts, dtype=object)
            state = np.array([KNOWN if t else MISSING for t in texts], dtype=np.int8)
            typed[name] = Value(data, state, table=table.name, why=_why(table.name, name, state))
    return FactTable(table.name, table.ids, typed, source=table)


def column_value(
    table: Table,
    name: str,
    column: Column,
    texts: tuple[str, ...],
    problems: list[Problem],
    clause: Clause | None,
) -> Value:
    """One typed column; cells that cannot be read are reported and missing."""
    address = clause.address if clause is not None else None
    state = np.array([KNOWN if t else MISSING for t in texts], dtype=np.int8)
    if column.kind in ("text", "table"):
        if column.options:
            for row, text in enumerate(texts):
                if text and text not in column.options:
                    problems.append(
                        Problem(
                            "cell-option",
                            table.place(row, name),
                            {"text": text, "options": ", ".join(column.options)},
                            address,
                        )
                    )
                    state[row] = MISSING
        return Value(np.array(texts, dtype=object), state, ONE, (), table.name, _why(table.name, name, state))
    exact = len(texts) <= EXACT_ROWS
    data: Any = np.empty(
        len(texts),
        dtype=bool if column.kind == "bool" else object if exact or column.kind == "date" else np.float64,
    )
    blank: Any = (
        False if column.kind == "bool" else None if column.kind == "date" else Fraction(0) if exact else 0.0
    )
    factor = column.unit.factor if exact else float(column.unit.factor)
    cache: dict[str, Any] = {}
    for row, text in enumerate(texts):
        if not text:
            data[row] = blank
            continue
        if text in cache:
            data[row] = cache[text]
            continue
        try:
            if column.kind == "number" and text[0] not in "=" and " " not in text:
                data[row] = (number(text) if exact else fast_number(text)) * factor
            elif column.kind == "number" and text[0] == "=":
                value = arithmetic(text) * column.unit.factor
                data[row] = value if exact else float(value)
            else:
                value_ = _typed(
                    column.kind,
                    text,
                    column.unit,
                    column.basis,
                    table.place(row, name),
                    problems,
                    address,
                    f"{table.name}.{name}",
                )
                if value_.state != KNOWN:
                    data[row], state[row] = blank, MISSING
                    continue
                data[row] = value_.data if exact or column.kind != "number" else float(value_.data)
        except (ValueError, ZeroDivisionError):
            problems.append(Problem("number-expected", table.place(row, name), {"text": text}, address))
            data[row], state[row] = blank, MISSING
            continue
        cache[text] = data[row]
    return Value(data, state, column.unit, column.basis, table.name, _why(table.name, name, state))


def _why(table: str, name: str, state: Array) -> frozenset[str]:
    """A column explains what is missing only where a cell of it is missing."""
    return frozenset([f"{table}.{name}"]) if (state == MISSING).any() else frozenset()


_ARITHMETIC: dict[type, Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def arithmetic(text: str) -> Fraction:
    """The exact value of an amount such as `=0.098 * 1.75`. Raises `ValueError`."""
    if len(text) > 200:
        raise ValueError(text[:60])
    try:
        tree = ast.parse(text.lstrip("= "), mode="eval").body
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError(text) from error
    source = text.lstrip("= ")

    def value(node: ast.expr, depth: int = 0) -> Fraction:
        if depth > 20:
            raise ValueError(text)
        match node:
            case ast.Constant():
                return number(ast.get_source_segment(source, node) or "")
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -value(inner, depth + 1)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return _ARITHMETIC[type(op)](value(left, depth + 1), value(right, depth + 1))
        raise ValueError(text)

    return value(tree)


def _relate(tables: dict[str, FactTable], problems: list[Problem]) -> None:
    """Find for each table the rows of other tables that its columns of that name refer to."""
    index = {name: {i: n for n, i in enumerate(t.ids)} for name, t in tables.items()}
    for name, table in list(tables.items()):
        parents: dict[str, Array] = {}
        for column, value in table.columns.items():
            if column == name or column not in tables or value.data.dtype != object:
                continue
            if (name in MASSFLOW or column in MASSFLOW) and not (
                name in TABLES and column in TABLES[name] and TABLES[name][column].parent == column
            ):
                continue  # a material, a stage or a part of their own may bear the name of a table
            rows = np.full(len(table), -1, dtype=np.int64)
            target = index[column]
            for row, id_ in enumerate(value.data):
                if not id_:
                    continue
                found = target.get(str(id_))
                if found is None:
                    problems.append(
                        Problem("row-reference", table.place(row, column), {"id": str(id_), "table": column})
                    )
                else:
                    rows[row] = found
            parents[column] = rows
        tables[name] = FactTable(table.name, table.ids, table.columns, parents, table.source)


def scalar_facts(values: Mapping[str, str], rulebook: Rulebook, problems: list[Problem]) -> dict[str, Value]:
    """Scalars given by name, for cases."""
    found: dict[str, Value] = {}
    for clause in rulebook.of_kind("given"):
        if clause.value_kind == "table":
            continue
        raw = values.get(clause.name, values.get(clause.id))
        found[clause.name] = _scalar(clause, raw, Place("case", path=clause.name), problems)
    return found


__all__ = ["FactTable", "Facts", "arithmetic", "column_value", "known", "resolve_facts", "scalar_facts"]
