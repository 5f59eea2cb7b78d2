"""What the processes of a library take from nature and give to it beyond greenhouse gases: flows.csv, elementary.csv.

They stand apart from the climate data (exchanges.csv, gases.csv): a study of climate never reads them, and they are no
part of the digest that a study locks.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanbiao.core.digest import digest
from tanbiao.core.errors import Place, Problem
from tanbiao.numerics import lca
from tanbiao.study.distribution import CODES, Distribution, uncertain

from .model import DIRECTIONS as DIRECTIONS
from .table import NATURE

FLOW_COLUMNS = tuple(c.name for c in NATURE["flows"])
ENTRY_COLUMNS = tuple(c.name for c in NATURE["elementary"] if not c.optional)
SPREAD_COLUMNS = tuple(c.name for c in NATURE["elementary"] if c.optional)
"""Of an entry whose amount is uncertain; as in exchanges.csv. A table without them holds no distributions."""
MOST = 200
"""Problems listed of one file."""


@dataclass(frozen=True, slots=True)
class ElementaryFlow:
    """A substance in a compartment of nature, in `unit`; `id` is the source's own, a UUID where the source has one."""

    id: str
    name_en: str
    name_zh: str
    compartment: str
    unit: str
    cas: str = ""


@dataclass(frozen=True, eq=False)
class Elementary:
    """Entries (m,): process id (into `processes`), flow (into `flows`), output (True: given to nature, False: taken
    from it), amount in the flow's unit per process as written, place (into `places`; "" means the process's own).
    uncertainty and mark (of the stream of its draws) of every entry, None where no entry declares a distribution."""

    flows: tuple[ElementaryFlow, ...]
    processes: tuple[str, ...]
    places: tuple[str, ...]
    process: NDArray[np.intp]
    flow: NDArray[np.intp]
    output: NDArray[np.bool_]
    amount: NDArray[np.float64]
    place: NDArray[np.intp]
    uncertainty: lca.Uncertainty | None = None
    mark: NDArray[np.uint64] | None = None

    def __len__(self) -> int:
        return int(self.process.size)

    @property
    def digest(self) -> str:
        """Of the content, whatever the order of the rows."""
        rows = sorted(
            "\x1f".join(
                (
                    self.processes[p],
                    self.flows[f].id,
                    DIRECTIONS[0] if o else DIRECTIONS[1],
                    repr(float(a)),
                    self.places[w],
                )
            )
            for p, f, o, a, w in zip(
                self.process, self.flow, self.output, self.amount, self.place, strict=True
            )
        )
        flows = sorted(
            "\x1f".join((f.id, f.name_en, f.name_zh, f.compartment, f.unit, f.cas)) for f in self.flows
        )
        return digest({"flows": flows, "entries": rows})


NOTHING = Elementary(
    (),
    (),
    ("",),
    np.zeros(0, np.intp),
    np.zeros(0, np.intp),
    np.zeros(0, np.bool_),
    np.zeros(0),
    np.zeros(0, np.intp),
)


