"""Small inventories and files made for the tests."""

from __future__ import annotations

import zipfile
from pathlib import Path

from hypothesis import strategies as st

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
