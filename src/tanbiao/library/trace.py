"""One result of a library product taken apart: by process, flow, first supplier, place and class of process; as a tree
of paths; as a network; and its derivative by every exchange."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tanbiao.numerics import lca

from .compile import Compiled
from .impacts import Assessed, Entries, verifications
from .methods import Method
from .model import Library

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a result: what brings it, how much, and its share of the result."""

    id: str
    value: float
    share: float


@dataclass(frozen=True, slots=True)
class Branch:
    """A node of the path tree. `amount` of `item` in `unit` (an elementary flow's leaf: in its own unit), carrying
    `value`; value = children's values + rest. `process`: whether the item is one; leaves are flows, gases and totals.
    """

    item: str
    process: bool
    amount: float
    value: float
    share: float
    rest: float
    children: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Pull:
    """How much the result moves with one amount (in `unit`, as written): `derivative` per unit of it, `elasticity` per
    cent for one per cent. A purchase has a provider; an exchange with nature carries `what` and has none."""

    process: str
    provider: str
    what: str
    amount: float
    unit: str
    derivative: float
    elasticity: float


@dataclass(frozen=True, eq=False)
class Trace:
    """Everything behind one result. Each of by_* sums to `total`; see `lca.Flows` for the network's links."""

    total: float
    by_process: tuple[Part, ...]
    by_flow: tuple[Part, ...]
    by_supplier: tuple[Part, ...]
    by_place: tuple[Part, ...]
    by_class: tuple[Part, ...]
    by_verification: tuple[Part, ...]
    tree: Branch
    links: tuple[tuple[str, str, float], ...]
    pulls: tuple[Pull, ...]


def climate(compiled: Compiled, table: Entries) -> Assessed:
    """The library's own climate data as a method: gases by their GWP, totals as published, other flows not at all."""
    n = compiled.system.size
    per_unit = compiled.values[n:].sum(axis=1)
    value = np.zeros(len(table.carried))
    counts = np.zeros(len(table.carried), np.bool_)
    for k, c in enumerate(table.carried):
        if c.kind != "flow":
            value[k], counts[k] = per_unit[compiled.index[c.substance.id] - n], True
    name = f"kgCO2e {compiled.gwp_set}"
    return Assessed(
        compiled,
        table,
        (Method(name, {}, "kgCO2e"),),
        np.nan_to_num(value[table.what])[:, None],
        (counts & np.isfinite(value))[table.what][:, None],
        (),
        (),
    )


def trace(
    library: Library, a: Assessed, method: int, product: str, cutoff: float = 0.01, limit: int = 2000
) -> Trace:
    """Take one unit of `product` apart under one method; branches and links below `cutoff` of the result are left to
    `rest` (0 < cutoff <= 1)."""
    c, e = a.compiled, a.entries
    ids, n = c.linked.processes, c.system.size
    k = c.index[product]
    demand = np.zeros(n)
    demand[k] = 1.0
    burdens = lca.Burdens(e.process, e.amount, a.factor[:, method])
    found = lca.gradient(c.system, burdens, demand)
    total, h, runs = found.result, found.intensities, found.runs
    direct = burdens.totals(n)[:, 0]
    parts = lca.by_entry(burdens, runs)[:, 0]
    own = direct * runs
    homes = [library.processes[p].place for p in ids]
    classes = [library.processes[p].category.split("/")[0] for p in ids]
    suppliers, brought = lca.by_supplier(c.system, h, k, float(direct[k]))
    flows = lca.by_label(parts, e.what, len(e.carried))
    network = lca.flows(c.system, h, runs, direct, cutoff)
    states, state = verifications(library, ids, e)
    return Trace(
        total,
        shares(ids, own, total),
        shares([f"{x.substance.id} {x.direction}" for x in e.carried], flows, total),
        shares([ids[s] for s in suppliers.tolist()], brought, total),
        _labelled(homes, own, total),
        _labelled(classes, own, total),
        shares(states, lca.by_label(parts, state, len(states)), total),
        _tree(a, method, product, h, cutoff, limit),
        tuple(
            (ids[s], ids[b], float(v))
            for s, b, v in zip(network.supplier, network.buyer, network.value, strict=True)
        ),
        _pulls(a, found, total),
    )


def shares(ids: Sequence[str], values: Floats, total: float) -> tuple[Part, ...]:
    """Parts of a total, the largest first; those of zero are left out."""
    order = np.argsort(-np.abs(values), kind="stable")
    return tuple(
        Part(ids[k], float(values[k]), float(values[k]) / total if total else 0.0)
        for k in order.tolist()
        if values[k] != 0
    )


