"""A system whose amounts are uncertain, made ready for drawing: what is fixed apart from what varies, in solving order.

Pack p of draws is a function of seed and p alone, so an ensemble gives the same numbers over any division into
batches, threads or processes.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import plain
from .order import ranges, upstream
from .solve import compiled, gross_of
from .solve import solve as solve_system
from .streams import BETA, FIXED, LANES, NO_STREAMS, keys, lanes
from .system import Floats, Indices, NotSolvable, Purchases, System, with_values
from .uncertainty import Uncertainty, affine, fixed, problems, shaped

TECHNOSPHERE, BURDENS = 0, 1
SWEEPS = 200


@dataclass(frozen=True, eq=False)
class Burdens:
    """Direct burdens, entry by entry: process (m,), amount (m,) per process as written, factor (m,) or (m, methods)
    the characterisation of its flow, and what is known of the amount's uncertainty."""

    process: NDArray[np.intp]
    amount: Floats
    factor: Floats
    uncertainty: Uncertainty | None = None

    def totals(self, n: int, amount: Floats | None = None) -> Floats:
        """Characterised burden of every process, (n, methods)."""
        out = np.zeros((n, self.factors.shape[1]))
        np.add.at(out, self.process, self.factors * (self.amount if amount is None else amount)[:, None])
        return out

    @property
    def factors(self) -> Floats:
        """`factor` as (m, methods)."""
        return self.factor if self.factor.ndim == 2 else self.factor[:, None]


@dataclass(frozen=True, eq=False)
class Varying:
    """Rows of amounts that vary: pointer by position, index (position of the supplier, or method-wise weights),
    offset and spread of each draw, and where its stream stands."""

    pointer: Indices
    index: Indices
    offset: Floats
    spread: Floats
    kind: NDArray[np.uint8]
    shape: NDArray[np.float32]
    key: NDArray[np.uint32]
    other: NDArray[np.uint32]
    entry: NDArray[np.intp]
    whole: NDArray[np.intp]
    """Rows whose draws are amounts as written: made elsewhere, or scaled in a balance."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """See `prepare`. products: positions whose values are kept; static (products, methods)."""

    system: System
    technosphere: Uncertainty
    burdens: Burdens
    seed: int
    tolerance: float
    products: NDArray[np.intp]
    asked: NDArray[np.intp]
    part: NDArray[np.intp]
    purchases: Varying
    fixed: tuple[Indices, Indices, Floats]
    direct: Varying
    still: Floats
    pivots: Varying
    pivot: Indices
    block: Indices
    group: Indices
    first_guess: Floats
    per_scale: Floats
    static: Floats
    balances: tuple[NDArray[np.intp], ...] = ()
    given: Mapping[int, Floats] = field(default_factory=dict)
    engine: str = "compiled"
    marks: NDArray[np.uint64] | None = None
    """Of the burdens, where their streams go by name (`draws.named`)."""

    @cached_property
    def weights(self) -> list[tuple[Floats, Floats]]:
        """For each method, offset and spread of the burdens that vary, characterised and per unit of product."""
        size = np.where(self.pivot >= 0, 1.0, self.system.output[self.system.processes[self.part]])
        factor = self.burdens.factors[self.direct.entry]
        by = factor / np.repeat(size, np.diff(self.direct.pointer))[:, None]
        return [(self.direct.offset * by[:, m], self.direct.spread * by[:, m]) for m in range(by.shape[1])]

    @cached_property
    def idle(self) -> Varying:
        """Burdens that vary and that no factor weighs, in `direct`'s form: an inventory holds them too."""
        bio = self.burdens.uncertainty or fixed(self.burdens.amount)
        factor = self.burdens.factors
        entry = np.flatnonzero((bio.kind != FIXED) & ~(factor != 0.0).any(axis=1))
        none = np.zeros(entry.size, dtype=np.intp)
        untouched = np.zeros(len(bio), dtype=bool)
        rows = _varying(bio, entry, none, none, np.ones(entry.size), 1, self.seed, BURDENS, untouched)
        if self.marks is None:
            return rows
        from .draws import keyed

        key, other = keyed(self.marks[entry], self.seed)
        return replace(rows, key=key, other=other)

    @cached_property
    def looped(self) -> tuple[slice, ...]:
        """The purchases of processes in loops, which are read sweep after sweep."""
        first, last = (self.purchases.pointer[k] for k in (self.block[:-1], self.block[1:]))
        inside = np.flatnonzero(np.diff(self.block) > 1)
        return tuple(slice(int(first[b]), int(last[b])) for b in inside)

    @cached_property
    def doubtful(self) -> tuple[int, ...]:
        """The components, of those drawn, that hold a purchase below zero inside a loop."""
        p = self.system.purchases
        block = np.repeat(np.arange(p.block.size - 1), np.diff(p.block))
        row = np.repeat(block, np.diff(p.pointer))
        drawn = np.zeros(block.size, dtype=np.bool_)
        drawn[self.part] = True
        inside = (p.amount < 0.0) & (row == block[p.index]) & drawn[p.index]
        return tuple(np.unique(row[inside]).tolist())

    @cached_property
    def fused(self) -> bool:
        """Whether purchases outside loops are drawn as they are used: they are used once and nothing else needs
        them."""
        plainly = not (self.double or self.purchases.whole.size or (self.purchases.kind >= BETA).any())
        return plainly and self.still.shape[1] == 1 and self.engine != "plain"

    @property
    def double(self) -> bool:
        """Draws are kept in double precision where sums or given arrays must hold exactly."""
        return bool(self.balances or self.given)


