"""Made traffic: the same for the same seed, continuous, plausible, over the Alps, and readable as SBS."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.clock import from_micros
from comity.feeds.sbs import SbsDecoder
from comity.sim.airports import airports
from comity.sim.draws import Draws
from comity.sim.flight import CLIMB_MPS, FIRST_ADDRESS, LIFT_OFF_MPS, flight
from comity.sim.sphere import Point, ahead, bearing_deg, distance_m
from comity.sim.traffic import EMERGENCY_EVERY_S, EMERGENCY_FLIGHT, EMERGENCY_FROM_S, flights, sbs, seen

T = 1_795_000_000
"""Some second in November 2026."""

times = st.floats(min_value=1.7e9, max_value=2.0e9)


def test_the_same_seed_gives_the_same_bytes() -> None:
    whole = hashlib.sha256()
    for t in (T, T + 1, T + 55, T + 3_600, T + 86_400):
        whole.update(sbs(1, t))
    assert whole.hexdigest() == "65e1aecb0d171a4daafa40572c3dbc40bd5a843333683c618b7057e9da8bda11"


def test_another_seed_is_another_day() -> None:
    assert sbs(1, T) != sbs(2, T)


def test_a_moment_does_not_depend_on_what_was_asked_before() -> None:
    once = sbs(3, T)
    for t in range(T - 5, T):
        sbs(3, t)
    assert sbs(3, T) == once


@given(number=st.integers(0, 239), t=times)
def test_a_flight_is_where_its_speed_takes_it(number: int, t: float) -> None:
    each = flight(1, number)
    now, later = each.at(t), each.at(t + 1.0)
    if now is None or later is None:
        return
    moved_m = distance_m(now.at, later.at)
    assert moved_m == pytest.approx((now.ground_speed_mps + later.ground_speed_mps) / 2, abs=0.5)
    assert abs(later.pressure_height_m - now.pressure_height_m) <= CLIMB_MPS + 0.01
    assert LIFT_OFF_MPS - 0.01 <= now.ground_speed_mps <= 245.0
    assert 0.0 <= now.pressure_height_m <= each.cruise_m + 0.01


@given(number=st.integers(0, 239))
def test_a_flight_lands_where_it_was_going(number: int) -> None:
    each = flight(1, number)
    period_s = each.airborne_s() + each.turnaround_s
    start_s = -(each.phase * period_s) % period_s + period_s * 1_000_000
    last = each.at(start_s + each.airborne_s() - 0.01)
    assert last is not None
    ends = (each.origin.at, each.destination.at)
    assert min(distance_m(last.at, end) for end in ends) < 10.0
    assert each.at(start_s + each.airborne_s() + 1.0) is None


def test_traffic_is_over_the_alps() -> None:
    found = seen(1, T)
    inside = [each for each in found if 44 <= each.at.lat <= 49 and 4.5 <= each.at.lon <= 15.5]
    assert len(found) > 180
    assert len(inside) > len(found) / 2


def test_addresses_are_nobodys() -> None:
    addresses = {int(each.address, 16) for each in flights(1)}
    assert len(addresses) == len(flights(1))
    assert all(FIRST_ADDRESS <= address < FIRST_ADDRESS + 0x8000 for address in addresses)


def test_the_exchange_reads_every_line() -> None:
    batch = SbsDecoder().decode(sbs(1, T), received_at=from_micros(T * 1_000_000))
    assert batch.rejected == {}
    positions = {each.address: each.at for each in seen(1, T)}
    told = {
        address: (float(lat), float(lon))
        for address, lat, lon in zip(batch.addresses, batch.lat, batch.lon, strict=True)
        if lat == lat
    }
    assert told.keys() == positions.keys()
    for address, (lat, lon) in told.items():
        assert distance_m(Point(lat, lon), positions[address]) < 2.0


def test_one_aircraft_has_an_emergency_in_every_two_minutes() -> None:
    start = T - T % EMERGENCY_EVERY_S
    during = seen(1, start + EMERGENCY_FROM_S)
    assert [each.squawk for each in during].count("7700") <= 1
    assert "7700" not in [each.squawk for each in seen(1, start)]
    address = f"{FIRST_ADDRESS + EMERGENCY_FLIGHT:06X}"
    squawks = {each.address: each.squawk for each in during}
    assert squawks.get(address, "7700") == "7700"


def test_airports_are_forty_real_ones() -> None:
    found = {each.icao: each for each in airports()}
    assert len(found) == 40
    # Zurich, runway reference point of the Swiss AIP, AD 2.2: 47 27 29 N 008 32 53 E.
    assert distance_m(found["LSZH"].at, Point(47.458, 8.548)) < 1_000


@given(lat=st.floats(-80, 80), lon=st.floats(-180, 179), course=st.floats(0, 359.9), metres=st.floats(1, 5e6))
def test_going_ahead_and_measuring_agree(lat: float, lon: float, course: float, metres: float) -> None:
    start = Point(lat, lon)
    end = ahead(start, course, metres)
    assert distance_m(start, end) == pytest.approx(metres, rel=1e-6, abs=0.01)
    assert abs((bearing_deg(start, end) - course + 180) % 360 - 180) < 0.1 + 5 / metres


@given(seed=st.integers(0, 1000), thing=st.text(max_size=8))
def test_draws_lie_in_their_range(seed: int, thing: str) -> None:
    draws = Draws(seed, thing)
    assert 0.0 <= draws.unit("a") < 1.0
    assert draws.one_of("b", "xyz") in "xyz"
