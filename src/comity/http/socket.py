"""The WebSocket endpoint ``/v1/stream``: signing in, and one client's connection to the hub.

Programs send their token in the ``Authorization`` header and are refused by status. Browsers cannot, so
their first message is ``{"token": "..."}``, within a few seconds, and their ``Origin`` must be this
server's own or a configured one. After that a client has nothing to say: the stream goes one way.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec
from starlette.types import Receive, Scope, Send

from comity.errors import ComityError, InvalidInput, NotPermitted, Unauthenticated, Unavailable
from comity.http.access import READER, Access, Caller, Gate
from comity.http.answers import error_answer
from comity.http.boundary import SECURITY, contain, query_values, single_headers
from comity.http.frames import Form, farewell_text
from comity.http.metrics import Metrics
from comity.http.outbox import Farewell
from comity.http.quota import Use
from comity.http.routing import Services
from comity.http.stream import FORBIDDEN, REVOKED, TOO_MUCH, Client, Hub
from comity.http.tokens import LONGEST_TOKEN, REFUSAL
from comity.wire.decode import Reader, from_query

_log = logging.getLogger("comity.http.socket")

PATH: Final = "/v1/stream"
BUSY: Final = 4429
_UNEXPECTED: Final = 1008
"""RFC 6455 policy violation."""

CLOSE_CODES: Final[Mapping[str, int]] = {
    "unauthenticated": REVOKED,
    "not_permitted": FORBIDDEN,
    "too_large": TOO_MUCH,
    "quota_exceeded": BUSY,
}
_MOST_STRANGERS: Final = 200
"""Sockets that have not signed in yet; more are refused, so that strangers cannot hold memory."""


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str


class StreamQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``cursor``: where an earlier stream or page ended. ``frames``: json, or binary for packed positions."""

    cursor: str | None = None
    frames: Form = Form.JSON


_SIGN_IN: Final = Reader(SignIn)


class TransportWire:
    """The lower end of an ASGI connection, where the server offers it (``protocols``)."""

    def __init__(self, scope: Scope) -> None:
        self._transport: asyncio.Transport | None = scope.get("extensions", {}).get("comity.transport")

    def unsent(self) -> int:
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class StreamEndpoint:
    """``/v1/stream`` as an ASGI application. Declares what it needs like every other route."""

    path = PATH
    access: Access = READER

    def __init__(self, services: Services, gate: Gate, hub: Hub, metrics: Metrics) -> None:
        self._services = services
        self._gate = gate
        self._hub = hub
        self._metrics = metrics
        self._strangers = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await contain(self._serve(scope, receive, send), self._metrics, PATH)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            caller, query = self._knock(scope)
        except ComityError as error:
            await _deny(error, send)
            return
        await send({"type": "websocket.accept"})
        try:
            if caller is None:
                caller = await self._sign_in(receive)
            await self._stream(caller, query, scope, receive, send)
        except ComityError as error:
            code = CLOSE_CODES.get(error.code, _UNEXPECTED)
            await _part(Farewell(farewell_text(error.message), code, error.message), send)

    def _knock(self, scope: Scope) -> tuple[Caller | None, StreamQuery]:
        """Who is at the door, if a header says so, and what it asks for. Raises what is refused by status."""
        headers = single_headers(scope)
        self._check_origin(headers)
        query = from_query(query_values(scope["query_string"]), StreamQuery)
        authorization = headers.get(b"authorization")
        if authorization is not None:
            now = self._services.exchange.clock.now()
            return self._admit(self._gate.identify(authorization.decode("latin-1"), now)), query
        if self._strangers >= _MOST_STRANGERS:
            raise Unavailable("too many connections are signing in; try again")
        return None, query

    def _check_origin(self, headers: Mapping[bytes, bytes]) -> None:
        """Only a browser sends ``Origin``, and then always."""
        origin = headers.get(b"origin")
        if origin is None:
            return
        text = origin.decode("latin-1")
        host = headers.get(b"host", b"").decode("latin-1")
        if text not in self._services.config.stream.origins and _host(text) != host:
            raise NotPermitted("pages of another origin may not open a stream", field="Origin")

    async def _sign_in(self, receive: Receive) -> Caller:
        """The caller by the first message, within the configured seconds."""
        self._strangers += 1
        try:
            async with asyncio.timeout(self._services.config.stream.sign_in_s):
                message = await receive()
        except TimeoutError as error:
            raise Unauthenticated(REFUSAL) from error
        finally:
            self._strangers -= 1
        text = message.get("text")
        if not isinstance(text, str) or len(text) > LONGEST_TOKEN + 100:
            raise Unauthenticated(REFUSAL)
        try:
            token = _SIGN_IN.read(text.encode("utf-8", "replace")).token
        except InvalidInput as error:
            raise Unauthenticated(REFUSAL) from error
        return self._admit(self._gate.identify_token(token, self._services.exchange.clock.now()))

    def _admit(self, caller: Caller) -> Caller:
        self._gate.permit(caller, self.access)
        monotonic_s = self._services.exchange.clock.monotonic()
        self._services.quotas.take(caller.participant.id, Use.READ, monotonic_s)
        return caller

    async def _stream(
        self, caller: Caller, query: StreamQuery, scope: Scope, receive: Receive, send: Send
    ) -> None:
        who, quotas = caller.participant.id, self._services.quotas
        quotas.enter_stream(who)
        try:
            now = self._services.exchange.clock.now()
            client = self._hub.join(caller, query.cursor, now, TransportWire(scope), query.frames)
            try:
                await _converse(client, receive, send)
            finally:
                self._hub.leave(client)
        finally:
            quotas.leave_stream(who)


async def _converse(client: Client, receive: Receive, send: Send) -> None:
    """Sends until either side ends it."""

    async def send_all() -> Farewell:
        async def send_one(message: str | bytes) -> None:
            kind = "text" if isinstance(message, str) else "bytes"
            await send({"type": "websocket.send", kind: message})

        await send_one(client.greeting)
        return await client.outbox.run(send_one)

    async def listen() -> Farewell | None:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return None
        words = "a stream takes no messages"
        return Farewell(farewell_text(words), _UNEXPECTED, words)

    tasks = (asyncio.ensure_future(send_all()), asyncio.ensure_future(listen()))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        farewell = await done.pop()
        if farewell is not None:
            tasks[0].cancel()
            await _part(farewell, send)
    except OSError:
        return  # the client is gone
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _part(farewell: Farewell, send: Send) -> None:
    """Says goodbye and closes; a client that is gone already needs neither."""
    with contextlib.suppress(OSError):
        await send({"type": "websocket.send", "text": farewell.text})
        await send({"type": "websocket.close", "code": farewell.code, "reason": farewell.reason[:100]})


async def _deny(error: ComityError, send: Send) -> None:
    """Refuses the handshake with the same JSON as any other route."""
    answer = error_answer(error)
    headers = [(b"content-type", answer.content_type), *answer.headers, *SECURITY]
    await send({"type": "websocket.http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": answer.body})


def _host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None
