"""Plays a recording: what was received, in order, at a chosen speed.

Each observation keeps the time at which it was received then; whoever plays it hands that time on as
``received_at``, so that a replayed report is as old as it was. Speed 1 is real time, 10 ten times as fast,
0 as fast as the reader takes it. The first observation comes at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from comity.clock import micros
from comity.errors import InvalidInput, NotFound
from comity.picture.recording import OPEN_SUFFIX, segments
from comity.picture.segment import Recorded, SegmentReader


@dataclass(slots=True)
class Recording:
    """The segments of a folder, or the files given. ``torn`` fills while reading: the files whose tail a
    crash left half written, and how many bytes of each were left out."""

    paths: Sequence[Path]
    key: bytes | None = None
    torn: dict[str, int] = field(default_factory=dict)

    @classmethod
    def at(cls, path: Path, *, key: bytes | None = None) -> Recording:
        """A folder of segments, the one still being written included, or a single file."""
        if path.is_dir():
            paths = segments(path) + sorted(path.glob("*" + OPEN_SUFFIX))
        else:
            paths = [path] if path.exists() else []
        if not paths:
            raise NotFound(f"no recording at {path}", field="path")
        return cls(paths, key)

    def __iter__(self) -> Iterator[Recorded]:
        for path in self.paths:
            reader = SegmentReader(path, key=self.key)
            yield from reader
            if reader.torn_bytes:
                self.torn[path.name] = reader.torn_bytes


async def play(
    recording: Recording,
    *,
    speed: float,
    monotonic: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
) -> AsyncIterator[Recorded]:
    """Yield each observation when it is due by ``monotonic``, waiting by ``sleep``."""
    if not 0.0 <= speed < float("inf"):
        raise InvalidInput("speed must be 0 (as fast as possible) or more", field="speed")
    began_s = monotonic()
    first_us: int | None = None
    for recorded in recording:
        if speed > 0.0:
            at_us = micros(recorded.received_at)
            first_us = at_us if first_us is None else first_us
            wait_s = began_s + (at_us - first_us) / 1e6 / speed - monotonic()
            if wait_s > 0.0:
                await sleep(wait_s)
        yield recorded
