"""The report: order of the template, honesty on every section, links that lead somewhere."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tanbiao.core.errors import TanbiaoError
from tanbiao.evaluate.grade.graded import Graded
from tanbiao.present.report import render_report, report_docx, report_pdf
from tanbiao.service import Run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@cache
def page(run: Run, lang: str = "zh", other: str = "") -> str:
    return drawn(run, lang, other)


def drawn(run: Run, lang: str, other: str = "") -> str:
    return render_report(run.study, run.results, run.ledger, run.library, lang, other)


def plain(html: str) -> str:
    return re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.S))


def test_it_follows_the_template_and_then_the_evidence(run: Run) -> None:
    titles = [re.sub(r"<[^>]+>", "", t) for t in re.findall(r"<h2>(.*?)</h2>", page(run))]
    numbers = [re.match(r"(\d+|A)?", t).group() for t in titles]  # type: ignore[union-attr]
    assert numbers == ["", "", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "A"]
    assert "概况" in titles[2] and "目的" in titles[3] and "范围" in titles[4] and "清单分析" in titles[5]
    text = page(run)
    for part in ("3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "5.1", "5.2", "6.1", "6.2", "6.3"):
        assert f"<i>{part}</i>" in text


@pytest.mark.parametrize(("lang", "word"), [("zh", "构造示例"), ("en", "Constructed example")])
def test_every_section_and_every_page_says_that_it_is_constructed(run: Run, lang: str, word: str) -> None:
    text = page(run, lang)
    assert len(re.findall(r'<span class="tag">', text)) == len(re.findall("<h2>", text)) == 13
    assert re.search(r'@top-right { content: "' + word, text)
    assert word in text.split("<main>")[0].split("</style>")[1]


def test_a_screening_says_so(run: Run, changed: Any) -> None:
    assert 'class="banner screening"' in page(run)
    full = changed(("packs: [test.battery@2026, test.gate@2025]", "packs: [test.gate@2025]"))
    assert 'class="banner screening"' not in page(full)


def test_only_the_words_of_the_result_speak_of_conformity(run: Run) -> None:
    text = plain(page(run, "en"))
    known = {r.conformity().en for r in run.results}
    for match in re.finditer(r"(?:does not )?conforms?\b", text):
        assert any(words in text[max(0, match.start() - 30) : match.end() + 60] for words in known)


def test_nothing_is_fetched_and_no_script_runs(run: Run) -> None:
    text = page(run)
    assert "<script" not in text and "<link" not in text and "@import" not in text and "url(http" not in text
    assert not re.search(r'(src|href)="(https?:)?//', text)


def test_every_link_leads_to_a_place_in_the_page(run: Run) -> None:
    text = page(run)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


def test_the_headline_links_to_its_explanation(run: Run) -> None:
    headline = run.results[0].headline
    assert headline is not None
    text = page(run)
    assert f'<a href="#e-{headline.entry[:12]}">{headline.published}</a>' in text
    assert "footprint_total / energy" in text and "192000 kWh" in text


def test_findings_come_fail_first_with_place_missing_and_remedy(run: Run) -> None:
    text = plain(page(run)).split("逐条核对")[-1]
    order = [text.index(w) for w in ("不通过（2）", "无法判定（1）", "不适用（1）", "通过（1）")]
    assert order == sorted(order)
    for words in ("exchanges.csv:9", "循环寿命 (parameters.cycle_life)", "向正极材料供应商索取现场数据"):
        assert words in text


def test_an_unlinked_row_is_not_passed_over(run: Run) -> None:
    assert "有 1 行没有链接到背景数据" in page(run)


def test_packs_libraries_licences_and_root_are_named(run: Run) -> None:
    text = page(run)
    assert run.ledger.root in text and "test.gate@2025+2" in text and "open-2026@1" in text
    assert run.library.parts[0].digest in text and "Open Government Licence" in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_same_run_gives_the_same_bytes(run: Run, lang: str) -> None:
    assert drawn(run, lang) == drawn(run, lang)


def test_english_pages_hold_no_chinese_of_ours(run: Run) -> None:
    text = plain(page(run, "en", other="report.zh.html")).replace("中文", "")
    assert not re.findall(r"[\u4e00-\u9fff]+", text)


def test_words_of_the_study_cannot_become_markup(changed: Any) -> None:
    run = changed(
        ("了解产品碳足迹的构成", "</style><script>alert(1)</script>"), ("磷酸铁锂动力电池包", "</style><b>")
    )
    assert "<script" not in page(run) and "</style><b>" not in page(run)


def test_a_grade_is_shown_with_what_blocks_it(run: Run) -> None:
    found = Graded("II", {"I": (Fraction(1, 2), Fraction(3, 4))}, {}, {}, {"I": ("water",)}, (), "I", "II")
    result = run.results[1]
    graded = replace(result, published=(replace(result.published[0], grade=found), *result.published[1:]))
    text = plain(render_report(run.study, [graded], run.ledger, run.library, "zh"))
    assert "未达到的指标" in text and "water" in text and "0.5 – 0.75" in text


def test_a_refused_result_reports_what_is_missing(changed: Any) -> None:
    run = changed(("energy_delivered: 192000 kWh, ", ""))
    text = plain(page(run))
    assert "没有得出可发布的数值" in text and "寿命期内交付的总能量" in text


def test_a_report_needs_a_result(run: Run) -> None:
    with pytest.raises(TanbiaoError) as caught:
        render_report(run.study, [], run.ledger, run.library, "zh")
    assert caught.value.problems[0].code == "report-empty"


def test_pdf_and_docx_say_the_same(run: Run) -> None:
    pytest.importorskip("typst")
    docx = pytest.importorskip("docx")
    import io

    args = (run.study, run.results, run.ledger, run.library, "zh")
    pdf = report_pdf(*args)
    assert pdf.startswith(b"%PDF") and pdf == report_pdf(*args)
    data = report_docx(*args)
    assert data == report_docx(*args)
    paper = docx.Document(io.BytesIO(data))
    text = "\n".join(p.text for p in paper.paragraphs)
    assert (
        "构造示例" in text and "0.0347" in text and "构造示例" in paper.sections[0].header.paragraphs[0].text
    )


@pytest.mark.parametrize(("module", "call"), [("typst", report_pdf), ("docx", report_docx)])
def test_without_the_extra_package_the_error_names_it(
    run: Run, monkeypatch: Any, module: str, call: Any
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(TanbiaoError) as caught:
        call(run.study, run.results, run.ledger, run.library, "zh")
    assert caught.value.problems[0].code == "present-extra"
    assert "pip install" in caught.value.problems[0].text("zh")


def test_a_report_without_a_footprint_says_nothing_of_climate() -> None:
    from tanbiao.service import load

    run = load(str(EXAMPLES / "battery-recycler-year")).run()
    for lang, climate, said in (
        ("zh", "只涉及气候变化", "不计算碳足迹"),
        ("en", "GWP100", "no carbon footprint"),
    ):
        text = plain(page(run, lang))
        assert said in text and climate not in text
    assert "计算点：回收厂产出" in plain(page(run, "zh"))
