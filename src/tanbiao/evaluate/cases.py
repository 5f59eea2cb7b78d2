"""Worked cases of packs: given → expected. A source's printed number and the recomputed one may both stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import Place, Problem, TanbiaoError, raise_errors
from ..core.numbers import decimal_text, number
from ..core.text import Node as Yaml
from ..core.text import Text, plain
from ..core.units import UnitError, unit
from ..core.value import KNOWN, NOT_APPLICABLE, Value
from ..library.intensity import Impacts, Intensity
from ..standards.clause import Column, read_quantity
from ..standards.names import derived_columns, line_columns
from ..standards.resolve import Rulebook
from ..study import Study, Table
from .background import POSITIONS, Background, Provider
from .facts import Facts, FactTable, column_value, resolve_facts, scalar_facts
from .judge import evaluate_rulebook
from .run import Evaluation

CASE_KEYS = {
    "id",
    "title",
    "clauses",
    "given",
    "tables",
    "lines",
    "providers",
    "reference",
    "as_of",
    "under",
    "expect",
    "tolerance",
    "source",
    "printed",
    "note",
    "findings",
}


@dataclass(frozen=True)
class CaseRow:
    """One expectation of a case and what came out."""

    pack: str
    case: str
    name: str
    expected: str
    got: str
    tolerance: str
    passed: bool
    printed: str = ""
    note: str = ""

    def data(self) -> dict[str, Any]:
        return {
            k: getattr(self, k)
            for k in ("pack", "case", "name", "expected", "got", "tolerance", "passed", "printed", "note")
        }


def run_cases(rulebook: Rulebook) -> list[CaseRow]:
    """Every case of the rulebook's own pack."""
    rows: list[CaseRow] = []
    for raw in rulebook.pack.cases:
        rows += run_case(rulebook, raw)  # type: ignore[arg-type]
    return rows


def run_case(rulebook: Rulebook, raw: Yaml) -> list[CaseRow]:
    """One case. A problem with its form, or a refusal, becomes a failing row."""
    unknown = [k for k in raw if k not in CASE_KEYS]
    case = str(raw.get("id"))
    if unknown:
        return [CaseRow(rulebook.pack.version, case, k, "", "unknown key", "", False) for k in unknown]
    try:
        evaluation = case_evaluation(rulebook, raw)
    except TanbiaoError as error:
        return [CaseRow(rulebook.pack.version, case, "-", "", str(error), "", False)]
    if raw.get("under"):
        evaluation = evaluation.under(plain(raw["under"]))
    rows = []
    printed = plain(raw.get("printed") or {})
    for name, wanted in (raw.get("expect") or {}).items():
        tolerance = str(raw.get("tolerance") or "0")
        try:
            got, passed = _compare(evaluation, name, plain(wanted), tolerance)
        except TanbiaoError as error:
            codes = [p.code for p in error.problems]
            passed = plain(wanted) in [f"refused: {c}" for c in codes]
            got = f"refused: {', '.join(codes)}"
        rows.append(
            CaseRow(
                rulebook.pack.version,
                case,
                name,
                _shown(plain(wanted)),
                got,
                tolerance,
                passed,
                str(printed.get(name, "")),
                str(raw.get("note") or ""),
            )
        )
    if raw.get("findings"):
        found = {
            f.clause.partition("#")[2]: f.verdict
            for f in evaluate_rulebook(
                rulebook, evaluation.facts, evaluation.background, evaluation.ledger, evaluation
            ).findings
        }
        for name, wanted in plain(raw["findings"]).items():
            rows.append(
                CaseRow(
                    rulebook.pack.version,
                    case,
                    name,
                    str(wanted),
                    found.get(name, "no such check"),
                    "",
                    found.get(name) == wanted,
                )
            )
    return rows


