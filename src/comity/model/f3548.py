"""Strategic coordination in the words of ASTM F3548-21: references, subscriptions, availability.

What a DSS keeps of each is cells and a box, never an outline (F3548-21 DSS0010, DSS0040): a ``CellBox`` holds
S2 cells of one level that contain the footprint, and bounds of height and time. ``manager`` is the ``sub`` of
the token that wrote it. ``hosted`` names the participant on whose behalf this exchange's own USS wrote it;
it leaves by no interface.

Heights are metres above the WGS84 ellipsoid. None is no bound.
"""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from functools import lru_cache
from typing import Final

import msgspec

from comity.errors import InvalidInput
from comity.ids import EntityId, Ovn, ParticipantId
from comity.model.intent import IntentState
from comity.model.rule import Level
from comity.model.volume import Instant

PEER: Final = "f3548:"
"""Before a peer's ``sub``: under this name the ledger and the rules know it. No participant has a colon."""

LONGEST_MANAGER: Final = 256
"""Characters of a ``sub``; real ones are names or host names."""


_PLAIN: Final = re.compile(r"[A-Za-z0-9._@-]{1,80}\Z")


CELLS_EACH: Final = 100
"""Cells, some 100 km², up to which an entity counts as one. Larger: one manager may take more memory."""


@lru_cache(maxsize=4_096)
def peer(manager: str) -> ParticipantId:
    """The ledger's name of a USS that is known by the ``sub`` of its tokens: the ``sub`` itself, or where
    that is no plain word a digest of it."""
    if _PLAIN.match(manager):
        return ParticipantId(PEER + manager)
    return ParticipantId(f"{PEER}~{hashlib.sha256(manager.encode()).hexdigest()[:40]}")


def is_peer(who: str) -> bool:
    return who.startswith(PEER)


class CellBox(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """``cells``: sorted S2 tokens, all of one level. Closed at its ends; None is no bound."""

    cells: tuple[str, ...]
    lower_m: float | None = None
    upper_m: float | None = None
    start: Instant | None = None
    end: Instant | None = None

    @property
    def weight(self) -> int:
        """For how many entities it counts among those of its manager: memory and work go by cells."""
        return 1 + len(self.cells) // CELLS_EACH

    def __post_init__(self) -> None:
        if not self.cells:
            raise InvalidInput("cells must not be empty", field="extents")
        if self.lower_m is not None and self.upper_m is not None and self.lower_m > self.upper_m:
            raise InvalidInput("altitude_lower must not be above altitude_upper", field="altitude_lower")
        if self.start is not None and self.end is not None and self.start > self.end:
            raise InvalidInput("time_start must not be after time_end", field="time_start")


class AvailabilityState(StrEnum):
    UNKNOWN = "Unknown"
    NORMAL = "Normal"
    DOWN = "Down"


class Notified(msgspec.Struct, frozen=True, gc=False):
    """A subscription that a write owes a notification, with the index that the notification carries."""

    id: EntityId
    index: int


class Subscriber(msgspec.Struct, frozen=True, gc=False):
    """Where to send one notification, and for which subscriptions."""

    url: str
    subscriptions: tuple[Notified, ...]


class OperationalIntentReference(msgspec.Struct, frozen=True, gc=False):
    """``version`` counts from 1. ``subscription`` None: it has none. ``intent``: the native intent of the
    participant ``hosted``, for a reference that this exchange's own USS keeps; ``level``: that of its box,
    which is for nobody who now gets less."""

    id: EntityId
    manager: str
    state: IntentState
    box: CellBox
    url: str
    subscription: EntityId | None
    version: int
    ovn: Ovn
    filed_at: Instant
    changed_at: Instant
    hosted: ParticipantId | None = None
    intent: EntityId | None = None
    level: Level | None = None


class ConstraintReference(msgspec.Struct, frozen=True, gc=False):
    """``constraint``: the native constraint of the participant ``hosted``, likewise."""

    id: EntityId
    manager: str
    box: CellBox
    url: str
    version: int
    ovn: Ovn
    filed_at: Instant
    changed_at: Instant
    hosted: ParticipantId | None = None
    constraint: EntityId | None = None
    level: Level | None = None


class Subscription(msgspec.Struct, frozen=True, gc=False):
    """``version`` is opaque; ``writes`` counts the changes behind it. ``index``: of its last notification."""

    id: EntityId
    manager: str
    box: CellBox
    url: str
    notify_for_operational_intents: bool
    notify_for_constraints: bool
    implicit: bool
    version: str
    writes: int
    index: int = 0
    hosted: ParticipantId | None = None


class Availability(msgspec.Struct, frozen=True, gc=False):
    uss: str
    state: AvailabilityState
    version: str
    writes: int
