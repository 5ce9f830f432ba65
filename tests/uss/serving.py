"""Servers on loopback that other USSs and authorization servers might be: well behaved, and not at all.

Each speaks just enough HTTP/1.1 over a real socket, remembers what it was asked, and answers as its
``answer`` says: a status with a body, or one of the ways in which a server can misbehave.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit


def ran(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that is a coroutine, run. Its parameters are still pytest's."""

    @functools.wraps(test)
    def run(*args: Any, **fields: Any) -> None:
        asyncio.run(test(*args, **fields))

    return run


class Asked(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Reply(NamedTuple):
    status: int = 200
    body: bytes = b"{}"
    headers: tuple[str, ...] = ()


class Silence(NamedTuple):
    """Never answers."""


class Drip(NamedTuple):
    """A byte of its answer now and then, for ever."""


class Flood(NamedTuple):
    """An answer without an end."""


class Noise(NamedTuple):
    """Something that is no HTTP."""


class HangUp(NamedTuple):
    """Closes without a word."""


Behaviour = Reply | Silence | Drip | Flood | Noise | HangUp


class Fake:
    """One server. ``answer`` may be replaced while it runs; ``asked`` is what came, oldest first."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Behaviour] = lambda asked: Reply()
        self.port = 0
        self.at_once = 0
        self.most_at_once = 0
        self.delay_s = 0.0
        self._came = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def until(self, count: int, within_s: float = 10.0) -> list[Asked]:
        """Once so many requests have come."""
        async with asyncio.timeout(within_s):
            while len(self.asked) < count:
                self._came.clear()
                await self._came.wait()
        return self.asked

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while (asked := await _read(reader)) is not None:
                self.asked.append(asked)
                self._came.set()
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                try:
                    if self.delay_s:
                        await asyncio.sleep(self.delay_s)
                    if not await _behave(self.answer(asked), writer):
                        return
                finally:
                    self.at_once -= 1
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def drop(self) -> None:
        for writer in list(self._writers):
            writer.close()


@asynccontextmanager
async def fake(port: int = 0, tls: ssl.SSLContext | None = None) -> AsyncIterator[Fake]:
    here = Fake()
    tasks: set[asyncio.Task[None]] = set()

    async def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(asyncio.CancelledError):
            await here.serve(reader, writer)
        tasks.discard(task)

    server = await asyncio.start_server(taken, "127.0.0.1", port, ssl=tls)
    here.port = server.sockets[0].getsockname()[1]
    try:
        yield here
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = await reader.readline()
        if not line:
            return None
        head += line
    first, *lines = head.decode().strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, path, headers, body)


async def _behave(behaviour: Behaviour, writer: asyncio.StreamWriter) -> bool:
    """Whether the connection goes on."""
    match behaviour:
        case Reply(status, body, headers):
            lines = [f"HTTP/1.1 {status} Answer", f"content-length: {len(body)}", *headers, "", ""]
            writer.write("\r\n".join(lines).encode() + body)
            await writer.drain()
            return True
        case Silence():
            await asyncio.sleep(3_600)
        case Drip():
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        case Flood():
            writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
            while True:
                writer.write(b" " * 65_536)
                await writer.drain()
        case Noise():
            writer.write(b"\x16\x03\x01 this is not the protocol you are looking for\r\n\r\n")
            await writer.drain()
        case HangUp():
            pass
    return False


def jwt(lasts_s: float = 3_600.0, **claims: Any) -> str:
    """Looks like a token; nobody checks its signature here."""
    parts = ({"alg": "RS256", "typ": "JWT"}, {"iat": 1_000.0, "exp": 1_000.0 + lasts_s, **claims})
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return f"{head}.{body}.c2lnbmF0dXJl"
