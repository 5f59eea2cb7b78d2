"""Figures of a clean-production evaluation: radar by category, gaps, index bars with thresholds, Pareto front, trend.

Each is defined once, speaks zh or en, prints its values as words, and stays readable in black and white.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import altair as alt

from ..core.errors import Lang
from ..core.text import Text
from ..evaluate.grade.graded import Graded
from ..evaluate.improve import Improvement
from . import palette
from .evaluation_texts import say, term
from .figures import ROW, WIDTH, Chart, _dress, _legend, _names, _rows_axis
from .numbers import minus, short, unit_text

SHADES = (palette.INK, palette.LEAF, palette.STRAW)
"""Levels from best to last, dark to light."""
DASHES = ((1, 0), (6, 3), (2, 3))


def radar(graded: Graded, lang: Lang) -> Chart:
    """Share of its points that each category reaches, at each level."""
    categories: dict[str, Text] = {}
    for row in graded.details:
        if row.state != "not applicable" and row.weight:
            categories.setdefault(row.category.zh, row.category)
    names = list(categories)
    levels = list(graded.thresholds)
    radius, centre = 118, (250.0, 165.0)

    def point(axis: int, share: float) -> tuple[float, float]:
        angle = math.pi / 2 - 2 * math.pi * axis / max(1, len(names))
        return centre[0] + radius * share * math.cos(angle), centre[1] + radius * share * math.sin(angle)

    rows, words, rings = [], [], []
    for place, level in enumerate(levels):
        for step in range(len(names) + 1):
            share = _category_share(graded, names[step % len(names)], level) if names else 0.0
            x, y = point(step % max(1, len(names)), share)
            rows.append({"x": x, "y": y, "order": step, "level": term("word", level, lang), "place": place})
    for axis, name in enumerate(names):
        x, y = point(axis, 1.16)
        shares = " / ".join(f"{_category_share(graded, name, k) * 100:.0f}" for k in levels)
        for dy, line in ((7, categories[name][lang]), (-7, shares)):
            words.append(
                {
                    "x": x,
                    "y": y + dy,
                    "text": line,
                    "strong": dy > 0,
                    "align": "center" if abs(x - centre[0]) < 20 else "left" if x > centre[0] else "right",
                }
            )
    for ring in (0.25, 0.5, 0.75, 1.0):
        for step in range(len(names) + 1):
            x, y = point(step % max(1, len(names)), ring)
            rings.append({"x": x, "y": y, "order": step, "ring": ring})
    spokes = [
        {"x": centre[0], "y": centre[1], "x2": point(a, 1)[0], "y2": point(a, 1)[1]}
        for a in range(len(names))
    ]
    x_ = alt.X("x:Q", scale=alt.Scale(domain=[0, WIDTH], nice=False), axis=None)
    y_ = alt.Y("y:Q", scale=alt.Scale(domain=[0, 330], nice=False), axis=None)
    shown = [term("word", k, lang) for k in levels]
    net = (
        alt.Chart(alt.Data(values=rings))
        .mark_line(color="#cfcabd", strokeWidth=0.8)
        .encode(x=x_, y=y_, order="order:Q", detail="ring:N")
    )
    spoke = (
        alt.Chart(alt.Data(values=spokes))
        .mark_rule(color="#cfcabd", strokeWidth=0.8)
        .encode(x=x_, y=y_, x2="x2:Q", y2="y2:Q")
    )
    lines = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(strokeWidth=2.4, point=alt.OverlayMarkDef(size=36, filled=True))
        .encode(
            x=x_,
            y=y_,
            order="order:Q",
            color=alt.Color(
                "level:N", scale=alt.Scale(domain=shown, range=list(_shades(len(shown)))), legend=_legend()
            ),
            strokeDash=alt.StrokeDash(
                "level:N",
                scale=alt.Scale(domain=shown, range=[list(d) for d in DASHES[: len(shown)]]),
                legend=None,
            ),
        )
    )
    said = [
        alt.Chart(alt.Data(values=[w for w in words if w["align"] == align and w["strong"] is strong]))
        .mark_text(align=align, fontSize=12 if strong else 11, color=palette.INK if strong else palette.MUTED)
        .encode(x=x_, y=y_, text="text:N")
        for align in ("center", "left", "right")
        for strong in (True, False)
        if any(w["align"] == align and w["strong"] is strong for w in words)
    ]
    note = " / ".join(shown) + (" ，%" if lang == "zh" else ", %")
    chart = alt.layer(net, spoke, lines, *said).properties(width=WIDTH, height=330)
    return _dress(chart, lang, say("figure.radar", lang), note)


def _shades(count: int) -> Sequence[str]:
    return SHADES[:count] if count <= len(SHADES) else [*SHADES, *[palette.MUTED] * (count - len(SHADES))]


def _category_share(graded: Graded, category: str, level: str) -> float:
    whole = got = Fraction(0)
    for row in graded.details:
        if row.category.zh == category and row.state != "not applicable" and row.weight:
            whole += row.weight
            got += row.weight - row.lost.get(level, Fraction(0)) / 100
    return float(got / whole) if whole else 0.0


def gap(graded: Graded, level: str, lang: Lang, most: int = 18) -> Chart:
    """Distance of each measured row to the baseline of `level`, as a share of it, signed toward good."""
    found: list[dict[str, Any]] = []
    for row in graded.details:
        limit = row.limits.get(level)
        if limit is None or limit.lacks is None or limit.number is None:
            continue
        scale = abs(limit.number) or Fraction(1)
        share = float(-limit.lacks / scale)
        lacking = limit.lacks > 0
        distance = short(abs(float(limit.lacks)))
        found.append(
            {
                "name": row.name[lang] + ("*" if row.limiting else ""),
                "value": max(-1.0, min(1.0, share)),
                "lost": float(row.lost.get(level, Fraction(0))),
                "shade": "lack" if lacking else "room",
                "text": f"{'−' if lacking else '+'}{distance} {unit_text(row.unit)}".rstrip(),
            }
        )
    found.sort(key=lambda r: (-r["lost"], r["value"]))
    rows = [{**r, "order": n, "zero": 0.0} for n, r in enumerate(found[:most])]
    reach = max([0.1, *(abs(r["value"]) for r in rows)]) * 1.75
    y = _rows_axis()
    x = alt.X(
        "value:Q",
        scale=alt.Scale(domain=[-reach, reach], nice=False),
        axis=alt.Axis(title=None, format="+%", tickCount=5),
    )
    base = alt.Chart(alt.Data(values=rows)).encode(y=y)
    bars = base.mark_bar(stroke=palette.INK, strokeWidth=0.5).encode(
        x=x,
        x2="zero:Q",
        color=alt.Color(
            "shade:N",
            scale=alt.Scale(domain=["lack", "room"], range=[palette.RUST, palette.MIST]),
            legend=None,
        ),
    )
    words = [
        base.transform_filter(f"datum.shade == '{shade}'")
        .mark_text(align=align, dx=dx, fontSize=12, color=palette.INK)
        .encode(x=x, text="text:N")
        for shade, align, dx in (("lack", "right", -6), ("room", "left", 6))
    ]
    zero = alt.Chart(alt.Data(values=[{"x": 0}])).mark_rule(color=palette.INK, strokeWidth=1).encode(x="x:Q")
    layers = alt.layer(bars, zero, *words, *_names(rows, y))
    return _dress(
        layers.properties(width=WIDTH, height=max(1, len(rows)) * ROW),
        lang,
        say("figure.gap", lang, level=term("word", level, lang)),
        say("figure.gap_note", lang),
    )


def index_bars(graded: Graded, lang: Lang) -> Chart:
    """The index at each level, what each level needs, and the range that missing data leave."""
    rows: list[dict[str, Any]] = []
    for n, (level, least) in enumerate(graded.thresholds.items()):
        if level not in graded.index:
            continue
        low, high = (float(v) for v in graded.index[level])
        rows.append(
            {
                "name": term("word", level, lang),
                "value": low,
                "high": high,
                "least": float(least),
                "order": n,
                "zero": 0.0,
                "end": max(low, high, float(least)),
                "text": f"{_points(low)}"
                + (f" – {_points(high)}" if high > low else "")
                + "  ·  "
                + say("figure.needs", lang, value=_points(float(least))),
            }
        )
    y = _rows_axis()
    x = alt.X(
        "value:Q",
        scale=alt.Scale(domain=[0, 138], nice=False),
        axis=alt.Axis(title=None, values=[0, 20, 40, 60, 80, 100]),
    )
    base = alt.Chart(alt.Data(values=rows)).encode(y=y)
    bars = base.mark_bar(color=palette.LEAF).encode(x=x, x2="zero:Q")
    spread = alt.Chart(alt.Data(values=[r for r in rows if r["high"] > r["value"]])).encode(y=y)
    rule = spread.mark_rule(color=palette.INK, strokeWidth=1.4).encode(x="value:Q", x2="high:Q")
    mark = base.mark_tick(color=palette.RUST, thickness=3, size=26).encode(x="least:Q")
    said = base.mark_text(align="left", dx=8, fontSize=12, color=palette.INK).encode(x="end:Q", text="text:N")
    return _dress(
        alt.layer(bars, rule, mark, said, *_names(rows, y)).properties(
            width=WIDTH, height=max(1, len(rows)) * ROW
        ),
        lang,
        say("figure.index", lang),
        say("figure.index_note", lang),
    )


def _points(value: float) -> str:
    return minus(f"{value:.2f}".rstrip("0").rstrip("."))


def pareto(found: Improvement, lang: Lang) -> Chart:
    """Cost against index at the target level: what no other set of measures beats."""
    chosen = {a.id for a in found.path.actions} if found.path else set()
    rows: list[dict[str, Any]] = [
        {
            "cost": float(c.cost) / 1e4,
            "index": float(c.index or 0),
            "text": " ".join(a.id for a in c.actions) or "0",
            "picked": "yes" if {a.id for a in c.actions} == chosen else "no",
        }
        for c in found.front
    ]
    top = max([float(r["cost"]) for r in rows], default=1.0) or 1.0
    x = alt.X(
        "cost:Q",
        scale=alt.Scale(domain=[-0.02 * top, 1.24 * top], nice=False),
        axis=alt.Axis(title=say("figure.pareto_x", lang), tickCount=6),
    )
    y = alt.Y(
        "index:Q",
        scale=alt.Scale(domain=[_floor(rows), 105], nice=False),
        axis=alt.Axis(title=None, tickCount=6, grid=True),
    )
    base = alt.Chart(alt.Data(values=rows))
    line = base.mark_line(interpolate="step-after", color=palette.LEAF, strokeWidth=2).encode(
        x=x, y=y, order="cost:Q"
    )
    dots = base.mark_point(size=90, strokeWidth=2, opacity=1).encode(
        x=x,
        y=y,
        stroke=alt.value(palette.DEEP),
        fill=alt.Fill(
            "picked:N", scale=alt.Scale(domain=["yes", "no"], range=[palette.OCHRE, "#ffffff"]), legend=None
        ),
    )
    said = [
        base.transform_filter(f"datum.picked == '{picked}'")
        .mark_text(align=align, dx=dx, dy=dy, fontSize=11, color=palette.INK)
        .encode(x=x, y=y, text="text:N")
        for picked, align, dx, dy in (("yes", "right", -8, -11), ("no", "left", 7, 13))
    ]
    least = float(found.wanted)
    need = alt.Chart(
        alt.Data(
            values=[{"least": least, "text": say("figure.needs", lang, value=_points(least)), "cost": 0.0}]
        )
    )
    rule = need.mark_rule(color=palette.RUST, strokeWidth=1.6, strokeDash=[6, 3]).encode(y=alt.Y("least:Q"))
    word = need.mark_text(align="left", dy=-8, fontSize=11, color=palette.RUST).encode(
        x=x, y=alt.Y("least:Q"), text="text:N"
    )
    return _dress(
        alt.layer(line, dots, rule, word, *said).properties(width=WIDTH + 140, height=240),
        lang,
        say("figure.pareto", lang, level=term("word", found.target, lang)),
        say("figure.pareto_note", lang),
    ).configure_axisY(minExtent=30, maxExtent=60, grid=True)


def _floor(rows: Sequence[Mapping[str, Any]]) -> float:
    low = min([float(r["index"]) for r in rows], default=0.0)
    return max(0.0, math.floor(low / 10) * 10 - 10)


def trend(years: Sequence[tuple[str, Graded]], lang: Lang) -> Chart:
    """The index at each level over the years."""
    levels = list(years[0][1].thresholds) if years else []
    rows = [
        {
            "year": year,
            "level": term("word", k, lang),
            "value": float(graded.index[k][0]),
            "text": _points(float(graded.index[k][0])),
        }
        for year, graded in years
        for k in levels
        if k in graded.index
    ]
    needs = [{"level": term("word", k, lang), "least": float(years[0][1].thresholds[k])} for k in levels]
    shown = [term("word", k, lang) for k in levels]
    colour = alt.Color(
        "level:N", scale=alt.Scale(domain=shown, range=list(_shades(len(shown)))), legend=_legend()
    )
    x = alt.X("year:O", axis=alt.Axis(title=None, labelAngle=0))
    y = alt.Y(
        "value:Q",
        scale=alt.Scale(domain=[0, 108], nice=False),
        axis=alt.Axis(title=None, values=[0, 20, 40, 60, 80, 100], grid=True),
    )
    base = alt.Chart(alt.Data(values=rows))
    lines = base.mark_line(strokeWidth=2.4, point=alt.OverlayMarkDef(size=60, filled=True)).encode(
        x=x,
        y=y,
        color=colour,
        strokeDash=alt.StrokeDash(
            "level:N",
            scale=alt.Scale(domain=shown, range=[list(d) for d in DASHES[: len(shown)]]),
            legend=None,
        ),
    )
    said = base.mark_text(dy=-12, fontSize=11, color=palette.INK).encode(x=x, y=y, text="text:N")
    rule = (
        alt.Chart(alt.Data(values=needs))
        .mark_rule(color=palette.RUST, strokeDash=[4, 4], strokeWidth=1)
        .encode(y="least:Q")
    )
    return _dress(
        alt.layer(rule, lines, said).properties(width=WIDTH + 140, height=230),
        lang,
        say("figure.trend", lang),
        say("figure.trend_note", lang),
    ).configure_axisY(minExtent=30, maxExtent=60, grid=True)


__all__ = ["gap", "index_bars", "pareto", "radar", "say", "term", "trend"]
