"""Monte Carlo over an ensemble: values sample by sample, and static value, mean, median and interval side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from .cluster import Run
from .ensemble import Ensemble, solve_pack, system_of
from .judged import Unsolved, again
from .solve import solve
from .streams import LANES
from .system import Floats, NotSolvable, with_values
from .uncertainty import fixed, moments

Pack = tuple[list[Unsolved], list[int], int]
"""What a pack says besides its values: unsolved samples, samples solved directly, sweeps."""


@dataclass(frozen=True, eq=False)
class Draws:
    """value (products, methods, samples), nan where unsolved; unsolved: those samples, never dropped silently;
    direct: samples that needed a direct solve; sweeps of the slowest loop."""

    value: Floats
    first: int
    unsolved: tuple[Unsolved, ...]
    direct: tuple[int, ...]
    sweeps: int


@dataclass(frozen=True, eq=False)
class Sides:
    """One row per product and method, shape (products, methods) each; unsolved samples are left out and counted.

    at_means    the result with every amount at its mean: at_means - static is what skewed inputs do,
    mean        mean - at_means is what products and loops of uncertain amounts do, plus the error of sampling
    error       standard error of the mean
    low, high   the interval asked for
    """

    static: Floats
    at_means: Floats
    mean: Floats
    error: Floats
    deviation: Floats
    median: Floats
    low: Floats
    high: Floats
    samples: int
    unsolved: int


def monte_carlo(
    ensemble: Ensemble,
    samples: int,
    first: int = 0,
    *,
    threads: int = 1,
    run: Run | None = None,
) -> Draws:
    """Samples `first` to `first + samples - 1`. The same numbers over any division of them, any number of threads.

    run: where packs are drawn, if not here: a pool of processes, a cluster.
    """
    packs = range(first // LANES, -(-(first + samples) // LANES))
    task = _Task(ensemble)
    start = first - (first // LANES) * LANES
    value = np.empty((ensemble.products.size, ensemble.still.shape[1], len(packs) * LANES))

    def here(pack: int) -> Pack:
        k = (pack - packs.start) * LANES
        return task.into(value[:, :, k : k + LANES], pack)

    if run is not None:
        found = run(task, packs)
        for k, (part, _) in enumerate(found):
            value[:, :, k * LANES : (k + 1) * LANES] = part
        done = [d for _, d in found]
    elif threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            done = list(pool.map(here, packs))
    else:
        done = [here(p) for p in packs]
    inside = range(first, first + samples)
    unsolved = tuple(u for d in done for u in d[0] if u.sample in inside)
    direct = tuple(k for d in done for k in d[1] if k in inside)
    return Draws(
        value[:, :, start : start + samples], first, unsolved, direct, max((d[2] for d in done), default=0)
    )


@dataclass(frozen=True, eq=False)
class _Task:
    """One pack; a class so that it can travel to another process."""

    ensemble: Ensemble

    def __call__(self, pack: int) -> tuple[Floats, Pack]:
        value = np.empty((self.ensemble.products.size, self.ensemble.still.shape[1], LANES))
        return value, self.into(value, pack)

    def into(self, value: Floats, pack: int) -> Pack:
        e = self.ensemble
        lost, sweeps = solve_pack(e, pack, value)
        start = pack * LANES

        def alone(sample: int) -> None:
            system, burdens = system_of(e, sample)
            value[:, :, sample - start] = solve(system, burdens, bound=False).value[e.asked]

        doubted = [start + int(lane) for lane in np.flatnonzero(lost)]
        unsolved = again(e, pack, doubted, alone)
        without = {u.sample for u in unsolved}
        for sample in without:
            value[:, :, sample - start] = np.nan
        return unsolved, [k for k in doubted if k not in without], sweeps


def sides(ensemble: Ensemble, draws: Draws, coverage: float = 0.95) -> Sides:
    """Static value, mean, median and the central interval that holds `coverage` of the samples, with what explains
    their differences. Quantiles interpolate linearly (Hyndman and Fan 1996, type 7)."""
    v = draws.value[:, :, ~np.isnan(draws.value).any(axis=(0, 1))] if draws.value.size else draws.value
    n = v.shape[2]
    if n == 0:
        raise ValueError("no sample has a value")
    tail = (1.0 - coverage) / 2.0
    low, median, high = np.quantile(v, [tail, 0.5, 1.0 - tail], axis=2)
    deviation = v.std(axis=2, ddof=1) if n > 1 else np.full(v.shape[:2], np.nan)
    return Sides(
        ensemble.static,
        at_means(ensemble),
        v.mean(axis=2),
        deviation / np.sqrt(n),
        deviation,
        median,
        low,
        high,
        n,
        draws.value.shape[2] - n,
    )


def at_means(ensemble: Ensemble) -> Floats:
    """The result with every amount at the mean of its distribution; nan where a mean does not exist or the mean
    system has no solution."""
    e = ensemble
    mean, _ = moments(e.technosphere)
    for k, made in e.given.items():
        mean[k] = made.mean()
    bio, _ = moments(e.burdens.uncertainty or fixed(e.burdens.amount))
    for group in e.balances:
        mean[group] *= e.system.matrix.data[group].sum() / mean[group].sum()
    try:
        system = with_values(e.system, mean)
        return np.asarray(solve(system, e.burdens.totals(e.system.size, bio), bound=False).value[e.asked])
    except NotSolvable:
        return np.full_like(e.static, np.nan)
