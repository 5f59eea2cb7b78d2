"""What one unit of anything that a study takes brings under an impact method: a process with its whole supply chain, a
gas or an elementary flow that the study gives or takes itself. What is not known stands beside the numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanbiao.core.text import Text
from tanbiao.numerics import lca

from .elementary import Elementary
from .impacts import Assessed, Carried, cut_off, terminal_carried
from .methods import Assumed, Fallback, Missing, Places, Substance, Why, characterise
from .model import DIRECTIONS, Library

Floats = NDArray[np.float64]
LISTED = 5
"""Items named of those upstream that have no inventory."""


@dataclass(frozen=True, slots=True, order=True)
class Taken:
    """What a line takes: an item of the background, or an elementary flow in a direction (output, input) at a place;
    direction and place are empty for items with a supply chain."""

    item: str
    direction: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A flow behind one unit that has no factor where it should: `amount` in `unit`; category "": none of the method's
    categories knows it."""

    flow: str
    name: Text
    compartment: str
    direction: str
    unit: str
    amount: float
    why: Why
    category: str

    def data(self) -> dict[str, Any]:
        return {
            "flow": self.flow,
            "name": self.name.data(),
            "compartment": self.compartment,
            "direction": self.direction,
            "amount": self.amount,
            "unit": self.unit,
            "why": self.why,
            "category": self.category,
        }


