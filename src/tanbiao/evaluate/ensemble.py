"""A headline under uncertain facts: amounts and parameters are drawn, the decisions of the static evaluation stay.

Only what the study itself declares uncertain is drawn. The background stands at its central values: its intervals are
bounds, given apart, and never become a probability.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from ..core.digest import digest
from ..core.errors import Place, Problem, TanbiaoError, raise_errors, refuse
from ..core.numbers import decimal_text, number
from ..core.text import Node as Yaml
from ..core.text import Text
from ..core.units import UnitError, unit
from ..core.value import KNOWN, Array, Value
from ..numerics import lca
from ..standards.clause import Clause, read_quantity
from ..standards.resolve import Rulebook
from ..study import TABLES, Study
from ..study.parameters import NAME, PARAMETER_TABLES, parameters
from ..study.parameters import read_quantity as quantity_of
from .facts import Facts, FactTable, resolve_facts
from .ledger import Entry, Ledger
from .results import Published, Result
from .run import ClauseScope, Evaluation
from .system import Decision, Solved

DISTRIBUTIONS = TABLES["exchange"]["distribution"].options
COVERAGE = 0.95
CHECKED = 24
"""Draws decided afresh, to see how many would have been decided otherwise."""
FAITHFUL = 8
"""Of these, draws whose fast value is compared with a full evaluation under the frozen decisions."""
TOLERANCE = 1e-8
LANES = 32
_CODES = {"normal": 2, "uniform": 3, "triangular": 4, "pert": 5}


@dataclass(frozen=True)
class Source:
    """One uncertain fact: a parameter (by path) or the amount of an exchange row; numbers in its own unit."""

    name: str
    row: int
    """Exchange row; -1 for a parameter."""
    given: str
    static: float
    distribution: str
    spread: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    parameter: tuple[str, str] | None = None
    """Scope and name of a parameter that formulas of the study read."""
    unit: str = ""

    def data(self) -> dict[str, Any]:
        said = {
            k: decimal_text(v) for k in ("static", "spread", "low", "high") if (v := getattr(self, k)) == v
        }
        return {"fact": self.name, "distribution": self.distribution, **said}


@dataclass(frozen=True, eq=False)
class Ensembled:
    """The headline of one pack, static and over the draws, in its published unit.

    at_means: the result with every drawn amount at its mean; low, high: the central interval of the study's own
    uncertainty; background: bounds of the background, no probability; otherwise: of `checked` draws, how many would
    have been decided otherwise; exact: whether every draw was a full evaluation; shares: for each source the share of
    variance that a straight line through it explains.
    """

    pack: str
    name: str
    title: Text
    unit: str
    static: float
    at_means: float
    mean: float
    error: float
    deviation: float
    median: float
    low: float
    high: float
    samples: int
    seed: int
    unsolved: tuple[tuple[int, str], ...]
    checked: int
    otherwise: int
    exact: bool
    background: tuple[float, float]
    judged: float
    sources: tuple[Source, ...]
    shares: tuple[float, ...]
    values: Array
    entry: str
    unread: tuple[str, ...] = ()
    """Parameters with a distribution that neither this pack nor any formula reads."""

    def reasons(self) -> list[Text]:
        """Why static value, mean and median differ, and what the interval leaves out."""
        u, g = self.unit, "{:.4g}".format
        skew, rest = self.at_means - self.static, self.mean - self.at_means
        found = [
            Text(
                f"静态值按申报数量计算。把每个数量换成其分布的均值，结果变化 {skew:+.3g} {u}："
                "偏态分布的均值不等于申报值。",
                "The static value uses the declared amounts. With every amount at the mean of its distribution the "
                f"result moves by {skew:+.3g} {u}: the mean of a skewed distribution is not the declared amount.",
            ),
            Text(
                f"抽样均值与之再差 {rest:+.3g}（标准误 {self.error:.2g}）：不确定量的乘积与循环，加抽样误差。",
                f"The mean of the draws differs from that by another {rest:+.3g} (standard error {self.error:.2g}): "
                "products and loops of uncertain amounts, and the error of sampling.",
            ),
            Text(
                f"中位数 {g(self.median)}：一半抽样在其下；右偏时低于均值。",
                f"Median {g(self.median)}: half of the draws lie below; it is below the mean where the draws lean "
                "right.",
            ),
            Text(
                "区间只含研究自身数量的不确定性；背景数据固定在中心值。背景的上下界 "
                f"{g(self.background[0])} … {g(self.background[1])} 为判断或公布区间同时取端值，"
                "没有概率，不是置信区间，也不与上述区间合并。",
                "The interval holds the study's own amounts only; the background stands at its central values. Bounds "
                f"of the background, {g(self.background[0])} … {g(self.background[1])}, put every judged or published "
                "interval at its end at once: they have no probability, are no confidence interval, and do not enter "
                "the interval.",
            ),
            Text(
                f"决策冻结在静态取值；检查的 {self.checked} 个抽样中有 {self.otherwise} 个会作出不同决策。",
                f"Decisions are frozen at the static values; of {self.checked} draws checked, {self.otherwise} would "
                "have been decided otherwise.",
            ),
        ]
        if self.unread:
            names = ", ".join(self.unread)
            found.append(
                Text(
                    f"本标准包与公式都不读取，未抽样：{names}",
                    f"Read by no rule and no formula, not drawn: {names}",
                )
            )
        if self.unsolved:
            found.append(
                Text(
                    f"{len(self.unsolved)} 个抽样没有结果，已列出，不计入统计。",
                    f"{len(self.unsolved)} draws have no result; they are listed and left out.",
                )
            )
        return found

    def data(self) -> dict[str, Any]:
        return {
            "pack": self.pack,
            "name": self.name,
            "title": self.title.data(),
            "unit": self.unit,
            "static": self.static,
            "at_means": self.at_means,
            "mean": self.mean,
            "standard_error": self.error,
            "deviation": self.deviation,
            "median": self.median,
            "interval": {"low": self.low, "high": self.high, "coverage": COVERAGE, "of": "foreground"},
            "samples": self.samples,
            "seed": self.seed,
            "sampler": lca.SAMPLER,
            "unsolved": [{"sample": k, "why": w} for k, w in self.unsolved],
            "decisions": {"frozen": True, "checked": self.checked, "otherwise": self.otherwise},
            "exact": self.exact,
            "background": {
                "sampled": False,
                "bounds": {"low": self.background[0], "high": self.background[1]},
                "judged_share": self.judged,
                "probability": None,
            },
            "sources": [
                {**s.data(), "variance_share": v} for s, v in zip(self.sources, self.shares, strict=True)
            ],
            "unread": list(self.unread),
            "reasons": [t.data() for t in self.reasons()],
            "entry": self.entry,
        }


# -- what is uncertain -----------------------------------------------------------------------------------------------


def sources_of(study: Study, facts: Facts, rulebook: Rulebook) -> tuple[list[Source], list[Problem]]:
    """The uncertain facts of a study and everything that is wrong with their distributions."""
    problems: list[Problem] = []
    found = _formula_parameters(study, problems)
    seen = {s.name for s in found}
    found += [
        s
        for c in rulebook.of_kind("given")
        if c.value_kind == "number" and c.path not in seen
        if (s := _parameter(study, facts, c, problems)) is not None
    ]
    exchange = facts.tables["exchange"]
    for row in range(len(exchange)):
        if exchange.columns["distribution"].state[row] != KNOWN:
            lone = [k for k in ("spread", "low", "high") if exchange.columns[k].state[row] == KNOWN]
            if lone:
                problems.append(
                    Problem(
                        "uncertainty-no-distribution",
                        exchange.place(row, lone[0]),
                        {"fact": exchange.ids[row], "distributions": ", ".join(DISTRIBUTIONS)},
                    )
                )
            continue
        numbers = {k: _cell(exchange, k, row) for k in ("amount", "spread", "low", "high")}
        source = _source(
            f"exchange.{exchange.ids[row]}",
            row,
            "",
            str(exchange.columns["distribution"].data[row]),
            numbers,
            exchange.place(row, "distribution"),
            problems,
        )
        found += [source] if source is not None else []
    return found, problems


def _formula_parameters(study: Study, problems: list[Problem]) -> list[Source]:
    """Uncertain parameters that formulas of the study's cells read."""
    known = parameters(study)
    cells = [c for t in study.tables.values() for cs in t.columns.values() for c in cs if c[:1] == "="]
    used = set(NAME.findall(" ".join([*cells, *(p.text for p in known.values() if p.text.startswith("="))])))
    found = []
    for (scope, name), parameter in known.items():
        said = _said(study, scope, name)
        if name not in used or not said.get("distribution"):
            continue
        numbers: dict[str, float | None] = {"amount": None}
        measured = ""
        try:
            if not parameter.text.startswith("="):
                own = quantity_of(parameter.text)
                measured, numbers["amount"] = own.unit.text, float(own.value / own.unit.factor)
            for key in ("spread", "low", "high"):
                numbers[key] = _in_unit(said[key], measured) if said.get(key) else None
        except ValueError as error:
            problems.append(Problem("number-expected", parameter.place, {"text": str(error)[:60]}))
            continue
        label = f"parameters.{scope}/{name}" if scope else f"parameters.{name}"
        source = _source(label, -1, "", said["distribution"], numbers, parameter.place, problems)
        found += [replace(source, parameter=(scope, name), unit=measured)] if source is not None else []
    return found


