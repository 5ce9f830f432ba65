"""Looking back: what was released to the caller's participant at a moment, as it was released then."""

from __future__ import annotations

import msgspec

from comity.http.access import READER
from comity.http.answers import Answer, HistoryMoment, HistorySpan, ok
from comity.http.routing import Call, Route
from comity.model.volume import Instant
from comity.wire.encode import encode, encode_object, encode_time


class Moment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``at``: the moment; without it, what there is to look back at."""

    at: Instant | None = None


async def look_back(call: Call) -> Answer:
    who, asked = call.caller.participant.id, call.query(Moment)
    history = call.exchange.history
    if asked.at is None:
        span = history.span(who, call.now)
        return ok(HistorySpan(span.since, span.until, span.step_s, span.because))
    past = await history.at(who, asked.at, call.now)
    call.services.still_welcome(call.caller, call.route.access)
    members = (
        ("as_of", encode_time(past.as_of)),
        ("items", past.items_json),
        ("tracks", past.tracks_json),
        ("alerts", past.alerts_json),
        ("gap", encode(past.gap)),
    )
    return Answer(200, encode_object(members))


ROUTES = (
    Route(
        "GET",
        "/v1/history",
        READER,
        look_back,
        "How far you can look back, or what was released to you at a moment",
        {200: HistorySpan | HistoryMoment},
        query=Moment,
    ),
)