def prepare(
    system: System,
    burdens: Burdens,
    technosphere: Uncertainty | None = None,
    *,
    products: Sequence[int] | NDArray[np.intp] | None = None,
    seed: int = 0,
    tolerance: float = 1e-7,
    balances: Sequence[Any] = (),
    given: Mapping[int, Any] | None = None,
    engine: str = "auto",
) -> Ensemble:
    """Make an ensemble.

    technosphere: a distribution for every entry of `system.matrix.data`; None: none varies. products: whose values
    are wanted, None for all; only what they need is drawn. balances: groups of technosphere entries whose draws are
    scaled so that the group's sum stays what it is (shares of a mix, mass). given: draws made elsewhere (a formula, a
    correlation), by entry, each as long as there are samples. tolerance: relative, of every value in its loop.
    Raises ValueError where a distribution is none, `NotSolvable` where the static system is not.
    """
    n = system.size
    tech = technosphere or fixed(system.matrix.data)
    if len(tech) != system.matrix.data.size:
        raise ValueError(f"{len(tech)} distributions for {system.matrix.data.size} amounts")
    bio = burdens.uncertainty or fixed(burdens.amount)
    for u, name in ((tech, "technosphere"), (bio, "burdens")):
        if problems(u).size:
            raise ValueError(f"no distribution in {name} rows {problems(u)[:8].tolist()}")
    static = solve_system(system, burdens.totals(n), bound=False).value
    asked = np.arange(n) if products is None else np.asarray(products, dtype=np.intp)
    p = system.purchases
    keep = upstream(p.pointer, p.index, system.position[asked])
    part = np.flatnonzero(keep)
    place = np.full(n, -1, dtype=np.int32)
    place[part] = np.arange(part.size, dtype=np.int32)

    chosen = ranges(p.pointer[part], p.pointer[part + 1])
    row = np.repeat(np.arange(part.size), np.diff(p.pointer)[part])
    supplier, source = place[p.index[chosen]], p.source[chosen]
    given = {int(k): np.asarray(v, dtype=np.float64) for k, v in (given or {}).items()}
    groups = tuple(np.asarray(g, dtype=np.intp) for g in balances)
    touched = np.zeros(len(tech), dtype=bool)
    for entries in (*groups, np.fromiter(given, dtype=np.intp, count=len(given))):
        touched[entries] = True

    diagonal = np.full(n, -1, dtype=np.intp)
    columns = np.repeat(np.arange(n), np.diff(system.matrix.indptr))
    own = np.flatnonzero(system.matrix.indices == columns)
    diagonal[columns[own]] = own
    uncertain_pivot = ((tech.kind != FIXED) | touched)[diagonal[system.processes[part]]]
    size = np.where(uncertain_pivot, 1.0, system.output[system.processes[part]])

    by = -system.sign[system.processes[p.index[chosen]]] / size[row]
    varies = (tech.kind[source] != FIXED) | touched[source]
    purchases = _varying(
        tech,
        source[varies],
        row[varies],
        supplier[varies],
        by[varies],
        part.size,
        seed,
        TECHNOSPHERE,
        touched,
    )
    still = ~varies
    fixed_rows = (
        _pointer(row[still], part.size),
        supplier[still].astype(np.int32),
        tech.location[source[still]] * by[still],
    )
    pivot_rows = np.flatnonzero(uncertain_pivot)
    pivot = np.full(part.size, -1, dtype=np.int32)
    pivot[pivot_rows] = np.arange(pivot_rows.size, dtype=np.int32)
    entries = diagonal[system.processes[part[pivot_rows]]]
    pivots = _varying(
        tech,
        entries,
        np.arange(pivot_rows.size),
        np.zeros(pivot_rows.size, dtype=np.int32),
        system.sign[system.processes[part[pivot_rows]]],
        pivot_rows.size,
        seed,
        TECHNOSPHERE,
        touched,
    )

    where = place[system.position[burdens.process]]
    inside = np.flatnonzero(where >= 0)
    inside = inside[np.argsort(where[inside], kind="stable")]
    factor = burdens.factors
    weighs = (factor[inside] != 0.0).any(axis=1)
    moving = inside[(bio.kind[inside] != FIXED) & weighs]
    resting = inside[(bio.kind[inside] == FIXED) & weighs]
    direct = _varying(
        bio,
        moving,
        where[moving],
        np.zeros(moving.size, dtype=np.int32),
        np.ones(moving.size),
        part.size,
        seed,
        BURDENS,
        np.zeros(len(bio), dtype=bool),
    )
    still_burdens = np.zeros((part.size, factor.shape[1]))
    np.add.at(
        still_burdens,
        where[resting],
        factor[resting] * bio.location[resting, None] / size[where[resting], None],
    )

    block = _boundaries(p.block, keep)
    group = _boundaries(p.group, keep)
    guess = static[system.processes[part]] * system.sign[system.processes[part]][:, None]
    scaled = np.abs(burdens.totals(n))[system.processes] / system.output[system.processes, None]
    whole = Purchases(p.pointer, p.index, p.amount, p.source, p.block, p.group)
    gross = gross_of(whole, scaled, (static * system.sign[:, None])[system.processes])
    with np.errstate(divide="ignore"):
        per_scale = np.where(gross[part] > 0.0, 2.0 / gross[part], 0.0)
    return Ensemble(
        system,
        tech,
        burdens,
        seed,
        tolerance,
        place[system.position[asked]].astype(np.intp),
        asked,
        part,
        purchases,
        fixed_rows,
        direct,
        still_burdens,
        pivots,
        pivot,
        block,
        group,
        np.ascontiguousarray(guess),
        per_scale,
        static[asked],
        groups,
        given,
        engine if engine != "auto" else "compiled" if compiled() else "plain",
    )


