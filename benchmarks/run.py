# ruff: noqa: E402
"""Measure the engine against bw2calc, interleaved in one process. Every run writes benchmarks/latest.json; a whole one
also the record that the documents point to and docs/performance.md made from it.

    python benchmarks/run.py [--quick] [--linked FOLDER]

Without the peers of requirements-bench.lock it measures the engine alone and says so. One thread throughout.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import gc
import importlib.util
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

import linked
import page
import peer
import synthetic
from synthetic import Database

from tanbiao.numerics import lca
from tanbiao.numerics.lca import store, streams
from tanbiao.numerics.lca.cluster import on_cluster
from tanbiao.numerics.lca.streams import LANES

PEERS = importlib.util.find_spec("bw2calc") is not None
PARDISO = PEERS and importlib.util.find_spec("pypardiso") is not None
clock = time.perf_counter
Record = dict[str, Any]


def seconds(work: Callable[[], Any]) -> float:
    start = clock()
    work()
    return clock() - start


def interleaved(works: dict[str, tuple[Callable[[], Any], int]], rounds: int) -> dict[str, list[float]]:
    """Seconds per unit of each work, round by round: in a round every work runs once, so they share the machine's
    good and bad moments. works: name → (work, units in it)."""
    found: dict[str, list[float]] = {name: [] for name in works}
    gc.disable()
    for _ in range(rounds):
        for name, (work, units) in works.items():
            found[name].append(seconds(work) / units)
        gc.collect()
    gc.enable()
    return found


def ratio(over: list[float], under: list[float]) -> float:
    """Median of the ratios within each round."""
    return float(np.median(np.array(over) / np.array(under)))


def bandwidth() -> float:
    """Bytes per second of a memory copy (read and write counted), median of seven."""
    a = np.ones(32 << 20)
    b = np.empty_like(a)
    np.copyto(b, a)
    return 2 * a.nbytes / float(np.median([seconds(lambda: np.copyto(b, a)) for _ in range(7)]))


def ensemble(database: Database, system: lca.System, products: list[int] | None) -> lca.Ensemble:
    flows = database.biosphere.tocoo()
    used = database.factors[flows.coords[0]] != 0.0
    amount = flows.data[used]
    burdens = lca.Burdens(
        flows.coords[1][used].astype(np.intp),
        amount,
        database.factors[flows.coords[0][used]],
        lca.lognormal(amount, database.biosphere_sigma),
    )
    return lca.prepare(
        system, burdens, lca.lognormal(system.matrix.data, database.sigma), products=products, seed=7
    )


def direct_solve(system: lca.System, burdens: np.ndarray) -> np.ndarray:
    """Another party's direct solver in double precision, refined once with an extended-precision residual."""
    from scipy import sparse

    a = sparse.csr_array(system.matrix.T)
    if PARDISO:
        import pypardiso

        plain = sparse.csr_matrix(a)
        solve = lambda r: pypardiso.spsolve(plain, np.ascontiguousarray(r))  # noqa: E731
    else:
        from scipy.sparse.linalg import splu

        solve = splu(sparse.csc_array(a)).solve
    x = solve(burdens)
    long = a.data.astype(np.longdouble) * x[a.indices]
    left = (burdens - np.add.reduceat(long, a.indptr[:-1])).astype(np.float64)
    return x + solve(left)


def structure(database: Database, system: lca.System) -> Record:
    p, a = system.purchases, database.technosphere
    shares = np.abs(a.data)
    return {
        "processes": system.size,
        "technosphere": int(a.nnz),
        "biosphere": int(database.biosphere.nnz),
        "largest_component": int(np.diff(p.block).max()),
        "groups": int((np.diff(p.group) > 1).sum()),
        "largest_group": int(np.diff(p.group).max()),
        "largest_amount": float(shares.max()),
        "credits": system.credits,
    }


