"""Chapter 9: every check with its verdict, place, missing data and remedy."""

from __future__ import annotations

from ...evaluate import Finding, Result
from ..document import Banner, Block, Cell, Heading, Section, Verdict, Verdicts, Words
from ..texts import word
from .naming import places
from .page import Report
from .summary import card_tone

ORDER = ("fail", "not_evaluable", "not_applicable", "pass")


def findings_section(report: Report) -> Section:
    blocks: list[Block] = []
    for n, result in enumerate(report.results):
        title = f"{report.pack_title(result)} · {result.rulebook.pack.version}"
        blocks += [
            Heading(title, f"9.{n + 1}" if report.several else ""),
            Banner("conformity", result.conformity()[report.lang], tone=card_tone(report, result)),
        ]
        if not result.findings:
            blocks.append(Words(report.t("no_findings"), "note"))
        for verdict in ORDER:
            found = [f for f in result.findings if f.verdict == verdict]
            if found:
                name = word("verdict", verdict, report.lang)
                blocks.append(
                    Verdicts(
                        verdict,
                        report.t("findings_of", verdict=name, count=len(found)),
                        tuple(finding_verdict(report, result, f) for f in found),
                        compact=verdict in ("pass", "not_applicable"),
                    )
                )
    return Section("s9", "9", report.t("s9"), tuple(blocks))


def finding_verdict(report: Report, result: Result, f: Finding) -> Verdict:
    lines = []
    if f.where:
        lines.append((report.t("where"), places(f.where, report.lang)))
    if f.rows:
        lines.append((report.t("which_rows"), report.comma(f.rows)))
    if f.missing == (f.clause,):
        lines.append((report.t("by_clause"), report.t("own_condition")))
    elif f.missing:
        key = "by_clause" if f.verdict == "not_applicable" else "missing"
        lines.append((report.t(key), report.comma(report.missing(result, f.missing))))
    if f.remedy is not None and f.verdict in ("fail", "not_evaluable"):
        lines.append((report.t("remedy"), f.remedy[report.lang]))
    if f.source:
        lines.append((report.t("source"), f.source))
    clause = result.rulebook.by_address(f.clause)
    entry = result.evaluation.keys.get(clause.name, "") if clause is not None else ""
    return Verdict(
        f.verdict,
        word("verdict", f.verdict, report.lang),
        f.number,
        f.text[report.lang],
        (word("severity", f.severity, report.lang), word("review", f.review, report.lang)),
        Cell(f.clause, report.anchor(entry)),
        tuple(lines),
    )
