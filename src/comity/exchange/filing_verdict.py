"""Whether a plan may be made beside a peer's: exact 4D overlap, then priority (ASTM F3548-21, strategic
coordination).

::

    peer's plan                        made beside it while it overlaps?
    ---------------------------------  ------------------------------------------------
    Nonconforming, Contingent          no: it counts as of the highest priority
    of higher priority                 no
    of equal priority                  only where the configuration permits it
    of lower priority                  yes: its USS is notified
    of a USS that is Down: Accepted    not looked at
    of a USS that is Down: the rest    no: the whole of its cells and box, highest priority

A plan that is in use already may stay in a conflict that it had before this change and with no less
priority: somebody came to conflict with it, and telling where it is must not be refused for that.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from comity.coordination.conflicts import MAX_COMPARED, Allowance
from comity.coordination.f3548.footprint import box_of
from comity.coordination.f3548.near import Near
from comity.coordination.state import State
from comity.geo.overlap import overlapping
from comity.model.f3548 import OperationalIntentReference
from comity.model.intent import Intent, IntentState
from comity.model.volume import Volumes
from comity.uss.validate import PeerIntent

IN_USE = (IntentState.ACTIVATED, IntentState.NONCONFORMING)


class Planned(msgspec.Struct, frozen=True):
    """A hosted plan as it is asked for. ``before``: as it now is, None for a new one."""

    volumes: Volumes
    priority: int
    before: Intent | None = None

    def may_stay(self) -> Volumes:
        """Where what conflicted before may go on to: nowhere unless the plan is in use already."""
        before = self.before
        if before is None or before.state not in IN_USE or self.priority < before.priority:
            return ()
        return (*before.volumes, *(before.nominal_volumes or ()))


class Question:
    """One plan against the peers' plans near it; what it may still compare counts for all of them."""

    def __init__(self, state: State, planned: Planned, now: datetime) -> None:
        self._state = state
        self._planned = planned
        self._now = now
        self._left = Allowance(MAX_COMPARED)

    def refused_by(self, reference: OperationalIntentReference, details: PeerIntent) -> Near | None:
        """The peer's plan with the numbers of the volumes that it is in the way of; None where it is not."""
        numbers = self._overlaps(self._planned.volumes, details.everywhere())
        if not numbers or self._gives_way(details):
            return None
        if self._overlaps(self._planned.may_stay(), details.everywhere()):
            return None
        return Near(reference, numbers)

    def refused_by_all_of(self, reference: OperationalIntentReference) -> Near | None:
        """The same of a plan that nobody can ask for: its cells and box count."""
        numbers = self._meets(self._planned.volumes, reference)
        if not numbers or self._meets(self._planned.may_stay(), reference):
            return None
        return Near(reference, numbers)

    def overlaps(self, details: PeerIntent) -> bool:
        """Whether they overlap at all, whatever their priorities."""
        return bool(self._overlaps(self._planned.volumes, details.everywhere()))

    def _gives_way(self, details: PeerIntent) -> bool:
        if details.state.off_nominal():
            return False
        if details.priority == self._planned.priority:
            return self._state.dss.equal_priority
        return details.priority < self._planned.priority

    def _overlaps(self, ours: Volumes, theirs: Volumes) -> tuple[int, ...]:
        found: list[int] = []
        for number, volume in enumerate(ours):
            at_once = [each for each in theirs if each.start < volume.end and volume.start < each.end]
            self._left.spend(len(at_once))
            if at_once and overlapping(volume, at_once, self._state.environment, self._now).any():
                found.append(number)
        return tuple(found)

    def _meets(self, ours: Volumes, reference: OperationalIntentReference) -> tuple[int, ...]:
        index, environment = self._state.cells["references"], self._state.environment
        return tuple(
            number
            for number, volume in enumerate(ours)
            if reference.id in index.search(box_of(volume, environment))
        )
