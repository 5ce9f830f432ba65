"""What a hosted participant's change obliges to tell: told over HTTP, recorded, owed again after a stop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from comity.clock import ManualClock
from comity.coordination.f3548.footprint import box_of
from comity.errors import LedgerFull
from comity.ids import EntityId
from comity.model import command as c
from comity.model import dss_command as d
from comity.model.constraint import ConstraintKind
from comity.model.released import ReleasedItem
from comity.model.rule import Level
from comity.uss.outbound import Outbound, OutboundSettings
from comity.uss.outbox import Outbox, OutboxSettings
from comity.uss.peers import Peers, PeerSettings
from comity.uss.tokens import Tokens, TokenSettings
from tests.hosting import DSS, new_id, reference_of, tell, to_peers
from tests.http.standards.interface import F3548, interface
from tests.uss.serving import Fake, HangUp, Reply, Silence, fake, jwt, ran
from tests.world import ENVIRONMENT, NORTH, START, World, volume, world

SUBSCRIPTION = new_id(50)


class Wired:
    """A world that calls peers, as the runtime has it."""

    def __init__(self, w: World, outbox: Outbox) -> None:
        self.w = w
        self.outbox = outbox

    async def subscribe(self, url: str, number: int = 50) -> None:
        box = box_of(volume(), ENVIRONMENT)
        await tell(self.w, d.PutSubscription(new_id(number), None, box, url, True, True))

    @property
    def owed(self) -> int:
        return len(self.w.exchange.state.notices)

    async def settled(self) -> None:
        async with asyncio.timeout(20.0):
            while self.owed:
                await asyncio.sleep(0.02)

    def settlements(self) -> list[bool]:
        kinds = ["notice.settled"]
        entries = self.w.exchange.ledger.entries(kinds=kinds)
        return [json.loads(each.payload)["fact"]["delivered"] for each in entries if each.payload]


@asynccontextmanager
async def wired(
    directory: Path, authority: Fake, *, timeout_s: float = 0.5, record_fails: bool = False
) -> AsyncIterator[Wired]:
    clock = ManualClock(START)
    async with world(directory, dss=DSS, clock=clock) as w:
        bounds = OutboundSettings(timeout_s, private=True)
        authority.answer = lambda asked: Reply(
            200, json.dumps({"access_token": jwt(), "expires_in": 3600}).encode()
        )
        tokens = Tokens(
            TokenSettings(f"{authority.url}/token", "comity", "s"), Outbound(bounds, clock), clock
        )
        hosting = w.exchange.hosting
        peers = Peers(
            PeerSettings("comity", allow_http=True), Outbound(bounds, clock), tokens, hosting.log, clock
        )
        hosting.use(peers)

        async def full(command: d.RecordDelivered) -> None:
            raise LedgerFull("no room")

        settings = OutboxSettings(retries=3, first_pause_s=0.02, longest_pause_s=0.05)
        outbox = Outbox(settings, hosting.send, full if record_fails else w.exchange.own)
        hosting.on_owed = outbox.take
        outbox.take(hosting.owed())
        task = asyncio.create_task(outbox.run())
        try:
            yield Wired(w, outbox)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await peers.aclose()


def check(body: Any, schema: str) -> None:
    assert not interface(F3548).problems({"$ref": f"#/components/schemas/{schema}"}, body)


@ran
async def test_a_change_is_told_with_its_details_and_a_deletion_without(tmp_path: Path) -> None:
    async with fake() as authority, fake() as peer, wired(tmp_path, authority) as here:
        peer.answer = lambda asked: Reply(204, b"")
        await here.subscribe(f"{peer.url}/utm")
        await to_peers(here.w)
        item = await here.w.file(NORTH)
        reference = reference_of(here.w, item)
        await here.settled()
        (asked,) = peer.asked
        assert (asked.method, asked.path) == ("POST", "/utm/uss/v1/operational_intents")
        check(asked.json, "PutOperationalIntentDetailsParameters")
        assert asked.json["operational_intent_id"] == reference.id
        assert asked.json["operational_intent"]["reference"]["ovn"] == reference.ovn
        assert asked.json["subscriptions"] == [{"subscription_id": SUBSCRIPTION, "notification_index": 1}]
        assert item.ovn is not None
        await here.w.do(NORTH, c.EndIntent(EntityId(item.ref), item.ovn))  # type: ignore[arg-type]
        await here.settled()
        body = peer.asked[1].json
        check(body, "PutOperationalIntentDetailsParameters")
        assert "operational_intent" not in body
        assert body["subscriptions"] == [{"subscription_id": SUBSCRIPTION, "notification_index": 2}]
        assert here.settlements() == [True, True]
        log = here.w.exchange.hosting.log.of("uss1.example")
        assert log is not None
        assert [one.response_code for one in log.messages] == [204, 204]


@ran
async def test_constraints_are_told_likewise(tmp_path: Path) -> None:
    async with fake() as authority, fake() as peer, wired(tmp_path, authority) as here:
        peer.answer = lambda asked: Reply(204, b"")
        await here.subscribe(peer.url)
        await to_peers(here.w, Level.NONE, Level.VOLUME)
        await here.w.do(NORTH, c.PublishConstraint(ConstraintKind.CLOSED, "EX-R1", (volume(),)))
        await here.settled()
        (asked,) = peer.asked
        assert asked.path == "/uss/v1/constraints"
        check(asked.json, "PutConstraintDetailsParameters")
        assert "utm.constraint_management" in {each.form["scope"] for each in authority.asked}


@ran
async def test_what_is_told_is_what_is_released_when_it_is_sent(tmp_path: Path) -> None:
    async with fake() as authority, fake() as peer, wired(tmp_path, authority) as here:
        peer.answer = lambda asked: Reply(500)
        await here.subscribe(peer.url)
        rule = await to_peers(here.w)
        await here.w.file(NORTH)
        await peer.until(1)
        held = next(one for one in here.w.exchange.rules(NORTH) if one.id == rule)
        peer.answer = lambda asked: Reply(204, b"")
        before = len(peer.asked)
        await here.w.do(NORTH, c.WithdrawRule(held.id, held.ovn))
        await here.w.exchange.tick()
        await here.settled()
        assert all("operational_intent" not in asked.json for asked in peer.asked[before + 1 :])
        assert "operational_intent" in peer.asked[0].json


@ran
async def test_a_peer_that_is_down_blocks_no_write_and_delays_no_other(tmp_path: Path) -> None:
    async with (
        fake() as authority,
        fake() as dead,
        fake() as good,
        wired(tmp_path, authority, timeout_s=5.0) as here,
    ):
        dead.answer = lambda asked: Silence()
        good.answer = lambda asked: Reply(204, b"")
        await here.subscribe(dead.url, 50)
        await here.subscribe(good.url, 51)
        await to_peers(here.w)
        for lower_m in (1_000.0, 1_200.0, 1_400.0):
            await here.w.file(NORTH, volume(lower_m=lower_m, upper_m=lower_m + 100.0))
        await good.until(3, within_s=4.0)
        assert here.owed >= 3


@ran
async def test_what_cannot_be_delivered_is_given_up_and_recorded(tmp_path: Path) -> None:
    async with fake() as authority, fake() as peer, wired(tmp_path, authority) as here:
        peer.answer = lambda asked: HangUp()
        await here.subscribe(peer.url)
        await to_peers(here.w)
        await here.w.file(NORTH)
        await here.settled()
        assert here.settlements() == [False]
        assert len(peer.asked) >= 4


@ran
async def test_what_is_owed_survives_a_restart(tmp_path: Path) -> None:
    async with fake() as authority, fake() as peer:
        peer.answer = lambda asked: Silence()
        async with wired(tmp_path, authority, timeout_s=60.0) as here:
            await here.subscribe(peer.url)
            await to_peers(here.w)
            await here.w.file(NORTH)
            await peer.until(1)
            assert here.owed == 1
        peer.answer = lambda asked: Reply(204, b"")
        async with wired(tmp_path, authority) as again:
            await again.settled()
            assert again.settlements() == [True]
        bodies = {json.dumps(asked.json, sort_keys=True) for asked in peer.asked}
        assert len(peer.asked) == 2
        assert len(bodies) == 1
        async with wired(tmp_path, authority) as third:
            assert third.owed == 0


@ran
async def test_what_was_delivered_and_not_recorded_is_delivered_again(tmp_path: Path) -> None:
    async with fake() as authority, fake() as peer:
        peer.answer = lambda asked: Reply(204, b"")
        async with wired(tmp_path, authority, record_fails=True) as here:
            await here.subscribe(peer.url)
            await to_peers(here.w)
            await here.w.file(NORTH)
            await peer.until(1)
        async with wired(tmp_path, authority) as again:
            await again.settled()
        assert len(peer.asked) == 2


@pytest.mark.parametrize(
    ("status", "delivered"), [(204, True), (200, True), (409, True), (400, False), (403, False)]
)
@ran
async def test_what_a_peer_answers_decides(tmp_path: Path, status: int, delivered: bool) -> None:
    """409: the peer has been told of a later version, or of this one."""
    async with fake() as authority, fake() as peer, wired(tmp_path, authority) as here:
        peer.answer = lambda asked: Reply(status)
        await here.subscribe(peer.url)
        await to_peers(here.w)
        item = await here.w.file(NORTH)
        assert isinstance(item, ReleasedItem)
        await here.settled()
        assert here.settlements() == [delivered]
        assert len(peer.asked) == (1 if delivered else 4)
