"""Input-output tables: a matrix A (purchases per unit of output), direct impacts, and a list of sectors.

Files: `A` as CSV (sector codes in the first row and column, or rows `row,col,a`) or Parquet (`row, col, a`, only where
pyarrow is installed); sectors as CSV with `code`, `name` and, where they are there, `location`, `unit`; direct
greenhouse gases either in the sectors' file (`D_GHG`, kgCO2e per unit of output) or as `B` (CSV: gas names in the first
column, sector codes in the first row, kg per unit of output). Read from a foreign-made file: USEEIO v2.0.1-411.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping

from ..core.errors import TanbiaoError
from .model import Exchange, Flow, Inventory, Process
from .numbers import finite
from .source import Source, decode, lines_of

NAME = "iotable"
CO2E = "co2e"


def _find(source: Source, *ends: str) -> str | None:
    for e in source.entries:
        base = e.name.rsplit("/", 1)[-1].lower()
        if any(base == end or base.endswith("_" + end) for end in ends):
            return e.name
    return None


def _sectors_file(source: Source) -> str | None:
    return next(
        (
            e.name
            for e in source.entries
            if "sector" in e.name.rsplit("/", 1)[-1].lower()
            and e.name.lower().endswith(".csv")
            and "_factors" not in e.name
        ),
        None,
    )


def recognises(source: Source) -> bool:
    """Whether there is a matrix A and a list of sectors."""
    return _find(source, "a.csv", "a.parquet") is not None and _sectors_file(source) is not None


def read(source: Source, keep: bool = True) -> Inventory:
    """Every sector as a process with an output of one unit of money; what it buys is linked by sector."""
    inventory = Inventory(NAME, source.name)
    try:
        inventory.processes = _read(source, inventory)
    except TanbiaoError as error:
        inventory.problems.extend(error.problems)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, csv.Error) as error:
        inventory.report(
            "exchange-entity", source.place(source.name), detail=str(error) or type(error).__name__
        )

    return inventory


def _read(source: Source, inventory: Inventory) -> tuple[Process, ...]:
    sectors_file, matrix_file = _sectors_file(source), _find(source, "a.csv", "a.parquet")
    if sectors_file is None or matrix_file is None:
        raise ValueError("no sectors or no matrix A")
    sectors = list(csv.DictReader(lines_of(source.text(sectors_file))))
    codes = [r["code"] for r in sectors]
    if len(set(codes)) != len(codes):
        raise ValueError("a sector code stands twice")
    bought: list[dict[int, float]] = [{} for _ in codes]
    for i, j, a in _triplets(source, matrix_file, codes, inventory):
        if a:
            bought[j][i] = bought[j].get(i, 0.0) + a
    direct: list[dict[str, float]] = [{} for _ in codes]
    b = _find(source, "b.csv")
    if b is not None:
        rows = csv.reader(lines_of(source.text(b)))
        head = next(rows, [])
        at = {c: k for k, c in enumerate(codes)}
        for row in rows:
            for code, cell in zip(head[1:], row[1:], strict=False):
                if code in at and cell and finite(cell):
                    direct[at[code]][row[0]] = finite(cell)
    elif sectors and "D_GHG" in sectors[0]:
        for k, r in enumerate(sectors):
            direct[k][CO2E] = finite(r["D_GHG"])
    else:
        inventory.report("exchange-io-direct", source.place(sectors_file), "warning")
    unit = sectors[0].get("unit") or _currency(source.name)
    flows = inventory.flows
    for c, r in zip(codes, sectors, strict=True):
        flows[c] = Flow(
            id=c,
            name={"en": r.get("name") or c, **({"zh": r["name_zh"]} if r.get("name_zh") else {})},
            kind="product",
            unit=r.get("unit") or unit,
        )
    for gas in sorted({g for d in direct for g in d}):
        flows.setdefault(
            "gas " + gas,
            Flow(
                id="gas " + gas,
                name={"en": gas},
                kind="elementary",
                unit="kg",
                compartment=("Emissions to air",),
            ),
        )
    processes = []
    for k, (c, r) in enumerate(zip(codes, sectors, strict=True)):
        exchanges = [
            Exchange(number="0", flow=c, direction="output", amount=1.0, unit=flows[c].unit, reference=True)
        ]
        exchanges += [
            Exchange(
                number=str(n),
                flow=codes[i],
                name=flows[codes[i]].name["en"],
                direction="input",
                amount=a,
                unit=flows[codes[i]].unit,
                provider=codes[i],
            )
            for n, (i, a) in enumerate(sorted(bought[k].items()), start=1)
        ]
        exchanges += [
            Exchange(number=f"g{n}", flow="gas " + g, name=g, direction="output", amount=v, unit="kg")
            for n, (g, v) in enumerate(sorted(direct[k].items()), start=1)
        ]
        processes.append(
            Process(
                id=c,
                name=flows[c].name,
                exchanges=tuple(exchanges),
                place=r.get("location") or "",
                category=tuple(p for p in (r.get("category") or "").split("/") if p),
                kind="unit",
                licence=r.get("licence") or "",
                where=f"{sectors_file}#{c}",
            )
        )
    inventory.expected = len(processes)
    return tuple(processes)


def _currency(name: str) -> str:
    return (
        "CNY"
        if "ceeio" in name.lower() or "china" in name.lower()
        else "EUR"
        if "exiobase" in name.lower()
        else "USD"
    )


def _triplets(
    source: Source, name: str, codes: list[str], inventory: Inventory
) -> Iterator[tuple[int, int, float]]:
    n = len(codes)
    if name.lower().endswith(".parquet"):
        yield from _parquet(source, name, n, inventory)
        return
    rows = csv.reader(lines_of(decode(source.read(name), source.place(name))))
    head = [c.strip() for c in next(rows, [])]
    at: Mapping[str, int] = {c: k for k, c in enumerate(codes)}
    if head[:3] == ["row", "col", "a"]:
        for cells in rows:
            if cells:
                i, j = int(cells[0]), int(cells[1])
                if not (0 <= i < n and 0 <= j < n):
                    raise ValueError(f"{name}: row {i}, column {j} outside of {n} sectors")
                yield i, j, finite(cells[2])
        return
    columns = [at.get(c) for c in head[1:]]
    if any(c is None for c in columns):
        unknown = [h for h, c in zip(head[1:], columns, strict=True) if c is None]
        raise ValueError(f"{name}: unknown sectors {', '.join(unknown[:3])}")
    for cells in rows:
        if not cells:
            continue
        if cells[0].strip() not in at:
            raise ValueError(f"{name}: unknown sector {cells[0][:40]}")
        for column, cell in zip(columns, cells[1:], strict=True):
            if cell and column is not None:
                yield at[cells[0].strip()], column, finite(cell)


def _parquet(source: Source, name: str, n: int, inventory: Inventory) -> Iterator[tuple[int, int, float]]:
    try:
        import pyarrow  # type: ignore[import-untyped, import-not-found, unused-ignore]
        import pyarrow.parquet  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        inventory.report("exchange-needs-pyarrow", source.place(name))
        return
    try:
        table = pyarrow.parquet.read_table(pyarrow.BufferReader(source.read(name)))
        columns = [table.column(c).to_pylist() for c in ("row", "col", "a")]
    except (pyarrow.ArrowException, KeyError, OSError) as error:
        raise ValueError(f"{name}: {str(error)[:80]}") from None
    for i, j, a in zip(*columns, strict=True):
        if not (0 <= i < n and 0 <= j < n):
            raise ValueError(f"{name}: row {i}, column {j} outside of {n} sectors")
        yield int(i), int(j), finite(a)


__all__ = ["NAME", "read", "recognises"]
