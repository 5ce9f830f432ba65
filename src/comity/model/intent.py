"""Operational intents: where an aircraft will be, in the words of ASTM F3548-21.

It carries volumes, a state and whether someone is on board. It has no field for unit, payload,
stores, sensor, tasking or target, and never gets one (DESIGN, opening).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from comity.ids import EntityId, Ovn, ParticipantId, Reference
from comity.model.volume import Instant, Volumes, check_volumes, ends, starts


class IntentState(StrEnum):
    """F3548-21 states. ``Ended`` is final; the other four are live."""

    ACCEPTED = "Accepted"
    ACTIVATED = "Activated"
    NONCONFORMING = "Nonconforming"
    CONTINGENT = "Contingent"
    ENDED = "Ended"

    def live(self) -> bool:
        return self is not IntentState.ENDED

    def off_nominal(self) -> bool:
        """Nonconforming and Contingent: never refused for a conflict, since refusing would hide them."""
        return self in (IntentState.NONCONFORMING, IntentState.CONTINGENT)

    def may_become(self, after: IntentState) -> bool:
        return after in _AFTER[self]


_AFTER: Final = {
    IntentState.ACCEPTED: set(IntentState),
    IntentState.ACTIVATED: {
        IntentState.ACTIVATED,
        IntentState.NONCONFORMING,
        IntentState.CONTINGENT,
        IntentState.ENDED,
    },
    IntentState.NONCONFORMING: {
        IntentState.NONCONFORMING,
        IntentState.ACTIVATED,
        IntentState.CONTINGENT,
        IntentState.ENDED,
    },
    IntentState.CONTINGENT: {IntentState.CONTINGENT, IntentState.ENDED},
    IntentState.ENDED: set[IntentState](),
}


Priority = Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)]
"""F3548-21 priority, as the regulator assigns it: a plan may be made in conflict with those of lower numbers,
never with those of higher ones. The limits are far beyond any scheme; outside is a typing mistake."""


class AircraftCategory(StrEnum):
    AEROPLANE = "aeroplane"
    ROTORCRAFT = "rotorcraft"
    GLIDER = "glider"
    BALLOON = "balloon"
    AIRSHIP = "airship"
    UNCREWED = "uncrewed"
    OTHER = "other"


class Intent(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """``version`` counts the owner's own changes of this intent, from 1. ``accepted_conflicts`` are the
    references, as the owner saw them, that it filed over on purpose. Off nominal, ``volumes`` is where it
    may be now and ``nominal_volumes`` what it had; otherwise that is None."""

    id: EntityId
    owner: ParticipantId
    state: IntentState
    volumes: Volumes
    category: AircraftCategory
    crewed: bool
    ovn: Ovn
    version: int
    filed_at: Instant
    changed_at: Instant
    accepted_conflicts: tuple[Reference, ...] = ()
    priority: Priority = 0
    nominal_volumes: Volumes | None = None

    def __post_init__(self) -> None:
        check_volumes(self.volumes)

    def start(self) -> datetime:
        return starts(self.volumes)

    def end(self) -> datetime:
        return ends(self.volumes)
