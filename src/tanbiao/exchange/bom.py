"""A supplier's plain sheet (part, material, mass, supplier, place) → the start of a study, with proposed providers.

Nothing is decided here: a proposal carries its score and a note; what is not near enough stays without provider and is
named. The user edits `provider` in matches.csv and imports again with it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import Place, Problem, TanbiaoError, refuse
from ..core.numbers import decimal_text, number
from ..library import Factor, Library, Process
from .candidates import Candidate, Index, Named
from .model import Inventory
from .source import bare_cell, decode, lines_of, plain_cell, separator_of
from .units import ours

HEADINGS: Mapping[str, re.Pattern[str]] = {
    "id": re.compile(
        r"part ?(?:no|number|id)|item ?(?:no|code)|料号|物料编码|编号|零件号|序号|^id$|^no\.?$", re.IGNORECASE
    ),
    "material": re.compile(r"material|substance|材料|材质|物质|原料|牌号", re.IGNORECASE),
    "part": re.compile(r"part|component|item|description|name|零件|部件|物料|名称|品名|描述", re.IGNORECASE),
    "amount": re.compile(
        r"mass|weight|amount|quantity|qty|consumption|重量|质量|用量|数量|净重|单耗", re.IGNORECASE
    ),
    "unit": re.compile(r"^unit|uom|单位|计量", re.IGNORECASE),
    "supplier": re.compile(r"supplier|vendor|manufacturer|供应商|厂商|生产商|制造商", re.IGNORECASE),
    "place": re.compile(r"place|country|origin|location|产地|国家|地区|原产", re.IGNORECASE),
}
PLACES = {
    "中国": "CN",
    "china": "CN",
    "prc": "CN",
    "德国": "DE",
    "germany": "DE",
    "日本": "JP",
    "japan": "JP",
    "韩国": "KR",
    "korea": "KR",
    "south korea": "KR",
    "美国": "US",
    "usa": "US",
    "united states": "US",
    "法国": "FR",
    "france": "FR",
    "英国": "GB",
    "uk": "GB",
    "印度": "IN",
    "india": "IN",
    "越南": "VN",
    "vietnam": "VN",
    "欧洲": "RER",
    "europe": "RER",
    "全球": "GLO",
    "global": "GLO",
    "江苏": "CN-JS",
    "广东": "CN-GD",
    "浙江": "CN-ZJ",
    "山东": "CN-SD",
    "四川": "CN-SC",
    "云南": "CN-YN",
    "福建": "CN-FJ",
    "安徽": "CN-AH",
    "上海": "CN-SH",
}
PROPOSE = 0.62
"""From this score on the best candidate is proposed."""
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
class Line:
    """One row of the sheet; amount as decimal text in `unit` (ours)."""

    row: int
    part: str
    material: str
    amount: str
    unit: str
    supplier: str
    place: str


@dataclass(frozen=True, slots=True)
class Match:
    """A line with its provider: `status` decided (by the user), proposed (by score), or unmatched."""

    line: Line
    provider: str
    score: float
    status: str
    candidates: tuple[Candidate, ...]


def read_bom(path: Path) -> tuple[list[Line], list[Problem]]:
    """The lines of a CSV or workbook (first sheet with the headings). Refuses (`exchange-bom-columns`,
    `workbook-unreadable`, `exchange-encoding`)."""
    problems: list[Problem] = []
    best: tuple[str, list[tuple[int, list[str]]]] | None = None
    for label, rows in _sheets(path, problems):
        at = next((k for k, (_, cells) in enumerate(rows[:30]) if _heads(cells)), None)
        if at is not None:
            best = label, rows[at:]
            break
    if best is None:
        raise TanbiaoError(
            [*problems, Problem("exchange-bom-columns", Place(path.name), {"columns": _seen(path, problems)})]
        )
    label, rows = best
    heads = _heads(rows[0][1])
    assert heads is not None
    columns, unit_in_head = heads
    out = []
    for n, cells in rows[1:]:

        def cell(name: str, cells: list[str] = cells) -> str:
            k = columns.get(name)
            return cells[k].strip() if k is not None and k < len(cells) else ""

        material, part, said = cell("material"), cell("part"), cell("amount")
        if not (material or part) or re.match(
            r"(?:total|sum|合计|总计|小计)", (part or material).strip(), re.IGNORECASE
        ):
            continue
        place = Place(label, n)
        if not said:
            problems.append(Problem("cell-missing", place, {"column": "amount"}))
            continue
        found = re.fullmatch(r"([-+]?[\d.,eE+-]+)\s*([^\d\s].*)?", said)
        try:
            amount = number(found.group(1) if found else said)
        except ValueError:
            problems.append(Problem("number-expected", place, {"text": said[:60]}))
            continue
        unit_text = (found.group(2) if found and found.group(2) else "") or cell("unit") or unit_in_head
        if not unit_text:
            problems.append(
                Problem("exchange-bom-unit", place, {"material": material or part, "amount": said})
            )
            continue
        unit = ours(unit_text)
        if unit is None:
            problems.append(Problem("unit-unknown", place, {"unit": unit_text[:40]}))
            continue
        scaled = amount * number(decimal_text(unit[1]))
        where = cell("place")
        out.append(
            Line(
                n,
                part or material,
                material or part,
                decimal_text(scaled),
                unit[0],
                cell("supplier"),
                PLACES.get(
                    where.casefold(), where if re.fullmatch(r"[A-Z]{2,3}(-[A-Z]{2,3})?", where) else ""
                ),
            )
        )
    return out, problems


def _sheets(path: Path, problems: list[Problem]) -> list[tuple[str, list[tuple[int, list[str]]]]]:
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        from .spreadsheet import grid

        inventory = Inventory("bom", path.name)
        found: dict[str, list[tuple[int, list[str]]]] = {}
        for sheet, n, cells in grid(path, inventory):
            found.setdefault(sheet, []).append((n, ["" if c is None else str(c) for c in cells]))
        problems += inventory.problems
        return [(f"{path.name}[{s}]", rows) for s, rows in found.items()]
    text = decode(path.read_bytes(), Place(path.name))
    dialect = separator_of(text)
    try:
        rows = [
            (n, r)
            for n, r in enumerate(csv.reader(lines_of(text), delimiter=dialect), start=1)
            if any(c.strip() for c in r)
        ]
    except csv.Error as error:
        raise refuse("library-csv", Place(path.name), detail=error) from None
    return [(path.name, rows)]


def _seen(path: Path, problems: list[Problem]) -> str:
    sheets = _sheets(path, [])
    del problems
    return ", ".join(c for _, rows in sheets for _, cells in rows[:1] for c in cells if c)[:200] or "-"


def _heads(cells: Sequence[str]) -> tuple[dict[str, int], str] | None:
    columns: dict[str, int] = {}
    unit = ""
    for k, text in enumerate(cells):
        bare = re.sub(r"[\s_]+", " ", text.strip())
        for name, pattern in HEADINGS.items():
            if name not in columns and pattern.search(bare):
                columns[name] = k
                if name == "amount":
                    inside = re.search(r"[(（\[/]\s*([^)）\]]+)\s*[)）\]]?$", bare)
                    unit = inside.group(1).strip() if inside and ours(inside.group(1)) else ""
                break
    return (columns, unit) if "amount" in columns and ("material" in columns or "part" in columns) else None


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
        near = tuple(index.ask(names, line.unit, line.place or "CN", 4))
        near = tuple(c for c in near if "unit" not in c.differs)
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
    import io

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


EXCHANGE_COLUMNS = (
    "id",
    "process",
    "stage",
    "direction",
    "flow",
    "amount",
    "unit",
    "provider",
    "data_kind",
    "evidence",
    "note",
)


def study_files(
    matches: Sequence[Match],
    *,
    study_id: str,
    packs: Sequence[str],
    libraries: Sequence[str],
    as_of: str,
    salt: str,
    source: str,
    product: str,
) -> dict[str, str]:
    """The files of a study whose one process buys every line of the sheet."""
    import io

    import yaml

    head = {
        "schema": "1",
        "subject": "product",
        "id": study_id,
        "as_of": as_of,
        "salt": salt,
        "title": {"zh": product, "en": product},
        "packs": list(packs),
        "libraries": list(libraries),
        "reference": {"process": "product", "amount": "1 piece"},
        "unit": {
            "kind": "declared",
            "amount": "1",
            "measure": "piece",
            "description": {"zh": f"一件{product}", "en": f"one piece of {product}"},
        },
        "scope": {"kind": "partial"},
        "product": {"name": {"zh": product, "en": product}},
    }
    tables: dict[str, list[Sequence[str]]] = {
        "processes.csv": [
            ("id", "name_en", "name_zh", "place", "control", "note"),
            ("product", product, product, "CN", "operational", f"from {source}"),
        ],
        "evidence.csv": [
            ("id", "title_en", "title_zh", "kind", "document", "note"),
            ("ev-bom", "bill of materials", "物料清单", "document", source, ""),
        ],
        "exchanges.csv": [
            EXCHANGE_COLUMNS,
            ("x000", "product", "assembly", "product", product, "1", "piece", "", "primary", "ev-bom", ""),
        ],
    }
    for n, m in enumerate(matches, start=1):
        note = {
            "proposed": f"proposed match, score {m.score:.2f}: review",
            "decided": "provider chosen by the user",
            "unmatched": "no provider: not in the result",
        }[m.status]
        supplier = f"; supplier: {m.line.supplier}" if m.line.supplier else ""
        flow = f"{m.line.part}: {m.line.material}" if m.line.part != m.line.material else m.line.material
        tables["exchanges.csv"].append(
            (
                f"x{n:03d}",
                "product",
                "material",
                "input",
                plain_cell(flow),
                m.line.amount,
                m.line.unit,
                m.provider,
                "secondary",
                "ev-bom",
                f"row {m.line.row} of {source}; {note}{supplier}",
            )
        )
    out = {"study.yaml": yaml.safe_dump(head, allow_unicode=True, sort_keys=False)}
    for name, rows in tables.items():
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        out[name] = text.getvalue()
    return out
