"""Phrases of clean-production evaluations, in zh and en."""

from __future__ import annotations

from .texts import Phrases

PHRASES = Phrases("evaluation_texts.yaml")
say, term = PHRASES.phrase, PHRASES.word

__all__ = ["PHRASES", "say", "term"]
