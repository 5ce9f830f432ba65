"""The life of alerts, for one reader: what is raised, updated and cleared as sweep follows sweep.

Raised: a finding is seen in M of the last N sweeps at its level; a warning, 1 of 1, at once. Sweeps that saw
no new report of a side are no further evidence for ``SAME_REPORT_S``: so one bad report is one vote, however
often it is looked at. Kept: an alert that is not found stays, with its last finding and a reason that says
so, and clears after ``clear_after_s``; its level falls only when a higher one was not seen for as long.

Both times count only what was swept. A sweep that comes late or is left out is no evidence that aircraft
have parted, and one that comes twice within half a second counts once. ``now`` is an argument and time that
runs backwards counts as standing still. Nothing here knows who may see what.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from comity.alerts.finding import Finding
from comity.alerts.settings import AlertSettings
from comity.clock import micros
from comity.model.alert import AlertLevel

SAME_REPORT_S: Final = 5.0
"""One turn of an approach radar. Larger: tracks that are seldom seen are confirmed later. Smaller: one bad
plot confirms itself."""

RESUME_S: Final = 15.0
"""After a restart the picture fills within one turn of a long-range radar (12 s): for so long a resumed alert
waits to be found again."""

_ONE_SWEEP_US: Final = 500_000
"""Updates closer than half of the sweep's second are one sweep."""

_LONGEST_STEP_US: Final = 2_000_000
"""What one sweep adds at most to the time swept. Larger: a pause of the sweep counts as absence."""

_LEVELS: Final = tuple(AlertLevel)


class Live(msgspec.Struct, frozen=True, gc=False):
    """A raised alert as of one sweep. ``found``: whether that sweep found it; if not, ``finding`` is the last
    one there was, with no ``sides``, and None for an alert resumed and not found since. ``level`` holds by
    hysteresis and may be above the finding's. ``level_rose``: in this sweep, or just raised."""

    key: str
    raised_at: datetime
    updated_at: datetime
    level: AlertLevel
    finding: Finding | None
    found: bool
    level_rose: bool = False


class Step(NamedTuple):
    """Every alert that is on is in ``raised`` or ``updated``. ``left_out``: findings that there was no room
    to follow, the least urgent ones."""

    raised: tuple[Live, ...]
    updated: tuple[Live, ...]
    cleared: tuple[Live, ...]
    left_out: int = 0


class _Followed:
    """One key's memory. ``votes``: ranks of the level found, 0 for not found, the last few sweeps.
    ``seen_us``: by rank, when a finding of at least that level was last seen, in time swept."""

    __slots__ = (
        "counted",
        "counted_us",
        "finding",
        "found_at",
        "raised_at",
        "rank",
        "seen_us",
        "slot",
        "votes",
    )

    def __init__(self) -> None:
        self.votes: list[int] = []
        self.slot = -1
        self.counted: tuple[int, ...] = ()
        self.counted_us = 0
        self.seen_us = [0, -(2**62), -(2**62), -(2**62)]
        self.rank = 0
        self.raised_at: datetime | None = None
        self.found_at: datetime | None = None
        self.finding: Finding | None = None


