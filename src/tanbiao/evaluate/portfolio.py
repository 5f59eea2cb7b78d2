"""A table of products with bills of materials in levels, rolled up over a library: footprints with the shares that rest
on primary data and their data quality, and which products move when a supplier's footprint changes.

Names are codes and columns may be maps of files, so that what must be in memory grows with the products, not with the
lines of their bills: those are read block by block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ..core.errors import Place, Problem, TanbiaoError
from ..core.units import UnitError, unit
from ..core.value import Array
from ..numerics import lca
from ..numerics.lca.cluster import Run, here
from .background import Background

GROSS, PRIMARY, SCORED, QUALITY = range(4)
"""Columns besides the value: what is added up regardless of sign, its part from primary data, its part that has a
quality score, and score times that part."""
BLOCK = 1 << 20
"""Lines looked at together."""
PART = 50_000
"""Products rolled up together."""
SHOWN = 50
"""Problems of one kind that are listed."""
RANGES = {"primary_share": (0.0, 1.0), "quality": (1.0, 5.0)}
Room = Callable[[int, Any], Array]
"""Gives an array of a size and type that is going to be filled: in memory, or a map of a scratch file."""


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of bills as columns: one unit of `product` takes `amount` `unit` of `item`, a product of the table or an
    item of the library. product, item: codes in `names`; unit, product_unit: codes in `units`, where code 0 is "" (none
    said). primary_share: part of the line's own value from primary data, quality: 1 best to 5 (nan: none said); both
    count for library items. place: where a line and a column of it stand; problems: what could not be read."""

    names: Sequence[str]
    units: Sequence[str]
    product: Array
    item: Array
    amount: Array
    unit: Array
    product_unit: Array
    primary_share: Array
    quality: Array
    place: Callable[[int, str], Place]
    problems: tuple[Problem, ...] = ()

    def blocks(self) -> Iterator[slice]:
        """The lines, `BLOCK` at a time."""
        for start in range(0, len(self.product), BLOCK):
            yield slice(start, min(start + BLOCK, len(self.product)))


@dataclass(frozen=True, eq=False)
class Portfolio:
    """Products in rolling order with their bills. Items below len(items) are library items, products follow."""

    products: tuple[str, ...]
    units: tuple[str, ...]
    items: tuple[str, ...]
    inner: int
    """Products that others use come first: this many."""
    bills: lca.Bills
    weights: Array
    """(products, 3) primary, scored and quality of the lines on library items."""
    vectors: Array


@dataclass(frozen=True, eq=False)
class Rolled:
    """value (products,) kgCO2e per unit; primary: share from primary data; quality: mean score (nan: none); scored:
    share of the value that has a score. Shares are of the gross value: credits do not hide what they are taken from."""

    portfolio: Portfolio
    value: Array
    primary: Array
    quality: Array
    scored: Array


@dataclass(frozen=True, eq=False)
class _Names:
    """What each name of a table is, by code: product (bool), units of products (text, by code), and where a used name
    stands among the library items of the portfolio (-1: no library item)."""

    product: Array
    measured: Sequence[str]
    items: tuple[str, ...]
    library: Array


def portfolio(lines: Lines, background: Background, room: Room = np.empty) -> Portfolio:
    """Link, sort by level and convert units. Raises `TanbiaoError` with everything that is wrong."""
    names = _named(lines, background)
    factors = _Factors(lines.units, names.measured)
    products = np.flatnonzero(names.product)
    problems = list(lines.problems)
    known = {str(p.place) for p in problems}
    for block in lines.blocks():
        problems += [p for p in _wrong(lines, block, names, background, factors) if str(p.place) not in known]
        if len(problems) >= 4 * SHOWN:
            break
    try:
        order, inner = _levels(lines, names, products)
    except TanbiaoError as loop:
        problems += loop.problems
    if problems:
        raise TanbiaoError(
            sorted(problems, key=lambda p: (p.place.file or "", p.place.row or 0))[: 4 * SHOWN]
        )
    m = len(names.items)
    at = names.library.copy()
    at[products[order]] = np.arange(m, m + products.size)
    vectors = np.array([background.providers[i].vector for i in names.items]).reshape(m, -1)
    bills, weights = _sorted(lines, at, vectors.sum(axis=1), products.size, factors, room)
    return Portfolio(
        tuple(lines.names[k] for k in products[order].tolist()),
        tuple(names.measured[k] for k in products[order].tolist()),
        names.items,
        inner,
        bills,
        weights,
        vectors,
    )


