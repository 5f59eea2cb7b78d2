"""Monte Carlo over an ensemble: values sample by sample, and static value, mean, median and interval side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from .ensemble import Ensemble, solve_pack, system_of
from .solve import solve
from .streams import LANES
from .system import Floats, NotProductive, NotSolvable, with_values
from .uncertainty import fixed, moments


@dataclass(frozen=True)
class Unsolved:
    """A sample without a value, and why: not productive (with its loop), or not solvable."""

    sample: int
    why: str
    loop: tuple[int, ...] = ()


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


def monte_carlo(ensemble: Ensemble, samples: int, first: int = 0, *, threads: int = 1,
                run: Callable[[Callable[..., Any], Sequence[int]], Any] | None = None) -> Draws:
    """Samples `first` to `first + samples - 1`. The same numbers over any division of them, any number of threads.

    run: maps a function over pack numbers elsewhere (a pool of processes, a cluster's client); results in order.
    """
    packs = range(first // LANES, -(-(first + samples) // LANES))
    task = _Task(ensemble)
    if run is not None:
        done = list(run(task, packs))
    elif threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            done = list(pool.map(task, packs))
    else:
        done = [task(p) for p in packs]
    start = first - packs[0] * LANES if samples else 0
    value = np.concatenate([d[0] for d in done], axis=2)[:, :, start : start + samples] if done else np.zeros(
        (ensemble.products.size, ensemble.still.shape[1], 0))
    inside = range(first, first + samples)
    return Draws(value, first, tuple(u for d in done for u in d[1] if u.sample in inside),
                 tuple(k for d in done for k in d[2] if k in inside), max((d[3] for d in done), default=0))


@dataclass(frozen=True, eq=False)
class _Task:
    """One pack; a class so that it can travel to another process."""

    ensemble: Ensemble

    def __call__(self, pack: int) -> tuple[Floats, list[Unsolved], list[int], int]:
        e = self.ensemble
        value, lost, sweeps = solve_pack(e, pack)
        unsolved, direct = [], []
        for lane in np.flatnonzero(lost):
            sample = pack * LANES + int(lane)
            try:
                system, burdens = system_of(e, sample)
                value[:, :, lane] = solve(system, burdens, bound=False).value[e.asked]
                direct.append(sample)
            except NotProductive as error:
                unsolved.append(Unsolved(sample, str(error), error.loop.processes))
            except NotSolvable as error:
                unsolved.append(Unsolved(sample, str(error), tuple(int(k) for k in error.columns)))
            if unsolved and unsolved[-1].sample == sample:
                value[:, :, lane] = np.nan
        return value, unsolved, direct, sweeps


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
    return Sides(ensemble.static, at_means(ensemble), v.mean(axis=2), deviation / np.sqrt(n), deviation, median, low,
                 high, n, draws.value.shape[2] - n)


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

