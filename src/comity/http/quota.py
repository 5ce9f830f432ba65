"""Quotas: each participant has its own token buckets, filled at a rate and as deep as a burst.

One participant's use changes nothing for another, neither the answer nor its words. Pure arithmetic on a
monotonic time that is given; buckets are made on first use and number at most one set a participant.
"""

from __future__ import annotations

import math
from enum import StrEnum

from comity.config import QuotasSection
from comity.errors import QuotaExceeded
from comity.ids import ParticipantId


class Use(StrEnum):
    NONE = "none"
    READ = "read"
    WRITE = "write"
    REPORT = "report"
    """Counted in bytes, since one report body may hold one report or thousands."""


class Bucket:
    """``level`` of ``burst``, filled by ``rate`` a second."""

    __slots__ = ("_at_s", "burst", "level", "rate")

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self.level = burst
        self._at_s = -math.inf

    def take(self, amount: float, now_s: float) -> float:
        """0 if taken, otherwise the seconds until it could be; then nothing is taken.

        An amount over the burst waits for a full bucket and leaves a debt, so that the rate holds.
        """
        if now_s > self._at_s:
            filled = self.level + (now_s - self._at_s) * self.rate
            self.level = min(self.burst, filled)
            self._at_s = now_s
        needed = min(amount, self.burst)
        if needed <= self.level:
            self.level -= amount
            return 0.0
        return (needed - self.level) / self.rate


class Quotas:
    """Holds participants to their quotas."""

    def __init__(self, limits: QuotasSection) -> None:
        self._limits = limits
        self._buckets: dict[tuple[ParticipantId, Use], Bucket] = {}
        self._streams: dict[ParticipantId, int] = {}

    def take(self, who: ParticipantId, use: Use, now_s: float, amount: float = 1.0) -> None:
        """Raises ``QuotaExceeded`` with ``detail["retry_after_s"]``, whole seconds."""
        if use is Use.NONE:
            return
        bucket = self._buckets.get((who, use))
        if bucket is None:
            bucket = self._buckets[who, use] = self._new(use)
        wait_s = bucket.take(amount, now_s)
        if wait_s > 0:
            raise QuotaExceeded(
                f"your quota of {use}s is used up", detail={"retry_after_s": max(1, math.ceil(wait_s))}
            )

    def enter_stream(self, who: ParticipantId) -> None:
        """Counts one more stream or waiting request; ``leave_stream`` must follow."""
        open_now = self._streams.get(who, 0)
        if open_now >= self._limits.streams:
            raise QuotaExceeded(
                f"you have {open_now} streams open, which is your limit", detail={"retry_after_s": 5}
            )
        self._streams[who] = open_now + 1

    def leave_stream(self, who: ParticipantId) -> None:
        self._streams[who] -= 1

    def _new(self, use: Use) -> Bucket:
        limits = self._limits
        if use is Use.READ:
            return Bucket(limits.reads_per_s, limits.reads_burst)
        if use is Use.WRITE:
            return Bucket(limits.writes_per_s, limits.writes_burst)
        return Bucket(limits.report_bytes_per_s, limits.report_bytes_burst)
