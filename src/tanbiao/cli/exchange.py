"""`tanbiao import`, `export`, `new`, and the commands of the library store."""

from __future__ import annotations

import datetime as dt
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ..core.errors import Lang, Problem
from .console import (
    FINDINGS_FAIL,
    JsonOption,
    LangOption,
    PackRootOption,
    console,
    errors,
    print_json,
    print_problems,
    read_lang,
    reporting,
)

if TYPE_CHECKING:
    from ..service import exchange as use

Words = Annotated[list[str] | None, typer.Option(help="may be repeated / 可重复")]
SHOWN = 12


def _progress(lang: Lang) -> use.Progress | None:
    if not sys.stderr.isatty():
        return None

    def show(done: int, of: int) -> None:
        said = f"{done}/{of}" if of else str(done)
        sys.stderr.write(f"\r{'已读取' if lang == 'zh' else 'read'} {said} ")
        if of and done >= of:
            sys.stderr.write("\n")
        sys.stderr.flush()

    return show


def _shown(problems: tuple[Problem, ...] | list[Problem], lang: Lang) -> None:
    """A dozen of each kind; the rest is counted and stands in the report."""
    seen: dict[str, int] = {}
    for p in sorted(problems, key=lambda p: p.level):
        seen[p.code] = seen.get(p.code, 0) + 1
        if seen[p.code] <= 3:
            print_problems([p], lang)
    more = {c: n - 3 for c, n in seen.items() if n > 3}
    if more:
        errors.print(
            ("另有 " if lang == "zh" else "and ") + ", ".join(f"{c} ×{n}" for c, n in sorted(more.items())),
            style="dim",
        )


def import_(
    file: Annotated[Path, typer.Argument(help="file, zip or folder / 文件、压缩包或文件夹")],
    as_: Annotated[str, typer.Option("--as", help="library | study")] = "",
    format: Annotated[str | None, typer.Option(help="recognised when left out / 可省略")] = None,
    id: Annotated[str, typer.Option(help="id of the library or study / 编号")] = "",
    allocation: Annotated[
        str,
        typer.Option(
            help="|".join(("declared", "mass", "energy", "economic", "physical", "causal", "reference"))
        ),
    ] = "",
    place: Annotated[
        list[str] | None, typer.Option("--place", help="fallback order of places / 地点后备顺序")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="edited mapping.csv or matches.csv / 填好的映射文件")
    ] = None,
    into: Annotated[
        list[str] | None,
        typer.Option("--into", help="library that may provide, e.g. open-2026 / 可作供应者的库"),
    ] = None,
    licence: Annotated[str, typer.Option(help="licence of the data / 许可")] = "",
    share: Annotated[str, typer.Option(help="full | results | digest")] = "",
    strict: Annotated[bool, typer.Option(help="refuse when anything is unlinked / 有未链接即拒绝")] = False,
    pack: Annotated[
        list[str] | None, typer.Option("--pack", help="pack of the new study / 新研究的标准包")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="folder of the new study, or of a library inside a study / 新研究或研究内背景库的文件夹"
        ),
    ] = None,
    lang: LangOption = None,
    json: JsonOption = False,
) -> None:
    """Read a database, footprints, or a supplier's bill of materials. / 导入数据库、供应商碳足迹或物料清单。"""
    from ..service import exchange as use

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        if as_ == "study" or (not as_ and format is None and _looks_like_bom(file)):
            _import_bom(
                file, out, id, pack or ["cn.gbt-24067@2024"], into or ["open-2026"], mapping, lang_, json
            )
            return
        found = use.import_library(
            file,
            use.ImportOptions(
                format,
                id,
                allocation,
                tuple(place or ()),
                mapping,
                tuple(into or ()),
                True,
                licence,
                share,
                strict,
                out=out,
            ),
            progress=_progress(lang_),
        )
        if json:
            print_json(found.data())
        else:
            _show_import(found, lang_)
        if found.summary["left_out"] and not found.summary["processes"]:
            raise typer.Exit(FINDINGS_FAIL)


