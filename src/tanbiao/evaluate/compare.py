"""Compare: one set of facts under two rulebooks, the difference taken apart choice by choice.

Clauses carry `axis:`, the choice they belong to (gwp, allocation, recycling, electricity, cut_off, boundary …); a
`choose` clause without one is an axis of its own. All clauses of an axis move together.

1. Unit: both headlines are brought to kgCO2e for the reference flow; the published units stand beside.
2. Boundary: the stages in and out of the total are taken from the right, as a step of its own, before anything else.
3. Every other axis that differs is a player. A mixture whose clauses do not fit together (two clauses of one name, a
   name or unit that fails lint) or that has no result is listed, not computed, and its axes move as one player.
4. The parts are Shapley values over the mixtures left, in rationals: they sum to the difference to the last digit and
   do not depend on an order (Shapley 1953).

An axis that leaves a side without a result is set aside and named with its clauses and what is missing; the other
parts are still given. Decision record: docs/decisions/0007-compare.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Any

from ..core.errors import TanbiaoError, refuse
from ..core.text import Text
from ..core.units import unit
from ..core.value import KNOWN
from ..formula import names_in
from ..numerics.shapley import MOST_PLAYERS, shapley
from ..standards.clause import Clause
from ..standards.lint import lint
from ..standards.resolve import Rulebook
from .background import Background
from .facts import Facts
from .ledger import Ledger
from .results import Published, Result, evaluate_rulebook, fingerprint
from .run import Evaluation

AXES: Mapping[str, Text] = {
    "boundary": Text("系统边界与阶段", "boundary and stages"),
    "total": Text("计入总数的项目", "what counts in the total"),
    "gwp": Text("GWP 版本", "GWP set"),
    "cut_off": Text("取舍", "cut-off"),
    "allocation": Text("分配", "allocation"),
    "recycling": Text("回收与再生", "recycling"),
    "electricity": Text("电力", "electricity"),
    "transport": Text("运输", "transport"),
    "biogenic": Text("生物碳", "biogenic carbon"),
}
BOUNDARY, TOTAL = "boundary", "total"
LEFT, RIGHT, ASIDE = "left", "right", "aside"
DEFAULT_GWP = "AR6"
CO2E_UNIT = "kgCO2e"


@dataclass(frozen=True)
class Outcome:
    """The total of a mixture in kgCO2e for the reference flow, or what it lacks."""

    value: float | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """What one choice does to the result, and the clauses of both sides that make it.

    effect: exact, in kgCO2e for the reference flow; None where the choice leaves a side without a result, and
    `missing` says what that side lacks. step: unit or boundary steps come first, then the choices.
    """

    axis: str
    title: Text
    exact: Fraction | None
    left: tuple[str, ...]
    right: tuple[str, ...]
    missing: tuple[str, ...] = ()
    step: str = "choice"
    rows: tuple[str, ...] = ()
    """The rows of facts for which the choice stays undecided."""

    @property
    def effect(self) -> float | None:
        return None if self.exact is None else float(self.exact)

    def data(self) -> dict[str, Any]:
        return {
            "choice": self.axis,
            "step": self.step,
            "title": self.title.data(),
            "effect": self.effect,
            "exact": str(self.exact) if self.exact is not None else None,
            "clauses": list(dict.fromkeys([*self.left, *self.right])),
            "left": list(self.left),
            "right": list(self.right),
            "missing": list(self.missing),
            "rows": list(self.rows),
        }


@dataclass(frozen=True)
class Illegal:
    """A mixture that cannot stand: these axes from the right, the others from the left; and why."""

    axes: tuple[str, ...]
    reason: str

    def data(self) -> dict[str, Any]:
        return {"axes": list(self.axes), "reason": self.reason}


@dataclass(frozen=True)
class Comparison:
    """The difference between two rulebooks over one set of facts, in `unit` for the reference flow.

    left_value, right_value: None where a side has no result. compared: the two totals that the parts lead between;
    the same as the values, except that axes in `aside` are held equal on both. same: axes on which both sides say the
    same. illegal: mixtures that cannot stand; merged: axes that therefore move together.
    """

    left: str
    right: str
    unit: str
    left_value: float | None
    right_value: float | None
    left_unit: str
    right_unit: str
    left_published: str
    right_published: str
    left_missing: tuple[str, ...]
    right_missing: tuple[str, ...]
    compared: tuple[float, float] | None
    left_in_right_unit: float | None
    parts: tuple[Part, ...]
    same: tuple[str, ...]
    aside: tuple[str, ...]
    illegal: tuple[Illegal, ...]
    merged: tuple[tuple[str, ...], ...]
    comparable: bool
    reasons: tuple[Text, ...]
    mixtures: int = 0
    """How many mixtures were solved."""

    @property
    def exact_difference(self) -> Fraction | None:
        """Right minus left, as far as it can be computed; the exact parts sum to it."""
        return None if self.compared is None else Fraction(self.compared[1]) - Fraction(self.compared[0])

    @property
    def difference(self) -> float | None:
        exact = self.exact_difference
        return None if exact is None else float(exact)

    def data(self) -> dict[str, Any]:
        return {
            "left": self.left,
            "right": self.right,
            "unit": self.unit,
            "left_value": self.left_value,
            "right_value": self.right_value,
            "left_published": f"{self.left_published} {self.left_unit}",
            "right_published": f"{self.right_published} {self.right_unit}",
            "left_missing": list(self.left_missing),
            "right_missing": list(self.right_missing),
            "compared": list(self.compared) if self.compared else None,
            "left_in_right_unit": self.left_in_right_unit,
            "difference": self.difference,
            "parts": [p.data() for p in self.parts],
            "same": list(self.same),
            "aside": list(self.aside),
            "illegal": [i.data() for i in self.illegal],
            "merged": [list(m) for m in self.merged],
            "comparable": self.comparable,
            "reasons": [r.data() for r in self.reasons],
            "mixtures": self.mixtures,
        }


@dataclass(frozen=True, eq=False)
class Side:
    """One rulebook with what it says of the facts."""

    rulebook: Rulebook
    result: Result
    headline: Clause
    published: Published
    total: Outcome
    per: float
    """What the headline is per, in its coherent unit (1 where it is per reference flow)."""

    @property
    def name(self) -> str:
        return self.rulebook.pack.version

    def rules(self, axis: str) -> tuple[Clause, ...]:
        """The clauses of an axis: of the boundary the headline and its stages, of the total the one that counts."""
        if axis == BOUNDARY:
            return (
                self.headline,
                *(c for c in [self.rulebook.clauses.get(self.headline.stages)] if c is not None),
            )
        if axis == TOTAL:
            return tuple(c for c in [total_of(self.rulebook)] if c is not None)
        return tuple(c for c in self.rulebook.clauses.values() if axis_of(c) == axis)

    def options(self, axis: str) -> tuple[str, ...]:
        """What the choices of an axis settled for these facts."""
        found: dict[str, None] = {}
        for clause in self.rules(axis):
            decision = self.result.evaluation.decisions.get(clause.name)
            if decision is not None:
                found |= dict.fromkeys(o for o in decision.option if o)
            elif clause.kind == "define" and clause.value is not None:
                found[str(clause.value.data)] = None
        return tuple(found)

    def undecided(self, axis: str) -> tuple[str, ...]:
        """The rows of facts for which a choice of the axis lacks a datum."""
        found: list[str] = []
        for clause in self.rules(axis):
            decision = self.result.evaluation.decisions.get(clause.name)
            if decision is not None and decision.table is not None:
                ids = self.result.evaluation.facts.tables[decision.table].ids
                found += [f"{decision.table} {ids[r]}" for r in decision.undecided]
        return tuple(found)


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

    def _side(self, book: Rulebook) -> Side:
        clause = headline_of(book)
        ledger = Ledger()
        evaluation = Evaluation(book, self.facts_of(book), self.background(gwp_of(book)), ledger)
        result = evaluate_rulebook(book, evaluation.facts, evaluation.background, ledger, evaluation)
        published = result.headline
        assert published is not None
        if result.refused:
            return Side(
                book, result, clause, published, Outcome(None, tuple(f.clause for f in result.refused)), 1.0
            )
        per = evaluation.value(clause.per) if clause.per else None
        factor = float(per.data) if per is not None and per.state == KNOWN else 1.0
        try:
            value = evaluation.value(clause.of)
        except TanbiaoError as error:
            return Side(book, result, clause, published, _failed(error), factor)
        unknown = [v for v in (value, per) if v is not None and v.state != KNOWN]
        if unknown:
            return Side(
                book,
                result,
                clause,
                published,
                Outcome(None, tuple(sorted(set().union(*(v.why for v in unknown))))),
                factor,
            )
        return Side(book, result, clause, published, Outcome(float(value.data) * factor), factor)

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

    def compare(self, left: Rulebook, right: Rulebook) -> Comparison:
        """Take the difference of two headlines apart. Raises `TanbiaoError` where a rulebook has no headline."""
        return _Pair(self, self.side(left), self.side(right)).comparison()

    def total(self, book: Rulebook) -> Outcome:
        """The total of a mixture."""
        clause = headline_of(book)
        evaluation = Evaluation(book, self.facts_of(book), self.background(gwp_of(book)), Ledger())
        try:
            value = evaluation.value(clause.of)
            per = evaluation.value(clause.per) if clause.per else None
        except TanbiaoError as error:
            return _failed(error)
        for one in (value, per):
            if one is not None and one.state != KNOWN:
                return Outcome(None, tuple(sorted(one.why)))
        return Outcome(float(value.data) * (float(per.data) if per is not None else 1.0))


def compare(
    left: Rulebook,
    right: Rulebook,
    facts: Callable[[Rulebook], Facts],
    background: Callable[[str], Background],
) -> Comparison:
    """Take the difference of two headlines apart."""
    return Comparer(facts, background).compare(left, right)


class _Pair:
    """One comparison at work. A take says for each axis which side it comes from."""

    def __init__(self, comparer: Comparer, left: Side, right: Side) -> None:
        self.comparer, self.left, self.right = comparer, left, right
        self.axes = axes_of(left.rulebook, right.rulebook)
        differing = [a for a in self.axes if _differs(left.rulebook, right.rulebook, a)]
        self.players = [a for a in differing if a != BOUNDARY]
        self.same = tuple(a for a in self.axes if a not in differing)
        self.boundary = BOUNDARY in differing
        self.held: dict[str, str] = {}
        self.known: dict[tuple[tuple[str, str], ...], Outcome] = {}
        self.broken: dict[tuple[tuple[str, str], ...], str] = {}

    def outcome(self, right: frozenset[str]) -> Outcome:
        """The total with the axes of `right` from the right, the rest from the left; held axes stay where they are."""
        take = {a: RIGHT if a in right else LEFT for a in self.axes} | self.held
        key = tuple(sorted(take.items()))
        if key not in self.known:
            try:
                mixed = mixture(self.left.rulebook, self.right.rulebook, take)
                problems = (
                    [p for p in lint(mixed) if p.level == "error"] if len(set(take.values())) > 1 else []
                )
                if problems:
                    raise TanbiaoError(problems)
                self.known[key] = self.comparer.total(mixed)
                if self.known[key].value is None:
                    self.broken[key] = ", ".join(self.known[key].missing)
            except TanbiaoError as error:
                self.known[key] = _failed(error)
                self.broken[key] = error.problems[0].text("en")
        return self.known[key]

    def reason(self, right: frozenset[str]) -> str:
        take = {a: RIGHT if a in right else LEFT for a in self.axes} | self.held
        return self.broken.get(tuple(sorted(take.items())), "")

    def comparison(self) -> Comparison:
        left, right = self.left, self.right
        aside = self.set_aside()
        parts: list[Part] = []
        illegal: list[Illegal] = []
        merged: list[frozenset[str]] = []
        compared: tuple[float, float] | None = None
        if aside is not None:
            everything = frozenset(self.players) | ({BOUNDARY} if self.boundary else frozenset())
            free = [p for p in self.players if p not in self.held]
            start, end = self.outcome(frozenset()), self.outcome(everything)
            if start.value is not None and end.value is not None:
                first, free, found = self.first_step(free)
                illegal += found
                groups, found = _merge(
                    [frozenset([p]) for p in free],
                    lambda axes: self.outcome(first | axes).value is not None,
                    lambda axes: self.reason(first | axes),
                )
                illegal += found
                while len(groups) > MOST_PLAYERS:  # beyond what is summed over, the last axes move as one
                    groups = [*groups[:-2], groups[-2] | groups[-1]]
                merged = [g for g in ([first] if len(first) > 1 else []) + groups if len(g) > 1]
                names = ["+".join(sorted(g)) for g in groups]
                by_name = dict(zip(names, groups, strict=True))
                base = self.outcome(first).value
                assert base is not None
                if first:
                    parts.append(self.part(first, Fraction(base) - Fraction(start.value), BOUNDARY))
                shares = shapley(
                    names,
                    lambda chosen: _number(
                        self.outcome(first | frozenset().union(*(by_name[n] for n in chosen)))
                    ),
                )
                parts += [self.part(by_name[n], shares[n]) for n in names]
                rest = self.unexplained(start.value, end.value)
                if rest:
                    parts.append(Part("rest", Text("其他条款", "other clauses"), rest, (), ()))
                    end = Outcome(float(Fraction(end.value) + rest))
                compared = (start.value, end.value if end.value is not None else 0.0)
        for axis in aside or ():
            why = tuple(dict.fromkeys([*left.total.missing, *right.total.missing]))
            rows = tuple(dict.fromkeys([*left.undecided(axis), *right.undecided(axis)]))
            parts.append(replace(self.part(frozenset([axis]), None), missing=why, rows=rows))
        reasons = _reasons(left, right)
        values = [s.total.value for s in (left, right)]
        if compared is not None and not self.held:  # the same numbers, summed in the order of the mixtures
            values = [*compared]
        in_right = None
        if (
            left.total.value is not None
            and left.headline.unit.dimension == right.headline.unit.dimension
            and right.per
        ):
            in_right = left.total.value / right.per / float(right.headline.unit.factor)
        return Comparison(
            left.name,
            right.name,
            CO2E_UNIT,
            values[0],
            values[1],
            left.headline.unit.text,
            right.headline.unit.text,
            left.published.published,
            right.published.published,
            left.total.missing,
            right.total.missing,
            compared,
            in_right,
            tuple(parts),
            self.same,
            tuple(aside or ()),
            tuple(illegal),
            tuple(tuple(sorted(g)) for g in merged),
            not reasons,
            reasons,
            len(self.known),
        )

    def set_aside(self) -> tuple[str, ...] | None:
        """The fewest axes that leave a side without a result. Where one side has a result they are held as that side
        has them, else they are dropped on both. None when nothing helps."""
        if self.left.total.value is not None and self.right.total.value is not None:
            return ()
        if self.left.result.refused or self.right.result.refused:
            return None
        where = RIGHT if self.left.total.value is None else LEFT
        if self.left.total.value is None and self.right.total.value is None:
            where = ASIDE
        why = {*self.left.total.missing, *self.right.total.missing}
        candidates = [
            a for a in self.axes if a not in (BOUNDARY, TOTAL) and (where == ASIDE or a in self.players)
        ]
        named = [
            a
            for a in candidates
            if any(c.address in why for s in (self.left, self.right) for c in s.rules(a))
        ]
        candidates = named + [a for a in candidates if a not in named]
        everything = frozenset(self.players) | ({BOUNDARY} if self.boundary else frozenset())
        for size in (1, 2):
            for chosen in combinations(candidates, size):
                self.held = dict.fromkeys(chosen, where)
                if self.outcome(frozenset()).value is not None and self.outcome(everything).value is not None:
                    return chosen
        self.held = {}
        return None

    def first_step(self, free: list[str]) -> tuple[frozenset[str], list[str], list[Illegal]]:
        """The boundary, with the fewest other axes that it cannot stand without."""
        if not self.boundary:
            return frozenset(), free, []
        illegal: list[Illegal] = []
        for size in range(len(free) + 1):
            for others in combinations(free, size):
                chosen = frozenset([BOUNDARY, *others])
                if self.outcome(chosen).value is not None:
                    return chosen, [p for p in free if p not in others], illegal
                illegal.append(Illegal(tuple(sorted(chosen)), self.reason(chosen)))
        return frozenset([BOUNDARY, *free]), [], illegal

    def unexplained(self, start: float, end: float) -> Fraction:
        """What no axis explains: the ends of the way against the results of the two rulebooks themselves."""
        rest = Fraction(0)
        if not self.held and self.left.total.value is not None and self.right.total.value is not None:
            rest = (Fraction(self.right.total.value) - Fraction(end)) - (
                Fraction(self.left.total.value) - Fraction(start)
            )
            if abs(float(rest)) <= 1e-9 * max(abs(start), abs(end), 1.0):
                rest = Fraction(0)  # the same number, summed in another order
        return rest

    def part(self, axes: frozenset[str], effect: Fraction | None, step: str = "choice") -> Part:
        ordered = [a for a in self.axes if a in axes]
        titles = [title_of(a, self.left, self.right) for a in ordered]
        title = Text("、".join(t.zh for t in titles), ", ".join(t.en for t in titles))
        left, right = (tuple(c.address for a in ordered for c in s.rules(a)) for s in (self.left, self.right))
        return Part("+".join(ordered), title, effect, left, right, step=step)


def ranked(rows: Sequence[tuple[str, Published]]) -> list[tuple[str, Published]]:
    """Products from the lowest headline to the highest. Refuses (`comparison-method`, `comparison-unit`) where method
    fingerprints or units differ, and (`comparison-none`) where one has no result. GB/T 24067, Annex B."""
    units = {p.unit for _, p in rows}
    if len(units) > 1:
        raise refuse("comparison-unit", units=", ".join(sorted(units)))
    if len({p.method_fingerprint for _, p in rows}) > 1:
        raise refuse("comparison-method")
    lacking = [n for n, p in rows if not isinstance(p.value, float)]
    if lacking:
        raise refuse("comparison-none", names=", ".join(lacking))
    return sorted(rows, key=lambda r: _float(r[1].value))


def _float(value: float | str | None) -> float:
    assert isinstance(value, float)
    return value


def _number(outcome: Outcome) -> float:
    assert outcome.value is not None
    return outcome.value


def _failed(error: TanbiaoError) -> Outcome:
    return Outcome(None, tuple(p.text("en") for p in error.problems[:3]))


# -- axes and mixtures -----------------------------------------------------------------------------------------------


def axis_of(clause: Clause) -> str:
    """The axis a clause belongs to; a choice is one of its own where its pack names none."""
    return clause.axis or (clause.name if clause.kind == "choose" else "")


def axes_of(left: Rulebook, right: Rulebook) -> list[str]:
    """The axes that either rulebook has, in a fixed order."""
    found = {axis_of(c) for b in (left, right) for c in b.clauses.values()} - {""}
    return [a for a in AXES if a in found or a in (BOUNDARY, TOTAL)] + sorted(found - set(AXES))


def title_of(axis: str, *sides: Side) -> Text:
    """The words for an axis: from the table of axes, or its clause's own text."""
    if axis in AXES:
        return AXES[axis]
    return next((c.text for s in sides for c in s.rules(axis) if c.text.zh), Text(axis, axis))


