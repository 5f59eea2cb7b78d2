"""Three states, three-valued logic: unknown is not false, not applicable is neither, and neither is zero."""

from datetime import date
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanbiao.core.errors import TanbiaoError
from tanbiao.core.value import KNOWN, MISSING, NOT_APPLICABLE, Value

NA = ...
"""Does not apply; None is missing."""

AND = {
    (True, True): True,
    (True, False): False,
    (False, False): False,
    (True, None): None,
    (False, None): False,
    (None, None): None,
    (True, NA): True,
    (False, NA): False,
    (None, NA): None,
    (NA, NA): NA,
}
OR = {
    (True, True): True,
    (True, False): True,
    (False, False): False,
    (True, None): True,
    (False, None): None,
    (None, None): None,
    (True, NA): True,
    (False, NA): False,
    (None, NA): None,
    (NA, NA): NA,
}
TABLES = [("and", pair, wanted) for pair, wanted in AND.items()] + [
    ("or", pair, wanted) for pair, wanted in OR.items()
]


def state(value: Value, row: int | None = None) -> object:
    """True, False, None (missing) or ... (not applicable)."""
    found = int(value.state if row is None else value.state[row])
    if found != KNOWN:
        return None if found == MISSING else NA
    return bool(value.data if row is None else value.data[row])


@pytest.mark.parametrize(("word", "pair", "wanted"), TABLES)
def test_truth_tables(run, word: str, pair: tuple, wanted: object) -> None:
    for a, b in (pair, pair[::-1]):
        assert state(run(f"a {word} b", a=a, b=b)) is wanted
        assert state(run(f"a {word} b", a=[a], b=[b]), 0) is wanted
        assert state(run(f"a {word} b", a=[a], b=b), 0) is wanted


@pytest.mark.parametrize(("word", "pair", "wanted"), TABLES)
def test_all_and_any_agree_with_and_and_or_but_for_what_does_not_apply(
    run, word: str, pair: tuple, wanted: object
) -> None:
    found = state(run("all(a)" if word == "and" else "any(a)", a=list(pair)))
    if wanted is NA:
        assert found is (word == "and")  # of no rows, all hold and none does
    else:
        assert found is wanted


@given(st.lists(st.sampled_from([True, False, None, NA]), min_size=2, max_size=5))
def test_de_morgan(items) -> None:
    from tanbiao.formula import evaluate, parse
    from tests.formula.scope import PlainScope

    names = "abcde"[: len(items)]
    scope = PlainScope(dict(zip(names, items, strict=True)))
    left = evaluate(parse("not (" + " and ".join(names) + ")"), scope)
    right = evaluate(parse(" or ".join(f"not {n}" for n in names)), scope)
    assert state(left) is state(right)


@pytest.mark.parametrize(
    "formula", ["a + b", "a - b", "a * b", "a / b", "a < b", "a == b", "max(a, b)", "min(a, b)"]
)
@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        (1, None, MISSING),
        (None, None, MISSING),
        (1, NA, NOT_APPLICABLE),
        (None, NA, MISSING),
        (NA, NA, NOT_APPLICABLE),
        (1, 2, KNOWN),
    ],
)
def test_what_needs_both_takes_the_worse_state(run, formula: str, a, b, wanted: int) -> None:
    assert run(formula, a=a, b=b).state == wanted
    assert run(formula, a=b, b=a).state == wanted
    column = run(formula, a=[a, 1], b=[b, 1])
    assert column.state.tolist() == [wanted, KNOWN]


def test_missing_says_what_is_missing(run) -> None:
    assert run("a + b * c", a=1, b=None, c=None).why == {"b", "c"}
    assert run("a and b", a=False, b=None).why == frozenset()
    assert run("sum(a)", a=[1, None]).why == {"a"}
    assert run("a + b", a=1, b=NA).why == {"p@1#b"}