def _looks_like_bom(file: Path) -> bool:
    from ..core.errors import TanbiaoError
    from ..exchange.bom import read_bom
    from ..exchange.formats import recognise
    from ..exchange.source import open_source

    if file.suffix.lower() not in (".xlsx", ".xlsm", ".csv", ".txt") or not file.is_file():
        return False
    source = open_source(file)
    try:
        if recognise(source) is not None:
            return False
        lines, problems = read_bom(file)
        return bool(lines or problems)
    except TanbiaoError:
        return False
    finally:
        source.close()


def _import_bom(
    file: Path,
    out: Path | None,
    id: str,
    packs: list[str],
    libraries: list[str],
    mapping: Path | None,
    lang: Lang,
    json: bool,
) -> None:
    from ..exchange.store import library_id
    from ..service import exchange as use

    target = out or Path(id or library_id(file.stem))
    found = use.import_bom(
        file,
        target,
        packs=packs,
        as_of=dt.date.today().isoformat(),
        salt=secrets.token_hex(8),
        libraries=libraries,
        mapping=mapping,
    )
    if json:
        print_json(found.data())
        return
    zh = lang == "zh"
    table = Table(box=None, pad_edge=False)
    for head in (
        ("行", "物料", "数量", "匹配", "得分", "状态")
        if zh
        else ("row", "material", "amount", "match", "score", "status")
    ):
        table.add_column(head, overflow="fold")
    states = {"proposed": "建议", "decided": "已定", "unmatched": "未匹配"} if zh else {}
    for m in found.matches:
        colour = {"unmatched": "red", "proposed": "yellow"}.get(m.status, "green")
        table.add_row(
            str(m.line.row),
            m.line.material,
            f"{m.line.amount} {m.line.unit}",
            m.provider or "-",
            f"{m.score:.2f}",
            f"[{colour}]{states.get(m.status, m.status)}[/{colour}]",
        )
    console.print(table)
    _shown(found.problems, lang)
    console.print(
        f"{target}/import/matches.csv: "
        + (
            "核对 provider 一列，再用 --mapping 导入"
            if zh
            else "check the column provider, then import again with --mapping"
        )
    )


def _show_import(found: use.Imported, lang: Lang) -> None:
    from ..exchange.words import in_words

    zh, s = lang == "zh", found.summary
    console.print(
        f"[bold]{found.stored.id}@{found.stored.version}[/bold]  {s['format']}  {found.stored.digest[:16]}"
        + ("" if found.new else ("（此前已导入，内容相同）" if zh else "  (stored before, the same content)"))
    )
    if found.experimental:
        console.print(
            "[yellow]"
            + (
                "实验性读取：此读取程序从未读过他人制作的文件，请核对结果"
                if zh
                else "experimental: this reader has never read a foreign-made file; check what it took in"
            )
            + "[/yellow]"
        )
    labels = (
        ("过程", "processes"),
        ("结果项", "results"),
        ("流", "flows"),
        ("交换", "exchanges"),
        ("未导入的过程", "left_out"),
        ("未链接", "unlinked"),
    )
    console.print("  " + "  ".join(f"{z if zh else k.replace('_', ' ')} {s[k]}" for z, k in labels))
    for rule, n in s["linked"].items():
        console.print(f"  [dim]{n:>9}  {escape(in_words(rule, lang))}[/dim]")
    _shown(found.problems, lang)
    if found.losses:
        console.print(
            "[dim]"
            + ("未带入的字段：" if zh else "not carried: ")
            + escape(("、" if zh else ", ").join(in_words(x.field, lang) for x in found.losses[:SHOWN]))
            + "[/dim]"
        )
    console.print(str(found.stored.folder))


