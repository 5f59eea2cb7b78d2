"""Compare: parts sum to the difference to the last digit, in any order, on random systems and against brute force."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from math import factorial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tanbiao.service as service
from tanbiao.core.errors import TanbiaoError, raise_errors
from tanbiao.core.text import parse_yaml
from tanbiao.evaluate import Background, Facts, resolve_facts
from tanbiao.evaluate.axes import BOUNDARY
from tanbiao.evaluate.compare import Comparer, Pair
from tanbiao.evaluate.comparison import Comparison, ranked
from tanbiao.evaluate.mixture import LEFT, RIGHT, mixture
from tanbiao.numerics.shapley import shapley
from tanbiao.present.comparison import apportioned, shown
from tanbiao.service import Places
from tanbiao.service.compare import compare_many
from tanbiao.service.run import LoadedStudy
from tanbiao.standards import Rulebook
from tanbiao.study import Study
from tests.kept import KeptPlaces
from tests.small import provider, rulebook, table

ROOT = Path(__file__).resolve().parents[2]
PACKS = [
    "int.iso-14067@2018",
    "eu.pef@2021",
    "pact.method@3",
    "catena-x.pcf@4",
    "tfs.pcf@3",
    "ghgp.product@2011",
    "bsi.pas-2050@2011",
    "eu.en-15804@a2",
    "cn.gbt-24067@2024",
]
VALUES = {"v": 10.0, "r": 2.0, "e": 1.0, "d": 0.5, "wind": 0.03, "elec.cn.avg.lc.2024": 0.5777}


def load(path: Path, places: Places | None = None) -> LoadedStudy:
    return service.load(path, places or KeptPlaces())


# -- the game itself -----------------------------------------------------------------------------------------------


def by_all_orders(players: list[str], value: dict[frozenset[str], Fraction]) -> dict[str, Fraction]:
    """Each player's step, averaged over every order: the definition."""
    total = dict.fromkeys(players, Fraction(0))
    for order in permutations(players):
        before: frozenset[str] = frozenset()
        for player in order:
            total[player] += value[before | {player}] - value[before]
            before |= {player}
    return {p: t / factorial(len(players)) for p, t in total.items()}


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.data())
def test_shapley_is_the_mean_over_all_orders(n: int, data: st.DataObject) -> None:
    players = [f"p{i}" for i in range(n)]
    sets = [frozenset(p for i, p in enumerate(players) if mask >> i & 1) for mask in range(2**n)]
    value = {s: Fraction(data.draw(st.floats(-1e6, 1e6, allow_nan=False))) for s in sets}
    parts = shapley(players, lambda s: value[s])
    assert parts == by_all_orders(players, value)
    assert sum(parts.values()) == value[frozenset(players)] - value[frozenset()]
    assert shapley(players[::-1], lambda s: value[s]) == parts


@given(st.lists(st.fractions(-1000, 1000), min_size=1, max_size=8), st.integers(-4, 2))
def test_rounded_parts_sum_to_the_rounded_whole(values: list[Fraction], place: int) -> None:
    whole = Fraction(round(sum(values) / Fraction(10) ** place)) * Fraction(10) ** place
    rounded = apportioned(values, whole, place)
    assert sum(Fraction(r) for r in rounded) == whole
    assert all(abs(Fraction(r) - v) < 2 * Fraction(10) ** place for r, v in zip(rounded, values, strict=True))


# -- random systems ------------------------------------------------------------------------------------------------

amounts = st.floats(0.05, 50, allow_nan=False).map(lambda v: float(f"{v:.4g}"))
shares = st.sampled_from([0, 0.1, 0.3, 0.5, 0.8])


