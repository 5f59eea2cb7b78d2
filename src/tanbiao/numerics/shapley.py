"""Shapley values of a small game: how much each player adds to v(all) - v(none), whatever the order.

Exact over all coalitions (2^n values, n players), in rationals: the parts sum to the difference to the last digit.
Source: Shapley (1953), A value for n-person games.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations
from math import comb

MOST_PLAYERS = 10


def shapley(
    players: Sequence[str], value: Callable[[frozenset[str]], float | Fraction]
) -> dict[str, Fraction]:
    """The part of each player, exact. `value` is asked once for every coalition, the smaller ones first; a float is
    taken as the rational it is. Raises `ValueError` beyond 10 players."""
    n = len(players)
    if n > MOST_PLAYERS:
        raise ValueError(f"{n} players, at most {MOST_PLAYERS}")
    known = {
        frozenset(c): Fraction(value(frozenset(c)))
        for size in range(n + 1)
        for c in combinations(players, size)
    }
    weights = [Fraction(1, n * comb(n - 1, size)) for size in range(n)]
    parts = {}
    for player in players:
        total = Fraction(0)
        for coalition, before in known.items():
            if player not in coalition:
                total += weights[len(coalition)] * (known[coalition | {player}] - before)
        parts[player] = total
    return parts
