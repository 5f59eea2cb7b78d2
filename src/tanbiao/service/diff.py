"""What changed between two studies (or a bundle and a study), and what each change did to the headlines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..core.errors import TanbiaoError
from ..evaluate.difference import Change, applied, library_changes, rule_changes, study_changes
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
        return {"pack": self.pack, "name": self.name, "unit": self.unit, "before": self.before, "after": self.after,
                "difference": self.difference}


@dataclass(frozen=True)
class Diff:
    """Changes, the quantities they moved, and for changed cells the effect of each alone on the first headline."""

    old_root: str
    new_root: str
    changes: tuple[Change, ...]
    moved: tuple[Moved, ...]
    effects: dict[str, float]

    @property
    def same(self) -> bool:
        return self.old_root == self.new_root

    def data(self) -> dict[str, Any]:
        return {"same": self.same, "old_root": self.old_root, "new_root": self.new_root,
                "changes": [c.data() | {"effect": self.effects.get(c.what)} for c in self.changes],
                "moved": [m.data() for m in self.moved]}


def diff_runs(old: LoadedStudy, old_run: Run, new_run: Run) -> Diff:
    """Compare two runs; the old study is run again with each changed cell alone."""
    changes = study_changes(old_run.study, new_run.study)
    before = {r.rulebook.pack.name: r for r in old_run.results}
    after = {r.rulebook.pack.name: r for r in new_run.results}
    for name in sorted({*before} & {*after}):
        changes += rule_changes(before[name].rulebook, after[name].rulebook)
    changes += library_changes({f"{p.id}@{p.version}": p.digest for p in old_run.parts},
                               {f"{p.id}@{p.version}": p.digest for p in new_run.parts})
    changes = list(dict.fromkeys(changes))
    moved = []
    for name in dict.fromkeys([*before, *after]):
        a = {p.clause: p for p in before[name].published} if name in before else {}
        b = {p.clause: p for p in after[name].published} if name in after else {}
        for clause in dict.fromkeys([*a, *b]):
            x, y = a.get(clause), b.get(clause)
            shown = y or x
            assert shown is not None
            moved.append(Moved(name, shown.name, shown.unit, _number(x), _number(y)))
    return Diff(old_run.ledger.root, new_run.ledger.root, tuple(changes), tuple(moved),
                _effects(old, old_run, changes))


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
            value = _headline(run_study(LoadedStudy(study, (), old.places), [r.rulebook.pack.version
                                                                           for r in old_run.results][:1]))
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
