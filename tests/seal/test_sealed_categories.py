"""Bundles of studies with impact categories: neither the method nor elementary flows travel, and the seal says so."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest

import tanbiao.service as service
from tanbiao.core.errors import TanbiaoError
from tanbiao.seal import KeyPair, new_key, open_bundle, read_archive, read_lock
from tanbiao.service.bundle import BundlePlaces, bundle_of, verify_bundle
from tanbiao.service.impact_method import impacts_of
from tanbiao.service.places import Places

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "coated-bracket"
NOW = dt.datetime(2026, 11, 24, 8, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def key() -> KeyPair:
    return new_key()


def sealed(study: Path, key: KeyPair, confidential: bool = False) -> bytes:
    run = service.load(study).run()
    return bundle_of(run, Places(), key=key, issued=NOW, confidential=confidential)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "study"))


def share(study: Path, level: str) -> Path:
    head = study / "library" / "library.yaml"
    head.write_text(
        head.read_text(encoding="utf-8").replace("share: full", f"share: {level}"), encoding="utf-8"
    )
    return study


@pytest.mark.parametrize("level", ["full", "results"])
def test_categories_are_recomputed_from_intensities_and_that_is_said(
    study: Path, key: KeyPair, level: str
) -> None:
    data = sealed(share(study, level), key)
    shutil.rmtree(study)
    found = verify_bundle(data, now=NOW)
    assert (found.verdict, found.level) == ("verified", "recomputed"), found.problems
    assert [p.code for p in found.problems] == ["seal-impacts"]
    assert found.statement is not None
    figures = {f.name: f.published for f in found.statement.figures}
    assert figures["acidification"] == "0.1444"


def test_factors_and_inventories_do_not_travel(study: Path, key: KeyPair) -> None:
    files = read_archive(sealed(study, key))
    assert not [n for n in files if "elementary.csv" in n or ("factors.csv" in n and "coated" in n)]
    assert not [n for n in files if n.startswith("study/method")]
    assert b"31.2217" not in b"".join(files.values())
    stored = json.loads(files["library/impacts.json"])
    steel = next(t for t in stored["taken"] if t["item"] == "works.steel")
    assert set(steel["value"]) == set(stored["categories"])
    lock = read_lock(files["study.lock"])
    assert lock.impact_method == (stored["method"]["name"], stored["method"]["digest"])


def test_another_intensity_fails(study: Path, key: KeyPair) -> None:
    """The values beside the ledger were computed with the true ones."""
    from tanbiao.seal import intensities

    data = sealed(study, key)
    read = intensities.read_intensities

    def forged(raw: bytes) -> object:
        text = raw.decode()
        steel = next(t for t in json.loads(text)["taken"] if t["item"] == "works.steel")
        return read(text.replace(steel["value"]["Climate change"], "2.5").encode())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tanbiao.service.bundle.read_intensities", forged)
        found = verify_bundle(data, now=NOW)
    assert found.verdict == "failed"
    assert {"seal-values", "seal-figures"} & {p.code for p in found.problems}


def test_beside_a_licensed_library_nothing_of_the_categories_travels(study: Path, key: KeyPair) -> None:
    data = sealed(share(study, "digest"), key)
    files = read_archive(data)
    assert "library/impacts.json" not in files
    assert not [p for p in json.loads(files["results.json"])["problems"] if p["code"] == "impact-uncounted"]
    found = verify_bundle(data, now=NOW)
    assert (found.verdict, found.level) == ("verified", "signatures and digests only")
    assert "impact method method" in found.problems[-1].text("en")


def test_a_confidential_bundle_withholds_them_too(study: Path, key: KeyPair) -> None:
    head = study / "study.yaml"
    text = head.read_text(encoding="utf-8")
    head.write_text(
        text.replace("3f0a9d52-coated-bracket", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"), encoding="utf-8"
    )
    data = sealed(study, key, confidential=True)
    assert "library/impacts.json" not in read_archive(data)
    assert open_bundle(data).lock.impact_method is not None
    assert verify_bundle(data, now=NOW).verdict == "verified"


def test_a_strangers_study_names_no_file_of_ours(study: Path) -> None:
    """A bundle whose lock says nothing of a method, around a study that points to one."""
    loaded = service.load(study)
    library = Places().library(loaded.study.libraries, loaded.study.path)
    assert impacts_of(loaded.study, library, Places()) is not None
    with pytest.raises(TanbiaoError, match="method"):
        impacts_of(loaded.study, library, BundlePlaces(folder=study))
