"""A whole exchange as ``comity serve`` runs it, on loopback in a thread, with the demonstration's cast."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import uvloop

from comity.cli.demo_setup import Tokens, prepare
from comity.client import Client
from comity.clock import SystemClock
from comity.config import Config, load_config
from comity.ids import ParticipantId
from comity.runtime import Runtime
from comity.sim.cast import DESKS
from comity.sim.player import Happened, Player


class Running(NamedTuple):
    """``clients``: one for each participant, signed in as its desk. ``told``: what the player said."""

    url: str
    config: Config
    tokens: Tokens
    clients: dict[ParticipantId, Client]
    player: Player
    told: list[Happened]

    def token(self, participant: ParticipantId) -> str:
        return self.tokens.issue(participant, DESKS[participant])


@contextmanager
def served(directory: Path) -> Iterator[tuple[str, Config]]:
    """The exchange of a directory, made if there is none; stopped in order at the end."""
    prepare(directory)
    file = directory / "comity.toml"
    file.write_text(file.read_text().replace("checkpoint_s = 10.0", "checkpoint_s = 0.5"))
    config = load_config(file)
    ready, stopped = threading.Event(), threading.Event()
    loop_of: list[asyncio.AbstractEventLoop] = []
    url_of: list[str] = []
    failures: list[BaseException] = []

    async def run() -> None:
        runtime, stop = Runtime(config, port=0), asyncio.Event()
        stop_of.append(stop)
        try:
            await runtime.start()
            url_of.append(runtime.url)
            loop_of.append(asyncio.get_running_loop())
            ready.set()
            await stop.wait()
        finally:
            await runtime.stop()

    def thread() -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(run())
        except BaseException as error:
            failures.append(error)
            raise
        finally:
            ready.set()
            stopped.set()

    stop_of: list[asyncio.Event] = []
    worker = threading.Thread(target=thread, name="exchange")
    worker.start()
    try:
        assert ready.wait(60)
        assert not failures, failures
        yield url_of[0], config
    finally:
        if not stopped.is_set():
            loop_of[0].call_soon_threadsafe(stop_of[0].set)
        worker.join(30)
        assert not worker.is_alive()


@contextmanager
def cast(directory: Path, *, settle: bool = True) -> Iterator[Running]:
    """The exchange with the cast's members, rules and standing constraints."""
    with served(directory) as (url, config), ExitStack() as stack:
        tokens = Tokens(config, SystemClock())
        clients = {
            id: stack.enter_context(Client(url, tokens.source(id, person))) for id, person in DESKS.items()
        }
        told: list[Happened] = []
        player = Player(clients, 1, told.append)
        if settle:
            player.settle()
        yield Running(url, config, tokens, clients, player, told)
