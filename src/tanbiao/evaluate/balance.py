"""Material, water, energy and pollutant balances of a plant: what goes in, what goes out, and how far they close."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ..core.errors import Problem, TanbiaoError
from ..core.numbers import number
from ..core.text import Text
from ..core.units import UnitError, unit
from ..study import Study

WARN = Fraction(5, 100)
"""A closure error above this is pointed out (a habit of practice, from memory; no rule sets it)."""


@dataclass(frozen=True)
class Item:
    """One flow of a balance, in the unit of the balance."""

    name: Text
    direction: str
    amount: Fraction
    given: str


@dataclass(frozen=True)
class Balance:
    """A balance; the closure error is (in − out) / in."""

    name: str
    medium: str
    unit: str
    items: tuple[Item, ...]

    @property
    def into(self) -> Fraction:
        return sum((i.amount for i in self.items if i.direction == "in"), Fraction(0))

    @property
    def out(self) -> Fraction:
        return sum((i.amount for i in self.items if i.direction == "out"), Fraction(0))

    @property
    def error(self) -> Fraction | None:
        return (self.into - self.out) / self.into if self.into else None

    @property
    def open(self) -> bool:
        """Whether it does not close within `WARN`."""
        return self.error is None or abs(self.error) > WARN

    def data(self) -> Mapping[str, object]:
        return {
            "name": self.name,
            "medium": self.medium,
            "unit": self.unit,
            "in": float(self.into),
            "out": float(self.out),
            "closure_error": None if self.error is None else float(self.error),
            "open": self.open,
        }


def balances(study: Study) -> list[Balance]:
    """The balances of the table `balance_item`, each in the unit of its first item.

    Raises `TanbiaoError` (`balance-item`) for an amount or unit that does not fit.
    """
    table = study.tables.get("balance_item") or study.tables.get("balance_items")
    if table is None:
        return []
    found: dict[str, tuple[str, str, list[Item]]] = {}
    problems: list[Problem] = []
    for n, row in enumerate(table.rows()):
        name, measured = row.get("balance_name", ""), row.get("unit", "")
        _medium, base, items = found.setdefault(name, (row.get("medium", ""), measured, []))
        try:
            amount = number(row.get("amount", "")) * unit(measured).to(unit(base))
        except (ValueError, UnitError):
            problems.append(
                Problem(
                    "balance-item",
                    table.place(n, "amount"),
                    {"text": f"{row.get('amount', '')} {measured}", "unit": base},
                )
            )
            continue
        items.append(
            Item(
                Text(row.get("item_zh") or row["id"], row.get("item_en") or row["id"]),
                row.get("direction", ""),
                amount,
                f"{row.get('amount', '')} {measured}",
            )
        )
    if problems:
        raise TanbiaoError(problems)
    return [Balance(name, medium, base, tuple(items)) for name, (medium, base, items) in found.items()]
