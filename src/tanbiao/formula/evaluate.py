"""Evaluate a formula over values: one pass over bare columns, with three-valued logic and an optional trace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from ..core.errors import TanbiaoError, refuse
from ..core.numbers import RELATIVE_TOLERANCE, compare
from ..core.units import ONE
from ..core.value import KNOWN, MISSING, NOT_APPLICABLE, Array, Value, missing
from . import functions
from .parse import Node


class Scope(Protocol):
    """What a formula reads while it is evaluated."""

    table: str | None

    def value_of(self, name: str) -> Value:
        """The value of a (dotted) name; a column carries its table."""

    def rows_of(self, table: str) -> int:
        """The number of rows of a table."""

    def parent_rows(self, child: str, parent: str) -> Array | None:
        """For each row of `child` the row number of `parent` it belongs to; None when they are not related."""

    def under(self, options: Mapping[str, str], formula: Node) -> Value:
        """`formula` again, with other options chosen."""

    def options_of(self, name: str) -> Mapping[str, str]:
        """The option map that a name stands for."""

    def chance(self, formula: Node) -> Value:
        """The probability that a condition holds."""

    def declared(self, provider: Value, word: str) -> Value:
        """What the background says of providers: their `allowed_uses`, `boundary`, `gas_basis` and so on."""

    def impact(self, category: str, unit: str) -> Value:
        """Of every line what it brings in an impact category of the study's method, which must count in `unit`."""

    def uncounted(self, category: str) -> Value:
        """Of every line how many of the flows behind it have no factor in that category where they should."""


@dataclass(frozen=True)
class Step:
    """One part of a trace: its text, its value, and the parts below it."""

    source: str
    value: Value
    parts: tuple[Step, ...] = ()


def evaluate(node: Node, scope: Scope) -> Value:
    """The value of a formula, in coherent base units."""
    return _Evaluator(scope).evaluate(node)


def trace(node: Node, scope: Scope) -> Step:
    """As `evaluate`, keeping the value of every part."""
    value = evaluate(node, scope)
    if node.kind in ("literal", "name", "options"):
        return Step(node.source, value)
    parts = []
    for child in node.children:
        if child.kind in ("keyword", "options", "choices") or (node.op == "count" and child.kind == "name"):
            continue
        try:
            parts.append(trace(child, scope))
        except Exception:  # a part that has no value of its own (a table name)
            continue
    return Step(node.source, value, tuple(parts))


