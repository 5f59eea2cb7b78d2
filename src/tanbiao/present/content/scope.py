"""Chapters 1 to 3: product, purpose, functional unit, boundary, omissions, period."""

from __future__ import annotations

from collections.abc import Mapping

from ..declared import PATHS, boundary, declared, partial, period, said
from ..document import Block, Cell, Grid, Heading, Section, Words
from ..numbers import unit_text
from .page import Report


def general_section(report: Report) -> Section:
    standards = (
        "；".join(f"{p.title[report.lang]}（{p.version}）" for p in report.all_packs())
        if report.lang == "zh"
        else "; ".join(f"{p.title[report.lang]} ({p.version})" for p in report.all_packs())
    )
    rows = [
        (report.t(k), report.item(k))
        for k in ("producer", "address", "representative", "contact", "function", "description")
    ]
    return Section(
        "s1",
        "1",
        report.t("s1"),
        (report.pairs([*rows, (report.t("standards"), standards), *report.givens("product.", "plant.")]),),
    )


def purpose_section(report: Report) -> Section:
    rows = [(report.t(k), report.item(k)) for k in ("purpose", "application", "audience")]
    rows += report.givens("goal.")
    return Section(
        "s2",
        "2",
        report.t("s2"),
        (report.pairs(rows) if any(v for _, v in rows) else Words(report.t("not_given"), "note"),),
    )


def scope_section(report: Report) -> Section:
    whole = partial(report.study)
    edge = boundary(report.study)
    reference = report.study.head.get("reference")
    flow = (
        " · ".join(report.measure(str(v)) for v in reference.values())
        if isinstance(reference, Mapping)
        else ""
    )
    report.printed.update(("scope.partial", "scope.kind"))
    report.item("boundary")
    if edge is not None and declared(report.study, "boundary") is None:
        report.printed.add("scope.stages")
    blocks: list[Block] = [
        Heading(report.t("s3_1"), "3.1"),
        report.pairs(
            [
                (report.t("unit"), report.item("unit") or report.t("not_given")),
                *report.givens("unit."),
                (report.t("reference"), flow),
            ]
        ),
        Heading(report.t("s3_2"), "3.2"),
        report.pairs(
            [
                (report.t("boundary"), edge[report.lang] if edge is not None else report.t("not_given")),
                (
                    report.t("partial"),
                    report.t(
                        "partial_unknown" if whole is None else "partial_yes" if whole else "partial_no"
                    ),
                ),
                (report.t("boundary_reason"), report.item("boundary_reason")),
                (report.t("excluded"), report.item("excluded")),
                (report.t("geography"), report.item("geography")),
            ]
        ),
        Heading(report.t("s3_3"), "3.3"),
        *(
            [report.pairs([(report.t("cut_off"), report.item("cut_off"))])]
            if said(report.study, "cut_off", report.lang)
            else []
        ),
        *omission_blocks(report),
        Heading(report.t("s3_4"), "3.4"),
        report.pairs(
            [
                (report.t("period"), period_text(report)),
                (report.t("as_of"), str(report.study.head.get("as_of") or "")),
                *report.givens("period."),
            ]
        ),
    ]
    rest = report.givens("scope.", but=("assumption", "limit", "allocation"))
    return Section("s3", "3", report.t("s3"), (*blocks, *([report.pairs(rest)] if rest else [])))


def period_text(report: Report) -> str:
    report.printed.update((*PATHS["start"], *PATHS["end"]))
    return period(report.study).replace("/", " – ") or report.t("not_given")


def omission_blocks(report: Report) -> list[Block]:
    table = report.table("omission")
    if table is None or not len(table):
        return [Words(report.t("no_omissions"), "note")]
    rows = []
    for row in table.rows():
        estimate = f"{row.get('estimate', '')} {unit_text(row.get('unit') or 'kgCO2e')}".strip()
        rows.append(
            (
                Cell(report.named(row, "flow")),
                Cell(report.steps().get(row.get("stage", ""), row.get("stage", ""))),
                Cell(estimate),
                Cell(report.named(row, "reason")),
            )
        )
    return [
        Words(report.t("omissions"), "note"),
        Grid(
            (report.t("flow"), report.t("stage"), report.t("estimate"), report.t("reason")),
            tuple(rows),
            "llrw",
        ),
    ]
