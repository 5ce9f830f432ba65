"""The exact test: whether outlines share ground. Errs only towards "yes".

Two outlines that share a point, or come within ``TOLERANCE_M`` of each other, are always found. Ones
farther apart than ``SLACK_M`` are not, but for circles, which are taken as circumscribed polygons when
they meet polygons: up to 1.3 m larger to a radius of 250 m, 3.8 m to 2 km, 10 m to 20 km, 18 m to
100 km, 260 m at 5,000 km. Two circles compare by their distance, to 0.2 m.

Polygons are expected to have passed ``check``; the test of one that has not answers something, but
nothing is promised about it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from threading import Lock
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from comity.errors import InvalidInput
from comity.geo.earth import B_M, Floats, distance_m, frame_at, geodesics, lats_lons, xyz
from comity.geo.outlines import ALWAYS_FITS_RAD, REACH_RAD, Outlines, Plane, project
from comity.geo.plain import surely_plain
from comity.geo.rings import BEND_M, Indices, ring, short_ring
from comity.geo.spherical import Boundary, areas_meet
from comity.model.shape import Circle, Shape

Mask = NDArray[np.bool_]

TOLERANCE_M: Final = 0.15
"""Gap that still counts as touching. It covers the bend of two outlines' edges (2 x ``BEND_M``) and
double precision (under 1e-6 m). Larger: more neighbours are called conflicts."""

_STRETCH: Final = 1.0 / math.cos(REACH_RAD) ** 2

SLACK_M: Final = TOLERANCE_M * _STRETCH * 1.01
"""Widest gap that may be called touching: 0.61 m, next to an anchor, where the plane is not stretched."""

_GAP: Final = TOLERANCE_M * _STRETCH / B_M

MAX_CAP_DEG: Final = 80.0
"""A polygon must lie within this angle of its middle: less than a hemisphere, so that the smaller side
is plain and every edge has one shortest way."""

MIN_AREA_M2: Final = 0.01
"""Below this a polygon encloses nothing that a coordinate of seven decimals can tell."""

_SAME_PLACE_DIGITS: Final = 12
"""Decimals of a plane coordinate, in earth radii, that tell two vertices apart: 6 µm."""

_CHORD_LIMIT_M: Final = 20_000.0
"""Up to here a chord is within 8 mm of its geodesic, on the side of "yes"."""

assert 2.0 * BEND_M < TOLERANCE_M

_FEW: Final = 24
"""Candidates up to which preparing the query costs more than it saves."""

_outlines = Outlines()
_lock = Lock()


def check(shape: Shape, field: str) -> None:
    """Raise ``InvalidInput`` for a polygon that has no plain inside. Circles always have one."""
    if isinstance(shape, Circle):
        return
    short = short_ring(shape)
    if short is not None and surely_plain(short, MIN_AREA_M2):
        return
    points = ring(shape)
    middle = points.min(axis=0) + points.max(axis=0)
    frame = frame_at(middle if float(middle @ middle) > 1.0 else points[0])
    lengths = np.sqrt(np.einsum("ij,ij->i", points, points))
    if float((points @ frame[2] / lengths).min()) < math.cos(math.radians(MAX_CAP_DEG)):
        raise InvalidInput(
            f"{field} must lie within {MAX_CAP_DEG:g} degrees of its middle, less than a hemisphere",
            field=field,
        )
    flat = project(points, frame)
    # Two longitudes of one pole, or of one place on the antimeridian, differ by rounding alone.
    polygon = shapely.Polygon(np.round(flat, _SAME_PLACE_DIGITS))
    if shapely.Polygon(flat).convex_hull.area * B_M * B_M < MIN_AREA_M2:
        raise InvalidInput(f"{field} must enclose an area; its vertices lie on one line", field=field)
    if not polygon.is_valid:
        where = _where(shapely.is_valid_reason(polygon), frame)
        raise InvalidInput(f"{field} must have edges that neither cross nor touch{where}", field=field)
    if polygon.area * B_M * B_M < MIN_AREA_M2:
        raise InvalidInput(f"{field} must enclose an area of at least {MIN_AREA_M2:g} m²", field=field)


def intersects(query: Shape, others: Sequence[Shape]) -> Mask:
    """For each of ``others``, whether it shares ground with ``query``."""
    if not others:
        return np.zeros(0, dtype=np.bool_)
    with _lock:
        return _intersects(query, others)


def contains_point(shape: Shape, *, lat: float, lon: float) -> bool:
    """Whether a point lies in the outline or within ``SLACK_M`` of it."""
    if isinstance(shape, Circle):
        away_m = distance_m(lat_a=shape.centre.lat, lon_a=shape.centre.lon, lat_b=lat, lon_b=lon)
        return away_m <= shape.radius_m + TOLERANCE_M
    point = xyz(lats=[lat], lons=[lon])
    with _lock:
        row = _outlines.rows([shape])
        apart = float(np.linalg.norm(_outlines.centres[row[0]] - point[0]))
        if apart > float(_outlines.balls_m[row[0]]) + TOLERANCE_M:
            return False
        anchor = int(_outlines.anchors[row[0]])
        if not bool(_outlines.fits(row, anchor)[0]):
            mark = Boundary(np.repeat(point, 2, axis=0))
            return areas_meet(Boundary(_outlines.ring(int(row[0]))), mark, _GAP)
        plane = _outlines.plane(anchor)
        polygon = plane.polygons(row)[0]
        spot = project(point, plane.frame)
        return bool(shapely.dwithin(polygon, shapely.Point(spot[0]), _GAP))


def _intersects(query: Shape, others: Sequence[Shape]) -> Mask:
    rows = _outlines.rows([query, *others])
    asked, rows = int(rows[0]), rows[1:]
    columns = _outlines
    gap = columns.centres[rows] - columns.centres[asked]
    reach = columns.balls_m[rows] + (columns.balls_m[asked] + TOLERANCE_M)
    answer: Mask = np.einsum("ij,ij->i", gap, gap) <= reach * reach
    near = np.flatnonzero(answer)
    if near.size and isinstance(query, Circle):
        round_ = ~np.isnan(columns.circles_m[rows[near]])
        pair = near[round_]
        answer[pair] = _circles_meet(asked, rows[pair])
        near = near[~round_]
    if near.size:
        answer[near] = _areas_meet(asked, rows[near])
    return answer


def _circles_meet(asked: int, rows: Indices) -> Mask:
    columns = _outlines
    reach = columns.circles_m[rows] + columns.circles_m[asked] + TOLERANCE_M
    gap = columns.centres[rows] - columns.centres[asked]
    meet: Mask = np.einsum("ij,ij->i", gap, gap) <= reach * reach
    far = np.flatnonzero(meet & (reach > _CHORD_LIMIT_M))
    if far.size:
        lats, lons = lats_lons(columns.centres[rows[far]])
        lat, lon = lats_lons(columns.centres[asked])
        _, lengths = geodesics(lats_a=lat, lons_a=lon, lats_b=lats, lons_b=lons)
        meet[far] = lengths <= reach[far]
    return meet


def _areas_meet(asked: int, rows: Indices) -> Mask:
    """By planes. Each pair is decided in the same plane whichever of the two asks: of the anchors of
    both, the lower that both are within reach of."""
    answer = np.zeros(len(rows), dtype=np.bool_)
    own = int(_outlines.anchors[asked])
    asked_row = np.array([asked], dtype=np.intp)
    theirs = _outlines.anchors[rows]
    widest = max(float(_outlines.angles_rad[asked]), float(_outlines.angles_rad[rows].max()))
    if widest <= ALWAYS_FITS_RAD and bool((theirs == own).all()):
        return _in_plane(_outlines.plane(own), asked_row, rows)
    open_ = np.arange(len(rows))
    for lower in (True, False):
        chosen = np.minimum(theirs, own) if lower else np.maximum(theirs, own)
        for anchor in np.unique(chosen[open_]).tolist():
            if not bool(_outlines.fits(asked_row, anchor)[0]):
                continue
            group = open_[chosen[open_] == anchor]
            group = group[_outlines.fits(rows[group], anchor)]
            answer[group] = _in_plane(_outlines.plane(anchor), asked_row, rows[group])
            open_ = np.setdiff1d(open_, group, assume_unique=True)
    if open_.size:
        mine = Boundary(_outlines.ring(asked))
        for k in open_.tolist():
            answer[k] = areas_meet(mine, Boundary(_outlines.ring(int(rows[k]))), _GAP)
    return answer


def _in_plane(plane: Plane, asked: Indices, rows: Indices) -> Mask:
    """Cheap ways to "yes" first: a place of one that lies in the other."""
    polygon = plane.polygons(asked)[0]
    others = plane.polygons(rows)
    if len(rows) < _FEW:
        return np.asarray(shapely.dwithin(polygon, others, _GAP))
    shapely.prepare(polygon)
    middle, middles = plane.points(asked)[0], plane.points(rows)
    answer: Mask = shapely.contains_xy(polygon, middles[:, 0], middles[:, 1])
    answer |= shapely.contains_xy(others, middle[0], middle[1])
    for decide in (shapely.intersects, _within_gap):
        rest = np.flatnonzero(~answer)
        if rest.size:
            answer[rest] = decide(polygon, others[rest])
    shapely.destroy_prepared(polygon)
    return answer


def _within_gap(polygon: shapely.Geometry, others: NDArray[np.object_]) -> Mask:
    return np.asarray(shapely.dwithin(polygon, others, _GAP))


def _where(reason: str, frame: Floats) -> str:
    """GEOS's ``Self-intersection[x y]`` as a place on the ground."""
    _, _, place = reason.partition("[")
    try:
        x, y = (float(part) for part in place.rstrip("]").split())
    except ValueError:
        return ""
    lat, lon = lats_lons(np.array([[x, y, 1.0]]) @ frame)
    return f"; see near lat {lat[0]:.5f}, lon {lon[0]:.5f}"
