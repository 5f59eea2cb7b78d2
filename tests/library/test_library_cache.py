"""Solved libraries are kept under their digest; what a verification recomputes never comes from there."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_library import exchange, process, steel, write

from tanbiao.core.cache import Cache
from tanbiao.core.digest import digest
from tanbiao.core.numbers import decimal_text
from tanbiao.library import Exchange, Library, compile_library, overlay, read_library, row_digest
from tanbiao.library.compile import Compiled
from tanbiao.library.exchanges import digests
from tanbiao.library.filed import Filed
from tanbiao.library.impacts import cut_off
from tanbiao.service import Places
from tanbiao.service.bundle import BundlePlaces


@pytest.fixture(autouse=True)
def every_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["tanbiao.library.compile"], "CACHED", 1)


def same(a: Compiled, b: Compiled) -> bool:
    return (
        all(
            np.array_equal(getattr(a, n), getattr(b, n), equal_nan=True)
            for n in ("values", "low", "high", "judged_share", "unconverted_share")
        )
        and a.missing == b.missing
    )


def test_a_kept_solution_is_the_same_to_the_last_bit_and_is_read_and_not_solved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, cache = Places().library(["open-2026"]), Cache(tmp_path)
    fresh = compile_library(library, "AR6")
    first = compile_library(library, "AR6", cache=cache)
    assert len(list(tmp_path.iterdir())) == 1

    def solved(*_: object) -> None:
        raise AssertionError("solved again")

    with monkeypatch.context() as patch:
        patch.setattr(sys.modules["tanbiao.library.compile"], "_system", solved)
        patch.setattr(sys.modules["tanbiao.library.compile"], "link", solved)
        again = compile_library(library, "AR6", cache=cache)
        with pytest.raises(AssertionError):
            compile_library(library, "AR5", cache=cache)
        with pytest.raises(AssertionError):
            compile_library(library, "AR6", published_intervals=False, cache=cache)
    assert same(fresh, first) and same(fresh, again)
    for name in ("row", "column", "amount", "low", "high", "judged"):
        assert np.array_equal(getattr(again.linked.purchase, name), getattr(fresh.linked.purchase, name))
    assert (again.linked.processes, again.linked.terminals) == (
        fresh.linked.processes,
        fresh.linked.terminals,
    )
    assert again.system.size == fresh.system.size
    assert np.array_equal(again.system.purchases.amount, fresh.system.purchases.amount)


def test_a_bundle_is_recomputed_without_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANBIAO_HOME", str(tmp_path))
    monkeypatch.delenv("TANBIAO_CACHE", raising=False)
    assert Places().cache == Cache(tmp_path / "cache")
    assert BundlePlaces(folder=tmp_path).cache is None


# -- exchanges that stay in their file ---------------------------------------------------------------------------------


def folder_of(path: Path, tables: dict[str, list[dict[str, str]]]) -> Path:
    return write(path / "tiny", tables)


@pytest.fixture
def every_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tanbiao.library.filed.LARGE", 1)


def read_again(folder: Path, cache: Cache) -> Library:
    library, problems = read_library(folder, cache)
    assert problems == []
    return library


@pytest.mark.usefixtures("every_file")
def test_a_kept_library_is_the_same_and_its_exchanges_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = steel()
    tables["exchanges"][1] |= {"note": 'two\nlines, a "quote" and 中文'}
    tables["exchanges"][3] |= {"distribution": "lognormal", "spread": "1.2", "pedigree": "(1,2,3)"}
    tables["exchanges"].insert(2, tables["exchanges"].pop())  # rows of one process need not stand together
    folder, cache = folder_of(tmp_path, tables), Cache(tmp_path / "cache")
    fresh, _ = read_library(folder)
    assert read_again(folder, cache).digest == fresh.digest
    again = read_again(folder, cache)
    assert isinstance(again.exchanges.parts[0], Filed)
    with monkeypatch.context() as patch:
        patch.setattr(Filed, "table", property(lambda _: pytest.fail("read whole")))
        assert again.digest == fresh.digest and len(again.exchanges) == len(fresh.exchanges)
        for process in (*fresh.processes, "none"):
            mine, theirs = again.exchanges_of(process), fresh.exchanges_of(process)
            assert mine == theirs
            assert [x.place_in for x in mine] == [x.place_in for x in theirs]
        assert row_digest(again, "iron") == row_digest(fresh, "iron")
    assert list(again.exchanges) == list(fresh.exchanges)
    assert again.exchanges[-1] == fresh.exchanges[len(fresh.exchanges) - 1]
    assert same(compile_library(again, "AR6"), compile_library(fresh, "AR6"))


@pytest.mark.usefixtures("every_file")
def test_what_changed_or_has_problems_is_read(tmp_path: Path) -> None:
    folder, cache = folder_of(tmp_path, steel()), Cache(tmp_path / "cache")
    first = read_again(folder, cache)
    tables = steel()
    tables["exchanges"][1]["amount"] = "1.7"
    assert read_again(folder_of(tmp_path, tables), cache).digest != first.digest
    tables["exchanges"][1]["amount"] = "much"
    for _ in range(2):
        _, problems = read_library(folder_of(tmp_path, tables), cache)
        assert [p.code for p in problems] == ["number-expected"]
    rows = folder / "exchanges.csv"
    folder_of(tmp_path, steel())
    rows.write_bytes(rows.read_bytes().replace(b"\n", b"\r"))  # ends of lines that are not kept
    for _ in range(2):
        library = read_again(folder, cache)
        assert not isinstance(library.exchanges.parts[0], Filed) and library.digest == first.digest
    rows.write_bytes(rows.read_bytes().replace(b"\r", b"\r\n"))
    for _ in range(2):
        library = read_again(folder, cache)
    assert isinstance(library.exchanges.parts[0], Filed) and library.exchanges_of(
        "iron"
    ) == first.exchanges_of("iron")


@pytest.mark.usefixtures("every_file")
def test_a_kept_library_lies_over_another_without_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, _ = read_library(write(tmp_path / "base", steel()))
    own = {
        "processes": [process("coated")],
        "exchanges": [
            exchange("coated.x01", "coated", "reference", "coated", "1"),
            exchange("coated.x02", "coated", "input", "steel", "1"),
        ],
    }
    folder, cache = folder_of(tmp_path, own), Cache(tmp_path / "cache")
    fresh, _ = overlay(base, read_again(folder, cache))
    with monkeypatch.context() as patch:
        patch.setattr(Filed, "table", property(lambda _: pytest.fail("read whole")))
        again, problems = overlay(base, read_again(folder, cache))
    assert problems == [] and again.digest == fresh.digest
    assert list(again.exchanges) == list(fresh.exchanges)
    own["exchanges"][1]["id"] = "iron.x02"
    for _ in range(2):
        both, problems = overlay(base, read_again(folder_of(tmp_path, own), cache))
        assert [p.code for p in problems] == ["library-duplicate-id"]
        assert len(both.exchanges) == len(base.exchanges) + 1


def test_the_text_digest_of_an_exchange_is_the_digest_of_its_content(tmp_path: Path) -> None:
    tables = steel()
    tables["exchanges"][1] |= {"note": 'a "b" \\ \x7f 中文 \t', "amount": "1.60", "low": "1e-9", "high": "-0"}
    tables["exchanges"][2] |= {
        "distribution": "normal",
        "spread": "0.10",
        "high": "123456789012345678901234567890",
    }
    library, problems = read_library(write(tmp_path / "tiny", tables))
    assert problems == []
    found = digests(library.exchanges.parts[0].table)
    assert sorted(found["iron"]) == sorted(digest(content(x)) for x in library.exchanges_of("iron"))


def content(x: Exchange) -> dict[str, object]:
    """What the digest of an exchange covers, said once more in plain words."""
    said: dict[str, object] = {"kind of row": "Exchange"}
    for name in ["id", "process", "kind", "provider", "flow", "amount_kind", "unit", "note"]:
        said[name] = getattr(x, name)
    for name in ("amount", "low", "high"):
        value = getattr(x, name)
        said[name] = None if value is None else decimal_text(value)
    if x.distribution:
        said |= {"distribution": x.distribution, "spread": decimal_text(x.spread or 0)}
    return said


def test_exchanges_without_provider_are_kept_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    tables, cache = steel(), Cache(tmp_path / "cache")
    kept = compile_library(read_library(write(tmp_path / "one", tables))[0], "AR6", cache=cache)
    turned = {**tables, "exchanges": tables["exchanges"][::-1]}
    library, _ = read_library(write(tmp_path / "two", turned))
    again = compile_library(library, "AR6", cache=cache)
    assert len(list((tmp_path / "cache").iterdir())) == 1, "the same content has the same key"
    found = cut_off(library, again)
    assert found == [(kept.index["steel"], "slag", "kg", 0.03)]
