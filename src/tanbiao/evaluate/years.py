"""Two years of one product: how much of the change comes from data, from factors and from the method.

Each group of changes is a player; the parts are Shapley values over every mixture of old and new, in rationals, so
they sum to the change and do not depend on an order. Data are split by process, the largest first.
Performance tracking: ISO 14067:2018 6.4.7 (from memory): the years are comparable only under one method.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from ..core.errors import TanbiaoError
from ..core.text import Node, Text
from ..core.value import KNOWN
from ..numerics.shapley import shapley
from ..standards.resolve import Rulebook
from ..study import Study, Table
from ..study.working import WORKING_TABLES
from .background import Background
from .compare import gwp_of, headline_of, total_of
from .facts import Facts
from .ledger import Ledger
from .run import Evaluation

DATA, FACTOR, METHOD = "data", "factor", "method"
TITLES: Mapping[str, Text] = {
    DATA: Text("数据", "data"),
    FACTOR: Text("因子及其年份", "factors and their year"),
    METHOD: Text("方法（标准包）", "method (packs)"),
}
FACTOR_HEAD = ("libraries", "as_of", "period")
"""Lines of study.yaml that say which year's factors stand behind the data."""
METHOD_HEAD = ("packs",)
SPLIT = 4
"""So many processes are shown apart; the rest of the data moves as one."""


@dataclass(frozen=True)
class YearPart:
    """What one group of changes did, exact, in the unit of the comparison."""

    group: str
    key: str
    title: Text
    exact: Fraction
    changes: int

    @property
    def effect(self) -> float:
        return float(self.exact)

    def data(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "key": self.key,
            "title": self.title.data(),
            "effect": self.effect,
            "exact": str(self.exact),
            "changes": self.changes,
        }


@dataclass(frozen=True)
class Explained:
    """The change of a headline from one year to the next. same_method: whether the years may be tracked as one series
    (ISO 14067:2018 6.4.7); otherwise the part of the method is told apart."""

    pack: str
    unit: str
    before: float
    after: float
    parts: tuple[YearPart, ...]
    same_method: bool
    reasons: tuple[Text, ...]

    @property
    def exact_difference(self) -> Fraction:
        return Fraction(self.after) - Fraction(self.before)

    def group(self, name: str) -> Fraction:
        """The sum of a group's parts."""
        return sum((p.exact for p in self.parts if p.group == name), Fraction(0))

    def data(self) -> dict[str, Any]:
        return {
            "pack": self.pack,
            "unit": self.unit,
            "before": self.before,
            "after": self.after,
            "difference": float(self.exact_difference),
            "groups": {g: float(self.group(g)) for g in TITLES},
            "parts": [p.data() for p in self.parts],
            "same_method": self.same_method,
            "reasons": [r.data() for r in self.reasons],
        }


@dataclass(frozen=True, eq=False)
class Year:
    """One year: its study, its rulebook, and its background by GWP set."""

    study: Study
    book: Rulebook
    background: Callable[[str], Background]


