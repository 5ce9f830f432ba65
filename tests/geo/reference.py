"""The slow, obvious forms: sampled along geodesics by pyproj alone, with no plane and no great ellipse."""

from __future__ import annotations

import math

import numpy as np

from comity.geo.earth import Floats, destinations, geodesics, xyz
from comity.model.shape import Circle, LatLon, Polygon, Shape


def boundary(shape: Shape, per_edge: int) -> tuple[Floats, Floats]:
    """(lats, lons) along the true boundary, in order."""
    if isinstance(shape, Circle):
        return destinations(
            lats=shape.centre.lat,
            lons=shape.centre.lon,
            azimuths_deg=np.linspace(0.0, 360.0, 8 * per_edge, endpoint=False),
            distances_m=shape.radius_m,
        )
    vertices = shape.vertices
    after = (*vertices[1:], vertices[0])
    lats, lons = [v.lat for v in vertices], [v.lon for v in vertices]
    azimuths, lengths = geodesics(
        lats_a=lats, lons_a=lons, lats_b=[v.lat for v in after], lons_b=[v.lon for v in after]
    )
    share = np.arange(per_edge) / per_edge
    found = destinations(
        lats=np.repeat(lats, per_edge),
        lons=np.repeat(lons, per_edge),
        azimuths_deg=np.repeat(azimuths, per_edge),
        distances_m=np.outer(lengths, share).ravel(),
    )
    return found


def holds(shape: Shape, place: LatLon, per_edge: int = 200) -> bool:
    """Whether a place is in an outline: for a polygon, whether a person standing there who follows its
    boundary with the eye turns once around."""
    if isinstance(shape, Circle):
        _, lengths = geodesics(
            lats_a=place.lat, lons_a=place.lon, lats_b=shape.centre.lat, lons_b=shape.centre.lon
        )
        return bool(lengths <= shape.radius_m)
    lats, lons = boundary(shape, per_edge)
    azimuths, lengths = geodesics(lats_a=place.lat, lons_a=place.lon, lats_b=lats, lons_b=lons)
    turns = np.diff(np.append(azimuths, azimuths[0]))
    turns = (turns + 180.0) % 360.0 - 180.0
    return bool(lengths.min() < 12_000_000.0 and abs(turns.sum()) > 180.0)


def gap_m(a: Shape, b: Shape, per_edge: int = 60) -> tuple[float, float]:
    """(distance between two areas as sampled, how much the samples may overstate it)."""
    middle_a, middle_b = _some_vertex(a), _some_vertex(b)
    pa, pb = (xyz(lats=la, lons=lo) for la, lo in (boundary(a, per_edge), boundary(b, per_edge)))
    between = np.sqrt(((pa[:, None] - pb[None]) ** 2).sum(axis=2))
    spacing = max(_spacing(pa), _spacing(pb))
    if holds(a, middle_b) or holds(b, middle_a):
        return 0.0, 0.0
    return float(between.min()), spacing


def _some_vertex(shape: Shape) -> LatLon:
    return shape.vertices[0] if isinstance(shape, Polygon) else shape.centre


def _spacing(points: Floats) -> float:
    return math.sqrt(float(((points - np.roll(points, 1, axis=0)) ** 2).sum(axis=1).max()))
