"""Zips read by our own directory reader hold what zipfile says they hold; what is broken is refused."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tanbiao.core.errors import TanbiaoError
from tanbiao.exchange import archive as room
from tanbiao.exchange.archive import Archive
from tanbiao.exchange.source import open_source

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
NAMES = st.text(st.sampled_from("ab/钢é.-_ "), min_size=1, max_size=12).filter(
    lambda n: not n.startswith("/")
)
LIMIT = 1_000_000
MARK = b"PK\x05\x06"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.dictionaries(NAMES, st.tuples(st.binary(max_size=3000), st.sampled_from(METHODS)), max_size=6),
    comment=st.binary(max_size=30),
    before=st.binary(max_size=40),
)
def test_members_are_those_of_zipfile(
    tmp_path: Path, files: dict[str, tuple[bytes, int]], comment: bytes, before: bytes
) -> None:
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as made:
        made.comment = comment
        for name, (data, method) in files.items():
            made.writestr(zipfile.ZipInfo(name), data, method)
    path = tmp_path / "x.zip"
    path.write_bytes(before + box.getvalue())  # as in a program that unpacks itself
    opened = Archive(path)
    try:
        members = list(opened.members())
        # as zipfile wrote them: it cannot itself read an archive whose comment holds the mark of the end
        assert [(m.name, m.size, m.packed, m.crc, m.method) for m in members] == [
            (i.filename, i.file_size, i.compress_size, i.CRC, i.compress_type) for i in made.infolist()
        ]
        for m in members:
            if m.method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) and MARK in comment:
                continue  # these are left to zipfile
            assert opened.read(m, LIMIT) == files[m.name][0]
            assert opened.head(m, 7) == files[m.name][0][:7]
    finally:
        opened.close()


@pytest.mark.parametrize("comment", [MARK, MARK * 9, b"x" * 30 + MARK + b"\0" * 40])
@pytest.mark.parametrize("after", [b"", b"\n"])
def test_a_comment_may_hold_the_mark_of_the_end(tmp_path: Path, comment: bytes, after: bytes) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.comment = comment
        made.writestr("a", b"facts")
    opened = Archive(path)
    (member,) = opened.members()
    assert opened.read(member, LIMIT) == b"facts"
    opened.close()


def test_sizes_beyond_four_bytes_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as made:
        for k in range(3):
            with made.open(f"a{k}", "w", force_zip64=True) as file:
                file.write(b"x" * 1000)
    assert b"PK\x06\x06" in (tmp_path / "x.zip").read_bytes()
    opened = Archive(tmp_path / "x.zip")
    assert [opened.read(m, LIMIT) for m in opened.members()] == [b"x" * 1000] * 3
    opened.close()


def test_more_than_the_limit_is_never_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a", b"\0" * 5_000_000)
    opened = Archive(tmp_path / "x.zip")
    (member,) = opened.members()
    assert len(opened.read(member, 1000)) == 1001 and len(opened.head(member, 10)) == 10
    opened.close()
    assert 1000 * room.MOST_DEFLATED > 1_000_000  # what counts as too small to be a bomb


@pytest.mark.parametrize(
    ("change", "at"),
    [("directory", b"PK\x01\x02"), ("end", b"PK\x05\x06"), ("local", b"PK\x03\x04"), ("checksum", b"")],
)
def test_a_broken_archive_is_refused(tmp_path: Path, change: str, at: bytes) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("flows/a.json", b"{} " * 50)
    raw = bytearray(path.read_bytes())
    if change == "checksum":
        where = raw.rfind(b"PK\x01\x02") + 16
        raw[where : where + 4] = struct.pack("<I", 1)
    else:
        where = raw.rfind(at)
        raw[where : where + 2] = b"XX" if change != "end" else b"PK"
        if change == "end":
            raw[where + 12 : where + 16] = struct.pack("<I", 10_000)
    path.write_bytes(bytes(raw))
    with pytest.raises(TanbiaoError) as caught:
        open_source(path).read("flows/a.json")
    assert caught.value.problems[0].code == "exchange-zip-broken"
