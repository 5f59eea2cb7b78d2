"""The evaluation and the audit report: marked on every page, equal in zh and en, the same bytes twice; the figures."""

from __future__ import annotations

import io
import re
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tanbiao.cli.evaluation import app
from tanbiao.evaluate.improve import improvements
from tanbiao.present import evaluation_figures as figures
from tanbiao.present.document import Document
from tanbiao.present.evaluation.documents import audit_document, evaluation_document
from tanbiao.present.evaluation.found import Found
from tanbiao.present.figures import svg
from tanbiao.present.report import docx, html
from tanbiao.service import Run
from tanbiao.service.evaluation import found, write_evaluation
from tests.clean_production.plants import PLANTS, ROOT, run_of


@cache
def seen(name: str) -> Found:
    return found(run_of(name))


@cache
def evaluation(name: str, lang: str) -> Document:
    return evaluation_document(seen(name), lang)  # type: ignore[arg-type]


@cache
def audit(name: str, lang: str) -> Document:
    return audit_document(seen(name), lang)  # type: ignore[arg-type]


def plain(text: str) -> str:
    return re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", text, flags=re.S))


@pytest.mark.parametrize("name", PLANTS)
@pytest.mark.parametrize(("lang", "word"), [("zh", "构造示例"), ("en", "constructed example")])
def test_every_section_and_page_is_marked(name: str, lang: str, word: str) -> None:
    for document in (evaluation(name, lang), audit(name, lang)):
        assert word in document.tag
        text = html(document)
        assert len(re.findall(r'<span class="tag">', text)) == len(re.findall("<h2>", text))
        assert f'@top-right {{ content: "{word}' in text
    if name in ("steel-works", "pcb-plant"):
        assert {"zh": "部分表", "en": "partial table"}[lang] in document.tag


@pytest.mark.parametrize("name", PLANTS)
def test_zh_and_en_have_the_same_shape_and_english_is_english(name: str) -> None:
    zh, en = (evaluation(name, lang) for lang in ("zh", "en"))
    assert [[type(b) for b in s.blocks] for s in zh.sections] == [
        [type(b) for b in s.blocks] for s in en.sections
    ]
    assert re.findall(r"[\u4e00-\u9fff]+", plain(html(en))) == []


def test_the_audit_report_has_its_seven_chapters(steel: Run) -> None:
    document = audit("steel-works", "zh")
    assert [s.title for s in document.sections] == [
        "策划与组织",
        "预审核",
        "审核",
        "方案的产生与筛选",
        "可行性分析",
        "方案实施",
        "持续清洁生产",
    ]
    text = plain(html(document))
    for word in ("强制性审核", "闭合误差", "最低费用路径", "回收期", "净现值", "未达 3 级"):
        assert word in text


def test_the_table_is_that_of_the_auditors() -> None:
    section = evaluation("cement-plant", "zh").sections[1]
    grid = section.blocks[0]
    assert grid.head == (
        "序号",
        "一级指标（权重）",
        "二级指标",
        "单位",
        "权重",
        "I",
        "II",
        "III",
        "企业现状",
        "指标水平",
        "得分",
    )  # type: ignore[union-attr]
    nox = next(r for r in grid.rows if "氮氧化物" in r[2].text)  # type: ignore[union-attr]
    assert [c.text for c in nox[2:]] == [
        "吨熟料氮氧化物排放 *",
        "kg/t",
        "0.12",
        "≤0.1",
        "≤0.25",
        "≤0.5",
        "0.3",
        "III",
        "12",
    ]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_word_files_open_carry_the_mark_and_repeat(lang: str) -> None:
    module = pytest.importorskip("docx")
    document = evaluation("chlor-alkali-plant", lang)
    data = docx(document)
    assert data == docx(document)
    paper = module.Document(io.BytesIO(data))
    assert document.tag in paper.sections[0].header.paragraphs[0].text
    assert len(paper.tables) >= 5


def test_files_are_written_for_both_languages(tmp_path: Path) -> None:
    paths = write_evaluation(run_of("pcb-plant"), tmp_path, "audit", "html")
    assert [p.name for p in paths] == ["pcb-plant.audit.zh.html", "pcb-plant.audit.en.html"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_figures_draw_the_same_bytes_twice_and_speak_the_language(cement: Run, lang: str) -> None:
    result = cement.results[0]
    grade = result.published[0].grade
    assert grade is not None
    way = improvements(cement.study, result)[0]
    years = [("2023", way.front[0].after), ("2024", way.front[2].after), ("2025", way.front[-1].after)]
    for chart in (
        figures.radar(grade, lang),
        figures.gap(grade, "II", lang),
        figures.index_bars(grade, lang),  # type: ignore[arg-type]
        figures.pareto(way, lang),
        figures.trend(years, lang),
    ):  # type: ignore[arg-type]
        text = svg(chart)
        assert text == svg(chart)
        assert bool(re.search(r"[\u4e00-\u9fff]", text)) == (lang == "zh")


def test_index_bars_show_what_each_level_needs(cement: Run) -> None:
    grade = cement.results[0].published[0].grade
    assert grade is not None
    text = svg(figures.index_bars(grade, "en"))
    assert len(re.findall(r">[^<]*needs 85<", text)) == 2 and "needs 100" in text


def test_a_trend_of_three_years_is_drawn(cement: Run) -> None:
    page = found(cement, [cement, cement])
    assert any("trend" in s.anchor for s in evaluation_document(page, "en").sections)


def test_the_commands_print_levels_gaps_and_the_path() -> None:
    told = CliRunner().invoke(app, ["evaluate", str(ROOT / "examples" / "cement-plant"), "--lang", "en"])
    text = re.sub(r"\s+", " ", told.output)
    assert told.exit_code == 0, told.output
    for words in (
        "III → II",
        "NOx per tonne of clinker",
        "0.05 kg/t",
        "m2 staged combustion, m3 SNCR tuning",
        "920",
    ):
        assert words in text
    listed = CliRunner().invoke(app, ["measures", "trough", "--lang", "zh"])
    assert "静电滤槽" in listed.output and listed.output.count("ST0") == 1
