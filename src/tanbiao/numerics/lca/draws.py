"""Draws by name: the stream of an amount follows from the seed and the amount's own name, so that rows may be added,
dropped or moved without changing what the others draw."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from . import plain
from .ensemble import Ensemble, Varying
from .streams import BETA, LANES, Words, lanes, mixed
from .uncertainty import Floats, Uncertainty, affine, shaped

SAMPLER = "counted-1"


@dataclass(frozen=True, eq=False)
class NamedDraws:
    """Distributions (m,) with the keys of their streams."""

    uncertainty: Uncertainty
    key: Words
    other: Words

    def pack(self, pack: int) -> Floats:
        """Amounts of samples 32 pack to 32 pack + 31, (m, LANES)."""
        u = self.uncertainty
        offset, spread, shape = affine(u)
        out = np.zeros((len(u), LANES))
        if len(u):
            plain.sample(u.kind, shape, self.key, self.other, lanes(pack), out)
        for kind in np.unique(u.kind[u.kind >= BETA]):
            k = np.flatnonzero(u.kind == kind)
            out[k] = shaped(int(kind), u.location[k], u.shape[k], u.maximum[k] - u.minimum[k], out[k])
        return np.asarray(offset[:, None] + spread[:, None] * out)


def marks(names: Sequence[str]) -> NDArray[np.uint64]:
    """A 64-bit digest of each name, by which `keyed` finds its stream under any seed."""
    digests = b"".join([hashlib.sha256(n.encode()).digest()[:8] for n in names])
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def keyed(names: NDArray[np.uint64], seed: int) -> tuple[Words, Words]:
    """The two words of the stream of every mark under a seed."""
    words = mixed(names ^ mixed(np.array([seed & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64)))
    return (words & np.uint64(0xFFFFFFFF)).astype(np.uint32), (words >> np.uint64(32)).astype(np.uint32)


def named(ensemble: Ensemble, technosphere: NDArray[np.uint64], burdens: NDArray[np.uint64]) -> Ensemble:
    """The ensemble with the streams of its amounts found by their marks, one for each entry of `system.matrix.data`
    and of the burdens, and not by where they stand."""

    def rows(of: Varying, marks: NDArray[np.uint64]) -> Varying:
        key, other = keyed(marks[of.entry], ensemble.seed)
        return replace(of, key=key, other=other)

    return replace(
        ensemble,
        purchases=rows(ensemble.purchases, technosphere),
        pivots=rows(ensemble.pivots, technosphere),
        direct=rows(ensemble.direct, burdens),
        marks=burdens,
    )


def named_draws(uncertainty: Uncertainty, names: Sequence[str], seed: int) -> NamedDraws:
    """Streams for amounts by name; the names are distinct."""
    words = np.array(
        [np.frombuffer(hashlib.sha256(f"{seed}\x1f{n}".encode()).digest()[:8], dtype="<u4") for n in names],
        dtype=np.uint32,
    ).reshape(-1, 2)
    return NamedDraws(uncertainty, np.ascontiguousarray(words[:, 0]), np.ascontiguousarray(words[:, 1]))
