"""The commands of a study, and the program `tanbiao` itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import Lang, TanbiaoError
from . import (
    author,
    compare,
    evaluation,
    exchange,
    impacts,
    library,
    lots,
    nested,
    packs,
    portfolio,
    seal,
    trace,
    uncertainty,
)
from . import study as study_commands
from .console import (
    FINDINGS_FAIL,
    UNUSABLE,
    JsonOption,
    LangOption,
    OutOption,
    PackOption,
    PackRootOption,
    StudyArgument,
    errors,
    help_in,
    print_json,
    print_paths,
    print_problems,
    read_lang,
    read_languages,
    read_places,
    read_study,
    reporting,
)

if TYPE_CHECKING:
    from ..service.run import Run

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="tanbiao 碳标: carbon standards as code / 把碳标准当作程序来运行",
)
packs.app.command("new")(author.new)
app.add_typer(packs.app, name="pack")
library.app.command("impacts")(impacts.impacts)
study_commands.app.command("as-library")(nested.as_library)
library.app.command("trace")(trace.trace)
library.app.command("breakeven")(trace.breakeven)
app.add_typer(library.app, name="library")
app.add_typer(study_commands.app, name="study")
app.add_typer(study_commands.scenario, name="scenario")
app.command("compare")(compare.compare)
app.command("bundle")(seal.bundle)
app.command("verify")(seal.verify)
app.command("import")(exchange.import_)
app.command("export")(exchange.export_)
app.command("new")(exchange.new_)
app.command("gap")(exchange.gap)
app.command("sheet")(lots.sheet)
app.command("uncertainty")(uncertainty.uncertainty)
app.command("portfolio")(portfolio.portfolio)
app.command("evaluate")(evaluation.evaluate)
app.command("measures")(evaluation.measures)


@app.command()
def demo(out: OutOption = None, lang: LangOption = None) -> None:
    """The worked studies: two battery packs, with report, label and bundle. / 示范：两个电池包。"""
    from ..service.demo import run_demo
    from .show import show_demo

    lang_ = read_lang(lang)
    with reporting(lang_):
        folder = out or Path("tanbiao-demo")
        found = run_demo(folder, lang_, lambda zh, en: errors.print(zh if lang_ == "zh" else en, style="dim"))
        show_demo(found, lang_)


@app.command()
def check(
    study: StudyArgument,
    pack: PackOption = None,
    lang: LangOption = None,
    json: JsonOption = False,
    packs: PackRootOption = None,
) -> None:
    """Everything that is missing or wrong, by clause, with file, row and cell. / 检查研究。"""
    from ..service import check_study
    from .show import show_findings

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        problems, run = check_study(read_study(study, packs), pack or ())
        if json:
            print_json(
                {
                    "problems": [p.data() for p in problems],
                    "findings": [f.data() for r in run.results for f in r.findings] if run else [],
                }
            )
        else:
            print_problems(problems, lang_)
            if run is not None:
                show_findings(run, lang_)
        if run is None or any(p.level == "error" for p in problems):
            raise typer.Exit(UNUSABLE)
        if run.failing:
            raise typer.Exit(FINDINGS_FAIL)


@app.command()
def run(
    study: StudyArgument,
    pack: PackOption = None,
    out: OutOption = None,
    lang: LangOption = None,
    json: JsonOption = False,
    packs: PackRootOption = None,
) -> None:
    """Evaluate; print the results; with --out write results and ledger. / 计算并显示结果。"""
    from ..service.files import write_run
    from .show import show_run

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        found = read_study(study, packs).run(pack or ())
        if out is not None:
            write_run(found, out)
        if json:
            print_json(found.data())
        else:
            show_run(found, lang_)
        if found.failing:
            raise typer.Exit(FINDINGS_FAIL)


@app.command()
def explain(
    study: StudyArgument,
    name: Annotated[str, typer.Argument(help="clause or quantity / 条款或量")] = "headline",
    pack: PackOption = None,
    lang: LangOption = None,
    json: JsonOption = False,
    packs: PackRootOption = None,
    lines: int = 12,
) -> None:
    """The tree behind one number, to clauses, data and factors. / 解释一个数的来历。"""
    from ..evaluate.explain import explain as explain_
    from ..evaluate.explain import named
    from .show import show_explained

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        results = read_study(study, packs).run(pack or ()).results
        chosen = next(
            (r for r in results if name == "headline" or named(r.rulebook, name) is not None), results[0]
        )
        tree = explain_(chosen, name, lines)
        if json:
            print_json(tree.data())
        else:
            show_explained(tree, lang_)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="study or bundle / 研究或证据包")],
    new: Annotated[Path, typer.Argument(help="study or bundle / 研究或证据包")],
    out: OutOption = None,
    lang: LangOption = None,
    json: JsonOption = False,
    packs: PackRootOption = None,
) -> None:
    """Which datum, factor or pack changed between two studies, and what that did. / 比较两个研究。"""
    from ..service.bundle import opened
    from ..service.diff import diff_runs, write_diff
    from .show import show_diff

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        places = read_places(packs)
        with opened(old, places) as first, opened(new, places) as second:
            found = diff_runs(first, first.run(), second.run())
            if out is not None:
                for path in write_diff(found, second.study, out):
                    errors.print(str(path), style="dim")
        if json:
            print_json(found.data())
        else:
            show_diff(found, lang_)


@app.command()
def report(
    study: StudyArgument,
    out: OutOption = None,
    format: Annotated[str, typer.Option(help="html|pdf|docx")] = "html",
    pack: PackOption = None,
    lang: LangOption = None,
    packs: PackRootOption = None,
) -> None:
    """The study report in the order of the GB/T 24067 template, zh and en. / 研究报告。"""
    from ..service.files import write_reports

    _write(write_reports, study, out, format, pack, lang, packs)


@app.command()
def label(
    study: StudyArgument,
    out: OutOption = None,
    format: Annotated[str, typer.Option(help="svg|png|pdf|json")] = "svg",
    pack: PackOption = None,
    lang: LangOption = None,
    packs: PackRootOption = None,
) -> None:
    """The label of the headline, with QR. / 碳标签。"""
    from ..service.files import write_labels

    _write(write_labels, study, out, format, pack, lang, packs)


def _write(
    write: Callable[[Run, Path, str, Sequence[Lang]], list[Path]],
    study: Path,
    out: Path | None,
    format: str,
    pack: list[str] | None,
    lang: str | None,
    packs: list[str] | None,
) -> None:
    """The documents of one run, in the folder asked for or here."""
    with reporting(read_lang(lang)):
        run = read_study(study, packs).run(pack or ())
        print_paths(write(run, out or Path("."), format, read_languages(lang)))


def main() -> None:
    """Entry point: exit 0 fine, 1 findings that fail, 2 unusable input or cannot recompute."""
    command = typer.main.get_command(app)
    help_in(command, read_lang(None))
    try:
        command()
    except TanbiaoError as error:  # a problem outside `reporting`
        print_problems(error.problems, read_lang(None))
        sys.exit(UNUSABLE)
