"""Details of hosted intents and constraints as peers get them: volumes in the interface's form; telemetry.

At level 1 exact volumes, at level 0 the cells, height bands and time slots of the coarse form, a polygon
for each cell. Both contain what was promised, whichever way a peer reads a polygon's edges: the standard
says shortest paths, and many take great circles on a sphere. Where the two are apart, on long edges, exact
outlines are made larger by a metre and all are given with more vertices.

Accuracies are stated outward: the next word above what is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from comity.geo.cells import outer_loop
from comity.geo.heights import Environment, bounds
from comity.model.altitude import Altitude
from comity.model.released import ReservedVolume
from comity.model.shape import Polygon, Shape
from comity.model.volume import Volumes
from comity.wire import f3548 as wire

LONG_EDGE_RAD: Final = 50_000.0 / 6_371_008.8
"""An edge of 50 km bends by a quarter of a metre, so that is how far two readings of it can be apart. Larger:
peers are told more often a little less than was promised."""

_HORIZONTAL: Final = (
    (1.0, "HA1m"),
    (3.0, "HA3m"),
    (10.0, "HA10m"),
    (30.0, "HA30m"),
    (92.6, "HA005NM"),
    (185.2, "HA01NM"),
    (555.6, "HA03NM"),
    (926.0, "HA05NM"),
    (1_852.0, "HA1NM"),
    (3_704.0, "HA2NM"),
    (7_408.0, "HA4NM"),
    (18_520.0, "HA10NM"),
)
_VERTICAL: Final = (
    (1.0, "VA1m"),
    (3.0, "VA3m"),
    (10.0, "VA10m"),
    (25.0, "VA25m"),
    (45.0, "VA45m"),
    (150.0, "VA150m"),
)
"""The interface's words for accuracies, the finest first, in metres."""

NO_TRACK_DEG: Final = 360.0
"""The interface's word for a direction that is not known."""


class Details(msgspec.Struct, frozen=True):
    """OperationalIntentDetails."""

    volumes: tuple[wire.Volume4D, ...]
    off_nominal_volumes: tuple[wire.Volume4D, ...]
    priority: int


class Position(msgspec.Struct, frozen=True, omit_defaults=True):
    longitude: float
    latitude: float
    accuracy_h: str
    accuracy_v: str
    altitude: wire.Altitude | None = None


class Velocity(msgspec.Struct, frozen=True):
    speed: float
    units_speed: Literal["MetersPerSecond"]
    track: float


class VehicleTelemetry(msgspec.Struct, frozen=True, omit_defaults=True):
    time_measured: wire.Time
    position: Position
    velocity: Velocity | None = None


class TelemetryAnswer(msgspec.Struct, frozen=True):
    """GetOperationalIntentTelemetryResponse."""

    operational_intent_id: str
    telemetry: VehicleTelemetry
    next_telemetry_opportunity: wire.Time


def exact(volumes: Volumes, environment: Environment) -> tuple[wire.Volume4D, ...]:
    """Level 1. Heights become bounds by what lasts of the environment, as in the reference's box."""
    lasting = environment.lasting()
    return tuple(_either_reading(v.outline, wire.foreign(v, lasting, v.start)) for v in volumes)


def coarse(reserved: Iterable[ReservedVolume]) -> tuple[wire.Volume4D, ...]:
    """Level 0: each cell as a polygon."""
    return tuple(
        wire.Volume4D(
            wire.Volume3D(
                outline_polygon=wire.Polygon(
                    tuple(wire.LatLngPoint(lat, lon) for lat, lon in dense(corners))
                ),
                altitude_lower=wire.Altitude(volume.lower_w84_m, "W84", "M"),
                altitude_upper=wire.Altitude(volume.upper_w84_m, "W84", "M"),
            ),
            time(volume.start),
            time(volume.end),
        )
        for volume in reserved
        for corners in volume.outlines
    )


def time(when: datetime) -> wire.Time:
    return wire.Time(when, "RFC3339")


def horizontal(accuracy_m: float) -> str:
    return next((word for limit_m, word in _HORIZONTAL if accuracy_m <= limit_m), "HA10NMPlus")


def height(
    altitude: Altitude | None, environment: Environment, now: datetime
) -> tuple[wire.Altitude | None, str]:
    """The middle of where a height may be above the ellipsoid, and how far off it may be."""
    if altitude is None:
        return None, "VAUnknown"
    span = bounds(altitude, environment, now)
    half_m = (span.upper_m - span.lower_m) / 2.0
    word = next((word for limit_m, word in _VERTICAL if half_m <= limit_m), "VA150mPlus")
    middle_m = (span.lower_m + span.upper_m) / 2.0
    return wire.Altitude(min(max(middle_m, wire.LOWEST_M), wire.HIGHEST_M), "W84", "M"), word


def dense(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A loop on S2's sphere with more vertices, so that no edge is long."""
    found: list[tuple[float, float]] = []
    for (lat, lon), (next_lat, next_lon) in zip(points, [*points[1:], points[0]], strict=True):
        a, b = _direction(lat, lon), _direction(next_lat, next_lon)
        angle = 2.0 * math.asin(min(1.0, math.dist(a, b) / 2.0))
        parts = math.ceil(angle / LONG_EDGE_RAD)
        found.append((lat, lon))
        for k in range(1, parts):
            near, far = math.sin(angle * (1 - k / parts)), math.sin(angle * k / parts)
            x, y, z = (near * p + far * q for p, q in zip(a, b, strict=True))
            found.append((math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))))
    return found


def _either_reading(outline: Shape, form: wire.Volume4D) -> wire.Volume4D:
    """The form as it is, or where an edge is long with a larger outline of short edges."""
    if not isinstance(outline, Polygon):
        return form
    points = [_direction(v.lat, v.lon) for v in outline.vertices]
    longest = max(math.dist(a, b) for a, b in zip(points, [*points[1:], points[0]], strict=True))
    if longest <= LONG_EDGE_RAD:
        return form
    loop, _, _ = outer_loop(outline)
    polygon = wire.Polygon(tuple(wire.LatLngPoint(lat, lon) for lat, lon in loop))
    return replace(form, volume=replace(form.volume, outline_polygon=polygon))


def _direction(lat: float, lon: float) -> tuple[float, float, float]:
    phi, lam = math.radians(lat), math.radians(lon)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)
