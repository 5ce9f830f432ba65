"""The binary form gives the objects that the JSON form gives, as far as its records are fine; and what
does not fit together is refused. The messages are written by the map's tests' own encoder."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.client.answers import Bye, Hello, Snapshot, Tick
from comity.client.packed import Unpacker
from comity.errors import ComityError
from comity.model.intent import AircraftCategory
from comity.model.released import TrackView
from comity.wire.packed import FIRST_REFERENCE
from tests.browser.packed import Numbers, packed, words
from tests.world import START

IDS = ("000001", "4B1814", "FFFFFF", "t-one", "t-two")
MOTION: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    lat=st.integers(-900_000_000, 900_000_000).map(lambda n: n / 1e7),
    lon=st.integers(-1_800_000_000, 1_800_000_000).map(lambda n: n / 1e7),
    age_s=st.integers(0, 6_000).map(lambda n: n / 10),
    accuracy_m=st.integers(0, 60_000).map(float),
    altitude_m=st.none() | st.integers(-50_000, 2_000_000).map(lambda n: n / 100),
    ground_speed_mps=st.none() | st.integers(0, 6_000).map(lambda n: n / 10),
    track_deg=st.none() | st.integers(0, 35_999).map(lambda n: n / 100),
    vertical_rate_mps=st.none() | st.integers(-30_000, 30_000).map(lambda n: n / 100),
    stale=st.booleans(),
)
WORDS: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    source=st.sampled_from(["own", "broadcast", "sensed"]),
    level=st.sampled_from(["own", "broadcast", "position", "identity"]),
    altitude_datum=st.sampled_from([None, "W84"]),
    on_ground=st.sampled_from([None, True, False]),
    callsign=st.sampled_from([None, "REGA1"]),
    squawk=st.sampled_from([None, "7700"]),
    emergency=st.sampled_from([None, "emergency"]),
    category=st.sampled_from([None, AircraftCategory.GLIDER]),
    sources=st.integers(1, 4),
)
TRACK = st.builds(lambda motion, words: motion | words, MOTION, WORDS)
PICTURES = st.lists(st.dictionaries(st.sampled_from(IDS), TRACK, max_size=5), min_size=1, max_size=6)


class Sender:
    """What an exchange would send of a sequence of pictures, in both forms."""

    def __init__(self) -> None:
        self.numbers = Numbers()
        self.before: dict[str, TrackView] = {}

    def send(
        self, number: int, picture: dict[str, dict[str, Any]]
    ) -> tuple[dict[str, Any], list[str | bytes]]:
        as_of = START + timedelta(seconds=number)
        ordered = sorted(picture, key=lambda id_: (len(id_) != 6, id_))
        now = {id_: TrackView(id=id_, **picture[id_]) for id_ in ordered}
        changed = [view for id_, view in now.items() if self.before.get(id_) != view]
        fresh = [told for view in changed if (told := words(view, self.numbers)) != self._told(view.id)]
        frame = {"as_of": as_of, "cursor": str(number), "swept_at": as_of, "late_s": 0.0}
        if number == 0:
            frame |= {"type": "snapshot", "items": [], "reason": "start"}
        else:
            frame |= {"type": "tick", "changes": [], "gone": sorted(self.before.keys() - now.keys())}
        self.before = now
        follows = number == 0 or bool(changed)
        text = msgspec.json.encode(frame | {"tracks": fresh} | ({"binary": True} if follows else {})).decode()
        records = [packed(changed, as_of, self.numbers, whole=number == 0)] if follows else []
        return frame | {"tracks": changed}, [text, *records]

    def _told(self, id_: str) -> dict[str, Any] | None:
        view = self.before.get(id_)
        return None if view is None else words(view, self.numbers)


@given(PICTURES)
def test_both_forms_give_the_same_objects(pictures: list[dict[str, dict[str, Any]]]) -> None:
    sender, unpacker = Sender(), Unpacker()
    for number, picture in enumerate(pictures):
        frame, messages = sender.send(number, picture)
        *held, whole = [unpacker.take(message) for message in messages]
        assert held == [None] * (len(messages) - 1)
        kind = Snapshot if number == 0 else Tick
        twin = msgspec.json.decode(msgspec.json.encode(frame), type=kind)
        assert whole == twin


def test_words_that_change_while_a_track_stands_still_bring_its_last_place() -> None:
    sender, unpacker = Sender(), Unpacker()
    track = {"lat": 47.0, "lon": 11.0, "age_s": 0.4, "accuracy_m": 25.0, "source": "own", "level": "own"}
    for message in sender.send(0, {"4B1814": track})[1]:
        first = unpacker.take(message)
    assert isinstance(first, Snapshot)
    words_only = {
        "type": "tick",
        "as_of": START + timedelta(seconds=2),
        "cursor": "1",
        "swept_at": START,
        "late_s": 0.0,
        "tracks": [
            {"number": 0x4B1814, "id": "4B1814", "source": "own", "level": "own", "callsign": "REGA1"}
        ],
    }
    tick = unpacker.take(msgspec.json.encode(words_only).decode())
    assert isinstance(tick, Tick)
    assert tick.tracks == (msgspec.structs.replace(first.tracks[0], callsign="REGA1", age_s=2.4),)


def test_hello_and_bye_are_as_they_are() -> None:
    unpacker = Unpacker()
    hello = '{"type":"hello","participant":{"id":"north","name":"North"},"as_of":"2026-06-01T08:00:00Z"}'
    assert isinstance(unpacker.take(hello), Hello)
    assert unpacker.take('{"type":"bye","reason":"stopping"}') == Bye("stopping")


def test_messages_that_do_not_fit_together_are_refused() -> None:
    track = {"lat": 47.0, "lon": 11.0, "age_s": 0.4, "accuracy_m": 25.0, "source": "own", "level": "own"}
    text, records = Sender().send(0, {"4B1814": track})[1]
    assert isinstance(records, bytes)
    refusals: list[tuple[str, str | bytes | None, str | bytes]] = [
        ("came without its text", None, records),
        ("not followed by its packed message", text, text),
        ("cannot read: a packed message must begin", text, b"XXXX" + records[4:]),
        ("never named", text, records.replace(b"\x14\x18\x4b", b"\x15\x18\x4b")),
        ("place was never told", text, packed([], START, Numbers(), whole=True)),
        ("a frame that this version", None, "{}"),
    ]
    for said, first, second in refusals:
        unpacker = Unpacker()
        assert first is None or unpacker.take(first) is None
        with pytest.raises(ComityError, match=said):
            unpacker.take(second)


def test_references_have_numbers_above_all_addresses() -> None:
    assert Numbers().of("t-one") == FIRST_REFERENCE