class _Evaluator:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def evaluate(self, node: Node) -> Value:
        match node.kind:
            case "literal":
                value: Value = node.value
                return value
            case "name":
                return self.scope.value_of(node.op)
            case "unary":
                inner = self.evaluate(node.children[0])
                if node.op == "-":
                    return replace(
                        inner, data=-inner.data if inner.data is not None else None, unit=ONE, basis=()
                    )
                return replace(inner, data=_not(inner.data))
            case "binary":
                return self.binary(node)
            case "compare":
                return self.compare(node)
            case "logic":
                return self.logic(node)
            case "if":
                return self.choice(node)
            case "call":
                return self.call(node)
        raise refuse("formula-forbidden", text=node.source, column=node.column)

    def binary(self, node: Node) -> Value:
        left, right = self.align(*(self.evaluate(c) for c in node.children))
        state, why = _join(left, right)
        a, b = _pair(left, right)
        if a is None or b is None:
            return _blank(left, right, state, why)
        power = int(b) if node.op == "**" else 1
        if node.op == "/" or power < 0:
            below, part = (b, 1) if node.op == "/" else (a, 0)
            zero = np.asarray(below == 0)
            if zero.any():
                state = np.where(zero & (np.asarray(state) == KNOWN), MISSING, state)
                state = state if state.ndim else int(state)
                why = why | {f"÷0: {node.children[part].source}"}
                one: Any = Fraction(1) if _exact(below) else 1.0
                below = np.where(zero, one, below) if zero.ndim else one
                a, b = (a, below) if node.op == "/" else (below, b)
        if node.op in ("*", "**", "/"):
            functions.refuse_endless(node.source, abs(power), a, b)
        if node.op == "/":
            data = a / b
        elif node.op == "*":
            data = a * b
        elif node.op == "+":
            data = a + b
        elif node.op == "-":
            data = a - b
        else:
            data = a**power
        data, state, why = functions.finite(data, state, why, node.source)
        return Value(data, state, ONE, (), left.table or right.table, why, left.provenance | right.provenance)

    def compare(self, node: Node) -> Value:
        left = self.evaluate(node.children[0])
        if node.op in ("in", "not in"):
            value = self.membership(left, node.children[1])
            return value if node.op == "in" else replace(value, data=_not(value.data))
        left, right = self.align(left, self.evaluate(node.children[1]))
        state, why = _join(left, right)
        table = left.table or right.table
        provenance = left.provenance | right.provenance
        if left.data is None or right.data is None:
            return Value(
                False if table is None else np.zeros(np.shape(state), bool),
                state,
                table=table,
                why=why,
                provenance=provenance,
            )
        return Value(_compare(node.op, left.data, right.data, state), state, ONE, (), table, why, provenance)

    def membership(self, left: Value, right: Node) -> Value:
        if right.kind == "choices":
            options = [self.evaluate(c).data for c in right.children]
            if left.table is None:
                return replace(left, data=left.data in options, unit=ONE, basis=())
            return replace(
                left, data=np.array([v in options for v in left.data], dtype=bool), unit=ONE, basis=()
            )
        words = self.evaluate(right)
        left, words = self.align(left, words)
        state, why = _join(left, words)
        if left.table is None and words.table is None:
            return Value(left.data in str(words.data).split(), state, why=why)
        texts = words.data if words.table is not None else [words.data] * len(left.data)
        mine = left.data if isinstance(left.data, np.ndarray) else [left.data] * len(texts)
        data = np.array([str(a) in str(b).split() for a, b in zip(mine, texts, strict=True)], dtype=bool)
        return Value(data, state, table=left.table or words.table, why=why)

    def logic(self, node: Node) -> Value:
        """Three-valued: `False and missing` is False, `True or missing` is True; what does not apply is passed over."""
        result = self.evaluate(node.children[0])
        for child in node.children[1:]:
            decided = node.op == "or"
            if result.table is None and result.state == KNOWN and bool(result.data) is decided:
                return result
            result = _logic(decided, *self.align(result, self.evaluate(child)))
        return result

    def choice(self, node: Node) -> Value:
        test = self.evaluate(node.children[0])
        if test.table is None:
            if test.state != KNOWN:
                return (
                    missing(*test.why) if test.state == MISSING else Value(None, NOT_APPLICABLE, why=test.why)
                )
            return self.evaluate(node.children[1] if test.data else node.children[2])
        yes, no = (self.evaluate(c) for c in node.children[1:])
        yes, _ = self.align(yes, test)
        no, test = self.align(no, test)
        a, b = _pair(yes, no)
        picked = np.where(test.data, a, b)
        state = np.where(np.asarray(test.data), np.asarray(yes.state), np.asarray(no.state))
        state = np.where(np.asarray(test.state) == KNOWN, state, test.state).astype(np.int8)
        return Value(
            picked,
            state,
            table=test.table,
            why=yes.why | no.why | test.why,
            provenance=yes.provenance | no.provenance,
        )

    def call(self, node: Node) -> Value:
        args = [a for a in node.children if a.kind != "keyword"]
        match node.op:
            case "under":
                first = args[0]
                options = first.value if first.kind == "options" else self.scope.options_of(first.op)
                return self.scope.under(options, args[1])
            case "count":
                return self.count(args[0])
            case "sum" | "mean" | "min" | "max" | "all" | "any" if len(args) == 1:
                return self.aggregate(node.op, self.evaluate(args[0]))
            case "min" | "max":
                return self.extreme(node.op, [self.evaluate(a) for a in args])
            case "lookup":
                return self.lookup(node, args[0])
            case "declared":
                provider, word = (self.evaluate(a) for a in args)
                return self.scope.declared(provider, str(word.data))
            case "chance":
                return self.scope.chance(args[0])
            case "impact":
                return self.scope.impact(args[0].value.data, args[1].value.data)
            case "uncounted":
                return self.scope.uncounted(args[0].value.data)
            case "share":
                weight, size = self.align(*(self.evaluate(a) for a in args))
                return self.share(weight, size)
            case "known" | "applies":
                inner = self.evaluate(args[0])
                wanted = MISSING if node.op == "known" else NOT_APPLICABLE
                state = np.asarray(inner.state)
                data = state != wanted if node.op == "applies" else state == KNOWN
                return Value(
                    data if inner.table else bool(data),
                    state * 0 if inner.table else KNOWN,
                    table=inner.table,
                )
            case "where":
                inner, test = self.align(*(self.evaluate(a) for a in args))
                keep = np.asarray(test.data, dtype=bool) & (np.asarray(test.state) == KNOWN)
                state = np.where(
                    keep, inner.state, np.where(np.asarray(test.state) == MISSING, MISSING, NOT_APPLICABLE)
                ).astype(np.int8)
                if inner.table is None:
                    return replace(inner, state=int(state))
                return replace(inner, state=state, why=inner.why | test.why)
        values = self.align(*(self.evaluate(a) for a in args))
        return functions.apply(node.op, values)

    def count(self, arg: Node) -> Value:
        table = None
        if arg.kind == "name" and "." not in arg.op:
            try:
                table = self.table_named(arg.op)
            except KeyError:
                table = None
        if table is not None:
            ones = Value(
                np.full(self.scope.rows_of(table), Fraction(1), dtype=object),
                np.zeros(self.scope.rows_of(table), dtype=np.int8),
                table=table,
            )
            return self.aggregate("sum", ones)
        tested = self.evaluate(arg)
        if tested.table is None:
            return replace(tested, data=Fraction(int(bool(tested.data))))
        numbers = np.array([Fraction(int(bool(v))) for v in tested.data], dtype=object)
        return self.aggregate("sum", replace(tested, data=numbers))

    def table_named(self, name: str) -> str:
        named = getattr(self.scope, "table_named", None)
        if named is None:
            raise KeyError(name)
        found: str = named(name)
        return found

    def aggregate(self, name: str, value: Value) -> Value:
        if value.table is None:
            return value
        parents = None
        if self.scope.table is not None and self.scope.table != value.table:
            parents = self.scope.parent_rows(value.table, self.scope.table)
        if parents is None:
            return functions.reduce(name, value)
        groups = self.scope.rows_of(self.scope.table or "")
        return functions.reduce_groups(name, value, parents, groups, self.scope.table or "")

    def extreme(self, name: str, values: list[Value]) -> Value:
        result = values[0]
        for value in values[1:]:
            a, b = self.align(result, value)
            state, why = _join(a, b)
            x, y = _pair(a, b)
            if x is None or y is None:
                result = _blank(a, b, state, why)
                continue
            take = x <= y if name == "min" else x >= y
            data = np.where(take, x, y) if isinstance(take, np.ndarray) else (x if take else y)
            result = Value(data, state, ONE, (), a.table or b.table, why, a.provenance | b.provenance)
        return result

    def share(self, weight: Value, size: Value) -> Value:
        """`weight` split over the rows by their `size`; rows that do not apply get none of it."""
        total = functions.reduce("sum", size)
        if total.state != KNOWN or total.data == 0:
            return missing(*(total.why or {"share"}))
        state, why = _join(weight, size)
        a, b = _pair(weight, size)
        return Value(a * b / total.data, state, ONE, (), size.table, why)

    def lookup(self, node: Node, column: Node) -> Value:
        """The one row of a pack's table whose key columns equal the given keys; missing when there is none."""
        wanted = self.scope.value_of(column.op)
        keys = [k for k in node.children if k.kind == "keyword"]
        table = column.op.partition(".")[0]
        rows_of = _Index(
            node.source,
            {k.op: self.scope.value_of(f"{table}.{k.op}") for k in keys},
            self.column(f"{table}.until"),
            len(wanted.data),
        )
        given = self.align(*(self.evaluate(k.children[0]) for k in keys)) if keys else ()
        label = f"{column.op}({', '.join(k.source for k in keys)})"
        target = next((g.table for g in given if g.table is not None), None)
        if target is None:
            bad = next((g for g in given if g.state != KNOWN), None)
            if bad is not None:
                return Value(None, bad.state, wanted.unit, wanted.basis, why=bad.why)
            row = rows_of.row(tuple(g.data for g in given))
            if row < 0:
                shown = ", ".join(str(g.data) for g in given)
                return missing(f"{column.op}[{shown}]")
            return Value(
                wanted.data[row],
                int(wanted.state[row]),
                wanted.unit,
                wanted.basis,
                why=wanted.why if wanted.state[row] != KNOWN else frozenset(),
            )
        size = self.scope.rows_of(target)
        states = np.zeros(size, dtype=np.int8)
        for value in given:
            states = np.maximum(states, value.state)
        rows = np.array(
            [
                rows_of.row(tuple(g.data if g.table is None else g.data[i] for g in given))
                if states[i] == KNOWN
                else -1
                for i in range(size)
            ],
            dtype=int,
        )
        if not len(wanted.data):
            nothing, unknown = np.full(size, Fraction(0), dtype=object), np.full(size, MISSING, dtype=np.int8)
            return Value(nothing, unknown, wanted.unit, wanted.basis, target, frozenset([label]))
        hits = np.where(rows < 0, MISSING, wanted.state[rows])
        state = np.where(states != KNOWN, states, hits).astype(np.int8)
        why = frozenset().union(*(g.why for g in given))
        return Value(wanted.data[rows], state, wanted.unit, wanted.basis, target, wanted.why | why | {label})

    def column(self, name: str) -> Value | None:
        """A column that a table may or may not have."""
        try:
            return self.scope.value_of(name)
        except (KeyError, TanbiaoError):
            return None

    def align(self, *values: Value) -> tuple[Value, ...]:
        """Bring columns of a parent table onto the rows of its child, where both meet in one expression."""
        tables = {v.table for v in values if v.table is not None}
        if len(tables) < 2:
            return values
        for child in tables:
            maps = {t: self.scope.parent_rows(child, t) for t in tables if t != child}
            if all(m is not None for m in maps.values()):
                result = []
                for value in values:
                    rows = maps.get(value.table) if value.table else None
                    if rows is None:
                        result.append(value)
                    else:
                        result.append(_of_parent(value, rows, child))
                return tuple(result)
        raise refuse("table-mismatch", formula="?", left=sorted(tables)[0], right=sorted(tables)[1])


