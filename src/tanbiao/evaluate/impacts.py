"""Impact categories of a study's own method over the same lines as the footprint: what every line brings, and what of
it is not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.errors import Problem
from ..core.units import ONE, Unit, UnitError, unit
from ..core.value import KNOWN, MISSING, Value
from ..formula import Node
from ..library.intensity import Impacts, Intensity, Taken, Uncounted, direction_of
from ..standards.clause import Clause
from ..standards.resolve import Rulebook
from .ledger import Entry
from .lines import CO2E

if TYPE_CHECKING:
    from .results import Result
    from .run import Evaluation

KEY, INVENTORY = "impact_method", "inventory"
"""What is missing begins with one of these: the method or its category, or the inventory of something taken."""
SHOWN = 6
"""Uncounted flows named in one warning."""


class ImpactColumns:
    """The columns of one evaluation, each made when a formula first asks for it."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.columns: dict[tuple[str, str], Value] = {}
        self.keys: dict[tuple[str, str], str] = {}
        self.asked: dict[str, None] = {}
        """Categories of the method that formulas read."""
        self._taken: list[Taken | None] | None = None

    @property
    def impacts(self) -> Impacts | None:
        return self.evaluation.background.impacts

    def line(self, column: str) -> Value:
        """A column of the lines; that a category rests on them is recorded once, with the category."""
        self.evaluation.stack.append([])
        try:
            return self.evaluation.line_column(column)
        finally:
            self.evaluation.stack.pop()

    def impact(self, word: str, unit_text: str) -> Value:
        """(lines,) in base units of `unit_text`; missing where the method, the category or an inventory is."""
        self.line("id")
        key = (word, unit_text)
        if key not in self.columns:
            self.columns[key] = self._impact(word, unit(unit_text))
            self.keys[key] = self.record(f"impact({word})", word, unit_text, self.columns[key])
        self.evaluation.use(f"impact({word})", self.keys[key])
        return self.columns[key]

    def uncounted(self, word: str) -> Value:
        """(lines,) numbers of flows without a factor where they should have one."""
        self.line("id")
        key = (word, "")
        if key not in self.columns:
            self.columns[key] = self._uncounted(word)
            self.keys[key] = self.record(f"uncounted({word})", word, "", self.columns[key])
        self.evaluation.use(f"uncounted({word})", self.keys[key])
        return self.columns[key]

    def record(self, name: str, word: str, unit_text: str, value: Value) -> str:
        e = self.evaluation
        inputs = [("line", e._line_key)]
        if self.impacts is not None:
            method = Entry("given", KEY, data=self.impacts.digest)
            inputs.append((KEY, e.ledger.add(method, {"method": self.impacts.name})))
        category = self.impacts.category(word) if self.impacts is not None else None
        entry = Entry(
            "impact", name, formula=category or "", inputs=tuple(inputs), unit=unit_text, axes=e.axes
        )
        return e.ledger.add(entry, value)

    # -- the columns ---------------------------------------------------------------------------------------------------

    def _impact(self, word: str, wanted: Unit) -> Value:
        category, why = self.known(word)
        if self.impacts is None or category is None:
            return self.blank(wanted, why)
        try:
            size = float(unit(self.impacts.categories[category]).to(wanted)) * float(wanted.factor)
        except UnitError:
            return self.misfit(word, category, wanted)
        self.asked.setdefault(category)
        found = self.intensities()
        amount = np.asarray(self.line("amount").data, dtype=np.float64)
        per = np.array([0.0 if i is None else i.value.get(category, 0.0) for i in found])
        climate = unit(self.impacts.categories[category]).fits(unit("kgCO2e"))
        gaps = [self.gaps(row, i, climate) for row, i in enumerate(found)]
        base = np.asarray(self.line("impact").state)
        state = np.where((base != KNOWN) | np.array([bool(g) for g in gaps], dtype=bool), MISSING, KNOWN)
        lacking = {g for gap in gaps for g in gap}
        if len(found) and not any(i is not None and category in i.value for i in found) and not lacking:
            return self.blank(wanted, f"{KEY}.categories.{word}: {category} ∌")
        why_all = frozenset(f"{INVENTORY}: {g}" for g in lacking) | self.line("impact").why
        return Value(amount * per * size, state.astype(np.int8), wanted, (), "line", why_all)

    def _uncounted(self, word: str) -> Value:
        category, why = self.known(word)
        if category is None:
            return self.blank(ONE, why)
        self.asked.setdefault(category)
        counts = [0 if i is None else i.missed.get(category, 0) for i in self.intensities()]
        return Value(
            np.array(counts, dtype=np.float64), np.zeros(len(counts), dtype=np.int8), ONE, (), "line"
        )

    def known(self, word: str) -> tuple[str | None, str]:
        """The method's category for a word, or the datum that is missing."""
        if self.impacts is None:
            return None, KEY
        return self.impacts.category(word), f"{KEY}.categories.{word}"

    def blank(self, measured: Unit, why: str) -> Value:
        size = len(self.line("impact").data)
        state = np.full(size, MISSING, dtype=np.int8)
        return Value(np.zeros(size), state, measured, (), "line", frozenset([why]))

    def misfit(self, word: str, category: str, wanted: Unit) -> Value:
        assert self.impacts is not None
        given = self.impacts.categories[category] or "?"
        args = {"category": category, "unit": given, "wanted": wanted.text, "word": word}
        self.evaluation.problems.append(Problem("impact-unit", args=args, level="warning"))
        return self.blank(wanted, f"{KEY}.units.{word}: {given} ≠ {wanted.text}")

    # -- what lines take -----------------------------------------------------------------------------------------------

    def intensities(self) -> list[Intensity | None]:
        """Of every line; None where it takes nothing of the background."""
        taken = self.taken()
        assert self.impacts is not None
        found = self.impacts.of([t for t in taken if t is not None])
        return [None if t is None else found[t] for t in taken]

    def taken(self) -> list[Taken | None]:
        if self._taken is None:
            e = self.evaluation
            column = {n: self.line(n).data for n in ("provider", "direction", "process")}
            process = e.facts.tables["process"]
            home = process.columns.get("place")
            place = dict(zip(process.ids, map(str, home.data), strict=True)) if home is not None else {}
            self._taken = [
                self.one(str(p), str(d), place.get(str(o), ""))
                for p, d, o in zip(column["provider"], column["direction"], column["process"], strict=True)
            ]
        return self._taken

    def one(self, item: str, fact: str, place: str) -> Taken | None:
        provider = self.evaluation.background.providers.get(item)
        if provider is None:
            return None
        direct = provider.kind in ("gas", "flow")
        return Taken(item, direction_of(fact), place) if direct else Taken(item)

    def gaps(self, row: int, found: Intensity | None, climate: bool) -> tuple[str, ...]:
        """What keeps a line from being whole; `climate`: whether the category counts in kg CO2 eq."""
        if found is not None:
            return found.lacking if climate else (*found.lacking, *found.climate_only)
        provider = str(self.line("provider").data[row])
        fact = str(self.line("fact").data[row])
        return (CO2E if provider == CO2E else f"{fact}: provider",)

    def totals(self) -> list[Uncounted]:
        """Uncounted flows of the whole study in the categories asked for, the largest first within a unit."""
        if self.impacts is None or not self.asked:
            return []
        amount = np.asarray(self.line("amount").data, dtype=np.float64)
        account = self.line("account").data
        sums: dict[tuple[str, str, str, str], float] = {}
        said: dict[tuple[str, str, str, str], Uncounted] = {}
        for row, found in enumerate(self.intensities()):
            if found is None or account[row] == "outside":
                continue
            for u in found.uncounted:
                if u.category and u.category not in self.asked:
                    continue
                key = (u.flow, u.direction, u.why, u.category)
                sums[key] = sums.get(key, 0.0) + u.amount * float(amount[row])
                said[key] = u
        totals = [replace(u, amount=sums[k]) for k, u in said.items()]
        return sorted(totals, key=lambda u: (u.category, u.unit, -abs(u.amount), u.flow))

    def assumed(self) -> list[dict[str, str]]:
        """Factors that state no unit, and the unit of the flow per which they were taken."""
        if self.impacts is None or not self.asked:
            return []
        found = {x for i in self.intensities() if i is not None for x in i.assumed if x.method in self.asked}
        return [
            {"category": x.method, "flow": x.flow, "unit": x.unit}
            for x in sorted(found, key=lambda x: (x.method, x.flow))
        ]

    def problems(self) -> list[Problem]:
        """Flows that count nowhere are told of with their amounts, whatever the pack checks."""
        flows = self.totals()
        if not flows:
            return []
        shown = "; ".join(amount_text(u) for u in flows[:SHOWN])
        args = {"count": str(len(flows)), "flows": shown}
        return [Problem("impact-uncounted", args=args, level="warning")]

    def fallbacks(self) -> list[dict[str, str]]:
        """Places without a factor of their own, and the place whose factor served."""
        if self.impacts is None or not self.asked:
            return []
        found = {
            f for i in self.intensities() if i is not None for f in i.fallbacks if f.method in self.asked
        }
        return [
            {"category": f.method, "flow": f.flow, "asked": f.asked, "used": f.used}
            for f in sorted(found, key=lambda f: (f.method, f.flow, f.asked))
        ]


