"""From a data directory to a running exchange: keys, ledger, state, picture, recording; and genesis.

The directory holds ``ledger.sqlite`` with its log files, ``snapshots/``, ``released/`` and ``observed/``. The
key file is best kept on another disk (docs/threat-model.md).
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from comity.clock import Clock, micros
from comity.coordination.state import ITEMS_PER_PARTICIPANT, DssSettings
from comity.errors import InvalidInput
from comity.exchange.exchange import Exchange, Settings
from comity.exchange.history import HistorySettings
from comity.exchange.recorder import Recorder
from comity.exchange.recovery import Recovered, recover
from comity.exchange.warnings import Settings as WarningSettings
from comity.geo.heights import Environment
from comity.ids import EntityId, Entropy, Ids
from comity.ledger.keyfile import KeyFile
from comity.ledger.store import Ledger
from comity.model import command as c
from comity.model.charter import Charter
from comity.model.participant import Participant, Person, Role
from comity.picture.picture import Picture, Recording
from comity.picture.settings import PictureSettings

LEDGER: Final = "ledger.sqlite"
SNAPSHOTS: Final = "snapshots"
RELEASED: Final = "released"
OBSERVED: Final = "observed"


class Genesis(msgspec.Struct, frozen=True):
    """What an empty ledger begins with: the centre, its first administrator, and the charter."""

    charter: Charter
    centre: Participant
    administrator: Person


class Place(msgspec.Struct, frozen=True):
    """Where everything is, and what is fixed for the exchange's whole life or for this run."""

    name: str
    directory: Path
    key_file: Path
    environment: Environment
    picture: PictureSettings = PictureSettings()
    view_limit: int = 20_000
    items_per_participant: int = ITEMS_PER_PARTICIPANT
    dss: DssSettings = DssSettings()
    warnings: WarningSettings = WarningSettings()
    history: HistorySettings = HistorySettings()
    turn_s: float = 0.05


class Opened(msgspec.Struct, frozen=True):
    exchange: Exchange
    keyfile: KeyFile
    recovered: Recovered


def open_exchange(
    place: Place,
    clock: Clock,
    entropy: Entropy,
    recording: Callable[[bytes], Recording] | None = None,
) -> Opened:
    """Open or make everything. The writer runs once the caller starts ``exchange.writer.run()``.

    ``recording`` makes the recording of observations from its sealing key; None records nothing. Raises
    ``Unavailable`` where another process has the ledger, ``IntegrityFailure`` where it is damaged.
    """
    place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    keyfile = KeyFile.load_or_create(place.key_file, entropy)
    ledger = Ledger.open(place.directory / LEDGER, keyfile, place.name, entropy)
    recovered = recover(ledger.reader, keyfile, place.directory / SNAPSHOTS, place.environment)
    recovered.state.items_per_participant = place.items_per_participant
    recovered.state.dss = place.dss
    ids = Ids(keyfile.id_secret)
    now = clock.now()
    picture = Picture(
        place.picture,
        lambda recipient, what, period: ids.reference(recipient, EntityId(what), period),
        now=now,
        recording=None if recording is None else recording(_derived(keyfile, "observed")),
    )
    recorder = Recorder(place.directory / RELEASED, _derived(keyfile, "released"))
    boot = entropy.bytes(f"boot/{micros(now)}", 6).hex()
    settings = Settings(place.name, boot, place.view_limit, place.warnings, place.history, place.turn_s)
    exchange = Exchange(settings, recovered.state, ledger, ids, clock, picture, recorder)
    gc.collect()
    gc.freeze()
    return Opened(exchange, keyfile, recovered)


async def begin(opened: Opened, genesis: Genesis | None) -> None:
    """What has to be on the record before anybody is served: genesis, segments that a crash left open,
    deadlines that passed meanwhile. The writer must be running."""
    exchange = opened.exchange
    if exchange.ledger.size == 0:
        if genesis is None:
            raise InvalidInput("the ledger is empty and the configuration has no [genesis]", field="genesis")
        await _genesis(exchange, genesis)
    for left in exchange.recorder.resume(dict(exchange.state.segments)):
        await exchange.own(c.RecordSegment(left.recipient, left.segment, left.frames, left.sha256))
    await exchange.meet_deadlines()


async def _genesis(exchange: Exchange, genesis: Genesis) -> None:
    if not genesis.centre.centre:
        raise InvalidInput("genesis needs the centre to have centre = true", field="genesis.centre.centre")
    person = genesis.administrator
    if person.participant != genesis.centre.id or Role.ADMINISTRATOR not in person.roles:
        raise InvalidInput(
            "genesis needs an administrator of the centre itself", field="genesis.administrator"
        )
    await exchange.own(c.AdmitParticipant(genesis.centre))
    await exchange.own(c.PutPerson(person))
    await exchange.own(c.AdoptCharter(genesis.charter))


def _derived(keyfile: KeyFile, purpose: str) -> bytes:
    """A key of its own for each recording, from the master key."""
    return HKDF(SHA256(), 32, None, f"comity/{purpose}".encode()).derive(keyfile.master)


def recording_key(keyfile: KeyFile) -> bytes:
    """What opens the recording of observations; for replay."""
    return _derived(keyfile, OBSERVED)
