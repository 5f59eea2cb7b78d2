"""Sensitivity: what each choice, parameter, datum and background factor does to the headline, one at a time.

Choices are tried under each of their options. A parameter or factor is moved to its own low and high where it has them,
everything else by a tenth to either side; each swing says which. None of this is an interval of confidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..core.errors import refuse
from ..core.text import Text
from ..study import Study
from ..study.parameters import PARAMETER_TABLES, parameters
from .axes import AXES, axis_of
from .run import Evaluation
from .scenario import BASE, FACTOR, Bench, Case, Scenario

SPAN = 0.1
"""What has no bounds of its own is moved by a tenth to either side."""
OPTIONS = Text("各选项", "each option")
OWN = Text("自有上下限", "own bounds")
TENTH = Text("±10 %（没有区间）", "±10 %, no interval given")
LIBRARY = Text("背景库的上下限", "bounds of the library")


KINDS = {
    "choice": Text("选择", "choice"),
    "parameter": Text("参数", "parameter"),
    "datum": Text("数据", "datum"),
    "factor": Text("因子", "factor"),
}


@dataclass(frozen=True)
class Swing:
    """What the headline would be at the low and high end of one datum, or under the other options of one choice."""

    target: str
    name: Text
    kind: str
    """One of `KINDS`."""
    low: float
    high: float
    low_at: str
    high_at: str
    how: Text
    """How far it was moved, and on whose word."""

    @property
    def width(self) -> float:
        return abs(self.high - self.low)

    def data(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "name": self.name.data(),
            "kind": self.kind,
            "low": self.low,
            "high": self.high,
            "low_at": self.low_at,
            "high_at": self.high_at,
            "how": self.how.data(),
        }


def sensitivity(bench: Bench, study: Study, most: int = 15) -> tuple[float, list[Swing]]:
    """The base value, and every swing, the widest first. Data and factors are those behind the `most` largest
    contributions. Refuses where the study itself has no result (`scenario-value`) or a level (`scenario-level`)."""
    base = Case(study)
    told = bench.tell(base, Scenario(BASE, Text("", "")))
    if told.value is None and not told.missing:
        raise refuse("scenario-level", pack=told.pack, level=told.published)
    if told.value is None:
        raise refuse("scenario-value", scenario=BASE, missing=", ".join(told.missing))
    evaluation = bench.evaluation(base)
    found = [
        *_choices(bench, base, told.value, evaluation),
        *_parameters(bench, base),
        *_data(bench, base, evaluation, most),
        *_factors(bench, base, evaluation, most),
    ]
    return told.value, sorted(found, key=lambda s: (-s.width, s.target))


def _choices(bench: Bench, base: Case, value: float, evaluation: Evaluation) -> Iterator[Swing]:
    without = _unlinked(evaluation)
    for clause in bench.book.of_kind("choose"):
        evaluation.value(clause.name)
        decision = evaluation.decisions[clause.name]
        if len(clause.first) < 2 or not any(decision.option):
            continue
        values = {"/".join(sorted({o for o in decision.option if o})): value}
        for option in clause.first:
            case = Case(base.study, {clause.name: option.name})
            other = bench.number(case)
            if other is not None and _unlinked(bench.evaluation(case)) <= without:
                values.setdefault(option.name, other)
        least, greatest = (pick(values, key=lambda k: values[k]) for pick in (min, max))
        if values[greatest] != values[least]:
            name = AXES.get(axis_of(clause), clause.text)
            low, high = values[least], values[greatest]
            yield Swing(f"choice.{clause.name}", name, "choice", low, high, least, greatest, OPTIONS)


def _parameters(bench: Bench, base: Case) -> Iterator[Swing]:
    for (scope, name), parameter in parameters(base.study).items():
        if parameter.text.startswith("="):
            continue
        target = f"{scope}/{name}" if scope else name
        own = _bounds(base.study, scope, name)
        ends = own or _tenths(parameter.text)
        if ends:
            said = _called(bench, name)
            words = Text(f"参数：{said.zh}", f"parameter: {said.en}")
            yield from _swing(bench, base, target, words, "parameter", ends, OWN if own else TENTH)


def _called(bench: Bench, name: str) -> Text:
    """What the rulebook calls a parameter; its own name where no clause asks for it."""
    path = f"parameters.{name}"
    return next((c.text for c in bench.book.of_kind("given") if c.path == path), Text(name, name))


def _data(bench: Bench, base: Case, evaluation: Evaluation, most: int) -> Iterator[Swing]:
    exchange = base.study.tables.get("exchange")
    if exchange is None:
        return
    weight = _weights(evaluation, "fact")
    for row in [r for r in weight if r in exchange.ids][:most]:
        at = exchange.ids.index(row)
        cells = {c: exchange.columns[c][at] for c in exchange.columns}
        amount = cells["amount"].lstrip("= ")
        ends = (f"=({amount})*{1 - SPAN!r}", f"=({amount})*{1 + SPAN!r}")
        words = Text(cells.get("flow_zh") or cells["flow"], cells["flow"])
        yield from _swing(bench, base, f"exchange.{row}.amount", words, "datum", ends, TENTH)


def _factors(bench: Bench, base: Case, evaluation: Evaluation, most: int) -> Iterator[Swing]:
    """Each background factor alone, its supply chain untouched: one vector, scaled. A width that is only judged, since
    no publisher gives one, is no bound."""
    providers = evaluation.background.providers
    weight = [p for p in _weights(evaluation, "provider") if p in providers and providers[p].kind != "gas"]
    for id_ in weight[:most]:
        provider = providers[id_]
        total = float(provider.vector.sum())
        own = provider.facts.get("bounds") in ("solved", "published") and provider.low < provider.high
        low, high = (provider.low, provider.high) if own else (total * (1 - SPAN), total * (1 + SPAN))
        ends = (f"{low:.6g} kgCO2e/{provider.unit}", f"{high:.6g} kgCO2e/{provider.unit}")
        words = Text(f"因子：{provider.name.zh}", f"factor: {provider.name.en}")
        yield from _swing(bench, base, f"{FACTOR}{id_}", words, "factor", ends, LIBRARY if own else TENTH)


def _weights(evaluation: Evaluation, column: str) -> list[str]:
    """What stands behind the largest contributions in absolute terms, the largest first."""
    weight: dict[str, float] = {}
    columns = (evaluation.line_column(c).data for c in (column, "impact", "account"))
    for name, value, account in zip(*columns, strict=True):
        if account in ("total", "credit"):
            weight[str(name)] = weight.get(str(name), 0.0) + abs(float(value))
    return sorted(weight, key=lambda r: -weight[r])


def _unlinked(evaluation: Evaluation) -> int:
    """How many lines stand on no data: an option that takes a row's provider away is no option for these facts."""
    return int(sum(c == "none" for c in evaluation.line_column("coverage").data))


