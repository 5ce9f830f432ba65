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


def bounded_http(header_bytes: int, head_timeout_s: float) -> type[asyncio.Protocol]:
    """An HTTP/1.1 protocol class with these bounds."""

    class BoundedHttp(HttpToolsProtocol):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._head_bytes = 0
            self._refusal: str | None = None
            self._head_timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
            super().connection_made(transport)
            self._await_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._head_came()
            super().connection_lost(exc)

        def on_message_begin(self) -> None:
            self._head_bytes = 0
            self._await_head()
            super().on_message_begin()

        def on_url(self, url: bytes) -> None:
            super().on_url(url)
            if len(self.url) > LONGEST_URL_BYTES:
                self._refusal = "uri_too_long"
                raise _TooLarge

        def on_header(self, name: bytes, value: bytes) -> None:
            self._head_bytes += len(name) + len(value) + 4
            if self._head_bytes > header_bytes:
                self._refusal = "headers_too_large"
                raise _TooLarge
            super().on_header(name, value)

        def on_headers_complete(self) -> None:
            self._head_came()
            super().on_headers_complete()

        def send_400_response(self, msg: str) -> None:
            words = {
                "uri_too_long": f"a path with its query is at most {LONGEST_URL_BYTES} bytes",
                "headers_too_large": f"headers are at most {header_bytes} bytes",
                None: "this is not a valid HTTP/1.1 request",
            }[self._refusal]
            answer = refusal(self._refusal or "bad_request", words)
            head = STATUS_LINE[
                HTTP_STATUS[self._refusal or "bad_request"]
            ] + b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(
                answer.body
            )
            self.transport.write(head + answer.body)
            self.transport.close()

        def _await_head(self) -> None:
            self._head_came()
            self._head_timer = self.loop.call_later(head_timeout_s, self._give_up)

        def _head_came(self) -> None:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None

        def _give_up(self) -> None:
            if not self.transport.is_closing():
                self.transport.close()

    return BoundedHttp


class OpenWebSocket(WebSocketsSansIOProtocol):
    """Puts its transport into the scope as ``comity.transport``."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        scope: dict[str, Any] | None = self.__dict__.get("scope")
        if scope is not None:
            scope["extensions"]["comity.transport"] = self.transport
