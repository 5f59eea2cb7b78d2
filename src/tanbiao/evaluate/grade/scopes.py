"""What a formula in a baseline cell may name."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ...core.errors import refuse
from ...core.value import KNOWN, MISSING, NOT_APPLICABLE, Value
from ...formula import Node
from ...standards.pack import PackTable

if TYPE_CHECKING:
    from ..run import Evaluation


class CellScope:
    """A baseline cell reads `x` (the quantity), other columns of its row, and names as bare numbers of their unit."""

    def __init__(self, evaluation: Evaluation, table: PackTable, row: int, x: Value) -> None:
        self.evaluation, self.pack_table, self.row, self.x = evaluation, table, row, x
        self.table: str | None = None

    def value_of(self, name: str) -> Value:
        if name == "x":
            return self.x
        if name in self.pack_table.columns:
            column = self.pack_table.values[name]
            return Value(column.data[self.row], int(column.state[self.row]), why=column.why)
        value = self.evaluation.value(name)
        if value.state != KNOWN or isinstance(value.data, str | bool):
            return value
        return Value(value.number())

    def rows_of(self, table: str) -> int:
        return 1

    def parent_rows(self, child: str, parent: str) -> None:
        return None

    def under(self, options: Mapping[str, str], formula: Node) -> Value:
        raise refuse("formula-function", name="under", text=formula.source, column=1)

    def options_of(self, name: str) -> Mapping[str, str]:
        raise refuse("name-unknown", name=name, formula=name)

    def declared(self, provider: Value, word: str) -> Value:
        raise refuse("formula-function", name="declared", text=word, column=1)

    def chance(self, formula: Node) -> Value:
        raise refuse("formula-function", name="chance", text=formula.source, column=1)

    def impact(self, category: str, unit: str) -> Value:
        raise refuse("formula-function", name="impact", text=category, column=1)

    def uncounted(self, category: str) -> Value:
        raise refuse("formula-function", name="uncounted", text=category, column=1)


class GroupScope(CellScope):
    """A weight cell reads, for each row of its group, the facts of the row's `product`."""

    def __init__(self, evaluation: Evaluation, table: PackTable, members: list[int]) -> None:
        super().__init__(evaluation, table, members[0], Value(None, MISSING))
        self.members = members
        self.table = table.id

    def value_of(self, name: str) -> Value:
        for facts in self.evaluation.facts.tables.values():
            if (
                name in facts.columns
                and "product" in self.pack_table.columns
                and facts.name not in ("exchange", "process", "product", "evidence")
            ):
                column = facts.columns[name]
                place = {i: n for n, i in enumerate(facts.ids)}
                wanted = [place.get(str(self.pack_table.values["product"].data[r]), -1) for r in self.members]
                self.evaluation.fact_column(facts.name, name)
                data = np.array([column.data[w] if w >= 0 else Fraction(0) for w in wanted], dtype=object)
                state = np.array(
                    [column.state[w] if w >= 0 else NOT_APPLICABLE for w in wanted], dtype=np.int8
                )
                return Value(data, state, table=self.pack_table.id, why=column.why)
        return super().value_of(name)

    def rows_of(self, table: str) -> int:
        return len(self.members)
