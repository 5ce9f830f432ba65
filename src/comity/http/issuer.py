"""The built-in token issuer, for a set-up on a single machine. It has to be switched on.

It vouches for people by possession of a key file that a command creates with mode 0600; there is no
password and no sign-in page. Where organisations have identity providers of their own, configure those
and leave this off. EdDSA (RFC 8037) only.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from comity.clock import micros
from comity.errors import InvalidInput
from comity.http.tokens import SCOPES
from comity.ids import Entropy, SystemEntropy

_FIELD = "issuer.key_file"


def issuer_name(exchange: str) -> str:
    """The ``iss`` of tokens that this exchange's own issuer makes."""
    return f"comity:{exchange}"


def create_issuer_key(path: Path) -> None:
    """A new Ed25519 key as PEM, readable by its owner alone; refuses where there is a file."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise InvalidInput(f"{path} exists and is not overwritten", field=_FIELD) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)


def load_issuer_key(path: Path) -> Ed25519PrivateKey:
    """Reads a key file; refuses one that others may have read."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            pem = file.read()
    except OSError as error:
        raise InvalidInput(f"cannot read the issuer's key {path}: {error.strerror}", field=_FIELD) from error
    if mode & 0o077:
        raise InvalidInput(
            f"{path} has mode {mode:04o}: others may have read it; it must be 0600", field=_FIELD
        )
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidInput(f"{path} holds no private key in PEM without password", field=_FIELD) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidInput(f"{path} must hold an Ed25519 key", field=_FIELD)
    return key


class Issuer:
    """Makes tokens. Whoever holds one of these is trusted with everybody's name."""

    def __init__(
        self, key: Ed25519PrivateKey, exchange: str, audience: str, entropy: Entropy | None = None
    ) -> None:
        self._key = key
        self._entropy = entropy or SystemEntropy()
        self._audience = audience
        self.name = issuer_name(exchange)

    def public_key(self) -> Ed25519PublicKey:
        return self._key.public_key()

    def issue(
        self, person: str, participant: str, scopes: Collection[str], lifetime: timedelta, now: datetime
    ) -> str:
        """A bearer token. ``scopes`` narrow what the person's roles allow; unknown ones are refused.

        ``iat`` is kept to the microsecond, so that a token issued just after a revocation is not
        taken for one issued before it.
        """
        unknown = sorted(set(scopes) - SCOPES)
        if unknown:
            known = ", ".join(sorted(SCOPES))
            raise InvalidInput(f"no such scope: {unknown[0]}; known: {known}", field="scopes")
        if lifetime <= timedelta(0):
            raise InvalidInput("lifetime must be over 0", field="lifetime")
        token_id = self._entropy.bytes(f"token:{participant}:{person}:{micros(now)}", 16).hex()
        claims = {
            "iss": self.name,
            "aud": self._audience,
            "sub": person,
            "participant": participant,
            "scope": " ".join(sorted(set(scopes))),
            "iat": micros(now) / 1e6,
            "exp": micros(now + lifetime) / 1e6,
            "jti": token_id,
        }
        return jwt.encode(claims, self._key, algorithm="EdDSA")
