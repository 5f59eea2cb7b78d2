"""The registered functions: aggregates, transcendental functions (from here on float64), dates."""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from ..core.errors import refuse
from ..core.units import ONE
from ..core.value import KNOWN, MISSING, NOT_APPLICABLE, Array, Value

EXACT_BITS = 8192
"""Exact numbers stay exact up to this many bits: beyond any measurement, short of what stops a machine."""


def refuse_endless(source: str, power: int, *operands: Any) -> None:
    """Refuses (`number-too-long`) a product or power of exact numbers that would have no end."""
    if sum(map(_bits, operands)) * max(1, power) > 4 * EXACT_BITS:
        raise refuse("number-too-long", formula=source, limit=4 * EXACT_BITS)


def _bits(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return max(map(_bits, value), default=0) if value.dtype == object else 0
    return value.numerator.bit_length() + value.denominator.bit_length() if isinstance(value, Fraction) else 0


def finite(data: Any, state: Any, why: frozenset[str], source: str) -> tuple[Any, Any, frozenset[str]]:
    """A float that is not finite (ln 0, an overflow) is missing, with the part that made it."""
    if isinstance(data, np.ndarray):
        if data.dtype != np.float64 or np.isfinite(data).all():
            return data, state, why
        bad = ~np.isfinite(data)
        states = np.where(bad & (np.asarray(state) == KNOWN), MISSING, state).astype(np.int8)
        return np.where(bad, 0.0, data), states, why | {f"∞: {source}"}
    if not isinstance(data, float) or math.isfinite(data):
        return data, state, why
    return None, MISSING if state == KNOWN else state, why | {f"∞: {source}"}


def as_float(data: Any) -> Any:
    """Exact data as float64."""
    if isinstance(data, np.ndarray):
        return data if data.dtype == np.float64 else np.array([float(v) for v in data], dtype=np.float64)
    return float(data)


def reduce(name: str, value: Value) -> Value:
    """Aggregate a column to a scalar: what does not apply is passed over, a missing part makes the whole missing."""
    states = np.asarray(value.state)
    if name in ("all", "any"):
        return _reduce_logic(name == "any", value.data, states, value)
    if (states == MISSING).any():
        return Value(
            None,
            MISSING,
            ONE,
            (),
            why=value.why or frozenset([value.table or "?"]),
            provenance=value.provenance,
        )
    kept = value.data[states == KNOWN]
    if len(kept) == 0:
        if name == "sum":
            return Value(Fraction(0), provenance=value.provenance)
        return Value(None, NOT_APPLICABLE, why=value.why)
    return Value(_number(name, kept), unit=ONE, provenance=value.provenance)


def reduce_groups(name: str, value: Value, parents: Array, groups: int, table: str) -> Value:
    """Aggregate a child column onto the rows of its parent table."""
    states = np.asarray(value.state)
    order = np.argsort(parents, kind="stable")
    bounds = np.searchsorted(parents[order], np.arange(groups + 1))
    data = np.empty(groups, dtype=object)
    state = np.zeros(groups, dtype=np.int8)
    for group in range(groups):
        rows = order[bounds[group] : bounds[group + 1]]
        part = reduce(name, replace(value, data=value.data[rows], state=states[rows]))
        state[group] = part.state
        data[group] = part.data if part.data is not None else Fraction(0)
    if value.data.dtype == np.float64 and name not in ("all", "any"):
        data = as_float(data)
    if name in ("all", "any"):
        data = data.astype(bool)
    return Value(data, state, ONE, (), table, value.why, value.provenance)


def _number(name: str, kept: Array) -> Any:
    if name == "sum":
        return _sum(kept)
    if name == "mean":
        return _sum(kept) / len(kept)
    found = min(kept) if name == "min" else max(kept)
    return float(found) if kept.dtype == np.float64 else found


def _sum(kept: Array) -> Any:
    """Exact while the common denominator stays short, else float64: many ratios have no short exact sum."""
    if kept.dtype == np.float64:
        return float(math.fsum(kept))
    total = Fraction(0)
    for value in kept:
        total += value
        if total.denominator.bit_length() > EXACT_BITS:
            return float(math.fsum(float(v) for v in kept))
    return total


def _reduce_logic(decided: bool, data: Array, states: Array, value: Value) -> Value:
    truths = np.asarray(data, dtype=bool)
    if ((states == KNOWN) & (truths == decided)).any():
        return Value(decided, provenance=value.provenance)
    if (states == MISSING).any():
        return Value(not decided, MISSING, why=value.why)
    return Value(not decided, provenance=value.provenance)


def _leading(size: Value, part: Value) -> Value:
    """Which rows, counted from the largest downward, together reach a share of the sum; rows that do not apply stay
    out, a missing row leaves every row missing."""
    states = np.asarray(size.state)
    goal = np.asarray(part.data).reshape(-1)[0]
    if (states == MISSING).any():
        return Value(
            np.zeros(len(states), dtype=bool),
            np.full(len(states), MISSING, dtype=np.int8),
            table=size.table,
            why=size.why,
        )
    rows = [int(r) for r in np.flatnonzero(states == KNOWN)]
    whole = math.fsum(float(size.data[r]) for r in rows)
    found, reached = np.zeros(len(states), dtype=bool), 0.0
    for row in sorted(rows, key=lambda r: -float(size.data[r])):
        if reached >= float(goal) * whole * (1 - 1e-12):
            break
        found[row] = True
        reached += float(size.data[row])
    return Value(found, np.where(states == KNOWN, KNOWN, states).astype(np.int8), table=size.table)


def apply(name: str, values: tuple[Value, ...]) -> Value:
    """A plain function of one or two values, element by element."""
    first = values[0]
    if any(v.data is None for v in values):
        states = {int(np.max(v.state)) for v in values}
        state = MISSING if MISSING in states else NOT_APPLICABLE
        return Value(None, state, why=frozenset().union(*(v.why for v in values)))
    match name:
        case "abs":
            return replace(first, data=abs(first.data), unit=ONE, basis=())
        case "sqrt":
            return _float(np.sqrt, first, name)
        case "exp":
            return _float(np.exp, first, name)
        case "ln":
            return _float(np.log, first, name)
        case "rank":
            order = sorted(range(len(first.data)), key=lambda i: -first.data[i])
            ranks = np.empty(len(order), dtype=object)
            for place, row in enumerate(order):
                ranks[row] = Fraction(place + 1)
            return replace(first, data=ranks, unit=ONE, basis=())
        case "leading":
            return _leading(first, values[1])
        case "date":
            return Value(read_date(str(first.data)))
        case "months_after":
            return _each(lambda start, months: months_after(start, int(months)), values)
        case "days_between":
            return _each(lambda a, b: Fraction((b - a).days), values)
        case "year_of":
            return _each(lambda d: Fraction(d.year), values)
        case "days_in":
            return _each(lambda d: Fraction(366 if calendar.isleap(d.year) else 365), values)
        case "contains":
            return _each(lambda a, b: str(b).casefold() in str(a).casefold(), values, boolean=True)
        case "spelled":
            return _each(lambda a, b: spelled(str(a), str(b)), values, boolean=True)
    raise refuse("formula-function", name=name, text=name, column=1)


def spelled(text: str, layout: str) -> bool:
    """Whether a code is spelled as its layout says: `3[0-9A-Z] 1[PMC] 2[0-9]` is three letters or digits, one of
    P, M, C, then two digits. Every place has its alphabet; nothing repeats without end."""
    at = 0
    for part in layout.split():
        found = re.fullmatch(r"(\d{1,2})\[([0-9A-Za-z-]+)\]", part)
        if found is None:
            raise refuse("formula-layout", text=part)
        count, letters = int(found[1]), _alphabet(found[2])
        if len(text) < at + count or any(c not in letters for c in text[at : at + count]):
            return False
        at += count
    return at == len(text)


@lru_cache(maxsize=256)
def _alphabet(ranges: str) -> frozenset[str]:
    """`0-9A-HJ` as the set of its characters."""
    found: set[str] = set()
    at = 0
    while at < len(ranges):
        if ranges[at + 1 : at + 2] == "-" and at + 2 < len(ranges):
            found.update(chr(c) for c in range(ord(ranges[at]), ord(ranges[at + 2]) + 1))
            at += 3
        else:
            found.add(ranges[at])
            at += 1
    return frozenset(found)


def months_after(start: dt.date, months: int) -> dt.date:
    """The same day `months` later, or the last day of that month where it has no such day."""
    total = start.year * 12 + start.month - 1 + months
    year, month = divmod(total, 12)
    if not 1 <= year <= 9999:
        raise refuse("date-expected", text=f"{start} + {months}")
    return dt.date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def _float(function: Any, value: Value, name: str) -> Value:
    with np.errstate(all="ignore"):
        result = function(as_float(value.data))
    data, state, why = finite(result if value.table else float(result), value.state, value.why, name)
    return replace(value, data=data, state=state, why=why, unit=ONE, basis=())


def _each(function: Any, values: tuple[Value, ...], boolean: bool = False) -> Value:
    table = next((v.table for v in values if v.table is not None), None)
    why = frozenset().union(*(v.why for v in values))
    if table is None:
        states = [v.state for v in values]
        if any(s != KNOWN for s in states):
            return Value(None, max(states), why=why)
        return Value(function(*(v.data for v in values)))
    size = next(len(v.data) for v in values if v.table is not None)
    state = np.zeros(size, dtype=np.int8)
    for value in values:
        state = np.maximum(state, value.state)
    columns = [v.data if v.table is not None else [v.data] * size for v in values]
    blank: Any = False if boolean else Fraction(0)
    data = np.array(
        [function(*(c[i] for c in columns)) if state[i] == KNOWN else blank for i in range(size)],
        dtype=bool if boolean else object,
    )
    return Value(data, state, table=table, why=why)


def read_date(text: str) -> dt.date:
    """A civil date from `2026-11-24`. Refuses (`date-expected`)."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise refuse("date-expected", text=text) from None