def explain_years(old: Year, new: Year, facts: Callable[[Study, Rulebook], Facts]) -> Explained:
    """Take the change from `old` to `new` apart. Raises `TanbiaoError` where a year has no result."""
    first, second = headline_of(old.book), headline_of(new.book)
    whole = first.unit.text != second.unit.text
    unit = "kgCO2e" if whole else first.unit.text
    touched = _touched(old, new)
    subjects = list(dict.fromkeys(s for s, _ in touched))

    def value(taken: frozenset[str]) -> float:
        study = _mixed(old, new, taken)
        book = new.book if METHOD in taken else old.book
        near, far = (new, old) if FACTOR in taken else (old, new)
        gwp = gwp_of(book)
        background = near.background(gwp)
        other = far.background(gwp).providers
        if set(other) - set(
            background.providers
        ):  # a datum may name what only the other year's library holds
            background = replace(background, providers={**other, **background.providers})
        evaluation = Evaluation(book, facts(study, book), background, Ledger())
        head = headline_of(book)
        total = total_of(book)
        found = evaluation.value(total.name if whole and total is not None else head.of)
        if found.state != KNOWN:
            raise TanbiaoError(_lacking(book, found.why))
        return float(found.with_unit((total or head).unit if whole else head.unit).number())

    base = value(frozenset())
    alone = {s: abs(value(frozenset([f"{DATA}:{s}"])) - base) for s in subjects}
    ordered = sorted(subjects, key=lambda s: (-alone[s], s))
    apart, rest = (ordered, []) if len(ordered) <= SPLIT + 1 else (ordered[:SPLIT], ordered[SPLIT:])
    players = [f"{DATA}:{s}" for s in apart] + ([f"{DATA}:*"] if rest else [])
    factors = _factors_differ(old, new)
    method = old.book.digests != new.book.digests
    players += [FACTOR] * factors + [METHOD] * method

    def spread(chosen: frozenset[str]) -> frozenset[str]:
        return chosen | ({f"{DATA}:{s}" for s in rest} if f"{DATA}:*" in chosen else frozenset())

    shares = shapley(players, lambda chosen: value(spread(chosen)))
    count = {s: sum(1 for k, _ in touched if k == s) for s in subjects}
    parts = []
    for player in players:
        group, _, subject = player.partition(":")
        title = (
            TITLES[group]
            if group != DATA
            else Text("其余数据", "other data")
            if subject == "*"
            else _name(subject, old, new)
        )
        changes = sum(count[s] for s in rest) if subject == "*" else count.get(subject, 0)
        parts.append(YearPart(group, subject, title, shares[player], changes))
    after = value(spread(frozenset(players)))
    reasons = _reasons(old, new)
    return Explained(new.book.pack.version, unit, base, after, tuple(parts), not reasons, reasons)


def _lacking(book: Rulebook, why: frozenset[str]) -> list[Any]:
    from ..core.errors import Problem

    return [Problem("compare-missing", args={"pack": book.pack.version, "missing": ", ".join(sorted(why))})]


def _reasons(old: Year, new: Year) -> tuple[Text, ...]:
    """Why two years are no one series."""
    reasons = []
    if old.book.digests != new.book.digests:
        names = ", ".join(
            sorted(set(old.book.digests) ^ set(new.book.digests))
            or sorted(n for n, d in old.book.digests.items() if new.book.digests.get(n) != d)
        )
        reasons.append(Text(f"标准包不同：{names}", f"packs differ: {names}"))
    for path in ("unit.kind", "unit.amount", "unit.measure", "scope.stages"):
        a, b = old.study.at(path), new.study.at(path)
        if a != b:
            reasons.append(Text(f"{path} 不同：{a} 与 {b}", f"{path} differs: {a} and {b}"))
    return tuple(reasons)


# -- mixtures of two studies -----------------------------------------------------------------------------------------


def provider_columns(table: Table, *known: Mapping[str, Any]) -> set[str]:
    """The columns of a table that name background data: which factor stands behind the row."""
    return {
        c
        for c, cells in table.columns.items()
        if c not in ("id", "process", "flow", "stage")
        and any(t and any(t in k for k in known) for t in cells)
    }


def _subject(table: str, row: Mapping[str, str]) -> str:
    """What a row's change is told under: its process, else its table."""
    return row["id"] if table == "process" else row.get("process") or table


def _touched(old: Year, new: Year) -> list[tuple[str, str]]:
    """(subject, what) of every datum that differs, factors and method aside."""
    found: list[tuple[str, str]] = []
    for key in dict.fromkeys([*old.study.head, *new.study.head]):
        if key in (*FACTOR_HEAD, *METHOD_HEAD, "salt", "id", "title", "rolled"):
            continue
        if _flat(old.study.head.get(key)) != _flat(new.study.head.get(key)):
            found.append(("study.yaml", key))
    known = [y.background(gwp_of(y.book)).providers for y in (old, new)]
    for name in sorted({*old.study.tables, *new.study.tables} - WORKING_TABLES):
        a, b = old.study.tables.get(name), new.study.tables.get(name)
        names = set().union(*(provider_columns(t, *known) for t in (a, b) if t is not None))
        before = {r["id"]: r for r in a.rows()} if a else {}
        after = {r["id"]: r for r in b.rows()} if b else {}
        for id_ in dict.fromkeys([*before, *after]):
            x, y = before.get(id_), after.get(id_)
            if x is None or y is None:
                found.append((_subject(name, x or y or {}), f"{name} {id_}"))
            elif any(x.get(c, "") != y.get(c, "") for c in {*x, *y} - names - {"note", "evidence"}):
                found.append((_subject(name, y), f"{name} {id_}"))
    return found


