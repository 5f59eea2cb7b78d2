"""The background drawn: moments that are known, one draw for all that use it, streams that follow ids."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from tiny_library import Build, exchange, factor, gas, process

from tanbiao.library import Library, Sampled, compile_library, sampled
from tanbiao.numerics import lca

PACKS = 120
Rows = list[dict[str, str]]


def plant(
    *exchanges: Mapping[str, str], factors: Rows | None = None, units: Mapping[str, str] | None = None
) -> dict:
    """Processes by name, each with a reference of 1; exchanges as given; CO2 counts 1."""
    names = list(dict.fromkeys(x["process"] for x in exchanges))
    unit = {n: (units or {}).get(n, "kg") for n in names}
    references = [exchange(f"{n}.ref", n, "reference", "", "1", unit=unit[n]) for n in names]
    return {
        "processes": [process(n, unit=unit[n]) for n in names],
        "gases": [gas("co2_fossil")],
        "factors": factors or [factor("ore", "0.05")],
        "exchanges": [*references, *map(dict, exchanges)],
    }


def uncertain(kind: str, **numbers: float) -> dict[str, str]:
    return {"distribution": kind, **{k: f"{v:.15g}" for k, v in numbers.items()}}


def read(build: Build, tables: dict, name: str = "tiny") -> Library:
    library, problems = build(tables, name=name)
    assert problems == []
    return library


def ready(library: Library, *items: str, seed: int = 1) -> Sampled:
    found = sampled(library, compile_library(library, "AR6"), items, seed)
    assert found is not None
    return found


def values(found: Sampled, packs: int = PACKS) -> np.ndarray:
    """kgCO2e per unit, (items, samples)."""
    parts = [found.totals(p) for p in range(packs)]
    assert not any(lost for _, lost in parts)
    return np.concatenate([v for v, _ in parts], axis=1)


def near(drawn: np.ndarray, mean: float, deviation: float) -> None:
    n = drawn.size
    assert drawn.mean() == pytest.approx(mean, abs=5 * deviation / np.sqrt(n))
    assert drawn.std() == pytest.approx(deviation, rel=0.12)


@pytest.mark.parametrize("seed", [1, 20260])
def test_a_chain_of_lognormal_amounts_has_the_moments_of_their_product(build: Build, seed: int) -> None:
    s, t = 0.2, 0.3
    library = read(
        build,
        plant(
            exchange(
                "p.1", "power", "emission", "co2_fossil", "2", **uncertain("lognormal", spread=np.exp(s))
            ),
            exchange("s.1", "steel", "input", "power", "3", **uncertain("lognormal", spread=np.exp(t))),
        ),
    )
    found = ready(library, "steel", "power", seed=seed)
    assert found.items == ("steel", "power") and (found.drawn, found.amounts) == (2, 2)
    steel, power = values(found)
    v = s**2 + t**2
    near(steel, 6 * np.exp(v / 2), 6 * np.sqrt(np.expm1(v) * np.exp(v)))
    assert np.median(steel) == pytest.approx(6, rel=0.03)
    assert found.means.sum(axis=1) == pytest.approx([6 * np.exp(v / 2), 2 * np.exp(s**2 / 2)])
    assert np.corrcoef(np.log(steel), np.log(power))[0, 1] == pytest.approx(s / np.sqrt(v), abs=0.05)


@pytest.mark.parametrize(
    ("said", "mean", "deviation"),
    [
        (uncertain("normal", spread=0.5), 3.0, 0.5),
        (uncertain("uniform", least=2, greatest=5), 3.5, 3 / np.sqrt(12)),
        (uncertain("triangular", least=2, greatest=7), 4.0, np.sqrt((4 + 9 + 49 - 6 - 14 - 21) / 18)),
        (uncertain("pert", least=1, greatest=9), (1 + 12 + 9) / 6, np.sqrt((22 / 6 - 1) * (9 - 22 / 6) / 7)),
        (uncertain("lognormal", spread=1.2), 3 * np.exp(np.log(1.2) ** 2 / 2), None),
    ],
)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_every_distribution_of_a_purchase_and_of_an_emission_and_its_mirror(
    build: Build, said: dict[str, str], mean: float, deviation: float | None, sign: float
) -> None:
    if sign < 0 and "least" in said:
        said = {**said, "least": f"-{said['greatest']}", "greatest": f"-{said['least']}"}
    if deviation is None:
        v = np.log(1.2) ** 2
        deviation = 3 * np.sqrt(np.expm1(v) * np.exp(v))
    amount = f"{sign * 3:g}"
    library = read(
        build,
        plant(
            exchange("a.1", "power", "emission", "co2_fossil", "1"),
            exchange("b.1", "bought", "input", "power", amount, **said),
            exchange("b.2", "bought", "input", "ore", "20"),
            exchange("c.1", "emitted", "emission", "co2_fossil", amount, **said),
        ),
    )
    bought, emitted = values(ready(library, "bought", "emitted"))
    near(bought - 1.0, sign * mean, deviation)
    near(emitted, sign * mean, deviation)
    assert abs(np.corrcoef(bought, emitted)[0, 1]) < 0.08


def test_one_draw_of_a_factor_serves_all_that_buy_it(build: Build) -> None:
    library = read(
        build,
        plant(
            exchange("a.1", "one", "input", "coal", "2"),
            exchange("b.1", "two", "input", "coal", "5"),
            exchange("b.2", "two", "emission", "co2_fossil", "1"),
            factors=[factor("coal", "2.5", **uncertain("lognormal", spread=1.3)), factor("ore", "0.05")],
        ),
    )
    one, two, coal = values(ready(library, "one", "two", "coal", "ore"))
    assert one == pytest.approx(2 * coal) and two == pytest.approx(5 * coal + 1)
    assert coal.std() > 0.5 and np.median(coal) == pytest.approx(2.5, rel=0.03)


def test_two_purchases_from_one_provider_are_two_amounts(build: Build) -> None:
    said = uncertain("normal", spread=0.3)
    library = read(
        build,
        plant(
            exchange("a.1", "power", "emission", "co2_fossil", "1"),
            exchange("b.1", "steel", "input", "power", "2", **said),
            exchange("b.2", "steel", "input", "power", "4", **said),
            exchange("b.3", "steel", "input", "power", "1"),
            exchange("c.1", "self", "input", "self", "0.1", **uncertain("normal", spread=0.01)),
            exchange("c.2", "self", "emission", "co2_fossil", "9"),
        ),
    )
    steel, own = values(ready(library, "steel", "self"))
    near(steel, 7.0, 0.3 * np.sqrt(2))
    near(9.0 / own, 0.9, 0.01)


def test_units_are_converted_with_their_spread(build: Build) -> None:
    said = {"unit": "MJ", **uncertain("normal", spread=0.36)}
    library = read(
        build,
        plant(
            exchange("a.1", "power", "emission", "co2_fossil", "1"),
            exchange("b.1", "steel", "input", "power", "3.6", **said),
            exchange(
                "c.1",
                "iron",
                "input",
                "power",
                "7.2",
                unit="MJ",
                **uncertain("uniform", least=3.6, greatest=7.2),
            ),
            units={"power": "kWh"},
        ),
    )
    steel, iron = values(ready(library, "steel", "iron"))
    near(steel, 1.0, 0.1)
    near(iron, 1.5, 1 / np.sqrt(12))


def test_a_loop_is_drawn_as_a_whole_and_a_sample_that_cannot_deliver_is_listed(build: Build) -> None:
    library = read(
        build,
        plant(
            exchange("a.1", "power", "input", "coal", "0.8", **uncertain("lognormal", spread=1.3)),
            exchange("b.1", "coal", "input", "power", "0.9"),
            exchange("b.2", "coal", "emission", "co2_fossil", "1"),
        ),
    )
    found = ready(library, "power")
    lost = [k for p in range(10) for k, why in found.totals(p)[1] if "← " in why]
    assert 20 < len(lost) < 160


def test_a_credit_does_not_hide_a_sample_that_cannot_deliver(build: Build) -> None:
    """The loop eats more than it gives in some draws; a credit inside it leaves the solver with a number."""
    library = read(
        build,
        plant(
            exchange("a.1", "power", "input", "coal", "0.8", **uncertain("lognormal", spread=1.35)),
            exchange("b.1", "coal", "input", "power", "0.9"),
            exchange("b.2", "coal", "emission", "co2_fossil", "1"),
            exchange("b.3", "coal", "input", "ash", "-0.6"),
            exchange("c.1", "ash", "input", "power", "1"),
        ),
    )
    found = ready(library, "power")
    lost = [k for p in range(10) for k, why in found.totals(p)[1] if "← " in why]
    assert 20 < len(lost) < 200


def test_the_same_seed_draws_the_same_whatever_else_is_asked_or_stands_in_the_library(build: Build) -> None:
    tables = plant(
        exchange("p.1", "power", "emission", "co2_fossil", "2", **uncertain("lognormal", spread=1.2)),
        exchange("s.1", "steel", "input", "power", "3", **uncertain("normal", spread=0.4)),
    )
    first = read(build, tables)
    alone = values(ready(first, "steel"), 3)
    assert np.array_equal(values(ready(first, "steel", "power"), 3)[:1], alone)
    assert not np.allclose(values(ready(first, "steel", seed=2), 3), alone)
    more = plant(
        exchange("a.1", "anode", "emission", "co2_fossil", "2", **uncertain("lognormal", spread=1.2)),
        exchange("p.1", "power", "emission", "co2_fossil", "2", **uncertain("lognormal", spread=1.2)),
        exchange("p.0", "power", "input", "ore", "1", **uncertain("normal", spread=0.0)),
        exchange("s.1", "steel", "input", "power", "3", **uncertain("normal", spread=0.4)),
        exchange("a.2", "anode", "input", "power", "1"),
    )
    other = values(ready(read(build, more, "other"), "steel"), 3)
    power = values(ready(read(build, more, "third"), "power"), 3)
    assert power == pytest.approx(values(ready(first, "power"), 3) + 0.05)
    assert other == pytest.approx(alone * power / (power - 0.05))


def test_by_position_adds_up_to_the_total(build: Build) -> None:
    tables = plant(
        exchange("p.1", "power", "emission", "co2_fossil", "2", **uncertain("lognormal", spread=1.2)),
        exchange("p.2", "power", "emission", "ch4_bio", "0.1", **uncertain("normal", spread=0.02)),
        exchange("p.3", "power", "input", "split", "1"),
        factors=[factor("split", "4", fossil="3", land_use="1", **uncertain("uniform", least=3, greatest=6))],
    )
    tables["gases"].append(gas("ch4_bio", position="C", AR6="27"))
    found = ready(read(build, tables), "power")
    whole, _ = found.totals(2)
    parts, _ = found.vectors(2)
    assert parts.shape == (1, 3, lca.LANES)
    assert parts.sum(axis=1) == pytest.approx(whole)
    land = parts[0, 1 + found.positions.index(4) - 1]
    assert land.min() > 0.75 and land.max() < 1.5


def test_nothing_declared_is_nothing_drawn_and_bounds_are_no_distribution(build: Build) -> None:
    tables = plant(
        exchange("p.1", "power", "emission", "co2_fossil", "2", low="1", high="4", amount_kind="judged"),
        exchange("q.1", "other", "emission", "co2_fossil", "2", **uncertain("normal", spread=0.1)),
    )
    library = read(build, tables)
    compiled = compile_library(library, "AR6")
    assert sampled(library, compiled, ["power", "ore"], 1) is None
    tables["exchanges"][-1] |= {"distribution": "", "spread": ""}
    bare = read(build, tables, "bare")
    assert sampled(bare, compile_library(bare, "AR6"), ["power", "other"], 1) is None
    assert compiled.high[compiled.index["power"]] == 4.0


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"spread": "1.2"}, "uncertainty-no-distribution"),
        ({"distribution": "lognormal"}, "uncertainty-spread"),
        ({"distribution": "lognormal", "spread": "0.9"}, "uncertainty-spread"),
        ({"distribution": "uniform", "least": "1"}, "uncertainty-ends"),
        ({"distribution": "uniform", "least": "3", "greatest": "9"}, "uncertainty-outside"),
        ({"distribution": "pert", "least": "1", "greatest": "9", "spread": "2"}, "uncertainty-both"),
        ({"distribution": "normal", "spread": "1", "least": "1"}, "uncertainty-both"),
        ({"distribution": "normal", "spread": "1", "amount": "0"}, "uncertainty-zero"),
        ({"distribution": "cauchy", "spread": "1"}, "library-word"),
        ({"distribution": "normal", "spread": "wide"}, "number-expected"),
    ],
)
def test_a_row_whose_distribution_is_none_is_reported_at_its_cell(
    build: Build, cells: dict[str, str], code: str
) -> None:
    tables = plant(exchange("p.1", "power", "emission", "co2_fossil", "2"))
    tables["exchanges"][-1] |= cells
    tables["factors"].append(
        factor("bad", cells.get("amount", "2"), **{k: v for k, v in cells.items() if k != "amount"})
    )
    library, problems = build(tables)
    assert [p.code for p in problems] == [code, code]
    assert {str(p.place).split(":")[0] for p in problems} == {"tiny/exchanges.csv", "tiny/factors.csv"}
    assert "bad" not in library.factors
