"""The forward Monte Carlo keeps the whole inventory and gives the scores of the adjoint way from the same draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tanbiao.numerics import lca
from tanbiao.numerics.lca.ensemble import amounts_of, burden_draws, burdens_of
from tanbiao.numerics.lca.solve import compiled
from tanbiao.numerics.lca.streams import BETA, LANES, LOGNORMAL, NORMAL
from tests.numerics.random_systems import seeds, system

ENGINES = ["plain", *(["compiled"] if compiled() else [])]


def ensemble(
    n: int, seed: int, methods: int = 3, engine: str = "plain", credit: float = 0.0, sigma: float = 0.1
) -> lca.Ensemble:
    rng = np.random.default_rng(seed)
    s = lca.compile_system(system(n, seed, 0.7, credit=credit))
    tech = lca.lognormal(s.matrix.data, np.where(rng.random(s.matrix.data.size) < 0.7, sigma, 0.0))
    m = 3 * n
    amount = rng.random(m) + 0.1
    bio = lca.lognormal(amount, np.where(rng.random(m) < 0.5, 0.2, 0.0))
    factor = rng.random((m, methods)) * (rng.random((m, 1)) < 0.7)  # some flows weigh nothing
    burdens = lca.Burdens(np.sort(rng.integers(0, n, m)), amount, factor, bio)
    return lca.prepare(
        s, burdens, tech, products=[0, n - 1], seed=seed % 1000, tolerance=1e-12, engine=engine
    )


def demand_of(e: lca.Ensemble) -> np.ndarray:
    out = np.zeros(e.system.size)
    out[e.asked[-1]] = 2.0 * e.system.sign[e.asked[-1]]
    return out


@settings(max_examples=20, deadline=None)
@given(n=st.integers(2, 40), seed=seeds, credit=st.sampled_from([0.0, 0.1]))
@example(n=2, seed=119578, credit=0.0)  # one of its samples is not productive
def test_scores_are_those_of_the_adjoint_way(n: int, seed: int, credit: float) -> None:
    e = ensemble(n, seed, credit=credit)
    demand, flow = demand_of(e), np.arange(3 * n) % 7
    found = lca.inventory_draws(e, demand, flow, 7, 40, first=5)
    drawn = lca.monte_carlo(e, 40, 5)
    wanted = drawn.value[-1] * demand[e.asked[-1]]
    gross = np.nan_to_num(np.abs(wanted)).max()  # samples that are not productive have no score
    assert found.score == pytest.approx(wanted, rel=1e-9, abs=1e-9 * gross, nan_ok=True)
    assert [u.sample for u in found.unsolved] == [u.sample for u in drawn.unsolved]


@pytest.mark.parametrize("engine", ENGINES)
def test_every_sample_is_a_direct_solve_of_its_own_system(engine: str) -> None:
    e = ensemble(60, 7, engine=engine)
    demand, flow = demand_of(e), np.arange(180) % 11
    found = lca.inventory_draws(e, demand, flow, 11, LANES, levels=(0.0, 0.5, 1.0))
    amounts = []
    for k in range(LANES):
        data, burdens = amounts_of(e, 0)[:, k], burdens_of(e, 0)[:, k]
        burdens[e.idle.entry] = burden_draws(e, e.idle, 0)[:, k]
        a = lca.with_values(e.system, data).matrix.toarray()
        runs = np.linalg.solve(a, demand)
        amounts.append(np.bincount(flow, burdens * runs[e.burdens.process], 11))
        assert found.score[:, k] == pytest.approx(
            e.burdens.factor.T @ (burdens * runs[e.burdens.process]), rel=1e-9
        )
    whole = np.array(amounts)
    assert found.mean == pytest.approx(whole.mean(axis=0), rel=1e-9)
    assert found.deviation == pytest.approx(whole.std(axis=0, ddof=1), rel=1e-7)
    assert found.quantiles == pytest.approx(np.quantile(whole, [0.0, 0.5, 1.0], axis=0), rel=1e-9)


def test_the_same_bits_over_batches_threads_and_in_a_file() -> None:
    e = ensemble(30, 3)
    demand, flow = demand_of(e), np.arange(90) % 5
    whole = lca.inventory_draws(e, demand, flow, 5, 200)
    threads = lca.inventory_draws(e, demand, flow, 5, 200, threads=3)
    filed = lca.inventory_draws(e, demand, flow, 5, 200, memory=0)
    for other in (threads, filed):
        assert np.array_equal(whole.score, other.score) and np.array_equal(whole.mean, other.mean)
        assert np.array_equal(whole.quantiles, other.quantiles)
    parts = [lca.inventory_draws(e, demand, flow, 5, 50, first=k).score for k in (0, 50, 100, 150)]
    assert np.array_equal(whole.score, np.hstack(parts))


def test_moments_of_a_chain_are_the_analytic_ones() -> None:
    """Product 1 buys a lognormal amount of product 0, which gives a normal amount of a flow that no factor weighs."""
    s = lca.compile_system(np.array([[1.0, -2.0], [0.0, 1.0]]))
    tech = lca.fixed(s.matrix.data)
    k = int(np.flatnonzero(s.matrix.data == -2.0)[0])
    tech.kind[k], tech.scale[k] = LOGNORMAL, 0.3
    bio = lca.fixed(np.array([5.0, 1.0]))
    bio.kind[0], bio.scale[0] = NORMAL, 0.5
    burdens = lca.Burdens(np.array([0, 0]), np.array([5.0, 1.0]), np.array([0.0, 1.0]), bio)
    e = lca.prepare(s, burdens, tech, products=[1], seed=11)
    found = lca.inventory_draws(e, np.array([0.0, 1.0]), np.array([0, 1]), 2, 40_000)
    mean = 2.0 * np.exp(0.045)
    variance = 4.0 * np.exp(0.09) * (np.exp(0.09) - 1)
    product = (variance + mean**2) * (0.25 + 25.0) - (mean * 5.0) ** 2
    assert found.static == pytest.approx([10.0, 2.0])
    assert found.mean == pytest.approx([5.0 * mean, mean], rel=0.01)
    assert found.deviation == pytest.approx([np.sqrt(product), np.sqrt(variance)], rel=0.02)
    assert found.quantiles[1, 1] == pytest.approx(2.0, rel=0.01)


def test_rare_distributions_reach_flows_that_nothing_weighs() -> None:
    s = lca.compile_system(np.eye(1))
    bio = lca.fixed(np.array([0.5]))
    bio.kind[0], bio.location[0], bio.shape[0], bio.minimum[0], bio.maximum[0] = BETA, 2.0, 4.0, 0.0, 3.0
    e = lca.prepare(s, lca.Burdens(np.array([0]), np.array([0.5]), np.zeros(1), bio), products=[0])
    found = lca.inventory_draws(e, np.ones(1), np.array([0]), 1, 20_000)
    assert found.mean == pytest.approx([1.0], rel=0.02) and not found.score.any()


def test_samples_without_a_value_are_listed_and_what_was_not_asked_is_refused() -> None:
    s = lca.compile_system(np.array([[1.0, -0.9], [-0.9, 1.0]]))
    tech = lca.lognormal(s.matrix.data, np.where(s.matrix.data < 0, 0.3, 0.0))
    e = lca.prepare(s, lca.Burdens(np.array([0]), np.ones(1), np.ones(1)), tech, products=[0], seed=2)
    found = lca.inventory_draws(e, np.array([1.0, 0.0]), np.zeros(1, np.intp), 1, 100)
    drawn = lca.monte_carlo(e, 100)
    lost = [u.sample for u in found.unsolved]
    assert lost and lost == [u.sample for u in drawn.unsolved]
    assert np.isnan(found.score[0, lost]).all() and np.isfinite(found.mean).all()
    far = lca.prepare(
        lca.compile_system(np.eye(2)), lca.Burdens(np.array([0]), np.ones(1), np.ones(1)), products=[0]
    )
    with pytest.raises(ValueError, match="not asked"):
        lca.inventory_draws(far, np.array([0.0, 1.0]), np.zeros(1, np.intp), 1, 10)


def test_where_no_sample_has_a_value_statistics_are_none_and_every_reason_is_kept() -> None:
    s = lca.compile_system(np.array([[1.0, -2.0], [-0.4, 1.0]]))
    tech = lca.fixed(s.matrix.data)
    k = int(np.flatnonzero(s.matrix.data == -0.4)[0])
    burdens = lca.Burdens(np.zeros(1, np.intp), np.ones(1), np.ones((1, 1)))
    given = {k: np.full(40, -0.6)}
    e = lca.prepare(s, burdens, tech, products=[0], given=given)
    found = lca.inventory_draws(e, np.eye(2)[0], np.zeros(1, np.intp), 1, 40)
    assert np.isnan([*found.mean, *found.deviation, *found.quantiles.ravel()]).all()
    assert len(found.unsolved) == 40 and "loop" in found.unsolved[0].why
