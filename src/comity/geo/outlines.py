"""Outlines made ready for the exact test, kept by identity for as long as they are in use.

For each outline: a ball that holds it, and its polygon in the gnomonic plane of one of 170 fixed
**anchors** some 15 degrees apart. From the earth's centre arcs of great ellipses project to straight
lines, so planar geometry decides exactly, poles and antimeridian included. Anchors are fixed so that a
projected outline serves every later query; most outlines are only ever seen from one.

Planes are in units of the earth's radius. Distances in the plane are never shorter than on the ground
and at most ``1/cos(REACH)**2`` = 4 times as long, because nothing farther than ``REACH_RAD`` from an
anchor is projected; what reaches farther is for ``spherical``.

The key is ``id(outline)`` with a strong reference, because hashing a thousand vertices costs more than
the test. When full, everything is forgotten and comes back at the cost of a first sight. Not safe to
share between threads; ``shapes`` holds a lock.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from comity.geo.earth import (
    A_M,
    B_M,
    SMALLEST_CURVATURE_RADIUS_M,
    Floats,
    frame_at,
    normals,
    on_ellipsoid,
    units,
    xyz_of,
)
from comity.geo.rings import Indices, Point, reach_m, ring, rings, short_ring
from comity.model.shape import Circle, Shape

Geometries = NDArray[np.object_]

REACH_RAD: Final = math.radians(60.0)
"""Farthest projected angle from an anchor. Larger: fewer slow cases, a coarser tolerance."""

ALWAYS_FITS_RAD: Final = REACH_RAD - math.radians(11.0)
"""An outline no wider than this is within reach of its own anchor, which is at most 11 degrees away."""

_ANCHOR_DEG: Final = 15.0
_ROUND: Final = 1e-9
"""Relative rounding of a ball, far above double precision's and under a centimetre on the earth."""


