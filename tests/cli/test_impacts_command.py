"""`tanbiao library impacts`, `trace`, `breakeven`: from an imported database to categories, in zh, en and JSON."""

from __future__ import annotations

import csv
import json
import math
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tanbiao.cli.app import app
from tanbiao.core.errors import TanbiaoError
from tanbiao.exchange import Head, Rules, link, read, write_library
from tanbiao.exchange.elementary import characterise
from tanbiao.exchange.impact_methods import read_impact_methods
from tanbiao.exchange.model import Uncertainty
from tests.conftest import ROOT
from tests.exchange.made import buy, gas, inventory, out, process, product, ref

DATA = ROOT.parent / "shared" / "data"
WATER = ("Resources", "Resources from water", "Renewable material resources from water")
KEYS = (
    "name",
    "@id",
    "flow",
    "value",
    "unit",
    "location",
    "impactFactors",
    "impactCategories",
    "categoryPath",
)
METHOD = """method,flow_uuid,flow,direction,location,cf,unit
acid,so2,"sulfur dioxide (Mass, kg, Emissions to air, unspecified)",Output,,1.5,mol
climate,,"carbon dioxide (fossil) (Mass, kg, Emissions to air, unspecified)",Output,,1,kg
water,water,"water (Volume, m3, Renewable material resources from water)",Input,,40,m3
ozone,,"CFC-11 (Mass, kg, Emissions to air, unspecified)",Output,,1,kg
"""
runner = CliRunner()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANBIAO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def call(*arguments: str, code: int = 0) -> str:
    result = runner.invoke(app, list(arguments), env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def imported(folder: Path, **power: object) -> Path:
    """Power and a sheet with elementary flows, as an import leaves them; amounts in grams and tonnes on purpose. power:
    more about the purchase of power."""
    made = inventory(
        process(
            "power",
            ref("kwh", 1.0, "kWh"),
            out("co2", 500.0, "g"),
            out("so2", 1.0, "g"),
            buy("water", 2.0, "l"),
        ),
        process(
            "sheet",
            ref("metal"),
            buy("kwh", 4.0, "kWh", **power),
            out("co2", 0.001, "t"),
            out("so2", 0.003),
            out("dust", 0.01),
            buy("steel", 2.0),
        ),
        kwh=product("kwh", unit="kWh"),
        metal=product("metal"),
        steel=product("steel"),
        co2=gas("co2", "Carbon dioxide, fossil"),
        so2=gas("so2", "Sulfur dioxide"),
        dust=gas("dust", "Dust"),
        water=gas("water", "Water", "m3", WATER),
    )
    folder.mkdir()
    draft = link(made, Rules())
    assert [d.code for d in draft.problems if d.level == "error"] == []
    write_library(folder, draft, made, Head("works"))
    Path("m.csv").write_text(METHOD, encoding="utf-8")
    return folder


def test_an_import_keeps_elementary_flows_and_any_method_finds_them(tmp_path: Path) -> None:
    imported(tmp_path / "works")
    data = json.loads(call("library", "impacts", "works", "sheet", "power", "--method", "m.csv", "--json"))
    sheet, power = ({s["category"]: s for s in p["scores"]} for p in data["products"])
    assert power["climate"]["value"] == pytest.approx(0.5) and power["acid"]["value"] == pytest.approx(0.0015)
    assert sheet["climate"]["value"] == pytest.approx(3)
    assert sheet["acid"]["value"] == pytest.approx(1.5 * (0.003 + 4 * 0.001))
    assert sheet["water"]["value"] == pytest.approx(40 * 4 * 0.002) and sheet["water"]["unit"] == "m3"
    assert sheet["ozone"]["value"] is None and sheet["ozone"]["flows"] == 0
    one = data["products"][0]
    assert one["climate"]["positions"]["A"] == pytest.approx(3)
    assert [(m["flow"], m["amount"], m["unit"], m["why"]) for m in one["missing"]] == [
        ("dust", pytest.approx(0.01), "kg", "unknown")
    ]
    assert one["partial"] and [(c["flow"], c["amount"]) for c in one["cut_off"]] == [("steel", 2.0)]
    inventory_ = {(f["flow"], f["direction"]): (f["amount"], f["unit"]) for f in one["inventory"]}
    assert inventory_["water", "input"] == (pytest.approx(0.008), "m3")
    assert inventory_["so2", "output"] == (pytest.approx(0.007), "kg")
    assert data["elementary_flows"] == 3 and data["gases"] == 1


def test_a_check_of_the_library_finds_faults_of_its_elementary_flows(tmp_path: Path) -> None:
    table = imported(tmp_path / "works") / "elementary.csv"
    with table.open("a", encoding="utf-8") as file:
        file.write("sheet,unheard,output,1,\nsheet,so2,output,x,\n")
    found = json.loads(call("library", "check", "--library", "works", "--json", code=1))
    assert {"library-flow-missing", "number-expected"} <= {p["code"] for p in found}
    text = call("library", "impacts", "works", "--method", "m.csv", "--json", code=2)
    assert [p["code"] for p in json.loads(text)["problems"]] == ["library-flow-missing", "number-expected"]


def test_all_products_at_once_are_the_products_one_by_one(tmp_path: Path) -> None:
    imported(tmp_path / "works")
    every = json.loads(call("library", "impacts", "works", "--method", "m.csv", "--json"))
    one = json.loads(call("library", "impacts", "works", "sheet", "power", "--method", "m.csv", "--json"))
    by = {p["product"]: p["scores"] for p in every["products"]}
    for p in one["products"]:
        for s in p["scores"]:
            assert by[p["product"]][s["category"]] == pytest.approx(s["value"])
    assert every["missing"] == [
        {"flow": "dust", "direction": "output", "why": "unknown", "category": "", "processes": 1}
    ]
    call("library", "impacts", "works", "--method", "m.csv", "--out", "all")
    with Path("all/scores.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {r["product"]: float(r["acid"]) for r in rows} == pytest.approx({"sheet": 0.0105, "power": 0.0015})
    assert rows[0]["ozone"] == ""


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "en",
            ("not whole", "not evaluable, not zero", "not in the methods", "exchanges without provider: 1"),
        ),
        ("zh", ("不完整", "不可评价，不是零", "方法中没有此流", "没有供应者的交换：1 条")),
    ],
)
def test_it_says_what_is_not_counted(tmp_path: Path, lang: str, said: tuple[str, ...]) -> None:
    imported(tmp_path / "works")
    text = call("library", "impacts", "works", "sheet", "--method", "m.csv", "--lang", lang, "--out", "out")
    assert all(s in text for s in said), text
    assert "dust" in Path("out/missing.csv").read_text(encoding="utf-8")
    assert (
        "works" not in call("library", "impacts", "works", "--method", "m.csv", "--lang", lang).split("\n")[0]
    )


