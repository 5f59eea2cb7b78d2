"""A transfer network: nodes pass what they receive on to other nodes, by species, and lose nothing on the way.

Every stage, fraction and final process is a node; an arc carries a share of each species. With x the mass through a
node and k the share of an arc, y = k · x, and for each node that passes on and each species the shares of its arcs
sum to one: the loss is an arc of its own, never what is left. Works on exact rationals (object arrays) and on
float64 alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class LoopError(ValueError):
    """The nodes of a circle: a staged flow has an order."""

    def __init__(self, nodes: tuple[int, ...]) -> None:
        super().__init__(f"nodes in a circle: {nodes}")
        self.nodes = nodes


@dataclass(frozen=True, eq=False)
class Network:
    """nodes: their number; source, target (arcs,): node numbers; share (arcs, species): 0 ≤ k ≤ 1, the part of the
    species in `source` that goes to `target`. A node without outgoing arcs is an end."""

    nodes: int
    source: NDArray[np.intp]
    target: NDArray[np.intp]
    share: Array


@dataclass(frozen=True)
class Gap:
    """A node whose arcs do not pass on exactly what it receives of a species."""

    node: int
    species: int
    total: Fraction | float


@dataclass(frozen=True, eq=False)
class Flow:
    """through (nodes, species): mass that enters each node; along (arcs, species): mass on each arc, both in the
    unit of the input."""

    through: Array
    along: Array

    def ends(self, network: Network) -> Array:
        """Mass that each end node keeps, (nodes, species); zero at nodes that pass on."""
        kept = self.through.copy()
        kept[np.unique(network.source)] = self.through.dtype.type(0) if kept.dtype != object else Fraction(0)
        return kept


def order(network: Network) -> tuple[int, ...]:
    """Nodes so that every arc leads forward. Raises `LoopError` naming the nodes of a circle."""
    waiting = np.zeros(network.nodes, dtype=np.intp)
    np.add.at(waiting, network.target, 1)
    after: dict[int, list[int]] = {}
    for a, b in zip(network.source.tolist(), network.target.tolist(), strict=True):
        after.setdefault(a, []).append(b)
    ready = [n for n in range(network.nodes) if not waiting[n]]
    found: list[int] = []
    while ready:
        node = ready.pop(0)
        found.append(node)
        for other in after.get(node, ()):
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    if len(found) < network.nodes:
        raise LoopError(tuple(n for n in range(network.nodes) if waiting[n] > 0))
    return tuple(found)


def gaps(network: Network, present: Array | None = None, tolerance: float = 1e-9) -> list[Gap]:
    """Every (node, species) whose outgoing shares do not sum to one, or hold one outside 0 to 1.

    present (nodes, species): only where this is true; None: everywhere. Exact shares are compared exactly, float64
    within `tolerance`.
    """
    found: list[Gap] = []
    exact = network.share.dtype == object
    for node in np.unique(network.source):
        arcs = network.share[network.source == node]
        totals = arcs.sum(axis=0)
        for species in range(network.share.shape[1]):
            if present is not None and not present[node, species]:
                continue
            total, column = totals[species], arcs[:, species]
            wrong = total != 1 if exact else abs(float(total) - 1.0) > tolerance
            if wrong or (column < 0).any() or (column > 1).any():
                found.append(Gap(int(node), species, total))
    return found


def flow(network: Network, entering: Array) -> Flow:
    """Mass through every node and along every arc; entering (nodes, species) comes from outside.

    Raises `LoopError`. Does not check closure: see `gaps`.
    """
    dtype: Any = object if network.share.dtype == object and entering.dtype == object else np.float64
    through = entering.astype(dtype, copy=True)
    along = np.zeros(network.share.shape, dtype=dtype)
    if dtype is object:
        along[...] = Fraction(0)
    share = network.share if dtype is object else network.share.astype(np.float64)
    outgoing: dict[int, list[int]] = {}
    for arc, node in enumerate(network.source.tolist()):
        outgoing.setdefault(node, []).append(arc)
    for node in order(network):
        for arc in outgoing.get(node, ()):
            along[arc] = share[arc] * through[node]
            through[network.target[arc]] = through[network.target[arc]] + along[arc]
    return Flow(through, along)
