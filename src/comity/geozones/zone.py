"""What a file of zones says: zones, and what could not be read.

A zone's volumes have no times of their own; ``applies`` says when all of them are in force, empty meaning
always. ``schedule.within`` makes Volume4Ds of a zone for a stated window. A record of a file becomes one
zone or one :class:`Unreadable`, whole: a zone of which one part cannot be read is not read, because a part
of a closure looks like the whole of it. :class:`Reading` holds that the counts add up.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from comity.errors import InvalidInput
from comity.model.altitude import Altitude
from comity.model.constraint import ZoneProvenance, check_designator
from comity.model.shape import Shape
from comity.model.volume import Instant

DAY_S: Final = 86_400
MAX_REASON: Final = 300
"""Characters of a reason; more would let a file be mirrored in it."""


class ZoneVolume(msgspec.Struct, frozen=True, gc=False):
    outline: Shape
    lower: Altitude
    upper: Altitude


class Period(msgspec.Struct, frozen=True, gc=False):
    """Recurring: on ``days`` (0 is Monday) from ``start_s`` to ``end_s``, seconds after that day's 00:00 UTC.
    They reach before or beyond the day where a zone's own clock does."""

    days: tuple[int, ...]
    start_s: int
    end_s: int

    def __post_init__(self) -> None:
        if not self.days or not all(0 <= day <= 6 for day in self.days):
            raise InvalidInput("a recurring period needs days of the week", field="day")
        if not -2 * DAY_S <= self.start_s < self.end_s <= 3 * DAY_S or self.end_s - self.start_s > 3 * DAY_S:
            raise InvalidInput("a recurring period must end after it starts", field="endTime")


class Applicability(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """From ``start`` (None: since ever) to ``end`` (None: for ever), and within that in ``periods`` alone
    where there are any."""

    start: Instant | None = None
    end: Instant | None = None
    periods: tuple[Period, ...] = ()

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and not self.start < self.end:
            raise InvalidInput("a zone must start to apply before it ends to", field="endDateTime")


class Zone(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """``designator`` is its only one in its file. ``kind`` is the file's own word. ``notes`` say where it was
    taken larger than it is written, or what else one has to know of it."""

    designator: str
    kind: str
    volumes: tuple[ZoneVolume, ...]
    provenance: ZoneProvenance
    name: str | None = None
    applies: tuple[Applicability, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_designator(self.designator)
        if not self.volumes:
            raise InvalidInput("a zone needs at least one volume", field="geometry")


class Unreadable(msgspec.Struct, frozen=True, gc=False):
    """A record that is not read. ``volumes``: how many it states, where that much can be told."""

    place: str
    designator: str | None
    reason: str
    volumes: int = 0


class Reading(msgspec.Struct, frozen=True):
    """``records``: zones that the file holds, each of them in ``zones`` or in ``unreadable``."""

    format: str
    source: str
    sha256: str
    records: int
    zones: tuple[Zone, ...]
    unreadable: tuple[Unreadable, ...]

    def __post_init__(self) -> None:
        if self.records != len(self.zones) + len(self.unreadable):
            raise AssertionError("every record of a file is a zone or is unreadable")

    def stated_volumes(self) -> int:
        return sum(len(zone.volumes) for zone in self.zones) + sum(one.volumes for one in self.unreadable)


class Window(msgspec.Struct, frozen=True):
    """The time for which zones are asked: ``[start, end)``."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise InvalidInput("the window must carry a time zone", field="from")
        if not self.start < self.end:
            raise InvalidInput("from must be before to", field="from")
