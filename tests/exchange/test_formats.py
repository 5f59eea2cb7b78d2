# ruff: noqa: E501  (samples of foreign formats keep their lines)
"""Readers one by one: ecoSpold, Brightway workbooks, SimaPro CSV, openEPD, ILCD+EPD, PACT v2, tables."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from tanbiao.exchange import FORMATS, Rules, link, read
from tanbiao.exchange.ilcd import datasets
from tanbiao.exchange.model import Losses


@pytest.mark.parametrize(
    ("name", "format", "exchanges", "year"),
    [
        ("v1/v1_1.xml", "ecospold1", 2, "1999"),
        ("v1/v1_2.spold", "ecospold1", 53, "1994"),
        ("v2/v2_1.xml", "ecospold2", 28, "1989"),
        ("v2/v2_2.spold", "ecospold2", 52, "1984"),
    ],
)
def test_ecospold_samples(data: Path, name: str, format: str, exchanges: int, year: str) -> None:
    made = read(data / "samples/ecospold" / name).gathered()
    (process,) = made.processes
    assert (
        made.format == format
        and made.problems == []
        and len(process.exchanges) == exchanges
        and process.start[:4] == year
    )


def test_ecospold_1_details(data: Path) -> None:
    (p,) = read(data / "samples/ecospold/v1/v1_1.xml").gathered().processes
    waste = p.exchanges[1]
    assert (
        waste.amount == 21200
        and waste.unit == "kg"
        and waste.uncertainty is not None
        and waste.uncertainty.b == pytest.approx(1.22**0.5)
    )
    assert p.allocations[0].value == pytest.approx(0.976) and p.name == {
        "en": "compost plant, open",
        "de": "Kompostieranlage, offen",
    }


def test_ecospold_2_details(data: Path) -> None:
    made = read(data / "samples/ecospold/v2/v2_1.xml").gathered()
    (p,) = made.processes
    (reference,) = p.references
    assert (
        made.flows[reference.flow].name["en"] == "particle board, cement bonded"
        and reference.unit == "m3"
        and p.place == "RoW"
    )
    assert {m.property for m in made.flows[reference.flow].measures} >= {"wet mass", "dry mass", "price"}


# -- Brightway


def workbook(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


HEAD: list[list[object]] = [
    ["Database", "mine"],
    [],
    ["Activity", "steel making"],
    ["location", "CN"],
    ["unit", "kilogram"],
    ["reference product", "steel"],
    ["Exchanges"],
    ["name", "amount", "location", "unit", "categories", "type", "reference product"],
]


def test_a_brightway_workbook(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "x.xlsx",
        [
            *HEAD,
            ["steel making", 1, "CN", "kilogram", None, "production", "steel"],
            ["Carbon dioxide, fossil", 1.9, None, "kilogram", "air::urban air", "biosphere", None],
            ["market for electricity", 0.5, "CN", "kilowatt hour", None, "technosphere", "electricity"],
        ],
    )
    made = read(path).gathered()
    draft = link(made, Rules())
    assert made.format == "brightway" and made.experimental and draft.gases["co2_fossil"] == 1
    assert [u.name for u in draft.unlinked] == ["electricity"] or [u.unit for u in draft.unlinked] == ["kWh"]


def test_a_formula_without_cached_value_is_an_error_with_its_cell(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "x.xlsx", [*HEAD, ["steel making", "=1/2", "CN", "kilogram", None, "production", "steel"]]
    )
    made = read(path).gathered()
    assert [(p.code, p.place.file, p.place.cell) for p in made.problems] == [
        ("cell-formula", "x.xlsx[Sheet]", "B9")
    ]


def test_wrong_cells_name_sheet_and_cell(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "x.xlsx",
        [
            *HEAD,
            ["steel making", "much", "CN", "kilogram", None, "production", "steel"],
            ["x", 1, "CN", "kilogram", None, "sideways", "x"],
        ],
    )
    problems = {(p.code, p.place.cell) for p in read(path).gathered().problems}
    assert problems == {("number-expected", "B9"), ("cell-option", "F10")}


# -- SimaPro

SIMAPRO = """{SimaPro 9.4.0.2}
{processes}
{CSV Format version: 9.0.0}
{CSV separator: Semicolon}
{Decimal separator: ,}

Process

Category type
material

Process identifier
X1

Process name
Steel {CN}| production

Products
Steel {CN}| production;kg;1;100;not defined;Metals;

Materials/fuels
Coal {CN}| market;kg;0,5;Undefined;0;0;0;

Resources
Iron;in ground;kg;1,2;Undefined;0;0;0;

Emissions to air
Carbon dioxide, fossil;high. pop.;kg;1,9;Lognormal;1,2;0;0;