def _varying(
    u: Uncertainty,
    entry: Any,
    row: Any,
    index: Any,
    by: Any,
    rows: int,
    seed: int,
    stream: int,
    touched: NDArray[np.bool_],
) -> Varying:
    offset, spread, shape = affine(u)
    key, other = keys(seed, stream, len(u))
    whole = touched[entry]
    return Varying(
        _pointer(row, rows),
        np.asarray(index, dtype=np.int32),
        np.where(whole, 0.0, offset[entry]) * by,
        np.where(whole, 1.0, spread[entry]) * by,
        u.kind[entry],
        shape[entry],
        key[entry],
        other[entry],
        np.asarray(entry, dtype=np.intp),
        np.flatnonzero(whole),
    )


def _pointer(row: Any, n: int) -> Indices:
    return np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n))]).astype(np.int32)


def _boundaries(starts: Indices, keep: NDArray[np.bool_]) -> Indices:
    """First positions of the parts that are kept, in the numbering of what is kept; whole parts are kept or left."""
    before = np.concatenate([[0], np.cumsum(keep)])
    return np.unique(before[starts]).astype(np.int32)


def draw(ensemble: Ensemble, rows: Varying, pack: int, parts: Sequence[slice] = (slice(None),)) -> Any:
    """Draws of a pack for some rows, (rows, LANES), in their own scale, before balances; outside `parts` they mean
    nothing."""
    out = _space(
        "pivots" if rows is ensemble.pivots else "draws",
        (rows.kind.size, LANES),
        np.float64 if ensemble.double else np.float32,
    )
    loop = _loops(ensemble)
    for part in parts if rows.kind.size else ():
        words = (rows.kind[part], rows.shape[part], rows.key[part], rows.other[part])
        loop.sample(*words, lanes(pack), out[part])
    for kind in np.unique(rows.kind[rows.kind >= BETA]):
        k = np.flatnonzero(rows.kind == kind)
        u = ensemble.technosphere
        e = rows.entry[k]
        out[k] = shaped(
            int(kind), u.location[e], u.shape[e], u.maximum[e] - u.minimum[e], out[k].astype(np.float64)
        )
    if rows.whole.size:
        offset, spread, _ = affine(ensemble.technosphere)
        e = rows.entry[rows.whole]
        out[rows.whole] = offset[e, None] + spread[e, None] * out[rows.whole]
        for k in rows.whole:
            made = ensemble.given.get(int(rows.entry[k]))
            if made is not None:
                out[k] = _slice(made, pack)
    return out


