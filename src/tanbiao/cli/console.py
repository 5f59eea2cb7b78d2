"""What every command shares: language, JSON, printing of problems, exit codes."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from ..core.errors import Lang, Problem, TanbiaoError
from ..core.text import default_lang

if TYPE_CHECKING:
    from ..service.places import Places
    from ..service.run import LoadedStudy

FINE, FINDINGS_FAIL, UNUSABLE = 0, 1, 2

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def read_lang(value: str | None) -> Lang:
    if value is None:
        return default_lang()
    if value not in ("zh", "en"):
        raise typer.BadParameter("zh | en")
    return "zh" if value == "zh" else "en"


StudyArgument = Annotated[Path, typer.Argument(help="study folder or workbook / 研究文件夹或工作簿")]
OutOption = Annotated[Path | None, typer.Option("--out", help="folder for the files / 输出文件夹")]
LangOption = Annotated[str | None, typer.Option("--lang", help="zh | en")]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON / 输出 JSON")]
PackOption = Annotated[list[str] | None, typer.Option("--pack", help="id@edition, may be repeated / 可重复")]
PackRootOption = Annotated[
    list[str] | None, typer.Option("--pack-root", help="folder with packs of your own / 自有标准包文件夹")
]


def read_languages(value: str | None) -> tuple[Lang, ...]:
    """The languages of a document: the one asked for, else both."""
    return (read_lang(value),) if value else ("zh", "en")


def read_places(packs: list[str] | None) -> Places:
    """Where packs lie: those of the program, and the folders of `--pack-root`."""
    from ..service.places import Places

    return Places(packs=tuple(Path(r) for r in packs or ()))


def read_study(study: Path, packs: list[str] | None) -> LoadedStudy:
    from ..service import load

    return load(study, read_places(packs))


def headed(zh: Iterable[str], en: Iterable[str], lang: Lang) -> Table:
    """An empty table with these heads."""
    table = Table(box=None, pad_edge=False)
    for head in zh if lang == "zh" else en:
        table.add_column(head, overflow="fold")
    return table


def print_paths(paths: Iterable[Path], quiet: bool = False) -> None:
    """The files written, one a line; every file is written even where none is named."""
    for path in paths:
        if not quiet:
            console.print(str(path))


def in_language(text: str, lang: Lang) -> str:
    """One language of `English / 中文`; the whole where it stands in one."""
    parts = re.split(r"\s/\s", text.strip())
    chosen = [p for p in parts if bool(re.search(r"[\u4e00-\u9fff]", p)) == (lang == "zh")]
    return " / ".join(chosen or parts)


def help_in(command: Any, lang: Lang) -> None:
    """Leave one language of the help of a command, its options and its subcommands."""
    command.help = in_language(command.help or "", lang)
    for parameter in command.params:
        text = getattr(parameter, "help", None)
        if text:
            parameter.help = in_language(text, lang)
    for part in getattr(command, "commands", {}).values():
        help_in(part, lang)


def say(zh: str, en: str, lang: Lang) -> None:
    console.print(zh if lang == "zh" else en)


def print_json(data: Any) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, sort_keys=False) + "\n")


def progress(lang: Lang) -> Callable[[int, int], None]:
    """Says on the error stream how far a job on a cluster is, at every tenth of it."""
    said = 0

    def say(done: int, whole: int) -> None:
        nonlocal said
        tenth = 10 * done // whole
        if tenth > said:
            said = tenth
            errors.print(f"{done} / {whole} {'份' if lang == 'zh' else 'parts'}", style="dim")

    return say


def print_problems(problems: Iterable[Problem], lang: Lang) -> None:
    """Each problem with its place, what is wrong, why, and how to mend it."""
    for problem in problems:
        mark = "[red]✗[/red]" if problem.level == "error" else "[yellow]![/yellow]"
        clause = f" [dim]{problem.clause}[/dim]" if problem.clause else ""
        errors.print(f"{mark} [bold]{problem.place}[/bold]{clause}", soft_wrap=True)
        errors.print(f"  {_plain(problem.part('what', lang))}", soft_wrap=True)
        why = problem.part("why", lang)
        if why:
            errors.print(f"  [dim]{_plain(why)}[/dim]", soft_wrap=True)
        fix = problem.part("fix", lang)
        if fix:
            errors.print(f"  → {_plain(fix)}", soft_wrap=True)


@contextmanager
def reporting(lang: Lang, as_json: bool = False) -> Iterator[None]:
    """Turn unusable input into its report and exit code 2."""
    try:
        yield
    except TanbiaoError as error:
        if as_json:
            print_json({"problems": [p.data() for p in error.problems]})
        else:
            print_problems(error.problems, lang)
        raise typer.Exit(UNUSABLE) from None
    except KeyboardInterrupt:
        stop(lang)


def stop(lang: Lang) -> NoReturn:
    errors.print("已中断，没有写入任何文件" if lang == "zh" else "interrupted; nothing was written")
    raise typer.Exit(130)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
