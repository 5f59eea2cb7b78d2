"""Build the fact tables of the worked examples `lfp-pack`, `nmc622-pack` and `topcon-module`.

The tables come from published unit-process inventories (premise 2.5.2, BSD-3-Clause, and IEA PVPS T12-33:2026
as packed there), linked to the library `open-2026`. Every product is a CONSTRUCTED EXAMPLE: a literature
foreground on a literature background, never a declaration of a maker.

  python tools/build_battery_examples.py [--inventories DIR] [--starter DIR] [--out DIR]

The result is deterministic. One inventory process becomes one process of the study; identical upstream
processes are shared; every correction of the published inventory stands in the `note` of its row. Our names,
corrections and constructed rows are the tables in `battery_examples/` beside this script. Not written here:
study.yaml. The hydrothermal cathode is the same study with one provider changed: in
`examples/lfp-pack/exchanges.csv` the row whose provider is `bat.cn.lfp.solid` takes `bat.cn.lfp.hydro`.

What is left out, and said in the note of the process: elementary flows without a GWP, and machines that the
source states in kg (the library knows capital goods by the piece, at zero, outside the boundary).
"""

from __future__ import annotations

import argparse
import csv
import math
import pathlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

LFP_FILE = "battery_lfp_pack_premise.csv"
NMC_FILE = "battery_nmc622_pack_premise.csv"
PV_FILE = "pv_topcon_chain_cn_pvps2026.csv"
EVIDENCE_OF = {LFP_FILE: "ev-premise-lfp", NMC_FILE: "ev-premise-nmc622", PV_FILE: "ev-pvps-2026"}

# Gases of the inventories that have a GWP: name in the source -> gas of the library.
GASES = {
    "Carbon dioxide, fossil": "co2_fossil",
    "Carbon dioxide, non-fossil": "co2_biogenic",
    "Methane, fossil": "ch4_fossil",
    "Dinitrogen monoxide": "n2o",
    "1,1,1,2-Tetrafluoroethane": "hfc134a",
}
GAS_GWP = {"co2_fossil": 1.0, "co2_biogenic": 0.0, "ch4_fossil": 29.8, "n2o": 273.0, "hfc134a": 1530.0}

UNITS = {"t*km": "t·km", "t.km": "t·km", "unit": "piece"}
CAPITAL = "cap.none"


@dataclass(frozen=True)
class Proc:
    """What we call one process of an inventory, and the stage of its own energy, transport and waste."""

    slug: str
    en: str
    zh: str
    product_en: str
    product_zh: str
    stage: str
    plant: bool = False


HERE = pathlib.Path(__file__).resolve().parent / "battery_examples"