def amount_text(u: Uncounted) -> str:
    """Name in both languages and amount; the category where another one knows the flow."""
    name = " / ".join(dict.fromkeys(t for t in (u.name.zh, u.name.en) if t)) or u.flow
    return f"{name} {u.amount:.3g} {u.unit}" + (f" ({u.category})" if u.category else "")


def uncounted_texts(clause: Clause, evaluation: Evaluation) -> tuple[str, ...]:
    """For a check that reads `uncounted`: the flows with their amounts."""
    if not any("uncounted" in _functions(node) for node in clause.formulas()):
        return ()
    return tuple(amount_text(u) for u in evaluation.impact_columns.totals())


def _functions(node: Node) -> set[str]:
    found = {node.op} if node.kind == "call" else set()
    return found.union(*(_functions(child) for child in node.children))


def category_of(clause: Clause | None) -> tuple[str, str] | None:
    """The one category (word, unit) whose lines a quantity sums, None where it is none or several."""
    if clause is None or clause.formula is None:
        return None
    found = set(_calls(clause.formula))
    return next(iter(found)) if len(found) == 1 else None


def _calls(node: Node) -> Iterator[tuple[str, str]]:
    if node.kind == "call" and node.op == "impact":
        yield str(node.children[0].value.data), str(node.children[1].value.data)
    for child in node.children:
        yield from _calls(child)


