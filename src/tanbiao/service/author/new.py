"""A pack author's path: one workbook (a row for each indicator) becomes a linted pack. What is written is an ordinary
pack: it can be read, changed and tested like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import Problem, raise_errors
from ...standards import resolve
from ...standards.lint import lint
from ..files import write
from .checks import check_form
from .form import read_form
from .pack import pack_files


@dataclass(frozen=True)
class Authored:
    """A pack that was written: its folder, its name, and what lint says of it."""

    folder: Path
    name: str
    problems: tuple[Problem, ...]


def new_pack(source: Path, out: Path, roots: Sequence[Path] = ()) -> Authored:
    """Read a form, check it, write the pack below `out`, and lint it among the packs of `roots`.

    Raises `TanbiaoError` with every problem of the form; warnings are returned with the result of lint.
    """
    form = read_form(source)
    found = check_form(form)
    raise_errors(found)
    id_, edition = form.pack["id"], form.pack["edition"]
    folder = out.joinpath(*id_.split(".", 1), edition)
    for name, text in pack_files(form).items():
        write(folder / name, text)
    rulebook, warnings = resolve(f"{id_}@{edition}", [out, *roots])
    return Authored(folder, f"{id_}@{edition}", (*found, *warnings, *lint(rulebook)))
