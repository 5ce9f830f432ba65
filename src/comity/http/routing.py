"""Routes as data, and the call that a handler gets.

A ``Route`` is everything there is to know about one method of one path: access, quota, query, body,
answer, handler. The boundary obeys it, the OpenAPI document is written from it, and tests walk it, so that
the three cannot differ.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

import msgspec

from comity.config import Config
from comity.errors import NotFound
from comity.http.access import Access, Caller
from comity.http.answers import Answer
from comity.http.pages import Pages
from comity.http.port import ExchangePort
from comity.http.quota import Quotas, Use
from comity.ids import RequestId
from comity.wire.decode import Reader

T = TypeVar("T")
Handler = Callable[["Call"], Awaitable[Answer]]

LONGEST_ID: Final = 64
"""Characters of an id in a path; none that the exchange makes or admits is longer."""


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A route that takes no query parameters."""


class Route(msgspec.Struct, frozen=True):
    """``write``: goes through submit, so it carries an ``Idempotency-Key`` and may be signed.
    ``answers``: the schema of each successful status. ``media``: what the successful answer is.
    ``refusals``: error codes beyond those that follow from the rest. ``documented``: a part of the API."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    access: Access
    handler: Handler
    summary: str
    answers: Mapping[int, Any]
    use: Use = Use.READ
    query: type[msgspec.Struct] = NoQuery
    body: type[msgspec.Struct] | None = None
    text_body: bool = False
    write: bool = False
    evidence: bool = True
    media: str = "application/json"
    refusals: tuple[str, ...] = ()
    documented: bool = True

    @property
    def feed(self) -> bool:
        return self.use is Use.REPORT

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the path, in order."""
        return tuple(part[1:-1].partition(":")[0] for part in self.path.split("/") if part.startswith("{"))


class Services(msgspec.Struct, frozen=True):
    """What handlers use. ``wait_tick`` waits for the stream's next tick, at most the given seconds;
    ``still_welcome`` raises where a caller that has waited may no longer be answered."""

    exchange: ExchangePort
    config: Config
    quotas: Quotas
    wait_tick: Callable[[float], Awaitable[None]]
    still_welcome: Callable[[Caller, Access], None]
    metrics_text: Callable[[], bytes]
    openapi: Callable[[], bytes]
    token_keys_problem: Callable[[], str | None]
    static: Pages
    docs: Pages


class Call(msgspec.Struct):
    """One request that passed the gate. ``target`` is the path with its query, as sent."""

    route: Route
    services: Services
    now: datetime
    method: str
    target: str
    path: Mapping[str, str]
    headers: Mapping[bytes, bytes]
    caller_or_none: Caller | None = None
    query_value: Any = None
    body_value: Any = None
    raw_body: bytes = b""
    request_id: RequestId | None = None

    @property
    def caller(self) -> Caller:
        if self.caller_or_none is None:
            raise AssertionError("a public route asked for its caller")
        return self.caller_or_none

    @property
    def exchange(self) -> ExchangePort:
        return self.services.exchange

    def query(self, type_: type[T]) -> T:
        return _typed(self.query_value, type_)

    def body(self, type_: type[T]) -> T:
        return _typed(self.body_value, type_)

    def id(self, name: str = "id") -> str:
        """An id from the path. One that cannot be an id is one that nothing has."""
        value = self.path[name]
        if len(value) > LONGEST_ID or not value.isascii() or not value.isprintable():
            raise NotFound(f"nothing here has this {name}", field=name)
        return value


def _typed(value: object, type_: type[T]) -> T:
    if not isinstance(value, type_):
        raise AssertionError(f"the route does not declare {type_.__name__}")
    return value


def reader_of(route: Route) -> Reader[msgspec.Struct] | None:
    return None if route.body is None else Reader(route.body, evidence=route.evidence)
