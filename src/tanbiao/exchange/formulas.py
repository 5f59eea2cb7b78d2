"""Formulas of strangers, computed again in our formula language and held against the amounts the source gives.

The source's own amount is what counts: it was computed by the program that knows the formula's dialect. Ours fills in
where the source gives a formula alone. What differs by more than 1e-6, and what our language cannot read, is reported.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Iterator, Mapping
from numbers import Real
from typing import Any

import msgspec

from ..core.errors import Place, TanbiaoError
from ..core.value import Value, known
from ..formula import evaluate, parse
from .model import Allocation, Exchange, Inventory, Parameter, Process

TOLERANCE = 1e-6
MAX_DEPTH = 40
CONSTANTS = {"pi": math.pi, "e": math.e}
_WORDS = (
    (re.compile(r"\^"), "**"),
    (re.compile(r";"), ","),
    (re.compile(r"<>"), "!="),
    (re.compile(r"&&?"), " and "),
    (re.compile(r"\|\|?"), " or "),
    (re.compile(r"(?<![<>=!])=(?!=)"), "=="),
)
_SPOKEN = frozenset(("and", "or", "not", "if", "else", "true", "false"))
_RESERVED = re.compile(rf"\b(?:{'|'.join(sorted({k.lower() for k in keyword.kwlist} - _SPOKEN))})\b")
_MARK = "_as_name"
"""`yield` and `lambda` are good names of parameters, and words of the grammar that our language borrows."""
_IF = re.compile(r"\b(?:iif|iff|if)\s*\(")


class Uncomputable(ValueError):
    """Why a formula has no value here."""


def computed(inventory: Inventory) -> None:
    """Compute the formulas of an inventory: its parameters at once, its processes as they are read."""
    common = Names(inventory.parameters)
    if any(q.formula for q in inventory.parameters):
        report = _Report(inventory, Place(inventory.name), "-")
        inventory.parameters = [_parameter(q, common, report) for q in inventory.parameters]
        report.close()
    if isinstance(inventory.processes, tuple):
        inventory.processes = tuple(_computed(inventory, inventory.processes, common))
    else:
        inventory.processes = _computed(inventory, iter(inventory.processes), common)


def _computed(inventory: Inventory, processes: Any, common: Names) -> Iterator[Process]:
    for p in processes:
        yield _process(p, inventory, common) if _speaks(p) else p


def _speaks(p: Process) -> bool:
    """Whether there is a formula in it. Plain loops: this is asked of every exchange of a database."""
    for x in p.exchanges:
        if x.formula:
            return True
    for q in p.parameters:
        if q.formula:
            return True
    return any(a.formula for a in p.allocations)


def _process(p: Process, inventory: Inventory, common: Names) -> Process:
    file, _, path = (p.where or p.id).partition("#")
    report = _Report(inventory, Place(file or inventory.name, path=path or None), p.id)
    names = Names(p.parameters, common)
    made = msgspec.structs.replace(
        p,
        parameters=tuple(_parameter(q, names, report) for q in p.parameters),
        exchanges=tuple(_exchange(x, names, report) for x in p.exchanges),
        allocations=tuple(_allocation(a, names, report) for a in p.allocations),
    )
    report.close()
    return made


def _parameter(q: Parameter, names: Names, report: _Report) -> Parameter:
    if not q.formula:
        return q
    value = report.hold(q.name, q.formula, math.nan if q.value is None else q.value, names)
    return q if math.isnan(value) or value == q.value else msgspec.structs.replace(q, value=value)


def _exchange(x: Exchange, names: Names, report: _Report) -> Exchange:
    if not x.formula:
        return x
    value = report.hold(f"#{x.number} {x.name or x.flow}", x.formula, x.amount, names)
    return x if value == x.amount or math.isnan(value) else msgspec.structs.replace(x, amount=value)


def _allocation(a: Allocation, names: Names, report: _Report) -> Allocation:
    if a.formula:
        report.hold(f"{a.method} {a.product}", a.formula, a.value, names)
    return a


class _Report:
    """One problem for each kind of trouble in a process, with its first few formulas."""

    def __init__(self, inventory: Inventory, place: Place, item: str) -> None:
        self.inventory, self.place, self.item = inventory, place, item
        self.differ: list[str] = []
        self.unread: list[str] = []

    def hold(self, what: str, formula: str, said: float, names: Names) -> float:
        """The amount to be used: the source's, or ours where it gives none."""
        try:
            value = names.number(formula)
        except Uncomputable as error:
            self.unread.append(f"{what}: {formula[:60]} ({error})")
            return said
        if math.isnan(said):
            return value
        if abs(value - said) > TOLERANCE * max(abs(value), abs(said)):
            self.differ.append(f"{what}: {formula[:60]} = {value:.9g} ≠ {said:.9g}")
        return said

    def close(self) -> None:
        for code, found in (
            ("exchange-formula-differs", self.differ),
            ("exchange-formula-unread", self.unread),
        ):
            if found:
                self.inventory.report(
                    code,
                    self.place,
                    "warning",
                    item=self.item,
                    count=len(found),
                    examples="; ".join(found[:3]),
                )