@st.composite
def systems(draw: st.DrawFn) -> dict[str, list[dict[str, object]]]:
    """A product, a process with a co-product, recycled materials, power, an omission, use and end of life."""
    exchange: list[dict[str, object]] = [
        {
            "process": "main",
            "stage": "assembly",
            "direction": "product",
            "flow": "thing",
            "amount": 1,
            "unit": "kg",
            "mass": 1,
        },
        {
            "process": "main",
            "stage": "component",
            "direction": "input",
            "flow": "alloy",
            "amount": draw(amounts),
            "unit": "kg",
            "provider": "both",
        },
        {
            "process": "main",
            "stage": "distribution",
            "direction": "input",
            "flow": "way",
            "amount": draw(amounts),
            "unit": "kg",
            "provider": "d",
        },
        {
            "process": "main",
            "stage": "use",
            "direction": "input",
            "flow": "use",
            "amount": draw(amounts),
            "unit": "kg",
            "provider": "e",
        },
        {
            "process": "main",
            "stage": "end_of_life",
            "direction": "waste",
            "flow": "waste",
            "amount": draw(amounts),
            "unit": "kg",
            "provider": "d",
        },
        {
            "process": "main",
            "stage": "assembly",
            "direction": "input",
            "flow": "power",
            "amount": draw(amounts),
            "unit": "kWh",
            "electricity": "e1",
        },
        {
            "process": "both",
            "stage": "component",
            "direction": "product",
            "flow": "alloy",
            "amount": draw(amounts),
            "unit": "kg",
            "price": draw(st.integers(1, 60)),
            "mass": 1,
        },
        {
            "process": "both",
            "stage": "component",
            "direction": "product",
            "flow": "oxide",
            "amount": draw(amounts),
            "unit": "kg",
            "price": draw(st.integers(1, 60)),
            "mass": 1,
        },
        {
            "process": "both",
            "stage": "material",
            "direction": "input",
            "flow": "ore",
            "amount": draw(amounts),
            "unit": "kg",
            "provider": "v",
        },
    ]
    material = []
    for number in range(draw(st.integers(0, 2))):
        exchange.append(
            {
                "process": "main",
                "stage": "material",
                "direction": "input",
                "flow": f"metal {number}",
                "amount": draw(amounts),
                "unit": "kg",
                "provider": "v",
                "material": f"m{number}",
            }
        )
        material.append(
            {
                "id": f"m{number}",
                "A": draw(st.sampled_from([0.2, 0.5, 0.8])),
                "R1": draw(shares),
                "R2": draw(shares),
                "R3": 0,
                "Qsin": 1,
                "Qsout": draw(st.sampled_from([0.5, 1])),
                "virgin": "v",
                "recycled": "r",
                "recycling": "e",
                "substituted": "v",
                "disposal": "d",
            }
        )
    mode = draw(st.sampled_from(["grid", "contract", "direct"]))
    true = draw(st.sampled_from(["true", "false"]))
    power = {
        "id": "e1",
        "process": "main",
        "mode": mode,
        "provider": "" if mode == "grid" else "wind",
        "instrument_exclusive": "true",
        "instrument_retired": true,
        "instrument_period_matches": "true",
        "instrument_market_matches": "true",
        "lifecycle": "true",
    }
    return {
        "process": [
            {"id": "main", "place": "CN"},
            {"id": "both", "place": "CN", "subdivision": "false", "key": "mass", "reason": "one furnace"},
        ],
        "exchange": [{"id": f"x{n}", **row} for n, row in enumerate(exchange)],
        "electricity": [power],
        **({"material": material} if material else {}),
        "omission": [{"id": "o1", "stage": "material", "estimate": draw(amounts)}],
    }


def comparer(tables: dict[str, list[dict[str, object]]]) -> Comparer:
    head = parse_yaml(
        "schema: 1\nsubject: product\nas_of: 2026-01-01\nsalt: s\npacks: [x]\n"
        "period: {start: 2025-01-01, end: 2025-12-31}\n"
        "scope: {stages: [production]}\nreference: {process: main, flow: thing, amount: 1 kg}\n",
        "study.yaml",
    )
    study = Study(head, {n: table(n, r) for n, r in tables.items()}, Path("."))
    providers = {
        i: provider(i, v, "kWh" if i in ("wind", "elec.cn.avg.lc.2024") else "kg") for i, v in VALUES.items()
    }
    asked = {"material", "omission", "electricity"}

    def facts(book: Rulebook) -> Facts:
        found, problems = resolve_facts(study, book, asked)
        raise_errors([p for p in problems if p.code not in ("table-unknown", "column-unknown")])
        return found

    return Comparer(facts, lambda gwp: Background(providers, {}, gwp))


BOOKS = {name: rulebook(name) for name in PACKS}


