"""The second door over HTTP: position reports as JSON, and SBS lines as text.

Large bodies are handed over in slices with a breath between them, so that one feed never holds up
everybody's answers for longer than a slice takes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from comity.http.access import FEED, READER
from comity.http.answers import Answer, ok
from comity.http.quota import Use
from comity.http.routing import Call, Route
from comity.model.intake import Intake
from comity.model.observation import Provenance
from comity.wire.native import FeedName, Reports

_SLICE_REPORTS: Final = 1_000
_SLICE_BYTES: Final = 131_072
"""About 10 ms of work each; larger delays other requests for longer, smaller costs more breaths."""


class Lines(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``time_offset_s`` is added to the times that the lines carry."""

    feed: FeedName
    provenance: Provenance
    time_offset_s: Annotated[float, Meta(ge=-3.2e9, le=3.2e9)] = 0.0


class Feeds(msgspec.Struct, frozen=True):
    """By feed and provenance: accepted, rejected by reason, skipped, and how far claimed times were off."""

    feeds: dict[str, dict[str, Any]]


async def read_feeds(call: Call) -> Answer:
    return ok({"feeds": call.exchange.feed_counters(call.caller.participant.id)})


async def bring_reports(call: Call) -> Answer:
    body, who = call.body(Reports), call.caller.participant.id
    taken: list[Intake] = []
    for first in range(0, len(body.reports), _SLICE_REPORTS):
        if first:
            await asyncio.sleep(0)
        part = body.reports[first : first + _SLICE_REPORTS]
        taken.append(call.exchange.observe(who, body.feed, body.provenance, part))
    return ok(_sum(taken))


async def bring_sbs(call: Call) -> Answer:
    query, who = call.query(Lines), call.caller.participant.id
    taken: list[Intake] = []
    for chunk in slices(call.raw_body, _SLICE_BYTES):
        if taken:
            await asyncio.sleep(0)
        taken.append(call.exchange.observe_sbs(who, query.feed, query.provenance, chunk, query.time_offset_s))
    return ok(_sum(taken))


def slices(text: bytes, size: int) -> Iterator[bytes]:
    """Parts of about ``size`` bytes, cut after line feeds where there are any."""
    first = 0
    while first < len(text):
        stop = len(text)
        if stop - first > size:
            cut = text.rfind(b"\n", first, first + size) + 1
            stop = cut if cut > first else first + size
        yield text[first:stop]
        first = stop


def _sum(taken: list[Intake]) -> Intake:
    rejected: Counter[str] = Counter()
    for part in taken:
        rejected.update(part.rejected)
    return Intake(sum(part.accepted for part in taken), dict(rejected), sum(part.skipped for part in taken))


ROUTES = (
    Route(
        "POST",
        "/v1/reports",
        FEED,
        bring_reports,
        "Bring position reports of one feed",
        {200: Intake},
        use=Use.REPORT,
        body=Reports,
        evidence=False,
    ),
    Route(
        "POST",
        "/v1/feeds/sbs",
        FEED,
        bring_sbs,
        "Bring SBS (BaseStation) lines of one feed",
        {200: Intake},
        use=Use.REPORT,
        query=Lines,
        text_body=True,
    ),
    Route("GET", "/v1/feeds", READER, read_feeds, "What became of your own feeds' reports", {200: Feeds}),
)
