"""The stream's binary form as the map's tests speak it: words as JSON, kinematics as packed records.

Little-endian. Header of 32 bytes: ``CMTY``, version u8 = 1, kind u8 (0 what moved, 1 the whole picture),
record size u16 = 32, count u32, reserved u32, as-of i64 in microseconds, reserved i64. Each record: number
u32, lat and lon i32 of 1e-7 degree, height i32 in cm (-2^31 unknown), ground speed u16 of 0.1 m/s (65535
unknown), track u16 of 0.01 degree (65535 unknown), vertical rate i16 in cm/s (-32768 unknown), age u16 of
0.1 s rounded up, accuracy u16 in m rounded up, flags u16 (1 stale, 2 on ground), reserved u32. Written here
apart from the exchange's own, from the same words, so that the two pin each other where both are tried.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from comity.model.released import TrackView

HEADER: Final = struct.Struct("<4sBBHIIqq")
RECORD: Final = struct.Struct("<IiiiHHhHHHI")
FIRST_REFERENCE: Final = 1 << 24
KINEMATIC: Final = {
    "lat",
    "lon",
    "age_s",
    "accuracy_m",
    "altitude_m",
    "ground_speed_mps",
    "track_deg",
    "vertical_rate_mps",
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Numbers:
    """Numbers of tracks for one reader: the address, or the next above all addresses."""

    def __init__(self) -> None:
        self._references: dict[str, int] = {}

    def of(self, ident: str) -> int:
        if len(ident) == 6 and not ident.startswith("~"):
            return int(ident, 16)
        return self._references.setdefault(ident, FIRST_REFERENCE + len(self._references))


def words(view: TrackView, numbers: Numbers) -> dict[str, Any]:
    """What does not move, as the JSON frame carries it."""
    known: dict[str, Any] = msgspec.to_builtins(view)
    return {"number": numbers.of(view.id)} | {k: v for k, v in known.items() if k not in KINEMATIC}


def packed(views: Sequence[TrackView], as_of: datetime, numbers: Numbers, *, whole: bool) -> bytes:
    as_of_us = (as_of - _EPOCH) // timedelta(microseconds=1)
    head = HEADER.pack(b"CMTY", 1, int(whole), RECORD.size, len(views), 0, as_of_us, 0)
    return head + b"".join(_record(view, numbers.of(view.id)) for view in views)


def _record(view: TrackView, number: int) -> bytes:
    return RECORD.pack(
        number,
        round(view.lat * 1e7),
        round(view.lon * 1e7),
        -(2**31) if view.altitude_m is None else round(view.altitude_m * 100),
        65_535 if view.ground_speed_mps is None else min(65_534, round(view.ground_speed_mps * 10)),
        65_535 if view.track_deg is None else round(view.track_deg % 360 * 100) % 36_000,
        -32_768 if view.vertical_rate_mps is None else round(view.vertical_rate_mps * 100),
        min(65_535, math.ceil(view.age_s * 10)),
        min(65_535, math.ceil(view.accuracy_m)),
        (1 if view.stale else 0) | (2 if view.on_ground else 0),
        0,
    )
