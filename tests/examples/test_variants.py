"""The variants of the battery examples: two years of one pack, and five rulebooks over one set of facts."""

from __future__ import annotations

import runpy
import shutil
import sys
from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest

import tanbiao.service as service
from tanbiao.core.errors import TanbiaoError
from tanbiao.evaluate import Result
from tanbiao.evaluate.years import DATA, FACTOR, METHOD
from tanbiao.present.comparison import difference_waterfall, shown, verdict_text, years_page, years_shown
from tanbiao.service import check_study
from tanbiao.service.compare import Comparisons, compare_many
from tanbiao.service.diff import Diff, diff_runs
from tanbiao.service.upgrade import upgrade_study
from tanbiao.study.upgrade import with_packs
from tests.kept import KeptPlaces

ROOT = Path(__file__).resolve().parents[2] / "examples"
CIRCULAR = ("lfp-pack-circular", "nmc622-pack-circular")
NUMBER = {"−": "-", "+": ""}


def number(text: str) -> Fraction:
    """A printed number."""
    return Fraction(text.translate(str.maketrans(NUMBER)))


def test_the_builder_gives_the_shipped_variants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """tools/build_battery_variants.py makes every file but expected.yaml, byte for byte."""
    tool = ROOT.parent / "tools" / "build_battery_variants.py"
    monkeypatch.setattr(sys, "argv", [str(tool), "--out", str(tmp_path)])
    runpy.run_path(str(tool), run_name="__main__")
    made = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    assert {p.parts[0] for p in made} == {"lfp-pack-2024", "lfp-pack-2025", *CIRCULAR}
    assert [p for p in made if (ROOT / p).read_bytes() != (tmp_path / p).read_bytes()] == []


# -- two years -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def years() -> Diff:
    old, new = (service.load(ROOT / f"lfp-pack-{y}", KeptPlaces()) for y in (2024, 2025))
    return diff_runs(old, old.run(), new.run())


def test_two_years_are_told_apart_by_data_factor_and_method(years: Diff) -> None:
    """Per kWh gross: power of the cell line and scrap; the national grid factor of the next year (0.6205 to 0.5777);
    the second edition of the customer's rulebook, which counts estimates of omitted flows."""
    found = years.explained
    assert found is not None and not found.same_method and found.constructed
    assert sum((p.exact for p in found.parts), Fraction(0)) == found.exact_difference
    assert (found.before, found.after) == (pytest.approx(124.259, abs=1e-3), pytest.approx(122.288, abs=1e-3))
    groups = {g: float(found.group(g)) for g in (DATA, FACTOR, METHOD)}
    assert groups == {
        DATA: pytest.approx(-4.14, abs=0.01),
        FACTOR: pytest.approx(-1.16, abs=0.01),
        METHOD: pytest.approx(3.34, abs=0.01),
    }
    first, texts, last = years_shown(found)
    assert number(first) + sum(map(number, texts)) == number(last)


def test_the_grid_factor_alone_is_the_factor_part(years: Diff) -> None:
    """Foreground power per kWh gross times the two published factors: 4.6 and 4 kWh per kg cell, 0.44 kWh per kg
    graphite, 0.001 kWh per kg structure."""
    found = years.explained
    assert found is not None
    cells, graphite = 8.561643835616438 * 0.73, 8.561643835616438 * 0.73 * 0.13150308853809195 * 0.9
    structure = 8.561643835616438 * 0.27
    power = cells * (4.6 + 4) / 2 + graphite * 0.440587837837838 + structure * 0.0010215622605713453
    assert float(found.group(FACTOR)) == pytest.approx(-power * (0.6205 - 0.5777), rel=1e-6)


def test_the_page_of_two_years_says_it_in_a_sentence(years: Diff) -> None:
    assert years.explained is not None
    english, chinese = (years_page("LFP", years.explained, lang) for lang in ("en", "zh"))
    assert (
        "It fell from 124.3 to 122.3" in english
        and "Under one method it would have fallen by 5.31" in english
    )
    assert "constructed example" in english and "构造示例" in chinese and "方法不变时下降 5.31" in chinese


