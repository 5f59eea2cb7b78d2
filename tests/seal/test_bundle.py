"""What travels in a bundle, and what never does."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from sealed_study import LICENSED_VALUES, NOW, PACKS, SALT, STUDY, TABLES_OF_STUDY, Seal, world

from tanbiao.core.digest import keyed_digest, merkle_root
from tanbiao.core.errors import TanbiaoError
from tanbiao.evaluate.background import from_library
from tanbiao.library import overlay, read_library
from tanbiao.seal import KeyPair, open_bundle, read_archive
from tanbiao.seal.lock import engine
from tanbiao.service import load
from tanbiao.service.bundle import bundle_of, make_bundle, opened, verify_bundle


def test_the_study_travels_byte_for_byte(seal: Seal) -> None:
    sealed = seal()
    files = read_archive(sealed.data)
    for name in ("study.yaml", *TABLES_OF_STUDY):
        assert files[f"study/{name}"] == (sealed.study / name).read_bytes()


def test_the_same_study_key_and_clock_give_the_same_bytes(seal: Seal) -> None:
    sealed = seal()
    assert make_bundle(sealed.study, key=sealed.key, issued=NOW, places=sealed.places) == make_bundle(
        sealed.study, key=sealed.key, issued=NOW, places=sealed.places
    )


def test_the_lock_pins_packs_libraries_and_engine(seal: Seal) -> None:
    lock = open_bundle(seal("results").data).lock
    assert lock.evaluated == ("test.product@2025+1",)
    assert set(lock.packs) == {"test.general@2024+1", "test.product@2025+1"}
    assert lock.shares == {"open@1": "full", "licensed@3": "results"}
    assert lock.engine == engine()
    assert set(lock.engine) == {"ledger", "numerics", "formula", "canonical", "units"}


def test_whole_packs_travel(seal: Seal) -> None:
    files = read_archive(seal().data)
    for folder, pack in (("general", "test.general/2024+1"), ("product", "test.product/2025+1")):
        for file in (PACKS / folder).rglob("*"):
            if file.is_file():
                name = f"packs/{pack}/{file.relative_to(PACKS / folder).as_posix()}"
                assert files[name] == file.read_bytes()


def test_a_library_that_may_be_passed_on_travels_whole(seal: Seal) -> None:
    sealed = seal("full")
    files = read_archive(sealed.data)
    for file in (sealed.places.libraries[0] / "licensed").iterdir():
        assert files[f"library/licensed@3/{file.name}"] == file.read_bytes()


def test_of_a_library_at_results_level_only_used_vectors_travel(seal: Seal) -> None:
    sealed = seal("results")
    files = read_archive(sealed.data)
    assert not [n for n in files if n.startswith("library/licensed")]
    solved = json.loads(files["library/solved.json"])["solved"]
    assert set(solved["AR6"]) == {"metal"}  # not alumina, of which it is made
    for value in LICENSED_VALUES:
        assert value.encode() not in sealed.data


@pytest.mark.parametrize(("share", "row_share"), [("digest", ""), ("full", "digest"), ("results", "digest")])
def test_of_a_library_that_may_not_travel_no_value_travels(seal: Seal, share: str, row_share: str) -> None:
    sealed = seal(share, row_share)
    root = sealed.places.libraries[0]
    library, _ = overlay(read_library(root / "open")[0], read_library(root / "licensed")[0])
    background = from_library(library, "AR6")
    secret = [float(v) for v in LICENSED_VALUES]
    secret += [abs(float(x)) for i in ("metal", "alumina") for x in background.providers[i].vector if x]
    secret += [x * 1.0375 for x in secret]  # times the amount the study takes
    secret.append(
        float(load(sealed.study, sealed.places).run().results[0].headline.value)
    )  # less what is known
    held = [abs(float(m)) for m in re.findall(rb"\d+\.\d+(?:[eE][+-]?\d+)?", _without_digests(sealed.data))]
    for value in secret:
        assert f"{value:.6g}".encode() not in sealed.data
        assert not [h for h in held if h and abs(h / value - 1) < 1e-4], value
    results = open_bundle(sealed.data).results
    assert results["shown"] == "published" and "results" not in results
    assert results["figures"][0]["published"] == "10.7"  # the published figure is the holder's own to publish


def test_a_library_over_one_that_may_not_travel_takes_its_level(
    seal: Seal, tmp_path: Path, key: KeyPair
) -> None:
    """`metal` may be passed on as a result, but it is made with `power`, which may not."""
    folder, places = world(tmp_path / "w", "results")
    head = tmp_path / "w" / "libraries" / "open" / "library.yaml"
    head.write_text(
        head.read_text(encoding="utf-8").replace("share: full", "share: digest"), encoding="utf-8"
    )
    data = make_bundle(folder, key=key, issued=NOW, places=places)
    content = open_bundle(data)
    assert content.lock.library_data == "licensed"
    assert not [n for n in content.files if n.startswith("library/")]
    assert b"0.5839" not in data


def test_a_confidential_bundle_withholds_study_salt_and_values(seal: Seal) -> None:
    sealed = seal(confidential=True)
    files = read_archive(sealed.data)
    assert set(files) == {
        "ledger.json",
        "results.json",
        "evidence.json",
        "study.lock",
        "manifest.json",
        "statement.jwt",
        "key.jwk",
    }
    text = _readable(sealed.data)
    cells = [
        c
        for t in TABLES_OF_STUDY.values()
        for line in t.split("\n")[1:]
        for c in line.split(",")
        if len(c) > 3 and c not in ("input", "product", "emission", "production", "raw_material", "bracket")
    ]
    assert len(cells) > 8
    for secret in (SALT, "secret alloy", "meter.txt", *cells):
        assert secret not in text, secret
    ledger = json.loads(files["ledger.json"])
    assert all(e["value"] is None for e in ledger["entries"].values())
    assert "bracket" in text and "10.7" in text  # what the statement is about is public
    assert open_bundle(sealed.data).results["shown"] == "confidential"


def test_withheld_values_cannot_be_guessed(seal: Seal) -> None:
    """Who knows everything but the salt finds no digest of what he guesses; two salts share no digest."""
    one = json.loads(read_archive(seal(confidential=True).data)["ledger.json"])["entries"]
    other_head = STUDY.replace(SALT, "c0ffee" * 6)
    other = json.loads(
        read_archive(seal(confidential=True, name="other", head=other_head).data)["ledger.json"]
    )["entries"]
    nothing = merkle_root([])  # a table without rows
    given = [
        {e["data"] for e in found.values() if e["kind"] == "given"} - {nothing} for found in (one, other)
    ]
    assert given[0] and not given[0] & given[1]
    known = load(seal(name="third").study).study.tables["exchange"]
    for guess in ("", "0", SALT[:-1]):
        digests = {
            keyed_digest(guess, "exchange", i, "amount", a)
            for i, a in zip(known.ids, known.columns["amount"], strict=True)
        }
        assert not digests & given[0]


def test_a_salt_that_could_be_guessed_is_refused(seal: Seal) -> None:
    with pytest.raises(TanbiaoError) as caught:
        seal(confidential=True, head=STUDY.replace(SALT, "5d2f8a1c"))
    assert caught.value.problems[0].code == "bundle-salt-weak"
    assert caught.value.problems[0].place.row == 5


def test_a_study_whose_result_a_clause_forbids_is_not_signed(seal: Seal, key: KeyPair) -> None:
    sealed = seal()
    run = load(sealed.study, sealed.places).run()
    findings = tuple(replace(f, severity="refuse", verdict="fail") for f in run.results[0].findings)
    refused = replace(run, results=(replace(run.results[0], findings=findings),))
    with pytest.raises(TanbiaoError) as caught:
        bundle_of(refused, sealed.places, key=key, issued=NOW)
    assert caught.value.problems[0].code == "statement-refused"
    assert "test.general@2024#cut-off" in caught.value.problems[0].text("en")


def test_evidence_travels_as_digests(seal: Seal) -> None:
    files = read_archive(seal().data)
    evidence = json.loads(files["evidence.json"])
    assert set(evidence["rows"]) == {"e1"} and set(evidence["documents"]) == {"meter.txt"}
    assert b"42 kWh" not in b"".join(files.values())
    keyed = json.loads(read_archive(seal(confidential=True, name="c").data)["evidence.json"])["keyed"]
    assert len(keyed) == 2 and not set(keyed) & {*evidence["rows"].values(), *evidence["documents"].values()}


def test_a_bundle_opens_as_a_study_for_others_to_work_with(seal: Seal) -> None:
    sealed = seal()
    with opened(sealed.data) as loaded:
        assert loaded.study.id == "bracket"
        assert loaded.run().ledger.root == open_bundle(sealed.data).ledger.root
    with open_bundle(sealed.data).extracted() as folder:
        root = folder.root
        assert (folder.study / "study.yaml").is_file() and folder.packs.is_dir()
    assert not root.exists()


def test_a_confidential_bundle_does_not_open_as_a_study(seal: Seal) -> None:
    with pytest.raises(TanbiaoError) as caught, opened(seal(confidential=True).data):
        pass
    assert caught.value.problems[0].code == "bundle-confidential"


def test_a_workbook_travels_as_it_is(tmp_path: Path, key: KeyPair) -> None:
    import openpyxl

    _, places = world(tmp_path / "w")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "study"
    for path, value in (
        ("schema", "1"),
        ("subject", "product"),
        ("id", "bracket"),
        ("as_of", "2026-11-24"),
        ("salt", SALT),
        ("packs[]", "test.product@2025"),
        ("libraries[]", "open@1"),
        ("libraries[]", "licensed@3"),
        ("product.name", "bracket"),
        ("reference.process", "press"),
        ("reference.amount", "1 kg"),
    ):
        sheet.append([path, value])
    for name in ("processes", "exchanges", "omissions"):
        table = book.create_sheet(name)
        for line in TABLES_OF_STUDY[f"{name}.csv"].strip().split("\n"):
            table.append(line.split(","))
    book.save(tmp_path / "book.xlsx")
    data = make_bundle(tmp_path / "book.xlsx", key=key, issued=NOW, places=places)
    assert read_archive(data)["study/book.xlsx"] == (tmp_path / "book.xlsx").read_bytes()
    assert verify_bundle(data).level == "recomputed"
    assert open_bundle(data).results["figures"][0]["published"] == "10.7"


def _without_digests(data: bytes) -> bytes:
    return re.sub(rb"[0-9a-f]{16,}", b"", data)


def _readable(data: bytes) -> str:
    """All a reader can get at: the files, and the statement decoded."""
    from base64 import urlsafe_b64decode

    files = read_archive(data)
    body = files["statement.jwt"].split(b".")[1]
    return b"\n".join([data, urlsafe_b64decode(body + b"=" * (-len(body) % 4))]).decode("utf-8", "replace")
