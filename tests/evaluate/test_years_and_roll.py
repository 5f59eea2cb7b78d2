"""Two years of one product: data, factor, method; and last year's study carried forward."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import pytest

import tanbiao.service as service
from tanbiao.core.errors import TanbiaoError
from tanbiao.evaluate.years import DATA, FACTOR, METHOD
from tanbiao.present.comparison import years_shown
from tanbiao.service import Places, check_study
from tanbiao.service.diff import Diff, diff_runs, write_diff
from tanbiao.service.roll import confirm_data, roll_study
from tanbiao.service.run import LoadedStudy
from tests.kept import KeptPlaces

FIVE = Path(__file__).resolve().parents[2] / "examples" / "five-processes"


def load(path: Path, places: Places | None = None) -> LoadedStudy:
    return service.load(path, places or KeptPlaces())


def edit(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")


def year(folder: Path) -> Path:
    shutil.copytree(FIVE, folder)
    return folder


def compared(old: Path, new: Path) -> Diff:
    first, second = load(old), load(new)
    return diff_runs(first, first.run(), second.run())


LESS_POWER = ("grid power,电网电力,0.8,", "grid power,电网电力,0.7,")
BETTER_INGOT = ("kg,materials/metals,15,15,", "kg,materials/metals,13.8,13.8,")


def test_a_change_of_data_alone_is_data(tmp_path: Path) -> None:
    """0.1 kWh less at the published 0.5777 kg per kWh, in machining."""
    old, new = year(tmp_path / "old"), year(tmp_path / "new")
    edit(new / "exchanges.csv", LESS_POWER)
    found = compared(old, new).explained
    assert found is not None and found.same_method
    assert [(p.group, p.key) for p in found.parts] == [(DATA, "machining")]
    assert found.parts[0].effect == pytest.approx(-0.1 * 0.5777)


def test_factors_and_their_year_are_told_apart_from_data(tmp_path: Path) -> None:
    old, new = year(tmp_path / "old"), year(tmp_path / "new")
    edit(
        old / "study.yaml",
        ("as_of: 2026-11-24", "as_of: 2025-06-01"),
        ("end: 2025-12-31", "end: 2024-12-31"),
        ("start: 2025-01-01", "start: 2024-01-01"),
    )
    edit(new / "exchanges.csv", LESS_POWER)
    edit(new / "library" / "factors.csv", BETTER_INGOT)
    diff = compared(old, new)
    found = diff.explained
    assert found is not None
    assert found.group(METHOD) == 0 and found.group(DATA) < 0 and found.group(FACTOR) < 0
    assert sum((p.exact for p in found.parts), Fraction(0)) == found.exact_difference
    assert float(found.group(DATA)) == pytest.approx(
        -0.1 * (0.6205 + 0.5777) / 2, rel=1e-9
    )  # the mean over both orders
    first, texts, last = years_shown(found)
    number = lambda text: Fraction(text.replace("−", "-").replace("+", ""))  # noqa: E731
    assert number(first) + sum(map(number, texts)) == number(last)
    written = write_diff(diff, load(new).study, tmp_path / "out")
    assert [p.suffix for p in written] == [".html", ".svg", ".html", ".svg", ".json"]


def test_another_pack_is_method_and_no_series(tmp_path: Path) -> None:
    """The same pack id in another revision: a rule was changed, the years are not one series."""
    old, new = year(tmp_path / "old"), year(tmp_path / "new")
    for study, limit in ((old, ""), (new, "PAS")):
        edit(
            study / "study.yaml", ("packs: [example.five-process@2026]", f"packs: [t.year@{limit or 'ISO'}]")
        )
    packs = tmp_path / "packs"
    for edition, base in (("ISO", "int.iso-14067@2018"), ("PAS", "bsi.pas-2050@2011")):
        folder = packs / edition
        (folder / "clauses").mkdir(parents=True)
        (folder / "clauses" / "1.yaml").write_text("[]\n", encoding="utf-8")
        (folder / "pack.yaml").write_text(
            f"""id: t.year
