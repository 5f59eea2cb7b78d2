"""Difference: what changed between two studies, their packs and libraries, cell by cell and clause by clause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..core.errors import Place
from ..core.text import Node as Yaml
from ..core.text import plain
from ..standards.resolve import Rulebook
from ..study import Study, Table
from ..study.roll import STALE

NOWHERE = Place()


@dataclass(frozen=True)
class Change:
    """One thing that differs. kind: datum (a cell or a line of study.yaml), row, table, pack, clause, library."""

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
        for path, before, after in _head(old.head, new.head)
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


def rule_changes(old: Rulebook, new: Rulebook) -> list[Change]:
    """Packs and clauses that differ between two rulebooks of one name."""
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
        left = _rule(x) if x is not None else ""
        right = _rule(y) if y is not None else ""
        if left != right:
            clause = y or x
            assert clause is not None
            changes.append(Change("clause", clause.address, left, right, clause.place))
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


def _rule(clause: Any) -> str:
    parts = [
        clause.formula.source if clause.formula is not None else "",
        str(clause.value.number())
        if clause.value is not None and not isinstance(clause.value.data, str | bool)
        else str(clause.value.data)
        if clause.value is not None
        else "",
        clause.when.source if clause.when is not None else "",
        clause.severity if clause.kind == "check" else "",
        "; ".join(f"{o.name}: {o.when.source if o.when else '-'}" for o in clause.first),
    ]
    return " | ".join(p for p in parts if p)


def _head(old: Yaml, new: Yaml) -> Iterator[tuple[str, str, str]]:
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
