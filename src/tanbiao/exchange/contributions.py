"""Another tool's contribution table beside our contributions, line by line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import Place, Problem, TanbiaoError
from ..core.numbers import fast_number
from .bom.sheet import TOTAL
from .candidates import Index, Named
from .spreadsheet import Rows, plain_number, sheets_of

_SHARE = re.compile(r"%|share|占比|份额|比例|贡献率", re.IGNORECASE)
_UNIT = re.compile(r"\b(mg|g|kg|t)\s*(?:-|\s)?\s*co[2₂]", re.IGNORECASE)
_KILOGRAMS = {"mg": 1e-6, "g": 1e-3, "kg": 1.0, "t": 1e3}
Ours = tuple[tuple[str, ...], float]
"""A contribution of ours under its names (the first is shown), in kgCO2e."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One line of the comparison with another tool: theirs, ours, and the difference (kgCO2e); `matched` says by what
    the two were put together: `name`, `score 0.81`, or empty where one side has nothing."""

    theirs: str
    ours: str
    their_value: float
    our_value: float
    matched: str

    @property
    def difference(self) -> float:
        return self.our_value - self.their_value


@dataclass(frozen=True)
class Contributions:
    """Another tool's table: names and values (kgCO2e); total where the table prints one."""

    rows: tuple[tuple[str, float], ...]
    total: float | None
    problems: tuple[Problem, ...] = ()


def read_contributions(path: Path) -> Contributions:
    """A contribution table, CSV or workbook, whatever its columns are called: names stand in the column with most
    words, values in the first column of numbers that are no shares. Totals are no contributions. g and t of CO2e, in a
    heading or a unit column, become kg; rows without a number are problems.

    Refuses (`exchange-gap-table`, `exchange-encoding`, `workbook-unreadable`).
    """
    problems: list[Problem] = []
    for label, rows in sheets_of(path, problems, lambda cells: len(cells) > 1):
        columns = _columns(rows)
        if columns is not None:
            return _read(label, rows, *columns, problems)
    if not any(p.code == "workbook-unreadable" for p in problems):
        problems.append(Problem("exchange-gap-table", Place(path.name)))
    raise TanbiaoError(problems)


def _read(label: str, rows: Rows, name: int, value: int, problems: list[Problem]) -> Contributions:
    found: list[tuple[str, float]] = []
    total: float | None = None
    begun, scale = False, 1.0
    for n, cells in rows:
        cells = [*cells, *[""] * (1 + max(name, value) - len(cells))]
        number = _number(cells[value])
        unit = _UNIT.search(" ".join(c for c in cells if _number(c) is None))
        if unit and not (begun and number is None):
            scale = _KILOGRAMS[unit.group(1).lower()]
        if number is None:
            if begun and cells[name].strip():
                problems.append(
                    Problem("number-expected", Place(label, n), {"text": cells[value][:60]}, level="warning")
                )
            continue
        begun = True
        if any(TOTAL.fullmatch(c.strip()) for c in cells):
            total = number * scale
        elif cells[name].strip():
            found.append((cells[name].strip(), number * scale))
    return Contributions(tuple(found), total, tuple(problems))


def _columns(rows: Rows) -> tuple[int, int] | None:
    """The columns of names and of values; None where there are none."""
    width = max((len(cells) for _, cells in rows), default=0)
    columns = [[cells[k].strip() if k < len(cells) else "" for _, cells in rows] for k in range(width)]
    texts = [
        len({c for c in column if c and _number(c) is None and "%" not in c and not _UNIT.search(c)})
        for column in columns
    ]
    numbers = [sum(_number(c) is not None for c in column) for column in columns]
    heads = [" ".join(c for c in column[:3] if _number(c) is None) for column in columns]
    valued = [k for k in range(width) if numbers[k] and not _SHARE.search(heads[k])]
    if not valued or not any(texts):
        return None
    most = max(numbers[k] for k in valued)
    name = max(range(width), key=lambda k: (texts[k], -k))
    value = next((k for k in valued if 2 * numbers[k] > most and k != name), None)
    return None if value is None else (name, value)


def _number(text: str) -> float | None:
    try:
        return fast_number(plain_number(text.strip()))
    except ValueError:
        return None


def explain_gap(theirs: Sequence[tuple[str, float]], ours: Sequence[Ours], least: float = 0.55) -> list[Gap]:
    """Put the lines of two contribution tables together, each at most once, by name then by score; what is left stands
    alone. The differences add up to the gap of the totals."""
    index = Index([Named(str(k), names, "") for k, (names, _) in enumerate(ours)])
    free = set(range(len(ours)))
    pairs: list[tuple[float, int, int]] = []
    for k, (name, _) in enumerate(theirs):
        pairs += [(c.score, k, int(c.id)) for c in index.ask([name], limit=5) if c.score >= least]
    taken: dict[int, tuple[int, float]] = {}
    for score, k, j in sorted(pairs, key=lambda p: (-p[0], p[1], p[2])):
        if k not in taken and j in free:
            taken[k] = (j, score)
            free.discard(j)
    out = []
    for k, (name, value) in enumerate(theirs):
        if k in taken:
            j, score = taken[k]
            out.append(
                Gap(name, ours[j][0][0], value, ours[j][1], "name" if score > 0.999 else f"score {score:.2f}")
            )
        else:
            out.append(Gap(name, "", value, 0.0, ""))
    out += [Gap("", ours[j][0][0], 0.0, ours[j][1], "") for j in sorted(free)]
    return sorted(out, key=lambda g: -abs(g.difference))
