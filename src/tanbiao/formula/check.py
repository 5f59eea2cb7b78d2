"""Static check: dimension, basis and table of every part of a formula, before any data is seen."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Protocol

from ..core.errors import refuse
from ..core.units import Dimension, Unit, UnitError, dimension_text, unit
from ..core.value import Basis, Value, basis_text
from . import functions
from .parse import Node
from .types import Type

BOOL = Type("bool")
NUMBER = Type("number")


class Names(Protocol):
    """What a formula may speak of."""

    table: str | None
    """The table whose rows the clause speaks of (`for:`), or None."""

    def type_of(self, name: str) -> Type | None:
        """The type of a (dotted) name, None when there is no such name."""

    def parent_of(self, table: str) -> str | None:
        """The table that rows of `table` belong to: products belong to processes."""


def check(node: Node, names: Names, converts: frozenset[str] = frozenset()) -> Type:
    """The type of a formula's result.

    converts: basis keys that this clause is declared to convert, so that they may differ between operands.
    Refuses (`name-unknown`, `dimension-mismatch`, `basis-mismatch`, `kind-mismatch`, `table-mismatch`,
    `formula-arguments`).
    """
    return _Checker(names, converts).check(node)


class _Checker:
    def __init__(self, names: Names, converts: frozenset[str]) -> None:
        self.names, self.converts = names, converts

    def check(self, node: Node) -> Type:
        match node.kind:
            case "literal":
                return _literal(node)
            case "name":
                found = self.names.type_of(node.op)
                if found is None:
                    raise refuse("name-unknown", name=node.op, formula=node.source)
                return found
            case "unary":
                inner = self.check(node.children[0])
                self.kind(node, inner, "number" if node.op == "-" else "bool")
                return inner
            case "binary":
                return self.binary(node)
            case "compare":
                return self.compare(node)
            case "logic":
                table = None
                for child in node.children:
                    inner = self.check(child)
                    self.kind(child, inner, "bool")
                    table = self.table(node, table, inner.table)
                return replace(BOOL, table=table)
            case "if":
                test, left, right = (self.check(c) for c in node.children)
                self.kind(node.children[0], test, "bool")
                same = self.same(node, left, right)
                return replace(same, table=self.table(node, same.table, test.table))
            case "call":
                return self.call(node)
            case "options":
                return Type("options")
        raise refuse("formula-forbidden", text=node.source, column=node.column)

    # -- operators ---------------------------------------------------------------------------------------------

    def binary(self, node: Node) -> Type:
        left, right = (self.check(c) for c in node.children)
        for child, inner in zip(node.children, (left, right), strict=True):
            self.kind(child, inner, "number")
        table = self.table(node, left.table, right.table)
        if node.op in "+-":
            return replace(self.same(node, left, right), table=table)
        if node.op == "**":
            power = int(_exponent(node.children[1]))
            dimension = (
                None if left.dimension is None else tuple((n, p * power) for n, p in left.dimension if power)
            )
            return Type("number", dimension, left.basis, table)
        sign = 1 if node.op == "*" else -1
        if left.dimension is None or right.dimension is None:
            dimension = None
        else:
            powers = dict(left.dimension)
            for name, power_ in right.dimension:
                powers[name] = powers.get(name, Fraction(0)) + sign * power_
            dimension = tuple(sorted((n, p) for n, p in powers.items() if p))
        return Type("number", dimension, self.merge(node, left.basis, right.basis, dimension), table)

    def merge(
        self, node: Node, left: Basis | None, right: Basis | None, dimension: Dimension | None
    ) -> Basis | None:
        """Basis of a product or quotient: keys unite and must agree; equal keys of a quotient cancel; a key named
        like a dimension (`energy`, `mass`) lives as long as its dimension does."""
        if left is None and right is None:
            return None
        a, b = dict(left or ()), dict(right or ())
        for key in a.keys() & b.keys() - self.converts:
            if a[key] != b[key]:
                raise refuse(
                    "basis-mismatch",
                    formula=node.source,
                    left=basis_text(left or ()),
                    right=basis_text(right or ()),
                )
        merged = {**b, **a}
        if node.op == "/":
            for key in a.keys() & b.keys():
                merged.pop(key)
        present = {name for name, _ in dimension or ()}
        kept = {k: v for k, v in merged.items() if k not in _DIMENSION_KEYS or k in present}
        return tuple(sorted(kept.items()))

    def compare(self, node: Node) -> Type:
        left = self.check(node.children[0])
        if node.op in ("in", "not in"):
            return replace(BOOL, table=self.membership(node, left))
        right = self.check(node.children[1])
        if node.op not in ("==", "!=") and left.kind not in ("number", "date"):
            raise refuse("kind-mismatch", formula=node.source, kind=left.kind, wanted="number, date")
        same = self.same(node, left, right)
        return replace(BOOL, table=self.table(node, same.table, None))

    def membership(self, node: Node, left: Type) -> str | None:
        right = node.children[1]
        if right.kind == "choices":
            for child in right.children:
                self.same(node, left, self.check(child))
        else:
            inner = self.check(right)
            if left.kind != "text" or inner.kind != "text":
                raise refuse("kind-mismatch", formula=node.source, kind=inner.kind, wanted="text")
            return self.table(node, left.table, inner.table)
        return left.table

    def same(self, node: Node, left: Type, right: Type) -> Type:
        if left.kind != right.kind:
            raise refuse("kind-mismatch", formula=node.source, kind=right.kind, wanted=left.kind)
        dimension = left.dimension if left.dimension is not None else right.dimension
        if None not in (left.dimension, right.dimension) and left.dimension != right.dimension:
            raise refuse(
                "dimension-mismatch",
                formula=node.source,
                left=dimension_text(left.dimension or ()),
                right=dimension_text(right.dimension or ()),
            )
        words = left.basis if left.basis is not None else right.basis
        if left.basis is not None and right.basis is not None:
            a = {k: v for k, v in left.basis if k not in self.converts}
            b = {k: v for k, v in right.basis if k not in self.converts}
            if a != b:
                raise refuse(
                    "basis-mismatch",
                    formula=node.source,
                    left=basis_text(left.basis),
                    right=basis_text(right.basis),
                )
        return Type(left.kind, dimension, words, self.table(node, left.table, right.table))

    # -- functions ---------------------------------------------------------------------------------------------

    def call(self, node: Node) -> Type:
        name, args = node.op, node.children
        positional = [a for a in args if a.kind != "keyword"]
        match name:
            case "count":
                self.arity(node, positional, 1, 1)
                inner = self.check(positional[0])
                if inner.kind not in ("table", "bool"):
                    raise refuse("kind-mismatch", formula=node.source, kind=inner.kind, wanted="table, bool")
                return Type("number", (), None, self.reduced(inner.table or positional[0].op))
            case "sum" | "mean" | "min" | "max" | "all" | "any":
                return self.aggregate(node, positional)
            case "abs":
                self.arity(node, positional, 1, 1)
                return self.numeric(positional[0])
            case "sqrt":
                self.arity(node, positional, 1, 1)
                inner = self.numeric(positional[0])
                if inner.dimension is None:
                    return inner
                return replace(inner, dimension=tuple((n, p / 2) for n, p in inner.dimension))
            case "exp" | "ln":
                self.arity(node, positional, 1, 1)
                inner = self.numeric(positional[0])
                self.dimensionless(node, inner)
                return inner
            case "rank":
                self.arity(node, positional, 1, 1)
                return Type("number", (), None, self.numeric(positional[0]).table)
            case "leading":
                self.arity(node, positional, 2, 2)
                size, part = (self.numeric(a) for a in positional)
                self.dimensionless(node, part)
                return Type("bool", table=size.table)
            case "share":
                self.arity(node, positional, 2, 2)
                weight, size = (self.numeric(a) for a in positional)
                return replace(weight, table=self.table(node, weight.table, size.table))
            case "where":
                self.arity(node, positional, 2, 2)
                inner, test = (self.check(a) for a in positional)
                self.kind(positional[1], test, "bool")
                return replace(inner, table=self.table(node, inner.table, test.table))
            case "lookup":
                self.arity(node, positional, 1, 1)
                column = self.check(positional[0])
                if column.table is None:
                    raise refuse("formula-arguments", formula=node.source, name=name)
                table: str | None = None
                for keyword in args[1:]:
                    key = self.names.type_of(f"{column.table}.{keyword.op}")
                    if key is None:
                        raise refuse("name-unknown", name=f"{column.table}.{keyword.op}", formula=node.source)
                    given = self.check(keyword.children[0])
                    if given.kind != key.kind:
                        raise refuse("kind-mismatch", formula=node.source, kind=given.kind, wanted=key.kind)
                    table = self.table(node, table, given.table)
                return replace(column, table=table)
            case "under":
                self.arity(node, positional, 2, 2)
                if self.check(positional[0]).kind != "options":
                    raise refuse(
                        "kind-mismatch", formula=node.source, kind=positional[0].kind, wanted="options"
                    )
                return self.check(positional[1])
            case "known" | "applies":
                self.arity(node, positional, 1, 1)
                return replace(BOOL, table=self.check(positional[0]).table)
            case "date":
                self.arity(node, positional, 1, 1)
                self.kind(positional[0], self.check(positional[0]), "text")
                if positional[0].kind == "literal":
                    functions.read_date(str(positional[0].value.data))
                return Type("date")
            case "months_after":
                self.arity(node, positional, 2, 2)
                start = self.check(positional[0])
                self.kind(positional[0], start, "date")
                self.dimensionless(node, self.numeric(positional[1]))
                return start
            case "days_between":
                self.arity(node, positional, 2, 2)
                first, second = (self.check(a) for a in positional)
                for child, inner in zip(positional, (first, second), strict=True):
                    self.kind(child, inner, "date")
                return Type("number", (), None, self.table(node, first.table, second.table))
            case "year_of" | "days_in":
                self.arity(node, positional, 1, 1)
                inner = self.check(positional[0])
                self.kind(positional[0], inner, "date")
                return Type("number", (), None, inner.table)
            case "declared":
                self.arity(node, positional, 2, 2)
                inner = self.check(positional[0])
                for child in positional:
                    self.kind(child, self.check(child), "text")
                return inner
            case "impact":
                self.arity(node, positional, 2, 2)
                self.words(positional[0])
                return Type("number", self.measured(positional[1]).dimension, (), "line")
            case "uncounted":
                self.arity(node, positional, 1, 1)
                self.words(positional[0])
                return Type("number", (), (), "line")
            case "chance":
                self.arity(node, positional, 1, 1)
                inner = self.check(positional[0])
                self.kind(positional[0], inner, "bool")
                if inner.table is not None:
                    raise refuse("table-mismatch", formula=node.source, left=inner.table, right="-")
                return Type("number", (), None)
            case "contains" | "spelled":
                self.arity(node, positional, 2, 2)
                inner = self.check(positional[0])
                part = self.check(positional[1])
                for child, found in zip(positional, (inner, part), strict=True):
                    self.kind(child, found, "text")
                return replace(BOOL, table=self.table(node, inner.table, part.table))
        raise refuse("formula-function", name=name, text=node.source, column=node.column)

    def aggregate(self, node: Node, args: list[Node]) -> Type:
        self.arity(node, args, 1, 12)
        wanted = "bool" if node.op in ("all", "any") else "number"
        inner = [self.check(a) for a in args]
        if len(inner) > 1:
            if node.op not in ("min", "max"):
                raise refuse("formula-arguments", formula=node.source, name=node.op)
            result = inner[0]
            for other in inner[1:]:
                result = self.same(node, result, other)
            return result
        if node.op in ("min", "max") and inner[0].kind == "date":
            wanted = "date"
        self.kind(args[0], inner[0], wanted)
        return replace(inner[0], table=self.reduced(inner[0].table))

    def reduced(self, table: str | None) -> str | None:
        """Where an aggregate over `table` lands: on the row in scope it belongs to, else on one scalar."""
        if (
            table is not None
            and self.names.table is not None
            and self.names.parent_of(table) == self.names.table
        ):
            return self.names.table
        return None

    # -- small checks ------------------------------------------------------------------------------------------

    def numeric(self, node: Node) -> Type:
        inner = self.check(node)
        self.kind(node, inner, "number")
        return inner

    def dimensionless(self, node: Node, inner: Type) -> None:
        if inner.dimension:
            raise refuse(
                "dimension-mismatch", formula=node.source, left=dimension_text(inner.dimension), right="1"
            )

    def kind(self, node: Node, inner: Type, wanted: str) -> None:
        if inner.kind != wanted:
            raise refuse("kind-mismatch", formula=node.source, kind=inner.kind, wanted=wanted)

    def words(self, node: Node) -> str:
        """A text that stands in the formula itself."""
        if node.kind != "literal" or not isinstance(node.value.data, str):
            raise refuse("kind-mismatch", formula=node.source, kind=node.kind, wanted="text")
        return node.value.data

    def measured(self, node: Node) -> Unit:
        """A unit that stands in the formula itself."""
        try:
            return unit(self.words(node))
        except UnitError as error:
            raise refuse("unit-unknown", unit=str(error)) from None

    def arity(self, node: Node, args: list[Node], least: int, most: int) -> None:
        if not least <= len(args) <= most:
            raise refuse("formula-arguments", formula=node.source, name=node.op)

    def table(self, node: Node, left: str | None, right: str | None) -> str | None:
        if left is None or right is None or left == right:
            return left or right
        if self.names.parent_of(left) == right:
            return left
        if self.names.parent_of(right) == left:
            return right
        raise refuse("table-mismatch", formula=node.source, left=left, right=right)


_DIMENSION_KEYS = frozenset({"energy", "mass", "coal_equivalent", "volume", "carbon"})


def _literal(node: Node) -> Type:
    value: Value = node.value
    if isinstance(value.data, bool):
        return BOOL
    if isinstance(value.data, str):
        return Type("text")
    if node.op != "q" and value.data == 0:
        return Type("number", None, None)
    return Type("number", value.unit.dimension, None)


def _exponent(node: Node) -> Fraction:
    if node.kind == "unary":
        return -_exponent(node.children[0])
    return Fraction(node.value.data)
