"""Tables for the terminal."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from tanbiao.present.tables import result_table, run_tables
from tanbiao.service import Run


def printed(thing: object, width: int) -> str:
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=False).print(thing)
    return out.getvalue()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [72, 100, 140])
def test_no_line_is_wider_than_the_screen(run: Run, lang: str, width: int) -> None:
    text = printed(run_tables(run.study, run.results, lang, verbose=True), width)
    assert max(cell_len(line) for line in text.splitlines()) <= width


def test_values_units_verdict_and_conformity_are_shown(run: Run) -> None:
    text = printed(result_table(run.results, "zh"), 100)
    for word in ("电池碳足迹", "0.0347", "kg CO₂e/kWh", "0.0238 – 0.0540", "筛查", "不符合：1 条要求未满足"):
        assert word in text


def test_failures_come_first_and_the_rest_is_counted(run: Run) -> None:
    text = printed(run_tables(run.study, run.results, "zh"), 120)
    assert text.index("受控过程的初级数据份额") < text.index("使用阶段情景有依据")
    assert "通过 1 条，不适用 1 条" in text and "功能单位须明确" not in text
    assert "功能单位须明确" in printed(run_tables(run.study, run.results, "zh", verbose=True), 120)


def test_a_constructed_study_says_so(run: Run) -> None:
    assert "构造示例" in printed(run_tables(run.study, run.results, "zh"), 100)
