"""From an inventory to linked rows: who provides what, explicit and reviewable.

Order of the rules: the user's mapping file; the provider that the source names; the flow that exactly one process
supplies; the same with the place (the exchange's, the buyer's, then the declared fallback order); then equal names
after blanks and case, synonyms, CAS number, each only where exactly one provider with a fitting unit is left. What is
left over becomes a cut-off row and a row of the report with its candidates: nothing is dropped and nothing guessed.
"""

from __future__ import annotations

import csv
import gc
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.errors import Place, Problem, TanbiaoError, refuse
from . import elementary
from .candidates import Index, Named
from .elementary import plain
from .model import Exchange, Flow, Inventory, Process, first
from .source import bare_cell, decode, lines_of
from .units import factor_between, ours

ALLOCATIONS = ("declared", "mass", "energy", "economic", "physical", "causal", "reference")
MAPPING_COLUMNS = (
    "kind",
    "process",
    "flow",
    "name",
    "unit",
    "place",
    "to",
    "factor",
    "note",
    "candidate_1",
    "score_1",
    "candidate_2",
    "score_2",
    "candidate_3",
    "score_3",
)
MAPPING_KINDS = ("provider", "allocation", "unit", "place", "gas")
CUTOFF = "cutoff"
MAX_ASKED = 4000
"""Distinct unlinked flows for which candidates are sought; a report says when there were more."""
_COMBUSTED = re.compile(r"combust|burn(?:ed|t|ing)|incinerat|燃烧|焚烧|锅炉|boiler|in furnace", re.IGNORECASE)
_ELECTRICITY = re.compile(r"electric|\bpower\b|电力|用电|电能", re.IGNORECASE)
_CURRENCY = ("CNY", "EUR", "USD")


@dataclass(frozen=True)
class Rules:
    """What the user declares for an import.

    allocation: rule for processes with several products, one of ALLOCATIONS; empty refuses them.
    places: fallback order of places where several providers differ only there.
    by_name: whether equal names link when ids do not.
    """

    allocation: str = ""
    places: tuple[str, ...] = ()
    by_name: bool = True
    mapping: Mapping[tuple[str, ...], tuple[str, float, str]] = field(default_factory=dict)
    """(kind, process, flow or name, unit, place) → (to, factor, note); empty parts mean any."""
    used: set[tuple[str, ...]] = field(default_factory=set)

    def decision(
        self, kind: str, process: str, names: Sequence[str], unit: str = "", place: str = ""
    ) -> tuple[str, float, str] | None:
        """The user's decision that fits best: one naming the process first."""
        if not self.mapping:
            return None
        for p in (process, "") if process else ("",):
            for name in names:
                for u in (unit, "") if unit else ("",):
                    for where in (place, "") if place else ("",):
                        key = (kind, p, name, u, where)
                        if key in self.mapping:
                            self.used.add(key)
                            return self.mapping[key]
        return None


def read_mapping(path: Path) -> dict[tuple[str, ...], tuple[str, float, str]]:
    """A mapping file. Rows without `to` are undecided and skipped. Refuses (`exchange-mapping-*`) with every row."""
    text = decode(path.read_bytes(), Place(path.name))
    out: dict[tuple[str, ...], tuple[str, float, str]] = {}
    reader = csv.DictReader(lines_of(text))
    if not reader.fieldnames or "kind" not in reader.fieldnames or "to" not in reader.fieldnames:
        raise refuse("exchange-mapping-columns", Place(path.name, 1), columns=", ".join(MAPPING_COLUMNS[:9]))
    problems = []
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise refuse("library-csv", Place(path.name, reader.line_num), detail=error) from None
    for line, row in rows:
        cells = {k: bare_cell(v or "").strip() for k, v in row.items() if k and isinstance(v, str | None)}
        if not cells.get("to"):
            continue
        place = Place(path.name, line)
        if cells.get("kind") not in MAPPING_KINDS:
            problems.append(
                Problem(
                    "exchange-mapping-kind",
                    place,
                    {"kind": cells.get("kind", ""), "kinds": ", ".join(MAPPING_KINDS)},
                )
            )
            continue
        try:
            factor = float(cells.get("factor") or 1)
        except ValueError:
            problems.append(Problem("number-expected", place, {"text": cells["factor"][:60]}))
            continue
        name = cells.get("flow") or cells.get("name") or ""
        for key in {name, plain(cells.get("name") or "")} - {""} or {""}:
            out[
                (cells["kind"], cells.get("process", ""), key, cells.get("unit", ""), cells.get("place", ""))
            ] = (cells["to"], factor, cells.get("note", ""))
    if problems:
        raise TanbiaoError(problems)
    return out


