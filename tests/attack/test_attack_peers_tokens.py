"""Tokens that somebody made who is not the authority, or bent: none of their headers chooses how they are
checked, and none of their claims is a fault."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.http.standards.standing import (
    INTENTS,
    SC,
    Standing,
    claims,
    intent,
    new_id,
    place,
    public_pem,
    query,
    signed,
    signing_key,
    standing,
)


@pytest.fixture(scope="module")
def dss(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("tokens")) as one:
        yield one


def status(dss: Standing, *tokens: str) -> int:
    body = json.dumps(query(place())).encode()
    headers = [("Authorization", f"Bearer {token}") for token in tokens]
    answer = dss.http.request("POST", f"{INTENTS}/query", content=body, headers=headers)
    assert answer.status_code == 200 or list(answer.json()) == ["message"]
    return answer.status_code


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def good(dss: Standing) -> dict[str, Any]:
    return claims("uss1", SC, now=dss.now)


def signed_raw(payload: bytes) -> str:
    head = text(b'{"alg": "RS256"}')
    said = f"{head}.{text(payload)}"
    signature = signing_key("authority").sign(said.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{said}.{text(signature)}"


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "none", "None", "RS384", ""])
def test_the_public_key_is_no_secret(dss: Standing, algorithm: str) -> None:
    head = text(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
    said = f"{head}.{text(json.dumps(good(dss)).encode())}"
    pem = public_pem(signing_key("authority"))
    assert status(dss, f"{said}.{text(hmac.new(pem, said.encode(), hashlib.sha256).digest())}") == 401


@pytest.mark.parametrize(
    "header",
    [{"kid": "../../other.pem"}, {"jku": "https://a.example"}, {"jwk": {}}, {"x5u": "https://a.example"}],
    ids=str,
)
def test_no_header_names_a_key(dss: Standing, header: dict[str, Any]) -> None:
    stranger = jwt.encode(good(dss), signing_key("stranger"), algorithm="RS256", headers=header)
    authority = jwt.encode(good(dss), signing_key("authority"), algorithm="RS256", headers=header)
    assert (status(dss, stranger), status(dss, authority)) == (401, 200)


@pytest.mark.parametrize("header", [{"crit": ["x"], "x": 1}, {"b64": False, "crit": ["b64"]}], ids=str)
def test_what_must_be_understood_and_is_not_is_refused(dss: Standing, header: dict[str, Any]) -> None:
    assert (
        status(dss, jwt.encode(good(dss), signing_key("authority"), headers=header, algorithm="RS256")) == 401
    )


def test_two_headers_are_as_good_as_none(dss: Standing) -> None:
    token = signed(good(dss))
    assert (status(dss, token), status(dss, token, token)) == (200, 401)


@pytest.mark.parametrize("number", ["NaN", "1e400", "-1", "1e18", "9" * 4_000, '"soon"', "null", "[]"])
def test_no_number_for_an_end_is_a_fault(dss: Standing, number: str) -> None:
    said = good(dss)
    assert status(dss, signed_raw(json.dumps(said).replace(str(said["exp"]), number).encode())) == 401


@pytest.mark.parametrize("sub", [b'"\\ud800"', b'"\xff"', b"[" * 2_000 + b"]" * 2_000, b"{}", b'""'])
def test_no_name_is_a_fault(dss: Standing, sub: bytes) -> None:
    assert status(dss, signed_raw(json.dumps(good(dss)).encode().replace(b'"uss1"', sub))) == 401


NAMES = (
    "uss1",
    "USS1",
    "uss1 ",
    "f3548:uss1",
    "\u0430ss1",
    "uss1\x00",
    "\u202euss1",
    "~uss1",
    "comity",
    "x" * 256,
)


def test_names_that_look_alike_are_others(dss: Standing) -> None:
    """Each has its own: nobody changes what another of them made."""
    for owner in NAMES:
        id, body = new_id(), json.dumps(intent()).encode()
        made = dss.http.put(f"{INTENTS}/{id}", content=body, headers=dss.bearer(owner, SC))
        assert made.status_code == 201
        reference = made.json()["operational_intent_reference"]
        assert reference["manager"] == owner
        for other in NAMES:
            path = f"{INTENTS}/{id}/{reference['ovn']}"
            if other != owner:
                assert dss.http.delete(path, headers=dss.bearer(other, SC)).status_code == 403
    assert dss.served.world.exchange.writer.faults == 0
