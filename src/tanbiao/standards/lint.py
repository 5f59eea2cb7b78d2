"""Lint: everything that can be known of a rulebook before any facts: names, dimensions, bases, cycles, sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..core.errors import Place, Problem, TanbiaoError
from ..core.units import ONE, dimension_text
from ..core.value import basis_text
from ..formula import Node, Type, check, names_in
from .clause import Clause
from .names import RulebookNames
from .resolve import Rulebook


def lint(rulebook: Rulebook) -> list[Problem]:
    """Every problem of a rulebook, with file and line."""
    names = RulebookNames(rulebook)
    problems: list[Problem] = []
    for clause in rulebook.clauses.values():
        problems += _clause(clause, names.of(clause), rulebook)
    problems += _cycles(rulebook, names)
    for table in rulebook.tables.values():
        if "review" not in table.columns:
            continue
        for row, mark in enumerate(table.values["review"].data):
            if mark not in ("verified", "transcribed", "secondary", "memory", "constructed"):
                problems.append(Problem("clause-review", Place(table.file, row + 3, "review"),
                                        {"review": str(mark), "id": table.id}))
    return problems


def _clause(clause: Clause, names: RulebookNames, rulebook: Rulebook) -> Iterator[Problem]:
    if clause.subject is not None and names.table is None:
        yield Problem("clause-of", clause.place, {"id": clause.id, "key": "for", "name": clause.subject.table})
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
        yield Problem("kind-mismatch", clause.place, {"formula": node.source, "kind": found.kind, "wanted": kind},
                      clause.address)


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
        yield Problem("kind-mismatch", clause.place,
                      {"formula": clause.formula.source, "kind": found.kind, "wanted": kind}, clause.address)
    elif kind == "number":
        if found.dimension is not None and found.dimension != clause.unit.dimension:
            yield Problem("clause-type", clause.place, {"id": clause.id, "declared": clause.unit.text or "1",
                                                        "inferred": dimension_text(found.dimension)}, clause.address)
        declared = dict(clause.basis)
        inferred = dict(found.basis or ())
        wrong = {k for k, v in inferred.items() if declared.get(k) != v} - clause.converts
        if wrong:
            yield Problem("clause-type", clause.place,
                          {"id": clause.id, "declared": basis_text(clause.basis),
                           "inferred": basis_text(found.basis or ())}, clause.address)
    scope_table = names.table
    if found.table is not None and found.table != scope_table:
        yield Problem("table-mismatch", clause.place,
                      {"formula": clause.formula.source, "left": found.table, "right": scope_table or "-"},
                      clause.address)


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
            yield Problem("dimension-mismatch", clause.place,
                          {"formula": name, "left": dimension_text(found.dimension), "right": measured.text},
                          clause.address)
    if clause.formula is not None:
        try:
            found_type = check(clause.formula, Stripped(), clause.converts)
        except TanbiaoError as error:
            for problem in error.problems:
                yield replace(problem, place=clause.place, clause=clause.address)
            return
        if found_type.dimension not in (None, ONE.dimension):
            yield Problem("clause-type", clause.place,
                          {"id": clause.id, "declared": "1", "inferred": dimension_text(found_type.dimension or ())},
                          clause.address)


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
        if clause.kind == "publish":
            found.update(n for n in (clause.of, clause.per, *clause.also.values()) if n in rulebook.clauses)
        found.discard(clause.name) if clause.subject is not None and clause.kind == "given" else None
        return found

    done: set[str] = set()
    path: list[str] = []

    def visit(name: str) -> Iterator[Problem]:
        if name in path:
            circle = [*path[path.index(name):], name]
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