def _named(lines: Lines, background: Background) -> _Names:
    size = len(lines.names)
    product, used = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    said = np.zeros(size, dtype=np.int64)
    for block in lines.blocks():
        owner, unit_said = lines.product[block], lines.product_unit[block]
        product[owner] = True
        used[lines.item[block]] = True
        rows = np.flatnonzero((unit_said != 0) & (said[owner] == 0))[::-1]
        said[owner[rows]] = unit_said[rows]  # the last written is the first said
    providers = background.providers
    measured = ["piece"] * size
    library = np.full(size, -1, dtype=np.int32)
    items: list[str] = []
    for k, name in enumerate(lines.names):
        if product[k]:
            measured[k] = lines.units[said[k]] or "piece"
        elif name in providers:
            measured[k] = providers[name].unit.text
            if used[k]:
                library[k] = len(items)
                items.append(name)
    return _Names(product, measured, tuple(items), library)


class _Factors:
    """What turns an amount into the unit in which its item is measured; nan where nothing does."""

    def __init__(self, units: Sequence[str], measured: Sequence[str]) -> None:
        self.said = units
        self.kinds = list(dict.fromkeys(measured))
        code = {text: k for k, text in enumerate(self.kinds)}
        self.wanted = np.array([code[text] for text in measured], dtype=np.int64)
        self.table = np.full(len(units) * len(self.kinds), np.nan)
        self.table[: len(self.kinds)] = 1.0  # no unit said
        self.seen = np.zeros(self.table.size, dtype=bool)
        self.seen[: len(self.kinds)] = True

    def of(self, said: Array, item: Array) -> Array:
        pair = said * len(self.kinds) + self.wanted[item]
        met = np.zeros(self.table.size, dtype=bool)
        met[pair] = True
        for k in np.flatnonzero(met & ~self.seen).tolist():
            row, column = divmod(k, len(self.kinds))
            self.table[k] = _factor(self.said[row], self.kinds[column])
        self.seen |= met
        return np.asarray(self.table[pair])


def _factor(said: str, wanted: str) -> float:
    if said == wanted:
        return 1.0
    try:
        return float(unit(said).to(unit(wanted)))
    except UnitError:
        return float("nan")


def _wrong(
    lines: Lines, block: slice, names: _Names, background: Background, factors: _Factors
) -> list[Problem]:
    """What is wrong with the lines of a block, the first `SHOWN` of each kind."""
    owner, item = lines.product[block], lines.item[block]
    found: list[Problem] = []

    def report(code: str, rows: Array, column: str, says: Callable[[int], dict[str, str]]) -> None:
        for k in (block.start + np.flatnonzero(rows)[:SHOWN]).tolist():
            found.append(Problem(code, lines.place(k, column), says(k)))

    def name(k: int) -> str:
        return lines.names[int(lines.item[k])]

    both = [k for k in np.unique(owner).tolist() if lines.names[k] in background.providers][:SHOWN]
    first = np.zeros(owner.size, dtype=bool)
    first[[int(np.argmax(owner == k)) for k in both]] = True
    report("portfolio-name-twice", first, "product", lambda k: {"product": lines.names[lines.product[k]]})
    known = (names.product | (names.library >= 0))[item]
    report("portfolio-item-unknown", ~known, "item", lambda k: {"item": name(k)})
    report(
        "portfolio-unit",
        known & np.isnan(factors.of(lines.unit[block], item)),
        "unit",
        lambda k: {
            "unit": lines.units[lines.unit[k]],
            "item": name(k),
            "wanted": names.measured[lines.item[k]],
        },
    )
    for column, (low, high) in RANGES.items():
        values = getattr(lines, column)[block]
        for k in np.flatnonzero((values < low) | (values > high))[:SHOWN].tolist():
            args = {"column": column, "value": f"{values[k]:g}", "low": f"{low:g}", "high": f"{high:g}"}
            found.append(Problem("portfolio-range", lines.place(block.start + k, column), args))
    return found


