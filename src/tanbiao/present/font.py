"""The bundled font Tanbiao Sans: where it lies, which characters it holds, and registering it for drawing PNG."""

from __future__ import annotations

import re
import struct
from functools import cache
from importlib import resources
from pathlib import Path

from ..core.errors import Lang, refuse

FAMILY = "Tanbiao Sans"
_HAN = ("Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei")
_LATIN = ("Segoe UI", "Helvetica Neue", "Open Sans", "Arial")


def stack(lang: Lang) -> str:
    """Families as a CSS list, in the order a browser tries them: the bundled one first, so that widths measured here
    fit, then what systems have for the language."""
    families = (
        FAMILY,
        *(_HAN if lang == "zh" else _LATIN),
        *(_LATIN if lang == "zh" else _HAN),
        "sans-serif",
    )
    return ", ".join(f"'{f}'" if " " in f else f for f in families)


@cache
def folder() -> Path:
    """The folder that holds the font files and their licence."""
    return Path(str(resources.files(__package__) / "fonts"))


@cache
def characters() -> frozenset[int]:
    """The code points that the bundled regular font holds."""
    return frozenset(_glyphs("TanbiaoSans-Regular.ttf"))


def width(text: str, size: float, strong: bool = False) -> float:
    """The width of a line of text at `size`, by the advances of the bundled font; strong: the semi-bold Latin."""
    widths = _widths("TanbiaoSans-SemiBold.ttf" if strong else "TanbiaoSans-Regular.ttf")
    return sum(widths.get(ord(c), 1.0 if ord(c) >= 0x2E80 else 0.55) for c in text) * size


def fold(text: str, room: float, size: float, lines: int = 2) -> list[str]:
    """A text on at most `lines` lines no wider than `room`; what does not fit ends in an ellipsis."""
    parts = re.findall(r"[\u2e80-\uffef][，。、；：）」》！？]*|[^\s\u2e80-\uffef]+\s*|\s+", text)
    found, line = [], ""
    for part in parts:
        if line and width((line + part).rstrip(), size) > room:
            found.append(line.rstrip())
            line = ""
        line += part
    found.append(line.rstrip())
    if len(found) > lines:
        last = found[lines - 1]
        while last and width(last + "…", size) > room:
            last = last[:-1]
        found = [*found[: lines - 1], last.rstrip(" ,;，；") + "…"]
    return found


@cache
def _widths(file: str) -> dict[int, float]:
    """Advance of each code point in ems."""
    data = (folder() / file).read_bytes()
    tables = _tables(data)
    upem = struct.unpack(">H", data[tables["head"] + 18 : tables["head"] + 20])[0]
    count = struct.unpack(">H", data[tables["hhea"] + 34 : tables["hhea"] + 36])[0]
    at = tables["hmtx"]
    advances = [struct.unpack(">H", data[at + 4 * k : at + 4 * k + 2])[0] / upem for k in range(count)]
    return {code: advances[min(glyph, count - 1)] for code, glyph in _glyphs(file).items()}


def _tables(data: bytes) -> dict[str, int]:
    count = struct.unpack(">H", data[4:6])[0]
    return {
        data[12 + 16 * k : 16 + 16 * k].decode("latin-1"): struct.unpack(
            ">I", data[20 + 16 * k : 24 + 16 * k]
        )[0]
        for k in range(count)
    }


@cache
def _glyphs(file: str) -> dict[int, int]:
    """Glyph of each code point, from the table `cmap` in format 4."""
    data = (folder() / file).read_bytes()
    start = _tables(data)["cmap"]
    for k in range(struct.unpack(">H", data[start + 2 : start + 4])[0]):
        platform, encoding, offset = struct.unpack(">HHI", data[start + 4 + 8 * k : start + 12 + 8 * k])
        at = start + offset
        if (platform, encoding) in ((3, 1), (0, 3)) and struct.unpack(">H", data[at : at + 2])[0] == 4:
            return _format_4(data, at)
    raise AssertionError("the bundled font has no Unicode table")


def _format_4(data: bytes, at: int) -> dict[int, int]:
    segments = struct.unpack(">H", data[at + 6 : at + 8])[0] // 2

    def row(offset: int, form: str = "H") -> tuple[int, ...]:
        return struct.unpack(f">{segments}{form}", data[at + offset : at + offset + 2 * segments])

    ends, starts = row(14), row(16 + 2 * segments)
    deltas, offsets = row(16 + 4 * segments, "h"), row(16 + 6 * segments)
    found = {}
    for n, (first, last, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code + delta
            if offset:
                place = at + 16 + 6 * segments + 2 * n + offset + 2 * (code - first)
                glyph = struct.unpack(">H", data[place : place + 2])[0]
                glyph += delta if glyph else 0
            if glyph & 0xFFFF:
                found[code] = glyph & 0xFFFF
    return found


def lacking(text: str) -> tuple[str, ...]:
    """The characters of `text` that the bundled font lacks, each once, in order. Control characters do not count."""
    known = characters()
    return tuple(dict.fromkeys(c for c in text if ord(c) >= 32 and ord(c) not in known))


def check(text: str, what: str) -> None:
    """Refuses (`font-characters`) when `text` cannot be drawn with the bundled font."""
    missing = lacking(text)
    if missing:
        raise refuse(
            "font-characters",
            what=what,
            characters=" ".join(f"{c} (U+{ord(c):04X})" for c in missing[:12]),
            count=len(missing),
        )


@cache
def register() -> None:
    """Make the bundled font known to vl-convert (once in a process)."""
    import vl_convert

    vl_convert.register_font_directory(str(folder()))


__all__ = ["FAMILY", "characters", "check", "fold", "folder", "lacking", "register", "stack", "width"]