def _swing(
    bench: Bench, base: Case, target: str, name: Text, kind: str, ends: tuple[str, str], how: Text
) -> Iterator[Swing]:
    values = []
    for text in ends:
        moved = base.moved(target, text)
        value = bench.number(moved) if moved is not None else None
        if value is None:
            return
        values.append(value)
    if values[0] != values[1]:
        (low, at_low), (high, at_high) = sorted(zip(values, ends, strict=True))
        yield Swing(target, name, kind, low, high, at_low, at_high, how)


def _bounds(study: Study, scope: str, name: str) -> tuple[str, str] | None:
    for table_name in PARAMETER_TABLES:
        table = study.tables.get(table_name)
        for row in table.rows() if table is not None else ():
            if (
                (row.get("scope", ""), row.get("name") or row["id"]) == (scope, name)
                and row.get("low")
                and row.get("high")
            ):
                return row["low"], row["high"]
    return None


def _tenths(text: str) -> tuple[str, str] | None:
    amount, _, rest = text.partition(" ")
    try:
        value = float(amount)
    except ValueError:
        return None
    low, high = (f"{value * (1 + s):.12g} {rest}".strip() for s in (-SPAN, SPAN))
    return low, high


def difference_along(
    bench: Bench, study: Study, target: str, unit: str, goal: Callable[[Case], float]
) -> Callable[[float], float]:
    """How far the headline stands above `goal` when a target takes a value; nan where either has no result."""

    def difference(x: float) -> float:
        moved = Case(study).moved(target, f"{x!r} {unit}".strip())
        if moved is None:
            raise refuse("scenario-target", scenario="breakeven", target=target)
        value = bench.number(moved)
        return (float("nan") if value is None else value) - goal(moved)

    return difference


__all__ = ["KINDS", "SPAN", "Swing", "difference_along", "sensitivity"]
