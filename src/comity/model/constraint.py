"""Constraints: where aircraft must not go, or must take care.

A constraint lives ``planned`` → ``pending`` (within the charter's lead time of its start) → ``active`` →
``expired``; its owner may cancel it before it is active and release it (give the airspace back)
afterwards. Time alone moves it by entries of the exchange's own, never silently.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from comity.errors import InvalidInput
from comity.ids import EntityId, Ovn, ParticipantId
from comity.model.volume import Instant, Volumes, check_volumes, ends, starts


class ConstraintState(StrEnum):
    PLANNED = "planned"
    PENDING = "pending"
    ACTIVE = "active"
    RELEASED = "released"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    def live(self) -> bool:
        return self in (ConstraintState.PLANNED, ConstraintState.PENDING, ConstraintState.ACTIVE)


class ConstraintKind(StrEnum):
    """``closed``: nobody but its owner may file into it. ``advisory``: filing over it is on purpose."""

    CLOSED = "closed"
    ADVISORY = "advisory"


class Constraint(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    id: EntityId
    owner: ParticipantId
    state: ConstraintState
    kind: ConstraintKind
    designator: str
    volumes: Volumes
    ovn: Ovn
    version: int
    published_at: Instant
    changed_at: Instant

    def __post_init__(self) -> None:
        check_volumes(self.volumes)
        check_designator(self.designator)

    def start(self) -> datetime:
        return starts(self.volumes)

    def end(self) -> datetime:
        return ends(self.volumes)


def check_designator(designator: str) -> None:
    """An airspace's published name such as ``LS-R12``: short, printable, one line."""
    if not 1 <= len(designator) <= 40 or not designator.isprintable():
        raise InvalidInput("designator must be 1 to 40 printable characters", field="designator")
