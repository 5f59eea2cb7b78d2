"""A tiny library of steel, iron and power, as rows and as a folder; every test changes one thing in it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tanbiao.core.errors import Problem
from tanbiao.library import Library
from tanbiao.library.table import TABLES

Row = Mapping[str, str]
Tables = Mapping[str, Sequence[Row]]

HEAD = """\
id: tiny
version: "1"
title: {zh: 小库, en: Tiny library}
description: {zh: 测试用, en: for tests}
caution: {zh: 不可用于真实研究, en: not for real studies}
share: full
licences: [CC0]
sources: [made up]
"""
DEFAULTS: dict[str, dict[str, str]] = {
    "processes": {
        "place": "CN",
        "unit": "kg",
        "category": "materials",
        "year": "2024",
        "mass_basis": "n.a.",
        "coverage": "derived",
        "verification": "made up",
        "share": "full",
        "licence": "CC0",
        "source": "made up",
    },
    "exchanges": {"amount_kind": "source", "unit": "kg", "flow": "something"},
    "factors": {
        "place": "CN",
        "unit": "kg",
        "category": "materials",
        "gas_basis": "CO2e",
        "gwp_set": "AR6",
        "radiative_forcing": "n.a.",
        "boundary": "life_cycle",
        "period_start": "2024-01-01",
        "period_end": "2024-12-31",
        "recycled_content": "n.a.",
        "mass_basis": "n.a.",
        "allowed_uses": "material",
        "quality_origin": "judged",
        "verification": "made up",
        "share": "full",
        "licence": "CC0",
        "source": "made up",
    },
    "gases": {
        "position": "A",
        "AR4": "1",
        "AR5": "1",
        "AR6": "1",
        "source": "made up",
        "verification": "verified",
    },
    "elements": {},
    "checks": {},
}


def process(id: str, **cells: str) -> dict[str, str]:
    return {"id": id, "name_en": f"{id} works", "name_zh": f"{id} 厂", **cells}


def factor(id: str, value: str, **cells: str) -> dict[str, str]:
    return {"id": id, "name_en": f"{id} factor", "name_zh": f"{id} 因子", "value": value, **cells}


def gas(id: str, **cells: str) -> dict[str, str]:
    return {"id": id, "name_en": f"{id} gas", "name_zh": f"{id} 气体", "formula": id, **cells}


def exchange(id: str, process: str, kind: str, provider: str, amount: str, **cells: str) -> dict[str, str]:
    return {"id": id, "process": process, "kind": kind, "provider": provider, "amount": amount, **cells}


def write(folder: Path, tables: Tables, head: str = HEAD) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "library.yaml").write_text(head, encoding="utf-8")
    for name, rows in tables.items():
        columns = [c.name for c in TABLES[name]]
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            out = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            out.writeheader()
            out.writerows([{**DEFAULTS[name], **row} for row in rows])
    return folder


def steel() -> dict[str, list[dict[str, str]]]:
    """Ore and power make iron, iron and power make steel, a little steel goes back into iron making."""
    return {
        "processes": [
            process("iron"),
            process("steel"),
            process("power", unit="kWh", category="energy/electricity"),
        ],
        "factors": [factor("ore", "0.05"), factor("coal", "2.5", gwp_set="AR5", low="2", high="3")],
        "gases": [
            gas("co2_fossil"),
            gas("ch4_fossil", AR4="25", AR5="30", AR6="29.8"),
            gas("co2e_unsplit", position="unsplit"),
        ],
        "exchanges": [
            exchange("iron.x01", "iron", "reference", "iron", "1"),
            exchange("iron.x02", "iron", "input", "ore", "1.6"),
            exchange("iron.x03", "iron", "input", "coal", "0.5", low="0.4", high="0.7"),
            exchange("iron.x04", "iron", "emission", "co2_fossil", "1.2"),
            exchange("iron.x05", "iron", "input", "steel", "0.01"),
            exchange("steel.x01", "steel", "reference", "steel", "2"),
            exchange("steel.x02", "steel", "input", "iron", "2.1"),
            exchange("steel.x03", "steel", "input", "power", "0.8", unit="kWh", amount_kind="judged"),
            exchange("steel.x04", "steel", "cutoff", "", "0.03", flow="slag"),
            exchange("power.x01", "power", "reference", "power", "1", unit="kWh"),
            exchange("power.x02", "power", "emission", "ch4_fossil", "0.001"),
            exchange("power.x03", "power", "emission", "co2_fossil", "0.5"),
        ],
    }


Build = Callable[..., tuple[Library, list[Problem]]]
