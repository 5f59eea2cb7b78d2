"""Difference: what changed between two studies, their packs and libraries, cell by cell and clause by clause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from typing import Any

from ..core.errors import Place
from ..core.numbers import decimal_text
from ..core.text import Node as Yaml
from ..core.text import Text, plain
from ..core.units import Unit
from ..core.value import KNOWN, Value
from ..formula import Node as Formula
from ..standards.clause import Clause
from ..standards.pack import PackTable
from ..standards.resolve import Rulebook
from ..study import Study, Table
from ..study.roll import STALE

NOWHERE = Place()


@dataclass(frozen=True)
class Change:
    """One thing that differs. kind: datum (a cell or a line of study.yaml), row, table, pack, clause, cell (of a
    pack's table), library."""

    kind: str
    what: str
    before: str
    after: str
    place: Place = NOWHERE
    table: str = ""
    row: str = ""
    column: str = ""

    def data(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "what": self.what,
            "before": self.before,
            "after": self.after,
            "where": str(self.place),
        }


def study_changes(old: Study, new: Study) -> list[Change]:
    """Every datum that differs between two studies. The salt and the marks of a carried study are no data."""
    changes = [
        Change("datum", path, before, after, new.place_of(path.partition("[")[0]), column=path)
        for path, before, after in head_changes(old.head, new.head)
    ]
    for name in sorted({*old.tables, *new.tables} - {STALE}):
        a, b = old.tables.get(name), new.tables.get(name)
        if a is None or b is None:
            table = a or b
            assert table is not None
            changes.append(
                Change(
                    "table",
                    name,
                    f"{len(a)}" if a else "",
                    f"{len(b)}" if b else "",
                    Place(table.file),
                    table=name,
                )
            )
            continue
        changes += _table(a, b)
    return changes


def rule_changes(old: Rulebook, new: Rulebook, words: bool = False) -> list[Change]:
    """Packs, clauses and cells of their tables that differ between two rulebooks. Of a clause that both have, only the
    fields that differ are said. words: what no result depends on too, that is texts, sources and review marks."""
    changes: list[Change] = []
    before = {p.id: p for p in old.packs}
    after = {p.id: p for p in new.packs}
    for name in sorted({*before, *after}):
        a, b = before.get(name), after.get(name)
        if a is not None and b is not None and a.digest == b.digest:
            continue
        changes.append(Change("pack", name, a.version if a else "", b.version if b else ""))
    for name in sorted({*old.clauses, *new.clauses}):
        x, y = old.clauses.get(name), new.clauses.get(name)
        left, right = _rule(x, words), _rule(y, words)
        if left != right:
            clause = y or x
            assert clause is not None
            told = [f for f in {**left, **right} if x is None or y is None or left.get(f) != right.get(f)]
            a_said, b_said = ("; ".join(f"{f}: {z[f]}" for f in told if f in z) for z in (left, right))
            changes.append(Change("clause", clause.address, a_said, b_said, clause.place))
    for name in sorted({*old.tables, *new.tables}):
        changes += _cells(name, old.tables.get(name), new.tables.get(name))
    return changes


def library_changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[Change]:
    """Libraries (version → digest) that differ."""
    return [
        Change("library", name, old.get(name, "")[:12], new.get(name, "")[:12])
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]


def applied(study: Study, change: Change) -> Study | None:
    """`study` with this one change of a cell; None when it is no change of a cell."""
    table = study.tables.get(change.table)
    if (
        change.kind != "datum"
        or table is None
        or change.row not in table.ids
        or change.column not in table.columns
    ):
        return None
    row = table.ids.index(change.row)
    column = list(table.columns[change.column])
    column[row] = change.after
    tables = dict(study.tables)
    tables[change.table] = replace(table, columns={**table.columns, change.column: tuple(column)})
    return Study(study.head, tables, study.path)


_WORDS = ("text", "source", "review", "number", "remedy")
_NOT_SAID = ("place", "pack", "id", "settings")


def _rule(clause: Clause | None, words: bool) -> dict[str, str]:
    """What a clause says, field by field."""
    if clause is None:
        return {}
    skipped = _NOT_SAID if words else (*_NOT_SAID, *_WORDS)
    said = {
        f.name: _said(value)
        for f in fields(clause)
        if f.name not in skipped and ((value := getattr(clause, f.name)) != f.default or f.name == "review")
    }
    said |= {name: _said(value) for name, value in clause.settings.items()}
    return {name: text for name, text in said.items() if text}


def _said(value: Any) -> str:
    """A field of a clause as a line of text; nothing for nothing."""
    match value:
        case None | Place():
            return ""
        case Formula():
            return value.source
        case Unit():
            return value.text
        case Value():
            return "" if value.state != KNOWN else _said(value.data)
        case Text():
            return f"{value.zh} / {value.en}".strip(" /")
        case Fraction():
            return decimal_text(value)
        case Mapping():
            return ", ".join(f"{k} {_said(v)}" for k, v in value.items())
        case tuple() | list():
            return ", ".join(t for t in map(_said, value) if t)
        case frozenset():
            return ", ".join(sorted(map(str, value)))
        case _ if is_dataclass(value):
            return " ".join(t for t in (_said(getattr(value, f.name)) for f in fields(value)) if t)
        case _:
            return str(value)


def _cells(name: str, old: PackTable | None, new: PackTable | None) -> Iterator[Change]:
    """Cells of a pack's table that differ, by row and column."""
    table = new or old
    assert table is not None
    left, right = _rows(old), _rows(new)
    for key in dict.fromkeys([*left, *right]):
        a, b = left.get(key, {}), right.get(key, {})
        columns = [c for c in dict.fromkeys([*a, *b]) if a.get(c, "") != b.get(c, "")]
        if key in left and key in right:
            for column in columns:
                what = f"{name} {key} {column}"
                yield Change(
                    "cell", what, a.get(column, ""), b.get(column, ""), Place(table.file), name, key, column
                )
        elif columns:
            a_said, b_said = (", ".join(f"{c}: {z[c]}" for c in columns if z.get(c)) for z in (a, b))
            yield Change("cell", f"{name} {key}", a_said, b_said, Place(table.file), name, key)


def _rows(table: PackTable | None) -> dict[str, dict[str, str]]:
    """The rows of a pack's table by id, or by number where no column is an id."""
    if table is None:
        return {}

    def cell(column: str, row: int) -> str:
        parsed = table.cells.get(column)
        if parsed is not None:
            node = parsed[row]
            return node.source.removeprefix("x ") if node is not None else ""
        value = table.values[column]
        return _said(value.data[row]) if value.state[row] == KNOWN else ""

    found = {}
    for row in range(table.rows):
        cells = {column: cell(column, row) for column in table.columns}
        found[cells.get("id") or str(row + 1)] = cells
    return found


def head_changes(old: Yaml, new: Yaml) -> Iterator[tuple[str, str, str]]:
    """Lines of study.yaml that differ: path, before, after. The salt and the mark of a carried study are no data."""
    a, b = dict(_flat(plain(old), "")), dict(_flat(plain(new), ""))
    for path in dict.fromkeys([*a, *b]):
        if path.partition(".")[0] not in ("salt", "rolled") and a.get(path) != b.get(path):
            yield path, a.get(path, ""), b.get(path, "")


def _flat(value: Any, prefix: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}.{key}" if prefix else key)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _flat(inner, f"{prefix}[{position}]")
    else:
        yield prefix, "" if value is None else str(value)


def _table(old: Table, new: Table) -> Iterator[Change]:
    before = {row["id"]: row for row in old.rows()}
    after = {row["id"]: row for row in new.rows()}
    lines = {i: n for n, i in enumerate(new.ids)}
    gone = {i: n for n, i in enumerate(old.ids)}
    for id_ in dict.fromkeys([*before, *after]):
        a, b = before.get(id_), after.get(id_)
        if a is None or b is None:
            place = new.place(lines[id_]) if b is not None else old.place(gone[id_])
            yield Change("row", f"{new.name} {id_}", _words(a), _words(b), place, new.name, id_)
            continue
        for column in dict.fromkeys([*a, *b]):
            if a.get(column, "") != b.get(column, ""):
                yield Change(
                    "datum",
                    f"{new.name} {id_} {column}",
                    a.get(column, ""),
                    b.get(column, ""),
                    new.place(lines[id_], column),
                    new.name,
                    id_,
                    column,
                )


def _words(row: Mapping[str, str] | None) -> str:
    return ", ".join(v for v in list(row.values())[1:6] if v) if row else ""
