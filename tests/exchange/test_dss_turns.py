"""Turns: who waits for whom, for how long, and what the hostile gain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from comity.coordination.cell_index import Placed, Places
from comity.errors import StrategicConflict
from comity.exchange import turns as turns_module
from comity.exchange.turns import Turn, Turns
from comity.ids import EntityId
from comity.model.f3548 import CellBox
from tests.coordination.f3548.desk import box, id_
from tests.exchange.usses import plain, put
from tests.hosting import ran
from tests.world import world

HERE = Places().of(box())
ELSEWHERE = Places().of(box(lat=47.2))
HIGHER = Places().of(box(lower_m=300.0, upper_m=400.0))
LATER = Places().of(box(start_s=5_000.0, end_s=6_000.0))
LONG_S = 30.0


def running(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """A test that needs a loop and nothing else."""

    def run() -> None:
        asyncio.run(asyncio.wait_for(test(), 60.0))

    run.__name__ = test.__name__
    return run


async def refused(turns: Turns, manager: str, number: int = 1, placed: Placed = HERE) -> Turn:
    """A write that came through and was refused for its key."""
    turn = await turns.enter(manager, id_(number), placed)
    turn.decided(True)
    turn.left()
    return turn


def accepted(turn: Turn) -> None:
    turn.decided(False)
    turn.left()


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


class Entering:
    """A write on its way in."""

    def __init__(self, turns: Turns, manager: str, number: int, placed: Placed = HERE) -> None:
        self.task = asyncio.ensure_future(turns.enter(manager, id_(number), placed))

    async def through(self) -> bool:
        await settle()
        return self.task.done()


@running
async def test_nobody_waits_where_nobody_was_refused() -> None:
    turns = Turns(LONG_S)
    for number in range(3):
        assert await Entering(turns, "uss1", number).through()
    assert not turns.here


@running
async def test_others_wait_until_the_holders_retry_is_decided() -> None:
    turns = Turns(LONG_S)
    await refused(turns, "uss1")
    other = Entering(turns, "uss2", 2)
    assert not await other.through()
    retry = Entering(turns, "uss1", 1)
    assert await retry.through()
    assert not await other.through()
    retry.task.result().decided(False)
    assert await other.through(), "decided is enough; durable is later"


@running
async def test_unrelated_places_wait_for_nothing() -> None:
    turns = Turns(LONG_S)
    await refused(turns, "uss1")
    for number, placed in enumerate((ELSEWHERE, HIGHER, LATER), start=2):
        assert await Entering(turns, "uss2", number, placed).through()


@running
async def test_another_write_of_the_same_manager_waits_too() -> None:
    turns = Turns(LONG_S)
    await refused(turns, "uss1", 1)
    assert not await Entering(turns, "uss1", 2).through()


@running
async def test_first_come_is_first_served() -> None:
    turns = Turns(LONG_S)
    first = await refused(turns, "uss1")
    waiting = [Entering(turns, f"uss{number}", number) for number in range(2, 6)]
    await settle()
    retry = await turns.enter("uss1", id_(1), HERE)
    assert retry is first
    accepted(retry)
    for place_in_line, each in enumerate(waiting):
        assert await each.through()
        assert not any(later.task.done() for later in waiting[place_in_line + 1 :])
        accepted(each.task.result())


@running
async def test_a_waiter_that_is_refused_keeps_its_place_for_its_retry() -> None:
    turns = Turns(LONG_S)
    first = await refused(turns, "uss1")
    second, third = Entering(turns, "uss2", 2), Entering(turns, "uss3", 3)
    await settle()
    first._lapse()
    assert await second.through()
    turn = second.task.result()
    turn.decided(True)
    turn.left()
    assert not await third.through()
    accepted(await turns.enter("uss2", id_(2), HERE))
    assert await third.through()


@running
async def test_retries_that_are_refused_again_and_again_let_the_others_go_first() -> None:
    turns = Turns(LONG_S)
    await refused(turns, "uss1")
    other = Entering(turns, "uss2", 2)
    for _ in range(turns_module.MOST_IN_A_ROW):
        assert not await other.through()
        await refused(turns, "uss1")
    assert await other.through()
    other.task.result().decided(True)
    assert not await Entering(turns, "uss1", 1).through()


@running
async def test_a_retry_that_is_refused_again_keeps_a_place_that_nobody_waits_for() -> None:
    turns = Turns(LONG_S)
    for _ in range(3 * turns_module.MOST_IN_A_ROW):
        await refused(turns, "uss1")
    assert not await Entering(turns, "uss2", 2).through()


@running
async def test_a_turn_ends_by_itself() -> None:
    turns = Turns(0.01)
    await refused(turns, "uss1")
    await asyncio.wait_for(turns.enter("uss2", id_(2), HERE), 10.0)
    assert turns.lapses == 1


@running
async def test_nobody_waits_longer_than_the_bound() -> None:
    turns = Turns(LONG_S)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turns_module, "LONGEST_WAIT_S", 0.02)
        await refused(turns, "uss1")
        turn = await asyncio.wait_for(turns.enter("uss2", id_(2), HERE), 10.0)
        turn.decided(True)
        turn.left()
        # Its retry waits for the holder, and again no longer than that.
        assert await asyncio.wait_for(turns.enter("uss2", id_(2), HERE), 10.0) is turn


@running
async def test_who_waited_too_long_goes_before_all_who_wait_and_after_the_holder() -> None:
    turns = Turns(LONG_S)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turns_module, "LONGEST_WAIT_S", 0.02)
        first = await refused(turns, "uss1")
        late = await asyncio.wait_for(turns.enter("uss2", id_(2), HERE), 10.0)
    third = Entering(turns, "uss3", 3)
    assert not await third.through()
    late.decided(True)
    late.left()
    retry = Entering(turns, "uss2", 2)
    assert not await retry.through()
    first._lapse()
    assert await retry.through()
    assert not await third.through()
    accepted(retry.task.result())
    assert await third.through()
    accepted(third.task.result())
    assert not turns.here


@running
async def test_turns_that_are_used_make_good_for_those_that_lapse() -> None:
    turns = Turns(turns_module.IDLE_S / 2.0)
    for number in range(12):
        (await refused(turns, "uss1", number))._lapse()
        for _ in range(2):
            turn = await refused(turns, "uss1", 100)
            assert turn in turns.here
            accepted(await turns.enter("uss1", id_(100), HERE))


@running
async def test_a_retry_that_lies_unread_when_the_time_is_over_is_in_time() -> None:
    turns = Turns(0.01)
    turn = await refused(turns, "uss1")
    loop = asyncio.get_running_loop()
    loop.call_soon(time.sleep, 0.05)  # the process is busy while the time runs out
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await turns.enter("uss1", id_(1), HERE) is turn
    assert turns.lapses == 0


@running
async def test_whoever_leaves_the_line_holds_up_nobody() -> None:
    turns = Turns(LONG_S)
    first = await refused(turns, "uss1")
    second, third = Entering(turns, "uss2", 2), Entering(turns, "uss3", 3)
    await settle()
    second.task.cancel()
    await settle()
    first._lapse()
    assert await third.through()
    accepted(third.task.result())
    assert not turns.here


@running
async def test_a_write_that_never_gets_a_decision_leaves_nothing_behind() -> None:
    turns = Turns(LONG_S)
    await refused(turns, "uss1")
    retry = await turns.enter("uss1", id_(1), HERE)
    retry.left()
    assert not turns.here
    assert await Entering(turns, "uss2", 2).through()


@running
async def test_a_manager_that_lets_turns_lapse_gets_none_for_a_while_and_others_do() -> None:
    turns = Turns(turns_module.IDLE_S / 2.0)
    for number in range(3):
        turn = await refused(turns, "uss1", number)
        assert turn in turns.here
        turn._lapse()
    assert await refused(turns, "uss1", 9) not in turns.here
    other = await refused(turns, "uss2", 9)
    assert other in turns.here
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turns_module, "LEAK", 1e9)
        other._lapse()
        assert await refused(turns, "uss1", 9) in turns.here


@running
async def test_a_manager_holds_so_many_places_and_no_more() -> None:
    turns = Turns(LONG_S)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turns_module, "MOST_EACH", 2)
        held = [
            await refused(turns, "uss1", number, placed)
            for number, placed in enumerate((HERE, ELSEWHERE, HIGHER), start=1)
        ]
        assert [turn in turns.here for turn in held] == [True, True, False]
        assert await refused(turns, "uss2", 4, LATER) in turns.here


@running
async def test_more_than_can_wait_go_past() -> None:
    turns = Turns(LONG_S)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turns_module, "MOST", 2)
        await refused(turns, "uss1")
        assert not await Entering(turns, "uss2", 2).through()
        assert await Entering(turns, "uss3", 3).through()


@running
async def test_no_turns_at_all_where_they_are_switched_off() -> None:
    turns = Turns(0.0)
    await refused(turns, "uss1")
    assert not turns.here
    assert await Entering(turns, "uss2", 2).through()


@running
async def test_the_second_of_two_that_were_refused_at_once_has_no_turn_beside_the_first() -> None:
    turns = Turns(LONG_S)
    first, second = [await turns.enter(f"uss{number}", id_(number), HERE) for number in (1, 2)]
    for turn in (first, second):
        turn.decided(True)
        turn.left()
    assert first in turns.here
    assert second not in turns.here
    assert not await Entering(turns, "uss2", 2).through()


async def writer(dss: Any, number: int, writes: int, at: CellBox, known: dict[str, str]) -> list[int]:
    """Create, then change; asks again with what a refusal named. Tries for each write."""
    tries, ovn = [], None
    manager = "uss1"
    for _ in range(writes):
        for attempt in range(1, 100):
            try:
                held = await put(dss, number, manager, at=at, ovn=ovn, key=[*known.values()])
            except StrategicConflict as conflict:
                for each in plain(conflict.detail)["missing_operational_intents"]:
                    known[each["id"]] = each["ovn"]
                continue
            ovn = held["ovn"]
            tries.append(attempt)
            break
    return tries


@ran
async def test_many_who_write_into_one_place_get_through_in_few_tries(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        tries = await asyncio.gather(*(writer(dss, number, 4, box(), {}) for number in range(32)))
        every = [one for each in tries for one in each]
        assert len(every) == 32 * 4
        assert sum(every) / len(every) <= 3.0
        assert not dss.turns.here
        assert all(each.version == 4 for each in w.exchange.state.references.values())


@ran
async def test_a_refused_write_that_does_not_come_back_delays_others_and_stops_nobody(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        await put(dss, 1)
        with pytest.raises(StrategicConflict):
            await put(dss, 2, "uss2")
        held = plain(dss.operational_intent("uss1", id_(1)))
        assert (await put(dss, 1, ovn=held["ovn"]))["version"] == 2
        assert dss.turns.waited == 1
        assert dss.turns.lapses == 1
        # Off-nominal writes need no key and wait for nobody.
        assert not dss.turns.here
        assert EntityId(held["id"]) in w.exchange.state.references
