"""Reports as columns: what every decoder hands to the picture.

One row is one report, in the order of arrival. Units are SI and degrees; times are microseconds since
1970-01-01T00:00:00Z. Inside the columns unknown is NaN in floats, -1 in the small integers and ``b""``
in texts, and nowhere else. A batch is well formed but not yet believed: ranges and motion are
``picture.plausibility``'s to judge. What a decoder could not read is counted in ``rejected``.

An address is six upper-case hex digits, or ``~`` and a feed's own track number, which means nothing
outside that feed and is never joined with another's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from comity.clock import micros
from comity.errors import IntegrityFailure
from comity.model.altitude import Datum
from comity.model.intake import Rejection
from comity.model.intent import AircraftCategory
from comity.model.observation import Report

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Small = NDArray[np.int16]
Texts = NDArray[np.bytes_]

DATUMS: Final = tuple(Datum)
DATUM_CODE: Final = {datum: code for code, datum in enumerate(DATUMS)}

CATEGORIES: Final = tuple(AircraftCategory)
"""Recordings hold indices into it: a further category may only come last."""
CATEGORY_CODE: Final = {category: code for code, category in enumerate(CATEGORIES)}

CALLSIGN_BYTES: Final = 16
"""ADS-B has 8; drone registrations and exercise callsigns are longer."""

_HEX_ADDRESS = re.compile(r"[0-9A-Fa-f]{1,6}\Z")
_OWN_NUMBER = re.compile(r"~[0-9A-Za-z._-]{1,15}\Z")
_CALLSIGN = re.compile(r"[A-Z0-9][A-Z0-9 _.-]{0,15}\Z")
_SQUAWK = re.compile(r"[0-7]{1,4}\Z")
_NO_AIRCRAFT = frozenset({"000000", "FFFFFF"})
"""ICAO Annex 10 Vol. III, 9.4.1: these two addresses are not assigned."""

_FLOAT_COLUMNS: Final = (
    "lat",
    "lon",
    "altitude_m",
    "ground_speed_mps",
    "track_deg",
    "vertical_rate_mps",
    "accuracy_m",
)
_SMALL_COLUMNS: Final = ("altitude_datum", "on_ground", "squawk")
_LATER_COLUMNS: Final = ("category",)
"""Small ones that recordings made before do not have."""


@dataclass(slots=True)
class ReportBatch:
    addresses: list[str]
    observed_us: Ints
    lat: Floats
    lon: Floats
    altitude_m: Floats
    ground_speed_mps: Floats
    track_deg: Floats
    vertical_rate_mps: Floats
    accuracy_m: Floats
    altitude_datum: Small
    """Index into ``DATUMS``."""
    on_ground: Small
    squawk: Small
    """The four octal digits read as a decimal number: 7700 is 7700."""
    callsign: Texts
    category: Small
    """Index into ``CATEGORIES``."""
    rejected: dict[Rejection, int] = field(default_factory=dict)
    skipped: int = 0

    def __len__(self) -> int:
        return len(self.addresses)


def empty(count: int, addresses: list[str]) -> ReportBatch:
    """``count`` rows in which everything is unknown; observed at 0."""
    columns: dict[str, Any] = {name: np.full(count, np.nan) for name in _FLOAT_COLUMNS}
    columns |= {name: np.full(count, -1, np.int16) for name in _SMALL_COLUMNS + _LATER_COLUMNS}
    return ReportBatch(
        addresses,
        observed_us=np.zeros(count, np.int64),
        callsign=np.zeros(count, f"S{CALLSIGN_BYTES}"),
        **columns,
    )


def normal_address(text: str) -> str | None:
    """Upper case and padded to six digits; None where it cannot be an aircraft's."""
    if _HEX_ADDRESS.match(text):
        padded = text.upper().rjust(6, "0")
        return None if padded in _NO_AIRCRAFT else padded
    return text if _OWN_NUMBER.match(text) else None


def normal_callsign(text: str) -> str | None:
    """Without its padding, upper case; None where it is not one. An empty one is "", unknown, and so is
    one of question marks alone: a receiver's word for what it could not decode."""
    stripped = text.strip(" _").upper()
    if not stripped.strip("?"):
        return ""
    return stripped if _CALLSIGN.match(stripped) else None


