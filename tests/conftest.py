"""Shared roots, and how laws are tried: the same cases in every run, other and many more in the soak tier."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tanbiao.service import Places

ROOT = Path(__file__).resolve().parents[1]
MORE = 10
"""So many times the cases of a law are tried under the profile `soak`."""

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("soak", deadline=None, print_blob=True)
settings.load_profile("fixed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`--hypothesis-profile=soak` tries every law on other cases, many more of them."""
    if config.getoption("--hypothesis-profile") != "soak":
        return
    laws = {getattr(item.obj, "__func__", item.obj) for item in items if isinstance(item, pytest.Function)}
    for law in (law for law in laws if getattr(law, "is_hypothesis_test", False)):
        ours = getattr(law, "_hypothesis_internal_use_settings", None) or settings()
        law._hypothesis_internal_use_settings = settings(parent=ours, max_examples=MORE * ours.max_examples)


@pytest.fixture(scope="session")
def places() -> Places:
    return Places(packs=(ROOT / "tests" / "packs",))
