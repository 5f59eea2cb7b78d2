"""Impact methods as tables: any set of characterisation factors, by flow, direction and place, with a declared fallback
where a place has no factor of its own. No method that may not be passed on ships; the user points to a file or folder.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tanbiao.core.errors import Place, Problem, TanbiaoError, refuse
from tanbiao.core.numbers import number
from tanbiao.core.units import UnitError
from tanbiao.core.units import unit as unit_of

Key = tuple[str, str, str]
"""Flow (a UUID, or a name; see `Substance.keys`), direction (output or input), place ("": holds anywhere)."""
Row = tuple[Place, Mapping[str, str]]
COLUMNS = ("method", "flow", "cf")
OPTIONAL = ("flow_uuid", "direction", "location", "flow_unit", "unit")
Why = Literal["unknown", "direction", "unit", "unit-unsaid", "place", "ambiguous"]
ANYWHERE = "*"
COMMON = ("kg", "m3", "MJ", "kBq", "m2", "m2*a")
"""Units in which lists of elementary flows and of factors measure, where they do not say otherwise."""
DIRECTIONS = ("output", "input")
_NAMED = re.compile(
    r"\A(?P<name>.*\S)\s*\((?P<property>[A-Z][^(),]*),\s*(?P<unit>[^,()]+),\s*(?P<where>.+)\)\Z"
)
_ORIGIN = re.compile(r"\A(.+), (fossil|biogenic|non-fossil)\Z")
_ORIGINS = {"fossil": "fossil", "biogenic": "biogenic", "non-fossil": "biogenic"}
"""`carbon monoxide, fossil` and `carbon monoxide (fossil)` are two spellings of one flow."""
_RESOURCE = re.compile(r"resource|\braw\b|资源")
_KINDS = (
    ("air", re.compile(r"\bair\b|atmospher|stratospher|大气|空气")),
    ("water", re.compile(r"water|ocean|\bsea\b|river|lake|水")),
    ("soil", re.compile(r"soil|\bground\b|土")),
    ("biotic", re.compile(r"biotic|生物")),
    ("land", re.compile(r"\bland\b|土地")),
)
_PARTS: Mapping[str, tuple[tuple[str, re.Pattern[str]], ...]] = {
    "air": (
        ("stratosphere", re.compile(r"stratospher")),
        ("indoor", re.compile(r"indoor")),
        ("long-term", re.compile(r"long[- ]term")),
        ("non-urban, {} stack", re.compile(r"non-urban air (very high|high|low) stack")),
        ("non-urban, ground", re.compile(r"non-urban air close to ground")),
        ("urban, {} stack", re.compile(r"urban air (very high|high|low) stack")),
        ("non-urban", re.compile(r"non-urban|low population|low\. ?pop|rural")),
        ("urban", re.compile(r"urban|high population|high\. ?pop")),
    ),
    "water": (
        ("long-term", re.compile(r"long[- ]term")),
        ("sea", re.compile(r"ocean|\bsea\b|marine|海")),
        ("ground", re.compile(r"ground-|ground ?water|地下")),
        ("fresh", re.compile(r"fresh|river|surface|lake|淡水|地表")),
    ),
    "soil": (
        ("non-agricultural", re.compile(r"non-agricult|industrial|forest")),
        ("agricultural", re.compile(r"agricult|农")),
    ),
}


@cache
def compartment(text: str) -> str:
    """The compartment in one vocabulary (`air/urban`, `water/sea`, `resource/ground`), out of the words that ILCD,
    ecoinvent, openLCA and SimaPro use; "" where they say nothing."""
    said = text.casefold()
    if _RESOURCE.search(said):
        kind = next((k for k, pattern in _KINDS if pattern.search(said)), "")
        return f"resource/{'ground' if kind == 'soil' else kind}".rstrip("/")
    kind = next((k for k, pattern in _KINDS[:3] if pattern.search(said)), "")
    for part, pattern in _PARTS.get(kind, ()):
        found = pattern.search(said)
        if found:
            return f"{kind}/{part.format(*found.groups())}"
    return kind


@dataclass(frozen=True, slots=True)
class Substance:
    """A flow to ask a method for: its id, its names (the first is the main one), compartment and unit. Without a
    compartment a name serves only where every compartment of the method has the same factor."""

    id: str
    names: tuple[str, ...] = ()
    compartment: str = ""
    unit: str = ""

    def keys(self) -> Iterator[str]:
        """Under which a method may know it, surest first."""
        yield self.id.casefold()
        where = compartment(self.compartment)
        for name in self.names:
            plain = " ".join(name.casefold().split())
            origin = _ORIGIN.match(plain)
            for said in (plain, *([f"{origin[1]} ({_ORIGINS[origin[2]]})"] if origin else ())):
                if where:
                    yield f"{said} @ {where}"
                    yield f"{said} @ {ANYWHERE}"
                else:
                    yield said


@dataclass(frozen=True, eq=False)
class Method:
    """One impact category: factors per unit of a flow, in `unit`; units: the unit of each flow that states one;
    ambiguous: (flow, direction) of names that stand for flows with different factors."""

    name: str
    factors: Mapping[Key, Fraction]
    unit: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    ambiguous: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Fallback:
    """An entry whose place has no factor of its own: that of `used` serves instead ("": the one without place)."""

    method: str
    flow: str
    asked: str
    used: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A flow that counts nowhere, or not where it should: `unknown` to the whole set; or, in `method`, known in the
    other `direction` only, in a `unit` that does not convert, without a unit for a flow in an uncommon one
    (`unit-unsaid`), without a factor for its `place`, or by a name that is `ambiguous`."""

    flow: str
    direction: str
    why: Why
    method: str = ""


