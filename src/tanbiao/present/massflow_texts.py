"""Phrases of mass-flow figures and sheets, in zh and en, from `massflow.yaml`."""

from __future__ import annotations

from functools import cache
from importlib import resources

from ..core.errors import Lang
from ..core.text import Text


@cache
def _phrases() -> dict[str, Text]:
    import yaml

    raw = yaml.load(
        (resources.files(__package__) / "massflow.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader
    )
    return {
        f"{group}.{key}": Text(words["zh"], words["en"])
        for group, items in raw.items()
        for key, words in items.items()
    }


def say(key: str, lang: Lang, **args: object) -> str:
    """The phrase `key` with its places filled. Raises `KeyError` for an unknown key."""
    text = _phrases()[key][lang]
    for name, value in args.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def word(group: str, value: str, lang: Lang) -> str:
    """The word of a vocabulary, or the value itself."""
    found = _phrases().get(f"{group}.{value}")
    return found[lang] if found is not None else value


__all__ = ["say", "word"]
