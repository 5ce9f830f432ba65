"""Rounding at level ``position``: the stated accuracy covers it everywhere, and the grid is fixed."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from comity.clock import micros
from comity.model.intent import AircraftCategory
from comity.picture.coarse import HEIGHT_STEP_M, ROUNDING_M, coarse
from comity.picture.rows import ROW, Rows
from tests.picture.making import ANNA, BERT, CARL, SOURCES, START, at, feed, picture, report

GEOD = Geod(ellps="WGS84")
NOW_US = micros(START)


def rows(*places: tuple[float, float]) -> Rows:
    made = np.zeros(len(places), ROW)
    made["lat"], made["lon"] = np.array(places).T
    made["observed_us"] = NOW_US - 1_234_567
    made["accuracy_m"] = 50.0
    made["number"] = 1234
    made["callsign"] = b"SECRET"
    made["squawk"] = 7700
    return made


def told(*places: tuple[float, float]) -> Rows:
    return coarse(rows(*places), now_us=NOW_US, stale_after_s=15.0)


@given(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0))
@example(90.0, 0.0)
@example(-90.0, -180.0)
@example(89.9999, 60.0)
@example(0.0, 180.0)
@settings(max_examples=1_000)
def test_accuracy_covers_the_rounding(lat: float, lon: float) -> None:
    (one,) = told((lat, lon))
    _, _, moved_m = GEOD.inv(lon, lat, one["lon"], one["lat"])
    assert moved_m <= ROUNDING_M
    assert one["accuracy_m"] >= 50.0 + moved_m
    assert -90.0 <= one["lat"] <= 90.0
    assert -180.0 <= one["lon"] <= 180.0


def test_a_dense_sweep_near_a_pole_and_the_antimeridian() -> None:
    lat = np.concatenate([np.linspace(89.97, 90.0, 300), np.linspace(-90.0, -89.97, 300), np.full(300, 60.0)])
    lon = np.concatenate([np.linspace(-180.0, 180.0, 600), np.linspace(179.99, 180.0, 300)])
    made = told(*zip(lat.tolist(), lon.tolist(), strict=True))
    _, _, moved_m = GEOD.inv(lon, lat, made["lon"], made["lat"])
    assert moved_m.max() <= ROUNDING_M


@given(st.floats(-89.0, 89.0), st.floats(-179.0, 179.0))
def test_a_middle_rounds_to_itself(lat: float, lon: float) -> None:
    """So the grid is fixed: rounding again, or by somebody else, tells no more."""
    (one,) = told((lat, lon))
    (again,) = told((float(one["lat"]), float(one["lon"])))
    assert abs(again["lat"] - one["lat"]) < 1e-9
    assert abs(again["lon"] - one["lon"]) < 1e-9


def test_nothing_but_motion_is_told() -> None:
    (one,) = told((46.0, 7.0))
    assert (one["number"], one["callsign"], one["squawk"], one["on_ground"]) == (-1, b"", -1, -1)
    assert one["observed_us"] == NOW_US - 2_000_000


def test_a_category_is_told_however_long_ago_it_was_said() -> None:
    """It is of level 1; and a word, so it stays however old the report that said it."""
    seen = picture()
    feed(seen, SOURCES[3], report(lat=46.0, lon=7.0, category=AircraftCategory.ROTORCRAFT))
    feed(seen, SOURCES[3], report(seconds=50.0, lat=46.0, lon=7.01), seconds=50.0)
    seen.tick(at(51))
    (view,) = seen.frame(BERT, [(SOURCES[3], "position")]).views()
    assert view.category is AircraftCategory.ROTORCRAFT
    assert b'"category":"rotorcraft"' in seen.frame(BERT, [(SOURCES[3], "position")]).json


def test_what_the_newest_source_does_not_say_of_the_category_another_does() -> None:
    seen = picture()
    feed(seen, SOURCES[3], report(lat=46.0, lon=7.0, category=AircraftCategory.GLIDER))
    feed(seen, SOURCES[0], report(seconds=0.5, lat=46.0, lon=7.0), seconds=0.5)
    seen.tick(at(1))
    for sources, category in (((0,), None), ((0, 3), AircraftCategory.GLIDER)):
        released = [(SOURCES[k], "broadcast" if k == 0 else "identity") for k in sources]
        (view,) = seen.frame(BERT, released).views()
        assert (view.category, view.age_s) == (category, 0.5)


def test_two_recipients_get_the_same_numbers_under_names_that_do_not_match() -> None:
    seen = picture()
    feed(seen, SOURCES[3], report(lat=46.0123, lon=7.0456, ground_speed_mps=101.0, squawk="7700"))
    seen.tick(at(1))
    (one,) = seen.frame(BERT, [(SOURCES[3], "position")]).views()
    (two,) = seen.frame(CARL, [(SOURCES[3], "position")]).views()
    assert one.id != two.id
    assert (one.lat, one.lon, one.accuracy_m) == (two.lat, two.lon, two.accuracy_m)
    assert (one.lat, one.lon) != (46.0123, 7.0456)
    assert (one.callsign, one.squawk, one.emergency, one.on_ground) == (None, None, None, None)
    (own,) = seen.frame(ANNA, [(SOURCES[3], "own")]).views()
    assert (own.id, own.squawk, own.emergency) == ("4CA7B5", "7700", "emergency")


def test_a_position_is_not_linked_to_the_same_aircraft_heard_in_broadcast() -> None:
    seen = picture()
    for source in (SOURCES[0], SOURCES[3]):
        feed(seen, source, report(lat=46.0123, lon=7.0456, callsign="KLM1"))
    seen.tick(at(1))
    both = [(SOURCES[0], "broadcast"), (SOURCES[3], "position")]
    heard, sensed = seen.frame(BERT, both).views()
    assert (heard.id, heard.level, heard.sources) == ("4CA7B5", "broadcast", 1)
    assert (sensed.level, sensed.sources, sensed.callsign) == ("position", 1, None)
    (joined,) = seen.frame(BERT, [(SOURCES[0], "broadcast"), (SOURCES[3], "identity")]).views()
    assert (joined.id, joined.source, joined.level, joined.sources) == ("4CA7B5", "broadcast", "broadcast", 2)


def test_references_turn_with_the_period() -> None:
    seen = picture()
    names = set()
    for second in (0, 1, 3_600, 3_601):
        feed(seen, SOURCES[3], report(seconds=second, lat=46.0, lon=7.0), seconds=second)
        seen.tick(at(second))
        names.add(seen.frame(BERT, [(SOURCES[3], "position")]).ids()[0])
    assert len(names) == 2


@given(st.floats(-1_000.0, 20_000.0))
def test_height_rounds_to_its_grid(height_m: float) -> None:
    made = rows((46.0, 7.0))
    made["altitude_m"] = height_m
    (one,) = coarse(made, now_us=NOW_US, stale_after_s=15.0)
    assert abs(one["altitude_m"] - height_m) <= HEIGHT_STEP_M / 2 + 1e-6
    assert abs(one["altitude_m"] / HEIGHT_STEP_M - round(one["altitude_m"] / HEIGHT_STEP_M)) < 1e-6
