"""History: a bounded memory of what was released to each participant, for looking back at it.

Every few seconds what a participant may have is kept: its tracks and alerts as they were released, and
what changed of its items, from which its items at an earlier moment are built again. It answers the
participant itself and nobody else, and forms nothing anew: what was not released then does not appear,
and what is released now but was not then does not either.

What is withdrawn must not be had again, so a participant's history is forgotten from before a level of
another owner fell of which it holds something; a history that holds nothing of that owner is left as it
is, and tells nothing of the fall. How far it reaches follows from the participant's own reading and from
what was released to it, and from nobody else's doings (law 2): the bounds hold for each participant by
itself, sizes are counted as if nothing were shared (though equal layers are), and it is kept for
whoever's people read something within its length, which is what costs least. It is in memory alone; a
restart forgets it, and the answer says from when it reaches.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from comity.clock import from_micros, micros
from comity.errors import NotFound, TooLarge
from comity.exchange.values import AlertFrame, Past, Span
from comity.ids import ParticipantId
from comity.model.released import ChangePage, ReleasedItem
from comity.model.rule import Levels
from comity.picture.encoded import Encoded, Overlaid
from comity.picture.frame import Frame
from comity.picture.kept import columns, compressed, restored
from comity.wire.encode import encode

_PAGE: Final = 10_000
"""Changes asked for at once."""
_OVERDUE_STEPS: Final = 3
"""A moment stands for so many steps after it; later than that nothing was kept."""
_ITEM_BYTES, _VOLUME_BYTES, _CELL_BYTES = 600, 600, 250
"""What one takes in memory, about; for the bound."""
_MOMENT_BYTES: Final = 500

STARTED: Final = "nothing was kept before"
WITHDRAWN: Final = "what was before was forgotten when something that had been released to you was taken back"
AGED: Final = "what was before is older than the history that is kept"
FULL: Final = "what was before was let go of to make room"
UNREAD: Final = "nobody of yours was reading"
TOO_MUCH: Final = "too much was released to you to be kept"
NOT_KEPT: Final = "nothing was kept at that moment"

TRACK_KINDS: Final = frozenset({"own_track", "sensed_track"})
RAISED_KINDS: Final = frozenset(
    {"own_track_in_conflict", "sensed_track_in_conflict", "own_track_in_emergency"}
)
RAISED: Final = "raised"


class HistorySettings(msgspec.Struct, frozen=True):
    """``bytes_each``: what one participant's history takes at most, counted without sharing."""

    minutes: float = 30.0
    step_s: float = 5.0
    bytes_each: int = 134_217_728


class Door(Protocol):
    """What a participant gets at this moment; the exchange itself."""

    def changes(self, who: ParticipantId, cursor: str | None, limit: int) -> ChangePage: ...
    def frame(self, who: ParticipantId) -> Frame: ...
    def alerts(self, who: ParticipantId) -> AlertFrame: ...
    def item_owner(self, who: ParticipantId, ref: str) -> ParticipantId | None: ...
    def track_owners(self, who: ParticipantId) -> Iterable[tuple[ParticipantId, str]]:
        """Whose tracks the participant's picture has and why: (owner, own_track or sensed_track) by a rule
        or the floor, (owner, raised) for a while."""
        ...


Blobs = tuple[bytes, ...]
_Owned = tuple[ReleasedItem, ParticipantId | None]
"""An item with whose it is, which never leaves; None where that is not known any more."""


@dataclass(slots=True)
class _Moment:
    """``changes``: of the items since the moment before it, or all of them where ``whole``."""

    at: datetime
    tracks_us: int
    changes: list[tuple[str, _Owned | None]]
    whole: bool
    addressed: Blobs = ()
    referenced: bytes = b""
    alerts: bytes = b""
    gap: str | None = None
    size: int = 0


