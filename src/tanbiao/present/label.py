"""The label: a small face of one published footprint, as SVG, PNG, PDF and JSON, with a QR code to check it by.

It carries what a footprint communication asks for (ISO 14026): name, value and unit, unit of analysis, boundary in
words, period, standard, stages, verification, validity, link to the record, and that it speaks of climate change alone.
It is not a copy of any official mark, draws none, claims nothing and holds no grade. What it must not say is refused
from the data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from ..core.digest import digest
from ..core.errors import LANGS, Lang, Place, Problem, TanbiaoError, refuse
from ..core.text import Text
from ..evaluate import Published, Result
from ..study import Study
from . import font, palette
from .declared import as_text, boundary, declared, partial, per, period, said, unit_of
from .numbers import last_place, minus, percent, to_place, unit_text
from .texts import phrase, word

PROFILE = "tanbiao-open-1"
WIDTH = 600
"""One unit is a tenth of a millimetre: the label is 6 cm wide."""
EDGE = 30
SHADES = (palette.INK, "#55686b", "#93a3a2", "#c9d2cd", palette.STRAW, palette.OCHRE)
CLAIMS = (
    "碳中和",
    "零碳",
    "低碳",
    "净零",
    "负碳",
    "绿色",
    "环保",
    "节能",
    "最低",
    "更低",
    "领先",
    "等级",
    "评级",
    "carbon neutral",
    "carbon-neutral",
    "climate neutral",
    "net zero",
    "net-zero",
    "zero carbon",
    "low carbon",
    "low-carbon",
    "green",
    "eco-friendly",
    "grade",
    "class a",
    "lowest",
    "best",
)
NAME_CLAIMS = (
    "碳中和",
    "零碳",
    "低碳",
    "净零",
    "负碳",
    "carbon neutral",
    "carbon-neutral",
    "climate neutral",
    "net zero",
    "net-zero",
    "zero carbon",
    "low carbon",
    "low-carbon",
)
SPOKEN = ("claim", "slogan", "statement", "note", "text", "title", "headline")
"""Keys under `label` that hold free words; the label prints none of them, and refuses those that claim."""
STATES = ("self", "second", "third", "certified")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Verification:
    """Who checked the figure: state `self`, `second`, `third` or `certified`."""

    state: str = "self"
    body: Text | None = None
    certificate: str = ""
    until: str = ""

    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = {"state": self.state}
        if self.body is not None:
            found["body"] = self.body.data()
        return found | {k: v for k, v in (("certificate", self.certificate), ("until", self.until)) if v}


@dataclass(frozen=True)
class Part:
    """A stage on the label: its value in the digits of the published figure, and its share."""

    id: str
    name: Text
    amount: str
    share: float


@dataclass(frozen=True)
class Label:
    """What one label says. Made by `label()`, which refuses what a label must not say."""

    id: str
    name: Text
    model: str
    gtin: str
    producer: Text
    site: Text
    amount: str
    unit: str
    per: Text
    low: str
    high: str
    boundary: Text
    partial: bool
    stages: tuple[Part, ...]
    period: str
    standards: tuple[tuple[str, Text], ...]
    primary_data_share: str
    dqr: Mapping[str, str]
    verification: Verification
    conformity: Text
    screening: bool
    constructed: bool
    software: str
    pack_hash: str
    ledger_root: str
    issued: str
    expires: str
    record_url: str

    def data(self) -> dict[str, Any]:
        """The minimal data object. Every number is a text, so that its digits are those that were published."""
        found: dict[str, Any] = {
            "id": self.id,
            "profile": PROFILE,
            "constructed": self.constructed,
            "screening": self.screening,
            "product": {"name": self.name.data(), "model": self.model}
            | ({"gtin": self.gtin} if self.gtin else {}),
            "producer": self.producer.data(),
            "site": self.site.data(),
            "value": {"amount": self.amount, "unit": self.unit, "per": self.per.data()},
            "boundary": {"text": self.boundary.data(), "partial": self.partial},
            "stages": [{"id": s.id, "name": s.name.data(), "amount": s.amount} for s in self.stages],
            "period": self.period,
            "standards": [{"version": v, "title": t.data()} for v, t in self.standards],
            "pds": self.primary_data_share or None,
            "dqr": dict(self.dqr) or None,
            "uncertainty": {"low": self.low, "high": self.high} if self.low else None,
            "verification": self.verification.data(),
            "conformity": self.conformity.data(),
            "software": {
                "name": "tanbiao",
                "version": self.software,
                "pack_hash": self.pack_hash,
                "ledger_root": self.ledger_root,
            },
            "issued": self.issued,
            "expires": self.expires,
            "record_url": self.record_url,
            "scope": "climate change only",
        }
        return {k: v for k, v in found.items() if v is not None}

    @property
    def digest(self) -> str:
        """sha256 over the canonical JSON."""
        return digest(self.data())

    @property
    def payload(self) -> str:
        """What the QR code says: the record's address, the label's id and 16 hex digits of the digest."""
        if self.record_url:
            joint = "&" if "?" in self.record_url else "?"
            return f"{self.record_url}{joint}id={self.id}&d={self.digest[:16]}"
        return f"tanbiao:label:{self.id}:{self.digest[:16]}"


def label(
    study: Study,
    result: Result,
    *,
    id: str,
    issued: str,
    ledger_root: str,
    expires: str = "",
    record_url: str = "",
    software: str = "",
    verification: Verification | None = None,
    marks: Sequence[str] = (),
) -> Label:
    """The label of a result's headline.

    issued, expires: civil dates (`2026-11-24`), given by the caller, since results know no clock; expires defaults to
    `label.valid_until` of the study. verification: as the study declares it when not given. marks: official marks that
    are wished for; every one is refused.

    Raises `TanbiaoError` with all of: `label-value`, `label-missing`, `label-boundary`, `label-partial-hidden`,
    `label-offset`, `label-claim`, `label-mark`, `label-verification`, `label-dates`.
    """
    problems: list[Problem] = []
    expires = expires or said(study, "valid_until", "en")
    headline = result.headline
    if headline is None or not isinstance(headline.value, float):
        why = ", ".join(headline.missing) if headline is not None else "publish"
        raise TanbiaoError(
            [
                Problem(
                    "label-value",
                    study.place_of("packs"),
                    {"pack": result.rulebook.pack.version, "missing": why or "—"},
                )
            ]
        )
    items = {k: declared(study, k) for k in ("name", "producer", "site")}
    items["unit"] = unit_of(study, headline)
    items["boundary"] = boundary(study, headline)
    for key in ("name", "producer", "site", "unit"):
        if items[key] is None:
            problems.append(_problem(study, "label-missing", _PLACE[key], item=_PLACE[key]))
    if not said(study, "model", "en"):
        problems.append(_problem(study, "label-missing", "product.model", item="product.model"))
    if not period(study):
        problems.append(_problem(study, "label-missing", "period", item="period.start, period.end"))
    whole = partial(study)
    if items["boundary"] is None or whole is None:
        problems.append(_problem(study, "label-boundary", "scope.boundary"))
    elif not whole and _left_out(result, headline):
        problems.append(
            _problem(
                study, "label-partial-hidden", "scope.partial", stages=", ".join(_left_out(result, headline))
            )
        )
    problems += _claims(study) + _offsets(study, result)
    wished = (
        [*marks, *(study.at("label.marks") or ())]
        if not isinstance(study.at("label.marks"), str)
        else [*marks, str(study.at("label.marks"))]
    )
    problems += [_problem(study, "label-mark", "label.marks", mark=m) for m in wished]
    verification = verification or Verification(
        said(study, "verification_state", "en") or "self",
        declared(study, "verification_body"),
        said(study, "certificate", "en"),
        said(study, "certificate_until", "en"),
    )
    problems += _verified(study, verification) + _dates(study, issued, expires, verification)
    if problems:
        raise TanbiaoError(problems)
    total = headline.value
    clause = result.rulebook.by_address(headline.clause)
    place = last_place(headline.published, total, clause.rounding if clause is not None else None)
    blank = Text("", "")
    return Label(
        id=id,
        name=items["name"] or blank,
        model=said(study, "model", "en"),
        gtin=said(study, "gtin", "en"),
        producer=items["producer"] or blank,
        site=items["site"] or blank,
        amount=headline.published,
        unit=headline.unit,
        per=items["unit"] or blank,
        low=_bound(headline.low, place),
        high=_bound(headline.high, place),
        boundary=items["boundary"] or blank,
        partial=bool(whole),
        stages=tuple(
            Part(s.id, s.name, to_place(s.value, place), s.value / total if total else 0.0)
            for s in headline.stages
            if s.value or s.low or s.high
        ),
        period=period(study),
        standards=tuple((p.version, p.title) for p in reversed(result.rulebook.packs)),
        primary_data_share=_share(result, headline),
        dqr={k: f"{v:.1f}" for k, v in headline.dqr.items()},
        verification=verification,
        conformity=result.conformity(),
        screening=headline.verdict == "screening",
        constructed=study.constructed,
        software=software or _version(),
        pack_hash=result.rulebook.pack.digest,
        ledger_root=ledger_root,
        issued=issued,
        expires=expires,
        record_url=record_url,
    )


# -- what a label must not say ---------------------------------------------------------------------------------------

_PLACE = {"name": "product.name", "producer": "product.producer", "site": "plant.name", "unit": "unit"}


def _problem(study: Study, code: str, path: str, **args: str) -> Problem:
    return Problem(code, study.place_of(path) if path else Place("study.yaml"), args)


def _claims(study: Study) -> list[Problem]:
    """Words of the study that would claim more than a footprint can carry."""
    found = []
    texts: list[tuple[str, str, tuple[str, ...]]] = [
        ("product.name", said(study, "name", lang), NAME_CLAIMS) for lang in LANGS
    ]
    block = study.at("label")
    if isinstance(block, Mapping):
        for key, value in block.items():
            text = as_text(value)
            if text is not None and key.startswith(SPOKEN):
                texts += [(f"label.{key}", text[lang], CLAIMS) for lang in LANGS]
    for path, words_said, words in texts:
        low = words_said.lower()
        found += [
            _problem(study, "label-claim", path, word=w)
            for w in words
            if (w in low if ord(w[0]) > 0x7F else re.search(rf"\b{re.escape(w)}\b", low))
        ]
    return list({(p.args["word"], str(p.place)): p for p in found}.values())


def _offsets(study: Study, result: Result) -> list[Problem]:
    """Offsets netted against the footprint: asked for in the study, or bought as a background item."""
    found = []
    for path in ("credits.offset_in_total", "credits.offsets_in_total", "label.offset", "label.offsets"):
        value = study.at(path)
        text = str(value.get("value") if isinstance(value, Mapping) else value or "")
        if text.partition(" ")[0] not in ("", "None", "false", "0", "0.0"):
            found.append(_problem(study, "label-offset", path, what=path))
    solved = result.evaluation.solved
    providers = result.evaluation.background.providers
    for id_ in sorted(set(solved.lines.provider) if solved is not None else ()):
        known = providers.get(id_)
        category = known.facts.get("category", "") if known is not None else ""
        if "offset" in category or "carbon-credit" in category:
            found.append(_problem(study, "label-offset", "", what=id_))
    return found


def _left_out(result: Result, headline: Published) -> list[str]:
    """Stages of the pack's vocabulary that the study holds lines of but that do not count."""
    clause = result.rulebook.by_address(headline.clause)
    solved = result.evaluation.solved
    if clause is None or not clause.stages or solved is None:
        return []
    values = result.rulebook.tables[clause.stages].values
    if "account" not in values:
        return []
    outside = {
        str(values["tag"].data[r])
        for r in range(len(values["tag"].data))
        if str(values["account"].data[r]) == "outside"
    }
    return sorted(outside & set(solved.lines.step))


