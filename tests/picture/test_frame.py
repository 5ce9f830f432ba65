"""Frames and deltas: order, ages, words for emergencies, withdrawal within a tick, forgotten stamps."""

from __future__ import annotations

import msgspec
import pytest

from comity.errors import InvalidInput
from comity.model.altitude import Altitude, Datum
from comity.model.intake import SourceKey
from comity.model.observation import Provenance
from comity.model.released import TrackView
from comity.model.rule import Level
from comity.picture.frame import TrackDelta
from tests.picture.making import ANNA, BERT, CARL, SOURCES, at, feed, picture, report

ADSB, OTHERS, OWN, RADAR, CARLS = SOURCES


def changed(delta: TrackDelta) -> list[str]:
    return [view.id for view in msgspec.json.decode(delta.changed_json, type=list[TrackView])]


def test_lines_of_one_aircraft_merge_to_one_track() -> None:
    seen = picture()
    feed(seen, ADSB, report(callsign="KLM1"), report(ground_speed_mps=200.0, track_deg=90.0))
    feed(seen, ADSB, report(lat=46.0, lon=7.0, altitude=Altitude(9_000.0, Datum.PRESSURE)))
    seen.tick(at(2.5))
    (view,) = seen.frame(BERT, [(ADSB, "broadcast")]).views()
    assert view == TrackView(
        id="4CA7B5",
        source="broadcast",
        level="broadcast",
        lat=46.0,
        lon=7.0,
        age_s=2.5,
        accuracy_m=186.0,
        altitude_m=9_000.0,
        altitude_datum="PRESSURE",
        ground_speed_mps=200.0,
        track_deg=90.0,
        callsign="KLM1",
    )


@pytest.mark.parametrize(
    ("squawk", "word"),
    [("7500", "unlawful interference"), ("7600", "radio failure"), ("7700", "emergency"), ("7000", None)],
)
def test_squawks_in_words(squawk: str, word: str | None) -> None:
    seen = picture()
    feed(seen, ADSB, report(lat=46.0, lon=7.0, squawk=squawk))
    seen.tick(at(1))
    (view,) = seen.frame(BERT, [(ADSB, "broadcast")]).views()
    assert (view.squawk, view.emergency) == (squawk, word)


def test_stale_then_gone() -> None:
    seen = picture()
    feed(seen, ADSB, report(lat=46.0, lon=7.0))
    told: list[tuple[bool, ...]] = []
    for second in (15.0, 15.1, 60.0, 60.1):
        seen.tick(at(second))
        told.append(tuple(view.stale for view in seen.frame(BERT, [(ADSB, "broadcast")]).views()))
    assert told == [(False,), (True,), (True,), ()]
    assert seen.counters(ANNA)["adsb/broadcast"]["tracks"] == 0


def test_a_position_expires_while_the_aircraft_is_still_heard() -> None:
    seen = picture()
    feed(seen, ADSB, report(lat=46.0, lon=7.0, callsign="KLM1"))
    feed(seen, ADSB, report(seconds=50.0), seconds=50.0)
    seen.tick(at(70))
    assert seen.frame(BERT, [(ADSB, "broadcast")]).views() == []
    assert seen.counters(ANNA)["adsb/broadcast"]["tracks"] == 1
    assert feed(seen, ADSB, report(seconds=71.0, lat=-46.0, lon=7.0), seconds=71.0) == {}


def test_old_velocity_is_not_shown_with_a_new_position() -> None:
    seen = picture()
    feed(seen, ADSB, report(lat=46.0, lon=7.0, ground_speed_mps=10.0, track_deg=0.0))
    feed(seen, ADSB, report(seconds=16.0, lat=46.0, lon=7.001), seconds=16.0)
    seen.tick(at(16))
    (view,) = seen.frame(BERT, [(ADSB, "broadcast")]).views()
    assert (view.ground_speed_mps, view.track_deg) == (None, None)


def test_the_frame_of_a_tick_does_not_move_within_it() -> None:
    seen = picture()
    feed(seen, ADSB, report("000001", lat=46.0, lon=7.0))
    seen.tick(at(1))
    feed(seen, ADSB, report("000002", 1.0, lat=46.0, lon=7.0), seconds=1.5)
    frame = seen.frame(BERT, [(ADSB, "broadcast")])
    assert (frame.ids(), frame.as_of) == (["000001"], at(1))
    seen.tick(at(2))
    assert seen.frame(BERT, [(ADSB, "broadcast")]).ids() == ["000001", "000002"]


def test_readers_of_one_set_share_one_frame() -> None:
    seen = picture()
    feed(seen, ADSB, report(lat=46.0, lon=7.0))
    seen.tick(at(1))
    assert seen.frame(BERT, [(ADSB, "broadcast")]) is seen.frame(CARL, [(ADSB, "broadcast")])


