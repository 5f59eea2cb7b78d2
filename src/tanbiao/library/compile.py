"""Library + GWP set → what one unit of every item carries, by position, with bounds and what they rest on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tanbiao.core.cache import Cache, machine
from tanbiao.core.errors import Place, TanbiaoError, raise_errors, refuse
from tanbiao.numerics import lca

from .link import Linked, Triplets, link
from .model import GWP_SETS, POSITIONS, Factor, Library

Floats = NDArray[np.float64]
Origin = Literal["solved", "published", "judged", "exact"]

JUDGED_FACTOR_HALF_WIDTH = Fraction(15, 100)
"""Half-width, as a share of the value, of the *judged* bound of a factor whose publisher gives no
uncertainty.

It serves only where a study uses such a factor directly, and travels as `judged`: it may be shown as a
judgement, it may not feed a rating, a label or an export. Inside the linked core such a factor has no
interval. Own judgement (`DEFAULT` in the starter's packs.py); no source."""

CACHED = 2_000
"""Smaller libraries are solved faster than they are read."""

SPLIT_TOLERANCE = Fraction(1, 100)
"""Parts of a factor may miss its total by this share, since sources round them separately."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lower and upper total in kgCO2e per unit, and what they rest on: `solved` (every interval of every
    amount and published factor upstream at its end at once), `published`, `judged`, or `exact` (a GWP)."""

    low: float
    high: float
    origin: Origin


@dataclass(frozen=True, eq=False)
class Compiled:
    """One unit of every item of a library under one GWP set. Rows of all arrays follow `ids`.

    values             (k, 9) kgCO2e per unit, columns as POSITIONS, central values
    low, high          (k,) kgCO2e per unit: all intervals at their end at once; outer bounds, not a
                       confidence interval
    origin             what the bounds of each row rest on, see `Bounds`
    judged_share       (k,) share of the total that vanishes when every judged amount, at any depth, is set to
                       zero
    unconverted_share  (k,) share of the total that comes from totals in another, mixed or unstated GWP set,
                       which a switch of the set could not convert
    coverage           named | derived | proxy for processes, named for factors, direct for gases
    missing            ids whose value is not known under this set (a gas without GWP upstream), with the
                       reason; their rows hold nan

    A share is nan where the total is zero while its part is not; with credits it may leave 0..1.
    """

    gwp_set: str
    library: str
    digest: str
    ids: tuple[str, ...]
    index: Mapping[str, int]
    units: tuple[str, ...]
    coverage: tuple[str, ...]
    values: Floats
    low: Floats
    high: Floats
    origin: tuple[Origin, ...]
    judged_share: Floats
    unconverted_share: Floats
    missing: Mapping[str, str]
    linked: Linked
    system: lca.System
    direct: Any
    """(terminals, processes) central amounts of factors and gases per process as written."""


def compile_library(
    library: Library,
    gwp_set: str,
    *,
    published_intervals: bool = True,
    cache: Cache | None = None,
) -> Compiled:
    """Solve the linked core under `gwp_set` (one of `GWP_SETS`).

    `published_intervals=False` leaves the publishers' uncertainties of factors aside, in the linked core and for
    factors used directly (the starter's tools do so, and give every such factor the judged half-width). Raises
    `TanbiaoError` with every problem that keeps the library from being
    solved: unresolved links, units that do not fit, processes without reference output, a system that is not
    solvable.

    cache: where the solution of a library of `CACHED` processes or more is kept under its digest; never given where a
    result is verified.
    """
    if gwp_set not in GWP_SETS:
        raise refuse("library-gwp-set", gwp_set=gwp_set, sets=", ".join(GWP_SETS))
    kept = _Kept(library, gwp_set, published_intervals, cache)
    linked = kept.linked()
    if linked is None:
        linked, problems = link(library)
        raise_errors(problems)
    direct = linked.direct()

    known = np.array([_known(library, t, gwp_set) for t in linked.terminals], dtype=bool)
    terminal = np.array([_terminal(library, t, gwp_set) for t in linked.terminals])
    terminal = terminal.reshape(len(linked.terminals), len(POSITIONS))
    t_total = terminal.sum(axis=1)
    lump = np.array([_lump(library, t, gwp_set) for t in linked.terminals], dtype=bool)

    def solutions() -> tuple[lca.System, Floats]:
        """Columns: the positions, the lump, the low and the high end, without judged amounts."""
        found = _system(linked, linked.technosphere(), library)
        burdens = direct.T @ np.column_stack([terminal, np.where(lump, t_total, 0.0), t_total])
        solved = _adjoint(linked, found, burdens, library)
        columns, whole = [solved[:, :-1]], solved[:, -1:]
        for which in ("low", "high"):
            at_end = [_end(library, t, v, which) for t, v in zip(linked.terminals, t_total, strict=True)]
            end = np.array(at_end) if published_intervals else t_total
            same = linked.certain(which) and np.array_equal(end, t_total)
            columns.append(whole if same else _totals(linked, library, which, end)[:, None])
        same = not (linked.purchase.judged.any() or linked.terminal.judged.any())
        columns.append(whole if same else _totals(linked, library, "amount", t_total, judged=False)[:, None])
        return found, np.hstack(columns)

    system, solved = kept.solved(linked, solutions)
    values, unconverted = solved[:, : len(POSITIONS)], solved[:, len(POSITIONS)]
    ends, unjudged = (solved[:, -3], solved[:, -2]), solved[:, -1]
    central = values.sum(axis=1)

    unknown_direct = (abs(direct) > 0).T @ (~known).astype(float) > 0
    unknown = lca.dependants(system, unknown_direct)
    values = np.where(unknown[:, None], np.nan, values)
    t_values = np.where(known[:, None], terminal, np.nan)

    ids = (*linked.processes, *linked.terminals)
    units = library.units()
    coverage = dict.fromkeys(library.gases, "direct") | dict.fromkeys(library.factors, "named")
    coverage |= library.processes.texts("coverage")
    solved_bounds: list[Origin] = ["solved"] * len(linked.processes)
    t_bounds = [
        _bounds(library, t, v, published_intervals)
        for t, v in zip(linked.terminals, t_values.sum(axis=1), strict=True)
    ]
    p_low, p_high = np.minimum(*ends), np.maximum(*ends)
    hidden = np.where(unknown, np.nan, 0.0)
    return Compiled(
        gwp_set=gwp_set,
        library=f"{library.id}@{library.version}",
        digest=library.digest,
        ids=ids,
        index=MappingProxyType({i: k for k, i in enumerate(ids)}),
        units=tuple(units[i] for i in ids),
        coverage=tuple(coverage[i] for i in ids),
        values=np.vstack([values, t_values]),
        low=np.concatenate([p_low + hidden, [b.low for b in t_bounds]]),
        high=np.concatenate([p_high + hidden, [b.high for b in t_bounds]]),
        origin=(*solved_bounds, *(b.origin for b in t_bounds)),
        judged_share=np.concatenate([_share(central - unjudged, central) + hidden, np.zeros(len(t_total))]),
        unconverted_share=np.concatenate([_share(unconverted, central) + hidden, lump.astype(float)]),
        missing=_missing(linked, known, unknown),
        linked=linked,
        system=system,
        direct=direct,
    )


class _Kept:
    """The links and the solution of a library, from the cache where they are there and fit."""

    def __init__(self, library: Library, method: str, published: bool, cache: Cache | None) -> None:
        self.cache = cache if len(library.processes) >= CACHED else None
        self.library = library
        self.key = {
            "layout": "3",
            "library": library.digest,
            "method": method,
            "published": str(published),
            "numerics": lca.SIGNATURE,
            "dtype": np.dtype(np.float64).str,
            "platform": machine(),
        }
        self.found = self.cache.get(self.key) if self.cache is not None else None
        shape = (len(library.processes), len(POSITIONS) + 4)
        if self.found is not None and self.found.get("solved", np.zeros(0)).shape != shape:
            self.found = None

    def linked(self) -> Linked | None:
        """The links, which were found without a problem when they were kept."""
        if self.found is None:
            return None
        a = self.found
        reference, purchase, terminal = (
            Triplets(**{n: np.asarray(a[f"{part}.{n}"]) for n in _COLUMNS})
            for part in ("reference", "purchase", "terminal")
        )
        return Linked(
            tuple(sorted(self.library.processes)),
            tuple(sorted((*self.library.factors, *self.library.gases))),
            reference,
            purchase,
            terminal,
            np.asarray(a["cutoff"]),
        )

    def solved(
        self, linked: Linked, make: Callable[[], tuple[lca.System, Floats]]
    ) -> tuple[lca.System, Floats]:
        if self.found is not None:
            return lca.system_of_arrays(self.found), np.asarray(self.found["solved"])
        system, solved = make()
        if self.cache is not None:
            columns = {
                f"{name}.{n}": getattr(getattr(linked, name), n)
                for n in _COLUMNS
                for name in ("reference", "purchase", "terminal")
            }
            self.cache.put(
                self.key, {**lca.arrays_of(system), **columns, "cutoff": linked.cutoff, "solved": solved}
            )
        return system, solved


_COLUMNS = tuple(f.name for f in fields(Triplets))


def vector(compiled: Compiled, item: str) -> Floats:
    """kgCO2e per unit of `item`, by position (9,). Refuses an unknown id or one whose value is missing."""
    _must_be_known(compiled, item)
    return np.array(compiled.values[compiled.index[item]])


def total(compiled: Compiled, item: str) -> float:
    """kgCO2e per unit of `item`, all positions."""
    return float(vector(compiled, item).sum())


def bounds(compiled: Compiled, item: str) -> Bounds:
    """Bounds of one unit of `item` used directly."""
    _must_be_known(compiled, item)
    k = compiled.index[item]
    return Bounds(float(compiled.low[k]), float(compiled.high[k]), compiled.origin[k])


def _must_be_known(compiled: Compiled, item: str) -> None:
    if item not in compiled.index:
        raise refuse("library-item-unknown", Place(compiled.library), item=item)
    if item in compiled.missing:
        raise refuse(
            "library-gwp-missing",
            Place(compiled.library),
            item=item,
            gas=compiled.missing[item],
            gwp_set=compiled.gwp_set,
        )


def positions_of(factor: Factor) -> tuple[Fraction, ...]:
    """A factor's value by position, exact, in kgCO2e per unit; the sum is always its published total.

    fossil → A, biogenic (the non-CO2 part, since biogenic CO2 stands outside the total) → C, land_use → E,
    aircraft → H. Parts are scaled to the total within SPLIT_TOLERANCE; without a split, or with one that
    misses the total by more, everything goes to `unsplit`.
    """
    parts = {"A": factor.fossil, "C": factor.biogenic, "E": factor.land_use, "H": factor.aircraft}
    given = {p: v for p, v in parts.items() if v is not None}
    whole = sum(given.values(), Fraction(0))
    if not given or whole == 0 or abs(whole - factor.value) > SPLIT_TOLERANCE * abs(factor.value):
        if factor.gas_basis == "CO2":
            return tuple(factor.value if p == "A" else Fraction(0) for p in POSITIONS)
        return tuple(factor.value if p == "unsplit" else Fraction(0) for p in POSITIONS)
    return tuple(given.get(p, Fraction(0)) * factor.value / whole for p in POSITIONS)


def _terminal(library: Library, item: str, gwp_set: str) -> list[float]:
    if item in library.factors:
        return [float(v) for v in positions_of(library.factors[item])]
    gas = library.gases[item]
    return [float(gas.gwp(gwp_set) or 0) if p == gas.position else 0.0 for p in POSITIONS]


def _known(library: Library, item: str, gwp_set: str) -> bool:
    return item in library.factors or library.gases[item].gwp(gwp_set) is not None


def _lump(library: Library, item: str, gwp_set: str) -> bool:
    """Whether a GWP switch cannot convert the item: a CO2e total in another, mixed or unstated set."""
    if item in library.factors:
        factor = library.factors[item]
        return factor.gas_basis != "CO2" and factor.gwp_set != gwp_set
    return library.gases[item].position == "unsplit"


def _end(library: Library, item: str, value: float, which: str) -> float:
    factor = library.factors.get(item)
    end = (factor.low if which == "low" else factor.high) if factor else None
    return value if end is None else float(end)


def _bounds(library: Library, item: str, value: float, published: bool) -> Bounds:
    factor = library.factors.get(item)
    if factor is None:
        return Bounds(value, value, "exact")
    if published and factor.low is not None and factor.high is not None:
        return Bounds(float(factor.low), float(factor.high), "published")
    half = float(JUDGED_FACTOR_HALF_WIDTH) * abs(value)
    return Bounds(value - half, value + half, "judged")


def _system(linked: Linked, matrix: Any, library: Library) -> lca.System:
    try:
        return lca.compile_system(matrix)
    except lca.NotSolvable as error:
        raise _not_solvable(linked, library, error) from error


def _adjoint(linked: Linked, system: lca.System, burdens: Floats, library: Library) -> Floats:
    try:
        return lca.adjoint(system, burdens)
    except lca.NotSolvable as error:
        raise _not_solvable(linked, library, error) from error


def _not_solvable(linked: Linked, library: Library, error: lca.NotSolvable) -> TanbiaoError:
    if isinstance(error, lca.NotProductive):
        loop = error.loop.named(lambda k: linked.processes[k])
        return refuse("library-loop", Place(library.id), loop=loop)
    names = ", ".join(linked.processes[k] for k in error.columns[:8])
    return refuse("library-not-solvable", Place(library.id), items=names or "?", detail=str(error))


def _totals(linked: Linked, library: Library, which: str, terminal: Floats, judged: bool = True) -> Floats:
    system = _system(linked, linked.technosphere(which, judged), library)
    return _adjoint(linked, system, np.asarray(linked.direct(which, judged).T @ terminal), library)


def _share(part: Floats, whole: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole != 0.0, part / whole, np.where(part == 0.0, 0.0, np.nan))


def _missing(linked: Linked, known: NDArray[np.bool_], unknown: NDArray[np.bool_]) -> Mapping[str, str]:
    gases = [t for t, k in zip(linked.terminals, known, strict=True) if not k]
    used = {linked.terminals[t] for t in np.unique(linked.terminal.row)}
    through = ", ".join(g for g in gases if g in used)
    out = {g: g for g in gases}
    out.update({p: through for p, u in zip(linked.processes, unknown, strict=True) if u})
    return MappingProxyType(out)
