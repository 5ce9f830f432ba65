"""The hub without sockets: slow clients, what is cut at a withdrawal, frames made once, large snapshots."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from comity.clock import ManualClock
from comity.config import StreamSection
from comity.errors import NotFound
from comity.http.access import Caller, Gate
from comity.http.frames import Form
from comity.http.metrics import Metrics
from comity.http.outbox import Farewell, Frame, Outbox, Place
from comity.http.stream import Client, Hub
from comity.http.tokens import SCOPES, Identity
from comity.ids import ParticipantId, PersonId
from comity.model.participant import Participant, Person, Role
from comity.model.released import Change, ChangePage
from comity.wire.packed import HEADER, MAGIC, RECORD, VERSION
from tests.world import START


class Delta:
    def __init__(self, stamp: int, changed_json: bytes, *, still: bool = False) -> None:
        self.stamp = stamp
        self.changed_json = changed_json
        self.words_json = b'["words"]'
        self.packed = HEADER.pack(MAGIC, VERSION, 0, RECORD.size, 0, 0, stamp, 0)
        self.packed += b"" if still else changed_json
        self.gone: list[str] = []
        self.reset = False


class Quiet:
    """No alerts."""

    stamp = 1
    changed_json = b"[]"
    gone: tuple[str, ...] = ()
    reset = False
    swept_at = START
    late_s = 0.0


class Numbers:
    """An exchange whose feed is a count: item ``n`` is change ``n``. ``weight``: characters of tracks, of
    which none moves while it is ``still``."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.on_withdrawn: list[Any] = []
        self.on_revoked: list[Any] = []
        self.seq = 0
        self.weight = 0
        self.still = False
        self.asked = 0
        self.members = {"north", "south"}

    def changes(self, who: ParticipantId, cursor: str | None, limit: int) -> ChangePage:
        self.asked += 1
        since = int(cursor) if cursor is not None else 0
        upto = min(self.seq, since + limit)
        found = tuple(Change(n, f"ref-{n}") for n in range(since + 1, upto + 1))
        return ChangePage(found, str(upto), upto < self.seq, self.clock.now(), reset=cursor is None)

    def track_delta(self, who: ParticipantId, since: int | None) -> Delta:
        return Delta((since or 0) + 1, b'["' + b"x" * self.weight + b'"]', still=self.still)

    def alert_delta(self, who: ParticipantId, since: int | None) -> Quiet:
        return Quiet()

    def participant(self, id: ParticipantId) -> Participant:
        if id not in self.members:
            raise NotFound("gone")
        return Participant(id, "A name")

    def person(self, participant: ParticipantId, id: PersonId) -> Person:
        return Person(id, participant, "A name", tuple(Role))

    def is_revoked(self, *_: object) -> bool:
        return False


class Pipe:
    """A client's end: takes messages only while ``open`` is set, and those of the binary form only while
    ``wide`` is. Also its transport."""

    def __init__(self) -> None:
        self.open, self.wide = asyncio.Event(), asyncio.Event()
        self.open.set()
        self.wide.set()
        self.got: list[dict[str, Any]] = []
        self.packed: list[bytes] = []
        self.aborted = False
        self.held = 0

    async def send(self, message: str | bytes) -> None:
        await self.open.wait()
        if isinstance(message, bytes):
            await self.wide.wait()
            self.packed.append(message)
        else:
            self.got.append(json.loads(message))

    def unsent(self) -> int:
        return self.held

    def abort(self) -> None:
        self.aborted = True

    def kinds(self) -> list[str]:
        return [f"{one['type']}:{one['reason']}" if "reason" in one else one["type"] for one in self.got]


class Desk:
    """A hub with clients, on one event loop."""

    def __init__(self, **limits: Any) -> None:
        self.exchange = Numbers()
        self.metrics = Metrics()
        exchange: Any = self.exchange
        self.hub = Hub(exchange, Gate(exchange, None), StreamSection(**limits), self.metrics)  # type: ignore[arg-type]  # nobody signs in
        self.tasks: list[asyncio.Task[Farewell]] = []

    def join(
        self, who: str = "north", cursor: str | None = None, form: Form = Form.JSON
    ) -> tuple[Client, Pipe]:
        now = self.exchange.clock.now()
        identity = Identity(
            ParticipantId(who), PersonId("desk"), "t", SCOPES, now, 0.0, now + timedelta(hours=1)
        )
        exchange = self.exchange
        caller = Caller(
            identity,
            exchange.participant(identity.participant),
            exchange.person(identity.participant, identity.person),
        )
        pipe = Pipe()
        client = self.hub.join(caller, cursor, now, pipe, form)
        self.tasks.append(asyncio.create_task(client.outbox.run(pipe.send)))
        return client, pipe

    async def tick(self, times: int = 1) -> None:
        for _ in range(times):
            self.exchange.clock.advance(1)
            await self.hub.tick(self.exchange.clock.now())
            await settle()


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_a_slow_client_is_dropped_to_a_snapshot_and_holds_nobody_up() -> None:
    async def scenario() -> None:
        desk = Desk(pending_frames=3)
        _, slow = desk.join()
        _, fast = desk.join()
        await settle()
        slow.open.clear()
        desk.exchange.seq = 5
        await desk.tick(10)
        assert fast.kinds() == ["snapshot:start"] + ["tick"] * 10
        assert slow.kinds() == ["snapshot:start"]
        desk.exchange.seq = 7
        slow.open.set()
        await settle()
        await desk.tick(2)
        assert slow.kinds() == ["snapshot:start", "tick", "snapshot:slow", "tick"]
        assert slow.got[2]["cursor"] == "7"
        assert 'reason="slow"} 1.0' in desk.metrics.text().decode()

    asyncio.run(scenario())


