"""Results: findings by clause and published quantities with their breakdown. Never edited, always recomputed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..core.digest import digest
from ..core.errors import Place, Problem, TanbiaoError
from ..core.numbers import compare
from ..core.text import Text
from ..core.value import KNOWN, MISSING, NOT_APPLICABLE, Value
from ..formula import names_in
from ..standards.clause import Clause
from ..standards.names import derived_columns
from ..standards.resolve import Rulebook
from .background import POSITION_COLUMNS, POSITIONS, Background
from .facts import Facts
from .grade import Graded
from .ledger import Entry, Ledger
from .run import ClauseScope, Evaluation

SUM_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Finding:
    """The verdict of one check: pass, fail, not_evaluable (naming what is missing), not_applicable (by a clause)."""

    clause: str
    number: str
    severity: str
    review: str
    verdict: str
    text: Text
    missing: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    remedy: Text | None = None
    source: str = ""

    def data(self) -> dict[str, Any]:
        return {
            "clause": self.clause,
            "number": self.number,
            "severity": self.severity,
            "review": self.review,
            "verdict": self.verdict,
            "missing": list(self.missing),
            "where": ", ".join(self.where),
            "rows": list(self.rows),
            "message": self.text.data(),
            "remedy": self.remedy.data() if self.remedy else None,
            "source": self.source,
        }


@dataclass(frozen=True, eq=False)
class Stage:
    """A stage of the pack's vocabulary with its share of a published quantity, in the published unit."""

    id: str
    name: Text
    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Contribution:
    """What one provider adds to the headline, in the published unit."""

    provider: str
    name: Text
    value: float
    low: float
    high: float
    coverage: str
    share: float


@dataclass(frozen=True, eq=False)
class Published:
    """One published quantity: its value, the rounded text that is signed, and how it is made up."""

    pack: str
    name: str
    clause: str
    review: str
    title: Text
    value: float | str | None
    published: str
    unit: str
    basis: Mapping[str, str]
    missing: tuple[str, ...] = ()
    headline: bool = False
    low: float | None = None
    high: float | None = None
    stages: tuple[Stage, ...] = ()
    positions: Mapping[str, float] = field(default_factory=dict)
    credits: float = 0.0
    outside: float = 0.0
    coverage: Mapping[str, float] = field(default_factory=dict)
    judged: float = 0.0
    unconverted: float = 0.0
    contributions: tuple[Contribution, ...] = ()
    verdict: str | None = None
    primary_data_share: float | None = None
    """As a fraction, whatever unit its clause is written in."""
    dqr: Mapping[str, float] = field(default_factory=dict)
    grade: Graded | None = None
    method_fingerprint: str = ""
    entry: str = ""

    @property
    def t1(self) -> float:
        """Sum of all positions (including uptake)."""
        return sum(self.positions.values())

    @property
    def t2(self) -> float:
        """Without biogenic uptake."""
        return self.t1 - self.positions.get("D", 0.0)

    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "pack": self.pack,
            "name": self.name,
            "clause": self.clause,
            "review": self.review,
            "title": self.title.data(),
            "value": self.value,
            "published": self.published,
            "unit": self.unit,
            "basis": dict(self.basis),
            "missing": list(self.missing),
            "headline": self.headline,
            "method_fingerprint": self.method_fingerprint,
        }
        if self.positions:
            found |= {
                "low": self.low,
                "high": self.high,
                "stages": {s.id: s.value for s in self.stages},
                "positions": dict(self.positions),
                "T1": self.t1,
                "T2": self.t2,
                "credits": self.credits,
                "outside": self.outside,
                "coverage": dict(self.coverage),
                "judged_share": self.judged,
                "unconverted_share": self.unconverted,
                "verdict": self.verdict,
                "primary_data_share": self.primary_data_share,
                "dqr": dict(self.dqr),
                "contributions": [
                    {
                        "provider": c.provider,
                        "name": c.name.data(),
                        "value": c.value,
                        "share": c.share,
                        "coverage": c.coverage,
                    }
                    for c in self.contributions[:20]
                ],
            }
        if self.grade is not None:
            found |= self.grade.data()
        return found


