"""Operational intents: list, file, read, change, end."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from comity.errors import NotFound
from comity.http.access import DUTY, READER
from comity.http.answers import Answer, Items, ItemWritten, ok
from comity.http.quota import Use
from comity.http.reads import Near, items
from comity.http.routing import Call, Route
from comity.http.writes import submit
from comity.ids import EntityId, Ovn
from comity.model.command import EndIntent
from comity.model.released import ItemKind, ReleasedItem
from comity.wire.native import IntentBody, IntentChange


class AtOvn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``ovn``: the version that the change is based on."""

    ovn: Annotated[Ovn, Meta(min_length=1, max_length=64)]


async def list_intents(call: Call) -> Answer:
    return items(call, ItemKind.INTENT)


async def file_intent(call: Call) -> Answer:
    return await submit(call, call.body(IntentBody).command())


async def read_intent(call: Call) -> Answer:
    item = call.exchange.item(call.caller.participant.id, call.id())
    if item.kind is not ItemKind.INTENT:
        raise NotFound("no intent with this id is released to you", field="id")
    return ok(item)


async def change_intent(call: Call) -> Answer:
    return await submit(call, call.body(IntentChange).command(call.id()))


async def end_intent(call: Call) -> Answer:
    return await submit(call, EndIntent(EntityId(call.id()), call.query(AtOvn).ovn))


ROUTES = (
    Route(
        "POST",
        "/v1/intents",
        DUTY,
        file_intent,
        "File an operational intent",
        {201: ItemWritten, 200: ItemWritten},
        use=Use.WRITE,
        body=IntentBody,
        write=True,
        refusals=("strategic_conflict",),
    ),
    Route("GET", "/v1/intents", READER, list_intents, "Intents: own and released", {200: Items}, query=Near),
    Route(
        "GET",
        "/v1/intents/{id}",
        READER,
        read_intent,
        "One intent, by own id or by reference",
        {200: ReleasedItem},
    ),
    Route(
        "PUT",
        "/v1/intents/{id}",
        DUTY,
        change_intent,
        "Change an own intent",
        {200: ItemWritten},
        use=Use.WRITE,
        body=IntentChange,
        write=True,
        refusals=("strategic_conflict",),
    ),
    Route(
        "DELETE",
        "/v1/intents/{id}",
        DUTY,
        end_intent,
        "End an own intent",
        {200: ItemWritten},
        use=Use.WRITE,
        query=AtOvn,
        write=True,
    ),
)
