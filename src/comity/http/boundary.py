"""The request boundary: from ASGI to a handler and back, the same for every route.

In this order: method, token, role and scope, quota, headers, query, body, handler. Nothing of a body is
read before the caller may use the route. Every error of ours becomes its JSON; any other exception is
counted, logged without its words, and answered by one constant, so that no cause shows from outside.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Mapping
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from comity.errors import ComityError, InvalidInput, NotFound, TooLarge
from comity.http.access import Caller, Gate
from comity.http.answers import INTERNAL, Answer, error_answer, refusal
from comity.http.metrics import Metrics
from comity.http.quota import Use
from comity.http.routing import Call, Route, Services, reader_of
from comity.ids import REQUEST_ID, RequestId
from comity.wire.decode import from_query

_log = logging.getLogger("comity.http")

_MOST_PARAMETERS: Final = 20
"""Query parameters; no route has half as many. Bounds the work of parsing."""

SECURITY: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
HSTS: Final = (b"strict-transport-security", b"max-age=31536000")


class PathEndpoint:
    """All methods of one path, as an ASGI application."""

    def __init__(self, routes: list[Route], services: Services, gate: Gate, metrics: Metrics) -> None:
        self.routes: dict[str, Route] = {route.method: route for route in routes}
        if "GET" in self.routes:
            self.routes["HEAD"] = self.routes["GET"]
        self._template = routes[0].path
        self._readers = {route.method: reader_of(route) for route in routes}
        self._services = services
        self._gate = gate
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        clock = self._services.exchange.clock
        began_s = clock.monotonic()
        caller: Caller | None = None
        method: str = scope["method"]
        route = self.routes.get(method)
        if route is None:
            answer = self._wrong_method()
        else:
            call = self._call(route, scope)
            found = await contain(self._answer(call, scope, receive), self._metrics, self._template)
            answer = found or INTERNAL
            caller = call.caller_or_none
        await send_answer(answer, scope, send)
        self._account(method if route else "OTHER", answer, clock.monotonic() - began_s, caller)

    async def _answer(self, call: Call, scope: Scope, receive: Receive) -> Answer:
        try:
            self._admit(call, scope)
            await self._fill(call, receive)
            return await call.route.handler(call)
        except ComityError as error:
            self._metrics.refusals.labels(error.code).inc()
            return error_answer(error)

    def _call(self, route: Route, scope: Scope) -> Call:
        services = self._services
        target = scope["raw_path"].decode("ascii", "replace")
        if scope["query_string"]:
            target += "?" + scope["query_string"].decode("ascii", "replace")
        now = services.exchange.clock.now()
        return Call(route, services, now, scope["method"], target, scope.get("path_params", {}), {})

    def _admit(self, call: Call, scope: Scope) -> None:
        """Finds the caller, and whether it may use the route and has quota left."""
        route, services = call.route, self._services
        headers = call.headers = single_headers(scope)
        if not route.access.public:
            authorization = headers.get(b"authorization")
            caller = self._gate.identify(authorization.decode("latin-1") if authorization else None, call.now)
            call.caller_or_none = caller
            self._gate.permit(caller, route.access)
            if route.use is not Use.REPORT:
                monotonic_s = services.exchange.clock.monotonic()
                services.quotas.take(caller.participant.id, route.use, monotonic_s)
        if route.write:
            call.request_id = _request_id(headers)
        call.query_value = from_query(query_values(scope["query_string"]), route.query)

    async def _fill(self, call: Call, receive: Receive) -> None:
        """Reads and decodes the body."""
        route, services = call.route, self._services
        reader = self._readers[route.method]
        expected = reader is not None or route.text_body
        _check_media(call.headers, expected, route.text_body)
        server = services.config.server
        limit = (server.feed_body_bytes if route.feed else server.body_bytes) if expected else 0
        if expected or b"content-length" in call.headers or b"transfer-encoding" in call.headers:
            call.raw_body = await read_body(call.headers, receive, limit, server.body_timeout_s)
        if route.feed:
            monotonic_s = services.exchange.clock.monotonic()
            who = call.caller.participant.id
            services.quotas.take(who, Use.REPORT, monotonic_s, max(1, len(call.raw_body)))
        if reader is not None:
            call.body_value = reader.read(call.raw_body)

    def _wrong_method(self) -> Answer:
        allowed = ", ".join(sorted(self.routes))
        return refusal("method_not_allowed", f"this path takes {allowed}", ((b"allow", allowed.encode()),))

    def _account(self, method: str, answer: Answer, took_s: float, caller: Caller | None) -> None:
        self._metrics.requests.labels(method, self._template, answer.status).inc()
        self._metrics.seconds.labels(method, self._template).observe(took_s)
        if _log.isEnabledFor(logging.INFO):
            who = caller.identity if caller else None
            extra = {
                "request": os.urandom(8).hex(),
                "participant": who.participant if who else None,
                "person": who.person if who else None,
                "method": method,
                "route": self._template,
                "status": answer.status,
                "duration_ms": round(took_s * 1e3, 2),
            }
            _log.info("request", extra=extra)


T = TypeVar("T")


async def contain(work: Awaitable[T], metrics: Metrics, template: str) -> T | None:
    """The result of ``work``; None where it failed in a way nobody foresaw, which is counted and logged
    by type and place, without words that could quote what was asked."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001  # the request boundary: what was not foreseen ends here
        metrics.failures.labels(template).inc()
        _log.error("a request failed unexpectedly", exc_info=error, extra={"route": template})
        return None


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """The answer for a path that there is not; a WebSocket there is refused."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await send_answer(error_answer(NotFound("there is nothing at this path")), scope, send)


async def send_answer(answer: Answer, scope: Scope, send: Send) -> None:
    tls = (HSTS,) if scope["scheme"] == "https" else ()
    content = [
        (b"content-type", answer.content_type),
        (b"content-length", str(len(answer.body)).encode()),
    ]
    headers = [
        *(content if answer.status != 204 else ()),  # which has no content (RFC 9110, 8.6)
        *answer.headers,
        *SECURITY,
        *tls,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def single_headers(scope: Scope) -> dict[bytes, bytes]:
    """Headers by lower-case name. One that decides something may not come twice."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in found and name in _DECIDING:
            text = name.decode("latin-1")
            raise InvalidInput(f"{text} is given twice", field=text)
        found[name] = value
    return found


