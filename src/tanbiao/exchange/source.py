"""Opening what strangers send: folders, zips and single files, with limits and without surprises.

Refused: paths that leave the archive, links, encrypted members, archives that unpack to far more than they hold, XML
with a document type. Texts may be UTF-8, UTF-16 with a byte order mark, or GB 18030.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..core.errors import Place, refuse

MAX_MEMBERS = 2_000_000
MAX_MEMBER_BYTES = 2_000_000_000
MAX_TOTAL_BYTES = 60_000_000_000
MAX_RATIO = 200
"""Text compresses up to about 30 times; a zip bomb thousands of times."""
RATIO_FREE_BYTES = 20_000_000
"""Members smaller than this may compress as well as they like."""
MAX_TREE_BYTES = 400_000_000
"""A single file that has to be read whole."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file inside a source; `name` is its path with `/`."""

    name: str
    size: int


class Source:
    """A folder, a zip, or one file. Use `open_source`."""

    def __init__(self, path: Path, entries: list[Entry], archive: zipfile.ZipFile | None) -> None:
        self.path, self.entries, self._archive = path, entries, archive
        self.name = path.name
        self._names = {e.name: e for e in entries}
        self._folders: dict[str, list[str]] = {}
        for e in entries:
            parent = e.name.rpartition("/")[0].rpartition("/")[2]
            self._folders.setdefault(parent, []).append(e.name)
        self._raw = path.open("rb") if archive is not None else None
        self._infos = {i.filename: i for i in archive.infolist()} if archive is not None else {}

    @property
    def single(self) -> bool:
        """Whether it is one plain file."""
        return self._archive is None and self.path.is_file()

    def names(self, suffix: str = "", folder: str | None = None) -> list[str]:
        """Entries in the order of their names; `folder` is the name of their parent folder, at any depth."""
        found = [e.name for e in self.entries] if folder is None else self._folders.get(folder, [])
        return [n for n in found if n.lower().endswith(suffix)]

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def place(self, name: str, path: str | None = None) -> Place:
        return Place(name if self.single else f"{self.name}/{name}", path=path)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        if self._archive is not None:
            with self._archive.open(name) as file:
                yield file  # type: ignore[misc]
        else:
            with (self.path if self.single else self.path / name).open("rb") as file:
                yield file

    def head(self, name: str, size: int) -> bytes:
        """The first bytes of an entry, for recognising it; empty where it cannot be read."""
        try:
            with self.open(name) as file:
                return file.read(size)
        except Exception:  # a broken member: reading it will say so
            return b""

    def read(self, name: str, limit: int = MAX_TREE_BYTES) -> bytes:
        """The whole of one entry. Refuses (`exchange-file-large`, `exchange-zip-broken`, `exchange-zip-bomb`)."""
        try:
            data = self._member(name, limit)
            if data is None:
                with self.open(name) as file:
                    data = file.read(limit + 1)
        except (
            zipfile.BadZipFile,
            EOFError,
            NotImplementedError,
            RuntimeError,
            OSError,
            ValueError,
        ) as error:
            raise refuse("exchange-zip-broken", self.place(name), detail=str(error)[:120]) from None
        except Exception as error:  # zlib.error, lzma.LZMAError
            raise refuse("exchange-zip-broken", self.place(name), detail=str(error)[:120]) from None
        if len(data) > limit:
            raise refuse("exchange-file-large", self.place(name), limit=f"{limit // 1_000_000} MB")
        return data

    def _member(self, name: str, limit: int) -> bytes | None:
        """A deflated member, read past zipfile's own layers (four times faster for small files); None where the
        ordinary way has to be gone. Size and checksum are verified all the same."""
        info = self._infos.get(name)
        if (
            info is None
            or self._raw is None
            or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        ):
            return None
        self._raw.seek(info.header_offset)
        head = self._raw.read(30)
        if len(head) < 30 or head[:4] != b"PK\x03\x04":
            raise ValueError("no local header")
        self._raw.seek(
            int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), os.SEEK_CUR
        )
        packed = self._raw.read(min(info.compress_size, limit + 1))
        data = packed
        if info.compress_type == zipfile.ZIP_DEFLATED:
            data = zlib.decompressobj(-15).decompress(packed, limit + 1)
        if len(data) <= limit and (len(data) != info.file_size or zlib.crc32(data) != info.CRC):
            raise ValueError("size or checksum wrong")
        return data

    def text(self, name: str) -> str:
        return decode(self.read(name), self.place(name))

    def close(self) -> None:
        if self._archive is not None:
            self._archive.close()
        if self._raw is not None:
            self._raw.close()


