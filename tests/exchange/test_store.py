"""Imported once, never changed, found again; an interrupted import leaves nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tanbiao.cli.app import app
from tanbiao.core.errors import TanbiaoError
from tanbiao.service import Places
from tanbiao.service import exchange as use
from tanbiao.service.library import search_items

from . import made


@pytest.fixture
def database(tmp_path: Path) -> Path:
    made.database(tmp_path / "db.zip", 60, per=8)
    return tmp_path / "db.zip"


def test_the_same_content_is_stored_once(home: Path, database: Path) -> None:
    first = use.import_library(database)
    again = use.import_library(database)
    assert first.new and not again.new and first.stored.folder == again.stored.folder
    assert first.stored.folder.name == first.stored.digest[:16] and first.stored.processes == 60
    assert not any(p.name.startswith(".part") for p in first.stored.folder.parent.iterdir())
    with pytest.raises(PermissionError) if _bound() else _nothing():
        (first.stored.folder / "processes.csv").open("a").close()


def _bound() -> bool:
    import os

    return os.geteuid() != 0


def _nothing():  # type: ignore[no-untyped-def]
    from contextlib import nullcontext

    return nullcontext()


def test_a_second_version_and_what_changed(home: Path, tmp_path: Path) -> None:
    for seed in (1, 2):
        made.database(tmp_path / f"db{seed}.zip", 30, seed=seed, per=8)
        use.import_library(tmp_path / f"db{seed}.zip", use.ImportOptions(id="db"))
    versions = [s.data()["library"] for s in use.stored_libraries()]
    assert versions == ["db@2"]
    changed = use.diff_stored("db@1", "db@2")
    assert changed and {c.kind for c in changed} <= {"changed", "moved", "added", "removed"}
    assert use.diff_stored("db@1", "db@1") == []


@pytest.mark.parametrize("words", ["磷酸铁锂", "锂", "lithium iron", "steel production", "LITHIUM", "聚丙烯"])
def test_search_in_both_languages(home: Path, database: Path, words: str) -> None:
    use.import_library(database, use.ImportOptions(id="mine"))
    found = search_items(words, (), Places())
    assert [f.library for f in found[:2]] == ["mine@1", "open-2026@1"] or {f.library for f in found} == {
        "mine@1"
    }
    assert {f.library for f in search_items(words, ["mine"], Places())} == {"mine@1"}
    assert search_items("不存在的东西", (), Places()) == []


def test_the_search_command_names_the_library(home: Path, database: Path) -> None:
    use.import_library(database, use.ImportOptions(id="mine"))
    done = CliRunner().invoke(app, ["library", "search", "磷酸铁锂", "--lang", "zh"])
    assert done.exit_code == 0 and "mine@1" in done.output and "open-2026@1" in done.output


def test_what_cannot_be_used_leaves_no_library(home: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 nonsense")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/a.json").write_text('{"@type":"Flow","@id":"x"}')
    for path in (tmp_path / "bad.zip", tmp_path / "flows"):
        with pytest.raises(TanbiaoError):
            use.import_library(path)
    assert not home.exists() or not any(p.is_file() for p in home.rglob("*"))


def test_an_interrupted_import_leaves_nothing(home: Path, database: Path) -> None:
    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        use.import_library(database, progress=stop)
    assert not any(p.is_file() for p in home.rglob("*"))


def test_strict_refuses_what_is_unlinked(home: Path, data: Path) -> None:
    with pytest.raises(TanbiaoError) as caught:
        use.import_library(data / "samples/ecospold/v2", use.ImportOptions(strict=True))
    assert caught.value.problems[-1].code == "exchange-unlinked-strict" and not any(
        p.is_file() for p in home.rglob("*")
    )


def test_samples_import_with_a_linking_report(home: Path, data: Path) -> None:
    wanted = {"openlca-jsonld-us-fpl": (31, 23), "ilcd-tiangong": (38, 35), "ecospold/v2": (80, None)}
    for name, (exchanges, flows) in wanted.items():
        found = use.import_library(data / "samples" / name, use.ImportOptions(allocation="reference"))
        assert found.summary["exchanges"] == exchanges and (flows is None or found.summary["flows"] == flows)
        report = (found.stored.folder / "linking/unlinked.csv").read_text(encoding="utf-8").splitlines()
        assert len(report) - 1 == found.stored.unlinked > 0
        assert json.loads((found.stored.folder / "linking/summary.json").read_text(encoding="utf-8")) == dict(
            found.summary
        )


def test_formulas_of_strangers_do_not_run_in_a_spreadsheet(home: Path, tmp_path: Path) -> None:
    (tmp_path / "db/processes").mkdir(parents=True)
    (tmp_path / "db/processes/a.json").write_text(
        json.dumps(
            {
                "@type": "Process",
                "@id": "a",
                "name": '=HYPERLINK("http://x")',
                "exchanges": [
                    {
                        "flow": {"@id": "f", "name": "@SUM(1)", "refUnit": "kg"},
                        "unit": {"name": "kg"},
                        "amount": 1,
                        "isQuantitativeReference": True,
                    },
                    {
                        "flow": {"@id": "g", "name": "+cmd|x", "refUnit": "kg"},
                        "unit": {"name": "kg"},
                        "amount": 1,
                        "isInput": True,
                    },
                ],
            }
        )
    )
    found = use.import_library(tmp_path / "db")
    for file in found.stored.folder.rglob("*.csv"):
        for line in file.read_text(encoding="utf-8").splitlines():
            assert not any(c.strip('"')[:1] in ("=", "@", "+") for c in line.split(",")), (file.name, line)


def test_a_supplier_footprint_becomes_a_provider(home: Path, data: Path, tmp_path: Path) -> None:
    from tanbiao.library import compile_library, overlay, read_library

    from .conftest import ROOT

    found = use.import_library(data / "schemas/pact/spec-v3-examples/example-2.json")
    base, _ = read_library(ROOT / "library/open-2026")
    library, problems = overlay(base, read_library(found.stored.folder)[0])
    assert problems == []
    compiled = compile_library(library, "AR6")
    item = next(iter(read_library(found.stored.folder)[0].factors))
    assert float(compiled.values[compiled.index[item]].sum()) == pytest.approx(
        5.14 / 12
    )  # per litre, of 12 litres


def test_an_imported_database_lies_over_the_open_library(home: Path, database: Path) -> None:
    from tanbiao.library import overlay, read_library

    from .conftest import ROOT

    found = use.import_library(database, use.ImportOptions(into=("open-2026",)))
    base, _ = read_library(ROOT / "library/open-2026")
    library, problems = overlay(base, read_library(found.stored.folder)[0])
    assert (
        problems == []
        and len(library.processes) == len(base.processes) + 60
        and found.summary["base"] == "open-2026"
    )
