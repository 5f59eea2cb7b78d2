"""Compiling: what one unit carries by position, its bounds, and what they rest on."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_library import Build, exchange, factor, gas, process, steel, write

from tanbiao.core.errors import TanbiaoError
from tanbiao.core.numbers import decimal_text
from tanbiao.library import (
    JUDGED_FACTOR_HALF_WIDTH,
    POSITIONS,
    Bounds,
    Compiled,
    bounds,
    compile_library,
    overlay,
    paths,
    read_library,
    total,
    vector,
)
from tanbiao.library.paths import Contribution

A, C, H, UNSPLIT = (POSITIONS.index(p) for p in ("A", "C", "H", "unsplit"))


def compiled(build: Build, tables: dict, gwp_set: str = "AR6", **options: bool) -> Compiled:
    library, problems = build(tables)
    assert problems == []
    return compile_library(library, gwp_set, **options)


def test_the_chain_is_solved_with_its_loop(build: Build) -> None:
    c = compiled(build, steel())
    power = 0.5 + 0.001 * 29.8
    # iron = 1.6 ore + 0.5 coal + 1.2 CO2 + 0.01 steel; steel = 1.05 iron + 0.4 power
    iron = (1.6 * 0.05 + 0.5 * 2.5 + 1.2 + 0.01 * 0.4 * power) / (1 - 0.01 * 1.05)
    assert total(c, "power") == pytest.approx(power, rel=1e-12)
    assert total(c, "iron") == pytest.approx(iron, rel=1e-12)
    assert total(c, "steel") == pytest.approx(1.05 * iron + 0.4 * power, rel=1e-12)


def test_a_total_without_its_gases_is_never_called_fossil(build: Build) -> None:
    v = vector(compiled(build, steel()), "coal")
    assert v[UNSPLIT] == 2.5
    assert v.sum() == 2.5


def test_a_split_factor_goes_to_its_positions_and_keeps_its_published_total(build: Build) -> None:
    tables = steel()
    tables["factors"][0].update(value="1.85", fossil="1.85435", biogenic="0")
    tables["factors"][1].update(value="0.8", aircraft="0.8")
    c = compiled(build, tables)
    assert vector(c, "ore")[A] == pytest.approx(1.85, rel=1e-15)
    assert vector(c, "coal")[H] == 0.8


def test_a_split_that_misses_its_total_is_not_believed(build: Build) -> None:
    tables = steel()
    tables["factors"][0].update(value="1", fossil="0.5")
    assert vector(compiled(build, tables), "ore")[UNSPLIT] == 1.0


def test_a_co2_only_row_is_fossil(build: Build) -> None:
    tables = steel()
    tables["factors"][0].update(gas_basis="CO2", gwp_set="n.a.")
    assert vector(compiled(build, tables), "ore")[A] == 0.05


def test_a_gwp_switch_moves_gases_and_reports_the_share_it_could_not_convert(build: Build) -> None:
    ar6, ar5 = compiled(build, steel()), compiled(build, steel(), "AR5")
    assert total(ar5, "power") - total(ar6, "power") == pytest.approx(0.001 * 0.2, rel=1e-9)
    share = dict(zip(ar6.ids, ar6.unconverted_share, strict=True))
    assert share["power"] == 0.0
    assert share["ore"] == 0.0  # published in AR6
    assert share["coal"] == share["co2e_unsplit"] == 1.0
    # of iron, only the coal (AR5) could not be converted; its own loop multiplies both alike
    power = 0.5 + 0.001 * 29.8
    assert share["iron"] == pytest.approx(1.25 / (1.25 + 0.08 + 1.2 + 0.004 * power), rel=1e-9)
    assert ar5.unconverted_share[ar5.index["coal"]] == 0.0
    assert ar5.unconverted_share[ar5.index["ore"]] == 1.0


def test_a_gas_without_gwp_in_the_set_makes_values_missing_not_zero(build: Build) -> None:
    tables = steel()
    tables["gases"].append(gas("hfo1234yf", AR4="", AR5="", AR6="0.501"))
    tables["exchanges"].append(exchange("power.x09", "power", "emission", "hfo1234yf", "0.001"))
    assert total(compiled(build, tables), "power") > 0
    c = compiled(build, tables, "AR4")
    assert set(c.missing) == {"hfo1234yf", "power", "steel", "iron"}  # iron buys a little steel
    assert np.isnan(c.values[c.index["steel"]]).all() and np.isnan(c.low[c.index["steel"]])
    with pytest.raises(TanbiaoError) as refusal:
        total(c, "steel")
    assert [p.code for p in refusal.value.problems] == ["library-gwp-missing"]
    assert total(c, "ore") == 0.05


def test_bounds_take_every_interval_at_its_end_at_once(build: Build) -> None:
    c = compiled(build, steel())
    power = total(c, "power")
    low = (0.08 + 0.4 * 2 + 1.2 + 0.004 * power) / (1 - 0.0105)
    high = (0.08 + 0.7 * 3 + 1.2 + 0.004 * power) / (1 - 0.0105)
    b = bounds(c, "iron")
    assert [b.low, b.high] == pytest.approx([low, high], rel=1e-12) and b.origin == "solved"
    without = bounds(compiled(build, steel(), published_intervals=False), "iron")
    assert without.high == pytest.approx((0.08 + 0.7 * 2.5 + 1.2 + 0.004 * power) / (1 - 0.0105), rel=1e-12)


def test_a_factor_used_directly_has_its_publishers_bounds_or_judged_ones(build: Build) -> None:
    c = compiled(build, steel())
    assert bounds(c, "coal") == Bounds(2.0, 3.0, "published")
    judged = bounds(c, "ore")
    half = 0.05 * float(JUDGED_FACTOR_HALF_WIDTH)
    assert (judged.low, judged.high) == (pytest.approx(0.05 - half), pytest.approx(0.05 + half))
    assert judged.origin == "judged"
    assert bounds(c, "co2_fossil").origin == "exact"


def test_the_judged_share_reaches_every_depth(build: Build) -> None:
    c = compiled(build, steel())
    power = total(c, "power")
    steel_total = total(c, "steel")
    unjudged = 1.05 * 2.53 / (1 - 0.0105)
    assert c.judged_share[c.index["steel"]] == pytest.approx(1 - unjudged / steel_total, rel=1e-9)
    assert c.judged_share[c.index["power"]] == pytest.approx(0.0, abs=1e-12)
    assert power > 0 and 0 < c.judged_share[c.index["iron"]] < c.judged_share[c.index["steel"]]


def test_coverage_follows_the_item(build: Build) -> None:
    c = compiled(build, steel())
    assert [c.coverage[c.index[i]] for i in ("iron", "ore", "co2_fossil")] == ["derived", "named", "direct"]


def test_an_exchange_may_be_in_another_unit_of_the_same_dimension(build: Build) -> None:
    first = total(compiled(build, steel()), "steel")
    tables = steel()
    tables["exchanges"][7].update(unit="MJ", amount="2.88")
    tables["exchanges"][1].update(unit="t", amount="0.0016")
    assert total(compiled(build, tables), "steel") == pytest.approx(first, rel=1e-12)


def test_a_library_with_a_broken_link_is_refused_with_all_its_problems(build: Build) -> None:
    tables = steel()
    tables["exchanges"][1]["provider"] = "nobody"
    tables["exchanges"][2]["unit"] = "kWh"
    library, _ = build(tables)
    with pytest.raises(TanbiaoError) as refusal:
        compile_library(library, "AR6")
    assert {p.code for p in refusal.value.problems} == {"library-provider-missing", "library-unit-unfit"}


def test_an_unknown_gwp_set_or_item_is_refused(build: Build) -> None:
    library, _ = build(steel())
    with pytest.raises(TanbiaoError):
        compile_library(library, "AR7")
    with pytest.raises(TanbiaoError):
        total(compile_library(library, "AR6"), "unobtainium")


def test_a_library_of_factors_alone_compiles(build: Build) -> None:
    c = compiled(build, {"factors": [factor("ore", "0.05")]})
    assert total(c, "ore") == 0.05


def test_an_overlay_links_into_the_base(build: Build) -> None:
    base, _ = build(steel())
    extra, _ = build(
        {
            "processes": [process("beam")],
            "exchanges": [
                exchange("beam.x01", "beam", "reference", "beam", "1"),
                exchange("beam.x02", "beam", "input", "steel", "1.1"),
            ],
        },
        name="own",
    )
    c = compile_library(overlay(base, extra)[0], "AR6")
    assert total(c, "beam") == pytest.approx(1.1 * total(c, "steel"), rel=1e-12)


amounts = st.decimals("0.001", "100", places=3)


@settings(max_examples=20, deadline=None)
@given(value=amounts, reference=amounts)
def test_values_are_linear_in_factors_and_scale_with_the_reference(
    tmp_path_factory: pytest.TempPathFactory, value: object, reference: object
) -> None:
    def read(tables: dict) -> Compiled:
        return compile_library(read_library(write(tmp_path_factory.mktemp("t") / "tiny", tables))[0], "AR6")

    tables = steel()
    zero, one, some = steel(), steel(), steel()
    zero["factors"][0]["value"], one["factors"][0]["value"], some["factors"][0]["value"] = (
        "0",
        "1",
        str(value),
    )
    t0, t1, tv = (total(read(t), "steel") for t in (zero, one, some))
    assert tv == pytest.approx(t0 + float(str(value)) * (t1 - t0), rel=1e-9)
    # writing a process for another reference amount changes nothing
    scaled = steel()
    for row in scaled["exchanges"]:
        if row["process"] == "steel":
            row["amount"] = decimal_text(Fraction(row["amount"]) * Fraction(str(reference)))
    assert total(read(scaled), "iron") == pytest.approx(total(read(tables), "iron"), rel=1e-12)


def test_the_order_of_rows_does_not_change_a_single_bit(build: Build) -> None:
    first = compiled(build, steel())
    tables = steel()
    for rows in tables.values():
        rows.reverse()
    second = compiled(build, tables)
    assert first.ids == second.ids
    assert np.array_equal(first.values, second.values)


def every(node: Contribution) -> list[Contribution]:
    return [node, *(n for child in node.children for n in every(child))]


def test_a_path_tree_adds_up_and_ends_at_factors_and_gases(build: Build) -> None:
    c = compiled(build, steel())
    tree = paths(c, "steel", 0.001)
    assert tree.value == pytest.approx(total(c, "steel"), rel=1e-12)
    for node in every(tree):
        if node.children:
            assert sum(n.value for n in node.children) + node.rest == pytest.approx(node.value, rel=1e-9)
    assert [n.item for n in tree.children] == ["iron", "power"]
    iron = tree.children[0]
    assert [n.item for n in iron.children][:2] == ["coal", "co2_fossil"]
    assert iron.amount == pytest.approx(1.05)
    assert {"coal", "ore", "co2_fossil"} <= {n.item for n in every(tree) if not n.children}


def test_a_coarser_cutoff_opens_less_and_loses_nothing(build: Build) -> None:
    c = compiled(build, steel())
    fine, coarse = paths(c, "steel", 0.001), paths(c, "steel", 0.2)
    assert len(every(coarse)) < len(every(fine))
    assert coarse.value == fine.value
    assert paths(c, "coal").children == ()
