"""`tanbiao library trace`, `breakeven`: one result of a library product taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from ..core.errors import Lang
from .console import JsonOption, LangOption, console, errors, headed, print_json, read_lang, reporting
from .impacts import LibraryArgument, show_assumed, show_gaps
from .notes import Notes

if TYPE_CHECKING:
    from ..library.trace import Branch, Part
    from ..service import trace as use

MethodOption = Annotated[
    Path | None,
    typer.Option(
        "--method", help="table or folder of factors; the library's climate data without / 特征化因子"
    ),
]
CategoryOption = Annotated[str, typer.Option("--category", help="category of the method / 影响类别")]
GwpOption = Annotated[str, typer.Option("--gwp", help="GWP set / GWP 版本")]


def trace(
    library: LibraryArgument,
    product: Annotated[str, typer.Argument(help="process / 过程")],
    method: MethodOption = None,
    category: CategoryOption = "",
    gwp: GwpOption = "AR6",
    cutoff: Annotated[float, typer.Option(help="share of the result / 占结果的份额")] = 0.01,
    depth: Annotated[int, typer.Option(min=1, help="levels of the tree shown / 树的层数")] = 5,
    top: Annotated[int, typer.Option(min=1, help="rows shown / 显示行数")] = 8,
    sobol: Annotated[
        int, typer.Option("--sobol", min=0, help="draws for global sensitivity / 全局敏感性的抽样次数")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="of the draws / 抽样种子")] = 0,
    figure: Annotated[
        Path | None, typer.Option("--figure", help="Sankey of the tree as SVG / 桑基图")
    ] = None,
    lang: LangOption = None,
    json: JsonOption = False,
) -> None:
    """Contributions, path tree, Sankey and derivatives behind one result. / 拆解一个结果。"""
    from ..service import trace as use
    from ..service.files import write

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        found = use.traced(
            library.split("+"), product, use.TraceOptions(method, category, gwp, cutoff, sobol, seed)
        )
        if figure is not None:
            errors.print(str(write(figure, use.sankey(found, lang_, depth))), style="dim")
        if json:
            print_json(found.data())
            return
        _print(found, lang_, depth, top)


def _print(found: use.Traced, lang: Lang, depth: int, top: int) -> None:
    zh, t, notes = lang == "zh", found.trace, Notes()
    unit = found.library.processes[found.product].unit
    mark = notes.mark(found.standing(found.product))
    console.print(
        f"[bold]{escape(found.name(found.product, lang))}[/bold]  [dim]{escape(found.product)}[/dim]{mark}",
        soft_wrap=True,
    )
    console.print(f"{t.total:.6g} {found.method.unit}/{unit}  [dim]{escape(found.method.name)}[/dim]")
    for title, rows in (
        (("直接排放的过程", "by process that emits"), t.by_process),
        (("基本流与无清单的结果", "by elementary flow, and results without inventory"), t.by_flow),
        (("第一级供应者", "by first supplier"), t.by_supplier),
        (("地点", "by place"), t.by_place),
        (("过程类别", "by class of process"), t.by_class),
        (("数据的核证状态", "by verification of the data"), t.by_verification),
    ):
        _part(title[0] if zh else title[1], rows, found, lang, top, notes)
    console.print(f"[bold]{'路径' if zh else 'paths'}[/bold]")
    _branch(t.tree, found, lang, depth, 1, notes)
    console.print(
        "[bold]对结果影响最大的数量[/bold]（数量变 1%，结果变）"
        if zh
        else "[bold]amounts that move the result most[/bold] (result for one per cent)"
    )
    table = headed(
        ("数量", "过程", "购自或流", "变化"), ("amount", "process", "bought, or flow", "change"), lang
    )
    for p in t.pulls[:top]:
        table.add_row(
            f"{p.amount:.4g} {p.unit}",
            _named(found, p.process, lang, notes),
            _named(found, p.provider or p.what, lang, notes),
            f"{p.elasticity:+.3f} %",
        )
    console.print(table)
    _variance(found, lang, top, notes)
    show_gaps(found.behind, lang, top, notes)
    show_assumed(found.behind.ready, lang)
    notes.show(found.library, lang)


def _named(found: use.Traced, item: str, lang: Lang, notes: Notes) -> str:
    return escape(found.name(item, lang)) + notes.mark(found.standing(item))


def _variance(found: use.Traced, lang: Lang, top: int, notes: Notes) -> None:
    """Amounts whose uncertainty counts most; silent where the library declares no distribution."""
    if found.sources is None:
        return
    zh = lang == "zh"
    console.print(
        f"[bold]{'一阶方差' if zh else 'first-order variance'}[/bold]  {found.sources.variance:.4g}  "
        f"({'标准差' if zh else 's.d.'} {found.sources.variance**0.5:.4g})"
    )
    asked = any(r.first is not None for r in found.sources.rows)
    zh_heads, en_heads = ("份额", "过程", "购自或流"), ("share", "process", "bought, or flow")
    table = headed(
        (*zh_heads, *("Sobol 一阶", "Sobol 总") * asked),
        (*en_heads, *("Sobol first", "Sobol total") * asked),
        lang,
    )
    for r in found.sources.rows[:top]:
        indices = () if r.first is None else (f"{r.first:.3f}", f"{r.total:.3f}")
        process = _named(found, r.process, lang, notes) if r.process else "–"
        table.add_row(
            f"{r.variance:.1%}", process, _named(found, r.provider or r.what, lang, notes), *indices
        )
    console.print(table)


def _part(title: str, rows: Sequence[Part], found: use.Traced, lang: Lang, top: int, notes: Notes) -> None:
    console.print(f"[bold]{title}[/bold]")
    for row in rows[:top]:
        name = _named(found, row.id, lang, notes)
        console.print(f"  {row.share:6.1%}  {row.value:.4g}  {name}", soft_wrap=True)
    rest = sum(r.value for r in rows[top:])
    if rows[top:]:
        word = f"其余 {len(rows) - top} 项" if lang == "zh" else f"{len(rows) - top} more"
        share = rest / found.trace.total if found.trace.total else 0.0
        console.print(f"  [dim]{share:6.1%}  {rest:.4g}  {word}[/dim]")


def _branch(node: Branch, found: use.Traced, lang: Lang, depth: int, level: int, notes: Notes) -> None:
    for child in node.children:
        name = _named(found, child.item, lang, notes)
        console.print(f"{'  ' * level}{child.share:6.1%}  {child.value:.4g}  {name}", soft_wrap=True)
        if level < depth:
            _branch(child, found, lang, depth, level + 1, notes)


def breakeven(
    library: LibraryArgument,
    a: Annotated[str, typer.Argument(help="product A / 产品 A")],
    b: Annotated[str, typer.Argument(help="product B / 产品 B")],
    buyer: Annotated[str, typer.Option("--buyer", help="process whose purchase varies / 采购方过程")],
    provider: Annotated[str, typer.Option("--provider", help="what it buys / 所购过程")],
    low: Annotated[float, typer.Option("--from", help="lower end, per process as written / 下限")],
    high: Annotated[float, typer.Option("--to", help="upper end / 上限")],
    method: MethodOption = None,
    category: CategoryOption = "",
    gwp: GwpOption = "AR6",
    lang: LangOption = None,
    json: JsonOption = False,
) -> None:
    """At which amount of a purchase two products have equal results. / 两个产品在何处持平。"""
    from ..service import trace as use

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        found = use.breakeven(
            library.split("+"),
            (a, b),
            (buyer, provider),
            (low, high),
            use.TraceOptions(method, category, gwp),
        )
        if json:
            print_json(found.data())
            return
        _print_equal(found, lang_)


def _print_equal(found: use.Equal, lang: Lang) -> None:
    zh, notes, skipped = lang == "zh", Notes(), found.result.skipped
    for letter, item in zip("AB", found.products, strict=True):
        name = escape(found.library.processes[item].name(lang))
        console.print(
            f"{letter}  {name}  [dim]{escape(item)}[/dim]{notes.mark(found.items[item])}", soft_wrap=True
        )
    names = [
        escape(found.library.processes[i].name(lang)) + notes.mark(found.items[i]) for i in found.purchase
    ]
    console.print(("采购：{0} ← {1}" if zh else "purchase: {0} ← {1}").format(*names), soft_wrap=True)
    console.print(f"[dim]{escape(found.method.name)}[/dim]")
    where = ", ".join(f"{v:.6g} {found.unit}" for v in found.result.values)
    if found.result.always:
        where = "整个范围内都相等" if zh else "everywhere in the range"
    elif not where:
        where = "该范围内不持平" if zh else "not equal anywhere in the range"
    console.print(f"{'持平于' if zh else 'equal at'}: [bold]{where}[/bold]")
    console.print(f"{'现值' if zh else 'amount now'}: {found.now:.6g} {found.unit}")
    if found.better:
        console.print(f"{'下限处较低者' if zh else 'lower at the low end'}: {escape(found.better)}")
    if skipped:
        console.print(f"{skipped} 个取值无解" if zh else f"{skipped} values have no solution")
    notes.show(found.library, lang)


__all__ = ["breakeven", "trace"]