@dataclass(slots=True)
class Made:
    """One process of the library to be: single product, reference amount in our unit."""

    id: str
    source: str
    flow: str
    name_en: str
    name_zh: str
    product: str
    place: str
    unit: str
    amount: float
    category: str
    year: str
    technology: str
    licence: str
    origin: str
    notes: str
    treats: bool
    where: str


KINDS = ("input", "emission", CUTOFF)


@dataclass(eq=False)
class Draft:
    """Everything linked, as columns; `provider` is an index into `ids` (providers of the base, gases, processes).

    counts: how many exchanges each rule linked. unlinked: rows for the report.
    """

    made: list[Made] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    process: array[int] = field(default_factory=lambda: array("i"))
    kind: array[int] = field(default_factory=lambda: array("b"))
    provider: array[int] = field(default_factory=lambda: array("i"))
    amount: array[float] = field(default_factory=lambda: array("d"))
    text: array[int] = field(default_factory=lambda: array("i"))
    note: array[int] = field(default_factory=lambda: array("i"))
    unit: array[int] = field(default_factory=lambda: array("i"))
    strings: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    gases: Counter[str] = field(default_factory=Counter)
    uncharacterised: dict[str, tuple[str, int, float, str]] = field(default_factory=dict)
    """flow name → (status, exchanges, sum of absolute amounts, unit)."""
    unlinked: list[Unlinked] = field(default_factory=list)
    left_out: list[tuple[str, str, str]] = field(default_factory=list)
    """(process, name, why) of processes that could not be taken in."""
    problems: list[Problem] = field(default_factory=list)
    exchanges: int = 0
    """Exchanges read, of every kind."""
    needs_base: bool = False


@dataclass(slots=True)
class Unlinked:
    """One exchange without a provider: why, and where it stands."""

    process: str
    number: str
    flow: str
    name: str
    unit: str
    place: str
    amount: float
    why: str
    candidates: str = ""
    row: int = -1


