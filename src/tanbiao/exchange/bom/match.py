"""Proposals out of a library for the lines of a bill of materials, and matches.csv, which the user edits."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...core.errors import Place, Problem, refuse
from ...library import Factor, Library, Process
from ..candidates import Candidate, Index, Named
from ..source import bare_cell, decode, lines_of, plain_cell
from .sheet import Line

PROPOSE = 0.62
"""From this score on the best candidate is proposed."""
NO_MATERIALS = frozenset(
    ("services", "proxy", "products", "battery", "pv", "capital", "end-of-life", "waste", "transport")
)
"""Categories of items that a line of a bill of materials seldom means: for "steel", rolling is not the steel."""
MATCH_COLUMNS = (
    "row",
    "part",
    "material",
    "amount",
    "unit",
    "supplier",
    "place",
    "provider",
    "score",
    "status",
    "provider_name",
    "candidate_2",
    "score_2",
    "candidate_3",
    "score_3",
)


@dataclass(frozen=True, slots=True)
class Match:
    """A line with its provider: `status` decided (by the user), proposed (by score), or unmatched."""

    line: Line
    provider: str
    score: float
    status: str
    candidates: tuple[Candidate, ...]


def match(
    lines: Sequence[Line], library: Library, decided: Mapping[int, str] | None = None
) -> tuple[list[Match], list[Problem]]:
    """Propose a provider for each line out of the library. `decided`: row → provider id, as the user filled it in."""
    index = Index([Named(i.id, (i.name_en, i.name_zh), i.unit, i.place) for i in _usable(library)])
    out, problems = [], []
    for line in lines:
        names = (
            [line.material] if line.material == line.part else [line.material, f"{line.part} {line.material}"]
        )
        near = _nearest(index.ask(names, line.unit, line.place or "CN", 12), library)
        said = (decided or {}).get(line.row, "")
        if said:
            if said not in library.items:
                problems.append(
                    Problem(
                        "exchange-mapping-target",
                        Place("matches.csv", line.row),
                        {"item": line.part, "flow": line.material, "to": said},
                    )
                )
                out.append(Match(line, "", 0.0, "unmatched", near))
                continue
            out.append(Match(line, said, 1.0, "decided", near))
        elif near and near[0].score >= PROPOSE:
            out.append(Match(line, near[0].id, near[0].score, "proposed", near))
        else:
            out.append(Match(line, "", near[0].score if near else 0.0, "unmatched", near))
            problems.append(
                Problem(
                    "exchange-bom-unmatched",
                    Place("matches.csv", line.row),
                    {"material": line.material, "score": f"{near[0].score:.2f}" if near else "-"},
                    level="warning",
                )
            )
    return out, problems


def _nearest(found: Sequence[Candidate], library: Library) -> tuple[Candidate, ...]:
    """The four best of the right kind of unit; services, proxies and whole products stand behind materials."""
    fits = [
        replace(c, score=round(c.score * 0.9, 4)) if _distant(library, c.id) else c
        for c in found
        if "unit" not in c.differs
    ]
    return tuple(sorted(fits, key=lambda c: -c.score)[:4])


def _distant(library: Library, item: str) -> bool:
    category = getattr(library.items[item], "category", "")
    return str(category).partition("/")[0] in NO_MATERIALS


def _usable(library: Library) -> list[Process | Factor]:
    factors = [
        f for f in library.factors.values() if "material" in f.allowed_uses or "energy" in f.allowed_uses
    ]
    return [*library.processes.values(), *factors]


def read_matches(path: Path) -> dict[int, str]:
    """Row → provider of a matches.csv that the user edited: rows whose status says `decided`, or whose provider is not
    the one proposed, count; a proposal that was kept stays a proposal."""
    text = decode(path.read_bytes(), Place(path.name))
    reader = csv.DictReader(lines_of(text))
    if not reader.fieldnames or not {"row", "provider"} <= set(reader.fieldnames):
        raise refuse("exchange-mapping-columns", Place(path.name, 1), columns=", ".join(MATCH_COLUMNS))
    out = {}
    for r in reader:
        if (r.get("provider") or "").strip() and (r.get("row") or "").strip().isdigit():
            out[int(r["row"])] = bare_cell(r["provider"]).strip()
    return out


def matches_csv(matches: Sequence[Match], library: Library) -> str:
    out = io.StringIO()
    rows = csv.DictWriter(out, MATCH_COLUMNS, lineterminator="\n", restval="")
    rows.writeheader()
    for m in matches:
        item = library.items.get(m.provider)
        row: dict[str, Any] = {
            "row": m.line.row,
            "part": m.line.part,
            "material": m.line.material,
            "amount": m.line.amount,
            "unit": m.line.unit,
            "supplier": m.line.supplier,
            "place": m.line.place,
            "provider": m.provider,
            "score": f"{m.score:.2f}",
            "status": m.status,
            "provider_name": f"{item.name_zh} / {item.name_en}" if item is not None else "",
        }
        others = [c for c in m.candidates if c.id != m.provider][:2]
        for n, c in enumerate(others, start=2):
            row[f"candidate_{n}"], row[f"score_{n}"] = c.id, f"{c.score:.2f}"
        rows.writerow({k: plain_cell(str(v)) for k, v in row.items()})
    return out.getvalue()
