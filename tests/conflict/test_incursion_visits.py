"""Visits against their slow reference: never missed, never late, early by no more than is stated."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from comity.conflict.incursion import FURTHEST_M, PATH_ERROR, Pairs, paths, visits
from comity.conflict.incursion_areas import MARGIN_M, ROUND_M, of_cells, of_shape
from comity.conflict.incursion_cover import single
from comity.conflict.incursion_reference import Flight, away_m, first_visit
from comity.errors import InvalidInput
from comity.geo.cells import corners, grid_cells, token
from comity.geo.earth import SMALLEST_CURVATURE_RADIUS_M, destination, distance_m, geodesics
from comity.geo.rings import reach_m
from comity.model.shape import Circle, LatLon, Polygon, Shape
from tests.geo.making import examples, near, outlines, places, polygons

HORIZON_S = 120.0
NEVER = (math.inf, -math.inf)


def visit(
    flight: Flight, outline: Shape, begin_s: float = 0.0, end_s: float = HORIZON_S
) -> tuple[float, float]:
    """By the kernel, for one aircraft and one outline."""
    flown = paths(
        lat=np.array([flight.lat]),
        lon=np.array([flight.lon]),
        track_deg=np.array([flight.track_deg]),
        speed_mps=np.array([flight.speed_mps]),
        radius_m=np.array([flight.radius_m]),
    )
    zero = np.zeros(1, dtype=np.int64)
    found = visits(
        flown, single(of_shape(outline)), Pairs(zero, zero, np.array([begin_s]), np.array([end_s]))
    )
    return float(found[0][0]), float(found[1][0])


def allowance_m(flight: Flight, outline: Shape, end_s: float) -> float:
    """How far from being within reach the kernel may call it so: what it adds, and the path's own error."""
    length_m = flight.speed_mps * end_s
    reach = flight.radius_m + MARGIN_M
    if isinstance(outline, Circle):
        if outline.radius_m <= ROUND_M:
            return 0.01 + MARGIN_M + 2.0 * PATH_ERROR * (length_m + outline.radius_m) ** 3
        reach += reach_m(outline.radius_m) - outline.radius_m
    reach += PATH_ERROR * length_m**3
    turn = (length_m + 2.0 * reach) / SMALLEST_CURVATURE_RADIUS_M
    return reach * (1.0 + 2.0 * turn * turn) - flight.radius_m + MARGIN_M + PATH_ERROR * length_m**3


@dataclass(frozen=True)
class Case:
    flight: Flight
    outline: Shape


def _ahead(outline: Shape) -> LatLon:
    return outline.centre if isinstance(outline, Circle) else outline.vertices[0]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """An aircraft that may come to an outline in some two minutes, or is in it, or passes it."""
    place = draw(places())
    outline = draw(outlines(place, 1_000_000.0))
    speed = draw(st.just(0.0) | st.floats(0.1, 300.0) | st.floats(300.0, 8_000.0))
    mark = place if draw(st.booleans()) else _ahead(outline)
    away = draw(st.floats(0.0, 1.5)) * max(speed, 10.0) * HORIZON_S
    start = near(mark, away, draw(st.floats(0.0, 360.0)))
    # From the mark back to the start, so that the path passes it by a few degrees at most.
    back = _azimuth(start, mark) + draw(st.floats(-30.0, 30.0)) if away > 1.0 else draw(st.floats(0.0, 360.0))
    radius = draw(st.just(0.0) | st.floats(0.0, 500.0) | st.floats(500.0, 20_000.0))
    return Case(Flight(start.lat, start.lon, back, speed, radius), outline)


def _azimuth(start: LatLon, end: LatLon) -> float:
    azimuths, _ = geodesics(lats_a=[start.lat], lons_a=[start.lon], lats_b=[end.lat], lons_b=[end.lon])
    return float(azimuths[0])


@settings(max_examples=examples(60), deadline=None)
@given(cases(), st.floats(0.0, 60.0))
def test_what_the_reference_finds_is_found_and_not_later(case: Case, begin_s: float) -> None:
    flight, outline = case.flight, case.outline
    first, last = first_visit(flight, outline, begin_s=begin_s, end_s=HORIZON_S, step_s=10.0)
    enters, leaves = visit(flight, outline, begin_s)
    if first <= last:
        assert begin_s <= enters <= first
    if enters <= leaves < HORIZON_S:
        lat, lon = flight.place(leaves + 1e-6)
        assert away_m(outline, lat=lat, lon=lon) > flight.radius_m or first > leaves


