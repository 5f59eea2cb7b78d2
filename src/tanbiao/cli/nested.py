"""`tanbiao study as-library`: what a study makes, for other studies to buy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import JsonOption, LangOption, StudyArgument, console, print_json, read_lang, reporting


def as_library(
    study: StudyArgument,
    out: Annotated[Path, typer.Option("--out", help="folder of the library / 背景库文件夹")],
    pack: Annotated[
        str, typer.Option("--pack", help="whose decisions hold; the first / 采用其决定的标准包")
    ] = "",
    stage: Annotated[
        list[str] | None, typer.Option("--stage", help="stages that go in, all without / 计入的阶段，可重复")
    ] = None,
    lang: LangOption = None,
    json: JsonOption = False,
) -> None:
    """The products of a study as a library that another study can buy from. / 把研究的产品写成背景库。"""
    from ..service.nested import study_library

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        found = study_library(study, out, pack, tuple(stage or ()))
        if json:
            print_json(found.data())
            return
        zh = lang_ == "zh"
        console.print(f"[bold]{found.folder}[/bold]  {found.pack}", soft_wrap=True)
        for product, unit in found.products.items():
            console.print(f"  {product}  [dim]{unit}[/dim]")
        if found.left:
            console.print(
                f"未计入的数据行：{found.left}（其他账户或未选阶段）"
                if zh
                else f"lines left out: {found.left} (other accounts, or stages not asked for)"
            )
        console.print(
            "在另一研究的 libraries 中加上此文件夹，即可把这些产品作为供应者"
            if zh
            else "name this folder in `libraries` of another study to buy these products",
            style="dim",
        )


__all__ = ["as_library"]
