"""What a formula sees: the names of the rulebook and the facts, for the rows it speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ..core.errors import refuse
from ..core.units import ONE
from ..core.value import KNOWN, MISSING, Array, Value
from ..formula import Node, evaluate
from ..standards.clause import Clause
from ..standards.names import RulebookNames

if TYPE_CHECKING:
    from .run import Evaluation


class RowScope:
    """What a formula reads from the rows of one table, or from no row."""

    def __init__(self, evaluation: Evaluation, table: str | None) -> None:
        self.evaluation, self.table = evaluation, table
        self.names = RulebookNames(evaluation.rulebook, table)

    def table_named(self, name: str) -> str:
        found = self.names.table_named(name)
        kind = self.names.type_of(name) if name in self.evaluation.rulebook.clauses else None
        if found is None or (kind is not None and kind.kind != "table"):
            raise KeyError(name)
        return found

    def value_of(self, name: str) -> Value:
        table, _, column = name.partition(".")
        if column:
            known = self.names.table_named(table)
            if known is None:
                raise refuse("name-unknown", name=name, formula=name)
            return self.evaluation.fact_column(known, column)
        if self.table is not None:
            if self.names.column(self.table, name) is not None:
                return self.evaluation.fact_column(self.table, name)
            for child in self.names.children(self.table):
                if self.names.column(child, name) is not None:
                    return self.evaluation.fact_column(child, name)
        if name == "as_of" and name not in self.evaluation.rulebook.clauses:
            return Value(self.evaluation.facts.as_of)
        return self.evaluation.value(name)

    def rows_of(self, table: str) -> int:
        return self.evaluation.rows_of(table)

    def parent_rows(self, child: str, parent: str) -> Array | None:
        return self.evaluation.parent_rows(child, parent)

    def under(self, options: Mapping[str, str], formula: Node) -> Value:
        other = self.evaluation.under(options)
        other.stack.append([])
        value = evaluate(formula, RowScope(other, self.table))
        for name, key in other.stack.pop():
            self.evaluation.use(f"{name} ({', '.join(f'{k}={v}' for k, v in sorted(options.items()))})", key)
        return value

    def chance(self, formula: Node) -> Value:
        """The probability that `formula` holds, by draws of what has a spread."""
        return self.evaluation.chance(formula, self.table)

    def impact(self, category: str, unit: str) -> Value:
        return self.evaluation.impact(category, unit)

    def uncounted(self, category: str) -> Value:
        return self.evaluation.uncounted(category)

    def declared(self, provider: Value, word: str) -> Value:
        """A declaration of each provider; missing where no provider is named or the background does not hold
        it, empty for the study's own processes."""
        known, own = self.evaluation.background.providers, set(self.evaluation.facts.tables["process"].ids)
        ids = provider.data if provider.table is not None else np.array([provider.data], dtype=object)
        state = np.broadcast_to(np.asarray(provider.state), np.shape(ids)).copy()
        state[
            np.array(
                [
                    s == KNOWN and str(i) not in known and str(i) not in own
                    for i, s in zip(ids, state, strict=True)
                ],
                dtype=bool,
            )
        ] = MISSING
        texts = np.array(
            [
                known[str(i)].facts.get(word, "") if s == KNOWN and str(i) in known else ""
                for i, s in zip(ids, state, strict=True)
            ],
            dtype=object,
        )
        if provider.table is None:
            return Value(texts[0], int(state[0]), why=provider.why)
        return Value(texts, state.astype(np.int8), table=provider.table, why=provider.why)

    def options_of(self, name: str) -> Mapping[str, str]:
        clause = self.evaluation.rulebook.clauses[name]
        self.evaluation.value(name)
        return clause.alternative


class ClauseScope(RowScope):
    """What the formulas of one clause read."""

    def __init__(self, evaluation: Evaluation, clause: Clause) -> None:
        super().__init__(
            evaluation, evaluation.names.table_named(clause.subject.table) if clause.subject else None
        )
        self.clause = clause


class StrippedScope(ClauseScope):
    """The scope of an empirical equation: its inputs are bare numbers in their declared units."""

    def value_of(self, name: str) -> Value:
        value = super().value_of(name)
        measured = self.clause.inputs.get(name)
        if measured is None or value.data is None:
            return value
        factor = measured.factor
        exact = isinstance(value.data, Fraction) or (
            isinstance(value.data, np.ndarray) and value.data.dtype == object
        )
        return replace(value, data=value.data / (factor if exact else float(factor)), unit=ONE, basis=())
