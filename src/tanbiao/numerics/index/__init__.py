"""Indexes and levels in exact fractions: membership, ratios, limits, profiles; the cheapest path to a level."""

from .economics import Economics, economics
from .limits import limit_level, unordered
from .path import Goal, Measure, Path, best_within, cheapest, front, outcome
from .ratio import Quantity, Question, RatioScore, ratio_score
from .score import Indicator, Profile, Score, profile, score, shared_weight

__all__ = [
    "Economics",
    "Goal",
    "Indicator",
    "Measure",
    "Path",
    "Profile",
    "Quantity",
    "Question",
    "RatioScore",
    "Score",
    "best_within",
    "cheapest",
    "economics",
    "front",
    "limit_level",
    "outcome",
    "profile",
    "ratio_score",
    "score",
    "shared_weight",
    "unordered",
]
