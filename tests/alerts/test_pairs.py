"""Pairs that come too close are found, at the right level, with the right times, and in words."""

from __future__ import annotations

import itertools
import math
import os
import random

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.alerts import warm as warming
from comity.alerts.finding import Finding
from comity.alerts.pairs import WORST_CASE, conflicts
from comity.alerts.settings import CATEGORIES, AlertSettings
from comity.alerts.traffic import Traffic, traffic
from comity.alerts.warm import warm
from comity.conflict import reference
from comity.conflict.well_clear import EN_ROUTE, lost
from comity.geo.earth import GEOD, destination
from comity.geo.heights import Environment
from comity.model.alert import AlertKind, AlertLevel, Phase
from comity.model.altitude import Datum
from comity.model.batch import DATUM_CODE
from comity.model.intent import AircraftCategory
from tests.alerts.making import ENVIRONMENT, NAN, NOON_US, row, rows

PREVENTIVE, CORRECTIVE, WARNING = AlertLevel
SETTINGS = AlertSettings()
EFFORT = int(os.environ.get("COMITY_TEST_EFFORT", "1"))
DRONE = AircraftCategory.UNCREWED


def brought(*each: np.ndarray, names: list[str] | None = None, air: Environment = ENVIRONMENT) -> Traffic:
    names = names or [f"T{k:03d}" for k in range(len(each))]
    return traffic(rows(*each), names, now_us=NOON_US, settings=SETTINGS, environment=air)


def found(*each: np.ndarray) -> list[Finding]:
    return conflicts(brought(*each), SETTINGS)


def head_on(apart_m: float, speed_mps: float = 250.0, **more: object) -> tuple[np.ndarray, np.ndarray]:
    """Two aircraft on one meridian, flying at each other, to within a metre of the place."""
    half = [destination(lat=50.0, lon=8.0, azimuth_deg=a, distance_m=apart_m / 2) for a in (0.0, 180.0)]
    shared: dict[str, object] = {"speed_mps": speed_mps, "accuracy_m": 0.0, **more}
    return (
        row(*half[0], track_deg=180.0, **shared),  # type: ignore[arg-type]  # keywords of row
        row(*half[1], track_deg=0.0, **shared),  # type: ignore[arg-type]  # keywords of row
    )


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1
    return findings[0]


@pytest.mark.parametrize(
    ("before_s", "level"), [(100.0, PREVENTIVE), (56.0, PREVENTIVE), (54.0, CORRECTIVE), (24.0, WARNING)]
)
def test_a_level_says_how_long_it_is_to_loss_of_separation(before_s: float, level: AlertLevel) -> None:
    one = only(found(*head_on(9_260.0 + 200.0 * before_s, speed_mps=100.0)))
    assert (one.level, one.phase, one.kind) == (level, Phase.PREDICTED, AlertKind.CONFLICT)
    assert one.enters_s == pytest.approx(before_s, abs=0.05)
    assert one.closest_s == pytest.approx(before_s + 9_260.0 / 200.0 if before_s < 73.0 else 120.0, abs=0.05)
    assert one.vertical_m == 0.0
    assert one.minima_horizontal_m == 9_260.0
    assert one.minima_vertical_m == pytest.approx(304.8)
    assert one.names == ("T000", "T001")
    assert one.reasons[0] == "projected along its velocity"


def test_two_fast_ones_lose_well_clear_before_their_minima() -> None:
    one = only(found(*head_on(9_260.0 + 500.0 * 56.0)))
    assert one.level == CORRECTIVE
    # Modified tau of 35 s is reached about 35 s before they meet, 74.5 s from now.
    assert one.reasons[-1] == "loses well clear in 39 s"
    assert one.horizontal_m == pytest.approx(0.0, abs=5.0)


def test_beyond_the_look_ahead_nothing_is_found() -> None:
    assert found(*head_on(9_260.0 + 500.0 * 121.0)) == []


