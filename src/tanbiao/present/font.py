"""The bundled font Tanbiao Sans: where it lies, which characters it holds, and registering it for drawing PNG."""

from __future__ import annotations

import struct
from functools import cache
from importlib import resources
from pathlib import Path

from ..core.errors import refuse

FAMILY = "Tanbiao Sans"
SCREEN = ("Tanbiao Sans", "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei",
          "Segoe UI", "Helvetica Neue", "Arial", "sans-serif")
"""Families in the order a browser tries them. The bundled one comes first so that widths measured here fit."""


def stack(quote: str = "'") -> str:
    """`SCREEN` as a CSS list."""
    return ", ".join(f"{quote}{f}{quote}" if " " in f else f for f in SCREEN)


@cache
def folder() -> Path:
    """The folder that holds the font files and their licence."""
    return Path(str(resources.files(__package__) / "fonts"))


@cache
def characters() -> frozenset[int]:
    """The code points that the bundled regular font holds, read from its `cmap` table (format 4)."""
    data = (folder() / "TanbiaoSans-Regular.ttf").read_bytes()
    tables = struct.unpack(">H", data[4:6])[0]
    start = next(struct.unpack(">I", data[12 + 16 * k + 8:12 + 16 * k + 12])[0] for k in range(tables)
                 if data[12 + 16 * k:12 + 16 * k + 4] == b"cmap")
    count = struct.unpack(">H", data[start + 2:start + 4])[0]
    for k in range(count):
        platform, encoding, offset = struct.unpack(">HHI", data[start + 4 + 8 * k:start + 12 + 8 * k])
        at = start + offset
        if (platform, encoding) in ((3, 1), (0, 3)) and struct.unpack(">H", data[at:at + 2])[0] == 4:
            return frozenset(_format_4(data, at))
    raise AssertionError("the bundled font has no Unicode table")


def _format_4(data: bytes, at: int) -> set[int]:
    segments = struct.unpack(">H", data[at + 6:at + 8])[0] // 2

    def row(offset: int, form: str = "H") -> tuple[int, ...]:
        return struct.unpack(f">{segments}{form}", data[at + offset:at + offset + 2 * segments])

    ends, starts = row(14), row(16 + 2 * segments)
    deltas, offsets = row(16 + 4 * segments, "h"), row(16 + 6 * segments)
    found = set()
    for n, (first, last, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code + delta
            if offset:
                place = at + 16 + 6 * segments + 2 * n + offset + 2 * (code - first)
                glyph = struct.unpack(">H", data[place:place + 2])[0]
            if glyph & 0xFFFF:
                found.add(code)
    return found


def lacking(text: str) -> tuple[str, ...]:
    """The characters of `text` that the bundled font lacks, each once, in order. Control characters do not count."""
    known = characters()
    return tuple(dict.fromkeys(c for c in text if ord(c) >= 32 and ord(c) not in known))


def check(text: str, what: str) -> None:
    """Refuses (`font-characters`) when `text` cannot be drawn with the bundled font."""
    missing = lacking(text)
    if missing:
        raise refuse("font-characters", what=what,
                     characters=" ".join(f"{c} (U+{ord(c):04X})" for c in missing[:12]), count=len(missing))


@cache
def register() -> None:
    """Make the bundled font known to vl-convert (once in a process)."""
    import vl_convert

    vl_convert.register_font_directory(str(folder()))


__all__ = ["FAMILY", "SCREEN", "characters", "check", "folder", "lacking", "register", "stack"]
