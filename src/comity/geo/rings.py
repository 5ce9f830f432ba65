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
)
from comity.model.shape import Circle, Polygon, Shape

Indices = NDArray[np.intp]

MAX_ARC_M: Final = 20_000.0
"""Longest arc taken as it is. Longer: fewer points, a larger ``BEND_M``."""

BEND_M: Final = GREAT_ELLIPSE_BEND * (MAX_ARC_M * 1.001) ** 2 / 8.0
"""How far an arc can leave the geodesic it stands for: 0.03 m."""

_STEPS: Final = ((250.0, 32), (2_000.0, 64), (20_000.0, 128), (math.inf, 256))
"""(largest radius in metres, vertices). More vertices: tighter and slower."""

_LOCAL_LIMIT_M: Final = 30_000.0
"""Up to here a geodesic is taken as an arc of the osculating circle in its azimuth (Euler), 0.01 m off."""

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
    step = next(s for s in CIRCLE_STEPS if radius_m <= s.limit_m)
    return _vertex_distance(radius_m + step.added_m, step.vertices)


def ring(shape: Shape) -> Floats:
    """One outline's ring."""
    return rings([shape]).points


def rings(shapes: Sequence[Shape]) -> Rings:
    """The rings of many outlines, polygons before circles."""
    polygons = [i for i, s in enumerate(shapes) if isinstance(s, Polygon)]
    circles = [i for i, s in enumerate(shapes) if isinstance(s, Circle)]
    parts: list[tuple[Floats, list[int]]] = []
    if polygons:
        parts.append(_polygon_rings([s for s in shapes if isinstance(s, Polygon)]))
    parts.extend(_circle_ring(s) for s in shapes if isinstance(s, Circle))
    return Rings(
        np.concatenate([p for p, _ in parts]) if parts else np.empty((0, 3)),
        np.array([n for _, counts in parts for n in counts], dtype=np.intp),
        np.array(polygons + circles, dtype=np.intp),
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


def _circle_ring(circle: Circle) -> tuple[Floats, list[int]]:
    step = next(s for s in CIRCLE_STEPS if circle.radius_m <= s.limit_m)
    distance = _vertex_distance(circle.radius_m + step.added_m, step.vertices)
    if distance <= _LOCAL_LIMIT_M:
        return _near_points(circle.centre.lat, circle.centre.lon, step.vertices, distance), [step.vertices]
    azimuths = np.arange(step.vertices) * (360.0 / step.vertices)
    lats, lons = destinations(
        lats=circle.centre.lat, lons=circle.centre.lon, azimuths_deg=azimuths, distances_m=distance
    )
    return xyz(lats=lats, lons=lons), [step.vertices]


def _near_points(lat: float, lon: float, vertices: int, distance: float) -> Floats:
    """Points at a short distance in equally spaced azimuths, by the curvature in each azimuth."""
    phi, lam = math.radians(lat), math.radians(lon)
    sin_phi, cos_phi, sin_lam, cos_lam = math.sin(phi), math.cos(phi), math.sin(lam), math.cos(lam)
    w = 1.0 - E2 * sin_phi * sin_phi
    n = A_M / math.sqrt(w)
    meridian_ratio = w / ONE_MINUS_E2  # prime vertical radius over meridian radius
    cos_az, sin_az, cos2 = _COMPASS[vertices]
    radius = n / (1.0 + (meridian_ratio - 1.0) * cos2)
    angle = distance / radius
    out, down = radius * np.sin(angle), radius * (1.0 - np.cos(angle))
    axial = n * cos_phi - sin_phi * (out * cos_az) - cos_phi * down
    east = out * sin_az
    points = np.empty((vertices, 3))
    points[:, 0] = axial * cos_lam - east * sin_lam
    points[:, 1] = axial * sin_lam + east * cos_lam
    points[:, 2] = n * ONE_MINUS_E2 * sin_phi + cos_phi * (out * cos_az) - sin_phi * down
    return points


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


def _compass(vertices: int) -> tuple[Floats, Floats, Floats]:
    azimuths = np.arange(vertices) * (2.0 * math.pi / vertices)
    return np.cos(azimuths), np.sin(azimuths), np.cos(azimuths) ** 2


CIRCLE_STEPS: Final = _circle_steps()
_COMPASS: Final = {vertices: _compass(vertices) for _, vertices in _STEPS}
