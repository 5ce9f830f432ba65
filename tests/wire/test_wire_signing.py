"""The text of a signed command, word for word, and what verifies under which key."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.errors import InvalidInput, NotPermitted
from comity.model.participant import SigningKey
from comity.wire.signing import CommandText, check_signed_at, sign, verify
from tests.world import START

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
REGISTERED = SigningKey("laptop", base64.b64encode(KEY.public_key().public_bytes_raw()).decode())
TEXT = CommandText(
    exchange="alps",
    participant="north",
    person="desk",
    request_id="request-1",
    method="DELETE",
    target="/v1/intents/7?ovn=x",
    signed_at="2026-06-01T08:00:00Z",
    body=b"",
)


def test_the_text_is_this_one() -> None:
    assert TEXT.text() == (
        "comity-command-v1\nalps\nnorth\ndesk\nrequest-1\nDELETE /v1/intents/7?ovn=x\n2026-06-01T08:00:00Z\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
    )


def test_a_signature_verifies_under_the_registered_key() -> None:
    """Ed25519 is deterministic (RFC 8032), and it verifies with the library alone."""
    made = sign(TEXT, "laptop", KEY)
    assert verify(TEXT, "laptop", made.signature, (REGISTERED,)) == made
    KEY.public_key().verify(base64.b64decode(made.signature), TEXT.text().encode())


def test_another_key_an_unknown_key_and_no_key_answer_alike() -> None:
    made = sign(TEXT, "laptop", KEY)
    other = SigningKey("laptop", base64.b64encode(b"\x01" * 32).decode())
    told = set()
    for key_id, keys in (("laptop", (other,)), ("phone", (REGISTERED,)), ("laptop", ())):
        with pytest.raises(NotPermitted) as refused:
            verify(TEXT, key_id, made.signature, keys)
        told.add(refused.value.message)
    assert len(told) == 1


def test_a_line_feed_cannot_be_smuggled_in() -> None:
    smuggling = CommandText(
        exchange="alps",
        participant="north",
        person="desk\nrequest-1",
        request_id="request-1",
        method="GET",
        target="/",
        signed_at="",
        body=b"",
    )
    with pytest.raises(InvalidInput):
        smuggling.text()


def test_the_time_must_be_near_and_have_a_zone() -> None:
    check_signed_at((START + timedelta(seconds=300)).isoformat(), START)
    for text in (
        (START + timedelta(seconds=301)).isoformat(),
        (START - timedelta(seconds=301)).isoformat(),
        "2026-06-01T08:00:00",
        "soon",
        "",
    ):
        with pytest.raises(InvalidInput) as refused:
            check_signed_at(text, START)
        assert refused.value.field == "Comity-Signed-At"
