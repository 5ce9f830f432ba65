"""The writer while the disk works: what arrives is decided over what is under way, and answered after it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import pytest

from comity.coordination.decide import decide
from comity.coordination.decision import Asked, Decision
from comity.coordination.facts import digest, rows
from comity.coordination.state import State
from comity.errors import LedgerFull, OutcomeUnknown, StrategicConflict, Undecidable
from comity.exchange.recovery import fold_entries
from comity.ids import EntityId, Ovn, ParticipantId, PersonId
from comity.ledger.entry import Appended, Draft
from comity.model import command as c
from comity.model.participant import Participant, Person, Role
from comity.model.released import ReleasedItem
from comity.model.rule import Level
from tests.world import CENTRE, ENVIRONMENT, NORTH, SOUTH, World, intent, levels, volume, world


class SlowDisk:
    """Holds appends back until told to go on, and can make them fail."""

    def __init__(self, w: World) -> None:
        self._ledger = w.exchange.writer.ledger
        self._append = self._ledger.append
        self.free = threading.Event()
        self.free.set()
        self.failing: Exception | None = None
        self.batches: list[int] = []

    def __enter__(self) -> SlowDisk:
        self._ledger.append = self.append  # type: ignore[method-assign]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.free.set()
        self._ledger.append = self._append  # type: ignore[method-assign]

    def append(self, drafts: Sequence[Draft]) -> list[Appended]:
        assert self.free.wait(20.0)
        if self.failing is not None:
            raise self.failing
        self.batches.append(len(drafts))
        return self._append(drafts)


async def soon() -> None:
    """Long enough for everything that does not wait for the disk."""
    for _ in range(20):
        await asyncio.sleep(0.001)


def test_what_arrives_during_a_commit_sees_what_is_under_way_and_waits_for_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            with SlowDisk(w) as disk:
                disk.free.clear()
                first = asyncio.create_task(w.do(NORTH, intent()))
                await soon()
                conflicting = asyncio.create_task(w.do(NORTH, intent()))
                clear = asyncio.create_task(w.do(NORTH, intent(volume(lat=46.0))))
                await soon()
                assert not first.done()
                assert not conflicting.done(), "a refusal that rests on what is not durable yet"
                assert w.exchange.airspace(NORTH) == []
                disk.free.set()
                filed = (await first).result
                assert isinstance(filed, ReleasedItem)
                with pytest.raises(StrategicConflict) as refusal:
                    await conflicting
                assert refusal.value.detail["conflicts"][0].item.ref == filed.ref
                await clear
                assert disk.batches == [1, 1]
            assert len(w.exchange.airspace(NORTH)) == 2

    asyncio.run(main())


def test_a_retry_during_the_commit_of_the_first_is_one_entry(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            size = w.exchange.ledger.size
            with SlowDisk(w) as disk:
                disk.free.clear()
                first = asyncio.create_task(w.do(NORTH, intent(), request="twin-request"))
                await soon()
                second = asyncio.create_task(w.do(NORTH, intent(), request="twin-request"))
                await soon()
                assert not second.done()
                disk.free.set()
                assert (await first).receipt == (await second).receipt
            assert w.exchange.ledger.size == size + 1

    asyncio.run(main())


@pytest.mark.parametrize("error", [LedgerFull("the disk is full"), OutcomeUnknown("the disk did not say")])
def test_what_was_decided_over_a_failed_batch_fails_with_it(
    tmp_path: Path, error: LedgerFull | OutcomeUnknown
) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            size, before = w.exchange.ledger.size, digest(rows(w.exchange.state))
            with SlowDisk(w) as disk:
                disk.free.clear()
                disk.failing = error
                first = asyncio.create_task(w.do(NORTH, intent()))
                await soon()
                over_it = asyncio.create_task(w.do(NORTH, intent(volume(lat=46.0))))
                retry = asyncio.create_task(w.do(NORTH, intent(volume(lat=46.0)), request="twin-request"))
                await soon()
                disk.free.set()
                for task in (first, over_it, retry):
                    with pytest.raises(type(error)):
                        await task
            assert w.exchange.ledger.size == size
            assert digest(rows(w.exchange.state)) == before
            if isinstance(error, LedgerFull):
                await w.do(NORTH, intent(volume(lat=46.0)), request="twin-request")
                assert len(w.exchange.airspace(NORTH)) == 1
            else:
                assert not w.exchange.healthy()

    asyncio.run(main())


def test_membership_and_rules_under_way_hold_for_what_follows(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            await w.file(NORTH)
            with SlowDisk(w) as disk:
                disk.free.clear()
                rule = asyncio.create_task(w.release(NORTH, SOUTH, levels(Level.VOLUME)))
                await soon()
                unseen_before = asyncio.create_task(w.do(SOUTH, intent()))
                await soon()
                disk.free.set()
                await rule
                with pytest.raises(StrategicConflict):
                    await unseen_before
                disk.free.clear()
                west = Participant(ParticipantId("west"), "West")
                admitted = asyncio.create_task(w.do(CENTRE, c.AdmitParticipant(west)))
                await soon()
                person = Person(PersonId("desk"), west.id, "The desk", tuple(Role))
                added = asyncio.create_task(w.do(CENTRE, c.PutPerson(person)))
                await soon()
                disk.free.set()
                await asyncio.gather(admitted, added)
            with pytest.raises(StrategicConflict):
                await w.do(SOUTH, intent())
            await w.do(west.id, intent())

    asyncio.run(main())


def test_batches_in_a_row_give_the_state_that_replay_gives(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            with SlowDisk(w) as disk:

                async def client(number: int) -> None:
                    for turn in range(6):
                        item = await w.file(NORTH if number % 2 else SOUTH, volume(lat=30.0 + number))
                        assert item.ovn is not None
                        await w.do(
                            NORTH if number % 2 else SOUTH,
                            c.EndIntent(EntityId(item.ref), Ovn(item.ovn)),
                            request=f"ending-{number:04d}-{turn}",
                        )

                await asyncio.gather(*(client(number) for number in range(12)))
                assert max(disk.batches) > 1
            replayed = State(ENVIRONMENT)
            fold_entries(replayed, w.exchange.ledger.reader, 0)
            assert digest(rows(replayed)) == digest(rows(w.exchange.state))

    asyncio.run(main())


def test_a_fault_in_deciding_refuses_that_command_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poisoned(asked: Asked) -> Decision:
        if asked.by.request_id == "poisoned-request":
            raise ZeroDivisionError("nobody foresaw this")
        return decide(asked)

    async def main() -> None:
        async with world(tmp_path) as w:
            monkeypatch.setattr("comity.exchange.writer.decide", poisoned)
            answers = await asyncio.gather(
                w.do(NORTH, intent(), request="poisoned-request"),
                w.do(NORTH, intent(), request="an-ordinary-one"),
                return_exceptions=True,
            )
            assert isinstance(answers[0], Undecidable)
            assert not isinstance(answers[1], BaseException)
            assert w.exchange.operator_health()["undecidable_faults"] == 1
            assert w.exchange.healthy()

    asyncio.run(main())


def test_a_fault_after_deciding_leaves_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*what: object) -> None:
        raise ZeroDivisionError("nobody foresaw this")

    async def main() -> None:
        async with world(tmp_path) as w:
            monkeypatch.setattr("comity.exchange.writer.apply", broken)
            with pytest.raises(OutcomeUnknown):
                await asyncio.wait_for(w.file(NORTH), 5.0)
            assert not w.exchange.healthy()

    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())
