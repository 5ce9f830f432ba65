"""Tracks are brought to one moment; what is not known is taken at its worst and said."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.alerts.settings import AlertSettings
from comity.alerts.traffic import COARSEST_M, LEVEL_MPS, UNKNOWN_DATUM, VALID_S, Traffic, traffic
from comity.geo.earth import GEOD, destination, distance_m
from comity.geo.heights import WORST_CASE, Environment, bounds
from comity.model.altitude import Altitude, Datum
from comity.model.intent import AircraftCategory
from tests.alerts.making import ENVIRONMENT, NAN, NOON, NOON_US, ROW, row, rows

SETTINGS = AlertSettings()


def made(*each: np.ndarray, environment: Environment = ENVIRONMENT) -> Traffic:
    names = [f"T{k}" for k in range(len(each))]
    return traffic(rows(*each), names, now_us=NOON_US, settings=SETTINGS, environment=environment)


@settings(max_examples=300, deadline=None)
@given(
    lat=st.floats(-90.0, 90.0) | st.sampled_from([-90.0, -89.9999, 0.0, 89.99, 90.0]),
    lon=st.floats(-180.0, 180.0) | st.sampled_from([-180.0, 179.9999, 180.0]),
    speed=st.floats(0.0, 700.0),
    track=st.floats(0.0, 360.0),
    age=st.floats(0.0, 60.0),
)
def test_a_position_goes_along_the_geodesic_to_now(
    lat: float, lon: float, speed: float, track: float, age: float
) -> None:
    made_ = made(row(lat, lon, speed_mps=speed, track_deg=track, age_s=age))
    age = float(made_.age_s[0])
    end_lon, end_lat, _ = GEOD.fwd(lon, lat, track, speed * age)
    off = distance_m(lat_a=end_lat, lon_a=end_lon, lat_b=made_.lat_deg[0], lon_b=made_.lon_deg[0])
    assert off < 1.5
    assert -180.0 <= made_.lon_deg[0] <= 180.0
    assert math.hypot(made_.east_mps[0], made_.north_mps[0]) == pytest.approx(speed, abs=1e-6)
    # A minute on, from there with the velocity given, is where the geodesic goes on to.
    further = destination(lat=lat, lon=lon, azimuth_deg=track, distance_m=speed * (age + 60.0))
    onward = destination(
        lat=float(made_.lat_deg[0]),
        lon=float(made_.lon_deg[0]),
        azimuth_deg=math.degrees(math.atan2(made_.east_mps[0], made_.north_mps[0])),
        distance_m=speed * 60.0,
    )
    assert distance_m(lat_a=further[0], lon_a=further[1], lat_b=onward[0], lon_b=onward[1]) < 30.0


def test_a_height_goes_along_its_vertical_rate_and_stays_on_its_datum() -> None:
    made_ = made(row(50.0, 8.0, height_m=3_000.0, up_mps=-10.0, age_s=4.0))
    assert made_.height_m[0] == pytest.approx(2_960.0)
    held = bounds(Altitude(float(made_.height_m[0]), Datum.PRESSURE), ENVIRONMENT, NOON)
    assert made_.wgs84_mid_m[0] - made_.wgs84_half_m[0] == pytest.approx(held.lower_m, abs=1e-6)
    assert made_.wgs84_mid_m[0] + made_.wgs84_half_m[0] == pytest.approx(held.upper_m, abs=1e-6)


def test_an_unknown_velocity_stands_still_in_a_growing_circle() -> None:
    made_ = made(row(50.0, 8.0, speed_mps=NAN, age_s=4.0), row(50.0, 8.0, speed_mps=80.0, track_deg=NAN))
    assert made_.lat_deg[0] == pytest.approx(50.0)
    assert made_.east_mps[0] == made_.north_mps[0] == 0.0
    assert made_.radius_m[0] == pytest.approx(10.0 + 4.0 * 250.0)
    assert "speed not known: taken as standing still" in made_.doubts(0)
    assert "position 4 s old" in made_.doubts(0)
    assert "speed not known: taken as standing still" in made_.doubts(1)


def test_a_hovering_aircraft_needs_no_track() -> None:
    assert made(row(50.0, 8.0, speed_mps=0.0, track_deg=NAN)).doubts(0) == ()


def test_a_drone_of_unknown_speed_is_slower_than_an_aeroplane() -> None:
    drone = row(50.0, 8.0, speed_mps=NAN, age_s=2.0, category=AircraftCategory.UNCREWED)
    assert made(drone).radius_m[0] == pytest.approx(10.0 + 2.0 * 45.0)


def test_a_velocity_is_good_for_a_while_and_then_the_circle_grows() -> None:
    radii = [made(row(50.0, 8.0, speed_mps=200.0, age_s=age)).radius_m[0] for age in (0, 5, 6, 15, 60)]
    assert VALID_S == 5.0
    assert radii[0] == radii[1] == 10.0
    assert radii[2] == pytest.approx(10.0 + 0.5 * 4.6)
    assert radii[3] == pytest.approx(10.0 + 0.5 * 4.6 * 100)
    assert radii == sorted(radii)


@settings(max_examples=200, deadline=None)
@given(st.floats(0.0, 60.0), st.floats(0.0, 400.0), st.floats(-1.0, 1.0), st.floats(0.0, 5.0))
def test_the_circle_holds_an_aircraft_that_turned_after_its_last_report(
    age: float, speed: float, turn: float, began: float
) -> None:
    """It flew on for five seconds and then turned as tightly as 25 degrees of bank allow."""
    made_ = made(row(0.0, 0.0, speed_mps=speed, age_s=age, accuracy_m=1.0))
    x, y, heading = 0.0, 0.0, 0.0
    rate = turn * 4.6 / speed if speed > 1.0 else 0.0
    steps = 400
    for k in range(steps):
        if age * k / steps >= VALID_S + began:
            heading += rate * age / steps
        x += speed * math.sin(heading) * age / steps
        y += speed * math.cos(heading) * age / steps
    assert math.hypot(x, y - speed * age) <= made_.radius_m[0] + speed * age / steps


def test_an_unknown_accuracy_is_the_least_that_is_asked_of_transponders() -> None:
    assert made(row(50.0, 8.0, accuracy_m=NAN)).radius_m[0] == pytest.approx(185.2)


@pytest.mark.parametrize(
    ("height_m", "datum"),
    [(NAN, Datum.PRESSURE), (3_000.0, None), (math.inf, Datum.W84), (-9_000.0, Datum.MSL)],
)
def test_an_unknown_height_may_be_any(height_m: float, datum: Datum | None) -> None:
    made_ = made(row(50.0, 8.0, height_m=height_m, datum=datum))
    assert made_.wgs84_half_m[0] == math.inf
    assert made_.datum[0] == UNKNOWN_DATUM
    assert made_.height_error_m[0] == math.inf
    assert np.isfinite(made_.height_m[0])
    assert "height not known" in made_.doubts(0)


def test_what_flickers_by_two_steps_is_level_but_not_for_a_drone() -> None:
    drone = row(50.0, 8.0, up_mps=LEVEL_MPS, category=AircraftCategory.UNCREWED)
    made_ = made(row(50.0, 8.0, up_mps=LEVEL_MPS), row(50.0, 8.0, up_mps=-0.7), drone)
    assert made_.up_mps.tolist() == [0.0, -0.7, LEVEL_MPS]


def test_an_unknown_vertical_speed_is_level_and_said() -> None:
    made_ = made(row(50.0, 8.0, up_mps=NAN))
    assert made_.up_mps[0] == 0.0
    assert made_.doubts(0) == ("vertical speed not known: taken as level",)


def test_who_is_left_out_is_counted_and_the_others_keep_their_rows() -> None:
    made_ = made(
        row(50.0, 8.0, on_ground=1),
        row(50.0, 8.0),
        row(50.0, 8.0, age_s=61.0),
        row(50.0, 8.0, age_s=-61.0),
        row(NAN, NAN),
        row(math.inf, 0.0),
        row(50.0, 8.0, accuracy_m=COARSEST_M + 1.0),
        row(50.0, 8.0, on_ground=0),
    )
    assert made_.index.tolist() == [1, 7]
    assert list(made_.keys) == ["T1", "T7"]
    assert made_.left_out == {
        "on ground": 1, "expired": 1, "from the future": 1, "no position": 2, "position too coarse": 1,
    }  # fmt: skip


def test_a_clock_ahead_of_ours_moves_nothing_and_makes_less_exact() -> None:
    made_ = made(row(50.0, 8.0, speed_mps=200.0, age_s=-3.0))
    assert made_.lat_deg[0] == pytest.approx(50.0)
    assert made_.radius_m[0] == pytest.approx(10.0 + 3.0 * 200.0)
    assert made_.doubts(0) == ("projected along its velocity", "its clock is ahead of ours")


def test_a_row_that_was_rounded_is_less_exact() -> None:
    made_ = made(row(50.0, 8.0, speed_mps=100.0, level=3, accuracy_m=500.0, age_s=1.0))
    assert made_.radius_m[0] >= 500.0 + 100.0 + 2.5 + 4.3
    assert made_.height_error_m[0] >= 7.62
    assert made(row(50.0, 8.0)).height_error_m[0] == 0.0


def test_rows_without_a_category_are_of_unknown_category() -> None:
    one = row(50.0, 8.0)
    bare = one[[name for name in ROW.names or () if name != "category"]]
    made_ = traffic(bare, ["T0"], now_us=NOON_US, settings=SETTINGS, environment=WORST_CASE)
    assert made_.category.tolist() == made(row(50.0, 8.0, category=None)).category.tolist() == [7]


def test_nothing_gives_nothing() -> None:
    assert len(made()) == 0


numbers = st.floats() | st.sampled_from([NAN, math.inf, -math.inf, 0.0, -0.0, 1e308, -1e308])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(*[numbers] * 8, st.integers(-(2**15), 2**15 - 1)), max_size=4))
def test_whatever_the_numbers_are_what_comes_out_is_finite(wild: list[tuple[float, ...]]) -> None:
    many = np.zeros(len(wild), ROW)
    names = ("lat", "lon", "accuracy_m", "altitude_m", "ground_speed_mps", "track_deg", "vertical_rate_mps")
    for k, values in enumerate(wild):
        for name, value in zip(names, values, strict=False):
            many[name][k] = value
        many["altitude_datum"][k] = values[8]
        many["observed_us"][k] = NOON_US - 1_000_000
    made_ = traffic(
        many, [str(k) for k in range(len(wild))], now_us=NOON_US, settings=SETTINGS, environment=WORST_CASE
    )
    for name in ("lat_deg", "lon_deg", "height_m", "east_mps", "north_mps", "up_mps", "radius_m"):
        assert np.isfinite(getattr(made_, name)).all(), name
    assert np.isfinite(made_.wgs84_mid_m).all()
    assert not np.isnan(made_.wgs84_half_m).any()
