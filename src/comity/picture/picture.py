"""The picture: observations in, frames out.

Reports go into their source's table at once. Once a second :meth:`Picture.tick` copies what every source
shows; all frames of that tick are made from the copies, so what one reader gets does not depend on
when another asked, nor on what arrived in between. Fusing and encoding are done once for each
distinct set of (source, level) that somebody asks for.

Whose sources a reader gets, and at which level, is release's to decide; this file does what it is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final, Protocol

import numpy as np

from comity.clock import micros
from comity.errors import InvalidInput
from comity.ids import ParticipantId
from comity.model.batch import ReportBatch, from_reports
from comity.model.intake import Counters, Intake, Rejection, SourceKey
from comity.model.observation import Provenance, Report
from comity.picture.encoded import Encoded, Overlaid, Tracks
from comity.picture.frame import Frame, TrackDelta
from comity.picture.fusion import at_level, fuse, only
from comity.picture.live import Room, SourceTable
from comity.picture.referenced import Numbers, Raised, Referencer, References, by_reference, lifted
from comity.picture.rows import LEVEL_CODE, SOURCE_CODE, Layer, Rows, none
from comity.picture.settings import PictureSettings

__all__ = ["MAX_FEED_NAME", "Picture", "Raised", "Recording", "Released"]

Released = tuple[SourceKey, str]
"""A source and the level at which its tracks go to the reader: one of ``rows.LEVELS``. Broadcast sources
are best given as ``broadcast`` to their own bringer too: then one fused set serves everybody."""

MAX_FEED_NAME: Final = 60
"""Characters; the recording has a byte for its length in UTF-8."""

IDLE_SOURCE_S: Final = 600.0
"""An empty source that has been silent for so long is forgotten, with its counters."""


class Recording(Protocol):
    """Where observations are kept beside the ledger (``recording.Recorder``)."""

    def lines(self, source: SourceKey, received_at: datetime, chunk: bytes, time_offset_s: float) -> None: ...
    def reports(self, source: SourceKey, received_at: datetime, batch: ReportBatch) -> None: ...


@dataclass(slots=True)
class _Source:
    table: SourceTable
    counters: Counters = field(default_factory=Counters)
    layer: Layer = field(default_factory=lambda: Layer(none(), [], none()))


@dataclass(slots=True)
class _Given:
    """What a reader was given last, newest last."""

    frames: dict[int, Frame] = field(default_factory=dict)
    numbers: Numbers = field(default_factory=Numbers)
    last_stamp: int = 0


class Picture:
    def __init__(
        self,
        settings: PictureSettings,
        reference: Referencer,
        *,
        now: datetime,
        recording: Recording | None = None,
    ) -> None:
        self._settings = settings
        self._references = References(reference, period_s=settings.reference_period_s)
        self._recording = recording
        self._sources: dict[SourceKey, _Source] = {}
        self._given: dict[str, _Given] = {}
        self._refused: dict[ParticipantId, Counters] = {}
        self._rooms: dict[ParticipantId, Room] = {}
        self.tick(now)

    # --- in

    def ingest(
        self,
        source: SourceKey,
        batch: ReportBatch,
        *,
        received_at: datetime,
        lines: bytes | None = None,
        time_offset_s: float = 0.0,
    ) -> Intake:
        """Take a decoded batch. ``lines``: the bytes it came from, recorded in its stead."""
        held = self._held(source)
        if held is None:
            return self._refuse(source, len(batch))
        if self._recording is not None:
            if lines is not None:
                self._recording.lines(source, received_at, lines, time_offset_s)
            elif len(batch):
                self._recording.reports(source, received_at, batch)
        rejected = held.table.take(batch, received_us=micros(received_at), counters=held.counters)
        wrong = sum(rejected.values()) - sum(batch.rejected.values())
        return Intake(
            len(batch) - wrong, {reason.value: rejected[reason] for reason in sorted(rejected)}, batch.skipped
        )

    def ingest_reports(
        self,
        who: ParticipantId,
        feed: str,
        provenance: Provenance,
        reports: Sequence[Report],
        *,
        received_at: datetime,
    ) -> Intake:
        return self.ingest(SourceKey(who, feed, provenance), from_reports(reports), received_at=received_at)

    def count(self, source: SourceKey, reasons: Mapping[Rejection, int]) -> None:
        """Add what was rejected before it came here, such as a full queue's."""
        held = self._held(source)
        (self._refusals(source.participant) if held is None else held.counters).reject(reasons)

    def _held(self, source: SourceKey) -> _Source | None:
        held = self._sources.get(source)
        if held is None:
            if not 1 <= len(source.feed) <= MAX_FEED_NAME or not source.feed.isprintable():
                raise InvalidInput(f"feed must be 1 to {MAX_FEED_NAME} printable characters", field="feed")
            feeds = sum(1 for key in self._sources if key.participant == source.participant)
            if feeds < self._settings.max_feeds_per_participant:
                room = self._rooms.get(source.participant)
                if room is None:
                    room = self._rooms[source.participant] = Room(self._settings.max_tracks_per_participant)
                table = SourceTable(SOURCE_CODE[source.provenance], self._settings, room)
                held = self._sources[source] = _Source(table)
        return held

    def _refuse(self, source: SourceKey, reports: int) -> Intake:
        self._refusals(source.participant).reject({Rejection.TOO_MANY_FEEDS: reports})
        return Intake(0, {Rejection.TOO_MANY_FEEDS.value: reports})

    def _refusals(self, who: ParticipantId) -> Counters:
        return self._refused.setdefault(who, Counters())

    # --- the tick

    def tick(self, now: datetime) -> None:
        """Let old tracks go, and publish what every source shows. Once a second, by one owner."""
        self.as_of = now
        self._now_us = now_us = micros(now)
        self._references.turn(now_us)
        idle_us = now_us - round(IDLE_SOURCE_S * 1e6)
        for key, held in list(self._sources.items()):
            held.layer = held.table.layer(now_us)
            if not len(held.table) and held.table.last_received_us < idle_us:
                del self._sources[key]
        self._forget()
        self._bases: dict[tuple[Released, ...], Encoded] = {}
        self._addressed: dict[tuple[Released, ...], Tracks] = {}
        self._frames: dict[tuple[str | None, tuple[Released, ...], tuple[Raised, ...]], Frame] = {}

    def _forget(self) -> None:
        quiet = self._now_us // 1000 - round(self._settings.expire_after_s * 1e3)
        for reader, given in list(self._given.items()):
            if given.last_stamp < quiet or given.numbers.spent():
                del self._given[reader]
                continue
            for frame in given.frames.values():
                frame.forget()
            given.numbers.keep([frame.referenced.names() for frame in given.frames.values()])

    # --- out

    def frame(
        self, reader: ParticipantId, released: Sequence[Released], raised: Sequence[Raised] = ()
    ) -> Frame:
        """What ``reader`` sees at this tick of what is released to it, and of the tracks raised for it."""
        given = tuple(sorted({(key, str(level)) for key, level in released if self.shows(key)}))
        if len({key for key, _ in given}) != len(given):
            raise InvalidInput("a source must be released at one level", field="released")
        for _, level in given:
            if level not in LEVEL_CODE:
                raise InvalidInput(f"level must be one of {', '.join(LEVEL_CODE)}", field="released")
        named = [
            (key, level) for key, level in given if level == "position" or self._sources[key].layer.addresses
        ]
        raises = lifted(raised, dict(given), self.layer)
        cached = (reader if named or raises else None, given, raises)
        frame = self._frames.get(cached)
        if frame is None:
            whole = tuple(one for one in given if one[1] != "position")
            frame = Frame(self.as_of, self._by_address(whole), self._by_reference(reader, named, raises))
            self._frames[cached] = frame
        return frame

    def delta(
        self,
        reader: ParticipantId,
        released: Sequence[Released],
        since: int | None,
        raised: Sequence[Raised] = (),
    ) -> TrackDelta:
        """What changed for ``reader`` since the frame it was given with the stamp ``since``."""
        frame = self.frame(reader, released, raised)
        given = self._given.setdefault(reader, _Given())
        if given.frames.get(given.last_stamp) is not frame:
            given.last_stamp = max(given.last_stamp + 1, self._now_us // 1000)
            given.frames[given.last_stamp] = frame
            while len(given.frames) > self._settings.kept_frames:
                del given.frames[next(iter(given.frames))]
        before = None if since is None else given.frames.get(since)
        return TrackDelta(given.last_stamp, self.as_of, before is None, frame.since(before))

    def sources(self) -> list[SourceKey]:
        """Every source now known, in canonical order. For release, not for a reader."""
        return sorted(self._sources)

    def counters(self, who: ParticipantId) -> dict[str, dict[str, object]]:
        """One's own sources' counters, by ``feed/provenance``; ``""`` holds what no feed was opened for."""
        told = {
            f"{key.feed}/{key.provenance}": {"tracks": len(held.table), **held.counters.plain()}
            for key, held in sorted(self._sources.items())
            if key.participant == who
        }
        if who in self._refused:
            told[""] = self._refused[who].plain()
        return told

    def shows(self, key: SourceKey) -> bool:
        """A source without a position to show makes no difference to anything, so it is left out."""
        held = self._sources.get(key)
        return held is not None and bool(len(held.layer.addressed) or len(held.layer.numbered))

    def layer(self, source: SourceKey) -> Layer:
        """All that a source shows at this tick, for the sweep over all sources; empty where it is not known.
        Not for a reader: nothing in it is released."""
        held = self._sources.get(source)
        return Layer(none(), [], none()) if held is None else held.layer

    def reference(self, reader: ParticipantId, source: SourceKey, address: str) -> str:
        """What ``reader`` knows a track by where its address is not released; another in each period."""
        return self._references.of(reader, source, [address])[0]

    def references(self, reader: ParticipantId, source: SourceKey, addresses: Sequence[str]) -> list[str]:
        """The same for many of one source, which is quicker."""
        return self._references.of(reader, source, addresses)

    def _by_address(self, whole: tuple[Released, ...]) -> Tracks:
        """Rows by address of sources released whole. Those of broadcast alone are shared by all readers."""
        tracks = self._addressed.get(whole)
        if tracks is None:
            base = self._base(tuple(one for one in whole if one[1] == "broadcast"))
            private = [self._rows(*one) for one in whole if one[1] != "broadcast"]
            numbers = np.unique(np.concatenate([rows["number"] for rows in private] or [none()["number"]]))
            tracks = base
            if len(numbers):
                parts = [only(self._rows(*one), numbers) for one in whole]
                over = fuse(parts, stale_after_s=self._settings.stale_after_s)
                tracks = Overlaid(base, Encoded(over, None, now_us=self._now_us))
            self._addressed[whole] = tracks
        return tracks

    def _base(self, broadcast: tuple[Released, ...]) -> Encoded:
        base = self._bases.get(broadcast)
        if base is None:
            rows = fuse([self._rows(*one) for one in broadcast], stale_after_s=self._settings.stale_after_s)
            base = self._bases[broadcast] = Encoded(rows, None, now_us=self._now_us)
        return base

    def _rows(self, key: SourceKey, level: str) -> Rows:
        return at_level(self._sources[key].layer.addressed, LEVEL_CODE[level])

    def _by_reference(
        self, reader: ParticipantId, named: Sequence[Released], raises: Sequence[Raised]
    ) -> Encoded:
        ids, rows = by_reference(
            [(self.layer(key), key, level) for key, level in named],
            [(self.layer(key), key, address, level) for key, address, level in raises],
            partial(self.references, reader),
            now_us=self._now_us,
            stale_after_s=self._settings.stale_after_s,
        )
        numbers = self._given.setdefault(reader, _Given()).numbers if ids else None
        return Encoded(rows, ids, now_us=self._now_us, numbering=numbers)
