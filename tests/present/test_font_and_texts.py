"""The bundled font and the phrases."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tanbiao.core.errors import TanbiaoError, catalogue
from tanbiao.core.numbers import Rounding
from tanbiao.present import evaluation_texts, font, massflow_texts
from tanbiao.present.numbers import last_place, minus, percent, short, to_place, unit_text
from tanbiao.present.texts import PHRASES, word
from tanbiao.service.places import Places
from tanbiao.standards import Rulebook, find_packs, resolve

ROOM = Path(font.__file__).parent


def test_the_font_holds_chinese_latin_greek_and_small_figures() -> None:
    assert font.lacking("碳足迹 锂碲镓铟钴酯烯 kgCO₂e m² 10⁻⁶ αβΩ → ≤ ± ✓ ● “引号”——，。、；：") == ()


def test_a_character_the_font_lacks_is_named() -> None:
    assert font.lacking("30 ㎡ 与 5 ㎏") == ("㎡", "㎏")
    with pytest.raises(TanbiaoError) as caught:
        font.check("30 ㎡", "label")
    assert caught.value.problems[0].code == "font-characters"
    assert "㎡" in caught.value.problems[0].args["characters"]


def test_widths_come_from_the_font() -> None:
    assert font.width("碳", 10) == 10
    assert 4 < font.width("n", 10) < 8
    assert font.width("kg", 10, strong=True) > font.width("kg", 10)


def test_long_names_fold_onto_two_lines_and_end_in_an_ellipsis() -> None:
    lines = font.fold("磷酸铁锂（固相法，磷酸铁路线）与很长很长的名称再加上一些字", 120, 12)
    assert len(lines) == 2 and lines[-1].endswith("…")
    assert all(font.width(line, 12) <= 121 for line in lines)
    assert font.fold("short", 200, 12) == ["short"]


def test_the_font_carries_its_licence() -> None:
    text = (font.folder() / "LICENSE.txt").read_text(encoding="utf-8")
    assert "Apache License" in text and "Droid Sans Fallback" in text and "Open Sans" in text


FILES = {"report": PHRASES, "evaluation": evaluation_texts.PHRASES, "mass flow": massflow_texts.PHRASES}


@pytest.mark.parametrize("file", FILES)
def test_every_phrase_stands_in_both_languages_with_the_same_places(file: str) -> None:
    for key, text in FILES[file].texts.items():
        assert text.zh and text.en, key
        assert set(re.findall(r"{\w+}", text.zh)) == set(re.findall(r"{\w+}", text.en)), key


def asked(call: str, *folders: str) -> set[str]:
    """The keys that the code of these folders asks for."""
    source = "".join(f.read_text(encoding="utf-8") for x in folders for f in ROOM.glob(x))
    return set(re.findall(rf'\b{call}\(\s*"([\w.]+)"', source))


def test_every_phrase_that_the_code_asks_for_exists() -> None:
    chapters = {f"report.{k}" for k in asked(r"(?:report|self)\.t", "content/*.py")}
    phrases = asked("phrase", "*.py", "content/*.py", "label/*.py")
    evaluations = asked("say", "evaluation/*.py", "evaluation_figures.py")
    sheets = asked(r"(?:s|self)\.t", "massflow/*.py") | asked("say", "massflow*.py")
    assert min(map(len, (chapters, phrases, evaluations, sheets))) > 10
    assert (chapters | phrases) - set(PHRASES.texts) == set()
    assert evaluations - set(evaluation_texts.PHRASES.texts) == set()
    assert sheets - set(massflow_texts.PHRASES.texts) == set()


def test_every_phrase_can_be_drawn_with_the_bundled_font() -> None:
    assert font.lacking("".join(t.zh + t.en for t in PHRASES.texts.values())) == ()


@cache
def rulebooks() -> list[Rulebook]:
    roots = Places().pack_roots
    return [resolve(name, roots)[0] for name in find_packs(roots) if "+" not in name]


def test_every_basis_of_a_pack_has_words() -> None:
    said = {w for b in rulebooks() for c in b.of_kind("publish") for pair in c.basis for w in pair}
    assert {w for w in said if word("basis", w, "zh") == w and not re.search(r"\d{4}", w)} == set()


CODES = re.compile(r"[A-Za-z]|[IVX]+|[MN]\d|CO2e?|pef-\d+|.*\d{4}.*")
"""Options that are names of classes, levels and standards: the same in every language."""


def test_every_choice_that_a_pack_offers_has_words() -> None:
    options = {
        o for b in rulebooks() for c in b.of_kind("given") if c.value_kind != "table" for o in c.options
    }
    assert len(options) > 40
    assert {o for o in options if word("option", o, "zh") == o and not CODES.fullmatch(o)} == set()


def test_an_unknown_word_stays_as_it_is() -> None:
    assert word("coverage", "proxy", "zh") == "代理数据"
    assert word("coverage", "something", "zh") == "something"


def test_errors_of_this_room_are_in_the_catalogue() -> None:
    source = "".join(f.read_text(encoding="utf-8") for f in ROOM.glob("*.py"))
    codes = set(re.findall(r'refuse\("([\w-]+)"', source)) | set(re.findall(r'"(label-[\w-]+)"', source))
    assert codes and codes <= set(catalogue())


def test_numbers_are_written_with_the_digits_of_their_publication() -> None:
    three = Rounding("significant", 3)
    assert to_place(5568.4, last_place("7640", 7640.2, three)) == "5570"
    assert to_place(0.000428, last_place("0.0347", 0.03474, three)) == "0.0004"
    assert to_place(-0.00001, last_place("0.0347", 0.03474, three)) == "0.0000"
    assert to_place(12.345, last_place("73.40", 73.4, Rounding("decimals", 2))) == "12.34"
    assert short(-0.000803) == "−0.000803" and minus("-1") == "−1"
    assert percent(0.0001) == "<0.1 %" and percent(0.234) == "23.4 %" and percent(-0.00001, 0) == "−<1 %"
    assert unit_text("kgCO2e/kWh") == "kg CO₂e/kWh"
