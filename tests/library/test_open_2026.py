"""The library that ships: what it holds, what it may hold, and what it gives."""

from __future__ import annotations

import csv
import importlib.util
import re
from pathlib import Path

import pytest

from tanbiao.library import Compiled, Library, bounds, check_library, compile_library, total

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "library" / "open-2026"
STARTER = ROOT.parent / "shared" / "data" / "starter"
needs_starter = pytest.mark.skipif(
    not STARTER.exists(), reason="the starter data (../shared/data/starter) are not here"
)

# central, low, high, judged share under AR6 by the starter's tools/solve.py (no published factor intervals)
EXPECTED = {
    "elec.use.cn": (0.5777000000000018, 0.5776999999999997, 0.6205075699999977, 0.0),
    "heat.gas.cn": (0.07488888888888867, 0.07488888888888919, 0.07488888888888992, 0.0),
    "chem.cn.naoh": (0.9093180000000055, 0.8284399999999988, 1.7236993791999984, 0.0),
    "chem.cn.methanol": (2.933217199999999, 1.426718656, 4.042216784000002, 0.14547802869831783),
    "chem.cn.li2co3": (14.750015235105254, 7.839255549632858, 18.915340594959986, 1.0),
    "chem.cn.niso4": (5.325883338949316, 3.4677519629449356, 18.108179491159117, 0.05671100839288948),
    "chem.cn.coso4.7h2o": (5.183107067904847, 2.8686365802309908, 6.089211954112159, 0.028930043102469955),
    "met.cn.al": (15.068402488840704, 13.630447023435243, 22.396463483889562, 0.05893887959640907),
    "met.cn.cu.foil": (7.7501817354019735, 5.270475129488889, 12.117929606555364, 0.8663321942803102),
    "bat.cn.lfp.solid": (9.51719357909142, 5.325890119105965, 15.008601249979636, 0.8634820826036484),
    "bat.cn.nmc622": (21.52782733893188, 15.653142865226032, 36.86076305296865, 0.29116438290617397),
    "bat.lfp.cell": (11.521340592132983, 8.43228255466472, 18.613462624019125, 0.43155363923529355),
    "pv.cn.panel": (120.40587179102654, 112.91835111412595, 147.23949635660247, 0.18631906396500067),
    "met.cn.steel.bf": (2.7406630082000003, 2.0199130082, 3.0934021082000003, 0.9161104420674466),
    "met.cn.steel.eaf": (0.6740351501000006, 0.6336163501000002, 0.759075464742307, 0.07418010765845404),
    "bld.cn.clinker": (0.9319634749999999, 0.8561445950000002, 0.9484091627499996, 0.0),
    "eol.cn.lfp.hydro": (1.1299672830039218, 0.6706737398000002, 2.053155491746467, 0.34165590969474186),
    "mkt.elec.na": (0.063976258, 0.063976258, 0.063976258, 0.0),
}


@pytest.fixture(scope="module")
def solved(open_2026: Library) -> Compiled:
    return compile_library(open_2026, "AR6", published_intervals=False)


def test_the_solved_values_are_those_of_the_starter(solved: Compiled) -> None:
    for item, (central, low, high, judged) in EXPECTED.items():
        assert total(solved, item) == pytest.approx(central, rel=1e-9), item
        assert bounds(solved, item).low == pytest.approx(low, rel=1e-9), item
        assert bounds(solved, item).high == pytest.approx(high, rel=1e-9), item
        assert solved.judged_share[solved.index[item]] == pytest.approx(judged, abs=1e-9), item


def test_capital_goods_are_a_stated_zero(solved: Compiled) -> None:
    assert total(solved, "cap.none") == 0.0


