"""Exactness: thresholds are met or missed by the number itself, whatever the unit and the scale."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tanbiao.core.numbers import decimal_text
from tanbiao.core.units import unit
from tanbiao.core.value import Value, known
from tanbiao.formula import evaluate, parse
from tests.formula.scope import PlainScope

digits = st.decimals(
    min_value="0.000001", max_value="999999999", places=6, allow_nan=False, allow_infinity=False
)
amounts = digits.map(Fraction)


def run(text: str, **values) -> Value:
    return evaluate(parse(text), PlainScope(values))


@settings(max_examples=1000)
@given(amounts)
def test_exactly_one_percent_is_not_less_than_one_percent(total: Fraction) -> None:
    part = total / 100
    for scale in (
        lambda x: Value(x),
        lambda x: Value(np.array([x], dtype=object), np.zeros(1, np.int8), table="row"),
    ):
        found = run("part / total < q('1 %')", part=scale(part), total=scale(total))
        assert not np.any(found.data)
        assert np.all(run("part / total <= q('1 %')", part=scale(part), total=scale(total)).data)
        assert np.all(run("part / total == q('1 %')", part=scale(part), total=scale(total)).data)


@settings(max_examples=1000)
@given(amounts)
def test_as_a_float_it_is_not_less_either(total: Fraction) -> None:
    """After the solver numbers are floats: within 1e-12 of a threshold they count as equal to it."""
    part = float(total) * 0.01
    assert not run("part / total < q('1 %')", part=Value(part), total=Value(float(total))).data
    assert run("part / total <= q('1 %')", part=Value(part), total=Value(float(total))).data
    column = Value(np.array([part]), np.zeros(1, np.int8), table="row")
    assert not run("part / total < q('1 %')", part=column, total=Value(float(total))).data[0]
    assert run("part / total >= q('1 %')", part=column, total=Value(float(total))).data[0]


@given(amounts, st.integers(1, 9))
def test_a_hair_more_or_less_is_seen(total: Fraction, hair: int) -> None:
    part = total / 100
    less, more = part - Fraction(hair, 10**15), part + Fraction(hair, 10**15)
    assert run("part / total < q('1 %')", part=Value(less), total=Value(total)).data
    assert not run("part / total <= q('1 %')", part=Value(more), total=Value(total)).data


@given(
    amounts,
    st.sampled_from(
        [("kg", "t"), ("kg", "g"), ("kWh", "MJ"), ("m2", "m**2"), ("kgCO2e", "tCO2e"), ("%", "")]
    ),
)
def test_a_change_of_unit_changes_no_verdict(amount: Fraction, pair: tuple[str, str]) -> None:
    here, there = unit(pair[0]), unit(pair[1])
    same = known(amount * here.to(there), there)
    assert run("a == b and a <= b and a >= b and not a < b", a=known(amount, here), b=same).data


@given(st.lists(amounts, min_size=1, max_size=12))
def test_shares_sum_to_one_exactly(parts: list[Fraction]) -> None:
    column = Value(np.array(parts, dtype=object), np.zeros(len(parts), np.int8), table="row")
    assert run(
        "sum(share(1, size)) == 1 and sum(size / total) == 1",
        size=column,
        total=Value(sum(parts, Fraction(0))),
    ).data


@given(st.lists(amounts, min_size=1, max_size=8), st.randoms())
def test_the_order_of_rows_changes_nothing(parts: list[Fraction], shuffle) -> None:
    mixed = list(parts)
    shuffle.shuffle(mixed)
    scope = [Value(np.array(p, dtype=object), np.zeros(len(p), np.int8), table="row") for p in (parts, mixed)]
    for name in ("sum", "mean", "min", "max"):
        assert run(f"{name}(a)", a=scope[0]).data == run(f"{name}(a)", a=scope[1]).data


@given(amounts, amounts, amounts)
def test_arithmetic_obeys_its_laws_exactly(a: Fraction, b: Fraction, c: Fraction) -> None:
    values = {"a": Value(a), "b": Value(b), "c": Value(c)}
    assert run(
        "(a + b) * c == a * c + b * c and a / b * b == a and a - b + b == a and a**2 * a**-2 == 1", **values
    ).data


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value="-1e9", max_value="1e9", places=9))
def test_a_literal_is_the_number_that_is_written(amount) -> None:
    text = f"{amount:f}"
    value = run(text) if amount >= 0 else run(f"({text})")
    assert value.data == Fraction(amount)
    assert Fraction(decimal_text(value.data)) == value.data


def test_ten_tenths_are_one() -> None:
    assert run("+".join(["0.1"] * 10) + " == 1").data
    assert run("0.15 / (0.15 + 0.15 + 0.15) * 3 == 1").data