_own = threading.local()


def _space(name: str, shape: tuple[int, ...], dtype: Any) -> Any:
    """An array of this thread to write into, kept from pack to pack: fresh pages cost as much as the sweeps."""
    kept: dict[str, Any] = _own.__dict__
    if name not in kept or kept[name].shape != shape or kept[name].dtype != dtype:
        kept[name] = np.empty(shape, dtype=dtype)
    return kept[name]


def _slice(made: Floats, pack: int) -> Floats:
    part = made[pack * LANES : (pack + 1) * LANES]
    return part if part.size == LANES else np.concatenate([part, np.full(LANES - part.size, made[-1])])


def solve_pack(ensemble: Ensemble, pack: int, values: Floats) -> tuple[NDArray[np.bool_], int]:
    """Fill `values` (products, methods, LANES) with one pack; which lanes did not settle, and the slowest loop's
    sweeps."""
    e, loop = ensemble, _loops(ensemble)
    size, methods = e.still.shape
    p = e.purchases
    draws = draw(e, p, pack, e.looped) if e.fused else draw(e, p, pack)
    streams = (p.kind, p.shape, p.key, p.other, lanes(pack)) if e.fused else NO_STREAMS
    outputs = e.pivots.offset[:, None] + e.pivots.spread[:, None] * draw(e, e.pivots, pack)
    if e.balances:
        _balance(e, draws, outputs)
    lost = ~(outputs > 0.0).all(axis=0) if outputs.size else np.zeros(LANES, dtype=bool)
    per_pivot = 1.0 / np.where(outputs > 0.0, outputs, 1.0)
    most = 0
    sign = e.system.sign[e.asked]
    bio = e.burdens.uncertainty or fixed(e.burdens.amount)
    rare = bool((e.direct.kind >= BETA).any())
    for m in range(methods):
        right, x = (_space(name, (size, LANES), np.float64) for name in ("right", "x"))
        loop.begin(e.still[:, m], e.first_guess[:, m], right, x)
        by = e.weights[m]
        if e.direct.kind.size and not rare:
            loop.sample_sums(
                e.direct.pointer,
                e.direct.kind,
                e.direct.shape,
                e.direct.key,
                e.direct.other,
                lanes(pack),
                *by,
                right,
            )
        elif e.direct.kind.size:
            _rare_sums(e, bio, pack, *by, right)
        most = max(
            most,
            loop.iterate_draws(
                p.pointer,
                p.index,
                p.offset,
                p.spread,
                draws,
                *e.fixed,
                e.pivot,
                per_pivot,
                e.block,
                e.group,
                right,
                x,
                np.ascontiguousarray(e.per_scale[:, m]),
                e.tolerance,
                SWEEPS,
                lost,
                streams,
            ),
        )
        lost |= ~np.isfinite(x.sum(axis=0))
        loop.end(x, e.products, sign, values[:, m])
    return lost, most


def _rare_sums(
    e: Ensemble, bio: Uncertainty, pack: int, offset: Floats, spread: Floats, right: Floats
) -> None:
    out = np.zeros((e.direct.kind.size, LANES), dtype=np.float32)
    _loops(e).sample(e.direct.kind, e.direct.shape, e.direct.key, e.direct.other, lanes(pack), out)
    draws = out.astype(np.float64)
    for kind in np.unique(e.direct.kind[e.direct.kind >= BETA]):
        k = np.flatnonzero(e.direct.kind == kind)
        i = e.direct.entry[k]
        draws[k] = shaped(int(kind), bio.location[i], bio.shape[i], bio.maximum[i] - bio.minimum[i], draws[k])
    rows = np.repeat(np.arange(right.shape[0]), np.diff(e.direct.pointer))
    np.add.at(right, rows, offset[:, None] + spread[:, None] * draws)


