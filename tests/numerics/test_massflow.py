"""Laws of mass flow: nothing is lost, rates are ordered, yields push one way, order is a DAG."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanbiao.numerics.massflow import (
    LoopError,
    Network,
    credit,
    flow,
    gaps,
    order,
    plan,
    quantiles,
    shares,
    uniform,
)

ends = 4  # reuse, recycling, energy, disposal


@st.composite
def products(draw: st.DrawFn) -> tuple[Network, np.ndarray]:
    """A random product of some species through some stages to four ends, with exact shares."""
    stages, species = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    nodes = stages + ends
    source, target, rows = [], [], []
    for stage in range(stages):
        later = list(range(stage + 1, stages)) + [stages + e for e in range(ends)]
        chosen = draw(st.lists(st.sampled_from(later), min_size=1, max_size=4, unique=True))
        weights = [[draw(st.integers(0, 20)) for _ in range(species)] for _ in chosen]
        for s in range(species):
            if not any(w[s] for w in weights):
                weights[-1][s] = 1
        for to, weight in zip(chosen, weights, strict=True):
            source.append(stage)
            target.append(to)
            rows.append([Fraction(weight[s], sum(w[s] for w in weights)) for s in range(species)])
    entering = np.empty((nodes, species), dtype=object)
    entering[...] = Fraction(0)
    for s in range(species):
        entering[0, s] = Fraction(draw(st.integers(0, 10_000)), 7)
    share = np.array(rows, dtype=object)
    return Network(nodes, np.array(source), np.array(target), share), entering


def rates(network: Network, entering: np.ndarray) -> tuple[Fraction, Fraction]:
    kept = flow(network, entering).through[-ends:].sum(axis=1)
    whole = entering.sum()
    if whole == 0:
        return Fraction(0), Fraction(0)
    return (kept[0] + kept[1]) / whole, (kept[0] + kept[1] + kept[2]) / whole


@given(products())
def test_closure_is_exact(made: tuple[Network, np.ndarray]) -> None:
    network, entering = made
    assert gaps(network) == []
    found = flow(network, entering)
    assert found.ends(network).sum() == entering.sum()
    assert (found.ends(network).sum(axis=0) == entering.sum(axis=0)).all()


@given(products())
def test_recycling_is_at_most_recovery_and_recovery_at_most_all(made: tuple[Network, np.ndarray]) -> None:
    recycling, recovery = rates(*made)
    assert 0 <= recycling <= recovery <= 1


@given(products(), st.fractions(min_value=Fraction(1, 1000), max_value=1000))
def test_a_rate_does_not_depend_on_the_unit(made: tuple[Network, np.ndarray], scale: Fraction) -> None:
    network, entering = made
    assert rates(network, entering * scale) == rates(network, entering)


@given(products(), st.integers(1, 5000))
def test_inert_mass_never_raises_a_rate(made: tuple[Network, np.ndarray], mass: int) -> None:
    network, entering = made
    more = entering.copy()
    more[-1, 0] += mass
    assert rates(network, more)[0] <= rates(network, entering)[0]
    assert rates(network, more)[1] <= rates(network, entering)[1]


@given(products(), st.data())
def test_a_better_yield_never_lowers_recycling(made: tuple[Network, np.ndarray], data: st.DataObject) -> None:
    """Moving share from disposal to recycling at any node."""
    network, entering = made
    disposal = [a for a, t in enumerate(network.target) if t == network.nodes - 1]
    if not disposal:
        return
    arc = data.draw(st.sampled_from(disposal))
    part = data.draw(st.fractions(min_value=0, max_value=1))
    moved = network.share[arc] * part
    better = network.share.copy()
    better[arc] = better[arc] - moved
    wider = Network(
        network.nodes,
        np.append(network.source, network.source[arc]),
        np.append(network.target, network.nodes - ends + 1),
        np.vstack([better, moved]),
    )
    assert gaps(wider) == []
    assert rates(wider, entering)[0] >= rates(network, entering)[0]


@given(products(), st.randoms())
def test_the_order_of_arcs_does_not_matter(made: tuple[Network, np.ndarray], random: object) -> None:
    network, entering = made
    turn = list(range(len(network.source)))
    random.shuffle(turn)  # type: ignore[attr-defined]
    shuffled = Network(network.nodes, network.source[turn], network.target[turn], network.share[turn])
    assert (flow(shuffled, entering).through == flow(network, entering).through).all()
    place = {n: i for i, n in enumerate(order(shuffled))}
    assert all(place[a] < place[b] for a, b in zip(shuffled.source, shuffled.target, strict=True))


@given(products())
def test_floats_agree_with_exact_numbers(made: tuple[Network, np.ndarray]) -> None:
    network, entering = made
    floats = Network(network.nodes, network.source, network.target, network.share.astype(float))
    np.testing.assert_allclose(
        flow(floats, entering.astype(float)).through,
        flow(network, entering).through.astype(float),
        rtol=1e-12,
        atol=1e-9,
    )


@given(products(), st.integers(1, 9))
def test_a_table_that_does_not_sum_is_named(made: tuple[Network, np.ndarray], number: int) -> None:
    network, _ = made
    arc = number % len(network.source)
    share = network.share.copy()
    share[arc, 0] = share[arc, 0] + Fraction(1, 1000)
    found = gaps(Network(network.nodes, network.source, network.target, share))
    assert [(g.node, g.species) for g in found] == [(network.source[arc], 0)]


def test_shares_outside_zero_to_one_are_named_even_where_they_sum() -> None:
    share = np.array([[Fraction(12, 10)], [Fraction(-2, 10)]], dtype=object)
    assert len(gaps(Network(3, np.array([0, 0]), np.array([1, 2]), share))) == 1


def test_a_circle_has_no_order() -> None:
    network = Network(2, np.array([0, 1]), np.array([1, 0]), np.ones((2, 1)))
    with pytest.raises(LoopError) as error:
        order(network)
    assert error.value.nodes == (0, 1)


# -- draws -----------------------------------------------------------------------------------------------------------


def test_draws_depend_on_identity_alone() -> None:
    words = np.array([3, 99, 12345], dtype=np.uint64)
    whole = uniform(7, words, np.arange(100, dtype=np.uint64))
    np.testing.assert_array_equal(
        whole[1, 40:60], uniform(7, words[1:2], np.arange(40, 60, dtype=np.uint64))[0]
    )
    np.testing.assert_array_equal(whole[::-1], uniform(7, words[::-1], np.arange(100, dtype=np.uint64)))
    assert not np.array_equal(whole, uniform(8, words, np.arange(100, dtype=np.uint64)))


def test_draws_are_even() -> None:
    drawn = uniform(1, np.arange(50, dtype=np.uint64), np.arange(4000, dtype=np.uint64))
    assert abs(drawn.mean() - 0.5) < 0.002
    assert abs(drawn.var() - 1 / 12) < 0.001
    assert np.abs(np.corrcoef(drawn[:8]) - np.eye(8)).max() < 0.06
    counts, _ = np.histogram(drawn, 20, (0, 1))
    assert abs(counts / drawn.size - 0.05).max() < 0.002


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=5), st.integers(0, 2**63))
def test_drawn_shares_close(spread: list[tuple[float, float]], seed: int) -> None:
    """Whatever the spreads, the ways out of a node sum to one and stay between zero and one."""
    mode = np.array([1 / len(spread)] * len(spread))
    low = mode * np.array([a for a, _ in spread])
    high = mode + (1 - mode) * np.array([b for _, b in spread])
    drawn = uniform(seed, np.arange(len(spread), dtype=np.uint64), np.arange(64, dtype=np.uint64))
    found = shares(low, mode, high, np.zeros(len(spread), dtype=np.intp), drawn)
    np.testing.assert_allclose(found.sum(axis=0), 1.0, rtol=1e-12)
    assert (found >= 0).all() and (found <= 1 + 1e-12).all()


def test_triangular_moments() -> None:
    drawn = uniform(5, np.array([1], dtype=np.uint64), np.arange(100_000, dtype=np.uint64))
    found = shares(np.array([0.8]), np.array([0.9]), np.array([0.95]), np.array([-1]), drawn)[0]
    assert abs(found.mean() - (0.8 + 0.9 + 0.95) / 3) < 5e-4
    low, _, high = quantiles(found)
    assert 0.8 < low < 0.9 < high < 0.95


# -- dismantling -----------------------------------------------------------------------------------------------------


@settings(max_examples=80)
@given(st.data())
def test_the_best_stopping_point_is_the_best_of_all_closed_sets(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 7))
    gain = [Fraction(data.draw(st.integers(-20, 20))) for _ in range(size)]
    time = [Fraction(data.draw(st.integers(1, 9))) for _ in range(size)]
    before = [[b for b in range(p) if data.draw(st.integers(0, 3)) == 0] for p in range(size)]
    forced = [data.draw(st.integers(0, 4)) == 0 for _ in range(size)]
    found = plan(gain, time, before, forced)
    must = {p for p in range(size) if forced[p]}
    best = max(
        sum((gain[p] for p in chosen), Fraction(0))
        for n in range(size + 1)
        for chosen in combinations(range(size), n)
        if must <= set(chosen) and all(set(before[p]) <= set(chosen) for p in chosen)
    )
    assert found.best == best
    place = {s.part: i for i, s in enumerate(found.steps)}
    assert all(place[b] < place[p] for p in range(size) for b in before[p])
    assert len(found.steps) == size
    flags = [s.forced for s in found.steps]
    assert flags == sorted(flags, reverse=True)  # what is forced comes first


def test_parts_that_wait_for_one_another() -> None:
    with pytest.raises(LoopError):
        plan([Fraction(1)] * 2, [Fraction(1)] * 2, [[1], [0]], [False, False])


# -- custody ---------------------------------------------------------------------------------------------------------


def test_mass_balance_credit() -> None:
    """500 kg certified at a yield of 0.88, 300 kg claimed: 140 kg left; a claim of 150 kg is refused."""
    found = credit([Fraction(500) * Fraction("0.88"), Fraction(-300), Fraction(-150), Fraction(-140)])
    assert found.balance == (440, 140, 140, 0)
    assert found.refused == (2,)


@given(st.lists(st.integers(-100, 100)))
def test_credit_is_never_negative(amounts: list[int]) -> None:
    assert min([*credit([Fraction(a) for a in amounts]).balance, Fraction(0)]) == 0
