"""Mass-flow Sankey: our own layout, drawn as static SVG in the bundled font.

Nodes stand in columns by their longest way from the start; heights are masses; the order in a column follows the
neighbours on the left. Links are coloured by where they lead.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..core.errors import Lang
from . import font, palette
from .massflow_texts import say, word
from .numbers import short

PAD, BAR, GAP, HEIGHT, TOP = 8, 12, 32, 360, 46
ROOM, STEP = 150, 176
"""Room for names at either end, and from column to column: a page of paper prints the usual four at about 8 pt."""
NAME, MASS = 14, 12
"""Sizes of names and of what stands beside them, in pixels."""
ROUTES = {
    "reuse": palette.DEEP,
    "remanufacture": palette.DEEP,
    "cascade": "#1f6a4d",
    "recycling": palette.GREEN,
    "backfilling": palette.STRAW,
    "energy": palette.OCHRE,
    "incineration": palette.RUST,
    "hazardous": palette.RUST,
    "landfill": "#8d8a80",
    "storage": palette.STRAW,
    "loss": "#8d8a80",
}
PASSING = "#a9cbb8"


@dataclass(frozen=True)
class Link:
    """Mass from one node to another."""

    source: str
    target: str
    mass: float


@dataclass
class _Node:
    name: str
    column: int
    mass: float = 0.0
    top: float = 0.0
    inward: float = 0.0
    outward: float = 0.0


def sankey(
    links: Sequence[Link],
    names: Mapping[str, str],
    lang: Lang,
    prefix: str = "s",
    title: str = "",
    unit: str = "kg",
) -> str:
    """The diagram as SVG; names: what a node is called (routes are named by their vocabulary). title, unit: of what
    flows, mass in kg where they are left out."""
    merged: dict[tuple[str, str], float] = {}
    for link in links:
        if link.mass > 0:
            merged[(link.source, link.target)] = merged.get((link.source, link.target), 0.0) + link.mass
    flows = [Link(a, b, m) for (a, b), m in merged.items()]
    nodes = _place(flows)
    columns: dict[int, list[_Node]] = {}
    for node in nodes.values():
        columns.setdefault(node.column, []).append(node)
    last = max(columns, default=0)
    most = max((len(c) for c in columns.values()), default=1)
    height = max(HEIGHT, most * (GAP + 6))
    whole = max((sum(n.mass for n in c) for c in columns.values()), default=1.0) or 1.0
    scale = min((height - GAP * (len(c) - 1)) / whole for c in columns.values()) if columns else 1.0
    _order(columns, flows, nodes, scale)
    total = max((max(n.top + n.mass * scale for n in c) for c in columns.values()), default=0.0)
    bottom = TOP + total + 22
    width = 2 * PAD + 2 * ROOM + BAR + STEP * max(3, last)
    step = STEP * max(3, last) / max(1, last)

    def x(column: int) -> float:
        return PAD + ROOM + column * step

    marks: list[str] = []
    for link in sorted(flows, key=lambda f: (nodes[f.source].top, nodes[f.target].top)):
        a, b = nodes[link.source], nodes[link.target]
        thick = max(0.6, link.mass * scale)
        y0, y1 = TOP + a.top + a.outward + thick / 2, TOP + b.top + b.inward + thick / 2
        a.outward += link.mass * scale
        b.inward += link.mass * scale
        x0, x1 = x(a.column) + BAR, x(b.column)
        bend = (x1 - x0) / 2
        colour = (
            ROUTES.get(link.target.removeprefix("→"), PASSING) if link.target.startswith("→") else PASSING
        )
        said = f"{_name(link.source, names, lang)} → {_name(link.target, names, lang)}: {short(link.mass)} {unit}"
        marks.append(
            f'<path d="M{x0:.1f},{y0:.1f}C{x0 + bend:.1f},{y0:.1f} {x1 - bend:.1f},{y1:.1f} {x1:.1f},{y1:.1f}" '
            f'fill="none" stroke="{colour}" stroke-opacity="0.5" stroke-width="{thick:.2f}">'
            f"<title>{html.escape(said)}</title></path>"
        )
    for node in nodes.values():
        tall = max(1.2, node.mass * scale)
        colour = (
            ROUTES.get(node.name.removeprefix("→"), palette.INK) if node.name.startswith("→") else palette.INK
        )
        marks.append(
            f'<rect x="{x(node.column):.1f}" y="{TOP + node.top:.1f}" width="{BAR}" height="{tall:.2f}" '
            f'fill="{colour}"/>'
        )
    for node in nodes.values():
        marks += _label(node, x(node.column), last, step, scale, names, lang)
    head = html.escape(title or say("figure.sankey", lang))
    family = html.escape(font.stack(lang), quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bottom:.0f}" width="{width}" '
        f'height="{bottom:.0f}" id="{prefix}-sankey" font-family="{family}" font-size="{NAME}" '
        f'fill="{palette.INK}"><text x="{PAD}" y="20" font-size="16" fill="{palette.DEEP}">{head}</text>'
        + "".join(marks)
        + "</svg>"
    )


def _name(node: str, names: Mapping[str, str], lang: Lang) -> str:
    if node.startswith("→"):
        return word("route", node[1:], lang)
    return names.get(node, node.strip("[]"))


def _label(
    node: _Node,
    x: float,
    last: int,
    step: float,
    scale: float,
    names: Mapping[str, str],
    lang: Lang,
) -> list[str]:
    """The name and mass beside a node: left of the first column, right of every other. A long name takes two lines and
    the mass follows it."""
    first = node.column == 0
    width = ROOM - 10 if first or node.column == last else step - BAR - 12
    lines = font.fold(_name(node.name, names, lang), width, NAME, 2)
    if len(lines) > 1:
        lines[1:] = font.fold(lines[1], width - font.width(f" {short(node.mass)}", MASS), NAME, 1)
    at = x - 6 if first else x + BAR + 6
    anchor = "end" if first else "start"
    middle = TOP + node.top + max(1.2, node.mass * scale) / 2
    shadow = f'stroke="{palette.PAPER}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"'
    below = f'<tspan x="{at:.1f}" dy="{NAME + 1}">'
    second = f"{below}{html.escape(lines[1])}</tspan> <tspan " if len(lines) > 1 else f"{below[:-1]} "
    return [
        f'<text x="{at:.1f}" y="{middle:.1f}" text-anchor="{anchor}" {shadow}>{html.escape(lines[0])}'
        f'{second}font-size="{MASS}" fill="{palette.MUTED}">{short(node.mass)}</tspan></text>'
    ]


def _place(flows: Sequence[Link]) -> dict[str, _Node]:
    """Columns by longest way; ends all stand in the last column."""
    depth: dict[str, int] = {}
    for link in flows:
        depth.setdefault(link.source, 0)
        depth.setdefault(link.target, 0)
    for _ in range(len(depth)):
        moved = False
        for link in flows:
            if depth[link.target] < depth[link.source] + 1:
                depth[link.target] = depth[link.source] + 1
                moved = True
        if not moved:
            break
    last = max(depth.values(), default=0)
    sources = {f.source for f in flows}
    nodes = {n: _Node(n, d if n in sources else last) for n, d in depth.items()}
    for node in nodes.values():
        node.mass = max(
            sum(f.mass for f in flows if f.source == node.name),
            sum(f.mass for f in flows if f.target == node.name),
        )
    return nodes


def _order(
    columns: Mapping[int, list[_Node]], flows: Sequence[Link], nodes: Mapping[str, _Node], scale: float
) -> None:
    for column in sorted(columns):
        members = columns[column]

        def weight(node: _Node) -> float:
            found = [
                (nodes[f.source].top + nodes[f.source].mass * scale / 2, f.mass)
                for f in flows
                if f.target == node.name
            ]
            total = sum(m for _, m in found)
            return round(sum(t * m for t, m in found) / total, 1) if total else -node.mass

        members.sort(key=lambda n: (weight(n), -n.mass, n.name))
        top = 0.0
        for node in members:
            node.top = top
            top += max(1.2, node.mass * scale) + GAP


__all__ = ["Link", "sankey"]
