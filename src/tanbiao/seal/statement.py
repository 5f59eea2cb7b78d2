"""Statement: a signed, published result. What is signed are rounded figures, digests and words, never a
float.

Its file form is a W3C Verifiable Credential (data model 2.0) secured as a compact JWS: `typ: vc+jwt`,
`alg: Ed25519` (RFC 9864). A statement has one byte form only, so that no byte of it can change unnoticed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import OKPKey

from ..core.digest import bytes_digest, canonical
from ..core.errors import TanbiaoError, refuse
from ..core.text import Text
from .keys import KeyPair, PublicKey, decode, encode

ALGORITHM = "Ed25519"
FORM = "1"
VERDICTS = ("", "screening", "full")
LONGEST = 2**20
"""A statement longer than this many characters is refused unread."""

State = Literal["self", "second", "third", "certified"]
STATES: tuple[State, ...] = ("self", "second", "third", "certified")


@dataclass(frozen=True)
class VerifiedBy:
    """Who verified: nobody but the declarer (`self`), or a named body with the number of its certificate."""

    state: State = "self"
    body: str = ""
    certificate: str = ""

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise refuse("statement-state", state=self.state, states=", ".join(STATES))
        if self.state != "self" and not (self.body.strip() and self.certificate.strip()):
            raise refuse("statement-uncertified", state=self.state)
        if self.state == "self" and (self.body or self.certificate):
            raise refuse("statement-self-body", body=self.body or self.certificate)


@dataclass(frozen=True)
class StagePart:
    """A stage with its part of a figure, rounded on its own to the step of the figure."""

    id: str
    name: Text
    published: str


@dataclass(frozen=True)
class Figure:
    """One published quantity: a decimal text (or a level) with unit and basis, and the clause that
    publishes it.

    step: what one unit of the last digit is worth (`0.1`); half: how ties were rounded. parts_sum: what the
    rounded stages add up to, which may differ from `published` in the last digit.
    """

    pack: str
    name: str
    clause: str
    review: str
    title: Text
    published: str
    unit: str
    basis: Mapping[str, str] = field(default_factory=dict)
    headline: bool = False
    verdict: str = ""
    step: str = ""
    half: str = ""
    stages: tuple[StagePart, ...] = ()
    parts_sum: str = ""
    primary_data_share: str = ""
    missing: tuple[str, ...] = ()
    method_fingerprint: str = ""

    def data(self) -> dict[str, Any]:
        return {
            "pack": self.pack,
            "name": self.name,
            "clause": self.clause,
            "review": self.review,
            "title": self.title.data(),
            "published": self.published,
            "unit": self.unit,
            "basis": dict(self.basis),
            "headline": self.headline,
            "verdict": self.verdict,
            "step": self.step,
            "half": self.half,
            "stages": [{"id": s.id, "name": s.name.data(), "published": s.published} for s in self.stages],
            "parts_sum": self.parts_sum,
            "primary_data_share": self.primary_data_share,
            "missing": list(self.missing),
            "method_fingerprint": self.method_fingerprint,
        }


@dataclass(frozen=True)
class Statement:
    """What is signed. `issued` and `valid_until` are UTC; `manifest` is the sha256 of the bundle's manifest
    (empty for a statement that travels alone); `previous` is the sha256 of the statement that this one
    countersigns."""

    study: str
    product: Mapping[str, str]
    unit: Mapping[str, str]
    boundary: Mapping[str, str]
    period: Mapping[str, str]
    figures: tuple[Figure, ...]
    conformity: Mapping[str, Text]
    constructed: bool
    ledger_root: str
    packs: Mapping[str, str]
    libraries: Mapping[str, str]
    engine: Mapping[str, str]
    issued: dt.datetime
    valid_until: dt.datetime
    verified_by: VerifiedBy = VerifiedBy()
    issuer: str = ""
    manifest: str = ""
    previous: str = ""

    def __post_init__(self) -> None:
        for name in ("issued", "valid_until"):
            moment: dt.datetime = getattr(self, name)
            if moment.tzinfo is None or moment.utcoffset() != dt.timedelta(0):
                raise refuse("statement-clock", field=name)
            object.__setattr__(self, name, moment.astimezone(dt.UTC).replace(microsecond=0))
        if self.valid_until <= self.issued:
            raise refuse("statement-validity", issued=_moment(self.issued), until=_moment(self.valid_until))
        if not any(f.published not in ("", "—") for f in self.figures):
            raise refuse("statement-empty", study=self.study)
        if self.constructed and self.verified_by.state != "self":
            raise refuse("statement-constructed", state=self.verified_by.state)
        for figure in self.figures:
            if figure.verdict not in VERDICTS:
                raise refuse("statement-form", detail=f"verdict {figure.verdict!r}")

    @property
    def headline(self) -> Figure | None:
        return next((f for f in self.figures if f.headline), None)

    @property
    def content(self) -> Statement:
        """Without who signed when: what a countersignature must leave as it is."""
        return replace(
            self,
            issued=_EPOCH,
            valid_until=_EPOCH + dt.timedelta(days=1),
            verified_by=VerifiedBy(),
            issuer="",
            previous="",
        )

    def valid_at(self, now: dt.datetime) -> bool:
        """Whether `now` lies between issue and end of validity."""
        return self.issued <= now <= self.valid_until

    def data(self) -> dict[str, Any]:
        """The subject of the credential."""
        return {
            "form": FORM,
            "study": self.study,
            "product": dict(self.product),
            "unit": dict(self.unit),
            "boundary": dict(self.boundary),
            "period": dict(self.period),
            "figures": [f.data() for f in self.figures],
            "conformity": {k: v.data() for k, v in self.conformity.items()},
            "constructed": self.constructed,
            "covers": {"zh": "仅气候变化", "en": "climate change only"},
            "verified_by": {
                "state": self.verified_by.state,
                "body": self.verified_by.body,
                "certificate": self.verified_by.certificate,
            },
            "ledger_root": self.ledger_root,
            "packs": dict(self.packs),
            "libraries": dict(self.libraries),
            "engine": dict(self.engine),
            "manifest": self.manifest,
            "previous": self.previous,
        }


_EPOCH = dt.datetime(1980, 1, 1, tzinfo=dt.UTC)


def sign(statement: Statement, key: KeyPair) -> str:
    """The statement as a compact JWS. The same statement and key give the same text. Raises `TanbiaoError`
    (`statement-form`) for a statement that would be too long to be read."""
    text = str(
        jws.serialize_compact(
            _header(key.public),
            canonical(_credential(statement, key.public)),
            OKPKey.import_key(key.pem()),
            registry=_registry(),
        )
    )
    if len(text) > LONGEST:
        raise refuse("statement-form", detail=f"> {LONGEST}")
    return text


def read(text: str, key: PublicKey) -> Statement:
    """The statement in a JWS signed by `key`. Raises `TanbiaoError`: `statement-form` for anything that
    `sign` would not have written, `statement-key` for another key, `statement-signature`."""
    if len(text) > LONGEST:
        raise refuse("statement-form", detail="length")
    try:
        head, body, signature = text.split(".")
        header, payload, _ = json.loads(decode(head)), decode(body), decode(signature)
    except (ValueError, RecursionError):
        raise refuse("statement-form", detail="JWS") from None
    if isinstance(header, dict) and header.get("kid") != key.thumbprint:
        raise refuse("statement-key", found=str(header.get("kid"))[:60], wanted=key.thumbprint)
    if header != _header(key):
        raise refuse("statement-form", detail="header")
    try:
        jws.deserialize_compact(text, OKPKey.import_key(key.jwk), registry=_registry())
    except BadSignatureError:
        raise refuse("statement-signature") from None
    except (JoseError, ValueError) as error:
        raise refuse("statement-form", detail=str(error)[:80]) from None
    try:
        raw = json.loads(payload)
        statement = _statement(raw)
        same = canonical(_credential(statement, key)) == payload
    except TanbiaoError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise refuse("statement-form", detail=type(error).__name__) from None
    if not same or encode(json.dumps(header, separators=(",", ":")).encode()) != head:
        raise refuse("statement-form", detail="bytes")
    return statement


def statement_digest(text: str) -> str:
    """sha256 of a signed statement, by which a label or a countersignature names it."""
    return bytes_digest(text.encode())


def _registry() -> jws.JWSRegistry:
    """One algorithm, and room for a statement over many packs (the library's own limit is a few
    kilobytes)."""
    registry = jws.JWSRegistry(algorithms=[ALGORITHM])
    registry.max_payload_length = LONGEST
    return registry


def _header(key: PublicKey) -> dict[str, str]:
    return {"alg": ALGORITHM, "kid": key.thumbprint, "typ": "vc+jwt"}


def _credential(statement: Statement, key: PublicKey) -> dict[str, Any]:
    issuer = {"id": f"urn:ietf:params:oauth:jwk-thumbprint:sha-256:{key.thumbprint}"}
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2", {"@vocab": "urn:tanbiao:statement:1#"}],
        "type": ["VerifiableCredential", "Statement"],
        "issuer": issuer | ({"name": statement.issuer} if statement.issuer else {}),
        "validFrom": _moment(statement.issued),
        "validUntil": _moment(statement.valid_until),
        "credentialSubject": statement.data(),
    }


def _statement(raw: Mapping[str, Any]) -> Statement:
    subject = raw["credentialSubject"]
    figures = tuple(
        Figure(
            pack=f["pack"],
            name=f["name"],
            clause=f["clause"],
            review=f["review"],
            title=_text(f["title"]),
            published=f["published"],
            unit=f["unit"],
            basis=dict(f["basis"]),
            headline=f["headline"],
            verdict=f["verdict"],
            step=f["step"],
            half=f["half"],
            parts_sum=f["parts_sum"],
            primary_data_share=f["primary_data_share"],
            stages=tuple(StagePart(s["id"], _text(s["name"]), s["published"]) for s in f["stages"]),
            missing=tuple(f["missing"]),
            method_fingerprint=f["method_fingerprint"],
        )
        for f in subject["figures"]
    )
    return Statement(
        study=subject["study"],
        product=dict(subject["product"]),
        unit=dict(subject["unit"]),
        boundary=dict(subject["boundary"]),
        period=dict(subject["period"]),
        figures=figures,
        conformity={k: _text(v) for k, v in subject["conformity"].items()},
        constructed=subject["constructed"],
        ledger_root=subject["ledger_root"],
        packs=dict(subject["packs"]),
        libraries=dict(subject["libraries"]),
        engine=dict(subject["engine"]),
        issued=_read_moment(raw["validFrom"]),
        valid_until=_read_moment(raw["validUntil"]),
        verified_by=VerifiedBy(**subject["verified_by"]),
        issuer=raw["issuer"].get("name", ""),
        manifest=subject["manifest"],
        previous=subject["previous"],
    )


def _text(raw: Mapping[str, str]) -> Text:
    return Text(raw["zh"], raw["en"])


def _moment(value: dt.datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_moment(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)


__all__ = [
    "STATES",
    "Figure",
    "StagePart",
    "State",
    "Statement",
    "VerifiedBy",
    "read",
    "sign",
    "statement_digest",
]