@pytest.mark.parametrize(
    ("formula", "rows", "wanted"),
    [
        ("sum(a)", [1, 2, 3], 6),
        ("sum(a)", [1, NA, 3], 4),
        ("sum(a)", [1, None, 3], None),
        ("sum(a)", [None, NA], None),
        ("sum(a)", [NA, NA], 0),
        ("mean(a)", [1, NA, 3], 2),
        ("mean(a)", [NA], NA),
        ("min(a)", [3, NA, 1], 1),
        ("max(a)", [NA, NA], NA),
        ("max(a)", [1, None], None),
        ("count(a > 1)", [1, 2, 3], 2),
        ("count(a > 1)", [1, NA, 3], 1),
        ("count(a > 1)", [1, None, 3], None),
        ("sum(where(a, a > 1))", [1, 2, 3], 5),
        ("max(where(a, a > 9))", [1, 2], NA),
        ("sum(where(a, a > 1))", [1, None, 3], None),
    ],
)
def test_aggregates_pass_over_what_does_not_apply_and_stop_at_what_is_missing(
    run, formula, rows, wanted
) -> None:
    found = run(formula, a=rows)
    if wanted is None or wanted is NA:
        assert found.state == (MISSING if wanted is None else NOT_APPLICABLE)
    else:
        assert found.state == KNOWN and found.data == wanted


@pytest.mark.parametrize(
    ("a", "is_known", "applies"), [(1, True, True), (None, False, True), (NA, False, False)]
)
def test_known_and_applies_are_always_known(run, a, is_known: bool, applies: bool) -> None:
    assert (run("known(a)", a=a).data, run("known(a)", a=a).state) == (is_known, KNOWN)
    assert (run("applies(a)", a=a).data, run("applies(a)", a=a).state) == (applies, KNOWN)
    assert run("known(a)", a=[a]).data.tolist() == [is_known]


def test_a_condition_that_is_unknown_leaves_the_value_unknown(run) -> None:
    assert run("1 if a else 2", a=None).state == MISSING
    assert run("b if a else c", a=True, b=1, c=None).data == 1
    assert run("b if a else c", a=[True, False, None], b=1, c=2).state.tolist() == [KNOWN, KNOWN, MISSING]
    assert run("b if a else c", a=[True, False], b=1, c=2).data.tolist() == [1, 2]


def test_membership_and_dates_keep_states(run) -> None:
    assert run("a in (1, 2)", a=None).state == MISSING
    assert run("a in (1, 2)", a=2).data is True
    assert run("'car' in words", words="material car").data is True
    assert run("'c' in words", words="material car").data is False
    assert run("word in words", word=["a", "b"], words="b c").data.tolist() == [False, True]
    assert run("months_after(date('2024-01-31'), 1)").data == date(2024, 2, 29)
    assert run("months_after(d, 12)", d=None).state == MISSING
    assert run("days_between(date('2024-01-01'), date('2025-01-01'))").data == 366
    with pytest.raises(TanbiaoError):
        run("months_after(date('2024-01-31'), 999999)")


def test_share_gives_exactly_the_weight(run) -> None:
    found = run("share(0.06, size)", size=[1, 1, 1])
    assert sum(found.data) == Fraction(6, 100) and set(found.data) == {Fraction(2, 100)}
    found = run("share(0.06, size)", size=[1, NA, 3])
    assert found.state.tolist() == [KNOWN, NOT_APPLICABLE, KNOWN] and found.data[2] == Fraction(45, 1000)
    assert run("share(0.06, size)", size=[1, None]).state == MISSING


def test_words_are_found_in_any_case(run) -> None:
    assert run("contains(a, 'carbon neutral')", a="CARBON Neutral").data is True
    assert run("any(contains(a, part))", a="低碳产品", part=["绿色", "低碳"]).data is True


@pytest.mark.parametrize(("a", "b"), list(product([True, False, None, NA], repeat=2)))
def test_columns_and_scalars_say_the_same(run, a, b) -> None:
    for word in ("and", "or"):
        alone = run(f"a {word} b", a=a, b=b)
        column = run(f"a {word} b", a=[a, a], b=[b, b])
        assert np.array_equal(np.asarray(column.state), [alone.state] * 2)
        assert state(alone) is state(column, 0)