def read_elementary(folder: Path, processes: Collection[str]) -> tuple[Elementary, list[Problem]]:
    """The elementary flows of a library folder, and every problem: missing columns, unknown processes and flows,
    words, numbers. A row with a problem is left out. A folder without elementary.csv holds none.

    processes: ids that the library holds.
    """
    if not (folder / "elementary.csv").is_file():
        return NOTHING, []
    problems: list[Problem] = []
    flows = _flows(folder, problems)
    name = f"{folder.name}/elementary.csv"
    lines, texts = _columns(folder / "elementary.csv", name, ENTRY_COLUMNS, problems, SPREAD_COLUMNS)
    known = sorted(processes)
    process = _codes(texts[0], {p: k for k, p in enumerate(known)})
    flow = _codes(texts[1], {f: k for k, f in enumerate(flows)})
    direction = _codes(texts[2], {d: k for k, d in enumerate(DIRECTIONS)})
    amount = _numbers(texts[3])
    at_place = {p: k for k, p in enumerate(dict.fromkeys(("", *texts[4])))}
    good = (process >= 0) & (flow >= 0) & (direction >= 0) & np.isfinite(amount)
    for k in np.flatnonzero(~good).tolist()[:MOST]:
        line = lines[k]
        if process[k] < 0:
            args = {"item": texts[0][k], "exchange": str(line)}
            problems.append(Problem("library-process-missing", Place(name, line), args))
        elif flow[k] < 0:
            problems.append(Problem("library-flow-missing", Place(name, line), {"flow": texts[1][k]}))
        elif direction[k] < 0:
            words = {"column": "direction", "word": texts[2][k][:60], "words": ", ".join(DIRECTIONS)}
            problems.append(Problem("library-word", Place(name, line, "direction"), words))
        else:
            args = {"text": texts[3][k][:60]}
            problems.append(Problem("number-expected", Place(name, line, "amount"), args))
    spread = _spread(texts, amount, lines, name, problems)
    return (
        Elementary(
            tuple(flows.values()),
            tuple(known),
            tuple(at_place),
            process[good],
            flow[good],
            direction[good] == 0,
            amount[good],
            _codes(texts[4], at_place)[good],
            None if spread is None else _part(spread, good),
            None if spread is None else _marks(texts, spread.kind > 0)[good],
        ),
        sorted(problems, key=lambda p: (p.place.file or "", p.place.row or 0))[:MOST],
    )


def _spread(
    texts: Sequence[Sequence[str]],
    amount: NDArray[np.float64],
    lines: Sequence[int],
    name: str,
    problems: list[Problem],
) -> lca.Uncertainty | None:
    """The distributions of the entries; those that are none are reported and do not vary."""
    words = texts[len(ENTRY_COLUMNS)]
    if not any(words):
        return None
    numbers = [_numbers([t or "nan" for t in column]) for column in texts[len(ENTRY_COLUMNS) + 1 :]]
    kind = np.zeros(amount.size, np.uint8)
    for k in [k for k, word in enumerate(words) if word]:
        found = Distribution(words[k], float(amount[k]), *(float(n[k]) for n in numbers))
        misfit = found.misfit("least, greatest") or (("uncertainty-zero", {}) if amount[k] == 0.0 else None)
        if misfit is None:
            kind[k] = CODES[words[k]]
        else:
            fact = {"fact": f"{texts[0][k]}, {texts[1][k]}", **misfit[1]}
            problems.append(Problem(misfit[0], Place(name, lines[k], "distribution"), fact))
    return uncertain(kind, amount, *numbers)


