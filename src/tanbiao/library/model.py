"""What a background library holds, as frozen data. Amounts are exact; nothing here is computed from them."""

from __future__ import annotations

import csv
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Literal

from tanbiao.core.errors import Lang, Place
from tanbiao.core.numbers import number
from tanbiao.core.text import Text

if TYPE_CHECKING:
    from .exchanges import Exchanges
    from .items import Items

Kind = Literal["reference", "input", "emission", "cutoff"]
KINDS = ("reference", "input", "emission", "cutoff")
AMOUNT_KINDS = ("source", "judged")
DIRECTIONS = ("output", "input")
"""Given to nature, taken from it."""
COVERAGES = ("named", "derived", "proxy")
SHARES = ("full", "results", "digest")
BOUNDARIES = ("life_cycle", "upstream", "combustion", "transport_only", "disposal", "other")
USES = ("material", "Ev", "Erec", "ErecEoL", "ED", "energy", "transport", "organisation_only")
GAS_BASES = ("CO2", "CO2e")
FORCINGS = ("yes", "no", "n.a.", "unknown")
POSITIONS = ("A", "B", "C", "D", "E", "F", "G", "H", "unsplit")
"""Positions of a result in kgCO2e: A fossil, B technological removals, C biogenic non-CO2, D biogenic CO2
uptake, E land-use change, F land-management CO2 and released biogenic CO2, G land removals, H aircraft, and
`unsplit`, a CO2e total whose gases are not known. A to H as in the TfS and PACT data models."""
GWP_SETS = ("AR4", "AR5", "AR6", "AR6-GWP20", "AR6-GTP100")
"""GWP100 of three assessment reports, and of AR6 GWP20 and GTP100 (climate.csv, by gas id)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something a study can use: it has an id, two names and a unit. `place_in` says where its row stands."""

    id: str
    name_en: str
    name_zh: str
    place_in: Place = field(compare=False, repr=False, default=Place())

    def name(self, lang: Lang) -> str:
        return self.name_zh if lang == "zh" else self.name_en


@dataclass(frozen=True, slots=True, kw_only=True)
class Process(Item):
    """A unit process with one product; its exchanges stand in `Library.exchanges`."""

    place: str
    unit: str
    category: str
    year: str
    technology: str
    mass_basis: str
    coverage: str
    verification: str
    share: str
    licence: str
    source: str
    url: str
    notes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor(Item):
    """A published or derived total in kgCO2e (or kgCO2, see `gas_basis`) per `unit`, with what its source
    says of it.

    `fossil`, `biogenic`, `land_use`, `aircraft` are parts of `value`, None where the source gives no split.
    `low`, `high` come from the publisher only; None where the publisher gives no uncertainty.
    """

    place: str
    unit: str
    category: str
    value: Fraction
    fossil: Fraction | None
    biogenic: Fraction | None
    land_use: Fraction | None
    aircraft: Fraction | None
    gas_basis: str
    gwp_set: str
    radiative_forcing: str
    boundary: str
    period_start: str
    period_end: str
    valid_until: str
    recycled_content: str
    mass_basis: str
    allowed_uses: tuple[str, ...]
    TeR: str
    GeR: str
    TiR: str
    quality_origin: str
    low: Fraction | None
    high: Fraction | None
    verification: str
    share: str
    licence: str
    source: str
    url: str
    locator: str
    notes: str
    distribution: str = ""
    spread: Fraction | None = None
    least: Fraction | None = None
    greatest: Fraction | None = None
    pedigree: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gas(Item):
    """An elementary flow to air, in kg; GWP100 by assessment report, None where that report does not list
    it."""

    formula: str
    position: str
    AR4: Fraction | None
    AR5: Fraction | None
    AR6: Fraction | None
    source: str
    verification: str

    @property
    def unit(self) -> str:
        return "kg"

    def gwp(self, gwp_set: str) -> Fraction | None:
        """kgCO2e per kg."""
        if gwp_set in ("AR4", "AR5", "AR6"):
            return {"AR4": self.AR4, "AR5": self.AR5, "AR6": self.AR6}[gwp_set]
        return climate_sets()[gwp_set].get(self.id)


