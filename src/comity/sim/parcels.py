"""What the made-up USS of the demonstration flies: parcels by drone at Basel, in the words of ASTM F3548-21.

It is no participant. It files references with the exchange's DSS as any USS would, and gives the details to
whoever may ask: two lines, one of them in use. Pure: bodies of the standard's requests and answers as JSON
values, from a moment. Heights are metres above the WGS84 ellipsoid, times UTC.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from comity.sim.areas import corridor
from comity.sim.sphere import Point

MANAGER: Final = "parcel-uss"
LASTS: Final = timedelta(hours=6)
"""How long a line is filed for; the next filing follows when it ends."""

_NAMES: Final = uuid.UUID("6f1d7b52-4a5c-4f0e-9d38-2f0c1c1b6a10")
"""Ids of lines are made from this and when they were filed, laid out as version 4."""


class Line(NamedTuple):
    """``state``: what it is filed as, and put to once it is accepted."""

    name: str
    start: Point
    end: Point
    half_width_m: float
    lower_m: float
    upper_m: float
    state: str


LINES: Final = (
    Line("Basel to Liestal", Point(47.560, 7.590), Point(47.484, 7.735), 250.0, 430.0, 520.0, "Activated"),
    Line("Basel to Lörrach", Point(47.575, 7.600), Point(47.614, 7.661), 250.0, 430.0, 520.0, "Accepted"),
)


class Filed(NamedTuple):
    """A line as it was filed at ``since``. ``reference``: what the DSS answered last, with the ovn."""

    id: str
    line: Line
    since: datetime
    reference: dict[str, Any]


def line_id(line: Line, since: datetime) -> str:
    raw = bytearray(uuid.uuid5(_NAMES, f"{line.name} {_utc(since)}").bytes)
    raw[6], raw[8] = raw[6] & 0x0F | 0x40, raw[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(raw)))


def volume(line: Line, since: datetime) -> dict[str, Any]:
    """The line's Volume4D."""
    outline = corridor(line.start, line.end, line.half_width_m)
    return {
        "volume": {
            "outline_polygon": {"vertices": [{"lat": v.lat, "lng": v.lon} for v in outline.vertices]},
            "altitude_lower": _height(line.lower_m),
            "altitude_upper": _height(line.upper_m),
        },
        "time_start": _time(since),
        "time_end": _time(since + LASTS),
    }


def filing(line: Line, since: datetime, state: str, key: list[str], base_url: str) -> dict[str, Any]:
    """PutOperationalIntentReferenceParameters."""
    given: dict[str, Any] = {
        "extents": [volume(line, since)],
        "key": key,
        "state": state,
        "uss_base_url": base_url,
    }
    if state != "Accepted":
        given["new_subscription"] = {"uss_base_url": base_url, "notify_for_constraints": False}
    return given


def details(filed: Filed) -> dict[str, Any]:
    """GetOperationalIntentDetailsResponse."""
    given = {"volumes": [volume(filed.line, filed.since)], "off_nominal_volumes": [], "priority": 0}
    return {"operational_intent": {"reference": filed.reference, "details": given}}


def _height(value_m: float) -> dict[str, Any]:
    return {"value": value_m, "reference": "W84", "units": "M"}


def _utc(when: datetime) -> str:
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _time(when: datetime) -> dict[str, str]:
    return {"value": _utc(when), "format": "RFC3339"}
