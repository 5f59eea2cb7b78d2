"""ILCD's variables: an exchange that names one is its mean amount times the variable, computed again and held."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tanbiao.exchange import link, read, write
from tanbiao.exchange.link import Rules
from tanbiao.exchange.model import Uncertainty

from .made import zipped

FLOW = """<flowDataSet xmlns="http://lca.jrc.it/ILCD/Flow" xmlns:common="http://lca.jrc.it/ILCD/Common" version="1.1">
<flowInformation><dataSetInformation><common:UUID>{id}</common:UUID><name><baseName xml:lang="en">{id}</baseName></name>
</dataSetInformation><quantitativeReference><referenceToReferenceFlowProperty>0</referenceToReferenceFlowProperty>
</quantitativeReference></flowInformation><modellingAndValidation><LCIMethod><typeOfDataSet>Product flow</typeOfDataSet>
</LCIMethod></modellingAndValidation><flowProperties><flowProperty dataSetInternalID="0"><referenceToFlowPropertyDataSet
 refObjectId="m"><common:shortDescription xml:lang="en">Mass</common:shortDescription></referenceToFlowPropertyDataSet>
<meanValue>1</meanValue></flowProperty></flowProperties></flowDataSet>"""
PROCESS = """<processDataSet xmlns="http://lca.jrc.it/ILCD/Process"
 xmlns:common="http://lca.jrc.it/ILCD/Common" version="1.1">
<processInformation><dataSetInformation><common:UUID>p</common:UUID><name><baseName xml:lang="en">p</baseName></name>
</dataSetInformation><quantitativeReference type="Reference flow(s)">
<referenceToReferenceFlow>0</referenceToReferenceFlow>
</quantitativeReference><mathematicalRelations>
<variableParameter name="scrap"><meanValue>0.2</meanValue></variableParameter>
<variableParameter name="need"><formula>1/(1-scrap)</formula><meanValue>{need}</meanValue></variableParameter>
<variableParameter name="odd"><formula>sin(scrap)</formula><meanValue>0.198669</meanValue></variableParameter>
</mathematicalRelations></processInformation><exchanges>{exchanges}</exchanges></processDataSet>"""


def exchange(number: int, flow: str, direction: str, inside: str) -> str:
    return (
        f'<exchange dataSetInternalID="{number}"><referenceToFlowDataSet refObjectId="{flow}" type="flow data set"/>'
        f"<exchangeDirection>{direction}</exchangeDirection>{inside}</exchange>"
    )


def amounts(mean: str, result: str = "", variable: str = "") -> str:
    named = f"<referenceToVariable>{variable}</referenceToVariable>" if variable else ""
    return (
        named
        + f"<meanAmount>{mean}</meanAmount>"
        + (f"<resultingAmount>{result}</resultingAmount>" if result else "")
    )


def package(folder: Path, *inputs: str, need: str = "1.25") -> Path:
    exchanges = exchange(0, "out", "Output", amounts("1", "1")) + "".join(
        exchange(k, "ore", "Input", x) for k, x in enumerate(inputs, start=1)
    )
    files = {f"ILCD/flows/{f}.xml": FLOW.format(id=f).encode() for f in ("out", "ore")}
    files["ILCD/processes/p.xml"] = PROCESS.format(need=need, exchanges=exchanges).encode()
    return zipped(folder / "x.zip", files)


def taken(path: Path, keep: bool = False) -> tuple[Any, dict[str, str]]:
    inventory = read(path, keep=keep).gathered()
    return next(iter(inventory)), {
        p.code: p.args.get("examples", "")
        for p in inventory.problems
        if p.code.startswith("exchange-formula")
    }


def test_a_variable_gives_the_amount_where_the_file_has_none(tmp_path: Path) -> None:
    process, problems = taken(package(tmp_path, amounts("3", variable="need")))
    assert process.exchanges[1].amount == pytest.approx(3.75, rel=1e-12)
    assert not problems.get("exchange-formula-differs") and "odd" in problems["exchange-formula-unread"]


def test_the_files_result_counts_and_what_differs_is_named(tmp_path: Path) -> None:
    process, problems = taken(package(tmp_path, amounts("3", "3.75", "need"), amounts("1", "2", "Need")))
    assert [x.amount for x in process.exchanges] == [1, 3.75, 2]
    assert "#2" in problems["exchange-formula-differs"] and "#1" not in problems["exchange-formula-differs"]


def test_a_stale_value_of_a_variable_is_named(tmp_path: Path) -> None:
    _, problems = taken(package(tmp_path, need="1.2"))
    assert "need" in problems["exchange-formula-differs"]


def test_an_exchange_whose_variable_has_no_value_is_not_taken_as_its_mean(tmp_path: Path) -> None:
    inventory = read(package(tmp_path, amounts("3", variable="nobody")), keep=False)
    draft = link(inventory, Rules())
    assert "exchange-not-finite" in {p.code for p in draft.problems}


def test_variables_come_back_in_ilcd_and_in_openlca(tmp_path: Path) -> None:
    path = package(tmp_path, amounts("3", "3.75", "need"), amounts("1", "1.25", "need"))
    inventory = read(path).gathered()
    assert not write(inventory, tmp_path / "y.zip", "ilcd")
    back, there = next(iter(read(tmp_path / "y.zip").gathered())), next(iter(inventory))
    assert [(x.formula, x.amount, x.foreign) for x in back.exchanges] == [
        (x.formula, x.amount, x.foreign) for x in there.exchanges
    ]
    assert [(q.name, q.formula, q.value) for q in back.parameters] == [
        (q.name, q.formula, q.value) for q in there.parameters
    ]
    lost = {x.field for x in write(inventory, tmp_path / "z.zip", "openlca")}
    assert not any("formula" in f or "parameter" in f for f in lost)
    there = read(tmp_path / "z.zip").gathered()
    assert [x.formula for x in next(iter(there)).exchanges] == ["", "3 * need", "need"]
    write(there, tmp_path / "w.zip", "ilcd")
    again = next(iter(read(tmp_path / "w.zip").gathered()))
    assert [(x.formula, x.amount) for x in again.exchanges] == [("", 1), ("3 * need", 3.75), ("need", 1.25)]


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        (
            "<uncertaintyDistributionType>uniform</uncertaintyDistributionType>",
            Uncertainty(kind="uniform", a=1, b=4),
        ),
        (
            "<uncertaintyDistributionType>triangular</uncertaintyDistributionType>",
            Uncertainty(kind="triangular", a=1, b=2, c=4),
        ),
        (
            "<uncertaintyDistributionType>normal</uncertaintyDistributionType><relativeStandardDeviation95In>20"
            "</relativeStandardDeviation95In>",
            Uncertainty(kind="normal", a=2, b=0.2),
        ),
    ],
)
def test_distributions_are_read_and_written(tmp_path: Path, inside: str, found: Uncertainty) -> None:
    ends = "<minimumAmount>1</minimumAmount><maximumAmount>4</maximumAmount>"
    inventory = read(package(tmp_path, amounts("2", "2") + ends + inside)).gathered()
    assert next(iter(inventory)).exchanges[1].uncertainty == found
    write(inventory, tmp_path / "z.zip", "openlca")
    there = read(tmp_path / "z.zip").gathered()
    assert next(iter(there)).exchanges[1].uncertainty == found
    lost = {x.field for x in write(there, tmp_path / "w.zip", "ilcd")}
    assert not any("uncertainty" in f for f in lost)
    assert next(iter(read(tmp_path / "w.zip").gathered())).exchanges[1].uncertainty == found
