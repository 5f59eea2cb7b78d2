"""The lock of a study: which packs and libraries, by version and digest, and which versions of the engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from ..core.digest import bytes_digest
from ..evaluate import ledger

CANONICAL = "rfc8785-sha256-1"
"""The form in which data are digested; changes with `tanbiao.core.digest`."""

LibraryData = Literal["folders", "solved", "licensed", "none"]


@cache
def _units() -> str:
    return bytes_digest((resources.files("tanbiao.core") / "units.cfg").read_bytes())


def engine() -> dict[str, str]:
    """The versions a recomputation depends on."""
    return {
        "ledger": ledger.VERSION,
        "numerics": ledger.NUMERICS,
        "formula": ledger.FORMULA,
        "canonical": CANONICAL,
        "units": _units(),
    }


@dataclass(frozen=True)
class Lock:
    """study.lock.

    evaluated: the packs that were applied, in order; packs: all they build on, version → digest. libraries:
    `id@version` → digest, in the order they lie over one another; shares: the level at which each travels.
    library_data: what a recomputation works with: the library `folders` in the bundle, the `solved` vectors
    of the providers used, a `licensed` library that the reader must hold, or `none` (confidential).
    """

    evaluated: tuple[str, ...]
    packs: Mapping[str, str]
    libraries: Mapping[str, str]
    shares: Mapping[str, str]
    library_data: LibraryData
    engine: Mapping[str, str]
    impact_method: tuple[str, str] | None = None
    """Name and digest of the study's impact method, where it names one."""

    def data(self) -> dict[str, Any]:
        return {
            "evaluated": list(self.evaluated),
            "packs": dict(self.packs),
            "engine": dict(self.engine),
            "libraries": [
                {"name": n, "digest": d, "share": self.shares[n]} for n, d in self.libraries.items()
            ],
            "library_data": self.library_data,
            **({"impact_method": list(self.impact_method)} if self.impact_method else {}),
        }


def read_lock(data: bytes) -> Lock:
    """From the bytes of study.lock; raises `ValueError`, `KeyError` or `TypeError` for anything else."""
    raw = json.loads(data)
    if raw["library_data"] not in ("folders", "solved", "licensed", "none"):
        raise ValueError(raw["library_data"])
    return Lock(
        tuple(map(str, raw["evaluated"])),
        {str(k): str(v) for k, v in raw["packs"].items()},
        {str(part["name"]): str(part["digest"]) for part in raw["libraries"]},
        {str(part["name"]): str(part["share"]) for part in raw["libraries"]},
        raw["library_data"],
        {str(k): str(v) for k, v in raw["engine"].items()},
        _pair(raw["impact_method"]) if "impact_method" in raw else None,
    )


def _pair(raw: Any) -> tuple[str, str]:
    name, digest = raw
    return str(name), str(digest)


def pretty(data: Any) -> bytes:
    """JSON that a person can read and that has one byte form: sorted keys, no floats, one line end at the
    end."""
    _no_floats(data)
    return (json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def _no_floats(data: Any) -> None:
    if isinstance(data, float):
        raise TypeError("a float has no place in a bundle")
    for value in data.values() if isinstance(data, dict) else data if isinstance(data, list | tuple) else ():
        _no_floats(value)
