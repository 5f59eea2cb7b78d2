"""Opening what strangers send: folders, zips and single files, with limits and without surprises.

Refused: paths that leave the archive, links, encrypted members, archives that unpack to far more than they hold, XML
with a document type. Texts may be UTF-8, UTF-16 with a byte order mark, or GB 18030.
"""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from struct import error as StructError

import msgspec

from ..core.errors import Place, refuse
from .archive import Archive, Member

MAX_MEMBERS = 2_000_000
MAX_MEMBER_BYTES = 2_000_000_000
MAX_TOTAL_BYTES = 60_000_000_000
MAX_RATIO = 200
"""Text compresses up to about 30 times; a zip bomb thousands of times."""
RATIO_FREE_BYTES = 20_000_000
"""Members smaller than this may compress as well as they like."""
MAX_TREE_BYTES = 400_000_000
"""A single file that has to be read whole."""


_ALONE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_PAIRS = re.compile(rb"[\x81-\xfe][\x40-\xfe]")


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One file inside a source; `name` is its path with `/`."""

    name: str
    size: int


class Source:
    """A folder, a zip, or one file. Use `open_source`."""

    def __init__(self, path: Path, entries: Sequence[Entry | Member], archive: Archive | None = None) -> None:
        self.path, self.entries, self._archive = path, entries, archive
        self.name = path.name
        self._names = {e.name: e for e in entries}
        self._folders: dict[str, list[str]] = {}
        for name in self._names:
            parent = name.rpartition("/")[0].rpartition("/")[2]
            self._folders.setdefault(parent, []).append(name)

    @property
    def single(self) -> bool:
        """Whether it is one plain file."""
        return self._archive is None and self.path.is_file()

    def names(self, suffix: str = "", folder: str | None = None) -> list[str]:
        """Entries in the order of their names; `folder` is the name of their parent folder, at any depth."""
        found = list(self._names) if folder is None else self._folders.get(folder, [])
        return [n for n in found if n.lower().endswith(suffix)]

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def place(self, name: str, path: str | None = None) -> Place:
        return Place(name if self.single else f"{self.name}/{name}", path=path)

    def head(self, name: str, size: int) -> bytes:
        """The first bytes of an entry, for recognising it; empty where it cannot be read."""
        try:
            entry = self._names[name]
            if self._archive is not None and isinstance(entry, Member):
                return self._archive.head(entry, size)
            with (self.path if self.single else self.path / name).open("rb") as file:
                return file.read(size)
        except Exception:  # a broken member: reading it will say so
            return b""

    def read(self, name: str, limit: int = MAX_TREE_BYTES) -> bytes:
        """The whole of one entry. Refuses (`exchange-file-large`, `exchange-zip-broken`)."""
        try:
            entry = self._names.get(name)
            if self._archive is not None and isinstance(entry, Member):
                data = self._archive.read(entry, limit)
            else:
                with (self.path if self.single else self.path / name).open("rb") as file:
                    data = file.read(limit + 1)
        except Exception as error:  # OSError, ValueError, zlib.error and what zipfile raises
            raise refuse("exchange-zip-broken", self.place(name), detail=str(error)[:120]) from None
        if len(data) > limit:
            raise refuse("exchange-file-large", self.place(name), limit=f"{limit // 1_000_000} MB")
        return data

    def text(self, name: str) -> str:
        return decode(self.read(name), self.place(name))

    def close(self) -> None:
        if self._archive is not None:
            self._archive.close()


def open_source(path: Path) -> Source:
    """Open a folder, zip or file. Refuses (`exchange-not-found`, `exchange-zip-*`)."""
    if not path.exists():
        raise refuse("exchange-not-found", Place(str(path.name)), name=path.name)
    if path.is_dir():
        return Source(path, sorted(_walk(path), key=lambda e: e.name))
    if path.suffix.lower() in (".xlsx", ".xlsm") or not zipfile.is_zipfile(path):
        return Source(path, [Entry(path.name, path.stat().st_size)])
    try:
        archive = Archive(path)
    except (OSError, ValueError, StructError) as error:
        raise refuse("exchange-zip-broken", Place(path.name), detail=str(error)[:120]) from None
    try:
        return Source(path, sorted(_members(archive, path.name), key=lambda m: m.name), archive)
    except (ValueError, StructError) as error:
        archive.close()
        raise refuse("exchange-zip-broken", Place(path.name), detail=str(error)[:120]) from None
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


def _members(archive: Archive, name: str) -> Iterator[Member]:
    if archive.count > MAX_MEMBERS:
        raise refuse("exchange-zip-bomb", Place(name), detail=f"{archive.count} members")
    total = 0
    seen: set[str] = set()
    for m in archive.members():
        file = m.name
        plain = file.replace("\\", "/")
        leaves = plain[:1] == "/" or (".." in plain and ".." in plain.split("/"))
        if leaves or m.link or ":" in file[:3] or "\x00" in file:
            raise refuse("exchange-zip-path", Place(f"{name}/{file[:120]}"), member=file[:120])
        if plain[-1:] == "/":
            continue
        if m.encrypted:
            raise refuse("exchange-zip-encrypted", Place(f"{name}/{file[:120]}"))
        if file in seen:
            raise refuse("exchange-zip-double", Place(f"{name}/{file[:120]}"), member=file[:120])
        seen.add(file)
        total += m.size
        blown = m.size > RATIO_FREE_BYTES and m.size > MAX_RATIO * max(m.packed, 1)
        if blown or m.size > MAX_MEMBER_BYTES or total > MAX_TOTAL_BYTES:
            raise refuse(
                "exchange-zip-bomb",
                Place(f"{name}/{file[:120]}"),
                detail=f"{m.packed} → {m.size} bytes",
            )
        yield m


def decode(data: bytes, place: Place) -> str:
    """The text of a file: UTF-8 (with or without BOM), UTF-16 with BOM, else GB 18030, or Windows-1252 where most of
    what is not ASCII are single letters between ASCII ones. Refuses (`exchange-encoding`)."""
    for mark, codec in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(mark):
            try:
                return data.decode(codec)
            except UnicodeDecodeError:
                raise refuse("exchange-encoding", place) from None
    for codec in ("utf-8", "cp1252" if _western(data) else "gb18030", "gb18030"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    raise refuse("exchange-encoding", place)


def _western(data: bytes) -> bool:
    """Whether bytes above ASCII stand alone, as umlauts and accents do; those of Chinese characters come in pairs."""
    alone = len(_ALONE.findall(data))
    return alone > 0 and 2 * alone > len(_PAIRS.findall(data))


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
