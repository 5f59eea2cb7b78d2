# mypy: ignore-errors
"""Compiled loops (numba): sweeps over a product system and the fused sampler. Optional: `plain` does the same.

Draws are computed in packs of `LANES`; a pack is the contiguous inner axis, so that an index is read once for all its
draws and the inner loop is vector arithmetic. Every single-precision step of the sampler is exact or an explicit
fused multiply-add, so a draw is the same bits on every processor.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from .streams import LANES, LOGNORMAL, NORMAL, TRIANGULAR
from .vectors import lognormals, normals

HALF = LANES // 2
ZERO, ONE, HALF32 = np.float32(0), np.float32(1), np.float32(0.5)


@intrinsic
def add_row(
    typingctx: Any, index: Any, offset: Any, spread: Any, draws: Any, x: Any, low: Any, high: Any, total: Any
) -> Any:
    """total[:] += sum over q in low..high of (offset[q] + spread[q] * draws[q, :]) * x[index[q], :], held in registers.

    The same loop in plain numba keeps `total` in memory and takes a third longer (docs/decisions/0003)."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def data(k: int) -> Any:
            return context.make_array(signature.args[k])(context, builder, arguments[k]).data

        double, word = ir.DoubleType(), ir.IntType(32)
        lanes = ir.VectorType(double, LANES)
        item = ir.FloatType() if signature.args[3].dtype == types.float32 else double
        name = f"llvm.fma.v{LANES}f64"
        combine = cgutils.get_or_insert_function(builder.module, ir.FunctionType(lanes, [lanes] * 3), name)
        low, high = arguments[5], arguments[6]
        long = low.type

        def load(pointer: Any, at: Any, vector: Any, align: int) -> Any:
            return builder.load(builder.bitcast(builder.gep(pointer, [at]), vector.as_pointer()), align=align)

        def splat(value: Any) -> Any:
            empty = ir.Constant(lanes, ir.Undefined)
            one = builder.insert_element(empty, value, ir.Constant(word, 0))
            return builder.shuffle_vector(one, empty, ir.Constant(ir.VectorType(word, LANES), [0] * LANES))

        pointers = [data(k) for k in (0, 1, 2, 3, 4, 7)]
        begin = load(pointers[5], ir.Constant(long, 0), lanes, 8)
        entry = builder.block
        body, end = builder.append_basic_block("row"), builder.append_basic_block("end")
        builder.cbranch(builder.icmp_signed("<", low, high), body, end)
        builder.position_at_end(body)
        q, sofar = builder.phi(long), builder.phi(lanes)
        q.add_incoming(low, entry)
        sofar.add_incoming(begin, entry)
        i = builder.sext(builder.load(builder.gep(pointers[0], [q])), long)
        width = ir.Constant(long, LANES)
        other = load(pointers[4], builder.mul(i, width), lanes, 8)
        draw = load(pointers[3], builder.mul(q, width), ir.VectorType(item, LANES), 4)
        if item is not double:
            draw = builder.fpext(draw, lanes)
        where, by = (splat(builder.load(builder.gep(p, [q]))) for p in pointers[1:3])
        after = builder.call(combine, [builder.call(combine, [by, draw, where]), other, sofar])
        following = builder.add(q, ir.Constant(long, 1))
        q.add_incoming(following, body)
        sofar.add_incoming(after, body)
        builder.cbranch(builder.icmp_signed("<", following, high), body, end)
        builder.position_at_end(end)
        result = builder.phi(lanes)
        result.add_incoming(begin, entry)
        result.add_incoming(after, body)
        builder.store(result, builder.bitcast(pointers[5], lanes.as_pointer()), align=8)
        return context.get_dummy_value()

    return types.void(index, offset, spread, draws, x, types.intp, types.intp, total), build


