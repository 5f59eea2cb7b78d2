"""Outputs and waste manifests, in the battery documentation and the month-end return."""

from __future__ import annotations

from .. import massflow_figures as drawn
from ..document import Cell, Grid, Section
from ..massflow_texts import receiver, word
from .sheet import Sheet


def output_section(s: Sheet) -> Section:
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
            Cell(receiver(d, s.lang) or "—"),
        )
        for (f, r, d, p), m in sorted(groups.items(), key=lambda i: -i[1][0])
    ]
    total = sum(m[0] for m in groups.values())
    rows.append(
        (Cell(s.t("word.total")), Cell(""), Cell(f"{total:,.1f}"), Cell(""), Cell(""), Cell(""), Cell(""))
    )
    head = s.head("fraction", "route", "mass", "bounds", "added", "primary", "destination")
    return Section("output", "", s.t("section.output"), (Grid(head, tuple(rows), "lkrrrkl", total=True),))


def manifest_section(s: Sheet, title: str) -> Section:
    table = s.table("manifest")
    rows = tuple(
        tuple(
            Cell(c)
            for c in (
                i,
                s.cell(table, r, "waste_code"),
                s.cell(table, r, "mass"),
                s.cell(table, r, "received"),
                receiver(s.cell(table, r, "receiver"), s.lang),
                s.cell(table, r, "permit"),
                s.cell(table, r, "date"),
            )
        )
        for r, i in enumerate(table.ids)
    )
    head = s.head("manifest", "waste_code", "sent", "received", "receiver", "permit", "date")
    return Section(title, "", s.t(f"section.{title}"), (Grid(head, rows, "kkrrlkk"),) if rows else ())