def case_evaluation(rulebook: Rulebook, raw: Yaml) -> Evaluation:
    """The evaluation that a case describes: scalars, tables, lines or providers given by hand."""
    problems: list[Problem] = []
    given = dict(raw.get("given") or {})
    known = {c.name for c in rulebook.of_kind("given")} | {c.id for c in rulebook.of_kind("given")}
    for name in given:
        if name not in known:
            problems.append(Problem("case-key", raw.place(), {"id": str(raw.get("id")), "key": name}))
    tables = {str(k): _table(str(k), v) for k, v in (raw.get("tables") or {}).items()}
    derived = {k: _derived(tables.pop(k), problems) for k in list(tables) if k in derived_columns()}
    head = Yaml(
        "case",
        1,
        {
            "as_of": raw.get("as_of") or "2026-01-01",
            "salt": "case",
            "schema": "1",
            "subject": "product",
            "packs": [rulebook.pack.name],
            "reference": raw.get("reference") or {"process": "p"},
        },
        {},
    )
    facts, found = resolve_facts(Study(head, tables, Path("case")), rulebook)
    problems += found
    reference = plain(raw.get("reference") or {})
    facts = Facts(
        {**facts.scalars, **scalar_facts(given, rulebook, problems)},
        facts.tables,
        facts.places,
        facts.evidence,
        facts.as_of,
        facts.salt,
        reference or {"process": "p"},
    )
    raise_errors(problems)
    providers = {str(k): _provider(str(k), v) for k, v in (raw.get("providers") or {}).items()}
    background = Background(providers, {}, "case", impacts=_impacts(raw, problems))
    lines = _lines(raw["lines"], problems) if raw.get("lines") else None
    raise_errors(problems)
    return Evaluation(rulebook, facts, background, lines=lines, derived=derived)


def _table(name: str, rows: Any) -> Table:
    dicts = [dict(plain(r)) for r in rows]
    names = ["id", *dict.fromkeys(k for d in dicts for k in d if k != "id")]
    columns = {
        n: tuple(
            str(d.get(n) if d.get(n) is not None else (f"{name}{i + 1}" if n == "id" else ""))
            for i, d in enumerate(dicts)
        )
        for n in names
    }
    return Table(name, f"case:{name}", columns, tuple(range(1, len(dicts) + 1)), {})


def _derived(table: Table, problems: list[Problem]) -> FactTable:
    """A derived table given directly; a flag that a case leaves out is false, a mass or share zero."""
    columns: dict[str, Value] = {}
    for name, texts in table.columns.items():
        spec = derived_columns()[table.name].get(name)
        if spec is None:
            problems.append(
                Problem(
                    "column-unknown",
                    Place(f"case:{table.name}", 1, name),
                    {"column": name, "known": ", ".join(derived_columns()[table.name])},
                )
            )
            continue
        filled = tuple(t or {"bool": "false", "number": "0"}.get(spec.kind, "") for t in texts)
        columns[name] = column_value(
            table, name, Column(name, spec.kind, spec.unit, spec.basis), filled, problems, None
        )
        if spec.kind == "text":
            columns[name] = replace(columns[name], state=np.zeros(len(table), dtype=np.int8), why=frozenset())
    return FactTable(table.name, table.ids, columns, source=table)


def _provider(name: str, raw: Any) -> Provider:
    """`virgin: "16 kgCO2e/kg"`, or a map with value and declarations (allowed_uses, boundary …)."""
    spec = plain(raw)
    spec = spec if isinstance(spec, dict) else {"value": spec}
    amount, _, measured = str(spec["value"]).partition(" ")
    value = float(number(amount))
    ghg, _, per = measured.partition("/")
    value *= float(unit(ghg or "kgCO2e").to(unit("kgCO2e")))
    vector = np.zeros(len(POSITIONS))
    vector[POSITIONS.index(str(spec.get("position", "unsplit")))] = value
    facts = {
        k: str(v) for k, v in spec.items() if k not in ("value", "position", "coverage", "kind", "impacts")
    }
    return Provider(
        name,
        Text(name, name),
        unit(per or "kg"),
        vector,
        value,
        value,
        str(spec.get("coverage", "named")),
        str(spec.get("kind", "factor")),
        facts=facts,
    )


def _impacts(raw: Yaml, problems: list[Problem]) -> Impacts | None:
    """What the providers of a case bring in impact categories: `impacts: {acidification: "0.2 mol H+ eq"}` for one
    unit; a provider without has no inventory. None where no provider says anything of categories."""
    providers = raw.get("providers") or {}
    said = {str(k): plain(v).get("impacts") for k, v in providers.items() if isinstance(v, Mapping)}
    given = {k: v for k, v in said.items() if v is not None}
    if not given:
        return None
    units: dict[str, str] = {}
    found: dict[str, Intensity] = {}
    for item, by_category in given.items():
        value: dict[str, float] = {}
        for category, text in by_category.items():
            amount, _, measured = str(text).partition(" ")
            try:
                size = unit(measured).to(unit(units.setdefault(category, measured)))
            except UnitError:
                problems.append(Problem("unit-unknown", raw.place("providers"), {"unit": measured}))
                continue
            value[category] = float(number(amount) * size)
        found[item] = Intensity(value)
    return Impacts(
        "case",
        "",
        units,
        {},
        {},
        lambda taken: {t: found.get(t.item, Intensity({}, lacking=(t.item,))) for t in taken},
    )


