"""F3548's shapes: footprints hold outlines, several extents are one box, volumes go out and come in again."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.errors import InvalidInput, TooLarge
from comity.geo.cells import cell_of, cells_touch
from comity.geo.heights import Environment, bounds
from comity.geo.shapes import check
from comity.model.altitude import Altitude, Datum
from comity.model.shape import Circle, LatLon, Polygon
from comity.model.volume import Volume4D as Promised
from comity.wire import f3548
from tests.http.standards.standing import at, height, volume
from tests.world import ENVIRONMENT, START


def read(value: Any) -> f3548.Volume4D:
    return msgspec.json.decode(json.dumps(value).encode(), type=f3548.Volume4D)


def ringed(*points: tuple[float, float]) -> f3548.Volume4D:
    vertices = [{"lat": lat, "lng": lng} for lat, lng in points]
    return read({"volume": {"outline_polygon": {"vertices": vertices}}})


def square(lat: float, lng: float, side: float) -> f3548.Volume4D:
    return ringed((lat, lng), (lat, lng + side), (lat + side, lng + side), (lat + side, lng))


def test_a_volume_without_bounds_is_a_box_without() -> None:
    box = f3548.extent(square(47.0, 11.0, 0.01), "extents")
    assert (box.lower_m, box.upper_m, box.start, box.end) == (None, None, None, None)
    assert box.cells


def test_cells_are_about_a_kilometre() -> None:
    near = f3548.extent(read(volume((47.0, 11.0), radius_m=100.0)), "extents")
    assert 1 <= len(near.cells) <= 4
    far = f3548.extent(read(volume((47.09, 11.0), radius_m=100.0)), "extents")
    assert set(near.cells).isdisjoint(far.cells)


@settings(deadline=None)
@given(
    st.floats(-89.9, 89.9),
    st.floats(-180.0, 180.0),
    st.floats(1.0, 20_000.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, math.tau),
)
def test_a_circles_cells_hold_its_points(
    lat: float, lng: float, radius_m: float, part: float, bearing: float
) -> None:
    held = f3548.extent(read(volume((lat, lng), radius_m=radius_m)), "extents").cells
    north_m = 0.99 * radius_m * part * math.cos(bearing)
    east_m = 0.99 * radius_m * part * math.sin(bearing)
    there = lat + math.degrees(north_m / 6.40e6)
    if abs(there) > 89.9:
        return
    across = lng + math.degrees(east_m / 6.40e6 / math.cos(math.radians(max(abs(lat), abs(there)))) * 0.98)
    wrapped = (across + 180.0) % 360.0 - 180.0
    point = f3548.extent(read(volume((there, wrapped), radius_m=0.01)), "extents").cells
    assert cells_touch([cell_of(t) for t in held], [cell_of(t) for t in point])


def test_several_extents_are_the_union_of_cells_and_the_widest_bounds() -> None:
    one = volume((47.0, 11.0), lower_m=100.0, upper_m=200.0, start_s=0, end_s=60)
    two = volume((47.5, 11.0), lower_m=150.0, upper_m=300.0, start_s=30, end_s=90)
    boxes = [f3548.extent(read(each), "extents") for each in (one, two)]
    whole = f3548.extents([read(one), read(two)])
    assert set(whole.cells) == {*boxes[0].cells, *boxes[1].cells}
    assert (whole.lower_m, whole.upper_m) == (100.0, 300.0)
    assert (whole.start, whole.end) == (START, START + timedelta(seconds=90))


@pytest.mark.parametrize("missing", ["lower_m", "upper_m", "start_s", "end_s"])
def test_where_one_extent_has_no_bound_the_box_has_none(missing: str) -> None:
    without: dict[str, Any] = {missing: None}
    whole = f3548.extents([read(volume((47.0, 11.0))), read(volume((47.0, 11.0), **without))])
    assert getattr(whole, missing.removesuffix("_s")) is None


@pytest.mark.parametrize(
    ("km", "good"), [(10.0, True), (25.0, True), (49.0, True), (51.0, False), (100.0, False)]
)
@pytest.mark.parametrize("lat", [0.0, 47.0, -70.0])
def test_a_polygon_has_at_most_2500_km2(lat: float, km: float, good: bool) -> None:
    high, wide = km / 111.19, km / 111.19 / math.cos(math.radians(lat))
    given = ringed((lat, 0.0), (lat, wide), (lat + high, wide), (lat + high, 0.0))
    if good:
        assert f3548.extent(given, "area").cells
    else:
        with pytest.raises(InvalidInput) as refused:
            f3548.extent(given, "area")
        assert refused.value.field == "area.volume.outline_polygon.vertices"


def test_winding_does_not_matter() -> None:
    points = ((47.0, 11.0), (47.0, 11.1), (47.1, 11.1), (47.1, 11.0))
    assert f3548.extent(ringed(*points), "e").cells == f3548.extent(ringed(*reversed(points)), "e").cells


def test_a_polygon_without_area_is_a_line() -> None:
    cells = f3548.extent(ringed((47.0, 11.0), (47.05, 11.0), (47.1, 11.0)), "e").cells
    assert len(cells) > 5


@pytest.mark.parametrize(
    ("many", "word"),
    [
        ([read(volume((47.0, 11.0)))] * 1_001, "1000"),
        ([square(47.0, 11.0 + k, 0.4) for k in range(60)], "too large"),
        ([ringed(*[(40 + math.sin(k / 160), math.cos(k / 160)) for k in range(1_001)])] * 4, "vertices"),
    ],
)
def test_what_one_request_may_ask_to_be_covered_is_bounded(many: list[f3548.Volume4D], word: str) -> None:
    with pytest.raises(TooLarge) as refused:
        f3548.extents(many)
    assert word in refused.value.message
    assert refused.value.field == "extents"


def test_no_extents_are_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        f3548.extents([])
    assert refused.value.field == "extents"


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01T00:00:00+00:01",
        "0001-12-31T00:00:00Z",
        "9999-01-01T00:00:00Z",
        "9999-12-31T23:59:59-00:01",
    ],
)
def test_a_time_at_the_calendars_edge_is_refused(value: str) -> None:
    given = volume((47.0, 11.0), start_s=None, end_s=None)
    given["time_start"] = {"value": value, "format": "RFC3339"}
    with pytest.raises(InvalidInput) as refused:
        f3548.extent(read(given), "extents")
    assert refused.value.field == "extents.time_start"


@pytest.mark.parametrize("missing", ["lower_m", "upper_m", "start_s", "end_s"])
def test_a_native_volume_needs_all_bounds(missing: str) -> None:
    without: dict[str, Any] = {missing: None}
    with pytest.raises(InvalidInput) as refused:
        f3548.native(read(volume((47.0, 11.0), **without)), "volumes[0]")
    assert str(refused.value.field).startswith("volumes[0].")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"end_s": 60}, "volumes[0].start"),
        ({"lower_m": -7_000.0, "upper_m": -6_000.0}, "volumes[0].value_m"),
        ({"end_s": 4e9, "start_s": None}, "volumes[0].time_start"),
    ],
)
def test_a_native_volume_is_one_of_the_models(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        f3548.natives([read(volume((47.0, 11.0), **changes))], "volumes")
    assert refused.value.field == field


WHEN = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SHAPES = st.one_of(
    st.builds(
        Circle,
        st.builds(LatLon, st.floats(-90, 90), st.floats(-180, 180)),
        st.floats(1.0, 100_000.0),
    ),
    st.builds(
        lambda lat, lon, side: Polygon(
            (LatLon(lat, lon), LatLon(lat, lon + side), LatLon(lat + side, lon + side))
        ),
        st.floats(-80, 80),
        st.floats(-179, 178),
        st.floats(0.001, 1.0),
    ),
)


@st.composite
def promised(draw: st.DrawFn) -> Promised:
    datum = draw(st.sampled_from(Datum))
    low, high = sorted([draw(st.floats(-1_500, 30_000)), draw(st.floats(0, 30_000))])
    start = draw(WHEN)
    end = start + timedelta(seconds=draw(st.integers(1, 86_400)))
    return Promised(draw(SHAPES), Altitude(low, datum), Altitude(high, datum), start, end)


@settings(deadline=None)
@given(promised())
def test_what_goes_out_holds_what_was_promised(volume: Promised) -> None:
    check(volume.outline, "outline")
    out = f3548.foreign(volume, ENVIRONMENT, START)
    again = f3548.native(read(msgspec.to_builtins(out)), "volumes[0]")
    assert again.outline == volume.outline
    assert (again.start, again.end) == (volume.start, volume.end)
    lower = bounds(volume.lower, ENVIRONMENT, START).lower_m
    assert again.lower.value_m <= max(lower, -1_500.0)
    assert again.upper.value_m >= min(bounds(volume.upper, ENVIRONMENT, START).upper_m, 100_000.0)


def test_what_goes_out_has_the_standards_words() -> None:
    given = Promised(
        Circle(LatLon(47.0, 11.0), 300.0),
        Altitude(100.0, Datum.W84),
        Altitude(200.0, Datum.W84),
        START + timedelta(seconds=60),
        START + timedelta(seconds=3_600),
    )
    out = json.loads(msgspec.json.encode(f3548.foreign(given, Environment(), START)))
    assert out == volume((47.0, 11.0))
    assert out["volume"]["altitude_lower"] == height(100.0)
    assert out["time_end"] == at(3_600)
