"""Sheets of mass flow as documents: vehicle data sheet, battery recycling documentation, month-end return, dismantling
manual, certificates. HTML, DOCX and PDF are written from them as from the report (`report.html`, `report.docx`).

Every sheet reads results and facts; nothing is computed here but sums of rows. Forms are our own except where they say
whose fields they follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..core.errors import Lang, refuse
from ..core.value import KNOWN
from ..evaluate import Result
from ..evaluate.facts import FactTable
from ..study import Study
from . import massflow_figures as drawn
from .document import Banner, Block, Card, Cards, Cell, Document, Drawing, Grid, Pairs, Section, Words
from .figures import svg
from .massflow_texts import say, word

CLASSES = ("metal", "polymer", "elastomer", "glass", "fluid", "organic", "other")
ASSEMBLIES = ("engine", "steering", "gearbox", "axle", "frame")


class Sheet:
    """One sheet of a study in one language."""

    def __init__(self, study: Study, results: Sequence[Result], lang: Lang) -> None:
        if not results:
            raise refuse("report-empty")
        self.study, self.results, self.lang = study, tuple(results), lang
        self.figure = 0
        self.base = next((r for r in results if "forced_removal" in r.rulebook.tables), results[0])
        """The result whose masses are drawn: the one that knows what must be removed."""
        table = self.base.rulebook.tables.get("forced_removal")
        self.items = (
            dict(zip(map(str, table.values["item"].data), map(str, table.values[lang].data), strict=True))
            if table is not None
            else {}
        )

    # -- words -------------------------------------------------------------------------------------------------

    def t(self, key: str, **args: object) -> str:
        return say(key, self.lang, **args)

    def declared(self, path: str) -> str:
        raw = self.study.at(path)
        if raw is None:
            return ""
        if hasattr(raw, "get"):
            return str(raw.get(self.lang) or raw.get("zh") or raw.get("en") or "")
        return str(raw)

    def head(self, *columns: str) -> tuple[str, ...]:
        return tuple(self.t(f"column.{c}") for c in columns)

    def drawing(self, text: str, alt: str) -> Drawing:
        return Drawing(text, alt)

    def chart(self, chart: Any, alt: str) -> Drawing:
        self.figure += 1
        return Drawing(svg(chart, f"m{self.figure}"), alt)

    def document(self, kind: str, sections: Iterable[Section], *extra: Banner) -> Document:
        banners = list(extra)
        if self.study.constructed:
            banners.insert(
                0, Banner("constructed", self.t("word.constructed"), self.t("word.constructed_more"))
            )
        for result in self.results:
            words = result.conformity()[self.lang]
            bad = any(f.verdict == "fail" and f.severity in ("must", "refuse") for f in result.findings)
            caution = result.rulebook.pack.caution
            banners.append(
                Banner(
                    "conformity",
                    f"{result.rulebook.pack.title[self.lang]} · {words}",
                    caution[self.lang] if caution is not None else "",
                    "bad" if bad else "warn" if result.unverified_musts else "good",
                )
            )
        name = self.declared("product.name") or self.study.id
        facts = [
            (self.t("word.plant"), self.declared("plant.name")),
            (self.t("word.model"), self.declared("product.model")),
            (
                self.t("word.period"),
                " – ".join(p for p in (self.declared("period.start"), self.declared("period.end")) if p),
            ),
            (self.t("word.date"), self.declared("as_of")),
        ]
        tag = self.t("word.constructed") if self.study.constructed else ""
        return Document(
            self.lang,
            self.t(f"title.{kind}"),
            name,
            tag,
            tuple(banners),
            tuple(sections),
            self.t("word.made_by"),
            tuple((a, b) for a, b in facts if b),
        )

    # -- facts and results -------------------------------------------------------------------------------------

    def result(self, name: str) -> Result:
        """The first result whose rulebook defines `name`."""
        return next((r for r in self.results if name in r.rulebook.clauses), self.results[0])

    def has(self, name: str) -> bool:
        return any(name in r.rulebook.clauses for r in self.results)

    def scalar(self, name: str) -> float | None:
        """A scalar quantity in its own unit; None where it is missing or does not apply."""
        if not self.has(name):
            return None
        value = self.result(name).evaluation.value(name)
        return float(value.number()) if value.state == KNOWN else None

    def number(self, name: str, digits: int = 3) -> str:
        value = self.scalar(name)
        return "—" if value is None else f"{value:.{digits}f}"

    def table(self, name: str) -> FactTable:
        return self.base.evaluation.facts.tables[name]

    def cell(self, table: FactTable, row: int, column: str) -> str:
        value = table.columns.get(column)
        if value is None or value.state[row] != KNOWN:
            return ""
        data = value.data[row]
        if isinstance(data, bool | np.bool_):
            return self.t("word.yes") if data else self.t("word.no")
        if hasattr(data, "numerator") and not isinstance(data, str):
            return f"{float(data / value.unit.factor):,.10g}"
        return str(data)

    def named(self, table: FactTable, row: int) -> str:
        return self.cell(table, row, f"name_{self.lang}") or table.ids[row]

    def derived(self, name: str) -> dict[str, Any]:
        return dict(self.base.evaluation.mass_flow().tables[name])

    def findings(self) -> Section:
        rows = []
        for result in self.results:
            for f in result.findings:
                if f.verdict in ("fail", "not_evaluable"):
                    rows.append(
                        (
                            Cell(
                                word("verdict", f.verdict, self.lang),
                                tone="bad" if f.verdict == "fail" else "warn",
                            ),
                            Cell(f.text[self.lang]),
                            Cell(f.review),
                            Cell(" ".join(f.rows[:4]) or f.clause, tone="muted"),
                        )
                    )
        blocks: list[Block] = (
            [Grid(self.head("verdict", "requirement", "review", "why"), tuple(rows), "klkl")]
            if rows
            else [Words(self.t("word.no_findings"))]
        )
        return Section("findings", "", self.t("section.findings"), tuple(blocks))

    def sankey(self, anchor: str) -> list[Block]:
        evaluation = self.base.evaluation
        if not len(self.derived("outflow")["id"].data):
            return []
        found: list[Block] = [
            self.drawing(drawn.flow_diagram(evaluation, self.lang, anchor), self.t("figure.sankey"))
        ]
        if any(map(str, self.derived("outflow")["substance"].data)) or evaluation.mass_flow().links:
            found.append(self.chart(drawn.fractions(evaluation, self.lang), self.t("figure.fractions")))
        return found

    def probability(self, name: str, target: str, title: str) -> list[Block]:
        aim = self.scalar(target)
        if not self.has(name) or aim is None:
            return []
        values = self.result(name).evaluation.samples(name)
        if not len(values):
            return []
        return [
            self.chart(
                drawn.probability(values, aim, title, self.lang), self.t("figure.probability", name=title)
            )
        ]


# -- vehicle ---------------------------------------------------------------------------------------------------------


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
            Cell(str(material).replace("_", " ")),
            Cell(f"{float(mass):,.4g}"),
            Cell(word("class", str(kind), lang)),
            Cell(word("judged", str(judged), lang)),
            Cell(word("stage", str(stage), lang)),
        )
        for source, material, mass, kind, judged, stage, rest in zip(
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
            Cell(str(d) or "—", tone="" if d else "bad"),
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
        (Cell(s.named(parts, r)), Cell(s.cell(parts, r, "material")), Cell(s.cell(parts, r, "marking")))
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


# -- battery ---------------------------------------------------------------------------------------------------------


def battery_documentation(study: Study, results: Sequence[Result], lang: Lang) -> Document:
    """The yearly documentation of a battery recycling process, in the fields of Regulation 493/2012."""
    s = Sheet(study, results, lang)
    sections = [
        _decision(s),
        _lots(s),
        _steps(s),
        _outputs(s),
        _efficiency(s),
        _elements(s),
        _manifests(s, "waste"),
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
        (Cell(str(r + 1)), Cell(s.named(table, r)), Cell(s.cell(table, r, "kind"), tone="muted"))
        for r in range(len(table))
    )
    blocks: list[Block] = [Grid(s.head("order", "step", "kind"), rows, "nll")] if rows else []
    return Section("steps", "", s.t("section.steps"), (*blocks, *s.sankey("b")))


def _outputs(s: Sheet) -> Section:
    """Fractions with route, destination and bounds, summed over their substances."""
    out = s.derived("outflow")
    names = drawn.fraction_names(s.base.evaluation, s.lang)
    groups: dict[tuple[str, str, str, bool], list[float]] = {}
    for n in range(len(out["id"].data)):
        key = (
            str(out["fraction"].data[n]),
            str(out["route"].data[n]),
            str(out["destination"].data[n]),
            bool(out["replaces_primary"].data[n]),
        )
        sums = groups.setdefault(key, [0.0, 0.0, 0.0, 0.0])
        for at, column in enumerate(("mass", "low", "high", "added")):
            sums[at] += float(out[column].data[n])
    rows = [
        (
            Cell(names.get(f, f)),
            Cell(word("route", r, s.lang)),
            Cell(f"{m[0]:,.1f}"),
            Cell(f"{m[1]:,.0f}–{m[2]:,.0f}" if m[2] > m[1] else "—"),
            Cell(f"{m[3]:,.1f}" if m[3] else "—"),
            Cell(s.t("word.yes") if p else s.t("word.no"), tone="good" if p else "muted"),
            Cell(d or "—"),
        )
        for (f, r, d, p), m in sorted(groups.items(), key=lambda i: -i[1][0])
    ]
    total = sum(m[0] for m in groups.values())
    rows.append(
        (Cell(s.t("word.total")), Cell(""), Cell(f"{total:,.1f}"), Cell(""), Cell(""), Cell(""), Cell(""))
    )
    head = s.head("fraction", "route", "mass", "bounds", "added", "primary", "destination")
    return Section("output", "", s.t("section.output"), (Grid(head, tuple(rows), "lkrrrkl", total=True),))


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


def _manifests(s: Sheet, title: str) -> Section:
    table = s.table("manifest")
    rows = tuple(
        tuple(
            Cell(c)
            for c in (
                i,
                s.cell(table, r, "waste_code"),
                s.cell(table, r, "mass"),
                s.cell(table, r, "received"),
                s.cell(table, r, "receiver"),
                s.cell(table, r, "permit"),
                s.cell(table, r, "date"),
            )
        )
        for r, i in enumerate(table.ids)
    )
    head = s.head("manifest", "waste_code", "sent", "received", "receiver", "permit", "date")
    return Section(title, "", s.t(f"section.{title}"), (Grid(head, rows, "kkrrlkk"),) if rows else ())


# -- dismantler ------------------------------------------------------------------------------------------------------


def month_return(study: Study, results: Sequence[Result], lang: Lang) -> Document:
    """The month-end return of a dismantling enterprise: vehicles, five assemblies, batteries, fractions, stock."""
    s = Sheet(study, results, lang)
    lots = s.table("lot")
    vehicles = [r for r in range(len(lots)) if s.cell(lots, r, "kind") == "vehicle"]
    cards = [
        Card(
            s.result(n).rulebook.clauses[n].text[lang],
            f"{v:,.0f}" if n != "vehicle_mass" else f"{v / 1000:,.2f}",
            "t" if n == "vehicle_mass" else "",
            (),
        )
        for n in ("vehicles", "vehicle_mass", "electric_vehicles", "remanufactured")
        if (v := s.scalar(n)) is not None
    ]
    rows = tuple(
        tuple(
            Cell(c)
            for c in (
                lots.ids[r],
                s.cell(lots, r, "date"),
                s.named(lots, r),
                s.cell(lots, r, "code"),
                s.cell(lots, r, "plate"),
                s.cell(lots, r, "mass"),
                s.cell(lots, r, "electric"),
                s.cell(lots, r, "certificate"),
            )
        )
        for r in vehicles
    )
    sections = [
        Section("result", "", s.t("section.result"), (Cards(tuple(cards)),)),
        Section(
            "vehicles",
            "",
            s.t("section.vehicles"),
            (
                Grid(
                    s.head("lot", "date", "name", "vin", "plate", "net", "drive", "certificate"),
                    rows,
                    "kklkkrkk",
                ),
            ),
        ),
        _assemblies(s),
        _traction(s),
        _fates(s),
        _manifests(s, "manifests"),
        _stock(s),
        s.findings(),
    ]
    return s.document("return", [x for x in sections if x.blocks], Banner("caution", s.t("word.form")))


def _assemblies(s: Sheet) -> Section:
    table = s.table("assembly")
    counts: dict[str, dict[str, int]] = {k: {} for k in ASSEMBLIES}
    mass: dict[str, float] = {}
    receivers: dict[str, set[str]] = {}
    for r in range(len(table)):
        kind, fate = s.cell(table, r, "kind"), s.cell(table, r, "fate") or "lacking"
        counts.setdefault(kind, {})
        counts[kind][fate] = counts[kind].get(fate, 0) + 1
        value = table.columns["mass"]
        if value.state[r] == KNOWN:
            mass[kind] = mass.get(kind, 0.0) + float(value.data[r])
        if s.cell(table, r, "receiver"):
            receivers.setdefault(kind, set()).add(s.cell(table, r, "receiver"))
    rows = tuple(
        (
            Cell(word("assembly", k, s.lang)),
            *(Cell(str(c.get(f, 0))) for f in ("remanufacture", "scrap", "stock", "lacking")),
            Cell(f"{mass.get(k, 0.0):,.0f}"),
            Cell("、".join(sorted(receivers.get(k, ()))) or "—"),
        )
        for k, c in counts.items()
    )
    head = s.head("kind", "remanufacture", "scrap", "in_stock", "lacking", "mass", "receiver")
    return Section(
        "assemblies", "", s.t("section.assemblies"), (Grid(head, rows, "lrrrrrl"),) if len(table) else ()
    )


def _traction(s: Sheet) -> Section:
    lots = s.table("lot")
    rows = tuple(
        tuple(
            Cell(c)
            for c in (
                lots.ids[r],
                s.named(lots, r),
                s.cell(lots, r, "code"),
                s.cell(lots, r, "mass"),
                s.cell(lots, r, "note"),
            )
        )
        for r in range(len(lots))
        if s.cell(lots, r, "kind") in ("battery", "cell")
    )
    head = s.head("lot", "name", "code", "mass", "why")
    return Section("batteries", "", s.t("section.batteries"), (Grid(head, rows, "klkrl"),) if rows else ())


def _fates(s: Sheet) -> Section:
    section = _outputs(s)
    return Section("fluids", "", s.t("section.fluids"), (*section.blocks, *s.sankey("d")))


def _stock(s: Sheet) -> Section:
    pairs = tuple(
        (s.result(n).rulebook.clauses[n].text[s.lang], Cell(f"{v:,.1f} kg"))
        for n in ("opening_stock", "intake", "shipped", "losses", "closing_stock", "hazardous_out")
        if (v := s.scalar(n)) is not None
    )
    return Section("stock", "", s.t("section.stock"), (Pairs(pairs),) if pairs else ())


def certificates(study: Study, results: Sequence[Result], lang: Lang) -> Document:
    """Certificates of destruction of the period, one line each."""
    s = Sheet(study, results, lang)
    lots = s.table("lot")
    rows = tuple(
        tuple(
            Cell(c)
            for c in (
                s.cell(lots, r, "certificate"),
                s.cell(lots, r, "certificate_date"),
                s.named(lots, r),
                s.cell(lots, r, "model"),
                s.cell(lots, r, "code"),
                s.cell(lots, r, "plate"),
                s.cell(lots, r, "mass"),
            )
        )
        for r in range(len(lots))
        if s.cell(lots, r, "certificate")
    )
    head = s.head("certificate", "date", "name", "model", "vin", "plate", "net")
    return s.document(
        "certificate",
        [Section("certificates", "", s.t("section.certificates"), (Grid(head, rows, "kklkkkr"),))],
        Banner("caution", s.t("word.form")),
    )


SHEETS: dict[str, Callable[[Study, Sequence[Result], Lang], Document]] = {
    "vehicle": vehicle_sheet,
    "manual": dismantling_manual,
    "battery": battery_documentation,
    "return": month_return,
    "certificates": certificates,
}
"""The sheets by the name that commands use."""

__all__ = [
    "SHEETS",
    "battery_documentation",
    "certificates",
    "dismantling_manual",
    "month_return",
    "vehicle_sheet",
]
