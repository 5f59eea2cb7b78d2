"""Compiled systems on disk: named by content, mapped, the same numbers as compiled afresh."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tanbiao.numerics import lca
from tanbiao.numerics.lca import store
from tests.numerics.random_systems import system


def test_a_stored_system_solves_to_the_same_bits(tmp_path: Path) -> None:
    a = system(200, 3, 0.8)
    b = np.random.default_rng(0).random((200, 3))
    fresh = lca.adjoint(lca.compile_system(a), b)
    first = lca.compiled_in(tmp_path, a, lca.SIGNATURE, {"sigma": np.arange(3.0)})
    again = lca.compiled_in(tmp_path, a, lca.SIGNATURE)
    assert np.array_equal(lca.adjoint(first, b), fresh)
    assert np.array_equal(lca.adjoint(again, b), fresh)
    assert not again.purchases.amount.flags.writeable  # a map of the file
    assert len(list(tmp_path.iterdir())) == 1
    folder = tmp_path / store.key(a, lca.SIGNATURE)
    assert store.extras(folder)["sigma"].tolist() == [0.0, 1.0, 2.0]


def test_another_amount_or_another_version_is_another_folder(tmp_path: Path) -> None:
    a = system(20, 3, 0.8)
    b = a.copy()
    b[0, 0] *= 1.0 + 1e-15
    assert len({store.key(a, "1"), store.key(b, "1"), store.key(a, "2")}) == 3


def test_a_half_written_folder_is_never_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(np, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        lca.compiled_in(tmp_path, system(20, 3, 0.8), lca.SIGNATURE)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "about.json").write_text('{"format": "other"}')
    with pytest.raises(ValueError, match="other"):
        store.read(tmp_path)
