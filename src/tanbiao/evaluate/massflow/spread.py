"""What varies: coefficients with bounds, the arcs that name them, and draws of the outflow."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from ...core.value import Array
from ...numerics.massflow import Network, flow, shares, uniform


@dataclass(frozen=True, eq=False)
class Draws:
    """Sampled masses of the outflow rows, (rows, draws), and how they were made."""

    mass: Array
    entered: Array
    seed: int


@dataclass(frozen=True, eq=False)
class Spread:
    """What a draw needs: a network whose arcs name their coefficients, or weighed rows with bounds."""

    coefficients: tuple[Coefficient, ...]
    network: Network | None
    arcs: tuple[Arc, ...]
    entering: Array | None
    rows: tuple[tuple[int, int], ...]
    """For each outflow row its (arc, species); arc -1: a row that does not vary."""
    fixed: Array
    """Masses of the rows as they stand, (rows,)."""
    row_coefficient: tuple[tuple[int, float], ...] = ()
    """Weighed: (outflow row, its part of the movement) by coefficient."""

    def draws(self, count: int, seed: int) -> Draws:
        low, mode, high = (
            np.array([float(getattr(c, n)) for c in self.coefficients]) for n in ("low", "mode", "high")
        )
        streams = np.array([c.stream for c in self.coefficients], dtype=np.uint64)
        groups: dict[str, int] = {}
        group = np.array(
            [groups.setdefault(c.group, len(groups)) if c.group else -1 for c in self.coefficients],
            dtype=np.intp,
        )
        drawn = shares(low, mode, high, group, uniform(seed, streams, np.arange(count, dtype=np.uint64)))
        mass = np.repeat(self.fixed.astype(np.float64)[:, None], count, axis=1)
        entered = mass.copy()
        if self.network is None:
            for coefficient, (row, part) in enumerate(self.row_coefficient):
                mass[row] = drawn[coefficient] * part
            return Draws(mass, mass.copy(), seed)
        assert self.entering is not None
        species = self.entering.shape[1]
        share = np.zeros((len(self.arcs), species, count))
        for number, arc in enumerate(self.arcs):
            share[number, list(arc.species)] = arc.drawn(drawn, count)
        found = flow(
            replace(self.network, share=share),
            np.repeat(self.entering.astype(np.float64)[:, :, None], count, axis=2),
        )
        for row, (number, kind) in enumerate(self.rows):
            if number < 0:
                continue
            mass[row] = found.along[number, kind]
            arc = self.arcs[number]
            entered[row] = (
                found.through[self.network.source[number], kind] * float(arc.share)
                if not arc.residue
                else 0.0
            )
        return Draws(mass, entered, seed)


@dataclass(frozen=True)
class Coefficient:
    """A share or a yield with its bounds. group: rows whose shares sum to one."""

    id: str
    group: str
    low: Fraction
    mode: Fraction
    high: Fraction

    @property
    def stream(self) -> int:
        """A word made of the row's identity, so that row order changes no draw."""
        return int.from_bytes(hashlib.sha256(self.id.encode()).digest()[:8], "big")


@dataclass
class Arc:
    """One way of mass: a transfer (share = coefficient), a route (share · yield) or its residue (share · (1 − yield));
    coefficient -1: the whole."""

    source: str
    target: str
    coefficient: int = -1
    share: Fraction = Fraction(1)
    residue: bool = False
    route: int = -1
    species: list[int] = field(default_factory=list)
    end: bool = False

    def exact(self, coefficients: list[Coefficient]) -> Fraction:
        if self.coefficient < 0:
            return self.share
        value = coefficients[self.coefficient].mode
        return self.share * (1 - value if self.residue else value)

    def drawn(self, drawn: Array, count: int) -> Array:
        if self.coefficient < 0:
            return np.full(count, float(self.share))
        value = drawn[self.coefficient]
        return np.asarray(float(self.share) * (1.0 - value if self.residue else value))
