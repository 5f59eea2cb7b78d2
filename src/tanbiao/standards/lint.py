"""Lint: everything that can be known of a rulebook before any facts: names, dimensions, bases, cycles, sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from ..core.errors import Place, Problem, TanbiaoError
from ..core.units import ONE, UnitError, dimension_text, unit
from ..core.value import KNOWN, basis, basis_text
from ..formula import Node, Type, check, names_in
from .clause import Clause
from .names import RulebookNames
from .pack import PackTable
from .resolve import Rulebook


def lint(rulebook: Rulebook) -> list[Problem]:
    """Every problem of a rulebook, with file and line."""
    names = RulebookNames(rulebook)
    problems: list[Problem] = []
    for clause in rulebook.clauses.values():
        problems += _clause(clause, names.of(clause), rulebook)
        if clause.kind == "grade":
            problems += _grade(clause, rulebook)
    problems += _cycles(rulebook, names)
    for table in rulebook.tables.values():
        if "review" not in table.columns:
            continue
        for row, mark in enumerate(table.values["review"].data):
            if mark not in ("verified", "transcribed", "secondary", "memory", "constructed"):
                problems.append(
                    Problem(
                        "clause-review",
                        Place(table.file, row + 3, "review"),
                        {"review": str(mark), "id": table.id},
                    )
                )
    return problems


def _clause(clause: Clause, names: RulebookNames, rulebook: Rulebook) -> Iterator[Problem]:
    if clause.subject is not None and names.table is None:
        yield Problem(
            "clause-of", clause.place, {"id": clause.id, "key": "for", "name": clause.subject.table}
        )
        return
    if clause.subject is not None and clause.subject.where is not None:
        yield from _formula(clause, clause.subject.where, names, "bool")
    if clause.when is not None:
        yield from _formula(clause, clause.when, RulebookNames(rulebook), "bool")
    if clause.formula is not None:
        yield from _result(clause, names)
    for option in clause.first:
        if option.when is not None:
            yield from _formula(clause, option.when, names, "bool")
        if option.key is not None:
            yield from _key(clause, option.key, rulebook)
        if option.provider is not None:
            yield from _formula(clause, option.provider, names, "text")
        for line in option.lines or ():
            yield from _formula(clause, line.coefficient, names, "number")
    for key, name in (("of", clause.of), ("per", clause.per), *clause.also.items()):
        if name and RulebookNames(rulebook).type_of(name) is None:
            yield Problem("clause-of", clause.place, {"id": clause.id, "key": key, "name": name})
    if clause.kind == "publish" and clause.rounding is None:
        of = RulebookNames(rulebook).type_of(clause.of)
        if of is not None and of.kind == "number":
            yield Problem("clause-needs", clause.place, {"key": "round", "kind": "publish", "id": clause.id})
    if clause.stages and clause.stages not in rulebook.tables:
        yield Problem("clause-of", clause.place, {"id": clause.id, "key": "stages", "name": clause.stages})
    for choice in clause.alternative:
        target = rulebook.clauses.get(choice.replace("-", "_"))
        if target is None or target.kind != "choose":
            yield Problem("clause-of", clause.place, {"id": clause.id, "key": "options", "name": choice})


def _key(clause: Clause, node: Node, rulebook: Rulebook) -> Iterator[Problem]:
    """An allocation key is read for each product of the process."""
    yield from _formula(clause, node, RulebookNames(rulebook, "product"), None)


def _formula(clause: Clause, node: Node, names: RulebookNames, kind: str | None) -> Iterator[Problem]:
    try:
        found = check(node, names, clause.converts)
    except TanbiaoError as error:
        for problem in error.problems:
            yield replace(problem, place=clause.place, clause=clause.address)
        return
    if kind is not None and found.kind != kind:
        yield Problem(
            "kind-mismatch",
            clause.place,
            {"formula": node.source, "kind": found.kind, "wanted": kind},
            clause.address,
        )


def _result(clause: Clause, names: RulebookNames) -> Iterator[Problem]:
    if clause.formula is None:
        return
    kind = "bool" if clause.kind == "check" else clause.value_kind
    if clause.inputs:
        yield from _empirical(clause, names)
        return
    try:
        found = check(clause.formula, names, clause.converts)
    except TanbiaoError as error:
        for problem in error.problems:
            yield replace(problem, place=clause.place, clause=clause.address)
        return
    if found.kind != kind:
        yield Problem(
            "kind-mismatch",
            clause.place,
            {"formula": clause.formula.source, "kind": found.kind, "wanted": kind},
            clause.address,
        )
    elif kind == "number":
        if found.dimension is not None and found.dimension != clause.unit.dimension:
            yield Problem(
                "clause-type",
                clause.place,
                {
                    "id": clause.id,
                    "declared": clause.unit.text or "1",
                    "inferred": dimension_text(found.dimension),
                },
                clause.address,
            )
        declared = dict(clause.basis)
        inferred = dict(found.basis or ())
        wrong = {k for k, v in inferred.items() if declared.get(k) != v} - clause.converts
        if wrong:
            yield Problem(
                "clause-type",
                clause.place,
                {
                    "id": clause.id,
                    "declared": basis_text(clause.basis),
                    "inferred": basis_text(found.basis or ()),
                },
                clause.address,
            )
    scope_table = names.table
    if found.table is not None and found.table != scope_table:
        yield Problem(
            "table-mismatch",
            clause.place,
            {"formula": clause.formula.source, "left": found.table, "right": scope_table or "-"},
            clause.address,
        )


def _empirical(clause: Clause, names: RulebookNames) -> Iterator[Problem]:
    """Numeric-value form: the inputs are stripped of their declared units, the result is stamped."""

    class Stripped:
        table = names.table

        def type_of(self, name: str) -> Type | None:
            found = names.type_of(name)
            return Type("number", (), None, found.table) if name in clause.inputs and found else found

        def parent_of(self, table: str) -> str | None:
            return names.parent_of(table)

    for name, measured in clause.inputs.items():
        found = names.type_of(name)
        if found is None:
            yield Problem("name-unknown", clause.place, {"name": name, "formula": clause.id}, clause.address)
        elif found.dimension is not None and found.dimension != measured.dimension:
            yield Problem(
                "dimension-mismatch",
                clause.place,
                {"formula": name, "left": dimension_text(found.dimension), "right": measured.text},
                clause.address,
            )
    if clause.formula is not None:
        try:
            found_type = check(clause.formula, Stripped(), clause.converts)
        except TanbiaoError as error:
            for problem in error.problems:
                yield replace(problem, place=clause.place, clause=clause.address)
            return
        if found_type.dimension not in (None, ONE.dimension):
            yield Problem(
                "clause-type",
                clause.place,
                {"id": clause.id, "declared": "1", "inferred": dimension_text(found_type.dimension or ())},
                clause.address,
            )


_GRADE_COLUMNS = {
    "first_met": ("id", "value"),
    "every_met": ("id", "value"),
    "membership": ("id", "value", "category", "category_weight", "weight"),
    "profile": ("id", "value"),
    "ratio": ("id", "value", "category", "weight", "baseline", "better"),
}


class _CellNames:
    """What a cell of a grade's table may speak of: `x`, the columns of its row, and names as bare numbers."""

    table: str | None = None

    def __init__(self, rulebook: Rulebook, table: PackTable, x: Type | None, shared: bool = False) -> None:
        self.names, self.pack_table, self.x, self.shared = RulebookNames(rulebook), table, x, shared
        self.table = table.id if shared else None

    def type_of(self, name: str) -> Type | None:
        if name == "x":
            return self.x
        if name in self.pack_table.columns:
            return _bare(Type(self.pack_table.columns[name].kind))  # type: ignore[arg-type]
        if self.shared and "product" in self.pack_table.columns:
            for clause in self.names.rulebook.of_kind("given"):
                if any(c.name == name and c.kind == "number" for c in clause.columns):
                    return Type("number", (), None, self.pack_table.id)
        found = self.names.type_of(name)
        return _bare(found) if found is not None and found.table is None else None

    def parent_of(self, table: str) -> str | None:
        return None


