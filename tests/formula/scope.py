"""Plain values and plain types, for formulas that no pack holds."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from tanbiao.core.value import KNOWN, MISSING, NOT_APPLICABLE, Value, missing, not_applicable
from tanbiao.formula.types import Type


class PlainScope:
    """Names from a map; a list is a column of the table `row`."""

    table: str | None = None

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = {k: value(v, k) for k, v in values.items()}

    def value_of(self, name: str) -> Value:
        return self.values[name]

    def rows_of(self, table: str) -> int:
        return next(len(v.data) for v in self.values.values() if v.table == table)

    def parent_rows(self, child: str, parent: str) -> None:
        return None

    def under(self, options: Mapping[str, str], formula: Any) -> Value:
        raise NotImplementedError

    def options_of(self, name: str) -> Mapping[str, str]:
        raise NotImplementedError


def value(raw: Any, name: str) -> Value:
    """`None` is missing, `...` does not apply, an int is exact; a list is a column."""
    if isinstance(raw, Value):
        return raw
    if raw is None:
        return missing(name)
    if raw is ...:
        return not_applicable(f"p@1#{name}")
    if isinstance(raw, list):
        states = [MISSING if r is None else NOT_APPLICABLE if r is ... else KNOWN for r in raw]
        floats = any(isinstance(r, float) for r in raw)
        plain = [r if r is not None and r is not ... else 0 for r in raw]
        if all(isinstance(r, bool) for r, s in zip(raw, states, strict=True) if s == KNOWN):
            data = np.array([bool(r) for r in plain], dtype=bool)
        elif floats:
            data = np.array([float(r) for r in plain])
        else:
            data = np.array([r if isinstance(r, str) else Fraction(r) for r in plain], dtype=object)
        return Value(data, np.array(states, dtype=np.int8), table="row", why=frozenset([name]))
    return Value(Fraction(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw)


class PlainNames:
    """Types of names from a map."""

    def __init__(
        self, types: Mapping[str, Type], table: str | None = None, parents: Mapping[str, str] | None = None
    ) -> None:
        self.types, self.table, self.parents = types, table, parents or {}

    def type_of(self, name: str) -> Type | None:
        return self.types.get(name)

    def parent_of(self, table: str) -> str | None:
        return self.parents.get(table)
