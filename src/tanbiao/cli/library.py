"""`tanbiao library`: list, search, show, check, coverage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ..core.errors import Lang
from .console import (
    FINDINGS_FAIL,
    JsonOption,
    LangOption,
    console,
    headed,
    print_json,
    print_problems,
    read_lang,
    reporting,
)

if TYPE_CHECKING:
    from ..evaluate.coverage import Coverage

app = typer.Typer(no_args_is_help=True, help="Background data / 背景库")
LibraryOption = Annotated[
    list[str] | None, typer.Option("--library", help="id or folder, may be repeated / 可重复")
]
DEFAULT = ["open-2026"]


@app.command("list")
def list_libraries(lang: LangOption = None, json: JsonOption = False) -> None:
    """The libraries at hand, with what they may be used for. / 现有背景库。"""
    from ..service import exchange as use
    from ..service.places import Places

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        places = Places()
        names = sorted({f.parent.name for root in places.library_roots for f in root.glob("*/library.yaml")})
        libraries = [places.library([n]) for n in names]
        if json:
            print_json(
                [
                    {
                        "library": f"{x.id}@{x.version}",
                        "title": x.title.data(),
                        "share": x.share,
                        "processes": len(x.processes),
                        "factors": len(x.factors),
                        "gases": len(x.gases),
                        "digest": x.digest,
                    }
                    for x in libraries
                ]
                + [s.data() for s in use.stored_libraries()]
            )
            return
        for stored in use.stored_libraries():
            console.print(
                f"[bold]{stored.id}@{stored.version}[/bold]  {stored.format}, {stored.source}  [dim]"
                f"{stored.processes} + {stored.results}[/dim]"
            )
        for x in libraries:
            console.print(
                f"[bold]{x.id}@{x.version}[/bold]  {x.title[lang_]}  "
                f"[dim]{len(x.processes)} + {len(x.factors)} + {len(x.gases)}, {x.share}[/dim]"
            )
            console.print(f"  {x.description[lang_]}\n  [yellow]{x.caution[lang_]}[/yellow]")


@app.command("search")
def search_(
    words: Annotated[list[str], typer.Argument()],
    lang: LangOption = None,
    json: JsonOption = False,
    library: LibraryOption = None,
    limit: int = 20,
) -> None:
    """Find processes, factors and gases by words, in every library at hand or in those named. / 用中文或英文检索。"""
    from ..service.library import search_items
    from ..service.places import Places

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        found = search_items(" ".join(words), library or (), Places(), limit)
        if json:
            print_json([f.data() for f in found])
            return
        several = len({f.library for f in found}) > 1
        table = headed(
            ("编号", "名称", "地区", "kgCO2e", "每", "状态", *(["背景库"] if several else [])),
            ("id", "name", "place", "kgCO2e", "per", "status", *(["library"] if several else [])),
            lang_,
        )
        for f in found:
            value = "" if f.value is None else f"{f.value:.4g}"
            cells = (f.id, f.name[lang_], f.place, value, f.unit, f.status, *([f.library] if several else []))
            table.add_row(*map(escape, cells))
        console.print(table)


@app.command()
def show(item: str, lang: LangOption = None, json: JsonOption = False, library: LibraryOption = None) -> None:
    """One item: value, bounds, declarations, source, licence, supply chain. / 显示一项数据。"""
    from ..library import bounds, compile_library, paths, total
    from ..service.places import Places

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        found = Places().library(library or DEFAULT)
        compiled = compile_library(found, "AR6")
        value, limits, tree = total(compiled, item), bounds(compiled, item), paths(compiled, item, 0.02)
        record = found.items[item]
        fields = {
            f: str(getattr(record, f))
            for f in record.__dataclass_fields__
            if f != "place_in" and getattr(record, f) not in (None, "")
        }
        checks = [c for c in found.checks if c.item == item]
        if json:
            print_json(
                {
                    "id": item,
                    "value": f"{value:.9g}",
                    "low": f"{limits.low:.9g}",
                    "high": f"{limits.high:.9g}",
                    "bounds": limits.origin,
                    "record": fields,
                    "checks": [
                        {"value": str(float(c.value)), "source": c.source, "verification": c.verification}
                        for c in checks
                    ],
                }
            )
            return
        console.print(f"[bold]{item}[/bold]  {record.name(lang_)}")
        console.print(
            f"{value:.6g} kgCO2e/{getattr(record, 'unit', '')}  "
            f"[dim]{limits.low:.6g} … {limits.high:.6g} ({limits.origin})[/dim]"
        )
        for name, text in fields.items():
            if name not in ("id", "name_en", "name_zh"):
                console.print(f"  [dim]{name}[/dim]  {text}", soft_wrap=True)

        def print_tree(node: object, depth: int) -> None:
            for child in node.children:  # type: ignore[attr-defined]
                known = found.items.get(child.item)
                label = known.name(lang_) if known is not None else child.item
                console.print(
                    f"{'  ' * depth}{child.share:6.1%}  {child.value:.4g}  {label}  [dim]{child.item}[/dim]"
                )
                if depth < 4:
                    print_tree(child, depth + 1)

        console.print("供应链" if lang_ == "zh" else "supply chain")
        print_tree(tree, 1)
        for c in checks:
            console.print(
                f"  ≈ {float(c.value):.4g}  ({value / float(c.value):.2f}×)  {c.source}  [dim]{c.verification}[/dim]"
            )


@app.command()
def check(lang: LangOption = None, json: JsonOption = False, library: LibraryOption = None) -> None:
    """Guards against known faults of background data. / 检查背景库。"""
    from ..library import check_library
    from ..service.impacts import elementary_of
    from ..service.places import Places

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        places, names = Places(), library or DEFAULT
        problems = [*check_library(places.library(names)), *elementary_of(names, places)[1]]
        if json:
            print_json([p.data() for p in problems])
        else:
            print_problems(problems, lang_)
            if not problems:
                console.print("没有问题" if lang_ == "zh" else "no problems")
        if any(p.level == "error" for p in problems):
            raise typer.Exit(FINDINGS_FAIL)


@app.command()
def linking(name: str, lang: LangOption = None) -> None:
    """How an imported library was linked. / 已导入背景库的链接情况。"""
    from ..service import exchange as use

    with reporting(read_lang(lang), True):
        print_json(use.show_stored(name))


@app.command("diff")
def diff_versions(old: str, new: str, lang: LangOption = None, json: JsonOption = False) -> None:
    """Which items changed between two imported versions, and by how much. / 比较两个版本。"""
    from ..service import exchange as use

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        changes = use.diff_stored(old, new)
        if json:
            print_json([c.data() for c in changes])
            return
        table = Table(box=None, pad_edge=False)
        for head in (
            ("编号", "名称", "变化", "旧值", "新值", "幅度")
            if lang_ == "zh"
            else ("id", "name", "change", "old", "new", "effect")
        ):
            table.add_column(head, overflow="fold")
        for c in changes:
            values = ("-" if v is None else f"{v:.5g}" for v in (c.old, c.new))
            table.add_row(c.item, c.name, c.kind, *values, f"{c.effect:+.2%}")
        console.print(table)


@app.command("coverage")
def coverage_of(
    study: Path,
    lang: LangOption = None,
    json: JsonOption = False,
    pack: Annotated[list[str] | None, typer.Option("--pack")] = None,
    all_rows: bool = False,
) -> None:
    """What a study's numbers rest on, flow by flow. / 研究结果依赖的背景数据。"""
    from ..service import load
    from ..service.library import coverages

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        found = coverages(load(study).run(pack or ()))
        if json:
            print_json([c.data() for c in found])
            return
        for one in found:
            print_coverage(one, lang_, None if all_rows else 20)


