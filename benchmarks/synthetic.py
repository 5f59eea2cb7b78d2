"""Calibrated synthetic databases of ecoinvent's size: standard (largest component 4,579) and hard (22,016).

A network of value shares (columns below one) put into random physical units: regional electricity chains with imports
and losses, popular commodities, markets, transport, infrastructure, treatment processes with a negative reference,
recycling loops of gain up to 0.75. Real inventory networks are nearly free of loops outside a set of hub products, so
feedback leaves hubs only; a plain random graph would have a hundred times the fill of a direct solve and would make
peers look slow. Calibration against published facts: see the table that `run.py` prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

SIZE, REGIONS, FLOWS = 23_500, 120, 2_500
GENERATORS = 12
FIRST = (3 + GENERATORS) * REGIONS
"""Processes before this are the electricity chains: high, medium, low voltage, generators."""


@dataclass(frozen=True, eq=False)
class Database:
    """technosphere (n, n) compressed columns; sigma: log-s.d. of its entries (0: not uncertain); biosphere (flows,
    n) compressed columns; biosphere_sigma; factors (flows,); product: a typical functional unit."""

    name: str
    technosphere: Any
    sigma: np.ndarray
    biosphere: Any
    biosphere_sigma: float
    factors: np.ndarray
    product: int


def standard() -> Database:
    return _database("standard", feedback=0)


def hard() -> Database:
    return _database("hard", feedback=8)


def _database(name: str, feedback: int) -> Database:
    technosphere, sigma = _technosphere(feedback)
    biosphere, factors = _biosphere()
    return Database(name, technosphere, sigma, biosphere, 0.22, factors, _end_product(technosphere))


class _Network:
    """Purchases as triplets of (supplier, buyer, share)."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.rows: list[np.ndarray] = []
        self.columns: list[np.ndarray] = []
        self.shares: list[np.ndarray] = []

    def buy(self, suppliers: Any, buyer: int, share: float) -> None:
        rows = np.asarray(suppliers)
        weights = self.rng.lognormal(0.0, 1.6, rows.size)
        self.add(rows, np.full(rows.size, buyer), weights * share / weights.sum())

    def add(self, rows: Any, columns: Any, shares: Any) -> None:
        self.rows.append(np.asarray(rows))
        self.columns.append(np.asarray(columns))
        self.shares.append(np.asarray(shares))


