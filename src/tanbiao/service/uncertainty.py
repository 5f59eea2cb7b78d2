"""The headline of a study over draws of what the study declares uncertain, here or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..core.errors import TanbiaoError, refuse
from ..evaluate.ensemble import Ensembled, ensemble
from ..numerics.lca.cluster import Progress, Run, Task, here, on_cluster
from .run import LoadedStudy, run_study

SAMPLES, SEED = 1000, 1


@dataclass(frozen=True, eq=False)
class Uncertainties:
    """One ensemble for each pack that has a headline; `skipped`: packs without one, with what they lack."""

    study: str
    constructed: bool
    ensembles: tuple[Ensembled, ...]
    skipped: tuple[tuple[str, str], ...]
    root: str

    def data(self) -> dict[str, Any]:
        return {
            "study": self.study,
            "constructed": self.constructed,
            "results": [e.data() for e in self.ensembles],
            "skipped": [{"pack": p, "why": w} for p, w in self.skipped],
            "ledger_root": self.root,
        }


def uncertainties(
    loaded: LoadedStudy,
    packs: Sequence[str] = (),
    samples: int = SAMPLES,
    seed: int = SEED,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Uncertainties:
    """Raises `TanbiaoError` where no pack has a headline over uncertain facts.

    scheduler: address of a Dask scheduler; the numbers are those of a run without it. progress: called with the packs
    of draws done on the cluster, and all of them.
    """
    ensembles, skipped = [], []
    last: TanbiaoError | None = None
    with runner(scheduler, progress) as run:
        found = run_study(loaded, packs)
        for result in found.results:
            if result.headline is None:
                continue
            try:
                ensembles.append(ensemble(loaded.study, result, samples, seed, run))
            except TanbiaoError as error:
                if error.problems[0].code != "uncertainty-no-value":
                    raise
                skipped.append((result.rulebook.pack.version, error.problems[0].args["missing"]))
                last = error
    if not ensembles:
        raise last or refuse("uncertainty-no-headline")
    return Uncertainties(
        loaded.study.id, loaded.study.constructed, tuple(ensembles), tuple(skipped), found.ledger.root
    )


@contextmanager
def runner(scheduler: str | None, progress: Progress | None = None) -> Iterator[Run]:
    """Where parts are worked on: this process, or the cluster at an address. Refuses (`uncertainty-cluster`) where the
    cluster is lost on the way."""
    if scheduler is None:
        yield here
        return
    with cluster(scheduler) as client:
        from distributed import KilledWorker  # type: ignore[import-not-found, import-untyped, unused-ignore]

        there = on_cluster(client, progress=progress)

        def run(task: Task, parts: Sequence[int]) -> list[Any]:
            try:
                return there(task, parts)
            except (OSError, CancelledError, KilledWorker) as error:
                raise refuse("uncertainty-cluster", address=scheduler, detail=str(error)) from None

        yield run


@contextmanager
def cluster(scheduler: str) -> Iterator[Any]:
    """A client of the Dask scheduler at an address. Refuses where Dask is not installed or nobody answers."""
    try:
        import distributed  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        raise refuse("uncertainty-no-dask") from None
    try:
        client = distributed.Client(scheduler, timeout="10s")
    except (OSError, ValueError) as error:
        raise refuse("uncertainty-scheduler", address=scheduler, detail=str(error)) from None
    try:
        yield client
    finally:
        client.close()
