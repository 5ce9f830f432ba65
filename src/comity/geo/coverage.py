"""Coarse footprints of the standards' interfaces: S2 cells that hold an outline, and its area.

ASTM F3548-21 (DSS0010, DSS0040) and F3411-22a want a DSS to match footprints coarsely and to keep none
exactly. Cells are of level 13, about 1.2 km wide; an outline that would need more than ``MOST_CELLS`` of them
gets those of a coarser level, which hold it as well.

Edges are great circles on S2's sphere, on which latitude and longitude are taken as they are: what other
implementations of these standards do. ``holding`` adds the margin that a promised volume's geodesics need.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import shapely

from comity.errors import InvalidInput
from comity.geo import s2
from comity.geo.cells import cell_of, level_of, outer_loop, parent, token
from comity.geo.earth import SMALLEST_CURVATURE_RADIUS_M, frame_at, normals
from comity.geo.outlines import project
from comity.geo.remembered import Remembered
from comity.geo.rings import reach_m
from comity.model.f3548 import CellBox
from comity.model.shape import Circle, LatLon, Shape

LEVEL: Final = 13
MOST_CELLS: Final = 5_000
"""Some 6,000 km²: over twice the largest polygon that the standards' interfaces take. Larger: more work for
one request."""

MEAN_RADIUS_M: Final = 6_371_008.8
"""IUGG's mean radius R1; areas on the sphere are within 0.7 % of those on the ellipsoid."""

_CELL_AREA_M2: Final = 0.55e6
"""No cell of level 13 is smaller (S2's kMinArea 1.25 sr at level 0, a quarter each level: 0.76 km²; rounded
down). Too small only starts the search at a coarser level than need be."""

_WHOLE_EARTH_M: Final = 9_000_000.0
"""A circle of this radius or more is taken for the whole earth: a ring about it has no plane any more."""

_LINE: Final = 1e-14
"""Area of a hull, in squared earth radii, below which a polygon is a line: 0.4 m²."""

Points = Sequence[tuple[float, float]]
"""(lat, lon) in degrees."""


def check_ring(points: Points, field: str) -> None:
    """Refuse what is no plain polygon: fewer than 3 vertices, a repeated one, crossing edges. A polygon
    without area but with distinct vertices is taken as a line."""
    if len(points) < 3:
        raise InvalidInput("a polygon has at least 3 vertices", field=field)
    if len(set(points)) != len(points):
        raise InvalidInput("a polygon repeats no vertex, the first one included", field=field)
    lats, lons = zip(*points, strict=True)
    directions = normals(lats=np.asarray(lats), lons=np.asarray(lons))
    middle = directions.sum(axis=0)
    length = float(np.linalg.norm(middle))
    if length < 1e-9 or float((directions @ (middle / length)).min()) < 0.2:
        raise InvalidInput("a polygon must be smaller than a hemisphere", field=field)
    flat = project(directions, frame_at(middle))
    if shapely.MultiPoint(flat).convex_hull.area < _LINE:
        return
    if not shapely.LinearRing(flat).is_simple:
        raise InvalidInput("a polygon's edges must not cross or touch", field=field)


def ring_area_m2(points: Points) -> float:
    """Of the smaller side; winding does not matter."""
    return s2.loop_area_sr(points) * MEAN_RADIUS_M**2


@Remembered
def ring_cells(points: tuple[tuple[float, float], ...]) -> tuple[str, ...]:
    """Cells of a polygon that ``check_ring`` has passed; sorted tokens."""
    area_m2 = ring_area_m2(points)
    if area_m2 < 1.0:
        return _finest(0.0, lambda level: s2.cover_points([*points, points[0]], level))
    return _finest(area_m2, lambda level: s2.cover_loop(points, level))


@Remembered
def circle_cells(lat: float, lon: float, radius_m: float) -> tuple[str, ...]:
    """Cells of a circle, made larger by what the ellipsoid differs from the sphere."""
    radius_rad = math.pi
    if radius_m < _WHOLE_EARTH_M:
        radius_rad = min(reach_m(radius_m) / SMALLEST_CURVATURE_RADIUS_M, math.pi)
    area_m2 = 2.0 * math.pi * (1.0 - math.cos(radius_rad)) * MEAN_RADIUS_M**2
    return _finest(area_m2, lambda level: s2.cover_cap(lat, lon, radius_rad, level))


@Remembered
def holding(shape: Shape) -> tuple[str, ...]:
    """Cells that hold every point of a promised outline, geodesic edges included; sorted tokens."""
    if isinstance(shape, Circle):
        return circle_cells(shape.centre.lat, shape.centre.lon, shape.radius_m)
    points, _, area_sr = outer_loop(shape)
    return _finest(area_sr * MEAN_RADIUS_M**2, lambda level: s2.cover_loop(points, level))


def points_of(vertices: Sequence[LatLon]) -> tuple[tuple[float, float], ...]:
    return tuple((vertex.lat, vertex.lon) for vertex in vertices)


def union(boxes: Iterable[CellBox]) -> CellBox:
    """One box that holds all of these; cells at the coarsest level among them."""
    given = list(boxes)
    levels = {level_of(cell_of(box.cells[0])) for box in given}
    cells: set[str] = set()
    for box in given:
        cells.update(box.cells if len(levels) == 1 else coarsened(box.cells, min(levels)))
    lowers, uppers = [b.lower_m for b in given], [b.upper_m for b in given]
    starts, ends = [b.start for b in given], [b.end for b in given]
    return CellBox(
        tuple(sorted(cells)),
        None if None in lowers else min(x for x in lowers if x is not None),
        None if None in uppers else max(x for x in uppers if x is not None),
        None if None in starts else min(x for x in starts if x is not None),
        None if None in ends else max(x for x in ends if x is not None),
    )


def coarsened(cells: Iterable[str], level: int) -> set[str]:
    """The cells of a coarser level that hold these."""
    return {token(parent(cell_of(cell), level)) for cell in cells}


def _finest(area_m2: float, cover: s2.Coverer) -> tuple[str, ...]:
    level = LEVEL
    while area_m2 / (_CELL_AREA_M2 * 4.0 ** (LEVEL - level)) > 4 * MOST_CELLS and level > 0:
        level -= 1
    while True:
        cells = cover(level)
        if len(cells) <= MOST_CELLS or level == 0:
            return tuple(sorted(map(token, cells)))
        level -= 1
