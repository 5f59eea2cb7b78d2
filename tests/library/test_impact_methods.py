"""Impact methods: what ships is its source's, any table of factors goes through the engine, fallbacks are told."""

from __future__ import annotations

import csv
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tanbiao.core.errors import TanbiaoError
from tanbiao.library import GWP_SETS, compile_library, total
from tanbiao.library.methods import (
    Fallback,
    Missing,
    Places,
    Substance,
    characterise,
    compartment,
    read_methods,
)
from tanbiao.library.model import climate_sets
from tanbiao.numerics import lca
from tanbiao.service import Places as Roots
from tests.conftest import ROOT

STARTER = ROOT.parent / "shared" / "data" / "starter" / "methods"


@pytest.mark.skipif(not STARTER.is_dir(), reason="shared data are absent")
def test_the_metrics_that_ship_are_those_of_the_source() -> None:
    lines = [
        line
        for line in (STARTER / "gwp_ipcc.csv").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    species = {
        (float(r["AR6GWP100"]), float(r["AR6GWP20"]), float(r["AR6GTP100"]))
        for r in csv.DictReader(lines)
        if r["AR6GWP100"] and r["AR6GWP20"] and r["AR6GTP100"]
    }
    gases, checked = Roots().library(["open-2026"]).gases, 0
    with (ROOT / "src/tanbiao/library/climate.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["verification"] == "transcribed":
                found = tuple(
                    float(gases[row["gas"]].gwp(s) or "nan") for s in ("AR6", "AR6-GWP20", "AR6-GTP100")
                )
                assert found in species, row["gas"]
                checked += 1
    assert checked > 30


def test_a_library_is_solved_under_every_set_and_methane_weighs_more_over_twenty_years() -> None:
    library = Roots().library(["open-2026"])
    solved = {name: compile_library(library, name) for name in GWP_SETS}
    methane = [total(solved[s], "ch4_fossil") for s in ("AR6-GTP100", "AR6", "AR6-GWP20")]
    assert methane == sorted(methane)
    assert all(total(s, "co2_fossil") == 1.0 for s in solved.values())
    assert "hfo1234yf" in solved["AR6-GWP20"].missing  # its source has no such value: no number, not zero
    with pytest.raises(TanbiaoError):
        compile_library(library, "AR7")
    assert set(climate_sets()) == {"AR6-GWP20", "AR6-GTP100"}


@pytest.mark.skipif(not STARTER.is_dir(), reason="shared data are absent")
def test_ef_31_climate_read_from_the_users_folder_is_ar6_for_the_gases_of_the_library() -> None:
    methods = read_methods(STARTER / "ef31_climate_change.csv")
    with (ROOT / "src/tanbiao/exchange/elementary.csv").open(encoding="utf-8") as file:
        names = {r["gas"]: r["ef31"] for r in csv.DictReader(file) if r["gas"] and r["ef31"]}
    factors = methods["Climate change"].factors
    found = {g: v for g, f in names.items() if (v := factors.get((f.casefold(), "output", ""))) is not None}
    library = Roots().library(["open-2026"])
    common = [g for g in library.gases if g in found]
    assert len(common) > 12
    assert all(found[g] == library.gases[g].gwp("AR6") for g in common)
    assert found["ch4_fossil"] == Fraction("29.8") and found["co2_fossil"] == 1


TABLE = """method,flow,direction,location,cf
water,"water (Mass, kg, Resources from water)",input,,10
water,"water (Mass, kg, Resources from water)",input,CN,40
water,"water (Mass, kg, Resources from water)",input,RAS,25
water,"water (Mass, kg, Emissions to water)",output,,-10
climate,"CO2 (Mass, kg, Emissions to air)",output,,1
climate,"CO2 (Mass, kg, Emissions to urban air)",output,,1
toxicity,"zinc (Mass, kg, Emissions to air)",output,,3
toxicity,"zinc (Mass, kg, Emissions to soil)",output,,7
"""


def table(folder: Path, text: str = TABLE) -> Path:
    (folder / "methods.csv").write_text(text, encoding="utf-8")
    return folder


WATER = Substance("w", ("Water",), "Resources/Resources from water", "m3")


def test_regional_factors_fall_back_as_declared_and_say_so(tmp_path: Path) -> None:
    methods = read_methods(table(tmp_path))
    places = ["CN", "CN-JS", "IN", "FR"]
    found = characterise(
        [methods["water"]], [replace(WATER, unit="kg")] * 4, places, ["input"] * 4, Places({"IN": ("RAS",)})
    )
    assert found.factor[:, 0].tolist() == [40, 40, 25, 10]
    assert found.fallbacks == (
        Fallback("water", "w", "CN-JS", "CN"),
        Fallback("water", "w", "IN", "RAS"),
        Fallback("water", "w", "FR", ""),
    )
    strict = characterise(
        [methods["water"]], [replace(WATER, unit="kg")], ["FR"], ["input"], Places(default=())
    )
    assert strict.missing == (Missing("w", "input", "place", "water"),)
    assert strict.factor.tolist() == [[0]] and not strict.known.any()


def test_the_direction_and_the_unit_count(tmp_path: Path) -> None:
    methods = [read_methods(table(tmp_path))["water"]]
    given = Substance("w", ("Water",), "Emissions to water", "t")
    assert characterise(methods, [given], [""], ["output"]).factor.tolist() == [[-10_000]]
    taken = characterise(methods, [given], [""], ["input"])
    assert taken.missing == (Missing("w", "input", "direction", "water"),) and not taken.known.any()
    volume = characterise(methods, [WATER], ["CN"], ["input"])
    assert volume.missing == (Missing("w", "input", "unit", "water"),) and not volume.known.any()


def test_a_bare_name_serves_only_where_every_compartment_agrees(tmp_path: Path) -> None:
    methods = read_methods(table(tmp_path))
    found = characterise([methods["climate"]], [Substance("x", ("CO2",))], [""], ["output"])
    assert found.factor.tolist() == [[1]]
    zinc = characterise([methods["toxicity"]], [Substance("x", ("Zinc",))], [""], ["output"])
    assert zinc.missing == (Missing("x", "output", "ambiguous", "toxicity"),) and not zinc.known.any()
    for where, factor in (("Emissions to soil", 7), ("air/unspecified", 3), ("soil", 7)):
        said = characterise([methods["toxicity"]], [Substance("x", ("zinc",), where)], [""], ["output"])
        assert said.factor.tolist() == [[factor]]
    spelled = Substance("x", ("CO2, fossil",), "air")
    (tmp_path / "m.csv").write_text(
        'method,flow,cf\nc,"CO2 (fossil) (Mass, kg, Emissions to air)",1\n', "utf-8"
    )
    assert characterise([read_methods(tmp_path / "m.csv")["c"]], [spelled], [""], ["output"]).known.all()
    sea = characterise([methods["toxicity"]], [Substance("x", ("zinc",), "water/ocean")], [""], ["output"])
    assert sea.missing == (Missing("x", "output", "unknown"),)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Emissions/Emissions to air/Emissions to urban air close to ground", "air/urban"),
        ("Emissions to non-urban air or from high stacks", "air/non-urban"),
        ("air/low population density, long-term", "air/long-term"),
        ("Elementary flows/Emission to air/high population density", "air/urban"),
        ("Emissions to non-urban air very high stack", "air/non-urban, very high stack"),
        ("Emissions to lower stratosphere and upper troposphere", "air/stratosphere"),
        ("water/ground-, long-term", "water/long-term"),
        ("Emission to water/river", "water/fresh"),
        ("Emissions to sea water", "water/sea"),
        ("soil/agricultural", "soil/agricultural"),
        ("Emissions to non-agricultural soil", "soil/non-agricultural"),
        ("natural resource/in ground", "resource/ground"),
        ("Resources/Resources from water/Renewable material resources from water", "resource/water"),
        ("Resource/land", "resource/land"),
        ("", ""),
    ],
)
def test_compartments_of_every_list_are_understood(said: str, meant: str) -> None:
    assert compartment(said) == meant


