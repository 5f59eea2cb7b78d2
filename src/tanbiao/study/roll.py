"""Roll: last year's study carried forward. Every datum is marked stale until it is changed or confirmed.

The marks stand in a table of their own, `stale.csv`: one row for each datum with the digest of what it said when it
was carried. A row counts as fresh again when the datum says something else, or when `confirmed` says who confirmed it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..core.digest import digest
from ..core.errors import Place, Problem
from ..core.text import Node
from .model import Study, Table
from .working import WORKING_TABLES

STALE = "stale"
COLUMNS = ("id", "table", "row", "was", "confirmed")
HEAD_TABLE = "study.yaml"
HEAD_DATA = ("parameters", "product", "unit", "scope", "period", "electricity", "report", "label", "review")
"""Blocks of study.yaml that hold data of a year."""


def data_of(study: Study) -> Iterator[tuple[str, str, str, Place]]:
    """(table, row, digest, place) of every datum: a row of a table, or a line of study.yaml."""
    for block in HEAD_DATA:
        value = study.head.get(block)
        for path, text in _flat(value, block):
            yield HEAD_TABLE, path, digest(text)[:16], study.place_of(path)
    for name, table in sorted(study.tables.items()):
        if name in WORKING_TABLES or name == "evidence":
            continue
        for number, row in enumerate(table.rows()):
            said = [[k, v] for k, v in sorted(row.items()) if v and k not in ("id", "note")]
            yield name, row["id"], digest(said)[:16], table.place(number)


def stale_table(study: Study) -> str:
    """The text of `stale.csv` for a study just carried forward."""
    lines = [",".join(COLUMNS)]
    lines += [
        f"{n},{table},{_quoted(row)},{was}," for n, (table, row, was, _) in enumerate(data_of(study), start=1)
    ]
    return "\n".join(lines) + "\n"


def stale_data(study: Study) -> list[Problem]:
    """A warning for each datum that still says what it said last year and that nobody confirmed."""
    marks = study.tables.get(STALE)
    if marks is None:
        return []
    found = {(row.get("table", ""), row.get("row", "")): row for row in marks.rows()}
    problems = []
    for table, row, now, place in data_of(study):
        mark = found.get((table, row))
        if mark is not None and not mark.get("confirmed") and mark.get("was") == now:
            problems.append(Problem("datum-stale", place, {"row": row, "table": table}, level="warning"))
    return problems


def confirmed_table(marks: Table, rows: set[str] | None, word: str) -> str:
    """`stale.csv` with rows (`table row`, `row`, or all) confirmed by `word`, who and when."""
    lines = [",".join(COLUMNS)]
    for row in marks.rows():
        named = rows is None or row["row"] in rows or f"{row['table']} {row['row']}" in rows
        said = row.get("confirmed") or (word if named else "")
        lines.append(f"{row['id']},{row['table']},{_quoted(row['row'])},{row['was']},{_quoted(said)}")
    return "\n".join(lines) + "\n"


def rolled_head(text: str, study: Study, as_of: str) -> str:
    """study.yaml with the new date and a line that says where it was carried from."""
    text = re.sub(r"(?m)^as_of:.*$", f"as_of: {as_of}", text, count=1)
    text = re.sub(r"(?m)^rolled:.*\n", "", text)
    line = f"rolled: {{from: {study.id}, as_of: {study.head.get('as_of')}, digest: {study.digest()[:16]}}}\n"
    return re.sub(r"(?m)^(as_of:.*\n)", lambda m: m[1] + line, text, count=1)


def _flat(value: Any, prefix: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Node):
        if "value" in value:
            yield prefix, str(value["value"])
            return
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}.{key}")
    elif isinstance(value, list):
        yield prefix, " ".join(map(str, value))
    elif value not in (None, ""):
        yield prefix, str(value)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n') else text
