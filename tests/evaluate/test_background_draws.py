"""Study and background drawn together: known moments, shares of the variance, one background for all lines; groups."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tanbiao.core.errors import TanbiaoError, raise_errors
from tanbiao.core.text import parse_yaml
from tanbiao.evaluate import Ledger, Result, evaluate_rulebook, resolve_facts
from tanbiao.evaluate.background import from_library
from tanbiao.evaluate.ensemble import Ensembled, ensemble
from tanbiao.evaluate.uncertain import sources_of
from tanbiao.library import read_library
from tanbiao.service import load
from tanbiao.service.uncertainty import uncertainties
from tanbiao.study import Study
from tests.evaluate.test_uncertainty import HEAD, made, row, run
from tests.library.tiny_library import exchange, factor, gas, process, write
from tests.small import ROOT, Rows, rulebook, table

S, T = 0.2, 0.3


def library(folder: Path, sigma: float = T) -> Path:
    """One kg of `steel` takes 3 kg of `power` (uncertain), which emits 2 kg of CO2 (uncertain); `coal` is a factor."""
    said = {"distribution": "lognormal", "spread": f"{np.exp(sigma):.15g}"} if sigma else {}
    return write(
        folder,
        {
            "processes": [process("steel"), process("power"), process("sure")],
            "factors": [factor("coal", "2", **said)],
            "gases": [gas("co2_fossil")],
            "exchanges": [
                exchange("s.0", "steel", "reference", "", "1"),
                exchange("s.1", "steel", "input", "power", "3", **said),
                exchange("p.0", "power", "reference", "", "1"),
                exchange("p.1", "power", "emission", "co2_fossil", "2", **said),
                exchange("c.0", "sure", "reference", "", "1"),
                exchange("c.1", "sure", "emission", "co2_fossil", "5", low="4", high="9"),
            ],
        },
    )


def on_library(rows: Rows, folder: Path, head: str = HEAD, sigma: float = T) -> tuple[Study, Result]:
    book = rulebook()
    processes = list(dict.fromkeys(str(r["process"]) for r in rows))
    tables = {
        "process": [{"id": p, "control": "none", "key": "mass", "subdivision": "false"} for p in processes],
        "exchange": rows,
    }
    study = Study(parse_yaml(head, "study.yaml"), {n: table(n, r) for n, r in tables.items()}, Path("."))
    facts, problems = resolve_facts(study, book)
    raise_errors(problems)
    read, problems = read_library(library(folder / "tiny", sigma))
    raise_errors(problems)
    return study, evaluate_rulebook(book, facts, from_library(read, "AR6"), Ledger())


def lognormal(sigma: float = S, **more: Any) -> dict[str, Any]:
    return {"distribution": "lognormal", "spread": f"{np.exp(sigma):.15g}", **more}


def product(**more: Any) -> dict[str, object]:
    return row("x0", "p0", "product", 1, **more)


def moments(v: float) -> tuple[float, float]:
    """Mean and variance of a lognormal of median 1."""
    return float(np.exp(v / 2)), float(np.expm1(v) * np.exp(v))


@pytest.mark.parametrize("seed", [1, 77])
def test_study_and_background_together_have_the_moments_and_shares_of_their_product(
    tmp_path: Path, seed: int
) -> None:
    n = 6400
    rows = [product(), row("x1", "p0", "input", 2, "steel", **lognormal())]
    e = ensemble(*on_library(rows, tmp_path), n, seed)
    own, back = S**2, 2 * T**2
    mean, variance = moments(own + back)
    assert not e.exact and e.static == pytest.approx(12)
    assert e.at_means == pytest.approx(12 * mean)
    assert e.mean == pytest.approx(12 * mean, abs=6 * 12 * np.sqrt(variance / n))
    assert e.deviation == pytest.approx(12 * np.sqrt(variance), rel=0.1)
    assert e.median == pytest.approx(12, rel=0.04)
    study, behind = (moments(v)[1] * moments(w)[0] ** 2 / variance for v, w in ((own, back), (back, own)))
    assert e.background.study_share == pytest.approx(study, abs=0.03)
    assert e.background.share == pytest.approx(behind, abs=0.05)
    assert (e.background.drawn, e.background.amounts, e.background.items) == (2, 2, ("steel",))
    assert e.of == "foreground and background"
    said = e.data()["background"]
    assert said["sampled"] is True and said["probability"] is None
    assert sum(said["variance_shares"].values()) == pytest.approx(1)
    assert any("2 of the 2 amounts" in t.en and "2 个数量中有 2 个" in t.zh for t in e.reasons())


def test_one_background_serves_all_lines_of_a_draw(tmp_path: Path) -> None:
    """What is bought and given back cancels draw by draw, whatever the background is."""
    rows = [
        product(),
        row("x1", "p0", "input", 2, "steel"),
        row("x2", "p0", "input", -3, "power"),
        row("x3", "p0", "input", 1, "coal"),
        row("x4", "p1", "product", 1),
        row("x5", "p1", "input", 1, "coal"),
        row("x6", "p0", "input", -0.9, "p1"),
    ]
    e = ensemble(*on_library(rows, tmp_path), 96, 1)
    assert e.of == "background" and e.background.share == pytest.approx(1)
    assert e.static == pytest.approx(2 * 6 - 3 * 2 + 2 - 0.9 * 2)
    alone = [
        ensemble(*on_library([product(), row("x1", "p0", "input", 1, i)], tmp_path), 96, 1)
        for i in ("steel", "power", "coal")
    ]
    steel, power, coal = (a.values for a in alone)
    assert e.values == pytest.approx(2 * steel - 3 * power + 0.1 * coal)


def test_every_fast_value_is_that_of_a_full_evaluation_of_study_and_background(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        product(distribution="uniform", low=0.9, high=1.2),
        row("x1", "p0", "input", 2, "steel", **lognormal()),
        row("x2", "p0", "input", 1, "coal", distribution="triangular", low=0.5, high=3),
        row("x3", "p0", "input", 0.3, "sure"),
    ]
    fast = ensemble(*on_library(rows, tmp_path), 40, 3)
    monkeypatch.setattr("tanbiao.evaluate.ensemble.packed", lambda *_: None)
    full = ensemble(*on_library(rows, tmp_path), 40, 3)
    assert not fast.exact and full.exact
    assert fast.values == pytest.approx(full.values, rel=1e-8)
    assert fast.background.share == pytest.approx(full.background.share, rel=1e-6)
    assert fast.background.study_share == pytest.approx(full.background.study_share, rel=1e-6)


def test_a_background_without_distributions_stands_and_that_is_said(tmp_path: Path) -> None:
    rows = [product(), row("x1", "p0", "input", 2, "steel", **lognormal())]
    e = ensemble(*on_library(rows, tmp_path, sigma=0.0), 64, 1)
    assert e.of == "foreground" and e.background.drawn == 0 and e.background.share is None
    assert e.data()["background"]["sampled"] is False
    assert any("declare no distribution" in t.en and "没有声明分布" in t.zh for t in e.reasons())
    with pytest.raises(TanbiaoError) as refusal:
        ensemble(*on_library([product(), row("x1", "p0", "input", 2, "sure")], tmp_path), 64, 1)
    assert refusal.value.problems[0].code == "uncertainty-none"


def test_the_ledger_tells_an_ensemble_with_background_from_one_without(tmp_path: Path) -> None:
    rows = [product(), row("x1", "p0", "input", 2, "steel", **lognormal())]
    entries = []
    for sigma in (T, 0.0):
        study, result = on_library(rows, tmp_path, sigma=sigma)
        entries.append(dict(result.evaluation.ledger.entries[ensemble(study, result, 32, 1).entry].axes))
    assert "background" in entries[0] and "background" not in entries[1]


def test_prefixes_threads_and_processes_give_the_same_bits(tmp_path: Path) -> None:
    rows = [product(), row("x1", "p0", "input", 2, "steel", **lognormal())]
    first = ensemble(*on_library(rows, tmp_path), 200, 1)
    assert np.array_equal(ensemble(*on_library(rows, tmp_path), 70, 1).values, first.values[:70])
    threads = ThreadPoolExecutor(3)
    processes = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
    for pool in (threads, processes):
        with pool:
            on = ensemble(
                *on_library(rows, tmp_path), 200, 1, lambda task, packs, p=pool: list(p.map(task, packs))
            )
        assert np.array_equal(on.values, first.values)
        assert on.background == first.background


def test_a_cluster_gives_the_same_bits(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    from tanbiao.numerics.lca.cluster import on_cluster

    rows = [product(), row("x1", "p0", "input", 2, "steel", **lognormal())]
    first = ensemble(*on_library(rows, tmp_path), 200, 1)
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        on = ensemble(*on_library(rows, tmp_path), 200, 1, on_cluster(client, packs_per_task=2))
    assert np.array_equal(on.values, first.values)


# -- groups ------------------------------------------------------------------------------------------------------------


def shares(**more: Any) -> list[dict[str, object]]:
    """A mix of two that makes up 1."""
    return [
        product(),
        row("x1", "p0", "input", 0.25, "a", **lognormal(0.5), **more),
        row("x2", "p0", "input", 0.75, "b", **lognormal(0.5), **more),
    ]


def test_the_shares_of_a_balance_keep_their_sum_in_every_draw() -> None:
    def drawn(rows: Rows, values: dict[str, float]) -> Ensembled:
        return ensemble(*made(rows, values=values), 320, 1)

    whole = drawn(shares(balance="mix"), {"a": 1.0, "b": 1.0})
    assert whole.values == pytest.approx(np.ones(320)) and whole.at_means == pytest.approx(1)
    a = drawn(shares(balance="mix"), {"a": 1.0, "b": 0.0}).values
    b = drawn(shares(balance="mix"), {"a": 0.0, "b": 1.0}).values
    assert a.std() > 0.05 and a + b == pytest.approx(np.ones(320))
    assert np.corrcoef(a, b)[0, 1] == pytest.approx(-1)
    assert drawn(shares(), {"a": 1.0, "b": 1.0}).deviation > 0.2


def test_a_balance_adds_in_one_unit() -> None:
    rows = shares(balance="water")
    rows[1] |= {"amount": 250, "unit": "g"}
    assert run(rows, 64).values.std() > 0.05
    values = ensemble(*made(rows, values={"a": 1.0, "b": 1.0}), 64, 1).values
    assert values == pytest.approx(np.ones(64))


def test_rows_drawn_together_move_together() -> None:
    apart, together = run(shares(), 6400), run(shares(together="site"), 6400)
    v = 0.5**2
    a, b = 0.25 * 2.0, 0.75 * 0.5
    spread = np.sqrt(moments(v)[1])
    assert apart.deviation == pytest.approx(np.hypot(a, b) * spread, rel=0.1)
    assert together.deviation == pytest.approx((a + b) * spread, rel=0.1)
    assert together.values / together.values[0] == pytest.approx(
        ensemble(*made(shares(together="site"), values={"a": 1.0, "b": 0.0}), 6400, 1).values
        / ensemble(*made(shares(together="site"), values={"a": 1.0, "b": 0.0}), 32, 1).values[0]
    )


@pytest.mark.parametrize(
    ("change", "code", "cell"),
    [
        ({"balance": "mix"}, "uncertainty-group-alone", "balance"),
        ({"together": "site"}, "uncertainty-group-alone", "together"),
    ],
)
def test_a_group_of_one_is_reported(change: dict[str, str], code: str, cell: str) -> None:
    rows = shares()
    rows[1] |= change
    problem = refused(rows)
    assert problem.code == code and problem.place.cell == cell and problem.place.row == 3


def test_groups_that_cannot_be_are_reported() -> None:
    rows = shares(balance="mix")
    rows[1] |= {"amount": -0.75}
    assert refused(rows).code == "uncertainty-balance-zero"
    rows = shares(together="site")
    rows[1] |= {"distribution": "uniform", "spread": "", "low": 0.1, "high": 0.4}
    assert refused(rows).code == "uncertainty-together"


def refused(rows: Rows) -> Any:
    with pytest.raises(TanbiaoError) as refusal:
        run(rows, 32)
    assert len(refusal.value.problems) == 1
    return refusal.value.problems[0]


def test_a_sample_that_cannot_deliver_is_listed_though_a_credit_gives_it_a_number() -> None:
    """The loop p0 → p1 → p0 eats more than it gives in some draws; a credit inside it hides that from the solver."""
    rows = [
        product(),
        row("x1", "p0", "input", 0.8, "p1", **lognormal(0.3)),
        row("x2", "p1", "product", 1),
        row("x3", "p1", "input", 0.9, "p0"),
        row("x4", "p1", "input", 1, "a"),
        row("x5", "p1", "input", -0.6, "p2"),
        row("x6", "p2", "product", 1),
        row("x7", "p2", "input", 1, "p0"),
    ]
    e = run(rows, 320)
    assert not e.exact
    assert 20 < len(e.unsolved) < 200
    assert all("← " in why and "ρ" in why for _, why in e.unsolved)
    assert np.isnan(e.values[[k for k, _ in e.unsolved]]).all()


def test_units_of_a_balance_that_cannot_be_added_are_reported() -> None:
    study, result = made(shares(balance="mix"))
    facts = result.evaluation.facts
    facts.tables["exchange"].columns["unit"].data[1] = "kWh"
    _, problems = sources_of(study, facts, result.rulebook)
    assert [(p.code, p.place.cell) for p in problems] == [("uncertainty-balance-units", "balance")]


def test_the_example_with_uncertain_amounts_and_background() -> None:
    """Both kinds, groups, and a supplier whose amounts carry distributions on top of the open library."""
    loaded = load(ROOT / "examples" / "saucepan-uncertain")
    (one,) = uncertainties(loaded, samples=256).ensembles
    assert one.of == "foreground and background" and not one.exact and not one.unsolved
    assert one.background.items == ("sup.al.sheet",) and one.background.drawn == 3
    assert one.at_means > one.static and one.low < one.median < one.high
    assert one.background.study_share is not None and one.background.share is not None
    assert one.background.study_share + one.background.share == pytest.approx(1, abs=0.15)
    meter = [s for s in one.sources if s.balance == "meter"]
    assert len(meter) == 2 and all(
        share < 0.02 for source, share in zip(one.sources, one.shares, strict=True) if source in meter
    )
