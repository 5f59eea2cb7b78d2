"""`tanbiao pack new`: from a workbook with one row for each indicator to a linted pack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import (
    FINDINGS_FAIL,
    JsonOption,
    LangOption,
    PackRootOption,
    print_json,
    print_problems,
    read_lang,
    read_places,
    reporting,
    say,
)

app = typer.Typer(no_args_is_help=True)


@app.command("new")
def new(
    source: Annotated[Path, typer.Argument(help="workbook or folder of CSV files / 工作簿或 CSV 文件夹")],
    out: Annotated[Path, typer.Option("--out", help="folder of your packs / 自有标准包文件夹")] = Path(
        "packs"
    ),
    blank: Annotated[bool, typer.Option("--blank", help="write an empty workbook / 写出空白工作簿")] = False,
    lang: LangOption = None,
    json: JsonOption = False,
    packs: PackRootOption = None,
) -> None:
    """A workbook with one row for each indicator becomes a linted pack. / 由录入工作簿生成标准包。"""
    from ..service.author.blank import blank_form
    from ..service.author.new import new_pack

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        if blank:
            say(f"空白工作簿：{blank_form(source)}", f"empty workbook: {blank_form(source)}", lang_)
            return
        places = read_places(packs)
        made = new_pack(source, out, places.pack_roots)
        if json:
            print_json(
                {"pack": made.name, "folder": str(made.folder), "problems": [p.data() for p in made.problems]}
            )
        else:
            print_problems(made.problems, lang_)
            say(f"{made.name} 已写入 {made.folder}", f"{made.name} is written to {made.folder}", lang_)
    if any(p.level == "error" for p in made.problems):
        raise typer.Exit(FINDINGS_FAIL)
