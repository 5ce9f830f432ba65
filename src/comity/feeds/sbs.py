"""SBS-1 / BaseStation text: bytes -> :class:`ReportBatch`.

The format is Kinetic's "socket data" (port 30003), as receivers such as dump1090 and readsb emit it. One
line is 22 fields with commas between::

     0 MSG          6 date generated  yyyy/mm/dd     12 ground speed   kt
     1 type 1..8    7 time generated  hh:mm:ss.sss   13 track          degrees, true
     2 session      8 date logged                    14 latitude       degrees WGS84
     3 aircraft     9 time logged                    15 longitude
     4 hex address 10 callsign                       16 vertical rate  ft/min
     5 flight      11 altitude  ft, 1013.25 hPa      17 squawk  18 alert  19 emergency
                                                     20 SPI     21 on ground: 0, or 1 or -1

Type 1 brings the callsign, 2 a surface and 3 an airborne position, 4 the velocity, 5 and 7 an altitude, 6
a squawk, 8 says no more than "heard". A field that is there is read whatever the type; an empty one is
unknown. Lines of other kinds (SEL, ID, AIR, STA, CLK, START) carry no report and are skipped.

The stratux log form puts nanoseconds since its start, and a comma, before each line and leaves the times
empty: such a line is observed when received. Only where recorded time is being shifted (``time_offset_s``
not 0) does it use the START line's time plus the nanoseconds.

Times have no zone. They are taken as UTC; ``zone_offset_s`` says how far a receiver's local time is ahead.
A wrong assumption is off by whole half hours and shows as ``too_old`` or ``from_the_future``.

A line that cannot be read is counted by reason and never raises.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import numpy as np

from comity.clock import micros
from comity.errors import InvalidInput
from comity.feeds.lines import Splitter
from comity.model.altitude import Datum
from comity.model.batch import DATUM_CODE, ReportBatch, empty, normal_address, normal_callsign
from comity.model.intake import Rejection
from comity.units import (
    METRES_PER_FOOT,
    METRES_PER_SECOND_PER_FOOT_PER_MINUTE,
    METRES_PER_SECOND_PER_KNOT,
)

FIELDS: Final = 22
KINDS: Final = frozenset({b"SEL", b"ID", b"AIR", b"STA", b"CLK", b"START"})
"""Kinds of line that carry no report."""

MAX_OFFSET_S: Final = 100 * 366 * 86_400.0
"""A century: a longer shift is a unit mistake, and would leave the years that times may have."""

_CACHE_ENTRIES: Final = 100_000
"""Distinct words remembered per decoder before it forgets them all; larger costs memory only."""

_TYPES: Final = frozenset(b"%d" % kind for kind in range(1, 9))
_DIGITS: Final = b"0123456789.-+"
_GROUND: Final = {b"": -1, b"0": 0, b"1": 1, b"-1": 1}
_SQUAWK: Final = re.compile(rb"[0-7]{1,4}\Z")
_NUMBER: Final = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)\Z")
_NOT_A_NUMBER: Final = re.compile(rb"[+-]?(?:nan|inf|infinity)\Z", re.IGNORECASE)
_DATE: Final = re.compile(rb"(\d{4})/(\d{2})/(\d{2})\Z")
_TIME: Final = re.compile(rb"([01]\d|2[0-3]):([0-5]\d):([0-5]\d)\Z")
_FRACTION: Final = re.compile(rb"(?:\.(\d{1,6}))?\Z")
_START: Final = re.compile(r"\w{3} (\w{3} \d{1,2} \d{2}:\d{2}:\d{2}) \+0000 UTC (\d{4})\Z")
_NANOSECONDS: Final = re.compile(rb"\d{1,18}\Z")

_T = TypeVar("_T")
_NAN: Final = float("nan")
_Numbers = tuple[float, float, float, float, float, float]
_UNKNOWN: Final[_Numbers] = (_NAN, _NAN, _NAN, _NAN, _NAN, _NAN)

_Row = tuple[str, int, bytes, int, int, float, float, float, float, float, float]
"""address, observed_us, callsign, squawk, on ground, altitude ft, speed kt, track, lat, lon, rate ft/min."""


class SbsDecoder:
    """One stream's decoder: keeps the cut line between chunks, and what a START line said."""

    def __init__(self, *, zone_offset_s: float = 0.0) -> None:
        if not abs(zone_offset_s) <= 86_400.0:
            raise InvalidInput("zone_offset_s must be within a day of UTC", field="zone_offset_s")
        self._zone_us = round(zone_offset_s * 1e6)
        self._splitter = Splitter()
        self._started_us: int | None = None
        self._addresses: dict[bytes, str | None] = {}
        self._callsigns: dict[bytes, bytes | None] = {}
        self._times = _Times()

    def decode(
        self, chunk: bytes, *, received_at: datetime, time_offset_s: float = 0.0, last: bool = False
    ) -> ReportBatch:
        """The reports in the lines that ``chunk`` completes; ``last`` says that the stream ends with it.

        ``time_offset_s`` is added to recorded times, to play a recording as if it were now."""
        if not abs(time_offset_s) <= MAX_OFFSET_S:
            raise InvalidInput("time_offset_s must be within a century", field="time_offset_s")
        long_before = self._splitter.too_long
        lines = self._splitter.feed(chunk)
        if last:
            lines += self._splitter.finish()
        rows: list[_Row] = []
        rejected: dict[Rejection, int] = {}
        skipped = self._read(
            lines, rows, rejected, received_us=micros(received_at), offset_us=round(time_offset_s * 1e6)
        )
        if self._splitter.too_long > long_before:
            rejected[Rejection.LINE_TOO_LONG] = self._splitter.too_long - long_before
        batch = _columns(rows)
        batch.rejected = rejected
        batch.skipped = skipped
        return batch

    def _read(
        self,
        lines: Sequence[bytes],
        rows: list[_Row],
        rejected: dict[Rejection, int],
        *,
        received_us: int,
        offset_us: int,
    ) -> int:
        """Append what the lines say; returns how many carried no report."""
        skipped = 0
        append = rows.append
        shift_us = offset_us - self._zone_us
        for line in lines:
            fields = line.split(b",")
            observed_us: int | None = received_us
            if len(fields) == FIELDS + 1 and _NANOSECONDS.match(fields[0]):
                if offset_us and self._started_us is not None:
                    observed_us = self._started_us + int(fields[0]) // 1000 + offset_us
                del fields[0]
            if len(fields) != FIELDS or fields[0] != b"MSG" or fields[1] not in _TYPES:
                reason = self._other(line, fields)
                if reason is None:
                    skipped += 1
                else:
                    rejected[reason] = rejected.get(reason, 0) + 1
                continue
            if fields[6] or fields[7]:
                observed_us = self._times.of(fields[6], fields[7])
                if observed_us is not None:
                    observed_us += shift_us
            row = self._row(fields, observed_us)
            if isinstance(row, Rejection):
                rejected[row] = rejected.get(row, 0) + 1
            else:
                append(row)
        return skipped

    def _row(self, fields: list[bytes], observed_us: int | None) -> _Row | Rejection:
        address = self._addresses.get(fields[4], "")
        if address == "":
            address = _remember(self._addresses, fields[4], _address(fields[4]))
        if address is None:
            return _why(fields[4], Rejection.BAD_ADDRESS)
        if observed_us is None:
            return Rejection.BAD_TIME
        callsign = fields[10] and self._callsign(fields[10])
        if callsign is None:
            return _why(fields[10], Rejection.BAD_CALLSIGN)
        squawk = -1
        if fields[17]:
            if not _SQUAWK.match(fields[17]):
                return Rejection.BAD_SQUAWK
            squawk = int(fields[17])
        ground = _GROUND.get(fields[21])
        if ground is None:
            return Rejection.MALFORMED
        numbers = _numbers(fields)
        if isinstance(numbers, Rejection):
            return numbers
        return (address, observed_us, callsign, squawk, ground, *numbers)

    def _callsign(self, word: bytes) -> bytes | None:
        known = self._callsigns.get(word, b"")
        return _remember(self._callsigns, word, _callsign(word)) if known == b"" else known

    def _other(self, line: bytes, fields: list[bytes]) -> Rejection | None:
        """What a line is that is no whole MSG: None if it may be skipped."""
        if not line:
            return None
        if not line.isascii():
            return Rejection.NOT_ASCII
        if fields[0] in KINDS:
            if fields[0] == b"START" and len(fields) == 2:
                self._started_us = _start_us(fields[1].decode("ascii"))
            return None
        return Rejection.MALFORMED


