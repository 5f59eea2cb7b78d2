"""Where a background value comes from: the supply chain of one item, down to factors and gases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tanbiao.numerics import lca

from .compile import Compiled, total


@dataclass(frozen=True, slots=True)
class Contribution:
    """One node of the tree: `amount` of `item` in `unit`, carrying `value` kgCO2e, which is `share` of the
    root.

    value = sum of the children's values + `rest` (kgCO2e of children below the cut-off); a leaf that is a
    factor or a gas has neither. The same item may stand in several branches.
    """

    item: str
    unit: str
    amount: float
    value: float
    share: float
    rest: float
    children: tuple[Contribution, ...]


def paths(
    compiled: Compiled, item: str, cutoff: float = 0.01, *, amount: float = 1.0, limit: int = 5000
) -> Contribution:
    """Take `amount` units of `item` apart until contributions fall below `cutoff`, a share of its value (0 <
    cutoff <= 1).

    Refuses an unknown or missing id as `total` does.
    """
    root = total(compiled, item) * amount
    n = compiled.system.size
    k = compiled.index[item]
    if k >= n:
        return Contribution(item, compiled.units[k], amount, root, 1.0, 0.0, ())
    values = np.nan_to_num(compiled.values.sum(axis=1))
    tree = lca.paths(
        compiled.system.matrix, compiled.direct, values[:n], values[n:], k, cutoff, amount=amount, limit=limit
    )
    children: list[list[Contribution]] = [[] for _ in tree.parent]
    for node in range(len(tree.parent) - 1, -1, -1):  # children stand after their parent
        row = int(tree.process[node]) if tree.process[node] >= 0 else n + int(tree.terminal[node])
        value = float(tree.value[node])
        own = Contribution(
            compiled.ids[row],
            compiled.units[row],
            float(tree.amount[node]),
            value,
            value / root if root else 0.0,
            float(tree.rest[node]),
            tuple(reversed(children[node])),
        )
        if tree.parent[node] < 0:
            return own
        children[int(tree.parent[node])].append(own)
    raise AssertionError("a tree has a root")
