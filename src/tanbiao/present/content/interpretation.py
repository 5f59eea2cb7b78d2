"""Chapter 6: results in sentences, assumptions, limits."""

from __future__ import annotations

from collections.abc import Iterable

from ...evaluate import Result
from ..declared import boundary, per, unit_of
from ..document import Banner, Block, Cell, Grid, Heading, Section, Words
from ..numbers import percent, short, unit_text
from .page import Report


def interpretation_section(report: Report) -> Section:
    blocks: list[Block] = [Heading(report.t("s6_1"), "6.1")]
    for result in report.results:
        blocks += [*report.pack_line(result), *(Words(text) for text in sentences(report, result))]
    blocks.append(Heading(report.t("s6_2"), "6.2"))
    blocks.append(
        report.pairs(
            [
                (report.t("assumptions"), report.item("assumptions")),
                (report.t("limits"), report.item("limits")),
                *report.givens("scope.", "report.", "review.", "comparison.", "credits.", "label."),
            ]
        )
    )
    for pack in report.all_packs():
        if pack.caution is not None:
            blocks.append(
                Banner(
                    "caution",
                    f"{report.t('caution_pack')}{report.colon()}{pack.title[report.lang]}",
                    pack.caution[report.lang],
                )
            )
    if report.library.caution[report.lang]:
        blocks.append(
            Banner(
                "caution",
                f"{report.t('caution_library')}{report.colon()}{report.library.title[report.lang]}",
                report.library.caution[report.lang],
            )
        )
    if report.climate and not report.beyond_climate:
        blocks.append(Words(report.t("single_issue")))
    blocks.append(Heading(report.t("s6_3"), "6.3"))
    text = report.item("improvement")
    if text:
        blocks.append(Words(text))
    for result in report.results:
        items = largest(report, result)
        if items and result is next((r for r in report.results if largest(report, r)), None):
            blocks.append(Words(report.t("improve_auto", items=items)))
    remedies = dict.fromkeys(
        f.remedy[report.lang]
        for r in report.results
        for f in r.findings
        if f.remedy is not None and f.verdict in ("fail", "not_evaluable")
    )
    if remedies:
        blocks.append(Words(report.t("remedies"), "lead"))
        blocks.append(
            Grid(("", ""), tuple((Cell(str(n)), Cell(text)) for n, text in enumerate(remedies, 1)), "nl")
        )
    return Section("s6", "6", report.t("s6"), tuple(blocks))


def sentences(report: Report, result: Result) -> Iterable[str]:
    headline = result.headline
    if headline is None or not isinstance(headline.value, float):
        yield (
            report.t("no_value")
            if headline is None or headline.value is None
            else f"{headline.title[report.lang]}{report.colon()}{report.code(headline.published)}"
        )
    else:
        edge = boundary(report.study, headline)
        unit, of = unit_text(headline.unit), unit_of(report.study, headline)
        parts = {
            "producer": report.item("producer"),
            "product": report.item("name") or report.study.id,
            "per": per(of[report.lang], report.lang) if of is not None else "",
            "boundary": edge[report.lang] if edge is not None else "",
        }
        if all(parts.values()):
            yield report.t("result_sentence", **parts, value=headline.published, measure=unit)
        else:
            yield f"{headline.title[report.lang]}{report.colon()}{headline.published} {unit}"
        if headline.low is not None and headline.high is not None and headline.low < headline.high:
            yield report.t("whole_range", low=short(headline.low), high=short(headline.high), measure=unit)
        if headline.stages and largest(report, result):
            stage = max(headline.stages, key=lambda s: s.value)
            total = sum(s.value for s in headline.stages) or 1.0
            yield report.t(
                "largest",
                stage=stage.name[report.lang],
                share=percent(stage.value / total),
                items=largest(report, result),
            )
    yield f"{report.t('conformity')}{report.colon()}{result.conformity()[report.lang]}"


def largest(report: Report, result: Result) -> str:
    headline = result.headline
    if headline is None:
        return ""
    return report.comma(
        f"{c.name[report.lang]}{report.brackets(percent(c.share))}" for c in headline.contributions[:3]
    )
