"""The quick yes to a polygon is never wrong, and is given to what people file."""

from __future__ import annotations

import math

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.geo.earth import B_M, frame_at
from comity.geo.outlines import project
from comity.geo.plain import surely_plain
from comity.geo.rings import ring, short_ring
from comity.geo.shapes import MIN_AREA_M2
from comity.model.shape import LatLon, Polygon
from tests.geo.making import examples, near, places


def at(*corners: tuple[float, float], origin: tuple[float, float] = (47.0, 11.0)) -> Polygon:
    """Corners in metres east and north of a place."""
    lat, lon = origin
    east = 111_320.0 * math.cos(math.radians(lat))
    return Polygon(tuple(LatLon(lat + y / 111_320.0, lon + x / east) for x, y in corners))


def quick(polygon: Polygon) -> bool:
    points = short_ring(polygon)
    return points is not None and surely_plain(points, MIN_AREA_M2)


def by_geos(polygon: Polygon) -> bool:
    points = ring(polygon)
    made = shapely.Polygon(project(points, frame_at(points.min(axis=0) + points.max(axis=0))))
    return bool(made.is_valid and made.area * B_M * B_M >= MIN_AREA_M2)


@settings(max_examples=examples(400), deadline=None)
@given(
    places(),
    st.sampled_from([0.5, 30.0, 2_000.0, 15_000.0]),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=12, unique=True),
    st.booleans(),
)
def test_a_quick_yes_is_geos_yes(
    centre: LatLon, step_m: float, corners: list[tuple[int, int]], fine: bool
) -> None:
    """Corners on a small lattice: many touch, cross, fold back or lie on one line."""
    jitter = 0.37 if fine else 0.0
    places_ = [
        near(centre, step_m * math.hypot(x, y + jitter * x) / 6.0, math.degrees(math.atan2(x, y)))
        for x, y in corners
    ]
    polygon = Polygon(tuple(places_))
    if quick(polygon):
        assert by_geos(polygon)


@pytest.mark.parametrize(
    "corners",
    [
        [(0, 0), (1_000, 0), (1_000, 800), (0, 800)],
        [(0, 0), (0, 800), (1_000, 800), (1_000, 0)],
        [(0, 0), (4_000, 0), (4_000, 3_000), (3_500, 3_000), (3_500, 500), (0, 500)],
        [(0, 0), (5, 0), (2, 4)],
        [(0, 0), (500, 0), (1_000, 0), (1_000, 800)],
        [(0, 0), (300, 200), (600, 0), (900, 200), (1_200, 0), (1_200, 900), (0, 900)],
    ],
)
@pytest.mark.parametrize("origin", [(47.0, 11.0), (-33.0, 179.999), (0.0, 0.0), (78.0, 15.0)])
def test_what_people_file_is_plain_at_once(
    corners: list[tuple[float, float]], origin: tuple[float, float]
) -> None:
    east_m = max(x for x, _ in corners)
    if origin[1] > 179.0:
        corners = [(x - east_m, y) for x, y in corners]
    assert quick(at(*corners, origin=origin))


@pytest.mark.parametrize(
    "corners",
    [
        pytest.param([(0, 0), (100, 100), (100, 0), (0, 100)], id="a bow tie"),
        pytest.param([(0, 0), (100, 0), (50, 0.0), (50, 80)], id="an edge that runs back"),
        pytest.param([(0, 0), (100, 0), (100, 100), (50, 0.0005), (0, 100)], id="a corner almost on an edge"),
        pytest.param([(0, 0), (100, 0), (200, 0)], id="a line"),
        pytest.param([(0, 0), (0.1, 0), (0.1, 0.1)], id="less than the least area"),
        pytest.param(
            [(math.sin(k * 0.8 * math.pi) * 100, math.cos(k * 0.8 * math.pi) * 100) for k in range(5)],
            id="a pentagram, which turns one way all along",
        ),
    ],
)
def test_doubt_is_never_a_yes(corners: list[tuple[float, float]]) -> None:
    assert not quick(at(*corners))
