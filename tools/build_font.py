"""Build the two font files that `present` bundles: Tanbiao Sans (Han, Latin, Greek) and its semi-bold Latin.

    pip install fonttools
    apt-get install fonts-droid-fallback fonts-open-sans
    python tools/build_font.py

Han characters come from Droid Sans Fallback, Latin and Greek from Open Sans, both under the Apache Licence 2.0 and
drawn to go together. The result holds GB 2312, Latin, Greek, sub- and superscripts and a few arrows and marks. The same
inputs give the same bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.scaleUpem import scale_upem

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "src" / "tanbiao" / "present" / "fonts"
DROID = Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf")
OPEN_SANS = Path("/usr/share/fonts/truetype/open-sans/OpenSans-Regular.ttf")
SEMI_BOLD = Path("/usr/share/fonts/truetype/open-sans/OpenSans-Semibold.ttf")
UPEM = 512
FIXED_DATE = 3_800_000_000  # seconds since 1904, so that a rebuild gives the same bytes
NOTICE = (
    "Han from Droid Sans Fallback, (c) 2006 Google Corp.; Latin and Greek from Open Sans, (c) 2010-2011 Google "
    "Corp.; subset, scaled and merged; sub-scripts and marks added. Apache License 2.0."
)

LATIN = [
    *range(0x20, 0x7F),
    *range(0xA0, 0x180),
    *range(0x386, 0x3CF),
    *range(0x2010, 0x2027),
    0x2030,
    0x2032,
    0x2033,
    0x2039,
    0x203A,
    0x2044,
    0x20AC,
    0x2122,
    0x2126,
    0x2202,
    0x2206,
    0x220F,
    0x2211,
    0x2212,
    0x221A,
    0x221E,
    0x222B,
    0x2248,
    0x2260,
    0x2264,
    0x2265,
    0x25CA,
    *range(0x2070, 0x2080),
]


def gb2312() -> set[int]:
    """The characters of GB 2312 as code points."""
    found = set()
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes((high, low)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return found


def subset(path: Path, wanted: set[int]) -> TTFont:
    """A font cut to `wanted`, without hints, layout tables and names."""
    font = TTFont(path, recalcTimestamp=False)
    options = Options(
        hinting=False,
        layout_features=[],
        name_IDs=[],
        notdef_outline=True,
        glyph_names=False,
        recalc_timestamp=False,
        drop_tables=["GSUB", "GPOS", "GDEF", "kern", "DSIG", "gasp", "vhea", "vmtx"],
    )
    cutter = Subsetter(options)
    cutter.populate(unicodes=wanted & set(font.getBestCmap()))
    cutter.subset(font)
    scale_upem(font, UPEM)
    return font


def copy(source: TTFont, name: str, scale: float = 1.0, dx: float = 0.0, dy: float = 0.0) -> object:
    """A glyph of another font as a simple glyph, scaled and moved."""
    glyphs = source.getGlyphSet()
    recording = DecomposingRecordingPen(glyphs)
    glyphs[name].draw(recording)
    pen = TTGlyphPen(None)
    recording.replay(TransformPen(pen, (scale, 0, 0, scale, dx, dy)))
    return pen.glyph()


def polygon(*contours: list[tuple[float, float]]) -> object:
    """A glyph of straight lines, in thousandths of the em."""
    pen = TTGlyphPen(None)
    for contour in contours:
        points = [(round(x * UPEM / 1000), round(y * UPEM / 1000)) for x, y in contour]
        pen.moveTo(points[0])
        for point in points[1:]:
            pen.lineTo(point)
        pen.closePath()
    return pen.glyph()


def disc(radius: float, hole: float = 0.0) -> object:
    """A round glyph (a polygon of 32 sides), perhaps with a hole, in thousandths of the em."""
    import math

    def ring(r: float, turn: int) -> list[tuple[float, float]]:
        return [
            (500 + r * math.cos(turn * k * math.pi / 16), 360 + r * math.sin(turn * k * math.pi / 16))
            for k in range(32)
        ]

    return polygon(ring(radius, -1), ring(hole, 1)) if hole else polygon(ring(radius, -1))


def marks() -> dict[int, object]:
    """Arrows and marks that neither source holds."""
    right = [
        (80, 330),
        (80, 400),
        (740, 400),
        (560, 570),
        (660, 570),
        (920, 365),
        (660, 160),
        (560, 160),
        (740, 330),
    ]
    up = [
        (465, -20),
        (465, 600),
        (300, 440),
        (300, 540),
        (500, 780),
        (700, 540),
        (700, 440),
        (535, 600),
        (535, -20),
    ]
    return {
        0x2192: polygon(right),
        0x2190: polygon([(1000 - x, y) for x, y in reversed(right)]),
        0x2191: polygon(up),
        0x2193: polygon([(x, 740 - y) for x, y in reversed(up)]),
        0x25A0: polygon([(160, 40), (160, 720), (840, 720), (840, 40)]),
        0x25A1: polygon(
            [(160, 40), (160, 720), (840, 720), (840, 40)], [(225, 105), (775, 105), (775, 655), (225, 655)]
        ),
        0x25CF: disc(330),
        0x25CB: disc(330, 265),
        0x25B2: polygon([(120, 40), (500, 720), (880, 40)]),
        0x25BC: polygon([(120, 720), (880, 720), (500, 40)]),
        0x25B6: polygon([(200, 0), (200, 740), (860, 370)]),
        0x25C6: polygon([(120, 380), (500, 760), (880, 380), (500, 0)]),
        0x2713: polygon([(120, 330), (190, 400), (380, 190), (800, 680), (880, 620), (390, 50)]),
        0x2717: polygon(
            [
                (170, 110),
                (430, 370),
                (170, 630),
                (240, 700),
                (500, 440),
                (760, 700),
                (830, 630),
                (570, 370),
                (830, 110),
                (760, 40),
                (500, 300),
                (240, 40),
            ]
        ),
    }


def name(font: TTFont, style: str, weight: int) -> None:
    """The names, weight and metrics of the result."""
    table = font["name"]
    table.names = []
    full = "Tanbiao Sans" if style == "Regular" else f"Tanbiao Sans {style}"
    family = {
        1: "Tanbiao Sans" if style == "Regular" else full,
        2: "Regular",
        3: f"tanbiao {full} 1",
        4: full,
        5: "Version 1.0",
        6: full.replace(" ", ""),
        0: NOTICE,
        13: "Apache License, Version 2.0",
        14: "http://www.apache.org/licenses/LICENSE-2.0",
    }
    if style != "Regular":
        family |= {16: "Tanbiao Sans", 17: style}
    for key, text in family.items():
        table.setName(text, key, 3, 1, 0x409)
    metrics = font["OS/2"]
    metrics.usWeightClass, metrics.fsType = weight, 0
    metrics.achVendID = "TNBO"
    for table_, high, low in (
        (font["hhea"], "ascent", "descent"),
        (metrics, "sTypoAscender", "sTypoDescender"),
    ):
        setattr(table_, high, round(1.069 * UPEM))
        setattr(table_, low, -round(0.293 * UPEM))
    font["hhea"].lineGap = metrics.sTypoLineGap = 0
    metrics.usWinAscent, metrics.usWinDescent = round(1.069 * UPEM), round(0.293 * UPEM)
    font["head"].created = font["head"].modified = FIXED_DATE
    font["head"].fontRevision = 1.0


def build_regular(droid: Path, latin_path: Path) -> TTFont:
    """Droid's Han with Open Sans' Latin laid over it."""
    font = subset(droid, gb2312() | set(range(0x3000, 0x3020)) | set(range(0xFF01, 0xFF5F)))
    latin = subset(latin_path, set(LATIN))
    glyf, widths, cmap = font["glyf"], font["hmtx"].metrics, latin.getBestCmap()
    added: dict[int, str] = {}

    def put(code: int, glyph: object, width: int) -> None:
        key = f"u{code:04X}"
        glyf[key] = glyph
        glyf[key].recalcBounds(glyf)
        widths[key] = (width, getattr(glyf[key], "xMin", 0))
        added[code] = key

    for code, source in sorted(cmap.items()):
        put(code, copy(latin, source), latin["hmtx"].metrics[source][0])
    raised = {1: 0xB9, 2: 0xB2, 3: 0xB3, **{k: 0x2070 + k for k in (0, 4, 5, 6, 7, 8, 9)}}
    for digit, code in raised.items():
        source = cmap[code]
        put(0x2080 + digit, copy(latin, source, dy=-0.42 * UPEM), latin["hmtx"].metrics[source][0])
    for base, above, below in ((0x2B, 0x207A, 0x208A), (0x2212, 0x207B, 0x208B)):
        source = cmap[base]
        width = round(latin["hmtx"].metrics[source][0] * 0.62)
        put(above, copy(latin, source, 0.62, dy=0.32 * UPEM), width)
        put(below, copy(latin, source, 0.62, dy=-0.12 * UPEM), width)
    for code, glyph in marks().items():
        put(code, glyph, UPEM)
    font.setGlyphOrder(list(dict.fromkeys([*font.getGlyphOrder(), *added.values()])))
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap.update({c: k for c, k in added.items() if c < 0x10000})
    name(font, "Regular", 400)
    return font


def build_semi_bold(path: Path) -> TTFont:
    """Latin only: for figures and short words on labels."""
    font = subset(
        path, set(range(0x20, 0x7F)) | {0xB2, 0xB3, 0xB7, 0xD7, 0x2013, 0x2212, 0xB1, 0x2264, 0x2265}
    )
    name(font, "SemiBold", 600)
    return font


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--droid", type=Path, default=DROID)
    parser.add_argument("--latin", type=Path, default=OPEN_SANS)
    parser.add_argument("--semi-bold", type=Path, default=SEMI_BOLD)
    options = parser.parse_args()
    TARGET.mkdir(parents=True, exist_ok=True)
    for font, file in (
        (build_regular(options.droid, options.latin), "TanbiaoSans-Regular.ttf"),
        (build_semi_bold(options.semi_bold), "TanbiaoSans-SemiBold.ttf"),
    ):
        font.save(TARGET / file, reorderTables=True)
        print(file, (TARGET / file).stat().st_size, len(font.getBestCmap()))


if __name__ == "__main__":
    main()
