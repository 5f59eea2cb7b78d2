"""Small inventories and files made for the tests."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tanbiao.exchange import openlca
from tanbiao.exchange.model import Exchange, Flow, Inventory, Measure, Process, Uncertainty

AIR = ("Emissions", "Emissions to air", "Emissions to air, unspecified")


def inventory(*processes: Process, **flows: Flow) -> Inventory:
    """Flows by keyword; the id of each is its keyword."""
    return Inventory("test", "test", flows=dict(flows), processes=processes)


def product(ident: str, name: str = "", unit: str = "kg", **more: object) -> Flow:
    return Flow(id=ident, name={"en": name or ident}, kind="product", unit=unit, **more)  # type: ignore[arg-type]


def gas(ident: str, name: str, unit: str = "kg", compartment: tuple[str, ...] = AIR) -> Flow:
    return Flow(id=ident, name={"en": name}, kind="elementary", unit=unit, compartment=compartment)


def process(ident: str, *exchanges: Exchange, name: str = "", place: str = "CN", **more: object) -> Process:
    return Process(id=ident, name={"en": name or ident}, exchanges=exchanges, place=place, **more)  # type: ignore[arg-type]


def out(flow: str, amount: float = 1.0, unit: str = "kg", **more: object) -> Exchange:
    return Exchange(
        number=f"o{flow}", flow=flow, name=flow, direction="output", amount=amount, unit=unit, **more
    )  # type: ignore[arg-type]


def ref(flow: str, amount: float = 1.0, unit: str = "kg", **more: object) -> Exchange:
    return out(flow, amount, unit, reference=True, **more)


def buy(flow: str, amount: float = 1.0, unit: str = "kg", **more: object) -> Exchange:
    return Exchange(
        number=f"i{flow}",
        flow=flow,
        name=str(more.pop("name", flow)),
        direction="input",
        amount=amount,
        unit=unit,
        **more,
    )  # type: ignore[arg-type]


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def database(path: Path, processes: int, seed: int = 1, per: int = 36) -> None:
    """A made-up database in this format, for tests of scale: every tenth exchange names its provider."""
    chance = random.Random(seed)
    unit = {"@type": "Unit", "@id": openlca.identity("unit kg"), "name": "kg"}
    group = {
        "@type": "UnitGroup",
        "@id": openlca.identity("group kg"),
        "name": "Units of mass",
        "units": [
            {"@type": "Unit", "@id": unit["@id"], "name": "kg", "isRefUnit": True, "conversionFactor": 1.0}
        ],
    }
    prop = {
        "@type": "FlowProperty",
        "@id": openlca.identity("property kg"),
        "name": "Mass",
        "unitGroup": group,
    }
    air = {
        "@type": "Flow",
        "@id": openlca.identity("flow co2"),
        "name": "Carbon dioxide, fossil",
        "flowType": "ELEMENTARY_FLOW",
        "category": "Elementary flows/Emission to air/unspecified",
        "flowProperties": [{"isRefFlowProperty": True, "conversionFactor": 1.0, "flowProperty": prop}],
    }
    words = ("钢", "铝", "铜", "电池", "玻璃", "水泥", "聚丙烯", "电力", "运输", "磷酸铁锂")
    english = (
        "steel",
        "aluminium",
        "copper",
        "battery",
        "glass",
        "cement",
        "polypropylene",
        "electricity",
        "transport",
        "lithium iron phosphate",
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:

        def put(name: str, data: Any) -> None:
            archive.writestr(name, json.dumps(data, ensure_ascii=False))

        put("olca-schema.json", {"version": 2})
        put(f"unit_groups/{group['@id']}.json", group)
        put(f"flow_properties/{prop['@id']}.json", prop)
        put(f"flows/{air['@id']}.json", air)
        places = ("CN", "GLO", "RER", "US", "CN-JS")
        for k in range(processes):
            name = f"{english[k % 10]} production {k}, route {k % 97}"
            put(
                f"flows/{openlca.identity(f'flow {k}')}.json",
                {
                    "@type": "Flow",
                    "@id": openlca.identity(f"flow {k}"),
                    "name": f"{english[k % 10]} {words[k % 10]} {k}",
                    "flowType": "PRODUCT_FLOW",
                    "flowProperties": [
                        {"isRefFlowProperty": True, "conversionFactor": 1.0, "flowProperty": prop}
                    ],
                },
            )
            ref = {"@type": "FlowProperty", "@id": prop["@id"], "name": "Mass"}
            exchanges = [
                {
                    "@type": "Exchange",
                    "internalId": 1,
                    "amount": 1.0,
                    "isInput": False,
                    "isQuantitativeReference": True,
                    "flow": {
                        "@type": "Flow",
                        "@id": openlca.identity(f"flow {k}"),
                        "name": f"{english[k % 10]} {words[k % 10]} {k}",
                        "flowType": "PRODUCT_FLOW",
                        "refUnit": "kg",
                    },
                    "unit": unit,
                    "flowProperty": ref,
                }
            ]
            for n in range(2, per + 1):
                t = chance.randrange(processes)
                gas = n % 6 == 0
                x: dict[str, Any] = {
                    "@type": "Exchange",
                    "internalId": n,
                    "amount": chance.random() * 0.01,
                    "isInput": not gas,
                    "isAvoidedProduct": False,
                    "isQuantitativeReference": False,
                    "unit": unit,
                    "flowProperty": ref,
                    "dqEntry": "(1;2;3;2;1)",
                    "description": "generated for a test of scale, no real process",
                    "flow": {
                        "@type": "Flow",
                        "@id": air["@id"] if gas else openlca.identity(f"flow {t}"),
                        "name": air["name"] if gas else f"{english[t % 10]} {words[t % 10]} {t}",
                        "refUnit": "kg",
                        "flowType": "ELEMENTARY_FLOW" if gas else "PRODUCT_FLOW",
                    },
                    "uncertainty": {
                        "@type": "Uncertainty",
                        "distributionType": "LOG_NORMAL_DISTRIBUTION",
                        "geomMean": 0.005,
                        "geomSd": 1.2,
                    },
                }
                if n % 10 == 0 and not gas:
                    x["defaultProvider"] = {
                        "@type": "Process",
                        "@id": openlca.identity(f"process {t}"),
                        "name": "provider",
                    }
                exchanges.append(x)
            put(
                f"processes/{openlca.identity(f'process {k}')}.json",
                {
                    "@type": "Process",
                    "@id": openlca.identity(f"process {k}"),
                    "name": f"{name}（{words[k % 10]}）",
                    "version": "00.00.001",
                    "category": f"Group {k % 50}/Sub {k % 7}",
                    "processType": "UNIT_PROCESS",
                    "location": {
                        "@type": "Location",
                        "@id": openlca.identity("place " + places[k % 5]),
                        "name": places[k % 5],
                    },
                    "processDocumentation": {
                        "validFrom": "2023-01-01",
                        "validUntil": "2024-12-31",
                        "technologyDescription": "A made-up route. " * 12,
                    },
                    "exchanges": exchanges,
                },
            )


TEXTS = (
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
    .map(lambda t: " ".join(t.split()) or "x")
    .filter(lambda t: t.strip() == t)
)
AMOUNTS = st.floats(-1e6, 1e6, allow_nan=False).filter(lambda v: v == 0 or abs(v) > 1e-12)
WORDS = st.dictionaries(st.sampled_from(["en", "zh"]), TEXTS, min_size=1, max_size=2)


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """Inventories that every writer should carry but for what its loss report names."""
    flows: dict[str, Flow] = {}
    for k in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["product", "waste", "elementary"])) if k else "product"
        flows[f"f{k}"] = Flow(
            id=f"f{k}",
            name=draw(WORDS),
            kind=kind,
            unit="kg",  # type: ignore[arg-type]
            compartment=AIR if kind == "elementary" else (),
            cas=draw(st.sampled_from(["", "124-38-9"])),
            measures=(Measure(property="Quantity in MJ", unit="MJ", factor=2.5),)
            if draw(st.booleans())
            else (),
        )
    processes = []
    for k in range(draw(st.integers(1, 3))):
        exchanges = [
            Exchange(
                number="0",
                flow="f0",
                name="f0",
                direction="output",
                amount=draw(AMOUNTS) or 1.0,
                unit="kg",
                reference=True,
            )
        ]
        for n in range(draw(st.integers(0, 4))):
            flow = draw(st.sampled_from(sorted(flows)))
            exchanges.append(
                Exchange(
                    number=str(n + 1),
                    flow=flow,
                    name=flow,
                    amount=draw(AMOUNTS),
                    unit=draw(st.sampled_from(["kg", "t"])),
                    direction=draw(st.sampled_from(["input", "output"])),  # type: ignore[arg-type]
                    uncertainty=draw(st.sampled_from([None, Uncertainty(kind="lognormal", a=1.0, b=1.5)])),
                    comment=draw(st.sampled_from([{}, {"en": "a remark"}, {"zh": "备注"}])),
                )
            )
        processes.append(
            Process(
                id=f"p{k}",
                name=draw(WORDS),
                exchanges=tuple(exchanges),
                place=draw(st.sampled_from(["", "CN", "RER"])),
                licence=draw(st.sampled_from(["", "CC0"])),
                start=draw(st.sampled_from(["", "2023"])),
                category=draw(st.sampled_from([(), ("Metals", "Steel")])),
            )
        )
    return Inventory(
        "test",
        "test",
        flows=flows,
        processes=tuple(processes),
        units={"kg": ("kg", 1.0), "t": ("kg", 1000.0), "MJ": ("MJ", 1.0)},
    )