class _Times:
    """Reads dates and times as if their zone were UTC, remembering the words it has seen."""

    def __init__(self) -> None:
        self._days: dict[bytes, int | None] = {}
        self._clock: dict[bytes, int | None] = {}
        self._fractions: dict[bytes, int | None] = {}

    def of(self, date: bytes, clock: bytes) -> int | None:
        """Microseconds since the epoch; None where it is no time."""
        day = self._days.get(date, -1)
        if day == -1:
            day = _remember(self._days, date, _day_us(date))
        seconds = self._clock.get(clock[:8], -1)
        if seconds == -1:
            seconds = _remember(self._clock, clock[:8], _clock_us(clock[:8]))
        fraction = self._fractions.get(clock[8:], -1)
        if fraction == -1:
            fraction = _remember(self._fractions, clock[8:], _fraction_us(clock[8:]))
        if day is None or seconds is None or fraction is None:
            return None
        return day + seconds + fraction


class LineTimes:
    """The recorded time of each line, for pacing a file; of a stratux log from its last START line, or from
    1970 before there is one."""

    def __init__(self) -> None:
        self._times = _Times()
        self._started_us = 0

    def of(self, line: bytes) -> int | None:
        fields = line.split(b",", 8)
        if fields[0] == b"START" and len(fields) == 2 and line.isascii():
            self._started_us = _start_us(fields[1].decode("ascii").strip()) or self._started_us
            return self._started_us or None
        if fields[0] == b"MSG":
            return self._times.of(fields[6], fields[7]) if len(fields) == 9 and fields[7] else None
        if len(fields) == 9 and fields[1] == b"MSG" and _NANOSECONDS.match(fields[0]):
            return self._started_us + int(fields[0]) // 1000
        return None