def _labelled(labels: Sequence[str], values: Floats, total: float) -> tuple[Part, ...]:
    names, at = np.unique(np.array(labels, dtype=str), return_inverse=True)
    return shares([str(x) for x in names], lca.by_label(values, at.astype(np.intp), len(names)), total)


def _tree(a: Assessed, method: int, product: str, h: Floats, cutoff: float, limit: int) -> Branch:
    """Leaves of one process are its exchanges with nature, each at its own place's factor."""
    c, e = a.compiled, a.entries
    n, kinds = c.system.size, len(e.carried)
    shape = (max(kinds, 1), n)
    burden = sparse.csc_array((e.amount * a.factor[:, method], (e.what, e.process)), shape=shape)
    amount = sparse.csc_array((e.amount, (e.what, e.process)), shape=shape)
    burden.sum_duplicates()
    found = lca.paths(
        c.system.matrix, burden, h, np.ones(shape[0]), c.index[product], cutoff, amount=1.0, limit=limit
    )
    ids, outputs = c.linked.processes, c.system.matrix.diagonal()
    total = float(found.value[0])
    children: list[list[Branch]] = [[] for _ in found.parent]
    for node in range(len(found.parent) - 1, 0, -1):  # children stand after their parent
        value, parent = float(found.value[node]), int(found.parent[node])
        is_process = found.process[node] >= 0
        quantity = float(found.amount[node])
        if not is_process:
            buyer, what = int(found.process[parent]), int(found.terminal[node])
            quantity = float(amount[what, buyer]) * float(found.amount[parent]) / float(outputs[buyer])
        item = (
            ids[int(found.process[node])] if is_process else e.carried[int(found.terminal[node])].substance.id
        )
        children[parent].append(
            Branch(
                item,
                bool(is_process),
                quantity,
                value,
                value / total if total else 0.0,
                float(found.rest[node]),
                tuple(reversed(children[node])),
            )
        )
    return Branch(product, True, 1.0, total, 1.0, float(found.rest[0]), tuple(reversed(children[0])))


def _pulls(a: Assessed, g: lca.Gradient, total: float) -> tuple[Pull, ...]:
    """Derivatives of the result by purchases and by exchanges with nature, the strongest first."""
    c, e = a.compiled, a.entries
    p, ids = c.linked.purchase, c.linked.processes
    bought = g.intensities[p.row] * g.runs[p.column]  # a purchase stands in the matrix as -amount
    pulls = [
        Pull(
            ids[j], ids[i], "", float(x), c.units[i], float(d), float(d) * float(x) / total if total else 0.0
        )
        for i, j, x, d in zip(p.row, p.column, p.amount, bought, strict=True)
        if d != 0
    ]
    pulls += [
        Pull(
            ids[j],
            "",
            e.carried[w].substance.id,
            float(x),
            e.carried[w].substance.unit,
            float(d),
            float(d) * float(x) / total if total else 0.0,
        )
        for j, w, x, d in zip(e.process, e.what, e.amount, g.burdens, strict=True)
        if d != 0
    ]
    return tuple(sorted(pulls, key=lambda x: -abs(x.elasticity)))


def crossing(
    a: Assessed, method: int, products: tuple[str, str], purchase: tuple[str, str], low: float, high: float
) -> lca.Breakeven:
    """At which amount of a purchase (buyer, provider), as written, two products have equal results.

    Raises ValueError where the buyer does not buy from that provider, or the range does not rise.
    """
    c = a.compiled
    buyer, provider = (c.index[x] for x in purchase)
    columns = np.repeat(np.arange(c.system.size), np.diff(c.system.matrix.indptr))
    at = np.flatnonzero((columns == buyer) & (c.system.matrix.indices == provider))
    if buyer == provider or at.size != 1:
        raise ValueError("no such purchase")
    k = int(at[0])
    system = lca.with_values(c.system, np.where(np.arange(columns.size) == k, 0.0, c.system.matrix.data))
    change = np.zeros(columns.size)
    change[k] = -1.0
    one, other = (np.zeros(c.system.size) for _ in products)
    one[c.index[products[0]]], other[c.index[products[1]]] = 1.0, 1.0
    burdens = lca.Burdens(a.entries.process, a.entries.amount, a.factor[:, method])
    return lca.breakeven(lca.along(system, burdens, change, one, other), low, high)
