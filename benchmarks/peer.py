"""bw2calc on the same numbers: data packages in its own format, its own classes, its own best settings."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from synthetic import Database

FLOW_IDS = 1_000_000


def package(database: Database, folder: Path | None = None) -> Any:
    """A bw_processing data package with distributions, in memory, or stored in `folder` as its users store it."""
    import bw_processing as bwp

    where = {}
    if folder is not None:
        from fsspec.implementations.dirfs import DirFileSystem
        from fsspec.implementations.local import LocalFileSystem

        folder.mkdir(parents=True, exist_ok=True)
        where = {"fs": DirFileSystem(path=str(folder), fs=LocalFileSystem())}
    made = bwp.create_datapackage(sum_intra_duplicates=True, **where)
    for name, matrix, sigma, shift in (
        ("technosphere_matrix", database.technosphere, database.sigma, 0),
        (
            "biosphere_matrix",
            database.biosphere,
            np.full(database.biosphere.nnz, database.biosphere_sigma),
            FLOW_IDS,
        ),
    ):
        c = matrix.tocoo()
        index = np.empty(c.nnz, bwp.INDICES_DTYPE)
        index["row"], index["col"] = c.coords[0] + shift, c.coords[1]
        made.add_persistent_vector(
            matrix=name,
            data_array=c.data,
            indices_array=index,
            name=name[:4],
            flip_array=np.zeros(c.nnz, bool),
            distributions_array=_distributions(c.data, sigma),
            reference_array=c.coords[0] == c.coords[1] if shift == 0 else None,
        )
    used = np.flatnonzero(database.factors)
    index = np.empty(used.size, bwp.INDICES_DTYPE)
    index["row"], index["col"] = used + FLOW_IDS, 0
    made.add_persistent_vector(
        matrix="characterization_matrix",
        data_array=database.factors[used],
        indices_array=index,
        name="char",
        global_index=0,
    )
    if folder is not None:
        made.finalize_serialization()
    return made


def _distributions(amount: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    import bw_processing as bwp

    out = np.zeros(amount.size, bwp.UNCERTAINTY_DTYPE)
    moving = sigma > 0.0
    out["uncertainty_type"] = np.where(moving, 2, 0)
    out["loc"] = np.where(moving, np.log(np.abs(np.where(amount == 0.0, 1.0, amount))), amount)
    out["scale"] = np.where(moving, sigma, np.nan)
    out["shape"] = out["minimum"] = out["maximum"] = np.nan
    out["negative"] = amount < 0.0
    return out


def lca(kind: str, database: Database, data: Any, distributions: bool, seed: int = 1) -> Any:
    """An LCA object of bw2calc after its first score: kind LCA, IterativeLCA."""
    import bw2calc

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = getattr(bw2calc, kind)(
            {database.product: 1},
            data_objs=[data],
            use_distributions=distributions,
            seed_override=seed if distributions else None,
        )
        found.lci()
        found.lcia()
    return found


def versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("bw2calc", "bw_processing", "pypardiso", "mkl", "numpy", "scipy", "numba"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found
