"""Tokens without a server: keys bound to issuers and algorithms, rotation, the cache, the built-in issuer."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

from comity.clock import seconds
from comity.config import Config, parse_config
from comity.errors import InvalidInput, Unauthenticated
from comity.http.issuer import Issuer, create_issuer_key, load_issuer_key
from comity.http.keyring import Keyring, build_keyring
from comity.http.tokens import Verifier
from comity.ids import SeededEntropy
from tests.world import START

RSA_KEY = rsa.generate_private_key(65_537, 2_048)
ED_KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
NOW = START

PREFIX = '[exchange]\nname = "test-exchange"\ndata_dir = "d"\nkey_file = "k"\n'


def pem(key: Any) -> bytes:
    made: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return made


def claims(**changes: Any) -> dict[str, Any]:
    now = seconds(NOW)
    base = {
        "iss": "https://login.example",
        "aud": ["others", "test-exchange"],
        "sub": "desk",
        "participant": "north",
        "scope": "openid comity.read comity.write",
        "iat": now,
        "exp": now + 600,
        "jti": "1",
    }
    return base | changes


def configured(folder: Path, auth: str) -> Config:
    return parse_config(PREFIX + auth, folder)


def verifier(ring: Keyring, room: int = 100) -> Verifier:
    return Verifier(ring, frozenset({"test-exchange"}), 43_200, room)


def issuers(keys: str, participants: str = '["*"]', name: str = "https://login.example") -> str:
    return f'[[auth.issuers]]\nissuer = "{name}"\nparticipants = {participants}\n{keys}\n'


def test_pem_keys_of_both_kinds_are_believed(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(pem(RSA_KEY))
    (tmp_path / "b.pem").write_bytes(pem(ED_KEY))
    ring = build_keyring(configured(tmp_path, issuers('public_keys = ["a.pem", "b.pem"]')))
    check = verifier(ring)
    by_rsa = check.verify(jwt.encode(claims(), RSA_KEY, algorithm="RS256"), NOW, 0.0)
    by_ed = check.verify(jwt.encode(claims(jti="2"), ED_KEY, algorithm="EdDSA"), NOW, 0.0)
    assert by_rsa.scopes == by_ed.scopes == {"comity.read", "comity.write"}
    assert (by_ed.participant, by_ed.person, by_ed.expires_at) == (
        "north",
        "desk",
        NOW + timedelta(seconds=600),
    )


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_other_algorithms_of_a_trusted_key_are_refused(tmp_path: Path, algorithm: str) -> None:
    (tmp_path / "a.pem").write_bytes(pem(RSA_KEY))
    ring = build_keyring(configured(tmp_path, issuers('public_keys = ["a.pem"]')))
    with pytest.raises(Unauthenticated):
        verifier(ring).verify(jwt.encode(claims(), RSA_KEY, algorithm=algorithm), NOW, 0.0)


def test_a_public_key_is_no_hmac_secret(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(pem(RSA_KEY))
    ring = build_keyring(configured(tmp_path, issuers('public_keys = ["a.pem"]')))
    head = jwt.utils.base64url_encode(b'{"alg":"HS256","typ":"JWT"}')
    body = jwt.utils.base64url_encode(json.dumps(claims()).encode())
    import hashlib
    import hmac

    mac = hmac.new(pem(RSA_KEY), head + b"." + body, hashlib.sha256).digest()
    token = b".".join((head, body, jwt.utils.base64url_encode(mac))).decode()
    with pytest.raises(Unauthenticated):
        verifier(ring).verify(token, NOW, 0.0)


def test_an_issuer_speaks_for_itself_and_its_participants_alone(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(pem(ED_KEY))
    (tmp_path / "b.pem").write_bytes(pem(OTHER))
    text = issuers('public_keys = ["a.pem"]', '["north"]') + issuers(
        'public_keys = ["b.pem"]', '["south"]', "https://south.example"
    )
    check = verifier(build_keyring(configured(tmp_path, text)))
    check.verify(jwt.encode(claims(), ED_KEY, algorithm="EdDSA"), NOW, 0.0)
    for wrong in (
        jwt.encode(claims(participant="south"), ED_KEY, algorithm="EdDSA"),
        jwt.encode(claims(iss="https://south.example", participant="south"), ED_KEY, algorithm="EdDSA"),
        jwt.encode(claims(), OTHER, algorithm="EdDSA"),
        jwt.encode(claims(iss="https://south.example"), OTHER, algorithm="EdDSA"),
    ):
        with pytest.raises(Unauthenticated):
            check.verify(wrong, NOW, 0.0)


def jwks(*keys: tuple[str, Any]) -> str:
    entries = []
    for kid, key in keys:
        family = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else OKPAlgorithm
        entry = json.loads(family.to_jwk(key.public_key()))
        entries.append(entry | {"kid": kid, "use": "sig"})
    return json.dumps({"keys": entries})


def test_a_jwks_file_rotates_keys_and_empties_the_cache(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(jwks(("one", ED_KEY), ("two", RSA_KEY)))
    ring = build_keyring(configured(tmp_path, issuers('jwks = "keys.json"')))
    check = verifier(ring)
    old = jwt.encode(claims(), ED_KEY, algorithm="EdDSA", headers={"kid": "one"})
    new = jwt.encode(claims(), OTHER, algorithm="EdDSA", headers={"kid": "three"})
    check.verify(old, NOW, 0.0)
    with pytest.raises(Unauthenticated):
        check.verify(new, NOW, 0.0)
    path.write_text(jwks(("three", OTHER)))
    check.verify(old, NOW, 0.5)  # looked at most once a second
    check.verify(new, NOW, 2.0)
    with pytest.raises(Unauthenticated):
        check.verify(old, NOW, 2.0)


def test_a_half_written_jwks_file_keeps_the_keys_and_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(jwks(("one", ED_KEY)))
    ring = build_keyring(configured(tmp_path, issuers('jwks = "keys.json"')))
    check = verifier(ring)
    token = jwt.encode(claims(), ED_KEY, algorithm="EdDSA", headers={"kid": "one"})
    path.write_text('{"keys": [')
    check.verify(token, NOW, 5.0)
    assert ring.problem is not None
    path.write_text(jwks(("two", OTHER)))
    with pytest.raises(Unauthenticated):
        check.verify(token, NOW, 10.0)
    assert ring.problem is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"keys": 1}',
        '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}',
        '{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}',
        '{"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}',
        '{"keys": [{"kty": "OKP", "crv": "X25519", "x": "AAAA"}]}',
    ],
)
def test_a_bad_jwks_file_stops_the_start(tmp_path: Path, content: str) -> None:
    (tmp_path / "keys.json").write_text(content)
    with pytest.raises(InvalidInput) as refused:
        build_keyring(configured(tmp_path, issuers('jwks = "keys.json"')))
    assert refused.value.field == "auth.issuers[0].jwks"


def test_a_private_key_in_a_jwks_file_is_refused(tmp_path: Path) -> None:
    entry = json.loads(OKPAlgorithm.to_jwk(ED_KEY))
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [entry]}))
    with pytest.raises(InvalidInput, match="secret key"):
        build_keyring(configured(tmp_path, issuers('jwks = "keys.json"')))


def test_weak_and_foreign_pem_keys_are_refused(tmp_path: Path) -> None:
    weak = rsa.generate_private_key(65_537, 1_024)
    for name, content in (("weak", pem(weak)), ("text", b"hello"), ("none", None)):
        if content is not None:
            (tmp_path / f"{name}.pem").write_bytes(content)
        with pytest.raises(InvalidInput) as refused:
            build_keyring(configured(tmp_path, issuers(f'public_keys = ["{name}.pem"]')))
        assert refused.value.field == "auth.issuers[0].public_keys"


def test_a_checked_token_is_remembered_until_it_expires(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(pem(ED_KEY))
    check = verifier(build_keyring(configured(tmp_path, issuers('public_keys = ["a.pem"]'))), room=2)
    made = [jwt.encode(claims(jti=str(n)), ED_KEY, algorithm="EdDSA") for n in range(3)]
    for _ in range(3):
        check.verify(made[0], NOW, 0.0)
    assert check.checked == 1
    check.verify(made[1], NOW, 0.0)
    check.verify(made[2], NOW, 0.0)
    check.verify(made[0], NOW, 0.0)
    assert check.checked == 4, "the least recently used one was forgotten"
    with pytest.raises(Unauthenticated):
        check.verify(made[0], NOW + timedelta(seconds=600), 0.0)


def test_a_lifetime_over_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(pem(ED_KEY))
    check = verifier(build_keyring(configured(tmp_path, issuers('public_keys = ["a.pem"]'))))
    now = seconds(NOW)
    check.verify(jwt.encode(claims(exp=now + 43_200), ED_KEY, algorithm="EdDSA"), NOW, 0.0)
    with pytest.raises(Unauthenticated):
        check.verify(jwt.encode(claims(exp=now + 43_300), ED_KEY, algorithm="EdDSA"), NOW, 0.0)


def test_the_issuers_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    path = tmp_path / "issuer.pem"
    create_issuer_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    load_issuer_key(path)
    with pytest.raises(InvalidInput, match="exists"):
        create_issuer_key(path)
    os.chmod(path, 0o640)
    with pytest.raises(InvalidInput, match="0600"):
        load_issuer_key(path)


def test_the_issuer_refuses_unknown_scopes_and_no_lifetime() -> None:
    issuer = Issuer(ED_KEY, "test-exchange", "test-exchange", SeededEntropy(b"1"))
    with pytest.raises(InvalidInput) as refused:
        issuer.issue("desk", "north", ["comity.all"], timedelta(hours=1), NOW)
    assert refused.value.field == "scopes"
    with pytest.raises(InvalidInput) as refused:
        issuer.issue("desk", "north", ["comity.read"], timedelta(0), NOW)
    assert refused.value.field == "lifetime"


def test_tokens_of_one_moment_differ_from_those_of_the_next() -> None:
    issuer = Issuer(ED_KEY, "test-exchange", "test-exchange")
    one = issuer.issue("desk", "north", ["comity.read"], timedelta(hours=1), NOW)
    two = issuer.issue("desk", "north", ["comity.read"], timedelta(hours=1), NOW)
    assert one != two
