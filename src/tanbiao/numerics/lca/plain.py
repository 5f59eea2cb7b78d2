"""The compiled loops of `kernels` in numpy and scipy: slower, same results to 1e-10. Used where numba is absent and
for single solves, where starting numba would cost more than it saves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from .order import SMALL
from .streams import LANES, LOGNORMAL, NORMAL, TRIANGULAR, Streams, Words

Floats = NDArray[np.float64]
Indices = NDArray[np.int32]
Singles = NDArray[np.float32]
f = np.float32
SWEEPS = 6
"""Sweeps from one look at the change to the next."""
SETTLED = 4.0 * float(np.finfo(np.float64).eps)
"""A change that is nothing but rounding: sweeps from here on go in circles."""


def iterate(
    pointer: Indices,
    index: Indices,
    amount: Floats,
    block: Indices,
    group: Indices,
    first: int,
    right: Floats,
    x: Floats,
    tolerance: float,
    limit: int,
    sweeps: NDArray[np.int64],
    kept: dict[tuple[int, int], Any] | None = None,
) -> int:
    """Solve x = right + T x from block `first` on; x (n, k) holds the solution of the blocks before and is filled.

    Rows of T come as (pointer, index, amount) in solving order. Small blocks are solved exactly, as parts of one
    triangular factorisation; larger ones by Gauss-Seidel. Returns the first
    block that did not converge within `limit` sweeps, or the number of blocks; `sweeps` is filled per block. `kept`
    carries factors from one call to the next with the same T.
    """
    kept = {} if kept is None else kept
    count = block.size - 1
    large = np.flatnonzero(np.diff(block) > SMALL)
    b = first
    while b < count:
        if b in large:
            end = b + 1
            if not _large(
                pointer,
                index,
                amount,
                group,
                int(block[b]),
                int(block[end]),
                right,
                x,
                tolerance,
                limit,
                sweeps,
                b,
                kept,
            ):
                return b
        else:
            later = large[large > b]
            end = int(later[0]) if later.size else count
            rows = slice(int(block[b]), int(block[end]))
            if (b, end) not in kept:
                _, outside, inside = split(pointer, index, amount, rows.start, rows.stop)
                try:
                    kept[b, end] = outside, _triangular(inside)
                except RuntimeError:
                    return _singular(inside, block, b, end)
            outside, factors = kept[b, end]
            x[rows] = factors.solve(right[rows] + outside @ x)
            sweeps[b:end] = 1
        b = end
    return count


def split(pointer: Indices, index: Indices, amount: Floats, start: int, end: int) -> tuple[slice, Any, Any]:
    """Rows start..end of T: the part that takes from outside (all columns) and the part that takes from inside."""
    lo, hi = int(pointer[start]), int(pointer[end])
    columns, values = np.asarray(index[lo:hi]), np.asarray(amount[lo:hi])
    at, size, own = pointer[start : end + 1] - lo, end - start, columns >= start
    outside = _part(values, columns, at, ~own, (size, pointer.size - 1))
    return slice(start, end), outside, _part(values, columns - start, at, own, (size, size))


def _part(values: Floats, columns: Indices, pointer: Any, kept: NDArray[np.bool_], shape: Any) -> Any:
    """Some entries of a matrix by rows."""
    before = np.zeros(kept.size + 1, dtype=np.int32)
    np.cumsum(kept, out=before[1:])
    return sparse.csr_array((values[kept], columns[kept], before[pointer]), shape=shape)


def _triangular(part: Any) -> Any:
    """Factors of I - part, which is block triangular as it stands."""
    system = sparse.csc_array(sparse.eye_array(part.shape[0], format="csc") - part)
    return splu(system, permc_spec="NATURAL", diag_pivot_thresh=0.0, relax=1, panel_size=1)


def _singular(inside: Any, block: Indices, b: int, end: int) -> int:
    """The first block of a segment that cannot be factorised."""
    start = int(block[b])
    for k in range(b, end):
        lo, hi = int(block[k]) - start, int(block[k + 1]) - start
        if hi - lo > 1:
            try:
                _triangular(inside[lo:hi, lo:hi])
            except RuntimeError:
                return k
    return b


def _large(
    pointer: Indices,
    index: Indices,
    amount: Floats,
    group: Indices,
    start: int,
    end: int,
    right: Floats,
    x: Floats,
    tolerance: float,
    limit: int,
    sweeps: NDArray[np.int64],
    b: int,
    kept: dict[tuple[int, int], Any],
) -> bool:
    rows = slice(start, end)
    if (b, -1) not in kept:
        found = _swept(pointer, index, amount, group, start, end)
        if found is None:
            return False
        kept[b, -1] = found
    outside, lower, rest, gross = kept[b, -1]
    c = right[rows] + outside @ x
    y = lower.solve(c)
    for count in range(SWEEPS, limit + 1, SWEEPS):
        for _ in range(SWEEPS - 2):
            y = lower.solve(c + rest @ y)
        last = lower.solve(c + rest @ y)
        new = lower.solve(c + rest @ last)
        scale = np.abs(c) + gross @ np.abs(new)
        before, change = _largest(last - y, scale), _largest(new - last, scale)
        ratio = min(change / before, 0.9999999999) if before > 0.0 else 0.0
        y, sweeps[b] = new, count
        if change * max(ratio / (1.0 - ratio), 0.05) <= tolerance or change <= SETTLED:
            x[rows] = y
            return True
        if not change < 1e200:
            return False
    return False


def _largest(move: Floats, scale: Floats) -> float:
    """The largest relative change; nan where sweeps have left all bounds."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.where(move == 0.0, 0.0, np.abs(move) / scale).max())


