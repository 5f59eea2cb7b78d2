"""Figures, each defined once as an Altair chart: the same in the browser, the report, the label page and a notebook.

Every chart speaks zh or en, prints its values as words beside the marks, and keeps its parts apart in black and white.

    chart = stages(result.headline, "zh")
    text = svg(chart)
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt

from ..core.errors import Lang, refuse
from ..core.text import Text
from ..evaluate import Published
from . import font, palette
from .content.naming import share_text
from .numbers import percent, short, unit_text
from .texts import phrase, word

Chart = Any
"""An Altair chart."""

WIDTH = 500
ROW = 34
LABELS = 200
EXTENT = 208
"""Room for names at the left, in pixels: the same in every figure, so that figures below one another line up."""
COVERAGE_ORDER = ("direct", "named", "derived", "proxy", "none")


@dataclass(frozen=True)
class Step:
    """One bar of a waterfall: a total stands on the axis, a change hangs between its neighbours."""

    name: Text
    value: float
    kind: Literal["total", "change"] = "change"
    text: str = ""
    """How the value is printed; three significant digits where this is empty."""


# -- figures -------------------------------------------------------------------------------------------------------


def stages(published: Published, lang: Lang) -> Chart:
    """The headline by stage, with bounds. Source: GB/T 24067, result by life cycle stage (report template, 5.2)."""
    total = sum(s.value for s in published.stages)
    rows = [
        {
            "name": s.name[lang],
            "value": s.value,
            "low": s.low,
            "high": s.high,
            "order": n,
            "text": f"{short(s.value)}  ·  {percent(s.value / total) if total else '—'}",
        }
        for n, s in enumerate(published.stages)
    ]
    return _bars(
        rows,
        lang,
        phrase("figure.stages", lang, unit=unit_text(published.unit)),
        phrase("figure.bounds", lang),
    )


def contributions(published: Published, lang: Lang, limit: int = 10) -> Chart:
    """What each provider adds to the headline; colour says what data stand behind it."""
    limit = limit + 1 if len(published.contributions) == limit + 1 else limit
    shown, rest = published.contributions[:limit], published.contributions[limit:]
    rows = [
        {
            "name": c.name[lang],
            "value": c.value,
            "low": c.low,
            "high": c.high,
            "order": n,
            "cover": c.coverage,
            "text": f"{short(c.value)}  ·  {share_text(c, lang)}",
        }
        for n, c in enumerate(shown)
    ]
    if rest:
        value = sum(c.value for c in rest)
        rows.append(
            {
                "name": phrase("figure.other", lang, count=len(rest)),
                "value": value,
                "low": sum(c.low for c in rest),
                "high": sum(c.high for c in rest),
                "order": limit,
                "cover": "mixed",
                "text": f"{short(value)}  ·  {percent(sum(c.share for c in rest))}",
            }
        )
    return _bars(
        rows,
        lang,
        phrase("figure.contributions", lang, unit=unit_text(published.unit)),
        phrase("figure.bounds", lang),
        covered=True,
    )


def coverage(published: Published, lang: Lang) -> Chart:
    """Share of the headline by kind of data, and below it the share that rests on judged numbers."""
    rows: list[dict[str, Any]] = []
    start = 0.0
    for kind in COVERAGE_ORDER:
        share = published.coverage.get(kind, 0.0)
        rows.append(
            {
                "bar": phrase("figure.source", lang),
                "kind": word("coverage", kind, lang),
                "start": start,
                "end": start + share,
                "middle": start + share / 2,
                "key": kind,
                "text": percent(share, 0) if share >= 0.06 else "",
            }
        )
        start += share
    # a share of impact cannot be more than one, whatever rounding does
    judged = min(max(published.judged, 0.0), 1.0)
    name = phrase("figure.judged", lang)
    rows += [
        {
            "bar": name,
            "kind": "judged",
            "start": 0.0,
            "end": judged,
            "middle": judged / 2,
            "key": "judged",
            "text": "",
        }
    ]
    x = alt.X("start:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=5, title=None))
    y = alt.Y(
        "bar:N",
        sort=[phrase("figure.source", lang), name],
        title=None,
        axis=alt.Axis(domain=False, ticks=False, labelLimit=LABELS, labelPadding=8),
        scale=alt.Scale(paddingInner=0.35, paddingOuter=0.2),
    )
    keys = list(COVERAGE_ORDER)
    used = [r for r in rows if r["key"] != "judged" and r["end"] > r["start"]]
    segments = (
        alt.Chart(alt.Data(values=used))
        .mark_bar(stroke=palette.INK, strokeWidth=0.6)
        .encode(
            x=x,
            x2="end:Q",
            y=y,
            order=alt.Order("start:Q"),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(
                    domain=[word("coverage", k, lang) for k in keys],
                    range=[palette.COVERAGE[k] for k in keys],
                ),
                legend=_legend(),
            ),
        )
    )
    names = (
        alt.Chart(alt.Data(values=used))
        .mark_text(fontSize=12)
        .encode(
            x="middle:Q",
            y=y,
            text="text:N",
            color=alt.Color(
                "key:N",
                scale=alt.Scale(domain=keys, range=[palette.ON_COVERAGE[k] for k in keys]),
                legend=None,
            ),
        )
    )
    thin = alt.Chart(alt.Data(values=[r for r in rows if r["key"] == "judged"]))
    bar = thin.mark_bar(color=palette.OCHRE, size=12).encode(x=x, x2="end:Q", y=y)
    said = (
        alt.Chart(alt.Data(values=[{"bar": name, "end": judged, "text": percent(judged)}]))
        .mark_text(align="left", dx=6, fontSize=12, color=palette.INK)
        .encode(x="end:Q", y=y, text="text:N")
    )
    return _dress(
        (segments + bar + names + said)
        .resolve_scale(color="independent")
        .properties(width=WIDTH, height=2 * ROW + 26),
        lang,
        phrase("figure.coverage", lang),
        phrase("figure.share", lang),
    )


def quality(published: Published, lang: Lang) -> Chart:
    """Ratings of technology, geography and time on the scale 1 (best) to 5."""
    rows = [
        {"name": word("quality", k, lang), "value": v, "text": f"{v:.2g}", "order": n, "best": 1}
        for n, (k, v) in enumerate(published.dqr.items())
    ]
    y = alt.Y(
        "name:N",
        sort=alt.EncodingSortField("order", order="ascending"),
        title=None,
        axis=alt.Axis(domain=False, ticks=False, labelPadding=8, labelLimit=LABELS),
    )
    x = alt.X(
        "value:Q",
        scale=alt.Scale(domain=[1, 5]),
        axis=alt.Axis(values=[1, 2, 3, 4, 5], title=None, format="d"),
    )
    base = alt.Chart(alt.Data(values=rows)).encode(y=y)
    stem = base.mark_rule(color=palette.LEAF, strokeWidth=3).encode(x=alt.X("best:Q"), x2="value:Q")
    dot = base.mark_circle(size=150, color=palette.GREEN, opacity=1).encode(x=x)
    said = base.mark_text(align="left", dx=12, fontSize=12, color=palette.INK).encode(x=x, text="text:N")
    return _dress(
        (stem + dot + said).properties(width=WIDTH, height=max(1, len(rows)) * ROW),
        lang,
        phrase("figure.quality", lang),
    )


def comparison(rows: Sequence[tuple[Text, Published]], lang: Lang, one_product: bool = False) -> Chart:
    """Several results side by side, with bounds.

    one_product: the same facts under several rulebooks. Otherwise products are compared, which is refused
    (`comparison-method`) where method fingerprints differ (GB/T 24067, Annex B); units must agree (`comparison-unit`).
    """
    units = {p.unit for _, p in rows}
    if len(units) > 1:
        raise refuse("comparison-unit", units=", ".join(sorted(units)))
    if not one_product and len({p.method_fingerprint for _, p in rows}) > 1:
        raise refuse("comparison-method")
    found = [
        {
            "name": name[lang],
            "value": float(p.value),
            "low": p.low if p.low is not None else float(p.value),
            "high": p.high if p.high is not None else float(p.value),
            "order": n,
            "text": p.published,
        }
        for n, (name, p) in enumerate(rows)
        if isinstance(p.value, float)
    ]
    return _bars(
        found,
        lang,
        phrase("figure.comparison", lang, unit=unit_text(next(iter(units), ""))),
        phrase("figure.bounds", lang),
    )


def waterfall(steps: Sequence[Step], unit: str, lang: Lang, title: Text, subject: str = "") -> Chart:
    """From one total to another: what each change adds or takes away. Where the changes are small beside the totals the
    axis starts above zero, and the figure says so. subject: what the figure speaks of, in its second line."""
    rows: list[dict[str, Any]] = []
    level = 0.0
    for order, step in enumerate(steps):
        start = 0.0 if step.kind == "total" else level
        level = start + step.value
        shade = "total" if step.kind == "total" else "more" if step.value > 0 else "less"
        sign = "" if step.kind == "total" else "+" if step.value > 0 else "−" if step.value < 0 else ""
        rows.append(
            {
                "name": step.name[lang],
                "start": start,
                "end": level,
                "top": max(start, level),
                "order": order,
                "shade": shade,
                "text": step.text or sign + short(abs(step.value) if sign else step.value),
                "level": level,
            }
        )
    y = _rows_axis()
    levels = [v for r in rows for v in ((r["end"],) if r["shade"] == "total" else (r["start"], r["end"]))]
    low, high = min(levels, default=0.0), max(levels, default=0.0)
    domain, note = _domain([r["start"] for r in rows] + [r["end"] for r in rows], 0.16), ""
    if low > 0 and 0 < high - low < 0.35 * high:
        domain = [max(0.0, low - 0.6 * (high - low)), high + 0.35 * (high - low)]
        note = phrase("figure.cut_axis", lang)
        for row in rows:
            row["start"] = max(row["start"], domain[0])
    base = alt.Chart(alt.Data(values=rows)).encode(y=y)
    bars = base.mark_bar(stroke=palette.INK, strokeWidth=0.5).encode(
        x=alt.X(
            "start:Q", scale=alt.Scale(domain=domain, nice=False), axis=alt.Axis(title=None, tickCount=6)
        ),
        x2="end:Q",
        color=alt.Color(
            "shade:N",
            legend=None,
            scale=alt.Scale(
                domain=["total", "more", "less"], range=[palette.DEEP, palette.STRAW, palette.LEAF]
            ),
        ),
    )
    said = base.mark_text(align="left", dx=6, fontSize=12, color=palette.INK).encode(x="top:Q", text="text:N")
    layers = [bars, said, *_names(rows, y)]
    if not note:
        zero = alt.Chart(alt.Data(values=[{"x": 0}])).mark_rule(color=palette.INK, strokeWidth=1)
        layers.insert(1, zero.encode(x="x:Q"))
    return _dress(
        alt.layer(*layers).properties(width=WIDTH, height=len(rows) * ROW),
        lang,
        f"{title[lang]} ({unit_text(unit)})" if lang == "en" else f"{title[lang]}（{unit_text(unit)}）",
        "  ·  ".join(t for t in (subject, note) if t),
    )


def tornado(
    rows: Sequence[tuple[Text, float, float]],
    base: float,
    unit: str,
    lang: Lang,
    title: Text,
    subject: str = "",
) -> Chart:
    """What the result would be at the low and the high end of each choice or datum, the widest first. subject: what the
    figure speaks of, in its second line."""
    found = [
        {
            "name": name[lang],
            "low": min(low, high),
            "high": max(low, high),
            "base": base,
            "order": n,
            "left": _signed(min(low, high) - base),
            "right": _signed(max(low, high) - base),
        }
        for n, (name, low, high) in enumerate(rows)
    ]
    y = _rows_axis()
    ends = [base, *(v for _, low, high in rows for v in (low, high))]
    least, most = min(ends), max(ends)
    width = (most - least) or abs(base) or 1.0
    x_scale = alt.Scale(domain=[least - 0.22 * width, most + 0.22 * width], nice=False, zero=False)
    chart = alt.Chart(alt.Data(values=found)).encode(y=y)
    below = chart.mark_bar(color=palette.LEAF, stroke=palette.INK, strokeWidth=0.5).encode(
        x=alt.X("low:Q", scale=x_scale, axis=alt.Axis(title=None, tickCount=5)), x2="base:Q"
    )
    above = chart.mark_bar(color=palette.STRAW, stroke=palette.INK, strokeWidth=0.5).encode(
        x="base:Q", x2="high:Q"
    )
    said = [
        chart.mark_text(align=align, dx=dx, fontSize=11, color=palette.INK).encode(
            x=f"{at}:Q", text=f"{text}:N"
        )
        for align, dx, at, text in (("right", -5, "low", "left"), ("left", 5, "high", "right"))
    ]
    line = (
        alt.Chart(alt.Data(values=[{"x": base}]))
        .mark_rule(color=palette.INK, strokeWidth=1.2)
        .encode(x="x:Q")
    )
    return _dress(
        alt.layer(below, above, line, *said, *_names(found, y)).properties(
            width=WIDTH, height=max(1, len(found)) * ROW
        ),
        lang,
        f"{title[lang]} ({unit_text(unit)})" if lang == "en" else f"{title[lang]}（{unit_text(unit)}）",
        "  ·  ".join(t for t in (subject, phrase("figure.tornado_note", lang, value=short(base))) if t),
    )


def _signed(change: float) -> str:
    return "" if change == 0 else ("+" if change > 0 else "−") + short(abs(change))


# -- drawing -------------------------------------------------------------------------------------------------------


def svg(chart: Chart, prefix: str = "f") -> str:
    """Static SVG with text as text. `prefix` keeps the ids of several drawings in one page apart."""
    import vl_convert

    font.register()
    text = str(vl_convert.vegalite_to_svg(json.dumps(_spec(chart), sort_keys=True, ensure_ascii=False)))
    text = re.sub(r'\bid="([\w-]+)"', rf'id="{prefix}-\1"', text)
    text = re.sub(r"url\(#([\w-]+)\)", rf"url(#{prefix}-\1)", text)
    return re.sub(r'(xlink:href|href)="#([\w-]+)"', rf'\1="#{prefix}-\2"', text)


def png(chart: Chart, scale: float = 2.0) -> bytes:
    """The same drawing as PNG, in the bundled font."""
    import vl_convert

    font.register()
    return bytes(vl_convert.svg_to_png(only_bundled(svg(chart)), scale=scale))


def only_bundled(text: str) -> str:
    """An SVG whose texts name the bundled font alone, so that a PNG does not depend on the machine's fonts."""
    return re.sub(r'font-family="[^"]*"', f'font-family="{font.FAMILY}"', text)


