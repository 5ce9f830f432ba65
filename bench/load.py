"""A load generator: HTTP/1.1 with keep-alive over raw sockets, requests encoded beforehand.

A script is a generator of requests: it yields one as bytes and is sent the answer. ``closed`` keeps each
client's next request right behind its last answer, as fast as the server allows; ``paced`` starts requests at
a fixed rate whatever the answers do and counts the wait from when each was due, so that a stall is charged
to every request that met it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from typing import Any, cast

import msgspec
import uvloop

from bench.served import Served, cpu_s


class Answer(msgspec.Struct, frozen=True, gc=False):
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


Script = Generator[bytes, Answer, None]


class Client:
    """Plays a script, over several measurements if need be: what one leaves unsent begins the next."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._due: bytes | None = None

    def begin(self) -> bytes:
        if self._due is None:
            self._due = next(self._script)
        return self._due

    def follow(self, answer: Answer) -> bytes | None:
        """The next request; None where the script is over."""
        try:
            self._due = self._script.send(answer)
        except StopIteration:
            return None
        return self._due


class Load(msgspec.Struct, frozen=True):
    """What came of it. ``server_cpu_s`` and ``own_cpu_s`` over ``seconds``; ``latencies_ms`` in order of
    answers; ``at_s`` when each was answered."""

    seconds: float
    answers: int
    statuses: dict[int, int]
    latencies_ms: list[float]
    server_cpu_s: float
    own_cpu_s: float
    sample: bytes = b""

    @property
    def rate(self) -> float:
        return self.answers / self.seconds

    @property
    def server_us(self) -> float:
        """The server's CPU microseconds for each answer."""
        return self.server_cpu_s / self.answers * 1e6

    @property
    def own_busy(self) -> float:
        """The generator's own CPU, as a part of one core."""
        return self.own_cpu_s / self.seconds

    def check(self, *wanted: int) -> None:
        """Every answer had one of these statuses, or the figure is about something else."""
        others = {status: n for status, n in self.statuses.items() if status not in wanted}
        if others:
            raise RuntimeError(f"unexpected answers: {others}, such as {self.sample!r}")


class Connection(asyncio.Protocol):
    """One connection with at most one request under way."""

    def __init__(self) -> None:
        self._buffer = b""
        self._needed = -1
        self._status = 0
        self._head = 0
        self.transport: asyncio.Transport
        self.ended = asyncio.get_running_loop().create_future()
        self.waiting: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(ConnectionError("the server closed the connection"))
        if not self.ended.done():
            self.ended.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if self._needed < 0:
            head = self._buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            place = self._buffer.find(b"content-length: ") + 16
            length = int(self._buffer[place : self._buffer.find(b"\r", place)])
            self._status, self._head = int(self._buffer[9:12]), head + 4
            self._needed = self._head + length
        if len(self._buffer) >= self._needed:
            answer = Answer(self._status, self._buffer[self._head : self._needed])
            self._buffer, self._needed = b"", -1
            self.answered(answer)

    def answered(self, answer: Answer) -> None:
        waiting, self.waiting = self.waiting, None
        assert waiting is not None
        waiting.set_result(answer)

    async def call(self, request: bytes) -> Answer:
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.waiting


class _Driven(Connection):
    """Runs one client as fast as it is answered, until the time is over."""

    def __init__(self, client: Client, until: float, log: _Log) -> None:
        super().__init__()
        self._client = client
        self._until = until
        self._log = log
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._send(self._client.begin())

    def answered(self, answer: Answer) -> None:
        now = time.perf_counter()
        self._log.take(answer, now - self._began)
        try:
            request = self._client.follow(answer)
        except RuntimeError as error:
            self.ended.set_exception(error)
            self.transport.close()
            return
        if request is None or now >= self._until:
            self.transport.close()
        else:
            self._send(request)

    def _send(self, request: bytes) -> None:
        self._began = time.perf_counter()
        self.transport.write(request)


class _Log:
    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.latencies_ms: list[float] = []
        self.sample = b""

    def take(self, answer: Answer, took_s: float) -> None:
        self.statuses[answer.status] += 1
        self.latencies_ms.append(took_s * 1e3)
        if answer.status >= 400:
            self.sample = answer.body[:300]

    def load(self, seconds: float, server_cpu_s: float, own_cpu_s: float) -> Load:
        answers = len(self.latencies_ms)
        return Load(
            seconds, answers, dict(self.statuses), self.latencies_ms, server_cpu_s, own_cpu_s, self.sample
        )


def request(method: str, target: str, token: str, body: bytes | None = None, key: str | None = None) -> bytes:
    """One request, encoded. ``key``: its Idempotency-Key."""
    lines = [f"{method} {target} HTTP/1.1", "host: localhost", f"authorization: Bearer {token}"]
    if key is not None:
        lines.append(f"idempotency-key: {key}")
    if body is not None:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def closed(server: Served, clients: Sequence[Client], seconds: float) -> Load:
    """Every client on a connection of its own, each as fast as it is answered, for ``seconds``."""
    return uvloop.run(_closed(server, clients, seconds))


async def _closed(server: Served, clients: Sequence[Client], seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    log = _Log()
    cpu, own = server.cpu_s(), cpu_s()
    began = time.perf_counter()

    def driven_by(client: Client) -> Callable[[], _Driven]:
        return lambda: _Driven(client, began + seconds, log)

    driven = [
        (await loop.create_connection(driven_by(client), server.host, server.port))[1] for client in clients
    ]
    await asyncio.gather(*(connection.ended for connection in driven))
    took = time.perf_counter() - began
    return log.load(took, server.cpu_s() - cpu, cpu_s() - own)


def paced(server: Served, requests: Sequence[bytes], rate_per_s: float, connections: int = 16) -> Load:
    """The requests at a fixed rate; latency counts from when each was due."""
    return uvloop.run(_paced(server, requests, rate_per_s, connections))


async def _paced(server: Served, requests: Sequence[bytes], rate_per_s: float, count: int) -> Load:
    loop = asyncio.get_running_loop()
    log = _Log()
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(count):
        free.put_nowait((await loop.create_connection(Connection, server.host, server.port))[1])
    cpu, own = server.cpu_s(), cpu_s()
    began = time.perf_counter()

    async def one(text: bytes, due: float) -> None:
        connection = await free.get()
        answer = await connection.call(text)
        log.take(answer, time.perf_counter() - due)
        free.put_nowait(connection)

    tasks: list[asyncio.Task[None]] = []
    for number, text in enumerate(requests):
        due = began + number / rate_per_s
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(text, due)))
    await asyncio.gather(*tasks)
    took = time.perf_counter() - began
    while not free.empty():
        free.get_nowait().transport.close()
    return log.load(took, server.cpu_s() - cpu, cpu_s() - own)


def calls(server: Served, requests: Sequence[bytes]) -> list[Answer]:
    """One after the other on one connection: for setting things up."""
    return uvloop.run(_calls(server, requests))


async def _calls(server: Served, requests: Sequence[bytes]) -> list[Answer]:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, server.host, server.port)
    answers = [await connection.call(text) for text in requests]
    connection.transport.close()
    return answers
