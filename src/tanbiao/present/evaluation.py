"""The clean-production evaluation as a document: the table that auditors use (baselines, present state, level, score),
the decision step by step, what blocks the next level, the cheapest path; and the audit report in its seven chapters.

Both are `Document`s, written as HTML, DOCX or PDF by `report`. Every page of a constructed or partial table says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ..core.errors import Lang, refuse
from ..core.numbers import decimal_text
from ..core.text import Node as Yaml
from ..evaluate import Published, Result
from ..evaluate.balance import Balance
from ..evaluate.grade import Graded, GradedRow, Limit
from ..evaluate.improve import Action, Choice, Improvement
from ..study import Study
from . import evaluation_figures as draw
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
    Tone,
    Words,
)
from .evaluation_figures import say, term
from .figures import svg
from .numbers import minus, percent, short, unit_text
from .texts import word


@dataclass(frozen=True, eq=False)
class Found:
    """What an evaluation rests on: the study, its results, the ways to better levels, balances, earlier years."""

    study: Study
    results: Sequence[Result]
    improvements: Mapping[str, Improvement] = field(default_factory=dict)
    """By address of the grade clause."""
    balances: Sequence[Balance] = ()
    years: Sequence[tuple[str, Mapping[str, Graded]]] = ()
    """Earlier and present years, with their grades by address."""
    register: Sequence[Action] = ()
    every_measure: Sequence[Mapping[str, str]] = ()
    """Rows of the register as they stand, dropped and done ones too."""


def evaluation_document(found: Found, lang: Lang) -> Document:
    """The evaluation: result, basis, table, decision, gaps, blockers, path, balances, evidence, signatures.

    Refuses (`evaluation-none`) a study whose packs give no level.
    """
    graded = _graded(found)
    if not graded:
        raise refuse("evaluation-none", found.study.place_of("packs"))
    page = _Page(found, lang)
    sections = [Section("result", "", say("doc.result", lang), tuple(page.result(graded)))]
    number = 1
    for result, one in graded:
        title = f"{one.title[lang]} · {result.rulebook.pack.version}"
        sections.append(Section(f"t{number}", str(number), title, tuple(page.table(result, one, number))))
        number += 1
    for anchor, title, blocks in (
        ("basis", "basis", page.basis(graded)),
        ("trend", "trend", page.trend(graded)),
        ("balances", "balances", page.balances()),
        ("findings", "findings", page.findings()),
        ("evidence", "evidence", page.evidence(graded)),
        ("signatures", "signatures", page.signatures()),
    ):
        if blocks:
            sections.append(Section(anchor, str(number), say(f"doc.{title}", lang), tuple(blocks)))
            number += 1
    return page.document(say("doc.table_title", lang), sections)


def audit_document(found: Found, lang: Lang) -> Document:
    """The audit report: planning, pre-assessment, assessment, measures, feasibility, implementation, continuing."""
    graded = _graded(found)
    if not graded:
        raise refuse("evaluation-none", found.study.place_of("packs"))
    page = _Page(found, lang)
    level: list[Block] = [*page.result(graded)]
    for n, (result, one) in enumerate(graded):
        level += [
            Heading(f"{one.title[lang]} · {result.rulebook.pack.version}"),
            *page.table(result, one, 100 + n),
        ]
    parts: list[tuple[str, Sequence[Block]]] = [
        ("c1", [Words(say("chapter.c1_text", lang)), page.blanks("leader", "plan", "training", "barriers")]),
        ("c2", [page.plant(), *page.audit_kind(), *level, *page.findings(), *page.trend(graded)]),
        ("c3", page.balances() or [Words(say("say.no_balance", lang), "note")]),
        ("c4", [Words(say("chapter.c4_text", lang)), *page.measures_by_kind()]),
        ("c5", page.feasibility(graded)),
        ("c6", page.implementation(graded)),
        (
            "c7",
            [
                Words(say("chapter.c7_text", lang)),
                page.blanks("organisation", "rules", "next"),
                *page.signatures(),
            ],
        ),
    ]
    sections = [
        Section(f"c{n}", str(n), say(f"chapter.{key}", lang), tuple(blocks))
        for n, (key, blocks) in enumerate(parts, 1)
    ]
    return page.document(say("doc.audit_title", lang), sections)


def _graded(found: Found) -> list[tuple[Result, Published]]:
    return [(r, p) for r in found.results for p in r.published if p.grade is not None and p.grade.details]


def marks(result: Result, lang: Lang) -> list[str]:
    """What every page says of a pack: constructed, partial, unverified."""
    pack = result.rulebook.pack
    if pack.review == "constructed" or pack.status == "constructed":
        return [say("doc.constructed", lang)]
    if pack.status in ("partial", "draft"):
        return [say("doc.partial", lang)]
    return [] if pack.review == "verified" else [say("doc.unverified", lang)]


class _Page:
    """Blocks in one language."""

    def __init__(self, found: Found, lang: Lang) -> None:
        self.found, self.lang = found, lang

    def say(self, key: str, **args: object) -> str:
        return say(key, self.lang, **args)

    def document(self, title: str, sections: Sequence[Section]) -> Document:
        study, lang = self.found.study, self.lang
        tags: list[str] = [say("doc.constructed", lang)] if study.constructed else []
        for result in self.found.results:
            tags += marks(result, lang) if any(p.grade for p in result.published) else []
        banners: list[Banner] = []
        if study.constructed:
            banners.append(
                Banner("constructed", say("doc.constructed", lang), say("doc.constructed_text", lang))
            )
        banners.append(
            Banner("conformity", say("doc.official", lang), say("doc.official_text", lang), "warn")
        )
        for result in self.found.results:
            pack = result.rulebook.pack
            if pack.caution and any(p.grade for p in result.published):
                banners.append(
                    Banner(
                        "caution", f"{' · '.join(marks(result, lang))}  {pack.version}", pack.caution[lang]
                    )
                )
        name = _words(study.at("title"), lang) or study.id
        tag = " · ".join(dict.fromkeys(tags))
        period = f"{study.at('period.start') or '—'} – {study.at('period.end') or '—'}"
        facts = (
            (say("doc.as_of", lang), str(study.head.get("as_of"))),
            (say("doc.period", lang), period),
            (say("doc.plant", lang), _words(study.at("plant.name"), lang) or "—"),
        )
        footer = f"tanbiao · {study.id} · " + " · ".join(r.rulebook.pack.version for r in self.found.results)
        return Document(lang, title, name, tag, tuple(banners), tuple(sections), footer, facts)

    # -- result ----------------------------------------------------------------------------------------------------

    def result(self, graded: Sequence[tuple[Result, Published]]) -> list[Block]:
        cards, blocks = [], []
        for result, one in graded:
            grade = one.grade
            assert grade is not None
            notes = [result.rulebook.pack.version]
            if grade.style == "ratio":
                low = next(iter(grade.index.values()))[0]
                notes.append(say("say.share", self.lang, value=_points(low)))
            else:
                notes += [self.say("say.index", level=k, value=_range(v)) for k, v in grade.index.items()]
            notes.append(" · ".join(marks(result, self.lang)) or word("review", one.review, self.lang))
            cards.append(Card(one.title[self.lang], self.level(one), "", tuple(notes), tone="warn"))
            if grade.partial:
                blocks.append(Words(self.say("say.profile", text=one.published), "note"))
            elif one.published == "—" and one.missing:
                blocks.append(
                    Words(
                        f"{result.rulebook.pack.version}: "
                        + self.say(
                            "say.not_evaluable",
                            missing=", ".join(self.missing(result, m) for m in one.missing[:4]),
                        ),
                        "note",
                    )
                )
        return [Cards(tuple(cards)), *self.audit_kind(), *blocks]

    def level(self, one: Published) -> str:
        grade = one.grade
        assert grade is not None
        if grade.partial:
            return term("word", "open", self.lang)
        if one.published == "—":
            return term(
                "word",
                "not_applicable" if any("#" in m and m == one.clause for m in one.missing) else "open",
                self.lang,
            )
        if one.published == "none":
            return self.below(grade)
        return term("word", one.published, self.lang)

    def below(self, grade: Graded) -> str:
        return self.say("word.below", level=term("word", list(grade.thresholds)[-1], self.lang))

    def missing(self, result: Result, name: str) -> str:
        """What is missing in words: the text of the clause, where it is one."""
        clause = (
            result.rulebook.by_address(name)
            if "#" in name
            else next(
                (c for c in result.rulebook.clauses.values() if c.path == name and c.kind == "given"), None
            )
        )
        return f"{clause.text[self.lang]} ({name})" if clause is not None and clause.text.zh else name

    def audit_kind(self) -> list[Block]:
        found: list[Block] = []
        for result in self.found.results:
            for one in result.published:
                if one.name == "audit" and one.value:
                    found.append(
                        Words(
                            self.say("say.audit_compulsory", kind=term("word", str(one.value), self.lang)),
                            "lead",
                        )
                    )
                if (
                    one.grade is not None
                    and one.grade.style in ("first_met", "every_met")
                    and one.published == "none"
                ):
                    found.append(
                        Words(
                            self.say(
                                "say.quota",
                                level=term("word", "none", self.lang),
                                pack=result.rulebook.pack.version,
                            ),
                            "note",
                        )
                    )
        return found

    # -- the table -------------------------------------------------------------------------------------------------

    def table(self, result: Result, one: Published, number: int) -> list[Block]:
        grade, lang = one.grade, self.lang
        assert grade is not None
        levels = list(grade.thresholds)
        shown = grade.worst or levels[-1]
        weighted = grade.style in ("membership", "ratio")
        limits = levels[:1] if grade.style == "ratio" else levels
        head = [
            say("col.number", lang),
            say("col.category", lang),
            say("col.indicator", lang),
            say("col.unit", lang),
        ]
        head += [say("col.weight", lang)] if weighted else []
        head += (
            [say("col.baseline_value", lang)]
            if grade.style == "ratio"
            else [term("word", k, lang) for k in limits]
        )
        head += [say("col.present", lang), say("col.stands", lang)] + (
            [say("col.score", lang)] if weighted else []
        )
        rows = []
        categories = _category_weights(grade)
        before = ""
        table = result.rulebook.tables[result.rulebook.clauses[one.name].table]
        for n, row in enumerate(grade.details, 1):
            group = row.category[lang]
            weight = categories.get(row.category.zh)
            first = (
                ""
                if group == before
                else group + (f" ({_points(weight)})" if weight is not None and weighted else "")
            )
            before = group
            cells = [
                Cell(str(n)),
                Cell(first),
                Cell(row.name[lang] + (" *" if row.limiting else "")),
                Cell(unit_text(row.unit)),
            ]
            if weighted:
                cells.append(
                    Cell(
                        _points(row.weight)
                        if row.weight is not None and row.state != "not applicable"
                        else "—"
                    )
                )
            cells += [Cell(self.baseline(row, k, table, n - 1)) for k in limits]
            level_text, tone = self.stands(row, grade)
            cells += [Cell(self.value(row), tone=_tone(row)), Cell(level_text, tone=tone)]
            if weighted:
                cells.append(Cell(self.score(row, grade, shown)))
            rows.append(tuple(cells))
        start = 5 if weighted else 4
        narrow = ["k" if all(len(r[start + n].text) <= 9 for r in rows) else "l" for n in range(len(limits))]
        align = "nllk" + ("r" if weighted else "") + "".join(narrow) + "rk" + ("r" if weighted else "")
        blocks: list[Block] = [Grid(tuple(head), tuple(rows), align)]
        if weighted:
            blocks.append(Words(self.say("say.limiting_mark", level=term("word", shown, lang)), "note"))
        if grade.index and grade.style == "membership":
            blocks.append(Drawing(svg(draw.index_bars(grade, lang), f"i{number}"), say("figure.index", lang)))
            blocks.append(Drawing(svg(draw.radar(grade, lang), f"r{number}"), say("figure.radar", lang)))
        if not grade.partial:
            blocks += [Heading(say("doc.decision", lang)), *self.decision(grade)]
        blocks += self.gaps(result, grade)
        improvement = self.found.improvements.get(result.rulebook.clauses[one.name].address)
        if improvement is not None:
            blocks += [Heading(say("doc.blockers", lang)), *self.blockers(improvement, grade, number)]
            blocks += [Heading(say("doc.measures", lang)), *self.measures(improvement, number)]
        return blocks

    def baseline(self, row: GradedRow, level: str, table: Any, place: int) -> str:
        said = f"says_{level}{'_en' if self.lang == 'en' else ''}"
        if said in table.columns and str(table.values[said].data[place] or ""):
            return str(table.values[said].data[place])
        plain = f"says_{level}"
        if plain in table.columns and str(table.values[plain].data[place] or ""):
            return str(table.values[plain].data[place])
        cell = table.cells[level][place] if level in table.cells else None
        limit = row.limits.get(level)
        text = limit.text if limit is not None else cell.source.removeprefix("x ") if cell is not None else ""
        if not text:
            return "—"
        if text.startswith("== true"):
            return term("word", "yes", self.lang)
        return _shown(text)

    def baseline_of(self, found: Improvement, grade: Graded, row: GradedRow, limit: Limit | None) -> str:
        """The baseline that a blocker must meet, in the words of the table where it has words."""
        for result, one in _graded(self.found):
            clause = result.rulebook.clauses[one.name]
            if clause.address == found.grade and limit is not None:
                level = next((k for k, v in row.limits.items() if v is limit), found.target)
                table = result.rulebook.tables[clause.table]
                return self.baseline(row, level, table, [r.id for r in grade.details].index(row.id))
        return "—"

    def value(self, row: GradedRow) -> str:
        if row.state in ("missing", "not applicable"):
            return term("word", row.state, self.lang)
        mark = f" ({term('word', 'estimated', self.lang)})" if row.state == "estimated" else ""
        if isinstance(row.value, bool):
            return term("word", "yes" if row.value else "no", self.lang) + mark
        if isinstance(row.value, Fraction):
            return _four(row.value) + mark
        return str(row.value) + mark

    def stands(self, row: GradedRow, grade: Graded) -> tuple[str, Tone]:
        if row.state in ("missing", "not applicable"):
            return "—", "muted"
        if row.level is None:
            return self.below(grade), "bad"
        return term("word", row.level, self.lang), ""

    def score(self, row: GradedRow, grade: Graded, shown: str) -> str:
        if row.state == "not applicable" or row.weight is None:
            return "—"
        if grade.style == "ratio":
            alpha = Fraction(grade.options.get("alpha", "0.7"))
            share = alpha if any(v.better for v in row.limits.values()) else 1 - alpha
            return _points(row.weight * share - row.lost.get(next(iter(grade.thresholds)), Fraction(0)))
        return _points(row.weight * 100 - row.lost.get(shown, Fraction(0)))

    # -- decision, gaps --------------------------------------------------------------------------------------------

    def decision(self, grade: Graded) -> list[Block]:
        lang = self.lang
        rows = []
        names = {r.id: r.name[lang] for r in grade.details}
        weighted = bool(grade.index)
        reached = False
        for level, least in grade.thresholds.items():
            failing = [
                r
                for r in grade.details
                if (r.limiting or not weighted)
                and r.state != "not applicable"
                and (
                    r.level is None
                    or list(grade.thresholds).index(r.level) > list(grade.thresholds).index(level)
                )
            ]
            if grade.style == "ratio":
                failing = [r for r in grade.details if r.limiting and r.level is None]
            good = grade.worst == level or reached
            reached = reached or grade.worst == level
            verdict = (
                self.say("word.reached")
                if grade.worst == level
                else "—"
                if good
                else self.say("word.not_reached")
            )
            cells = [Cell(term("word", level, lang))]
            if weighted:
                cells += [Cell(f"≥ {_points(least)}"), Cell(_range(grade.index[level]))]
            cells += [
                Cell(
                    "、".join(names[r.id] for r in failing)
                    if lang == "zh"
                    else ", ".join(names[r.id] for r in failing) or "—"
                ),
                Cell(verdict, tone="good" if grade.worst == level else "muted" if good else "bad"),
            ]
            rows.append(tuple(cells))
        head = [say("word.level", lang)] + (
            [say("col.wanted", lang), say("col.found", lang)] if weighted else []
        )
        head += [
            say("col.limiting", lang) if weighted else say("doc.blockers", lang),
            say("col.verdict", lang),
        ]
        return [Grid(tuple(head), tuple(rows), ("krrlk" if weighted else "klk"))]

    def gaps(self, result: Result, grade: Graded) -> list[Block]:
        lang = self.lang
        rows = [r for r in grade.details if r.state in ("missing", "not applicable", "estimated")]
        if not rows:
            return []
        blocks: list[Block] = [Heading(say("doc.gaps", lang))]
        blocks.append(
            Grid(
                (say("col.indicator", lang), say("col.state", lang), say("col.reason", lang)),
                tuple(
                    (
                        Cell(r.name[lang]),
                        Cell(term("word", r.state, lang)),
                        Cell(self.reason(result, r.reason)),
                    )
                    for r in rows
                ),
                "wkl",
            )
        )
        if grade.missing and grade.best != grade.worst:
            blocks.append(
                Words(
                    self.say(
                        "say.range",
                        worst=term("word", grade.worst or "none", lang),
                        best=term("word", grade.best or "none", lang),
                    ),
                    "lead",
                )
            )
        if grade.style == "membership" and any(r.state == "not applicable" for r in rows):
            blocks.append(
                Words(
                    self.say(
                        "say.adjusted",
                        policy=term("value", grade.options.get("policy", "renorm_first"), lang),
                    ),
                    "note",
                )
            )
        return blocks

    def reason(self, result: Result, text: str) -> str:
        if "#" in text and " " not in text:
            clause = result.rulebook.by_address(text)
            return clause.text[self.lang] if clause is not None else text
        zh, _, en = text.partition(" / ")
        return (zh if self.lang == "zh" else en) if en else text or "—"

    # -- blockers and measures -------------------------------------------------------------------------------------

    def blockers(self, found: Improvement, grade: Graded, number: int) -> list[Block]:
        lang = self.lang
        target = term("word", found.target, lang)
        lead = (
            self.say(
                "say.to_next",
                target=target,
                points=_points(max(Fraction(0), found.wanted - (found.index or 0))),
            )
            if found.index is not None
            else self.say("say.to_next_limits", target=target)
        )
        rows = []
        for b in found.blockers:
            limit = b.limit
            gap = "—"
            if limit is not None and limit.lacks is not None:
                gap = f"{_four(abs(limit.lacks))} {unit_text(b.row.unit)}".strip()
            text = self.baseline_of(found, grade, b.row, limit)
            rows.append(
                (
                    Cell(b.row.name[lang]),
                    Cell(self.value(b.row), tone=_tone(b.row)),
                    Cell(text),
                    Cell(gap, tone="bad"),
                    Cell(_points(b.points) if b.points else "—"),
                    Cell(say("col.veto", lang) if b.veto else ""),
                )
            )
        blocks: list[Block] = [
            Words(lead, "lead"),
            Grid(
                (
                    say("col.indicator", lang),
                    say("col.present", lang),
                    say("col.baseline", lang),
                    say("col.gap", lang),
                    say("col.points", lang),
                    say("col.veto", lang),
                ),
                tuple(rows),
                "wrlrrk",
            ),
        ]
        level = found.target if grade.style != "ratio" else next(iter(grade.thresholds))
        if any(r.limits.get(level) is not None and r.limits[level].lacks is not None for r in grade.details):
            blocks.append(
                Drawing(
                    svg(draw.gap(grade, level, lang), f"g{number}"), say("figure.gap", lang, level=target)
                )
            )
        return blocks

    def measures(self, found: Improvement, number: int) -> list[Block]:
        lang = self.lang
        target = term("word", found.target, lang)
        if not found.actions:
            return [Words(self.say("say.no_measures"), "note")]
        blocks: list[Block] = [
            self.economics(found.actions, found.path),
            Words(self.say("say.rates", discount=percent(found.discount), tax=percent(found.tax)), "note"),
        ]
        if found.path is None:
            blocks.append(Words(self.say("say.no_path", target=target), "lead"))
        else:
            names = "、" if lang == "zh" else ", "
            blocks.append(
                Words(
                    self.say(
                        "say.path",
                        measures=names.join(f"{a.id} {a.name[lang]}" for a in found.path.actions) or "—",
                        cost=_money(found.path.cost),
                        level=term("word", found.path.level or "none", lang),
                    ),
                    "lead",
                )
            )
            blocks.append(Words(self.say("say.exact"), "note"))
        if found.margin is not None and found.path is not None:
            margin = percent(float(found.margin))
            blocks.append(
                Words(
                    self.say(
                        "say.robust",
                        margin=margin,
                        cost=_money(found.robust.cost),
                        measures=", ".join(a.id for a in found.robust.actions),
                    )
                    if found.robust is not None
                    else self.say("say.no_robust", margin=margin),
                    "note",
                )
            )
        if len(found.front) > 1:
            blocks.append(
                Drawing(svg(draw.pareto(found, lang), f"p{number}"), say("figure.pareto", lang, level=target))
            )
        return blocks

    def economics(self, actions: Sequence[Action], path: Choice | None) -> Grid:
        lang = self.lang
        chosen = {a.id for a in path.actions} if path is not None else set()
        rows = [
            (
                Cell(a.id),
                Cell(a.name[lang], tone="strong" if a.id in chosen else ""),
                Cell(term("cost", a.cost_class, lang)),
                Cell(_money(a.investment)),
                Cell(_money(a.saving)),
                Cell(f"{a.economics.payback:.1f}" if a.economics.payback is not None else "—"),
                Cell(minus(f"{a.economics.npv / 1e4:,.0f}")),
                Cell(percent(a.economics.irr) if a.economics.irr is not None else "—"),
                Cell(term("word", "yes", lang) if a.id in chosen else "", tone="good"),
            )
            for a in actions
        ]
        return Grid(
            tuple(
                [""]
                + [
                    say(f"col.{k}", lang)
                    for k in ("measure", "cost", "investment", "saving", "payback", "npv", "irr", "chosen")
                ]
            ),
            tuple(rows),
            "kwkrrrrrk",
        )

    def measures_by_kind(self) -> list[Block]:
        lang = self.lang
        rows = sorted(self.found.every_measure, key=lambda r: (r.get("type", ""), r["id"]))
        if not rows:
            return [Words(self.say("say.no_measures"), "note")]
        return [
            Grid(
                (
                    "",
                    *(say(f"col.{k}", lang) for k in ("type", "measure", "cost", "state", "owner", "due")),
                ),
                tuple(
                    (
                        Cell(r["id"]),
                        Cell(term("type", r.get("type", ""), lang)),
                        Cell(r.get(f"name_{lang}") or r["id"]),
                        Cell(term("cost", r.get("cost_class", ""), lang)),
                        Cell(term("state", r.get("state", ""), lang)),
                        Cell(self.both(r.get("owner", ""))),
                        Cell(r.get("due", "")),
                    )
                    for r in rows
                ),
                "kkwkkll",
            )
        ]

    def both(self, text: str) -> str:
        zh, _, en = text.partition(" / ")
        return (zh if self.lang == "zh" else en) if en else text

    def feasibility(self, graded: Sequence[tuple[Result, Published]]) -> list[Block]:
        found = next(iter(self.found.improvements.values()), None)
        if found is None or not self.found.register:
            return [Words(self.say("say.no_measures"), "note")]
        return [
            self.economics(self.found.register, found.path),
            Words(self.say("say.rates", discount=percent(found.discount), tax=percent(found.tax)), "note"),
        ]

    def implementation(self, graded: Sequence[tuple[Result, Published]]) -> list[Block]:
        """Before and after the cheapest path, by row."""
        lang = self.lang
        blocks: list[Block] = []
        for result, one in graded:
            found = self.found.improvements.get(result.rulebook.clauses[one.name].address)
            if found is None or found.path is None or one.grade is None:
                continue
            after = {r.id: r for r in found.path.after.details}
            moved = [r for r in one.grade.details if r.id in after and after[r.id].value != r.value]
            blocks.append(Heading(f"{one.title[lang]} · {result.rulebook.pack.version}"))
            blocks.append(
                Words(
                    f"{term('word', found.now or 'none', lang)} → {term('word', found.path.level or 'none', lang)}"
                    + (
                        f"   {_points(found.index)} → {_points(found.path.index)}"
                        if found.index is not None and found.path.index is not None
                        else ""
                    ),
                    "lead",
                )
            )
            blocks.append(
                Grid(
                    (
                        say("col.indicator", lang),
                        say("col.unit", lang),
                        say("col.before", lang),
                        say("col.stands", lang),
                        say("col.after", lang),
                        say("col.stands", lang),
                    ),
                    tuple(
                        (
                            Cell(r.name[lang]),
                            Cell(unit_text(r.unit)),
                            Cell(self.value(r)),
                            Cell(self.stands(r, one.grade)[0]),
                            Cell(self.value(after[r.id])),
                            Cell(self.stands(after[r.id], one.grade)[0]),
                        )
                        for r in moved
                    ),
                    "wkrlrl",
                )
            )
        return blocks or [Words(self.say("say.at_best"), "note")]

    # -- the rest --------------------------------------------------------------------------------------------------

    def plant(self) -> Block:
        study, lang = self.found.study, self.lang
        return Pairs(
            (
                (say("doc.plant", lang), Cell(_words(study.at("plant.name"), lang) or "—")),
                (say("doc.boundary", lang), Cell(_words(study.at("plant.boundary"), lang) or "—")),
                (say("doc.period", lang), Cell(f"{study.at('period.start')} – {study.at('period.end')}")),
            )
        )

    def basis(self, graded: Sequence[tuple[Result, Published]]) -> list[Block]:
        lang = self.lang
        blocks: list[Block] = []
        for result, one in graded:
            grade, pack = one.grade, result.rulebook.pack
            assert grade is not None
            rows = [
                (pack.version, Cell(pack.title[lang])),
                ("", Cell(str(pack.source.get("document", "")))),
                (say("doc.as_of", lang), Cell(str(self.found.study.head.get("as_of")))),
                ("", Cell(self.say("say.reviewed", review=word("review", pack.review, lang)))),
                ("", Cell(term("style", grade.style, lang))),
            ]
            rows += [
                (term("option", k, lang), Cell(term("value", v, lang)))
                for k, v in grade.options.items()
                if k not in ("states",)
            ]
            if pack.source.get("entered_by") or pack.source.get("checked_by"):
                rows.append(
                    ("", Cell(f"{pack.source.get('entered_by', '—')} / {pack.source.get('checked_by', '—')}"))
                )
            blocks.append(Pairs(tuple(rows)))
        return blocks

    def trend(self, graded: Sequence[tuple[Result, Published]]) -> list[Block]:
        blocks: list[Block] = []
        for result, one in graded:
            address = result.rulebook.clauses[one.name].address
            years = [
                (year, grades[address])
                for year, grades in self.found.years
                if address in grades and grades[address].index
            ]
            if len(years) > 1:
                blocks.append(
                    Drawing(
                        svg(draw.trend(years, self.lang), f"y{len(blocks)}"), say("figure.trend", self.lang)
                    )
                )
        return blocks

    def balances(self) -> list[Block]:
        lang = self.lang
        blocks: list[Block] = []
        for b in self.found.balances:
            blocks.append(Heading(f"{self.both(b.name)} · {term('word', b.medium, lang)}"))
            rows = [
                (
                    Cell(i.name[lang]),
                    Cell(term("word", i.direction, lang)),
                    Cell(_four(i.amount)),
                    Cell(unit_text(b.unit)),
                    Cell(i.given),
                )
                for i in b.items
            ]
            blocks.append(
                Grid(
                    tuple(say(f"col.{k}", lang) for k in ("item", "direction", "amount", "unit", "given")),
                    tuple(rows),
                    "wkrkl",
                )
            )
            error = percent(float(b.error)) if b.error is not None else "—"
            blocks.append(
                Words(
                    self.say("say.closure_open" if b.open else "say.closure", error=error),
                    "lead" if b.open else "note",
                )
            )
        return blocks

    def findings(self) -> list[Block]:
        lang = self.lang
        rows = [
            (
                Cell(f.clause.partition("#")[0]),
                Cell(f.text[lang]),
                Cell(word("verdict", f.verdict, lang), tone="bad" if f.verdict == "fail" else "warn"),
                Cell(", ".join((*f.where, *f.missing)[:3])),
            )
            for r in self.found.results
            for f in r.findings
            if f.verdict in ("fail", "not_evaluable")
        ]
        return (
            [Grid(("", say("col.item", lang), say("col.verdict", lang), ""), tuple(rows), "lwkl")]
            if rows
            else []
        )

    def evidence(self, graded: Sequence[tuple[Result, Published]]) -> list[Block]:
        lang = self.lang
        blocks: list[Block] = []
        table = self.found.study.tables.get("evidence")
        if table is not None:
            blocks.append(
                Grid(
                    ("", say("col.item", lang), say("col.kind", lang), say("col.document", lang)),
                    tuple(
                        (
                            Cell(r["id"]),
                            Cell(r.get(f"title_{lang}") or r["id"]),
                            Cell(r.get("kind", "")),
                            Cell(r.get("document", "")),
                        )
                        for r in table.rows()
                    ),
                    "kwkl",
                )
            )
        named = {str(v["evidence"]) for v in _nodes(self.found.study.head) if v.get("evidence")}
        bare = [
            c.path
            for r in self.found.results
            for c in r.rulebook.of_kind("given")
            if c.value_kind == "number"
            and self.found.study.at(c.path) is not None
            and not (
                isinstance(self.found.study.at(c.path), Yaml) and self.found.study.at(c.path).get("evidence")
            )
        ]
        if bare and (named or table is not None):
            blocks.append(Words(self.say("say.no_evidence", rows=", ".join(dict.fromkeys(bare))), "note"))
        return blocks

    def signatures(self) -> list[Block]:
        return [Words(self.say("say.sign")), Words("＿＿＿＿＿＿＿＿   ＿＿＿＿＿＿＿＿   ＿＿＿＿＿＿＿＿")]

    def blanks(self, *keys: str) -> Block:
        return Pairs(
            tuple(
                (say(f"chapter.{k}", self.lang), Cell(say("chapter.fill", self.lang), tone="muted"))
                for k in keys
            )
        )


def _shown(text: str) -> str:
    """A baseline for the eye: `<= -30` → `≤−30`."""
    text = text.replace("<=", "≤").replace(">=", "≥").replace("== ", "").replace('"', "")
    return minus(text.replace("≤ ", "≤").replace("≥ ", "≥"))


def _category_weights(grade: Graded) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for row in grade.details:
        if row.weight is not None and row.state != "not applicable":
            found[row.category.zh] = found.get(row.category.zh, Fraction(0)) + row.weight
    return found


def _nodes(node: Yaml) -> list[Yaml]:
    found = [node]
    for value in node.values():
        if isinstance(value, Yaml):
            found += _nodes(value)
    return found


def _words(raw: Any, lang: Lang) -> str:
    if isinstance(raw, Yaml):
        return str(raw.get(lang) or raw.get("value") or "")
    return str(raw or "")


def _tone(row: GradedRow) -> Tone:
    return (
        "warn" if row.state in ("missing", "estimated") else "muted" if row.state == "not applicable" else ""
    )


def _points(value: Fraction | float | None) -> str:
    if value is None:
        return "—"
    return minus(
        f"{float(value):.4f}".rstrip("0").rstrip(".")
        if abs(float(value)) < 1
        else f"{float(value):.2f}".rstrip("0").rstrip(".")
    )


def _range(pair: tuple[Fraction, Fraction]) -> str:
    low, high = pair
    return _points(low) if low == high else f"{_points(low)} – {_points(high)}"


def _four(value: Fraction) -> str:
    """A measured value as it is: exact where short, else to five significant digits."""
    text = decimal_text(value)
    if len(text.lstrip("-").replace(".", "")) <= 8:
        whole, dot, rest = text.partition(".")
        return minus(f"{int(whole):,}{dot}{rest}" if abs(value) >= 10000 else text)
    number = float(value)
    return minus(f"{number:.5g}") if 1e-3 <= abs(number) < 1e6 else short(number)


def _money(value: Fraction) -> str:
    return minus(f"{float(value) / 1e4:,.1f}".removesuffix(".0"))


__all__ = ["Found", "audit_document", "evaluation_document", "marks"]