def _bare(found: Type) -> Type:
    return Type("number", (), None) if found.kind == "number" else Type(found.kind)


def _grade(clause: Clause, rulebook: Rulebook) -> Iterator[Problem]:
    """The table of a grade: columns, the quantities it names with dimension and basis, cells, weights."""
    table = rulebook.tables[clause.table]
    levels = [str(k) for k in clause.settings.get("levels") or {}]
    if not levels:
        yield Problem("grade-levels", clause.place, {"id": clause.id})
    if clause.style not in _GRADE_COLUMNS:
        yield Problem("grade-style", clause.place, {"style": clause.style})
        return
    lacking = [c for c in _GRADE_COLUMNS[clause.style] if c not in table.columns]
    lacking += [k for k in (("baseline",) if clause.style == "ratio" else levels) if k not in table.cells]
    for column in lacking:
        yield Problem(
            "grade-column", Place(table.file, 1), {"column": column, "table": table.id}, clause.address
        )
    if lacking:
        return
    names = RulebookNames(rulebook)
    for row in range(table.rows):
        found = names.type_of(str(table.values["value"].data[row]))
        yield from _graded_value(clause, table, row, found)
        baselines = _CellNames(rulebook, table, _bare(found) if found else None)
        if clause.style == "ratio":
            yield from _cell(clause, table, "baseline", row, baselines, "number")
            continue
        for level in levels:
            yield from _cell(clause, table, level, row, baselines, "bool")
        shares = _CellNames(rulebook, table, None, shared=True)
        yield from _cell(clause, table, "weight", row, shares, "number")
    if clause.style == "membership":
        yield from _weights(clause, table)


