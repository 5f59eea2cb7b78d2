"""Study as data: the head (study.yaml), tables of text cells with their places. Nothing is typed or judged here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..core.digest import digest
from ..core.errors import Place
from ..core.text import Node as Yaml
from ..core.text import plain


class Cell(NamedTuple):
    """One cell: its text and where it stands."""

    text: str
    place: Place


@dataclass(frozen=True, eq=False)
class Table:
    """A table of facts as text: column name → cells; the first column is `id`.

    lines: for each row the line of the file (or row of the sheet) it stands on.
    """

    name: str
    file: str
    columns: Mapping[str, tuple[str, ...]]
    lines: tuple[int, ...]
    letters: Mapping[str, str]
    parts: tuple[Table, ...] = ()
    """Where it was put together from several sheets: those, in the order of its rows."""

    @property
    def ids(self) -> tuple[str, ...]:
        return self.columns["id"]

    def __len__(self) -> int:
        return len(self.lines)

    def place(self, row: int, column: str | None = None) -> Place:
        """Where a cell stands; a sheet's cell is named like `D7`."""
        for part in self.parts:
            if row < len(part):
                return part.place(row, column)
            row -= len(part)
        letter = self.letters.get(column or "", "")
        cell = f"{letter}{self.lines[row]}" if letter else column
        return Place(self.file, self.lines[row], cell)

    def rows(self) -> Iterator[dict[str, str]]:
        names = list(self.columns)
        for cells in zip(*self.columns.values(), strict=True):
            yield dict(zip(names, cells, strict=True))


def joined(one: Table, two: Table) -> Table:
    """The rows of two sheets as one table; a cell keeps its sheet."""
    names = dict.fromkeys((*one.columns, *two.columns))
    blank, other = ("",) * len(one), ("",) * len(two)
    return Table(
        one.name,
        one.file,
        {n: one.columns.get(n, blank) + two.columns.get(n, other) for n in names},
        one.lines + two.lines,
        {},
        (*(one.parts or (one,)), *(two.parts or (two,))),
    )


@dataclass(frozen=True, eq=False)
class Study:
    """What the user declares."""

    head: Yaml
    tables: Mapping[str, Table]
    path: Path

    @property
    def id(self) -> str:
        return str(self.head.get("id") or self.path.stem)

    @property
    def salt(self) -> str:
        return str(self.head.get("salt") or "")

    @property
    def packs(self) -> tuple[str, ...]:
        return tuple(self.head.get("packs") or ())

    @property
    def libraries(self) -> tuple[str, ...]:
        return tuple(self.head.get("libraries") or ())

    @property
    def constructed(self) -> bool:
        """Whether the study is a constructed example and must say so on every face."""
        return self.head.get("constructed") == "true"

    def at(self, path: str) -> Any:
        """The head's value at a dotted path, None when absent."""
        value: Any = self.head
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    def place_of(self, path: str) -> Place:
        """Where the head speaks of `path`, or where it ought to."""
        value: Any = self.head
        place = Place(self.head.file, self.head.line, path=path)
        for part in path.split("."):
            if not isinstance(value, Yaml) or part not in value:
                return place
            found = value.place(part)
            place = Place(found.file, found.row, path=path)
            value = value[part]
        return place

    def content(self) -> dict[str, Any]:
        """Everything the study says, for digests: row order does not matter."""
        return {
            "head": plain(self.head),
            "tables": {
                name: sorted(
                    [[[k, v] for k, v in sorted(row.items()) if v] for row in table.rows()],
                    key=lambda cells: str(dict(cells).get("id")),
                )
                for name, table in self.tables.items()
            },
        }

    def digest(self) -> str:
        return digest(self.content())