def test_inside_the_minima_is_a_warning_now() -> None:
    one = only(found(row(50.0, 8.0), row(50.05, 8.0)))
    assert (one.level, one.phase, one.enters_s) == (WARNING, Phase.NOW, 0.0)
    assert one.leaves_s is None
    assert one.horizontal_m == pytest.approx(5_562.0, abs=3.0)


def test_when_it_ends_is_told_where_that_is_within_the_look_ahead() -> None:
    one = only(found(*head_on(20_000.0)))
    assert one.leaves_s == pytest.approx((20_000.0 + 9_260.0) / 500.0, abs=0.1)


def test_exactly_a_thousand_feet_apart_is_apart() -> None:
    assert found(row(50.0, 8.0, height_m=3_000.0), row(50.0, 8.01, height_m=3_304.8)) == []
    assert found(row(50.0, 8.0, height_m=3_000.0), row(50.0, 8.01, height_m=3_304.7))


def test_one_that_climbs_through_is_found_with_its_vertical_distance() -> None:
    climbing = row(50.0, 8.0, height_m=2_000.0, up_mps=10.0)
    one = only(found(climbing, row(50.0, 8.02, height_m=3_000.0)))
    assert one.enters_s == pytest.approx((1_000.0 - 304.8) / 10.0)
    assert one.level == PREVENTIVE
    assert one.vertical_m == pytest.approx(0.0, abs=1e-6)


def test_accuracy_widens_the_minima_but_not_what_is_told() -> None:
    apart = head_on(9_260.0 + 500.0 * 30.0 + 2_000.0, accuracy_m=1_000.0)
    one = only(found(*apart))
    assert one.enters_s == pytest.approx(30.0, abs=0.05)
    assert one.minima_horizontal_m == 9_260.0


def test_a_drone_and_an_aeroplane_keep_well_clear() -> None:
    jet = row(50.0, 8.0, height_m=300.0, speed_mps=60.0, track_deg=0.0, accuracy_m=0.0)
    lat, lon = destination(lat=50.0, lon=8.0, azimuth_deg=0.0, distance_m=60.0 * 78.0 + 1_222.0)
    drone = row(lat, lon, height_m=300.0, category=DRONE, accuracy_m=0.0)
    one = only(found(jet, drone))
    assert one.level == CORRECTIVE
    assert one.enters_s == pytest.approx(78.0, abs=0.1)
    # Modified tau is 35 s at 2,663 m.
    assert one.reasons[-1] == "loses well clear in 54 s"


def test_a_drone_below_the_well_clear_volume_is_no_more_than_the_cylinder_says() -> None:
    """Within 700 ft and not within 450 ft: no loss of well clear."""
    jet = row(50.0, 8.0, height_m=300.0, speed_mps=60.0, track_deg=0.0, accuracy_m=0.0)
    lat, lon = destination(lat=50.0, lon=8.0, azimuth_deg=0.0, distance_m=60.0 * 80.0 + 1_222.0)
    one = only(found(jet, row(lat, lon, height_m=480.0, category=DRONE, accuracy_m=0.0)))
    assert one.level == PREVENTIVE


def test_two_drones_have_small_minima_and_short_times() -> None:
    def drones(apart_m: float) -> list[Finding]:
        return found(*head_on(apart_m, speed_mps=10.0, category=DRONE))

    assert [only(drones(50.0 + 20.0 * s)).level for s in (6.0, 13.0, 29.0)] == [
        WARNING,
        CORRECTIVE,
        PREVENTIVE,
    ]
    assert drones(50.0 + 20.0 * 31.0) == []
    assert only(drones(300.0)).minima_vertical_m == 30.0


def test_an_unknown_height_is_at_most_preventive_and_says_so() -> None:
    for unknown in (row(50.0, 8.01, height_m=NAN), row(50.0, 8.01, datum=None)):
        one = only(found(row(50.0, 8.0), unknown))
        assert (one.level, one.phase, one.vertical_m) == (PREVENTIVE, Phase.NOW, None)
        assert "height not known" in one.reasons