def _graded_value(clause: Clause, table: PackTable, row: int, found: Type | None) -> Iterator[Problem]:
    name = str(table.values["value"].data[row])
    if found is None:
        yield Problem(
            "name-unknown",
            Place(table.file, row + 3, "value"),
            {"name": name, "formula": name},
            clause.address,
        )
        return
    if found.table is not None:
        yield Problem(
            "table-mismatch",
            Place(table.file, row + 3, "value"),
            {"formula": name, "left": found.table, "right": "-"},
            clause.address,
        )
    if found.kind != "number":
        return
    text = str(table.values["unit"].data[row]) if "unit" in table.columns else ""
    try:
        measured = unit(text)
    except UnitError:
        yield Problem("unit-unknown", Place(table.file, row + 3, "unit"), {"unit": text}, clause.address)
        return
    if found.dimension is not None and found.dimension != measured.dimension:
        yield Problem(
            "dimension-mismatch",
            Place(table.file, row + 3, "unit"),
            {
                "formula": name,
                "left": dimension_text(found.dimension),
                "right": dimension_text(measured.dimension),
            },
            clause.address,
        )
    words = str(table.values["basis"].data[row]) if "basis" in table.columns else ""
    pairs = (p.partition(":") for p in words.split(",") if p.strip())
    wanted = basis({k.strip(): v.strip() for k, _, v in pairs})
    if (found.basis or ()) != wanted:
        cell = "basis" if "basis" in table.columns else "value"
        yield Problem(
            "basis-mismatch",
            Place(table.file, row + 3, cell),
            {"formula": name, "left": basis_text(found.basis or ()), "right": basis_text(wanted)},
            clause.address,
        )


