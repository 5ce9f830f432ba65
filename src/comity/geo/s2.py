"""The one place that calls ``s2geometry``, which has no type stubs: every answer is cast here.

S2's sphere takes geodetic latitude and longitude as they are; ``normals`` in ``earth`` are its points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

import s2geometry

_s2: Any = s2geometry

Coverer = Callable[[int], tuple[int, ...]]
"""From a level to the ids of cells."""


def cover_loop(points: Iterable[tuple[float, float]], level: int) -> tuple[int, ...]:
    """Ids of all cells of one level that share anything with the smaller side of a loop of (lat, lon)."""
    loop = _s2.S2Loop()
    loop.Init([_s2.S2LatLng.FromDegrees(lat, lon).ToPoint() for lat, lon in points])
    loop.Normalize()
    coverer = _s2.S2RegionCoverer()
    coverer.set_fixed_level(level)
    return tuple(cast(int, cell.id()) for cell in coverer.GetCovering(loop))


def cover_cap(lat: float, lon: float, radius_rad: float, level: int) -> tuple[int, ...]:
    """Ids of all cells of one level that share anything with a cap."""
    middle = _s2.S2LatLng.FromDegrees(lat, lon).ToPoint()
    cap = _s2.S2Cap(middle, _s2.S1Angle.Radians(radius_rad))
    coverer = _s2.S2RegionCoverer()
    coverer.set_fixed_level(level)
    return tuple(cast(int, cell.id()) for cell in coverer.GetCovering(cap))


def cover_points(points: Iterable[tuple[float, float]], level: int) -> tuple[int, ...]:
    """Ids of the cells of one level that share anything with the great arcs between consecutive points."""
    line = _s2.S2Polyline()
    line.InitFromS2LatLngs([_s2.S2LatLng.FromDegrees(lat, lon) for lat, lon in points])
    coverer = _s2.S2RegionCoverer()
    coverer.set_fixed_level(level)
    return tuple(cast(int, cell.id()) for cell in coverer.GetCovering(line))


def loop_area_sr(points: Iterable[tuple[float, float]]) -> float:
    """Steradians of the smaller side of a loop of (lat, lon)."""
    loop = _s2.S2Loop()
    loop.Init([_s2.S2LatLng.FromDegrees(lat, lon).ToPoint() for lat, lon in points])
    loop.Normalize()
    return cast(float, loop.GetArea())


def centre(cell: int) -> tuple[float, float, float]:
    """The middle of a cell, on the unit sphere."""
    point = _s2.S2CellId(cell).ToPoint()
    return cast(float, point.x()), cast(float, point.y()), cast(float, point.z())


def neighbours(cell: int, level: int) -> tuple[int, ...]:
    """Ids of the cells of a level, no coarser than the cell's, that touch it from outside."""
    return tuple(cast(int, each.id()) for each in _s2.S2CellId(cell).GetAllNeighbors(level))


def corners(cell: int) -> tuple[tuple[float, float], ...]:
    """The four (lat, lon) of a cell, in degrees and in order."""
    square = _s2.S2Cell(_s2.S2CellId(cell))
    return tuple(_degrees(square.GetS2LatLngVertex(k)) for k in range(4))


def _degrees(place: Any) -> tuple[float, float]:
    return cast(float, place.lat().degrees()), cast(float, place.lng().degrees())