def deterministic(database: Database, system: lca.System, rounds: int) -> Record:
    burdens = np.asarray(database.factors @ database.biosphere)
    reference = direct_solve(system, burdens)
    found = lca.solve(system, burdens, engine="compiled")
    plain = lca.solve(system, burdens, engine="plain", bound=False)
    size = np.where(
        reference != 0.0, np.abs(reference), 1.0
    )  # products without burdens: an absolute difference
    error = np.abs(found.value - reference) / size
    times = interleaved(
        {
            e: (lambda e=e: lca.solve(system, burdens, engine=e, bound=False), 1)
            for e in ("compiled", "plain")
        },
        rounds,
    )
    return {
        "error_largest": float(error.max()),
        "error_median": float(np.median(error)),
        "sweeps": found.sweeps,
        "bound_proved": found.proved,
        "bound_largest": float((found.bound / size).max()),
        "plain_against_compiled": float((np.abs(plain.value - found.value) / size).max()),
        "ms": {e: 1e3 * float(np.median(t)) for e, t in times.items()},
    }


def accuracy(e: lca.Ensemble, samples: int) -> Record:
    """Against a direct solve of the very same samples."""
    draws = lca.monte_carlo(e, samples)
    worst = []
    for k in range(samples):
        system, burdens = lca.system_of(e, k)
        reference = direct_solve(system, burdens[:, 0])[e.asked]
        size = np.where(reference != 0.0, np.abs(reference), 1.0)
        worst.append(float((np.abs(draws.value[:, 0, k] - reference) / size).max()))
    return {
        "samples": samples,
        "error_largest": max(worst),
        "sweeps": draws.sweeps,
        "unsolved": len(draws.unsolved),
    }


def monte_carlo(database: Database, system: lca.System, rounds: int) -> Record:
    one, every = (ensemble(database, system, p) for p in ([database.product], None))
    at = {"next": 0}
    plenty = np.ones(16 << 20)
    copied = plenty.copy()

    def draw(e: lca.Ensemble, packs: int) -> Callable[[], Any]:
        def work() -> None:
            lca.monte_carlo(e, packs * LANES, first=at["next"])
            at["next"] += packs * LANES

        return work

    works: dict[str, tuple[Callable[[], Any], int]] = {
        "one product": (draw(one, 4), 4 * LANES),
        "all products": (draw(every, 2), 2 * LANES),
    }
    works["copy"] = (lambda: np.copyto(copied, plenty), 2 * plenty.nbytes)  # seconds a byte
    for work, _ in works.values():
        work()
    if PEERS:
        data = peer.package(database)
        iterative = peer.lca("IterativeLCA", database, data, distributions=True)
        next(iterative)
        works["bw2calc IterativeLCA"] = (lambda: next(iterative), 1)
        if PARDISO:
            full = peer.lca("LCA", database, data, distributions=True)
            works["bw2calc LCA, pypardiso"] = (lambda: next(full), 1)
    times = interleaved(works, rounds)
    copying = times.pop("copy")
    copy = 1.0 / float(np.median(copying))
    sweeps = lca.monte_carlo(every, LANES).sweeps
    entries, inside = every.purchases.kind.size, _inside(every)
    per_sample = entries * 8 + inside * 4 * (sweeps - 1) + system.size * 8 * 3
    limit = per_sample / copy
    found: Record = {
        "ms": {k: 1e3 * float(np.median(v)) for k, v in times.items()},
        "rounds": rounds,
        "copy_bytes_per_second": copy,
        "limit_ms": 1e3 * limit,
        "sweeps": sweeps,
        "all_products_times_limit": ratio(times["all products"], copying) / per_sample,
        "uncertain": {
            "one": int(one.purchases.kind.size + one.direct.kind.size),
            "all": int(entries + every.direct.kind.size),
        },
        "accuracy": {"one product": accuracy(one, 4), "all products": accuracy(every, 2)},
    }
    for name in times:
        if name.startswith("bw2calc"):
            found[f"one product against {name}"] = ratio(times[name], times["one product"])
            found[f"all products against {name}"] = ratio(times[name], times["all products"])
    if PEERS:
        found["same_distribution"] = _same(one, iterative, 60)
    return found


