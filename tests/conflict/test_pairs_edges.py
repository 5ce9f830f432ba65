"""The cases that detectors are known to be blind to, each by itself, through the public call."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from comity.conflict.pairs import Found, find_pairs
from comity.geo.earth import destination, distance_m

JETS: dict[str, Any] = {"d_m": 9_260.0, "h_m": 304.8, "horizon_s": 300.0}
DRONES: dict[str, Any] = {"d_m": 50.0, "h_m": 15.0, "horizon_s": 30.0}

Row = tuple[float, float, float, float, float, float]


def found(*rows: Row, **options: Any) -> Found:
    """``rows``: lat, lon, height, east, north, up."""
    return find_pairs(*np.array(rows, dtype=np.float64).reshape(-1, 6).T.copy(), **options)


def listed(answer: Found) -> list[tuple[int, int]]:
    return list(zip(answer.pairs.i.tolist(), answer.pairs.j.tolist(), strict=True))


def test_nobody_and_one_alone() -> None:
    assert listed(found(**JETS)) == []
    assert listed(found((46.0, 8.0, 0.0, 0.0, 0.0, 0.0), **JETS)) == []


def test_a_formation_without_relative_speed_is_inside_all_the_time() -> None:
    answer = found((46.0, 8.0, 9e3, 200.0, 0.0, 0.0), (46.01, 8.0, 9e3, 200.0, 0.0, 0.0), **JETS).pairs
    assert answer.i.tolist() == [0]
    assert answer.t_in_s.tolist() == [0.0]
    assert answer.t_out_s.tolist() == [300.0]
    assert answer.inside.tolist() == [True]
    assert answer.distance_m[0] == pytest.approx(
        distance_m(lat_a=46, lon_a=8, lat_b=46.01, lon_b=8), rel=1e-6
    )


def test_hovering_has_no_time_of_closest_approach() -> None:
    answer = found((46.0, 8.0, 50.0, 0.0, 0.0, 0.0), (46.0003, 8.0, 50.0, 0.0, 0.0, 0.0), **DRONES).pairs
    assert math.isnan(answer.tcpa_s[0])
    assert answer.dcpa_m[0] == answer.distance_m[0] == answer.miss_m[0]
    assert answer.miss_s[0] == 0.0
    apart = found((46.0, 8.0, 50.0, 0.0, 0.0, 0.0), (46.0005, 8.0, 50.0, 0.0, 0.0, 0.0), **DRONES)
    assert listed(apart) == []


def test_a_hovering_one_is_sought_by_the_one_that_passes() -> None:
    jet, drone = (46.0, 8.0, 100.0, 250.0, 0.0, 0.0), (46.0, 8.5, 100.0, 0.0, 0.0, 0.0)
    assert listed(found(jet, drone, **JETS)) == listed(found(drone, jet, **JETS)) == [(0, 1)]


@pytest.mark.parametrize("up_mps", [0.0, 5.0])
def test_exactly_a_thousand_feet_apart_is_no_conflict_and_a_hair_less_is(up_mps: float) -> None:
    low = (46.0, 8.0, 0.0, 200.0, 0.0, up_mps)
    for height_m, wanted in ((304.8, []), (np.nextafter(304.8, 0.0), [(0, 1)]), (-304.8, [])):
        other = (46.0, 8.05, float(height_m), -200.0, 0.0, up_mps)
        assert listed(found(low, other, **JETS)) == wanted
        assert listed(found(other, low, **JETS)) == wanted


def test_identical_positions() -> None:
    here = (46.0, 8.0, 500.0, 30.0, 0.0, 0.0)
    assert found(here, here, **JETS).pairs.t_out_s.tolist() == [300.0]
    across = found(here, (46.0, 8.0, 500.0, 0.0, 100.0, 0.0), **JETS).pairs
    assert across.t_in_s.tolist() == [0.0]
    assert across.t_out_s[0] == pytest.approx(9_260.0 / math.hypot(30.0, 100.0))
    assert listed(found(here, here, here, **JETS)) == [(0, 1), (0, 2), (1, 2)]


@pytest.mark.parametrize("pole", [90.0, -90.0])
def test_two_meet_over_a_pole(pole: float) -> None:
    lat = pole - math.copysign(0.2, pole)
    towards = math.copysign(200.0, pole)
    for lon in (0.0, 45.0, 179.0):
        answer = found(
            (lat, lon, 9e3, 0.0, towards, 0.0), (lat, lon - 180.0, 9e3, 0.0, towards, 0.0), **JETS
        ).pairs
        apart_m = 2.0 * distance_m(lat_a=lat, lon_a=0, lat_b=pole, lon_b=0)
        assert answer.distance_m[0] == pytest.approx(apart_m, rel=1e-5)
        assert answer.tcpa_s[0] == pytest.approx(apart_m / 400.0, rel=1e-4)
        assert answer.t_in_s[0] == pytest.approx((apart_m - 9_260.0) / 400.0, rel=1e-4)
        assert answer.dcpa_m[0] == pytest.approx(0.0, abs=1e-3)


def test_one_on_the_pole_itself() -> None:
    answer = found((90.0, 0.0, 9e3, 0.0, 0.0, 0.0), (89.99, 123.0, 9e3, 0.0, 0.0, 0.0), **JETS).pairs
    assert answer.distance_m[0] == pytest.approx(
        distance_m(lat_a=90, lon_a=0, lat_b=89.99, lon_b=0), rel=1e-6
    )


@pytest.mark.parametrize("lon", [0.0, 179.95, 180.0, -180.0, -179.95])
def test_the_antimeridian_is_a_place_like_others(lon: float) -> None:
    wrapped = (lon + 0.3 + 180.0) % 360.0 - 180.0
    answer = found((20.0, lon, 9e3, 200.0, 0.0, 0.0), (20.0, wrapped, 9e3, -200.0, 0.0, 0.0), **JETS).pairs
    apart_m = distance_m(lat_a=20, lon_a=0, lat_b=20, lon_b=0.3)
    assert answer.distance_m[0] == pytest.approx(apart_m, rel=1e-6)
    assert answer.t_in_s[0] == pytest.approx((apart_m - 9_260.0) / 400.0, rel=1e-3)
    assert answer.relative[0, 0] == pytest.approx(-apart_m, rel=1e-6)


def test_many_along_the_antimeridian_are_found_once_each() -> None:
    rng = np.random.default_rng(4)
    count = 400
    lat = rng.uniform(-17.03, -16.97, count)
    east = rng.uniform(-0.03, 0.03, count)
    rest = [np.full(count, 50.0), rng.uniform(-20, 20, count), rng.uniform(-20, 20, count), np.zeros(count)]
    wanted = find_pairs(lat, 60.0 + east, *rest, **DRONES).pairs
    over = find_pairs(lat, (180.0 + east + 180.0) % 360.0 - 180.0, *rest, **DRONES).pairs
    assert len(wanted) > 10
    assert list(zip(over.i, over.j, strict=True)) == list(zip(wanted.i, wanted.j, strict=True))


def test_distances_are_those_of_the_ellipsoid() -> None:
    rng = np.random.default_rng(9)
    worst = {50e3: 0.0, 300e3: 0.0, 1_000e3: 0.0}
    for reach_m in worst:
        for _ in range(60):
            lat, lon, azimuth = rng.uniform(-90, 90), rng.uniform(-180, 180), rng.uniform(0, 360)
            there = destination(lat=lat, lon=lon, azimuth_deg=azimuth, distance_m=reach_m)
            answer = found(
                (lat, lon, 0.0, 0.0, 0.0, 0.0), (*there, 0.0, 0.0, 0.0, 0.0), d_m=1e6, h_m=1.0, horizon_s=1.0
            )
            if len(answer.pairs):
                worst[reach_m] = max(worst[reach_m], abs(answer.pairs.distance_m[0] / reach_m - 1.0))
    assert worst[50e3] <= worst[300e3] <= 2e-5
    assert worst[1_000e3] <= 4e-4


def test_swapping_a_pair_turns_signs_and_nothing_else() -> None:
    one, other = (46.0, 8.0, 9e3, 210.0, 13.0, 2.0), (46.2, 8.4, 8.8e3, -190.0, -30.0, 0.0)
    first, second = found(one, other, **JETS).pairs, found(other, one, **JETS).pairs
    assert first.relative.tolist() == (-second.relative).tolist()
    assert first.dz_m.tolist() == (-second.dz_m).tolist()
    for name in ("t_in_s", "t_out_s", "tcpa_s", "dcpa_m", "miss_m", "miss_s"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()


def test_a_radius_of_zero_keeps_two_categories_apart() -> None:
    here = (46.0, 8.0, 50.0, 0.0, 0.0, 0.0)
    options = DRONES | {"d_m": np.array([[50.0, 0.0], [0.0, 50.0]])}
    options |= {"h_m": np.full((2, 2), 15.0), "horizon_s": np.full((2, 2), 30.0)}
    answer = found(here, here, here, here, category=np.array([0, 1, 0, 1]), **options)
    assert listed(answer) == [(0, 2), (1, 3)]


def test_one_aircraft_by_two_sources_is_not_compared_with_itself() -> None:
    here = (46.0, 8.0, 50.0, 0.0, 0.0, 0.0)
    assert listed(found(here, here, here, skip=np.array([4, 4, -1]), **DRONES)) == [(0, 2), (1, 2)]
    assert listed(found(here, here, skip=np.array([-1, -1]), **DRONES)) == [(0, 1)]


def test_between_takes_pairs_with_one_of_each() -> None:
    here = (46.0, 8.0, 50.0, 0.0, 0.0, 0.0)
    answer = found(here, here, here, between=np.array([True, True, False]), **DRONES)
    assert listed(answer) == [(0, 2), (1, 2)]


def test_an_unknown_height_is_close_to_every_height() -> None:
    rows = ((46.0, 8.0, math.nan, 0.0, 0.0, 0.0), (46.0, 8.0, 9e3, 0.0, 0.0, 20.0))
    answer = found(*rows, height_error_m=np.array([math.inf, 0.0]), **DRONES).pairs
    assert answer.t_out_s.tolist() == [30.0]
    assert math.isnan(answer.dz_m[0])
    assert math.isnan(answer.miss_dz_m[0])
    assert answer.h_m.tolist() == answer.unsure_height_m.tolist() == [math.inf]
    assert not np.isnan(answer.relative).any()


def test_other_datums_are_compared_on_wgs84() -> None:
    rows = ((46.0, 8.0, 1_000.0, 0.0, 0.0, 0.0), (46.0, 8.0, 1_050.0, 0.0, 0.0, 0.0))
    bounds = {"wgs84_mid_m": np.array([1_040.0, 1_060.0]), "wgs84_half_m": np.array([2.0, 4.0])}
    assert listed(found(*rows, datum=np.array([1, 1]), **bounds, **DRONES)) == []
    assert listed(found(*rows, datum=np.array([1, 2]), **bounds, **DRONES)) == [(0, 1)]
    assert listed(found(*rows, datum=np.array([1, 1]), height_error_m=np.array([20.0, 16.0]), **DRONES)) == [
        (0, 1)
    ]
    pair = found(*rows, datum=np.array([1, 2]), **bounds, **DRONES).pairs
    assert pair.dz_m.tolist() == [-20.0]
    assert pair.h_m.tolist() == [21.0]
