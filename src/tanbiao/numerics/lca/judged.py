"""Whether drawn systems can deliver. Where a loop holds a credit, the solver may give a number to a sample whose
purchases alone eat more than they give: such samples are judged one by one, before credits (see `productivity`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .ensemble import Ensemble, system_of
from .productivity import Loop, loop_of
from .streams import LANES
from .system import NotProductive, NotSolvable


@dataclass(frozen=True)
class Unsolved:
    """A sample without a value, and why: not productive (with its loop), or not solvable."""

    sample: int
    why: str
    loop: Loop | None = None


def again(ensemble: Ensemble, pack: int, lost: list[int], alone: Callable[[int], None]) -> list[Unsolved]:
    """The samples of a pack that have no value: those of the `lost` ones that `alone` cannot solve either, and those
    in which a component that holds a credit cannot deliver."""
    found = {}
    for sample in lost:
        try:
            alone(sample)
        except NotProductive as error:
            found[sample] = Unsolved(sample, str(error), error.loop)
        except NotSolvable as error:
            found[sample] = Unsolved(sample, str(error))
    for sample in range(pack * LANES, (pack + 1) * LANES) if ensemble.doubtful else ():
        if sample not in found and (broken := _undeliverable(ensemble, sample)) is not None:
            found[sample] = Unsolved(sample, str(broken), broken.loop)
    return [found[sample] for sample in sorted(found)]


def _undeliverable(ensemble: Ensemble, sample: int) -> NotProductive | None:
    system, _ = system_of(ensemble, sample)
    for b in ensemble.doubtful:
        loop = loop_of(system.purchases, system.processes, b)
        if loop is not None:
            return NotProductive(loop)
    return None