def _balance(e: Ensemble, draws: Any, outputs: Floats) -> None:
    """Scale the drawn amounts of each group so that their sum is the static one; parts that nobody asked for stay."""
    where = {int(e.purchases.entry[k]): int(k) for k in e.purchases.whole}
    own = {int(e.pivots.entry[k]): int(k) for k in e.pivots.whole}
    for group in e.balances:
        known = np.array([where[k] for k in group.tolist() if k in where], dtype=np.intp)
        pivots = [(own[k], e.system.sign[e.system.matrix.indices[k]]) for k in group.tolist() if k in own]
        if known.size + len(pivots) < group.size:
            continue
        total = draws[known].sum(axis=0)
        for k, sign in pivots:
            total = total + outputs[k] * sign
        scale = e.system.matrix.data[group].sum() / total
        draws[known] *= scale
        for k, _ in pivots:
            outputs[k] *= scale


def amounts_of(ensemble: Ensemble, pack: int) -> Floats:
    """The technosphere of a pack, entry by entry as in `system.matrix.data`, (entries, LANES). Amounts of processes
    that no asked product needs stay static."""
    e = ensemble
    out = np.repeat(np.asarray(e.system.matrix.data, dtype=np.float64)[:, None], LANES, axis=1)
    draws, pivots = draw(e, e.purchases, pack), draw(e, e.pivots, pack)
    outputs = e.pivots.offset[:, None] + e.pivots.spread[:, None] * pivots
    if e.balances:
        _balance(e, draws, outputs)
    row = np.repeat(np.arange(e.part.size), np.diff(e.purchases.pointer))
    size = np.where(e.pivot >= 0, 1.0, e.system.output[e.system.processes[e.part]])
    by = -e.system.sign[e.system.processes[e.part[e.purchases.index]]] / size[row]
    drawn = e.purchases.offset[:, None] + e.purchases.spread[:, None] * draws
    out[e.purchases.entry] = drawn / by[:, None]
    out[e.pivots.entry] = outputs * e.system.sign[e.system.matrix.indices[e.pivots.entry], None]
    return out


def burdens_of(ensemble: Ensemble, pack: int) -> Floats:
    """Amounts of the burdens in a pack, (m, LANES); those that no factor weighs stay static."""
    rows = ensemble.direct
    out = np.repeat(np.asarray(ensemble.burdens.amount, dtype=np.float64)[:, None], LANES, axis=1)
    out[rows.entry] = burden_draws(ensemble, rows, pack)
    return out


def burden_draws(ensemble: Ensemble, rows: Varying, pack: int, part: slice = slice(None)) -> Floats:
    """Amounts of some rows of `direct` or `idle` in a pack, (rows, LANES)."""
    kind = rows.kind[part]
    drawn = np.zeros((kind.size, LANES), dtype=np.float32)
    if drawn.size:
        words = (rows.shape[part], rows.key[part], rows.other[part])
        _loops(ensemble).sample(kind, *words, lanes(pack), drawn)
    values = drawn.astype(np.float64)
    for one in np.unique(kind[kind >= BETA]):
        bio = ensemble.burdens.uncertainty or fixed(ensemble.burdens.amount)
        k = np.flatnonzero(kind == one)
        i = rows.entry[part][k]
        width = bio.maximum[i] - bio.minimum[i]
        values[k] = shaped(int(one), bio.location[i], bio.shape[i], width, values[k])
    return np.asarray(rows.offset[part, None] + rows.spread[part, None] * values)


def system_of(ensemble: Ensemble, sample: int) -> tuple[System, Floats]:
    """The very system of one sample and its characterised burdens (n, methods), for checking and for samples that
    need a closer look."""
    pack, lane = sample // LANES, sample % LANES
    system = with_values(ensemble.system, amounts_of(ensemble, pack)[:, lane])
    return system, ensemble.burdens.totals(system.size, burdens_of(ensemble, pack)[:, lane])


def _loops(e: Ensemble) -> Any:
    if e.engine == "plain":
        return plain
    from . import kernels

    return kernels


__all__ = [
    "Burdens",
    "Ensemble",
    "NotSolvable",
    "amounts_of",
    "burden_draws",
    "burdens_of",
    "draw",
    "prepare",
    "solve_pack",
    "system_of",
]