def _inside(e: lca.Ensemble) -> int:
    """Uncertain purchases within components of more than one process."""
    sizes = np.diff(e.block)
    rows = np.flatnonzero(np.repeat(sizes > 1, sizes))
    return int((e.purchases.pointer[rows + 1] - e.purchases.pointer[rows]).sum())


def _same(one: lca.Ensemble, iterative: Any, samples: int) -> Record:
    from scipy import stats

    theirs = []
    for _ in range(samples):
        next(iterative)
        theirs.append(iterative.score)
    ours = lca.monte_carlo(one, 2048).value[0, 0]
    return {
        "theirs": samples,
        "ours": ours.size,
        "kolmogorov_smirnov_p": float(stats.ks_2samp(theirs, ours).pvalue),
        "mean_theirs": float(np.mean(theirs)),
        "mean_ours": float(ours.mean()),
    }


def sampling(rounds: int) -> Record:
    from tanbiao.numerics.lca import kernels

    count = 250_000
    kind, shape = np.full(count, streams.LOGNORMAL, np.uint8), np.full(count, 0.2, np.float32)
    key, other = streams.keys(1, 0, count)
    out = np.empty((count, LANES), np.float32)
    rng = np.random.default_rng(0)
    big = np.empty(count * LANES // 4)

    def numpy() -> None:
        rng.standard_normal(out=big)
        np.exp(big, out=big)

    times = interleaved(
        {
            "fused": (lambda: kernels.sample(kind, shape, key, other, streams.lanes(3), out), out.size),
            "numpy": (numpy, big.size),
        },
        rounds,
    )
    return {
        "ns": {k: 1e9 * float(np.median(v)) for k, v in times.items()},
        "share_of_numpy": 1.0 / ratio(times["numpy"], times["fused"]),
    }


COLD = {
    "tanbiao": (
        "import sys, time; sys.path.insert(0, sys.argv[1]); t = time.perf_counter()\n"
        "from tanbiao.numerics.lca import solve, store; from pathlib import Path; import numpy as np\n"
        "t1 = time.perf_counter(); f = Path(sys.argv[2]); s = store.read(f)\n"
        "b = store.extras(f)['burdens']; h = solve(s, b, bound=False).value\n"
        "print(repr(float(h[int(sys.argv[3])])), t1 - t, time.perf_counter() - t1)"
    ),
    "bw2calc": (
        "import sys, time, warnings; warnings.filterwarnings('ignore'); t = time.perf_counter()\n"
        "import bw2calc, bw_processing as p; from fsspec.implementations.dirfs import DirFileSystem as D\n"
        "from fsspec.implementations.local import LocalFileSystem as L; t1 = time.perf_counter()\n"
        "d = p.load_datapackage(D(path=sys.argv[2], fs=L()))\n"
        "l = bw2calc.LCA({int(sys.argv[3]): 1}, data_objs=[d]); l.lci(); l.lcia()\n"
        "print(repr(float(l.score)), t1 - t, time.perf_counter() - t1)"
    ),
    "imports": (
        "import time; t = time.perf_counter(); import numpy, scipy.sparse.linalg, numba\n"
        "print(0.0, time.perf_counter() - t, 0.0)"
    ),
}


def cold(database: Database, system: lca.System, rounds: int) -> Record:
    """First result, whole processes: ours from a compiled folder, theirs from a stored data package."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "system"
        store.write(system, folder, {"burdens": np.asarray(database.factors @ database.biosphere)})
        places = {"tanbiao": folder, "imports": folder}
        if PEERS:
            places["bw2calc"] = Path(home) / "package"
            peer.package(database, places["bw2calc"])
        said: dict[str, list[list[float]]] = {k: [] for k in places}

        def start(name: str) -> None:
            done = subprocess.run(
                [
                    sys.executable,
                    "-c",
                    COLD[name],
                    str(ROOT / "src"),
                    str(places[name]),
                    str(database.product),
                ],
                capture_output=True,
                text=True,
                check=True,
            )
            said[name].append([float(x) for x in done.stdout.split()[-3:]])

        for name in places:
            start(name)
        times = interleaved({name: (lambda name=name: start(name), 1) for name in places}, rounds)
    found: Record = {
        "whole_process_ms": {k: 1e3 * float(np.median(v)) for k, v in times.items()},
        "load_and_solve_ms": {k: 1e3 * float(np.median([s[2] for s in v])) for k, v in said.items()},
        "import_ms": {k: 1e3 * float(np.median([s[1] for s in v])) for k, v in said.items()},
    }
    found["load_and_solve_of_imports"] = ratio(
        [s[2] for s in said["tanbiao"]], [s[1] for s in said["imports"]]
    )
    if PEERS:
        found["times_faster"] = ratio(times["bw2calc"], times["tanbiao"])
        found["scores_agree"] = abs(said["bw2calc"][0][0] / said["tanbiao"][0][0] - 1.0)
    return found


def portfolio(rounds: int, products: int) -> Record:
    """Products on six levels, thirty lines each, one pass; bytes a line: item, amount and the value it reads."""
    rng = np.random.default_rng(5)
    library, lines = 23_500, 30
    ends = (np.cumsum([0.3, 0.25, 0.2, 0.12, 0.08, 0.05]) * products).astype(int)
    level = np.searchsorted(ends, np.arange(products), side="right").clip(max=5)
    below = library + np.where(level > 0, ends[np.maximum(level - 1, 0)], 0)
    own = rng.random((products, lines)) < np.where(level > 0, 0.2, 0.0)[:, None]
    item = (
        np.where(
            own,
            library + rng.random((products, lines)) * (below - library)[:, None],
            rng.random((products, lines)) * library,
        )
        .astype(np.int32)
        .ravel()
    )
    pointer = np.arange(0, products * lines + 1, lines, dtype=np.int64)
    bills = lca.Bills(pointer, item, rng.random(item.size), np.zeros(products))
    values = rng.random((library, 1))
    lca.rollup(values, [bills], products)
    copy = bandwidth()
    times = interleaved({"roll": (lambda: lca.rollup(values, [bills], products), 1)}, rounds)["roll"]
    moved = item.size * (4 + 8 + 8) + products * (8 + 8 + 8)
    speed = moved / float(np.median(times))
    return {
        "products": products,
        "lines": item.size,
        "ms": 1e3 * float(np.median(times)),
        "bytes_per_second": speed,
        "share_of_copy": speed / copy,
    }


def rerun(database: Database, system: lca.System, rounds: int) -> Record:
    """A foreground of 500 processes on the library, one amount edited, against one adjoint solve of the library."""
    from scipy import sparse

    rng = np.random.default_rng(3)
    n, burdens = 500, np.asarray(database.factors @ database.biosphere)
    library = lca.adjoint(system, burdens)[:, None]
    t = sparse.random_array((n, n), density=0.01, rng=rng) * 0.1
    own = lca.compile_system(sparse.eye_array(n) - t)
    links = sparse.random_array((system.size, n), density=20 / system.size, rng=rng).tocsr()

    def edit() -> None:
        data = own.matrix.data.copy()
        data[int(rng.integers(data.size))] *= 1.01
        lca.on_library(lca.with_values(own, data), links, np.ones((n, 1)), library)

    def library_solve() -> None:
        lca.solve(system, burdens, engine="compiled", bound=False)

    edit()
    times = interleaved({"edit": (edit, 1), "library": (library_solve, 1)}, rounds)
    return {
        "ms": {k: 1e3 * float(np.median(v)) for k, v in times.items()},
        "library_solves": 1.0 / ratio(times["library"], times["edit"]),
    }


def cluster(database: Database, system: lca.System, rounds: int) -> Record:
    """Dask with one worker process against the same packs here, tasks of about half a second."""
    if importlib.util.find_spec("distributed") is None:
        return {}
    import distributed

    one = ensemble(database, system, [database.product])
    lca.monte_carlo(one, 4 * LANES)
    per_pack = seconds(lambda: lca.monte_carlo(one, 16 * LANES)) / 16
    packs = max(1, round(0.5 / per_pack))
    samples = 6 * packs * LANES
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None
        ) as local,
        distributed.Client(local) as client,
    ):
        run = on_cluster(client, packs)
        same = bool(
            np.array_equal(lca.monte_carlo(one, samples, run=run).value, lca.monte_carlo(one, samples).value)
        )
        times = interleaved(
            {
                "dask": (lambda: lca.monte_carlo(one, samples, run=run), 1),
                "serial": (lambda: lca.monte_carlo(one, samples), 1),
            },
            rounds,
        )
    return {
        "identical": same,
        "samples": samples,
        "tasks": 6,
        "overhead": ratio(times["dask"], times["serial"]) - 1.0,
        "ms": {k: 1e3 * float(np.median(v)) for k, v in times.items()},
    }


def real(database: Database, rounds: int) -> Record:
    system = lca.compile_system(database.technosphere)
    found: Record = {"structure": structure(database, system)}
    try:
        found["deterministic"] = deterministic(database, system, rounds)
    except lca.NotProductive as error:
        return {**found, "diagnosis": str(error)}
    found["monte_carlo"] = monte_carlo(database, system, rounds)
    return found


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--quick", action="store_true", help="fewer rounds, the standard database only")
    ask.add_argument("--linked", type=Path, default=ROOT.parent / "shared/data/starter/linked")
    given = ask.parse_args()
    rounds = 3 if given.quick else 9
    if not PEERS:
        print("bw2calc is not installed (requirements-bench.lock): the engine alone is measured")
    record: Record = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": _machine(),
        "versions": peer.versions(),
        "signature": lca.SIGNATURE,
        "load_at_start": os.getloadavg(),
        "databases": {},
    }
    record["sampling"] = sampling(3 * rounds)
    for make in (synthetic.standard, *(() if given.quick else (synthetic.hard,))):
        database = make()
        print(f"{database.name}: {len(database.factors)} flows", flush=True)
        system = lca.compile_system(database.technosphere)
        record["databases"][database.name] = {
            "structure": structure(database, system),
            "deterministic": deterministic(database, system, rounds),
            "monte_carlo": monte_carlo(
                database, system, rounds if database.name == "standard" else rounds // 2 + 1
            ),
        }
        if database.name == "standard":
            record["cold"] = cold(database, system, rounds)
            record["rerun"] = rerun(database, system, rounds)
            record["cluster"] = cluster(database, system, rounds)
    record["portfolio"] = portfolio(rounds, 1_000_000)
    print(f"linked databases from {given.linked.name}:", flush=True)
    record["linked"] = {d.name: real(d, rounds) for d in linked.databases(given.linked)}
    record["load_at_end"] = os.getloadavg()
    page.show(record)
    text = json.dumps(record, indent=1, allow_nan=False) + "\n"
    (ROOT / "benchmarks/latest.json").write_text(text, encoding="utf-8")
    if not given.quick:
        (ROOT / "docs/records/bench.json").write_text(text, encoding="utf-8")
        (ROOT / "docs/performance.md").write_text(page.text(record), encoding="utf-8")


def _commit() -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    )
    dirty = subprocess.run(
        ["git", "-C", str(ROOT), "status", "--porcelain"], capture_output=True, text=True
    ).stdout
    return done.stdout.strip() + ("+" if dirty else "")


def _machine() -> Record:
    model = ""
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")), "")
    return {
        "processor": model or platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
    }


if __name__ == "__main__":
    main()