def squawk_number(text: str) -> int | None:
    return int(text) if _SQUAWK.match(text) else None


def from_reports(reports: Sequence[Report]) -> ReportBatch:
    """Rows whose words are wrong are left out and counted; numbers go through as they are."""
    rejected: dict[Rejection, int] = {}
    rows: list[tuple[Report, str, bytes, int]] = []
    for report in reports:
        row = _words(report)
        if isinstance(row, Rejection):
            rejected[row] = rejected.get(row, 0) + 1
        else:
            rows.append((report, *row))
    batch = empty(len(rows), [row[1] for row in rows])
    batch.rejected = rejected
    nan = float("nan")
    for i, (report, _, callsign, squawk) in enumerate(rows):
        batch.observed_us[i] = micros(report.observed_at)
        for name in ("lat", "lon", "ground_speed_mps", "track_deg", "vertical_rate_mps", "accuracy_m"):
            value = getattr(report, name)
            getattr(batch, name)[i] = nan if value is None else value
        if report.altitude is not None:
            batch.altitude_m[i] = report.altitude.value_m
            batch.altitude_datum[i] = DATUM_CODE[report.altitude.datum]
        if report.on_ground is not None:
            batch.on_ground[i] = int(report.on_ground)
        if report.category is not None:
            batch.category[i] = CATEGORY_CODE[report.category]
        batch.squawk[i] = squawk
        batch.callsign[i] = callsign
    return batch


def _words(report: Report) -> tuple[str, bytes, int] | Rejection:
    address = normal_address(report.address)
    if address is None:
        return Rejection.BAD_ADDRESS
    callsign = b""
    if report.callsign is not None:
        normal = normal_callsign(report.callsign)
        if normal is None:
            return Rejection.BAD_CALLSIGN
        callsign = normal.encode("ascii")
    squawk = -1 if report.squawk is None else squawk_number(report.squawk)
    if squawk is None:
        return Rejection.BAD_SQUAWK
    return address, callsign, squawk


class _Packed(msgspec.Struct, array_like=True):
    addresses: list[str]
    columns: list[bytes]


_pack = msgspec.msgpack.Encoder()
_unpack = msgspec.msgpack.Decoder(_Packed)
_LAYOUT: Final = (
    ("observed_us", "<i8"),
    *((name, "<f8") for name in _FLOAT_COLUMNS),
    *((name, "<i2") for name in _SMALL_COLUMNS),
    ("callsign", f"S{CALLSIGN_BYTES}"),
    *((name, "<i2") for name in _LATER_COLUMNS),
)


def pack(batch: ReportBatch) -> bytes:
    """The rows as bytes, for the recording: little-endian columns in the order of ``_LAYOUT``."""
    columns = [getattr(batch, name).astype(kind).tobytes() for name, kind in _LAYOUT]
    return _pack.encode(_Packed(batch.addresses, columns))


def unpack(data: bytes) -> ReportBatch:
    """Inverse of :func:`pack`, less what was rejected. A later column that was not recorded is unknown."""
    try:
        packed = _unpack.decode(data)
        lacks = len(_LAYOUT) - len(packed.columns)
        layout = _LAYOUT[:-lacks] if 0 < lacks <= len(_LATER_COLUMNS) else _LAYOUT
        columns: list[Any] = [
            np.frombuffer(raw, kind).astype(np.dtype(kind).newbyteorder("="))
            for raw, (_, kind) in zip(packed.columns, layout, strict=True)
        ]
        columns += [np.full(len(packed.addresses), -1, np.int16) for _ in _LAYOUT[len(layout) :]]
    except (msgspec.MsgspecError, ValueError) as error:
        raise IntegrityFailure(f"a recorded batch cannot be read: {error}") from error
    if any(len(column) != len(packed.addresses) for column in columns):
        raise IntegrityFailure("a recorded batch has columns of different lengths")
    if (columns[-1] >= len(CATEGORIES)).any():
        raise IntegrityFailure("a recorded batch has a category not known here")
    return ReportBatch(
        packed.addresses, **{name: raw for (name, _), raw in zip(_LAYOUT, columns, strict=True)}
    )
