"""A receiver's port: data arrives, a cut is mended, silence is noticed, waits grow and start over."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from comity.errors import InvalidInput
from comity.feeds.tcp import TcpSettings, TcpSource


async def no_sleep(waits: list[float], seconds: float) -> None:
    waits.append(seconds)
    await asyncio.sleep(0)


async def gather(source: TcpSource, until: bytes) -> bytes:
    got = b""
    async with contextlib.aclosing(source.chunks()) as chunks:
        async for chunk in chunks:
            got += chunk
            if got.count(until) >= 2:
                return got
    raise AssertionError("the source never ends")


def test_it_reads_and_connects_again_after_a_cut() -> None:
    waits: list[float] = []

    async def scene() -> tuple[bytes, TcpSource]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"MSG,8,half a li")
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        source = TcpSource("127.0.0.1", port, sleep=lambda s: no_sleep(waits, s))
        got = await asyncio.wait_for(gather(source, b"\n"), 20)
        server.close()
        await asyncio.sleep(0.05)
        return got, source

    got, source = asyncio.run(scene())
    assert got == b"MSG,8,half a li\n" * 2
    assert source.connections == 2
    assert source.last_failure == "the receiver closed the connection"
    assert waits == [1.0]


def test_waits_grow_while_nobody_answers() -> None:
    waits: list[float] = []

    async def scene() -> TcpSource:
        server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        source = TcpSource("127.0.0.1", port, sleep=lambda s: no_sleep(waits, s))
        task = asyncio.create_task(gather(source, b"\n"))
        while len(waits) < 8:
            await asyncio.sleep(0.01)
        task.cancel()
        return source

    source = asyncio.run(scene())
    assert waits[:8] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert not source.connected
    assert source.last_failure


def test_a_silent_connection_is_taken_for_dead() -> None:
    waits: list[float] = []

    async def scene() -> TcpSource:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"x")
            await writer.drain()
            await reader.read()
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        settings = TcpSettings(idle_s=0.05)
        source = TcpSource("127.0.0.1", port, settings, sleep=lambda s: no_sleep(waits, s))
        assert await asyncio.wait_for(gather(source, b"x"), 20) == b"x\nx"
        server.close()
        await asyncio.sleep(0.05)
        return source

    assert asyncio.run(scene()).last_failure == "no data within the idle time"


def test_addresses() -> None:
    assert TcpSource.at("[::1]:30003")._host == "::1"
    for wrong in ("host", "host:", ":30003", "host:0", "host:65536", "host:３"):
        with pytest.raises(InvalidInput, match="HOST:PORT"):
            TcpSource.at(wrong)