def test_the_changed_clause_of_the_rulebook_is_named(years: Diff) -> None:
    assert "example.customer-rule@2#omitted-flows-counted" in {
        c.what for c in years.changes if c.kind == "clause"
    }
    assert not [c for c in years.changes if c.what.startswith(("rolled", "stale", "salt"))]


def test_the_second_year_was_carried_forward_and_leaves_nothing_stale() -> None:
    loaded = service.load(ROOT / "lfp-pack-2025", KeptPlaces())
    assert loaded.study.at("rolled.from") == "lfp-pack-2024"
    assert not [p for p in check_study(loaded)[0] if p.code == "datum-stale"]


def test_the_second_year_is_the_pack_of_the_plain_example() -> None:
    """Same facts under one rulebook, same footprint."""
    plain, year = (
        service.load(ROOT / n, KeptPlaces()).run(["cn.gbt-24067@2024"]).results[0].headline
        for n in ("lfp-pack", "lfp-pack-2025")
    )
    assert plain is not None and year is not None
    assert plain.value == pytest.approx(year.value, rel=1e-12)


# -- a newer edition of a pack -------------------------------------------------------------------------------------


def test_an_upgrade_moves_the_packs_and_nothing_else(tmp_path: Path) -> None:
    """The second edition counts the omitted flows at their estimates: 237 kgCO2e over 64 kWh."""
    old, new = ROOT / "lfp-pack-2024", tmp_path / "new"
    found = upgrade_study(old, new, KeptPlaces())
    assert found.moves == {"example.customer-rule@1": "example.customer-rule@2"}
    assert found.diff is not None and found.diff.explained is not None
    assert {p.group for p in found.diff.explained.parts} == {METHOD}
    assert found.diff.explained.exact_difference == pytest.approx((52 + 57 + 94 + 34) / 64)
    clauses = {c.what for c in found.diff.changes if c.kind == "clause"}
    assert clauses == {"example.customer-rule@2#omitted-flows-counted"}
    files = {f.name: f.read_bytes() for f in old.iterdir()}
    assert {f.name for f in new.iterdir()} == set(files)
    changed = [n for n, data in files.items() if (new / n).read_bytes() != data]
    assert changed == ["study.yaml"]
    lines = zip(
        *((d / "study.yaml").read_text(encoding="utf-8").splitlines() for d in (old, new)), strict=True
    )
    assert [(a, b) for a, b in lines if a != b] == [
        (
            "packs: [example.customer-rule@1, cn.gbt-24067@2024]",
            "packs: [example.customer-rule@2, cn.gbt-24067@2024]",
        )
    ]


def test_an_upgrade_of_the_newest_writes_nothing(tmp_path: Path) -> None:
    found = upgrade_study(ROOT / "lfp-pack-2025", tmp_path / "new", KeptPlaces())
    assert found.moves == {} and not (tmp_path / "new").exists()


def test_an_upgrade_to_a_named_edition_goes_either_way_and_refuses_strangers(tmp_path: Path) -> None:
    found = upgrade_study(ROOT / "lfp-pack-2025", tmp_path / "new", KeptPlaces(), ["example.customer-rule@1"])
    assert found.moves == {"example.customer-rule@2": "example.customer-rule@1"}
    with pytest.raises(TanbiaoError, match=r"pact\.method@3"):
        upgrade_study(ROOT / "lfp-pack-2025", tmp_path / "other", KeptPlaces(), ["pact.method@3"])


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("packs: [a.b@1, a.b@10]\n", "packs: [a.b@2, a.b@10]\n"),
        ("packs:\n- a.b@1  # note\n- c@1\n", "packs:\n- a.b@2  # note\n- c@1\n"),
        ('packs: ["a.b@1"]\n', 'packs: ["a.b@2"]\n'),
    ],
)
def test_only_the_block_of_packs_is_touched(block: str, expected: str) -> None:
    rest = "note: a.b@1\ngoal: {x: a.b@1}\n"
    assert with_packs(f"schema: 1\n{block}{rest}", {"a.b@1": "a.b@2"}) == f"schema: 1\n{expected}{rest}"