def _in_unit(text: str, measured: str) -> float:
    """A bare number in the parameter's unit, or a quantity that converts into it."""
    own = quantity_of(text)
    return float(own.value if " " not in text.strip() else own.value / unit(measured).factor)


def unread(study: Study, sources: Sequence[Source]) -> tuple[str, ...]:
    """Parameters that bear a distribution and are no source."""
    names = {s.name for s in sources}
    labels = {(c, n): f"parameters.{c}/{n}" if c else f"parameters.{n}" for c, n in parameters(study)}
    return tuple(v for k, v in labels.items() if v not in names and _said(study, *k).get("distribution"))


def _said(study: Study, scope: str, name: str) -> dict[str, str]:
    """What the study says of a parameter besides its value."""
    for table_name in PARAMETER_TABLES:
        table = study.tables.get(table_name)
        for row in table.rows() if table is not None else ():
            if (row.get("scope", ""), row.get("name") or row["id"]) == (scope, name):
                return row
    raw = study.at(f"parameters.{name}") if not scope else None
    return {k: str(v) for k, v in raw.items()} if isinstance(raw, Yaml) else {}


def _with_parameters(study: Study, values: Mapping[tuple[str, str], tuple[str, str]]) -> Study:
    """The study with other parameters: number and unit by scope and name."""
    head, tables, left = study.head, dict(study.tables), dict(values)
    for name in PARAMETER_TABLES:
        table = study.tables.get(name)
        if table is None:
            continue
        cells = list(table.columns["value"])
        for k, row in enumerate(table.rows()):
            key = (row.get("scope", ""), row.get("name") or row["id"])
            if key in left:
                cells[k] = left.pop(key)[0]
        tables[name] = replace(table, columns={**table.columns, "value": tuple(cells)})
    block = head.get("parameters")
    if isinstance(block, Yaml) and left:
        items = dict(block.items())
        for (_, name), (amount, measured) in left.items():
            raw, text = items[name], f"{amount} {measured}".strip()
            items[name] = (
                Yaml(raw.file, raw.line, {**raw, "value": text}, {}) if isinstance(raw, Yaml) else text
            )
        head = Yaml(head.file, head.line, {**head, "parameters": Yaml(block.file, block.line, items, {})}, {})
    return Study(head, tables, study.path)


