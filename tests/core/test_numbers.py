"""Numbers: exact from text, compared with one tolerance, rounded as a pack declares it."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tanbiao.core.numbers import Rounding, compare, decimal_text, fast_number, normal_text, number

decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value="-1e12", max_value="1e12", places=9)


@pytest.mark.parametrize(
    "text",
    [
        "nan",
        "inf",
        "-inf",
        "1_000",
        "1,000",
        "0x1",
        "1e9999",
        "",
        " ",
        "1 2",
        "一",
        "--1",
        "1.2.3",
        "e5",
        ".",
        "1" * 61,
    ],
)
def test_only_decimal_texts_are_numbers(text: str) -> None:
    with pytest.raises(ValueError):
        number(text)
    with pytest.raises(ValueError):
        fast_number(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", "12"),
        ("-0.35", "-7/20"),
        ("1.2e-6", "3/2500000"),
        (" .5 ", "1/2"),
        ("1.", "1"),
        ("+3", "3"),
        ("1E3", "1000"),
        ("１２", "12"),
    ],
)
def test_a_text_is_exactly_its_number(text: str, value: str) -> None:
    assert number(text) == Fraction(value)


@given(decimals)
def test_a_number_written_is_read_again(amount) -> None:
    exact = Fraction(amount)
    assert number(decimal_text(exact)) == exact


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e200, max_value=1e200))
def test_a_float_written_is_read_again(amount: float) -> None:
    assert float(number(decimal_text(amount))) == amount


def test_texts_are_normal() -> None:
    assert [decimal_text(Fraction(t)) for t in ("1.50", "100", "0.0", "-0", "1e-7")] == [
        "1.5",
        "100",
        "0",
        "0",
        "0.0000001",
    ]
    assert decimal_text(-0.0) == "0"
    assert decimal_text(Fraction(1, 3)) == repr(1 / 3)
    with pytest.raises(ValueError):
        decimal_text(math.nan)


def test_exact_numbers_compare_exactly_and_floats_within_1e_12() -> None:
    assert compare(Fraction(1, 3), Fraction(333333333333333333, 10**18)) == 1
    assert compare(0.1 + 0.2, Fraction(3, 10)) == 0
    assert compare(1.0 + 1e-11, 1.0) == 1
    assert compare(0.0, Fraction(0)) == 0
    assert compare(-1.0, 1.0) == -1


@pytest.mark.parametrize(
    ("value", "rule", "text"),
    [
        # GB/T 8170 style, half to even
        ("0.5", Rounding("decimals", 0), "0"),
        ("1.5", Rounding("decimals", 0), "2"),
        ("2.5", Rounding("decimals", 0), "2"),
        ("-2.5", Rounding("decimals", 0), "-2"),
        ("2.5000001", Rounding("decimals", 0), "3"),
        ("0.125", Rounding("decimals", 2), "0.12"),
        ("0.135", Rounding("decimals", 2), "0.14"),
        ("86.25", Rounding("decimals", 1), "86.2"),
        ("86.35", Rounding("decimals", 1), "86.4"),
        # half up
        ("2.5", Rounding("decimals", 0, "up"), "3"),
        ("0.125", Rounding("decimals", 2, "up"), "0.13"),
        # significant digits
        ("12.345", Rounding("significant", 3), "12.3"),
        ("0.0012345", Rounding("significant", 3), "0.00123"),
        ("9.996", Rounding("significant", 3), "10.0"),
        ("99.95", Rounding("significant", 3), "100"),
        ("12345", Rounding("significant", 3), "12300"),
        ("1.005", Rounding("significant", 3), "1.00"),
        ("-12.345", Rounding("significant", 3), "-12.3"),
        ("0", Rounding("significant", 3), "0"),
        ("0", Rounding("decimals", 2), "0.00"),
        ("5", Rounding("significant", 3), "5.00"),
    ],
)
def test_rounding(value: str, rule: Rounding, text: str) -> None:
    assert rule.text(Fraction(value)) == text
    assert rule.text(float(value)) == text


@given(decimals, st.integers(1, 8))
def test_significant_digits_are_as_many_as_declared(amount, digits: int) -> None:
    assume(amount != 0)
    text = Rounding("significant", digits).text(Fraction(amount))
    assert abs(Fraction(text) - Fraction(amount)) * 2 <= Fraction(10) ** (
        math.floor(math.log10(abs(amount)) + 1e-12) - digits + 2
    )
    assert Rounding("significant", digits).text(Fraction(text)) == text


@given(st.integers(-(10**6), 10**6))
def test_halves_go_to_the_even_neighbour(whole: int) -> None:
    assert int(Rounding("decimals", 0).text(Fraction(2 * whole + 1, 2))) % 2 == 0


@given(st.from_regex(r"[+-]?[0-9]{1,24}(\.[0-9]{0,30})?([eE][+-]?[0-9]{1,2})?", fullmatch=True))
def test_the_normal_text_of_a_text_is_that_of_its_number(text: str) -> None:
    assert normal_text(text) == decimal_text(number(text))


@given(st.integers(-(10**30), 10**30), st.integers(0, 45), st.integers(0, 45), st.integers(1, 30))
def test_decimals_end_where_they_end(top: int, twos: int, fives: int, other: int) -> None:
    """Exact while the expansion ends within 40 digits (28 of them significant), else 17 significant digits."""
    value = Fraction(top, 2**twos * 5**fives * other)
    said = Decimal(decimal_text(value))
    ends = any((value * 10**k).denominator == 1 for k in range(41))
    assert abs(Fraction(said) - value) <= abs(value) * Fraction(1, 10**27 if ends else 10**15)
