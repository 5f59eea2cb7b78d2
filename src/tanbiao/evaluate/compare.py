"""Compare: one set of facts under two rulebooks, the difference taken apart choice by choice.

1. Unit: both headlines are brought to kgCO2e for the reference flow; the published units stand beside. Headlines that
   are no footprints (recovery rates) are compared in their own unit where unit and basis are the same, else not at all.
2. Boundary: the stages in and out of the total are one part of their own, told before the choices. It is the mean of
   what the boundary does under the left rules and under the right ones.
3. Every other axis that differs is a player. A mixture whose clauses do not fit together (two clauses of one name, a
   name or unit that fails lint) or that has no result is listed, not computed, and its axes move as one player.
4. The choices are Shapley values over the mixtures left (Shapley 1953), the mean of those under either boundary. With
   the boundary this is the value of Owen (1977) for the two unions {boundary} and {choices}: in rationals, the parts
   sum to the difference to the last digit, depend on no order, and change their sign when left and right change place.

An axis that leaves a side without a result is set aside and named with its clauses and what is missing; the other
parts are still given. Decision record: docs/decisions/0007-compare.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Any

from ..core.errors import TanbiaoError
from ..core.text import Text
from ..core.value import KNOWN, Value
from ..numerics.shapley import MOST_PLAYERS, shapley
from ..standards.lint import lint
from ..standards.resolve import Rulebook
from .axes import BOUNDARY, TOTAL, axes_of, differs, gwp_of, headline_of, title_of
from .background import Background
from .comparison import Comparison, Illegal, Outcome, Part, Side, reasons_of
from .facts import Facts
from .judge import evaluate_rulebook
from .ledger import Ledger
from .mixture import ASIDE, CO2E, CO2E_UNIT, LEFT, RIGHT, mixture
from .run import Evaluation

Axes = frozenset[str]
NONE: Axes = frozenset()


class Comparer:
    """Compares rulebooks over one set of facts; facts and mixtures are worked out once."""

    def __init__(self, facts: Callable[[Rulebook], Facts], background: Callable[[str], Background]) -> None:
        self.facts, self.background = facts, background
        self.sides: dict[str, Side] = {}
        self._facts: dict[tuple[Any, ...], Facts] = {}

    def side(self, book: Rulebook) -> Side:
        """The rulebook over the facts: result, headline, total."""
        name = book.pack.version
        if name not in self.sides:
            self.sides[name] = self._side(book)
        return self.sides[name]

    def compare(self, left: Rulebook, right: Rulebook) -> Comparison:
        """Take the difference of two headlines apart. Raises `TanbiaoError` where a rulebook has no headline."""
        return Pair(self, self.side(left), self.side(right)).comparison()

    def total(self, book: Rulebook) -> Outcome:
        """The total of a mixture."""
        return self._outcome(self._evaluation(book))[0]

    def _side(self, book: Rulebook) -> Side:
        evaluation = self._evaluation(book)
        result = evaluate_rulebook(
            book, evaluation.facts, evaluation.background, evaluation.ledger, evaluation
        )
        published = result.headline
        assert published is not None
        total, per = self._outcome(evaluation)
        if result.refused:
            total = replace(total, value=None, missing=tuple(f.clause for f in result.refused))
        return Side(book, result, headline_of(book), published, total, per)

    def _evaluation(self, book: Rulebook) -> Evaluation:
        headline_of(book)
        return Evaluation(book, self.facts_of(book), self.background(gwp_of(book)), Ledger())

    def _outcome(self, evaluation: Evaluation) -> tuple[Outcome, float]:
        """The headline for the reference flow, and what it is per in its coherent unit."""
        clause = headline_of(evaluation.rulebook)
        per: Value | None = None
        try:
            per = evaluation.value(clause.per) if clause.per else None
            value = evaluation.value(clause.of)
        except TanbiaoError as error:
            return _failed(error), _amount(per)
        counted = value.unit * per.unit if per is not None else value.unit
        unit = CO2E_UNIT if counted.fits(CO2E) else clause.unit.text
        unknown = [v for v in (value, per) if v is not None and v.state != KNOWN]
        if unknown:
            missing = tuple(sorted(set().union(*(v.why for v in unknown))))
            return Outcome(None, missing, unit), _amount(per)
        if isinstance(value.data, bool) or not isinstance(value.data, Fraction | float | int):
            return Outcome(None, (), None), _amount(per)
        if unit == CO2E_UNIT:
            return Outcome(float(value.data) * _amount(per)), _amount(per)
        return Outcome(float(value.with_unit(clause.unit).number()), (), unit), _amount(per)

    def facts_of(self, book: Rulebook) -> Facts:
        """The facts typed by a rulebook's givens, once for every set of givens."""
        key = tuple(
            sorted(
                (
                    c.name,
                    c.path,
                    c.unit.text,
                    str(c.basis),
                    c.value_kind,
                    str(c.options),
                    str([(k.name, k.kind, k.unit.text) for k in c.columns]),
                )
                for c in book.of_kind("given")
            )
        )
        if key not in self._facts:
            self._facts[key] = self.facts(book)
        return self._facts[key]


