"""What one label says, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...core.digest import digest
from ...core.text import Text

PROFILE = "tanbiao-open-1"


@dataclass(frozen=True)
class Verification:
    """Who checked the figure: state `self`, `second`, `third` or `certified`."""

    state: str = "self"
    body: Text | None = None
    certificate: str = ""
    until: str = ""

    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = {"state": self.state}
        if self.body is not None:
            found["body"] = self.body.data()
        return found | {k: v for k, v in (("certificate", self.certificate), ("until", self.until)) if v}


@dataclass(frozen=True)
class Part:
    """A stage on the label: its value in the digits of the published figure, and its share."""

    id: str
    name: Text
    amount: str
    share: float


@dataclass(frozen=True)
class Label:
    """What one label says. Made by `label()`, which refuses what a label must not say."""

    id: str
    name: Text
    model: str
    gtin: str
    producer: Text
    site: Text
    amount: str
    unit: str
    per: Text
    low: str
    high: str
    boundary: Text
    partial: bool
    stages: tuple[Part, ...]
    period: str
    standards: tuple[tuple[str, Text], ...]
    primary_data_share: str
    dqr: Mapping[str, str]
    verification: Verification
    conformity: Text
    screening: bool
    constructed: bool
    software: str
    pack_hash: str
    ledger_root: str
    issued: str
    expires: str
    record_url: str

    def data(self) -> dict[str, Any]:
        """The minimal data object. Every number is a text, so that its digits are those that were published."""
        found: dict[str, Any] = {
            "id": self.id,
            "profile": PROFILE,
            "constructed": self.constructed,
            "screening": self.screening,
            "product": {"name": self.name.data(), "model": self.model}
            | ({"gtin": self.gtin} if self.gtin else {}),
            "producer": self.producer.data(),
            "site": self.site.data(),
            "value": {"amount": self.amount, "unit": self.unit, "per": self.per.data()},
            "boundary": {"text": self.boundary.data(), "partial": self.partial},
            "stages": [{"id": s.id, "name": s.name.data(), "amount": s.amount} for s in self.stages],
            "period": self.period,
            "standards": [{"version": v, "title": t.data()} for v, t in self.standards],
            "pds": self.primary_data_share or None,
            "dqr": dict(self.dqr) or None,
            "uncertainty": {"low": self.low, "high": self.high} if self.low else None,
            "verification": self.verification.data(),
            "conformity": self.conformity.data(),
            "software": {
                "name": "tanbiao",
                "version": self.software,
                "pack_hash": self.pack_hash,
                "ledger_root": self.ledger_root,
            },
            "issued": self.issued,
            "expires": self.expires,
            "record_url": self.record_url,
            "scope": "climate change only",
        }
        return {k: v for k, v in found.items() if v is not None}

    @property
    def digest(self) -> str:
        """sha256 over the canonical JSON."""
        return digest(self.data())

    @property
    def payload(self) -> str:
        """What the QR code says: the record's address, the label's id and 16 hex digits of the digest."""
        if self.record_url:
            joint = "&" if "?" in self.record_url else "?"
            return f"{self.record_url}{joint}id={self.id}&d={self.digest[:16]}"
        return f"tanbiao:label:{self.id}:{self.digest[:16]}"
