"""Shapley values of a small game: how much each player adds to v(all) - v(none), whatever the order.

Exact over all coalitions (2^n values, n players). Parts sum to the difference; their order does not matter.
Source: Shapley (1953), A value for n-person games.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations
from math import comb

MOST_PLAYERS = 10


def shapley(players: Sequence[str], value: Callable[[frozenset[str]], float]) -> dict[str, float]:
    """The part of each player. `value` is asked once for every coalition. Raises `ValueError` beyond 10 players."""
    n = len(players)
    if n > MOST_PLAYERS:
        raise ValueError(f"{n} players, at most {MOST_PLAYERS}")
    known = {frozenset(c): value(frozenset(c)) for size in range(n + 1) for c in combinations(players, size)}
    parts = {}
    for player in players:
        total = 0.0
        for coalition, before in known.items():
            if player in coalition:
                continue
            weight = Fraction(1, n * comb(n - 1, len(coalition)))
            total += float(weight) * (known[coalition | {player}] - before)
        parts[player] = total
    return parts
