"""What an evaluation rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.errors import Lang
from ...evaluate import Published, Result
from ...evaluate.balance import Balance
from ...evaluate.grade.graded import Graded
from ...evaluate.improve import Improvement
from ...evaluate.measures import Action
from ...study import Study
from ..evaluation_texts import say


@dataclass(frozen=True, eq=False)
class Found:
    """What an evaluation rests on: the study, its results, the ways to better levels, balances, earlier years."""

    study: Study
    results: Sequence[Result]
    improvements: Mapping[str, Improvement] = field(default_factory=dict)
    """By address of the grade clause."""
    balances: Sequence[Balance] = ()
    years: Sequence[tuple[str, Mapping[str, Graded]]] = ()
    """Earlier and present years, with their grades by address."""
    register: Sequence[Action] = ()
    every_measure: Sequence[Mapping[str, str]] = ()
    """Rows of the register as they stand, dropped and done ones too."""


def graded_results(found: Found) -> list[tuple[Result, Published]]:
    return [(r, p) for r in found.results for p in r.published if p.grade is not None and p.grade.details]


def marks(result: Result, lang: Lang) -> list[str]:
    """What every page says of a pack: constructed, partial, unverified."""
    pack = result.rulebook.pack
    if pack.review == "constructed" or pack.status == "constructed":
        return [say("doc.constructed", lang)]
    if pack.status in ("partial", "draft"):
        return [say("doc.partial", lang)]
    return [] if pack.review == "verified" else [say("doc.unverified", lang)]