class Names:
    """The values that formulas may name, whatever their case: parameters, and those around them. A scope of the
    formula language."""

    table: str | None = None

    def __init__(self, parameters: Any, around: Names | None = None) -> None:
        self._of: dict[str, Parameter] = {q.name.casefold(): q for q in parameters}
        self._around = around
        self._values: dict[str, float] = {}
        self._open: list[str] = []

    def number(self, formula: str) -> float:
        """The value of a formula. Raises `Uncomputable`."""
        try:
            value = evaluate(parse(translated(formula)), self)
        except TanbiaoError as error:
            raise Uncomputable(error.problems[0].code) from None
        except (ArithmeticError, TypeError, ValueError, RecursionError) as error:
            raise Uncomputable(str(error)[:60] or type(error).__name__) from None
        if not value.known or value.table is not None or not isinstance(value.data, Real):
            raise Uncomputable("; ".join(sorted(value.why)) or "no number")
        try:
            found = float(value.data)
        except OverflowError:
            raise Uncomputable("too large") from None
        if not math.isfinite(found):
            raise Uncomputable("not finite")
        return found

    def value_of(self, name: str) -> Value:
        return known(self._named(name.casefold().removesuffix(_MARK)))

    def _named(self, name: str) -> float:
        q = self._of.get(name)
        if q is None:
            if self._around is not None:
                return self._around._named(name)
            if name in CONSTANTS:
                return CONSTANTS[name]
            raise Uncomputable(f"‘{name}’ has no value")
        if name not in self._values:
            self._values[name] = self._parameter(name, q)
        return self._values[name]

    def _parameter(self, name: str, q: Parameter) -> float:
        if q.formula:
            if name in self._open or len(self._open) > MAX_DEPTH:
                raise Uncomputable(f"‘{name}’ depends on itself")
            self._open.append(name)
            try:
                return self.number(q.formula)
            except Uncomputable:
                if q.value is None:
                    raise
            finally:
                self._open.pop()
        if q.value is None:
            raise Uncomputable(f"‘{name}’ has no value")
        return q.value

    def rows_of(self, table: str) -> int:
        raise Uncomputable(f"‘{table}’ is no table")

    def parent_rows(self, child: str, parent: str) -> None:
        return None

    def under(self, options: Mapping[str, str], formula: Any) -> Value:
        raise Uncomputable("‘under’ has no meaning here")

    def options_of(self, name: str) -> Mapping[str, str]:
        raise Uncomputable(f"‘{name}’ stands for no options")

    def chance(self, formula: Any) -> Value:
        raise Uncomputable("‘chance’ has no meaning here")

    def declared(self, provider: Value, word: str) -> Value:
        raise Uncomputable("‘declared’ has no meaning here")

    def impact(self, category: str, unit: str) -> Value:
        raise Uncomputable("‘impact’ has no meaning here")

    def uncounted(self, category: str) -> Value:
        raise Uncomputable("‘uncounted’ has no meaning here")


def translated(formula: str) -> str:
    """A formula of openLCA, ecoSpold, SimaPro or a spreadsheet in our words: `if(a;b;c)`, `^`, `;`, `<>`, `=`."""
    text = formula.strip().removeprefix("=").lower()
    for pattern, word in _WORDS:
        text = pattern.sub(word, text)
    text = _RESERVED.sub(lambda word: word.group() + _MARK, text)
    at = 0
    while found := _IF.search(text, at):
        parts, end = _arguments(text, found.end())
        if len(parts) == 3:
            text = f"{text[: found.start()]}(({parts[1]}) if ({parts[0]}) else ({parts[2]})){text[end:]}"
            at = found.start() + 1
        else:
            at = found.end()
    return text


def _arguments(text: str, start: int) -> tuple[list[str], int]:
    """The arguments of a call whose parenthesis opened before `start`, and where it ends; empty where it does not."""
    depth, begin = 1, start
    parts: list[str] = []
    for at in range(start, len(text)):
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0:
            return [*parts, text[begin:at]], at + 1
        if text[at] == "," and depth == 1:
            parts.append(text[begin:at])
            begin = at + 1
    return [], len(text)


__all__ = ["Names", "Uncomputable", "computed", "translated"]
