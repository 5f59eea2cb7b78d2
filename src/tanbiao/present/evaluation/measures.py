"""What blocks the next level, the measures that lift it, their economics and the cheapest path."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ...evaluate.grade.graded import Graded
from ...evaluate.improve import Choice, Improvement
from ...evaluate.measures import Action
from .. import evaluation_figures as draw
from ..document import Block, Cell, Drawing, Grid, Words
from ..evaluation_texts import say, term
from ..figures import svg
from ..numbers import minus, percent, unit_text
from .amounts import measured, money, points
from .indicator import baseline_of, row_tone, value_text
from .page import Page


def blocker_blocks(page: Page, found: Improvement, grade: Graded, number: int) -> list[Block]:
    lang = page.lang
    target = term("word", found.target, lang)
    lead = (
        page.say(
            "say.to_next",
            target=target,
            points=points(max(Fraction(0), found.wanted - (found.index or 0))),
        )
        if found.index is not None
        else page.say("say.to_next_limits", target=target)
    )
    rows = []
    for b in found.blockers:
        limit = b.limit
        gap = "—"
        if limit is not None and limit.lacks is not None:
            gap = f"{measured(abs(limit.lacks))} {unit_text(b.row.unit)}".strip()
        text = baseline_of(page, found, grade, b.row, limit)
        rows.append(
            (
                Cell(b.row.name[lang]),
                Cell(value_text(page, b.row), tone=row_tone(b.row)),
                Cell(text),
                Cell(gap, tone="bad"),
                Cell(points(b.points) if b.points else "—"),
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
            Drawing(svg(draw.gap(grade, level, lang), f"g{number}"), say("figure.gap", lang, level=target))
        )
    return blocks


def measure_blocks(page: Page, found: Improvement, number: int) -> list[Block]:
    lang = page.lang
    target = term("word", found.target, lang)
    if not found.actions:
        return [Words(page.say("say.no_measures"), "note")]
    blocks: list[Block] = [
        economics_table(page, found.actions, found.path),
        Words(page.say("say.rates", discount=percent(found.discount), tax=percent(found.tax)), "note"),
    ]
    if found.path is None:
        blocks.append(Words(page.say("say.no_path", target=target), "lead"))
    else:
        blocks.append(
            Words(
                page.say(
                    "say.path",
                    measures=page.list(f"{a.id} {a.name[lang]}" for a in found.path.actions),
                    cost=money(found.path.cost),
                    level=term("word", found.path.level or "none", lang),
                ),
                "lead",
            )
        )
        blocks.append(Words(page.say("say.exact"), "note"))
    if found.margin is not None and found.path is not None:
        margin = percent(float(found.margin))
        blocks.append(
            Words(
                page.say(
                    "say.robust",
                    margin=margin,
                    cost=money(found.robust.cost),
                    measures=page.list(a.id for a in found.robust.actions),
                )
                if found.robust is not None
                else page.say("say.no_robust", margin=margin),
                "note",
            )
        )
    if len(found.front) > 1:
        blocks.append(
            Drawing(svg(draw.pareto(found, lang), f"p{number}"), say("figure.pareto", lang, level=target))
        )
    return blocks


def economics_table(page: Page, actions: Sequence[Action], path: Choice | None) -> Grid:
    lang = page.lang
    chosen = {a.id for a in path.actions} if path is not None else set()
    rows = [
        (
            Cell(a.id),
            Cell(a.name[lang], tone="strong" if a.id in chosen else ""),
            Cell(term("cost", a.cost_class, lang)),
            Cell(money(a.investment)),
            Cell(money(a.saving)),
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


def measures_by_kind(page: Page) -> list[Block]:
    lang = page.lang
    rows = sorted(page.found.every_measure, key=lambda r: (r.get("type", ""), r["id"]))
    if not rows:
        return [Words(page.say("say.no_measures"), "note")]
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
                    Cell(in_language(page, r.get("owner", ""))),
                    Cell(r.get("due", "")),
                )
                for r in rows
            ),
            "kkwkkll",
        )
    ]


def in_language(page: Page, text: str) -> str:
    zh, _, en = text.partition(" / ")
    return (zh if page.lang == "zh" else en) if en else text
