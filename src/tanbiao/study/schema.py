"""The columns of the fact tables, from `schema.csv` and `massflow.csv`: forms, validation and names follow."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from ..core.text import Text
from ..core.units import Unit, unit


@dataclass(frozen=True)
class ColumnSpec:
    """One column: kind is text, number, amount (number in the unit of its row), bool or date."""

    name: str
    kind: str
    unit: Unit
    required: bool
    options: tuple[str, ...]
    parent: str
    text: Text


def _read(file_name: str) -> dict[str, dict[str, ColumnSpec]]:
    tables: dict[str, dict[str, ColumnSpec]] = {}
    with (resources.files(__package__) / file_name).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            spec = ColumnSpec(
                row["column"],
                row["kind"],
                unit(row["unit"]),
                row["required"] == "yes",
                tuple(row["options"].split()),
                row["parent"],
                Text(row["zh"], row["en"]),
            )
            tables.setdefault(row["table"], {})[row["column"]] = spec
    return tables


SCHEMA: Mapping[str, Mapping[str, ColumnSpec]] = _read("schema.csv")
"""Tables that every study may have."""
MASSFLOW: Mapping[str, Mapping[str, ColumnSpec]] = _read("massflow.csv")
"""Tables of products taken apart and of operators' lot books."""
TABLES: Mapping[str, Mapping[str, ColumnSpec]] = {**SCHEMA, **MASSFLOW}
FILES = {
    "process": "processes",
    "exchange": "exchanges",
    "evidence": "evidence",
    "assembly": "assemblies",
    **{n: f"{n}s" for n in MASSFLOW if n not in ("assembly", "custody")},
}
"""Table → file name (without `.csv`) or sheet name; other tables use their own name."""
