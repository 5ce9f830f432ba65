"""Fold facts of the standards' interfaces into a state: tables, and the indexes that deciding needs."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from comity.coordination.state import State
from comity.ids import EntityId
from comity.model import dss_fact as d
from comity.model.f3411 import IsaSubscription, ServiceArea
from comity.model.f3548 import ConstraintReference, Notified, OperationalIntentReference, Subscription


def apply_dss(state: State, fact: d.DssFact) -> None:
    """Puts, or removes."""
    match fact:
        case d.ReferencePut() | d.ReferenceRemoved():
            _reference(state, fact)
        case d.ConstraintReferencePut() | d.ConstraintReferenceRemoved():
            _constraint(state, fact)
        case d.SubscriptionPut() | d.SubscriptionRemoved():
            _subscription(state, fact)
        case d.SubscriptionsNotified(notified=notified):
            _notify(state, notified)
        case d.AvailabilitySet() | d.NoticeOwed() | d.NoticeSettled():
            _peers(state, fact)
        case d.ReportFiled() | d.PeerDetailsSeen():
            pass
        case _:
            _identification(state, fact)


def _subscription(state: State, fact: d.SubscriptionPut | d.SubscriptionRemoved) -> None:
    subscription = fact.subscription
    _count(state, state.subscriptions.get(subscription.id), -1)
    if isinstance(fact, d.SubscriptionPut):
        _count(state, subscription, 1)
        state.subscriptions[subscription.id] = subscription
        state.cells["subscriptions"].put(subscription.id, subscription.box)
    else:
        state.subscriptions.pop(subscription.id, None)
        state.cells["subscriptions"].drop(subscription.id)


def _peers(state: State, fact: d.AvailabilitySet | d.NoticeOwed | d.NoticeSettled) -> None:
    match fact:
        case d.AvailabilitySet(availability=availability):
            state.availability[availability.uss] = availability
        case d.NoticeOwed(owed=owed, hosted=hosted, manager=manager):
            for one in owed:
                state.notices[one.entity, one.version, one.url] = d.NoticeOwed((one,), hosted, manager)
        case d.NoticeSettled(owed=one):
            state.notices.pop((one.entity, one.version, one.url), None)


def _reference(state: State, fact: d.ReferencePut | d.ReferenceRemoved) -> None:
    reference = fact.reference
    old = state.references.get(reference.id)
    new: OperationalIntentReference | None = reference if isinstance(fact, d.ReferencePut) else None
    _recount(state, old, new)
    before = None if old is None else old.subscription
    after = None if new is None else new.subscription
    if before != after:
        if before is not None:
            _depend(state, before, reference.id, False)
        if after is not None:
            _depend(state, after, reference.id, True)
    if new is not None:
        state.references[new.id] = new
        state.cells["references"].put(new.id, new.box)
        if new.intent is not None:
            state.reference_of[new.intent] = new.id
    elif old is not None:
        del state.references[old.id]
        state.cells["references"].drop(old.id)
        if old.intent is not None:
            state.reference_of.pop(old.intent, None)
    _notify(state, fact.notified)


def _constraint(state: State, fact: d.ConstraintReferencePut | d.ConstraintReferenceRemoved) -> None:
    reference = fact.reference
    _count(state, state.constraint_references.get(reference.id), -1)
    if isinstance(fact, d.ConstraintReferencePut):
        _count(state, reference, 1)
        state.constraint_references[reference.id] = reference
        state.cells["constraint_references"].put(reference.id, reference.box)
        if reference.constraint is not None:
            state.reference_of[reference.constraint] = reference.id
    else:
        state.constraint_references.pop(reference.id, None)
        state.cells["constraint_references"].drop(reference.id)
        if reference.constraint is not None:
            state.reference_of.pop(reference.constraint, None)
    _notify(state, fact.notified)


def _count(
    state: State, entity: OperationalIntentReference | ConstraintReference | Subscription | None, by: int
) -> None:
    """Keep how many a USS has. What is hosted is bounded by what its owner may promise."""
    if entity is not None and entity.hosted is None:
        _count_of(state, entity.manager, by * entity.box.weight)


def _recount(
    state: State, old: OperationalIntentReference | None, new: OperationalIntentReference | None
) -> None:
    """One in the place of another: mostly as large, of the same USS, and nothing to count."""
    if old is not None and new is not None and (old.manager, old.hosted) == (new.manager, new.hosted):
        if old.hosted is None and old.box.weight != new.box.weight:
            _count_of(state, new.manager, new.box.weight - old.box.weight)
        return
    _count(state, old, -1)
    _count(state, new, 1)


def _weight(entity: ServiceArea | IsaSubscription | None) -> int:
    return 0 if entity is None else entity.box.weight


def _count_of(state: State, manager: str, by: int) -> None:
    left = state.managed.get(manager, 0) + by
    if left:
        state.managed[manager] = left
    else:
        state.managed.pop(manager, None)


def _depend(state: State, subscription: EntityId, reference: EntityId, depends: bool) -> None:
    before = state.dependents.get(subscription, frozenset())
    after = before | {reference} if depends else before - {reference}
    if after:
        state.dependents[subscription] = after
    elif before:
        del state.dependents[subscription]


def _notify(state: State, notified: Iterable[Notified]) -> None:
    """Each subscription's index is the one that its notification carries."""
    for one in notified:
        held = state.subscriptions.get(one.id)
        if held is not None:
            state.subscriptions[one.id] = replace(held, index=one.index)


def _identification(state: State, fact: d.DssFact) -> None:
    match fact:
        case d.ServiceAreaPut(area=area):
            _count_of(state, area.owner, area.box.weight - _weight(state.service_areas.get(area.id)))
            state.service_areas[area.id] = area
            state.cells["service_areas"].put(area.id, area.box)
            _notify_isa(state, fact.notified)
        case d.ServiceAreaRemoved(area=area):
            _count_of(state, area.owner, -_weight(state.service_areas.get(area.id)))
            state.service_areas.pop(area.id, None)
            state.cells["service_areas"].drop(area.id)
            _notify_isa(state, fact.notified)
        case d.IsaSubscriptionPut(subscription=held):
            before = state.isa_subscriptions.get(held.id)
            _count_of(state, held.owner, held.box.weight - _weight(before))
            state.isa_subscriptions[held.id] = held
            state.cells["isa_subscriptions"].put(held.id, held.box)
        case d.IsaSubscriptionRemoved(subscription=held):
            _count_of(state, held.owner, -_weight(state.isa_subscriptions.get(held.id)))
            state.isa_subscriptions.pop(held.id, None)
            state.cells["isa_subscriptions"].drop(held.id)
        case _:
            raise AssertionError(f"no fold for {type(fact).__name__}")


def _notify_isa(state: State, notified: Iterable[Notified]) -> None:
    for one in notified:
        held = state.isa_subscriptions.get(one.id)
        if held is not None:
            state.isa_subscriptions[one.id] = replace(held, index=one.index)
