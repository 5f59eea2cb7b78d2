"""Keys: Ed25519 pairs in a folder of the user's own, never in a repository; a public key is known by its
thumbprint."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ..core.digest import canonical
from ..core.errors import Place, refuse

_TEXT = re.compile(r"[A-Za-z0-9_-]+\Z")


def encode(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes of a base64url text; raises `ValueError` unless `encode` gives the same text again (the
    last character of a base64 text has bits that mean nothing, and they must be zero)."""
    if not _TEXT.match(text):
        raise ValueError("not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(data) != text:
        raise ValueError("not canonical base64url")
    return data


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 public key; `x` is its 32 bytes as base64url."""

    x: str

    @property
    def jwk(self) -> dict[str, str]:
        """As a JSON Web Key (RFC 8037)."""
        return {"crv": "Ed25519", "kty": "OKP", "x": self.x}

    @property
    def thumbprint(self) -> str:
        """SHA-256 thumbprint of the JWK (RFC 7638), base64url."""
        return encode(hashlib.sha256(canonical(self.jwk)).digest())

    def file(self) -> bytes:
        """The one file form of this key."""
        return canonical(self.jwk)


def read_public(data: bytes) -> PublicKey:
    """A public key from its file form. Raises `TanbiaoError` (`key-unreadable`) for any other bytes."""
    try:
        raw = json.loads(data)
        key = PublicKey(raw["x"])
        if len(decode(key.x)) != 32 or key.file() != data:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise refuse("key-unreadable", Place("key.jwk")) from None
    return key


@dataclass(frozen=True)
class KeyPair:
    """A private key with its public half."""

    private: Ed25519PrivateKey = field(repr=False)

    @cached_property
    def public(self) -> PublicKey:
        raw = self.private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        return PublicKey(encode(raw))

    def pem(self) -> bytes:
        """PKCS 8, PEM, not encrypted: the file's mode protects it."""
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def new_key() -> KeyPair:
    """A fresh pair, in memory only."""
    return KeyPair(Ed25519PrivateKey.generate())


def key_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Where keys lie unless the caller says otherwise: `$TANBIAO_HOME/keys`, else the platform's config
    folder."""
    env = os.environ if environment is None else environment
    if env.get("TANBIAO_HOME"):
        return Path(env["TANBIAO_HOME"]) / "keys"
    home = Path(env.get("HOME") or Path.home())
    if sys.platform == "win32":
        base = Path(env.get("APPDATA") or home / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    return base / "tanbiao" / "keys"


def create_key(folder: Path, name: str = "default") -> KeyPair:
    """Make a pair and store it as `name.pem` (mode 0600) and `name.jwk`.

    Raises `TanbiaoError`: `key-name`, `key-exists`, `key-in-repository`.
    """
    file = _file(folder, name)
    for place in (folder.absolute(), *folder.absolute().parents):
        if (place / ".git").exists():
            raise refuse("key-in-repository", Place(str(folder)), folder=folder)
    key = new_key()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise refuse("key-exists", Place(file.name), name=name) from None
    with os.fdopen(descriptor, "wb") as out:
        out.write(key.pem())
    file.with_suffix(".jwk").write_bytes(key.public.file())
    return key


def load_key(folder: Path, name: str = "default") -> KeyPair:
    """The pair stored as `name`. Raises `TanbiaoError`: `key-missing`, `key-open` when others may read the
    file, `key-unreadable`."""
    file = _file(folder, name)
    if not file.is_file():
        raise refuse("key-missing", Place(file.name), name=name, folder=folder)
    if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise refuse("key-open", Place(file.name), name=name)
    return key_from_pem(file.read_bytes(), file.name)


def key_from_pem(data: bytes, name: str = "key.pem") -> KeyPair:
    """A pair from PEM bytes. Raises `TanbiaoError` (`key-unreadable`)."""
    try:
        private = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError):
        raise refuse("key-unreadable", Place(name)) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise refuse("key-unreadable", Place(name))
    return KeyPair(private)


def _file(folder: Path, name: str) -> Path:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", name):
        raise refuse("key-name", name=name[:60])
    return folder / f"{name}.pem"