def _levels(lines: Lines, names: _Names, products: Array) -> tuple[Array, int]:
    """Products in rolling order: those that others use by level, then those that nobody uses; and how many the first
    are. Refuses a loop."""
    n = products.size
    number = np.full(len(lines.names), -1, dtype=np.int32)
    number[products] = np.arange(n, dtype=np.int32)
    pairs = [np.zeros((2, 0), dtype=np.int32)]
    for block in lines.blocks():
        owner, item = lines.product[block], lines.item[block]
        inside = names.product[item]
        pairs.append(number[np.stack([owner[inside], item[inside]])])
    buyer, supplier = np.concatenate(pairs, axis=1)
    level = np.zeros(n, dtype=np.int64)
    for _ in range(n + 1):
        new = level.copy()
        np.maximum.at(new, buyer, level[supplier] + 1)
        if np.array_equal(new, level):
            break
        if new.max() >= min(n, 64) and (loop := _loop(n, buyer, supplier)) is not None:
            raise TanbiaoError([_loop_problem(lines, [int(products[k]) for k in loop])])
        level = new
    used = np.zeros(n, dtype=bool)
    used[supplier] = True
    return np.lexsort((level, ~used)), int(used.sum())


def _loop(n: int, buyer: Array, supplier: Array) -> list[int] | None:
    """Products that use each other, one after the other, or None."""
    graph = sparse.csr_array((np.ones(buyer.size), (buyer, supplier)), shape=(n, n))
    _, label = connected_components(graph, directed=True, connection="strong")
    own = np.flatnonzero(buyer == supplier)
    if own.size:
        k = int(buyer[own[0]])
        return [k, k]
    if np.bincount(label).max(initial=0) < 2:
        return None
    inside = label[buyer] == label[supplier]
    follows = dict(zip(buyer[inside].tolist(), supplier[inside].tolist(), strict=True))
    at, seen = next(iter(follows)), []
    while at not in seen:
        seen.append(at)
        at = follows[at]
    return [*seen[seen.index(at) :], at]


def _loop_problem(lines: Lines, loop: list[int]) -> Problem:
    for block in lines.blocks():
        hit = np.flatnonzero((lines.product[block] == loop[0]) & (lines.item[block] == loop[1]))
        if hit.size:
            break
    place = lines.place(block.start + int(hit[0]), "item")
    return Problem("portfolio-loop", place, {"loop": " → ".join(lines.names[k] for k in loop[:12])})


def _sorted(
    lines: Lines, at: Array, totals: Array, products: int, factors: _Factors, room: Room
) -> tuple[lca.Bills, Array]:
    """Bills in rolling order, and what the library items bring of primary and scored value. at: number of each name
    among the items of the bills; totals (m,) kgCO2e of the library items."""
    m, size = totals.size, len(lines.product)
    counts = np.zeros(products, dtype=np.int64)
    for block in lines.blocks():
        counts += np.bincount(at[lines.product[block]] - m, minlength=products)
    pointer = np.concatenate([[0], np.cumsum(counts)])
    item, amount = room(size, np.int32), room(size, np.float64)
    weights = np.zeros((products, 3))
    free = pointer[:-1].copy()
    brings = np.append(totals, 0.0)
    for block in lines.blocks():
        row = at[lines.product[block]] - m
        by = np.argsort(row, kind="stable")
        own = row[by]
        starts = np.flatnonzero(np.diff(own, prepend=-1))
        taken = np.diff(starts, append=own.size)
        to = free[own] + np.arange(own.size) - np.repeat(starts, taken)
        free[own[starts]] += taken
        target = at[lines.item[block]]
        value = lines.amount[block] * factors.of(lines.unit[block], lines.item[block])
        item[to], amount[to] = target[by], value[by]
        part = np.abs(value * brings[np.minimum(target, m)])
        primary, quality = (np.nan_to_num(c[block]) for c in (lines.primary_share, lines.quality))
        for column, share in enumerate((primary, quality > 0.0, quality)):
            weights[:, column] += np.bincount(row, part * share, products)
    return lca.Bills(pointer, item, amount, np.zeros((products, 1))), weights