_DECIDING: Final = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-type",
        b"idempotency-key",
        b"comity-signature",
        b"comity-key-id",
        b"comity-signed-at",
    }
)


def _request_id(headers: Mapping[bytes, bytes]) -> RequestId:
    text = headers.get(b"idempotency-key", b"").decode("latin-1")
    if not REQUEST_ID.match(text):
        raise InvalidInput(
            "Idempotency-Key is required on writes: 8 to 64 of A-Z a-z 0-9 . _ : -", field="Idempotency-Key"
        )
    return RequestId(text)


def query_values(query_string: bytes) -> dict[str, str]:
    if not query_string:
        return {}
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError as error:
        raise InvalidInput(
            "the query must be name=value pairs in UTF-8, percent-encoded", field="query"
        ) from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise InvalidInput(f"{name[:100]} is given twice", field=name[:100])
        found[name] = value
    return found


def _check_media(headers: Mapping[bytes, bytes], expected: bool, text: bool) -> None:
    given = headers.get(b"content-type")
    if given is None or not expected:
        return
    essence = given.split(b";", 1)[0].strip().lower()
    wanted = b"text/plain" if text else b"application/json"
    if essence != wanted:
        raise InvalidInput(f"Content-Type must be {wanted.decode()}", field="Content-Type")


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, limit: int, timeout_s: float) -> bytes:
    """The whole body; refused as soon as it is known to be over ``limit`` bytes."""
    length = headers.get(b"content-length")
    if length is not None and length.isdigit() and int(length) > limit:
        raise _too_large(limit)
    message = await receive()
    if not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
        return body
    return await _rest(message, receive, limit, timeout_s)


async def _rest(message: Mapping[str, object], receive: Receive, limit: int, timeout_s: float) -> bytes:
    parts = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                if message["type"] == "http.disconnect":
                    raise InvalidInput("the body was cut off", field="body")
                chunk = message.get("body", b"")
                parts += chunk if isinstance(chunk, bytes) else b""
                if len(parts) > limit:
                    raise _too_large(limit)
                if not message.get("more_body", False):
                    return bytes(parts)
                message = await receive()
    except TimeoutError as error:
        raise InvalidInput(f"the body must arrive within {timeout_s:g} s", field="body") from error


def _too_large(limit: int) -> TooLarge:
    if limit == 0:
        return TooLarge("this request takes no body", field="body")
    return TooLarge(f"the body must be at most {limit} bytes", field="body")
