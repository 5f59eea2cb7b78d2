"""Phrases of mass-flow figures and sheets, in zh and en."""

from __future__ import annotations

from ..core.errors import Lang
from .texts import Phrases

PHRASES = Phrases("massflow_texts.yaml")
say, word = PHRASES.phrase, PHRASES.word


def receiver(text: str, lang: Lang) -> str:
    """Who takes a fraction: a usual kind of works in the reader's language, any other text as the user wrote it."""
    return word("receiver", _key(text), lang) if f"receiver.{_key(text)}" in PHRASES.texts else text


def material(text: str, lang: Lang) -> str:
    """A material by its usual name; any other as the user wrote it, without underscores."""
    found = word("material", _key(text), lang)
    return text.replace("_", " ") if found == _key(text) else found


def _key(text: str) -> str:
    return text.strip().lower().replace(" ", "_").replace("-", "_")


__all__ = ["PHRASES", "material", "receiver", "say", "word"]
