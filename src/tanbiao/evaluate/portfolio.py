"""A table of products with bills of materials in levels, rolled up over a library: footprints with the shares that rest
on primary data and their data quality, and which products move when a supplier's footprint changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ..core.errors import Place, Problem, TanbiaoError
from ..core.units import UnitError, unit
from ..core.value import Array
from ..numerics import lca
from .background import Background

GROSS, PRIMARY, SCORED, QUALITY = range(4)
"""Columns besides the value: what is added up regardless of sign, its part from primary data, its part that has a
quality score, and score times that part."""
Map = Callable[[Callable[[int], Any], Sequence[int]], Sequence[Any]]


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of bills as columns: one unit of `product` takes `amount` `unit` of `item`, a product of the table or an
    item of the library. primary: share of the line's own value from primary data (nan: none said), quality: 1 best to
    5 (nan: none said); both count for library items. line: where each stands in `file`."""

    file: str
    product: Sequence[str]
    item: Sequence[str]
    amount: Array
    unit: Sequence[str]
    product_unit: Sequence[str]
    primary: Array
    quality: Array
    line: Array

    def place(self, k: int, column: str) -> Place:
        return Place(self.file, int(self.line[k]), column)


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


def portfolio(lines: Lines, background: Background) -> Portfolio:
    """Link, sort by level and convert units. Raises `TanbiaoError` with everything that is wrong."""
    problems: list[Problem] = []
    names = list(dict.fromkeys(lines.product))
    at = {p: k for k, p in enumerate(names)}
    both = [p for p in names if p in background.providers]
    problems += [Problem("portfolio-name-twice", Place(lines.file), {"product": p}) for p in both[:20]]
    units: dict[str, str] = {}
    for p, u in zip(lines.product, lines.product_unit, strict=True):
        if u:
            units.setdefault(p, u)
    used = list(dict.fromkeys(i for i in lines.item if i not in at))
    items = tuple(i for i in used if i in background.providers)
    where = {i: k for k, i in enumerate(items)}
    m = len(items)
    target = np.array([where.get(i, -1) if i not in at else m + at[i] for i in lines.item], dtype=np.int64)
    for k in np.flatnonzero(target < 0)[:50]:
        problems.append(
            Problem("portfolio-item-unknown", lines.place(int(k), "item"), {"item": lines.item[k]})
        )
    factors: dict[tuple[str, str], float | None] = {}
    amount = np.array(lines.amount, dtype=np.float64)
    for k, said in enumerate(lines.unit):
        if not said or target[k] < 0:
            continue
        name = lines.item[k]
        wanted = units.get(name, "piece") if name in at else background.providers[name].unit.text
        if (said, wanted) not in factors:
            factors[said, wanted] = _factor(said, wanted)
        factor = factors[said, wanted]
        if factor is None:
            problems.append(
                Problem(
                    "portfolio-unit", lines.place(k, "unit"), {"unit": said, "item": name, "wanted": wanted}
                )
            )
        else:
            amount[k] *= factor
    for name_, values, low, high in (
        ("primary_share", lines.primary, 0.0, 1.0),
        ("quality", lines.quality, 1.0, 5.0),
    ):
        for k in np.flatnonzero((values < low) | (values > high))[:50]:
            problems.append(
                Problem(
                    "portfolio-range",
                    lines.place(int(k), name_),
                    {"column": name_, "value": f"{values[k]:g}", "low": f"{low:g}", "high": f"{high:g}"},
                )
            )
    if problems:
        raise TanbiaoError(problems)
    owner = np.array([at[p] for p in lines.product], dtype=np.int64)
    order = _levels(lines, names, owner, target - m)
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    inside = target >= m
    item = np.where(inside, m + place[np.where(inside, target - m, 0)], target)
    row = place[owner]
    by = np.argsort(row, kind="stable")
    pointer = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(names)))])
    vectors = np.array([background.providers[i].vector for i in items]).reshape(m, -1)
    part = np.where(
        inside, 0.0, np.abs(amount * np.append(vectors.sum(axis=1), 0.0)[np.where(inside, m, target)])
    )
    weights = np.zeros((len(names), 3))
    primary, quality = np.nan_to_num(lines.primary), np.nan_to_num(lines.quality)
    for c, value in enumerate((part * primary, part * (quality > 0.0), part * quality)):
        weights[:, c] = np.bincount(row, value, len(names))
    inner = int(np.unique(item[inside]).size)
    return Portfolio(
        tuple(names[k] for k in order),
        tuple(units.get(names[k], "piece") for k in order),
        items,
        inner,
        lca.Bills(pointer, item[by], amount[by], np.zeros((len(names), 1))),
        weights,
        vectors,
    )