def rows_of(path: pathlib.Path) -> list[dict[str, str]]:
    """All rows of a CSV file, every cell as text."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


# Our names of the inventory processes, and of their flows with the reason of every amount that is multiplied
# on its way to the provider (the factors are those of flow_map.csv).
PROCESSES: dict[str, Proc] = {
    r["source"]: Proc(
        r["id"], r["name_en"], r["name_zh"], r["product_en"], r["product_zh"], r["stage"], r["plant"] == "yes"
    )
    for r in rows_of(HERE / "processes.csv")
}
FLOWS = {r["source"]: r for r in rows_of(HERE / "flows.csv")}


@dataclass(frozen=True)
class Fix:
    """A correction of the published inventory: what stands in the row instead, and the note that says so."""

    note: str
    times: str = ""  # formula text put behind the source amount
    zero: bool = False  # the row keeps its provider and gets the amount 0
    provider: str = ""  # a library id or `@slug` of a foreground process


# Corrections of the published inventories by flow and process (our id, or the name in the source where two
# packs differ). Three speak of many rows: imported silicon, inputs of the pouch, place of electricity.
TEXTS = {(r["process"], r["flow"]): r for r in rows_of(HERE / "corrections.csv")}
FIXES = {
    k: Fix(r["note"], r["times"], r["zero"] == "yes", r["provider"]) for k, r in TEXTS.items() if k[0] != "*"
}
SILICON, POUCH, SWITCH = (TEXTS["*", k]["note"] for k in ("silicon", "pouch", "electricity"))
DROP = {("module", "tempering, flat glass")}
USED_BATTERY = "used Li-ion battery"

MATERIAL_PREFIX = ("met.", "chem.", "bat.", "mat.", "bc.", "uslci18.", "svc.", "pv.", "fuel.")


def norm(text: str) -> str:
    """Decimal text without exponent and trailing zeros."""
    out = format(Decimal(text), "f")
    return (out.rstrip("0").rstrip(".") if "." in out else out) or "0"


def number(amount: str) -> float:
    """Value of an amount cell: a decimal or a product and quotient of decimals behind `=`."""
    if not amount.startswith("="):
        return float(amount)
    value = 1.0
    for op, part in re.findall(r"([*/]?)\s*([0-9.]+)", amount[1:]):
        value = value / float(part) if op == "/" else value * float(part)
    return value


def write(path: pathlib.Path, columns: str, rows: Iterable[dict[str, str]]) -> None:
    """Write rows as CSV in the house form: UTF-8, comma, LF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        out = csv.DictWriter(
            handle, columns.split(","), lineterminator="\n", restval="", extrasaction="raise"
        )
        out.writeheader()
        out.writerows(rows)


