"""Text that means harm is refused, fast, by a code; it never runs, grows or crashes."""

import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanbiao.core.errors import TanbiaoError, catalogue
from tanbiao.core.units import unit
from tanbiao.core.value import MISSING, Value
from tanbiao.formula import parse

SECONDS = 0.5
"""Of processor time, for what takes a few milliseconds: a bomb takes minutes."""

HOSTILE = [
    ("x" * 100_000, "formula-too-long"),
    ("1+" * 50_000 + "1", "formula-too-long"),
    ("（" * 100_000, "formula-too-long"),
    ("(" * 500 + "x" + ")" * 500, "formula-too-deep"),
    ("（" * 500 + "x" + "）" * 500, "formula-too-deep"),
    ("[" * 900 + "]" * 900, "formula-too-deep"),
    ("-" * 1500 + "x", "formula-too-deep"),
    ("not " * 400 + "x", "formula-too-deep"),
    ("+".join(["x"] * 900), "formula-too-deep"),
    ("x if y else " * 120 + "z", "formula-too-deep"),
    ("abs(" * 29 + "x" + ")" * 29, None),
    ("x.__class__", "formula-forbidden"),
    ("__import__", "formula-forbidden"),
    ("_hidden", "formula-forbidden"),
    ("a.b.c", "formula-forbidden"),
    ("().__class__.__bases__", "formula-forbidden"),
    ("__import__('os').system('true')", "formula-forbidden"),
    ("open('/etc/passwd')", "formula-function"),
    ("eval('1')", "formula-function"),
    ("getattr(x, 'y')", "formula-function"),
    ("sum.__call__(x)", "formula-forbidden"),
    ("9**9**9**9", "formula-power"),
    ("9**999999999", "formula-power"),
    ("9**(0-999999999)", "formula-power"),
    ("x**y", "formula-power"),
    ("x**-7", "formula-power"),
    ("x**0.5", "formula-power"),
    ("(((9**6)**6)**6)**6", "formula-power"),
    ("(x**3)**3", "formula-power"),
    ("((x+1)**4 * 2)**4", "formula-power"),
    ("9" * 1500, "number-expected"),
    ("1e9999", "number-expected"),
    ("0x10", "number-expected"),
    ("[x for x in y]", "formula-forbidden"),
    ("sum(x for x in y for z in y)", "formula-forbidden"),
    ("{x: 1}", "formula-forbidden"),
    ("{x}", "formula-forbidden"),
    ("(lambda: 1)()", "formula-forbidden"),
    ("lambda: x", "formula-forbidden"),
    ("f'{x}'", "formula-forbidden"),
    ("x[0]", "formula-forbidden"),
    ("x[:]", "formula-forbidden"),
    ("(y := 1)", "formula-forbidden"),
    ("sum(*x)", "formula-forbidden"),
    ("sum(**x)", "formula-forbidden"),
    ("x @ y", "formula-forbidden"),
    ("x // y", "formula-forbidden"),
    ("x % y", "formula-forbidden"),
    ("x << 99999999", "formula-forbidden"),
    ("x | y", "formula-forbidden"),
    ("~x", "formula-forbidden"),
    ("x is y", "formula-forbidden"),
    ("None", "formula-forbidden"),
    ("...", "formula-forbidden"),
    ("1j", "formula-forbidden"),
    ("b'x'", "formula-forbidden"),
    ("(yield)", "formula-forbidden"),
    ("(await x)", "formula-forbidden"),
    ("import os", "formula-syntax"),
    ("x = 1", "formula-syntax"),
    ("x; y", "formula-syntax"),
    ("", "formula-syntax"),
    ("x\x00y", "formula-syntax"),
    ("under({x: [1]}, y)", "formula-forbidden"),
    ("q(x)", "formula-forbidden"),
    ("q('5 furlong')", "unit-unknown"),
    ("q('five kg')", "number-expected"),
    ("q('5 " + "kg*" * 300 + "kg')", "unit-unknown"),
]


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """Read the unit file and the error catalogue once, outside the clock."""
    catalogue()
    unit("kg")


@pytest.mark.parametrize(("text", "code"), HOSTILE, ids=lambda v: str(v)[:24] if v else "passes")
def test_hostile_text_is_refused_fast(text: str, code: str | None) -> None:
    start = time.process_time()
    if code is None:
        parse(text)
    else:
        with pytest.raises(TanbiaoError) as caught:
            parse(text)
        assert caught.value.problems[0].code == code
        for lang in ("zh", "en"):
            assert len(caught.value.problems[0].text(lang)) < 400  # type: ignore[arg-type]
    assert time.process_time() - start < SECONDS


def test_repeating_a_text_is_a_mismatch_of_kinds(typed) -> None:
    with pytest.raises(TanbiaoError) as caught:
        typed("'a' * 1000000000", {})
    assert caught.value.problems[0].code == "kind-mismatch"


def test_a_number_that_grows_through_many_clauses_is_refused(run) -> None:
    """One formula is of small degree; a chain of clauses could still square without end."""
    value = Value(Fraction(1234567, 891011))
    with pytest.raises(TanbiaoError) as caught:
        for _ in range(40):
            value = run("x * x", x=value)
    assert caught.value.problems[0].code == "number-too-long"


def test_a_sum_of_many_ratios_turns_to_floats(run) -> None:
    """Exact as long as a common denominator is short; twenty thousand odd denominators have none."""
    start = time.process_time()
    sizes = list(range(1_000_003, 1_020_003))
    found = run("sum(a / b)", a=[1] * len(sizes), b=sizes)
    assert time.process_time() - start < 5
    assert found.data == pytest.approx(sum(1 / s for s in sizes), rel=1e-12)
    assert isinstance(run("sum(a / b)", a=[1, 1, 1], b=[3, 7, 11]).data, Fraction)


@pytest.mark.parametrize(
    "formula",
    ["ln(x - x)", "sqrt(0 - x)", "exp(x * 10000)", "1 / (x - x)", "(x - x) ** -1", "exp(exp(x))**6"],
)
def test_what_is_no_number_is_missing_and_says_where(run, formula: str) -> None:
    for x in (10, [10, 10]):
        found = run(formula, x=x)
        assert set(found.state.tolist() if found.table else [found.state]) == {MISSING}
        assert any(w.startswith(("÷0", "∞")) for w in found.why)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.text("()[]{}+-*/<>=.,'\"_0123456789xsumqande \n", max_size=200))
def test_any_text_is_a_formula_or_is_refused(text: str) -> None:
    try:
        parse(text)
    except TanbiaoError as error:
        assert error.problems[0].part("what", "zh") and error.problems[0].part("what", "en")