def _verified(study: Study, verification: Verification) -> list[Problem]:
    missing = []
    if verification.state not in STATES:
        missing.append(f"state ({', '.join(STATES)})")
    if verification.state in ("second", "third", "certified") and verification.body is None:
        missing.append("body")
    if verification.state == "certified":
        missing += [k for k in ("certificate", "until") if not getattr(verification, k)]
    return (
        [
            _problem(
                study, "label-verification", "review", state=verification.state, missing=", ".join(missing)
            )
        ]
        if missing
        else []
    )


def _dates(study: Study, issued: str, expires: str, verification: Verification) -> list[Problem]:
    wrong = [d for d in (issued, expires) if not _DATE.fullmatch(d)]
    if wrong or expires <= issued or (verification.until and expires > verification.until):
        return [
            _problem(
                study,
                "label-dates",
                "",
                issued=issued or "—",
                expires=expires or "—",
                until=verification.until or "—",
            )
        ]
    return []


def _bound(value: float | None, place: int) -> str:
    return to_place(value, place) if value is not None else ""


def _share(result: Result, headline: Published) -> str:
    share = headline.primary_data_share
    return f"{share:.3f}" if share is not None else ""


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("tanbiao")
    except PackageNotFoundError:
        return "source"


# -- faces -------------------------------------------------------------------------------------------------------------


