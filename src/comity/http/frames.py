"""Frames of the stream. Each is made once for all clients of a participant that stand alike.

::

    {"type":"hello","participant":{"id","name"},"as_of"}
    {"type":"snapshot","as_of","cursor","items":[…],"tracks":[…],"alerts":[…],"alerts_gone":[],
     "swept_at","late_s","reason":"start|slow|restart"}
    {"type":"tick","as_of","cursor","changes":[…],"tracks":[…],"gone":[…],"alerts":[…],"alerts_gone":[…],
     "swept_at","late_s"}
    {"type":"bye","reason"}

``"more":true`` stands in a frame that does not yet reach the present; the next follows at once.
``"all_tracks":true`` and ``"all_alerts":true`` stand in a tick whose tracks or alerts are all there are,
after a resumption. ``late_s`` says by how much the sweep behind the alerts is overdue.

In the binary form ``tracks`` are the words of tracks that are new or whose words changed, each with its
number; ``"binary":true`` says that a message of packed records (``wire.packed``) follows, which it does
wherever a track is new or moved, and after a snapshot always. The JSON form says the same and is for
programs and for looking.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from comity.http.outbox import Frame, Place
from comity.http.port import AlertDelta, ExchangePort, TrackDelta
from comity.ids import ParticipantId
from comity.model.participant import Participant
from comity.model.released import ChangePage
from comity.wire.encode import encode, encode_object, encode_time
from comity.wire.packed import HEADER

_Made = tuple[Frame, ...]
_Members = list[tuple[str, bytes]]


class Form(StrEnum):
    """How a client wants its frames."""

    JSON = "json"
    BINARY = "binary"


class Frames:
    """Frames of one tick. Never kept longer: they hold what was released at this moment."""

    def __init__(self, exchange: ExchangePort, now: datetime, page_changes: int) -> None:
        self._exchange = exchange
        self._now = now
        self._page_changes = page_changes
        self._made: dict[tuple[ParticipantId, Form, Place, str | None], _Made] = {}

    def onward(self, who: ParticipantId, form: Form, place: Place, snapshot: str | None) -> _Made:
        """Frames that bring a client at ``place`` to the present. ``snapshot``: why it gets a whole one."""
        key = (who, form, place, snapshot)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = tuple(self._make(who, form, place, snapshot))
        return made

    def _make(self, who: ParticipantId, form: Form, place: Place, snapshot: str | None) -> Iterator[Frame]:
        page = self._exchange.changes(who, None if snapshot else place.cursor, self._page_changes)
        if snapshot is None and page.reset:
            snapshot = "restart"
        if snapshot is not None:
            place = Place(None)
        while True:
            tracks = self._exchange.track_delta(who, place.stamp)
            alerts = self._exchange.alert_delta(who, place.alerts)
            here = Place(page.cursor, tracks.stamp, alerts.stamp)
            shown, packed = _shown(tracks, form, always=snapshot is not None)
            if snapshot is not None:
                members = self._snapshot(page, shown, alerts, snapshot)
            else:
                members = self._tick(page, shown, tracks, alerts, place)
            if packed is not None:
                members.append(("binary", b"true"))
            yield Frame(_text(members, page.more), here, packed)
            if not page.more:
                return
            page = self._exchange.changes(who, page.cursor, self._page_changes)
            place, snapshot = here, None

    def _snapshot(self, page: ChangePage, shown: bytes, alerts: AlertDelta, reason: str) -> _Members:
        items = tuple(change.item for change in page.changes if change.item is not None)
        return [
            ("type", b'"snapshot"'),
            ("as_of", encode_time(self._now)),
            ("cursor", encode(page.cursor)),
            ("items", encode(items)),
            ("tracks", shown),
            *_warnings(alerts),
            ("reason", encode(reason)),
        ]

    def _tick(
        self, page: ChangePage, shown: bytes, tracks: TrackDelta, alerts: AlertDelta, place: Place
    ) -> _Members:
        members = [
            ("type", b'"tick"'),
            ("as_of", encode_time(self._now)),
            ("cursor", encode(page.cursor)),
            ("changes", encode(page.changes)),
            ("tracks", shown),
            ("gone", encode(tracks.gone)),
            *_warnings(alerts),
        ]
        if place.stamp is None or tracks.reset:
            members.append(("all_tracks", b"true"))
        if place.alerts is None or alerts.reset:
            members.append(("all_alerts", b"true"))
        return members


def hello(participant: Participant, now: datetime) -> str:
    who = encode({"id": participant.id, "name": participant.name})
    return _text([("type", b'"hello"'), ("participant", who), ("as_of", encode_time(now))], more=False)


def farewell_text(reason: str) -> str:
    return _text([("type", b'"bye"'), ("reason", encode(reason))], more=False)


def _shown(tracks: TrackDelta, form: Form, *, always: bool) -> tuple[bytes, bytes | None]:
    """The frame's ``tracks``, and the binary message where there is one."""
    if form is Form.JSON:
        return tracks.changed_json, None
    packed = tracks.packed
    return tracks.words_json, packed if always or tracks.reset or len(packed) > HEADER.size else None


def _warnings(alerts: AlertDelta) -> _Members:
    return [
        ("alerts", alerts.changed_json),
        ("alerts_gone", encode(alerts.gone)),
        ("swept_at", encode_time(alerts.swept_at)),
        ("late_s", encode(alerts.late_s)),
    ]


def _text(members: _Members, more: bool) -> str:
    if more:
        members = [*members, ("more", b"true")]
    return encode_object(members).decode()
