"""The study's own system: activities of its processes for a demand (ISO 14044, matrix form of Heijungs and Suh)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class NotProductive(ValueError):
    """A loop of processes needs more of itself than it gives; `loop` lists its columns."""

    def __init__(self, loop: tuple[int, ...]) -> None:
        self.loop = loop
        super().__init__(f"loop of columns {loop}")


def scaling(
    output: Floats, link_to: Integers, link_from: Integers, link_amount: Floats, demand: Floats
) -> Floats:
    """Activities x with A x = demand, A = diag(output) - links.

    output: product of each column for one activity, shape (n,). Link k: column `link_from[k]` takes `link_amount[k]`
    of the product of column `link_to[k]` for one of its activities. demand: shape (n,). Returns shape (n,).
    Raises `NotProductive` when an activity comes out negative for a non-negative demand without negative links.
    """
    n = len(output)
    if n == 0:
        return np.zeros(0)
    links = sparse.csc_matrix((link_amount, (link_to, link_from)), shape=(n, n))
    matrix = sparse.csc_matrix(sparse.diags(output) - links)
    try:
        activity: Floats = np.asarray(splu(matrix).solve(demand), dtype=np.float64)
    except RuntimeError:
        raise NotProductive(_loop(links)) from None
    wrong = not np.isfinite(activity).all() or (activity < -1e-9 * np.abs(activity).max()).any()
    if wrong and (link_amount >= 0).all() and (demand >= 0).all():
        raise NotProductive(_loop(links))
    return activity


def _loop(links: sparse.csc_matrix) -> tuple[int, ...]:
    count, label = connected_components(links, directed=True, connection="strong")
    sizes = np.bincount(label, minlength=count)
    own = np.flatnonzero(links.diagonal())
    biggest = int(sizes.argmax())
    if sizes[biggest] == 1 and len(own):
        return (int(own[0]),)
    return tuple(int(i) for i in np.flatnonzero(label == biggest))
