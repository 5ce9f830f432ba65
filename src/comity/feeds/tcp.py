"""A client for a receiver's TCP port, 30003 by custom: yields what arrives, and connects again when it ends.

After a failure it waits ``first_wait_s``, then twice as long each time up to ``longest_wait_s``, and starts
over once data has come. A connection that is silent for ``idle_s`` is taken for dead: receivers send many
lines a second, and a network that drops packets without a word is common. Bytes are not looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from comity.errors import InvalidInput

CHUNK_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class TcpSettings:
    connect_s: float = 10.0
    idle_s: float = 60.0
    first_wait_s: float = 1.0
    longest_wait_s: float = 30.0


class TcpSource:
    """``connected`` and ``last_failure`` say how it stands; ``connections`` counts those made."""

    def __init__(
        self,
        host: str,
        port: int,
        settings: TcpSettings | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._host, self._port = host, port
        self._settings = settings or TcpSettings()
        self._sleep = sleep
        self.connected = False
        self.connections = 0
        self.last_failure: str | None = None

    @classmethod
    def at(cls, address: str, settings: TcpSettings | None = None) -> TcpSource:
        """From ``HOST:PORT``; an IPv6 host in brackets."""
        host, colon, port = address.rpartition(":")
        if not colon or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
            raise InvalidInput("address must be HOST:PORT with a port from 1 to 65535", field="address")
        return cls(host.removeprefix("[").removesuffix("]"), int(port), settings)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """What arrives, for ever; ``b"\\n"`` after a cut, which ends the line that it may have cut."""
        wait_s = self._settings.first_wait_s
        while True:
            came = False
            try:
                async with asyncio.timeout(self._settings.connect_s):
                    reader, writer = await asyncio.open_connection(self._host, self._port)
                self.connected, self.connections = True, self.connections + 1
                try:
                    while chunk := await self._read(reader):
                        came = True
                        yield chunk
                    self.last_failure = "the receiver closed the connection"
                finally:
                    self.connected = False
                    await _close(writer)
            except TimeoutError:
                self.last_failure = "no data within the idle time" if came else "no answer in time"
            except OSError as error:
                self.last_failure = error.strerror or str(error)
            if came:
                yield b"\n"
                wait_s = self._settings.first_wait_s
            await self._sleep(wait_s)
            wait_s = min(wait_s * 2.0, self._settings.longest_wait_s)

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        async with asyncio.timeout(self._settings.idle_s):
            return await reader.read(CHUNK_BYTES)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
