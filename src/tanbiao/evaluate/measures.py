"""Measures of a plant as data: what each changes in the study, what it costs and saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from ..core.errors import Place, Problem, TanbiaoError
from ..core.numbers import decimal_text, number
from ..core.text import Node as Yaml
from ..core.text import Text
from ..core.units import UnitError, unit
from ..numerics.index import Economics, economics
from ..study import Study, Table
from .facts import arithmetic


@dataclass(frozen=True)
class Change:
    """One datum that a measure changes: by an amount, or into another value."""

    datum: str
    change: str
    becomes: str
    place: Place


@dataclass(frozen=True)
class Action:
    """A measure of the register: money in CNY, what it rules out, what it changes, where it stands."""

    id: str
    name: Text
    type: str
    cost_class: str
    investment: Fraction
    saving: Fraction
    years: int
    excludes: frozenset[str]
    changes: tuple[Change, ...]
    state: str
    economics: Economics
    row: Mapping[str, str] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        e = self.economics
        return {
            "id": self.id,
            "name": self.name.data(),
            "type": self.type,
            "cost_class": self.cost_class,
            "investment": float(self.investment),
            "saving": float(self.saving),
            "years": self.years,
            "payback": e.payback,
            "npv": e.npv,
            "irr": e.irr,
            "state": self.state,
        }


def actions_of(study: Study) -> list[Action]:
    """The register of measures, without those that were dropped or are done already."""
    table, effects = _table(study, "measure"), _table(study, "effect")
    if table is None:
        return []
    discount, tax = (float(share_at(study, f"plant.{k}") or 0) for k in ("discount_rate", "tax_rate"))
    changes: dict[str, list[Change]] = {}
    for n, row in enumerate(effects.rows() if effects is not None else ()):
        assert effects is not None
        changes.setdefault(row.get("measure", ""), []).append(
            Change(
                row.get("datum", ""), row.get("change", ""), row.get("becomes", ""), effects.place(n, "datum")
            )
        )
    found = []
    for n, row in enumerate(table.rows()):
        if row.get("state") in ("dropped", "done"):
            continue
        try:
            investment, saving = (_money(row.get(k) or "0") for k in ("investment", "saving"))
            years = int(number(row.get("years") or "10"))
            value = economics(float(investment), float(saving), years, discount, tax)
        except ValueError:
            raise TanbiaoError(
                [Problem("measure-money", table.place(n, "investment"), {"id": row["id"]})]
            ) from None
        name = Text(row.get("name_zh") or row["id"], row.get("name_en") or row["id"])
        found.append(
            Action(
                row["id"],
                name,
                row.get("type", ""),
                row.get("cost_class", ""),
                investment,
                saving,
                years,
                frozenset((row.get("excludes") or "").split()),
                tuple(changes.get(row["id"], ())),
                row.get("state", ""),
                value,
                row,
            )
        )
    return found


def _money(text: str) -> Fraction:
    return arithmetic(text) if text.startswith("=") else number(text.partition(" ")[0])


def _table(study: Study, name: str) -> Table | None:
    return study.tables.get(name) or study.tables.get(f"{name}s")


def share_at(study: Study, path: str) -> Fraction | None:
    raw = study.at(path)
    text = str(raw.get("value") if isinstance(raw, Yaml) else raw or "").strip()
    if not text:
        return None
    amount, _, rest = text.partition(" ")
    return number(amount) / (100 if rest == "%" else 1)


def changed(study: Study, actions: Sequence[Action]) -> Study:
    """The study with what the measures do. Two changes of one datum add; a value that something becomes is set once."""
    for action in actions:
        for change in action.changes:
            study = _apply(study, change)
    return study


def _apply(study: Study, change: Change) -> Study:
    head, _, rest = change.datum.partition(".")
    id_, _, column = rest.partition(".")
    table = _table(study, head)
    if table is not None and column:
        if column not in table.columns or id_ not in table.ids:
            raise TanbiaoError([Problem("measure-datum", change.place, {"datum": change.datum})])
        row = table.ids.index(id_)
        cells = list(table.columns[column])
        cells[row] = change.becomes or _added(cells[row], change)
        columns = {**table.columns, column: tuple(cells)}
        key = head if head in study.tables else f"{head}s"
        return replace(study, tables={**study.tables, key: replace(table, columns=columns)})
    raw = study.at(change.datum)
    if raw is None and not change.becomes:
        raise TanbiaoError([Problem("measure-datum", change.place, {"datum": change.datum})])
    text = str(raw.get("value") if isinstance(raw, Yaml) else raw or "")
    return replace(
        study, head=_set(study.head, change.datum.split("."), change.becomes or _added(text, change))
    )


def _set(node: Yaml, path: Sequence[str], text: str) -> Yaml:
    key, rest = path[0], path[1:]
    below = node.get(key)
    value: Any
    if rest:
        value = _set(below if isinstance(below, Yaml) else Yaml(node.file, node.line, {}, {}), rest, text)
    elif isinstance(below, Yaml):
        value = _set(below, ["value"], text)
    else:
        value = text
    return Yaml(
        node.file,
        node.line,
        {**{k: node[k] for k in node}, key: value},
        {k: node.place(k).row or node.line for k in (*node, key)},
    )


def _added(text: str, change: Change) -> str:
    try:
        old, _, measured = ("", "", "") if text.startswith("=") else text.partition(" ")
        value = arithmetic(text) if text.startswith("=") else number(old)
        amount, _, other = change.change.partition(" ")
        more = number(amount)
        if other and measured and other != measured:
            more *= unit(other).to(unit(measured))
        elif other and not measured:
            raise ValueError(other)
        return f"{decimal_text(value + more)} {measured}".strip()
    except (ValueError, UnitError):
        raise TanbiaoError(
            [
                Problem(
                    "measure-change",
                    change.place,
                    {"datum": change.datum, "text": text, "change": change.change},
                )
            ]
        ) from None
