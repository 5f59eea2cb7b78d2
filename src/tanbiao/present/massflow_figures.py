"""Figures of mass flow, each defined once: Sankey, composition of fractions, targets, probability, dismantling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

from ..core.errors import Lang
from ..evaluate import Evaluation
from . import palette
from .figures import EXTENT, LABELS, ROW, WIDTH, Chart, _dress, _names, _rows_axis
from .massflow_texts import material, say
from .numbers import percent, short
from .sankey import Link, sankey

SHADES = (
    "#123f2f",
    "#5b9a7c",
    "#c98a1b",
    "#a9cbb8",
    "#9a3a22",
    "#e3bd72",
    "#18262b",
    "#8a5a12",
    "#6f8fa3",
    "#c9ccc6",
)
SHOWN = 8
"""Substances with a colour of their own; what is left is one part."""


@dataclass(frozen=True)
class Rate:
    """A rate beside its target, in per cent; target None where there is none."""

    name: str
    value: float
    target: float | None = None
    note: str = ""


def flow_links(evaluation: Evaluation, lang: Lang) -> tuple[list[Link], dict[str, str]]:
    """Links and node names of the mass-flow diagram: a model's network, or a lot book's intake, fractions, routes."""
    flows = evaluation.mass_flow()
    names = fraction_names(evaluation, lang)
    if flows.links:
        links = [Link(a, b, m) for a, b, _, m in flows.links]
        inflow = flows.tables["inflow"]
        for fraction, mass in zip(inflow["fraction"].data, inflow["mass"].data, strict=True):
            if not str(fraction):
                continue
            links.append(Link("@", str(fraction), float(mass)))
        rest = sum(
            float(m) for f, m in zip(inflow["fraction"].data, inflow["mass"].data, strict=True) if not str(f)
        )
        if any(str(f) for f in inflow["fraction"].data) and rest:
            links.append(Link("@", "product", rest))
        return links, names | {"@": _product(evaluation, lang), "product": say("word.rest", lang)}
    links = []
    lots = evaluation.facts.tables["lot"]
    model = {
        i: str(lots.columns["model"].data[n] or lots.columns["name_" + lang].data[n] or i)
        for n, i in enumerate(lots.ids)
    }
    intake: dict[str, float] = {}
    for source, mass in zip(
        flows.tables["inflow"]["source"].data, flows.tables["inflow"]["mass"].data, strict=True
    ):
        name = model.get(str(source), say("word.supply", lang))
        intake[name] = intake.get(name, 0.0) + float(mass)
    links += [Link(f"in:{n}", "*", m) for n, m in sorted(intake.items(), key=lambda i: -i[1])]
    names |= {f"in:{n}": n for n in intake} | {"*": say("word.works", lang)}
    totals: dict[tuple[str, str], float] = {}
    out = flows.tables["outflow"]
    for fraction, route, mass in zip(out["fraction"].data, out["route"].data, out["mass"].data, strict=True):
        totals[(str(fraction), str(route))] = totals.get((str(fraction), str(route)), 0.0) + float(mass)
    for (fraction, route), mass in totals.items():
        links += [Link("*", fraction, mass), Link(fraction, f"→{route}", mass)]
    return links, names


def fraction_names(evaluation: Evaluation, lang: Lang) -> dict[str, str]:
    """What fractions, treatments and parts are called."""
    names: dict[str, str] = {}
    for name in ("part", "treatment", "fraction"):
        table = evaluation.facts.tables[name]
        column = table.columns[f"name_{lang}"]
        for row, id_ in enumerate(table.ids):
            if column.data[row]:
                names[f"[{id_}]" if name == "treatment" else id_] = str(column.data[row])
    return names


def _product(evaluation: Evaluation, lang: Lang) -> str:
    parts = evaluation.facts.tables["part"]
    roots = [r for r in range(len(parts)) if not parts.columns["parent"].data[r]]
    if len(roots) == 1:
        return str(parts.columns[f"name_{lang}"].data[roots[0]] or parts.ids[roots[0]])
    return say("word.product", lang)


def flow_diagram(evaluation: Evaluation, lang: Lang, prefix: str = "s") -> str:
    """The Sankey diagram of a study as SVG."""
    links, names = flow_links(evaluation, lang)
    return sankey(links, names, lang, prefix)


def fractions(evaluation: Evaluation, lang: Lang) -> Chart:
    """What each fraction holds, by substance where assayed, else by material."""
    out = evaluation.mass_flow().tables["outflow"]
    names = fraction_names(evaluation, lang)
    totals: dict[str, float] = {}
    cells: dict[tuple[str, str], float] = {}
    for fraction, substance, made_of, mass in zip(
        out["fraction"].data, out["substance"].data, out["material"].data, out["mass"].data, strict=True
    ):
        kind = (
            str(substance)
            or (names.get(str(made_of)) or material(str(made_of), lang))
            or say("word.unassayed", lang)
        )
        cells[(str(fraction), kind)] = cells.get((str(fraction), kind), 0.0) + float(mass)
        totals[kind] = totals.get(kind, 0.0) + float(mass)
    kept = [k for k, _ in sorted(totals.items(), key=lambda i: -i[1])[:SHOWN]]
    order = sorted({f for f, _ in cells}, key=lambda f: -sum(m for (g, _), m in cells.items() if g == f))
    other = say("word.other", lang)
    rows: dict[tuple[str, str], float] = {}
    for (fraction, kind), mass in cells.items():
        key = (fraction, kind if kind in kept else other)
        rows[key] = rows.get(key, 0.0) + mass
    kinds = [*kept, *([other] if any(k == other for _, k in rows) else [])]
    data = [
        {"name": names.get(f, f), "kind": k, "value": m, "rank": kinds.index(k)}
        for (f, k), m in rows.items()
        if m > 0
    ]
    whole = {f: sum(m for (g, _), m in rows.items() if g == f) for f in order}
    sums = [{"name": names.get(f, f), "value": whole[f], "text": short(whole[f])} for f in order]
    y = alt.Y(
        "name:N",
        sort=[names.get(f, f) for f in order],
        title=None,
        axis=alt.Axis(domain=False, ticks=False, labelLimit=LABELS, labelPadding=8),
    )
    bars = (
        alt.Chart(alt.Data(values=data))
        .mark_bar(stroke="#ffffff", strokeWidth=0.6)
        .encode(
            y=y,
            x=alt.X(
                "value:Q",
                title=None,
                axis=alt.Axis(tickCount=5),
                scale=alt.Scale(domain=[0, 1.16 * max(whole.values(), default=1.0)], nice=False),
            ),
            order=alt.Order("rank:Q"),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=kinds, range=list(SHADES[: len(kinds)])),
                legend=alt.Legend(
                    orient="bottom", title=None, columns=5, symbolType="square", labelLimit=150
                ),
            ),
        )
    )
    said = (
        alt.Chart(alt.Data(values=sums))
        .mark_text(align="left", dx=6, fontSize=11, color=palette.INK)
        .encode(y=y, x="value:Q", text="text:N")
    )
    return _dress(
        (bars + said).properties(width=WIDTH, height=max(1, len(order)) * 24),
        lang,
        say("figure.fractions", lang),
    )


def thresholds(rates: Sequence[Rate], lang: Lang) -> Chart:
    """Rates as bars, targets as marks; rust where a rate stays below its target."""
    rows: list[dict[str, Any]] = [
        {
            "name": r.name,
            "value": r.value,
            "target": r.target,
            "order": n,
            "kind": "none" if r.target is None else "met" if r.value >= r.target - 1e-9 else "short",
            "text": f"{r.value:.4g} %"
            + (f"  /  {r.target:g} %" if r.target is not None else "")
            + (f"  {r.note}" if r.note else ""),
        }
        for n, r in enumerate(rates)
    ]
    y = _rows_axis()
    most = max([r.value for r in rates] + [r.target or 0.0 for r in rates] + [1.0])
    x = alt.X(
        "value:Q",
        title=None,
        axis=alt.Axis(tickCount=5),
        scale=alt.Scale(domain=[0, most * 1.34], nice=False),
    )
    base = alt.Chart(alt.Data(values=rows)).encode(y=y)
    bars = base.mark_bar(size=16).encode(
        x=x,
        color=alt.Color(
            "kind:N",
            legend=None,
            scale=alt.Scale(
                domain=["met", "short", "none"], range=[palette.GREEN, palette.RUST, palette.LEAF]
            ),
        ),
    )
    aims = [dict(r, top=max(r["value"], r["target"])) for r in rows if r["target"] is not None]
    marks = (
        alt.Chart(alt.Data(values=aims))
        .mark_tick(color=palette.INK, thickness=2.4, size=26)
        .encode(y=y, x=alt.X("target:Q"))
    )
    said = (
        alt.Chart(alt.Data(values=[dict(r, top=max(r["value"], r["target"] or 0.0)) for r in rows]))
        .mark_text(align="left", dx=8, fontSize=12, color=palette.INK)
        .encode(y=y, x="top:Q", text="text:N")
    )
    layers = alt.layer(bars, marks, said, *_names(rows, y))
    return _dress(
        layers.properties(width=WIDTH, height=max(1, len(rows)) * ROW), lang, say("figure.thresholds", lang)
    )


def probability(values: Any, target: float, name: str, lang: Lang) -> Chart:
    """Draws of a rate as a histogram, the target as a line, the share of draws that reach it in words."""
    met = float(np.mean(np.asarray(values) >= target - 1e-9))
    counts, edges = np.histogram(values, 28)
    rows = [
        {
            "low": float(a),
            "high": float(b),
            "count": int(c),
            "zero": 0,
            "kind": "met" if (a + b) / 2 >= target else "short",
        }
        for a, b, c in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    ends = [min(float(edges[0]), target), max(float(edges[-1]), target)]
    pad = 0.06 * ((ends[1] - ends[0]) or 1.0)
    x = alt.X(
        "low:Q", title="%", scale=alt.Scale(domain=[ends[0] - pad, ends[1] + pad], nice=False, zero=False)
    )
    bars = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(stroke="#ffffff", strokeWidth=0.5)
        .encode(
            x=x,
            x2="high:Q",
            y=alt.Y("count:Q", title=None, axis=None),
            y2="zero:Q",
            color=alt.Color(
                "kind:N",
                legend=None,
                scale=alt.Scale(domain=["met", "short"], range=[palette.GREEN, palette.STRAW]),
            ),
        )
    )
    line = alt.Chart(alt.Data(values=[{"x": target, "text": f"{say('word.target', lang)} {target:g} %"}]))
    rule = line.mark_rule(color=palette.INK, strokeWidth=2).encode(x=alt.X("x:Q"))
    said = line.mark_text(align="left", dx=6, fontSize=12, color=palette.INK).encode(
        x=alt.X("x:Q"), y=alt.value(8), text="text:N"
    )
    note = say("figure.probability_note", lang, count=len(values), share=percent(met))
    return _dress(
        (bars + rule + said).properties(width=WIDTH + EXTENT, height=150),
        lang,
        say("figure.probability", lang, name=name),
        note,
    )


def sequence(removal: Mapping[str, Any], names: Mapping[str, str], lang: Lang) -> Chart:
    """Gain so far over time, a point for each removal, and where to stop."""
    rows: list[dict[str, Any]] = [{"time": 0.0, "total": 0.0, "order": 0, "name": "", "best": "yes"}]
    for n in range(len(removal["id"].data)):
        rows.append(
            {
                "time": float(removal["elapsed"].data[n]) * 60,
                "total": float(removal["total"].data[n]),
                "order": n + 1,
                "name": names.get(str(removal["id"].data[n]), str(removal["id"].data[n])),
                "best": "yes" if removal["best"].data[n] else "no",
            }
        )
    stop = max((r["time"] for r in rows if r["best"] == "yes"), default=0.0)
    low, high = min(float(r["total"]) for r in rows), max(float(r["total"]) for r in rows)
    pad = 0.22 * ((high - low) or 1.0)
    base = alt.Chart(alt.Data(values=rows))
    most = max(float(r["time"]) for r in rows) or 1.0
    x = alt.X("time:Q", title="min", scale=alt.Scale(domain=[0, most * 1.16], nice=False))
    y = alt.Y("total:Q", title=None, scale=alt.Scale(domain=[low - pad, high + pad], nice=False))
    line = base.mark_line(color=palette.LEAF, strokeWidth=2).encode(x=x, y=y, order="order:Q")
    dots = base.mark_point(size=90, strokeWidth=2, color=palette.GREEN).encode(
        x=x,
        y=y,
        fill=alt.Fill(
            "best:N", legend=None, scale=alt.Scale(domain=["yes", "no"], range=[palette.GREEN, "#ffffff"])
        ),
    )
    said = base.mark_text(align="left", dx=9, dy=-9, fontSize=11.5, color=palette.INK).encode(
        x=x, y=y, text="name:N"
    )
    rule = (
        alt.Chart(alt.Data(values=[{"x": stop}]))
        .mark_rule(color=palette.RUST, strokeDash=[5, 4])
        .encode(x="x:Q")
    )
    return _dress(
        (line + rule + dots + said).properties(width=WIDTH + EXTENT - 40, height=220),
        lang,
        say("figure.sequence", lang),
        say("figure.sequence_note", lang),
    )


__all__ = [
    "Rate",
    "flow_diagram",
    "flow_links",
    "fraction_names",
    "fractions",
    "probability",
    "sequence",
    "thresholds",
]
