"""How the level came about, step by step, and the gaps to the next."""

from __future__ import annotations

from ...evaluate import Result
from ...evaluate.grade.graded import Graded
from ..document import Block, Cell, Grid, Heading, Words
from ..evaluation_texts import say, term
from .amounts import points, points_range
from .page import Page


def decision_blocks(page: Page, grade: Graded) -> list[Block]:
    lang = page.lang
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
                r.level is None or list(grade.thresholds).index(r.level) > list(grade.thresholds).index(level)
            )
        ]
        if grade.style == "ratio":
            failing = [r for r in grade.details if r.limiting and r.level is None]
        good = grade.worst == level or reached
        reached = reached or grade.worst == level
        verdict = (
            page.say("word.reached")
            if grade.worst == level
            else "—"
            if good
            else page.say("word.not_reached")
        )
        cells = [Cell(term("word", level, lang))]
        if weighted:
            cells += [Cell(f"≥ {points(least)}"), Cell(points_range(grade.index[level]))]
        cells += [
            Cell(page.list(names[r.id] for r in failing)),
            Cell(verdict, tone="good" if grade.worst == level else "muted" if good else "bad"),
        ]
        rows.append(tuple(cells))
    head = [say("word.level", lang)] + ([say("col.wanted", lang), say("col.found", lang)] if weighted else [])
    head += [
        say("col.limiting", lang) if weighted else say("doc.blockers", lang),
        say("col.verdict", lang),
    ]
    return [Grid(tuple(head), tuple(rows), ("krrlk" if weighted else "klk"))]


def gap_blocks(page: Page, result: Result, grade: Graded) -> list[Block]:
    lang = page.lang
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
                    Cell(reason_text(page, result, r.reason)),
                )
                for r in rows
            ),
            "wkl",
        )
    )
    if grade.missing and grade.best != grade.worst:
        blocks.append(
            Words(
                page.say(
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
                page.say(
                    "say.adjusted",
                    policy=term("value", grade.options.get("policy", "renorm_first"), lang),
                ),
                "note",
            )
        )
    return blocks


def reason_text(page: Page, result: Result, text: str) -> str:
    if "#" in text and " " not in text:
        clause = result.rulebook.by_address(text)
        return clause.text[page.lang] if clause is not None else text
    zh, _, en = text.partition(" / ")
    return (zh if page.lang == "zh" else en) if en else text or "—"
