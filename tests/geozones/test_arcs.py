"""Outlines that are made of arcs and of lines on a map contain what they stand for."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.errors import InvalidInput
from comity.geo.earth import GEOD, destination, distance_m
from comity.geo.shapes import contains_point
from comity.geozones.arcs import Arc, Point
from comity.geozones.outline import WIDENED_VERTICES, bounded, circle, mapped
from comity.model.shape import Circle, Polygon

lats = st.floats(-75.0, 75.0)
lons = st.floats(-180.0, 180.0)


def at(centre: Point, azimuth_deg: float, away_m: float) -> Point:
    return destination(lat=centre[0], lon=centre[1], azimuth_deg=azimuth_deg, distance_m=away_m)


@settings(max_examples=60, deadline=None)
@given(
    lats, lons, st.floats(50.0, 200_000.0), st.floats(0.0, 360.0), st.floats(20.0, 340.0), st.booleans(),
    st.floats(-15.0, 15.0), st.floats(-15.0, 15.0),
)  # fmt: skip
def test_a_sector_contains_its_arc(
    lat: float,
    lon: float,
    radius_m: float,
    first: float,
    turn: float,
    clockwise: bool,
    off_a: float,
    off_b: float,
) -> None:
    """Ends a few metres off the circle, as those published to whole seconds are."""
    centre = (lat, lon)
    sign = 1.0 if clockwise else -1.0
    start = at(centre, first, radius_m + off_a)
    end = at(centre, first + sign * turn, radius_m + off_b)
    outline = bounded([centre, Arc(centre, radius_m, start, end, clockwise)]).outline
    assert isinstance(outline, Polygon)
    for k in range(1, 40):
        lat_on, lon_on = at(centre, first + sign * turn * k / 40, radius_m)
        assert contains_point(outline, lat=lat_on, lon=lon_on)
    farthest = max(
        distance_m(lat_a=lat, lon_a=lon, lat_b=point.lat, lon_b=point.lon) for point in outline.vertices
    )
    assert farthest <= radius_m + 15.0 + max(60.0, radius_m * 0.002)


@settings(max_examples=60, deadline=None)
@given(lats, lons, st.floats(500.0, 100_000.0), st.floats(0.0, 360.0), st.floats(20.0, 150.0))
def test_a_bite_out_of_a_zone_is_taken_smaller(
    lat: float, lon: float, radius_m: float, first: float, turn: float
) -> None:
    """The zone lies outside the circle: its points just beyond the arc are in the outline."""
    centre = (lat, lon)
    start, end = at(centre, first, radius_m), at(centre, first + turn, radius_m)
    # Outwards from both ends, far enough that the far edge clears the arc.
    far_m = radius_m * 4.5
    path: list[Point | Arc] = [at(centre, first + turn, far_m), at(centre, first, far_m)]
    outline = bounded([*path, Arc(centre, radius_m, start, end, True)]).outline
    for k in range(1, 30):
        lat_on, lon_on = at(centre, first + turn * k / 30, radius_m)
        assert contains_point(outline, lat=lat_on, lon=lon_on)
    lat_in, lon_in = at(centre, first + turn / 2, radius_m * 0.9)
    assert not contains_point(outline, lat=lat_in, lon=lon_in)


@settings(max_examples=60, deadline=None)
@given(lats, lons, st.lists(st.floats(0.05, 1.0), min_size=3, max_size=8), st.floats(0.1, 5.0))
def test_lines_on_the_map_are_followed_to_a_metre(
    lat: float, lon: float, reaches: list[float], size: float
) -> None:
    count = len(reaches)
    turns = [(2 * math.pi * k / count, size * reach) for k, reach in enumerate(reaches)]
    ring = [(lat + away * math.sin(turn), lon + away * math.cos(turn)) for turn, away in turns]
    try:
        outline = mapped(ring).outline
    except InvalidInput:  # thinner than what encloses an area
        return
    assert isinstance(outline, Polygon)
    edges = list(pairwise([*outline.vertices, outline.vertices[0]]))
    for start, end in edges:
        azimuth, _, length_m = GEOD.inv(start.lon, start.lat, end.lon, end.lat)
        wide = (end.lon - start.lon + 180.0) % 360.0 - 180.0
        middle = ((start.lat + end.lat) / 2, start.lon + wide / 2)
        lat_g, lon_g = at((start.lat, start.lon), azimuth, length_m / 2)
        assert distance_m(lat_a=middle[0], lon_a=middle[1], lat_b=lat_g, lon_b=lon_g) < 30.0
        back, _, off_m = GEOD.inv(start.lon, start.lat, middle[1], middle[0])
        assert abs(off_m * math.sin(math.radians(back - azimuth))) <= 1.05


def test_circles_stay_circles() -> None:
    assert circle((47.0, 8.0), 500.0).outline.radius_m == 500.0  # type: ignore[union-attr]
    whole = Arc((47.0, 8.0), 500.0, at((47.0, 8.0), 0.0, 500.0), at((47.0, 8.0), 0.0, 500.0), True)
    assert isinstance(bounded([whole]).outline, Circle)


def test_a_ring_over_the_antimeridian_is_one_outline() -> None:
    for ring in (
        [(10.0, 179.0), (10.0, -179.0), (12.0, 180.0)],
        [(10.0, 179.0), (10.0, 181.0), (12.0, 180.0)],
    ):
        outline = mapped(ring).outline
        assert contains_point(outline, lat=10.5, lon=180.0)
        assert contains_point(outline, lat=10.5, lon=-179.9)
        assert not contains_point(outline, lat=10.5, lon=0.0)


def test_an_outline_of_too_many_points_is_widened_and_says_so() -> None:
    ring = [
        (
            47.0 + (0.2 + 0.0004 * (k % 2)) * math.sin(k * math.pi / 1500),
            8.0 + 0.3 * math.cos(k * math.pi / 1500),
        )
        for k in range(3000)
    ]
    made = mapped(ring)
    assert isinstance(made.outline, Polygon)
    assert len(made.outline.vertices) <= WIDENED_VERTICES
    assert made.notes[0].startswith("an outline of 3000 points was widened by at most ")
    assert all(contains_point(made.outline, lat=lat, lon=lon) for lat, lon in ring[::7])


def test_an_outline_that_touches_itself_is_widened() -> None:
    ring = [(47.0, 8.0), (47.1, 8.1), (47.2, 8.0), (47.2, 8.2), (47.1, 8.1), (47.0, 8.2)]
    with pytest.raises(InvalidInput, match="cross"):
        mapped([ring[0], ring[3], ring[5], ring[2]])
    made = mapped(ring)
    assert made.notes
    assert all(contains_point(made.outline, lat=lat, lon=lon) for lat, lon in ring)


@pytest.mark.parametrize(
    ("arc", "reason"),
    [
        (Arc((47.0, 8.0), 9_000.0, (47.0, 8.1), (47.1, 8.0), True), "off its circle"),
        (Arc((47.0, 8.0), 0.1, (47.0, 8.1), (47.1, 8.0), True), "radius must be"),
        (Arc((47.0, 8.0), math.nan, (47.0, 8.1), (47.1, 8.0), True), "radius must be"),
        (Arc((97.0, 8.0), 9_000.0, (47.0, 8.1), (47.1, 8.0), True), "90 degrees of latitude"),
    ],
)
def test_arcs_that_contradict_themselves_are_refused(arc: Arc, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        bounded([(47.2, 8.2), arc])