class Lives:
    def __init__(self, settings: AlertSettings) -> None:
        self._confirm = [(c.found, c.of) for c in map(settings.confirmation, _LEVELS)]
        self._window = max(of for _, of in self._confirm)
        self._clear_us = round(settings.clear_after_s * 1e6)
        self._most = settings.most_followed
        self._followed: dict[str, _Followed] = {}
        self._now: datetime | None = None
        self._swept_us = 0
        self._slot = 0
        self._slot_us = 0

    def __len__(self) -> int:
        """How many keys are followed, raised or not yet."""
        return len(self._followed)

    def resume(self, key: str, raised_at: datetime, level: AlertLevel) -> bool:
        """An alert that was on before a restart; False where there is no room."""
        if len(self._followed) >= self._most and key not in self._followed:
            return False
        followed = self._followed.setdefault(key, _Followed())
        followed.raised_at, followed.rank = raised_at, level.rank
        until_us = self._swept_us + round(RESUME_S * 1e6) - self._clear_us
        for rank in range(1, level.rank + 1):
            followed.seen_us[rank] = max(followed.seen_us[rank], until_us)
        return True

    def update(self, now: datetime, findings: Sequence[Finding]) -> Step:
        """What one sweep changes. Findings of one key are one, the most urgent of them."""
        now = self._advance(now)
        found: dict[str, Finding] = {}
        for finding in findings:
            other = found.get(finding.key)
            if other is None or _urgency(finding) < _urgency(other):
                found[finding.key] = finding
        left_out = self._make_room(found)
        before = {key: f.rank for key, f in self._followed.items()}
        for key, finding in found.items():
            self._see(self._followed.setdefault(key, _Followed()), finding, now)
        raised: list[Live] = []
        updated: list[Live] = []
        cleared: list[Live] = []
        for key in sorted(self._followed):
            followed = self._followed[key]
            if key not in found:
                self._miss(followed)
            was = before.get(key, 0)
            on = self._hold(followed)
            if followed.raised_at is not None:
                live = _live(key, followed, now, found=key in found, was=was)
                (raised if not was else updated if on else cleared).append(live)
            if not on and not any(followed.votes):
                del self._followed[key]
            elif not on:
                followed.raised_at = None
        return Step(tuple(raised), tuple(updated), tuple(cleared), left_out)

    def _advance(self, now: datetime) -> datetime:
        if self._now is None:
            self._now, self._slot_us = now, micros(now)
            return now
        now = max(now, self._now)
        self._swept_us += min(micros(now) - micros(self._now), _LONGEST_STEP_US)
        self._now = now
        if micros(now) - self._slot_us >= _ONE_SWEEP_US:
            self._slot, self._slot_us = self._slot + 1, micros(now)
        return now

    def _see(self, followed: _Followed, finding: Finding, now: datetime) -> None:
        rank = finding.level.rank
        for each in range(1, rank + 1):
            followed.seen_us[each] = max(followed.seen_us[each], self._swept_us)
        followed.finding, followed.found_at = finding, now
        votes = followed.votes
        if self._is_new(followed, finding):
            followed.counted, followed.counted_us = finding.observed_us, self._swept_us
            if followed.slot != self._slot or not votes:
                votes.append(0)
                del votes[: -self._window]
            followed.slot = self._slot
            votes[-1] = max(votes[-1], rank)
        elif votes and votes[-1]:
            votes[-1] = max(votes[-1], rank)
        for level in range(len(_LEVELS), followed.rank, -1):
            needed, of = self._confirm[level - 1]
            if sum(vote >= level for vote in votes[-of:]) >= needed or (needed == 1 and rank >= level):
                followed.rank = level
                break
        if followed.rank and followed.raised_at is None:
            followed.raised_at = now

    def _is_new(self, followed: _Followed, finding: Finding) -> bool:
        """Whether every side was observed anew since the last vote, or that was long enough ago."""
        observed, counted = finding.observed_us, followed.counted
        if not followed.votes or not observed or len(observed) != len(counted):
            return True
        if self._swept_us - followed.counted_us >= SAME_REPORT_S * 1e6:
            return True
        return all(a != b for a, b in zip(observed, counted, strict=True))

    def _miss(self, followed: _Followed) -> None:
        if followed.slot != self._slot:
            followed.slot = self._slot
            followed.votes.append(0)
            del followed.votes[: -self._window]

    def _hold(self, followed: _Followed) -> bool:
        """Lets the level fall to what was seen of late; whether the alert is still on."""
        while followed.rank and self._swept_us - followed.seen_us[followed.rank] >= self._clear_us:
            followed.rank -= 1
        return followed.rank > 0

    def _make_room(self, found: dict[str, Finding]) -> int:
        """Forgets the least urgent of what is not raised; how many findings that leaves out."""
        new = sum(key not in self._followed for key in found)
        over = len(self._followed) + new - self._most
        if over <= 0:
            return 0
        waiting = {
            key: f.finding
            for key, f in self._followed.items()
            if f.raised_at is None and f.finding is not None
        }
        gone = [finding for key, finding in waiting.items() if key not in found]
        rest = [f for key, f in found.items() if key in waiting or key not in self._followed]
        order = sorted(gone, key=_urgency, reverse=True) + sorted(rest, key=_urgency, reverse=True)
        left_out = 0
        for key in [finding.key for finding in order[:over]]:
            self._followed.pop(key, None)
            left_out += found.pop(key, None) is not None
        return left_out


def _urgency(finding: Finding) -> tuple[int, float, str]:
    """Smaller is more urgent."""
    enters_s = math.inf if finding.enters_s is None else finding.enters_s
    return -finding.level.rank, enters_s, finding.key


def _live(key: str, followed: _Followed, now: datetime, *, found: bool, was: int) -> Live:
    assert followed.raised_at is not None
    level = _LEVELS[(followed.rank or was) - 1]
    finding = followed.finding
    if finding is not None and not found and followed.found_at is not None:
        finding = _kept(finding, (now - followed.found_at).total_seconds())
    return Live(key, followed.raised_at, now, level, finding, found, level_rose=followed.rank > was)


def _kept(finding: Finding, since_s: float) -> Finding:
    """The same as it would read now: its moments stay where they are in time."""
    return msgspec.structs.replace(
        finding,
        sides=(),
        reasons=(*finding.reasons, f"not confirmed for {math.ceil(since_s)} s"),
        enters_s=_earlier(finding.enters_s, since_s),
        leaves_s=_earlier(finding.leaves_s, since_s),
        closest_s=_earlier(finding.closest_s, since_s),
    )


def _earlier(moment_s: float | None, by_s: float) -> float | None:
    return None if moment_s is None else moment_s - by_s
