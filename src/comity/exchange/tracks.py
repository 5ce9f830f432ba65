"""The picture as each participant has it: which sources, at which level.

Broadcast sources go to everyone (everyone can hear them anyway), one's own whole, another's own and
sensed by its rules and the charter's floor. The picture fuses what it is told to and nothing else.
When a track that a rule releases comes into a recipient's frame or leaves it, the recording has a line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import numpy as np

from comity.coordination.state import State
from comity.exchange.recorder import Line, Recorder
from comity.ids import ParticipantId
from comity.model.intake import SourceKey
from comity.model.observation import Provenance
from comity.model.rule import Level
from comity.picture.frame import Frame, TrackDelta
from comity.picture.picture import Picture
from comity.picture.referenced import Raised
from comity.picture.rows import LEVEL_CODE, LEVELS

_BY_RULE: Final = [LEVEL_CODE[Level.POSITION.value], LEVEL_CODE[Level.IDENTITY.value]]


class Tracks:
    """The door out for what is seen."""

    def __init__(self, state: State, picture: Picture, recorder: Recorder) -> None:
        self._state = state
        self._picture = picture
        self._recorder = recorder
        self.raised: Callable[[ParticipantId], Sequence[Raised]] = lambda who: ()
        """Single tracks that are raised for a participant now."""
        self._seen: dict[ParticipantId, dict[str, str]] = {}

    def shown(self, owner: ParticipantId, kind: str) -> bool:
        """Whether the picture has anything of ``owner``'s own or sensed sources that a rule could release."""
        provenance = Provenance.OWN if kind == "own_track" else Provenance.SENSED
        return any(
            key.participant == owner and key.provenance is provenance and self._picture.shows(key)
            for key in self._picture.sources()
        )

    def sources(self, who: ParticipantId, now: datetime) -> list[tuple[SourceKey, str]]:
        """Every source that ``who`` gets, each with its level."""
        policy = self._state.policy(now)
        given: list[tuple[SourceKey, str]] = []
        for key in self._picture.sources():
            if key.provenance is Provenance.BROADCAST:
                given.append((key, "broadcast"))
            elif key.participant == who:
                given.append((key, "own"))
            else:
                levels = policy.levels(key.participant, who)
                level = levels.own_track if key.provenance is Provenance.OWN else levels.sensed_track
                if level is not Level.NONE:
                    given.append((key, level.value))
        return given

    def frame(self, who: ParticipantId, now: datetime) -> Frame:
        frame = self._picture.frame(who, self.sources(who, now), self.raised(who))
        self._record(who, frame, now)
        return frame

    def delta(self, who: ParticipantId, since: int | None, now: datetime) -> TrackDelta:
        sources, raised = self.sources(who, now), self.raised(who)
        self._record(who, self._picture.frame(who, sources, raised), now)
        return self._picture.delta(who, sources, since, raised)

    def _record(self, who: ParticipantId, frame: Frame, now: datetime) -> None:
        seen = self._seen.get(who, {})
        shown = by_rule(frame)
        if shown == seen:
            return
        for ref in sorted(seen.keys() | shown.keys()):
            if seen.get(ref) != shown.get(ref):
                self._recorder.add(who, Line(now, "track", ref, shown.get(ref, "none")))
        self._seen[who] = shown


def by_rule(frame: Frame) -> dict[str, str]:
    """The tracks in a frame that only a rule or the floor put there, by id, with their level."""
    found: dict[str, str] = {}
    for tracks in (frame.addressed, frame.referenced):
        codes = tracks.rows["level"]
        released = np.flatnonzero(np.isin(codes, _BY_RULE)).tolist()
        names = tracks.names() if released else []
        for index in released:
            found[names[index]] = LEVELS[int(codes[index])]
    return found
