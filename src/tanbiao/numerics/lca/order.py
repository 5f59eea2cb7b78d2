"""The order in which a product system is solved: suppliers first, loops kept together, strong loops inside them.

Processes are sorted by the strongly connected components of "buys from" (Tarjan 1972), suppliers before buyers, so
that a process outside loops is visited once. A component is a *block*; inside it a greedy order leaves few purchases
from a later process (Eades, Lin and Smyth 1993), and processes in strong loops with each other form a *group* that is
iterated on its own before the block goes on. Strength is judged after balancing (Osborne 1960), which depends
on loops alone and neither on units nor on an impact method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
Indices = NDArray[np.int32]

STRONG = 0.07
"""Balanced purchases above this, in a cycle of such purchases, put two processes into one group. Chosen on the
calibrated databases: at 0.07 what is left between groups shrinks about tenfold a sweep (docs/decisions/0003)."""
SMALL = 128
"""Blocks up to this size need no groups: they are solved as dense systems or iterated as a whole."""


@dataclass(frozen=True, eq=False)
class Order:
    """processes (n,) the process at each position; block (b + 1,) first position of each block; group (g + 1,) first
    position of each group, every block boundary among them."""

    processes: Indices
    block: Indices
    group: Indices


def order(buyer: Indices, supplier: Indices, amount: Floats, n: int) -> Order:
    """Order n processes by their purchases: purchase k of `buyer[k]` from `supplier[k]`, `amount[k]` a share in the
    buyer's own unit. The order depends on the structure and on the strength of loops, never on chance."""
    if n == 0:
        return Order(*(np.zeros(k, dtype=np.int32) for k in (0, 1, 1)))
    count, label = connected_components(_graph(buyer, supplier, n), directed=True, connection="strong")
    rank = _suppliers_first(label[buyer], label[supplier], count)
    processes = np.lexsort((np.arange(n), rank[label])).astype(np.int32)
    sizes = np.empty(count, dtype=np.int64)
    sizes[rank] = np.bincount(label, minlength=count)
    block = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    groups: list[Indices] = []
    last = 0
    local = np.full(n, -1, dtype=np.int64)
    for b in np.flatnonzero(sizes > 1):
        start, end = int(block[b]), int(block[b + 1])
        members = processes[start:end]
        local[members] = np.arange(members.size)
        inside = (local[buyer] >= 0) & (local[supplier] >= 0)
        inner, boundaries = _inside(
            local[buyer[inside]], local[supplier[inside]], amount[inside], members.size
        )
        processes[start:end] = members[inner]
        groups += [np.arange(last, start, dtype=np.int32), (start + boundaries[:-1]).astype(np.int32)]
        last = end
        local[members] = -1
    groups.append(np.arange(last, n + 1, dtype=np.int32))
    return Order(processes, block, np.concatenate(groups))


def upstream(pointer: Indices, supplier: Indices, starts: NDArray[Any]) -> NDArray[np.bool_]:
    """Which positions the positions `starts` need, themselves included. Rows of (pointer, supplier) list suppliers."""
    n = pointer.size - 1
    reached = np.zeros(n, dtype=bool)
    reached[starts] = True
    frontier = np.unique(starts)
    while frontier.size:
        found = supplier[ranges(pointer[frontier], pointer[frontier + 1])]
        frontier = np.unique(found[~reached[found]])
        reached[frontier] = True
    return reached


def ranges(starts: NDArray[Any], ends: NDArray[Any]) -> NDArray[np.intp]:
    """The concatenation of arange(start, end)."""
    lengths = (ends - starts).astype(np.intp)
    before = np.concatenate([[0], np.cumsum(lengths)[:-1]]) if lengths.size else np.zeros(0, dtype=np.intp)
    return np.repeat(starts.astype(np.intp) - before, lengths) + np.arange(lengths.sum(), dtype=np.intp)


def balanced(row: NDArray[Any], column: NDArray[Any], amount: Floats, n: int, rounds: int = 24) -> Floats:
    """|amount| scaled by a diagonal similarity until rows and columns weigh alike: the strength of each entry in
    its loops. The product of the strengths round a loop is the loop's gain."""
    weight = np.abs(amount)
    scale = np.zeros(n)
    for _ in range(rounds):
        now = weight * np.exp2(scale[row] - scale[column])
        with np.errstate(divide="ignore", invalid="ignore"):
            move = 0.25 * np.log2(np.bincount(column, now, n) / np.bincount(row, now, n))
        scale += np.where(np.isfinite(move), np.clip(move, -60.0, 60.0), 0.0)
    return np.asarray(weight * np.exp2(scale[row] - scale[column]), dtype=np.float64)


