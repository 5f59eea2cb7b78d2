"""Linked rows as columns, and what could not be linked."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ..core.errors import Place, Problem
from .model import Exchange
from .nature import Nature
from .source import plain_cell
from .uncertain import Spreads

CUTOFF = "cutoff"


@dataclass(slots=True)
class Made:
    """One process of the library to be: single product, reference amount in our unit."""

    id: str
    source: str
    flow: str
    name_en: str
    name_zh: str
    product: str
    place: str
    unit: str
    amount: float
    category: str
    year: str
    technology: str
    licence: str
    origin: str
    notes: str
    treats: bool
    where: str


KINDS = ("input", "emission", CUTOFF)


@dataclass(eq=False)
class Draft:
    """Everything linked, as columns; `provider` is an index into `ids` (providers of the base, gases, processes).

    counts: how many exchanges each rule linked. unlinked: rows for the report.
    """

    made: list[Made] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    process: array[int] = field(default_factory=lambda: array("i"))
    kind: array[int] = field(default_factory=lambda: array("b"))
    provider: array[int] = field(default_factory=lambda: array("i"))
    amount: array[float] = field(default_factory=lambda: array("d"))
    text: array[int] = field(default_factory=lambda: array("i"))
    note: array[int] = field(default_factory=lambda: array("i"))
    unit: array[int] = field(default_factory=lambda: array("i"))
    strings: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    gases: Counter[str] = field(default_factory=Counter)
    uncharacterised: dict[str, tuple[str, int, float, str]] = field(default_factory=dict)
    """flow name → (status, exchanges, sum of absolute amounts, unit)."""
    unlinked: list[Unlinked] = field(default_factory=list)
    left_out: list[tuple[str, str, str]] = field(default_factory=list)
    """(process, name, why) of processes that could not be taken in."""
    problems: list[Problem] = field(default_factory=list)
    spreads: Spreads = field(default_factory=Spreads)
    nature: Nature = field(default_factory=Nature)
    """Exchanges with nature that are no greenhouse gas."""
    exchanges: int = 0
    """Exchanges read, of every kind."""
    needs_base: bool = False


@dataclass(slots=True)
class Unlinked:
    """One exchange without a provider: why, and where it stands."""

    process: str
    number: str
    flow: str
    name: str
    unit: str
    place: str
    amount: float
    why: str
    candidates: str = ""
    row: int = -1


class Pending:
    __slots__ = (
        "amount",
        "avoided",
        "buyer",
        "direction",
        "flow",
        "name",
        "number",
        "place",
        "provider",
        "quality",
        "stated",
        "uncertainty",
        "unit",
    )

    def __init__(self, buyer: int, x: Exchange, name: str, amount: float, unit: str) -> None:
        self.buyer, self.flow, self.name, self.unit = buyer, x.flow, name, unit
        self.provider, self.place, self.number = x.provider, x.place, x.number
        self.amount, self.avoided = amount, x.avoided
        self.direction = "input" if x.avoided else x.direction  # what is not bought is no waste sent away
        self.stated, self.uncertainty, self.quality = x.amount, x.uncertainty, x.quality


class Numbered(dict[str, int]):
    """Texts numbered in the order in which they are first asked for."""

    def __init__(self, texts: list[str]) -> None:
        super().__init__()
        self.texts = texts

    def __missing__(self, text: str) -> int:
        at = self[text] = len(self.texts)
        self.texts.append(text)
        return at


class Record:
    """Writes rows and problems into a draft."""

    def __init__(self, draft: Draft, source: str) -> None:
        self.draft, self.source = draft, source
        self._strings, self._ids = Numbered(draft.strings), Numbered(draft.ids)
        self._quality: dict[str, int] = {"": -1}

    def number_of(self, id_: str) -> int | None:
        """The number of a provider or gas that rows name."""
        return self._ids.get(id_)

    def problem(self, code: str, where: str, level: str = "error", **args: Any) -> None:
        file, _, path = where.partition("#")
        self.draft.problems.append(
            Problem(
                code,
                Place(file or self.source, path=path or None),
                {k: str(v)[:300] for k, v in args.items()},
                level="error" if level == "error" else "warning",
            )
        )

    def row(
        self,
        process: int,
        kind: int,
        provider: str,
        amount: float,
        unit: str,
        flow: str,
        note: str,
        source: Exchange | Pending | None = None,
    ) -> int:
        d = self.draft
        d.process.append(process)
        d.kind.append(kind)
        d.provider.append(self._ids[provider] if provider else -1)
        d.amount.append(amount)
        d.unit.append(self._strings[unit])
        d.text.append(self._strings[flow])
        d.note.append(self._strings[note] if note else -1)
        if source is None:
            d.spreads.add(None, amount, amount, -1, flow)
        else:
            stated = source.amount if isinstance(source, Exchange) else source.stated
            d.spreads.add(source.uncertainty, stated, amount, self._quality_of(source.quality), flow)
        return len(d.amount) - 1

    def _quality_of(self, text: str) -> int:
        at = self._quality.get(text)
        if at is None:
            at = self._quality[text] = self._strings[plain_cell(" ".join(text.split()))]
        return at
