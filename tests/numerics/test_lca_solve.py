"""Linear systems: the laws that every solve of a product system obeys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tanbiao.numerics import lca


def productive(n: int, seed: int) -> np.ndarray:
    """A random productive technosphere: every process buys less than half of what a unit of it is worth."""
    rng = np.random.default_rng(seed)
    z = rng.random((n, n)) * (rng.random((n, n)) < 0.4)
    np.fill_diagonal(z, 0.0)
    z = z / np.maximum(2.0 * z.sum(axis=0, keepdims=True), 1e-9)
    return np.eye(n) - z


sizes = st.integers(1, 12)
seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=20, deadline=None)
@given(n=sizes, seed=seeds)
def test_forward_and_adjoint_tell_the_same_footprint(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    system = lca.compile_system(productive(n, seed))
    demand, burdens = rng.random(n), rng.random(n)
    by_scaling = burdens @ lca.forward(system, demand)
    by_intensity = lca.adjoint(system, burdens) @ demand
    assert by_scaling == pytest.approx(by_intensity, rel=1e-12)


@settings(max_examples=20, deadline=None)
@given(n=sizes, seed=seeds, factor=st.floats(-100, 100))
def test_results_are_linear_in_the_burdens(n: int, seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    system = lca.compile_system(productive(n, seed))
    b, c = rng.random(n), rng.random(n)
    apart = lca.adjoint(system, b) + factor * lca.adjoint(system, c)
    assert lca.adjoint(system, b + factor * c) == pytest.approx(apart, rel=1e-9, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(n=sizes, seed=seeds)
def test_the_order_of_processes_does_not_matter(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, order = productive(n, seed), rng.random(n), rng.permutation(n)
    plain = lca.adjoint(lca.compile_system(a), b)
    permuted = lca.adjoint(lca.compile_system(a[np.ix_(order, order)]), b[order])
    assert permuted == pytest.approx(plain[order], rel=1e-12)


@settings(max_examples=20, deadline=None)
@given(n=sizes, seed=seeds)
def test_a_change_of_units_changes_intensities_by_that_unit_alone(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, k = productive(n, seed), rng.random(n), rng.uniform(0.001, 1000.0, n)
    plain = lca.adjoint(lca.compile_system(a), b)
    assert lca.adjoint(lca.compile_system(k[:, None] * a), b) == pytest.approx(plain / k, rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(n=sizes, seed=seeds)
def test_a_process_written_for_more_output_has_the_same_intensity(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, k = productive(n, seed), rng.random(n), rng.uniform(0.001, 1000.0, n)
    plain = lca.adjoint(lca.compile_system(a), b)
    assert lca.adjoint(lca.compile_system(a * k), b * k) == pytest.approx(plain, rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(n=sizes, seed=seeds)
def test_many_right_hand_sides_are_solved_as_one_by_one(n: int, seed: int) -> None:
    b = np.random.default_rng(seed).random((n, 3))
    system = lca.compile_system(productive(n, seed))
    together = lca.adjoint(system, b)
    assert together.shape == (n, 3)
    for k in range(3):
        assert together[:, k] == pytest.approx(lca.adjoint(system, b[:, k]), rel=1e-12)
    assert lca.solve(system, b).residual < 1e-12


@settings(max_examples=20, deadline=None)
@given(n=sizes, seed=seeds)
def test_a_system_with_small_purchases_is_productive(n: int, seed: int) -> None:
    assert lca.unproductive(productive(n, seed)).size == 0


def test_a_loop_that_eats_more_than_it_gives_is_not_productive() -> None:
    a = np.array([[1.0, -0.9, 0.0], [-1.2, 1.0, 0.0], [-0.1, 0.0, 1.0]])
    assert lca.unproductive(a).size > 0
    a[1, 0] = -1.0
    assert lca.unproductive(a).size == 0


def test_a_credit_does_not_make_a_system_unproductive() -> None:
    assert lca.unproductive(np.array([[1.0, 0.0], [5.0, 1.0]])).size == 0


def test_a_process_without_output_is_named() -> None:
    with pytest.raises(lca.NotSolvable) as refusal:
        lca.compile_system(np.array([[1.0, -1.0], [0.0, 0.0]]))
    assert refusal.value.columns.tolist() == [1]


def test_what_is_not_square_or_not_finite_is_refused() -> None:
    with pytest.raises(lca.NotSolvable):
        lca.compile_system(np.ones((2, 3)))
    with pytest.raises(lca.NotSolvable):
        lca.compile_system(np.array([[np.nan]]))


def test_a_system_of_nothing_gives_nothing() -> None:
    system = lca.compile_system(np.zeros((0, 0)))
    assert lca.adjoint(system, np.zeros((0, 4))).shape == (0, 4)


def test_a_chain_of_ten_thousand_processes_is_solved_at_once() -> None:
    n = 10_000
    a = sparse.diags_array([np.ones(n), -np.full(n - 1, 0.5)], offsets=[0, 1])
    h = lca.adjoint(lca.compile_system(a), np.ones(n))
    assert h[-1] == pytest.approx(2.0, rel=1e-12)


def test_dependants_are_found_at_any_depth() -> None:
    a = np.eye(4)
    a[0, 1] = a[1, 2] = -0.1  # 2 buys 1, 1 buys 0; 3 stands alone
    assert lca.dependants(lca.compile_system(a), np.array([True, False, False, False])).tolist() == [
        True,
        True,
        True,
        False,
    ]
