"""The exchanges of a library, as columns of texts: an `Exchange` is made when it is asked for."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from tanbiao.core.errors import Place
from tanbiao.core.numbers import normal_text, number
from tanbiao.numerics import lca

from .model import Exchange
from .table import TABLES, Columns

NAMES = tuple(c.name for c in TABLES["exchanges"])
NUMBERS = frozenset(c.name for c in TABLES["exchanges"] if c.holds == "decimal")
LATER = frozenset(c.name for c in TABLES["exchanges"] if c.optional)
"""Columns that came later: empty they are no part of a digest, so that a library without them keeps its own."""


class Rows(Protocol):
    """The exchanges of one library folder."""

    def __len__(self) -> int: ...
    @property
    def table(self) -> Columns: ...
    @property
    def processes(self) -> frozenset[str]:
        """The processes that have exchanges here."""
        ...

    @property
    def marks(self) -> NDArray[np.uint64]:
        """The marks (`lca.marks`) of the ids of all exchanges, in ascending order."""
        ...

    def of(self, process: str) -> tuple[Exchange, ...]:
        """The exchanges of one process, in the order of the table."""
        ...


@dataclass(frozen=True, eq=False)
class Loaded:
    """Exchanges in memory."""

    table: Columns

    def __len__(self) -> int:
        return len(self.table)

    @cached_property
    def _rows(self) -> Mapping[str, array[int]]:
        found: dict[str, array[int]] = {}
        for row, process in enumerate(self.table.values["process"]):
            found.setdefault(process, array("l")).append(row)
        return found

    @property
    def processes(self) -> frozenset[str]:
        return frozenset(self._rows)

    @cached_property
    def marks(self) -> NDArray[np.uint64]:
        return np.sort(lca.marks(self.table.values["id"]))

    def of(self, process: str) -> tuple[Exchange, ...]:
        return tuple(exchange(self.table, row) for row in self._rows.get(process, ()))


class Exchanges(Sequence[Exchange]):
    """The exchanges of a library and of those that lie over it, in their order."""

    def __init__(self, *parts: Rows) -> None:
        self.parts = parts

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __iter__(self) -> Iterator[Exchange]:
        for part in self.parts:
            for row in range(len(part)):
                yield exchange(part.table, row)

    @overload
    def __getitem__(self, at: int) -> Exchange: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Exchange]: ...
    def __getitem__(self, at: int | slice) -> Exchange | Sequence[Exchange]:
        if isinstance(at, slice):
            return [self[k] for k in range(*at.indices(len(self)))]
        rest = at + len(self) if at < 0 else at
        for part in self.parts:
            if 0 <= rest < len(part):
                return exchange(part.table, rest)
            rest -= len(part)
        raise IndexError(at)

    def of(self, process: str) -> tuple[Exchange, ...]:
        return tuple(x for part in self.parts for x in part.of(process))

    def column(self, name: str) -> list[str]:
        """The texts of one column, all rows."""
        return [text for part in self.parts for text in part.table.values[name]]

    def place(self, row: int) -> Place:
        for part in self.parts:
            if row < len(part):
                return part.table.place(row)
            row -= len(part)
        raise IndexError(row)


def exchange(table: Columns, row: int) -> Exchange:
    cells: dict[str, Any] = {n: v[row] for n, v in table.values.items()}
    for name in NUMBERS:
        cells[name] = exact(cells[name])
    return Exchange(**cells, place_in=table.place(row))


def exact(text: str) -> Fraction | None:
    return number(text) if text else None


def digests(table: Columns) -> dict[str, list[str]]:
    """Digest of every exchange, by process: sha256 over the canonical JSON of its content (`core.digest`), which for
    texts is what the json module writes."""
    write = json.encoder.encode_basestring

    def normal(text: str) -> str:
        return f'"{normal_text(text)}"' if text else "null"

    parts: dict[str, list[str]] = {"kind of row": ['"kind of row":"Exchange"'] * len(table)}
    for name, texts in table.values.items():
        known: dict[str, str] = {}
        out = []
        for text in texts:
            said = known.get(text)
            if said is None:
                value = normal(text) if name in NUMBERS else write(text)
                said = "" if name in LATER and not text else f'"{name}":{value}'
                if len(known) < 100_000:
                    known[text] = said
            out.append(said)
        if name not in LATER or any(out):
            parts[name] = out
    order = [parts[name] for name in sorted(parts)]
    found: dict[str, list[str]] = {}
    for process, cells in zip(table.values["process"], zip(*order, strict=True), strict=True):
        data = "{" + ",".join(filter(None, cells)) + "}"
        found.setdefault(process, []).append(hashlib.sha256(data.encode()).hexdigest())
    return found
