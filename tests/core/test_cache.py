"""The cache of arrays: whole or absent, bounded, and never more than a shortcut."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from tanbiao.core.cache import Cache, user_cache

KEY = {"library": "abc", "method": "AR6"}


def test_what_was_put_is_read_back_as_maps(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "c")
    assert cache.get(KEY) is None
    cache.put(
        KEY, {"a": np.arange(6.0).reshape(2, 3), "none": np.zeros((0, 2)), "i": np.array([1], dtype=np.int32)}
    )
    found = cache.get(KEY)
    assert found is not None and isinstance(found["a"], np.memmap)
    assert found["a"].tolist() == [[0, 1, 2], [3, 4, 5]] and found["none"].shape == (0, 2)
    assert cache.get({**KEY, "method": "AR5"}) is None
    cache.put(KEY, {"a": np.ones(1)})  # a folder that is there stays
    assert cache.get(KEY)["a"].size == 6  # type: ignore[index]


@pytest.mark.parametrize("damage", ["cut", "about", "gone", "key"])
def test_an_entry_that_is_damaged_is_dropped(tmp_path: Path, damage: str) -> None:
    cache = Cache(tmp_path)
    cache.put(KEY, {"a": np.arange(1000.0)})
    [folder] = list(tmp_path.iterdir())
    if damage == "cut":
        (folder / "a.npy").write_bytes((folder / "a.npy").read_bytes()[:600])
    elif damage == "about":
        (folder / "about.json").write_text("{", encoding="utf-8")
    elif damage == "gone":
        (folder / "a.npy").unlink()
    else:
        about = json.loads((folder / "about.json").read_text())
        (folder / "about.json").write_text(json.dumps({**about, "key": {"library": "other"}}))
    assert cache.get(KEY) is None


def test_nothing_half_written_is_left_and_a_full_disk_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(np, "save", fail)
    Cache(tmp_path).put(KEY, {"a": np.ones(3)})
    assert list(tmp_path.iterdir()) == []


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=30_000)
    for k in range(3):
        cache.put({"k": str(k)}, {"a": np.zeros(1000)})
        [folder] = [
            f for f in tmp_path.iterdir() if json.loads((f / "about.json").read_text())["key"]["k"] == str(k)
        ]
        os.utime(folder / "about.json", (k, k))
    assert cache.get({"k": "0"}) is not None  # used now
    cache.put({"k": "3"}, {"a": np.zeros(1000)})
    assert [cache.get({"k": str(k)}) is not None for k in range(4)] == [True, False, True, True]
    cache.put({"k": "4"}, {"a": np.zeros(100_000)})
    assert cache.get({"k": "4"}) is None


def test_where_it_lies_and_how_it_is_turned_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANBIAO_HOME", str(tmp_path))
    monkeypatch.delenv("TANBIAO_CACHE", raising=False)
    assert user_cache() == Cache(tmp_path / "cache")
    monkeypatch.setenv("TANBIAO_CACHE", "off")
    assert user_cache() is None
    monkeypatch.delenv("TANBIAO_CACHE")
    monkeypatch.delenv("TANBIAO_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    found = user_cache()
    assert (found is not None and tmp_path in found.root.parents) or os.environ.get("XDG_CACHE_HOME")
