"""The clean-production evaluation as a document: the table that auditors use (baselines, present state, level, score),
the decision step by step, what blocks the next level, the cheapest path; and the audit report in its seven chapters.

Both are `Document`s, written as HTML, DOCX or PDF by `report`. Every page of a constructed or partial table says so."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.errors import Lang, refuse
from ..document import Banner, Block, Document, Heading, Section, Words
from ..evaluation_texts import say
from .amounts import words_of
from .found import Found, graded_results, marks
from .grade import grade_blocks
from .measures import measures_by_kind
from .page import Page
from .progress import feasibility_blocks, implementation_blocks
from .record import (
    balance_blocks,
    basis_blocks,
    evidence_blocks,
    finding_blocks,
    plant_pairs,
    signature_blocks,
    trend_blocks,
)
from .result import audit_kind, result_blocks


def evaluation_document(found: Found, lang: Lang) -> Document:
    """The evaluation: result, basis, table, decision, gaps, blockers, path, balances, evidence, signatures.

    Refuses (`evaluation-none`) a study whose packs give no level.
    """
    graded = graded_results(found)
    if not graded:
        raise refuse("evaluation-none", found.study.place_of("packs"))
    page = Page(found, lang)
    sections = [Section("result", "", say("doc.result", lang), tuple(result_blocks(page, graded)))]
    number = 1
    for result, one in graded:
        title = f"{one.title[lang]} · {result.rulebook.pack.version}"
        sections.append(
            Section(f"t{number}", str(number), title, tuple(grade_blocks(page, result, one, number)))
        )
        number += 1
    for anchor, title, blocks in (
        ("basis", "basis", basis_blocks(page, graded)),
        ("trend", "trend", trend_blocks(page, graded)),
        ("balances", "balances", balance_blocks(page)),
        ("findings", "findings", finding_blocks(page)),
        ("evidence", "evidence", evidence_blocks(page, graded)),
        ("signatures", "signatures", signature_blocks(page)),
    ):
        if blocks:
            sections.append(Section(anchor, str(number), say(f"doc.{title}", lang), tuple(blocks)))
            number += 1
    return framed(page, say("doc.table_title", lang), sections)


def audit_document(found: Found, lang: Lang) -> Document:
    """The audit report: planning, pre-assessment, assessment, measures, feasibility, implementation, continuing."""
    graded = graded_results(found)
    if not graded:
        raise refuse("evaluation-none", found.study.place_of("packs"))
    page = Page(found, lang)
    level: list[Block] = [*result_blocks(page, graded)]
    for n, (result, one) in enumerate(graded):
        level += [
            Heading(f"{one.title[lang]} · {result.rulebook.pack.version}"),
            *grade_blocks(page, result, one, 100 + n),
        ]
    parts: list[tuple[str, Sequence[Block]]] = [
        ("c1", [Words(say("chapter.c1_text", lang)), page.blanks("leader", "plan", "training", "barriers")]),
        (
            "c2",
            [
                plant_pairs(page),
                *audit_kind(page),
                *level,
                *finding_blocks(page),
                *trend_blocks(page, graded),
            ],
        ),
        ("c3", balance_blocks(page) or [Words(say("say.no_balance", lang), "note")]),
        ("c4", [Words(say("chapter.c4_text", lang)), *measures_by_kind(page)]),
        ("c5", feasibility_blocks(page, graded)),
        ("c6", implementation_blocks(page, graded)),
        (
            "c7",
            [
                Words(say("chapter.c7_text", lang)),
                page.blanks("organisation", "rules", "next"),
                *signature_blocks(page),
            ],
        ),
    ]
    sections = [
        Section(f"c{n}", str(n), say(f"chapter.{key}", lang), tuple(blocks))
        for n, (key, blocks) in enumerate(parts, 1)
    ]
    return framed(page, say("doc.audit_title", lang), sections)


def framed(page: Page, title: str, sections: Sequence[Section]) -> Document:
    study, lang = page.found.study, page.lang
    tags: list[str] = [say("doc.constructed", lang)] if study.constructed else []
    for result in page.found.results:
        tags += marks(result, lang) if any(p.grade for p in result.published) else []
    banners: list[Banner] = []
    if study.constructed:
        banners.append(Banner("constructed", say("doc.constructed", lang), say("doc.constructed_text", lang)))
    banners.append(Banner("conformity", say("doc.official", lang), say("doc.official_text", lang), "warn"))
    for result in page.found.results:
        pack = result.rulebook.pack
        if pack.caution and any(p.grade for p in result.published):
            banners.append(
                Banner("caution", f"{' · '.join(marks(result, lang))}  {pack.version}", pack.caution[lang])
            )
    name = words_of(study.at("title"), lang) or study.id
    tag = " · ".join(dict.fromkeys(tags))
    period = f"{study.at('period.start') or '—'} – {study.at('period.end') or '—'}"
    facts = (
        (say("doc.as_of", lang), str(study.head.get("as_of"))),
        (say("doc.period", lang), period),
        (say("doc.plant", lang), words_of(study.at("plant.name"), lang) or "—"),
    )
    footer = f"tanbiao · {study.id} · " + " · ".join(r.rulebook.pack.version for r in page.found.results)
    return Document(lang, title, name, tag, tuple(banners), tuple(sections), footer, facts)
