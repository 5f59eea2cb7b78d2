"""Linked rows → a library folder of our own format, with its linking report, losses and index."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.numbers import decimal_text, number
from ..core.text import Text
from ..library.table import TABLES
from . import elementary
from .draft import KINDS, Draft
from .mapping import MAPPING_COLUMNS, mapping_rows
from .model import Inventory, Loss, Losses, Result, first
from .nature import write_nature
from .numbers import shortest
from .source import plain_cell
from .units import factor_between, ours

FREE = (
    "cc0",
    "cc by",
    "cc-by",
    "mit",
    "bsd",
    "apache",
    "public domain",
    "us government",
    "free of charge for all users",
    "licence ouverte",
    "open government licence",
    "ogl",
    "etalab",
)
NOT_FREE = ("nc", "nd", "noncommercial", "non-commercial", "no derivat")
UNCARRIED = (
    ("process.docs", "documentation beyond name, place, year, licence and source"),
    ("exchange.comment", ""),
    ("process.parameters", "amounts are carried, formulas are not"),
)


@dataclass(frozen=True)
class Head:
    """What the user says of the library to be."""

    id: str
    version: str = "1"
    title: Text | None = None
    licence: str = ""
    share: str = ""
    caution: Text | None = None
    base: str = ""
    """Id of the library that this one lies over, where it has links into it."""


def share_of(licence: str) -> str:
    """What a bundle may carry of rows under `licence`: `full` where it is known to be free, else `digest`."""
    said = licence.casefold()
    words = said.replace("-", " ").split()
    if any(w in words for w in NOT_FREE[:2]) or any(n in said for n in NOT_FREE[2:]):
        return "digest"
    return "full" if any(f in said for f in FREE) else "digest"


def write_library(
    folder: Path,
    draft: Draft,
    inventory: Inventory,
    head: Head,
    base_gases: frozenset[str] = frozenset(),
) -> tuple[Mapping[str, Any], tuple[Loss, ...]]:
    """Write library.yaml, the tables, linking/ and index/ into an empty folder. Returns the summary and the losses.

    `base_gases`: gases that the base library holds; an overlay does not repeat them.
    """
    losses = Losses()
    _tables(folder, draft, inventory, head, base_gases, losses)
    summary = _linking(folder / "linking", draft, inventory, head)
    spreads = (draft.spreads, draft.nature.spreads)
    report = (*inventory.losses.report(), *losses.report(), *(x for s in spreads for x in s.losses.report()))
    with (folder / "linking" / "losses.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("field", "count", "example"))
        out.writerows((x.field, x.count, x.example) for x in report)
    _head(folder, draft, inventory, head)
    from .index import write_index

    write_index(folder, draft, inventory.results)
    return summary, report


def folder_digest(folder: Path) -> str:
    """sha256 over the names and bytes of every file of a library folder, its index apart: the address of a stored
    library."""
    parts = []
    for file in sorted(
        p for p in folder.rglob("*") if p.is_file() and p.relative_to(folder).parts[0] != "index"
    ):
        mark = hashlib.sha256()
        with file.open("rb") as handle:
            while block := handle.read(1 << 20):
                mark.update(block)
        parts.append(f"{file.relative_to(folder).as_posix()} {mark.hexdigest()}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _writer(folder: Path, table: str, optional: bool = False) -> tuple[Any, Any]:
    """A table begun with its header, with its optional columns where they will hold something."""
    file = (folder / f"{table}.csv").open("w", encoding="utf-8", newline="")
    out = csv.writer(file, lineterminator="\n")
    out.writerow([c.name for c in TABLES[table] if optional or not c.optional])
    return file, out


def _tables(
    folder: Path, draft: Draft, inventory: Inventory, head: Head, base_gases: frozenset[str], losses: Losses
) -> None:
    file, out = _writer(folder, "processes")
    with file:
        for m in draft.made:
            licence = m.licence or head.licence or "not stated"
            share = head.share or share_of(licence)
            out.writerow(
                (
                    m.id,
                    _line(m.name_en or m.id),
                    _line(m.name_zh or m.name_en or m.id),
                    _line(m.place),
                    m.unit,
                    _line(m.category),
                    m.year,
                    m.technology,
                    "",
                    "named",
                    "imported, not verified",
                    share,
                    licence,
                    _line(m.origin),
                    "",
                    _line(m.notes),
                )
            )
    spread = draft.spreads.any
    file, out = _writer(folder, "exchanges", spread)
    with file:
        strings, ids, made = draft.strings, draft.ids, draft.made
        names = [_line(text) for text in strings]
        of: list[list[int]] = [[] for _ in made]
        for row, process in enumerate(draft.process):
            of[process].append(row)
        for k, m in enumerate(made):
            out.writerow(
                (
                    f"{m.id}.x00",
                    m.id,
                    "reference",
                    "",
                    _line(m.product),
                    shortest(m.amount),
                    "",
                    "",
                    "source",
                    m.unit,
                    "",
                    *([""] * 5 if spread else ()),
                )
            )
            for n, row in enumerate(of[k], start=1):
                provider = draft.provider[row]
                note = draft.note[row]
                out.writerow(
                    (
                        f"{m.id}.x{n:02d}",
                        m.id,
                        KINDS[draft.kind[row]],
                        ids[provider] if provider >= 0 else "",
                        names[draft.text[row]],
                        shortest(draft.amount[row]),
                        "",
                        "",
                        "source",
                        strings[draft.unit[row]],
                        strings[note] if note >= 0 else "",
                        *(draft.spreads.cells(row, strings) if spread else ()),
                    )
                )
    known = elementary.gas_rows()
    gases = [g for g in sorted(draft.gases) if g in known and g not in base_gases]
    if gases:
        file, out = _writer(folder, "gases")
        with file:
            for g in gases:
                cells = known[g].cells
                out.writerow(
                    (
                        g,
                        *(
                            cells[c]
                            for c in (
                                "name_en",
                                "name_zh",
                                "formula",
                                "position",
                                "AR4",
                                "AR5",
                                "AR6",
                                "source",
                            )
                        ),
                        "secondary",
                    )
                )
    write_nature(folder, draft.nature, [m.id for m in draft.made], _line, shortest)
    if inventory.results:
        file, out = _writer(folder, "factors")
        with file:
            for r in inventory.results:
                row_cells = factor_cells(r, head, draft)
                if row_cells is not None:
                    out.writerow([row_cells.get(c.name, "") for c in TABLES["factors"] if not c.optional])
    for name, example in UNCARRIED if draft.made else ():
        losses.add(name, example)


def factor_cells(r: Result, head: Head, draft: Draft | None = None) -> dict[str, str] | None:
    """A result as a row of factors.csv, per one unit of ours; None (and a problem) where its unit is unknown."""
    from ..core.errors import Place, Problem

    converted = ours(r.unit)
    if converted is None:
        if draft is not None:
            draft.problems.append(
                Problem(
                    "exchange-unit-unknown",
                    Place(r.where or r.id),
                    {"item": r.id, "exchange": "-", "unit": r.unit, "flow": first(r.name, "en")},
                )
            )
        return None
    total = number(r.values["total"])
    amount = number(r.amount) * number(decimal_text(converted[1]))
    if amount == 0:
        if draft is not None:
            draft.problems.append(
                Problem(
                    "exchange-reference-zero",
                    Place(r.where or r.id),
                    {"item": r.id, "name": first(r.name, "en")},
                )
            )
        return None

    def per(position: str) -> str:
        return decimal_text(number(r.values[position]) / amount) if position in r.values else ""

    parts = {"fossil": "A", "biogenic": "biogenic", "land_use": "E", "aircraft": "H"}
    split = {k: per(v) for k, v in parts.items()}
    closes = (
        "A" in r.values
        and abs(sum(number(v) for v in split.values() if v) - total / amount) <= abs(total / amount) / 1000
    )
    licence = r.licence or head.licence or "not stated"
    en, zh = first(r.name, "en"), first(r.name, "zh")
    per_kg = factor_between(converted[0], "kg")
    if draft is not None and per_kg and abs(float(total / amount)) / per_kg > 1000:
        draft.problems.append(
            Problem(
                "exchange-result-range",
                Place(r.where or r.id),
                {"item": r.id, "name": en, "value": f"{float(total / amount) / per_kg:.4g}"},
                level="warning",
            )
        )
    notes = [
        f"modules: {'; '.join(m + ' ' + v['GWP-total'] for m, v in r.modules.items() if 'GWP-total' in v)}"
        if any("GWP-total" in v for v in r.modules.values())
        else "",
        first(r.comment, "en"),
        ""
        if closes
        else "the parts given do not add up to the total and were left out"
        if "A" in r.values
        else "no split by gas",
        r.verification and f"verification: {r.verification}",
        r.primary_share and f"primary data share {r.primary_share} %",
    ]
    return {
        "id": r.id,
        "name_en": _line(en),
        "name_zh": _line(zh),
        "place": r.place or "GLO",
        "unit": converted[0],
        "category": {"epd": "epd", "pcf": "supplier footprint", "result": "calculated result"}[r.kind],
        "value": decimal_text(total / amount),
        **({k: v for k, v in split.items() if v} if closes else {}),
        "gas_basis": "CO2e",
        "gwp_set": r.gwp or "unstated",
        "radiative_forcing": "unknown",
        "boundary": r.boundary or "life_cycle",
        "period_start": r.start[:10] or "unknown",
        "period_end": r.end[:10] or "unknown",
        "valid_until": r.valid_until[:10],
        "recycled_content": "unknown",
        "mass_basis": "",
        "allowed_uses": "material energy" if factor_between(converted[0], "kWh") else "material",
        "TeR": r.quality.get("TeR", ""),
        "GeR": r.quality.get("GeR", ""),
        "TiR": r.quality.get("TiR", ""),
        "quality_origin": "source" if r.quality else "",
        "verification": "imported, not verified",
        "share": head.share or share_of(licence),
        "licence": licence,
        "source": _line(f"{r.company}, {r.kind.upper()}" if r.company else r.kind.upper()),
        "url": "",
        "locator": r.id,
        "notes": _line("; ".join(n for n in notes if n))[:2000],
    }


def _linking(folder: Path, draft: Draft, inventory: Inventory, head: Head) -> Mapping[str, Any]:
    folder.mkdir()
    with (folder / "unlinked.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("process", "exchange", "flow", "name", "amount", "unit", "place", "why", "candidates"))
        out.writerows(
            (
                u.process,
                u.number,
                u.flow,
                _line(u.name),
                shortest(u.amount),
                u.unit,
                u.place,
                u.why,
                _line(u.candidates),
            )
            for u in draft.unlinked
        )
    with (folder / "mapping.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, MAPPING_COLUMNS, lineterminator="\n", restval="")
        rows.writeheader()
        for row in mapping_rows(draft):
            rows.writerow({k: _line(v) for k, v in row.items()})
    with (folder / "left-out.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("process", "name", "why"))
        out.writerows((p, _line(n), w) for p, n, w in draft.left_out)
    summary: dict[str, Any] = {
        "format": inventory.format,
        "experimental": inventory.experimental,
        "source": inventory.name,
        "library": f"{head.id}@{head.version}",
        "base": head.base if draft.needs_base else "",
        "processes": len(draft.made),
        "left_out": len(draft.left_out),
        "results": len(inventory.results),
        "flows": len(inventory.flows),
        "exchanges": draft.exchanges,
        "rows": len(draft.amount),
        "linked": dict(sorted((k, n) for k, n in draft.counts.items())),
        "unlinked": len(draft.unlinked),
        "uncharacterised": {
            n: {"status": s, "exchanges": k, "amount": f"{t:.6g} {u}"}
            for n, (s, k, t, u) in sorted(draft.uncharacterised.items())
        },
    }
    (folder / "summary.json").write_text(
        json.dumps(summary, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
    return summary


def _head(folder: Path, draft: Draft, inventory: Inventory, head: Head) -> None:
    import yaml

    licences = sorted(
        {m.licence for m in draft.made if m.licence} | ({head.licence} if head.licence else set())
    ) or ["not stated"]
    title = head.title or Text(f"导入：{inventory.name}", f"Imported: {inventory.name}")
    caution = head.caution or Text(
        "按来源原样导入并链接；未经核验。未链接的交换以取舍行列出，见 linking/unlinked.csv。",
        "Imported and linked as the source has it; not verified. Exchanges without provider stand as cut-off rows, see "
        "linking/unlinked.csv.",
    )
    over = Text(f"；叠加于 {head.base}", f"; lies over {head.base}") if draft.needs_base else Text("", "")
    data = {
        "id": head.id,
        "version": head.version,
        "title": title.data(),
        "description": {
            "zh": f"{inventory.format} 格式，{len(draft.made)} 个过程，{len(inventory.results)} 个结果项{over.zh}。",
            "en": f"Read from {inventory.format}: {len(draft.made)} processes, {len(inventory.results)} "
            f"results{over.en}.",
        },
        "share": head.share or _least([share_of(x) for x in licences]),
        "licences": licences[:40],
        "sources": [inventory.name],
        "caution": caution.data(),
    }
    (folder / "library.yaml").write_text(
        yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )


def _least(shares: Sequence[str]) -> str:
    return min(shares, key=("digest", "results", "full").index)


def _line(text: str) -> str:
    """One line, and nothing that a spreadsheet would run when the CSV is opened in one."""
    return plain_cell(" ".join(text.split())[:1000]) if text else ""
