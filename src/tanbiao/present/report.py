"""The report: one self-contained HTML file (no request leaves it), and the same content as DOCX and PDF.

    html = render_report(run.study, run.results, run.ledger, run.library, "zh")

The order is that of the report template of GB/T 24067-2024 (informative annex; known from a secondary source).
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from importlib import resources
from typing import Any

from ..core.errors import Lang, refuse
from ..evaluate import Ledger, Result
from ..library import Library
from ..study import Study
from . import font, palette
from .content.whole import report_document
from .document import (
    Banner,
    Block,
    Cards,
    Cell,
    Document,
    Drawing,
    Grid,
    Heading,
    Pairs,
    Steps,
    Verdicts,
    Words,
)
from .texts import phrase


def render_report(
    study: Study, results: Sequence[Result], ledger: Ledger, library: Library, lang: Lang, other: str = ""
) -> str:
    """The report as HTML, printable on A4. other: relative address of the same report in the other language.

    Refuses (`report-empty`) a study without results. The same inputs give the same bytes.
    """
    return html(report_document(study, results, ledger, library, lang), other)


def report_docx(
    study: Study, results: Sequence[Result], ledger: Ledger, library: Library, lang: Lang
) -> bytes:
    """The report as DOCX. Refuses (`present-extra`) where python-docx is not installed."""
    return docx(report_document(study, results, ledger, library, lang))


def report_pdf(
    study: Study, results: Sequence[Result], ledger: Ledger, library: Library, lang: Lang
) -> bytes:
    """The report as PDF in the bundled font. Refuses (`present-extra`) where typst is not installed, and
    (`font-characters`) where the font lacks characters of the report."""
    return pdf(report_document(study, results, ledger, library, lang))


# -- HTML ----------------------------------------------------------------------------------------------------------


def html(document: Document, other: str = "") -> str:
    """A document as HTML."""
    words = {
        "rests_on": phrase("report.rests_on", document.lang),
        "contents": phrase("report.contents", document.lang),
        "other": "English" if document.lang == "zh" else "中文",
    }
    page = {
        "title": _css_text(f"{document.title} · {document.subtitle}"),
        "tag": _css_text(document.tag),
        "footer": _css_text(document.footer),
    }
    root = ":root { " + " ".join(f"--{k}: {v};" for k, v in palette.NAMES.items()) + " }\n"
    css = root + (_templates() / "report.css").read_text(encoding="utf-8")
    return str(_template().render(d=document, css=css, page=page, words=words, other=other))


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    return environment.from_string((_templates() / "report.html").read_text(encoding="utf-8"))


def _templates() -> Any:
    return resources.files(__package__) / "templates"


def _css_text(text: str) -> str:
    """A text as a CSS string; everything that could end the string or the style element is escaped."""
    safe = "".join(c if c.isalnum() or c in " ·.,-_()（）：、@+" else f"\\{ord(c):x} " for c in text)
    return f'"{safe}"'


# -- DOCX ----------------------------------------------------------------------------------------------------------


def docx(document: Document) -> bytes:
    """A document as DOCX."""
    try:
        from docx import Document as Docx
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.oxml.ns import qn
        from docx.shared import Mm, Pt, RGBColor
    except ImportError:
        raise refuse("present-extra", format="DOCX", package="python-docx") from None
    paper = Docx()
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(20)
    for name, size, colour in (
        ("Normal", 10, palette.INK),
        ("Heading 1", 15, palette.DEEP),
        ("Heading 2", 12, palette.INK),
        ("Title", 22, palette.INK),
    ):
        style = paper.styles[name]
        style.font.name, style.font.size = "Arial", Pt(size)
        style.font.color.rgb = RGBColor.from_string(colour.lstrip("#").upper())
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "Microsoft YaHei")
    section.header.paragraphs[0].text = f"{document.title} · {document.subtitle}" + (
        f"    {document.tag}" if document.tag else ""
    )
    section.footer.paragraphs[0].text = document.footer
    paper.add_paragraph(document.title)
    paper.add_heading(document.subtitle, 0)
    for name, text in document.facts:
        paper.add_paragraph(f"{name}  {text}")

    def grid(rows: Sequence[Sequence[str]], head: bool, align: str) -> None:
        if not rows:
            return
        table = paper.add_table(rows=len(rows), cols=len(rows[0]))
        table.style = "Light Grid" if head else "Table Grid"
        for r, row in enumerate(rows):
            cells = table.rows[r].cells
            for c, text in enumerate(row):
                cells[c].text = text
                paragraph = cells[c].paragraphs[0]
                paragraph.paragraph_format.space_after = Pt(0)
                for run in paragraph.runs:
                    run.font.size = Pt(8.5)
                if align[c] == "r":
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paper.add_paragraph()

    def strong(text: str) -> None:
        paper.add_paragraph().add_run(text).bold = True

    def write(block: Block) -> None:
        match block:
            case Words(text, style):
                strong(text) if style == "lead" else paper.add_paragraph(text)
            case Heading(text, number):
                paper.add_heading(f"{number} {text}".strip(), 2)
            case Pairs(rows):
                grid([(name, cell.text) for name, cell in rows], False, "ll")
            case Grid():
                body = [[c.text for c in row] for row in block.rows]
                headed = any(block.head)
                grid([list(block.head), *body] if headed else body, headed, block.align)
            case Drawing(svg):
                paper.add_picture(io.BytesIO(_picture(svg)), width=Mm(160))
            case Banner(_, title, text):
                strong(title)
                if text:
                    paper.add_paragraph(text)
            case Cards(cards):
                for card in cards:
                    strong(f"{card.title}    {card.value} {card.unit}")
                    for note in card.notes:
                        paper.add_paragraph(note)
            case Verdicts(_, title, items):
                strong(title)
                grid(
                    [
                        (
                            v.number,
                            f"{v.title}\n{v.address.text}",
                            " · ".join(v.marks),
                            "\n".join(f"{n}: {t}" for n, t in v.lines),
                        )
                        for v in items
                    ],
                    False,
                    "llll",
                )
            case Steps(steps):
                for step in steps:
                    strong(f"{step.title}    {step.value}")
                    paper.add_paragraph(" · ".join((*step.marks, step.address, step.digest)))
                    if step.formula:
                        paper.add_paragraph(step.formula)

    for banner in document.banners:
        write(banner)
    for part in document.sections:
        paper.add_heading(
            f"{part.number} {part.title}".strip() + (f"  [{document.tag}]" if document.tag else ""), 1
        )
        for block in part.blocks:
            write(block)
    return _fixed_docx(paper)


def _picture(svg: str) -> bytes:
    import vl_convert

    from .figures import only_bundled

    font.register()
    return bytes(vl_convert.svg_to_png(only_bundled(svg), scale=2.5))


def _fixed_docx(paper: Any) -> bytes:
    """The file with fixed dates and order, so that the same report gives the same bytes."""
    import datetime as dt
    import zipfile

    moment = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    core = paper.core_properties
    core.author, core.created, core.modified, core.last_modified_by, core.comments = (
        "tanbiao",
        moment,
        moment,
        "tanbiao",
        "",
    )
    raw, out = io.BytesIO(), io.BytesIO()
    paper.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return out.getvalue()


# -- PDF -----------------------------------------------------------------------------------------------------------


def pdf(document: Document) -> bytes:
    """A document as PDF through typst, with the bundled font alone."""
    try:
        import typst
    except ImportError:
        raise refuse("present-extra", format="PDF", package="typst") from None
    data = _plain(document)
    text = json.dumps(data, ensure_ascii=False, sort_keys=True)
    font.check("".join(_texts(data)), f"{document.title} PDF")
    source = (_templates() / "report.typ").read_bytes()
    return bytes(
        typst.compile(
            source,
            font_paths=[str(font.folder())],
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={
                "data": text,
                "page": phrase("report.page", document.lang),
                "colours": json.dumps(palette.NAMES),
            },
            timestamp=_EPOCH,
        )
    )


_EPOCH = 946_684_800
"""A fixed moment for the PDF's metadata: 2000-01-01."""


def _plain(document: Document) -> dict[str, Any]:
    """The document as plain data; every block says what it is."""
    from .figures import only_bundled

    def block(found: Block) -> dict[str, Any]:
        data = asdict(found) | {"is": type(found).__name__}
        if isinstance(found, Drawing):
            data["svg"] = only_bundled(found.svg)
        return data

    return {
        "lang": document.lang,
        "title": document.title,
        "subtitle": document.subtitle,
        "tag": document.tag,
        "footer": document.footer,
        "facts": [list(f) for f in document.facts],
        "banners": [block(b) for b in document.banners],
        "sections": [
            {"number": s.number, "title": s.title, "blocks": [block(b) for b in s.blocks]}
            for s in document.sections
        ],
    }


def _texts(data: Any) -> list[str]:
    if isinstance(data, str):
        return [data]
    if isinstance(data, dict):
        return [t for v in data.values() for t in _texts(v)]
    if isinstance(data, list | tuple):
        return [t for v in data for t in _texts(v)]
    return []


__all__ = ["Cell", "docx", "html", "pdf", "render_report", "report_docx", "report_pdf"]
