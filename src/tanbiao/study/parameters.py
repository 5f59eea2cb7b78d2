"""Parameters of a study and formulas over them: an amount may be `=mass * (1 + scrap)`.

Parameters stand in study.yaml (`parameters.NAME`, a quantity or a formula) or in a table `parameters` with a scope:
a row whose `scope` names a process is seen by that process alone and hides the study's parameter of the same name.
Units count: what is added must agree, and a result with a dimension is brought into the unit of its cell; a bare
number is taken in that unit. Amounts are exact.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from ..core.errors import Place, Problem
from ..core.numbers import number
from ..core.text import Node
from ..core.units import ONE, Unit, UnitError, unit
from .model import Study, Table
from .schema import TABLES
from .working import WORKING_TABLES

NAME = re.compile(r"[^\W\d]\w*")
PARAMETER_TABLES = ("parameter", "parameters")
LONGEST, DEEPEST = 500, 20


class FormulaError(ValueError):
    """A formula that cannot be read: the message says why, in plain words."""


@dataclass(frozen=True)
class Quantity:
    """A number in coherent base units with its unit."""

    value: Fraction
    unit: Unit

    @property
    def bare(self) -> bool:
        return self.unit.dimension == ONE.dimension


@dataclass(frozen=True)
class Parameter:
    """A named quantity or formula; scope "" is the whole study, else a process."""

    name: str
    scope: str
    text: str
    place: Place


def parameters(study: Study) -> dict[tuple[str, str], Parameter]:
    """Every parameter by (scope, name)."""
    found: dict[tuple[str, str], Parameter] = {}
    block = study.head.get("parameters")
    for name, raw in block.items() if isinstance(block, Node) else ():
        text = raw.get("value") if isinstance(raw, Node) else raw
        if isinstance(text, str) and text:
            found[("", name)] = Parameter(name, "", text, study.place_of(f"parameters.{name}"))
    for table_name in PARAMETER_TABLES:
        table = study.tables.get(table_name)
        for number_, row in enumerate(table.rows() if table is not None else ()):
            name, scope = row.get("name") or row["id"], row.get("scope", "")
            assert table is not None
            text = f"{row.get('value', '')} {row.get('unit', '')}".strip()
            if row.get("value", "").startswith("="):
                text = row["value"]
            found[(scope, name)] = Parameter(name, scope, text, table.place(number_, "value"))
    return found


def substituted(study: Study) -> tuple[Study, list[Problem]]:
    """The study with every formula over parameters worked out; formulas of bare numbers are left as they are."""
    known = parameters(study)
    values = _Values(known)
    problems: list[Problem] = []
    tables: dict[str, Table] = dict(study.tables)
    for name, table in study.tables.items():
        if name in WORKING_TABLES:
            continue
        columns: dict[str, tuple[str, ...]] = {}
        for column, cells in table.columns.items():
            if column in ("note", "id") or not any(c[:1] == "=" and NAME.search(c) for c in cells):
                continue
            new = list(cells)
            for row, text in enumerate(cells):
                if text[:1] != "=" or not NAME.search(text):
                    continue
                scope = (
                    table.ids[row]
                    if name == "process"
                    else table.columns.get("process", ("",) * len(cells))[row]
                )
                try:
                    new[row] = _cell(values.formula(text, scope), _unit_of(table, name, column, row))
                except (FormulaError, UnitError, ZeroDivisionError) as error:
                    problems.append(
                        Problem(
                            "parameter-formula",
                            table.place(row, column),
                            {"text": text[:80], "detail": str(error)},
                        )
                    )
            columns[column] = tuple(new)
        if columns:
            tables[name] = replace(table, columns={**table.columns, **columns})
    head = study.head
    block = study.head.get("parameters")
    if isinstance(block, Node) and any(p.text.startswith("=") for (s, _), p in known.items() if not s):
        items: dict[str, Any] = dict(block.items())
        for name, raw in block.items():
            said_ = raw.get("value") if isinstance(raw, Node) else raw
            if not isinstance(said_, str) or not said_.startswith("="):
                continue
            try:
                quantity = values.named(name, "")
            except (FormulaError, UnitError, ZeroDivisionError) as error:
                problems.append(
                    Problem(
                        "parameter-formula",
                        study.place_of(f"parameters.{name}"),
                        {"text": said_[:80], "detail": str(error)},
                    )
                )
                continue
            said = f"{_exact(quantity.value / quantity.unit.factor)} {quantity.unit.text}".strip()
            items[name] = (
                Node(raw.file, raw.line, {**dict(raw.items()), "value": said}, {})
                if isinstance(raw, Node)
                else said
            )
        head = Node(
            study.head.file,
            study.head.line,
            {
                **dict(study.head.items()),
                "parameters": Node(
                    block.file, block.line, items, {k: block.place(k).row or block.line for k in block}
                ),
            },
            {k: study.head.place(k).row or 1 for k in study.head},
        )
    if tables == study.tables and head is study.head:
        return study, problems
    return Study(head, tables, study.path), problems


def _unit_of(table: Table, name: str, column: str, row: int) -> Unit:
    if column in ("amount", "estimate") and "unit" in table.columns and table.columns["unit"][row]:
        return unit(table.columns["unit"][row])
    spec = TABLES.get(name, {}).get(column)
    return spec.unit if spec is not None else ONE


def _cell(quantity: Quantity, wanted: Unit) -> str:
    if quantity.bare:
        return f"={_exact(quantity.value)}"
    if quantity.unit.dimension != wanted.dimension:
        raise FormulaError(f"{quantity.unit.text} ≠ {wanted.text or '1'}")
    return f"={_exact(quantity.value / wanted.factor)}"


def _exact(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


class _Values:
    """Parameters as they are asked for, each worked out once for a scope."""

    def __init__(self, known: Mapping[tuple[str, str], Parameter]) -> None:
        self.known = known
        self.cache: dict[tuple[str, str], Quantity] = {}
        self.busy: list[tuple[str, str]] = []

    def named(self, name: str, scope: str) -> Quantity:
        key = (scope, name) if (scope, name) in self.known else ("", name)
        if key not in self.known:
            raise FormulaError(f"no parameter {name}" + (f" in {scope}" if scope else ""))
        if key in self.cache:
            return self.cache[key]
        if key in self.busy:
            raise FormulaError("circle: " + " → ".join(n for _, n in [*self.busy, key]))
        self.busy.append(key)
        try:
            text = self.known[key].text
            self.cache[key] = self.formula(text, key[0]) if text.startswith("=") else read_quantity(text)
        finally:
            self.busy.pop()
        return self.cache[key]

    def formula(self, text: str, scope: str) -> Quantity:
        """The value of `=…` as seen from `scope`."""
        source = text.lstrip("= ")
        if len(source) > LONGEST:
            raise FormulaError("too long")
        try:
            tree = ast.parse(source, mode="eval").body
        except (SyntaxError, MemoryError, RecursionError):
            raise FormulaError("not a formula") from None
        return self.node(tree, source, scope, 0)

    def node(self, node: ast.expr, source: str, scope: str, depth: int) -> Quantity:
        if depth > DEEPEST:
            raise FormulaError("too deep")
        match node:
            case ast.Constant():
                return Quantity(_number(ast.get_source_segment(source, node) or ""), ONE)
            case ast.Name(id=name):
                return self.named(name, scope)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                found = self.node(inner, source, scope, depth + 1)
                return Quantity(-found.value, found.unit)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                a, b = (self.node(n, source, scope, depth + 1) for n in (left, right))
                return _OPERATORS[type(op)](a, b)
            case ast.Call(func=ast.Name(id="min" | "max" as which), args=args, keywords=[]) if args:
                found_ = [self.node(n, source, scope, depth + 1) for n in args]
                if len({q.unit.dimension for q in found_}) > 1:
                    raise FormulaError(f"{which} of different units")
                return (min if which == "min" else max)(found_, key=lambda q: q.value)
        raise FormulaError("only numbers, parameters, + - * /, min and max")


def _sum(sign: int) -> Callable[[Quantity, Quantity], Quantity]:
    def add(a: Quantity, b: Quantity) -> Quantity:
        if a.unit.dimension != b.unit.dimension:
            raise FormulaError(f"{a.unit.text or '1'} and {b.unit.text or '1'} cannot be added")
        return Quantity(a.value + sign * b.value, a.unit)

    return add


_OPERATORS: Mapping[type, Callable[[Quantity, Quantity], Quantity]] = {
    ast.Add: _sum(1),
    ast.Sub: _sum(-1),
    ast.Mult: lambda a, b: Quantity(a.value * b.value, a.unit * b.unit),
    ast.Div: lambda a, b: Quantity(a.value / b.value, a.unit / b.unit),
}


def _number(text: str) -> Fraction:
    try:
        return number(text)
    except ValueError:
        raise FormulaError(f"not a number: {text[:20]}") from None


def read_quantity(text: str) -> Quantity:
    """`64 kWh`, `0.2`, `5 %`. Raises `FormulaError`, `UnitError`."""
    amount, _, rest = text.strip().partition(" ")
    measured = unit(rest) if rest else ONE
    return Quantity(_number(amount) * measured.factor, measured)
