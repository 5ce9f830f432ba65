"""Tokens of the standards' interfaces: what each must have, by which keys, and how long they are believed."""

from __future__ import annotations

import base64
import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.clock import seconds
from comity.config import parse_config
from comity.errors import InvalidInput, Unauthenticated
from comity.http.standards.tokens import CACHED_TOKENS, Bearer, StandardVerifier, build_standard_keyring
from tests.http.serving import CONFIG
from tests.http.standards.standing import SC, SETTINGS, START, claims, public_pem, signed, signing_key

NOW = START
EPOCH_S = seconds(NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("authority", "other"):
        (tmp_path / f"{name}.pem").write_bytes(public_pem(signing_key(name)))
    return tmp_path


@pytest.fixture
def verifier(folder: Path) -> StandardVerifier:
    config = parse_config(CONFIG + SETTINGS, folder)
    return StandardVerifier(build_standard_keyring(config), frozenset(config.f3548.audiences))


def asked(verifier: StandardVerifier, token: str, scheme: str = "Bearer", after_s: float = 0.0) -> Bearer:
    now = NOW + timedelta(seconds=after_s)
    return verifier.verify(f"{scheme} {token}".encode(), now, after_s)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_good_token_says_who_asks(verifier: StandardVerifier, scheme: str) -> None:
    bearer = asked(verifier, signed(claims("uss1", SC, "other.scope")), scheme)
    assert bearer.sub == "uss1"
    assert bearer.scopes == {SC, "other.scope"}


@pytest.mark.parametrize("key", ["authority", "other"])
def test_any_of_the_keys_may_have_signed(verifier: StandardVerifier, key: str) -> None:
    assert asked(verifier, signed(claims(), key)).sub == "uss1"


@pytest.mark.parametrize("aud", ["dss.example", "localhost", ["elsewhere.example", "localhost"]])
def test_each_audience_is_accepted_alone_or_in_a_list(verifier: StandardVerifier, aud: Any) -> None:
    assert asked(verifier, signed(claims(aud=aud))).sub == "uss1"


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": ...},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 257},
        {"iss": ...},
        {"iss": ""},
        {"exp": ...},
        {"exp": "soon"},
        {"exp": EPOCH_S},
        {"exp": EPOCH_S - 1},
        {"exp": EPOCH_S + 3_600 + 60},
        {"exp": 1e300},
        {"aud": ...},
        {"aud": "dss.example:8080"},
        {"aud": "https://dss.example"},
        {"aud": ""},
        {"aud": []},
        {"aud": ["elsewhere.example"]},
        {"aud": {"dss.example": 1}},
        {"nbf": EPOCH_S + 60},
        {"nbf": "now"},
    ],
    ids=str,
)
def test_what_a_token_must_say(verifier: StandardVerifier, changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        asked(verifier, signed(claims(**changes)))


@pytest.mark.parametrize("ahead_s", [3_600, 3_605])
def test_an_hour_ahead_is_allowed_and_a_clock_may_be_off_a_little(
    verifier: StandardVerifier, ahead_s: int
) -> None:
    assert asked(verifier, signed(claims(exp=EPOCH_S + ahead_s))).sub == "uss1"


@pytest.mark.parametrize("scope", [..., "", 7, ["utm.strategic_coordination"], None], ids=str)
def test_scopes_that_are_no_string_are_no_scopes(verifier: StandardVerifier, scope: Any) -> None:
    assert asked(verifier, signed(claims(scope=scope))).scopes == frozenset()


def test_a_stranger_signed_it(verifier: StandardVerifier) -> None:
    with pytest.raises(Unauthenticated):
        asked(verifier, signed(claims(), "stranger"))


def test_a_signature_of_another_token_does_not_fit(verifier: StandardVerifier) -> None:
    head, _, tail = signed(claims()).split(".")
    said = base64.urlsafe_b64encode(json.dumps(claims("uss2")).encode()).rstrip(b"=").decode()
    with pytest.raises(Unauthenticated):
        asked(verifier, f"{head}.{said}.{tail}")


def test_the_header_does_not_choose_how_it_is_checked(verifier: StandardVerifier, folder: Path) -> None:
    pem = public_pem(signing_key("authority"))
    unsigned = jwt.encode(claims(), "", algorithm="none")
    own = jwt.encode(claims(), Ed25519PrivateKey.generate(), algorithm="EdDSA")
    longer = jwt.encode(claims(), signing_key("authority"), algorithm="RS512")
    head, said, _ = signed(claims()).split(".")
    assert pem.startswith(b"-----BEGIN")
    for token in (unsigned, own, longer, f"{head}.{said}.", f"{head}.{said}"):
        with pytest.raises(Unauthenticated):
            asked(verifier, token)


@pytest.mark.parametrize(
    "header",
    [
        None,
        b"",
        b"Bearer",
        b"Bearer ",
        b"Basic dXNlcjpwYXNz",
        b"Token abc",
        b"Bearer a.b.c",
        b"Bearer \xff\xfe",
        b"Bearer " + b"a" * 100_000,
    ],
    ids=lambda header: str(header)[:20],
)
def test_a_header_that_holds_no_token(verifier: StandardVerifier, header: bytes | None) -> None:
    with pytest.raises(Unauthenticated):
        verifier.verify(header, NOW, 0.0)


def test_a_token_is_checked_once_until_it_expires(verifier: StandardVerifier) -> None:
    token = signed(claims(exp=EPOCH_S + 100))
    for after_s in (0.0, 1.0, 99.0):
        asked(verifier, token, after_s=after_s)
    assert verifier.checked == 1
    with pytest.raises(Unauthenticated):
        asked(verifier, token, after_s=100.0)


def test_what_is_remembered_is_bounded(verifier: StandardVerifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comity.http.standards.tokens.CACHED_TOKENS", 2)
    tokens = [signed(claims(jti=str(number))) for number in range(3)]
    for token in (*tokens, tokens[2], tokens[0]):
        asked(verifier, token)
    assert verifier.checked == 4
    assert CACHED_TOKENS > 1_000


def test_a_key_that_left_its_file_is_believed_no_longer(verifier: StandardVerifier, folder: Path) -> None:
    token = signed(claims())
    asked(verifier, token)
    (folder / "authority.pem").write_bytes(public_pem(signing_key("next")))
    with pytest.raises(Unauthenticated):
        asked(verifier, token, after_s=2.0)
    assert asked(verifier, signed(claims(), "next"), after_s=2.0).sub == "uss1"


def test_a_short_key_is_taken_with_a_warning_at_the_start_alone(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    short = rsa.generate_private_key(65_537, 1_024)
    (folder / "authority.pem").write_bytes(public_pem(short))
    with caplog.at_level(logging.WARNING, "comity.http.standards"):
        ring = build_standard_keyring(parse_config(CONFIG + SETTINGS, folder))
    assert [record.at for record in caplog.records] == ["f3548.public_keys[1]"]  # type: ignore[attr-defined]  # ours
    with pytest.warns(UserWarning, match="1024 bits"):
        token = jwt.encode(claims(), short, algorithm="RS256")
    assert asked(StandardVerifier(ring, frozenset({"dss.example"})), token).sub == "uss1"


def wrong_keys(folder: Path) -> dict[str, bytes]:
    ed25519 = Ed25519PrivateKey.generate().public_key()
    private = signing_key("authority").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return {"no PEM": b"hello", "Ed25519": ed25519.public_bytes(encoding, form), "private": private}


@pytest.mark.parametrize("what", ["no PEM", "Ed25519", "private", "missing"])
def test_a_key_file_that_cannot_be_used_stops_the_start(folder: Path, what: str) -> None:
    path = folder / "other.pem"
    if what == "missing":
        path.unlink()
    else:
        path.write_bytes(wrong_keys(folder)[what])
    with pytest.raises(InvalidInput) as refused:
        build_standard_keyring(parse_config(CONFIG + SETTINGS, folder))
    assert refused.value.field == "f3548.public_keys[0]"


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ("public_keys = ['k.pem']", "f3548.audiences"),
        ("audiences = ['dss.example']", "f3548.public_keys"),
        (
            "audiences = ['dss.example']\npublic_keys = ['k.pem']\nbase_url = 'http://a.example'",
            "f3548.base_url",
        ),
        (
            "audiences = ['dss.example']\npublic_keys = ['k.pem']\n[f3548.flight_planning]\nenabled = true",
            "f3548.flight_planning.participant",
        ),
    ],
)
def test_what_the_interfaces_need_to_be_switched_on(folder: Path, settings: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_config(f"{CONFIG}[f3548]\nenabled = true\n{settings}\n", folder)
    assert refused.value.field == field
    parse_config(f"{CONFIG}[f3548]\n{settings}\n".replace("enabled = true", ""), folder)
