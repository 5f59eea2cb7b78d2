"""Elementary flows and methods for the tiny library, as files."""

from __future__ import annotations

import csv
from pathlib import Path

from tanbiao.library.elementary import ENTRY_COLUMNS, FLOW_COLUMNS

AIR = "Emissions/Emissions to air/Emissions to air, unspecified"
FLOWS = [
    ("so2", "Sulfur dioxide", "二氧化硫", AIR, "kg", "7446-09-5"),
    ("water", "Water", "水", "Resources/Resources from water", "m3", ""),
    ("water-out", "Water", "水", "Emissions/Emissions to fresh water", "m3", ""),
    ("dust", "Dust nobody knows", "无名粉尘", AIR, "kg", ""),
    ("energy", "Hard coal", "硬煤", "Resources/Resources from ground", "MJ", ""),
]
ROWS = [
    ("iron", "so2", "output", "0.004", ""),
    ("power", "so2", "output", "0.001", ""),
    ("power", "water", "input", "0.02", ""),
    ("power", "water-out", "output", "0.015", ""),
    ("steel", "dust", "output", "0.5", ""),
    ("iron", "energy", "input", "36", ""),
]
METHODS = """method,flow,direction,location,cf,unit
acid,"sulfur dioxide (Mass, kg, Emissions to air, unspecified)",Output,,1.31,mol H+ eq
acid,"sulfur dioxide (Mass, kg, Emissions to air, unspecified)",Output,CN,2,mol H+ eq
water,"water (Volume, m3, Renewable material resources from water)",Input,,43,m3
water,"water (Volume, m3, Emissions to fresh water)",Output,,-43,m3
fossil,"hard coal (Energy, kWh, Non-renewable energy resources from ground)",Input,,3.6,MJ
climate,"carbon dioxide (fossil) (Mass, kg, Emissions to air, unspecified)",Output,,1,kg CO2 eq
climate,"methane, fossil (Mass, kg, Emissions to air, unspecified)",Output,,29.8,kg CO2 eq
ozone,"CFC-11 (Mass, kg, Emissions to air, unspecified)",Output,,1,kg
"""
NAMES = {"co2_fossil": ("Carbon dioxide (fossil)",), "ch4_fossil": ("Methane, fossil",)}


def nature(folder: Path, rows: list[tuple[str, ...]] | None = None) -> Path:
    for name, head, lines in (
        ("flows", FLOW_COLUMNS, FLOWS),
        ("elementary", ENTRY_COLUMNS, ROWS if rows is None else rows),
    ):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(head)
            out.writerows(lines)
    return folder
