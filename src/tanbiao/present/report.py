"""The report: one self-contained HTML file (no request leaves it), and the same content as DOCX and PDF.

    html = render_report(run.study, run.results, run.ledger, run.library, "zh")

The order is that of the report template of GB/T 24067-2024 (informative annex; known from a secondary source).
"""

from __future__ import annotations

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
from .document import Block, Cell, Document, Drawing
from .texts import phrase
from .word_file import docx


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