class _Pending:
    __slots__ = ("amount", "buyer", "direction", "flow", "name", "number", "place", "provider", "unit")

    def __init__(self, buyer: int, x: Exchange, name: str, amount: float, unit: str) -> None:
        self.buyer, self.flow, self.name, self.unit = buyer, x.flow, name, unit
        self.provider, self.place, self.number = x.provider, x.place, x.number
        self.amount, self.direction = amount, x.direction


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
        self.flows = inventory.flows
        self._strings: dict[str, int] = {}
        self._ids: dict[str, int] = {}
        self.pending: list[_Pending] = []
        self.seen: set[str] = set()
        self.blank_names: Counter[str] = Counter()
        self.missing_flows: Counter[str] = Counter()
        self.bought: dict[str, int] = {}
        self.spoken: dict[str, tuple[str, str]] = {}
        self.units: dict[str, tuple[str, float] | None] = {}
        self.matches: dict[tuple[str, str], elementary.Match] = {}

    # -- small things --------------------------------------------------------------------------------------------

    def string(self, text: str) -> int:
        at = self._strings.get(text)
        if at is None:
            at = self._strings[text] = len(self.draft.strings)
            self.draft.strings.append(text)
        return at

    def provider_id(self, id_: str) -> int:
        at = self._ids.get(id_)
        if at is None:
            at = self._ids[id_] = len(self.draft.ids)
            self.draft.ids.append(id_)
        return at

    def problem(self, code: str, where: str, level: str = "error", **args: Any) -> None:
        file, _, path = where.partition("#")
        self.draft.problems.append(
            Problem(
                code,
                Place(file or self.inventory.name, path=path or None),
                {k: str(v)[:300] for k, v in args.items()},
                level="error" if level == "error" else "warning",
            )
        )

    def row(
        self, process: int, kind: int, provider: str, amount: float, unit: str, flow: str, note: str
    ) -> int:
        d = self.draft
        d.process.append(process)
        d.kind.append(kind)
        d.provider.append(self.provider_id(provider) if provider else -1)
        d.amount.append(amount)
        d.unit.append(self.string(unit))
        d.text.append(self.string(flow))
        d.note.append(self.string(note) if note else -1)
        return len(d.amount) - 1

    def run(self) -> Draft:
        done = 0
        for process in self.inventory:
            self.take(process)
            done += 1
            if self.progress is not None and done % 200 == 0:
                self.progress(done, self.inventory.expected)
        self.draft.problems = [*self.inventory.problems, *self.draft.problems]
        self.connect()
        self.candidates()
        self.summary()
        if self.progress is not None:
            self.progress(done, done)
        return self.draft

    # -- one process -------------------------------------------------------------------------------------------------

    def flow_of(self, x: Exchange) -> Flow:
        flow = self.flows.get(x.flow)
        if flow is None:
            self.missing_flows[x.name or x.flow] += 1
            flow = Flow(id=x.flow, name={"": x.name or x.flow}, kind="product", unit=x.unit)
            self.flows[x.flow] = flow
        return flow

    def names(self, flow: Flow) -> tuple[str, str]:
        """English (or any) name, without blanks around it, and the Chinese one."""
        found = self.spoken.get(flow.id)
        if found is None:
            raw = first(flow.name, "en")
            if raw != raw.strip() or "  " in raw:
                self.blank_names[raw] += 1
            found = self.spoken[flow.id] = (" ".join(raw.split()), flow.name.get("zh", "").strip())
        return found

    def convert(self, x: Exchange) -> tuple[str, float] | None:
        """Our unit and how many of it one unit of the exchange is, or None for an unknown unit."""
        if x.unit not in self.units:
            decided = self.rules.decision("unit", "", (x.unit,))
            self.units[x.unit] = (
                (decided[0], decided[1]) if decided is not None else ours(x.unit, self.inventory.units)
            )
        return self.units[x.unit]

    def take(self, p: Process) -> None:
        d = self.draft
        d.exchanges += len(p.exchanges)
        where = p.where or p.id
        if not p.id or p.id in self.seen:
            d.left_out.append((p.id, first(p.name, "en"), "id stands twice"))
            self.problem("exchange-process-double", where, item=p.id, name=first(p.name, "en"))
            return
        self.seen.add(p.id)
        products, others = [], []
        numbers: Counter[str] = Counter()
        for x in p.exchanges:
            numbers[x.number] += 1
            flow = self.flows.get(x.flow) or self.flow_of(x)
            if x.amount != x.amount or x.amount in (float("inf"), float("-inf")):
                self.problem("exchange-not-finite", where, item=p.id, exchange=x.number)
                continue
            if (x.reference and flow.kind != "elementary") or (
                flow.kind == "product" and x.direction == "output" and not x.avoided and x.amount > 0
            ):
                products.append((x, flow))
            else:
                others.append((x, flow))
        double = [n for n, k in numbers.items() if k > 1 and n]
        if double:
            self.problem("exchange-number-double", where, "warning", item=p.id, numbers=", ".join(double[:5]))
        references = [(x, f) for x, f in products if x.reference]
        if not references and len(products) == 1:
            references = products
        if not references:
            why = "exchange-reference-missing" if not products else "exchange-reference-unsaid"
            d.left_out.append((p.id, first(p.name, "en"), why))
            self.problem(why, where, item=p.id, name=first(p.name, "en"), products=len(products))
            return
        outputs = [(x, f) for x, f in products if x.amount != 0]
        if not outputs:
            d.left_out.append((p.id, first(p.name, "en"), "exchange-reference-zero"))
            self.problem("exchange-reference-zero", where, item=p.id, name=first(p.name, "en"))
            return
        if len(outputs) > 1:
            shares = self.shares(p, outputs, where)
            if shares is None:
                return
        else:
            shares = [1.0]
        index = []
        several = len([s for s in shares if s > 0]) > 1
        for n, ((x, flow), share) in enumerate(zip(outputs, shares, strict=True)):
            if share <= 0:
                continue
            made = self.make(p, x, flow, f"{p.id}.{n}" if several and not x.reference else p.id, share, where)
            if made is None:
                continue
            index.append((len(d.made), share))
            d.made.append(made)
        if not index:
            d.left_out.append((p.id, first(p.name, "en"), "exchange-unit-unknown"))
            return
        for x, flow in others:
            self.other(p, x, flow, index)
        if len(outputs) > 1 and not several:
            for (x, flow), share in zip(outputs, shares, strict=True):
                if share <= 0:
                    self.row(
                        index[0][0],
                        2,
                        "",
                        -abs(x.amount),
                        x.unit,
                        self.names(flow)[0],
                        "co-product without a share of the burden, by the rule chosen",
                    )
                    d.counts["co-product without a share"] += 1

    def make(self, p: Process, x: Exchange, flow: Flow, id_: str, share: float, where: str) -> Made | None:
        converted = self.convert(x)
        if converted is None:
            self.problem(
                "exchange-unit-unknown",
                where,
                item=p.id,
                exchange=x.number,
                unit=x.unit,
                flow=self.names(flow)[0],
            )
            return None
        en, zh = self.names(flow)
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

    def shares(self, p: Process, outputs: list[tuple[Exchange, Flow]], where: str) -> list[float] | None:
        """The share of each product, by the user's rule. None after reporting why there is none."""
        d = self.draft
        decided = self.rules.decision("allocation", p.id, ("",))
        rule = decided[0] if decided is not None else self.rules.allocation
        name = first(p.name, "en")

        def out(code: str, **args: Any) -> None:
            d.left_out.append((p.id, name, code))
            self.problem(code, where, item=p.id, name=name, count=len(outputs), **args)

        if not rule:
            out(
                "exchange-allocation-missing",
                declared=p.default_allocation or "-",
                products=", ".join(self.names(f)[0] for _, f in outputs[:6]),
            )
            return None
        if rule == "declared":
            rule = p.default_allocation or ("physical" if p.allocations else "")
            if not rule:
                out(
                    "exchange-allocation-missing",
                    declared="-",
                    products=", ".join(self.names(f)[0] for _, f in outputs[:6]),
                )
                return None
        if rule == "reference":
            found = [1.0 if x.reference else 0.0 for x, _ in outputs]
            total = sum(found)
            return [f / total for f in found]
        declared = {a.product: a.value for a in p.allocations if a.method == rule and not a.exchange}
        weights: list[float]
        if declared:
            weights = [declared.get(f.id, 0.0) for _, f in outputs]
            if abs(sum(weights) - 1) > 0.02 or min(weights) < 0:
                out("exchange-allocation-sum", rule=rule, sum=f"{sum(weights):.4g}")
                return None
        else:
            wanted = {"mass": "kg", "energy": "MJ", "physical": "kg", "economic": "CNY"}.get(rule, "")
            measured = [self.measure(x, f, wanted) for x, f in outputs]
            if not wanted or any(m is None for m in measured):
                bad = [self.names(f)[0] for (_, f), m in zip(outputs, measured, strict=True) if m is None]
                out("exchange-allocation-data", rule=rule, products=", ".join(bad[:6]))
                return None
            weights = [abs(m or 0.0) for m in measured]
        total = sum(weights)
        if total <= 0:
            out("exchange-allocation-sum", rule=rule, sum="0")
            return None
        return [w / total for w in weights]

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

    def other(self, p: Process, x: Exchange, flow: Flow, index: list[tuple[int, float]]) -> None:
        """An exchange that is no product: to nature, or bought, or sent for treatment."""
        d = self.draft
        if flow.kind == "elementary":
            self.to_nature(p, x, flow, index)
            return
        converted = self.convert(x)
        en = self.names(flow)[0]
        if converted is None:
            self.problem(
                "exchange-unit-unknown", p.where or p.id, item=p.id, exchange=x.number, unit=x.unit, flow=en
            )
            d.counts["unit unknown"] += 1
            for k, share in index:
                at = self.row(k, 2, "", x.amount * share, x.unit, en, "unit unknown")
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
            self.pending.append(_Pending(k, x, en, amount * share, converted[0]))

    def electricity(self, p: Process, x: Exchange, kwh: float, index: list[tuple[int, float]]) -> None:
        made = self.draft.made[index[0][0]]
        if made.unit == "kg" and made.amount > 0 and kwh / made.amount > 1000:
            self.problem(
                "exchange-electricity-range",
                p.where or p.id,
                "warning",
                item=p.id,
                exchange=x.number,
                amount=f"{kwh / made.amount:.4g}",
            )

    def to_nature(self, p: Process, x: Exchange, flow: Flow, index: list[tuple[int, float]]) -> None:
        d = self.draft
        en = self.names(flow)[0]
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
            converted = self.convert(x)
            factor = factor_between(converted[0], "kg") if converted else None
            if converted is None or factor is None:
                self.problem(
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
                self.row(k, 1, match.gas, x.amount * converted[1] * factor * share, "kg", en, note)
        elif match.status in ("minor", "group", "suspect"):
            d.counts["climate-relevant, no factor"] += 1
            self.uncharacterised(en, match.status, x)
        else:
            d.counts["elementary, not for climate"] += 1
            if (
                x.direction == "input"
                and flow.compartment
                and re.search("emission|排放", flow.compartment[0], re.IGNORECASE)
            ):
                self.bought[en] = self.bought.get(en, 0) + 1
                for k, share in index:
                    converted = self.convert(x) or (x.unit, 1.0)
                    self.pending.append(_Pending(k, x, en, x.amount * converted[1] * share, converted[0]))

    def uncharacterised(self, name: str, status: str, x: Exchange) -> None:
        _, n, total, unit = self.draft.uncharacterised.get(name, (status, 0, 0.0, x.unit))
        self.draft.uncharacterised[name] = (status, n + 1, total + abs(x.amount), unit)

    # -- providers -------------------------------------------------------------------------------------------------

    def connect(self) -> None:
        d = self.draft
        by_flow: dict[str, list[int]] = defaultdict(list)
        by_source: dict[str, list[int]] = defaultdict(list)
        by_name: dict[str, list[int]] = defaultdict(list)
        by_cas: dict[str, list[int]] = defaultdict(list)
        own = {m.id: k for k, m in enumerate(d.made)}
        for k, m in enumerate(d.made):
            by_flow[m.flow].append(k)
            by_source[m.source].append(k)
            names = {plain(m.product), plain(m.name_en)}
            flow = self.flows[m.flow]
            if flow.name.get("zh"):
                names.add(plain(flow.name["zh"]))
            for text in flow.synonyms.values():
                names |= {plain(t) for t in re.split(r"[;；|\n]", text) if t.strip()}
            for name in names:
                by_name[name].append(k)
            if flow.cas:
                by_cas[flow.cas.lstrip("0")].append(k)
        self.by_flow, self.by_source, self.by_name, self.by_cas, self.own = (
            by_flow,
            by_source,
            by_name,
            by_cas,
            own,
        )
        self.base_ids = {b.id: b for b in self.base}
        self.base_names: dict[str, list[Named]] = defaultdict(list)
        for b in self.base:
            for name in {plain(n) for n in b.names}:
                self.base_names[name].append(b)
        cache: dict[tuple[Any, ...], tuple[str, str, float, str]] = {}
        for x in self.pending:
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
                if at is not None and d.made[at].treats:
                    amount = abs(amount)
                    if x.direction == "input" and not negative and x.provider != d.made[at].source:
                        rule += " (treatment)"
                elif x.direction == "output":
                    amount = -amount
                unit = (
                    d.made[at].unit
                    if at is not None
                    else self.base_ids[provider].unit
                    if provider in self.base_ids
                    else x.unit
                )
                note = rule if factor == 1 else f"{rule}; 1 {x.unit} = {factor:.12g} {unit}"
                self.row(x.buyer, 0, provider, amount, unit, x.name, note)
            else:
                at = self.row(
                    x.buyer, 2, "", x.amount if x.direction == "input" else -x.amount, x.unit, x.name, why
                )
                if rule != "cut off by you":
                    d.unlinked.append(
                        Unlinked(m.source, x.number, x.flow, x.name, x.unit, x.place, x.amount, why, row=at)
                    )
        self.pending = []
        self.double_count()
        self.inputs_exceed()

    def choose(self, x: _Pending, m: Made) -> tuple[str, str, float, str]:
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
                self.problem("exchange-mapping-target", m.where, item=m.id, flow=x.name, to=to)
                return "", "mapping target missing", 1.0, f"the mapping file names {to}, which is not there"
            unit = (
                self.draft.made[self.own[target]].unit if target in self.own else self.base_ids[target].unit
            )
            per = factor_between(x.unit, unit)
            if factor != 1:
                per = factor
            if per is None:
                self.problem(
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
                if x.provider in self.base_ids:
                    return self.in_base([self.base_ids[x.provider]], x, m, "provider named by the source")
                why = "the provider named by the source is not there"
        steps.append(("flow", self.by_flow.get(x.flow, [])))
        if self.rules.by_name:
            steps.append(("name", self.by_name.get(plain(x.name), [])))
            flow = self.flows[x.flow]
            if flow.name.get("zh"):
                steps.append(("name (zh)", self.by_name.get(plain(flow.name["zh"]), [])))
            synonyms = [
                plain(t) for text in flow.synonyms.values() for t in re.split(r"[;；|\n]", text) if t.strip()
            ]
            steps.append(("synonym", [k for s in synonyms for k in self.by_name.get(s, [])]))
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

    def in_base(self, near: list[Named], x: _Pending, m: Made, rule: str) -> tuple[str, str, float, str]:
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

    def between(self, x: _Pending, m: Made) -> float | None:
        """How many units of the provider one unit bought is; by the measures of the flow where units differ."""
        direct = factor_between(x.unit, m.unit)
        if direct is not None:
            return direct
        flow = self.flows[x.flow]
        if not flow.measures or flow.id != m.flow:
            return None
        reference = ours(flow.unit, self.inventory.units)
        if reference is None:
            return None
        sizes = {reference[0]: 1 / reference[1]}  # our unit → reference units of the flow
        for measure in flow.measures:
            other = ours(measure.unit, self.inventory.units)
            if other is not None and measure.factor:
                sizes[other[0]] = 1 / (measure.factor * other[1])
        here = next(
            (per * f for u, per in sizes.items() if (f := factor_between(x.unit, u)) is not None), None
        )
        there = next(
            (per * f for u, per in sizes.items() if (f := factor_between(m.unit, u)) is not None), None
        )
        return here / there if here is not None and there else None

    def by_place(self, chosen: list[tuple[int, float]], x: _Pending, m: Made) -> tuple[int, float] | None:
        for place in (x.place, *((m.place,) if not x.place else ()), *self.rules.places):
            at = [c for c in chosen if self.draft.made[c[0]].place == place and place]
            if len(at) == 1:
                return at[0]
            if at:
                return None
        return None

    # -- what the links give away ----------------------------------------------------------------------------------

    def double_count(self) -> None:
        """Stack emissions stated as a direct emission, and again through a linked process that burns the fuel: of the
        same size, since far larger ones cannot be the same carbon."""
        d = self.draft
        fossil = self._ids.get("co2_fossil")
        if fossil is None:
            return
        direct: dict[int, float] = defaultdict(float)
        for process, kind, provider, amount in zip(d.process, d.kind, d.provider, d.amount, strict=True):
            if kind == 1 and provider == fossil:
                direct[process] += amount
        burnt: dict[int, float] = defaultdict(float)
        names: dict[int, list[str]] = defaultdict(list)
        for process, kind, provider, amount in zip(d.process, d.kind, d.provider, d.amount, strict=True):
            if kind != 0 or direct.get(process, 0.0) <= 0:
                continue
            at = self.own.get(d.ids[provider])
            if at is None or not _COMBUSTED.search(d.made[at].name_en) or at == process:
                continue
            per = direct.get(at, 0.0) / d.made[at].amount if d.made[at].amount else 0.0
            burnt[process] += amount * per
            names[process].append(d.made[at].name_en)
        for process, value in sorted(burnt.items()):
            m = d.made[process]
            if 0.1 * direct[process] < value <= 1.5 * direct[process] and not _COMBUSTED.search(m.name_en):
                self.problem(
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
                self.problem(
                    "exchange-inputs-exceed",
                    m.where,
                    item=m.id,
                    name=m.name_en,
                    unit=m.unit,
                    output=f"{m.amount:.6g}",
                    inputs=f"{value:.6g}",
                )

    def candidates(self) -> None:
        """Candidates for what is not linked, once for each distinct flow, unit and place."""
        d = self.draft
        if not d.unlinked:
            return
        items = [Named(m.id, (m.name_en, m.product, m.name_zh), m.unit, m.place) for m in d.made]
        index = Index([*items, *self.base])
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

    def summary(self) -> None:
        """One problem for each kind of trouble that occurs many times; the rows stand in the report."""
        d = self.draft
        place = self.inventory.name
        if self.missing_flows:
            self.problem(
                "exchange-flow-missing",
                place,
                "warning",
                count=sum(self.missing_flows.values()),
                flows="; ".join(list(self.missing_flows)[:4]),
            )
        if self.blank_names:
            self.problem(
                "exchange-name-blanks",
                place,
                "warning",
                count=len(self.blank_names),
                name=next(iter(self.blank_names)),
            )
        if self.bought:
            self.problem(
                "exchange-elementary-bought",
                place,
                "warning",
                count=sum(self.bought.values()),
                flows="; ".join(list(self.bought)[:6]),
            )
        for name, (status, n, total, unit) in sorted(d.uncharacterised.items()):
            self.problem(
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
            self.problem(
                "exchange-unlinked",
                place,
                "warning",
                count=len(d.unlinked),
                why="; ".join(f"{w}: {n}" for w, n in why.most_common(6)),
            )
        unused = [k for k in self.rules.mapping if k not in self.rules.used and k[2] == plain(k[2])]
        if unused:
            self.problem(
                "exchange-mapping-unused",
                place,
                "warning",
                count=len(unused),
                rows="; ".join("/".join(p for p in k if p) for k in unused[:4]),
            )


def mapping_rows(draft: Draft) -> Iterator[dict[str, str]]:
    """Rows of a mapping file to be filled in: one for each distinct flow, unit and place that is not linked, one for
    each process without an allocation rule, one for each gas without a factor."""
    seen: set[tuple[str, str, str]] = set()
    for u in draft.unlinked:
        key = (u.flow, u.unit, u.place)
        if key in seen or u.why.startswith("cut off"):
            continue
        seen.add(key)
        row = {
            "kind": "provider",
            "flow": u.flow,
            "name": u.name,
            "unit": u.unit,
            "place": u.place,
            "note": u.why,
        }
        for n, part in enumerate([p for p in u.candidates.split(" | ") if p][:3], start=1):
            id_, _, rest = part.partition(" ~")
            row[f"candidate_{n}"], row[f"score_{n}"] = id_, rest.partition(" ")[0]
        yield row
    for process, name, why in draft.left_out:
        if why.startswith("exchange-allocation"):
            yield {"kind": "allocation", "process": process, "name": "", "note": name}
    for name, (status, _, _, unit) in sorted(draft.uncharacterised.items()):
        yield {"kind": "gas", "name": name, "unit": unit, "note": status}
