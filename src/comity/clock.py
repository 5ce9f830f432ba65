"""The only file that reads a clock. Everything else takes ``now`` as an argument.

Times are aware UTC datetimes, or integer microseconds since 1970-01-01T00:00:00Z in the ledger's
headers. ``SystemClock`` never goes backwards within a process: when the machine's clock is set back
it stands still until real time has caught up, and ``behind_s`` says by how much, which is an alarm.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(when: datetime) -> int:
    """Microseconds since the epoch, exactly. ``when`` must be aware."""
    return (when - EPOCH) // _MICROSECOND


def from_micros(us: int) -> datetime:
    """Inverse of :func:`micros`."""
    return EPOCH + timedelta(microseconds=us)


def seconds(when: datetime) -> float:
    """Seconds since the epoch as a float, good to a quarter of a microsecond until 2100."""
    return micros(when) / 1e6


class Clock(Protocol):
    def now(self) -> datetime:
        """The present, aware UTC, never earlier than an answer given before."""
        ...

    def monotonic(self) -> float:
        """Seconds of elapsed time, for time-outs only."""
        ...


class SystemClock:
    """The machine's clock, held to never go backwards."""

    def __init__(self) -> None:
        self._last_us = 0
        self.behind_s = 0.0

    def now(self) -> datetime:
        us = time.time_ns() // 1000
        if us < self._last_us:
            self.behind_s = (self._last_us - us) / 1e6
            us = self._last_us
        else:
            self.behind_s = 0.0
            self._last_us = us
        return from_micros(us)

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that tests and replays move by hand."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._start = start

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    def advance(self, seconds_: float) -> datetime:
        if seconds_ < 0:
            raise ValueError("a clock does not go backwards")
        self._now += timedelta(seconds=seconds_)
        return self._now
