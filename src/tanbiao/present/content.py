"""What a report says, in the order of the report template of GB/T 24067 (basic block, 1 to 6), then contributions,
coverage, findings, sources and the explanation of every number. Reads results; computes nothing but shares of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..core.errors import Lang, refuse
from ..core.text import Text
from ..core.value import KNOWN
from ..evaluate import Finding, Ledger, Published, Result
from ..library import Library
from ..standards.clause import Clause
from ..study import Study, Table
from . import figures
from .declared import PATHS, as_text, basis_words, boundary, declared, partial, per, period, said, unit_of
from .document import (
    Banner,
    Block,
    Card,
    Cards,
    Cell,
    Document,
    Drawing,
    Grid,
    Heading,
    Pairs,
    Section,
    Step,
    Steps,
    Tone,
    Verdict,
    Verdicts,
    Words,
)
from .numbers import percent, short, unit_text
from .texts import phrase, word

ORDER = ("fail", "not_evaluable", "not_applicable", "pass")
TONES: Mapping[str, Tone] = {
    "fail": "bad",
    "not_evaluable": "warn",
    "not_applicable": "muted",
    "pass": "good",
}
SHOWN_VALUES = 8


def report_document(
    study: Study, results: Sequence[Result], ledger: Ledger, library: Library, lang: Lang
) -> Document:
    """The report of a study under its packs, before it has a format. Refuses (`report-empty`)."""
    if not results:
        raise refuse("report-empty", study.place_of("packs"))
    return _Report(study, results, ledger, library, lang).document()


class _Report:
    def __init__(
        self, study: Study, results: Sequence[Result], ledger: Ledger, library: Library, lang: Lang
    ) -> None:
        self.study, self.results, self.ledger, self.library, self.lang = (
            study,
            tuple(results),
            ledger,
            library,
            lang,
        )
        self.several = len(self.results) > 1
        self.printed: set[str] = set()
        self.figure = 0
        self.explained = {k: r for r in reversed(self.results) for k in self.reach(self.roots(r))}

    # -- words -------------------------------------------------------------------------------------------------

    def t(self, key: str, **args: object) -> str:
        return phrase(f"report.{key}", self.lang, **args)

    def item(self, key: str) -> str:
        self.printed.update(PATHS[key])
        return said(self.study, key, self.lang)

    def pairs(self, rows: Iterable[tuple[str, str]]) -> Pairs:
        return Pairs(tuple((name, Cell(text)) for name, text in rows if text))

    def comma(self, parts: Iterable[str]) -> str:
        return ("、" if self.lang == "zh" else ", ").join(parts)

    def colon(self) -> str:
        return "：" if self.lang == "zh" else ": "

    def anchor(self, entry: str) -> str:
        """A link to the entry's place in the appendix, empty where it is not printed there."""
        return f"#e-{entry[:12]}" if entry in self.explained else ""

    def pack_title(self, result: Result) -> str:
        return result.rulebook.pack.title[self.lang]

    def drawing(self, chart: Any, alt: str) -> Drawing:
        self.figure += 1
        return Drawing(figures.svg(chart, f"f{self.figure}"), alt)

    # -- the whole ---------------------------------------------------------------------------------------------

    def document(self) -> Document:
        product = self.item("name") or self.study.id
        model = self.item("model")
        sections = (
            self.summary(),
            self.basic(),
            self.general(),
            self.purpose(),
            self.scope(),
            self.inventory(),
            self.impact(),
            self.interpretation(),
            self.contributions(),
            self.coverage(),
            self.findings(),
            self.sources(),
            self.appendix(),
        )
        title = self.t("title" if self.study.head.get("subject") == "product" else "title_plant")
        tag = self.t("constructed") if self.study.constructed else ""
        if self.screened():
            tag = " · ".join(p for p in (tag, self.t("screening")) if p)
        facts = [
            (self.t("producer"), self.item("producer")),
            (self.t("number"), self.item("number")),
            (self.t("date"), str(self.study.head.get("as_of") or "")),
            (self.t("institution"), self.item("institution")),
        ]
        return Document(
            self.lang,
            title,
            f"{product} {model}".strip(),
            tag,
            tuple(self.banners()),
            sections,
            self.t("made_by"),
            tuple((k, v) for k, v in facts if v),
        )

    def screened(self) -> list[Result]:
        return [r for r in self.results if r.headline is not None and r.headline.verdict == "screening"]

    def banners(self) -> Iterable[Banner]:
        if self.study.constructed:
            yield Banner("constructed", self.t("constructed"), self.t("constructed_more"))
        if self.screened():
            names = self.comma(self.pack_title(r) for r in self.screened())
            yield Banner("screening", self.t("screening"), self.t("screening_more", packs=names))

    # -- summary and basic block -------------------------------------------------------------------------------

    def summary(self) -> Section:
        blocks: list[Block] = [Cards(tuple(self.card(r) for r in self.results))]
        if self.several:
            blocks += [Heading(self.t("overview")), Words(self.t("overview_words"), "note"), self.overview()]
            shown = [
                (r.rulebook.pack.title, r.headline)
                for r in self.results
                if r.headline is not None and isinstance(r.headline.value, float)
            ]
            if len(shown) > 1 and len({p.unit for _, p in shown}) == 1:
                blocks.append(
                    self.drawing(figures.comparison(shown, self.lang, one_product=True), self.t("overview"))
                )
        else:
            blocks += self.stage_figure(self.results[0])
        return Section("summary", "", self.t("summary"), tuple(blocks))

    def card(self, result: Result) -> Card:
        headline = result.headline
        words = result.conformity()[self.lang]
        tone = self.tone(result)
        if headline is None or headline.value is None:
            count = len(headline.missing) if headline is not None else 0
            unit = unit_text(headline.unit) if headline is not None else ""
            said_ = (self.t("no_value"), self.t("missing_count", count=count) if count else "", words)
            return Card(self.pack_title(result), "—", unit, tuple(n for n in said_ if n), "", tone)
        of = unit_of(self.study, headline)
        notes = (
            [per(of[self.lang], self.lang)] if of is not None and isinstance(headline.value, float) else []
        )
        if headline.low is not None and headline.high is not None and headline.low < headline.high:
            notes.append(f"{self.t('bounds')} {short(headline.low)} – {short(headline.high)}")
        if headline.verdict:
            notes.append(f"{self.t('verdict')}{self.colon()}{word('option', headline.verdict, self.lang)}")
        return Card(
            self.pack_title(result),
            headline.published,
            unit_text(headline.unit),
            (*notes, words),
            self.anchor(headline.entry),
            tone,
        )

    def tone(self, result: Result) -> Tone:
        musts = [f for f in result.findings if f.severity in ("must", "refuse")]
        if any(f.verdict == "fail" for f in musts):
            return "bad"
        return (
            "warn" if result.unverified_musts or any(f.verdict == "not_evaluable" for f in musts) else "good"
        )

    def brackets(self, text: str) -> str:
        return f"（{text}）" if self.lang == "zh" else f" ({text})"

    def overview(self) -> Grid:
        head = (
            self.t("pack"),
            self.t("value"),
            self.t("unit_col"),
            self.t("lower"),
            self.t("upper"),
            self.t("verdict"),
            self.t("conformity"),
        )
        rows = []
        for result in self.results:
            p = result.headline
            rows.append(
                (
                    Cell(f"{self.pack_title(result)} {result.rulebook.pack.version}"),
                    Cell(p.published if p else "—", self.anchor(p.entry) if p else "", "strong"),
                    Cell(unit_text(p.unit) if p else ""),
                    Cell(short(p.low) if p and p.low is not None else "—"),
                    Cell(short(p.high) if p and p.high is not None else "—"),
                    Cell(word("option", p.verdict, self.lang) if p and p.verdict else "—"),
                    Cell(result.conformity()[self.lang]),
                )
            )
        return Grid(head, tuple(rows), "wrkrrkl")

    def stage_figure(self, result: Result) -> list[Block]:
        headline = result.headline
        if headline is None or not headline.stages:
            return []
        return [self.drawing(figures.stages(headline, self.lang), self.t("stage"))]

    def basic(self) -> Section:
        rows = [
            (self.t(k), self.item(k))
            for k in ("name", "model", "gtin", "producer", "site", "number")
            if k != "name"
        ]
        return Section(
            "basic",
            "",
            self.t("basic"),
            (
                self.pairs(
                    [
                        (self.t("product"), self.item("name")),
                        *rows,
                        (self.t("date"), str(self.study.head.get("as_of") or "")),
                        (self.t("institution"), self.item("institution")),
                        (self.t("study"), self.study.id),
                    ]
                ),
            ),
        )

    # -- 1 to 3 ------------------------------------------------------------------------------------------------

    def general(self) -> Section:
        standards = (
            "；".join(f"{p.title[self.lang]}（{p.version}）" for p in self.all_packs())
            if self.lang == "zh"
            else "; ".join(f"{p.title[self.lang]} ({p.version})" for p in self.all_packs())
        )
        rows = [
            (self.t(k), self.item(k))
            for k in ("producer", "address", "representative", "contact", "function", "description")
        ]
        return Section(
            "s1",
            "1",
            self.t("s1"),
            (self.pairs([*rows, (self.t("standards"), standards), *self.givens("product.", "plant.")]),),
        )

    def purpose(self) -> Section:
        rows = [(self.t(k), self.item(k)) for k in ("purpose", "application", "audience")]
        rows += self.givens("goal.")
        return Section(
            "s2",
            "2",
            self.t("s2"),
            (self.pairs(rows) if any(v for _, v in rows) else Words(self.t("not_given"), "note"),),
        )

    def scope(self) -> Section:
        whole = partial(self.study)
        edge = boundary(self.study)
        reference = self.study.head.get("reference")
        flow = (
            " · ".join(self.measure(str(v)) for v in reference.values())
            if isinstance(reference, Mapping)
            else ""
        )
        self.printed.update(("scope.partial", "scope.kind"))
        self.item("boundary")
        if edge is not None and declared(self.study, "boundary") is None:
            self.printed.add("scope.stages")
        blocks: list[Block] = [
            Heading(self.t("s3_1"), "3.1"),
            self.pairs(
                [
                    (self.t("unit"), self.item("unit") or self.t("not_given")),
                    *self.givens("unit."),
                    (self.t("reference"), flow),
                ]
            ),
            Heading(self.t("s3_2"), "3.2"),
            self.pairs(
                [
                    (self.t("boundary"), edge[self.lang] if edge is not None else self.t("not_given")),
                    (
                        self.t("partial"),
                        self.t(
                            "partial_unknown" if whole is None else "partial_yes" if whole else "partial_no"
                        ),
                    ),
                    (self.t("boundary_reason"), self.item("boundary_reason")),
                    (self.t("excluded"), self.item("excluded")),
                    (self.t("geography"), self.item("geography")),
                ]
            ),
            Heading(self.t("s3_3"), "3.3"),
            *(
                [self.pairs([(self.t("cut_off"), self.item("cut_off"))])]
                if said(self.study, "cut_off", self.lang)
                else []
            ),
            *self.omissions(),
            Heading(self.t("s3_4"), "3.4"),
            self.pairs(
                [
                    (self.t("period"), self.period()),
                    (self.t("as_of"), str(self.study.head.get("as_of") or "")),
                    *self.givens("period."),
                ]
            ),
        ]
        rest = self.givens("scope.", but=("assumption", "limit", "allocation"))
        return Section("s3", "3", self.t("s3"), (*blocks, *([self.pairs(rest)] if rest else [])))

    def period(self) -> str:
        self.printed.update((*PATHS["start"], *PATHS["end"]))
        return period(self.study).replace("/", " – ") or self.t("not_given")

    def omissions(self) -> list[Block]:
        table = self.table("omission")
        if table is None or not len(table):
            return [Words(self.t("no_omissions"), "note")]
        rows = []
        for row in table.rows():
            estimate = f"{row.get('estimate', '')} {unit_text(row.get('unit') or 'kgCO2e')}".strip()
            rows.append(
                (
                    Cell(self.named(row, "flow")),
                    Cell(self.steps().get(row.get("stage", ""), row.get("stage", ""))),
                    Cell(estimate),
                    Cell(self.named(row, "reason")),
                )
            )
        return [
            Words(self.t("omissions"), "note"),
            Grid(
                (self.t("flow"), self.t("stage"), self.t("estimate"), self.t("reason")), tuple(rows), "llrw"
            ),
        ]

    def steps(self) -> dict[str, str]:
        """Names of the study's step tags: the stage they belong to, in the words of the first pack that maps them."""
        for result in self.results:
            headline = next((c for c in result.rulebook.of_kind("publish") if c.headline and c.stages), None)
            if headline is not None:
                values = result.rulebook.tables[headline.stages].values
                return {
                    str(t): str(n) for t, n in zip(values["tag"].data, values[self.lang].data, strict=True)
                }
        return {}

    def table(self, name: str) -> Table | None:
        return next((t for k, t in self.study.tables.items() if k in (name, f"{name}s", f"{name}es")), None)

    def named(self, row: Mapping[str, str], key: str) -> str:
        return (
            row.get(f"{key}_{self.lang}")
            or row.get(key)
            or row.get(f"{key}_en")
            or row.get(f"{key}_zh")
            or ""
        )

    def givens(self, *prefixes: str, but: Sequence[str] = ()) -> list[tuple[str, str]]:
        """What the packs ask for under these paths and the study gives, each once."""
        found = []
        for result in self.results:
            for clause in result.rulebook.of_kind("given"):
                path = clause.path
                if (
                    clause.value_kind == "table"
                    or not path.startswith(prefixes)
                    or path in self.printed
                    or any(b in path for b in but)
                ):
                    continue
                text = self.given_text(result, clause)
                if text:
                    self.printed.add(path)
                    found.append((clause.text[self.lang], text))
        return found

    def given_text(self, result: Result, clause: Clause) -> str:
        value = result.evaluation.facts.scalars.get(clause.name)
        raw = self.study.at(clause.path)
        if value is None or value.state != KNOWN:
            return ""
        if "defaulted" in value.provenance:
            shown = str(value.data) if isinstance(value.data, str | bool) else short(float(value.number()))
            shown = shown.lower() if isinstance(value.data, bool) else shown
            return f"{self.code(shown)} {clause.unit.text}".strip() + self.brackets(self.t("defaulted"))
        text = as_text(raw)
        if text is None and isinstance(raw, list):
            text = as_text([str(v) for v in raw])
        shown = self.code(text[self.lang]) if text is not None else str(value.data)
        if clause.unit.text and shown.replace(".", "").replace("-", "").isdigit():
            shown = f"{shown} {clause.unit.text}"
        return shown + (self.brackets(self.t("estimated")) if "estimated" in value.provenance else "")

    def measure(self, text: str) -> str:
        """An amount with its unit, the unit in the reader's language where it is a word."""
        amount, _, unit = text.partition(" ")
        return f"{amount} {word('unit', unit, self.lang)}" if unit else text

    def code(self, text: str) -> str:
        """Words of a vocabulary in the reader's language, anything else as it stands."""
        found = word("option", text, self.lang)
        return found if found != text else word("unit", text, self.lang)

    # -- 4 -----------------------------------------------------------------------------------------------------

    def inventory(self) -> Section:
        blocks: list[Block] = [Heading(self.t("s4_1"), "4.1"), *self.data_kinds(), *self.processes()]
        rows = self.givens("parameters.", "electricity.", "uses.")
        if rows:
            blocks += [Words(self.t("parameters"), "lead"), self.pairs(rows)]
        blocks.append(Heading(self.t("s4_2"), "4.2"))
        text = self.item("allocation")
        if text:
            blocks.append(Words(text))
        for result in self.results:
            blocks += [*self.pack_line(result), self.choices(result)]
        blocks.append(Heading(self.t("s4_3"), "4.3"))
        for result in self.results:
            blocks += [*self.pack_line(result), *self.quality(result)]
        return Section("s4", "4", self.t("s4"), (*blocks, *self.evidence()))

    def pack_line(self, result: Result) -> list[Block]:
        return (
            [Words(f"{self.pack_title(result)} · {result.rulebook.pack.version}", "lead")]
            if self.several
            else []
        )

    def data_kinds(self) -> list[Block]:
        solved = next((r for r in self.results if r.evaluation.solved is not None), None)
        if solved is None:
            return []
        kinds = solved.evaluation.line_column("data_kind").data
        impact = np.abs(np.asarray(solved.evaluation.line_column("impact").data, dtype=np.float64))
        accounts = solved.evaluation.line_column("account").data
        inside = np.array([a in ("total", "credit") for a in accounts], dtype=bool)
        whole = float(impact[inside].sum()) or 1.0
        rows = []
        for kind in sorted(set(kinds[inside]), key=lambda k: list(_KINDS).index(k) if k in _KINDS else 9):
            mask = inside & (kinds == kind)
            rows.append(
                (
                    Cell(word("data_kind", str(kind), self.lang)),
                    Cell(str(int(mask.sum()))),
                    Cell(percent(float(impact[mask].sum()) / whole)),
                )
            )
        blocks: list[Block] = [
            Words(self.t("data_kinds"), "lead"),
            Grid((self.t("data_kind"), self.t("rows"), self.t("share_of_impact")), tuple(rows), "wrr"),
        ]
        assert solved.evaluation.solved is not None
        unlinked = sum(
            1
            for p, a in zip(solved.evaluation.solved.lines.provider, accounts, strict=True)
            if p == "" and a != "outside"
        )
        if unlinked:
            blocks.append(Banner("caution", self.t("unlinked", count=unlinked)))
        return blocks

    def processes(self) -> list[Block]:
        table, exchanges = self.table("process"), self.table("exchange")
        if table is None or not len(table):
            return []
        counts = Counter(exchanges.columns.get("process", ())) if exchanges is not None else Counter()
        rows = [
            (
                Cell(self.named(r, "name") or r["id"]),
                Cell(r.get("place", "")),
                Cell(self.code(r.get("control", ""))),
                Cell(str(counts.get(r["id"], 0))),
            )
            for r in table.rows()
        ]
        return [
            Words(self.t("processes"), "lead"),
            Grid(
                (self.t("process"), self.t("place"), self.t("control"), self.t("rows")), tuple(rows), "wllr"
            ),
        ]

    def choices(self, result: Result) -> Block:
        rows = []
        for clause in result.rulebook.of_kind("choose"):
            decision = result.evaluation.decisions.get(clause.name)
            if decision is None:
                continue
            counts = Counter(o for o in decision.option if o)
            shown = self.comma(
                f"{self.code(o)} × {n}" if decision.table else self.code(o) for o, n in sorted(counts.items())
            )
            if decision.undecided:
                shown = self.comma(
                    p for p in (shown, self.t("undecided", count=len(decision.undecided))) if p
                )
            rows.append(
                (
                    Cell(clause.number),
                    Cell(clause.text[self.lang], self.anchor(result.evaluation.keys.get(clause.name, ""))),
                    Cell(shown or self.t("no_rows"), tone="" if shown else "muted"),
                    Cell(word("review", clause.review, self.lang), tone="muted"),
                )
            )
        if not rows:
            return Words(self.t("no_choices"), "note")
        return Grid(
            (self.t("clause"), self.t("choice"), self.t("chosen"), phrase("tables.review", self.lang)),
            tuple(rows),
            "lwll",
        )

    def quality(self, result: Result) -> list[Block]:
        headline = result.headline
        blocks: list[Block] = []
        share = headline.primary_data_share if headline is not None else None
        if share is not None:
            blocks.append(self.pairs([(self.t("primary_share"), percent(share))]))
        if headline is not None and headline.dqr:
            blocks.append(self.drawing(figures.quality(headline, self.lang), self.t("s4_3")))
        return blocks or [Words(self.t("no_quality"), "note")]

    def evidence(self) -> list[Block]:
        table = self.table("evidence")
        if table is None or not len(table):
            return []
        rows = [
            (
                Cell(r["id"]),
                Cell(self.named(r, "title")),
                Cell(" · ".join(v for v in (r.get("document", ""), r.get("locator", "")) if v)),
                Cell(r.get("licence", "")),
            )
            for r in table.rows()
        ]
        return [
            Words(self.t("evidence"), "lead"),
            Grid(
                (self.t("evidence_id"), self.t("evidence"), self.t("document"), self.t("licence")),
                tuple(rows),
                "klwl",
            ),
        ]

    # -- 5 -----------------------------------------------------------------------------------------------------

    def impact(self) -> Section:
        blocks: list[Block] = [Heading(self.t("s5_1"), "5.1")]
        sets = self.comma(dict.fromkeys(self.t("gwp", set=r.evaluation.background.gwp) for r in self.results))
        rows = [(self.t("category"), self.t("impact")), (self.t("factors"), sets)]
        gases = self.gases()
        if gases:
            rows.append((self.t("gases"), gases))
        blocks.append(self.pairs(rows))
        for n, result in enumerate(self.results):
            number = "5.2" if not self.several else f"5.{n + 2}"
            title = self.t("s5_2") if not self.several else f"{self.t('s5_2')} · {self.pack_title(result)}"
            blocks += [Heading(title, number), *self.result(result)]
        return Section("s5", "5", self.t("s5"), tuple(blocks))

    def gases(self) -> str:
        found: dict[str, None] = {}
        for result in self.results:
            solved = result.evaluation.solved
            for id_ in sorted(set(solved.lines.provider) if solved is not None else ()):
                gas = self.library.gases.get(id_)
                factor = gas.gwp(result.evaluation.background.gwp) if gas is not None else None
                if gas is not None and factor is not None:
                    found[f"{gas.name(self.lang)} {float(factor):g}"] = None
        return self.comma(found)

    def result(self, result: Result) -> list[Block]:
        headline = result.headline
        blocks: list[Block] = []
        if headline is not None and headline.stages:
            if self.several:
                blocks += self.stage_figure(result)
            blocks.append(self.stage_table(result, headline))
        if headline is not None and headline.positions:
            blocks += [Words(self.t("positions"), "lead"), self.position_table(headline)]
        blocks += [Words(self.t("quantities"), "lead"), self.quantities(result)]
        for published in result.published:
            if published.value is None and published.missing:
                missing = self.t("missing_for", missing=self.comma(self.missing(result, published.missing)))
                blocks.append(Banner("caution", published.title[self.lang], missing))
        for published in result.published:
            if published.grade is not None:
                blocks.append(self.graded(published))
        return blocks

    def stage_table(self, result: Result, headline: Published) -> Grid:
        total = sum(s.value for s in headline.stages)
        link = self.lines_anchor(headline)
        rows = [
            (
                Cell(s.name[self.lang]),
                Cell(short(s.value), link),
                Cell(percent(s.value / total) if total else "—"),
                Cell(short(s.low), tone="muted"),
                Cell(short(s.high), tone="muted"),
            )
            for s in headline.stages
        ]
        rows.append(
            (
                Cell(self.t("total"), tone="strong"),
                Cell(headline.published, self.anchor(headline.entry), "strong"),
                Cell(percent(1.0) if total else "—"),
                Cell(short(headline.low or 0.0), tone="muted"),
                Cell(short(headline.high or 0.0), tone="muted"),
            )
        )
        unit = unit_text(headline.unit)
        return Grid(
            (self.t("stage"), self.t("value_kg", unit=unit), "%", self.t("lower"), self.t("upper")),
            tuple(rows),
            "wrrrr",
            total=True,
        )

    def lines_anchor(self, headline: Published) -> str:
        for key in self.reach([headline.entry]):
            if self.ledger.entries[key].kind == "lines":
                return self.anchor(key)
        return self.anchor(headline.entry)

    def position_table(self, headline: Published) -> Grid:
        link = self.lines_anchor(headline)
        rows = [
            (
                Cell(p if len(p) == 1 else "—", tone="muted"),
                Cell(word("position", p, self.lang)),
                Cell(short(v), link),
            )
            for p, v in headline.positions.items()
            if v
        ]
        rows.append((Cell(""), Cell(self.t("t1"), tone="strong"), Cell(short(headline.t1), link, "strong")))
        rows.append((Cell(""), Cell(self.t("t2"), tone="strong"), Cell(short(headline.t2), link, "strong")))
        for key, value in (("credits", headline.credits), ("outside", headline.outside)):
            if value:
                rows.append((Cell(""), Cell(self.t(key), tone="muted"), Cell(short(value), link, "muted")))
        return Grid(
            ("", self.t("position"), self.t("value_kg", unit=unit_text(headline.unit))), tuple(rows), "nlr"
        )

    def quantities(self, result: Result) -> Grid:
        rows = []
        for p in result.published:
            basis = basis_words(p.basis)[self.lang]
            title = p.title[self.lang] + (self.brackets(basis) if basis else "")
            value = self.code(p.published) if isinstance(p.value, str) else p.published
            rows.append(
                (
                    Cell(p.clause.partition("#")[2], tone="muted"),
                    Cell(title),
                    Cell(value if p.value is not None else "—", self.anchor(p.entry), "strong"),
                    Cell(unit_text(p.unit)),
                    Cell(word("review", p.review, self.lang), tone="muted"),
                )
            )
        return Grid(
            (
                self.t("clause"),
                self.t("quantity"),
                self.t("value"),
                self.t("unit_col"),
                phrase("tables.review", self.lang),
            ),
            tuple(rows),
            "kwrkl",
        )

    def graded(self, published: Published) -> Grid:
        found = published.grade
        assert found is not None
        rows = []
        for level in dict.fromkeys([*found.index, *found.blockers]):
            low, high = found.index.get(level, (None, None))
            index = (
                "—"
                if low is None
                else f"{float(low):.4g}"
                if low == high
                else f"{float(low):.4g} – {float(high or 0):.4g}"
            )
            rows.append((Cell(level), Cell(index), Cell(self.comma(found.blockers.get(level, ())) or "—")))
        return Grid((self.t("level"), self.t("index"), self.t("blockers")), tuple(rows), "lrw")

    # -- 6 -----------------------------------------------------------------------------------------------------

    def interpretation(self) -> Section:
        blocks: list[Block] = [Heading(self.t("s6_1"), "6.1")]
        for result in self.results:
            blocks += [*self.pack_line(result), *(Words(text) for text in self.sentences(result))]
        blocks.append(Heading(self.t("s6_2"), "6.2"))
        blocks.append(
            self.pairs(
                [
                    (self.t("assumptions"), self.item("assumptions")),
                    (self.t("limits"), self.item("limits")),
                    *self.givens("scope.", "report.", "review.", "comparison.", "credits.", "label."),
                ]
            )
        )
        for pack in self.all_packs():
            if pack.caution is not None:
                blocks.append(
                    Banner(
                        "caution",
                        f"{self.t('caution_pack')}{self.colon()}{pack.title[self.lang]}",
                        pack.caution[self.lang],
                    )
                )
        if self.library.caution[self.lang]:
            blocks.append(
                Banner(
                    "caution",
                    f"{self.t('caution_library')}{self.colon()}{self.library.title[self.lang]}",
                    self.library.caution[self.lang],
                )
            )
        blocks.append(Words(self.t("single_issue")))
        blocks.append(Heading(self.t("s6_3"), "6.3"))
        text = self.item("improvement")
        if text:
            blocks.append(Words(text))
        for result in self.results:
            items = self.top(result)
            if items and result is next((r for r in self.results if self.top(r)), None):
                blocks.append(Words(self.t("improve_auto", items=items)))
        remedies = dict.fromkeys(
            f.remedy[self.lang]
            for r in self.results
            for f in r.findings
            if f.remedy is not None and f.verdict in ("fail", "not_evaluable")
        )
        if remedies:
            blocks.append(Words(self.t("remedies"), "lead"))
            blocks.append(
                Grid(("", ""), tuple((Cell(str(n)), Cell(text)) for n, text in enumerate(remedies, 1)), "nl")
            )
        return Section("s6", "6", self.t("s6"), tuple(blocks))

    def sentences(self, result: Result) -> Iterable[str]:
        headline = result.headline
        if headline is None or not isinstance(headline.value, float):
            yield (
                self.t("no_value")
                if headline is None or headline.value is None
                else f"{headline.title[self.lang]}{self.colon()}{self.code(headline.published)}"
            )
        else:
            edge = boundary(self.study, headline)
            unit, of = unit_text(headline.unit), unit_of(self.study, headline)
            parts = {
                "producer": self.item("producer"),
                "product": self.item("name") or self.study.id,
                "per": per(of[self.lang], self.lang) if of is not None else "",
                "boundary": edge[self.lang] if edge is not None else "",
            }
            if all(parts.values()):
                yield self.t("result_sentence", **parts, value=headline.published, measure=unit)
            else:
                yield f"{headline.title[self.lang]}{self.colon()}{headline.published} {unit}"
            if headline.low is not None and headline.high is not None and headline.low < headline.high:
                yield self.t("whole_range", low=short(headline.low), high=short(headline.high), measure=unit)
            if headline.stages and self.top(result):
                stage = max(headline.stages, key=lambda s: s.value)
                total = sum(s.value for s in headline.stages) or 1.0
                yield self.t(
                    "largest",
                    stage=stage.name[self.lang],
                    share=percent(stage.value / total),
                    items=self.top(result),
                )
        yield f"{self.t('conformity')}{self.colon()}{result.conformity()[self.lang]}"

    def top(self, result: Result) -> str:
        headline = result.headline
        if headline is None:
            return ""
        return self.comma(
            f"{c.name[self.lang]}{self.brackets(percent(c.share))}" for c in headline.contributions[:3]
        )

    # -- 7, 8 --------------------------------------------------------------------------------------------------

    def contributions(self) -> Section:
        blocks: list[Block] = []
        for result in self.results:
            headline = result.headline
            if headline is None or not headline.contributions:
                continue
            blocks += self.pack_line(result)
            blocks.append(self.drawing(figures.contributions(headline, self.lang), self.t("s7")))
            blocks.append(self.contribution_table(result, headline))
        return Section("s7", "7", self.t("s7"), tuple(blocks) or (Words(self.t("no_value"), "note"),))

    def contribution_table(self, result: Result, headline: Published) -> Grid:
        link = self.lines_anchor(headline)
        providers = result.evaluation.background.providers
        rows = []
        for c in headline.contributions[:20]:
            known = providers.get(c.provider)
            source = known.facts.get("source", "") if known is not None else ""
            rows.append(
                (
                    Cell(c.name[self.lang]),
                    Cell(word("coverage", c.coverage, self.lang)),
                    Cell(short(c.value), link),
                    Cell(percent(c.share)),
                    Cell(_cut(source, 90), tone="muted"),
                )
            )
        return Grid(
            (
                self.t("provider"),
                self.t("coverage"),
                self.t("value_kg", unit=unit_text(headline.unit)),
                "%",
                self.t("source"),
            ),
            tuple(rows),
            "lkrrw",
        )

    def coverage(self) -> Section:
        blocks: list[Block] = [Words(self.t("coverage_words"), "note")]
        for result in self.results:
            headline = result.headline
            if headline is None or not headline.coverage:
                continue
            blocks += self.pack_line(result)
            blocks.append(self.drawing(figures.coverage(headline, self.lang), self.t("s8")))
            share = headline.primary_data_share
            verdict = (
                word("option", headline.verdict, self.lang) if headline.verdict else self.t("verdict_none")
            )
            rows = [
                (
                    self.t("verdict"),
                    Cell(verdict, tone="warn" if headline.verdict == "screening" else "strong"),
                ),
                (
                    self.t("bounds"),
                    Cell(
                        f"{short(headline.low or 0.0)} – {short(headline.high or 0.0)} {unit_text(headline.unit)}",
                        self.lines_anchor(headline),
                    ),
                ),
                (self.t("judged"), Cell(percent(headline.judged))),
            ]
            if headline.unconverted:
                rows.append((self.t("unconverted"), Cell(percent(headline.unconverted))))
            if share is not None:
                rows.append((self.t("primary_share"), Cell(percent(share))))
            rows.append((self.t("fingerprint"), Cell(headline.method_fingerprint, tone="muted")))
            blocks.append(Pairs(tuple(rows)))
        return Section("s8", "8", self.t("s8"), tuple(blocks))

    # -- 9 -----------------------------------------------------------------------------------------------------

    def findings(self) -> Section:
        blocks: list[Block] = []
        for n, result in enumerate(self.results):
            title = f"{self.pack_title(result)} · {result.rulebook.pack.version}"
            blocks += [
                Heading(title, f"9.{n + 1}" if self.several else ""),
                Banner("conformity", result.conformity()[self.lang], tone=self.tone(result)),
            ]
            if not result.findings:
                blocks.append(Words(self.t("no_findings"), "note"))
            for verdict in ORDER:
                found = [f for f in result.findings if f.verdict == verdict]
                if found:
                    name = word("verdict", verdict, self.lang)
                    blocks.append(
                        Verdicts(
                            verdict,
                            self.t("findings_of", verdict=name, count=len(found)),
                            tuple(self.finding(result, f) for f in found),
                            compact=verdict in ("pass", "not_applicable"),
                        )
                    )
        return Section("s9", "9", self.t("s9"), tuple(blocks))

    def finding(self, result: Result, f: Finding) -> Verdict:
        lines = []
        if f.where:
            lines.append((self.t("where"), places(f.where, self.lang)))
        if f.rows:
            lines.append((self.t("which_rows"), self.comma(f.rows)))
        if f.missing == (f.clause,):
            lines.append((self.t("by_clause"), self.t("own_condition")))
        elif f.missing:
            key = "by_clause" if f.verdict == "not_applicable" else "missing"
            lines.append((self.t(key), self.comma(self.missing(result, f.missing))))
        if f.remedy is not None and f.verdict in ("fail", "not_evaluable"):
            lines.append((self.t("remedy"), f.remedy[self.lang]))
        if f.source:
            lines.append((self.t("source"), f.source))
        clause = result.rulebook.by_address(f.clause)
        entry = result.evaluation.keys.get(clause.name, "") if clause is not None else ""
        return Verdict(
            f.verdict,
            word("verdict", f.verdict, self.lang),
            f.number,
            f.text[self.lang],
            (word("severity", f.severity, self.lang), word("review", f.review, self.lang)),
            Cell(f.clause, self.anchor(entry)),
            tuple(lines),
        )

    def missing(self, result: Result, names: Sequence[str]) -> list[str]:
        """What is missing in words: a given by its clause's text, a column by its table's."""
        return [missing_text(result, n, self.lang) for n in names]

    # -- 10, appendix ------------------------------------------------------------------------------------------

    def all_packs(self) -> list[Any]:
        return list({p.version: p for r in self.results for p in reversed(r.rulebook.packs)}.values())

    def sources(self) -> Section:
        packs = Grid(
            (
                self.t("pack"),
                self.t("version"),
                self.t("status"),
                phrase("tables.review", self.lang),
                self.t("licence"),
                self.t("digest"),
            ),
            tuple(
                (
                    Cell(p.title[self.lang]),
                    Cell(p.version),
                    Cell(p.status),
                    Cell(word("review", p.review, self.lang)),
                    Cell(p.licence),
                    Cell(p.digest[:16], tone="muted"),
                )
                for p in self.all_packs()
            ),
            "lkllll",
        )
        blocks: list[Block] = [Words(self.t("packs"), "lead"), packs, Words(self.t("review_counts"), "lead")]
        for result in self.results:
            blocks += [
                *self.pack_line(result),
                self.reviews(result),
                Words(self.t("review_words", count=result.unverified_musts)),
            ]
        blocks += [
            Words(self.t("libraries"), "lead"),
            Grid(
                (self.t("libraries"), self.t("digest")),
                tuple(
                    (Cell(f"{p.id}@{p.version}"), Cell(p.digest, tone="muted")) for p in self.library.parts
                ),
                "kl",
            ),
            self.pairs(
                [
                    (self.t("licences"), "; ".join(self.library.licences)),
                    (self.t("library_sources"), "; ".join(self.library.sources)),
                ]
            ),
        ]
        blocks += [Words(self.t("background"), "lead"), self.background()]
        blocks += [
            Words(self.t("ledger"), "lead"),
            Pairs(((self.t("ledger_root"), Cell(self.ledger.root, tone="muted")),)),
        ]
        notices = list(dict.fromkeys(p.text(self.lang) for r in self.results for p in r.problems))
        if notices:
            blocks += [Words(self.t("problems"), "lead"), *(Words(n, "note") for n in notices)]
        return Section("s10", "10", self.t("s10"), tuple(blocks))

    def reviews(self, result: Result) -> Grid:
        clauses = Counter(c.review for c in result.rulebook.clauses.values())
        musts = Counter(
            f.review
            for f in result.findings
            if f.severity in ("must", "refuse") and f.verdict != "not_applicable"
        )
        kinds = [
            k
            for k in ("verified", "transcribed", "secondary", "memory", "constructed")
            if clauses.get(k) or musts.get(k)
        ]
        return Grid(
            ("", *(word("review", k, self.lang) for k in kinds), self.t("total")),
            (
                (
                    Cell(self.t("all_clauses")),
                    *(Cell(str(clauses.get(k, 0))) for k in kinds),
                    Cell(str(sum(clauses.values()))),
                ),
                (
                    Cell(self.t("must_clauses")),
                    *(Cell(str(musts.get(k, 0))) for k in kinds),
                    Cell(str(sum(musts.values()))),
                ),
            ),
            "w" + "r" * (len(kinds) + 1),
        )

    def background(self) -> Block:
        rows: dict[str, tuple[Cell, ...]] = {}
        for result in self.results:
            solved = result.evaluation.solved
            for id_ in sorted(set(solved.lines.provider) if solved is not None else ()):
                known = result.evaluation.background.providers.get(id_)
                if known is None:
                    continue
                facts = known.facts
                time = facts.get("year") or "/".join(
                    t[:4]
                    for t in (facts.get("period_start", ""), facts.get("period_end", ""))
                    if t[:4].isdigit()
                )
                rows[id_] = (
                    Cell(known.name[self.lang]),
                    Cell(id_, tone="muted"),
                    Cell(facts.get("place", "")),
                    Cell(time),
                    Cell(_cut(facts.get("source", ""), 110), tone="muted"),
                    Cell(_cut(facts.get("licence", ""), 60), tone="muted"),
                )
        if not rows:
            return Words("—", "note")
        return Grid(
            (
                self.t("provider"),
                self.t("evidence_id"),
                self.t("place"),
                self.t("year"),
                self.t("source"),
                self.t("licence"),
            ),
            tuple(rows.values()),
            "llkkwl",
        )

    def appendix(self) -> Section:
        steps = {k: self.step(r, k) for r in self.results for k in self.reach(self.roots(r))}
        return Section(
            "appendix",
            self.t("appendix_letter"),
            self.t("appendix"),
            (Words(self.t("appendix_words"), "note"), Steps(tuple(steps.values()))),
        )

    def roots(self, result: Result) -> list[str]:
        """What the appendix explains: every published quantity, every check that fails or cannot be evaluated."""
        found = [p.entry for p in result.published if p.entry]
        for f in result.findings:
            clause = result.rulebook.by_address(f.clause)
            if (
                f.verdict in ("fail", "not_evaluable")
                and clause is not None
                and clause.name in result.evaluation.keys
            ):
                found.append(result.evaluation.keys[clause.name])
        return found

    def reach(self, roots: Sequence[str]) -> list[str]:
        """Entries below the roots, each once, a parent before what it rests on."""
        found: dict[str, None] = {}
        stack = [k for k in reversed(roots) if k in self.ledger.entries]
        while stack:
            key = stack.pop()
            if key in found:
                continue
            found[key] = None
            stack += [
                k
                for _, k in reversed(self.ledger.entries[key].inputs)
                if k in self.ledger.entries and k not in found
            ]
        return list(found)

    def step(self, result: Result, key: str) -> Step:
        entry = self.ledger.entries[key]
        clause = result.rulebook.by_address(entry.clause) if entry.clause else None
        title = (
            clause.text[self.lang]
            if clause is not None and clause.text[self.lang]
            else self.entry_name(result, entry.name)
        )
        marks = [word("kind", entry.kind, self.lang)]
        if clause is not None:
            marks += [clause.number] if clause.number else []
            marks.append(word("review", clause.review, self.lang))
        if entry.axes and entry.kind != "system":
            marks.append(self.t("under", axes=self.comma(v for _, v in entry.axes)))
        inputs: dict[str, Cell] = {}
        for name, other in entry.inputs:
            inputs.setdefault(
                other if "." in name and name.split(".")[0] == "line" else name + other,
                Cell("line" if name.startswith("line.") else name, self.anchor(other)),
            )
        formula = entry.formula if entry.kind != "lines" else ""
        if clause is not None and clause.value is not None and not formula and entry.kind == "define":
            formula = ""
        source = str(clause.source.get("document", "")) if clause is not None else ""
        page = str(clause.source.get("page", "")) if clause is not None else ""
        return Step(
            f"e-{key[:12]}",
            title,
            entry.kind,
            tuple(marks),
            entry.clause or entry.name,
            formula,
            self.entry_value(key),
            tuple(inputs.values()),
            key[:16],
            source + (f", {page}" if page else ""),
        )

    def entry_name(self, result: Result, name: str) -> str:
        if name == "line":
            return word("kind", "lines", self.lang)
        if name in ("background", "providers"):
            return word("kind", {"background": "system", "providers": "lookup"}[name], self.lang)
        if "." in name:
            return missing_text(result, name, self.lang)
        return {
            "reference": self.t("reference"),
            "process": self.t("processes"),
            "exchange": self.t("flow"),
        }.get(name, name)

    def entry_value(self, key: str) -> str:
        value = self.ledger.values.get(key)
        if value is None:
            return ""
        if not isinstance(value, Mapping):
            return str(value)
        if "lines" in value:
            return self.t("lines_value", count=value["lines"])
        unit = unit_text(str(value.get("unit", "")))
        if "table" in value:
            text = self.t("column", table=value["table"], rows=value["rows"])
            shown = value.get("values")
            if shown and len(shown) <= SHOWN_VALUES:
                text += (
                    self.colon()
                    + self.comma("—" if v is None else self.plain(v) for v in shown)
                    + (f" {unit}" if unit else "")
                )
            elif "sum" in value:
                text += f"{self.colon()}Σ {self.plain(value['sum'])} {unit}"
            return text
        if value.get("state") == "known":
            return f"{self.plain(value['value'])} {unit}".strip()
        if value.get("state") == "missing":
            return f"{word('report', 'not_given', self.lang)}{self.colon()}{self.comma(value.get('why', ()))}"
        if value.get("state") == "not applicable":
            return f"{word('verdict', 'not_applicable', self.lang)}{self.colon()}{self.comma(value.get('why', ()))}"
        return self.comma(str(v) for v in value.values())

    def plain(self, value: Any) -> str:
        """A stored value: numbers with at most six significant digits, words in the reader's language."""
        if isinstance(value, bool):
            return self.code("true" if value else "false")
        text = str(value)
        try:
            number = float(text)
        except ValueError:
            return self.code(text)
        return text if len(text) <= 8 else f"{number:.6g}"


