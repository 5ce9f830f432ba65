"""F3411-22a, DSS: identification service areas and the subscriptions to them, below ``/rid/v2/dss``.

Thin: a body or a query becomes a command or a search by ``wire.f3411``, and ``exchange.identification``
answers in the API's own forms.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Literal

from comity.http.answers import Answer
from comity.http.standards.routing import Scopes, StandardCall, StandardRoute, answer, any_of
from comity.ids import EntityId
from comity.model.dss_command import (
    PutIsaSubscription,
    PutServiceArea,
    RemoveIsaSubscription,
    RemoveServiceArea,
)
from comity.wire import f3411 as wire
from comity.wire.f3548_bodies import entity_id

DISPLAY: Final = any_of("rid.display_provider")
SERVICE: Final = any_of("rid.service_provider")
EITHER: Final = any_of("rid.display_provider", "rid.service_provider")

AREAS: Final = "/rid/v2/dss/identification_service_areas"
SUBSCRIPTIONS: Final = "/rid/v2/dss/subscriptions"


async def search_areas(call: StandardCall) -> Answer:
    cells = wire.area_cells(call.query.get("area"))
    earliest = wire.query_time(call.query.get("earliest_time"), "earliest_time")
    latest = wire.query_time(call.query.get("latest_time"), "latest_time")
    return answer(call.exchange.identification.service_areas(cells, earliest, latest))


async def get_area(call: StandardCall) -> Answer:
    return answer(call.exchange.identification.service_area(_id(call)))


async def put_area(call: StandardCall) -> Answer:
    put = _put(call)
    command = PutServiceArea(_id(call), call.path.get("version"), put.box, put.url)
    return answer(await call.exchange.identification.submit(call.sub, command))


async def delete_area(call: StandardCall) -> Answer:
    command = RemoveServiceArea(_id(call), call.path["version"])
    return answer(await call.exchange.identification.submit(call.sub, command))


async def search_subscriptions(call: StandardCall) -> Answer:
    cells = wire.area_cells(call.query.get("area"))
    return answer(call.exchange.identification.subscriptions(call.sub, cells))


async def get_subscription(call: StandardCall) -> Answer:
    return answer(call.exchange.identification.subscription(_id(call)))


async def put_subscription(call: StandardCall) -> Answer:
    put = _put(call)
    id = _id(call)
    command = PutIsaSubscription(id, call.path.get("version"), put.box, put.url)
    return answer(await call.exchange.identification.submit(call.sub, command))


async def delete_subscription(call: StandardCall) -> Answer:
    command = RemoveIsaSubscription(_id(call), call.path["version"])
    return answer(await call.exchange.identification.submit(call.sub, command))


def _id(call: StandardCall) -> EntityId:
    return entity_id(call.path["id"], "id")


def _put(call: StandardCall) -> wire.Put:
    return wire.put_of(call.body(wire.PutParameters), allow_http=call.config.f3548.allow_http)


def _route(
    method: Literal["GET", "PUT", "DELETE"],
    path: str,
    scopes: Scopes,
    handler: Callable[[StandardCall], Awaitable[Answer]],
    summary: str,
) -> StandardRoute:
    return StandardRoute(method, path, scopes, handler, summary, write=method != "GET")


ROUTES: Final[tuple[StandardRoute, ...]] = (
    _route("GET", AREAS, DISPLAY, search_areas, "Find identification service areas"),
    _route("GET", f"{AREAS}/{{id}}", EITHER, get_area, "One of them"),
    _route("PUT", f"{AREAS}/{{id}}", SERVICE, put_area, "Create one"),
    _route("PUT", f"{AREAS}/{{id}}/{{version}}", SERVICE, put_area, "Change one"),
    _route("DELETE", f"{AREAS}/{{id}}/{{version}}", SERVICE, delete_area, "Delete one"),
    _route("GET", SUBSCRIPTIONS, DISPLAY, search_subscriptions, "Find one's own subscriptions"),
    _route("GET", f"{SUBSCRIPTIONS}/{{id}}", EITHER, get_subscription, "One of them"),
    _route("PUT", f"{SUBSCRIPTIONS}/{{id}}", DISPLAY, put_subscription, "Create one"),
    _route("PUT", f"{SUBSCRIPTIONS}/{{id}}/{{version}}", DISPLAY, put_subscription, "Change one"),
    _route("DELETE", f"{SUBSCRIPTIONS}/{{id}}/{{version}}", DISPLAY, delete_subscription, "Delete one"),
)
