"""What came of an observation: accepted, or rejected for a reason from a closed list.

A source is one feed of one participant with one provenance. Everything is counted by source, so that a
participant can be shown its own counters and nobody else's. A rejected report changes nothing in part.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import msgspec

from comity.ids import ParticipantId
from comity.model.observation import Provenance


class SourceKey(NamedTuple):
    """Who brought it, under which feed name, and what kind of knowledge it is."""

    participant: ParticipantId
    feed: str
    provenance: Provenance


class Rejection(StrEnum):
    """Why a line or a report was not taken. The first reason that applies is counted."""

    MALFORMED = "malformed"
    """Not the form its format asks for."""
    LINE_TOO_LONG = "line_too_long"
    NOT_ASCII = "not_ascii"
    BAD_ADDRESS = "bad_address"
    """Not six hex digits or fewer, or one of the two that no aircraft may have; or ``~`` and nothing."""
    BAD_SQUAWK = "bad_squawk"
    BAD_CALLSIGN = "bad_callsign"
    BAD_TIME = "bad_time"
    NOT_FINITE = "not_finite"
    TOO_OLD = "too_old"
    FROM_THE_FUTURE = "from_the_future"
    LATITUDE_OUT_OF_RANGE = "latitude_out_of_range"
    LONGITUDE_OUT_OF_RANGE = "longitude_out_of_range"
    ZERO_POSITION = "zero_position"
    """Exactly 0° 0°: what equipment without a fix says."""
    IMPOSSIBLE_ALTITUDE = "impossible_altitude"
    IMPOSSIBLE_SPEED = "impossible_speed"
    IMPOSSIBLE_VERTICAL_RATE = "impossible_vertical_rate"
    TRACK_OUT_OF_RANGE = "track_out_of_range"
    IMPOSSIBLE_ACCURACY = "impossible_accuracy"
    IMPOSSIBLE_JUMP = "impossible_jump"
    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out_of_order"
    """Claims a time before the last position of the same aircraft from the same source."""
    TOO_MANY_TRACKS = "too_many_tracks"
    """The source already holds as many tracks as it may; nothing of anyone's is evicted."""
    TOO_MANY_FEEDS = "too_many_feeds"
    QUEUE_FULL = "queue_full"


class Intake(msgspec.Struct, frozen=True):
    """The answer to one observation. ``skipped``: well-formed lines that carry no report."""

    accepted: int
    rejected: dict[str, int] = {}
    skipped: int = 0


class Counters:
    """Running totals of one source. ``disagreeing``: accepted reports whose claimed time was further from
    ours than the allowance; ``offset_s``: received minus claimed, smoothed over about 100 batches."""

    __slots__ = ("accepted", "disagreeing", "offset_s", "positions", "rejected", "skipped")

    def __init__(self) -> None:
        self.accepted = 0
        self.positions = 0
        self.skipped = 0
        self.disagreeing = 0
        self.offset_s: float | None = None
        self.rejected: dict[Rejection, int] = {}

    def reject(self, reasons: Mapping[Rejection, int]) -> None:
        for reason, count in reasons.items():
            self.rejected[reason] = self.rejected.get(reason, 0) + count

    def note_offset(self, offset_s: float) -> None:
        before = self.offset_s
        self.offset_s = offset_s if before is None else before + (offset_s - before) / 100.0

    def plain(self) -> dict[str, object]:
        """For an answer to the source's owner, or the operator."""
        return {
            "accepted": self.accepted,
            "positions": self.positions,
            "skipped": self.skipped,
            "rejected": {reason.value: self.rejected[reason] for reason in sorted(self.rejected)},
            "time_disagreements": self.disagreeing,
            "time_offset_s": None if self.offset_s is None else round(self.offset_s, 3),
        }
