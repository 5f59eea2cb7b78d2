"""`tanbiao sheet`: the sheets of mass flow that a study can fill."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import LangOption, PackOption, PackRootOption, console, read_lang, reporting


def sheet(
    study: Annotated[Path, typer.Argument(help="study folder or workbook / 研究文件夹或工作簿")],
    kind: Annotated[str, typer.Option(help="vehicle|manual|battery|return|certificates|processes")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="folder for the files / 输出文件夹")] = None,
    format: Annotated[str, typer.Option(help="html|pdf|docx")] = "html",
    pack: PackOption = None,
    lang: LangOption = None,
    packs: PackRootOption = None,
) -> None:
    """Vehicle data sheet, battery documentation, month-end return and the like. / 数据表、年度文件、月报。"""
    from ..service import Places, load
    from ..service.massflow import write_sheet

    lang_ = read_lang(lang)
    with reporting(lang_):
        run = load(study, Places(packs=tuple(Path(r) for r in packs or ()))).run(pack or ())
        for path in write_sheet(run, out or Path("."), kind, format, (lang_,) if lang else ("zh", "en")):
            console.print(str(path))
