"""The register of cleaner-production measures that ships: names, industry and kind, to start a plant's own register."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from ..core.text import Text
from .places import data_root


@dataclass(frozen=True)
class Entry:
    """One measure by name; costs and effects are the plant's own."""

    id: str
    industry: Text
    name: Text
    type: str
    catalogue: str
    source: str

    def data(self) -> dict[str, object]:
        return {
            "id": self.id,
            "industry": self.industry.data(),
            "name": self.name.data(),
            "type": self.type,
            "catalogue": self.catalogue,
            "source": self.source,
        }


def register(words: Sequence[str] = ()) -> list[Entry]:
    """The measures whose name, industry or kind holds every one of `words`, in either language."""
    with (data_root() / "library" / "measures-2026" / "measures.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    kept = [r for r in rows if all(w.casefold() in " ".join(r.values()).casefold() for w in words)]
    return [
        Entry(
            r["id"],
            Text(r["industry_zh"], r["industry_en"]),
            Text(r["name_zh"], r["name_en"]),
            r["type"],
            r["catalogue"],
            r["source"],
        )
        for r in kept
    ]
