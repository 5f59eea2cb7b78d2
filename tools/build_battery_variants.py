"""Build the variants of the battery examples: two years of one pack, and the packs with a circular end of life.

  python tools/build_battery_variants.py [--out DIR]

`lfp-pack-2024` is `lfp-pack` with the constructed values of `battery_examples/years.csv`; `lfp-pack-2025` is that
study carried forward with `tanbiao study roll`, its data changed and the rest confirmed. `lfp-pack-circular` and
`nmc622-pack-circular` state the end of life metal by metal (`battery_examples/circular.csv`), so that rulebooks with
and without the circular footprint formula each find it once. Everything here is CONSTRUCTED and says so in its rows.
"""

from __future__ import annotations

import argparse
import csv
import pathlib
import re
import shutil
import tempfile
from decimal import Decimal

from tanbiao.service.roll import confirm_data, roll_study

ROOT = pathlib.Path(__file__).resolve().parents[1]
HERE = pathlib.Path(__file__).resolve().parent / "battery_examples"
FILES = {"exchange": "exchanges.csv", "omission": "omissions.csv", "material": "materials.csv"}
Row = dict[str, str]


def rows_of(path: pathlib.Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def write_rows(path: pathlib.Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        out = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        out.writeheader()
        out.writerows(rows)


def replaced(path: pathlib.Path, *changes: tuple[str, str]) -> None:
    """Replace the first place of each pattern; a pattern that is not found is an error."""
    text = path.read_text(encoding="utf-8")
    for pattern, new in changes:
        text, count = re.subn(pattern, lambda _, new=new: new, text, count=1, flags=re.MULTILINE)  # type: ignore[misc]
        if not count:
            raise ValueError(f"{path}: {pattern}")
    path.write_text(text, encoding="utf-8")


def add_masses(folder: pathlib.Path) -> None:
    """The column `mass` (kg per unit) of flows that are not counted in kg, so that mass balances run."""
    rows = rows_of(folder / FILES["exchange"])
    study = folder.name.partition("-20")[0]
    known = {r["id"]: r["mass"] for r in rows_of(HERE / "masses.csv") if r["study"] == study}
    for row in rows:
        capital = row["provider"] == "cap.none"  # a machine leaves no mass in the product
        row["mass"] = known.get(row["id"], "1" if row.get("price") else "0" if capital else "")
    write_rows(folder / FILES["exchange"], rows)


# -- two years -------------------------------------------------------------------------------------------------------


def set_year(folder: pathlib.Path, column: str) -> None:
    """Put one year's values of `years.csv` into the tables of a study."""
    for name in ("exchange", "omission"):
        said = [r for r in rows_of(HERE / "years.csv") if r["table"] == name]
        rows = rows_of(folder / FILES[name])
        for change in said:
            row = next(r for r in rows if r["id"] == change["id"])
            row[change["column"]] = change[column]
            row["method" if name == "omission" else "note"] = change["note"]
            if "evidence" in row:
                row["evidence"] = "ev-constructed"
        write_rows(folder / FILES[name], rows)


def head(folder: pathlib.Path, year: str) -> None:
    """What study.yaml says of one year."""
    edition = {"2024": "1", "2025": "2"}[year]
    replaced(
        folder / "study.yaml",
        (r"^id: .*$", f"id: lfp-pack-{year}"),
        (r"^salt: .*$", f"salt: 5d2f8a1c-lfp-{year}"),
        (
            r"^title: .*$",
            f'title: {{zh: "磷酸铁锂电池包 {year} 年（构造示例）", en: "LFP pack, year {year}, constructed example"}}',
        ),
        (r"^packs: .*$", f"packs: [example.customer-rule@{edition}, cn.gbt-24067@2024]"),
        (r"^  start: .*$", f"  start: {year}-01-01"),
        (r"^  end: .*$", f"  end: {year}-12-31"),
    )


def two_years(out: pathlib.Path) -> None:
    old, new = out / "lfp-pack-2024", out / "lfp-pack-2025"
    shutil.copytree(
        ROOT / "examples" / "lfp-pack",
        old,
        ignore=shutil.ignore_patterns("expected.yaml", "study.lock", "components.csv"),
    )
    add_masses(old)
    set_year(old, "year_2024")
    head(old, "2024")
    replaced(
        old / "study.yaml",
        (r"^as_of: .*$", "as_of: 2025-06-30"),
        (
            r"^  application: .*$",
            "  application: {zh: 演示两期之间的变化（数据、因子、方法）, "
            'en: "show what changed between two years: data, factors, method"}',
        ),
    )
    roll_study(old, new, "2026-06-30")
    set_year(new, "year_2025")
    head(new, "2025")
    confirm_data(new, [], "constructed 2026-06-30")


# -- end of life by material -----------------------------------------------------------------------------------------

COLLECTED = Decimal("0.95")
TREATED = (
    "constructed: counts where a rulebook has no formula; the circular footprint formula stands in its place"
)
GRAPHITE = "anode-graphite"
FINES = Decimal("0.1")
RULEBOOKS = "cn.miit-551@2025, eu.cfb-ev@draft-2024, eu.pef@2021, pact.method@3, catena-x.pcf@4"


def circular(out: pathlib.Path, source: str) -> None:
    """One battery whose end of life is stated by metal, with a co-product of graphite."""
    folder = out / f"{source}-circular"
    shutil.copytree(
        ROOT / "examples" / source, folder, ignore=shutil.ignore_patterns("expected.yaml", "study.lock")
    )
    shutil.copytree(HERE / "circular-library", folder / "library")
    materials = metals_of(folder)
    end_of_life(folder, materials)
    co_product(folder)
    add_masses(folder)
    if source == "nmc622-pack":
        elements(folder)
    name = {"lfp-pack": ("磷酸铁锂", "LFP"), "nmc622-pack": ("NMC622", "NMC622")}[source]
    mass = next(r["mass"] for r in rows_of(folder / FILES["exchange"]) if r["id"] == "x001")
    replaced(
        folder / "study.yaml",
        (r"^id: .*$", f"id: {folder.name}"),
        (r"^salt: (.*)$", f"salt: 5d2f8a1c-{folder.name}"),
        (
            r"^title: .*$",
            f'title: {{zh: "{name[0]}电池包，末端按金属列出（构造示例）", '
            f'en: "{name[1]} pack, end of life stated by metal, constructed example"}}',
        ),
        (r"^packs: .*$", f"packs: [{RULEBOOKS}]"),
        (r"^libraries: .*$", "libraries: [open-2026@1, ./library]"),
        (r"^  battery_use: ", f"  mass: {mass} kg\n  battery_use: "),
        (
            r"^  assumptions: .*$",
            "  assumptions: {zh: 金属再生过程、石墨细粉的量与价格均为构造, "
            'en: "recycling of the metals, and amount and price of the graphite fines, are constructed"}',
        ),
    )


def metals_of(folder: pathlib.Path) -> list[Row]:
    """The rows of materials.csv that are metals, with a constructed recycling process each. Compounds leave the table:
    they are treated with the rest of the pack and earn no credit."""
    said = {r["metal"]: r for r in rows_of(HERE / "circular.csv")}
    kept = [r for r in rows_of(folder / FILES["material"]) if r["name_en"].split()[0] in said]
    for row in kept:
        metal = said[row["name_en"].split()[0]]
        row["R2"], row["recycling"] = metal["R2"], metal["recycling"]
        row["note"] = (
            f"constructed: R2 = 0.95 collected x yield, judged; {metal['recycling']} is a constructed factor; R1 = 0, "
            "no traceability evidenced; substituted is a European primary set"
        )
    write_rows(folder / FILES["material"], kept)
    return kept


def end_of_life(folder: pathlib.Path, materials: list[Row]) -> None:
    """Rows of the pack's end of life: each metal to recycling and to landfill, the rest as one battery."""
    rows = rows_of(folder / FILES["exchange"])
    whole = [
        r
        for r in rows
        if r["process"] == "pack" and r["stage"] == "end_of_life" and r["direction"] == "waste"
    ]
    mass = sum((Decimal(m["mass"]) for m in materials), Decimal(0))
    for row, share in zip(whole, (COLLECTED, 1 - COLLECTED), strict=True):
        gross = row["amount"].lstrip("=").rsplit(" * ", 1)[0]
        row["amount"] = f"=({gross} - {mass}) * {share}"
        row["note"] = (
            "constructed: the pack without the metals of materials.csv, which have their own rows; gross, no credit"
        )
        row["flow"] = row["flow"].replace("used pack", "rest of the used pack")
        row["flow_zh"] = (
            row["flow_zh"]
            .replace("废电池包", "废电池包其余部分")
            .replace("未收集的废电池包其余部分", "未收集的其余部分")
        )
    number = int(rows[-1]["id"][1:])
    treated: list[Row] = []
    for metal in rows_of(HERE / "circular.csv"):
        mine = [m for m in materials if m["name_en"].split()[0] == metal["metal"]]
        kilograms = sum((Decimal(m["mass"]) for m in mine), Decimal(0))
        ways = (
            (metal["R2"], metal["recycling"], metal["waste_en"], metal["waste_zh"]),
            (
                str(1 - Decimal(metal["R2"])),
                mine[0]["disposal"],
                f"{metal['metal']} of the used pack, lost or not collected",
                f"废电池包中的{metal['zh']}，未收集或损失",
            ),
        )
        for part, provider, en, zh in ways:
            number += 1
            row = dict.fromkeys(rows[0], "") | {
                "id": f"x{number:03d}",
                "process": "pack",
                "stage": "end_of_life",
                "direction": "waste",
                "flow": en,
                "flow_zh": zh,
                "amount": f"={kilograms} * {part}",
                "unit": "kg",
                "provider": provider,
                "data_kind": "estimated",
                "evidence": "ev-constructed",
                "note": TREATED,
            }
            rows.append(row)
            treated.append(
                {
                    "id": f"t{len(treated) + 1}",
                    "exchange": row["id"],
                    "materials": " ".join(m["id"] for m in mine),
                }
            )
    write_rows(folder / FILES["exchange"], rows)
    write_rows(folder / "material_treatments.csv", treated)


def co_product(folder: pathlib.Path) -> None:
    """Graphite fines leave the anode process as a co-product, so that rules of allocation have something to decide."""
    rows = rows_of(folder / FILES["exchange"])
    for row in rows:
        row |= {"price": "", "mass": ""}
    main = next(r for r in rows if r["process"] == GRAPHITE and r["direction"] == "product")
    raw = next(r for r in rows if r["process"] == GRAPHITE and r["flow"].startswith("synthetic graphite"))
    main |= {"price": "40", "note": "constructed price: 40 per kg, any currency"}
    raw["amount"] = f"={raw['amount']} + {FINES}"
    raw["note"] = f"constructed: {FINES} kg more than the source, leaves as fines"
    fines = main | {
        "id": f"x{int(rows[-1]['id'][1:]) + 1:03d}",
        "flow": "graphite fines",
        "flow_zh": "石墨细粉",
        "amount": str(FINES),
        "price": "9",
        "evidence": "ev-constructed",
        "note": "constructed co-product: 0.1 kg per kg anode graphite, sold at 9 against 40 per kg (ratio 4.4)",
    }
    write_rows(folder / FILES["exchange"], [*rows, fines])
    processes = rows_of(folder / "processes.csv")
    for row in processes:
        here = row["id"] == GRAPHITE
        row["reason"] = "one mill gives both, so it cannot be divided (constructed)" if here else ""
        if here:
            row |= {"subdivision": "false", "key": "mass"}
    write_rows(folder / "processes.csv", processes)


def elements(folder: pathlib.Path) -> None:
    """Which element balances are to be checked, with the share of the element in each flow and where it comes from."""
    here = HERE / "nmc622-elements"
    for name in ("element_balances.csv", "element_contents.csv"):
        shutil.copy(here / name, folder / name)
    write_rows(folder / "evidence.csv", rows_of(folder / "evidence.csv") + rows_of(here / "evidence.csv"))


def circular_packs(out: pathlib.Path) -> None:
    for source in ("lfp-pack", "nmc622-pack"):
        circular(out, source)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "examples")
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as made:
        for build in (two_years, circular_packs):
            build(pathlib.Path(made))
        for folder in sorted(pathlib.Path(made).iterdir()):
            target = out / folder.name
            kept = [(f, (target / f).read_bytes()) for f in ("expected.yaml",) if (target / f).exists()]
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(folder, target)
            for name, data in kept:
                (target / name).write_bytes(data)


if __name__ == "__main__":
    main()