def open_source(path: Path) -> Source:
    """Open a folder, zip or file. Refuses (`exchange-not-found`, `exchange-zip-*`)."""
    if not path.exists():
        raise refuse("exchange-not-found", Place(str(path.name)), name=path.name)
    if path.is_dir():
        return Source(path, sorted(_walk(path), key=lambda e: e.name), None)
    if not zipfile.is_zipfile(path) or path.suffix.lower() in (".xlsx", ".xlsm"):
        return Source(path, [Entry(path.name, path.stat().st_size)], None)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise refuse("exchange-zip-broken", Place(path.name), detail=str(error)[:120]) from None
    try:
        return Source(path, sorted(_members(archive, path.name), key=lambda e: e.name), archive)
    except BaseException:
        archive.close()
        raise


def _walk(root: Path) -> Iterator[Entry]:
    base = str(root)
    for folder, folders, files in os.walk(base, followlinks=False):
        folders.sort()
        for file in files:
            full = os.path.join(folder, file)
            info = os.lstat(full)
            if stat.S_ISREG(info.st_mode):
                yield Entry(os.path.relpath(full, base).replace(os.sep, "/"), info.st_size)


def _members(archive: zipfile.ZipFile, name: str) -> Iterator[Entry]:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise refuse("exchange-zip-bomb", Place(name), detail=f"{len(members)} members")
    total = 0
    seen: set[str] = set()
    for m in members:
        file = m.filename
        plain = file.replace("\\", "/")
        leaves = plain.startswith("/") or (".." in plain and ".." in plain.split("/"))
        if leaves or ":" in file[:3] or "\x00" in file or stat.S_ISLNK(m.external_attr >> 16):
            raise refuse("exchange-zip-path", Place(f"{name}/{file[:120]}"), member=file[:120])
        if plain.endswith("/"):
            continue
        if m.flag_bits & 1:
            raise refuse("exchange-zip-encrypted", Place(f"{name}/{file[:120]}"))
        if file in seen:
            raise refuse("exchange-zip-double", Place(f"{name}/{file[:120]}"), member=file[:120])
        seen.add(file)
        total += m.file_size
        blown = m.file_size > RATIO_FREE_BYTES and m.file_size > MAX_RATIO * max(m.compress_size, 1)
        if blown or m.file_size > MAX_MEMBER_BYTES or total > MAX_TOTAL_BYTES:
            raise refuse(
                "exchange-zip-bomb",
                Place(f"{name}/{file[:120]}"),
                detail=f"{m.compress_size} → {m.file_size} bytes",
            )
        yield Entry(file, m.file_size)


def decode(data: bytes, place: Place) -> str:
    """The text of a file: UTF-8 (with or without BOM), UTF-16 with BOM, else GB 18030. Refuses
    (`exchange-encoding`)."""
    for mark, codec in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(mark):
            try:
                return data.decode(codec)
            except UnicodeDecodeError:
                raise refuse("exchange-encoding", place) from None
    for codec in ("utf-8", "gb18030"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    raise refuse("exchange-encoding", place)


def plain_cell(text: str) -> str:
    """A text made safe for a spreadsheet: one that would be read as a formula gets an apostrophe before it."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not _is_number(text) else text


def bare_cell(text: str) -> str:
    """The text `plain_cell` was given."""
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@", "\t", "\r") else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def separator_of(text: str) -> str:
    """The separator of a CSV, by its first line: semicolon, tab or comma."""
    head = text.lstrip().partition("\n")[0]
    return max((";", "\t", ","), key=head.count) if any(c in head for c in ";\t,") else ","


def lines_of(text: str) -> io.StringIO:
    return io.StringIO(text, newline="")