def test_normalised_and_weighted_results_need_a_source_and_all_their_parts(tmp_path: Path) -> None:
    imported(tmp_path / "works")
    Path("n.csv").write_text(
        "category,reference,source\nacid,50,made up\nwater,4,made up\n", encoding="utf-8"
    )
    Path("w.csv").write_text(
        "category,weight,source\nacid,0.5,made up\nwater,0.5,made up\n", encoding="utf-8"
    )
    tables = ("--normalise", "n.csv", "--weight", "w.csv")
    data = json.loads(call("library", "impacts", "works", "sheet", "--method", "m.csv", *tables, "--json"))
    acid = data["products"][0]["scores"][0]
    assert acid["normalised"] == pytest.approx(0.0105 / 50) and acid["weighted"] == pytest.approx(
        0.0105 / 100
    )
    assert data["products"][0]["single"] == pytest.approx(0.0105 / 100 + 0.32 / 8)
    assert data["weighting"][0] == {"category": "acid", "value": 0.5, "source": "made up"}
    with Path("w.csv").open("a", encoding="utf-8") as file:
        file.write("ozone,0.1,made up\n")
    text = call("library", "impacts", "works", "sheet", "--method", "m.csv", *tables, "--lang", "en")
    assert "no weighted sum: no result for ozone" in text
    Path("w.csv").write_text("category,weight,source\nacid,0.5,\nwater,-1,x\nacid,y,x\n", encoding="utf-8")
    text = call("library", "impacts", "works", "sheet", "--method", "m.csv", *tables, "--json", code=2)
    found = [p["code"] for p in json.loads(text)["problems"]]
    assert found == ["method-factors-row", "method-factors-row", "number-expected"]
    Path("n.csv").write_text("category,reference\nacid,50\n", encoding="utf-8")
    text = call("library", "impacts", "works", "--method", "m.csv", "--normalise", "n.csv", "--json", code=2)
    assert json.loads(text)["problems"][0]["code"] == "method-factors-columns"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("impacts works nothing --method m.csv", "library-product-unknown"),
        ("impacts works --method m.csv --category noise", "method-category-unknown"),
        ("impacts works --method nowhere", "exchange-not-found"),
        ("impacts works --method m.csv --mapping m.csv", "method-mapping-columns"),
        ("trace works sheet --method m.csv", "method-category-one"),
        ("trace works sheet --cutoff 0", "trace-cutoff"),
        ("trace works co2_fossil", "library-product-unknown"),
        ("breakeven works sheet power --buyer power --provider sheet --from 0 --to 1", "trace-purchase"),
        ("breakeven works sheet power --buyer sheet --provider power --from 1 --to 0", "trace-range"),
    ],
)
def test_what_cannot_be_done_is_refused(tmp_path: Path, arguments: str, code: str) -> None:
    imported(tmp_path / "works")
    text = call("library", *arguments.split(), "--json", code=2)
    assert json.loads(text)["problems"][0]["code"] == code