def gwp_of(book: Rulebook) -> str:
    """The GWP set a rulebook settles: the value of its clause `gwp_set`, else the newest."""
    clause = book.clauses.get("gwp_set")
    return str(clause.value.data) if clause is not None and clause.value is not None else DEFAULT_GWP


def headline_of(book: Rulebook) -> Clause:
    """The publish clause of the headline. Refuses (`compare-headline`) where there is none."""
    found = next((c for c in book.of_kind("publish") if c.headline), None)
    if found is None:
        raise refuse("compare-headline", pack=book.pack.version)
    return found


def total_of(book: Rulebook) -> Clause | None:
    """The clause of axis `total` that the headline rests on; the headline's own quantity where it is per nothing."""
    head = headline_of(book)
    waiting, seen = [head.of], {head.of}
    while waiting:
        clause = book.clauses.get(waiting.pop(0))
        if clause is None:
            continue
        if clause.axis == TOTAL:
            return clause
        for node in clause.formulas():
            for name in (n.partition(".")[0] for n in names_in(node)):
                if name not in seen:
                    seen.add(name)
                    waiting.append(name)
    return None if head.per else book.clauses.get(head.of)


def mixture(left: Rulebook, right: Rulebook, take: Mapping[str, str]) -> Rulebook:
    """A rulebook of the clauses that `take` chooses by axis, with what they rest on: one total, one set of stages.

    take: axis → left, right or aside (dropped). Raises `TanbiaoError` (`compare-names`) when two different clauses of
    one name would be needed.
    """
    clauses: dict[str, Clause] = {}
    tables: dict[str, Any] = {}
    books = {LEFT: left, RIGHT: right}

    def add(clause: Clause, book: Rulebook) -> None:
        there = clauses.get(clause.name)
        if there is None:
            clauses[clause.name] = clause
        elif (
            clause.kind == "given"
            and there.kind == "given"
            and clause.value_kind == there.value_kind == "table"
        ):
            names = {c.name for c in there.columns}
            clauses[clause.name] = replace(
                there, columns=(*there.columns, *(c for c in clause.columns if c.name not in names))
            )
        elif there is not clause and content(there, left if there.name in left.clauses else right) != content(
            clause, book
        ):
            raise refuse("compare-names", name=clause.name, a=there.address, b=clause.address)
        if clause.name in book.tables:
            tables.setdefault(clause.name, book.tables[clause.name])

    def add_all(clause: Clause, book: Rulebook) -> None:
        add(clause, book)
        for name in sorted(_needs(clause, book)):
            add(book.clauses[name], book)

    for side, book in books.items():
        head = headline_of(book)
        for clause in book.clauses.values():
            axis = axis_of(clause)
            if axis and axis not in (BOUNDARY, TOTAL) and take.get(axis, LEFT) == side and clause is not head:
                add_all(replace(clause, also={}) if clause.kind == "publish" else clause, book)
    total_side = take.get(TOTAL, LEFT)
    total = total_of(books[total_side])
    stages = headline_of(books[take.get(BOUNDARY, LEFT)])
    if total is None:  # its headline is per something and names no total: the whole headline moves
        head = headline_of(books[total_side])
        add_all(books[total_side].clauses[head.of], books[total_side])
        if head.per:
            add_all(books[total_side].clauses[head.per], books[total_side])
        made = replace(stages, of=head.of, per=head.per, also={}, unit=head.unit)
    else:
        add_all(total, books[total_side])
        made = replace(stages, of=total.name, per="", also={}, unit=unit(CO2E_UNIT))
    if stages.stages:
        add_all(books[take.get(BOUNDARY, LEFT)].clauses[stages.stages], books[take.get(BOUNDARY, LEFT)])
    clauses[made.name] = made
    packs = tuple(dict.fromkeys([*left.packs, *right.packs]))
    return replace(left, clauses=clauses, tables=tables, packs=packs)


