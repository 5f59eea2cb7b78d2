"""How far to dismantle: parts that must go, parts that pay, in an order their precedence allows.

A part may go when every part before it is gone. The best set maximises Σ (value − cost − wage · time) over sets that
are closed under precedence and hold every forced part: a maximum-weight closure, found exactly as a minimum cut
(Picard 1976) on rational numbers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from .network import LoopError


@dataclass(frozen=True)
class Step:
    """One removal: part number, whether a rule forces it (itself or by what it uncovers), its gain, time and gain so
    far, and whether the best set holds it."""

    part: int
    forced: bool
    gain: Fraction
    time: Fraction
    elapsed: Fraction
    total: Fraction
    best: bool


@dataclass(frozen=True)
class Plan:
    """The sequence (forced removals first, then what pays, then the rest) and the gain at the best stopping point."""

    steps: tuple[Step, ...]
    best: Fraction
    depth: int
    """Steps up to the best stopping point."""


def plan(
    gain: Sequence[Fraction],
    time: Sequence[Fraction],
    before: Sequence[Sequence[int]],
    forced: Sequence[bool],
) -> Plan:
    """gain, time: of each part (money, seconds); before[p]: parts that must go ahead of p; forced: by a rule.

    Raises `LoopError` when parts wait for one another in a circle.
    """
    size = len(gain)
    _acyclic(before, size)
    must = set[int]()
    waiting = [p for p in range(size) if forced[p]]
    while waiting:
        part = waiting.pop()
        if part not in must:
            must.add(part)
            waiting += before[part]
    best = must | _closure([p for p in range(size) if p not in must], gain, before, must)
    found: list[Step] = []
    done: set[int] = set()
    elapsed, total = Fraction(0), Fraction(0)
    for stratum, is_best in ((must, True), (best - must, True), (set(range(size)) - best, False)):
        left = set(stratum)
        while left:
            ready = [p for p in left if all(b in done for b in before[p])]
            part = min(ready, key=lambda p: (not forced[p], -_rate(gain[p], time[p]), p))
            left.discard(part)
            done.add(part)
            elapsed, total = elapsed + time[part], total + gain[part]
            found.append(Step(part, part in must, gain[part], time[part], elapsed, total, is_best))
    depth = len(best)
    return Plan(tuple(found), found[depth - 1].total if depth else Fraction(0), depth)


def _rate(gain: Fraction, time: Fraction) -> Fraction:
    return gain / time if time > 0 else gain * 10**9


def _acyclic(before: Sequence[Sequence[int]], size: int) -> None:
    waiting = [len(set(b)) for b in before]
    after: dict[int, list[int]] = {}
    for part, earlier in enumerate(before):
        for other in set(earlier):
            after.setdefault(other, []).append(part)
    ready = [p for p in range(size) if not waiting[p]]
    count = 0
    while ready:
        part = ready.pop()
        count += 1
        for other in after.get(part, ()):
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    if count < size:
        raise LoopError(tuple(p for p in range(size) if waiting[p] > 0))


def _closure(
    parts: list[int], gain: Sequence[Fraction], before: Sequence[Sequence[int]], done: set[int]
) -> set[int]:
    """The closed set of greatest gain among `parts`; the smallest one where several are equal."""
    s, t = -1, -2
    capacity: dict[tuple[int, int], Fraction] = {}
    next_to: dict[int, set[int]] = {}

    def arc(a: int, b: int, amount: Fraction) -> None:
        capacity[(a, b)] = capacity.get((a, b), Fraction(0)) + amount
        capacity.setdefault((b, a), Fraction(0))
        next_to.setdefault(a, set()).add(b)
        next_to.setdefault(b, set()).add(a)

    plenty = sum((abs(gain[p]) for p in parts), Fraction(1))
    for part in parts:
        if gain[part] > 0:
            arc(s, part, gain[part])
        elif gain[part] < 0:
            arc(part, t, -gain[part])
        for other in before[part]:
            if other not in done:
                arc(part, other, plenty)
    while (path := _path(s, t, capacity, next_to)) is not None:
        amount = min(capacity[a] for a in path)
        for a, b in path:
            capacity[(a, b)] -= amount
            capacity[(b, a)] += amount
    reached, waiting = {s}, [s]
    while waiting:
        node = waiting.pop()
        for other in next_to.get(node, ()):
            if other not in reached and capacity[(node, other)] > 0:
                reached.add(other)
                waiting.append(other)
    return reached - {s}


def _path(
    s: int, t: int, capacity: dict[tuple[int, int], Fraction], next_to: dict[int, set[int]]
) -> list[tuple[int, int]] | None:
    came: dict[int, int] = {s: s}
    waiting = deque([s])
    while waiting:
        node = waiting.popleft()
        if node == t:
            path = []
            while node != s:
                path.append((came[node], node))
                node = came[node]
            return path[::-1]
        for other in sorted(next_to.get(node, ())):
            if other not in came and capacity[(node, other)] > 0:
                came[other] = node
                waiting.append(other)
    return None
