"""What is believed of one source: ranges, clocks, jumps, floods. Each verdict by its name."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.errors import InvalidInput
from comity.model.altitude import Altitude, Datum
from comity.model.batch import from_reports
from comity.model.intake import SourceKey
from comity.picture.picture import Picture
from comity.picture.settings import PictureSettings
from tests.picture.making import BERT, SOURCES, at, feed, picture, report

ADSB, OTHERS, OWN, RADAR, CARLS = SOURCES


def shown(of: Picture, source: SourceKey = ADSB, level: str = "broadcast") -> dict[str, tuple[float, float]]:
    return {view.id: (view.lat, view.lon) for view in of.frame(BERT, [(source, level)]).views()}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"lat": 4330.0, "lon": 7.0}, "latitude_out_of_range"),
        ({"lat": -90.001, "lon": 7.0}, "latitude_out_of_range"),
        ({"lat": 46.0, "lon": 180.001}, "longitude_out_of_range"),
        ({"lat": 0.0, "lon": 0.0}, "zero_position"),
        ({"altitude": Altitude(45_001.0, Datum.MSL)}, "impossible_altitude"),
        ({"ground_speed_mps": 1_031.0}, "impossible_speed"),
        ({"ground_speed_mps": -1.0}, "impossible_speed"),
        ({"vertical_rate_mps": -201.0}, "impossible_vertical_rate"),
        ({"track_deg": 361.0}, "track_out_of_range"),
        ({"accuracy_m": -1.0}, "impossible_accuracy"),
        ({"squawk": "7800"}, "bad_squawk"),
        ({"squawk": ""}, "bad_squawk"),
        ({"callsign": "a<b"}, "bad_callsign"),
        ({"address": "XYZ"}, "bad_address"),
        ({"address": "~"}, "bad_address"),
        ({"address": "FFFFFF"}, "bad_address"),
        ({"seconds": 10.5}, "from_the_future"),
        ({"seconds": -60.5}, "too_old"),
        ({"seconds": 3_600.0}, "from_the_future"),
    ],
)
def test_each_rejection_has_its_name_and_changes_nothing(fields: dict[str, object], reason: str) -> None:
    seen = picture()
    whole: dict[str, object] = {"lat": 46.0, "lon": 7.0, "callsign": "KLM1"}
    assert feed(seen, ADSB, report(**(whole | fields))) == {reason: 1}  # type: ignore[arg-type]  # any field
    seen.tick(at(1))
    assert shown(seen) == {}


@pytest.mark.parametrize(("lat", "lon"), [(90.0, 180.0), (-90.0, -180.0), (0.0, 1e-6)])
def test_the_edges_of_the_earth_are_on_it(lat: float, lon: float) -> None:
    assert feed(picture(), ADSB, report(lat=lat, lon=lon)) == {}


def test_infinite_numbers_from_a_decoder_are_rejected() -> None:
    batch = from_reports([report(lat=46.0, lon=7.0) for _ in range(5)])
    batch.lat[0] = float("inf")
    batch.lon[1] = float("nan")
    batch.altitude_m[2] = float("-inf")
    batch.ground_speed_mps[3] = float("inf")
    batch.accuracy_m[4] = float("inf")
    intake = picture().ingest(ADSB, batch, received_at=at(0))
    assert (intake.accepted, intake.rejected) == (
        0,
        {
            "impossible_accuracy": 1,
            "impossible_altitude": 1,
            "impossible_speed": 1,
            "latitude_out_of_range": 1,
            "malformed": 1,
        },
    )


def test_a_jump_is_rejected_and_the_track_stays() -> None:
    seen = picture()
    feed(seen, ADSB, report(lat=46.0, lon=7.0))
    assert feed(seen, ADSB, report(seconds=1.0, lat=48.0, lon=7.0), seconds=1.0) == {"impossible_jump": 1}
    seen.tick(at(1))
    assert shown(seen) == {"4CA7B5": (46.0, 7.0)}


def test_jumps_that_fit_each_other_move_the_track() -> None:
    seen = picture()
    feed(seen, ADSB, report(lat=46.0, lon=7.0))
    for second, expected in ((1.0, {"impossible_jump": 1}), (2.0, {"impossible_jump": 1}), (3.0, {})):
        one = report(seconds=second, lat=48.0 + second / 1_000, lon=7.0)
        assert feed(seen, ADSB, one, seconds=second) == expected
    seen.tick(at(4))
    assert shown(seen) == {"4CA7B5": (48.003, 7.0)}


def test_jumps_that_do_not_fit_each_other_never_move_it() -> None:
    seen = picture()
    feed(seen, ADSB, report(lat=46.0, lon=7.0))
    wild = [report(seconds=1.0 + n, lat=50.0 + 5 * (n % 2), lon=7.0) for n in range(9)]
    assert feed(seen, ADSB, *wild, seconds=10.0) == {"impossible_jump": 9}


def test_a_good_position_between_forgets_the_jumps() -> None:
    seen = picture()
    feed(seen, ADSB, report(lat=46.0, lon=7.0))
    for second, lat in ((1.0, 48.0), (2.0, 48.0), (3.0, 46.0), (4.0, 48.0), (5.0, 48.0)):
        rejected = feed(seen, ADSB, report(seconds=second, lat=lat, lon=7.0), seconds=second)
        assert rejected == ({} if lat == 46.0 else {"impossible_jump": 1})


def test_duplicates_and_late_ones_are_named() -> None:
    seen = picture()
    one = report(seconds=5.0, lat=46.0, lon=7.0)
    late = report(seconds=4.0, lat=46.0, lon=7.0)
    assert feed(seen, ADSB, one, one, late, seconds=5.0) == {"duplicate": 1, "out_of_order": 1}


def test_a_repeated_place_of_a_moving_aircraft_makes_nothing_fresh() -> None:
    """Seen in a real receiver's log: the last position again and again, then a leap to the true one."""
    seen = picture()
    feed(seen, ADSB, report(lat=46.0, lon=7.0, ground_speed_mps=230.0, track_deg=0.0))
    for second in (1.0, 9.0):
        again = report(seconds=second, lat=46.0, lon=7.0, ground_speed_mps=230.0, track_deg=0.0)
        assert feed(seen, ADSB, again, seconds=second) == {"duplicate": 1}
    assert feed(seen, ADSB, report(seconds=10.0, lat=46.02, lon=7.0), seconds=10.0) == {}
    seen.tick(at(20.0))
    (view,) = seen.frame(BERT, [(ADSB, "broadcast")]).views()
    assert view.age_s == 10.0


