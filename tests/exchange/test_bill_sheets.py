"""Bills of materials as suppliers send them: merged headings, units everywhere, totals, levels, pieces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tanbiao.core.errors import TanbiaoError
from tanbiao.exchange.bom import Line, match, read_bom
from tanbiao.library import Library


def book(path: Path, *sheets: Sequence[Sequence[Any]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for n, rows in enumerate(sheets, start=1):
        sheet = made.create_sheet(f"S{n}")
        for row in rows:
            sheet.append(list(row))
    made.save(path)
    return path


def sheet(path: Path, text: str, codec: str = "utf-8") -> Path:
    path.write_bytes(text.encode(codec))
    return path


def masses(lines: Sequence[Line]) -> list[tuple[str, str, str]]:
    return [(x.part, x.amount, x.unit) for x in lines]


def test_headings_over_several_columns_are_read_with_the_row_below(tmp_path: Path) -> None:
    path = book(
        tmp_path / "bom.xlsx",
        [
            ["ACME Bill of Material", None, None, None, None, None, None],
            ["Rev. C"],
            [],
            ["Part no", "Description", "Material", "Mass", None, "Supplier", None],
            [None, None, None, "Value", "Unit", "Name", "Country"],
            ["P-1", "housing", "aluminium ingot", 850, "g", "A", "China"],
            [],
            ["P-2", "fastener", "steel sheet", 0.12, "kg", "B", "Germany"],
            ["Total", None, None, 970, "g"],
            ["Prepared by: X"],
        ],
    )
    lines, problems = read_bom(path)
    assert problems == []
    assert [(x.part, x.amount, x.unit, x.supplier, x.place) for x in lines] == [
        ("housing", "850", "g", "A", "CN"),
        ("fastener", "0.12", "kg", "B", "DE"),
    ]


def test_a_row_of_units_belongs_to_the_headings(tmp_path: Path) -> None:
    path = sheet(tmp_path / "bom.csv", "part,material,mass,supplier\n,,(g),\nhousing,aluminium ingot,850,A\n")
    lines, problems = read_bom(path)
    assert problems == [] and masses(lines) == [("housing", "850", "g")]


@pytest.mark.parametrize(
    "head",
    [
        "Pos.,Part number,Description,Material,Qty,Unit,Unit weight (g),Total weight (g)",
        "序号,物料编码,名称,材质,数量,单位,单重(g),总重(g)",
    ],
)
def test_the_total_of_all_pieces_counts(tmp_path: Path, head: str) -> None:
    path = sheet(
        tmp_path / "bom.csv", head + "\n1,A-1,housing,aluminium,2,pcs,425,850\n,,Grand total,,,,,850\n"
    )
    lines, problems = read_bom(path)
    assert problems == [] and masses(lines) == [("housing", "850", "g")]


@pytest.mark.parametrize(
    "head", ["名称,材质,数量,单位,单重(g)", "Name,Material,Qty,UoM,Weight per piece [g]"]
)
def test_pieces_times_the_mass_of_one(tmp_path: Path, head: str) -> None:
    path = sheet(tmp_path / "bom.csv", head + "\nhousing,aluminium,2,个,425\nscrew,steel,10,个,12\n")
    lines, problems = read_bom(path)
    assert problems == [] and masses(lines) == [("housing", "850", "g"), ("screw", "120", "g")]


def test_whether_a_mass_is_that_of_one_piece_is_not_guessed(tmp_path: Path) -> None:
    path = sheet(tmp_path / "bom.csv", "part,material,qty,weight (g)\na,steel,1,5\nb,steel,4,5\n")
    lines, problems = read_bom(path)
    assert masses(lines) == [("a", "5", "g")]
    assert [(p.code, p.place.row) for p in problems] == [("exchange-bom-pieces", 3)]


def test_assemblies_are_not_counted_beside_their_parts(tmp_path: Path) -> None:
    path = sheet(
        tmp_path / "bom.csv",
        "层级,物料编码,零件名称,材料,净重,单位\n1,A,电池包,,10,kg\n2,A1,壳体,铝锭,4,kg\n2,A2,模组,,6,kg\n3,A21,铜排,铜,6,kg\n",
    )
    lines, problems = read_bom(path)
    assert masses(lines) == [("壳体", "4", "kg"), ("铜排", "6", "kg")]
    assert [(p.code, p.place.row, p.level) for p in problems] == [
        ("exchange-bom-assembly", 2, "warning"),
        ("exchange-bom-assembly", 4, "warning"),
    ]


def test_several_pieces_of_an_assembly_are_named(tmp_path: Path) -> None:
    path = sheet(
        tmp_path / "bom.csv", "level,part,material,qty,unit weight (g)\n1,module,,2,50\n2,bar,copper,1,50\n"
    )
    _, problems = read_bom(path)
    assert [(p.code, p.place.row) for p in problems] == [("exchange-bom-nested", 2)]


def test_totals_are_no_parts_and_parts_are_no_totals(tmp_path: Path) -> None:
    path = sheet(
        tmp_path / "bom.csv",
        "part,material,mass (kg)\nsump cover,aluminium,1\nSummer tyre,rubber,2\nSub-total,,3\nsubtotal A,,3\n"
        "total station arm,steel,1\n小 计,,4\nGRAND TOTAL,,4\n合 计,,4\n",
    )
    lines, problems = read_bom(path)
    assert [x.part for x in lines] == ["sump cover", "Summer tyre", "total station arm"] and problems == []


def test_a_total_that_is_not_that_of_the_lines_is_reported(tmp_path: Path) -> None:
    path = sheet(tmp_path / "bom.csv", "part,material,mass (kg)\na,steel,1\nb,steel,2\nTotal,,3.5\n")
    lines, problems = read_bom(path)
    assert len(lines) == 2 and [(p.code, p.place.row, p.level) for p in problems] == [
        ("exchange-bom-total", 4, "warning")
    ]


def test_a_part_number_that_stands_twice_is_reported_and_counted(tmp_path: Path) -> None:
    path = sheet(
        tmp_path / "bom.csv", "part no,part,material,mass (g)\nP1,a,steel,1\nP2,b,steel,2\nP1,c,steel,3\n"
    )
    lines, problems = read_bom(path)
    assert len(lines) == 3 and [(p.code, p.place.row, p.args["rows"]) for p in problems] == [
        ("exchange-bom-double", 4, "2, 4")
    ]


def test_prices_and_suppliers_units_are_no_amounts(tmp_path: Path) -> None:
    path = sheet(
        tmp_path / "bom.csv", "物料编码,物料描述,材料成本,单价,供应单位,重量(kg)\nA,铝锭,12,3,甲厂,1\n"
    )
    lines, problems = read_bom(path)
    assert problems == [] and [(x.part, x.amount, x.unit, x.supplier) for x in lines] == [
        ("铝锭", "1", "kg", "甲厂")
    ]


def test_a_second_bill_in_the_workbook_is_named(tmp_path: Path) -> None:
    one = [["part", "material", "mass (kg)"], ["a", "steel", 1]]
    lines, problems = read_bom(book(tmp_path / "bom.xlsx", [["cover"]], one, one))
    assert len(lines) == 1 and [(p.code, p.args["others"]) for p in problems] == [
        ("exchange-bom-sheet", "bom.xlsx[S3]")
    ]


def test_the_marks_of_a_semicolon_file_are_those_of_its_country(tmp_path: Path) -> None:
    path = sheet(
        tmp_path / "bom.csv",
        "Stückliste\nPart;Material;Mass (g)\na;steel;1.250,5\nb;steel;12,5\nc;steel;12,5 kg\nd;steel;1,250\n",
    )
    lines, problems = read_bom(path)
    assert [(x.amount, x.unit) for x in lines] == [("1250.5", "g"), ("12.5", "g"), ("12.5", "kg")]
    assert [(p.code, p.place.row) for p in problems] == [("number-expected", 6)]


def test_an_amount_below_zero_and_an_unknown_place_are_named(tmp_path: Path) -> None:
    path = sheet(tmp_path / "bom.csv", "material,mass (kg),country\nsteel,-1,CN\nsteel,1,Atlantis\n")
    lines, problems = read_bom(path)
    assert len(lines) == 1 and [(p.code, p.place.row) for p in problems] == [
        ("exchange-bom-negative", 2),
        ("exchange-bom-place", 3),
    ]


def test_a_file_of_western_europe_is_not_read_as_chinese(tmp_path: Path) -> None:
    text = "part,material,mass (kg)\nGehäuse,aluminium ingot,1\nDichtung für Tür,rubber,1\n"
    assert [x.part for x in read_bom(sheet(tmp_path / "a.csv", text, "cp1252"))[0]] == [
        "Gehäuse",
        "Dichtung für Tür",
    ]
    chinese = "零件,材料,质量 (g)\n外壳,铝锭,850\n"
    assert read_bom(sheet(tmp_path / "b.csv", chinese, "gb18030"))[0][0].part == "外壳"


def test_an_unreadable_workbook_is_one_problem(tmp_path: Path) -> None:
    with pytest.raises(TanbiaoError) as caught:
        read_bom(sheet(tmp_path / "bom.xlsx", "not a workbook"))
    assert [p.code for p in caught.value.problems] == ["workbook-unreadable"]


def test_materials_come_before_services_and_one_character_is_enough(
    tmp_path: Path, open_2026: Library
) -> None:
    path = sheet(tmp_path / "bom.csv", "material,mass (kg)\nsteel,1\n钢,1\n铝,1\ngalvanized steel sheet,1\n")
    found, _ = match(read_bom(path)[0], open_2026)
    assert all(m.status == "proposed" for m in found)
    named = [open_2026.items[m.provider].name_zh for m in found]
    assert all("钢" in named[k] and "轧制" not in named[k] for k in (0, 1, 3)) and "铝" in named[2]
