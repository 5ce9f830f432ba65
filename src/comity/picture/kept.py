"""Rows kept small for looking back: columns of what was shown, compressed.

Each number is kept as the whole multiple of the last digit that leaves (``views``), so that what is made
of them again is, byte for byte, the JSON that was released then; a test holds the two together. About 24
bytes an aircraft. Rows under references are kept without their numbers, which the reader was not told.
"""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from comity.picture.encoded import Encoded
from comity.picture.rows import ROW, Rows
from comity.picture.views import ROUNDING_M

Whole = NDArray[np.int32]

_UNKNOWN: Final = -(2**31)
_MOST: Final = 2**31 - 1
_AGE_US: Final = 100_000
_LEVEL: Final = 1
"""zlib's: a fifth larger than its best in a tenth of the time."""

_STEPS: Final = (
    ("lat", 1e6),
    ("lon", 1e6),
    ("altitude_m", 1e2),
    ("ground_speed_mps", 1e1),
    ("track_deg", 1e1),
    ("vertical_rate_mps", 1e2),
)
"""Columns and how many of what is kept make one unit; as ``views`` rounds them."""

_WORDS: Final = (
    "callsign",
    "squawk",
    "altitude_datum",
    "on_ground",
    "sources",
    "source",
    "level",
    "stale",
    "category",
)
_NAMES: Final = "\n"


def columns(tracks: Encoded, *, now_us: int) -> bytes:
    """What to compress of rows as shown at ``now_us``."""
    rows = tracks.rows
    numbers = rows["number"] if tracks.by_address else np.zeros(len(rows), np.int64)
    age = -(-np.maximum(now_us - rows["observed_us"], 0) // _AGE_US)
    parts = [
        len(rows).to_bytes(4, "little"),
        np.diff(numbers, prepend=0).astype(np.int32).tobytes(),
        np.minimum(age, _MOST).astype(np.int32).tobytes(),
        np.minimum(np.ceil(rows["accuracy_m"] + ROUNDING_M), _MOST).astype(np.int32).tobytes(),
    ]
    parts += [_whole(rows[name] * steps).tobytes() for name, steps in _STEPS]
    parts += [np.ascontiguousarray(rows[name]).tobytes() for name in _WORDS]
    if not tracks.by_address:
        parts.append(_NAMES.join(tracks.names()).encode())
    return b"".join(parts)


def compressed(data: bytes) -> bytes:
    """Takes milliseconds, and leaves the interpreter to others meanwhile."""
    return zlib.compress(data, _LEVEL)


def restored(data: bytes, *, by_address: bool, now_us: int) -> Encoded:
    """Rows that show what those did. ``data``: what :func:`compressed` gave."""
    reader = _Reader(zlib.decompress(data))
    rows = np.zeros(reader.count, ROW)
    rows["number"] = np.cumsum(reader.take(np.dtype(np.int32)), dtype=np.int64)
    rows["observed_us"] = now_us - reader.take(np.dtype(np.int32)).astype(np.int64) * _AGE_US
    rows["accuracy_m"] = reader.take(np.dtype(np.int32)) - 0.5
    for name, steps in _STEPS:
        whole = reader.take(np.dtype(np.int32))
        rows[name] = np.where(whole == _UNKNOWN, np.nan, whole / steps)
    for name in _WORDS:
        rows[name] = reader.take(ROW[name])
    names = None
    if not by_address:
        names = reader.rest().decode().split(_NAMES) if reader.count else []
    return Encoded(rows, names, now_us=now_us)


class _Reader:
    """Columns one after the other."""

    def __init__(self, data: bytes) -> None:
        self.count = int.from_bytes(data[:4], "little")
        self._data, self._at = data, 4

    def take(self, kind: np.dtype[np.generic]) -> Rows:
        found = np.frombuffer(self._data, kind, self.count, self._at)
        self._at += found.nbytes
        return found

    def rest(self) -> bytes:
        return self._data[self._at :]


def _whole(values: NDArray[np.float64]) -> Whole:
    """To the nearest; NaN as unknown."""
    known = np.clip(np.rint(values), -_MOST, _MOST)
    return np.where(np.isnan(values), _UNKNOWN, known).astype(np.int32)
