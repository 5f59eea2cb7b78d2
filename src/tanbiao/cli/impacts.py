"""`tanbiao library impacts`: products of a library under impact methods that the user points to."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from ..core.errors import Lang
from .console import JsonOption, LangOption, console, errors, headed, print_json, read_lang, reporting
from .notes import Notes

if TYPE_CHECKING:
    from ..library.impacts import Carried
    from ..service import impacts as use

WHY = {
    "unknown": {"zh": "方法中没有此流", "en": "not in the methods"},
    "direction": {"zh": "只有相反方向的因子", "en": "factor for the other direction only"},
    "unit": {"zh": "单位不能换算", "en": "unit does not convert"},
    "unit-unsaid": {
        "zh": "因子未写单位，流的单位不常用",
        "en": "no unit stated, for a flow in an uncommon one",
    },
    "place": {"zh": "没有该地点的因子", "en": "no factor for its place"},
    "ambiguous": {"zh": "同名的流因子不同", "en": "one name, several factors"},
}
LibraryArgument = Annotated[str, typer.Argument(help="id or folder; a+b lays b over a / 编号或文件夹")]


def impacts(
    library: LibraryArgument,
    method: Annotated[
        Path, typer.Option("--method", help="table or folder of factors / 特征化因子的表或文件夹")
    ],
    product: Annotated[
        list[str] | None, typer.Argument(help="processes; all products where none / 过程；不给则为全部产品")
    ] = None,
    category: Annotated[
        list[str] | None, typer.Option("--category", help="may be repeated / 影响类别，可重复")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="flow,to,factor: flows of other lists / 流的对应表")
    ] = None,
    normalise: Annotated[
        Path | None, typer.Option("--normalise", help="category,reference,source / 归一化表")
    ] = None,
    weight: Annotated[Path | None, typer.Option("--weight", help="category,weight,source / 加权表")] = None,
    place: Annotated[
        list[str] | None,
        typer.Option("--place", help="stands in where a place has no factor / 后备地点，可重复"),
    ] = None,
    gwp: Annotated[str, typer.Option("--gwp", help="GWP set of the positions / 各位置所用 GWP 版本")] = "AR6",
    out: Annotated[
        Path | None, typer.Option("--out", help="folder for scores, inventory, missing as CSV / 输出文件夹")
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", "-n", min=0, help="draws of the library's own uncertainty / 抽样次数")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="of the draws / 抽样种子")] = 0,
    top: Annotated[int, typer.Option(min=1, help="rows shown / 显示行数")] = 10,
    lang: LangOption = None,
    json: JsonOption = False,
) -> None:
    """Scores in every category of a method, the inventory, and what no factor covers. / 各影响类别的结果。"""
    from ..service import impacts as use

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        options = use.ImpactOptions(
            method, tuple(category or ()), mapping, normalise, weight, tuple(place or ()), gwp
        )
        ready = use.ready(library.split("+"), options)
        if product:
            found = [use.product_impacts(ready, p) for p in product]
            spreads = [use.drawn_impacts(f, samples, seed) if samples else None for f in found]
            if out is not None:
                _write_products(out, found)
            if json:
                rows = [
                    {**f.data(), **({"draws": s.data() if s else None} if samples else {})}
                    for f, s in zip(found, spreads, strict=True)
                ]
                print_json({**use.head(ready), "products": rows})
                return
            notes = Notes()
            for one, spread in zip(found, spreads, strict=True):
                _print_product(one, lang_, top, notes)
                if samples:
                    _print_draws(spread, lang_)
            _print_fallbacks(ready, lang_, top)
            show_assumed(ready, lang_)
            notes.show(ready.library, lang_)
            return
        every = use.all_impacts(ready)
        if out is not None:
            _write_all(out, every)
        if json:
            print_json({**use.head(ready), **every.data()})
            return
        notes = Notes()
        _print_all(every, lang_, top, notes)
        _print_fallbacks(ready, lang_, top)
        show_assumed(ready, lang_)
        notes.show(ready.library, lang_)


def _table(lang: Lang, heads: Sequence[tuple[str, str]]) -> Table:
    return headed([zh for zh, _ in heads], [en for _, en in heads], lang)


def _number(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.5g}"


def _name(c: Carried, lang: Lang) -> str:
    name = escape(c.name_zh if lang == "zh" else c.name_en)
    return f"{name} [dim]{escape(c.substance.compartment)}[/dim]" if c.kind == "flow" else name


def _direction(c: Carried, lang: Lang) -> str:
    return {"zh": {"input": "取自自然", "output": "排向自然"}, "en": {"input": "taken", "output": "given"}}[
        lang
    ][c.direction]


def _print_product(one: use.ProductImpacts, lang: Lang, top: int, notes: Notes) -> None:
    zh, library = lang == "zh", one.ready.library
    process = library.processes[one.product]
    mark = notes.mark(library.standing(one.product))
    console.print(
        f"[bold]{escape(process.name(lang))}[/bold]  1 {process.unit}  [dim]{escape(one.product)}[/dim]{mark}",
        soft_wrap=True,
    )
    heads = [("类别", "category"), ("结果", "result"), ("单位", "unit"), ("计入的流", "flows that count")]
    extra = [("归一化", "normalised")] if one.ready.normalise is not None else []
    extra += [("加权", "weighted")] if one.ready.weight is not None else []
    table = _table(lang, [*heads, *extra])
    for s in one.scores:
        mark = " *" if one.partial and s.value is not None else ""
        cells = [s.category, _number(s.value) + mark, s.unit, str(s.flows)]
        cells += [_number(s.normalised)] if one.ready.normalise is not None else []
        cells += [_number(s.weighted)] if one.ready.weight is not None else []
        table.add_row(*cells)
    console.print(table)
    if one.partial:
        console.print(
            "[yellow]* 不完整：上游有没有清单的结果或没有供应者的交换，见下[/yellow]"
            if zh
            else "[yellow]* not whole: upstream are results without inventory or exchanges without provider, see below"
            "[/yellow]"
        )
    if any(s.value is None for s in one.scores):
        console.print(
            "[dim]– 清单中没有任何流有该类别的因子：不可评价，不是零[/dim]"
            if zh
            else "[dim]– no flow of the inventory has a factor here: not evaluable, not zero[/dim]"
        )
    if one.ready.weight is not None:
        _print_single(one, lang)
    split = "  ".join(f"{p} {_number(v)}" for p, v in one.climate.items() if v)
    total = _number(None if None in one.climate.values() else sum(v or 0.0 for v in one.climate.values()))
    console.print(f"kgCO2e ({one.ready.compiled.gwp_set}): {total}  [dim]{split}[/dim]")
    for m, method in enumerate(one.ready.methods):
        flows, processes = one.largest(m, 3)
        if flows:
            console.print(f"[bold]{escape(method.name)}[/bold]", soft_wrap=True)
            for c, v in flows:
                console.print(f"  {v:.4g}  {_name(c, lang)} ({_direction(c, lang)})", soft_wrap=True)
            for p, v in processes:
                name = escape(library.processes[p].name(lang)) + notes.mark(library.standing(p))
                console.print(f"  {v:.4g}  ← {name}", soft_wrap=True)
            states = "; ".join(f"{p.share:.1%} {escape(p.id)}" for p in one.verified(m)[:3])
            console.print(f"  [dim]{'核证状态' if zh else 'verification'}: {states}[/dim]", soft_wrap=True)
    show_gaps(one, lang, top, notes)


def _print_draws(found: use.DrawnImpacts | None, lang: Lang) -> None:
    zh = lang == "zh"
    if found is None:
        console.print(
            "上游没有声明分布的数量，不抽样"
            if zh
            else "no amount upstream declares a distribution: nothing is drawn"
        )
        return
    d = found.drawn
    console.print(
        f"[bold]抽样 {d.samples} 次（种子 {d.seed}），有分布的数量：{d.drawn}[/bold]"
        if zh
        else f"[bold]{d.samples} draws (seed {d.seed}), amounts that vary: {d.drawn}[/bold]"
    )
    heads = [
        ("类别", "category"),
        ("静态值", "static"),
        ("均值", "mean"),
        ("标准差", "s.d."),
        ("2.5 %", "2.5 %"),
    ]
    table = _table(lang, [*heads, ("中位数", "median"), ("97.5 %", "97.5 %")])
    for score, s in found.scores:
        values = (None,) * 5 if s is None else (s.mean, s.deviation, s.low, s.median, s.high)
        table.add_row(escape(score.category), _number(score.value), *(_number(v) for v in values))
    console.print(table)
    if found.unsolved:
        n, first = len(found.unsolved), escape(found.unsolved[0][1])
        console.print(
            f"[yellow]{n} 次抽样无解，不计入统计；其一：{first}[/yellow]"
            if zh
            else f"[yellow]{n} draws have no solution and are left out; one of them: {first}[/yellow]",
            soft_wrap=True,
        )


def _print_single(one: use.ProductImpacts, lang: Lang) -> None:
    if one.single is None:
        lacking = [
            c
            for c in one.ready.weight or ()
            if c not in {s.category for s in one.scores if s.weighted is not None}
        ]
        console.print(
            ("没有加权总和，以下类别没有结果：" if lang == "zh" else "no weighted sum: no result for ")
            + "; ".join(lacking),
            soft_wrap=True,
        )
        return
    console.print(f"{'加权总和' if lang == 'zh' else 'weighted sum'}: [bold]{one.single:.6g}[/bold]")


def show_gaps(one: use.ProductImpacts, lang: Lang, top: int, notes: Notes) -> None:
    """What the scores leave out: flows without factor, results without inventory, exchanges without provider."""
    zh = lang == "zh"
    if one.missing:
        console.print(
            f"[yellow]没有因子、未计入的流：{len(one.missing)} 条[/yellow]"
            if zh
            else f"[yellow]flows without factor, not counted: {len(one.missing)}[/yellow]"
        )
        table = _table(
            lang,
            [
                ("流", "flow"),
                ("方向", "direction"),
                ("数量", "amount"),
                ("原因", "why"),
                ("类别", "category"),
            ],
        )
        for m, c, v in one.missing[:top]:
            amount = f"{v:.4g} {c.substance.unit}"
            table.add_row(_name(c, lang), _direction(c, lang), amount, WHY[m.why][lang], m.method)
        console.print(table)
    if one.totals:
        console.print(
            f"[yellow]没有清单、只计入各位置的结果：{len(one.totals)} 项[/yellow]"
            if zh
            else f"[yellow]results without inventory, in the climate positions only: {len(one.totals)}[/yellow]"
        )
        for c, v, kg in one.totals[:top]:
            name = _name(c, lang) + notes.mark(one.ready.library.standing(c.substance.id))
            console.print(f"  {v:.4g} {c.substance.unit}  {kg:.4g} kgCO2e  {name}", soft_wrap=True)
    if one.cutoffs:
        console.print(
            f"[yellow]没有供应者的交换：{len(one.cutoffs)} 条[/yellow]"
            if zh
            else f"[yellow]exchanges without provider: {len(one.cutoffs)}[/yellow]"
        )
        for process, flow, unit, v in one.cutoffs[:top]:
            console.print(f"  {v:.4g} {unit}  {escape(flow)}  [dim]{escape(process)}[/dim]", soft_wrap=True)


def show_assumed(ready: use.Ready, lang: Lang) -> None:
    """Factors without a unit, once for all products."""
    found = ready.assessed.assumed
    if not found:
        return
    flows = ", ".join(f"{flow} [{unit}]" for flow, unit in dict.fromkeys((x.flow, x.unit) for x in found))
    said = (
        f"没有写单位、按流自身的单位计的因子：{len(found)} 个（{flows}）"
        if lang == "zh"
        else f"factors that state no unit, taken per unit of the flow: {len(found)} ({flows})"
    )
    console.print(f"[yellow]{escape(said)}[/yellow]", soft_wrap=True)


def _print_all(every: use.AllImpacts, lang: Lang, top: int, notes: Notes) -> None:
    zh = lang == "zh"
    ready = every.ready
    shown = range(min(len(every.products), 3 if len(every.products) <= 3 else 0))
    shown_ids = [every.products[k] for k in shown]
    names = [
        (escape(ready.library.processes[p].name(lang)) + notes.mark(ready.library.standing(p)),) * 2
        for p in shown_ids
    ]
    heads = [("类别", "category"), ("单位", "unit"), ("有结果的产品", "products with a result")]
    table = _table(lang, [*heads, *names])
    for m, method in enumerate(ready.methods):
        have = int((every.value[:, m] == every.value[:, m]).sum())
        values = [_number(float(every.value[k, m])) for k in shown]
        table.add_row(method.name, method.unit, f"{have} / {len(every.products)}", *values)
    console.print(table)
    if len(every.products) > len(shown):
        errors.print("全部产品见 --out 或 --json" if zh else "all products: --out or --json", style="dim")
    if every.missing:
        console.print(
            f"[yellow]没有因子、未计入的流：{len(every.missing)} 条[/yellow]"
            if zh
            else f"[yellow]flows without factor, not counted: {len(every.missing)}[/yellow]"
        )
        rows = _table(
            lang,
            [
                ("流", "flow"),
                ("方向", "direction"),
                ("过程数", "processes"),
                ("原因", "why"),
                ("类别", "category"),
            ],
        )
        for missing, c, n in every.missing[:top]:
            rows.add_row(_name(c, lang), _direction(c, lang), str(n), WHY[missing.why][lang], missing.method)
        console.print(rows)


def _print_fallbacks(ready: use.Ready, lang: Lang, top: int) -> None:
    found = ready.assessed.fallbacks
    if not found:
        return
    zh = lang == "zh"
    console.print(
        f"[yellow]没有自己因子的地点用了后备因子：{len(found)} 处[/yellow]"
        if zh
        else f"[yellow]places without a factor of their own, another served: {len(found)}[/yellow]"
    )
    table = _table(lang, [("类别", "category"), ("流", "flow"), ("地点", "place"), ("所用", "used")])
    said = {c.substance.id: _name(c, lang) for c in ready.assessed.entries.carried}
    anywhere = "（不分地点）" if zh else "(any place)"
    for f in found[:top]:
        table.add_row(f.method, said.get(f.flow, f.flow), f.asked, f.used or anywhere)
    console.print(table)


# -- files -------------------------------------------------------------------------------------------------------------


def _file(folder: Path, name: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    from ..service.files import write

    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(head)
    out.writerows(rows)
    errors.print(str(write(folder / name, text.getvalue())), style="dim")


STANDING = ("verification", "source")


def _stands(ready: use.Ready, item: str) -> tuple[str, str]:
    found = ready.library.standing(item)
    return found.verification, found.source


def _write_products(folder: Path, found: Sequence[use.ProductImpacts]) -> None:
    about = ("flow", "name_zh", "name_en", "compartment", "direction", "amount", "unit")
    _file(
        folder,
        "scores.csv",
        ("product", "category", "value", "unit", "flows", "normalised", "weighted", *STANDING),
        [
            (
                *(f.product, s.category, _cell(s.value), s.unit, s.flows),
                *(_cell(s.normalised), _cell(s.weighted)),
                *_stands(f.ready, f.product),
            )
            for f in found
            for s in f.scores
        ],
    )
    _file(
        folder,
        "contributions.csv",
        ("product", "category", "process", "value", "unit", *STANDING),
        [
            (f.product, s.category, p, repr(v), s.unit, *_stands(f.ready, p))
            for f in found
            for m, s in enumerate(f.scores)
            for p, v in f.largest(m, 100)[1]
        ],
    )
    _file(
        folder,
        "without_inventory.csv",
        ("product", *about, "kgCO2e", *STANDING),
        [
            (f.product, *_about(c, v), repr(kg), *_stands(f.ready, c.substance.id))
            for f in found
            for c, v, kg in f.totals
        ],
    )
    _file(
        folder,
        "inventory.csv",
        ("product", *about),
        [(f.product, *_about(c, v)) for f in found for c, v in f.inventory],
    )
    _file(
        folder,
        "missing.csv",
        ("product", *about, "why", "category"),
        [(f.product, *_about(c, v), m.why, m.method) for f in found for m, c, v in f.missing],
    )


def _about(c: Carried, amount: float) -> tuple[str, ...]:
    s = c.substance
    return (s.id, c.name_zh, c.name_en, s.compartment, c.direction, repr(amount), s.unit)


def _cell(value: float | None) -> str:
    return "" if value is None or value != value else repr(value)


def _write_all(folder: Path, every: use.AllImpacts) -> None:
    from ..library.model import POSITIONS

    ready = every.ready
    _file(
        folder,
        "scores.csv",
        ("product", "unit", *(m.name for m in ready.methods), *(f"kgCO2e {p}" for p in POSITIONS), *STANDING),
        [
            (
                p,
                ready.library.processes[p].unit,
                *(_cell(float(v)) for v in every.value[k]),
                *(_cell(float(v)) for v in every.climate[k]),
                *_stands(ready, p),
            )
            for k, p in enumerate(every.products)
        ],
    )
    _file(
        folder,
        "missing.csv",
        ("flow", "direction", "why", "category", "processes"),
        [(m.flow, m.direction, m.why, m.method, n) for m, _, n in every.missing],
    )


__all__ = ["impacts"]
