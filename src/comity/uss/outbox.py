"""Notifications that this exchange's own USS owes, delivered at least once.

What is owed stands in the ledger before anybody is told (``NoticeOwed``), and is owed until an entry says
that it was taken or given up. So a crash at any moment costs a second delivery and never a first one.

Each subscriber's base URL has a lane of its own, with a few requests at a time and never two about one
entity: a subscriber that is slow or down holds up nobody else. One that does not answer makes its whole lane
wait, twice as long each time and never in step with others; each of these times counts as one try of
everything in the lane, so that a long queue is given up no later than a short one.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from enum import Enum
from typing import Any, Final

import msgspec

from comity.errors import OutcomeUnknown, Refused, Unavailable
from comity.ids import EntityId
from comity.model.dss_command import Owed, RecordDelivered

_log = logging.getLogger("comity.uss.outbox")

AT_ONCE: Final = 4
"""Notifications to one subscriber at a time. Larger: more load on a peer that just came back."""

IN_ALL: Final = 200
"""Tries at a time, to all subscribers together, and as many more to those that did not answer last. One USS
may name a thousand servers of which none answers. Larger: they take the sockets that everybody else needs."""

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 60.0
"""Between tries: with six of them a peer may be away for half a minute."""

RECORD_EVERY_S: Final = 0.2
RECORD_AT_ONCE: Final = 256
"""Settled ones are recorded together: an entry's sync costs more than the wait."""

RETRY_RECORD_S: Final = 1.0
"""While the ledger takes nothing."""

NoticeKey = tuple[EntityId, int, str]


