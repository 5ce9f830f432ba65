"""The request boundary of the standards' interfaces: from ASGI to a handler and back.

In this order: path, method, token, scopes, quota, query, body, handler; nothing of a body or an id is looked
at before the caller may use the route. Every error is ``{"message": ...}`` as the standards' ErrorResponse, a
refused key with the lists of their AirspaceConflictResponse; what nobody foresaw is counted, logged without
its words and answered by one constant.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from comity.config import Config
from comity.errors import (
    STATUS,
    ComityError,
    InvalidInput,
    NotPermitted,
    QuotaExceeded,
    Unauthenticated,
)
from comity.http.answers import JSON, NO_STORE, Answer, Headers
from comity.http.boundary import contain, read_body, send_answer
from comity.http.metrics import Metrics
from comity.http.quota import Bucket
from comity.http.standards.routing import Finder, Found, StandardCall, StandardRoute, StandardServices
from comity.http.standards.tokens import REFUSAL, StandardVerifier
from comity.model.f3548 import peer
from comity.wire.encode import encode

_log = logging.getLogger("comity.http.standards")

LISTS: Final = ("missing_operational_intents", "missing_constraints")
"""What a refused key's error carries in its detail besides, when there is any (F3548-21,
AirspaceConflictResponse)."""

_MOST_PARAMETERS: Final = 20
_MOST_BUCKETS: Final = 10_000
"""Managers whose use is remembered. Past it all begin anew; an authority vouches for far fewer."""


def message(status: int, text: str, headers: Headers = (), more: Mapping[str, Any] | None = None) -> Answer:
    return Answer(status, encode({"message": text, **(more or {})}), JSON, (NO_STORE, *headers))


INTERNAL: Final = message(500, "the exchange failed on this request; it was counted and logged")
NOTHING_HERE: Final = message(404, "there is nothing at this path")


class Allowances:
    """Each manager's quotas of reads and writes, as buckets made on first use."""

    def __init__(self, config: Config) -> None:
        limits = config.f3548
        self._writes = limits.writes_per_s, float(limits.writes_burst)
        self._reads = limits.reads_per_s, float(limits.reads_burst)
        self._buckets: dict[tuple[str, bool], Bucket] = {}

    def take(self, manager: str, write: bool, monotonic_s: float) -> None:
        """Raises ``QuotaExceeded`` with ``detail["retry_after_s"]``, whole seconds."""
        bucket = self._buckets.get((manager, write))
        if bucket is None:
            if len(self._buckets) >= _MOST_BUCKETS:
                self._buckets.clear()
            bucket = self._buckets[manager, write] = Bucket(*(self._writes if write else self._reads))
        wait_s = bucket.take(1.0, monotonic_s)
        if wait_s > 0:
            what = "writes" if write else "reads"
            raise QuotaExceeded(
                f"your quota of {what} is used up", detail={"retry_after_s": max(1, math.ceil(wait_s))}
            )