def content(clause: Clause, book: Rulebook) -> tuple[Any, ...]:
    """What a clause says, whoever says it: two clauses of equal content are one rule."""
    if clause.kind == "given":
        return ("given", clause.path, clause.unit.text, clause.basis, clause.value_kind)
    table = book.tables.get(clause.name)
    rows: Any = ()
    if table is not None:
        rows = tuple(
            sorted(
                (n, tuple(map(str, v.data))) for n, v in table.values.items() if n not in ("source", "review")
            )
        )
    value = clause.value
    lines = tuple(
        (
            o.name,
            _source(o.when),
            _source(o.key),
            _source(o.provider),
            tuple(
                (t.provider, _source(t.coefficient), t.stage, t.account, t.unit.text if t.unit else "")
                for t in o.lines or ()
            ),
            o.lines is None,
        )
        for o in clause.first
    )
    return (
        clause.kind,
        _source(clause.formula),
        str(value.data) if value is not None else "",
        clause.unit.text,
        clause.basis,
        clause.open,
        clause.subject.table if clause.subject else "",
        _source(clause.subject.where) if clause.subject else "",
        _source(clause.when),
        tuple(sorted(clause.alternative.items())),
        tuple(sorted((k, u.text) for k, u in clause.inputs.items())),
        lines,
        rows,
    )


