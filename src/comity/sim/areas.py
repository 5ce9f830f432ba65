"""Where things happen in the demonstration: outlines and height bands over the Alps, as volumes in time.

Heights of the air forces are pressure heights (flight levels), those of drones and closures are above mean
sea level; the bands lie far enough apart that the error between the two does not decide anything.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from comity.model.altitude import Altitude, Datum
from comity.model.shape import Circle, LatLon, Polygon, Shape
from comity.model.volume import Volume4D, Volumes
from comity.sim.sphere import Point, ahead, bearing_deg
from comity.units import metres_from_feet

SION: Final = Point(46.2196, 7.3268)
ZERMATT: Final = Point(46.0207, 7.7491)
EVOLENE: Final = Point(46.1136, 7.4964)
ZINAL: Final = Point(46.1357, 7.6256)
BRIG: Final = Point(46.3150, 8.0500)
GOTTHARD: Final = Point(46.56, 8.56)
FRIEDRICHSHAFEN: Final = Point(47.6713, 9.5115)
INNSBRUCK: Final = Point(47.2602, 11.3440)
LOCARNO: Final = Point(46.1608, 8.8786)
VERONA: Final = Point(45.3957, 10.8885)
ANDERMATT: Final = Point(46.6350, 8.5940)
NORTH_ORBIT: Final = Point(47.45, 10.50)
SOUTH_ORBIT: Final = Point(45.78, 10.60)
POPUP_CLOSURE_RADIUS_M: Final = 12_000.0
POPUP_CLOSURE_UPPER_M: Final = 4_500.0


class Area(NamedTuple):
    outlines: tuple[Shape, ...]
    lower: Altitude
    upper: Altitude

    def volumes(self, start: datetime, end: datetime) -> Volumes:
        return tuple(Volume4D(outline, self.lower, self.upper, start, end) for outline in self.outlines)

    def during(self, cycle: datetime, from_s: float, until_s: float) -> Volumes:
        return self.volumes(cycle + timedelta(seconds=from_s), cycle + timedelta(seconds=until_s))


def polygon(*corners: tuple[float, float]) -> Polygon:
    return Polygon(tuple(LatLon(lat=lat, lon=lon) for lat, lon in corners))


def circle(centre: Point, radius_m: float) -> Circle:
    return Circle(LatLon(lat=centre.lat, lon=centre.lon), radius_m)


def corridor(start: Point, end: Point, half_width_m: float) -> Polygon:
    """A rectangle along the leg, longer by its half width at both ends."""
    out, back = bearing_deg(start, end), bearing_deg(end, start)
    near, far = ahead(start, out + 180, half_width_m), ahead(end, back + 180, half_width_m)
    points = (
        ahead(near, out - 90, half_width_m),
        ahead(far, back + 90, half_width_m),
        ahead(far, back - 90, half_width_m),
        ahead(near, out + 90, half_width_m),
    )
    return polygon(*((p.lat, p.lon) for p in points))


def _levels(lower: int, upper: int) -> tuple[Altitude, Altitude]:
    """Two flight levels."""
    return (
        Altitude(metres_from_feet(lower * 100), Datum.PRESSURE),
        Altitude(metres_from_feet(upper * 100), Datum.PRESSURE),
    )


def _sea(lower_m: float, upper_m: float) -> tuple[Altitude, Altitude]:
    return Altitude(lower_m, Datum.MSL), Altitude(upper_m, Datum.MSL)


NORTH_PATROL: Final = Area(
    (polygon((47.75, 9.9), (47.75, 11.1), (47.15, 11.1), (47.15, 9.9)),), *_levels(200, 260)
)
SOUTH_TRAINING: Final = Area(
    (polygon((46.05, 9.95), (46.15, 11.2), (45.55, 11.3), (45.45, 10.05)),), *_levels(240, 300)
)
SOUTH_HELICOPTER: Final = Area((corridor(LOCARNO, ANDERMATT, 1_500),), *_sea(2_000, 3_500))
SOUTH_HELICOPTER_AROUND: Final = Area(
    (corridor(LOCARNO, Point(46.45, 9.0), 1_500), corridor(Point(46.45, 9.0), Point(46.72, 8.95), 1_500)),
    *_sea(2_000, 3_500),
)
RELIEF_TRANSPORT: Final = Area((corridor(FRIEDRICHSHAFEN, INNSBRUCK, 4_000),), *_levels(175, 205))
"""Filed through the floor of the patrol; the aircraft itself stays below it."""
RELIEF_SOUTHERN: Final = Area((corridor(LOCARNO, VERONA, 4_000),), *_levels(240, 260))
DRONE_ROUTES: Final = Area(
    tuple(corridor(SION, village, 900) for village in (ZERMATT, EVOLENE, ZINAL)), *_sea(900, 3_300)
)
DRONE_ROUTES_WIDER: Final = Area(
    tuple(corridor(SION, village, 1_400) for village in (ZERMATT, EVOLENE, ZINAL)), *_sea(900, 3_400)
)
DRONE_SURVEY: Final = Area((circle(BRIG, 3_000),), *_sea(900, 2_600))
CALIBRATION: Final = Area((corridor(Point(46.24, 6.11), Point(46.35, 6.35), 2_500),), *_sea(400, 2_400))
POPUP_CLOSURE: Final = Area((circle(GOTTHARD, POPUP_CLOSURE_RADIUS_M),), *_sea(0, POPUP_CLOSURE_UPPER_M))
STANDING_CLOSURE: Final = Area((circle(Point(46.95, 8.90), 9_000),), *_sea(0, 3_000))
GLIDER_AREA: Final = Area(
    (polygon((46.75, 9.55), (46.72, 10.15), (46.45, 10.05), (46.48, 9.5)),), *_sea(2_000, 4_500)
)
NORTH_RANGE: Final = Area((circle(Point(47.85, 11.9), 11_000),), *_sea(0, 6_000))
SOUTH_RANGE: Final = Area((circle(Point(45.35, 7.9), 10_000),), *_sea(0, 5_000))
