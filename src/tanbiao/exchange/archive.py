"""Zips, read for what is needed: the directory at once, members by one read each.

zipfile of the standard library makes an object of thirty fields for each member and four layers of files for each
reading; a database of 40,000 small members pays for it more than for inflating. Layout: APPNOTE.TXT 6.3.10, sections
4.3.7 (local header), 4.3.12 (directory), 4.3.14 and 4.5.3 (zip64), 4.3.16 (end).
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import Struct

import msgspec

STORED, DEFLATED = 0, 8
MOST_DEFLATED = 1032
"""Deflate never packs more than so many bytes into one: what is smaller cannot be a bomb, and needs no counting."""
_END = Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_END64_AT = Struct("<4sLQL")
_END64 = Struct("<4sQ2H2L4Q")
_ENTRY = Struct("<4s6H3L5H2L")
_LOCAL = 30
_FULL = 0xFFFFFFFF


class Member(msgspec.Struct, frozen=True, gc=False):
    """One member as the directory has it; `offset` is that of its local header, `head` about how long that is."""

    name: str
    size: int
    packed: int
    crc: int
    method: int
    offset: int
    head: int
    encrypted: bool
    link: bool


class Archive:
    """An open zip. Raises ValueError for what is no sound zip; `zipfile.BadZipFile` and others from odd methods."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("rb", buffering=0)
        try:
            self.size = os.fstat(self._file.fileno()).st_size
            self._at, self._length, self.count, self._shift = self._end()
        except BaseException:
            self._file.close()
            raise
        self._other: zipfile.ZipFile | None = None

    def _bytes(self, length: int, offset: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(length) or b""

    def _end(self) -> tuple[int, int, int, int]:
        """Offset, length and number of entries of the directory, and how many bytes stand before the archive."""
        tail_at = max(0, self.size - (1 << 16) - _END.size)
        tail = self._bytes(self.size - tail_at, tail_at)
        at = _last_end(tail)
        _, disk, first, _, count, length, offset, _ = _END.unpack_from(tail, at)
        if disk or first:
            raise ValueError("an archive in several parts")
        end = tail_at + at
        where = self._bytes(_END64_AT.size, max(0, end - _END64_AT.size))
        if len(where) == _END64_AT.size and where[:4] == b"PK\x06\x07":
            end64 = self._bytes(_END64.size, max(0, end - _END64_AT.size - _END64.size))
            if len(end64) < _END64.size or end64[:4] != b"PK\x06\x06":
                raise ValueError("no end of a zip64 directory")
            count, length, offset = _END64.unpack(end64)[7:10]
            end -= _END64_AT.size + _END64.size
        shift = end - length - offset
        if shift < 0:
            raise ValueError("the directory is longer than the file")
        return offset + shift, length, count, shift

    def members(self) -> Iterator[Member]:
        """Every entry of the directory, folders too, in its order."""
        data = self._bytes(self._length, self._at)
        at, unpack, width = 0, _ENTRY.unpack_from, _ENTRY.size
        while at + width <= len(data):
            mark, _, _, flags, method, _, _, crc, packed, size, n, extra, note, _, _, mode, offset = unpack(
                data, at
            )
            if mark != b"PK\x01\x02":
                raise ValueError("no entry where the directory has one")
            raw = data[at + width : at + width + n]
            name = raw.decode("utf-8" if flags & 0x800 else "cp437")
            if extra and _FULL in (size, packed, offset):
                size, packed, offset = _wide(
                    data[at + width + n : at + width + n + extra], size, packed, offset
                )
            yield Member(
                name,
                size,
                packed,
                crc,
                method,
                offset + self._shift,
                _LOCAL + n + extra,
                bool(flags & 1),
                stat.S_ISLNK(mode >> 16),
            )
            at += width + n + extra + note
        if at != len(data):
            raise ValueError("the directory is cut off")

    def read(self, m: Member, limit: int) -> bytes:
        """A member, or more than `limit` of its bytes. Size and checksum are verified."""
        if m.method not in (STORED, DEFLATED):
            return self._read_otherwise(m, limit)
        data = self._unpacked(m, limit + 1)
        if len(data) <= limit and (len(data) != m.size or zlib.crc32(data) != m.crc):
            raise ValueError("size or checksum wrong")
        return data

    def head(self, m: Member, size: int) -> bytes:
        """The first bytes of a member."""
        if m.method not in (STORED, DEFLATED):
            return self._read_otherwise(m, size)[:size]
        return self._unpacked(m, size)

    def _unpacked(self, m: Member, most: int) -> bytes:
        wanted = m.packed if m.method == DEFLATED else min(m.packed, most)
        wanted = min(wanted, self.size)
        block = self._bytes(m.head + wanted + 64, m.offset)
        if block[:4] != b"PK\x03\x04" or len(block) < _LOCAL:
            raise ValueError("no local header")
        start = _LOCAL + int.from_bytes(block[26:28], "little") + int.from_bytes(block[28:30], "little")
        packed = (
            block[start : start + wanted]
            if start + wanted <= len(block)
            else self._bytes(wanted, m.offset + start)
        )
        if m.method == STORED:
            return packed
        if wanted * MOST_DEFLATED <= most:
            return zlib.decompress(packed, -15, max(m.size, 1) if m.size < most else most)
        return zlib.decompressobj(-15).decompress(packed, most)

    def _read_otherwise(self, m: Member, limit: int) -> bytes:
        """bzip2 and LZMA, by zipfile."""
        if self._other is None:
            self._other = zipfile.ZipFile(self.path)
        with self._other.open(m.name) as file:
            return file.read(limit + 1)

    def close(self) -> None:
        self._file.close()
        if self._other is not None:
            self._other.close()


def _last_end(tail: bytes) -> int:
    """Where the end record stands: the last one whose comment reaches the end of the file.

    A comment may hold the record's own mark, so the last mark is not always the record. Where no record fits exactly
    (bytes appended to the archive), the last one that is whole.
    """
    whole = -1
    at = tail.rfind(_END_MARK)
    while at >= 0:
        if len(tail) - at >= _END.size:
            if at + _END.size + _END.unpack_from(tail, at)[-1] == len(tail):
                return at
            whole = max(whole, at)
        at = tail.rfind(_END_MARK, 0, at)
    if whole < 0:
        raise ValueError("no end of a directory")
    return whole


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Sizes and offset from the zip64 field, where the directory has no room for them."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = (
            int.from_bytes(extra[at : at + 2], "little"),
            int.from_bytes(extra[at + 2 : at + 4], "little"),
        )
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]
            found = []
            for value in (size, packed, offset):
                if value == _FULL:
                    if len(field) < 8:
                        raise ValueError("a zip64 entry without its sizes")
                    value, field = int.from_bytes(field[:8], "little"), field[8:]
                found.append(value)
            return found[0], found[1], found[2]
        at += 4 + length
    return size, packed, offset


__all__ = ["Archive", "Member"]