def _source(node: Any) -> str:
    return str(node.source) if node is not None else ""


def _needs(clause: Clause, book: Rulebook) -> set[str]:
    """Every clause of `book` that a clause rests on and that belongs to no axis itself."""
    found: set[str] = set()
    waiting = [clause]
    while waiting:
        here = waiting.pop()
        names = [n.partition(".")[0] for node in here.formulas() for n in names_in(node)]
        names += [
            n
            for n in (here.of, here.per, here.stages, here.subject.table if here.subject else "", here.parent)
            if n
        ]
        for name in names:
            below = book.clauses.get(name)
            if below is not None and name not in found and not axis_of(below):
                found.add(name)
                waiting.append(below)
    return found


def _differs(left: Rulebook, right: Rulebook, axis: str) -> bool:
    """Whether two rulebooks say different things on an axis: other rules, or the same rules over other helpers."""
    if axis == BOUNDARY:
        return _accounts(left) != _accounts(right)
    if axis == TOTAL:
        a, b = total_of(left), total_of(right)
        if a is None or b is None:
            return a is not b or left.pack.name != right.pack.name
        return _signature([a], left) != _signature([b], right)
    return _signature([c for c in left.clauses.values() if axis_of(c) == axis], left) != _signature(
        [c for c in right.clauses.values() if axis_of(c) == axis], right
    )


