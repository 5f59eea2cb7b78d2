"""One draw of a study evaluated in full, and packs of draws as sums over its lines."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from scipy import sparse

from ..core.errors import raise_errors
from ..core.numbers import decimal_text
from ..core.value import KNOWN, Array, Value
from ..library import Sampled
from ..numerics import lca
from ..standards.clause import Clause
from ..standards.resolve import Rulebook
from ..study import Study
from .background import POSITIONS, Background
from .choose import decide
from .facts import Facts, resolve_facts
from .ledger import Ledger
from .lines import Decision
from .results import Published
from .run import Evaluation
from .scopes import ClauseScope
from .system import Solved
from .uncertain import Source, StudyDraws, with_parameters

LANES = lca.LANES


class Frozen(Evaluation):
    """An evaluation of other facts under the decisions of `static`: the chosen options stay, their coefficients and
    weights follow the facts."""

    static: Evaluation

    def choose(self, clause: Clause) -> Value:
        before = self.static.decisions[clause.name]
        undecided = np.zeros(len(before.option), dtype=bool)
        undecided[list(before.undecided)] = True
        self.decisions[clause.name] = decide(
            self,
            clause,
            ClauseScope(self, clause),
            before.table,
            np.array(before.option, dtype=object),
            undecided,
        )
        return self.static.values[clause.name]


def drawn_facts(
    study: Study, rulebook: Rulebook, facts: Facts, sources: Sequence[Source], amounts: Array
) -> Facts:
    """The facts with the drawn amounts (sources,) in place of the declared ones; formulas over drawn parameters are
    worked out again."""
    free = {
        s.parameter: (decimal_text(float(a)), s.unit)
        for s, a in zip(sources, amounts, strict=True)
        if s.parameter is not None
    }
    if free:
        facts, problems = resolve_facts(
            with_parameters(study, free), rulebook, (*facts.tables, *study.tables)
        )
        raise_errors(problems)
    scalars = dict(facts.scalars)
    exchange = facts.tables["exchange"]
    column = exchange.columns["amount"]
    data = column.data.copy()
    for source, amount in zip(sources, amounts, strict=True):
        if source.row >= 0:
            data[source.row] = Fraction(float(amount)) if column.data.dtype == object else float(amount)
        elif source.given:
            value = scalars[source.given]
            scalars[source.given] = replace(value, data=Fraction(float(amount)) * value.unit.factor)
    table = replace(exchange, columns={**exchange.columns, "amount": replace(column, data=data)})
    return replace(facts, scalars=scalars, tables={**facts.tables, "exchange": table})


def evaluated(
    static: Evaluation, facts: Facts, name: str, frozen: bool, background: Background | None = None
) -> tuple[float, Mapping[str, Decision]]:
    """The quantity under other facts, nan where it has no value, and the decisions taken."""
    kind: type[Evaluation] = Frozen if frozen else Evaluation
    other = kind(
        static.rulebook,
        facts,
        background or static.background,
        Ledger(),
        static.forced,
        static.given_lines,
        static.tolerant,
        static.given_derived,
    )
    if isinstance(other, Frozen):
        other.static = static
    value = other.value(name)
    clause = static.rulebook.clauses[name]
    if value.state != KNOWN:
        return float("nan"), other.decisions
    return float(value.with_unit(clause.unit).number()), other.decisions


def drawn_background(background: Background, drawn: Sampled | None, vectors: Array) -> Background:
    """The background with the drawn items at other vectors (items, positions drawn). Impact categories are not drawn:
    none has a value beside drawn vectors."""
    if drawn is None:
        return background
    own = {}
    for item, values in zip(drawn.items, vectors, strict=True):
        vector = np.zeros(len(POSITIONS))
        vector[list(drawn.positions)] = values
        total = float(vector.sum())
        own[item] = replace(background.providers[item], vector=vector, low=total, high=total)
    return replace(background, providers=ChainMap(own, background.providers), impacts=None)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Packed:
    """Packs of draws of a headline that is a sum over the lines: arrays only, so that a pack can travel to a worker.

    entry, amount, source: for each term of the system, which entry, what static amount, which source (-1: none);
    column, share, line_source: likewise for the lines, share is what one kgCO2e per unit of their provider adds;
    per_unit: static kgCO2e of one unit of the provider; item: which item of the drawn background it is (-1: none).
    """

    draws: StudyDraws
    static: Array
    system: lca.System
    entry: Array
    amount: Array
    source: Array
    column: Array
    share: Array
    per_unit: Array
    line_source: Array
    item: Array
    demand: Array
    background: Sampled | None
    names: tuple[str, ...]
    """Exchange rows of the product columns."""

    def __call__(self, pack: int) -> PackValues:
        amounts = self.draws.pack(pack)
        totals, unsolved = self.drawn_background(pack)
        values, lost = self.of(amounts, totals)
        lost[[k % LANES for k, _ in unsolved]] = True
        if self.background is None:
            return PackValues(values, values, np.zeros(LANES), lost, unsolved)
        means = np.repeat(self.draws.means[:, None], LANES, axis=1)
        study, _ = self.of(amounts, np.repeat(self.background.means.sum(axis=1)[:, None], LANES, axis=1))
        behind, _ = self.of(means, totals)
        return PackValues(values, study, behind, lost, unsolved)

    def drawn_background(self, pack: int) -> tuple[Array, tuple[tuple[int, str], ...]]:
        """kgCO2e of one unit of every drawn item, (items, LANES), and samples without it."""
        return (np.zeros((0, LANES)), ()) if self.background is None else self.background.totals(pack)

    def of(self, amounts: Array, totals: Array) -> tuple[Array, Array]:
        """Values and whether they are lost, (LANES,) each."""
        data, ratio = self.terms(amounts)
        per_unit = np.repeat(self.per_unit[:, None], LANES, axis=1)
        drawn = self.item >= 0
        per_unit[drawn] = totals[self.item[drawn]]
        burdens = np.zeros((self.system.size, LANES))
        np.add.at(burdens, self.column, self.share[:, None] * per_unit * ratio[self.line_source])
        h, lost = lca.adjoint_lanes(self.system, data, burdens)
        return self.demand @ h, lost | self.unproductive(data)

    def terms(self, amounts: Array) -> tuple[Array, Array]:
        """Entries of the system, and drawn over static amount of every source and, last, of what is not drawn."""
        ratio = np.vstack([amounts / self.static[:, None], np.ones((1, amounts.shape[1]))])
        data = np.zeros((self.system.matrix.data.size, amounts.shape[1]))
        np.add.at(data, self.entry, self.amount[:, None] * ratio[self.source])
        return data, ratio

    def unproductive(self, data: Array) -> Array:
        """Which samples cannot deliver: where there are credits, a number alone does not tell."""
        a = self.system.matrix
        off = a.indices != np.repeat(np.arange(self.system.size), np.diff(a.indptr))
        if not (data[off] > 0.0).any():
            return np.zeros(data.shape[1], dtype=np.bool_)
        before = np.where(off[:, None], np.minimum(data, 0.0), data)
        _, lost = lca.adjoint_lanes(self.system, before, np.ones((self.system.size, data.shape[1])))
        return lost

    def why(self, amounts: Array) -> str:
        """What keeps one draw (sources,) from having a value."""
        data, _ = self.terms(amounts[:, None])
        try:
            lca.adjoint(lca.with_values(self.system, data[:, 0]), np.ones(self.system.size))
        except lca.NotProductive as error:
            return error.loop.named(lambda k: self.names[k])
        except lca.NotSolvable as error:
            return str(error)
        return "the value is not finite"


@dataclass(frozen=True, eq=False)
class PackValues:
    """A pack of draws, (LANES,) each: both drawn; the study alone, the background at its means; the background alone,
    the study at its means; and which have no value."""

    both: Array
    study: Array
    background: Array
    lost: Array
    unsolved: tuple[tuple[int, str], ...] = ()


def packed(
    static: Evaluation,
    published: Published,
    sources: Sequence[Source],
    draws: StudyDraws,
    background: Sampled | None,
) -> Packed | None:
    """The headline as a sum over lines, or None where it is none, or where a parameter is uncertain."""
    solved = static.solved
    if solved is None or published.value is None or any(s.row < 0 or s.static == 0.0 for s in sources):
        return None
    weight = _weights(static, published, solved)
    if weight is None:
        return None
    lines, n = solved.lines, len(solved.lines.output)
    by_row = {s.row: k for k, s in enumerate(sources)}
    owner = np.array([by_row.get(int(r), -1) for r in lines.products], dtype=np.intp)
    links = np.array([by_row.get(int(r), -1) for r in lines.link_row], dtype=np.intp)
    row = np.concatenate([np.arange(n), lines.link_to])
    column = np.concatenate([np.arange(n), lines.link_from])
    amount = np.concatenate([lines.output, -lines.link_amount])
    try:
        system = lca.compile_system(sparse.csc_array((amount, (row, column)), shape=(n, n)))
    except lca.NotSolvable:
        return None
    a = system.matrix
    places = np.repeat(np.arange(n), np.diff(a.indptr)) * n + a.indices
    per_line = [
        by_row.get(int(r), -1) if t == "exchange" else int(owner[c])
        for t, r, c in zip(lines.fact_table, lines.fact_row, lines.column, strict=True)
    ]
    per_unit = np.divide(
        solved.impact.sum(axis=1), solved.amount, out=np.zeros(len(lines)), where=solved.amount != 0.0
    )
    at = {} if background is None else {i: k for k, i in enumerate(background.items)}
    return Packed(
        draws,
        np.array([s.static for s in sources]),
        system,
        np.searchsorted(places, column * n + row),
        amount,
        np.concatenate([owner, links]),
        lines.column,
        lines.coefficient * weight,
        per_unit,
        np.array(per_line, dtype=np.intp),
        np.array([at.get(p, -1) for p in lines.provider], dtype=np.intp),
        lines.demand,
        background,
        lines.names,
    )


def _weights(static: Evaluation, published: Published, solved: Solved) -> Array | None:
    """What one kgCO2e of each line adds to the headline, where the headline is such a sum."""
    clause = static.rulebook.by_address(published.clause)
    if clause is None or not isinstance(published.value, float):
        return None
    per = 1.0
    if clause.per:
        per = float(static.value(clause.per).data)
    accounts = np.array(solved.lines.account)
    weight = np.isin(accounts, ("total", "credit")) / per / float(clause.unit.factor)
    impact = solved.impact.sum(axis=1)
    whole = float((weight * impact).sum())
    gross = float(np.abs(weight * impact).sum())
    return weight if abs(whole - published.value) <= 1e-9 * max(gross, abs(published.value)) else None