def export_(
    source: Annotated[str, typer.Argument(help="study, library or file / 研究、背景库或文件")],
    to: Annotated[str, typer.Option("--to", help="openlca | ilcd | tidas | brightway | workbook | recp")],
    out: Annotated[Path | None, typer.Option(help="file to write / 输出文件")] = None,
    template: Annotated[
        Path | None, typer.Option(help="customer's workbook to fill (--to template) / 客户模板")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="cell,quantity (--to template) / 单元格映射")] = None,
    lang: LangOption = None,
    json: JsonOption = False,
    packs: PackRootOption = None,
) -> None:
    """Write a study or a library in another format, with a report of what could not be carried. / 导出。"""
    from ..exchange.words import in_words
    from ..service import exchange as use
    from ..service.places import Places

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        places = Places(packs=tuple(Path(r) for r in packs or ()))
        if template is not None and mapping is not None:
            target = out or Path(f"filled-{template.name}")
            cells = use.fill_customer_template(source, template, mapping, target, places)
            if json:
                print_json({"file": str(target), "cells": cells})
            else:
                console.print(f"{target}: {', '.join(cells)}")
            return
        if to == "workbook":
            found = use.export_workbook(source, out or Path(f"{Path(source).name}.xlsx"))
        elif to == "recp":
            from ..service.recp import export_recp

            found = export_recp(Path(source), out or Path(f"{Path(source).name}.recp.csv"))
        else:
            found = use.export(source, to, out, places)
        if json:
            print_json(found.data())
            return
        console.print(str(found.path))
        if found.losses:
            table = Table(box=None, pad_edge=False)
            for head in (
                ("未能带出的字段", "次数", "例") if lang_ == "zh" else ("not carried", "count", "example")
            ):
                table.add_column(head, overflow="fold")
            for x in found.losses:
                table.add_row(escape(in_words(x.field, lang_)), str(x.count), escape(x.example))
            console.print(table)


def new_(
    pack: Annotated[list[str], typer.Argument(help="id@edition, several / 可多个")],
    out: Annotated[Path | None, typer.Option(help="folder or workbook / 文件夹或工作簿")] = None,
    excel: Annotated[bool, typer.Option("--excel", help="one workbook / 生成工作簿")] = False,
    lang: LangOption = None,
    packs: PackRootOption = None,
) -> None:
    """A study form made of what the packs ask for. / 按标准包生成数据表。"""
    from ..service import exchange as use
    from ..service.places import Places

    lang_ = read_lang(lang)
    with reporting(lang_):
        target = out or Path("new-study.xlsx" if excel else "new-study")
        made = use.new_form(
            pack,
            target,
            excel=excel,
            as_of=dt.date.today().isoformat(),
            salt=secrets.token_hex(8),
            places=Places(packs=tuple(Path(r) for r in packs or ())),
        )
        console.print(str(made))


def gap(
    study: Annotated[str, typer.Argument(help="study / 研究")],
    table: Annotated[
        Path, typer.Argument(help="contribution table of another tool, CSV or workbook / 另一工具的贡献表")
    ],
    pack: Annotated[
        str, typer.Option("--pack", help="the nearest total when left out / 省略时取合计最接近的标准包")
    ] = "",
    lang: LangOption = None,
    json: JsonOption = False,
    packs: PackRootOption = None,
) -> None:
    """Another tool's contributions beside ours, line by line. / 与另一工具的贡献逐行对照。"""
    from ..exchange.words import in_words
    from ..service import exchange as use
    from ..service.places import Places

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        found = use.gap_to_other_tool(
            study, table, Places(packs=tuple(Path(r) for r in packs or ())), pack, lang_
        )
        if json:
            print_json(found.data())
            return
        zh = lang_ == "zh"
        console.print(f"{found.pack}  {found.unit}", style="dim")
        lines: list[tuple[str, ...]] = [
            (
                g.theirs or "-",
                g.ours or "-",
                f"{g.their_value:.5g}",
                f"{g.our_value:.5g}",
                f"{g.difference:+.5g}",
                in_words(g.matched, lang_) or "-",
            )
            for g in found.rows
        ]
        total, difference = "合计" if zh else "total", found.ours - found.theirs
        lines.append((total, "", f"{found.theirs:.5g}", f"{found.ours:.5g}", f"{difference:+.5g}", ""))
        _rows(
            ("对方", "我方", "对方值", "我方值", "差", "对应")
            if zh
            else ("theirs", "ours", "their value", "our value", "difference", "matched"),
            lines,
        )
        _shown(found.problems, lang_)


def _rows(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(escape(c) for c in row))
    console.print(table)
