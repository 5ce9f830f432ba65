"""What was released to the caller: items, changes, the picture; and what others have of the caller's own."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from comity.exchange.values import SeenBy
from comity.http.access import MEMBER, OWN_RULES, READER
from comity.http.answers import Answer, Items, Picture, Whoami, ok
from comity.http.reads import Near, items
from comity.http.routing import Call, Route
from comity.ids import ParticipantId
from comity.model.released import ChangePage, ReleasedItem
from comity.model.volume import Instant
from comity.wire.encode import encode, encode_object, encode_time

LONGEST_WAIT_S = 30.0
"""A waiting request's longest; proxies commonly cut at 60 s."""


class Following(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``cursor``: from an earlier page; without one a snapshot starts. ``wait_s``: how long to wait where
    there is nothing new."""

    cursor: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 1_000
    wait_s: Annotated[float, Meta(ge=0, le=LONGEST_WAIT_S)] = 0.0


class Looking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``at``: an earlier moment; ``recipient``: one participant alone."""

    at: Instant | None = None
    recipient: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{1,39}$", max_length=40)] | None = None


class Seen(msgspec.Struct, frozen=True):
    """What others have of one's own, item by item, with the rule that gave it."""

    seen: tuple[SeenBy, ...]


async def read_airspace(call: Call) -> Answer:
    return items(call)


async def read_item(call: Call) -> Answer:
    return ok(call.exchange.item(call.caller.participant.id, call.id("ref")))


async def follow_changes(call: Call) -> Answer:
    """Answers at once, or at the first of the stream's ticks by which something is new."""
    query = call.query(Following)
    exchange, who = call.exchange, call.caller.participant.id
    page = exchange.changes(who, query.cursor, query.limit)
    until_s = exchange.clock.monotonic() + query.wait_s
    if page.changes or page.reset or exchange.clock.monotonic() >= until_s:
        return ok(page)
    call.services.quotas.enter_stream(who)
    try:
        while not page.changes and not page.reset:
            left_s = until_s - exchange.clock.monotonic()
            if left_s <= 0:
                break
            await call.services.wait_tick(left_s)
            call.services.still_welcome(call.caller, call.route.access)
            page = exchange.changes(who, query.cursor, query.limit)
    finally:
        call.services.quotas.leave_stream(who)
    return ok(page)


async def read_picture(call: Call) -> Answer:
    who = call.caller.participant.id
    frame, warned = call.exchange.tracks(who), call.exchange.alerts(who)
    members = (
        ("tracks", frame.json),
        ("as_of", encode_time(frame.as_of)),
        ("swept_at", encode_time(warned.swept_at)),
        ("late_s", encode(warned.late_s)),
    )
    return Answer(200, encode_object(members))


async def what_others_see(call: Call) -> Answer:
    query = call.query(Looking)
    who = call.caller.participant.id
    recipient = ParticipantId(query.recipient) if query.recipient is not None else None
    if recipient is not None:
        call.exchange.participant(recipient)
    seen = await call.exchange.what_others_see(who, query.at, recipient)
    return ok({"seen": seen})


async def whoami(call: Call) -> Answer:
    caller = call.caller
    return ok(
        Whoami(
            participant=caller.participant.id,
            participant_name=caller.participant.name,
            person=caller.person.id,
            person_name=caller.person.name,
            roles=caller.person.roles,
            scopes=tuple(sorted(caller.identity.scopes)),
            expires_at=caller.identity.expires_at,
            as_of=call.exchange.as_of(),
            exchange=call.services.config.exchange.name,
        )
    )


ROUTES = (
    Route(
        "GET",
        "/v1/changes",
        READER,
        follow_changes,
        "Changes after a cursor, by pages; waits if asked to",
        {200: ChangePage},
        query=Following,
    ),
    Route(
        "GET", "/v1/airspace", READER, read_airspace, "All items: own and released", {200: Items}, query=Near
    ),
    Route(
        "GET",
        "/v1/airspace/{ref}",
        READER,
        read_item,
        "One item, by own id or by reference",
        {200: ReleasedItem},
    ),
    Route("GET", "/v1/picture", READER, read_picture, "Aircraft as released to you", {200: Picture}),
    Route(
        "GET",
        "/v1/what-others-see",
        OWN_RULES,
        what_others_see,
        "What each other participant has of yours, now or at an earlier time",
        {200: Seen},
        query=Looking,
    ),
    Route("GET", "/v1/whoami", MEMBER, whoami, "Who this token speaks for", {200: Whoami}),
)
