"""The levels reached, what is missing for one, and which kind of audit follows."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.text import Node as Yaml
from ...evaluate import Published, Result
from ...evaluate.grade.graded import Graded
from ..document import Block, Card, Cards, Words
from ..evaluation_texts import levels_counted, say, term
from ..texts import word
from .amounts import points, points_range
from .found import marks
from .page import Page


def result_blocks(page: Page, graded: Sequence[tuple[Result, Published]]) -> list[Block]:
    cards, blocks = [], []
    for result, one in graded:
        grade = one.grade
        assert grade is not None
        notes = [result.rulebook.pack.version]
        if grade.style == "ratio":
            low = next(iter(grade.index.values()))[0]
            notes.append(say("say.share", page.lang, value=points(low)))
        else:
            notes += [page.say("say.index", level=k, value=points_range(v)) for k, v in grade.index.items()]
        notes.append(" · ".join(marks(result, page.lang)) or word("review", one.review, page.lang))
        cards.append(Card(one.title[page.lang], level_words(page, one), "", tuple(notes), tone="warn"))
        if grade.partial:
            blocks.append(
                Words(page.say("say.profile", text=levels_counted(one.published, page.lang)), "note")
            )
        elif one.published == "—" and one.missing:
            blocks.append(
                Words(
                    f"{result.rulebook.pack.version}: "
                    + page.say(
                        "say.not_evaluable",
                        missing=page.list(page.missing(result, m) for m in one.missing[:4]),
                    ),
                    "note",
                )
            )
    return [Cards(tuple(cards)), *audit_kind(page), *blocks]


def level_words(page: Page, one: Published) -> str:
    grade = one.grade
    assert grade is not None
    if grade.partial:
        return term("word", "open", page.lang)
    if one.published == "—":
        return term(
            "word",
            "not_applicable" if any("#" in m and m == one.clause for m in one.missing) else "open",
            page.lang,
        )
    if one.published == "none":
        return next_below(page, grade)
    return term("word", one.published, page.lang)


def next_below(page: Page, grade: Graded) -> str:
    return page.say("word.below", level=term("word", list(grade.thresholds)[-1], page.lang))


def audit_kind(page: Page) -> list[Block]:
    found: list[Block] = []
    for result in page.found.results:
        for one in result.published:
            if one.name == "audit" and one.value:
                found.append(
                    Words(
                        page.say("say.audit_compulsory", kind=term("word", str(one.value), page.lang)),
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
                        page.say(
                            "say.quota",
                            level=term("word", "none", page.lang),
                            pack=result.rulebook.pack.version,
                        ),
                        "note",
                    )
                )
    return found


def nodes(node: Yaml) -> list[Yaml]:
    found = [node]
    for value in node.values():
        if isinstance(value, Yaml):
            found += nodes(value)
    return found
