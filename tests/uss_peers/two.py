"""Two USSs over one DSS: the exchange with the participants north, hosted, and south, whom peers do not get;
and a peer (``tests.peer``). Everything between them is real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec

from comity.ids import EntityId
from comity.model.dss_fact import PeerDetailsSeen
from comity.model.f3548 import OperationalIntentReference
from comity.model.fact import Payload
from comity.model.rule import Level
from comity.model.volume import Volume4D
from comity.uss.outbound import Outbound, OutboundSettings
from comity.uss.outbox import Outbox, OutboxSettings
from comity.uss.peers import Peers, PeerSettings
from comity.uss.tokens import Tokens, TokenSettings
from comity.wire.encode import encode
from tests.hosting import to_peers
from tests.http.standards.standing import Standing, standing
from tests.peer import Json, Peer, peer
from tests.world import volume

_payloads = msgspec.json.Decoder(Payload)

ALLOW = "allow_http = true\n"


class Two:
    """``north`` and ``south`` are clients of the native API."""

    def __init__(self, dss: Standing, one: Peer) -> None:
        self.dss = dss
        self.peer = one
        self.world = dss.served.world
        self.north = dss.served.client("north")
        self.south = dss.served.client("south")
        self.running: tuple[asyncio.Task[None], Peers]

    def file(self, *volumes: Volume4D, by: httpx.Client | None = None, **more: Any) -> httpx.Response:
        body = {"volumes": native(volumes or (volume(),)), "category": "uncrewed", "crewed": False} | more
        return self.dss.served.put(by or self.north, "/v1/intents", body)

    def filed(self, *volumes: Volume4D, **more: Any) -> Json:
        answer = self.file(*volumes, **more)
        assert answer.status_code == 201, answer.text
        item: Json = answer.json()["result"]
        return item

    def change(self, item: Json, *volumes: Volume4D, **more: Any) -> httpx.Response:
        body = {"ovn": item["ovn"]} | more
        if volumes:
            body["volumes"] = native(volumes)
        return self.dss.served.put(self.north, f"/v1/intents/{item['ref']}", body, "PUT")

    def changed(self, item: Json, *volumes: Volume4D, **more: Any) -> Json:
        answer = self.change(item, *volumes, **more)
        assert answer.status_code == 200, answer.text
        after: Json = answer.json()["result"]
        return after

    def end(self, item: Json) -> None:
        path = f"/v1/intents/{item['ref']}?ovn={item['ovn']}"
        gone = self.north.delete(path, headers=self.dss.served.key())
        assert gone.status_code == 200, gone.text

    def own(self, item: Json) -> Json:
        found: Json = self.north.get(f"/v1/intents/{item['ref']}").json()
        return found

    def reference(self, item: Json) -> OperationalIntentReference | None:
        """What stands for a native plan among peers."""
        state = self.world.exchange.state
        return self.dss.served.call(
            lambda: state.references.get(state.reference_of.get(EntityId(item["ref"]), EntityId("")))
        )

    def seen(self) -> list[PeerDetailsSeen]:
        """What the ledger says of peers' details."""
        entries = self.dss.served.call(
            lambda: list(self.world.exchange.ledger.entries(kinds=["peer_details.seen"]))
        )
        facts = [_payloads.decode(each.payload).fact for each in entries if each.payload is not None]
        return [fact for fact in facts if isinstance(fact, PeerDetailsSeen)]

    def release(self, level: Level = Level.VOLUME) -> str:
        return self.dss.served.run(to_peers(self.world, level))


def native(volumes: tuple[Volume4D, ...]) -> Any:
    return json.loads(encode(volumes))


@contextmanager
def two(directory: Path, extra: str = "", *, level: Level = Level.VOLUME, port: int = 0) -> Iterator[Two]:
    with standing(directory, ALLOW + extra) as dss, peer(dss, port=port) as one:
        both = Two(dss, one)
        dss.served.run(_call(both))
        if level is not Level.NONE:
            both.release(level)
        try:
            yield both
        finally:
            dss.served.run(_end(both))
            both.north.close()
            both.south.close()


async def _call(both: Two) -> None:
    """As the runtime does: from now on other USSs can be called, and notices go out."""
    exchange, clock = both.world.exchange, both.world.clock
    bounds = OutboundSettings(timeout_s=1.0, private=True)
    tokens = Tokens(
        TokenSettings(f"{both.peer.url}/token", "comity", method="get"), Outbound(bounds, clock), clock
    )
    hosting = exchange.hosting
    peers = Peers(
        PeerSettings("comity", allow_http=True), Outbound(bounds, clock), tokens, hosting.log, clock
    )
    hosting.use(peers)
    outbox = Outbox(OutboxSettings(retries=2), hosting.send, exchange.own)
    hosting.on_owed = outbox.take
    both.running = asyncio.create_task(outbox.run()), peers


async def _end(both: Two) -> None:
    task, peers = both.running
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await both.world.exchange.stop_looking()
    await peers.aclose()
