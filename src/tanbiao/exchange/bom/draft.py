"""The files of a new study whose one process buys every line of a bill of materials."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import yaml

from ..source import plain_cell
from .match import Match

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
            "proposed": f"建议的匹配，得分 {m.score:.2f}，请核对 / proposed match, score {m.score:.2f}: review",
            "decided": "供应者由用户选定 / provider chosen by the user",
            "unmatched": "没有供应者，未计入结果 / no provider: not in the result",
        }[m.status]
        supplier = f"; 供应商 / supplier: {m.line.supplier}" if m.line.supplier else ""
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
                f"{source}:{m.line.row}; {note}{supplier}",
            )
        )
    out = {"study.yaml": yaml.safe_dump(head, allow_unicode=True, sort_keys=False)}
    for name, rows in tables.items():
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        out[name] = text.getvalue()
    return out
