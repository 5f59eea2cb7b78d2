"""Exchanges → arrays: who provides what. Explicit: a link is an id, never a name; nothing unlinked is dropped
silently."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tanbiao.core.errors import Problem
from tanbiao.core.units import UnitError, unit
from tanbiao.numerics import lca
from tanbiao.study.distribution import CODES

from .exchanges import exact
from .model import Library

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Linked:
    """The exchanges of a library as columns; amounts in the provider's unit, per process as written.

    processes, terminals   ids (sorted), the index spaces; terminals are factors and gases
    purchase               inputs from processes: row = provider, column = buyer
    terminal               inputs from factors and emissions of gases: row = terminal, column = process
    reference              reference outputs, row = column = process; `reference.amount` is the diagonal
    cutoff                 exchanges that have no provider, by their number in the order of ids
    """

    processes: tuple[str, ...]
    terminals: tuple[str, ...]
    reference: Triplets
    purchase: Triplets
    terminal: Triplets
    cutoff: Indices

    def certain(self, which: str) -> bool:
        """Whether no amount has another value at that end."""
        return all(np.array_equal(c.values(which, True), c.amount) for c in (self.purchase, self.terminal))

    def technosphere(self, which: str = "amount", judged: bool = True) -> Any:
        """The matrix A (n, n) for `numerics.lca`; `judged=False` leaves judged purchases out."""
        n = len(self.processes)
        c = self.purchase
        own = np.arange(n)
        rows, columns = np.concatenate([own, c.row]), np.concatenate([own, c.column])
        data = np.concatenate([self.reference.amount, -c.values(which, judged)])
        return sparse.coo_array((data, (rows, columns)), shape=(n, n)).tocsc()

    def direct(self, which: str = "amount", judged: bool = True) -> Any:
        """Amounts of factors and gases per process, (terminals, processes), compressed columns."""
        c = self.terminal
        shape = (len(self.terminals), len(self.processes))
        return sparse.coo_array((c.values(which, judged), (c.row, c.column)), shape=shape).tocsc()


@dataclass(frozen=True, eq=False)
class Triplets:
    """Exchanges of one kind as columns (k,).

    amount, low, high             central amount and the amounts at the two ends of the result
    judged                        True where the amount is judged
    kind                          of the distribution, as in `study.distribution.CODES`; 0: none
    spread, least, greatest       of the distribution, nan where it has none; all in the provider's unit but the
                                  spread of a lognormal distribution, which has none
    mark                          `lca.marks` of the id; from `kind` on the arrays are empty where no row of the library
                                  is uncertain
    """

    row: Indices
    column: Indices
    amount: Floats
    low: Floats
    high: Floats
    judged: Flags
    kind: NDArray[np.uint8]
    spread: Floats
    least: Floats
    greatest: Floats
    mark: NDArray[np.uint64]

    def values(self, which: str, judged: bool) -> Floats:
        values: Floats = {"amount": self.amount, "low": self.low, "high": self.high}[which]
        return values if judged else np.where(self.judged, 0.0, values)


def link(library: Library) -> tuple[Linked, list[Problem]]:
    """Resolve every exchange, and collect what cannot be resolved; unresolved exchanges are left out of the
    arrays.

    A cut-off is a record without a provider and enters no array. A gas that is *bought* is no emission: an
    input whose provider is a gas is reported and not characterised.
    """
    return _Linking(library).link()


class _Linking:
    """Rows are numbered in the order of their ids; -1 stands for an id that is not there, -2 for an empty cell."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.processes = tuple(sorted(library.processes))
        self.terminals = tuple(sorted((*library.factors, *library.gases)))
        self.n = len(self.processes)
        self.code = {i: k for k, i in enumerate((*self.processes, *self.terminals))} | {"": -2}
        ids = library.exchanges.column("id")
        self.order = sorted(range(len(ids)), key=ids.__getitem__)
        self.ids = [ids[k] for k in self.order]
        self.problems: list[tuple[int, Problem]] = []
        self.texts: dict[str, list[str]] = {}

    def column(self, name: str) -> list[str]:
        if name not in self.texts:
            texts = self.library.exchanges.column(name)
            self.texts[name] = [texts[k] for k in self.order]
        return self.texts[name]

    @cached_property
    def process(self) -> Indices:
        code = self.code
        found = np.array([code.get(p, -1) for p in self.column("process")], dtype=np.intp)
        return np.where(found < self.n, found, -1)

    @cached_property
    def provider(self) -> Indices:
        code = self.code
        return np.array([code.get(p, -1) for p in self.column("provider")], dtype=np.intp)

    def is_kind(self, kind: str) -> Flags:
        return np.array([k == kind for k in self.column("kind")], dtype=np.bool_)

    def report(self, rows: Flags, code: str, more: Callable[[int], Mapping[str, str]] | None = None) -> None:
        for k in np.flatnonzero(rows).tolist():
            args = {
                "item": self.column("process")[k],
                "exchange": self.ids[k],
                "provider": self.column("provider")[k],
                "flow": self.column("flow")[k],
            }
            args |= more(k) if more is not None else {}
            self.problems.append((k, Problem(code, self.library.exchanges.place(self.order[k]), args)))

    def link(self) -> tuple[Linked, list[Problem]]:
        library, n = self.library, self.n
        cutoff, outputs, emission = (self.is_kind(k) for k in ("cutoff", "reference", "emission"))
        said = np.array([bool(u) for u in self.column("unit")], dtype=np.bool_)
        said |= cutoff  # counted by number, never by amount
        self.report(~said, "library-unit-missing")
        self.report(said & (self.process < 0), "library-process-missing")
        left = said & (self.process >= 0)
        self.report(left & cutoff & (self.provider != -2), "library-cutoff-linked")
        reference = self.references(left & outputs)
        left &= ~(cutoff | outputs)
        gas = np.array([t in library.gases for t in self.terminals] or [False], dtype=np.bool_)
        to_gas = left & (self.provider >= n) & gas[np.maximum(self.provider - n, 0)]
        self.report(to_gas & ~emission, "library-gas-as-input")
        wrong = left & emission & ~to_gas
        self.report(wrong & (self.provider >= 0), "library-emission-provider")
        self.report(wrong & (self.provider < 0), "library-provider-missing")
        left &= ~wrong & (to_gas <= emission)
        self.report(left & (self.provider < 0), "library-provider-missing")
        left &= self.provider >= 0
        units = library.units()
        wanted = [units[i] for i in (*self.processes, *self.terminals)]
        rows, factor = self.converted(left, [wanted[k] if k >= 0 else "" for k in self.provider.tolist()])
        bought = self.provider[rows] < n
        where, at = self.provider[rows], self.process[rows]
        found = Linked(
            self.processes,
            self.terminals,
            reference,
            self.triplets(where[bought], at[bought], rows[bought], factor[bought]),
            self.triplets(where[~bought] - n, at[~bought], rows[~bought], factor[~bought]),
            np.flatnonzero(cutoff),
        )
        late = [p for k, p in self.problems if k == len(self.ids)]
        early = sorted(((k, p) for k, p in self.problems if k < len(self.ids)), key=lambda found: found[0])
        return found, [p for _, p in early] + late

    def references(self, rows: Flags) -> Triplets:
        """The reference output of every process, in their order; 1 where it is missing, which is a problem."""
        foreign = rows & (self.provider != -2) & (self.provider != self.process)
        self.report(foreign, "library-reference-foreign")
        units = self.library.processes.texts("unit")
        wanted = [units[p] for p in self.processes]
        at, factor = self.converted(
            rows & ~foreign, [wanted[k] if k >= 0 else "" for k in self.process.tolist()]
        )
        amounts = [exact(self.column("amount")[k]) or Fraction(0) for k in at.tolist()]
        good: dict[int, int] = {}
        double, wrong = np.zeros(len(self.ids), np.bool_), np.zeros(len(self.ids), np.bool_)
        for position, (k, amount) in enumerate(zip(at.tolist(), amounts, strict=True)):
            process = int(self.process[k])
            if process in good:
                double[k] = True
            elif amount <= 0:
                wrong[k] = True
            else:
                good[process] = position
        self.report(double, "library-reference-double")
        self.report(
            wrong, "library-reference-amount", lambda k: {"amount": str(float(self.column("amount")[k]))}
        )
        for k, p in enumerate(self.processes):
            if k not in good:
                place = self.library.processes[p].place_in
                self.problems.append(
                    (len(self.ids), Problem("library-reference-missing", place, {"item": p}))
                )
        whole = np.array(sorted(good), dtype=np.intp)
        taken = np.array([good[k] for k in whole.tolist()], dtype=np.intp)
        found = self.triplets(whole, whole, at[taken], factor[taken])
        if whole.size == self.n:
            return found
        diagonal, every = np.ones(self.n), np.arange(self.n)
        diagonal[whole] = found.amount
        return replace(found, row=every, column=every, amount=diagonal)

    def converted(self, rows: Flags, wanted: list[str]) -> tuple[Indices, Any]:
        """The rows whose unit converts into the unit wanted, and by what (exact)."""
        known: dict[tuple[str, str], Fraction | None] = {}
        given, at = self.column("unit"), np.flatnonzero(rows)
        factors = []
        for k in at.tolist():
            pair = (given[k], wanted[k])
            if pair not in known:
                known[pair] = _conversion(*pair)
            factors.append(known[pair])
        fits = np.array([f is not None for f in factors], dtype=np.bool_)
        wrong = np.zeros(rows.size, np.bool_)
        wrong[at[~fits]] = True
        self.report(wrong, "library-unit-unfit", lambda k: {"unit": given[k], "wanted": wanted[k]})
        found = np.empty(len(factors), dtype=object)
        found[:] = factors
        return at[fits], found[fits]

    def triplets(self, row: Indices, column: Indices, at: Indices, factor: Any) -> Triplets:
        """Columns of the exchanges `at`; `factor` converts their amounts."""
        plain = np.array([f == 1 for f in factor], dtype=np.bool_)
        rows, factors = at.tolist(), factor.tolist()

        def numbers(name: str, otherwise: str = "", scaled: Flags = plain) -> Floats:
            texts, other = self.column(name), self.column(otherwise or name)
            said = [texts[k] or other[k] or "nan" for k in rows]
            out = np.array([float(t) for t in said], dtype=np.float64)
            for k in np.flatnonzero(~scaled):
                if said[k] != "nan":
                    out[k] = float((exact(said[k]) or Fraction(0)) * factors[k])
            return out

        judged = self.column("amount_kind")
        kinds = {"": 0, **CODES}
        said = self.column("distribution") if self.uncertain else []
        kind = np.array([kinds[said[k]] for k in rows] if said else [], dtype=np.uint8)
        nothing = np.zeros(0)
        lognormal = kind == kinds["lognormal"]
        return Triplets(
            np.asarray(row, dtype=np.intp),
            np.asarray(column, dtype=np.intp),
            numbers("amount"),
            numbers("low", "amount"),
            numbers("high", "amount"),
            np.array([judged[k] == "judged" for k in rows], dtype=np.bool_),
            kind,
            numbers("spread", scaled=plain | lognormal) if said else nothing,
            numbers("least") if said else nothing,
            numbers("greatest") if said else nothing,
            lca.marks([self.ids[k] for k in rows] if said else []),
        )

    @cached_property
    def uncertain(self) -> bool:
        return any(self.library.exchanges.column("distribution"))


def _conversion(given: str, wanted: str) -> Fraction | None:
    """How many `wanted` one `given` is; None where they measure different things or are no units."""
    if given == wanted:
        return Fraction(1)
    try:
        return unit(given).to(unit(wanted))
    except UnitError:
        return None
