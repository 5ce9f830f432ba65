"""Routes of the standards' interfaces as data, the call that a handler gets, and finding a route.

A path is split at its slashes as it was sent, each part percent-decoded on its own, so that an encoded slash
or an empty last part stays where it stood: ``DELETE .../{id}/`` is a call with an empty ovn, which its
handler refuses, and not a path that there is not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal, TypeVar
from urllib.parse import unquote

import msgspec

from comity.clock import Clock
from comity.config import Config
from comity.http.answers import Answer
from comity.http.port import StandardsPort
from comity.wire.encode import encode
from comity.wire.lenient import Lenient

T = TypeVar("T")
Handler = Callable[["StandardCall"], Awaitable[Answer]]
Scopes = tuple[frozenset[str], ...]
"""Options: a token must carry all scopes of one of them. None at all: the route is public."""

PUBLIC: Final[Scopes] = ()

LONGEST_PATH: Final = 20
"""Parts of a path; none of the standards' has half as many. Bounds the work of finding a route."""


def any_of(*scopes: str) -> Scopes:
    """Each of these alone is enough."""
    return tuple(frozenset({scope}) for scope in scopes)


class StandardRoute(msgspec.Struct, frozen=True):
    """``path`` from the root of the server, its variable parts as ``{name}``. ``body_bytes``: how long a body
    may be, None for the server's own limit; GET and DELETE read none. ``write``: counts as a write of the
    manager's quota, and otherwise as a read."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    scopes: Scopes
    handler: Handler
    summary: str
    body_bytes: int | None = None
    write: bool = False

    def permits(self, granted: frozenset[str]) -> bool:
        return not self.scopes or any(option <= granted for option in self.scopes)


class StandardServices(msgspec.Struct, frozen=True):
    """What handlers use."""

    exchange: StandardsPort
    config: Config

    @property
    def clock(self) -> Clock:
        return self.exchange.clock


class StandardCall(msgspec.Struct):
    """One request that passed the boundary. ``sub`` and ``scopes`` are the token's; a public route has
    neither."""

    route: StandardRoute
    services: StandardServices
    now: datetime
    path: Mapping[str, str]
    sub: str = ""
    scopes: frozenset[str] = frozenset()
    query: Mapping[str, str] = {}
    raw_body: bytes = b""

    @property
    def exchange(self) -> StandardsPort:
        return self.services.exchange

    @property
    def config(self) -> Config:
        return self.services.config

    def body(self, type_: type[T]) -> T:
        """The body, with unknown fields ignored. Raises ``InvalidInput`` that names the field."""
        reader = _readers.get(type_)
        if reader is None:
            reader = _readers[type_] = Lenient(type_)
        value: T = reader.read(self.raw_body)
        return value


_readers: Final[dict[object, Lenient[Any]]] = {}
"""Made once for each type that a route reads."""


def answer(value: Any, status: int = 200) -> Answer:
    return Answer(status, encode(value))


class _Node:
    __slots__ = ("name", "named", "other", "routes")

    def __init__(self) -> None:
        self.named: dict[str, _Node] = {}
        self.other: _Node | None = None
        self.name = ""
        self.routes: dict[str, StandardRoute] = {}


class Found(msgspec.Struct, frozen=True):
    """The routes of a path by method, and the path's variable parts."""

    template: str
    routes: Mapping[str, StandardRoute]
    path: Mapping[str, str]


class Finder:
    """Finds routes by path, in a step for each of its parts. ``roots``: first parts of what is looked for
    here; everything below them is the standards', whether or not it is there."""

    def __init__(self, routes: Iterable[StandardRoute]) -> None:
        self._top = _Node()
        self.roots: set[tuple[str, ...]] = set()
        for route in routes:
            self._enter(route)

    def _enter(self, route: StandardRoute) -> None:
        parts = route.path.removeprefix("/").split("/")
        self.roots.add(tuple(part for part in parts[:2] if not part.startswith("{")))
        node = self._top
        for part in parts:
            if part.startswith("{"):
                node.other = node.other or _Node()
                node = node.other
                node.name = part[1:-1]
            else:
                node = node.named.setdefault(part, _Node())
        if route.method in node.routes:
            raise ValueError(f"{route.method} {route.path} is there twice")
        node.routes[route.method] = route
        if route.method == "GET":
            node.routes.setdefault("HEAD", route)

    def ours(self, raw_path: bytes) -> bool:
        """Whether the path lies below one of the roots."""
        parts = raw_path.decode("latin-1").removeprefix("/").split("/", 2)[:2]
        return tuple(parts) in self.roots or tuple(parts[:1]) in self.roots

    def find(self, raw_path: bytes) -> Found | None:
        parts = raw_path.decode("latin-1").removeprefix("/").split("/")
        if len(parts) > LONGEST_PATH:
            return None
        node, path = self._top, dict[str, str]()
        for part in parts:
            text = unquote(part, errors="replace") if "%" in part else part
            inner = node.named.get(text)
            if inner is None:
                if node.other is None:
                    return None
                inner = node.other
                path[inner.name] = text
            node = inner
        if not node.routes:
            return None
        return Found(next(iter(node.routes.values())).path, node.routes, path)
