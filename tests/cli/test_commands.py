"""The commands as a user runs them: what they print, what they write, how they exit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tanbiao.cli.app import app
from tanbiao.cli.console import help_in
from tanbiao.core.errors import Lang
from tests.conftest import ROOT

FIVE = str(ROOT / "examples" / "five-processes")
LFP = str(ROOT / "examples" / "lfp-pack")
runner = CliRunner()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANBIAO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def call(*arguments: str, code: int | None = None) -> str:
    result = runner.invoke(app, list(arguments), env={"COLUMNS": "160"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    if code is not None:
        assert result.exit_code == code, result.output
    return result.output


def test_run_json_has_the_shape_that_machines_rely_on() -> None:
    data = json.loads(call("run", LFP, "--pack", "cn.miit-551@2025", "--json", code=1))
    assert {"study", "results", "findings", "ledger_root", "packs", "libraries"} <= set(data)
    headline = next(r for r in data["results"] if r["headline"])
    assert {
        "pack",
        "name",
        "value",
        "published",
        "unit",
        "basis",
        "stages",
        "positions",
        "T1",
        "T2",
        "credits",
        "outside",
        "coverage",
        "verdict",
        "primary_data_share",
        "dqr",
        "method_fingerprint",
    } <= set(headline)
    assert set(headline["positions"]) == {*"ABCDEFGH", "unsplit"}
    assert headline["verdict"] == "screening"
    assert sum(headline["stages"].values()) == pytest.approx(headline["value"], rel=1e-9)
    assert len([s for s in headline["stages"].values() if s]) == 4
    assert {"clause", "number", "severity", "review", "verdict", "missing", "where", "message"} <= set(
        data["findings"][0]
    )


def test_the_two_packs_stand_at_their_central_values_per_kwh_gross() -> None:
    """RESULTS of the starter library: 108.8 and 90.9 (recomputed 90.5) kgCO2e per kWh gross to the gate, within 1 %."""
    for study, expected in (("lfp-pack", 108.8), ("nmc622-pack", 90.5)):
        data = json.loads(call("run", str(ROOT / "examples" / study), "--pack", "cn.miit-551@2025", "--json"))
        gate = next(r for r in data["results"] if r["name"] == "gate_per_gross")
        assert gate["value"] == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_run_prints_results_and_says_that_the_example_is_constructed(lang: str) -> None:
    text = call("run", FIVE, "--lang", lang)
    assert ("构造示例" if lang == "zh" else "onstructed example") in text
    assert "18.6" in text


def test_check_exits_with_one_where_a_requirement_fails_and_two_where_input_is_unusable(
    tmp_path: Path,
) -> None:
    call("check", FIVE, code=1)
    empty = tmp_path / "empty"
    empty.mkdir()
    call("check", str(empty), code=2)


def test_explain_walks_from_the_headline_to_datum_evidence_and_published_factor() -> None:
    data = json.loads(call("explain", LFP, "--pack", "cn.miit-551@2025", "--json", "--lines", "30"))
    seen: list[dict[str, object]] = []

    def walk(node: dict[str, object]) -> None:
        seen.append(node)
        for part in node["parts"]:  # type: ignore[attr-defined]
            walk(part)

    walk(data)
    kinds = {n["kind"] for n in seen}
    assert {"define", "lines", "line", "datum", "provider", "choose"} <= kinds
    assert any(str(n.get("clause", "")).startswith("cn.gbt-24067@2024#") for n in seen)
    datum = next(n for n in seen if n["kind"] == "datum")
    assert str(datum["place"]).startswith("exchanges.csv:") and "ev-" in str(datum["source"])
    assert any(n["kind"] == "provider" and "MEE" in str(n.get("source", "")) for n in seen)


def test_a_bundle_is_made_verified_and_compared_with_a_changed_study(tmp_path: Path) -> None:
    call("bundle", FIVE, "--out", "five.tanbiao", code=0)
    assert "verified" in call("verify", "five.tanbiao", "--lang", "en", code=0)
    changed = tmp_path / "changed"
    shutil.copytree(FIVE, changed)
    text = (changed / "exchanges.csv").read_text(encoding="utf-8")
    (changed / "exchanges.csv").write_text(
        text.replace("grid power,电网电力,0.8,kWh", "grid power,电网电力,0.9,kWh"), encoding="utf-8"
    )
    data = json.loads(call("diff", "five.tanbiao", str(changed), "--json", code=0))
    assert [(c["what"], c["before"], c["after"]) for c in data["changes"]] == [
        ("exchange x11 amount", "0.8", "0.9")
    ]
    assert data["old_root"] != data["new_root"]
    assert data["changes"][0]["effect"] == pytest.approx(0.1 * 0.5777, rel=1e-6)
    broken = bytearray((tmp_path / "five.tanbiao").read_bytes())
    broken[len(broken) // 2] ^= 1
    (tmp_path / "broken.tanbiao").write_bytes(bytes(broken))
    call("verify", "broken.tanbiao", code=1)


def test_report_and_label_are_written_in_both_languages(tmp_path: Path) -> None:
    call("report", FIVE, "--out", "out", code=0)
    call("label", FIVE, "--out", "out", code=0)
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {
        f"five-processes.{what}.{lang}.{form}"
        for what, form in (("report", "html"), ("label", "svg"))
        for lang in ("zh", "en")
    }
    assert "构造示例" in (tmp_path / "out" / "five-processes.report.zh.html").read_text(encoding="utf-8")
    assert "onstructed example" in (tmp_path / "out" / "five-processes.label.en.svg").read_text(
        encoding="utf-8"
    )


def test_a_label_is_written_in_every_form(tmp_path: Path) -> None:
    for form, mark in (("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")):
        call("label", FIVE, "--out", "out", "--format", form, "--lang", "zh", code=0)
        assert (tmp_path / "out" / f"five-processes.label.zh.{form}").read_bytes().startswith(mark)


def test_coverage_shows_status_licence_year_share_and_independent_values() -> None:
    data = json.loads(call("library", "coverage", LFP, "--pack", "cn.miit-551@2025", "--json", code=0))
    first = data[0]
    assert first["verdict"] == "screening" and 0.0 < first["judged_share"] < 1.0
    assert first["shares"]["named"] + first["shares"]["derived"] >= 0.8
    row = first["flows"][0]
    assert (
        row["status"] in ("named", "derived", "proxy")
        and row["licence"]
        and row["low"] < row["value"] < row["high"]
    )


def test_packs_are_listed_shown_linted_and_tested() -> None:
    assert "cn.gbt-24067@2024+1" in [r["pack"] for r in json.loads(call("pack", "list", "--json", code=0))]
    assert "cut-off-each" in call("pack", "show", "cn.gbt-24067@2024", code=0)
    call("pack", "lint", "cn.miit-551@2025", code=0)
    rows = json.loads(call("pack", "test", "pact.method@3", "--json", code=0))
    assert rows and all(r["passed"] for r in rows)


def test_compare_takes_the_difference_apart_and_the_parts_sum_to_it() -> None:
    data = json.loads(
        call("compare", LFP, "--pack", "cn.miit-551@2025", "--pack", "pact.method@3", "--json", code=0)
    )
    assert sum(p["effect"] for p in data["parts"]) == pytest.approx(data["difference"], abs=1e-9)
    assert data["comparable"] is False and data["reasons"]


def test_library_search_finds_chinese_and_english_words() -> None:
    for word in ("碳酸锂", "lithium carbonate"):
        assert any("li2co3" in r["id"] for r in json.loads(call("library", "search", word, "--json", code=0)))
    found = json.loads(call("library", "search", "li2co3", "--json", code=0))
    assert found and all(r["verification"] and r["source"] for r in found)


@pytest.mark.parametrize(
    ("lang", "says", "says_not"),
    [("zh", "检查研究", "missing or wrong"), ("en", "missing or wrong", "检查研究")],
)
def test_help_speaks_one_language(lang: Lang, says: str, says_not: str) -> None:
    command = typer.main.get_command(app)
    help_in(command, lang)
    texts = [
        c.help + "".join(getattr(p, "help", None) or "" for p in c.params) for c in command.commands.values()
    ]  # type: ignore[attr-defined]
    assert any(says in t for t in texts) and not any(says_not in t for t in texts)
    if lang == "en":
        assert not any("\u4e00" <= letter <= "\u9fff" for t in texts for letter in t)
