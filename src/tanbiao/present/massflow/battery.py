"""Recycling documentation of a battery recycler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.errors import Lang
from ...core.value import KNOWN
from ...evaluate import Result
from ...study import Study
from .. import massflow_figures as drawn
from ..document import Banner, Block, Card, Cards, Cell, Document, Grid, Pairs, Section, Words
from ..massflow_texts import word
from .sheet import Sheet
from .streams import manifest_section, output_section


def battery_documentation(study: Study, results: Sequence[Result], lang: Lang) -> Document:
    """The yearly documentation of a battery recycling process, in the fields of Regulation 493/2012."""
    s = Sheet(study, results, lang)
    sections = [
        _decision(s),
        _lots(s),
        _steps(s),
        output_section(s),
        _efficiency(s),
        _elements(s),
        manifest_section(s, "waste"),
        s.findings(),
    ]
    return s.document("battery", [x for x in sections if x.blocks], Banner("caution", s.t("word.form_493")))


def _decision(s: Sheet) -> Section:
    names = ("efficiency_without_optional", "efficiency_with_optional", "efficiency_optional_in_neither")
    values = [s.scalar(n) for n in names]
    aim = s.scalar("efficiency_target")
    cards = [
        Card(
            s.t(f"reading.{n.removeprefix('efficiency_')}"),
            "—" if v is None else f"{v:.1f}",
            "%",
            (f"{s.t('word.target')} {aim:g} %" if aim is not None else "",),
            tone="" if v is None or aim is None else "good" if v >= aim else "bad",
        )
        for n, v in zip(names, values, strict=True)
    ]
    blocks: list[Block] = [Cards(tuple(cards))]
    if aim is not None and all(v is not None for v in values):
        known = [float(v) for v in values if v is not None]
        agree = len({v >= aim for v in known}) == 1
        optional = str(s.result("optional_substances").evaluation.value("optional_substances").data)
        words = s.t("figure.same") if agree else s.t("figure.decided", list=optional)
        blocks.append(
            Words(
                s.t(
                    "figure.decides",
                    **{
                        "without": f"{known[0]:.1f}",
                        "with": f"{known[1]:.1f}",
                        "neither": f"{known[2]:.1f}",
                        "target": f"{aim:g}",
                        "words": words,
                    },
                ),
                "lead",
            )
        )
        needed = s.scalar("output_needed")
        if needed is not None and needed > 0:
            blocks.append(Words(s.t("figure.short_of", mass=f"{needed:,.0f}")))
    return Section("result", "", s.t("section.result"), tuple(blocks))


def _lots(s: Sheet) -> Section:
    lots = s.table("lot")
    health = {}
    for row, i in enumerate(lots.ids):
        rated, measured = (lots.columns[n] for n in ("capacity_rated", "capacity_measured"))
        if rated.state[row] == KNOWN and measured.state[row] == KNOWN and rated.data[row]:
            health[i] = f"{float(measured.data[row] / rated.data[row]):.0%}"
    rows = [
        (
            Cell(i),
            Cell(s.named(lots, r)),
            Cell(s.cell(lots, r, "pieces")),
            Cell(s.cell(lots, r, "mass")),
            Cell(s.cell(lots, r, "origin")),
            Cell(s.cell(lots, r, "date")),
            Cell(s.cell(lots, r, "ticket")),
            Cell(health.get(i, "—")),
        )
        for r, i in enumerate(lots.ids)
    ]
    head = s.head("lot", "name", "pieces", "net", "origin", "date", "ticket", "health")
    return Section("input", "", s.t("section.input"), (Grid(head, tuple(rows), "klrrkkkr"),) if rows else ())


def _steps(s: Sheet) -> Section:
    table = s.table("treatment")
    rows = tuple(
        (
            Cell(str(r + 1)),
            Cell(s.named(table, r)),
            Cell(word("treatment", s.cell(table, r, "kind"), s.lang), tone="muted"),
        )
        for r in range(len(table))
    )
    blocks: list[Block] = [Grid(s.head("order", "step", "kind"), rows, "nll")] if rows else []
    return Section("steps", "", s.t("section.steps"), (*blocks, *s.sankey("b")))


def _efficiency(s: Sheet) -> Section:
    aim = s.scalar("efficiency_target")
    rates = [
        drawn.Rate(s.t(f"reading.{n}"), v, aim)
        for n in ("without_optional", "with_optional", "optional_in_neither")
        if (v := s.scalar(f"efficiency_{n}")) is not None
    ]
    if not rates:
        return Section("efficiency", "", s.t("section.efficiency"), ())
    pairs = tuple(
        (s.result(n).rulebook.clauses[n].text[s.lang], Cell(f"{v:,.1f} kg"))
        for n in ("input_fraction", "optional_in_output", "output_needed")
        if (v := s.scalar(n)) is not None
    )
    blocks: list[Block] = [Pairs(pairs), s.chart(drawn.thresholds(rates, s.lang), s.t("figure.thresholds"))]
    blocks += s.probability("efficiency_with_optional", "efficiency_target", s.t("reading.with_optional"))
    return Section("efficiency", "", s.t("section.efficiency"), tuple(blocks))


def _elements(s: Sheet) -> Section:
    """Element balance: in, usable out, other fates; recovery beside the target of 2027."""
    balance, out = s.derived("balance"), s.derived("outflow")
    usable: dict[str, float] = {}
    for substance, mass, flag in zip(
        out["substance"].data, out["mass"].data, out["replaces_primary"].data, strict=True
    ):
        if flag:
            usable[str(substance)] = usable.get(str(substance), 0.0) + float(mass)
    targets: dict[str, float] = {}
    if s.has("recovery_target_next"):
        found = s.result("recovery_target_next").evaluation.value("recovery_target_next")
        for i, (data, state) in enumerate(zip(found.data, found.state, strict=True)):
            if state == KNOWN:
                targets[str(balance["id"].data[i])] = float(data) * 100
    rows, rates = [], []
    for n, name in enumerate(balance["id"].data):
        into, gone, good = (
            float(balance["mass_in"].data[n]),
            float(balance["mass_out"].data[n]),
            usable.get("" if name == "-" else str(name), 0.0),
        )
        rate = good / into * 100 if into else None
        aim = targets.get(str(name))
        tone: Any = "" if aim is None or rate is None else "good" if rate >= aim else "bad"
        rows.append(
            (
                Cell(s.t("word.unassayed") if name == "-" else str(name)),
                Cell(f"{into:,.1f}"),
                Cell(f"{good:,.1f}"),
                Cell(f"{gone - good:,.1f}"),
                Cell("—" if rate is None else f"{rate:.1f} %", tone=tone),
                Cell("—" if aim is None else f"{aim:g} %"),
            )
        )
        if aim is not None and rate is not None:
            rates.append(drawn.Rate(str(name), rate, aim))
    if not rows:
        return Section("elements", "", s.t("section.elements"), ())
    head = (*s.head("substance", "in", "out", "other", "rate"), s.t("word.target_2027"))
    blocks: list[Block] = [Grid(head, tuple(rows), "lrrrrr")]
    if rates:
        blocks.append(s.chart(drawn.thresholds(rates, s.lang), s.t("figure.thresholds")))
    return Section("elements", "", s.t("section.elements"), tuple(blocks))