def test_trace_divides_a_result_and_draws_it(tmp_path: Path) -> None:
    imported(tmp_path / "works")
    how = ("--method", "m.csv", "--category", "acid", "--figure", "t.svg")
    data = json.loads(call("library", "trace", "works", "sheet", *how, "--json").split("\n", 1)[1])
    assert data["value"] == pytest.approx(0.0105) and data["unit"] == "mol"
    assert {p["id"]: p["value"] for p in data["by_process"]} == pytest.approx(
        {"power": 0.006, "sheet": 0.0045}
    )
    assert sum(p["share"] for p in data["by_flow"]) == pytest.approx(1)
    svg = Path("t.svg").read_text(encoding="utf-8")
    assert svg.startswith("<svg") and "0.0105 mol" in svg and "power" in svg
    climate = json.loads(call("library", "trace", "works", "sheet", "--json"))
    assert climate["value"] == pytest.approx(3) and climate["category"] == "kgCO2e AR6"
    for lang, word in (("en", "by first supplier"), ("zh", "第一级供应者")):
        assert word in call("library", "trace", "works", "sheet", "--lang", lang)


@pytest.mark.parametrize("to", ["openlca", "ilcd"])
def test_an_export_carries_elementary_flows_and_the_import_finds_them_again(tmp_path: Path, to: str) -> None:
    imported(tmp_path / "works")
    scores = json.loads(call("library", "impacts", "works", "--method", "m.csv", "--json"))["products"]
    call("export", "works", "--to", to, "--out", f"{to}.zip")
    call("import", f"{to}.zip", "--as", "library", "--id", "back")
    method = (
        Path("m.csv")
        .read_text(encoding="utf-8")
        .replace("acid,so2,", "acid,,")
        .replace("water,water,", "water,,")
    )
    Path("m.csv").write_text(
        method, encoding="utf-8"
    )  # a format may give flows ids of its own: found by name
    back = json.loads(call("library", "impacts", "back", "--method", "m.csv", "--json"))["products"]
    known = sorted(tuple(p["scores"].values()) for p in scores)
    assert sorted(tuple(p["scores"].values()) for p in back) == [pytest.approx(k) for k in known]


def test_breakeven_says_where_two_products_are_equal(tmp_path: Path) -> None:
    imported(tmp_path / "works")
    how = ["--buyer", "sheet", "--provider", "power", "--from", "-4", "--to", "4"]
    data = json.loads(call("library", "breakeven", "works", "sheet", "power", *how, "--json"))
    assert (
        data["values"] == pytest.approx([-1]) and data["amount_now"] == 4 and data["better_below"] == "sheet"
    )
    assert "equal at: -1 kWh" in call("library", "breakeven", "works", "sheet", "power", *how, "--lang", "en")
    far = ["--buyer", "sheet", "--provider", "power", "--from", "1", "--to", "4"]
    text = call("library", "breakeven", "works", "sheet", "power", *far, "--lang", "zh")
    assert "该范围内不持平" in text