def _cell(
    clause: Clause, table: PackTable, column: str, row: int, names: _CellNames, kind: str
) -> Iterator[Problem]:
    cells = table.cells.get(column)
    node = cells[row] if cells is not None else None
    if node is None:
        return
    place = Place(table.file, row + 3, column)
    try:
        found = check(node, names)
    except TanbiaoError as error:
        for problem in error.problems:
            yield replace(problem, place=place, clause=clause.address)
        return
    if found.kind != kind:
        yield Problem(
            "kind-mismatch",
            place,
            {"formula": node.source, "kind": found.kind, "wanted": kind},
            clause.address,
        )


def _weights(clause: Clause, table: PackTable) -> Iterator[Problem]:
    """Weights are exact: categories sum to one, indicators to one in their category (or to its weight).
    A weight shared by product mix counts once for its group."""
    first: dict[str, Fraction] = {}
    sums: dict[str, Fraction] = {}
    counted: set[tuple[str, str, str]] = set()
    for row in range(table.rows):
        category = str(table.values["category"].data[row])
        if table.values["category_weight"].state[row] == KNOWN:
            first[category] = table.values["category_weight"].data[row]
        weight = _plain_weight(table, row)
        if isinstance(weight, tuple):
            group = str(table.values["group"].data[row]) if "group" in table.columns else ""
            key = (category, group, weight[0])
            weight = Fraction(0) if key in counted else weight[1]
            counted.add(key)
        sums[category] = sums.get(category, Fraction(0)) + weight
    extra = str(clause.settings.get("bonus") or "").split()
    if sum(w for c, w in first.items() if c not in extra) != 1:
        yield Problem(
            "grade-weights",
            Place(table.file, 1, "category_weight"),
            {"category": ", ".join(first)},
            clause.address,
        )
    for category, total in sums.items():
        whole = first.get(category) if clause.settings.get("weight_mode") == "absolute" else Fraction(1)
        if total != whole:
            yield Problem(
                "grade-weights", Place(table.file, 1, "weight"), {"category": category}, clause.address
            )


def _plain_weight(table: PackTable, row: int) -> Fraction | tuple[str, Fraction]:
    """The number in a weight cell, or a shared weight with the text that shares it."""
    cells = table.cells.get("weight")
    if cells is None:
        found: Fraction = table.values["weight"].data[row]
        return found
    node = cells[row]
    if node is not None and node.kind == "call" and node.op == "share" and node.children[0].kind == "literal":
        return node.source, node.children[0].value.data
    return node.value.data if node is not None and node.kind == "literal" else Fraction(0)


def _cycles(rulebook: Rulebook, names: RulebookNames) -> Iterator[Problem]:
    """A circle of references has no value. Whatever reads `line` depends on every choice."""
    choices = [c.name for c in rulebook.clauses.values() if c.kind == "choose"]

    def below(clause: Clause) -> set[str]:
        found: set[str] = set()
        for node in clause.formulas():
            for name in names_in(node):
                head = name.partition(".")[0]
                if head == "line":
                    found.update(choices)
                elif name in rulebook.clauses:
                    found.add(name)
        if clause.kind == "grade" and clause.table in rulebook.tables:
            table = rulebook.tables[clause.table]
            cells = [n for c in table.cells.values() for node in c if node for n in names_in(node)]
            named = table.values["value"].data if "value" in table.columns else ()
            found.update(n for n in (*cells, *map(str, named)) if n in rulebook.clauses)
        if clause.kind == "publish":
            found.update(n for n in (clause.of, clause.per, *clause.also.values()) if n in rulebook.clauses)
        found.discard(clause.name) if clause.subject is not None and clause.kind == "given" else None
        return found

    done: set[str] = set()
    path: list[str] = []

    def visit(name: str) -> Iterator[Problem]:
        if name in path:
            circle = [*path[path.index(name) :], name]
            yield Problem("clause-cycle", rulebook.clauses[name].place, {"path": " → ".join(circle)})
            return
        if name in done:
            return
        path.append(name)
        for other in sorted(below(rulebook.clauses[name])):
            yield from visit(other)
        path.pop()
        done.add(name)

    for name in rulebook.clauses:
        yield from visit(name)
