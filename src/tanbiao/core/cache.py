"""A cache of arrays on disk: whatever it holds can be made again, and what has to be proven never reads it.

One folder for each key, written beside and renamed, so that a reader sees all of it or nothing. It lies in
$TANBIAO_HOME/cache, else in the platform's cache folder of this user; `TANBIAO_CACHE=off` turns it off.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .digest import digest

FORMAT = "cache/1"
LIMIT = 4 * 2**30
"""Bytes kept; what was used longest ago goes first."""


@dataclass(frozen=True, slots=True)
class Cache:
    """Arrays by key below `root`, at most `limit` bytes."""

    root: Path
    limit: int = LIMIT

    def get(self, key: Mapping[str, str]) -> dict[str, NDArray[Any]] | None:
        """The arrays of a key as read-only maps, or None; an entry that cannot be read is dropped."""
        folder = self.root / _name(key)
        try:
            about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
            if about["format"] != FORMAT or about["key"] != dict(key):
                return None
            found = {}
            for name, (shape, dtype) in about["arrays"].items():
                array = np.load(
                    folder / f"{name}.npy", mmap_mode="r" if np.prod(shape) else None, allow_pickle=False
                )
                if list(array.shape) != shape or array.dtype.str != dtype:
                    raise ValueError(name)
                found[name] = array
            os.utime(folder / "about.json")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, EOFError):
            shutil.rmtree(folder, ignore_errors=True)
            return None
        return found

    def put(self, key: Mapping[str, str], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep the arrays of a key; a disk that is full or read-only is no error: nothing is kept then."""
        size = sum(a.nbytes for a in arrays.values())
        if size > self.limit:
            return
        folder = self.root / _name(key)
        own: Path | None = None
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.trim(self.limit - size)
            own = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=self.root))
            for name, value in arrays.items():
                np.save(own / f"{name}.npy", np.ascontiguousarray(value), allow_pickle=False)
            about = {
                "format": FORMAT,
                "key": dict(key),
                "arrays": {n: [list(a.shape), np.ascontiguousarray(a).dtype.str] for n, a in arrays.items()},
            }
            (own / "about.json").write_text(json.dumps(about) + "\n", encoding="utf-8")
            os.replace(own, folder)
        except OSError:
            pass
        finally:
            if own is not None:
                shutil.rmtree(own, ignore_errors=True)

    def trim(self, room: int) -> None:
        """Drop what was used longest ago until at most `room` bytes are left."""
        entries = []
        for folder in self.root.iterdir():
            try:
                about = folder / "about.json"
                entries.append(
                    (about.stat().st_mtime, sum(f.stat().st_size for f in folder.iterdir()), folder)
                )
            except OSError:
                continue
        total = sum(size for _, size, _ in entries)
        for _, size, folder in sorted(entries, key=lambda e: (e[0], e[2].name)):
            if total <= room:
                return
            shutil.rmtree(folder, ignore_errors=True)
            total -= size


def user_cache() -> Cache | None:
    """The cache of this user, or None where it is turned off or there is no place for it."""
    if os.environ.get("TANBIAO_CACHE", "").lower() in ("off", "0", "no"):
        return None
    said = os.environ.get("TANBIAO_HOME")
    if said:
        return Cache(Path(said) / "cache")
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "darwin":
        return Cache(home / "Library" / "Caches" / "tanbiao")
    if sys.platform == "win32":
        return Cache(Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "tanbiao" / "cache")
    return Cache(Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "tanbiao")


def machine() -> str:
    """What the last bits of a result may depend on: processor, system, Python and numpy."""
    return f"{platform.machine()} {sys.platform} {platform.python_version()} numpy {np.__version__} {sys.byteorder}"


def _name(key: Mapping[str, str]) -> str:
    return digest({"format": FORMAT, **key})[:32]