@pytest.mark.parametrize("speed_mps", [None, 0.0, 5.0])
def test_an_aircraft_may_stand_still(speed_mps: float | None) -> None:
    seen = picture()
    for second in (0.0, 1.0, 10.0):
        here = report(seconds=second, lat=46.0, lon=7.0, ground_speed_mps=speed_mps)
        assert feed(seen, ADSB, here, seconds=second) == {}


def test_sources_are_not_compared_with_each_other() -> None:
    seen = picture()
    feed(seen, ADSB, report(lat=46.0, lon=7.0))
    assert feed(seen, OTHERS, report(lat=-33.0, lon=151.0)) == {}
    assert feed(seen, SourceKey(*ADSB[:1], "second", ADSB[2]), report(lat=60.0, lon=7.0)) == {}


def test_a_clock_an_hour_off_at_one_source_harms_only_itself() -> None:
    seen = picture()
    assert feed(seen, ADSB, report(seconds=-3_600.0, lat=46.0, lon=7.0)) == {"too_old": 1}
    assert feed(seen, OTHERS, report(lat=46.0, lon=7.0)) == {}
    seen.tick(at(1))
    assert shown(seen) == {}
    assert set(shown(seen, OTHERS)) == {"4CA7B5"}


def test_disagreeing_times_are_counted_and_widen_accuracy() -> None:
    seen = picture()
    feed(
        seen,
        ADSB,
        report("000001", lat=46.0, lon=7.0, accuracy_m=50.0),
        report("000002", -1.5, lat=46.0, lon=7.0, accuracy_m=50.0, ground_speed_mps=100.0),
        report("000003", -7.0, lat=46.0, lon=7.0, accuracy_m=50.0, ground_speed_mps=100.0),
        report("000004", +7.0, lat=46.0, lon=7.0, accuracy_m=50.0, ground_speed_mps=100.0),
        report("000005", -7.0, lat=46.0, lon=7.0),
    )
    seen.tick(at(0))
    views = seen.frame(BERT, [(ADSB, "broadcast")]).views()
    assert [round(view.accuracy_m) for view in views] == [51, 51, 551, 551, 1_436]
    assert [view.age_s for view in views] == [0.0, 1.5, 7.0, 0.0, 7.0]
    told = seen.counters(ADSB.participant)["adsb/broadcast"]
    assert (told["time_disagreements"], told["time_offset_s"]) == (3, 1.5)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_one_batch_or_many_give_the_same_verdicts(data: st.DataObject) -> None:
    """The vectorised way and the one-by-one way agree: a batch of one position takes either."""
    places = st.sampled_from([46.0, 46.001, 46.005, 48.0, 48.001, 60.0])
    moves = data.draw(st.lists(st.tuples(st.sampled_from("12"), places, st.integers(0, 6)), max_size=25))
    rows = [report(f"00000{name}", second, lat=lat, lon=7.0) for name, lat, second in moves]
    at_once, singly = picture(), picture()
    together = feed(at_once, ADSB, *rows, seconds=6.0)
    apart: dict[str, int] = {}
    for row in rows:
        for reason, count in feed(singly, ADSB, row, seconds=6.0).items():
            apart[reason] = apart.get(reason, 0) + count
    assert together == apart
    at_once.tick(at(7))
    singly.tick(at(7))
    assert shown(at_once) == shown(singly)