def _cell(table: FactTable, column: str, row: int) -> float | None:
    value = table.columns[column]
    return float(value.data[row]) if value.state[row] == KNOWN else None


def _parameter(study: Study, facts: Facts, clause: Clause, problems: list[Problem]) -> Source | None:
    raw = study.at(clause.path)
    value = facts.scalars.get(clause.name)
    if not isinstance(raw, Yaml) or not raw.get("distribution") or value is None or value.state != KNOWN:
        return None
    place = study.place_of(clause.path)
    numbers: dict[str, float | None] = {"amount": float(value.number())}
    for key in ("spread", "low", "high"):
        text = str(raw.get(key) or "")
        try:
            plain = key == "spread" and raw["distribution"] == "lognormal"
            numbers[key] = (
                None
                if not text
                else float(number(text))
                if plain
                else float(read_quantity(text, clause.unit).number())
            )
        except (ValueError, UnitError):
            problems.append(Problem("number-expected", place, {"text": text}, clause.address))
            return None
    return _source(clause.path, -1, clause.name, str(raw["distribution"]), numbers, place, problems)


def _source(
    name: str,
    row: int,
    given: str,
    distribution: str,
    numbers: Mapping[str, float | None],
    place: Place,
    problems: list[Problem],
) -> Source | None:
    amount, spread, low, high = (numbers[k] for k in ("amount", "spread", "low", "high"))

    def wrong(code: str, **more: str) -> None:
        problems.append(Problem(code, place, {"fact": name, **more}))

    if distribution not in DISTRIBUTIONS:
        wrong("uncertainty-distribution", distribution=distribution, distributions=", ".join(DISTRIBUTIONS))
    elif amount is None:
        wrong("uncertainty-no-amount")
    elif distribution in ("lognormal", "normal"):
        least = 1.0 if distribution == "lognormal" else 0.0
        if spread is None or spread < least or (distribution == "lognormal" and np.log(spread) > 12.0):
            wrong(
                "uncertainty-spread",
                distribution=distribution,
                least=f"{least:g}",
                spread="—" if spread is None else f"{spread:g}",
            )
        elif low is not None or high is not None:
            wrong("uncertainty-both", distribution=distribution)
        elif amount == 0.0 and distribution == "normal" and row >= 0:
            wrong("uncertainty-zero")
        else:
            return Source(name, row, given, amount, distribution, spread)
    elif low is None or high is None:
        wrong("uncertainty-ends", distribution=distribution)
    elif spread is not None:
        wrong("uncertainty-both", distribution=distribution)
    elif not low <= amount <= high:
        wrong("uncertainty-outside", amount=f"{amount:g}", low=f"{low:g}", high=f"{high:g}")
    elif amount == 0.0 and row >= 0:
        wrong("uncertainty-zero")
    else:
        return Source(name, row, given, amount, distribution, low=low, high=high)
    return None


