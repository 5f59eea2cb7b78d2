"""Analysis: parts sum to the whole, derivatives are those of finite differences, indices and breakevens are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanbiao.numerics import lca
from tests.numerics.random_systems import seeds, system


def case(n: int, seed: int) -> tuple[lca.System, lca.Burdens, np.ndarray]:
    rng = np.random.default_rng(seed)
    s = lca.compile_system(system(n, seed, 0.8, credit=0.1))
    process = np.sort(rng.integers(0, n, 2 * n))
    return s, lca.Burdens(process, rng.random(2 * n), rng.random(2 * n)), rng.random(n) * s.sign


@settings(max_examples=15, deadline=None)
@given(n=st.integers(2, 40), seed=seeds)
def test_the_gradient_is_that_of_finite_differences(n: int, seed: int) -> None:
    s, burdens, demand = case(n, seed)
    g = lca.gradient(s, burdens, demand)
    b = burdens.totals(n)[:, 0]
    assert g.result == pytest.approx(float(lca.adjoint(s, b) @ demand))
    rng = np.random.default_rng(seed)
    for k in rng.choice(s.matrix.data.size, min(5, s.matrix.data.size), replace=False):
        step = 1e-5 * s.matrix.data[k]
        ends = []
        for sign in (1, -1):
            data = s.matrix.data.copy()
            data[k] += sign * step
            ends.append(float(lca.adjoint(lca.with_values(s, data), b) @ demand))
        slope = (ends[0] - ends[1]) / (2 * step)
        noise = 1e-14 * np.abs(g.intensities * demand).sum() / abs(step)
        assert g.technosphere[k] == pytest.approx(slope, rel=1e-4, abs=10 * noise)
    total = float((g.burdens * burdens.amount).sum())
    assert total == pytest.approx(g.result, rel=1e-9, abs=1e-12 * np.abs(g.burdens * burdens.amount).sum())


@settings(max_examples=15, deadline=None)
@given(n=st.integers(2, 40), seed=seeds)
def test_parts_sum_to_the_whole(n: int, seed: int) -> None:
    s, burdens, demand = case(n, seed)
    b = burdens.totals(n)
    h, runs = lca.adjoint(s, b), lca.forward(s, demand)
    parts = lca.by_process(s, b, runs)
    gross, result = np.abs(parts).sum(), float(h[:, 0] @ demand)
    near = {"rel": 1e-9, "abs": 1e-11 * gross}
    assert parts.sum() == pytest.approx(result, **near)
    assert lca.by_entry(burdens, runs).sum() == pytest.approx(result, **near)
    assert lca.by_label(parts, np.arange(n) % 3, 3).sum() == pytest.approx(result, **near)
    k = int(np.argmax(np.abs(h[:, 0])))
    suppliers, values = lca.by_supplier(s, h[:, 0], k, float(b[k, 0]))
    assert suppliers[-1] == k
    assert values.sum() == pytest.approx(h[k, 0], rel=1e-9, abs=1e-12 * np.abs(values).sum())
    network = lca.flows(s, h[:, 0], runs, b[:, 0], cutoff=0.0)
    handed = network.direct + np.bincount(network.buyer, network.value, n)
    taken = np.bincount(network.supplier, network.value, n) + h[:, 0] * demand
    assert handed == pytest.approx(taken, rel=1e-9, abs=1e-10 * gross)


def test_first_order_variance_of_a_sum_is_exact_and_its_parts_sum_to_it() -> None:
    s = lca.compile_system(np.array([[1.0, 0.0, -2.0], [0.0, 1.0, -3.0], [0.0, 0.0, 1.0]]))
    tech = lca.fixed(s.matrix.data)
    moving = np.flatnonzero(s.matrix.data < 0)
    tech.kind[moving], tech.scale[moving] = 2, 0.1
    burdens = lca.Burdens(np.array([0, 1]), np.array([1.0, 5.0]), np.ones(2))
    g = lca.gradient(s, burdens, np.array([0.0, 0.0, 1.0]))
    parts = lca.spread(g, burdens, tech)
    assert parts.variance == pytest.approx(0.01 * (1 + 25))
    assert parts.technosphere.sum() + parts.burdens.sum() == pytest.approx(parts.variance)
    assert lca.largest(parts, 5).tolist() == [moving[1], moving[0]]


def test_sobol_indices_of_a_sum_are_its_shares_of_variance_and_a_product_shows_interaction() -> None:
    s = lca.compile_system(np.array([[1.0, 0.0, -2.0], [0.0, 1.0, -3.0], [0.0, 0.0, 1.0]]))
    tech = lca.fixed(s.matrix.data)
    moving = np.flatnonzero(s.matrix.data < 0)
    tech.kind[moving], tech.scale[moving] = 2, [0.2, 0.1]
    e = lca.prepare(
        s, lca.Burdens(np.array([0, 1]), np.array([1.0, 1.0]), np.ones(2)), tech, products=[2], seed=4
    )
    found = lca.sobol(e, moving, 3200)
    assert found.first == pytest.approx([0.8, 0.2], abs=0.05)
    assert found.total == pytest.approx([0.8, 0.2], abs=0.05)
    assert found.variance == pytest.approx(0.05, rel=0.05)
    line = lca.compile_system(np.array([[1.0, -2.0], [0.0, 1.0]]))
    both = lca.lognormal(line.matrix.data, np.where(line.matrix.data < 0, 0.8, 0.0))
    burdens = lca.Burdens(np.array([0]), np.array([1.0]), np.ones(1), lca.lognormal([1.0], [0.8]))
    e = lca.prepare(line, burdens, both, products=[1], seed=4)
    found = lca.sobol(
        e, np.array([int(np.flatnonzero(line.matrix.data < 0)[0]), line.matrix.data.size]), 6400
    )
    v = np.expm1(0.64)
    assert found.first == pytest.approx(np.full(2, v / (v * (2 + v))), abs=0.12)
    assert (found.total > found.first + 0.1).all()


def test_breakeven_is_where_two_products_are_equal() -> None:
    a = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    s = lca.compile_system(a)
    burdens = lca.Burdens(np.array([0, 2]), np.array([2.0, 5.0]), np.ones(2))
    change = np.where(s.matrix.data < 0.0, -1.0, 0.0)  # product 1 buys 1 + x of product 0
    first, second = np.eye(3)[1], np.eye(3)[2]
    found = lca.breakeven(lca.along(s, burdens, change, first, second), 0.0, 10.0)
    assert found.values == (pytest.approx(1.5),)
    assert found.better_below == "A"
    assert lca.breakeven(lca.along(s, burdens, change, first, second), 0.0, 1.0).values == ()


def test_a_pole_is_no_breakeven() -> None:
    found = lca.breakeven(lambda x: 1.0 / (x - 0.503), 0.0, 1.0)
    assert found.values == ()
    with pytest.raises(ValueError):
        lca.breakeven(lambda x: x, 1.0, 0.0)


def test_results_that_are_equal_everywhere_have_no_breakeven_but_are_said_to_be_equal() -> None:
    a = np.array([[1.0, -0.1, -0.1], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    s = lca.compile_system(a)
    burdens = lca.Burdens(np.arange(3), np.array([0.7, 0.2, 0.1 + 0.1]), np.ones(3))
    change = np.where(s.matrix.data == -0.1, -1.0, 0.0)
    same = lca.breakeven(lca.along(s, burdens, change, np.eye(3)[1], np.eye(3)[2]), 0.0, 10.0)
    assert (same.values, same.always, same.better_below, same.skipped) == ((), True, "", 0)
    none = lca.breakeven(lambda x: float("nan"), 0.0, 1.0)
    assert (none.values, none.always, none.skipped) == ((), False, 65)


def test_a_value_without_solution_between_two_that_have_one_is_skipped() -> None:
    def difference(x: float) -> float:
        if 0.5 < x < 0.515:
            raise lca.NotSolvable("a loop that does not deliver", np.zeros(0, dtype=np.intp))
        return -1.0 if x < 0.51 else 1.0

    found = lca.breakeven(difference, 0.0, 1.0)
    assert (found.values, found.skipped) == ((), 1)


def test_a_system_without_any_burden_has_results_of_zero() -> None:
    s = lca.compile_system(np.array([[1.0, -2.0], [0.0, 1.0]]))
    empty = lca.Burdens(np.zeros(0, np.intp), np.zeros(0), np.zeros((0, 3)))
    assert empty.totals(2).shape == (2, 3)
    assert lca.by_entry(empty, np.ones(2)).shape == (0, 3)
    assert lca.gradient(s, empty, np.eye(2)[1]).result == 0.0
