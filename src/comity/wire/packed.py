"""The binary message of the stream: where tracks are and how they move, as records of fixed size.

Little-endian. A header of 32 bytes, then ``count`` records of 32 bytes::

    header  0 magic 4s "CMTY" | 4 version u8 = 1 | 5 kind u8 (0 what is new or moved, 1 the whole picture)
            6 record size u16 = 32 | 8 count u32 | 12 reserved u32 | 16 as of i64, us since 1970
            24 reserved i64
    record  0 number u32 | 4 lat i32, 1e-7 deg | 8 lon i32, 1e-7 deg | 12 height i32, cm (-2^31 unknown)
            16 ground speed u16, 0.1 m/s (65535 unknown) | 18 track u16, 0.01 deg (65535 unknown)
            20 vertical rate i16, cm/s (-32768 unknown) | 22 age u16, 0.1 s | 24 accuracy u16, m
            26 flags u16 (1 stale, 2 on the ground) | 28 reserved u32

Speeds and rates saturate; age and accuracy are rounded up, and saturate far beyond what a picture holds.
The number of a track is its 24-bit address, or from 2^24 upward one given to its reference for this
reader; the text message before this one says whose it is, and in which datum the height. A reader passes
over reserved fields and a record's bytes beyond those it knows. Decoding is plain ``struct``; the picture
encodes with numpy, and a test holds the two together.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from comity.errors import InvalidInput

HEADER: Final = struct.Struct("<4sBBHIIqq")
RECORD: Final = struct.Struct("<IiiiHHhHHHI")
MAGIC: Final = b"CMTY"
VERSION: Final = 1
DELTA, WHOLE = 0, 1

FIRST_REFERENCE: Final = 1 << 24
"""Numbers from here on are not addresses."""
UNKNOWN_HEIGHT: Final = -(1 << 31)
UNKNOWN: Final = 65_535
"""Of ground speed and of track."""
UNKNOWN_RATE: Final = -32_768
STALE, ON_GROUND = 1, 2


class Moved(NamedTuple):
    """One record, in SI and degrees."""

    number: int
    lat: float
    lon: float
    altitude_m: float | None
    ground_speed_mps: float | None
    track_deg: float | None
    vertical_rate_mps: float | None
    age_s: float
    accuracy_m: float
    stale: bool
    on_ground: bool


class Message(NamedTuple):
    """``whole``: tracks that are not in it are gone."""

    whole: bool
    as_of_us: int
    moved: tuple[Moved, ...]


def decode(data: bytes) -> Message:
    """Raises ``InvalidInput`` for anything that is not exactly a message of this version."""
    if len(data) < HEADER.size:
        raise InvalidInput("a packed message is shorter than its header", field="header")
    magic, version, kind, size, count, _, as_of_us, _ = HEADER.unpack_from(data)
    if magic != MAGIC:
        raise InvalidInput("a packed message must begin with CMTY", field="magic")
    if version != VERSION:
        raise InvalidInput(f"version {version} of packed messages is not known here", field="version")
    if kind not in (DELTA, WHOLE):
        raise InvalidInput(f"kind {kind} of packed messages is not known", field="kind")
    if size < RECORD.size:
        raise InvalidInput(f"records of {size} bytes are too short", field="record_size")
    if len(data) != HEADER.size + count * size:
        raise InvalidInput(f"{count} records do not fill {len(data)} bytes", field="count")
    return Message(kind == WHOLE, as_of_us, tuple(_records(data, size)))


def _records(data: bytes, size: int) -> Iterator[Moved]:
    for start in range(HEADER.size, len(data), size):
        number, lat, lon, height, speed, track, rate, age, accuracy, flags, _ = RECORD.unpack_from(
            data, start
        )
        yield Moved(
            number,
            lat / 1e7,
            lon / 1e7,
            None if height == UNKNOWN_HEIGHT else height / 100,
            None if speed == UNKNOWN else speed / 10,
            None if track == UNKNOWN else track / 100,
            None if rate == UNKNOWN_RATE else rate / 100,
            age / 10,
            float(accuracy),
            bool(flags & STALE),
            bool(flags & ON_GROUND),
        )