def _signature(clauses: Sequence[Clause], book: Rulebook) -> frozenset[Any]:
    found = {(c.name, content(c, book)) for c in clauses if c.kind != "publish"}
    for clause in clauses:
        found |= {(n, content(book.clauses[n], book)) for n in _needs(clause, book)}
    return frozenset(found)


def _accounts(book: Rulebook) -> dict[str, str]:
    """Step tag → whether it is in the total: the boundary, whatever its stages are called."""
    head = headline_of(book)
    if not head.stages:
        return {}
    values = book.tables[head.stages].values
    account = values.get("account")
    return {
        str(tag): (str(account.data[r]) if account is not None and account.data[r] else "total")
        for r, tag in enumerate(values["tag"].data)
    }


def _merge(
    groups: list[frozenset[str]],
    stands: Callable[[frozenset[str]], bool],
    why: Callable[[frozenset[str]], str],
) -> tuple[list[frozenset[str]], list[Illegal]]:
    """Join axes that cannot stand alone until every mixture of groups stands."""
    illegal: list[Illegal] = []
    while len(groups) > 1:
        bad: tuple[frozenset[str], ...] | None = None
        for size in range(1, len(groups)):
            for chosen in combinations(groups, size):
                axes = frozenset().union(*chosen)
                if not stands(axes):
                    illegal.append(Illegal(tuple(sorted(axes)), why(axes)))
                    bad = bad or chosen
            if bad is not None:
                break
        if bad is None:
            return groups, illegal
        inside = frozenset().union(*bad)
        outside = [g for g in groups if g not in bad]
        partner = next((g for g in outside if stands(inside | g)), outside[0])
        groups = [g for g in outside if g != partner] + [inside | partner]
    return groups, illegal