class Starter:
    """The open background library as collected: links of flow names, and solved values for estimates."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.rules: list[dict[str, str]] = []
        self.exact: dict[str, dict[str, str]] = {}
        for row in rows_of(folder / "flow_map.csv"):
            if row["process_contains"]:
                self.rules.append(row)
            else:
                self.exact[row["flow"]] = row
        self.value: dict[str, float] = {}
        self.unit: dict[str, str] = {}
        for name, column in (("factors.csv", "kgCO2e_total"), ("unit_processes.csv", "kgCO2e_computed")):
            for row in rows_of(folder / name):
                self.value[row["id"]] = float(row[column])
                self.unit[row["id"]] = UNITS.get(row["reference_unit"], row["reference_unit"])
        self.value |= GAS_GWP
        self.yields = {
            (r["process"], r["element"]): r["yield_central"] for r in rows_of(folder / "eol_recovery.csv")
        }

    def link(self, process: str, flow: str) -> tuple[str, str, str]:
        """Provider, factor and note for a flow of a process."""
        for row in self.rules:
            if row["flow"] == flow and row["process_contains"].lower() in process.lower():
                return row["provider"], row["factor"], row["note"]
        row = self.exact[flow]
        return row["provider"], row["factor"], row["note"]


@dataclass
class Study:
    """Fact tables of one example while they are built."""

    name: str
    files: tuple[str, ...]
    inventories: pathlib.Path
    starter: Starter
    exchanges: list[dict[str, str]] = field(default_factory=list)
    processes: list[dict[str, str]] = field(default_factory=list)

    @cached_property
    def source(self) -> dict[str, tuple[str, list[dict[str, str]]]]:
        """Inventory process -> (file, rows); the first file that names a process wins."""
        out: dict[str, tuple[str, list[dict[str, str]]]] = {}
        for file in self.files:
            new: dict[str, tuple[str, list[dict[str, str]]]] = {}
            for row in rows_of(self.inventories / file):
                new.setdefault(row["process"], (file, []))[1].append(row)
            for key, value in new.items():
                out.setdefault(key, value)
        return out

    @cached_property
    def by_slug(self) -> dict[str, str]:
        return {PROCESSES[name].slug: name for name in self.source if name in PROCESSES}

    def foreground(self, row: dict[str, str]) -> str | None:
        """The inventory process that supplies a row, or None when the library does."""
        named = row["note"].partition("provider: ")[2].partition(" pedigree")[0].strip().rstrip(".").strip()
        if named in self.source and named in PROCESSES:
            return named
        flow = row["flow"]
        for name, (_, rows) in self.source.items():
            if name in PROCESSES and name != row["process"]:
                for other in rows:
                    if other["direction"] == "reference output" and other["flow"] == flow:
                        return name
        return None

    def add(self, **cells: str) -> str:
        """Append an exchange; its id is its place in the table, never reused."""
        self.exchanges.append({"id": f"x{len(self.exchanges) + 1:03d}", "data_kind": "secondary"} | cells)
        return self.exchanges[-1]["id"]

    def walk(self, name: str, seen: set[str]) -> None:
        """Write a process of the inventory and, behind it, what it takes from."""
        if name in seen:
            return
        seen.add(name)
        proc = PROCESSES[name]
        file, rows = self.source[name]
        evidence = EVIDENCE_OF[file]
        place = rows[0]["process_location"]
        missing, machines, below = 0, [], []
        at = len(self.processes)
        self.processes.append({})
        for row in rows:
            direction, flow, amount = row["direction"], row["flow"], norm(row["amount"])
            common = {"process": proc.slug, "unit": UNITS.get(row["unit"], row["unit"]), "evidence": evidence}
            common |= scores(row["note"])
            if direction == "reference output":
                self.add(
                    **common,
                    stage=proc.stage,
                    direction="product",
                    flow=proc.product_en,
                    amount=amount,
                    flow_zh=proc.product_zh,
                )
                continue
            if direction.startswith(("output (emis", "input (res")):
                if flow not in GASES:
                    missing += 1
                    continue
                self.add(
                    **common,
                    stage=proc.stage,
                    direction="emission",
                    flow=flow,
                    amount=amount,
                    provider=GASES[flow],
                    flow_zh=FLOWS[flow]["flow_zh"],
                    note="biogenic carbon of wood and charcoal: GWP 0, recorded"
                    if "non-fossil" in flow
                    else "",
                )
                continue
            if flow == USED_BATTERY or (proc.slug, flow) in DROP:
                continue
            fix = FIXES.get((name, flow)) or FIXES.get((proc.slug, flow))
            supplier = self.by_slug[fix.provider[1:]] if fix and fix.provider.startswith("@") else None
            if not supplier and not (fix and fix.provider):
                supplier = self.foreground(row) if direction.startswith("input") else None
            if supplier:
                below.append(supplier)
                made = PROCESSES[supplier]
                imported = flow.startswith("silicon, solar grade") and row["flow_location"] != "CN"
                self.add(
                    **common,
                    stage=made.stage,
                    direction="input",
                    flow=made.product_en,
                    amount=amount,
                    provider=made.slug,
                    flow_zh=made.product_zh,
                    note=SILICON + f" ({row['flow_location']})" if imported else fix.note if fix else "",
                )
                continue
            if fix and fix.provider:
                provider, factor, why = fix.provider, fix.times or "1", ""
            else:
                provider, factor, why = self.starter.link(name, flow)
            if provider == CAPITAL and row["unit"] != "unit":
                machines.append(f"{flow} {amount} {row['unit']}")
                continue
            notes = [fix.note] if fix else []
            waste = direction.startswith("output (waste")
            times = norm(str(abs(Decimal(factor))))
            if waste:
                amount = norm(str(abs(Decimal(amount))))
            if times != "1":
                if not fix:
                    notes.append(f"source {amount} {row['unit']}; {FLOWS[flow]['factor_why']}")
                amount = f"={amount} * {times}"
                common["unit"] = self.starter.unit[provider]
            elif why and not fix and why != "m3":
                notes.append(SWITCH if provider == "elec.use.cn" else why)
            if proc.slug == "pouch" and provider != CAPITAL:
                amount = f"={amount} / 1.503"
                notes.insert(0, POUCH)
            elif proc.slug == "pouch":
                amount = f"={amount} / 1.503"
            if fix and fix.zero:
                amount = "0"
            if provider == CAPITAL:
                notes = ["capital goods: outside the boundary, the library row is zero and says so"]
            if row["flow_location"] not in ("", place, "GLO", "RoW", "CN") and provider != CAPITAL:
                notes.append(f"source location {row['flow_location']}")
            self.add(
                **common,
                stage=stage_of(provider, proc),
                direction="waste" if waste else "input",
                flow=FLOWS[flow]["flow_en"],
                amount=amount,
                provider=provider,
                electricity=f"el-{proc.slug}" if provider == "elec.use.cn" else "",
                flow_zh=FLOWS[flow]["flow_zh"],
                note="; ".join(notes),
            )
        said = [f"source process '{name}' ({place})", "constructed example"]
        if missing:
            said.append(f"{missing} elementary flows without a GWP are not carried over")
        if machines:
            said.append("machines stated in kg left out: " + ", ".join(machines))
        if any(r["flow"] == USED_BATTERY for r in rows):
            said.append(
                "the used battery of the source is replaced by the constructed end-of-life rows of the pack"
            )
        self.processes[at] = {
            "id": proc.slug,
            "name_en": proc.en,
            "name_zh": proc.zh,
            "place": "CN-JS" if proc.plant else "CN",
            "control": "operational" if proc.plant else "none",
            "note": "; ".join(said),
        }
        for supplier in below:
            self.walk(supplier, seen)

    def activity(self, top: str) -> dict[str, float]:
        """How much of each foreground process one unit of `top` takes."""
        out: dict[str, float] = {top: 1.0}
        ids = {p["id"] for p in self.processes}
        order = [p["id"] for p in self.processes]
        inputs = [r for r in self.exchanges if r.get("provider") in ids]
        for _ in order:  # acyclic: settles after as many rounds as there are processes
            new = {top: 1.0}
            for row in inputs:
                new[row["provider"]] = new.get(row["provider"], 0.0) + out.get(row["process"], 0.0) * number(
                    row["amount"]
                )
            if new == out:
                return out
            out = new
        raise ValueError("the foreground has a loop")

    def footprint(self, top: str, *, constructed: bool = False) -> float:
        """kgCO2e per unit of `top` on the values of the starter library."""
        ids = {p["id"] for p in self.processes}
        scale = self.activity(top)
        total = 0.0
        for row in self.exchanges:
            if row["direction"] == "product" or row["provider"] in ids:
                continue
            if is_constructed(row) and not constructed:
                continue
            total += (
                scale.get(row["process"], 0.0) * number(row["amount"]) * self.starter.value[row["provider"]]
            )
        return total


def is_constructed(row: dict[str, str]) -> bool:
    """Whether we added the row (scrap, distribution, end of life) to what the inventory holds."""
    return row.get("note", "").startswith("constructed")


def stage_of(provider: str, proc: Proc) -> str:
    """Purchased materials and their forming are `material`, electronics `component`, the rest by process."""
    if provider.startswith("elc."):
        return "component"
    return "material" if provider.startswith(MATERIAL_PREFIX) else proc.stage


def scores(note: str) -> dict[str, str]:
    """Technology, geography and time from the pedigree of the source (1 best, 5 worst); empty without one."""
    found = re.search(r"pedigree ([0-9na,]+)", note)
    if not found:
        return {}
    parts = found.group(1).split(",")
    names = ("time", "geography", "technology")
    return {n: p for n, p in zip(names, parts[2:5], strict=True) if p.isdigit()}


EXCHANGES = (
    "id,process,stage,direction,flow,flow_zh,amount,unit,provider,electricity,data_kind,technology,geography,time,"
    "evidence,note"
)
PROCESS_COLUMNS = "id,name_en,name_zh,place,control,subdivision,key,note"
MATERIALS = (
    "id,exchange,name_en,name_zh,mass,R1,R2,R3,A,Qsin,Qsout,virgin,recycled,recycling,substituted,disposal,"
    "energy_recovery,note"
)
OMISSIONS = "id,flow_en,flow_zh,stage,estimate,unit,method,reason_en,reason_zh"
ELECTRICITY = (
    "id,process,mode,provider,share,instrument_exclusive,instrument_retired,instrument_period_matches,"
    "instrument_market_matches,lifecycle,evidence,note"
)
ROUTES = "id,route_en,route_zh,share,provider,note"
EVIDENCE = "id,title_en,title_zh,kind,document,locator,licence,note"

EVIDENCE_ROWS = {r["id"]: r for r in rows_of(HERE / "evidence.csv")}
GRID = (
    "constructed: grid power without any contract or certificate; no provider named, the rule picks the "
    "published national life cycle factor (the provincial factors in print are direct CO2 only)"
)


def evidence(ids: Iterable[str]) -> list[dict[str, str]]:
    """The literature that the rows cite, in the order of the table."""
    return [EVIDENCE_ROWS[i] for i in sorted(set(ids), key=list(EVIDENCE_ROWS).index)]


def electricity(study: Study) -> list[dict[str, str]]:
    """One row per foreground process that draws electricity."""
    drawing = {r["process"]: r["evidence"] for r in study.exchanges if r.get("provider") == "elec.use.cn"}
    fixed = {"mode": "grid", "share": "1", "lifecycle": "true", "note": GRID}
    fixed |= dict.fromkeys((c for c in ELECTRICITY.split(",") if c.startswith("instrument_")), "false")
    return [
        {"id": f"el-{p['id']}", "process": p["id"], "evidence": drawing[p["id"]], **fixed}
        for p in study.processes
        if p["id"] in drawing
    ]


@dataclass(frozen=True)
class Battery:
    """What distinguishes the two packs."""

    name: str
    files: tuple[str, ...]
    top: str
    mass: str  # kg of pack per kWh of gross capacity, from the inventory
    treatment: str  # library process that takes used packs and scrap
    label: str
    label_zh: str


GROSS = "64"  # kWh gross capacity of the constructed pack
COLLECTED = "0.95"
SCRAP = "0.01"  # kg cell scrap per kg cell
MAIN = 0.001  # metals below this share of the pack mass are not listed
LFP_TOP, NMC_TOP = (f"market for battery capacity, Li-ion, {c}" for c in ("LFP", "NMC622"))
BATTERIES = (
    Battery(
        "lfp-pack", (LFP_FILE, NMC_FILE), LFP_TOP, "8.561643835616438", "eol.cn.lfp.hydro", "LFP", "磷酸铁锂"
    ),
    Battery("nmc622-pack", (NMC_FILE,), NMC_TOP, "5.707762557077626", "eol.cn.nmc.hydro", "NMC622", "NMC622"),
)
METALS = {r["provider"]: r for r in rows_of(HERE / "metals.csv")}
NO_RECYCLING = (
    "no row of the library may be used for recycling at end of life (ErecEoL): the waste rows are transport "
    "only, the battery treatment is per kg of pack and has no official split by material; left empty, so "
    "that the formula is not evaluable"
)


def materials(study: Study, battery: Battery) -> list[dict[str, str]]:
    """One row per exchange that brings in a main metal, 0.1 % of the pack mass or more; masses per pack."""
    scale = study.activity("pack")
    made = {r["process"]: (r["flow"], r["flow_zh"]) for r in study.exchanges if r["direction"] == "product"}
    fixed = {"R1": "0", "R3": "0", "A": "0.2", "Qsin": "1", "Qsout": "1"}
    out = []
    for row in study.exchanges:
        metal = METALS.get(row.get("provider", ""))
        mass = scale.get(row["process"], 0.0) * number(row["amount"]) if metal else 0.0
        if not metal or mass < MAIN * float(battery.mass) * float(GROSS):
            continue
        notes, r2 = ["constructed"], "0"
        if metal["element"]:
            rate = study.starter.yields[battery.treatment, metal["element"]]
            r2 = norm(str(Decimal(COLLECTED) * Decimal(rate)))
            notes.append(f"R2 = {COLLECTED} collection x {norm(rate)} yield of {metal['element']}, judged")
        if metal["virgin"] != metal["provider"]:
            notes.append(f"virgin: {metal['virgin']}, since {metal['provider']} states no recycled content")
        notes += ["R1 = 0, no traceability evidenced", "Qsout = 1 judged", metal["note"], NO_RECYCLING]
        part, part_zh = made[row["process"]]
        out.append(
            fixed
            | {c: metal[c] for c in ("virgin", "recycled", "substituted", "disposal")}
            | {"id": f"m{len(out) + 1:02d}", "exchange": row["id"], "mass": f"{mass:.6f}", "R2": r2}
            | {"name_en": f"{metal['name_en']} in {part}", "name_zh": f"{part_zh}中的{metal['name_zh']}"}
            | {"note": "; ".join(notes)}
        )
    return out


def omissions(study: Study) -> list[dict[str, str]]:
    """What the example leaves out on purpose; estimates of the packs follow their tables, rounded up."""
    known: dict[str, float] = {}
    if study.name != "topcon-module":
        scale, value = study.activity("pack"), study.starter.value
        carried = {
            r["process"]
            for r in study.exchanges
            if r.get("provider", "").startswith("trp.") and not is_constructed(r)
        }
        mass: dict[bool, float] = {True: 0.0, False: 0.0}
        for row in study.exchanges:
            provider = row.get("provider", "")
            if (
                row["unit"] == "kg"
                and provider.startswith(MATERIAL_PREFIX)
                and not provider.startswith("svc.")
            ):
                mass[row["process"] in carried] += scale[row["process"]] * number(row["amount"])
        plastics = value["mat.gb.plastics-average-plastics.primary-production"]
        known = {
            "capital": 0.8 * float(GROSS),
            "uncarried": mass[False],
            "inbound": mass[False] * value["trp.gb.all-hgvs-average-laden"],  # 1,000 km = 1 t·km per kg
            "rejected": scale["cell"] * float(SCRAP) * study.footprint("cell"),
            "packaging": 0.02 * sum(mass.values()) * plastics,
        }
    out = []
    for row in rows_of(HERE / "omissions.csv"):
        if study.name in row["study"].split():
            cells = {c: row[c] for c in OMISSIONS.split(",")}
            cells["method"] = row["method"].format(
                uncarried=f"{known.get('uncarried', 0.0):.1f}", scrap=SCRAP
            )
            if row["estimate"] in known:
                cells["estimate"] = str(math.ceil(known[row["estimate"]]))
            out.append(cells)
    return out


def constructed(study: Study, battery: Battery) -> list[dict[str, str]]:
    """Append the rows that the frame needs and the inventory lacks; their note begins with `constructed`."""
    words = {"gross": GROSS, "mass": battery.mass, "collected": COLLECTED, "scrap": SCRAP}
    words |= {"treatment": battery.treatment, "lost": norm(str(1 - Decimal(COLLECTED)))}
    for row in rows_of(HERE / "constructed.csv"):
        study.add(**{c: cell.format(**words) for c, cell in row.items()}, data_kind="estimated")
    routes = rows_of(HERE / "eol_routes.csv")
    return [{c: cell.format(**words) for c, cell in row.items()} for row in routes]


def battery_example(
    battery: Battery, inventories: pathlib.Path, starter: Starter, out: pathlib.Path
) -> Study:
    """All tables of one pack."""
    study = Study(battery.name, battery.files, inventories, starter)
    source = {
        r["flow"]: r["amount"]
        for r in rows_of(inventories / battery.files[0])
        if r["process"] == battery.top and r["direction"] == "input"
    }
    if battery.mass not in source.values():
        raise ValueError(f"{battery.name}: the inventory no longer says {battery.mass} kg per kWh")
    mass = float(battery.mass) * float(GROSS)
    study.processes.append(
        {
            "id": "pack",
            "name_en": f"{battery.label} pack, {GROSS} kWh gross",
            "name_zh": f"{battery.label_zh}电池包（总容量{GROSS} kWh）",
            "place": "CN-JS",
            "control": "operational",
            "note": f"constructed example: {GROSS} x 1 kWh gross of the inventory, {mass:.1f} kg; the place "
            "of the plant is constructed too",
        }
    )
    ev = EVIDENCE_OF[battery.files[0]]
    study.add(
        process="pack",
        stage="assembly",
        direction="product",
        flow=f"{battery.label} pack",
        amount="1",
        unit="piece",
        evidence="ev-constructed",
        flow_zh=f"{battery.label_zh}电池包",
        note=f"{GROSS} kWh gross capacity, {mass:.1f} kg",
    )
    top = PROCESSES[battery.top]
    study.add(
        process="pack",
        stage="assembly",
        direction="input",
        flow=top.product_en,
        amount=GROSS,
        unit="kWh",
        provider=top.slug,
        evidence=ev,
        flow_zh=top.product_zh,
        note="kWh of capacity, not of electricity",
    )
    study.walk(battery.top, set())
    routes = constructed(study, battery)
    folder = out / battery.name
    write(folder / "processes.csv", PROCESS_COLUMNS, study.processes)
    write(folder / "exchanges.csv", EXCHANGES, study.exchanges)
    write(folder / "materials.csv", MATERIALS, materials(study, battery))
    write(folder / "omissions.csv", OMISSIONS, omissions(study))
    write(folder / "electricity.csv", ELECTRICITY, electricity(study))
    write(folder / "eol_routes.csv", ROUTES, routes)
    write(
        folder / "evidence.csv",
        EVIDENCE,
        evidence([r["evidence"] for r in study.exchanges] + ["ev-open-library"]),
    )
    return study


def module_example(inventories: pathlib.Path, starter: Starter, out: pathlib.Path) -> Study:
    """The TOPCon module per m2."""
    study = Study("topcon-module", (PV_FILE,), inventories, starter)
    study.walk(
        "photovoltaic panel production, single-crystalline silicon, topcon, monofacial, 72 cells", set()
    )
    for proc in study.processes:
        proc["place"] = "CN"
    folder = out / study.name
    write(folder / "processes.csv", PROCESS_COLUMNS, study.processes)
    write(folder / "exchanges.csv", EXCHANGES, study.exchanges)
    write(folder / "electricity.csv", ELECTRICITY, electricity(study))
    write(folder / "omissions.csv", OMISSIONS, omissions(study))
    write(folder / "evidence.csv", EVIDENCE, evidence(("ev-pvps-2026", "ev-open-library")))
    return study


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--inventories", type=pathlib.Path, default=pathlib.Path("../shared/data/inventories")
    )
    parser.add_argument("--starter", type=pathlib.Path, default=pathlib.Path("../shared/data/starter"))
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("examples"))
    args = parser.parse_args()
    starter = Starter(args.starter)
    for battery in BATTERIES:
        study = battery_example(battery, args.inventories, starter, args.out)
        gate = study.footprint("pack")
        print(
            f"{study.name}: {len(study.processes)} processes, {len(study.exchanges)} exchanges; to the gate "
            f"{gate:.2f} kgCO2e per pack, {gate / float(GROSS):.4f} per kWh gross; with the constructed rows "
            f"{study.footprint('pack', constructed=True) / float(GROSS):.4f}"
        )
    study = module_example(args.inventories, starter, args.out)
    print(
        f"{study.name}: {len(study.processes)} processes, {len(study.exchanges)} exchanges; "
        f"{study.footprint('module'):.4f} kgCO2e per m2"
    )


if __name__ == "__main__":
    main()
