"""One rulebook over resolved facts: every check a finding, every publish clause a quantity."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..core.errors import Place, TanbiaoError
from ..core.text import Text
from ..core.value import KNOWN, MISSING, NOT_APPLICABLE, Value
from ..formula import names_in
from ..standards.clause import Clause
from ..standards.names import derived_columns
from ..standards.resolve import Rulebook
from .background import Background
from .facts import Facts
from .impacts import uncounted_texts
from .ledger import Ledger
from .publish import published_of
from .results import Finding, Result
from .run import Evaluation

REVIEWS_BY_STRENGTH = ("constructed", "memory", "secondary", "transcribed", "verified")


def evaluate_rulebook(
    rulebook: Rulebook,
    facts: Facts,
    background: Background,
    ledger: Ledger,
    evaluation: Evaluation | None = None,
) -> Result:
    """Every check and every published quantity of a rulebook over the facts."""
    evaluation = evaluation or Evaluation(rulebook, facts, background, ledger)
    findings = tuple(finding_of(c, evaluation) for c in rulebook.of_kind("check"))
    refused = tuple(f.clause for f in findings if f.severity == "refuse" and f.verdict == "fail")
    published = tuple(published_of(c, evaluation, refused) for c in rulebook.of_kind("publish"))
    for clause in (*rulebook.of_kind("check"), *rulebook.of_kind("publish")):
        key = evaluation.keys.get(clause.name)
        if key is not None:
            ledger.roots.append(key)
    evaluation.problems += evaluation.impact_columns.problems()
    problems = {p.text("en"): p for p in evaluation.problems}
    return Result(rulebook, evaluation, published, findings, tuple(problems.values()))


def finding_of(clause: Clause, evaluation: Evaluation) -> Finding:
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
    base = replace(base, review=weakest_review(clause, evaluation))
    if value.table is None:
        if value.state == KNOWN:
            if value.data:
                return base
            return replace(base, verdict="fail", where=places, missing=uncounted_texts(clause, evaluation))
        return _unknown(base, value, int(value.state), places)
    states = np.asarray(value.state)
    truth = np.asarray(value.data, dtype=bool)
    failed = np.flatnonzero((states == KNOWN) & ~truth)
    ids, where = _row_places(value.table, failed, evaluation)
    if len(failed):
        flows = uncounted_texts(clause, evaluation)
        return replace(base, verdict="fail", rows=ids, where=where, missing=flows)
    stuck = np.flatnonzero(states == MISSING)
    if len(stuck):
        ids, where = _row_places(value.table, stuck, evaluation)
        return replace(base, verdict="not_evaluable", rows=ids, where=where, missing=tuple(sorted(value.why)))
    if (states == NOT_APPLICABLE).all():
        return replace(
            base, verdict="not_applicable", missing=tuple(sorted(w for w in value.why if "#" in w))
        )
    return base


def weakest_review(clause: Clause, evaluation: Evaluation) -> str:
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
