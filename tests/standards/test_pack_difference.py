"""Two packs side by side: every clause, table cell and review mark that differs, and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tanbiao.cli.app import app
from tanbiao.evaluate.difference import Change
from tanbiao.service import Places
from tanbiao.service.packs import diff_packs

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW = "cn.gb-36888@2018", "cn.gb-36888@2999"


def edited(folder: Path, *edits: tuple[str, str, str]) -> Places:
    """A later edition of the pack, made for the test, with these replacements (file, before, after)."""
    pack = folder / "cn" / "gb-36888" / "2999"
    shutil.copytree(ROOT / "packs" / "cn" / "gb-36888" / "2018", pack)
    for name, before, after in (("pack.yaml", "edition: '2018'", "edition: '2999'"), *edits):
        text = (pack / name).read_text(encoding="utf-8")
        assert before in text
        (pack / name).write_text(text.replace(before, after, 1), encoding="utf-8")
    return Places(packs=(folder,))


def told(changes: list[Change]) -> list[tuple[str, str, str, str]]:
    return [(c.kind, c.what, c.before, c.after) for c in changes]


def test_a_pack_does_not_differ_from_itself() -> None:
    assert diff_packs(OLD, OLD, Places()) == []


def test_what_differs_is_named_and_nothing_else(tmp_path: Path) -> None:
    places = edited(
        tmp_path,
        ("tables/limits.csv", "<= 0.70", "<= 0.65"),
        ("tables/limits.csv", "\ntransport-energy", "\nhaulage-energy"),
        ("clauses/1-limits.yaml", "review: memory", "review: transcribed"),
        ("clauses/1-limits.yaml", "style: first_met", "style: every_met"),
    )
    pack, value, level, *cells = told(diff_packs(OLD, NEW, places))
    assert pack == ("pack", "cn.gb-36888", "cn.gb-36888@2018+1", "cn.gb-36888@2999+1")
    level, value = sorted((value, level), key=lambda c: c[1])
    assert level == ("clause", f"{NEW}#level", "style: first_met", "style: every_met")
    assert value == ("clause", f"{NEW}#production-energy-value", "review: memory", "review: transcribed")
    assert cells[0] == ("cell", "limits production-energy 2", "<= 0.70", "<= 0.65")
    assert [c[1] for c in cells[1:]] == ["limits transport-energy", "limits haulage-energy"]
    assert cells[1][3] == cells[2][2] == "" and "1: <= 1.85" in cells[1][2]


def test_a_new_clause_is_told_with_all_it_says(tmp_path: Path) -> None:
    new = "- {id: extra, kind: define, value: 3 kg, unit: kg, text: {zh: 另加, en: extra}}\n"
    places = edited(tmp_path, ("clauses/1-limits.yaml", "- id: in-force", new + "- id: in-force"))
    _, extra = told(diff_packs(OLD, NEW, places))
    assert extra[1:3] == (f"{NEW}#extra", "") and "unit: kg" in extra[3] and "text: 另加 / extra" in extra[3]


@pytest.mark.parametrize(("lang", "words"), [("zh", "没有差别"), ("en", "no difference")])
def test_the_command_says_so_in_both_languages(lang: str, words: str) -> None:
    done = CliRunner().invoke(app, ["pack", "diff", OLD, OLD, "--lang", lang])
    assert done.exit_code == 0 and words in done.output
    done = CliRunner().invoke(
        app, ["pack", "diff", "example.customer-rule@1", "example.customer-rule@2", "--json"]
    )
    assert [c["kind"] for c in json.loads(done.output)] == ["pack", "clause"]
