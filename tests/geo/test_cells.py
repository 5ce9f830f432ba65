"""Grid cells hold the whole outline, nest, and touch exactly when one lies in the other."""

from __future__ import annotations

import numpy as np
import pytest
import s2geometry
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.geo import cells, s2
from comity.geo.cells import (
    GRID_LEVELS,
    MAX_CELLS,
    cell_of,
    cells_touch,
    corners,
    grid_cells,
    level_of,
    parent,
    token,
)
from comity.geo.earth import geodesics
from comity.model.shape import Circle, LatLon, Polygon, Shape
from tests.geo import reference
from tests.geo.making import examples, near, outlines, places


def leaf(place: LatLon) -> int:
    return int(s2geometry.S2CellId(s2geometry.S2LatLng.FromDegrees(place.lat, place.lon)).id())


def inside(shape: Shape, centre: LatLon) -> list[LatLon]:
    """Places of an outline that its centre sees all of: its boundary, and part of the way to it."""
    lats, lons = reference.boundary(shape, 12)
    edge = [LatLon(float(lat), float(lon)) for lat, lon in zip(lats, lons, strict=True)]
    found = [centre, *edge]
    for share in (0.3, 0.8, 0.99):
        for place in edge[::5]:
            az, length = geodesics(lats_a=centre.lat, lons_a=centre.lon, lats_b=place.lat, lons_b=place.lon)
            found.append(near(centre, float(length) * share, float(az)))
    return found


@settings(max_examples=examples(80), deadline=None)
@given(st.data(), places())
def test_cells_hold_every_place_of_the_outline(data: st.DataObject, centre: LatLon) -> None:
    shape = data.draw(outlines(centre) | outlines(centre, 30_000.0))
    cells = grid_cells(shape)
    levels = {level_of(cell) for cell in cells}
    assert len(levels) == 1
    assert levels <= set(GRID_LEVELS)
    assert 1 <= len(cells) <= MAX_CELLS
    assert list(cells) == sorted(set(cells))
    (level,) = levels
    held = set(cells)
    for place in inside(shape, centre):
        assert parent(leaf(place), level) in held


@settings(max_examples=examples(100), deadline=None)
@given(st.data(), places())
def test_the_short_way_for_small_outlines_answers_what_the_long_way_does(
    data: st.DataObject, centre: LatLon
) -> None:
    shape = data.draw(outlines(centre, 6_000.0))
    points, _, _ = cells.outer_loop(shape)
    assert grid_cells(shape) == tuple(sorted(s2.cover_loop(points, GRID_LEVELS[0])))


def test_a_small_outline_is_in_a_few_of_the_finest_cells() -> None:
    cells = grid_cells(Circle(LatLon(46.95, 7.45), 500.0))
    assert 1 <= len(cells) <= 4
    assert level_of(cells[0]) == GRID_LEVELS[0]


def test_a_long_route_is_in_coarser_cells() -> None:
    route = Polygon((LatLon(46.0, 6.0), LatLon(46.0, 30.0), LatLon(46.2, 30.0), LatLon(46.2, 6.0)))
    assert level_of(grid_cells(route)[0]) < GRID_LEVELS[0]


@given(places(), st.integers(0, 30))
def test_ids_tokens_and_parents_are_s2s(place: LatLon, level: int) -> None:
    cell = parent(leaf(place), level)
    theirs = s2geometry.S2CellId(leaf(place)).parent(level)
    assert cell == theirs.id()
    assert level_of(cell) == level
    assert token(cell) == theirs.ToToken()
    assert cell_of(token(cell)) == cell


def test_a_cell_has_no_finer_parent() -> None:
    with pytest.raises(ValueError, match="no parent at level 11"):
        parent(parent(leaf(LatLon(46.0, 7.0)), 10), 11)


@given(places(), st.integers(2, 24))
def test_corners_surround_the_cell(place: LatLon, level: int) -> None:
    cell = parent(leaf(place), level)
    square = corners(cell)
    assert len(square) == 4
    points = [s2geometry.S2LatLng.FromDegrees(lat, lon).ToPoint() for lat, lon in square]
    xyz = np.array([[p.x(), p.y(), p.z()] for p in points])
    here = s2geometry.S2LatLng.FromDegrees(place.lat, place.lon).ToPoint()
    at = np.array([here.x(), here.y(), here.z()])
    for k in range(4):
        assert np.cross(xyz[k], xyz[(k + 1) % 4]) @ at >= -1e-12


@given(st.lists(st.tuples(places(), st.sampled_from(GRID_LEVELS)), max_size=5), places(), st.data())
def test_cells_touch_when_one_lies_in_the_other(
    many: list[tuple[LatLon, int]], place: LatLon, data: st.DataObject
) -> None:
    a = [parent(leaf(at), level) for at, level in many]
    level = data.draw(st.sampled_from(GRID_LEVELS))
    b = [parent(leaf(place), level), parent(leaf(LatLon(-place.lat, place.lon)), level)]
    plain = any(
        s2geometry.S2CellId(x).contains(s2geometry.S2CellId(y))
        or s2geometry.S2CellId(y).contains(s2geometry.S2CellId(x))
        for x in a
        for y in b
    )
    assert cells_touch(a, b) == plain
    assert cells_touch(b, a) == plain


def test_neighbours_do_not_touch_and_nothing_touches_nothing() -> None:
    first = parent(leaf(LatLon(46.0, 7.0)), 10)
    beside = first + 2 * (first & -first)
    assert not cells_touch([first], [beside])
    assert cells_touch([first], [parent(first, 6)])
    assert not cells_touch([], [first])
    assert not cells_touch([first], [])
