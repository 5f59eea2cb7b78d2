"""Two versions of a library: which items came, went or changed, and by how much their footprint moved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ..library import Library, compile_library, row_digest


@dataclass(frozen=True, slots=True)
class Changed:
    """One item: `kind` added | removed | changed (its own rows) | moved (only its supply chain); values in kgCO2e."""

    item: str
    name: str
    kind: str
    old: float | None
    new: float | None

    @property
    def effect(self) -> float:
        """Relative change of the value, 0 where there is nothing to compare."""
        if (
            self.old is None
            or self.new is None
            or not self.old
            or math.isnan(self.old)
            or math.isnan(self.new)
        ):
            return 0.0
        return self.new / self.old - 1

    def data(self) -> dict[str, Any]:
        return {
            "item": self.item,
            "name": self.name,
            "kind": self.kind,
            "old": self.old,
            "new": self.new,
            "effect": self.effect,
        }


def compare_libraries(old: Library, new: Library, gwp_set: str = "AR6") -> list[Changed]:
    """Changes, the largest effects first. Values move by more than 1e-9 of themselves to count."""
    a, b = compile_library(old, gwp_set), compile_library(new, gwp_set)

    def value(compiled: Any, item: str) -> float | None:
        found = float(compiled.values[compiled.index[item]].sum())
        return None if math.isnan(found) else found

    out = []
    for item in sorted({*old.items, *new.items}):
        if item not in old.items:
            out.append(Changed(item, new.items[item].name_en, "added", None, value(b, item)))
        elif item not in new.items:
            out.append(Changed(item, old.items[item].name_en, "removed", value(a, item), None))
        else:
            was, now = value(a, item), value(b, item)
            same = was == now or (
                was is not None and now is not None and abs(was - now) <= 1e-9 * max(abs(was), abs(now))
            )
            own = row_digest(old, item) != row_digest(new, item)
            if own or not same:
                out.append(Changed(item, new.items[item].name_en, "changed" if own else "moved", was, now))
    return sorted(out, key=lambda c: (-abs(c.effect), c.kind, c.item))
