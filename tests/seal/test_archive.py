"""An archive can be written in one way only, and every other way is refused."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanbiao.core.errors import TanbiaoError
from tanbiao.seal import read_archive, write_archive
from tanbiao.seal.archive import check_names

FILES = {"b/清单.csv": b"id\n1\n", "a.txt": b"", "b/c.bin": bytes(range(256))}

words = st.text(st.characters(codec="utf-8", categories=("Ll", "Lo", "Nd")), min_size=1, max_size=8)
names = st.lists(words, min_size=1, max_size=3).map("/".join)


def code_of(data: bytes, **options: int) -> str:
    with pytest.raises(TanbiaoError) as caught:
        read_archive(data, **options)
    return caught.value.problems[0].code


def good(found: list[str]) -> bool:
    try:
        check_names(found)
    except TanbiaoError:
        return False
    return True


@given(st.dictionaries(names, st.binary(max_size=200), max_size=8).filter(lambda d: good(list(d))))
def test_reading_what_was_written_gives_the_same_files(files: dict[str, bytes]) -> None:
    data = write_archive(files)
    assert read_archive(data) == files
    assert write_archive(dict(reversed(list(files.items())))) == data


def test_other_programs_can_open_it() -> None:
    with zipfile.ZipFile(io.BytesIO(write_archive(FILES))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(FILES, key=str.encode)
        assert {n: archive.read(n) for n in FILES} == FILES
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {i.compress_type for i in archive.infolist()} == {zipfile.ZIP_STORED}


def test_every_changed_byte_is_seen() -> None:
    data = write_archive(FILES)
    for position in range(len(data)):
        for mask in (0x01, 0x20, 0x80, 0xFF):
            changed = bytearray(data)
            changed[position] ^= mask
            with pytest.raises(TanbiaoError):
                read_archive(bytes(changed))


@settings(max_examples=300)
@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 400))
def test_bytes_put_in_place_of_others_are_refused_and_nothing_else_happens(
    junk: bytes, start: int, size: int
) -> None:
    data = write_archive(FILES)
    changed = data[:start] + junk + data[start + size :]
    if changed != data:
        with pytest.raises(TanbiaoError):
            read_archive(changed)


def test_zip_programs_write_something_else() -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            for name, content in sorted(FILES.items()):
                archive.writestr(name, content * 50)
        assert code_of(out.getvalue()) in ("archive-compressed", "archive-bytes")


def test_data_before_between_and_after_are_refused() -> None:
    data = write_archive(FILES)
    assert code_of(b"#!" + data) == "archive-bytes"
    assert code_of(data + b"\0") == "archive-bytes"
    assert code_of(b"") == "archive-bytes"
    assert code_of(data[:-1]) == "archive-bytes"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a//b",
        "./a",
        "a/",
        "C:/x",
        "a\\b",
        "a\0b",
        "a\nb",
        "CON",
        "nul.txt",
        "a.",
        " a",
        "a ",
        "e\u0301",
        "\u202etxt",
        "x" * 500,
    ],
)
def test_names_that_lead_astray_are_refused(name: str) -> None:
    with pytest.raises(TanbiaoError) as caught:
        write_archive({name: b""})
    assert caught.value.problems[0].code == "archive-name"


def test_names_that_collide_are_refused() -> None:
    for pair in (["a", "A"], ["a", "a/b"], ["Straße", "STRASSE"], ["x", "x"]):
        with pytest.raises(TanbiaoError):
            check_names(pair)


def test_a_traversing_name_is_refused_when_read() -> None:
    assert code_of(write_archive({"a/aaaa": b"x"}).replace(b"a/aaaa", b"../aaa")) == "archive-name"


def test_size_is_capped_before_reading() -> None:
    data = write_archive(FILES)
    assert code_of(data, cap=len(data) - 1) == "archive-large"
    assert read_archive(data, cap=len(data)) == FILES
