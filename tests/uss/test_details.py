"""Details that leave contain what was promised, whichever way a polygon's edges are read."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.geo.coverage import holding, ring_cells
from comity.geo.heights import Environment, bounds
from comity.geo.shapes import contains_point
from comity.model.altitude import Altitude, Datum
from comity.model.shape import LatLon, Polygon
from comity.model.volume import Volume4D
from comity.release.coarsen import reserve
from comity.uss.details import LONG_EDGE_RAD, coarse, dense, exact, height, horizontal
from comity.wire.f3548 import native
from tests.world import ENVIRONMENT, START, volume

LONG = Polygon(
    tuple(LatLon(lat=lat, lon=lon) for lat, lon in ((50.0, -20.0), (50.0, 20.0), (50.3, 20.0), (50.3, -20.0)))
)


def polygon_of(form: object) -> list[tuple[float, float]]:
    return [(v.lat, v.lng) for v in form.volume.outline_polygon.vertices]  # type: ignore[attr-defined]


def test_short_edges_and_circles_are_as_they_were_promised() -> None:
    (form,) = exact((volume(),), ENVIRONMENT)
    assert native(form, "volume") == volume()
    small = Polygon(
        tuple(LatLon(lat=lat, lon=lon) for lat, lon in ((47.0, 11.0), (47.1, 11.0), (47.0, 11.1)))
    )
    one = Volume4D(small, volume().lower, volume().upper, volume().start, volume().end)
    (form,) = exact((one,), ENVIRONMENT)
    assert native(form, "volume") == one


def test_long_edges_are_made_of_short_ones_around_the_outline() -> None:
    one = Volume4D(LONG, volume().lower, volume().upper, volume().start, volume().end)
    (form,) = exact((one,), ENVIRONMENT)
    points = polygon_of(form)
    assert longest(points) <= LONG_EDGE_RAD * 1.2
    for lat, lon in points:
        assert not contains_point(LONG, lat=lat, lon=lon) or on_its_edge(lat, lon)
    told = set(ring_cells(tuple(points)))
    assert told <= set(holding(LONG)) or not told.isdisjoint(holding(LONG))


def on_its_edge(lat: float, lon: float) -> bool:
    """Within the slack that ``contains_point`` has: a step outward leaves it."""
    return not contains_point(LONG, lat=lat + 2e-4, lon=lon) or not contains_point(
        LONG, lat=lat - 2e-4, lon=lon
    )


def longest(points: list[tuple[float, float]]) -> float:
    def direction(lat: float, lon: float) -> tuple[float, float, float]:
        phi, lam = math.radians(lat), math.radians(lon)
        return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)

    pairs = zip(points, [*points[1:], points[0]], strict=True)
    return max(math.dist(direction(*a), direction(*b)) for a, b in pairs)


@pytest.mark.parametrize("datum", list(Datum))
def test_heights_contain_the_promised_ones_whatever_their_datum(datum: Datum) -> None:
    one = Volume4D(
        volume().outline, Altitude(1_000.0, datum), Altitude(1_500.0, datum), volume().start, volume().end
    )
    (form,) = exact((one,), ENVIRONMENT)
    lower, upper = form.volume.altitude_lower, form.volume.altitude_upper
    assert lower is not None
    assert upper is not None
    for environment in (ENVIRONMENT, ENVIRONMENT.lasting()):
        assert lower.value <= bounds(one.lower, environment, one.start).lower_m
        assert upper.value >= bounds(one.upper, environment, one.start).upper_m


def test_the_coarse_form_has_a_polygon_for_each_cell() -> None:
    reserved = reserve((volume(),), ENVIRONMENT)
    forms = coarse(reserved)
    assert len(forms) == sum(len(one.cells) for one in reserved)
    corners = [corner for form in forms for corner in polygon_of(form)]
    assert len(corners) == 4 * len(forms)


@given(st.floats(-89.0, 89.0), st.floats(-180.0, 180.0), st.floats(-89.0, 89.0), st.floats(0.0, 120.0))
@settings(max_examples=100, deadline=None)
def test_more_vertices_lie_on_the_same_great_circles(
    lat: float, lon: float, lat_b: float, apart: float
) -> None:
    lon_b = (lon + apart + 180.0) % 360.0 - 180.0
    found = dense([(lat, lon), (lat_b, lon_b), (min(lat, lat_b) / 2, lon)])
    assert found[0] == (lat, lon)
    assert longest(found) <= LONG_EDGE_RAD * 1.001
    assert all(-90.0 <= p <= 90.0 and -180.0 <= q <= 180.0 for p, q in found)


@pytest.mark.parametrize(
    ("accuracy_m", "word"),
    [(0.5, "HA1m"), (1.0, "HA1m"), (1.1, "HA3m"), (30.0, "HA30m"), (31.0, "HA005NM"), (1e6, "HA10NMPlus")],
)
def test_accuracies_are_told_outward(accuracy_m: float, word: str) -> None:
    assert horizontal(accuracy_m) == word


def test_a_height_that_is_not_known_is_not_told() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    assert height(None, Environment(), now) == (None, "VAUnknown")
    told, word = height(Altitude(1_000.0, Datum.MSL), ENVIRONMENT, START)
    assert told is not None
    assert (told.value, word) == (1_047.5, "VA10m")
