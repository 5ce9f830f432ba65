"""Frames of the binary form made into the same objects as those of the JSON form.

The text of a frame names tracks by number where their words are new or changed; the binary message after it
says where they are. So one has to remember, for as long as a connection lasts, what each number stands for.
A track whose words changed while it stood still gets its last known place, and an age that has grown since.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final

import msgspec

from comity.client.answers import Bye, Frame, Hello, Snapshot, Tick
from comity.clock import micros
from comity.errors import ComityError, InvalidInput
from comity.model.alert import Alert
from comity.model.released import Change, ReleasedItem, TrackView, TrackWords
from comity.wire.packed import Message, Moved, decode


class _Snapshot(msgspec.Struct, frozen=True, tag_field="type", tag="snapshot"):
    as_of: datetime
    cursor: str
    items: tuple[ReleasedItem, ...]
    tracks: tuple[TrackWords, ...]
    reason: str
    swept_at: datetime
    late_s: float
    alerts: tuple[Alert, ...] = ()
    more: bool = False
    binary: bool = False


class _Tick(msgspec.Struct, frozen=True, tag_field="type", tag="tick"):
    as_of: datetime
    cursor: str
    swept_at: datetime
    late_s: float
    changes: tuple[Change, ...] = ()
    tracks: tuple[TrackWords, ...] = ()
    gone: tuple[str, ...] = ()
    alerts: tuple[Alert, ...] = ()
    alerts_gone: tuple[str, ...] = ()
    all_tracks: bool = False
    all_alerts: bool = False
    more: bool = False
    binary: bool = False


_Text = Hello | _Snapshot | _Tick | Bye
_DECODER: Final = msgspec.json.Decoder(_Text)


class Unpacker:
    """One connection's. Give it each message in turn; it gives a frame whenever one is whole."""

    def __init__(self) -> None:
        self._waiting: _Snapshot | _Tick | None = None
        self._words: dict[int, TrackWords] = {}
        self._numbers: dict[str, int] = {}
        self._places: dict[int, tuple[Moved, int]] = {}

    def take(self, message: str | bytes) -> Frame | None:
        """Raises ``ComityError`` for what does not fit."""
        if isinstance(message, bytes):
            return self._take_packed(message)
        if self._waiting is not None:
            raise ComityError("a frame's text was not followed by its packed message")
        try:
            frame = _DECODER.decode(message)
        except msgspec.MsgspecError as error:
            raise ComityError(f"a frame that this version of the client cannot read: {error}") from error
        if isinstance(frame, Hello | Bye):
            return frame
        if frame.binary:
            self._waiting = frame
            return None
        return self._whole(frame, None)

    def _take_packed(self, data: bytes) -> Frame:
        frame, self._waiting = self._waiting, None
        if frame is None:
            raise ComityError("a packed message came without its text")
        try:
            message = decode(data)
        except InvalidInput as error:
            raise ComityError(f"a packed message that this client cannot read: {error.message}") from error
        return self._whole(frame, message)

    def _whole(self, frame: _Snapshot | _Tick, message: Message | None) -> Frame:
        whole = isinstance(frame, _Snapshot) or frame.all_tracks
        if whole:
            self._words, self._numbers, self._places = {}, {}, {}
        changed = self._learn(frame, message)
        as_of_us = message.as_of_us if message is not None else micros(frame.as_of)
        tracks = tuple(self._view(number, as_of_us) for number in changed)
        fields = {name: getattr(frame, name) for name in frame.__struct_fields__ if name != "binary"}
        if isinstance(frame, _Snapshot):
            return Snapshot(**{**fields, "tracks": tracks})
        return Tick(**{**fields, "tracks": tracks})

    def _learn(self, frame: _Snapshot | _Tick, message: Message | None) -> list[int]:
        """Takes in words and places; returns the numbers that say something new, in the order of ids."""
        if isinstance(frame, _Tick):
            for id_ in frame.gone:
                number = self._numbers.pop(id_, None)
                if number is not None:
                    self._words.pop(number, None)
                    self._places.pop(number, None)
        changed: dict[int, None] = {}
        for words in frame.tracks:
            self._words[words.number] = words
            self._numbers[words.id] = words.number
            changed[words.number] = None
        if message is not None:
            for moved in message.moved:
                self._places[moved.number] = (moved, message.as_of_us)
                changed[moved.number] = None
        return sorted(changed, key=self._order)

    def _order(self, number: int) -> tuple[bool, str]:
        """As in the JSON form: tracks by address, then those by reference, each by id."""
        words = self._words.get(number)
        if words is None:
            raise ComityError("a packed record is of a track that was never named")
        return number >= 1 << 24, words.id

    def _view(self, number: int, as_of_us: int) -> TrackView:
        words = self._words[number]
        if number not in self._places:
            raise ComityError("a track was named and its place was never told")
        moved, then_us = self._places[number]
        return TrackView(
            id=words.id,
            source=words.source,
            level=words.level,
            lat=moved.lat,
            lon=moved.lon,
            age_s=math.ceil((moved.age_s + (as_of_us - then_us) / 1e6) * 10 - 1e-6) / 10,
            accuracy_m=moved.accuracy_m,
            stale=words.stale if then_us < as_of_us else moved.stale,
            altitude_m=moved.altitude_m,
            altitude_datum=words.altitude_datum,
            ground_speed_mps=moved.ground_speed_mps,
            track_deg=moved.track_deg,
            vertical_rate_mps=moved.vertical_rate_mps,
            on_ground=words.on_ground,
            callsign=words.callsign,
            squawk=words.squawk,
            emergency=words.emergency,
            category=words.category,
            sources=words.sources,
        )
