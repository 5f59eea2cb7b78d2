"""The plant, the basis, the trend, balances, findings, evidence and signatures."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.text import Node as Yaml
from ...evaluate import Published, Result
from .. import evaluation_figures as draw
from ..document import Block, Cell, Drawing, Grid, Heading, Pairs, Words
from ..evaluation_texts import say, term
from ..figures import svg
from ..numbers import percent, unit_text
from ..texts import word
from .amounts import measured, words_of
from .measures import in_language
from .page import Page
from .result import nodes


def plant_pairs(page: Page) -> Block:
    study, lang = page.found.study, page.lang
    return Pairs(
        (
            (say("doc.plant", lang), Cell(words_of(study.at("plant.name"), lang) or "—")),
            (say("doc.boundary", lang), Cell(words_of(study.at("plant.boundary"), lang) or "—")),
            (say("doc.period", lang), Cell(f"{study.at('period.start')} – {study.at('period.end')}")),
        )
    )


def basis_blocks(page: Page, graded: Sequence[tuple[Result, Published]]) -> list[Block]:
    lang = page.lang
    blocks: list[Block] = []
    for result, one in graded:
        grade, pack = one.grade, result.rulebook.pack
        assert grade is not None
        rows = [
            (pack.version, Cell(pack.title[lang])),
            (say("doc.source", lang), Cell(str(pack.source.get("document", "")))),
            (say("doc.as_of", lang), Cell(str(page.found.study.head.get("as_of")))),
            (say("doc.encoding", lang), Cell(word("review", pack.review, lang))),
            (say("doc.style", lang), Cell(term("style", grade.style, lang))),
        ]
        rows += [
            (term("option", k, lang), Cell(term("value", v, lang)))
            for k, v in grade.options.items()
            if k not in ("states",)
        ]
        if pack.source.get("entered_by") or pack.source.get("checked_by"):
            people = f"{pack.source.get('entered_by', '—')} / {pack.source.get('checked_by', '—')}"
            rows.append((say("doc.entered", lang), Cell(people)))
        blocks.append(Pairs(tuple(rows)))
    return blocks


def trend_blocks(page: Page, graded: Sequence[tuple[Result, Published]]) -> list[Block]:
    blocks: list[Block] = []
    for result, one in graded:
        address = result.rulebook.clauses[one.name].address
        years = [
            (year, grades[address])
            for year, grades in page.found.years
            if address in grades and grades[address].index
        ]
        if len(years) > 1:
            blocks.append(
                Drawing(svg(draw.trend(years, page.lang), f"y{len(blocks)}"), say("figure.trend", page.lang))
            )
    return blocks


def balance_blocks(page: Page) -> list[Block]:
    lang = page.lang
    blocks: list[Block] = []
    for b in page.found.balances:
        blocks.append(Heading(f"{in_language(page, b.name)} · {term('word', b.medium, lang)}"))
        rows = [
            (
                Cell(i.name[lang]),
                Cell(term("word", i.direction, lang)),
                Cell(measured(i.amount)),
                Cell(unit_text(b.unit)),
                Cell("" if i.given.partition(" ")[2] == b.unit else i.given),
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
                page.say("say.closure_open" if b.open else "say.closure", error=error),
                "lead" if b.open else "note",
            )
        )
    return blocks


def finding_blocks(page: Page) -> list[Block]:
    lang = page.lang
    rows = [
        (
            Cell(f.clause.partition("#")[0]),
            Cell(f.text[lang]),
            Cell(word("verdict", f.verdict, lang), tone="bad" if f.verdict == "fail" else "warn"),
            Cell(page.list((*f.where, *f.missing)[:3])),
        )
        for r in page.found.results
        for f in r.findings
        if f.verdict in ("fail", "not_evaluable")
    ]
    return (
        [Grid(("", say("col.item", lang), say("col.verdict", lang), ""), tuple(rows), "lwkl")] if rows else []
    )


def evidence_blocks(page: Page, graded: Sequence[tuple[Result, Published]]) -> list[Block]:
    lang = page.lang
    blocks: list[Block] = []
    table = page.found.study.tables.get("evidence")
    if table is not None:
        blocks.append(
            Grid(
                ("", say("col.item", lang), say("col.kind", lang), say("col.document", lang)),
                tuple(
                    (
                        Cell(r["id"]),
                        Cell(r.get(f"title_{lang}") or r["id"]),
                        Cell(term("evidence", r.get("kind", ""), lang)),
                        Cell(term("evidence", r.get("document", ""), lang)),
                    )
                    for r in table.rows()
                ),
                "kwkl",
            )
        )
    named = {str(v["evidence"]) for v in nodes(page.found.study.head) if v.get("evidence")}
    bare = [
        c.path
        for r in page.found.results
        for c in r.rulebook.of_kind("given")
        if c.value_kind == "number"
        and page.found.study.at(c.path) is not None
        and not (
            isinstance(page.found.study.at(c.path), Yaml) and page.found.study.at(c.path).get("evidence")
        )
    ]
    if bare and (named or table is not None):
        blocks.append(Words(page.say("say.no_evidence", rows=page.list(dict.fromkeys(bare))), "note"))
    return blocks


def signature_blocks(page: Page) -> list[Block]:
    return [Words(page.say("say.sign")), Words("＿＿＿＿＿＿＿＿   ＿＿＿＿＿＿＿＿   ＿＿＿＿＿＿＿＿")]
