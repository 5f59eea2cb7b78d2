"""Scoring: vectors worked out by hand on a published draft table, and the laws that any index obeys."""

import csv
import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tanbiao.numerics.index import Indicator, Score, score

SHARED = next(
    (p / "shared" for p in Path(__file__).resolve().parents if (p / "shared").is_dir()), Path("shared")
)
DATA = SHARED / "data" / "clean-production"
TABLE, VECTORS = DATA / "hazwaste-incineration-draft.csv", DATA / "constructed-vectors.json"

LEVELS = ("I", "II", "III")
THRESHOLDS = {"I": Fraction(85), "II": Fraction(85), "III": Fraction(100)}


def meets(level: int) -> dict[str, bool]:
    """Meeting a level is meeting those below it; 4 meets none."""
    return {k: level <= n for n, k in enumerate(LEVELS, 1)}


# -- the vectors -----------------------------------------------------------------------------------


def vectors() -> list[dict]:
    return json.loads(VECTORS.read_text(encoding="utf-8")) if VECTORS.exists() else []


def table() -> list[dict[str, str]]:
    """The draft's indicators without its bonus group."""
    with TABLE.open(encoding="utf-8-sig") as file:
        return [r for r in csv.DictReader(file) if "bonus" not in r["first_indicator"]]


@pytest.mark.skipif(not vectors(), reason="shared/data/clean-production is not part of this checkout")
@pytest.mark.parametrize("vector", vectors(), ids=lambda v: f"{v['id']}-{v['first_level_policy']}")
def test_constructed_vector(vector: dict) -> None:
    rows = table()
    categories = {r["first_indicator"]: Fraction(r["first_weight"]) for r in rows}
    indicators = []
    for r in rows:
        level = vector["levels"].get(r["second_indicator"])
        indicators.append(
            Indicator(
                r["second_indicator"],
                r["first_indicator"],
                Fraction(r["second_weight"]),
                meets(level) if level else None,
                r["limiting"] == "yes",
                level is not None,
            )
        )
    assert sum(categories.values()) == 1
    found = score(indicators, categories, THRESHOLDS, policy=vector["first_level_policy"])
    assert found.index == {k: Fraction(str(vector["Y"][str(n)])) for n, k in enumerate(LEVELS, 1)}
    assert (found.level or "none") == vector["level"]
    strict = score(
        indicators, categories, THRESHOLDS, policy=vector["first_level_policy"], rule="others_at_second"
    )
    assert strict.index == found.index
    assert (strict.level or "none") == vector["level_if_nonlimiting_must_reach_II"]
    new = {k: v for k, v in THRESHOLDS.items() if k != "III"}  # a new project has no level III
    assert (
        score(indicators, categories, new, policy=vector["first_level_policy"]).level or "none"
    ) == vector["level_if_new_project"]


@pytest.mark.skipif(not vectors(), reason="shared/data/clean-production is not part of this checkout")
def test_all_eleven_vectors_under_both_policies() -> None:
    assert len(vectors()) == 22 and len({v["id"] for v in vectors()}) == 11


# -- laws ------------------------------------------------------------------------------------------


@st.composite
def systems(draw: st.DrawFn) -> tuple[list[Indicator], dict[str, Fraction], list[int]]:
    """Indicators in one to four categories, some not applicable, with weights that sum as they must."""
    count = draw(st.integers(1, 4))
    parts = draw(st.lists(st.integers(1, 20), min_size=count, max_size=count))
    categories = {f"c{n}": Fraction(p, sum(parts)) for n, p in enumerate(parts)}
    indicators, levels = [], []
    for category in categories:
        sizes = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
        for size in sizes:
            level = draw(st.integers(1, 4))
            levels.append(level)
            indicators.append(
                Indicator(
                    f"i{len(indicators)}",
                    category,
                    Fraction(size, sum(sizes)),
                    meets(level),
                    draw(st.booleans()),
                    draw(st.integers(0, 5)) > 0,
                )
            )
    return indicators, categories, levels


def order(level: str | None) -> int:
    return LEVELS.index(level) if level else len(LEVELS)


def same(a: Score, b: Score) -> bool:
    return (a.index, a.level, a.weights) == (b.index, b.level, b.weights) and {
        k: set(v) for k, v in a.blockers.items()
    } == {k: set(v) for k, v in b.blockers.items()}


@given(
    systems(),
    st.sampled_from(["renorm_first", "keep_first"]),
    st.sampled_from(["standard", "others_at_second"]),
    st.data(),
)
def test_better_never_lowers_a_level(system, policy: str, rule: str, data: st.DataObject) -> None:
    indicators, categories, levels = system
    row = data.draw(st.integers(0, len(indicators) - 1))
    better = data.draw(st.integers(1, levels[row]))
    improved = [
        Indicator(
            i.id, i.category, i.weight, meets(better) if n == row else i.meets, i.limiting, i.applicable
        )
        for n, i in enumerate(indicators)
    ]
    before = score(indicators, categories, THRESHOLDS, policy, rule=rule)
    after = score(improved, categories, THRESHOLDS, policy, rule=rule)
    assert order(after.level) <= order(before.level)
    assert all(after.index[k] >= before.index[k] for k in LEVELS)


