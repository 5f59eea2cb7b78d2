"""The Word file: columns as wide as what they hold, headings that repeat, figures with a text."""

from __future__ import annotations

import io
from typing import Any

import pytest

from tanbiao.present.document import Cell, Document, Drawing, Grid, Section
from tanbiao.present.word_file import PAGE, docx, widths

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="5" height="5"/></svg>'


def table(head: tuple[str, ...], *rows: tuple[str, ...], align: str) -> Grid:
    return Grid(head, tuple(tuple(map(Cell, row)) for row in rows), align)


def written(*blocks: Any) -> Any:
    library = pytest.importorskip("docx")
    document = Document("zh", "报告", "产品", "", (), (Section("s", "1", "一", blocks),), "")
    data = docx(document)
    assert data == docx(document)
    return library.Document(io.BytesIO(data))


def test_a_number_gets_the_room_of_a_number() -> None:
    found = widths([("序号", "供应者", "数值"), ("1", "一个很长的名称" * 8, "5430")], "nwr")
    assert sum(found) == pytest.approx(PAGE) and found[0] < 15 and found[2] < 15 and found[1] > 130


def test_what_is_long_shares_the_page_and_no_word_is_broken() -> None:
    found = widths([("a", "long words " * 30, "cn.gbt-24067@2024#DQ-04 " * 3, "12")], "llll")
    assert sum(found) == pytest.approx(PAGE) and found[0] < 10 and found[1] > found[2] > 30


def test_short_tables_fill_the_page() -> None:
    assert sum(widths([("a", "b")], "ll")) == pytest.approx(PAGE)
    assert sum(widths([("", "")], "rr")) == pytest.approx(PAGE)
    assert sum(widths([("x" * 500, "y" * 500)], "kk")) == pytest.approx(PAGE)


def test_headings_repeat_rows_hold_together_and_figures_speak() -> None:
    paper = written(
        table(("项", "数值"), ("铝", "5.5"), ("钢", "0.1"), align="lr"), Drawing(SVG, "各阶段的碳足迹")
    )
    rows = paper.tables[0].rows
    assert ["tblHeader" in r._tr.xml for r in rows] == [True, False, False]
    assert all("cantSplit" in r._tr.xml for r in rows)
    assert sum(c.width for c in paper.tables[0].columns) == pytest.approx(PAGE * 36000, rel=1e-3)
    assert 'descr="各阶段的碳足迹"' in paper.element.xml
    assert (paper.core_properties.title, paper.core_properties.language) == ("报告 · 产品", "zh-CN")
