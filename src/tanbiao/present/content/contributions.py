"""Chapters 7 and 8: which lines carry the result, and how much of it linked background data cover."""

from __future__ import annotations

from ...evaluate import Published, Result
from .. import figures
from ..document import Block, Cell, Grid, Pairs, Section, Words
from ..numbers import percent, short, unit_text
from ..texts import word
from .impact import lines_anchor
from .naming import share_text
from .page import Report
from .sources import cut


def contributions_section(report: Report) -> Section:
    blocks: list[Block] = []
    for result in report.results:
        headline = result.headline
        if headline is None or not headline.contributions:
            continue
        blocks += report.pack_line(result)
        blocks.append(report.drawing(figures.contributions(headline, report.lang), report.t("s7")))
        blocks.append(contribution_table(report, result, headline))
    return Section("s7", "7", report.t("s7"), tuple(blocks) or (Words(report.t("no_value"), "note"),))


def contribution_table(report: Report, result: Result, headline: Published) -> Grid:
    link = lines_anchor(report, headline)
    providers = result.evaluation.background.providers
    rows = []
    for c in headline.contributions[:20]:
        known = providers.get(c.provider)
        source = known.facts.get("source", "") if known is not None else ""
        rows.append(
            (
                Cell(c.name[report.lang]),
                Cell(word("coverage", c.coverage, report.lang)),
                Cell(short(c.value), link),
                Cell(share_text(c, report.lang)),
                Cell(cut(source, 90), tone="muted"),
            )
        )
    return Grid(
        (
            report.t("provider"),
            report.t("coverage"),
            report.t("value_kg", unit=unit_text(headline.unit)),
            "%",
            report.t("source"),
        ),
        tuple(rows),
        "lkrrw",
    )


def coverage_section(report: Report) -> Section:
    blocks: list[Block] = [Words(report.t("coverage_words"), "note")]
    for result in report.results:
        headline = result.headline
        if headline is None or not headline.coverage:
            continue
        blocks += report.pack_line(result)
        blocks.append(report.drawing(figures.coverage(headline, report.lang), report.t("s8")))
        share = headline.primary_data_share
        verdict = (
            word("option", headline.verdict, report.lang) if headline.verdict else report.t("verdict_none")
        )
        rows = [
            (
                report.t("verdict"),
                Cell(verdict, tone="warn" if headline.verdict == "screening" else "strong"),
            ),
            (
                report.t("bounds"),
                Cell(
                    f"{short(headline.low or 0.0)} – {short(headline.high or 0.0)} {unit_text(headline.unit)}",
                    lines_anchor(report, headline),
                ),
            ),
            (report.t("judged"), Cell(percent(headline.judged))),
        ]
        if headline.unconverted:
            rows.append((report.t("unconverted"), Cell(percent(headline.unconverted))))
        if share is not None:
            rows.append((report.t("primary_share"), Cell(percent(share))))
        rows.append((report.t("fingerprint"), Cell(headline.method_fingerprint, tone="muted")))
        blocks.append(Pairs(tuple(rows)))
    return Section("s8", "8", report.t("s8"), tuple(blocks))