def _spec(chart: Chart) -> dict[str, Any]:
    found: dict[str, Any] = chart.to_dict()
    return found


def _bars(
    rows: Sequence[Mapping[str, Any]], lang: Lang, title: str, note: str, covered: bool = False
) -> Chart:
    """Horizontal bars with bounds and values in words; coloured by coverage where `covered`."""
    values = [dict(r) | {"top": max(r["value"], r["high"], 0.0)} for r in rows]
    domain = _domain([v for r in values for v in (r["value"], r["low"], r["high"])], 0.3)
    y = _rows_axis()
    x = alt.X("value:Q", scale=alt.Scale(domain=domain, nice=False), axis=alt.Axis(title=None, tickCount=5))
    base = alt.Chart(alt.Data(values=values)).encode(y=y)
    if not covered:
        bars = base.mark_bar(color=palette.GREEN).encode(x=x)
    else:
        keys = [k for k in COVERAGE_ORDER if any(r.get("cover") == k for r in values)]
        for row in values:
            row["kind"] = word("coverage", row["cover"], lang)
        bars = base.mark_bar(stroke=palette.INK, strokeWidth=0.6).encode(
            x=x,
            color=alt.Color(
                "kind:N",
                legend=_legend([word("coverage", k, lang) for k in keys]),
                scale=alt.Scale(
                    domain=[*(word("coverage", k, lang) for k in keys), "mixed"],
                    range=[*(palette.COVERAGE[k] for k in keys), "#c9ccc6"],
                ),
            ),
        )
    spread = [v for v in values if v["high"] > v["low"]]
    around = alt.Chart(alt.Data(values=spread)).encode(y=y)
    shade = around.mark_rule(color="#ffffff", strokeWidth=4, opacity=0.85).encode(x="low:Q", x2="high:Q")
    rule = around.mark_rule(color=palette.INK, strokeWidth=1.4).encode(x="low:Q", x2="high:Q")
    ends = [
        around.mark_tick(color=palette.INK, thickness=1.4, size=9).encode(x=f"{end}:Q")
        for end in ("low", "high")
    ]
    said = base.mark_text(align="left", dx=8, fontSize=12, color=palette.INK).encode(x="top:Q", text="text:N")
    zero = alt.Chart(alt.Data(values=[{"x": 0}])).mark_rule(color=palette.INK, strokeWidth=1).encode(x="x:Q")
    layers = alt.layer(bars, shade, rule, *ends, zero, said, *_names(values, y))
    return _dress(layers.properties(width=WIDTH, height=max(1, len(values)) * ROW), lang, title, note)


