"""The label drawn: 6 cm wide, from top to bottom, in one language."""

from __future__ import annotations

from xml.sax.saxutils import escape

from ...core.errors import Lang
from .. import font, palette
from ..declared import per
from ..numbers import minus, percent, unit_text
from ..texts import phrase, word
from .data import Label

WIDTH = 600
"""One unit is a tenth of a millimetre: the label is 6 cm wide."""
EDGE = 30
SHADES = (palette.INK, "#55686b", "#93a3a2", "#c9d2cd", palette.STRAW, palette.OCHRE)


def qr_path(payload: str, size: float, x: float, y: float) -> str:
    """The dark modules of a QR code (level M) as one SVG path in a square of `size`."""
    import segno

    matrix = [list(row) for row in segno.make(payload, error="m", micro=False).matrix]
    step = size / len(matrix)
    runs = []
    for r, row in enumerate(matrix):
        c = 0
        while c < len(row):
            if row[c]:
                end = c
                while end < len(row) and row[end]:
                    end += 1
                runs.append(
                    f"M{x + c * step:.2f} {y + r * step:.2f}h{(end - c) * step:.2f}v{step:.2f}h-{(end - c) * step:.2f}z"
                )
                c = end
            else:
                c += 1
    return "".join(runs)


class Drawing:
    """Draws from top to bottom; `y` is how far it has come."""

    def __init__(self, found: Label, lang: Lang) -> None:
        self.label, self.lang, self.y, self.parts = found, lang, 0.0, list[str]()
        self.room = WIDTH - 2 * EDGE

    def svg(self) -> str:
        self.head()
        self.warnings()
        self.product()
        self.value()
        self.stages()
        self.facts()
        self.foot()
        height = round(self.y)
        edge = f'<rect x="2" y="2" width="{WIDTH - 4}" height="{height - 4}" rx="18"'
        frame = f"frame-{self.label.digest[:8]}"
        said_ = escape(f"{phrase('label.title', self.lang)} {self.label.amount} {unit_text(self.label.unit)}")
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="60mm" height="{height / 10:g}mm" '
            f'viewBox="0 0 {WIDTH} {height}" font-family="{font.stack(self.lang)}" fill="{palette.INK}" role="img" '
            f'aria-label="{said_}"><title>{said_}</title>'
            f'<defs><clipPath id="{frame}">{edge}/></clipPath></defs>{edge} fill="#ffffff"/>'
            f'<g clip-path="url(#{frame})">{"".join(self.parts)}</g>'
            f'{edge} fill="none" stroke="{palette.INK}" stroke-width="3"/></svg>\n'
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        fill: str = "",
        anchor: str = "",
        strong: bool = False,
        spacing: float = 0,
    ) -> None:
        more = "".join(
            [
                f' fill="{fill}"' if fill else "",
                f' text-anchor="{anchor}"' if anchor else "",
                ' font-weight="600"' if strong else "",
                f' letter-spacing="{spacing:g}"' if spacing else "",
            ]
        )
        self.parts.append(f'<text x="{x:g}" y="{y:g}" font-size="{size:g}"{more}>{escape(text)}</text>')

    def rect(self, x: float, y: float, width: float, height: float, fill: str, more: str = "") -> None:
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{max(width, 0):.2f}" height="{height:g}" fill="{fill}"{more}/>'
        )

    def rule(self, strong: bool = False) -> None:
        width = 3 if strong else 1.5
        self.rect(EDGE, self.y, self.room, width, palette.INK if strong else palette.RULE)

    def head(self) -> None:
        title = phrase("label.partial_title" if self.label.partial else "label.title", self.lang)
        self.rect(0, 0, WIDTH, 78, palette.INK)
        self.text(EDGE, 51, title, 34 if font.width(title, 34) < self.room - 60 else 29, "#ffffff")
        # a measuring mark: five rising ticks, the software's own sign
        for k, tall in enumerate((14, 22, 30, 22, 38)):
            self.rect(WIDTH - EDGE - 46 + 10 * k, 56 - tall, 5, tall, palette.STRAW)
        self.y = 78

    def warnings(self) -> None:
        if self.label.constructed:
            title, more = phrase("label.constructed", self.lang), phrase("label.constructed_more", self.lang)
            left = EDGE + font.width(title, 34) + 18
            aside = left + font.width(more, 20) <= WIDTH - EDGE
            tall = 66 if aside else 88
            self.rect(0, self.y, WIDTH, tall, palette.STRAW)
            self.text(EDGE, self.y + 44, title, 34)
            self.text(round(left, 1) if aside else EDGE, self.y + (43 if aside else 73), more, 20)
            self.y += tall
        if self.label.screening:
            title, more = phrase("label.screening", self.lang), phrase("label.screening_more", self.lang)
            self.rect(
                EDGE,
                self.y + 16,
                self.room,
                62,
                "#ffffff",
                f' stroke="{palette.INK}" stroke-width="2.5" rx="6"',
            )
            self.text(EDGE + 16, self.y + 56, title, 26)
            left = EDGE + 16 + font.width(title, 26) + 14
            lines = font.fold(more, WIDTH - EDGE - 12 - left, 17)
            for n, line in enumerate(lines):
                self.text(left, self.y + (54 if len(lines) == 1 else 43 + 21 * n), line, 17)
            self.y += 78

    def product(self) -> None:
        self.y += 44
        found = self.label
        for line in font.fold(found.name[self.lang], self.room, 30):
            self.text(EDGE, self.y, line, 30)
            self.y += 36
        model = " · ".join(p for p in (found.model, found.producer[self.lang], found.site[self.lang]) if p)
        self.y -= 4
        for line in font.fold(model, self.room, 20):
            self.text(EDGE, self.y, line, 20, palette.MUTED)
            self.y += 26
        self.y -= 8

    def value(self) -> None:
        found = self.label
        self.rule(True)
        unit = unit_text(found.unit).partition("/")[0]
        room = self.room
        size = 118.0
        while size > 60 and font.width(found.amount, size, True) + 16 + font.width(unit, 36) > room:
            size -= 4
        base = self.y + 26 + size * 0.76
        self.parts.append(
            f'<text x="{EDGE - 3}" y="{base:.1f}" font-size="{size:g}" font-weight="600">{minus(found.amount)}'
            f'<tspan dx="13" font-size="36" font-weight="400">{escape(unit)}</tspan></text>'
        )
        self.y = base + 40
        for line in font.fold(per(found.per[self.lang], self.lang), room, 23):
            self.text(EDGE, round(self.y, 1), line, 23)
            self.y += 29
        if found.low and found.low != found.high:
            self.text(
                EDGE,
                round(self.y, 1),
                phrase("label.range", self.lang, low=minus(found.low), high=minus(found.high)),
                19,
                palette.MUTED,
            )
            self.y += 27
        self.y = round(self.y - 8)

    def stages(self) -> None:
        found = self.label
        if not found.stages:
            return
        self.rule()
        self.y += 12
        shares = [s.share for s in found.stages]
        low, high = min(0.0, *shares), max(0.0, *shares)
        values = [minus(s.amount) for s in found.stages]
        right = max(font.width(v, 20) for v in values)
        tails = max(font.width(percent(s, 0), 20) for s in shares)
        names = [font.fold(s.name[self.lang], 232, 19.5) for s in found.stages]
        widest = max(font.width(line, 19.5) for lines in names for line in lines)
        start = EDGE + widest + 16
        room = WIDTH - EDGE - tails - 14 - right - 14 - start
        scale = room / (high - low)
        zero = start - low * scale
        for n, (part, lines) in enumerate(zip(found.stages, names, strict=True)):
            tall = 34 if len(lines) == 1 else 46
            middle = self.y + tall / 2
            for k, line in enumerate(lines):
                self.text(EDGE, round(middle + 7 + (k - (len(lines) - 1) / 2) * 22, 1), line, 19.5)
            x = zero if part.share >= 0 else zero + part.share * scale
            self.rect(
                round(x, 2),
                round(middle - 9, 1),
                max(abs(part.share) * scale, 1.5),
                18,
                SHADES[n % len(SHADES)],
                f' stroke="{palette.INK}" stroke-width="1"',
            )
            self.text(WIDTH - EDGE - tails - 14, round(middle + 7, 1), minus(part.amount), 20, anchor="end")
            self.text(WIDTH - EDGE, round(middle + 7, 1), percent(part.share, 0), 20, palette.MUTED, "end")
            self.y += tall
        self.rect(
            round(zero, 2) - 0.75,
            self.y - sum(34 if len(x) == 1 else 46 for x in names),
            1.5,
            sum(34 if len(x) == 1 else 46 for x in names),
            palette.INK,
        )
        self.y += 12

    def facts(self) -> None:
        found, lang = self.label, self.lang
        self.rule()
        self.y += 10
        boundary = found.boundary[lang]
        if found.partial:
            boundary = f"{phrase('label.partial', lang)}{'：' if lang == 'zh' else ': '}{boundary}"
        state = word("state", found.verification.state, lang)
        if found.verification.body is not None:
            state = phrase("label.by", lang, state=state, body=found.verification.body[lang])
        if found.verification.certificate:
            state += "；" if lang == "zh" else "; "
            state += phrase(
                "label.certificate",
                lang,
                number=found.verification.certificate,
                until=found.verification.until,
            )
        share = (
            phrase("label.primary_share", lang, share=percent(float(found.primary_data_share), 0))
            if found.primary_data_share
            else phrase("label.primary_unknown", lang)
        )
        first, *_ = found.standards
        rows = [
            ("boundary", boundary, 3),
            ("period", found.period.replace("/", " – "), 1),
            ("standards", " · ".join(v for v, _ in found.standards), 2),
            ("", first[1][lang], 3),
            ("primary", share, 2),
            ("verification", state, 3),
            ("conformity", found.conformity[lang], 2),
        ]
        left = EDGE + max(font.width(phrase(f"label.{k}", lang), 18) for k, _, _ in rows if k) + 16
        for key, text, lines in rows:
            if key:
                self.text(EDGE, self.y + 20, phrase(f"label.{key}", lang), 18, palette.MUTED)
            else:
                self.y -= 4
            for line in font.fold(text, WIDTH - EDGE - left, 18, lines):
                self.text(round(left, 1), self.y + 20, line, 18)
                self.y += 24
            self.y += 4
        self.y += 8

    def foot(self) -> None:
        found, lang = self.label, self.lang
        self.rule(True)
        self.y += 18
        size = 176
        self.parts.append(
            f'<path d="{qr_path(found.payload, size, WIDTH - EDGE - size, self.y)}" fill="#000000"/>'
        )
        rows = [
            (phrase("label.valid", lang), found.expires),
            (phrase("label.issued", lang), found.issued),
            (phrase("label.id", lang), found.id),
            (phrase("label.software", lang), f"tanbiao {found.software} · {found.pack_hash[:8]}"),
        ]
        room = self.room - size - 24
        y = self.y + 14
        for head, text in rows:
            self.text(EDGE, y, head, 14.5, palette.MUTED)
            for line in font.fold(text, room, 18, 1):
                self.text(EDGE, y + 20, line, 18)
            y += 43
        self.y += size + 24
        self.rule()
        self.y += 12
        for line in font.fold(phrase("label.climate_only", lang), self.room, 17.5, 2):
            self.text(EDGE, self.y + 14, line, 17.5)
            self.y += 23
        self.y += 16
