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
from datetime import datetime
from typing import Any, Final

import numpy as np

from comity.clock import micros
from comity.errors import InvalidInput
from comity.feeds import sbs_words
from comity.feeds.lines import Splitter
from comity.feeds.sbs_words import Times, Unreadable, Words
from comity.model.altitude import Datum
from comity.model.batch import DATUM_CODE, ReportBatch, empty
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

_TYPES: Final = frozenset(b"%d" % kind for kind in range(1, 9))
_DIGITS: Final = b"0123456789.-+"
_NANOSECONDS: Final = re.compile(rb"\d{1,18}\Z")
_NAN: Final = float("nan")

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
        self._times = Times()
        self._addresses = Words(sbs_words.address)
        self._callsigns = Words(sbs_words.callsign)
        self._squawks = Words(sbs_words.squawk)
        self._grounds = Words(sbs_words.ground)
        self._numbers = Words(sbs_words.number)

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
        rejected: dict[Rejection, int] = {}
        rows: list[_Row] = []
        skipped = self._read(lines, rows, rejected, micros(received_at), round(time_offset_s * 1e6))
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
        received_us: int,
        offset_us: int,
    ) -> int:
        """Append what the lines say; returns how many carried no report."""
        skipped = 0
        append, row = rows.append, self._row
        shift_us = offset_us - self._zone_us
        for line in lines:
            fields = line.split(b",")
            observed_us = received_us
            try:
                if len(fields) != FIELDS or fields[0] != b"MSG" or fields[1] not in _TYPES:
                    logged_us = self._log_form(line, fields, offset_us)
                    if logged_us is None:
                        skipped += 1
                        continue
                    observed_us = logged_us or received_us
                append(row(fields, observed_us, shift_us))
            except ValueError as error:
                reason = error.reason if isinstance(error, Unreadable) else Rejection.MALFORMED
                rejected[reason] = rejected.get(reason, 0) + 1
        return skipped

    def _row(self, fields: list[bytes], observed_us: int, shift_us: int) -> _Row:
        """What 22 fields say; raises ``ValueError``. The inside of ingest: a look into a dictionary for each
        word that was met before. ``observed_us`` stands where the line has no time of its own."""
        _, _, _, _, word, _, date, time, _, _, sign, ft, kt, deg, lat, lon, rate, code, _, _, _, gnd = fields
        address = self._addresses[word]
        if date or time:
            observed_us = self._times.of(date, time) + shift_us
        lat_deg = lon_deg = _NAN
        if lat or lon:
            if (lat + lon).translate(None, _DIGITS):
                raise _why_not(lat, lon)
            lat_deg, lon_deg = float(lat), float(lon)
        number = self._numbers
        return (
            address,
            observed_us,
            self._callsigns[sign],
            self._squawks[code],
            self._grounds[gnd],
            number[ft],
            number[kt],
            number[deg],
            lat_deg,
            lon_deg,
            number[rate],
        )

    def _log_form(self, line: bytes, fields: list[bytes], offset_us: int) -> int | None:
        """For a line that is no plain MSG: when it was logged (0: not told) if it is one of a stratux log,
        whose fields are then as in a plain one; None if it carries no report; or ``Unreadable``."""
        if len(fields) == FIELDS + 1 and fields[1] == b"MSG" and fields[2] in _TYPES:
            nanoseconds = fields.pop(0)
            if _NANOSECONDS.match(nanoseconds):
                if offset_us and self._started_us is not None:
                    return self._started_us + int(nanoseconds) // 1000 + offset_us
                return 0
        elif not line:
            return None
        elif not line.isascii():
            raise Unreadable(Rejection.NOT_ASCII)
        elif fields[0] in KINDS:
            if fields[0] == b"START" and len(fields) == 2:
                self._started_us = sbs_words.start_us(fields[1])
            return None
        raise Unreadable(Rejection.MALFORMED)


class LineTimes:
    """The recorded time of each line, for pacing a file; of a stratux log from its last START line, or from
    1970 before there is one."""

    def __init__(self) -> None:
        self._times = Times()
        self._started_us = 0

    def of(self, line: bytes) -> int | None:
        """Microseconds since 1970, or None where the line has no readable time."""
        fields = line.split(b",", 8)
        if fields[0] == b"START" and len(fields) == 2:
            self._started_us = sbs_words.start_us(fields[1]) or self._started_us
            return self._started_us or None
        if len(fields) == 9 and fields[1] == b"MSG" and _NANOSECONDS.match(fields[0]):
            return self._started_us + int(fields[0]) // 1000
        if len(fields) < 9 or fields[0] != b"MSG" or not fields[7]:
            return None
        try:
            return self._times.of(fields[6], fields[7])
        except Unreadable:
            return None


def _why_not(*words: bytes) -> Unreadable:
    """Why these are not all numbers."""
    for word in words:
        try:
            sbs_words.number(word)
        except Unreadable as error:
            return error
    return Unreadable(Rejection.MALFORMED)


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
    batch.category = np.full(len(rows), -1, np.int16)
    return batch
