"""What a study's numbers rest on, for each of its packs."""

from __future__ import annotations

from ..evaluate.coverage import Coverage, coverage
from .run import Run


def coverages(run: Run) -> list[Coverage]:
    """Coverage of every result that has solved lines."""
    found = (coverage(result, run.library) for result in run.results)
    return [one for one in found if one is not None]
