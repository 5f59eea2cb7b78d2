"""Guards: each of these faults stood in a published database and passed somebody's import."""

from __future__ import annotations

from tiny_library import HEAD, Build, exchange, factor, gas, process, steel

from tanbiao.core.errors import Problem
from tanbiao.library import check_library, check_use


def found(build: Build, tables: dict, head: str = HEAD) -> list[Problem]:
    library, problems = build(tables, head)
    assert problems == []
    return check_library(library)


def codes(problems: list[Problem]) -> list[str]:
    return [p.code for p in problems]


def test_a_sound_library_raises_nothing(build: Build) -> None:
    assert found(build, steel()) == []


def test_a_process_without_inputs_and_emissions_is_hollow(build: Build) -> None:
    tables = steel()
    tables["processes"].append(process("hole"))
    tables["exchanges"] += [
        exchange("hole.x01", "hole", "reference", "hole", "1"),
        exchange("hole.x02", "hole", "cutoff", "", "3"),
    ]
    [problem] = found(build, tables)
    assert (problem.code, problem.args["item"], problem.level) == ("library-hollow", "hole", "error")


def test_a_known_fault_is_shown_as_a_warning(build: Build) -> None:
    tables = steel()
    tables["processes"].append(process("hole"))
    tables["exchanges"].append(exchange("hole.x01", "hole", "reference", "hole", "1"))
    head = HEAD + "known_faults: [{code: library-hollow, item: hole, zh: 已知, en: known}]\n"
    [problem] = found(build, tables, head)
    assert problem.level == "warning"


def test_an_exchange_needs_a_unit_unless_it_is_cut_off(build: Build) -> None:
    tables = steel()
    tables["exchanges"][8]["unit"] = ""
    assert tables["exchanges"][8]["kind"] == "cutoff" and found(build, tables) == []
    tables["exchanges"][7]["unit"] = ""
    [problem] = found(build, tables)
    assert (problem.code, problem.args["exchange"]) == ("library-unit-missing", tables["exchanges"][7]["id"])


def test_an_exchange_and_its_provider_must_measure_the_same_thing(build: Build) -> None:
    tables = steel()
    tables["exchanges"][7]["unit"] = "kg"
    assert codes(found(build, tables)) == ["library-unit-unfit"]


def test_a_provider_that_does_not_exist_is_never_dropped_silently(build: Build) -> None:
    tables = steel()
    tables["exchanges"][1]["provider"] = "bauxite"
    assert codes(found(build, tables)) == ["library-provider-missing"]


def test_recovered_lithium_cannot_exceed_the_lithium_in_the_battery(build: Build) -> None:
    tables = steel()
    tables["processes"].append(process("recycling", category="end-of-life/battery"))
    tables["factors"].append(factor("li2co3", "9"))
    tables["exchanges"] += [
        exchange("recycling.x01", "recycling", "reference", "recycling", "1"),
        exchange("recycling.x02", "recycling", "input", "power", "2", unit="kWh"),
        exchange("recycling.x03", "recycling", "cutoff", "", "-0.07", flow="lithium carbonate, recovered"),
    ]
    tables["elements"] = [
        {"item": "recycling", "element": "Li", "kg_per_kg": "0.01162"},
        {"item": "recycling.x03", "element": "Li", "kg_per_kg": "0.1879"},
    ]
    [problem] = found(build, tables)
    assert (problem.code, problem.args["element"]) == ("library-element", "Li")
    tables["exchanges"][-1]["amount"] = "-0.06"
    assert found(build, tables) == []


def test_a_product_cannot_hold_more_of_an_element_than_its_inputs(build: Build) -> None:
    tables = steel()
    tables["elements"] = [
        {"item": "iron", "element": "Fe", "kg_per_kg": "0.95"},
        {"item": "ore", "element": "Fe", "kg_per_kg": "0.55"},
    ]
    assert codes(found(build, tables)) == ["library-element"]


