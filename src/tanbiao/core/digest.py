"""Digests: sha256 over canonical JSON (RFC 8785) of data whose numbers are normalised decimal texts."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

import rfc8785


def canonical(data: Any) -> bytes:
    """The canonical JSON bytes of `data`; floats are refused, since their last bits differ between machines."""
    _refuse_floats(data)
    return bytes(rfc8785.dumps(data))


def digest(data: Any) -> str:
    """sha256 (hex) over the canonical JSON of `data`."""
    return hashlib.sha256(canonical(data)).hexdigest()


def bytes_digest(data: bytes) -> str:
    """sha256 (hex) of raw bytes."""
    return hashlib.sha256(data).hexdigest()


def keyed_digest(salt: str, *parts: str) -> str:
    """HMAC-sha256 (hex) of `parts` under `salt`, so that a withheld value cannot be guessed from its digest."""
    return hmac.new(salt.encode(), "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()


def merkle_root(leaves: Iterable[str]) -> str:
    """One digest over many, independent of their order."""
    return bytes_digest("\n".join(sorted(leaves)).encode())


def _refuse_floats(data: Any) -> None:
    if isinstance(data, float):
        raise TypeError("a float has no place in a digest")
    if isinstance(data, dict):
        for value in data.values():
            _refuse_floats(value)
    elif isinstance(data, list | tuple):
        for value in data:
            _refuse_floats(value)