def test_what_the_library_declares_uncertain_is_drawn_in_every_category(tmp_path: Path) -> None:
    imported(tmp_path / "works", uncertainty=Uncertainty(kind="lognormal", a=4.0, b=1.3))
    how = ("--method", "m.csv", "--samples", "400", "--seed", "3")
    data = json.loads(call("library", "impacts", "works", "sheet", "power", *how, "--json"))
    sheet, power = (p["draws"] for p in data["products"])
    assert power is None and sheet["amounts_drawn"] == 1 and sheet["unsolved"] == []
    by = {s["category"]: s for s in sheet["scores"]}
    sigma = math.log(1.3)
    water = 40 * 4 * 0.002
    assert by["water"]["median"] == pytest.approx(water, rel=0.05)
    assert by["water"]["mean"] == pytest.approx(water * math.exp(sigma**2 / 2), rel=0.05)
    assert by["acid"]["low"] < 0.0105 < by["acid"]["high"] and by["ozone"]["deviation"] is None
    flows = {f["flow"]: f for f in sheet["inventory"]}
    assert flows["water"]["mean"] == pytest.approx(by["water"]["mean"] / 40)
    assert flows["dust"]["deviation"] == pytest.approx(0, abs=1e-15)
    said = (
        ("en", "draws (seed 3), amounts that vary: 1", "nothing is drawn"),
        ("zh", "有分布的数量：1", "不抽样"),
    )
    for lang, drawn, none in said:
        assert drawn in call("library", "impacts", "works", "sheet", *how, "--lang", lang)
        assert none in call("library", "impacts", "works", "power", *how, "--lang", lang)
    trace = json.loads(call("library", "trace", "works", "sheet", "--sobol", "512", "--json"))["variance"]
    (source,) = trace["sources"]
    assert (source["process"], source["provider"], source["share"]) == ("sheet", "power", 1.0)
    assert source["sobol_first"] == pytest.approx(1, abs=0.15)
    text = call("library", "trace", "works", "sheet", "--sobol", "64", "--lang", "en")
    assert "first-order variance" in text and "Sobol total" in text
    assert "一阶方差" in call("library", "trace", "works", "sheet", "--lang", "zh")


def test_a_flow_with_nature_is_drawn_as_its_source_declares_it(tmp_path: Path) -> None:
    spread = Uncertainty(kind="normal", a=3.0, b=0.3)  # of 3 g
    made = inventory(
        process("sheet", ref("metal", 2.0), out("so2", 3.0, "g", uncertainty=spread)),
        metal=product("metal"),
        so2=gas("so2", "Sulfur dioxide"),
    )
    (tmp_path / "works").mkdir()
    write_library(tmp_path / "works", link(made, Rules()), made, Head("works"))
    Path("m.csv").write_text(METHOD, encoding="utf-8")
    how = ("--method", "m.csv", "--category", "acid", "--samples", "2000")
    draws = json.loads(call("library", "impacts", "works", "sheet", *how, "--json"))["products"][0]["draws"]
    (flow,) = draws["inventory"]
    assert (flow["mean"], flow["deviation"]) == (
        pytest.approx(0.0015, rel=0.01),
        pytest.approx(0.00015, rel=0.05),
    )
    assert draws["scores"][0]["deviation"] == pytest.approx(1.5 * 0.00015, rel=0.05)


def ilcd(folder: Path) -> Path:
    target = folder / "ILCD" / "lciamethods"
    target.mkdir(parents=True)
    factor = (
        '<factor><referenceToFlowDataSet refObjectId="so2"><c:shortDescription>sulfur dioxide</c:shortDescription>'
        "</referenceToFlowDataSet><location>{place}</location><exchangeDirection>Output</exchangeDirection>"
        "<meanValue>{value}</meanValue></factor>"
    )
    (target / "m.xml").write_text(
        '<LCIAMethodDataSet xmlns="http://lca.jrc.it/ILCD/LCIAMethod" xmlns:c="http://lca.jrc.it/ILCD/Common">'
        "<LCIAMethodInformation><dataSetInformation><c:name>acid</c:name></dataSetInformation>"
        "<quantitativeReference><referenceQuantity><c:shortDescription>mol H+</c:shortDescription>"
        "</referenceQuantity></quantitativeReference></LCIAMethodInformation><characterisationFactors>"
        + factor.format(place="", value="1.5")
        + factor.format(place="CN", value="2")
        + "</characterisationFactors></LCIAMethodDataSet>",
        encoding="utf-8",
    )
    return folder / "ILCD"


def openlca(path: Path) -> Path:
    category = {
        "@id": "c1",
        "name": "acid",
        "refUnit": "mol H+",
        "impactFactors": [
            {
                "value": 1.5,
                "flow": {
                    "@id": "so2",
                    "name": "Sulfur dioxide",
                    "category": "Elementary flows/Emission to air",
                },
                "unit": {"name": "kg"},
            },
            {
                "value": 2,
                "flow": {
                    "@id": "so2",
                    "name": "Sulfur dioxide",
                    "category": "Elementary flows/Emission to air",
                },
                "unit": {"name": "kg"},
                "location": {"@id": "l1", "name": "China"},
            },
            {
                "value": 40,
                "flow": {"@id": "water", "name": "Water", "category": "Elementary flows/Resource/in water"},
                "unit": {"name": "m3"},
            },
        ],
    }
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lcia_categories/c1.json", json.dumps(category))
        archive.writestr("locations/l1.json", json.dumps({"@id": "l1", "name": "China", "code": "CN"}))
        archive.writestr("lcia_methods/m1.json", json.dumps({"@id": "m1", "name": "Mine"}))
    return path


