"""A stranger's file is measured before it is read."""

from __future__ import annotations

import io
import zipfile

import pytest
from sealed_study import ROOT

from tanbiao.core.errors import TanbiaoError
from tanbiao.core.text import DEEPEST
from tanbiao.seal.limits import check_file


def refused(name: str, content: bytes) -> bool:
    try:
        check_file(name, content)
    except TanbiaoError as error:
        assert error.problems[0].code == "bundle-form"
        return True
    return False


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "- " * 100_000, "{a: " * 100_000, "a: &a [*a]", "a: *b", "a: [", "\0"]
)
def test_yaml_that_would_overrun_its_reader_is_refused(text: str) -> None:
    assert refused("study/study.yaml", text.encode())


def test_aliases_count_as_what_they_stand_for() -> None:
    lines = [f"a0: &a0 [{', '.join('x' * 9)}]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert not refused("x.yaml", "\n".join(lines[:4]).encode())
    assert refused("x.yaml", "\n".join(lines).encode())


def test_what_ships_is_within_the_limits() -> None:
    for folder in ("packs", "examples", "library"):
        for file in (ROOT / folder).rglob("*.yaml"):
            assert not refused(file.name, file.read_bytes()), file
    assert not refused("x.yaml", ("[" * (DEEPEST - 2) + "]" * (DEEPEST - 2)).encode())


def test_a_workbook_that_unpacks_to_gigabytes_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for n in range(6):
            book.writestr(f"{n}.xml", bytes(100 * 2**20))
    assert refused("study/book.xlsx", out.getvalue())
    assert refused("study/book.xlsx", b"PK")
