"""The exact test against sampled geodesics: never misses, and finds nothing farther than it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from comity.errors import InvalidInput
from comity.geo import shapes
from comity.geo.earth import destination, distance_m, geodesics
from comity.geo.outlines import Outlines
from comity.geo.rings import reach_m
from comity.geo.shapes import SLACK_M, check, contains_point, intersects
from comity.model.shape import Circle, LatLon, Polygon, Shape
from tests.geo import reference
from tests.geo.making import circles, examples, near, outlines, places, polygons, sizes


def meet(a: Shape, b: Shape) -> bool:
    found = bool(intersects(a, [b])[0])
    assert found == bool(intersects(b, [a])[0]), "which of the two asks must not matter"
    return found


def point_in(shape: Shape, centre: LatLon, pick: int, inward: float) -> LatLon:
    """A place in an outline that its centre sees all of: part of the way to a place on its boundary."""
    lats, lons = reference.boundary(shape, 7)
    k = pick % len(lats)
    if inward == 1.0:
        return LatLon(float(lats[k]), float(lons[k]))
    edge = LatLon(float(lats[k]), float(lons[k]))
    full = distance_m(lat_a=centre.lat, lon_a=centre.lon, lat_b=edge.lat, lon_b=edge.lon)
    azimuth = azimuth_deg(centre, edge)
    return near(centre, full * inward, azimuth)


def azimuth_deg(a: LatLon, b: LatLon) -> float:
    return float(geodesics(lats_a=a.lat, lons_a=a.lon, lats_b=b.lat, lons_b=b.lon)[0])


inwards = st.floats(0.0, 1.0) | st.just(1.0)


@settings(max_examples=examples(80), deadline=None)
@given(st.data(), places(), st.integers(0, 100), st.integers(0, 100), inwards, inwards)
def test_outlines_with_a_common_place_are_always_found(
    data: st.DataObject, centre: LatLon, pick: int, other_pick: int, inward: float, other_inward: float
) -> None:
    a = data.draw(outlines(centre))
    common = point_in(a, centre, pick, inward)
    size = data.draw(sizes())
    # b is drawn about a centre from which `common` is reached after part of the way to its boundary.
    turn = data.draw(st.floats(0.0, 360.0))
    if data.draw(st.booleans()):
        middle = near(common, size, turn)
        away = distance_m(lat_a=middle.lat, lon_a=middle.lon, lat_b=common.lat, lon_b=common.lon)
        b: Shape = Circle(middle, away)
    else:
        b = Polygon(
            (
                common
                if other_inward == 1.0
                else near(common, size * (1.0 - other_inward) + 1.0, turn + 180.0),
                near(common, size * 2.0, turn + 40.0 - other_pick / 4.0),
                near(common, size * 2.0, turn - 40.0 - other_pick / 4.0),
            )
        )
        assume(other_inward == 1.0 or other_pick / 4.0 < 20.0)
    assert meet(a, b)


@settings(max_examples=examples(80), deadline=None)
@given(st.data(), places(), sizes(300_000.0), st.floats(0.0, 360.0), st.floats(0.0, 2.5))
def test_the_exact_test_is_the_sampled_one_outside_its_slack(
    data: st.DataObject, centre: LatLon, size_m: float, turn: float, apart: float
) -> None:
    a = data.draw(outlines(centre, size_m * 1.5))
    b = data.draw(outlines(near(centre, size_m * apart, turn), size_m * 1.5))
    found = meet(a, b)
    gap, spacing = reference.gap_m(a, b)
    slack = SLACK_M + sum(reach_m(s.radius_m) - s.radius_m for s in (a, b) if isinstance(s, Circle))
    if gap == 0.0:
        assert found
    if found:
        assert gap <= slack + spacing


@settings(max_examples=examples(100), deadline=None)
@given(circles(), circles(largest_m=5_000_000.0), st.floats(0.0, 360.0), st.floats(0.0, 2.0))
def test_circles_meet_by_their_distance(a: Circle, b: Circle, turn: float, apart: float) -> None:
    total = a.radius_m + b.radius_m
    assume(total * apart < 19_000_000.0)
    b = Circle(near(a.centre, total * apart, turn), b.radius_m)
    away = distance_m(lat_a=a.centre.lat, lon_a=a.centre.lon, lat_b=b.centre.lat, lon_b=b.centre.lon)
    if away <= total:
        assert meet(a, b)
    if away > total + 0.2:
        assert not meet(a, b)


@settings(max_examples=examples(80), deadline=None)
@given(st.data(), places(), st.floats(0.0, 360.0), st.floats(0.0, 2.0))
def test_containing_a_point_is_standing_in_it(
    data: st.DataObject, centre: LatLon, turn: float, apart: float
) -> None:
    shape = data.draw(outlines(centre))
    size = shape.radius_m if isinstance(shape, Circle) else 300_000.0
    place = near(centre, size * apart, turn)
    found = contains_point(shape, lat=place.lat, lon=place.lon)
    if reference.holds(shape, place):
        assert found
    elif found:
        gap, spacing = reference.gap_m(shape, Circle(place, 0.001), per_edge=400)
        assert gap <= SLACK_M + spacing


@settings(max_examples=examples(40), deadline=None)
@given(st.data(), places(), st.integers(4, 30))
def test_many_at_once_are_each_alone(data: st.DataObject, centre: LatLon, count: int) -> None:
    query = data.draw(outlines(centre, 100_000.0))
    others = []
    for k in range(count):
        others.append(data.draw(outlines(near(centre, 20_000.0 * (k % 7), 37.0 * k), 50_000.0)))
    together = intersects(query, others)
    assert together.tolist() == [bool(intersects(query, [o])[0]) for o in others]


def ring_at(lat: float, count: int) -> Polygon:
    return Polygon(tuple(LatLon(lat, -180.0 + 360.0 * k / count) for k in range(count)))


def test_a_polygon_round_the_pole_holds_the_pole() -> None:
    cap = ring_at(70.0, 12)
    check(cap, "outline")
    assert contains_point(cap, lat=90.0, lon=123.0)
    assert meet(cap, Circle(LatLon(89.0, -30.0), 10.0))
    assert not meet(cap, Circle(LatLon(60.0, -30.0), 10.0))


def test_a_polygon_across_the_antimeridian_is_small() -> None:
    fiji = Polygon((LatLon(-17.0, 179.0), LatLon(-17.0, -179.0), LatLon(-19.0, -179.0), LatLon(-19.0, 179.0)))
    check(fiji, "outline")
    assert contains_point(fiji, lat=-18.0, lon=180.0)
    assert contains_point(fiji, lat=-18.0, lon=-180.0)
    assert not contains_point(fiji, lat=-18.0, lon=0.0)


def test_half_the_earths_largest_outlines_meet_across_planes() -> None:
    wide = ring_at(15.0, 24)
    check(wide, "outline")
    assert meet(wide, Circle(LatLon(80.0, 0.0), 100.0))
    assert meet(wide, Circle(LatLon(-20.0, 0.0), 5_000_000.0))
    assert not meet(wide, Circle(LatLon(-40.0, 0.0), 5_000_000.0))
    assert meet(wide, ring_at(20.0, 36))
    assert not meet(wide, ring_at(-20.0, 36))
    assert contains_point(wide, lat=60.0, lon=10.0)
    assert not contains_point(wide, lat=-60.0, lon=10.0)


def test_a_shared_edge_counts_as_meeting() -> None:
    west = Polygon((LatLon(46.0, 7.0), LatLon(46.0, 8.0), LatLon(47.0, 8.0), LatLon(47.0, 7.0)))
    east = Polygon((LatLon(46.0, 8.0), LatLon(46.0, 9.0), LatLon(47.0, 9.0), LatLon(47.0, 8.0)))
    assert meet(west, east)


def test_a_long_edge_follows_the_geodesic_and_not_the_parallel() -> None:
    # The geodesic between two places on 60 degrees north runs 85 m north of the parallel over 50 km.
    south = Polygon((LatLon(60.0, 10.0), LatLon(60.0, 10.9), LatLon(59.0, 10.45)))
    lat, lon = destination(lat=60.0, lon=10.45, azimuth_deg=0.0, distance_m=60.0)
    assert contains_point(south, lat=lat, lon=lon)
    lat, lon = destination(lat=60.0, lon=10.45, azimuth_deg=0.0, distance_m=100.0)
    assert not contains_point(south, lat=lat, lon=lon)


@settings(max_examples=examples(100), deadline=None)
@given(polygons())
def test_simple_polygons_pass_the_check(polygon: Polygon) -> None:
    check(polygon, "outline")


@given(circles())
def test_circles_pass_the_check(circle: Circle) -> None:
    check(circle, "outline")


@pytest.mark.parametrize(
    ("corners", "says"),
    [
        ([(46.0, 7.0), (46.1, 7.1), (46.0, 7.1), (46.1, 7.0)], "cross"),
        ([(0.0, 179.0), (1.0, -179.0), (0.0, -179.0), (1.0, 179.0)], "cross"),
        ([(46.0, 7.0), (46.0, 7.2), (46.1, 7.1), (46.0, 7.1), (46.05, 7.05)], "cross"),
        ([(90.0, 0.0), (80.0, 0.0), (80.0, 90.0), (90.0, 45.0), (80.0, 135.0), (80.0, 180.0)], "touch"),
        ([(10.0, 180.0), (9.0, 179.0), (10.0, -180.0), (11.0, 179.0)], "touch"),
        ([(46.0, 7.0), (47.0, 7.0), (48.0, 7.0)], "area"),
        ([(46.0, 7.0), (46.0, 7.000000001), (46.000000001, 7.0)], "area"),
        ([(0.0, 0.0), (0.0, 120.0), (0.0, -120.0)], "hemisphere"),
        ([(5.0, -180.0 + 30.0 * k) for k in range(12)], "hemisphere"),
    ],
)
def test_a_polygon_without_a_plain_inside_is_refused(corners: list[tuple[float, float]], says: str) -> None:
    polygon = Polygon(tuple(LatLon(lat, lon) for lat, lon in corners))
    with pytest.raises(InvalidInput, match=says) as refused:
        check(polygon, "volumes[0].outline")
    assert refused.value.field == "volumes[0].outline"


def test_a_crossing_is_located() -> None:
    corners = [(46.0, 7.0), (46.1, 7.1), (46.0, 7.1), (46.1, 7.0)]
    with pytest.raises(InvalidInput, match=r"near lat 46\.0500\d, lon 7\.0500\d"):
        check(Polygon(tuple(LatLon(lat, lon) for lat, lon in corners)), "outline")


def test_the_cache_forgets_and_answers_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_outlines", Outlines(capacity=16))
    query = Circle(LatLon(46.0, 7.0), 1_000.0)
    for turn in range(4):
        others = [Circle(near(query.centre, 100.0 * k, 11.0 * k), 500.0) for k in range(12 + 5 * turn)]
        found = intersects(query, others)
        expected = [100.0 * k <= 1_500.0 for k in range(12 + 5 * turn)]
        assert found.tolist() == expected
    squares = [
        Polygon(tuple(near(near(query.centre, 300.0 * k, 90.0), 100.0, 90.0 * q) for q in range(4)))
        for k in range(40)
    ]
    assert np.array_equal(intersects(query, squares), [300.0 * k - 100.0 <= 1_000.0 for k in range(40)])