def test_a_clients_memory_is_bounded_by_size_as_well() -> None:
    async def scenario() -> None:
        desk = Desk(pending_bytes=100_000, pending_frames=1_000)
        client, slow = desk.join()
        await settle()
        slow.open.clear()
        desk.exchange.weight = 30_000
        for _ in range(30):
            await desk.tick()
            assert client.outbox._size <= 100_000
        assert client.snapshot_due == "slow"

    asyncio.run(scenario())


def test_a_snapshot_larger_than_the_bound_still_comes() -> None:
    async def scenario() -> None:
        desk = Desk(pending_bytes=10_000)
        desk.exchange.weight = 50_000
        _, pipe = desk.join()
        await settle()
        assert pipe.kinds() == ["snapshot:start"]

    asyncio.run(scenario())


def test_many_changes_come_by_pages_that_say_so() -> None:
    async def scenario() -> None:
        desk = Desk(page_changes=10, pending_frames=2)
        desk.exchange.seq = 45
        _, pipe = desk.join()
        await settle()
        await desk.tick(3)
        assert pipe.kinds() == ["snapshot:start"] + ["tick"] * 5
        assert [one.get("more", False) for one in pipe.got] == [True, True, True, True, False, False]
        refs = [change["ref"] for one in pipe.got for change in one.get("changes", ())]
        assert refs == [f"ref-{n}" for n in range(11, 46)]

    asyncio.run(scenario())


def test_frames_are_made_once_for_clients_that_stand_alike() -> None:
    async def scenario() -> None:
        desk = Desk()
        pipes = [desk.join()[1] for _ in range(20)]
        await settle()
        await desk.tick()
        desk.exchange.asked = 0
        await desk.tick()
        assert desk.exchange.asked == 1
        assert all(pipe.got[1:] == pipes[0].got[1:] for pipe in pipes)

    asyncio.run(scenario())


def test_withdrawal_discards_what_waits_and_cuts_what_is_on_its_way() -> None:
    async def scenario() -> None:
        desk = Desk()
        waiting_client, waiting = desk.join()
        _, idle = desk.join()
        _, other = desk.join("south")
        await settle()
        waiting.open.clear()
        desk.exchange.seq = 1
        await desk.tick(3)
        for tell in desk.exchange.on_withdrawn:
            tell(ParticipantId("north"))
        assert waiting.aborted, "a frame was on its way"
        assert not idle.aborted
        assert not other.aborted
        assert waiting_client.outbox._queue == type(waiting_client.outbox._queue)()
        idle.held = 1
        for tell in desk.exchange.on_withdrawn:
            tell(ParticipantId("north"))
        assert idle.aborted, "the transport held bytes"

    asyncio.run(scenario())


def test_after_a_withdrawal_a_client_goes_on_from_what_it_really_got() -> None:
    async def scenario() -> None:
        desk = Desk()
        client, pipe = desk.join()
        await settle()
        desk.exchange.seq = 3
        desk.hub._serve_all(ParticipantId("north"), desk.exchange.clock.now())
        assert client.place.cursor == "3"
        for tell in desk.exchange.on_withdrawn:
            tell(ParticipantId("north"))
        assert client.place.cursor == "0"
        desk.exchange.seq = 4
        await desk.tick()
        assert [change["ref"] for change in pipe.got[1]["changes"]] == ["ref-1", "ref-2", "ref-3", "ref-4"]

    asyncio.run(scenario())


def test_a_member_that_is_gone_loses_its_stream_at_the_next_tick() -> None:
    async def scenario() -> None:
        desk = Desk()
        client, _ = desk.join("south")
        desk.exchange.members.remove("south")
        await desk.tick()
        farewell = await asyncio.wait_for(desk.tasks[0], 1)
        assert (farewell.code, client.last) == (4401, True)

    asyncio.run(scenario())


def test_a_farewell_goes_before_what_is_queued_and_is_the_last() -> None:
    async def scenario() -> None:
        outbox = Outbox(8, 1_000, Place(None))
        outbox.put(Frame("1", Place("1", 1)))
        outbox.close(Farewell("bye", 4401, "revoked"))
        outbox.close(Farewell("bye", 1012, "stopping"))
        outbox.put(Frame("2", Place("2", 2)))
        sent: list[str | bytes] = []

        async def send(message: str | bytes) -> None:
            sent.append(message)

        assert (await outbox.run(send)).code == 4401
        assert sent == []

    asyncio.run(scenario())


def test_waiting_for_a_tick_ends_with_it_or_with_its_time() -> None:
    async def scenario() -> None:
        desk = Desk()
        waiting = asyncio.create_task(desk.hub.wait_tick(30))
        await settle()
        assert not waiting.done()
        await desk.tick()
        await asyncio.wait_for(waiting, 1)
        await asyncio.wait_for(desk.hub.wait_tick(0.01), 1)

    asyncio.run(scenario())


def test_a_hub_that_stopped_serves_nobody_new() -> None:
    async def scenario() -> None:
        desk = Desk()
        desk.join()
        desk.hub.stop()
        client, _ = desk.join()
        assert client.last
        for task in desk.tasks:
            assert (await asyncio.wait_for(task, 1)).code == 1012

    asyncio.run(scenario())


@pytest.mark.parametrize("count", [0, 3])
def test_leaving_is_counted(count: int) -> None:
    async def scenario() -> None:
        desk = Desk()
        clients = [desk.join()[0] for _ in range(count)]
        assert len(desk.hub) == count
        for client in clients:
            desk.hub.leave(client)
            desk.hub.leave(client)
        assert len(desk.hub) == 0
        assert "comity_stream_clients 0.0" in desk.metrics.text().decode()

    asyncio.run(scenario())
