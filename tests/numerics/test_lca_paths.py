"""Path trees: nothing is lost, nothing is counted twice, loops end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tanbiao.numerics import lca


def loop() -> tuple[object, object, np.ndarray, np.ndarray]:
    """Two processes that buy from each other, one factor each."""
    a = sparse.csc_array(np.array([[1.0, -0.5], [-0.5, 1.0]]))
    terminals = sparse.csc_array(np.array([[1.0, 0.0], [0.0, 2.0]]))
    values = np.array([1.0, 1.0])
    h = lca.adjoint(lca.compile_system(a), np.asarray(terminals.T @ values))
    return a, terminals, h, values


@settings(max_examples=15, deadline=None)
@given(cutoff=st.floats(1e-4, 1.0), amount=st.floats(0.01, 100))
def test_the_children_and_the_rest_are_the_whole(cutoff: float, amount: float) -> None:
    a, terminals, h, values = loop()
    tree = lca.paths(a, terminals, h, values, 0, cutoff, amount=amount)
    assert tree.value[0] == pytest.approx(amount * h[0], rel=1e-12)
    for node in np.flatnonzero(tree.process >= 0):
        below = tree.value[tree.parent == node].sum()
        assert below + tree.rest[node] == pytest.approx(tree.value[node], rel=1e-9, abs=1e-12)
    leaves = tree.value[tree.terminal >= 0].sum() + tree.rest.sum()
    assert leaves == pytest.approx(tree.value[0], rel=1e-9)


def test_a_node_below_the_cutoff_is_not_listed_and_stays_in_the_rest() -> None:
    a, terminals, h, values = loop()
    tree = lca.paths(a, terminals, h, values, 0, 0.1)
    assert (np.abs(tree.value) >= 0.1 * tree.value[0]).all()
    assert tree.rest.sum() > 0


def test_a_smaller_cutoff_explains_more() -> None:
    a, terminals, h, values = loop()
    trees = [lca.paths(a, terminals, h, values, 0, cutoff) for cutoff in (0.3, 0.03, 0.003)]
    explained = [tree.value[tree.terminal >= 0].sum() for tree in trees]
    assert explained == sorted(explained)
    assert explained[-1] == pytest.approx(h[0], rel=0.02)


def test_parents_stand_before_their_children_and_large_before_small() -> None:
    a, terminals, h, values = loop()
    tree = lca.paths(a, terminals, h, values, 0, 0.001)
    assert (tree.parent[1:] < np.arange(1, len(tree.parent))).all()
    for node in range(len(tree.parent)):
        children = np.abs(tree.value[tree.parent == node])
        assert (np.diff(children) <= 0).all()


def test_the_number_of_nodes_is_limited_without_losing_a_gram() -> None:
    a, terminals, h, values = loop()
    tree = lca.paths(a, terminals, h, values, 0, 1e-12, limit=20)
    assert len(tree.parent) == 20
    assert tree.value[tree.terminal >= 0].sum() + tree.rest.sum() == pytest.approx(h[0], rel=1e-9)


def test_a_product_without_burden_has_no_tree() -> None:
    a, terminals, _, values = loop()
    tree = lca.paths(a, terminals, np.zeros(2), 0 * values, 0)
    assert len(tree.parent) == 1


def test_a_cutoff_of_zero_is_refused() -> None:
    a, terminals, h, values = loop()
    with pytest.raises(ValueError):
        lca.paths(a, terminals, h, values, 0, 0.0)