@dataclass(frozen=True, eq=False)
class _Outer:
    """Products that nobody uses, in parts: each rests on what came before only."""

    known: Array
    bills: lca.Bills
    gross: bool
    first: int
    size: int

    def __call__(self, part: int) -> Array:
        start = self.first + part * self.size
        bills = _cut(self.bills, start, start + self.size, self.gross)
        return lca.rollup(self.known, [bills], bills.pointer.size - 1)


def _cut(bills: lca.Bills, start: int, end: int, gross: bool) -> lca.Bills:
    """The bills of products start..end; gross: amounts regardless of sign."""
    pointer = np.asarray(bills.pointer[start : end + 1])
    lines = slice(int(pointer[0]), int(pointer[-1]))
    amount = np.abs(bills.amount[lines]) if gross else bills.amount[lines]
    return lca.Bills(pointer - pointer[0], bills.item[lines], amount, bills.own[start:end])


def _rolled(
    p: Portfolio, library: Array, own: Array, part: int = PART, run: Run = here, gross: bool = False
) -> Array:
    """Values (products, columns) that the bills give: `library` (m, columns) of the items, `own` of the products."""
    bills = replace(p.bills, own=own)
    cuts = (_cut(bills, k, min(k + part, p.inner), gross) for k in range(0, p.inner, part))
    inner = lca.rollup(library, cuts, p.inner)
    outer = _Outer(np.vstack([library, inner]), bills, gross, p.inner, part)
    return np.vstack([inner, *run(outer, range(-(-(len(p.products) - p.inner) // part)))])


def roll(p: Portfolio, part: int = PART, run: Run = here) -> Rolled:
    """Footprints of all products. run: maps the parts of the products that nobody uses elsewhere (a cluster); the same
    numbers."""
    totals = p.vectors.sum(axis=1)
    n = len(p.products)
    value = _rolled(p, totals[:, None], np.zeros((n, 1)), part, run)[:, 0]
    library, own = np.zeros((totals.size, 4)), np.zeros((n, 4))
    library[:, GROSS], own[:, 1:] = np.abs(totals), p.weights
    gross = _rolled(p, library, own, part, run, gross=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Rolled(
            p,
            value,
            gross[:, PRIMARY] / gross[:, GROSS],
            gross[:, QUALITY] / gross[:, SCORED],
            gross[:, SCORED] / gross[:, GROSS],
        )


def moves(rolled: Rolled, changed: Mapping[str, float]) -> list[tuple[str, float, float]]:
    """Which products move when library items get other totals: (product, before, after), largest change first. The
    bills are linear: they are rolled up once over the changes alone.

    Raises `TanbiaoError` for an item that no bill uses.
    """
    p = rolled.portfolio
    at = {i: k for k, i in enumerate(p.items)}
    unknown = [i for i in changed if i not in at]
    if unknown:
        raise TanbiaoError([Problem("portfolio-not-used", Place(), {"item": i}) for i in unknown])
    change = np.zeros((len(p.items), 1))
    for item, value in changed.items():
        change[at[item]] = value - p.vectors[at[item]].sum()
    shift = _rolled(p, change, np.zeros((len(p.products), 1)))[:, 0]
    hit = np.flatnonzero(shift)
    hit = hit[np.lexsort((hit, -np.abs(shift[hit])))]
    before = rolled.value[hit]
    names = [p.products[k] for k in hit.tolist()]
    return list(zip(names, before.tolist(), (before + shift[hit]).tolist(), strict=True))