def impacts_data(impacts: Impacts, results: Sequence[Result]) -> dict[str, Any]:
    """For files: the method, the categories that packs asked for, what counted nowhere, and which places stood in."""
    asked = {c: None for r in results for c in asked_of(r.evaluation)}
    by_pack = {r.rulebook.pack.version: r.evaluation.impact_columns for r in results}
    return {
        "name": impacts.name,
        "digest": impacts.digest,
        "recomputed": not impacts.stored,
        "categories": [{"category": c, "unit": impacts.categories[c]} for c in sorted(asked)],
        "uncounted": [{"pack": p, **u.data()} for p, i in by_pack.items() if i.asked for u in i.totals()],
        "fallbacks": [{"pack": p, **f} for p, i in by_pack.items() for f in i.fallbacks()],
        "assumed_units": [{"pack": p, **a} for p, i in by_pack.items() for a in i.assumed()],
    }


def words_of(rulebook: Rulebook) -> dict[str, str]:
    """The categories that a rulebook asks for, in its own words, with their units."""
    return dict(call for c in rulebook.clauses.values() for node in c.formulas() for call in _calls(node))


def asked_of(evaluation: Evaluation) -> dict[str, None]:
    """Categories read under any option that was tried."""
    found = dict(evaluation.impact_columns.asked)
    for other in evaluation.others.values():
        found |= asked_of(other)
    return found


__all__ = ["ImpactColumns", "asked_of", "category_of", "impacts_data", "uncounted_texts", "words_of"]
