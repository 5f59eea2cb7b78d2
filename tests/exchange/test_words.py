"""Links and losses are said in the reader's language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tanbiao.exchange.words import in_words
from tanbiao.service import exchange as use

from .conftest import ROOT

CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("provider named by the source", "来源指名的供应者"),
        ("flow, place CN", "同一个流，地点 CN"),
        ("gas: unspecified", "温室气体：未说明来源，按化石计"),
        ("exchange.uncertainty: of a reference output", "交换的不确定性：基准产出的"),
        ("exchange.stage", "交换的步骤标签"),
        ("table materials", "表 materials"),
        ("process.foreign.ilcd", "process.foreign.ilcd"),
    ],
)
def test_words_of_rules_and_losses(english: str, chinese: str) -> None:
    assert in_words(english, "zh") == chinese and in_words(english, "en") == english


@pytest.mark.parametrize("format", ["openlca", "ilcd", "brightway"])
def test_what_a_study_loses_is_said_in_chinese(tmp_path: Path, format: str) -> None:
    done = use.export(str(ROOT / "examples/lfp-pack"), format, tmp_path / "x.zip")
    assert len(done.losses) > 5
    assert [x.field for x in done.losses if not CHINESE.search(in_words(x.field, "zh"))] == []
