"""One grade of one pack: the table of indicators, the decision, gaps, what blocks the next level, the measures."""

from __future__ import annotations

from ...evaluate import Published, Result
from .. import evaluation_figures as draw
from ..document import Block, Cell, Drawing, Grid, Heading, Words
from ..evaluation_texts import say, term
from ..figures import svg
from ..numbers import unit_text
from .amounts import points
from .decision import decision_blocks, gap_blocks
from .indicator import baseline_text, category_weights, row_tone, score_text, stands, value_text
from .measures import blocker_blocks, measure_blocks
from .page import Page


def grade_blocks(page: Page, result: Result, one: Published, number: int) -> list[Block]:
    grade, lang = one.grade, page.lang
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
    categories = category_weights(grade)
    before = ""
    table = result.rulebook.tables[result.rulebook.clauses[one.name].table]
    for n, row in enumerate(grade.details, 1):
        group = row.category[lang]
        weight = categories.get(row.category.zh)
        first = (
            ""
            if group == before
            else group + (f" ({points(weight)})" if weight is not None and weighted else "")
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
                Cell(points(row.weight) if row.weight is not None and row.state != "not applicable" else "—")
            )
        cells += [Cell(baseline_text(page, row, k, table, n - 1)) for k in limits]
        level_text, tone = stands(page, row, grade)
        cells += [Cell(value_text(page, row), tone=row_tone(row)), Cell(level_text, tone=tone)]
        if weighted:
            cells.append(Cell(score_text(page, row, grade, shown)))
        rows.append(tuple(cells))
    start = 5 if weighted else 4
    narrow = ["k" if all(len(r[start + n].text) <= 9 for r in rows) else "l" for n in range(len(limits))]
    align = "nllk" + ("r" if weighted else "") + "".join(narrow) + "rk" + ("r" if weighted else "")
    blocks: list[Block] = [Grid(tuple(head), tuple(rows), align)]
    if weighted:
        blocks.append(Words(page.say("say.limiting_mark", level=term("word", shown, lang)), "note"))
    if grade.index and grade.style == "membership":
        blocks.append(Drawing(svg(draw.index_bars(grade, lang), f"i{number}"), say("figure.index", lang)))
        blocks.append(Drawing(svg(draw.radar(grade, lang), f"r{number}"), say("figure.radar", lang)))
    if not grade.partial:
        blocks += [Heading(say("doc.decision", lang)), *decision_blocks(page, grade)]
    blocks += gap_blocks(page, result, grade)
    improvement = page.found.improvements.get(result.rulebook.clauses[one.name].address)
    if improvement is not None:
        blocks += [Heading(say("doc.blockers", lang)), *blocker_blocks(page, improvement, grade, number)]
        blocks += [Heading(say("doc.measures", lang)), *measure_blocks(page, improvement, number)]
    return blocks