_KINDS = ("site_specific", "primary", "secondary", "estimated", "")


def places(where: Sequence[str], lang: Lang) -> str:
    """Places grouped by file: `exchanges.csv:9, 20, 24`."""
    files: dict[str, list[str]] = {}
    for place in where:
        file, _, rest = place.partition(":")
        files.setdefault(file, []).append(rest)
    comma = "、" if lang == "zh" else ", "
    return ("；" if lang == "zh" else "; ").join(
        f + (f":{comma.join(r)}" if any(r) else "") for f, r in files.items()
    )


def missing_text(result: Result, name: str, lang: Lang) -> str:
    """A missing datum in words, followed by the name it has in the study."""
    for clause in result.rulebook.clauses.values():
        if clause.kind == "given" and clause.value_kind != "table" and name in (clause.path, clause.name):
            return f"{clause.text[lang]} ({name})"
    if "#" in name:
        clause_ = result.rulebook.by_address(name)
        return f"{clause_.text[lang]} ({name})" if clause_ is not None and clause_.text[lang] else name
    table, _, column = name.partition(".")
    given = next(
        (
            c
            for c in result.rulebook.clauses.values()
            if c.kind == "given" and c.value_kind == "table" and c.name == table
        ),
        None,
    )
    if given is not None and column:
        spec = next((c for c in given.columns if c.name == column), None)
        words: Text | None = spec.text if spec is not None else None
        return f"{given.text[lang]} · {words[lang] if words is not None and words[lang] else column} ({name})"
    if column:
        from ..standards.names import line_columns
        from ..study import SCHEMA

        if table == "line" and column in line_columns():
            return f"{line_columns()[column].text[lang]} ({name})"
        spec_ = SCHEMA.get("exchange" if table == "product" else table, {}).get(column)
        if spec_ is not None:
            return f"{spec_.text[lang]} ({name})"
    return name


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip(" ,;") + "…"


__all__ = ["missing_text", "places", "report_document"]
