"""Fixtures: one key, and a bundle of the small study at any share level of its second library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sealed_study import LATER, NOW, Seal, Sealed, world

from tanbiao.seal import KeyPair, new_key
from tanbiao.service.bundle import make_bundle


@pytest.fixture(scope="session")
def key() -> KeyPair:
    return new_key()


@pytest.fixture
def seal(tmp_path: Path, key: KeyPair) -> Seal:
    """Write a world and bundle it."""

    def make(share: str = "full", row_share: str = "", name: str = "world", **options: Any) -> Sealed:
        head = {"head": options.pop("head")} if "head" in options else {}
        folder, places = world(tmp_path / name, share, row_share=row_share, **head)
        data = make_bundle(folder, key=key, issued=NOW, valid_until=LATER, places=places, **options)
        return Sealed(data, folder, places, key)

    return make