# -- five rulebooks ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def five() -> Mapping[str, Comparisons]:
    found = {}
    for name in CIRCULAR:
        loaded = service.load(ROOT / name, KeptPlaces())
        found[name] = compare_many(loaded, loaded.study.packs)
    return found


TOTALS = {
    "lfp-pack-circular": [7563.21, 6826.25, 6789.10, 6971.31, 6971.31],
    "nmc622-pack-circular": [6655.14, 6190.54, 6148.93, 5799.47, 5799.47],
}


@pytest.mark.parametrize("name", CIRCULAR)
def test_five_rulebooks_over_one_set_of_facts(five: Mapping[str, Comparisons], name: str) -> None:
    """Every rulebook has a total, every pair a waterfall whose parts sum to the last digit, exact and as printed."""
    found = five[name]
    assert [s.total.value for s in found.sides] == [pytest.approx(t, abs=0.01) for t in TOTALS[name]]
    assert [(p.left, p.right) for p in found.pairs] == list(combinations([s.name for s in found.sides], 2))
    for pair in found.pairs:
        assert pair.aside == () and all(p.exact is not None for p in pair.parts)
        assert sum(p.exact or 0 for p in pair.parts) == pair.exact_difference
        first, parts, last = shown(pair)
        assert number(first) + sum(number(s.text) for s in parts) == number(last)
        assert difference_waterfall(pair, "en") is not None and difference_waterfall(pair, "zh") is not None


@pytest.mark.parametrize("name", CIRCULAR)
def test_results_on_proxies_are_called_screening(five: Mapping[str, Comparisons], name: str) -> None:
    said = {s.rulebook.pack.name: verdict_text(s, "en") for s in five[name].sides}
    assert said.pop("pact.method@3") == "the pack gives none"
    assert set(said.values()) == {"screening"}


def test_value_ratio_between_four_and_five_splits_the_rulebooks(five: Mapping[str, Comparisons]) -> None:
    """Graphite fines at 40 against 9 per kg: by value under the European draft (above 4), by mass elsewhere."""
    pairs = {
        (p.left.partition("@")[0], p.right.partition("@")[0]): p for p in five["lfp-pack-circular"].pairs
    }
    parts = {p.axis: p for p in pairs["eu.cfb-ev", "pact.method"].parts}
    assert parts["allocation"].effect == pytest.approx(-37.14, abs=0.01)
    assert all(p.effect == 0 for p in pairs["eu.pef", "pact.method"].parts if p.axis == "allocation")


@pytest.mark.parametrize("name", CIRCULAR)
def test_the_formula_counts_each_metal_by_its_whole_mass(five: Mapping[str, Comparisons], name: str) -> None:
    """Primary metal in the lines of the formula = the masses of materials.csv, as R1 is zero."""
    side = next(s for s in five[name].sides if s.rulebook.pack.id == "eu.pef")
    evaluation = side.result.evaluation
    lines = {c: evaluation.line_column(c).data for c in ("amount", "clause", "stage", "step")}
    used = sum(
        float(a)
        for a, clause, stage in zip(lines["amount"], lines["clause"], lines["stage"], strict=True)
        if clause == "eu.pef-cff@2021#cff" and stage == "raw_material"
    )
    assert used == pytest.approx(
        sum(map(float, evaluation.facts.tables["material"].columns["mass"].data)), rel=1e-5
    )


