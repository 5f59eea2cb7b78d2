"""From a form with one row for each indicator to a linted pack; what lint knows of index systems."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pytest

from tanbiao.core.errors import TanbiaoError
from tanbiao.evaluate import run_cases
from tanbiao.service.author.blank import blank_form
from tanbiao.service.author.cells import baseline, cells_of
from tanbiao.service.author.checks import check_form
from tanbiao.service.author.form import Form, read_form
from tanbiao.service.author.new import new_pack
from tanbiao.standards import find_packs, resolve
from tests.clean_production.plants import ROOT

FORMS = sorted(p for p in (ROOT / "tools" / "clean_production" / "forms").iterdir() if p.is_dir())
LEVELS = ("I", "II", "III")
HEAD = {
    "id": "test.index",
    "edition": "2026",
    "title_zh": "试",
    "title_en": "test",
    "document": "made up",
    "review": "transcribed",
    "entered_by": "a",
    "checked_by": "b",
    "builds_on": "cn.gbt-43329@2023",
}


def row(**cells: str) -> dict[str, str]:
    plain = {
        "id": "power",
        "category": "energy",
        "category_weight": "1",
        "indicator": "电耗",
        "indicator_en": "power",
        "unit": "kWh/t",
        "weight": "1",
        "I": "≤10",
        "II": "≤20",
        "III": "≤30",
        "limiting": "yes",
        "page": "table 1, p. 5",
    }
    return {**plain, **cells}


def codes(*rows: dict[str, str], data: tuple[dict[str, str], ...] = (), **head: str) -> list[tuple[str, str]]:
    return [(p.code, p.level) for p in check_form(Form("form", {**HEAD, **head}, list(rows), data))]


# -- cells -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("≤50", "<=50"),
        ("≥(90+2n)", ">=(90+2*n)"),
        ("≤-20", "<=-20"),
        ("—", ""),
        ("--", ""),
        ("是", "== true"),
        ("<7000", "<7000"),
        ("≤(0.14+0.08n)", "<=(0.14+0.08*n)"),
        ("≥300m2,配置率≥60%", None),
        ("智能台账+预警", None),
    ],
)
def test_a_cell_as_a_predicate(text: str, cell: str | None) -> None:
    assert baseline(text) == cell


def test_words_become_options_and_the_same_words_one_option() -> None:
    cells, options = cells_of({"I": "自动", "II": "同Ⅰ级", "III": "手动"}, LEVELS)
    assert options == ("I", "III", "none")
    assert cells == {"I": '== "I"', "II": '== "I"', "III": 'in ("I", "III")'}
    assert cells_of({"I": "certified", "II": "", "III": "in use"}, LEVELS)[0]["II"] == ""


# -- lint ------------------------------------------------------------------------------------------


def test_a_good_row_has_no_problem() -> None:
    assert codes(row()) == []


@pytest.mark.parametrize(
    ("change", "code", "level"),
    [
        ({"weight": "0.9"}, "author-weights", "error"),
        ({"category_weight": "0.5"}, "author-weights", "error"),
        ({"I": "≤40"}, "author-order", "warning"),
        ({"page": ""}, "author-page", "warning"),
        ({"unit": "furlong"}, "author-unit", "error"),
        ({"II": ""}, "author-limiting", "warning"),
        ({"id": "Power"}, "author-id", "error"),
        ({"indicator_en": ""}, "author-needs", "error"),
        ({"weight": ""}, "author-partial", "warning"),
        ({"unit": "%", "I": "≥104", "II": "≥90", "III": "≥80"}, "author-percent", "error"),
    ],
)
def test_each_fault_is_found(change: dict[str, str], code: str, level: str) -> None:
    assert (code, level) in codes(row(**change))


def test_a_recorded_reason_allows_an_odd_order() -> None:
    assert codes(row(I="≤303", II="≤285", III="≤312", reason="printed so: level 2 speaks of new units")) == []


def test_the_range_of_the_parameter_decides() -> None:
    """Level III of multilayer power is stricter than II from n = 7 on."""
    cells = {"I": "≤(10+5n)", "II": "≤(25+10n)", "III": "≤(55+5n)"}
    few = ({"id": "n", "zh": "层", "en": "layers", "low": "1", "high": "6"},)
    many = ({"id": "n", "zh": "层", "en": "layers", "low": "1", "high": "10"},)
    assert codes(row(**cells), data=few) == []
    problems = check_form(Form("form", HEAD, [row(**cells)], many))
    assert [p.code for p in problems] == ["author-order"] and problems[0].args["at"] == "n=7"


def test_a_laminate_use_above_100_percent_and_out_of_order() -> None:
    cells = {"unit": "%", "I": "≥(90+2n)", "II": "≥(82+3n)", "III": "≥(80+5n)"}
    found = codes(row(**cells))
    assert ("author-percent", "error") in found and ("author-order", "warning") in found


def test_a_slipped_digit_stands_out() -> None:
    rows = [
        row(
            id=f"p{n}",
            group="power",
            weight="0.25",
            category_weight="1" if n == 0 else "",
            I=f"≤{v}",
            II="≤200",
            III="≤300",
        )
        for n, v in enumerate(("10.5", "11.2", "10.53", "110.53"))
    ]
    assert [p.args["id"] for p in check_form(Form("form", HEAD, rows)) if p.code == "author-outlier"] == [
        "p3"
    ]


def test_verified_needs_two_persons() -> None:
    assert ("author-two-persons", "error") in codes(row(), review="verified", checked_by="a")
    assert ("author-two-persons", "warning") in codes(row(), checked_by="")
    assert codes(row(), review="verified") == []


# -- one command -----------------------------------------------------------------------------------


def test_a_workbook_becomes_a_pack_that_is_linted_and_runs(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(blank_form(tmp_path / "form.xlsx"))
    for cells in book["pack"].iter_rows(min_row=2):
        if cells[0].value in HEAD:
            cells[1].value = HEAD[cells[0].value]
    sheet = book["indicators"]
    names = [c.value for c in sheet[3]]
    for number, one in enumerate(
        (
            row(weight="0.5", formula="electricity / output"),
            row(
                id="law",
                indicator="守法",
                indicator_en="law",
                category_weight="",
                unit="",
                weight="0.5",
                I="是",
                II="是",
                III="是",
            ),
        )
    ):
        for column, name in enumerate(names, 1):
            sheet.cell(row=4 + number, column=column).value = one.get(str(name), "")
    data = book["data"]
    columns = [c.value for c in data[3]]
    for number, one in enumerate(
        (
            {"id": "electricity", "zh": "用电", "en": "electricity", "unit": "kWh", "low": "0"},
            {"id": "output", "zh": "产量", "en": "output", "unit": "t"},
        )
    ):
        for column, name in enumerate(columns, 1):
            data.cell(row=4 + number, column=column).value = one.get(str(name), "")
    book.save(tmp_path / "form.xlsx")
    made = new_pack(tmp_path / "form.xlsx", tmp_path / "packs", [ROOT / "packs"])
    assert [p.text("en") for p in made.problems] == []
    rulebook, _ = resolve("test.index@2026", [tmp_path / "packs", ROOT / "packs"])
    (made.folder / "cases").mkdir()
    (made.folder / "cases" / "1.yaml").write_text(
        '- {id: a, source: constructed, given: {electricity: "15000 kWh", output: "1000 t", law: "true"}, '
        'expect: {power: "15", level: II, level.index.II: "100", level.index.I: "50"}}\n',
        encoding="utf-8",
    )
    rulebook, _ = resolve("test.index@2026", [tmp_path / "packs", ROOT / "packs"])
    assert [r for r in run_cases(rulebook) if not r.passed] == []


def test_a_form_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TanbiaoError) as caught:
        new_pack(blank_form(tmp_path / "form.xlsx"), tmp_path / "packs", [ROOT / "packs"])
    assert "author-form" in {p.code for p in caught.value.problems}


@pytest.mark.parametrize("form", FORMS, ids=lambda p: p.name)
def test_the_packs_in_the_house_are_what_their_forms_give(form: Path, tmp_path: Path) -> None:
    made = new_pack(form, tmp_path, [ROOT / "packs"])
    house = find_packs([ROOT / "packs"])[made.name]
    for path in (p for p in made.folder.rglob("*") if p.is_file()):
        assert path.read_text(encoding="utf-8") == (house / path.relative_to(made.folder)).read_text(
            encoding="utf-8"
        )


def test_partial_tables_mark_what_they_lack() -> None:
    for name in ("electroplating", "pcb", "steel-integrated"):
        form = read_form(ROOT / "tools" / "clean_production" / "forms" / name)
        assert form.style == "profile" and form.pack["status"] == "partial"
        assert all(r.get("review") in ("secondary", "memory") for r in form.indicators)


def test_energy_packs_name_their_status() -> None:
    names = [n for n in find_packs([ROOT / "packs"]) if n.startswith("cn.gb-") and "+" not in n]
    assert len(names) == 37
    with (ROOT / "tools" / "clean_production" / "titles.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 36
