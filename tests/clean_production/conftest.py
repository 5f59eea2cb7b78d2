"""Fixtures of the constructed plants."""

from __future__ import annotations

import pytest

from tanbiao.service import Run
from tests.clean_production.plants import PLANTS, run_of


@pytest.fixture(params=PLANTS)
def plant(request: pytest.FixtureRequest) -> Run:
    return run_of(request.param)


@pytest.fixture
def steel() -> Run:
    return run_of("steel-works")


@pytest.fixture
def cement() -> Run:
    return run_of("cement-plant")
