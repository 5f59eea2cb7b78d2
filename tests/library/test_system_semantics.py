"""What a product system means: allocation over products and treated wastes, avoided products and avoided waste, waste
as functional unit, results as providers, loops. In every category, from an imported database to the score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from tanbiao.exchange import Head, Rules, link, write_library
from tanbiao.exchange.model import Allocation, Exchange, Flow, Inventory, Process, RuleName
from tanbiao.library import compile_library, read_library
from tanbiao.library.elementary import read_elementary
from tanbiao.library.impacts import all_products, assess, entries
from tanbiao.library.methods import read_methods
from tests.exchange.made import buy, gas, inventory, out, process, product, ref

METHODS = """method,flow,cf
climate,"carbon dioxide, fossil (Mass, kg, Emissions to air)",1
acid,"sulfur dioxide (Mass, kg, Emissions to air)",1.5
"""
FLOWS = {
    "co2": gas("co2", "Carbon dioxide, fossil"),
    "so2": gas("so2", "Sulfur dioxide"),
    "power": product("power", unit="kWh"),
    "a": product("a"),
    "b": product("b"),
    "c": product("c"),
    "scrap": Flow(id="scrap", name={"en": "scrap"}, kind="waste", unit="kg"),
    "sludge": Flow(id="sludge", name={"en": "sludge"}, kind="waste", unit="kg"),
}
POWER = process("power", ref("power", 1.0, "kWh"), out("co2", 0.6), out("so2", 0.002))


def scores(folder: Path, made: Inventory, rules: Rules | None = None) -> dict[str, np.ndarray]:
    """climate, acid of one unit of every product."""
    target = folder / f"lib{len(list(folder.iterdir()))}"
    target.mkdir()
    draft = link(made, rules or Rules())
    assert [p.code for p in draft.problems if p.level == "error"] == []
    write_library(target, draft, made, Head("x"))
    library, problems = read_library(target)
    assert problems == []
    compiled = compile_library(library, "AR6")
    table = entries(
        library,
        compiled,
        read_elementary(target, library.processes)[0],
        {"co2_fossil": ("Carbon dioxide, fossil",)},
    )
    (folder / "m.csv").write_text(METHODS, encoding="utf-8")
    methods = read_methods(folder / "m.csv")
    found = all_products(assess(compiled, table, [methods["climate"], methods["acid"]]))
    return dict(zip(compiled.linked.processes, np.nan_to_num(found.score), strict=True))


def joint(shares: list[float], amounts: list[float], method: RuleName = "physical") -> Process:
    """Three products of one process; it emits, buys power, and sends waste to treatment."""
    names = ["a", "b", "c"]
    return process(
        "joint",
        *(ref(n, x) if n == "a" else out(n, x) for n, x in zip(names, amounts, strict=True)),
        buy("power", 5.0, "kWh"),
        out("co2", 2.0),
        out("so2", 0.03),
        out("scrap", 0.4),
        default_allocation=method,
        allocations=tuple(
            Allocation(method=method, product=n, value=s) for n, s in zip(names, shares, strict=True)
        ),
    )


TREAT = process(
    "treat",
    Exchange(
        number="r", flow="scrap", name="scrap", direction="input", amount=1.0, unit="kg", reference=True
    ),
    buy("power", 0.5, "kWh"),
    out("so2", 0.01),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.tuples(st.floats(0.05, 0.45), st.floats(0.05, 0.45)),
    amounts=st.tuples(*[st.floats(0.1, 50.0)] * 3),
    method=st.sampled_from(["physical", "economic", "causal", "mass"]),
)
def test_allocation_parts_sum_to_the_whole_in_every_category(
    cuts: tuple[float, float], amounts: tuple[float, float, float], method: RuleName, tmp_path: Path
) -> None:
    shares = [cuts[0], cuts[1], 1.0 - sum(cuts)]
    found = scores(
        tmp_path, inventory(joint(shares, list(amounts), method), POWER, TREAT, **FLOWS), Rules("declared")
    )
    power, treat = found["power"], found["treat"]
    whole = 5 * power + 0.4 * treat + np.array([2.0, 1.5 * 0.03])
    parts = sum(found[i] * x for i, x in zip(("joint", "joint.1", "joint.2"), amounts, strict=True))
    assert parts == pytest.approx(whole, rel=1e-9)
    assert found["joint"] * amounts[0] == pytest.approx(shares[0] * whole, rel=1e-9)


def test_causal_shares_of_each_exchange_sum_to_the_whole_in_every_category(tmp_path: Path) -> None:
    """Power goes by one key, CO2 by another, SO2 to one product alone."""
    keys = {
        "ipower": (0.5, 0.3, 0.2),
        "oco2": (0.1, 0.2, 0.7),
        "oso2": (1.0, 0.0, 0.0),
        "oscrap": (0.2, 0.4, 0.4),
    }
    plain = joint([0.2, 0.3, 0.5], [1.0, 2.0, 4.0], "causal")
    causal = tuple(
        Allocation(method="causal", product=n, value=share, exchange=number)
        for number, shares in keys.items()
        for n, share in zip("abc", shares, strict=True)
    )
    made = structs.replace(plain, allocations=(*plain.allocations, *causal))
    found = scores(tmp_path, inventory(made, POWER, TREAT, **FLOWS), Rules("causal"))
    power, treat = found["power"], found["treat"]
    parts = [found[i] * x for i, x in zip(("joint", "joint.1", "joint.2"), (1.0, 2.0, 4.0), strict=True)]
    assert sum(parts) == pytest.approx(5 * power + 0.4 * treat + np.array([2.0, 0.045]), rel=1e-9)
    alone = np.array([0.0, 0.045])
    assert parts[0] == pytest.approx(2.5 * power + 0.08 * treat + np.array([0.2, 0.0]) + alone, rel=1e-9)


def test_a_treatment_of_two_wastes_shares_its_burden(tmp_path: Path) -> None:
    both = process(
        "burn",
        Exchange(
            number="1", flow="scrap", name="scrap", direction="input", amount=3.0, unit="kg", reference=True
        ),
        Exchange(
            number="2", flow="sludge", name="sludge", direction="input", amount=1.0, unit="kg", reference=True
        ),
        out("co2", 8.0),
        out("so2", 0.1),
    )
    sender = process("sender", ref("a"), out("scrap", 0.5), out("sludge", 2.0))
    found = scores(tmp_path, inventory(both, sender, **FLOWS), Rules("mass"))
    burn = {k: v for k, v in found.items() if k.startswith("burn")}
    assert len(burn) == 2
    assert sum(v * x for v, x in zip(burn.values(), (3.0, 1.0), strict=True)) == pytest.approx([8.0, 0.15])
    assert found["sender"] == pytest.approx(
        np.array([2.0, 0.0375]) * 2.5
    )  # by mass both weigh 2 kgCO2 per kg


def test_waste_is_a_functional_unit(tmp_path: Path) -> None:
    found = scores(tmp_path, inventory(TREAT, POWER, **FLOWS))
    assert found["treat"] == pytest.approx([0.5 * 0.6, 1.5 * (0.01 + 0.5 * 0.002)])
    turned = process(
        "turned",
        Exchange(
            number="r", flow="scrap", name="scrap", direction="output", amount=-2.0, unit="kg", reference=True
        ),
        buy("power", 1.0, "kWh"),
        out("so2", 0.02),
    )
    same = scores(tmp_path, inventory(turned, POWER, **FLOWS))
    assert same["turned"] == pytest.approx(found["treat"])  # a negative output is the same treatment


def test_avoided_products_and_avoided_waste_are_credits(tmp_path: Path) -> None:
    plain = process("p", ref("a"), buy("power", 3.0, "kWh"), out("co2", 1.0))
    recovery = process(
        "p",
        ref("a"),
        buy("power", 3.0, "kWh"),
        out("co2", 1.0),
        Exchange(
            number="v", flow="power", name="power", direction="output", amount=2.0, unit="kWh", avoided=True
        ),
    )
    spared = process(
        "p",
        ref("a"),
        buy("power", 3.0, "kWh"),
        out("co2", 1.0),
        Exchange(
            number="w", flow="scrap", name="scrap", direction="input", amount=0.7, unit="kg", avoided=True
        ),
    )
    without = scores(tmp_path, inventory(plain, POWER, TREAT, **FLOWS))
    with_power = scores(tmp_path, inventory(recovery, POWER, TREAT, **FLOWS))
    assert with_power["p"] == pytest.approx(without["p"] - 2 * without["power"])
    with_waste = scores(tmp_path, inventory(spared, POWER, TREAT, **FLOWS))
    assert with_waste["p"] == pytest.approx(without["p"] - 0.7 * without["treat"])


def test_loops_are_solved_and_a_result_of_a_part_stands_for_the_part(tmp_path: Path) -> None:
    """Power needs steel, steel needs power: one system; and the same with steel's inventory as an aggregate."""
    power = process("power", ref("power", 1.0, "kWh"), buy("a", 0.01), out("co2", 0.6), out("so2", 0.002))
    steel = process("steel", ref("a"), buy("power", 4.0, "kWh"), out("co2", 1.8))
    user = process("user", ref("b"), buy("a", 2.0), buy("power", 1.0, "kWh"))
    flat = scores(tmp_path, inventory(power, steel, user, **FLOWS))
    loop = 1 / (1 - 0.04)
    assert flat["power"][0] == pytest.approx((0.6 + 0.01 * 1.8) * loop)
    solved = {k: flat[k] for k in ("power", "steel")}
    closed = [
        process(k, ref(f, 1.0, u), out("co2", float(v[0])), out("so2", float(v[1] / 1.5)), kind="aggregated")
        for (k, v), f, u in zip(solved.items(), ("power", "a"), ("kWh", "kg"), strict=True)
    ]
    nested = scores(tmp_path, inventory(*closed, user, **FLOWS))
    assert nested["user"] == pytest.approx(flat["user"], rel=1e-12)
