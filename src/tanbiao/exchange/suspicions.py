"""What the links give away: fuel counted twice, totals beside one unit, and a summary of what has no provider."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from .candidates import Index, Named
from .draft import Record
from .elementary import plain
from .known_flows import KnownFlows
from .mapping import Rules

MAX_ASKED = 4000
"""Distinct unlinked flows for which candidates are sought; a report says when there were more."""
_COMBUSTED = re.compile(r"combust|burn(?:ed|t|ing)|incinerat|燃烧|焚烧|锅炉|boiler|in furnace", re.IGNORECASE)

_CURRENCY = ("CNY", "EUR", "USD")


class Suspicions:
    """Checks over a draft whose rows are linked; `source` is the name that general problems bear."""

    def __init__(self, record: Record, flows: KnownFlows, rules: Rules, source: str) -> None:
        self.record, self.flows, self.rules, self.source = record, flows, rules, source
        self.draft = record.draft

    def double_count(self, own: Mapping[str, int]) -> None:
        """Stack emissions stated as a direct emission, and again through a linked process that burns the fuel: of the
        same size, since far larger ones cannot be the same carbon."""
        d = self.draft
        fossil = self.record.number_of("co2_fossil")
        if fossil is None:
            return
        direct: dict[int, float] = defaultdict(float)
        for process, kind, provider, amount in zip(d.process, d.kind, d.provider, d.amount, strict=True):
            if kind == 1 and provider == fossil:
                direct[process] += amount
        burning = {
            k: at
            for k, ident in enumerate(d.ids)
            if (at := own.get(ident)) is not None and _COMBUSTED.search(d.made[at].name_en)
        }
        burnt: dict[int, float] = defaultdict(float)
        names: dict[int, list[str]] = defaultdict(list)
        for process, kind, provider, amount in zip(d.process, d.kind, d.provider, d.amount, strict=True):
            if kind != 0 or direct.get(process, 0.0) <= 0:
                continue
            at = burning.get(provider)
            if at is None or at == process:
                continue
            per = direct.get(at, 0.0) / d.made[at].amount if d.made[at].amount else 0.0
            burnt[process] += amount * per
            names[process].append(d.made[at].name_en)
        for process, value in sorted(burnt.items()):
            m = d.made[process]
            if 0.1 * direct[process] < value <= 1.5 * direct[process] and not _COMBUSTED.search(m.name_en):
                self.record.problem(
                    "exchange-double-count",
                    m.where,
                    "warning",
                    item=m.id,
                    name=m.name_en,
                    direct=f"{direct[process] / m.amount:.4g}",
                    burnt=f"{value / m.amount:.4g}",
                    unit=m.unit,
                    providers="; ".join(names[process][:4]),
                )

    def inputs_exceed(self) -> None:
        """Purchases in money far above the output in money: totals of a whole sector beside one unit of output."""
        d = self.draft
        bought: dict[int, float] = defaultdict(float)
        for process, kind, unit, amount in zip(d.process, d.kind, d.unit, d.amount, strict=True):
            if (
                kind in (0, 2)
                and d.made[process].unit in _CURRENCY
                and d.strings[unit] == d.made[process].unit
            ):
                bought[process] += amount
        for process, value in sorted(bought.items()):
            m = d.made[process]
            if value > 20 * m.amount:
                self.record.problem(
                    "exchange-inputs-exceed",
                    m.where,
                    item=m.id,
                    name=m.name_en,
                    unit=m.unit,
                    output=f"{m.amount:.6g}",
                    inputs=f"{value:.6g}",
                )

    def candidates(self, base: Sequence[Named]) -> None:
        """Candidates for what is not linked, once for each distinct flow, unit and place."""
        d = self.draft
        if not d.unlinked:
            return
        items = [Named(m.id, (m.name_en, m.product, m.name_zh), m.unit, m.place) for m in d.made]
        index = Index([*items, *base])
        asked: dict[tuple[str, str, str], str] = {}
        for u in d.unlinked:
            if u.why.startswith("cut off"):
                continue
            key = (u.flow, u.unit, u.place)
            if key not in asked:
                if len(asked) >= MAX_ASKED:
                    continue
                flow = self.flows.get(u.flow)
                names = [u.name, *(flow.name.values() if flow else ())]
                near = [c for c in index.ask(names, u.unit, u.place, 4) if c.id != u.process][:3]
                asked[key] = " | ".join(
                    f"{c.id} ~{c.score:.2f} ({c.name} [{c.unit}, {c.place}]"
                    f"{'; differs: ' + ', '.join(c.differs) if c.differs else ''})"
                    for c in near
                )
            u.candidates = asked[key]

    def summary(self, bought: Mapping[str, int]) -> None:
        """One problem for each kind of trouble that occurs many times; the rows stand in the report."""
        d = self.draft
        place = self.source
        if self.flows.missing:
            self.record.problem(
                "exchange-flow-missing",
                place,
                "warning",
                count=sum(self.flows.missing.values()),
                flows="; ".join(list(self.flows.missing)[:4]),
            )
        if self.flows.blank_names:
            self.record.problem(
                "exchange-name-blanks",
                place,
                "warning",
                count=len(self.flows.blank_names),
                name=next(iter(self.flows.blank_names)),
            )
        if bought:
            self.record.problem(
                "exchange-elementary-bought",
                place,
                "warning",
                count=sum(bought.values()),
                flows="; ".join(list(bought)[:6]),
            )
        for name, (status, n, total, unit) in sorted(d.uncharacterised.items()):
            self.record.problem(
                f"exchange-uncharacterised-{status}",
                place,
                "warning",
                flow=name,
                count=n,
                amount=f"{total:.6g}",
                unit=unit,
            )
        why: Counter[str] = Counter(
            u.why.split(":")[0].split(" ≠")[0] if u.why.startswith(("ambig", "unit")) else u.why
            for u in d.unlinked
        )
        if why:
            self.record.problem(
                "exchange-unlinked",
                place,
                "warning",
                count=len(d.unlinked),
                why="; ".join(f"{w}: {n}" for w, n in why.most_common(6)),
            )
        unused = [k for k in self.rules.mapping if k not in self.rules.used and k[2] == plain(k[2])]
        if unused:
            self.record.problem(
                "exchange-mapping-unused",
                place,
                "warning",
                count=len(unused),
                rows="; ".join("/".join(p for p in k if p) for k in unused[:4]),
            )