def print_coverage(one: Coverage, lang: Lang, limit: int | None) -> None:
    """The coverage table: status, licence, year, GWP basis, share with bounds, judged share, independent values."""
    zh = lang == "zh"
    console.print(f"[bold]{one.pack}[/bold]  {one.verdict or ''}")
    shares = "  ".join(f"{k} {v:.1%}" for k, v in one.shares.items())
    console.print(shares)
    console.print(
        f"建立在判断值之上（任意层级）：{one.judged:.1%}；GWP 未能换算：{one.unconverted:.1%}"
        if zh
        else f"resting on judged numbers at any depth: {one.judged:.1%}; GWP not converted: {one.unconverted:.1%}"
    )
    table = Table(box=None, pad_edge=False)
    heads = (
        (
            "背景数据",
            "状态",
            "年份",
            "GWP",
            "许可",
            one.unit,
            "下界…上界",
            "份额",
            "判断值",
            "独立来源（比值）",
        )
        if zh
        else (
            "background",
            "status",
            "year",
            "GWP",
            "licence",
            one.unit,
            "low … high",
            "share",
            "judged",
            "independent (ratio)",
        )
    )
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in one.rows[:limit]:
        others = "; ".join(f"{v:.3g} ({r:.2f})" for v, r, _, _ in row.checks[:3])
        table.add_row(
            f"{row.name[lang]}\n[dim]{row.provider}[/dim]",
            row.status,
            row.year,
            row.gwp_set,
            row.licence[:28],
            f"{row.value:.4g}",
            f"{row.low:.3g} … {row.high:.3g}",
            f"{row.share:.1%}" if row.provider else ("未链接" if zh else "not linked"),
            f"{row.judged:.0%}",
            others,
        )
    console.print(table)
    console.print(
        "[dim]"
        + (
            "上下界为判断或公布区间同时取端值，不是置信区间"
            if zh
            else "bounds put every judged or published interval at its end at once; no confidence interval"
        )
        + "[/dim]"
    )
