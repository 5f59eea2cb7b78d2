# ruff: noqa: E501  (samples of foreign formats keep their lines)
"""Fuzzing of every reader: whatever comes in, only problems of the catalogue come out, and no library is half-written.

`python -m tests.exchange.fuzz --seconds 60`, or `run(seconds=60)`. A case is reproducible from its number.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import shutil
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

from tanbiao.core.errors import TanbiaoError, catalogue
from tanbiao.exchange.bom import read_bom
from tanbiao.exchange.formats import FORMATS, read
from tanbiao.service.exchange import ImportOptions, import_library

DICTIONARY = [
    b"NaN",
    b"1e999",
    b"-0",
    b"null",
    b"{}",
    b"[]",
    b'"',
    b"<",
    b"</",
    b"&x;",
    b"<!DOCTYPE a>",
    b"\x00",
    b"\xff\xfe",
    "锂".encode(),
    "锂".encode("gbk"),
    b"..",
    b"=1+1",
    b"@type",
    b'"@id":1',
    b"0" * 40,
    b"-1",
    b"true",
    b"\r\n",
    b";",
    b",",
    b"Infinity",
    b'"amount":"x"',
    b'"exchanges":{}',
    b'"exchanges":[[]]',
    b'"flow":null',
    b"[" * 60,
    b'{"a":' * 60,
    b"\xed\xa0\x80",
]


def seeds() -> dict[str, bytes]:
    """Small good files of every format, made here."""
    from . import test_datapackage as matrices
    from . import test_formats as samples

    olca = _zip(
        {
            "olca-schema.json": b'{"version":2}',
            "flows/f.json": b'{"@type":"Flow","@id":"f","name":"Steel","flowType":"PRODUCT_FLOW","flowProperties":[{"isRefFlowProperty":true,'
            b'"conversionFactor":1,"flowProperty":{"@id":"m","name":"Mass","refUnit":"kg"}}]}',
            "flows/g.json": b'{"@type":"Flow","@id":"g","name":"Carbon dioxide, fossil","flowType":"ELEMENTARY_FLOW","category":"air"}',
            "unit_groups/u.json": b'{"@type":"UnitGroup","@id":"u","name":"m","units":[{"name":"kg","isRefUnit":true,"conversionFactor":1}]}',
            "processes/p.json": b'{"@type":"Process","@id":"p","name":"Steel making","location":{"@id":"l","name":"CN"},"exchanges":[{"flow":'
            b'{"@id":"f","name":"Steel"},"unit":{"name":"kg"},"amount":1.0,"isQuantitativeReference":true,"internalId":1},'
            b'{"flow":{"@id":"g","name":"CO2"},"unit":{"name":"kg"},"amount":1.9,"uncertainty":{"distributionType":'
            b'"LOG_NORMAL_DISTRIBUTION","geomMean":1.9,"geomSd":1.1}},{"flow":{"@id":"x","name":"coal"},"unit":{"name":"t"},'
            b'"amount":0.5,"isInput":true,"internalId":3,"amountFormula":"a/4","defaultProvider":{"@id":"q"}}],"allocationFactors":[{"allocationType":'
            b'"PHYSICAL_ALLOCATION","product":{"@id":"f"},"value":1,"formula":"a/a"}],"parameters":[{"name":"a","value":2,'
            b'"formula":"if(1<2;2;3)^1"}]}',
            "results/r.json": b'{"@type":"Result","@id":"r","name":"r","impactResults":[{"indicator":{"@id":"i","name":"GWP total",'
            b'"refUnit":"kg CO2e"},"amount":2}],"flowResults":[{"flow":{"@id":"f"},"amount":1,"isRefFlow":true}]}',
            "results/s.json": b'{"@type":"Result","@id":"s","name":"s","flowResults":[{"flow":{"@id":"f"},"amount":1,"isRefFlow":true},'
            b'{"flow":{"@id":"g"},"amount":3}]}',
            "epds/e.json": b'{"@type":"Epd","@id":"e","name":"e","product":{"flow":{"@id":"f"},"amount":1},"modules":[{"name":"A1-A3",'
            b'"result":{"@id":"r"}}]}',
            "product_systems/d.json": b'{"@type":"ProductSystem","@id":"d","name":"d","referenceProcess":{"@id":"p"},"processLinks":'
            b'[{"process":{"@id":"p"},"provider":{"@id":"s"},"exchange":{"internalId":3}}]}',
        }
    )
    ilcd = _zip({"processes/a.xml": samples.ILCD_EPD.encode(), "flows/b.xml": samples.FLOW.encode()})
    spold1 = (
        b'<ecoSpold xmlns="http://www.EcoInvent.org/EcoSpold01"><dataset number="1"><metaInformation><processInformation>'
        b'<referenceFunction name="a" unit="kg" category="c"/><geography location="CN"/><timePeriod><startYear>2000</startYear></timePeriod>'
        b'</processInformation></metaInformation><flowData><exchange number="1" name="a" unit="kg" meanValue="1"><outputGroup>0</outputGroup>'
        b'</exchange><exchange number="2" name="Carbon dioxide" category="air" unit="kg" meanValue="2" uncertaintyType="1" '
        b'standardDeviation95="1.2"><outputGroup>4</outputGroup></exchange></flowData></dataset></ecoSpold>'
    )
    spold2 = (
        b'<ecoSpold xmlns="http://www.EcoInvent.org/EcoSpold02"><activityDataset><activityDescription><activity id="a"><activityName '
        b'xml:lang="en">x</activityName></activity><geography><shortname>CN</shortname></geography></activityDescription><flowData>'
        b'<intermediateExchange id="1" intermediateExchangeId="i" amount="1"><name>x</name><unitName>kg</unitName><uncertainty><lognormal '
        b'meanValue="1" variance="0.01"/></uncertainty><outputGroup>0</outputGroup></intermediateExchange></flowData></activityDataset></ecoSpold>'
    )
    book = io.BytesIO()
    import openpyxl

    work = openpyxl.Workbook()
    for row in [
        *samples.HEAD,
        ["steel making", 1, "CN", "kilogram", None, "production", "steel"],
        ["Carbon dioxide, fossil", 1.9, None, "kilogram", "air", "biosphere", None],
    ]:
        work.active.append(row)
    work.save(book)
    pact = {
        "id": "1",
        "specVersion": "3.0.0",
        "companyName": "C",
        "productNameCompany": "P",
        "pcf": {
            "declaredUnitOfMeasurement": "kilogram",
            "declaredUnitAmount": "1",
            "pcfExcludingBiogenicUptake": "2",
            "fossilGhgEmissions": "2",
            "referencePeriodStart": "2024-01-01",
            "referencePeriodEnd": "2024-12-31",
            "dqi": {"technologicalDQR": "1"},
        },
    }
    epd = {
        "doctype": "openEPD",
        "id": "e",
        "product_name": "x",
        "declared_unit": {"qty": 1, "unit": "kg"},
        "impacts": {"EF 3.1": {"gwp": {"A1A2A3": {"mean": 3, "unit": "kgCO2e"}}}},
    }
    table = _zip(
        {
            "sectors.csv": b"code,name,location,unit\na,Steel,CN,CNY\nb,Cars,CN,CNY\n",
            "A.csv": b",a,b\na,0.1,0.3\nb,0,0.1\n",
            "B.csv": b",a,b\nMethane,0.2,0.05\n",
        }
    )
    return {
        "openlca.zip": olca,
        "ilcd.zip": ilcd,
        "spold1.xml": spold1,
        "spold2.xml": spold2,
        "book.xlsx": book.getvalue(),
        "pact.json": json.dumps(pact).encode(),
        "epd.json": json.dumps(epd).encode(),
        "simapro.csv": samples.SIMAPRO.encode(),
        "table.zip": table,
        "package.zip": _zip(matrices.package(matrices.STEEL)),
        "bom.csv": "零件,材料,质量 (g)\n外壳,铝锭,850\n".encode(),
    }


def _zip(files: dict[str, bytes]) -> bytes:
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return box.getvalue()


def mutate(data: bytes, chance: random.Random) -> bytes:
    """A few small injuries: bytes changed, cut, doubled, swapped, words of trouble put in."""
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 12))):
        if not out:
            break
        at, what = chance.randrange(len(out)), chance.randrange(7)
        if what == 0:
            out[at] = chance.randrange(256)
        elif what == 1:
            del out[at : at + chance.choice((1, 3, 20, 200))]
        elif what == 2:
            out[at:at] = chance.choice(DICTIONARY)
        elif what == 3:
            end = min(len(out), at + chance.randrange(1, 80))
            out[at:at] = out[at:end]
        elif what == 4:
            word = chance.choice(DICTIONARY)
            out[at : at + len(word)] = word
        elif what == 5:
            digits = [k for k, b in enumerate(out) if 48 <= b < 58]
            if digits:
                out[chance.choice(digits)] = ord(chance.choice("0123456789.-eE"))
        else:
            del out[at:]
    return bytes(out)


def injure(name: str, data: bytes, chance: random.Random) -> bytes:
    """Mutate a file; of an archive mostly its members, so that the reader is reached."""
    if not name.endswith((".zip", ".xlsx")) or chance.random() < 0.1:
        return mutate(data, chance)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {n: archive.read(n) for n in archive.namelist()}
    chosen = chance.choice(sorted(files))
    if chance.random() < 0.1:
        del files[chosen]
    else:
        files[chosen] = mutate(files[chosen], chance)
    return _zip(files)


def case(number: int, seed: int, good: dict[str, bytes], folder: Path) -> tuple[str, str]:
    """Run one case. Returns (seed file, outcome); raises what must not be raised."""
    chance = random.Random(seed * 1_000_003 + number)
    name = sorted(good)[number % len(good)]
    path = folder / name
    path.write_bytes(injure(name, good[name], chance))
    known = catalogue()
    home = folder / "home"
    try:
        if name.startswith("bom"):
            _, problems = read_bom(path)
            outcome = "read"
        elif chance.random() < 0.35:
            found = import_library(
                path,
                ImportOptions(
                    root=home, id="x", allocation=chance.choice(("", "mass", "reference", "declared"))
                ),
            )
            problems = list(found.problems)
            outcome = "stored"
        else:
            forced = chance.choice(sorted(FORMATS)) if chance.random() < 0.1 else None
            made = read(path, forced, keep=chance.random() < 0.5).gathered()
            problems = list(made.problems)
            outcome = "read"
    except TanbiaoError as error:
        problems = list(error.problems)
        outcome = "refused"
    for p in problems:
        assert p.code in known, p.code
        assert p.text("zh") and p.text("en")
    left = [p for p in home.rglob("*") if p.name.startswith(".part")] if home.exists() else []
    assert not left, left
    if outcome == "refused" and home.exists():
        assert not any(f.is_file() for f in home.rglob("*")), "a refused import left files"
    if home.exists():
        shutil.rmtree(home, ignore_errors=True)
    return name, outcome


def run(seconds: float = 60, seed: int | None = None, cases: int | None = None) -> Counter[str]:
    """Fuzz for `seconds` (or for `cases`). Returns outcomes by seed file; raises on the first case that fails."""
    seed = int.from_bytes(os.urandom(4), "big") if seed is None else seed
    good, counts = seeds(), Counter[str]()
    end = time.monotonic() + seconds
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    number = 0
    try:
        while (cases is None and time.monotonic() < end) or (cases is not None and number < cases):
            try:
                name, outcome = case(number, seed, good, folder)
            except Exception as error:
                raise AssertionError(
                    f"case {number} of seed {seed} ({sorted(good)[number % len(good)]}): {error!r}"
                ) from error
            counts[f"{name} {outcome}"] += 1
            number += 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return counts


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int)
    arguments = parser.parse_args()
    for key, count in sorted(run(arguments.seconds, arguments.seed).items()):
        print(f"{count:>7}  {key}")
