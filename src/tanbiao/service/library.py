"""Background data: what is found in it by words, and what a study's numbers rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..core.text import Text
from ..evaluate.coverage import Coverage, coverage
from ..exchange.store import Stored, find, list_stored
from ..library import Gas, Process, compile_library, search
from ..library.model import Standing
from .places import Places
from .run import Run

SHIPPED = "open-2026"
GWP = "AR6"


@dataclass(frozen=True)
class ItemFound:
    """An item that holds the words asked for. value: kgCO2e per unit; None in an imported library, which is searched
    by its index, unsolved. status: coverage of a process, `gas`, `named`, or nothing where it is not known. standing:
    verification state and source of the value."""

    library: str
    id: str
    name: Text
    unit: str
    place: str
    value: float | None
    status: str
    standing: Standing | None = None

    def data(self) -> dict[str, Any]:
        return {
            "library": self.library,
            "id": self.id,
            "name": self.name.data(),
            "place": self.place,
            "value": None if self.value is None else f"{self.value:.6g}",
            "unit": f"kgCO2e/{self.unit}",
            "status": self.status,
        } | (self.standing.data() if self.standing is not None else {})


def search_items(text: str, names: Sequence[str], places: Places, limit: int = 20) -> list[ItemFound]:
    """Items that hold the words of `text` in the libraries named, or in every imported one and the one that ships: the
    best of each library first, then the second of each. Refuses (`library-not-found`)."""
    found: list[tuple[int, ItemFound]] = []
    for name in names or (*(f"{s.id}@{s.version}" for s in list_stored()), SHIPPED):
        stored = find(name)
        items = _indexed(stored, text, limit) if stored is not None else _read(name, text, places, limit)
        found += enumerate(items)
    return [item for _, item in sorted(found, key=lambda f: f[0])][:limit]


def _indexed(stored: Stored, text: str, limit: int) -> list[ItemFound]:
    library = f"{stored.id}@{stored.version}"
    return [
        ItemFound(library, f.id, Text(f.name_zh or f.name_en, f.name_en), f.unit, f.place, None, "")
        for f in stored.open().search(text, limit)
    ]


def _read(name: str, text: str, places: Places, limit: int) -> list[ItemFound]:
    library = places.library([name])
    compiled = compile_library(library, GWP, cache=places.cache)
    found = []
    for hit in search(library, text, limit=limit):
        item = library.items[hit.item]
        status = item.coverage if isinstance(item, Process) else "gas" if isinstance(item, Gas) else "named"
        found.append(
            ItemFound(
                f"{library.id}@{library.version}",
                item.id,
                Text(item.name("zh"), item.name("en")),
                str(getattr(item, "unit", "")),
                str(getattr(item, "place", "")),
                float(compiled.values[compiled.index[item.id]].sum()),
                status,
                library.standing(item.id),
            )
        )
    return found


def coverages(run: Run) -> list[Coverage]:
    """Coverage of every result that has solved lines."""
    found = (coverage(result, run.library) for result in run.results)
    return [one for one in found if one is not None]
