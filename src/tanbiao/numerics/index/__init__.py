"""Scoring: membership, weights, index and level, in exact fractions."""

from .score import Indicator, Score, score

__all__ = ["Indicator", "Score", "score"]
