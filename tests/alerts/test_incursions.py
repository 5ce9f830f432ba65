"""Who is told to be in what, when and how gravely: cases of each kind, through the columns of the traffic."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from comity.alerts.finding import Finding
from comity.alerts.incursions import incursions
from comity.alerts.settings import AlertSettings
from comity.alerts.traffic import Traffic, traffic
from comity.alerts.volumes import Item, Watched
from comity.geo.earth import destination, distance_m
from comity.geo.heights import Environment, Qnh
from comity.model.alert import AlertKind, AlertLevel, Phase
from comity.model.altitude import Altitude, Datum
from comity.model.released import ReservedVolume
from comity.model.shape import LatLon, Polygon, Shape
from comity.model.volume import Volume4D
from comity.release.coarsen import reserve
from tests.alerts.making import ENVIRONMENT, NOON, NOON_US, row, rows

SETTINGS = AlertSettings()
SQUARE = Polygon((LatLon(46.9, 8.1), LatLon(46.9, 8.3), LatLon(47.1, 8.3), LatLon(47.1, 8.1)))
TO_SQUARE_M = distance_m(lat_a=47.0, lon_a=8.0, lat_b=47.0, lon_b=8.1)

CLOSED = Item("c1", "ref-c1", "constraint", "LS-R12", closed=True)
ADVISORY = Item("c2", "ref-c2", "constraint", "LS-D7")
INTENT = Item("i1", "ref-i1", "intent")


def volume(
    outline: Shape = SQUARE,
    *,
    lower: float = 2_000.0,
    upper: float = 4_000.0,
    datum: Datum = Datum.PRESSURE,
    opens_s: float = -3_600.0,
    closes_s: float = 3_600.0,
) -> Volume4D:
    start, end = NOON + timedelta(seconds=opens_s), NOON + timedelta(seconds=closes_s)
    return Volume4D(outline, Altitude(lower, datum), Altitude(upper, datum), start, end)


def watching(item: Item, *volumes: Volume4D | ReservedVolume) -> Watched:
    watched = Watched(ENVIRONMENT)
    watched.put(item, volumes)
    return watched


def seen(*each: NDArray[Any]) -> Traffic:
    keys = [f"A{k}" for k in range(len(each))]
    return traffic(rows(*each), keys, now_us=NOON_US, settings=SETTINGS, environment=ENVIRONMENT)


def eastward(speed_mps: float, lon: float = 8.0, **known: Any) -> NDArray[Any]:
    return row(47.0, lon, speed_mps=speed_mps, track_deg=90.0, **known)


def found(flown: Traffic, watched: Watched, horizon_s: float | None = None) -> list[Finding]:
    return incursions(flown, watched, SETTINGS, NOON, horizon_s=horizon_s)


def one(flown: Traffic, watched: Watched) -> Finding:
    findings = found(flown, watched)
    assert len(findings) == 1
    return findings[0]


def test_entering_a_closed_constraint() -> None:
    finding = one(seen(eastward(200.0)), watching(CLOSED, volume()))
    assert finding.kind is AlertKind.INCURSION
    assert finding.phase is Phase.PREDICTED
    assert finding.level is AlertLevel.CORRECTIVE
    assert (finding.item, finding.item_kind, finding.item_label) == ("ref-c1", "constraint", "LS-R12")
    assert (finding.sides, finding.names, finding.observed_us) == ((0,), ("A0",), (NOON_US,))
    # 10 m of accuracy, 0.2 m of the kernel.
    assert finding.enters_s == pytest.approx((TO_SQUARE_M - 10.2) / 200.0, abs=0.01)
    assert finding.leaves_s == pytest.approx((3 * TO_SQUARE_M + 10.2) / 200.0, abs=0.01)
    assert finding.reasons == ("projected along its velocity",)
    assert finding.closest_s is finding.horizontal_m is finding.minima_horizontal_m is None


@pytest.mark.parametrize(
    ("item", "seconds", "expected"),
    [
        (CLOSED, 0.0, AlertLevel.WARNING),
        (CLOSED, 24.0, AlertLevel.WARNING),
        (CLOSED, 26.0, AlertLevel.CORRECTIVE),
        (CLOSED, 54.0, AlertLevel.CORRECTIVE),
        (CLOSED, 56.0, AlertLevel.PREVENTIVE),
        (CLOSED, 119.0, AlertLevel.PREVENTIVE),
        (CLOSED, 122.0, None),
        (ADVISORY, 0.0, AlertLevel.CORRECTIVE),
        (ADVISORY, 24.0, AlertLevel.CORRECTIVE),
        (ADVISORY, 26.0, AlertLevel.PREVENTIVE),
        (ADVISORY, 119.0, AlertLevel.PREVENTIVE),
        (INTENT, 0.0, AlertLevel.CORRECTIVE),
        (INTENT, 2.0, AlertLevel.PREVENTIVE),
        (INTENT, 119.0, AlertLevel.PREVENTIVE),
    ],
)
def test_levels(item: Item, seconds: float, expected: AlertLevel | None) -> None:
    lat, lon = destination(lat=47.0, lon=8.1, azimuth_deg=270.0, distance_m=seconds * 200.0 + 10.0)
    findings = found(seen(row(lat, lon, speed_mps=200.0, track_deg=90.0)), watching(item, volume()))
    assert [finding.level for finding in findings] == ([] if expected is None else [expected])
    if expected is not None:
        assert (findings[0].phase is Phase.NOW) == (seconds == 0.0)
        advisory = "advisory: one level lower" in findings[0].reasons
        assert advisory == (item is ADVISORY)


def test_hovering_inside_outside_and_within_its_accuracy() -> None:
    west = destination(lat=47.0, lon=8.1, azimuth_deg=270.0, distance_m=100.0)
    watched = watching(CLOSED, volume())
    inside = one(seen(row(47.0, 8.2)), watched)
    assert (inside.phase, inside.enters_s, inside.leaves_s) == (Phase.NOW, 0.0, None)
    assert found(seen(row(*west, accuracy_m=90.0)), watched) == []
    assert one(seen(row(*west, accuracy_m=110.0)), watched).phase is Phase.NOW


def test_over_and_under_is_not_in() -> None:
    watched = watching(CLOSED, volume())
    for height_m, count in ((1_999.0, 0), (2_000.0, 1), (4_000.0, 1), (4_001.0, 0)):
        assert len(found(seen(eastward(200.0, height_m=height_m)), watched)) == count


def test_climbing_in_and_out_again() -> None:
    finding = one(seen(row(47.0, 8.2, height_m=1_900.0, up_mps=50.0)), watching(CLOSED, volume()))
    assert (finding.enters_s, finding.leaves_s) == pytest.approx((2.0, 42.0))
    assert finding.phase is Phase.PREDICTED
    assert finding.level is AlertLevel.WARNING
    assert found(seen(row(47.0, 8.2, height_m=1_900.0, up_mps=-5.0)), watching(CLOSED, volume())) == []


def test_heights_on_other_datums_compare_by_bounds() -> None:
    """A geoid from -107 to 86 m: 4,050 m above it may be 3,943 m above the ellipsoid."""
    watched = watching(CLOSED, volume(datum=Datum.W84))
    finding = one(seen(eastward(200.0, height_m=4_050.0, datum=Datum.MSL)), watched)
    assert "heights on different datums, compared by their bounds" in finding.reasons
    assert found(seen(eastward(200.0, height_m=4_150.0, datum=Datum.MSL)), watched) == []
    assert one(seen(eastward(200.0, height_m=4_000.0, datum=Datum.W84)), watched).reasons == (
        "projected along its velocity",
    )


def test_weather_makes_bounds_narrower() -> None:
    """Pressure at its worldwide worst, and then a QNH for as long as is looked ahead."""
    watched = watching(CLOSED, volume())
    high = seen(eastward(200.0, height_m=5_000.0, datum=Datum.MSL))
    assert len(found(high, watched)) == 1
    qnh = Qnh(1013.0, 2.0, NOON - timedelta(hours=1), NOON + timedelta(hours=1))
    known = Environment(ENVIRONMENT.geoid_m, ENVIRONMENT.terrain_m, (-10.0, 10.0), (qnh,))
    watched.refresh(known, NOON, 120.0)
    assert found(high, watched) == []
    watched.refresh(known, NOON + timedelta(minutes=59), 120.0)
    assert len(found(high, watched)) == 1
    watched.refresh(known, NOON, 120.0)
    watched.put(CLOSED, [volume()])
    assert len(found(high, watched)) == 1
    watched.refresh(known, NOON + timedelta(seconds=1), 120.0)
    assert found(high, watched) == []


def test_a_volume_that_opens_with_an_aircraft_inside() -> None:
    finding = one(seen(row(47.0, 8.2)), watching(CLOSED, volume(opens_s=40.0, closes_s=100.0)))
    assert (finding.enters_s, finding.leaves_s) == pytest.approx((40.0, 100.0), abs=1e-5)
    assert finding.phase is Phase.PREDICTED
    assert finding.level is AlertLevel.CORRECTIVE
    assert "will be inside when it begins in 40 s" in finding.reasons


def test_times_that_do_not_touch_the_look_ahead() -> None:
    aircraft = seen(row(47.0, 8.2))
    for opens_s, closes_s in ((-100.0, 0.0), (121.0, 300.0)):
        assert found(aircraft, watching(CLOSED, volume(opens_s=opens_s, closes_s=closes_s))) == []
    assert len(found(aircraft, watching(CLOSED, volume(opens_s=121.0, closes_s=300.0)), 300.0)) == 1


def test_unknown_height_is_preventive_at_most() -> None:
    unknown = seen(row(47.0, 8.2, datum=None))
    finding = one(unknown, watching(CLOSED, volume()))
    assert finding.level is AlertLevel.PREVENTIVE
    assert finding.phase is Phase.NOW
    assert "height not known" in finding.reasons
    whole = volume(lower=0.0, upper=20_000.0, datum=Datum.AGL)
    assert one(unknown, watching(CLOSED, whole)).level is AlertLevel.WARNING


def test_unknown_velocity_is_told_where_it_stands() -> None:
    nan = float("nan")
    finding = one(seen(row(47.0, 8.2, speed_mps=nan, track_deg=nan)), watching(CLOSED, volume()))
    assert finding.phase is Phase.NOW
    assert "speed not known: taken as standing still" in finding.reasons


def test_an_old_position_says_so_and_is_wider() -> None:
    lat, lon = destination(lat=47.0, lon=8.1, azimuth_deg=270.0, distance_m=14 * 200.0 + 300.0)
    finding = one(
        seen(row(lat, lon, speed_mps=200.0, track_deg=90.0, age_s=14.0)), watching(CLOSED, volume())
    )
    assert "position 14 s old" in finding.reasons
    assert finding.enters_s == pytest.approx((300.0 - 10.2 - 0.5 * 4.6 * 81.0) / 200.0, abs=0.01)


def test_who_is_expected_gives_nothing() -> None:
    watched = watching(INTENT, volume())
    watched.put(CLOSED, [volume()])
    flown = seen(row(47.0, 8.2), row(47.0, 8.25))
    expected = {("A0", "i1")}
    findings = incursions(flown, watched, SETTINGS, NOON, expected=lambda a, i: (a, i) in expected)
    assert {(f.names[0], f.item) for f in findings} == {
        ("A0", "ref-c1"),
        ("A1", "ref-c1"),
        ("A1", "ref-i1"),
    }
    assert len({f.key for f in findings}) == 3


def test_volumes_of_one_item_are_one_visit() -> None:
    """Three squares in a row, the last one apart; the item is left at the end of the second."""

    def between(west: float, east: float) -> Volume4D:
        return volume(
            Polygon((LatLon(46.9, west), LatLon(46.9, east), LatLon(47.1, east), LatLon(47.1, west)))
        )

    volumes = [between(8.25, 8.3), between(8.15, 8.2), between(8.1, 8.15)]
    finding = one(seen(eastward(200.0)), watching(CLOSED, *volumes))
    assert finding.enters_s == pytest.approx((TO_SQUARE_M - 10.2) / 200.0, abs=0.01)
    assert finding.leaves_s == pytest.approx((2 * TO_SQUARE_M + 10.2) / 200.0, abs=0.01)


def test_a_volume_within_another_does_not_end_the_visit() -> None:
    inner = Polygon((LatLon(46.99, 8.15), LatLon(46.99, 8.2), LatLon(47.01, 8.2), LatLon(47.01, 8.15)))
    finding = one(seen(eastward(200.0)), watching(CLOSED, volume(), volume(inner)))
    assert finding.leaves_s == pytest.approx((3 * TO_SQUARE_M + 10.2) / 200.0, abs=0.01)


def test_each_aircraft_has_its_own_times() -> None:
    inside, ahead = found(seen(row(47.0, 8.2), eastward(200.0)), watching(CLOSED, volume()))
    assert (inside.names, inside.enters_s, inside.phase) == (("A0",), 0.0, Phase.NOW)
    assert (ahead.names, ahead.phase) == (("A1",), Phase.PREDICTED)
    assert ahead.enters_s == pytest.approx((TO_SQUARE_M - 10.2) / 200.0, abs=0.01)


def test_reserved_cells_are_watched_outward() -> None:
    """As another participant gets it at level 0: never later and never less than what was promised."""
    exact = volume()
    reserved = reserve((exact,), ENVIRONMENT)
    item = msgspec.structs.replace(INTENT, reserved=True)
    by_cells = one(seen(eastward(200.0)), watching(item, *reserved))
    by_volume = one(seen(eastward(200.0)), watching(INTENT, exact))
    assert by_cells.enters_s is not None
    assert by_volume.enters_s is not None
    assert by_cells.enters_s < by_volume.enters_s
    assert by_volume.leaves_s is not None
    assert by_cells.leaves_s is None
    assert "shown as reserved cells" in by_cells.reasons
    assert "heights on different datums, compared by their bounds" in by_cells.reasons
    far = found(seen(row(40.0, 8.2)), watching(item, *reserved))
    assert far == []


def test_putting_again_replaces_and_dropping_forgets() -> None:
    watched = watching(CLOSED, volume(), volume())
    aircraft = seen(row(47.0, 8.2))
    assert (len(watched), watched.keys(), "c1" in watched) == (2, ["c1"], True)
    watched.put(CLOSED, [volume(lower=5_000.0, upper=6_000.0)])
    assert len(watched) == 1
    assert found(aircraft, watched) == []
    watched.put(CLOSED, [volume()])
    assert len(found(aircraft, watched)) == 1
    watched.drop("c1")
    watched.drop("c1")
    assert (len(watched), watched.keys(), "c1" in watched) == (0, [], False)
    assert found(aircraft, watched) == []
    with pytest.raises(KeyError):
        watched.item(0)


def test_nothing_there_nothing_found() -> None:
    assert found(seen(), watching(CLOSED, volume())) == []
    assert found(seen(row(47.0, 8.2)), Watched()) == []


def test_keys_are_the_same_in_every_sweep() -> None:
    watched = watching(CLOSED, volume())
    first = one(seen(eastward(200.0)), watched)
    second = one(seen(eastward(150.0, lon=8.05)), watched)
    assert first.key == second.key
    assert first.enters_s != second.enters_s


def test_an_absurd_speed_neither_raises_nor_hides() -> None:
    """The traffic lets none through; were it to, the path ends at the farthest."""
    absurd = dataclasses.replace(seen(eastward(200.0)), east_mps=np.array([1e6]))
    finding = one(absurd, watching(CLOSED, volume()))
    assert finding.enters_s is not None
    assert 0.0 <= finding.enters_s < 1.0


def test_findings_come_by_aircraft() -> None:
    watched = watching(INTENT, volume())
    watched.put(CLOSED, [volume()])
    findings = found(seen(row(47.0, 8.2), row(40.0, 8.2), row(47.0, 8.25)), watched)
    assert [f.sides[0] for f in findings] == [0, 0, 2, 2]
    assert np.diff([f.sides[0] for f in findings]).min() >= 0
