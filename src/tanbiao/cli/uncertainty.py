"""`tanbiao uncertainty` and `tanbiao portfolio`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ..core.errors import Lang
from ..evaluate.ensemble import Ensembled
from .console import (
    JsonOption,
    LangOption,
    PackOption,
    PackRootOption,
    console,
    print_json,
    read_lang,
    reporting,
)

StudyArgument = Annotated[Path, typer.Argument(help="study folder or workbook / 研究文件夹或工作簿")]
SchedulerOption = Annotated[
    str | None, typer.Option("--scheduler", help="address of a Dask scheduler / Dask 调度器地址")
]


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
    """Draw what the study declares uncertain: static, mean, median, interval, and why they differ. / 不确定性。"""
    from ..service import Places, load
    from ..service.uncertainty import uncertainties

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        loaded = load(study, Places(packs=tuple(Path(r) for r in packs or ())))
        found = uncertainties(loaded, pack or (), samples, seed, scheduler)
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
    table = Table(box=None, pad_edge=False)
    for head in (
        ("静态值", "取均值时", "均值", "中位数", "95 % 区间（研究自身数量）", "标准差")
        if zh
        else ("static", "at means", "mean", "median", "95 % interval (the study's own amounts)", "s.d.")
    ):
        table.add_column(head, overflow="fold")
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
    console.print("  方差的线性解释份额：" if zh else "  share of variance that a straight line explains:")
    for share, source in drivers:
        console.print(f"    {share:6.1%}  {source.name}  [dim]{source.distribution}[/dim]")
    console.print(
        f"  [dim]n = {one.samples}, seed = {one.seed}, ledger {one.entry[:16]}"
        + ("" if not one.exact else ("，逐个完整计算" if zh else ", every draw evaluated in full"))
        + "[/dim]"
    )
    for k, why in one.unsolved[:5]:
        console.print(f"  [yellow]#{k}[/yellow]  {why}", markup=True)


def portfolio(
    table: Annotated[Path, typer.Argument(help="CSV or Parquet: product, item, amount, unit, … / 产品表")],
    library: Annotated[
        list[str] | None, typer.Option("--library", help="id or folder, may be repeated / 可重复")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--change", help="ITEM=kgCO2e: which products move / 供应者改变后哪些产品变动"),
    ] = None,
    gwp: Annotated[str, typer.Option("--gwp", help="AR4 | AR5 | AR6 | AR6-GWP20 | AR6-GTP100")] = "AR6",
    scheduler: SchedulerOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="CSV file to write / 输出 CSV")] = None,
    limit: Annotated[int, typer.Option("--limit", help="rows shown / 显示行数")] = 20,
    lang: LangOption = None,
    json: JsonOption = False,
) -> None:
    """A table of products with bills in levels, rolled up over a library, with primary-data shares. / 产品组合。"""
    from ..core.errors import refuse
    from ..service.files import write
    from ..service.portfolio import portfolios

    lang_ = read_lang(lang)
    zh = lang_ == "zh"
    with reporting(lang_, json):
        changed: dict[str, float] = {}
        for one in change or ():
            item, _, text = one.rpartition("=")
            try:
                changed[item] = float(text)
            except ValueError:
                raise refuse("portfolio-change", text=one) from None
        found = portfolios(table, None, library or (), gwp, changed, scheduler)
        if out is not None:
            write(out, found.table())
        if json:
            print_json(found.data())
            return
        rows = found.data()["products"]
        shown = Table(box=None, pad_edge=False)
        for head in (
            ("产品", "kgCO2e", "每", "初级数据", "数据质量", "有评分")
            if zh
            else ("product", "kgCO2e", "per", "primary", "quality", "scored")
        ):
            shown.add_column(head, overflow="fold")
        for row in rows[-limit:] if limit > 0 else []:
            shown.add_row(
                row["product"],
                f"{row['value']:.6g}",
                row["unit"].partition("/")[2],
                *(
                    "—" if row[k] is None else form.format(row[k])
                    for k, form in (
                        ("primary_share", "{:.1%}"),
                        ("quality", "{:.2f}"),
                        ("scored_share", "{:.1%}"),
                    )
                ),
            )
        console.print(shown)
        if len(rows) > limit:
            console.print(f"[dim]{'共' if zh else 'of'} {len(rows)}[/dim]")
        if changed:
            console.print(f"{len(found.moved)} 个产品变动" if zh else f"{len(found.moved)} products move")
            for name, before, after in found.moved[:limit]:
                console.print(f"  {name}  {before:.6g} → {after:.6g}  ({after - before:+.4g})")