class Sent(Enum):
    """``REFUSED``: the peer is up and did not take it. ``UNANSWERED``: it did not answer or is in trouble."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


class OutboxSettings(msgspec.Struct, frozen=True):
    """``retries``: after the first try."""

    retries: int = 6
    first_pause_s: float = FIRST_PAUSE_S
    longest_pause_s: float = LONGEST_PAUSE_S


Send = Callable[[Owed], Awaitable[Sent]]
Record = Callable[[RecordDelivered], Awaitable[None]]


class _Lane:
    """One subscriber's. ``waiting``: with how often each was tried; ``later``: refused ones until their next
    try; ``busy``: entities being told of now; ``unanswered``: how often in a row there was no answer."""

    def __init__(self) -> None:
        self.waiting: OrderedDict[NoticeKey, tuple[Owed, int]] = OrderedDict()
        self.later: dict[NoticeKey, asyncio.TimerHandle] = {}
        self.busy: set[EntityId] = set()
        self.unanswered = 0

    @property
    def empty(self) -> bool:
        return not (self.waiting or self.later or self.busy)

    def next(self) -> tuple[Owed, int] | None:
        """The first whose entity is not being told of."""
        for key, (owed, tries) in self.waiting.items():
            if owed.entity not in self.busy:
                del self.waiting[key]
                self.busy.add(owed.entity)
                return owed, tries
        return None


class Outbox:
    """``run`` until cancelled; ``take`` whatever is newly owed. Belongs to one event loop.

    ``counts``: how many were delivered, given up, and tries that failed."""

    def __init__(
        self,
        settings: OutboxSettings,
        send: Send,
        record: Record,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """``jitter``: 0 to 1, anew for each pause."""
        self.settings = settings
        self.counts = {"delivered": 0, "given_up": 0, "failed_tries": 0}
        self._send = send
        self._record = record
        self._jitter = jitter
        self._lanes: dict[str, _Lane] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._known: set[NoticeKey] = set()
        self._settled: list[tuple[Owed, bool]] = []
        self._news = asyncio.Event()
        self._ripe = asyncio.Event()
        self._slots = asyncio.Semaphore(IN_ALL)
        self._doubtful = asyncio.Semaphore(IN_ALL)

    @property
    def waiting(self) -> int:
        """Owed, and not yet recorded as taken or given up."""
        return len(self._known)

    def take(self, owed: Iterable[Owed]) -> None:
        """Notifications that are owed from now on; those known already are not taken twice."""
        for one in owed:
            key = _key(one)
            if key not in self._known:
                self._known.add(key)
                self._lanes.setdefault(one.url, _Lane()).waiting[key] = one, 0
        self._news.set()

    async def run(self) -> None:
        """Deliver and record. The supervisor's task."""
        writing = asyncio.create_task(self._write_down(), name="notices settled")
        try:
            while True:
                news = asyncio.create_task(self._news.wait())
                tasks = {news, writing, *self._running.values()}
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                self._news.clear()
                news.cancel()
                if writing.done():
                    writing.result()
                self._start_and_end_lanes()
        finally:
            await _end([*self._running.values(), writing])
            for lane in self._lanes.values():
                for timer in lane.later.values():
                    timer.cancel()
            await self._last_words()

    def _start_and_end_lanes(self) -> None:
        for url, task in list(self._running.items()):
            if task.done():
                del self._running[url]
                task.result()
        for url, lane in list(self._lanes.items()):
            if lane.waiting and url not in self._running:
                self._running[url] = asyncio.create_task(self._run_lane(lane), name="notices of a lane")
            elif lane.empty:
                del self._lanes[url]

    async def _run_lane(self, lane: _Lane) -> None:
        """Until nothing waits. What comes while all is under way is seen when the next one ends."""
        sending: set[asyncio.Task[Sent]] = set()
        try:
            while lane.waiting or sending:
                most = 1 if lane.unanswered else AT_ONCE
                while len(sending) < most and (found := lane.next()) is not None:
                    sending.add(asyncio.create_task(self._try(lane, *found)))
                done, sending = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
                if any(task.result() is Sent.UNANSWERED for task in done):
                    await asyncio.gather(*sending)
                    sending = set()
                    await self._pause(lane)
        finally:
            await _end(sending)

    async def _try(self, lane: _Lane, owed: Owed, tries: int) -> Sent:
        try:
            async with self._doubtful if lane.unanswered else self._slots:
                sent = await self._send(owed)
        finally:
            lane.busy.discard(owed.entity)
        if sent is Sent.DELIVERED:
            self._settle(owed, delivered=True)
        else:
            self.counts["failed_tries"] += 1
        if sent is Sent.UNANSWERED:
            lane.waiting[_key(owed)] = owed, tries
            lane.waiting.move_to_end(_key(owed), last=False)
        else:
            lane.unanswered = 0
        if sent is Sent.REFUSED:
            self._refused(lane, owed, tries)
        return sent

    def _refused(self, lane: _Lane, owed: Owed, tries: int) -> None:
        """Later again, beside everything else in the lane."""
        if tries >= self.settings.retries:
            self._settle(owed, delivered=False)
            return

        def again() -> None:
            del lane.later[_key(owed)]
            lane.waiting[_key(owed)] = owed, tries + 1
            self._news.set()

        loop = asyncio.get_running_loop()
        lane.later[_key(owed)] = loop.call_later(self._pause_s(tries), again)

    async def _pause(self, lane: _Lane) -> None:
        """Nobody answered: one try fewer for everything that waits there."""
        for key, (owed, tries) in list(lane.waiting.items()):
            if tries >= self.settings.retries:
                del lane.waiting[key]
                self._settle(owed, delivered=False)
            else:
                lane.waiting[key] = owed, tries + 1
        if lane.waiting:
            await asyncio.sleep(self._pause_s(lane.unanswered))
        lane.unanswered += 1

    def _pause_s(self, tries: int) -> float:
        """Between a half and the whole of what doubles with each try."""
        settings = self.settings
        whole_s = min(settings.first_pause_s * 2.0 ** min(tries, 30), settings.longest_pause_s)
        return whole_s * (0.5 + 0.5 * self._jitter())

    def _settle(self, owed: Owed, *, delivered: bool) -> None:
        self.counts["delivered" if delivered else "given_up"] += 1
        if not delivered:
            _log.warning("a notification was given up", extra={"entity": owed.entity, "url": owed.url})
        self._settled.append((owed, delivered))
        self._ripe.set()

    # --- recording

    async def _write_down(self) -> None:
        while True:
            await self._ripe.wait()
            await asyncio.sleep(RECORD_EVERY_S)
            self._ripe.clear()
            while self._settled:
                try:
                    await self._write_some()
                except OutcomeUnknown:
                    raise
                except (Refused, Unavailable) as error:
                    _log.warning("settled notifications wait to be recorded", extra={"code": error.code})
                    await asyncio.sleep(RETRY_RECORD_S)

    async def _write_some(self) -> None:
        some = self._settled[:RECORD_AT_ONCE]
        await self._record(
            RecordDelivered(
                tuple(owed for owed, delivered in some if delivered),
                tuple(owed for owed, delivered in some if not delivered),
            )
        )
        del self._settled[: len(some)]
        self._known.difference_update(_key(owed) for owed, _ in some)

    async def _last_words(self) -> None:
        """Before the process ends: what is not recorded would be delivered again."""
        with suppress(Refused, Unavailable, TimeoutError):
            async with asyncio.timeout(RETRY_RECORD_S):
                while self._settled:
                    await self._write_some()


def _key(owed: Owed) -> NoticeKey:
    return owed.entity, owed.version, owed.url


async def _end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
