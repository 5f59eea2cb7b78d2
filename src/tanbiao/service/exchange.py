"""Use cases of exchange: import into the library store, export, search the store, compare two versions, forms."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import Place, Problem, TanbiaoError, refuse
from ..exchange import FORMATS, Head, Loss, Rules, Stored, find, link, list_stored, read, read_mapping, store, write
from ..exchange import write_library as write_library_folder
from ..exchange.candidates import Named
from ..exchange.compare import Changed, compare_libraries
from ..exchange.index import Found
from ..exchange.model import Inventory
from ..exchange.ours import library_inventory, study_inventory
from ..exchange.store import library_id, store_root
from ..library import Library, read_library
from ..study import read_study
from .places import Places

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ImportOptions:
    """What the user declares for an import. `into`: libraries whose items may be providers (`open-2026`)."""

    format: str | None = None
    id: str = ""
    allocation: str = ""
    places: tuple[str, ...] = ()
    mapping: Path | None = None
    into: tuple[str, ...] = ()
    by_name: bool = True
    licence: str = ""
    share: str = ""
    strict: bool = False
    root: Path | None = None
    """The store; $TANBIAO_HOME/library when None."""


@dataclass(frozen=True)
class Imported:
    """What an import made. `new` is False where the same content was stored before."""

    stored: Stored
    new: bool
    experimental: bool
    summary: Mapping[str, Any]
    losses: tuple[Loss, ...]
    problems: tuple[Problem, ...]

    def data(self) -> dict[str, Any]:
        return {**self.stored.data(), "new": self.new, "experimental": self.experimental, "summary": dict(self.summary),
                "losses": [{"field": x.field, "count": x.count, "example": x.example} for x in self.losses],
                "problems": [p.data() for p in self.problems]}


def import_library(path: Path, options: ImportOptions | None = None, places: Places | None = None,
                   progress: Progress | None = None) -> Imported:
    """Read, link and store. Nothing is written unless the whole of it is.

    Refuses what opening refuses, `exchange-empty`, `exchange-unlinked-strict`. Problems that leave single data sets
    out are returned, not raised.
    """
    options = options or ImportOptions()
    base = (places or Places()).library(options.into) if options.into else None
    named = _named(base) if base is not None else ()
    mapping = read_mapping(options.mapping) if options.mapping is not None else {}
    inventory = read(path, options.format, keep=False)
    rules = Rules(options.allocation, options.places, options.by_name, mapping)
    id_ = options.id or library_id(path.stem)
    box: dict[str, Any] = {}

    def fill(folder: Path) -> tuple[str, str, int, int, int]:
        draft = link(inventory, rules, named, progress)
        if not draft.made and not inventory.results:
            raise TanbiaoError([*draft.problems[:200], Problem("exchange-empty", Place(path.name))])
        if options.strict and (draft.unlinked or draft.left_out):
            place = Place(path.name)
            raise TanbiaoError([*draft.problems[:200], Problem("exchange-unlinked-strict", place, {
                "count": str(len(draft.unlinked)), "left": str(len(draft.left_out))})])
        head = Head(id_, licence=options.licence, share=options.share, base="+".join(options.into))
        gases = frozenset(base.gases) if base is not None and draft.needs_base else frozenset()
        summary, losses = write_library_folder(folder, draft, inventory, head, gases)
        box.update(summary=summary, losses=losses, problems=tuple(draft.problems))
        return inventory.format, path.name, len(draft.made), len(inventory.results), len(draft.unlinked)

    stored, new = store(id_, fill, options.root)
    return Imported(stored, new, inventory.experimental or FORMATS[inventory.format].experimental
                    if inventory.format in FORMATS else True, box["summary"], box["losses"], box["problems"])


def _named(library: Library) -> list[Named]:
    return [Named(i.id, (i.name_en, i.name_zh), str(getattr(i, "unit", "")), str(getattr(i, "place", "")))
            for i in (*library.processes.values(), *library.factors.values())]


@dataclass(frozen=True)
class Exported:
    """What was written, and what could not be carried."""

    path: Path
    format: str
    losses: tuple[Loss, ...]

    def data(self) -> dict[str, Any]:
        return {"file": str(self.path), "format": self.format,
                "losses": [{"field": x.field, "count": x.count, "example": x.example} for x in self.losses]}


def export(source: str, to: str, target: Path | None = None, places: Places | None = None) -> Exported:
    """Write a study, a library (by id, or a folder with library.yaml), or any readable file in another format.

    Refuses (`exchange-no-writer`, `exchange-format-unnamed`, and what reading refuses).
    """
    places = places or Places()
    inventory = _inventory(source, places)
    if to not in FORMATS:
        raise refuse("exchange-format-unnamed", Place(source), format=to, formats=", ".join(FORMATS))
    target = target or Path(f"{library_id(Path(inventory.name).stem)}-{to}{FORMATS[to].suffix}")
    losses = write(inventory, target, to)
    return Exported(target, to, (*inventory.losses.report(), *losses))


def _inventory(source: str, places: Places) -> Inventory:
    path = Path(source)
    if (path / "study.yaml").is_file() or path.name == "study.yaml":
        study, problems = read_study(path)
        errors = [p for p in problems if p.level == "error"]
        if errors:
            raise TanbiaoError(errors)
        return study_inventory(study, places.library(study.libraries or ("open-2026",), study.path))
    if (path / "library.yaml").is_file():
        return library_inventory(_library(path))
    if path.exists():
        return read(path).gathered()
    stored = find(source)
    if stored is not None:
        return library_inventory(_library(stored.folder))
    return library_inventory(places.library([source]))


def _library(folder: Path) -> Library:
    library, problems = read_library(folder)
    errors = [p for p in problems if p.level == "error"]
    if errors:
        raise TanbiaoError(errors)
    return library


def stored_libraries(root: Path | None = None) -> list[Stored]:
    """The newest version of every stored library."""
    return list_stored(root)


def search_stored(text: str, names: Sequence[str] = (), limit: int = 20, root: Path | None = None) -> list[tuple[Stored, Found]]:
    """Items of stored libraries that hold the words of `text`, best first, over all of them or those named."""
    chosen = [open_stored(n, root) for n in names] if names else list_stored(root)
    hits = [(s, f) for s in chosen for f in s.open().search(text, limit)]
    return sorted(hits, key=lambda h: (-h[1].score, len(h[1].name_en), h[1].id))[:limit]


def open_stored(name: str, root: Path | None = None) -> Stored:
    """A stored library by `id` or `id@version`. Refuses (`exchange-library-missing`)."""
    stored = find(name, root)
    if stored is None:
        raise refuse("exchange-library-missing", Place(str(name)), name=name)
    return stored


def show_stored(name: str, root: Path | None = None) -> dict[str, Any]:
    """What a stored library is, and how it was linked."""
    stored = open_stored(name, root)
    summary = json.loads((stored.folder / "linking" / "summary.json").read_text(encoding="utf-8"))
    return {**stored.data(), "summary": summary}


def check_stored(name: str, gwp_set: str = "AR6", root: Path | None = None) -> list[Problem]:
    """Every guard of the library room over a stored library (cycles, hollow processes, balances, ranges)."""
    from ..library import check_library

    library, problems = read_library(open_stored(name, root).folder)
    return [*problems, *check_library(library, gwp_set)]


def diff_stored(old: str, new: str, gwp_set: str = "AR6", root: Path | None = None) -> list[Changed]:
    """Which items differ between two stored versions, and by how much."""
    return compare_libraries(_library(open_stored(old, root).folder), _library(open_stored(new, root).folder), gwp_set)


def store_folder() -> Path:
    return store_root()
