"""The solving engine on hard random systems: engine = dense, adjoint = forward, bounds that hold, loops named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tanbiao.numerics import lca
from tanbiao.numerics.lca.solve import compiled
from tests.numerics.random_systems import exact, gains, seeds, system

ENGINES = ["plain", *(["compiled"] if compiled() else [])]
sizes = st.integers(2, 60)


@settings(max_examples=15, deadline=None)
@given(n=sizes, seed=seeds, gain=gains, credit=st.sampled_from([0.0, 0.2]))
def test_every_engine_tells_what_a_dense_solve_in_extended_precision_tells(
    n: int, seed: int, gain: float, credit: float
) -> None:
    a, b = system(n, seed, gain, credit=credit), np.random.default_rng(seed).random(n)
    reference = exact(a.T, b)
    compiled_system = lca.compile_system(a)
    for engine in ("dense", *ENGINES):
        found = lca.solve(compiled_system, b, engine=engine)
        error = np.abs(found.value - reference)
        assert (error <= found.bound).all() or not found.proved
        if found.proved:
            assert (error <= 1e-9 * np.abs(reference) + found.bound).all()
        if credit == 0.0:
            assert found.proved
            assert (found.bound <= 1e-13 / (1 - gain) * np.abs(reference)).all()


@settings(max_examples=15, deadline=None)
@given(n=sizes, seed=seeds, gain=gains, credit=st.sampled_from([0.0, 0.2]))
def test_forward_and_adjoint_tell_the_same_result(n: int, seed: int, gain: float, credit: float) -> None:
    rng = np.random.default_rng(seed)
    s = lca.compile_system(system(n, seed, gain, credit=credit))
    demand, burdens = rng.random(n) * s.sign, rng.random(n)
    for engine in ("dense", *ENGINES):
        h = lca.solve(s, burdens, engine=engine)
        x = lca.solve(s, demand, "forward", engine=engine)
        gross = np.abs(h.value * demand).sum() + np.abs(x.value * burdens).sum()
        assert h.value @ demand == pytest.approx(x.value @ burdens, abs=1e-12 / (1 - gain) * gross)


@settings(max_examples=4, deadline=None)
@given(seed=seeds, gain=st.sampled_from([0.5, 0.95]))
def test_a_large_component_is_iterated_and_agrees_with_a_direct_solve(seed: int, gain: float) -> None:
    n = 400
    s = lca.compile_system(system(n, seed, gain, density=4.0, scale=0.3))
    assert np.diff(s.purchases.block).max() > 128
    b = np.random.default_rng(seed).random((n, 2))
    reference = np.linalg.solve(s.matrix.toarray().T, b)
    values = [lca.solve(s, b, engine=e) for e in ENGINES]
    for found in values:
        assert found.direct == ()
        assert found.value == pytest.approx(reference, rel=1e-8, abs=1e-12)
        assert found.value == pytest.approx(values[0].value, rel=1e-10)


def test_a_component_that_does_not_converge_is_solved_directly_and_says_so() -> None:
    n = 300
    a = system(n, 1, 1 - 1e-7, waste=0.0, density=5.0)
    s = lca.compile_system(a)
    b = np.ones(n)
    reference = exact(a.T, b)
    for engine in ENGINES:
        found = lca.solve(s, b, engine=engine, limit=3)
        assert len(found.direct) == 1 and found.direct[0].size > 128
        assert found.proved
        assert (np.abs(found.value - reference) <= found.bound).all()
        assert (found.bound <= 1e-6 * np.abs(reference)).all()


@settings(max_examples=15, deadline=None)
@given(n=st.integers(2, 200), seed=seeds)
def test_a_loop_of_gain_one_or_more_is_a_diagnosis_that_names_it(n: int, seed: int) -> None:
    a = system(n, seed, 0.5, waste=0.0, scale=0.0)
    size = 2 + seed % min(n - 1, 4)
    loop = np.random.default_rng(seed).permutation(n)[:size]
    for buyer, supplier in zip(loop, np.roll(loop, -1), strict=True):
        a[supplier, buyer] = -1.3 * a[buyer, buyer]
    s = lca.compile_system(a)
    for engine in ("dense", *ENGINES):
        with pytest.raises(lca.NotProductive) as diagnosis:
            lca.solve(s, np.ones(n), engine=engine)
        assert set(diagnosis.value.loop.processes) & set(loop.tolist())
        assert diagnosis.value.loop.radius > 1.0
    if n < 10:
        assert set(diagnosis.value.loop.processes) <= set(range(n))


def test_the_loop_itself_is_named_in_its_order() -> None:
    a = np.eye(5)
    a[3, 1] = a[4, 3] = a[1, 4] = -1.1  # 1 buys 3, 3 buys 4, 4 buys 1
    a[0, 2] = -0.5
    with pytest.raises(lca.NotProductive) as diagnosis:
        lca.adjoint(lca.compile_system(a), np.ones(5))
    assert diagnosis.value.loop.processes == (1, 3, 4)
    assert diagnosis.value.loop.gain == pytest.approx(1.331)
    assert diagnosis.value.loop.radius == pytest.approx(1.1)


def test_a_large_unproductive_component_is_named_by_the_engine() -> None:
    n = 400
    a = system(n, 3, 0.5, waste=0.0, density=4.0, scale=0.0)
    a[7, 9] = -2.0 * a[9, 9]
    a[9, 7] = -2.0 * a[7, 7]
    for engine in ENGINES:
        with pytest.raises(lca.NotProductive) as diagnosis:
            lca.solve(lca.compile_system(a), np.ones(n), engine=engine)
        assert diagnosis.value.loop.processes == (7, 9)
        with pytest.raises(lca.NotProductive):  # even where no burden reaches it and zero would come out
            lca.solve(lca.compile_system(a), np.zeros(n), engine=engine)


def test_credits_leave_the_sign_free_but_do_not_mend_a_loop() -> None:
    a = np.array([[1.0, 0.0], [5.0, 1.0]])  # process 0 gives 5 of product 1 besides: a credit
    assert lca.adjoint(lca.compile_system(a), np.array([1.0, 1.0])).tolist() == [-4.0, 1.0]
    b = np.array([[1.0, -1.2, 0.0], [-1.2, 1.0, 0.0], [0.5, 0.0, 1.0]])
    with pytest.raises(lca.NotProductive):
        lca.adjoint(lca.compile_system(b), np.ones(3))


def test_a_treatment_process_takes_waste_and_charges_it_to_who_gives_it() -> None:
    a = np.array([[1.0, 0.0], [2.0, -1.0]])  # process 0 gives 2 of waste 1; process 1 treats 1
    h = lca.adjoint(lca.compile_system(a), np.array([1.0, 3.0]))
    assert h.tolist() == [
        7.0,
        -3.0,
    ]  # one more unit of waste in the world costs nobody: -3 per unit delivered


@settings(max_examples=12, deadline=None)
@given(n=sizes, seed=seeds)
def test_permutation_of_processes_permutes_the_result(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, order = system(n, seed, 0.9, credit=0.1), rng.random(n), rng.permutation(n)
    plain = lca.adjoint(lca.compile_system(a), b)
    turned = lca.adjoint(lca.compile_system(a[np.ix_(order, order)]), b[order])
    assert turned == pytest.approx(plain[order], rel=1e-10)


def test_zero_and_missing_pivots_are_refused_by_name() -> None:
    with pytest.raises(lca.NotSolvable) as refusal:
        lca.compile_system(sparse.csc_array(np.array([[1.0, -1.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.0, 1.0]])))
    assert refusal.value.columns.tolist() == [1]


def test_other_amounts_on_the_same_structure() -> None:
    a = system(30, 5, 0.8)
    s = lca.compile_system(a)
    data = s.matrix.data.copy()
    data[data * s.sign[s.matrix.indices] < 0] *= 0.5
    other = lca.with_values(s, data)
    b = np.ones(30)
    assert lca.adjoint(other, b) == pytest.approx(lca.adjoint(lca.compile_system(other.matrix), b), rel=1e-12)
    with pytest.raises(lca.NotSolvable):
        lca.with_values(s, -data)


def test_a_foreground_is_solved_on_a_library_that_stays_as_it_is() -> None:
    library, own = system(40, 6, 0.8, waste=0.0), system(8, 7, 0.5, waste=0.0)
    links = np.random.default_rng(1).random((40, 8)) * (np.random.default_rng(2).random((40, 8)) < 0.1)
    whole = np.block([[library, -links], [np.zeros((8, 40)), own]])
    b = np.random.default_rng(3).random((48, 2))
    solved = lca.adjoint(lca.compile_system(library), b[:40])
    found = lca.on_library(lca.compile_system(own), links, b[40:], solved)
    assert found == pytest.approx(lca.adjoint(lca.compile_system(whole), b)[40:], rel=1e-10)


def test_a_study_of_no_or_one_process() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert lca.activities(np.zeros(0), none, none, np.zeros(0), np.zeros(0)).size == 0
    zero = np.array([0])
    assert lca.activities(np.array([2.0]), zero, zero, np.array([1.0]), np.array([3.0])).tolist() == [3.0]
    with pytest.raises(lca.NotProductive):
        lca.activities(np.array([2.0]), zero, zero, np.array([2.0]), np.array([3.0]))