class _Index:
    """Rows of a pack's table by key. A date column `since` is met by the newest row that is not after the given
    date (and, where there is a column `until`, not past it): a dated table never speaks outside its dates."""

    def __init__(self, source: str, columns: Mapping[str, Value], until: Value | None, size: int) -> None:
        self.source, self.until = source, until
        self.dated = list(columns).index("since") if "since" in columns else None
        self.since = columns.get("since")
        plain = [c.data for n, c in columns.items() if n != "since"]
        self.rows: dict[tuple[Any, ...], list[int]] = {}
        for row in range(size):
            self.rows.setdefault(tuple(c[row] for c in plain), []).append(row)

    def row(self, key: tuple[Any, ...]) -> int:
        """The row for `key`, -1 when there is none. Refuses (`lookup-ambiguous`) when several fit."""
        if self.dated is None or self.since is None:
            found = self.rows.get(key, [])
        else:
            date = key[self.dated]
            found = [
                r
                for r in self.rows.get((*key[: self.dated], *key[self.dated + 1 :]), [])
                if self.since.state[r] == KNOWN and self.since.data[r] <= date
            ]
            newest = max((self.since.data[r] for r in found), default=None)
            found = [r for r in found if self.since.data[r] == newest]
            if self.until is not None:
                found = [r for r in found if self.until.state[r] != KNOWN or date <= self.until.data[r]]
        if len(found) > 1:
            raise refuse("lookup-ambiguous", formula=self.source, count=len(found))
        return found[0] if found else -1


