"""`tanbiao portfolio`."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, nan
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ..core.errors import Place, Problem, raise_errors
from .console import JsonOption, LangOption, console, print_json, progress, read_lang, reporting
from .uncertainty import SchedulerOption


def portfolio(
    table: Annotated[
        Path,
        typer.Argument(
            help="CSV or Parquet file, or a folder of parts: product, item, amount, unit, … / 产品表，或分片文件夹"
        ),
    ],
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
    limit: Annotated[int, typer.Option("--limit", min=0, help="rows shown / 显示行数")] = 20,
    lang: LangOption = None,
    json: JsonOption = False,
) -> None:
    """A table of products with bills in levels, rolled up over a library, with primary-data shares. / 产品组合。"""
    from ..service.files import write
    from ..service.portfolio import portfolios

    lang_ = read_lang(lang)
    zh = lang_ == "zh"
    with reporting(lang_, json):
        changed = _changes(change or ())
        found = portfolios(table, None, library or (), gwp, changed, scheduler, progress(lang_))
        if out is not None:
            write(out, found.table())
        if json:
            print_json(found.data())
            return
        shown = Table(box=None, pad_edge=False)
        for head in (
            ("产品", "kgCO2e", "每", "初级数据", "数据质量", "有评分")
            if zh
            else ("product", "kgCO2e", "per", "primary", "quality", "scored")
        ):
            shown.add_column(head, overflow="fold")
        for row in found.rows(limit):
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
        count = len(found.rolled.value)
        if count > limit:
            console.print(f"[dim]{'共' if zh else 'of'} {count}[/dim]")
        if changed:
            console.print(f"{len(found.moved)} 个产品变动" if zh else f"{len(found.moved)} products move")
            for name, before, after in found.moved[:limit]:
                console.print(f"  {name}  {before:.6g} → {after:.6g}  ({after - before:+.4g})")


def _changes(said: Sequence[str]) -> dict[str, float]:
    """ITEM=kgCO2e, each item once."""
    changed: dict[str, float] = {}
    problems = []
    for one in said:
        item, _, text = one.rpartition("=")
        try:
            value = float(text)
        except ValueError:
            value = nan
        if not item or not isfinite(value) or item in changed:
            problems.append(Problem("portfolio-change", Place(), {"text": one}))
        changed[item] = value
    raise_errors(problems)
    return changed