def test_only_what_changed_is_told_again() -> None:
    seen = picture()
    feed(seen, ADSB, report("000001", lat=46.0, lon=7.0), report("000002", lat=46.0, lon=7.0))
    feed(seen, RADAR, report("~17", lat=46.0, lon=7.0))
    released = [(ADSB, "broadcast"), (RADAR, "position")]
    seen.tick(at(1))
    first = seen.delta(BERT, released, None)
    assert (first.reset, len(changed(first)), first.gone) == (True, 3, [])
    seen.tick(at(2))
    rest = seen.delta(BERT, released, first.stamp)
    assert (rest.reset, rest.changed_json, rest.gone) == (False, b"[]", [])
    feed(seen, ADSB, report("000002", 2.0, lat=46.001, lon=7.0), seconds=2.0)
    seen.tick(at(3))
    assert changed(seen.delta(BERT, released, rest.stamp)) == ["000002"]
    seen.tick(at(61))
    last = seen.delta(BERT, released, rest.stamp)
    assert "000001" in last.gone
    assert len(last.gone) == 2


def test_withdrawal_within_a_tick_takes_tracks_away() -> None:
    seen = picture()
    feed(seen, ADSB, report("000001", lat=46.0, lon=7.0))
    feed(seen, OWN, report("000002", lat=46.0, lon=7.0))
    feed(seen, RADAR, report("000003", lat=46.0, lon=7.0))
    seen.tick(at(1))
    before = seen.delta(BERT, [(ADSB, "broadcast"), (OWN, "identity"), (RADAR, "position")], None)
    after = seen.delta(BERT, [(ADSB, "broadcast")], before.stamp)
    assert after.stamp > before.stamp
    assert changed(after) == []
    reference = next(name for name in changed(before) if len(name) > 6)
    assert after.gone == ["000002", reference]


def test_a_stamp_not_remembered_gives_a_whole_frame() -> None:
    seen = picture(kept_frames=2)
    feed(seen, ADSB, report(lat=46.0, lon=7.0))
    seen.tick(at(1))
    old = seen.delta(BERT, [(ADSB, "broadcast")], 12_345)
    assert old.reset
    for second in (2, 3):
        seen.tick(at(second))
        assert not seen.delta(BERT, [(ADSB, "broadcast")], seen.delta(BERT, [], None).stamp).reset
    assert seen.delta(BERT, [(ADSB, "broadcast")], old.stamp).reset
    assert not seen.delta(CARL, [(ADSB, "broadcast")], seen.delta(CARL, [], None).stamp).reset


def test_a_silent_readers_frames_are_forgotten() -> None:
    seen = picture()
    seen.delta(BERT, [], None)
    seen.tick(at(61))
    assert seen._given == {}


def test_an_idle_empty_source_is_forgotten() -> None:
    seen = picture()
    feed(seen, ADSB, report(lat=46.0, lon=7.0))
    seen.tick(at(599))
    assert seen.sources() == [ADSB]
    seen.tick(at(601))
    assert seen.sources() == []


def test_a_participant_is_told_its_own_counters() -> None:
    seen = picture()
    feed(seen, ADSB, report(lat=4_330.0, lon=7.0), report("zz"))
    assert seen.counters(BERT) == {}
    told = seen.counters(ANNA)["adsb/broadcast"]
    assert (told["accepted"], told["rejected"]) == (0, {"bad_address": 1, "latitude_out_of_range": 1})


def test_levels_are_a_closed_set() -> None:
    seen = picture()
    feed(seen, ADSB, report(lat=46.0, lon=7.0))
    seen.tick(at(1))
    assert len(seen.frame(BERT, [(ADSB, Level.POSITION)])) == 1
    for word in ("none", "all", Level.VOLUME):
        with pytest.raises(InvalidInput, match="level"):
            seen.frame(BERT, [(ADSB, word)])
    with pytest.raises(InvalidInput, match="one level"):
        seen.frame(BERT, [(ADSB, "position"), (ADSB, "identity")])


def test_own_track_numbers_of_two_feeds_are_not_joined() -> None:
    seen = picture()
    second = SourceKey(ANNA, "radar-2", Provenance.SENSED)
    feed(seen, RADAR, report("~7", lat=46.0, lon=7.0))
    feed(seen, second, report("~7", lat=48.0, lon=7.0))
    seen.tick(at(1))
    views = seen.frame(ANNA, [(RADAR, "own"), (second, "own")]).views()
    assert sorted(view.lat for view in views) == [46.0, 48.0]
    assert all(view.sources == 1 and len(view.id) == 26 for view in views)
