"""Chapter 5: the results of each pack by stage and position, and everything it publishes."""

from __future__ import annotations

from ...evaluate import Published, Result
from ..declared import basis_words
from ..document import Banner, Block, Cell, Grid, Heading, Section, Words
from ..numbers import percent, short, unit_text
from ..texts import phrase, word
from .page import Report
from .summary import stage_figure


def impact_section(report: Report) -> Section:
    blocks: list[Block] = [Heading(report.t("s5_1"), "5.1"), *method_blocks(report)]
    for n, result in enumerate(report.results):
        number = "5.2" if not report.several else f"5.{n + 2}"
        title = (
            report.t("s5_2") if not report.several else f"{report.t('s5_2')} · {report.pack_title(result)}"
        )
        blocks += [Heading(title, number), *result_blocks(report, result)]
    return Section("s5", "5", report.t("s5"), tuple(blocks))


def method_blocks(report: Report) -> list[Block]:
    """The category and its factors; a report without a footprint has neither."""
    if not report.climate:
        return [Words(report.t("no_footprint"), "note")]
    sets = report.comma(
        dict.fromkeys(report.t("gwp", set=r.evaluation.background.gwp) for r in report.results)
    )
    rows = [(report.t("category"), report.t("impact")), (report.t("factors"), sets)]
    gases = gases_text(report)
    if gases:
        rows.append((report.t("gases"), gases))
    return [report.pairs(rows)]


def gases_text(report: Report) -> str:
    found: dict[str, None] = {}
    for result in report.results:
        solved = result.evaluation.solved
        for id_ in sorted(set(solved.lines.provider) if solved is not None else ()):
            gas = report.library.gases.get(id_)
            factor = gas.gwp(result.evaluation.background.gwp) if gas is not None else None
            if gas is not None and factor is not None:
                found[f"{gas.name(report.lang)} {float(factor):g}"] = None
    return report.comma(found)


def result_blocks(report: Report, result: Result) -> list[Block]:
    headline = result.headline
    blocks: list[Block] = []
    if headline is not None and headline.stages:
        if report.several:
            blocks += stage_figure(report, result)
        blocks.append(stage_table(report, result, headline))
    if headline is not None and headline.positions:
        blocks += [Words(report.t("positions"), "lead"), position_table(report, headline)]
    blocks += [Words(report.t("quantities"), "lead"), quantities_table(report, result)]
    for published in result.published:
        if published.value is None and published.missing:
            missing = report.t("missing_for", missing=report.comma(report.missing(result, published.missing)))
            blocks.append(Banner("caution", published.title[report.lang], missing))
    for published in result.published:
        if published.grade is not None:
            blocks.append(graded_table(report, published))
    return blocks


def stage_table(report: Report, result: Result, headline: Published) -> Grid:
    total = sum(s.value for s in headline.stages)
    link = lines_anchor(report, headline)
    rows = [
        (
            Cell(s.name[report.lang]),
            Cell(short(s.value), link),
            Cell(percent(s.value / total) if total else "—"),
            Cell(short(s.low), tone="muted"),
            Cell(short(s.high), tone="muted"),
        )
        for s in headline.stages
    ]
    rows.append(
        (
            Cell(report.t("total"), tone="strong"),
            Cell(headline.published, report.anchor(headline.entry), "strong"),
            Cell(percent(1.0) if total else "—"),
            Cell("—" if headline.low is None else short(headline.low), tone="muted"),
            Cell("—" if headline.high is None else short(headline.high), tone="muted"),
        )
    )
    unit = unit_text(headline.unit)
    return Grid(
        (report.t("stage"), report.t("value_kg", unit=unit), "%", report.t("lower"), report.t("upper")),
        tuple(rows),
        "wrrrr",
        total=True,
    )


def lines_anchor(report: Report, headline: Published) -> str:
    for key in report.reach([headline.entry]):
        if report.ledger.entries[key].kind == "lines":
            return report.anchor(key)
    return report.anchor(headline.entry)


def position_table(report: Report, headline: Published) -> Grid:
    link = lines_anchor(report, headline)
    rows = [
        (
            Cell(p if len(p) == 1 else "—", tone="muted"),
            Cell(word("position", p, report.lang)),
            Cell(short(v), link),
        )
        for p, v in headline.positions.items()
        if v
    ]
    rows.append((Cell(""), Cell(report.t("t1"), tone="strong"), Cell(short(headline.t1), link, "strong")))
    rows.append((Cell(""), Cell(report.t("t2"), tone="strong"), Cell(short(headline.t2), link, "strong")))
    for key, value in (("credits", headline.credits), ("outside", headline.outside)):
        if value:
            rows.append((Cell(""), Cell(report.t(key), tone="muted"), Cell(short(value), link, "muted")))
    return Grid(
        ("", report.t("position"), report.t("value_kg", unit=unit_text(headline.unit))), tuple(rows), "nlr"
    )


def quantities_table(report: Report, result: Result) -> Grid:
    rows = []
    for p in result.published:
        basis = basis_words(p.basis)[report.lang]
        title = p.title[report.lang] + (report.brackets(basis) if basis else "")
        value = report.code(p.published) if isinstance(p.value, str) else p.published
        rows.append(
            (
                Cell(p.clause.partition("#")[2], tone="muted"),
                Cell(title),
                Cell(value if p.value is not None else "—", report.anchor(p.entry), "strong"),
                Cell(unit_text(p.unit)),
                Cell(word("review", p.review, report.lang), tone="muted"),
            )
        )
    return Grid(
        (
            report.t("clause"),
            report.t("quantity"),
            report.t("value"),
            report.t("unit_col"),
            phrase("tables.review", report.lang),
        ),
        tuple(rows),
        "kwrkl",
    )


def graded_table(report: Report, published: Published) -> Grid:
    found = published.grade
    assert found is not None
    rows = []
    for level in dict.fromkeys([*found.index, *found.blockers]):
        low, high = found.index.get(level, (None, None))
        index = (
            "—"
            if low is None
            else f"{float(low):.4g}"
            if low == high
            else f"{float(low):.4g} – {float(high or 0):.4g}"
        )
        rows.append((Cell(level), Cell(index), Cell(report.comma(found.blockers.get(level, ())) or "—")))
    return Grid((report.t("level"), report.t("index"), report.t("blockers")), tuple(rows), "lrw")