def test_two_activities_of_one_name_and_place_are_not_one(build: Build) -> None:
    tables = steel()
    tables["processes"][1].update(name_en="iron works", place="CN")
    [problem] = found(build, tables)
    assert (problem.code, problem.args["other"]) == ("library-merged", "iron")
    tables["processes"][1]["place"] = "BR"
    assert found(build, tables) == []


def test_two_reference_outputs_mean_two_activities_were_merged(build: Build) -> None:
    tables = steel()
    tables["exchanges"].append(exchange("iron.x09", "iron", "reference", "iron", "1"))
    assert codes(found(build, tables)) == ["library-reference-double"]


def nickel(flow: str, basis: str) -> dict:
    tables = steel()
    tables["factors"].append(factor("niso4", "5.3", mass_basis=basis))
    tables["exchanges"].append(exchange("iron.x10", "iron", "input", "niso4", "0.978", flow=flow))
    return tables


def test_anhydrous_and_hydrate_sulfates_do_not_mix(build: Build) -> None:
    # nickel: 37.9 % of anhydrous NiSO4, 22.3 % of the hexahydrate
    for flow in ("nickel sulfate hexahydrate", "六水合硫酸镍", "NiSO4·6H2O"):
        assert codes(found(build, nickel(flow, "anhydrous"))) == ["library-mass-basis"], flow
        assert found(build, nickel(flow, "hydrate")) == [], flow
    for flow in ("nickel sulfate, anhydrous", "硫酸镍（无水计）"):
        assert codes(found(build, nickel(flow, "hydrate"))) == ["library-mass-basis"], flow
        assert found(build, nickel(flow, "anhydrous")) == [], flow


def test_a_sulfate_that_does_not_say_its_basis_is_shown(build: Build) -> None:
    [problem] = found(build, nickel("market for nickel sulfate", "anhydrous"))
    assert (problem.code, problem.level) == ("library-mass-basis-unsaid", "warning")


def test_peroxide_hydrated_lime_and_carbohydrates_are_no_hydrates(build: Build) -> None:
    for flow in ("chem.cn.h2o2", "lime production, hydrated, packed", "carbohydrates"):
        assert found(build, nickel(flow, "dry")) == [], flow


def test_a_bought_gas_is_not_an_emission(build: Build) -> None:
    # a separator recipe took 0.026 kg hexafluoroethane as an input
    tables = steel()
    tables["gases"].append(gas("pfc116", name_en="Hexafluoroethane", AR6="12400"))
    tables["exchanges"].append(
        exchange("iron.x10", "iron", "input", "pfc116", "0.026", flow="hexafluoroethane")
    )
    [problem] = found(build, tables)
    assert (problem.code, problem.args["provider"]) == ("library-gas-as-input", "pfc116")


def test_an_emission_points_to_a_gas(build: Build) -> None:
    tables = steel()
    tables["exchanges"].append(exchange("iron.x10", "iron", "emission", "coal", "1"))
    assert codes(found(build, tables)) == ["library-emission-provider"]


def test_a_chinese_step_does_not_run_on_serbian_power(build: Build) -> None:
    tables = steel()
    tables["processes"][2]["place"] = "RS"
    [problem] = found(build, tables)
    assert (problem.code, problem.args["where"]) == ("library-country", "RS")
    tables["processes"][2]["place"] = "CN-YN"
    assert found(build, tables) == []


def test_a_process_stands_where_its_name_says(build: Build) -> None:
    tables = steel()
    tables["processes"][1].update(name_en="Mono-Si wafer, CN", place="RS")
    assert codes(found(build, tables)) == ["library-place-name"]
    tables["processes"][1]["place"] = "CN"
    assert found(build, tables) == []