edition: "{edition}"
revision: 1
title: {{zh: 年, en: year}}
jurisdiction: X
status: constructed
builds_on: [{base}]
source: {{document: constructed}}
licence: CC0-1.0
review: constructed
compares: full
""",
            encoding="utf-8",
        )
    places = KeptPlaces(packs=(packs,))
    first, second = load(old, places), load(new, places)
    found = diff_runs(first, first.run(), second.run()).explained
    assert found is not None and not found.same_method
    assert [p.group for p in found.parts] == [METHOD]
    assert found.parts[0].exact == found.exact_difference > 0
    assert "t.year" in found.reasons[0].en


def test_a_study_compared_with_itself_has_no_parts(tmp_path: Path) -> None:
    found = compared(FIVE, FIVE).explained
    assert found is not None and found.parts == () and found.exact_difference == 0


def test_a_study_carried_forward_is_stale_until_confirmed_or_changed(tmp_path: Path) -> None:
    new = tmp_path / "2026"
    count = roll_study(FIVE, new, "2027-01-05")
    problems, run = check_study(load(new))
    stale = [p for p in problems if p.code == "datum-stale"]
    assert len(stale) == count > 60 and run is not None
    assert all(p.level == "warning" for p in stale)
    assert {str(p.place).partition(":")[0] for p in stale} >= {"exchanges.csv", "materials.csv", "study.yaml"}
    edit(new / "exchanges.csv", LESS_POWER)  # changed: no longer last year's
    assert confirm_data(new, ["exchange x03"], "QW 2027-01-06") == count - 2
    assert confirm_data(new, [], "QW 2027-01-07") == 0
    assert not [p for p in check_study(load(new))[0] if p.code == "datum-stale"]
    assert "rolled" in load(new).study.head and str(load(new).study.head["as_of"]) == "2027-01-05"


def test_rolling_refuses_a_full_folder_and_unknown_rows(tmp_path: Path) -> None:
    new = tmp_path / "new"
    roll_study(FIVE, new, "2027-01-05")
    with pytest.raises(TanbiaoError, match="already holds"):
        roll_study(FIVE, new, "2027-01-05")
    with pytest.raises(TanbiaoError, match="no mark for"):
        confirm_data(new, ["exchange nothing"], "QW")


def test_what_changed_is_said_in_words(tmp_path: Path) -> None:
    """The datum with its unit, and the factor that another year brought with both of its values."""
    old, new = year(tmp_path / "old"), year(tmp_path / "new")
    edit(
        old / "study.yaml", ("as_of: 2026-11-24", "as_of: 2025-06-01"), ("end: 2025-12-31", "end: 2024-12-31")
    )
    edit(new / "exchanges.csv", LESS_POWER)
    edit(new / "library" / "factors.csv", BETTER_INGOT)
    found = compared(old, new).explained
    assert found is not None
    said = {p.group: [t.zh for t in p.said] for p in found.parts}
    assert said[DATA] == ["电网电力 0.8 → 0.7 kWh"]
    assert any("0.6205 → 0.5777 kgCO2e/kWh" in t for t in said[FACTOR])
    assert any("15 → 13.8 kgCO2e/kg" in t for t in said[FACTOR])


def test_a_provider_of_one_years_library_alone_comes_with_its_row() -> None:
    """The circular pack buys from a library of its own: rows, treatments and factors are told apart all the same."""
    examples = FIVE.parent
    diff = compared(examples / "lfp-pack", examples / "lfp-pack-circular")
    found = diff.explained
    assert found is not None and diff.unexplained is None
    assert sum((p.exact for p in found.parts), Fraction(0)) == found.exact_difference
    assert found.after - found.before == pytest.approx(0.262612 - 0.265153, abs=1e-6)
    assert not [p for p in found.parts if p.group == METHOD]


def test_two_products_are_no_series_and_a_change_that_cannot_be_told_says_why(tmp_path: Path) -> None:
    examples = FIVE.parent
    diff = compared(examples / "lfp-pack", examples / "nmc622-pack")
    assert diff.explained is None and diff.unexplained is not None and diff.unexplained.zh and diff.changes
    new = year(tmp_path / "new")
    edit(new / "study.yaml", ("en: aluminium bracket", "en: steel bracket"))
    found = compared(FIVE, new).explained
    assert found is not None and not found.same_method
    assert [r.en for r in found.reasons] == ["products differ: aluminium bracket and steel bracket"]
    nothing = compared(examples / "cement-plant", FIVE)
    assert nothing.explained is None and nothing.unexplained is not None
    assert "no pack" in nothing.unexplained.en
