"""Published texts: rounded stages, ties, and values within the tolerance."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanbiao.core.numbers import Rounding
from tanbiao.core.text import Text
from tanbiao.seal import Figure, Measured, StagePart
from tanbiao.seal.figures import (
    _rounded,
    _step,
    _sum,
    differing_figures,
    differing_results,
    number_text,
    words,
)

BASE = Figure(
    pack="p", name="footprint", clause="p#x", review="verified", title=Text("", ""), published="", unit="kg"
)


def measured(value: float, stages: dict[str, float], rule: Rounding) -> Measured:
    step = _step(rule, value)
    parts = tuple(StagePart(k, Text(k, k), _rounded(v, step, rule.half)) for k, v in stages.items())
    total = format(_sum(parts), "f")
    return Measured(
        replace(
            BASE,
            published=rule.text(value),
            step=format(step, "f"),
            half=rule.half,
            stages=parts,
            parts_sum=total,
        ),
        value,
        stages,
    )


def same(signed: Measured, again: Measured) -> bool:
    return not list(differing_figures([signed.figure], [again]))


@given(
    st.floats(-1e9, 1e9),
    st.lists(st.floats(-1e9, 1e9), max_size=4),
    st.integers(1, 6),
    st.sampled_from(["significant", "decimals"]),
    st.floats(-1e-13, 1e-13),
)
def test_a_value_moved_by_the_last_bits_bears_out_the_same_text(
    value: float, parts: list[float], digits: int, kind: str, shift: float
) -> None:
    rule = Rounding(kind, digits)  # type: ignore[arg-type]
    stages = {f"s{i}": p for i, p in enumerate(parts)}
    again = {k: v * (1 + shift) for k, v in stages.items()}
    assert same(measured(value, stages, rule), measured(value * (1 + shift), again, rule))


@given(st.floats(1e-3, 1e6), st.integers(2, 5), st.sampled_from([-2, -1, 1, 2]))
def test_another_last_digit_is_not_borne_out(value: float, digits: int, off: int) -> None:
    rule = Rounding("significant", digits)
    honest = measured(value, {}, rule)
    step = Decimal(honest.figure.step)
    if abs(abs(Decimal(honest.figure.published) - Decimal(value)) - step / 2) < step / 1000:
        return  # a tie: both neighbours are right
    other = format(Decimal(honest.figure.published) + off * step, "f")
    assert not same(replace(honest, figure=replace(honest.figure, published=other)), honest)


@pytest.mark.parametrize(
    ("value", "signed", "step"), [(9.995, "9.99", "0.01"), (9.995, "10.0", "0.1"), (0.125, "0.12", "0.01")]
)
def test_both_sides_of_a_tie_will_do(value: float, signed: str, step: str) -> None:
    rule = Rounding("significant", 3) if value > 1 else Rounding("decimals", 2)
    again = measured(value, {}, rule)
    assert same(replace(again, figure=replace(again.figure, published=signed, step=step)), again)


def test_stages_are_rounded_to_the_step_of_the_total_and_say_so() -> None:
    found = measured(87.26, {"raw": 80.04, "use": 7.22}, Rounding("significant", 3)).figure
    assert [s.published for s in found.stages] == ["80.0", "7.2"]
    assert (found.published, found.step, found.parts_sum) == ("87.3", "0.1", "87.2")


def test_values_are_written_with_twelve_digits() -> None:
    assert number_text(1 / 3) == "0.333333333333"
    assert number_text(123456789.123456789) == "123456789.123"
    assert number_text(float("nan")) is None and number_text(-0.0) == "0"


def test_results_are_compared_on_the_scale_of_their_figure() -> None:
    one = {"pack": "p", "name": "n", "value": "87.3", "stages": {"a": "87.3", "b": "0.00000000000001"}}
    assert differing_results([one], [one | {"stages": {"a": "87.3", "b": "0.00000000000009"}}]) == []
    assert differing_results([one], [one | {"stages": {"a": "87.3", "b": "0.000001"}}]) == ["p n"]
    assert differing_results([one], []) == ["p n"]


def test_words_of_the_head() -> None:
    assert words({"name": {"zh": "甲", "en": "a"}, "mass": "3 kg"}, ("name",)) == {
        "name.zh": "甲",
        "name.en": "a",
    }
    assert words("1 kg") == {"text": "1 kg"} and words(None) == {}
