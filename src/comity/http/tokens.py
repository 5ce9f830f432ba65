"""Bearer tokens: JSON Web Tokens (RFC 7519, 8725) by RS256 or EdDSA, from trusted issuers only.

A token must carry ``iss aud exp iat jti sub participant scope``; ``sub`` is the person. Which key may
check it follows from the keys we trust, never from the token: ``none``, HMAC and a key used for another
algorithm fail alike. Whatever is wrong, the answer is the same words, so that trying teaches nothing.

A token that was checked is remembered by its text until it expires. Revocation, membership and
suspension are not remembered: the gate asks for them on every request.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

import jwt
import msgspec
from jwt.api_jws import PyJWS

from comity.clock import from_micros, seconds
from comity.errors import Unauthenticated
from comity.http.keyring import Keyring, TrustedKey
from comity.ids import SLUG, ParticipantId, PersonId

READ: Final = "comity.read"
WRITE: Final = "comity.write"
OBSERVE: Final = "comity.observe"
ADMINISTER: Final = "comity.administer"
AUDIT: Final = "comity.audit"
OPERATE: Final = "comity.operate"
SCOPES: Final = frozenset({READ, WRITE, OBSERVE, ADMINISTER, AUDIT, OPERATE})

REFUSAL: Final = "a valid bearer token is required"
"""The one message for everything that can be wrong with a token."""

LONGEST_TOKEN: Final = 8_192
"""Characters; a real one has under a thousand. Bounds the work a stranger can ask for."""

_SKEW_S: Final = 60.0
"""How far an issuer's clock may be ahead of ours. Larger accepts tokens from further in the future."""

_JWS: Final = PyJWS(algorithms=["EdDSA", "RS256"])
_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})


class Identity(msgspec.Struct, frozen=True, gc=False):
    """What a token says, once it is believed."""

    participant: ParticipantId
    person: PersonId
    token_id: str
    scopes: frozenset[str]
    issued_at: datetime
    not_before_s: float
    expires_at: datetime


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    aud: str | tuple[str, ...]
    exp: float
    iat: float
    jti: str
    sub: str
    participant: str
    scope: str
    nbf: float | None = None


_claims = msgspec.json.Decoder(_Claims)


class Verifier:
    """Checks tokens against a keyring. ``checked`` counts full checks, the rest came from memory."""

    def __init__(
        self, keyring: Keyring, audiences: frozenset[str], max_lifetime_s: int, cached_tokens: int
    ) -> None:
        self._keyring = keyring
        self._audiences = audiences
        self._max_lifetime = timedelta(seconds=max_lifetime_s)
        self._room = cached_tokens
        self._known: OrderedDict[str, Identity] = OrderedDict()
        self._generation = keyring.generation
        self.checked = 0

    def verify(self, token: str, now: datetime, monotonic_s: float) -> Identity:
        """Who the token speaks for, at ``now``. Raises ``Unauthenticated`` and nothing else."""
        self._keyring.refresh(monotonic_s)
        if self._generation != self._keyring.generation:
            self._known.clear()
            self._generation = self._keyring.generation
        identity = self._known.get(token)
        if identity is None:
            identity = self._check(token, now)
            self._known[token] = identity
            if len(self._known) > self._room:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(token)
        if now >= identity.expires_at or seconds(now) < identity.not_before_s:
            del self._known[token]
            raise Unauthenticated(REFUSAL)
        return identity

    def _check(self, token: str, now: datetime) -> Identity:
        self.checked += 1
        if len(token) > LONGEST_TOKEN:
            raise Unauthenticated(REFUSAL)
        try:
            key, payload = self._signed(token)
            claims = _claims.decode(payload)
        except (jwt.InvalidTokenError, jwt.InvalidKeyError, ValueError, RecursionError) as error:
            raise Unauthenticated(REFUSAL) from error
        if not self._acceptable(claims, key, seconds(now)):
            raise Unauthenticated(REFUSAL)
        return _identity(claims)

    def _signed(self, token: str) -> tuple[TrustedKey, bytes]:
        """The key that signed it, and the payload. Raises ``InvalidTokenError`` where none did."""
        header = _JWS.get_unverified_header(token)
        if str(header.get("typ", "JWT")).lower() not in _TYPES:
            raise jwt.InvalidTokenError("not an access token")
        for key in self._keyring.candidates(str(header.get("alg")), header.get("kid")):
            try:
                decoded = _JWS.decode_complete(token, key=key.key, algorithms=[key.algorithm])
            except jwt.InvalidSignatureError:
                continue
            payload: bytes = decoded["payload"]
            return key, payload
        raise jwt.InvalidTokenError("no trusted key signed it")

    def _acceptable(self, claims: _Claims, key: TrustedKey, now_s: float) -> bool:
        audiences = {claims.aud} if isinstance(claims.aud, str) else set(claims.aud)
        return (
            claims.iss == key.issuer
            and (key.participants is None or claims.participant in key.participants)
            and not self._audiences.isdisjoint(audiences)
            and now_s < claims.exp <= now_s + self._max_lifetime.total_seconds() + _SKEW_S
            and 0 <= claims.iat <= now_s + _SKEW_S
            and claims.iat < claims.exp
            and (claims.nbf is None or claims.nbf <= now_s + _SKEW_S)
            and 1 <= len(claims.jti) <= 256
            and SLUG.match(claims.sub) is not None
            and SLUG.match(claims.participant) is not None
        )


def _identity(claims: _Claims) -> Identity:
    return Identity(
        participant=ParticipantId(claims.participant),
        person=PersonId(claims.sub),
        token_id=claims.jti,
        scopes=SCOPES & frozenset(claims.scope.split(" ")),
        issued_at=from_micros(round(claims.iat * 1e6)),
        not_before_s=(claims.nbf if claims.nbf is not None else claims.iat) - _SKEW_S,
        expires_at=from_micros(round(claims.exp * 1e6)),
    )
