"""Circles lie inside their polygons, larger ones around smaller ones, and long edges follow geodesics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.geo import earth
from comity.geo.earth import Floats
from comity.geo.rings import CIRCLE_STEPS, MAX_ARC_M, reach_m, ring, rings
from comity.model.shape import Circle, LatLon, Polygon
from tests.geo.making import circles, examples, outlines, places, polygons
from tests.geo.reference import boundary


def along(points: Floats, parts: int = 8) -> tuple[Floats, Floats]:
    after = np.roll(points, -1, axis=0)
    share = np.arange(parts)[:, None, None] / parts
    return earth.lats_lons((points * (1.0 - share) + after * share).reshape(-1, 3))


def distances(circle: Circle, lats: Floats, lons: Floats) -> Floats:
    return earth.geodesics(lats_a=circle.centre.lat, lons_a=circle.centre.lon, lats_b=lats, lons_b=lons)[1]


@settings(max_examples=examples(100), deadline=None)
@given(circles())
def test_a_circle_lies_inside_its_polygon_and_that_inside_its_reach(circle: Circle) -> None:
    away = distances(circle, *along(ring(circle)))
    assert away.min() > circle.radius_m
    assert away.max() <= reach_m(circle.radius_m) + 0.01


@pytest.mark.parametrize(
    ("radius_m", "most_m"),
    [(50.0, 0.3), (250.0, 1.3), (2_000.0, 3.8), (20_000.0, 10.0), (100_000.0, 18.0), (5_000_000.0, 260.0)],
)
def test_a_circles_polygon_is_larger_by_no_more_than_stated(radius_m: float, most_m: float) -> None:
    assert reach_m(radius_m) - radius_m <= most_m


@settings(max_examples=examples(60), deadline=None)
@given(places(), st.sampled_from(CIRCLE_STEPS[:-1]), st.floats(0.5, 1.0), st.floats(1e-6, 0.5))
def test_growing_a_circle_uncovers_nothing_across_a_step(
    place: LatLon, step: tuple[float, int, float], below: float, above: float
) -> None:
    smaller = Circle(place, step[0] * below)
    larger = Circle(place, step[0] * (1.0 + above))
    assert distances(larger, *along(ring(larger))).min() >= reach_m(smaller.radius_m) - 0.001


@settings(max_examples=examples(60), deadline=None)
@given(polygons())
def test_long_edges_follow_the_geodesic(polygon: Polygon) -> None:
    points = ring(polygon)
    legs = np.sqrt(((np.roll(points, -1, axis=0) - points) ** 2).sum(axis=1))
    assert legs.max() <= MAX_ARC_M
    lats, lons = boundary(polygon, 150)
    true = earth.xyz(lats=lats, lons=lons)
    after = np.roll(points, -1, axis=0)
    across = earth.units(np.cross(points, after))
    for place in true:
        close = ((points - place) ** 2).sum(axis=1) <= (MAX_ARC_M * 1.1) ** 2
        close |= ((after - place) ** 2).sum(axis=1) <= (MAX_ARC_M * 1.1) ** 2
        assert np.abs(across[close] @ place).min() <= 0.03


@settings(deadline=None, max_examples=examples(30))
@given(st.lists(outlines(), max_size=6))
def test_many_rings_are_each_ones_ring(shapes: list[Polygon | Circle]) -> None:
    made = rings(shapes)
    ends = np.cumsum(made.counts)
    assert sorted(made.shape_of.tolist()) == list(range(len(shapes)))
    for end, count, which in zip(ends, made.counts, made.shape_of, strict=True):
        assert np.allclose(made.points[end - count : end], ring(shapes[which]), rtol=0.0, atol=1e-6)
