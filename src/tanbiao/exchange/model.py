"""The one internal model that every format is read into and written from.

Amounts are float64, since that is what the formats hold; a number's text in our own files is the shortest decimal
that reads back to it. Texts are kept in every language the source gives. `foreign` keeps, by format, what the model
has no field for, so that the same format gets it back; a writer of another format reports it as lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from ..core.errors import Place, Problem

Words = dict[str, str]
"""Language code → text. The code is empty where the source does not say which language it is."""
FlowKind = Literal["product", "waste", "elementary"]
Direction = Literal["input", "output"]
RuleName = Literal["mass", "energy", "economic", "physical", "causal", "reference"]


class Measure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much of another quantity one reference unit of a flow is: `1 m3 = 744 kg`."""

    property: str
    unit: str
    factor: float


class Flow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is exchanged. `compartment` is empty for products and wastes."""

    id: str
    name: Words
    kind: FlowKind
    unit: str
    property: str = ""
    measures: tuple[Measure, ...] = ()
    compartment: tuple[str, ...] = ()
    cas: str = ""
    formula: str = ""
    synonyms: Words = {}
    place: str = ""
    category: tuple[str, ...] = ()
    version: str = ""
    comment: Words = {}
    foreign: dict[str, Any] = {}


class Uncertainty(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """kind: lognormal (`a` geometric mean, `b` geometric standard deviation), normal (`a` mean, `b` standard
    deviation), triangular (`a` low, `b` mode, `c` high), uniform (`a` low, `b` high)."""

    kind: Literal["lognormal", "normal", "triangular", "uniform"]
    a: float
    b: float
    c: float | None = None


class Exchange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One exchange of a process, as the source states it.

    `flow` is the flow's id, `provider` the id of the process that supplies it where the source names one.
    A waste that leaves for treatment is an output of a waste flow; sources that write it as a negative input keep
    the sign they have (`inventory.link` understands both).
    """

    number: str
    flow: str
    direction: Direction
    amount: float
    unit: str
    name: str = ""
    reference: bool = False
    avoided: bool = False
    provider: str = ""
    place: str = ""
    formula: str = ""
    property: str = ""
    low: float | None = None
    high: float | None = None
    uncertainty: Uncertainty | None = None
    quality: str = ""
    comment: Words = {}
    where: str = ""
    """Cell or path in the source, for messages."""
    foreign: dict[str, Any] = {}


class Parameter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named value, or a formula over other names; `process` is empty for a global one."""

    name: str
    value: float | None = None
    formula: str = ""
    unit: str = ""
    process: str = ""
    uncertainty: Uncertainty | None = None
    comment: Words = {}
    foreign: dict[str, Any] = {}


class Allocation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The share of a process (or of one exchange of it) that a product bears under `method`, 0 to 1."""

    method: RuleName
    product: str
    value: float
    exchange: str = ""
    formula: str = ""


class Process(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A unit process, or an aggregated inventory, neutral: nothing is allocated, credited or cut off."""

    id: str
    name: Words
    exchanges: tuple[Exchange, ...]
    place: str = ""
    kind: Literal["unit", "aggregated"] = "unit"
    start: str = ""
    end: str = ""
    category: tuple[str, ...] = ()
    version: str = ""
    licence: str = ""
    source: str = ""
    default_allocation: RuleName | Literal[""] = ""
    allocations: tuple[Allocation, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    quality: str = ""
    docs: dict[str, Words] = {}
    where: str = ""
    foreign: dict[str, Any] = {}

    @property
    def references(self) -> tuple[Exchange, ...]:
        return tuple(x for x in self.exchanges if x.reference)


class Result(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A result without inventory: an EPD, a supplier's footprint, or a result calculated elsewhere. It can be a
    provider like any process.

    values: positions of the library (A … H, unsplit) and `total`, kgCO2e per `amount` `unit`, as decimal texts.
    modules: stage or EN 15804 module → indicator → decimal text, where the source gives them.
    """

    id: str
    name: Words
    kind: Literal["epd", "pcf", "result"]
    unit: str
    amount: str
    values: dict[str, str]
    modules: dict[str, dict[str, str]] = {}
    mass: str = ""
    place: str = ""
    start: str = ""
    end: str = ""
    valid_until: str = ""
    company: str = ""
    gwp: str = ""
    rules: tuple[str, ...] = ()
    primary_share: str = ""
    quality: dict[str, str] = {}
    verification: str = ""
    version: str = ""
    licence: str = ""
    boundary: str = ""
    comment: Words = {}
    where: str = ""
    foreign: dict[str, Any] = {}


class Loss(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A field that could not be carried: how often, and one example."""

    field: str
    count: int
    example: str


class Losses:
    """Collects what a reader did not take in, or a writer could not carry."""

    def __init__(self) -> None:
        self._count: Counter[str] = Counter()
        self._example: dict[str, str] = {}

    def add(self, name: str, example: str = "", count: int = 1) -> None:
        self._count[name] += count
        self._example.setdefault(name, str(example)[:120])

    def report(self) -> tuple[Loss, ...]:
        return tuple(Loss(field=k, count=n, example=self._example[k]) for k, n in sorted(self._count.items()))


@dataclass(eq=False)
class Inventory:
    """What a source holds. `processes` may be an iterator, so that a large database never lies in memory whole;
    flows, unit factors, losses and problems are complete only when it has run out (`gathered` runs it out).

    units: unit text of the source → (its reference unit, how many of that one is), from the source's unit groups.
    documents: further files of the source, kept for the same format.
    """

    format: str
    name: str
    flows: dict[str, Flow] = field(default_factory=dict)
    processes: Iterable[Process] = ()
    results: list[Result] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    units: dict[str, tuple[str, float]] = field(default_factory=dict)
    documents: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    losses: Losses = field(default_factory=Losses)
    experimental: bool = False
    expected: int = 0
    """How many processes the source seems to hold, for the progress shown."""

    def gathered(self) -> Inventory:
        """The same with its processes in memory."""
        if not isinstance(self.processes, tuple):
            self.processes = tuple(self.processes)
        return self

    def report(
        self, code: str, place: Place, level: Literal["error", "warning"] = "error", **args: object
    ) -> None:
        self.problems.append(Problem(code, place, {k: str(v)[:300] for k, v in args.items()}, level=level))

    def __iter__(self) -> Iterator[Process]:
        return iter(self.processes)

    def content(self) -> dict[str, Any]:
        """Everything it says, in plain data, for comparison; the order of files is not part of it."""
        self.gathered()

        def plain(value: Any) -> Any:
            """Plain data; `where` tells of the file, not of the content."""
            return _without_where(msgspec.to_builtins(value))

        return {
            "flows": {k: plain(v) for k, v in sorted(self.flows.items())},
            "processes": {p.id: plain(p) for p in self.processes},
            "results": {r.id: plain(r) for r in self.results},
            "parameters": [plain(p) for p in self.parameters],
        }


def _without_where(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_where(v) for k, v in value.items() if k != "where"}
    return [_without_where(v) for v in value] if isinstance(value, list | tuple) else value


def first(words: Mapping[str, str], *langs: str) -> str:
    """The text in the first of `langs` that is there, else in any language, else empty."""
    for lang in (*langs, "", "en", "zh"):
        if words.get(lang):
            return words[lang]
    return next((t for t in words.values() if t), "")
