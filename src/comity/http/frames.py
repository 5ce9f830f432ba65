"""Frames of the stream, as JSON text. Each is made once for all clients of a participant that stand alike.

::

    {"type":"hello","participant":{"id","name"},"as_of"}
    {"type":"snapshot","as_of","cursor","items":[…],"tracks":[…],"reason":"start|slow|restart"}
    {"type":"tick","as_of","cursor","changes":[…],"tracks":[…],"gone":[…]}
    {"type":"bye","reason"}

``"more":true`` stands in a frame that does not yet reach the present; the next follows at once.
``"all_tracks":true`` stands in a tick whose ``tracks`` are the whole picture, after a resumption.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from comity.http.outbox import Place
from comity.http.port import ExchangePort, TrackDelta
from comity.ids import ParticipantId
from comity.model.participant import Participant
from comity.model.released import ChangePage
from comity.wire.encode import encode, encode_object, encode_time

_Made = tuple[tuple[str, Place], ...]


class Frames:
    """Frames of one tick. Never kept longer: they hold what was released at this moment."""

    def __init__(self, exchange: ExchangePort, now: datetime, page_changes: int) -> None:
        self._exchange = exchange
        self._now = now
        self._page_changes = page_changes
        self._made: dict[tuple[ParticipantId, Place, str | None], _Made] = {}

    def onward(self, who: ParticipantId, place: Place, snapshot: str | None) -> _Made:
        """Frames that bring a client at ``place`` to the present. ``snapshot``: why it gets a whole one."""
        key = (who, place, snapshot)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = tuple(self._make(who, place, snapshot))
        return made

    def _make(self, who: ParticipantId, place: Place, snapshot: str | None) -> Iterator[tuple[str, Place]]:
        cursor = None if snapshot else place.cursor
        page = self._exchange.changes(who, cursor, self._page_changes)
        if snapshot is None and page.reset:
            snapshot = "restart"
        delta = self._exchange.track_delta(who, None if snapshot else place.stamp)
        whole_picture = snapshot is None and place.stamp is None
        while True:
            here = Place(page.cursor, delta.stamp)
            if snapshot is not None:
                yield self._snapshot(page, delta, snapshot), here
            else:
                yield self._tick(page, delta, whole_picture), here
            if not page.more:
                return
            page = self._exchange.changes(who, page.cursor, self._page_changes)
            delta = self._exchange.track_delta(who, delta.stamp)
            snapshot, whole_picture = None, False

    def _snapshot(self, page: ChangePage, delta: TrackDelta, reason: str) -> str:
        items = tuple(change.item for change in page.changes if change.item is not None)
        members = [
            ("type", b'"snapshot"'),
            ("as_of", encode_time(self._now)),
            ("cursor", encode(page.cursor)),
            ("items", encode(items)),
            ("tracks", delta.changed_json),
            ("reason", encode(reason)),
        ]
        return _text(members, page.more)

    def _tick(self, page: ChangePage, delta: TrackDelta, whole_picture: bool) -> str:
        members = [
            ("type", b'"tick"'),
            ("as_of", encode_time(self._now)),
            ("cursor", encode(page.cursor)),
            ("changes", encode(page.changes)),
            ("tracks", delta.changed_json),
            ("gone", encode(delta.gone)),
        ]
        if whole_picture:
            members.append(("all_tracks", b"true"))
        return _text(members, page.more)


def hello(participant: Participant, now: datetime) -> str:
    who = encode({"id": participant.id, "name": participant.name})
    return _text([("type", b'"hello"'), ("participant", who), ("as_of", encode_time(now))], more=False)


def farewell_text(reason: str) -> str:
    return _text([("type", b'"bye"'), ("reason", encode(reason))], more=False)


def _text(members: list[tuple[str, bytes]], more: bool) -> str:
    if more:
        members = [*members, ("more", b"true")]
    return encode_object(members).decode()