def _mixed(old: Year, new: Year, taken: frozenset[str]) -> Study:
    """The old study with the data of the taken subjects, and the factors, from the new one."""
    known = [y.background(gwp_of(y.book)).providers for y in (old, new)]
    head = dict(old.study.head.items())
    newer = new.study.head
    lines: dict[str, int] = {}
    for key in dict.fromkeys([*old.study.head, *newer]):
        from_new = (
            FACTOR in taken
            if key in FACTOR_HEAD
            else METHOD in taken
            if key in METHOD_HEAD
            else f"{DATA}:study.yaml" in taken
        )
        if from_new and key in newer:
            head[key] = newer[key]
        elif from_new and key in head:
            del head[key]
    tables = {}
    for name in sorted({*old.study.tables, *new.study.tables} - WORKING_TABLES):
        a, b = old.study.tables.get(name), new.study.tables.get(name)
        tables[name] = _mixed_table(a, b, taken, known)
    return Study(
        Node("study.yaml", 1, head, lines), {n: t for n, t in tables.items() if t is not None}, new.study.path
    )


def _mixed_table(
    a: Table | None, b: Table | None, taken: frozenset[str], known: Sequence[Mapping[str, Any]]
) -> Table | None:
    one = b or a
    assert one is not None
    names = list(dict.fromkeys(c for t in (a, b) if t is not None for c in t.columns))
    factors = set().union(*(provider_columns(t, *known) for t in (a, b) if t is not None))
    before = {r["id"]: r for r in a.rows()} if a else {}
    after = {r["id"]: r for r in b.rows()} if b else {}
    rows: list[dict[str, str]] = []
    for id_ in dict.fromkeys([*before, *after]):
        x, y = before.get(id_), after.get(id_)
        subject = _subject(one.name, y or x or {})
        base = y if f"{DATA}:{subject}" in taken else x
        if base is None:
            continue
        row = dict(base)
        source = y if FACTOR in taken else x
        if source is not None and x is not None and y is not None:
            row |= {c: source.get(c, "") for c in factors}
        rows.append(row)
    columns = {c: tuple(r.get(c, "") for r in rows) for c in names}
    return Table(one.name, one.file, columns, tuple(range(2, len(rows) + 2)), {})


def _factors_differ(old: Year, new: Year) -> bool:
    if any(_flat(old.study.head.get(k)) != _flat(new.study.head.get(k)) for k in FACTOR_HEAD):
        return True
    mine, yours = (y.background(gwp_of(y.book)) for y in (old, new))
    if mine.libraries != yours.libraries:
        return True
    known = [mine.providers, yours.providers]
    for name in {*old.study.tables} & {*new.study.tables} - WORKING_TABLES:
        a, b = old.study.tables[name], new.study.tables[name]
        names = provider_columns(a, *known) | provider_columns(b, *known)
        after = {r["id"]: r for r in b.rows()}
        if any(
            r["id"] in after and any(r.get(c, "") != after[r["id"]].get(c, "") for c in names)
            for r in a.rows()
        ):
            return True
    return False


def _flat(value: Any) -> Any:
    from ..core.text import plain

    return plain(value)


def _name(subject: str, old: Year, new: Year) -> Text:
    """A process by its name; the study's head and other tables by theirs."""
    if subject == "study.yaml":
        return Text("数据：参数与单位", "data: parameters and unit")
    for year in (new, old):
        table = year.study.tables.get("process")
        for row in table.rows() if table is not None else ():
            if row["id"] == subject:
                return Text(
                    f"数据：{row.get('name_zh') or subject}", f"data: {row.get('name_en') or subject}"
                )
    return Text(f"数据：{subject}", f"data: {subject}")


__all__ = [
    "DATA",
    "FACTOR",
    "METHOD",
    "TITLES",
    "Explained",
    "Year",
    "YearPart",
    "explain_years",
    "provider_columns",
]