@dataclass(frozen=True, eq=False)
class Result:
    """What follows when one rulebook meets the facts."""

    rulebook: Rulebook
    evaluation: Evaluation
    published: tuple[Published, ...]
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]

    @property
    def headline(self) -> Published | None:
        return next((p for p in self.published if p.headline), None)

    @property
    def refused(self) -> tuple[Finding, ...]:
        """Findings that forbid any result."""
        return tuple(f for f in self.findings if f.severity == "refuse" and f.verdict == "fail")

    @property
    def unverified_musts(self) -> int:
        """How many applicable must-clauses rest on an encoding that nobody verified."""
        return sum(
            1
            for f in self.findings
            if f.severity in ("must", "refuse") and f.verdict != "not_applicable" and f.review != "verified"
        )

    def conformity(self) -> Text:
        """The only words about conformity that any face may show."""
        failed = sum(1 for f in self.findings if f.severity in ("must", "refuse") and f.verdict == "fail")
        unknown = sum(
            1 for f in self.findings if f.severity in ("must", "refuse") and f.verdict == "not_evaluable"
        )
        if failed:
            return Text(
                f"不符合：{failed} 条要求未满足", f"does not conform: {_count(failed, 'is', 'are')} not met"
            )
        if unknown:
            return Text(
                f"无法判定：{unknown} 条要求缺数据",
                f"cannot be judged: {_count(unknown, 'lacks', 'lack')} data",
            )
        if self.unverified_musts:
            return Text(
                f"按未经核实的编码核对：{self.unverified_musts} 条要求的编码未经核实",
                "checked against an unverified encoding: "
                f"{_count(self.unverified_musts, 'is', 'are')} unverified",
            )
        return Text("符合", "conforms")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} requirement {one}" if number == 1 else f"{number} requirements {many}"


def evaluate_rulebook(
    rulebook: Rulebook,
    facts: Facts,
    background: Background,
    ledger: Ledger,
    evaluation: Evaluation | None = None,
) -> Result:
    """Every check and every published quantity of a rulebook over the facts."""
    evaluation = evaluation or Evaluation(rulebook, facts, background, ledger)
    findings = tuple(_finding(c, evaluation) for c in rulebook.of_kind("check"))
    refused = tuple(f.clause for f in findings if f.severity == "refuse" and f.verdict == "fail")
    published = tuple(_published(c, evaluation, refused) for c in rulebook.of_kind("publish"))
    for clause in (*rulebook.of_kind("check"), *rulebook.of_kind("publish")):
        key = evaluation.keys.get(clause.name)
        if key is not None:
            ledger.roots.append(key)
    problems = {p.text("en"): p for p in evaluation.problems}
    return Result(rulebook, evaluation, published, findings, tuple(problems.values()))


def _finding(clause: Clause, evaluation: Evaluation) -> Finding:
    source = str(clause.source.get("document", ""))
    base = Finding(
        clause.address,
        clause.number,
        clause.severity,
        clause.review,
        "pass",
        clause.text,
        remedy=clause.remedy or _remedy(clause, evaluation),
        source=source,
    )
    try:
        value = evaluation.value(clause.name)
    except TanbiaoError as error:
        evaluation.problems.extend(error.problems)
        return replace(base, verdict="not_evaluable", missing=tuple(p.text("en") for p in error.problems[:3]))
    places = _places(clause, evaluation)
    base = replace(base, review=_weakest(clause, evaluation))
    if value.table is None:
        if value.state == KNOWN:
            return replace(base, verdict="pass" if value.data else "fail", where=() if value.data else places)
        return _unknown(base, value, int(value.state), places)
    states = np.asarray(value.state)
    truth = np.asarray(value.data, dtype=bool)
    failed = np.flatnonzero((states == KNOWN) & ~truth)
    ids, where = _row_places(value.table, failed, evaluation)
    if len(failed):
        return replace(base, verdict="fail", rows=ids, where=where)
    stuck = np.flatnonzero(states == MISSING)
    if len(stuck):
        ids, where = _row_places(value.table, stuck, evaluation)
        return replace(base, verdict="not_evaluable", rows=ids, where=where, missing=tuple(sorted(value.why)))
    if (states == NOT_APPLICABLE).all():
        return replace(
            base, verdict="not_applicable", missing=tuple(sorted(w for w in value.why if "#" in w))
        )
    return base


