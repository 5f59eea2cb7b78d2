"""Impact categories that a pack asks for: the lines of the footprint under the study's own method, and what is missing
said by name."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

import tanbiao.service as service
from tanbiao.core.errors import TanbiaoError
from tanbiao.core.value import KNOWN
from tanbiao.evaluate import Result
from tanbiao.evaluate.drawn import drawn_background
from tanbiao.evaluate.explain import Explained, explain
from tanbiao.service.compare import comparer_of
from tanbiao.service.exchange import new_form
from tanbiao.service.run import Run, check_study
from tanbiao.service.scenario import Workbench

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "coated-bracket"
PACK = "example.impact-categories@2026"
POWER = 0.6 + 0.8 * 0.4 + 1.04 * 0.5 + 0.03 * 3.5
"""kWh for one bracket: the coating's own, the press at four fifths, for 1.04 kg of steel, for 0.03 kg of zinc."""


@pytest.fixture(scope="module")
def run() -> Run:
    return service.load(EXAMPLE).run()


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "study"))


def changed(study: Path, *pairs: tuple[str, str], file: str = "study.yaml") -> Path:
    text = (study / file).read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    (study / file).write_text(text, encoding="utf-8")
    return study


def without_method(study: Path) -> Path:
    lines = (study / "study.yaml").read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(k for k, line in enumerate(lines) if line.startswith("impact_method"))
    (study / "study.yaml").write_text("".join(lines[:at] + lines[at + 3 :]), encoding="utf-8")
    return study


