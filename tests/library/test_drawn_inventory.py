"""A library's own uncertainty in every category: the draws are those of a study's background, nothing else varies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_library import factor, steel, write
from tiny_nature import METHODS, NAMES, nature

from tanbiao.library import Library, compile_library, read_library
from tanbiao.library.drawn import drawn, sources
from tanbiao.library.elementary import read_elementary
from tanbiao.library.impacts import Assessed, assess, entries
from tanbiao.library.methods import read_methods
from tanbiao.library.sampling import sampled
from tanbiao.library.trace import climate

Tables = dict[str, list[dict[str, str]]]


def uncertain_steel() -> Tables:
    """Power, a gas, a total and one of two purchases from the same provider vary."""
    tables = steel()
    by = {x["id"]: x for x in tables["exchanges"]}
    by["steel.x03"] |= {"distribution": "lognormal", "spread": "1.2"}
    by["power.x03"] |= {"distribution": "normal", "spread": "0.05"}
    by["iron.x02"] |= {"distribution": "triangular", "least": "1.4", "greatest": "1.9"}
    tables["exchanges"].append({**by["steel.x03"], "id": "steel.x05", "amount": "0.1"})
    tables["factors"] = [
        factor("ore", "0.05"),
        factor("coal", "2.5", gwp_set="AR5", distribution="lognormal", spread="1.1"),
    ]
    return tables


def assessed(folder: Path, tables: Tables) -> tuple[Library, Assessed, Assessed]:
    """Under the library's climate data, and under methods."""
    nature(write(folder / "tiny", tables))
    library, problems = read_library(folder / "tiny")
    assert [p.code for p in problems if p.level == "error"] == []
    compiled = compile_library(library, "AR6")
    table = entries(library, compiled, read_elementary(folder / "tiny", library.processes)[0], NAMES)
    (folder / "m.csv").write_text(METHODS, encoding="utf-8")
    methods = read_methods(folder / "m.csv")
    return library, climate(compiled, table), assess(compiled, table, [methods[m] for m in sorted(methods)])


def test_climate_draws_are_those_of_a_studys_background(tmp_path: Path) -> None:
    library, a, _ = assessed(tmp_path, uncertain_steel())
    found = drawn(library, a, "steel", 64, seed=5)
    background = sampled(library, a.compiled, ["steel"], 5)
    assert found is not None and background is not None
    wanted = np.concatenate([background.totals(k)[0][0] for k in range(2)])
    assert found.found.score.shape == (1, 64)
    assert found.found.score[0] == pytest.approx(wanted, rel=1e-9)


def test_categories_and_flows_move_with_the_purchases_that_vary(tmp_path: Path) -> None:
    library, _, a = assessed(tmp_path, uncertain_steel())
    found = drawn(library, a, "steel", 400, seed=1)
    again = drawn(library, a, "steel", 400, seed=1, threads=2)
    assert found is not None and again is not None
    assert np.array_equal(found.found.score, again.found.score)
    names = [m.name for m in a.methods]
    mean, deviation, q = found.of_scores()
    at = {c.substance.id: k for k, c in enumerate(a.entries.carried)}
    power_flow = found.found.mean[at["water"]]
    assert mean[names.index("water")] == pytest.approx(43 * (power_flow - found.found.mean[at["water-out"]]))
    assert (deviation[[names.index(n) for n in ("acid", "climate", "water")]] > 0).all()
    assert (q[0] <= q[1]).all() and (q[1] <= q[2]).all()
    assert found.found.deviation[at["so2"]] > 0 and not found.found.unsolved
    acid = found.found.static[at["so2"]] * 2
    assert mean[names.index("acid")] == pytest.approx(acid, rel=0.05)


def test_where_nothing_is_declared_nothing_is_drawn(tmp_path: Path) -> None:
    library, _, a = assessed(tmp_path, steel())
    assert drawn(library, a, "steel", 32, seed=1) is None
    tables = steel()
    tables["exchanges"][3] |= {"distribution": "normal", "spread": "0.1"}  # a gas of iron
    library, _, a = assessed(tmp_path / "gas", tables)
    assert drawn(library, a, "power", 32, seed=1) is None  # nothing upstream of power varies
    assert drawn(library, a, "iron", 32, seed=1) is not None


def test_the_sources_of_variance_are_named_and_sum_to_it(tmp_path: Path) -> None:
    library, a, by_method = assessed(tmp_path, uncertain_steel())
    found = sources(library, a, 0, "steel", samples=2000, seed=3)
    assert found is not None
    assert sum(r.variance for r in found.rows) == pytest.approx(1)
    names = {(r.process, r.provider, r.what) for r in found.rows}
    assert ("", "", "coal") in names and ("power", "", "co2_fossil") in names
    assert ("iron", "", "ore") in names and ("steel", "power", "") in names
    assert sum(r.provider == "power" for r in found.rows) == 2  # each of two purchases for itself
    draws = drawn(library, a, "steel", 4000, seed=9)
    assert draws is not None
    assert np.sqrt(found.variance) == pytest.approx(draws.of_scores()[1][0], rel=0.06)
    largest = found.rows[0]
    assert largest.first is not None and largest.total is not None
    assert (
        largest.first == pytest.approx(largest.variance, abs=0.08) and largest.total >= largest.first - 0.05
    )
    acid = [m.name for m in by_method.methods].index("acid")
    only = sources(library, by_method, acid, "steel")
    assert only is not None and {(r.process, r.provider) for r in only.rows} == {("steel", "power")}
    assert sources(*assessed(tmp_path / "none", steel())[:2], 0, "steel") is None
