"""The level-0 form of an aircraft that is seen: where it can be during one slot of a minute.

Cells of the fixed grid, a height band of whole kilometres and a slot of whole minutes, like the level-0
form of an intent (``coarsen``). The form is made from where the aircraft was at the slot's beginning, its
*anchor*, and holds until the slot ends, whatever the aircraft does: a form that followed it would tell, at
the moment of each change, that it just then crossed a line of the grid.

Outward (law 1): the circle that is covered holds every place that the aircraft can reach within the slot
at the speed class of its anchor. One that leaves it, because it became faster, or climbs or descends out of
the band, is anchored anew.

Not told: speed, direction, category, owner. The size of the circle tells the speed class.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from comity.geo.cells import corners, disc_cells, token
from comity.geo.heights import HeightBounds
from comity.model.altitude import LOWEST_M
from comity.model.batch import Floats
from comity.model.released import ReservedVolume
from comity.release.coarsen import ceil_band, floor_band

SLOT_S: Final = 60
"""Larger: forms that tell less of the way and warn more often."""

SPEED_CLASSES_MPS: Final = (20.0, 80.0, 150.0, 350.0, 1_100.0)
"""A drone, a helicopter or light aircraft, a turboprop, an airliner or jet, anything at all. Fewer classes
tell less; an unknown speed is the third."""

SPEEDING: Final = 1.1
"""What an aircraft may become faster within a slot before it is anchored anew."""

CLIMB_MPS: Final = 25.0
"""About 5,000 ft/min, taken up and down where a vertical rate is lower or unknown."""

HIGHEST_M: Final = 40_000.0
"""The band's top where no height is known: above what ADS-B can code."""


class Anchor(NamedTuple):
    """Where an aircraft was when its slot began, and how far from there it can get in it."""

    lat: float
    lon: float
    radius_m: float


class TrackCells(NamedTuple):
    """A form, and a disc on the sphere that holds all of its cells, for checks against it."""

    form: ReservedVolume
    lat: float
    lon: float
    radius_m: float


def anchor(*, lat: float, lon: float, accuracy_m: float, speed_mps: float, age_s: float) -> Anchor:
    """``speed_mps`` NaN: unknown. ``age_s``: of the position, at the slot's beginning."""
    speed = SPEED_CLASSES_MPS[2] if math.isnan(speed_mps) else speed_mps * SPEEDING
    fits = [each for each in SPEED_CLASSES_MPS if each >= speed]
    return Anchor(lat, lon, accuracy_m + (fits or SPEED_CLASSES_MPS[-1:])[0] * (SLOT_S + age_s))


def band_m(height: HeightBounds | None, rate_mps: float) -> tuple[float, float]:
    """Lower and upper limit during the slot, in metres above the ellipsoid, as whole bands."""
    if height is None:
        return floor_band(LOWEST_M), ceil_band(HIGHEST_M)
    change_m = float(climb_m(np.array([rate_mps]))[0])
    return floor_band(height.lower_m - change_m), ceil_band(height.upper_m + change_m)


def climb_m(rate_mps: Floats) -> Floats:
    """By how much heights above the ellipsoid may change within the slot, up or down."""
    return np.asarray(np.fmax(CLIMB_MPS, np.abs(rate_mps) * SPEEDING) * SLOT_S)


STRETCH: Final = 1.25
"""Heights above the ellipsoid differ by no more than this times the heights on any datum: in an air column
50 K warmer than standard up to 1.24. Larger: an aircraft that climbs is anchored anew sooner."""


def track_cells(at: Anchor, band: tuple[float, float], start: datetime) -> TrackCells:
    """The form for the slot that begins at ``start``."""
    cells = disc_cells(lat=at.lat, lon=at.lon, radius_m=at.radius_m)
    outlines = tuple(tuple(corners(cell)) for cell in cells)
    form = ReservedVolume(
        cells=tuple(token(cell) for cell in cells),
        outlines=outlines,
        lower_w84_m=band[0],
        upper_w84_m=band[1],
        start=start,
        end=start + timedelta(seconds=SLOT_S),
    )
    return TrackCells(form, *_disc(outlines))


_RADIUS_M: Final = 6_400_000.0
"""No radius of curvature on WGS84 is larger: distances made with it from angles are never too short."""

_BULGE: Final = 1.01
"""A cell's edges are great circles, so nothing of a cell is farther from a point than its farthest corner by
more than the earth's bend, which is far less for cells of the levels that a minute's flight can have."""


def _disc(outlines: tuple[tuple[tuple[float, float], ...], ...]) -> tuple[float, float, float]:
    points = [_point(lat, lon) for outline in outlines for lat, lon in outline]
    x, y, z = (sum(axis) for axis in zip(*points, strict=True))
    length = math.sqrt(x * x + y * y + z * z)
    if length < 1e-9:
        return 90.0, 0.0, math.pi * _RADIUS_M
    middle = (x / length, y / length, z / length)
    widest = max(2.0 * math.asin(min(1.0, math.dist(point, middle) / 2.0)) for point in points)
    lat = math.degrees(math.atan2(middle[2], math.hypot(middle[0], middle[1])))
    lon = math.degrees(math.atan2(middle[1], middle[0]))
    return lat, lon, widest * _RADIUS_M * _BULGE


def _point(lat: float, lon: float) -> tuple[float, float, float]:
    phi, lam = math.radians(lat), math.radians(lon)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)
