"""Vehicle data sheet and dismantling manual."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.errors import Lang
from ...evaluate import Result
from ...study import Study
from .. import massflow_figures as drawn
from ..document import Banner, Block, Card, Cards, Cell, Document, Grid, Pairs, Section, Words
from ..massflow_texts import material, receiver, word
from .sheet import Sheet

CLASSES = ("metal", "polymer", "elastomer", "glass", "fluid", "organic", "other")


def vehicle_sheet(study: Study, results: Sequence[Result], lang: Lang) -> Document:
    """The data sheet of a vehicle: masses by stage, materials by class, parts, sequence, design and process rates."""
    s = Sheet(study, results, lang)
    cards = [
        Card(c.text[lang], s.number(n, 4), "%", (c.address,))
        for n in ("Rcyc", "Rcov", "recycling_output")
        if s.has(n)
        for c in [s.result(n).rulebook.clauses[n]]
    ]
    rates = [
        drawn.Rate(s.result(n).rulebook.clauses[n].text[lang], v, s.scalar(t))
        for n, t in (
            ("Rcyc", "Rcyc_limit"),
            ("Rcov", "Rcov_limit"),
            ("recycling_output", "target"),
            ("recovery_output", ""),
        )
        if (v := s.scalar(n)) is not None
    ]
    result: list[Block] = [
        Cards(tuple(cards)),
        s.chart(drawn.thresholds(rates, lang), s.t("figure.thresholds")),
    ]
    if s.has("Rcyc") and s.has("recycling_output"):
        result.append(Words(s.t("figure.design_process"), "note"))
    if s.has("recycling_output"):
        result += s.probability(
            "recycling_output",
            "target",
            s.result("recycling_output").rulebook.clauses["recycling_output"].text[lang],
        )
    masses = [
        (s.result(n).rulebook.clauses[n].text[lang], Cell(f"{v:,.3f} kg"))
        for n in (
            "vehicle_mass",
            "mass_pre_treatment",
            "mass_dismantling",
            "mass_metals",
            "mass_residue_recyclable",
            "mass_residue_energy",
            "mass_disposal",
        )
        if (v := s.scalar(n)) is not None
    ]
    inflow = s.derived("inflow")
    by: dict[str, float] = {}
    for kind, mass in zip(inflow["category"].data, inflow["mass"].data, strict=True):
        by[str(kind) or "other"] = by.get(str(kind) or "other", 0.0) + float(mass)
    whole = sum(by.values()) or 1.0
    materials = [
        (Cell(word("class", k, lang)), Cell(f"{by.get(k, 0.0):,.3f}"), Cell(f"{by.get(k, 0.0) / whole:.2%}"))
        for k in CLASSES
    ] + [(Cell(s.t("word.total")), Cell(f"{whole:,.3f}"), Cell("100 %"))]
    parts = s.table("part")
    position = {i: n for n, i in enumerate(parts.ids)}
    rows = [
        (
            Cell(s.named(parts, position[str(source)]) + (f"（{s.t('word.remainder')}）" if rest else "")),
            Cell(material(str(made_of), lang)),
            Cell(f"{float(mass):,.4g}"),
            Cell(word("class", str(kind), lang)),
            Cell(word("judged", str(judged), lang)),
            Cell(word("stage", str(stage), lang)),
        )
        for source, made_of, mass, kind, judged, stage, rest in zip(
            inflow["source"].data,
            inflow["material"].data,
            inflow["mass"].data,
            inflow["category"].data,
            inflow["judged"].data,
            inflow["judged_stage"].data,
            inflow["remainder"].data,
            strict=True,
        )
    ]
    sections = [
        Section("result", "", s.t("section.result"), tuple(result)),
        Section("masses", "", s.t("section.masses"), (Pairs(tuple(masses)),)),
        Section(
            "materials",
            "",
            s.t("section.materials"),
            (Grid(s.head("class", "mass", "share"), tuple(materials), "lrr", total=True),),
        ),
        Section("sequence", "", s.t("section.sequence"), tuple(_sequence(s))),
        Section("process", "", s.t("section.process"), tuple(s.sankey("v"))),
        Section(
            "parts",
            "",
            s.t("section.parts"),
            (Grid(s.head("part", "material", "mass", "class", "judged", "stage"), tuple(rows), "llrlll"),),
        ),
        s.findings(),
    ]
    return s.document("vehicle", [x for x in sections if x.blocks])


def _sequence(s: Sheet) -> list[Block]:
    removal = s.derived("removal")
    if not len(removal["id"].data):
        return []
    names = drawn.fraction_names(s.base.evaluation, s.lang)
    rows = tuple(
        (
            Cell(str(n + 1)),
            Cell(names.get(str(removal["id"].data[n]), str(removal["id"].data[n]))),
            Cell(s.items.get(str(removal["hazard"].data[n]), str(removal["hazard"].data[n])) or "—"),
            Cell(f"{float(removal['seconds'].data[n]) * 60:.1f}"),
            Cell(f"{float(removal['gain'].data[n]):.1f}"),
            Cell(f"{float(removal['total'].data[n]):.1f}"),
            Cell(
                s.t("word.yes") if removal["best"].data[n] else s.t("word.no"),
                tone="good" if removal["best"].data[n] else "muted",
            ),
        )
        for n in range(len(removal["id"].data))
    )
    return [
        s.chart(drawn.sequence(removal, names, s.lang), s.t("figure.sequence")),
        Grid(s.head("order", "part", "hazard", "time", "gain", "total", "stop"), rows, "nllrrrk"),
    ]


def dismantling_manual(study: Study, results: Sequence[Result], lang: Lang) -> Document:
    """What to take off first, in which order, with which joints and tools (shape of GB/T 33460, which was not read)."""
    s = Sheet(study, results, lang)
    removal, joints, parts = s.derived("removal"), s.table("joint"), s.table("part")
    names = drawn.fraction_names(s.base.evaluation, lang)
    hazards = tuple(
        (
            Cell(names.get(str(i), str(i))),
            Cell(s.items.get(str(h), str(h))),
            Cell(names.get(f"[{t}]", str(t))),
            Cell(receiver(str(d), lang) or "—", tone="" if d else "bad"),
        )
        for i, h, t, d in zip(
            removal["id"].data,
            removal["hazard"].data,
            removal["treatment"].data,
            removal["destination"].data,
            strict=True,
        )
        if h
    )
    held: dict[str, list[str]] = {}
    for row in range(len(joints)):
        words = " ".join(
            w
            for w in (
                s.cell(joints, row, "count"),
                word("joint", s.cell(joints, row, "kind"), lang),
                word("tool", s.cell(joints, row, "tool"), lang),
            )
            if w
        )
        held.setdefault(s.cell(joints, row, "part"), []).append(words)
    steps = tuple(
        (
            Cell(str(n + 1)),
            Cell(names.get(str(i), str(i))),
            Cell("; ".join(held.get(str(i), [])) or "—"),
            Cell(f"{float(t) * 60:.1f}"),
            Cell(names.get(str(f), str(f))),
        )
        for n, (i, t, f) in enumerate(
            zip(removal["id"].data, removal["seconds"].data, removal["fraction"].data, strict=True)
        )
    )
    marked = tuple(
        (
            Cell(s.named(parts, r)),
            Cell(material(s.cell(parts, r, "material"), lang)),
            Cell(s.cell(parts, r, "marking")),
        )
        for r in range(len(parts))
        if s.cell(parts, r, "marking")
    )
    sections = [
        Section(
            "hazards",
            "",
            s.t("section.hazards"),
            (Grid(s.head("part", "item", "treatment", "destination"), hazards, "llll"),),
        ),
        Section(
            "sequence",
            "",
            s.t("section.sequence"),
            (Grid(s.head("order", "part", "tools", "time", "fraction"), steps, "nllrl"), *_sequence(s)[:1]),
        ),
    ]
    if marked:
        sections.append(
            Section(
                "parts",
                "",
                s.t("section.materials"),
                (Grid(s.head("part", "material", "judged"), marked, "lll"),),
            )
        )
    return s.document("manual", sections, Banner("caution", s.t("word.form")))