def check_parts(found: Comparison) -> None:
    assert found.compared is not None
    assert sum(p.exact for p in found.parts if p.exact is not None) == found.exact_difference
    first, parts, last = shown(found)
    number = lambda text: Fraction(text.replace("−", "-").replace("+", ""))  # noqa: E731
    assert number(first) + sum(number(s.text) for s in parts if s.part.exact is not None) == number(last)


@settings(max_examples=8, deadline=None)
@given(systems(), st.permutations(PACKS))
def test_parts_sum_to_the_difference_and_turn_round(
    tables: dict[str, list[dict[str, object]]], order: list[str]
) -> None:
    """Exact sum; from B to A every part, the boundary too, is the opposite one."""
    at_work = comparer(tables)
    left, right = BOOKS[order[0]], BOOKS[order[1]]
    found, back = at_work.compare(left, right), at_work.compare(right, left)
    check_parts(found)
    check_parts(back)
    assert found.left_value == pytest.approx(at_work.side(left).total.value, rel=1e-12)
    assert back.exact_difference == pytest.approx(-found.exact_difference, abs=1e-9)
    backwards = {p.axis: p.exact for p in back.parts}
    assert backwards.keys() == {p.axis for p in found.parts}
    for part in found.parts:
        assert float(part.exact or 0) == pytest.approx(-float(backwards[part.axis] or 0), abs=1e-9)


@settings(max_examples=8, deadline=None)
@given(
    systems(),
    st.sampled_from(
        [
            ("int.iso-14067@2018", "bsi.pas-2050@2011"),
            ("cn.gbt-24067@2024", "catena-x.pcf@4"),
            ("eu.pef@2021", "eu.en-15804@a2"),
            ("pact.method@3", "ghgp.product@2011"),
        ]
    ),
)
def test_parts_are_those_of_every_order_by_hand(
    tables: dict[str, list[dict[str, object]]], pair: tuple[str, str]
) -> None:
    """Brute force: walk from one rulebook to the other in every order of the axes, each mixture evaluated afresh."""
    at_work = comparer(tables)
    left, right = (BOOKS[p] for p in pair)
    found = at_work.compare(left, right)
    players = [p.axis for p in found.parts if p.step == "choice"]
    assert 1 <= len(players) <= 6
    all_axes = Pair(at_work, at_work.side(left), at_work.side(right)).axes
    ways, boundary = [], []
    for before in ({BOUNDARY}, set()):
        known: dict[frozenset[str], Fraction] = {}
        for mask in range(2 ** len(players)):
            chosen = frozenset(p for i, p in enumerate(players) if mask >> i & 1)
            take = {a: RIGHT if a in chosen | before else LEFT for a in all_axes}
            value = at_work.total(mixture(left, right, take)).value
            assert value is not None
            known[chosen] = Fraction(value)
        ways.append(by_all_orders(players, known))
        boundary.append((known[frozenset()], known[frozenset(players)]))
    expected = {p: (ways[0][p] + ways[1][p]) / 2 for p in players}
    assert {p.axis: p.exact for p in found.parts if p.step == "choice"} == expected
    step = sum((a - b for a, b in zip(*boundary, strict=True)), Fraction(0)) / 2
    assert sum((p.exact or 0 for p in found.parts if p.step == BOUNDARY), Fraction(0)) == step


def test_what_cannot_be_told_is_named_and_the_rest_still_explained() -> None:
    """A study without recycling data under the CFF: the clause, the datum and the rows; boundary and rest computed."""
    tables = {
        "process": [{"id": "main", "place": "CN"}],
        "exchange": [
            {
                "id": "x0",
                "process": "main",
                "stage": "assembly",
                "direction": "product",
                "flow": "thing",
                "amount": 1,
                "unit": "kg",
            },
            {
                "id": "x1",
                "process": "main",
                "stage": "material",
                "direction": "input",
                "flow": "metal",
                "amount": 1,
                "unit": "kg",
                "provider": "v",
                "material": "m1",
            },
            {
                "id": "x2",
                "process": "main",
                "stage": "end_of_life",
                "direction": "waste",
                "flow": "waste",
                "amount": 1,
                "unit": "kg",
                "provider": "d",
            },
        ],
        "material": [
            {
                "id": "m1",
                "A": 0.2,
                "R1": 0,
                "R2": 0.5,
                "R3": 0,
                "Qsin": 1,
                "Qsout": 1,
                "virgin": "v",
                "recycled": "r",
                "substituted": "v",
                "disposal": "d",
            }
        ],
    }
    found = comparer(tables).compare(BOOKS["pact.method@3"], BOOKS["eu.pef@2021"])
    assert found.right_value is None and found.left_value == 10
    part = next(p for p in found.parts if p.exact is None)
    assert part.axis == "recycling" and "material.recycling" in part.missing and part.rows == ("material m1",)
    assert "eu.pef-cff@2021#cff" in part.right
    assert found.aside == ("recycling",) and not found.comparable
    check_parts(found)
    assert next(p for p in found.parts if p.axis == BOUNDARY).effect == pytest.approx(0.5)


