"""`tanbiao study upgrade`: a study brought to the newest editions of its packs, and what that does to its result."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import Place, Problem, TanbiaoError, raise_errors, refuse
from ..standards import find_packs, resolve
from ..standards.pack import Pack
from ..study import read_study
from ..study.upgrade import with_packs
from .diff import Diff, diff_runs
from .files import write
from .places import Places
from .run import check_study, load

LOCK = "study.lock"


@dataclass(frozen=True, eq=False)
class Upgraded:
    """moves: pack as the study named it → its new edition; problems: what the new editions find missing or wrong;
    diff: clauses, data and results that moved, None where either side has no result."""

    moves: dict[str, str]
    problems: tuple[Problem, ...]
    diff: Diff | None

    def data(self) -> dict[str, Any]:
        return {
            "moves": self.moves,
            "problems": [p.data() for p in self.problems],
            "diff": self.diff.data() if self.diff is not None else None,
        }


def upgrade_study(old: Path, new: Path, places: Places, to: Sequence[str] = ()) -> Upgraded:
    """Write the study folder `old` into `new` under the newest edition of each of its packs, or under the editions
    named by `to`. Only the packs of study.yaml change and the lock is left behind; nothing is written where nothing
    moves.

    Refuses (`roll-folder`) a workbook, (`roll-target`) a target that is not empty, (`upgrade-pack`) an edition of a
    pack that the study does not hold.
    """
    if not (old / "study.yaml").is_file():
        raise refuse("roll-folder", Place(str(old)), folder=old)
    if new.exists() and (not new.is_dir() or any(new.iterdir())):
        raise refuse("roll-target", Place(str(new)), folder=new)
    study, problems = read_study(old)
    raise_errors(problems)
    moves = editions(study.packs, places, to)
    if not moves:
        return Upgraded({}, (), None)
    shutil.copytree(old, new, dirs_exist_ok=True, ignore=shutil.ignore_patterns(LOCK))
    write(new / "study.yaml", with_packs((old / "study.yaml").read_text(encoding="utf-8-sig"), moves))
    found, after = check_study(load(new, places))
    try:
        first = load(old, places)
        diff = diff_runs(first, first.run(), after) if after is not None else None
    except TanbiaoError:  # the old edition gives no result: there is nothing to compare with
        diff = None
    return Upgraded(moves, tuple(found), diff)


def editions(packs: Sequence[str], places: Places, to: Sequence[str] = ()) -> dict[str, str]:
    """Pack as the study names it → the edition that it moves to; packs that stay are left out."""
    named = {p.partition("@")[0]: p for p in to}
    strange = sorted(p for i, p in named.items() if i not in {q.partition("@")[0] for q in packs})
    if strange:
        raise refuse("upgrade-pack", Place("study.yaml", path="packs"), packs=", ".join(strange))
    known = sorted(n for n in find_packs(places.pack_roots) if "+" not in n)
    moves = {}
    for pack in packs:
        id_ = pack.partition("@")[0]
        if id_ in named:
            target = resolve(named[id_], places.pack_roots)[0].pack.name
        else:
            there = [resolve(n, places.pack_roots)[0].pack for n in known if n.partition("@")[0] == id_]
            target = max(there, key=_age).name if there else pack
        if target != pack.partition("+")[0]:
            moves[pack] = target
    return moves


def _age(pack: Pack) -> tuple[str, list[tuple[int, str]]]:
    """Newer is greater: by the day an edition was issued or published, then by the numbers in its name."""
    day = str(pack.dates.get("issued") or pack.dates.get("published") or "")
    parts = re.findall(r"\d+|\D+", pack.edition)
    return day, [(int(p), "") if p.isdigit() else (-1, p) for p in parts]


__all__ = ["Upgraded", "editions", "upgrade_study"]
