"""Monte Carlo that keeps the whole inventory of one demand: a forward solve for every sample, from the very draws that
the adjoint way uses, so that scores are the same and every elementary flow has its own mean, spread and quantiles."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .ensemble import Ensemble, Varying, amounts_of, burden_draws
from .judged import Unsolved, again
from .lanes import forward_lanes
from .solve import solve
from .streams import LANES
from .system import Floats, with_values

MEMORY = 1 << 28
"""Bytes of samples held in memory; beyond that they lie in a temporary file."""
CHUNK = 1 << 24
"""Numbers sorted at once for quantiles."""
BLOCK = 4096
"""Uncertain entries drawn at once."""


@dataclass(frozen=True, eq=False)
class InventoryDraws:
    """Statistics over the samples that have a value, (flows,) each: static, mean, deviation (nan for one sample),
    quantiles (levels, flows). score (methods, samples): nan where unsolved. unsolved: those samples, never dropped
    silently."""

    static: Floats
    mean: Floats
    deviation: Floats
    quantiles: Floats
    levels: tuple[float, ...]
    score: Floats
    first: int
    unsolved: tuple[Unsolved, ...]


def inventory_draws(
    ensemble: Ensemble,
    demand: Floats,
    flow: NDArray[np.intp],
    flows: int,
    samples: int,
    *,
    first: int = 0,
    levels: Sequence[float] = (0.025, 0.5, 0.975),
    threads: int = 1,
    memory: int = MEMORY,
) -> InventoryDraws:
    """Samples `first` to `first + samples - 1` of the inventory of `demand` (n,).

    flow (m,): which of `flows` each entry of the ensemble's burdens is. The ensemble must have been asked for every
    product that is demanded: only what those need is drawn. The same numbers over any division of the samples and any
    number of threads. Statistics are nan where no sample has a value. Raises ValueError where a product demanded was
    not asked for.
    """
    e = ensemble
    f = np.asarray(demand, dtype=np.float64)
    if set(np.flatnonzero(f).tolist()) - set(e.asked.tolist()):
        raise ValueError("the ensemble was not asked for every product demanded")
    totals = _Totals(e, flow, flows)
    static = totals.static @ solve(e.system, f, "forward", bound=False).value
    packs = range(first // LANES, -(-(first + samples) // LANES))
    score = np.empty((e.still.shape[1], len(packs) * LANES))
    store, close = _store(flows, len(packs) * LANES, memory)
    try:

        def work(pack: int) -> list[Unsolved]:
            amounts, scores, lost = _pack(e, f, totals, pack)
            k = (pack - packs.start) * LANES
            score[:, k : k + LANES], store[:, k : k + LANES] = scores, amounts
            return lost

        if threads > 1:
            with ThreadPoolExecutor(threads) as pool:
                done = list(pool.map(work, packs))
        else:
            done = [work(p) for p in packs]
        start = first - packs.start * LANES
        asked = slice(start, start + samples)
        good = np.flatnonzero(np.isfinite(store[:1, asked]).all(axis=0)) if flows else np.arange(samples)
        mean, deviation, quantiles = _statistics(store, start + good, levels)
    finally:
        close()
    inside = range(first, first + samples)
    return InventoryDraws(
        np.asarray(static),
        mean,
        deviation,
        quantiles,
        tuple(levels),
        score[:, asked],
        first,
        tuple(u for d in done for u in d if u.sample in inside),
    )


class _Totals:
    """Amounts by flow and scores of given runs. Entries that vary are drawn `BLOCK` at a time, so that they stay in
    the processor's cache; the others are one sparse product."""

    def __init__(self, e: Ensemble, flow: NDArray[np.intp], flows: int) -> None:
        b, n = e.burdens, e.system.size
        self.ensemble = e
        factor = b.factors
        self.static = sparse.csr_array((b.amount, (flow, b.process)), shape=(flows, n))
        still = np.ones(b.process.size, np.bool_)
        self.blocks: list[tuple[Varying, slice, NDArray[np.intp], Any, Floats]] = []
        for rows in (e.direct, e.idle):
            still[rows.entry] = False
            for k in range(0, rows.entry.size, BLOCK):
                part = slice(k, min(k + BLOCK, rows.entry.size))
                entry = rows.entry[part]
                size = entry.size
                into = sparse.csr_array((np.ones(size), (flow[entry], np.arange(size))), shape=(flows, size))
                self.blocks.append(
                    (rows, part, b.process[entry], into, np.ascontiguousarray(factor[entry].T))
                )
        at = np.flatnonzero(still)
        amount = b.amount[at]
        self.fixed = sparse.csr_array((amount, (flow[at], b.process[at])), shape=(flows, n))
        self.weighed = np.zeros((factor.shape[1], n))
        np.add.at(self.weighed.T, b.process[at], factor[at] * amount[:, None])

    def of(self, runs: Floats, pack: int) -> tuple[Floats, Floats]:
        """(flows, LANES) and (methods, LANES)."""
        amounts, scores = np.asarray(self.fixed @ runs), self.weighed @ runs
        e = self.ensemble
        for rows, part, process, into, factor in self.blocks:
            entries = burden_draws(e, rows, pack, part) * runs[process]
            amounts += into @ entries
            scores += factor @ entries
        return amounts, scores


def _pack(e: Ensemble, demand: Floats, totals: _Totals, pack: int) -> tuple[Floats, Floats, list[Unsolved]]:
    """Amounts (flows, LANES) and scores (methods, LANES) of one pack, nan in lanes without a value."""
    from . import plain

    if e.engine == "plain":
        loops: Any = plain
    else:
        from . import kernels as loops
    data = amounts_of(e, pack)
    runs, lost = forward_lanes(e.system, data, demand, loops=loops)
    start = pack * LANES

    def alone(sample: int) -> None:
        system = with_values(e.system, data[:, sample - start])
        runs[:, sample - start] = solve(system, demand, "forward", bound=False).value

    unsolved = again(e, pack, [start + int(lane) for lane in np.flatnonzero(lost)], alone)
    for u in unsolved:
        runs[:, u.sample - start] = np.nan
    return *totals.of(runs, pack), unsolved


def _store(flows: int, samples: int, memory: int) -> tuple[Any, Callable[[], None]]:
    """Room for every amount of every sample: in memory, or in a temporary file that goes with it."""
    if flows * samples * 8 <= memory:
        return np.empty((flows, samples)), lambda: None
    file = tempfile.TemporaryFile(prefix="tanbiao-")  # noqa: SIM115  (closed by the caller)
    return np.memmap(file, dtype=np.float64, mode="w+", shape=(flows, samples)), file.close


def _statistics(store: Any, columns: Any, levels: Sequence[float]) -> tuple[Floats, Floats, Floats]:
    """Mean, deviation and quantiles of every row, some rows at a time."""
    flows, n = store.shape[0], len(columns)
    mean, deviation = np.full(flows, np.nan), np.full(flows, np.nan)
    quantiles = np.full((len(levels), flows), np.nan)
    if n == 0:
        return mean, deviation, quantiles
    step = max(1, CHUNK // max(n, 1))
    for k in range(0, flows, step):
        part = np.asarray(store[k : k + step])[:, columns]
        mean[k : k + step] = part.mean(axis=1)
        if n > 1:
            deviation[k : k + step] = part.std(axis=1, ddof=1)
        quantiles[:, k : k + step] = np.quantile(part, levels, axis=1)
    return mean, deviation, quantiles