def compare(
    left: Rulebook,
    right: Rulebook,
    facts: Callable[[Rulebook], Facts],
    background: Callable[[str], Background],
) -> Comparison:
    """Take the difference of two headlines apart."""
    return Comparer(facts, background).compare(left, right)


@dataclass(frozen=True)
class Players:
    """Who moves: the axes the boundary moves with, the groups of other axes, and the mixtures that cannot stand."""

    first: Axes
    groups: tuple[Axes, ...]
    illegal: tuple[Illegal, ...]

    @property
    def merged(self) -> tuple[tuple[str, ...], ...]:
        """The axes that move together although they are several."""
        return tuple(tuple(sorted(g)) for g in (self.first, *self.groups) if len(g) > 1)


class Pair:
    """One comparison at work. A mixture is named by the axes that it takes from the right."""

    def __init__(self, comparer: Comparer, left: Side, right: Side) -> None:
        self.comparer, self.left, self.right = comparer, left, right
        self.axes = axes_of(left.rulebook, right.rulebook)
        differing = [a for a in self.axes if differs(left.rulebook, right.rulebook, a)]
        self.players = [a for a in differing if a != BOUNDARY]
        self.same = tuple(a for a in self.axes if a not in differing)
        self.all: Axes = frozenset(differing)
        self.held: dict[str, str] = {}
        self.known: dict[tuple[tuple[str, str], ...], Outcome] = {}
        self.broken: dict[tuple[tuple[str, str], ...], str] = {}

    def comparison(self) -> Comparison:
        """Both results, the parts between them, and what could not be computed."""
        left, right = self.left, self.right
        aside = self.set_aside() if left.measures_as(right) else None
        parts: list[Part] = []
        players = Players(NONE, (), ())
        compared: tuple[float, float] | None = None
        if aside is not None:
            start, end = self.outcome(NONE), self.outcome(self.all)
            if start.value is not None and end.value is not None:
                players = self.who_moves()
                parts = self.parts(players)
                rest = self.unexplained(start.value, end.value)
                if rest:
                    parts.append(Part("rest", Text("其他条款", "other clauses"), rest, (), ()))
                compared = (start.value, float(Fraction(end.value) + rest))
        parts += [self.lacking(axis) for axis in aside or ()]
        reasons = reasons_of(left, right)
        values = [s.total.value for s in (left, right)]
        if compared is not None and not self.held:  # the same numbers, summed in the order of the mixtures
            values = [*compared]
        return Comparison(
            left.name,
            right.name,
            (left.total.unit or "") if left.measures_as(right) else "",
            values[0],
            values[1],
            left.headline.unit.text,
            right.headline.unit.text,
            left.published.published,
            right.published.published,
            left.total.missing,
            right.total.missing,
            compared,
            self.left_in_right_unit(),
            tuple(parts),
            self.same,
            tuple(aside or ()),
            players.illegal,
            players.merged,
            not reasons,
            reasons,
            (left.rulebook.pack.title, right.rulebook.pack.title),
            len(self.known),
        )

    # -- mixtures ----------------------------------------------------------------------------------------------------

    def outcome(self, right: Axes) -> Outcome:
        """The total with the axes of `right` from the right, the rest from the left; held axes stay where they are."""
        take = self.take(right)
        key = tuple(sorted(take.items()))
        if key not in self.known:
            try:
                mixed = mixture(self.left.rulebook, self.right.rulebook, take)
                if len(set(take.values())) > 1:
                    problems = [p for p in lint(mixed) if p.level == "error"]
                    if problems:
                        raise TanbiaoError(problems)
                self.known[key] = self.comparer.total(mixed)
                if self.known[key].value is None:
                    self.broken[key] = ", ".join(self.known[key].missing)
            except TanbiaoError as error:
                self.known[key] = _failed(error)
                self.broken[key] = error.problems[0].text("en")
        return self.known[key]

    def take(self, right: Axes) -> dict[str, str]:
        return {a: RIGHT if a in right else LEFT for a in self.axes} | self.held

    def stands(self, right: Axes) -> bool:
        return self.outcome(right).value is not None

    def value(self, right: Axes) -> Fraction:
        found = self.outcome(right).value
        assert found is not None
        return Fraction(found)

    def illegal(self, right: Axes) -> Illegal:
        return Illegal(tuple(sorted(right)), self.broken.get(tuple(sorted(self.take(right).items())), ""))

    # -- who moves ---------------------------------------------------------------------------------------------------

    def who_moves(self) -> Players:
        """The boundary with the fewest axes that it cannot stand without, on either side; the other axes joined until
        every mixture of them stands under both boundaries."""
        free = [p for p in self.players if p not in self.held]
        illegal: dict[Illegal, None] = {}
        first = self.first_step(free, illegal) if BOUNDARY in self.all else NONE
        groups = [frozenset([p]) for p in free if p not in first]
        groups = self.joined(groups, first, illegal)
        while len(groups) > MOST_PLAYERS:  # beyond what is summed over, the last axes move as one
            groups = [*groups[:-2], groups[-2] | groups[-1]]
        return Players(first, tuple(groups), tuple(illegal))

    def first_step(self, free: list[str], illegal: dict[Illegal, None]) -> Axes:
        for size in range(len(free) + 1):
            for others in combinations(free, size):
                chosen = frozenset([BOUNDARY, *others])
                bad = [m for m in (chosen, self.all - chosen) if not self.stands(m)]
                if not bad:
                    return chosen
                illegal |= dict.fromkeys(self.illegal(m) for m in bad)
        return self.all

    def joined(self, groups: list[Axes], first: Axes, illegal: dict[Illegal, None]) -> list[Axes]:
        while len(groups) > 1:
            bad: tuple[Axes, ...] | None = None
            for size in range(1, len(groups)):
                for chosen in combinations(groups, size):
                    axes = NONE.union(*chosen)
                    broken = [m for m in {axes, axes | first} if not self.stands(m)]
                    if broken:
                        illegal |= dict.fromkeys(
                            sorted((self.illegal(m) for m in broken), key=lambda i: i.axes)
                        )
                        bad = bad or chosen
                if bad is not None:
                    break
            if bad is None:
                return groups
            inside = NONE.union(*bad)
            outside = [g for g in groups if g not in bad]
            partner = next(
                (g for g in outside if all(self.stands(inside | g | b) for b in (NONE, first))), outside[0]
            )
            groups = [g for g in outside if g != partner] + [inside | partner]
        return groups

    # -- parts -------------------------------------------------------------------------------------------------------

    def parts(self, players: Players) -> list[Part]:
        """The boundary, then the choices; each is the mean over both sides of the other."""
        first, by_name = players.first, {"+".join(sorted(g)): g for g in players.groups}
        every = NONE.union(*players.groups)
        found: list[Part] = []
        if first:
            moved = [self.value(rest | first) - self.value(rest) for rest in (NONE, every)]
            found.append(self.part(first, sum(moved, Fraction(0)) / 2, BOUNDARY))
        ways = [
            shapley(list(by_name), lambda chosen, b=b: self.value(b.union(*(by_name[n] for n in chosen))))  # type: ignore[misc]
            for b in ((NONE, first) if first else (NONE,))
        ]
        return found + [
            self.part(g, sum((way[n] for way in ways), Fraction(0)) / len(ways)) for n, g in by_name.items()
        ]

    def part(self, axes: Axes, effect: Fraction | None, step: str = "choice") -> Part:
        ordered = [a for a in self.axes if a in axes]
        titles = [title_of(a, self.left.rulebook, self.right.rulebook) for a in ordered]
        title = Text("、".join(t.zh for t in titles), ", ".join(t.en for t in titles))
        left, right = (tuple(c.address for a in ordered for c in s.rules(a)) for s in (self.left, self.right))
        return Part("+".join(ordered), title, effect, left, right, step=step)

    def lacking(self, axis: str) -> Part:
        """An axis set aside, with what the sides lack for it."""
        why = tuple(dict.fromkeys([*self.left.total.missing, *self.right.total.missing]))
        rows = tuple(dict.fromkeys([*self.left.undecided(axis), *self.right.undecided(axis)]))
        return replace(self.part(frozenset([axis]), None), missing=why, rows=rows)

    def unexplained(self, start: float, end: float) -> Fraction:
        """What no axis explains: the ends of the way against the results of the two rulebooks themselves."""
        left, right = self.left.total.value, self.right.total.value
        if self.held or left is None or right is None:
            return Fraction(0)
        rest = (Fraction(right) - Fraction(end)) - (Fraction(left) - Fraction(start))
        if abs(float(rest)) <= 1e-9 * max(abs(start), abs(end), 1.0):
            return Fraction(0)  # the same number, summed in another order
        return rest

    def left_in_right_unit(self) -> float | None:
        left, right = self.left, self.right
        if (
            left.total.value is None
            or left.total.unit != CO2E_UNIT
            or left.headline.unit.dimension != right.headline.unit.dimension
            or not right.per
        ):
            return None
        return left.total.value / right.per / float(right.headline.unit.factor)

    # -- no result on a side -----------------------------------------------------------------------------------------

    def set_aside(self) -> tuple[str, ...] | None:
        """The fewest axes that leave a side without a result. Where one side has a result they are held as that side
        has them, else they are dropped on both. None when nothing helps."""
        left, right = self.left, self.right
        if left.total.value is not None and right.total.value is not None:
            return ()
        if left.result.refused or right.result.refused:
            return None
        both = left.total.value is None and right.total.value is None
        where = ASIDE if both else RIGHT if left.total.value is None else LEFT
        why = {*left.total.missing, *right.total.missing}
        candidates = [a for a in self.axes if a not in (BOUNDARY, TOTAL) and (both or a in self.players)]
        named = [a for a in candidates if any(c.address in why for s in (left, right) for c in s.rules(a))]
        candidates = named + [a for a in candidates if a not in named]
        for size in (1, 2):
            for chosen in combinations(candidates, size):
                self.held = dict.fromkeys(chosen, where)
                if self.stands(NONE) and self.stands(self.all):
                    return chosen
        self.held = {}
        return None


def _amount(per: Value | None) -> float:
    return float(per.data) if per is not None and per.state == KNOWN else 1.0


def _failed(error: TanbiaoError) -> Outcome:
    return Outcome(None, tuple(p.text("en") for p in error.problems[:3]))


__all__ = ["Comparer", "Pair", "compare"]
