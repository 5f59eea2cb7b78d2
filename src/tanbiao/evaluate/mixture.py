"""A mixture: a rulebook that takes each axis from one of two rulebooks, with whatever the clauses rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..core.errors import refuse
from ..core.units import unit
from ..standards.clause import Clause
from ..standards.resolve import Rulebook
from .axes import BOUNDARY, TOTAL, axis_of, content, headline_of, needs_of, total_of

LEFT, RIGHT, ASIDE = "left", "right", "aside"
CO2E_UNIT = "kgCO2e"
CO2E = unit(CO2E_UNIT)


def mixture(left: Rulebook, right: Rulebook, take: Mapping[str, str]) -> Rulebook:
    """A rulebook of the clauses that `take` chooses by axis, with what they rest on: one total, one set of stages.

    take: axis → left, right or aside (dropped). Raises `TanbiaoError` (`compare-names`) when two different clauses of
    one name would be needed.
    """
    clauses: dict[str, Clause] = {}
    tables: dict[str, Any] = {}
    books = {LEFT: left, RIGHT: right}

    def add(clause: Clause, book: Rulebook) -> None:
        there = clauses.get(clause.name)
        if there is None:
            clauses[clause.name] = clause
        elif (
            clause.kind == "given"
            and there.kind == "given"
            and clause.value_kind == there.value_kind == "table"
        ):
            names = {c.name for c in there.columns}
            clauses[clause.name] = replace(
                there, columns=(*there.columns, *(c for c in clause.columns if c.name not in names))
            )
        elif there is not clause and content(there, left if there.name in left.clauses else right) != content(
            clause, book
        ):
            raise refuse("compare-names", name=clause.name, a=there.address, b=clause.address)
        if clause.name in book.tables:
            tables.setdefault(clause.name, book.tables[clause.name])

    def add_all(clause: Clause, book: Rulebook) -> None:
        add(clause, book)
        for name in sorted(needs_of(clause, book)):
            add(book.clauses[name], book)

    for side, book in books.items():
        head = headline_of(book)
        for clause in book.clauses.values():
            axis = axis_of(clause)
            if axis and axis not in (BOUNDARY, TOTAL) and take.get(axis, LEFT) == side and clause is not head:
                add_all(replace(clause, also={}) if clause.kind == "publish" else clause, book)
    total_side = take.get(TOTAL, LEFT)
    total = total_of(books[total_side])
    stages = headline_of(books[take.get(BOUNDARY, LEFT)])
    if total is None:  # its headline is per something and names no total: the whole headline moves
        head = headline_of(books[total_side])
        add_all(books[total_side].clauses[head.of], books[total_side])
        if head.per:
            add_all(books[total_side].clauses[head.per], books[total_side])
        made = replace(stages, of=head.of, per=head.per, also={}, unit=head.unit)
    else:
        add_all(total, books[total_side])
        made = replace(
            stages, of=total.name, per="", also={}, unit=CO2E if total.unit.fits(CO2E) else total.unit
        )
    if stages.stages:
        add_all(books[take.get(BOUNDARY, LEFT)].clauses[stages.stages], books[take.get(BOUNDARY, LEFT)])
    clauses[made.name] = made
    packs = tuple(dict.fromkeys([*left.packs, *right.packs]))
    return replace(left, clauses=clauses, tables=tables, packs=packs)
