"""The tables of a library folder: their columns, and CSV text → columns with every fault of form."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import compress, islice
from math import isfinite, nan
from types import MappingProxyType
from typing import Any

from tanbiao.core.errors import Place, Problem
from tanbiao.core.numbers import fast_number, number
from tanbiao.core.text import Text
from tanbiao.study.distribution import DISTRIBUTIONS, Distribution

from .model import (
    AMOUNT_KINDS,
    BOUNDARIES,
    COVERAGES,
    DIRECTIONS,
    FORCINGS,
    GAS_BASES,
    KINDS,
    POSITIONS,
    SHARES,
    USES,
)

BLOCK = 8192
"""Rows taken in at once, so that a table never lies in memory as rows."""
KEPT = 100_000
"""Texts of a column whose values are kept for the next cell that says the same."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a library table: what its cells hold. `words` lists the allowed words; an empty cell of a
    column that is not `required` passes here (the guards in check.py say where emptiness is a fault). An `optional`
    column may be absent, which is the same as empty."""

    name: str
    holds: str = "text"  # text | number (exact) | decimal (a number, kept as its text) | words
    required: bool = False
    words: tuple[str, ...] = ()
    optional: bool = False
    text: Text | None = None


_WORDS: Mapping[str, tuple[str, ...]] = {
    "AMOUNT_KINDS": AMOUNT_KINDS,
    "BOUNDARIES": BOUNDARIES,
    "COVERAGES": COVERAGES,
    "DIRECTIONS": DIRECTIONS,
    "DISTRIBUTIONS": DISTRIBUTIONS,
    "FORCINGS": FORCINGS,
    "GAS_BASES": GAS_BASES,
    "KINDS": KINDS,
    "POSITIONS": POSITIONS,
    "SHARES": SHARES,
    "USES": USES,
}


def _tables(name: str) -> Mapping[str, tuple[Column, ...]]:
    found: dict[str, list[Column]] = {}
    with (resources.files(__package__) / name).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["table"], []).append(
                Column(
                    row["column"],
                    row["holds"],
                    row["required"] == "yes",
                    _WORDS[row["words"]] if row["words"] else (),
                    row["required"] == "may",
                    Text(row["zh"], row["en"]),
                )
            )
    return MappingProxyType({name: tuple(columns) for name, columns in found.items()})


TABLES = _tables("tables.csv")
"""The tables of a library folder, from `tables.csv`; every file but library.yaml may be absent."""
NATURE = _tables("nature.csv")
"""The tables of exchanges with nature beyond greenhouse gases, which stand apart (`elementary.py` reads them)."""


@dataclass(frozen=True, eq=False)
class Columns:
    """A table that was read: `values` by column, all as long as `lines`, the line on which each row begins."""

    file: str
    values: Mapping[str, list[Any]]
    lines: array[int]

    def __len__(self) -> int:
        return len(self.lines)

    def place(self, row: int, column: str | None = None) -> Place:
        return Place(self.file, self.lines[row], column)

    def rows(self) -> Iterator[tuple[dict[str, Any], Place]]:
        """Rows as keyword arguments, with their place."""
        names = tuple(self.values)
        for line, cells in zip(self.lines, zip(*self.values.values(), strict=True), strict=True):
            yield dict(zip(names, cells, strict=True)), Place(self.file, line)

    def distributions(self) -> Iterator[tuple[int, str, Distribution]]:
        """Row, id and distribution of the amounts for which one is declared, whole or in part."""
        v = self.values
        amounts = v["amount" if "amount" in v else "value"]
        parts = [v[n] for n in ("spread", "least", "greatest")]
        if not any(v["distribution"]) and not any(p not in ("", None) for part in parts for p in part):
            return
        for row, kind in enumerate(v["distribution"]):
            said = [part[row] for part in parts]
            if kind or any(p not in ("", None) for p in said):
                numbers = [nan if p in ("", None) else float(p) for p in (amounts[row], *said)]
                yield row, v["id"][row], Distribution(kind, *numbers)

    def without(self, rows: set[int]) -> Columns:
        if not rows:
            return self
        keep = [k not in rows for k in range(len(self))]
        return Columns(
            self.file,
            {n: list(compress(v, keep)) for n, v in self.values.items()},
            array("l", compress(self.lines, keep)),
        )


def read_table(data: bytes | None, file: str, table: str, problems: list[Problem]) -> Columns:
    """The columns of `TABLES[table]` out of the bytes of a CSV file (None: no such file). A row that cannot be used
    is left out and reported."""
    columns = TABLES[table]
    empty = Columns(file, {c.name: [] for c in columns}, array("l"))
    if data is None:
        return empty
    try:
        return _Reading(file, columns, problems).read(data, empty)
    except UnicodeDecodeError:
        problems.append(Problem("library-encoding", Place(file), {"file": file}))
        return empty


class _Cells(dict[str, Any]):
    """Cell text → value of one column, each text once; `bad` holds what is wrong with the texts that have no value."""

    def __init__(self, column: Column) -> None:
        super().__init__()
        self.column = column
        self.bad: dict[str, tuple[str, dict[str, str]]] = {}

    def __missing__(self, cell: str) -> Any:
        text = cell.strip()
        try:
            value = self.value(text)
        except _Misfit as misfit:
            value = None
            self.bad[cell] = misfit.code, misfit.named
        self[cell] = value
        return value

    def value(self, text: str) -> Any:
        c = self.column
        if not text and c.required:
            raise _Misfit("library-cell-empty", column=c.name)
        if c.holds in ("number", "decimal"):
            if not text:
                return None if c.holds == "number" else ""
            try:
                if c.holds == "number":
                    return number(text)
                if isfinite(fast_number(text)):
                    return text
            except ValueError:
                pass
            raise _Misfit("number-expected", text=text[:60])
        parts = text.split() if c.holds == "words" else [text] if text else []
        wrong = [p for p in parts if c.words and p not in c.words]
        if wrong:
            raise _Misfit("library-word", column=c.name, word=wrong[0][:60], words=", ".join(c.words))
        return tuple(parts) if c.holds == "words" else text


class _Misfit(Exception):
    def __init__(self, code: str, **named: str) -> None:
        self.code, self.named = code, named


class _Reading:
    def __init__(self, file: str, columns: tuple[Column, ...], problems: list[Problem]) -> None:
        self.file, self.columns, self.problems = file, columns, problems
        self.found: list[tuple[int, int, Problem]] = []
        self.lines: array[int] = array("l")
        self.values: dict[str, list[Any]] = {c.name: [] for c in columns}

    def read(self, data: bytes, empty: Columns) -> Columns:
        text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
        rows = self.numbered(csv.reader(text, strict=True))
        header = next(rows, None)
        if header is None:
            self.problems += [p for _, _, p in self.found] or [
                Problem("library-column-missing", Place(self.file), {"column": self.columns[0].name})
            ]
            return empty
        if not self.header(header[1]):
            return empty
        cells = {c.name: _Cells(c) for c in self.columns}
        while block := list(islice(rows, BLOCK)):
            self.take(block, header[1], cells)
        self.problems += [p for _, _, p in sorted(self.found, key=lambda f: f[:2])]
        return Columns(self.file, self.values, self.lines)

    def numbered(self, reader: Any) -> Iterator[tuple[int, list[str]]]:
        """Records with the line on which each begins; a record that is no CSV ends the table."""
        end = 0
        try:
            for row in reader:
                yield end + 1, row
                end = reader.line_num
        except csv.Error as error:
            self.found.append(
                (end + 1, -1, Problem("library-csv", Place(self.file, end + 1), {"detail": str(error)}))
            )

    def header(self, header: list[str]) -> bool:
        known = {c.name for c in self.columns}
        missing = [c.name for c in self.columns if c.name not in header and not c.optional]
        top = Place(self.file, 1)
        self.problems += [Problem("library-column-missing", top, {"column": c}) for c in missing]
        self.problems += [
            Problem("library-column-unknown", top, {"column": c}, level="warning")
            for c in header
            if c not in known
        ]
        self.problems += [
            Problem("library-column-double", top, {"column": c})
            for c in sorted({c for c in header if header.count(c) > 1})
        ]
        return not missing

    def take(
        self, block: list[tuple[int, list[str]]], header: list[str], cells: Mapping[str, _Cells]
    ) -> None:
        """Add a block of records to the columns."""
        lines, rows = [line for line, _ in block], [row for _, row in block]
        width = len(header)
        if set(map(len, rows)) != {width} or not all(map(any, rows)):
            for line, row in block:
                if any(row) and len(row) != width:
                    args = {"found": str(len(row)), "expected": str(width)}
                    self.found.append((line, -1, Problem("library-row-length", Place(self.file, line), args)))
            keep = [any(row) and len(row) == width for row in rows]
            lines, rows = list(compress(lines, keep)), list(compress(rows, keep))
        if not rows:
            return
        raw = dict(zip(header, zip(*rows, strict=True), strict=False))
        values: dict[str, Any] = {}
        bad: set[int] = set()
        for at, (name, known) in enumerate(cells.items()):
            if name not in raw:
                values[name] = [known[""]] * len(rows)
                continue
            if len(known) > KEPT:
                known.clear()
            values[name] = list(map(known.__getitem__, raw[name]))
            if known.bad and not known.bad.keys().isdisjoint(raw[name]):
                for k, cell in enumerate(raw[name]):
                    if cell in known.bad:
                        code, args = known.bad[cell]
                        self.found.append(
                            (lines[k], at, Problem(code, Place(self.file, lines[k], name), args))
                        )
                        bad.add(k)
        for name in cells:
            own = values[name]
            self.values[name] += own if not bad else [v for k, v in enumerate(own) if k not in bad]
        self.lines.extend(lines if not bad else [n for k, n in enumerate(lines) if k not in bad])