@dataclass(slots=True)
class _Memory:
    """One participant's. ``items``: before the first moment's changes. ``life`` counts how often it was
    forgotten."""

    begins: datetime
    read_at: datetime
    because: str = STARTED
    moments: deque[_Moment] = field(default_factory=deque)
    items: dict[str, _Owned] = field(default_factory=dict)
    cursor: str | None = None
    size: int = 0
    life: int = 0
    seen: dict[tuple[ParticipantId, str], datetime] = field(default_factory=dict)

    def forget(self, now: datetime, because: str) -> None:
        self.moments.clear()
        self.items, self.cursor, self.size, self.seen = {}, None, 0, {}
        self.begins, self.because = now, because
        self.life += 1

    def let_go(self, because: str) -> None:
        """The first moment, and gaps that then stand first."""
        while self.moments:
            first = self.moments.popleft()
            self.size -= first.size
            self.begins = first.at
            _apply(self.items, first)
            if self.moments and self.moments[0].gap is None:
                break
        self.because = because
        if self.moments:
            self.begins = self.moments[0].at

    def holds(self, owner: ParticipantId, kinds: frozenset[str]) -> bool:
        """Whether there is anything of that owner's in it, of one of these kinds of ``Levels``."""
        since = self.moments[0].at if self.moments else self.begins
        seen = kinds & TRACK_KINDS | ({RAISED} if kinds & RAISED_KINDS else set())
        if any((owner, kind) in self.seen and self.seen[owner, kind] >= since for kind in seen):
            return True
        held = [*self.items.values(), *(one for moment in self.moments for _, one in moment.changes if one)]
        return any(
            item.kind.value in kinds and item.level != "own" and whose in (owner, None)
            for item, whose in held
        )


