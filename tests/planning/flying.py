"""Routes drawn at random, of any size and at awkward places, and flights along them that are allowed.

Where an allowed flight is follows here from the definition in ``model.route`` alone: geodesics by pyproj, one
leg after the other. Whether a volume holds it is asked without any tolerance.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import shapely
from hypothesis import strategies as st
from pyproj import Geod

from comity.geo.earth import frame_at, xyz
from comity.geo.outlines import project
from comity.geo.rings import ring
from comity.model.altitude import Altitude, Datum
from comity.model.route import Route
from comity.model.shape import LatLon, Polygon
from comity.model.volume import Volume4D, Volumes

GEOD = Geod(ellps="WGS84")
START = datetime(2026, 6, 1, 8, 0, 0, 250_000, tzinfo=UTC)


class Moment(NamedTuple):
    """Where an aircraft is at a time; ``height_m`` on the datum of its leg's heights."""

    lat: float
    lon: float
    height_m: float
    when: datetime


class Draw(NamedTuple):
    """Parts from 0 to 1: of the path, of the time margins, of the half width, of a circle, of the heights."""

    path: float
    late: float
    aside: float
    towards: float
    height: float


parts = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.0, 1.0))
draws = st.builds(Draw, parts, parts, parts, st.floats(0.0, 1.0), parts)


def lengths(draw: st.DrawFn, least: float, most: float) -> float:
    """Any size alike: as likely in tens as in thousands."""
    return float(least * (most / least) ** draw(st.floats(0.0, 1.0)))


@st.composite
def routes(draw: st.DrawFn, *, most_legs: int = 5, longest_m: float = 6_000_000.0) -> Route:
    """From 20 m to the longest, anywhere: the poles and the antimeridian are as likely as all the rest."""
    lat = draw(st.one_of(st.sampled_from([90.0, -90.0, 89.9999, 0.0]), st.floats(-90.0, 90.0)))
    lon = draw(st.one_of(st.sampled_from([180.0, -180.0, 179.9999, 0.0]), st.floats(-180.0, 180.0)))
    size = lengths(draw, 20.0, longest_m)
    points = [LatLon(lat=lat, lon=lon)]
    for _ in range(draw(st.integers(1, most_legs))):
        away = size * draw(st.floats(0.05, 1.0))
        lon, lat, _ = GEOD.fwd(lon, lat, draw(st.floats(-180.0, 180.0)), away)
        lat, lon = round(max(-90.0, min(90.0, lat)), 7), round(max(-180.0, min(180.0, lon)), 7)
        points.append(LatLon(lat=lat, lon=lon))
    heights = st.floats(0.0, 12_000.0).map(lambda value: Altitude(round(value, 1), Datum.MSL))
    count = draw(st.sampled_from([1, len(points)]))
    return Route(
        waypoints=tuple(points),
        levels=tuple(draw(st.lists(heights, min_size=count, max_size=count))),
        speed_mps=lengths(draw, max(5.0, size / 100_000.0), 300.0),
        half_width_m=lengths(draw, 1.0, 100_000.0),
        half_height_m=draw(st.floats(0.0, 500.0)),
        departs=START,
        step_s=lengths(draw, 10.0, 3_600.0),
        most_volumes=draw(st.integers(20, 1_000)),
        early_s=draw(st.sampled_from([0.0, 60.0, 450.5])),
        late_s=draw(st.sampled_from([0.0, 60.0, 900.25])),
    )


def flown(route: Route, at: Draw) -> Moment:
    """One moment of a flight that the route allows."""
    legs = []
    for number, (a, b) in enumerate(zip(route.waypoints[:-1], route.waypoints[1:], strict=True)):
        azimuth, _, length = GEOD.inv(a.lon, a.lat, b.lon, b.lat)
        took_s = length / route.speed_mps
        if length < 0.05:
            rise_m = route.level(number + 1).value_m - route.level(number).value_m
            took_s = abs(rise_m) / (route.climb_mps or 1.0)
        legs.append((a, azimuth, length, took_s))
    whole_s = sum(leg[3] for leg in legs)
    on_path_s = left_s = at.path * whole_s
    number = 0
    while number < len(legs) - 1 and left_s > legs[number][3]:
        left_s -= legs[number][3]
        number += 1
    a, azimuth, length, took_s = legs[number]
    part = min(1.0, left_s / took_s)
    lon, lat, _ = GEOD.fwd(a.lon, a.lat, azimuth, part * length)
    lon, lat, _ = GEOD.fwd(lon, lat, at.towards * 360.0, at.aside * route.half_width_m)
    here, there = route.level(number).value_m, route.level(number + 1).value_m
    height_m = here + part * (there - here) + (2.0 * at.height - 1.0) * route.half_height_m
    off_s = at.late * (route.early_s + route.late_s) - route.early_s
    return Moment(lat, lon, height_m, route.departs + timedelta(seconds=on_path_s + off_s))


def holds(volume: Volume4D, moment: Moment, *, heights: bool = True) -> bool:
    """Whether the moment is inside, to the rounding of doubles."""
    if not volume.start <= moment.when < volume.end:
        return False
    if heights and not volume.lower.value_m - 1e-6 <= moment.height_m <= volume.upper.value_m + 1e-6:
        return False
    return over(volume, lat=moment.lat, lon=moment.lon)


def over(volume: Volume4D, *, lat: float, lon: float) -> bool:
    """Whether the place lies in the outline: in the plane that touches the earth there."""
    assert isinstance(volume.outline, Polygon)
    frame = frame_at(xyz(lats=[lat], lons=[lon])[0])
    corners = ring(volume.outline)
    if float((corners @ frame[2]).min()) <= 0.0:
        return False
    return bool(shapely.contains_xy(shapely.Polygon(project(corners, frame)), 0.0, 0.0))


def held(volumes: Volumes, moment: Moment, *, heights: bool = True) -> bool:
    return any(holds(volume, moment, heights=heights) for volume in volumes)
