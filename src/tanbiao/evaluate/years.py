"""Two years of one product: how much of the change comes from data, from factors and from the method.

Each group of changes is a player; the parts are Shapley values over every mixture of old and new, in rationals, so
they sum to the change and do not depend on an order. Data are split by process, the largest first.
Performance tracking: ISO 14067:2018 6.4.7 (from memory): the years are comparable only under one method.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..core.errors import LANGS, refuse
from ..core.text import Node, Text, plain
from ..core.value import KNOWN
from ..numerics.shapley import shapley
from ..standards.resolve import Rulebook
from ..study import Study, Table
from ..study.working import WORKING_TABLES
from .axes import gwp_of, headline_of, total_of
from .background import Background, joined
from .difference import head_changes
from .facts import Facts
from .ledger import Ledger
from .run import Evaluation
from .told import NOTES, told_factors, told_row, told_rules

DATA, FACTOR, METHOD = "data", "factor", "method"
TITLES: Mapping[str, Text] = {
    DATA: Text("数据", "data"),
    FACTOR: Text("因子及其年份", "factors and their year"),
    METHOD: Text("方法（标准包）", "method (packs)"),
}
TABLES: Mapping[str, Text] = {
    "omissions": Text("省略流的估计", "estimates of omitted flows"),
    "electricity": Text("电力供应", "supply of electricity"),
    "materials": Text("材料与再生", "materials and recycling"),
    "eol_routes": Text("生命末期去向", "end-of-life routes"),
}
"""Tables whose rows belong to no process, by the name that a reader knows."""
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
    said: tuple[Text, ...]
    """The data, factors or clauses that changed, in words."""

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
            "changes": [t.data() for t in self.said],
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
    names: tuple[Text, Text] = (Text("上一期", "before"), Text("本期", "after"))
    constructed: bool = False

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
            "names": [n.data() for n in self.names],
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
    """Take the change from `old` to `new` apart. Raises `TanbiaoError` where a year or a mixture has no result."""
    way = _Way(old, new, facts)
    apart, rest = way.split()
    players = [f"{DATA}:{s}" for s in apart] + ([f"{DATA}:*"] if rest else [])
    players += [FACTOR] * _factors_differ(old, new) + [METHOD] * (old.book.digests != new.book.digests)

    def value(chosen: frozenset[str]) -> float:
        return way.value(chosen | ({f"{DATA}:{s}" for s in rest} if f"{DATA}:*" in chosen else frozenset()))

    shares = shapley(players, value)
    parts = []
    for player in players:
        group, _, subject = player.partition(":")
        title = TITLES[group] if group != DATA else way.title(subject)
        parts.append(YearPart(group, subject, title, shares[player], way.said(group, subject, rest)))
    reasons = _reasons(old, new)
    return Explained(
        new.book.pack.version,
        way.unit,
        value(frozenset()),
        value(frozenset(players)),
        tuple(parts),
        not reasons,
        reasons,
        _period_names(old.study, new.study),
        old.study.constructed or new.study.constructed,
    )


class _Way:
    """From one year to the next: what was touched, and the headline of every mixture of the two."""

    def __init__(self, old: Year, new: Year, facts: Callable[[Study, Rulebook], Facts]) -> None:
        self.old, self.new, self.facts = old, new, facts
        first, second = headline_of(old.book), headline_of(new.book)
        self.whole = first.unit.text != second.unit.text
        self.unit = "kgCO2e" if self.whole else first.unit.text
        self.touched: dict[str, list[Text]] = defaultdict(list)
        for subject, said in _touched(old, new):
            self.touched[subject].append(said)
        self.known: dict[frozenset[str], float] = {}

    def split(self) -> tuple[list[str], list[str]]:
        """The subjects shown apart, the largest effect first, and the rest of the data."""
        base = self.value(frozenset())
        alone = {s: abs(self.value(frozenset([f"{DATA}:{s}"])) - base) for s in self.touched}
        ordered = sorted(self.touched, key=lambda s: (-alone[s], s))
        return (ordered, []) if len(ordered) <= SPLIT + 1 else (ordered[:SPLIT], ordered[SPLIT:])

    def value(self, taken: frozenset[str]) -> float:
        """The headline with what is `taken` from the new year, the rest from the old one."""
        if taken not in self.known:
            self.known[taken] = self._value(taken)
        return self.known[taken]

    def evaluation(self, taken: frozenset[str]) -> Evaluation:
        study = _mixed(self.old, self.new, taken)
        book = self.new.book if METHOD in taken else self.old.book
        return Evaluation(book, self.facts(study, book), self.background(book, taken), Ledger())

    def _value(self, taken: frozenset[str]) -> float:
        evaluation = self.evaluation(taken)
        book = evaluation.rulebook
        head, total = headline_of(book), total_of(book)
        asked = total if self.whole and total is not None else head
        found = evaluation.value(asked.name if asked is total else head.of)
        if found.state != KNOWN:
            missing = ", ".join(sorted(found.why))
            raise refuse("compare-missing", pack=book.pack.version, missing=missing)
        return float(found.with_unit(asked.unit).number())

    def background(self, book: Rulebook, taken: frozenset[str]) -> Background:
        near, far = (self.new, self.old) if FACTOR in taken else (self.old, self.new)
        gwp = gwp_of(book)
        return joined(near.background(gwp), far.background(gwp))  # a datum may name what one year alone holds

    def said(self, group: str, subject: str, rest: Sequence[str]) -> tuple[Text, ...]:
        """What changed, for one part."""
        if group == METHOD:
            return told_rules(self.old.book, self.new.book)
        if group == DATA:
            return tuple(t for s in (rest if subject == "*" else [subject]) for t in self.touched[s])
        sides = []
        for taken in (frozenset[str](), frozenset([FACTOR])):
            evaluation = self.evaluation(taken)
            evaluation.value(headline_of(evaluation.rulebook).of)
            if evaluation.solved is None:
                return ()
            sides.append((evaluation.solved.lines, evaluation.background))
        return told_factors(*sides)

    def title(self, subject: str) -> Text:
        return Text("其余数据", "other data") if subject == "*" else _name(subject, self.old, self.new)


def _period_names(old: Study, new: Study) -> tuple[Text, Text]:
    """The two periods by their years; last and this period where the years do not tell them apart."""
    years = [str(s.at("period.end") or "")[:4] for s in (old, new)]
    if not all(years) or years[0] == years[1]:
        return Text("上一期", "before"), Text("本期", "after")
    first, second = (Text(f"{y} 年", y) for y in years)
    return first, second


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
    products = [
        [str(s.study.at(f"product.name.{lang}") or s.study.at("product.name") or "") for lang in LANGS]
        for s in (old, new)
    ]
    if products[0] != products[1]:
        zh, en = zip(*products, strict=True)
        reasons.append(Text(f"产品不同：{zh[0]} 与 {zh[1]}", f"products differ: {en[0]} and {en[1]}"))
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


def _touched(old: Year, new: Year) -> list[tuple[str, Text]]:
    """Subject and words of every datum that differs, factors and method aside."""
    found: list[tuple[str, Text]] = []
    for path, was, now in head_changes(old.study.head, new.study.head):
        if path.partition(".")[0].partition("[")[0] not in (*FACTOR_HEAD, *METHOD_HEAD, "id", "title"):
            words = f"{path} {was or '—'} → {now or '—'}"
            found.append(("study.yaml", Text(words, words)))
    known = [y.background(gwp_of(y.book)).providers for y in (old, new)]
    for name in sorted({*old.study.tables, *new.study.tables} - WORKING_TABLES):
        a, b = old.study.tables.get(name), new.study.tables.get(name)
        names = set().union(*(provider_columns(t, *known) for t in (a, b) if t is not None))
        before = {r["id"]: r for r in a.rows()} if a else {}
        after = {r["id"]: r for r in b.rows()} if b else {}
        for id_ in dict.fromkeys([*before, *after]):
            x, y = before.get(id_), after.get(id_)
            if x is None or y is None or any(x.get(c, "") != y.get(c, "") for c in {*x, *y} - names - NOTES):
                found.append((_subject(name, y or x or {}), told_row(name, x, y, names)))
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
    if any(plain(old.study.head.get(k)) != plain(new.study.head.get(k)) for k in FACTOR_HEAD):
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
    title = TABLES.get(subject, Text(subject, subject))
    return Text(f"数据：{title.zh}", f"data: {title.en}")


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
