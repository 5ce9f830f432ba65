"""Owed notifications: delivered at least once, recorded, given up in the end; nobody waits for another's."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from comity.errors import LedgerFull, OutcomeUnknown
from comity.ids import EntityId
from comity.model.dss_command import Owed, RecordDelivered
from comity.uss.outbox import AT_ONCE, Outbox, OutboxSettings, Sent
from tests.uss.serving import ran

FAST = OutboxSettings(retries=3, first_pause_s=0.01, longest_pause_s=0.02)
A, B = "https://a.example", "https://b.example"


def owed(number: int, url: str = A, version: int = 1) -> Owed:
    return Owed(EntityId(f"entity-{number}"), version, url)


class Told:
    """What was sent and recorded. ``answer`` decides what becomes of each try."""

    def __init__(self) -> None:
        self.tries: list[Owed] = []
        self.delivered: list[Owed] = []
        self.given_up: list[Owed] = []
        self.answer: Callable[[Owed], Sent] = lambda one: Sent.DELIVERED
        self.hold: Callable[[Owed], Awaitable[None]] | None = None
        self.record_error: Exception | None = None
        self.under_way: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self._changed = asyncio.Event()

    async def send(self, one: Owed) -> Sent:
        self.tries.append(one)
        self.under_way[one.url] += 1
        self.most[one.url] = max(self.most[one.url], self.under_way[one.url])
        try:
            if self.hold is not None:
                await self.hold(one)
            return self.answer(one)
        finally:
            self.under_way[one.url] -= 1

    async def record(self, command: RecordDelivered) -> None:
        if self.record_error is not None:
            raise self.record_error
        self.delivered += command.delivered
        self.given_up += command.given_up
        self._changed.set()

    async def until(self, settled: int) -> None:
        async with asyncio.timeout(10.0):
            while len(self.delivered) + len(self.given_up) < settled:
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def outbox(settings: OutboxSettings = FAST) -> AsyncIterator[tuple[Outbox, Told]]:
    told = Told()
    box = Outbox(settings, told.send, told.record)
    task = asyncio.create_task(box.run())
    try:
        yield box, told
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, OutcomeUnknown):
            await task


@ran
async def test_what_is_owed_is_delivered_once_and_recorded_once() -> None:
    async with outbox() as (box, told):
        box.take([owed(1), owed(2, B)])
        box.take([owed(1)])
        await told.until(2)
        box.take([owed(3)])
        await told.until(3)
        assert sorted(told.delivered, key=lambda one: one.entity) == [owed(1), owed(2, B), owed(3)]
        assert len(told.tries) == 3
        assert not told.given_up
        assert box.waiting == 0
        assert box.counts == {"delivered": 3, "given_up": 0, "failed_tries": 0}


@pytest.mark.parametrize("failing", [Sent.UNANSWERED, Sent.REFUSED])
@ran
async def test_what_fails_is_tried_again_and_then_delivered(failing: Sent) -> None:
    async with outbox() as (box, told):
        told.answer = lambda one: failing if len(told.tries) < 3 else Sent.DELIVERED
        box.take([owed(1)])
        await told.until(1)
        assert told.delivered == [owed(1)]
        assert len(told.tries) == 3


@pytest.mark.parametrize("failing", [Sent.UNANSWERED, Sent.REFUSED])
@ran
async def test_what_never_works_is_given_up_after_its_retries_and_recorded(failing: Sent) -> None:
    async with outbox() as (box, told):
        told.answer = lambda one: failing
        box.take([owed(1)])
        await told.until(1)
        assert told.given_up == [owed(1)]
        assert len(told.tries) == 1 + FAST.retries
        assert box.waiting == 0
        told.answer = lambda one: Sent.DELIVERED
        box.take([owed(2)])
        await told.until(2)
        assert told.delivered == [owed(2)]


@ran
async def test_a_long_queue_for_a_dead_peer_is_given_up_no_later_than_a_short_one() -> None:
    async with outbox() as (box, told):
        told.answer = lambda one: Sent.UNANSWERED
        box.take([owed(number) for number in range(200)])
        await told.until(200)
        assert len(told.given_up) == 200
        assert len(told.tries) <= AT_ONCE + FAST.retries


@ran
async def test_a_dead_peer_delays_nobody_else() -> None:
    async with outbox(OutboxSettings(retries=3, first_pause_s=60.0)) as (box, told):
        never = asyncio.Event()

        async def hold(one: Owed) -> None:
            if one.url == A:
                await never.wait()

        told.hold = hold
        box.take([owed(number, A) for number in range(50)])
        box.take([owed(number, B) for number in range(50)])
        await told.until(50)
        assert {one.url for one in told.delivered} == {B}
        assert told.most[A] == AT_ONCE


@ran
async def test_a_peer_that_refuses_one_takes_the_others_meanwhile() -> None:
    async with outbox(OutboxSettings(retries=3, first_pause_s=60.0)) as (box, told):
        told.answer = lambda one: Sent.REFUSED if one.entity == "entity-0" else Sent.DELIVERED
        box.take([owed(number) for number in range(20)])
        await told.until(19)
        assert owed(0) not in told.delivered


@ran
async def test_one_entity_is_told_of_in_order_and_never_twice_at_once() -> None:
    async with outbox() as (box, told):
        order: list[int] = []

        async def hold(one: Owed) -> None:
            order.append(one.version)
            await asyncio.sleep(0.01)
            order.append(-one.version)

        told.hold = hold
        box.take([owed(1, version=version) for version in (1, 2, 3)])
        await told.until(3)
        assert order == [1, -1, 2, -2, 3, -3]


@ran
async def test_while_the_ledger_is_full_what_was_delivered_waits_and_is_not_sent_again() -> None:
    async with outbox() as (box, told):
        told.record_error = LedgerFull("no room")
        box.take([owed(1)])
        async with asyncio.timeout(10.0):
            while not told.tries:
                await asyncio.sleep(0.01)
        box.take([owed(1)])
        await asyncio.sleep(0.3)
        assert box.waiting == 1
        told.record_error = None
        await told.until(1)
        assert len(told.tries) == 1


@ran
async def test_an_unknown_outcome_ends_the_task() -> None:
    told = Told()
    told.record_error = OutcomeUnknown("who knows")
    box = Outbox(FAST, told.send, told.record)
    box.take([owed(1)])
    with pytest.raises(OutcomeUnknown):
        async with asyncio.timeout(10.0):
            await box.run()


@ran
async def test_when_stopped_what_was_delivered_is_recorded() -> None:
    async with outbox() as (box, told):
        box.take([owed(1)])
        async with asyncio.timeout(10.0):
            while box.counts["delivered"] == 0:
                await asyncio.sleep(0)
        assert not told.delivered
    assert told.delivered == [owed(1)]


@ran
async def test_pauses_double_up_to_a_bound_and_are_never_in_step() -> None:
    box = Outbox(
        OutboxSettings(first_pause_s=1.0, longest_pause_s=8.0), Told().send, Told().record, lambda: 0.0
    )
    assert [box._pause_s(tries) for tries in range(6)] == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
    late = Outbox(
        OutboxSettings(first_pause_s=1.0, longest_pause_s=8.0), Told().send, Told().record, lambda: 1.0
    )
    assert [late._pause_s(tries) for tries in range(6)] == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert late._pause_s(10_000) == 8.0
