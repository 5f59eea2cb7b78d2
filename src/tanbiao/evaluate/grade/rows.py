"""The rows of a table of baselines: what each asks, what it found, and whether each level is met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from ...core.errors import refuse
from ...core.numbers import decimal_text
from ...core.text import Text
from ...core.units import ONE, Unit, UnitError, unit
from ...core.value import KNOWN, MISSING, NOT_APPLICABLE, Value
from ...formula import Node, evaluate
from ...standards.clause import Clause
from ...standards.pack import PackTable

if TYPE_CHECKING:
    from ..run import Evaluation
from .graded import GradedRow, Limit
from .scopes import CellScope


@dataclass(frozen=True)
class Row:
    """What was found of one row before it is judged."""

    value: Value
    state: int
    estimated: bool
    reason: str
    limits: Mapping[str, Limit]


def row_states(clause: Clause, evaluation: Evaluation) -> dict[str, tuple[str, str]]:
    """What the study says of rows: measured, estimated, not applicable (with a reason) or missing. A row said not to
    apply without a reason counts as missing."""
    name = str(clause.settings.get("states") or "")
    if not name:
        return {}
    ids, state = evaluation.fact_column(name, "id"), evaluation.fact_column(name, "state")
    reason = evaluation.fact_column(name, "reason")
    found = {}
    for row, id_ in enumerate(ids.data):
        word = str(state.data[row]) if state.state[row] == KNOWN else "missing"
        why = str(reason.data[row]) if reason.state[row] == KNOWN else ""
        found[str(id_)] = ("missing" if word == "not_applicable" and not why.strip() else word, why)
    return found


def met_levels(
    table: PackTable,
    levels: list[str],
    evaluation: Evaluation,
    style: str,
    said: Mapping[str, tuple[str, str]],
) -> tuple[dict[str, list[bool]], list[int], frozenset[str], list[Row]]:
    """For each row and level whether the baseline is met; the state of each row: missing where its quantity or
    a datum of one of its baselines is.

    A dash (empty cell) sets no limit at its level. Meeting a level is meeting every level below it, save
    under `every_met`, where a level counts only together with every level below it (limits out of order).
    """
    met: dict[str, list[bool]] = {k: [] for k in levels}
    states: list[int] = []
    why: set[str] = set()
    seen: list[Row] = []
    for row in range(table.rows):
        id_, name = str(table.values["id"].data[row]), str(table.values["value"].data[row])
        word, reason = said.get(id_, ("", ""))
        value = (
            evaluation.value(name)
            if word not in ("missing", "not_applicable")
            else Value(None, NOT_APPLICABLE if word == "not_applicable" else MISSING, why=frozenset([name]))
        )
        state = int(value.state) if value.table is None else MISSING
        states.append(state)
        if state == MISSING:
            why |= value.why or {name}
        bare = bare_value(table, row, name, value) if state == KNOWN else value
        limits: dict[str, Limit] = {}
        for level in levels:
            cell = table.cells[level][row]
            if cell is None or state != KNOWN:
                met[level].append(False)
                if cell is not None:
                    limits[level] = limit_of(cell, CellScope(evaluation, table, row, bare), bare, False)
                continue
            scope = CellScope(evaluation, table, row, bare)
            found = evaluate(cell, scope)
            if found.state == MISSING:
                why |= found.why
                states[row] = MISSING
            met[level].append(bool(found.state == KNOWN and found.data))
            limits[level] = limit_of(cell, scope, bare, met[level][row])
        seen.append(
            Row(
                bare,
                states[row],
                word == "estimated" or "estimated" in value.provenance,
                reason or (" ".join(sorted(value.why)) if state == NOT_APPLICABLE else ""),
                limits,
            )
        )
        if style == "every_met":
            below = True
            for level in reversed(levels):
                below = below and (met[level][row] or table.cells[level][row] is None)
                met[level][row] = below and table.cells[level][row] is not None
        better = False
        for level in levels:
            better = better or met[level][row]
            met[level][row] = better
    return met, states, frozenset(why), seen


def bare_value(table: PackTable, row: int, name: str, value: Value) -> Value:
    """A quantity as the bare number of its row's unit."""
    if isinstance(value.data, str | bool):
        return value
    measured = unit_of(str(table.values["unit"].data[row])) if "unit" in table.columns else ONE
    if not value.unit.fits(measured):
        raise refuse(
            "unit-mismatch",
            unit=value.unit.text,
            provider=name,
            wanted=measured.text,
            left=value.unit.text,
            right=measured.text,
        )
    return Value(
        value.data / (measured.factor if isinstance(value.data, Fraction) else float(measured.factor))
    )


def limit_of(cell: Node, scope: CellScope, bare: Value, met: bool) -> Limit:
    """A baseline with its number, where it is a plain comparison of x with something that can be had."""
    text = cell.source.removeprefix("x ")
    plain = (
        cell.kind == "compare"
        and cell.op in ("<=", "<", ">=", ">")
        and len(cell.children) == 2
        and cell.children[0].kind == "name"
        and cell.children[0].op == "x"
    )
    if not plain:
        return Limit(text, met=met)
    found = evaluate(cell.children[1], scope)
    if found.state != KNOWN or isinstance(found.data, str | bool):
        return Limit(text, better="lower" if "<" in cell.op else "higher", met=met)
    number = Fraction(found.data)
    lacks = None
    if bare.state == KNOWN and not isinstance(bare.data, str | bool) and bare.data is not None:
        lacks = (Fraction(bare.data) - number) * (1 if "<" in cell.op else -1)
    shown = text if cell.children[1].kind == "literal" else f"{cell.op} {decimal_text(number)}"
    return Limit(shown, number, "lower" if "<" in cell.op else "higher", lacks, met)


def row_details(
    clause: Clause,
    table: PackTable,
    levels: list[str],
    found: list[Row],
    rows: Mapping[str, str | None],
    weights: Mapping[str, Fraction],
    lost: Mapping[str, Mapping[str, Fraction]],
) -> tuple[GradedRow, ...]:
    def text(column: str, row: int) -> str:
        return str(table.values[column].data[row] or "") if column in table.columns else ""

    shown = []
    for row, one in enumerate(found):
        id_ = text("id", row)
        state = {
            KNOWN: "estimated" if one.estimated else "known",
            MISSING: "missing",
            NOT_APPLICABLE: "not applicable",
        }[one.state]
        value = one.value.data if one.value.state == KNOWN else None
        shown.append(
            GradedRow(
                id_,
                Text(text("zh", row) or id_, text("en", row) or id_),
                Text(text("category", row), text("category_en", row) or text("category", row)),
                text("unit", row),
                Fraction(value) if isinstance(value, float) else value,
                state,
                one.reason,
                one.limits,
                rows.get(id_),
                weights.get(id_),
                bool(table.values["limiting"].data[row]) if "limiting" in table.columns else False,
                lost.get(id_, {}),
                text("source", row),
                text("review", row) or clause.review,
            )
        )
    return tuple(shown)


def unit_of(text: str) -> Unit:
    try:
        return unit(text)
    except UnitError:
        raise refuse("unit-unknown", unit=text) from None
