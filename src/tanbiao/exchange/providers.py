"""Who provides what: the rules in their order, each only where exactly one provider with a fitting unit is left."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from .candidates import Named
from .draft import CUTOFF, Made, Pending, Record, Unlinked
from .elementary import plain
from .known_flows import KnownFlows
from .mapping import Rules
from .model import Flow, Result
from .units import factor_between, ours


def synonyms(flow: Flow) -> list[str]:
    """The other names of a flow, plain, in the order of the source."""
    return [plain(t) for text in flow.synonyms.values() for t in re.split(r"[;；|\n]", text) if t.strip()]


class Providers:
    """Everything that can provide: the processes taken in, results without inventory, items of libraries at hand."""

    def __init__(
        self,
        record: Record,
        rules: Rules,
        flows: KnownFlows,
        results: Sequence[Result],
        base: Sequence[Named],
    ) -> None:
        self.record, self.rules, self.flows, self.results, self.base = record, rules, flows, results, base
        self.draft = record.draft

        self._index()

    def _index(self) -> None:
        """Processes by flow, source, name and CAS number; results and items of libraries by id and name."""
        made = self.draft.made
        self.own = {m.id: k for k, m in enumerate(made)}
        self.by_flow: dict[str, list[int]] = defaultdict(list)
        self.by_source: dict[str, list[int]] = defaultdict(list)
        self.by_name: dict[str, list[int]] = defaultdict(list)
        self.by_cas: dict[str, list[int]] = defaultdict(list)
        for k, m in enumerate(made):
            flow = self.flows[m.flow]
            self.by_flow[m.flow].append(k)
            self.by_source[m.source].append(k)
            zh = flow.name.get("zh")
            for name in {plain(m.product), plain(m.name_en), *([plain(zh)] if zh else []), *synonyms(flow)}:
                self.by_name[name].append(k)
            if flow.cas:
                self.by_cas[flow.cas.lstrip("0")].append(k)
        self.base_ids = {b.id: b for b in self.base}
        self.result_ids = {
            r.id: Named(r.id, tuple(r.name.values()), size[0], r.place)
            for r in self.results
            if (size := ours(r.unit)) is not None
        }
        self.base_names: dict[str, list[Named]] = defaultdict(list)
        for b in self.base:
            for name in {plain(n) for n in b.names}:
                self.base_names[name].append(b)

    def connect(self, pending: Sequence[Pending]) -> None:
        """A row for each purchase: with its provider, or cut off and listed."""
        d, own = self.draft, self.own
        cache: dict[tuple[Any, ...], tuple[str, str, float, str]] = {}
        for x in pending:
            m = d.made[x.buyer]
            negative = x.amount < 0
            key = (
                x.flow,
                x.provider,
                x.unit,
                x.place,
                m.place,
                x.direction == "output" or negative,
                m.id if self.rules.mapping else "",
            )
            found = cache.get(key)
            if found is None:
                found = cache[key] = self.choose(x, m)
            provider, rule, factor, why = found
            d.counts[rule] += 1
            if provider:
                amount = x.amount * factor
                at = own.get(provider)
                if x.avoided:
                    amount = -abs(amount)
                elif at is not None and d.made[at].treats:
                    amount = abs(amount)
                    if x.direction == "input" and not negative and x.provider != d.made[at].source:
                        rule += " (treatment)"
                elif x.direction == "output":
                    amount = -amount
                unit = (
                    d.made[at].unit
                    if at is not None
                    else other.unit
                    if (other := self.base_ids.get(provider) or self.result_ids.get(provider)) is not None
                    else x.unit
                )
                note = rule if factor == 1 else f"{rule}; 1 {x.unit} = {factor:.12g} {unit}"
                self.record.row(x.buyer, 0, provider, amount, unit, x.name, note, x)
            else:
                at = self.record.row(
                    x.buyer, 2, "", x.amount if x.direction == "input" else -x.amount, x.unit, x.name, why
                )
                if rule != "cut off by you":
                    d.unlinked.append(
                        Unlinked(m.source, x.number, x.flow, x.name, x.unit, x.place, x.amount, why, row=at)
                    )

    def choose(self, x: Pending, m: Made) -> tuple[str, str, float, str]:
        """(provider, rule, factor, why not)."""
        decided = self.rules.decision("provider", m.source, (x.flow, plain(x.name)), x.unit, x.place)
        if decided is not None:
            to, factor, _ = decided
            if to == CUTOFF:
                return "", "cut off by you", 1.0, "cut off by the mapping file"
            target = (
                to
                if to in self.own
                else (self.by_source[to][0:1] and self.draft.made[self.by_source[to][0]].id) or to
            )
            if target not in self.own and target not in self.base_ids:
                self.record.problem("exchange-mapping-target", m.where, item=m.id, flow=x.name, to=to)
                return "", "mapping target missing", 1.0, f"the mapping file names {to}, which is not there"
            unit = (
                self.draft.made[self.own[target]].unit if target in self.own else self.base_ids[target].unit
            )
            per = factor_between(x.unit, unit)
            if factor != 1:
                per = factor
            if per is None:
                self.record.problem(
                    "exchange-mapping-unit", m.where, item=m.id, flow=x.name, to=to, unit=x.unit, wanted=unit
                )
                return "", "mapping unit", 1.0, f"{x.unit} ≠ {unit}"
            return target, "mapping file", per, ""
        if x.name.upper().startswith("CUTOFF"):
            return "", "cut off by the source", 1.0, "cut off by the source"
        why = "no provider"
        waste = x.direction == "output" or x.amount < 0
        steps: list[tuple[str, list[int]]] = []
        if x.provider:
            named = self.by_source.get(x.provider) or (
                [self.own[x.provider]] if x.provider in self.own else []
            )
            same = [k for k in named if self.draft.made[k].flow == x.flow]
            steps.append(("provider named by the source", same or named))
            if not named:
                if x.provider in self.result_ids:
                    return self.in_results(self.result_ids[x.provider], x)
                if x.provider in self.base_ids:
                    return self.in_base([self.base_ids[x.provider]], x, m, "provider named by the source")
                why = "the provider named by the source is not there"
        steps.append(("flow", self.by_flow.get(x.flow, [])))
        if self.rules.by_name:
            steps.append(("name", self.by_name.get(plain(x.name), [])))
            flow = self.flows[x.flow]
            if flow.name.get("zh"):
                steps.append(("name (zh)", self.by_name.get(plain(flow.name["zh"]), [])))
            steps.append(("synonym", [k for s in synonyms(flow) for k in self.by_name.get(s, [])]))
            if flow.cas:
                steps.append(("CAS number", self.by_cas.get(flow.cas.lstrip("0"), [])))
        for rule, found in steps:
            if not found:
                continue
            fitting = []
            for k in dict.fromkeys(found):
                per = self.between(x, self.draft.made[k])
                if per is not None:
                    fitting.append((k, per))
            if not fitting:
                why = f"unit {x.unit} ≠ {self.draft.made[found[0]].unit}"
                continue
            treating = [f for f in fitting if self.draft.made[f[0]].treats]
            making = [f for f in fitting if not self.draft.made[f[0]].treats]
            chosen = (
                (treating or (making if x.direction == "input" else [])) if waste else (making or treating)
            )
            if not chosen:
                why = "only producers, no treatment, of this output"
                continue
            if len(chosen) == 1:
                return self.draft.made[chosen[0][0]].id, rule, chosen[0][1], ""
            placed = self.by_place(chosen, x, m)
            if placed is not None:
                return (
                    self.draft.made[placed[0]].id,
                    f"{rule}, place {self.draft.made[placed[0]].place}",
                    placed[1],
                    "",
                )
            places = sorted({self.draft.made[k].place for k, _ in chosen})
            return "", "ambiguous", 1.0, f"ambiguous: {len(chosen)} providers ({', '.join(places[:8])})"
        if self.rules.by_name and self.base_names:
            near = self.base_names.get(plain(x.name), [])
            zh = self.flows[x.flow].name.get("zh")
            near = near or (self.base_names.get(plain(zh), []) if zh else [])
            if near:
                return self.in_base(near, x, m, "name in the base library")
        return "", "unlinked", 1.0, why

    def in_results(self, result: Named, x: Pending) -> tuple[str, str, float, str]:
        """A result without inventory that the source names as provider."""
        per = factor_between(x.unit, result.unit)
        if per is None:
            return "", "unlinked", 1.0, f"unit {x.unit} ≠ {result.unit}"
        return result.id, "result named by the source", per, ""

    def in_base(self, near: list[Named], x: Pending, m: Made, rule: str) -> tuple[str, str, float, str]:
        fitting = [(b, f) for b in near if (f := factor_between(x.unit, b.unit)) is not None]
        if len(fitting) > 1:
            for place in (x.place, m.place, *self.rules.places):
                at = [(b, f) for b, f in fitting if b.place == place and place]
                if len(at) == 1:
                    fitting = at
                    break
        if len(fitting) == 1:
            self.draft.needs_base = True
            return fitting[0][0].id, rule, fitting[0][1], ""
        return (
            "",
            "ambiguous" if fitting else "unlinked",
            1.0,
            (
                f"ambiguous: {len(fitting)} in the base library"
                if fitting
                else f"unit {x.unit} ≠ {near[0].unit}"
            ),
        )

    def between(self, x: Pending, m: Made) -> float | None:
        """How many units of the provider one unit bought is; by the measures of the flow where units differ."""
        direct = factor_between(x.unit, m.unit)
        if direct is not None:
            return direct
        flow = self.flows[x.flow]
        if not flow.measures or flow.id != m.flow:
            return None
        reference = ours(flow.unit, self.flows.inventory.units)
        if reference is None:
            return None
        sizes = {reference[0]: 1 / reference[1]}  # our unit → reference units of the flow
        for measure in flow.measures:
            other = ours(measure.unit, self.flows.inventory.units)
            if other is not None and measure.factor:
                sizes[other[0]] = 1 / (measure.factor * other[1])
        here = next(
            (per * f for u, per in sizes.items() if (f := factor_between(x.unit, u)) is not None), None
        )
        there = next(
            (per * f for u, per in sizes.items() if (f := factor_between(m.unit, u)) is not None), None
        )
        return here / there if here is not None and there else None

    def by_place(self, chosen: list[tuple[int, float]], x: Pending, m: Made) -> tuple[int, float] | None:
        for place in (x.place, *((m.place,) if not x.place else ()), *self.rules.places):
            at = [c for c in chosen if self.draft.made[c[0]].place == place and place]
            if len(at) == 1:
                return at[0]
            if at:
                return None
        return None
