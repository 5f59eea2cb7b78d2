"""`tanbiao pack`: list, show, diff, lint, test."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from .console import (
    FINDINGS_FAIL,
    JsonOption,
    LangOption,
    PackRootOption,
    console,
    headed,
    print_json,
    print_problems,
    read_lang,
    read_places,
    reporting,
)

app = typer.Typer(no_args_is_help=True, help="Standards as packs / 标准包")
Name = Annotated[str, typer.Argument(help="id@edition")]


@app.command("list")
def list_packs(lang: LangOption = None, json: JsonOption = False, packs: PackRootOption = None) -> None:
    """The packs at hand: title, status, how much of each is verified. / 现有标准包。"""
    from ..service import packs as use

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        rows, problems = use.list_packs(read_places(packs))
        print_problems(problems, lang_)
        if json:
            print_json([r.data() for r in rows])
            return
        table = headed(
            ("标准包", "名称", "状态", "条款", "已核实", "算例"),
            ("pack", "title", "status", "clauses", "verified", "cases"),
            lang_,
        )
        for row in rows:
            table.add_row(
                row.version,
                row.title[lang_],
                row.status,
                str(row.clauses),
                str(row.reviews.get("verified", 0)),
                str(row.cases),
            )
        console.print(table)


@app.command()
def show(name: Name, lang: LangOption = None, json: JsonOption = False, packs: PackRootOption = None) -> None:
    """Every clause of a pack with its source and review state. / 显示标准包的全部条款。"""
    from ..service import packs as use

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        rulebook, _ = use.open_pack(name, read_places(packs))
        if json:
            print_json(use.pack_data(rulebook))
            return
        pack = rulebook.pack
        console.print(f"[bold]{pack.version}[/bold]  {pack.title[lang_]}")
        if pack.caution:
            console.print(f"[yellow]{pack.caution[lang_]}[/yellow]")
        table = headed(
            ("条款", "编号", "种类", "审核", "内容"),
            ("clause", "number", "kind", "review", "says"),
            lang_,
        )
        for clause in rulebook.clauses.values():
            formula = f"\n[dim]{clause.formula.source}[/dim]" if clause.formula is not None else ""
            table.add_row(
                clause.id,
                clause.number,
                clause.kind + (f" {clause.severity}" if clause.kind == "check" else ""),
                clause.review,
                clause.text[lang_] + formula,
            )
        console.print(table)


@app.command("diff")
def diff_packs(
    old: Name, new: Name, lang: LangOption = None, json: JsonOption = False, packs: PackRootOption = None
) -> None:
    """Every clause, table cell, text and review mark that differs between two packs. / 比较两个标准包。"""
    from ..service import packs as use

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        changes = use.diff_packs(old, new, read_places(packs))
        if json:
            print_json([c.data() for c in changes])
            return
        table = headed(("变化", "位置", "原为", "现为"), ("change", "where", "before", "after"), lang_)
        for change in changes:
            table.add_row(*map(escape, (change.what, str(change.place), change.before, change.after)))
        console.print(table if changes else ("没有差别" if lang_ == "zh" else "no difference"))


@app.command()
def lint(name: Name, lang: LangOption = None, json: JsonOption = False, packs: PackRootOption = None) -> None:
    """Names, dimensions, bases, cycles, texts, sources, cases; with file and line. / 检查标准包。"""
    from ..service import packs as use

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        problems = use.lint_pack(name, read_places(packs))
        if json:
            print_json([p.data() for p in problems])
        else:
            print_problems(problems, lang_)
            if not problems:
                console.print("没有问题" if lang_ == "zh" else "no problems")
        if any(p.level == "error" for p in problems):
            raise typer.Exit(FINDINGS_FAIL)


@app.command()
def test(name: Name, lang: LangOption = None, json: JsonOption = False, packs: PackRootOption = None) -> None:
    """Run the worked cases of a pack. / 运行标准包的算例。"""
    from ..service import packs as use

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        rows = use.test_pack(name, read_places(packs))
        if json:
            print_json([r.data() for r in rows])
        else:
            table = headed(
                ("", "算例", "量", "应得", "得到", "原文印作"),
                ("", "case", "quantity", "expected", "got", "printed"),
                lang_,
            )
            for row in rows:
                table.add_row(
                    "[green]✓[/green]" if row.passed else "[red]✗[/red]",
                    row.case,
                    row.name,
                    row.expected,
                    row.got,
                    row.printed,
                )
            console.print(table)
            good = sum(r.passed for r in rows)
            console.print(f"{good}/{len(rows)}")
        if not all(r.passed for r in rows):
            raise typer.Exit(FINDINGS_FAIL)
