"""Verifying: untouched bundles pass at the level they can reach; whatever was changed fails; what cannot be
checked is said."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sealed_study import LATER, NOW, Seal, Sealed, forged

import tanbiao.seal.lock as lock_module
from tanbiao.evaluate import ledger as ledger_module
from tanbiao.seal import (
    Statement,
    VerifiedBy,
    new_key,
    open_bundle,
    read_archive,
    verify,
    write_archive,
)
from tanbiao.seal.lock import pretty
from tanbiao.service.bundle import countersign, verify_bundle
from tanbiao.service.places import Places

Files = dict[str, bytes]
RECOMPUTED, LICENSED, DIGESTS = (
    "recomputed",
    "recomputed with the holder's own licensed library",
    "signatures and digests only",
)


def codes(found: Any) -> list[str]:
    return [p.code for p in found.problems]


# -- untouched -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", ["full", "results"])
def test_an_untouched_bundle_is_recomputed_from_itself_alone(seal: Seal, share: str, tmp_path: Path) -> None:
    sealed = seal(share)
    file = tmp_path / "b.tanbiao"
    file.write_bytes(sealed.data)
    (sealed.study / "study.yaml").unlink()
    found = verify_bundle(file, places=Places(), now=NOW)
    assert (found.verdict, found.level, found.problems, found.exit_code) == ("verified", RECOMPUTED, (), 0)
    assert found.signers[0].thumbprint == sealed.key.public.thumbprint
    assert found.data()["statement"]["figures"][0]["published"] == "10.7"


def test_a_licensed_library_is_looked_for_at_the_readers(seal: Seal) -> None:
    sealed = seal("digest")
    own = verify_bundle(sealed.data, places=sealed.places)
    assert (own.verdict, own.level, own.problems) == ("verified", LICENSED, ())
    none = verify_bundle(sealed.data, places=Places())
    assert (none.verdict, none.level, codes(none), none.exit_code) == (
        "verified",
        DIGESTS,
        ["seal-library"],
        0,
    )
    assert "licensed@3" in none.problems[0].text("en")


def test_another_edition_of_a_licensed_library_does_not_serve(seal: Seal) -> None:
    sealed = seal("digest")
    table = sealed.places.libraries[0] / "licensed" / "factors.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("7.65432198", "7.65432199"), encoding="utf-8")
    found = verify_bundle(sealed.data, places=sealed.places)
    assert (found.level, codes(found)) == (DIGESTS, ["seal-library"])


def test_of_a_confidential_bundle_digests_are_verified_and_it_says_so(seal: Seal) -> None:
    found = verify_bundle(seal(confidential=True).data)
    assert (found.verdict, found.level, codes(found)) == ("verified", DIGESTS, ["bundle-confidential"])
    assert found.confidential


def test_without_recomputing_the_level_is_digests_only(seal: Seal) -> None:
    found = verify_bundle(seal().data, recompute=False)
    assert (found.verdict, found.level, found.problems) == ("verified", DIGESTS, ())


# -- keys, validity, countersignatures -----------------------------------------------------------------------


def test_a_pinned_key_must_have_signed(seal: Seal) -> None:
    sealed = seal()
    assert verify_bundle(sealed.data, key=sealed.key.public.thumbprint).pinned is True
    assert verify_bundle(sealed.data).pinned is None
    stranger = forged(sealed, lambda files: None, key=new_key())
    assert verify_bundle(stranger).verdict == "verified"  # it is a bundle of its own, by another key
    found = verify_bundle(stranger, key=sealed.key.public.thumbprint)
    assert (found.verdict, codes(found), found.pinned) == ("failed", ["seal-key"], False)


def test_validity_is_judged_by_the_clock_that_is_given(seal: Seal) -> None:
    data = seal().data
    late = verify_bundle(data, now=LATER + dt.timedelta(days=1))
    assert (late.verdict, late.expired, codes(late)) == ("verified", True, ["seal-expired"])
    assert codes(verify_bundle(data, now=NOW - dt.timedelta(days=1))) == ["seal-not-yet"]
    assert verify_bundle(data).expired is None


def test_a_verification_body_countersigns(seal: Seal) -> None:
    sealed, body = seal(), new_key()
    seen = VerifiedBy("third", "某核查机构", "CN-0001")
    data = countersign(
        sealed.data, key=body, issued=NOW + dt.timedelta(days=9), verified_by=seen, issuer="某核查机构"
    )
    found = verify_bundle(data, key=body.public.thumbprint)
    assert (found.verdict, found.level, found.problems, found.pinned) == ("verified", RECOMPUTED, (), True)
    assert [s.state for s in found.signers] == ["self", "third"]
    assert found.statement is not None and found.statement.verified_by == seen


def test_a_verification_that_no_body_signed_is_marked(seal: Seal) -> None:
    seen = VerifiedBy("certified", "Body", "1")
    assert codes(verify_bundle(seal(verified_by=seen).data)) == ["seal-body-unsigned"]
    sealed = seal(name="again")
    own = countersign(sealed.data, key=sealed.key, issued=NOW, verified_by=seen)
    assert codes(verify_bundle(own)) == ["seal-body-unsigned"]


def test_a_countersignature_must_say_the_same(seal: Seal) -> None:
    from tanbiao.seal import countersign as raw

    sealed = seal()
    first = open_bundle(sealed.data)
    said = verify(sealed.data).statement
    assert said is not None and first.manifest == said.manifest
    for changed, code in (
        (replace(said, study="other"), "seal-countersigned"),
        (replace(said, manifest="0" * 64), "seal-chain"),
    ):
        assert code in codes(verify(raw(sealed.data, changed, new_key())))


def test_a_countersignature_cannot_be_moved_to_another_bundle(seal: Seal) -> None:
    one, other = seal(), seal("results", name="other")
    signed = read_archive(
        countersign(one.data, key=new_key(), issued=NOW, verified_by=VerifiedBy("third", "B", "1"))
    )
    moved = read_archive(other.data) | {n: signed[n] for n in ("statement-2.jwt", "key-2.jwk")}
    assert "seal-chain" in codes(verify(write_archive(moved)))


# -- every byte ----------------------------------------------------------------------------------------------


def test_every_changed_byte_of_a_bundle_fails(seal: Seal) -> None:
    data = seal(confidential=True).data
    random_mask = random.Random(1)
    passed = []
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= random_mask.choice((1, 2, 4, 8, 16, 32, 64, 128, 255))
        if verify(bytes(changed), recompute=False).verdict == "verified":
            passed.append(position)
    assert not passed


def test_every_changed_byte_fails_even_in_an_archive_written_anew(seal: Seal) -> None:
    """Zip checksums are no seal: the same with valid archives around a changed file."""
    files = read_archive(seal().data)
    random_place = random.Random(2)
    for name, content in files.items():
        exhaustive = name.endswith(".jwk") or len(content) < 100
        places = range(len(content)) if exhaustive else random_place.sample(range(len(content)), 40)
        for position in places:
            changed = bytearray(content)
            changed[position] ^= random_place.choice((1, 4, 32, 128))
            found = verify(write_archive(files | {name: bytes(changed)}), recompute=False)
            assert found.verdict == "failed", (name, position)


def test_the_last_character_of_the_signature_has_one_form(seal: Seal) -> None:
    files = read_archive(seal().data)
    text = files["statement.jwt"]
    for last in range(256):
        if last != text[-1]:
            changed = text[:-1] + bytes([last])
            assert (
                verify(write_archive(files | {"statement.jwt": changed}), recompute=False).verdict == "failed"
            )


def test_files_left_out_added_or_renamed_fail(seal: Seal) -> None:
    files = read_archive(seal().data)
    for name in files:
        assert verify(write_archive({n: c for n, c in files.items() if n != name})).verdict == "failed", name
        renamed = {(n + "x" if n == name else n): c for n, c in files.items()}
        assert verify(write_archive(renamed)).verdict == "failed", name
    for extra in ("note.txt", "statement-2.jwt", "key-3.jwk", "packs/more/pack.yaml"):
        assert verify(write_archive(files | {extra: b"x"})).verdict == "failed", extra


# -- a dishonest holder of the key ---------------------------------------------------------------------------


def replaced(name: str, old: str, new: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        assert old.encode() in files[name]
        files[name] = files[name].replace(old.encode(), new.encode())

    return change


def edited(name: str, edit: Callable[[Any], None]) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        data = json.loads(files[name])
        edit(data)
        files[name] = pretty(data)

    return change


def figure(statement: Statement, **changes: Any) -> Statement:
    return replace(statement, figures=(replace(statement.figures[0], **changes),))


def fails(
    sealed: Sealed, change: Callable[[Files], None], say: Callable[[Statement], Statement] = lambda s: s
) -> Any:
    data = forged(sealed, change, say)
    found = verify_bundle(data, places=Places())
    assert found.verdict == "failed"
    return codes(found)


def test_changed_data_do_not_give_the_signed_ledger(seal: Seal) -> None:
    sealed = seal()
    assert "seal-root" in fails(sealed, replaced("study/exchanges.csv", "1.0375", "1.0376"))
    assert "seal-packs" in fails(
        sealed, replaced("packs/test.product/2025+1/clauses/1-rules.yaml", "5 %", "6 %")
    )
    assert "seal-libraries" in fails(sealed, replaced("library/licensed@3/factors.csv", "7.654", "7.653"))
    assert "seal-evidence" in fails(sealed, replaced("study/evidence.csv", "meter", "metre"))


def test_vectors_made_up_for_a_library_do_not_give_the_signed_figure(seal: Seal) -> None:
    def half(data: Any) -> None:
        metal = data["solved"]["AR6"]["metal"]
        metal["vector"] = [repr(float(v) / 2) for v in metal["vector"]]

    found = fails(seal("results"), edited("library/solved.json", half))
    assert "seal-figures" in found and "seal-values" in found


def test_a_prettier_figure_is_not_borne_out(seal: Seal) -> None:
    sealed = seal()

    def both(**changes: Any) -> list[str]:
        def change(data: Any) -> None:
            data["figures"][0].update(changes)

        return fails(sealed, edited("results.json", change), lambda s: figure(s, **changes))

    assert both(published="9.7") == ["seal-figures"]
    assert both(published="10", step="10") == ["seal-figures"]
    assert both(published="11", step="1") == ["seal-figures"]
    assert both(published="10.70", step="0.01") == ["seal-figures"]
    assert both(published="10.65") == ["seal-figures"]
    assert both(unit="gCO2e") == ["seal-figures"]
    assert both(verdict="full") == ["seal-figures"]
    assert both(review="verified") == ["seal-figures"]
    assert fails(sealed, lambda files: None, lambda s: figure(s, published="9.7")) == ["seal-parts"]


def test_values_and_findings_are_computed_again(seal: Seal) -> None:
    sealed = seal()

    def value(data: Any) -> None:
        data["results"][0]["value"] = "10.7123"

    def verdict(data: Any) -> None:
        data["findings"][0]["verdict"] = "not_applicable"

    def entry(data: Any) -> None:
        found = next(e for e in data["entries"].values() if e["name"] == "footprint")
        found["value"]["value"] = "1"

    assert fails(sealed, edited("results.json", value)) == ["seal-values"]
    assert fails(sealed, edited("results.json", verdict)) == ["seal-findings"]
    assert fails(sealed, edited("ledger.json", entry)) == ["seal-values"]


def test_words_are_held_against_the_study(seal: Seal) -> None:
    sealed = seal()
    assert fails(sealed, lambda f: None, lambda s: replace(s, product={"name": "another"})) == ["seal-said"]
    assert fails(sealed, lambda f: None, lambda s: replace(s, boundary={"kind": "whole"})) == ["seal-said"]

    def conforms(data: Any) -> None:
        data["conformity"] = {"test.product@2025+1": {"zh": "符合", "en": "conforms"}}

    from tanbiao.core.text import Text

    assert fails(
        sealed,
        edited("results.json", conforms),
        lambda s: replace(s, conformity={"test.product@2025+1": Text("符合", "conforms")}),
    ) == ["seal-conformity"]


def test_a_constructed_study_must_say_so(seal: Seal) -> None:
    from sealed_study import STUDY

    sealed = seal(head=STUDY + "constructed: true\n")
    assert open_bundle(sealed.data).results["constructed"] is True
    assert fails(
        sealed,
        edited("results.json", lambda d: d.update(constructed=False)),
        lambda s: replace(s, constructed=False),
    ) == ["seal-said"]


def test_a_ledger_must_fit_its_own_digests(seal: Seal) -> None:
    sealed = seal()

    def recipe(data: Any) -> None:
        next(iter(data["entries"].values()))["formula"] = "0"

    def root(data: Any) -> None:
        data["root"] = "0" * 64

    def dangling(data: Any) -> None:
        data["entries"].pop(sorted(k for k, e in data["entries"].items() if e["kind"] == "given")[0])

    for edit in (recipe, root, dangling):
        assert fails(sealed, edited("ledger.json", edit)) == ["bundle-form"]


def test_whatever_stands_in_a_file_verifying_ends_with_a_verdict(seal: Seal) -> None:
    sealed = seal()
    laughs = b"a: &a [" + b"x," * 99 + b"]\n"
    for n in range(97, 105):
        laughs += b"%c: &%c [%s]\n" % (n + 1, n + 1, b",".join([b"*%c" % n] * 99))
    junk = {
        "": [b"", b"[]", b"\xff\xfe", b"- x\n" * 3],
        ".yaml": [b"[" * 60_000, b"- " * 60_000, b"a: &a [*a]", laughs],
        ".json": [b"[" * 60_000, b"null", b"{}", b'{"a": NaN}'],
        ".csv": [b'id\n"', b"id\n" + b"x" * 200_000],
    }
    for name in read_archive(sealed.data):
        if name in ("manifest.json", "statement.jwt", "key.jwk"):
            continue
        for content in [c for end, found in junk.items() if name.endswith(end) for c in found]:
            found = verify_bundle(
                forged(sealed, lambda f, n=name, c=content: f.update({n: c})), places=Places()
            )
            harmless = name.endswith(("cases.yaml", "omissions.csv"))  # no part of a digest, or of no effect
            assert found.verdict == "failed" or harmless, (name, content[:10])


def test_junk_is_no_bundle() -> None:
    for data in (b"", b"PK", b"PK\x05\x06" + bytes(18), b"{}" * 100):
        assert verify(data).verdict == "failed"


# -- cannot recompute ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["VERSION", "NUMERICS", "FORMULA"])
def test_another_engine_cannot_recompute_and_does_not_say_fails(
    seal: Seal, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    data = seal().data
    monkeypatch.setattr(ledger_module, version, "other-9")
    found = verify_bundle(data)
    assert (found.verdict, found.level, codes(found), found.exit_code) == (
        "cannot recompute",
        DIGESTS,
        ["seal-engine"],
        2,
    )
    changed = bytearray(data)
    changed[len(data) // 2] ^= 1
    assert verify_bundle(bytes(changed)).verdict == "failed"  # what was tampered with still fails


def test_another_unit_file_matters_only_where_it_makes_a_difference(
    seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = seal()
    worse = forged(sealed, replaced("study/exchanges.csv", "1.0375", "1.0376"))
    monkeypatch.setattr(lock_module, "_units", lambda: "other")
    assert verify_bundle(sealed.data).verdict == "verified"
    assert verify_bundle(worse).verdict == "cannot recompute"


def test_what_crashes_the_evaluation_fails(seal: Seal) -> None:
    def crash(folder: Path) -> Any:
        raise ZeroDivisionError

    assert codes(verify(seal().data, evaluate=crash)) == ["seal-crash"]
