"""Phrases of clean-production evaluations, in zh and en."""

from __future__ import annotations

from ..core.errors import Lang
from .texts import Phrases

PHRASES = Phrases("evaluation_texts.yaml")
say, term = PHRASES.phrase, PHRASES.word


def levels_counted(published: str, lang: Lang) -> str:
    """A level, or the counts of levels of a table that gives none (`I: 3 · <: 2 · ?: 27`), in words."""
    parts = [part.partition(": ") for part in published.split(" · ")]
    if not all(colon for _, colon, _ in parts):
        return term("word", published, lang)
    mark, gap = ("：", "，") if lang == "zh" else (": ", ", ")
    return gap.join(f"{term('count', level, lang)}{mark}{count}" for level, _, count in parts)


__all__ = ["PHRASES", "levels_counted", "say", "term"]
