"""The words and columns of Brightway's layout, and what they mean."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from ..model import Uncertainty

NAME = "brightway"
ACTIVITY_FIELDS = {
    "code",
    "location",
    "unit",
    "reference product",
    "production amount",
    "type",
    "comment",
    "source",
    "classifications",
    "categories",
    "worksheet name",
    "database",
    "start",
    "end",
    "licence",
    "version",
    "name zh",
}
UNCERTAINTY = {2: "lognormal", 3: "normal", 4: "uniform", 5: "triangular"}
COLUMNS = (
    "name",
    "amount",
    "unit",
    "database",
    "location",
    "categories",
    "type",
    "reference product",
    "formula",
    "uncertainty type",
    "loc",
    "scale",
    "minimum",
    "maximum",
    "input",
    "comment",
    "quality",
    "name zh",
    "flow",
    "cas",
)


def float_of(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(str(value).strip())
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def compartment_of(categories: str) -> tuple[str, ...]:
    """`air::urban`, or a tuple as Python prints it."""
    return tuple(c.strip() for c in re.split(r"::|, ?\(|[()',]", categories) if c.strip())


def is_resource(compartment: tuple[str, ...]) -> bool:
    """Whether Brightway means something taken from nature: its amounts of both directions are above zero."""
    return (compartment[:1] or ("",))[0].lower().startswith(("natural resource", "resource"))


def uncertainty_of(cell: Mapping[str, Any]) -> Uncertainty | None:
    """A distribution by the fields and type numbers of stats_arrays; None for no or another distribution."""
    kind = UNCERTAINTY.get(int(float_of(cell.get("uncertainty type")) or 0))
    loc, scale = float_of(cell.get("loc")), float_of(cell.get("scale"))
    low, high = float_of(cell.get("minimum")), float_of(cell.get("maximum"))
    if kind == "lognormal" and loc is not None and scale is not None and abs(loc) < 600 and 0 <= scale < 600:
        return Uncertainty(kind="lognormal", a=math.exp(loc), b=math.exp(scale))
    if kind == "normal" and loc is not None and scale is not None:
        return Uncertainty(kind="normal", a=loc, b=scale)
    if kind == "uniform" and low is not None and high is not None:
        return Uncertainty(kind="uniform", a=low, b=high)
    if kind == "triangular" and low is not None and high is not None and loc is not None:
        return Uncertainty(kind="triangular", a=low, b=loc, c=high)
    return None
