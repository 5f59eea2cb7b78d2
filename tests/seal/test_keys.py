"""Keys lie in a folder of their own, readable by their owner only, and are known by their thumbprint."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tanbiao.core.errors import TanbiaoError
from tanbiao.seal import PublicKey, create_key, key_folder, key_from_pem, load_key, new_key, read_public
from tanbiao.seal.keys import decode, encode
from tanbiao.service.bundle import signing_key


def code(call: object, *args: object) -> str:
    with pytest.raises(TanbiaoError) as caught:
        call(*args)  # type: ignore[operator]
    return caught.value.problems[0].code


def test_a_stored_key_is_the_key_that_was_made(tmp_path: Path) -> None:
    made = create_key(tmp_path / "keys")
    assert load_key(tmp_path / "keys").public == made.public
    assert stat.S_IMODE((tmp_path / "keys" / "default.pem").stat().st_mode) == 0o600
    assert read_public((tmp_path / "keys" / "default.jwk").read_bytes()) == made.public


def test_thumbprint_of_rfc_8037() -> None:
    key = PublicKey("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
    assert key.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_no_key_is_overwritten(tmp_path: Path) -> None:
    create_key(tmp_path)
    assert code(create_key, tmp_path) == "key-exists"
    assert code(load_key, tmp_path, "other") == "key-missing"
    assert code(create_key, tmp_path, "../up") == "key-name"


@pytest.mark.skipif(os.name != "posix", reason="file modes are a matter of POSIX")
def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    create_key(tmp_path)
    (tmp_path / "default.pem").chmod(0o644)
    assert code(load_key, tmp_path) == "key-open"


def test_no_key_is_made_inside_a_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert code(create_key, tmp_path / "deep" / "keys") == "key-in-repository"


def test_the_folder_follows_the_environment(tmp_path: Path) -> None:
    assert key_folder({"TANBIAO_HOME": str(tmp_path)}) == tmp_path / "keys"
    assert key_folder({"HOME": str(tmp_path)}).is_relative_to(tmp_path)


def test_the_signing_key_is_made_once(tmp_path: Path) -> None:
    assert signing_key(tmp_path).public == signing_key(tmp_path).public


def test_anything_else_is_no_key() -> None:
    assert code(key_from_pem, b"junk") == "key-unreadable"
    file = new_key().public.file()
    for changed in (b"", b"{}", b"[]", file + b"\n", file.replace(b"OKP", b"EC_"), b"[" * 100_000):
        assert code(read_public, changed) == "key-unreadable"


def test_base64_has_one_form() -> None:
    text = encode(bytes(64))
    assert decode(text) == bytes(64)
    for other in (text[:-1] + "B", text + "=", text[:-1], "+" + text[1:], text + "\n", ""):
        with pytest.raises(ValueError):
            decode(other)
