"""A ledger with any number of live intents, and a snapshot of it, made without HTTP.

``python -m bench.filled FOLDER COUNT`` opens an exchange in FOLDER as a server would, admits the members by
real commands, and then appends real ``intent.put`` entries, with their requests, sealed and counted like
any other, thousands to a transaction. What is left out is deciding them: they are placed so that none
conflicts. Last it makes a snapshot as the server's second process does, and records it.

Each intent has one polygon of eight vertices. 130,000 places 45 km apart, in up to eight layers of height;
none starts before the day after tomorrow.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import msgspec

from bench.members import MEMBERS, OPEN, outline, spread_out, tomorrow
from bench.served import DESK, make_folder
from comity.clock import SystemClock
from comity.config import Config
from comity.exchange.opening import LEDGER, SNAPSHOTS, Genesis, Opened, Place, begin, open_exchange
from comity.exchange.snapshots import Job, make_snapshot
from comity.exchange.writer import draft
from comity.ids import EXCHANGE, Ids, ParticipantId, PersonId, RequestId, SystemEntropy
from comity.ledger.entry import Draft
from comity.ledger.keyfile import KeyFile
from comity.ledger.store import Ledger
from comity.model import command as c
from comity.model import fact as f
from comity.model.altitude import Altitude, Datum
from comity.model.intent import AircraftCategory, Intent, IntentState
from comity.model.participant import Participant, Person, Role
from comity.model.rule import Level, Levels, ToParticipant
from comity.model.shape import Polygon
from comity.model.volume import Volume4D
from comity.runtime import environment

PLACES = 130_000
LAYER_M = 3_000.0
LOWEST_M, THICK_M = 300.0, 120.0
_AT_ONCE = 4_000


def fill(folder: Path, count: int) -> dict[str, float]:
    """Make it; seconds for each step."""
    config = make_folder(folder, view_limit=20_000)
    took: dict[str, float] = {}
    began = time.perf_counter()
    asyncio.run(_append(config, count))
    took["append"] = time.perf_counter() - began
    began = time.perf_counter()
    _snapshot(config)
    took["fold and snapshot"] = time.perf_counter() - began
    return took


def place_of(number: int) -> tuple[float, float, float]:
    """Latitude, longitude and lower height of the number-th intent."""
    lat, lon = spread_out(number % PLACES)
    return lat, lon, LOWEST_M + LAYER_M * (number // PLACES)


async def _append(config: Config, count: int) -> None:
    opened = open_exchange(_place(config), SystemClock(), SystemEntropy())
    exchange = opened.exchange
    writer = asyncio.create_task(exchange.writer.run())
    await _admit(opened, config)
    await exchange.writer.stop()
    writer.cancel()
    with suppress(asyncio.CancelledError):
        await writer
    drafts = _drafts(exchange.writer.ids, count)
    while batch := list(itertools.islice(drafts, _AT_ONCE)):
        exchange.ledger.append(batch)
    exchange.ledger.close()


async def _admit(opened: Opened, config: Config) -> None:
    assert config.genesis is not None
    genesis = Genesis(config.genesis.charter, config.genesis.centre, config.genesis.administrator)
    await begin(opened, genesis)
    numbers = itertools.count()

    async def do(who: str, command: c.Command) -> None:
        request = RequestId(f"filling-{next(numbers):06d}")
        await opened.exchange.submit(c.Submission(ParticipantId(who), PersonId(DESK), request, command, ""))

    for member in MEMBERS:
        await do("centre", c.AdmitParticipant(Participant(ParticipantId(member), member.title())))
        person = Person(
            PersonId(DESK), ParticipantId(member), "The desk", (Role.DUTY_DESK, Role.AIRSPACE_OWNER)
        )
        await do("centre", c.PutPerson(person))
    levels = Levels(Level.VOLUME, Level.VOLUME, Level.NONE, Level.NONE)
    for owner, recipient in itertools.permutations(OPEN, 2):
        await do(owner, c.SetRule(ToParticipant(ParticipantId(recipient)), levels))


def _drafts(ids: Ids, count: int) -> Iterator[Draft]:
    start = tomorrow()
    clock = SystemClock()
    for number in range(count):
        lat, lon, lower_m = place_of(number)
        owner = ParticipantId(MEMBERS[number % len(MEMBERS)])
        request_id = RequestId(f"filled-{number:09d}")
        now = clock.now()
        entity = ids.entity("intent", owner, request_id)
        volume = Volume4D(
            outline=msgspec.convert(outline(lat, lon), Polygon),
            lower=Altitude(lower_m, Datum.W84),
            upper=Altitude(lower_m + THICK_M, Datum.W84),
            start=start + timedelta(minutes=number % 1_440),
            end=start + timedelta(minutes=number % 1_440 + 25),
        )
        intent = Intent(
            id=entity,
            owner=owner,
            state=IntentState.ACCEPTED,
            volumes=(volume,),
            category=AircraftCategory.UNCREWED,
            crewed=False,
            ovn=ids.ovn(entity, 1),
            version=1,
            filed_at=now,
            changed_at=now,
        )
        digest = hashlib.sha256(request_id.encode()).hexdigest()
        request = f.Request(owner, PersonId(DESK), request_id, digest)
        yield draft(f.IntentPut(intent), request, owner, now)


def _snapshot(config: Config) -> None:
    job = Job(
        str(config.data_dir / LEDGER),
        str(config.key_file),
        str(config.data_dir / SNAPSHOTS),
        environment(config.environment),
    )
    made = make_snapshot(job)
    keyfile = KeyFile.load(config.key_file)
    ledger = Ledger.open(config.data_dir / LEDGER, keyfile, config.exchange.name, SystemEntropy())
    fact = f.SnapshotRecorded(made.size, made.state_digest, made.file_sha256)
    ledger.append([draft(fact, None, EXCHANGE, SystemClock().now())])
    ledger.close()


def _place(config: Config) -> Place:
    return Place(config.exchange.name, config.data_dir, config.key_file, environment(config.environment))


if __name__ == "__main__":
    print(fill(Path(sys.argv[1]), int(sys.argv[2])))
