"""openLCA's EPDs and results are providers without inventory; product systems give providers; causal factors hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tanbiao.exchange import Head, Inventory, Rules, link, openlca, read, write, write_library
from tanbiao.library import compile_library, read_library

from .made import zipped

FLOWS = {
    "f": ("part", "PRODUCT_FLOW"),
    "g": ("steel", "PRODUCT_FLOW"),
    "h": ("slag", "PRODUCT_FLOW"),
    "c": ("Carbon dioxide, fossil", "ELEMENTARY_FLOW"),
}
KG = {"@type": "Unit", "@id": "kg", "name": "kg"}
CLIMATE = {"@id": "i", "name": "Climate change - total"}
Data = dict[str, Any]


def ref(ident: str) -> Data:
    return {"@type": "Flow", "@id": ident, "name": FLOWS[ident][0]}


def out(flow: str, amount: float = 1.0, number: int = 1, **more: Any) -> Data:
    return {
        "@type": "Exchange",
        "flow": ref(flow),
        "unit": KG,
        "amount": amount,
        "internalId": number,
        **more,
    }


def buy(flow: str, amount: float, number: int, **more: Any) -> Data:
    return out(flow, amount, number, isInput=True, **more)


def made(ident: str, *exchanges: Data, **more: Any) -> Data:
    return {"@type": "Process", "@id": ident, "name": ident, "exchanges": list(exchanges), **more}


def impact(amount: float, category: Data = CLIMATE) -> Data:
    return {"indicator": category, "amount": amount}


def with_uuids(value: Any) -> Any:
    """The same data with ids as openLCA itself writes them."""
    if isinstance(value, dict):
        return {k: openlca.identity(v) if k == "@id" else with_uuids(v) for k, v in value.items()}
    return [with_uuids(v) for v in value] if isinstance(value, list) else value


def database(path: Path, **folders: list[Data]) -> Path:
    files = {"olca-schema.json": b'{"version": 2}'}
    unit = {"name": "kg", "isRefUnit": True, "conversionFactor": 1.0}
    basics: dict[str, list[Data]] = {
        "unit_groups": [{"@id": "ug", "name": "mass", "units": [unit]}],
        "flow_properties": [{"@id": "fp", "name": "Mass", "unitGroup": {"@id": "ug"}}],
        "lcia_categories": [{"@id": "i", "name": "Climate change - total", "referenceUnit": "kg CO2-eq"}],
        "flows": [
            {
                "@id": k,
                "name": name,
                "flowType": kind,
                "category": "Elementary flows/Emission to air" if kind.startswith("E") else "",
                "flowProperties": [{"isRefFlowProperty": True, "flowProperty": {"@id": "fp"}}],
            }
            for k, (name, kind) in FLOWS.items()
        ],
    }
    kinds = {
        "flows": "Flow",
        "processes": "Process",
        "results": "Result",
        "epds": "Epd",
        "product_systems": "ProductSystem",
    }
    for folder, rows in {**basics, **folders}.items():
        for row in rows:
            data = with_uuids({"@type": kinds.get(folder, folder), **row})
            files[f"{folder}/{data['@id']}.json"] = json.dumps(data).encode()
    return zipped(path, files)


def footprints(found: Inventory, tmp_path: Path, rules: Rules | None = None) -> dict[str, float]:
    draft = link(found, rules or Rules())
    assert [p for p in draft.problems if p.level == "error"] == [] and draft.unlinked == []
    (tmp_path / "library").mkdir()
    write_library(tmp_path / "library", draft, found, Head("made"))
    library, problems = read_library(tmp_path / "library")
    assert problems == []
    compiled = compile_library(library, "AR6")
    return {p.name_en: float(compiled.values[compiled.index[k]].sum()) for k, p in library.processes.items()}


PART = made("part", out("f", isQuantitativeReference=True), buy("g", 2, 2, defaultProvider={"@id": "e"}))
EPD = {
    "@id": "e",
    "name": "Steel EPD",
    "product": {"flow": ref("g"), "amount": 10.0},
    "manufacturer": {"name": "Example Steel (constructed)"},
    "validUntil": "2029-01-01T00:00:00Z",
    "modules": [
        {"name": "A1-A3", "result": {"@id": "r1"}},
        {"name": "C4", "result": {"@id": "r2"}, "multiplier": 0.5},
    ],
}
MODULES = [
    {"@id": "r1", "name": "steel A1-A3", "impactResults": [impact(19.0)], "impactMethod": {"name": "EF 3.1"}},
    {"@id": "r2", "name": "steel C4", "impactResults": [impact(0.4)]},
]


@pytest.mark.parametrize("keep", [True, False])
def test_an_epd_is_a_provider_without_inventory(tmp_path: Path, keep: bool) -> None:
    path = database(tmp_path / "x.zip", processes=[PART], epds=[EPD], results=MODULES)
    found = read(path, keep=keep).gathered()
    (result,) = found.results
    assert found.problems == [] and (result.kind, result.unit, result.amount) == ("epd", "kg", "10")
    assert result.values == {"total": "19"} and result.modules["C4"] == {"GWP-total": "0.2"}
    assert (result.company, result.gwp, result.valid_until) == (
        "Example Steel (constructed)",
        "AR6",
        "2029-01-01",
    )
    assert footprints(found, tmp_path)["part"] == pytest.approx(2 * 1.9)


def test_what_was_read_of_results_is_written_back(tmp_path: Path) -> None:
    inventory_result = {
        "@id": "r3",
        "name": "melting, calculated",
        "flowResults": [
            {"flow": ref("g"), "amount": 1, "isRefFlow": True},
            {"flow": ref("c"), "amount": 1.5},
        ],
    }
    path = database(tmp_path / "x.zip", processes=[PART], epds=[EPD], results=[*MODULES, inventory_result])
    found = read(path).gathered()
    assert write(found, tmp_path / "y.zip", "openlca") == ()
    assert read(tmp_path / "y.zip").content() == found.content()


def test_a_result_with_impacts_only_is_a_result_and_one_with_flows_a_process(tmp_path: Path) -> None:
    flows = [{"flow": ref("g"), "amount": 2.0, "isRefFlow": True}]
    results = [
        {"@id": "r", "name": "steel", "flowResults": flows, "impactResults": [impact(3.0)]},
        {
            "@id": "s",
            "name": "steel, inventory",
            "flowResults": [*flows, {"flow": ref("c"), "amount": 3.2}],
            "impactResults": [impact(3.0)],
        },
    ]
    found = read(database(tmp_path / "x.zip", results=results)).gathered()
    (result,) = found.results
    assert (result.kind, result.values, result.amount) == ("result", {"total": "3"}, "2")
    (process,) = found
    assert process.kind == "aggregated" and footprints(found, tmp_path) == {
        "steel, inventory": pytest.approx(1.6)
    }


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"impactResults": [impact(1.0, {"@id": "x", "name": "Climate change"})]}, "is no kgCO2e"),
        ({"impactResults": [impact(1.0), impact(2.0)]}, "several indicators"),
        ({"impactResults": [impact(1.0, {"@id": "i", "name": "GWP 20"})]}, "no total for climate"),
        ({"flowResults": []}, "0 reference flows"),
        ({"flowResults": [{"flow": ref("g"), "amount": 0, "isRefFlow": True}]}, "not above zero"),
        ({"flowResults": [{"flow": {"@id": "no"}, "amount": 1, "isRefFlow": True}]}, "is not there"),
    ],
)
def test_a_result_that_cannot_be_used_is_named(tmp_path: Path, change: Data, detail: str) -> None:
    good = {
        "@id": "r",
        "name": "steel",
        "flowResults": [{"flow": ref("g"), "amount": 1, "isRefFlow": True}],
        "impactResults": [impact(1.0)],
    }
    found = read(database(tmp_path / "x.zip", results=[{**good, **change}])).gathered()
    assert found.results == [] and [p.code for p in found.problems] == ["exchange-footprint"]
    assert detail in found.problems[0].args["detail"]


STEEL = [
    made("steel.a", out("g", isQuantitativeReference=True), out("c", 1.0, 2)),
    made("steel.b", out("g", isQuantitativeReference=True), out("c", 3.0, 2)),
]
OPEN = made("part", out("f", isQuantitativeReference=True), buy("g", 2, 2))


def system(ident: str, provider: str) -> Data:
    return {
        "@id": ident,
        "name": ident,
        "referenceProcess": {"@id": "part"},
        "processLinks": [
            {
                "process": {"@id": "part"},
                "provider": {"@id": provider},
                "flow": ref("g"),
                "exchange": {"internalId": 2},
            }
        ],
    }


@pytest.mark.parametrize("keep", [True, False])
def test_links_of_a_product_system_are_providers_where_the_process_names_none(
    tmp_path: Path, keep: bool
) -> None:
    path = database(tmp_path / "x.zip", processes=[*STEEL, OPEN], product_systems=[system("s", "steel.b")])
    assert footprints(read(path, keep=keep), tmp_path)["part"] == pytest.approx(6)


def test_a_provider_that_the_process_names_stands(tmp_path: Path) -> None:
    named = made(
        "part", out("f", isQuantitativeReference=True), buy("g", 2, 2, defaultProvider={"@id": "steel.a"})
    )
    path = database(tmp_path / "x.zip", processes=[*STEEL, named], product_systems=[system("s", "steel.b")])
    assert footprints(read(path), tmp_path)["part"] == pytest.approx(2)


def test_product_systems_that_differ_give_no_provider(tmp_path: Path) -> None:
    systems = [system("s", "steel.a"), system("t", "steel.b")]
    found = read(database(tmp_path / "x.zip", processes=[*STEEL, OPEN], product_systems=systems))
    draft = link(found, Rules())
    assert [u.why for u in draft.unlinked] and "exchange-openlca-links" in {p.code for p in draft.problems}


def factor(product: str, number: int, value: float) -> Data:
    return {
        "allocationType": "CAUSAL_ALLOCATION",
        "product": ref(product),
        "exchange": {"internalId": number},
        "value": value,
    }


def causal(*factors: Data) -> Data:
    return made(
        "works",
        out("f", 1.0, isQuantitativeReference=True),
        out("h", 4.0, 2),
        out("c", 10.0, 3),
        buy("g", 1.0, 4, defaultProvider={"@id": "steel.a"}),
        defaultAllocationMethod="CAUSAL_ALLOCATION",
        allocationFactors=list(factors),
    )


@pytest.mark.parametrize("keep", [True, False])
def test_causal_factors_hold_exchange_by_exchange(tmp_path: Path, keep: bool) -> None:
    works = causal(factor("f", 3, 0.7), factor("h", 3, 0.3), factor("f", 4, 0.0), factor("h", 4, 1.0))
    found = read(database(tmp_path / "x.zip", processes=[STEEL[0], works]), keep=keep)
    values = footprints(found, tmp_path, Rules(allocation="declared"))
    assert values["works"] == pytest.approx(7.0)
    assert values["works, slag"] == pytest.approx((3.0 + 1.0) / 4)
    assert values["works"] * 1 + values["works, slag"] * 4 == pytest.approx(11)  # the parts give the whole


@pytest.mark.parametrize(
    ("factors", "why"),
    [
        ([factor("f", 3, 0.7), factor("h", 3, 0.3)], "exchange-allocation-data"),
        ([factor("f", 3, 2), factor("h", 3, 0.3), factor("f", 4, 1)], "exchange-allocation-sum"),
    ],
)
def test_causal_factors_must_be_whole(tmp_path: Path, factors: list[Data], why: str) -> None:
    found = read(database(tmp_path / "x.zip", processes=[STEEL[0], causal(*factors)]))
    assert [w for _, _, w in link(found, Rules(allocation="declared")).left_out] == [why]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            {"distributionType": "LOG_NORMAL_DISTRIBUTION", "geomMean": 2.0, "geomSd": 1.1},
            ("lognormal", 2.0, 1.1, None),
        ),
        ({"distributionType": "NORMAL_DISTRIBUTION", "mean": 2.0, "sd": 0.1}, ("normal", 2.0, 0.1, None)),
        (
            {"distributionType": "UNIFORM_DISTRIBUTION", "minimum": 1.0, "maximum": 3.0},
            ("uniform", 1.0, 3.0, None),
        ),
        (
            {"distributionType": "TRIANGLE_DISTRIBUTION", "minimum": 1.0, "mode": 2.0, "maximum": 3.0},
            ("triangular", 1.0, 2.0, 3.0),
        ),
        ({"distributionType": "NO_DISTRIBUTION"}, None),
        ({"distributionType": "LOG_NORMAL_DISTRIBUTION"}, None),
        ({"distributionType": "SOMETHING_ELSE"}, None),
        (None, None),
    ],
)
def test_a_large_import_reads_the_same_distributions(
    tmp_path: Path, said: Data | None, expected: tuple[Any, ...] | None
) -> None:
    part = made(
        "part", out("f", isQuantitativeReference=True), buy("g", 2, 2, uncertainty=said, dqEntry="(1;2)")
    )
    path = database(tmp_path / "x.zip", processes=[part])
    for keep in (True, False):
        (p,) = read(path, keep=keep)
        u = p.exchanges[1].uncertainty
        assert (u and (u.kind, u.a, u.b, u.c)) == expected and p.exchanges[1].quality == "(1;2)"
