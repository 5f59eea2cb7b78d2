"""Places that read the open library once for all tests of a process."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tanbiao.library import Library
from tanbiao.service import Places


@cache
def _open(name: str) -> Library:
    return Places()._one(name, None)


class KeptPlaces(Places):
    """As `Places`; the library that ships is kept."""

    def _one(self, name: str, study: Path | None) -> Library:
        return _open(name) if name.startswith("open-") else super()._one(name, study)
