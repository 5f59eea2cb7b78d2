"""Chain of custody by mass balance (ISO 22095 as remembered): credit grows with certified input times yield, shrinks
with claimed output, and is never negative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Credit:
    """balance: credit after each entry; refused: numbers of the claims that the credit did not cover (they change
    nothing)."""

    balance: tuple[Fraction, ...]
    refused: tuple[int, ...]


def credit(amounts: Sequence[Fraction], opening: Fraction = Fraction(0)) -> Credit:
    """amounts in kg, in the order of their dates: certified input × yield positive, claims negative."""
    level, found, refused = opening, [], []
    for number, amount in enumerate(amounts):
        if level + amount < 0:
            refused.append(number)
        else:
            level += amount
        found.append(level)
    return Credit(tuple(found), tuple(refused))
