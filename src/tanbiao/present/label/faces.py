"""The label as SVG, PNG, PDF and JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from ...core.errors import Lang, refuse
from .. import font
from .data import Label
from .drawing import Drawing


def label_json(found: Label) -> str:
    """The data object as JSON, with the digest that the QR code shortens. A signature is added when it is sealed."""
    return (
        json.dumps(found.data() | {"digest": found.digest}, ensure_ascii=False, indent=2, sort_keys=True)
        + "\n"
    )


def label_svg(found: Label, lang: Lang) -> str:
    """The label as SVG, 6 cm wide, text as text."""
    drawing = Drawing(found, lang)
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
