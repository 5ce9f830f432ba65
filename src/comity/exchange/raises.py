"""Raises of a level: which tracks are raised for whom at this moment, and what that costs of a budget.

A raise begins with an alert and ends with it. It has effect only once its entry is durable; what the ledger
refuses stays at level 0. Who has spent its budget gets the alert with cells instead, and both sides and the
centre are told so by an alert of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from comity.coordination.state import RaiseKey
from comity.ids import ParticipantId
from comity.model.alert import Raise
from comity.model.intake import SourceKey
from comity.model.rule import Level
from comity.picture.referenced import Raised
from comity.release.warned import Budget

FALLEN_BACK: Final = "the conflict is over"
WITHDRAWN: Final = "the rule that raised it was withdrawn"


Recorded = Mapping[RaiseKey, Raise]
"""What the record says is raised."""


class Track(NamedTuple):
    """One track of one source, for one recipient."""

    who: ParticipantId
    key: SourceKey
    address: str


class Wanted(NamedTuple):
    """``free``: the owner's own doing, an emergency; it costs nothing of a budget."""

    level: Level
    reason: str
    free: bool = False


class Raises:
    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._now: dict[Track, Wanted] = {}
        self._of: dict[ParticipantId, tuple[Raised, ...]] = {}
        self._withdrawn: set[Track] = set()
        self.over: set[tuple[ParticipantId, ParticipantId]] = set()
        """(owner, recipient) of whom a raise was refused at the last sweep, because the budget was spent."""

    def of(self, who: ParticipantId) -> tuple[Raised, ...]:
        """What is raised for ``who`` now."""
        return self._of.get(who, ())

    def may(self, track: Track, now_us: int) -> bool:
        """Whether the track is raised already, or could be."""
        owner = track.key.participant
        if track in self._now or not self._budget.spent(owner, track.who, now_us):
            return True
        self.over.add((owner, track.who))
        return False

    def plan(self, wanted: Mapping[Track, Wanted], now_us: int) -> dict[Track, Wanted]:
        """What of ``wanted`` is granted; takes from the budgets what is new."""
        granted: dict[Track, Wanted] = {}
        for track in sorted(wanted):
            want = wanted[track]
            if track in self._now or want.free or self._budget.take(track.key.participant, track.who, now_us):
                granted[track] = want
            else:
                self.over.add((track.key.participant, track.who))
        return granted

    def entries(self, granted: Mapping[Track, Wanted], recorded: Recorded) -> tuple[Raise, ...]:
        """What has to change on the record for it to say what is granted; in canonical order. So a raise
        that a restart or a full disk left there is put down as over."""
        now = {key_of(track): _entry(track, want.level, want.reason) for track, want in granted.items()}
        changed = [
            entry
            for key, entry in now.items()
            if key not in recorded or recorded[key].level is not entry.level
        ]
        withdrawn = {key_of(track) for track in self._withdrawn}
        over = [
            Raise(*key, Level.NONE, WITHDRAWN if key in withdrawn else FALLEN_BACK)
            for key in recorded
            if key not in now
        ]
        return tuple(sorted([*changed, *over], key=lambda each: (each.owner, each.recipient, each.track)))

    def adopt(self, granted: Mapping[Track, Wanted]) -> None:
        """They are on the record: from now on they hold."""
        self._withdrawn.clear()
        self._hold(granted)

    def withdraw(self, allowed: Callable[[Track, Level], bool]) -> set[Track]:
        """Let go at once of what the rules do not give any more; it is put down with the next entries."""
        gone = {track for track, want in self._now.items() if not allowed(track, want.level)}
        if gone:
            self._withdrawn |= gone
            self._hold({track: want for track, want in self._now.items() if track not in gone})
        return gone

    def _hold(self, granted: Mapping[Track, Wanted]) -> None:
        self._now = dict(granted)
        gathered: dict[ParticipantId, list[Raised]] = {}
        for track in sorted(self._now):
            one = (track.key, track.address, self._now[track].level.value)
            gathered.setdefault(track.who, []).append(one)
        self._of = {who: tuple(raised) for who, raised in gathered.items()}

    def held(self, granted: Mapping[Track, Wanted]) -> dict[Track, Wanted]:
        """What is left of ``granted`` where nothing new can be put on the record."""
        return {track: self._now[track] for track in granted if track in self._now}


def key_of(track: Track) -> RaiseKey:
    """How the record names it: a number that a feed gave means nothing without the feed."""
    of_feed = track.address.startswith("~")
    name = f"{track.key.feed}/{track.address}" if of_feed else track.address
    return track.key.participant, track.who, name


def _entry(track: Track, level: Level, reason: str) -> Raise:
    return Raise(*key_of(track), level, reason)
