"""A small exchange for tests: real ledger on disk, real geometry, a clock moved by hand, seeded entropy.

Three participants: ``centre`` (civil air navigation service), ``north`` and ``south``. Each has one person,
``desk``, with every role. Nobody releases anything beyond the charter's floor until a test says so.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from comity.clock import ManualClock
from comity.coordination.state import DssSettings
from comity.exchange.exchange import Exchange
from comity.exchange.opening import Genesis, Opened, Place, begin, open_exchange
from comity.exchange.values import Outcome
from comity.exchange.warnings import Settings
from comity.geo.heights import Environment
from comity.ids import EXCHANGE, ParticipantId, PersonId, RequestId, SeededEntropy
from comity.model import command as c
from comity.model.altitude import Altitude, Datum
from comity.model.charter import Charter
from comity.model.intent import AircraftCategory
from comity.model.participant import Participant, Person, Role
from comity.model.released import ReleasedItem
from comity.model.rule import NOTHING, Level, Levels, ToParticipant
from comity.model.shape import Circle, LatLon
from comity.model.volume import Volume4D

START = datetime(2026, 6, 1, 8, 0, 0, tzinfo=UTC)
CENTRE, NORTH, SOUTH = ParticipantId("centre"), ParticipantId("north"), ParticipantId("south")
DESK = PersonId("desk")
NO_DSS = DssSettings()
"""The standards' interfaces switched off."""
ENVIRONMENT = Environment(geoid_m=(40.0, 55.0), terrain_m=(0.0, 4_810.0))


def charter(floor: Levels = NOTHING, *, signed: bool = False, version: int = 1) -> Charter:
    return Charter(
        title="A charter for tests",
        floor=floor,
        signed_commands=signed,
        auditors=(),
        constraint_lead_s=900,
        version=version,
    )


def person(participant: ParticipantId) -> Person:
    return Person(DESK, participant, "The desk", tuple(Role))


def volume(
    lat: float = 47.0,
    lon: float = 11.0,
    *,
    radius_m: float = 1_000.0,
    lower_m: float = 1_000.0,
    upper_m: float = 1_500.0,
    start_s: float = 600.0,
    end_s: float = 4_200.0,
) -> Volume4D:
    """A cylinder; times are seconds after ``START``."""
    return Volume4D(
        outline=Circle(LatLon(lat=lat, lon=lon), radius_m),
        lower=Altitude(lower_m, Datum.W84),
        upper=Altitude(upper_m, Datum.W84),
        start=START + timedelta(seconds=start_s),
        end=START + timedelta(seconds=end_s),
    )


def intent(*volumes: Volume4D, accept: Sequence[str] = ()) -> c.FileIntent:
    return c.FileIntent(
        volumes or (volume(),),
        AircraftCategory.ROTORCRAFT,
        crewed=True,
        accept_conflicts=tuple(accept),  # type: ignore[arg-type]  # references arrive as plain text
    )


def levels(
    intent: Level = Level.NONE,
    constraint: Level = Level.NONE,
    own_track: Level = Level.NONE,
    sensed_track: Level = Level.NONE,
) -> Levels:
    return Levels(intent, constraint, own_track, sensed_track)


class World:
    """An open exchange with short ways to ask it things."""

    def __init__(self, opened: Opened, clock: ManualClock) -> None:
        self.opened = opened
        self.exchange: Exchange = opened.exchange
        self.clock = clock
        self._requests = itertools.count(1)

    async def do(self, who: ParticipantId, command: c.Command, request: str | None = None) -> Outcome:
        name = request or f"request-{next(self._requests):06d}"
        body = repr(command)
        return await self.exchange.submit(c.Submission(who, DESK, RequestId(name), command, body))

    async def file(self, who: ParticipantId, *volumes: Volume4D, accept: Sequence[str] = ()) -> ReleasedItem:
        outcome = await self.do(who, intent(*volumes, accept=accept))
        assert isinstance(outcome.result, ReleasedItem)
        return outcome.result

    async def release(self, owner: ParticipantId, to: ParticipantId, given: Levels) -> Outcome:
        return await self.do(owner, c.SetRule(ToParticipant(to), given))

    async def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.exchange.tick()
        await self.exchange.history.keep(self.clock.now())


def place(directory: Path, dss: DssSettings = NO_DSS) -> Place:
    warnings = Settings(wait_s=60.0)
    return Place(
        "test-exchange", directory / "data", directory / "keys", ENVIRONMENT, warnings=warnings, dss=dss
    )


@asynccontextmanager
async def world(
    directory: Path,
    *,
    floor: Levels = NOTHING,
    seed: bytes = b"seed",
    clock: ManualClock | None = None,
    signed: bool = False,
    dss: DssSettings = NO_DSS,
) -> AsyncIterator[World]:
    """An exchange on ``directory``: new with members, or reopened as it was left."""
    clock = clock or ManualClock(START)
    opened = open_exchange(place(directory, dss), clock, SeededEntropy(seed))
    exchange = opened.exchange
    writer = asyncio.create_task(exchange.writer.run())
    try:
        new = exchange.ledger.size == 0
        centre = Participant(CENTRE, "Civil air navigation service", centre=True)
        await begin(opened, Genesis(charter(floor, signed=signed), centre, person(CENTRE)))
        here = World(opened, clock)
        if new:
            for name in (NORTH, SOUTH):
                await here.do(CENTRE, c.AdmitParticipant(Participant(name, f"Air force {name}")))
                await here.do(CENTRE, c.PutPerson(person(name)))
        yield here
    finally:
        await exchange.stop_looking()
        await exchange.warnings.stop()
        await exchange.writer.stop()
        writer.cancel()
        with suppress(asyncio.CancelledError):
            await writer
        exchange.ledger.close()


__all__ = ["CENTRE", "DESK", "EXCHANGE", "NORTH", "SOUTH", "START", "World", "charter", "world"]
