"""Background: what lines may take from outside the study, one vector of kgCO2e for each provider.

Positions of the vector follow PACT and TfS: A fossil, B technological removals, C biogenic non-CO2, D biogenic CO2
uptake, E land-use change, F land management and biogenic CO2, G land removals, H aircraft; `unsplit` holds totals
whose gases the source does not give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..core.cache import Cache
from ..core.digest import merkle_root
from ..core.text import Text
from ..core.units import Unit, unit
from ..core.value import Array
from ..library import Library, compile_library, paths, row_digest

POSITIONS = ("A", "B", "C", "D", "E", "F", "G", "H", "unsplit")
POSITION_COLUMNS = (
    "fossil",
    "technological_removals",
    "biogenic_other",
    "biogenic_uptake",
    "land_use_change",
    "biogenic_co2",
    "land_removals",
    "aircraft",
    "unsplit",
)
UPTAKE = POSITIONS.index("D")


@dataclass(frozen=True, eq=False)
class Provider:
    """One thing a line may take: a background process, a factor, a gas.

    vector: kgCO2e per unit by position, shape (9,); low, high: bounds of the total.
    judged: share of the value that rests on judged numbers; unconverted: share a GWP switch could not convert.
    """

    id: str
    name: Text
    unit: Unit
    vector: Array
    low: float
    high: float
    coverage: str
    kind: str = "process"
    judged: float = 0.0
    unconverted: float = 0.0
    facts: Mapping[str, str] = field(default_factory=dict)
    record: str = ""
    """Digest of the record in its library."""


@dataclass(frozen=True, eq=False)
class Background:
    """Providers under one GWP set, and the libraries they come from."""

    providers: Mapping[str, Provider]
    libraries: Mapping[str, str]
    gwp: str
    explain: Callable[[str], object] | None = None
    """From a provider to its supply chain, on demand."""
    record: Callable[[str], str] | None = None
    """The digest of a provider's record in its library."""

    def lookup_digest(self, used: Sequence[str]) -> str:
        """One digest over the records of the used providers."""
        return merkle_root(
            f"{i}:{self.record(i) if self.record else self.providers[i].record}"
            for i in used
            if i in self.providers
        )


def vector(**positions: float) -> Array:
    """A vector from named positions, for cases and tests: `vector(A=1.5, unsplit=0.2)`."""
    return np.array([positions.get(p, 0.0) for p in POSITIONS])


def from_library(
    library: Library, gwp: str, published_intervals: bool = True, cache: Cache | None = None
) -> Background:
    """The providers of a library under one GWP set. A value that is not known under it has no provider.

    published_intervals: whether intervals that publishers give of factors act inside the linked core, too.
    cache: where solved libraries are kept; None where a result is verified.
    """
    compiled = compile_library(library, gwp, published_intervals=published_intervals, cache=cache)
    providers: dict[str, Provider] = {}
    kinds = {
        **dict.fromkeys(library.processes, "process"),
        **dict.fromkeys(library.factors, "factor"),
        **dict.fromkeys(library.gases, "gas"),
    }
    items = library.items
    for row, id_ in enumerate(compiled.ids):
        if id_ in compiled.missing:
            continue
        item = items[id_]
        facts = {k: _word(getattr(item, k, "")) for k in _FACTS}
        providers[id_] = Provider(
            id_,
            Text(item.name_zh, item.name_en),
            unit(compiled.units[row]),
            compiled.values[row],
            float(compiled.low[row]),
            float(compiled.high[row]),
            compiled.coverage[row],
            kinds[id_],
            float(np.nan_to_num(compiled.judged_share[row])),
            float(np.nan_to_num(compiled.unconverted_share[row])),
            facts,
            "",
        )
    parts = {f"{p.id}@{p.version}": p.digest for p in library.parts} or {
        f"{library.id}@{library.version}": library.digest
    }

    def explain(item: str) -> object:
        return paths(compiled, item, 0.02)

    return Background(providers, parts, gwp, explain, lambda i: row_digest(library, i))


_FACTS = (
    "category",
    "boundary",
    "gas_basis",
    "gwp_set",
    "allowed_uses",
    "mass_basis",
    "radiative_forcing",
    "place",
    "year",
    "recycled_content",
    "period_start",
    "period_end",
    "source",
    "licence",
    "share",
    "verification",
    "url",
    "locator",
    "notes",
)


def _word(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value or "")
