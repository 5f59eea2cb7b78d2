"""Scenarios, variants, sensitivity and breakeven of a study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..core.errors import LANGS, raise_errors, refuse
from ..core.text import Text
from ..evaluate.axes import headline_of
from ..evaluate.scenario import BASE, Bench, Case, Scenario, Told, changed, scenarios_of
from ..evaluate.sensitivity import Swing, difference_along, sensitivity
from ..numerics.lca.breakeven import breakeven
from ..present import figures
from ..present.comparison import marked
from ..standards import resolve
from ..study import Study
from .files import json_text, write
from .impact_method import impacts_of
from .inputs import asked_tables, backgrounds, facts_by
from .run import LoadedStudy

VARIANTS, SCENARIOS = ("variants", "variant"), ("scenarios", "scenario")


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """The base value of the headline and the swing of each choice and datum, the widest first."""

    pack: str
    unit: str
    base: float
    swings: tuple[Swing, ...]

    def data(self) -> dict[str, Any]:
        return {
            "pack": self.pack,
            "unit": self.unit,
            "base": self.base,
            "swings": [s.data() for s in self.swings],
        }


@dataclass(frozen=True)
class Even:
    """The values of a target at which the headline meets a goal, or another pack's."""

    target: str
    unit: str
    values: tuple[float, ...]
    goal: str
    lower_below: bool
    """Whether the headline stays below the goal at the low end."""

    def data(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "unit": self.unit,
            "values": list(self.values),
            "goal": self.goal,
            "lower_below": self.lower_below,
        }


class Workbench:
    """The benches of a study, one for each pack, over one library."""

    def __init__(self, loaded: LoadedStudy) -> None:
        raise_errors(loaded.problems)
        self.loaded = loaded
        study, places = loaded.study, loaded.places
        self.library = places.library(study.libraries or ("open-2026",), study.path)
        self.facts = facts_by(asked_tables(resolve(p, places.pack_roots)[0] for p in study.packs))
        self.background = backgrounds(self.library, impacts_of(study, self.library, places))
        self.bench = cache(self._bench)

    def _bench(self, pack: str) -> Bench:
        return Bench(resolve(pack, self.loaded.places.pack_roots)[0], self.facts, self.background)


def run_scenarios(loaded: LoadedStudy, pack: str = "", names: tuple[str, ...] = SCENARIOS) -> list[Told]:
    """Scenario zero and every row of the table. Raises `TanbiaoError` for targets that do not exist."""
    work = Workbench(loaded)
    told = []
    for scenario in scenarios_of(loaded.study, *names):
        case = changed(loaded.study, scenario)
        told.append(work.bench(case.pack or pack or loaded.study.packs[0]).tell(case, scenario))
    return told


def run_sensitivity(loaded: LoadedStudy, pack: str = "", most: int = 15) -> Sensitivity:
    """What each choice, parameter, large datum and background factor does to the headline."""
    bench = Workbench(loaded).bench(pack or loaded.study.packs[0])
    base, swings = sensitivity(bench, loaded.study, most)
    told = bench.tell(Case(loaded.study), Scenario(BASE, Text("", "")))
    return Sensitivity(told.pack, told.unit, base, tuple(swings))


def run_breakeven(
    loaded: LoadedStudy,
    target: str,
    low: float,
    high: float,
    unit: str = "",
    goal: float | None = None,
    pack: str = "",
    other: str = "",
) -> Even:
    """Where the headline meets `goal`, or what the study comes to under the pack `other`. Refuses (`comparison-unit`)
    another pack whose headline stands in another unit."""
    if not low < high:
        raise refuse("trace-range", low=str(low), high=str(high))
    work = Workbench(loaded)
    bench = work.bench(pack or loaded.study.packs[0])
    if Case(loaded.study).moved(target, f"{low!r} {unit}".strip()) is None:
        raise refuse("scenario-target", scenario="breakeven", target=target)
    if goal is not None:
        fixed = goal
        against: Callable[[Case], float] = lambda case: fixed  # noqa: E731
    else:
        second = work.bench(other)
        units = {headline_of(b.book).unit.text for b in (bench, second)}
        if len(units) > 1:
            raise refuse("comparison-unit", units=", ".join(sorted(units)))

        def against(case: Case) -> float:
            value = second.number(case)
            return float("nan") if value is None else value

    found = breakeven(difference_along(bench, loaded.study, target, unit, against), low, high, steps=16)
    return Even(
        target, unit, found.values, str(goal) if goal is not None else other, found.better_below == "A"
    )


def write_sensitivity(found: Sensitivity, study: Study, folder: Path, most: int = 12) -> list[Path]:
    """The tornado in zh and en, and the data."""
    rows = [(_labelled(s), s.low, s.high) for s in found.swings[:most]]
    title = marked(
        Text("各选择、数据与因子的敏感性", "sensitivity of each choice, datum and factor"), study.constructed
    )
    paths = [
        write(
            folder / f"{study.id}.tornado.{lang}.svg",
            figures.svg(
                figures.tornado(
                    rows, found.base, found.unit, lang, title, study.at(f"product.name.{lang}") or study.id
                )
            ),
        )
        for lang in LANGS
    ]
    return [*paths, write(folder / f"{study.id}.sensitivity.json", json_text(found.data()))]


def _labelled(swing: Swing) -> Text:
    """The name of a bar with how far its datum was moved."""
    return Text(f"{swing.name.zh} · {swing.how.zh}", f"{swing.name.en} · {swing.how.en}")


def write_scenarios(told: list[Told], study: Study, folder: Path, name: str = "scenarios") -> list[Path]:
    """The table of scenarios as JSON; for variants one declaration of the value per model and plant."""
    paths = [write(folder / f"{study.id}.{name}.json", json_text([t.data() for t in told]))]
    for one in told:
        if one.scenario.model:
            where = f"-{one.scenario.plant}" if one.scenario.plant else ""
            content = one.data() | {"study": study.id, "constructed": study.constructed}
            paths.append(
                write(folder / "declarations" / f"{one.scenario.model}{where}.json", json_text(content))
            )
    return paths
