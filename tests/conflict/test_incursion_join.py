"""The join never misses: whoever meets an area by the kernel is among its candidates, however large it is.

The kernel on all pairs is the brute force; it is itself held to its reference.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.conflict import incursion, incursion_cover, incursion_grid, incursion_table
from comity.conflict.cylinder import Floats
from comity.conflict.incursion import Pairs, Paths, height_window, paths, visits
from comity.conflict.incursion_areas import Outline, of_cells, of_shape
from comity.conflict.incursion_cover import MOST_CUBES, cover
from comity.conflict.incursion_grid import Bands, Levels, join
from comity.conflict.incursion_table import AreaTable, warm
from comity.geo.cells import grid_cells, token
from comity.geo.earth import xyz
from comity.model.shape import Circle, LatLon, Polygon, Shape
from tests.geo.making import examples, near, outlines, places

HORIZON_S = 120.0
INF = math.inf


def level_flight(count: int) -> Levels:
    """At unknown heights."""
    zero = np.zeros(count)
    return Levels(zero, zero, np.full(count, -1), zero, np.full(count, INF), zero)


def any_time(count: int) -> Bands:
    low_m, low_w84_m, high_m, high_w84_m = np.zeros((4, count))
    lower_datum, upper_datum = np.zeros((2, count), np.int64)
    limits = low_m, lower_datum, low_w84_m, high_m, upper_datum, high_w84_m
    return Bands(*limits, np.full(count, -INF), np.full(count, INF))


def all_pairs(aircraft: int, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Pairs:
    k = np.repeat(np.arange(aircraft), len(rows))
    return Pairs(k, np.tile(rows, aircraft), np.zeros(len(k)), np.full(len(k), HORIZON_S))


def met(flown: Paths, table: AreaTable, pairs: Pairs) -> set[tuple[int, int]]:
    enters_s, leaves_s = visits(flown, table.areas(), pairs)
    hit = enters_s <= leaves_s
    return set(zip(pairs.aircraft[hit].tolist(), pairs.row[hit].tolist(), strict=True))


def flights(marks: list[LatLon], seed: int, count: int) -> Paths:
    """Aircraft about some places, of all speeds, in all directions."""
    draw = np.random.default_rng(seed)
    starts = [
        near(
            marks[int(draw.integers(len(marks)))], float(10.0 ** draw.uniform(0.0, 6.0)), draw.uniform(0, 360)
        )
        for _ in range(count)
    ]
    return paths(
        lat=np.array([p.lat for p in starts]),
        lon=np.array([p.lon for p in starts]),
        track_deg=draw.uniform(0.0, 360.0, count),
        speed_mps=np.where(draw.random(count) < 0.2, 0.0, 10.0 ** draw.uniform(0.0, 3.5, count)),
        radius_m=10.0 ** draw.uniform(0.0, 4.3, count),
    )


def marks_of(shape: Shape) -> list[LatLon]:
    return [shape.centre] if isinstance(shape, Circle) else list(shape.vertices)


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(outlines(), min_size=1, max_size=6), st.integers(0, 2**32), st.data())
def test_no_meeting_is_missed(shapes: list[Shape], seed: int, data: st.DataObject) -> None:
    table = AreaTable()
    made = [of_cells(map(token, grid_cells(s))) if data.draw(st.booleans()) else of_shape(s) for s in shapes]
    rows = np.array([table.add(outline) for outline in made])
    flown = flights([mark for shape in shapes for mark in marks_of(shape)], seed, 60)
    found = join(flown, level_flight(60), any_time(table.room), table.cubes(), HORIZON_S)
    assert len(set(zip(found.aircraft.tolist(), found.row.tolist(), strict=True))) == len(found.row)
    assert met(flown, table, all_pairs(60, rows)) == met(flown, table, found)


@settings(max_examples=examples(15), deadline=None)
@given(outlines(largest_m=5_000_000.0), st.integers(0, 2**32))
def test_every_place_of_an_area_is_in_its_cubes(shape: Shape, seed: int) -> None:
    """Hovering at places all over it, and found at each that it holds."""
    table = AreaTable()
    table.add(of_shape(shape))
    draw = np.random.default_rng(seed)
    size = table.areas().balls[:, 3].max() + float(np.ptp(table.areas().points, axis=0).max()) + 1.0
    if isinstance(shape, Circle):
        size = shape.radius_m
    spots = [
        near(marks_of(shape)[0], float(draw.uniform(0, 1)) * size, draw.uniform(0, 360)) for _ in range(80)
    ]
    zero = np.zeros(80)
    flown = paths(
        lat=np.array([p.lat for p in spots]),
        lon=np.array([p.lon for p in spots]),
        track_deg=zero,
        speed_mps=zero,
        radius_m=zero,
    )
    found = join(flown, level_flight(80), any_time(table.room), table.cubes(), HORIZON_S)
    assert met(flown, table, all_pairs(80, np.zeros(1, np.int64))) == met(flown, table, found)


def test_a_long_path_is_looked_for_where_it_rises_over_its_chord() -> None:
    """From one side of the meridian of Greenwich to the other, 18 km farther out between than at its ends."""
    table = AreaTable()
    row = table.add(of_shape(Circle(LatLon(0.0, 0.0), 10.0)))
    flown = paths(
        lat=np.zeros(1),
        lon=np.array([-4.3]),
        track_deg=np.array([90.0]),
        speed_mps=np.array([8_000.0]),
        radius_m=np.zeros(1),
    )
    found = join(flown, level_flight(1), any_time(table.room), table.cubes(), HORIZON_S)
    assert met(flown, table, found) == {(0, row)}


def test_cells_hold_what_their_outline_holds() -> None:
    """The outline of cells together holds the polygon that they were made for, corner by corner."""
    square = Polygon((LatLon(46.0, 8.0), LatLon(46.0, 9.0), LatLon(47.0, 9.0), LatLon(47.0, 8.0)))
    cells = of_cells(map(token, grid_cells(square)))
    table = AreaTable()
    table.add(cells)
    lat, lon = np.array([46.0, 46.5, 47.0, 45.0]), np.array([8.0, 8.5, 9.0, 8.5])
    zero = np.zeros(4)
    flown = paths(lat=lat, lon=lon, track_deg=zero, speed_mps=zero, radius_m=zero)
    assert met(flown, table, all_pairs(4, np.zeros(1, np.int64))) == {(0, 0), (1, 0), (2, 0)}


@pytest.mark.parametrize("lon", [-180.0, -90.0, 0.0, 45.0, 90.0, 180.0])
def test_corners_of_cells_on_the_path_are_one_place(lon: float) -> None:
    """Cells meet along these meridians, and so does a path due north with all their corners: were a corner in
    two edges not the same to the last bit, a crossing would be lost and inside be outside."""
    table = AreaTable()
    lats = [-60.0, -25.94447977237001, 0.0, 25.94447977237001, 60.0]
    for lat in lats:
        table.add(of_cells(map(token, grid_cells(Circle(LatLon(lat, lon), 100.0)))))
    zero = np.zeros(5)
    flown = paths(
        lat=np.array(lats), lon=np.full(5, lon), track_deg=zero, speed_mps=zero + 10.0, radius_m=zero
    )
    rows = np.arange(5)
    assert met(flown, table, Pairs(rows, rows, zero, zero + 1.0)) == {(k, k) for k in range(5)}


@settings(max_examples=examples(30), deadline=None)
@given(places(), st.floats(2.0, 5.5), st.floats(0.0, 360.0), st.floats(0.0, 1.0))
def test_cells_of_a_circle_hold_its_places(centre: LatLon, size: float, azimuth: float, share: float) -> None:
    circle = Circle(centre, 10.0**size)
    table = AreaTable()
    table.add(of_cells(map(token, grid_cells(circle))))
    spot = near(centre, share * circle.radius_m, azimuth)
    zero = np.zeros(1)
    flown = paths(
        lat=np.array([spot.lat]), lon=np.array([spot.lon]), track_deg=zero, speed_mps=zero, radius_m=zero
    )
    assert met(flown, table, all_pairs(1, np.zeros(1, np.int64))) == {(0, 0)}


def test_cells_of_the_whole_earth_are_anywhere() -> None:
    table = AreaTable()
    row = table.add(of_cells(["1", "3", "5", "7", "9", "b"]))
    flown = flights([LatLon(0.0, 0.0), LatLon(0.0, 180.0)], 1, 10)
    found = join(flown, level_flight(10), any_time(table.room), table.cubes(), HORIZON_S)
    assert met(flown, table, found) == {(k, row) for k in range(10)}


def test_nested_cells_are_one_area() -> None:
    inner = grid_cells(Circle(LatLon(46.0, 8.0), 10.0))
    outer = grid_cells(Circle(LatLon(46.0, 8.0), 60_000.0))
    alone, both = of_cells(map(token, outer)), of_cells(map(token, (*outer, *inner)))
    assert np.array_equal(alone.points, both.points)


def test_large_areas_take_few_cubes() -> None:
    for shape in (Circle(LatLon(50.0, 10.0), 5_000_000.0), Circle(LatLon(50.0, 10.0), 1_500_000.0)):
        assert 40 < len(cover(of_shape(shape))) < 2 * MOST_CUBES
    assert 1 <= len(cover(of_shape(Circle(LatLon(50.0, 10.0), 50.0)))) <= 8


def _line(lat: float, lon: float) -> Outline:
    return of_shape(Circle(LatLon(lat, lon), 1_000.0))


def test_rows_come_and_go() -> None:
    """Adding and removing at random leaves what a new table would hold."""
    draw = np.random.default_rng(7)
    table = AreaTable()
    held: dict[int, Shape] = {}
    marks = [LatLon(45.0, 10.0), LatLon(46.0, 12.0)]
    for step in range(400):
        if held and draw.random() < 0.45:
            row = int(draw.choice(list(held)))
            table.remove(row)
            del held[row]
        else:
            middle = near(marks[step % 2], float(draw.uniform(0, 200_000)), float(draw.uniform(0, 360)))
            count = int(draw.integers(3, 40))
            shape = Polygon(
                tuple(near(middle, float(draw.uniform(5e3, 5e4)), 360.0 / count * k) for k in range(count))
            )
            held[table.add(of_shape(shape))] = shape
        assert len(table) == len(held)
    flown = flights(marks, 3, 300)
    found = met(flown, table, join(flown, level_flight(300), any_time(table.room), table.cubes(), HORIZON_S))
    anew = AreaTable()
    moved = {anew.add(of_shape(shape)): row for row, shape in held.items()}
    pairs = join(flown, level_flight(300), any_time(anew.room), anew.cubes(), HORIZON_S)
    assert found == {(k, moved[row]) for k, row in met(flown, anew, pairs)}
    assert found


def test_an_empty_table_has_no_pairs() -> None:
    table = AreaTable()
    flown = flights([LatLon(0.0, 0.0)], 1, 5)
    assert len(join(flown, level_flight(5), any_time(table.room), table.cubes(), HORIZON_S).row) == 0
    row = table.add(_line(0.0, 0.0))
    table.remove(row)
    assert len(join(flown, level_flight(5), any_time(table.room), table.cubes(), HORIZON_S).row) == 0


def _window(
    height_m: float, rate_mps: float, *, error_m: float = 0.0, datum: int = 1, half_m: float = 50.0
) -> tuple[float, float]:
    """Against a band of 1,000 to 2,000 on datum 1, 900 to 2,100 above the ellipsoid."""
    band = (1_000.0, 1, 900.0, 2_000.0, 1, 2_100.0)
    return height_window(height_m, error_m, datum, height_m, half_m, rate_mps, *band)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (_window(1_500.0, 0.0), (-INF, INF)),
        (_window(1_000.0, 0.0), (-INF, INF)),
        (_window(2_000.0, 0.0), (-INF, INF)),
        (_window(2_000.1, 0.0), (INF, -INF)),
        (_window(999.9, 0.0), (INF, -INF)),
        (_window(999.9, 0.0, error_m=0.2), (-INF, INF)),
        (_window(900.0, 10.0), (10.0, 110.0)),
        (_window(2_100.0, -10.0), (10.0, 110.0)),
        (_window(2_100.0, 10.0), (-110.0, -10.0)),
        (_window(2_149.0, 0.0, datum=2), (-INF, INF)),
        (_window(2_151.0, 0.0, datum=2), (INF, -INF)),
        (_window(800.0, 10.0, datum=2), (5.0, 135.0)),
        (_window(0.0, 3.0, datum=-1, half_m=INF), (-INF, INF)),
        (_window(0.0, 0.0, datum=-1, half_m=INF), (-INF, INF)),
    ],
)
def test_heights_share_a_band(window: tuple[float, float], expected: tuple[float, float]) -> None:
    assert window == expected


def test_heights_and_hours_narrow_the_time() -> None:
    table = AreaTable()
    row = table.add(_line(47.0, 8.0))
    zero = np.zeros(1)
    flown = paths(lat=np.array([47.0]), lon=np.array([8.0]), track_deg=zero, speed_mps=zero, radius_m=zero)

    def pair(opens_s: float, closes_s: float, height_m: float, rate_mps: float) -> tuple[float, float] | None:
        bands = any_time(table.room)
        bands.lower_m[row], bands.upper_m[row] = 1_000.0, 2_000.0
        bands.opens_s[row], bands.closes_s[row] = opens_s, closes_s
        levels = Levels(
            np.array([height_m]), zero, np.zeros(1, np.int64), zero, np.full(1, 1e6), np.array([rate_mps])
        )
        found = join(flown, levels, bands, table.cubes(), HORIZON_S)
        return (float(found.begin_s[0]), float(found.end_s[0])) if len(found.row) else None

    assert pair(-10.0, 500.0, 1_500.0, 0.0) == (0.0, HORIZON_S)
    assert pair(40.0, 500.0, 1_500.0, 0.0) == (40.0, HORIZON_S)
    assert pair(-10.0, 60.0, 1_500.0, 0.0) == (0.0, 60.0)
    assert pair(-10.0, 0.0, 1_500.0, 0.0) is None
    assert pair(HORIZON_S + 0.1, 500.0, 1_500.0, 0.0) is None
    assert pair(-10.0, 500.0, 900.0, 10.0) == (10.0, 110.0)
    assert pair(-10.0, 500.0, 2_500.0, 10.0) is None
    assert pair(20.0, 30.0, 900.0, 10.0) == (20.0, 30.0)
    assert pair(20.0, 30.0, 500.0, 10.0) is None


def test_once_warm_nothing_is_compiled() -> None:
    warm()
    kernels = [
        each
        for module in (incursion, incursion_cover, incursion_grid)
        for each in vars(module).values()
        if hasattr(each, "stats")
    ]
    before = [len(each.signatures) for each in kernels]
    test_rows_come_and_go()
    test_heights_and_hours_narrow_the_time()
    assert [len(each.signatures) for each in kernels] == before
    assert len(kernels) > 15


@pytest.mark.parametrize("failure", [OSError("no space"), EOFError()])
def test_warming_gives_up_kept_code_that_fails(failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def use_all() -> None:
        calls.append("used")
        if len(calls) == 1:
            raise failure

    monkeypatch.setattr(incursion_table, "_use_all", use_all)
    monkeypatch.setattr(incursion_table, "keep_nothing", lambda each: calls.append(each.__name__))
    warm()
    assert calls[0] == calls[-1] == "used"
    assert {"_fill_visits", "_join", "_cover"} <= set(calls)


def test_frames_of_paths_are_orthonormal() -> None:
    flown = flights([LatLon(90.0, 0.0), LatLon(0.0, 180.0), LatLon(-45.0, -60.0)], 5, 50)
    for f in flown.frame:
        axes: Floats = f[:9].reshape(3, 3)
        assert np.allclose(axes @ axes.T, np.eye(3), atol=1e-12)


def test_a_path_starts_at_its_place() -> None:
    lat, lon = np.array([47.0, -90.0, 0.0]), np.array([8.0, 13.0, 180.0])
    flown = paths(
        lat=lat, lon=lon, track_deg=np.array([30.0, 0.0, 271.0]), speed_mps=lat * 0, radius_m=lat * 0
    )
    for f, place in zip(flown.frame, xyz(lats=lat, lons=lon), strict=True):
        start = (f[9] + f[12]) * f[:3] + f[10] * f[3:6] + f[11] * f[6:9]
        assert start == pytest.approx(place, abs=1e-6)
