"""Facts to mass flow: what is refused and where, rates by calculation point, draws, the door to packs."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanbiao.core.errors import Problem, TanbiaoError
from tanbiao.core.text import parse_yaml
from tanbiao.evaluate import Background, Evaluation, evaluate_rulebook, resolve_facts
from tanbiao.evaluate.ledger import Ledger
from tanbiao.formula.functions import spelled
from tanbiao.service import load
from tanbiao.study import Study
from tests.small import ROOT, Rows, rulebook, table

SHREDDER: dict[str, Rows] = {
    "part": [
        {"id": "steel", "material": "steel", "mass": 60},
        {"id": "plastic", "material": "plastic", "mass": 40},
    ],
    "treatment": [{"id": "shred", "takes": "product"}],
    "transfer": [
        {"id": "t1", "treatment": "shred", "material": "steel", "fraction": "scrap", "share": 0.95},
        {"id": "t2", "treatment": "shred", "material": "steel", "fraction": "residue", "share": 0.05},
        {"id": "t3", "treatment": "shred", "fraction": "residue", "share": 1},
    ],
    "route": [
        {
            "id": "r1",
            "fraction": "scrap",
            "kind": "recycling",
            "efficiency": 0.9,
            "low": 0.8,
            "high": 0.95,
            "residue": "slag",
        },
        {"id": "r2", "fraction": "slag", "kind": "landfill"},
        {"id": "r3", "fraction": "residue", "kind": "energy"},
    ],
}


def evaluated(tables: Mapping[str, Rows], pack: str = "int.mass-rates@2026", head: str = "") -> Evaluation:
    text = f"schema: 1\nsubject: product\nas_of: 2026-01-01\nsalt: s\npacks: [{pack}]\n{head}"
    study = Study(parse_yaml(text, "study.yaml"), {n: table(n, r) for n, r in tables.items()}, Path("."))
    facts, problems = resolve_facts(study, rulebook(pack))
    if problems:
        raise TanbiaoError(problems)
    return Evaluation(rulebook(pack), facts, Background({}, {}, "none"), Ledger())


def rate(tables: Mapping[str, Rows], name: str = "recycling_output") -> Fraction:
    return Fraction(evaluated(tables).value(name).data)


def found(tables: Mapping[str, Rows]) -> list[Problem]:
    with pytest.raises(TanbiaoError) as error:
        rate(tables)
    return list(error.value.problems)


def changed(name: str, row: int, **cells: object) -> dict[str, Rows]:
    rows = [dict(r) for r in SHREDDER[name]]
    rows[row] |= cells
    return {**SHREDDER, name: rows}


# -- refusals name the row -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "row", "cells", "code", "line"),
    [
        ("transfer", 1, {"share": 0.04}, "massflow-transfer", 3),
        ("transfer", 0, {"share": 1.1}, "massflow-share", 2),
        ("route", 0, {"residue": ""}, "massflow-residue", 2),
        ("route", 0, {"low": 0.95}, "massflow-spread", 2),
        ("route", 1, {"fraction": "elsewhere"}, "massflow-destination", 2),
        ("route", 2, {"share": 0.5}, "massflow-route", 4),
        ("transfer", 1, {"fraction": "scrap_b"}, "massflow-destination", 3),
        ("part", 0, {"mass": ""}, "massflow-mass", 2),
        ("part", 0, {"mass": -1}, "massflow-negative", 2),
        ("part", 0, {"parent": "plastic", "mass": 41}, "massflow-sum", 3),
        ("part", 0, {"parent": "steel"}, "massflow-tree", 2),
        ("part", 0, {"after": "plastic", "minutes": 1}, "row-reference", 2),
    ],
)
def test_a_broken_table_is_refused_with_its_row(
    name: str, row: int, cells: dict[str, object], code: str, line: int
) -> None:
    problem = next(p for p in found(changed(name, row, **cells)) if p.code == code)
    assert problem.place.row == line
    assert problem.text("zh") and problem.text("en")


def test_a_circle_of_treatments() -> None:
    tables = changed("route", 0, residue="again")
    tables["treatment"] = [{"id": "shred", "takes": "product again"}]
    assert "massflow-loop" in [p.code for p in found(tables)]


def test_a_fraction_goes_to_one_place() -> None:
    tables = changed("treatment", 0)
    tables["treatment"] = [{"id": "shred", "takes": "product"}, {"id": "wash", "takes": "scrap"}]
    assert "massflow-twice" in [p.code for p in found(tables)]


def test_parts_that_wait_for_one_another() -> None:
    rows = [
        {"id": "a", "mass": 1, "minutes": 1, "after": "b"},
        {"id": "b", "mass": 1, "minutes": 1, "after": "a"},
    ]
    assert [p.code for p in found({"part": rows})] == ["massflow-after"]


def test_a_composition_above_the_whole() -> None:
    tables = {
        **SHREDDER,
        "composition": [
            {"id": "c1", "of": "steel", "substance": "Fe", "share": 0.9},
            {"id": "c2", "of": "steel", "substance": "C", "share": 0.2},
        ],
    }
    assert [p.code for p in found(tables)] == ["massflow-composition"]


# -- rates -----------------------------------------------------------------------------------------------------------


def test_rates_by_point() -> None:
    assert rate(SHREDDER, "recycling_entry") == Fraction("0.57")
    assert rate(SHREDDER) == Fraction("0.513")
    assert rate(SHREDDER, "recovery_output") == Fraction("0.963") - Fraction("0.02")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 100), st.integers(0, 100), st.integers(1, 500), st.integers(0, 300))
def test_laws_through_the_door(better: int, share: int, steel: int, inert: int) -> None:
    """Closure, R ≤ recovery ≤ 100 %, monotone in yield, inert mass never raises a rate."""
    tables = changed("transfer", 0, share=f"{share / 100:g}")
    tables["transfer"] = [
        dict(tables["transfer"][0]),
        {**tables["transfer"][1], "share": f"{1 - share / 100:.2f}"},
        tables["transfer"][2],
    ]
    tables["part"] = [{"id": "steel", "material": "steel", "mass": steel}]
    low = {**SHREDDER["route"][0], "efficiency": f"{better / 200:g}", "low": "", "high": ""}
    high = {**low, "efficiency": f"{better / 100:g}"}
    first = evaluated({**tables, "route": [low, *SHREDDER["route"][1:]]})
    second = evaluated({**tables, "route": [high, *SHREDDER["route"][1:]]})
    heavier = evaluated(
        {
            **tables,
            "route": [high, *SHREDDER["route"][1:]],
            "part": [*tables["part"], {"id": "inert", "material": "stone", "mass": inert}],
        }
    )
    for e in (first, second, heavier):
        out, into = (sum(e.derived_column(t, "mass").data) for t in ("outflow", "inflow"))
        assert out == into
        assert 0 <= e.value("recycling_output").data <= e.value("recovery_output").data <= 1
    assert first.value("recycling_output").data <= second.value("recycling_output").data
    assert heavier.value("recycling_output").data <= second.value("recycling_output").data


def test_row_order_changes_nothing_not_even_a_draw() -> None:
    turned = {n: list(reversed(list(r))) for n, r in SHREDDER.items()}
    a, b = evaluated(SHREDDER), evaluated(turned)
    assert a.value("recycling_output").data == b.value("recycling_output").data
    one, two = a.mass_flow().draws(64, 3), b.mass_flow().draws(64, 3)
    assert one is not None and two is not None
    np.testing.assert_array_equal(np.sort(one.mass.sum(axis=0)), np.sort(two.mass.sum(axis=0)))
    np.testing.assert_allclose(one.mass.sum(axis=0), 100.0)


def test_probability_of_a_threshold_is_monotone() -> None:
    chances = [
        float(
            evaluated(SHREDDER, head=f"parameters:\n  recycling_target: {t} %\n")
            .value("chance_of_target")
            .data
        )
        for t in (45, 50, 52, 55)
    ]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] == 1 and chances[-1] == 0 and 0 < chances[1] < 1


def test_substances_follow_their_own_shares() -> None:
    """An assayed material: nickel dissolves, the rest stays."""
    tables: dict[str, Rows] = {
        "part": [{"id": "cathode", "material": "nmc", "mass": 100}],
        "composition": [{"id": "c1", "of": "nmc", "substance": "Ni", "share": 0.5}],
        "treatment": [{"id": "leach", "takes": "product"}],
        "transfer": [
            {"id": "t1", "treatment": "leach", "substance": "Ni", "fraction": "salt", "share": 0.84},
            {"id": "t2", "treatment": "leach", "substance": "Ni", "fraction": "slag", "share": 0.16},
            {"id": "t3", "treatment": "leach", "fraction": "slag", "share": 1},
        ],
        "route": [
            {"id": "r1", "fraction": "salt", "kind": "recycling"},
            {"id": "r2", "fraction": "slag", "kind": "landfill"},
        ],
    }
    e = evaluated(tables)
    rates = dict(zip(e.fact_column("balance", "id").data, e.value("substance_rate").data, strict=True))
    assert rates["Ni"] == Fraction("0.84")
    assert e.value("recycling_output").data == Fraction("0.42")


def test_a_remainder_completes_and_is_marked() -> None:
    e = evaluated(
        {
            **SHREDDER,
            "part": [
                {"id": "car", "mass": 100},
                {"id": "steel", "parent": "car", "material": "steel", "mass": 60},
                {"id": "rest", "parent": "car", "remainder": "true"},
            ],
        }
    )
    column = e.derived_column("inflow", "remainder")
    assert list(column.data) == [False, True]
    assert e.derived_column("inflow", "mass").data[1] == 40


# -- the door to packs -----------------------------------------------------------------------------------------------


def test_no_rate_while_a_forced_removal_has_no_destination() -> None:
    rows = [*SHREDDER["part"], {"id": "battery", "material": "lead", "mass": 15, "hazard": "SLI battery"}]
    e = evaluated({**SHREDDER, "part": rows}, "int.vehicle-removal@2024")
    result = evaluate_rulebook(e.rulebook, e.facts, e.background, e.ledger, e)
    assert [f.clause.partition("#")[2] for f in result.refused] == ["forced-removals-have-a-destination"]
    assert result.refused[0].where == ("part.csv:4",)
    assert all(p.value is None for p in result.published)


def test_a_design_rate_is_refused_as_recyclers_rate() -> None:
    head = "parameters:\n  recycler_rate: {value: 86.3 %, basis: {point: design, per: vehicle_mass}}\n"
    with pytest.raises(TanbiaoError) as error:
        evaluated({}, "int.cff-link@2026", head)
    assert [p.code for p in error.value.problems] == ["given-basis"]


def test_the_ledger_says_what_the_draws_were() -> None:
    e = evaluated(SHREDDER, head="parameters:\n  recycling_target: 50 %\n")
    e.value("chance_of_target")
    kinds = {entry.kind: entry for entry in e.ledger.entries.values()}
    assert dict(kinds["ensemble"].axes) == {"n": "1000", "sampler": "massflow-1", "seed": "1"}
    assert {n for n, _ in kinds["massflow"].inputs} == set(SHREDDER)


def test_codes_have_a_finite_layout() -> None:
    vin = "17[0-9A-HJ-NPR-Z]"
    assert spelled("LSVAU2180N2123456", vin)
    assert not spelled("LSVAU2180O2123456", vin)
    assert not spelled("LSVAU2180N212345", vin) and not spelled("LSVAU2180N21234567", vin)
    with pytest.raises(TanbiaoError):
        spelled("A", "[A-Z]+")


# -- worked studies --------------------------------------------------------------------------------------------------


def test_one_car_by_design_and_by_process() -> None:
    published = {
        p.name: p.value for r in load(ROOT / "examples" / "passenger-car").run().results for p in r.published
    }
    assert published["Rcyc"] == pytest.approx(86.3145, abs=1e-4)
    assert published["Rcov"] == pytest.approx(99.6834, abs=1e-4)
    assert published["recycling_output"] == pytest.approx(61.827, abs=1e-3)


def test_a_recyclers_year_is_decided_by_the_optional_substances() -> None:
    run = load(ROOT / "examples" / "battery-recycler-year").run(["eu.2025-606@2025"])
    published = {p.name: p.value for p in run.results[0].published}
    assert published["efficiency_without_optional"] < published["efficiency_target"]  # type: ignore[operator]
    assert published["efficiency_with_optional"] > published["efficiency_target"]  # type: ignore[operator]
    assert published["efficiency_optional_in_neither"] < published["efficiency_target"]  # type: ignore[operator]


def test_a_draw_is_what_an_evaluation_of_those_masses_alone_gives() -> None:
    whole = evaluated(SHREDDER, head="parameters: {recycling_target: 50 %}\n")
    whole.value("target_met")
    flows = whole.mass_flow()
    draws = flows.draws(8, 3)
    assert draws is not None
    for number in range(8):
        masses = flows.drawn(draws, number)
        alone = evaluated(SHREDDER, head="parameters: {recycling_target: 50 %}\n")
        alone.flows = masses
        for name in ("recycling_output", "recycling_entry", "recovery_output"):
            assert whole.drawn(masses).value(name).data == alone.value(name).data
    assert {
        "recycling_output",
        "target_met",
    } <= whole.moved_by_flow() and "target" not in whole.moved_by_flow()
    assert "target" in whole.drawn(flows.drawn(draws, 0)).values
