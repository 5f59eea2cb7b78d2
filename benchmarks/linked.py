"""Real linked databases, where the folder with them is at hand: USLCI, USEEIO, CEEIO, TianGong unit processes.

They are read for measuring only, as they stand: an exchange without a provider is cut off, units are taken as written,
and where the same flow has several producers the first is used. Footprints from these readings are not results.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from synthetic import Database

SIGMA = 0.1
"""Log-s.d. put on every exchange but references: the files state none; it makes the work comparable, no more."""
GASES = {"carbon dioxide": 1.0, "methane": 29.8, "dinitrogen monoxide": 273.0, "nitrous oxide": 273.0}


def databases(folder: Path) -> list[Database]:
    found = []
    for name, read in READERS.items():
        try:
            found.append(read(folder))
        except (FileNotFoundError, ImportError) as error:
            print(f"  {name}: skipped, {error.__class__.__name__}")
    return found


def _made(name: str, a: Any, burdens: np.ndarray) -> Database:
    a = sparse.csc_array(a)
    a.sum_duplicates()
    a.eliminate_zeros()
    n = a.shape[0]
    columns = np.repeat(np.arange(n), np.diff(a.indptr))
    sigma = np.where(a.indices == columns, 0.0, SIGMA)
    needs = np.diff(a.indptr)
    return Database(
        name, a, sigma, sparse.csc_array(burdens[None, :]), SIGMA, np.ones(1), int(np.argmax(needs))
    )


def _useeio(folder: Path) -> Database:
    import pandas as pd

    x = pd.read_parquet(folder / "useeio_v2_0_1_411_A.parquet")
    sectors = pd.read_csv(folder / "useeio_v2_0_1_411_sectors_D_N.csv")
    n = len(sectors)
    a = sparse.eye_array(n) - sparse.coo_array((x.a, (x.row.astype(int), x.col.astype(int))), shape=(n, n))
    burden = next(c for c in ("D_GHG", "D_GCC") if c in sectors)
    return _made("USEEIO 2.0.1", a, sectors[burden].to_numpy(float))


def _ceeio(folder: Path) -> Database:
    import pandas as pd

    z = pd.read_parquet(folder / "ceeio2018_153_Z.parquet")
    sectors = pd.read_csv(folder / "ceeio2018_153_sector_factors.csv", dtype={"code": str})
    place = {c: k for k, c in enumerate(sectors.code)}
    rows, columns = z.input_code.map(place), z.using_code.map(place)
    good = rows.notna() & columns.notna()
    out = sectors.gross_output_1e4CNY.to_numpy(float)
    share = z.amount_1e4CNY[good].to_numpy(float) / out[columns[good].astype(int)]
    n = len(sectors)
    t = sparse.coo_array((share, (rows[good].astype(int), columns[good].astype(int))), shape=(n, n))
    return _made("CEEIO 2018", sparse.eye_array(n) - t, sectors.direct_kgCO2e_per_CNY.to_numpy(float))


def _uslci(folder: Path) -> Database:
    import pandas as pd

    p = pd.read_csv(folder / "uslci_2018_processes.csv")
    x = pd.read_parquet(folder / "uslci_2018_exchanges.parquet")
    n = len(p)
    bought = x[(x.provider >= 0) & x.is_input & (x.process != x.provider) & (x.kind != "elementary")]
    output = np.where(p.ref_amount.to_numpy(float) == 0.0, 1.0, p.ref_amount.to_numpy(float))
    a = sparse.diags_array(output) - sparse.coo_array(
        (bought.amount, (bought.provider.astype(int), bought.process.astype(int))), shape=(n, n)
    )
    return _made(
        "USLCI 2018", a, _burdens(x.process.to_numpy(int), x.flow, x.amount, x.kind == "elementary", n)
    )


def _tiangong(folder: Path) -> Database:
    import pandas as pd

    p = pd.read_parquet(folder / "tiangong_v0_2_0_processes.parquet")
    x = pd.read_parquet(folder / "tiangong_v0_2_0_exchanges.parquet")
    unit = p[p.cls0 == "Unit processes"].drop_duplicates("uuid")
    x = x[x.process.isin(unit.uuid)]
    reference = x[x.is_ref & (x.amount.fillna(0.0) > 0.0)].drop_duplicates("process")
    place = {u: k for k, u in enumerate(reference.process)}
    maker = {f: place[u] for f, u in zip(reference.flow_uuid[::-1], reference.process[::-1], strict=True)}
    x = x[x.process.isin(place.keys())]
    rows = x.flow_uuid.map(maker)
    columns = x.process.map(place)
    inputs = x.direction.str.lower().eq("input") if "direction" in x else ~x.is_ref
    bought = rows.notna() & ~x.is_ref & inputs & (rows != columns) & x.amount.notna()
    n = len(place)
    a = sparse.diags_array(reference.amount.to_numpy(float)) - sparse.coo_array(
        (x.amount[bought], (rows[bought].astype(int), columns[bought].astype(int))), shape=(n, n)
    )
    elementary = x.flow_type.eq("Elementary flow")
    return _made("TianGong 0.2.0", a, _burdens(columns.to_numpy(int), x.flow, x.amount, elementary, n))


def _burdens(process: np.ndarray, flow: Any, amount: Any, elementary: Any, n: int) -> np.ndarray:
    names = flow.fillna("").str.lower()
    factor = np.zeros(len(names))
    for gas, value in GASES.items():
        factor[(names.str.startswith(gas) & elementary).to_numpy()] = value
    return np.bincount(process, np.nan_to_num(amount.to_numpy(float)) * factor, n)


READERS: dict[str, Callable[[Path], Database]] = {
    "USLCI": _uslci,
    "USEEIO": _useeio,
    "CEEIO": _ceeio,
    "TianGong": _tiangong,
}
