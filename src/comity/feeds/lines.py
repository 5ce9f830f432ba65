"""Whole lines out of a stream that is cut anywhere.

A line ends at ``\\n``; one ``\\r`` before it belongs to the end. What follows the last end is kept for
the next chunk, so the result does not depend on where the stream was cut (a property test holds it to
that). Memory is bounded: a line over ``MAX_LINE_BYTES`` is dropped up to its end, and counted once.
"""

from __future__ import annotations

from typing import Final

MAX_LINE_BYTES: Final = 512
"""A BaseStation line is under 150; a longer "line" is a binary stream or a lost line end."""


class Splitter:
    def __init__(self, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._max = max_line_bytes
        self._tail = b""
        self._dropping = False
        self.too_long = 0
        """Lines dropped for their length since the start."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that ``chunk`` completed, without their ends. Empty ones are left in."""
        if self._dropping:
            end = chunk.find(b"\n")
            if end < 0:
                return []
            chunk = chunk[end + 1 :]
            self._dropping = False
        lines = (self._tail + chunk if self._tail else chunk).split(b"\n")
        self._tail = lines.pop()
        if len(self._tail) > self._max + 1:
            self._tail = b""
            self._dropping = True
            self.too_long += 1
        return self._trim(lines)

    def finish(self) -> list[bytes]:
        """The stream has ended: what is left is a line too."""
        rest, self._tail, self._dropping = self._tail, b"", False
        return self._trim([rest]) if rest else []

    def _trim(self, lines: list[bytes]) -> list[bytes]:
        whole = []
        for raw in lines:
            line = raw[:-1] if raw.endswith(b"\r") else raw
            if len(line) > self._max:
                self.too_long += 1
            else:
                whole.append(line)
        return whole
