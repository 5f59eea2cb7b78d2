# ruff: noqa: E501  (samples of foreign formats keep their lines)
"""Formulas of foreign files are computed again; the source's own amounts count, differences are reported."""

from __future__ import annotations

import json
import math
from pathlib import Path

import openpyxl
import pytest

from tanbiao.exchange import Inventory, read
from tanbiao.exchange.formulas import Names, Uncomputable, computed, translated
from tanbiao.exchange.model import Exchange, Parameter

from .made import buy, inventory, process, product, ref, zipped


def names(**values: float | str) -> Names:
    return Names(
        [
            Parameter(name=n, formula=v) if isinstance(v, str) else Parameter(name=n, value=v)
            for n, v in values.items()
        ]
    )


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("2*Yield + 1", 2.8),
        ("=2*yield^2", 1.62),
        ("if(yield > 1; 3; if(yield = 0.9; 4; 5))", 4),
        ("IF(yield<>0.9,1,2)", 2),
        ("iff(yield > 0.5 & loss < 0.2; 1; 0)", 1),
        ("3 if yield > 1 else 7", 7),
        ("sqrt(4) + max(1; 2)", 4),
        ("pi * 0", 0),
        ("net", 0.81),
        ("1e-3", 0.001),
    ],
)
def test_formulas_of_other_programs_in_our_words(formula: str, value: float) -> None:
    assert names(Yield=0.9, loss=0.1, net="yield*(1-Loss)").number(formula) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "formula",
    [
        "missing + 1",
        "1/0",
        "a",
        "__import__('os').system('x')",
        "9**9**9",
        "(" * 90,
        "",
        "lambda: 1",
        "x.y",
        "'a'",
    ],
)
def test_what_cannot_be_computed_says_why(formula: str) -> None:
    with pytest.raises(Uncomputable, match=r"."):
        names(a="b", b="a").number(formula)


def test_a_formula_of_python_is_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with pytest.raises(Uncomputable):
        names().number(f"open({str(mark)!r}, 'w')")
    assert not mark.exists() and translated("if(a;b") == "if(a,b"


def checked(formula: str, amount: float, *parameters: Parameter) -> tuple[Exchange, list[str]]:
    made: Inventory = inventory(
        process("p", ref("f"), buy("g", amount, formula=formula), parameters=parameters),
        f=product("f"),
        g=product("g"),
    )
    computed(made)
    (p,) = made
    return p.exchanges[1], [q.code for q in made.problems]


def test_the_sources_amount_counts_and_a_difference_is_reported() -> None:
    x, codes = checked("2*a", 5.0, Parameter(name="a", value=2.0))
    assert x.amount == 5.0 and codes == ["exchange-formula-differs"]
    x, codes = checked("2*a", 4.0 * (1 + 1e-8), Parameter(name="a", value=2.0))
    assert x.amount == 4.0 * (1 + 1e-8) and codes == []


def test_a_formula_without_an_amount_gives_it() -> None:
    x, codes = checked("2*a", math.nan, Parameter(name="a", formula="1+1"))
    assert x.amount == 4.0 and codes == []
    x, codes = checked("2*b", math.nan)
    assert math.isnan(x.amount) and codes == ["exchange-formula-unread"]


def test_openlca_parameters_formulas_and_factors(tmp_path: Path) -> None:
    flow = {"@type": "Flow", "@id": "f", "name": "steel", "flowType": "PRODUCT_FLOW"}
    made = {
        "@type": "Process",
        "@id": "p",
        "name": "making",
        "parameters": [
            {"name": "scrap", "value": 0.1, "isInputParameter": True},
            {"name": "need", "formula": "1/(1-Scrap) * common", "value": 2.5, "isInputParameter": False},
        ],
        "exchanges": [
            {
                "flow": flow,
                "unit": {"name": "kg"},
                "amount": 1.0,
                "isQuantitativeReference": True,
                "internalId": 1,
            },
            {
                "flow": flow,
                "unit": {"name": "kg"},
                "amount": 3.0,
                "isInput": True,
                "amountFormula": "need",
                "internalId": 2,
            },
        ],
    }
    shared = {"@type": "Parameter", "@id": "c", "name": "common", "value": 2.0}
    path = zipped(
        tmp_path / "x.zip",
        {
            "olca-schema.json": b'{"version": 2}',
            "flows/f.json": json.dumps(flow).encode(),
            "parameters/c.json": json.dumps(shared).encode(),
            "processes/p.json": json.dumps(made).encode(),
        },
    )
    for keep in (True, False):
        found = read(path, keep=keep).gathered()
        (p,) = found
        assert [x.amount for x in p.exchanges] == [1.0, 3.0] and p.parameters[1].value == 2.5
        (problem,) = (q for q in found.problems if q.code.startswith("exchange-formula"))
        assert problem.args["count"] == "2" and "2.22222222 ≠ 2.5" in problem.args["examples"]


SIMAPRO = """{SimaPro 9.5}
{CSV separator: semicolon}
{Decimal separator: ,}

Process

Process identifier
A1

Products
Steel;kg;1;100;not defined;Metals;

Materials/fuels
Scrap;kg;2*loss^2;Undefined;0;0;0;;

Emissions to air
Carbon dioxide, fossil;;kg;ef + 0,5;Undefined;0;0;0;;

Calculated parameters
ef;loss*1,0;

End

Database Input parameters
loss;0,5;Undefined;0;0;0;No;

End
"""


def test_simapro_expressions_over_parameters_of_the_database(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(SIMAPRO, encoding="utf-8")
    found = read(tmp_path / "x.csv").gathered()
    (p,) = found
    assert found.problems == [] and [x.amount for x in p.exchanges] == [1.0, 0.5, 1.0]


def test_a_brightway_formula_without_amount(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [
        ["Database", "d"],
        [],
        ["Database parameters"],
        ["name", "amount", "formula"],
        ["a", 2, None],
        [],
        ["Activity", "steel"],
        ["unit", "kilogram"],
        ["Exchanges"],
        ["name", "amount", "unit", "type", "formula"],
        ["steel", 1, "kilogram", "production", None],
        ["scrap", None, "kilogram", "technosphere", "a**2 / 8"],
        ["coal", 3, "kilogram", "technosphere", "a + 1"],
    ]:
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    found = read(tmp_path / "x.xlsx").gathered()
    (p,) = found
    assert found.problems == [] and [x.amount for x in p.exchanges] == [1.0, 0.5, 3.0]


def test_ecospold2_relations_over_named_amounts(tmp_path: Path) -> None:
    (tmp_path / "x.spold").write_text(
        '<ecoSpold xmlns="http://www.EcoInvent.org/EcoSpold02"><activityDataset><activityDescription><activity id="a">'
        '<activityName xml:lang="en">x</activityName></activity></activityDescription><flowData>'
        '<intermediateExchange id="1" intermediateExchangeId="i" amount="2" variableName="made"><name>x</name>'
        "<unitName>kg</unitName><outputGroup>0</outputGroup></intermediateExchange>"
        '<elementaryExchange id="2" elementaryExchangeId="e" amount="3" mathematicalRelation="made*share"><name>y</name>'
        "<unitName>kg</unitName><outputGroup>4</outputGroup></elementaryExchange>"
        '<parameter parameterId="q" variableName="share" amount="1.5"><name>share</name></parameter>'
        "</flowData></activityDataset></ecoSpold>",
        encoding="utf-8",
    )
    found = read(tmp_path / "x.spold").gathered()
    assert [p.code for p in found.problems] == [] and next(iter(found)).exchanges[1].amount == 3.0
