"""Elementary flows beside the climate data: read with every problem, solved in any category, nothing silently zero."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_library import steel, write
from tiny_nature import FLOWS, METHODS, NAMES, ROWS, nature

from tanbiao.core.errors import TanbiaoError
from tanbiao.library import Library, compile_library, read_library, total
from tanbiao.library.elementary import NOTHING, Elementary, read_elementary, together
from tanbiao.library.impacts import Assessed, all_products, assess, entries, one_demand
from tanbiao.library.methods import Missing, Places, read_methods


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[Library, Elementary, Assessed]:
    folder = nature(write(tmp_path / "tiny", steel()))
    library, problems = read_library(folder)
    assert problems == []
    found, problems = read_elementary(folder, library.processes)
    assert problems == []
    (tmp_path / "m.csv").write_text(METHODS, encoding="utf-8")
    methods = read_methods(tmp_path / "m.csv")
    compiled = compile_library(library, "AR6")
    a = assess(compiled, entries(library, compiled, found, NAMES), [methods[m] for m in sorted(methods)])
    return library, found, a


def column(a: Assessed, name: str) -> int:
    return [m.name for m in a.methods].index(name)


def test_one_forward_solve_gives_what_the_adjoint_gives_and_its_parts_sum_to_it(
    tiny: tuple[Library, Elementary, Assessed],
) -> None:
    _, _, a = tiny
    every = all_products(a)
    n = a.compiled.system.size
    for k in range(n):
        demand = np.zeros(n)
        demand[k] = 1.0
        one = one_demand(a, demand)
        assert one.score == pytest.approx(every.score[k], rel=1e-12, nan_ok=True)
        assert one.climate == pytest.approx(every.climate[k], rel=1e-12)
        assert one.by_flow(a).sum(axis=0) == pytest.approx(np.nan_to_num(one.score), rel=1e-12)
        assert one.by_process(a).sum(axis=0) == pytest.approx(np.nan_to_num(one.score), rel=1e-12)


def test_scores_are_those_of_hand(tiny: tuple[Library, Elementary, Assessed]) -> None:
    _, _, a = tiny
    every = all_products(a)
    at = {p: k for k, p in enumerate(a.compiled.linked.processes)}
    # 1 kg steel = iron 1.05 + power 0.4; 1 kg iron takes 0.01 kg steel
    iron = 1.05 / (1 - 1.05 * 0.01)
    power = 0.4 * (1 + iron * 0.01)
    score = every.score[at["steel"]]
    assert score[column(a, "acid")] == pytest.approx(2 * (0.004 * iron + 0.001 * power))
    assert score[column(a, "water")] == pytest.approx(43 * 0.02 * power - 43 * 0.015 * power)
    assert score[column(a, "fossil")] == pytest.approx(36 * iron)  # 36 MJ = 10 kWh at 3.6 each
    gases = 1.2 * iron + 0.5 * power + 0.001 * 29.8 * power
    assert score[column(a, "climate")] == pytest.approx(gases)
    totals = 0.05 * 1.6 * iron + 2.5 * 0.5 * iron
    assert total(a.compiled, "steel") == pytest.approx(gases + totals)
    assert every.climate[at["steel"]].sum() == pytest.approx(gases + totals)


def test_what_no_factor_covers_is_no_zero(tiny: tuple[Library, Elementary, Assessed]) -> None:
    _, _, a = tiny
    assert np.isnan(all_products(a).score[:, column(a, "ozone")]).all()
    assert a.missing == (Missing("dust", "output", "unknown"),)
    acid = [f for f in a.fallbacks if f.method == "acid"]
    assert acid == []  # CN has its own
    kinds = {c.substance.id: c.kind for c in a.entries.carried}
    assert kinds["ore"] == "total" and kinds["co2_fossil"] == "gas" and kinds["so2"] == "flow"


def test_a_factor_holds_for_its_own_direction_only(tmp_path: Path) -> None:
    folder = nature(write(tmp_path / "tiny", steel()), [("power", "water-out", "input", "0.02", "")])
    library, _ = read_library(folder)
    found, _ = read_elementary(folder, library.processes)
    (tmp_path / "m.csv").write_text(METHODS, encoding="utf-8")
    compiled = compile_library(library, "AR6")
    a = assess(
        compiled, entries(library, compiled, found, NAMES), [read_methods(tmp_path / "m.csv")["water"]]
    )
    assert Missing("water-out", "input", "direction", "water") in a.missing
    assert np.isnan(all_products(a).score).all()


def test_a_place_without_factor_is_told_and_a_strict_user_gets_none(tmp_path: Path) -> None:
    folder = nature(write(tmp_path / "tiny", steel()), [("power", "so2", "output", "1", "IN")])
    library, _ = read_library(folder)
    found, _ = read_elementary(folder, library.processes)
    (tmp_path / "m.csv").write_text(METHODS, encoding="utf-8")
    methods = [read_methods(tmp_path / "m.csv")["acid"]]
    compiled = compile_library(library, "AR6")
    table = entries(library, compiled, found, NAMES)
    loose, strict = assess(compiled, table, methods), assess(compiled, table, methods, Places(default=()))
    k = a_of(compiled.linked.processes, "power")
    assert all_products(loose).score[k, 0] == pytest.approx(1.31)
    assert [(f.asked, f.used) for f in loose.fallbacks] == [("IN", "")]
    assert Missing("so2", "output", "place", "acid") in strict.missing
    assert np.isnan(all_products(strict).score).all()


def a_of(ids: tuple[str, ...], item: str) -> int:
    return ids.index(item)


def test_every_bad_row_is_reported_with_its_line(tmp_path: Path) -> None:
    rows = [
        ("nobody", "so2", "output", "1", ""),
        ("iron", "nothing", "output", "1", ""),
        ("iron", "so2", "sideways", "1", ""),
        ("iron", "so2", "output", "much", ""),
        ("iron", "so2", "output", "nan", ""),
        ("iron", "so2", "output", "1"),
        ("iron", "so2", "output", "2", ""),
    ]
    found, problems = read_elementary(nature(tmp_path, rows), ["iron"])
    assert [(p.code, p.place.row) for p in problems] == [
        ("library-process-missing", 2),
        ("library-flow-missing", 3),
        ("library-word", 4),
        ("number-expected", 5),
        ("number-expected", 6),
        ("library-row-length", 7),
    ]
    assert found.amount.tolist() == [2.0]
    (tmp_path / "elementary.csv").write_text("process,flow\n", encoding="utf-8")
    assert [p.code for p in read_elementary(tmp_path, ["iron"])[1]] == ["library-column-missing"] * 3
    (tmp_path / "elementary.csv").write_bytes(b"\xff\xfe\x00")
    assert read_elementary(tmp_path, ["iron"])[1][0].code == "library-encoding"
    assert read_elementary(tmp_path / "none", ["iron"]) == (NOTHING, [])


def test_distributions_of_entries_are_read_and_those_that_are_none_reported(tmp_path: Path) -> None:
    nature(tmp_path, [("iron", "so2", "output", "2", "")])
    head = "process,flow,direction,amount,place,distribution,spread,least,greatest\n"
    rows = (
        "iron,so2,output,2,,lognormal,1.5,,\niron,so2,output,2,,lognormal,1.5,,\niron,dust,output,1,,,,,\n"
        "iron,dust,output,1,,triangular,,0.5,3\niron,dust,output,1,,odd,,,\niron,dust,output,1,,uniform,,2,3\n"
        "iron,dust,output,0,,normal,1,,\n"
    )
    (tmp_path / "elementary.csv").write_text(head + rows, encoding="utf-8")
    found, problems = read_elementary(tmp_path, ["iron"])
    assert [(p.code, p.place.row) for p in problems] == [
        ("uncertainty-distribution", 6),
        ("uncertainty-outside", 7),
        ("uncertainty-zero", 8),
    ]
    assert found.uncertainty is not None and found.mark is not None
    assert (found.uncertainty.kind > 0).tolist() == [True, True, False, True, False, False, False]
    assert len(set(found.mark[[0, 1, 3]].tolist())) == 3 and found.mark[2] == 0
    both = together([found, found])
    assert both.uncertainty is not None and len(both.uncertainty) == 14


def test_the_digest_is_of_the_content_and_libraries_over_each_other_share_flows(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, _ = read_elementary(nature(tmp_path / "a", ROWS[:3]), ["iron", "power", "steel"])
    other, _ = read_elementary(nature(tmp_path / "b", ROWS[2::-1]), ["iron", "power", "steel"])
    assert one.digest == other.digest
    more, _ = read_elementary(nature(tmp_path / "b", [("copper", "so2", "output", "7", "US")]), ["copper"])
    both = together([one, NOTHING, more])
    assert len(both) == 4 and len(both.flows) == len(FLOWS) and both.digest != one.digest
    last = (both.processes[both.process[-1]], both.flows[both.flow[-1]].id, both.places[both.place[-1]])
    assert last == ("copper", "so2", "US") and both.amount.tolist()[-1] == 7
    assert together([]) is NOTHING and together([NOTHING, one]) is one


def test_a_study_of_climate_does_not_depend_on_them(tmp_path: Path) -> None:
    bare, _ = read_library(write(tmp_path / "tiny", steel()))
    nature(tmp_path / "tiny")
    assert read_library(tmp_path / "tiny")[0].digest == bare.digest


def test_a_user_can_say_which_flow_of_the_method_is_meant(
    tmp_path: Path, tiny: tuple[Library, Elementary, Assessed]
) -> None:
    library, found, _ = tiny
    methods = read_methods(tmp_path / "m.csv")
    compiled = compile_library(library, "AR6")
    table = entries(library, compiled, found, NAMES)
    mapped = assess(compiled, table, [methods["acid"]], mapping={"dust": ("Sulfur dioxide @ air", 0.5)})
    unknown = assess(compiled, table, [methods["acid"]], mapping={"dust": ("nothing such", 1.0)})
    steel_ = compiled.linked.processes.index("steel")
    plain = assess(compiled, table, [methods["acid"]])
    more = all_products(mapped).score[steel_, 0] - all_products(plain).score[steel_, 0]
    assert more == pytest.approx(0.5 / 2 * 0.5 * 2 / (1 - 1.05 * 0.01))  # CN: 2 per kg, 0.25 kg dust per kg
    assert Missing("dust", "output", "unknown") in unknown.missing


def test_a_flow_of_unknown_unit_is_not_counted(tmp_path: Path) -> None:
    folder = write(tmp_path / "tiny", steel())
    nature(folder, [("power", "so2", "output", "1", "")])
    text = (folder / "flows.csv").read_text(encoding="utf-8").replace('unspecified",kg', 'unspecified",m3')
    (folder / "flows.csv").write_text(text, encoding="utf-8")
    library, _ = read_library(folder)
    found, _ = read_elementary(folder, library.processes)
    (tmp_path / "m.csv").write_text(METHODS, encoding="utf-8")
    compiled = compile_library(library, "AR6")
    a = assess(compiled, entries(library, compiled, found, NAMES), [read_methods(tmp_path / "m.csv")["acid"]])
    assert Missing("so2", "output", "unit", "acid") in a.missing and np.isnan(all_products(a).score).all()


def test_a_broken_method_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.parquet").write_bytes(b"no parquet")
    with pytest.raises(TanbiaoError) as refusal:
        read_methods(tmp_path / "m.parquet")
    assert refusal.value.problems[0].code in ("method-unreadable", "method-parquet")
