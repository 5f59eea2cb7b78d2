"""The supply chain of one product taken apart: a tree of contributions down to factors and gases."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Tree:
    """Nodes in depth-first order, larger contributions first; node 0 is the product asked for.

    parent    (k,) index of the parent node, -1 for the root
    process   (k,) index of the process, -1 for a terminal
    terminal  (k,) index of the factor or gas, -1 for a process
    amount    (k,) amount of the product, factor or gas in its own unit, per unit asked for
    value     (k,) contribution with everything upstream of it
    rest      (k,) part of `value` that no listed child holds: children below the cut-off, or a node not
              opened

    For every node that is a process: value = sum of its children's values + rest.
    """

    parent: Indices
    process: Indices
    terminal: Indices
    amount: Floats
    value: Floats
    rest: Floats


def paths(
    matrix: Any,
    terminals: Any,
    intensities: Floats,
    terminal_values: Floats,
    start: int,
    cutoff: float = 0.01,
    amount: float = 1.0,
    limit: int = 5000,
) -> Tree:
    """Open the supply chain of product `start` until contributions fall below `cutoff`.

    `matrix` (n, n) technosphere and `terminals` (m, n) amounts of factors and gases per process as written,
    both sparse in compressed columns; `intensities` (n,) and `terminal_values` (m,) burden per unit. `cutoff`
    is a share of the root's value, above 0 and at most 1: it also ends loops, since going round a productive
    loop shrinks a value. The largest nodes are opened first; at most `limit` nodes are listed. Structural
    path analysis: Defourny and Thorbecke 1984; Lenzen 2003. A branch whose burdens and credits cancel is
    small and stays closed.
    """
    if not 0.0 < cutoff <= 1.0:
        raise ValueError(f"cutoff must be above 0 and at most 1, not {cutoff}")
    parent, process, terminal = [-1], [start], [-1]
    amounts, values = [amount], [amount * float(intensities[start])]
    rest = [values[0]]
    children: list[list[int]] = [[]]
    threshold = cutoff * abs(values[0])
    heap = [(-abs(values[0]), 0)] if values[0] != 0.0 else []

    def add(node: int, p: int, t: int, a: float, v: float) -> None:
        if abs(v) < threshold or len(values) >= limit:
            return
        parent.append(node)
        process.append(p)
        terminal.append(t)
        amounts.append(a)
        values.append(v)
        rest.append(0.0 if p < 0 else v)
        children.append([])
        children[node].append(len(values) - 1)
        rest[node] -= v
        if p >= 0:
            heapq.heappush(heap, (-abs(v), len(values) - 1))

    while heap and len(values) < limit:
        _, node = heapq.heappop(heap)
        j = process[node]
        indices, data = _column(matrix, j)
        own = data[indices == j]
        runs = amounts[node] / float(own[0])
        for i, a in zip(indices, data, strict=True):
            if i != j:
                add(node, int(i), -1, float(-a * runs), float(-a * runs * intensities[i]))
        indices, data = _column(terminals, j)
        for k, a in zip(indices, data, strict=True):
            add(node, -1, int(k), float(a * runs), float(a * runs * terminal_values[k]))

    order: list[int] = []
    stack = [0]
    while stack:
        node = stack.pop()
        order.append(node)
        stack.extend(sorted(children[node], key=lambda c: (abs(values[c]), -c)))
    position = {node: k for k, node in enumerate(order)}
    return Tree(
        parent=np.array([position[parent[n]] if parent[n] >= 0 else -1 for n in order], dtype=np.intp),
        process=np.array([process[n] for n in order], dtype=np.intp),
        terminal=np.array([terminal[n] for n in order], dtype=np.intp),
        amount=np.array([amounts[n] for n in order], dtype=np.float64),
        value=np.array([values[n] for n in order], dtype=np.float64),
        rest=np.array([rest[n] for n in order], dtype=np.float64),
    )


def _column(matrix: Any, j: int) -> tuple[Indices, Floats]:
    """Row indices and values of column j of a matrix in compressed columns."""
    part = slice(matrix.indptr[j], matrix.indptr[j + 1])
    return np.asarray(matrix.indices[part], dtype=np.intp), np.asarray(matrix.data[part], dtype=np.float64)
