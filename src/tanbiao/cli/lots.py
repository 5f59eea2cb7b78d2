"""`tanbiao sheet`: the sheets of mass flow that a study can fill."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import (
    LangOption,
    PackOption,
    PackRootOption,
    StudyArgument,
    print_paths,
    read_lang,
    read_languages,
    read_study,
    reporting,
)


def sheet(
    study: StudyArgument,
    kind: Annotated[str, typer.Option(help="vehicle|manual|battery|return|certificates|processes")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="folder for the files / 输出文件夹")] = None,
    format: Annotated[str, typer.Option(help="html|pdf|docx")] = "html",
    pack: PackOption = None,
    lang: LangOption = None,
    packs: PackRootOption = None,
) -> None:
    """Vehicle data sheet, battery documentation, month-end return and the like. / 数据表、年度文件、月报。"""
    from ..service.massflow import write_sheet

    lang_ = read_lang(lang)
    with reporting(lang_):
        run = read_study(study, packs).run(pack or ())
        print_paths(write_sheet(run, out or Path("."), kind, format, read_languages(lang)))
