"""`tanbiao study`: carry forward, confirm, upgrade. `tanbiao scenario`: scenarios, variants, sensitivity, breakeven."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from .console import (
    JsonOption,
    LangOption,
    OutOption,
    PackRootOption,
    StudyArgument,
    console,
    headed,
    print_json,
    print_paths,
    print_problems,
    read_lang,
    read_places,
    read_study,
    reporting,
)

app = typer.Typer(
    no_args_is_help=True, help="carry a study forward, confirm its data, upgrade its packs / 沿用、确认、升级"
)
scenario = typer.Typer(
    no_args_is_help=True, help="scenarios, variants, sensitivity, breakeven / 情景、变体、敏感性、盈亏平衡"
)

OnePack = Annotated[
    str,
    typer.Option("--pack", help="id@edition; the study's first where not given / 缺省为研究的第一个标准包"),
]


@app.command()
def roll(
    old: StudyArgument,
    new: Annotated[Path, typer.Argument(help="new folder / 新文件夹")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="date of the new study, today by default / 新研究的日期")
    ] = None,
    lang: LangOption = None,
) -> None:
    """Carry last year's study forward with every datum marked stale. / 沿用上一期，逐项标记。"""
    from ..service.roll import roll_study

    lang_ = read_lang(lang)
    with reporting(lang_):
        count = roll_study(old, new, as_of or dt.date.today().isoformat())
        console.print(
            f"{new}：{count} 项数据待确认（tanbiao check {new}）"
            if lang_ == "zh"
            else f"{new}: {count} data to confirm (tanbiao check {new})"
        )


@app.command()
def confirm(
    study: StudyArgument,
    row: Annotated[
        list[str] | None, typer.Option("--row", help="'exchange x01'; all where none is given / 缺省全部")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="who confirms / 确认人")] = "",
    on: Annotated[str | None, typer.Option("--on", help="date, today by default / 日期")] = None,
    lang: LangOption = None,
) -> None:
    """Confirm data that still hold. / 确认仍然有效的数据。"""
    from ..service.roll import confirm_data

    lang_ = read_lang(lang)
    if not by:
        raise typer.BadParameter("--by")
    with reporting(lang_):
        left = confirm_data(study, row or [], f"{by} {on or dt.date.today().isoformat()}")
        console.print(f"还有 {left} 项待确认" if lang_ == "zh" else f"{left} data left to confirm")


@app.command()
def upgrade(
    old: StudyArgument,
    new: Annotated[Path, typer.Argument(help="new folder / 新文件夹")],
    to: Annotated[
        list[str] | None, typer.Option("--to", help="id@edition; the newest where not given / 缺省为最新版")
    ] = None,
    lang: LangOption = None,
    json: JsonOption = False,
    packs: PackRootOption = None,
) -> None:
    """A study under the newest editions of its packs: what moved, and the result with it. / 升级到新版标准包。"""
    from ..service.upgrade import upgrade_study
    from .show import show_diff

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        found = upgrade_study(old, new, read_places(packs), to or ())
        if json:
            print_json(found.data())
            return
        if not found.moves:
            console.print(
                "各标准包已是最新版，没有写出"
                if lang_ == "zh"
                else "every pack is at its newest edition: nothing written"
            )
            return
        for before, after in found.moves.items():
            console.print(f"{before} → {after}")
        print_problems(found.problems, lang_)
        if found.diff is not None:
            show_diff(found.diff, lang_)
        console.print(str(new))


