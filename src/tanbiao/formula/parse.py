"""Text → tree. Hostile text is refused by length, depth and node count before and after Python's parser sees it."""

from __future__ import annotations

import ast
import re
import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from ..core.errors import Place, TanbiaoError, refuse
from ..core.numbers import number
from ..core.units import UnitError, unit
from ..core.value import Value, known

MAX_LENGTH, MAX_DEPTH, MAX_NODES, MAX_POWER = 2000, 30, 400, 6

FUNCTIONS = frozenset(
    {
        "sum",
        "min",
        "max",
        "mean",
        "count",
        "all",
        "any",
        "abs",
        "sqrt",
        "exp",
        "ln",
        "share",
        "lookup",
        "under",
        "known",
        "applies",
        "date",
        "months_after",
        "days_between",
        "year_of",
        "days_in",
        "contains",
        "where",
        "rank",
        "declared",
        "chance",
        "spelled",
        "leading",
        "impact",
        "uncounted",
    }
)
"""Every function a formula may call; see `functions.py` for what they do."""

_COMPARE: dict[type, str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_BINARY: dict[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}


@dataclass(frozen=True)
class Node:
    """One part of a formula.

    kind: literal | name | unary | binary | compare | logic | if | call | choices | options
    op: operator, function or (dotted) name; `value` is set for literals only.
    """

    kind: str
    op: str
    children: tuple[Node, ...]
    source: str
    column: int
    value: Any = None


def parse(text: str, place: Place | None = None) -> Node:
    """Read one formula. Refuses (`formula-too-long`, `formula-too-deep`, `formula-syntax`, `formula-forbidden`)."""
    try:
        return _parse(text.strip())
    except TanbiaoError as error:
        if place is None:
            raise
        raise refuse(error.problems[0].code, place, **error.problems[0].args) from None


@lru_cache(maxsize=8192)
def _parse(text: str) -> Node:
    if len(text) <= MAX_LENGTH:
        text = unicodedata.normalize("NFKC", text).replace("≤", "<=").replace("≥", ">=").replace("×", "*")
    _limit(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `1if` and the like: the tree decides, not the warning
            tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        column = getattr(error, "offset", None) or 1
        raise refuse("formula-syntax", text=_short(text), column=column) from None
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
        raise refuse("formula-too-deep", text=_short(text), limit=MAX_NODES)
    if _degree(tree.body) > MAX_POWER:
        raise refuse("formula-power", text=_short(text), limit=MAX_POWER)
    return _Reader(text).read(tree.body, 0)


def parse_predicate(text: str, subject: str) -> Node:
    """A table cell such as `<= 10 + 5*n`, `>= 90 and <= 98`, `== "yes"` as a condition on the name `subject`."""
    source = unicodedata.normalize("NFKC", text.strip()).replace("≤", "<=").replace("≥", ">=")
    parts = re.split(r"\s+(and|or)\s+", source)
    rebuilt = []
    for part in parts:
        if part in ("and", "or"):
            rebuilt.append(part)
        elif re.match(r"(<=|>=|==|!=|<|>|in\b)", part):
            rebuilt.append(f"{subject} {part}")
        else:
            rebuilt.append(part)
    return parse(" ".join(rebuilt))


def names_in(node: Node) -> Iterator[str]:
    """Every (dotted) name that a formula mentions, outside the option maps of `under`."""
    if node.kind == "name":
        yield node.op
    for child in node.children:
        yield from names_in(child)


_LONG_RUN = re.compile(rf"(?:[-+~]\s*){{{MAX_DEPTH},}}|(?:\bnot\s+){{{MAX_DEPTH},}}")
"""Signs or negations in a row that would nest too deeply."""


def _limit(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise refuse("formula-too-long", text=_short(text), length=len(text), limit=MAX_LENGTH)
    if not text:
        raise refuse("formula-syntax", text="", column=1)
    depth = deepest = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH or _LONG_RUN.search(text):
        raise refuse("formula-too-deep", text=_short(text), limit=MAX_DEPTH)


def _degree(tree: ast.AST) -> int:
    """The highest power that nested `**` give: `(x**3)**4` is of degree 12."""
    below = max((_degree(child) for child in ast.iter_child_nodes(tree)), default=1)
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Pow):
        exponent = tree.right.operand if isinstance(tree.right, ast.UnaryOp) else tree.right
        if isinstance(exponent, ast.Constant) and type(exponent.value) is int:
            return below * max(1, exponent.value)
    return below


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.bytes = text.encode()

    def read(self, node: ast.expr, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise refuse("formula-too-deep", text=_short(self.text), limit=MAX_DEPTH)
        below = depth + 1
        match node:
            case ast.Constant(value=bool() as value):
                return self.node("literal", "", (), node, Value(value))
            case ast.Constant(value=int() | float()):
                return self.node("literal", "", (), node, known(self.exact(node)))
            case ast.Constant(value=str() as value):
                return self.node("literal", "", (), node, Value(value))
            case ast.Name(id=name):
                if name in ("true", "false"):
                    return self.node("literal", "", (), node, Value(name == "true"))
                return self.node("name", self.plain(name, node), (), node)
            case ast.Attribute(value=ast.Name(id=first), attr=second):
                return self.node("name", f"{self.plain(first, node)}.{self.plain(second, node)}", (), node)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.node("unary", "-", (self.read(operand, below),), node)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.read(operand, below)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.node("unary", "not", (self.read(operand, below),), node)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                if isinstance(op, ast.Pow):
                    self.check_power(right, node)
                return self.node(
                    "binary", _BINARY[type(op)], (self.read(left, below), self.read(right, below)), node
                )
            case ast.BoolOp(op=op, values=values):
                word = "and" if isinstance(op, ast.And) else "or"
                return self.node("logic", word, tuple(self.read(v, below) for v in values), node)
            case ast.Compare(left=left, ops=ops, comparators=rights) if all(type(o) in _COMPARE for o in ops):
                return self.comparison(node, left, ops, rights, below)
            case ast.IfExp(test=test, body=body, orelse=other):
                return self.node("if", "", tuple(self.read(n, below) for n in (test, body, other)), node)
            case ast.Tuple(elts=elts) | ast.List(elts=elts):
                return self.node("choices", "", tuple(self.read(e, below) for e in elts), node)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
                return self.call(node, name, args, keywords, below)
        raise refuse("formula-forbidden", text=_short(self.source(node)), column=node.col_offset + 1)

    def comparison(
        self, node: ast.Compare, left: ast.expr, ops: list[ast.cmpop], rights: list[ast.expr], below: int
    ) -> Node:
        parts, previous = [], self.read(left, below)
        for op, right in zip(ops, rights, strict=True):
            following = self.read(right, below)
            parts.append(self.node("compare", _COMPARE[type(op)], (previous, following), node))
            previous = following
        return parts[0] if len(parts) == 1 else self.node("logic", "and", tuple(parts), node)

    def call(
        self, node: ast.Call, name: str, args: list[ast.expr], keywords: list[ast.keyword], below: int
    ) -> Node:
        if name == "q":
            return self.quantity(node, args, keywords)
        if name not in FUNCTIONS:
            raise refuse(
                "formula-function",
                text=_short(self.source(node)),
                name=_short(name),
                column=node.col_offset + 1,
            )
        children = []
        for position, arg in enumerate(args):
            if name == "under" and position == 0 and isinstance(arg, ast.Dict):
                children.append(self.options(arg))
            else:
                children.append(self.read(arg, below))
        for keyword in keywords:
            if keyword.arg is None:
                raise refuse("formula-forbidden", text="**", column=node.col_offset + 1)
            inner = self.read(keyword.value, below)
            children.append(
                Node("keyword", self.plain(keyword.arg, node), (inner,), inner.source, inner.column)
            )
        return self.node("call", name, tuple(children), node)

    def options(self, node: ast.Dict) -> Node:
        chosen: dict[str, str] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            name = (
                key.id if isinstance(key, ast.Name) else key.value if isinstance(key, ast.Constant) else None
            )
            option = (
                value.id
                if isinstance(value, ast.Name)
                else (value.value if isinstance(value, ast.Constant) else None)
            )
            if not isinstance(name, str) or not isinstance(option, str):
                raise refuse("formula-forbidden", text=_short(self.source(node)), column=node.col_offset + 1)
            chosen[name] = option
        return self.node("options", "", (), node, chosen)

    def quantity(self, node: ast.Call, args: list[ast.expr], keywords: list[ast.keyword]) -> Node:
        if (
            len(args) == 1
            and not keywords
            and isinstance(args[0], ast.Constant)
            and isinstance(args[0].value, str)
        ):
            amount, _, rest = args[0].value.strip().partition(" ")
            try:
                return self.node("literal", "q", (), node, known(number(amount), unit(rest)))
            except UnitError:
                raise refuse("unit-unknown", unit=_short(rest)) from None
            except ValueError:
                raise refuse("number-expected", text=_short(amount)) from None
        raise refuse("formula-forbidden", text=_short(self.source(node)), column=node.col_offset + 1)

    def check_power(self, exponent: ast.expr, node: ast.expr) -> None:
        value = exponent.operand if isinstance(exponent, ast.UnaryOp) else exponent
        if not (isinstance(value, ast.Constant) and type(value.value) is int and value.value <= MAX_POWER):
            raise refuse("formula-power", text=_short(self.source(node)), limit=MAX_POWER)

    def exact(self, node: ast.expr) -> Fraction:
        try:
            return number(self.source(node).replace("_", ""))
        except ValueError:
            raise refuse("number-expected", text=_short(self.source(node))) from None

    def plain(self, name: str, node: ast.expr) -> str:
        if name.startswith("_") or "__" in name or len(name) > 80:
            raise refuse("formula-forbidden", text=_short(name), column=node.col_offset + 1)
        return name

    def source(self, node: ast.expr) -> str:
        lines = self.text.split("\n")
        if len(lines) == 1:
            return self.bytes[node.col_offset : node.end_col_offset].decode()
        return ast.get_source_segment(self.text, node) or ""

    def node(self, kind: str, op: str, children: tuple[Node, ...], node: ast.expr, value: Any = None) -> Node:
        return Node(kind, op, children, self.source(node), node.col_offset + 1, value)