def test_a_source_is_bounded_and_evicts_nobody() -> None:
    seen = picture(max_tracks_per_source=100)
    feed(seen, OTHERS, report("ABCDEF", lat=46.0, lon=7.0))
    flood = [report(f"{n:06X}", lat=46.0, lon=7.0) for n in range(1, 1_001)]
    assert feed(seen, ADSB, *flood) == {"too_many_tracks": 900}
    assert feed(seen, OTHERS, report("ABCDEE", lat=46.0, lon=7.0)) == {}
    assert feed(seen, ADSB, report("000001", 1.0, lat=46.0, lon=7.0), seconds=1.0) == {}
    seen.tick(at(1))
    assert set(shown(seen, OTHERS)) == {"ABCDEF", "ABCDEE"}
    assert len(shown(seen)) == 100


def test_room_comes_back_when_tracks_expire() -> None:
    seen = picture(max_tracks_per_source=2)
    feed(seen, ADSB, report("000001", lat=46.0, lon=7.0, callsign="OLD"), report("000002", lat=46.0, lon=7.0))
    seen.tick(at(61))
    assert feed(seen, ADSB, report("000003", 61.0, lat=-46.0, lon=7.0), seconds=61.0) == {}
    seen.tick(at(62))
    (view,) = seen.frame(BERT, [(ADSB, "broadcast")]).views()
    assert (view.id, view.callsign, view.lat) == ("000003", None, -46.0)


def test_a_participants_tracks_are_bounded_over_its_feeds() -> None:
    seen = picture(max_tracks_per_participant=3)
    feed(seen, OWN, report("000001", lat=46.0, lon=7.0), report("000002", lat=46.0, lon=7.0))
    more = [report("000001", lat=46.0, lon=7.0), report("000002", lat=46.0, lon=7.0)]
    assert feed(seen, RADAR, *more) == {"too_many_tracks": 1}
    assert feed(seen, CARLS, *more) == {}
    seen.tick(at(61))
    assert feed(seen, RADAR, *[report(f"00000{n}", 61.0) for n in (3, 4, 5, 6)], seconds=61.0) == {
        "too_many_tracks": 1
    }


@pytest.mark.parametrize("name", ["", "x" * 61, "a\nb"])
def test_a_feed_has_a_name_that_can_be_shown(name: str) -> None:
    with pytest.raises(InvalidInput, match="feed"):
        feed(picture(), SourceKey(BERT, name, OWN.provenance), report())


def test_feeds_per_participant_are_bounded() -> None:
    seen = picture(max_feeds_per_participant=2)
    for name in ("one", "two"):
        assert feed(seen, SourceKey(BERT, name, OWN.provenance), report()) == {}
    assert feed(seen, SourceKey(BERT, "three", OWN.provenance), report()) == {"too_many_feeds": 1}
    assert feed(seen, OWN, report()) == {}
    assert seen.counters(BERT)[""]["rejected"] == {"too_many_feeds": 1}


def test_settings_are_checked() -> None:
    with pytest.raises(InvalidInput, match="stale_after_s"):
        PictureSettings(stale_after_s=61.0)
    with pytest.raises(InvalidInput, match="max_age_s"):
        PictureSettings(max_age_s=0.0)