@pytest.mark.skipif(not STARTER.is_dir(), reason="shared data are absent")
def test_ef_31_is_read_whole_from_parquet_and_asked_by_uuid_or_by_name() -> None:
    pytest.importorskip("pyarrow")
    methods = read_methods(STARTER / "ef31_characterisation_factors.parquet")
    assert len(methods) == 18
    air = "Emissions/Emissions to air/Emissions to air, unspecified"
    by_uuid = Substance("08a91e70-3ddc-11dd-a2a9-0050c2490048")  # ammonia to air, unspecified
    by_name = Substance("mine", ("Ammonia",), air, "kg")
    chosen = [methods["Acidification"], methods["Eutrophication, terrestrial"]]
    found = characterise(chosen, [by_uuid, by_name], ["CN", "CN"], ["output"] * 2)
    assert found.known.all() and np.array_equal(found.factor[0], found.factor[1])
    water = Substance("x", ("Water",), "Resources from water", "m3")
    assert characterise([methods["Water use"]], [water], ["NP"], ["input"]).factor[0, 0] > 1


def test_sixteen_categories_go_through_the_engine_as_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    rows = [f"m{m:02d},f{f},output,,{rng.random():.6f}" for m in range(16) for f in range(20)]
    methods = read_methods(table(tmp_path, "\n".join(["method,flow,direction,location,cf", *rows])))
    n, entries = 30, 90
    t = rng.random((n, n)) * (rng.random((n, n)) < 0.15) * 0.2
    np.fill_diagonal(t, 0.0)
    system = lca.compile_system(np.eye(n) - t)
    process, amount = np.sort(rng.integers(0, n, entries)), rng.random(entries)
    flows = [Substance(f"f{k}") for k in rng.integers(0, 20, entries)]
    found = characterise([methods[k] for k in sorted(methods)], flows, ["CN"] * entries, ["output"] * entries)
    burdens = lca.Burdens(process, amount, found.factor)
    h = lca.adjoint(system, burdens.totals(n))
    assert h.shape == (n, 16) and not found.missing and not found.fallbacks
    inventory = np.zeros((n, 20))
    np.add.at(inventory, (process, [int(f.id[1:]) for f in flows]), amount)
    cf = np.array(
        [[float(methods[f"m{m:02d}"].factors[f"f{f}", "output", ""]) for m in range(16)] for f in range(20)]
    )
    assert h == pytest.approx(np.linalg.solve((np.eye(n) - t).T, inventory @ cf), rel=1e-10)
    drawn = lca.monte_carlo(
        lca.prepare(system, burdens, lca.lognormal(system.matrix.data, 0.0), products=[3]), 32
    )
    assert drawn.value[0, :, 0] == pytest.approx(h[3], rel=1e-6)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a,b\n1,2\n", "method-none"),
        ("method,flow,cf\nm,f,x\n", "number-expected"),
        ("method,flow,cf\nm,f,1\nm,f,2\n", "method-twice"),
        ("method,flow,cf,direction\nm,f,1,sideways\n", "library-word"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(TanbiaoError) as refusal:
        read_methods(table(tmp_path, text))
    assert refusal.value.problems[0].code == code
    if code == "method-none":
        with pytest.raises(TanbiaoError) as refusal:
            read_methods(tmp_path / "methods.csv")
        assert refusal.value.problems[0].code == "method-columns"
