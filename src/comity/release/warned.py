"""At which level one side of an alert goes to the party on the other side (DESIGN section 2, law 4).

No alert is suppressed: the least is the level-0 form. A rule of the one whose report it is may raise it to
position or identity while the conflict lasts. Against invented aircraft: a raise needs the recipient's own
side to be *corroborated*, which is reported by another participant as well, under the same 24-bit address
and at the same place; and a budget for each ordered pair of participants bounds how many raises there are.

Pure: who corroborates what, and how much of a budget is left, is found elsewhere.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from comity.ids import ParticipantId
from comity.model.observation import Provenance
from comity.model.rule import Level
from comity.release.policy import Policy

IN_CONFLICT: Final = {
    Provenance.OWN: "own_track_in_conflict",
    Provenance.SENSED: "sensed_track_in_conflict",
}
"""The field of ``Levels`` that says what a conflict raises; broadcast needs no raising."""


def standing(policy: Policy, owner: ParticipantId, who: ParticipantId, provenance: Provenance) -> Level:
    """What ``who`` has of ``owner``'s tracks of this kind without any raise."""
    levels = policy.levels(owner, who)
    return levels.own_track if provenance is Provenance.OWN else levels.sensed_track


def in_conflict(
    policy: Policy, owner: ParticipantId, who: ParticipantId, provenance: Provenance, *, corroborated: bool
) -> Level:
    """What ``who`` gets of one of ``owner``'s tracks that is in conflict with an aircraft of its own."""
    if not corroborated:
        return Level.RESERVED
    level: Level = getattr(policy.levels(owner, who), IN_CONFLICT[provenance])
    return level


class Budget:
    """How often levels are raised for one participant about another's tracks: ``most`` in ``period_us``.

    A raise that lasts is one raise. Counted for each ordered pair of participants, so that a thousand
    invented aircraft share one budget."""

    def __init__(self, most: int, period_us: int) -> None:
        self._most = most
        self._period_us = period_us
        self._raised: dict[tuple[ParticipantId, ParticipantId], deque[int]] = {}

    def take(self, owner: ParticipantId, who: ParticipantId, now_us: int) -> bool:
        """Count one more raise, if there is room."""
        raised = self._raised.setdefault((owner, who), deque())
        while raised and raised[0] <= now_us - self._period_us:
            raised.popleft()
        if len(raised) >= self._most:
            return False
        raised.append(now_us)
        return True

    def spent(self, owner: ParticipantId, who: ParticipantId, now_us: int) -> bool:
        """Whether nothing is left."""
        raised = self._raised.get((owner, who), ())
        return sum(1 for at in raised if at > now_us - self._period_us) >= self._most
