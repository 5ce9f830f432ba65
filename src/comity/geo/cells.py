"""The fixed nested grid of level 0: S2 cells, the same for every recipient.

``grid_cells`` answers cells of one level that together hold the whole outline, at the finest level of
``GRID_LEVELS`` at which ``MAX_CELLS`` are enough. It depends on the outline alone: not on the
recipient, nor the time, nor what else there is.

A cell is a number of 64 bits. Its edges are great circles on S2's sphere, on which geodetic latitude
and longitude are taken as they are; on the WGS84 ellipsoid that is within metres of the geodesic
between two corners 10 km apart, and some 20 km off for the largest cells. A consumer must draw and test them
as S2 does. The outline is made larger by ``MARGIN_M`` before it is covered, which holds the bend of its
own edges on that sphere; every point of the outline is then in a cell by S2's reading.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import shapely

from comity.geo import s2
from comity.geo.earth import B_M, SMALLEST_CURVATURE_RADIUS_M, Floats, frame_at, lats_lons, normals
from comity.geo.outlines import project
from comity.geo.rings import reach_m, ring
from comity.model.shape import Circle, LatLon, Shape

GRID_LEVELS: Final = (10, 8, 6, 4, 2, 0)
"""Finest first: edges of about 9, 36, 140, 580, 2,300 and 9,000 km. The finest hides a drone's take-off
place in a district; every second level keeps each outward step plain (sixteenfold in area)."""

MAX_CELLS: Final = 32
"""Enough for an elongated outline of 30:1 at its level, few enough to draw, to send and to compare.
Larger: level 0 tells more of an outline's form. Level 0 of the grid has 6 cells, so it always suffices."""

FINEST_FITS_M: Final = 12_000.0
"""An outline no longer than this has at most ``MAX_CELLS`` cells of the finest level. Such cells lie
within a cell's diagonal (15.6 km) of its middle plus half of it, and none has less area than S2's
kMinArea 1.25 (48 km² at level 10): 32 of them allow 13.9 km. It doubles with each coarser level."""

MARGIN_M: Final = 1.0
"""Made larger by this on every side; an arc of 20 km bends by 0.03 m on either sphere."""

_CELL_DIAGONAL_M: Final = 16_000_000.0
_CELL_AREA_SR: Final = 2.65
"""No cell is longer or larger at level 0 (S2's kMaxDiag 2.44 radii and kMaxArea 2.64, rounded up); they
halve and quarter with each level. Too large only costs time: levels are tried that cannot do."""

_COARSEST_REACHED: Final = 2
"""Below this level a cell spans a quarter of the earth, and a reach says nothing any more."""

_SMALL_RAD: Final = 6_000.0 / B_M
"""A wider cap is seldom in one cell of the finest level. Edges this short bend by centimetres."""

_HIGHEST: Final = 30


@lru_cache(maxsize=4_096)
def grid_cells(shape: Shape) -> tuple[int, ...]:
    """Sorted ids of cells of one level that hold the outline."""
    cap = _small_cap(shape)
    if cap is not None:
        cells = s2.cover_cap(*cap, GRID_LEVELS[0])
        if len(cells) == 1:
            return cells
    points, extent_m, area_sr = outer_loop(shape)
    for level in GRID_LEVELS:
        fewest = max(extent_m / _CELL_DIAGONAL_M * 2**level, area_sr / _CELL_AREA_SR * 4**level)
        if fewest > MAX_CELLS:
            continue
        cells = s2.cover_loop(points, level)
        if len(cells) <= MAX_CELLS:
            return tuple(sorted(cells))
    raise AssertionError("six cells hold the earth")


def disc_cells(*, lat: float, lon: float, radius_m: float) -> tuple[int, ...]:
    """As ``grid_cells`` of a circle, thirty times as fast and up to 1 % wider: the cells that share something
    with a cap on S2's sphere that holds it. For forms that are made by the thousand each minute."""
    radius_rad = min((radius_m + MARGIN_M) / SMALLEST_CURVATURE_RADIUS_M, math.pi)
    area_sr = 2.0 * math.pi * (1.0 - math.cos(radius_rad))
    for level in GRID_LEVELS:
        if area_sr / _CELL_AREA_SR * 4**level <= MAX_CELLS:
            cells = s2.cover_cap(lat, lon, radius_rad, level)
            if len(cells) <= MAX_CELLS:
                return tuple(sorted(cells))
    raise AssertionError("six cells hold the earth")


def grid_reach_m(diameter_m: float) -> float:
    """How far from an outline of this diameter, at most, any point of its ``grid_cells`` is: the diagonal
    of a cell of the coarsest level that they can have. Infinite where that is not small against the earth."""
    for level in GRID_LEVELS:
        if level < _COARSEST_REACHED:
            break
        doublings = float(2 ** (GRID_LEVELS[0] - level))
        if diameter_m <= FINEST_FITS_M * doublings:
            return _CELL_DIAGONAL_M / 2.0**level
    return math.inf


