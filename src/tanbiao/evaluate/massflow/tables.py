"""The derived tables as columns; balances, removals and custody credits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from ...core.errors import Problem
from ...core.value import KNOWN, MISSING, Value
from ...numerics.massflow import LoopError, credit, plan
from ...standards.names import derived_columns
from ..facts import Facts
from .lots import UNKNOWN
from .product import REST, pieces
from .rows import Rows


def derived_table(name: str, rows: list[dict[str, Any]]) -> dict[str, Value]:
    """Columns of a derived table; a None is missing."""
    columns: dict[str, Value] = {}
    for column, spec in derived_columns()[name].items():
        cells = [r.get(column) for r in rows]
        state = np.array([MISSING if c is None else KNOWN for c in cells], dtype=np.int8)
        blank: Any = {"number": Fraction(0), "bool": False}.get(spec.kind, "")
        data = np.empty(len(rows), dtype=bool if spec.kind == "bool" else object)
        for i, cell in enumerate(cells):
            data[i] = blank if cell is None else cell
        why = frozenset([f"{name}.{column}"]) if (state == MISSING).any() else frozenset()
        columns[column] = Value(data, state, spec.unit, spec.basis, name, why)
    return columns


def balance_table(
    inflow: Mapping[str, Value],
    outflow: Mapping[str, Value],
    before: Mapping[str, Value],
    stocks: Mapping[str, tuple[Fraction, Fraction]] | None = None,
) -> dict[str, Value]:
    """One row for each substance that goes in or comes out, and one for what no assay splits."""
    ids = list(dict.fromkeys([*balance_ids(inflow), *balance_ids(outflow)]))
    sums = {}
    for name, table in (("mass_in", inflow), ("mass_out", outflow)):
        total: dict[str, Any] = dict.fromkeys(ids, Fraction(0))
        for key, mass in zip(balance_ids(table), table["mass"].data if "mass" in table else (), strict=True):
            total[key] = total[key] + mass
        sums[name] = total
    if before and stocks is None:
        stocks = {
            str(i): (a, b)
            for i, a, b in zip(before["id"].data, before["opening"].data, before["closing"].data, strict=True)
        }
    rows = [
        {
            "id": i,
            "mass_in": sums["mass_in"][i],
            "mass_out": sums["mass_out"][i],
            "opening": (stocks or {}).get(i, (Fraction(0), Fraction(0)))[0],
            "closing": (stocks or {}).get(i, (Fraction(0), Fraction(0)))[1],
        }
        for i in ids
    ]
    found = derived_table("balance", rows)
    if any(isinstance(r["mass_out"], float) for r in rows):
        found["mass_out"] = replace(found["mass_out"], data=found["mass_out"].data.astype(np.float64))
    return found


def balance_ids(table: Mapping[str, Value]) -> list[str]:
    """For each row of `inflow` or `outflow` the balance it belongs to."""
    if "mass" not in table:
        return []
    substances = table.get("substance")
    if substances is None:
        return [UNKNOWN] * len(table["mass"].data)
    return [str(s) or UNKNOWN for s in substances.data]


def removals(
    read: Mapping[str, Rows], facts: Facts, forced: set[str], problems: list[Problem]
) -> list[dict[str, Any]]:
    """The dismantling sequence: every part that is hazardous, is taken off whole, or has a time."""
    parts, joints, route, treatment = read["part"], read["joint"], read["route"], read["treatment"]
    seconds: dict[int, Fraction] = {}
    holder = joints.table.parents.get("part", np.full(len(joints), -1))
    for row in range(len(joints)):
        count, each = joints.number(row, "count"), joints.number(row, "seconds")
        if each is not None and holder[row] >= 0:
            seconds[int(holder[row])] = seconds.get(int(holder[row]), Fraction(0)) + each * (
                Fraction(1) if count is None else count
            )
    rows = [
        r
        for r in range(len(parts))
        if parts.text(r, "hazard")
        or parts.text(r, "treatment")
        or parts.number(r, "minutes") is not None
        or r in seconds
    ]
    if not rows:
        return []
    number = {parts.ids[r]: n for n, r in enumerate(rows)}
    before: list[list[int]] = []
    for row in rows:
        named = parts.text(row, "after").split()
        for other in named:
            if other not in number:
                problems.append(
                    Problem("row-reference", parts.place(row, "after"), {"id": other, "table": "part"})
                )
        before.append([number[o] for o in named if o in number])
    wage_value = facts.scalars.get("dismantling_wage")
    wage = Fraction(0)
    if wage_value is not None and wage_value.state == KNOWN:
        wage = Fraction(wage_value.data)
    time = [seconds.get(r, Fraction(0)) + pieces(parts, r) * (parts.number(r, "minutes") or 0) for r in rows]
    gain = [
        pieces(parts, r) * ((parts.number(r, "value") or 0) - (parts.number(r, "cost") or 0)) - wage * t
        for r, t in zip(rows, time, strict=True)
    ]
    try:
        found = plan(
            gain,
            time,
            before,
            [parts.text(r, "hazard") in forced and bool(parts.text(r, "hazard")) for r in rows],
        )
    except LoopError as error:
        problems.append(
            Problem(
                "massflow-after",
                parts.place(rows[error.nodes[0]], "after"),
                {"parts": ", ".join(parts.ids[rows[n]] for n in error.nodes)},
            )
        )
        return []
    ends: dict[str, str] = {}
    for r in range(len(route)):
        if route.text(r, "kind") not in ("storage", "loss"):
            name = route.text(r, "destination") or route.text(r, "kind")
            fraction = route.text(r, "fraction")
            ends[fraction] = f"{ends[fraction]}; {name}" if fraction in ends else name
    ends |= {
        f: treatment.ids[r]
        for r in range(len(treatment))
        for f in treatment.text(r, "takes").split()
        if f != REST
    }
    made = []
    for order, step in enumerate(found.steps, start=1):
        row = rows[step.part]
        fraction = (parts.text(row, "fraction") or parts.ids[row]) if parts.text(row, "treatment") else ""
        mass = parts.number(row, "mass")
        made.append(
            {
                "id": parts.ids[row],
                "hazard": parts.text(row, "hazard"),
                "treatment": parts.text(row, "treatment"),
                "fraction": fraction,
                "destination": ends.get(fraction, "") if fraction else "",
                "mass": None if mass is None else mass * pieces(parts, row),
                "order": Fraction(order),
                "forced": step.forced,
                "seconds": step.time,
                "elapsed": step.elapsed,
                "gain": step.gain,
                "total": step.total,
                "best": step.best,
            }
        )
    return made


def credits(custody: Rows) -> list[dict[str, Any]]:
    """The running credit of each account, in order of date."""
    accounts: dict[str, list[int]] = {}
    dates = custody.table.columns["date"].data if len(custody) else []
    for row in sorted(range(len(custody)), key=lambda r: (str(dates[r]), custody.ids[r])):
        accounts.setdefault(custody.text(row, "account"), []).append(row)
    made = []
    for account, rows in accounts.items():
        amounts = []
        for row in rows:
            mass = (custody.number(row, "mass") or Fraction(0)) * _one(custody.number(row, "share"))
            amounts.append(
                mass * _one(custody.number(row, "efficiency")) if custody.text(row, "kind") == "in" else -mass
            )
        found = credit(amounts)
        for position, row in enumerate(rows):
            made.append(
                {
                    "id": custody.ids[row],
                    "account": account,
                    "model": custody.text(row, "model"),
                    "kind": custody.text(row, "kind"),
                    "amount": amounts[position],
                    "balance": found.balance[position],
                    "covered": position not in found.refused,
                }
            )
    return made


def _one(value: Fraction | None) -> Fraction:
    return Fraction(1) if value is None else value