def _rows_axis() -> Any:
    """One row for each bar, in order; the names are drawn by `_names`."""
    return alt.Y(
        "order:O",
        title=None,
        scale=alt.Scale(paddingInner=0.38, paddingOuter=0.2),
        axis=alt.Axis(domain=False, ticks=False, labels=False),
    )


def _names(rows: Sequence[Mapping[str, Any]], y: Any) -> list[Chart]:
    """The names at the left of their bars, on one line or two; two rows may bear the same name."""
    said = []
    for row in rows:
        lines = font.fold(row["name"], LABELS - 14, 12)  # the reader's own font may be wider than ours
        shifts = (0,) if len(lines) == 1 else (-7, 7)
        said += [
            {"order": row["order"], "line": line, "dy": dy} for line, dy in zip(lines, shifts, strict=True)
        ]
    return [
        alt.Chart(alt.Data(values=[r for r in said if r["dy"] == dy]))
        .mark_text(align="right", fontSize=12, color=palette.INK, dy=dy)
        .encode(y=y, x=alt.value(-10), text="line:N")
        for dy in (0, -7, 7)
        if any(r["dy"] == dy for r in said)
    ]


def _domain(values: Sequence[float], room: float) -> list[float]:
    """From the least (or zero) to the greatest, with room at the right for the words."""
    low, high = min([0.0, *values]), max([0.0, *values])
    width = (high - low) or 1.0
    return [low - (0.04 * width if low < 0 else 0.0), high + room * width]


