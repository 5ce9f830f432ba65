"""What moves of a track, packed: the stream's binary message.

All integers are little-endian::

    message = "CMTY" version:u8=1 kind:u8 record_bytes:u16=32 count:u32 0:u32 as_of_us:i64 0:i64  record*
    record  = number:u32 lat:i32 lon:i32 height:i32 ground_speed:u16 track:u16 vertical_rate:i16
              age:u16 accuracy:u16 flags:u16 0:u32

``kind``: 0 what changed, 1 the whole picture. ``as_of_us``: microseconds since 1970-01-01T00:00:00Z.
``lat``, ``lon`` in 1e-7 degree; ``height`` in cm above the datum that the words name, -2^31 unknown;
``ground_speed`` in 0.1 m/s and ``track`` in 0.01 degree, 65535 unknown; ``vertical_rate`` in cm/s, -32768
unknown; ``age`` in 0.1 s at ``as_of_us`` and ``accuracy`` in metres, both rounded up and never down, 65535
for so much or more; ``flags``: 1 stale, 2 on the ground. What is beyond its field's end stands at the end.

``number`` is the 24-bit address, or 2^24 and above for a track under a reference; the words say which.
"""

from __future__ import annotations

import struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from comity.model.batch import Floats, Ints
from comity.picture.rows import Rows
from comity.picture.views import ROUNDING_M

HEADER: Final = struct.Struct("<4sBBHIIqq")
MAGIC: Final = b"CMTY"
VERSION: Final = 1

RECORD: Final = np.dtype(
    [
        ("number", "<u4"),
        ("lat", "<i4"),
        ("lon", "<i4"),
        ("height", "<i4"),
        ("ground_speed", "<u2"),
        ("track", "<u2"),
        ("vertical_rate", "<i2"),
        ("age", "<u2"),
        ("accuracy", "<u2"),
        ("flags", "<u2"),
        ("reserved", "<u4"),
    ]
)

Records = NDArray[Any]
"""A one-dimensional array of ``RECORD``."""

UNKNOWN_HEIGHT: Final = -(2**31)
UNKNOWN: Final = 65_535
UNKNOWN_RATE: Final = -(2**15)
STALE: Final = 1
ON_GROUND: Final = 2
_MOST: Final = 65_535


def records(rows: Rows, numbers: Ints, *, now_us: int) -> Records:
    """Each row packed, in order."""
    packed = np.zeros(len(rows), RECORD)
    packed["number"] = numbers
    packed["lat"] = np.rint(rows["lat"] * 1e7)
    packed["lon"] = np.rint(rows["lon"] * 1e7)
    packed["height"] = _whole(rows["altitude_m"] * 100.0, 1 - 2**31, 2**31 - 1, UNKNOWN_HEIGHT)
    packed["ground_speed"] = _whole(rows["ground_speed_mps"] * 10.0, 0, UNKNOWN - 1, UNKNOWN)
    packed["track"] = _whole(rows["track_deg"] * 100.0, 0, UNKNOWN - 1, UNKNOWN)
    packed["vertical_rate"] = _whole(rows["vertical_rate_mps"] * 100.0, 1 - 2**15, 2**15 - 1, UNKNOWN_RATE)
    age_us = np.maximum(now_us - rows["observed_us"], 0)
    packed["age"] = np.minimum(np.ceil(age_us / 1e5), _MOST)
    packed["accuracy"] = np.minimum(np.ceil(rows["accuracy_m"] + ROUNDING_M), _MOST)
    packed["flags"] = (rows["stale"] != 0) * np.uint16(STALE) | (rows["on_ground"] == 1) * np.uint16(
        ON_GROUND
    )
    return packed


def message(*parts: bytes, as_of_us: int, whole: bool) -> bytes:
    """Packed records behind their header. Without records nothing moved, and it need not be sent."""
    count = sum(len(part) for part in parts) // RECORD.itemsize
    head = HEADER.pack(MAGIC, VERSION, whole, RECORD.itemsize, count, 0, as_of_us, 0)
    return b"".join((head, *parts))


def _whole(values: Floats, least: int, most: int, unknown: int) -> Floats:
    """To the nearest whole number within the bounds; ``unknown``, which is beyond one of them, for NaN."""
    kept = np.minimum(np.maximum(np.rint(values), least), most)
    known = np.fmin if unknown > most else np.fmax
    return np.asarray(known(kept, unknown))
