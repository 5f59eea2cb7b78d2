"""What strangers send is opened with limits; refusals come from the catalogue; nothing is half-written."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from tanbiao.core.errors import Place, TanbiaoError
from tanbiao.exchange import read
from tanbiao.exchange.files import fresh_file, fresh_folder
from tanbiao.exchange.source import decode, open_source
from tanbiao.exchange.xml import parse_xml

from .made import zipped


def refused(work: object, *args: object) -> str:
    with pytest.raises(TanbiaoError) as caught:
        work(*args)  # type: ignore[operator]
    problem = caught.value.problems[0]
    assert problem.text("zh") and problem.text("en")
    return problem.code


@pytest.mark.parametrize("name", ["../evil.json", "/etc/evil", "a/../../b", "C:\\evil", "..\\evil"])
def test_a_path_that_leaves_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    assert refused(open_source, zipped(tmp_path / "x.zip", {name: b"{}"})) == "exchange-zip-path"


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        info = zipfile.ZipInfo("flows/x.json")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert refused(open_source, tmp_path / "x.zip") == "exchange-zip-path"


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    assert (
        refused(open_source, zipped(tmp_path / "x.zip", {"processes/a.json": b" " * 60_000_000}))
        == "exchange-zip-bomb"
    )


def test_a_member_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"processes/a.json": b"{}" + b" " * 100_000})
    raw = bytearray(path.read_bytes())
    at = raw.rfind(b"PK\x01\x02")
    raw[at + 24 : at + 28] = struct.pack("<I", 10)
    path.write_bytes(bytes(raw))
    source = open_source(path)
    assert refused(source.read, "processes/a.json") == "exchange-zip-broken"
    source.close()


def test_a_member_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning), zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("flows/a.json", "{}")
        archive.writestr("flows/a.json", "[]")
    assert refused(open_source, tmp_path / "x.zip") == "exchange-zip-double"


def test_a_symlink_in_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    folder = tmp_path / "db"
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "x.json").symlink_to(tmp_path / "secret.json")
    assert open_source(folder).entries == []


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;">]><a>&m;</a>',
        '<!DOCTYPE a SYSTEM "http://example.org/x.dtd"><a/>',
    ],
)
def test_a_document_type_is_refused(text: str) -> None:
    assert refused(parse_xml, text.encode(), Place("x.xml")) == "exchange-xml-doctype"


def test_deep_nesting_is_refused() -> None:
    assert refused(parse_xml, b"<a>" * 5000, Place("x.xml")) == "exchange-xml"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_texts_in_the_usual_encodings(codec: str) -> None:
    assert decode("锂离子电池".encode(codec), Place("x")) == "锂离子电池"


def test_bytes_in_no_encoding_are_refused() -> None:
    assert refused(decode, b"\xff\xfe\x00\xd8\x00", Place("x")) == "exchange-encoding"


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "gbk", "iso-8859-1"])
def test_xml_in_its_declared_encoding(codec: str) -> None:
    word = "Zürich" if codec == "iso-8859-1" else "电池"
    data = f'<?xml version="1.0" encoding="{codec}"?><a>{word}</a>'.encode(codec)
    assert parse_xml(data, Place("x")) == {"a": word}


def test_batterypass_schemas_in_utf_16_are_text(data: Path) -> None:
    files = list((data / "schemas/batterypass-1.2.0").glob("*.json"))
    assert files and all(decode(f.read_bytes(), Place(f.name)).lstrip().startswith("{") for f in files)


@pytest.mark.parametrize("name", ["missing.zip", "empty.json", "noise.xlsx", "noise.xml"])
def test_what_is_no_format_is_refused(tmp_path: Path, name: str) -> None:
    if not name.startswith("missing"):
        (tmp_path / name).write_bytes(b"" if name.startswith("empty") else b"\x00\x01noise" * 50)
    assert refused(read, tmp_path / name) in ("exchange-not-found", "exchange-format-unknown")


def test_a_single_file_beyond_the_limit_is_refused_without_being_read_whole(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    with (tmp_path / "db" / "x.json").open("wb") as file:
        file.truncate(1_100_000_000)  # sparse: 1.1 GB of zeros
    source = open_source(tmp_path / "db")
    with pytest.raises(TanbiaoError) as caught:
        source.read("x.json", limit=1_000_000)
    assert caught.value.problems[0].code == "exchange-file-large"


class Stop(BaseException):
    pass


def test_interruption_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Stop), fresh_folder(tmp_path / "x") as folder:
        (folder / "half.csv").write_text("half")
        raise Stop
    with pytest.raises(Stop), fresh_file(tmp_path / "x.zip") as file:
        file.write_text("half")
        raise Stop
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()

    def write() -> None:
        with fresh_folder(tmp_path / "x"):
            pass

    assert refused(write) == "exchange-exists"
