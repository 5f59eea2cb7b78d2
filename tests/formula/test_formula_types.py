"""Dimension, basis, kind and table of a formula, known before any data."""

from fractions import Fraction

import pytest

from tanbiao.core.errors import TanbiaoError
from tanbiao.core.units import unit
from tanbiao.core.value import basis
from tanbiao.formula.types import Type


def number(text: str = "", table: str | None = None, **words: str) -> Type:
    return Type("number", unit(text).dimension, basis(words), table)


NAMES = {
    "m": number("kg"),
    "e": number("kWh"),
    "f": number("kgCO2e/kg"),
    "p": number("%"),
    "n": number(),
    "gross": number("kWh", energy="gross"),
    "usable": number("kWh", energy="usable"),
    "generated": number("kg", pollutant="generated"),
    "discharged": number("kg", pollutant="discharged"),
    "dry": number("kg", mass="dry"),
    "wet": number("kg", mass="wet"),
    "per_wet": number("kgCO2e/kg", mass="wet"),
    "yes": Type("bool"),
    "word": Type("text"),
    "day": Type("date"),
    "row.m": number("kg", "row"),
    "row.ok": Type("bool", table="row"),
    "other.m": number("kg", "other"),
    "part.m": number("kg", "part"),
    "row": Type("table"),
    "case": Type("options"),
    "row.word": Type("text", table="row"),
}


def code(typed, text: str, **options) -> str:
    with pytest.raises(TanbiaoError) as caught:
        typed(text, NAMES, **options)
    return caught.value.problems[0].code


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("m * f", "kgCO2e"),
        ("m / q('1 t')", ""),
        ("e / m", "kWh/kg"),
        ("m * 2 + q('3 g')", "kg"),
        ("m ** 2", "kg**2"),
        ("sqrt(m * m)", "kg"),
        ("p * m", "kg"),
        ("max(m, q('1 g'))", "kg"),
        ("m if yes else 0", "kg"),
        ("abs(-m)", "kg"),
        ("sum(row.m) + m", "kg"),
        ("count(row)", ""),
        ("count(row.ok)", ""),
        ("days_between(day, day) / 365", ""),
        ("where(m, yes)", "kg"),
        ("mean(row.m / m)", ""),
    ],
)
def test_dimension_follows_the_formula(typed, text: str, wanted: str) -> None:
    assert typed(text, NAMES).dimension == unit(wanted).dimension


@pytest.mark.parametrize(
    "text",
    [
        "m + e",
        "m < e",
        "m == q('1 m')",
        "m + 1",
        "exp(m)",
        "ln(e / m)",
        "max(m, e)",
        "m if yes else e",
        "months_after(day, m)",
        "p + m",
    ],
)
def test_unequal_dimensions_are_refused(typed, text: str) -> None:
    assert code(typed, text) == "dimension-mismatch"


@pytest.mark.parametrize(
    "text",
    [
        "gross + usable",
        "gross < usable",
        "gross - usable",
        "generated == discharged",
        "min(gross, usable)",
        "gross if yes else usable",
        "gross + e",
        "dry * per_wet",
        "(gross + 0) - usable",
        "-gross + usable",
        "gross in (usable, gross)",
    ],
)
def test_equal_dimensions_of_unequal_basis_are_refused(typed, text: str) -> None:
    assert code(typed, text) == "basis-mismatch"


@pytest.mark.parametrize(
    "text", ["gross + gross", "gross > q('1 kWh')", "gross * 2", "gross - 0", "wet * per_wet"]
)
def test_literals_fit_every_basis(typed, text: str) -> None:
    typed(text, NAMES)


def test_a_declared_conversion_may_mix(typed) -> None:
    assert typed("gross - usable", NAMES, converts=frozenset({"energy"})).kind == "number"


def test_a_ratio_loses_the_basis_it_divides_by(typed) -> None:
    assert typed("gross / gross", NAMES).basis == ()
    assert typed("wet * per_wet", NAMES).basis == ()  # mass is gone, and its basis with it


def test_zero_fits_every_dimension_and_nothing_else_does(typed) -> None:
    assert typed("m > 0", NAMES).kind == "bool"
    assert code(typed, "m > 1") == "dimension-mismatch"
    assert code(typed, "m > q('0 m')") == "dimension-mismatch"


@pytest.mark.parametrize(
    "text",
    [
        "yes + 1",
        "not m",
        "m and yes",
        "word < word",
        "word + word",
        "day + 1",
        "sum(word)",
        "all(m)",
        "count(m)",
        "m == word",
        "m in (1, word)",
        "sqrt(yes)",
        "days_between(day, m)",
        "contains(m, 'x')",
        "under(m, e)",
        "day == '2026-01-01'",
        "m if m else m",
        "date(m)",
        "contains(word, 1)",
    ],
)
def test_kinds_that_do_not_fit(typed, text: str) -> None:
    assert code(typed, text) in ("kind-mismatch", "dimension-mismatch")


@pytest.mark.parametrize(
    "text", ["sum()", "sum(m, m)", "abs(m, m)", "lookup(m, x=1)", "share(m)", "date()", "where(m)", "known()"]
)
def test_arguments_that_do_not_fit(typed, text: str) -> None:
    assert code(typed, text) == "formula-arguments"


def test_columns_of_two_tables_do_not_meet(typed) -> None:
    assert code(typed, "row.m + other.m") == "table-mismatch"
    assert typed("row.m + sum(other.m)", NAMES).table == "row"
    assert typed("row.m + part.m", NAMES, parents={"part": "row"}).table == "part"


def test_an_aggregate_of_children_lands_on_the_row(typed) -> None:
    assert typed("sum(part.m) / row.m", NAMES, table="row", parents={"part": "row"}).table == "row"
    assert typed("sum(other.m)", NAMES, table="row").table is None


def test_chinese_names_and_signs(typed) -> None:
    types = {"质量": number("kg"), "排放因子": number("kgCO2e/kg"), "限值": number("kgCO2e")}
    assert typed("质量 × 排放因子 ≤ 限值", types).kind == "bool"
    assert typed("（质量×排放因子）", types).dimension == unit("kgCO2e").dimension


def test_power_of_a_dimension(typed) -> None:
    assert typed("m ** -2", NAMES).dimension == (("mass", Fraction(-2)),)