class Outlines:
    """``rows`` gives each outline a row of the columns; ``plane(anchor)`` projects rows."""

    def __init__(self, capacity: int = 50_000) -> None:
        self._capacity = capacity
        self._clear(capacity)

    def _clear(self, size: int) -> None:
        self._row_of: dict[int, int] = {}
        self._shapes: list[Shape] = []
        self._rings: list[Floats] = []
        self._planes: dict[int, Plane] = {}
        self.centres = np.empty((size, 3))
        self.balls_m = np.empty(size)
        self.angles_rad = np.empty(size)
        self.circles_m = np.empty(size)
        self.anchors = np.empty(size, dtype=np.int32)

    def rows(self, shapes: Sequence[Shape]) -> Indices:
        """Rows of these outlines, valid until the next call of ``rows``."""
        known = self._row_of
        found = [known.get(id(s), -1) for s in shapes]
        if -1 in found:
            missing = {id(s): s for s, row in zip(shapes, found, strict=True) if row < 0}
            if len(self._shapes) + len(missing) > len(self.balls_m):
                missing = {id(s): s for s in shapes}
                self._clear(max(self._capacity, 2 * len(missing)))
            new = list(missing.values())
            if len(new) > 1 or not self._add_one(new[0]):
                self._add(new)
            known = self._row_of
            found = [known[id(s)] for s in shapes]
        return np.array(found, dtype=np.intp)

    def shape(self, row: int) -> Shape:
        return self._shapes[row]

    def ring(self, row: int) -> Floats:
        return self._rings[row]

    def plane(self, anchor: int) -> Plane:
        plane = self._planes.get(anchor)
        if plane is None:
            plane = self._planes[anchor] = Plane(self._rings, anchor, len(self.balls_m))
        return plane

    def fits(self, rows: Indices, anchor: int) -> NDArray[np.bool_]:
        """Which of these lie within reach of the anchor."""
        to_centre = _angles(self.centres[rows], _frame(anchor)[2])
        return np.asarray(to_centre + self.angles_rad[rows] <= REACH_RAD)

    def _add(self, shapes: list[Shape]) -> None:
        made = rings(shapes)
        ends = np.cumsum(made.counts)
        starts = ends - made.counts
        ordered = [shapes[i] for i in made.shape_of]
        first = len(self._shapes)
        rows = slice(first, first + len(shapes))
        centres, angles = _caps(made.points, starts, made.counts)
        balls = 2.0 * A_M * np.sin(angles / 2.0) * 1.0001 + 0.01
        radii = np.full(len(shapes), np.nan)
        for k, shape in enumerate(ordered):
            if isinstance(shape, Circle):
                reach = reach_m(shape.radius_m)
                radii[k], balls[k], angles[k] = shape.radius_m, reach, reach / SMALLEST_CURVATURE_RADIUS_M
                centres[k] = xyz_of(lat=shape.centre.lat, lon=shape.centre.lon)
        self.centres[rows], self.balls_m[rows] = centres, balls * (1.0 + _ROUND)
        self.angles_rad[rows], self.circles_m[rows] = angles, radii
        self.anchors[rows] = nearest_anchors(centres)
        self._shapes.extend(ordered)
        self._rings.extend(made.points[a:b].copy() for a, b in zip(starts, ends, strict=True))
        self._row_of.update({id(s): first + k for k, s in enumerate(ordered)})

    def _add_one(self, shape: Shape) -> bool:
        """``_add`` for one circle or short polygon, in a third of the time; False for other outlines."""
        if isinstance(shape, Circle):
            reach = reach_m(shape.radius_m)
            points = ring(shape)
            centre = xyz_of(lat=shape.centre.lat, lon=shape.centre.lon)
            ball, angle, radius = reach, reach / SMALLEST_CURVATURE_RADIUS_M, shape.radius_m
        else:
            corners = short_ring(shape)
            if corners is None:
                return False
            points = np.array(corners)
            centre, angle = _cap(corners)
            ball, radius = 2.0 * A_M * math.sin(angle / 2.0) * 1.0001 + 0.01, math.nan
        row = len(self._shapes)
        self.centres[row] = centre
        self.balls_m[row], self.angles_rad[row] = ball * (1.0 + _ROUND), angle
        self.circles_m[row], self.anchors[row] = radius, _nearest_anchor(*centre)
        self._shapes.append(shape)
        self._rings.append(points)
        self._row_of[id(shape)] = row
        return True


class Plane:
    """Outlines projected about one anchor, with a point of each that lies in it."""

    def __init__(self, ring_list: list[Floats], anchor: int, size: int) -> None:
        self._rings = ring_list
        self.frame = _frame(anchor)
        self._polygons: Geometries = np.full(size, None, dtype=np.object_)
        self._points = np.empty((size, 2))

    def polygons(self, rows: Indices) -> Geometries:
        found: Geometries = self._polygons[rows]
        missing = rows[shapely.is_missing(found)]
        if missing.size:
            self._project(np.unique(missing) if len(missing) > 1 else missing)
            found = self._polygons[rows]
        return found

    def points(self, rows: Indices) -> Floats:
        """A place in each, its middle if that lies in it; only after ``polygons`` of the same rows."""
        return np.asarray(self._points[rows])

    def _project(self, rows: Indices) -> None:
        if len(rows) == 1:
            row = int(rows[0])
            flat = project(self._rings[row], self.frame)
            polygon = shapely.polygons(flat)
            middle = shapely.get_coordinates(shapely.centroid(polygon))[0]
            self._polygons[row] = polygon
            self._points[row] = middle if shapely.contains_xy(polygon, *middle) else flat[0]
            return
        chosen = [self._rings[row] for row in rows.tolist()]
        counts = [len(r) for r in chosen]
        flat = project(np.concatenate(chosen), self.frame)
        ring_of = np.repeat(np.arange(len(chosen)), counts)
        polygons = shapely.polygons(shapely.linearrings(flat, indices=ring_of))
        middles = shapely.get_coordinates(shapely.centroid(polygons))
        inside: NDArray[np.bool_] = shapely.contains_xy(polygons, middles[:, 0], middles[:, 1])
        self._polygons[rows] = polygons
        self._points[rows] = np.where(inside[:, None], middles, flat[np.cumsum(counts) - counts])


