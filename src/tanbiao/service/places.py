"""Where packs, libraries and examples lie: beside the sources in a checkout, inside the wheel when installed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..core.cache import Cache, user_cache
from ..core.errors import Place, TanbiaoError, refuse
from ..exchange.store import find
from ..library import Library, overlay, read_library
from ..library.intensity import Impacts


def data_root() -> Path:
    """The folder that holds packs/, library/ and examples/."""
    checkout = Path(__file__).resolve().parents[3]
    inside = Path(__file__).resolve().parents[1] / "data"
    return inside if inside.is_dir() else checkout


@dataclass(frozen=True)
class Places:
    """Roots to look in: the user's own first (`TANBIAO_PATH`, `--pack-root`, `--library`), then what ships."""

    packs: tuple[Path, ...] = ()
    libraries: tuple[Path, ...] = ()
    extra: tuple[Path, ...] = field(default=())
    impacts: Impacts | None = None
    """A study's impact method that is solved already, out of a bundle."""

    @cached_property
    def pack_roots(self) -> list[Path]:
        own = [Path(p) / "packs" for p in os.environ.get("TANBIAO_PATH", "").split(os.pathsep) if p]
        return [p for p in (*self.packs, *own, data_root() / "packs") if p.is_dir()]

    @cached_property
    def library_roots(self) -> list[Path]:
        own = [Path(p) / "library" for p in os.environ.get("TANBIAO_PATH", "").split(os.pathsep) if p]
        return [p for p in (*self.libraries, *own, data_root() / "library") if p.is_dir()]

    @property
    def reads_own_files(self) -> bool:
        """Whether paths that a study names may be followed; not where the study comes from a stranger."""
        return True

    @property
    def cache(self) -> Cache | None:
        """Where solved libraries are kept."""
        return user_cache()

    def library(self, names: Sequence[str], study: Path | None = None) -> Library:
        """One library out of the named ones: `open-2026@1`, or a path below the study; later ones lie over earlier.

        Refuses (`library-not-found`) and passes on what the library's own reader finds.
        """
        found: Library | None = None
        for name in names:
            library = self._one(name, study)
            if found is None:
                found = library
            else:
                found, problems = overlay(found, library)
                errors = [p for p in problems if p.level == "error"]
                if errors:
                    raise TanbiaoError(errors)
        if found is None:
            raise refuse("library-none", Place("study.yaml", path="libraries"))
        return found

    @cached_property
    def _read(self) -> dict[Path, Library]:
        """Libraries that were read already; a library does not change while a program runs."""
        return {}

    def _library(self, folder: Path) -> Library:
        if folder not in self._read:
            library, problems = read_library(folder, self.cache)
            errors = [p for p in problems if p.level == "error"]
            if errors:
                raise TanbiaoError(errors)
            self._read[folder] = library
        return self._read[folder]

    def _one(self, name: str, study: Path | None) -> Library:
        library = self._library(self.folder_of(name, study))
        _, _, version = name.partition("@")
        if version and library.version != version:
            raise refuse(
                "library-version",
                Place("study.yaml", path="libraries"),
                wanted=name,
                found=f"{library.id}@{library.version}",
            )
        return library

    def folder_of(self, name: str, study: Path | None = None) -> Path:
        """The folder of one library. Refuses (`library-not-found`)."""
        id_, _, _ = name.partition("@")
        if study is not None and name.startswith("."):
            candidates = [study / name]
        else:
            stored = find(name)
            candidates = [root / id_ for root in self.library_roots] + [Path(name)]
            candidates += [stored.folder] if stored is not None else []
        for folder in candidates:
            if (folder / "library.yaml").is_file():
                return folder.resolve()
        raise refuse("library-not-found", Place("study.yaml", path="libraries"), name=name)
