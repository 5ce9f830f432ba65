"""Commands: what a person asks the first door for. One class each, decoded strictly from the wire.

A command names no owner: the envelope says who asks, and one asks only for one's own participant.
Updates name the ``ovn`` they are based on; a stale one is refused.
"""

from __future__ import annotations

import msgspec

from comity.ids import EntityId, GroupId, Ovn, ParticipantId, PersonId, Reference, RequestId, RuleId
from comity.model.alert import Raise, Told
from comity.model.charter import Charter
from comity.model.constraint import ConstraintKind, ConstraintState, ZoneProvenance
from comity.model.dss_command import DssCommand, PeersSeen
from comity.model.intent import AircraftCategory, IntentState, Priority
from comity.model.participant import Participant, Person
from comity.model.rule import Levels, Recipient
from comity.model.volume import Instant, Volumes


class _Command(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="command"):
    pass


class FileIntent(_Command, frozen=True, tag="file_intent"):
    """``accept_conflicts``: references, from an earlier refusal or the map, filed over on purpose."""

    volumes: Volumes
    category: AircraftCategory
    crewed: bool
    accept_conflicts: tuple[Reference, ...] = ()
    priority: Priority = 0


class ChangeIntent(_Command, frozen=True, tag="change_intent"):
    """What is None stays as it is. Off nominal, ``volumes`` is where the aircraft may be now."""

    id: EntityId
    ovn: Ovn
    state: IntentState | None = None
    volumes: Volumes | None = None
    accept_conflicts: tuple[Reference, ...] = ()
    priority: Priority | None = None


class EndIntent(_Command, frozen=True, tag="end_intent"):
    id: EntityId
    ovn: Ovn


class PublishConstraint(_Command, frozen=True, tag="publish_constraint"):
    kind: ConstraintKind
    designator: str
    volumes: Volumes
    provenance: ZoneProvenance | None = None


class ChangeConstraint(_Command, frozen=True, tag="change_constraint"):
    """``state`` may be ``released`` or ``cancelled``; time does the rest."""

    id: EntityId
    ovn: Ovn
    state: ConstraintState | None = None
    kind: ConstraintKind | None = None
    designator: str | None = None
    volumes: Volumes | None = None
    provenance: ZoneProvenance | None = None


class SetRule(_Command, frozen=True, tag="set_rule"):
    recipient: Recipient
    levels: Levels
    expires: Instant | None = None


class ChangeRule(_Command, frozen=True, tag="change_rule"):
    """Replaces levels and expiry; the recipient of a rule never changes."""

    id: RuleId
    ovn: Ovn
    levels: Levels
    expires: Instant | None = None


class WithdrawRule(_Command, frozen=True, tag="withdraw_rule"):
    id: RuleId
    ovn: Ovn


class SetGroup(_Command, frozen=True, tag="set_group"):
    """``ovn`` None creates; otherwise it replaces the members."""

    id: GroupId
    members: tuple[ParticipantId, ...]
    ovn: Ovn | None = None


class RemoveGroup(_Command, frozen=True, tag="remove_group"):
    id: GroupId
    ovn: Ovn


class AdoptCharter(_Command, frozen=True, tag="adopt_charter"):
    charter: Charter


class AdmitParticipant(_Command, frozen=True, tag="admit_participant"):
    """Also replaces the record of one that is a member already (name, suspension, witness key)."""

    participant: Participant


class PutPerson(_Command, frozen=True, tag="put_person"):
    person: Person


class RemovePerson(_Command, frozen=True, tag="remove_person"):
    participant: ParticipantId
    id: PersonId


class RevokeTokens(_Command, frozen=True, tag="revoke_tokens"):
    """Every token of this person issued up to now; with ``token_id`` that one alone."""

    participant: ParticipantId
    person: PersonId
    token_id: str | None = None


class Erase(_Command, frozen=True, tag="erase"):
    """Destroy keys and payloads of one owner's entries of one key period (``YYYY-MM``)."""

    owner: ParticipantId
    period: str


class AcknowledgeAlert(_Command, frozen=True, tag="acknowledge_alert"):
    """By a named person, for the participant. ``told``: the alert as it stands, put in by the exchange."""

    ref: str
    told: Told | None = None


class RecordWarnings(_Command, frozen=True, tag="record_warnings"):
    """The exchange's own: alerts told and cleared, levels raised and fallen back."""

    told: tuple[Told, ...] = ()
    cleared: tuple[tuple[ParticipantId, str], ...] = ()
    raises: tuple[Raise, ...] = ()


class MeetDeadlines(_Command, frozen=True, tag="meet_deadlines"):
    """The exchange's own: ``due`` names (kind, id) whose time may have come; each is decided again."""

    due: tuple[tuple[str, str], ...]


class RecordSegment(_Command, frozen=True, tag="record_segment"):
    """The exchange's own: the hash of a closed segment of what was released to a participant."""

    recipient: ParticipantId
    segment: int
    frames: int
    sha256: str


class RecordSnapshot(_Command, frozen=True, tag="record_snapshot"):
    """The exchange's own: a snapshot of the state after ``size`` entries, by its digests."""

    size: int
    state_digest: str
    file_sha256: str


Command = (
    FileIntent
    | ChangeIntent
    | EndIntent
    | PublishConstraint
    | ChangeConstraint
    | SetRule
    | ChangeRule
    | WithdrawRule
    | SetGroup
    | RemoveGroup
    | AdoptCharter
    | AdmitParticipant
    | PutPerson
    | RemovePerson
    | RevokeTokens
    | Erase
    | AcknowledgeAlert
    | RecordWarnings
    | MeetDeadlines
    | RecordSegment
    | RecordSnapshot
    | DssCommand
)


class Signed(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """An originator's Ed25519 signature over exactly ``text`` (``wire.signing`` builds it); base64."""

    key_id: str
    text: str
    signature: str


class Submission(msgspec.Struct, frozen=True, gc=False):
    """A command with who asks. ``body_sha256`` tells a retry from another command under the same id.
    ``peers``: what of other USSs' plans was looked at beforehand, put in by the exchange alone."""

    participant: ParticipantId
    person: PersonId
    request_id: RequestId
    command: Command
    body_sha256: str
    signed: Signed | None = None
    peers: PeersSeen | None = None
