"""Reading what was written gives the same, but for what the loss report names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tanbiao.core.errors import Place
from tanbiao.exchange import ilcd, openlca, read, write
from tanbiao.exchange.model import Inventory, Losses, first
from tanbiao.exchange.xml import parse_xml, write_xml

from .made import inventories

SAMPLE_COUNTS = {"openlca-jsonld-us-fpl": (4, 23, 31), "ilcd-tiangong": (4, 35, 38)}


@pytest.mark.parametrize("name", SAMPLE_COUNTS)
def test_samples_hold_what_the_reference_counts(data: Path, name: str) -> None:
    found = read(data / "samples" / name).gathered()
    processes = list(found)
    assert (len(processes), len(found.flows), sum(len(p.exchanges) for p in processes)) == SAMPLE_COUNTS[name]


def test_tiangong_names_amounts_and_the_missing_flow(data: Path) -> None:
    expected = json.loads((data / "samples/ilcd-tiangong/expected.json").read_text(encoding="utf-8"))
    found = read(data / "samples/ilcd-tiangong").gathered()
    processes = {p.id: p for p in found}
    for e in expected:
        p = processes[e["process"]]
        assert [p.name["en"], p.name["zh"]] == e["names"] and len(p.exchanges) == e["exchanges"]
        assert sum(x.amount for x in p.exchanges if x.direction == "input") == pytest.approx(
            e["sum_inputs"], abs=1e-9
        )
        assert sum(x.amount for x in p.exchanges if x.direction == "output") == pytest.approx(
            e["sum_outputs"], abs=1e-9
        )
        assert (
            sum(bool(found.flows[x.flow].foreign.get("missing")) for x in p.exchanges)
            == e["flows_missing_in_the_database"]
        )
    assert [p.code for p in found.problems] == ["exchange-flow-absent"]


@pytest.mark.parametrize(
    ("sample", "format"),
    [("openlca-jsonld-us-fpl", "openlca"), ("ilcd-tiangong", "ilcd"), ("ilcd-tiangong", "tidas")],
)
def test_a_foreign_sample_written_and_read_again_is_the_same(
    data: Path, tmp_path: Path, sample: str, format: str
) -> None:
    found = read(data / "samples" / sample).gathered()
    assert write(found, tmp_path / "out.zip", format) == ()
    assert read(tmp_path / "out.zip", format).content() == found.content()


def test_ilcd_data_sets_come_back_leaf_by_leaf(data: Path) -> None:
    """Every attribute and text of the source stands in what is written, but for prefixes of namespaces."""
    folder = data / "samples/ilcd-tiangong"
    losses = Losses()
    written = ilcd.datasets(read(folder).gathered(), losses)
    assert losses.report() == ()
    for file in sorted(folder.rglob("*.xml")):
        source = parse_xml(file.read_bytes(), Place(file.name))
        root, tree = next(iter(source.items()))
        if ":" not in root:  # one flow property uses a prefix for its own namespace
            assert {root: tree} == written[f"{file.parent.name}/{file.stem}"], file.name


def test_openlca_data_sets_come_back_but_for_empty_texts(data: Path) -> None:
    folder = data / "samples/openlca-jsonld-us-fpl"
    found = read(folder).gathered()
    assert [x.field for x in found.losses.report()] == ["empty text"]
    written = openlca.entities(found, Losses())
    for file in sorted(folder.rglob("*.json")):
        if file.parent.name != folder.name:
            mine = json.loads(file.read_text(encoding="utf-8"))
            assert _filled(mine) == _filled(written[f"{file.parent.name}/{file.name}"]), file.name


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _filled(v) for k, v in value.items() if v != ""}
    return [_filled(v) for v in value] if isinstance(value, list) else value


LOSSLESS = {  # what each format carries of an inventory that was made elsewhere
    "openlca": ("place", "amount", "unit", "direction", "reference"),
    "ilcd": ("place", "direction", "reference"),
    "tidas": ("place", "direction", "reference"),
    "brightway": ("place", "unit", "reference"),
}


@pytest.mark.parametrize("format", LOSSLESS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=inventories())
def test_any_inventory_comes_back_as_its_loss_report_says(
    tmp_path: Path, format: str, made: Inventory
) -> None:
    target = tmp_path / ("x.xlsx" if format == "brightway" else "x.zip")
    lost = {x.field for x in write(made, target, format)}
    back = read(target, format).gathered()
    assert [p for p in back.problems if p.level == "error"] == []
    before, after = list(made), list(back)
    assert len(before) == len(after)
    by_name = sorted(after, key=lambda p: _order(p, after))
    for p in before:
        q = _twin(p, by_name, format)
        assert len(p.exchanges) == len(q.exchanges)
        assert first(q.name, "en") == first(p.name, "en")
        if "zh" in p.name and format != "openlca":
            assert q.name["zh"] == p.name["zh"]
        elif "zh" in p.name and len(p.name) > 1 and p.name["zh"] != p.name["en"]:
            assert "process.name[zh]" in lost
        assert q.place == p.place and q.licence == p.licence and q.start[:4] == p.start[:4]
        for x, y in zip(p.exchanges, q.exchanges, strict=True):
            assert first(back.flows[y.flow].name, "en") == first(made.flows[x.flow].name, "en")
            assert abs(_kilograms(y.amount, y.unit)) == pytest.approx(
                abs(_kilograms(x.amount, x.unit)), rel=1e-12
            )
            if (y.direction, y.amount >= 0) != (x.direction, x.amount >= 0):
                assert any(f.startswith("exchange.direction") for f in lost)
            if x.uncertainty is not None and y.uncertainty is None:
                assert any(f.startswith("exchange.uncertainty") for f in lost)


def _kilograms(amount: float, unit: str) -> float:
    return amount * {"kg": 1.0, "t": 1000.0}[unit]


def _order(p: Any, all_: list[Any]) -> str:
    return str(p.id)


def _twin(p: Any, found: list[Any], format: str) -> Any:
    ident = {"openlca": openlca.identity, "ilcd": ilcd.identity, "tidas": ilcd.identity}.get(
        format, lambda text: text
    )(p.id)
    return next(q for q in found if q.id == ident)


def test_tidas_conversion_agrees_with_the_golden_cases(data: Path) -> None:
    golden = json.loads((data / "schemas/tidas/conversion-golden.json").read_text(encoding="utf-8"))
    for case in golden["xml_to_json"]:
        if case["name"] not in ("mixed content", "numeric character references"):  # not found in ILCD
            assert parse_xml(case["input"].encode(), Place("x")) == case["expected"], case["name"]
    for case in golden["json_to_xml"]:
        assert parse_xml(write_xml(case["input"]), Place("x")) == case["expected_reparsed"], case["name"]