class History:
    """See the file's head. ``keep`` once a second, once streams have been told: nobody waits for it."""

    def __init__(self, settings: HistorySettings, door: Door) -> None:
        self._settings = settings
        self._door = door
        self._memories: dict[ParticipantId, _Memory] = {}
        self._due_us = 0

    def read(self, who: ParticipantId, now: datetime) -> None:
        """Somebody of theirs read something: from now on it is kept."""
        memory = self._memories.get(who)
        if memory is None:
            self._memories[who] = _Memory(now, now)
        else:
            memory.read_at = now

    async def keep(self, now: datetime) -> None:
        """Keeps a moment for everybody who has one due."""
        step_us = round(self._settings.step_s * 1e6)
        if micros(now) < self._due_us:
            return
        self._due_us = (micros(now) // step_us + 1) * step_us
        oldest = now - timedelta(minutes=self._settings.minutes)
        for who, memory in list(self._memories.items()):
            while memory.moments and memory.moments[0].at < oldest:
                memory.let_go(AGED)
            if memory.read_at < oldest and not any(each.gap is None for each in memory.moments):
                del self._memories[who]
        shared: dict[int, tuple[Encoded, bytes]] = {}
        for who, memory in list(self._memories.items()):
            moment = self._look(who, memory, now, unread=memory.read_at < oldest)
            if moment is not None:
                await self._add(memory, moment, shared, who)

    def lowered(
        self, who: ParticipantId, owner: ParticipantId, old: Levels, new: Levels, now: datetime
    ) -> None:
        """``owner`` gives ``who`` other levels from now on."""
        memory = self._memories.get(who)
        fallen = frozenset(
            name for name in Levels.__struct_fields__ if getattr(new, name).rank < getattr(old, name).rank
        )
        if memory is not None and fallen and memory.holds(owner, fallen):
            memory.forget(now, WITHDRAWN)

    def erased(self, owner: ParticipantId, now: datetime) -> None:
        """What ``owner`` said is to be had nowhere any more."""
        for who, memory in self._memories.items():
            everything = frozenset(Levels.__struct_fields__)
            if who == owner or memory.holds(owner, everything):
                memory.forget(now, WITHDRAWN)

    def span(self, who: ParticipantId, now: datetime) -> Span:
        """From when to when there is something to look back at."""
        self.read(who, now)
        memory, step_s = self._memories[who], self._settings.step_s
        if not memory.moments:
            return Span(memory.begins, memory.begins, step_s, memory.because)
        return Span(memory.moments[0].at, memory.moments[-1].at, step_s, memory.because)

    async def at(self, who: ParticipantId, at: datetime, now: datetime) -> Past:
        """What ``who`` had at ``at``. Raises ``NotFound`` outside of what is kept."""
        self.read(who, now)
        memory = self._memories[who]
        if not memory.moments or not memory.moments[0].at <= at <= now:
            raise self._outside(who, now)
        moments = [moment for moment in memory.moments if moment.at <= at]
        last, life = moments[-1], memory.life
        until = last.at + timedelta(seconds=_OVERDUE_STEPS * self._settings.step_s)
        if last.gap is not None or at >= until:
            return Past(at, b"[]", b"[]", b"[]", last.gap or NOT_KEPT)
        items = dict(memory.items)
        for moment in moments:
            _apply(items, moment)
        past = await asyncio.to_thread(_rebuilt, last, items)
        if memory.life != life:
            raise self._outside(who, now)
        return past

    def _outside(self, who: ParticipantId, now: datetime) -> NotFound:
        span = self.span(who, now)
        start, end = (when.isoformat().replace("+00:00", "Z") for when in (span.since, span.until))
        return NotFound(
            f"your history reaches from {start} to {end}: {span.because}",
            field="at",
            detail={"from": start, "until": end},
        )

    def _look(self, who: ParticipantId, memory: _Memory, now: datetime, *, unread: bool) -> _Moment | None:
        """What there is to keep of this moment, without its tracks; None where the last one was a gap as
        well."""
        gap: str | None = UNREAD if unread else None
        changes: list[tuple[str, _Owned | None]] = []
        whole = memory.cursor is None
        if not unread:
            try:
                whole = self._changes(who, memory, changes)
            except TooLarge:
                gap, changes, memory.cursor = TOO_MUCH, [], None
        if gap is not None:
            if memory.moments and memory.moments[-1].gap is None:
                return _Moment(now, 0, [], False, gap=gap)
            return None
        for owner, kind in self._door.track_owners(who):
            memory.seen[owner, kind] = now
        return _Moment(now, micros(now), changes, whole)

    def _changes(self, who: ParticipantId, memory: _Memory, changes: list[tuple[str, _Owned | None]]) -> bool:
        """Takes in what changed of the items since the last moment; whether these are all of them."""
        whole = memory.cursor is None
        while True:
            page = self._door.changes(who, memory.cursor, _PAGE)
            if page.reset:
                changes.clear()
                whole = True
            for change in page.changes:
                item = change.item
                foreign = item is not None and item.level != "own"
                owner = self._door.item_owner(who, change.ref) if foreign else who
                changes.append((change.ref, None if item is None else (item, owner)))
            memory.cursor = page.cursor
            if not page.more:
                return whole

    async def _add(
        self, memory: _Memory, moment: _Moment, shared: dict[int, tuple[Encoded, bytes]], who: ParticipantId
    ) -> None:
        life = memory.life
        if moment.gap is None:
            frame, alerts = self._door.frame(who), self._door.alerts(who)
            moment.tracks_us = micros(frame.as_of)
            moment.addressed = tuple([await _packed(one, frame, shared) for one in frame.addressed.layers()])
            (moment.referenced,) = [await _packed(one, frame, shared) for one in frame.referenced.layers()]
            moment.alerts = zlib.compress(alerts.json, 1)
        if memory.life != life:
            return  # it was forgotten while this was packed
        moment.size = _size(moment)
        memory.moments.append(moment)
        memory.size += moment.size
        while memory.size > self._settings.bytes_each and memory.moments:
            memory.let_go(FULL)


def _apply(items: dict[str, _Owned], moment: _Moment) -> None:
    if moment.whole:
        items.clear()
    for ref, owned in moment.changes:
        if owned is None:
            items.pop(ref, None)
        else:
            items[ref] = owned


async def _packed(layer: Encoded, frame: Frame, shared: dict[int, tuple[Encoded, bytes]]) -> bytes:
    known = shared.get(id(layer))
    if known is None:
        data = await asyncio.to_thread(compressed, columns(layer, now_us=micros(frame.as_of)))
        known = shared[id(layer)] = layer, data
    return known[1]


def _rebuilt(moment: _Moment, items: Mapping[str, _Owned]) -> Past:
    """In a thread: pure work on what cannot change any more."""
    layers = [restored(one, by_address=True, now_us=moment.tracks_us) for one in moment.addressed]
    addressed = layers[0] if len(layers) == 1 else Overlaid(layers[0], layers[1])
    referenced = restored(moment.referenced, by_address=False, now_us=moment.tracks_us)
    frame = Frame(from_micros(moment.tracks_us), addressed, referenced)
    shown = encode([items[ref][0] for ref in sorted(items)])
    return Past(moment.at, shown, frame.json, zlib.decompress(moment.alerts), None)


def _size(moment: _Moment) -> int:
    size = _MOMENT_BYTES + sum(map(len, moment.addressed)) + len(moment.referenced) + len(moment.alerts)
    for _, owned in moment.changes:
        size += _ITEM_BYTES
        if owned is not None:
            size += _VOLUME_BYTES * len(owned[0].volumes or ())
            size += _CELL_BYTES * sum(len(each.cells) for each in owned[0].reserved or ())
    return size