HEAD = """id: t.NAME
edition: "1"
revision: 1
title: {zh: 一, en: one}
jurisdiction: X
status: constructed
source: {document: constructed}
licence: CC0-1.0
review: constructed
compares: full
"""
CLAUSES = """
- {id: stages, kind: table, table: stages, text: {zh: 阶段, en: stages}}
- {id: limit, kind: define, value: "LIMIT", text: {zh: 限值, en: limit}}
- id: omission
  kind: given
  type: table
  text: {zh: 省略, en: omissions}
  columns: {stage: text, estimate: {unit: kgCO2e}}
- id: omitted
  axis: cut_off
  kind: choose
  for: omission
  text: {zh: 省略, en: omissions}
  first:
  - {option: in_, when: limit > 10, lines: [{provider: ghg, coefficient: estimate / q("1 kgCO2e")}]}
  - {option: out, lines: []}
- id: allocation
  axis: allocation
  kind: choose
  for: process where count(products) > 1
  text: {zh: 分配, en: allocation}
  first:
  - {option: economic, when: max(price) / min(price) > limit, key: price * amount}
  - {option: physical, key: mass * amount}
- {id: footprint, axis: total, kind: define, unit: kgCO2e, text: {zh: 足迹, en: footprint}, formula: sum(line.impact)}
- id: headline
  axis: boundary
  kind: publish
  of: footprint
  unit: kgCO2e
  round: 3 significant
  headline: "true"
  stages: stages
  text: {zh: 足迹, en: footprint}
"""


def test_a_mixture_that_cannot_stand_is_listed_and_its_axes_move_together(tmp_path: Path) -> None:
    """Two rulebooks whose allocation and cut-off rest on one helper of the same name and another value."""
    for name, limit in (("one", "4"), ("two", "50")):
        folder = tmp_path / name
        (folder / "clauses").mkdir(parents=True)
        (folder / "tables").mkdir()
        (folder / "pack.yaml").write_text(HEAD.replace("NAME", name), encoding="utf-8")
        (folder / "tables" / "stages.csv").write_text(
            "tag,stage,account,zh,en,source\ntext,text,text,text,text,text\n"
            + "".join(f"{tag},all,,全部,all,x\n" for tag in ("material", "component", "assembly")),
            encoding="utf-8",
        )
        (folder / "clauses" / "1.yaml").write_text(CLAUSES.replace("LIMIT", limit), encoding="utf-8")
    from tanbiao.standards import resolve

    left, right = (resolve(f"t.{n}@1", [tmp_path])[0] for n in ("one", "two"))
    tables = {
        "process": [{"id": "main", "place": "CN"}],
        "exchange": [
            {
                "id": "a",
                "process": "main",
                "stage": "assembly",
                "direction": "product",
                "flow": "thing",
                "amount": 1,
                "unit": "kg",
                "price": 20,
                "mass": 1,
            },
            {
                "id": "b",
                "process": "main",
                "stage": "assembly",
                "direction": "product",
                "flow": "other",
                "amount": 1,
                "unit": "kg",
                "price": 1,
                "mass": 1,
            },
            {
                "id": "c",
                "process": "main",
                "stage": "material",
                "direction": "input",
                "flow": "ore",
                "amount": 2.1,
                "unit": "kg",
                "provider": "v",
            },
        ],
        "omission": [{"id": "o", "stage": "material", "estimate": 5}],
    }
    found = comparer(tables).compare(left, right)
    assert found.left_value == pytest.approx(20) and found.right_value == pytest.approx(10.5 + 5)
    assert {i.axes for i in found.illegal} == {("cut_off",), ("allocation",)}
    assert all("limit" in i.reason for i in found.illegal)
    assert found.merged == (("allocation", "cut_off"),)
    assert [p.axis for p in found.parts] == ["cut_off+allocation"]
    check_parts(found)


