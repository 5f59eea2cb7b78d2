"""Flows as linking sees them: found or made up, named, their units converted."""

from __future__ import annotations

from collections import Counter

from .mapping import Rules
from .model import Exchange, Flow, Inventory, first
from .units import factor_between, ours


class KnownFlows:
    """The flows of an inventory. `blank_names` and `missing` are counted for the report."""

    def __init__(self, inventory: Inventory, rules: Rules) -> None:
        self.inventory, self.rules = inventory, rules
        self.flows = inventory.flows
        self.blank_names: Counter[str] = Counter()
        self.missing: Counter[str] = Counter()
        self._spoken: dict[str, tuple[str, str]] = {}
        self._units: dict[str, tuple[str, float] | None] = {}

    def get(self, ident: str) -> Flow | None:
        return self.flows.get(ident)

    def __getitem__(self, ident: str) -> Flow:
        return self.flows[ident]

    def of(self, x: Exchange) -> Flow:
        flow = self.flows.get(x.flow)
        if flow is None:
            self.missing[x.name or x.flow] += 1
            flow = Flow(id=x.flow, name={"": x.name or x.flow}, kind="product", unit=x.unit)
            self.flows[x.flow] = flow
        return flow

    def names(self, flow: Flow) -> tuple[str, str]:
        """English (or any) name, without blanks around it, and the Chinese one."""
        found = self._spoken.get(flow.id)
        if found is None:
            raw = first(flow.name, "en") or flow.id
            if raw != raw.strip() or "  " in raw:
                self.blank_names[raw] += 1
            found = self._spoken[flow.id] = (" ".join(raw.split()), flow.name.get("zh", "").strip())
        return found

    def convert(self, x: Exchange) -> tuple[str, float] | None:
        """Our unit and how many of it one unit of the exchange is, or None for an unknown unit."""
        if x.unit not in self._units:
            decided = self.rules.decision("unit", "", (x.unit,))
            self._units[x.unit] = (
                (decided[0], decided[1]) if decided is not None else ours(x.unit, self.inventory.units)
            )
        return self._units[x.unit]

    def measure(self, x: Exchange, flow: Flow, wanted: str) -> float | None:
        """How much of mass, energy or money an output is, from its unit or from the measures of its flow."""
        if not wanted:
            return None
        converted = self.convert(x)
        if converted is None:
            return None
        factor = factor_between(converted[0], wanted)
        if factor is not None:
            return x.amount * converted[1] * factor
        reference = ours(flow.unit, self.inventory.units)
        per = factor_between(converted[0], reference[0]) if reference else None
        if reference is None or per is None:
            return None
        for m in flow.measures:
            other = ours(m.unit, self.inventory.units)
            to = factor_between(other[0], wanted) if other else None
            if other is not None and to is not None:
                return x.amount * converted[1] * per / reference[1] * m.factor * other[1] * to
        return None