def test_heights_on_different_datums_are_taken_at_their_worst() -> None:
    one = only(found(row(50.0, 8.0), row(50.0, 8.01, height_m=4_000.0, datum=Datum.W84)))
    assert WORST_CASE in one.reasons
    assert one.vertical_m == 0.0
    assert found(row(50.0, 8.0), row(50.0, 8.01, height_m=12_000.0, datum=Datum.W84)) == []
    apart = found(row(50.0, 8.0, datum=Datum.W84), row(50.0, 8.01, height_m=3_400.0, datum=Datum.W84))
    assert apart == []


def test_well_clear_is_lost_at_the_worst_of_both_heights_too() -> None:
    """They are 1,000 m apart by the middles of what their heights may be, which overlap."""
    one, other = head_on(9_260.0 + 500.0 * 56.0)
    other["altitude_m"], other["altitude_datum"] = 4_000.0, DATUM_CODE[Datum.W84]
    told = only(found(one, other))
    assert told.reasons[-1] == "loses well clear in 39 s"
    assert told.level == CORRECTIVE


def test_an_old_position_and_an_unknown_speed_are_said() -> None:
    one = only(found(row(50.0, 8.0, age_s=14.0), row(50.0, 8.01, speed_mps=NAN, age_s=4.0)))
    assert one.reasons == (
        "positions 14 s and 4 s old",
        "speed not known: taken as standing still",
        "may have turned since: taken as less exact",
    )


def test_what_was_observed_is_carried_in_the_order_of_names() -> None:
    pair = (row(50.0, 8.0, age_s=2.0), row(50.0, 8.01, age_s=1.0))
    one = only(conflicts(brought(*pair, names=["B", "A"]), SETTINGS))
    assert one.names == ("A", "B")
    assert one.sides == (1, 0)
    assert one.observed_us == (NOON_US - 1_000_000, NOON_US - 2_000_000)


def test_what_stands_on_the_ground_is_in_no_pair() -> None:
    assert found(row(50.0, 8.0), row(50.0, 8.0, on_ground=1)) == []


def test_only_pairs_across_where_that_is_asked_for() -> None:
    sky = brought(*(row(50.0, 8.0 + k / 100) for k in range(4)))
    pairs = conflicts(sky, SETTINGS, between=np.array([True, True, False, False]))
    assert {one.names for one in pairs} == {
        (a, b) for a, b in itertools.product(("T000", "T001"), ("T002", "T003"))
    }


def test_two_tracks_of_one_aircraft_are_no_pair() -> None:
    sky = brought(*(row(50.0, 8.0 + k / 100) for k in range(3)))
    pairs = conflicts(sky, SETTINGS, groups=np.array([5, 5, -1]))
    assert {one.names for one in pairs} == {("T000", "T002"), ("T001", "T002")}


@pytest.mark.parametrize("place", [(90.0, 0.0), (-90.0, 77.0), (0.0, 180.0), (52.0, -180.0)])
def test_poles_and_the_antimeridian_are_places_like_others(place: tuple[float, float]) -> None:
    sides = []
    for azimuth in (70.0, 250.0):
        lat, lon = destination(lat=place[0], lon=place[1], azimuth_deg=azimuth, distance_m=15_000.0)
        # Back along the same geodesic, as seen from there.
        heading = float(np.degrees(_heading(lat, lon, *place)))
        sides.append(row(lat, lon, speed_mps=200.0, track_deg=heading % 360.0, accuracy_m=0.0))
    one = only(found(*sides))
    assert one.enters_s == pytest.approx((30_000.0 - 9_260.0) / 400.0, abs=0.1)


