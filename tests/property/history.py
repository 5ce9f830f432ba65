"""One world's random history, played on an exchange without a server: for the laws that need only one.

Histories are the first worlds of plans (``plans.py``): everybody's rules, groups, filings, changes, ends,
closures, reports, restarts, and time that passes over deadlines and expiries.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import uvloop

from comity.clock import ManualClock
from comity.exchange.exchange import Exchange
from comity.exchange.opening import Genesis, Opened, Place, begin, open_exchange
from comity.geo.heights import Environment
from comity.ids import SeededEntropy
from tests.property.drafting import Act, Look, Plan, Restart, South, Tick
from tests.property.happened import Event
from tests.property.playing import Player
from tests.property.stack import GEOID_M, SCRATCH, SEED, TERRAIN_M, WARNINGS, founding, genesis

ENVIRONMENT = Environment(geoid_m=GEOID_M, terrain_m=TERRAIN_M)


class House:
    """An exchange on a directory, opened and closed like ``runtime`` does, and nothing listening."""

    def __init__(self, directory: Path, clock: ManualClock) -> None:
        self.directory = directory
        self.clock = clock
        self.opened: Opened
        self._writer: asyncio.Task[None]

    @property
    def exchange(self) -> Exchange:
        return self.opened.exchange

    async def open(self, begun: Genesis | None = None) -> None:
        directory = self.directory
        place = Place("alps.example", directory / "data", directory / "keys", ENVIRONMENT, warnings=WARNINGS)
        self.opened = open_exchange(place, self.clock, SeededEntropy(SEED))
        self._writer = asyncio.create_task(self.exchange.writer.run())
        await begin(self.opened, begun)

    async def close(self) -> None:
        await self.exchange.warnings.stop()
        await self.exchange.close_segments()
        await self.exchange.writer.stop()
        self._writer.cancel()
        with suppress(asyncio.CancelledError):
            await self._writer
        self.exchange.ledger.close()
        gc.unfreeze()


class Historian:
    """Plays a plan's first world; ``look`` is called where the plan looks."""

    def __init__(self, house: House, look: Callable[[Historian], Awaitable[None]]) -> None:
        self.house = house
        self.player = Player(house)
        self.acts = 0
        self.changed_later: set[datetime] = set()
        """Moments of a look after which something more happened in the same microsecond."""
        self._look = look

    async def play(self, plan: Plan) -> None:
        await self.house.open(genesis(plan.floor))
        for event in founding(plan.floor)[3:]:
            await self._act(event)
        for move in plan.moves:
            match move:
                case Tick(at=at):
                    await self._pass(at)
                case Act(first=first):
                    await self._act(first)
                case South(event=event):
                    await self._act(event)
                case Look():
                    self.changed_later.discard(self.house.clock.now())
                    await self._look(self)
                case Restart(at=at):
                    await self.house.close()
                    self._advance(at)
                    await self.house.open()

    async def _pass(self, at: datetime) -> None:
        self._advance(at)
        await self.house.exchange.tick()

    def _advance(self, at: datetime) -> None:
        clock = self.house.clock
        clock.advance((at - clock.now()).total_seconds())

    async def _act(self, event: Event | None) -> None:
        if event is not None:
            self.acts += await self.player.act(event)
            self.changed_later.add(self.house.clock.now())


def play(
    plan: Plan,
    look: Callable[[Historian], Awaitable[None]],
    after: Callable[[Historian], Awaitable[None]],
) -> None:
    """Play a history in a directory of its own, and then do what comes ``after``."""

    async def main(directory: Path) -> None:
        historian = Historian(House(directory, ManualClock(plan.start)), look)
        await historian.play(plan)
        await after(historian)
        await historian.house.close()

    with (
        tempfile.TemporaryDirectory(dir=SCRATCH, prefix="comity-history-") as name,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(main(Path(name)))