def _numbers(fields: list[bytes]) -> _Numbers | Rejection:
    """Fields 11 to 16. Python's ``float`` takes more than the format has, so the bytes are checked too."""
    words = fields[11:17]
    joined = b"".join(words)
    if not joined:
        return _UNKNOWN
    if joined.translate(None, _DIGITS):
        return _why_not_numbers(words)
    if bool(fields[14]) != bool(fields[15]):
        return Rejection.MALFORMED
    try:
        alt, knots, track, lat, lon, rate = [float(word) if word else _NAN for word in words]
        return alt, knots, track, lat, lon, rate
    except ValueError:
        return Rejection.MALFORMED


def _why_not_numbers(words: list[bytes]) -> Rejection:
    if not b"".join(words).isascii():
        return Rejection.NOT_ASCII
    odd = [word for word in words if word and not _NUMBER.match(word)]
    return Rejection.NOT_FINITE if all(_NOT_A_NUMBER.match(word) for word in odd) else Rejection.MALFORMED


def _why(word: bytes, reason: Rejection) -> Rejection:
    return reason if word.isascii() else Rejection.NOT_ASCII


def _columns(rows: list[_Row]) -> ReportBatch:
    columns: list[Any] = list(zip(*rows, strict=True)) if rows else [()] * 11
    batch = empty(0, list(columns[0]))
    feet, knots, track, lat, lon, rate = (np.array(column, np.float64) for column in columns[5:])
    batch.observed_us = np.array(columns[1], np.int64)
    batch.callsign = np.array(columns[2], batch.callsign.dtype)
    batch.squawk = np.array(columns[3], np.int16)
    batch.on_ground = np.array(columns[4], np.int16)
    batch.altitude_m = feet * METRES_PER_FOOT
    batch.altitude_datum = np.where(np.isnan(feet), -1, DATUM_CODE[Datum.PRESSURE]).astype(np.int16)
    batch.ground_speed_mps = knots * METRES_PER_SECOND_PER_KNOT
    batch.track_deg = track
    batch.lat = lat
    batch.lon = lon
    batch.vertical_rate_mps = rate * METRES_PER_SECOND_PER_FOOT_PER_MINUTE
    batch.accuracy_m = np.full(len(rows), np.nan)
    return batch


def _remember(cache: dict[bytes, _T], word: bytes, value: _T) -> _T:
    if len(cache) >= _CACHE_ENTRIES:
        cache.clear()
    cache[word] = value
    return value


def _address(word: bytes) -> str | None:
    return normal_address(word.decode("ascii")) if word.isascii() else None


def _callsign(word: bytes) -> bytes | None:
    normal = normal_callsign(word.decode("ascii")) if word.isascii() else None
    return None if normal is None else normal.encode("ascii")


def _day_us(word: bytes) -> int | None:
    match = _DATE.match(word)
    if match is None:
        return None
    try:
        day = datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)
    except ValueError:
        return None
    return micros(day) if 2000 <= day.year < 2100 else None


def _clock_us(word: bytes) -> int | None:
    match = _TIME.match(word)
    if match is None:
        return None
    return (int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])) * 1_000_000


def _fraction_us(word: bytes) -> int | None:
    match = _FRACTION.match(word)
    if match is None:
        return None
    return int((match[1] or b"0").ljust(6, b"0"))


def _start_us(text: str) -> int | None:
    match = _START.match(text)
    if match is None:
        return None
    try:
        return micros(datetime.strptime(f"{match[1]} {match[2]} +0000", "%b %d %H:%M:%S %Y %z"))
    except ValueError:
        return None
