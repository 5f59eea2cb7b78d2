"""Results of a library in hard corners: what has no value is refused or left empty, never zero; every number says what
its data rest on, in the table, in JSON and in files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tanbiao.cli.app import app
from tests.library.tiny_library import exchange, factor, gas, process, write

runner = CliRunner()
METHOD = """method,flow,flow_unit,direction,cf,unit
climate,co2_fossil,kg,output,1,kg CO2 eq
acid,so2,kg,output,1.5,mol H+ eq
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANBIAO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Path("m.csv").write_text(METHOD, encoding="utf-8")


def call(*arguments: str, code: int = 0) -> str:
    result = runner.invoke(app, ["library", *arguments], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def codes(*arguments: str) -> list[str]:
    return [p["code"] for p in json.loads(call(*arguments, "--json", code=2))["problems"]]


def library(*exchanges: dict[str, str], **more: list[dict[str, str]]) -> None:
    """A library `tiny` whose processes are those of the exchanges; every one gives 1 of its product."""
    names = list(dict.fromkeys(x["process"] for x in exchanges))
    write(
        Path("tiny"),
        {
            "processes": more.get("processes")
            or [process(n, verification=f"{n} not compared") for n in names],
            "factors": more.get("factors", []),
            "gases": [gas("co2_fossil"), gas("odd", AR4="", AR5="")],
            "exchanges": [*(exchange(f"{n}.0", n, "reference", n, "1") for n in names), *exchanges],
        },
    )


def nature(unit: str = "kg") -> None:
    Path("tiny/flows.csv").write_text(
        f"id,name_en,name_zh,compartment,unit,cas\nso2,Sulfur dioxide,二氧化硫,Emissions to air,{unit},\n",
        encoding="utf-8",
    )
    Path("tiny/elementary.csv").write_text(
        "process,flow,direction,amount,place\na,so2,output,0.2,\n", encoding="utf-8"
    )


def test_a_library_without_exchanges_with_nature_has_no_result_and_no_crash() -> None:
    library(exchange("a.1", "a", "input", "b", "2"), exchange("b.1", "b", "cutoff", "", "1"))
    assert codes("trace", "tiny", "a") == ["trace-nothing"]
    assert codes("trace", "tiny", "a", "--method", "m.csv", "--category", "acid") == ["trace-nothing"]
    (one,) = json.loads(call("impacts", "tiny", "a", "--method", "m.csv", "--json"))["products"]
    assert [s["value"] for s in one["scores"]] == [None, None] and one["partial"]
    every = json.loads(call("impacts", "tiny", "--method", "m.csv", "--json"))["products"]
    assert [list(p["scores"].values()) for p in every] == [[None, None], [None, None]]


def test_a_gas_without_a_gwp_is_no_zero_when_a_result_is_taken_apart() -> None:
    library(
        exchange("a.1", "a", "emission", "odd", "1"),
        exchange("a.2", "a", "emission", "co2_fossil", "1"),
        exchange("b.1", "b", "emission", "co2_fossil", "1"),
    )
    assert codes("trace", "tiny", "a", "--gwp", "AR4") == ["trace-gas"]
    assert json.loads(call("trace", "tiny", "b", "--gwp", "AR4", "--json"))["value"] == 1.0
    how = ("--buyer", "a", "--provider", "b", "--from", "0", "--to", "1")
    assert codes("breakeven", "tiny", "a", "b", *how, "--gwp", "AR4") == ["trace-gas"]


def test_a_loop_is_named_by_its_processes() -> None:
    library(
        exchange("α.1", "α", "input", "乙", "2"),
        exchange("α.2", "α", "emission", "co2_fossil", "1"),
        exchange("乙.1", "乙", "input", "α", "0.6"),
    )
    (problem,) = json.loads(call("trace", "tiny", "α", "--json", code=2))["problems"]
    assert problem["code"] == "library-loop"
    assert "α ← 乙 (1.2; ρ 1.09545 ≥ 1)" in problem["what"]["zh"]


def test_draws_that_cannot_deliver_are_told_by_name_and_never_a_crash() -> None:
    spread = {"distribution": "lognormal", "spread": "1.2"}
    library(
        exchange("α.1", "α", "input", "乙", "2"),
        exchange("α.2", "α", "emission", "co2_fossil", "1"),
        exchange("乙.1", "乙", "input", "α", "0.4999", **spread),
    )
    how = ("impacts", "tiny", "α", "--method", "m.csv")
    draws = json.loads(call(*how, "-n", "100", "--json"))["products"][0]["draws"]
    climate, acid = ({s["category"]: s for s in draws["scores"]}[c] for c in ("climate", "acid"))
    assert climate["static"] == pytest.approx(5000) and climate["low"] < climate["median"] < climate["high"]
    assert acid["static"] is None and acid["mean"] is None and acid["high"] is None
    assert 20 < len(draws["unsolved"]) < 80
    assert all("α ← 乙 (" in u["why"] for u in draws["unsolved"])
    lost = draws["unsolved"][0]["sample"]
    assert lost == 0, "the next lines draw that sample alone"
    assert codes(*how, "-n", "1") == ["uncertainty-unsolved"]
    table = call(*how, "-n", "100", "--lang", "zh")
    assert "静态值" in table and "不计入统计" in table and "α ← 乙" in table


def test_every_unknown_product_is_refused_at_once() -> None:
    library(exchange("a.1", "a", "emission", "co2_fossil", "1"))
    how = ("--buyer", "y", "--provider", "a", "--from", "0", "--to", "1")
    assert codes("breakeven", "tiny", "a", "x", *how) == 2 * ["library-product-unknown"]
    assert codes("breakeven", "tiny", "a", "a", *how[:-1], "inf") == ["trace-range"]
    assert codes("trace", "tiny", "a", "--category", "acid") == ["trace-category"]


def test_products_that_are_equal_everywhere_have_no_list_of_breakevens() -> None:
    library(
        exchange("a.1", "a", "input", "b", "2"),
        exchange("b.1", "b", "emission", "co2_fossil", "1"),
        exchange("c.1", "c", "input", "b", "2"),
    )
    how = ("--buyer", "a", "--provider", "b", "--from", "0", "--to", "1")
    same = json.loads(call("breakeven", "tiny", "b", "b", *how, "--json"))
    assert same["values"] == [] and same["equal_everywhere"] and same["better_below"] == ""
    assert "everywhere in the range" in call("breakeven", "tiny", "b", "b", *how, "--lang", "en")
    assert "整个范围内都相等" in call("breakeven", "tiny", "b", "b", *how, "--lang", "zh")
    other = json.loads(call("breakeven", "tiny", "a", "c", *how[:-1], "4", "--json"))
    assert other["values"] == pytest.approx([2]) and not other["equal_everywhere"]


def test_a_weight_for_a_category_that_is_not_there_is_refused_and_a_part_is_no_sum() -> None:
    library(exchange("a.1", "a", "emission", "co2_fossil", "1"))
    nature()
    head = "category,weight,source\n"
    Path("w.csv").write_text(head + "acid,0.5,made up\nclimat,0.5,made up\n", encoding="utf-8")
    how = ("impacts", "tiny", "a", "--method", "m.csv", "--weight", "w.csv")
    (problem,) = json.loads(call(*how, "--json", code=2))["problems"]
    assert (problem["code"], problem["where"]) == ("method-factors-category", "w.csv:3:category")
    Path("w.csv").write_text(head + "acid,0.5,made up\nclimate,0.5,made up\n", encoding="utf-8")
    (whole,) = json.loads(call(*how, "--json"))["products"]
    assert whole["single"] == pytest.approx(0.5 * 1.5 * 0.2 + 0.5)
    (part,) = json.loads(call(*how, "--category", "acid", "--json"))["products"]
    assert part["single"] is None
    assert "no result for climate" in call(*how, "--category", "acid", "--lang", "en")


def test_a_factor_without_a_unit_is_named_and_serves_no_flow_in_grams() -> None:
    library(exchange("a.1", "a", "emission", "co2_fossil", "1"))
    nature()
    Path("plain.csv").write_text("method,flow,cf,unit\nacid,so2,1.5,mol H+ eq\n", encoding="utf-8")
    how = ("impacts", "tiny", "a", "--method", "plain.csv")
    data = json.loads(call(*how, "--json"))
    assert data["products"][0]["scores"][0]["value"] == pytest.approx(0.3)
    assert data["units_assumed"] == [{"category": "acid", "flow": "so2", "unit": "kg"}]
    assert "factors that state no unit, taken per unit of the flow: 1 (so2 [kg])" in call(
        *how, "--lang", "en"
    )
    assert "没有写单位、按流自身的单位计的因子：1 个（so2 [kg]）" in call(*how, "--lang", "zh")
    assert json.loads(call("impacts", "tiny", "a", "--method", "m.csv", "--json"))["units_assumed"] == []
    nature("g")
    data = json.loads(call(*how, "--json"))
    (missing,) = [m for m in data["products"][0]["missing"] if m["flow"] == "so2"]
    assert missing["why"] == "unit-unsaid" and data["products"][0]["scores"][0]["value"] is None
    said = json.loads(call("impacts", "tiny", "a", "--method", "m.csv", "--json"))["products"][0]["scores"]
    assert [s["value"] for s in said if s["category"] == "acid"] == pytest.approx([0.0003])


def stands() -> None:
    """a buys of b, and of a factor of which only the total is known."""
    library(
        exchange("a.1", "a", "input", "b", "2"),
        exchange("a.2", "a", "input", "ore", "1"),
        exchange("a.3", "a", "emission", "co2_fossil", "1"),
        exchange("b.1", "b", "emission", "co2_fossil", "1"),
        factors=[factor("ore", "0.5", verification="ore from memory", source="a table")],
    )
    nature()


def test_a_trace_says_what_every_number_rests_on() -> None:
    stands()
    data = json.loads(call("trace", "tiny", "a", "--json"))
    assert data["verification"] == "a not compared" and data["caution"]["en"] == "not for real studies"
    assert [(p["verification"], p["value"]) for p in data["by_verification"]] == [
        ("b not compared", 2.0),
        ("a not compared", 1.0),
        ("ore from memory", 0.5),
    ]
    assert {p["id"]: (p["verification"], p["source"]) for p in data["by_supplier"]} == {
        "a": ("a not compared", "made up"),
        "b": ("b not compared", "made up"),
    }
    flows = {f["id"]: f for f in data["by_flow"]}
    assert flows["ore"]["verification"] == "ore from memory" and flows["ore"]["source"] == "a table"
    assert "verification" not in flows["co2_fossil"], "a gas has a GWP, no amount of its own"
    assert {c["item"]: c.get("verification") for c in data["tree"]["children"]}["ore"] == "ore from memory"
    assert all(d["verification"] for d in data["derivatives"])
    assert data["without_inventory"] == [], "the climate data of the library count totals"
    assert sum(p["value"] for p in data["by_verification"]) == pytest.approx(data["value"])
    for lang, title in (("en", "verification and source of the data"), ("zh", "数据的核证状态与来源")):
        table = call("trace", "tiny", "a", "--lang", lang)
        assert title in table and f"b {'works' if lang == 'en' else '厂'} [" in table
        number = table.split("] ore from memory")[0][-1]
        assert f"ore {'factor' if lang == 'en' else '因子'} [{number}]" in table


def test_a_trace_under_a_method_says_what_it_leaves_out() -> None:
    stands()
    how = ("trace", "tiny", "a", "--method", "m.csv", "--category", "acid")
    data = json.loads(call(*how, "--json"))
    assert data["partial"] and data["value"] == pytest.approx(0.3)
    (ore,) = data["without_inventory"]
    assert (ore["flow"], ore["kgCO2e"], ore["verification"]) == ("ore", 0.5, "ore from memory")
    assert "results without inventory" in call(*how, "--lang", "en")


def test_impacts_say_what_they_rest_on_in_table_json_and_files() -> None:
    stands()
    how = ("impacts", "tiny", "a", "--method", "m.csv")
    call(*how, "--out", "out")
    data = json.loads(call(*how, "--json"))
    (one,) = data["products"]
    assert data["caution"]["zh"] == "不可用于真实研究" and one["verification"] == "a not compared"
    climate = one["contributions"]["climate"]
    assert climate["verification"] == [
        {"verification": "b not compared", "value": 2.0, "share": pytest.approx(2 / 3)},
        {"verification": "a not compared", "value": 1.0, "share": pytest.approx(1 / 3)},
    ]
    assert climate["processes"][0]["source"] == "made up"
    assert one["without_inventory"][0]["verification"] == "ore from memory"
    files = {
        f.stem: list(csv.DictReader(f.open(encoding="utf-8", newline=""))) for f in Path("out").glob("*.csv")
    }
    assert {r["verification"] for r in files["scores"]} == {"a not compared"}
    assert [
        (r["process"], r["verification"]) for r in files["contributions"] if r["category"] == "climate"
    ] == [
        ("b", "b not compared"),
        ("a", "a not compared"),
    ]
    assert [(r["flow"], r["verification"], r["source"]) for r in files["without_inventory"]] == [
        ("ore", "ore from memory", "a table")
    ]
    call("impacts", "tiny", "--method", "m.csv", "--out", "all")
    with Path("all/scores.csv").open(encoding="utf-8", newline="") as file:
        assert [r["verification"] for r in csv.DictReader(file)] == ["a not compared", "b not compared"]
    table = call(*how, "--lang", "zh")
    assert "核证状态: 66.7% b not compared; 33.3% a not compared" in table and "不可用于真实研究" in table


def test_a_breakeven_says_what_its_four_items_rest_on() -> None:
    stands()
    how = ("breakeven", "tiny", "a", "b", "--buyer", "a", "--provider", "b", "--from", "-4", "--to", "4")
    data = json.loads(call(*how, "--json"))
    assert data["values"] == pytest.approx([-0.5]) and data["category"] == "kgCO2e AR6"
    assert data["items"] == [
        {"id": "a", "verification": "a not compared", "source": "made up"},
        {"id": "b", "verification": "b not compared", "source": "made up"},
    ]
    assert "[2] b not compared; source: made up" in call(*how, "--lang", "en")
    assert "[2] b not compared；来源：made up" in call(*how, "--lang", "zh")


def test_names_in_brackets_are_shown_as_they_are() -> None:
    library(
        exchange("a.1", "a", "emission", "co2_fossil", "1"),
        processes=[process("a", name_en="[sulfonyl]urea-compound", name_zh="[磺酰]脲")],
    )
    assert "[sulfonyl]urea-compound" in call("trace", "tiny", "a", "--lang", "en")
    assert "[磺酰]脲" in call("impacts", "tiny", "a", "--method", "m.csv", "--lang", "zh")
