"""Tables that a user lays beside a method: which flow is which, what results are divided by, weights."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ..core.errors import Place, Problem, TanbiaoError, refuse
from ..core.numbers import number

MAPPING_COLUMNS = ("flow", "to", "factor")


@dataclass(frozen=True)
class Named:
    """A number by category that the user gives, with its source: what results are divided by, or a weight."""

    value: Fraction
    source: str


def _rows(path: Path, columns: Sequence[str], code: str) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not set(columns) <= set(reader.fieldnames or ()):
                raise refuse(code, Place(path.name, 1), columns=", ".join(columns))
            return [(reader.line_num, {k: (v or "").strip() for k, v in r.items() if k}) for r in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise refuse("method-unreadable", Place(path.name), detail=str(error)) from None


def read_flow_mapping(path: Path) -> dict[str, tuple[str, float]]:
    """Flow of the library → (flow of the method, how many of that one is); rows without `to` are undecided."""
    out, problems = {}, []
    for line, row in _rows(path, MAPPING_COLUMNS[:2], "method-mapping-columns"):
        if not row["to"]:
            continue
        try:
            out[row["flow"]] = row["to"], float(number(row.get("factor") or "1"))
        except ValueError:
            problems.append(
                Problem("number-expected", Place(path.name, line, "factor"), {"text": row["factor"][:60]})
            )
    if problems:
        raise TanbiaoError(problems)
    return out


def read_named(path: Path, column: str, categories: set[str]) -> dict[str, Named]:
    """category, `column` and source of every row. Refuses rows of categories that the method does not hold."""
    out: dict[str, Named] = {}
    problems = []
    for line, row in _rows(path, ("category", column, "source"), "method-factors-columns"):
        try:
            value = number(row[column])
        except ValueError:
            problems.append(
                Problem("number-expected", Place(path.name, line, column), {"text": row[column][:60]})
            )
            continue
        zero = value == 0 if column == "reference" else value < 0
        detail = "" if row["source"] else "source is empty / 未写出处"
        detail = detail or (f"{column} = {row[column]}" if zero else "")
        detail = detail or ("stands twice / 重复" if row["category"] in out else "")
        if row["category"] not in categories:
            args = {"category": row["category"], "categories": "; ".join(sorted(categories))}
            problems.append(Problem("method-factors-category", Place(path.name, line, "category"), args))
        elif detail:
            args = {"category": row["category"], "detail": detail}
            problems.append(Problem("method-factors-row", Place(path.name, line, column), args))
        else:
            out[row["category"]] = Named(value, row["source"])
    if problems:
        raise TanbiaoError(problems)
    return out


def files_digest(path: Path) -> str:
    """sha256 over the files that a method was read from."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    parts = [f"{p.name} {hashlib.sha256(p.read_bytes()).hexdigest()}" for p in files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
