"""The reference is made from the program's own data, and the committed files are what a fresh generation gives."""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import pytest

from tanbiao.core.errors import catalogue
from tanbiao.formula.check import check
from tanbiao.formula.parse import FUNCTIONS, parse
from tanbiao.service import Places
from tanbiao.standards import resolve
from tanbiao.standards.names import RulebookNames
from tanbiao.study.read import HEAD_KEYS

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import build_reference  # noqa: E402


def function_rows() -> list[dict[str, str]]:
    with (ROOT / "src/tanbiao/formula/functions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_committed_files_are_a_fresh_generation() -> None:
    assert build_reference.differing() == [], "run `make docs`"


def test_every_function_is_described_and_none_besides() -> None:
    names = [row["name"] for row in function_rows()]
    assert sorted(names) == sorted(FUNCTIONS), "keep formula/functions.csv with parse.FUNCTIONS"
    for row in function_rows():
        assert all(row[key] for key in ("signature", "zh", "en", "example")), row


def test_every_key_of_study_yaml_is_described_and_none_besides() -> None:
    described = build_reference.WORDS["study.keys"].keys()
    assert described == HEAD_KEYS, (
        "keep tools/reference_texts.yaml (study.keys) with HEAD_KEYS of study/read.py"
    )


@pytest.mark.parametrize("row", function_rows(), ids=lambda row: row["name"])
def test_the_example_of_a_function_calls_it_and_has_a_type(row: dict[str, str]) -> None:
    rulebook, _ = resolve("cn.gbt-24067@2024", Places().pack_roots)
    assert f"{row['name']}(" in row["example"]
    check(parse(row["example"]), RulebookNames(rulebook))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_error_has_an_anchor(lang: str) -> None:
    page = (ROOT / f"docs/reference/errors.{lang}.md").read_text(encoding="utf-8")
    assert [code for code in catalogue() if f"\n### {code}\n" not in page] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_unverified_clauses_say_so(lang: str) -> None:
    """No page of a pack without verified clauses lets the word stand without its denial."""
    said = build_reference.say("pack.none", lang)
    for book in build_reference.rulebooks():
        counts = build_reference.review_counts(book)
        page = (ROOT / f"docs/reference/packs/{build_reference.pack_file(book)}.{lang}.md").read_text(
            encoding="utf-8"
        )
        if not counts["verified"] and counts.keys() - {"constructed"}:
            assert said in page, book.pack.name


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md", "CHANGELOG.md"])
def test_counts_of_the_library_are_those_of_its_tables(readme: str) -> None:
    library = Places().library(["open-2026"])
    text = (ROOT / readme).read_text(encoding="utf-8")
    assert re.search(rf"\b{len(library.processes)} ?(processes|个过程)", text)
    assert re.search(rf"\b{len(library.factors)} ?(factors|个因子)", text)
