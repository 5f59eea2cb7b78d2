"""The commands of comparison and of the years: files, JSON, exit codes, both languages."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tanbiao.cli.app import app

FIVE = Path(__file__).resolve().parents[2] / "examples" / "five-processes"
PACKS = ["--pack", "int.iso-14067@2018", "--pack", "eu.pef@2021", "--pack", "bsi.pas-2050@2011"]


def call(*args: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in args])


def test_several_packs_give_a_page_and_one_waterfall_for_each_pair(tmp_path: Path) -> None:
    found = call("compare", FIVE, *PACKS, "--out", tmp_path, "--json")
    assert found.exit_code == 0, found.output
    data = json.loads(found.stdout)
    assert [s["pack"] for s in data["sides"]] == [
        "int.iso-14067@2018+1",
        "eu.pef@2021+1",
        "bsi.pas-2050@2011+1",
    ]
    assert len(data["pairs"]) == 3
    for pair in data["pairs"]:
        assert sum(p["effect"] for p in pair["parts"]) == pytest.approx(pair["difference"], abs=1e-12)
        assert pair["comparable"] is False and pair["reasons"]
    names = {p.name for p in tmp_path.iterdir()}
    assert {
        "five-processes.compare.zh.html",
        "five-processes.compare.en.html",
        "five-processes.compare.json",
    } <= names
    assert sum(n.endswith(".zh.svg") for n in names) == sum(n.endswith(".en.svg") for n in names) == 3
    page = (tmp_path / "five-processes.compare.en.html").read_text(encoding="utf-8")
    assert (
        "bsi.pas-2050@2011#allocation" in page
        and "constructed example" in page
        and "http" not in page.replace("http://www.w3.org", "")
    )


def test_two_packs_keep_the_shape_of_one_comparison() -> None:
    found = call("compare", FIVE, *PACKS[:4], "--json")
    data = json.loads(found.stdout)
    assert data["difference"] == pytest.approx(-0.2248)
    assert [p["choice"] for p in data["parts"]] == ["recycling"]
    assert "eu.pef-cff@2021#cff" in data["parts"][0]["clauses"]


@pytest.mark.parametrize(("lang", "word"), [("zh", "不可排名"), ("en", "not to be ranked")])
def test_both_languages_say_that_nothing_is_ranked(lang: str, word: str) -> None:
    found = call("compare", FIVE, *PACKS[:4], "--lang", lang)
    assert found.exit_code == 0 and word in found.stdout.replace("\n", "")


def test_one_pack_is_not_a_comparison() -> None:
    for packs in (PACKS[:2], PACKS[:2] * 2):
        found = call("compare", FIVE, *packs, "--json")
        assert found.exit_code == 2 and "compare-packs" in found.output


@pytest.mark.parametrize(("lang", "word"), [("zh", "可计算的部分"), ("en", "as far as it can be computed")])
def test_an_end_that_leaves_a_choice_out_says_so_everywhere(tmp_path: Path, lang: str, word: str) -> None:
    """Nothing is known of recycling at the end of life: the waterfall ends at what can be told, not at the result."""
    packs = ["--pack", "cn.miit-551@2025", "--pack", "eu.pef@2021"]
    found = call("compare", FIVE.parent / "lfp-pack", *packs, "--lang", lang, "--out", tmp_path)
    assert found.exit_code == 0, found.output
    page = (tmp_path / f"lfp-pack.compare.{lang}.html").read_text(encoding="utf-8")
    assert f"<div class='c bad'>{word}</div>" in page
    drawing = (tmp_path / f"lfp-pack.cn.miit-551--eu.pef.{lang}.svg").read_text(encoding="utf-8")
    assert word in drawing


def test_diff_tells_data_factors_and_method(tmp_path: Path) -> None:
    new = tmp_path / "new"
    shutil.copytree(FIVE, new)
    file = new / "exchanges.csv"
    file.write_text(
        file.read_text(encoding="utf-8").replace("grid power,电网电力,0.8,", "grid power,电网电力,0.7,"),
        encoding="utf-8",
    )
    found = call("diff", FIVE, new, "--json", "--out", tmp_path / "out")
    assert found.exit_code == 0, found.output
    explained = json.loads(found.stdout)["explained"]
    assert explained["groups"]["data"] == pytest.approx(-0.05777) and explained["same_method"]
    assert (tmp_path / "out" / "five-processes.years.zh.svg").is_file()


def test_roll_confirm_and_check(tmp_path: Path) -> None:
    new = tmp_path / "new"
    assert call("study", "roll", FIVE, new, "--as-of", "2027-01-05", "--lang", "en").exit_code == 0
    data = json.loads(call("check", new, "--json").stdout)
    stale = [p for p in data["problems"] if p["code"] == "datum-stale"]
    assert len(stale) > 60 and stale[0]["what"]["zh"] and stale[0]["level"] == "warning"
    assert call("study", "confirm", new, "--lang", "en").exit_code == 2  # nobody named
    assert (
        "0 data left"
        in call("study", "confirm", new, "--by", "QW", "--on", "2027-01-06", "--lang", "en").stdout
    )
    assert call("study", "roll", FIVE, new).exit_code == 2


def test_scenario_commands(tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(FIVE, study)
    assert call("scenario", "run", study).exit_code == 2  # no table
    (study / "scenarios.csv").write_text(
        "id,name_en,exchange.x11.amount\nmore,more power,1.0\n", encoding="utf-8"
    )
    told = json.loads(call("scenario", "run", study, "--json").stdout)["scenarios"]
    assert told[1]["value"] - told[0]["value"] == pytest.approx(0.2 * 0.5777)
    even = json.loads(
        call(
            "scenario",
            "breakeven",
            study,
            "exchange.x11.amount",
            "--from",
            0,
            "--to",
            2,
            "--goal",
            told[1]["value"],
            "--json",
        ).stdout
    )
    assert even["values"] == [pytest.approx(1.0)]
    swings = json.loads(
        call("scenario", "sensitivity", study, "--most", 2, "--json", "--out", tmp_path).stdout
    )
    assert swings["swings"][0]["target"] == "exchange.x22.amount"
    assert (tmp_path / "five-processes.tornado.en.svg").is_file()


def test_an_upgrade_by_command_says_what_moved(tmp_path: Path) -> None:
    found = call("study", "upgrade", FIVE.parent / "lfp-pack-2024", tmp_path / "new", "--json")
    assert found.exit_code == 0, found.output
    data = json.loads(found.stdout)
    assert data["moves"] == {"example.customer-rule@1": "example.customer-rule@2"}
    assert [p["group"] for p in data["diff"]["explained"]["parts"]] == ["method"]
    again = call("study", "upgrade", tmp_path / "new", tmp_path / "newer", "--lang", "en")
    assert again.exit_code == 0 and "nothing written" in again.output and not (tmp_path / "newer").exists()
    full = call("study", "upgrade", FIVE.parent / "lfp-pack-2024", tmp_path / "new", "--lang", "en")
    assert full.exit_code == 2 and "already holds" in full.output


def test_a_footprint_of_pact_beside_ours_by_command(tmp_path: Path) -> None:
    """1.2 kg of bracket: ours is brought to theirs by the mass of the product's row."""
    theirs = {
        "id": "p",
        "specVersion": "3.0.0",
        "productNameCompany": "Bracket",
        "pcf": {
            "declaredUnitOfMeasurement": "kilogram",
            "declaredUnitAmount": "1",
            "referencePeriodStart": "2025-01-01T00:00:00Z",
            "referencePeriodEnd": "2025-12-31T00:00:00Z",
            "pcfExcludingBiogenicUptake": "15",
        },
    }
    (tmp_path / "theirs.json").write_text(json.dumps(theirs), encoding="utf-8")
    args = ("compare", FIVE, "--beside", tmp_path / "theirs.json", "--pack", "pact.method@3")
    found = call(*args, "--json", "--out", tmp_path / "out")
    assert found.exit_code == 0, found.output
    (gate, *_, total) = json.loads(found.stdout)["rows"]
    assert gate["theirs"] == total["theirs"] == 15 and gate["ours"] == pytest.approx(total["ours"])
    page = (tmp_path / "out" / "five-processes.beside.zh.html").read_text(encoding="utf-8")
    assert "构造示例" in page and "不可比之处" in page
    assert call(*args, "--per", "nothing").exit_code == 2
