"""The binary form says what the JSON form says, within its rounding; never younger nor more accurate."""

from __future__ import annotations

import math
import os
from typing import Any, Final

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import comity.wire.packed
from comity.clock import micros
from comity.model.altitude import Altitude, Datum
from comity.model.released import TrackView, TrackWords
from comity.picture import encoded
from comity.picture.frame import TrackDelta
from comity.picture.packed import records
from comity.picture.picture import Picture
from comity.picture.rows import ROW, changes
from tests.picture.making import ANNA, BERT, CARL, SOURCES, START, at, feed, picture, report, reports
from tests.picture.test_picture_reference import raised_tracks, released_sources

EXAMPLES = int(os.environ.get("COMITY_EXAMPLES", "40"))
ADSB, _, OWN, RADAR, _ = SOURCES
NOW_US = micros(START)

HEADER: Final = np.dtype("S4, u1, u1, <u2, <u4, <u4, <i8, <i8")
RECORD: Final = np.dtype("<u4, <i4, <i4, <i4, <u2, <u2, <i2, <u2, <u2, <u2, <u4")
"""Written here again, by place and not by name, so that a field that moved is seen."""


def decode(data: bytes) -> tuple[bool, int, dict[int, dict[str, Any]]]:
    """kind, time and what each number's record says, unknown as None."""
    magic, version, kind, size, count, zero, as_of_us, also_zero = np.frombuffer(data, HEADER, 1)[0].tolist()
    assert (magic, version, size, zero, also_zero) == (b"CMTY", 1, 32, 0, 0)
    found = np.frombuffer(data, RECORD, offset=32)
    assert len(found) == count
    assert len(data) == 32 + 32 * count
    told = {}
    for number, lat, lon, height, speed, track, rate, age, accuracy, flags, reserved in found.tolist():
        assert (number not in told, reserved) == (True, 0)
        told[number] = {
            "lat": lat / 1e7,
            "lon": lon / 1e7,
            "altitude_m": None if height == -(2**31) else height / 100,
            "ground_speed_mps": None if speed == 65_535 else speed / 10,
            "track_deg": None if track == 65_535 else track / 100,
            "vertical_rate_mps": None if rate == -(2**15) else rate / 100,
            "age_s": age / 10,
            "accuracy_m": float(accuracy),
            "stale": bool(flags & 1),
            "on_ground": bool(flags & 2),
        }
    by_struct = comity.wire.packed.decode(data)
    assert (by_struct.whole, by_struct.as_of_us) == (bool(kind), as_of_us)
    assert {one.number: one._asdict() for one in by_struct.moved} == {
        number: {"number": number} | record for number, record in told.items()
    }
    return bool(kind), as_of_us, told


class Client:
    """What a reader of the binary form holds."""

    def __init__(self) -> None:
        self.words: dict[str, TrackWords] = {}
        self.moves: dict[int, tuple[int, dict[str, Any]]] = {}

    def take(self, delta: TrackDelta, *, whole: bool) -> None:
        kind, as_of_us, told = decode(delta.packed)
        assert (kind, as_of_us) == (whole, micros(delta.as_of))
        if whole:
            self.words, self.moves = {}, {}
        for name in delta.gone:
            del self.moves[self.words.pop(name).number]
        for words in msgspec.json.decode(delta.words_json, type=list[TrackWords]):
            assert all(held.id == words.id for held in self.words.values() if held.number == words.number)
            self.words[words.id] = words
        for number, moved in told.items():
            assert any(words.number == number for words in self.words.values())
            self.moves[number] = as_of_us, moved

    def view(self, name: str, now_us: int) -> TrackView:
        words = self.words[name]
        told_us, moved = self.moves[words.number]
        known = {field: getattr(words, field) for field in words.__struct_fields__ if field != "number"}
        known |= {field: moved[field] for field in moved if field not in ("stale", "on_ground")}
        known["age_s"] += (now_us - told_us) / 1e6
        if told_us == now_us:
            assert (moved["stale"], moved["on_ground"]) == (words.stale, bool(words.on_ground))
        return TrackView(**known)


ROUNDING: Final = {
    "lat": 6e-7,
    "lon": 6e-7,
    "altitude_m": 0.011,
    "ground_speed_mps": 1e-9,
    "track_deg": 0.056,
    "vertical_rate_mps": 0.011,
    "age_s": 0.1 + 1e-6,
}
"""The JSON form's own rounding and the record's."""


