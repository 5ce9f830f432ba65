"""Constraints: list, publish, read, change (which also releases and cancels)."""

from __future__ import annotations

from comity.errors import NotFound
from comity.http.access import AIRSPACE, READER
from comity.http.answers import Answer, Items, ItemWritten, ok
from comity.http.quota import Use
from comity.http.reads import Near, items
from comity.http.routing import Call, Route
from comity.http.writes import submit
from comity.model.released import ItemKind, ReleasedItem
from comity.wire.native import ConstraintBody, ConstraintChange


async def list_constraints(call: Call) -> Answer:
    return items(call, ItemKind.CONSTRAINT)


async def publish_constraint(call: Call) -> Answer:
    return await submit(call, call.body(ConstraintBody).command())


async def read_constraint(call: Call) -> Answer:
    item = call.exchange.item(call.caller.participant.id, call.id())
    if item.kind is not ItemKind.CONSTRAINT:
        raise NotFound("no constraint with this id is released to you", field="id")
    return ok(item)


async def change_constraint(call: Call) -> Answer:
    return await submit(call, call.body(ConstraintChange).command(call.id()))


ROUTES = (
    Route(
        "GET",
        "/v1/constraints",
        READER,
        list_constraints,
        "Constraints: own and released",
        {200: Items},
        query=Near,
    ),
    Route(
        "POST",
        "/v1/constraints",
        AIRSPACE,
        publish_constraint,
        "Publish a constraint",
        {201: ItemWritten, 200: ItemWritten},
        use=Use.WRITE,
        body=ConstraintBody,
        write=True,
    ),
    Route(
        "GET",
        "/v1/constraints/{id}",
        READER,
        read_constraint,
        "One constraint, by own id or by reference",
        {200: ReleasedItem},
    ),
    Route(
        "PUT",
        "/v1/constraints/{id}",
        AIRSPACE,
        change_constraint,
        "Change, release or cancel an own constraint",
        {200: ItemWritten},
        use=Use.WRITE,
        body=ConstraintChange,
        write=True,
    ),
)
