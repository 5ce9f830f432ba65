"""What everyone may read: health as one word, the API's description, the pages' files."""

from __future__ import annotations

from typing import Any

from comity.errors import NotFound, Unavailable
from comity.http.access import PUBLIC
from comity.http.answers import Answer, Healthy, ok
from comity.http.quota import Use
from comity.http.routing import Call, Route


async def healthy(call: Call) -> Answer:
    if not call.exchange.healthy():
        raise Unavailable("the exchange cannot take commands now")
    return ok(Healthy("ok"))


async def openapi(call: Call) -> Answer:
    return Answer(200, call.services.openapi())


async def docs(call: Call) -> Answer:
    return call.services.docs.serve("index.html", gzipped=_gzipped(call))


async def docs_file(call: Call) -> Answer:
    return call.services.docs.serve(call.id("name"), gzipped=_gzipped(call))


async def index(call: Call) -> Answer:
    return call.services.static.index(gzipped=_gzipped(call))


async def asset(call: Call) -> Answer:
    name = call.path["name"]
    if not name.isascii() or len(name) > 200:
        raise NotFound("there is nothing at this path")
    return call.services.static.serve(f"assets/{name}", gzipped=_gzipped(call), keep=True)


def _gzipped(call: Call) -> bool:
    return b"gzip" in call.headers.get(b"accept-encoding", b"")


def _page(path: str, handler: Any, summary: str) -> Route:
    return Route(
        "GET",
        path,
        PUBLIC,
        handler,
        summary,
        {200: str},
        use=Use.NONE,
        media="text/html",
        documented=False,
    )


ROUTES = (
    Route(
        "GET",
        "/healthy",
        PUBLIC,
        healthy,
        "Whether the exchange takes commands",
        {200: Healthy},
        use=Use.NONE,
        refusals=("unavailable",),
    ),
    Route(
        "GET",
        "/v1/openapi.json",
        PUBLIC,
        openapi,
        "This document",
        {200: dict[str, Any]},
        use=Use.NONE,
    ),
    _page("/v1/docs", docs, "A page to read this document"),
    _page("/v1/docs/{name}", docs_file, "Files of that page"),
    _page("/", index, "The map"),
    _page("/assets/{name:path}", asset, "Files of the map"),
)