class StandardsEndpoint:
    """All routes of the standards' interfaces, as an ASGI application."""

    def __init__(
        self,
        routes: Iterable[StandardRoute],
        services: StandardServices,
        verifier: StandardVerifier,
        metrics: Metrics,
    ) -> None:
        self.routes = tuple(routes)
        self._finder = Finder(self.routes)
        self._services = services
        self._verifier = verifier
        self._metrics = metrics
        self._allowances = Allowances(services.config)

    def takes(self, scope: Scope) -> bool:
        """Whether a request is for here: its path lies below one of the standards' roots."""
        return scope["type"] == "http" and self._finder.ours(_raw_path(scope))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        clock = self._services.clock
        began_s = clock.monotonic()
        found = self._finder.find(_raw_path(scope))
        if found is None:
            await send_answer(NOTHING_HERE, scope, send)
            return
        method: str = scope["method"]
        route = found.routes.get(method)
        sub = ""
        if route is None:
            answer = _wrong_method(found)
        else:
            call = StandardCall(route, self._services, clock.now(), found.path)
            answer = (
                await contain(self._answer(call, scope, receive), self._metrics, found.template) or INTERNAL
            )
            sub = call.sub
        await send_answer(answer, scope, send)
        self._account(method if route else "OTHER", found.template, answer, clock.monotonic() - began_s, sub)

    async def _answer(self, call: StandardCall, scope: Scope, receive: Receive) -> Answer:
        try:
            self._admit(call, scope)
            if call.route.method in ("POST", "PUT"):
                await self._fill(call, scope, receive)
            return await call.route.handler(call)
        except ComityError as error:
            self._metrics.refusals.labels(error.code).inc()
            return error_answer(error)

    def _admit(self, call: StandardCall, scope: Scope) -> None:
        """Finds who is asking, and whether they may use the route and have quota left."""
        route = call.route
        if route.scopes:
            monotonic_s = self._services.clock.monotonic()
            bearer = self._verifier.verify(_authorization(scope), call.now, monotonic_s)
            call.sub, call.scopes = bearer.sub, bearer.scopes
            if not route.permits(bearer.scopes):
                raise NotPermitted(f"the token's scopes must be one of these: {_options(route)}")
            self._allowances.take(bearer.sub, route.write, monotonic_s)
        if scope["query_string"]:
            call.query = _query(scope["query_string"])

    async def _fill(self, call: StandardCall, scope: Scope, receive: Receive) -> None:
        server = self._services.config.server
        limit = server.body_bytes if call.route.body_bytes is None else call.route.body_bytes
        length = {name: value for name, value in scope["headers"] if name == b"content-length"}
        call.raw_body = await read_body(length, receive, limit, server.body_timeout_s)

    def _account(self, method: str, template: str, answer: Answer, took_s: float, sub: str) -> None:
        self._metrics.requests.labels(method, template, answer.status).inc()
        self._metrics.seconds.labels(method, template).observe(took_s)
        if _log.isEnabledFor(logging.INFO):
            extra = {
                "request": os.urandom(8).hex(),
                "participant": peer(sub) if sub else None,
                "method": method,
                "route": template,
                "status": answer.status,
                "duration_ms": round(took_s * 1e3, 2),
            }
            _log.info("request", extra=extra)


def error_answer(error: ComityError) -> Answer:
    """An error of ours in the standards' form. The message says which field it is about."""
    headers: Headers = ()
    if error.code == "unauthenticated":
        headers = ((b"www-authenticate", b"Bearer"),)
    elif error.code == "quota_exceeded":
        headers = ((b"retry-after", str(error.detail.get("retry_after_s", 1)).encode()),)
    elif STATUS[error.code] == 503:
        headers = ((b"retry-after", b"1"),)
    text = error.message
    if error.field and not text.startswith(error.field):
        text = f"{error.field}: {text}"
    more = {name: error.detail[name] for name in LISTS if error.detail.get(name)}
    return message(STATUS[error.code], text, headers, more)


def _wrong_method(found: Found) -> Answer:
    allowed = ", ".join(sorted(found.routes))
    return message(405, f"this path takes {allowed}", ((b"allow", allowed.encode()),))


def _options(route: StandardRoute) -> str:
    return " or ".join(sorted(" and ".join(sorted(option)) for option in route.scopes))


def _raw_path(scope: Scope) -> bytes:
    path: bytes = scope["raw_path"]
    return path


def _authorization(scope: Scope) -> bytes | None:
    """The header's value; given twice it is as good as none."""
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(given) > 1:
        raise Unauthenticated(REFUSAL)
    return given[0] if given else None


def _query(query_string: bytes) -> dict[str, str]:
    """Parameters by name. Names that a route does not know are its to ignore."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError as error:
        raise InvalidInput("the query must be name=value pairs in UTF-8", field="query") from error
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidInput("a parameter is given twice", field="query")
    return found
