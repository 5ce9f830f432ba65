"""From what a file draws to outlines of the model that contain it.

Circles stay circles. A *path* (``bounded``) is points joined by geodesics, and arcs (``arcs``). A *mapped*
ring (``mapped``: GeoJSON, KML, ED-269, ED-318) is joined by straight lines on a map of latitude against
longitude; long ones are cut, so that no edge lies farther than ``STRAIGHT_M`` from them. An edge that is
wider than half the earth goes the short way, so a ring over the antimeridian is one outline. An outline of
more vertices than the model takes, or one that touches itself, is widened: never by more than ``WIDEST_M``,
and the zone's notes say by how much. One whose edges cross has no plain inside and is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import shapely

from comity.errors import InvalidInput
from comity.geo.earth import A_M, Floats, frame_at, lats_lons, xyz
from comity.geo.outlines import project
from comity.geo.shapes import check
from comity.geozones.arcs import Arc, Point, fine, outward
from comity.model.shape import MAX_VERTICES, Circle, LatLon, Polygon, Shape

STRAIGHT_M: Final = 1.0
"""Between an edge and the line on the map that it stands for. Smaller: more vertices."""

WIDEST_M: Final = 1_000.0
"""An outline that would have to be widened by more is refused: it would hold too much that is free."""

_WIDENINGS_M: Final = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, WIDEST_M)

WIDENED_VERTICES: Final = 400
"""Of an outline that was widened: several of them fit into what one command may hold."""

MOST_POINTS: Final = 20_000
"""Of one ring as it is read. Bounds the work: widening one of so many takes a second."""

MOST_ARCS: Final = 500
"""Of one ring: each becomes some hundred points before they can be counted. Larger: one short file keeps the
process at work for longer."""

MOST_CUTS: Final = 1_000
"""Points put on the edges of one ring, so that a few long edges cannot make much work of a short file."""

_WIDEST_DEG: Final = 40.0
"""From its middle; what is wider is not widened, because the plane it is done in stretches too much."""


class Outlined(NamedTuple):
    outline: Shape
    notes: tuple[str, ...]


def circle(centre: Point, radius_m: float) -> Outlined:
    return Outlined(Circle(_place(centre), radius_m), ())


def bounded(path: Sequence[Point | Arc]) -> Outlined:
    """A closed path: points, and arcs whose ends are joined to what stands beside them."""
    if len(path) == 1 and isinstance(path[0], Arc) and path[0].start == path[0].end:
        return circle(path[0].centre, path[0].radius_m)
    arcs = sum(1 for part in path if isinstance(part, Arc))
    if arcs > MOST_ARCS:
        raise InvalidInput(f"a ring must have at most {MOST_ARCS} arcs")
    if not arcs:
        return _polygon(_distinct([part for part in path if not isinstance(part, Arc)]))
    exact = _distinct(_joined(path, fine))
    clockwise = _area(exact) < 0.0
    for steps_out in (True, False):

        def tangents(arc: Arc, steps_out: bool = steps_out) -> list[Point]:
            return outward(arc, convex=clockwise == arc.clockwise, steps_out=steps_out)

        try:
            return Outlined(_checked(_distinct(_joined(path, tangents))), ())
        except InvalidInput:
            continue
    _checked_plain(exact)
    return _widened(exact)


def mapped(points: Sequence[Point]) -> Outlined:
    """A closed ring of straight lines on the map; the first point may stand again at the end."""
    return _polygon(_distinct(_cut(_distinct(points))))


def _polygon(ring: list[Point]) -> Outlined:
    if len(ring) <= MAX_VERTICES and len(set(ring)) == len(ring):
        try:
            return Outlined(_checked(ring), ())
        except InvalidInput as error:
            if "neither cross nor touch" not in error.message:
                raise
    _checked_plain(ring)
    return _widened(ring)


def _checked(ring: Sequence[Point]) -> Polygon:
    polygon = Polygon(tuple(_place(point) for point in ring))
    check(polygon, "outline")
    return polygon


def _place(point: Point) -> LatLon:
    lat, lon = point
    return LatLon(lat=lat, lon=_normal(lon))


def _normal(lon: float) -> float:
    return lon if -180.0 <= lon <= 180.0 else (lon + 180.0) % 360.0 - 180.0


def _distinct(points: Sequence[Point]) -> list[Point]:
    """Without a point that repeats the one before it, or the first at the end; longitudes in range."""
    if len(points) > MOST_POINTS:
        raise InvalidInput(f"a ring must have at most {MOST_POINTS} points")
    ring: list[Point] = []
    for lat, lon in points:
        if not (-90.0 <= lat <= 90.0 and -540.0 <= lon <= 540.0):
            raise InvalidInput("a point must lie within 90 degrees of latitude and 180 of longitude")
        point = (lat, _normal(lon))
        if not ring or ring[-1] != point:
            ring.append(point)
    while len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    if len(ring) < 3:
        raise InvalidInput("a ring needs at least three different points")
    return ring


def _cut(ring: list[Point]) -> list[Point]:
    """With points on the edges that a geodesic would leave too far."""
    cut: list[Point] = []
    for start, end in pairwise([*ring, ring[0]]):
        cut.append(start)
        wide = _normal(end[1] - start[1])
        count = _pieces(start[0], end[0], wide)
        if len(cut) + count > len(ring) + MOST_CUTS:
            raise InvalidInput("its edges are too long for lines that are straight on a map: cut them")
        for k in range(1, count):
            share = k / count
            cut.append((start[0] + (end[0] - start[0]) * share, _normal(start[1] + wide * share)))
    return cut


def _pieces(lat_a: float, lat_b: float, wide_deg: float) -> int:
    """A line leaves a geodesic by at most its length times what it turns against it, over eight: to first
    order twice the width in longitude times the sine of the latitude. A tenth covers the rest."""
    steepest = math.sin(math.radians(max(abs(lat_a), abs(lat_b))))
    flattest = math.cos(math.radians(min(abs(lat_a), abs(lat_b)) if lat_a * lat_b > 0.0 else 0.0))
    tall, wide = math.radians(abs(lat_b - lat_a)), math.radians(abs(wide_deg))
    off_m = A_M * 2.2 * wide * steepest * math.hypot(wide * flattest, tall) / 8.0
    return max(1, math.ceil(math.sqrt(off_m / STRAIGHT_M)))


def _joined(path: Sequence[Point | Arc], drawn: Callable[[Arc], list[Point]]) -> list[Point]:
    points: list[Point] = []
    for part in path:
        if isinstance(part, Arc):
            points += [part.start, *drawn(part), part.end]
        else:
            points.append(part)
    return points


def _area(ring: Sequence[Point]) -> float:
    """Sign alone matters: positive anticlockwise, on a flat map around the first point."""
    narrow = math.cos(math.radians(ring[0][0]))
    flat = [(_normal(lon - ring[0][1]) * narrow, lat) for lat, lon in ring]
    return sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise([*flat, flat[0]])) / 2.0


# --- widening


def _plane(ring: Sequence[Point]) -> tuple[Floats, Floats]:
    """The ring in the gnomonic plane of its middle, where geodesics are straight, and that frame."""
    points = xyz(lats=[lat for lat, _ in ring], lons=[lon for _, lon in ring])
    middle = points.mean(axis=0)
    frame = frame_at(middle if float(middle @ middle) > 1.0 else points[0])
    nearest = float((points @ frame[2] / np.linalg.norm(points, axis=1)).min())
    if nearest < math.cos(math.radians(_WIDEST_DEG)):
        raise InvalidInput(f"an outline of this form must lie within {_WIDEST_DEG:g} degrees of its middle")
    return project(points, frame), frame


def _checked_plain(ring: Sequence[Point]) -> None:
    """Refuses a ring with edges that cross; one that touches itself in points passes. GEOS tells which, and
    stops at the first crossing: mending a ring of many would take for ever."""
    drawn = shapely.Polygon(_plane(ring)[0])
    if not drawn.is_valid and not shapely.is_valid_reason(drawn).startswith("Ring Self-intersection"):
        raise InvalidInput("the outline's edges cross each other")


def _widened(ring: Sequence[Point]) -> Outlined:
    """A polygon around the ring with few vertices and no touching edges."""
    flat, frame = _plane(ring)
    plain = shapely.make_valid(shapely.Polygon(flat), method="structure", keep_collapsed=False)
    for by_m in _WIDENINGS_M:
        outer = _around(plain, by_m / A_M)
        if outer is None:
            continue
        lats, lons = lats_lons(np.column_stack([outer, np.ones(len(outer))]) @ frame)
        note = f"an outline of {len(ring)} points was widened by at most {3 * by_m:g} m to {len(outer)}"
        try:
            return Outlined(_checked(list(zip(lats.tolist(), lons.tolist(), strict=True))), (note,))
        except InvalidInput:
            continue
    raise InvalidInput(f"an outline of {len(ring)} points cannot be taken without widening it too much")


def _around(plain: shapely.Geometry, by: float) -> Floats | None:
    """A ring that holds ``plain``, nowhere more than three times ``by`` from it and of few enough vertices;
    None where there is none. Made of the simplified outline, since growing a ragged one takes long."""
    rough = shapely.simplify(plain, by * 0.5, preserve_topology=False)
    if shapely.get_num_coordinates(rough) > 4 * WIDENED_VERTICES or not bool(shapely.is_valid(rough)):
        return None
    grown = shapely.simplify(shapely.buffer(rough, by, join_style="mitre", mitre_limit=2.0), by * 0.4)
    if not isinstance(grown, shapely.Polygon):
        return None
    outer = np.asarray(grown.exterior.coords)[:-1]
    if len(outer) > WIDENED_VERTICES or not shapely.Polygon(outer).contains(plain):
        return None
    return outer
