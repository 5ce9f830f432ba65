"""A real exchange behind a real server on loopback, in a thread of its own, with a clock moved by hand."""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx

from comity.clock import ManualClock
from comity.config import Config, parse_config
from comity.http.app import App, create_app, own_issuer
from comity.http.issuer import Issuer, create_issuer_key
from comity.http.server import Server
from comity.http.tokens import SCOPES
from comity.ids import SeededEntropy
from comity.model.rule import NOTHING, Levels
from comity.runtime import dss_settings
from tests.world import START, World, world

T = TypeVar("T")

CONFIG = """
[exchange]
name = "test-exchange"
data_dir = "data"
key_file = "keys"
[issuer]
enabled = true
key_file = "issuer.pem"
"""
PLENTY = "reads_burst = 1_000_000\nwrites_burst = 1_000_000\n"

_CONTEXT = ssl.create_default_context()
"""Made once: reading the system's certificates takes longer than most tests."""

VOLUME: dict[str, Any] = {
    "outline": {"type": "circle", "centre": {"lat": 47.0, "lon": 11.0}, "radius_m": 1000.0},
    "lower": {"value_m": 1000.0, "datum": "W84"},
    "upper": {"value_m": 1500.0, "datum": "W84"},
    "start": "2026-06-01T08:10:00Z",
    "end": "2026-06-01T09:10:00Z",
}
INTENT: dict[str, Any] = {"volumes": [VOLUME], "category": "rotorcraft", "crewed": True}


def changed(value: Any, path: str, new: Any) -> Any:
    """A copy with what stands at ``path`` (``volumes.0.lower``) replaced; ``...`` removes it."""
    copy = json.loads(json.dumps(value))
    at = copy
    *parts, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in parts:
        at = at[part]
    if new is ...:
        del at[last]
    else:
        at[last] = new
    return copy


class Served:
    """What a test gets: the world, its application, and clients with tokens."""

    def __init__(self, loop: asyncio.AbstractEventLoop, here: World, app: App, server: Server) -> None:
        self._loop = loop
        self._keys = itertools.count(1)
        self.world = here
        self.clock = here.clock
        self.app = app
        self.server = server
        self.config: Config
        self.issuer: Issuer

    def run(self, work: Coroutine[Any, Any, T], timeout_s: float = 20.0) -> T:
        """Runs on the exchange's loop and waits."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout_s)

    def call(self, work: Callable[[], T]) -> T:
        async def calling() -> T:
            return work()

        return self.run(calling())

    def tick(self) -> None:
        self.run(self.app.hub.tick(self.clock.now()))

    def advance(self, seconds: float) -> None:
        """Moves the clock, and then lets a second's work and a tick happen."""
        self.run(self.world.pass_time(seconds))
        self.tick()

    def token(
        self,
        participant: str = "north",
        person: str = "desk",
        *,
        scopes: frozenset[str] = SCOPES,
        lifetime: timedelta = timedelta(hours=1),
    ) -> str:
        return self.issuer.issue(person, participant, scopes, lifetime, self.clock.now())

    def bearer(self, participant: str = "north", **how: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(participant, **how)}"}

    def client(self, participant: str | None = "north", **how: Any) -> httpx.Client:
        headers = self.bearer(participant, **how) if participant is not None else {}
        return httpx.Client(base_url=self.server.url, headers=headers, timeout=10.0, verify=_CONTEXT)

    def key(self) -> dict[str, str]:
        return {"Idempotency-Key": f"test-key-{next(self._keys):06d}"}

    def put(self, client: httpx.Client, path: str, body: Any, method: str = "POST") -> httpx.Response:
        return client.request(method, path, json=body, headers=self.key())

    @property
    def stream_url(self) -> str:
        return self.server.url.replace("http", "ws", 1) + "/v1/stream"


@contextmanager
def serving(
    directory: Path,
    extra: str = "",
    *,
    quotas: str = PLENTY,
    floor: Levels = NOTHING,
    signed: bool = False,
) -> Iterator[Served]:
    """``extra``: more of the configuration's text; ``quotas``: its section of that name."""
    create_issuer_key(directory / "issuer.pem")
    config = parse_config(f"{CONFIG}[quotas]\n{quotas}\n{extra}", directory)
    ready: list[Served] = []
    up, done = threading.Event(), threading.Event()
    failed: list[BaseException] = []

    async def main() -> None:
        clock = ManualClock(START)
        dss = dss_settings(config.f3548)
        async with world(directory, floor=floor, clock=clock, signed=signed, dss=dss) as here:
            app = create_app(here.exchange, config)
            server = Server(app, config, port=0)
            task = asyncio.create_task(server.serve())
            await server.until_started()
            served = Served(asyncio.get_running_loop(), here, app, server)
            served.config = config
            issuer = own_issuer(config, SeededEntropy(b"tokens"))
            assert issuer is not None
            served.issuer = issuer
            ready.append(served)
            up.set()
            while not done.is_set():
                await asyncio.sleep(0.01)
            server.stop()
            await task

    def thread() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            up.set()

    running = threading.Thread(target=thread, name="exchange")
    running.start()
    try:
        assert up.wait(30), "the exchange did not come up"
        assert ready, failed
        yield ready[0]
    finally:
        done.set()
        running.join(30)
    assert not running.is_alive()
