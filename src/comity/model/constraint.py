"""Constraints: where aircraft must not go, or must take care.

A constraint lives ``planned`` → ``pending`` (within the charter's lead time of its start) → ``active`` →
``expired``; its owner may cancel it before it is active and release it (give the airspace back)
afterwards. Time alone moves it by entries of the exchange's own, never silently.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

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


class ZoneProvenance(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Where a constraint was read from. ``source``: the data set's name, by default its file's, without
    folders; ``sha256`` of that file; ``place``: where in it; ``authority``: who established the zone, as the
    file says. Other participants get ``format`` and ``authority`` alone: the rest tells of a file which may
    hold more than was released to them."""

    source: Annotated[str, Meta(min_length=1, max_length=120)]
    format: Annotated[str, Meta(min_length=1, max_length=20)]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    place: Annotated[str, Meta(min_length=1, max_length=120)]
    authority: Annotated[str, Meta(min_length=1, max_length=120)] | None = None

    def __post_init__(self) -> None:
        for name in ("source", "format", "place", "authority"):
            text = getattr(self, name)
            if text is not None and not (text and text.isprintable() and len(text) <= 120):
                raise InvalidInput(f"{name} must be 1 to 120 printable characters", field=name)


class Constraint(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """``provenance`` is left out where there is none, as in ledgers from before there was any."""

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
    provenance: ZoneProvenance | None = None

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