@settings(max_examples=examples(60), deadline=None)
@given(cases())
def test_ends_of_a_visit_are_no_farther_out_than_stated(case: Case) -> None:
    flight, outline = case.flight, case.outline
    enters, leaves = visit(flight, outline)
    assume(enters <= leaves)
    assert 0.0 <= enters <= leaves <= HORIZON_S
    allowed = flight.radius_m + allowance_m(flight, outline, HORIZON_S)
    for at_s in (enters, leaves):
        lat, lon = flight.place(at_s)
        assert away_m(outline, lat=lat, lon=lon) <= allowed


@settings(max_examples=examples(40), deadline=None)
@given(polygons(largest_m=300_000.0), st.floats(0.0, 360.0), st.floats(0.0, 1.0))
def test_a_longer_wait_does_not_move_the_entry(outline: Polygon, track: float, share: float) -> None:
    start = near(outline.vertices[0], 20_000.0, track + 170.0)
    flight = Flight(start.lat, start.lon, track, 250.0, 50.0)
    whole, part = visit(flight, outline), visit(flight, outline, 0.0, HORIZON_S * share)
    # The allowance grows with the path's length, by under 0.01 m here.
    if part != NEVER:
        assert part[0] == pytest.approx(whole[0], abs=1e-3) or whole[0] < part[0]
    elif whole != NEVER:
        assert whole[0] >= HORIZON_S * share


def _polygon(*corners: tuple[float, float]) -> Polygon:
    return Polygon(tuple(LatLon(lat, lon) for lat, lon in corners))


SQUARE = _polygon((46.9, 8.1), (46.9, 8.3), (47.1, 8.3), (47.1, 8.1))


def test_entry_and_exit_are_where_the_path_crosses() -> None:
    flight = Flight(47.0, 8.0, 90.0, 200.0)
    enters, leaves = visit(flight, SQUARE)
    to_east = distance_m(lat_a=47.0, lon_a=8.0, lat_b=47.0, lon_b=8.1) / 200.0
    assert enters == pytest.approx(to_east, abs=0.01)
    assert leaves == pytest.approx(3.0 * to_east, abs=0.01)


def test_winding_does_not_matter() -> None:
    flight = Flight(47.0, 8.0, 90.0, 200.0)
    assert visit(flight, Polygon(SQUARE.vertices[::-1])) == pytest.approx(visit(flight, SQUARE), abs=1e-9)


@pytest.mark.parametrize(
    ("lon", "expected"), [(8.2, (0.0, HORIZON_S)), (8.0, NEVER), (8.1, (0.0, HORIZON_S))]
)
def test_hovering_inside_outside_and_on_the_edge(lon: float, expected: tuple[float, float]) -> None:
    assert visit(Flight(47.0, lon, 0.0, 0.0), SQUARE) == expected
    assert visit(Flight(47.0, lon, math.nan, 0.0), SQUARE) == expected
    assert visit(Flight(47.0, lon, 10.0, math.nan), SQUARE) == expected


def test_hovering_beside_counts_within_its_radius() -> None:
    lat, lon = destination(lat=47.0, lon=8.1, azimuth_deg=270.0, distance_m=100.0)
    assert visit(Flight(lat, lon, 0.0, 0.0, 101.0), SQUARE) == (0.0, HORIZON_S)
    assert visit(Flight(lat, lon, 0.0, 0.0, 99.0), SQUARE) == NEVER


def test_only_the_first_visit_is_told_and_the_gap_is_seen() -> None:
    """Two prongs of a fork, one after the other."""
    fork = _polygon(
        *((46.8, 8.1), (47.1, 8.1), (47.1, 8.12), (46.9, 8.12)),
        *((46.9, 8.2), (47.1, 8.2), (47.1, 8.25), (46.8, 8.25)),
    )
    flight = Flight(47.0, 8.0, 90.0, 200.0)
    enters, leaves = visit(flight, fork)
    assert leaves - enters == pytest.approx(0.02 / 0.1 * enters, rel=0.001)
    later = visit(flight, fork, leaves + 1.0)
    assert later[0] == pytest.approx(2.0 * enters, rel=1e-3)
    assert visit(flight, fork, leaves + 1.0, 1.9 * enters) == NEVER


def test_a_radius_joins_what_is_narrowly_apart() -> None:
    comb = _polygon(
        *((46.9, 8.1), (47.1, 8.1), (47.1, 8.12), (46.95, 8.12)),
        *((46.95, 8.121), (47.1, 8.121), (47.1, 8.14), (46.9, 8.14)),
    )
    flight = Flight(47.0, 8.0, 90.0, 200.0)
    narrow, wide = visit(flight, comb), visit(flight._replace(radius_m=60.0), comb)
    assert narrow[1] - narrow[0] < 9.0
    assert wide[1] - wide[0] > 15.0


