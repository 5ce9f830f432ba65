"""The stream as an iterator: one WebSocket, opened again from the last cursor when it breaks.

A frame is handed on only when it is whole: in the binary form, once both of its messages are here. After a
cut the exchange sends what was missed, or a snapshot where that is no longer possible; the reader has to do
nothing but handle both kinds of frame.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final, Literal
from urllib.parse import urlencode

import msgspec
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from comity.client.answers import Bye, Frame, Snapshot, Tick
from comity.client.packed import Unpacker
from comity.client.transport import FIRST_PAUSE_S, LONGEST_PAUSE_S, Transport
from comity.errors import ComityError, NotPermitted, Unauthenticated, Unavailable

LARGEST_FRAME_BYTES: Final = 256 * 1024 * 1024
"""A snapshot of everything one may see, at most; a larger one means something else is answering."""

SILENCE_S: Final = 15.0
"""The exchange ticks every second; after so long without a frame the connection is taken for dead."""

Form = Literal["json", "binary"]
"""How frames travel. They say the same; packed ones are a tenth of the size, with positions to 1e-7
degree."""

_DECODER: Final = msgspec.json.Decoder(Frame)


def follow(
    transport: Transport, cursor: str | None, *, reconnect: bool, form: Form = "json"
) -> Iterator[Frame]:
    """Frames until the exchange says ``bye`` (``reconnect`` off) or the caller stops asking."""
    pause_s, failures = FIRST_PAUSE_S, 0
    while True:
        try:
            for frame in _one_connection(transport, cursor, form):
                pause_s, failures = FIRST_PAUSE_S, 0
                if isinstance(frame, Snapshot | Tick):
                    cursor = frame.cursor
                yield frame
                if isinstance(frame, Bye) and not reconnect:
                    return
            lost = Unavailable("the stream ended")
        except (OSError, ConnectionClosed, TimeoutError) as error:
            lost = Unavailable(f"the stream broke: {str(error) or type(error).__name__}")
            lost.__cause__ = error
        failures += 1
        if not reconnect or failures > transport.attempts:
            raise lost
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _one_connection(transport: Transport, cursor: str | None, form: Form) -> Iterator[Frame]:
    with _connect(transport, cursor, form) as socket:
        if form == "binary":
            unpacker = Unpacker()
            while True:
                frame = unpacker.take(socket.recv(timeout=SILENCE_S))
                if frame is not None:
                    yield frame
        while True:
            text = socket.recv(timeout=SILENCE_S, decode=False)
            try:
                yield _DECODER.decode(text)
            except msgspec.MsgspecError as error:
                raise ComityError(f"a frame that this version of the client cannot read: {error}") from error


def _connect(transport: Transport, cursor: str | None, form: Form) -> ClientConnection:
    asked = {"cursor": cursor, "frames": form if form != "json" else None}
    query = urlencode({name: value for name, value in asked.items() if value})
    query = f"?{query}" if query else ""
    url = "ws" + transport.url.removeprefix("http") + "/v1/stream" + query
    secure = transport.url.startswith("https")
    try:
        return connect(
            url,
            additional_headers=transport.authorization(),
            compression=None,
            max_size=LARGEST_FRAME_BYTES,
            ssl=transport.tls if secure else None,
            proxy=None,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        cls = {401: Unauthenticated, 403: NotPermitted}.get(status, Unavailable)
        raise cls(f"the stream was refused with status {status}") from error
    except InvalidHandshake as error:
        raise Unavailable(f"{url} does not answer like a stream of Comity: {error}") from error