@given(systems(), st.randoms(), st.sampled_from(["renorm_first", "keep_first"]))
def test_the_order_of_rows_and_categories_changes_nothing(system, shuffle, policy: str) -> None:
    indicators, categories, _ = system
    mixed, names = list(indicators), list(categories)
    shuffle.shuffle(mixed)
    shuffle.shuffle(names)
    assert same(
        score(indicators, categories, THRESHOLDS, policy),
        score(mixed, {n: categories[n] for n in names}, THRESHOLDS, policy),
    )


@given(systems())
def test_weights_sum_to_one_exactly(system) -> None:
    indicators, categories, _ = system
    assume(any(i.applicable for i in indicators))
    assert sum(score(indicators, categories, THRESHOLDS).weights.values()) == 1
    alive = {i.category for i in indicators if i.applicable}
    kept = score(indicators, categories, THRESHOLDS, "keep_first").weights
    assert sum(kept.values()) == sum(categories[c] for c in alive)


@given(systems())
def test_levels_of_one_indicator_nest_in_the_index(system) -> None:
    indicators, categories, _ = system
    found = score(indicators, categories, THRESHOLDS).index
    assert 0 <= found["I"] <= found["II"] <= found["III"] <= 100


@given(systems(), st.data())
def test_the_truth_lies_between_the_worst_and_the_best_case(system, data: st.DataObject) -> None:
    indicators, categories, _ = system
    hidden = data.draw(st.sets(st.integers(0, len(indicators) - 1)))
    partial = [
        Indicator(i.id, i.category, i.weight, None if n in hidden else i.meets, i.limiting, i.applicable)
        for n, i in enumerate(indicators)
    ]
    truth = score(indicators, categories, THRESHOLDS)
    worst, best = (score(partial, categories, THRESHOLDS, worst=w) for w in (True, False))
    assert order(best.level) <= order(truth.level) <= order(worst.level)
    assert all(worst.index[k] <= truth.index[k] <= best.index[k] for k in LEVELS)


@given(systems())
def test_absolute_and_relative_weights_say_the_same(system) -> None:
    indicators, categories, _ = system
    absolute = [
        Indicator(i.id, i.category, i.weight * categories[i.category], i.meets, i.limiting, i.applicable)
        for i in indicators
    ]
    assert same(
        score(indicators, categories, THRESHOLDS), score(absolute, categories, THRESHOLDS, mode="absolute")
    )


@given(systems())
def test_a_level_that_is_not_reached_says_why_unless_points_were_lost(system) -> None:
    indicators, categories, _ = system
    assume(any(i.applicable for i in indicators))
    found = score(indicators, categories, THRESHOLDS)
    for level in LEVELS[: order(found.level)]:
        assert found.blockers[level]
    if found.level:
        assert found.blockers[found.level] == ()


# -- single points ---------------------------------------------------------------------------------


def test_three_weights_of_015_renormalise_to_exactly_one() -> None:
    three = [Indicator(i, "c", Fraction("0.15"), meets(1)) for i in "abc"]
    rest = Indicator("d", "c", Fraction("0.55"), meets(4), applicable=False)
    found = score([*three, rest], {"c": Fraction(1)}, THRESHOLDS)
    assert found.weights == {"a": Fraction(1, 3), "b": Fraction(1, 3), "c": Fraction(1, 3), "d": 0}
    assert found.index["III"] == 100 and found.level == "I"


def test_a_limiting_indicator_is_a_veto_whatever_the_index() -> None:
    heavy = Indicator("a", "c", Fraction("0.99"), meets(1))
    veto = Indicator("b", "c", Fraction("0.01"), meets(2), limiting=True)
    found = score([heavy, veto], {"c": Fraction(1)}, THRESHOLDS)
    assert (found.level, found.blockers["I"], found.index["I"]) == ("II", ("b",), 99)


def test_a_veto_holds_at_the_last_level_too() -> None:
    heavy = Indicator("a", "c", Fraction("0.99"), meets(3))
    veto = Indicator("b", "c", Fraction("0.01"), meets(4), limiting=True)
    assert score([heavy, veto], {"c": Fraction(1)}, {**THRESHOLDS, "III": Fraction(60)}).level is None


def test_points_of_a_lost_category_are_not_reached() -> None:
    """Under `keep_first` nothing blocks level III and still its hundred points cannot be had."""
    system = [
        Indicator("a", "c", Fraction(1), meets(3)),
        Indicator("b", "d", Fraction(1), meets(1), applicable=False),
    ]
    categories = {"c": Fraction("0.95"), "d": Fraction("0.05")}
    assert score(system, categories, THRESHOLDS).level == "III"
    lost = score(system, categories, THRESHOLDS, "keep_first")
    assert (lost.level, lost.index["III"], lost.blockers["III"]) == (None, 95, ())


def test_exactly_85_is_enough_and_a_hair_less_is_not() -> None:
    for weight, level in ((Fraction("0.85"), "I"), (Fraction("0.849999999999999999"), None)):
        system = [Indicator("a", "c", weight, meets(1)), Indicator("b", "c", 1 - weight, meets(4))]
        assert score(system, {"c": Fraction(1)}, THRESHOLDS).level == level


@pytest.mark.parametrize(("weights", "mode"), [(("0.5", "0.4"), "relative"), (("0.5", "0.5"), "absolute")])
def test_weights_that_do_not_sum_are_refused(weights: tuple[str, str], mode: str) -> None:
    system = [Indicator(str(n), "c", Fraction(w), meets(1)) for n, w in enumerate(weights)]
    with pytest.raises(ValueError, match="c"):
        score(system, {"c": Fraction("0.9")}, THRESHOLDS, mode=mode)  # type: ignore[arg-type]
