"""A real exchange behind its real server on loopback, with a clock moved by hand and seeded entropy.

Everything from ``open_exchange`` to uvicorn's socket is what ``runtime`` joins; only the rhythm is not: ticks
and checkpoints happen when they are asked for. Two stacks live side by side on one event loop, each on a
copy of one template directory, so that ids, keys and tokens are the same in both.

``Caller`` speaks HTTP/1.1 in bytes: what a client library would hide (order and case of headers, framing)
is part of what is compared. ``Date`` alone is left out: uvicorn takes it from the machine's clock, which no
participant moves.
"""

from __future__ import annotations

import asyncio
import gc
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from comity.clock import ManualClock
from comity.config import Config, parse_config
from comity.exchange.exchange import Exchange
from comity.exchange.opening import Genesis, Opened, Place, begin, open_exchange
from comity.exchange.warnings import Settings as WarningSettings
from comity.geo.heights import Environment
from comity.http.app import App, create_app
from comity.http.issuer import Issuer, create_issuer_key, load_issuer_key
from comity.http.server import Server
from comity.http.tokens import SCOPES
from comity.ids import ParticipantId, PersonId, RequestId, SeededEntropy
from comity.model import command as c
from comity.model.charter import Charter
from comity.model.participant import Participant, Person, Role
from comity.model.rule import Levels
from tests.property.happened import Admitted, Adopted, Event, PersonKept

CENTRE, NORTH, SOUTH, RELIEF = (ParticipantId(name) for name in ("centre", "north", "south", "relief"))
OTHERS: Final = (CENTRE, NORTH, RELIEF)
"""Everybody but the participant whose eyes the tests look through, ``south``."""
DESK: Final = PersonId("desk")
GEOID_M: Final = (40.0, 55.0)
TERRAIN_M: Final = (0.0, 4_810.0)
SEED: Final = b"property"

CONFIG: Final = """
[exchange]
name = "alps.example"
data_dir = "data"
key_file = "keys"
[issuer]
enabled = true
key_file = "issuer.pem"
[auth]
max_lifetime_s = 604_800
[logging]
level = "error"
"""

SCRATCH: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Ledgers of these tests need no disk: what they promise after a crash is tested elsewhere."""

WARNINGS: Final = WarningSettings(wait_s=600.0)
"""A tick waits for its sweep, so that what is told at which tick does not hang on the machine, nor on whether
kernels are being compiled."""

NO_FRAME_S: Final = 20.0
"""How long to wait for a frame that should be there at once. Longer only makes a failure slower."""


def genesis(floor: Levels) -> Genesis:
    charter = Charter(
        title="A charter for the laws of release",
        floor=floor,
        signed_commands=False,
        auditors=(),
        constraint_lead_s=900,
    )
    return Genesis(charter, Participant(CENTRE, "Centre", centre=True), person(CENTRE))


def person(participant: ParticipantId) -> Person:
    return Person(DESK, participant, f"The desk of {participant}", tuple(Role))


def founding(floor: Levels) -> list[Event]:
    """What has happened once a template is made."""
    begun = genesis(floor)
    events: list[Event] = [
        Admitted(CENTRE, begun.centre),
        PersonKept(CENTRE, begun.administrator),
        Adopted(CENTRE, begun.charter),
    ]
    for name in (NORTH, SOUTH, RELIEF):
        events.append(Admitted(CENTRE, Participant(name, f"The {name} of the Alps")))
        events.append(PersonKept(CENTRE, person(name)))
    return events


@dataclass(frozen=True)
class Answer:
    """``head``: status line and headers as they came, without ``Date``."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        return int(self.head.split(b" ", 2)[1])


class Caller:
    """One participant's keep-alive connection."""

    def __init__(self, port: int, token: str | None) -> None:
        self._port = port
        self._token = token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, target: str, body: bytes = b"", key: str | None = None) -> Answer:
        lines = [f"{method} {target} HTTP/1.1", "host: alps.example"]
        if self._token is not None:
            lines.append(f"authorization: Bearer {self._token}")
        if key is not None:
            lines.append(f"idempotency-key: {key}")
        if body:
            lines += ["content-type: application/json", f"content-length: {len(body)}"]
        reader, head = await self._send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"date:")]
        lengths = [line for line in kept if line.lower().startswith(b"content-length:")]
        found = await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b""
        if b"connection: close" in kept:
            await self.close()
        return Answer(b"\r\n".join(kept), found)

    async def _send(self, request: bytes) -> tuple[asyncio.StreamReader, bytes]:
        """Send it, and the head of the answer; again where an idle connection was closed meanwhile."""
        for _ in range(2):
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=2**24)
            reader, writer = self._streams
            writer.write(request)
            try:
                return reader, await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                await self.close()
        raise ConnectionError("the server closes every connection")

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            with suppress(OSError):
                await self._streams[1].wait_closed()
            self._streams = None


