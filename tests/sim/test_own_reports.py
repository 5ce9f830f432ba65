"""Own reports: continuous, inside the areas that their owners file, and the same for the same seed."""

from __future__ import annotations

import hashlib

import pytest

from comity.geo.shapes import contains_point
from comity.sim import areas
from comity.sim.cast import ANS, NORTH, RELIEF, SOUTH
from comity.sim.own import FLEET, own_reports, radar_plots
from comity.sim.sphere import Point, distance_m
from comity.wire.encode import encode

T = 1_795_000_000
FILED = {
    NORTH: (areas.NORTH_PATROL,),
    SOUTH: (areas.SOUTH_TRAINING,),
    RELIEF: (areas.DRONE_ROUTES, areas.DRONE_SURVEY, areas.RELIEF_TRANSPORT),
}


def test_the_same_seed_gives_the_same_reports() -> None:
    whole = hashlib.sha256()
    for t in (T, T + 1, T + 3_600):
        for owner in (ANS, NORTH, SOUTH, RELIEF):
            whole.update(encode(own_reports(1, t, owner)))
        whole.update(encode(radar_plots(1, t, ANS)))
    assert whole.hexdigest() == "2343e3ef2f0c28ac58055d045b53bd68e5517faec3b46f20653763b8fde34256"


@pytest.mark.parametrize("owner", [NORTH, SOUTH, RELIEF])
def test_aircraft_stay_where_their_owner_files(owner: str) -> None:
    for t in range(T, T + 7_200, 31):
        for report in own_reports(1, t, FILED_BY[owner]):
            assert report.lat is not None
            assert report.lon is not None
            assert report.altitude is not None
            inside = [
                area
                for area in FILED[FILED_BY[owner]]
                if area.lower.value_m <= report.altitude.value_m <= area.upper.value_m
                and area.lower.datum == report.altitude.datum
                and any(contains_point(each, lat=report.lat, lon=report.lon) for each in area.outlines)
            ]
            assert inside, f"{report.callsign} at {t}: {report.lat} {report.lon} {report.altitude}"


FILED_BY = {str(owner): owner for owner in FILED}


def test_nobody_jumps() -> None:
    for craft in FLEET:
        before = craft.moves.at(T, 0.3)
        for t in range(T + 1, T + 4_000):
            now = craft.moves.at(t, 0.3)
            fastest = max(before.ground_speed_mps, now.ground_speed_mps)
            assert distance_m(before.at, now.at) <= fastest + 1.0, f"{craft.callsign} at {t}"
            before = now


def test_each_owner_reports_its_own() -> None:
    counts = {owner: len(own_reports(1, T, owner)) for owner in (ANS, NORTH, SOUTH, RELIEF)}
    assert counts == {ANS: 0, NORTH: 3, SOUTH: 3, RELIEF: 8}
    addresses = [craft.address for craft in FLEET]
    assert len(set(addresses)) == len(addresses)


def test_corridors_hold_their_leg() -> None:
    shape = areas.corridor(areas.SION, areas.ZERMATT, 900)
    for point in (areas.SION, areas.ZERMATT, Point(46.12, 7.54)):
        assert contains_point(shape, lat=point.lat, lon=point.lon)
    assert not contains_point(shape, lat=46.3, lon=7.3)
