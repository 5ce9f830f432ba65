"""The laws of overlap: symmetric, half-open in time, never lost by moving outward."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from comity.geo.heights import WORST_CASE, Environment, Qnh
from comity.geo.overlap import overlapping
from comity.model.altitude import Altitude, Datum
from comity.model.shape import Circle, LatLon, Polygon, Shape
from comity.model.volume import Volume4D
from tests.geo.making import NOON, environments, examples, near, star, volumes

HERE = LatLon(46.5, 8.0)


@settings(max_examples=examples(80), deadline=None)
@given(volumes(HERE), volumes(HERE, 100_000.0), environments(), st.integers(-90, 90))
def test_overlap_is_symmetric(a: Volume4D, b: Volume4D, environment: Environment, minutes: int) -> None:
    now = NOON + timedelta(minutes=minutes)
    assert overlapping(a, [b], environment, now).tolist() == overlapping(b, [a], environment, now).tolist()


@settings(max_examples=examples(100), deadline=None)
@given(st.data(), environments())
def test_moving_outward_never_loses_an_overlap(data: st.DataObject, environment: Environment) -> None:
    """Larger outline, wider band, longer time, less knowledge: what overlapped still does."""
    turns = data.draw(st.lists(st.floats(-0.3, 0.3), min_size=5, max_size=5))
    lengths = data.draw(st.lists(st.floats(0.5, 1.0), min_size=5, max_size=5))
    size_m, growth = data.draw(st.floats(100.0, 50_000.0)), data.draw(st.floats(1.0, 1.5))
    centre = near(HERE, data.draw(st.floats(0.0, 60_000.0)), data.draw(st.floats(0.0, 360.0)))
    rounded = data.draw(st.booleans())

    def outline(size: float) -> Shape:
        return Circle(centre, size) if rounded else star(centre, size, turns, lengths)

    base = data.draw(volumes(HERE, 100_000.0))
    b = data.draw(volumes(HERE, 100_000.0))
    a = Volume4D(outline(size_m), base.lower, base.upper, base.start, base.end)
    # A little more than touching counts: a metre covers the slack of the exact test.
    larger = outline(size_m * growth + (0.0 if rounded else 2.0))
    grown = Volume4D(
        larger,
        Altitude(base.lower.value_m - data.draw(st.floats(0.0, 100.0)), base.lower.datum),
        Altitude(base.upper.value_m + data.draw(st.floats(0.0, 100.0)), base.upper.datum),
        base.start - timedelta(minutes=data.draw(st.integers(0, 10))),
        base.end + timedelta(minutes=data.draw(st.integers(0, 10))),
    )
    if overlapping(a, [b], environment, NOON)[0]:
        assert overlapping(grown, [b], environment, NOON)[0]
        assert overlapping(a, [b], WORST_CASE, NOON)[0]


def volume(start: int, end: int, datum: Datum = Datum.MSL, lower_m: float = 0.0) -> Volume4D:
    return Volume4D(
        Circle(HERE, 100.0),
        Altitude(lower_m, datum),
        Altitude(lower_m + 1_000.0, datum),
        NOON + timedelta(minutes=start),
        NOON + timedelta(minutes=end),
    )


def test_one_that_starts_when_another_ends_is_clear_of_it() -> None:
    others = [volume(10, 20), volume(9, 20), volume(-10, 0), volume(-10, 1), volume(3, 4)]
    assert overlapping(volume(0, 10), others, WORST_CASE, NOON).tolist() == [False, True, False, True, True]


def test_nothing_overlaps_none() -> None:
    assert overlapping(volume(0, 10), [], WORST_CASE, NOON).tolist() == []


def test_bands_of_one_datum_compare_directly_and_others_by_bounds() -> None:
    low = volume(0, 10, Datum.MSL, 0.0)
    others = [
        volume(0, 10, Datum.MSL, 1_000.0),
        volume(0, 10, Datum.MSL, 1_001.0),
        volume(0, 10, Datum.W84, 1_001.0),
        volume(0, 10, Datum.W84, 1_100.0),
        volume(0, 10, Datum.PRESSURE, 2_000.0),
    ]
    assert overlapping(low, others, WORST_CASE, NOON).tolist() == [True, False, True, False, True]


def test_a_qnh_must_last_for_the_whole_common_time_still_to_come() -> None:
    qnh = Qnh(1013.25, 1.0, NOON, NOON + timedelta(minutes=30))
    known = Environment(geoid_m=(48.0, 50.0), temperature_k=(-10.0, 10.0), qnh=(qnh,))
    level = volume(-60, 60, Datum.PRESSURE, 1_800.0)
    for start, end, now, overlaps in (
        (0, 30, 0, False),
        (0, 31, 0, True),
        (-10, 30, -10, True),
        (-10, 30, 0, False),
        (0, 31, 30, True),
    ):
        sea = volume(start, end, Datum.MSL, 0.0)
        found = overlapping(sea, [level], known, NOON + timedelta(minutes=now))
        assert found.tolist() == [overlaps], (start, end, now)


def test_outlines_decide_last() -> None:
    square = Polygon(tuple(near(near(HERE, 400.0, 90.0), 200.0, 90.0 * k) for k in range(4)))
    beside = Volume4D(square, *_band(), NOON, NOON + timedelta(minutes=5))
    away = Volume4D(Circle(near(HERE, 1_000.0, 0.0), 890.0), *_band(), NOON, NOON + timedelta(minutes=5))
    assert overlapping(volume(0, 10), [beside, away], WORST_CASE, NOON).tolist() == [False, False]
    assert overlapping(
        Volume4D(Circle(HERE, 201.0), *_band(), NOON, NOON + timedelta(minutes=5)),
        [beside, away],
        WORST_CASE,
        NOON,
    ).tolist() == [True, True]


def _band() -> tuple[Altitude, Altitude]:
    return Altitude(0.0, Datum.MSL), Altitude(1_000.0, Datum.MSL)
