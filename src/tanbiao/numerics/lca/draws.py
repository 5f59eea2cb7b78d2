"""Draws by name: the stream of an amount follows from the seed and the amount's own name, so that rows may be added,
dropped or moved without changing what the others draw."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import plain
from .streams import BETA, LANES, Words, lanes
from .uncertainty import Floats, Uncertainty, affine, shaped

SAMPLER = "counted-1"


@dataclass(frozen=True, eq=False)
class Draws:
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


def named_draws(uncertainty: Uncertainty, names: Sequence[str], seed: int) -> Draws:
    """Streams for amounts by name; the names are distinct."""
    words = np.array(
        [np.frombuffer(hashlib.sha256(f"{seed}\x1f{n}".encode()).digest()[:8], dtype="<u4") for n in names],
        dtype=np.uint32,
    ).reshape(-1, 2)
    return Draws(uncertainty, np.ascontiguousarray(words[:, 0]), np.ascontiguousarray(words[:, 1]))
