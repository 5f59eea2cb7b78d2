"""From an inventory to linked rows: who provides what, explicit and reviewable.

Order of the rules: the user's mapping file; the provider that the source names; the flow that exactly one process
supplies; the same with the place (the exchange's, the buyer's, then the declared fallback order); then equal names
after blanks and case, synonyms, CAS number, each only where exactly one provider with a fitting unit is left. What is
left over becomes a cut-off row and a row of the report with its candidates: nothing is dropped and nothing guessed.
"""

from __future__ import annotations

import gc
import re
from collections import Counter
from collections.abc import Callable, Sequence

from . import elementary
from .allocation import ONE_PRODUCT, Allocation
from .candidates import Named
from .draft import Draft, Made, Pending, Record, Unlinked
from .elementary import plain
from .known_flows import KnownFlows
from .mapping import Rules
from .model import Exchange, Flow, Inventory, Process, first
from .providers import Providers
from .suspicions import Suspicions
from .units import factor_between, ours

_ELECTRICITY = re.compile(r"electric|\bpower\b|电力|用电|电能", re.IGNORECASE)


def link(
    inventory: Inventory,
    rules: Rules,
    base: Sequence[Named] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Draft:
    """Take every process in, allocate, convert, characterise and link. `base`: items of libraries at hand, which may
    be providers too (by id, or by equal name where exactly one fits)."""
    resting = gc.isenabled()
    gc.disable()  # it would walk every pending row, again and again
    try:
        return _Linker(inventory, rules, base, progress).run()
    finally:
        if resting:
            gc.enable()


class _Linker:
    def __init__(
        self,
        inventory: Inventory,
        rules: Rules,
        base: Sequence[Named],
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.inventory, self.rules, self.base, self.progress = inventory, rules, base, progress
        self.draft = Draft()
        self.record = Record(self.draft, inventory.name)
        self.flows = KnownFlows(inventory, rules)
        self.allocation = Allocation(self.record, rules, self.flows)
        self.pending: list[Pending] = []
        self.seen: set[str] = set()
        self.bought: dict[str, int] = {}
        self.matches: dict[tuple[str, str], elementary.Match] = {}

    def run(self) -> Draft:
        done = 0
        for process in self.inventory:
            self.take(process)
            done += 1
            if self.progress is not None and done % 200 == 0:
                self.progress(done, self.inventory.expected)
        self.draft.problems = [*self.inventory.problems, *self.draft.problems]
        providers = Providers(self.record, self.rules, self.flows, self.inventory.results, self.base)
        providers.connect(self.pending)
        self.pending = []
        suspicions = Suspicions(self.record, self.flows, self.rules, self.inventory.name)
        suspicions.double_count(providers.own)
        suspicions.inputs_exceed()
        suspicions.candidates(self.base)
        suspicions.summary(self.bought)
        if self.progress is not None:
            self.progress(done, done)
        return self.draft

    def take(self, p: Process) -> None:
        d = self.draft
        d.exchanges += len(p.exchanges)
        where = p.where or p.id
        if not p.id or p.id in self.seen:
            d.left_out.append((p.id, first(p.name, "en"), "id stands twice"))
            self.record.problem("exchange-process-double", where, item=p.id, name=first(p.name, "en"))
            return
        self.seen.add(p.id)
        products, others = [], []
        numbers: Counter[str] = Counter()
        for x in p.exchanges:
            numbers[x.number] += 1
            flow = self.flows.of(x)
            if x.amount != x.amount or x.amount in (float("inf"), float("-inf")):
                self.record.problem("exchange-not-finite", where, item=p.id, exchange=x.number)
                continue
            if (x.reference and flow.kind != "elementary") or (
                flow.kind == "product" and x.direction == "output" and not x.avoided and x.amount > 0
            ):
                products.append((x, flow))
            else:
                others.append((x, flow))
        double = [n for n, k in numbers.items() if k > 1 and n]
        if double:
            self.record.problem(
                "exchange-number-double", where, "warning", item=p.id, numbers=", ".join(double[:5])
            )
        references = [(x, f) for x, f in products if x.reference]
        if not references and len(products) == 1:
            references = products
        if not references:
            why = "exchange-reference-missing" if not products else "exchange-reference-unsaid"
            d.left_out.append((p.id, first(p.name, "en"), why))
            self.record.problem(why, where, item=p.id, name=first(p.name, "en"), products=len(products))
            return
        outputs = [(x, f) for x, f in products if x.amount != 0]
        if not outputs:
            d.left_out.append((p.id, first(p.name, "en"), "exchange-reference-zero"))
            self.record.problem("exchange-reference-zero", where, item=p.id, name=first(p.name, "en"))
            return
        if len(outputs) > 1:
            shares = self.allocation.shares(p, outputs, where)
            if shares is None:
                return
        else:
            shares = ONE_PRODUCT
        index = []
        several = len([s for s in shares.general if s > 0]) > 1
        main = next((n for n, (x, _) in enumerate(outputs) if x.reference), -1)
        for n, ((x, flow), share) in enumerate(zip(outputs, shares.general, strict=True)):
            if share <= 0:
                continue
            made = self.make(p, x, flow, p.id if n == main or not several else f"{p.id}.{n}", share, where)
            if made is None:
                continue
            if shares.by_exchange:
                made.notes = "; ".join(
                    ("shares by exchange, causal allocation of the source", *made.notes.split("; ")[1:])
                )
            index.append((len(d.made), share, n))
            d.made.append(made)
        if not index:
            d.left_out.append((p.id, first(p.name, "en"), "exchange-unit-unknown"))
            return
        for x, flow in outputs:
            if x.uncertainty is not None:
                d.spreads.lost("of a reference output", flow.id)
        general = [(k, share) for k, share, _ in index]
        for x, flow in others:
            own = shares.by_exchange.get(x.number)
            self.other(p, x, flow, [(k, own[n]) for k, _, n in index if own[n]] if own else general)
        if len(outputs) > 1 and not several:
            for (x, flow), share in zip(outputs, shares.general, strict=True):
                if share <= 0:
                    self.record.row(
                        index[0][0],
                        2,
                        "",
                        -abs(x.amount),
                        x.unit,
                        self.flows.names(flow)[0],
                        "co-product without a share of the burden, by the rule chosen",
                    )
                    d.counts["co-product without a share"] += 1

    def make(self, p: Process, x: Exchange, flow: Flow, id_: str, share: float, where: str) -> Made | None:
        converted = self.flows.convert(x)
        if converted is None:
            self.record.problem(
                "exchange-unit-unknown",
                where,
                item=p.id,
                exchange=x.number,
                unit=x.unit,
                flow=self.flows.names(flow)[0],
            )
            return None
        en, zh = self.flows.names(flow)
        name = " ".join(first(p.name, "en").split()) or en
        own_zh = p.name.get("zh", "").strip()
        if id_ != p.id:
            name, own_zh = f"{name}, {en}", f"{own_zh}，{zh or en}" if own_zh else ""
        place = (p.place or "").strip() or "GLO"
        decided = self.rules.decision("place", "", (place,))
        if decided is not None:
            place = decided[0]
        notes = [] if share == 1 else [f"share {share:.6g} of {p.id} by allocation '{self.rules.allocation}'"]
        if not p.place:
            notes.append("no place in the source; GLO")
        if x.unit != converted[0]:
            notes.append(f"1 {x.unit} = {converted[1]:.12g} {converted[0]}")
        treats = x.direction == "input" or x.amount < 0
        if treats:
            notes.append("treats what it takes in")
        return Made(
            id_,
            p.id,
            flow.id,
            name,
            own_zh or zh or name,
            en,
            place,
            converted[0],
            abs(x.amount) * converted[1],
            "/".join(p.category),
            (p.end or p.start)[:4],
            "",
            p.licence,
            p.source or self.inventory.name,
            "; ".join(notes),
            treats,
            where,
        )

    def other(self, p: Process, x: Exchange, flow: Flow, index: list[tuple[int, float]]) -> None:
        """An exchange that is no product: to nature, or bought, or sent for treatment."""
        d = self.draft
        if flow.kind == "elementary":
            self.to_nature(p, x, flow, index)
            return
        converted = self.flows.convert(x)
        en = self.flows.names(flow)[0]
        if converted is None:
            self.record.problem(
                "exchange-unit-unknown", p.where or p.id, item=p.id, exchange=x.number, unit=x.unit, flow=en
            )
            d.counts["unit unknown"] += 1
            for k, share in index:
                at = self.record.row(k, 2, "", x.amount * share, x.unit, en, "unit unknown")
                d.unlinked.append(
                    Unlinked(p.id, x.number, x.flow, en, x.unit, x.place, x.amount, "unit unknown", row=at)
                )
            return
        amount = x.amount * converted[1]
        if x.avoided:
            amount = -abs(amount)
        if converted[0] in ("kWh", "MWh") and _ELECTRICITY.search(en):
            self.electricity(p, x, amount * (1000 if converted[0] == "MWh" else 1), index)
        for k, share in index:
            self.pending.append(Pending(k, x, en, amount * share, converted[0]))

    def electricity(self, p: Process, x: Exchange, kwh: float, index: list[tuple[int, float]]) -> None:
        made = self.draft.made[index[0][0]]
        if made.unit == "kg" and made.amount > 0 and kwh / made.amount > 1000:
            self.record.problem(
                "exchange-electricity-range",
                p.where or p.id,
                "warning",
                item=p.id,
                exchange=x.number,
                amount=f"{kwh / made.amount:.4g}",
            )

    def to_nature(self, p: Process, x: Exchange, flow: Flow, index: list[tuple[int, float]]) -> None:
        d = self.draft
        en = self.flows.names(flow)[0]
        decided = (
            self.rules.decision("gas", p.id, (flow.id, plain(en)), x.unit) if self.rules.mapping else None
        )
        if decided is not None:
            match = (
                elementary.NONE
                if decided[0] == "none"
                else elementary.Match(decided[0], "gas", "mapping file")
            )
        else:
            known = self.matches.get((flow.id, x.direction))
            match = known or elementary.characterise(flow, x.direction)
            self.matches[(flow.id, x.direction)] = match
        if match.gas:
            converted = self.flows.convert(x)
            factor = factor_between(converted[0], "kg") if converted else None
            if converted is None or factor is None:
                self.record.problem(
                    "exchange-gas-unit", p.where or p.id, item=p.id, exchange=x.number, flow=en, unit=x.unit
                )
                d.counts["gas in a unit that is no mass"] += 1
                self.uncharacterised(en, "unit", x)
                return
            note = (
                ""
                if match.status == "gas" and match.rule == "name"
                else (
                    "taken as fossil: the source does not say"
                    if match.status == "unspecified"
                    else f"by {match.rule}"
                )
            )
            d.gases[match.gas] += 1
            d.counts["gas: " + match.status] += 1
            for k, share in index:
                self.record.row(k, 1, match.gas, x.amount * converted[1] * factor * share, "kg", en, note, x)
        elif match.status in ("minor", "group", "suspect"):
            d.counts["climate-relevant, no factor"] += 1
            self.uncharacterised(en, match.status, x)
            self.keep(x, flow, index)
        else:
            d.counts["elementary, not for climate"] += 1
            if (
                x.direction == "input"
                and flow.compartment
                and re.search("emission|排放", flow.compartment[0], re.IGNORECASE)
            ):
                self.bought[en] = self.bought.get(en, 0) + 1
                for k, share in index:
                    converted = self.flows.convert(x) or (x.unit, 1.0)
                    self.pending.append(Pending(k, x, en, x.amount * converted[1] * share, converted[0]))
            else:
                self.keep(x, flow, index)

    def keep(self, x: Exchange, flow: Flow, index: list[tuple[int, float]]) -> None:
        """An exchange with nature that the climate rows do not hold."""
        unit, size = self.flows.convert(x) or (x.unit, 1.0)
        own = (ours(flow.unit, self.inventory.units) or (unit, 1.0))[0]
        for k, share in index:
            self.draft.nature.add(k, flow, x, x.amount * size * share, unit, own)

    def uncharacterised(self, name: str, status: str, x: Exchange) -> None:
        _, n, total, unit = self.draft.uncharacterised.get(name, (status, 0, 0.0, x.unit))
        self.draft.uncharacterised[name] = (status, n + 1, total + abs(x.amount), unit)