def _factor(said: str, wanted: str) -> float | None:
    if said == wanted:
        return 1.0
    try:
        return float(unit(said).to(unit(wanted)))
    except UnitError:
        return None


def _levels(lines: Lines, names: list[str], owner: Array, child: Array) -> Array:
    """Products in rolling order: those that others use by level, then those that nobody uses. Refuses a loop."""
    n = len(names)
    inner = child >= 0
    buyer, supplier = owner[inner], child[inner]
    level = np.zeros(n, dtype=np.int64)
    for _ in range(n + 1):
        new = level.copy()
        np.maximum.at(new, buyer, level[supplier] + 1)
        if np.array_equal(new, level):
            break
        if new.max() >= min(n, 64) and (loop := _loop(n, buyer, supplier)) is not None:
            at = int(np.flatnonzero(inner & (owner == loop[0]))[0])
            raise TanbiaoError(
                [
                    Problem(
                        "portfolio-loop",
                        lines.place(at, "item"),
                        {"loop": " → ".join(names[k] for k in loop[:12])},
                    )
                ]
            )
        level = new
    used = np.zeros(n, dtype=bool)
    used[supplier] = True
    return np.lexsort((level, ~used))


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


def here(task: Callable[[int], Any], parts: Sequence[int]) -> list[Any]:
    return [task(p) for p in parts]


@dataclass(frozen=True, eq=False)
class _Part:
    """Products that nobody uses, in parts: each rests on what came before only."""

    known: Array
    bills: lca.Bills
    own: Array
    first: int
    size: int

    def __call__(self, part: int) -> Array:
        start = self.first + part * self.size
        end = min(start + self.size, self.bills.pointer.size - 1)
        return _roll(self.known, self.bills, self.own, start, end)


def _roll(known: Array, bills: lca.Bills, own: Array, start: int, end: int) -> Array:
    pointer = np.asarray(bills.pointer[start : end + 1])
    lines = slice(int(pointer[0]), int(pointer[-1]))
    part = lca.Bills(pointer - pointer[0], bills.item[lines], bills.amount[lines], own[start:end])
    return lca.rollup(known, [part], end - start)


def roll(p: Portfolio, part: int = 50_000, run: Map = here) -> Rolled:
    """Footprints of all products. run: maps the parts of the products that nobody uses elsewhere (a cluster); the same
    numbers."""
    totals = p.vectors.sum(axis=1)
    n = len(p.products)

    def both(bills: lca.Bills, library: Array, own: Array) -> Array:
        inner = _roll(library, bills, own, 0, p.inner)
        known = np.vstack([library, inner])
        parts = range(-(-(n - p.inner) // part))
        return np.vstack([inner, *run(_Part(known, bills, own, p.inner, part), parts)])

    value = both(p.bills, totals[:, None], np.zeros((n, 1)))[:, 0]
    absolute = lca.Bills(p.bills.pointer, p.bills.item, np.abs(p.bills.amount), p.bills.own)
    library = np.zeros((totals.size, 4))
    library[:, GROSS] = np.abs(totals)
    own = np.zeros((n, 4))
    own[:, 1:] = p.weights
    gross = both(absolute, library, own)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Rolled(
            p,
            value,
            gross[:, PRIMARY] / gross[:, GROSS],
            gross[:, QUALITY] / gross[:, SCORED],
            gross[:, SCORED] / gross[:, GROSS],
        )


def moves(rolled: Rolled, changed: Mapping[str, float]) -> list[tuple[str, float, float]]:
    """Which products move when library items get other totals: (product, before, after), largest change first.

    Only bills that are touched are read again. Raises `TanbiaoError` for an item that no bill uses.
    """
    p = rolled.portfolio
    at = {i: k for k, i in enumerate(p.items)}
    unknown = [i for i in changed if i not in at]
    if unknown:
        raise TanbiaoError([Problem("portfolio-not-used", Place(), {"item": i}) for i in unknown])
    before = np.concatenate([p.vectors.sum(axis=1), rolled.value])[:, None]
    rows = np.array([at[i] for i in changed], dtype=np.intp)
    found = lca.moved(before, rows, np.array(list(changed.values()))[:, None], [p.bills], len(p.items))
    shifts = sorted(((k, float(d[0])) for k, d in found if d[0] != 0.0), key=lambda s: (-abs(s[1]), s[0]))
    return [(p.products[k], float(rolled.value[k]), float(rolled.value[k]) + d) for k, d in shifts]