End
"""


def test_a_simapro_file(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(SIMAPRO, encoding="gb18030")
    made = read(tmp_path / "x.csv").gathered()
    (p,) = made.processes
    assert made.format == "simapro" and made.experimental and made.problems == [] and p.place == "CN"
    assert [x.amount for x in p.exchanges] == [1, 0.5, 1.2, 1.9] and p.exchanges[3].uncertainty is not None
    assert link(made, Rules()).gases["co2_fossil"] == 1


def test_a_simapro_file_cut_off_is_reported(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(SIMAPRO.removesuffix("End\n"), encoding="utf-8")
    assert [p.code for p in read(tmp_path / "x.csv").gathered().problems] == ["exchange-simapro-end"]


# -- declarations and footprints


def test_openepd(tmp_path: Path) -> None:
    epd = {
        "doctype": "openEPD",
        "id": "ec3abc",
        "product_name": "Concrete",
        "declared_unit": {"qty": 2, "unit": "m3"},
        "manufacturer": {"name": "Maker"},
        "valid_until": "2028-01-01",
        "impacts": {
            "EF 3.1": {
                "gwp": {"A1A2A3": {"mean": 600, "unit": "kgCO2e"}, "A4": {"mean": 10, "unit": "kgCO2e"}}
            }
        },
    }
    (tmp_path / "x.json").write_text(json.dumps(epd))
    (r,) = read(tmp_path / "x.json").results
    assert (
        r.kind == "epd"
        and r.values == {"total": "600"}
        and r.amount == "2"
        and r.modules["A4"] == {"GWP-total": "10"}
        and r.gwp == "AR6"
    )
    epd["impacts"]["EF 3.1"]["gwp"]["A1A2A3"]["unit"] = "lb"  # type: ignore[index]
    (tmp_path / "y.json").write_text(json.dumps(epd))
    assert [p.code for p in read(tmp_path / "y.json").problems] == ["exchange-footprint"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("missing-manifest", "exchange-epd-bundle"),
        ("missing-toc", "exchange-epd-bundle"),
        ("corrupted-manifest", "exchange-json"),
    ],
)
def test_broken_openepd_bundles_are_refused(data: Path, name: str, code: str) -> None:
    assert code in {p.code for p in read(data / f"samples/openepd/test-bundle-{name}.epb").problems}


def test_pact_2_is_read(tmp_path: Path) -> None:
    pf = {
        "id": "x",
        "specVersion": "2.3.0",
        "version": 1,
        "companyName": "C",
        "productNameCompany": "P",
        "pcf": {
            "declaredUnit": "kilogram",
            "unitaryProductAmount": "1000",
            "pCfExcludingBiogenic": "2000",
            "fossilGhgEmissions": "2000",
            "characterizationFactors": "AR5",
            "referencePeriodStart": "2023-01-01T00:00:00Z",
            "referencePeriodEnd": "2023-12-31T00:00:00Z",
        },
    }
    (tmp_path / "x.json").write_text(json.dumps({"data": [pf]}))
    made = read(tmp_path / "x.json")
    assert (
        made.format == "pact2"
        and made.experimental
        and made.results[0].values["total"] == "2000"
        and made.results[0].gwp == "AR5"
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("declaredUnitOfMeasurement", "bushel"),
        ("declaredUnitAmount", "0"),
        ("declaredUnitAmount", "many"),
        ("pcfExcludingBiogenicUptake", None),
        ("pcfExcludingBiogenicUptake", "NaN"),
        ("referencePeriodStart", ""),
    ],
)
def test_bad_footprints_are_refused_by_field(data: Path, tmp_path: Path, field: str, value: object) -> None:
    pf = json.loads((data / "schemas/pact/spec-v3-examples/example-1.json").read_text(encoding="utf-8"))
    pf["pcf"][field] = value
    (tmp_path / "x.json").write_text(json.dumps(pf))
    made = read(tmp_path / "x.json")
    assert made.results == [] and [p.code for p in made.problems] == ["exchange-footprint"]


ILCD_EPD = """<processDataSet xmlns="http://lca.jrc.it/ILCD/Process" xmlns:common="http://lca.jrc.it/ILCD/Common"
 xmlns:epd="http://www.iai.kit.edu/EPD/2013"><processInformation><dataSetInformation>
