"""Serving the application: uvicorn with uvloop and httptools, bounded, over TLS off loopback.

Several addresses may serve the same application: what is written through one is there through each. A
socket is bound before anything runs, so that a taken port is an error at once and port 0 tells which
port it got. It installs no signal handlers and changes no logging: whoever runs it does (``runtime``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Iterator

import uvicorn

from comity.config import Config, more_address
from comity.errors import InvalidInput
from comity.http.app import App
from comity.http.protocols import OpenWebSocket, bounded_http

_log = logging.getLogger("comity.http.server")

_LARGEST_MESSAGE_BYTES = 16_384
"""What a stream's client may send: a token, once."""


class _Quiet(uvicorn.Server):
    """uvicorn's server, leaving signals to whoever runs the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server:
    """One listening server. ``serve`` runs until ``stop``; ``port`` is known from the start."""

    def __init__(self, app: App, config: Config, *, port: int | None = None) -> None:
        self._app = app
        self._server = _Quiet(_uvicorn_config(app, config))
        wanted = config.server.port if port is None else port
        self._sockets = [_bind(config.server.host, wanted, "server.port")]
        self.host = config.server.host
        more = [more_address(text, number) for number, text in enumerate(config.server.more)]
        self._hosts = (self.host, *(host for host, _ in more))
        try:
            for number, (host, at) in enumerate(more):
                self._sockets.append(_bind(host, at, f"server.more[{number}]"))
        except InvalidInput:
            self._close()
            raise
        self.port: int = self._sockets[0].getsockname()[1]
        self.tls = config.server.tls_cert is not None

    @property
    def url(self) -> str:
        return self.urls[0]

    @property
    def urls(self) -> tuple[str, ...]:
        """Every address at which the same is served; the first is the exchange's own."""
        scheme = "https" if self.tls else "http"
        ports = [each.getsockname()[1] for each in self._sockets]
        return tuple(f"{scheme}://{_named(*at)}" for at in zip(self._hosts, ports, strict=True))

    @property
    def started(self) -> bool:
        return self._server.started

    async def serve(self) -> None:
        """Serves until ``stop``; returns when the last connection has ended or its time is up."""
        _log.info("serving", extra={"port": self.port})
        try:
            await self._server.serve(sockets=self._sockets)
        finally:
            self._close()
        _log.info("served", extra={"port": self.port})

    async def until_started(self) -> None:
        while not self._server.started:
            await asyncio.sleep(0.01)

    def _close(self) -> None:
        for each in self._sockets:
            each.close()

    def stop(self) -> None:
        """Ends streams with a goodbye, takes nothing new, lets what is under way finish."""
        self._app.hub.stop()
        self._server.should_exit = True


def _named(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _bind(host: str, port: int, field: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InvalidInput(f"cannot listen on {host} port {port}: {error.strerror}", field=field) from error
    listener.setblocking(False)
    return listener


def _uvicorn_config(app: App, config: Config) -> uvicorn.Config:
    server = config.server
    cert = config.path(server.tls_cert) if server.tls_cert is not None else None
    key = config.path(server.tls_key) if server.tls_key is not None else None
    made = uvicorn.Config(
        app,
        loop="uvloop",
        http=bounded_http(server.header_bytes, server.head_timeout_s),
        ws=OpenWebSocket,
        ws_max_size=_LARGEST_MESSAGE_BYTES,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        ws_per_message_deflate=False,
        interface="asgi3",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=server.connections,
        backlog=server.backlog,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=max(1, round(server.stop_timeout_s)),
        ssl_certfile=cert,
        ssl_keyfile=key,
    )
    try:
        made.load()
    except (OSError, ssl.SSLError) as error:
        raise InvalidInput(f"cannot use the certificate and key: {error}", field="server.tls_cert") from error
    if made.ssl is not None:
        made.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    return made
