"""Shared roots: the packs that ship, and the small ones made for the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanbiao.service import Places

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def places() -> Places:
    return Places(packs=(ROOT / "tests" / "packs",))
