"""`tanbiao uncertainty`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import Lang
from ..core.text import Text
from .console import (
    JsonOption,
    LangOption,
    PackOption,
    PackRootOption,
    StudyArgument,
    console,
    headed,
    print_json,
    progress,
    read_lang,
    read_study,
    reporting,
)

if TYPE_CHECKING:
    from ..evaluate.ensemble import Ensembled

SchedulerOption = Annotated[
    str | None, typer.Option("--scheduler", help="address of a Dask scheduler / Dask 调度器地址")
]


HELD = {
    "foreground": Text("研究自身数量", "the study's own amounts"),
    "background": Text("背景", "the background"),
    "foreground and background": Text("研究自身数量与背景", "the study's own amounts and the background"),
}


def uncertainty(
    study: StudyArgument,
    samples: Annotated[int, typer.Option("-n", "--samples", min=2, help="number of draws / 抽样次数")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="seed of the draws / 随机种子")] = 1,
    scheduler: SchedulerOption = None,
    pack: PackOption = None,
    lang: LangOption = None,
    json: JsonOption = False,
    packs: PackRootOption = None,
) -> None:
    """Draw what study and background declare uncertain: mean, median, interval and why they differ. / 不确定性。"""
    from ..service.uncertainty import uncertainties

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        loaded = read_study(study, packs)
        found = uncertainties(loaded, pack or (), samples, seed, scheduler, progress(lang_))
        if json:
            print_json(found.data())
            return
        if found.constructed:
            console.print(
                "[yellow]构造示例[/yellow]" if lang_ == "zh" else "[yellow]constructed example[/yellow]"
            )
        for one in found.ensembles:
            show_ensemble(one, lang_)
        for name, why in found.skipped:
            console.print(
                f"[bold]{name}[/bold]  "
                + (f"没有结果：缺 {why}" if lang_ == "zh" else f"no result: lacks {why}")
            )


def show_ensemble(one: Ensembled, lang: Lang) -> None:
    """Static value, mean, median and interval side by side, the reasons, and what drives the spread."""
    zh = lang == "zh"
    console.print(f"[bold]{one.pack}[/bold]  {one.title[lang]}  ({one.unit})")
    held = HELD[one.of][lang]
    table = headed(
        ("静态值", "取均值时", "均值", "中位数", f"95 % 区间（{held}）", "标准差"),
        ("static", "at means", "mean", "median", f"95 % interval ({held})", "s.d."),
        lang,
    )
    table.add_row(
        f"{one.static:.6g}",
        f"{one.at_means:.6g}",
        f"{one.mean:.6g} ± {one.error:.2g}",
        f"{one.median:.6g}",
        f"{one.low:.6g} … {one.high:.6g}",
        f"{one.deviation:.3g}",
    )
    console.print(table)
    for reason in one.reasons():
        console.print(f"  {reason[lang]}")
    drivers = sorted(zip(one.shares, one.sources, strict=True), key=lambda p: -p[0])[:8]
    if drivers:
        console.print(
            "  方差的线性解释份额：" if zh else "  share of variance that a straight line explains:"
        )
    for share, source in drivers:
        console.print(f"    {share:6.1%}  {source.name}  [dim]{source.distribution}[/dim]")
    console.print(
        f"  [dim]n = {one.samples}, seed = {one.seed}, ledger {one.entry[:16]}"
        + ("" if not one.exact else ("，逐个完整计算" if zh else ", every draw evaluated in full"))
        + "[/dim]"
    )
    for k, why in one.unsolved[:5]:
        console.print(f"  [yellow]#{k}[/yellow]  {why}", markup=True)