@dataclass(frozen=True, slots=True)
class Intensity:
    """One unit of what is taken. value: by category, in the unit of the category; a category that no flow reaches is
    absent. missed: by category, how many flows have no factor where they should. lacking: what has no inventory at all,
    so that every category is a part; climate_only: processes whose library holds climate data alone, so that only
    categories in kg CO2 eq are whole. uncounted: the flows that are missed, with their amounts; they, the
    fallbacks and the factors of assumed units stay out of bundles."""

    value: Mapping[str, float]
    missed: Mapping[str, int] = field(default_factory=dict)
    lacking: tuple[str, ...] = ()
    climate_only: tuple[str, ...] = ()
    uncounted: tuple[Uncounted, ...] = ()
    fallbacks: tuple[Fallback, ...] = ()
    assumed: tuple[Assumed, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowSaid:
    """An elementary flow that a study may give or take itself."""

    name: Text
    unit: str
    compartment: str = ""


@dataclass(frozen=True, eq=False)
class Impacts:
    """A study's impact method over its libraries. categories: category → unit, as the study states it, else as the
    method does; named: categories by the words of packs; flows: elementary flows by id; digest: of the method, what the
    study says of it, and the libraries' elementary flows."""

    name: str
    digest: str
    categories: Mapping[str, str]
    named: Mapping[str, str]
    flows: Mapping[str, FlowSaid]
    of: Callable[[Sequence[Taken]], Mapping[Taken, Intensity]]
    stored: bool = False
    """Whether the intensities were read from a bundle, where neither method nor elementary flows travel."""

    def category(self, word: str) -> str | None:
        """The method's category for a pack's word: as the study says, else the one of that name."""
        if word in self.named:
            return self.named[word]
        return next((c for c in self.categories if c.casefold() == word.casefold()), None)


@dataclass(eq=False)
class Intensities:
    """Intensities out of libraries whose every exchange with nature is characterised. inventoried: processes of
    libraries that hold elementary flows; mapping and places as for `characterise`."""

    library: Library
    assessed: Assessed
    inventoried: frozenset[str]
    elementary: Elementary
    names: Mapping[str, Sequence[str]]
    places: Places
    mapping: Mapping[str, tuple[str, float]] | None
    found: dict[Taken, Intensity] = field(default_factory=dict)
    """What was worked out already."""

    def __call__(self, taken: Sequence[Taken]) -> Mapping[Taken, Intensity]:
        new = [t for t in dict.fromkeys(taken) if t not in self.found]
        direct = [t for t in new if t.item in self.library.gases or t.item in self.flows]
        self.found |= self.of_flows(direct)
        self.found |= {t: self.of_item(t.item) for t in new if t not in self.found}
        return {t: self.found[t] for t in taken}

    @cached_property
    def flows(self) -> Mapping[str, Carried]:
        return {
            f.id: Carried(
                Substance(f.id, tuple(dict.fromkeys((f.name_en, f.name_zh))), f.compartment, f.unit),
                "flow",
                "",
                f.name_en,
                f.name_zh,
            )
            for f in self.elementary.flows
        }

    # -- what the study gives and takes itself -------------------------------------------------------------------------

    def of_flows(self, taken: Sequence[Taken]) -> dict[Taken, Intensity]:
        if not taken:
            return {}
        carried = [
            self.flows[t.item]
            if t.item in self.flows
            else terminal_carried(self.library, t.item, self.names.get(t.item, ()))
            for t in taken
        ]
        directions = [c.direction or t.direction for c, t in zip(carried, taken, strict=True)]
        methods = self.assessed.methods
        one = characterise(
            methods,
            [c.substance for c in carried],
            [t.place for t in taken],
            directions,
            self.places,
            self.mapping,
        )
        found: dict[Taken, Intensity] = {}
        for k, (t, c, direction) in enumerate(zip(taken, carried, directions, strict=True)):
            value = {m.name: float(one.factor[k, n]) for n, m in enumerate(methods) if one.known[k, n]}
            missed = [
                _uncounted(m, c, direction, 1.0)
                for m in one.missing
                if (m.flow, m.direction) == (c.substance.id, direction) and m.method not in value
            ]
            fallbacks = tuple(f for f in one.fallbacks if (f.flow, f.asked) == (c.substance.id, t.place))
            assumed = tuple(x for x in one.assumed if x.flow == c.substance.id)
            found[t] = _intensity(self.assessed, value, missed, fallbacks=fallbacks, assumed=assumed)
        return found

    # -- what has a supply chain ---------------------------------------------------------------------------------------

    def of_item(self, item: str) -> Intensity:
        a = self.assessed
        linked = a.compiled.linked
        if item not in self.library.processes:
            return Intensity({}, lacking=(item,))
        demand = np.zeros(a.compiled.system.size)
        demand[a.compiled.index[item]] = 1.0
        runs = lca.forward(a.compiled.system, demand)
        used = (runs[a.entries.process] * a.entries.amount) != 0.0
        reached = (a.known & used[:, None]).any(axis=0)
        value = self.totals.T @ runs
        amount = lca.by_label(a.entries.amount * runs[a.entries.process], a.entries.what, len(self.carried))
        lacking = [
            c.substance.id for c, v in zip(self.carried, amount, strict=True) if v and c.kind == "total"
        ]
        lacking += [f"{linked.processes[k]}: {flow}" for k, flow, _, _ in self.cut_off if runs[k]]
        bare = [linked.processes[k] for k in np.flatnonzero((runs != 0.0) & self.climate_only).tolist()]
        return _intensity(
            a,
            {m.name: float(value[k]) for k, m in enumerate(a.methods) if reached[k]},
            self.uncounted(amount),
            _some(item, lacking),
            _some(item, bare),
            self.fallbacks(used),
            self.assumed(amount),
        )

    @cached_property
    def carried(self) -> tuple[Carried, ...]:
        return self.assessed.entries.carried

    @cached_property
    def totals(self) -> Floats:
        return np.asarray(self.assessed.burdens.totals(self.assessed.compiled.system.size))

    @cached_property
    def cut_off(self) -> list[tuple[int, str, str, float]]:
        return cut_off(self.library, self.assessed.compiled)

    @cached_property
    def climate_only(self) -> NDArray[np.bool_]:
        """(processes,) those that give or take something themselves, in a library without elementary flows."""
        linked = self.assessed.compiled.linked
        out = np.zeros(len(linked.processes), np.bool_)
        out[linked.terminal.column] = True
        return out & np.array([p not in self.inventoried for p in linked.processes], np.bool_)

    def uncounted(self, amount: Floats) -> list[Uncounted]:
        at = {(c.substance.id, c.direction): k for k, c in enumerate(self.carried) if c.kind != "total"}
        known = [(m, at[m.flow, m.direction]) for m in self.assessed.missing if (m.flow, m.direction) in at]
        return [
            _uncounted(m, self.carried[k], m.direction, float(amount[k]))
            for m, k in known
            if amount[k] != 0.0
        ]

    def assumed(self, amount: Floats) -> tuple[Assumed, ...]:
        flows = {c.substance.id for c, v in zip(self.carried, amount, strict=True) if v}
        return tuple(x for x in self.assessed.assumed if x.flow in flows)

    def fallbacks(self, used: NDArray[np.bool_]) -> tuple[Fallback, ...]:
        e = self.assessed.entries
        if not self.assessed.fallbacks:
            return ()
        pairs = {
            (e.carried[w].substance.id, e.places[p])
            for w, p in np.unique(np.column_stack([e.what[used], e.place[used]]), axis=0).tolist()
        }
        return tuple(f for f in self.assessed.fallbacks if (f.flow, f.asked) in pairs)


def _intensity(
    a: Assessed,
    value: Mapping[str, float],
    missed: Sequence[Uncounted],
    lacking: tuple[str, ...] = (),
    climate_only: tuple[str, ...] = (),
    fallbacks: tuple[Fallback, ...] = (),
    assumed: tuple[Assumed, ...] = (),
) -> Intensity:
    counts = {m.name: sum(u.category in ("", m.name) for u in missed) for m in a.methods}
    return Intensity(value, counts, lacking, climate_only, tuple(missed), fallbacks, assumed)


def _uncounted(m: Missing, c: Carried, direction: str, amount: float) -> Uncounted:
    s = c.substance
    return Uncounted(
        s.id, Text(c.name_zh, c.name_en), s.compartment, direction, s.unit, amount, m.why, m.method
    )


def _some(item: str, found: Sequence[str]) -> tuple[str, ...]:
    """The first few, each with what it lies behind."""
    more = (f"{item} ← +{len(found) - LISTED}",) if len(found) > LISTED else ()
    return (*(item if f == item else f"{item} ← {f}" for f in found[:LISTED]), *more)


def direction_of(fact: str) -> str:
    """The direction of an elementary flow that a row of facts gives or takes."""
    return DIRECTIONS[1] if fact == "resource" else DIRECTIONS[0]
