"""Outlines as closed rings of earth-centred points, joined by arcs of great ellipses.

A polygon's geodesic edges are cut so that no arc is longer than ``MAX_ARC_M``; the arcs then leave the
geodesics by at most ``BEND_M``. A circle becomes a *circumscribed* polygon: the circle lies inside it.
``CIRCLE_STEPS`` says with how many vertices; where the number of vertices rises, the smaller circle's
polygon still lies inside the larger's, so that growing a circle never uncovers anything.

Rings are (n, 3) arrays, first point not repeated, in earth-centred metres. Winding is as given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.geo.earth import (
    A_M,
    E2,
    GREAT_ELLIPSE_BEND,
    ONE_MINUS_E2,
    Floats,
    destinations,
    geodesics,
    xyz,
    xyz_of,
)
from comity.model.shape import Circle, Polygon, Shape

Indices = NDArray[np.intp]
Point = tuple[float, float, float]

MAX_ARC_M: Final = 20_000.0
"""Longest arc taken as it is. Longer: fewer points, a larger ``BEND_M``."""

BEND_M: Final = GREAT_ELLIPSE_BEND * (MAX_ARC_M * 1.001) ** 2 / 8.0
"""How far an arc can leave the geodesic it stands for: 0.03 m."""

_STEPS: Final = ((250.0, 32), (2_000.0, 64), (20_000.0, 128), (math.inf, 256))
"""(largest radius in metres, vertices). More vertices: tighter and slower."""

_FEW: Final = 16
"""Vertices up to which Python is faster than numpy's calls."""

_LOCAL_LIMIT_M: Final = 20_000.0
"""Circles up to here take a geodesic as an arc of the osculating circle in its azimuth (Euler), which is
under 0.01 m off. It must be the limit of a step, so that circles of one step are made in one way."""

_MEAN_RADIUS_M: Final = 6_371_008.8


class CircleStep(NamedTuple):
    """Circles up to ``limit_m`` have ``vertices``; ``added_m`` is what earlier steps owe the next."""

    limit_m: float
    vertices: int
    added_m: float


class Rings(NamedTuple):
    """Many rings end to end. ``shape_of[k]`` is the position, in the sequence asked for, of ring k."""

    points: Floats
    counts: Indices
    shape_of: Indices


def reach_m(radius_m: float) -> float:
    """Distance from its centre of the vertices of a circle's polygon: nothing of it is farther."""
    step = _step(radius_m)
    return _vertex_distance(radius_m + step.added_m, step.vertices)


def ring(shape: Shape) -> Floats:
    """One outline's ring."""
    return rings([shape]).points


def short_ring(polygon: Polygon) -> list[Point] | None:
    """The ring of a polygon with few vertices, none far from the next; None for others. For one polygon
    this takes a quarter of the time of ``rings``, which is made for many."""
    vertices = polygon.vertices
    if len(vertices) > _FEW:
        return None
    points = [xyz_of(lat=v.lat, lon=v.lon) for v in vertices]
    before = points[-1]
    for point in points:
        if math.dist(before, point) > MAX_ARC_M:
            return None
        before = point
    return points


def rings(shapes: Sequence[Shape]) -> Rings:
    """The rings of many outlines: polygons first, then circles by their number of vertices."""
    polygons = [(i, s) for i, s in enumerate(shapes) if isinstance(s, Polygon)]
    parts: list[Floats] = []
    counts: list[int] = []
    order = [i for i, _ in polygons]
    if polygons:
        points, counts = _polygon_rings([p for _, p in polygons])
        parts.append(points)
    by_vertices: dict[int, list[tuple[int, Circle]]] = {}
    for i, shape in enumerate(shapes):
        if isinstance(shape, Circle):
            by_vertices.setdefault(_step(shape.radius_m).vertices, []).append((i, shape))
    for vertices, circles in by_vertices.items():
        parts.append(_circle_rings([c for _, c in circles], vertices))
        counts.extend([vertices] * len(circles))
        order.extend(i for i, _ in circles)
    return Rings(
        np.concatenate(parts) if parts else np.empty((0, 3)),
        np.array(counts, dtype=np.intp),
        np.array(order, dtype=np.intp),
    )


def _polygon_rings(polygons: Sequence[Polygon]) -> tuple[Floats, list[int]]:
    counts = [len(p.vertices) for p in polygons]
    flat = np.array([(v.lat, v.lon) for p in polygons for v in p.vertices])
    points = xyz(lats=flat[:, 0], lons=flat[:, 1])
    ends = np.cumsum(counts, dtype=np.intp)
    starts = ends - np.array(counts, dtype=np.intp)
    following = np.arange(1, len(flat) + 1)
    following[ends - 1] = starts
    leg = points[following] - points
    long = np.flatnonzero(np.einsum("ij,ij->i", leg, leg) > MAX_ARC_M * MAX_ARC_M)
    if not long.size:
        return points, counts
    pieces, inner = _cut(flat[long], flat[following[long]])
    per_edge = np.ones(len(flat), dtype=np.intp)
    per_edge[long] = pieces
    start = np.cumsum(per_edge) - per_edge
    cut = np.empty((int(per_edge.sum()), 3))
    kept = np.zeros(len(cut), dtype=np.bool_)
    kept[start] = True
    cut[start] = points
    cut[~kept] = inner
    return cut, [int(n) for n in np.add.reduceat(per_edge, starts)]