@dataclass(frozen=True, slots=True)
class Assumed:
    """A factor that states no unit, taken per `unit`, in which the flow is measured."""

    method: str
    flow: str
    unit: str


@dataclass(frozen=True, eq=False)
class Characterised:
    """factor (entries, methods), per unit of the flow asked for, 0 where there is none; known: where there is one;
    fallbacks; missing: never silently 0; assumed: factors without a unit."""

    factor: NDArray[np.float64]
    known: NDArray[np.bool_]
    methods: tuple[str, ...]
    fallbacks: tuple[Fallback, ...]
    missing: tuple[Missing, ...]
    assumed: tuple[Assumed, ...] = ()


@dataclass(frozen=True)
class Places:
    """Which places stand in for a place without factors: `chain` by place, else country of a region, then `default`."""

    chain: Mapping[str, Sequence[str]] = field(default_factory=dict)
    default: Sequence[str] = ("",)

    def of(self, place: str) -> tuple[str, ...]:
        """The place itself and its stand-ins, in order."""
        country = (place.partition("-")[0],) if "-" in place else ()
        return tuple(dict.fromkeys((place, *self.chain.get(place, country), *self.default)))


def read_methods(path: Path) -> dict[str, Method]:
    """Methods of a table (CSV, or Parquet where pyarrow is installed), or of every table in a folder, with the columns
    method, flow, cf and, where wanted, flow_uuid, direction, location, flow_unit, unit (of the category). A flow may
    carry its property, unit and compartment in brackets, as in ILCD: `sulfur dioxide (Mass, kg, Emissions to air)`.

    Raises `TanbiaoError` with every cell that cannot be read.
    """
    files = sorted(p for p in path.iterdir() if p.suffix in (".csv", ".parquet")) if path.is_dir() else [path]
    problems: list[Problem] = []
    rows: list[Row] = []
    for file in files:
        read = _parquet if file.suffix == ".parquet" else _csv
        rows += read(file, problems, alone=not path.is_dir())
    return methods_of(rows, path.name, problems)


