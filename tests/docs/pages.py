"""The pages of the docs, and what their fenced blocks say to do.

    ```yaml pan/study.yaml        write this file
    ```yaml pan/study.yaml +      append to it
    ```csv pan/exchanges.csv x09  replace the row whose first cell is x09
    ```csv pan/exchanges.csv x09- take that row out
    ```console                    `$ command`, then lines of its output (spaces do not count)
    ```pycon                      `>>> code`, then what it prints, as doctest reads it

A page that begins `<!-- start: tutorial -->` starts from the files that the tutorial of its language leaves, one that
begins `<!-- start: examples -->` beside the examples that ship.
"""

from __future__ import annotations

import doctest
import os
import re
import shutil
import sys
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tanbiao.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FENCE = re.compile(r"^```(\S*)[ ]?([^\n]*)\n(.*?)^```$", re.M | re.S)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
START = "<!-- start: tutorial -->"
EXAMPLES = "<!-- start: examples -->"


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, the words after it, its text, the line it starts on."""

    kind: str
    words: tuple[str, ...]
    text: str
    line: int


def blocks(text: str) -> list[Block]:
    return [
        Block(m[1], tuple(m[2].split()), m[3], text[: m.start()].count("\n") + 1)
        for m in FENCE.finditer(text)
    ]


def written() -> list[Path]:
    """Every page that people wrote, README included; the reference is made."""
    pages = [p for p in DOCS.rglob("*.md") if "reference" not in p.relative_to(DOCS).parts]
    return sorted([ROOT / "README.md", ROOT / "README.zh.md", *pages])


def every() -> list[Path]:
    return sorted({*written(), *DOCS.rglob("*.md"), ROOT / "CHANGELOG.md"})


def lang_of(page: Path) -> str:
    return "zh" if page.stem.endswith(".zh") else "en"


def follow(page: Path, folder: Path) -> list[str]:
    """Do what the page says, in `folder`; what did not come out as stated."""
    text = page.read_text(encoding="utf-8")
    lang = lang_of(page)
    if START in text:
        prepare(DOCS / "tutorial" / f"first-footprint.{lang}.md", folder)
    if EXAMPLES in text:
        (folder / "examples").symlink_to(ROOT / "examples")
    wrong: list[str] = []
    names: dict[str, object] = {}
    place = folder
    for block in blocks(text):
        if block.kind == "console":
            place = converse(block, place, lang, f"{page.name}:{block.line}", wrong)
        elif block.kind == "pycon":
            wrong += type_in(block, place, lang, page.name, names)
        elif block.words:
            put(block, place)
    return wrong


def prepare(page: Path, folder: Path) -> None:
    """The files that a page leaves, its commands left out."""
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.words and (len(block.words) == 1 or block.words[1] == "+"):
            put(block, folder)


def put(block: Block, folder: Path) -> None:
    """Write, append to, or change one row of a file."""
    path = folder / block.words[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    how = block.words[1] if len(block.words) > 1 else ""
    if not how:
        path.write_text(block.text, encoding="utf-8")
    elif how == "+":
        path.write_text(path.read_text(encoding="utf-8") + block.text, encoding="utf-8")
    else:
        rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
        key = how.removesuffix("-")
        found = [i for i, row in enumerate(rows) if row.split(",")[0] == key or row.startswith(f"{key}:")]
        assert len(found) == 1, f"{path.name} has {len(found)} rows {key}"
        rows[found[0]] = "" if how.endswith("-") else block.text
        path.write_text("".join(rows), encoding="utf-8")


def converse(block: Block, folder: Path, lang: str, where: str, wrong: list[str]) -> Path:
    output: list[str] = []
    command = ""
    for line in block.text.splitlines():
        if line.startswith("$ "):
            command = line[2:]
            folder, output = perform(command, folder, lang)
        elif squeezed(line) not in ("", "…") and not any(squeezed(line) in found for found in output):
            wrong.append(
                f"{where}: `{command}` does not print ‘{line.strip()}’; it prints\n" + "\n".join(output[:60])
            )
    return folder


def perform(command: str, folder: Path, lang: str) -> tuple[Path, list[str]]:
    """One command: `cd`, `mkdir`, `cp -r`, or tanbiao itself, in this process."""
    name, *words = command.split()
    if name == "cd":
        return (folder / words[0]).resolve(), []
    if name == "mkdir":
        (folder / words[-1]).mkdir(parents=True)
    elif name == "cp":
        shutil.copytree(folder / words[-2], folder / words[-1])
    elif name == "tanbiao":
        here = Path.cwd()
        os.chdir(folder)
        try:
            found = CliRunner(env={"TANBIAO_LANG": lang}).invoke(app, words)
        finally:
            os.chdir(here)
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            raise found.exception
        return folder, [squeezed(line) for line in found.output.splitlines()]
    else:
        raise AssertionError(f"{command}: a page may use cd, mkdir, cp -r and tanbiao (on {sys.platform})")
    return folder, []


def type_in(block: Block, folder: Path, lang: str, page: str, names: dict[str, object]) -> list[str]:
    """A part of a Python session, which leaves its names; what did not come out as stated."""
    session = doctest.DocTestParser().get_doctest(block.text, names, page, page, block.line)
    told: list[str] = []
    with chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setenv("TANBIAO_LANG", lang)
        doctest.DocTestRunner(optionflags=FLAGS).run(session, out=told.append, clear_globs=False)
    names |= session.globs
    return ["".join(told)] if told else []


def squeezed(text: str) -> str:
    return " ".join(text.split())
