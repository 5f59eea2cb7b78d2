"""What changed from one year to the next, in words: a datum with its name, a factor with its values, a clause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from ..core.text import Text
from ..standards.resolve import Rulebook
from .background import Background
from .difference import rule_changes
from .facts import arithmetic
from .lines import Lines

QUANTITIES = ("amount", "value", "estimate")
"""Columns whose name needs no saying: they are what the row is about, in its unit."""
NAMES = (("flow_zh", "name_zh", "item_zh", "flow"), ("flow_en", "flow", "name_en", "item_en", "item"))
"""What a row is called, in zh and en: the first column that says it."""
NOTES = {"note", "evidence"}
"""Columns that say how a datum is known, not what it is."""


def told_row(
    table: str, before: Mapping[str, str] | None, after: Mapping[str, str] | None, aside: set[str]
) -> Text:
    """A changed row of a table: its name and the cells that differ; columns in `aside` are told elsewhere."""
    row = after or before or {}
    name = Text(*(next((row[c] for c in n if row.get(c)), row.get("id", table)) for n in NAMES))
    if before is None or after is None:
        return _after(name, Text("新增", "added") if before is None else Text("删去", "removed"))
    cells = [
        _cell(c, before.get(c, ""), after.get(c, ""), after.get("unit", ""))
        for c in dict.fromkeys([*before, *after])
        if before.get(c, "") != after.get(c, "") and c not in aside | NOTES | {*NAMES[0], *NAMES[1]}
    ]
    if not cells:
        return _after(name, Text("改名", "renamed"))
    return Text(f"{name.zh} {'，'.join(cells)}", f"{name.en} {', '.join(cells)}")


def _after(name: Text, word: Text) -> Text:
    return Text(f"{name.zh}：{word.zh}", f"{name.en}: {word.en}")


def _cell(column: str, before: str, after: str, unit: str) -> str:
    moved = f"{_plain(before)} → {_plain(after)}"
    return f"{moved} {unit}".strip() if column in QUANTITIES else f"{column} {moved}"


def _plain(text: str) -> str:
    """A cell as a reader wants it: arithmetic worked out, long decimals shortened, other text as it stands."""
    try:
        value = float(arithmetic(text)) if text.startswith("=") else float(text)
    except (ValueError, ArithmeticError):
        return text or "—"
    return f"{value:.4g}" if len(text) > 6 else text


def told_factors(old: tuple[Lines, Background], new: tuple[Lines, Background]) -> tuple[Text, ...]:
    """Providers that stand behind the same rows with another value, the most used first: kgCO2e per their unit.

    old, new: the same facts over the factors of either year.
    """
    behind: list[dict[tuple[str, int, str, str], list[str]]] = []
    for lines, _ in (old, new):
        found: dict[tuple[str, int, str, str], list[str]] = defaultdict(list)
        for n, provider in enumerate(lines.provider):
            found[(lines.fact_table[n], int(lines.fact_row[n]), lines.stage[n], lines.account[n])].append(
                provider
            )
        behind.append(found)
    moved: dict[tuple[str, str], int] = defaultdict(int)
    for key in behind[0].keys() & behind[1].keys():
        first, second = behind[0][key], behind[1][key]
        for a, b in zip(first, second, strict=False):
            if a != b or _value(old[1], a) != _value(new[1], b):
                moved[(a, b)] += 1
    ordered = sorted(moved, key=lambda pair: (-moved[pair], pair))
    return tuple(_factor(a, b, old[1], new[1]) for a, b in ordered)


def _value(background: Background, provider: str) -> float | None:
    found = background.providers.get(provider)
    return None if found is None else float(np.sum(found.vector))


def _factor(a: str, b: str, old: Background, new: Background) -> Text:
    first, second = old.providers.get(a), new.providers.get(b)
    named = second or first
    if named is None:
        return Text(f"{a} → {b}", f"{a} → {b}")
    values = " → ".join("—" if v is None else f"{v:.4g}" for v in (_value(old, a), _value(new, b)))
    said = f"{values} kgCO2e/{named.unit.text}"
    return Text(f"{named.name.zh} {said}", f"{named.name.en} {said}")


def told_rules(old: Rulebook, new: Rulebook) -> tuple[Text, ...]:
    """Clauses that say something else, each by its text and address."""
    known = {c.address: c.text for book in (old, new) for c in book.clauses.values()}
    found = [c.what for c in rule_changes(old, new) if c.kind == "clause"]
    return tuple(Text(f"{known[a].zh} {a}", f"{known[a].en} {a}") for a in found)


__all__ = ["NOTES", "told_factors", "told_row", "told_rules"]
