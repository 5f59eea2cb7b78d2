"""From facts to the derived tables of mass flow: the only door from packs into the mass-flow numerics.

Two kinds of facts meet here. A product taken apart: parts, composition, treatments with transfer shares, routes with
yields. An operator's lot book: lots, movements with weigh tickets, assays. Both become the same tables (`inflow`,
`outflow`, `balance`, `removal`, `credit`; see standards/derived.csv), so that one pack judges a model and a year of
weigh tickets alike. Nothing is judged here: which mass counts, by what it is divided and where it is measured stand
in packs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ...core.errors import Problem
from ...core.value import Value
from ...standards.names import derived_columns
from ..facts import Facts, FactTable
from .lots import weighed
from .network import modelled
from .product import leaves_of
from .rows import Rows, compositions
from .spread import Draws, Spread
from .tables import balance_table, credits, derived_table, removals

SAMPLER = "massflow-1"
DRAWS = 1000
SEED = 1


@dataclass(frozen=True, eq=False)
class Flows:
    """The derived tables, what is wrong with the facts behind them, and what figures draw.

    links: (from, to, material, mass) of every arc of the network, for the Sankey diagram.
    """

    tables: Mapping[str, Mapping[str, Value]]
    problems: tuple[Problem, ...] = ()
    links: tuple[tuple[str, str, str, float], ...] = ()
    spread: Spread | None = None

    def draws(self, count: int = DRAWS, seed: int = SEED) -> Draws | None:
        """Draws of the outflow, None where nothing has a spread."""
        return self.spread.draws(count, seed) if self.spread is not None else None

    def drawn(self, draws: Draws, number: int) -> Flows:
        """The same tables with the outflow of one draw."""
        outflow = dict(self.tables["outflow"])
        for name, data in (("mass", draws.mass), ("entered", draws.entered)):
            outflow[name] = replace(outflow[name], data=data[:, number].astype(np.float64))
        tables = {**self.tables, "outflow": outflow}
        tables["balance"] = balance_table(tables["inflow"], outflow, self.tables["balance"])
        return replace(self, tables=tables, spread=None)


def mass_flow(
    facts: Facts, forced: Iterable[str] = (), given: Mapping[str, FactTable] | None = None
) -> Flows:
    """Derive every table. forced: items of forced-removal lists. given: tables given directly (worked cases)."""
    problems: list[Problem] = []
    read = {n: Rows(t) for n, t in facts.tables.items()}
    if given:
        tables = {
            n: dict(given[n].columns) if n in given else derived_table(n, []) for n in derived_columns()
        }
        if "balance" not in given:
            tables["balance"] = balance_table(tables["inflow"], tables["outflow"], {})
        return Flows(tables)
    composition = compositions(read["composition"], problems)
    links: tuple[tuple[str, str, str, float], ...] = ()
    spread: Spread | None = None
    if len(read["movement"]):
        inflow, outflow, stocks, spread = weighed(read, composition, problems)
    else:
        stocks = {}
        leaves = leaves_of(read["part"], composition, problems)
        inflow = [leaf.row(n) for n, leaf in enumerate(leaves)]
        outflow, links, spread = modelled(read, leaves, problems)
    tables = {"inflow": derived_table("inflow", inflow), "outflow": derived_table("outflow", outflow)}
    if spread is not None and len(spread.coefficients) and any(c.low < c.high for c in spread.coefficients):
        drawn = spread.draws(DRAWS, SEED)
        low, high = np.quantile(drawn.mass, (0.05, 0.95), axis=1)
        for name, data in (("low", low), ("high", high)):
            tables["outflow"][name] = replace(tables["outflow"][name], data=data.astype(np.float64))
    else:
        spread = None
    tables["balance"] = balance_table(tables["inflow"], tables["outflow"], {}, stocks)
    if any(r["remainder"] for r in inflow):  # a completed sum is an estimate, and everything made of it too
        for name in ("mass", "designed"):
            tables["inflow"][name] = replace(tables["inflow"][name], provenance=frozenset({"estimated"}))
    tables["removal"] = derived_table("removal", removals(read, facts, set(forced), problems))
    tables["credit"] = derived_table("credit", credits(read["custody"]))
    return Flows(tables, tuple(problems), links, spread)