def label_json(found: Label) -> str:
    """The data object as JSON, with the digest that the QR code shortens. A signature is added when it is sealed."""
    return (
        json.dumps(found.data() | {"digest": found.digest}, ensure_ascii=False, indent=2, sort_keys=True)
        + "\n"
    )


def label_svg(found: Label, lang: Lang) -> str:
    """The label as SVG, 6 cm wide, text as text."""
    drawing = _Drawing(found, lang)
    return drawing.svg()


def label_png(found: Label, lang: Lang, dots_per_inch: int = 600) -> bytes:
    """The label as PNG in the bundled font. Refuses (`font-characters`) characters which that font lacks."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(_bundled(found, lang), ppi=dots_per_inch))


def label_pdf(found: Label, lang: Lang) -> bytes:
    """The label as PDF, 6 cm wide, in the bundled font. Refuses (`present-extra`) where typst is not installed."""
    try:
        import typst
    except ImportError:
        raise refuse("present-extra", format="PDF", package="typst") from None
    source: Any = (
        b"#set document(date: none)\n#set page(width: 60mm, height: auto, margin: 0pt)\n"
        b'#image(bytes(sys.inputs.svg), format: "svg", width: 60mm)'
    )
    return bytes(
        typst.compile(
            source,
            font_paths=[str(font.folder())],
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"svg": _bundled(found, lang)},
            timestamp=946_684_800,
        )
    )


def _bundled(found: Label, lang: Lang) -> str:
    text = label_svg(found, lang)
    font.check("".join(re.findall(r">([^<]+)<", text)), f"label {found.id}")
    font.register()
    return re.sub(r'font-family="[^"]*"', f'font-family="{font.FAMILY}"', text)


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


class _Drawing:
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


__all__ = [
    "Label",
    "Part",
    "Verification",
    "label",
    "label_json",
    "label_pdf",
    "label_png",
    "label_svg",
    "qr_path",
]
