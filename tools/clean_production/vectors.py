"""Write the constructed vectors as worked cases of the incineration pack:
python tools/clean_production/vectors.py VECTORS.json TABLE.csv"""

from __future__ import annotations

import csv
import json
import re
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
OUT = HERE.parents[1] / "packs" / "cn" / "cp-hazwaste-incineration" / "draft" / "cases" / "1-vectors.yaml"
ROMAN = {1: "I", 2: "II", 3: "III"}
SCALED = {
    "water-use": ("fresh-water", 1000, "m3"),
    "denox-reagent": ("denox-used", 1, "t"),
    "acid-reagent": ("acid-reagent-used", 1, "t"),
    "slag": ("slag-made", 10, "t"),
    "fly-ash": ("fly-ash-made", 10, "t"),
}


def main() -> None:
    vectors = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with Path(sys.argv[2]).open(encoding="utf-8-sig") as file:
        names = [r["second_indicator"] for r in csv.DictReader(file)]
    with (HERE / "forms" / "hazwaste-incineration" / "indicators.csv").open(encoding="utf-8") as file:
        form = dict(zip(names, csv.DictReader(file), strict=True))
    cases = []
    for vector in vectors:
        if vector["first_level_policy"] != "renorm_first":
            continue
        for new in (False, True):
            cases.append(case(vector, form, new))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(
        yaml.safe_dump(cases, allow_unicode=True, sort_keys=False, width=4000, default_flow_style=None),
        encoding="utf-8",
    )


def case(vector: dict[str, Any], form: dict[str, dict[str, str]], new: bool) -> dict[str, Any]:
    given: dict[str, str] = {
        "waste-received": "1000 t",
        "waste-burnt": "1000 t",
        "new-plant": str(new).lower(),
    }
    tables: dict[str, list[dict[str, str]]] = {
        "output": [{"id": "o1", "product": "hazardous-waste", "mass": "1000"}],
        "indicator_state": [],
    }
    spoilt: set[int] = set()
    for name, row in form.items():
        level = vector["levels"].get(name)
        if level is not None and row["id"] != "ghg":
            spoilt |= better(row, level)
        if "资源循环利用" in row["category"]:
            given[row["id"]] = "none" if row["id"] == "steam-reuse" else "0 %"
        elif row["id"] == "ghg":
            continue
        elif level is None:
            tables["indicator_state"].append(
                {"id": row["id"], "state": "not_applicable", "reason": "not used here"}
            )
        else:
            value = at(row, level)
            if row["id"] == "energy-use":
                tables["energy"] = [
                    {
                        "id": "e1",
                        "product": "hazardous-waste",
                        "direction": "used",
                        "fuel": value,
                        "heating_value": "29.307",
                    }
                ]
            elif row["id"] in SCALED:
                key, factor, unit = SCALED[row["id"]]
                given[key] = f"{float(Fraction(value) * factor):g} {unit}"
            else:
                given[row["id"]] = value + (
                    f" {row['unit']}" if row["unit"] and re.match(r"[\d.-]+$", value) else ""
                )
    y = (
        {}
        if new
        else {f"level.index.{ROMAN[int(k)]}": text(v) for k, v in vector["Y"].items() if int(k) not in spoilt}
    )
    note = (
        {
            "note": "where two levels print one baseline a value meets the better of them, so the index at level "
            + ", ".join(ROMAN[k] for k in sorted(spoilt))
            + " is not that of the abstract vector"
        }
        if spoilt and not new
        else {}
    )
    return {
        "id": f"{vector['id']}{'-new-project' if new else ''}",
        "source": "constructed",
        **note,
        "tolerance": "1e-9",
        "given": given,
        "tables": tables,
        "expect": {"level": vector["level_if_new_project"] if new else vector["level"], **y},
    }


def better(row: dict[str, str], level: int) -> set[int]:
    """Levels better than `level` whose baseline is the same."""
    if level > 3:
        return set()
    cells = [row[k] if not row[k].startswith("同Ⅰ级") else row["I"] for k in ("I", "II", "III")]
    return {k for k in range(1, level) if cells[k - 1] == cells[level - 1]}


def text(value: Any) -> str:
    return f"{float(Fraction(str(value))):.12g}"


def at(row: dict[str, str], level: int) -> str:
    """A value that meets `level` and no better one; 4 meets none."""
    cells = [row[k] for k in ("I", "II", "III")]
    if not re.match(r"[≤≥<>]", cells[2]):
        if level == 4:
            return "none"
        first = [c if not c.startswith("同Ⅰ级") else cells[0] for c in cells]
        return ROMAN[first.index(first[level - 1]) + 1]
    number = Fraction(re.search(r"[\d.]+", cells[min(level, 3) - 1])[0])  # type: ignore[index]
    sign = cells[min(level, 3) - 1]
    step = Fraction(1, 100)
    if level == 4:
        number += step * (1 if sign[0] in "≤<" else -1)
    elif sign[0] in "<>":
        number += step * (-1 if sign[0] == "<" else 1)
    return f"{float(number):g}"


if __name__ == "__main__":
    main()
