"""Tokens for calling other servers: OAuth 2.0 client credentials (RFC 6749, section 4.4).

A token is for one host and one set of scopes, as these standards have it (``aud`` is the host name alone),
and is kept until shortly before it expires. Callers who want the same one wait for one request. After a
failure nothing is asked again for a while that doubles; meanwhile the answer is the failure.

``post`` is the RFC's: the client in HTTP Basic, everything else in the body; the host is named ``audience``
and ``intended_audience``, for servers that know either (a server ignores what it does not know, section 3.2).
``get`` is what servers of test set-ups take: everything in the query, and no secret.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec

from comity.clock import Clock
from comity.errors import InvalidInput
from comity.uss.outbound import Exchanged, Outbound

EARLY_S: Final = 60.0
"""A token is replaced so long before it expires, or after half of its life if that is less: it must outlive
the request, and clocks differ."""

UNSTATED_S: Final = 60.0
"""How long a token is used that does not say when it expires."""

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0

_MOST_KEPT: Final = 10_000

Key = tuple[str, frozenset[str]]


class TokenSettings(msgspec.Struct, frozen=True):
    token_url: str
    client_id: str
    secret: str | None = None
    method: Literal["post", "get"] = "post"


def check_token_url(url: str, *, allow_http: bool) -> None:
    """Secrets go over TLS, or to this machine itself, or in a test set-up. Raises ``InvalidInput``."""
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    plain = parts.scheme == "http" and (allow_http or local)
    if not parts.hostname or not (parts.scheme == "https" or plain) or "@" in parts.netloc or parts.fragment:
        raise InvalidInput(
            "token_url must be an https URL without credentials", field="f3548.oauth.token_url"
        )


def read_secret(path: Path) -> str:
    """A file that holds the secret alone. Raises ``InvalidInput``."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"cannot read {path}", field="f3548.oauth.secret_file") from error
    if not secret or not secret.isprintable():
        raise InvalidInput(f"{path} must hold one line, the secret", field="f3548.oauth.secret_file")
    return secret


class Token(msgspec.Struct, frozen=True):
    """``value`` None: there is none, and ``problem`` says why."""

    value: str | None
    problem: str | None = None


class _Kept(msgspec.Struct):
    """``until_s``: by the monotonic clock; of a failure, when to ask again after ``pause_s``."""

    token: Token
    until_s: float
    pause_s: float = 0.0


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: float | None = None


class _Expiry(msgspec.Struct):
    exp: float | None = None
    iat: float | None = None


_granted: Final = msgspec.json.Decoder(_Granted)
_expiry: Final = msgspec.json.Decoder(_Expiry)


class Tokens:
    """``outbound`` is one of its own: the server is named by the operator and may be anywhere."""

    def __init__(self, settings: TokenSettings, outbound: Outbound, clock: Clock) -> None:
        self._settings = settings
        self._outbound = outbound
        self._clock = clock
        self._kept: dict[Key, _Kept] = {}
        self._asking: dict[Key, asyncio.Future[Token]] = {}

    async def token(self, host: str, scopes: frozenset[str]) -> Token:
        """One to call ``host`` with ``scopes``; never raises for what the server does."""
        key = host, scopes
        kept = self._kept.get(key)
        if kept is not None and self._clock.monotonic() < kept.until_s:
            return kept.token
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.ensure_future(self._ask(key, kept))
            asking.add_done_callback(lambda done: self._asking.pop(key, None))
        return await asyncio.shield(asking)

    def forget(self, host: str, scopes: frozenset[str]) -> None:
        """One that was not taken is not used again; the next is asked for at once."""
        kept = self._kept.get((host, scopes))
        if kept is not None and kept.token.value is not None:
            del self._kept[host, scopes]

    async def aclose(self) -> None:
        for asking in list(self._asking.values()):
            asking.cancel()
        await self._outbound.aclose()

    async def _ask(self, key: Key, before: _Kept | None) -> Token:
        exchanged = await self._request(*key)
        now_s = self._clock.monotonic()
        token, lasts_s = _read(exchanged)
        if token.value is not None:
            kept = _Kept(token, now_s + max(lasts_s - EARLY_S, lasts_s / 2.0))
        else:
            pause_s = min(
                (before.pause_s if before is not None else 0.0) * 2 or FIRST_PAUSE_S, LONGEST_PAUSE_S
            )
            kept = _Kept(token, now_s + pause_s, pause_s)
        if len(self._kept) >= _MOST_KEPT:
            self._kept = {name: each for name, each in self._kept.items() if each.until_s > now_s}
        self._kept[key] = kept
        return token

    async def _request(self, host: str, scopes: frozenset[str]) -> Exchanged:
        settings = self._settings
        asked = {"grant_type": "client_credentials", "scope": " ".join(sorted(scopes))}
        if settings.method == "get":
            issuer = urlsplit(settings.token_url).hostname or ""
            asked |= {"intended_audience": host, "issuer": issuer, "sub": settings.client_id}
            return await self._outbound.send("GET", f"{settings.token_url}?{urlencode(asked)}")
        asked |= {"audience": host, "intended_audience": host}
        authorization = ""
        if settings.secret is None:
            asked["client_id"] = settings.client_id
        else:
            pair = f"{quote_plus(settings.client_id)}:{quote_plus(settings.secret)}"
            authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return await self._outbound.send(
            "POST",
            settings.token_url,
            authorization=authorization,
            body=urlencode(asked).encode(),
            content_type="application/x-www-form-urlencoded",
        )


def _read(exchanged: Exchanged) -> tuple[Token, float]:
    """The token and how many seconds it lasts."""
    if exchanged.problem is not None:
        return Token(None, f"the authorization server gave no token: {exchanged.problem}"), 0.0
    try:
        granted = _granted.decode(exchanged.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Token(None, "the authorization server's answer holds no access_token"), 0.0
    value = granted.access_token
    if not value.isascii() or not value.isprintable() or " " in value or not value:
        return Token(None, "the authorization server's access_token is none that can be sent"), 0.0
    lasts_s = granted.expires_in if granted.expires_in is not None else _lifetime_s(value)
    return Token(value), max(0.0, lasts_s)


def _lifetime_s(token: str) -> float:
    """What a JWT says of its own life. Nothing is trusted: a wrong one only ends with a 401."""
    parts = token.split(".")
    if len(parts) == 3:
        try:
            claims = _expiry.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        except (msgspec.MsgspecError, binascii.Error, ValueError, RecursionError):
            return UNSTATED_S
        if claims.exp is not None and claims.iat is not None:
            return claims.exp - claims.iat
    return UNSTATED_S
