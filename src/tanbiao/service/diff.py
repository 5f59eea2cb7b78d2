"""What changed between two studies (or a bundle and a study), and what each change did to the headlines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..core.errors import LANGS, TanbiaoError
from ..core.text import Text
from ..evaluate import Background
from ..evaluate.background import from_library, with_impacts
from ..evaluate.difference import Change, applied, library_changes, rule_changes, study_changes
from ..evaluate.results import Result
from ..evaluate.years import Explained, Year, explain_years
from ..present import figures
from ..present.comparison import years_page, years_waterfall
from ..study import Study
from .files import json_text, write
from .inputs import asked_tables, facts_by
from .run import LoadedStudy, Run, run_study

MOST_EFFECTS = 25
"""Effects are computed one at a time for at most this many changed cells."""


@dataclass(frozen=True)
class Moved:
    """A published quantity before and after."""

    pack: str
    name: str
    unit: str
    before: float | None
    after: float | None

    @property
    def difference(self) -> float | None:
        return None if self.before is None or self.after is None else self.after - self.before

    def data(self) -> dict[str, Any]:
        return {
            "pack": self.pack,
            "name": self.name,
            "unit": self.unit,
            "before": self.before,
            "after": self.after,
            "difference": self.difference,
        }


@dataclass(frozen=True)
class Diff:
    """Changes, the quantities they moved, and for changed cells the effect of each alone on the first headline."""

    old_root: str
    new_root: str
    changes: tuple[Change, ...]
    moved: tuple[Moved, ...]
    effects: dict[str, float]
    explained: Explained | None = None
    """The first headline that both have, its change by data, factor and method."""
    unexplained: Text | None = None
    """Why there is none."""

    @property
    def same(self) -> bool:
        return self.old_root == self.new_root

    def data(self) -> dict[str, Any]:
        return {
            "same": self.same,
            "old_root": self.old_root,
            "new_root": self.new_root,
            "changes": [c.data() | {"effect": self.effects.get(c.what)} for c in self.changes],
            "moved": [m.data() for m in self.moved],
            "explained": self.explained.data() if self.explained is not None else None,
            "unexplained": self.unexplained.data() if self.unexplained is not None else None,
        }


def diff_runs(old: LoadedStudy, old_run: Run, new_run: Run) -> Diff:
    """Compare two runs; the old study is run again with each changed cell alone."""
    changes = study_changes(old_run.study, new_run.study)
    before = {r.rulebook.pack.id: r for r in old_run.results}
    after = {r.rulebook.pack.id: r for r in new_run.results}
    for name in sorted({*before} & {*after}):
        changes += rule_changes(before[name].rulebook, after[name].rulebook)
    changes += library_changes(_backgrounds(old_run), _backgrounds(new_run))
    changes = list(dict.fromkeys(changes))
    moved = []
    for name in dict.fromkeys([*before, *after]):
        a = {(p.name, p.unit): p for p in before[name].published} if name in before else {}
        b = {(p.name, p.unit): p for p in after[name].published} if name in after else {}
        pack = (after.get(name) or before[name]).rulebook.pack.name
        for quantity, unit in dict.fromkeys([*a, *b]):
            x, y = a.get((quantity, unit)), b.get((quantity, unit))
            moved.append(Moved(pack, quantity, unit, _number(x), _number(y)))
    return Diff(
        old_run.ledger.root,
        new_run.ledger.root,
        tuple(changes),
        tuple(moved),
        _effects(old, old_run, changes),
        *_explained(old_run, new_run),
    )


def write_diff(found: Diff, study: Study, folder: Path) -> list[Path]:
    """The page and the waterfall of two years in zh and en, and the data."""
    paths = []
    if found.explained is not None:
        for lang in LANGS:
            title = study.at(f"title.{lang}") or study.id
            paths.append(
                write(folder / f"{study.id}.years.{lang}.html", years_page(str(title), found.explained, lang))
            )
            paths.append(
                write(
                    folder / f"{study.id}.years.{lang}.svg",
                    figures.svg(years_waterfall(found.explained, lang, str(title))),
                )
            )
    return [*paths, write(folder / f"{study.id}.diff.json", json_text(found.data()))]


def _explained(old: Run, new: Run) -> tuple[Explained | None, Text | None]:
    """By data, factor and method, for the first pack (of any edition) under which both have a headline; or why not."""
    before = {r.rulebook.pack.id: r for r in old.results if _has_value(r)}
    after = next((r for r in new.results if _has_value(r) and r.rulebook.pack.id in before), None)
    if after is None:
        return None, Text("没有一个标准包在两边都给出数值", "there is no pack under which both have a value")
    first = before[after.rulebook.pack.id]
    facts = facts_by(asked_tables(r.rulebook for run in (old, new) for r in run.results))
    try:
        found = explain_years(
            Year(old.study, first.rulebook, _background(old, first)),
            Year(new.study, after.rulebook, _background(new, after)),
            facts,
        )
    except (
        TanbiaoError
    ) as error:  # a mixture of the two cannot be evaluated; the changes are listed all the same
        problem = error.problems[0]
        return None, Text(
            f"两边的数据不能合在一起计算：{problem.part('what', 'zh')}",
            f"data of both sides cannot stand together: {problem.part('what', 'en')}",
        )
    return found, None


def _backgrounds(run: Run) -> dict[str, str]:
    """Digests of the libraries and of the impact method that a run rests on."""
    found = {f"{p.id}@{p.version}": p.digest for p in run.parts}
    return found | ({"impact_method": run.impacts.digest} if run.impacts is not None else {})


def _has_value(result: Result) -> bool:
    return result.headline is not None and isinstance(result.headline.value, float)


def _background(run: Run, result: Result) -> Callable[[str], Background]:
    def other(gwp: str) -> Background:
        assert run.library is not None
        return with_impacts(from_library(run.library, gwp), run.impacts)

    @cache
    def background(gwp: str) -> Background:
        known = result.evaluation.background
        return known if known.gwp == gwp or run.library is None else other(gwp)

    return background


def _number(published: Any) -> float | None:
    return published.value if published is not None and isinstance(published.value, float) else None


def _effects(old: LoadedStudy, old_run: Run, changes: list[Change]) -> dict[str, float]:
    cells = [c for c in changes if c.kind == "datum" and c.table]
    base = _headline(old_run)
    if base is None or len(cells) > MOST_EFFECTS:
        return {}
    effects = {}
    for change in cells:
        study = applied(old_run.study, change)
        if study is None:
            continue
        try:
            value = _headline(
                run_study(
                    LoadedStudy(study, (), old.places), [r.rulebook.pack.version for r in old_run.results][:1]
                )
            )
        except TanbiaoError:
            continue
        if value is not None:
            effects[change.what] = value - base
    return effects


def _headline(run: Run) -> float | None:
    for result in run.results:
        headline = result.headline
        if headline is not None and isinstance(headline.value, float):
            return headline.value
    return None
