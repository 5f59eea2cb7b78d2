"""What a comparison finds: the sides, the parts of the difference, and why the results must not be ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..core.errors import refuse
from ..core.text import Text
from ..standards.clause import Clause
from ..standards.resolve import Rulebook
from .axes import rules_of
from .mixture import CO2E_UNIT
from .publish import fingerprint
from .results import Published, Result


@dataclass(frozen=True)
class Outcome:
    """The total of a mixture in `unit`, or what it lacks: a footprint in kgCO2e for the reference flow, any other
    quantity in the unit of its headline; a headline that is no number (a level) has no unit and no value."""

    value: float | None
    missing: tuple[str, ...] = ()
    unit: str | None = CO2E_UNIT


@dataclass(frozen=True)
class Part:
    """What one choice does to the result, and the clauses of both sides that make it.

    effect: exact, in the unit of the comparison; None where the choice leaves a side without a result, and
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
    """The difference between two rulebooks over one set of facts, in `unit`: kgCO2e for the reference flow, or the unit
    of both headlines where they are no footprints; "" where one cannot be taken from the other.

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
    titles: tuple[Text, Text]
    """What the packs of both sides are called."""
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
            "titles": [t.data() for t in self.titles],
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

    @property
    def basis(self) -> Mapping[str, str]:
        """The basis of the headline's quantity."""
        return dict(self.rulebook.clauses[self.headline.of].basis)

    def measures_as(self, other: Side) -> bool:
        """Whether one total can be taken from the other: both footprints, or one unit on one basis."""
        if self.total.unit is None or self.total.unit != other.total.unit:
            return False
        return self.total.unit == CO2E_UNIT or self.basis == other.basis

    def rules(self, axis: str) -> tuple[Clause, ...]:
        """The clauses of an axis."""
        return rules_of(self.rulebook, axis)

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


def measured(side: Side, other: Side) -> str:
    """The unit of a headline, with its basis where the unit alone does not tell it from the other."""
    unit = side.headline.unit.text or "1"
    if side.headline.unit.text != other.headline.unit.text:
        return unit
    return f"{unit} ({', '.join(f'{k}: {v}' for k, v in side.basis.items()) or '—'})"


def reasons_of(left: Side, right: Side) -> tuple[Text, ...]:
    """Why two results must not be ranked against each other."""
    first, second = left.headline, right.headline
    reasons = []
    for side in (left, right):
        if side.total.unit is None:
            reasons.append(
                Text(
                    f"{side.name} 公布的是等级（{side.published.published}），不是数量",
                    f"{side.name} publishes a level ({side.published.published}), not a quantity",
                )
            )
        elif side.total.value is None:
            reasons.append(
                Text(
                    f"{side.name} 没有结果：{', '.join(side.total.missing)}",
                    f"no result under {side.name}: {', '.join(side.total.missing)}",
                )
            )
    if first.unit.text != second.unit.text or left.basis != right.basis:
        reasons.append(
            Text(
                f"单位或其基准不同：{measured(left, right)} 与 {measured(right, left)}",
                f"different units or bases: {measured(left, right)} and {measured(right, left)}",
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
    return sorted(rows, key=lambda r: float(r[1].value or 0))