def _heading(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    return math.radians(GEOD.inv(lon, lat, to_lon, to_lat)[0])


def test_a_pair_at_one_point_is_found() -> None:
    assert only(found(row(50.0, 8.0), row(50.0, 8.0))).level == WARNING


def sky_of(dice: random.Random, count: int) -> list[np.ndarray]:
    """Aircraft of all kinds within a few tens of kilometres, with all that may be unknown."""
    kinds = [*CATEGORIES[:-1], None]

    def maybe(value: float) -> float:
        return NAN if dice.random() < 0.1 else value

    return [
        row(
            50.0 + dice.uniform(-0.2, 0.2),
            8.0 + dice.uniform(-0.3, 0.3),
            age_s=dice.choice([0.0, 0.4, 3.0, 20.0]),
            height_m=maybe(dice.uniform(0.0, 3_000.0)),
            datum=dice.choice([Datum.PRESSURE, Datum.PRESSURE, Datum.W84, Datum.MSL, Datum.AGL, None]),
            speed_mps=maybe(dice.choice([0.0, 10.0, 60.0, 200.0])),
            track_deg=maybe(dice.uniform(0.0, 360.0)),
            up_mps=maybe(dice.choice([0.0, 0.0, 5.0, -5.0])),
            accuracy_m=maybe(dice.choice([0.0, 10.0, 200.0])),
            category=dice.choice(kinds),  # type: ignore[arg-type]  # CATEGORIES but its last are categories
            level=dice.choice([0, 3]),
        )
        for _ in range(count)
    ]


def slow(sky: Traffic) -> dict[tuple[str, str], tuple[float, float, AlertLevel, bool]]:
    """Every pair with every other, in decimals: (enters, leaves, level, whether that is beyond doubt)."""
    table = SETTINGS.table()
    columns = (
        *(sky.lat_deg, sky.lon_deg, sky.height_m, sky.east_mps, sky.north_mps, sky.up_mps, sky.category),
        *(sky.radius_m, sky.datum, sky.height_error_m, sky.wgs84_mid_m, sky.wgs84_half_m),
    )
    each = [reference.Aircraft(*row_) for row_ in zip(*(c.tolist() for c in columns), strict=True)]
    codes = range(len(CATEGORIES))
    minima = {
        (a, b): reference.Minima(
            table.horizontal_m[a, b], table.vertical_m[a, b], float(table.look_ahead_s[a, b])
        )
        for a in codes
        for b in codes
    }
    pairs = {}
    for i, j, (enters_s, leaves_s) in reference.find_pairs(each, minima):
        one, other = each[i], each[j]
        kinds = one.category, other.category
        apart_m, more_m = reference.heights(one, other)
        soonest = enters_s
        if table.well_clear[kinds]:
            sx, sy, vx, vy = reference.relative(one, other)
            soonest = min(
                soonest,
                lost(
                    *(sx, sy, apart_m, vx, vy, one.up_mps - other.up_mps),
                    *(EN_ROUTE.dthr_m + one.radius_m + other.radius_m, EN_ROUTE.zthr_m + more_m),
                    *(EN_ROUTE.tthr_s, EN_ROUTE.tcoa_s, minima[kinds].horizon_s),
                )[0],
            )
        limits = float(table.corrective_s[kinds]), float(table.warning_s[kinds])
        level = WARNING if soonest <= limits[1] else CORRECTIVE if soonest <= limits[0] else PREVENTIVE
        if math.isinf(more_m):
            level = PREVENTIVE
        sure = min(abs(soonest - limit) for limit in limits) > 1e-3 and leaves_s - enters_s > 1e-3
        pairs[sky.keys[i], sky.keys[j]] = (enters_s, leaves_s, level, sure)
    return pairs


@settings(max_examples=25 * EFFORT, deadline=None)
@given(st.randoms(use_true_random=False))
def test_findings_are_those_of_every_pair_looked_at_slowly(dice: random.Random) -> None:
    sky = brought(*sky_of(dice, 14))
    expected = slow(sky)
    findings = {one.names: one for one in conflicts(sky, SETTINGS)}
    for names, (enters_s, leaves_s, level, sure) in expected.items():
        assert names in findings or not sure
        if sure:
            one = findings[names]
            assert one.enters_s == pytest.approx(enters_s, abs=1e-4)
            assert one.leaves_s is None or one.leaves_s == pytest.approx(leaves_s, abs=1e-4)
            assert one.level == level
    assert {names for names in findings if names not in expected} == set()


@settings(max_examples=25 * EFFORT, deadline=None)
@given(st.randoms(use_true_random=False))
def test_swapping_rows_changes_nothing(dice: random.Random) -> None:
    each = sky_of(dice, 12)
    names = [f"T{k:03d}" for k in range(len(each))]
    shuffled = list(zip(each, names, strict=True))
    dice.shuffle(shuffled)
    straight = conflicts(brought(*each, names=names), SETTINGS)
    mixed = conflicts(brought(*(e for e, _ in shuffled), names=[n for _, n in shuffled]), SETTINGS)
    assert [msgspec.structs.replace(f, sides=()) for f in straight] == [
        msgspec.structs.replace(f, sides=()) for f in mixed
    ]
    assert straight


def swarm(count: int, lat: float = 50.0, **more: object) -> list[np.ndarray]:
    """Drones standing within a few metres of each other."""
    shared: dict[str, object] = {"category": DRONE, "accuracy_m": 0.0, **more}
    return [row(lat + k * 1e-8, 8.0, **shared) for k in range(count)]  # type: ignore[arg-type]  # as above


def test_a_crowd_is_found_as_one_and_by_whoever_may_meet_it() -> None:
    small = AlertSettings(crowd=20)
    jet = row(50.0, 7.99, height_m=3_000.0, speed_mps=60.0, track_deg=90.0, accuracy_m=0.0)
    findings = conflicts(brought(*swarm(50), jet), small)
    assert {one.kind for one in findings} == {AlertKind.CROWD}
    whole, near = sorted(findings, key=lambda one: len(one.names))
    assert whole.sides == ()
    assert len(whole.reasons) == 1
    assert whole.reasons[0].startswith("50 aircraft within ")
    assert whole.reasons[0].endswith(" m of 50.00° N 8.00° E are not paired one by one")
    assert near.names == ("T050",)
    assert near.sides == (50,)
    assert near.reasons == ("projected along its velocity", whole.reasons[0])
    assert near.level == CORRECTIVE


def test_a_crowd_keeps_its_key_while_it_drifts() -> None:
    small = AlertSettings(crowd=20)
    one, other = (conflicts(brought(*swarm(40, lat=lat)), small) for lat in (50.1, 50.2))
    assert [finding.key for finding in one] == [finding.key for finding in other]
    assert [finding.key for finding in conflicts(brought(*swarm(40, lat=51.0)), small)] != [one[0].key]


def test_more_pairs_than_are_listed_become_crowds_and_nothing_is_lost() -> None:
    few = AlertSettings(most_pairs=64)
    findings = conflicts(brought(*swarm(30), *swarm(2, lat=51.0)), few)
    assert {one.kind for one in findings} >= {AlertKind.CROWD}
    told = [one.reasons for one in findings if one.kind is AlertKind.CROWD and not one.sides]
    assert sum(int(words.split()[0]) for reasons in told for words in reasons) >= 30


def test_warming_up_compiles_by_making_a_sweep() -> None:
    assert warm() == 1


def test_kept_code_that_cannot_be_read_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    given_up: list[str] = []
    calls = iter([EOFError("torn"), None])

    def torn() -> int:
        error = next(calls)
        if error is not None:
            raise error
        return 1

    monkeypatch.setattr(warming, "_sweep", torn)
    monkeypatch.setattr(warming, "keep_nothing", lambda kernel: given_up.append(kernel.__name__))
    assert warm() == 1
    assert {"_judge", "_project"} <= set(given_up)


def test_nobody_is_in_no_pair() -> None:
    assert found() == []
    assert found(row(50.0, 8.0)) == []