@nb.njit(cache=True, nogil=True, error_model="numpy")
def iterate(
    pointer: Any,
    index: Any,
    amount: Any,
    block: Any,
    group: Any,
    first: int,
    right: Any,
    x: Any,
    tolerance: float,
    limit: int,
    sweeps: Any,
) -> int:
    """Gauss-Seidel for x = right + T x from block `first` on, x given for the blocks before; see `plain.iterate`."""
    width = right.shape[1]
    total, gross = np.empty(width), np.empty(width)
    g = np.searchsorted(group, block[first])
    for b in range(first, block.size - 1):
        start, end = block[b], block[b + 1]
        if end - start == 1:
            for k in range(width):
                total[k] = right[start, k]
            for q in range(pointer[start], pointer[start + 1]):
                for k in range(width):
                    total[k] += amount[q] * x[index[q], k]
            for k in range(width):
                x[start, k] = total[k]
            sweeps[b] = 1
            g += 1
            continue
        g0 = g
        while group[g] < end:
            g += 1
        before, count = np.inf, 0
        while True:
            worst = 0.0
            for h in range(g0, g):
                lo, hi = group[h], group[h + 1]
                inner = 0
                while True:
                    change = 0.0
                    for j in range(lo, hi):
                        for k in range(width):
                            total[k] = right[j, k]
                            gross[k] = abs(right[j, k])
                        for q in range(pointer[j], pointer[j + 1]):
                            t, i = amount[q], index[q]
                            for k in range(width):
                                part = t * x[i, k]
                                total[k] += part
                                gross[k] += abs(part)
                        for k in range(width):
                            move = abs(total[k] - x[j, k])
                            x[j, k] = total[k]
                            if not move <= change * gross[k]:
                                change = move / gross[k]
                    if not change <= worst and inner == 0:
                        worst = change
                    inner += 1
                    if (
                        hi - lo == 1
                        or g == g0 + 1
                        or inner >= 60
                        or change <= max(0.05 * worst, 0.1 * tolerance)
                    ):
                        break
            count += 1
            ratio = min(worst / before, 0.9999999999)
            before = worst
            if count > 1 and worst * max(ratio / (1.0 - ratio), 0.05) <= tolerance:
                break
            if count >= limit or not worst < 1e200:
                sweeps[b] = count
                return b
        sweeps[b] = count
    return block.size - 1


@nb.njit(inline="always")
def _hashes(lane: Any, key: Any, other: Any) -> Any:
    x = np.uint32((lane ^ key) * np.uint32(0x21F0AAAD))
    x = np.uint32((x ^ (x >> np.uint32(15))) + other)
    x = np.uint32(x * np.uint32(0x735A2D97))
    x = np.uint32(x ^ (x >> np.uint32(15)))
    y = np.uint32(x * np.uint32(0x85EBCA6B))
    return x, np.uint32(y ^ (y >> np.uint32(16)))


@nb.njit(inline="always")
def _uniform(x: Any) -> Any:
    return np.float32((np.float32(np.int32(x >> np.uint32(9))) + HALF32) * np.float32(1.1920928955078125e-07))


@nb.njit(inline="always")
def _triangle(v: Any, mode: Any) -> Any:
    rising = np.sqrt(np.float32(v * mode))
    falling = np.float32(ONE - np.sqrt(np.float32(np.float32(ONE - v) * np.float32(ONE - mode))))
    return rising if v < mode else falling