def methods_of(rows: Iterable[Row], name: str, problems: list[Problem] | None = None) -> dict[str, Method]:
    """Methods of rows (place, cells by column). Raises `TanbiaoError` with every row that cannot be read, `problems`
    before them."""
    problems = list(problems or ())
    found: dict[str, _Growing] = {}
    for place, cells in rows:
        try:
            value = number(cells["cf"])
        except ValueError:
            problems.append(Problem("number-expected", place, {"text": cells["cf"][:60]}))
            continue
        word = cells.get("direction") or DIRECTIONS[0]
        if word.casefold() not in DIRECTIONS:
            args = {"column": "direction", "word": word[:60], "words": ", ".join(DIRECTIONS)}
            problems.append(Problem("library-word", place, args))
            continue
        method = found.setdefault(cells["method"], _Growing())
        if not method.add(cells, value):
            problems.append(
                Problem("method-twice", place, {"method": cells["method"], "flow": cells["flow"]})
            )
    if problems:
        raise TanbiaoError(problems[:100])
    if not found:
        raise refuse("method-none", Place(name), columns=", ".join(COLUMNS))
    return {name: growing.method(name) for name, growing in found.items()}


class _Growing:
    """A method while its rows are read: values by key; a name that stands for several values is no key."""

    def __init__(self) -> None:
        self.values: dict[Key, set[Fraction]] = {}
        self.units: dict[str, str] = {}
        self.unit = ""

    def add(self, cells: Mapping[str, str], value: Fraction) -> bool:
        """False where the very same flow has another value already."""
        direction = (cells.get("direction") or "output").casefold()
        place = cells.get("location") or ""
        self.unit = self.unit or cells.get("unit") or ""
        full, uuid = cells["flow"].casefold(), (cells.get("flow_uuid") or "").casefold()
        said = _NAMED.match(cells["flow"])
        name = " ".join((said["name"] if said else cells["flow"]).casefold().split())
        size = cells.get("flow_unit") or (said["unit"].strip() if said else "")
        where = compartment(said["where"]) if said else ""
        sure = uuid or full
        keys = {sure, full, f"{name} @ {where or ANYWHERE}", name}
        if self.values.get((sure, direction, place), {value}) != {value}:
            return False
        for key in keys:
            self.values.setdefault((key, direction, place), set()).add(value)
            if size:
                self.units[key] = size
        return True

    def method(self, name: str) -> Method:
        ambiguous = frozenset((flow, d) for (flow, d, _), v in self.values.items() if len(v) > 1)
        sure = {k: next(iter(v)) for k, v in self.values.items() if k[:2] not in ambiguous}
        return Method(name, MappingProxyType(sure), self.unit, MappingProxyType(self.units), ambiguous)


def _csv(file: Path, problems: list[Problem], alone: bool) -> list[Row]:
    out: list[Row] = []
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            if _fits(reader.fieldnames or (), file, problems, alone):
                for row in reader:
                    cells = {k: v or "" for k, v in row.items() if isinstance(k, str)}
                    out.append((Place(file.name, reader.line_num, "cf"), cells))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problems.append(Problem("method-unreadable", Place(file.name), {"detail": str(error)}))
    return out


def _parquet(file: Path, problems: list[Problem], alone: bool) -> list[Row]:
    try:
        from pyarrow import ArrowException  # type: ignore[import-untyped, import-not-found, unused-ignore]
        from pyarrow.parquet import (  # type: ignore[import-untyped, import-not-found, unused-ignore]
            read_table,
        )
    except ImportError:
        problems.append(Problem("method-parquet", Place(file.name)))
        return []
    try:
        table = read_table(file)
    except (OSError, ArrowException) as error:
        problems.append(Problem("method-unreadable", Place(file.name), {"detail": str(error)}))
        return []
    if not _fits(table.column_names, file, problems, alone):
        return []
    wanted = [c for c in (*COLUMNS, *OPTIONAL) if c in table.column_names]
    columns = [["" if v is None else str(v) for v in table[c].to_pylist()] for c in wanted]
    return [
        (Place(file.name, n, "cf"), dict(zip(wanted, cells, strict=True)))
        for n, cells in enumerate(zip(*columns, strict=True), start=1)
    ]


