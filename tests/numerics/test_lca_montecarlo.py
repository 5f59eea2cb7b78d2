"""Monte Carlo: known moments with and without a seed, the same bits however the work is cut, nothing dropped."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest

from tanbiao.numerics import lca
from tanbiao.numerics.lca.cluster import on_cluster
from tanbiao.numerics.lca.solve import compiled
from tests.numerics.random_systems import system

ENGINES = ["plain", *(["compiled"] if compiled() else [])]


def chain(sigma: float = 0.3, tau: float = 0.2) -> tuple[lca.System, lca.Burdens, lca.Uncertainty]:
    """Product 1 buys 2 of product 0; 0 emits 3: 6 in all, lognormal with known moments, plus 1 of its own."""
    s = lca.compile_system(np.array([[1.0, -2.0], [0.0, 1.0]]))
    sigmas = np.where(s.matrix.data == -2.0, sigma, 0.0)
    burdens = lca.Burdens(
        np.array([0, 1]), np.array([3.0, 1.0]), np.ones(2), lca.lognormal([3.0, 1.0], [tau, 0.0])
    )
    return s, burdens, lca.lognormal(s.matrix.data, sigmas)


@pytest.mark.parametrize("seed", [3, None])
def test_the_moments_of_a_chain_are_the_analytic_ones_seeded_or_not(seed: int | None) -> None:
    seed = int(np.random.SeedSequence().entropy % 2**63) if seed is None else seed  # type: ignore[operator]
    s, burdens, tech = chain()
    e = lca.prepare(s, burdens, tech, products=[1], seed=seed)
    n = 20_000
    found = lca.sides(e, lca.monte_carlo(e, n))
    v = 0.3**2 + 0.2**2
    mean, deviation = 1 + 6 * np.exp(v / 2), 6 * np.sqrt(np.expm1(v) * np.exp(v))
    assert found.static[0, 0] == 7.0
    assert found.mean[0, 0] == pytest.approx(mean, abs=5 * deviation / np.sqrt(n))
    assert found.deviation[0, 0] == pytest.approx(deviation, rel=0.05)
    assert found.median[0, 0] == pytest.approx(7.0, rel=0.02)
    assert found.at_means[0, 0] == pytest.approx(1 + 6 * np.exp(v / 2))  # independent factors: means multiply
    assert found.low[0, 0] == pytest.approx(1 + 6 * np.exp(-1.96 * np.sqrt(v)), rel=0.03)
    assert found.high[0, 0] == pytest.approx(1 + 6 * np.exp(1.96 * np.sqrt(v)), rel=0.03)
    assert found.unsolved == 0


def made(
    n: int = 220,
    seed: int = 4,
    engine: str = "auto",
    products: list[int] | None = None,
    uncertain_output: bool = True,
) -> lca.Ensemble:
    s = lca.compile_system(system(n, seed, 0.6, credit=0.05))
    columns = np.repeat(np.arange(n), np.diff(s.matrix.indptr))
    sigma = np.where(s.matrix.indices == columns, 0.05 * uncertain_output * (columns % 3 == 0), 0.2)
    rng = np.random.default_rng(seed)
    burdens = lca.Burdens(np.arange(n), rng.random(n), rng.random((n, 2)), lca.lognormal(rng.random(n), 0.3))
    return lca.prepare(
        s, burdens, lca.lognormal(s.matrix.data, sigma), products=products, seed=9, engine=engine
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_values_are_those_of_a_direct_solve_of_the_very_same_samples(engine: str) -> None:
    e = made(engine=engine)
    draws = lca.monte_carlo(e, 40, first=20)
    for k in (20, 31, 32, 59):
        s, burdens = lca.system_of(e, k)
        reference = np.linalg.solve(s.matrix.toarray().T, burdens)
        found = draws.value[:, :, k - 20]
        assert np.abs(found - reference).max() <= 1e-6 * np.abs(reference).max()
        assert np.median(np.abs(found / reference - 1)) < 1e-6


def test_the_plain_and_the_compiled_loops_agree() -> None:
    if not compiled():
        pytest.skip("numba is not installed")
    tight = [
        lca.monte_carlo(
            lca.prepare(e.system, e.burdens, e.technosphere, seed=9, tolerance=1e-13, engine=name), 32
        )
        for e in [made()]
        for name in ENGINES
    ]
    assert tight[0].value == pytest.approx(tight[1].value, rel=1e-10, abs=1e-12)


def pool_map(task: object, packs: object) -> list[object]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        return list(pool.map(task, packs))  # type: ignore[arg-type, call-overload]


def test_the_same_bits_over_batches_threads_and_processes() -> None:
    e = made(60)
    whole = lca.monte_carlo(e, 200).value
    cut = np.concatenate(
        [lca.monte_carlo(e, n, first=f).value for f, n in ((0, 7), (7, 60), (67, 133))], axis=2
    )
    assert np.array_equal(whole, cut)
    assert np.array_equal(whole, lca.monte_carlo(e, 200, threads=3).value)
    assert np.array_equal(whole, lca.monte_carlo(e, 200, run=pool_map).value)


def test_the_same_bits_on_a_cluster_of_processes() -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    e = made(60)
    with (
        distributed.LocalCluster(2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        on = lca.monte_carlo(e, 300, first=5, run=on_cluster(client, packs_per_task=2)).value
    assert np.array_equal(on, lca.monte_carlo(e, 300, first=5).value)


def test_asking_for_one_product_draws_the_same_samples() -> None:
    every, one = made(), made(products=[17])
    assert one.part.size <= every.part.size
    assert lca.monte_carlo(one, 64).value[0] == pytest.approx(lca.monte_carlo(every, 64).value[17], rel=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_samples_that_are_not_productive_are_counted_and_listed_with_their_loop(engine: str) -> None:
    a = np.array([[1.0, -0.8, 0.0], [-0.9, 1.0, 0.0], [-0.1, 0.0, 1.0]])  # gain 0.72, log-s.d. 0.28
    s = lca.compile_system(a)
    tech = lca.lognormal(s.matrix.data, np.where(s.matrix.data < -0.5, 0.2, 0.0))
    e = lca.prepare(s, lca.Burdens(np.arange(3), np.ones(3), np.ones(3)), tech, seed=2, engine=engine)
    n = 640
    draws = lca.monte_carlo(e, n)
    gains = []
    for k in range(n):
        m = lca.system_of(e, k)[0].matrix.toarray()
        gains.append(m[0, 1] * m[1, 0])
    bad = np.flatnonzero(np.array(gains) >= 1.0)
    assert 30 < bad.size < 140
    assert [u.sample for u in draws.unsolved] == bad.tolist()
    assert {u.loop.processes for u in draws.unsolved if u.loop} == {(0, 1)}
    assert np.isnan(draws.value[:, 0, bad]).all()
    good = np.flatnonzero(np.array(gains) < 1.0)
    assert (draws.value[:, 0, good] > 0).all()
    for k in (*draws.direct[:3], *np.argsort(np.where(np.array(gains) < 1, gains, 0))[-3:]):
        m = lca.system_of(e, int(k))[0].matrix.toarray()
        assert draws.value[:, 0, k] == pytest.approx(np.linalg.solve(m.T, np.ones(3)), rel=1e-5)
    shown = lca.sides(e, draws)
    assert shown.unsolved == bad.size and shown.samples == n - bad.size


@pytest.mark.parametrize("engine", ENGINES)
def test_a_credit_does_not_hide_a_sample_whose_purchases_cannot_deliver(engine: str) -> None:
    # 0 buys u of 1, 1 buys 1 of 0 and gives back 0.5 of 2, which buys 1 of 0: judged before the credit, u < 1 decides
    a = np.array([[1.0, -1.0, -1.0], [-0.9, 1.0, 0.0], [0.0, 0.5, 1.0]])
    made = lca.compile_system(a)
    entry = int(
        np.flatnonzero((made.matrix.indices == 1) & (np.repeat(range(3), np.diff(made.matrix.indptr)) == 0))[
            0
        ]
    )
    u = np.linspace(0.7, 1.3, 64)
    e = lca.prepare(
        made,
        lca.Burdens(np.array([0]), np.ones(1), np.ones(1)),
        given={entry: -u},
        products=[1],
        engine=engine,
    )
    draws = lca.monte_carlo(e, 64)
    assert [k.sample for k in draws.unsolved] == np.flatnonzero(u >= 1.0).tolist()
    assert np.isnan(draws.value[0, 0, u >= 1.0]).all() and np.isfinite(draws.value[0, 0, u < 1.0]).all()
    kept = lca.inventory_draws(e, np.array([0.0, 1.0, 0.0]), np.zeros(1, dtype=np.intp), 1, 64)
    assert [k.sample for k in kept.unsolved] == np.flatnonzero(u >= 1.0).tolist()


def test_shares_stay_balanced_and_given_draws_are_used() -> None:
    a = np.array([[1.0, 0.0, -0.7], [0.0, 1.0, -0.3], [0.0, 0.0, 1.0]])
    s = lca.compile_system(a)
    share = np.flatnonzero(s.matrix.data < 0.0)
    tech = lca.lognormal(s.matrix.data, np.where(s.matrix.data < 0.0, 0.5, 0.0))
    same = lca.Burdens(np.array([0, 1]), np.array([4.0, 4.0]), np.ones(2))
    e = lca.prepare(s, same, tech, products=[2], balances=[share])
    assert lca.monte_carlo(e, 100).value[0, 0] == pytest.approx(np.full(100, 4.0), rel=1e-12)
    assert lca.monte_carlo(lca.prepare(s, same, tech, products=[2]), 100).value.std() > 0.5
    made_elsewhere = -np.linspace(0.1, 0.9, 70)
    both = {int(share[0]): made_elsewhere, int(share[1]): -1 - made_elsewhere}
    e = lca.prepare(s, same, tech, products=[2], given=both)
    assert lca.monte_carlo(e, 70).value[0, 0] == pytest.approx(np.full(70, 4.0), rel=1e-12)


def test_a_mix_keeps_its_sum_where_the_output_itself_is_uncertain() -> None:
    s = lca.compile_system(np.array([[1.0, -0.5], [0.0, 2.0]]))
    tech = lca.lognormal(s.matrix.data, 0.3)
    e = lca.prepare(s, lca.Burdens(np.array([0]), np.ones(1), np.ones(1)), tech, seed=5)
    v = lca.monte_carlo(e, 4000).value
    assert np.log(v[1, 0]).std() == pytest.approx(0.3 * np.sqrt(3), rel=0.05)  # 0.5, 2 and the first output
    assert np.log(v[0, 0]).std() == pytest.approx(0.3, rel=0.05)


def test_rare_distributions_reach_amounts_and_burdens() -> None:
    s = lca.compile_system(np.array([[1.0, -2.0], [0.0, 1.0]]))
    row = np.flatnonzero(s.matrix.data == -2.0)
    tech = lca.fixed(s.matrix.data)
    tech.kind[row], tech.location[row], tech.shape[row] = 5, 2.0, 4.0
    tech.minimum[row], tech.maximum[row] = -3.0, -1.0
    bio = lca.fixed([3.0])
    bio.kind[0], bio.location[0], bio.scale[0], bio.shape[0] = 6, 1.0, 0.5, 4.0  # 1 + gamma: mean 3
    e = lca.prepare(
        s, lca.Burdens(np.array([0]), np.array([3.0]), np.ones(1), bio), tech, products=[1], seed=1
    )
    v = lca.monte_carlo(e, 6400).value[0, 0]
    assert v.mean() == pytest.approx((3 - 2 / 3) * 3, rel=0.02)
    sample, burdens = lca.system_of(e, 77)
    assert lca.adjoint(sample, burdens)[1, 0] == pytest.approx(v[77], rel=1e-6)


def test_a_table_that_holds_no_distribution_is_refused() -> None:
    s, burdens, tech = chain()
    tech.scale[:] = -1.0
    tech.kind[:] = 1
    with pytest.raises(ValueError, match="technosphere"):
        lca.prepare(s, burdens, tech)


class Pretended:
    """What `on_cluster` needs of a client: it works in this process, and forgets nothing of what it was asked."""

    def __init__(self, threads: int) -> None:
        self.threads, self.groups = threads, []  # type: ignore[var-annotated]

    def nthreads(self) -> dict[str, int]:
        return {f"worker-{k}": 1 for k in range(self.threads)}

    def scatter(self, task: Any, broadcast: bool) -> Any:
        return task

    def submit(self, what: Any, task: Any, group: list[int], retries: int, pure: bool) -> Any:
        self.groups.append(group)
        value = what(task, group)
        return type("Future", (), {"result": lambda _: value})()


def test_a_cluster_gets_groups_of_half_a_second_and_says_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = iter(np.cumsum([0.0, 9.0, 0.0, 0.1]).tolist())  # the first part takes 9 s, the second 0.1 s
    monkeypatch.setattr("tanbiao.numerics.lca.cluster.time.perf_counter", lambda: next(now))
    client, told = Pretended(2), []  # type: ignore[var-annotated]
    run = on_cluster(client, progress=lambda done, whole: told.append((done, whole)))
    assert run(lambda k: k * k, range(3, 103)) == [k * k for k in range(3, 103)]
    assert [len(g) for g in client.groups] == [2, *19 * [5], 3] and told[-1] == (100, 100)
    now = iter([0.0, 1.0, 1.0, 1.0])
    client = Pretended(8)
    assert on_cluster(client)(lambda k: k, range(66)) == list(range(66))
    assert {len(g) for g in client.groups} == {2}, "four groups for each thread, however quick a part is"
    for few in (0, 1, 2):
        now = iter([0.0, 1.0, 1.0, 2.0])
        assert on_cluster(Pretended(2))(lambda k: k, range(few)) == list(range(few))
