"""Exchanges with nature that are no greenhouse gas: kept flow by flow, so that any impact method finds them.

A library holds them apart from its climate data, in flows.csv and elementary.csv (`library/elementary.py` reads them).
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..library.elementary import ENTRY_COLUMNS, FLOW_COLUMNS, SPREAD_COLUMNS
from .model import Exchange, Flow, first
from .uncertain import Spreads
from .units import factor_between


@dataclass(eq=False)
class Nature:
    """Columns of one import: position of the process, position of the flow in `flows`, direction, amount, place."""

    flows: list[tuple[str, Flow, str]] = field(default_factory=list)
    """(id, flow, unit): one flow has two rows where the source gives it in units that do not convert."""
    process: array[int] = field(default_factory=lambda: array("i"))
    flow: array[int] = field(default_factory=lambda: array("i"))
    output: array[int] = field(default_factory=lambda: array("b"))
    amount: array[float] = field(default_factory=lambda: array("d"))
    place: array[int] = field(default_factory=lambda: array("i"))
    places: list[str] = field(default_factory=lambda: [""])
    spreads: Spreads = field(default_factory=Spreads)
    _at: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)
    _units: dict[str, list[int]] = field(default_factory=dict)
    _places: dict[str, int] = field(default_factory=lambda: {"": 0})

    def add(self, process: int, flow: Flow, x: Exchange, amount: float, unit: str, own: str) -> None:
        """One exchange, `amount` in `unit` per the process's reference amount; own: the flow's own unit, which it is
        kept in where it converts."""
        at = self._at.get((flow.id, unit))
        if at is None:
            at = self._at[flow.id, unit] = self._position(flow, unit, own)
        where = self._places.get(x.place)
        if where is None:
            where = self._places[x.place] = len(self.places)
            self.places.append(x.place)
        self.process.append(process)
        self.flow.append(at[0])
        self.output.append(x.direction == "output")
        self.amount.append(amount * at[1])
        self.place.append(where)
        self.spreads.add(x.uncertainty, x.amount, amount * at[1], -1, flow.id)

    def _position(self, flow: Flow, unit: str, own: str) -> tuple[int, float]:
        known = self._units.setdefault(flow.id, [])
        for k in known:
            factor = factor_between(unit, self.flows[k][2])
            if factor is not None:
                return k, factor
        factor = factor_between(unit, own)
        kept = unit if factor is None else own
        known.append(len(self.flows))
        self.flows.append((flow.id if len(known) == 1 else f"{flow.id} [{kept}]", flow, kept))
        return known[-1], 1.0 if factor is None else factor


def write_nature(
    folder: Path,
    nature: Nature,
    processes: Sequence[str],
    line: Callable[[str], str],
    text: Callable[[float], str],
) -> None:
    """flows.csv and elementary.csv of a library folder; neither where there is nothing to tell. `line`, `text`: how the
    library's writer puts a text and a number into a cell."""
    if not nature.flows:
        return
    with (folder / "flows.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(FLOW_COLUMNS)
        for id_, flow, unit in nature.flows:
            en = first(flow.name, "en") or flow.id
            out.writerow(
                (
                    line(id_),
                    line(en),
                    line(flow.name.get("zh", "") or en),
                    line("/".join(flow.compartment)),
                    unit,
                    flow.cas.lstrip("0"),
                )
            )
    ids = [line(id_) for id_, _, _ in nature.flows]
    places = [line(p) for p in nature.places]
    spread = nature.spreads.any
    with (folder / "elementary.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow((*ENTRY_COLUMNS, *(SPREAD_COLUMNS if spread else ())))
        columns = (nature.process, nature.flow, nature.output, nature.amount, nature.place)
        out.writerows(
            (
                processes[p],
                ids[f],
                "output" if o else "input",
                text(a),
                places[w],
                *(nature.spreads.cells(row, [])[:4] if spread else ()),
            )
            for row, (p, f, o, a, w) in enumerate(zip(*columns, strict=True))
        )
