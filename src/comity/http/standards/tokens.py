"""Access tokens of the standards' interfaces: F3548-21 and F3411-22a, section on authorization.

JSON Web Tokens by RS256 alone, signed by any of the configured keys, with ``iss``, ``sub``, an ``exp`` at
most an hour ahead and an ``aud`` among the configured host names. Which key fits is found by trying; nothing
in the token's header chooses how it is checked. Whatever is wrong, the answer is the same words.

A token that was checked is remembered by its bytes until it expires; keys that change on disk empty the
memory.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from datetime import datetime
from typing import Final

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from jwt.api_jws import PyJWS

from comity.clock import seconds
from comity.config import Config
from comity.errors import InvalidInput, Unauthenticated
from comity.http.keyring import SHORTEST_RSA_BITS, Keyring, TrustedKey
from comity.model.f3548 import LONGEST_MANAGER

REFUSAL: Final = "a valid access token is required: Authorization: Bearer, RS256, iss, sub, aud, exp"

LONGEST_TOKEN: Final = 8_192
"""Bytes of a header's value; a real one has under two thousand. Bounds the work a stranger can ask for."""

LIFETIME_S: Final = 3_600.0
"""F3548-21 and F3411-22a: ``exp`` is no further than an hour ahead."""

SKEW_S: Final = 10.0
"""How far the authority's clock may be ahead of ours. Larger takes tokens that live longer than an hour."""

SHORTEST_BITS: Final = 1_024
"""The authority chooses its key, and test authorities have short ones: under 2,048 bits is taken with a
warning at the start, under this not at all."""

CACHED_TOKENS: Final = 10_000
"""Remembered at once; past it the one that was not used for longest is checked anew."""


class _AnyLength(RSAAlgorithm):
    """RS256. How long keys are is looked at once, when they are read (``SHORTEST_BITS``)."""

    def check_key_length(self, key: object) -> str | None:
        return None


_JWS: Final = PyJWS(algorithms=["RS256"])
_JWS.unregister_algorithm("RS256")
_JWS.register_algorithm("RS256", _AnyLength(RSAAlgorithm.SHA256))
_SCHEME: Final = b"bearer"
_log = logging.getLogger("comity.http.standards")


class Bearer(msgspec.Struct, frozen=True, gc=False):
    """What a token says, once it is believed."""

    sub: str
    scopes: frozenset[str]
    expires_s: float
    not_before_s: float


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    sub: str
    exp: float
    aud: str | tuple[str, ...]
    scope: object = ""
    nbf: float | None = None


_claims = msgspec.json.Decoder(_Claims)


class StandardVerifier:
    """Checks ``Authorization`` headers. ``checked`` counts full checks, the rest came from memory."""

    def __init__(self, keyring: Keyring, audiences: frozenset[str]) -> None:
        self._keyring = keyring
        self._audiences = audiences
        self._known: OrderedDict[bytes, Bearer] = OrderedDict()
        self._generation = keyring.generation
        self.checked = 0

    def verify(self, authorization: bytes | None, now: datetime, monotonic_s: float) -> Bearer:
        """Who is asking, at ``now``. Raises ``Unauthenticated`` and nothing else."""
        if authorization is None:
            raise Unauthenticated(REFUSAL)
        self._keyring.refresh(monotonic_s)
        if self._generation != self._keyring.generation:
            self._known.clear()
            self._generation = self._keyring.generation
        bearer = self._known.get(authorization)
        now_s = seconds(now)
        if bearer is None:
            bearer = self._check(authorization, now_s)
            self._known[authorization] = bearer
            if len(self._known) > CACHED_TOKENS:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(authorization)
        if now_s >= bearer.expires_s or now_s < bearer.not_before_s:
            del self._known[authorization]
            raise Unauthenticated(REFUSAL)
        return bearer

    def _check(self, authorization: bytes, now_s: float) -> Bearer:
        self.checked += 1
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != _SCHEME or len(token) > LONGEST_TOKEN:
            raise Unauthenticated(REFUSAL)
        try:
            claims = _claims.decode(self._signed(token.strip()))
        except (jwt.InvalidTokenError, jwt.InvalidKeyError, ValueError, RecursionError) as error:
            raise Unauthenticated(REFUSAL) from error
        audiences = {claims.aud} if isinstance(claims.aud, str) else set(claims.aud)
        if (
            not claims.iss
            or not 1 <= len(claims.sub) <= LONGEST_MANAGER
            or not now_s < claims.exp <= now_s + LIFETIME_S + SKEW_S
            or self._audiences.isdisjoint(audiences)
        ):
            raise Unauthenticated(REFUSAL)
        granted = claims.scope.split() if isinstance(claims.scope, str) else ()
        return Bearer(
            claims.sub,
            frozenset(granted),
            claims.exp,
            -1e300 if claims.nbf is None else claims.nbf - SKEW_S,
        )

    def _signed(self, token: bytes) -> bytes:
        """The claims that one of our keys signed."""
        for key in self._keyring.candidates("RS256", None):
            try:
                decoded = _JWS.decode_complete(token, key=key.key, algorithms=["RS256"])
            except jwt.InvalidSignatureError:
                continue
            payload: bytes = decoded["payload"]
            return payload
        raise jwt.InvalidTokenError("no trusted key signed it")


def build_standard_keyring(config: Config) -> Keyring:
    """The authority's keys as configured; changed files are read again. Raises ``InvalidInput``."""
    ring = Keyring()
    for number, text in enumerate(config.f3548.public_keys):
        path = config.path(text)
        field = f"f3548.public_keys[{number}]"

        def read(path: str = str(path), field: str = field) -> list[TrustedKey]:
            return [TrustedKey("", _public_key(path, field), "RS256", None, None)]

        ring.add_files((path,), read)
    return ring


def _public_key(path: str, field: str) -> RSAPublicKey:
    try:
        with open(path, "rb") as file:
            key = serialization.load_pem_public_key(file.read())
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}", field=field) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidInput(f"{path} holds no public key in PEM", field=field) from error
    if not isinstance(key, RSAPublicKey):
        raise InvalidInput(f"{path} must hold an RSA key; the standards' tokens are by RS256", field=field)
    if key.key_size < SHORTEST_BITS:
        raise InvalidInput(f"{path}: RSA keys must have at least {SHORTEST_BITS} bits", field=field)
    if key.key_size < SHORTEST_RSA_BITS:
        _log.warning("an authority's key is short: fit for tests alone", extra={"at": field})
    return key