def test_passing_along_an_edge_touches_it() -> None:
    """The northern edge is a geodesic between its ends, and so is the path."""
    west, east = LatLon(47.1, 8.1), LatLon(47.1, 8.3)
    start = near(west, 10_000.0, _azimuth(west, east) + 180.0)
    flight = Flight(start.lat, start.lon, _azimuth(start, east), 250.0)
    length_s = distance_m(lat_a=47.1, lon_a=8.1, lat_b=47.1, lon_b=8.3) / 250.0
    assert visit(flight, SQUARE) == pytest.approx((40.0, 40.0 + length_s), abs=0.01)
    beside = near(start, 1.0, 0.0)
    assert visit(flight._replace(lat=beside.lat, track_deg=flight.track_deg - 0.1), SQUARE) == NEVER


@pytest.mark.parametrize("gap_m", [-1.0, 0.0, 0.1])
def test_a_tangent_path_is_found(gap_m: float) -> None:
    circle = Circle(LatLon(60.0, 10.0), 5_000.0)
    abeam = destination(lat=60.0, lon=10.0, azimuth_deg=0.0, distance_m=5_000.0 + gap_m)
    start = destination(lat=abeam[0], lon=abeam[1], azimuth_deg=270.0, distance_m=8_000.0)
    flight = Flight(start[0], start[1], _azimuth(LatLon(*start), LatLon(*abeam)), 100.0)
    enters, leaves = visit(flight, circle)
    assert enters <= 80.0 <= leaves
    assert leaves - enters < 4.0


def test_a_path_that_clears_a_circle_by_a_metre_is_not() -> None:
    circle = Circle(LatLon(60.0, 10.0), 5_000.0)
    abeam = destination(lat=60.0, lon=10.0, azimuth_deg=0.0, distance_m=5_001.0)
    start = destination(lat=abeam[0], lon=abeam[1], azimuth_deg=270.0, distance_m=8_000.0)
    flight = Flight(start[0], start[1], _azimuth(LatLon(*start), LatLon(*abeam)), 100.0)
    assert visit(flight, circle) == NEVER


def test_over_the_pole() -> None:
    cap = Polygon(tuple(LatLon(88.0, lon) for lon in range(-180, 180, 30)))
    flight = Flight(87.5, 20.0, 0.0, 1_000.0)
    first, last = first_visit(flight, cap, begin_s=0.0, end_s=600.0, step_s=1.0)
    enters, leaves = visit(flight, cap, 0.0, 600.0)
    assert first - 1.0 < enters <= first
    assert last <= leaves < last + 1.0
    assert visit(Flight(90.0, 0.0, 12.0, 0.0), cap) == (0.0, HORIZON_S)


def test_across_the_antimeridian() -> None:
    square = Polygon((LatLon(-1, 179.9), LatLon(-1, -179.9), LatLon(1, -179.9), LatLon(1, 179.9)))
    shifted = Polygon((LatLon(-1, 9.9), LatLon(-1, 10.1), LatLon(1, 10.1), LatLon(1, 9.9)))
    for track in (90.0, 80.0, 100.0):
        across = visit(Flight(0.0, 179.8, track, 200.0), square)
        assert across == pytest.approx(visit(Flight(0.0, 9.8, track, 200.0), shifted), abs=1e-6)
        assert across != NEVER
    assert visit(Flight(0.0, -179.8, 270.0, 200.0), square)[0] == pytest.approx(
        visit(Flight(0.0, 179.8, 90.0, 200.0), square)[0], abs=1e-6
    )


def _corridor(half_m: float) -> Polygon:
    """A route of some 3,000 km, Lisbon to Warsaw and on, so wide to each side."""
    legs = [LatLon(38.7, -9.1), LatLon(45.0, 0.0), LatLon(52.0, 21.0), LatLon(55.0, 30.0)]
    left = [near(p, half_m, 330.0) for p in legs]
    right = [near(p, half_m, 150.0) for p in legs]
    return Polygon((*left, *reversed(right)))


def test_a_long_route_is_crossed_where_it_is() -> None:
    route = _corridor(10_000.0)
    flight = Flight(49.5, 10.0, 180.0, 250.0, 30.0)
    first, last = first_visit(flight, route, begin_s=0.0, end_s=600.0, step_s=1.0)
    enters, leaves = visit(flight, route, 0.0, 600.0)
    assert first - 1.0 < enters <= first
    assert last <= leaves < last + 1.0


def test_a_small_place_is_crossed_where_it_is() -> None:
    pad = Circle(LatLon(52.0, 13.0), 50.0)
    start = destination(lat=52.0, lon=13.0, azimuth_deg=200.0, distance_m=500.0)
    flight = Flight(start[0], start[1], _azimuth(LatLon(*start), LatLon(52.0, 13.0)), 10.0, 5.0)
    assert visit(flight, pad) == pytest.approx((44.5, 55.5), abs=0.03)


