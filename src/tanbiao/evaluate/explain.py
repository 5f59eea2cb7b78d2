"""Explain: the tree behind one number, to clauses, data with their evidence, and published factors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from ..core.errors import Place, refuse
from ..core.text import Text
from ..core.value import Array
from ..standards.clause import Clause
from ..standards.resolve import Rulebook
from .impacts import KEY
from .ledger import Entry
from .results import Result
from .run import Evaluation

SHOWN_LINES = 12


@dataclass(frozen=True)
class Explained:
    """One step of an explanation, and the steps it rests on.

    kind: given, define, choose, check, table, grade, publish, line, datum, provider or rest.
    """

    kind: str
    name: str
    title: Text
    value: str = ""
    unit: str = ""
    clause: str = ""
    number: str = ""
    review: str = ""
    formula: str = ""
    source: str = ""
    place: str = ""
    share: float | None = None
    entry: str = ""
    parts: tuple[Explained, ...] = ()

    def data(self) -> dict[str, Any]:
        found = {
            k: getattr(self, k)
            for k in (
                "kind",
                "name",
                "value",
                "unit",
                "clause",
                "number",
                "review",
                "formula",
                "source",
                "place",
                "share",
                "entry",
            )
            if getattr(self, k) not in ("", None)
        }
        return {**found, "title": self.title.data(), "parts": [p.data() for p in self.parts]}


def explain(result: Result, name: str, lines: int = SHOWN_LINES, depth: int = 12) -> Explained:
    """The tree behind `name`: a clause's name, id or address (`pack@edition#id`); `headline` means the headline.

    Refuses (`explain-unknown`), naming what is spelt most like it.
    """
    clause = named(result.rulebook, result.headline.name if name == "headline" and result.headline else name)
    if clause is None:
        near = get_close_matches(name.replace("-", "_"), list(result.rulebook.clauses), 5, 0.3)
        raise refuse("explain-unknown", Place(path=name), name=name, known=", ".join(near))
    result.evaluation.value(clause.name)
    return _Explainer(result, lines).entry(result.evaluation.keys[clause.name], depth, frozenset())


def named(rulebook: Rulebook, name: str) -> Clause | None:
    """The clause of that name, id or address."""
    if "#" in name:
        return rulebook.by_address(name)
    return rulebook.clauses.get(name.replace("-", "_")) or next(
        (c for c in rulebook.clauses.values() if c.id == name), None
    )


Measure = Callable[[Evaluation], tuple[Array, str]]
"""What every line brings, and in which unit."""


class _Explainer:
    def __init__(self, result: Result, lines: int) -> None:
        self.result, self.lines = result, lines
        self.rulebook: Rulebook = result.rulebook
        self.ledger = result.evaluation.ledger

    def entry(self, key: str, depth: int, above: frozenset[str], name: str = "") -> Explained:
        entry = self.ledger.entries[key]
        clause = self.rulebook.by_address(entry.clause) if entry.clause else None
        value, unit = _shown(self.ledger.values.get(key))
        parts: tuple[Explained, ...] = ()
        if depth > 0 and key not in above:
            below = above | {key}
            if entry.kind == "lines":
                parts = self.line_parts(entry, _kilograms)
            elif entry.kind == "impact":
                parts = self.category_parts(entry, depth, below)
            else:
                parts = self.options(entry) + tuple(
                    self.entry(other, depth - 1, below, label) for label, other in self._inputs(entry)
                )
        title = clause.text if clause is not None and clause.text.zh else Text(entry.name, entry.name)
        if entry.kind == "lines":
            title = Text(
                "由事实与决定得出的行，按影响排序", "lines that follow from facts and decisions, by impact"
            )
        elif entry.kind == "impact":
            title = Text(
                "同样的行，按该影响类别排序", "the same lines, by what they bring in this impact category"
            )
        elif entry.kind == "given" and entry.name == KEY:
            said = self.ledger.values[key]["method"]
            title = Text(f"研究的影响方法 {said}", f"the study's impact method {said}")
        elif entry.kind == "massflow":
            title = Text("由事实得出的质量流", "mass flow that follows from the facts")
        place = (
            str(self.result.evaluation.facts.places.get(entry.name, ""))
            if entry.kind == "given"
            else str(clause.place)
            if clause is not None
            else ""
        )
        source = str(clause.source.get("document", "")) if clause is not None else ""
        if entry.kind == "given":
            evidence = self.result.evaluation.facts.evidence.get(entry.name)
            source = self.evidence(evidence) if evidence else ""
        axes = ", ".join(v for _, v in entry.axes)
        shown = (name or entry.name) + (f" [{axes}]" if axes and axes not in name else "")
        return Explained(
            entry.kind,
            shown,
            title,
            value,
            unit or entry.unit,
            entry.clause,
            clause.number if clause is not None else "",
            clause.review if clause is not None else "",
            entry.formula if entry.kind != "lines" else "",
            source,
            place,
            entry=key,
            parts=parts,
        )

    def options(self, entry: Entry) -> tuple[Explained, ...]:
        """For a choice: which option each row got, and its condition."""
        decision = self.result.evaluation.decisions.get(entry.name) if entry.kind == "choose" else None
        if decision is None or decision.table is None:
            return ()
        table = self.result.evaluation.facts.tables.get(decision.table)
        ids = table.ids if table is not None else tuple(str(n) for n in range(len(decision.option)))
        shown: list[Explained] = []
        for row, option in enumerate(decision.option):
            stuck = row in decision.undecided
            if (not option and not stuck) or len(shown) >= SHOWN_LINES:
                continue
            rule = decision.options.get(option)
            when = rule.when.source if rule is not None and rule.when is not None else ""
            shown.append(
                Explained(
                    "option",
                    f"{decision.table} {ids[row]}",
                    Text(ids[row], ids[row]),
                    "?" if stuck else option,
                    formula=when,
                    place=str(table.place(row)) if table is not None else "",
                )
            )
        return tuple(shown)

    def _inputs(self, entry: Entry) -> list[tuple[str, str]]:
        """Inputs by entry; the columns of one table of lines are one step, which a category over them makes itself."""
        seen: dict[str, str] = {}
        kinds = {self.ledger.entries[k].kind for _, k in entry.inputs if k in self.ledger.entries}
        category = "impact" in kinds and "line.impact" not in {n for n, _ in entry.inputs}
        for name, key in entry.inputs:
            if key not in self.ledger.entries:
                continue
            if self.ledger.entries[key].kind == "lines":
                if category:
                    continue
                name = "line"
            seen.setdefault(key, name)
        return [(name, key) for key, name in seen.items()]

    def category_parts(self, entry: Entry, depth: int, below: frozenset[str]) -> tuple[Explained, ...]:
        """The lines by their value in an impact category, then the method."""
        columns = self.evaluated(entry).impact_columns
        measured = next((k for k, key in columns.keys.items() if columns.keys[k] == entry.digest), None)
        method = tuple(
            self.entry(k, depth - 1, below, n)
            for n, k in entry.inputs
            if k in self.ledger.entries and self.ledger.entries[k].kind == "given"
        )
        lines = next(
            (self.ledger.entries[k] for _, k in entry.inputs if self.ledger.entries[k].kind == "lines"), None
        )
        if measured is None or lines is None:
            return method
        value = columns.columns[measured]

        def of(_: Evaluation) -> tuple[Array, str]:
            return np.asarray(value.data, dtype=np.float64) / float(value.unit.factor), value.unit.text

        return (*self.line_parts(lines, of), *method)

    def evaluated(self, entry: Entry) -> Evaluation:
        """The evaluation that wrote an entry: this one, or the same under other options."""
        evaluation = self.result.evaluation
        forced = dict(v.split("=", 1) for _, v in entry.axes)
        return evaluation.under(forced) if forced and forced != evaluation.forced else evaluation

    def line_parts(self, entry: Entry, measure: Measure) -> tuple[Explained, ...]:
        """The largest lines with their datum and provider, the rest as one, then the choices that shaped them."""
        evaluation = self.evaluated(entry)
        choices = tuple(
            self.entry(k, 1, frozenset(), n)
            for n, k in entry.inputs
            if k in self.ledger.entries and self.ledger.entries[k].kind == "choose"
        )
        solved = evaluation.solved
        if solved is None:
            return choices
        lines = solved.lines
        total, unit = measure(evaluation)
        inside = np.array([a in ("total", "credit") for a in lines.account], dtype=bool)
        whole = float(total[inside].sum()) or 1.0
        order = [int(i) for i in np.argsort(-np.abs(total), kind="stable") if inside[i]]
        parts = [self.line(i, float(total[i]), unit, whole) for i in order[: self.lines]]
        rest = float(total[order[self.lines :]].sum())
        if order[self.lines :]:
            count = len(order) - self.lines
            parts.append(
                Explained(
                    "rest",
                    "…",
                    Text(f"其余 {count} 行", f"{count} further lines"),
                    f"{rest:.4g}",
                    unit,
                    share=rest / whole,
                )
            )
        return (*parts, *choices)

    def line(self, row: int, impact: float, unit: str, whole: float) -> Explained:
        evaluation = self.result.evaluation
        solved = evaluation.solved
        assert solved is not None
        lines = solved.lines
        table = evaluation.facts.tables[lines.fact_table[row]]
        fact_row = int(lines.fact_row[row])
        flow = lines.flow[row]
        flow_zh = str(table.columns["flow_zh"].data[fact_row]) if "flow_zh" in table.columns else ""
        datum = self.datum(table.name, fact_row)
        provider = self.provider(lines.provider[row], float(solved.amount[row]))
        if provider is not None and unit != "kgCO2e":
            per, amount = provider.unit.partition("/")[2], float(solved.amount[row])
            value = f"{impact / amount:.6g}" if amount else ""
            provider = replace(provider, value=value, unit=f"{unit}/{per}", parts=())
        label = f"{lines.fact[row]} · {lines.stage[row]} · {lines.account[row]}"
        return Explained(
            "line",
            label,
            Text(flow_zh or flow, flow),
            f"{impact:.4g}",
            unit,
            lines.clause[row],
            share=impact / whole,
            formula=f"{float(solved.amount[row]):.6g} × {lines.provider[row]}",
            parts=(datum, *((provider,) if provider else ())),
        )

    def datum(self, table: str, row: int) -> Explained:
        facts = self.result.evaluation.facts.tables[table]
        cells = {n: t[row] for n, t in facts.source.columns.items()} if facts.source is not None else {}
        amount = cells.get("amount", cells.get("estimate", ""))
        title = Text(
            cells.get("flow_zh") or cells.get("flow", facts.ids[row]),
            cells.get("flow") or cells.get("flow_en", facts.ids[row]),
        )
        return Explained(
            "datum",
            f"{table} {facts.ids[row]}",
            title,
            amount,
            cells.get("unit", "kgCO2e"),
            source=self.evidence(cells.get("evidence", "")),
            place=str(facts.place(row, "amount")),
            review=cells.get("data_kind", ""),
            formula=cells.get("note", ""),
        )

    def evidence(self, id_: str) -> str:
        table = self.result.evaluation.facts.tables.get("evidence")
        if not id_ or table is None or id_ not in table.ids:
            return id_
        row = table.ids.index(id_)
        cells = {n: t[row] for n, t in table.source.columns.items()} if table.source is not None else {}
        return f"{id_}: {cells.get('document') or cells.get('title_en', '')}".strip(": ")

    def provider(self, id_: str, amount: float) -> Explained | None:
        """The provider of a line with its source, and the supply chain below it down to published factors."""
        background = self.result.evaluation.background
        found = background.providers.get(id_)
        if found is None:
            return None
        parts: tuple[Explained, ...] = ()
        if background.explain is not None and found.kind == "process":
            chain: Any = background.explain(id_)
            parts = tuple(self.chain(c, amount) for c in chain.children)
        per = float(found.vector.sum())
        return Explained(
            "provider",
            id_,
            found.name,
            f"{per:.6g}",
            f"kgCO2e/{found.unit.text or '1'}",
            review=found.facts.get("verification", ""),
            source="; ".join(s for s in (found.facts.get("source", ""), found.facts.get("licence", "")) if s),
            formula=f"{found.coverage}; {found.facts.get('period_start') or found.facts.get('year', '')}",
            parts=parts,
        )

    def chain(self, node: Any, amount: float) -> Explained:
        found = self.result.evaluation.background.providers.get(node.item)
        name = found.name if found else Text(node.item, node.item)
        source = found.facts.get("source", "") if found else ""
        return Explained(
            "provider",
            node.item,
            name,
            f"{node.value * amount:.4g}",
            "kgCO2e",
            source=source,
            share=node.share,
            parts=tuple(self.chain(c, amount) for c in node.children),
        )


def _kilograms(evaluation: Evaluation) -> tuple[Array, str]:
    """What every line brings in kgCO2e."""
    assert evaluation.solved is not None
    return evaluation.solved.impact.sum(axis=1), "kgCO2e"


def _shown(value: Any) -> tuple[str, str]:
    if not isinstance(value, dict):
        return "", ""
    unit = str(value.get("unit", ""))
    if "value" in value:
        text = str(value["value"])
        with suppress(ValueError):
            text = f"{float(text):.6g}" if not text.isalpha() else text
        return text, unit
    if value.get("state") in ("missing", "not applicable"):
        return f"{value['state']}: {', '.join(value.get('why', []))}", unit
    if "rows" in value:
        return f"{value['rows']} rows", unit
    return "", unit
