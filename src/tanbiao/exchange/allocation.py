"""Which share of a process each of its products bears."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .draft import Record
from .known_flows import KnownFlows
from .mapping import Rules
from .model import Exchange, Flow, Process, first

Outputs = list[tuple[Exchange, Flow]]


@dataclass(frozen=True)
class Shares:
    """What each product of a process bears: `general`, and by the number of an exchange where the source says so."""

    general: tuple[float, ...]
    by_exchange: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


ONE_PRODUCT = Shares((1.0,))


class Allocation:
    """The user's rule, applied to processes with several products."""

    def __init__(self, record: Record, rules: Rules, flows: KnownFlows) -> None:
        self.record, self.rules, self.flows = record, rules, flows

    def shares(self, p: Process, outputs: Outputs, where: str) -> Shares | None:
        """The share of each product, by the user's rule. None after reporting why there is none."""
        d = self.record.draft
        decided = self.rules.decision("allocation", p.id, ("",))
        rule = decided[0] if decided is not None else self.rules.allocation
        name = first(p.name, "en")

        def out(code: str, **args: Any) -> None:
            d.left_out.append((p.id, name, code))
            self.record.problem(code, where, item=p.id, name=name, count=len(outputs), **args)

        if not rule:
            out(
                "exchange-allocation-missing",
                declared=p.default_allocation or "-",
                products=", ".join(self.flows.names(f)[0] for _, f in outputs[:6]),
            )
            return None
        if rule == "declared":
            by_exchange = any(a.exchange for a in p.allocations)
            rule = p.default_allocation or ("causal" if by_exchange else "physical" if p.allocations else "")
            if not rule:
                out(
                    "exchange-allocation-missing",
                    declared="-",
                    products=", ".join(self.flows.names(f)[0] for _, f in outputs[:6]),
                )
                return None
        if rule == "reference":
            found = [1.0 if x.reference else 0.0 for x, _ in outputs]
            total = sum(found)
            return Shares(tuple(f / total for f in found))
        if rule == "causal" and any(a.exchange for a in p.allocations):
            return self.causal(p, outputs, out)
        declared = {a.product: a.value for a in p.allocations if a.method == rule and not a.exchange}
        weights: list[float]
        if declared:
            weights = [declared.get(f.id, 0.0) for _, f in outputs]
            if abs(sum(weights) - 1) > 0.02 or min(weights) < 0:
                out("exchange-allocation-sum", rule=rule, sum=f"{sum(weights):.4g}")
                return None
        else:
            wanted = {"mass": "kg", "energy": "MJ", "physical": "kg", "economic": "CNY"}.get(rule, "")
            measured = [self.flows.measure(x, f, wanted) for x, f in outputs]
            if not wanted or any(m is None for m in measured):
                bad = [
                    self.flows.names(f)[0] for (_, f), m in zip(outputs, measured, strict=True) if m is None
                ]
                out("exchange-allocation-data", rule=rule, products=", ".join(bad[:6]))
                return None
            weights = [abs(m or 0.0) for m in measured]
        total = sum(weights)
        if total <= 0:
            out("exchange-allocation-sum", rule=rule, sum="0")
            return None
        return Shares(tuple(w / total for w in weights))

    def causal(self, p: Process, outputs: Outputs, out: Callable[..., None]) -> Shares | None:
        """Shares that the source declares for each exchange. Every exchange must have them, and they must add up."""
        place = {flow.id: k for k, (_, flow) in enumerate(outputs)}
        found: dict[str, list[float]] = {}
        for a in p.allocations:
            if a.method == "causal" and a.exchange and a.product in place:
                found.setdefault(a.exchange, [0.0] * len(outputs))[place[a.product]] = a.value
        products = {id(x) for x, _ in outputs}
        shared = [x for x in p.exchanges if id(x) not in products and x.amount]
        bare = [x.number or self.flows.names(self.flows.of(x))[0] for x in shared if x.number not in found]
        if bare or not shared:
            out("exchange-allocation-data", rule="causal", products=", ".join(f"#{n}" for n in bare[:6]))
            return None
        off = [n for n, f in found.items() if abs(sum(f) - 1) > 0.02 or min(f) < 0]
        if off:
            out("exchange-allocation-sum", rule=f"causal #{off[0]}", sum=f"{sum(found[off[0]]):.4g}")
            return None
        whole = {n: tuple(v / sum(f) for v in f) for n, f in found.items()}
        general = tuple(max(f[k] for f in whole.values()) for k in range(len(outputs)))
        return Shares(general, whole)