def _of_parent(value: Value, rows: Array, child: str) -> Value:
    """A parent's column on the rows of its child; missing where a row has no parent."""
    lost = rows < 0
    if len(value.data) == 0:
        blank: Any = False if value.data.dtype == bool else Fraction(0)
        data = np.full(len(rows), blank, dtype=value.data.dtype)
        return replace(value, data=data, state=np.full(len(rows), MISSING, dtype=np.int8), table=child)
    state = np.where(lost, MISSING, value.state[rows]).astype(np.int8)
    return replace(value, data=value.data[rows], state=state, table=child)


def _exact(data: Any) -> bool:
    return isinstance(data, Fraction) or (isinstance(data, np.ndarray) and data.dtype == object)


def _pair(left: Value, right: Value) -> tuple[Any, Any]:
    """Both operands exact, or both float64."""
    a, b = left.data, right.data
    if a is None or b is None or _exact(a) == _exact(b):
        return a, b
    return functions.as_float(a), functions.as_float(b)


def _blank(left: Value, right: Value, state: Any, why: frozenset[str]) -> Value:
    table = left.table or right.table
    if table is None:
        return Value(None, state, why=why)
    shape = np.shape(state)
    return Value(np.full(shape, Fraction(0), dtype=object), state, table=table, why=why)


