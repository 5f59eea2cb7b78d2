"""`tanbiao compare`: one set of facts under several packs; and beside a published result of somebody else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from ..core.errors import Lang
from .console import (
    JsonOption,
    LangOption,
    PackRootOption,
    StudyArgument,
    console,
    headed,
    print_json,
    print_paths,
    read_lang,
    read_study,
    reporting,
)

if TYPE_CHECKING:
    from ..evaluate.comparison import Comparison, Side
    from ..service.run import LoadedStudy

OutOption = Annotated[
    Path | None, typer.Option("--out", help="folder for the page and the figures / 输出文件夹")
]


def compare(
    study: StudyArgument,
    pack: Annotated[
        list[str] | None, typer.Option("--pack", help="two packs or more / 两个以上标准包")
    ] = None,
    beside: Annotated[
        Path | None,
        typer.Option("--beside", help="a published result: YAML, PACT, openEPD, ILCD+EPD / 他人公布的结果"),
    ] = None,
    per: Annotated[str, typer.Option("--per", help="parameter that its unit is per / 其单位所依的参数")] = "",
    result: Annotated[
        str, typer.Option("--result", help="which one, where the file holds several / 文件含多个结果时的编号")
    ] = "",
    out: OutOption = None,
    lang: LangOption = None,
    json: JsonOption = False,
    packs: PackRootOption = None,
) -> None:
    """One set of facts under several packs; every difference taken apart choice by choice. / 同一组事实，多份规则。"""
    from ..service.compare import compare_many, write_comparison

    lang_ = read_lang(lang)
    loaded = read_study(study, packs)
    if beside is not None:
        _beside(loaded, beside, pack, (per, result), lang_, json, out)
        return
    chosen = list(dict.fromkeys(pack or loaded.study.packs))
    with reporting(lang_, json):
        found = compare_many(loaded, chosen)
        if out is not None:
            print_paths(write_comparison(found, loaded.study, out), quiet=json)
        if json:
            print_json(found.pairs[0].data() | found.data() if len(found.pairs) == 1 else found.data())
            return
        if len(found.sides) > 2:
            show_sides(found.sides, lang_)
        for pair in found.pairs:
            show_comparison(pair, lang_)


def show_sides(sides: tuple[Side, ...], lang: Lang) -> None:
    """One row for each pack."""
    from ..present.comparison import verdict_text
    from ..present.numbers import minus

    table = headed(
        ("标准包", "公布值", "每参照流总量", "判定", "缺"),
        ("pack", "published", "total for the reference flow", "verdict", "lacks"),
        lang,
    )
    for side in sides:
        value = side.total.value
        table.add_row(
            side.name,
            f"{minus(side.published.published)} {side.published.unit}",
            "—" if value is None else f"{minus(f'{value:.6g}')} {side.total.unit}",
            verdict_text(side, lang),
            ", ".join(side.total.missing),
        )
    console.print(table)


def show_comparison(found: Comparison, lang: Lang) -> None:
    """Both results, the parts of the difference with their clauses, and why they must not be ranked."""
    zh = lang == "zh"
    if found.unit:
        _show_parts(found, lang)
    else:
        console.print(f"[bold]{found.left} → {found.right}[/bold]")
        console.print("没有可分解的差额" if zh else "no difference to take apart")
    if found.aside:
        console.print(
            "以上差额不含不可评的选择" if zh else "the difference above leaves out what is not evaluable"
        )
    for one in found.illegal:
        console.print(
            f"[dim]{'不能成立的组合' if zh else 'cannot stand'}: {' + '.join(one.axes)}: {one.reason}[/dim]"
        )
    if found.comparable:
        console.print("两个结果可以比较" if zh else "the two results may be compared")
    for reason in found.reasons:
        console.print(("不可排名：" if zh else "not to be ranked: ") + reason[lang])
    console.print()


def _show_parts(found: Comparison, lang: Lang) -> None:
    from ..present.comparison import WORDS, shown
    from ..present.numbers import minus

    zh = lang == "zh"
    first, parts, last = shown(found)
    table = Table(box=None, pad_edge=False)
    for head in ("", found.unit, "条款") if zh else ("", found.unit, "clauses"):
        table.add_column(head, overflow="fold", justify="right" if head == found.unit else "left")
    table.add_row(f"[bold]{found.left}[/bold]  {minus(found.left_published)} {found.left_unit}", first, "")
    for one in parts:
        part = one.part
        clauses = ", ".join(dict.fromkeys(c.partition("#")[2] for c in (*part.left, *part.right)))
        name = part.title[lang]
        if part.exact is None:
            name += (
                f"（不可评：缺 {', '.join(part.missing)}）"
                if zh
                else f" (not evaluable: lacks {', '.join(part.missing)})"
            )
        table.add_row(f"  {name}", one.text, f"[dim]{clauses}[/dim]")
    end = f"[bold]{found.right}[/bold]  {minus(found.right_published)} {found.right_unit}"
    table.add_row(end + (f"  ({WORDS['computable'][lang]})" if found.aside else ""), last, "")
    console.print(table)


def _beside(
    loaded: LoadedStudy,
    file: Path,
    pack: list[str] | None,
    which: tuple[str, str],
    lang: Lang,
    json: bool,
    out: Path | None,
) -> None:
    from ..service.published import beside_published, write_beside

    with reporting(lang, json):
        found = beside_published(loaded, file, (pack or loaded.study.packs)[0], *which)
        if out is not None:
            print_paths(write_beside(found, loaded.study, out), quiet=json)
        if json:
            print_json(found.data())
            return
        zh = lang == "zh"
        table = headed(
            (f"阶段（{found.unit}）", "公布的", "本研究", "差"),
            (f"stage ({found.unit})", "published", "ours", "difference"),
            lang,
        )
        for row in found.rows:
            table.add_row(
                row.name[lang], _number(row.theirs), _number(row.ours), _number(row.difference, True)
            )
        console.print(f"[bold]{found.title}[/bold]  {found.source}")
        console.print(table)
        for reason in found.reasons:
            console.print(("不可比：" if zh else "not comparable: ") + reason[lang])


def _number(value: float | None, sign: bool = False) -> str:
    from ..present.numbers import minus

    return "—" if value is None else minus(f"{value:+.4g}" if sign else f"{value:.4g}")
