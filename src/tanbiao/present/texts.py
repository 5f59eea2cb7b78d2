"""Every phrase that reports, labels, figures and tables use, in zh and en of equal rank, from `texts.yaml`."""

from __future__ import annotations

from functools import cache
from importlib import resources

from ..core.errors import Lang
from ..core.text import Text


@cache
def phrases() -> dict[str, Text]:
    """Phrase by dotted key."""
    import yaml

    raw = yaml.safe_load((resources.files(__package__) / "texts.yaml").read_text(encoding="utf-8"))
    found: dict[str, Text] = {}
    for group, items in raw.items():
        for key, words in items.items():
            found[f"{group}.{key}"] = Text(words["zh"], words["en"])
    return found


def phrase(key: str, lang: Lang, **args: object) -> str:
    """The phrase `key` in `lang`, its `{name}` places filled. Raises `KeyError` for an unknown key."""
    text = phrases()[key][lang]
    for name, value in args.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def word(group: str, value: str, lang: Lang) -> str:
    """The word of a vocabulary (`coverage`, `severity`, …), or the value itself where the vocabulary lacks it."""
    found = phrases().get(f"{group}.{value}")
    return found[lang] if found is not None else value


__all__ = ["phrase", "phrases", "word"]
