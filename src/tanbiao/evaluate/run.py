"""Evaluate one rulebook over resolved facts: each name is computed when it is first asked for, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from ..core.digest import keyed_digest, merkle_root
from ..core.errors import Problem, TanbiaoError, refuse
from ..core.numbers import decimal_text
from ..core.value import KNOWN, MISSING, NOT_APPLICABLE, Array, Value, missing, not_applicable
from ..formula import Node, evaluate
from ..standards.clause import Clause
from ..standards.names import DERIVED_PARENTS, RulebookNames, derived_columns, line_columns
from ..standards.resolve import Rulebook
from ..study import MASSFLOW
from .background import Background
from .choose import choose
from .facts import Facts, FactTable
from .grade.grade import grade
from .impacts import ImpactColumns
from .ledger import FORMULA, NUMERICS, Entry, Ledger, Unkept
from .lines import Decision, build
from .massflow.flows import DRAWS, SAMPLER, SEED, Flows, mass_flow
from .massflow.spread import Draws
from .massflow.tables import balance_ids
from .scopes import ClauseScope, RowScope, StrippedScope
from .system import Solved, line_table, solve


class Evaluation:
    """Values of names under one rulebook, one set of facts and one background.

    forced: options chosen from outside (`under`), by choice.
    lines: a table of lines given directly (worked cases), in place of a solved system.
    tolerant: go on with the rows that are usable, to find as much as possible in one run; such a result is never
    published.
    """

    def __init__(
        self,
        rulebook: Rulebook,
        facts: Facts,
        background: Background,
        ledger: Ledger | None = None,
        forced: Mapping[str, str] | None = None,
        lines: FactTable | None = None,
        tolerant: bool = False,
        derived: Mapping[str, FactTable] | None = None,
    ) -> None:
        self.rulebook, self.facts, self.background = rulebook, facts, background
        self.names = RulebookNames(rulebook)
        self.ledger = ledger if ledger is not None else Ledger()
        self.forced = dict(forced or {})
        self.given_lines = lines
        self.given_derived = derived or {}
        self.flows: Flows | None = None
        self.flow_draws: Draws | None = None
        self._flow_key = ""
        self.tolerant = tolerant
        self.values: dict[str, Value] = {}
        self.keys: dict[str, str] = {}
        self.stack: list[list[tuple[str, str]]] = []
        self.busy: list[str] = []
        self.decisions: dict[str, Decision] = {}
        self.solved: Solved | None = None
        self.grades: dict[str, Any] = {}
        self._line_columns: dict[str, Value] | None = None
        self._line_key = ""
        self.problems: list[Problem] = []
        self.roots: dict[str, str] = {}
        """Ledger entries of whole fact tables, shared with what is evaluated `under` other options."""
        self.others: dict[tuple[tuple[str, str], ...], Evaluation] = {}
        """What was evaluated again under other options."""
        self._moved: tuple[int, frozenset[str]] | None = None
        self.axes = tuple(sorted(("under", f"{k}={v}") for k, v in self.forced.items()))
        self.impact_columns = ImpactColumns(self)
        self._pack_digest = {p.name: p.digest for p in rulebook.packs}

    def value(self, name: str) -> Value:
        """The value of a clause's name."""
        if name not in self.values:
            clause = self.rulebook.clauses.get(name)
            if clause is None:
                raise refuse("name-unknown", name=name, formula=name)
            if name in self.busy:
                raise refuse("clause-cycle", clause.place, path=" → ".join([*self.busy, name]))
            self.busy.append(name)
            self.stack.append([])
            try:
                value = self.clause(clause)
            except TanbiaoError as error:
                raise TanbiaoError(
                    [replace(p, clause=p.clause or clause.address) for p in error.problems]
                ) from None
            finally:
                inputs = self.stack.pop()
                self.busy.pop()
            self.values[name] = value
            self.keys[name] = self.record(clause, value, inputs)
        self.use(name, self.keys[name])
        return self.values[name]

    def use(self, name: str, key: str) -> None:
        """Note that the clause being evaluated reads `name`."""
        if self.stack and (name, key) not in self.stack[-1]:
            self.stack[-1].append((name, key))

    def record(self, clause: Clause, value: Value, inputs: list[tuple[str, str]]) -> str:
        data = ""
        if clause.kind == "given":
            data = keyed_digest(
                self.facts.salt,
                clause.path,
                _text(value),
                value.unit.text,
                self.facts.evidence.get(clause.name, ""),
            )
        formula = clause.formula.source if clause.formula is not None else ""
        entry = Entry(
            clause.kind,
            clause.name,
            clause.address,
            self._pack_digest.get(clause.pack, ""),
            formula,
            tuple(sorted(inputs)),
            clause.unit.text,
            clause.basis,
            self.axes,
            data,
        )
        return self.ledger.add(entry, value)

    def clause(self, clause: Clause) -> Value:
        if clause.kind == "given":
            return self.facts.scalars.get(clause.name, missing(clause.path, unit=clause.unit))
        if clause.kind == "choose":
            return self.choose(clause)
        scope = ClauseScope(self, clause)
        if clause.when is not None:
            applies = evaluate(clause.when, ClauseScope(self, replace(clause, subject=None)))
            if applies.state == MISSING:
                return self.blank(scope, Value(None, MISSING, why=applies.why), clause)
            if applies.state == NOT_APPLICABLE or not applies.data:
                return self.blank(scope, not_applicable(clause.address), clause)
        if clause.kind == "grade":
            value, detail = grade(clause, self)
            self.grades[clause.name] = detail
            return value
        if clause.kind == "publish":
            return self.value(clause.of)
        if clause.alternative:
            return Value(str(sorted(clause.alternative.items())))
        if clause.open:
            return Value(None, MISSING, clause.unit, clause.basis, why=frozenset([clause.address]))
        if clause.formula is None:
            assert clause.value is not None
            if isinstance(clause.value.data, str | bool):
                return clause.value
            return replace(clause.value, unit=clause.unit, basis=clause.basis)
        if clause.inputs:
            value = self.empirical(clause, scope)
        else:
            value = evaluate(clause.formula, scope)
        if scope.table is not None and value.table is None:
            value = self.spread(value, scope.table)
        if clause.subject is not None and clause.subject.where is not None:
            value = self.masked(value, evaluate(clause.subject.where, scope))
        if clause.kind == "check" or clause.value_kind != "number":
            return value
        return replace(value, unit=clause.unit, basis=clause.basis)

    def choose(self, clause: Clause) -> Value:
        """What a choice settles, here from its conditions; an evaluation may keep another's options instead."""
        return choose(self, clause)

    def empirical(self, clause: Clause, scope: ClauseScope) -> Value:
        """Numeric-value form: strip the inputs of their declared units, compute bare numbers, stamp the result."""
        assert clause.formula is not None
        value = evaluate(clause.formula, StrippedScope(self, clause))
        factor = clause.unit.factor
        if value.data is None:
            return value
        data = value.data * (
            float(factor)
            if isinstance(value.data, float)
            or (isinstance(value.data, np.ndarray) and value.data.dtype == np.float64)
            else factor
        )
        return replace(value, data=data)

    def blank(self, scope: ClauseScope, value: Value, clause: Clause) -> Value:
        value = replace(value, unit=clause.unit, basis=clause.basis)
        return self.spread(value, scope.table) if scope.table is not None else value

    def spread(self, value: Value, table: str) -> Value:
        """A scalar over every row of a table."""
        size = self.rows_of(table)
        fill = value.data if value.data is not None else Fraction(0)
        kind: Any = bool if isinstance(fill, bool) else np.float64 if isinstance(fill, float) else object
        data = np.empty(size, dtype=kind)
        data[:] = fill
        return replace(value, data=data, state=np.full(size, int(value.state), dtype=np.int8), table=table)

    def masked(self, value: Value, where: Value) -> Value:
        """Outside the `where` of its subject a clause does not apply."""
        keep = (
            np.asarray(where.data, dtype=bool)
            if where.table
            else np.full(np.shape(value.state), bool(where.data))
        )
        states = np.asarray(where.state)
        state = np.where(
            states == MISSING, MISSING, np.where(keep & (states == KNOWN), value.state, NOT_APPLICABLE)
        )
        return replace(
            value,
            state=np.broadcast_to(state, np.shape(value.state)).astype(np.int8),
            why=value.why | where.why,
        )

    def product_rows(self) -> Array:
        return np.flatnonzero(self.facts.tables["exchange"].columns["direction"].data == "product")

    def rows_of(self, table: str | None) -> int:
        if table is None:
            return 1
        if table == "line":
            return len(self.line_column("impact").data)
        if table in derived_columns():
            return len(self.derived_column(table, "id").data)
        if table == "product":
            return len(self.product_rows())
        if table in self.facts.tables:
            return len(self.facts.tables[table])
        return self.rulebook.tables[table].rows

    def fact_column(self, table: str, column: str) -> Value:
        """A column of facts, of a pack's table, or of the lines."""
        if table == "line":
            return self.line_column(column)
        if table in derived_columns():
            return self.derived_column(table, column)
        if table == "product":
            rows = self.product_rows()
            base = self.fact_column("exchange", column)
            return replace(base, data=base.data[rows], state=base.state[rows], table="product")
        if table in self.facts.tables:
            found = self.facts.tables[table]
            if column == "id":
                return Value(
                    np.array(found.ids, dtype=object), np.zeros(len(found), dtype=np.int8), table=table
                )
            self.use(f"{table}.{column}", self.given_column(table, column, found))
            return found.columns[column]
        pack_table = self.rulebook.tables[table]
        clause = self.rulebook.clauses.get(table)
        owner = clause.pack if clause is not None else self.rulebook.pack.name
        entry = Entry(
            "table", f"{table}.{column}", clause.address if clause else "", self._pack_digest[owner]
        )
        self.use(f"{table}.{column}", self.ledger.add(entry))
        return pack_table.values[column]

    def given_column(self, table: str, column: str, found: FactTable) -> str:
        """The ledger entry of a column of facts: a root over one keyed digest for each row."""
        name = f"{table}.{column}"
        if name not in self.keys:
            texts = (
                found.source.columns.get(column, ("",) * len(found))
                if found.source is not None
                else [_cell(v) for v in found.columns[column].data]
            )
            data = merkle_root(
                keyed_digest(self.facts.salt, table, i, column, t)
                for i, t in zip(found.ids, texts, strict=True)
            )
            value = found.columns[column]
            self.keys[name] = self.ledger.add(
                Entry("given", name, data=data, unit=value.unit.text, basis=value.basis),
                {"table": table, "rows": len(found)},
            )
        return self.keys[name]

    def parent_rows(self, child: str, parent: str) -> Array | None:
        if child == parent:
            return np.arange(self.rows_of(child))
        if child == "product":
            rows = self.facts.tables["exchange"].parents.get(parent)
            return rows[self.product_rows()] if rows is not None else None
        if child == "line" and self._line_columns is not None and parent == "process":
            ids = {i: n for n, i in enumerate(self.facts.tables["process"].ids)}
            return np.array([ids.get(str(p), -1) for p in self._line_columns["process"].data])
        if DERIVED_PARENTS.get(child) == parent:
            flows = self.mass_flow()
            place = {str(i): n for n, i in enumerate(flows.tables[parent]["id"].data)}
            return np.array([place.get(i, -1) for i in balance_ids(flows.tables[child])], dtype=np.int64)
        table = self.facts.tables.get(child)
        return table.parents.get(parent) if table is not None else None

    def mass_flow(self) -> Flows:
        """The derived tables, computed once. Raises with everything that is wrong with the facts behind them."""
        if self.flows is None:
            forced = self.rulebook.tables.get("forced_removal")
            items = [str(i) for i in forced.values["item"].data] if forced is not None else []
            self.flows = mass_flow(self.facts, items, self.given_derived)
        if self.flows.problems:
            raise TanbiaoError(self.flows.problems)
        if not self._flow_key:
            self.stack.append([])
            inputs = [
                (n, self.table_root(self.facts.tables[n])) for n in MASSFLOW if len(self.facts.tables[n])
            ]
            inputs += [(n, self.given_column_root(t)) for n, t in self.given_derived.items()]
            self.stack.pop()
            rows = {n: len(t["id"].data) for n, t in self.flows.tables.items()}
            self._flow_key = self.ledger.add(
                Entry(
                    "massflow",
                    "massflow",
                    inputs=tuple(sorted(inputs)),
                    axes=(*self.axes, ("numerics", SAMPLER)),
                ),
                rows,
            )
        return self.flows

    def derived_column(self, table: str, column: str) -> Value:
        flows = self.mass_flow()
        self.use(f"{table}.{column}", self._flow_key)
        found = flows.tables[table].get(column)
        if found is None:  # a worked case gives some columns only
            spec = derived_columns()[table][column]
            size = len(next(iter(flows.tables[table].values())).data)
            blank: Any = {"number": Fraction(0), "bool": False}.get(spec.kind, "")
            state = MISSING if spec.kind == "number" and size else KNOWN
            return Value(
                np.array([blank] * size, dtype=bool if spec.kind == "bool" else object),
                np.full(size, state, dtype=np.int8),
                spec.unit,
                spec.basis,
                table,
                frozenset([f"{table}.{column}"]) if state == MISSING else frozenset(),
            )
        return found

    def chance(self, formula: Node, table: str | None) -> Value:
        """The share of draws of the mass flow in which `formula` holds; 0 or 1 where nothing has a spread."""
        still = evaluate(formula, RowScope(self, table))
        flows = self.mass_flow()
        draws = self.flow_draws or flows.draws(DRAWS, SEED)
        if draws is None or still.state != KNOWN:
            return replace(still, data=Fraction(int(bool(still.data))) if still.state == KNOWN else None)
        self.flow_draws = draws
        key = self.ledger.add(
            Entry(
                "ensemble",
                "massflow draws",
                inputs=(("massflow", self._flow_key),),
                axes=(("n", str(DRAWS)), ("sampler", SAMPLER), ("seed", str(SEED))),
            )
        )
        self.use("massflow draws", key)
        met = 0
        for number in range(DRAWS):
            value = evaluate(formula, RowScope(self.drawn(flows.drawn(draws, number)), table))
            met += bool(value.data) and value.state == KNOWN
        return Value(Fraction(met, DRAWS))

    def samples(self, name: str, count: int = DRAWS) -> Array:
        """Draws of a scalar quantity in its own unit, for figures; empty where nothing has a spread."""
        flows = self.mass_flow()
        draws = flows.draws(count, SEED)
        if draws is None:
            return np.empty(0)
        values = [self.drawn(flows.drawn(draws, n)).value(name) for n in range(count)]
        return np.array([float(v.data) / float(v.unit.factor) for v in values if v.state == KNOWN])

    def drawn(self, flows: Flows) -> Evaluation:
        """The same evaluation over other masses; what it finds stays out of the ledger."""
        other = Evaluation(
            self.rulebook,
            self.facts,
            self.background,
            Unkept(),
            self.forced,
            self.given_lines,
            self.tolerant,
            self.given_derived,
        )
        other.roots, other.flows, other._flow_key = self.roots, flows, self._flow_key
        other.decisions = dict(self.decisions)
        moved = self.moved_by_flow()
        other.values = {n: v for n, v in self.values.items() if n not in moved}
        other.keys = {n: k for n, k in self.keys.items() if n not in moved}
        return other

    def moved_by_flow(self) -> frozenset[str]:
        """The names evaluated so far that rest on the mass flow, so that other masses give them other values."""
        if self._moved is None or self._moved[0] != len(self.keys):
            rests: dict[str, bool] = {self._flow_key: True}

            def on_flow(key: str) -> bool:
                if key not in rests:
                    entry = self.ledger.entries.get(key)
                    rests[key] = entry is None or any(on_flow(k) for _, k in entry.inputs)
                return rests[key]

            self._moved = len(self.keys), frozenset(n for n, k in self.keys.items() if on_flow(k))
        return self._moved[1]

    def line_column(self, column: str) -> Value:
        if self._line_columns is None:
            self.stack.append([])
            try:
                self._line_columns, key = self.lines()
            finally:
                self.stack.pop()
            self._line_key = key
        self.use(f"line.{column}", self._line_key)
        if column not in self._line_columns:
            spec = line_columns()[column]
            size = len(next(iter(self._line_columns.values())).data) if self._line_columns else 0
            return Value(
                np.full(size, Fraction(0) if spec.kind == "number" else "", dtype=object),
                np.full(size, MISSING, dtype=np.int8),
                spec.unit,
                (),
                "line",
                frozenset([f"line.{column}"]),
            )
        return self._line_columns[column]

    def impact(self, category: str, unit: str) -> Value:
        """Of every line what it brings in a category of the study's impact method."""
        return self.impact_columns.impact(category, unit)

    def uncounted(self, category: str) -> Value:
        """Of every line how many flows behind it have no factor in a category where they should."""
        return self.impact_columns.uncounted(category)

    def lines(self) -> tuple[dict[str, Value], str]:
        """Decide, build, solve; the ledger gets the choices, the facts, the lines and the background."""
        if self.given_lines is not None:
            return dict(self.given_lines.columns), self.given_column_root(self.given_lines)
        for clause in self.rulebook.of_kind("choose"):
            self.value(clause.name)
        inputs = [(c.name, self.keys[c.name]) for c in self.rulebook.of_kind("choose")]
        undecided = [c for c in self.rulebook.of_kind("choose") if self.decisions[c.name].undecided]
        exchange = self.facts.tables["exchange"]
        inputs.append(("exchange", self.table_root(exchange)))
        inputs.append(("process", self.table_root(self.facts.tables["process"])))
        built = build(self.facts, list(self.decisions.values()), self.background, self.stage_map())
        self.problems += built.problems
        if not self.tolerant and any(p.level == "error" for p in built.problems):
            raise TanbiaoError(built.problems)
        self.solved = solve(built, self.background)
        system = self.ledger.add(
            Entry(
                "system",
                "background",
                data=merkle_root(f"{n}:{d}" for n, d in self.background.libraries.items()),
                axes=(("gwp", self.background.gwp), ("numerics", NUMERICS)),
            )
        )
        used = sorted(set(built.provider))
        lookup = self.ledger.add(Entry("lookup", "providers", data=self.background.lookup_digest(used)))
        inputs += [("background", system), ("providers", lookup)]
        reference = keyed_digest(self.facts.salt, "reference", str(sorted(self.facts.reference.items())))
        inputs.append(
            (
                "reference",
                self.ledger.add(Entry("given", "reference", data=reference), dict(self.facts.reference)),
            )
        )
        key = self.ledger.add(
            Entry("lines", "line", inputs=tuple(sorted(inputs)), axes=self.axes, formula=FORMULA),
            {"lines": len(built)},
        )
        columns = line_table(self.solved, self.facts, self.background)
        if undecided:
            why = frozenset(w for c in undecided for w in self.values[c.name].why) | {
                c.address for c in undecided
            }
            for name in ("impact", "excluding_uptake", "low", "high"):
                value = columns[name]
                columns[name] = replace(
                    value, state=np.full(len(value.data), MISSING, dtype=np.int8), why=why
                )
        return columns, key

    def table_root(self, table: FactTable) -> str:
        """Ledger entry of a whole table: one root over a keyed digest of each row."""
        if table.name not in self.roots:
            self.roots[table.name] = self._table_root(table)
        return self.roots[table.name]

    def _table_root(self, table: FactTable) -> str:
        if table.source is not None:
            names = sorted(table.source.columns)
            columns = [table.source.columns[n] for n in names]
            rows = zip(table.ids, zip(*columns, strict=True), strict=True)
            data = merkle_root(
                keyed_digest(
                    self.facts.salt,
                    table.name,
                    i,
                    *(f"{n}={c}" for n, c in zip(names, cells, strict=True) if c and n not in ("note",)),
                )
                for i, cells in rows
            )
        else:
            data = merkle_root(keyed_digest(self.facts.salt, table.name, i) for i in table.ids)
        return self.ledger.add(
            Entry("given", table.name, data=data), {"table": table.name, "rows": len(table)}
        )

    def given_column_root(self, table: FactTable) -> str:
        data = merkle_root(
            keyed_digest(
                self.facts.salt,
                table.name,
                i,
                *(f"{n}={_cell(v.data[r])}" for n, v in sorted(table.columns.items())),
            )
            for r, i in enumerate(table.ids)
        )
        return self.ledger.add(
            Entry("given", table.name, data=data), {"table": table.name, "rows": len(table)}
        )

    def stage_map(self) -> dict[str, tuple[str, str]]:
        """Step tag → (stage, account), from the stage table of the headline."""
        headline = next((c for c in self.rulebook.of_kind("publish") if c.headline and c.stages), None)
        if headline is None:
            return {}
        values = self.rulebook.tables[headline.stages].values
        account = values.get("account")
        return {
            str(values["tag"].data[r]): (
                str(values["stage"].data[r]),
                str(account.data[r]) if account is not None and account.data[r] else "total",
            )
            for r in range(self.rulebook.tables[headline.stages].rows)
        }

    def under(self, options: Mapping[str, str]) -> Evaluation:
        """The same evaluation with other options chosen; it writes into the same ledger, under its own axes."""
        forced = {**self.forced, **{k.replace("-", "_"): v for k, v in options.items()}}
        for choice in forced:
            if choice not in self.rulebook.clauses or self.rulebook.clauses[choice].kind != "choose":
                raise refuse("name-unknown", name=choice, formula="under")
        key = tuple(sorted(forced.items()))
        if key not in self.others:
            other = Evaluation(
                self.rulebook,
                self.facts,
                self.background,
                self.ledger,
                forced,
                self.given_lines,
                self.tolerant,
                self.given_derived,
            )
            other.roots, other.flows = self.roots, self.flows
            self.others[key] = other
        return self.others[key]


def _text(value: Value) -> str:
    if value.state != KNOWN:
        return ""
    return _cell(value.data)


def _cell(data: Any) -> str:
    if isinstance(data, Fraction | float) and not isinstance(data, bool):
        return decimal_text(data)
    return str(data)
