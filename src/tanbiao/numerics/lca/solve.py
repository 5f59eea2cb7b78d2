"""The one door for solving a compiled system: adjoint (all products) and forward (one demand), with what they are
worth: sweeps, residual, a bound of the error, and the blocks that needed a direct solve.

Components of the system are solved suppliers first; inside a component Gauss-Seidel, group by group. A component that
does not converge is solved directly. Systems up to `DENSE` processes are solved as dense matrices.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import lu_factor, lu_solve
from scipy.sparse.linalg import splu

from . import plain
from .order import upstream
from .productivity import Loop, loop_of
from .system import Floats, NotProductive, NotSolvable, Purchases, System, compile_system

Engine = Literal["auto", "compiled", "plain", "dense"]
TOLERANCE = 1e-10
"""Relative error, as far as the change of a sweep tells, at which a deterministic solve stops sweeping; one step of
refinement follows, to `REFINEMENT` of what was left."""
REFINEMENT = 1e-5
LIMIT = 300
"""Sweeps after which a component is solved directly instead."""
DENSE = 128
"""Up to this size a whole system is one dense matrix."""
RESIDUAL = 1e-9
"""A residual above this share of the terms that make it is not a solution."""
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Solution:
    """value (n,) or (n, k); residual: largest relative to the gross terms of its equation; bound, same shape as
    value: no value is further than this from the exact solution of the matrix given (nan where not asked for);
    proved: whether the bound is a theorem (systems whose purchases alone are productive) or an estimate;
    sweeps: of the slowest component; direct: processes of the components solved directly; engine."""

    value: Floats
    residual: float
    bound: Floats
    proved: bool
    sweeps: int
    direct: tuple[NDArray[np.intp], ...]
    engine: Engine


def adjoint(system: System, burdens: Floats) -> Floats:
    """Burden of one unit of every product, all its supply chain included: solves `A' h = b`.

    `burdens`: (n,) or (n, k), direct burden of each process as written. Returns the same shape, per product unit.
    Raises `NotSolvable`, or `NotProductive` naming a loop that eats more than it gives.
    """
    return solve(system, burdens, "adjoint", bound=False).value


def forward(system: System, demand: Floats) -> Floats:
    """Runs of every process as written for a demand: solves `A s = f`. `demand`: (n,) or (n, k), product units."""
    return solve(system, demand, "forward", bound=False).value


def solve(
    system: System,
    right: Floats,
    direction: Literal["adjoint", "forward"] = "adjoint",
    *,
    bound: bool = True,
    engine: Engine = "auto",
    tolerance: float = TOLERANCE,
    limit: int = LIMIT,
) -> Solution:
    """Solve for a right-hand side (n,) or (n, k): burdens of processes (adjoint) or demand of products (forward)."""
    given = np.asarray(right, dtype=np.float64)
    if given.shape[:1] != (system.size,) or given.ndim > 2:
        raise ValueError(f"{given.shape[:1]} rows given, the system has {system.size}")
    if not np.isfinite(given).all():
        raise NotSolvable("the right-hand side holds a value that is not finite", np.zeros(0, dtype=np.intp))
    if given.size == 0:
        return Solution(given.copy(), 0.0, given.copy(), True, 0, (), "dense")
    columns = given.reshape(system.size, -1)
    back = direction == "forward"
    rows, p = (system.processes[::-1], system.sales) if back else (system.processes, system.purchases)
    by = (system.sign if back else 1.0 / system.output)[rows, None]
    after = (1.0 / system.output if back else system.sign)[rows, None]
    c = np.ascontiguousarray(columns[rows] * by)
    chosen = _choose(system.size, p.index.size * c.shape[1], engine)
    judges = not (system.sound or system.credits or chosen == "dense")  # here, by (I - T) w = 1
    if not (judges or system.sound) and system.loops:
        raise NotProductive(system.loops[0])
    kept: dict[tuple[int, int], Any] = {}
    x, sweeps, direct = _run(p, c, chosen, tolerance, limit, kept)
    doubtful = set(direct)
    if judges:
        w, _, failed = _run(p, np.ones((system.size, 1)), chosen, 1e-6, limit, kept)
        wrong = np.flatnonzero(~(w[:, 0] > 0.0))
        doubtful |= {*failed, *(np.searchsorted(p.block, wrong, side="right") - 1).tolist()}
    for b in sorted(doubtful):
        loop = loop_of(system.purchases, system.processes, p.block.size - 2 - b if back else b)
        if loop is not None:
            raise NotProductive(loop)
    exact = extended(p)
    x2, _, _ = _run(p, residual(exact, c, x), chosen, REFINEMENT, limit, kept)
    x = x + x2
    left, gross = residual(exact, c, x), gross_of(p, c, x)
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = float(np.max(np.where(gross > 0.0, np.abs(left) / gross, 0.0)))
    if not np.isfinite(x).all() or relative > RESIDUAL:
        raise NotSolvable("the technosphere is singular to working precision", np.zeros(0, dtype=np.intp))
    error, proved = np.full_like(x, np.nan), False
    if bound:
        error, proved = _bound(p, left, gross, chosen, limit, system.credits)
    value, away = np.empty_like(x), np.empty_like(x)
    value[rows], away[rows] = x * after, error * np.abs(after)
    members = tuple(np.asarray(rows[p.block[b] : p.block[b + 1]], dtype=np.intp) for b in direct)
    return Solution(
        value.reshape(given.shape),
        relative,
        away.reshape(given.shape),
        proved,
        int(sweeps.max(initial=0)),
        members,
        chosen,
    )


def compiled() -> bool:
    """Whether the compiled loops can be used."""
    return importlib.util.find_spec("numba") is not None


def _choose(n: int, work: int, engine: Engine) -> Engine:
    if engine != "auto":
        return engine
    if n <= DENSE:
        return "dense"
    ready = "tanbiao.numerics.lca.kernels" in sys.modules
    return "compiled" if compiled() and (ready or work > 30_000_000) else "plain"


def _run(
    p: Purchases,
    c: Floats,
    engine: Engine,
    tolerance: float,
    limit: int,
    kept: dict[tuple[int, int], Any] | None = None,
) -> tuple[Floats, NDArray[np.int64], tuple[int, ...]]:
    x = np.zeros_like(c)
    count = p.block.size - 1
    sweeps = np.zeros(count, dtype=np.int64)
    if engine == "dense":
        return _dense(p, c), sweeps, ()
    loop: Any = partial(plain.iterate, kept=kept)
    if engine == "compiled":
        from .kernels import iterate as loop
    direct: list[int] = []
    b = 0
    while b < count:
        with np.errstate(all="ignore"):
            b = loop(p.pointer, p.index, p.amount, p.block, p.group, b, c, x, tolerance, limit, sweeps)
        if b < count:
            _direct(p, c, x, b)
            direct.append(b)
            b += 1
    return x, sweeps, tuple(direct)


def _dense(p: Purchases, c: Floats) -> Floats:
    n = p.pointer.size - 1
    whole = np.eye(n)
    whole[np.repeat(np.arange(n), np.diff(p.pointer)), p.index] -= p.amount
    x = np.zeros_like(c)
    for b in range(p.block.size - 1):
        own = slice(int(p.block[b]), int(p.block[b + 1]))
        rest = c[own] - whole[own, : own.start] @ x[: own.start]
        part = whole[own, own]
        if part.shape[0] == 1:
            x[own] = rest
            continue
        with np.errstate(all="ignore"):
            factors = lu_factor(part, check_finite=False)
            x[own] = lu_solve(factors, rest, check_finite=False)
        if not np.isfinite(x[own]).all():
            raise NotSolvable("a loop has no solution", np.zeros(0, dtype=np.intp))
    return x


def _direct(p: Purchases, c: Floats, x: Floats, b: int) -> None:
    """Solve block b directly, given the blocks before it."""
    rows, outside, inside = plain.split(p.pointer, p.index, p.amount, int(p.block[b]), int(p.block[b + 1]))
    right = c[rows] + outside @ x
    try:
        factors = splu(sparse.csc_array(sparse.eye_array(inside.shape[0]) - inside.T))
    except RuntimeError as error:
        raise NotSolvable("a loop has no solution", np.zeros(0, dtype=np.intp)) from error
    y = factors.solve(right, "T")
    x[rows] = y + factors.solve(right - y + inside @ y, "T")


def extended(p: Purchases) -> Any:
    """T by rows in extended precision, where the machine has it."""
    n = p.pointer.size - 1
    return sparse.csr_array((p.amount.astype(np.longdouble), p.index, p.pointer), shape=(n, n))


def residual(exact: Any, c: Floats, x: Floats) -> Floats:
    """c + T x - x, summed in the precision of `exact` (see `extended`); all (n, k)."""
    long = x.astype(np.longdouble)
    return np.asarray(exact @ long + (c - long), dtype=np.float64)


def gross_of(p: Purchases, c: Floats, x: Floats) -> Floats:
    """|c| + |T| |x| + |x|: the size of the terms that make a residual, (n, k)."""
    n, size = p.pointer.size - 1, np.abs(x)
    return np.asarray(
        sparse.csr_array((np.abs(p.amount), p.index, p.pointer), shape=(n, n)) @ size + np.abs(c) + size
    )


def _bound(
    p: Purchases, left: Floats, gross: Floats, engine: Engine, limit: int, credits: bool
) -> tuple[Floats, bool]:
    """|error| <= (I - |T|)^-1 |residual|, where that inverse is non-negative (Berman and Plemmons 1994, ch. 6).

    The upper bound w is checked: (I - |T|) w >= |residual| componentwise. Where |T| alone is not productive, the
    bound is one more refinement, doubled: an estimate."""
    small = np.abs(left) + EPSILON * gross
    absolute = Purchases(p.pointer, p.index, np.abs(p.amount), p.source, p.block, p.group) if credits else p
    try:
        w, _, _ = _run(absolute, small, engine, 1e-6, limit)
        if np.isfinite(w).all() and (w >= 0.0).all():
            exact = extended(absolute)
            for stretch in (1.0 + 1e-4, 1.5, 4.0):
                over, size = residual(exact, small, w * stretch), gross_of(absolute, small, w * stretch)
                if (over + 4.0 * EPSILON * size <= 0.0).all():
                    return np.asarray(w * stretch), True
    except NotSolvable:
        pass
    try:
        again, _, _ = _run(p, small, engine, 1e-6, limit)
    except NotSolvable:
        return np.full_like(left, np.inf), False
    return np.asarray(2.0 * np.abs(again)), False


def unproductive(matrix: Any) -> NDArray[np.intp]:
    """Processes that keep a technosphere from delivering, loop by loop; empty for a sound one.

    By-products and credits are left out. A diagonal of zero or less is a process that eats its own product: a system
    with treatment processes, whose reference is what they take in, is judged by `compile_system(...).loops`.
    """
    a = sparse.csc_array(matrix, dtype=np.float64)
    bad = np.flatnonzero(a.diagonal() <= 0.0)
    if bad.size:
        return np.asarray(bad, dtype=np.intp)
    return np.array(sorted({k for loop in compile_system(a).loops for k in loop.processes}), dtype=np.intp)


def dependants(system: System, start: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which processes use a marked process at any depth, the marked ones included. `start`: (n,) mask."""
    p = system.sales
    marked = np.flatnonzero(np.asarray(start)[system.processes[::-1]])
    return np.asarray(upstream(p.pointer, p.index, marked)[system.size - 1 - system.position], dtype=np.bool_)


def activities(
    output: Floats,
    link_to: NDArray[np.int64],
    link_from: NDArray[np.int64],
    link_amount: Floats,
    demand: Floats,
) -> Floats:
    """Runs x of a study's own columns with A x = demand, A = diag(output) - links.

    output: product of each column for one run, shape (n,). Link k: column `link_from[k]` takes `link_amount[k]` of the
    product of column `link_to[k]` for one of its runs. demand: shape (n,). Returns shape (n,).
    Raises `NotProductive` naming the loop of columns that needs more of itself than it gives.
    """
    n = len(output)
    links = sparse.csc_array((link_amount, (link_to, link_from)), shape=(n, n))
    own = links.diagonal()
    eats = np.flatnonzero((own > 0.0) & (np.abs(output) <= own))
    if eats.size:
        k = int(eats[0])
        gain = float(own[k] / output[k]) if output[k] else np.inf
        raise NotProductive(Loop((k,), gain, gain))
    return forward(
        compile_system(sparse.csc_array(sparse.diags_array(np.asarray(output, dtype=np.float64)) - links)),
        demand,
    )