def _weakest(clause: Clause, evaluation: Evaluation) -> str:
    """The weakest review mark of a check and of every rule it rests on: a verified check over an unverified table is
    not verified."""
    found = {clause.review}
    seen: set[str] = set()
    waiting = [evaluation.keys[clause.name]]
    while waiting:
        for _, entry in evaluation.ledger.below(waiting.pop()):
            if entry.digest in seen or entry.kind in ("lines", "given"):
                continue
            seen.add(entry.digest)
            waiting.append(entry.digest)
            other = evaluation.rulebook.by_address(entry.clause)
            if other is not None:
                found.add(other.review)
            table = (
                evaluation.rulebook.tables.get(entry.name.partition(".")[0])
                if entry.kind == "table"
                else None
            )
            if table is not None and "review" in table.values:
                found |= {str(mark) for mark in table.values["review"].data}
    return min(found, key=lambda mark: REVIEWS_BY_STRENGTH.index(mark) if mark in REVIEWS_BY_STRENGTH else 0)


REVIEWS_BY_STRENGTH = ("constructed", "memory", "secondary", "transcribed", "verified")


def _remedy(clause: Clause, evaluation: Evaluation) -> Text | None:
    """Where a pack gives no remedy of its own: the data that the clause reads, to be given or corrected."""
    names = [n for node in clause.formulas() for n in names_in(node)]
    subject = evaluation.names.table_named(clause.subject.table) if clause.subject else None
    found: list[str] = []
    for name in dict.fromkeys(names):
        given = evaluation.rulebook.clauses.get(name)
        if given is not None and given.kind == "given" and given.value_kind != "table":
            found.append(given.path)
        elif "." in name and evaluation.names.table_named(name.partition(".")[0]) in evaluation.facts.tables:
            found.append(name)
        elif (
            given is None
            and subject in evaluation.facts.tables
            and evaluation.names.column(subject or "", name)
        ):
            found.append(f"{subject}.{name}")
    if not found:
        return None
    shown = ", ".join(found[:8])
    return Text(f"补充或改正：{shown}", f"give or correct: {shown}")


def _unknown(base: Finding, value: Value, state: int, places: tuple[str, ...]) -> Finding:
    verdict = "not_evaluable" if state == MISSING else "not_applicable"
    return replace(
        base, verdict=verdict, missing=tuple(sorted(value.why)), where=places if state == MISSING else ()
    )


def _places(clause: Clause, evaluation: Evaluation) -> tuple[str, ...]:
    """Where the data stand that a scalar check reads directly."""
    key = evaluation.keys.get(clause.name)
    if key is None:
        return ()
    found = []
    for name, entry in evaluation.ledger.below(key):
        place = evaluation.facts.places.get(entry.name)
        if entry.kind == "given" and place is not None:
            found.append(str(place))
        elif entry.kind == "given" and "." in name:
            table = evaluation.facts.tables.get(name.partition(".")[0])
            if table is not None and table.source is not None:
                found.append(str(Place(table.source.file, path=name.partition(".")[2])))
    return tuple(dict.fromkeys(found))[:6]


def _row_places(table: str, rows: Any, evaluation: Evaluation) -> tuple[tuple[str, ...], tuple[str, ...]]:
    ids, where = [], []
    for row in list(rows)[:20]:
        row = int(row)
        if table == "line":
            columns = evaluation._line_columns or {}
            fact = str(columns["fact"].data[row]) if "fact" in columns else str(row)
            ids.append(fact)
            if evaluation.solved is not None:
                lines = evaluation.solved.lines
                found = evaluation.facts.tables.get(lines.fact_table[row])
                if found is not None:
                    where.append(str(found.place(int(lines.fact_row[row]))))
            continue
        if table in derived_columns():
            flows = evaluation.mass_flow()
            ids.append(str(flows.tables[table]["id"].data[row]))
            where.append(_derived_place(table, ids[-1], evaluation))
            continue
        base = "exchange" if table == "product" else table
        row = int(evaluation.product_rows()[row]) if table == "product" else row
        found = evaluation.facts.tables.get(base)
        if found is not None:
            ids.append(found.ids[row])
            where.append(str(found.place(row)))
        else:
            ids.append(
                str(
                    evaluation.rulebook.tables[base].values["id"].data[row]
                    if "id" in evaluation.rulebook.tables[base].columns
                    else row
                )
            )
    more = len(rows) - 20
    if more > 0:
        ids.append(f"+{more}")
    return tuple(dict.fromkeys(ids)), tuple(dict.fromkeys(w for w in where if w))