def _swept(pointer: Indices, index: Indices, amount: Floats, group: Indices, start: int, end: int) -> Any:
    """A component split for sweeping: what it takes from outside, factors of I minus the part that is swept, the rest,
    and |T|."""
    _, outside, inside = split(pointer, index, amount, start, end)
    row, column = np.repeat(np.arange(end - start), np.diff(inside.indptr)), inside.indices
    bounds = group[np.searchsorted(group, start) : np.searchsorted(group, end) + 1] - start
    own = np.searchsorted(bounds, np.arange(end - start), side="right") - 1
    fits = np.diff(bounds)[own] <= SMALL
    kept = (column < row) | ((own[row] == own[column]) & fits[row])
    try:
        lower = _triangular(_part(inside.data, column, inside.indptr, kept, inside.shape))
    except RuntimeError:
        return None
    return outside, lower, _part(inside.data, column, inside.indptr, ~kept, inside.shape), abs(inside)


# ---------------------------------------------------------------------------------------------- sampler


def _fma(a: Any, b: Any, c: Any) -> Singles:
    """a * b + c rounded once (twice, by way of double precision, in about one case in 10^9)."""
    return np.asarray(np.asarray(a, dtype=np.float64) * b + np.asarray(c, dtype=np.float64)).astype(
        np.float32
    )


def _hashes(lane: Words, key: Words, other: Words) -> tuple[Words, Words]:
    x = (lane[None, :] ^ key[:, None]) * np.uint32(0x21F0AAAD)
    x = (x ^ (x >> np.uint32(15))) + other[:, None]
    x = x * np.uint32(0x735A2D97)
    x = x ^ (x >> np.uint32(15))
    y = x * np.uint32(0x85EBCA6B)
    return x, y ^ (y >> np.uint32(16))


def _polynomial(coefficients: tuple[float, ...], x: Singles) -> Singles:
    p: Any = f(coefficients[0])
    for c in coefficients[1:]:
        p = _fma(p, x, f(c))
    return np.asarray(p, dtype=np.float32)


