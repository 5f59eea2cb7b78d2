"""Figures: one definition each, the same bytes twice, words in the reader's language."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from tanbiao.core.errors import TanbiaoError
from tanbiao.core.text import Text
from tanbiao.present import figures, palette
from tanbiao.service import Run


def all_of(run: Run, lang: str) -> dict[str, object]:
    headline = run.results[0].headline
    assert headline is not None
    shown = [(r.rulebook.pack.title, r.headline) for r in run.results]
    steps = [
        figures.Step(Text("旧", "old"), 10, "total"),
        figures.Step(Text("电力", "power"), -3),
        figures.Step(Text("新", "new"), 7, "total"),
    ]
    return {
        "stages": figures.stages(headline, lang),
        "contributions": figures.contributions(headline, lang, 5),
        "coverage": figures.coverage(headline, lang),
        "quality": figures.quality(headline, lang),
        "comparison": figures.comparison(shown, lang, one_product=True),
        "waterfall": figures.waterfall(steps, "kgCO2e/kWh", lang, Text("两年之间", "Between two years")),
    }


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_figure_draws_the_same_bytes_twice(run: Run, lang: str) -> None:
    for name, chart in all_of(run, lang).items():
        first = figures.svg(chart)
        assert first == figures.svg(chart), name
        assert first.startswith("<svg") and "<text" in first
        assert ("http://" not in first.replace("http://www.w3.org/", "")) and "https://" not in first


def test_words_follow_the_language(run: Run) -> None:
    zh, en = (figures.svg(figures.stages(run.results[0].headline, lang)) for lang in ("zh", "en"))
    assert "原材料获取与预加工" in zh and "细线为下界到上界" in zh
    assert "main product production" in en and not re.search(r"[\u4e00-\u9fff]", en)


def test_values_are_printed_beside_the_bars(run: Run) -> None:
    text = figures.svg(figures.stages(run.results[0].headline, "zh"))
    assert "0.0231" in text and "66.6 %" in text


def test_ids_of_two_drawings_do_not_meet(run: Run) -> None:
    one, two = (figures.svg(figures.coverage(run.results[0].headline, "zh"), p) for p in ("f1", "f2"))
    assert not set(re.findall(r'\bid="([^"]+)"', one)) & set(re.findall(r'\bid="([^"]+)"', two))


def test_rest_of_the_contributions_is_one_bar_and_a_single_rest_is_shown(run: Run) -> None:
    headline = run.results[0].headline
    assert headline is not None and len(headline.contributions) == 11
    assert "其余 6 项" in figures.svg(figures.contributions(headline, "zh", 5))
    assert "其余" not in figures.svg(figures.contributions(headline, "zh", 10))


def test_products_under_different_methods_are_not_compared(run: Run) -> None:
    rows = [(r.rulebook.pack.title, r.headline) for r in run.results]
    with pytest.raises(TanbiaoError) as caught:
        figures.comparison(rows, "zh")
    assert caught.value.problems[0].code == "comparison-method"
    same = [(Text("甲", "one"), rows[0][1]), (Text("乙", "two"), rows[0][1])]
    assert "甲" in figures.svg(figures.comparison(same, "zh"))
    with pytest.raises(TanbiaoError) as caught:
        figures.comparison(
            [rows[0], (Text("丙", "three"), replace(rows[1][1], unit="kgCO2e"))], "zh", one_product=True
        )
    assert caught.value.problems[0].code == "comparison-unit"


def test_coverage_shades_stay_apart_in_black_and_white() -> None:
    def lightness(colour: str) -> float:
        r, g, b = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    steps = [lightness(palette.COVERAGE[k]) for k in ("direct", "named", "derived", "proxy", "none")]
    assert all(b - a > 25 for a, b in pairwise(steps))


def test_png_is_drawn_with_the_bundled_font(run: Run) -> None:
    chart = figures.stages(run.results[0].headline, "zh")
    data = figures.png(chart, 1.0)
    assert data.startswith(b"\x89PNG") and data == figures.png(chart, 1.0)


def test_a_name_cannot_carry_markup(run: Run) -> None:
    headline = run.results[0].headline
    assert headline is not None
    bad = replace(headline.stages[0], name=Text("<script>alert(1)</script>", "<script>alert(1)</script>"))
    assert "<script" not in figures.svg(
        figures.stages(replace(headline, stages=(bad, *headline.stages[1:])), "zh")
    )
