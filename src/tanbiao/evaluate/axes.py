"""Axes: the choices that tell one rulebook from another, and what a rulebook says on each.

A clause carries `axis:`, the choice it belongs to (gwp, allocation, recycling, electricity, cut_off, boundary …); a
`choose` clause without one is an axis of its own. All clauses of an axis move together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..core.errors import refuse
from ..core.text import Text
from ..formula import names_in
from ..standards.clause import Clause
from ..standards.resolve import Rulebook

AXES: Mapping[str, Text] = {
    "boundary": Text("系统边界与阶段", "boundary and stages"),
    "total": Text("计入总数的项目", "what counts in the total"),
    "gwp": Text("GWP 版本", "GWP set"),
    "cut_off": Text("取舍", "cut-off"),
    "allocation": Text("分配", "allocation"),
    "recycling": Text("回收与再生", "recycling"),
    "electricity": Text("电力", "electricity"),
    "transport": Text("运输", "transport"),
    "biogenic": Text("生物碳", "biogenic carbon"),
}
BOUNDARY, TOTAL = "boundary", "total"
DEFAULT_GWP = "AR6"


def axis_of(clause: Clause) -> str:
    """The axis a clause belongs to; a choice is one of its own where its pack names none."""
    return clause.axis or (clause.name if clause.kind == "choose" else "")


def axes_of(left: Rulebook, right: Rulebook) -> list[str]:
    """The axes that either rulebook has, in a fixed order."""
    found = {axis_of(c) for b in (left, right) for c in b.clauses.values()} - {""}
    return [a for a in AXES if a in found or a in (BOUNDARY, TOTAL)] + sorted(found - set(AXES))


def title_of(axis: str, *books: Rulebook) -> Text:
    """The words for an axis: from the table of axes, or its clause's own text."""
    if axis in AXES:
        return AXES[axis]
    return next((c.text for b in books for c in rules_of(b, axis) if c.text.zh), Text(axis, axis))


def rules_of(book: Rulebook, axis: str) -> tuple[Clause, ...]:
    """The clauses of an axis: of the boundary the headline and its stages, of the total the one that counts."""
    if axis == BOUNDARY:
        head = headline_of(book)
        return (head, *(c for c in [book.clauses.get(head.stages)] if c is not None))
    if axis == TOTAL:
        return tuple(c for c in [total_of(book)] if c is not None)
    return tuple(c for c in book.clauses.values() if axis_of(c) == axis)


def gwp_of(book: Rulebook) -> str:
    """The GWP set a rulebook settles: the value of its clause `gwp_set`, else the newest."""
    clause = book.clauses.get("gwp_set")
    return str(clause.value.data) if clause is not None and clause.value is not None else DEFAULT_GWP


def headline_of(book: Rulebook) -> Clause:
    """The publish clause of the headline. Refuses (`compare-headline`) where there is none."""
    found = next((c for c in book.of_kind("publish") if c.headline), None)
    if found is None:
        raise refuse("compare-headline", pack=book.pack.version)
    return found


def total_of(book: Rulebook) -> Clause | None:
    """The clause of axis `total` that the headline rests on; the headline's own quantity where it is per nothing."""
    head = headline_of(book)
    waiting, seen = [head.of], {head.of}
    while waiting:
        clause = book.clauses.get(waiting.pop(0))
        if clause is None:
            continue
        if clause.axis == TOTAL:
            return clause
        for node in clause.formulas():
            for name in (n.partition(".")[0] for n in names_in(node)):
                if name not in seen:
                    seen.add(name)
                    waiting.append(name)
    return None if head.per else book.clauses.get(head.of)


def content(clause: Clause, book: Rulebook) -> tuple[Any, ...]:
    """What a clause says, whoever says it: two clauses of equal content are one rule."""
    if clause.kind == "given":
        return ("given", clause.path, clause.unit.text, clause.basis, clause.value_kind)
    table = book.tables.get(clause.name)
    rows: Any = ()
    if table is not None:
        rows = tuple(
            sorted(
                (n, tuple(map(str, v.data))) for n, v in table.values.items() if n not in ("source", "review")
            )
        )
    value = clause.value
    lines = tuple(
        (
            o.name,
            _source(o.when),
            _source(o.key),
            _source(o.provider),
            tuple(
                (t.provider, _source(t.coefficient), t.stage, t.account, t.unit.text if t.unit else "")
                for t in o.lines or ()
            ),
            o.lines is None,
        )
        for o in clause.first
    )
    return (
        clause.kind,
        _source(clause.formula),
        str(value.data) if value is not None else "",
        clause.unit.text,
        clause.basis,
        clause.open,
        clause.subject.table if clause.subject else "",
        _source(clause.subject.where) if clause.subject else "",
        _source(clause.when),
        tuple(sorted(clause.alternative.items())),
        tuple(sorted((k, u.text) for k, u in clause.inputs.items())),
        lines,
        rows,
    )


def _source(node: Any) -> str:
    return str(node.source) if node is not None else ""


def needs_of(clause: Clause, book: Rulebook) -> set[str]:
    """Every clause of `book` that a clause rests on and that belongs to no axis itself."""
    found: set[str] = set()
    waiting = [clause]
    while waiting:
        here = waiting.pop()
        names = [n.partition(".")[0] for node in here.formulas() for n in names_in(node)]
        names += [
            n
            for n in (here.of, here.per, here.stages, here.subject.table if here.subject else "", here.parent)
            if n
        ]
        for name in names:
            below = book.clauses.get(name)
            if below is not None and name not in found and not axis_of(below):
                found.add(name)
                waiting.append(below)
    return found


def differs(left: Rulebook, right: Rulebook, axis: str) -> bool:
    """Whether two rulebooks say different things on an axis: other rules, or the same rules over other helpers."""
    if axis == BOUNDARY:
        return _accounts(left) != _accounts(right)
    if axis == TOTAL:
        a, b = total_of(left), total_of(right)
        if a is None or b is None:
            return a is not b or left.pack.name != right.pack.name
        return _signature([a], left) != _signature([b], right)
    return _signature([c for c in left.clauses.values() if axis_of(c) == axis], left) != _signature(
        [c for c in right.clauses.values() if axis_of(c) == axis], right
    )


def _signature(clauses: Sequence[Clause], book: Rulebook) -> frozenset[Any]:
    found = {(c.name, content(c, book)) for c in clauses if c.kind != "publish"}
    for clause in clauses:
        found |= {(n, content(book.clauses[n], book)) for n in needs_of(clause, book)}
    return frozenset(found)


def _accounts(book: Rulebook) -> dict[str, str]:
    """Step tag → whether it is in the total: the boundary, whatever its stages are called."""
    head = headline_of(book)
    if not head.stages:
        return {}
    values = book.tables[head.stages].values
    account = values.get("account")
    return {
        str(tag): (str(account.data[r]) if account is not None and account.data[r] else "total")
        for r, tag in enumerate(values["tag"].data)
    }
