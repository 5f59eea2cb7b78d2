"""A pack: one edition of one standard as data. Reading parses every clause, table and case and keeps their places."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..core.digest import digest
from ..core.errors import Place, Problem, TanbiaoError
from ..core.numbers import number
from ..core.text import Node as Yaml
from ..core.text import Text, plain, read_yaml
from ..core.units import ONE, UnitError, unit
from ..core.value import KNOWN, MISSING, Value
from ..formula import Node, parse, parse_predicate
from .clause import Clause, ClauseReader, Column


@dataclass(frozen=True, eq=False)
class PackTable:
    """A table of a pack: typed columns, one value column each; cells may hold predicates or formulas."""

    id: str
    columns: Mapping[str, Column]
    values: Mapping[str, Value]
    cells: Mapping[str, tuple[Node | None, ...]]
    """For columns of predicates or formulas: the parsed cell of each row."""
    rows: int
    file: str


@dataclass(frozen=True, eq=False)
class Pack:
    """One revision of one edition of a standard."""

    id: str
    edition: str
    revision: int
    title: Text
    jurisdiction: str
    status: str
    dates: Mapping[str, str]
    builds_on: tuple[str, ...]
    source: Mapping[str, str]
    licence: str
    review: str
    compares: str
    caution: Text | None
    clauses: tuple[Clause, ...]
    tables: Mapping[str, PackTable]
    cases: tuple[Mapping[str, Any], ...]
    folder: Path
    digest: str
    axes: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        """`id@edition`, as addresses use it."""
        return f"{self.id}@{self.edition}"

    @property
    def version(self) -> str:
        """`id@edition+revision`, as studies lock it."""
        return f"{self.id}@{self.edition}+{self.revision}"


_PACK_KEYS = {
    "id",
    "edition",
    "revision",
    "title",
    "jurisdiction",
    "status",
    "dates",
    "builds_on",
    "source",
    "licence",
    "review",
    "compares",
    "caution",
}


def read_pack(folder: Path) -> tuple[Pack | None, list[Problem]]:
    """Read the pack in `folder`: all problems of its form are collected; None when it cannot be used."""
    problems: list[Problem] = []
    label = "/".join(folder.parts[-3:])
    try:
        head = read_yaml(folder / "pack.yaml", f"{label}/pack.yaml")
    except TanbiaoError as error:
        return None, list(error.problems)
    if not isinstance(head, Yaml):
        return None, [Problem("pack-needs", Place(f"{label}/pack.yaml"), {"key": "id"})]
    for key in head:
        if key not in _PACK_KEYS:
            problems.append(Problem("pack-key", head.place(key), {"key": key}))
    for key in ("id", "edition", "revision", "title", "status", "source", "licence", "review"):
        if not head.get(key):
            problems.append(Problem("pack-needs", head.place(), {"key": key}))
    for key, shape in (
        ("title", Yaml),
        ("source", Yaml),
        ("dates", Yaml),
        ("caution", Yaml),
        ("builds_on", list),
    ):
        if head.get(key) is not None and not isinstance(head[key], shape):
            problems.append(Problem("pack-shape", head.place(key), {"key": key}))
    for key in ("id", "edition", "revision", "status", "licence", "review", "jurisdiction", "compares"):
        if isinstance(head.get(key), Yaml | list):
            problems.append(Problem("pack-shape", head.place(key), {"key": key}))
    if not str(head.get("revision")).isdecimal():
        problems.append(Problem("pack-shape", head.place("revision"), {"key": "revision"}))
    if problems:
        return None, problems
    name = f"{head['id']}@{head['edition']}"
    source = dict(plain(head["source"]))
    reader = ClauseReader(name, {"review": str(head["review"]), "document": str(source.get("document", ""))})
    title = reader.text(head, "title")
    caution = reader.text(head, "caution") if head.get("caution") else None
    clauses: list[Clause] = []
    canonical_clauses: list[Any] = []
    for file in sorted((folder / "clauses").glob("*.yaml")):
        try:
            raw_clauses = read_yaml(file, f"{label}/clauses/{file.name}")
        except TanbiaoError as error:
            problems.extend(error.problems)
            continue
        for raw in raw_clauses if isinstance(raw_clauses, list) else []:
            if isinstance(raw, Yaml):
                clause = reader.read(raw)
                canonical_clauses.append(plain(raw))
                if clause is not None:
                    clauses.append(clause)
    problems.extend(reader.problems)
    seen: dict[str, Clause] = {}
    for clause in clauses:
        if clause.id in seen:
            problems.append(
                Problem("clause-twice", clause.place, {"id": clause.id, "other": str(seen[clause.id].place)})
            )
        seen[clause.id] = clause
    tables: dict[str, PackTable] = {}
    canonical_tables: dict[str, Any] = {}
    for file in sorted((folder / "tables").glob("*.csv")):
        table, found, rows = read_table(file, f"{label}/tables/{file.name}")
        problems.extend(found)
        canonical_tables[file.stem] = rows
        if table is not None:
            tables[file.stem] = table
    cases: list[Mapping[str, Any]] = []
    for file in sorted((folder / "cases").glob("*.yaml")):
        try:
            read = read_yaml(file, f"{label}/cases/{file.name}")
        except TanbiaoError as error:
            problems.extend(error.problems)
            continue
        cases += [c for c in read if isinstance(c, Yaml)] if isinstance(read, list) else []
    content = digest({"head": head.plain(), "clauses": canonical_clauses, "tables": canonical_tables})
    pack = Pack(
        id=str(head["id"]),
        edition=str(head["edition"]),
        revision=int(head["revision"]),
        title=title,
        jurisdiction=str(head.get("jurisdiction") or ""),
        status=str(head["status"]),
        dates=dict(plain(head.get("dates") or {})),
        builds_on=tuple(head.get("builds_on") or ()),
        source=source,
        licence=str(head["licence"]),
        review=str(head["review"]),
        compares=str(head.get("compares") or "full"),
        caution=caution,
        clauses=tuple(clauses),
        tables=tables,
        cases=tuple(cases),
        folder=folder,
        digest=content,
    )
    return pack, problems


def read_table(path: Path, label: str) -> tuple[PackTable | None, list[Problem], list[list[str]]]:
    """Read a pack table. Line 1 names the columns; line 2 gives each its unit or kind (`text`, `date`, `bool`,
    `predicate`, `formula`, else a unit; empty is a plain number)."""
    problems: list[Problem] = []
    try:
        content = [row for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))) if any(row)]
    except (UnicodeDecodeError, csv.Error):
        return None, [Problem("table-encoding", Place(label))], []
    if len(content) < 2:
        return None, [Problem("table-short", Place(label))], content
    names, kinds, body = content[0], content[1], content[2:]
    if "source" not in names:
        problems.append(Problem("table-source", Place(label, 1)))
    columns: dict[str, Column] = {}
    values: dict[str, Value] = {}
    cells: dict[str, tuple[Node | None, ...]] = {}
    for position, (name, kind) in enumerate(zip(names, kinds, strict=False)):
        texts = [row[position].strip() if position < len(row) else "" for row in body]
        column, value, nodes = _column(path.stem, name, kind.strip(), texts, label, problems)
        columns[name], values[name] = column, value
        if nodes is not None:
            cells[name] = nodes
    return PackTable(path.stem, columns, values, cells, len(body), label), problems, content


def _column(
    table: str, name: str, kind: str, texts: list[str], label: str, problems: list[Problem]
) -> tuple[Column, Value, tuple[Node | None, ...] | None]:
    state = np.array([KNOWN if t else MISSING for t in texts], dtype=np.int8)
    column = Column(name, "number")
    data: Any = np.empty(len(texts), dtype=object)
    nodes: tuple[Node | None, ...] | None = None
    if kind in ("text", "predicate", "formula"):
        column = Column(name, "text", cells="" if kind == "text" else kind)
        data[:] = texts
        state = np.zeros(len(texts), dtype=np.int8) if kind == "text" else state
        if kind != "text":
            nodes = tuple(
                _cell(kind, t, Place(label, row + 3, name), problems) for row, t in enumerate(texts)
            )
    elif kind == "date":
        column = Column(name, "date")
        for row, text in enumerate(texts):
            try:
                data[row] = dt.date.fromisoformat(text) if text else None
            except ValueError:
                problems.append(Problem("date-expected", Place(label, row + 3, name), {"text": text}))
    elif kind == "bool":
        column = Column(name, "bool")
        data = np.array([t in ("true", "yes", "1") for t in texts], dtype=bool)
    else:
        try:
            measured = unit(kind)
        except UnitError:
            problems.append(Problem("unit-unknown", Place(label, 2, name), {"unit": kind}))
            measured = ONE
        column = Column(name, "number", measured)
        for row, text in enumerate(texts):
            try:
                data[row] = number(text) * measured.factor if text else Fraction(0)
            except ValueError:
                problems.append(Problem("number-expected", Place(label, row + 3, name), {"text": text}))
                data[row] = Fraction(0)
    return column, Value(data, state, column.unit, table=table, why=frozenset([f"{table}.{name}"])), nodes


def _cell(kind: str, text: str, place: Place, problems: list[Problem]) -> Node | None:
    if not text:
        return None
    try:
        return parse_predicate(text, "x") if kind == "predicate" else parse(text)
    except TanbiaoError as error:
        problems.extend(Problem(p.code, place, p.args) for p in error.problems)
        return None
