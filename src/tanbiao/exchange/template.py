"""A customer's own workbook, filled by a saved mapping (cell → published quantity), and another tool's contribution
table laid beside ours."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import Place, Problem, TanbiaoError, refuse
from .candidates import Index, Named
from .files import fresh_file
from .source import decode, lines_of, separator_of

_CELL = re.compile(r"(?:'?([^'!]+)'?!)?\$?([A-Z]{1,3})\$?([1-9]\d{0,6})")


def read_template_mapping(path: Path) -> dict[str, str]:
    """CSV with `cell` (`Sheet1!B7`) and `quantity` (`headline`, `headline.unit`, a name, or `text:` and a text)."""
    reader = csv.DictReader(lines_of(decode(path.read_bytes(), Place(path.name))))
    if not reader.fieldnames or not {"cell", "quantity"} <= set(reader.fieldnames):
        raise refuse("exchange-mapping-columns", Place(path.name, 1), columns="cell, quantity")
    problems = [
        Problem("exchange-template-cell", Place(path.name, n), {"cell": r["cell"][:40]})
        for n, r in enumerate(list(reader), start=2)
        if not _CELL.fullmatch(r["cell"].strip())
    ]
    if problems:
        raise TanbiaoError(problems)
    rows = csv.DictReader(lines_of(decode(path.read_bytes(), Place(path.name))))
    return {r["cell"].strip(): r["quantity"].strip() for r in rows}


def fill_template(
    template: Path, mapping: Mapping[str, str], quantities: Mapping[str, str], target: Path
) -> list[str]:
    """Write a copy of the customer's workbook with the mapped cells filled; everything else stays. Returns the cells.

    Refuses (`exchange-template-quantity`, `exchange-template-cell`, `workbook-unreadable`); a text that begins like a
    formula is written as text.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(template)
    except Exception as error:  # openpyxl raises what its parser meets
        raise refuse("workbook-unreadable", Place(template.name), detail=str(error)[:120]) from None
    problems = []
    done = []
    for address, name in mapping.items():
        found = _CELL.fullmatch(address)
        sheet = found.group(1) if found else None
        if found is None or (sheet is not None and sheet not in book.sheetnames):
            problems.append(Problem("exchange-template-cell", Place(template.name), {"cell": address}))
            continue
        if name.startswith("text:"):
            value = name.removeprefix("text:")
        elif name in quantities:
            value = quantities[name]
        else:
            problems.append(
                Problem(
                    "exchange-template-quantity",
                    Place(template.name, cell=address),
                    {"name": name, "names": ", ".join(sorted(quantities)[:20])},
                )
            )
            continue
        cell = (book[sheet] if sheet else book.active)[f"{found.group(2)}{found.group(3)}"]
        try:
            cell.value = float(value)
        except ValueError:
            cell.value = value
            cell.data_type = "s"
        done.append(address)
    if problems:
        raise TanbiaoError(problems)
    with fresh_file(target) as path:
        book.save(path)
    return done


@dataclass(frozen=True, slots=True)
class Gap:
    """One line of the comparison with another tool: theirs, ours, and the difference (kgCO2e); `matched` says by what
    the two were put together: `name`, `score 0.81`, or empty where one side has nothing."""

    theirs: str
    ours: str
    their_value: float
    our_value: float
    matched: str

    @property
    def difference(self) -> float:
        return self.our_value - self.their_value


def read_contributions(path: Path) -> list[tuple[str, float]]:
    """A contribution table: the first column with words is the name, the first with numbers the value (kgCO2e).

    Refuses (`exchange-bom-columns`, `exchange-encoding`)."""
    text = decode(path.read_bytes(), Place(path.name))
    separator = separator_of(text)
    out = []
    try:
        rows = list(csv.reader(lines_of(text), delimiter=separator))
    except csv.Error as error:
        raise refuse("library-csv", Place(path.name), detail=error) from None
    for cells in rows:
        values = []
        for c in cells[1:]:
            try:
                values.append(float(c.replace(",", ".") if separator == ";" else c))
                break
            except ValueError:
                continue
        if cells and cells[0].strip() and values and values[0] == values[0]:
            out.append((cells[0].strip(), values[0]))
    if not out:
        raise refuse(
            "exchange-bom-columns", Place(path.name), columns=text.splitlines()[0][:120] if text else "-"
        )
    return out


def explain_gap(
    theirs: Sequence[tuple[str, float]], ours: Sequence[tuple[str, float]], least: float = 0.55
) -> list[Gap]:
    """Put the lines of two contribution tables together, each at most once, by name then by score; what is left stands
    alone. The differences add up to the gap of the totals."""
    index = Index([Named(str(k), (name,), "") for k, (name, _) in enumerate(ours)])
    free = set(range(len(ours)))
    pairs: list[tuple[float, int, int]] = []
    for k, (name, _) in enumerate(theirs):
        pairs += [(c.score, k, int(c.id)) for c in index.ask([name], limit=5) if c.score >= least]
    taken: dict[int, tuple[int, float]] = {}
    for score, k, j in sorted(pairs, key=lambda p: (-p[0], p[1], p[2])):
        if k not in taken and j in free:
            taken[k] = (j, score)
            free.discard(j)
    out = []
    for k, (name, value) in enumerate(theirs):
        if k in taken:
            j, score = taken[k]
            out.append(
                Gap(name, ours[j][0], value, ours[j][1], "name" if score > 0.999 else f"score {score:.2f}")
            )
        else:
            out.append(Gap(name, "", value, 0.0, ""))
    out += [Gap("", ours[j][0], 0.0, ours[j][1], "") for j in sorted(free)]
    return sorted(out, key=lambda g: -abs(g.difference))
