"""The ledger: one entry for each clause application. A digest covers the recipe, neither floats nor time; values
stand beside the entries and are compared within a tolerance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from ..core.digest import digest, merkle_root
from ..core.numbers import decimal_text
from ..core.value import KNOWN, NOT_APPLICABLE, Value

VERSION = "ledger-1"
NUMERICS = "foreground-lu-1"
FORMULA = "formula-1"
KEPT_ROWS = 500
"""Columns up to this length are stored whole; longer ones as count, sum, least and greatest."""


@dataclass(frozen=True)
class Entry:
    """One step. `inputs` are (name, digest of the entry it came from)."""

    kind: str
    name: str
    clause: str = ""
    pack: str = ""
    formula: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    basis: tuple[tuple[str, str], ...] = ()
    axes: tuple[tuple[str, str], ...] = ()
    data: str = ""
    """For givens, libraries and tables: the digest of what was given."""

    def recipe(self) -> dict[str, Any]:
        """What the digest covers."""
        return {
            "kind": self.kind,
            "name": self.name,
            "clause": self.clause,
            "pack": self.pack,
            "formula": self.formula,
            "inputs": [list(i) for i in self.inputs],
            "unit": self.unit,
            "basis": [list(b) for b in self.basis],
            "axes": [list(a) for a in self.axes],
            "data": self.data,
        }

    @property
    def digest(self) -> str:
        return digest(self.recipe())


@dataclass
class Ledger:
    """Entries by digest, in the order they were made, and their values."""

    entries: dict[str, Entry] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    roots: list[str] = field(default_factory=list)

    def add(self, entry: Entry, value: Any = None) -> str:
        key = entry.digest
        self.entries[key] = entry
        if value is not None:
            self.values[key] = value_data(value) if isinstance(value, Value) else value
        return key

    @property
    def root(self) -> str:
        """One digest over everything that was published or judged."""
        return merkle_root(self.roots)

    def below(self, key: str) -> Iterator[tuple[str, Entry]]:
        """The named inputs of an entry, with their entries."""
        for name, other in self.entries[key].inputs:
            if other in self.entries:
                yield name, self.entries[other]

    def data(self) -> dict[str, Any]:
        """For files: entries with their digests and values."""
        return {
            "version": VERSION,
            "root": self.root,
            "roots": sorted(self.roots),
            "entries": {
                k: {**e.recipe(), "value": self.values.get(k)} for k, e in sorted(self.entries.items())
            },
        }


class Unkept(Ledger):
    """The ledger of what is computed only to be counted, such as one draw of many: keeps nothing, digests nothing."""

    def add(self, entry: Entry, value: Any = None) -> str:
        return ""


def ledger_from(data: Mapping[str, Any]) -> Ledger:
    """A ledger read back from its file form. Raises `ValueError` when a digest does not fit its entry."""
    ledger = Ledger(roots=list(data["roots"]))
    for key, raw in data["entries"].items():
        entry = Entry(
            raw["kind"],
            raw["name"],
            raw["clause"],
            raw["pack"],
            raw["formula"],
            tuple((a, b) for a, b in raw["inputs"]),
            raw["unit"],
            tuple((a, b) for a, b in raw["basis"]),
            tuple((a, b) for a, b in raw["axes"]),
            raw["data"],
        )
        if entry.digest != key:
            raise ValueError(f"entry {key[:12]} does not fit its digest")
        ledger.entries[key] = entry
        if raw["value"] is not None:
            ledger.values[key] = raw["value"]
    return ledger


def value_data(value: Value) -> dict[str, Any]:
    """A value for a file: numbers as decimal texts in their own unit."""
    head: dict[str, Any] = {"unit": value.unit.text}
    if value.basis:
        head["basis"] = dict(value.basis)
    if value.provenance:
        head["provenance"] = sorted(value.provenance)
    if value.table is None:
        head["state"] = ("known", "missing", "not applicable")[int(value.state)]
        if value.state == KNOWN:
            head["value"] = _one(value.data, value)
        elif value.why:
            head["why"] = sorted(value.why)
        return head
    states = np.asarray(value.state)
    head |= {"table": value.table, "rows": len(states)}
    if len(states) <= KEPT_ROWS:
        head["values"] = [
            _one(v, value) if s == KNOWN else None for v, s in zip(value.data, states, strict=True)
        ]
        head["missing"] = [int(i) for i in np.flatnonzero(states == 1)]
        head["not_applicable"] = [int(i) for i in np.flatnonzero(states == NOT_APPLICABLE)]
    elif value.data.dtype == np.float64:
        kept = value.data[states == KNOWN] / float(value.unit.factor)
        if len(kept):
            head |= {
                "sum": decimal_text(float(kept.sum())),
                "least": decimal_text(float(kept.min())),
                "greatest": decimal_text(float(kept.max())),
            }
    return head


def _one(data: Any, value: Value) -> Any:
    if isinstance(data, bool | np.bool_):
        return bool(data)
    if isinstance(data, Fraction):
        return decimal_text(data / value.unit.factor)
    if isinstance(data, float | np.floating):
        return decimal_text(float(data) / float(value.unit.factor))
    return str(data) if data is not None else None