def twins(seen: TrackView, meant: TrackView) -> None:
    for name in TrackView.__struct_fields__:
        a, b = getattr(seen, name), getattr(meant, name)
        if name in ROUNDING and b is not None:
            assert math.isclose(a, b, rel_tol=0.0, abs_tol=ROUNDING[name]), (name, a, b)
        else:
            assert a == b, (name, a, b)


@given(st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_the_binary_form_is_the_json_forms_twin(data: st.DataObject) -> None:
    seen = picture(kept_frames=2)
    client = Client()
    stamp: int | None = None
    second = 0.0
    for _ in range(data.draw(st.integers(1, 6))):
        for _ in range(data.draw(st.integers(0, 4))):
            second += data.draw(st.sampled_from([0.0, 0.5, 1.0]))
            feed(
                seen,
                data.draw(st.sampled_from(SOURCES)),
                *data.draw(st.lists(reports(second), max_size=8)),
                seconds=second,
            )
        second += data.draw(st.sampled_from([1.0, 10.0, 70.0]))
        seen.tick(at(second))
        released, raised = data.draw(released_sources), data.draw(raised_tracks)
        frame = seen.frame(BERT, released, raised)
        delta = seen.delta(BERT, released, stamp, raised)
        client.take(delta, whole=delta.reset)
        assert sorted(client.words) == sorted(frame.ids())
        for view in frame.views():
            twins(client.view(view.id, micros(at(second))), view)
        fresh = Client()
        fresh.take(TrackDelta(0, frame.as_of, True, frame.since(None)), whole=True)
        assert fresh.words == client.words
        changed = msgspec.json.decode(delta.changed_json, type=list[TrackView])
        words = msgspec.json.decode(delta.words_json, type=list[TrackWords])
        assert [view.id for view in changed if view.id in {one.id for one in words}] == [
            one.id for one in words
        ]
        stamp = data.draw(st.sampled_from([delta.stamp, delta.stamp, delta.stamp, None]))


beyond = st.floats(-1e12, 1e12) | st.just(math.nan)
"""Further than a believed report can say."""


@given(
    lat=st.floats(-90.0, 90.0),
    lon=st.floats(-180.0, 180.0),
    age_us=st.integers(-(10**7), 10**12),
    accuracy_m=st.floats(0.0, 2e6),
    height_m=beyond,
    speed_mps=st.floats(0.0, 1e9) | st.just(math.nan),
    track_deg=st.floats(0.0, 360.0) | st.just(math.nan),
    rate_mps=beyond,
)
@example(90.0, -180.0, 99_999, 65_534.9, 1e12, 6_553.45, 360.0, -1e12)
@example(-90.0, 180.0, 100_000, 65_534.95, -1e12, 6_553.5, 359.996, 327.68)
@settings(max_examples=500)
def test_rounding_never_understates(
    lat: float,
    lon: float,
    age_us: int,
    accuracy_m: float,
    height_m: float,
    speed_mps: float,
    track_deg: float,
    rate_mps: float,
) -> None:
    row = np.zeros(1, ROW)
    values = (lat, lon, accuracy_m, height_m, speed_mps, track_deg, rate_mps)
    names = ("lat", "lon", "accuracy_m", "altitude_m", "ground_speed_mps", "track_deg", "vertical_rate_mps")
    for name, value in zip(names, values, strict=True):
        row[name] = value
    row["observed_us"] = NOW_US - age_us
    (one,) = records(row, np.array([7]), now_us=NOW_US)
    moved_m = 111_700.0 * math.hypot(one["lat"] / 1e7 - lat, one["lon"] / 1e7 - lon)
    for told, true in ((one["age"] / 10, age_us / 1e6), (float(one["accuracy"]), accuracy_m + moved_m)):
        assert told >= true - 1e-9 or told >= 6_553.5
    assert one["age"] == 65_535 or one["age"] / 10 - max(age_us, 0) / 1e6 < 0.1 + 1e-9
    assert one["accuracy"] == 65_535 or one["accuracy"] - accuracy_m <= 1.1 + 1e-9
    assert moved_m < 0.02
    assert abs(int(one["lat"]) - lat * 1e7) <= 0.5 + 1e-6
    assert abs(int(one["lon"]) - lon * 1e7) <= 0.5 + 1e-6
    for field, value, unit, unknown, most in (
        ("height", height_m, 100.0, -(2**31), 2**31 - 1),
        ("ground_speed", speed_mps, 10.0, 65_535, 65_534),
        ("track", track_deg, 100.0, 65_535, 65_534),
        ("vertical_rate", rate_mps, 100.0, -(2**15), 2**15 - 1),
    ):
        if math.isnan(value):
            assert one[field] == unknown
        else:
            assert one[field] != unknown
            assert abs(int(one[field]) - min(max(value * unit, -most), most)) <= 0.5


def test_one_message_byte_by_byte() -> None:
    seen = picture()
    seen_at = report(
        "4CA7B5",
        lat=46.1234567,
        lon=-7.7654321,
        altitude=Altitude(-12.34, Datum.MSL),
        ground_speed_mps=101.26,
        track_deg=92.4,
        vertical_rate_mps=-5.31,
        on_ground=True,
        accuracy_m=20.0,
        squawk="7700",
        callsign="KLM1",
    )
    feed(seen, ADSB, seen_at)
    seen.tick(at(1.25))
    frame = seen.frame(BERT, [(ADSB, "broadcast")])
    assert frame.packed.hex(" ", 4) == (
        "434d5459 01012000 01000000 00000000 "
        + (NOW_US + 1_250_000).to_bytes(8, "little").hex(" ", 4)
        + " 00000000 00000000 "
        + "b5a74c00 87e17d1b cf165ffb 2efbffff "
        + "f5031824 edfd0d00 15000200 00000000"
    )
    assert frame.words_json == (
        b'[{"number":5023669,"id":"4CA7B5","source":"broadcast","level":"broadcast","callsign":"KLM1",'
        b'"squawk":"7700","emergency":"emergency","altitude_datum":"MSL","on_ground":true}]'
    )


# --- what is a change of what


def after(seen: Picture, before: TrackDelta, *changed: Any, seconds: float) -> tuple[list[str], int]:
    """Ids whose words are told again, and how many records are."""
    feed(seen, ADSB, *changed, seconds=seconds)
    seen.tick(at(seconds))
    delta = seen.delta(BERT, [(ADSB, "broadcast")], before.stamp)
    words = msgspec.json.decode(delta.words_json, type=list[TrackWords])
    return [one.id for one in words], len(decode(delta.packed)[2])


def test_words_and_moves_are_told_apart() -> None:
    seen = picture(kept_frames=9)
    feed(seen, ADSB, report("000001", lat=46.0, lon=7.0), report("000002", lat=46.0, lon=7.0))
    seen.tick(at(1))
    first = seen.delta(BERT, [(ADSB, "broadcast")], None)
    assert after(seen, first, seconds=1.5) == ([], 0)
    assert after(seen, first, report("000001", 2.0, lat=46.001, lon=7.0), seconds=2.0) == ([], 1)
    assert after(seen, first, report("000002", 2.0, callsign="KLM1"), seconds=2.5) == (["000002"], 1)
    new = report("000003", 3.0, lat=46.0, lon=7.0)
    assert after(seen, first, new, seconds=3.0) == (["000002", "000003"], 2)
    last = seen.delta(BERT, [(ADSB, "broadcast")], None)
    assert after(seen, last, seconds=15.1) == (["000002"], 0)


# --- numbers of tracks under references


def numbered(seen: Picture, released: list[tuple[Any, str]], reader: Any = BERT) -> dict[str, int]:
    frame = seen.frame(reader, released)
    return {one.id: one.number for one in msgspec.json.decode(frame.words_json, type=list[TrackWords])}


def test_numbers_stay_and_are_not_given_twice() -> None:
    seen = picture()
    both = [(OWN, "identity"), (RADAR, "position")]
    feed(seen, RADAR, *(report(f"~{k}", lat=46.0, lon=7.0 + k) for k in range(3)))
    seen.tick(at(1))
    first = numbered(seen, both)
    assert list(first.values()) == [2**24, 2**24 + 1, 2**24 + 2]
    assert list(first) == sorted(first)
    seen.delta(BERT, both, None)
    feed(seen, OWN, *(report(f"~{k}", 2.0, lat=46.0, lon=7.0 + k) for k in range(2)), seconds=2.0)
    seen.tick(at(2))
    second = numbered(seen, both)
    assert second.items() > first.items()
    added = {name: number for name, number in second.items() if name not in first}
    assert added == dict(zip(sorted(added), (2**24 + 3, 2**24 + 4), strict=True))
    assert numbered(seen, both, CARL).keys().isdisjoint(second)
    assert set(numbered(seen, both, CARL).values()) == set(second.values())


def test_numbers_of_what_has_left_are_forgotten_and_never_used_again() -> None:
    seen = picture(kept_frames=1)
    released = [(RADAR, "position")]
    given_: set[int] = set()
    stays: set[int] = set()
    for second in range(0, 3_600, 35):
        passing, resident = (
            report(f"~{second}", second, lat=46.0, lon=7.0),
            report("~r", second, lat=47.0, lon=7),
        )
        feed(seen, RADAR, passing, resident, seconds=second)
        seen.tick(at(second))
        seen.delta(BERT, released, None)
        now = numbered(seen, released)
        assert now[seen.reference(BERT, RADAR, f"~{second}")] not in given_
        given_.update(now.values())
        stays.add(now[seen.reference(BERT, RADAR, "~r")])
    assert len(stays) == 1
    assert len(given_) == 104
    assert len(seen._given[BERT].numbers._known) <= 8


def test_numbers_that_are_used_up_begin_anew_with_a_whole_picture() -> None:
    seen = picture()
    feed(seen, RADAR, report("~1", lat=46.0, lon=7.0))
    seen.tick(at(1))
    stamp = seen.delta(BERT, [(RADAR, "position")], None).stamp
    numbered(seen, [(RADAR, "position")])
    seen._given[BERT].numbers._next = 2**32 - 2**24
    seen.tick(at(2))
    delta = seen.delta(BERT, [(RADAR, "position")], stamp)
    assert delta.reset
    assert list(decode(delta.packed)[2]) == [2**24]


def test_what_others_ask_for_does_not_number_ones_tracks() -> None:
    worlds = picture(), picture()
    for world in worlds:
        feed(world, RADAR, *(report(f"~{k}", lat=46.0, lon=7.0 + k) for k in range(3)))
        world.tick(at(1))
    worlds[0].frame(BERT, [(RADAR, "position")], [(OWN, "~1", "position")]).views()
    numbered(worlds[0], [(RADAR, "identity")], CARL)
    raised = [(RADAR, "~2", "identity")]
    assert worlds[0].frame(BERT, [], raised).packed == worlds[1].frame(BERT, [], raised).packed
    assert numbered(worlds[0], [(RADAR, "position")]) == numbered(worlds[1], [(RADAR, "position")])


# --- each form once, and only where it is asked for


def test_readers_of_one_view_share_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = picture()
    released = [(ADSB, "broadcast"), (RADAR, "position"), (OWN, "identity")]
    packings: list[int] = []
    comparisons: list[int] = []

    def compared(before: Any, after: Any) -> Any:
        comparisons.append(len(after))
        return changes(before, after)

    monkeypatch.setattr(encoded, "changes", compared)

    def counted(rows: Any, *rest: Any, **options: Any) -> Any:
        packings.append(len(rows))
        return records(rows, *rest, **options)

    monkeypatch.setattr(encoded, "records", counted)
    stamps: dict[str, int | None] = {BERT: None, CARL: None}
    for second in (1, 2):
        for source in (ADSB, RADAR, OWN):
            feed(seen, source, report("4CA7B5", second, lat=46.0 + second / 1e3, lon=7.0), seconds=second)
            feed(seen, source, report("~7", second, lat=46.0 + second / 1e3, lon=7.0), seconds=second)
        seen.tick(at(second))
        packings.clear()
        for reader in (BERT, CARL):
            delta = seen.delta(reader, released, stamps[reader])
            again = seen.delta(reader, released, stamps[reader])
            assert delta.packed is again.packed
            assert delta.words_json is again.words_json
            assert len(decode(delta.packed)[2]) == 5
            stamps[reader] = delta.stamp
    assert comparisons == [1, 4, 4], "by address once for both readers"
    assert len(packings) == 2 + 2, (
        "broadcast and what is laid over it once, what is under references for each"
    )


def test_nobody_pays_for_the_other_form(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = picture()
    feed(seen, RADAR, report(lat=46.0, lon=7.0), report("~7", lat=46.0, lon=7.0))
    released = [(RADAR, "identity")]
    calls: list[str] = []
    for name in ("views", "words", "records"):
        made = getattr(encoded, name)

        def noted(*given_: Any, name: str = name, made: Any = made, **options: Any) -> Any:
            calls.append(name)
            return made(*given_, **options)

        monkeypatch.setattr(encoded, name, noted)
    seen.tick(at(1))
    delta = seen.delta(ANNA, released, None)
    assert calls == []
    assert len(delta.changed_json) > 2
    assert set(calls) == {"views"}
    calls.clear()
    assert len(delta.packed) + len(delta.words_json) > 34
    assert set(calls) == {"words", "records"}
