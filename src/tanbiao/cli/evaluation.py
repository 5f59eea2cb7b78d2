"""`tanbiao evaluate`: levels, what blocks the next one, the cheapest path; with --out the documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from ..core.errors import Lang
from .console import (
    FINDINGS_FAIL,
    JsonOption,
    LangOption,
    PackOption,
    PackRootOption,
    StudyArgument,
    console,
    print_json,
    print_paths,
    read_lang,
    read_languages,
    read_places,
    reporting,
)

if TYPE_CHECKING:
    from ..evaluate.improve import Improvement
    from ..service.run import Run

app = typer.Typer(no_args_is_help=True)


@app.command("evaluate")
def evaluate(
    study: StudyArgument,
    pack: PackOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="folder for the documents / 输出文件夹")] = None,
    document: Annotated[str, typer.Option(help="evaluation | audit / 评价表 | 审核报告")] = "evaluation",
    format: Annotated[str, typer.Option(help="html|docx|pdf")] = "html",
    year: Annotated[
        list[Path] | None, typer.Option("--year", help="study of an earlier year, oldest first / 往年的研究")
    ] = None,
    lang: LangOption = None,
    json: JsonOption = False,
    packs: PackRootOption = None,
) -> None:
    """Clean production: levels, what blocks the next, the cheapest path, the evaluation table. / 清洁生产评价。"""
    from ..service import load
    from ..service.evaluation import write_evaluation

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        places = read_places(packs)
        run = load(study, places).run(pack or ())
        if json:
            print_json(run.data())
        else:
            show_improvements(run, lang_)
        if out is not None:
            earlier = [load(y, places).run(pack or ()) for y in year or ()]
            print_paths(
                write_evaluation(run, out, document, format, read_languages(lang), earlier), quiet=json
            )
    if run.failing:
        raise typer.Exit(FINDINGS_FAIL)


def show_improvements(run: Run, lang: Lang) -> None:
    """Levels, and for each one that can be bettered: blockers with gaps, and the cheapest path."""
    from ..evaluate.improve import improvements
    from ..present.evaluation_texts import levels_counted

    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(4):
        table.add_column(overflow="fold")
    for result in run.results:
        for one in result.published:
            if one.grade is not None:
                index = "  ".join(
                    f"{k} {float(a):.4g}" + (f"–{float(b):.4g}" if a != b else "")
                    for k, (a, b) in one.grade.index.items()
                )
                table.add_row(
                    one.title[lang],
                    f"[bold]{levels_counted(one.published, lang)}[/bold]",
                    index,
                    f"[dim]{one.pack}[/dim]",
                )
    if not table.row_count:
        return
    console.print(table)
    for result in run.results:
        for found in improvements(run.study, result):
            _show(found, lang)


def _show(found: Improvement, lang: Lang) -> None:
    from ..present.evaluation_texts import say as phrase
    from ..present.evaluation_texts import term

    console.print(
        f"[bold]{term('word', found.now or 'none', lang)} → {term('word', found.target, lang)}[/bold]  "
        f"[dim]{found.grade}[/dim]"
    )
    for b in found.blockers:
        gap = (
            f"{float(b.limit.lacks):.6g} {b.row.unit}"
            if b.limit is not None and b.limit.lacks is not None
            else ""
        )
        parts = [b.row.name[lang], f"{phrase('col.gap', lang)} {gap or '—'}"]
        if b.row.weight is not None:  # limits without an index have no points to lose
            parts.append(f"{phrase('col.points', lang)} {float(b.points):.4g}")
            parts += [phrase("col.veto", lang)] if b.veto else []
        console.print("  " + "  ".join(parts))
    if not found.actions:
        return
    if found.path is None:
        console.print("  " + phrase("say.no_path", lang, target=term("word", found.target, lang)))
        return
    comma = "、" if lang == "zh" else ", "
    names = comma.join(f"{a.id} {a.name[lang]}" for a in found.path.actions) or "—"
    console.print(
        "  "
        + phrase(
            "say.path",
            lang,
            measures=names,
            cost=f"{float(found.path.cost) / 1e4:g}",
            level=term("word", found.path.level or "none", lang),
        )
    )


@app.command("measures")
def measures(
    words: Annotated[list[str] | None, typer.Argument(help="words to look for / 检索词")] = None,
    lang: LangOption = None,
    json: JsonOption = False,
) -> None:
    """Cleaner-production measures by name, industry and kind. / 清洁生产措施名录。"""
    from ..present.evaluation_texts import term
    from ..service.measures import register

    lang_ = read_lang(lang)
    found = register(words or ())
    if json:
        print_json([e.data() for e in found])
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for entry in found:
        table.add_row(entry.id, entry.industry[lang_], entry.name[lang_], term("type", entry.type, lang_))
    console.print(table)
