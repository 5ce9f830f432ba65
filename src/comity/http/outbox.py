"""A client's unsent frames: a bounded queue that is emptied rather than let grow.

A frame carries where the client will stand once it is sent (cursor, stamps of tracks and alerts), so that
when queued frames are discarded the next ones start from what was really sent. Not thread-safe; one event
loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

_NEXT_TO_NOTHING: Final = 4_096
"""Characters queued below which a large snapshot may follow; so at most one beyond the bound waits."""


class Place(NamedTuple):
    """Where a client stands with items, tracks and alerts: nothing sent yet is all Nones."""

    cursor: str | None
    stamp: int | None = None
    alerts: int | None = None


class Frame(NamedTuple):
    """A text message and, where ``packed`` is not None, the binary one that belongs to it: both or none."""

    text: str
    place: Place
    packed: bytes | None = None

    @property
    def size(self) -> int:
        """Characters and bytes: what the bounds count."""
        return len(self.text) + (len(self.packed) if self.packed is not None else 0)


class Farewell(NamedTuple):
    """The last frame, and the close code after it."""

    text: str
    code: int
    reason: str


class Outbox:
    """``sent`` is where the client stands by what the transport has taken."""

    def __init__(self, frames: int, size: int, start: Place) -> None:
        self._most_frames = frames
        self._most_size = size
        self._queue: deque[Frame] = deque()
        self._size = 0
        self._sending = False
        self._farewell: Farewell | None = None
        self._wake = asyncio.Event()
        self.sent = start

    @property
    def idle(self) -> bool:
        return not self._queue and not self._sending

    @property
    def sending(self) -> bool:
        """A frame is in the transport's hands and not yet taken whole."""
        return self._sending

    @property
    def closing(self) -> bool:
        return self._farewell is not None

    def has_room(self, size: int) -> bool:
        """Whether a frame fits. The first of a queue always does, whatever its size."""
        return self.idle or (len(self._queue) < self._most_frames and self._size + size <= self._most_size)

    def put(self, frame: Frame) -> None:
        if self._farewell is None:
            self._queue.append(frame)
            self._size += frame.size
            self._wake.set()

    def discard(self) -> int:
        """Drops what has not begun to be sent; returns how many frames."""
        count = len(self._queue)
        self._queue.clear()
        self._size = 0
        return count

    def close(self, farewell: Farewell) -> None:
        """Drops what is queued and ends with ``farewell``. The first one counts."""
        self.discard()
        if self._farewell is None:
            self._farewell = farewell
            self._wake.set()

    async def run(self, send: Callable[[str | bytes], Awaitable[None]]) -> Farewell:
        """Sends frames one by one until there is a farewell, which it returns unsent. Between the two
        messages of a frame nothing is decided: ``sending`` and ``sent`` are about both."""
        while True:
            if self._farewell is not None:
                return self._farewell
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            frame = self._queue.popleft()
            self._size -= frame.size
            self._sending = True
            await send(frame.text)
            if frame.packed is not None:
                await send(frame.packed)
            self._sending = False
            self.sent = frame.place
