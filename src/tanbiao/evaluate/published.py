"""Somebody else's number beside ours: a published footprint or declaration, stage by stage, in its own unit.

What stands in the way of a comparison is named, never smoothed over: boundary, unit, GWP set, rules that are not
stated. The published stages are matched to ours by neutral step tags (material, component, assembly …).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.text import Text
from .axes import gwp_of
from .comparison import Side

STEPS: Mapping[str, Text] = {
    "material": Text("原材料", "materials"),
    "component": Text("部件", "components"),
    "assembly": Text("生产", "assembly"),
    "distribution": Text("分销", "distribution"),
    "installation": Text("安装", "installation"),
    "use": Text("使用", "use"),
    "end_of_life": Text("生命末期", "end of life"),
}
STATED = {
    "gwp": Text("GWP 版本", "GWP set"),
    "allocation": Text("分配", "allocation"),
    "recycling": Text("回收", "recycling"),
    "electricity": Text("电力", "electricity"),
    "cut_off": Text("取舍", "cut-off"),
    "database": Text("背景库", "database"),
}
"""What a published number must state before anyone can compare it."""


@dataclass(frozen=True)
class PublishedStage:
    """A stage of the published result and the step tags it stands for."""

    name: Text
    value: float | None
    steps: tuple[str, ...]


@dataclass(frozen=True)
class PublishedResult:
    """A result as its publisher prints it."""

    title: str
    source: str
    value: float | None
    unit: str
    basis: str
    stages: tuple[PublishedStage, ...]
    steps: tuple[str, ...]
    """Step tags inside its boundary."""
    method: Mapping[str, str]
    rules: str = ""
    verification: str = ""
    period: tuple[str, str] = ("", "")
    """First and last day of its data, ISO dates."""
    beyond: float | None = None
    """Credits beyond the boundary (module D of EN 15804): printed apart, in no total."""


@dataclass(frozen=True)
class BesideRow:
    """One stage: theirs, ours, the difference (ours minus theirs)."""

    name: Text
    theirs: float | None
    ours: float | None

    @property
    def difference(self) -> float | None:
        return None if self.theirs is None or self.ours is None else self.ours - self.theirs


@dataclass(frozen=True)
class Beside:
    """A published result and ours in one unit, by stage, and what is not comparable."""

    title: str
    source: str
    pack: str
    unit: str
    rows: tuple[BesideRow, ...]
    reasons: tuple[Text, ...]

    def data(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "source": self.source,
            "pack": self.pack,
            "unit": self.unit,
            "rows": [
                {"name": r.name.data(), "theirs": r.theirs, "ours": r.ours, "difference": r.difference}
                for r in self.rows
            ],
            "comparable": not self.reasons,
            "reasons": [r.data() for r in self.reasons],
        }


def beside(
    theirs: PublishedResult,
    side: Side,
    per: float | None,
    ours_basis: str,
    period: tuple[str, str] = ("", ""),
) -> Beside:
    """Ours is the sum of lines by step tag, divided by `per`, the amount of their unit in our reference flow; where no
    fact gives it (None) ours stays open and the unit is named. period: first and last day of our data."""
    steps = _by_step(side)

    def ours_of(values: list[float]) -> float | None:
        return sum(values) / per if values and per else None

    rows = []
    for stage in theirs.stages:
        rows.append(
            BesideRow(stage.name, stage.value, ours_of([steps[s] for s in stage.steps if s in steps]))
        )
    told = {s for stage in theirs.stages for s in stage.steps} | set(theirs.steps)
    inside = {s for s in steps if s in told} if told else set(steps)
    for step in steps:
        if step not in {s for stage in theirs.stages for s in stage.steps} and theirs.stages:
            rows.append(
                BesideRow(
                    Text(
                        f"{_step(step).zh}（公布结果没有）", f"{_step(step).en} (not in the published result)"
                    ),
                    None,
                    ours_of([steps[step]]),
                )
            )
    ours = ours_of([steps[s] for s in inside])
    rows.append(BesideRow(Text("同一边界内合计", "total inside the shared boundary"), theirs.value, ours))
    return Beside(
        theirs.title,
        theirs.source,
        side.name,
        theirs.unit,
        tuple(rows),
        tuple(_reasons(theirs, side, steps, per, ours_basis, period)),
    )


def _step(step: str) -> Text:
    return STEPS.get(step, Text(step, step))


def _by_step(side: Side) -> dict[str, float]:
    """Our total by step tag, what the rulebook leaves outside left out."""
    solved = side.result.evaluation.solved
    found: dict[str, float] = {}
    if solved is None:
        return found
    impact = side.result.evaluation.line_column("impact").data
    account = side.result.evaluation.line_column("account").data
    for step, value, kept in zip(solved.lines.step, impact, account, strict=True):
        if kept in ("total", "credit"):
            found[step] = found.get(step, 0.0) + float(value)
    return {s: found[s] for s in [*STEPS, *sorted(set(found) - set(STEPS))] if s in found}


def _reasons(
    theirs: PublishedResult,
    side: Side,
    steps: Mapping[str, float],
    per: float | None,
    ours_basis: str,
    period: tuple[str, str],
) -> Sequence[Text]:
    reasons = []
    if per is None:
        reasons.append(
            Text(
                f"单位：公布结果为 {theirs.unit}，本研究没有可换算的量（--per 指定参数）",
                f"unit: published {theirs.unit}, and no fact of ours converts to it (--per names a parameter)",
            )
        )
    if side.total.value is None:
        reasons.append(Text(f"本研究在 {side.name} 下没有结果", f"ours has no result under {side.name}"))
    if theirs.steps:
        more = [s for s in steps if s not in theirs.steps]
        less = [s for s in theirs.steps if s not in steps]
        if more:
            reasons.append(
                Text(
                    f"边界：公布结果不含 {'、'.join(_step(s).zh for s in more)}",
                    f"boundary: the published result leaves out {', '.join(_step(s).en for s in more)}",
                )
            )
        if less:
            reasons.append(
                Text(
                    f"边界：本研究不含 {'、'.join(_step(s).zh for s in less)}",
                    f"boundary: ours leaves out {', '.join(_step(s).en for s in less)}",
                )
            )
    else:
        reasons.append(Text("边界：公布结果没有写明", "boundary: the published result does not state it"))
    if theirs.basis != ours_basis:
        reasons.append(
            Text(
                f"单位的基准：公布结果为 {theirs.basis or '未写明'}，本研究为 {ours_basis or '未写明'}",
                f"basis of the unit: published {theirs.basis or 'not stated'}, ours {ours_basis or 'not stated'}",
            )
        )
    for key, name in STATED.items():
        said = theirs.method.get(key, "")
        mine = gwp_of(side.rulebook) if key == "gwp" else ", ".join(side.options(key))
        if not said:
            reasons.append(
                Text(f"{name.zh}：公布结果没有写明", f"{name.en}: the published result does not state it")
            )
        elif mine and said not in (mine, *side.options(key)):
            reasons.append(
                Text(
                    f"{name.zh}：公布结果为 {said}，本研究为 {mine}",
                    f"{name.en}: published {said}, ours {mine}",
                )
            )
    if theirs.beyond is not None:
        reasons.append(
            Text(
                f"边界外的收益（模块 D）{theirs.beyond:.4g} 不在合计内",
                f"credits beyond the boundary (module D), {theirs.beyond:.4g}, are in no total",
            )
        )
    if all(theirs.period) and all(period) and theirs.period != period:
        reasons.append(
            Text(
                f"数据期：公布结果 {' 至 '.join(theirs.period)}，本研究 {' 至 '.join(period)}",
                f"period: published {' to '.join(theirs.period)}, ours {' to '.join(period)}",
            )
        )
    if theirs.rules and side.rulebook.pack.name != theirs.rules:
        reasons.append(
            Text(
                f"规则：公布结果按 {theirs.rules}，本研究按 {side.name}",
                f"rules: published under {theirs.rules}, ours under {side.name}",
            )
        )
    if not theirs.verification:
        reasons.append(Text("核证：公布结果没有写明", "verification: the published result does not state it"))
    total = sum(s.value for s in theirs.stages if s.value is not None)
    if theirs.stages and theirs.value is not None and abs(total - theirs.value) > 0.005 * abs(theirs.value):
        reasons.append(
            Text(
                f"公布结果自相矛盾：各阶段之和 {total:.4g}，合计 {theirs.value:.4g}",
                f"the published result contradicts itself: its stages sum to {total:.4g}, "
                f"its total says {theirs.value:.4g}",
            )
        )
    return reasons


__all__ = ["STATED", "STEPS", "Beside", "BesideRow", "PublishedResult", "PublishedStage", "beside"]
