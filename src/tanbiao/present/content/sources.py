"""Chapter 10: packs with their review marks, libraries, background data used, root of the ledger."""

from __future__ import annotations

from collections import Counter

from ...evaluate import Result
from ..document import Block, Cell, Grid, Pairs, Section, Words
from ..texts import phrase, word
from .page import Report


def cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip(" ,;") + "…"


def sources_section(report: Report) -> Section:
    packs = Grid(
        (
            report.t("pack"),
            report.t("version"),
            report.t("status"),
            phrase("tables.review", report.lang),
            report.t("licence"),
            report.t("digest"),
        ),
        tuple(
            (
                Cell(p.title[report.lang]),
                Cell(p.version),
                Cell(p.status),
                Cell(word("review", p.review, report.lang)),
                Cell(p.licence),
                Cell(p.digest[:16], tone="muted"),
            )
            for p in report.all_packs()
        ),
        "lkllll",
    )
    blocks: list[Block] = [Words(report.t("packs"), "lead"), packs, Words(report.t("review_counts"), "lead")]
    for result in report.results:
        blocks += [
            *report.pack_line(result),
            reviews_table(report, result),
            Words(report.t("review_words", count=result.unverified_musts)),
        ]
    blocks += [
        Words(report.t("libraries"), "lead"),
        Grid(
            (report.t("libraries"), report.t("digest")),
            tuple((Cell(f"{p.id}@{p.version}"), Cell(p.digest, tone="muted")) for p in report.library.parts),
            "kl",
        ),
        report.pairs(
            [
                (report.t("licences"), "; ".join(report.library.licences)),
                (report.t("library_sources"), "; ".join(report.library.sources)),
            ]
        ),
    ]
    blocks += [Words(report.t("background"), "lead"), background_table(report)]
    blocks += [
        Words(report.t("ledger"), "lead"),
        Pairs(((report.t("ledger_root"), Cell(report.ledger.root, tone="muted")),)),
    ]
    notices = list(dict.fromkeys(p.text(report.lang) for r in report.results for p in r.problems))
    if notices:
        blocks += [Words(report.t("problems"), "lead"), *(Words(n, "note") for n in notices)]
    return Section("s10", "10", report.t("s10"), tuple(blocks))


def reviews_table(report: Report, result: Result) -> Grid:
    clauses = Counter(c.review for c in result.rulebook.clauses.values())
    musts = Counter(
        f.review
        for f in result.findings
        if f.severity in ("must", "refuse") and f.verdict != "not_applicable"
    )
    kinds = [
        k
        for k in ("verified", "transcribed", "secondary", "memory", "constructed")
        if clauses.get(k) or musts.get(k)
    ]
    return Grid(
        ("", *(word("review", k, report.lang) for k in kinds), report.t("total")),
        (
            (
                Cell(report.t("all_clauses")),
                *(Cell(str(clauses.get(k, 0))) for k in kinds),
                Cell(str(sum(clauses.values()))),
            ),
            (
                Cell(report.t("must_clauses")),
                *(Cell(str(musts.get(k, 0))) for k in kinds),
                Cell(str(sum(musts.values()))),
            ),
        ),
        "w" + "r" * (len(kinds) + 1),
    )


def background_table(report: Report) -> Block:
    rows: dict[str, tuple[Cell, ...]] = {}
    for result in report.results:
        solved = result.evaluation.solved
        for id_ in sorted(set(solved.lines.provider) if solved is not None else ()):
            known = result.evaluation.background.providers.get(id_)
            if known is None:
                continue
            facts = known.facts
            time = facts.get("year") or "/".join(
                t[:4] for t in (facts.get("period_start", ""), facts.get("period_end", "")) if t[:4].isdigit()
            )
            rows[id_] = (
                Cell(known.name[report.lang]),
                Cell(id_, tone="muted"),
                Cell(facts.get("place", "")),
                Cell(time),
                Cell(cut(facts.get("source", ""), 110), tone="muted"),
                Cell(cut(facts.get("licence", ""), 60), tone="muted"),
            )
    if not rows:
        return Words("—", "note")
    return Grid(
        (
            report.t("provider"),
            report.t("evidence_id"),
            report.t("place"),
            report.t("year"),
            report.t("source"),
            report.t("licence"),
        ),
        tuple(rows.values()),
        "llkkwl",
    )
