"""Portfolios: tables of products rolled up over libraries; results as CSV and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..evaluate.background import from_library
from ..evaluate.portfolio import Rolled, moves, portfolio, roll
from ..numerics.lca.cluster import Progress
from .bills import read_lines, scratch
from .places import Places
from .uncertainty import runner


@dataclass(frozen=True, eq=False)
class Portfolios:
    """Rolled products, and what moves under the changes asked for."""

    rolled: Rolled
    gwp: str
    libraries: Mapping[str, str]
    changed: Mapping[str, float]
    moved: tuple[tuple[str, float, float], ...]

    def rows(self, last: int | None = None) -> Iterator[dict[str, Any]]:
        """The products in rolling order, all or the last so many; what a product lacks is None."""
        r, p = self.rolled, self.rolled.portfolio
        n = len(p.products)
        for k in range(0 if last is None else max(n - last, 0), n):
            yield {
                "product": p.products[k],
                "unit": f"kgCO2e/{p.units[k]}",
                "value": float(r.value[k]),
                "primary_share": _plain(r.primary[k]),
                "quality": _plain(r.quality[k]),
                "scored_share": _plain(r.scored[k]),
            }

    def data(self) -> dict[str, Any]:
        return {
            "gwp": self.gwp,
            "libraries": dict(self.libraries),
            "products": list(self.rows()),
            "changed": dict(self.changed),
            "moved": [{"product": n, "before": b, "after": a, "change": a - b} for n, b, a in self.moved],
        }

    def table(self) -> str:
        """The products as CSV."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["product", "unit", "value", "primary_share", "quality", "scored_share"])
        for row in self.rows():
            writer.writerow(["" if v is None else v for v in row.values()])
        return out.getvalue()


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def portfolios(
    table: Path,
    places: Places | None = None,
    libraries: Sequence[str] = (),
    gwp: str = "AR6",
    changed: Mapping[str, float] | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Portfolios:
    """table: a CSV or Parquet file, or a folder of such parts; scheduler, progress: as for `uncertainties`. Raises
    `TanbiaoError` with everything that is wrong with it."""
    at = places or Places()
    background = from_library(at.library(libraries or ("open-2026",)), gwp, cache=at.cache)
    found = portfolio(read_lines(table), background, scratch)
    with runner(scheduler, progress) as run:
        rolled = roll(found, run=run)
    return Portfolios(
        rolled,
        gwp,
        background.libraries,
        dict(changed or {}),
        tuple(moves(rolled, changed) if changed else ()),
    )
