"""A clause: one executable piece of a pack, read from YAML with the line it stands on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from ..core.errors import Place, Problem, TanbiaoError
from ..core.numbers import Rounding, number
from ..core.text import Node as Yaml
from ..core.text import Text, plain
from ..core.units import ONE, Unit, UnitError, unit
from ..core.value import Basis, Value, basis, known
from ..formula import Node, parse

Kind = Literal["given", "define", "choose", "check", "table", "grade", "publish"]
Severity = Literal["refuse", "must", "should", "may"]
Review = Literal["verified", "transcribed", "secondary", "memory"]
ReadKind = Literal["number", "text", "date", "bool", "table"]

KINDS = ("given", "define", "choose", "check", "table", "grade", "publish")
SEVERITIES = ("refuse", "must", "should", "may")
REVIEWS = ("verified", "transcribed", "secondary", "memory", "constructed")


NO_TEXT = Text("", "")


@dataclass(frozen=True)
class Column:
    """A column of a table: its kind, unit and basis, and what it means."""

    name: str
    kind: str
    unit: Unit = ONE
    basis: Basis = ()
    required: bool = False
    options: tuple[str, ...] = ()
    text: Text | None = None
    cells: str = ""
    """`predicate` or `formula` where the cells hold such."""


@dataclass(frozen=True)
class Subject:
    """The rows a clause speaks of: `process where count(products) > 1`."""

    table: str
    where: Node | None = None


@dataclass(frozen=True)
class LineTemplate:
    """One line that an option writes for each row: provider (a column or a literal id), coefficient, stage, account."""

    provider: str
    coefficient: Node
    stage: str | None
    account: Literal["total", "credit", "outside"]
    unit: Unit | None = None
    """Unit that amount times coefficient counts in, where it is not the unit of the exchange (MJ of heat per kg)."""


@dataclass(frozen=True)
class Option:
    """One option of a choice, with its condition and what it does to the facts."""

    name: str
    when: Node | None = None
    key: Node | None = None
    """Allocation: the weight of each product."""
    provider: Node | None = None
    """Another provider for the exchanges of the row."""
    lines: tuple[LineTemplate, ...] | None = None
    """Lines in place of the exchanges of the row."""


@dataclass(frozen=True)
class Clause:
    """One clause. Which of the fields below `severity` matter depends on `kind`; see docs/reference/packs."""

    id: str
    kind: Kind
    place: Place
    pack: str
    name: str
    number: str = ""
    text: Text = NO_TEXT
    when: Node | None = None
    subject: Subject | None = None
    source: Mapping[str, str] = field(default_factory=dict)
    review: str = "memory"
    open: bool = False
    axis: str = ""
    """The switchable choice this clause belongs to; `compare` moves the clauses of an axis together."""
    fills: str | None = None
    replaces: str | None = None
    severity: Severity = "must"
    # given
    value_kind: str = "number"
    path: str = ""
    required: bool = True
    options: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    default: Value | None = None
    parent: str = ""
    # define, check
    formula: Node | None = None
    value: Value | None = None
    unit: Unit = ONE
    basis: Basis = ()
    inputs: Mapping[str, Unit] = field(default_factory=dict)
    converts: frozenset[str] = frozenset()
    alternative: Mapping[str, str] = field(default_factory=dict)
    remedy: Text | None = None
    # choose
    first: tuple[Option, ...] = ()
    # table
    table: str = ""
    keys: tuple[str, ...] = ()
    # grade
    style: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    # publish
    of: str = ""
    rounding: Rounding | None = None
    stages: str = ""
    per: str = ""
    headline: bool = False
    also: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """`pack@edition#slug`: permanent and ours."""
        return f"{self.pack}#{self.id}"

    def formulas(self) -> list[Node]:
        """Every formula that the clause holds."""
        found = [
            f
            for f in (self.when, self.formula, self.subject.where if self.subject else None)
            if f is not None
        ]
        for option in self.first:
            found += [f for f in (option.when, option.key, option.provider) if f is not None]
            found += [t.coefficient for t in option.lines or ()]
        return found


_MAPPINGS = {"source", "basis", "columns", "in", "also", "levels", "remedy"}
_LISTS = {"first", "lines", "converts", "keys"}
_COMMON = {
    "id",
    "kind",
    "number",
    "text",
    "when",
    "for",
    "source",
    "review",
    "open",
    "fills",
    "replaces",
    "name",
    "axis",
}
_ALLOWED: dict[str, set[str]] = {
    "given": {"type", "from", "required", "options", "columns", "unit", "basis", "default", "parent"},
    "define": {"formula", "value", "unit", "basis", "in", "converts", "options", "type"},
    "choose": {"first", "lines", "option", "key", "provider"},
    "check": {"formula", "severity", "remedy", "converts"},
    "table": {"table", "keys"},
    "grade": {
        "style",
        "table",
        "levels",
        "policy",
        "level_rule",
        "weight_mode",
        "order",
        "unit",
        "missing",
        "bonus",
        "cap",
        "states",
        "alpha",
        "existing_only",
    },
    "publish": {"of", "unit", "round", "stages", "per", "headline", "also"},
}


class ClauseReader:
    """Reads clause mappings of one pack, collecting every problem."""

    def __init__(self, pack: str, inherited: Mapping[str, str]) -> None:
        self.pack, self.inherited = pack, inherited
        self.problems: list[Problem] = []

    def problem(self, code: str, place: Place, **args: object) -> None:
        self.problems.append(Problem(code, place, {k: str(v) for k, v in args.items()}))

    def read(self, raw: Yaml) -> Clause | None:
        """One clause, or None when it is beyond reading."""
        before = len(self.problems)
        fills, replaces = raw.get("fills"), raw.get("replaces")
        slug = raw.get("id") or (str(fills or replaces).partition("#")[2] if fills or replaces else None)
        kind = raw.get("kind") or ("define" if fills else None)
        if slug is None or not re.fullmatch(r"[^\W_][\w-]*", str(slug)):
            self.problem("clause-id", raw.place("id"), id=slug)
            return None
        if kind not in KINDS:
            self.problem("clause-kind", raw.place("kind"), kind=kind, kinds=", ".join(KINDS))
            return None
        if not self.shaped(raw, str(slug), kind):
            return None
        for key in raw:
            if key not in _COMMON | _ALLOWED[kind]:
                self.problem("clause-key", raw.place(key), key=key, kind=kind, id=slug)
        review = raw.get("review") or self.inherited.get("review", "")
        if review not in REVIEWS:
            self.problem("clause-review", raw.place("review"), review=review, id=slug)
        severity = raw.get("severity", "must")
        if severity not in SEVERITIES:
            self.problem("clause-severity", raw.place("severity"), severity=severity)
        source = dict(plain(raw.get("source") or {})) or {"document": self.inherited.get("document", "")}
        if not source.get("document"):
            self.problem("clause-source", raw.place("source"), id=slug)
        settings = {k: plain(raw[k]) for k in raw if kind == "grade" and k in _ALLOWED["grade"]}
        measured = self.unit(raw, "unit")
        first = self.options(raw) if kind == "choose" else ()
        clause = Clause(
            id=str(slug),
            kind=cast(Kind, kind),
            place=raw.place(),
            pack=self.pack,
            name=str(raw.get("name") or _name(str(slug))),
            number=str(raw.get("number") or ""),
            text=self.text(raw, "text", required=not (fills)),
            when=self.formula(raw, "when"),
            subject=self.subject(raw),
            source=source,
            review=str(review),
            open=raw.get("open") is not None,
            axis=str(raw.get("axis") or ""),
            fills=fills,
            replaces=replaces,
            severity=severity,
            value_kind=str(
                raw.get("type") or ("number" if raw.get("options") is None or kind != "given" else "text")
            ),
            path=str(raw.get("from") or f"parameters.{_name(str(slug))}"),
            required=raw.get("required") != "false",
            options=tuple(raw.get("options") or ()) if kind == "given" else (),
            columns=self.columns(raw) if kind == "given" else (),
            parent=str(raw.get("parent") or ""),
            formula=self.formula(raw, "formula"),
            unit=measured,
            basis=basis(plain(raw.get("basis") or {})),
            value=self.value(raw, "value", measured),
            default=self.value(raw, "default", measured),
            inputs={k: self.unit(raw["in"], k) for k in raw.get("in") or {}},
            converts=frozenset(raw.get("converts") or ()),
            alternative=dict(plain(raw.get("options") or {}))
            if kind == "define" and raw.get("options")
            else {},
            remedy=self.text(raw, "remedy", required=False) if raw.get("remedy") else None,
            first=first,
            table=str(raw.get("table") or ""),
            keys=tuple(raw.get("keys") or ()),
            style=str(raw.get("style") or ""),
            settings=settings,
            of=str(raw.get("of") or ""),
            rounding=self.rounding(raw),
            stages=str(raw.get("stages") or ""),
            per=str(raw.get("per") or ""),
            headline=raw.get("headline") == "true",
            also=dict(plain(raw.get("also") or {})),
        )
        self.shape(clause, raw)
        return clause if len(self.problems) == before else None

    def shaped(self, raw: Yaml, slug: str, kind: str) -> bool:
        """Whether every key holds what it can hold: a text, a list or a mapping."""
        wrong = []
        for key, value in raw.items():
            wanted = (
                "mapping"
                if key in _MAPPINGS or (key == "options" and kind == "define")
                else "list"
                if key in _LISTS or key == "options"
                else "text"
            )
            fits = {
                "mapping": isinstance(value, Yaml),
                "list": isinstance(value, list),
                "text": isinstance(value, str),
            }[wanted]
            if wanted == "list" and fits:
                inner = Yaml if key in ("first", "lines") else str
                fits = all(isinstance(v, inner) for v in value)
                if fits and key == "first":
                    fits = all(self.shaped(v, slug, "option") for v in value)
                elif fits and key == "lines":
                    fits = all(self.shaped(v, slug, "line") for v in value)
            if not fits and not (key == "text" and kind != "line") and value is not None:
                wrong.append((key, wanted))
        for key, wanted in wrong:
            self.problem("clause-shape", raw.place(key), id=slug, key=key, wanted=wanted)
        return not wrong

    def shape(self, clause: Clause, raw: Yaml) -> None:
        """What each kind must have."""
        needs: dict[str, tuple[str, ...]] = {
            "check": ("formula",),
            "table": ("table",),
            "grade": ("style", "table"),
            "publish": ("of",),
        }
        for key in needs.get(clause.kind, ()):
            if raw.get(key) is None:
                self.problem("clause-needs", raw.place(), key=key, kind=clause.kind, id=clause.id)
        if (
            clause.kind == "define"
            and not clause.open
            and not clause.alternative
            and (clause.formula is None) == (clause.value is None)
        ):
            self.problem("clause-needs", raw.place(), key="formula | value", kind="define", id=clause.id)
        if clause.kind == "choose" and not clause.first:
            self.problem("clause-needs", raw.place(), key="first | lines", kind="choose", id=clause.id)
        if clause.kind == "given" and clause.value_kind == "table" and not clause.columns:
            self.problem("clause-needs", raw.place(), key="columns", kind="given", id=clause.id)

    # -- parts -------------------------------------------------------------------------------------------------

    def text(self, raw: Yaml, key: str, required: bool = True) -> Text:
        given = raw.get(key)
        if given is None:
            if required:
                self.problem("clause-text", raw.place(), key=key, lang="zh, en")
            return Text("", "")
        if not isinstance(given, Yaml):
            self.problem("clause-text", raw.place(key), key=key, lang="zh, en")
            return Text(str(given), str(given))
        for lang in ("zh", "en"):
            if not given.get(lang):
                self.problem("clause-text", raw.place(key), key=key, lang=lang)
        return Text(str(given.get("zh") or ""), str(given.get("en") or ""))

    def formula(self, raw: Yaml, key: str) -> Node | None:
        text = raw.get(key)
        if text is None:
            return None
        try:
            return parse(str(text), raw.place(key))
        except TanbiaoError as error:
            self.problems.extend(error.problems)
            return None

    def unit(self, raw: Yaml, key: str) -> Unit:
        text = raw.get(key)
        if text is None:
            return ONE
        try:
            return unit(str(text))
        except UnitError:
            self.problem("unit-unknown", raw.place(key), unit=text)
            return ONE

    def value(self, raw: Yaml, key: str, measured: Unit) -> Value | None:
        text = raw.get(key)
        if text is None:
            return None
        if text in ("true", "false"):
            return Value(text == "true")
        amount, _, rest = str(text).partition(" ")
        try:
            if rest and raw.get("unit") is None:
                return known(number(amount), unit(rest))
            return read_quantity(str(text), measured)
        except (ValueError, UnitError):
            return Value(str(text))

    def subject(self, raw: Yaml) -> Subject | None:
        text = raw.get("for")
        if text is None:
            return None
        table, _, condition = str(text).partition(" where ")
        node = None
        if condition:
            try:
                node = parse(condition, raw.place("for"))
            except TanbiaoError as error:
                self.problems.extend(error.problems)
        return Subject(table.strip(), node)

    def options(self, raw: Yaml) -> tuple[Option, ...]:
        items = raw.get("first")
        if items is None:
            items = [raw]
        found = []
        for item in items:
            if not isinstance(item, Yaml):
                self.problem(
                    "clause-needs", raw.place("first"), key="option", kind="choose", id=raw.get("id")
                )
                continue
            lines = None
            if item.get("lines") is not None:
                lines = tuple(t for t in (self.line(line) for line in item["lines"]) if t is not None)
            found.append(
                Option(
                    str(item.get("option") or "applies"),
                    None if item is raw else self.formula(item, "when"),
                    self.formula(item, "key"),
                    self.formula(item, "provider"),
                    lines,
                )
            )
        return tuple(found)

    def line(self, raw: Yaml) -> LineTemplate | None:
        coefficient = self.formula(raw, "coefficient")
        account = raw.get("account", "total")
        if account not in ("total", "credit", "outside") or not raw.get("provider"):
            self.problem("clause-line", raw.place(), account=account)
            return None
        if coefficient is None:
            self.problem("clause-needs", raw.place(), key="coefficient", kind="line", id=raw.get("provider"))
            return None
        return LineTemplate(
            str(raw["provider"]),
            coefficient,
            raw.get("stage"),
            account,
            self.unit(raw, "unit") if raw.get("unit") else None,
        )

    def columns(self, raw: Yaml) -> tuple[Column, ...]:
        found = []
        for name, spec in (raw.get("columns") or {}).items():
            spec = (
                spec if isinstance(spec, Yaml) else Yaml(raw.place().file or "", raw.line, {"type": spec}, {})
            )
            choices = tuple(spec.get("options") or ())
            found.append(
                Column(
                    name,
                    str(spec.get("type") or ("text" if choices else "number")),
                    self.unit(spec, "unit"),
                    basis(plain(spec.get("basis") or {})),
                    spec.get("required") == "true",
                    choices,
                    self.text(spec, "text", False) if spec.get("text") else None,
                )
            )
        return tuple(found)

    def rounding(self, raw: Yaml) -> Rounding | None:
        text = raw.get("round")
        if text is None:
            return None
        match = re.fullmatch(r"(\d+) (significant|decimals)(?: half (even|up))?", str(text))
        if not match:
            self.problem("clause-round", raw.place("round"), text=text)
            return None
        return Rounding(match[2], int(match[1]), match[3] or "even")  # type: ignore[arg-type]


def read_quantity(text: str, measured: Unit) -> Value:
    """`"1 %"`, `"64 kWh"` or a bare `"0.2"` in `measured`. Raises `ValueError`, `UnitError`."""
    amount, _, rest = text.strip().partition(" ")
    exact = number(amount)
    if not rest:
        return known(exact, measured)
    found = unit(rest)
    if not found.fits(measured):
        raise UnitError(rest)
    return known(exact * found.to(measured), measured)


def _name(slug: str) -> str:
    return unicodedata.normalize("NFKC", slug).replace("-", "_")