def distributions(sources: Sequence[Source]) -> lca.Uncertainty:
    """The sources as columns for the sampler. Lognormal: the amount is the median; normal: the mean; triangular and
    PERT: the mode."""
    u = lca.lognormal(
        [s.static for s in sources],
        [np.log(s.spread) if s.distribution == "lognormal" else 0.0 for s in sources],
    )
    for k, s in enumerate(sources):
        if s.distribution == "lognormal":
            continue
        u.kind[k] = _CODES[s.distribution]
        u.scale[k], u.minimum[k], u.maximum[k] = s.spread, s.low, s.high
        width = s.high - s.low
        if s.distribution == "pert" and width > 0.0:
            u.location[k], u.shape[k] = (
                1.0 + 4.0 * (s.static - s.low) / width,
                1.0 + 4.0 * (s.high - s.static) / width,
            )
        elif s.distribution == "pert":
            u.location[k], u.shape[k] = 1.0, 1.0
    return u


# -- evaluation of one draw ------------------------------------------------------------------------------------------


class Frozen(Evaluation):
    """An evaluation of other facts under the decisions of `static`: the chosen options stay, their coefficients and
    weights follow the facts."""

    static: Evaluation

    def choose(self, clause: Clause) -> Value:
        before = self.static.decisions[clause.name]
        undecided = np.zeros(len(before.option), dtype=bool)
        undecided[list(before.undecided)] = True
        self.decisions[clause.name] = self.decision(
            clause, ClauseScope(self, clause), before.table, np.array(before.option, dtype=object), undecided
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
            _with_parameters(study, free), rulebook, (*facts.tables, *study.tables)
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
    static: Evaluation, facts: Facts, name: str, frozen: bool
) -> tuple[float, Mapping[str, Decision]]:
    """The quantity under other facts, nan where it has no value, and the decisions taken."""
    kind: type[Evaluation] = Frozen if frozen else Evaluation
    other = kind(
        static.rulebook,
        facts,
        static.background,
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


# -- many draws at once ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Packed:
    """Packs of draws of a headline that is a sum over the lines: arrays only, so that a pack can travel to a worker.

    part: for each system entry's terms, which entry, what static amount, which source (-1: none); burden likewise by
    column.
    """

    draws: Any
    static: Array
    system: lca.System
    entry: Array
    amount: Array
    source: Array
    column: Array
    burden: Array
    line_source: Array
    demand: Array

    def __call__(self, pack: int) -> tuple[Array, Array]:
        """Values and whether they are lost, (LANES,) each."""
        return self.of(self.draws.pack(pack))

    def of(self, amounts: Array) -> tuple[Array, Array]:
        ratio = np.vstack(
            [amounts / self.static[:, None], np.ones((1, LANES))]
        )  # the last row: what is not drawn
        data = np.zeros((self.system.matrix.data.size, LANES))
        np.add.at(data, self.entry, self.amount[:, None] * ratio[self.source])
        burdens = np.zeros((self.system.size, LANES))
        np.add.at(burdens, self.column, self.burden[:, None] * ratio[self.line_source])
        h, lost = lca.adjoint_lanes(self.system, data, burdens)
        return self.demand @ h, lost

    def why(self, amounts: Array) -> str:
        """What keeps one draw (sources,) from having a value."""
        ratio = np.append(amounts / self.static, 1.0)
        data = np.zeros(self.system.matrix.data.size)
        np.add.at(data, self.entry, self.amount * ratio[self.source])
        try:
            lca.adjoint(lca.with_values(self.system, data), np.ones(self.system.size))
        except lca.NotSolvable as error:
            return str(error)
        return "the value is not finite"


def packed(static: Evaluation, published: Published, sources: Sequence[Source], draws: Any) -> Packed | None:
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
    unit_burden = np.divide(
        solved.impact.sum(axis=1), solved.amount, out=np.zeros(len(lines)), where=solved.amount != 0.0
    )
    return Packed(
        draws,
        np.array([s.static for s in sources]),
        system,
        np.searchsorted(places, column * n + row),
        amount,
        np.concatenate([owner, links]),
        lines.column,
        lines.coefficient * unit_burden * weight,
        np.array(per_line, dtype=np.intp),
        lines.demand,
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


Run = Callable[[Callable[[int], tuple[Array, Array]], Sequence[int]], Sequence[tuple[Array, Array]]]


def here(task: Callable[[int], tuple[Array, Array]], packs: Sequence[int]) -> list[tuple[Array, Array]]:
    """Packs one after another in this process."""
    return [task(p) for p in packs]


def ensemble(study: Study, result: Result, samples: int, seed: int, run: Run = here) -> Ensembled:
    """The headline of a result over `samples` draws; the ledger gets one entry with root, seed, n and sampler.

    Raises `TanbiaoError` where the headline has no value, where nothing is uncertain, or where a distribution is none.
    """
    static, published = result.evaluation, result.headline
    if published is None or not isinstance(published.value, float):
        raise refuse(
            "uncertainty-no-value",
            Place("study.yaml"),
            pack=result.rulebook.pack.version,
            missing=", ".join(published.missing[:4]) if published is not None else "—",
        )
    if samples < 2:
        raise refuse("uncertainty-samples", samples=samples)
    sources, problems = sources_of(study, static.facts, static.rulebook)
    raise_errors(problems)
    if not sources:
        raise refuse("uncertainty-none", Place("study.yaml"), distributions=", ".join(DISTRIBUTIONS))
    clause = static.rulebook.by_address(published.clause)
    assert clause is not None
    u = distributions(sources)
    draws = lca.named_draws(u, [s.name for s in sources], seed)
    one = _OneByOne(study, static, clause.name, sources, draws)
    fast = packed(static, published, sources, draws)
    if fast is not None and not _faithful(fast, one, min(FAITHFUL, samples)):
        fast = None
    packs = range(-(-samples // LANES))
    amounts = np.concatenate([draws.pack(p) for p in packs], axis=1)[:, :samples]
    if fast is not None:
        found = run(fast, packs)
        values = np.concatenate([v for v, _ in found])[:samples]
        lost = np.concatenate([k for _, k in found])[:samples] | ~np.isfinite(values)
        unsolved = tuple((int(k), fast.why(amounts[:, k])) for k in np.flatnonzero(lost))
    else:
        pairs = [one.value(amounts[:, k]) for k in range(samples)]
        values = np.array([v for v, _ in pairs])
        lost = ~np.isfinite(values)
        unsolved = tuple((int(k), pairs[k][1]) for k in np.flatnonzero(lost))
    values = np.where(lost, np.nan, values)
    good = values[~lost]
    if good.size < 2:
        raise refuse("uncertainty-unsolved", unsolved=len(unsolved), samples=samples, why=unsolved[0][1])
    means, _ = lca.moments(u)
    tail = (1.0 - COVERAGE) / 2.0
    low, median, high = (float(q) for q in np.quantile(good, [tail, 0.5, 1.0 - tail]))
    deviation = float(good.std(ddof=1))
    checked = min(CHECKED, samples)
    otherwise = sum(one.decided_otherwise(amounts[:, k]) for k in range(checked))
    inputs = ((published.name, published.entry),) if published.entry else ()
    recipe = digest([s.data() for s in sorted(sources, key=lambda s: s.name)])
    entry = static.ledger.add(
        Entry(
            "ensemble",
            f"uncertainty {published.name}",
            clause.address,
            inputs=inputs,
            unit=published.unit,
            data=recipe,
            axes=(
                ("n", str(samples)),
                ("root", static.ledger.root),
                ("sampler", lca.SAMPLER),
                ("seed", str(seed)),
            ),
        ),
        {
            "static": decimal_text(published.value),
            "mean": decimal_text(float(good.mean())),
            "median": decimal_text(median),
            "low": decimal_text(low),
            "high": decimal_text(high),
            "unsolved": len(unsolved),
        },
    )
    return Ensembled(
        result.rulebook.pack.version,
        published.name,
        published.title,
        published.unit,
        published.value,
        one.value(means)[0],
        float(good.mean()),
        deviation / float(np.sqrt(good.size)),
        deviation,
        median,
        low,
        high,
        samples,
        seed,
        unsolved,
        checked,
        otherwise,
        fast is None,
        (
            published.value if published.low is None else published.low,
            published.value if published.high is None else published.high,
        ),
        published.judged,
        tuple(sources),
        _explained(amounts[:, ~lost], good),
        values,
        entry,
        unread(study, sources),
    )


@dataclass(frozen=True, eq=False)
class _OneByOne:
    """Draws evaluated in full, one at a time."""

    study: Study
    static: Evaluation
    name: str
    sources: Sequence[Source]
    draws: Any

    def facts(self, amounts: Array) -> Facts:
        return drawn_facts(self.study, self.static.rulebook, self.static.facts, self.sources, amounts)

    @cached_property
    def options(self) -> dict[str, tuple[str, ...]]:
        return {k: d.option for k, d in self.static.decisions.items()}

    def value(self, amounts: Array) -> tuple[float, str]:
        """The value under the frozen decisions, or nan and why there is none."""
        try:
            value, _ = evaluated(self.static, self.facts(amounts), self.name, True)
        except TanbiaoError as error:
            return float("nan"), error.problems[0].text("en")
        return value, "" if np.isfinite(value) else "a datum is missing"

    def decided_otherwise(self, amounts: Array) -> bool:
        try:
            _, taken = evaluated(self.static, self.facts(amounts), self.name, False)
        except TanbiaoError:
            return True
        return any(d.option != self.options.get(k) for k, d in taken.items())


def _faithful(fast: Packed, one: _OneByOne, count: int) -> bool:
    """Whether the sum over lines tells what full evaluations tell, on the first draws."""
    amounts = one.draws.pack(0)
    values, lost = fast.of(amounts)
    for k in range(count):
        whole, _ = one.value(amounts[:, k])
        if lost[k] or not np.isfinite(whole):
            if not (lost[k] and not np.isfinite(whole)):
                return False
        elif abs(values[k] - whole) > TOLERANCE * max(abs(whole), abs(values[k])):
            return False
    return True


def _explained(amounts: Array, values: Array) -> tuple[float, ...]:
    """Squared correlation of every source with the result."""
    a = amounts - amounts.mean(axis=1, keepdims=True)
    v = values - values.mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (a @ v) / np.sqrt((a**2).sum(axis=1) * (v**2).sum())
    return tuple(float(x) for x in np.nan_to_num(r) ** 2)