@scenario.command("run")
def run_(
    study: StudyArgument,
    pack: OnePack = "",
    variants: Annotated[bool, typer.Option("--variants", help="variants.csv")] = False,
    out: OutOption = None,
    lang: LangOption = None,
    json: JsonOption = False,
    packs: PackRootOption = None,
) -> None:
    """Scenario zero and every scenario (or variant) of the study. / 基准与各情景。"""
    from ..present.numbers import minus
    from ..service.scenario import SCENARIOS, VARIANTS, run_scenarios, write_scenarios

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        loaded = read_study(study, packs)
        told = run_scenarios(loaded, pack, VARIANTS if variants else SCENARIOS)
        if out is not None:
            print_paths(
                write_scenarios(told, loaded.study, out, "variants" if variants else "scenarios"), quiet=json
            )
        if json:
            print_json({"scenarios": [t.data() for t in told]})
            return
        table = headed(
            ("情景", "名称", "标准包", "值", "与基准之差", "缺"),
            ("scenario", "name", "pack", "value", "against base", "lacks"),
            lang_,
        )
        base = told[0]
        for one in told:
            same = one.value is not None and base.value is not None and one.unit == base.unit
            change = minus(f"{one.value - base.value:+.4g}") if same and one is not base else ""  # type: ignore[operator]
            table.add_row(
                one.scenario.id,
                one.scenario.name[lang_],
                one.pack,
                f"{one.published} {one.unit}",
                change,
                ", ".join(one.missing),
            )
        console.print(table)


@scenario.command("sensitivity")
def sensitivity_(
    study: StudyArgument,
    pack: OnePack = "",
    most: int = 15,
    out: OutOption = None,
    lang: LangOption = None,
    json: JsonOption = False,
    packs: PackRootOption = None,
) -> None:
    """What each choice, datum and factor does, one at a time; with --out the tornado figure. / 敏感性与龙卷风图。"""
    from ..evaluate.sensitivity import KINDS
    from ..service.scenario import run_sensitivity, write_sensitivity

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        loaded = read_study(study, packs)
        found = run_sensitivity(loaded, pack, most)
        if out is not None:
            print_paths(write_sensitivity(found, loaded.study, out), quiet=json)
        if json:
            print_json(found.data())
            return
        table = headed(
            ("选择、数据或因子", "类型", f"低（{found.unit}）", "高", "幅度", "变动"),
            ("choice, datum or factor", "kind", f"low ({found.unit})", "high", "width", "moved by"),
            lang_,
        )
        if not found.swings:
            console.print(
                "没有参数、清单数据或因子可以移动"
                if lang_ == "zh"
                else "no parameter, exchange or factor to move"
            )
            return
        for swing in found.swings:
            table.add_row(
                f"{swing.name[lang_]} [dim]{swing.target}[/dim]",
                KINDS[swing.kind][lang_],
                f"{swing.low:.4g}",
                f"{swing.high:.4g}",
                f"{swing.width:.3g}",
                swing.how[lang_],
            )
        console.print(table)


@scenario.command("breakeven")
def breakeven_(
    study: StudyArgument,
    target: Annotated[
        str, typer.Argument(help="parameter, table.row.column or factor.ID / 参数、单元格或因子")
    ],
    low: Annotated[float, typer.Option("--from")],
    high: Annotated[float, typer.Option("--to")],
    unit: str = "",
    goal: Annotated[float | None, typer.Option("--goal", help="value to meet / 目标值")] = None,
    against: Annotated[str, typer.Option("--against", help="a pack to meet / 另一标准包")] = "",
    pack: OnePack = "",
    lang: LangOption = None,
    json: JsonOption = False,
    packs: PackRootOption = None,
) -> None:
    """At which value of a datum the headline meets a goal or another pack's. / 何值时达到目标。"""
    from ..service.scenario import run_breakeven

    lang_ = read_lang(lang)
    if (goal is None) == (not against):
        raise typer.BadParameter("--goal | --against")
    with reporting(lang_, json):
        found = run_breakeven(read_study(study, packs), target, low, high, unit, goal, pack, against)
        if json:
            print_json(found.data())
        elif not found.values:
            console.print("范围内没有" if lang_ == "zh" else "none within the range")
        else:
            console.print(f"{target} = " + ", ".join(f"{v:.6g} {unit}".strip() for v in found.values))