@pytest.mark.parametrize("radius_m", [ROUND_M * 0.999, ROUND_M * 1.001, 5_000_000.0])
def test_large_circles(radius_m: float) -> None:
    circle = Circle(LatLon(0.0, 0.0), radius_m)
    start = destination(lat=0.0, lon=0.0, azimuth_deg=37.0, distance_m=radius_m + 10_000.0)
    flight = Flight(start[0], start[1], _azimuth(LatLon(*start), LatLon(0.0, 0.0)), 200.0)
    enters, leaves = visit(flight, circle)
    outward = max(0.0, reach_m(radius_m) - radius_m) if radius_m > ROUND_M else 0.0
    assert 50.0 - (outward + 2.0) / 200.0 < enters <= 50.0
    assert leaves == HORIZON_S
    opposite = Flight(-start[0], start[1] + 180.0, 0.0, 200.0)
    assert visit(opposite, circle) == NEVER


def test_the_opposite_side_of_the_earth_is_not_inside() -> None:
    """Every great circle through an aircraft's antipode passes the aircraft."""
    wide = Polygon(tuple(near(LatLon(10.0, 20.0), 6_000_000.0, azimuth) for azimuth in range(0, 360, 20)))
    for track in range(0, 360, 15):
        assert visit(Flight(-10.0, -160.0, float(track), 200.0), wide) == NEVER
        assert visit(Flight(10.0, 20.0, float(track), 200.0), wide) == (0.0, HORIZON_S)


def test_no_time_no_visit() -> None:
    assert visit(Flight(47.0, 8.2, 90.0, 200.0), SQUARE, 10.0, 5.0) == NEVER


def test_a_path_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at most 5e\\+06 m") as refused:
        visit(Flight(47.0, 8.0, 90.0, FURTHEST_M / HORIZON_S + 1.0), SQUARE)
    assert refused.value.field == "speed_mps"
    with pytest.raises(InvalidInput, match="finite"):
        visit(Flight(math.nan, 8.0, 90.0, 100.0), SQUARE)


FAST = Flight(45.0, 10.0, 45.0, 8_000.0)
"""960 km in the look-ahead: what is allowed for the path and its plane is then tens of metres."""


@pytest.mark.parametrize("azimuth", range(0, 360, 30))
def test_a_long_path_is_allowed_for(azimuth: int) -> None:
    """A place of a metre where the geodesic is after 900 km; the osculating circle passes it by metres."""
    flight = FAST._replace(track_deg=float(azimuth))
    lat, lon = flight.place(112.5)
    triangle = Polygon(tuple(near(LatLon(lat, lon), 1.0, float(turn)) for turn in (0, 120, 240)))
    for outline in (Circle(LatLon(lat, lon), 1.0), triangle):
        enters, leaves = visit(flight, outline)
        assert enters <= 112.5 <= leaves


@pytest.mark.parametrize("side_deg", [-90.0, 90.0])
def test_reach_is_stretched_with_the_plane(side_deg: float) -> None:
    """Abeam after 900 km, just within a radius of 20 km, where the plane shows it 200 m farther off."""
    flight = FAST._replace(radius_m=20_000.0)
    abeam = LatLon(*flight.place(112.5))
    beyond = LatLon(*flight.place(113.0))
    side = _azimuth(abeam, beyond) + side_deg
    nearest = near(abeam, 19_990.0, side)
    triangle = Polygon((nearest, near(nearest, 500.0, side - 40.0), near(nearest, 500.0, side + 40.0)))
    enters, leaves = visit(flight, triangle)
    assert enters <= 112.5 <= leaves


def test_every_corner_of_a_cell_reaches_out() -> None:
    cell = grid_cells(Circle(LatLon(47.0, 8.0), 10.0))[0]
    zero = np.zeros(1, dtype=np.int64)
    area = single(of_cells([token(cell)]))
    square = [LatLon(*corner) for corner in corners(cell)]
    for k, corner in enumerate(square):
        spot = near(corner, 100.0, _azimuth(square[k - 2], corner))
        for radius_m, expected in ((99.0, False), (101.0, True)):
            flown = paths(
                lat=np.array([spot.lat]),
                lon=np.array([spot.lon]),
                track_deg=np.zeros(1),
                speed_mps=np.zeros(1),
                radius_m=np.array([radius_m]),
            )
            enters, leaves = visits(flown, area, Pairs(zero, zero, np.zeros(1), np.ones(1)))
            assert bool(enters[0] <= leaves[0]) == expected
