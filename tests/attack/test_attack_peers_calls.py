"""A peer that makes the exchange call: other machines, very many of them, and servers that never answer.

Whoever may subscribe names a base URL, and a hosted participant's change is told there; whoever files names
one, and it is asked for details.
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
from pathlib import Path

import pytest

from comity.clock import ManualClock
from comity.coordination.f3548.footprint import box_of
from comity.errors import Undecidable
from comity.exchange import filing
from comity.model import dss_command as d
from comity.model.dss_command import Owed, RecordDelivered
from comity.model.f3548 import OperationalIntentReference
from comity.model.intent import IntentState
from comity.uss import outbox
from comity.uss.outbound import Outbound, OutboundSettings
from comity.uss.outbox import Outbox, OutboxSettings, Sent
from comity.uss.peers import Peers, PeerSettings, Seen
from comity.uss.tokens import Tokens, TokenSettings
from comity.uss.validate import Flaw, PeerIntent, Reason
from tests.hosting import DSS, new_id, ran, subscribe, tell, to_peers
from tests.uss.serving import Reply, fake, jwt
from tests.world import ENVIRONMENT, NORTH, START, volume, world

SECRET = b'{"message": "an answer meant for this exchange alone"}'


@ran
async def test_who_subscribes_for_another_server_does_not_read_its_answers(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w, fake() as victim, fake() as authority:
        authority.answer = lambda asked: Reply(
            200, json.dumps({"access_token": jwt(), "expires_in": 3600}).encode()
        )
        victim.answer = lambda asked: Reply(418, SECRET)
        bounds = OutboundSettings(2.0, private=True)
        tokens = Tokens(
            TokenSettings(f"{authority.url}/token", "comity", "s"), Outbound(bounds, w.clock), w.clock
        )
        peers = Peers(
            PeerSettings("comity", allow_http=True),
            Outbound(bounds, w.clock),
            tokens,
            w.exchange.hosting.log,
            w.clock,
        )
        w.exchange.hosting.use(peers)
        await to_peers(w)
        box = box_of(volume(), ENVIRONMENT)
        await tell(w, d.PutSubscription(new_id(7), None, box, victim.url, True, True), "liar.example")
        await w.file(NORTH)
        (owed,) = w.exchange.hosting.owed()
        assert await w.exchange.hosting.send(owed) is Sent.REFUSED
        (record,) = w.exchange.hosting.log_set("liar.example", "exchanges").messages
        assert record.response_code == 418
        assert base64.b64decode(record.response_body).startswith(b"sha256:")
        await peers.aclose()


@ran
async def test_a_thousand_silent_subscribers_take_few_sockets(tmp_path: Path) -> None:
    trying, most, delivered = 0, 0, asyncio.Event()
    silent = asyncio.Event()

    async def send(owed: Owed) -> Sent:
        nonlocal trying, most
        if owed.url == "https://good.example":
            return Sent.DELIVERED
        trying += 1
        most = max(most, trying)
        try:
            await asyncio.wait_for(silent.wait(), 0.01)
        except TimeoutError:
            return Sent.UNANSWERED
        finally:
            trying -= 1
        return Sent.DELIVERED

    async def record(command: RecordDelivered) -> None:
        if any(owed.url == "https://good.example" for owed in command.delivered):
            delivered.set()

    box = Outbox(OutboxSettings(retries=2, first_pause_s=0.01, longest_pause_s=0.02), send, record)
    task = asyncio.create_task(box.run())
    box.take(
        [Owed(new_id(n), 1, f"https://{n}.dead.example", (), "operational_intent") for n in range(1_000)]
    )
    box.take([Owed(new_id(5_000), 1, "https://good.example", (), "operational_intent")])
    async with asyncio.timeout(10.0):
        await delivered.wait()
        while box.waiting:
            await asyncio.sleep(0.02)
    assert most <= 2 * outbox.IN_ALL
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class _Silent:
    """Peers of which none answers. ``most``: how many were asked at one moment."""

    def __init__(self) -> None:
        self.asking = self.most = 0

    async def intent(self, reference: OperationalIntentReference) -> Seen[PeerIntent]:
        self.asking += 1
        self.most = max(self.most, self.asking)
        await asyncio.sleep(0)
        self.asking -= 1
        return Seen(None, (Reason(Flaw.UNREACHED, "no whole answer within 2 s"),))


@ran
async def test_a_crowd_of_silent_plans_is_asked_some_at_a_time(
    tmp_path: Path,
) -> None:
    """What cannot be decided is refused, and nothing is written; elsewhere plans go on."""
    async with world(tmp_path, dss=DSS) as w:
        await to_peers(w)
        peers = _Silent()
        w.exchange.hosting.peers = peers  # type: ignore[assignment]  # what filing asks
        known: tuple[str, ...] = ()
        box = box_of(volume(), ENVIRONMENT)
        for number in range(100):
            url = f"https://a{number}.example"
            await tell(
                w, d.PutReference(new_id(number), None, box, IntentState.ACCEPTED, url, known, None, None)
            )
            known = (*known, w.exchange.state.references[new_id(number)].ovn)
        with pytest.raises(Undecidable, match="did not tell its plan"):
            await w.file(NORTH)
        assert 1 < peers.most <= filing.ASKED_AT_ONCE
        await w.file(NORTH, volume(20.0, 20.0))


@ran
async def test_what_is_owed_is_owed_after_a_crash_between_the_write_and_its_notification(
    tmp_path: Path,
) -> None:
    """What a kill leaves is what is on the disk when the write was answered: a copy of it is opened."""
    clock = ManualClock(START)
    (tmp_path / "before").mkdir()
    async with world(tmp_path / "before", dss=DSS, clock=clock) as w:
        await to_peers(w)
        await subscribe(w)
        item = await w.file(NORTH)
        owed = w.exchange.hosting.owed()
        shutil.copytree(tmp_path / "before", tmp_path / "after")
    async with world(tmp_path / "after", dss=DSS, clock=clock) as w:
        assert w.exchange.hosting.owed() == owed
        assert [one.subscriptions[0].index for one in owed] == [1]
        assert w.exchange.state.reference_of[item.ref] == owed[0].entity  # type: ignore[index]
