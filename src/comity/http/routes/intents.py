"""Operational intents: list, file, read, change, end."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from comity.errors import NotFound, StrategicConflict
from comity.http.access import DUTY, READER
from comity.http.answers import Answer, Items, ItemWritten, ok
from comity.http.quota import Use
from comity.http.reads import Near, items
from comity.http.routes.plans import add_alternatives
from comity.http.routing import Call, Route
from comity.http.writes import submit
from comity.ids import EntityId, Ovn, Reference
from comity.model.command import EndIntent
from comity.model.plan import Search
from comity.model.released import ItemKind, ReleasedItem
from comity.wire.native import IntentBody, IntentChange


class AtOvn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``ovn``: the version that the change is based on."""

    ovn: Annotated[Ovn, Meta(min_length=1, max_length=64)]


async def list_intents(call: Call) -> Answer:
    return items(call, ItemKind.INTENT)


async def file_intent(call: Call) -> Answer:
    body = call.body(IntentBody)
    try:
        return await submit(call, body.command())
    except StrategicConflict as refusal:
        if body.alternatives_ms:
            search = Search(
                volumes=body.volumes,
                category=body.category,
                crewed=body.crewed,
                priority=body.priority,
                accept_conflicts=body.accept_conflicts,
                limit_ms=body.alternatives_ms,
            )
            await add_alternatives(call, refusal, search)
        raise


async def read_intent(call: Call) -> Answer:
    item = call.exchange.item(call.caller.participant.id, call.id())
    if item.kind is not ItemKind.INTENT:
        raise NotFound("no intent with this id is released to you", field="id")
    return ok(item)


async def change_intent(call: Call) -> Answer:
    body = call.body(IntentChange)
    try:
        return await submit(call, body.command(call.id()))
    except StrategicConflict as refusal:
        if body.alternatives_ms:
            await add_alternatives(call, refusal, _changed(call, body))
        raise


def _changed(call: Call, body: IntentChange) -> Search:
    """The intent as it would be."""
    item = call.exchange.item(call.caller.participant.id, call.id())
    assert item.category is not None
    assert item.crewed is not None
    accepted = tuple(Reference(ref) for ref in item.accepted_conflicts or ())
    return Search(
        volumes=body.volumes or item.volumes,
        category=item.category,
        crewed=item.crewed,
        priority=(item.priority or 0) if body.priority is None else body.priority,
        id=EntityId(item.ref),
        accept_conflicts=(*accepted, *body.accept_conflicts),
        limit_ms=body.alternatives_ms,
    )


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
        refusals=("strategic_conflict", "undecidable", "uss_down"),
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
        refusals=("strategic_conflict", "undecidable", "uss_down"),
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