def level_of(cell: int) -> int:
    """0 to 30."""
    return _HIGHEST - ((cell & -cell).bit_length() - 1) // 2


def parent(cell: int, level: int) -> int:
    """The cell of a coarser (or the same) level that holds this one."""
    if not 0 <= level <= level_of(cell):
        raise ValueError(f"a cell of level {level_of(cell)} has no parent at level {level}")
    lowest = 1 << (2 * (_HIGHEST - level))
    return (cell & -lowest) | lowest


def token(cell: int) -> str:
    """S2's token: the id in hexadecimal without trailing zeros."""
    return f"{cell:016x}".rstrip("0")


def cell_of(token: str) -> int:
    """Inverse of :func:`token`."""
    return int(token.ljust(16, "0"), 16)


@lru_cache(maxsize=65_536)
def corners(cell: int) -> tuple[tuple[float, float], ...]:
    """The four corners as (lat, lon) in order; edges between them are great circles on S2's sphere."""
    return s2.corners(cell)


def cells_touch(a: Sequence[int], b: Sequence[int]) -> bool:
    """Whether a cell of one holds, is, or lies in a cell of the other. Neighbours do not count."""
    if not a or not b:
        return False
    levels_a, levels_b = {level_of(cell) for cell in a}, {level_of(cell) for cell in b}
    if len(levels_a) > 1 or len(levels_b) > 1:
        return any(_nested(x, y) for x in a for y in b)
    coarser = min(*levels_a, *levels_b)
    return not _at(a, coarser).isdisjoint(_at(b, coarser))


def _at(cells: Sequence[int], level: int) -> set[int]:
    return {parent(cell, level) for cell in cells}


def _nested(x: int, y: int) -> bool:
    level = min(level_of(x), level_of(y))
    return parent(x, level) == parent(y, level)


def _small_cap(shape: Shape) -> tuple[float, float, float] | None:
    """(lat, lon, radius in radians) of a cap on S2's sphere that holds a small outline; None for others.
    Where one cell holds the cap, it is all that the outline touches, and the loop need not be made."""
    if isinstance(shape, Circle):
        radius = (reach_m(shape.radius_m) + MARGIN_M) / SMALLEST_CURVATURE_RADIUS_M
        return None if radius > _SMALL_RAD else (shape.centre.lat, shape.centre.lon, radius)
    points = [_normal(v) for v in shape.vertices]
    xs, ys, zs = zip(*points, strict=True)
    x, y, z = min(xs) + max(xs), min(ys) + max(ys), min(zs) + max(zs)
    length = math.sqrt(x * x + y * y + z * z)
    if length < 1.0:
        return None
    middle = x / length, y / length, z / length
    radius = max(math.dist(point, middle) for point in points) * 1.001 + MARGIN_M / B_M
    if radius > _SMALL_RAD:
        return None
    lat, lon = math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))
    return lat, lon, radius


def _normal(place: LatLon) -> tuple[float, float, float]:
    phi, lam = math.radians(place.lat), math.radians(place.lon)
    cos_phi = math.cos(phi)
    return cos_phi * math.cos(lam), cos_phi * math.sin(lam), math.sin(phi)


def outer_loop(shape: Shape) -> tuple[list[tuple[float, float]], float, float]:
    """The outline made larger, as (lat, lon) in order; a distance and an area that it has at least.

    In a gnomonic plane nothing is shorter than on the ground, so a margin in the plane's middle is what
    is asked for and elsewhere it is widened by the plane's stretch at its farthest point."""
    lats, lons = lats_lons(ring(shape))
    points = normals(lats=lats, lons=lons)
    frame = frame_at(points.min(axis=0) + points.max(axis=0))
    nearest = float((points @ frame[2]).min())
    flat = project(points, frame)
    margin = MARGIN_M / B_M / (nearest * nearest)
    outer = shapely.buffer(shapely.Polygon(flat), margin, join_style="mitre")
    plane: Floats = np.asarray(outer.exterior.coords)[:-1]
    directions = np.column_stack([plane, np.ones(len(plane))]) @ frame
    outer_lats, outer_lons = _sphere_lats_lons(directions)
    extent_m = float(np.linalg.norm(points.max(axis=0) - points.min(axis=0))) / math.sqrt(3.0) * B_M
    area_sr = float(outer.area) * nearest**3
    return list(zip(outer_lats.tolist(), outer_lons.tolist(), strict=True)), extent_m, area_sr


def _sphere_lats_lons(directions: Floats) -> tuple[Floats, Floats]:
    x, y, z = directions[:, 0], directions[:, 1], directions[:, 2]
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))
