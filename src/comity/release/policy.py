"""Which level each owner's items have for each recipient, and which rule made it so.

Deny by default: the level is the highest of the charter's floor and of every rule in force that names
the recipient, by itself or through a group. A rule can name a group of its own owner or of the
centre; one that names anything else reaches nobody. A rule is in force while ``now < expires``, even
if the exchange has not yet been able to write down that it expired.

A ``Policy`` is a value made from facts and valid until ``valid_until``; it never changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from comity.ids import GroupId, ParticipantId
from comity.model.charter import Charter
from comity.model.f3548 import is_peer
from comity.model.participant import Participant
from comity.model.rule import NOTHING, Group, Level, Levels, ReleaseRule, ToGroup, ToParticipant

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)

FLOOR = "charter floor"

F3548_GROUP = GroupId("f3548")
"""The USSs that speak ASTM F3548-21 with this exchange, whoever they are: a group of the centre's that nobody
keeps and that is always there. The charter's floor covers it."""

PEERS = ParticipantId("f3548")
"""Its members as one recipient. Reserved: no participant has this id."""

PEER_LEVELS = Levels(Level.RESERVED, Level.RESERVED, Level.NONE, Level.NONE)
"""What filing under F3548 releases to every participant: cells and a box, as the DSS has them."""

GroupKey = tuple[ParticipantId, GroupId]


def is_peer_group(to: ToGroup) -> bool:
    """Whether a rule's recipient is the group of F3548 peers."""
    return to.id == F3548_GROUP


class Granted(msgspec.Struct, frozen=True):
    """One decision: the level, the rule that made it (``charter floor`` or a rule's id, None for none)
    and the reason in words."""

    level: Level
    rule: str | None
    reason: str


class Givers(NamedTuple):
    """The others who give a recipient their intents, or their constraints, at level 1 and at level 0."""

    exact_intents: frozenset[ParticipantId]
    exact_constraints: frozenset[ParticipantId]
    coarse_intents: frozenset[ParticipantId]
    coarse_constraints: frozenset[ParticipantId]


class Policy:
    """Levels for every ordered pair of participants at one moment."""

    def __init__(
        self,
        charter: Charter | None,
        rules: Iterable[ReleaseRule],
        groups: Mapping[GroupKey, Group],
        participants: Mapping[ParticipantId, Participant],
        now: datetime,
    ) -> None:
        self._floor = charter.floor if charter is not None else NOTHING
        self._participants = participants
        self._groups = groups
        self._by_owner: dict[ParticipantId, list[ReleaseRule]] = {}
        self._givers: dict[ParticipantId, Givers] = {}
        self._cache: dict[tuple[ParticipantId, ParticipantId], Levels] = {}
        self.valid_until = FOREVER
        for rule in rules:
            if rule.expires is not None:
                if rule.expires <= now:
                    continue
                self.valid_until = min(self.valid_until, rule.expires)
            self._by_owner.setdefault(rule.owner, []).append(rule)
        for own in self._by_owner.values():
            own.sort(key=lambda rule: rule.id)

    def levels(self, owner: ParticipantId, recipient: ParticipantId) -> Levels:
        """What ``recipient`` gets of ``owner``'s items. Not meant for an owner's own."""
        pair = (owner, recipient)
        found = self._cache.get(pair)
        if found is None:
            found = self._floor if recipient in self._participants or recipient == PEERS else NOTHING
            if is_peer(owner):
                found = PEER_LEVELS if recipient in self._participants else NOTHING
            for rule in self._naming(owner, recipient):
                found = found.at_least(rule.levels)
            self._cache[pair] = found
        return found

    def to_peers(self, owner: ParticipantId) -> Levels:
        """What USSs that speak F3548 get of ``owner``'s items."""
        return self.levels(owner, PEERS)

    def givers(self, recipient: ParticipantId) -> Givers:
        """Which others give ``recipient`` anything of what is promised, and at which level."""
        found = self._givers.get(recipient)
        if found is None:
            others = [
                (owner, self.levels(owner, recipient)) for owner in self._participants if owner != recipient
            ]
            found = self._givers[recipient] = Givers(
                *(
                    frozenset(owner for owner, levels in others if getattr(levels, kind) is level)
                    for level in (Level.VOLUME, Level.RESERVED)
                    for kind in ("intent", "constraint")
                )
            )
        return found

    def explain(self, owner: ParticipantId, recipient: ParticipantId, kind: str) -> Granted:
        """The level of one kind of item (a field name of ``Levels``) with the rule that made it."""
        level: Level = getattr(self.levels(owner, recipient), kind)
        if level is Level.NONE:
            return Granted(level, None, "no rule and no floor releases this")
        if getattr(self._floor, kind) is level:
            return Granted(level, FLOOR, "the charter's floor for every participant")
        for rule in self._naming(owner, recipient):
            if getattr(rule.levels, kind) is level:
                to = rule.recipient
                whom = "the participant" if isinstance(to, ToParticipant) else f"group {to.id}"
                return Granted(level, rule.id, f"the owner's rule for {whom}")
        raise AssertionError("a level above none has a floor or a rule behind it")

    def _naming(self, owner: ParticipantId, recipient: ParticipantId) -> list[ReleaseRule]:
        if recipient not in self._participants and recipient != PEERS:
            return []
        return [rule for rule in self._by_owner.get(owner, ()) if self._reaches(rule, recipient)]

    def _reaches(self, rule: ReleaseRule, recipient: ParticipantId) -> bool:
        to = rule.recipient
        if isinstance(to, ToParticipant):
            return to.id == recipient and recipient != PEERS
        if recipient == PEERS:
            return is_peer_group(to) and self.usable(to.keeper, rule.owner)
        group = self._groups.get((to.keeper, to.id))
        return group is not None and self.usable(to.keeper, rule.owner) and recipient in group.members

    def usable(self, keeper_id: ParticipantId, owner: ParticipantId) -> bool:
        """Whether ``owner`` may address groups of this keeper: its own, and the centre's.

        Anybody else's group could be widened by its keeper behind the rule owner's back.
        """
        keeper = self._participants.get(keeper_id)
        return keeper_id == owner or (keeper is not None and keeper.centre)
