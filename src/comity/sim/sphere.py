"""Great circles on a sphere: enough for made traffic, which is defined by them.

Degrees and metres. The sphere has the earth's mean radius (6,371,008.8 m, IUGG R1), so distances differ
from WGS84 by up to 0.56 %. Nothing that decides anything may use this file; ``geo`` is for that.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

RADIUS_M: Final = 6_371_008.8


class Point(NamedTuple):
    lat: float
    lon: float


def distance_m(a: Point, b: Point) -> float:
    """Haversine: accurate for close points too."""
    dlat, dlon = math.radians(b.lat - a.lat), math.radians(b.lon - a.lon)
    h = math.sin(dlat / 2) ** 2
    h += math.cos(math.radians(a.lat)) * math.cos(math.radians(b.lat)) * math.sin(dlon / 2) ** 2
    return 2 * RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def bearing_deg(a: Point, b: Point) -> float:
    """Initial course from ``a`` to ``b``, 0 to 360 clockwise from north."""
    lat1, lat2, dlon = math.radians(a.lat), math.radians(b.lat), math.radians(b.lon - a.lon)
    east = math.sin(dlon) * math.cos(lat2)
    north = math.cos(lat1) * math.sin(lat2) - math.sin(lat1) * math.cos(lat2) * math.cos(dlon)
    return math.degrees(math.atan2(east, north)) % 360.0


def ahead(start: Point, course_deg: float, metres: float) -> Point:
    """Where one is after ``metres`` along the great circle that leaves ``start`` at ``course_deg``."""
    lat, course, angle = math.radians(start.lat), math.radians(course_deg), metres / RADIUS_M
    sine = math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * math.cos(course)
    east = math.sin(course) * math.sin(angle) * math.cos(lat)
    north = math.cos(angle) - math.sin(lat) * sine
    lon = start.lon + math.degrees(math.atan2(east, north))
    return Point(math.degrees(math.asin(max(-1.0, min(1.0, sine)))), (lon + 180.0) % 360.0 - 180.0)


def ring(centre: Point, radius_m: float, corners: int = 24) -> list[Point]:
    """Corners of a regular outline around ``centre``, clockwise from north."""
    return [ahead(centre, 360.0 * k / corners, radius_m) for k in range(corners)]
