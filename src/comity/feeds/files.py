"""A file of SBS lines, plain or gzip, read in pieces and paced by its own times.

Lines whose times lie within ``STEP_S`` of the first of a piece go together; a line without a readable
time goes with the one before it. In the stratux log form the nanoseconds before the line pace it. Times
that run backwards (a log of several starts) wait for nothing, and the pace goes on from there.
:func:`first_time` tells where a recording begins, so that it can be played as if it were now.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from comity.clock import from_micros
from comity.errors import InvalidInput, NotFound
from comity.feeds.sbs import LineTimes

READ_BYTES: Final = 256 * 1024
PIECE_BYTES: Final = 64 * 1024
STEP_S: Final = 0.25
"""Finer than a picture's tick; smaller makes more and smaller pieces."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines, and the recorded time of the first of them that has one."""

    lines: bytes
    at: datetime | None


def pieces(path: Path) -> Iterator[Piece]:
    """The file's lines in pieces, in order. Raises ``NotFound``, or ``InvalidInput`` where it is no text
    or a broken gzip file; what came before the break has been yielded."""
    times = LineTimes()
    held: list[bytes] = []
    size = 0
    first_us: int | None = None
    for line in _lines(path):
        at_us = times.of(line)
        apart = at_us is not None and first_us is not None and abs(at_us - first_us) > STEP_S * 1e6
        if held and (apart or size >= PIECE_BYTES):
            yield _piece(held, first_us)
            held, size, first_us = [], 0, None
        held.append(line)
        size += len(line)
        first_us = at_us if first_us is None else first_us
    if held:
        yield _piece(held, first_us)


def first_time(path: Path) -> datetime:
    """The first recorded time in the file."""
    for piece in pieces(path):
        if piece.at is not None:
            return piece.at
    raise InvalidInput(f"{path.name} holds no line with a time", field="path")


async def paced(
    path: Path,
    *,
    speed: float,
    monotonic: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
) -> AsyncIterator[Piece]:
    """Each piece when it is due; speed 1 is as recorded, 0 as fast as it is taken."""
    if not 0.0 <= speed < float("inf"):
        raise InvalidInput("speed must be 0 (as fast as possible) or more", field="speed")
    due_s = monotonic()
    before: datetime | None = None
    for piece in pieces(path):
        if speed > 0.0 and piece.at is not None:
            if before is not None:
                due_s += max((piece.at - before).total_seconds(), 0.0) / speed
            before = piece.at
            wait_s = due_s - monotonic()
            if wait_s > 0.0:
                await sleep(wait_s)
        yield piece


def _piece(lines: list[bytes], first_us: int | None) -> Piece:
    return Piece(b"".join(lines), None if first_us is None else from_micros(first_us))


def _lines(path: Path) -> Iterator[bytes]:
    """Lines with their ends; an endless one comes in parts of ``READ_BYTES``, so memory is bounded."""
    try:
        with _open(path) as file:
            while line := file.readline(READ_BYTES):
                yield line
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}", field="path") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InvalidInput(f"{path.name} is no whole gzip file: {error}", field="path") from error
    except IsADirectoryError as error:
        raise InvalidInput(f"{path} is a folder", field="path") from error


def _open(path: Path) -> IO[bytes] | gzip.GzipFile:
    with path.open("rb") as probe:
        zipped = probe.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if zipped else path.open("rb")
