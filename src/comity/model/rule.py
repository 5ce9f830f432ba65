"""Release rules and sharing groups: what an owner lets a recipient have (DESIGN section 2).

Levels form a ladder; a recipient gets the highest of the charter's floor and every rule in force
that names it, directly or by a group. Without either it gets nothing.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from comity.errors import InvalidInput
from comity.ids import SLUG, GroupId, Ovn, ParticipantId, RuleId
from comity.model.volume import Instant


class Level(StrEnum):
    """The ladder: none, 0 reserved, 1 volume, 2 position, 3 identity."""

    NONE = "none"
    RESERVED = "reserved"
    VOLUME = "volume"
    POSITION = "position"
    IDENTITY = "identity"

    @property
    def rank(self) -> int:
        return _RANK[self]


_RANK = {level: rank for rank, level in enumerate(Level)}

PROMISED_LEVELS = frozenset({Level.NONE, Level.RESERVED, Level.VOLUME})
SEEN_LEVELS = frozenset({Level.NONE, Level.POSITION, Level.IDENTITY})
WARNED_LEVELS = frozenset({Level.RESERVED, Level.POSITION, Level.IDENTITY})
"""No alert is suppressed, so the least that a party to one gets of the other side is its cells."""


class Levels(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A level for each kind of item, each stated: there is no default.

    The last three say what raises it. ``…_in_conflict``: what a recipient gets of a track while it is in
    predicted conflict with an aircraft of the recipient's, or enters its airspace, and not after; the
    cells (``reserved``) at least, which also holds where nothing is stated. ``own_track_in_emergency``:
    the same while the owner's aircraft is in distress or its intent Contingent.
    """

    intent: Level
    constraint: Level
    own_track: Level
    sensed_track: Level
    own_track_in_conflict: Level = Level.RESERVED
    sensed_track_in_conflict: Level = Level.RESERVED
    own_track_in_emergency: Level = Level.NONE

    def __post_init__(self) -> None:
        for name in ("intent", "constraint"):
            if getattr(self, name) not in PROMISED_LEVELS:
                raise InvalidInput(f"{name} must be none, reserved or volume", field=name)
        for name in ("own_track", "sensed_track", "own_track_in_emergency"):
            if getattr(self, name) not in SEEN_LEVELS:
                raise InvalidInput(f"{name} must be none, position or identity", field=name)
        for name in ("own_track_in_conflict", "sensed_track_in_conflict"):
            if getattr(self, name) not in WARNED_LEVELS:
                raise InvalidInput(f"{name} must be reserved, position or identity", field=name)

    def at_least(self, other: Levels) -> Levels:
        """The higher of the two, kind by kind."""
        return Levels(
            *(max(a, b, key=lambda level: level.rank) for a, b in zip(self._all(), other._all(), strict=True))
        )

    def _all(self) -> tuple[Level, ...]:
        return tuple(getattr(self, name) for name in self.__struct_fields__)


NOTHING = Levels(Level.NONE, Level.NONE, Level.NONE, Level.NONE)


class ToParticipant(
    msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="type", tag="participant"
):
    id: ParticipantId


class ToGroup(
    msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="type", tag="group"
):
    """A group by its id and who keeps it: the rule's own owner, or the centre."""

    id: GroupId
    keeper: ParticipantId


Recipient = ToParticipant | ToGroup


class Group(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A named list of participants. An empty one reaches nobody. Ids are each keeper's own, so that
    nobody learns from a name being taken what another keeps."""

    id: GroupId
    owner: ParticipantId
    members: tuple[ParticipantId, ...]
    ovn: Ovn
    version: int

    def __post_init__(self) -> None:
        check_group(self.id, self.members)


class ReleaseRule(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """``expires`` None: until withdrawn."""

    id: RuleId
    owner: ParticipantId
    recipient: Recipient
    levels: Levels
    expires: Instant | None
    ovn: Ovn
    version: int


def check_group(id: str, members: tuple[ParticipantId, ...]) -> None:
    if not SLUG.match(id):
        raise InvalidInput("id must be 2 to 40 of a-z, 0-9 and '-'", field="id")
    if len(members) > 200 or len(set(members)) != len(members):
        raise InvalidInput("members must be at most 200 distinct participants", field="members")
