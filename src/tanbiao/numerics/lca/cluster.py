"""Packs of draws on a Dask cluster: the ensemble travels once, chunks of packs are the tasks, results come in order.

Dask is not needed by anything else; `client` is a `distributed.Client` that the caller made, on one machine or many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def on_cluster(
    client: Any, packs_per_task: int = 8, retries: int = 3, progress: Callable[[int, int], None] | None = None
) -> Callable[..., list[Any]]:
    """A `run` for `monte_carlo`: the same bits as without it.

    packs_per_task: choose it so that a task takes about half a second. retries: a task whose worker is lost runs
    again elsewhere, this often. progress: called with (tasks done, tasks) while they come in.
    """

    def run(task: Callable[[int], Any], packs: Sequence[int]) -> list[Any]:
        shared = client.scatter(task, broadcast=True)
        cuts = [list(packs[k : k + packs_per_task]) for k in range(0, len(packs), packs_per_task)]
        futures = [client.submit(_several, shared, cut, retries=retries, pure=False) for cut in cuts]
        found: list[Any] = []
        for done, future in enumerate(futures, start=1):
            found += future.result()
            if progress is not None:
                progress(done, len(futures))
        return found

    return run


def _several(task: Callable[[int], Any], packs: Sequence[int]) -> list[Any]:
    return [task(p) for p in packs]