def _graph(row: NDArray[Any], column: NDArray[Any], n: int) -> Any:
    return sparse.csr_array((np.ones(row.size, dtype=np.int8), (row, column)), shape=(n, n))


def _suppliers_first(buyer: NDArray[Any], supplier: NDArray[Any], count: int) -> NDArray[np.intp]:
    """Rank of each component: by depth (longest chain of suppliers below it), then by number."""
    outside = buyer != supplier
    pairs = sparse.csr_array(
        (np.ones(int(outside.sum()), dtype=np.int8), (supplier[outside], buyer[outside])),
        shape=(count, count),
    )
    pairs.sum_duplicates()
    pointer, buyers = pairs.indptr, pairs.indices
    waits = np.bincount(buyers, minlength=count)
    depth = np.zeros(count, dtype=np.int64)
    ready, level = np.flatnonzero(waits == 0), 0
    while ready.size:
        depth[ready] = level
        served = buyers[ranges(pointer[ready], pointer[ready + 1])]
        waits -= np.bincount(served, minlength=count)
        touched = np.unique(served)
        ready, level = touched[waits[touched] == 0], level + 1
    rank = np.empty(count, dtype=np.intp)
    rank[np.lexsort((np.arange(count), depth))] = np.arange(count)
    return rank


def _inside(buyer: NDArray[Any], supplier: NDArray[Any], amount: Floats, n: int) -> tuple[Indices, Indices]:
    """Order of the members of one component, and where its groups begin."""
    line = _greedy(buyer, supplier, n)
    if n <= SMALL:
        return line, np.array([0, n], dtype=np.int32)
    place = np.empty(n, dtype=np.int64)
    place[line] = np.arange(n)
    strong = balanced(buyer, supplier, amount, n) > STRONG
    count, label = connected_components(
        _graph(buyer[strong], supplier[strong], n), directed=True, connection="strong"
    )
    first = np.full(count, n, dtype=np.int64)
    np.minimum.at(first, label, place)
    inner = np.lexsort((place, first[label])).astype(np.int32)
    starts = np.flatnonzero(np.diff(first[label][inner], prepend=-1))
    return inner, np.append(starts, n).astype(np.int32)


def _greedy(buyer: NDArray[Any], supplier: NDArray[Any], n: int) -> Indices:
    """Suppliers first as far as loops allow: sources from the front, sinks from the back, else the process that
    gives to most and takes from fewest."""
    graph = sparse.csr_array((np.ones(buyer.size, dtype=np.int8), (supplier, buyer)), shape=(n, n))
    graph.sum_duplicates()
    back = sparse.csr_array(graph.T.tocsr())
    out_ptr, out_ind, in_ptr, in_ind = (
        a.tolist() for a in (graph.indptr, graph.indices, back.indptr, back.indices)
    )
    outgoing, incoming = np.diff(graph.indptr).tolist(), np.diff(back.indptr).tolist()
    gone = [False] * n
    sources = [v for v in range(n) if incoming[v] == 0]
    sinks = [v for v in range(n) if outgoing[v] == 0]
    top = max((o - i for o, i in zip(outgoing, incoming, strict=True)), default=0)
    low = min((o - i for o, i in zip(outgoing, incoming, strict=True)), default=0)
    buckets: list[list[int]] = [[] for _ in range(top - low + 1)]
    for v in range(n - 1, -1, -1):
        buckets[outgoing[v] - incoming[v] - low].append(v)
    front: list[int] = []
    rear: list[int] = []
    best = len(buckets) - 1
    while len(front) + len(rear) < n:
        if sinks:
            v, end = sinks.pop(), rear
        elif sources:
            v, end = sources.pop(), front
        else:
            while not buckets[best]:
                best -= 1
            v, end = buckets[best].pop(), front
            if gone[v] or max(outgoing[v] - incoming[v] - low, 0) != best:
                continue
        if gone[v]:
            continue
        gone[v] = True
        end.append(v)
        for w in out_ind[out_ptr[v] : out_ptr[v + 1]]:
            if not gone[w]:
                incoming[w] -= 1
                if incoming[w] == 0:
                    sources.append(w)
                best = max(best, _enter(buckets, outgoing[w] - incoming[w] - low, w))
        for w in in_ind[in_ptr[v] : in_ptr[v + 1]]:
            if not gone[w]:
                outgoing[w] -= 1
                if outgoing[w] == 0:
                    sinks.append(w)
                best = max(best, _enter(buckets, outgoing[w] - incoming[w] - low, w))
    return np.array(front + rear[::-1], dtype=np.int32)


def _enter(buckets: list[list[int]], place: int, v: int) -> int:
    """Put v into its bucket, the lowest one for every place below; the row grows upwards where needed."""
    place = max(place, 0)
    while place >= len(buckets):
        buckets.append([])
    buckets[place].append(v)
    return place
