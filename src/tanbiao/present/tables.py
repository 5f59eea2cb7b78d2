"""Tables for the terminal: results, stages, contributions, coverage and findings, in zh or en, as wide as the screen.

from rich.console import Console
Console().print(run_tables(run.study, run.results, "zh"))
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.style import Style
from rich.table import Table
from rich.text import Text as Line

from ..core.errors import Lang
from ..evaluate import Finding, Published, Result
from ..library.intensity import Uncounted
from ..study import Study
from .content.naming import missing_text, places, share_text
from .numbers import percent, short, unit_text
from .texts import phrase, word

STYLES = {"fail": "bold red", "not_evaluable": "yellow", "not_applicable": "dim", "pass": "green"}
SIGNS = {"fail": "✗", "not_evaluable": "?", "not_applicable": "-", "pass": "✓"}
COVERAGE = (
    ("direct", "█", "white"),
    ("named", "█", "green"),
    ("derived", "▓", "green"),
    ("proxy", "▒", "yellow"),
    ("none", "░", "red"),
)
"""Blocks of falling density, so that the bar reads without colour."""


def run_tables(study: Study, results: Sequence[Result], lang: Lang, verbose: bool = False) -> Group:
    """Everything about a run that fits a terminal. verbose: passing and not applicable clauses too."""
    parts: list[RenderableType] = []
    if study.constructed:
        parts.append(
            Panel(Line(phrase("tables.constructed", lang), style="bold"), border_style="yellow", expand=False)
        )
    parts.append(result_table(results, lang))
    for result in results:
        headline = result.headline
        flows = result.evaluation.impact_columns.totals()
        if flows:
            parts.append(uncounted_table(flows, lang))
        if headline is not None and headline.stages:
            parts += [
                stage_table(headline, lang),
                contribution_table(headline, lang),
                coverage_line(headline, lang),
            ]
        parts.append(finding_table(result, lang, verbose))
    return Group(*parts)


def result_table(results: Sequence[Result], lang: Lang) -> Group:
    """Published quantities of every pack: value, unit, range, verdict, and the words about conformity."""
    parts: list[RenderableType] = []
    for result in results:
        pack = result.rulebook.pack
        table = _table(f"{pack.title[lang]}  {pack.version}")
        table.add_column(phrase("tables.quantity", lang), ratio=1, min_width=16, overflow="fold")
        table.add_column(phrase("tables.value", lang), justify="right", no_wrap=True)
        table.add_column(phrase("tables.unit", lang), no_wrap=True)
        table.add_column(phrase("tables.range", lang), justify="right")
        table.add_column(phrase("tables.verdict", lang))
        for p in result.published:
            bold = "bold" if p.headline else ""
            value = word("option", p.published, lang) if isinstance(p.value, str) else p.published
            spread = f"{short(p.low)} – {short(p.high)}" if p.low is not None and p.high is not None else ""
            verdict = Line(
                word("option", p.verdict, lang) if p.verdict else "", "yellow" if p.verdict != "full" else ""
            )
            title = Line(p.title[lang], bold)
            if p.value is None and p.missing:
                names = _join([missing_text(result, m, lang) for m in p.missing[:3]], lang)
                title.append("\n" + phrase("tables.missing", lang, missing=names), "yellow")
            table.add_row(title, Line(value, bold), unit_text(p.unit), spread, verdict)
        parts += [table, Padding(Line(result.conformity()[lang], _tone(result)), (0, 1, 1, 1))]
    return Group(*parts)


def stage_table(published: Published, lang: Lang) -> Table:
    """The headline by stage, with bounds."""
    table = _table(phrase("tables.stages", lang))
    total = sum(s.value for s in published.stages)
    table.add_column(phrase("tables.stage", lang), ratio=1, overflow="fold")
    table.add_column(unit_text(published.unit), justify="right", no_wrap=True)
    table.add_column(phrase("tables.share", lang), justify="right", no_wrap=True)
    table.add_column(phrase("tables.range", lang), justify="right", style="dim", no_wrap=True)
    for s in published.stages:
        table.add_row(
            s.name[lang],
            short(s.value),
            percent(s.value / total) if total else "—",
            f"{short(s.low)} – {short(s.high)}",
        )
    return table


def contribution_table(published: Published, lang: Lang, limit: int = 8) -> Table:
    """The largest contributions with the kind of data behind them."""
    table = _table(phrase("tables.contributions", lang))
    table.add_column(phrase("tables.provider", lang), ratio=1, overflow="fold")
    table.add_column(phrase("tables.data", lang), no_wrap=True)
    table.add_column(unit_text(published.unit), justify="right", no_wrap=True)
    table.add_column(phrase("tables.share", lang), justify="right", no_wrap=True)
    limit = limit + 1 if len(published.contributions) == limit + 1 else limit
    for c in published.contributions[:limit]:
        table.add_row(c.name[lang], word("coverage", c.coverage, lang), short(c.value), share_text(c, lang))
    rest = published.contributions[limit:]
    if rest:
        table.add_row(
            Line(phrase("figure.other", lang, count=len(rest)), "dim"),
            "",
            short(sum(c.value for c in rest)),
            percent(sum(c.share for c in rest)),
        )
    return table


def uncounted_table(flows: Sequence[Uncounted], lang: Lang, limit: int = 12) -> Table:
    """Flows behind the impact categories that have no factor: their impact is unknown, not none."""
    table = _table(phrase("tables.uncounted", lang))
    table.add_column(phrase("tables.flow", lang), ratio=1, overflow="fold")
    table.add_column(phrase("tables.amount", lang), justify="right", no_wrap=True)
    table.add_column(phrase("tables.unit", lang), no_wrap=True)
    table.add_column(phrase("tables.category", lang), overflow="fold")
    for u in flows[:limit]:
        category = u.category or phrase("tables.every_category", lang)
        table.add_row(u.name[lang] or u.flow, short(u.amount), unit_text(u.unit), category)
    if len(flows) > limit:
        table.add_row(Line(phrase("figure.other", lang, count=len(flows) - limit), "dim"), "", "", "")
    return table


def coverage_line(published: Published, lang: Lang, width: int = 40) -> RenderableType:
    """A bar of what the headline rests on, and the same in words."""
    line = Line(f"{phrase('tables.coverage', lang)}  ")
    words = []
    start = 0.0
    for kind, sign, colour in COVERAGE:
        share = published.coverage.get(kind, 0.0)
        cells = round((start + share) * width) - round(start * width)
        line.append(sign * cells, Style(color=colour))
        start += share
        if share:
            words.append(f"{sign} {word('coverage', kind, lang)} {percent(share, 0)}")
    words.append(f"{phrase('figure.judged', lang)} {percent(published.judged, 0)}")
    return Padding(Group(line, Line("  ".join(words), "dim")), (1, 1, 0, 1))


def finding_table(result: Result, lang: Lang, verbose: bool = False) -> RenderableType:
    """Findings: failures first, then what cannot be evaluated; the rest is counted, or listed when verbose."""
    wanted = ("fail", "not_evaluable", "not_applicable", "pass") if verbose else ("fail", "not_evaluable")
    table = _table(f"{phrase('tables.findings', lang)}  {result.rulebook.pack.title[lang]}")
    table.add_column("", width=1)
    table.add_column(phrase("tables.number", lang), overflow="fold", max_width=12)
    table.add_column(phrase("tables.requirement", lang), ratio=3, overflow="fold")
    table.add_column(phrase("tables.review", lang), overflow="fold")
    table.add_column(phrase("tables.what", lang), ratio=2, overflow="fold")
    for verdict in wanted:
        for f in (f for f in result.findings if f.verdict == verdict):
            style = STYLES[verdict]
            marks = f"{word('severity', f.severity, lang)} {word('review', f.review, lang)}"
            table.add_row(
                Line(SIGNS[verdict], style),
                f.number,
                Line(f.text[lang], style if verdict == "fail" else ""),
                Line(marks, "dim"),
                _detail(result, f, lang),
            )
    counts = {v: sum(1 for f in result.findings if f.verdict == v) for v in ("pass", "not_applicable")}
    said = Padding(
        Line(phrase("tables.passed", lang, passed=counts["pass"], na=counts["not_applicable"]), "dim"), (0, 1)
    )
    return Group(table, said) if table.rows else said


def _detail(result: Result, f: Finding, lang: Lang) -> Line:
    parts = []
    if f.where:
        more = f" +{len(f.where) - 3}" if len(f.where) > 3 else ""
        parts.append(places(f.where[:3], lang) + more)
    if f.missing and f.missing != (f.clause,):
        names = _join([missing_text(result, m, lang) for m in f.missing], lang)
        parts.append(phrase("tables.missing", lang, missing=names) if f.verdict == "not_evaluable" else names)
    if f.remedy is not None and f.verdict in ("fail", "not_evaluable"):
        parts.append(phrase("tables.remedy", lang, remedy=f.remedy[lang]))
    return Line("\n".join(parts))


def _tone(result: Result) -> str:
    musts = [f for f in result.findings if f.severity in ("must", "refuse")]
    if any(f.verdict == "fail" for f in musts):
        return "bold red"
    return (
        "yellow" if result.unverified_musts or any(f.verdict == "not_evaluable" for f in musts) else "green"
    )


def _join(parts: Sequence[str], lang: Lang) -> str:
    return ("、" if lang == "zh" else ", ").join(parts)


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        expand=True,
        pad_edge=False,
        header_style="dim",
    )


__all__ = [
    "contribution_table",
    "coverage_line",
    "finding_table",
    "result_table",
    "run_tables",
    "stage_table",
]
