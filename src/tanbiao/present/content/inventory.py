"""Chapter 4: what the inventory is made of, what the packs chose in it, and how good the data are."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ...evaluate import Result
from .. import figures
from ..document import Banner, Block, Cell, Grid, Heading, Section, Words
from ..numbers import percent
from ..texts import phrase, word
from .page import Report

DATA_KINDS = ("site_specific", "primary", "secondary", "estimated", "")


def inventory_section(report: Report) -> Section:
    blocks: list[Block] = [Heading(report.t("s4_1"), "4.1"), *data_kinds(report), *process_blocks(report)]
    rows = report.givens("parameters.", "electricity.", "uses.")
    if rows:
        blocks += [Words(report.t("parameters"), "lead"), report.pairs(rows)]
    blocks.append(Heading(report.t("s4_2"), "4.2"))
    text = report.item("allocation")
    if text:
        blocks.append(Words(text))
    for result in report.results:
        blocks += [*report.pack_line(result), choices_table(report, result)]
    blocks.append(Heading(report.t("s4_3"), "4.3"))
    for result in report.results:
        blocks += [*report.pack_line(result), *quality_blocks(report, result)]
    return Section("s4", "4", report.t("s4"), (*blocks, *evidence_blocks(report)))


def data_kinds(report: Report) -> list[Block]:
    solved = next((r for r in report.results if r.evaluation.solved is not None), None)
    if solved is None:
        return []
    kinds = solved.evaluation.line_column("data_kind").data
    impact = np.abs(np.asarray(solved.evaluation.line_column("impact").data, dtype=np.float64))
    accounts = solved.evaluation.line_column("account").data
    inside = np.array([a in ("total", "credit") for a in accounts], dtype=bool)
    whole = float(impact[inside].sum()) or 1.0
    rows = []
    for kind in sorted(set(kinds[inside]), key=lambda k: list(DATA_KINDS).index(k) if k in DATA_KINDS else 9):
        mask = inside & (kinds == kind)
        rows.append(
            (
                Cell(word("data_kind", str(kind), report.lang)),
                Cell(str(int(mask.sum()))),
                Cell(percent(float(impact[mask].sum()) / whole)),
            )
        )
    blocks: list[Block] = [
        Words(report.t("data_kinds"), "lead"),
        Grid((report.t("data_kind"), report.t("rows"), report.t("share_of_impact")), tuple(rows), "wrr"),
    ]
    assert solved.evaluation.solved is not None
    unlinked = sum(
        1
        for p, a in zip(solved.evaluation.solved.lines.provider, accounts, strict=True)
        if p == "" and a != "outside"
    )
    if unlinked:
        blocks.append(Banner("caution", report.t("unlinked", count=unlinked)))
    return blocks


def process_blocks(report: Report) -> list[Block]:
    table, exchanges = report.table("process"), report.table("exchange")
    if table is None or not len(table):
        return []
    counts = Counter(exchanges.columns.get("process", ())) if exchanges is not None else Counter()
    rows = [
        (
            Cell(report.named(r, "name") or r["id"]),
            Cell(r.get("place", "")),
            Cell(report.code(r.get("control", ""))),
            Cell(str(counts.get(r["id"], 0))),
        )
        for r in table.rows()
    ]
    return [
        Words(report.t("processes"), "lead"),
        Grid(
            (report.t("process"), report.t("place"), report.t("control"), report.t("rows")),
            tuple(rows),
            "wllr",
        ),
    ]


def choices_table(report: Report, result: Result) -> Block:
    rows = []
    for clause in result.rulebook.of_kind("choose"):
        decision = result.evaluation.decisions.get(clause.name)
        if decision is None:
            continue
        counts = Counter(o for o in decision.option if o)
        shown = report.comma(
            f"{report.code(o)} × {n}" if decision.table else report.code(o) for o, n in sorted(counts.items())
        )
        if decision.undecided:
            shown = report.comma(
                p for p in (shown, report.t("undecided", count=len(decision.undecided))) if p
            )
        rows.append(
            (
                Cell(clause.number),
                Cell(clause.text[report.lang], report.anchor(result.evaluation.keys.get(clause.name, ""))),
                Cell(shown or report.t("no_rows"), tone="" if shown else "muted"),
                Cell(word("review", clause.review, report.lang), tone="muted"),
            )
        )
    if not rows:
        return Words(report.t("no_choices"), "note")
    return Grid(
        (report.t("clause"), report.t("choice"), report.t("chosen"), phrase("tables.review", report.lang)),
        tuple(rows),
        "lwll",
    )


def quality_blocks(report: Report, result: Result) -> list[Block]:
    headline = result.headline
    blocks: list[Block] = []
    share = headline.primary_data_share if headline is not None else None
    if share is not None:
        blocks.append(report.pairs([(report.t("primary_share"), percent(share))]))
    if headline is not None and headline.dqr:
        blocks.append(report.drawing(figures.quality(headline, report.lang), report.t("s4_3")))
    return blocks or [Words(report.t("no_quality"), "note")]


def evidence_blocks(report: Report) -> list[Block]:
    table = report.table("evidence")
    if table is None or not len(table):
        return []
    rows = [
        (
            Cell(r["id"]),
            Cell(report.named(r, "title")),
            Cell(" · ".join(v for v in (r.get("document", ""), r.get("locator", "")) if v)),
            Cell(r.get("licence", "")),
        )
        for r in table.rows()
    ]
    return [
        Words(report.t("evidence"), "lead"),
        Grid(
            (report.t("evidence_id"), report.t("evidence"), report.t("document"), report.t("licence")),
            tuple(rows),
            "klwl",
        ),
    ]
