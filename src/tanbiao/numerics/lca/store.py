"""Compiled systems on disk: one folder per content, arrays as they lie in memory, opened by mapping them.

A folder's name is the digest of the matrix and of this numerics version, so it never has to be brought up to date;
it is written beside and renamed, so a reader sees all of it or nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Mapping
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .system import Purchases, System, compile_system

FORMAT = "system/2"
BY_PROCESS = ("processes", "position", "sign", "output")
PURCHASES = ("pointer", "index", "amount", "source", "block", "group")
ARRAYS = ("matrix.indptr", "matrix.indices", "matrix.data", *BY_PROCESS, *PURCHASES)


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
    own = {"matrix.indptr": a.indptr, "matrix.indices": a.indices, "matrix.data": a.data}
    own |= {name: getattr(system, name) for name in BY_PROCESS}
    return own | {name: getattr(p, name) for name in PURCHASES}


def system_of_arrays(get: Mapping[str, Any], sound: bool = False) -> System:
    """The system that `arrays_of` took apart."""
    n = int(get["processes"].size)
    matrix = sparse.csc_array((get["matrix.data"], get["matrix.indices"], get["matrix.indptr"]), shape=(n, n))
    purchases = Purchases(**{name: get[name] for name in PURCHASES})
    return System(matrix, purchases=purchases, sound=sound, **{name: get[name] for name in BY_PROCESS})


def write(system: System, folder: Path, extra: Mapping[str, NDArray[Any]] | None = None) -> None:
    """Write a system's arrays into `folder`; a folder that another process wrote meanwhile stays."""
    arrays = arrays_of(system)
    arrays.update({f"extra.{name}": v for name, v in (extra or {}).items()})
    folder.parent.mkdir(parents=True, exist_ok=True)
    own = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        saved = {n: _save(own / f"{n}.npy", np.ascontiguousarray(value)) for n, value in arrays.items()}
        about = {"format": FORMAT, "sound": system.sound or not system.loops, "arrays": saved}
        (own / "about.json").write_text(json.dumps(about) + "\n", encoding="utf-8")
        os.replace(own, folder)
    except OSError:
        if not (folder / "about.json").exists():
            raise
    finally:
        shutil.rmtree(own, ignore_errors=True)


def read(folder: Path) -> System:
    """A system whose arrays are maps of the files in `folder`. Raises FileNotFoundError, or ValueError for another
    format."""
    about = _about(folder)
    return system_of_arrays({name: _map(folder, name, about) for name in ARRAYS}, about["sound"])


def extras(folder: Path) -> dict[str, NDArray[Any]]:
    """The arrays kept beside a system."""
    about = _about(folder)
    names = sorted(name for name in about["arrays"] if name.startswith("extra."))
    return {name.removeprefix("extra."): _map(folder, name, about) for name in names}


def _about(folder: Path) -> dict[str, Any]:
    about: dict[str, Any] = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    if about.get("format") != FORMAT:
        raise ValueError(f"{folder.name}: {about.get('format')!r} is not {FORMAT}")
    return about


def _save(path: Path, value: NDArray[Any]) -> tuple[str, tuple[int, ...], int]:
    """Write one array; what is needed to map it without reading its header: type, shape, where its values begin."""
    np.save(path, value)
    return value.dtype.str, value.shape, path.stat().st_size - value.nbytes


def _map(folder: Path, name: str, about: Mapping[str, Any]) -> NDArray[Any]:
    """An array as a read-only map of its file; opening one through its header takes ten times as long."""
    dtype, shape, start = about["arrays"][name]
    with (folder / f"{name}.npy").open("rb") as file:
        whole = mmap(file.fileno(), 0, access=ACCESS_READ)
    return np.frombuffer(whole, dtype, math.prod(shape), start).reshape(shape)


def _canonical(matrix: Any) -> Any:
    a = sparse.csc_array(matrix, dtype=np.float64, copy=True)
    a.sum_duplicates()
    return a