def test_ilcd_and_openlca_methods_give_what_a_table_gives(tmp_path: Path) -> None:
    imported(tmp_path / "works")
    found = {}
    for name, path in (("ilcd", ilcd(tmp_path / "a")), ("openlca", openlca(tmp_path / "m.zip"))):
        data = json.loads(call("library", "impacts", "works", "sheet", "--method", str(path), "--json"))
        found[name] = data["products"][0]["scores"][0]
    assert found["ilcd"]["value"] == pytest.approx(2 * 0.007) and found["ilcd"]["unit"] == "mol H+"
    assert found["openlca"]["value"] == pytest.approx(2 * 0.007 + 40 * 0.008)


def test_broken_methods_are_refused_with_every_place(tmp_path: Path) -> None:
    imported(tmp_path / "works")
    (tmp_path / "bad" / "lciamethods").mkdir(parents=True)
    (tmp_path / "bad" / "lciamethods" / "a.xml").write_text("<no", encoding="utf-8")
    (tmp_path / "bad" / "lciamethods" / "b.xml").write_text(
        "<LCIAMethodDataSet><characterisationFactors><factor><meanValue>1</meanValue></factor></characterisationFactors></LCIAMethodDataSet>",
        encoding="utf-8",
    )
    text = call("library", "impacts", "works", "--method", "bad", "--json", code=2)
    assert [p["code"] for p in json.loads(text)["problems"]] == ["exchange-xml", "exchange-entity"]
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("lcia_categories/a.json", "{")
        archive.writestr("lcia_categories/b.json", '{"name": "x", "impactFactors": [{"value": 1}]}')
    text = call("library", "impacts", "works", "--method", "bad.zip", "--json", code=2)
    assert [p["code"] for p in json.loads(text)["problems"]] == ["exchange-json", "exchange-entity"]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(node=JSON, factor=JSON)
def test_any_json_is_read_or_refused(tmp_path: Path, node: object, factor: object) -> None:
    whole = {"name": "x", "impactFactors": [factor, {"flow": {"@id": "f", "category": node}, "value": 1}]}
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr("lcia_categories/a.json", json.dumps(whole))
        archive.writestr("lcia_categories/b.json", json.dumps(node))
        archive.writestr("lcia_methods/a.json", json.dumps(node))
        archive.writestr("locations/a.json", json.dumps(factor))
    try:
        assert read_impact_methods(tmp_path / "m.zip")
    except TanbiaoError as error:
        assert error.problems


@pytest.mark.skipif(not (DATA / "samples").is_dir(), reason="../shared/data is not here")
@pytest.mark.parametrize("source", ["samples/ilcd-tiangong", "samples/ecospold/v2/v2_2.spold"])
def test_real_data_sets_keep_every_exchange_with_nature_and_shares_sum_to_the_whole(source: str) -> None:
    inventory_ = read(DATA / source).gathered()
    draft = link(inventory_, Rules(allocation="mass"))
    taken = {m.source for m in draft.made}
    bought = {p.args["flows"] for p in draft.problems if p.code == "exchange-elementary-bought"}
    wanted: dict[str, float] = {}
    for p in inventory_:
        for x in p.exchanges if p.id in taken else ():
            flow = inventory_.flows[x.flow]
            name = next(iter(flow.name.values()))
            if flow.kind == "elementary" and not characterise(flow, x.direction).gas and name not in bought:
                wanted[flow.id] = wanted.get(flow.id, 0.0) + x.amount
    kept: dict[str, float] = {}
    for k, amount in zip(draft.nature.flow, draft.nature.amount, strict=True):
        flow_id = draft.nature.flows[k][1].id
        kept[flow_id] = kept.get(flow_id, 0.0) + amount
    assert len(kept) > 4 and kept == pytest.approx(wanted)


@pytest.mark.skipif(not (DATA / "starter/methods").is_dir(), reason="../shared/data is not here")
def test_an_imported_real_data_set_under_ef_31() -> None:
    pytest.importorskip("pyarrow")
    sample = str(DATA / "samples/ecospold/v2/v2_2.spold")
    call("import", sample, "--as", "library", "--id", "spold")
    method = str(DATA / "starter/methods/ef31_characterisation_factors.parquet")
    data = json.loads(call("library", "impacts", "spold", "--method", method, "--json"))
    assert len(data["categories"]) == 18 and data["elementary_flows"] == 10
    (product_,) = data["products"]
    assert product_["scores"]["Climate change"] and product_["scores"]["Water use"]
    covered = {m["flow"] for m in data["missing"] if m["why"] == "unknown"}
    assert 0 < len(covered) < 10
