"""Volumes of a route contain every flight that the route allows: in space, in height and in time."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from comity.coordination.decision import MAX_ALL_VERTICES
from comity.errors import InvalidInput
from comity.geo.heights import Environment
from comity.geo.shapes import check, intersects
from comity.model.altitude import Altitude, Datum
from comity.model.route import Route
from comity.model.shape import LatLon, Polygon
from comity.model.volume import Volumes
from comity.planning.route import volumes_of
from tests.planning.flying import GEOD, START, Draw, Moment, draws, flown, held, routes

ENVIRONMENT = Environment(geoid_m=(40.0, 55.0), terrain_m=(0.0, 4_810.0))


def route(*points: tuple[float, float], **other: Any) -> Route:
    waypoints = tuple(LatLon(lat=lat, lon=lon) for lat, lon in points)
    usual: dict[str, Any] = {
        "levels": (Altitude(1_000.0, Datum.MSL),),
        "speed_mps": 50.0,
        "half_width_m": 100.0,
        "half_height_m": 50.0,
        "departs": START,
    }
    return Route(waypoints, **(usual | other))


def made(plan: Route) -> Volumes:
    """The volumes, each of which a filing would accept."""
    volumes = volumes_of(plan, ENVIRONMENT).volumes
    for volume in volumes:
        check(volume.outline, "outline")
    return volumes


TRANSPORT = route(
    (46.2381, 6.1089),
    (64.13, -21.9406),
    speed_mps=230.0,
    half_width_m=9_260.0,
    levels=(Altitude(10_668.0, Datum.PRESSURE),),
)
DRONE = route((47.0, 11.0), (47.0, 11.00066), speed_mps=5.0, half_width_m=5.0)
POLE = route((89.9, 10.0), (89.95, -170.0), (89.9, 100.0), half_width_m=2_000.0)
ANTIMERIDIAN = route((10.0, 179.95), (10.1, -179.9), (10.0, 179.8), half_width_m=500.0)
SPOT = route(
    (47.0, 11.0),
    (47.0, 11.0),
    (47.01, 11.0),
    levels=(Altitude(600.0, Datum.MSL), Altitude(720.0, Datum.MSL), Altitude(720.0, Datum.MSL)),
    climb_mps=2.0,
)
END = Draw(1.0, 1.0, 1.0, 0.3, 1.0)
BEGIN = Draw(0.0, 0.0, 1.0, 0.7, 0.0)


@settings(max_examples=150, deadline=None)
@given(plan=routes(), moments=st.lists(draws, min_size=8, max_size=8))
@example(plan=TRANSPORT, moments=[BEGIN, END])
@example(plan=DRONE, moments=[BEGIN, END])
@example(plan=POLE, moments=[BEGIN, END, Draw(0.5, 0.5, 1.0, 0.5, 0.5)])
@example(plan=ANTIMERIDIAN, moments=[BEGIN, END, Draw(0.5, 0.0, 1.0, 0.0, 1.0)])
@example(plan=SPOT, moments=[BEGIN, END, Draw(0.1, 0.0, 1.0, 0.0, 1.0)])
def test_every_allowed_flight_is_always_in_a_volume(plan: Route, moments: list[Draw]) -> None:
    volumes = made(plan)
    assert len(volumes) <= plan.most_volumes
    for at in moments:
        moment = flown(plan, at)
        assert held(volumes, moment), moment


@settings(max_examples=40, deadline=None)
@given(
    plan=routes(most_legs=40, longest_m=800.0), most=st.integers(1, 12), moments=st.lists(draws, min_size=6)
)
def test_legs_share_volumes_where_there_are_too_many(plan: Route, most: int, moments: list[Draw]) -> None:
    plan = replace(plan, most_volumes=most)
    volumes = made(plan)
    assert len(volumes) <= most
    for at in moments:
        assert held(volumes, flown(plan, at))


def test_a_transport_across_the_ocean_is_a_few_hundred_volumes_that_hang_together() -> None:
    answer = volumes_of(TRANSPORT, ENVIRONMENT)
    assert answer.length_m == pytest.approx(2_632_000, rel=0.01)
    assert answer.arrives == START + timedelta(seconds=GEOD.inv(6.1089, 46.2381, -21.9406, 64.13)[2] / 230.0)
    assert 150 < len(answer.volumes) <= 200
    assert answer.step_s <= 60.0
    for one, other in pairwise(answer.volumes):
        assert other.start < one.end
        assert intersects(one.outline, [other.outline])[0]
    for fine in volumes_of(replace(TRANSPORT, most_volumes=1_000, step_s=1.0), ENVIRONMENT).volumes:
        assert (fine.end - fine.start) < timedelta(seconds=120 + 17)


def test_a_drone_over_fifty_metres_is_one_volume_of_its_size() -> None:
    answer = volumes_of(DRONE, ENVIRONMENT)
    (volume,) = answer.volumes
    assert isinstance(volume.outline, Polygon)
    a, b, c, _ = volume.outline.vertices
    assert GEOD.inv(a.lon, a.lat, b.lon, b.lat)[2] == pytest.approx(10.4, abs=0.1)
    assert GEOD.inv(b.lon, b.lat, c.lon, c.lat)[2] == pytest.approx(60.6, abs=0.3)
    assert (volume.end - volume.start).total_seconds() == pytest.approx(131, abs=1)


def test_most_volumes_are_never_passed_and_all_may_be_filed_together() -> None:
    winding = [(47.0 + 0.0001 * n, 11.0 + 0.0001 * (n % 2)) for n in range(1_001)]
    for most in (1_000, 400, 100):
        volumes = made(route(*winding, most_volumes=most))
        assert len(volumes) <= most
        corners = sum(len(v.outline.vertices) for v in volumes if isinstance(v.outline, Polygon))
        assert corners <= MAX_ALL_VERTICES


def test_more_legs_than_volumes_over_a_country_are_refused_by_name() -> None:
    with pytest.raises(InvalidInput) as refused:
        volumes_of(route(*[(40.0 + n, 10.0 + n % 2) for n in range(20)], most_volumes=4), ENVIRONMENT)
    assert refused.value.field == "most_volumes"


@pytest.mark.parametrize(
    ("changes", "points", "field"),
    [
        ({}, [(47.0, 11.0), (47.0, 11.0)], "waypoints[1]"),
        ({}, [(0.0, 0.0), (1.0, 1.0), (0.0, -179.0)], "waypoints[2]"),
        ({"speed_mps": 0.1}, [(0.0, 0.0), (50.0, 0.0)], "speed_mps"),
        ({"levels": ()}, [(0.0, 0.0), (1.0, 0.0)], "levels"),
        ({"half_height_m": 5_000.0}, [(0.0, 0.0), (1.0, 0.0)], "levels"),
        ({"half_width_m": float("nan")}, [(0.0, 0.0), (1.0, 0.0)], "half_width_m"),
        ({"departs": START.replace(tzinfo=None)}, [(0.0, 0.0), (1.0, 0.0)], "departs"),
        ({"late_s": -1.0}, [(0.0, 0.0), (1.0, 0.0)], "late_s"),
        (
            {"levels": (Altitude(0.0, Datum.AGL), Altitude(50.0, Datum.AGL))},
            [(47.0, 11.0), (47.0, 11.0)],
            "climb_mps",
        ),
        (
            {"levels": (Altitude(0.0, Datum.AGL), Altitude(900.0, Datum.MSL)), "climb_mps": 2.0},
            [(47.0, 11.0), (47.0, 11.0)],
            "levels[1]",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    changes: dict[str, Any], points: list[tuple[float, float]], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        volumes_of(route(*points, **changes), ENVIRONMENT)
    assert refused.value.field == field


def test_a_climb_through_two_datums_holds_everything_between_them() -> None:
    levels = (Altitude(0.0, Datum.AGL), Altitude(9_000.0, Datum.PRESSURE))
    for ends in (levels, levels[::-1]):
        climbing = made(route((47.0, 11.0), (48.0, 11.0), levels=ends))
        assert {(v.lower.value_m, v.lower.datum) for v in climbing} == {(-50.0, Datum.AGL)}
        assert {(v.upper.value_m, v.upper.datum) for v in climbing} == {(9_050.0, Datum.PRESSURE)}


def test_heights_of_which_nobody_knows_the_higher_are_taken_as_far_as_either_may_be() -> None:
    levels = (Altitude(3_000.0, Datum.MSL), Altitude(3_000.0, Datum.PRESSURE))
    (volume, *_) = made(route((47.0, 11.0), (48.0, 11.0), levels=levels))
    assert (volume.lower.datum, volume.upper.datum) == (Datum.W84, Datum.W84)
    assert volume.lower.value_m <= 2_950.0 + 40.0
    assert volume.upper.value_m >= 3_050.0 + 55.0


def test_an_aircraft_that_is_later_than_planned_is_not_promised() -> None:
    """The test of containment would notice volumes without limits."""
    volumes = made(TRANSPORT)
    allowed = flown(TRANSPORT, Draw(0.5, 1.0, 0.0, 0.0, 0.5))
    assert held(volumes, allowed)
    for off_s in (200.0, -400.0):
        assert not held(volumes, allowed._replace(when=allowed.when + timedelta(seconds=off_s)))
    assert not held(volumes, allowed._replace(height_m=allowed.height_m + 51.0))
    lon, lat, _ = GEOD.fwd(allowed.lon, allowed.lat, 45.0, 15_000.0)
    assert not held(volumes, Moment(lat, lon, allowed.height_m, allowed.when))