def _derived_place(table: str, id_: str, evaluation: Evaluation) -> str:
    """Where the fact stands that a derived row comes from: the part, route, movement or claim of its id."""
    for name in {
        "inflow": ("part", "movement"),
        "outflow": ("route", "movement"),
        "removal": ("part",),
        "credit": ("custody",),
    }.get(table, ()):
        found = evaluation.facts.tables.get(name)
        wanted = id_.partition("/")[0]
        if found is not None and wanted in found.ids:
            return str(found.place(found.ids.index(wanted)))
    return ""


def _published(clause: Clause, evaluation: Evaluation, refused: tuple[str, ...]) -> Published:
    rulebook = evaluation.rulebook
    target = rulebook.clauses.get(clause.of)
    base = Published(
        rulebook.pack.version,
        clause.of,
        clause.address,
        clause.review,
        clause.text,
        None,
        "—",
        clause.unit.text,
        dict(target.basis if target else ()),
        headline=clause.headline,
    )
    if refused:
        return replace(base, missing=refused)
    try:
        value = evaluation.value(clause.name)
    except TanbiaoError as error:
        evaluation.problems.extend(error.problems)
        return replace(base, missing=tuple(p.text("en") for p in error.problems[:3]))
    base = replace(base, entry=evaluation.keys[clause.name], grade=evaluation.grades.get(clause.of))
    if value.state != KNOWN:
        return replace(base, missing=tuple(sorted(value.why)))
    if isinstance(value.data, str | bool):
        return replace(base, value=str(value.data), published=str(value.data))
    shown = value.with_unit(clause.unit)
    exact = shown.number()
    text = clause.rounding.text(exact) if clause.rounding is not None else str(float(exact))
    base = replace(base, value=float(exact), published=text)
    if clause.per or clause.stages:
        base = _breakdown(base, clause, evaluation, float(exact))
    return base


def _breakdown(base: Published, clause: Clause, evaluation: Evaluation, total: float) -> Published:
    """Stages, positions, coverage and contributions; refuses when the stages do not sum to the total."""
    columns = {
        n: evaluation.line_column(n)
        for n in (
            "impact",
            "account",
            "stage",
            "low",
            "high",
            "judged",
            "unconverted",
            "coverage",
            "provider",
            *POSITION_COLUMNS,
        )
    }
    per = 1.0
    if clause.per:
        divisor = evaluation.value(clause.per)
        if divisor.state != KNOWN:
            return base
        per = float(divisor.data)
    scale = 1.0 / per / float(clause.unit.factor)
    accounts = columns["account"].data
    inside = np.array([a in ("total", "credit") for a in accounts], dtype=bool)
    impact = np.asarray(columns["impact"].data, dtype=np.float64) * scale
    low, high = (np.asarray(columns[n].data, dtype=np.float64) * scale for n in ("low", "high"))
    stages = _stages(clause, evaluation, columns["stage"].data, inside, impact, low, high)
    parts = sum(s.value for s in stages)
    if abs(parts - total) > SUM_TOLERANCE * max(1.0, abs(total), float(np.abs(impact).sum())):
        problem = Problem(
            "breakdown-sum",
            clause.place,
            {"name": clause.of, "parts": f"{parts:.9g}", "total": f"{total:.9g}"},
            clause.address,
        )
        raise TanbiaoError([problem])
    positions = {
        p: float(np.asarray(columns[n].data, dtype=np.float64)[inside].sum() * scale)
        for p, n in zip(POSITIONS, POSITION_COLUMNS, strict=True)
    }
    weight = float(np.abs(impact[inside]).sum()) or 1.0
    kinds = columns["coverage"].data
    coverage = {
        k: float(np.abs(impact[inside & (kinds == k)]).sum() / weight)
        for k in ("named", "derived", "proxy", "none", "direct")
    }
    extras = {role: _scalar(evaluation, name) for role, name in clause.also.items()}
    dqr = {
        role.removeprefix("dqr_"): v
        for role, v in extras.items()
        if role.startswith("dqr_") and isinstance(v, float)
    }
    pds = extras.get("primary_data_share")
    verdict = extras.get("verdict")
    return replace(
        base,
        stages=stages,
        positions=positions,
        low=float(low[inside].sum()),
        high=float(high[inside].sum()),
        credits=float(impact[accounts == "credit"].sum()),
        outside=float(impact[accounts == "outside"].sum()),
        coverage=coverage,
        judged=float(np.abs(columns["judged"].data[inside]).sum() * scale / weight),
        unconverted=float(np.abs(columns["unconverted"].data[inside]).sum() * scale / weight),
        contributions=_contributions(columns, inside, impact, low, high, evaluation.background, total),
        verdict=str(verdict) if verdict is not None else None,
        primary_data_share=pds if isinstance(pds, float) else None,
        dqr=dqr,
        method_fingerprint=fingerprint(clause, evaluation),
    )