LOG = (
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
SINE = (2.6083159e-06, -1.9810642e-04, 8.3330255e-03, -1.6666657e-01)
COSINE = (-2.6051615e-07, 2.4760495e-05, -1.3888378e-03, 4.1666638e-02, -0.5, 1.0)
POWER = (1.5403530e-4, 1.3333558e-3, 9.6181291e-3, 5.5504109e-2, 2.4022651e-1, 6.9314718e-1, 1.0)


def _normals(x: Words, y: Words) -> tuple[Singles, Singles, Singles]:
    v = (x >> np.uint32(8)).astype(np.int32).astype(np.float32) + f(0.5)
    bits = v.view(np.int32)
    e = (bits - np.int32(0x3F3504F3)) >> np.int32(23)
    m = (bits - (e << np.int32(23))).view(np.float32) - f(1)
    z = m * m
    log = _fma(
        (e - np.int32(24)).astype(np.float32),
        f(0.69314718),
        _fma(z * m, _polynomial(LOG, m), _fma(f(-0.5), z, m)),
    )
    radius = np.sqrt(np.maximum(f(-2) * log, f(0)))
    t = (y.view(np.int32) >> np.int32(1)).astype(np.float32) * f(1.4629180792671596e-09)
    s = t * t
    sine = _fma(_polynomial(SINE, s) * s, t, t)
    flipped = _polynomial(COSINE, s).view(np.int32) ^ (y << np.uint32(31)).view(np.int32)
    return radius, sine, flipped.view(np.float32)


def _power(y: Singles) -> Singles:
    near = (y + f(12582912.0)) - f(12582912.0)
    p = _polynomial(POWER, y - near)
    return (p.view(np.int32) + (near.astype(np.int32) << np.int32(23))).view(np.float32)


def _uniform(x: Words) -> Singles:
    return ((x >> np.uint32(9)).astype(np.int32).astype(np.float32) + f(0.5)) * f(1.1920928955078125e-07)


def _triangle(v: Singles, mode: Singles) -> Singles:
    falling = f(1) - np.sqrt((f(1) - v) * (f(1) - mode))
    return np.where(v < mode, np.sqrt(v * mode), falling)


def sample(kind: NDArray[np.uint8], shape: Singles, key: Words, other: Words, lane: Words, out: Any) -> None:
    """One pack of draws of every stream in its own scale: e^(shape z), z, a triangle on 0..1 with mode `shape`, or
    a uniform. kind, shape, key, other: (q,); lane: (LANES / 2,); out: (q, LANES), filled."""
    half = LANES // 2
    normal = (kind == LOGNORMAL) | (kind == NORMAL)
    for some in (np.flatnonzero(normal), np.flatnonzero(~normal)):
        x, y = _hashes(lane, key[some], other[some])
        if some.size == 0:
            continue
        if normal[some[0]]:
            radius, sine, cosine = _normals(x, y)
            log = (kind[some] == LOGNORMAL)[:, None]
            r = radius * np.where(log, shape[some, None] * f(1.44269504), f(1))
            for part, angle in ((slice(0, half), sine), (slice(half, LANES), cosine)):
                z = (r * angle).astype(np.float32)
                out[some, part] = np.where(log, _power(np.where(log, z, f(0))), z)
        else:
            for part, word in ((slice(0, half), x), (slice(half, LANES), y)):
                v = _uniform(word)
                out[some, part] = np.where(
                    (kind[some] == TRIANGULAR)[:, None], _triangle(v, shape[some, None]), v
                )


def sample_sums(
    pointer: Indices,
    kind: NDArray[np.uint8],
    shape: Singles,
    key: Words,
    other: Words,
    lane: Words,
    offset: Floats,
    spread: Floats,
    out: Floats,
) -> None:
    """out[j, :] += sum over q of row j of offset[q] + spread[q] * draw[q, :]."""
    rows = np.flatnonzero(np.diff(pointer))
    if rows.size == 0:
        return
    draws = np.empty((kind.size, LANES), dtype=np.float32)
    sample(kind, shape, key, other, lane, draws)
    values = offset[:, None] + spread[:, None] * draws.astype(np.float64)
    out[rows] += np.add.reduceat(values, pointer[rows], axis=0)


def iterate_draws(
    pointer: Indices,
    index: Indices,
    offset: Floats,
    spread: Floats,
    draws: Any,
    fixed_pointer: Indices,
    fixed_index: Indices,
    fixed: Floats,
    pivot: Indices,
    per_pivot: Floats,
    block: Indices,
    group: Indices,
    right: Floats,
    x: Floats,
    per_scale: Floats,
    tolerance: float,
    limit: int,
    lost: NDArray[np.bool_],
    streams: Streams,
) -> int:
    """Solve one pack of draws: all lanes at once where every block is small, else lane by lane; see
    `kernels.iterate_draws`. Every draw stands in `draws`, `streams` is `NO_STREAMS`."""
    n, sweeps, most = pointer.size - 1, np.zeros(block.size - 1, dtype=np.int64), 1
    rows = np.concatenate([np.repeat(np.arange(n), np.diff(p)) for p in (pointer, fixed_pointer)])
    columns = np.concatenate([index, fixed_index])
    by = np.argsort(rows, kind="stable")
    whole = np.searchsorted(rows[by], np.arange(n + 1)).astype(np.int32)
    uncertain = np.flatnonzero(pivot >= 0)
    if np.diff(block).max(initial=0) <= SMALL:
        scales = np.ones((n, LANES))
        scales[uncertain] = per_pivot[pivot[uncertain]]
        drawn = offset[:, None] + spread[:, None] * draws
        amounts = np.concatenate([drawn, np.broadcast_to(fixed[:, None], (fixed.size, LANES))])[by]
        _all_lanes(whole, columns[by], amounts * scales[rows[by]], block, right * scales, x, lost)
        return most
    for k in range(LANES):
        amount = np.concatenate([offset + spread * draws[:, k], fixed])
        scale = np.ones(n)
        scale[uncertain] = per_pivot[pivot[uncertain], k]
        column = np.ascontiguousarray((right[:, k] * scale)[:, None])
        found = np.zeros((n, 1))
        amount = (amount * scale[rows])[by]
        with np.errstate(all="ignore"):
            end = iterate(
                whole,
                columns[by].astype(np.int32),
                amount,
                block,
                group,
                0,
                column,
                found,
                1e-3 * tolerance,
                limit,
                sweeps,
            )
        lost[k] |= end < block.size - 1
        if (amount >= 0.0).all() and not lost[
            k
        ]:  # an exact solve of a small loop has a value even past gain 1
            w = np.zeros((n, 1))
            end = iterate(
                whole,
                columns[by].astype(np.int32),
                amount,
                block,
                group,
                0,
                np.ones((n, 1)),
                w,
                1e-6,
                limit,
                sweeps,
            )
            lost[k] = end < block.size - 1 or not (w > 0.0).all()
        x[:, k] = found[:, 0]
        most = max(most, int(sweeps.max(initial=1)))
    return most


def _all_lanes(
    pointer: Indices,
    index: Indices,
    amount: Floats,
    block: Indices,
    right: Floats,
    x: Floats,
    lost: NDArray[np.bool_],
) -> None:
    """x = right + T x for every lane, block by block; amount (entries, LANES). A lane without credits counts only
    where (I - T) w = 1 has a positive solution: an exact solve of a small loop has a value even past gain 1."""
    both = np.ones((right.shape[0], LANES, 2))
    both[:, :, 0] = right
    with np.errstate(all="ignore"):
        for start, end in zip(block[:-1].tolist(), block[1:].tolist(), strict=True):
            lo, hi = int(pointer[start]), int(pointer[end])
            if hi == lo:
                continue
            columns, values = index[lo:hi], amount[lo:hi]
            if end == start + 1:
                both[start] += (values[:, :, None] * both[columns]).sum(axis=0)
                continue
            rows = np.repeat(np.arange(end - start), np.diff(pointer[start : end + 1]))
            own = columns >= start
            np.add.at(both, start + rows[~own], values[~own][:, :, None] * both[columns[~own]])
            loop = np.broadcast_to(np.eye(end - start), (LANES, end - start, end - start)).copy()
            lane = np.arange(LANES)[:, None]
            np.subtract.at(loop, (lane, rows[own], columns[own] - start), values[own].T)
            both[start:end] = _each(loop, both[start:end].transpose(1, 0, 2)).transpose(1, 0, 2)
        x[:] = both[:, :, 0]
        lost |= ~np.isfinite(both).all(axis=(0, 2))
        lost |= (amount >= 0.0).all(axis=0) & ~(both[:, :, 1] > 0.0).all(axis=0)


def _each(matrices: Floats, right: Floats) -> Floats:
    """Solutions of all systems; nan where one is singular."""
    try:
        return np.asarray(np.linalg.solve(matrices, right))
    except np.linalg.LinAlgError:
        out = np.full_like(right, np.nan)
        for k in range(len(matrices)):
            try:
                out[k] = np.linalg.solve(matrices[k], right[k])
            except np.linalg.LinAlgError:
                continue
        return out


def begin(still: Floats, guess: Floats, right: Floats, x: Floats) -> None:
    """Spread one column each over the lanes: right = still, x = guess."""
    right[:], x[:] = still[:, None], guess[:, None]


def end(x: Floats, rows: NDArray[np.intp], sign: Floats, out: Floats) -> None:
    """out[i, :] = sign[i] * x[rows[i], :]."""
    np.multiply(x[rows], sign[:, None], out=out)
