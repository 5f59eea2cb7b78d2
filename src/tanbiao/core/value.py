"""Values: a scalar or a column, with unit, basis and state.

States are three: *known*, *missing* (why), *not applicable* (by which clause). Logic is three-valued. Numbers
inside a value stand in coherent base units, exact rationals as long as they can be, float64 afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from .units import ONE, Unit

KNOWN, MISSING, NOT_APPLICABLE = 0, 1, 2

Array = npt.NDArray[Any]
Basis = tuple[tuple[str, str], ...]


def basis(words: Mapping[str, str] | None) -> Basis:
    """A basis from its map: `{energy: delivered}` and the like."""
    return tuple(sorted((words or {}).items()))


def basis_text(words: Basis) -> str:
    return ", ".join(f"{k}: {v}" for k, v in words) or "-"


@dataclass(frozen=True, eq=False)
class Value:
    """A scalar (`table` is None) or a column over the rows of `table`.

    data: Fraction, float, bool, str or date for a scalar; an object or float64 array, shape (rows,), for a column.
    state: KNOWN, MISSING or NOT_APPLICABLE; an int8 array of the same shape for a column.
    why: names of the missing data, or the clause that makes it not applicable.
    estimated: provenance words (`estimated`, `defaulted`) that travel with the value.
    """

    data: Any
    state: Any = KNOWN
    unit: Unit = ONE
    basis: Basis = ()
    table: str | None = None
    why: frozenset[str] = frozenset()
    provenance: frozenset[str] = field(default_factory=frozenset)

    @property
    def known(self) -> bool:
        """Whether every part is known."""
        return bool(np.all(np.asarray(self.state) == KNOWN))

    @property
    def missing(self) -> bool:
        return bool(np.any(np.asarray(self.state) == MISSING))

    @property
    def not_applicable(self) -> bool:
        return self.table is None and self.state == NOT_APPLICABLE

    def number(self) -> Fraction | float:
        """The scalar in its own unit (not in base units)."""
        if isinstance(self.data, bool) or not isinstance(self.data, Fraction | float | int):
            raise TypeError(f"not a number: {self.data!r}")
        if isinstance(self.data, float):
            return self.data / float(self.unit.factor)
        return Fraction(self.data) / self.unit.factor

    def numbers(self) -> Array:
        """The column in its own unit."""
        factor = self.unit.factor
        if self.data.dtype == object:
            return np.array([None if v is None else v / factor for v in self.data], dtype=object)
        return np.asarray(self.data / float(factor))

    def with_unit(self, unit: Unit, words: Basis | None = None) -> Value:
        """The same magnitude, shown in another unit of the same dimension."""
        return replace(self, unit=unit, basis=self.basis if words is None else words)


def known(data: Any, unit: Unit = ONE, words: Basis = (), provenance: frozenset[str] = frozenset()) -> Value:
    """A known scalar; a number is given in `unit`."""
    if isinstance(data, bool) or not isinstance(data, Fraction | float | int):
        return Value(data, unit=unit, basis=words, provenance=provenance)
    scaled = data * float(unit.factor) if isinstance(data, float) else Fraction(data) * unit.factor
    return Value(scaled, unit=unit, basis=words, provenance=provenance)


def missing(*why: str, unit: Unit = ONE, words: Basis = ()) -> Value:
    """A scalar that is not known, and the names of what is missing."""
    return Value(None, MISSING, unit, words, why=frozenset(why))


def not_applicable(clause: str, unit: Unit = ONE) -> Value:
    """A scalar that does not apply, and the clause that says so."""
    return Value(None, NOT_APPLICABLE, unit, why=frozenset([clause]))
