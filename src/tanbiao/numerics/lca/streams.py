"""Random streams by counting: the draw of an exchange in a sample is a function of seed, stream, exchange and sample.

Nothing is carried from one draw to the next, so results do not depend on batches, threads or processes; every
exchange has two 32-bit keys of its own, so no two exchanges share a stream. Salmon et al., "Parallel random numbers:
as easy as 1, 2, 3", SC11; mixing constants: Steele, Lea and Flood 2014 (splitmix64) and Wellons 2018 (lowbias32).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]
Streams = tuple[NDArray[np.uint8], NDArray[np.float32], Words, Words, Words]
"""kind, shape and the two keys of exchanges, and the lanes of a pack: what their draws are a function of."""

LANES = 32
"""Draws computed together. Samples are numbered; pack p holds samples 32 p to 32 p + 31."""
FIXED, LOGNORMAL, NORMAL, UNIFORM, TRIANGULAR = 0, 1, 2, 3, 4
BETA, GAMMA, WEIBULL, STUDENT, BERNOULLI, DISCRETE, EXTREME = 5, 6, 7, 8, 9, 10, 11

NO_STREAMS: Streams = (
    np.zeros(0, np.uint8),
    np.zeros(0, np.float32),
    *(np.zeros(0, np.uint32) for _ in range(3)),
)  # type: ignore[assignment]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def keys(seed: int, stream: int, count: int) -> tuple[Words, Words]:
    """Two words for each of `count` exchanges of a stream (one stream for the technosphere, one for burdens, ...)."""
    state = mixed(np.array([seed & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64)) ^ mixed(
        np.array([~stream & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64)
    )
    words = mixed(state + (np.arange(count, dtype=np.uint64) + np.uint64(1)) * _GOLDEN)
    return (words & np.uint64(0xFFFFFFFF)).astype(np.uint32), (words >> np.uint64(32)).astype(np.uint32)


def lanes(pack: int) -> Words:
    """One word for each pair of samples of a pack, never the same for two pairs."""
    if not 0 <= pack < 2**28:
        raise ValueError(f"samples are numbered from 0 to 2**33 - 1; pack {pack} lies outside")
    x = np.uint32(pack * (LANES // 2)) + np.arange(LANES // 2, dtype=np.uint32)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x21F0AAAD)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x735A2D97)
    return np.asarray(x ^ (x >> np.uint32(15)), dtype=np.uint32)


def mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Words whose bits all depend on all bits of the words given (splitmix64)."""
    with np.errstate(over="ignore"):
        z = z + _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)), dtype=np.uint64)
