"""Facts: what an entry's payload says happened. State is a fold over them, and nothing else.

A fact carries the whole value after the change, so that folding decides nothing: it puts, or it
removes. The classes here are the payload format of ledger version 1: fields may be added with a
default, none may change its meaning or go.
"""

from __future__ import annotations

import msgspec

from comity.ids import EntityId, GroupId, ParticipantId, PersonId, RequestId, RuleId
from comity.model.alert import Raise, Told
from comity.model.charter import Charter
from comity.model.command import Signed
from comity.model.constraint import Constraint
from comity.model.dss_fact import DssFact, owner_of
from comity.model.intent import Intent
from comity.model.participant import Participant, Person
from comity.model.rule import Group, ReleaseRule
from comity.model.volume import Instant


class _Fact(msgspec.Struct, frozen=True, gc=False, tag_field="fact"):
    pass


class IntentPut(_Fact, frozen=True, tag="intent.put"):
    """Filed, changed or ended: the intent as it now is."""

    intent: Intent


class ConstraintPut(_Fact, frozen=True, tag="constraint.put"):
    constraint: Constraint


class RulePut(_Fact, frozen=True, tag="rule.put"):
    rule: ReleaseRule


class RuleRemoved(_Fact, frozen=True, tag="rule.removed"):
    id: RuleId
    owner: ParticipantId
    expired: bool


class GroupPut(_Fact, frozen=True, tag="group.put"):
    group: Group


class GroupRemoved(_Fact, frozen=True, tag="group.removed"):
    id: GroupId
    owner: ParticipantId


class CharterAdopted(_Fact, frozen=True, tag="charter.adopted"):
    charter: Charter


class ParticipantPut(_Fact, frozen=True, tag="participant.put"):
    participant: Participant


class PersonPut(_Fact, frozen=True, tag="person.put"):
    person: Person


class PersonRemoved(_Fact, frozen=True, tag="person.removed"):
    participant: ParticipantId
    id: PersonId


class TokensRevoked(_Fact, frozen=True, tag="tokens.revoked"):
    """``token_id`` None: every token of the person issued at or before ``issued_until``."""

    participant: ParticipantId
    person: PersonId
    token_id: str | None
    issued_until: Instant


class Erased(_Fact, frozen=True, tag="erased"):
    owner: ParticipantId
    period: str


class SegmentRecorded(_Fact, frozen=True, tag="segment.recorded"):
    recipient: ParticipantId
    segment: int
    frames: int
    sha256: str


class SnapshotRecorded(_Fact, frozen=True, tag="snapshot.recorded"):
    size: int
    state_digest: str
    file_sha256: str


class AlertTold(_Fact, frozen=True, tag="alert.told"):
    """A party of it was told an alert: when it was raised, and when its level rose."""

    told: Told


class AlertAcknowledged(_Fact, frozen=True, tag="alert.acknowledged"):
    """``told``: the alert as it stood, with who acknowledged it."""

    told: Told
    person: PersonId


class AlertCleared(_Fact, frozen=True, tag="alert.cleared"):
    recipient: ParticipantId
    ref: str


class LevelRaised(_Fact, frozen=True, tag="level.raised"):
    """Also where it fell back."""

    to: Raise


Fact = (
    IntentPut
    | ConstraintPut
    | RulePut
    | RuleRemoved
    | GroupPut
    | GroupRemoved
    | CharterAdopted
    | ParticipantPut
    | PersonPut
    | PersonRemoved
    | TokensRevoked
    | Erased
    | SegmentRecorded
    | SnapshotRecorded
    | AlertTold
    | AlertAcknowledged
    | AlertCleared
    | LevelRaised
    | DssFact
)


class Request(msgspec.Struct, frozen=True, gc=False):
    """Who asked for it. Absent on the exchange's own entries."""

    participant: ParticipantId
    person: PersonId
    request_id: RequestId
    body_sha256: str
    signed: Signed | None = None


class Payload(msgspec.Struct, frozen=True, gc=False):
    """What is sealed. One entry holds one fact."""

    fact: Fact
    request: Request | None = None


def kind(fact: Fact) -> str:
    """The tag under which the entry's header names this fact."""
    return str(fact.__struct_config__.tag)


def owner(fact: Fact, default: ParticipantId) -> ParticipantId:
    """Whose fact it is: its key seals the payload, and its own log counts the entry."""
    if isinstance(fact, DssFact):  # asked first: they are the most frequent
        return owner_of(fact)
    return _owner_among_members(fact, default)


def _owner_among_members(fact: Fact, default: ParticipantId) -> ParticipantId:
    match fact:
        case IntentPut(intent=x) | ConstraintPut(constraint=x) | RulePut(rule=x) | GroupPut(group=x):
            return x.owner
        case RuleRemoved() | GroupRemoved() | Erased():
            return fact.owner
        case PersonPut(person=person):
            return person.participant
        case PersonRemoved() | TokensRevoked():
            return fact.participant
        case ParticipantPut(participant=participant):
            return participant.id
        case SegmentRecorded() | AlertCleared():
            return fact.recipient
        case AlertTold(told=told) | AlertAcknowledged(told=told):
            return told.recipient
        case LevelRaised(to=to):
            return to.owner
        case CharterAdopted() | SnapshotRecorded():
            return default
        case _:
            return owner_of(fact)


def entity(fact: Fact) -> EntityId | None:
    match fact:
        case IntentPut(intent=x) | ConstraintPut(constraint=x):
            return x.id
        case _:
            return None