def _fits(header: Iterable[str], file: Path, problems: list[Problem], alone: bool) -> bool:
    """Whether a table holds factors; other tables of a folder are passed over."""
    fits = set(COLUMNS) <= set(header)
    if alone and not fits:
        problems.append(Problem("method-columns", Place(file.name, 1), {"columns": ", ".join(COLUMNS)}))
    return fits


def characterise(
    methods: Sequence[Method],
    flows: Sequence[Substance],
    places: Sequence[str],
    directions: Sequence[str],
    fallback: Places | None = None,
    mapping: Mapping[str, tuple[str, float]] | None = None,
) -> Characterised:
    """Factors of every entry (a flow at a place, in a direction) under every method.

    A factor holds for its own direction: what a method says of a resource (input) never counts for an emission
    (output). mapping: the user's word, id of a flow → (flow of the method, how many of that one is).
    """
    stand_ins = fallback or Places()
    tables = [_tables(m) for m in methods]
    spoken = {flow for m, t in zip(methods, tables, strict=True) for flow, _ in (*t, *m.ambiguous)}
    factor = np.zeros((len(flows), len(methods)))
    known = np.zeros((len(flows), len(methods)), dtype=np.bool_)
    fallbacks: dict[Fallback, None] = {}
    missing: dict[Missing, None] = {}
    assumed: dict[Assumed, None] = {}
    found: dict[Substance, tuple[str, float]] = {}
    for k, (flow, place, direction) in enumerate(zip(flows, places, directions, strict=True)):
        if flow not in found:
            given = (mapping or {}).get(flow.id)
            keys = [given[0].casefold()] if given else list(flow.keys())
            key = next((key for key in keys if key in spoken), "")
            found[flow] = key, given[1] if given else 1.0
        key, times = found[flow]
        if not key:
            missing[Missing(flow.id, direction, "unknown")] = None
            continue
        for m, (method, table) in enumerate(zip(methods, tables, strict=True)):
            own = table.get((key, direction))
            if own is None:
                if (key, direction) in method.ambiguous:
                    missing[Missing(flow.id, direction, "ambiguous", method.name)] = None
                elif any((key, d) in table for d in DIRECTIONS):
                    missing[Missing(flow.id, direction, "direction", method.name)] = None
                continue
            mapped, said = flow.id in (mapping or {}), method.units.get(key, "")
            size = times if mapped else _size(flow.unit, said)
            used = next((p for p in stand_ins.of(place) if p in own), None)
            if size is None or used is None:
                why: Why = "place" if size is not None else "unit" if said else "unit-unsaid"
                missing[Missing(flow.id, direction, why, method.name)] = None
                continue
            factor[k, m], known[k, m] = own[used] * size, True
            if not (mapped or said):
                assumed[Assumed(method.name, flow.id, flow.unit)] = None
            if used != place and (used or len(own) > 1):
                fallbacks[Fallback(method.name, flow.id, place, used)] = None
    return Characterised(
        factor, known, tuple(m.name for m in methods), tuple(fallbacks), tuple(missing), tuple(assumed)
    )


def _tables(method: Method) -> dict[tuple[str, str], dict[str, float]]:
    """Factors by flow and direction, then by place."""
    out: dict[tuple[str, str], dict[str, float]] = {}
    for (flow, direction, place), value in method.factors.items():
        out.setdefault((flow, direction), {})[place] = float(value)
    return out


@cache
def _size(given: str, wanted: str) -> float | None:
    """How many `wanted` one `given` is; None where they do not convert. A factor that states no unit (wanted "") is
    taken per unit of the flow, but for a flow in grams, litres or kilowatt-hours: it may be meant per kg, m3 or MJ."""
    if not given or given.casefold() == wanted.casefold():
        return 1.0
    if not wanted:
        return 1.0 if all(_ratio(given, u) in (None, 1.0) for u in COMMON) else None
    return _ratio(given, wanted)


def _ratio(given: str, wanted: str) -> float | None:
    try:
        return float(unit_of(given).to(unit_of(wanted)))
    except UnitError:
        return None
