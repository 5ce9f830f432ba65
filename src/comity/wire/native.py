"""Bodies of the native API: each command's fields, less the id that the path gives.

The record routes (participants, people) take the same object that reading them returns, so that one can
get, edit and put; ``id`` may then be left out and must otherwise equal the path's.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from comity.errors import InvalidInput
from comity.ids import EntityId, GroupId, Ovn, ParticipantId, PersonId, Reference, RuleId
from comity.model.command import (
    AcknowledgeAlert,
    ChangeConstraint,
    ChangeIntent,
    ChangeRule,
    Erase,
    FileIntent,
    PublishConstraint,
    RevokeTokens,
    SetGroup,
    SetRule,
)
from comity.model.constraint import ConstraintKind, ConstraintState, ZoneProvenance, check_designator
from comity.model.intent import AircraftCategory, IntentState, Priority
from comity.model.observation import Provenance, Report
from comity.model.participant import Participant, Person, Role, SigningKey
from comity.model.plan import LONGEST_MS
from comity.model.rule import Levels, Recipient
from comity.model.volume import Instant, Volumes, check_volumes

FeedName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{1,39}$", max_length=40)]
"""A feed's name within its participant: the same alphabet as every other id that people choose."""


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


AlternativesMs = Annotated[int, msgspec.Meta(ge=0, le=LONGEST_MS)]
"""How long to look for what would pass instead, where it is refused; 0: not at all."""


class IntentBody(_Body, frozen=True):
    """File an operational intent."""

    volumes: Volumes
    category: AircraftCategory
    crewed: bool
    accept_conflicts: tuple[Reference, ...] = ()
    priority: Priority = 0
    alternatives_ms: AlternativesMs = 0

    def __post_init__(self) -> None:
        check_volumes(self.volumes)

    def command(self) -> FileIntent:
        return FileIntent(self.volumes, self.category, self.crewed, self.accept_conflicts, self.priority)


class IntentChange(_Body, frozen=True):
    """Change an operational intent; what is left out stays as it is."""

    ovn: Ovn
    state: IntentState | None = None
    volumes: Volumes | None = None
    accept_conflicts: tuple[Reference, ...] = ()
    priority: Priority | None = None
    alternatives_ms: AlternativesMs = 0

    def __post_init__(self) -> None:
        if self.volumes is not None:
            check_volumes(self.volumes)

    def command(self, id_: str) -> ChangeIntent:
        return ChangeIntent(
            EntityId(id_), self.ovn, self.state, self.volumes, self.accept_conflicts, self.priority
        )


class ConstraintBody(_Body, frozen=True):
    """Publish a constraint. ``provenance``: which file it was read from, if any."""

    kind: ConstraintKind
    designator: str
    volumes: Volumes
    provenance: ZoneProvenance | None = None

    def __post_init__(self) -> None:
        check_volumes(self.volumes)
        check_designator(self.designator)

    def command(self) -> PublishConstraint:
        return PublishConstraint(self.kind, self.designator, self.volumes, self.provenance)


class ConstraintChange(_Body, frozen=True):
    """Change a constraint, release it or cancel it; what is left out stays as it is."""

    ovn: Ovn
    state: ConstraintState | None = None
    kind: ConstraintKind | None = None
    designator: str | None = None
    volumes: Volumes | None = None
    provenance: ZoneProvenance | None = None

    def __post_init__(self) -> None:
        if self.volumes is not None:
            check_volumes(self.volumes)
        if self.designator is not None:
            check_designator(self.designator)

    def command(self, id_: str) -> ChangeConstraint:
        return ChangeConstraint(
            EntityId(id_),
            self.ovn,
            self.state,
            self.kind,
            self.designator,
            self.volumes,
            self.provenance,
        )


class RuleBody(_Body, frozen=True):
    """Release kinds of items to a recipient, each at a stated level."""

    recipient: Recipient
    levels: Levels
    expires: Instant | None = None

    def command(self) -> SetRule:
        return SetRule(self.recipient, self.levels, self.expires)


class RuleChange(_Body, frozen=True):
    """Replace a rule's levels and expiry."""

    ovn: Ovn
    levels: Levels
    expires: Instant | None = None

    def command(self, id_: str) -> ChangeRule:
        return ChangeRule(RuleId(id_), self.ovn, self.levels, self.expires)


class Acknowledgement(_Body, frozen=True):
    """Acknowledge an alert. It takes nothing: who acknowledges is who signed in."""

    def command(self, ref: str) -> AcknowledgeAlert:
        return AcknowledgeAlert(ref)


class GroupBody(_Body, frozen=True):
    """Create a sharing group (no ``ovn``) or replace its members."""

    members: tuple[ParticipantId, ...]
    ovn: Ovn | None = None

    def command(self, id_: str) -> SetGroup:
        return SetGroup(GroupId(id_), self.members, self.ovn)


class ParticipantBody(_Body, frozen=True):
    """Admit a participant or replace its record."""

    name: str
    centre: bool = False
    suspended: bool = False
    witness_key: SigningKey | None = None
    id: ParticipantId | None = None

    def participant(self, id_: str) -> Participant:
        _same(self.id, id_, "id")
        return Participant(ParticipantId(id_), self.name, self.centre, self.suspended, self.witness_key)


class PersonBody(_Body, frozen=True):
    """Add a person or replace the record: name, roles, signing keys."""

    name: str
    roles: tuple[Role, ...]
    signing_keys: tuple[SigningKey, ...] = ()
    id: PersonId | None = None
    participant: ParticipantId | None = None

    def person(self, participant: str, id_: str) -> Person:
        _same(self.id, id_, "id")
        _same(self.participant, participant, "participant")
        return Person(PersonId(id_), ParticipantId(participant), self.name, self.roles, self.signing_keys)


class Revocation(_Body, frozen=True):
    """Revoke one token, or (no ``token_id``) every token of a person issued up to now."""

    participant: ParticipantId
    person: PersonId
    token_id: str | None = None

    def command(self) -> RevokeTokens:
        return RevokeTokens(self.participant, self.person, self.token_id)


class Erasure(_Body, frozen=True):
    """Destroy the keys and payloads of one owner's entries of one period."""

    owner: ParticipantId
    period: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", max_length=7)]

    def command(self) -> Erase:
        return Erase(self.owner, self.period)


class Reports(_Body, frozen=True):
    """Position reports that one feed of the participant brings."""

    feed: FeedName
    provenance: Provenance
    reports: Annotated[tuple[Report, ...], msgspec.Meta(max_length=50_000)]


class Cosignature(_Body, frozen=True):
    """A checkpoint as a signed note with the participant's own cosignature line added."""

    note: Annotated[str, msgspec.Meta(min_length=1, max_length=16_384)]


def _same(given: str | None, path: str, field: str) -> None:
    if given is not None and given != path:
        raise InvalidInput(f"{field} must be left out or equal the path's", field=field)
