"""Numbers of strangers: finite, or refused; written as the shortest text that reads back."""

from __future__ import annotations

import math
from typing import Any


def finite(value: Any, what: str = "") -> float:
    """A finite float from a number or its text. Raises ValueError."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if isinstance(value, bool) or not math.isfinite(found):
        raise ValueError(f"{what + ': ' if what else ''}{str(value)[:40]!r} is no finite number")
    return found


def shortest(value: float) -> str:
    """`3` for 3.0, else the shortest decimal that reads back to the same float."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
