"""A state's facts as canonical rows: what the digest covers and a snapshot holds.

One line of JSON for each fact, tables in a fixed order, rows in the order of their keys, fields in the
order of their classes. Indexes, heaps and policies are derived and not in it. Requests are facts:
forgetting them would let a retried request be carried out twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from comity.clock import micros
from comity.coordination.dss_fold import apply_dss
from comity.coordination.fold import LINGERING, constraint_deadline, intent_deadline
from comity.coordination.state import Done, PersonKey, RequestKey, Revocation, State
from comity.coordination.volumes import Volumes
from comity.geo.heights import Environment
from comity.ids import ParticipantId
from comity.model import dss_fact as d
from comity.model.alert import Raise, Told
from comity.model.charter import Charter
from comity.model.constraint import Constraint
from comity.model.dss_fact import NoticeOwed
from comity.model.f3411 import IsaSubscription, ServiceArea
from comity.model.f3548 import Availability, ConstraintReference, OperationalIntentReference, Subscription
from comity.model.intent import Intent
from comity.model.participant import Participant, Person
from comity.model.rule import Group, ReleaseRule
from comity.release.coarsen import lingers_until


class _Row(msgspec.Struct, frozen=True, gc=False, tag_field="row"):
    pass


class CharterRow(_Row, frozen=True, tag="charter"):
    value: Charter


class ParticipantRow(_Row, frozen=True, tag="participant"):
    value: Participant


class PersonRow(_Row, frozen=True, tag="person"):
    value: Person


class GroupRow(_Row, frozen=True, tag="group"):
    value: Group


class RuleRow(_Row, frozen=True, tag="rule"):
    value: ReleaseRule


class RevocationRow(_Row, frozen=True, tag="revocation"):
    key: PersonKey
    value: Revocation


class SegmentRow(_Row, frozen=True, tag="segment"):
    recipient: ParticipantId
    last: int


class AlertRow(_Row, frozen=True, tag="alert"):
    value: Told


class RaiseRow(_Row, frozen=True, tag="raise"):
    value: Raise


class ReferenceRow(_Row, frozen=True, tag="reference"):
    value: OperationalIntentReference


class ConstraintReferenceRow(_Row, frozen=True, tag="constraint_reference"):
    value: ConstraintReference


class SubscriptionRow(_Row, frozen=True, tag="subscription"):
    value: Subscription


class AvailabilityRow(_Row, frozen=True, tag="availability"):
    value: Availability


class ServiceAreaRow(_Row, frozen=True, tag="service_area"):
    value: ServiceArea


class IsaSubscriptionRow(_Row, frozen=True, tag="isa_subscription"):
    value: IsaSubscription


class NoticeRow(_Row, frozen=True, tag="notice"):
    value: NoticeOwed


class RequestRow(_Row, frozen=True, tag="request"):
    key: RequestKey
    value: Done


class ConstraintRow(_Row, frozen=True, tag="constraint"):
    value: Constraint


class IntentRow(_Row, frozen=True, tag="intent"):
    value: Intent


Row = (
    CharterRow
    | ParticipantRow
    | PersonRow
    | GroupRow
    | RuleRow
    | RevocationRow
    | SegmentRow
    | AlertRow
    | RaiseRow
    | ReferenceRow
    | ConstraintReferenceRow
    | SubscriptionRow
    | AvailabilityRow
    | ServiceAreaRow
    | IsaSubscriptionRow
    | NoticeRow
    | RequestRow
    | ConstraintRow
    | IntentRow
)

_encode = msgspec.json.Encoder(order="deterministic").encode
_decoder: msgspec.json.Decoder[Row] = msgspec.json.Decoder(Row)


def rows(state: State) -> Iterator[bytes]:
    """Every fact as one line, in canonical order."""
    if state.charter is not None:
        yield _encode(CharterRow(state.charter))
    yield from _values(ParticipantRow, state.participants)
    yield from _values(PersonRow, state.people)
    yield from _values(GroupRow, state.groups)
    yield from _values(RuleRow, state.rules)
    for revoked in sorted(state.revocations):
        yield _encode(RevocationRow(revoked, state.revocations[revoked]))
    for recipient in sorted(state.segments):
        yield _encode(SegmentRow(recipient, state.segments[recipient]))
    yield from _values(AlertRow, state.alerts)
    yield from _values(RaiseRow, state.raises)
    yield from _values(ReferenceRow, state.references)
    yield from _values(ConstraintReferenceRow, state.constraint_references)
    yield from _values(SubscriptionRow, state.subscriptions)
    yield from _values(AvailabilityRow, state.availability)
    yield from _values(ServiceAreaRow, state.service_areas)
    yield from _values(IsaSubscriptionRow, state.isa_subscriptions)
    yield from _values(NoticeRow, state.notices)
    for request, done in sorted(state.requests.items(), key=lambda kv: (kv[1].index, kv[0])):
        yield _encode(RequestRow(request, done))
    yield from _values(ConstraintRow, state.constraints)
    yield from _values(IntentRow, state.intents)


def _values(row: Callable[[Any], Row], table: Mapping[Any, Any]) -> Iterator[bytes]:
    for key in sorted(table):
        yield _encode(row(table[key]))


def digest(lines: Iterable[bytes]) -> str:
    """SHA-256 over the rows, each ended by a newline."""
    sha = hashlib.sha256()
    for line in lines:
        sha.update(line)
        sha.update(b"\n")
    return sha.hexdigest()


def load(lines: Iterable[bytes], environment: Environment) -> State:
    """The state that these rows describe, with its indexes built anew."""
    state = State(environment)
    items: list[Intent | Constraint] = []
    for line in lines:
        row = _decoder.decode(line)
        match row:
            case IntentRow(value=intent):
                state.intents[intent.id] = intent
                items.append(intent)
            case ConstraintRow(value=constraint):
                state.constraints[constraint.id] = constraint
                items.append(constraint)
            case RequestRow(key=key, value=done):
                state.requests[key] = done
            case AlertRow(value=told):
                state.alerts[told.recipient, told.alert.ref] = told
            case RaiseRow(value=to):
                state.raises[to.owner, to.recipient, to.track] = to
            case ReferenceRow() | ConstraintReferenceRow() | SubscriptionRow() | AvailabilityRow():
                _load_dss(state, row)
            case ServiceAreaRow() | IsaSubscriptionRow() | NoticeRow():
                _load_dss(state, row)
            case _:
                _load_member(state, row)
    assert isinstance(state.volumes, Volumes)
    state.volumes.put_many(items)
    _derive(state, items)
    return state


def _load_dss(state: State, row: Row) -> None:
    """By the facts that say the same, so that the indexes come with the tables."""
    match row:
        case ReferenceRow(value=reference):
            apply_dss(state, d.ReferencePut(reference))
        case ConstraintReferenceRow(value=constraint):
            apply_dss(state, d.ConstraintReferencePut(constraint))
        case SubscriptionRow(value=subscription):
            apply_dss(state, d.SubscriptionPut(subscription))
        case AvailabilityRow(value=availability):
            apply_dss(state, d.AvailabilitySet(availability))
        case ServiceAreaRow(value=area):
            apply_dss(state, d.ServiceAreaPut(area))
        case IsaSubscriptionRow(value=isa_subscription):
            apply_dss(state, d.IsaSubscriptionPut(isa_subscription))
        case NoticeRow(value=notice):
            apply_dss(state, notice)
        case _:
            raise AssertionError(f"no table for {type(row).__name__}")


def _load_member(state: State, row: Row) -> None:
    match row:
        case CharterRow(value=charter):
            state.charter = charter
        case ParticipantRow(value=participant):
            state.participants[participant.id] = participant
        case PersonRow(value=person):
            state.people[(person.participant, person.id)] = person
        case GroupRow(value=group):
            state.groups[(group.owner, group.id)] = group
        case RuleRow(value=rule):
            state.rules[rule.id] = rule
            if rule.expires is not None:
                state.due(micros(rule.expires), "rule", rule.id)
        case RevocationRow(key=key, value=revocation):
            state.revocations[key] = revocation
        case SegmentRow(recipient=recipient, last=last):
            state.segments[recipient] = last
        case _:
            raise AssertionError(f"no table for {type(row).__name__}")


def _derive(state: State, items: list[Intent | Constraint]) -> None:
    lead_s = state.charter.constraint_lead_s if state.charter is not None else 0
    for item in items:
        state.hold(item)
        if not item.state.live():
            state.lingering.append((micros(lingers_until(item.changed_at)), item.id))
            if item.id in state.reference_of:
                state.deadlines.append((micros(lingers_until(item.changed_at)), LINGERING, item.id))
        elif isinstance(item, Intent):
            state.deadlines.append((micros(intent_deadline(item)), "intent", item.id))
        else:
            when = constraint_deadline(item, lead_s)
            state.deadlines.append((micros(when), "constraint", item.id))
    for id in state.reference_of:
        if state.item(id) is None:
            state.deadlines.append((0, LINGERING, id))
    state.heapify()
