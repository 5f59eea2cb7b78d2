"""What the formulas of a rulebook may speak of, and of which type each name is."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ..core.text import Text
from ..core.units import Unit, unit
from ..core.value import Basis, basis
from ..formula import Type
from ..study.schema import TABLES
from .clause import Clause
from .resolve import Rulebook


@dataclass(frozen=True)
class LineColumn:
    """One column of the table of lines, or of another derived table."""

    name: str
    kind: str
    unit: Unit
    text: Text
    basis: Basis = ()


@cache
def line_columns() -> Mapping[str, LineColumn]:
    """The columns of the table `line` that formulas may read, from `line.csv`."""
    with (resources.files(__package__) / "line.csv").open(encoding="utf-8") as file:
        return {
            r["column"]: LineColumn(r["column"], r["kind"], unit(r["unit"]), Text(r["zh"], r["en"]))
            for r in csv.DictReader(file)
        }


@cache
def derived_columns() -> Mapping[str, Mapping[str, LineColumn]]:
    """The tables that mass flow derives from facts (`inflow`, `outflow` and so on), from `derived.csv`."""
    tables: dict[str, dict[str, LineColumn]] = {}
    with (resources.files(__package__) / "derived.csv").open(encoding="utf-8") as file:
        for r in csv.DictReader(file):
            key, _, word = r["basis"].partition(": ")
            tables.setdefault(r["table"], {})[r["column"]] = LineColumn(
                r["column"],
                r["kind"],
                unit(r["unit"]),
                Text(r["zh"], r["en"]),
                basis({key: word} if key else {}),
            )
    return tables


DERIVED_PARENTS = {"inflow": "balance", "outflow": "balance"}
"""Rows that go in and out belong to the balance of their element or substance."""


class RulebookNames:
    """The names of a rulebook, seen from the rows of `table` (`for:`) or from no row."""

    def __init__(self, rulebook: Rulebook, table: str | None = None) -> None:
        self.rulebook, self.table = rulebook, table

    def of(self, clause: Clause) -> RulebookNames:
        """The names as `clause` sees them."""
        table = self.table_named(clause.subject.table) if clause.subject else None
        return RulebookNames(self.rulebook, table)

    def type_of(self, name: str) -> Type | None:
        if "." in name:
            table, _, column = name.partition(".")
            known = self.table_named(table)
            return self.column(known, column) if known else None
        if self.table is not None:
            found = self.column(self.table, name)
            if found is not None:
                return found
            for child in self.children(self.table):
                found = self.column(child, name)
                if found is not None:
                    return found
        clause = self.rulebook.clauses.get(name)
        if (
            clause is not None
            and not (clause.kind == "given" and clause.value_kind == "table")
            and clause.kind != "table"
        ):
            return self.clause_type(clause)
        if self.table_named(name) is not None:
            return Type("table")
        if name == "as_of":
            return Type("date")
        return None

    def clause_type(self, clause: Clause) -> Type:
        table = self.table_named(clause.subject.table) if clause.subject else None
        match clause.kind:
            case "check":
                return Type("bool", table=table)
            case "choose" | "grade":
                return Type("text", table=table)
            case "publish":
                return self.type_of(clause.of) or Type("number", None)
        if clause.alternative:
            return Type("options")
        if clause.value_kind in ("text", "bool", "date"):
            return Type(clause.value_kind, table=table)  # type: ignore[arg-type]
        return Type("number", clause.unit.dimension, clause.basis, table)

    def column(self, table: str, name: str) -> Type | None:
        """The type of a column of a fact table, a pack table or the table of lines."""
        if table == "line":
            spec = line_columns().get(name)
            return Type(spec.kind, spec.unit.dimension, (), "line") if spec else None  # type: ignore[arg-type]
        if table in derived_columns():
            spec = derived_columns()[table].get(name)
            return Type(spec.kind, spec.unit.dimension, spec.basis, table) if spec else None  # type: ignore[arg-type]
        clause = self.rulebook.clauses.get(table)
        if clause is not None and clause.kind == "given" and clause.value_kind == "table":
            if name == "id":
                return Type("text", table=table)
            for column in clause.columns:
                if column.name == name:
                    return Type(column.kind, column.unit.dimension, column.basis, table)  # type: ignore[arg-type]
            if table not in TABLES:
                return None
        pack_table = self.rulebook.tables.get(table)
        if pack_table is not None:
            if name in pack_table.columns:
                column = pack_table.columns[name]
                return Type(column.kind, column.unit.dimension, column.basis, table)  # type: ignore[arg-type]
            return None
        spec_ = TABLES.get("exchange" if table == "product" else table, {}).get(name)
        if spec_ is None:
            return None
        kind = "number" if spec_.kind == "amount" else spec_.kind
        words = () if spec_.unit.text else None
        return Type(kind, spec_.unit.dimension, words if words is not None else basis({}), table)  # type: ignore[arg-type]

    def table_named(self, name: str) -> str | None:
        """The table of that name, singular or plural (`products` is the table `product`)."""
        for candidate in (
            name,
            name[:-1] if name.endswith("s") else name,
            name[:-2] if name.endswith("es") else name,
        ):
            if (
                candidate in TABLES
                or candidate in ("line", "product")
                or candidate in derived_columns()
                or candidate in self.rulebook.tables
            ):
                return candidate
            clause = self.rulebook.clauses.get(candidate)
            if clause is not None and clause.kind == "given" and clause.value_kind == "table":
                return candidate
        return None

    def parent_of(self, table: str) -> str | None:
        if table in ("product", "exchange"):
            return "process"
        if table in DERIVED_PARENTS:
            return DERIVED_PARENTS[table]
        if table in TABLES:
            return next(
                (c.parent for c in TABLES[table].values() if c.parent and c.parent != "evidence"), None
            )
        clause = self.rulebook.clauses.get(table)
        return (clause.parent or None) if clause is not None and clause.kind == "given" else None

    def children(self, table: str) -> list[str]:
        """The tables whose rows belong to rows of `table`."""
        found = ["product", "exchange"] if table == "process" else []
        found += [t for t in (*DERIVED_PARENTS, *TABLES) if table != "process" and self.parent_of(t) == table]
        return found + [
            c.name
            for c in self.rulebook.clauses.values()
            if c.kind == "given" and c.value_kind == "table" and c.parent == table
        ]
