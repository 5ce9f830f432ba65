"""Requests to other servers, each within bounds: time, bytes, connections, and to which machines.

One request ends within ``timeout_s`` in all, however slowly the other side drips. Redirects are an answer
like any other and are not followed; certificates are verified; proxies of the environment are not used.
Nothing that the other side does raises: what came of it is a value with a ``problem``.

httpcore does the protocol: it follows nothing by itself and takes a network of our own, so the address that
was checked is the one that is connected to.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import httpcore
import msgspec

from comity.clock import Clock
from comity.uss.addresses import refused_address

Method = Literal["GET", "POST", "PUT"]

MOST_BODY_BYTES: Final = 8_388_608
"""Of an answer: details of a thousand volumes with outlines of a hundred vertices. Larger: one peer can take
more memory."""

AT_ONCE: Final = 8
"""Requests to one origin at a time. Larger: a slow peer holds more connections."""

LOOKUPS: Final = 16
"""Names looked up at a time. Larger: more threads that slow name servers can hold."""

_MOST_ORIGINS: Final = 1_000
_KEPT_CONNECTIONS: Final = 50
_KEPT_S: Final = 30.0
_HEADERS: Final = ((b"accept", b"application/json"), (b"accept-encoding", b"identity"))


class OutboundSettings(msgspec.Struct, frozen=True):
    """``timeout_s``: for a whole request. ``private``: whether loopback and private addresses may be called.
    ``ca_file``: certificates to believe instead of the system's."""

    timeout_s: float = 2.0
    private: bool = False
    ca_file: str | None = None
    most_body_bytes: int = MOST_BODY_BYTES


class Exchanged(msgspec.Struct, frozen=True):
    """One request and what came of it. ``problem`` None: an answer with a status of 200 to 299. ``status``
    None: no whole answer."""

    method: str
    url: str
    began: datetime
    ended: datetime
    status: int | None = None
    body: bytes = b""
    problem: str | None = None
    sent: bytes = b""
    authorization: str = ""

    @property
    def answered(self) -> bool:
        """Whether the other side is up: it answered, and not that it is in trouble."""
        return self.status is not None and self.status < 500 and self.status != 429


class _Refused(httpcore.ConnectError):
    """The address is none that may be called."""


class Outbound:
    """Belongs to one event loop. ``aclose`` ends its connections."""

    def __init__(self, settings: OutboundSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._network = _CheckedNetwork(settings.private)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(cafile=settings.ca_file),
            max_connections=None,
            max_keepalive_connections=_KEPT_CONNECTIONS,
            keepalive_expiry=_KEPT_S,
            network_backend=self._network,
        )
        self._origins: dict[str, asyncio.Semaphore] = {}

    async def aclose(self) -> None:
        await self._pool.aclose()
        self._network.names.close()

    async def send(
        self,
        method: Method,
        url: str,
        *,
        authorization: str = "",
        body: bytes | None = None,
        content_type: str = "application/json",
    ) -> Exchanged:
        """``url`` is one that ``addresses.base_url`` has passed, with a path appended."""
        began = self._clock.now()
        headers = [*_HEADERS]
        if authorization:
            headers.append((b"authorization", authorization.encode()))
        if body is not None:
            headers.append((b"content-type", content_type.encode()))
        status, answer, problem = await self._bounded(method, url, headers, body)
        if problem is None and status is not None and not 200 <= status < 300:
            problem = f"status {status}" + (", and redirects are not followed" if 300 <= status < 400 else "")
        return Exchanged(
            method, url, began, self._clock.now(), status, answer, problem, body or b"", authorization
        )

    async def _bounded(
        self, method: str, url: str, headers: list[tuple[bytes, bytes]], body: bytes | None
    ) -> tuple[int | None, bytes, str | None]:
        """Status, body, and why there is none."""
        timeout_s = self.settings.timeout_s
        try:
            async with asyncio.timeout(timeout_s), self._turn(url):
                try:
                    return await self._send(method, url, headers, body)
                except httpcore.RemoteProtocolError:
                    if method != "GET":
                        raise
                # A connection that was kept and that the other side was just closing, most likely.
                return await self._send(method, url, headers, body)
        except (TimeoutError, httpcore.TimeoutException):
            return None, b"", f"no whole answer within {timeout_s:g} s"
        except _Refused as error:
            return None, b"", str(error)
        except (httpcore.NetworkError, OSError) as error:
            return None, b"", f"no connection: {_first_line(error)}"
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol, ValueError) as error:
            return None, b"", f"what came is no HTTP: {_first_line(error)}"

    async def _send(
        self, method: str, url: str, headers: list[tuple[bytes, bytes]], body: bytes | None
    ) -> tuple[int | None, bytes, str | None]:
        async with AsyncExitStack() as stack:
            response = await stack.enter_async_context(
                self._pool.stream(method, url, headers=headers, content=body)
            )
            encoding = [value for name, value in response.headers if name.lower() == b"content-encoding"]
            if encoding not in ([], [b"identity"]):
                return response.status, b"", "the answer is compressed, which was not asked for"
            taken = bytearray()
            async for chunk in response.aiter_stream():
                taken += chunk
                if len(taken) > self.settings.most_body_bytes:
                    return response.status, b"", f"the answer is over {self.settings.most_body_bytes} bytes"
            return response.status, bytes(taken), None

    def _turn(self, url: str) -> asyncio.Semaphore:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        turn = self._origins.get(origin)
        if turn is None:
            if len(self._origins) >= _MOST_ORIGINS:
                self._origins = {name: held for name, held in self._origins.items() if held.locked()}
            turn = self._origins[origin] = asyncio.Semaphore(AT_ONCE)
        return turn


class _Names:
    """Looks names up, in threads of its own: a name that takes long keeps one of them, however often it is
    asked for, and none of those that the rest of the process works with."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="names")
        self._asking: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    async def addresses(self, host: str, port: int) -> list[str]:
        """Raises ``OSError`` where there are none."""
        key = host, port
        asking = self._asking.get(key)
        if asking is None:
            loop = asyncio.get_running_loop()
            asking = self._asking[key] = loop.run_in_executor(self._threads, _look_up, host, port)
            asking.add_done_callback(lambda done: self._done(key, done))
        return list(await asyncio.shield(asking))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _done(self, key: tuple[str, int], done: asyncio.Future[list[str]]) -> None:
        del self._asking[key]
        if not done.cancelled():
            done.exception()  # whoever asked may have stopped waiting


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Looks a name up, and connects to the first of its addresses if every one of them may be called."""

    def __init__(self, private: bool) -> None:
        self.names = _Names()
        self._private = private
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self.names.addresses(host, port)
        for address in addresses:
            why = refused_address(address, private=self._private)
            if why is not None:
                raise _Refused(why)
        failed: httpcore.ConnectError | None = None
        for address in addresses:
            try:
                return _Stream(
                    await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
                )
            except httpcore.ConnectError as error:
                failed = error
        raise failed or httpcore.ConnectError("the name leads nowhere")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise _Refused("no peer is on a socket of this machine")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that is closed also where it ends in the middle of a TLS handshake."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._inner.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self._inner.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
