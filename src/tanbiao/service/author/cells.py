"""What a cell of the indicator sheet says: baselines of each level, and the forms that authors write them in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from ...core.errors import TanbiaoError
from ...evaluate.facts import arithmetic
from ...formula import parse_predicate

ROMAN = {"Ⅰ": "I", "Ⅱ": "II", "Ⅲ": "III"}
DASH = {"", "-", "—", "–", "--", "/"}


def baseline(text: str) -> str | None:
    """A cell as a predicate (`≤(10+5n)` → `<= (10+5*n)`); empty for a dash; None where it is words."""
    text = text.strip()
    if text in DASH:
        return ""
    plain = (
        text.replace("≤", "<=")
        .replace("≥", ">=")
        .replace("＜", "<")
        .replace("＞", ">")
        .replace("×", "*")
        .replace("−", "-")
    )
    if re.fullmatch(r"(是|yes|true)", plain):
        return "== true"
    if not re.match(r"(<=|>=|==|!=|<|>|in\b)", plain):
        return None
    if re.search(r"[\u4e00-\u9fff%]", plain):
        return None
    cell = re.sub(r"(?<=[\d)])(?=[A-Za-z_]\w*)(?![eE][-+]?\d)", "*", plain)
    try:
        parse_predicate(cell, "x")
    except TanbiaoError:
        return None
    return cell


def cells_of(row: Mapping[str, str], levels: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The predicate of each level, and the options of a row of words (empty for a quantity).

    A row of words has as options the levels whose words it states, and `none`; equal words are one option.
    """
    texts = {k: _same(row.get(k, ""), row, levels) for k in levels}
    found = {k: baseline(t) for k, t in texts.items()}
    if all(v is not None for v in found.values()):
        return {k: v or "" for k, v in found.items()}, ()
    first: dict[str, str] = {}
    options: list[str] = []
    cells: dict[str, str] = {}
    for level in levels:
        if texts[level] in DASH:
            cells[level] = ""
            continue
        name = first.setdefault(texts[level], level)
        if name not in options:
            options.append(name)
        cells[level] = (
            f'== "{options[0]}"' if len(options) == 1 else "in (" + ", ".join(f'"{o}"' for o in options) + ")"
        )
    return cells, (*options, "none")


def _same(text: str, row: Mapping[str, str], levels: Sequence[str]) -> str:
    """`同Ⅰ级` and `same` speak of a better level's words."""
    text = text.strip()
    match = re.match(r"同\s*(Ⅰ|Ⅱ|Ⅲ|I{1,3})\s*级", text)
    if match:
        return _same(row.get(ROMAN.get(match[1], match[1]), ""), row, levels)
    if text.lower() == "same":
        better = levels[0]
        return row.get(better, "").strip()
    return text


def number_of(text: str) -> Fraction | None:
    try:
        return arithmetic(text)
    except (ValueError, ZeroDivisionError):
        return None


def roman(text: str) -> str:
    for sign, letters in ROMAN.items():
        text = text.replace(sign, letters)
    return text