@needs_starter
def test_all_processes_match_the_values_stored_in_the_starter(solved: Compiled) -> None:
    with (STARTER / "unit_processes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 402
    for row in rows:  # stored with six decimals
        assert total(solved, row["id"]) == pytest.approx(float(row["kgCO2e_computed"]), abs=5.1e-7)
        assert bounds(solved, row["id"]).low == pytest.approx(float(row["kgCO2e_low"]), abs=5.1e-7)
        assert bounds(solved, row["id"]).high == pytest.approx(float(row["kgCO2e_high"]), abs=5.1e-7)


@needs_starter
def test_all_processes_match_a_dense_solve_of_the_starter_within_1e_9(solved: Compiled) -> None:
    """The equations of the starter's solve.py, written again with numpy and the csv module only."""
    import numpy as np

    gwp = {
        "co2_fossil": 1.0,
        "co2_biogenic": 0.0,
        "ch4_fossil": 29.8,
        "n2o": 273.0,
        "cf4": 7380.0,
        "c2f6": 12400.0,
        "hfc152a": 164.0,
        "hfc134a": 1530.0,
        "co2e_proxy": 1.0,
    }

    def rows(name: str) -> list[dict[str, str]]:
        with (STARTER / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    at = {r["id"]: i for i, r in enumerate(rows("unit_processes.csv"))}
    factors = {r["id"]: float(r["kgCO2e_total"]) for r in rows("factors.csv")}
    a, b = np.zeros((len(at), len(at))), np.zeros(len(at))
    for x in rows("exchanges.csv"):
        j, amount = at[x["process"]], float(x["amount"])
        if x["type"] == "production":
            a[j, j] += amount
        elif x["type"] == "biosphere":
            b[j] += amount * gwp[x["input"]]
        elif x["type"] == "technosphere" and x["input"] in at:
            a[at[x["input"]], j] -= amount
        elif x["type"] == "technosphere":
            b[j] += amount * factors[x["input"]]
    dense = np.linalg.solve(a.T, b)
    assert max(abs(total(solved, i) - dense[k]) for i, k in at.items()) < 1e-9


def test_the_library_has_no_faults_but_the_known_ones(open_2026: Library) -> None:
    problems = check_library(open_2026)
    assert [p for p in problems if p.level == "error"] == []
    known = {(f.code, f.item) for f in open_2026.known_faults}
    assert known <= {(p.code, p.args["item"]) for p in problems}
    assert {(p.code, p.args["item"]) for p in problems} - known == {
        ("library-credit", "pv.cn.panel"),
        ("library-credit", "met.cn.steel.bf"),
        ("library-credit", "pm.635"),
    }


def test_what_it_holds(open_2026: Library) -> None:
    tables = (open_2026.processes, open_2026.exchanges, open_2026.factors, open_2026.gases, open_2026.checks)
    assert [len(t) for t in tables] == [402, 2204, 904, 66, 63]
    contents = {(c.item, c.element): float(c.kg_per_kg) for c in open_2026.contents}
    assert contents["chem.cn.niso4", "Ni"] == pytest.approx(0.379, abs=5e-4)
    assert contents["chem.cn.niso4.6h2o", "Ni"] == pytest.approx(0.223, abs=5e-4)
    assert {f.share for f in open_2026.factors.values()} == {"full"}


def test_nothing_that_may_not_be_passed_on_is_in_it(open_2026: Library) -> None:
    assert not [i for i in open_2026.items if i.startswith("cpcd")]
    assert not [f.id for f in open_2026.factors.values() if "CPCD is published" in f.licence]
    text = "".join(f.read_text(encoding="utf-8") for f in sorted(FOLDER.glob("*")))
    assert not re.search(r"/wo[r]k/|/ro[o]t/|pypi\.|npmjs\.", text)


def test_every_row_has_two_names_a_source_and_a_licence(open_2026: Library) -> None:
    for item in (*open_2026.processes.values(), *open_2026.factors.values()):
        assert item.name_en and item.source and item.licence and item.verification, item.id
        assert re.search("[㐀-鿿]", item.name_zh), item.id


def test_no_placeholder_uncertainty_feeds_an_interval(open_2026: Library) -> None:
    with_interval = {f.id for f in open_2026.factors.values() if f.low is not None}
    assert 0 < len(with_interval) <= 113
    assert {i.split(".")[0] for i in with_interval} == {"bc"}  # only ADEME publishes one


def test_fossil_and_non_fossil_methane_are_apart_and_there_is_no_bulk_value(open_2026: Library) -> None:
    fossil, other = open_2026.gases["ch4_fossil"], open_2026.gases["ch4_nonfossil"]
    assert [float(g) for g in (fossil.AR4, fossil.AR5, fossil.AR6)] == [25.0, 30.0, 29.8]
    assert [float(g) for g in (other.AR4, other.AR5, other.AR6)] == [25.0, 28.0, 27.0]
    assert (fossil.position, other.position, fossil.verification) == ("A", "C", "memory")
    assert "28" in fossil.source
    assert not [g.id for g in open_2026.gases.values() if g.AR6 and float(g.AR6) == 27.9]


@needs_starter
def test_building_it_again_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("build_library", ROOT / "tools" / "build_library.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "TARGET", tmp_path / "open-2026")
    module.main(STARTER)
    for file in sorted(FOLDER.iterdir()):
        assert (tmp_path / "open-2026" / file.name).read_bytes() == file.read_bytes(), file.name