def _marks(texts: Sequence[Sequence[str]], varies: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """By process, flow, direction and place, and by the how many-th of these an entry is; 0 where nothing varies."""
    out = np.zeros(varies.size, np.uint64)
    seen: dict[str, int] = {}
    rows = np.flatnonzero(varies).tolist()
    names = []
    for k in rows:
        said = "\x1f".join(("elementary", texts[0][k], texts[1][k], texts[2][k], texts[4][k]))
        seen[said] = seen.get(said, 0) + 1
        names.append(f"{said}\x1f{seen[said]}")
    out[rows] = lca.marks(names)
    return out


def _part(of: lca.Uncertainty, rows: Any) -> lca.Uncertainty:
    return lca.Uncertainty(
        of.kind[rows], of.location[rows], of.scale[rows], of.shape[rows], of.minimum[rows], of.maximum[rows]
    )


def _flows(folder: Path, problems: list[Problem]) -> dict[str, ElementaryFlow]:
    found: dict[str, ElementaryFlow] = {}
    name = f"{folder.name}/flows.csv"
    lines, texts = _columns(folder / "flows.csv", name, FLOW_COLUMNS, problems)
    for line, cells in zip(lines, zip(*texts, strict=True), strict=True):
        flow = ElementaryFlow(*cells)
        if not flow.id or not flow.unit:
            problems.append(Problem("library-cell-empty", Place(name, line), {"column": "id, unit"}))
        elif flow.id in found:
            args = {"item": flow.id, "first": name}
            problems.append(Problem("library-duplicate-id", Place(name, line), args))
        else:
            found[flow.id] = flow
    return found


def together(parts: Sequence[Elementary]) -> Elementary:
    """The entries of several libraries that lie over each other; equal flow ids are one flow."""
    filled = [p for p in parts if len(p)]
    if len(filled) < 2:
        return filled[0] if filled else NOTHING
    flows: dict[str, ElementaryFlow] = {}
    for part in filled:
        for flow in part.flows:
            flows.setdefault(flow.id, flow)
    ids, flow_at = sorted({p for part in filled for p in part.processes}), {f: k for k, f in enumerate(flows)}
    process_at = {p: k for k, p in enumerate(ids)}
    places: dict[str, int] = {}
    for part in filled:
        for place in part.places:
            places.setdefault(place, len(places))

    def joined(texts: str, at: Mapping[str, int], column: str) -> NDArray[np.intp]:
        return np.concatenate(
            [
                np.array([at[getattr(t, "id", t)] for t in getattr(p, texts)], np.intp)[getattr(p, column)]
                for p in filled
            ]
        )

    return Elementary(
        tuple(flows.values()),
        tuple(ids),
        tuple(places),
        joined("processes", process_at, "process"),
        joined("flows", flow_at, "flow"),
        np.concatenate([p.output for p in filled]),
        np.concatenate([p.amount for p in filled]),
        joined("places", places, "place"),
        *_spreads_of(filled),
    )


def _spreads_of(parts: Sequence[Elementary]) -> tuple[lca.Uncertainty | None, NDArray[np.uint64] | None]:
    if all(p.uncertainty is None for p in parts):
        return None, None
    said = [lca.fixed(p.amount) if p.uncertainty is None else p.uncertainty for p in parts]
    marks = [np.zeros(len(p), np.uint64) if p.mark is None else p.mark for p in parts]
    fields = ("kind", "location", "scale", "shape", "minimum", "maximum")
    return lca.Uncertainty(*(np.concatenate([getattr(u, f) for u in said]) for f in fields)), np.concatenate(
        marks
    )


def _codes(texts: Sequence[str], codes: Mapping[str, int]) -> NDArray[np.intp]:
    """The code of every text, -1 where it has none."""
    return np.array([codes.get(t, -1) for t in texts], np.intp)


def _numbers(texts: Sequence[str]) -> NDArray[np.float64]:
    """nan where a text is no number."""
    try:
        return np.array(texts, dtype=np.float64)
    except ValueError:
        return np.array([_number(t) for t in texts], dtype=np.float64)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _columns(
    path: Path, name: str, columns: Sequence[str], problems: list[Problem], optional: Sequence[str] = ()
) -> tuple[list[int], list[list[str]]]:
    """Lines, and the cells of each of the named columns; an optional one that is absent has empty cells."""
    lines: list[int] = []
    rows: list[list[str]] = []
    nothing: list[list[str]] = [[] for _ in (*columns, *optional)]
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            missing = [c for c in columns if c not in header]
            problems += [Problem("library-column-missing", Place(name, 1), {"column": c}) for c in missing]
            if missing:
                return [], nothing
            for cells in reader:
                if len(cells) == len(header):
                    lines.append(reader.line_num)
                    rows.append(cells)
                elif any(cells):
                    args = {"found": str(len(cells)), "expected": str(len(header))}
                    problems.append(Problem("library-row-length", Place(name, reader.line_num), args))
    except (OSError, UnicodeDecodeError):
        problems.append(Problem("library-encoding", Place(name), {"file": name}))
    except csv.Error as error:
        problems.append(Problem("library-csv", Place(name), {"detail": str(error)}))
    if not rows:
        return [], nothing
    return lines, [
        [row[k].strip() for row in rows]
        if (k := header.index(c) if c in header else -1) >= 0
        else [""] * len(rows)
        for c in (*columns, *optional)
    ]
