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
from comity.sim.flight import CLIMB_MPS, EVERY_S, LIFT_OFF_MPS, ROLLED_OUT_S, Route, flying, routes
from comity.sim.sphere import Point, ahead, bearing_deg, distance_m
from comity.sim.traffic import sbs, seen

T = 1_795_000_000
"""Some second in November 2026."""

times = st.floats(min_value=1.7e9, max_value=2.0e9)


def test_the_same_seed_gives_the_same_bytes() -> None:
    whole = hashlib.sha256()
    for t in (T, T + 1, T + 55, T + 3_600, T + 86_400):
        whole.update(sbs(1, t))
    assert whole.hexdigest() == "9f55b2c3e2b9f79b8cfe39f2f3e5d30ffcf2c6718564984b0525ff702bbe3178"


def test_another_seed_is_another_day() -> None:
    assert sbs(1, T) != sbs(2, T)


def test_a_moment_does_not_depend_on_what_was_asked_before() -> None:
    once = sbs(3, T)
    for t in range(T - 5, T):
        sbs(3, t)
    assert sbs(3, T) == once


ways = st.sampled_from(routes())


@given(route=ways, since_s=st.floats(0.0, 9_000.0))
def test_a_flight_is_where_its_speed_takes_it(route: Route, since_s: float) -> None:
    if since_s + 1.0 >= route.airborne_s():
        return
    (here, height_m, speed_mps, _, _), (there, higher_m, faster_mps, _, _) = (
        route.motion(since_s + later) for later in (0.0, 1.0)
    )
    assert distance_m(here, there) == pytest.approx((speed_mps + faster_mps) / 2, abs=0.5)
    assert abs(higher_m - height_m) <= CLIMB_MPS + 0.01
    assert LIFT_OFF_MPS - 0.01 <= speed_mps <= 245.0
    assert 0.0 <= height_m <= route.cruise_m + 0.01


@given(route=ways, t=times)
def test_a_flight_lands_where_it_was_going_and_says_so(route: Route, t: float) -> None:
    last = route.motion(route.airborne_s() - 0.01)
    assert distance_m(last[0], route.destination.at) < 10.0
    under_way = list(route.under_way(t))
    assert all(0 <= route.since_s(n, t) < route.airborne_s() + ROLLED_OUT_S for n in under_way)
    assert under_way == list(range(under_way[0], under_way[-1] + 1))
    assert route.since_s(under_way[-1] + 1, t) < 0.0
    assert route.since_s(under_way[0] - 1, t) >= route.airborne_s() + ROLLED_OUT_S
    for each in flying(1, route, t):
        if each.on_ground:
            assert each.at == route.destination.at
            assert (each.ground_speed_mps, each.pressure_height_m) == (0.0, 0.0)


def test_landed_flights_are_on_the_ground_in_every_line() -> None:
    landed = [(t, each) for t in range(T, T + 120) for each in seen(1, t) if each.on_ground]
    assert landed
    t, flight = landed[0]
    batch = SbsDecoder().decode(sbs(1, t), received_at=from_micros(t * 1_000_000))
    ground = [int(on) for on in batch.on_ground]
    said = {on for address, on in zip(batch.addresses, ground, strict=True) if address == flight.address}
    assert 1 in said
    assert 0 not in said


def test_the_background_repeats_itself_but_for_what_the_seed_leaves_out() -> None:
    for route in routes():
        first = {round(route.since_s(n, T) % EVERY_S, 6) for n in route.under_way(T)}
        again = {round(route.since_s(n, T + EVERY_S) % EVERY_S, 6) for n in route.under_way(T + EVERY_S)}
        assert first == again


def test_traffic_is_over_the_alps() -> None:
    found = seen(1, T)
    inside = [each for each in found if 44 <= each.at.lat <= 49 and 4.5 <= each.at.lon <= 15.5]
    assert len(found) > 180
    assert len(inside) > 120


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
