"""The user's decisions: a mapping file read and applied, and the rows of one to be filled in."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import Place, Problem, TanbiaoError, refuse
from .draft import Draft
from .elementary import plain
from .source import bare_cell, decode, lines_of

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
