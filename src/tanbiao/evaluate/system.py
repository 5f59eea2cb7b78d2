"""Lines → the value of every line by position: a study's own processes form a small linear system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core.errors import refuse
from ..core.units import ONE, Unit, unit
from ..core.value import KNOWN, Array, Value
from ..numerics import lca
from .background import POSITION_COLUMNS, UPTAKE, Background
from .facts import Facts, FactTable
from .lines import Lines, provider_of


@dataclass(frozen=True, eq=False)
class Solved:
    """Lines with their values: impact[line, position] in kgCO2e for the reference flow."""

    lines: Lines
    activity: Array
    amount: Array
    impact: Array
    low: Array
    high: Array
    judged: Array
    unconverted: Array


def solve(lines: Lines, background: Background) -> Solved:
    """Activities of the study's processes for the reference flow, then the value of every line.

    Refuses (`system-loop`) when the processes need more of themselves than they give.
    """
    try:
        activity = lca.activities(
            lines.output, lines.link_to, lines.link_from, lines.link_amount, lines.demand
        )
    except lca.NotProductive as error:
        raise refuse("system-loop", loop=error.loop.named(lambda k: lines.names[k])) from None
    except lca.NotSolvable as error:
        raise refuse("system-loop", loop=", ".join(lines.names[int(k)] for k in error.columns)) from None
    amount = activity[lines.column] * lines.coefficient if len(lines) else np.zeros(0)
    order: dict[str, int] = {}
    where = np.array([order.setdefault(p, len(order)) for p in lines.provider], dtype=np.int64)
    providers = [provider_of(p, background) for p in order]
    vectors = np.array([p.vector for p in providers]) if providers else np.zeros((0, len(POSITION_COLUMNS)))
    low = np.array([p.low for p in providers])
    high = np.array([p.high for p in providers])
    judged = np.array([p.judged for p in providers])
    unconverted = np.array([p.unconverted for p in providers])
    if not len(lines):
        empty = np.zeros(0)
        return Solved(
            lines, activity, empty, np.zeros((0, len(POSITION_COLUMNS))), empty, empty, empty, empty
        )
    impact = amount[:, None] * vectors[where]
    one, other = amount * low[where], amount * high[where]
    total = impact.sum(axis=1)
    return Solved(
        lines,
        activity,
        amount,
        impact,
        np.minimum(one, other),
        np.maximum(one, other),
        np.abs(total) * judged[where],
        np.abs(total) * unconverted[where],
    )


def line_table(solved: Solved, facts: Facts, background: Background) -> dict[str, Value]:
    """The table `line` that formulas read."""
    lines = solved.lines
    size = len(lines)
    known = np.zeros(size, dtype=np.int8)
    exchange, process = facts.tables["exchange"], facts.tables["process"]
    providers = {p: provider_of(p, background) for p in set(lines.provider)}

    def text(values: Sequence[str]) -> Value:
        return Value(np.array(values, dtype=object), known, ONE, (), "line")

    def numbers(values: Array, measured: Unit, state: Array | None = None, name: str = "") -> Value:
        return Value(
            np.asarray(values, dtype=np.float64) * float(measured.factor),
            known if state is None else state,
            measured,
            (),
            "line",
            frozenset([f"line.{name}"] if name else []),
        )

    ghg = unit("kgCO2e")
    row_process = lines.process_of[lines.column] if size else np.zeros(0, dtype=int)
    from_exchange = np.array([t == "exchange" for t in lines.fact_table], dtype=bool)
    columns: dict[str, Value] = {
        "id": text([f"{f}|{p}" for f, p in zip(lines.fact, lines.provider, strict=True)]),
        "fact": text(lines.fact),
        "flow": text(lines.flow),
        "direction": text(_fact_column(exchange, "direction", lines, from_exchange, "")),
        "provider": text(lines.provider),
        "process": text([process.ids[r] if r >= 0 else "" for r in row_process]),
        "product": text([exchange.ids[lines.products[c]] for c in lines.column]),
        "stage": text(lines.stage),
        "step": text(lines.step),
        "account": text(lines.account),
        "clause": text(lines.clause),
        "amount": numbers(solved.amount, ONE),
        "impact": numbers(solved.impact.sum(axis=1), ghg),
        "excluding_uptake": numbers(solved.impact.sum(axis=1) - solved.impact[:, UPTAKE], ghg),
        "low": numbers(solved.low, ghg),
        "high": numbers(solved.high, ghg),
        "judged": numbers(solved.judged, ghg),
        "unconverted": numbers(solved.unconverted, ghg),
    }
    for position, name in enumerate(POSITION_COLUMNS):
        columns[name] = numbers(solved.impact[:, position], ghg)
    kinds = _fact_column(exchange, "data_kind", lines, from_exchange, "estimated")
    control = process.columns["control"].data
    columns["data_kind"] = text(kinds)
    columns["control"] = text([str(control[r]) if r >= 0 else "" for r in row_process])
    chosen = [providers[p] for p in lines.provider]
    columns["coverage"] = text([p.coverage for p in chosen])
    primary = [
        float(p.kind == "gas" and k in ("site_specific", "primary"))
        if p.kind != "supplier"
        else float(p.facts.get("primary_share", "0") or 0)
        for p, k in zip(chosen, kinds, strict=True)
    ]
    columns["primary_share"] = numbers(np.array(primary), ONE)
    for score in ("technology", "geography", "time"):
        values, state = _scores(exchange, score, lines, from_exchange)
        columns[score] = numbers(values, ONE, state, score)
    for name, key in (
        ("provider_category", "category"),
        ("provider_boundary", "boundary"),
        ("gas_basis", "gas_basis"),
        ("gwp_set", "gwp_set"),
        ("allowed_uses", "allowed_uses"),
        ("mass_basis", "mass_basis"),
        ("radiative_forcing", "radiative_forcing"),
    ):
        columns[name] = text([p.facts.get(key, "") for p in chosen])
    return columns


def _fact_column(
    exchange: FactTable, name: str, lines: Lines, from_exchange: Array, otherwise: str
) -> list[str]:
    data = exchange.columns[name].data
    return [
        str(data[r]) if mine else otherwise for r, mine in zip(lines.fact_row, from_exchange, strict=True)
    ]


def _scores(exchange: FactTable, name: str, lines: Lines, from_exchange: Array) -> tuple[Array, Array]:
    column = exchange.columns[name]
    rows = np.where(from_exchange, lines.fact_row, 0)
    if len(exchange) == 0 or len(rows) == 0:
        return np.zeros(len(rows)), np.ones(len(rows), dtype=np.int8)
    state = np.where(from_exchange, column.state[rows], 1).astype(np.int8)
    return np.array(
        [float(column.data[r]) if s == KNOWN else 0.0 for r, s in zip(rows, state, strict=True)]
    ), state