def _reasons(left: Side, right: Side) -> tuple[Text, ...]:
    """Why two results must not be ranked against each other."""
    first, second = left.headline, right.headline
    reasons = []
    for side in (left, right):
        if side.total.value is None:
            reasons.append(
                Text(
                    f"{side.name} 没有结果：{', '.join(side.total.missing)}",
                    f"no result under {side.name}: {', '.join(side.total.missing)}",
                )
            )
    bases = [dict(s.rulebook.clauses[s.headline.of].basis) for s in (left, right)]
    if first.unit.text != second.unit.text or bases[0] != bases[1]:
        reasons.append(
            Text(
                f"单位或其基准不同：{first.unit} 与 {second.unit}",
                f"different units or bases: {first.unit} and {second.unit}",
            )
        )
    if fingerprint(first, left.result.evaluation) != fingerprint(second, right.result.evaluation):
        reasons.append(
            Text(
                "方法指纹不同：规则、选项、GWP 或背景库不一致",
                "different method fingerprints: rules, options, GWP set or libraries differ",
            )
        )
    return tuple(reasons)


__all__ = [
    "ASIDE",
    "AXES",
    "BOUNDARY",
    "LEFT",
    "RIGHT",
    "TOTAL",
    "Comparer",
    "Comparison",
    "Illegal",
    "Outcome",
    "Part",
    "Side",
    "axes_of",
    "axis_of",
    "compare",
    "headline_of",
    "mixture",
    "ranked",
    "title_of",
    "total_of",
]