def _cut(from_: Floats, to: Floats) -> tuple[Indices, Floats]:
    """How many arcs each geodesic becomes, and the points between them, edge after edge."""
    azimuths, lengths = geodesics(lats_a=from_[:, 0], lons_a=from_[:, 1], lats_b=to[:, 0], lons_b=to[:, 1])
    pieces = np.maximum(np.ceil(lengths / MAX_ARC_M).astype(np.intp), 1)
    edge = np.repeat(np.arange(len(pieces)), pieces - 1)
    first = np.cumsum(pieces - 1) - (pieces - 1)
    step = np.arange(len(edge)) - first[edge] + 1
    lats, lons = destinations(
        lats=from_[edge, 0],
        lons=from_[edge, 1],
        azimuths_deg=azimuths[edge],
        distances_m=lengths[edge] * step / pieces[edge],
    )
    return pieces, xyz(lats=lats, lons=lons)


def _circle_rings(circles: Sequence[Circle], vertices: int) -> Floats:
    """The rings of circles that all have this many vertices, end to end."""
    lats = np.array([c.centre.lat for c in circles])[:, None]
    lons = np.array([c.centre.lon for c in circles])[:, None]
    out = np.array([reach_m(c.radius_m) for c in circles])[:, None]
    if max(c.radius_m for c in circles) <= _LOCAL_LIMIT_M:
        return _near_points(lats, lons, vertices, out).reshape(-1, 3)
    azimuths = np.arange(vertices) * (360.0 / vertices)
    end_lats, end_lons = destinations(lats=lats, lons=lons, azimuths_deg=azimuths, distances_m=out)
    return xyz(lats=end_lats.ravel(), lons=end_lons.ravel())


def _near_points(lats: Floats, lons: Floats, vertices: int, distances: Floats) -> Floats:
    """Points at short distances in equally spaced azimuths, by the curvature in each azimuth."""
    phi, lam = np.radians(lats), np.radians(lons)
    sin_phi, cos_phi, sin_lam, cos_lam = np.sin(phi), np.cos(phi), np.sin(lam), np.cos(lam)
    w = 1.0 - E2 * sin_phi * sin_phi
    n = A_M / np.sqrt(w)
    cos_az, sin_az = _COMPASS[vertices]
    # Euler: 1/R = cos²/M + sin²/N, and N/M = w / (1 - e²).
    radius = n / (1.0 + (w / ONE_MINUS_E2 - 1.0) * (cos_az * cos_az))
    angle = distances / radius
    out, down = radius * np.sin(angle), radius * (1.0 - np.cos(angle))
    north, east = out * cos_az, out * sin_az
    axial = n * cos_phi - sin_phi * north - cos_phi * down
    return np.stack(
        [
            axial * cos_lam - east * sin_lam,
            axial * sin_lam + east * cos_lam,
            n * ONE_MINUS_E2 * sin_phi + cos_phi * north - sin_phi * down,
        ],
        axis=-1,
    )


def _step(radius_m: float) -> CircleStep:
    return next(step for step in CIRCLE_STEPS if radius_m <= step.limit_m)


def _vertex_distance(apothem_m: float, vertices: int) -> float:
    """How far out vertices must be for the sides to stay at ``apothem_m``: Napier's rule on the sphere,
    with a fiftieth of the difference, a millionth and a centimetre for the ellipsoid."""
    onto_sphere = math.tan(apothem_m / _MEAN_RADIUS_M) / math.cos(math.pi / vertices)
    distance = _MEAN_RADIUS_M * math.atan(onto_sphere)
    return distance + 0.02 * (distance - apothem_m) + 1e-6 * apothem_m + 0.01


def _circle_steps() -> tuple[CircleStep, ...]:
    steps, added = [], 0.0
    for limit, vertices in _STEPS:
        steps.append(CircleStep(limit, vertices, added))
        if math.isfinite(limit):
            added = _vertex_distance(limit + added, vertices) - limit
    return tuple(steps)


def _compass(vertices: int) -> tuple[Floats, Floats]:
    azimuths = np.arange(vertices) * (2.0 * math.pi / vertices)
    return np.cos(azimuths), np.sin(azimuths)


CIRCLE_STEPS: Final = _circle_steps()
_COMPASS: Final = {vertices: _compass(vertices) for _, vertices in _STEPS}
