"""What is known of a value before any data: kind, dimension, basis, and the table it is a column of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..core.units import Dimension
from ..core.value import Basis

Kind = Literal["number", "bool", "text", "date", "table", "options"]


@dataclass(frozen=True, slots=True)
class Type:
    """dimension None fits every dimension (the literal 0, an unknown); basis None fits every basis (literals)."""

    kind: Kind
    dimension: Dimension | None = ()
    basis: Basis | None = None
    table: str | None = None
