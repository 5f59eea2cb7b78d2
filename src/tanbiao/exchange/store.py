"""The library store: $TANBIAO_HOME/library/<id>/<digest>, written once and never changed.

`<id>/versions.csv` lists what was stored, oldest first; the newest version of an id is its last line. A folder's name
is the first 16 characters of the digest of its files, so equal imports are stored once.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import Place, refuse
from .files import fresh_file
from .index import Opened
from .library import folder_digest

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
COLUMNS = ("version", "digest", "format", "source", "processes", "results", "unlinked")


def home() -> Path:
    """$TANBIAO_HOME, or the folder for data of this user."""
    said = os.environ.get("TANBIAO_HOME")
    if said:
        return Path(said)
    base = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "share") / "tanbiao"


def store_root() -> Path:
    return home() / "library"


@dataclass(frozen=True, slots=True)
class Stored:
    """One stored version."""

    id: str
    version: str
    digest: str
    format: str
    source: str
    processes: int
    results: int
    unlinked: int
    folder: Path

    def open(self) -> Opened:
        return Opened(self.folder)

    def data(self) -> dict[str, str | int]:
        return {
            "library": f"{self.id}@{self.version}",
            "digest": self.digest,
            "format": self.format,
            "source": self.source,
            "processes": self.processes,
            "results": self.results,
            "unlinked": self.unlinked,
            "folder": str(self.folder),
        }


def library_id(text: str) -> str:
    """A library id out of a file's name."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", text.casefold()).strip("-._")[:60]
    return plain or "imported"


def store(
    id_: str,
    write: Callable[[Path], tuple[str, str, int, int, int]],
    root: Path | None = None,
) -> tuple[Stored, bool]:
    """Let `write` fill a temporary folder and keep it under its digest; the second value says whether it was new.

    `write` returns (format, source, processes, results, unlinked) and writes library.yaml as version 1; the digest is
    taken over that, then the version in the store is put in. Interrupted or refused, it leaves nothing. Refuses
    (`exchange-library-id`).
    """
    if not _ID.fullmatch(id_):
        raise refuse("exchange-library-id", Place(), id=id_)
    parent = (root or store_root()) / id_
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".part-", dir=parent))
    try:
        format_, source, processes, results, unlinked = write(folder)
        digest = folder_digest(folder)
        existing = list_versions(id_, root)
        same = next((s for s in existing if s.digest == digest and s.folder.is_dir()), None)
        if same is not None:
            shutil.rmtree(folder)
            return same, False
        version = str(len(existing) + 1)
        head = folder / "library.yaml"
        head.write_text(
            head.read_text(encoding="utf-8").replace("version: '1'", f"version: '{version}'", 1),
            encoding="utf-8",
        )
        target = parent / digest[:16]
        os.chmod(folder, 0o755)
        os.rename(folder, target)
        folder = target
        _freeze(target)
        stored = Stored(id_, version, digest, format_, source, processes, results, unlinked, target)
        _write_versions(parent, [*existing, stored])
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if not any(parent.iterdir()):
            parent.rmdir()
        raise
    return stored, True


def _write_versions(parent: Path, versions: list[Stored]) -> None:
    with fresh_file(parent / "versions.csv") as path, path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        out.writerows(
            (s.version, s.digest, s.format, s.source, s.processes, s.results, s.unlinked) for s in versions
        )


def _freeze(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            file.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)


def list_versions(id_: str, root: Path | None = None) -> list[Stored]:
    """Versions of one id, oldest first."""
    parent = (root or store_root()) / id_
    if not (parent / "versions.csv").is_file():
        return []
    with (parent / "versions.csv").open(encoding="utf-8", newline="") as file:
        return [
            Stored(
                id_,
                r["version"],
                r["digest"],
                r["format"],
                r["source"],
                int(r["processes"]),
                int(r["results"]),
                int(r["unlinked"]),
                parent / r["digest"][:16],
            )
            for r in csv.DictReader(file)
        ]


def list_stored(root: Path | None = None) -> list[Stored]:
    """The newest version of every library stored."""
    root = root or store_root()
    if not root.is_dir():
        return []
    return [v[-1] for v in (list_versions(p.name, root) for p in sorted(root.iterdir()) if p.is_dir()) if v]


def find(name: str, root: Path | None = None) -> Stored | None:
    """`id` (newest) or `id@version`; None when it is not stored."""
    id_, _, version = name.partition("@")
    if not _ID.fullmatch(id_):
        return None
    versions = list_versions(id_, root)
    if version:
        return next((s for s in versions if s.version == version), None)
    return versions[-1] if versions else None


def folders(root: Path | None = None) -> Iterator[Path]:
    """Folders of the newest versions."""
    for stored in list_stored(root):
        yield stored.folder