def _technosphere(feedback: int) -> tuple[Any, np.ndarray]:
    rng = np.random.default_rng(0)
    rest = np.arange(FIRST, SIZE)
    many = rest.size
    high, medium, low = (np.arange(k * REGIONS, (k + 1) * REGIONS) for k in range(3))
    generators = np.arange(3 * REGIONS, FIRST)
    hubs = rest[np.unique((120 * rng.random(60) ** 2).astype(int))][:20]
    region = (REGIONS * rng.random(SIZE) ** 1.7).astype(int)
    region[high] = region[medium] = region[low] = np.arange(REGIONS)
    region[generators] = np.repeat(np.arange(REGIONS), GENERATORS)
    treats = np.zeros(SIZE, dtype=bool)
    treats[rng.choice(rest, int(0.12 * many), replace=False)] = True
    net = _Network(rng)
    for r in range(REGIONS):
        neighbours = np.clip(r + rng.integers(-4, 5, rng.integers(1, 5)), 0, REGIONS - 1)
        neighbours = np.unique(neighbours[neighbours != r])
        own = generators[GENERATORS * r : GENERATORS * r + rng.integers(4, 13)]
        net.buy(np.concatenate([own, high[neighbours]]), high[r], 0.9)
        net.buy([high[r]], medium[r], 0.93)
        net.buy([hubs[r % hubs.size], medium[r]], medium[r], 0.02)
        net.buy([medium[r]], low[r], 0.93)
        net.buy([hubs[(7 * r) % hubs.size], low[r]], low[r], 0.03)
    per_column = 2.0 * (293_000 - SIZE) / SIZE
    for j in np.concatenate([generators, rest]):
        _process(net, int(j), per_column, region, (high, medium, low), hubs, rest)
    for _ in range(
        feedback
    ):  # base materials that buy a downstream product: most of the database becomes one loop
        net.buy([rest[rng.integers(many // 2, many)]], rest[rng.integers(0, 400)], 0.01)
    for _ in range(40):  # strong recycling loops
        a = FIRST + rng.integers(0, 600)
        b = a + rng.integers(1, 50)
        gain = np.sqrt(rng.uniform(0.2, 0.75))
        net.add([a, b], [b, a], [gain, gain])
    rows, columns, shares = (np.concatenate(x) for x in (net.rows, net.columns, net.shares))
    t = sparse.coo_array((shares, (rows, columns)), shape=(SIZE, SIZE)).tocsc()
    t = t @ sparse.diags_array(np.minimum(1.0, 0.98 / np.maximum(t.sum(axis=0), 1e-9)))
    share = sparse.csc_array(5.0 * sparse.eye_array(SIZE) + t)
    unit = 10.0 ** rng.normal(0.0, 1.2, SIZE)
    t = sparse.diags_array(1.0 / unit) @ t @ sparse.diags_array(unit)
    a = sparse.diags_array(np.where(treats, -1.0, 1.0)) @ (sparse.eye_array(SIZE) - t)
    turn = rng.permutation(SIZE)
    a, share = (sparse.csc_array(sparse.csc_array(m)[turn][:, turn]) for m in (a, share))
    a.sort_indices()
    share.sort_indices()
    assert np.array_equal(a.indices, share.indices)
    return a, _sigma(a, share.data)


def _process(
    net: _Network,
    j: int,
    per_column: float,
    region: np.ndarray,
    grids: tuple[np.ndarray, ...],
    hubs: np.ndarray,
    rest: np.ndarray,
) -> None:
    rng, many = net.rng, rest.size
    count = max(1, int(rng.lognormal(np.log(per_column * 0.93), 0.75)))
    place = (j - FIRST) / many if j >= FIRST else 0.15  # 0 raw material, 1 end product
    where = region[j] if rng.random() < 0.5 else rng.integers(0, 4)
    rows = [
        grids[rng.integers(0, 3)][where],
        *hubs[(hubs.size * rng.random(min(count, 1 + count // 5)) ** 2).astype(int)],
    ]
    i, limit = j - FIRST, max(4, int(many * place))
    left = max(0, count - len(rows))
    popular = (left * 3) // 5
    if i >= 4 and i % 4 == 3:
        rows += list(rest[i - 3 : i])  # the market of the three producers before it
    else:
        upstream = np.concatenate(
            [
                (limit * rng.random(popular) ** 40).astype(int),
                np.maximum(0, limit - 5 - (10 * rng.random(left - popular) ** 2).astype(int)),
            ]
        )
        rows += list(rest[np.minimum(upstream // 4 * 4 + 3, many - 1)])  # producers buy from markets upstream
    net.buy(np.unique([x for x in rows if x != j]), j, rng.beta(5, 3) if rng.random() < 0.7 else 0.95)


def _sigma(a: Any, share: np.ndarray) -> np.ndarray:
    """Like pedigree scores; inputs that dominate a process (mixes, losses) are well known; references are exact."""
    rng = np.random.default_rng(2)
    sigma = rng.choice([0.05, 0.1, 0.16, 0.22, 0.3, 0.55], share.size, p=[0.25, 0.25, 0.2, 0.15, 0.1, 0.05])
    columns = np.repeat(np.arange(SIZE), np.diff(a.indptr))
    return np.where(a.indices == columns, 0.0, np.where(share > 0.1, 0.03, sigma))


def _biosphere() -> tuple[Any, np.ndarray]:
    rng = np.random.default_rng(1)
    count = 600_000
    flow = (FLOWS * rng.random(2 * count) ** 2.2).astype(np.int64)
    key = np.unique(flow * SIZE + rng.integers(0, SIZE, 2 * count))
    key = np.sort(rng.choice(key, count, replace=False))
    amounts = rng.lognormal(-6.0, 3.0, count)
    biosphere = sparse.coo_array((amounts, (key // SIZE, key % SIZE)), shape=(FLOWS, SIZE)).tocsc()
    factors = np.zeros(FLOWS)
    factors[rng.choice(FLOWS, 180, replace=False)] = rng.lognormal(3.0, 2.0, 180)
    factors[:2] = 1.0, 29.8
    return biosphere, factors


def _end_product(a: Any) -> int:
    """A product that nobody buys and that buys much: a typical functional unit."""
    rows = sparse.csr_array(a)
    unsold = np.flatnonzero(np.diff(rows.indptr) == 1)
    bought = np.diff(a.indptr)[unsold]
    return int(unsold[np.argsort(-bought)[10]])