def test_radiative_forcing_stays_out_of_the_headline(build: Build) -> None:
    tables = steel()
    tables["factors"].append(
        factor("air", "1.03", unit="t·km", radiative_forcing="yes", allowed_uses="transport", gwp_set="AR5")
    )
    assert codes(found(build, tables)) == ["library-radiative-forcing"]
    tables["factors"][-1]["allowed_uses"] = "organisation_only"
    assert found(build, tables) == []
    tables["exchanges"].append(exchange("iron.x10", "iron", "input", "air", "1", unit="t·km"))
    assert set(codes(found(build, tables))) == {"library-radiative-forcing", "library-organisation-only"}
    library, _ = build(tables)
    assert "library-radiative-forcing" in codes(check_use(library, "air", "transport"))


def test_a_market_mix_is_not_virgin_material(build: Build) -> None:
    tables = steel()
    for content in ("share", "0.3", "unknown", "1"):
        tables["factors"][0].update(allowed_uses="material Ev", recycled_content=content)
        assert codes(found(build, tables)) == ["library-market-mix-ev"], content
    tables["factors"][0]["recycled_content"] = "0"
    assert found(build, tables) == []


def test_haulage_to_the_recycler_is_neither_recycling_nor_disposal(build: Build) -> None:
    tables = steel()
    tables["factors"][0].update(boundary="transport_only", allowed_uses="transport ErecEoL ED")
    assert codes(found(build, tables)) == ["library-transport-only", "library-transport-only"]
    tables["factors"][0]["allowed_uses"] = "transport"
    library, _ = build(tables)
    assert codes(check_use(library, "ore", "ErecEoL")) == ["library-transport-only"]
    assert check_use(library, "ore", "transport") == []


def test_co2_only_rows_in_a_co2e_sum_must_say_so(build: Build) -> None:
    tables = steel()
    tables["factors"][1].update(gas_basis="CO2", gwp_set="n.a.")
    assert codes(found(build, tables)) == ["library-co2-only"]
    tables["exchanges"][2]["note"] = "CO2 only; methane of the mine not held"
    assert found(build, tables) == []


def test_a_direct_co2_grid_factor_never_enters_a_product(build: Build) -> None:
    tables = steel()
    tables["factors"].append(
        factor("grid", "0.5306", unit="kWh", gas_basis="CO2", boundary="combustion")
        | {"allowed_uses": "organisation_only"}
    )
    tables["exchanges"].append(
        exchange("iron.x10", "iron", "input", "grid", "1", unit="kWh", note="CO2 only")
    )
    assert codes(found(build, tables)) == ["library-organisation-only"]
    library, _ = build(tables)
    assert codes(check_use(library, "grid", "energy")) == ["library-organisation-only"]


def test_a_use_that_is_not_listed_is_refused(build: Build) -> None:
    library, _ = build(steel())
    assert codes(check_use(library, "ore", "ED")) == ["library-use-refused"]
    assert codes(check_use(library, "ore", "material")) == []
    assert codes(check_use(library, "unobtainium", "material")) == ["library-item-unknown"]


def test_a_loop_that_consumes_more_than_it_makes_is_refused(build: Build) -> None:
    tables = steel()
    tables["exchanges"][4]["amount"] = "1.2"  # 1.2 kg steel for 1 kg iron, 1.05 kg iron for 1 kg steel
    assert set(codes(found(build, tables))) == {"library-not-productive"}


def test_a_footprint_below_zero_is_refused_and_its_credit_shown(build: Build) -> None:
    tables = steel()
    tables["exchanges"][2].update(amount="-5", low="", high="")
    assert set(codes(found(build, tables))) == {"library-negative", "library-credit"}


def test_share_licence_source_and_use_have_to_be_stated(build: Build) -> None:
    tables = steel()
    tables["factors"][0].update(share="", licence="", source="", allowed_uses="")
    assert codes(found(build, tables)) == [
        "library-licence-missing",
        "library-share-missing",
        "library-source-missing",
        "library-use-missing",
    ]


def test_parts_of_a_factor_add_up_and_its_interval_holds_it(build: Build) -> None:
    tables = steel()
    tables["factors"][0].update(fossil="0.03", biogenic="0.01", low="0.06", high="0.07")
    assert codes(found(build, tables)) == ["library-interval", "library-split"]
