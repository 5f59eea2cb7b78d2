"""A statement says what was found and who vouches for it, and has one byte form."""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealed_study import LATER, NOW

from tanbiao.core.errors import TanbiaoError
from tanbiao.core.text import Text
from tanbiao.seal import Figure, KeyPair, StagePart, Statement, VerifiedBy, new_key, read, sign

FIGURE = Figure(
    pack="cn.x@2024+1",
    name="footprint",
    clause="cn.x@2024#published",
    review="secondary",
    title=Text("足迹", "footprint"),
    published="87.3",
    unit="kgCO2e/kWh",
    basis={"energy": "delivered"},
    headline=True,
    verdict="screening",
    step="0.1",
    half="even",
    stages=(StagePart("raw", Text("原材料", "raw materials"), "87.4"),),
    parts_sum="87.4",
)


def statement(**changes: Any) -> Statement:
    base = {
        "study": "s",
        "product": {"name.zh": "支架"},
        "unit": {"amount": "1"},
        "boundary": {"kind": "partial"},
        "period": {"start": "2025-01-01"},
        "figures": (FIGURE,),
        "conformity": {"cn.x@2024+1": Text("核对", "checked")},
        "constructed": False,
        "ledger_root": "ab",
        "packs": {"cn.x@2024+1": "cd"},
        "libraries": {"open@1": "ef"},
        "engine": {"ledger": "1"},
        "issued": NOW,
        "valid_until": LATER,
    }
    return Statement(**(base | changes))


def code(call: Any, *args: Any, **options: Any) -> str:
    with pytest.raises(TanbiaoError) as caught:
        call(*args, **options)
    return caught.value.problems[0].code


plain = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)
statements = st.builds(
    statement,
    study=plain,
    product=st.dictionaries(plain, plain, max_size=3),
    constructed=st.booleans(),
    issuer=plain,
    issued=st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2090, 1, 1), timezones=st.just(dt.UTC)),
    valid_until=st.just(dt.datetime(2100, 1, 1, tzinfo=dt.UTC)),
    manifest=plain,
    figures=st.lists(
        st.builds(lambda t: replace(FIGURE, title=Text(t, t)), plain), min_size=1, max_size=3
    ).map(tuple),
)


@given(statements)
def test_what_is_signed_is_what_is_read(said: Statement) -> None:
    key = _KEY
    text = sign(said, key)
    assert read(text, key.public) == said
    assert sign(said, key) == text


_KEY = new_key()


def test_it_is_a_credential_signed_with_ed25519(key: KeyPair) -> None:
    head, body, _ = sign(statement(), key).split(".")
    assert _json(head) == {"alg": "Ed25519", "kid": key.public.thumbprint, "typ": "vc+jwt"}
    credential = _json(body)
    assert credential["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert credential["type"][0] == "VerifiableCredential"
    assert credential["validFrom"] == "2026-11-24T08:00:00Z"
    assert credential["credentialSubject"]["figures"][0]["published"] == "87.3"
    assert not any(isinstance(x, float) for x in _leaves(credential))


def test_every_character_of_a_signed_statement_counts(key: KeyPair) -> None:
    text = sign(statement(), key)
    for position in range(len(text)):
        for mask in (1, 2, 32):
            changed = text[:position] + chr(ord(text[position]) ^ mask) + text[position + 1 :]
            with pytest.raises(TanbiaoError):
                read(changed, key.public)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for last in letters.replace(text[-1], ""):  # four of its six bits carry nothing
        assert code(read, text[:-1] + last, key.public) in ("statement-form", "statement-signature")
    for more in (text + "=", text + "\n", " " + text, text + ".", text + "AA"):
        assert code(read, more, key.public) in ("statement-form", "statement-signature")


def test_a_statement_over_many_packs_is_signed_and_read(key: KeyPair) -> None:
    long = statement(figures=tuple(replace(FIGURE, name=f"figure {n}") for n in range(400)))
    text = sign(long, key)
    assert len(text) > 200_000 and read(text, key.public) == long
    with pytest.raises(TanbiaoError):
        sign(statement(figures=(FIGURE,) * 4000), key)


def test_another_key_does_not_fit(key: KeyPair) -> None:
    assert code(read, sign(statement(), key), new_key().public) == "statement-key"


def test_a_header_that_asks_for_less_is_refused(key: KeyPair) -> None:
    _, body, signature = sign(statement(), key).split(".")
    for header in (
        {"alg": "none"},
        {"alg": "none", "kid": key.public.thumbprint, "typ": "vc+jwt"},
        {"alg": "HS256", "kid": key.public.thumbprint, "typ": "vc+jwt"},
        {"alg": "Ed25519", "kid": key.public.thumbprint, "typ": "vc+jwt", "crit": ["b64"], "b64": False},
        [1],
    ):
        head = (
            base64.urlsafe_b64encode(json.dumps(header, separators=(",", ":")).encode()).decode().rstrip("=")
        )
        assert code(read, f"{head}.{body}.{signature}", key.public) in ("statement-form", "statement-key")


def test_a_payload_that_sign_would_not_write_is_refused(key: KeyPair) -> None:
    from joserfc import jws
    from joserfc.jwk import OKPKey

    payload = _json(sign(statement(), key).split(".")[1])

    def signed(data: bytes) -> str:
        header = {"alg": "Ed25519", "kid": key.public.thumbprint, "typ": "vc+jwt"}
        return str(jws.serialize_compact(header, data, OKPKey.import_key(key.pem()), algorithms=["Ed25519"]))

    more = payload | {"extra": "x"}
    for data in (
        b"",
        b"{}",
        b"[]",
        b"1",
        json.dumps(payload).encode(),
        json.dumps(more).encode(),
        b"[" * 50_000,
    ):
        assert code(read, signed(data), key.public) == "statement-form"


def test_nothing_is_called_verified_without_body_and_certificate() -> None:
    for state in ("second", "third", "certified"):
        assert code(VerifiedBy, state, "Body") == "statement-uncertified"
        assert code(VerifiedBy, state, "", "No. 1") == "statement-uncertified"
        assert code(VerifiedBy, state, " ", " ") == "statement-uncertified"
        assert VerifiedBy(state, "Body", "No. 1").state == state
    assert code(VerifiedBy, "self", "Body", "") == "statement-self-body"
    assert code(VerifiedBy, "official") == "statement-state"


def test_a_constructed_example_is_never_verified() -> None:
    assert (
        code(statement, constructed=True, verified_by=VerifiedBy("third", "Body", "1"))
        == "statement-constructed"
    )


def test_nothing_without_a_result_is_signed() -> None:
    assert code(statement, figures=()) == "statement-empty"
    assert code(statement, figures=(replace(FIGURE, published="—"),)) == "statement-empty"


def test_times_are_utc_and_in_order() -> None:
    assert code(statement, issued=NOW.replace(tzinfo=None)) == "statement-clock"
    assert code(statement, issued=NOW.astimezone(dt.timezone(dt.timedelta(hours=8)))) == "statement-clock"
    assert code(statement, valid_until=NOW) == "statement-validity"
    assert statement().valid_at(NOW) and not statement().valid_at(LATER + dt.timedelta(seconds=1))


def _json(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _leaves(data: Any) -> list[Any]:
    if isinstance(data, dict):
        return [x for v in data.values() for x in _leaves(v)]
    return [x for v in data for x in _leaves(v)] if isinstance(data, list) else [data]
