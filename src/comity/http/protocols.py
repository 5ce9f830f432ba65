"""uvicorn's protocols with bounds: how large a request head may be, and how long it may take to come.

Without them a stranger could send headers for ever, or one byte a minute, and hold memory and a
connection. Refusals at this level are JSON like all others. The WebSocket protocol also shows its
transport to the application, which needs it to discard what was queued before a withdrawal.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from comity.http.answers import HTTP_STATUS, refusal

LONGEST_URL_BYTES = 8_192
"""A path and query of ours stay under 1 kB; RFC 9110 recommends to take at least 8000 octets."""


class _TooLarge(Exception):
    """Raised inside the parser's callbacks; the parser turns it into its own error."""


class BoundedHttp(HttpToolsProtocol):
    """HTTP/1.1 with a bounded head. Use a subclass from ``bounded_http``."""

    header_bytes: int
    head_timeout_s: float

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._refusal = "bad_request"
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._head_bytes = 0
        self._wait_for_head()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > LONGEST_URL_BYTES:
            self._refusal = "uri_too_long"
            raise _TooLarge

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > self.header_bytes:
            self._refusal = "headers_too_large"
            raise _TooLarge
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """An answer that came before the body's end: the rest is read and dropped for a while, since to
        close at once would take the answer from a client that is still sending."""
        super().on_response_complete()
        if self.cycle is not None and self.cycle.more_body:
            self._wait_for_head()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self.cycle is not None and self.cycle.response_complete:
            self.cycle.more_body = False
            self._wait_for_head()

    def send_400_response(self, msg: str) -> None:
        """Instead of uvicorn's text: JSON, with the status that fits."""
        words = {
            "uri_too_long": f"a path with its query is at most {LONGEST_URL_BYTES} bytes",
            "headers_too_large": f"headers are at most {self.header_bytes} bytes",
            "bad_request": "this is not a valid HTTP/1.1 request",
        }[self._refusal]
        answer = refusal(self._refusal, words)
        head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        status = STATUS_LINE[HTTP_STATUS[self._refusal]]
        self.transport.write(status + head % len(answer.body) + answer.body)
        self.transport.close()

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(self.head_timeout_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


def bounded_http(header_bytes: int, head_timeout_s: float) -> type[asyncio.Protocol]:
    """A protocol class with these bounds; uvicorn makes one of it for each connection."""
    bounds = {"header_bytes": header_bytes, "head_timeout_s": head_timeout_s}
    return type("BoundedHttpOfServer", (BoundedHttp,), bounds)


class OpenWebSocket(WebSocketsSansIOProtocol):
    """Puts its transport into the scope as ``comity.transport``."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        scope: dict[str, Any] | None = self.__dict__.get("scope")
        if scope is not None:
            scope["extensions"]["comity.transport"] = self.transport
