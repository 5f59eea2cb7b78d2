"""The registered functions: aggregates, transcendental functions (from here on float64), dates."""

from __future__ import annotations

import calendar
import datetime as dt
import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from ..core.errors import refuse
from ..core.units import ONE
from ..core.value import KNOWN, MISSING, NOT_APPLICABLE, Array, Value


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
        return Value(None, MISSING, ONE, (), why=value.why or frozenset([value.table or "?"]),
                     provenance=value.provenance)
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
        rows = order[bounds[group]:bounds[group + 1]]
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
        return float(math.fsum(kept)) if kept.dtype == np.float64 else sum(kept, Fraction(0))
    if name == "mean":
        return (float(math.fsum(kept)) / len(kept) if kept.dtype == np.float64 else sum(kept, Fraction(0)) / len(kept))
    found = min(kept) if name == "min" else max(kept)
    return float(found) if kept.dtype == np.float64 else found


def _reduce_logic(decided: bool, data: Array, states: Array, value: Value) -> Value:
    truths = np.asarray(data, dtype=bool)
    if ((states == KNOWN) & (truths == decided)).any():
        return Value(decided, provenance=value.provenance)
    if (states == MISSING).any():
        return Value(not decided, MISSING, why=value.why)
    return Value(not decided, provenance=value.provenance)


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
            return replace(first, data=_float(np.sqrt, first.data), unit=ONE, basis=())
        case "exp":
            return replace(first, data=_float(np.exp, first.data), unit=ONE, basis=())
        case "ln":
            return replace(first, data=_float(np.log, first.data), unit=ONE, basis=())
        case "rank":
            order = sorted(range(len(first.data)), key=lambda i: -first.data[i])
            ranks = np.empty(len(order), dtype=object)
            for place, row in enumerate(order):
                ranks[row] = Fraction(place + 1)
            return replace(first, data=ranks, unit=ONE, basis=())
        case "date":
            return Value(_date(str(first.data)))
        case "months_after":
            start, months = values
            if start.table is None and months.table is None:
                return replace(start, data=months_after(start.data, int(months.data)))
            size = len(start.data) if start.table else len(months.data)
            starts = start.data if start.table else [start.data] * size
            spans = months.data if months.table else [months.data] * size
            data = np.array([months_after(a, int(b)) for a, b in zip(starts, spans, strict=True)], dtype=object)
            return Value(data, start.state if start.table else months.state, table=start.table or months.table,
                         why=start.why | months.why)
        case "days_between":
            return _each(lambda a, b: Fraction((b - a).days), values)
        case "year_of":
            return _each(lambda d: Fraction(d.year), values)
        case "days_in":
            return _each(lambda d: Fraction(366 if calendar.isleap(d.year) else 365), values)
        case "contains":
            return _each(lambda text, part: str(part) in str(text), values, boolean=True)
    raise refuse("formula-function", name=name, text=name, column=1)


def months_after(start: dt.date, months: int) -> dt.date:
    """The same day `months` later, or the last day of that month where it has no such day."""
    total = start.year * 12 + start.month - 1 + months
    year, month = divmod(total, 12)
    return dt.date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def _float(function: Any, data: Any) -> Any:
    result = function(as_float(data))
    return result if isinstance(data, np.ndarray) else float(result)


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
    data = np.array([function(*(c[i] for c in columns)) if state[i] == KNOWN else blank for i in range(size)],
                    dtype=bool if boolean else object)
    return Value(data, state, table=table, why=why)


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise refuse("date-expected", text=text) from None