@nb.njit(nogil=True, inline="always")
def _row(kind: int, shape: Any, key: Any, other: Any, lane: Any, row: Any) -> None:
    if kind == LOGNORMAL:
        lognormals(lane, key, other, np.float32(shape * np.float32(1.44269504)), row)
    elif kind == NORMAL:
        normals(lane, key, other, ZERO, row)
    elif kind == TRIANGULAR:
        for k in range(HALF):
            x, y = _hashes(lane[k], key, other)
            row[k] = _triangle(_uniform(x), shape)
            row[k + HALF] = _triangle(_uniform(y), shape)
    else:
        for k in range(HALF):
            x, y = _hashes(lane[k], key, other)
            row[k] = _uniform(x)
            row[k + HALF] = _uniform(y)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def iterate_draws(
    pointer: Any,
    index: Any,
    offset: Any,
    spread: Any,
    draws: Any,
    fixed_pointer: Any,
    fixed_index: Any,
    fixed: Any,
    pivot: Any,
    per_pivot: Any,
    block: Any,
    group: Any,
    right: Any,
    x: Any,
    per_scale: Any,
    tolerance: float,
    limit: int,
    lost: Any,
    streams: Any,
) -> int:
    """Gauss-Seidel for one pack; x holds the first guess. `per_scale` (n,) turns a change into a relative one. Lanes
    that do not settle are marked in `lost`. streams: (kind, shape, key, other, lane) where `draws` holds the rows of
    loops only and a row outside, which is used once, is drawn as it is used; else `NO_STREAMS`. Returns the sweeps of
    the slowest block."""
    kind, shape, key, other, lane = streams
    fresh = lane.size > 0
    total = np.empty(LANES)
    change, before = np.empty(LANES), np.empty(LANES)
    row = np.empty((np.diff(pointer).max() if fresh else 0, LANES), np.float32)

    def rest(j: int) -> None:
        """What row j takes that does not vary, and its output: total = (total + fixed x) / output."""
        for q in range(fixed_pointer[j], fixed_pointer[j + 1]):
            t, i = fixed[q], fixed_index[q]
            for k in range(LANES):
                total[k] += t * x[i, k]
        if pivot[j] >= 0:
            for k in range(LANES):
                total[k] *= per_pivot[pivot[j], k]

    most, g = 1, 0
    for b in range(block.size - 1):
        start, end = block[b], block[b + 1]
        if end - start == 1:
            lo, hi = pointer[start], pointer[end]
            for k in range(LANES):
                total[k] = right[start, k]
            if fresh:
                for q in range(lo, hi):
                    _row(kind[q], shape[q], key[q], other[q], lane, row[q - lo])
                add_row(index[lo:hi], offset[lo:hi], spread[lo:hi], row, x, 0, hi - lo, total)
            else:
                add_row(index, offset, spread, draws, x, lo, hi, total)
            rest(start)
            for k in range(LANES):
                x[start, k] = total[k]
            g += 1
            continue
        g0 = g
        g += 1
        while group[g] < end:
            g += 1
        for k in range(LANES):
            before[k] = np.inf
        earlier, count = np.inf, 0
        while True:
            worst = 0.0
            for h in range(g0, g):
                lo, hi = group[h], group[h + 1]
                inner = 0
                while True:
                    for k in range(LANES):
                        change[k] = 0.0
                    for j in range(lo, hi):
                        for k in range(LANES):
                            total[k] = right[j, k]
                        add_row(index, offset, spread, draws, x, pointer[j], pointer[j + 1], total)
                        rest(j)
                        w = per_scale[j]
                        for k in range(LANES):
                            change[k] = max(change[k], abs(total[k] - x[j, k]) * w)
                            x[j, k] = total[k]
                    largest = 0.0
                    for k in range(LANES):
                        if not lost[k] and not change[k] <= largest:
                            largest = change[k]
                    if inner == 0 and not largest <= worst:
                        worst = largest
                    inner += 1
                    if hi - lo == 1 or g == g0 + 1 or inner >= 60 or largest <= max(0.05 * worst, tolerance):
                        break
            count += 1
            ratio = min(worst / earlier, 0.999)
            earlier = worst
            if worst * max(ratio / (1.0 - ratio), 0.05) <= tolerance:
                break
            if count >= limit or not worst < 1e200:
                for k in range(LANES):
                    if not change[k] <= tolerance:
                        lost[k] = True
                if count >= limit:
                    for k in range(LANES):
                        lost[k] = lost[k] or not before[k] <= tolerance
                    break
                earlier = np.inf
            if g == g0 + 1 and count >= 30:
                for k in range(LANES):
                    if not change[k] < 0.95 * before[k] and change[k] > tolerance:
                        lost[k] = True
            for k in range(LANES):
                before[k] = change[k]
        most = max(most, count)
    return most


@nb.njit(cache=True, nogil=True, error_model="numpy")
def sample(kind: Any, shape: Any, key: Any, other: Any, lane: Any, out: Any) -> None:
    """One pack of draws of every stream, shape (streams, LANES), in the stream's own scale; see `plain.sample`."""
    for q in range(kind.size):
        _row(kind[q], shape[q], key[q], other[q], lane, out[q])


@nb.njit(cache=True, nogil=True, error_model="numpy")
def sample_sums(
    pointer: Any, kind: Any, shape: Any, key: Any, other: Any, lane: Any, offset: Any, spread: Any, out: Any
) -> None:
    """out[j, :] += sum over q of row j of offset[q] + spread[q] * draw[q, :], without keeping the draws."""
    row = np.empty(LANES, np.float32)
    for j in range(pointer.size - 1):
        for q in range(pointer[j], pointer[j + 1]):
            _row(kind[q], shape[q], key[q], other[q], lane, row)
            for k in range(LANES):
                out[j, k] += offset[q] + spread[q] * row[k]


@nb.njit(cache=True, nogil=True)
def begin(still: Any, guess: Any, right: Any, x: Any) -> None:
    """Spread one column each over the lanes: right = still, x = guess."""
    for j in range(still.size):
        for k in range(LANES):
            right[j, k] = still[j]
            x[j, k] = guess[j]


@nb.njit(cache=True, nogil=True)
def end(x: Any, rows: Any, sign: Any, out: Any) -> None:
    """out[i, :] = sign[i] * x[rows[i], :]."""
    for i in range(rows.size):
        for k in range(LANES):
            out[i, k] = sign[i] * x[rows[i], k]
