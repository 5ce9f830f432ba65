"""Requests over HTTP: attempts, idempotency keys, signatures, and errors turned back into their classes.

A connection that breaks, a timeout and "unavailable" are tried again with growing pauses, a write under
the same key each time; anything else the exchange said is final. A token is never sent in the clear
except to this machine itself.
"""

from __future__ import annotations

import os
import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.clock import Clock, SystemClock
from comity.errors import ComityError, InvalidInput, LedgerFull, Unavailable
from comity.wire.signing import CommandText, sign

T = TypeVar("T")

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0

Token = str | Callable[[], str]
"""A bearer token, or something that gives the current one."""


class Signer(NamedTuple):
    """A person's Ed25519 key, under the id with which it is registered."""

    key_id: str
    key: Ed25519PrivateKey


class Identity(NamedTuple):
    """What a signature is bound to; learnt from ``/v1/whoami``."""

    exchange: str
    participant: str
    person: str


class _Said(msgspec.Struct):
    """An error as the exchange writes it."""

    code: str
    message: str
    field: str | None = None
    detail: dict[str, Any] | None = None


def error_classes() -> dict[str, type[ComityError]]:
    """Every class of the tree by its code."""

    def below(cls: type[ComityError]) -> Iterator[type[ComityError]]:
        yield cls
        for child in cls.__subclasses__():
            yield from below(child)

    # What the exchange derives from one of the tree for its own use answers with that one's code.
    return {cls.code: cls for cls in below(ComityError) if cls.__module__ == ComityError.__module__}


def new_request_id() -> str:
    return uuid.uuid4().hex


def check_url(url: str) -> str:
    """Only https, or http to this machine."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput("url must be an http or https address such as https://host:8443", field="url")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise InvalidInput(
            "url must be https: a token is not sent in the clear to another machine", field="url"
        )
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _trust(url: str, ca_file: Path | None) -> ssl.SSLContext:
    """Certificates to believe; without TLS none, which also saves reading the system's."""
    if url.startswith("https"):
        return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Transport:
    """One connection pool to one exchange, for one person."""

    def __init__(
        self,
        url: str,
        token: Token | None,
        *,
        signer: Signer | None = None,
        timeout_s: float = 10.0,
        attempts: int = 6,
        ca_file: Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.url = check_url(url)
        self.token = token
        self.attempts = attempts
        self.tls = _trust(self.url, ca_file)
        self._signer = signer
        self._identity: Identity | None = None
        self._clock = clock or SystemClock()
        proxied = not _is_loopback(urlsplit(self.url).hostname or "")
        self._http = httpx.Client(base_url=self.url, timeout=timeout_s, verify=self.tls, trust_env=proxied)

    def close(self) -> None:
        self._http.close()

    def authorization(self) -> dict[str, str]:
        if self.token is None:
            return {}
        value = self.token if isinstance(self.token, str) else self.token()
        return {"Authorization": f"Bearer {value}"}

    def read(self, path: str, type_: type[T], params: Mapping[str, Any] | None = None) -> T:
        """GET, decoded."""
        response = self._send("GET", path, params=_present(params), wait_s=(params or {}).get("wait_s", 0))
        return _decode(response, type_)

    def text(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        return self._send("GET", path, params=_present(params)).text

    def ask(self, path: str, body: bytes, type_: type[T], *, wait_s: float = 0.0) -> T:
        """POST of a question that changes nothing; ``wait_s``: how long its answer may take beyond others."""
        headers = {"Content-Type": "application/json"}
        return _decode(self._send("POST", path, body=body, headers=headers, wait_s=wait_s), type_)

    def write(
        self,
        method: str,
        path: str,
        body: bytes,
        type_: type[T],
        *,
        request_id: str | None = None,
        params: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> T:
        """A command or an observation; ``request_id`` makes a later repetition the same command."""
        key = request_id or new_request_id()
        target = str(httpx.URL(path, params=_present(params)))
        headers = {"Idempotency-Key": key}
        if body:
            headers["Content-Type"] = content_type
        signing = (method, target, key, body) if self._signer else None
        return _decode(self._send(method, target, body=body, headers=headers, signing=signing), type_)

    def learn(self, identity: Identity) -> None:
        self._identity = identity

    def needs_identity(self) -> bool:
        return self._signer is not None and self._identity is None

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        signing: tuple[str, str, str, bytes] | None = None,
        wait_s: float = 0.0,
    ) -> httpx.Response:
        pause_s = FIRST_PAUSE_S
        for attempt in range(1, self.attempts + 1):
            sent = {**(headers or {}), **self.authorization()}
            if signing is not None:
                sent |= self._signature(*signing)
            try:
                timeout_s = (self._http.timeout.read or 0) + wait_s
                response = self._http.request(
                    method, path, params=params, content=body, headers=sent, timeout=timeout_s
                )
                failure = said(response)
            except httpx.TransportError as error:
                failure = Unavailable(f"no answer from {self.url}: {str(error) or type(error).__name__}")
                failure.__cause__ = error
            if failure is None:
                return response
            final = not isinstance(failure, Unavailable) or isinstance(failure, LedgerFull)
            if final or attempt == self.attempts:
                raise failure
            time.sleep(pause_s * (0.75 + os.urandom(1)[0] / 512))
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _signature(self, method: str, target: str, key: str, body: bytes) -> dict[str, str]:
        """Signed anew for each attempt, because a signature's time must be near the exchange's."""
        if self._signer is None or self._identity is None:
            raise AssertionError("signing needs a signer and an identity")
        signed_at = self._clock.now().isoformat().replace("+00:00", "Z")
        text = CommandText(
            exchange=self._identity.exchange,
            participant=self._identity.participant,
            person=self._identity.person,
            request_id=key,
            method=method,
            target=target,
            signed_at=signed_at,
            body=body,
        )
        signed = sign(text, self._signer.key_id, self._signer.key)
        return {
            "Comity-Signature": signed.signature,
            "Comity-Key-Id": signed.key_id,
            "Comity-Signed-At": signed_at,
        }


def _present(params: Mapping[str, Any] | None) -> dict[str, str] | None:
    """Query values as text, without those that are None."""
    return {k: str(v) for k, v in params.items() if v is not None} if params else None


def said(response: httpx.Response) -> ComityError | None:
    """The error in an answer, as its class; None if it is none."""
    if response.is_success:
        return None
    try:
        error = msgspec.json.decode(response.content, type=_Said)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        cls = Unavailable if response.status_code in (502, 503, 504) else ComityError
        return cls(f"status {response.status_code} from {response.url}, which does not answer like Comity")
    cls = error_classes().get(error.code, ComityError)
    return cls(error.message, field=error.field, detail=error.detail)


def _decode(response: httpx.Response, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(response.content, type=type_)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        message = f"{response.url.path} answered what this version of the client cannot read: {error}"
        raise ComityError(message) from error
