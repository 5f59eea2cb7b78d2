"""A document as a Word file: real headings, tables whose columns fit what they hold, figures with a text."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from typing import Any

from ..core.errors import refuse
from . import font, palette
from .document import Banner, Block, Cards, Document, Drawing, Grid, Heading, Pairs, Steps, Verdicts, Words
from .texts import phrase

PAGE = 170.0
"""Width of the text of an A4 page, mm."""
TEXT_POINTS = 8.5
"""Size of the text in tables."""
PADDING = 4.5
NARROW = 26.0
"""A column this narrow keeps its texts on one line, mm."""


def docx(document: Document) -> bytes:
    """A document as DOCX. Refuses (`present-extra`) where python-docx is not installed."""
    try:
        import docx as library
    except ImportError:
        raise refuse("present-extra", format="DOCX", package="python-docx") from None
    paper = _Paper(library.Document(), document)
    paper.front()
    for banner in document.banners:
        paper.write(banner)
    for part in document.sections:
        title = f"{part.number} {part.title}".strip()
        paper.file.add_heading(title + (f"  [{document.tag}]" if document.tag else ""), 1)
        for block in part.blocks:
            paper.write(block)
    return _fixed(paper.file, document)


def widths(rows: Sequence[Sequence[str]], align: str, total: float = PAGE) -> list[float]:
    """Width of every column (mm), together `total`. Narrow columns get what their longest text needs; what is left is
    shared by the others as their texts are long, none below its longest word."""
    columns = list(zip(*rows, strict=True))
    whole = [max(max(map(_long, cell.split("\n"))) for cell in column) + PADDING for column in columns]
    least = [
        max(max(map(_long, _words(cell)), default=0.0) for cell in column) + PADDING for column in columns
    ]
    if sum(whole) <= total:
        wide = max(range(len(whole)), key=lambda k: (align[k] == "w", align[k] not in "rkn", whole[k]))
        whole[wide] += total - sum(whole)
        return whole
    kept = {k for k, w in enumerate(whole) if w <= NARROW or (align[k] in "rk" and w <= total / 4)}
    fixed = {k: whole[k] for k in kept}
    free = [k for k in range(len(whole)) if k not in kept]
    while True:
        room, asked = total - sum(fixed.values()), sum(whole[k] ** 0.5 for k in free)
        tight = [k for k in free if least[k] > room * whole[k] ** 0.5 / asked]
        if not tight or len(tight) == len(free):
            break
        fixed |= {k: least[k] for k in tight}
        free = [k for k in free if k not in tight]
    found = {**fixed, **{k: max(room, 1.0) * whole[k] ** 0.5 / asked for k in free}}
    scale = total / sum(found.values())
    return [found[k] * scale for k in range(len(whole))]


def _words(text: str) -> list[str]:
    """The pieces between which a line may break: words of Latin letters, single Chinese characters."""
    out = [""]
    for c in text:
        if c.isspace() or unicodedata.east_asian_width(c) in "WF":
            out += [c, ""]
        else:
            out[-1] += c
    return [w[:24] for w in out]


def _long(text: str) -> float:
    """About how long a text is in a table, mm."""
    ems = sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.55 for c in text)
    return ems * TEXT_POINTS * 0.3528


class _Paper:
    """A Word file being written."""

    def __init__(self, file: Any, document: Document) -> None:
        self.file, self.document = file, document

    def front(self) -> None:
        from docx.oxml.ns import qn
        from docx.shared import Mm, Pt, RGBColor

        section = self.file.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.left_margin = section.right_margin = Mm(20)
        section.top_margin = section.bottom_margin = Mm(20)
        for name, size, colour in (
            ("Normal", 10, palette.INK),
            ("Heading 1", 15, palette.DEEP),
            ("Heading 2", 12, palette.INK),
            ("Title", 22, palette.INK),
        ):
            style = self.file.styles[name]
            style.font.name, style.font.size = "Arial", Pt(size)
            style.font.color.rgb = RGBColor.from_string(colour.lstrip("#").upper())
            style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "Microsoft YaHei")
        d = self.document
        section.header.paragraphs[0].text = f"{d.title} · {d.subtitle}" + (f"    {d.tag}" if d.tag else "")
        section.footer.paragraphs[0].text = d.footer
        self.file.add_paragraph(d.title)
        self.file.add_heading(d.subtitle, 0)
        for name, text in d.facts:
            self.file.add_paragraph(f"{name}  {text}")

    def strong(self, text: str) -> None:
        paragraph = self.file.add_paragraph()
        paragraph.add_run(text).bold = True
        paragraph.paragraph_format.keep_with_next = True

    def grid(self, rows: Sequence[Sequence[str]], head: bool, align: str) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Mm, Pt

        if not rows:
            return
        table = self.file.add_table(rows=len(rows), cols=len(rows[0]))
        table.style = "Light Grid" if head else "Table Grid"
        table.autofit = False
        wide = [Mm(w) for w in widths(rows, align)]
        for column, width in zip(table.columns, wide, strict=True):
            column.width = width
        for r, row in enumerate(rows):
            _whole(table.rows[r], repeated=head and r == 0)
            for c, (cell, text) in enumerate(zip(table.rows[r].cells, row, strict=True)):
                cell.width = wide[c]
                cell.text = text
                paragraph = cell.paragraphs[0]
                paragraph.paragraph_format.space_after = Pt(0)
                for run in paragraph.runs:
                    run.font.size = Pt(TEXT_POINTS)
                if align[c] == "r":
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        self.file.add_paragraph()

    def picture(self, drawing: Drawing) -> None:
        from docx.shared import Mm

        shape = self.file.add_picture(io.BytesIO(_png(drawing.svg)), width=Mm(160))
        shape._inline.docPr.set("descr", drawing.alt)
        shape._inline.docPr.set("title", drawing.alt)

    def write(self, block: Block) -> None:
        match block:
            case Words(text, style):
                self.strong(text) if style == "lead" else self.file.add_paragraph(text)
            case Heading(text, number):
                self.file.add_heading(f"{number} {text}".strip(), 2)
            case Pairs(rows):
                self.grid([(name, cell.text) for name, cell in rows], False, "kw")
            case Grid():
                body = [[c.text for c in row] for row in block.rows]
                headed = any(block.head)
                self.grid([list(block.head), *body] if headed else body, headed, block.align)
            case Drawing():
                self.picture(block)
            case Banner(_, title, text):
                self.strong(title)
                if text:
                    self.file.add_paragraph(text)
            case Cards(cards):
                for card in cards:
                    self.strong(f"{card.title}    {card.value} {card.unit}")
                    for note in card.notes:
                        self.file.add_paragraph(note)
            case Verdicts():
                self.strong(block.title)
                self.grid(_verdict_rows(block), False, "kwll")
            case Steps(steps):
                for step in steps:
                    self.strong(f"{step.title}    {step.value}")
                    self.file.add_paragraph(" · ".join((*step.marks, step.address, step.digest)))
                    if step.formula:
                        self.file.add_paragraph(step.formula)
                    if step.inputs:
                        self.file.add_paragraph(" · ".join(cell.text for cell in step.inputs))


def _verdict_rows(block: Verdicts) -> list[tuple[str, str, str, str]]:
    return [
        (
            v.number,
            f"{v.title}\n{v.address.text}",
            " · ".join(v.marks),
            "\n".join(f"{name}: {text}" for name, text in v.lines),
        )
        for v in block.items
    ]


def _whole(row: Any, repeated: bool) -> None:
    """A row stays on one page; the heading of a table stands on every page that it runs over."""
    from docx.oxml import OxmlElement

    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if repeated:
        properties.append(OxmlElement("w:tblHeader"))


def _png(svg: str) -> bytes:
    import vl_convert

    from .figures import only_bundled

    font.register()
    return bytes(vl_convert.svg_to_png(only_bundled(svg), scale=2.5))


def _fixed(paper: Any, document: Document) -> bytes:
    """The file with fixed dates and order, so that the same report gives the same bytes."""
    import datetime as dt
    import zipfile

    moment = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    core = paper.core_properties
    core.author = core.last_modified_by = "tanbiao"
    core.created = core.modified = moment
    core.comments = ""
    core.title, core.language = (
        f"{document.title} · {document.subtitle}",
        phrase("report.locale", document.lang),
    )
    raw, out = io.BytesIO(), io.BytesIO()
    paper.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return out.getvalue()


__all__ = ["docx", "widths"]
