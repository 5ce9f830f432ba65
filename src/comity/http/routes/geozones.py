"""Files of zones, read and answered: nothing is published by it and nothing is kept of it.

What it answers can be looked at, chosen from and sent to ``/v1/constraints``. Reading is work for a thread:
one file at a time for each participant, counted in bytes like reports, and bounded well below what the
command line reads on one's own machine.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from comity.errors import ComityError, InvalidInput, QuotaExceeded
from comity.geozones.reading import FORMATS, read
from comity.geozones.schedule import check_window, within
from comity.geozones.zone import Unreadable, Window, Zone
from comity.http.access import AIRSPACE
from comity.http.answers import Answer, ok
from comity.http.quota import Use
from comity.http.routing import Call, Route
from comity.ids import ParticipantId
from comity.model.volume import Instant, Volumes

MAX_POSTED_BYTES: Final = 4 * 1024 * 1024
"""Ten times the United Kingdom's airspace, some seconds of work. Larger files are for the command line."""

_reading: set[ParticipantId] = set()
"""Whose file is being read now."""

Format = Annotated[str, Meta(extra_json_schema={"enum": list(FORMATS)})]


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from", "until": "to"}):
    """``source`` names the data set. With ``from`` and ``to`` each zone also comes with its volumes then."""

    source: Annotated[str, Meta(min_length=1, max_length=120)] = "upload"
    format: Format | None = None
    since: Instant | None = None
    until: Instant | None = None


class ZoneRead(msgspec.Struct, frozen=True, omit_defaults=True):
    """``volumes``: as ``/v1/constraints`` takes them; or ``because`` of what there are none."""

    zone: Zone
    volumes: Volumes | None = None
    because: str | None = None


class ZonesRead(msgspec.Struct, frozen=True):
    """``records`` is how many the file holds: each is in ``zones`` or in ``unreadable``."""

    format: str
    source: str
    sha256: str
    records: int
    zones: tuple[ZoneRead, ...]
    unreadable: tuple[Unreadable, ...]


async def read_geozones(call: Call) -> Answer:
    query, who = call.query(File), call.caller.participant.id
    window = _window(query.since, query.until)
    if who in _reading:
        raise QuotaExceeded("a file of yours is being read; wait for it", detail={"retry_after_s": 1})
    _reading.add(who)
    try:
        return await asyncio.to_thread(_answer, call.raw_body, query, window)
    finally:
        _reading.discard(who)


def _window(since: datetime | None, until: datetime | None) -> Window | None:
    if since is None and until is None:
        return None
    if since is None or until is None:
        raise InvalidInput("give both from and to, or neither", field="from" if since is None else "to")
    window = Window(since, until)
    check_window(window)
    return window


def _answer(body: bytes, query: File, window: Window | None) -> Answer:
    made = read(body, query.source, query.format, most_bytes=MAX_POSTED_BYTES)
    zones = tuple(_zone(zone, window) for zone in made.zones)
    return ok(ZonesRead(made.format, made.source, made.sha256, made.records, zones, made.unreadable))


def _zone(zone: Zone, window: Window | None) -> ZoneRead:
    if window is None:
        return ZoneRead(zone)
    try:
        volumes = within(zone, window)
    except ComityError as error:
        return ZoneRead(zone, because=error.message)
    return (
        ZoneRead(zone, volumes)
        if volumes
        else ZoneRead(zone, because="it does not apply between these times")
    )


ROUTES = (
    Route(
        "POST",
        "/v1/geozones/read",
        AIRSPACE,
        read_geozones,
        "Read a file of zones: ED-269, ED-318, OpenAir, GeoJSON, KML or YAIXM. Nothing is published",
        {200: ZonesRead},
        use=Use.REPORT,
        query=File,
        text_body=True,
    ),
)
