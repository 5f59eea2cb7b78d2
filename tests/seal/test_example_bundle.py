"""The bundle of the worked battery pack: it verifies, and no byte of it can be changed."""

from __future__ import annotations

import csv
import random
import shutil
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest
from sealed_study import LATER, NOW, ROOT, SALT

from tanbiao.seal import KeyPair, read_archive, verify, write_archive
from tanbiao.service.bundle import make_bundle, verify_bundle
from tanbiao.service.places import Places

EXAMPLE = ROOT / "examples" / "lfp-pack"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(key: KeyPair) -> bytes:
    return make_bundle(EXAMPLE, key=key, issued=NOW, valid_until=LATER, places=Places())


def test_it_is_recomputed(data: bytes) -> None:
    found = verify_bundle(data)
    assert (found.verdict, found.level, found.problems) == ("verified", "recomputed", ())


def test_bytes_changed_at_random_fail(data: bytes) -> None:
    place = random.Random(3)
    for position in [*range(200), *range(len(data) - 200, len(data)), *place.sample(range(len(data)), 1500)]:
        changed = bytearray(data)
        changed[position] ^= place.choice((1, 2, 4, 8, 16, 32, 64, 128))
        assert verify(bytes(changed), recompute=False).verdict == "failed", position


def test_files_changed_in_a_valid_archive_fail(data: bytes) -> None:
    place = random.Random(4)
    files = read_archive(data)
    for name, content in files.items():
        for position in place.sample(range(len(content)), min(3, len(content))):
            changed = bytearray(content)
            changed[position] ^= place.choice((1, 2, 4, 8, 16, 32, 64, 128))
            found = verify(write_archive(files | {name: bytes(changed)}), recompute=False)
            assert found.verdict == "failed", (name, position)


def test_its_confidential_bundle_holds_no_amount_of_the_inventory(tmp_path: Path, key: KeyPair) -> None:
    study = tmp_path / "lfp-pack"
    shutil.copytree(EXAMPLE, study)
    head = (study / "study.yaml").read_text(encoding="utf-8").split("\n")
    (study / "study.yaml").write_text(
        "\n".join(f"salt: {SALT}" if line.startswith("salt:") else line for line in head), encoding="utf-8"
    )
    sealed = make_bundle(study, key=key, issued=NOW, valid_until=LATER, places=Places(), confidential=True)
    assert verify_bundle(sealed).verdict == "verified"
    body = read_archive(sealed)["statement.jwt"].split(b".")[1]
    readable = sealed + urlsafe_b64decode(body + b"=" * (-len(body) % 4))
    with (study / "exchanges.csv").open(encoding="utf-8", newline="") as file:
        amounts = {row["amount"] for row in csv.DictReader(file) if len(row["amount"]) > 5}
    assert len(amounts) > 20 and SALT.encode() not in readable
    assert not [a for a in amounts if a.encode() in readable]
