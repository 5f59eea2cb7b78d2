"""One sheet of mass flow while it is written: words, facts and results, and the sections that several sheets have.

Every sheet reads results and facts; nothing is computed here but sums of rows. Forms are our own except where they say
whose fields they follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...core.errors import Lang, refuse
from ...core.value import KNOWN
from ...evaluate import Result
from ...evaluate.facts import FactTable
from ...study import Study
from .. import massflow_figures as drawn
from .. import texts
from ..document import Banner, Block, Cell, Document, Drawing, Grid, Section, Words
from ..figures import svg
from ..massflow_texts import say, word


class Sheet:
    """One sheet of a study in one language."""

    def __init__(self, study: Study, results: Sequence[Result], lang: Lang) -> None:
        if not results:
            raise refuse("report-empty")
        self.study, self.results, self.lang = study, tuple(results), lang
        self.figure = 0
        self.base = next((r for r in results if "forced_removal" in r.rulebook.tables), results[0])
        """The result whose masses are drawn: the one that knows what must be removed."""
        table = self.base.rulebook.tables.get("forced_removal")
        self.items = (
            dict(zip(map(str, table.values["item"].data), map(str, table.values[lang].data), strict=True))
            if table is not None
            else {}
        )

    # -- words -------------------------------------------------------------------------------------------------

    def t(self, key: str, **args: object) -> str:
        return say(key, self.lang, **args)

    def declared(self, path: str) -> str:
        raw = self.study.at(path)
        if raw is None:
            return ""
        if hasattr(raw, "get"):
            return str(raw.get(self.lang) or raw.get("zh") or raw.get("en") or "")
        return str(raw)

    def head(self, *columns: str) -> tuple[str, ...]:
        return tuple(self.t(f"column.{c}") for c in columns)

    def drawing(self, text: str, alt: str) -> Drawing:
        return Drawing(text, alt)

    def chart(self, chart: Any, alt: str) -> Drawing:
        self.figure += 1
        return Drawing(svg(chart, f"m{self.figure}"), alt)

    def document(self, kind: str, sections: Iterable[Section], *extra: Banner) -> Document:
        banners = list(extra)
        if self.study.constructed:
            banners.insert(
                0, Banner("constructed", self.t("word.constructed"), self.t("word.constructed_more"))
            )
        for result in self.results:
            words = result.conformity()[self.lang]
            bad = any(f.verdict == "fail" and f.severity in ("must", "refuse") for f in result.findings)
            caution = result.rulebook.pack.caution
            banners.append(
                Banner(
                    "conformity",
                    f"{result.rulebook.pack.title[self.lang]} · {words}",
                    caution[self.lang] if caution is not None else "",
                    "bad" if bad else "warn" if result.unverified_musts else "good",
                )
            )
        name = self.declared("product.name") or self.study.id
        facts = [
            (self.t("word.plant"), self.declared("plant.name")),
            (self.t("word.model"), self.declared("product.model")),
            (
                self.t("word.period"),
                " – ".join(p for p in (self.declared("period.start"), self.declared("period.end")) if p),
            ),
            (self.t("word.date"), self.declared("as_of")),
        ]
        tag = self.t("word.constructed") if self.study.constructed else ""
        return Document(
            self.lang,
            self.t(f"title.{kind}"),
            name,
            tag,
            tuple(banners),
            tuple(sections),
            self.t("word.made_by"),
            tuple((a, b) for a, b in facts if b),
        )

    # -- facts and results -------------------------------------------------------------------------------------

    def result(self, name: str) -> Result:
        """The first result whose rulebook defines `name`."""
        return next((r for r in self.results if name in r.rulebook.clauses), self.results[0])

    def has(self, name: str) -> bool:
        return any(name in r.rulebook.clauses for r in self.results)

    def scalar(self, name: str) -> float | None:
        """A scalar quantity in its own unit; None where it is missing or does not apply."""
        if not self.has(name):
            return None
        value = self.result(name).evaluation.value(name)
        return float(value.number()) if value.state == KNOWN else None

    def number(self, name: str, digits: int = 3) -> str:
        value = self.scalar(name)
        return "—" if value is None else f"{value:.{digits}f}"

    def table(self, name: str) -> FactTable:
        return self.base.evaluation.facts.tables[name]

    def cell(self, table: FactTable, row: int, column: str) -> str:
        value = table.columns.get(column)
        if value is None or value.state[row] != KNOWN:
            return ""
        data = value.data[row]
        if isinstance(data, bool | np.bool_):
            return self.t("word.yes") if data else self.t("word.no")
        if hasattr(data, "numerator") and not isinstance(data, str):
            return f"{float(data / value.unit.factor):,.10g}"
        return str(data)

    def named(self, table: FactTable, row: int) -> str:
        return self.cell(table, row, f"name_{self.lang}") or table.ids[row]

    def derived(self, name: str) -> dict[str, Any]:
        return dict(self.base.evaluation.mass_flow().tables[name])

    def findings(self) -> Section:
        rows = []
        for result in self.results:
            for f in result.findings:
                if f.verdict in ("fail", "not_evaluable"):
                    rows.append(
                        (
                            Cell(
                                word("verdict", f.verdict, self.lang),
                                tone="bad" if f.verdict == "fail" else "warn",
                            ),
                            Cell(f.text[self.lang]),
                            Cell(texts.word("review", f.review, self.lang)),
                            Cell(" ".join(f.rows[:4]) or f.clause, tone="muted"),
                        )
                    )
        blocks: list[Block] = (
            [Grid(self.head("verdict", "requirement", "review", "why"), tuple(rows), "klkl")]
            if rows
            else [Words(self.t("word.no_findings"))]
        )
        return Section("findings", "", self.t("section.findings"), tuple(blocks))

    def sankey(self, anchor: str) -> list[Block]:
        evaluation = self.base.evaluation
        if not len(self.derived("outflow")["id"].data):
            return []
        found: list[Block] = [
            self.drawing(drawn.flow_diagram(evaluation, self.lang, anchor), self.t("figure.sankey"))
        ]
        if any(map(str, self.derived("outflow")["substance"].data)) or evaluation.mass_flow().links:
            found.append(self.chart(drawn.fractions(evaluation, self.lang), self.t("figure.fractions")))
        return found

    def probability(self, name: str, target: str, title: str) -> list[Block]:
        aim = self.scalar(target)
        if not self.has(name) or aim is None:
            return []
        values = self.result(name).evaluation.samples(name)
        if not len(values):
            return []
        return [
            self.chart(
                drawn.probability(values, aim, title, self.lang), self.t("figure.probability", name=title)
            )
        ]
