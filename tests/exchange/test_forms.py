# ruff: noqa: E501  (samples of foreign formats keep their lines)
"""Excel forms that come back: forms of packs, studies as workbooks, bills of materials, customers' templates."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tanbiao.core.errors import TanbiaoError
from tanbiao.exchange.bom import match, read_bom
from tanbiao.exchange.contributions import explain_gap, read_contributions
from tanbiao.exchange.template import fill_template, read_template_mapping
from tanbiao.exchange.workbook import text_width, write_study
from tanbiao.library import Library
from tanbiao.service import Places
from tanbiao.service import exchange as use
from tanbiao.study import read_study, sheets

from .conftest import ROOT
from .made import TEXTS

PACK = "cn.gbt-24067@2024"


@pytest.fixture
def form(tmp_path: Path) -> Path:
    return use.new_form([PACK], tmp_path / "form.xlsx", excel=True, as_of="2026-11-24", salt="abc123")


def test_a_form_asks_for_every_given_of_the_pack(form: Path) -> None:
    from tanbiao.standards import resolve

    rulebook, _ = resolve(PACK, Places().pack_roots)
    book = openpyxl.load_workbook(form)
    paths = {row[0].value for row in book[sheets.GOAL.title].iter_rows(min_row=2)}
    for clause in rulebook.of_kind("given"):
        if clause.value_kind == "table":
            header = [c.value for c in book[clause.name][4]] if clause.name in book.sheetnames else None
            assert header and {c.name for c in clause.columns} <= set(header)
        else:
            assert clause.path in paths


def test_a_form_has_the_sheets_an_engineer_knows_in_their_order(form: Path) -> None:
    names = openpyxl.load_workbook(form).sheetnames
    assert [n for n in names if n in sheets.BY_TITLE or n.startswith("cover")] == [
        "cover 封面",
        "goal and scope 目标与范围",
        "BOM 物料清单",
        "processes 过程",
        "energy 能源",
        "transport 运输",
        "end of life 报废",
        "products and emissions 产出排放",
        "evidence 证据",
    ]
    assert (
        names[names.index("energy 能源") + 1] == "electricity"
    )  # contracts stand beside the energy they are for


def test_a_form_protects_ids_offers_choices_and_shows_what_is_missing(form: Path) -> None:
    book = openpyxl.load_workbook(form)
    sheet = book[sheets.BOM.title]
    assert (
        sheet.protection.sheet
        and sheet["A5"].value == "b001"
        and sheet["A5"].protection.locked
        and not sheet["B5"].protection.locked
    )
    head = [c.value for c in sheet[4]]
    assert "direction" not in head and "price" not in head and "stage" in head
    choices = {str(v.formula1): str(v.sqref) for v in sheet.data_validations.dataValidation}
    assert choices["'processes 过程'!$A$5:$A$64"] == "B5:B64" and any("component" in c for c in choices)
    other = book[sheets.OTHER.title]
    assert any('"product,input' in str(v.formula1) for v in other.data_validations.dataValidation)
    goal = book[sheets.GOAL.title]
    assert len(goal.conditional_formatting) > 20 and goal["D3"].value and goal["E3"].value
    views = [s.title for s in sheets.SHEETS if s.table == "exchange"]
    ids = [row[0].value for title in views for row in book[title].iter_rows(min_row=5, max_col=1)]
    assert len(ids) == len(set(ids)) == 60 * len(views)


def test_an_empty_form_reads_as_a_study_that_lacks_things(form: Path) -> None:
    study, problems = read_study(form)
    assert (
        study.packs == (PACK,)
        and study.at("as_of") == "2026-11-24"
        and {p.code for p in problems} <= {"study-needs"}
    )
    assert all(len(t) == 0 for t in study.tables.values())


def test_rows_of_all_sheets_are_one_table_and_errors_name_sheet_and_cell(form: Path) -> None:
    book = openpyxl.load_workbook(form)
    rows = {
        sheets.BOM: {"process": "p001", "flow": "steel", "amount": 2.5, "unit": "kg", "stage": "material"},
        sheets.ENERGY: {"process": "p001", "flow": "electricity", "unit": "kWh"},
        sheets.END_OF_LIFE: {
            "process": "p001",
            "direction": "sideways",
            "flow": "scrap",
            "amount": 1,
            "unit": "kg",
        },
        sheets.OTHER: {
            "process": "p001",
            "direction": "product",
            "flow": "part",
            "amount": 1,
            "unit": "piece",
        },
    }
    letters = {}
    for view, cells in rows.items():
        sheet = book[view.title]
        head = {c.value: c.column_letter for c in sheet[4]}
        for column, value in cells.items():
            sheet[f"{head[column]}5"].value = value
        letters[view] = head
    book[sheets.BOM.title][f"{letters[sheets.BOM]['flow']}6"].value = "=A1&B2"
    book.save(form)
    study, problems = read_study(form)
    found = {r["id"]: r for r in study.tables["exchange"].rows()}
    assert sorted(found) == ["b001", "e001", "r001", "x001"]
    assert found["b001"]["direction"] == found["e001"]["direction"] == "input"
    assert found["b001"]["amount"] == "2.5" and found["r001"]["stage"] == "end_of_life"
    where = {(p.code, p.place.file, p.place.cell) for p in problems}
    energy, life, bom = (letters[s] for s in (sheets.ENERGY, sheets.END_OF_LIFE, sheets.BOM))
    assert ("cell-missing", f"form.xlsx[{sheets.ENERGY.title}]", f"{energy['amount']}5") in where
    assert ("cell-option", f"form.xlsx[{sheets.END_OF_LIFE.title}]", f"{life['direction']}5") in where
    assert ("cell-formula", f"form.xlsx[{sheets.BOM.title}]", f"{bom['flow']}6") in where


@pytest.mark.parametrize(
    ("row", "sheet"),
    [
        ({"direction": "input", "unit": "kg", "stage": "material"}, sheets.BOM),
        ({"direction": "input", "unit": "kWh", "stage": "assembly"}, sheets.ENERGY),
        ({"direction": "input", "unit": "kWh", "provider": "cells"}, sheets.BOM),
        ({"direction": "input", "unit": "t·km"}, sheets.TRANSPORT),
        ({"direction": "input", "unit": "kg", "stage": "end_of_life"}, sheets.END_OF_LIFE),
        ({"direction": "emission", "unit": "kg"}, sheets.OTHER),
        ({"direction": "input"}, sheets.OTHER),
        ({"direction": "input", "unit": "no unit"}, sheets.BOM),
    ],
)
def test_where_an_exchange_stands(row: dict[str, str], sheet: sheets.Sheet) -> None:
    assert sheets.sheet_of({"id": "x", **row}, ("cells",)) is sheet


@pytest.mark.parametrize("example", sorted(p.parent.name for p in (ROOT / "examples").glob("*/study.yaml")))
def test_an_example_as_a_workbook_is_the_same_study(tmp_path: Path, example: str) -> None:
    study, _ = read_study(ROOT / "examples" / example)
    losses = write_study(study, tmp_path / "x.xlsx")
    again, _ = read_study(tmp_path / "x.xlsx")
    assert losses == () and again.digest() == study.digest()


CELLS = st.one_of(
    TEXTS,
    st.sampled_from(
        [
            "=0.098 * 1.75",
            "1.10",
            "-3",
            "+cmd|' /C calc'!A0",
            "@x",
            "007",
            "NA",
            "true",
            "2026-01-01",
            "钢板，冷轧",
        ]
    ),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.dictionaries(
        st.sampled_from(["goal", "scope", "product", "title"]),
        st.one_of(
            CELLS,
            st.lists(CELLS, min_size=1, max_size=3),
            st.dictionaries(st.sampled_from(["zh", "en", "kind"]), CELLS, min_size=1, max_size=3),
        ),
        max_size=4,
    ),
    rows=st.lists(
        st.tuples(
            CELLS,
            CELLS,
            CELLS,
            st.sampled_from(["kg", "kWh", "t·km", "piece", "?", ""]),
            st.sampled_from(["input", "product", "waste", "emission", ""]),
            st.sampled_from(["material", "end_of_life", "use", ""]),
            st.sampled_from(["p", "met.cn.al", ""]),
        ),
        min_size=1,
        max_size=8,
    ),
)
def test_any_study_exported_and_imported_is_the_same(
    tmp_path: Path, head: dict[str, object], rows: list[tuple[str, ...]]
) -> None:
    folder = tmp_path / "study"
    folder.mkdir(exist_ok=True)
    base = {
        "schema": "1",
        "subject": "product",
        "id": "s",
        "as_of": "2026-11-24",
        "salt": "x",
        "packs": ["a@1", "b@2"],
        **head,
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(base, allow_unicode=True), encoding="utf-8")
    with (folder / "exchanges.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("id", "process", "flow", "amount", "note", "unit", "direction", "stage", "provider"))
        out.writerows((f"x{n:03d}", "p", *row) for n, row in enumerate(rows))
    (folder / "processes.csv").write_text("id,name_en\np,made\n", encoding="utf-8")
    study, _ = read_study(folder)
    assert write_study(study, tmp_path / "x.xlsx") == ()
    again, _ = read_study(tmp_path / "x.xlsx")
    assert again.content() == study.content()


def test_what_a_workbook_cannot_hold_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "study.yaml").write_text(
        "schema: 1\nsubject: product\nas_of: 2026-11-24\nsalt: x\npacks: [a@1]\n"
        "plant: [{name: a}, {name: b}]\n",
        encoding="utf-8",
    )
    assert [x.field for x in write_study(read_study(folder)[0], tmp_path / "x.xlsx")] == [
        "study.yaml: list of mappings"
    ]


# -- bills of materials

SHEETS = {
    "zh": "料号,零件,材料,质量 (g),供应商,产地\n1,外壳,铝锭,850,甲厂,中国\n2,垫圈,聚丙烯,45,乙厂,中国\n合计,,,895,,\n",
    "en": "Part no;Part;Material;Weight;Unit;Supplier;Country\n1;Housing;Aluminium ingot;0.85;kg;A;China\n2;Washer;polypropylene;45;g;B;China\n",
}


@pytest.mark.parametrize(
    ("lang", "codec"), [("zh", "utf-8"), ("zh", "gb18030"), ("zh", "utf-16"), ("en", "utf-8")]
)
def test_a_plain_sheet_is_read_and_matched(tmp_path: Path, open_2026: Library, lang: str, codec: str) -> None:
    path = tmp_path / "bom.csv"
    path.write_bytes(SHEETS[lang].encode(codec))
    lines, problems = read_bom(path)
    assert (
        problems == []
        and [(x.amount, x.unit, x.place) for x in lines][1] == ("45", "g", "CN")
        and len(lines) == 2
    )
    found, _ = match(lines, open_2026)
    assert [open_2026.items[m.provider].name_en.split()[0] for m in found] == [
        open_2026.items[found[0].provider].name_en.split()[0],
        "Polypropylene",
    ]
    assert "alumin" in open_2026.items[found[0].provider].name_en.lower() and all(
        0.6 < m.score <= 1 for m in found
    )


def test_a_mass_without_unit_is_refused_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "bom.csv").write_text("part,material,mass\na,steel,5\n", encoding="utf-8")
    lines, problems = read_bom(tmp_path / "bom.csv")
    assert lines == [] and [(p.code, p.place.row) for p in problems] == [("exchange-bom-unit", 2)]


def test_a_decimal_comma_is_refused_not_read_as_a_thousand(tmp_path: Path) -> None:
    (tmp_path / "bom.csv").write_text('material,mass (kg)\nsteel,"10,5"\n', encoding="utf-8")
    lines, problems = read_bom(tmp_path / "bom.csv")
    assert lines == [] and [(p.code, p.place.row) for p in problems] == [("number-expected", 2)]


def test_a_sheet_without_the_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bom.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(TanbiaoError) as caught:
        read_bom(tmp_path / "bom.csv")
    assert caught.value.problems[-1].code == "exchange-bom-columns"


def test_what_is_not_near_stays_unmatched_and_is_named(tmp_path: Path, open_2026: Library) -> None:
    (tmp_path / "bom.csv").write_text("material,mass (kg)\nunobtainium xyz,5\n", encoding="utf-8")
    found, problems = match(read_bom(tmp_path / "bom.csv")[0], open_2026)
    assert [m.status for m in found] == ["unmatched"] and [p.code for p in problems] == [
        "exchange-bom-unmatched"
    ]


def test_the_users_choice_wins_and_a_wrong_one_is_refused(tmp_path: Path, open_2026: Library) -> None:
    (tmp_path / "bom.csv").write_text("material,mass (kg)\naluminium ingot,5\nsteel,1\n", encoding="utf-8")
    lines, _ = read_bom(tmp_path / "bom.csv")
    found, problems = match(lines, open_2026, {2: "met.cn.al", 3: "nothing"})
    assert [m.status for m in found] == ["decided", "unmatched"] and [p.code for p in problems] == [
        "exchange-mapping-target"
    ]


def test_nothing_that_a_form_says_is_cut(form: Path) -> None:
    for sheet in openpyxl.load_workbook(form).worksheets:
        for row in sheet.iter_rows(max_row=4 if sheet.freeze_panes == "B5" else None):
            for cell in row:
                width = sheet.column_dimensions[cell.column_letter].width
                if cell.value is None or not cell.alignment.wrap_text:
                    continue
                lines = sum(-(-text_width(p) // width) for p in str(cell.value).split("\n"))
                assert sheet.row_dimensions[cell.row].height >= 14 * lines, (sheet.title, cell.coordinate)


def test_an_exported_workbook_can_be_read_by_people(tmp_path: Path) -> None:
    use.export_workbook(str(ROOT / "examples/lfp-pack"), tmp_path / "x.xlsx")
    for sheet in openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets:
        assert sheet.freeze_panes and sheet["A1"].font.bold
        assert all(8 <= d.width <= 48 for d in sheet.column_dimensions.values())


# -- templates and gaps


def test_a_customers_template_is_filled_and_else_untouched(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "PCF"
    book["PCF"]["A1"], book["PCF"]["B1"] = "Footprint", None
    book.save(tmp_path / "t.xlsx")
    (tmp_path / "m.csv").write_text(
        "cell,quantity\nPCF!B1,headline\nPCF!B2,headline.unit\nPCF!B3,text:=1+1\n", encoding="utf-8"
    )
    mapping = read_template_mapping(tmp_path / "m.csv")
    assert fill_template(
        tmp_path / "t.xlsx", mapping, {"headline": "13.2", "headline.unit": "kgCO2e"}, tmp_path / "o.xlsx"
    ) == list(mapping)
    sheet = openpyxl.load_workbook(tmp_path / "o.xlsx")["PCF"]
    assert (sheet["A1"].value, sheet["B1"].value, sheet["B2"].value, sheet["B3"].data_type) == (
        "Footprint",
        13.2,
        "kgCO2e",
        "s",
    )
    with pytest.raises(TanbiaoError):
        fill_template(tmp_path / "t.xlsx", {"PCF!B1": "nothing"}, {}, tmp_path / "p.xlsx")
    assert not (tmp_path / "p.xlsx").exists()


def test_a_merged_cell_of_a_template_is_filled_at_its_corner(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.merge_cells("B3:C3")
    book.save(tmp_path / "t.xlsx")
    (tmp_path / "m.csv").write_text("cell;quantity\nC3;headline\n", encoding="utf-8")
    mapping = read_template_mapping(tmp_path / "m.csv")
    fill_template(tmp_path / "t.xlsx", mapping, {"headline": "13.2"}, tmp_path / "o.xlsx")
    assert openpyxl.load_workbook(tmp_path / "o.xlsx").active["B3"].value == 13.2


@pytest.mark.parametrize(
    "text",
    [
        "Share;Process;Amount;Unit\n60 %;Steel;1.200,5;g CO2 eq\n40 %;Copper;0,8;kg CO2 eq\n100 %;Total;2;kg CO2 eq\n",
        "GWP100\n过程,占比(%),贡献（kgCO2e）\nSteel,60,1.2005\nCopper,40,0.8\n合计,100,2\n",
    ],
)
def test_names_values_and_totals_of_a_contribution_table_are_told_apart(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.csv").write_text(text, encoding="utf-8")
    found = read_contributions(tmp_path / "c.csv")
    assert [(n, pytest.approx(v)) for n, v in found.rows] == [("Steel", 1.2005), ("Copper", 0.8)]
    assert found.total == 2 and found.problems == ()


def test_a_contribution_table_may_be_a_workbook_and_what_is_no_number_is_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["Process", "kg CO2-eq"], ["Steel", 1.5], ["Copper", "1,600"], ["Glass", 2]):
        book.active.append(row)
    book.save(tmp_path / "c.xlsx")
    found = read_contributions(tmp_path / "c.xlsx")
    assert found.rows == (("Steel", 1.5), ("Glass", 2.0))
    assert [(p.code, p.place.row) for p in found.problems] == [("number-expected", 3)]
    (tmp_path / "n.csv").write_text("only,words\nhere,too\n", encoding="utf-8")
    with pytest.raises(TanbiaoError) as caught:
        read_contributions(tmp_path / "n.csv")
    assert [p.code for p in caught.value.problems] == ["exchange-gap-table"]


def test_the_gap_is_laid_beside_the_result_of_the_same_scale(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("process,kgCO2e\n变形铝合金坯,1500\n其他,6000\n", encoding="utf-8")
    study = str(ROOT / "examples/lfp-pack")
    found = use.gap_to_other_tool(study, tmp_path / "c.csv", lang="zh")
    assert found.unit == "kgCO2e" and found.problems == () and found.theirs == 7500
    assert any(g.theirs == "变形铝合金坯" and "铝" in g.ours for g in found.rows)
    other = use.gap_to_other_tool(study, tmp_path / "c.csv", pack="cn.miit-551@2025")
    assert [p.code for p in other.problems] == ["exchange-gap-scale"]
    with pytest.raises(TanbiaoError):
        use.gap_to_other_tool(study, tmp_path / "c.csv", pack="no@1")


def test_the_gap_to_another_tool_adds_up(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(
        "Process;Contribution\nAluminium ingot, primary;10,5\nTransport, lorry;2,0\n", encoding="utf-8"
    )
    theirs = read_contributions(tmp_path / "c.csv")
    rows = explain_gap(theirs.rows, [(("Primary aluminium ingot",), 9.0), (("Copper",), 1.0)])
    assert sum(g.difference for g in rows) == pytest.approx((9.0 + 1.0) - 12.5)
    assert next(g for g in rows if "lumin" in g.theirs).ours == "Primary aluminium ingot"


def test_a_study_fills_a_customers_template_and_explains_a_gap(tmp_path: Path) -> None:
    (tmp_path / "bom.csv").write_text(
        "material,mass (kg)\naluminium ingot,2\npolypropylene,1\n", encoding="utf-8"
    )
    use.import_bom(tmp_path / "bom.csv", tmp_path / "study", packs=[PACK], as_of="2026-11-24", salt="x")
    openpyxl.Workbook().save(tmp_path / "t.xlsx")
    (tmp_path / "m.csv").write_text(
        "cell,quantity\nB2,headline\nB3,headline.unit\nB4,study\n", encoding="utf-8"
    )
    use.fill_customer_template(
        str(tmp_path / "study"), tmp_path / "t.xlsx", tmp_path / "m.csv", tmp_path / "o.xlsx"
    )
    sheet = openpyxl.load_workbook(tmp_path / "o.xlsx").active
    assert sheet["B2"].value > 10 and "CO2e" in sheet["B3"].value and sheet["B4"].value == "bom"
    (tmp_path / "theirs.csv").write_text(
        "process,kgCO2e\nPolypropylene,1.5\nSomething else,4\n", encoding="utf-8"
    )
    rows = use.gap_to_other_tool(str(tmp_path / "study"), tmp_path / "theirs.csv").rows
    assert {g.ours for g in rows if g.theirs == "Polypropylene"} == {"Polypropylene"} and len(rows) == 3
    assert sum(g.difference for g in rows) == pytest.approx(sum(g.our_value for g in rows) - 5.5)
