"""Facts of the standards' interfaces: what entries of the DSS and of this exchange's own USS say.

As in ``fact``, each carries whole values and folding decides nothing. ``notified`` is what the write owes:
each subscription with its new index.
"""

from __future__ import annotations

import msgspec

from comity.ids import EntityId, ParticipantId
from comity.model.dss_command import DetailsSeen, Owed
from comity.model.f3411 import IsaSubscription, ServiceArea
from comity.model.f3548 import (
    Availability,
    ConstraintReference,
    Notified,
    OperationalIntentReference,
    Subscription,
    peer,
)


class _Fact(msgspec.Struct, frozen=True, gc=False, tag_field="fact"):
    pass


class ReferencePut(_Fact, frozen=True, tag="reference.put"):
    """``key``: the ovns that the writer showed it knew, for whoever replays the decision."""

    reference: OperationalIntentReference
    notified: tuple[Notified, ...] = ()
    key: tuple[str, ...] = ()


class ReferenceRemoved(_Fact, frozen=True, tag="reference.removed"):
    """``reference``: as it was."""

    reference: OperationalIntentReference
    notified: tuple[Notified, ...] = ()


class ConstraintReferencePut(_Fact, frozen=True, tag="constraint_reference.put"):
    reference: ConstraintReference
    notified: tuple[Notified, ...] = ()


class ConstraintReferenceRemoved(_Fact, frozen=True, tag="constraint_reference.removed"):
    reference: ConstraintReference
    notified: tuple[Notified, ...] = ()


class SubscriptionPut(_Fact, frozen=True, tag="subscription.put"):
    subscription: Subscription


class SubscriptionRemoved(_Fact, frozen=True, tag="subscription.removed"):
    """``subscription``: as it was."""

    subscription: Subscription


class AvailabilitySet(_Fact, frozen=True, tag="availability.set"):
    availability: Availability


class ReportFiled(_Fact, frozen=True, tag="report.filed"):
    id: EntityId
    manager: str
    record: dict[str, object]


class ServiceAreaPut(_Fact, frozen=True, tag="service_area.put"):
    area: ServiceArea
    notified: tuple[Notified, ...] = ()


class ServiceAreaRemoved(_Fact, frozen=True, tag="service_area.removed"):
    area: ServiceArea
    notified: tuple[Notified, ...] = ()


class IsaSubscriptionPut(_Fact, frozen=True, tag="isa_subscription.put"):
    subscription: IsaSubscription


class IsaSubscriptionRemoved(_Fact, frozen=True, tag="isa_subscription.removed"):
    subscription: IsaSubscription


class SubscriptionsNotified(_Fact, frozen=True, tag="subscriptions.notified"):
    """What this exchange's own USS, ``manager``, owes for a hosted change: each subscription with its new
    index. Apart from the change and the USS's own, since an index counts what other participants did."""

    notified: tuple[Notified, ...]
    manager: str


class NoticeOwed(_Fact, frozen=True, tag="notice.owed"):
    """Notifications that this exchange's own USS, ``manager``, owes for a change it made. ``hosted``: whose
    change; the indexes in it are nothing for that participant."""

    owed: tuple[Owed, ...]
    hosted: ParticipantId
    manager: str = ""


class NoticeSettled(_Fact, frozen=True, tag="notice.settled"):
    """Taken by the peer, or given up."""

    owed: Owed
    hosted: ParticipantId
    delivered: bool
    manager: str = ""


class PeerDetailsSeen(_Fact, frozen=True, tag="peer_details.seen"):
    """What a peer told of its operational intent: a digest of it, and why it was refused, if it was."""

    id: EntityId
    manager: str
    version: int
    sha256: str
    hosted: ParticipantId
    refused: str | None = None


def details_seen(seen: DetailsSeen, hosted: ParticipantId) -> PeerDetailsSeen:
    return PeerDetailsSeen(seen.id, seen.manager, seen.version, seen.sha256, hosted, seen.refused)


DssFact = (
    ReferencePut
    | ReferenceRemoved
    | ConstraintReferencePut
    | ConstraintReferenceRemoved
    | SubscriptionPut
    | SubscriptionRemoved
    | AvailabilitySet
    | ReportFiled
    | ServiceAreaPut
    | ServiceAreaRemoved
    | IsaSubscriptionPut
    | IsaSubscriptionRemoved
    | SubscriptionsNotified
    | NoticeOwed
    | NoticeSettled
    | PeerDetailsSeen
)


def owner_of(fact: DssFact) -> ParticipantId:
    """Under whose key it is sealed: the participant behind it, or the peer that wrote it."""
    match fact:
        case ReferencePut(reference=r) | ReferenceRemoved(reference=r):
            return r.hosted or peer(r.manager)
        case ConstraintReferencePut(reference=r) | ConstraintReferenceRemoved(reference=r):
            return r.hosted or peer(r.manager)
        case SubscriptionPut(subscription=s) | SubscriptionRemoved(subscription=s):
            return s.hosted or peer(s.manager)
        case AvailabilitySet(availability=a):
            return peer(a.uss)
        case ReportFiled(manager=manager):
            return peer(manager)
        case ServiceAreaPut(area=area) | ServiceAreaRemoved(area=area):
            return peer(area.owner)
        case IsaSubscriptionPut(subscription=i) | IsaSubscriptionRemoved(subscription=i):
            return peer(i.owner)
        case SubscriptionsNotified() | NoticeOwed() | NoticeSettled() | PeerDetailsSeen():
            return _owner_here(fact)


def _owner_here(fact: SubscriptionsNotified | NoticeOwed | NoticeSettled | PeerDetailsSeen) -> ParticipantId:
    """Of what this exchange's own USS does: that USS, or the participant for whom it looked."""
    match fact:
        case SubscriptionsNotified(manager=manager):
            return peer(manager)
        case PeerDetailsSeen(hosted=hosted):
            return hosted
        case _:
            return peer(fact.manager) if fact.manager else fact.hosted


_OF_OWN_USS = SubscriptionsNotified | NoticeOwed | NoticeSettled
"""Made once: joining types at each call takes longer than looking."""


def of_own_uss(fact: object) -> bool:
    """Whether it is the exchange's own USS's alone, whoever's command it came with."""
    return isinstance(fact, _OF_OWN_USS)