@cache
def climate_sets() -> Mapping[str, Mapping[str, Fraction]]:
    """The climate metrics that ship beside the libraries: set → gas id → kgCO2e per kg."""
    with (resources.files(__package__) / "climate.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        name: {r["gas"]: number(r[name]) for r in rows if r[name]} for name in GWP_SETS if name in rows[0]
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One exchange of a process, per its reference amount.

    `low` and `high` are the amount at the low and at the high end of the *result*, so the amount itself may
    fall from low to high (the share of a cleaner route does). None means the same as `amount`. They are bounds, never
    a probability: what is drawn is only what `distribution` declares, with `spread` or `least` and `greatest` in the
    unit of the amount. `pedigree`: what the source says of the quality behind the spread; a text, never computed from.
    """

    id: str
    process: str
    kind: Kind
    provider: str
    flow: str
    amount: Fraction
    low: Fraction | None
    high: Fraction | None
    amount_kind: str
    unit: str
    note: str
    distribution: str = ""
    spread: Fraction | None = None
    least: Fraction | None = None
    greatest: Fraction | None = None
    pedigree: str = ""
    place_in: Place = field(compare=False, repr=False, default=Place())


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """How much of a chemical element an item (or the flow of one exchange) holds, kg per kg."""

    item: str
    element: str
    kg_per_kg: Fraction
    place_in: Place = field(compare=False, repr=False, default=Place())


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """An independent value of the same product, for comparison; never used in a result."""

    id: str
    item: str
    unit: str
    value: Fraction
    source: str
    verification: str
    comment: str
    place_in: Place = field(compare=False, repr=False, default=Place())


@dataclass(frozen=True, slots=True)
class Standing:
    """What an item rests on: how far it was verified, and its source, in the words of its library."""

    verification: str
    source: str

    def data(self) -> dict[str, str]:
        return {"verification": self.verification, "source": self.source}


@dataclass(frozen=True, slots=True)
class KnownFault:
    """A fault the library's author knows, keeps and explains: the check reports it as a warning."""

    code: str
    item: str
    reason: Text


@dataclass(frozen=True, slots=True)
class Part:
    """One library folder inside a `Library`; a library with an overlay has several."""

    id: str
    version: str
    digest: str
    share: str


@dataclass(frozen=True, kw_only=True)
class Library:
    """Background data of one version. `digest` covers the parsed content, not layout or the order of rows."""

    id: str
    version: str
    title: Text
    description: Text
    caution: Text
    share: str
    licences: tuple[str, ...]
    sources: tuple[str, ...]
    known_faults: tuple[KnownFault, ...]
    processes: Items[Process]
    factors: Items[Factor]
    gases: Items[Gas]
    exchanges: Exchanges
    contents: tuple[Content, ...]
    checks: tuple[Check, ...]
    parts: tuple[Part, ...]
    digest: str

    @cached_property
    def items(self) -> Mapping[str, Process | Factor | Gas]:
        """Every process, factor and gas by id."""
        return ChainMap(self.gases, self.factors, self.processes)  # type: ignore[arg-type]  # the last is first in order

    def units(self) -> dict[str, str]:
        """The unit of every item by id; a gas is measured in kg."""
        said = self.processes.texts("unit") | self.factors.texts("unit")
        return said | dict.fromkeys(self.gases, "kg")

    def standing(self, item: str) -> Standing:
        """Of a process, factor or gas; raises KeyError where there is none of that id."""
        found = self.items[item]
        return Standing(found.verification, found.source)

    def exchanges_of(self, process: str) -> tuple[Exchange, ...]:
        return self.exchanges.of(process)
