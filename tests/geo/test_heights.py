"""Bounds hold the true height, widen when knowledge goes, and overlap never misses."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from comity.errors import InvalidInput
from comity.geo import heights
from comity.geo.heights import (
    NO_GEOID,
    NO_QNH,
    NO_TEMPERATURE,
    NO_TERRAIN,
    WORST_CASE,
    Environment,
    Qnh,
    bounds,
    overlap,
)
from comity.model.altitude import Altitude, Datum
from tests.geo.making import NOON, altitudes, bands, environments, examples, qnhs

R, G0 = 287.05287, 9.80665


@pytest.mark.parametrize(
    ("height_m", "hpa"),
    [(0.0, 1013.25), (5_574.4, 500.0), (9_164.0, 300.0), (11_000.0, 226.32), (11_784.0, 200.0),
     (20_000.0, 54.749), (32_000.0, 8.680), (47_000.0, 1.109)],
)  # fmt: skip
def test_standard_atmosphere_is_that_of_doc_7488(height_m: float, hpa: float) -> None:
    assert 1013.25 * math.exp(-heights._log_pressure(height_m)) == pytest.approx(hpa, rel=5e-4)


def test_qnh_correction_is_27_feet_a_hectopascal_near_sea_level() -> None:
    per_hpa = heights._standard_height(1012.75) - heights._standard_height(1013.75)
    assert per_hpa == pytest.approx(8.32, abs=0.02)


def true_height_m(
    pressure_height_m: float,
    qnh_hpa: float,
    station_m: float,
    deviation_k: float,
    gravity: float,
) -> float:
    """Above mean sea level, by stepping through the air from the station in small pressure steps."""
    base = heights._standard_height(qnh_hpa) + station_m
    steps = 400
    geopotential = station_m
    for k in range(steps):
        low = base + (pressure_height_m - base) * k / steps
        high = base + (pressure_height_m - base) * (k + 1) / steps
        ratio = heights._log_pressure(high) - heights._log_pressure(low)
        standard_k = (high - low) / (ratio * R / G0) if ratio else 0.0
        geopotential += (standard_k + deviation_k) * ratio * R / G0
    h = geopotential * G0 / gravity
    return h / (1.0 - h / 6_356_000.0)


@settings(max_examples=examples(80), deadline=None)
@given(
    st.floats(-400.0, 20_000.0),
    qnhs(),
    st.floats(-1.0, 1.0),
    st.floats(-85.0, 50.0),
    st.floats(-20.0, 20.0),
    st.floats(9.7804, 9.8321),
    st.floats(-105.0, 85.0),
)
def test_pressure_bounds_hold_the_true_height(
    value: float,
    qnh: Qnh,
    error: float,
    deviation_k: float,
    margin_k: float,
    gravity: float,
    geoid_m: float,
) -> None:
    hpa = qnh.hpa + error * qnh.error_hpa
    true = geoid_m + true_height_m(value, hpa, qnh.elevation_m, deviation_k, gravity)
    low, high = sorted((deviation_k, deviation_k + margin_k))
    known = Environment(
        geoid_m=(geoid_m, geoid_m),
        temperature_k=(max(low, -85.0), min(high, 50.0)),
        qnh=(qnh,),
    )
    # Far below a high station so cold or warm a column would break the records of sea-level pressure,
    # which are also taken to hold.
    assume(heights._standard_height(hpa) + qnh.elevation_m <= value)
    found = bounds(Altitude(value, Datum.PRESSURE), known, qnh.valid_from)
    assert found.lower_m <= true <= found.upper_m
    assert found.reasons == ()
    at_sea = geoid_m + true_height_m(value, hpa, 0.0, deviation_k, gravity)
    if value >= heights._standard_height(hpa):
        worst = bounds(Altitude(value, Datum.PRESSURE), WORST_CASE, qnh.valid_from)
        assert worst.lower_m <= at_sea <= worst.upper_m


@given(st.floats(-400.0, 20_000.0), environments(), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_bounds_hold_what_ground_and_geoid_may_be(
    value: float, environment: Environment, geoid_at: float, ground_at: float
) -> None:
    geoid = environment.geoid_m or heights.WORST_GEOID_M
    ground = environment.terrain_m or heights.WORST_TERRAIN_M
    geoid_m = geoid[0] + (geoid[1] - geoid[0]) * geoid_at
    ground_m = ground[0] + (ground[1] - ground[0]) * ground_at
    for datum, true in (
        (Datum.W84, value),
        (Datum.MSL, value + geoid_m),
        (Datum.AGL, value + ground_m + geoid_m),
    ):
        found = bounds(Altitude(value, datum), environment, NOON)
        assert found.lower_m - 1e-6 <= true <= found.upper_m + 1e-6


@given(altitudes(), environments(), st.integers(-100, 100))
def test_knowing_less_never_narrows(altitude: Altitude, environment: Environment, minutes: int) -> None:
    now = NOON + timedelta(minutes=minutes)
    known = bounds(altitude, environment, now)
    for less in (
        Environment(None, environment.terrain_m, environment.temperature_k, environment.qnh),
        Environment(environment.geoid_m, None, environment.temperature_k, environment.qnh),
        Environment(environment.geoid_m, environment.terrain_m, None, environment.qnh),
        Environment(environment.geoid_m, environment.terrain_m, environment.temperature_k, ()),
        environment.lasting(),
        environment.during(now, now + timedelta(minutes=10)),
        WORST_CASE,
    ):
        found = bounds(altitude, less, now)
        assert found.lower_m <= known.lower_m <= known.upper_m <= found.upper_m
        assert set(known.reasons) <= set(found.reasons)


@given(altitudes(), altitudes(), environments())
def test_bounds_rise_with_the_height(a: Altitude, b: Altitude, environment: Environment) -> None:
    low, high = sorted((a.value_m, b.value_m))
    below, above = (bounds(Altitude(v, a.datum), environment, NOON) for v in (low, high))
    assert below.lower_m <= above.lower_m + 1e-6
    assert below.upper_m <= above.upper_m + 1e-6


def test_reasons_name_what_is_missing() -> None:
    def reasons(datum: Datum) -> set[str]:
        return set(bounds(Altitude(100.0, datum), WORST_CASE, NOON).reasons)

    assert reasons(Datum.W84) == set()
    assert reasons(Datum.MSL) == {NO_GEOID}
    assert reasons(Datum.AGL) == {NO_GEOID, NO_TERRAIN}
    assert reasons(Datum.PRESSURE) == {NO_GEOID, NO_QNH, NO_TEMPERATURE}


def test_a_qnh_counts_only_while_it_is_in_force() -> None:
    qnh = Qnh(1013.25, 1.0, NOON, NOON + timedelta(minutes=30))
    environment = Environment(qnh=(qnh,))
    level = Altitude(3_000.0, Datum.PRESSURE)
    for minutes, in_force in ((-1, False), (0, True), (29, True), (30, False)):
        found = bounds(level, environment, NOON + timedelta(minutes=minutes))
        assert (NO_QNH not in found.reasons) is in_force
    assert environment.during(NOON, NOON + timedelta(minutes=30)).qnh == (qnh,)
    assert environment.during(NOON, NOON + timedelta(minutes=31)).qnh == ()


def test_qnhs_that_follow_each_other_hold_together_and_a_gap_voids_them() -> None:
    def from_to(hpa: float, begin: int, end: int) -> Qnh:
        return Qnh(hpa, 1.0, NOON + timedelta(minutes=begin), NOON + timedelta(minutes=end))

    hour = (NOON, NOON + timedelta(hours=1))
    joined = Environment(qnh=(from_to(1015.0, 30, 90), from_to(1010.0, -60, 30))).during(*hour)
    assert {q.hpa for q in joined.qnh} == {1010.0, 1015.0}
    level = Altitude(3_000.0, Datum.PRESSURE)
    held = bounds(level, joined, NOON)
    for hpa in (1010.0, 1015.0):
        alone = bounds(level, Environment(qnh=(from_to(hpa, 0, 60),)), NOON)
        assert held.lower_m <= alone.lower_m <= alone.upper_m <= held.upper_m
    assert Environment(qnh=(from_to(1015.0, 31, 90), from_to(1010.0, -60, 30))).during(*hour).qnh == ()


@given(bands(), bands(), environments())
def test_overlap_is_symmetric_and_grows_outward(
    a: tuple[Altitude, Altitude], b: tuple[Altitude, Altitude], environment: Environment
) -> None:
    found = overlap(*a, *b, environment, NOON)
    assert found == overlap(*b, *a, environment, NOON)
    if found:
        wider = (Altitude(a[0].value_m - 50.0, a[0].datum), Altitude(a[1].value_m + 50.0, a[1].datum))
        assert overlap(*wider, *b, environment, NOON)
        assert overlap(*a, *b, WORST_CASE, NOON)


@pytest.mark.parametrize("datum", list(Datum))
def test_touching_bands_overlap_and_separate_ones_on_one_datum_do_not(datum: Datum) -> None:
    low, middle, high = (Altitude(v, datum) for v in (1000.0, 2000.0, 3000.0))
    above = Altitude(2000.001, datum)
    assert overlap(low, middle, middle, high, WORST_CASE, NOON)
    assert not overlap(low, middle, above, high, WORST_CASE, NOON)


def test_doubt_about_different_datums_is_overlap() -> None:
    sea = (Altitude(0.0, Datum.MSL), Altitude(3_000.0, Datum.MSL))
    level = (Altitude(4_000.0, Datum.PRESSURE), Altitude(6_000.0, Datum.PRESSURE))
    assert overlap(*sea, *level, WORST_CASE, NOON)
    known = Environment(
        geoid_m=(48.0, 50.0),
        temperature_k=(-15.0, 15.0),
        qnh=(Qnh(1010.0, 3.0, NOON, NOON + timedelta(hours=1)),),
    )
    assert not overlap(*sea, *level, known, NOON)
    assert overlap(*sea, *level, known, NOON + timedelta(hours=1))


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Environment(geoid_m=(10.0, 5.0)), "geoid_m"),
        (lambda: Environment(geoid_m=(-200.0, 5.0)), "geoid_m"),
        (lambda: Environment(terrain_m=(0.0, math.nan)), "terrain_m"),
        (lambda: Environment(temperature_k=(-100.0, 0.0)), "temperature_k"),
        (lambda: Qnh(29.92, 0.0, NOON, NOON + timedelta(hours=1)), "hpa"),
        (lambda: Qnh(1013.0, -1.0, NOON, NOON + timedelta(hours=1)), "error_hpa"),
        (lambda: Qnh(1013.0, 1.0, NOON, NOON), "expires"),
        (lambda: Qnh(1013.0, 1.0, NOON, NOON + timedelta(hours=1), 9e9), "elevation_m"),
    ],
)
def test_impossible_knowledge_is_refused(make: object, field: str) -> None:
    assert callable(make)
    with pytest.raises(InvalidInput) as refused:
        make()
    assert refused.value.field == field
