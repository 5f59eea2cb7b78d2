"""Whether drawn systems can deliver. Where a loop holds a credit, the solver may give a number to a sample whose
purchases alone eat more than they give: such samples are judged one by one, before credits (see `productivity`)."""

from __future__ import annotations

from .ensemble import Ensemble, system_of
from .productivity import Loop, loop_of
from .streams import LANES


def undeliverable(ensemble: Ensemble, pack: int) -> dict[int, Loop]:
    """Samples of a pack in which a component that holds a credit cannot deliver, and its loop."""
    found: dict[int, Loop] = {}
    for sample in range(pack * LANES, (pack + 1) * LANES) if ensemble.doubtful else ():
        system, _ = system_of(ensemble, sample)
        for b in ensemble.doubtful:
            loop = loop_of(system.purchases, system.processes, b)
            if loop is not None:
                found[sample] = loop
                break
    return found
