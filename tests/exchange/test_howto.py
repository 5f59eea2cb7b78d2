"""The how-to "from my supplier's spreadsheet to a footprint", executed in both languages."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from .conftest import ROOT

BLOCK = re.compile(r"^```(\S+)(?: (append))?(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def program() -> typer.Typer:
    """`tanbiao` with the commands of exchange, mounted or not."""
    from tanbiao.cli import exchange
    from tanbiao.cli.app import app

    names = {c.name or (c.callback.__name__ if c.callback else "") for c in app.registered_commands}
    whole = typer.Typer()
    for name, work in (("import", exchange.import_), ("export", exchange.export_), ("new", exchange.new_)):
        if name not in names:
            whole.command(name)(work)
    for command in app.registered_commands:
        whole.registered_commands.append(command)
    return whole


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_how_to_gives_the_result_it_prints(
    lang: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    text = (ROOT / f"docs/how-to/supplier-spreadsheet.{lang}.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runner, app = CliRunner(), program()
    for kind, append, name, body in BLOCK.findall(text):
        if kind == "sh":
            for line in body.splitlines():
                words = shlex.split(line)
                assert words[0] == "tanbiao"
                done = runner.invoke(app, words[1:])
                assert done.exit_code == (1 if words[1] == "run" else 0), (line, done.output, done.exception)
        elif append:
            with Path(name).open("a", encoding="utf-8") as file:
                file.write(body)
        else:
            Path(name).write_text(body, encoding="utf-8")
    done = runner.invoke(app, ["run", "product", "--json"])
    results = json.loads(done.stdout)["results"]
    printed = re.search(r"\*\*([\d.]+) kgCO2e\*\*", text)
    assert printed and next(r for r in results if r["name"] == "footprint")["published"] == printed.group(1)
    assert all(Path(f).is_file() for f in ("form.xlsx", "product.xlsx", "product.zip"))
    draft = Path("draft/import/matches.csv").read_text(encoding="utf-8")
    assert "bc.26729" in draft and "unmatched" in draft


def test_the_two_languages_are_the_same_case() -> None:
    blocks = [
        [
            (k, a, n)
            for k, a, n, _ in BLOCK.findall(
                (ROOT / f"docs/how-to/supplier-spreadsheet.{lang}.md").read_text(encoding="utf-8")
            )
        ]
        for lang in ("zh", "en")
    ]
    assert blocks[0] == blocks[1]