def _lines(rows: Any, problems: list[Problem]) -> FactTable:
    table = _table("line", rows)
    columns: dict[str, Value] = {}
    for name, texts in table.columns.items():
        spec = line_columns().get(name)
        if spec is None:
            problems.append(
                Problem(
                    "column-unknown",
                    Place("case:lines", 1, name),
                    {"column": name, "known": ", ".join(line_columns())},
                )
            )
            continue
        columns[name] = column_value(table, name, Column(name, spec.kind, spec.unit), texts, problems, None)
    size = len(table)
    for name, fill in (("account", "total"), ("coverage", "named"), ("fact", "")):
        if name not in columns:
            columns[name] = Value(
                np.array([fill] * size, dtype=object), np.zeros(size, dtype=np.int8), table="line"
            )
    if "excluding_uptake" not in columns and "impact" in columns:
        columns["excluding_uptake"] = columns["impact"]
    return FactTable("line", table.ids, columns, source=table)


def _compare(evaluation: Evaluation, name: str, wanted: Any, tolerance: str) -> tuple[str, bool]:
    """`name` may be `level.index.II`, `footprint@end_of_life` (a stage of the lines), a clause's name or its id."""
    ids = {c.id: c.name for c in evaluation.rulebook.clauses.values()}
    first, mark, rest = name.partition("@" if "@" in name else ".")
    name = ids.get(first, first) + mark + rest
    if isinstance(wanted, list):
        value = evaluation.value(name)
        each = [_value(value, row) for row in range(len(value.data))]
        passed = len(each) == len(wanted) and all(
            _near(g, w, tolerance, value) for g, w in zip(each, wanted, strict=True)
        )
        return ", ".join(each), passed
    head, _, stage = name.partition("@")
    if stage:
        columns = {n: evaluation.line_column(n) for n in ("impact", "stage")}
        total = sum(
            float(v) for v, s in zip(columns["impact"].data, columns["stage"].data, strict=True) if s == stage
        )
        return f"{total:.10g}", abs(total - float(str(wanted).split()[0])) <= float(number(tolerance)) + 1e-12
    if ".index." in name or ".blockers." in name or ".rows." in name or name.endswith(".best"):
        head, part, *path = name.split(".")
        evaluation.value(head)
        graded = evaluation.grades[head]
        if part == "index":
            got_index = graded.index[path[0]][0]
            return decimal_text(got_index), got_index == number(str(wanted)) or abs(
                got_index - number(str(wanted))
            ) <= number(tolerance)
        got_text = (
            str(graded.best)
            if part == "best"
            else str(graded.rows[path[0]] if part == "rows" else " ".join(graded.blockers[path[0]]))
        )
        return got_text, got_text == str(wanted)
    value = evaluation.value(head)
    got = _value(value, None)
    return got, _near(got, wanted, tolerance, value)


def _value(value: Value, row: int | None) -> str:
    state = int(value.state if row is None else value.state[row])
    if state != KNOWN:
        return "not applicable" if state == NOT_APPLICABLE else "missing"
    data = value.data if row is None else value.data[row]
    if isinstance(data, bool | np.bool_):
        return "true" if data else "false"
    if isinstance(data, Fraction):
        return decimal_text(data / value.unit.factor)
    if isinstance(data, float | np.floating):
        return decimal_text(float(data) / float(value.unit.factor))
    if isinstance(data, dt.date):
        return data.isoformat()
    return str(data)


def _near(got: str, wanted: Any, tolerance: str, value: Value) -> bool:
    text = str(wanted)
    if got == text:
        return True
    try:
        expected = read_quantity(text, value.unit)
        exact = Fraction(expected.data) / value.unit.factor
        have = number(got)
    except (ValueError, TypeError):
        return False
    if number(tolerance) == 0:
        return abs(float(have) - float(exact)) <= 1e-12 * max(abs(float(have)), abs(float(exact)))
    return abs(have - exact) <= number(tolerance)


def _shown(wanted: Any) -> str:
    return ", ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted)