<common:UUID>11111111-2222-3333-4444-555555555555</common:UUID><name><baseName xml:lang="en">Brick</baseName></name></dataSetInformation>
<quantitativeReference type="Reference flow(s)"><referenceToReferenceFlow>0</referenceToReferenceFlow></quantitativeReference>
</processInformation><exchanges><exchange dataSetInternalID="0"><referenceToFlowDataSet refObjectId="f1">
<common:shortDescription xml:lang="en">Brick</common:shortDescription></referenceToFlowDataSet><exchangeDirection>Output</exchangeDirection>
<meanAmount>1000</meanAmount></exchange></exchanges><LCIAResults><LCIAResult><referenceToLCIAMethodDataSet>
<common:shortDescription xml:lang="en">Global Warming Potential - total (GWP-total)</common:shortDescription></referenceToLCIAMethodDataSet>
<common:other><epd:amount epd:module="A1-A3">210</epd:amount><epd:amount epd:module="C3">5</epd:amount></common:other></LCIAResult>
</LCIAResults></processDataSet>"""
FLOW = """<flowDataSet xmlns="http://lca.jrc.it/ILCD/Flow" xmlns:common="http://lca.jrc.it/ILCD/Common"><flowInformation><dataSetInformation>
<common:UUID>f1</common:UUID><name><baseName xml:lang="en">Brick</baseName></name></dataSetInformation><quantitativeReference>
<referenceToReferenceFlowProperty>0</referenceToReferenceFlowProperty></quantitativeReference></flowInformation><flowProperties>
<flowProperty dataSetInternalID="0"><referenceToFlowPropertyDataSet refObjectId="m"><common:shortDescription>Mass</common:shortDescription>
</referenceToFlowPropertyDataSet><meanValue>1</meanValue></flowProperty></flowProperties></flowDataSet>"""


def test_an_ilcd_epd_is_a_result(tmp_path: Path) -> None:
    for folder, text in (("processes", ILCD_EPD), ("flows", FLOW)):
        (tmp_path / "db" / folder).mkdir(parents=True)
        (tmp_path / "db" / folder / "x.xml").write_text(text, encoding="utf-8")
    made = read(tmp_path / "db").gathered()
    (r,) = made.results
    assert (
        list(made) == []
        and r.values == {"total": "210"}
        and r.amount == "1000"
        and r.unit == "kg"
        and r.modules["C3"] == {"GWP-total": "5"}
    )


# -- tables


def test_an_input_output_table_in_csv(tmp_path: Path) -> None:
    (tmp_path / "io").mkdir()
    (tmp_path / "io/sectors.csv").write_text(
        "code,name,location,unit\na,Steel,CN,CNY\nb,Cars,CN,CNY\n", encoding="utf-8"
    )
    (tmp_path / "io/A.csv").write_text(",a,b\na,0.1,0.3\nb,0,0.1\n", encoding="utf-8")
    (tmp_path / "io/B.csv").write_text(
        ',a,b\n"Carbon dioxide, fossil",0.2,0.05\nMethane,0.001,0\n', encoding="utf-8"
    )
    draft = link(read(tmp_path / "io"), Rules())
    assert (
        draft.counts["provider named by the source"] == 3
        and draft.gases["co2_fossil"] == 2
        and draft.unlinked == []
    )


@pytest.mark.parametrize(
    "matrix", [",a,c\na,0.1,0.3\n", ",a,b\nz,1,2\n", ",a,b\na,x,1\n", "row,col,a\n0,9,1\n", ",a,b\na,nan,1\n"]
)
def test_a_bad_matrix_is_refused(tmp_path: Path, matrix: str) -> None:
    (tmp_path / "io").mkdir()
    (tmp_path / "io/sectors.csv").write_text(
        "code,name,location,unit\na,Steel,CN,CNY\nb,Cars,CN,CNY\n", encoding="utf-8"
    )
    (tmp_path / "io/A.csv").write_text(matrix, encoding="utf-8")
    assert [p.code for p in read(tmp_path / "io").problems] == ["exchange-entity"]


def test_every_reader_that_never_read_a_foreign_file_says_so() -> None:
    assert {f.name for f in FORMATS.values() if f.experimental} == {
        "tidas",
        "brightway",
        "datapackage",
        "pact2",
        "openepd",
        "simapro",
    }
    for f in FORMATS.values():
        module = __import__(f.read.__module__.removesuffix(".read"), fromlist=["x"])
        assert "xperimental" in (module.__doc__ or "") or not f.experimental


def test_tidas_written_fits_its_schema(data: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    del jsonschema
    made = read(data / "samples/ilcd-tiangong").gathered()
    trees = datasets(made, Losses())
    schema = json.loads((data / "schemas/tidas/schemas/tidas_processes.json").read_text(encoding="utf-8"))
    wanted = set(schema["properties"]["processDataSet"]["properties"]["processInformation"]["properties"])
    for name, tree in trees.items():
        if name.startswith("processes/"):
            said = {k for k in tree["processDataSet"]["processInformation"] if not k.startswith("@")}
            assert said <= wanted, said - wanted


def test_an_ilcd_epd_whose_amount_is_no_number_is_reported(tmp_path: Path) -> None:
    for folder, text in (("processes", ILCD_EPD.replace(">210<", ">e10<")), ("flows", FLOW)):
        (tmp_path / "db" / folder).mkdir(parents=True)
        (tmp_path / "db" / folder / "x.xml").write_text(text, encoding="utf-8")
    made = read(tmp_path / "db").gathered()
    assert made.results == [] and "exchange-entity" in {p.code for p in made.problems}
