"""A short fuzz in every run; the long one is `python -m tests.exchange.fuzz --seconds …`."""

from __future__ import annotations

import pytest

from . import fuzz


def test_injured_files_give_catalogue_errors_only() -> None:
    counts = fuzz.run(cases=400, seed=20261124)
    assert (
        sum(counts.values()) == 400
        and any("refused" in k for k in counts)
        and any("read" in k for k in counts)
    )


@pytest.mark.slow
def test_thousands_of_injured_files() -> None:
    assert sum(fuzz.run(cases=20_000, seed=7).values()) == 20_000
