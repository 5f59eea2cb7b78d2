"""`tanbiao study roll`, `tanbiao study confirm`: carry a study forward, confirm what still holds."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..core.errors import Place, refuse
from ..study import read_study
from ..study.roll import STALE, confirmed_table, rolled_head, stale_data, stale_table
from .files import write

LEFT_BEHIND = ("expected.yaml", "study.lock", f"{STALE}.csv")


def roll_study(old: Path, new: Path, as_of: str) -> int:
    """Copy the study folder `old` to `new`, dated `as_of`, every datum marked stale. Returns how many are.

    Refuses (`roll-folder`) a workbook, and a target that is not empty.
    """
    if not (old / "study.yaml").is_file():
        raise refuse("roll-folder", Place(str(old)), folder=old)
    if new.exists() and (not new.is_dir() or any(new.iterdir())):
        raise refuse("roll-target", Place(str(new)), folder=new)
    study, _ = read_study(old)
    shutil.copytree(old, new, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    text = (old / "study.yaml").read_text(encoding="utf-8-sig")
    write(new / "study.yaml", rolled_head(text, study, as_of))
    rolled, _ = read_study(new)
    write(new / f"{STALE}.csv", stale_table(rolled))
    rolled, _ = read_study(new)
    return len(stale_data(rolled))


def confirm_data(folder: Path, rows: list[str], word: str) -> int:
    """Confirm rows (`exchange x01`, `x01`; none means all) as still true. Returns how many data stay stale.

    Refuses (`roll-marks`) a study without marks.
    """
    study, _ = read_study(folder)
    marks = study.tables.get(STALE)
    if marks is None:
        raise refuse("roll-marks", Place(str(folder)), folder=folder)
    known = {r["row"] for r in marks.rows()} | {f"{r['table']} {r['row']}" for r in marks.rows()}
    unknown = [r for r in rows if r not in known]
    if unknown:
        raise refuse("roll-row", Place(f"{STALE}.csv"), rows=", ".join(unknown))
    write(folder / f"{STALE}.csv", confirmed_table(marks, set(rows) or None, word))
    again, _ = read_study(folder)
    return len(stale_data(again))
