"""Linking is explicit; the real faults of published databases (data-sources, section 3) are caught."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tanbiao.exchange import Draft, Head, Rules, link, read_mapping, write_library
from tanbiao.exchange.candidates import Named
from tanbiao.exchange.elementary import characterise, gas_rows
from tanbiao.exchange.model import Allocation, Exchange, Flow, Inventory, Measure
from tanbiao.library import compile_library, read_library

from .conftest import ROOT
from .made import AIR, buy, gas, inventory, out, process, product, ref


def codes(draft: Draft) -> set[str]:
    return {p.code for p in draft.problems}


def solved(draft: Draft, made: Inventory, folder: Path) -> dict[str, float]:
    """kgCO2e per unit of every process, through the library room."""
    folder.mkdir()
    write_library(folder, draft, made, Head("t"))
    library, problems = read_library(folder)
    assert problems == []
    compiled = compile_library(library, "AR6")
    return {p: float(compiled.values[compiled.index[p]].sum()) for p in library.processes}


def test_a_chain_links_by_flow_and_solves(tmp_path: Path) -> None:
    made = inventory(
        process("a", ref("A"), buy("B", 2)),
        process("b", ref("B"), out("co2", 3)),
        A=product("A"),
        B=product("B"),
        co2=gas("co2", "Carbon dioxide, fossil"),
    )
    draft = link(made, Rules())
    assert draft.unlinked == [] and draft.counts["flow"] == 1
    assert solved(draft, made, tmp_path / "x") == pytest.approx({"a": 6, "b": 3})


# 1. trailing blanks
def test_a_trailing_blank_does_not_lose_the_co2() -> None:
    made = inventory(
        process("a", ref("A"), out("co2", 3)), A=product("A"), co2=gas("co2", "Carbon dioxide, fossil ")
    )
    draft = link(made, Rules())
    assert draft.gases["co2_fossil"] == 1 and "exchange-name-blanks" in codes(draft)


# 2. one gas, several names
@pytest.mark.parametrize(
    ("name", "gas_id"),
    [
        ("Methane, tetrafluoro-, FC-14", "pfc14"),
        ("Methane, tetrafluoro-, CFC-14", "pfc14"),
        ("PFC-14", "pfc14"),
        ("Tetrafluoromethane", "pfc14"),
        ("Ethane, hexafluoro-, HFC-116", "pfc116"),
        ("Ethane, 1,1,1,2-tetrafluoro-, HFC-134a", "hfc134a"),
        ("Dinitrogen monoxide", "n2o"),
        ("Nitrous oxide (laughing gas) [Inorganic emissions to air]", "n2o"),
        ("carbon dioxide (fossil)", "co2_fossil"),
        ("Carbon dioxide, land transformation", "co2_luluc"),
        ("Methane, biogenic", "ch4_nonfossil"),
        ("Sulfur hexafluoride", "sf6"),
        ("sulphur hexafluoride", "sf6"),
        ("Methane, chlorodifluoro-, HCFC-22", "hcfc22"),
        ("Methane, tetrachloro-, CFC-10", "ccl4"),
        ("二氧化碳（化石）", "co2_fossil"),
        ("Methane", "ch4_fossil"),
        ("六氟化硫", "sf6"),
        ("Methane, bromotrifluoro-, Halon 1301", "halon1301"),
    ],
)
def test_one_gas_under_its_many_names(name: str, gas_id: str) -> None:
    assert characterise(gas("x", name), "output").gas == gas_id


@pytest.mark.parametrize(
    "name",
    [
        "NMVOC, non-methane volatile organic compounds",
        "Hydrocarbons (other than methane)",
        "Fluoranthene",
        "Methanesulfonic acid",
        "Fluoride",
        "Chlorosilane, trimethyl-",
        "Sulfur dioxide",
    ],
)
def test_harmless_names_are_left_alone(name: str) -> None:
    assert characterise(gas("x", name), "output").status == "none"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("CFCs, unspecified", "group"),
        ("Perfluorocarbons, unspecified", "group"),
        ("ethane", "minor"),
        ("Methane, some new fluoro thing", "suspect"),
    ],
)
def test_what_may_count_is_reported_and_never_zero(name: str, status: str) -> None:
    draft = link(inventory(process("a", ref("A"), out("g", 3)), A=product("A"), g=gas("g", name)), Rules())
    assert f"exchange-uncharacterised-{status}" in codes(draft) and name in draft.uncharacterised


def test_water_and_soil_do_not_count_and_uptake_is_recorded() -> None:
    assert characterise(gas("x", "Methane", compartment=("Emissions to water",)), "output").gas == ""
    assert (
        characterise(gas("x", "Carbon dioxide, in air", compartment=("resource",)), "input").gas
        == "co2_uptake"
    )
    assert characterise(gas("x", "Carbon dioxide, in air", compartment=("resource",)), "output").gas == ""


def test_the_canonical_list_agrees_with_the_open_library() -> None:
    with (ROOT / "library/open-2026/gases.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            mine = gas_rows()[row["id"]].cells
            assert {k: mine[k] for k in ("name_en", "position", "AR4", "AR5", "AR6")} == {
                k: row[k] for k in ("name_en", "position", "AR4", "AR5", "AR6")
            }


# 3. several products demand a rule
def refinery() -> Inventory:
    return inventory(
        process(
            "r",
            ref("D", 60),
            out("G", 40),
            out("co2", 10),
            allocations=(
                Allocation(method="economic", product="D", value=0.7),
                Allocation(method="economic", product="G", value=0.3),
            ),
        ),
        process("u", ref("U"), buy("G", 2)),
        D=product("D", "diesel"),
        G=product("G", "gasoline"),
        U=product("U"),
        co2=gas("co2", "Carbon dioxide, fossil"),
    )


def test_a_multi_output_process_is_refused_without_a_rule() -> None:
    draft = link(refinery(), Rules())
    assert "exchange-allocation-missing" in codes(draft) and [x[0] for x in draft.left_out] == ["r"]
    assert [(u.flow, u.why) for u in draft.unlinked] == [("G", "no provider")]


@pytest.mark.parametrize(
    ("rule", "diesel", "gasoline"),
    [("mass", 0.1, 0.1), ("economic", 7 / 60, 3 / 40), ("reference", 10 / 60, None)],
)
def test_a_multi_output_process_with_a_rule(
    tmp_path: Path, rule: str, diesel: float, gasoline: float | None
) -> None:
    made = refinery()
    values = solved(link(made, Rules(allocation=rule)), made, tmp_path / "x")
    assert values["r"] == pytest.approx(diesel) and values.get("r.1") == (
        pytest.approx(gasoline) if gasoline else None
    )
    assert values["u"] == pytest.approx(2 * gasoline if gasoline else 0)


def test_allocation_keeps_the_sum(tmp_path: Path) -> None:
    made = refinery()
    values = solved(link(made, Rules(allocation="economic")), made, tmp_path / "x")
    assert values["r"] * 60 + values["r.1"] * 40 == pytest.approx(10)


def test_factors_that_do_not_add_up_are_refused(data: Path) -> None:
    """US-FPL declares causal factors 2, 3, 4, 5, 6 for torrefied chips."""
    from tanbiao.exchange import read

    draft = link(read(data / "samples/openlca-jsonld-us-fpl", keep=False), Rules(allocation="declared"))
    assert {x[2] for x in draft.left_out} == {"exchange-allocation-sum"}
    draft = link(read(data / "samples/openlca-jsonld-us-fpl", keep=False), Rules(allocation="physical"))
    assert any(m.name_en.startswith("Wood chip pyrolysis") and "allocation" in m.notes for m in draft.made)


# 4. totals of a sector beside one unit of output
def test_sector_totals_beside_an_output_of_one_unit_are_caught() -> None:
    made = inventory(
        process("s", ref("S", 1333.33, "EUR"), buy("T", 5e9, "EUR")),
        process("t", ref("T", 1, "EUR")),
        S=product("S", unit="EUR"),
        T=product("T", unit="EUR"),
    )
    assert "exchange-inputs-exceed" in codes(link(made, Rules()))


# 5. elementary flows as purchased inputs
def test_an_emission_flow_as_input_is_reported_and_stands_unlinked() -> None:
    made = inventory(
        process("a", ref("A"), buy("soda", 2)), A=product("A"), soda=gas("soda", "sodium carbonate")
    )
    draft = link(made, Rules())
    assert "exchange-elementary-bought" in codes(draft) and [u.name for u in draft.unlinked] == [
        "sodium carbonate"
    ]


# 6. a country-code slip
def test_a_chinese_step_on_serbian_power_is_caught(tmp_path: Path) -> None:
    from tanbiao.library import check_library

    made = inventory(
        process("wafer", ref("W"), buy("E", 11, "kWh")),
        process("grid", ref("E", 1, "kWh"), out("co2", 0.8), place="RS"),
        W=product("W"),
        E=product("E", "electricity, medium voltage", "kWh"),
        co2=gas("co2", "Carbon dioxide, fossil"),
    )
    folder = tmp_path / "x"
    folder.mkdir()
    write_library(folder, link(made, Rules()), made, Head("t", licence="MIT"))
    assert "library-country" in {p.code for p in check_library(read_library(folder)[0])}


# 7. ambiguous providers
def test_ambiguity_is_reported_with_candidates_until_a_place_decides() -> None:
    made = inventory(
        process("a", ref("A"), buy("B")),
        process("b1", ref("B"), place="DE"),
        process("b2", ref("B"), place="FR"),
        A=product("A"),
        B=product("B", "steel"),
    )
    draft = link(made, Rules())
    assert [u.why for u in draft.unlinked] == ["ambiguous: 2 providers (DE, FR)"]
    assert "b1" in draft.unlinked[0].candidates and "b2" in draft.unlinked[0].candidates
    decided = link(made, Rules(places=("FR", "DE")))
    assert decided.unlinked == []
    assert [decided.strings[n] for n in decided.note] == ["flow, place FR"]
    assert [decided.ids[p] for k, p in zip(decided.kind, decided.provider, strict=True) if k == 0] == ["b2"]


def test_the_buyers_own_place_comes_before_the_fallback() -> None:
    made = inventory(
        process("a", ref("A"), buy("B"), place="DE"),
        process("b1", ref("B"), place="DE"),
        process("b2", ref("B"), place="FR"),
        A=product("A"),
        B=product("B"),
    )
    draft = link(made, Rules(places=("FR",)))
    assert [draft.ids[p] for k, p in zip(draft.kind, draft.provider, strict=True) if k == 0] == ["b1"]


def test_a_mapping_file_is_written_edited_and_applied_again(tmp_path: Path) -> None:
    def made() -> Inventory:
        return inventory(
            process("a", ref("A"), buy("X", 2, name="Stahlblech"), buy("Y", name="dust")),
            process("b", ref("B"), out("co2", 3)),
            A=product("A"),
            B=product("B", "steel sheet"),
            X=product("X", "Stahlblech"),
            Y=product("Y", "dust"),
            co2=gas("co2", "CO2"),
        )

    first, box = link(made(), Rules()), made()
    folder = tmp_path / "first"
    folder.mkdir()
    write_library(folder, first, box, Head("t"))
    with (folder / "linking/mapping.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["name"] for r in rows] == ["Stahlblech", "dust"]
    rows[0] |= {"to": "b", "note": "the same sheet"}
    rows[1]["to"] = "cutoff"
    edited = tmp_path / "mapping.csv"
    with edited.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    second = link(box := made(), Rules(mapping=read_mapping(edited)))
    assert (
        second.unlinked == [] and second.counts["mapping file"] == 1 and second.counts["cut off by you"] == 1
    )
    assert solved(second, box, tmp_path / "second")["a"] == pytest.approx(6)


def test_names_of_another_library_link_only_where_one_fits() -> None:
    base = [
        Named("met.al", ("Aluminium ingot", "铝锭"), "kg", "CN"),
        Named("met.al.kwh", ("Aluminium ingot",), "kWh", "CN"),
    ]
    made = inventory(
        process("a", ref("A"), buy("X", 2, "t", name="aluminium ingot ")),
        A=product("A"),
        X=product("X", "aluminium ingot ", "t"),
    )
    draft = link(made, Rules(), base)
    assert draft.unlinked == [] and draft.needs_base and draft.amount[0] == 2000


# waste: inputs as reference, both sign conventions
@pytest.mark.parametrize(
    "sent",
    [
        Exchange(number="1", flow="W", name="W", direction="output", amount=2, unit="kg"),
        Exchange(number="1", flow="W", name="W", direction="input", amount=-2, unit="kg"),
        Exchange(number="1", flow="W", name="W", direction="input", amount=2, unit="kg"),
    ],
)
def test_waste_goes_to_its_treatment_whatever_the_sign(tmp_path: Path, sent: Exchange) -> None:
    treat = Exchange(number="0", flow="W", name="W", direction="input", amount=1, unit="kg", reference=True)
    made = inventory(
        process("a", ref("A"), sent),
        process("t", treat, out("co2", 3)),
        A=product("A"),
        W=Flow(id="W", name={"en": "waste"}, kind="waste", unit="kg"),
        co2=gas("co2", "CO2"),
    )
    assert solved(link(made, Rules()), made, tmp_path / "x") == pytest.approx({"a": 6, "t": 3})


def test_negative_production_is_a_treatment(tmp_path: Path) -> None:
    made = inventory(
        process("a", ref("A"), buy("W", -2)),
        process("t", ref("W", -1), out("co2", 3)),
        A=product("A"),
        W=product("W"),
        co2=gas("co2", "CO2"),
    )
    assert solved(link(made, Rules()), made, tmp_path / "x")["a"] == pytest.approx(6)


def test_an_avoided_product_is_a_credit(tmp_path: Path) -> None:
    made = inventory(
        process("a", ref("A"), buy("B", 2, avoided=True)),
        process("b", ref("B"), out("co2", 3)),
        A=product("A"),
        B=product("B"),
        co2=gas("co2", "CO2"),
    )
    assert solved(link(made, Rules()), made, tmp_path / "x")["a"] == pytest.approx(-6)


# units
def test_units_convert_and_the_note_says_so(tmp_path: Path) -> None:
    made = inventory(
        process("a", ref("A"), buy("B", 2, "lb av")),
        process("b", ref("B"), out("co2", 1)),
        A=product("A"),
        B=product("B"),
        co2=gas("co2", "CO2"),
    )
    draft = link(made, Rules())
    assert solved(draft, made, tmp_path / "x")["a"] == pytest.approx(2 * 0.45359237)


def test_a_density_of_the_flow_links_volume_to_mass(tmp_path: Path) -> None:
    flow = Flow(
        id="B",
        name={"en": "diesel"},
        kind="product",
        unit="m3",
        measures=(Measure(property="Mass", unit="kg", factor=840),),
    )
    made = inventory(
        process("a", ref("A"), buy("B", 84, "kg")),
        process("b", ref("B", 1, "m3"), out("co2", 10)),
        A=product("A"),
        B=flow,
        co2=gas("co2", "CO2"),
    )
    assert solved(link(made, Rules()), made, tmp_path / "x")["a"] == pytest.approx(1)


def test_an_unknown_unit_is_refused_with_its_place() -> None:
    made = inventory(
        process("a", ref("A"), buy("B", 2, "furlong")), A=product("A"), B=product("B", unit="furlong")
    )
    draft = link(made, Rules())
    assert "exchange-unit-unknown" in codes(draft) and draft.unlinked[0].why == "unit unknown"


def test_megawatt_hours_read_as_kilowatt_hours_are_caught() -> None:
    made = inventory(
        process("a", ref("A"), buy("E", 15410, "kWh")),
        A=product("A", "aluminium"),
        E=product("E", "Electricity", "kWh"),
    )
    assert "exchange-electricity-range" in codes(link(made, Rules()))


def test_a_gas_in_a_unit_that_is_no_mass_is_reported() -> None:
    draft = link(
        inventory(process("a", ref("A"), out("g", 3, "MJ")), A=product("A"), g=gas("g", "Methane", "MJ")),
        Rules(),
    )
    assert {"exchange-gas-unit", "exchange-uncharacterised-unit"} <= codes(draft)


# ids
def test_ids_that_stand_twice_are_reported_not_summed() -> None:
    made = inventory(
        process("a", ref("A"), out("co2", 1)),
        process("a", ref("A"), out("co2", 5)),
        A=product("A"),
        co2=gas("co2", "CO2"),
    )
    draft = link(made, Rules())
    assert "exchange-process-double" in codes(draft) and len(draft.made) == 1


def test_no_reference_zero_reference_and_infinite_amounts_are_refused() -> None:
    for bad, code in (
        (process("a", buy("B")), "exchange-reference-missing"),
        (process("a", ref("A", 0)), "exchange-reference-zero"),
        (process("a", ref("A"), buy("B", float("inf"))), "exchange-not-finite"),
    ):
        assert code in codes(link(inventory(bad, A=product("A"), B=product("B")), Rules()))


def test_the_double_count_needs_both_halves() -> None:
    def made(direct: float) -> Inventory:
        return inventory(
            process("cement", ref("C"), buy("coal", 0.1), *([out("co2", direct)] if direct else [])),
            process(
                "boiler", ref("coal"), out("co2", 2.6), name="Bituminous coal, combusted in industrial boiler"
            ),
            C=product("C"),
            coal=product("coal"),
            co2=gas("co2", "Carbon dioxide, fossil"),
        )

    assert "exchange-double-count" in codes(link(made(0.9), Rules()))
    assert "exchange-double-count" not in codes(link(made(0), Rules()))


def test_air_compartments_are_known() -> None:
    assert characterise(gas("x", "Methane", compartment=AIR), "output").gas == "ch4_fossil"
