"""Month-end return and certificates of a dismantler."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.errors import Lang
from ...core.value import KNOWN
from ...evaluate import Result
from ...study import Study
from ..document import Banner, Card, Cards, Cell, Document, Grid, Pairs, Section
from ..massflow_texts import receiver, word
from .sheet import Sheet
from .streams import manifest_section, output_section

ASSEMBLIES = ("engine", "steering", "gearbox", "axle", "frame")


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
        manifest_section(s, "manifests"),
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
            receivers.setdefault(kind, set()).add(receiver(s.cell(table, r, "receiver"), s.lang))
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
    section = output_section(s)
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
