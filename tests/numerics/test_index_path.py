"""The cheapest path: both oracles, brute force on small cases, the front; economics; the older ratio method; limits."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import chain, combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanbiao.numerics.index import (
    Goal,
    Indicator,
    Measure,
    Quantity,
    Question,
    best_within,
    cheapest,
    economics,
    front,
    limit_level,
    outcome,
    profile,
    ratio_score,
    score,
    shared_weight,
    unordered,
)
from tanbiao.numerics.index.path import fits

F = Fraction


def one_for_each(weights: str, costs: str) -> tuple[list[Goal], list[Measure]]:
    pairs = list(zip(weights.split(), costs.split(), strict=True))
    goals = [Goal(f"g{n}", F(1), F(w)) for n, (w, _) in enumerate(pairs)]
    return goals, [Measure(f"m{n}", F(c), {f"g{n}": F(1)}) for n, (_, c) in enumerate(pairs)]


# -- the oracles of the reference ------------------------------------------------------------------


def test_oracle_c1_takes_the_last_two() -> None:
    """Six indicators below II; weights as printed, of a whole of 0.95 (greenhouse gases cannot be scored)."""
    goals, measures = one_for_each(".06 .022 .022 .015 .075 .075", "40 25 10 5 8 6")
    goals = [replace(g, weight=g.weight / F("0.95")) for g in goals]
    start = 1 - sum(g.weight for g in goals)
    assert round(float(start * 100), 3) == 71.684
    path = cheapest(goals, measures, F("0.85") - start)
    assert path is not None and path.measures == ("m4", "m5") and path.cost == 14
    assert round(float((start + path.points) * 100), 3) == 87.474


def test_oracle_c2_greedy_is_wrong() -> None:
    goals, measures = one_for_each(".10 .04 .13", "9 4 12.5")
    path = cheapest(goals, measures, F(".126"))
    assert path is not None and path.measures == ("m2",) and path.cost == F("12.5")
    assert outcome(goals, measures, {"m0", "m1"}).cost == 13


# -- brute force -----------------------------------------------------------------------------------


def subsets(items: list[str]) -> chain:
    return chain.from_iterable(combinations(items, n) for n in range(len(items) + 1))


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Goal], list[Measure], Fraction]:
    """Up to five goals and six measures; measures touch several goals, harm some, exclude one another."""
    count, size = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    names = [f"m{n}" for n in range(size)]
    small = st.fractions(-3, 6, max_denominator=7)
    goals = []
    for n in range(count):
        quality = draw(st.booleans())
        goals.append(
            Goal(
                f"g{n}",
                draw(small),
                F(draw(st.integers(0, 9)), 40),
                draw(st.integers(0, 4)) == 0,
                frozenset(draw(st.sets(st.sampled_from(names), max_size=2))) if quality else None,
                frozenset(draw(st.sets(st.sampled_from(names), max_size=1)))
                if draw(st.integers(0, 3)) == 0
                else frozenset(),
            )
        )
    measures = [
        Measure(
            m,
            F(draw(st.integers(-2, 20)), 2),
            {g.id: draw(small) for g in goals if draw(st.integers(0, 1))},
            frozenset(draw(st.sets(st.sampled_from(names), max_size=1))) - {m},
        )
        for m in names
    ]
    return goals, measures, F(draw(st.integers(0, 40)), 40)


def brute(goals: list[Goal], measures: list[Measure], aim: Fraction) -> Fraction | None:
    paths = [outcome(goals, measures, set(s)) for s in subsets([m.id for m in measures])]
    good = [p.cost for p in paths if fits(goals, measures, p, aim)]
    return min(good) if good else None


@settings(max_examples=40, deadline=None)
@given(problems())
def test_the_optimiser_equals_brute_force(problem: tuple[list[Goal], list[Measure], Fraction]) -> None:
    goals, measures, aim = problem
    path = cheapest(goals, measures, aim)
    assert (path.cost if path else None) == brute(goals, measures, aim)
    if path is not None:
        assert fits(goals, measures, path, aim)


@settings(max_examples=40, deadline=None)
@given(problems())
def test_the_front_holds_every_set_that_nothing_beats(
    problem: tuple[list[Goal], list[Measure], Fraction],
) -> None:
    goals, measures, _ = problem
    free = [replace(g, required=False) for g in goals]
    found = front(goals, measures)
    paths = [outcome(free, measures, set(s)) for s in subsets([m.id for m in measures])]
    allowed = [p for p in paths if fits(free, measures, p, F(0))]
    wanted = {
        (p.cost, p.points)
        for p in allowed
        if not any(
            (q.cost <= p.cost and q.points > p.points) or (q.cost < p.cost and q.points >= p.points)
            for q in allowed
        )
    }
    assert {(p.cost, p.points) for p in found} == wanted
    assert all(a.cost < b.cost and a.points < b.points for a, b in pairwise(found))


@settings(max_examples=30, deadline=None)
@given(problems(), st.randoms())
def test_order_and_units_do_not_matter(problem: tuple[list[Goal], list[Measure], Fraction], shuffle) -> None:
    goals, measures, aim = problem
    path = cheapest(goals, measures, aim)
    factor = {g.id: F(1000) if n % 2 else F(1, 3600) for n, g in enumerate(goals)}
    scaled = [replace(g, deficit=g.deficit * factor[g.id]) for g in goals]
    other = [replace(m, gains={k: v * factor[k] for k, v in m.gains.items()}) for m in measures]
    shuffle.shuffle(scaled)
    shuffle.shuffle(other)
    again = cheapest(scaled, other, aim)
    assert (again.cost if again else None) == (path.cost if path else None)


def test_an_exact_tie_with_the_aim_counts_and_a_hair_below_does_not() -> None:
    goals, measures = one_for_each("1/3 1/3 1/3", "1 1 1")
    assert cheapest(goals, measures, F(1)).cost == 3  # type: ignore[union-attr]
    assert cheapest(goals, measures, F(2, 3) + F(1, 10**12)).cost == 3  # type: ignore[union-attr]
    assert cheapest(goals, measures, F(1) + F(1, 10**12)) is None


def test_a_measure_may_harm_another_indicator() -> None:
    goals = [Goal("dust", F(5), F(1, 2), True), Goal("power", F(-2), F(1, 2), True)]
    filter_, thrifty = (
        Measure("filter", F(10), {"dust": F(5), "power": F(-3)}),
        Measure("drive", F(4), {"power": F(1)}),
    )
    assert cheapest(goals, [filter_], F(0)) is None
    assert cheapest(goals, [filter_, thrifty], F(0)).measures == ("filter", "drive")  # type: ignore[union-attr]


def test_a_further_test_cuts_answers_off() -> None:
    goals, measures = one_for_each("0.5 0.5", "1 2")
    path = cheapest(goals, measures, F("0.5"), holds=lambda p: "m0" not in p.measures)
    assert path is not None and path.measures == ("m1",)


def test_the_best_within_a_budget() -> None:
    goals, measures = one_for_each(".10 .04 .13", "9 4 12.5")
    assert best_within(goals, measures, F(13)).points == F("0.14")  # type: ignore[union-attr]


def test_sixty_four_indicators_and_one_hundred_thirty_measures() -> None:
    goals = [Goal(f"g{n}", F(1), F(1, 64)) for n in range(64)]
    measures = [
        Measure(
            f"m{n}",
            F(7 + n * 13 % 29),
            {f"g{n % 64}": F(1), f"g{(n * 7) % 64}": F(1, 2)},
            frozenset({f"m{n - 64}"}) if n >= 64 else frozenset(),
        )
        for n in range(130)
    ]
    path = cheapest(goals, measures, F(85, 100))
    assert path is not None and path.points >= F(85, 100)


# -- economics -------------------------------------------------------------------------------------


def test_economics_by_hand() -> None:
    found = economics(1000, 300, 5, discount=0.1, tax=0.25)
    assert found.flow == pytest.approx((300 - 200) * 0.75 + 200)
    assert found.payback == pytest.approx(1000 / 275)
    assert found.npv == pytest.approx(sum(275 / 1.1**j for j in range(1, 6)) - 1000)
    assert sum(275 / (1 + found.irr) ** j for j in range(1, 6)) == pytest.approx(1000)
    assert economics(1000, 0, 5).payback is None and economics(1000, -500, 5).irr is None
    assert economics(0, 10, 3).irr is None
    with pytest.raises(ValueError):
        economics(10, 1, 0)


@given(st.floats(1, 1e6), st.floats(1, 1e6), st.integers(1, 30))
def test_npv_falls_with_the_rate_and_vanishes_at_the_irr(
    investment: float, saving: float, years: int
) -> None:
    from tanbiao.numerics.index.economics import npv

    found = economics(investment, saving, years)
    assert npv(investment, found.flow, years, 0.05) >= npv(investment, found.flow, years, 0.1)
    if found.irr is not None:
        assert npv(investment, found.flow, years, found.irr) == pytest.approx(0, abs=1e-6 * investment)


# -- the older method ------------------------------------------------------------------------------

CLASSES = {"advanced": F(90), "ordinary": F(80)}


def ratio_system(value: str = "10", answer: bool | None = True) -> tuple[list[Quantity], list[Question]]:
    return (
        [
            Quantity("energy", "use", F(60), F(10), "lower", F(value)),
            Quantity("reuse", "use", F(40), F(80), "higher", F(60)),
        ],
        [Question("law", F(50), answer, veto=True), Question("audit", F(50), True)],
    )


def test_ratio_method_by_hand() -> None:
    found = ratio_score(*ratio_system(), CLASSES, F("0.7"), F(1))
    assert found.ratios == {"energy": 1, "reuse": F(3, 4)}
    assert (found.p1, found.p2, found.p, found.level) == (90, 100, F("93"), "advanced")


def test_ratio_caps() -> None:
    quantities, questions = ratio_system("5")
    assert ratio_score(quantities, questions, CLASSES, F(1), None).ratios["energy"] == 2
    assert ratio_score(quantities, questions, CLASSES, F(1), F("1.2")).p1 == 72 + 30
    few = [replace(q, weight=q.weight / 100) for q in quantities]
    assert ratio_score(few, questions, CLASSES, F(1), "k/m").ratios["energy"] == F(1, 2)


def test_what_is_not_assessed_leaves_its_weight_to_its_category() -> None:
    quantities, questions = ratio_system()
    quantities[1] = replace(quantities[1], assessed=False)
    found = ratio_score(quantities, questions, CLASSES, F("0.7"), F(1))
    assert found.p1 == 100 and "reuse" not in found.points


def test_a_veto_leaves_no_class_and_a_missing_answer_leaves_it_open() -> None:
    assert ratio_score(*ratio_system(answer=False), CLASSES, F("0.99"), F(1)).level is None
    low = ratio_score(*ratio_system(answer=None), CLASSES, F("0.7"), F(1))
    high = ratio_score(*ratio_system(answer=None), CLASSES, F("0.7"), F(1), worst=False)
    assert (low.level, low.vetoes, high.level) == (None, ("law",), "advanced")


@pytest.mark.parametrize("value", ["0", "-16.12"])
def test_a_ratio_of_nothing_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="energy"):
        ratio_score(*ratio_system(value), CLASSES, F("0.7"), F(1))


# -- further variants of membership ----------------------------------------------------------------

LEVELS = {"I": F(85), "II": F(85), "III": F(100)}


def at(level: int) -> dict[str, bool]:
    return {k: level <= n for n, k in enumerate(LEVELS, 1)}


def test_bonus_points_fill_a_hole_and_stop_at_the_cap() -> None:
    base = [Indicator("a", "c", F(1), at(1)), Indicator("b", "d", F(1), None, applicable=False)]
    categories = {"c": F("0.9"), "d": F("0.1")}
    extra = [Indicator("x", "plus", F("0.5"), at(2)), Indicator("y", "plus", F("0.5"), at(1))]
    plain = score(base, categories, LEVELS, "keep_first")
    assert plain.index["III"] == 90
    found = score([*base, *extra], categories, LEVELS, "keep_first", bonus={"plus": F("0.1")})
    assert found.index == {"I": 95, "II": 100, "III": 100} and found.bonus == {"I": 5, "II": 10, "III": 10}
    full = score([*base, *extra], categories, LEVELS, bonus={"plus": F("0.1")})
    assert full.index["II"] == 100


def test_worst_of_is_the_level_of_the_worst_row() -> None:
    rows = [Indicator("a", "c", F("0.99"), at(1)), Indicator("b", "c", F("0.01"), at(3))]
    assert score(rows, {"c": F(1)}, LEVELS).level == "I"
    found = score(rows, {"c": F(1)}, LEVELS, rule="worst_of")
    assert found.level == "III" and found.blockers["I"] == ("b",)


def test_profile_counts_and_does_not_judge() -> None:
    rows = [
        Indicator("a", "c", F(0), at(1)),
        Indicator("b", "c", F(0), at(4)),
        Indicator("d", "c", F(0), None),
        Indicator("e", "c", F(0), at(2), applicable=False),
    ]
    found = profile(rows, list(LEVELS))
    assert (dict(found.counts), found.below, found.missing, found.not_applicable) == (
        {"I": 1, "II": 0, "III": 0},
        1,
        1,
        1,
    )


def test_shared_weights_sum_exactly() -> None:
    shares = shared_weight(F("0.06"), {"a": F(1), "b": F(1), "c": F(1)})
    assert sum(shares.values()) == F("0.06")
    with pytest.raises(ValueError):
        shared_weight(F(1), {"a": F(0)})


# -- limits ----------------------------------------------------------------------------------------


def test_unordered_levels_need_a_declared_policy() -> None:
    """Subcritical 600 MW: 303 / 285 / 312; 290 is level 1 by one reading and level 3 by the other."""
    limits = {"1": F(303), "2": F(285), "3": F(312)}
    assert limit_level(F(290), limits) == "1"
    assert limit_level(F(290), limits, order="every_met") == "3"
    assert unordered(limits) == ["1"]


def test_a_dash_is_passed_over() -> None:
    limits = {"1": F(61), "2": None, "3": F(86)}
    assert [limit_level(F(v), limits) for v in (61, 70, 87)] == ["1", "3", None]
    assert limit_level(F(10), {"1": None, "2": None, "3": F(14)}) == "3"


def test_negative_limits_and_higher_better() -> None:
    assert limit_level(F("-16.12"), {"1": F(-30), "2": F(-28), "3": F(-12)}) == "3"
    assert limit_level(F("23.7"), {"1": F("24.0"), "2": F("23.7"), "3": F("23.2")}, "higher") == "2"