def without_own_flows(study: Path) -> Path:
    rows = (study / "exchanges.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [r for r in rows if "works.flow." not in r]
    (study / "exchanges.csv").write_text("".join(kept), encoding="utf-8")
    return study


def value(result: Result, name: str) -> float:
    found = result.evaluation.value(name)
    assert found.state == KNOWN, found.why
    return float(found.data) / float(found.unit.factor)


def missing(result: Result, name: str) -> frozenset[str]:
    found = result.evaluation.value(name)
    assert found.state != KNOWN
    return found.why


def test_the_example_by_hand(run: Run) -> None:
    """Molar factors of SO2, NO2, NH3 and HCl; water in China at 25, in Germany at the factor without place."""
    so2 = POWER * 0.0004 + 1.04 * 0.0015 + 0.03 * 0.02
    no2 = POWER * 0.0005 + 1.04 * 0.0012 + 0.3 * 0.0004
    acid = so2 * 31.2217 + no2 * 21.7368 + 0.03 * 0.0001 * 58.7165 + 0.0004 * 27.4288
    water = 25 * (POWER * 0.0015 + 0.03 * 1.9 * 0.02 + 0.004) + 10 * 1.04 * 0.01
    result = run.results[0]
    assert value(result, "acidification") == pytest.approx(acid, rel=1e-12)
    assert value(result, "water") == pytest.approx(water, rel=1e-12)
    score = 0.25 * acid / 500 + 0.5 * value(result, "footprint") / 5000 + 0.25 * water / 10000
    assert value(result, "single_score") == pytest.approx(score, rel=1e-12)


def test_the_methods_factors_of_acidification_are_molar_masses() -> None:
    with (EXAMPLE / "method" / "factors.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["unit"] == "mol H+ eq"]
    masses = {
        "sulfur dioxide": (2, 32.06 + 2 * 15.999),
        "nitrogen dioxide": (1, 14.007 + 2 * 15.999),
        "ammonia": (1, 14.007 + 3 * 1.008),
        "hydrogen chloride": (1, 1.008 + 35.45),
    }
    assert {r["flow"].partition(" (")[0] for r in rows} == set(masses)
    for row in rows:
        protons, mass = masses[row["flow"].partition(" (")[0]]
        assert float(row["cf"]) == pytest.approx(1000 * protons / mass, abs=5e-5)


@pytest.mark.parametrize("options", [{}, {"allocation": "physical"}, {"allocation": "economic"}])
def test_climate_by_the_method_is_the_footprint(run: Run, options: dict[str, str]) -> None:
    evaluation = run.results[0].evaluation
    other = evaluation.under(options) if options else evaluation
    footprint, climate = other.value("footprint"), other.value("climate")
    assert float(climate.data) == pytest.approx(float(footprint.data), rel=1e-12)
    columns = [other.line_column("impact").data, other.impact("climate", "kg CO2 eq").data]
    assert columns[1] == pytest.approx(columns[0], rel=1e-12)


def test_the_footprint_is_the_same_with_and_without_a_method(run: Run, study: Path) -> None:
    plain = service.load(without_own_flows(without_method(study))).run().results[0]
    assert value(plain, "footprint") == value(run.results[0], "footprint")


def test_an_allocation_moves_every_category_alike(run: Run) -> None:
    """Both products have one price, so value and mass give the bracket four fifths of the sheet."""
    evaluation = run.results[0].evaluation
    sums = {}
    for option in ("physical", "economic"):
        other = evaluation.under({"allocation": option})
        taken = other.impact("acidification", "mol H+ eq").data
        providers = other.line_column("provider").data
        sums[option] = float(taken[providers == "works.steel"].sum())
    assert sums["economic"] == pytest.approx(sums["physical"])
    steel = 1.3 * 0.8 * (0.0015 * 31.2217 + 0.0012 * 21.7368 + 0.5 * (0.0004 * 31.2217 + 0.0005 * 21.7368))
    assert sums["physical"] == pytest.approx(steel, rel=1e-12)


def test_stages_and_contributions_sum_to_the_category(run: Run) -> None:
    published = {p.name: p for p in run.results[0].published}
    acid = published["acidification"]
    assert acid.stages and acid.contributions
    assert sum(s.value for s in acid.stages) == pytest.approx(acid.value, rel=1e-12)
    assert sum(c.value for c in acid.contributions) == pytest.approx(acid.value, rel=1e-12)
    assert acid.contributions[0].provider == "works.steel"
    assert not acid.positions and acid.low is None
    assert acid.data()["stages"]["distribution"] == pytest.approx(0.3 * 0.0004 * 21.7368)
    assert acid.method_fingerprint not in ("", published["footprint"].method_fingerprint)


def test_a_stage_outside_the_boundary_stays_outside_every_category(run: Run, study: Path) -> None:
    row = (
        "x20,coating,use,emission,chloride,氯化氢,1,kg,works.flow.hcl,site_specific,1,1,1,,,ev-constructed,\n"
    )
    with (study / "exchanges.csv").open("a", encoding="utf-8") as file:
        file.write(row)
    again = service.load(study).run().results[0]
    assert value(again, "acidification") == value(run.results[0], "acidification")


def test_flows_without_a_factor_are_a_finding_with_their_amounts(run: Run) -> None:
    dust = 0.0002 + POWER * 0.00005
    told = run.data()["impact_method"]["uncounted"]
    assert [(u["flow"], u["why"], u["category"]) for u in told] == [("works.flow.dust", "unknown", "")]
    assert told[0]["amount"] == pytest.approx(dust, rel=1e-12)
    finding = next(f for f in run.results[0].findings if f.clause.endswith("#everything-counted"))
    assert finding.verdict == "fail"
    assert finding.missing == ("粉尘 / Dust 0.000277 kg",)
    assert {"x05", "x06"} & set(finding.rows) == {"x06"}
    warning = next(p for p in run.problems if p.code == "impact-uncounted")
    assert "0.000277 kg" in warning.text("zh") and warning.level == "warning"


def test_a_mapping_says_which_flow_is_meant(study: Path) -> None:
    (study / "method" / "same.txt").write_text(
        "flow,to,factor\nworks.flow.dust,sulfur dioxide @ air,0.1\n", encoding="utf-8"
    )
    changed(study, ("  path: ./method\n", "  path: ./method\n  mapping: ./method/same.txt\n"))
    again = service.load(study).run()
    assert again.data()["impact_method"]["uncounted"] == []
    base = value(service.load(EXAMPLE).run().results[0], "acidification")
    dust = 0.0002 + POWER * 0.00005
    assert value(again.results[0], "acidification") == pytest.approx(base + dust * 0.1 * 31.2217, rel=1e-12)


def test_places_that_stand_in_are_listed(run: Run, study: Path) -> None:
    told = {(f["asked"], f["used"]) for f in run.data()["impact_method"]["fallbacks"]}
    assert told == {("CN-JS", "CN"), ("DE", "")}
    changed(study, ("  path: ./method\n", "  path: ./method\n  places: [CN]\n"))
    again = service.load(study).run()
    assert {(f["asked"], f["used"]) for f in again.data()["impact_method"]["fallbacks"]} == {
        ("CN-JS", "CN"),
        ("DE", "CN"),
    }
    more = value(again.results[0], "water") - value(run.results[0], "water")
    assert more == pytest.approx(15 * 1.04 * 0.01)


def test_a_factor_without_a_unit_is_told_of(run: Run, study: Path) -> None:
    assert run.data()["impact_method"]["assumed_units"] == []
    changed(
        study, ("ammonia (Mass, kg, Emissions to air, unspecified)", "ammonia"), file="method/factors.csv"
    )
    told = service.load(study).run().data()["impact_method"]["assumed_units"]
    assert [(a["flow"], a["unit"]) for a in told] == [("works.flow.nh3", "kg")]


# -- what is missing ---------------------------------------------------------------------------------------------------


def test_without_a_method_the_category_names_it(study: Path) -> None:
    result = service.load(without_own_flows(without_method(study))).run().results[0]
    assert missing(result, "acidification") == {"impact_method"}
    assert "impact_method" in missing(result, "single_score")
    verdicts = {f.clause.partition("#")[2]: (f.verdict, f.missing) for f in result.findings}
    assert verdicts["everything-counted"] == ("not_evaluable", ("impact_method",))


def test_an_elementary_flow_of_the_study_needs_a_method(study: Path) -> None:
    with pytest.raises(TanbiaoError) as caught:
        service.load(without_method(study)).run()
    assert {p.code for p in caught.value.problems} == {"provider-unknown"}
    assert len(caught.value.problems) == 3


def test_a_category_that_the_method_lacks_is_named(study: Path) -> None:
    changed(study, ('acidification: "Acidification, proton release", ', ""))
    result = service.load(study).run().results[0]
    assert missing(result, "acidification") == {"impact_method.categories.acidification"}
    assert value(result, "water") > 0


def test_a_category_in_another_unit_is_not_taken(study: Path) -> None:
    changed(study, ("acidification: ", "acidification: Climate change, spare: "))
    found = service.load(study).run()
    assert missing(found.results[0], "acidification") == {
        "impact_method.units.acidification: kg CO2 eq ≠ mol H+ eq"
    }
    assert "impact-unit" in {p.code for p in found.problems}


def test_the_study_may_state_a_unit_that_the_method_does_not(run: Run, study: Path) -> None:
    changed(study, ("mol H+ eq", "molc acid"), file="method/factors.csv")
    assert "acidification" in str(missing(service.load(study).run().results[0], "acidification"))
    changed(study, ("  path: ./method\n", "  path: ./method\n  units: {acidification: mol H+ eq}\n"))
    again = service.load(study).run().results[0]
    assert value(again, "acidification") == value(run.results[0], "acidification")


def test_results_without_inventory_leave_the_category_open_and_the_share_says_how_much(study: Path) -> None:
    """The lorry of the open library is a factor: kgCO2e and nothing else."""
    item = next(
        i for i, f in service.places.Places().library(["open-2026@1"]).factors.items() if f.unit == "t·km"
    )
    changed(study, ("works.lorry", item), file="exchanges.csv")
    result = service.load(study).run().results[0]
    assert missing(result, "acidification") == {f"inventory: {item}"}
    lorry = float(
        sum(
            v
            for v, p in zip(
                result.evaluation.line_column("impact").data,
                result.evaluation.line_column("provider").data,
                strict=True,
            )
            if p == item
        )
    )
    footprint = value(result, "footprint")
    assert value(result, "inventory_share") == pytest.approx(100 * (1 - lorry / footprint), rel=1e-12)


def test_a_library_of_climate_data_alone_serves_climate_alone(study: Path) -> None:
    for name in ("flows", "elementary"):
        (study / "library" / f"{name}.csv").unlink()
    result = service.load(without_own_flows(study)).run().results[0]
    assert value(result, "climate") == pytest.approx(value(result, "footprint"), rel=1e-12)
    assert any("works.steel" in w for w in missing(result, "acidification"))


def test_what_is_not_linked_leaves_every_category_open(study: Path) -> None:
    changed(study, ("0.03,kg,works.zinc", "0.03,kg,"), file="exchanges.csv")
    result = service.load(study).run().results[0]
    assert missing(result, "acidification") == {"inventory: x03: provider"}
    assert missing(result, "climate") == {"inventory: x03: provider"}


def test_a_category_that_no_flow_reaches_has_no_result(study: Path) -> None:
    with (study / "method" / "factors.csv").open("a", encoding="utf-8") as file:
        file.write('Ozone,"CFC-11 (Mass, kg, Emissions to air, unspecified)",Output,,1,mol H+ eq,invented\n')
    changed(study, ('"Acidification, proton release"', "Ozone"))
    assert "Ozone" in str(missing(service.load(study).run().results[0], "acidification"))


def test_everything_wrong_with_the_key_is_told_at_once(study: Path) -> None:
    changed(
        study,
        ("  path: ./method\n", "  path: ./nowhere\n  mapping: ./neither.csv\n  colour: red\n  places: CN\n"),
    )
    with pytest.raises(TanbiaoError) as caught:
        service.load(study).run()
    codes = [p.code for p in caught.value.problems]
    assert sorted(codes) == ["file-missing", "file-missing", "impact-method-key", "impact-method-key"]
    assert all(p.place.row for p in caught.value.problems)


def test_words_for_categories_must_be_the_methods_own(study: Path) -> None:
    changed(study, ("climate: Climate change", "climate: Warming"))
    changed(study, ("  path: ./method\n", "  path: ./method\n  units: {smog: kg O3 eq}\n"))
    with pytest.raises(TanbiaoError) as caught:
        service.load(study).run()
    assert [p.code for p in caught.value.problems] == ["impact-method-category"] * 2


# -- ledger, explanation, other ways to evaluate -----------------------------------------------------------------------


def entries(run: Run, kind: str) -> dict[str, str]:
    return {e.name: k for k, e in run.ledger.entries.items() if e.kind == kind}


def test_the_ledger_holds_the_method_and_only_categories_rest_on_it(run: Run, study: Path) -> None:
    changed(study, ("31.2217", "31.3"), file="method/factors.csv")
    again = service.load(study).run()
    a, b = run.results[0].evaluation.keys, again.results[0].evaluation.keys
    assert a["footprint"] == b["footprint"]
    assert a["acidification"] != b["acidification"]
    assert a["single_score"] != b["single_score"]
    assert "impact(acidification)" in entries(run, "impact")
    assert entries(run, "given")["impact_method"] != entries(again, "given")["impact_method"]


def walk(tree: Explained) -> list[Explained]:
    return [tree, *(x for p in tree.parts for x in walk(p))]


def test_explain_walks_to_lines_in_the_unit_of_the_category(run: Run) -> None:
    steps = walk(explain(run.results[0], "single_score"))
    lines = [s for s in steps if s.kind == "line" and s.unit == "mol H+ eq"]
    assert lines and lines[0].share == pytest.approx(0.6092, abs=1e-4)
    assert any(s.kind == "provider" and s.unit == "mol H+ eq/kg" for s in steps)
    assert any(s.name == "impact_method" for s in steps)


def test_comparisons_and_scenarios_keep_the_method(run: Run) -> None:
    loaded = service.load(EXAMPLE)
    books, comparer = comparer_of(loaded, [PACK])
    side = comparer.side(books[PACK])
    assert value(side.result, "acidification") == value(run.results[0], "acidification")
    assert Workbench(loaded).background("AR6").impacts is not None


def test_drawn_backgrounds_have_no_category(run: Run) -> None:
    background = run.results[0].evaluation.background
    assert background.impacts is not None
    assert drawn_background(background, None, None) is background  # type: ignore[arg-type]

    class Drawn:
        items, positions = ("works.steel",), (0,)

    assert drawn_background(background, Drawn(), np.ones((1, 1))).impacts is None  # type: ignore[arg-type]


@pytest.mark.parametrize("excel", [False, True])
def test_a_form_of_the_pack_asks_for_the_method(tmp_path: Path, excel: bool) -> None:
    target = tmp_path / ("form.xlsx" if excel else "form")
    new_form([PACK], target, excel=excel, as_of="2026-11-24", salt="s" * 32)
    loaded = service.load(target)
    assert "impact-method-key" not in {p.code for p in check_study(loaded)[0]}
    text = (target / "study.yaml").read_text(encoding="utf-8") if not excel else ""
    assert excel or "  categories:\n    acidification:" in text
