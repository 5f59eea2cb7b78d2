"""What every command shares: language, JSON, printing of problems, exit codes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from ..core.errors import Lang, Problem, TanbiaoError

FINE, FINDINGS_FAIL, UNUSABLE = 0, 1, 2

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def default_lang() -> Lang:
    """From the environment: zh where a Chinese locale is set, else en."""
    for name in ("TANBIAO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def read_lang(value: str | None) -> Lang:
    if value is None:
        return default_lang()
    if value not in ("zh", "en"):
        raise typer.BadParameter("zh | en")
    return "zh" if value == "zh" else "en"


LangOption = Annotated[str | None, typer.Option("--lang", help="zh | en")]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON / 输出 JSON")]
PackOption = Annotated[list[str] | None, typer.Option("--pack", help="id@edition, may be repeated / 可重复")]
PackRootOption = Annotated[
    list[str] | None, typer.Option("--pack-root", help="folder with packs of your own / 自有标准包文件夹")
]


def say(zh: str, en: str, lang: Lang) -> None:
    console.print(zh if lang == "zh" else en)


def print_json(data: Any) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, sort_keys=False) + "\n")


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
