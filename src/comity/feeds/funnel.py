"""The funnel: bounded queues between what brings observations and what takes them, shared out fairly.

One queue for each source. When a source's queue is full its own oldest item is dropped, because in a live
picture the newest report is worth most; what was dropped is told by source, as ``queue_full``. Nobody's
queue is bounded by another's, so a flood drops the flooder's reports and no others.

Taking out goes round the participants and, within one, round its feeds; each participant's turn is up to
``turn_bytes`` (deficit round robin: what an item costs over the turn is taken off the next). So however many
feeds a participant opens and however fast it sends, another waits for one turn of each at most. Items larger
than a turn are cut to it; text goes on as a stream, so a line cut by that is whole again in its decoder.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from comity.ids import ParticipantId
from comity.model.intake import SourceKey
from comity.model.observation import Report

REPORT_BYTES: Final = 100
"""What a decoded report counts for: about a line of SBS."""


@dataclass(frozen=True, slots=True)
class Item:
    """What one source brought at one moment: text in its format, or decoded reports."""

    source: SourceKey
    payload: bytes | tuple[Report, ...]
    received_at: datetime
    time_offset_s: float = 0.0

    @property
    def cost_bytes(self) -> int:
        if isinstance(self.payload, bytes):
            return max(len(self.payload), 1)
        return REPORT_BYTES * max(len(self.payload), 1)

    @property
    def reports(self) -> int:
        """How many reports are lost with it; of text, its lines."""
        if isinstance(self.payload, bytes):
            return self.payload.count(b"\n") + (not self.payload.endswith(b"\n"))
        return len(self.payload)


@dataclass(frozen=True, slots=True)
class FunnelSettings:
    queue_bytes: int = 4 * 1024 * 1024
    """Held for one source: about a second of the fastest that one core can take. Larger: older reports."""
    feeds_per_participant: int = 16
    turn_bytes: int = 64 * 1024
    """About 5 ms of work. Larger: less overhead, and longer waits for others."""


class _Queue:
    """One source's items, oldest first. ``gap``: something was dropped before the first of them."""

    __slots__ = ("bytes", "gap", "items")

    def __init__(self) -> None:
        self.items: deque[Item] = deque()
        self.bytes = 0
        self.gap = False

    def add(self, item: Item) -> None:
        self.items.append(item)
        self.bytes += item.cost_bytes

    def next(self) -> Item:
        """Take the first out. After a gap a line end goes before text: the halves of two lines must not
        make a third."""
        item = self._first()
        if self.gap and isinstance(item.payload, bytes):
            item = replace(item, payload=b"\n" + item.payload)
        self.gap = False
        return item

    def drop_down_to(self, limit_bytes: int) -> int:
        """Drop the oldest, but never the last; returns how many reports that were."""
        lost = 0
        while self.bytes > limit_bytes and len(self.items) > 1:
            lost += self._first().reports
            self.gap = True
        return lost

    def _first(self) -> Item:
        item = self.items.popleft()
        self.bytes -= item.cost_bytes
        return item


class _Line:
    """One participant's queues, in the order of their next turn."""

    __slots__ = ("credit_bytes", "feeds")

    def __init__(self) -> None:
        self.feeds: dict[SourceKey, _Queue] = {}
        self.credit_bytes = 0


class Funnel:
    """``take`` is called with each item in turn; ``dropped`` with a source and how many of its reports
    were lost. Both on the event loop's thread, and neither may raise."""

    def __init__(
        self,
        take: Callable[[Item], None],
        dropped: Callable[[SourceKey, int], None],
        settings: FunnelSettings | None = None,
    ) -> None:
        self._take = take
        self._dropped = dropped
        self._settings = settings or FunnelSettings()
        self._lines: dict[ParticipantId, _Line] = {}
        self._work = asyncio.Event()

    def offer(self, item: Item) -> int:
        """Queue an item; returns how many reports of the same source were dropped for it."""
        line = self._lines.setdefault(item.source.participant, _Line())
        queue = line.feeds.get(item.source)
        if queue is None:
            if len(line.feeds) >= self._settings.feeds_per_participant:
                self._dropped(item.source, item.reports)
                return item.reports
            queue = line.feeds[item.source] = _Queue()
        for part in _parts(item, self._settings.turn_bytes):
            queue.add(part)
        lost = queue.drop_down_to(self._settings.queue_bytes)
        if lost:
            self._dropped(item.source, lost)
        self._work.set()
        return lost

    def waiting_bytes(self, source: SourceKey) -> int:
        line = self._lines.get(source.participant)
        return line.feeds[source].bytes if line is not None and source in line.feeds else 0

    def turn(self) -> bool:
        """Take out one participant's turn; False where nothing waits."""
        if not self._lines:
            return False
        who, line = next(iter(self._lines.items()))
        line.credit_bytes += self._settings.turn_bytes
        while line.feeds and line.credit_bytes > 0:
            source = next(iter(line.feeds))
            queue = line.feeds.pop(source)
            item = queue.next()
            line.credit_bytes -= item.cost_bytes
            if queue.items:
                line.feeds[source] = queue
            self._take(item)
        line = self._lines.pop(who)
        if line.feeds:
            self._lines[who] = line
        return True

    async def run(self) -> None:
        """Take items out for ever, letting other tasks run after each turn."""
        while True:
            await self._work.wait()
            while self.turn():
                await asyncio.sleep(0)
            self._work.clear()


def _parts(item: Item, limit_bytes: int) -> Iterator[Item]:
    """The item cut to parts of about one turn; text at line ends where it has them."""
    payload = item.payload
    if isinstance(payload, bytes):
        while len(payload) > limit_bytes:
            end = payload.rfind(b"\n", 0, limit_bytes) + 1 or limit_bytes
            yield replace(item, payload=payload[:end])
            payload = payload[end:]
        yield replace(item, payload=payload)
    else:
        step = max(limit_bytes // REPORT_BYTES, 1)
        for start in range(0, max(len(payload), 1), step):
            yield replace(item, payload=payload[start : start + step])
