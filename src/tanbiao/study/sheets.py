"""The sheets of a workbook that an engineer recognises: bill of materials, energy, transport, end of life.

They are views of one table. A view may leave a column out because it says the same in each of its rows: `fixed` fills
it in when the sheet is read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ..core.text import Text
from ..core.units import UnitError, unit

HEAD = "study"
"""The sheet of paths and values: what study.yaml holds."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """One sheet: its title, the table it is a view of, what is the same in all its rows, the letter of its row ids."""

    title: str
    table: str
    text: Text
    prefix: str
    fixed: Mapping[str, str] = field(default_factory=dict)


GOAL = Sheet(
    "goal and scope 目标与范围", HEAD, Text("目标、范围、产品、参数", "goal, scope, product, parameters"), ""
)
PROCESSES = Sheet(
    "processes 过程", "process", Text("工序、工厂、上游过程", "steps, plants, processes upstream"), "p"
)
EVIDENCE = Sheet("evidence 证据", "evidence", Text("文件、页码、许可", "document, page, licence"), "ev")
BOM = Sheet(
    "BOM 物料清单",
    "exchange",
    Text("投入的材料和部件", "bill of materials: materials and parts that go in"),
    "b",
    {"direction": "input"},
)
ENERGY = Sheet(
    "energy 能源",
    "exchange",
    Text(
        "电、热、燃料（电力合同写在 electricity 表）",
        "electricity, heat, fuels (contracts for electricity stand in the sheet electricity)",
    ),
    "e",
    {"direction": "input"},
)
TRANSPORT = Sheet(
    "transport 运输",
    "exchange",
    Text("质量 × 距离，单位 t·km", "mass × distance, in t·km"),
    "t",
    {"direction": "input"},
)
END_OF_LIFE = Sheet(
    "end of life 报废",
    "exchange",
    Text("拆解、再生、处置", "dismantling, recycling, disposal"),
    "r",
    {"stage": "end_of_life"},
)
OTHER = Sheet(
    "products and emissions 产出排放",
    "exchange",
    Text(
        "产品、联产品、直接排放、资源、废物和其他交换",
        "products, co-products, direct emissions, resources, wastes and whatever has no sheet of its own",
    ),
    "x",
)
SHEETS = (GOAL, BOM, PROCESSES, ENERGY, TRANSPORT, END_OF_LIFE, OTHER, EVIDENCE)
BY_TITLE = {s.title: s for s in SHEETS}


def sheet_of(row: Mapping[str, str], processes: Collection[str] = ()) -> Sheet:
    """The sheet that an exchange stands on, by its direction, step and unit; reading does not depend on it.
    `processes`: ids of the study's own; what one of them supplies is a part, whatever its unit."""
    if row.get("stage") == "end_of_life":
        found = END_OF_LIFE
    elif row.get("direction") != "input":
        found = OTHER
    elif row.get("provider") in processes:
        found = BOM
    elif _measures(row.get("unit", ""), "t·km"):
        found = TRANSPORT
    else:
        found = ENERGY if _measures(row.get("unit", ""), "MJ") else BOM
    says_more = any(text for name, text in row.items() if name != "id" and name not in found.fixed)
    return found if says_more else OTHER


def _measures(text: str, like: str) -> bool:
    try:
        return unit(text).fits(unit(like))
    except UnitError:
        return False
