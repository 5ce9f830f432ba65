"""Coarse footprints: cells hold outlines, polygons are checked, unions hold their parts, memory is bound."""

from __future__ import annotations

import math
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.errors import InvalidInput
from comity.geo.cells import cell_of, cells_touch, level_of
from comity.geo.coverage import (
    LEVEL,
    MOST_CELLS,
    check_ring,
    circle_cells,
    coarsened,
    holding,
    ring_area_m2,
    ring_cells,
    union,
)
from comity.geo.earth import destinations
from comity.geo.remembered import Remembered
from comity.model.f3548 import CellBox
from comity.model.shape import Circle, LatLon, Polygon

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
Ring = tuple[tuple[float, float], ...]


def touch(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return cells_touch([cell_of(t) for t in one], [cell_of(t) for t in other])


def square(lat: float, lon: float, side: float) -> Ring:
    return (lat, lon), (lat, lon + side), (lat + side, lon + side), (lat + side, lon)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-90.0, 90.0),
    st.floats(-180.0, 180.0),
    st.floats(1.0, 1_000_000.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 360.0),
)
def test_every_point_of_a_circle_is_in_a_cell(
    lat: float, lon: float, radius_m: float, part: float, bearing: float
) -> None:
    cells = holding(Circle(LatLon(lat, lon), radius_m))
    lats, lons = destinations(lats=lat, lons=lon, azimuths_deg=bearing, distances_m=radius_m * part)
    assert touch(cells, circle_cells(float(lats), float(lons), 0.001))


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-80.0, 79.0), st.floats(-180.0, 178.0), st.floats(1e-4, 1.0), st.floats(0, 1), st.floats(0, 1)
)
def test_every_point_of_a_polygon_is_in_a_cell(
    lat: float, lon: float, side: float, x: float, y: float
) -> None:
    ring = square(lat, lon, side)
    cells = holding(Polygon(tuple(LatLon(*point) for point in ring)))
    for covered in (cells, ring_cells(ring)):
        assert touch(covered, circle_cells(lat + side * (0.1 + 0.8 * y), lon + side * (0.1 + 0.8 * x), 0.001))


def test_what_is_too_large_for_cells_of_a_kilometre_has_coarser_ones() -> None:
    assert level_of(cell_of(circle_cells(47.0, 11.0, 10_000.0)[0])) == LEVEL
    wide = circle_cells(47.0, 11.0, 1_000_000.0)
    assert level_of(cell_of(wide[0])) < LEVEL
    assert len(wide) <= MOST_CELLS


@pytest.mark.parametrize(("lat", "side"), [(0.0, 0.1), (47.0, 0.3), (-70.0, 0.4)])
def test_areas_are_those_of_the_sphere(lat: float, side: float) -> None:
    bounds = math.sin(math.radians(lat + side)) - math.sin(math.radians(lat))
    expected = 6_371_008.8**2 * math.radians(side) * bounds
    ring = square(lat, 10.0, side)
    assert ring_area_m2(ring) == pytest.approx(expected, rel=1e-3)
    assert ring_area_m2(tuple(reversed(ring))) == pytest.approx(ring_area_m2(ring))


@pytest.mark.parametrize(
    "ring",
    [
        ((0.0, 0.0), (1.0, 1.0)),
        ((0.0, 0.0), (0.0, 1.0), (0.0, 0.0)),
        ((0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0)),
        ((0.0, 0.0), (0.0, 120.0), (0.0, -120.0)),
    ],
)
def test_what_is_no_plain_polygon(ring: Ring) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_ring(ring, "vertices")
    assert refused.value.field == "vertices"


def box(cells: tuple[str, ...], **bounds: object) -> CellBox:
    return CellBox(cells, **bounds)  # type: ignore[arg-type]  # bounds by their names


def test_a_union_holds_its_parts_and_has_no_bound_that_one_has_not() -> None:
    one = box(circle_cells(47.0, 11.0, 2_000.0), lower_m=0.0, upper_m=100.0, start=NOW)
    two = box(circle_cells(47.0, 11.1, 2_000.0), lower_m=50.0, start=NOW - timedelta(hours=1), end=NOW)
    whole = union([one, two])
    assert set(whole.cells) == {*one.cells, *two.cells}
    assert (whole.lower_m, whole.upper_m) == (0.0, None)
    assert (whole.start, whole.end) == (NOW - timedelta(hours=1), None)


def test_a_union_of_levels_has_the_coarsest() -> None:
    small, wide = box(circle_cells(47.0, 11.0, 300.0)), box(circle_cells(47.0, 11.0, 500_000.0))
    whole = union([small, wide])
    level = level_of(cell_of(wide.cells[0]))
    assert {level_of(cell_of(cell)) for cell in whole.cells} == {level}
    assert set(whole.cells) >= coarsened(small.cells, level)


def test_what_is_remembered_is_bounded_by_its_cells() -> None:
    calls: list[int] = []

    def make(number: int) -> tuple[str, ...]:
        calls.append(number)
        return ("cell",) * number

    remembered = Remembered(make, most=1_000)
    for number in (400, 300, 400, 500, 400, 300):
        assert len(remembered(number)) == number
        assert remembered.held <= 1_000
    assert calls == [400, 300, 500, 300]
    assert len(remembered(5_000)) == 5_000
    assert remembered.held == 0


def test_several_threads_may_ask_at_once() -> None:
    remembered = Remembered(lambda number: (str(number),) * (number % 7), most=100)
    wrong: list[int] = []

    def ask() -> None:
        wrong.extend(n for n in range(2_000) if remembered(n % 50) != (str(n % 50),) * (n % 50 % 7))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert remembered.held <= 100
