"""``incursion``, slowly: where an aircraft is at one moment after another, by pyproj alone, and in what.

No plane, no osculating circle, no great ellipse: positions are at the ends of geodesics, a polygon holds a
place if one who stands there and follows its boundary with the eye turns once around, and distances are to
points of the boundary that are looked for closer and closer. It understates nothing but the length of a
visit, by up to a step at each end. Metres, seconds, degrees.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from comity.conflict.cylinder import NEVER, Floats, Interval
from comity.geo.earth import destination, destinations, distance_m, geodesics
from comity.model.shape import Circle, Polygon, Shape

_TOO_FAR_M: Final = 12_000_000.0
"""One who sees a polygon turn around from as far as this stands opposite of it, not in it."""


class Flight(NamedTuple):
    lat: float
    lon: float
    track_deg: float
    speed_mps: float
    radius_m: float = 0.0

    def place(self, at_s: float) -> tuple[float, float]:
        """(lat, lon) then."""
        return destination(
            lat=self.lat, lon=self.lon, azimuth_deg=self.track_deg, distance_m=self.speed_mps * at_s
        )


def first_visit(
    flight: Flight,
    outline: Shape,
    *,
    begin_s: float,
    end_s: float,
    step_s: float,
    also: Callable[[float], bool] = lambda at_s: True,
) -> Interval:
    """(first, last) of the first moments in a row at which the aircraft is in the outline or within its own
    radius of it, and ``also`` holds."""
    found = []
    for at_s in np.linspace(begin_s, end_s, max(2, round((end_s - begin_s) / step_s) + 1)).tolist():
        lat, lon = flight.place(at_s)
        if also(at_s) and away_m(outline, lat=lat, lon=lon) <= flight.radius_m:
            found.append(at_s)
        elif found:
            break
    return (found[0], found[-1]) if found else NEVER


def away_m(outline: Shape, *, lat: float, lon: float) -> float:
    """Distance from a place to an outline; 0 inside."""
    if isinstance(outline, Circle):
        centre = outline.centre
        to_centre_m = distance_m(lat_a=centre.lat, lon_a=centre.lon, lat_b=lat, lon_b=lon)
        return max(0.0, to_centre_m - outline.radius_m)
    return 0.0 if holds(outline, lat=lat, lon=lon) else boundary_m(outline, lat=lat, lon=lon)


def holds(polygon: Polygon, *, lat: float, lon: float, per_edge: int = 60) -> bool:
    """Whether a place is in a polygon."""
    lats, lons = _along(polygon, np.arange(per_edge) / per_edge)
    azimuths, lengths = geodesics(lats_a=lat, lons_a=lon, lats_b=lats.ravel(), lons_b=lons.ravel())
    turns = np.diff(np.append(azimuths, azimuths[0]))
    turns = (turns + 180.0) % 360.0 - 180.0
    return bool(lengths.min() < _TOO_FAR_M and abs(turns.sum()) > 180.0)


def boundary_m(polygon: Polygon, *, lat: float, lon: float, per_edge: int = 60) -> float:
    """Distance from a place to a polygon's boundary, never too short: to the nearest of points on each edge,
    which are set ever closer about the nearest."""
    width, middle = 0.5, np.full(len(polygon.vertices), 0.5)
    nearest_m = np.inf
    while width * per_edge > 1e-7:
        shares = np.clip(middle[:, None] + width * np.linspace(-1.0, 1.0, per_edge), 0.0, 1.0)
        lats, lons = _along(polygon, shares)
        _, lengths = geodesics(lats_a=lat, lons_a=lon, lats_b=lats, lons_b=lons)
        best = lengths.argmin(axis=1)
        middle = shares[np.arange(len(best)), best]
        nearest_m = min(nearest_m, float(lengths.min()))
        width *= 3.0 / per_edge
    return nearest_m


def _along(polygon: Polygon, shares: Floats) -> tuple[Floats, Floats]:
    """(lats, lons), a row for each edge, at shares of its length."""
    vertices = polygon.vertices
    after = (*vertices[1:], vertices[0])
    lats, lons = np.array([v.lat for v in vertices]), np.array([v.lon for v in vertices])
    azimuths, lengths = geodesics(
        lats_a=lats, lons_a=lons, lats_b=[v.lat for v in after], lons_b=[v.lon for v in after]
    )
    return destinations(
        lats=lats[:, None],
        lons=lons[:, None],
        azimuths_deg=azimuths[:, None],
        distances_m=lengths[:, None] * shares,
    )
