"""Compiled systems on disk: one folder per content, arrays as they lie in memory, opened by mapping them.

A folder's name is the digest of the matrix and of this numerics version, so it never has to be brought up to date;
it is written beside and renamed, so a reader sees all of it or nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .system import Purchases, System, compile_system

FORMAT = "system/1"


def key(matrix: Any, version: str) -> str:
    """Digest of a technosphere matrix (canonical compressed columns) and the version of the numerics."""
    a = _canonical(matrix)
    h = hashlib.sha256(f"{FORMAT} {version} {a.shape} {np.dtype(np.float64).str}".encode())
    for part in (a.indptr.astype("<i8"), a.indices.astype("<i8"), a.data.astype("<f8")):
        h.update(part.tobytes())
    return h.hexdigest()[:32]


def compiled_in(
    root: Path, matrix: Any, version: str, extra: Mapping[str, NDArray[Any]] | None = None
) -> System:
    """The compiled system of `matrix`, from the folder where it is there, else compiled and written there.

    extra: arrays to keep beside it (uncertainty, burdens), see `extras`. What the folder holds must not be trusted by
    a verification: compile again there.
    """
    folder = root / key(matrix, version)
    if not (folder / "about.json").exists():
        write(compile_system(matrix), folder, extra)
    return read(folder)


def arrays_of(system: System) -> dict[str, Any]:
    """What a system is made of, by name."""
    p, a = system.purchases, system.matrix
    return {
        "matrix.indptr": a.indptr,
        "matrix.indices": a.indices,
        "matrix.data": a.data,
        "processes": system.processes,
        "position": system.position,
        "sign": system.sign,
        "output": system.output,
        "pointer": p.pointer,
        "index": p.index,
        "amount": p.amount,
        "source": p.source,
        "block": p.block,
        "group": p.group,
    }


def system_of_arrays(get: Mapping[str, Any]) -> System:
    """The system that `arrays_of` took apart."""
    n = int(get["processes"].size)
    matrix = sparse.csc_array((get["matrix.data"], get["matrix.indices"], get["matrix.indptr"]), shape=(n, n))
    return System(
        matrix,
        get["processes"],
        get["position"],
        get["sign"],
        get["output"],
        Purchases(*(get[k] for k in ("pointer", "index", "amount", "source", "block", "group"))),
    )


def write(system: System, folder: Path, extra: Mapping[str, NDArray[Any]] | None = None) -> None:
    """Write a system's arrays into `folder`; a folder that another process wrote meanwhile stays."""
    arrays = arrays_of(system)
    arrays.update({f"extra.{name}": v for name, v in (extra or {}).items()})
    folder.parent.mkdir(parents=True, exist_ok=True)
    own = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, value in arrays.items():
            np.save(own / f"{name}.npy", np.ascontiguousarray(value))
        (own / "about.json").write_text(
            json.dumps({"format": FORMAT, "size": system.size}) + "\n", encoding="utf-8"
        )
        os.replace(own, folder)
    except OSError:
        if not (folder / "about.json").exists():
            raise
    finally:
        shutil.rmtree(own, ignore_errors=True)


def read(folder: Path) -> System:
    """A system whose arrays are maps of the files in `folder`. Raises FileNotFoundError, or ValueError for another
    format."""
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    if about.get("format") != FORMAT:
        raise ValueError(f"{folder.name}: {about.get('format')!r} is not {FORMAT}")
    get = {
        name: _map(folder, name)
        for name in (
            "matrix.indptr",
            "matrix.indices",
            "matrix.data",
            "processes",
            "position",
            "sign",
            "output",
            "pointer",
            "index",
            "amount",
            "source",
            "block",
            "group",
        )
    }
    return system_of_arrays(get)


def extras(folder: Path) -> dict[str, NDArray[Any]]:
    """The arrays kept beside a system."""
    return {
        f.name[len("extra.") : -len(".npy")]: _map(folder, f.name[: -len(".npy")])
        for f in sorted(folder.glob("extra.*.npy"))
    }


def _map(folder: Path, name: str) -> Any:
    return np.load(folder / f"{name}.npy", mmap_mode="r")


def _canonical(matrix: Any) -> Any:
    a = sparse.csc_array(matrix, dtype=np.float64, copy=True)
    a.sum_duplicates()
    return a
