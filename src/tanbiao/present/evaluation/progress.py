"""Feasibility and implementation of measures, for the audit report."""

from __future__ import annotations

from collections.abc import Sequence

from ...evaluate import Published, Result
from ..document import Block, Cell, Grid, Heading, Words
from ..evaluation_texts import say, term
from ..numbers import percent, unit_text
from .amounts import points
from .indicator import stands, value_text
from .measures import economics_table
from .page import Page


def feasibility_blocks(page: Page, graded: Sequence[tuple[Result, Published]]) -> list[Block]:
    found = next(iter(page.found.improvements.values()), None)
    if found is None or not page.found.register:
        return [Words(page.say("say.no_measures"), "note")]
    return [
        economics_table(page, page.found.register, found.path),
        Words(page.say("say.rates", discount=percent(found.discount), tax=percent(found.tax)), "note"),
    ]


def implementation_blocks(page: Page, graded: Sequence[tuple[Result, Published]]) -> list[Block]:
    """Before and after the cheapest path, by row."""
    lang = page.lang
    blocks: list[Block] = []
    for result, one in graded:
        found = page.found.improvements.get(result.rulebook.clauses[one.name].address)
        if found is None or found.path is None or one.grade is None:
            continue
        after = {r.id: r for r in found.path.after.details}
        moved = [r for r in one.grade.details if r.id in after and after[r.id].value != r.value]
        blocks.append(Heading(f"{one.title[lang]} · {result.rulebook.pack.version}"))
        blocks.append(
            Words(
                f"{term('word', found.now or 'none', lang)} → {term('word', found.path.level or 'none', lang)}"
                + (
                    f"   {points(found.index)} → {points(found.path.index)}"
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
                        Cell(value_text(page, r)),
                        Cell(stands(page, r, one.grade)[0]),
                        Cell(value_text(page, after[r.id])),
                        Cell(stands(page, after[r.id], one.grade)[0]),
                    )
                    for r in moved
                ),
                "wkrlrl",
            )
        )
    return blocks or [Words(page.say("say.at_best"), "note")]