def project(directions: Floats, frame: Floats) -> Floats:
    """Gnomonic plane coordinates of directions before the frame's horizon."""
    local = directions @ frame.T
    return np.asarray(local[:, :2] / local[:, 2:])


def nearest_anchors(directions: Floats) -> NDArray[np.int32]:
    """The anchor of the patch that each direction is in, at most 11 degrees away."""
    x, y, z = directions[:, 0], directions[:, 1], directions[:, 2]
    band = np.rint(np.degrees(np.arctan2(z, np.hypot(x, y))) / _ANCHOR_DEG).astype(np.int32)
    around = _AROUND[band + 6]
    place = np.rint(np.degrees(np.arctan2(y, x)) / 360.0 * around).astype(np.int32) % around
    return np.asarray((band + 6) * 32 + place, dtype=np.int32)


def _nearest_anchor(x: float, y: float, z: float) -> int:
    band = round(math.degrees(math.atan2(z, math.hypot(x, y))) / _ANCHOR_DEG)
    around = int(_AROUND[band + 6])
    return (band + 6) * 32 + round(math.degrees(math.atan2(y, x)) / 360.0 * around) % around


_AROUND: Final = np.maximum(
    np.rint(360.0 / _ANCHOR_DEG * np.cos(np.radians(np.arange(-6, 7) * _ANCHOR_DEG))), 1.0
).astype(np.int32)
_FRAMES: Final[dict[int, Floats]] = {}


def _frame(anchor: int) -> Floats:
    frame = _FRAMES.get(anchor)
    if frame is None:
        band, place = divmod(anchor, 32)
        lon = 360.0 * place / int(_AROUND[band])
        frame = _FRAMES[anchor] = frame_at(normals(lats=(band - 6) * _ANCHOR_DEG, lons=lon))
    return frame


def _caps(points: Floats, starts: Indices, counts: Indices) -> tuple[Floats, Floats]:
    """A centre on the surface for each ring, and the largest angle from it to the ring. A cap of less
    than a right angle is convex, so that arcs between its points, and what they enclose, stay in it."""
    low = np.minimum.reduceat(points, starts, axis=0)
    high = np.maximum.reduceat(points, starts, axis=0)
    middles = low + high
    middles[np.einsum("ij,ij->i", middles, middles) < 1.0] = (A_M, 0.0, 0.0)
    gap = units(points) - np.repeat(units(middles), counts, axis=0)
    chords = np.sqrt(np.maximum.reduceat(np.einsum("ij,ij->i", gap, gap), starts))
    return on_ellipsoid(middles), 2.0 * np.arcsin(np.minimum(chords / 2.0 + _ROUND * 1e-3, 1.0))


def _cap(points: list[Point]) -> tuple[Point, float]:
    """``_caps`` for one ring."""
    xs, ys, zs = zip(*points, strict=True)
    x, y, z = min(xs) + max(xs), min(ys) + max(ys), min(zs) + max(zs)
    length = math.sqrt(x * x + y * y + z * z)
    if length < 1.0:
        x, y, z, length = A_M, 0.0, 0.0, A_M
    ux, uy, uz = x / length, y / length, z / length
    chord = 0.0
    for px, py, pz in points:
        size = math.sqrt(px * px + py * py + pz * pz)
        chord = max(chord, math.dist((px / size, py / size, pz / size), (ux, uy, uz)))
    scale = math.sqrt((ux * ux + uy * uy) / (A_M * A_M) + uz * uz / (B_M * B_M))
    return (ux / scale, uy / scale, uz / scale), 2.0 * math.asin(min(chord / 2.0 + _ROUND * 1e-3, 1.0))


def _angles(directions: Floats, unit: Floats) -> Floats:
    lengths = np.sqrt(np.einsum("ij,ij->i", directions, directions))
    return np.asarray(np.arccos(np.clip(directions @ unit / lengths, -1.0, 1.0)))
