"""Level 0 as a specification: the cells, the band and the slot that stand for a volume.

Part of ``tests/permitted.py``: reads S2 and pyproj directly and nothing of ``comity.geo`` or
``comity.release``. Slow and obvious; where it cannot say, because something lies too near to an edge of the
grid, it raises ``Ambiguous`` rather than take sides.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import s2geometry
from pyproj import Geod

from comity.model.altitude import Altitude, Datum
from comity.model.shape import Circle, Shape
from comity.model.volume import Volume4D
from tests.property.happened import World

_s2: Any = s2geometry
_geod = Geod(ellps="WGS84")

HALF_HOUR: Final = timedelta(minutes=30)
BAND_M: Final = 1_000.0
GRID_LEVELS: Final = (10, 8, 6, 4, 2, 0)
MOST_CELLS: Final = 32
GROWN_M: Final = 1.0
NEARLY_M: Final = 5.0
"""How near to an edge of the grid the specification leaves it open on which side something lies."""


class Ambiguous(Exception):
    """The specification does not say: too near to an edge."""


Band = tuple[float, float] | tuple[Altitude, Altitude]

Reserved = tuple[frozenset[int], Band, datetime, datetime]


def reserved(world: World, volume: Volume4D) -> Reserved:
    """Cells, a band and a slot of the fixed grid. The pressure setting of the day plays no part."""
    return cells(volume.outline), band(world, volume), slot_before(volume.start), slot_after(volume.end)


def band(world: World, volume: Volume4D) -> Band:
    """Multiples of the band in metres above the ellipsoid. Where a limit is a pressure height, both limits
    themselves: finer than what is promised, so that fewer worlds count as equal, never more."""
    limits = (volume.lower, volume.upper)
    if Datum.PRESSURE in (limit.datum for limit in limits):
        return limits
    low = min(_extreme(world, limit, 0) for limit in limits)
    high = max(_extreme(world, limit, 1) for limit in limits)
    return math.floor(low / BAND_M) * BAND_M, math.ceil(high / BAND_M) * BAND_M


def slot_before(when: datetime) -> datetime:
    whole = datetime(when.year, when.month, when.day, when.hour, tzinfo=UTC)
    return whole + HALF_HOUR if when >= whole + HALF_HOUR else whole


def slot_after(when: datetime) -> datetime:
    before = slot_before(when)
    return before if before == when else before + HALF_HOUR


def _extreme(world: World, altitude: Altitude, end: int) -> float:
    match altitude.datum:
        case Datum.W84:
            return altitude.value_m
        case Datum.MSL:
            return altitude.value_m + world.geoid_m[end]
        case Datum.AGL:
            return altitude.value_m + world.terrain_m[end] + world.geoid_m[end]
        case Datum.PRESSURE:
            raise AssertionError("a pressure height is told as it is")


@lru_cache(maxsize=4_096)
def cells(outline: Shape) -> frozenset[int]:
    """S2 cells of the finest level of the grid at which 32 are enough, that the outline grown by a metre
    touches. Ambiguous where another few metres would make it others."""
    ring = _ring(outline)
    loop = _s2.S2Loop()
    loop.Init(ring)
    loop.Normalize()
    around = loop.GetCapBound().Expanded(_s2.S1Angle.Radians(2.0 * NEARLY_M / 6.36e6))
    for grid_level in GRID_LEVELS:
        if around.height() / 2.0 * 6 * 4**grid_level > 2_000:
            continue  # far more cells than 32, and slow to count
        sure, perhaps = _touched(loop, ring, around, grid_level)
        if len(sure) <= MOST_CELLS:
            if perhaps != sure:
                raise Ambiguous("an outline near a cell's edge")
            return sure
    raise AssertionError("six cells hold the earth")


def _touched(
    loop: Any, ring: list[Any], around: Any, grid_level: int
) -> tuple[frozenset[int], frozenset[int]]:
    """Cells that the outline grown by a metre surely touches, and those that it perhaps touches."""
    coverer = _s2.S2RegionCoverer()
    coverer.set_fixed_level(grid_level)
    sure, perhaps = set(), set()
    for cell_id in coverer.GetCovering(around):
        cell = _s2.S2Cell(cell_id)
        if loop.Contains(cell.GetCenter()):
            nearest_m = 0.0
        else:
            edges = zip(ring, ring[1:] + ring[:1], strict=True)
            nearest = min(cell.GetDistance(a, b).ToAngle().radians() for a, b in edges)
            nearest_m = nearest * 6.36e6
        if nearest_m <= GROWN_M / 2.0:
            sure.add(int(cell_id.id()))
        if nearest_m <= NEARLY_M:
            perhaps.add(int(cell_id.id()))
    return frozenset(sure), frozenset(perhaps)


def _ring(outline: Shape) -> list[Any]:
    """The outline's edge, points at most 2 km apart."""
    if isinstance(outline, Circle):
        count = max(64, math.ceil(outline.radius_m * 2.0 * math.pi / 2_000.0))
        places = [_fwd(outline, 360.0 * k / count) for k in range(count)]
    else:
        places = []
        corners = [(v.lat, v.lon) for v in outline.vertices]
        for (lat, lon), (next_lat, next_lon) in zip(corners, corners[1:] + corners[:1], strict=True):
            _, _, length_m = _geod.inv(lon, lat, next_lon, next_lat)
            between = max(0, math.ceil(length_m / 2_000.0) - 1)
            places.append((lat, lon))
            places += (
                [(p[1], p[0]) for p in _geod.npts(lon, lat, next_lon, next_lat, between)] if between else []
            )
    return [_s2.S2LatLng.FromDegrees(lat, lon).Normalized().ToPoint() for lat, lon in places]


def _fwd(circle: Circle, azimuth_deg: float) -> tuple[float, float]:
    lon, lat, _ = _geod.fwd(circle.centre.lon, circle.centre.lat, azimuth_deg, circle.radius_m)
    return float(lat), float(lon)
