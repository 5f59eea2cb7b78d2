"""A task over the numbers of its parts, here or on a Dask cluster: the task travels once, groups of parts are what the
cluster runs, results come in order.

Dask is not needed by anything else; `client` is a `distributed.Client` that the caller made, on one machine or many.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

Task = Callable[[int], Any]
Run = Callable[[Task, Sequence[int]], list[Any]]
"""Gives what a task says of each part, in the order of the parts."""
Progress = Callable[[int, int], None]
"""Called with the parts done, and all of them."""
SECONDS = 0.5
"""How long a group of parts should take: long against what a cluster needs to hand it out."""
SHARE = 4
"""Groups for each thread of the cluster, at least: so that none waits long for the last one."""


def here(task: Task, parts: Sequence[int]) -> list[Any]:
    """One part after another in this process."""
    return [task(p) for p in parts]


def on_cluster(
    client: Any, packs_per_task: int | None = None, retries: int = 3, progress: Progress | None = None
) -> Run:
    """A `Run` on a cluster: the same bits as `here`.

    packs_per_task: parts in a group; where None, as many as take `SECONDS`, by the time of the first two, but no more
    than leave `SHARE` groups for each thread. retries: a group whose worker is lost runs again elsewhere, this often.
    """

    def run(task: Task, parts: Sequence[int]) -> list[Any]:
        if not parts:
            return []
        shared = client.scatter(task, broadcast=True)

        def submit(what: Callable[..., Any], group: Sequence[int]) -> Any:
            return client.submit(what, shared, list(group), retries=retries, pure=False)

        found: list[Any] = []
        size = packs_per_task
        if size is None:
            found, seconds = submit(_timed, parts[:2]).result()
            size = _size(seconds, len(parts) - len(found), sum(client.nthreads().values()))
        futures = [submit(here, parts[k : k + size]) for k in range(len(found), len(parts), size)]
        for future in futures:
            found += future.result()
            if progress is not None:
                progress(len(found), len(parts))
        return found

    return run


def _timed(task: Task, parts: Sequence[int]) -> tuple[list[Any], float]:
    """What a task says of some parts, and the seconds of the last: the first one loads what the others find loaded."""
    found, seconds = [], 0.0
    for p in parts:
        start = time.perf_counter()
        found.append(task(p))
        seconds = time.perf_counter() - start
    return found, seconds


def _size(seconds: float, parts: int, threads: int) -> int:
    wanted = SECONDS / max(seconds, 1e-9)
    return max(1, int(min(wanted, parts / (SHARE * max(threads, 1)))))
