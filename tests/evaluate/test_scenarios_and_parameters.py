"""Parameters with scopes, scenarios, variants, sensitivity, breakeven; a published result beside ours."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import tanbiao.service as service
from tanbiao.core.errors import TanbiaoError
from tanbiao.service import Places
from tanbiao.service.published import beside_published
from tanbiao.service.run import LoadedStudy
from tanbiao.service.scenario import (
    VARIANTS,
    run_breakeven,
    run_scenarios,
    run_sensitivity,
    write_scenarios,
    write_sensitivity,
)
from tanbiao.study.parameters import substituted
from tests.kept import KeptPlaces

FIVE = Path(__file__).resolve().parents[2] / "examples" / "five-processes"
PARAMETERS = """id,name,scope,value,unit,low,high
p1,scrap,,0.1,,0.02,0.2
p2,power,machining,0.8,kWh,,
p3,power,finishing,500,Wh,,
p4,input,,=1 + scrap,,,
p5,steel,,200,g,,
"""


def load(path: Path, places: Places | None = None) -> LoadedStudy:
    return service.load(path, places or KeptPlaces())


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """The five processes with formulas in place of numbers: the same numbers."""
    folder = tmp_path / "study"
    shutil.copytree(FIVE, folder)
    file = folder / "exchanges.csv"
    text = file.read_text(encoding="utf-8")
    for old, new in (
        ("铸件,=1.1 * 0.6", "铸件,=input * route_a"),
        ("铸件,=1.1 * 0.4", "铸件,=input * route_b"),
        ("电网电力,0.8,", "电网电力,=power,"),
        ("电网电力,0.5,", "电网电力,=power,"),
        ("钢嵌件,0.2,", "钢嵌件,=steel,"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")
    (folder / "parameters.csv").write_text(PARAMETERS, encoding="utf-8")
    return folder


def headline(folder: Path) -> float:
    value = load(folder).run().results[0].headline
    assert value is not None and isinstance(value.value, float)
    return value.value


def test_formulas_give_what_the_numbers_gave(study: Path) -> None:
    """Scopes, units (500 Wh into kWh, 200 g into kg) and formulas over formulas."""
    assert headline(study) == headline(FIVE)
    new, problems = substituted(load(study).study)
    cells = dict(zip(new.tables["exchange"].ids, new.tables["exchange"].columns["amount"], strict=True))
    assert not problems
    assert (cells["x04"], cells["x11"], cells["x09"], cells["x03"]) == ("=1/2", "=4/5", "=33/50", "=1/5")


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("=nothing", "no parameter nothing"),
        ("=steel + scrap", "cannot be added"),
        ("=power * steel", "≠ kWh"),
        ("=1/(scrap - scrap)", ""),
        ("=steel**2", "only numbers"),
        ("=__import__(steel)", "only numbers"),
    ],
)
def test_a_formula_that_cannot_be_worked_out_names_its_cell(study: Path, formula: str, said: str) -> None:
    file = study / "exchanges.csv"
    file.write_text(
        file.read_text(encoding="utf-8").replace("电网电力,=power,", f"电网电力,{formula},", 1),
        encoding="utf-8",
    )
    with pytest.raises(TanbiaoError) as refused:
        headline(study)
    problem = next(p for p in refused.value.problems if p.code == "parameter-formula")
    assert problem.place.cell == "amount" and said in problem.text("en")


def test_parameters_in_a_circle_are_named(study: Path) -> None:
    file = study / "parameters.csv"
    file.write_text(
        file.read_text(encoding="utf-8").replace("p1,scrap,,0.1", "p1,scrap,,=input - 1"), encoding="utf-8"
    )
    with pytest.raises(TanbiaoError, match="circle"):
        headline(study)


def test_the_base_case_is_scenario_zero_by_construction(study: Path) -> None:
    (study / "scenarios.csv").write_text(
        "id,name_en,scrap,machining/power,exchange.x22.provider,choice.allocation,pack\n"
        "less,less scrap,0.02,,,,\neconomic,by value,,,,other,\nmore,more power,,1 kWh,,,\n"
        "recycled,recycled ingot,,,five.al.recycling,,\npact,PACT,,,,,pact.method@3\n",
        encoding="utf-8",
    )
    told = {t.scenario.id: t for t in run_scenarios(load(study))}
    base = told["0"].value
    assert base == headline(study) == headline(FIVE)
    assert told["more"].value - base == pytest.approx(0.2 * 0.5777)
    assert told["pact"].pack == "pact.method@3+1"
    assert told["less"].value < base < told["economic"].value
    assert told["recycled"].value < 3


def test_a_scenario_of_what_is_not_there_is_refused(study: Path) -> None:
    (study / "scenarios.csv").write_text("id,name_en,exchange.x99.amount\ns,s,1\n", encoding="utf-8")
    with pytest.raises(TanbiaoError, match=r"exchange\.x99\.amount"):
        run_scenarios(load(study))


def test_forty_variants_give_one_declaration_for_each_model_and_plant(study: Path, tmp_path: Path) -> None:
    """A shared process, its own bill of materials for each model."""
    rows = [f"v{n},bracket {n},B-{n},{'JS' if n % 2 else 'SC'},{100 + 10 * n} g" for n in range(40)]
    (study / "variants.csv").write_text(
        "id,name_en,model,plant,steel\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    told = run_scenarios(load(study), names=VARIANTS)
    assert len(told) == 41
    values = [t.value for t in told[1:]]
    assert values == sorted(values)  # more steel, more of everything
    assert told[11].value == pytest.approx(told[0].value)  # 200 g is the base
    files = write_scenarios(told, load(study).study, tmp_path / "out", "variants")
    assert len(files) == 41 and (tmp_path / "out" / "declarations" / "B-7-JS.json").is_file()


def test_sensitivity_ranks_choices_and_data(study: Path, tmp_path: Path) -> None:
    loaded = load(study)
    found = run_sensitivity(loaded, most=4)
    by = {s.target: s for s in found.swings}
    assert found.base == headline(FIVE)
    assert {s.target for s in found.swings[:2]} == {"exchange.x22.amount", "factor.five.al.ingot"}
    assert by["choice.allocation"].kind == "choice" and by["choice.allocation"].high > found.base
    assert by["scrap"].low_at == "0.02" and by["scrap"].high_at == "0.2"  # its own bounds
    assert by["machining/power"].high - found.base == pytest.approx(0.08 * 0.5777)
    assert [s.width for s in found.swings] == sorted((s.width for s in found.swings), reverse=True)
    assert [p.suffix for p in write_sensitivity(found, loaded.study, tmp_path)] == [".svg", ".svg", ".json"]


def test_each_background_factor_moves_alone_by_its_bounds_or_a_tenth(study: Path) -> None:
    """The ingot has no interval: a tenth of 15 kg per kg. Gas heat has one in its library. The label says which."""
    file = study / "library" / "factors.csv"
    text = file.read_text(encoding="utf-8")
    heat = next(line for line in text.splitlines() if line.startswith("five.gas.heat"))
    file.write_text(text.replace(heat, heat.replace(",judged,,,", ",judged,0.05,0.09,")), encoding="utf-8")
    loaded = load(study)
    found = run_sensitivity(loaded, most=6)
    by = {s.target: s for s in found.swings}
    ingot, amount = by["factor.five.al.ingot"], by["exchange.x22.amount"]
    assert (
        ingot.kind == "factor"
        and ingot.how.en.startswith("±10 %")
        and ingot.width == pytest.approx(amount.width)
    )
    assert (ingot.low_at, ingot.high_at) == ("13.5 kgCO2e/kg", "16.5 kgCO2e/kg")
    gas = by["factor.five.gas.heat"]
    assert gas.how.en == "bounds of the library" and gas.low_at == "0.05 kgCO2e/MJ"
    assert gas.high - found.base == pytest.approx((found.base - gas.low) * 0.022 / 0.018)
    assert not any(
        s.target in ("factor.co2_fossil", "factor.ghg") for s in found.swings
    )  # a gas is no factor


def test_a_scenario_may_set_a_background_factor(study: Path) -> None:
    (study / "scenarios.csv").write_text(
        "id,name_en,factor.five.al.ingot\nlow,low carbon ingot,5\n", encoding="utf-8"
    )
    told = {t.scenario.id: t.value for t in run_scenarios(load(study))}
    ingot = 1.1 * (0.6 * 1.03 + 0.4 * 1.02) * 104 / 105
    assert told["0"] - told["low"] == pytest.approx(10 * ingot)
    (study / "scenarios.csv").write_text("id,name_en,factor.nothing\nx,x,5\n", encoding="utf-8")
    assert "factor.nothing" in " ".join(run_scenarios(load(study))[1].missing)


def test_breakeven_of_a_background_factor(study: Path) -> None:
    """At which footprint of the ingot the bracket meets a goal: linear, so by plain arithmetic."""
    base, ingot = headline(FIVE), 1.1 * (0.6 * 1.03 + 0.4 * 1.02) * 104 / 105
    found = run_breakeven(load(study), "factor.five.al.ingot", 0, 20, goal=base - 3)
    assert found.values == (pytest.approx(15 - 3 / ingot),)


def test_breakeven_of_what_is_not_there_is_refused(study: Path) -> None:
    with pytest.raises(TanbiaoError, match="nothing"):
        run_breakeven(load(study), "nothing", 0, 1, goal=1.0)


def test_breakeven_meets_its_goal(study: Path) -> None:
    base = headline(FIVE)
    found = run_breakeven(load(study), "machining/power", 0, 3, "kWh", goal=base + 0.5777)
    assert found.values == (pytest.approx(1.8),) and found.lower_below
    assert run_breakeven(load(study), "machining/power", 0, 3, "kWh", goal=base + 100).values == ()


def test_a_published_result_beside_ours(tmp_path: Path) -> None:
    """An academic baseline whose stages sum to its total within rounding; what it does not state is named."""
    file = tmp_path / "published.yaml"
    file.write_text(
        """title: NMC111 baseline
