"""Dated tables: the newest row not after the date, none before the first or past its end, none at random."""

from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from tanbiao.core.errors import TanbiaoError
from tanbiao.core.value import KNOWN, MISSING, Value
from tanbiao.formula import evaluate, parse
from tests.formula.scope import PlainScope


def column(items: list) -> Value:
    state = np.array([MISSING if i is None else KNOWN for i in items], dtype=np.int8)
    return Value(np.array(items, dtype=object), state, table="t", why=frozenset(["t"]))


ROWS = [
    ("a", "2020-01-01", None, 1),
    ("a", "2025-12-31", "2029-12-31", 2),
    ("b", "2020-01-01", None, 10),
    ("c", None, None, 7),
]


def found(text: str, rows=ROWS, **values) -> Value:
    days = [[date.fromisoformat(r[n]) if r[n] else None for r in rows] for n in (1, 2)]
    scope = PlainScope(values)
    scope.values |= {
        "t.kind": column([r[0] for r in rows]),
        "t.since": column(days[0]),
        "t.until": column(days[1]),
        "t.value": column([Fraction(r[3]) for r in rows]),
    }
    return evaluate(parse(text), scope)


@pytest.mark.parametrize(
    ("kind", "day", "wanted"),
    [
        ("a", "2019-12-31", None),
        ("a", "2020-01-01", 1),
        ("a", "2025-12-30", 1),
        ("a", "2025-12-31", 2),
        ("a", "2029-12-31", 2),
        ("a", "2030-01-01", None),
        ("b", "2099-01-01", 10),
        ("z", "2025-01-01", None),
        ("c", "2025-01-01", None),
    ],
)
def test_the_row_in_force(kind: str, day: str, wanted: int | None) -> None:
    value = found(f"lookup(t.value, kind='{kind}', since=date('{day}'))")
    assert (value.state, value.data) == ((KNOWN, wanted) if wanted is not None else (MISSING, None))
    if wanted is None:
        assert value.why == {f"t.value[{kind}, {day}]"}


def test_without_its_date_a_dated_table_is_refused() -> None:
    with pytest.raises(TanbiaoError) as caught:
        found("lookup(t.value, kind='a')")
    assert caught.value.problems[0].code == "lookup-ambiguous"
    assert found("lookup(t.value, kind='b')").data == 10


def test_two_rows_of_one_date_are_refused() -> None:
    with pytest.raises(TanbiaoError):
        found("lookup(t.value, kind='a', since=date('2021-01-01'))", [ROWS[0], ROWS[0]])


def test_rows_look_up_each_for_itself() -> None:
    value = found("lookup(t.value, kind=k, since=date('2026-01-01'))", k=["b", "a", "z", None])
    assert value.state.tolist() == [KNOWN, KNOWN, MISSING, MISSING]
    assert value.data[:2].tolist() == [10, 2]


def test_a_missing_key_is_named() -> None:
    assert found("lookup(t.value, kind=k, since=date('2026-01-01'))", k=None).why == {"k"}


def test_an_empty_table_gives_nothing() -> None:
    assert found("lookup(t.value, kind=k)", [], k=["b"]).state.tolist() == [MISSING]
    assert found("lookup(t.value, kind='b')", []).state == MISSING
