"""Background: what lines may take from outside the study, one vector of kgCO2e for each provider.

Positions of the vector follow PACT and TfS: A fossil, B technological removals, C biogenic non-CO2, D biogenic CO2
uptake, E land-use change, F land management and biogenic CO2, G land removals, H aircraft; `unsplit` holds totals
whose gases the source does not give.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from ..core.cache import Cache
from ..core.digest import merkle_root
from ..core.text import Text
from ..core.units import Unit, UnitError, unit
from ..core.value import Array
from ..library import Compiled, Library, Sampled, compile_library, paths, row_digest, sampled
from ..library.intensity import Impacts

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
    draws: Callable[[Sequence[str], int], Sampled | None] | None = None
    """Which of some providers vary by what their library declares, ready to draw under a seed."""

    impacts: Impacts | None = None
    """The study's own impact method over the same libraries."""

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
    providers = _Providers(library, compiled)
    parts = {f"{p.id}@{p.version}": p.digest for p in library.parts} or {
        f"{library.id}@{library.version}": library.digest
    }

    def explain(item: str) -> object:
        return paths(compiled, item, 0.02)

    def draws(items: Sequence[str], seed: int) -> Sampled | None:
        return sampled(library, compiled, items, seed)

    return Background(providers, parts, gwp, explain, lambda i: row_digest(library, i), draws)


def with_impacts(background: Background, impacts: Impacts | None) -> Background:
    """The background with a study's impact method; its libraries' elementary flows become providers without CO2e."""
    if impacts is None:
        return background
    own: dict[str, Provider] = {}
    for id_, flow in impacts.flows.items():
        with suppress(UnitError):
            own[id_] = Provider(
                id_,
                flow.name,
                unit(flow.unit),
                np.zeros(len(POSITIONS)),
                0.0,
                0.0,
                "direct",
                "flow",
                record=id_,
            )
    below = background.record

    def record(item: str) -> str:
        if item in background.providers:
            return below(item) if below is not None else background.providers[item].record
        return own[item].record

    providers: Mapping[str, Provider] = ChainMap(background.providers, own)  # type: ignore[arg-type]
    return replace(background, providers=providers, record=record, impacts=impacts)


def joined(first: Background, second: Background) -> Background:
    """The first background with the providers that the second alone holds."""
    if set(second.providers) <= set(first.providers):
        return first

    def record(item: str) -> str:
        side = first if item in first.providers else second
        return side.record(item) if side.record is not None else side.providers[item].record

    return replace(first, providers={**second.providers, **first.providers}, record=record)


class _Providers(Mapping[str, Provider]):
    """The providers of a compiled library: each is made when it is asked for."""

    def __init__(self, library: Library, compiled: Compiled) -> None:
        self.library, self.compiled = library, compiled
        self.made: dict[str, Provider] = {}

    def __contains__(self, id_: object) -> bool:
        return id_ in self.compiled.index and id_ not in self.compiled.missing

    def __iter__(self) -> Iterator[str]:
        return (i for i in self.compiled.ids if i not in self.compiled.missing)

    def __len__(self) -> int:
        return len(self.compiled.ids) - len(self.compiled.missing)

    def __getitem__(self, id_: str) -> Provider:
        if id_ not in self.made:
            if id_ not in self:
                raise KeyError(id_)
            self.made[id_] = self._provider(id_)
        return self.made[id_]

    def _provider(self, id_: str) -> Provider:
        c, item = self.compiled, self.library.items[id_]
        row = c.index[id_]
        return Provider(
            id_,
            Text(item.name_zh, item.name_en),
            unit(c.units[row]),
            c.values[row],
            float(c.low[row]),
            float(c.high[row]),
            c.coverage[row],
            type(item).__name__.lower(),
            float(np.nan_to_num(c.judged_share[row])),
            float(np.nan_to_num(c.unconverted_share[row])),
            {k: _word(getattr(item, k, "")) for k in _FACTS} | {"bounds": c.origin[row]},
        )


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
