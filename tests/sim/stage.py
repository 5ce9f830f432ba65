"""The demonstration without its pauses: a whole exchange in this process, its player, and a clock moved
by hand.

What the player asks of a client goes through the exchange's doors as the HTTP interface would send it;
the sweep runs once for each second of the clock, and is waited for: machines that test are slow.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec

from comity.cli.demo_setup import prepare
from comity.client import Client
from comity.clock import ManualClock, seconds
from comity.errors import StrategicConflict
from comity.exchange.exchange import Exchange
from comity.exchange.opening import Genesis, Place, begin, open_exchange
from comity.exchange.values import Outcome
from comity.exchange.warnings import Settings
from comity.ids import Ovn, ParticipantId, Reference, RequestId, SeededEntropy
from comity.model import command as c
from comity.model.alert import Alert
from comity.model.constraint import ConstraintKind
from comity.model.intake import Intake, SourceKey
from comity.model.intent import AircraftCategory
from comity.model.observation import Provenance, Report
from comity.model.participant import Participant, Person
from comity.model.released import ItemKind, ReleasedItem
from comity.model.rule import Group, Levels, Recipient
from comity.model.volume import Volumes
from comity.runtime import environment
from comity.sim import script
from comity.sim.cast import ANS, CHARTER, DESKS, PARTICIPANTS, PEOPLE
from comity.sim.encounters import CYCLE_S
from comity.sim.player import FEED_OWN, FEED_RADAR, Happened, Player

START = datetime(2026, 11, 22, 8, 0, 0, tzinfo=UTC)


class Items(NamedTuple):
    items: tuple[ReleasedItem, ...]


class Alerts(NamedTuple):
    alerts: tuple[Alert, ...]


class DirectClient:
    """What the player uses of ``Client``, without HTTP."""

    def __init__(self, exchange: Exchange, who: ParticipantId, runner: asyncio.Runner) -> None:
        self._exchange, self._who, self._runner = exchange, who, runner
        self._requests = itertools.count()

    def _do(self, command: c.Command, request_id: str | None = None) -> Outcome:
        name = RequestId(request_id or f"direct-{self._who}-{next(self._requests):06d}")
        asked = c.Submission(self._who, DESKS[self._who], name, command, repr(command))
        try:
            return self._runner.run(self._exchange.submit(asked))
        except StrategicConflict as error:
            error.detail = msgspec.to_builtins(error.detail)
            raise

    def admit(self, participant: Participant, *, request_id: str) -> Outcome:
        return self._do(c.AdmitParticipant(participant), request_id)

    def put_person(self, person: Person, *, request_id: str) -> Outcome:
        return self._do(c.PutPerson(person), request_id)

    def groups(self) -> list[Group]:
        return self._exchange.groups(self._who)

    def set_group(self, id: Any, members: tuple[ParticipantId, ...], *, request_id: str) -> Outcome:
        return self._do(c.SetGroup(id, members), request_id)

    def set_rule(self, recipient: Recipient, levels: Levels, *, request_id: str) -> Outcome:
        return self._do(c.SetRule(recipient, levels), request_id)

    def airspace(self) -> Items:
        return Items(tuple(self._exchange.airspace(self._who)))

    def constraints(self) -> tuple[ReleasedItem, ...]:
        return tuple(self._exchange.airspace(self._who, ItemKind.CONSTRAINT))

    def file_intent(
        self, volumes: Volumes, *, category: AircraftCategory, crewed: bool, accept_conflicts: Sequence[str]
    ) -> Outcome:
        accepted = tuple(Reference(ref) for ref in accept_conflicts)
        return self._do(c.FileIntent(volumes, category, crewed, accepted))

    def change_intent(self, id: Any, ovn: str, **changes: Any) -> Outcome:
        return self._do(c.ChangeIntent(id, Ovn(ovn), **changes))

    def end_intent(self, id: Any, ovn: str) -> Outcome:
        return self._do(c.EndIntent(id, Ovn(ovn)))

    def publish_constraint(self, volumes: Volumes, *, kind: ConstraintKind, designator: str) -> Outcome:
        return self._do(c.PublishConstraint(kind, designator, volumes))

    def alerts(self) -> Alerts:
        return Alerts(self._exchange.alerts(self._who).alerts)

    def acknowledge_alert(self, ref: str) -> Outcome:
        return self._do(c.AcknowledgeAlert(ref))

    def report(self, feed: str, provenance: Provenance, reports: Sequence[Report]) -> Intake:
        return self._exchange.observe(self._who, feed, provenance, reports)

    def report_sbs(self, feed: str, provenance: Provenance, lines: bytes) -> Intake:
        return self._exchange.observe_sbs(self._who, feed, provenance, lines, 0.0)


class Stage:
    """``s``: the second of the first cycle that was last played."""

    def __init__(self, exchange: Exchange, clock: ManualClock, runner: asyncio.Runner, seed: int) -> None:
        self.exchange, self._clock, self._runner = exchange, clock, runner
        self.told: list[Happened] = []
        clients = {who: DirectClient(exchange, who, runner) for who in DESKS}
        self.player = Player(cast(dict[ParticipantId, Client], clients), seed, self.told.append, clock)

    def play(self, from_s: int, until_s: int) -> Iterator[int]:
        """Second by second, with each second's reports, steps of the script and sweep done."""
        began = round(seconds(self._clock.now())) + 1 - from_s
        assert self.player.begin(began) == began
        for s in range(from_s, until_s):
            self._clock.advance(1.0)
            self.player.feed_once(began + s)
            if s >= 0:
                cycle = self._clock.now().fromtimestamp(began + s - s % CYCLE_S, UTC)
                for step in script.STEPS:
                    if step.at_s == s % CYCLE_S:
                        self.player.play(step, cycle)
            self._runner.run(self.exchange.tick())
            yield s

    def alerts(self, who: ParticipantId) -> tuple[Alert, ...]:
        return self.exchange.alerts(who).alerts

    def name_for(self, who: ParticipantId, owner: ParticipantId, address: str, *, sensed: bool) -> str:
        """The reference under which ``who`` sees a track that is not released to it by its address."""
        what = Provenance.SENSED if sensed else Provenance.OWN
        source = SourceKey(owner, FEED_RADAR if sensed else FEED_OWN, what)
        return self.exchange.picture.reference(who, source, address)


@contextmanager
def stage(directory: Path, seed: int = 1) -> Iterator[Stage]:
    """The exchange as ``comity demo`` sets it up, with the cast settled."""
    config = prepare(directory)
    place = Place(
        config.exchange.name,
        config.data_dir,
        config.key_file,
        environment(config.environment),
        warnings=Settings(wait_s=300.0),
    )
    clock = ManualClock(START)
    with asyncio.Runner() as runner:
        opened = open_exchange(place, clock, SeededEntropy(b"stage"))
        exchange = opened.exchange

        async def start() -> asyncio.Task[None]:
            writer = asyncio.create_task(exchange.writer.run())
            centre = next(each for each in PARTICIPANTS if each.id == ANS)
            desk = next(each for each in PEOPLE if each.id == DESKS[ANS])
            await begin(opened, Genesis(CHARTER, centre, desk))
            return writer

        async def stop(writer: asyncio.Task[None]) -> None:
            await exchange.warnings.stop()
            await exchange.writer.stop()
            writer.cancel()
            with suppress(asyncio.CancelledError):
                await writer
            exchange.ledger.close()

        writer = runner.run(start())
        try:
            here = Stage(exchange, clock, runner, seed)
            here.player.settle()
            here.told.clear()
            yield here
        finally:
            runner.run(stop(writer))
