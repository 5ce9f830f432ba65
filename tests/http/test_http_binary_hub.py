"""The two messages of a binary frame are one: queued, counted, discarded and taken as sent together."""

from __future__ import annotations

import asyncio

from comity.http.frames import Form
from comity.http.outbox import Frame, Outbox, Place
from comity.ids import ParticipantId
from comity.wire.packed import HEADER
from tests.http.test_http_hub import Desk, settle


def test_a_binary_frame_is_words_and_then_records() -> None:
    async def scenario() -> None:
        desk = Desk()
        _, binary = desk.join(form=Form.BINARY)
        _, plain = desk.join()
        await settle()
        await desk.tick(2)
        assert binary.kinds() == plain.kinds() == ["snapshot:start", "tick", "tick"]
        assert [one["tracks"] for one in binary.got] == [["words"]] * 3
        assert [one["binary"] for one in binary.got] == [True] * 3
        assert len(binary.packed) == 3
        assert [len(plain.packed), any("binary" in one for one in plain.got)] == [0, False]
        assert [(a["cursor"], a["as_of"]) for a in plain.got] == [
            (b["cursor"], b["as_of"]) for b in binary.got
        ]

    asyncio.run(scenario())


def test_nothing_is_sent_where_nothing_moved_but_after_a_snapshot() -> None:
    async def scenario() -> None:
        desk = Desk()
        desk.exchange.still = True
        _, pipe = desk.join(form=Form.BINARY)
        await settle()
        await desk.tick(2)
        assert pipe.kinds() == ["snapshot:start", "tick", "tick"]
        assert len(pipe.packed) == 1
        assert ["binary" in one for one in pipe.got] == [True, False, False]

    asyncio.run(scenario())


def test_clients_that_stand_alike_share_one_encoding() -> None:
    async def scenario() -> None:
        desk = Desk()
        clients = [desk.join(form=Form.BINARY) for _ in range(20)]
        await settle()
        desk.exchange.asked = 0
        await desk.tick()
        assert desk.exchange.asked == 1
        first = clients[0][1].packed[-1]
        assert all(pipe.packed[-1] is first for _, pipe in clients)

    asyncio.run(scenario())


def test_a_client_between_the_two_messages_has_had_neither() -> None:
    """Withdrawal while the text is out and the records are not: the connection is cut, and the place by
    which a reader would go on is the one before."""

    async def scenario() -> None:
        desk = Desk()
        client, pipe = desk.join(form=Form.BINARY)
        await settle()
        before = client.outbox.sent
        pipe.wide.clear()
        desk.exchange.seq = 3
        await desk.tick()
        assert len(pipe.got) == 2
        assert len(pipe.packed) == 1
        assert client.outbox.sending
        assert client.outbox.sent == before
        await desk.tick()
        for tell in desk.exchange.on_withdrawn:
            tell(ParticipantId("north"))
        assert pipe.aborted
        assert client.place == before
        assert client.outbox._size == 0

    asyncio.run(scenario())


def test_what_waits_is_discarded_with_its_records_and_the_rest_follows_from_what_was_sent() -> None:
    async def scenario() -> None:
        desk = Desk()
        client, pipe = desk.join(form=Form.BINARY)
        await settle()
        desk.exchange.seq = 3
        desk.hub._serve_all(ParticipantId("north"), desk.exchange.clock.now())
        assert client.outbox._size > HEADER.size
        for tell in desk.exchange.on_withdrawn:
            tell(ParticipantId("north"))
        assert not pipe.aborted
        assert client.outbox._size == 0
        await desk.tick()
        assert (len(pipe.got), len(pipe.packed)) == (2, 2)
        assert [change["ref"] for change in pipe.got[1]["changes"]] == ["ref-1", "ref-2", "ref-3"]

    asyncio.run(scenario())


def test_the_bounds_count_both() -> None:
    text, packed = "x" * 100, b"y" * 900
    outbox = Outbox(8, 3_000, Place(None))
    for number in range(3):
        frame = Frame(text, Place(str(number)), packed)
        assert frame.size == 1_000
        assert outbox.has_room(frame.size)
        outbox.put(frame)
    assert not outbox.has_room(1)
    assert outbox.discard() == 3
    assert outbox.has_room(3_000)


def test_a_slow_reader_of_binary_frames_is_dropped_to_a_snapshot() -> None:
    async def scenario() -> None:
        desk = Desk(pending_frames=3)
        _, slow = desk.join(form=Form.BINARY)
        await settle()
        slow.wide.clear()
        await desk.tick(10)
        assert (len(slow.got), len(slow.packed)) == (2, 1)
        slow.wide.set()
        await settle()
        await desk.tick()
        assert slow.kinds() == ["snapshot:start", "tick", "snapshot:slow"]
        assert len(slow.packed) == 3

    asyncio.run(scenario())