def test_ranking_what_is_not_comparable_is_refused() -> None:
    found = compare_many(
        load(ROOT / "examples" / "five-processes"), ["int.iso-14067@2018", "bsi.pas-2050@2011"]
    )
    with pytest.raises(TanbiaoError) as refused:
        ranked([(s.name, s.published) for s in found.sides])
    assert refused.value.problems[0].code == "comparison-method"
    one = found.sides[0].published
    assert [n for n, _ in ranked([("a", one), ("b", one)])] == ["a", "b"]


def test_the_battery_under_five_rulebooks_at_once() -> None:
    packs = ["cn.miit-551@2025", "eu.cfb-ev@draft-2024", "eu.pef@2021", "pact.method@3", "catena-x.pcf@4"]
    found = compare_many(load(ROOT / "examples" / "nmc622-pack"), packs)
    assert len(found.pairs) == 10
    for pair in found.pairs:
        check_parts(pair)
        european = {pair.left.partition("@")[0], pair.right.partition("@")[0]} & {"eu.cfb-ev", "eu.pef"}
        assert bool(pair.aside) == bool(european)
    assert [s.total.value is None for s in found.sides] == [False, True, True, False, False]


def test_five_processes_are_evaluable_under_every_rulebook() -> None:
    """By hand: PEF differs from ISO by the steel alone, from 0.46 to 0.2352 kg."""
    found = compare_many(
        load(ROOT / "examples" / "five-processes"), ["int.iso-14067@2018", "eu.pef@2021", "eu.en-15804@a2"]
    )
    pef = found.pairs[0]
    steel = 0.2 * (0.7 * 2.3 + 0.3 * 0.2 * 0.6 + 0.3 * 0.8 * 2.3 + 0.8 * 0.8 * (0.7 - 2.3) + 0.2 * 0.01)
    assert [(p.axis, pytest.approx(p.effect)) for p in pef.parts] == [("recycling", steel - 0.2 * 2.3)]
    for pair in found.pairs:
        check_parts(pair)


# -- headlines that are no footprints ------------------------------------------------------------------------------


def test_rates_on_one_basis_are_compared_in_their_own_unit() -> None:
    """Two rules of recyclability by design say 86.3 %; the rate of a recycler stands on another basis and is not taken
    from them."""
    found = compare_many(
        load(ROOT / "examples" / "passenger-car"),
        ["int.iso-22628@2002", "cn.gbt-19515@2023", "int.vehicle-removal@2024"],
    )
    assert [s.total.unit for s in found.sides] == ["%"] * 3
    same, *others = found.pairs
    assert same.unit == "%" and same.left_value == pytest.approx(86.3145, abs=1e-4)
    assert same.left_in_right_unit is None
    check_parts(same)
    for pair in others:
        assert pair.unit == "" and pair.compared is None and pair.parts == () and not pair.comparable
        assert any("point: design" in r.en and "recycler_output" in r.en for r in pair.reasons)


def test_a_rate_and_a_count_and_a_footprint_are_not_subtracted() -> None:
    recycler = compare_many(
        load(ROOT / "examples" / "battery-recycler-year"), ["int.lot-book@2026", "cn.gbt-34014@2017"]
    )
    assert recycler.pairs[0].compared is None and recycler.pairs[0].unit == ""
    mixed = compare_many(
        load(ROOT / "examples" / "lfp-pack-circular"), ["cn.miit-551@2025", "cn.gb-16780@2021"]
    )
    assert mixed.pairs[0].compared is None and mixed.pairs[0].unit == ""


def test_a_level_is_no_quantity() -> None:
    found = compare_many(
        load(ROOT / "examples" / "cement-plant"), ["example.cement-index@2026", "cn.gb-16780@2021"]
    )
    level, energy = found.sides
    assert (level.total.value, level.total.unit, level.published.published) == (None, None, "III")
    assert (energy.total.value, energy.total.unit) == (pytest.approx(104.561, abs=1e-3), "kgce/t")
    assert "publishes a level (III)" in found.pairs[0].reasons[0].en
