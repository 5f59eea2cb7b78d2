"""Exchanges → arrays: who provides what. Explicit: a link is an id, never a name; nothing unlinked is dropped
silently."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tanbiao.core.errors import Problem
from tanbiao.core.units import UnitError, unit

from .model import Exchange, Library

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Linked:
    """The exchanges of a library as columns; amounts in the provider's unit, per process as written.

    processes, terminals   ids (sorted), the index spaces; terminals are factors and gases
    purchase_*             inputs from processes: row = provider, column = buyer
    terminal_*             inputs from factors and emissions of gases: row = terminal, column = process
    amount, low, high      (k,) central amount and the amounts at the two ends of the result
    judged                 (k,) True where the amount is judged
    reference              (n,) reference amount of each process
    """

    processes: tuple[str, ...]
    terminals: tuple[str, ...]
    reference: Floats
    purchase: Columns
    terminal: Columns

    def technosphere(self, which: str = "amount", judged: bool = True) -> Any:
        """The matrix A (n, n) for `numerics.lca`; `judged=False` leaves judged purchases out."""
        n = len(self.processes)
        c = self.purchase
        amounts = c.values(which, judged)
        own = np.arange(n)
        rows, columns = np.concatenate([own, c.row]), np.concatenate([own, c.column])
        data = np.concatenate([self.reference, -amounts])
        return sparse.coo_array((data, (rows, columns)), shape=(n, n)).tocsc()

    def direct(self, which: str = "amount", judged: bool = True) -> Any:
        """Amounts of factors and gases per process, (terminals, processes), compressed columns."""
        c = self.terminal
        shape = (len(self.terminals), len(self.processes))
        return sparse.coo_array((c.values(which, judged), (c.row, c.column)), shape=shape).tocsc()


@dataclass(frozen=True, eq=False)
class Columns:
    """Triplets of one kind of exchange."""

    row: Indices
    column: Indices
    amount: Floats
    low: Floats
    high: Floats
    judged: NDArray[np.bool_]

    def values(self, which: str, judged: bool) -> Floats:
        values: Floats = {"amount": self.amount, "low": self.low, "high": self.high}[which]
        return values if judged else np.where(self.judged, 0.0, values)


def link(library: Library) -> tuple[Linked, list[Problem]]:
    """Resolve every exchange, and collect what cannot be resolved; unresolved exchanges are left out of the
    arrays.

    A cut-off is a record without a provider and enters no array. A gas that is *bought* is no emission: an
    input whose provider is a gas is reported and not characterised.
    """
    problems: list[Problem] = []
    processes = tuple(sorted(library.processes))
    terminals = tuple(sorted((*library.factors, *library.gases)))
    items = library.items
    process_at = {p: i for i, p in enumerate(processes)}
    terminal_at = {t: i for i, t in enumerate(terminals)}
    reference: dict[str, Fraction] = {}
    purchases: list[tuple[int, int, Exchange, Fraction]] = []
    direct: list[tuple[int, int, Exchange, Fraction]] = []
    for x in sorted(library.exchanges, key=lambda x: x.id):
        args = {"item": x.process, "exchange": x.id, "provider": x.provider, "flow": x.flow}

        def report(code: str, x: Exchange = x, args: dict[str, str] = args, **more: str) -> None:
            problems.append(Problem(code, x.place_in, {**args, **more}))

        if not x.unit:
            report("library-unit-missing")
            continue
        if x.process not in process_at:
            report("library-process-missing")
            continue
        column = process_at[x.process]
        if x.kind == "cutoff":
            if x.provider:
                report("library-cutoff-linked")
            continue
        if x.kind == "reference":
            own = library.processes[x.process]
            if x.provider not in ("", x.process):
                report("library-reference-foreign")
            elif (factor := _conversion(x.unit, own.unit)) is None:
                report("library-unit-unfit", unit=x.unit, wanted=own.unit)
            elif x.process in reference:
                report("library-reference-double")
            elif x.amount <= 0:
                report("library-reference-amount", amount=str(float(x.amount)))
            else:
                reference[x.process] = x.amount * factor
            continue
        if x.provider in library.gases:
            if x.kind == "input":
                report("library-gas-as-input")
            elif (factor := _conversion(x.unit, "kg")) is None:
                report("library-unit-unfit", unit=x.unit, wanted="kg")
            else:
                direct.append((terminal_at[x.provider], column, x, factor))
            continue
        if x.kind == "emission":
            report("library-emission-provider" if x.provider in items else "library-provider-missing")
            continue
        provider = items.get(x.provider)
        if provider is None:
            report("library-provider-missing")
        elif (factor := _conversion(x.unit, provider.unit)) is None:
            report("library-unit-unfit", unit=x.unit, wanted=provider.unit)
        elif x.provider in process_at:
            purchases.append((process_at[x.provider], column, x, factor))
        else:
            direct.append((terminal_at[x.provider], column, x, factor))
    for p in processes:
        if p not in reference:
            place = library.processes[p].place_in
            problems.append(Problem("library-reference-missing", place, {"item": p}))
    amounts = np.array([float(reference.get(p, Fraction(1))) for p in processes], dtype=np.float64)
    return Linked(processes, terminals, amounts, _columns(purchases), _columns(direct)), problems


def _conversion(given: str, wanted: str) -> Fraction | None:
    """How many `wanted` one `given` is; None where they measure different things or are no units."""
    if given == wanted:
        return Fraction(1)
    try:
        return unit(given).to(unit(wanted))
    except UnitError:
        return None


def _columns(rows: list[tuple[int, int, Exchange, Fraction]]) -> Columns:
    def floats(values: list[Fraction]) -> Floats:
        return np.array([float(v) for v in values], dtype=np.float64)

    return Columns(
        row=np.array([r for r, _, _, _ in rows], dtype=np.intp),
        column=np.array([c for _, c, _, _ in rows], dtype=np.intp),
        amount=floats([x.amount * f for _, _, x, f in rows]),
        low=floats([(x.amount if x.low is None else x.low) * f for _, _, x, f in rows]),
        high=floats([(x.amount if x.high is None else x.high) * f for _, _, x, f in rows]),
        judged=np.array([x.amount_kind == "judged" for _, _, x, _ in rows], dtype=np.bool_),
    )