def _legend(values: Sequence[str] | None = None) -> Any:
    chosen = {"values": list(values)} if values is not None else {}
    return alt.Legend(
        orient="bottom",
        direction="horizontal",
        title=None,
        symbolType="square",
        symbolSize=130,
        symbolStrokeWidth=0.6,
        symbolStrokeColor=palette.INK,
        offset=12,
        columns=5,
        columnPadding=14,
        labelLimit=200,
        **chosen,
    )


def _dress(chart: Chart, lang: Lang, title: str, note: str = "") -> Chart:
    """The common look: title at the left, light grid, the house fonts."""
    head = {"subtitle": note} if note else {}
    return (
        chart.properties(title=alt.TitleParams(title, **head))
        .configure(
            font=font.stack(lang),
            background="transparent",
            padding={"left": 4, "top": 4, "right": 10, "bottom": 4},
        )
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=12,
            labelColor=palette.INK,
            titleColor=palette.MUTED,
            titleFontSize=11,
            titleFontWeight="normal",
            gridColor="#e9e6dd",
            domainColor=palette.RULE,
            tickColor=palette.RULE,
        )
        .configure_axisY(grid=False, minExtent=EXTENT, maxExtent=EXTENT)
        .configure_axisX(
            domain=False,
            ticks=False,
            labelColor=palette.MUTED,
            labelFontSize=11,
            labelPadding=6,
            gridColor="#e9e6dd",
            gridWidth=0.8,
        )
        .configure_legend(labelFontSize=11, labelColor=palette.INK)
        .configure_title(
            anchor="start",
            frame="bounds",
            fontSize=14,
            fontWeight="normal",
            color=palette.DEEP,
            offset=14,
            subtitleFontSize=11,
            subtitleColor=palette.MUTED,
            subtitlePadding=5,
            subtitleFontWeight="normal",
        )
    )


__all__ = [
    "Chart",
    "Step",
    "comparison",
    "contributions",
    "coverage",
    "only_bundled",
    "png",
    "quality",
    "stages",
    "svg",
    "tornado",
    "waterfall",
]
