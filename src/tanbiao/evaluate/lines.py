"""Facts and decisions → lines, the only door from packs into the solver.

What leaves a study's own processes (background providers, gases, omissions, what is not linked) is a line. Lines are
stored as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.errors import Place, Problem, refuse
from ..core.text import Text
from ..core.units import ONE, UnitError, dimension_text, unit
from ..core.value import KNOWN, Array, Value
from ..standards.clause import Option
from .background import POSITION_COLUMNS, Background, Provider
from .facts import Facts, FactTable

CO2E = "ghg"
"""A line may take CO2e itself: one unit is 1 kgCO2e whose gases are not known (position unsplit)."""
_NONE = Provider(
    "", Text("未链接", "not linked"), ONE, np.zeros(len(POSITION_COLUMNS)), 0.0, 0.0, "none", "none"
)
_GHG = Provider(
    CO2E,
    Text("二氧化碳当量估计值", "CO2e estimate"),
    unit("kgCO2e"),
    np.array([0.0] * 8 + [1.0]),
    1.0,
    1.0,
    "direct",
    "ghg",
)


@dataclass(frozen=True, eq=False)
class Decision:
    """What a choice settled for the rows of its subject.

    option: name of the option for each row ("" where the choice does not apply or is undecided).
    """

    choice: str
    clause: str
    table: str | None
    option: tuple[str, ...]
    undecided: tuple[int, ...]
    options: Mapping[str, Option]
    weights: Array | None = None
    """Allocation: weight of each product row."""
    providers: Mapping[str, Value] | None = None
    """Provider column for each option that sets one."""
    coefficients: Mapping[tuple[str, int], Value] | None = None
    """Coefficient column for each line template of each option."""


@dataclass(frozen=True, eq=False)
class Lines:
    """The terms that leave the study's own system, and the links inside it, as columns.

    column: number of the product column whose activity scales the line; coefficient: amount for one activity.
    """

    fact: tuple[str, ...]
    fact_table: tuple[str, ...]
    fact_row: Array
    column: Array
    provider: tuple[str, ...]
    flow: tuple[str, ...]
    coefficient: Array
    step: tuple[str, ...]
    stage: tuple[str, ...]
    account: tuple[str, ...]
    clause: tuple[str, ...]
    products: tuple[int, ...]
    """Exchange rows of the product columns."""
    process_of: Array
    """Process row of each product column."""
    output: Array
    """Amount of the product for one activity."""
    demand: Array
    link_to: Array
    link_from: Array
    link_amount: Array
    link_row: Array
    """Exchange row of each link."""
    names: tuple[str, ...]
    """Product columns by the ids of process and exchange row."""
    problems: tuple[Problem, ...]

    def __len__(self) -> int:
        return len(self.fact)


def build(
    facts: Facts, decisions: Sequence[Decision], background: Background, stages: Mapping[str, tuple[str, str]]
) -> Lines:
    """Rewrite facts into lines by the decisions. stages: step tag → (stage of the pack, account)."""
    return _Builder(facts, decisions, background, stages).build()


class _Builder:
    def __init__(
        self,
        facts: Facts,
        decisions: Sequence[Decision],
        background: Background,
        stages: Mapping[str, tuple[str, str]],
    ) -> None:
        self.facts, self.decisions, self.background, self.stages = facts, decisions, background, stages
        self.exchange, self.process = facts.tables["exchange"], facts.tables["process"]
        self.problems: list[Problem] = []
        self.rows: list[tuple[Any, ...]] = []
        self.links: list[tuple[int, int, float, int]] = []
        self.factors: dict[tuple[str, str], float | None] = {}

    def build(self) -> Lines:
        cells = {
            name: self.exchange.columns[name].data
            for name in ("process", "stage", "direction", "flow", "unit", "provider")
        }
        amounts = self.exchange.columns["amount"]
        amount = np.array([float(v) for v in amounts.data], dtype=np.float64)
        directions = cells["direction"]
        products = tuple(int(r) for r in np.flatnonzero(directions == "product"))
        owner = self.exchange.parents.get("process", np.full(len(self.exchange), -1))
        self.columns_of: dict[int, list[int]] = {}
        for position, row in enumerate(products):
            self.columns_of.setdefault(int(owner[row]), []).append(position)
        self.products, self.owner, self.cells, self.amount = products, owner, cells, amount
        self.flow_column = {(int(owner[r]), str(cells["flow"][r])): i for i, r in enumerate(products)}
        self.row_column = {self.exchange.ids[r]: i for i, r in enumerate(products)}
        share = self.shares()
        taken, providers = self.rewrites(share)
        process_ids = {i: n for n, i in enumerate(self.process.ids)}
        for row in range(len(self.exchange)):
            if directions[row] in ("product", "resource") and not (
                directions[row] == "resource" and cells["provider"][row]
            ):
                continue
            if row in taken or owner[row] < 0:
                continue
            provider = providers.get(row, str(cells["provider"][row]))
            if directions[row] == "emission" and not provider:
                provider = str(cells["flow"][row])
            self.term(
                "exchange",
                row,
                self.exchange.ids[row],
                str(cells["flow"][row]),
                provider,
                str(cells["unit"][row]),
                amount[row],
                str(cells["stage"][row]),
                None,
                "total",
                "",
                share,
                process_ids,
            )
        return self.finish()

    def shares(self) -> dict[int, float]:
        """For each product column its share of the process: 1, or what the allocation decided."""
        share = {c: 1.0 for columns in self.columns_of.values() for c in columns}
        for decision in self.decisions:
            if decision.weights is None:
                continue
            for process, columns in self.columns_of.items():
                if len(columns) < 2 or process < 0 or not decision.option[process]:
                    continue
                weights = [float(decision.weights[self.products[c]]) for c in columns]
                total = sum(weights)
                if total <= 0 or min(weights) < 0:
                    self.problems.append(
                        Problem(
                            "allocation-weight",
                            self.process.place(process),
                            {
                                "process": self.process.ids[process],
                                "weights": ", ".join(f"{w:g}" for w in weights),
                            },
                            decision.clause,
                        )
                    )
                    continue
                for column, weight in zip(columns, weights, strict=True):
                    share[column] = weight / total
        allocated = {
            p for d in self.decisions if d.weights is not None for p in range(len(d.option)) if d.option[p]
        }
        allocated |= {
            p
            for d in self.decisions
            if any(o.key is not None for o in d.options.values())
            for p in d.undecided
        }  # its lines are missing, naming the datum
        for process, columns in self.columns_of.items():
            if len(columns) > 1 and process not in allocated:
                self.problems.append(
                    Problem(
                        "allocation-none",
                        self.process.place(process) if process >= 0 else Place(),
                        {"process": self.process.ids[process] if process >= 0 else "?"},
                    )
                )
        return share

    def rewrites(self, share: dict[int, float]) -> tuple[set[int], dict[int, str]]:
        """Lines that options write in place of exchanges, and providers that options set."""
        taken: set[int] = set()
        providers: dict[int, str] = {}
        process_ids = {i: n for n, i in enumerate(self.process.ids)}
        for decision in self.decisions:
            if decision.table is None:
                continue
            subject = self.facts.tables[decision.table]
            for row, name in enumerate(decision.option):
                option = decision.options.get(name)
                if option is None:
                    continue
                linked = self.linked(decision.table, subject, row)
                if option.provider is not None and decision.providers is not None:
                    column = decision.providers[name]
                    provider = str(column.data[row] if column.table else column.data)
                    for exchange in linked:
                        providers[exchange] = provider
                if option.lines is None:
                    continue
                taken.update(linked)
                for number, template in enumerate(option.lines):
                    column = (decision.coefficients or {})[(name, number)]
                    if (column.table is not None and column.state[row] != KNOWN) or (
                        column.table is None and column.state != KNOWN
                    ):
                        self.problems.append(
                            Problem(
                                "line-coefficient",
                                subject.place(row),
                                {"row": subject.ids[row], "missing": ", ".join(sorted(column.why))},
                                decision.clause,
                                "warning",
                            )
                        )
                        continue
                    coefficient = float(column.data[row] if column.table is not None else column.data)
                    if coefficient == 0.0:
                        continue
                    provider = self.template_provider(template.provider, subject, row)
                    if linked:
                        for exchange in linked:
                            counted, measured = (
                                self.amount[exchange] * coefficient,
                                str(self.cells["unit"][exchange]),
                            )
                            if (
                                template.unit is not None
                            ):  # through coherent base units into the unit of the template
                                counted *= float(unit(measured).factor / template.unit.factor)
                                measured = template.unit.text
                            self.term(
                                "exchange",
                                exchange,
                                self.exchange.ids[exchange],
                                str(self.cells["flow"][exchange]),
                                provider,
                                measured,
                                counted,
                                str(self.cells["stage"][exchange]),
                                template.stage,
                                template.account,
                                decision.clause,
                                share,
                                process_ids,
                            )
                    elif decision.table != "exchange":
                        self.absolute(
                            decision.table,
                            row,
                            subject,
                            provider,
                            coefficient,
                            template.stage,
                            template.account,
                            decision.clause,
                        )
        return taken, providers

    def template_provider(self, name: str, subject: FactTable, row: int) -> str:
        column = subject.columns.get(name)
        return str(column.data[row]) if column is not None else name

    def linked(self, table: str, subject: FactTable, row: int) -> list[int]:
        """The exchange rows that a subject row speaks of."""
        if table == "exchange":
            return [row]
        if table in self.exchange.parents:
            if not hasattr(self, "_by"):
                self._by: dict[str, dict[int, list[int]]] = {}
            if table not in self._by:
                index: dict[int, list[int]] = {}
                for exchange, parent in enumerate(self.exchange.parents[table]):
                    index.setdefault(int(parent), []).append(exchange)
                self._by[table] = index
            return self._by[table].get(row, [])
        if "exchange" in subject.parents and subject.parents["exchange"][row] >= 0:
            return [int(subject.parents["exchange"][row])]
        return []

    def term(
        self,
        table: str,
        row: int,
        fact: str,
        flow: str,
        provider: str,
        unit_text: str,
        amount: float,
        step: str,
        stage: str | None,
        account: str,
        clause: str,
        share: dict[int, float],
        process_ids: Mapping[str, int],
    ) -> None:
        """One exchange becomes a link inside the study, or a line for each product of its process."""
        owner = int(self.owner[row])
        columns = self.columns_of.get(owner, [])
        if not columns:
            name = self.process.ids[owner] if owner >= 0 else "?"
            if all(p.code != "process-no-product" or p.args["process"] != name for p in self.problems):
                place = self.exchange.place(row, "process")
                self.problems.append(Problem("process-no-product", place, {"process": name}))
            return
        target = self.target(provider, flow, process_ids)
        if target is not None:
            factor = self.convert(unit_text, str(self.cells["unit"][self.products[target]]), row, provider)
            if factor is None:
                return
            for column in columns:
                self.links.append((target, column, amount * factor * share[column], row))
            return
        if provider and provider not in self.background.providers and provider != CO2E:
            self.problems.append(
                Problem("provider-unknown", self.exchange.place(row, "provider"), {"provider": provider})
            )
            return
        needed = provider_of(provider, self.background).unit.text if provider else unit_text
        factor = self.convert(unit_text, needed, row, provider)
        if factor is None:
            return
        mapped, kept = self.stages.get(step, (step, "total")) if self.stages else (step, "total")
        if self.stages and step not in self.stages and stage is None:
            self.problems.append(
                Problem(
                    "stage-unknown",
                    self.exchange.place(row, "stage"),
                    {"stage": step, "known": ", ".join(self.stages)},
                )
            )
            return
        if stage is not None and stage in self.stages:  # a step tag: the boundary says which stage, in or out
            stage, kept = self.stages[stage]
        final = account if kept == "total" else kept
        for column in columns:
            self.rows.append(
                (
                    fact,
                    table,
                    row,
                    column,
                    provider,
                    flow,
                    amount * factor * share[column],
                    step,
                    stage or mapped,
                    final,
                    clause,
                )
            )

    def absolute(
        self,
        table: str,
        row: int,
        subject: FactTable,
        provider: str,
        coefficient: float,
        stage: str | None,
        account: str,
        clause: str,
    ) -> None:
        """A line for the reference flow as a whole (an omission's estimate): its coefficient is in the provider's
        own unit per reference flow."""
        column = self.reference_column()
        step = str(subject.columns["stage"].data[row]) if "stage" in subject.columns else ""
        mapped, kept = self.stages.get(step, (step, "total")) if self.stages else (step, "total")
        per = coefficient / self.reference_amount() * float(self.amount[self.products[column]])
        flow_column = subject.columns.get("flow_en") or subject.columns.get("flow")
        flow = str(flow_column.data[row]) if flow_column is not None else subject.ids[row]
        self.rows.append(
            (
                subject.ids[row],
                table,
                row,
                column,
                provider,
                flow,
                per,
                step,
                stage or mapped,
                account if kept == "total" else kept,
                clause,
            )
        )

    def target(self, provider: str, flow: str, process_ids: Mapping[str, int]) -> int | None:
        """The product column that a provider means, when it is one of the study's own."""
        if provider in self.row_column:
            return self.row_column[provider]
        process = process_ids.get(provider)
        if process is None:
            return None
        named = self.flow_column.get((process, flow))
        if named is not None:
            return named
        columns = self.columns_of.get(process, [])
        return columns[0] if columns else None

    def convert(self, have: str, want: str, row: int, provider: str) -> float | None:
        key = (have, want)
        if key not in self.factors:
            self.factors[key] = self._factor(have, want, row)
        factor = self.factors[key]
        if factor is None:
            try:
                left, right = unit(have), unit(want)
            except UnitError as error:
                self.problems.append(
                    Problem("unit-unknown", self.exchange.place(row, "unit"), {"unit": str(error)})
                )
                return None
            self.problems.append(
                Problem(
                    "unit-mismatch",
                    self.exchange.place(row, "unit"),
                    {
                        "unit": have,
                        "provider": provider,
                        "wanted": want,
                        "left": dimension_text(left.dimension),
                        "right": dimension_text(right.dimension),
                    },
                )
            )
        return factor

    def _factor(self, have: str, want: str, row: int) -> float | None:
        try:
            return float(unit(have).to(unit(want)))
        except UnitError:
            return None

    def reference_column(self) -> int:
        wanted = self.facts.reference.get("process", "")
        rows = [
            c
            for p, columns in self.columns_of.items()
            if p >= 0 and self.process.ids[p] == wanted
            for c in columns
        ]
        flow = self.facts.reference.get("flow")
        if flow:
            rows = [c for c in rows if self.cells["flow"][self.products[c]] == flow]
        if not rows:
            raise refuse("reference-unknown", Place("study.yaml", path="reference"), process=wanted)
        return rows[0]

    def reference_amount(self) -> float:
        from ..core.numbers import number

        text = self.facts.reference.get("amount", "1")
        amount, _, measured = text.partition(" ")
        column = self.reference_column()
        have = str(self.cells["unit"][self.products[column]])
        try:
            return float(number(amount)) * (float(unit(measured).to(unit(have))) if measured else 1.0)
        except (ValueError, UnitError):
            raise refuse(
                "reference-amount", Place("study.yaml", path="reference.amount"), text=text, unit=have
            ) from None

    def name_of(self, row: int) -> str:
        process = int(self.owner[row])
        own = self.exchange.ids[row]
        return f"{self.process.ids[process]}/{own}" if process >= 0 else own

    def finish(self) -> Lines:
        demand = np.zeros(len(self.products))
        if self.products:
            demand[self.reference_column()] = self.reference_amount()
        columns: list[Any] = list(zip(*self.rows, strict=True)) if self.rows else [[]] * 11
        output = np.array([self.amount[r] for r in self.products])
        for position, value in enumerate(output):
            if value <= 0:
                row = self.products[position]
                self.problems.append(
                    Problem("product-amount", self.exchange.place(row, "amount"), {"amount": f"{value:g}"})
                )
        links = np.array(self.links, dtype=np.float64).reshape(-1, 4)
        return Lines(
            tuple(columns[0]),
            tuple(columns[1]),
            np.array(columns[2], dtype=np.int64),
            np.array(columns[3], dtype=np.int64),
            tuple(columns[4]),
            tuple(columns[5]),
            np.array(columns[6], dtype=np.float64),
            tuple(columns[7]),
            tuple(columns[8]),
            tuple(columns[9]),
            tuple(columns[10]),
            self.products,
            np.array([int(self.owner[r]) for r in self.products], dtype=np.int64),
            output,
            demand,
            links[:, 0].astype(np.int64),
            links[:, 1].astype(np.int64),
            links[:, 2],
            links[:, 3].astype(np.int64),
            tuple(self.name_of(r) for r in self.products),
            tuple(self.problems),
        )


def provider_of(id_: str, background: Background) -> Provider:
    if id_ == "":
        return _NONE
    if id_ == CO2E:
        return _GHG
    return background.providers[id_]