def test_treating_the_metals_twice_is_found(tmp_path: Path) -> None:
    """The rows of the metals are no longer named as treatment of the formula's materials: they would count twice."""
    folder = tmp_path / "study"
    shutil.copytree(
        ROOT / "lfp-pack-circular", folder, ignore=shutil.ignore_patterns("material_treatments.csv")
    )
    run = service.load(folder, KeptPlaces()).run(["eu.pef@2021", "eu.2023-1542@2025-07"])
    for result in run.results:
        verdicts = {f.clause.partition("#")[2]: f.verdict for f in result.findings}
        assert verdicts["end-of-life-once"] == "fail"


# -- balances ------------------------------------------------------------------------------------------------------


def pef(folder: Path) -> Result:
    return service.load(folder, KeptPlaces()).run(["eu.pef@2021"]).results[0]


def verdict(result: Result, clause: str) -> str:
    return next(f.verdict for f in result.findings if f.clause == f"int.pcf-common@1#{clause}")


def test_elements_of_the_cathode_are_balanced_from_composition() -> None:
    """Nickel, cobalt, manganese, lithium and carbon through hydroxide and oxide: amounts of the inventory times shares
    from formula weights and the library. Nickel: 0.978 kg sulfate at 37.93 % in, 1 kg hydroxide at 38.28 % out."""
    result = pef(ROOT / "nmc622-pack-circular")
    entering, leaving = (
        [float(v) for v in result.evaluation.value(n).data] for n in ("element_in", "element_out")
    )
    assert (entering[0], leaving[0]) == (pytest.approx(0.978 * 0.3793), 0.3828)
    assert all(abs(a - b) < 0.1 * a for a, b in zip(entering, leaving, strict=True))
    assert verdict(result, "elements-balanced") == "pass"


def test_waste_of_a_step_that_was_taken_out_is_found_by_the_mass_balance(tmp_path: Path) -> None:
    """The etching of the copper foil is gone (deposition stands in its place), inputs and spent solvent alike. With
    the solvent of the source, 1 kg goes in and 1.54 kg comes out."""
    folder = tmp_path / "study"
    shutil.copytree(ROOT / "nmc622-pack-circular", folder)
    assert verdict(pef(folder), "mass-balance") == "pass"
    file = folder / "exchanges.csv"
    text = file.read_text(encoding="utf-8")
    row = "x134,anode-foil,material,waste,spent solvent mixture,废溶剂,"
    assert text.count(f"{row}0,") == 1
    file.write_text(text.replace(f"{row}0,", f"{row}0.54,"), encoding="utf-8")
    finding = next(f for f in pef(folder).findings if f.clause == "int.pcf-common@1#mass-balance")
    assert finding.verdict == "fail" and finding.rows == ("anode-foil",)


def test_a_hydrate_read_as_anhydrous_breaks_the_element_balance(tmp_path: Path) -> None:
    """The hexahydrate holds 22.33 % nickel: the same mass of it cannot give that hydroxide."""
    folder = tmp_path / "study"
    shutil.copytree(ROOT / "nmc622-pack-circular", folder)
    file = folder / "element_contents.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("x076,0.3793", "x076,0.2233"), encoding="utf-8")
    finding = next(f for f in pef(folder).findings if f.clause.endswith("#elements-balanced"))
    assert finding.verdict == "fail" and finding.rows == ("e1",)


def test_more_mass_out_than_in_breaks_the_mass_balance(tmp_path: Path) -> None:
    """Half a kilogram of fines per kilogram of graphite, with the inputs of a tenth."""
    folder = tmp_path / "study"
    shutil.copytree(ROOT / "lfp-pack-circular", folder)
    assert verdict(pef(folder), "mass-balance") == "pass"
    file = folder / "exchanges.csv"
    text = file.read_text(encoding="utf-8")
    assert "graphite fines,石墨细粉,0.1," in text
    file.write_text(
        text.replace("graphite fines,石墨细粉,0.1,", "graphite fines,石墨细粉,0.5,"), encoding="utf-8"
    )
    finding = next(f for f in pef(folder).findings if f.clause.endswith("#mass-balance"))
    assert finding.verdict == "fail" and finding.rows == ("anode-graphite",)
