"""Compare: one set of facts under two rulebooks, the difference taken apart choice by choice.

Clauses carry `axis:`, the choice they belong to (gwp, allocation, recycling, electricity, cut_off, boundary …). All
clauses of an axis move together. The unit is settled first, as a step of its own; the parts of the axes are Shapley
values over every legal mixture, so they sum to the difference and do not depend on an order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from typing import Any

from ..core.errors import TanbiaoError, refuse
from ..core.text import Text
from ..core.value import KNOWN
from ..formula import names_in
from ..numerics.shapley import MOST_PLAYERS, shapley
from ..standards.clause import Clause
from ..standards.lint import lint
from ..standards.resolve import Rulebook
from .background import Background
from .facts import Facts
from .ledger import Ledger
from .results import fingerprint
from .run import Evaluation

AXES: Mapping[str, Text] = {
    "boundary": Text("系统边界与阶段", "boundary and stages"),
    "cut_off": Text("取舍", "cut-off"),
    "gwp": Text("GWP 版本", "GWP set"),
    "electricity": Text("电力", "electricity"),
    "allocation": Text("分配", "allocation"),
    "recycling": Text("回收与再生", "recycling"),
    "biogenic": Text("生物碳", "biogenic carbon"),
    "total": Text("计入总数的项目", "what counts in the total"),
    "unit": Text("单位", "unit"),
}


@dataclass(frozen=True)
class Part:
    """What one choice does to the result, and the clauses of both sides that make it."""

    axis: str
    title: Text
    effect: float
    left: tuple[str, ...]
    right: tuple[str, ...]

    def data(self) -> dict[str, Any]:
        return {"choice": self.axis, "title": self.title.data(), "effect": self.effect,
                "clauses": [*self.left, *self.right], "left": list(self.left), "right": list(self.right)}


@dataclass(frozen=True)
class Comparison:
    """The difference between two rulebooks over one set of facts, in `unit` for the reference flow or per unit.

    illegal: mixtures that cannot stand (their clauses do not fit together); merged: axes that therefore move together.
    """

    left: str
    right: str
    unit: str
    left_value: float
    right_value: float
    left_unit: str
    right_unit: str
    left_published: str
    right_published: str
    parts: tuple[Part, ...]
    illegal: tuple[tuple[str, ...], ...]
    merged: tuple[tuple[str, ...], ...]
    comparable: bool
    reasons: tuple[Text, ...]

    @property
    def difference(self) -> float:
        return self.right_value - self.left_value

    def data(self) -> dict[str, Any]:
        return {
            "left": self.left, "right": self.right, "unit": self.unit, "left_value": self.left_value,
            "right_value": self.right_value, "left_published": f"{self.left_published} {self.left_unit}",
            "right_published": f"{self.right_published} {self.right_unit}", "difference": self.difference,
            "parts": [p.data() for p in self.parts], "illegal": [list(i) for i in self.illegal],
            "merged": [list(m) for m in self.merged], "comparable": self.comparable,
            "reasons": [r.data() for r in self.reasons],
        }


def compare(left: Rulebook, right: Rulebook, facts: Callable[[Rulebook], Facts],
            background: Callable[[str], Background]) -> Comparison:
    """Take the difference of two headlines apart. Raises `TanbiaoError` when either side has no result."""
    first, second = _headline(left), _headline(right)
    players = [a for a in axes_of(left, right) if _differs(left, right, a)]
    def legal(chosen: frozenset[str]) -> bool:
        try:
            mixture(left, right, chosen, lint_too=True)
        except TanbiaoError:
            return False
        return True

    groups = [frozenset([p]) for p in players]
    groups, illegal = _merge(groups, legal)
    names = ["+".join(sorted(g)) for g in groups]
    by_name = dict(zip(names, groups, strict=True))

    @cache
    def total(chosen: frozenset[str]) -> float:
        axes = frozenset().union(*(by_name[n] for n in chosen)) if chosen else frozenset()
        return _total(mixture(left, right, axes), facts, background)

    alone, other = _total(left, facts, background), _total(right, facts, background)
    parts = shapley(names, total) if len(names) <= MOST_PLAYERS else {}
    all_axes = total(frozenset(names)) if names else alone
    found = [_part(name, by_name[name], parts[name], left, right) for name in names]
    rest = other - all_axes
    if abs(rest) > 1e-9 * max(abs(alone), abs(other), 1.0):
        found.append(Part("rest", Text("其他条款", "other clauses"), rest, (), ()))
    left_eval, right_eval = (_evaluation(b, facts, background) for b in (left, right))
    reasons = _reasons(first, second, left_eval, right_eval)
    return Comparison(
        left.pack.version, right.pack.version, "kgCO2e", alone, other, first.unit.text, second.unit.text,
        _published(first, left_eval), _published(second, right_eval), tuple(found), tuple(illegal),
        tuple(tuple(sorted(g)) for g in groups if len(g) > 1), not reasons, reasons)


def axes_of(left: Rulebook, right: Rulebook) -> list[str]:
    """The axes that either rulebook has, in a fixed order."""
    found = {c.axis for b in (left, right) for c in b.clauses.values() if c.axis}
    return [a for a in AXES if a in found] + sorted(found - set(AXES))


def mixture(left: Rulebook, right: Rulebook, axes: frozenset[str], lint_too: bool = False) -> Rulebook:
    """`left` with the clauses of `axes` taken from `right`, reduced to what the headline rests on.

    Raises `TanbiaoError` when the clauses do not fit together.
    """
    clauses: dict[str, Clause] = {}
    tables = {**right.tables, **left.tables}
    for book, mine in ((left, False), (right, True)):
        for name, clause in book.clauses.items():
            if not clause.axis or (clause.axis in axes) is not mine:
                continue
            clauses[name] = replace(clause, also={})
            if name in book.tables:
                tables[name] = book.tables[name]
            for needed in _needs(clause, book):
                clauses.setdefault(needed, book.clauses[needed])
    for name, clause in left.clauses.items():
        if clause.kind in ("given", "choose") and not clause.axis:
            clauses.setdefault(name, clause)
            for needed in _needs(clause, left):
                clauses.setdefault(needed, left.clauses[needed])
    packs = tuple(dict.fromkeys([*left.packs, *right.packs]))
    mixed = replace(left, clauses=clauses, tables=tables, packs=packs)
    if lint_too:
        problems = [p for p in lint(mixed) if p.level == "error"]
        if problems:
            raise TanbiaoError(problems)
    return mixed


def _needs(clause: Clause, book: Rulebook) -> set[str]:
    """Every clause of `book` that a clause rests on and that belongs to no axis itself."""
    found: set[str] = set()
    waiting = [clause]
    while waiting:
        here = waiting.pop()
        names = [n.partition(".")[0] for node in here.formulas() for n in names_in(node)]
        names += [n for n in (here.of, here.per, here.stages, here.subject.table if here.subject else "") if n]
        for name in names:
            below = book.clauses.get(name)
            if below is not None and name not in found and not below.axis:
                found.add(name)
                waiting.append(below)
    return found


def _differs(left: Rulebook, right: Rulebook, axis: str) -> bool:
    a = {c.address for c in left.clauses.values() if c.axis == axis}
    b = {c.address for c in right.clauses.values() if c.axis == axis}
    return a != b


def _merge(groups: list[frozenset[str]], legal: Callable[[frozenset[str]], bool]) -> tuple[list[frozenset[str]],
                                                                                         list[tuple[str, ...]]]:
    """Join axes that cannot stand alone until every mixture of groups is legal."""
    illegal: list[tuple[str, ...]] = []
    while len(groups) > 1:
        bad = None
        for size in range(1, len(groups)):
            for chosen in combinations(groups, size):
                axes = frozenset().union(*chosen)
                if not legal(axes):
                    illegal.append(tuple(sorted(axes)))
                    bad = chosen
                    break
            if bad is not None:
                break
        if bad is None:
            return groups, illegal
        inside = frozenset().union(*bad)
        partner = next(g for g in groups if g not in bad)
        for candidate in groups:
            if candidate not in bad and legal(inside | candidate):
                partner = candidate
                break
        groups = [g for g in groups if g not in bad and g != partner] + [inside | partner]
    return groups, illegal


def _part(name: str, axes: frozenset[str], effect: float, left: Rulebook, right: Rulebook) -> Part:
    titles = [AXES.get(a, Text(a, a)) for a in sorted(axes)]
    title = Text("、".join(t.zh for t in titles), ", ".join(t.en for t in titles))
    return Part(name, title, effect, *(tuple(c.address for c in b.clauses.values() if c.axis in axes)
                                       for b in (left, right)))


def _headline(book: Rulebook) -> Clause:
    found = next((c for c in book.of_kind("publish") if c.headline), None)
    if found is None:
        raise refuse("compare-headline", pack=book.pack.version)
    return found


def _evaluation(book: Rulebook, facts: Callable[[Rulebook], Facts], background: Callable[[str], Background]) -> Evaluation:
    gwp = book.clauses.get("gwp_set")
    chosen = str(gwp.value.data) if gwp is not None and gwp.value is not None else "AR6"
    return Evaluation(book, facts(book), background(chosen), Ledger())


def _total(book: Rulebook, facts: Callable[[Rulebook], Facts], background: Callable[[str], Background]) -> float:
    """The headline times what it is per: kgCO2e for the reference flow."""
    clause = _headline(book)
    evaluation = _evaluation(book, facts, background)
    value = evaluation.value(clause.of)
    per = evaluation.value(clause.per) if clause.per else None
    for one in (value, per):
        if one is not None and one.state != KNOWN:
            raise refuse("compare-missing", pack=book.pack.version, missing=", ".join(sorted(one.why)))
    return float(value.data) * (float(per.data) if per is not None else 1.0)


def _published(clause: Clause, evaluation: Evaluation) -> str:
    value = evaluation.value(clause.of).with_unit(clause.unit)
    return clause.rounding.text(value.number()) if clause.rounding is not None else f"{float(value.number()):.4g}"


def _reasons(first: Clause, second: Clause, left: Evaluation, right: Evaluation) -> tuple[Text, ...]:
    """Why two results must not be ranked against each other."""
    reasons = []
    if first.unit.text != second.unit.text or dict(left.rulebook.clauses[first.of].basis) != dict(
            right.rulebook.clauses[second.of].basis):
        reasons.append(Text(f"单位不同：{first.unit} 与 {second.unit}（基准不同）",
                            f"different units: {first.unit} and {second.unit} (or their bases)"))
    if fingerprint(first, left) != fingerprint(second, right):
        reasons.append(Text("方法指纹不同：规则、选项、GWP 或背景库不一致",
                            "different method fingerprints: rules, options, GWP set or libraries differ"))
    return tuple(reasons)
