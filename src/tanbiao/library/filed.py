"""Exchanges that stay in their file: where each row stands is kept under the digest of the library's files."""

from __future__ import annotations

import hashlib
import mmap
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanbiao.core.cache import Cache
from tanbiao.numerics import lca

from .exchanges import exchange
from .model import Exchange
from .table import TABLES, Columns, read_table

LARGE = 4_000_000
"""Bytes of exchanges.csv below which reading it costs less than a look into the cache is worth."""


@dataclass(frozen=True, eq=False)
class Filed:
    """Rows of an exchanges.csv without problems; a row is read when it is asked for.

    starts (k + 1,): byte at which each row begins, and the end; line (k,): its line; order (k,), pointer (n + 1,):
    rows by process; names: processes, one a line; sorted (k,): marks of the ids in ascending order.
    """

    path: Path
    file: str
    starts: NDArray[np.int64]
    line: NDArray[np.int32]
    order: NDArray[np.int32]
    pointer: NDArray[np.int32]
    names: NDArray[np.uint8]
    marks: NDArray[np.uint64]

    def __len__(self) -> int:
        return int(self.line.size)

    @cached_property
    def table(self) -> Columns:
        return read_table(self.path.read_bytes(), self.file, "exchanges", [])

    @cached_property
    def _at(self) -> Mapping[str, int]:
        return {name: k for k, name in enumerate(self.names.tobytes().decode().split("\n"))}

    @property
    def processes(self) -> frozenset[str]:
        return frozenset(self._at)

    @cached_property
    def _bytes(self) -> mmap.mmap:
        with self.path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def of(self, process: str) -> tuple[Exchange, ...]:
        at = self._at.get(process)
        if at is None:
            return ()
        rows = self.order[self.pointer[at] : self.pointer[at + 1]]
        head = self._bytes[: self._bytes.find(b"\n") + 1]
        own = b"".join(self._bytes[self.starts[r] : self.starts[r + 1]] for r in rows)
        read = read_table(head + own, self.file, "exchanges", [])
        table = Columns(self.file, read.values, array("l", self.line[rows].tolist()))
        return tuple(exchange(table, k) for k in range(len(table)))


@dataclass(frozen=True, eq=False)
class Kept:
    """What the cache holds of a large library: `found` is None where nothing is kept yet."""

    path: Path
    data: bytes
    cache: Cache
    key: Mapping[str, str]
    found: Mapping[str, NDArray[Any]] | None

    @staticmethod
    def of(path: Path, data: Mapping[str, bytes | None], cache: Cache | None) -> Kept | None:
        """None where the library is small, or where nothing may be kept."""
        rows = data["exchanges"]
        head = path / "library.yaml"
        if cache is None or rows is None or len(rows) < LARGE or not head.is_file():
            return None
        marks = [hashlib.sha256(head.read_bytes()).hexdigest()]
        marks += [f"{n} {hashlib.sha256(d).hexdigest()}" for n, d in data.items() if d is not None]
        columns = " ".join(c.name for n in TABLES for c in TABLES[n])
        files = hashlib.sha256("\n".join([*marks, columns]).encode()).hexdigest()
        key = {"layout": "exchanges/1", "files": files}
        return Kept(path, rows, cache, key, cache.get(key))

    @property
    def digest(self) -> str:
        assert self.found is not None
        return bytes(np.asarray(self.found["digest"])).hex()

    def filed(self, file: str) -> Filed | None:
        if self.found is None:
            return None
        a = {n: np.asarray(v) for n, v in self.found.items() if n != "digest"}
        return Filed(self.path / "exchanges.csv", file, **a)

    def keep(self, table: Columns, digest: str) -> None:
        """Keep where the rows stand; not where lines end in a way that hides it."""
        if self.data.count(b"\r") != self.data.count(b"\r\n"):
            return
        begins = np.concatenate([[0], np.flatnonzero(np.frombuffer(self.data, np.uint8) == 10) + 1])
        line = np.asarray(table.lines, dtype=np.int32)
        code: dict[str, int] = {}
        of = np.array([code.setdefault(p, len(code)) for p in table.values["process"]], dtype=np.int32)
        self.cache.put(
            self.key,
            {
                "digest": np.frombuffer(bytes.fromhex(digest), np.uint8),
                "starts": np.append(begins[line - 1], len(self.data)),
                "line": line,
                "order": np.argsort(of, kind="stable").astype(np.int32),
                "pointer": np.concatenate([[0], np.cumsum(np.bincount(of))]).astype(np.int32),
                "names": np.frombuffer("\n".join(code).encode(), np.uint8),
                "marks": np.sort(lca.marks(table.values["id"])),
            },
        )
