"""Tables of products from CSV or Parquet, rolled up over libraries; results as CSV and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import Place, Problem, TanbiaoError, refuse
from ..core.numbers import fast_number
from ..evaluate.background import from_library
from ..evaluate.portfolio import Lines, Rolled, here, moves, portfolio, roll
from ..numerics.lca.cluster import on_cluster
from .places import Places
from .uncertainty import cluster

REQUIRED = ("product", "item", "amount")
COLUMNS = (*REQUIRED, "unit", "product_unit", "primary_share", "quality")


@dataclass(frozen=True, eq=False)
class Portfolios:
    """Rolled products, and what moves under the changes asked for."""

    rolled: Rolled
    gwp: str
    libraries: Mapping[str, str]
    changed: Mapping[str, float]
    moved: tuple[tuple[str, float, float], ...]

    def data(self) -> dict[str, Any]:
        r, p = self.rolled, self.rolled.portfolio
        return {
            "gwp": self.gwp,
            "libraries": dict(self.libraries),
            "products": [
                {
                    "product": name,
                    "unit": f"kgCO2e/{u}",
                    "value": v,
                    "primary_share": _plain(a),
                    "quality": _plain(q),
                    "scored_share": _plain(s),
                }
                for name, u, v, a, q, s in zip(
                    p.products,
                    p.units,
                    r.value.tolist(),
                    r.primary.tolist(),
                    r.quality.tolist(),
                    r.scored.tolist(),
                    strict=True,
                )
            ],
            "changed": dict(self.changed),
            "moved": [{"product": n, "before": b, "after": a, "change": a - b} for n, b, a in self.moved],
        }

    def table(self) -> str:
        """The products as CSV."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["product", "unit", "value", "primary_share", "quality", "scored_share"])
        for row in self.data()["products"]:
            writer.writerow(["" if v is None else v for v in row.values()])
        return out.getvalue()


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None


def portfolios(
    table: Path,
    places: Places | None = None,
    libraries: Sequence[str] = (),
    gwp: str = "AR6",
    changed: Mapping[str, float] | None = None,
    scheduler: str | None = None,
) -> Portfolios:
    """Raises `TanbiaoError` with everything that is wrong with the table."""
    at = places or Places()
    background = from_library(at.library(libraries or ("open-2026",)), gwp, cache=at.cache)
    found = portfolio(read_lines(table), background)
    if scheduler is None:
        rolled = roll(found, run=here)
    else:
        with cluster(scheduler) as client:
            rolled = roll(found, run=on_cluster(client, packs_per_task=1))
    return Portfolios(
        rolled,
        gwp,
        background.libraries,
        dict(changed or {}),
        tuple(moves(rolled, changed) if changed else ()),
    )


def read_lines(path: Path) -> Lines:
    """Bills from a CSV or Parquet table with the columns product, item, amount and, where wanted, unit, product_unit,
    primary_share, quality."""
    if not path.is_file():
        raise refuse("portfolio-unreadable", Place(path.name), detail="—")
    columns, numbers = _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)
    missing = [c for c in REQUIRED if c not in columns]
    unknown = [c for c in columns if c not in COLUMNS and c not in ("id", "note")]
    problems = [Problem("column-missing", Place(path.name, 1), {"column": c}) for c in missing]
    problems += [
        Problem("column-unknown", Place(path.name, 1, c), {"column": c, "known": ", ".join(COLUMNS)})
        for c in unknown
    ]
    if problems:
        raise TanbiaoError(problems)
    size = len(numbers)
    if not size:
        raise refuse("table-empty", Place(path.name))
    blank = [""] * size
    values = {
        c: _numbers(path.name, c, columns.get(c, blank), numbers, c == "amount", problems)
        for c in ("amount", "primary_share", "quality")
    }
    problems += [
        Problem("cell-missing", Place(path.name, numbers[k], c), {"column": c})
        for c in ("product", "item")
        for k in range(size)
        if not columns[c][k]
    ][:50]
    if problems:
        raise TanbiaoError(problems)
    return Lines(
        path.name,
        columns["product"],
        columns["item"],
        values["amount"],
        columns.get("unit", blank),
        columns.get("product_unit", blank),
        values["primary_share"],
        values["quality"],
        np.array(numbers),
    )


def _numbers(
    file: str,
    column: str,
    cells: Sequence[Any],
    numbers: Sequence[int],
    needed: bool,
    problems: list[Problem],
) -> Any:
    out = np.full(len(cells), np.nan)
    for k, cell in enumerate(cells):
        if cell == "" and not needed:
            continue
        try:
            out[k] = fast_number(cell) if isinstance(cell, str) else float(cell)
            if not np.isfinite(out[k]) and needed:
                raise ValueError(cell)
        except ValueError:
            if len(problems) < 50:
                problems.append(
                    Problem("number-expected", Place(file, numbers[k], column), {"text": str(cell)[:60]})
                )
    return out


def _csv(path: Path) -> tuple[dict[str, list[str]], list[int]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            head = [c.strip() for c in next(reader, [])]
            body = [(reader.line_num, cells) for cells in reader if any(cells)]
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise refuse("portfolio-unreadable", Place(path.name), detail=str(error)) from None
    wide = [n for n, cells in body if len(cells) != len(head)]
    if wide:
        raise TanbiaoError([Problem("row-long", Place(path.name, n)) for n in wide[:20]])
    parts = list(zip(*(cells for _, cells in body), strict=True)) or [()] * len(head)
    return {c: [t.strip() for t in part] for c, part in zip(head, parts, strict=True)}, [n for n, _ in body]


def _parquet(path: Path) -> tuple[dict[str, list[Any]], list[int]]:
    try:
        import pyarrow.parquet as parquet  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        raise refuse("portfolio-parquet", Place(path.name)) from None
    try:
        table = parquet.read_table(path)
    except (OSError, ValueError) as error:
        raise refuse("portfolio-unreadable", Place(path.name), detail=str(error)) from None
    columns = {c: ["" if v is None else v for v in table.column(c).to_pylist()] for c in table.column_names}
    return columns, list(range(1, table.num_rows + 1))