source: fact sheet of T/CQAE 12002-2024 as copied in public
unit: kgCO2e/kWh
basis: gross
per: capacity_gross
value: 145.69
boundary: [material, component, assembly]
stages:
  materials: {name: {zh: 材料, en: materials}, value: 107.96, steps: [material, component]}
  other: {name: {zh: 其他, en: other}, value: 37.72, steps: [assembly]}
method: {gwp: AR5}
""",
        encoding="utf-8",
    )
    found = beside_published(load(FIVE.parent / "nmc622-pack"), file, "cn.miit-551@2025")
    materials, other, *rest, total = found.rows
    assert total.ours == pytest.approx(materials.ours + other.ours)
    assert total.difference == pytest.approx(total.ours - 145.69)
    assert [r.theirs for r in rest] == [None, None]  # distribution and end of life are ours alone
    said = " ".join(r.en for r in found.reasons)
    for word in ("boundary", "GWP set: published AR5, ours AR6", "allocation", "verification"):
        assert word in said
    file.write_text(file.read_text(encoding="utf-8").replace("107.96", "90"), encoding="utf-8")
    assert any(
        "contradicts itself" in r.en
        for r in beside_published(load(FIVE.parent / "nmc622-pack"), file, "cn.miit-551@2025").reasons
    )


def test_a_level_is_told_and_has_no_sensitivity(tmp_path: Path) -> None:
    """The headline of a clean-production index is a level: scenarios tell it, nothing moves it by degrees."""
    folder = tmp_path / "study"
    shutil.copytree(FIVE.parent / "cement-plant", folder)
    (folder / "scenarios.csv").write_text(
        "id,name_en,plant.altitude\nhigh,on a hill,800 m\n", encoding="utf-8"
    )
    assert [(t.value, t.published, t.missing) for t in run_scenarios(load(folder))] == [(None, "III", ())] * 2
    with pytest.raises(TanbiaoError) as refused:
        run_sensitivity(load(folder))
    assert refused.value.problems[0].code == "scenario-level"


def test_breakeven_refuses_another_unit() -> None:
    """Per kWh delivered under one pack, per piece under the other: no value of a datum makes these equal."""
    loaded = load(FIVE.parent / "lfp-pack-circular")
    with pytest.raises(TanbiaoError) as refused:
        run_breakeven(loaded, "exchange.x024.amount", 1, 9, pack="cn.miit-551@2025", other="eu.pef@2021")
    assert refused.value.problems[0].code == "comparison-unit"


def test_a_parameter_bears_the_name_that_its_rulebook_gives() -> None:
    found = run_sensitivity(load(FIVE.parent / "lfp-pack-circular"), most=1)
    names = {s.target: s.name for s in found.swings if s.kind == "parameter"}
    assert names and all("parameters." not in n.zh and n.zh != f"参数：{t}" for t, n in names.items())
