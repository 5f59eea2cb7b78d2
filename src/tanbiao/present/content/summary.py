"""The first page: a card for each pack, all packs in one table, and the basic block."""

from __future__ import annotations

from ...evaluate import Result
from .. import figures
from ..declared import per, unit_of
from ..document import Block, Card, Cards, Cell, Grid, Heading, Section, Tone, Words
from ..numbers import short, unit_text
from ..texts import word
from .page import Report


def summary_section(report: Report) -> Section:
    blocks: list[Block] = [Cards(tuple(card(report, r) for r in report.results))]
    if report.several:
        blocks += [
            Heading(report.t("overview")),
            Words(report.t("overview_words"), "note"),
            overview_table(report),
        ]
        shown = [
            (r.rulebook.pack.title, r.headline)
            for r in report.results
            if r.headline is not None and isinstance(r.headline.value, float)
        ]
        if len(shown) > 1 and len({p.unit for _, p in shown}) == 1:
            blocks.append(
                report.drawing(figures.comparison(shown, report.lang, one_product=True), report.t("overview"))
            )
    else:
        blocks += stage_figure(report, report.results[0])
    return Section("summary", "", report.t("summary"), tuple(blocks))


def card(report: Report, result: Result) -> Card:
    headline = result.headline
    words = result.conformity()[report.lang]
    tone = card_tone(report, result)
    if headline is None or headline.value is None:
        count = len(headline.missing) if headline is not None else 0
        unit = unit_text(headline.unit) if headline is not None else ""
        said_ = (report.t("no_value"), report.t("missing_count", count=count) if count else "", words)
        return Card(report.pack_title(result), "—", unit, tuple(n for n in said_ if n), "", tone)
    of = unit_of(report.study, headline)
    notes = (
        [per(of[report.lang], report.lang)] if of is not None and isinstance(headline.value, float) else []
    )
    if headline.low is not None and headline.high is not None and headline.low < headline.high:
        notes.append(f"{report.t('bounds')} {short(headline.low)} – {short(headline.high)}")
    if headline.verdict:
        notes.append(f"{report.t('verdict')}{report.colon()}{word('option', headline.verdict, report.lang)}")
    return Card(
        report.pack_title(result),
        headline.published,
        unit_text(headline.unit),
        (*notes, words),
        report.anchor(headline.entry),
        tone,
    )


def card_tone(report: Report, result: Result) -> Tone:
    musts = [f for f in result.findings if f.severity in ("must", "refuse")]
    if any(f.verdict == "fail" for f in musts):
        return "bad"
    return "warn" if result.unverified_musts or any(f.verdict == "not_evaluable" for f in musts) else "good"


def overview_table(report: Report) -> Grid:
    head = (
        report.t("pack"),
        report.t("value"),
        report.t("unit_col"),
        report.t("lower"),
        report.t("upper"),
        report.t("verdict"),
        report.t("conformity"),
    )
    rows = []
    for result in report.results:
        p = result.headline
        rows.append(
            (
                Cell(f"{report.pack_title(result)} {result.rulebook.pack.version}"),
                Cell(p.published if p else "—", report.anchor(p.entry) if p else "", "strong"),
                Cell(unit_text(p.unit) if p else ""),
                Cell(short(p.low) if p and p.low is not None else "—"),
                Cell(short(p.high) if p and p.high is not None else "—"),
                Cell(word("option", p.verdict, report.lang) if p and p.verdict else "—"),
                Cell(result.conformity()[report.lang]),
            )
        )
    return Grid(head, tuple(rows), "wrkrrkl")


def stage_figure(report: Report, result: Result) -> list[Block]:
    headline = result.headline
    if headline is None or not headline.stages:
        return []
    return [report.drawing(figures.stages(headline, report.lang), report.t("stage"))]


def basic_section(report: Report) -> Section:
    rows = [
        (report.t(k), report.item(k))
        for k in ("name", "model", "gtin", "producer", "site", "number")
        if k != "name"
    ]
    return Section(
        "basic",
        "",
        report.t("basic"),
        (
            report.pairs(
                [
                    (report.t("product"), report.item("name")),
                    *rows,
                    (report.t("date"), str(report.study.head.get("as_of") or "")),
                    (report.t("institution"), report.item("institution")),
                    (report.t("study"), report.study.id),
                ]
            ),
        ),
    )