class Listener:
    """One stream: every frame it was sent, in order."""

    def __init__(self, connection: ClientConnection) -> None:
        self.frames: list[str | bytes] = []
        self._connection = connection
        self._awaits = ""
        self._finals = 0
        self._closed = False
        self._came = asyncio.Event()
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        with suppress(ConnectionClosed):
            async for message in self._connection:
                self._take(message)
        self._closed = True
        self._take(f'{{"closed":{self._connection.close_code}}}')

    def _take(self, message: str | bytes) -> None:
        """A frame that a binary message belongs to is whole with it."""
        self.frames.append(message)
        text = message if isinstance(message, str) else self._awaits
        self._awaits = ""
        if isinstance(message, str) and '"binary":true' in message[-30:]:
            self._awaits = message
        elif not text.startswith(('{"type":"hello"', '{"type":"bye"')) and not text.endswith('"more":true}'):
            self._finals += 1
            self._came.set()

    async def until(self, finals: int) -> None:
        """Wait for so many frames that reach the present, or not much longer than they need."""
        with suppress(TimeoutError):
            async with asyncio.timeout(NO_FRAME_S):
                while self._finals < finals and not self._closed:
                    self._came.clear()
                    await self._came.wait()

    async def close(self) -> None:
        await self._connection.close()
        await self._task


class Stack:
    """One exchange, served. ``directory`` holds the configuration's files."""

    def __init__(self, directory: Path, clock: ManualClock, view_limit: int = 20_000) -> None:
        self.directory = directory
        self.clock = clock
        self.config: Config = parse_config(CONFIG, directory)
        self._view_limit = view_limit
        self.opened: Opened
        self.app: App
        self.server: Server
        self._listeners: list[tuple[Listener, int]] = []
        self._writer: asyncio.Task[None]
        self._serving: asyncio.Task[None]

    @property
    def exchange(self) -> Exchange:
        return self.opened.exchange

    async def open(self, begun: Genesis | None = None) -> None:
        place = Place(
            "alps.example",
            self.config.data_dir,
            self.config.key_file,
            Environment(geoid_m=GEOID_M, terrain_m=TERRAIN_M),
            view_limit=self._view_limit,
            warnings=WARNINGS,
        )
        self.opened = open_exchange(place, self.clock, SeededEntropy(SEED))
        self._writer = asyncio.create_task(self.exchange.writer.run())
        await begin(self.opened, begun)
        self.app = create_app(self.exchange, self.config)
        self.server = Server(self.app, self.config, port=0)
        self._serving = asyncio.create_task(self.server.serve())
        await self.server.until_started()
        self.exchange.ledger.checkpoint_all(self.clock.now())

    async def close(self) -> None:
        for listener, _ in self._listeners:
            await listener.close()
        self._listeners.clear()
        self.server.stop()
        await self._serving
        await self.exchange.warnings.stop()
        await self.exchange.close_segments()
        await self.exchange.writer.stop()
        self._writer.cancel()
        with suppress(asyncio.CancelledError):
            await self._writer
        self.exchange.ledger.close()
        gc.unfreeze()  # opening freezes what there is for good; tests open many

    async def tick(self) -> None:
        """A second's work: deadlines, the picture, checkpoints, and a frame to every stream."""
        await self.exchange.tick()
        self.exchange.ledger.checkpoint_all(self.clock.now())
        await self.app.hub.tick(self.clock.now())
        self._listeners = [(listener, finals + 1) for listener, finals in self._listeners]
        for listener, finals in self._listeners:
            await listener.until(finals)

    async def until_waiting(self, asked: asyncio.Task[Answer]) -> None:
        """Until a request that was told to wait does so, or has been answered."""
        while not asked.done() and not self.app.hub._ticked._waiters:
            await asyncio.sleep(0.001)

    def token(self, participant: ParticipantId, issued: datetime) -> str:
        key = load_issuer_key(self.directory / "issuer.pem")
        issuer = Issuer(key, self.config.exchange.name, self.config.audiences()[0], SeededEntropy(SEED))
        return issuer.issue(DESK, participant, SCOPES, timedelta(days=7), issued)

    def caller(self, token: str | None) -> Caller:
        return Caller(self.server.port, token)

    async def listen(self, token: str, cursor: str | None = None, frames: str = "json") -> Listener:
        """Open a stream and wait until it has reached the present."""
        target = f"ws://127.0.0.1:{self.server.port}/v1/stream?frames={frames}"
        if cursor is not None:
            target += f"&cursor={cursor}"
        headers = {"authorization": f"Bearer {token}", "host": "alps.example"}
        connection = await connect(
            target, additional_headers=headers, ping_interval=None, compression=None, max_size=None
        )
        listener = Listener(connection)
        await listener.until(1)
        self._listeners.append((listener, 1))
        return listener

    async def hang_up(self, listener: Listener) -> None:
        self._listeners = [(one, finals) for one, finals in self._listeners if one is not listener]
        await listener.close()


async def make_template(directory: Path, start: datetime, floor: Levels) -> None:
    """An exchange with its members, closed: stacks start from copies of it."""
    directory.mkdir(parents=True)
    create_issuer_key(directory / "issuer.pem")
    stack = Stack(directory, ManualClock(start))
    await stack.open(genesis(floor))
    for number, event in enumerate(founding(floor)[3:]):
        command: c.Command
        match event:
            case Admitted(participant=participant):
                command = c.AdmitParticipant(participant)
            case PersonKept(person=kept):
                command = c.PutPerson(kept)
            case _:
                raise AssertionError("founding admits and keeps")
        request = RequestId(f"founding-{number}")
        await stack.exchange.submit(c.Submission(CENTRE, DESK, request, command, repr(command)))
    await stack.close()


def copy_of(template: Path, directory: Path) -> Path:
    shutil.copytree(template, directory)
    return directory


def utc(*parts: int) -> datetime:
    year, month, day, hour, minute = parts
    return datetime(year, month, day, hour, minute, tzinfo=UTC)
