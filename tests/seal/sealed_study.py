"""A small study over two small libraries, written as folders; tests change the share level of the second
library."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tanbiao.core.digest import bytes_digest
from tanbiao.library.table import TABLES
from tanbiao.seal import KeyPair, Statement, read, read_archive, sign, write_archive
from tanbiao.seal.lock import pretty
from tanbiao.service.places import Places

ROOT = Path(__file__).resolve().parents[2]
PACKS = ROOT / "tests" / "packs"
NOW = dt.datetime(2026, 11, 24, 8, 0, tzinfo=dt.UTC)
LATER = dt.datetime(2027, 11, 24, 8, 0, tzinfo=dt.UTC)
SALT = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
LICENSED_VALUES = ("7.65432198", "0.918273645", "3.14159265358")
"""Amounts that stand in the licensed library only."""

STUDY = f"""\
schema: 1
subject: product
id: bracket
as_of: 2026-11-24
salt: {SALT}
packs: [test.product@2025]
libraries: [open@1, licensed@3]
product: {{name: {{zh: 支架, en: bracket}}, model: B-7, producer: 构造企业, recipe: "secret alloy 4711"}}
unit: {{kind: declared, amount: 1, measure: kg}}
period: {{start: 2025-01-01, end: 2025-12-31}}
scope: {{kind: partial, boundary_reason: cradle to gate}}
reference: {{process: press, amount: 1 kg}}
"""
TABLES_OF_STUDY = {
    "processes.csv": "id,control\npress,operational\n",
    "exchanges.csv": "id,process,stage,direction,flow,amount,unit,provider\n"
    "x1,press,production,product,bracket,1,kg,\n"
    "x2,press,raw_material,input,metal,1.0375,kg,metal\n"
    "x3,press,production,input,electricity,2.4625,kWh,power\n"
    "x4,press,production,emission,co2,0.0815,kg,co2\n",
    "omissions.csv": "id,flow,stage,estimate\no1,grease,production,0.0123\n",
    "evidence.csv": "id,title_en,kind\ne1,meter readings,measurement\n",
}
_DEFAULTS = {
    "processes": {
        "place": "CN",
        "unit": "kg",
        "coverage": "derived",
        "share": "",
        "licence": "x",
        "source": "x",
    },
    "exchanges": {"amount_kind": "source", "unit": "kg", "flow": "f"},
    "factors": {
        "place": "CN",
        "unit": "kg",
        "gas_basis": "CO2e",
        "gwp_set": "AR6",
        "radiative_forcing": "n.a.",
        "boundary": "life_cycle",
        "share": "",
        "licence": "x",
        "source": "x",
    },
    "gases": {"formula": "CO2", "position": "A", "AR4": "1", "AR5": "1", "AR6": "1", "source": "x"},
}
Row = dict[str, str]


def library(root: Path, id_: str, version: str, share: str, tables: dict[str, Sequence[Row]]) -> Path:
    folder = root / id_
    folder.mkdir(parents=True)
    (folder / "library.yaml").write_text(
        f'id: {id_}\nversion: "{version}"\ntitle: {{zh: 库, en: library}}\n'
        "description: {zh: 测试, en: for tests}\n"
        f"caution: {{zh: 测试, en: for tests}}\nshare: {share}\nlicences: [x]\nsources: [x]\n",
        encoding="utf-8",
    )
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            out = csv.DictWriter(file, [c.name for c in TABLES[name]], restval="", lineterminator="\n")
            out.writeheader()
            for row in rows:
                out.writerow(
                    _DEFAULTS[name] | {"name_en": row["id"], "name_zh": row["id"]} | row
                    if name != "exchanges"
                    else _DEFAULTS[name] | row
                )
    return folder


def open_library(root: Path) -> Path:
    return library(
        root,
        "open",
        "1",
        "full",
        {
            "processes": [{"id": "power", "unit": "kWh"}],
            "gases": [{"id": "co2"}],
            "exchanges": [
                {
                    "id": "p1",
                    "process": "power",
                    "kind": "reference",
                    "provider": "power",
                    "amount": "1",
                    "unit": "kWh",
                },
                {"id": "p2", "process": "power", "kind": "emission", "provider": "co2", "amount": "0.5839"},
            ],
        },
    )


def licensed_library(root: Path, share: str = "digest", row_share: str = "") -> Path:
    one, two, three = LICENSED_VALUES
    return library(
        root,
        "licensed",
        "3",
        share,
        {
            "processes": [{"id": "metal", "share": row_share}],
            "factors": [{"id": "alumina", "value": one}],
            "exchanges": [
                {"id": "m1", "process": "metal", "kind": "reference", "provider": "metal", "amount": "1"},
                {"id": "m2", "process": "metal", "kind": "input", "provider": "alumina", "amount": two},
                {
                    "id": "m3",
                    "process": "metal",
                    "kind": "input",
                    "provider": "power",
                    "amount": three,
                    "unit": "kWh",
                },
            ],
        },
    )


def study(root: Path, head: str = STUDY) -> Path:
    folder = root / "study"
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(head, encoding="utf-8")
    for name, text in TABLES_OF_STUDY.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "evidence").mkdir()
    (folder / "evidence" / "meter.txt").write_text("42 kWh", encoding="utf-8")
    return folder


def world(root: Path, share: str = "full", head: str = STUDY, row_share: str = "") -> tuple[Path, Places]:
    """A study and the places that hold its packs and libraries."""
    open_library(root / "libraries")
    licensed_library(root / "libraries", share, row_share)
    return study(root, head), Places(packs=(PACKS,), libraries=(root / "libraries",))


@dataclass(frozen=True)
class Sealed:
    """A bundle with the study and the places it was made from."""

    data: bytes
    study: Path
    places: Places
    key: KeyPair


Seal = Callable[..., Sealed]
Change = Callable[[dict[str, bytes]], None]


def forged(
    sealed: Sealed,
    change: Change,
    say: Callable[[Statement], Statement] = lambda s: s,
    key: KeyPair | None = None,
) -> bytes:
    """The bundle with changed files, a manifest that fits them and a fresh signature: what a dishonest
    holder of the key can do."""
    signer = key or sealed.key
    files = read_archive(sealed.data)
    statement = read(files["statement.jwt"].decode(), sealed.key.public)
    manifest = json.loads(files["manifest.json"])
    change(files)
    for name, entry in manifest["files"].items():
        entry["sha256"] = bytes_digest(files[name])
    files["manifest.json"] = pretty(manifest)
    said = say(replace(statement, manifest=bytes_digest(files["manifest.json"])))
    files["statement.jwt"] = sign(said, signer).encode()
    files["key.jwk"] = signer.public.file()
    return write_archive(files)