def _stages(
    clause: Clause, evaluation: Evaluation, tags: Any, inside: Any, impact: Any, low: Any, high: Any
) -> tuple[Stage, ...]:
    names: dict[str, Text] = {}
    if clause.stages:
        values = evaluation.rulebook.tables[clause.stages].values
        for row in range(evaluation.rulebook.tables[clause.stages].rows):
            account = str(values["account"].data[row]) if "account" in values else ""
            if account != "outside":
                names.setdefault(
                    str(values["stage"].data[row]),
                    Text(str(values["zh"].data[row]), str(values["en"].data[row])),
                )
    for tag in tags[inside]:
        names.setdefault(str(tag), Text(str(tag), str(tag)))
    found = []
    for id_, name in names.items():
        mask = inside & (tags == id_)
        found.append(
            Stage(id_, name, float(impact[mask].sum()), float(low[mask].sum()), float(high[mask].sum()))
        )
    return tuple(found)


def _contributions(
    columns: Mapping[str, Value],
    inside: Any,
    impact: Any,
    low: Any,
    high: Any,
    background: Background,
    total: float,
) -> tuple[Contribution, ...]:
    groups: dict[str, list[int]] = {}
    for row in np.flatnonzero(inside):
        groups.setdefault(str(columns["provider"].data[row]), []).append(int(row))
    found = []
    for provider, rows in groups.items():
        known = background.providers.get(provider)
        name = known.name if known else Text(provider or "未链接", provider or "not linked")
        value = float(impact[rows].sum())
        found.append(
            Contribution(
                provider,
                name,
                value,
                float(low[rows].sum()),
                float(high[rows].sum()),
                str(columns["coverage"].data[rows[0]]),
                value / total if total else 0.0,
            )
        )
    return tuple(sorted(found, key=lambda c: (-abs(c.value), c.provider)))


def _scalar(evaluation: Evaluation, name: str) -> float | str | None:
    value = evaluation.value(name)
    if value.state != KNOWN or value.table is not None:
        return None
    if isinstance(value.data, str | bool):
        return str(value.data)
    return float(value.data)


def fingerprint(clause: Clause, evaluation: Evaluation) -> str:
    """Two results may be compared only when this agrees: packs, unit, chosen options, GWP set, libraries."""
    options = {c: sorted(set(d.option) - {""}) for c, d in sorted(evaluation.decisions.items())}
    return digest(
        {
            "packs": sorted(evaluation.rulebook.digests.values()),
            "unit": clause.unit.text,
            "basis": [
                list(b)
                for b in (
                    evaluation.rulebook.clauses[clause.of].basis
                    if clause.of in evaluation.rulebook.clauses
                    else ()
                )
            ],
            "options": options,
            "gwp": evaluation.background.gwp,
            "libraries": sorted(evaluation.background.libraries.values()),
        }
    )[:16]


__all__ = [
    "ClauseScope",
    "Contribution",
    "Entry",
    "Finding",
    "Published",
    "Result",
    "Stage",
    "compare",
    "evaluate_rulebook",
    "fingerprint",
]
