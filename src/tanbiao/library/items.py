"""Rows of one kind by id: each is made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from tanbiao.core.errors import Place

from .table import Columns

Row = TypeVar("Row", covariant=True)


class Items(Mapping[str, Row]):
    """The rows of one table, or of one and of those that lie over it; ids are distinct."""

    def __init__(self, make: Callable[..., Row], *tables: Columns) -> None:
        self.make, self.tables = make, tables
        self._at = {id_: (table, row) for table in tables for row, id_ in enumerate(table.values["id"])}
        self._made: dict[str, Row] = {}

    def __getitem__(self, id_: str) -> Row:
        if id_ not in self._made:
            table, row = self._at[id_]
            cells: dict[str, Any] = {name: values[row] for name, values in table.values.items()}
            self._made[id_] = self.make(**cells, place_in=table.place(row))
        return self._made[id_]

    def __contains__(self, id_: object) -> bool:
        return id_ in self._at

    def __iter__(self) -> Iterator[str]:
        return iter(self._at)

    def __len__(self) -> int:
        return len(self._at)

    def texts(self, column: str) -> dict[str, str]:
        """The texts of one column, by id."""
        return {
            id_: text
            for table in self.tables
            for id_, text in zip(table.values["id"], table.values[column], strict=True)
        }

    def place(self, id_: str) -> Place:
        """Where the row stands."""
        table, row = self._at[id_]
        return table.place(row)
