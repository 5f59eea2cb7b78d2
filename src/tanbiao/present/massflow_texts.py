"""Phrases of mass-flow figures and sheets, in zh and en."""

from __future__ import annotations

from .texts import Phrases

PHRASES = Phrases("massflow_texts.yaml")
say, word = PHRASES.phrase, PHRASES.word

__all__ = ["PHRASES", "say", "word"]