def _join(left: Value, right: Value) -> tuple[Any, frozenset[str]]:
    """State of what needs both: missing when a part is missing, else not applicable when a part is."""
    why = left.why | right.why
    if left.table is None and right.table is None:
        states = {left.state, right.state}
        return (MISSING if MISSING in states else NOT_APPLICABLE if NOT_APPLICABLE in states else KNOWN), why
    a, b = np.asarray(left.state), np.asarray(right.state)
    size = left.data.shape if left.table is not None else right.data.shape
    joined = np.where((a == MISSING) | (b == MISSING), MISSING, np.maximum(a, b))
    return np.broadcast_to(joined, size).astype(np.int8), why


def _compare(op: str, a: Any, b: Any, state: Any) -> Any:
    if not isinstance(a, np.ndarray) and not isinstance(b, np.ndarray):
        return _one(op, a, b)
    floats = [x for x in (a, b) if (isinstance(x, np.ndarray) and x.dtype != object) or isinstance(x, float)]
    numeric = not isinstance(a, str | dt.date) and not isinstance(b, str | dt.date) and bool(floats)
    if numeric and not any(isinstance(x, np.ndarray) and x.dtype == bool for x in (a, b)):
        x, y = functions.as_float(a), functions.as_float(b)
        near = np.abs(x - y) <= RELATIVE_TOLERANCE * np.maximum(np.abs(x), np.abs(y))
        strict = {"<": x < y, "<=": x < y, ">": x > y, ">=": x > y, "==": near, "!=": ~near}[op]
        return strict if op in ("==", "!=") else (strict & ~near) if op in ("<", ">") else (strict | near)
    size = len(a) if isinstance(a, np.ndarray) else len(b)
    left = a if isinstance(a, np.ndarray) else [a] * size
    right = b if isinstance(b, np.ndarray) else [b] * size
    states = np.broadcast_to(np.asarray(state), (size,))
    return np.array(
        [bool(s == KNOWN and _one(op, x, y)) for x, y, s in zip(left, right, states, strict=True)]
    )


def _one(op: str, a: Any, b: Any) -> bool:
    if isinstance(a, Fraction | float) and isinstance(b, Fraction | float):
        sign = compare(a, b)
    else:
        sign = 0 if a == b else 1 if op in ("==", "!=") else (-1 if a < b else 1)
    return {"<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0, "==": sign == 0, "!=": sign != 0}[
        op
    ]


def _not(data: Any) -> Any:
    return ~data if isinstance(data, np.ndarray) else (not data)


def _open(why: frozenset[str], mine: Any, result: Any) -> frozenset[str]:
    """The reasons of an operand, where its own state is what leaves the result open."""
    return why if ((mine != KNOWN) & (mine == result)).any() else frozenset()


def _logic(decided: bool, left: Value, right: Value) -> Value:
    """`decided` is the value that settles the matter alone: True for or, False for and."""
    a, b = np.asarray(left.state), np.asarray(right.state)
    x = np.asarray(left.data if left.data is not None else False, dtype=bool)
    y = np.asarray(right.data if right.data is not None else False, dtype=bool)
    settled = ((a == KNOWN) & (x == decided)) | ((b == KNOWN) & (y == decided))
    unknown = (a == MISSING) | (b == MISSING)
    neither = (a == NOT_APPLICABLE) & (b == NOT_APPLICABLE)
    state = np.where(settled, KNOWN, np.where(unknown, MISSING, np.where(neither, NOT_APPLICABLE, KNOWN)))
    data = np.where(settled, decided, not decided)
    why = _open(left.why, a, state) | _open(right.why, b, state)
    table = left.table or right.table
    if table is None:
        final = int(state)
        return Value(bool(data), final, why=why if final != KNOWN else frozenset())
    return Value(data, state.astype(np.int8), table=table, why=why)
