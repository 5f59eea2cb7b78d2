"""Every phrase that reports, labels, figures and tables use, in zh and en of equal rank."""

from __future__ import annotations

from functools import cached_property
from importlib import resources

from ..core.errors import Lang
from ..core.text import Text


class Phrases:
    """The phrases of one file of this folder, read when first asked for."""

    def __init__(self, file: str) -> None:
        self.file = file

    @cached_property
    def texts(self) -> dict[str, Text]:
        """Phrase by dotted key."""
        import yaml

        raw = yaml.load(
            (resources.files(__package__) / self.file).read_text(encoding="utf-8"), Loader=yaml.BaseLoader
        )
        return {f"{g}.{k}": Text(w["zh"], w["en"]) for g, words in raw.items() for k, w in words.items()}

    def phrase(self, key: str, lang: Lang, **args: object) -> str:
        """The phrase `key` in `lang`, its `{name}` places filled. Raises `KeyError` for an unknown key."""
        text = self.texts[key][lang]
        for name, value in args.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    def word(self, group: str, value: str, lang: Lang) -> str:
        """The word of a vocabulary (`coverage`, `severity`, …), or the value itself where the vocabulary lacks it."""
        found = self.texts.get(f"{group}.{value}")
        return found[lang] if found is not None else value


PHRASES = Phrases("texts.yaml")
phrase, word = PHRASES.phrase, PHRASES.word

__all__ = ["PHRASES", "Phrases", "phrase", "word"]
