"""What a `choose` clause settles: an option for every row, or undecided with the missing datum; and its lines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..core.errors import Problem, refuse
from ..core.value import KNOWN, MISSING, NOT_APPLICABLE, Array, Value
from ..formula import Node, evaluate
from ..standards.clause import Clause
from .lines import Decision
from .scopes import ClauseScope, RowScope

if TYPE_CHECKING:
    from .run import Evaluation


def choose(evaluation: Evaluation, clause: Clause) -> Value:
    """Options in order, each with its condition; a missing datum leaves the choice undecided."""
    scope = ClauseScope(evaluation, clause)
    table = scope.table
    size = evaluation.rows_of(table) if table is not None else 1
    open_rows = np.ones(size, dtype=bool)
    undecided = np.zeros(size, dtype=bool)
    why: set[str] = set()
    tests = []
    if clause.when is not None:
        tests.append(evaluate(clause.when, ClauseScope(evaluation, replace(clause, subject=None))))
    if clause.subject is not None and clause.subject.where is not None:
        tests.append(evaluate(clause.subject.where, scope))
    for test in tests:  # whether the choice applies may itself be unknown
        truth = np.asarray(test.data if test.data is not None else False, dtype=bool)
        state = np.broadcast_to(np.asarray(test.state), (size,))
        undecided |= state == MISSING
        why |= test.why if (state == MISSING).any() else frozenset()
        open_rows &= (state == MISSING) | ((state == KNOWN) & np.broadcast_to(truth, (size,)))
    undecided &= open_rows
    open_rows &= ~undecided
    chosen = np.array([""] * size, dtype=object)
    applicable = open_rows.copy()
    forced = evaluation.forced.get(clause.name) or evaluation.forced.get(clause.id)
    if forced is not None:
        if forced not in {o.name for o in clause.first}:
            raise refuse("option-unknown", clause.place, option=forced, choice=clause.id)
        chosen[open_rows] = forced
        open_rows[:] = False
    for option in clause.first:
        if not open_rows.any():
            break
        if option.when is None:
            chosen[open_rows] = option.name
            open_rows[:] = False
            continue
        test = evaluate(option.when, scope)
        state = np.broadcast_to(np.asarray(test.state), (size,))
        truth = np.broadcast_to(
            np.asarray(test.data if test.data is not None else False, dtype=bool), (size,)
        )
        take = open_rows & (state == KNOWN) & truth
        chosen[take] = option.name
        stuck = open_rows & (state == MISSING)
        if stuck.any():
            why |= test.why
        undecided |= stuck
        open_rows &= ~(take | stuck)
    undecided |= open_rows
    evaluation.decisions[clause.name] = decide(evaluation, clause, scope, table, chosen, undecided)
    state = np.where(undecided, MISSING, np.where(applicable, KNOWN, NOT_APPLICABLE)).astype(np.int8)
    reasons = frozenset(why | ({clause.address} if (state != KNOWN).any() and not why else set()))
    if table is None:
        return Value(str(chosen[0]) or None, int(state[0]), why=reasons)
    return Value(chosen, state, table=table, why=reasons)


def decide(
    evaluation: Evaluation,
    clause: Clause,
    scope: ClauseScope,
    table: str | None,
    chosen: Array,
    undecided: Array,
) -> Decision:
    used = [o for o in clause.first if o.name in set(chosen)]
    weights = None
    providers: dict[str, Value] = {}
    coefficients: dict[tuple[str, int], Value] = {}
    for option in used:
        if option.key is not None:
            weights = share_weights(evaluation, option.key, option.name, chosen, weights)
        if option.provider is not None:
            providers[option.name] = evaluate(option.provider, scope)
        for number, line in enumerate(option.lines or ()):
            coefficients[(option.name, number)] = evaluate(line.coefficient, scope)
    return Decision(
        clause.name,
        clause.address,
        table,
        tuple(chosen),
        tuple(int(r) for r in np.flatnonzero(undecided)),
        {o.name: o for o in clause.first},
        weights,
        providers or None,
        coefficients or None,
    )


def share_weights(
    evaluation: Evaluation, key: Node, option: str, chosen: Array, before: Array | None
) -> Array:
    """Allocation weights of the product rows (in the exchange table) whose process chose `option`."""
    value = evaluate(key, RowScope(evaluation, "product"))
    exchange = evaluation.facts.tables["exchange"]
    weights = np.zeros(len(exchange)) if before is None else before
    rows = evaluation.product_rows()
    owner = exchange.parents.get("process", np.full(len(exchange), -1))
    if value.table == "process":
        value = replace(value, data=value.data[owner[rows]], state=value.state[owner[rows]], table="product")
    for position, row in enumerate(rows):
        if owner[row] < 0 or chosen[owner[row]] != option:
            continue
        data = value.data if value.table is None else value.data[position]
        known = (value.state if value.table is None else value.state[position]) == KNOWN
        why = value.why
        if known and isinstance(data, str) and not is_property(evaluation, data):
            known, why = False, frozenset([f"process.key = {data}"])
        elif known and isinstance(data, str):  # its column for one unit, times the amount
            column, amount = (
                evaluation.fact_column("product", data),
                evaluation.fact_column("product", "amount"),
            )
            known, why = column.state[position] == KNOWN, column.why
            data = column.data[position] * amount.data[position] if known else None
        if not known:
            evaluation.problems.append(
                Problem(
                    "allocation-key",
                    exchange.place(int(row)),
                    {"product": exchange.ids[row], "missing": ", ".join(sorted(why))},
                )
            )
            continue
        weights[row] = float(data)
    return weights


def is_property(evaluation: Evaluation, name: str) -> bool:
    """Whether a word names a numeric column of the products."""
    known = evaluation.names.column("product", name)
    return (
        known is not None and known.kind == "number" and name in evaluation.facts.tables["exchange"].columns
    )
