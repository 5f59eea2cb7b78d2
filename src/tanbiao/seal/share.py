"""What of a background library may travel in a bundle: its folder, the solved vectors of what was used, or
nothing.

The level of a library is the strictest of its own `share` and that of any of its rows: a folder travels
whole or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.text import Text
from ..core.units import unit
from ..evaluate import Background, Evaluation, Provider, Result
from ..library import Library, row_digest
from ..library.table import TABLES
from .lock import LibraryData

LEVELS = ("full", "results", "digest")


@dataclass(frozen=True, eq=False)
class LibraryFolder:
    """One library on disk, as read: `library` holds this folder's rows only."""

    folder: Path
    library: Library

    @property
    def name(self) -> str:
        return f"{self.library.id}@{self.library.version}"

    @property
    def share(self) -> str:
        """The strictest level that the folder or any of its rows states; without a statement, `digest`."""
        stated = {self.library.share or "digest"}
        stated |= {p.share for p in self.library.processes.values() if p.share}
        stated |= {f.share for f in self.library.factors.values() if f.share}
        return next((level for level in reversed(LEVELS) if level in stated), "digest")

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The files that make up the library, by name; nothing else that may lie in the folder."""
        for name in ("library.yaml", *(f"{table}.csv" for table in TABLES)):
            if (self.folder / name).is_file():
                yield name, (self.folder / name).read_bytes()


@dataclass(frozen=True, eq=False)
class Shared:
    """How far the libraries of one run may travel together.

    closed: libraries whose folders suffice to solve them; solved: those of which vectors may travel; kept:
    those of which neither may, because they, or what their processes take from, may not be passed on.
    """

    libraries: tuple[LibraryFolder, ...]
    closed: frozenset[str]
    solved: frozenset[str]
    kept: frozenset[str]

    def data_for(self, used: frozenset[str]) -> LibraryData:
        """What a recomputation that uses the libraries named `used` will have to work with."""
        if len(self.closed) == len(self.libraries):
            return "folders"
        return "licensed" if used & self.kept else "solved"


def shared(libraries: Sequence[LibraryFolder]) -> Shared:
    """Which libraries travel how, given which take from which."""
    owner = {i: lib.name for lib in libraries for i in lib.library.items}
    level = {lib.name: lib.share for lib in libraries}
    needs = {
        lib.name: {owner[x.provider] for x in lib.library.exchanges if x.provider in owner} | {lib.name}
        for lib in libraries
    }
    for _ in libraries:
        needs = {n: {b for a in found for b in needs[a]} for n, found in needs.items()}
    closed = frozenset(n for n in level if all(level[m] == "full" for m in needs[n]))
    kept = frozenset(n for n in level if any(level[m] == "digest" for m in needs[n]))
    return Shared(tuple(libraries), closed, frozenset(level) - closed - kept, kept)


def used_providers(results: Sequence[Result]) -> dict[str, set[str]]:
    """GWP set → background items that lines took from, under every option that was tried."""
    found: dict[str, set[str]] = {}

    def walk(evaluation: Evaluation) -> None:
        if evaluation.solved is not None:
            used = {p for p in evaluation.solved.lines.provider if p in evaluation.background.providers}
            found.setdefault(evaluation.background.gwp, set()).update(used)
        for other in evaluation.others.values():
            walk(other)

    for result in results:
        walk(result.evaluation)
    return found


def solved_data(
    results: Sequence[Result], libraries: Sequence[LibraryFolder], names: frozenset[str]
) -> dict[str, Any]:
    """library/solved.json: the vectors of the providers used that belong to the libraries `names`."""
    owner = {i: lib for lib in libraries for i in lib.library.items}
    backgrounds = {r.evaluation.background.gwp: r.evaluation.background for r in results}
    return {
        "solved": {
            gwp: {
                i: _provider_data(backgrounds[gwp].providers[i], row_digest(owner[i].library, i))
                for i in sorted(used)
                if i in owner and owner[i].name in names
            }
            for gwp, used in sorted(used_providers(results).items())
        }
    }


def _provider_data(p: Provider, record: str) -> dict[str, Any]:
    return {
        "name": p.name.data(),
        "unit": p.unit.text,
        "vector": [repr(float(v)) for v in p.vector],
        "low": repr(p.low),
        "high": repr(p.high),
        "coverage": p.coverage,
        "kind": p.kind,
        "judged": repr(p.judged),
        "unconverted": repr(p.unconverted),
        "facts": dict(p.facts),
        "record": record,
    }


def read_solved(
    data: bytes, digests: Mapping[str, str], base: Callable[[str], Background | None]
) -> Callable[[str], Background]:
    """Backgrounds by GWP set out of library/solved.json, laid over what `base` gives from library folders."""
    raw = json.loads(data)["solved"]

    def background(gwp: str) -> Background:
        below = base(gwp)
        stored = raw.get(gwp, {})
        providers = dict(below.providers) if below is not None else {}
        providers |= {i: _provider(i, p) for i, p in stored.items()}

        def record(item: str) -> str:
            if item in stored:
                return str(stored[item]["record"])
            assert below is not None and below.record is not None
            return below.record(item)

        return Background(providers, dict(digests), gwp, None, record)

    return background


def _provider(id_: str, raw: Mapping[str, Any]) -> Provider:
    return Provider(
        id_,
        Text(raw["name"]["zh"], raw["name"]["en"]),
        unit(raw["unit"]),
        np.array([float(v) for v in raw["vector"]]),
        float(raw["low"]),
        float(raw["high"]),
        str(raw["coverage"]),
        str(raw["kind"]),
        float(raw["judged"]),
        float(raw["unconverted"]),
        {str(k): str(v) for k, v in raw["facts"].items()},
        str(raw["record"]),
    )


__all__ = ["LibraryFolder", "Shared", "read_solved", "shared", "solved_data", "used_providers"]
