"""What importing and exporting say of links and losses, in words: English as it is kept, Chinese from words.csv."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources

from ..core.errors import Lang
from ..study import SCHEMA


@cache
def _words() -> Mapping[str, str]:
    with (resources.files(__package__) / "words.csv").open(encoding="utf-8") as file:
        said = {r["en"]: r["zh"] for r in csv.DictReader(file)}
    columns = SCHEMA["exchange"].items()
    own = {
        f"exchange.{name}": f"交换的{spec.text.zh.partition('（')[0].partition('：')[0]}"
        for name, spec in columns
    }
    return own | said


def in_words(text: str, lang: Lang) -> str:
    """The name of a linking rule or of a loss. Parts apart by a colon, comma or blank are looked up one by one; what
    has no word (the name of a field in a foreign format) stays."""
    if lang == "en":
        return text
    found = _words().get(text)
    if found is not None:
        return found
    for mark, written in ((": ", "："), (", ", "，"), (" ", " ")):
        head, there, rest = text.partition(mark)
        if there and head in _words():
            return f"{_words()[head]}{written}{in_words(rest, lang)}"
    return text


__all__ = ["in_words"]
