"""The archive of a bundle: a zip that can be written in one way only.

Every entry is stored (uncompressed), sorted by the bytes of its name, dated 1980-01-01, without extra
fields or comments. So the bytes follow from names and contents, and reading ends with writing again and
comparing: a byte that differs anywhere, headers included, is refused.
"""

from __future__ import annotations

import struct
import unicodedata
import zlib
from collections.abc import Mapping

from ..core.errors import Place, refuse

CAP = 256 * 2**20
"""Archives above this many bytes are refused before they are read."""

MOST_ENTRIES = 65_535
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_VERSION, _UTF8, _STORED, _TIME, _DATE = 20, 0x0800, 0, 0, 0x0021
_RESERVED = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}


def write_archive(files: Mapping[str, bytes]) -> bytes:
    """The archive of `files` (name → content). Raises `TanbiaoError` (`archive-name`, `archive-large`)."""
    check_names(list(files))
    if len(files) > MOST_ENTRIES or sum(len(n) + len(c) for n, c in files.items()) > CAP:
        raise refuse("archive-large", cap=CAP, entries=MOST_ENTRIES)
    body, directory, offset = [], [], 0
    for name, content in sorted((n.encode(), c) for n, c in files.items()):
        fields = struct.pack(
            "<HHHHHIIIHH",
            _VERSION,
            _UTF8,
            _STORED,
            _TIME,
            _DATE,
            zlib.crc32(content),
            len(content),
            len(content),
            len(name),
            0,
        )
        entry = _LOCAL + fields + name + content
        directory.append(
            _CENTRAL + struct.pack("<H", _VERSION) + fields + struct.pack("<HHHII", 0, 0, 0, 0, offset) + name
        )
        body.append(entry)
        offset += len(entry)
    size = sum(map(len, directory))
    end = _END + struct.pack("<HHHHIIH", 0, 0, len(directory), len(directory), size, offset, 0)
    return b"".join([*body, *directory, end])


def read_archive(data: bytes, cap: int = CAP) -> dict[str, bytes]:
    """The files of an archive that `write_archive` wrote.

    Raises `TanbiaoError`: `archive-large` above `cap` bytes, `archive-name` for a name that leads outside
    or stands twice, `archive-compressed`, and `archive-bytes` for everything that does not come out the
    same when written again.
    """
    if len(data) > cap:
        raise refuse("archive-large", cap=cap, entries=MOST_ENTRIES)
    files: dict[str, bytes] = {}
    names: list[str] = []
    at = 0
    while data[at : at + 4] == _LOCAL:
        if at + 30 > len(data):
            raise refuse("archive-bytes", Place(path=str(at)))
        _, _, method, _, _, _, packed, size, length, extra = struct.unpack_from("<HHHHHIIIHH", data, at + 4)
        if method != _STORED or packed != size:
            raise refuse("archive-compressed", Place(path=str(at)))
        start = at + 30 + length + extra
        try:
            name = data[at + 30 : at + 30 + length].decode()
        except UnicodeDecodeError:
            raise refuse("archive-name", name=ascii(data[at + 30 : at + 30 + length])[:80]) from None
        if len(names) >= MOST_ENTRIES or start + size > len(data):
            raise refuse("archive-bytes", Place(path=str(at)))
        names.append(name)
        files[name] = data[start : start + size]
        at = start + size
    check_names(names)
    again = write_archive(files)
    if again != data:
        raise refuse("archive-bytes", Place(path=str(_first_difference(again, data))))
    return files


def _first_difference(one: bytes, other: bytes) -> int:
    """Where two byte strings part."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def check_names(names: list[str]) -> None:
    """Refuse (`archive-name`) names that are absolute, lead outside, differ only in case, or serve as file
    and folder.

    A good name holds forward slashes, is NFC, and means the same file on every system.
    """
    seen: set[str] = set()
    folders: set[str] = set()
    for name in names:
        parts = name.split("/")
        bad = (
            not name
            or len(name.encode()) > 400
            or unicodedata.normalize("NFC", name) != name
            or any(c in '\\:*?"<>|' or unicodedata.category(c).startswith("C") for c in name)
            or any(
                p in ("", ".", "..")
                or p != p.strip()
                or p.endswith(".")
                or p.partition(".")[0].casefold() in _RESERVED
                for p in parts
            )
        )
        key = name.casefold()
        if bad or key in seen:
            raise refuse("archive-name", name=ascii(name)[:80])
        seen.add(key)
        folders.update("/".join(parts[:n]).casefold() for n in range(1, len(parts)))
    both = seen & folders
    if both:
        raise refuse("archive-name", name=ascii(min(both))[:80])
